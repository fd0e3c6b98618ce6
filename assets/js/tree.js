// Tables that are trees.
// Contract: a table with role="treegrid"; rows with `aria-level`, those that can be opened with `aria-expanded` and a
// button `data-tree-toggle`, whose event `branch` fetches the rows below and puts them behind its row, each with
// `data-below` (the id in the `data-branch` of the row above). Right opens a row or goes into it, left closes it or goes up,
// up and down go on as k and j do. What is open is remembered for the address, so that coming back finds it so.

import { stand } from "./keys.js";

const level = (row) => Number(row.getAttribute("aria-level"));
const rowsBehind = function* (row) {
  for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) yield next;
};
const loaded = (row) => row.nextElementSibling?.dataset.below === row.dataset.branch;
const above = (row) => {
  let before = row.previousElementSibling;
  while (before && level(before) >= level(row)) before = before.previousElementSibling;
  return before;
};

const key = () => `tree ${location.pathname}${location.search}`;
function remembered() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(key()) ?? "[]"));
  } catch {
    return new Set();
  }
}
function remember(row, open) {
  const all = remembered();
  if (open) all.add(row.dataset.branch);
  else all.delete(row.dataset.branch);
  try {
    sessionStorage.setItem(key(), JSON.stringify([...all]));
  } catch {
    // Not remembered, still opened.
  }
}

function mark(row, open) {
  row.setAttribute("aria-expanded", String(open));
  row.querySelector("[data-tree-toggle]").setAttribute("aria-expanded", String(open));
}

// Rows below a closed one are hidden, however far below.
function show(row) {
  let closed = row.getAttribute("aria-expanded") === "true" ? Infinity : level(row);
  for (const next of rowsBehind(row)) {
    if (level(next) <= closed) closed = Infinity;
    next.hidden = level(next) > closed;
    if (closed === Infinity && next.getAttribute("aria-expanded") === "false") closed = level(next);
  }
}

function set(row, open) {
  remember(row, open);
  if (open && !loaded(row)) {
    row.querySelector("[data-tree-toggle]").dispatchEvent(new CustomEvent("branch"));
    return;
  }
  mark(row, open);
  show(row);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-tree-toggle]");
  const row = toggle?.closest("tr");
  if (row) set(row, row.getAttribute("aria-expanded") !== "true");
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
  const row = event.target.closest?.("[role=treegrid] tbody [data-row]");
  if (!row || event.target.closest("input:not([type=checkbox]), textarea, select, .menu") || document.querySelector("dialog[open]")) return;
  const expanded = row.getAttribute("aria-expanded");
  if (event.key === "ArrowRight" && expanded === "false") set(row, true);
  else if (event.key === "ArrowRight" && expanded === "true") stand(row.nextElementSibling);
  else if (event.key === "ArrowLeft" && expanded === "true") set(row, false);
  else if (event.key === "ArrowLeft" && above(row)) stand(above(row));
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = [...row.parentElement.querySelectorAll("[data-row]")].filter((one) => !one.hidden);
    const next = all[all.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) stand(next);
  } else return;
  event.preventDefault();
});

// What was open before is opened again, level by level.
function reopen(row) {
  if (row.getAttribute("aria-expanded") !== "false" || row.hidden || !remembered().has(row.dataset.branch)) return;
  if (loaded(row)) {
    mark(row, true);
    show(row);
  } else if (!row.dataset.asked) {
    row.dataset.asked = "true";
    row.querySelector("[data-tree-toggle]").dispatchEvent(new CustomEvent("branch"));
  }
}
document.addEventListener("htmx:after:swap", () => document.querySelectorAll("[role=treegrid] tr[aria-expanded=false]").forEach(reopen));
// Not before: nobody would hear the event.
document.addEventListener("htmx:after:init", (event) => event.target.matches?.("[data-tree-toggle]") && reopen(event.target.closest("tr")));
