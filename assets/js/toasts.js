// Short messages that go by themselves; errors stay until dismissed.
// Contract: response header `HX-Trigger: {"toast": {"text": "…", "kind": "success|error|info", "undo": "/url", "undo_text": "Undo"}}`,
// or an element `data-flash="kind"` in a page, which becomes a toast. They appear in `#toasts`, a polite live region.

import htmx from "./htmx.js";

const SECONDS = 6;
const ICONS = { success: "toast-icon-success", error: "toast-icon-error", info: "toast-icon-info" };

export function toast({ text, kind = "info", undo, undo_text: undoText, href, href_text: hrefText }) {
  const region = document.getElementById("toasts");
  if (!region || !text) return;
  for (const other of region.children) if (other.dataset.text === text) other.remove();

  const box = document.createElement("div");
  box.className = "toast-box";
  box.dataset.kind = kind;
  box.dataset.text = text;
  const icon = document.getElementById(ICONS[kind] ?? ICONS.info)?.content.cloneNode(true);
  if (icon) box.append(icon);
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast-action";
    button.textContent = undoText ?? "Undo";
    button.setAttribute("hx-post", undo);
    button.setAttribute("hx-swap", "none");
    button.addEventListener("click", () => setTimeout(() => box.remove(), 0));
    box.append(button);
  }
  if (href) {
    const link = document.createElement("a");
    link.className = "toast-action";
    link.href = href;
    link.textContent = hrefText ?? "Open";
    if (href.startsWith("/sign-in")) link.target = "_blank";
    box.append(link);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  close.addEventListener("click", () => box.remove());
  box.append(close);

  // A dialog in the top layer would hide the toasts, so their region is a popover that is shown again above it.
  if (region.popover) {
    if (region.matches(":popover-open")) region.hidePopover();
    region.showPopover();
  }
  region.append(box);
  htmx.process(box);
  while (region.children.length > 4) region.firstElementChild.remove();

  if (kind === "error") return;
  let timer = setTimeout(() => box.remove(), SECONDS * 1000);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => box.remove(), SECONDS * 500));
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusout", release);
}

export function flashes(within = document) {
  for (const element of within.querySelectorAll("[data-flash]")) {
    toast({ text: element.textContent.trim(), kind: element.dataset.flash, undo: element.dataset.undo });
    element.remove();
  }
}

document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("htmx:after:swap", () => flashes());
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => flashes());
else flashes();
