// The explorer as a widget: the same parts as the classroom, its facts kept in step with Python.

export default {
  render({ model, el: root }) {
    start(root, model.get("data"), (facts) => { model.set("facts", facts); model.save_changes(); });
    const follow = () => {
      const facts = model.get("facts");
      if (JSON.stringify(facts) !== JSON.stringify(STATE.facts)) Object.assign(STATE, { facts: { ...facts }, start: model.get("start") });
      draw();
    };
    Object.assign(STATE, { facts: { ...model.get("facts") }, start: model.get("start") });
    model.on("change:facts", () => { if (JSON.stringify(model.get("facts")) !== JSON.stringify(STATE.facts)) follow(); });
    draw();
  },
};
