// Two cases, or one case by two rule books, side by side: what each says, and what differs.

SCREENS.set("compare", (root) => {
  const mine = { book: STATE.book, facts: STATE.facts, start: STATE.start };
  const other = STATE.other || { book: STATE.book, facts: {}, start: "" };
  const side = (key, { book: name, facts, start }, set) => {
    const made = BOOKS.get(name), books = [...BOOKS].map(([value, one]) => [value, edition(one)]);
    const code = codeField(`${t("case-code")} ${key}`, codeOf(made, facts, start), ([book, facts, start]) => set({ book, facts, start }));
    return el("section", { "aria-label": key }, el("div.tools", code, BOOKS.size > 1
      && choose(books, name, (book) => set({ book, facts, start }), { "aria-label": `${t("rule-book")} ${key}` })),
    story(start), verdict(made, facts, { side: key }));
  };
  root.append(el("p", t("compare-lead")), el("div.columns", side("A", mine, (next) => go("compare", next)),
    side("B", other, (next) => go("compare", { other: next }))), differences(mine, other));
});

function differences(a, b) {
  const books = [a, b].map((side) => BOOKS.get(side.book));
  const facts = new Map(books.flatMap(({ json }) => json.facts.map((one) => [one.name, one])));
  const rows = [...facts.values()].map((about) => [about, a.facts[about.name] ?? null, b.facts[about.name] ?? null])
    .filter(([, x, y]) => x !== y).map(([about, x, y]) => [question(about), inWords(about, x), inWords(about, y)]);
  const fired = (made, own) => made.rules.filter((rule) => made.verdict(rule, own) === true).map(label);
  const left = fired(books[0], a.facts), right = fired(books[1], b.facts);
  const only = (side, these, those) => {
    const some = these.filter((x) => !those.includes(x));
    return el("div", some.length > 0 && [el("h2", t("fires-only", { side })), list(some)]);
  };
  return el("section", { "aria-label": t("what-differs") },
    rows.length ? table(t("what-differs"), ["", "A", "B"], rows) : el("p", t("same-facts")),
    el("div.columns", only("A", left, right), only("B", right, left)));
}
