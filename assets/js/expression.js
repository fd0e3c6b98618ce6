// Help while an expression is typed: the server says what may stand at the cursor and what is wrong where.
// Contract: `<textarea data-expression="/where">`, and in the same `data-expression-area` an empty `data-expression-offers`
// (a listbox) and `data-expression-said` (a status). Arrows choose, Enter or Tab take, Escape closes, Ctrl+Space asks anew,
// Ctrl/⌘+Enter sends the form. A `data-expression-place` button leads to its characters. Positions count characters.

let asked = null;
let timer;
let active = -1;

const area = (element) => element.closest("[data-expression-area]");
const field = (element) => area(element).querySelector("[data-expression]");
const list = (element) => area(element).querySelector("[data-expression-offers]");
const options = (element) => [...list(element).querySelectorAll("[role=option]")];
const characters = (text) => [...text].length;
const units = (text, count) => [...text].slice(0, count).join("").length;

function mark(text, index) {
  const all = options(text);
  active = all.length && index >= -1 ? index % all.length : -1;
  all.forEach((option, i) => {
    option.id = `${text.id}-offer-${i}`;
    option.setAttribute("aria-selected", String(i === active));
  });
  if (active < 0) text.removeAttribute("aria-activedescendant");
  else {
    text.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }
}

function close(text) {
  clearTimeout(timer);
  asked?.abort();
  list(text).hidden = true;
  list(text).replaceChildren();
  mark(text, -1);
}

async function ask(text) {
  asked?.abort();
  const request = (asked = new AbortController());
  const query = new URLSearchParams({ filter: text.value, at: characters(text.value.slice(0, text.selectionStart)) });
  let html;
  try {
    const answer = await fetch(`${text.dataset.expression}?${query}`, { signal: request.signal });
    if (!answer.ok) return;
    html = await answer.text();
  } catch {
    return; // Overtaken, or the server is away: the form itself will say.
  }
  if (!text.isConnected || document.activeElement !== text) return;
  const [offers, said] = new DOMParser().parseFromString(html, "text/html").body.children;
  const box = list(text);
  Object.assign(box.dataset, { start: offers.dataset.start, end: offers.dataset.end });
  box.replaceChildren(...offers.children);
  area(text).querySelector("[data-expression-said]").replaceChildren(...said.children);
  box.hidden = box.children.length === 0;
  // Enter takes an offer only once some of it is typed; else it begins a line.
  mark(text, !box.hidden && box.dataset.start !== box.dataset.end ? 0 : -1);
  area(text).scrollIntoView({ block: "nearest" });
}

function soon(text) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(text), 120);
}

function take(text, option) {
  const box = list(text);
  const [from, to] = [units(text.value, box.dataset.start), units(text.value, box.dataset.end)];
  const insert = text.value[to] === " " ? option.dataset.insert.trimEnd() : option.dataset.insert;
  text.setRangeText(insert, from, to, "end");
  if (insert !== option.dataset.insert) text.setSelectionRange(text.selectionStart + 1, text.selectionStart + 1);
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

document.addEventListener("input", (event) => event.target.matches("[data-expression]") && soon(event.target));
document.addEventListener("focusout", (event) => event.target.matches("[data-expression]") && close(event.target));
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-expression]")) soon(event.target);
  const place = event.target.closest("[data-expression-place]");
  if (!place) return;
  const text = field(place);
  text.focus();
  text.setSelectionRange(units(text.value, place.dataset.start), units(text.value, place.dataset.end));
});
// Before the field loses the focus.
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[data-expression-offers] [role=option]");
  if (!option) return;
  event.preventDefault();
  take(field(option), option);
});
document.addEventListener(
  "keydown",
  (event) => {
    if (!event.target.matches?.("[data-expression]") || event.isComposing) return;
    const text = event.target;
    const all = list(text).hidden ? [] : options(text);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
    else if ((event.key === " " && event.ctrlKey) || (event.key === "ArrowDown" && !text.value && !all.length)) ask(text);
    else if (event.key === "ArrowDown" && all.length) mark(text, active + 1);
    else if (event.key === "ArrowUp" && all.length) mark(text, active < 1 ? all.length - 1 : active - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && active >= 0 && !event.shiftKey) take(text, all[active]);
    else if (event.key === "Escape" && all.length) close(text);
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) soon(text);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
