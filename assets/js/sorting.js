// Sorting by several columns: a click with Shift on a head cell follows `data-sort-also` instead of its own address. Who
// sorts by keyboard stands on the same head cell (`a.sort`) when the list comes back.

const KEY = "sorted";
const links = () => [...document.querySelectorAll("th a.sort")];

document.addEventListener("click", (event) => {
  const link = event.target.closest("th a.sort");
  if (!link) return;
  try {
    if (event.detail === 0) sessionStorage.setItem(KEY, String(links().indexOf(link)));
  } catch {
    // Then one begins at the top of the page.
  }
  if (!event.shiftKey || !link.dataset.sortAlso) return;
  event.preventDefault();
  location.assign(link.dataset.sortAlso);
});

try {
  const at = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (at !== null) links()[Number(at)]?.focus({ preventScroll: true });
} catch {
  // Nothing was kept.
}
