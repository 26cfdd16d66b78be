// A screen in a notebook: what it keeps is kept in step with Python; what it shows waits for no kernel.

function widget({ model, el: root }) {
  const { kept } = model.get("data"), copy = (value) => structuredClone(value ?? null);
  const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  const take = () => kept.forEach((key) => { STATE[key] = copy(model.get(key)); });
  const hear = () => { STATE.rows = model.get("rows"); STATE.listed?.(); };
  start(root, model.get("data"), () => { kept.forEach((key) => model.set(key, copy(STATE[key]))); model.save_changes(); });
  root.addEventListener("keydown", (event) => { if (event.key !== "Escape") event.stopPropagation(); }); // our arrow keys, not JupyterLab's
  take();
  kept.forEach((key) => model.on(`change:${key}`, () => { if (!same(model.get(key), STATE[key])) { take(); draw(); } }));
  model.on("change:rows", hear);
  draw();
  hear();
}
