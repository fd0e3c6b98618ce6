// What was seen of an e-mail address or a phone says nothing of another one.
// Contract: `data-about="NAME"` on a tick: it goes when the field NAME of its form is written anew, and comes back with what
// was there before.

document.addEventListener("input", ({ target }) => {
  const tick = target.form?.querySelector(`[data-about="${CSS.escape(target.name)}"]`);
  if (tick) tick.checked = target.value === target.defaultValue && tick.defaultChecked;
});
