// Colleagues offered while a note is written: from an @ on, by what follows it.
// Contract: `<textarea data-mentions="/offers">`, and in the same `data-mentions-area` an empty `data-mentions-offers` (a listbox)
// and `data-mentions-said` (a status). Arrows choose, Enter or Tab take, Escape closes. The server gives the options.

let asked = null;
let timer;
let active = -1;
let start = 0;

const area = (element) => element.closest("[data-mentions-area]");
const list = (element) => area(element).querySelector("[data-mentions-offers]");
const options = (element) => [...list(element).querySelectorAll("[role=option]")];

function mark(text, index) {
  const all = options(text);
  active = all.length && index >= 0 ? index % all.length : -1;
  all.forEach((option, i) => {
    option.id = `${text.id}-mention-${i}`;
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

/** What follows the @ that the cursor is behind, if there is one. */
function begun(text) {
  const before = text.value.slice(0, text.selectionStart);
  const found = /(?:^|[^\p{L}\p{N}])@([^@\n]{0,60})$/u.exec(before);
  if (found) start = before.length - found[1].length;
  return found?.[1];
}

async function ask(text) {
  asked?.abort();
  const typed = begun(text);
  if (typed === undefined) return close(text);
  const request = (asked = new AbortController());
  let html;
  try {
    const answer = await fetch(`${text.dataset.mentions}?${new URLSearchParams({ q: typed })}`, { signal: request.signal });
    if (!answer.ok) return;
    html = await answer.text();
  } catch {
    return; // Overtaken, or the server is away: a name that is written out is a mention as well.
  }
  if (!text.isConnected || document.activeElement !== text || begun(text) !== typed) return;
  const box = list(text);
  box.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.children);
  box.hidden = box.children.length === 0;
  mark(text, box.hidden ? -1 : 0);
  const count = box.children.length;
  area(text).querySelector("[data-mentions-said]").textContent = count ? `${count} ${count === 1 ? "colleague" : "colleagues"}` : "";
}

function soon(text) {
  clearTimeout(timer);
  if (begun(text) === undefined) close(text);
  else timer = setTimeout(() => ask(text), 100);
}

function take(text, option) {
  const behind = text.value[text.selectionStart] === " " ? "" : " ";
  text.setRangeText(option.dataset.insert + behind, start, text.selectionStart, "end");
  close(text);
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

document.addEventListener("input", (event) => event.target.matches("[data-mentions]") && soon(event.target));
document.addEventListener("focusout", (event) => event.target.matches("[data-mentions]") && close(event.target));
document.addEventListener("click", (event) => event.target.matches("[data-mentions]") && soon(event.target));
// Before the field loses the focus.
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[data-mentions-offers] [role=option]");
  if (!option) return;
  event.preventDefault();
  take(area(option).querySelector("[data-mentions]"), option);
});
document.addEventListener(
  "keydown",
  (event) => {
    if (!event.target.matches?.("[data-mentions]") || event.isComposing) return;
    const text = event.target;
    const all = list(text).hidden ? [] : options(text);
    if (!all.length) return;
    if (event.key === "ArrowDown") mark(text, active + 1);
    else if (event.key === "ArrowUp") mark(text, active < 1 ? all.length - 1 : active - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && active >= 0 && !event.shiftKey) take(text, all[active]);
    else if (event.key === "Escape") close(text);
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
