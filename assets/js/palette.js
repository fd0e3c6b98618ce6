// The command palette on Ctrl/⌘ K: pages and commands of the shell filtered here, records searched by the server, which
// before anything is typed answers with recent ones and favourites.
// Contract: `<dialog id="palette">` with `data-palette-input` (htmx asks /search?q= into `#palette-results`), commands
// inside `data-palette-slot`, and any `[role=option]`; `data-palette-open` buttons open it. Options are links or buttons.

let active = -1;

const dialog = () => document.getElementById("palette");
const options = () => [...dialog().querySelectorAll("[role=option]")].filter((option) => !option.hidden);

function mark(index) {
  const all = options();
  active = all.length ? (index + all.length) % all.length : -1;
  all.forEach((option, i) => {
    option.setAttribute("aria-selected", String(i === active));
    option.id ||= `palette-option-${i}-${Math.random().toString(36).slice(2, 8)}`;
  });
  const input = dialog().querySelector("[data-palette-input]");
  if (active < 0) input.removeAttribute("aria-activedescendant");
  else {
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }
}

function filter() {
  const words = dialog().querySelector("[data-palette-input]").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const command of dialog().querySelectorAll("[data-palette-slot] [role=option]")) {
    const text = command.textContent.toLowerCase();
    command.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of dialog().querySelectorAll("[data-palette-group]")) {
    group.hidden = !group.querySelector("[role=option]:not([hidden])");
  }
  none();
  mark(0);
}

function none() {
  const empty = dialog().querySelector("[data-palette-empty]");
  if (empty) empty.hidden = options().length > 0;
}

export function openPalette() {
  if (!dialog() || dialog().open) return;
  const input = dialog().querySelector("[data-palette-input]");
  input.value = "";
  document.getElementById("palette-results").replaceChildren();
  dialog().showModal();
  filter();
  input.focus();
  input.dispatchEvent(new Event("palette-open"));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette-open]")) openPalette();
  if (event.target === dialog() || event.target.closest("#palette [role=option]")) dialog()?.close();
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-palette-input]")) filter();
});
document.addEventListener("htmx:after:swap", () => {
  if (dialog()?.open) filter();
});
document.addEventListener("keydown", (event) => {
  if (!dialog()?.open || event.isComposing || !event.target.closest("#palette")) return;
  if (event.key === "ArrowDown") mark(active + 1);
  else if (event.key === "ArrowUp") mark(active - 1);
  else if (event.key === "Enter") options()[active]?.click();
  else return;
  event.preventDefault();
});
document.addEventListener("pointermove", (event) => {
  const option = event.target.closest?.("#palette [role=option]");
  if (option && option.getAttribute("aria-selected") !== "true") mark(options().indexOf(option));
});
