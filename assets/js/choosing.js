// Selects that are used by typing.
// Contract: a closed `<select>` says `change` at each letter or arrow; within `[data-builder]`, where a change draws the row
// anew and would end what is being typed, it is said once the keys rest, or when the select is left.

const REST = 700;
let waiting = null;

function say() {
  if (!waiting) return;
  const { select, timer } = waiting;
  clearTimeout(timer);
  waiting = null;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

let pressed = null;
document.addEventListener(
  "keydown",
  (event) => {
    if (event.target === waiting?.select && event.key === "Enter") say();
    pressed = event.target.matches?.("[data-builder] select") && event.key !== "Enter" ? event.target : null;
  },
  true,
);
document.addEventListener("pointerdown", () => (pressed = null), true);

document.addEventListener(
  "change",
  (event) => {
    // What a page does is not trusted, what somebody does is: our own goes through.
    if (event.target !== pressed || !event.isTrusted) return;
    event.stopPropagation();
    clearTimeout(waiting?.timer);
    waiting = { select: event.target, timer: setTimeout(say, REST) };
  },
  true,
);
document.addEventListener("focusout", (event) => event.target === waiting?.select && say(), true);
