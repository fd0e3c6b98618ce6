// Choosing rows of a table.
// Contract: a `<form data-selection>` around the table; `data-select-row` checkboxes in rows, `data-select-all` in the
// head; `data-bulk-bar` shown while something is chosen, with `data-bulk-count`, `data-bulk-clear`, and
// `data-bulk-everything` (a button that is pressed while every match, not only this page, is meant) and the hidden input
// `data-bulk-scope` (name="all"), which is "true" then. Shift-click chooses a range.

let last = null;

// Rows of a closed branch are not meant by “all”, unless they were chosen before.
const boxes = (form) =>
  [...form.querySelectorAll("[data-select-row]")].filter((box) => box.checked || !box.closest("tr")?.hidden);

function update(form) {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) {
    const row = box.closest("tr, [data-row]");
    if (row) row.toggleAttribute("data-selected", box.checked);
  }
  const head = form.querySelector("[data-select-all]");
  if (head) {
    head.checked = all.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  const scope = form.querySelector("[data-bulk-scope]");
  if (scope && chosen.length < all.length) scope.value = "";
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  const every = bar.querySelector("[data-bulk-everything]");
  const everything = scope?.value === "true";
  const count = bar.querySelector("[data-bulk-count]");
  if (count) count.textContent = everything ? (every?.dataset.bulkEverything ?? "all") : String(chosen.length);
  if (!every) return;
  every.hidden = chosen.length < all.length;
  every.setAttribute("aria-pressed", String(everything));
}

export function clearSelection(form) {
  for (const box of boxes(form)) box.checked = false;
  const scope = form.querySelector("[data-bulk-scope]");
  if (scope) scope.value = "";
  update(form);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  if (event.target.matches("[data-select-all], [data-select-row]")) update(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  const box = event.target.closest("[data-select-row]");
  if (box) {
    const all = boxes(form);
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const other of all.slice(from, to + 1)) other.checked = box.checked;
    last = box;
    update(form);
  }
  if (event.target.closest("[data-bulk-clear]")) clearSelection(form);
  if (event.target.closest("[data-bulk-everything]")) {
    const scope = form.querySelector("[data-bulk-scope]");
    if (scope) scope.value = scope.value === "true" ? "" : "true";
    update(form);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open], [popover]:popover-open:not(#toasts)")) return;
  for (const form of document.querySelectorAll("[data-selection]")) {
    if (boxes(form).some((box) => box.checked)) clearSelection(form);
  }
});
const refresh = () => document.querySelectorAll("[data-selection]").forEach(update);
document.addEventListener("htmx:after:swap", refresh);
addEventListener("pageshow", refresh);
