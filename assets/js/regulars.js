// What a shop's pages load to tell of what their visitors do. Served as /p/regulars.js; see docs/tracking.md.
//   regulars.init({ key, endpoint })   page views by themselves, those of pages that change without loading too
//   regulars.track(kind, fields)       a kind that is not known is a custom one of that name
//   regulars.identify({ email | customer_id | source, external_id, hash })
//   regulars.consent(false)            ends it and forgets everything; true begins it
// What was not acknowledged stays in localStorage and is sent again: each activity has an id and is stored once.

const KINDS =
  /^(page_view|product_view|search|add_to_cart|checkout_started|purchase|email_(sent|delivered|opened|clicked|bounced|unsubscribed)|identify)$/;
const FIELDS = ["product_id", "order_id", "query", "amount", "geo"];
const MOST = 20;
const KEPT = 200;
const WAIT = 5_000;
const LATER = 30_000;
const VISIT = 30 * 60_000;

const memory = {};
const store = {
  get(name) {
    try {
      return JSON.parse(localStorage.getItem("regulars." + name));
    } catch {
      return memory[name] ?? null;
    }
  },
  set(name, value) {
    memory[name] = value;
    try {
      if (value == null) localStorage.removeItem("regulars." + name);
      else localStorage.setItem("regulars." + name, JSON.stringify(value));
    } catch {
      // Full or forbidden: this page remembers by itself.
    }
  },
};

let options;
let timer = 0;
let sending = false;
let notBefore = 0;
let here = "";

const refuses = () =>
  navigator.globalPrivacyControl || [navigator.doNotTrack, window.doNotTrack].some((it) => it === "1" || it === "yes");
const allowed = () => options && !refuses() && (store.get("consent") ?? options.consent !== false);
const queue = () => store.get("queue") ?? [];
const url = () => `${options.endpoint}/api/v1/activities?key=${encodeURIComponent(options.key)}`;

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function visitor() {
  const id = store.get("visitor") ?? uuid();
  store.set("visitor", id);
  return id;
}

/** The visit goes on for half an hour after each thing that is done; what brought the visitor here belongs to it. */
function visit() {
  const now = Date.now();
  let known = store.get("visit");
  if (!known || now - known.at > VISIT) known = { id: uuid() };
  known.at = now;
  const query = new URLSearchParams(location.search);
  const utm = {};
  for (const name of ["source", "medium", "campaign", "term", "content"]) {
    const value = query.get("utm_" + name);
    if (value) utm[name] = value.slice(0, 200);
  }
  if (Object.keys(utm).length) known.utm = utm;
  store.set("visit", known);
  return known;
}

function tell(kind, more) {
  if (!allowed()) return;
  const { id, utm } = visit();
  const item = {
    id: uuid(),
    kind,
    occurred_at: new Date().toISOString(),
    visitor_id: visitor(),
    session_id: id,
    url: location.href.slice(0, 2_000),
    title: document.title.slice(0, 300),
    utm,
    ...more,
  };
  const all = [...queue(), item].slice(-KEPT);
  store.set("queue", all);
  if (all.length >= MOST) flush();
  else soon(WAIT);
}

function soon(wait) {
  timer ||= setTimeout(() => {
    timer = 0;
    flush();
  }, wait);
}

function done(batch) {
  const ids = new Set(batch.map((item) => item.id));
  store.set("queue", queue().filter((item) => !ids.has(item.id)));
}

/** Text is sent, not JSON: a browser asks nobody for leave before it. */
async function flush() {
  const batch = queue().slice(0, MOST);
  if (!batch.length || sending || !allowed() || navigator.onLine === false) return;
  const wait = notBefore - Date.now();
  if (wait > 0) return soon(wait);
  sending = true;
  let again = 0;
  try {
    const answer = await fetch(url(), {
      method: "POST",
      body: JSON.stringify(batch),
      headers: { "content-type": "text/plain" },
      credentials: "omit",
      keepalive: true,
    });
    // What is refused for good is not sent again.
    if (answer.status === 429 || answer.status >= 500) again = (answer.headers.get("retry-after") || 30) * 1_000;
    else done(batch);
  } catch {
    again = LATER;
  }
  sending = false;
  notBefore = Date.now() + again;
  if (queue().length) soon(again || (queue().length >= MOST ? 0 : WAIT));
}

/** Nobody hears whether this arrived, so it stays in the queue and the next page sends it once more. */
function leave() {
  const batch = queue().slice(-MOST);
  if (batch.length && allowed() && navigator.onLine !== false) navigator.sendBeacon?.(url(), JSON.stringify(batch));
}

function view() {
  if (location.href === here) return;
  const referrer = here || document.referrer;
  here = location.href;
  tell("page_view", { referrer: referrer.slice(0, 2_000) || undefined });
}

function init(given) {
  if (options) return;
  options = { ...given, endpoint: (given.endpoint ?? "").replace(/\/$/, "") };
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...args) {
      original.apply(this, args);
      setTimeout(view);
    };
  }
  addEventListener("popstate", () => setTimeout(view));
  addEventListener("pagehide", leave);
  addEventListener("online", flush);
  view();
  if (queue().length) soon(WAIT);
}

function track(kind, fields = {}) {
  const known = {};
  const data = {};
  for (const [name, value] of Object.entries(fields)) (FIELDS.includes(name) ? known : data)[name] = value;
  if (Object.keys(data).length) known.data = data;
  if (KINDS.test(kind)) tell(kind, known);
  else tell("custom", { ...known, name: kind });
}

function identify({ customer_id, email, source, external_id, hash }) {
  const customer = external_id ? { source, external_id } : undefined;
  tell("identify", { customer_id, customer, email, user_hash: hash });
}

function consent(given) {
  store.set("consent", Boolean(given));
  if (given) {
    here = "";
    return view();
  }
  for (const name of ["queue", "visitor", "visit"]) store.set(name, null);
}

window.regulars = { init, track, identify, consent, flush };
