// The side sheet: one native <dialog id="sheet">; whatever htmx puts into `#sheet-body` opens it.
// Contract: `hx-get=… hx-target="#sheet-body"` opens; `data-sheet-close` closes; a response header
// `HX-Trigger: closeSheet` closes without asking. A form in it that was changed asks before its text is lost.
// What is a sheet elsewhere and a page of its own here (`data-own-page="/where-closing-leads"`) goes without htmx.
// `data-dialog-open="id"` and `data-dialog-close` do the same for any other <dialog>.

import { settle, wasSaved } from "./autosave.js";
import { ask } from "./confirm.js";

const sheet = () => document.getElementById("sheet");
let changed = false;
let opener = null;

async function close(force = false) {
  const dialog = sheet();
  if (!dialog?.open) return;
  // What saves itself is saved now; only what could not be is asked about.
  if (!force && !(await settle(dialog))) changed = true;
  if (changed && !force) {
    const sure = await ask({ title: "Discard what you typed?", text: "The changes in this form are not saved.", button: "Discard" });
    if (!sure) return;
  }
  changed = false;
  if (wasSaved(dialog) && !force) document.dispatchEvent(new Event("customersChanged"));
  dialog.close();
}

document.addEventListener("htmx:after:swap", () => {
  const dialog = sheet();
  const body = document.getElementById("sheet-body");
  if (!dialog || !body || dialog.open || !body.firstElementChild) return;
  opener = document.activeElement;
  changed = false;
  dialog.showModal();
  const first =
    body.querySelector("[autofocus]") ??
    body.querySelector("input:not([type=hidden]):not(:disabled), select, textarea") ??
    body.querySelector("a, button");
  first?.focus();
});

// After a refused save the form comes back with its faults: bring the first one into sight.
document.addEventListener("htmx:after:swap", () => {
  const fault = document.querySelector("#sheet[open] [data-form-errors]");
  if (fault && fault !== document.activeElement) fault.focus();
});

for (const kind of ["submit", "click"]) {
  document.addEventListener(
    kind,
    (event) => {
      const own = event.target.closest('form[hx-target="#sheet-body"], a[href][hx-target="#sheet-body"]');
      if (own?.closest("[data-own-page]") && (kind === "click") === own.matches("a")) event.stopPropagation();
    },
    true,
  );
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#sheet form:not([data-autosave])")) changed = true;
});
document.addEventListener("closeSheet", () => {
  const own = document.querySelector("[data-own-page]");
  if (own) location.assign(own.dataset.ownPage);
  else close(true);
});

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-dialog-open]");
  if (opens) document.getElementById(opens.dataset.dialogOpen)?.showModal();
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  const own = event.target.closest("[data-sheet-close]")?.closest("[data-own-page]");
  if (own) location.assign(own.dataset.ownPage);
  else if (event.target.closest("[data-sheet-close]") || event.target === sheet()) close();
  else if (event.target.matches("dialog[data-light-dismiss]")) event.target.close();
});
document.addEventListener(
  "cancel",
  (event) => {
    if (event.target !== sheet()) return;
    event.preventDefault();
    close();
  },
  true,
);
document.addEventListener(
  "close",
  (event) => {
    if (event.target !== sheet()) return;
    document.getElementById("sheet-body").replaceChildren();
    changed = false;
    if (opener?.isConnected) opener.focus();
    opener = null;
  },
  true,
);
