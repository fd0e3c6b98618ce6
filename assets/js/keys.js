// Single-key shortcuts, off while typing or in a dialog (WCAG 2.1.4: `data-no-shortcuts` on <html> turns them off).
// Contract: `/` focuses `data-search`; in tables j/k or arrows move between `data-row`, Enter opens the row's
// `data-row-link`, x chooses it, p looks at it in the side sheet (the row's `data-row-preview` is the address), as does
// `data-preview-row` in the row's menu, and there j/k and `data-preview-step` (-1 or 1) go on to the next row's; any `data-key="n"` element is clicked by that key and listed with `data-key-label` (or its
// name) in the `?` dialog (`#shortcuts`, list `data-shortcut-list`).

import htmx from "./htmx.js";
import { asker } from "./menus.js";
import { openPalette } from "./palette.js";

const typing = (element) => element?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const seen = (element) => element.getClientRects().length > 0;
const rows = () => [...document.querySelectorAll("#content [data-row]")].filter(seen);
const current = () => document.querySelector("[data-row][data-current]");

const mark = (next) => rows().forEach((row) => row.toggleAttribute("data-current", row === next));

// Makes a row the one that keys are about.
export function stand(next) {
  mark(next);
  next.scrollIntoView({ block: "nearest" });
  (next.querySelector("[data-row-link]") ?? next).focus({ preventScroll: true });
}

function move(step) {
  const all = rows();
  if (all.length === 0) return false;
  const now = all.indexOf(current());
  stand(all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + step))]);
  return true;
}

// Looks at a row, which is the current one from then on, wherever the keys were.
function preview(row) {
  if (!row) return;
  mark(row);
  // Of the row itself, so that going on quickly waits for no other.
  if (row.dataset.rowPreview) htmx.ajax("GET", row.dataset.rowPreview, { source: row, target: "#sheet-body" });
}

// Looks at the row before or behind the one that the side sheet shows.
function look(step) {
  const all = rows();
  const next = all[all.indexOf(current()) + step];
  if (!current() || !next) return;
  next.scrollIntoView({ block: "nearest" });
  preview(next);
}
const looked = () => document.querySelector("#sheet[open] [data-preview]");

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-preview-step]");
  if (step) look(Number(step.dataset.previewStep));
  // A link that opens its row in the sheet: from there on keys go through the list.
  const opened = event.target.closest("[data-row-preview] [data-row-link][hx-get]");
  if (opened) mark(opened.closest("[data-row]"));
  if (event.target.closest("[data-preview-row]")) preview(asker()?.closest("[data-row]"));
  // A row whose link opens the sheet is the one that the sheet goes on from.
  const shown = event.target.closest("[data-row-link][hx-get]")?.closest("[data-row]");
  if (shown) mark(shown);
});
document.addEventListener("htmx:after:swap", () => {
  const all = rows();
  const at = all.indexOf(current());
  for (const step of looked()?.querySelectorAll("[data-preview-step]") ?? []) {
    step.disabled = at < 0 || !all[at + Number(step.dataset.previewStep)];
  }
});

function showShortcuts() {
  const dialog = document.getElementById("shortcuts");
  if (!dialog || dialog.open) return;
  const list = dialog.querySelector("[data-shortcut-list]");
  list.replaceChildren();
  for (const element of [...document.querySelectorAll("[data-key]")].filter(seen)) {
    const row = document.createElement("div");
    const key = document.createElement("dt");
    const label = document.createElement("dd");
    const cap = document.createElement("kbd");
    cap.className = "kbd";
    cap.textContent = element.dataset.key.toUpperCase();
    key.append(cap);
    label.textContent = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? element.firstChild?.textContent ?? "";
    row.append(key, label);
    list.append(row);
  }
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  // Enter alone begins a line.
  if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !event.defaultPrevented && event.target.matches?.("textarea")) {
    event.preventDefault();
    event.target.form?.requestSubmit();
    return;
  }
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  if ((event.key === "j" || event.key === "k") && looked() && !typing(event.target) && !document.documentElement.hasAttribute("data-no-shortcuts")) {
    look(event.key === "j" ? 1 : -1);
    return;
  }
  if (typing(event.target) || document.querySelector("dialog[open], .menu:popover-open")) return;
  if (document.documentElement.hasAttribute("data-no-shortcuts")) return;

  const own = [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key === event.key && !element.disabled && seen(element),
  );
  if (own) own.click();
  else if (event.key === "/") (document.querySelector("#content [data-search]") ?? document.querySelector("[data-search]"))?.focus();
  else if (event.key === "?") showShortcuts();
  else if (event.key === "j" || event.key === "k") {
    if (!move(event.key === "j" ? 1 : -1)) return;
  } else if (event.key === "x" && current()) current().querySelector("[data-select-row]")?.click();
  else if (event.key === "p" && current()) preview(current());
  else if (event.key === "Enter" && current() && !event.target.closest("a, button, summary")) {
    current().querySelector("[data-row-link]")?.click();
  } else return;
  event.preventDefault();
});

// A click anywhere in a row opens it, unless something in it was meant or text is being marked.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("a, button, input, label, summary, .menu, [data-no-row-link]")) return;
  if (String(getSelection())) return;
  const link = row.querySelector("[data-row-link]");
  if (!link) return;
  if (event.metaKey || event.ctrlKey) open(link.href, "_blank");
  else link.click();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-shortcuts-open]")) showShortcuts();
});
