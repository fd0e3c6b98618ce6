// htmx and its server-sent-events extension. The page's <meta name="htmx-config"> holds the settings.

import htmx from "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";

// The Content-Security-Policy forbids evaluation anyway; this says so in words instead of a browser's riddle.
const refuse = function (...parts) {
  throw new Error(`evaluating script in attributes is off: ${parts.at(-1)}`);
};
htmx.registerExtension("no-eval", { init: (api) => api.initSecurity(null, refuse, refuse) });

// A thin bar at the top of the window while anything is under way; the style sheet delays it, so quick answers show none.
let pending = 0;
document.addEventListener("htmx:before:request", () => document.documentElement.toggleAttribute("data-busy", ++pending > 0));
document.addEventListener("htmx:finally:request", () => {
  pending = Math.max(0, pending - 1);
  document.documentElement.toggleAttribute("data-busy", pending > 0);
});

export default htmx;
