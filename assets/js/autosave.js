// What is typed saves itself: once typing pauses, when the field loses the focus, and when the window is left.
// Contract: a form with `data-autosave="/where"` is posted there as it stands, one request at a time; inside it
// `data-autosave-said` (a status) tells how it went, `data-autosave-discard` shows once there is something to discard. The answer
// may name a new `data-version` for the form's `version` field. 412 sends the form itself, which answers with both versions.
// What is not saved stays in the form, even if the form is drawn anew, and is tried again.

const PAUSE = 800;
const AGAIN = 5_000;
// By address: what is typed and not saved, the timer, the request under way, whether anything was saved.
const states = new Map();

const forms = (within = document) => [...within.querySelectorAll("form[data-autosave]")];
const state = (form) => {
  const key = form.dataset.autosave;
  if (!states.has(key)) states.set(key, { typed: null, timer: null, running: null, saved: false });
  return states.get(key);
};
const field = (form) => form.querySelector("textarea[name=body]");

function say(form, text, kind = "") {
  const said = form.querySelector("[data-autosave-said]");
  if (!said) return;
  said.textContent = text;
  said.dataset.kind = kind;
}

function later(form, pause) {
  const one = state(form);
  clearTimeout(one.timer);
  one.timer = setTimeout(() => save(form), pause);
}

async function post(form, keepalive) {
  const one = state(form);
  const sent = one.typed;
  let answer;
  try {
    answer = await fetch(form.dataset.autosave, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "HX-Request": "true" },
      keepalive,
    });
  } catch {
    say(form, navigator.onLine ? "Not saved: the server does not answer. What you typed is kept." : "Not saved: you are offline. What you typed is kept.", "error");
    later(form, AGAIN);
    return;
  }
  if (answer.status === 412) {
    clearTimeout(one.timer);
    one.typed = null;
    delete form.dataset.autosave;
    form.requestSubmit();
    return;
  }
  const html = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  if (!answer.ok) {
    const why = answer.status === 422 ? html.textContent.trim() : answer.status === 401 ? "You are signed out: sign in in another tab." : "Something went wrong.";
    say(form, `Not saved. ${why} What you typed is kept.`, "error");
    if (answer.status >= 500) later(form, AGAIN);
    return;
  }
  const version = html.querySelector("[data-version]")?.dataset.version;
  const hidden = form.querySelector("[name=version]");
  if (version && hidden) hidden.value = version;
  one.saved = true;
  if (one.typed === sent) one.typed = null;
  else later(form, PAUSE);
  say(form, html.textContent.trim());
  const discard = form.querySelector("[data-autosave-discard]");
  if (discard) discard.hidden = !field(form).value.trim();
}

async function save(form, keepalive = false) {
  const one = state(form);
  clearTimeout(one.timer);
  while (one.running) await one.running;
  if (one.typed === null || !form.dataset.autosave) return;
  one.running = post(form, keepalive);
  await one.running;
  one.running = null;
}

/** Saves what is typed within; whether everything is saved. */
export async function settle(within) {
  await Promise.all(forms(within).map((form) => save(form)));
  return forms(within).every((form) => state(form).typed === null);
}

/** Whether something within was saved since it was last asked. */
export function wasSaved(within) {
  return forms(within).reduce((any, form) => {
    const { saved } = state(form);
    state(form).saved = false;
    return any || saved;
  }, false);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (!form || event.target !== field(form)) return;
  state(form).typed = event.target.value;
  say(form, "");
  later(form, PAUSE);
});
document.addEventListener("focusout", (event) => {
  const form = event.target.closest?.("form[data-autosave]");
  if (form && event.target === field(form)) save(form);
});
// Sent by hand: whatever is under way ends first, so that it does not come after.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("form[data-autosave]")) return;
    const one = state(form);
    clearTimeout(one.timer);
    if (one.running) {
      event.preventDefault();
      event.stopImmediatePropagation();
      one.running.then(() => form.requestSubmit(event.submitter ?? undefined));
      return;
    }
    one.sent = one.typed;
    one.typed = null;
  },
  true,
);
// A form that was not taken stays as it is; one that is drawn anew gets back what was typed.
document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form?.matches?.("form[data-autosave]")) state(form).typed ??= state(form).sent ?? null;
});
document.addEventListener("htmx:after:swap", () => {
  for (const form of forms()) {
    const { typed } = state(form);
    if (typed === null || field(form).value === typed) continue;
    field(form).value = typed;
    later(form, PAUSE);
  }
});
addEventListener("online", () => forms().forEach((form) => save(form)));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) forms().forEach((form) => save(form, true));
});
addEventListener("beforeunload", (event) => {
  if (forms().some((form) => state(form).typed !== null)) {
    forms().forEach((form) => save(form, true));
    event.preventDefault();
  }
});
document.addEventListener("draftDiscarded", () => {
  for (const form of forms()) {
    if (!form.querySelector("[data-autosave-discard]")) continue;
    clearTimeout(state(form).timer);
    state(form).typed = null;
    field(form).value = "";
    form.querySelector("[data-autosave-discard]").hidden = true;
    say(form, "");
  }
});
