// With a class: a quiz for one, a poll for all, and answer files that the teacher's page collates.

const LEVELS = ["not_needed", "no_indication", "optional", "recommended", "urgent"], SURE = [50, 75, 95];
const FORMAT = "secondop answers 1", LIMIT = { files: 200, bytes: 100_000, answers: 400 };
const teaching = (id) => DATA.cases.find((one) => one.id === id);

/** The cases in an order that a number decides, so that a class can share it; levels in turn. */
function drawn(seed, n, topic) {
  let state = seed % 2147483647 || 1;
  const next = () => (state = state * 48271 % 2147483647) / 2147483647;
  const piles = LEVELS.map((one) => DATA.cases.filter(({ expected, topics }) => expected === one && (!topic || topics.includes(topic))).map((x) => [next(), x]).sort((a, b) => a[0] - b[0]));
  const order = [];
  for (let i = 0; piles.some((pile) => pile[i]); i++) order.push(...piles.flatMap((pile) => (pile[i] ? [pile[i]] : [])).map(([, x]) => [next(), x]).sort((a, b) => a[0] - b[0]).map(([, x]) => x));
  return order.slice(0, n);
}

/** Which cases are disputed is no secret: it says nothing of what the book says. */
const mark = ({ disputed }) => (disputed ? ` · ${t("is-disputed")}` : "");

/** What is recorded of a teaching case, as students read it: first what stands out, then what is not recorded. */
function sheet({ id, front = [] }) {
  const [key, facts] = ofCode(id), made = BOOKS.get(key), is = (test) => made.facts.filter(test), first = is(({ name }) => name in facts && front.includes(name));
  const line = (about) => el("li", {}, `${question(about)} `, el("b", {}, inWords(about, facts[about.name])));
  const gaps = is(({ name }) => !(name in facts)), rest = is((about) => about.name in facts && !first.includes(about));
  return el("section", { class: "card" }, story(id), el("ul", {}, first.map(line)), gaps.length ? fold(`${t("not-recorded")} (${gaps.length})`, gaps.length < 9, el("p", { class: "small" }, gaps.map(question).join(" \u00b7 "))) : null,
    rest.length ? fold(`${t("also-recorded")} (${rest.length})`, false, el("ul", {}, rest.map(line))) : null);
}

function revealed(item) {
  const { id, why, disputed } = told("cases", item);
  const [key, facts] = ofCode(id), made = BOOKS.get(key);
  return el("div", {}, verdict(made, facts), el("p", {}, why), disputed ? el("p", {}, `${t("disputed")} ${disputed}`) : null,
    fold(t("reasons"), false, reasons(made, facts)), DATA.screens.includes("explore") ? button(t("open-in-explorer"), () => { remember(); go("explore", { book: key, facts, start: id, shown: true }); }) : null);
}

/** What a wrong prediction overlooks. */
const hint = (item, answer) => t(`hint-${item.hints[answer]}`, { level: level(answer), Level: level(answer).replace(/^./, (x) => x.toUpperCase()) });

const choices = (name, chosen, asked = "predict", now = null) => el("fieldset", { class: "field" }, el("legend", {}, t(asked)),
  LEVELS.map((one) => el("label", {}, el("input", { type: "radio", name: uid(name), value: one, checked: one === now, onchange: () => chosen(one) }), level(one))));
const sureness = (name, chosen, now = null) => el("fieldset", { class: "field" }, el("legend", {}, t("how-sure")),
  SURE.map((one) => el("label", {}, el("input", { type: "radio", name: uid(name), value: one, checked: one === now, onchange: () => chosen(one) }), t(`sure-${one}`))));

/** Which items: those that were given, with a list to choose from; or as many as are drawn by seed and topic. */
function quizSettings(quiz, items) {
  const choose = (key, options) => el("select", { id: uid(`q-${key}`), onchange: (event) => (key === "at" ? go("quiz", { quiz: { ...quiz, at: +event.target.value } }) : go("quiz", { quiz: { ...quiz, [key]: event.target.value, at: 0, given: {}, chosen: null } })) },
    options.map(([value, words]) => el("option", { value, selected: value === quiz[key] }, words)));
  const named = (key, name, input) => [el("label", { for: uid(`q-${key}`) }, t(name)), input];
  if (DATA.fixed) return el("div", { class: "tools" }, named("at", "case", choose("at", [...items.map((one, i) => [i, `${i + 1} ${told("cases", one).title}`]), [items.length, t("your-score")]])));
  const number = (key, max) => el("input", { type: "number", id: uid(`q-${key}`), min: 1, max, value: quiz[key], onchange: (event) => go("quiz", { quiz: { ...quiz, [key]: Math.max(1, Math.min(max, Math.round(event.target.value) || 1)), at: 0, given: {}, chosen: null } }) });
  const topics = [...new Set(DATA.cases.flatMap((one) => one.topics))];
  return el("div", { class: "tools" }, named("n", "how-many", number("n", DATA.cases.length)), named("seed", "seed", number("seed", 9999)), named("topic", "topic", choose("topic", [["", t("all-topics")], ...topics.map((one) => [one, topic(one)])])));
}

SCREENS.set("quiz", (root) => {
  const quiz = (STATE.quiz ||= { seed: 1, n: 10, topic: "", at: 0, given: {} }), items = DATA.fixed ? DATA.cases : drawn(quiz.seed, quiz.n, quiz.topic);
  const to = (at) => go("quiz", { quiz: { ...quiz, at } }), item = items[quiz.at], out = el("div");
  root.append(quizSettings(quiz, items));
  if (!item) { root.append(scored(quiz, items), button(t("previous-item"), () => to(items.length - 1))); return; }
  const made = quiz.chosen?.id === item.id ? quiz.chosen : (quiz.chosen = { id: item.id }); // kept in another language or size of text
  const reveal = () => {
    const { answer } = quiz.given[item.id], right = answer === item.expected;
    fill(out, el("p", { class: "says" }, `${level(answer)}: ${t(right ? "right" : "wrong")}`), right ? null : el("p", {}, hint(item, answer)), revealed(item));
    said(out.querySelector(".says").textContent);
  };
  const act = button(t("reveal"), () => {
    if (!made.answer) { fill(out, el("p", { role: "alert" }, t("choose-first"))); return; }
    quiz.given[item.id] = { answer: made.answer, sure: made.sure ?? null };
    tell();
    ask.remove();
    reveal();
  });
  const ask = el("div", {}, choices("predict", (x) => { made.answer = x; }, "predict", made.answer), sureness("sure", (x) => { made.sure = x; }, made.sure), act), done = quiz.given[item.id];
  root.append(el("p", {}, `${t("item", { i: quiz.at + 1, n: items.length })} · ${told("cases", item).title}${mark(item)}`), sheet(item), done ? "" : ask, out,
    el("div", { class: "tools" }, button(t("previous-item"), () => to(quiz.at - 1), { disabled: !quiz.at }), button(t(quiz.at + 1 < items.length ? "next-item" : "your-score"), () => to(quiz.at + 1))));
  if (done) reveal();
});

/** The score beside what no thought at all would get; each item; and the rules to look at again. */
function scored(quiz, items) {
  const given = items.filter(({ id }) => quiz.given[id]).map((item) => ({ ...quiz.given[item.id], ok: quiz.given[item.id].answer === item.expected, item })), wrong = given.filter(({ ok }) => !ok);
  const most = Math.max(0, ...LEVELS.map((one) => given.filter(({ item }) => item.expected === one).length));
  const rules = [...new Map(wrong.flatMap(({ item }) => { const [key] = ofCode(item.id); return BOOKS.get(key).rules.filter(({ name }) => item.about.includes(name)).map((rule) => [rule.name, rule]); })).values()];
  const line = ({ answer, ok, item }) => el("li", {}, `${ok ? "\u2713" : "\u2717"} ${told("cases", item).title}`, ok ? null : el("div", { class: "small" }, t("you-said", { answer: level(answer), right: level(item.expected) })));
  return el("div", {}, el("p", { class: "says" }, t("score", { right: given.length - wrong.length, n: given.length, of: items.length })), given.length ? el("p", {}, t("baseline", { k: most, n: given.length })) : null,
    el("ul", { class: "plain" }, given.map(line)), rules.length ? [el("h2", {}, t("look-again")), el("ul", {}, rules.map((rule) => el("li", {}, `${label(rule)} (${rule.source}, ${rule.statement})`)))] : null,
    calibration(given.map(({ sure, ok }) => [sure, ok])), button(t("save-answers"), () => save(quiz.given), { disabled: !given.length }), " ", DATA.fixed ? null : button(t("again"), () => go("quiz", { quiz: { ...quiz, at: 0, given: {}, chosen: null } })));
}

/** How often who was so sure was right, each with of how many. */
function calibration(pairs) {
  const rows = SURE.map((sure) => [sure, pairs.filter(([x]) => x === sure)]).filter(([, some]) => some.length);
  return !rows.length ? null : el("div", { class: "columns" }, el("table", {}, el("caption", {}, t("calibration-caption")), el("thead", {}, el("tr", {}, ["how-sure", "were-right", "answers"].map((key) => el("th", { scope: "col" }, t(key))))),
    el("tbody", {}, rows.map(([sure, some]) => el("tr", {}, el("th", { scope: "row" }, t(`sure-${sure}`)), el("td", {}, `${Math.round(share(some))} %`), el("td", {}, some.length))))), calibrationPlot(rows));
}
const share = (some) => 100 * some.filter(([, ok]) => ok).length / some.length;

/** The same as a picture, both ways from 0 to 100: on the dashed line who is 75 % sure is right in 75 % of answers. */
function calibrationPlot(rows) {
  const x = (sure) => 40 + 2 * sure, y = (right) => 216 - 2 * right, ends = [0, 50, 100];
  const line = (a, b, c, d, more = {}) => svg("line", { x1: x(a), y1: y(b), x2: x(c), y2: y(d), stroke: "currentColor", ...more });
  const text = (at, to, words, anchor = "middle", more = {}) => svg("text", { x: at, y: to, "font-size": 13, "text-anchor": anchor, fill: "currentColor", ...more }, words);
  return svg("svg", { viewBox: "0 0 300 254", role: "img", "aria-label": t("calibration-plot"), class: "plot small" }, line(0, 0, 100, 0), line(0, 0, 0, 100), line(0, 0, 100, 100, { "stroke-dasharray": "4 4" }),
    ...ends.flatMap((end) => [text(x(end), y(0) + 15, end), text(x(0) - 6, y(end) + 4, end, "end")]), text(x(50), 250, `${t("how-sure-axis")} (%)`), text(x(0) + 6, y(100) + 2, `${t("were-right")} (%)`, "start"),
    ...rows.flatMap(([sure, some]) => [svg("circle", { cx: x(sure), cy: y(share(some)), r: 6, fill: "var(--accent)" }), text(x(sure) + 9, y(share(some)) - 4, `${some.length}`, "start")]));
}

function save(given) {
  const answers = Object.entries(given).map(([id, { answer, sure }]) => ({ case: id, answer, sure }));
  const reader = [...crypto.getRandomValues(new Uint8Array(4))].map((x) => LETTERS[x & 31]).join("");
  const text = JSON.stringify({ format: FORMAT, reader, answers }, null, 1);
  download(`answers-${reader}.json`, text, "application/json");
}

SCREENS.set("poll", (root) => {
  const poll = (STATE.poll ||= { id: DATA.cases[0].id, round: 0, votes: [{}, {}], shown: false, past: [] });
  const item = teaching(poll.id), bars = el("div"), count = (votes, one) => SURE.reduce((sum, sure) => sum + (votes[`${one} ${sure}`] || 0), 0);
  const add = (one, sure, n) => { const key = `${one} ${sure}`, votes = poll.votes[poll.round]; votes[key] = Math.max(0, (votes[key] || 0) + n); show(); };
  const show = () => {
    const total = (round) => LEVELS.reduce((sum, one) => sum + count(poll.votes[round], one), 0);
    const row = (one) => el("tr", {}, el("th", { scope: "row" }, level(one)), SURE.map((sure) => el("td", {}, button(`+ ${t(`sure-${sure}`)}`, () => add(one, sure, 1)),
      button("−", () => add(one, sure, -1), { "aria-label": `${t("one-less")}: ${level(one)}, ${t(`sure-${sure}`)}` }))),
      poll.shown ? [0, 1].slice(0, poll.round + 1).map((round) => el("td", {}, el("span", { class: round ? "bar again" : "bar", style: `width:${(8 * count(poll.votes[round], one) / Math.max(1, total(round))).toFixed(2)}rem` }), ` ${count(poll.votes[round], one)}`)) : null);
    const focus = document.activeElement?.textContent + document.activeElement?.getAttribute("aria-label"), place = [...bars.querySelectorAll("button")].indexOf(document.activeElement);
    fill(bars, el("p", { role: "status" }, t("votes", { n: total(poll.round), round: poll.round + 1 })), scrolling(el("table", {}, el("caption", {}, t("tallies")), el("tbody", {}, LEVELS.map(row)))),
      poll.shown ? revealed(item) : null, poll.shown && poll.round ? el("p", { class: "says" }, shift(poll, item)) : null,
      poll.past.length || poll.shown ? calibration([...poll.past, ...(poll.shown ? pairsOf(poll, item) : [])]) : null);
    if (place >= 0 && focus) bars.querySelectorAll("button")[place]?.focus();
  };
  const pick = el("select", { id: uid("poll-case"), onchange: () => go("poll", { poll: { id: pick.value, round: 0, votes: [{}, {}], shown: false, past: [...poll.past, ...(poll.told ? pairsOf(poll, item) : [])] } }) },
    DATA.cases.map((one) => el("option", { value: one.id, selected: one.id === poll.id }, `${named(one)}${mark(one)}`)));
  root.append(el("p", {}, t("poll-lead")), el("div", { class: "tools" }, el("label", { for: uid("poll-case") }, t("case")), pick,
    button(t("reveal"), () => { poll.shown = poll.told = true; show(); }), button(t("hide"), () => { poll.shown = false; show(); }),
    button(t("vote-again"), () => { poll.round = 1; poll.shown = false; show(); }, { disabled: poll.round > 0 })), sheet(item), bars, collating());
  show();
});

const pairsOf = (poll, item) => LEVELS.flatMap((one) => SURE.flatMap((sure) => Array.from({ length: poll.votes[poll.round][`${one} ${sure}`] || 0 }, () => [sure, one === item.expected])));

function shift(poll, item) {
  const right = [0, 1].map((round) => {
    const votes = Object.entries(poll.votes[round]), n = votes.reduce((sum, [, x]) => sum + x, 0);
    return [votes.filter(([key]) => key.startsWith(`${item.expected} `)).reduce((sum, [, x]) => sum + x, 0), n];
  });
  return t("shift", { a: right[0][0], n: right[0][1], b: right[1][0], m: right[1][1] });
}

// ---------------------------------------------------------------- answer files: from anybody, so trusted with nothing

/** Whose a file is, and its answers by case; an error says what is wrong with it. */
function readAnswers(text) {
  if (text.length > LIMIT.bytes) throw new Error(t("file-too-large"));
  let file;
  try { file = JSON.parse(text); } catch { throw new Error(t("file-no-json")); }
  if (file?.format !== FORMAT || typeof file.reader !== "string" || !/^[\p{L}\p{N}_ .-]{1,40}$/u.test(file.reader) || !file.answers?.length || !Array.isArray(file.answers) || file.answers.length > LIMIT.answers) throw new Error(t("file-other"));
  const found = new Map();
  for (const one of file.answers) {
    if (!teaching(one?.case) || !LEVELS.includes(one.answer)) throw new Error(t("file-answer", { what: JSON.stringify(one).slice(0, 60) }));
    if (found.has(one.case)) throw new Error(t("file-twice", { id: one.case }));
    found.set(one.case, { answer: one.answer, sure: SURE.includes(one.sure) ? one.sure : null });
  }
  return [file.reader, found];
}

function collating() {
  const out = el("div"), input = el("input", { type: "file", id: uid("files"), multiple: true, accept: ".json,application/json", onchange: async () => {
    const readers = [], wrong = [], seen = new Set();
    for (const file of [...input.files].slice(0, LIMIT.files)) {
      try {
        if (file.size > LIMIT.bytes) throw new Error(t("file-too-large"));
        const [reader, answers] = readAnswers(await file.text());
        if (seen.has(reader)) throw new Error(t("file-again", { reader }));
        seen.add(reader);
        readers.push(answers);
      } catch (error) { wrong.push(`${file.name.slice(0, 60)}: ${error.message}`); }
    }
    fill(out, el("p", { role: "status" }, t("files-read", { n: readers.length, of: input.files.length })), wrong.map((text) => el("p", { role: "alert" }, text)), readers.length ? collated(readers) : null);
  } });
  return fold(t("collate"), false, el("p", {}, el("label", { for: uid("files") }, `${t("answer-files")} `), input), out);
}

/** Who disagreed where: a row a case, how many gave each answer, and in how many pairs of readers two differ. */
function collated(readers) {
  const ids = [...new Set(readers.flatMap((one) => [...one.keys()]))].sort();
  let pairs = 0, differ = 0;
  const rows = ids.map((id) => {
    const given = readers.flatMap((one) => (one.has(id) ? [one.get(id).answer] : [])), n = given.length;
    const counts = LEVELS.map((one) => given.filter((x) => x === one).length), same = counts.reduce((sum, k) => sum + k * (k - 1) / 2, 0);
    pairs += n * (n - 1) / 2;
    differ += n * (n - 1) / 2 - same;
    return [id, n, counts, teaching(id).expected];
  });
  return el("div", {}, el("p", { class: "says" }, pairs ? t("pairs-differ", { differ, pairs, share: Math.round(100 * differ / pairs) }) : t("no-pairs")), scrolling(el("table", {}, el("caption", {}, t("who-said-what")),
    el("thead", {}, el("tr", {}, [t("case"), t("answers"), ...LEVELS.map(level)].map((x) => el("th", { scope: "col" }, x)))),
    el("tbody", {}, rows.map(([id, n, counts, expected]) => el("tr", {}, el("th", { scope: "row" }, `${named(teaching(id))}${mark(teaching(id))}`), el("td", {}, n), counts.map((k, i) => el("td", { class: LEVELS[i] === expected ? "expected" : "" }, k, LEVELS[i] === expected ? " ✓" : ""))))))),
    calibration(readers.flatMap((one) => [...one].map(([id, { answer, sure }]) => [sure, answer === teaching(id).expected]))));
}
