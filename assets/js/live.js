// What others do, shown as it happens: the server's hints say which customers changed, and whatever shows them asks anew.
// Contract: an element with `data-live` (everybody's changes) or `data-live="<customer id>"` gets a `live` event, at most
// one in a second; its `hx-trigger` says what follows. The document gets `told` after them. It waits while somebody types or chooses in it. Windows that are not
// looked at listen to nothing; looked at again, they ask once.
// What no hint tells of is marked `data-looks-again`: it gets a `live` event every five seconds under the same conditions.
// The server answers 204 where nothing changed.

const GATHERED = 1_000;
const AGAIN = 5_000;
const places = () => [...document.querySelectorAll("[data-live]")];

let source = null;
let left = false;
let timer = null;
let all = false;
const changed = new Set();

const busy = (place) =>
  document.querySelector("dialog[open], .menu:popover-open") ||
  (place.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) ||
  place.querySelector("[data-select-row]:checked");

function tell() {
  timer = null;
  let waiting = false;
  let asked = false;
  for (const place of places()) {
    if (!all && place.dataset.live && !changed.has(place.dataset.live)) continue;
    if (busy(place)) {
      waiting = true;
      continue;
    }
    place.dispatchEvent(new CustomEvent("live"));
    asked = true;
  }
  if (asked) document.dispatchEvent(new CustomEvent("told"));
  if (waiting) timer = setTimeout(tell, GATHERED);
  else {
    all = false;
    changed.clear();
  }
}

function soon() {
  timer ??= setTimeout(tell, GATHERED);
}

// What was asked for before somebody began something here is not put under their hands; it is asked for again afterwards.
document.addEventListener("htmx:before:swap", (event) => {
  const { sourceEvent, sourceElement } = event.detail.ctx ?? {};
  if (sourceEvent?.type !== "live" || !busy(sourceElement)) return;
  event.preventDefault();
  if (sourceElement.dataset.live) changed.add(sourceElement.dataset.live);
  else all = true;
  soon();
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.sourceEvent?.type === "live") document.getElementById("announcer").textContent = "What is shown was updated";
});

setInterval(() => {
  if (document.hidden) return;
  for (const place of document.querySelectorAll("[data-looks-again]")) if (!busy(place)) place.dispatchEvent(new CustomEvent("live"));
}, AGAIN);

function listen() {
  if (source || document.hidden || places().length === 0) return;
  source = new EventSource("/api/v1/events/stream");
  source.addEventListener("happened", (event) => {
    const hint = JSON.parse(event.data);
    if (hint.many) all = true;
    for (const id of hint.customer_ids) changed.add(id);
    if (hint.customer_ids.length === 0 && places().every((place) => place.dataset.live)) return;
    soon();
  });
  source.addEventListener("resync", () => {
    all = true;
    soon();
  });
  if (left) {
    all = true;
    soon();
  }
  left = false;
}

function stop() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return listen();
  left = source !== null;
  stop();
});
addEventListener("pagehide", stop);
addEventListener("pageshow", listen);
