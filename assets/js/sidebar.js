// The sidebar: folded to icons on wide windows (remembered), a drawer on narrow ones.
// Contract: `data-sidebar-toggle` buttons, `data-sidebar-close` backdrop, `#sidebar`, `#page`.

const root = document.documentElement;
const narrow = matchMedia("(max-width: 767px)");
let opener = null;

function drawer(open) {
  if (open === root.hasAttribute("data-drawer")) return;
  root.toggleAttribute("data-drawer", open);
  document.getElementById("page")?.toggleAttribute("inert", open);
  if (open) document.querySelector("#sidebar a, #sidebar button")?.focus();
  else opener?.focus();
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-sidebar-toggle]");
  if (toggle && narrow.matches) {
    opener = toggle;
    drawer(!root.hasAttribute("data-drawer"));
  } else if (toggle) {
    const folded = root.dataset.sidebar !== "collapsed";
    if (folded) root.dataset.sidebar = "collapsed";
    else delete root.dataset.sidebar;
    try {
      localStorage.setItem("sidebar", folded ? "collapsed" : "open");
    } catch {
      // Not remembered, still done.
    }
  } else if (event.target.closest("[data-sidebar-close]")) {
    drawer(false);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") drawer(false);
});
narrow.addEventListener("change", () => drawer(false));
