// Light, dark or as the system says.
// Contract: buttons with `data-theme-set="light|dark|system"`; the chosen one gets aria-pressed="true".

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const choice = root.dataset.theme ?? "system";
  root.classList.toggle("dark", choice === "dark" || (choice === "system" && system.matches));
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set]");
  if (!button) return;
  root.dataset.theme = button.dataset.themeSet;
  try {
    localStorage.setItem("theme", button.dataset.themeSet);
  } catch {
    // Not remembered, still applied.
  }
  apply();
});
system.addEventListener("change", apply);
apply();
