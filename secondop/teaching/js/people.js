// A hundred people, and the glossary: what the numbers mean.

/** A slider with a name; what its value means stands beside it, and screen readers are told. */
function slide(key, value, { min = 0, max = 100, step = 1, words = (x) => `${number(x)} %` }, change) {
  const out = el("output", {}, words(value));
  const input = el("input", { type: "range", id: uid(`s-${key}`), min, max, step, value, "aria-valuetext": words(value), oninput: () => {
    out.textContent = words(+input.value);
    input.setAttribute("aria-valuetext", out.textContent);
    change(+input.value);
  } });
  return el("div", { class: "control" }, el("label", { for: input.id }, t(key)), el("span", {}, input, out));
}

/** One of a few, as buttons in a row. */
function pick(key, value, options, change) {
  const made = options.map(([one, words]) => button(words, () => { press(one); change(one); }, { "data-one": one }));
  const press = (now) => made.forEach((it) => it.setAttribute("aria-pressed", it.dataset.one === now));
  press(value);
  return el("div", { class: "control", role: "group", "aria-label": t(key) }, el("span", {}, t(key)), el("span", { class: "choices" }, made));
}

/** Marks in rows of ten, each kind with its own sign; a list says how many of each. */
function hundred(parts) {
  const marks = parts.flatMap(([kind, n]) => Array.from({ length: n }, () => el("span", { class: `mark ${kind}` })));
  return [el("div", { class: "hundred", "aria-hidden": "true" }, marks),
    el("ul", { class: "plain" }, parts.map(([kind, n]) => el("li", {}, el("span", { class: `mark ${kind}` }), ` ${n} ${t(`people-${kind}`)}`)))];
}

/** Whole persons of 100, by largest remainders. */
function wholePeople(shares) {
  const sum = shares.reduce((a, b) => a + b, 0) || 1, exact = shares.map((x) => 100 * x / sum), people = exact.map(Math.floor);
  const lack = Math.round(exact.reduce((a, b) => a + b, 0) - people.reduce((a, b) => a + b, 0));
  exact.map((x, i) => [people[i] - x, i]).sort((a, b) => a[0] - b[0]).slice(0, lack).forEach(([, i]) => { people[i] += 1; });
  return people;
}

SCREENS.set("people", (root) => {
  const now = (STATE.shares ||= { prevalence: 40, follow: 50, yield: DATA.published.diagnosis.rate, what: "diagnosis" });
  const out = el("div", { class: "figure" }), say = el("p", { class: "says", role: "status" }), cites = el("p", { class: "small" }), controls = el("div", { class: "controls" });
  const show = () => {
    const [all, some, share] = [now.prevalence / 100, now.follow / 100, now.yield / 100], went = all * some;
    const [changed, unchanged, stay, rest] = wholePeople([went * share, went * (1 - share), all - went, 1 - all]);
    const { rate, n, of, source } = DATA.published[now.what], as = Math.abs(now.yield - rate) < 0.05 ? "yield-published" : "yield-assumed";
    fill(say, t("people-said", { indicated: changed + unchanged + stay, go: changed + unchanged, changed, unchanged, stay }));
    fill(out, hundred([["changed", changed], ["unchanged", unchanged], ["stayed", stay], ["none", rest]]));
    fill(cites, t(as, { what: t(`what-${now.what}`), rate: number(rate), n: number(n), of: own("denominators", of).label || of, source }), " ", t("shares-assumed"));
  };
  const set = (key) => (value) => { now[key] = value; tell(); show(); };
  const put = () => fill(controls, slide("prevalence", now.prevalence, {}, set("prevalence")), slide("follow", now.follow, {}, set("follow")),
    slide("yield", now.yield, { step: 0.1 }, set("yield")), pick("what-changes", now.what, Object.keys(DATA.published).map((one) => [one, t(`what-${one}`)]),
      (what) => { Object.assign(now, { what, yield: DATA.published[what].rate }); tell(); show(); put(); controls.querySelector("[aria-pressed=true]").focus(); }));
  root.append(say, out, controls, cites);
  put();
  show();
});

SCREENS.set("glossary", (root) => {
  root.append(el("dl", {}, DATA.glossary.map(({ id, word, field, meaning, formula }) => [el("dt", { id }, own("glossary", id).word || word, field && field !== word ? el("small", { lang: "en" }, ` (${field})`) : null),
    el("dd", {}, own("glossary", id).meaning || meaning, formula ? el("div", { class: "code" }, own("glossary", id).formula || formula) : null)])));
});
