// Columns made wider, and lists whose items are put in order.
// Contract: in a table, `th[data-column]` with a `data-column-edge` separator: dragged, or moved by the arrow keys, it asks
// the list anew with the `columns` of the address. In `data-move-list`, `data-move="up|down"` moves its `data-move-item`.

import htmx from "./htmx.js";

const LEAST = 60;
const MOST = 800;
const within = (width) => Math.round(Math.max(LEAST, Math.min(MOST, width)));

/** Names and widths of all columns, this one as wide as given. */
function settle(edge, width) {
  const heading = edge.closest("th");
  const address = new URL(location.href);
  const asked = new Map((address.searchParams.getAll("columns").join(",") || "").split(",").map((part) => part.split(":")));
  const columns = [...heading.parentElement.querySelectorAll("[data-column]")].map((column) => {
    const { column: name } = column.dataset;
    const known = column === heading ? within(width) : (asked.get(name) ?? column.dataset.width);
    return known ? `${name}:${known}` : name;
  });
  address.searchParams.delete("columns");
  address.searchParams.set("columns", columns.join(","));
  history.replaceState(history.state, "", address);
  const { column } = heading.dataset;
  htmx.ajax("GET", address.pathname + address.search, { target: "#list", swap: "outerHTML" }).then(() => {
    document.querySelector(`[data-column="${CSS.escape(column)}"] [data-column-edge]`)?.focus({ preventScroll: true });
  });
}

/** Every column gets the width that it has, so that one can change alone. */
function freeze(table) {
  if (table.matches(".sized")) return;
  const group = document.createElement("colgroup");
  for (const cell of table.tHead.rows[0].cells) {
    const column = document.createElement("col");
    column.className = cell.classList.contains("cell-wide") ? "cell-wide" : "";
    column.width = String(cell.offsetWidth);
    group.append(column);
  }
  table.prepend(group);
  table.classList.add("sized");
}

document.addEventListener("pointerdown", (event) => {
  const edge = event.target.closest?.("[data-column-edge]");
  if (!edge || event.button !== 0) return;
  event.preventDefault();
  const heading = edge.closest("th");
  const table = heading.closest("table");
  const [from, was] = [event.clientX, heading.offsetWidth];
  freeze(table);
  const column = table.querySelectorAll("col")[heading.cellIndex];
  let width = was;
  const move = (moved) => {
    width = within(was + moved.clientX - from);
    column.width = String(width);
  };
  edge.setPointerCapture(event.pointerId);
  edge.addEventListener("pointermove", move);
  edge.addEventListener(
    "lostpointercapture",
    () => {
      edge.removeEventListener("pointermove", move);
      if (width !== was) settle(edge, width);
    },
    { once: true },
  );
});

document.addEventListener("keydown", (event) => {
  const edge = event.target.closest?.("[data-column-edge]");
  const step = { ArrowLeft: -20, ArrowRight: 20 }[event.key];
  if (!edge || !step) return;
  event.preventDefault();
  settle(edge, edge.closest("th").offsetWidth + step);
});

document.addEventListener("focusin", (event) => {
  const edge = event.target.closest?.("[data-column-edge]");
  edge?.setAttribute("aria-valuenow", String(edge.closest("th").offsetWidth));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  const item = button?.closest("[data-move-item]");
  if (!item) return;
  const up = button.dataset.move === "up";
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (up) other.before(item);
  else other.after(item);
  button.focus();
});
