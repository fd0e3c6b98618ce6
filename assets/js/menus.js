// Dropdown menus: native popovers (top layer, light dismiss, Escape) that this puts beside their button.
// Contract: a button with `popovertarget` and a `[popover].menu`; `data-align="end"` on the menu aligns right edges. One menu may
// serve many buttons that fetch what it shows: each has `data-opens` with its id, and `data-align` for itself.

const GAP = 4;

// Beside which button a menu without `popovertarget` was asked for: `data-opens` names the menu, and whatever is put into it
// with `data-open` opens it.
let opener = null;
let cell = null;
/** The button that a menu of many was asked for by last. */
export const asker = () => opener;

const buttonOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) ?? opener;
// Which button each open menu belongs to, which may be another by the time it is told that it closed.
const owners = new WeakMap();

function place(menu) {
  const button = buttonOf(menu);
  if (!button?.isConnected) return;
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = (button.dataset.align ?? menu.dataset.align) === "end" ? at.right - width : at.left;
  const below = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? at.bottom + GAP : at.top - GAP - height}px`;
}

const items = (menu) => [...menu.querySelectorAll("a, button:not(:disabled), input, select")].filter((item) => item.offsetParent);

// `toggle` does not bubble, so it is caught on the way down.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.(".menu[popover]")) return;
    const open = event.newState === "open";
    if (open) owners.set(menu, buttonOf(menu));
    owners.get(menu)?.setAttribute("aria-expanded", String(open));
    if (!open) {
      // htmx carries attributes over to what replaces the menu, and the policy refuses a style attribute that is set.
      // It is asked for first: Chromium leaves an empty one where it was never read.
      if (menu.hasAttribute("style")) menu.removeAttribute("style");
      return;
    }
    place(menu);
    if (!menu.contains(document.activeElement)) (menu.querySelector("[autofocus]") ?? items(menu)[0])?.focus({ preventScroll: true });
  },
  true,
);

// The browser closes a menu as the pointer leaves a button outside it: then the button closed it, and does not ask for it anew.
let closing = null;
document.addEventListener(
  "pointerdown",
  (event) => {
    const asked = event.target.closest("[data-opens]");
    closing = asked === opener && document.getElementById(asked?.dataset.opens)?.matches(":popover-open") ? asked : null;
  },
  true,
);
// Before htmx asks.
document.addEventListener(
  "click",
  (event) => {
    const asked = event.target.closest("[data-opens]");
    if (!asked) return;
    if (asked === closing && event.detail > 0) {
      event.stopPropagation();
      return;
    }
    const menu = document.getElementById(asked.dataset.opens);
    if (menu?.matches(":popover-open")) menu.hidePopover();
    opener = asked;
    cell = asked.closest("td")?.id;
  },
  true,
);
// An answer that comes when another button was pressed meanwhile is not shown beside that one.
document.addEventListener("htmx:before:swap", (event) => {
  if (event.target.matches?.("[data-opens]") && event.target !== opener) event.preventDefault();
});
document.addEventListener("htmx:after:swap", () => {
  const open = document.querySelector(".menu[popover] [data-open]");
  if (!open) return;
  open.removeAttribute("data-open");
  const menu = open.closest(".menu");
  if (menu.matches(":popover-open")) menu.querySelector("[autofocus]")?.focus();
  else menu.showPopover();
});
// A cell that was changed: its menu closes, and the focus is where it was.
document.addEventListener("cellSaved", () => {
  if (opener) document.getElementById(opener.dataset.opens)?.hidePopover();
  document.getElementById(cell)?.querySelector("[data-opens]")?.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  if (!menu || event.target.matches("input, select")) return;
  const all = items(menu);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) all.at((all.indexOf(document.activeElement) + step + all.length) % all.length)?.focus();
  else if (event.key === "Home") all[0]?.focus();
  else if (event.key === "End") all.at(-1)?.focus();
  else return;
  event.preventDefault();
});

// Choosing something closes the menu, unless it says to stay (`data-stay`, as the theme switch does).
document.addEventListener("click", (event) => {
  const menu = event.target.closest(".menu[popover]");
  if (menu && event.target.closest("a, button") && !event.target.closest("[data-stay]")) menu.hidePopover();
});
addEventListener("scroll", () => document.querySelectorAll(".menu:popover-open").forEach(place), { passive: true, capture: true });
addEventListener("resize", () => document.querySelectorAll(".menu:popover-open").forEach(place));
