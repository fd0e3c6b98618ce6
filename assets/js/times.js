// Keeps relative times true while a page stays open. The words are those of pages/format.rs.
// Contract: `<time datetime="…" data-relative>`; `data-time-zone` on <html>.

const zone = document.documentElement.dataset.timeZone || "UTC";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let parts;
try {
  parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
} catch {
  parts = new Intl.DateTimeFormat("en-CA", { timeZone: "UTC", year: "numeric", month: "2-digit", day: "2-digit" });
}
const day = (time) => parts.format(time).split("-").map(Number);
const number = ([y, m, d]) => Math.round(Date.UTC(y, m - 1, d) / (24 * HOUR));

export function relative(time, now) {
  const apart = Math.abs(now - time);
  const past = time <= now;
  const say = (text) => (past ? `${text} ago` : `in ${text}`);
  if (apart < MINUTE) return past ? "just now" : "in a moment";
  if (apart < HOUR) return say(`${Math.floor(apart / MINUTE)} min`);
  const then = day(time);
  const today = day(now);
  const days = Math.abs(number(today) - number(then));
  if (days === 0 || apart < 6 * HOUR) return say(`${Math.floor(apart / HOUR)} h`);
  if (days === 1) return past ? "yesterday" : "tomorrow";
  if (days < 7) return say(`${days} d`);
  const date = `${then[2]} ${MONTHS[then[1] - 1]}`;
  return then[0] === today[0] ? date : `${date} ${then[0]}`;
}

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const time = Date.parse(element.dateTime);
    if (Number.isNaN(time)) continue;
    const text = relative(time, now);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(tick, 30_000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
