// Sorting by several columns: a click with Shift on a head cell follows `data-sort-also` instead of its own address.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-sort-also]");
  if (!link || !event.shiftKey) return;
  event.preventDefault();
  location.assign(link.dataset.sortAlso);
});
