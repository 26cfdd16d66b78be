// A hundred people, and the glossary: what the numbers mean.

/** A slider below its name. */
const slide = (key, ...told) => el("div.control", labelled(t(key), ...range(...told)));

/** One of a few, each [value, words], as buttons in a row. */
function pick(key, now, options, change) {
  const buttons = options.map(([one, words]) => button(words, () => { press(one); change(one); }));
  const press = (now) => buttons.forEach((it, i) => it.setAttribute("aria-pressed", options[i][0] === now));
  press(now);
  return el("div.control", { role: "group", "aria-label": t(key) }, el("span", t(key)), el("span.choices", buttons));
}

/** How many of each kind, with its sign. */
const counted = (parts) => el("ul.plain", parts.map(([kind, n, words]) => el("li", el(`span.mark.${kind}`), ` ${number(n)} ${words}`)));

/** Whole persons of 100, by largest remainders. */
function wholePeople(shares) {
  const exact = shares.map((share) => 100 * share), people = exact.map(Math.floor);
  const lack = Math.round(100 - people.reduce((a, b) => a + b, 0));
  const order = exact.map((x, i) => [people[i] - x, i]).sort((a, b) => a[0] - b[0]);
  for (const [, i] of order.slice(0, lack)) people[i] += 1;
  return people;
}

SCREENS.set("people", (root) => {
  const now = (STATE.shares ||= { prevalence: 40, follow: 50, yield: DATA.published.diagnosis.rate, what: "diagnosis" });
  const say = el("p.says", { role: "status" }), cites = el("p.small");
  const figure = el("div.figure"), controls = el("div.controls");
  const show = () => {
    const [all, some, share] = [now.prevalence / 100, now.follow / 100, now.yield / 100], went = all * some;
    const people = wholePeople([went * share, went * (1 - share), all - went, 1 - all]), [changed, unchanged, stay] = people;
    const parts = ["changed", "unchanged", "stayed", "none"].map((kind, i) => [kind, people[i], t(`people-${kind}`)]);
    const { rate, n, of, source } = DATA.published[now.what], as = Math.abs(now.yield - rate) < 0.05 ? "yield-published" : "yield-assumed";
    fill(say, t("people-said", { indicated: changed + unchanged + stay, go: changed + unchanged, changed, unchanged, stay }));
    const marks = parts.flatMap(([kind, n]) => Array.from({ length: n }, () => el(`span.mark.${kind}`)));
    fill(figure, el("div.hundred", { "aria-hidden": "true" }, marks), counted(parts));
    fill(cites, t(as, { what: t(`what-${now.what}`), rate: number(rate), n: number(n), of: own("denominators", of).label || of, source }),
      " ", t("shares-assumed"));
  };
  const set = (change) => { Object.assign(now, change); tell(); show(); };
  const what = (one) => {
    set({ what: one, yield: DATA.published[one].rate });
    steady(put);
  };
  const put = () => fill(controls, slide("prevalence", now.prevalence, {}, (prevalence) => set({ prevalence })),
    slide("follow", now.follow, {}, (follow) => set({ follow })), slide("yield", now.yield, { step: 0.1 }, (x) => set({ yield: x })),
    pick("what-changes", now.what, Object.keys(DATA.published).map((one) => [one, t(`what-${one}`)]), what));
  root.append(controls, say, figure, cites); // what is set stands still, and what follows below it
  put();
  show();
});

SCREENS.set("glossary", (root) => {
  const told = ({ id, field, ...one }) => {
    const { word, meaning, formula } = { ...one, ...own("glossary", id) };
    return [el("dt", { id }, word, field && field !== one.word && el("small", { lang: "en" }, ` (${field})`)),
      el("dd", meaning, formula && el("div.code", formula))];
  };
  root.append(el("dl", DATA.glossary.map(told)));
});
