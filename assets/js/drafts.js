// What is typed is kept on the server without leaving the page.
// Contract: `<form data-draft method="post">` sends itself to its own address with `do=save` a moment after one types; the
// answer's text is shown in its `data-draft-said` (role=status), and whatever has `data-draft-begun` appears. Buttons of the
// page and links away wait for what is under way, so that nothing older arrives after something newer. `data-no-submit` on a
// field keeps Enter from sending its form; a form with `data-once` is sent once.

const REST = 500;
const form = () => document.querySelector("form[data-draft]");

let timer = null;
let typed = false;
let under = null;

const say = (words) => {
  const said = form()?.querySelector("[data-draft-said]");
  if (said && said.textContent !== words) said.textContent = words;
};
const state = (now) => form()?.setAttribute("data-draft", now);

async function send() {
  const of = form();
  const body = new URLSearchParams(new FormData(of));
  body.set("do", "save");
  typed = false;
  try {
    // Small ones go on when the page is left; browsers allow no more than 64 kB.
    const keepalive = body.toString().length < 60_000;
    const answer = await fetch(of.action, { method: "POST", body, keepalive, headers: { "HX-Request": "true" } });
    if (!answer.ok) throw answer.status;
    say(await answer.text());
    for (const begun of document.querySelectorAll("[data-draft-begun]")) begun.hidden = false;
    if (!typed) state("saved");
    return true;
  } catch (reason) {
    typed = true;
    state("failed");
    say(reason === 401 ? "Not saved: you are signed out." : reason === 422 ? "Not saved: this is too much for a draft." : "Not saved yet; the next key tries again.");
    return false;
  }
}

/** Sends what was typed since, after what is under way; resolves to whether all of it is kept. */
async function save() {
  clearTimeout(timer);
  while (under) await under;
  if (!typed || !form()) return true;
  under = send().finally(() => (under = null));
  return under;
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (!event.target.closest("form[data-draft]") || event.target.matches("[data-no-submit]")) return;
    typed = true;
    state("typed");
    clearTimeout(timer);
    timer = setTimeout(save, REST);
  });
}

// The form's own buttons send everything anyway, and another form (to discard, to sign out) sends what it is about.
document.addEventListener("submit", async (event) => {
  const sent = event.target;
  if (event.defaultPrevented || sent.hasAttribute("hx-post")) return;
  if (sent.hasAttribute("data-once")) {
    if (sent.hasAttribute("data-sent")) event.preventDefault();
    sent.setAttribute("data-sent", "");
    return;
  }
  if (!form()) return;
  clearTimeout(timer);
  typed = false;
  if (!under) return;
  event.preventDefault();
  const { submitter } = event;
  await under;
  typed = false;
  sent.requestSubmit(submitter ?? undefined);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]:not([hx-get], [target])");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || !form() || !(typed || under) || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  if (await save()) location.assign(link.href);
});

// Closed or loaded anew before the moment is over.
addEventListener("beforeunload", (event) => {
  if (!typed || !form()) return;
  save();
  if (form().getAttribute("data-draft") === "failed") event.preventDefault();
});
addEventListener("pageshow", () => {
  for (const sent of document.querySelectorAll("form[data-sent]")) sent.removeAttribute("data-sent");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("[data-no-submit]")) event.preventDefault();
});
