// Runs in <head>, blocking and tiny, so that the first paint already has the right ground.
// Contract: `data-theme-set="light|dark|system"` elsewhere changes it (see appearance.js).
(() => {
  const root = document.documentElement;
  let choice = "system";
  let sidebar = null;
  try {
    choice = localStorage.getItem("theme") ?? "system";
    sidebar = localStorage.getItem("sidebar");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.toggle("dark", dark);
  root.dataset.theme = choice;
  if (sidebar === "collapsed") root.dataset.sidebar = "collapsed";
})();
