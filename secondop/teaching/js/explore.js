// One case: what the rule book says of it, and the next question; then the facts, and the reasons.

function verdict(made, facts, { quiet = false, side = "" } = {}) {
  const found = made.assess(facts), asked = made.questions(facts)[0];
  const outlook = found.undetermined ? t("provisional", { level: level(found.possible) }) : asked ? t("against-open") : t("final");
  const subject = own("books", made.json.title).subject || made.json.subject;
  const headline = t(`headline-${found.recommendation}`, { subject }).replace(/\b([Aa]) (?=[aeiou])/, "$1n "); // an imaging review
  return el("section", { class: quiet ? "verdict" : `verdict ${found.recommendation}`, "aria-label": `${t("verdict")} ${side}`.trim() },
    el("p", { class: "says" }, quiet ? t("hidden-verdict") : headline),
    quiet ? null : el("p", {}, outlook),
    el("p", { class: "small" }, `${titled(made)}, ${made.json.version}. ${t("not-for-care")}`));
}

function nextQuestion(made, facts, change) {
  const asked = made.questions(facts)[0];
  if (!asked) return el("section", { class: "next" }, el("p", {}, t("nothing-to-ask")));
  const fact = made.facts.find(({ name }) => name === asked.fact);
  const choices = asked.answers.map(([option, after], i) => button(
    [sortInWords(made, fact, i), STATE.hide ? null : el("small", {}, ` → ${level(after)}`)], () => change(asked.fact, option)));
  return el("section", { class: "next", "aria-label": t("next-question") },
    el("p", {}, el("b", {}, `${t("next-question")}: `), question(fact)), el("div", { class: "choices" }, choices));
}

/** What each rule says, in three lists: for, against, cannot be judged; and what would make it fire. */
function reasons(made, facts) {
  const { verdicts } = made.assess(facts);
  const told = (rule) => el("li", {}, el("b", {}, label(rule)),
    el("div", { class: "small" }, rule.facts.map((name) => `${question(fact(made, name))} ${inWords(fact(made, name), facts[name])}`).join(" · ")),
    el("div", { class: "small" }, `${t("source")}: ${rule.source}${rule.statement ? `, ${rule.statement}` : ""}`),
    verdicts[rule.name] === true ? null : changeWords(made, rule, facts));
  const list = (key, test, open) => {
    const rules = made.rules.filter(test);
    return later(`${t(key)} (${rules.length})`, open && rules.length > 0, () => el("ul", {}, rules.map(told)));
  };
  const is = (kind, value) => (rule) => rule.kind === kind && verdicts[rule.name] === value;
  return el("section", { "aria-label": t("reasons") },
    list("reasons-for", is("indication", true), true), list("reasons-against", is("counter_indication", true), true),
    list("cannot-be-judged", (rule) => rule.kind !== "amplifier" && verdicts[rule.name] === null, false),
    list("does-not-fire", (rule) => rule.kind !== "amplifier" && verdicts[rule.name] === false, false),
    fold(t("sources"), false, el("ul", {}, made.json.sources.map(({ key, reference, grade }) => el("li", { lang: own("books", made.json.title).title ? "en" : null }, el("b", {}, key), `: ${reference}${grade ? ` (${grade})` : ""}`)))));
}

const fact = (made, name) => made.json.facts.find((one) => one.name === name);

function changeWords(made, rule, facts) {
  const changes = made.smallestChange(rule, facts);
  if (!changes) return el("div", { class: "small" }, t("no-change-would-do"));
  const one = ([name, options]) => {
    const about = fact(made, name);
    const words = options.map((x) => (x === null ? t("not-recorded") : sortInWords(made, about, made.options[name].indexOf(x))));
    return `${question(about)} ${words.join(` ${t("or")} `)}`;
  };
  return el("div", { class: "small" }, `${t("would-fire-if")}: ${changes.map(one).join("; ")}`);
}

/** The form of one fact: its answers, and *not recorded*, which looks different from no. */
function field(made, about, facts, change) {
  const name = about.name, given = facts[name] ?? null;
  if (about.kind === "count" || about.kind === "number") {
    const wrong = el("span", { role: "alert" }), ends = { min: about.low ?? 0, max: about.high ?? "∞" };
    const input = el("input", { type: "number", id: uid(`f-${name}`), value: given, ...ends, step: about.kind === "count" ? 1 : "any",
      placeholder: t("not-recorded"), onchange: () => {
        const fits = input.checkValidity();
        wrong.textContent = fits ? "" : ` ${t(about.kind === "count" ? "whole-number" : "number", { min: number(ends.min), max: typeof ends.max === "number" ? number(ends.max) : ends.max })}`;
        if (fits) change(name, input.value === "" ? null : +input.value);
      } });
    return el("div", { class: "field", "data-fact": name }, el("label", { for: uid(`f-${name}`) }, question(about)), input, ` ${unit(about)}`, wrong);
  }
  const options = [...made.options[name] || about.levels || [true, false]];
  const choices = [...(options.includes(true) ? [true, false] : options), null].map((option, i) => {
    const input = el("input", { type: "radio", name: uid(name), checked: option === given, onchange: () => change(name, option) });
    return el("label", { class: option === null ? "gap" : "" }, input, inWords(about, option));
  });
  return el("fieldset", { class: "field", "data-fact": name }, el("legend", {}, question(about)), choices);
}

function form(made, facts, change) {
  const topics = new Map();
  for (const about of made.facts) topics.set(about.topic || "", [...topics.get(about.topic || "") || [], about]);
  const groups = [...topics].map(([name, group], i) => {
    const known = group.filter(({ name }) => (facts[name] ?? null) !== null).length;
    return fold(`${topic(name) || t("facts")} (${known}/${group.length})`, i === 0, group.map((about) => field(made, about, facts, change)));
  });
  const none = el("p", { hidden: true }, t("nothing-found"));
  const search = el("input", { type: "search", id: uid("search"), oninput: () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const part of groups.flatMap((group) => [...group.querySelectorAll("[data-fact]")])) {
      const about = fact(made, part.dataset.fact);
      const asked = [about.question, ...Object.values(DATA.words).map(({ facts }) => facts?.[about.name]?.question)];
      const text = [...asked, about.name, about.term, about.topic, topic(about.topic), ...(DATA.synonyms[about.name] || []), part.textContent].join(" ").toLowerCase();
      part.hidden = !words.every((word) => text.includes(word));
      found += !part.hidden;
    }
    groups.forEach((group) => {
      group.hidden = !group.querySelector("[data-fact]:not([hidden])");
      if (words.length) group.open = !group.hidden;
    });
    none.hidden = found > 0;
    said(t("found", { n: found }));
  } });
  return el("section", { "aria-label": t("facts") }, el("p", {}, el("label", { for: uid("search") }, `${t("case-search")} `), search), none, groups);
}

/** The case as a row to take along: every fact a column, empty where it is not recorded. */
function saveRow(made, facts) {
  const names = made.json.facts.map(({ name }) => name), said = (x) => (x === undefined || x === null ? "" : x === true ? "yes" : x === false ? "no" : x);
  download(`case-${STATE.start || "explored"}.csv`, `${names.join(",")}\n${names.map((name) => said(facts[name])).join(",")}\n`, "text/csv");
}

function story(id = STATE.start) {
  const one = DATA.cases.find((other) => other.id === id);
  return one ? el("p", { class: "story" }, told("cases", one).story) : "";
}

SCREENS.set("explore", (root) => {
  const top = el("div", { class: "now" }), facts = el("div"), why = el("div"), code = el("output", { class: "code" }), link = el("a", {});
  const change = (name, value) => { answer(name, value); show(name); };
  const show = (changed) => {
    const made = book(), quiet = STATE.hide && !STATE.shown;
    fill(top, verdict(made, STATE.facts, { quiet }), nextQuestion(made, STATE.facts, (name, value) => { change(name, value); draw_form(); }));
    fill(why, quiet ? button(t("reveal"), () => { STATE.shown = true; show(); }) : reasons(made, STATE.facts));
    code.textContent = codeOf(made, STATE.facts);
    if (DATA.url) link.href = link.textContent = `${DATA.url}#predict/${code.textContent}`;
    if (changed) said(top.querySelector(".says").textContent);
  };
  const draw_form = () => fill(facts, form(book(), STATE.facts, change));
  const start = el("select", { id: uid("start"), onchange: () => {
    const [key, given, id] = start.value ? ofCode(start.value) : [STATE.book, {}, ""];
    remember();
    go("explore", { facts: given, book: key, start: id, shown: false });
  } }, el("option", { value: "" }, t("empty-case")), DATA.cases.map((one) => el("option", { value: one.id, selected: one.id === STATE.start }, named(one))));
  const typed = el("input", { id: uid("code"), autocomplete: "off", size: 24 });
  const load = () => {
    const found = ofCode(typed.value);
    if (!found) { wrong.textContent = t("no-code"); return; }
    remember();
    go("explore", { book: found[0], facts: found[1], start: found[2], shown: false });
  };
  const wrong = el("span", { role: "alert" });
  const undo = () => { const before = STATE.past.pop(); if (before) go("explore", before); };
  root.append(top, story(),
    el("div", { class: "tools" },
      button(t("undo"), undo), button(t("start-over"), () => { remember(); go("explore", { facts: {}, start: "", shown: false }); }),
      button(t("hide-consequences"), () => go("explore", { hide: !STATE.hide, shown: false }), { "aria-pressed": STATE.hide }),
      el("label", { for: uid("start") }, t("start-from")), start,
      button(t("save-row"), () => saveRow(book(), STATE.facts)),
      BOOKS.size > 1 ? [...BOOKS].map(([key, made]) => button(edition(made), () => { remember(); go("explore", { book: key, facts: {}, start: "", shown: false }); }, { "aria-pressed": key === STATE.book })) : null),
    el("div", { class: "columns" }, facts, why),
    el("section", { class: "codes", "aria-label": t("case-code") }, el("p", {}, `${t("case-code")}: `, code, " ", link),
      el("p", {}, el("label", { for: uid("code") }, `${t("enter-code")} `), typed, " ", button(t("open"), load), " ", wrong)));
  draw_form();
  show();
});
