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
  for (const rule of json.rules) {
    for (const [key, value] of CHANGED.cuts) {
      const [name, ...path] = JSON.parse(key);
      if (name === rule.name) path.reduce((part, step) => part[step], rule.when).value = value;
    }
  }
  json.rules = json.rules.filter(({ name }) => !CHANGED.off.has(name));
  return new Book(json);
}

SCREENS.set("change", (root) => {
  const made = book(), out = el("section", { "aria-live": "polite" });
  const cases = DATA.cohort.filter((code) => ofCode(code)?.[0] === STATE.book).map((code) => ["", ofCode(code)[1]]);
  const deck = DATA.cases.map(({ id }) => [id, ofCode(id)]).filter(([, found]) => found[0] === STATE.book).map(([id, found]) => [id, found[1]]);
  const show = () => {
    const then = changedBook(made), flipped = (some) => some.map(([id, facts]) => [id, made.assess(facts).recommendation, then.assess(facts).recommendation])
      .filter(([, before, after]) => before !== after);
    const told = (some, key) => {
      const flips = flipped(some), counts = new Map();
      for (const [, before, after] of flips) counts.set(`${level(before)} → ${level(after)}`, (counts.get(`${level(before)} → ${level(after)}`) || 0) + 1);
      const ids = flips.map(([id]) => id).filter(Boolean).slice(0, 24);
      return el("div", {}, el("h2", {}, t(key, { k: flips.length, n: some.length })), el("ul", {}, [...counts].map(([words, n]) => el("li", {}, `${words}: ${n}`))),
        el("div", { class: "tools" }, ids.map((id) => button(id, () => { remember(); go("explore", { facts: ofCode(id)[1], start: id }); }))));
    };
    fill(out, deck.length ? told(deck, "flips-deck") : verdict(then, STATE.facts), cases.length ? told(cases, "flips-cohort") : null);
  };
  const rule = (one) => {
    const on = el("input", { type: "checkbox", checked: !CHANGED.off.has(one.name), onchange: () => {
      if (on.checked) CHANGED.off.delete(one.name); else CHANGED.off.add(one.name);
      show();
    } });
    const cuts = thresholds(one.when).map(([path, condition]) => {
      const about = fact(made, condition.fact), key = JSON.stringify([one.name, ...path]), now = CHANGED.cuts.get(key) ?? condition.value;
      const value = el("output", {}, ` ${condition.op} ${number(now)} ${unit(about)}`);
      const slider = el("input", { type: "range", min: condition.lower ?? about.low ?? 0, max: condition.upper ?? Math.min(about.high ?? 100, Math.abs(condition.value) * 4 + 4),
        step: about.kind === "count" ? 1 : "any", value: now, "aria-label": `${label(one)}: ${question(about)}`, oninput: () => {
          CHANGED.cuts.set(key, +slider.value);
          value.textContent = ` ${condition.op} ${number(+(+slider.value).toPrecision(4))} ${unit(about)}`;
          show();
        } });
      return el("div", {}, question(about), " ", slider, value, condition.basis ? el("small", {}, ` (${condition.basis === "assumed" ? t("assumed") : condition.basis})`) : null);
    });
    return el("li", {}, el("label", {}, on, " ", label(one)), cuts);
  };
  const sorted = [...made.rules].sort((a, b) => thresholds(b.when).length - thresholds(a.when).length);
  root.append(el("p", {}, t("change-lead")), el("div", { class: "tools" }, button(t("as-written"), () => { CHANGED.off.clear(); CHANGED.cuts.clear(); go("change"); })),
    el("div", { class: "columns" }, el("ul", { class: "plain" }, sorted.map(rule)), out));
  show();
});
