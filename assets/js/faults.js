// What a person reads when a request fails. Nothing is swapped for these answers (see the page's htmx settings), so the
// form and what was typed stay as they are.
// Contract: `data-warn-unsaved` on a form, or `data-own-page` around it, asks before the page is left with changes in it.

import { toast } from "./toasts.js";

const WORDS = {
  401: "You are signed out. What you typed is kept: sign in in another tab, then try again.",
  403: "Your role does not allow this.",
  404: "This is no longer there. Reload the page to see what is.",
  413: "That is too large.",
  429: "Too many requests. Wait a moment, then try again.",
};

document.addEventListener("htmx:response:error", (event) => {
  const { response } = event.detail.ctx;
  const { status } = response;
  if ([400, 409, 412, 422].includes(status)) return; // Answered in place, by the form itself.
  const id = response.headers.get("x-request-id");
  const text = WORDS[status] ?? `Something went wrong on our side. What you typed is kept.${id ? ` Request ${id}.` : ""}`;
  const back = encodeURIComponent(location.pathname + location.search);
  toast({ text, kind: "error", ...(status === 401 && { href: `/sign-in?next=${back}`, href_text: "Sign in" }) });
});
document.addEventListener("htmx:error", (event) => {
  if (!event.detail.ctx) return; // Not a request: a fault in a page's attributes, already on the console.
  if (event.detail.error?.name === "AbortError" && event.detail.ctx?.request?.signal?.reason !== "timeout") return;
  toast({
    text: navigator.onLine ? "The server does not answer. What you typed is kept; try again." : "You are offline. What you typed is kept.",
    kind: "error",
  });
});
addEventListener("offline", () => toast({ text: "You are offline. What you typed is kept.", kind: "error" }));
addEventListener("online", () => toast({ text: "Back online.", kind: "success" }));

// A refused form that comes back as a page: on to the first field that is wrong, or to what is said above them.
const told = document.querySelector("main [data-form-errors]");
if (told) (told.closest("form")?.querySelector("[aria-invalid=true]") ?? told).focus();

const WATCHED = "form[data-warn-unsaved], [data-own-page] form";
const touched = new WeakSet();
document.addEventListener("input", (event) => {
  const form = event.target.closest(WATCHED);
  if (form) touched.add(form);
});
document.addEventListener("submit", (event) => touched.delete(event.target));
addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll(WATCHED)].some((form) => touched.has(form))) event.preventDefault();
});
