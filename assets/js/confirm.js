// Asks before something is destroyed.
// Contract, on a button, link or form: `data-confirm="what will happen"`, optional `data-confirm-title`,
// `data-confirm-button`, and `data-confirm-type="word"` when the word must be typed. Works with and without htmx.

const approved = new WeakSet();

/** Shows the question; resolves to whether the person agreed. */
export function ask({ title, text, button = "Delete", word = "" }) {
  const dialog = document.getElementById("confirm");
  const part = (name) => dialog.querySelector(`[data-confirm-part="${name}"]`);
  part("title").textContent = title;
  part("text").textContent = text ?? "";
  part("ok").textContent = button;
  part("typing").hidden = !word;
  part("word").textContent = word;
  const input = part("input");
  input.value = "";
  const check = () => (part("ok").disabled = Boolean(word) && input.value.trim() !== word);
  check();
  input.oninput = check;
  const back = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  (word ? input : part("cancel")).focus();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (back?.isConnected) back.focus();
        resolve(dialog.returnValue === "ok");
      },
      { once: true },
    );
  });
}

async function guard(event, element, again) {
  if (approved.delete(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  // In a bulk bar `{selected}` stands for how many are chosen.
  const chosen = element.closest("[data-selection]")?.querySelector("[data-bulk-count]")?.textContent ?? "";
  const words = (text) => (chosen === "1" ? text?.replace("{selected} customers", "1 customer") : text?.replace("{selected}", chosen));
  const sure = await ask({
    title: words(element.dataset.confirmTitle) ?? "Are you sure?",
    text: words(element.dataset.confirm),
    button: element.dataset.confirmButton ?? (element.textContent.trim() || "Continue"),
    word: element.dataset.confirmType ?? "",
  });
  if (!sure || !element.isConnected) return;
  approved.add(element);
  again();
}

document.addEventListener(
  "click",
  (event) => {
    const element = event.target.closest("button[data-confirm], a[data-confirm]");
    if (element) guard(event, element, () => element.click());
  },
  true,
);
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-confirm]");
    if (form) guard(event, form, () => form.requestSubmit(event.submitter ?? undefined));
  },
  true,
);
