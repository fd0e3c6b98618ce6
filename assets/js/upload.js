// Sending files with progress.
// Contract: `<form data-upload method="post" enctype="multipart/form-data">` with a `[data-dropzone]` label around a file
// input; `data-upload-name` shows the chosen file, `data-upload-progress` (a <progress>) and `data-upload-status` how far it
// is, `data-upload-answer` receives an HTML answer that is a refusal. Where the server redirects, the page goes;
// `HX-Redirect` works too. Without script it is an ordinary form.

import htmx from "./htmx.js";
import { toast } from "./toasts.js";

const size = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
const part = (form, name) => form.querySelector(`[data-upload-${name}]`);

function named(form) {
  const file = form.querySelector("input[type=file]").files[0];
  const name = part(form, "name");
  if (name) name.textContent = file ? `${file.name} · ${size(file.size)}` : "";
  form.toggleAttribute("data-has-file", Boolean(file));
}

function send(form, submitter) {
  const request = new XMLHttpRequest();
  const bar = part(form, "progress");
  const status = part(form, "status");
  const buttons = form.querySelectorAll("button");
  const busy = (on) => {
    form.toggleAttribute("data-uploading", on);
    buttons.forEach((button) => (button.disabled = on));
    if (bar) bar.hidden = !on;
  };
  const fail = (text) => {
    busy(false);
    if (status) status.textContent = text;
    toast({ text, kind: "error" });
  };
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    if (bar) bar.value = event.loaded / event.total;
    if (status) {
      status.textContent =
        event.loaded < event.total ? `${size(event.loaded)} of ${size(event.total)} sent` : "Sent; reading the file …";
    }
  });
  request.addEventListener("error", () => fail("The connection broke. The file is still chosen; try again."));
  request.addEventListener("load", () => {
    const goTo = request.getResponseHeader("HX-Redirect");
    const html = (request.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
    if (goTo) location.assign(goTo);
    else if (request.status === 401) fail("You are signed out. Sign in in another tab, then send again.");
    else if (request.status < 400) location.assign(request.responseURL || location.href);
    else if (html && part(form, "answer")) {
      busy(false);
      const answer = part(form, "answer");
      answer.replaceChildren(...new DOMParser().parseFromString(request.responseText, "text/html").body.childNodes);
      htmx.process(answer);
      if (status) status.textContent = "";
    } else fail(request.status === 413 ? "The file is too large." : `The file was not accepted (${request.status}).`);
  });
  busy(true);
  request.open("POST", form.getAttribute("action") || location.href);
  request.setRequestHeader("HX-Request", "true");
  request.send(new FormData(form, submitter));
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  send(form, event.submitter);
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (form && event.target.type === "file") named(form);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-dropzone]");
    if (!zone) return;
    event.preventDefault();
    zone.toggleAttribute("data-over", kind === "dragover");
    if (kind !== "drop" || event.dataTransfer.files.length === 0) return;
    const input = zone.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
