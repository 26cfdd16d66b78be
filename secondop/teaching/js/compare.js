// Two cases, or one case by two rule books, side by side: what each says, and what differs.

SCREENS.set("compare", (root) => {
  const other = STATE.other || { book: STATE.book, facts: {}, start: "" };
  const side = (key, about, set) => {
    const made = BOOKS.get(about.book), typed = el("input", { id: uid(`code-${key}`), value: codeOf(made, about.facts, about.start), size: 20 });
    const wrong = el("span", { role: "alert" });
    const load = () => {
      const found = ofCode(typed.value);
      if (found) set({ book: found[0], facts: found[1], start: found[2] }); else wrong.textContent = t("no-code");
    };
    const books = BOOKS.size > 1 ? el("select", { "aria-label": `${t("rule-book")} ${key}`, onchange: (event) => set({ ...about, book: event.target.value }) },
      [...BOOKS].map(([name, one]) => el("option", { value: name, selected: name === about.book }, edition(one)))) : null;
    return el("section", { "aria-label": key }, el("div", { class: "tools" }, el("label", { for: typed.id }, `${t("case-code")} ${key}`), typed,
      button(t("open"), load), wrong, books), story(about.start), verdict(made, about.facts, { side: key }));
  };
  const mine = { book: STATE.book, facts: STATE.facts, start: STATE.start };
  root.append(el("p", {}, t("compare-lead")), el("div", { class: "columns" },
    side("A", mine, (next) => go("compare", next)), side("B", other, (next) => go("compare", { other: next }))), differences(mine, other));
});

function differences(a, b) {
  const [one, two] = [a, b].map(({ book }) => BOOKS.get(book)), rows = [];
  const facts = new Map([...one.json.facts, ...two.json.facts].map((about) => [about.name, about]));
  for (const [name, about] of facts) {
    const [x, y] = [a.facts[name] ?? null, b.facts[name] ?? null];
    if (x !== y) rows.push([question(about), inWords(about, x), inWords(about, y)]);
  }
  const fired = ([made, side]) => new Set(made.rules.filter((rule) => made.verdict(rule, side.facts) === true).map(label));
  const [left, right] = [[one, a], [two, b]].map(fired);
  const table = el("table", {}, el("caption", {}, t("what-differs")), el("thead", {}, el("tr", {}, ["", "A", "B"].map((x) => (x ? el("th", { scope: "col" }, x) : el("td"))))),
    el("tbody", {}, rows.map(([name, x, y]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, x), el("td", {}, y)))));
  const alone = (key, mine, theirs) => el("div", {}, el("h2", {}, t("fires-only", { side: key })),
    el("ul", {}, [...mine].filter((x) => !theirs.has(x)).map((x) => el("li", {}, x))));
  return el("section", { "aria-label": t("what-differs") }, rows.length ? scrolling(table) : el("p", {}, t("same-facts")),
    el("div", { class: "columns" }, alone("A", left, right), alone("B", right, left)));
}
