// Copying to the clipboard.
// Contract: a button with `data-copy="text"`, or `data-copy-from="id"` for a field's value.

import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? (source.value ?? source.textContent) : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    button.toggleAttribute("data-copied", true);
    setTimeout(() => button.removeAttribute("data-copied"), 1500);
    toast({ text: "Copied", kind: "success" });
  } catch {
    source?.select?.();
    toast({ text: "The browser does not let pages copy here; mark the text and copy it yourself.", kind: "error" });
  }
});
