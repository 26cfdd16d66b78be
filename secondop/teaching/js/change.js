// A rule book changed: a threshold moved, a rule switched off; and which cases then get another recommendation.

const CHANGED = { off: new Set(), cuts: new Map() };

/** The numbers that a rule compares with, each as [path, condition]. */
function thresholds(condition, path = []) {
  const key = ["all", "any", "of"].find((name) => condition[name]);
  if (key) return condition[key].flatMap((part, i) => thresholds(part, [...path, key, i]));
  if (condition.not) return thresholds(condition.not, [...path, "not"]);
  return condition.op && typeof condition.value === "number" ? [[path, condition]] : [];
}

function changedBook(made) {
  const json = structuredClone(made.json);
  for (const [key, value] of CHANGED.cuts) {
    const [name, ...path] = JSON.parse(key), rule = json.rules.find((one) => one.name === name);
    if (rule) path.reduce((part, step) => part[step], rule.when).value = value;
  }
  json.rules = json.rules.filter(({ name }) => !CHANGED.off.has(name));
  return new Book(json);
}

SCREENS.set("change", (root) => {
  const made = book(), out = el("section.results", { "aria-live": "polite" });
  const ours = (codes) => codes.map(([id, code]) => [id, ofCode(code)]).filter(([, found]) => found?.[0] === STATE.book);
  const deck = ours(DATA.cases.map(({ id }) => [id, id])), cohort = ours((DATA.cohort || []).map((code) => ["", code]));
  const flips = (key, some, then) => {
    const said = (facts) => [made, then].map((one) => level(one.assess(facts).recommendation));
    const changed = some.map(([id, [, facts]]) => [id, ...said(facts)]).filter(([, before, after]) => before !== after);
    const counts = new Map();
    for (const [, before, after] of changed) counts.set(`${before} → ${after}`, (counts.get(`${before} → ${after}`) || 0) + 1);
    const ids = changed.map(([id]) => id).filter(Boolean).slice(0, 24);
    return el("div", el("h2", t(key, { k: changed.length, n: some.length })),
      list([...counts].map(([words, n]) => `${words}: ${n}`)),
      el("div.tools", ids.map((id) => button(id, () => goTo(ofCode(id))))));
  };
  const show = () => {
    const then = changedBook(made);
    fill(out, deck.length ? flips("flips-deck", deck, then) : verdict(then, STATE.facts),
      cohort.length > 0 && flips("flips-cohort", cohort, then));
  };
  const threshold = (rule, [path, condition]) => {
    const about = fact(made, condition.fact), key = JSON.stringify([rule.name, ...path]);
    const { op, value, lower = about.low ?? 0, upper = Math.min(about.high ?? 100, Math.abs(value) * 4 + 4), basis } = condition;
    const sign = { ">=": "≥", "<=": "≤" }[op] || op, words = (x) => ` ${sign}\u00a0${inWords(about, +x.toPrecision(4))}`;
    const moved = (x) => { CHANGED.cuts.set(key, x); show(); };
    const slider = range(CHANGED.cuts.get(key) ?? value, { min: lower, max: upper, step: about.kind === "count" ? 1 : "any", words }, moved,
      { "aria-label": `${label(rule)}: ${question(about)}` });
    return el("div.control", labelled(question(about), ...slider, basis && el("small", `(${basis === "assumed" ? t("assumed") : basis})`)));
  };
  const one = (rule) => {
    const on = el("input", { type: "checkbox", checked: !CHANGED.off.has(rule.name), onchange: () => {
      CHANGED.off[on.checked ? "delete" : "add"](rule.name);
      show();
    } });
    return el("li", el("label", on, " ", label(rule)), thresholds(rule.when).map((cut) => threshold(rule, cut)));
  };
  const most = [...made.rules].sort((a, b) => thresholds(b.when).length - thresholds(a.when).length);
  const back = () => { CHANGED.off.clear(); CHANGED.cuts.clear(); go("change"); };
  root.append(el("p", t("change-lead")), el("div.tools", button(t("as-written"), back)),
    el("div.columns", el("ul.plain", most.map(one)), out));
  show();
});
