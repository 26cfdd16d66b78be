// One case: what the rule book says of it, and the next question; then the facts, and the reasons.

function verdict(made, facts, { quiet = false, side = "" } = {}) {
  const found = made.assess(facts), subject = own("books", made.json.title).subject || made.json.subject;
  const outlook = found.undetermined ? "provisional" : made.questions(facts).length ? "against-open" : "final";
  const headline = t(`headline-${found.recommendation}`, { subject })
    .replace(/\b([Aa]) (?=[aeiou])/, "$1n ").replace(/^./u, (first) => first.toUpperCase()); // an imaging review
  return el(quiet ? "section.verdict" : `section.verdict.${found.recommendation}`, { "aria-label": `${t("verdict")} ${side}`.trim() },
    el("p.says", quiet ? t("hidden-verdict") : headline), !quiet && el("p", t(outlook, { level: level(found.possible) })),
    el("p.small", `${titled(made)}, ${made.json.version}. ${t("not-for-care")}`));
}

function nextQuestion(made, facts, change) {
  const [asked] = made.questions(facts);
  if (!asked) return el("section.next", el("p", t("nothing-to-ask")));
  const about = fact(made, asked.fact);
  const leads = ([option, after], i) => button([sortInWords(made, about, i), !STATE.hide && el("small", ` → ${level(after)}`)],
    () => change(asked.fact, option));
  return el("section.next", { "aria-label": t("next-question"), tabindex: -1 },
    el("p", el("b", `${t("next-question")}: `), question(about)), el("div.choices", asked.answers.map(leads)));
}

/** What each rule says, in four lists: for, against, cannot be judged, does not fire; and what would make it fire. */
function reasons(made, facts) {
  const { verdicts } = made.assess(facts);
  const seen = (name) => `${question(fact(made, name))} ${inWords(fact(made, name), facts[name])}`;
  const told = (rule) => [el("b", label(rule)), el("div.small", rule.facts.map(seen).join(" · ")),
    el("div.small", `${t("source")}: ${rule.source}${rule.statement ? `, ${rule.statement}` : ""}`),
    verdicts[rule.name] !== true && el("div.small", changeWords(made, rule, facts))];
  const some = (key, value, open, ...kinds) => {
    const rules = made.rules.filter(({ name, kind }) => verdicts[name] === value && kinds.includes(kind));
    return fold(`${t(key)} (${rules.length})`, open && rules.length > 0, () => list(rules.map(told)));
  };
  const source = ({ key, reference, grade }) => el("span", { lang: own("books", made.json.title).title ? "en" : null },
    el("b", key), `: ${reference}${grade ? ` (${grade})` : ""}`);
  return el("section", { "aria-label": t("reasons") },
    some("reasons-for", true, true, "indication"), some("reasons-against", true, true, "counter_indication"),
    some("cannot-be-judged", null, false, "indication", "counter_indication"),
    some("does-not-fire", false, false, "indication", "counter_indication"),
    fold(t("sources"), false, list(made.json.sources.map(source))));
}

function changeWords(made, rule, facts) {
  const changes = made.smallestChange(rule, facts);
  const sort = (about, x) => (x === null ? t("not-recorded") : sortInWords(made, about, made.options[about.name].indexOf(x)));
  const one = ([about, options]) => `${question(about)} ${options.map((x) => sort(about, x)).join(` ${t("or")} `)}`;
  if (!changes) return t("no-change-would-do");
  return `${t("would-fire-if")}: ${changes.map(([name, options]) => one([fact(made, name), options])).join("; ")}`;
}

/** The form of one fact: its answers, and *not recorded*, which looks different from no. */
function field(made, about, facts, change) {
  const { name, kind, low = 0, high } = about, given = facts[name] ?? null, whole = kind === "count";
  if (!whole && kind !== "number") {
    const options = [...about.levels || [true, false], null].map((option) => [option, inWords(about, option)]);
    return radios(question(about), options, given, (option) => change(name, option), { "data-fact": name });
  }
  const wrong = el("span", { role: "alert" }), ends = { min: number(low), max: high === undefined ? "∞" : number(high) };
  const input = el("input", { type: "number", value: given, min: low, max: high, step: whole ? 1 : "any", placeholder: t("not-recorded"),
    onchange: () => {
      const fits = input.checkValidity();
      wrong.textContent = fits ? "" : ` ${t(whole ? "whole-number" : "number", ends)}`;
      if (fits) change(name, input.value === "" ? null : +input.value);
    } });
  return el("div.field", { "data-fact": name }, labelled(question(about), input, unit(about)), wrong);
}

/** All facts by topic, and a search among them by any of their words. */
function form(made, facts, change) {
  const known = (some) => some.filter(({ name }) => (facts[name] ?? null) !== null).length;
  const groups = [...new Set(made.facts.map((about) => about.topic || ""))].map((name, i) => {
    const some = made.facts.filter((about) => (about.topic || "") === name);
    const title = `${topic(name) || t("facts")} (${known(some)}/${some.length})`;
    return fold(title, i === 0, some.map((about) => field(made, about, facts, change)));
  });
  const none = el("p", { hidden: true }, t("nothing-found"));
  const search = el("input", { type: "search", oninput: () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const parts = groups.flatMap((group) => [...group.querySelectorAll("[data-fact]")]);
    for (const part of parts) {
      const { name, question, term, topic: where } = fact(made, part.dataset.fact);
      const asked = Object.values(DATA.words).map(({ facts }) => facts?.[name]?.question);
      const texts = [name, question, term, where, topic(where), ...asked, ...(DATA.synonyms[name] || []), part.textContent];
      part.hidden = !words.every((word) => texts.join(" ").toLowerCase().includes(word));
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-fact]:not([hidden])");
      if (words.length) group.open = !group.hidden;
    }
    const n = parts.filter((part) => !part.hidden).length;
    none.hidden = n > 0;
    said(t("found", { n }));
  } });
  return el("section", { "aria-label": t("facts") }, el("p", labelled(t("case-search"), search)), none, groups);
}

/** The case as a row to take along: every fact a column, empty where it is not recorded. */
function saveRow(made, facts) {
  const names = made.json.facts.map(({ name }) => name), words = new Map([[true, "yes"], [false, "no"], [null, ""]]);
  const cells = names.map((name) => facts[name] ?? null).map((x) => words.get(x) ?? x);
  download(`case-${STATE.start || "explored"}.csv`, `${names.join(",")}\n${cells.join(",")}\n`, "text/csv");
}

const story = (id) => teaching(id) && el("p.story", inOwn("cases", teaching(id)).story);

/** What is recorded of these facts. */
const recordedOf = (made, facts, names) => list(made.facts.filter(({ name }) => names.includes(name))
  .map((about) => [`${question(about)} `, el("b", inWords(about, facts[about.name]))]));

/** Where a case code is typed, and what opens it. */
function codeField(words, value, take) {
  const typed = el("input", { value, autocomplete: "off", size: 22 }), wrong = el("span", { role: "alert" });
  const load = () => {
    const found = ofCode(typed.value);
    if (found) take(found); else wrong.textContent = t("no-code");
  };
  return [labelled(words, typed), " ", button(t("open"), load), " ", wrong];
}

SCREENS.set("explore", (root) => {
  const made = book(), [top, facts, why] = ["div.now", "div", "div"].map((part) => el(part)), code = el("output.code"), link = el("a");
  const change = (name, value) => {
    remember();
    STATE.facts = { ...STATE.facts, [name]: value };
    if (value === null) delete STATE.facts[name];
    tell();
    show();
    said(top.querySelector(".says").textContent);
  };
  const show = () => {
    const quiet = STATE.hide && !STATE.shown;
    fill(top, verdict(made, STATE.facts, { quiet }), nextQuestion(made, STATE.facts, (name, value) => {
      change(name, value);
      write();
      top.querySelector(".next").focus({ preventScroll: true });
    }));
    fill(why, quiet ? button(t("reveal"), () => { STATE.shown = true; show(); }) : reasons(made, STATE.facts));
    code.textContent = codeOf(made, STATE.facts);
    if (DATA.url) link.href = link.textContent = `${DATA.url}#predict/${code.textContent}`;
  };
  const write = () => fill(facts, form(made, STATE.facts, change));
  const undo = () => { if (STATE.past.length) go("explore", STATE.past.pop()); };
  const cases = [["", t("empty-case")], ...DATA.cases.map((one) => [one.id, named("cases", one)])];
  const books = [...BOOKS].map(([key, one]) => button(edition(one), () => goTo([key, {}, ""]), { "aria-pressed": key === STATE.book }));
  root.append(top, story(STATE.start) || "",
    el("div.tools", button(t("undo"), undo), button(t("start-over"), () => goTo([STATE.book, {}, ""])),
      button(t("hide-consequences"), () => go("explore", { hide: !STATE.hide, shown: false }), { "aria-pressed": !!STATE.hide }),
      labelled(t("start-from"), choose(cases, STATE.start, (id) => goTo(id ? ofCode(id) : [STATE.book, {}, ""]))),
      button(t("save-row"), () => saveRow(made, STATE.facts)), BOOKS.size > 1 && books),
    el("div.columns", facts, why),
    el("section.codes", { "aria-label": t("case-code") }, el("p", `${t("case-code")}: `, code, " ", link),
      el("p", codeField(t("enter-code"), "", goTo))));
  write();
  show();
});
