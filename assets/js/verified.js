// What was seen of an e-mail address or a phone says nothing of another one.
// Contract: `data-about="NAME"` on a tick: it goes when the field NAME of its form is written anew, and comes back with what
// was there before, however that is spelled: the server asks neither for capitals nor for what stands between digits.

const meant = ({ type }, text) => (type === "tel" ? text.replace(/[^\d+]/g, "") : text.trim().toLowerCase());

document.addEventListener("input", ({ target }) => {
  const tick = target.form?.querySelector(`[data-about="${CSS.escape(target.name)}"]`);
  if (tick) tick.checked = meant(target, target.value) === meant(target, target.defaultValue) && tick.defaultChecked;
});
