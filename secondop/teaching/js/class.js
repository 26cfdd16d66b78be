// With a class: a quiz for one, a poll for all, and answer files that the teacher's page collates.

const LEVELS = ["not_needed", "no_indication", "optional", "recommended", "urgent"], SURE = [50, 75, 95];
const FORMAT = "secondop answers 1", LIMIT = { files: 200, bytes: 100_000, answers: 400 };
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const share = (pairs) => 100 * pairs.filter(([, ok]) => ok).length / pairs.length;

/** The cases in an order that a number decides, so that a class can share it; levels in turn. */
function drawn(seed, n, topic) {
  let state = seed % 2147483647 || 1;
  const mixed = (some) => some.map((one) => [state = state * 48271 % 2147483647, one]).sort((a, b) => a[0] - b[0]).map(([, one]) => one);
  const of = (one) => DATA.cases.filter(({ expected, topics }) => expected === one && (!topic || topics.includes(topic)));
  const piles = LEVELS.map((one) => mixed(of(one))), order = [];
  for (let i = 0; piles.some((pile) => pile[i]); i++) order.push(...mixed(piles.flatMap((pile) => pile[i] || [])));
  return order.slice(0, n);
}

/** Which cases are disputed is no secret: it says nothing of what the book says. */
const mark = ({ disputed }) => (disputed ? ` · ${t("is-disputed")}` : "");
const marked = (item) => named("cases", item) + mark(item);

/** What is recorded of a teaching case, as students read it: first what stands out, then what is not recorded. */
function sheet({ id, front = [] }) {
  const [key, facts] = ofCode(id), made = BOOKS.get(key), names = made.facts.map(({ name }) => name);
  const gaps = made.facts.filter(({ name }) => !(name in facts)), rest = names.filter((name) => name in facts && !front.includes(name));
  return el("section.card", story(id), recordedOf(made, facts, front),
    gaps.length > 0 && fold(`${t("not-recorded")} (${gaps.length})`, gaps.length < 9, el("p.small", gaps.map(question).join(" · "))),
    rest.length > 0 && fold(`${t("also-recorded")} (${rest.length})`, false, recordedOf(made, facts, rest)));
}

function revealed(item) {
  const { id, why, disputed } = inOwn("cases", item), found = ofCode(id), [key, facts] = found, made = BOOKS.get(key);
  return el("div", verdict(made, facts), el("p", why), disputed && el("p", `${t("disputed")} ${disputed}`),
    fold(t("reasons"), false, () => reasons(made, facts)),
    DATA.screens.includes("explore") && button(t("open-in-explorer"), () => goTo(found, { shown: true })));
}

const predicted = (asked, now, change) => radios(t(asked), LEVELS.map((one) => [one, level(one)]), now, change);

// ---------------------------------------------------------------- the quiz

/** Which items: those that were given, with a list to choose from; or as many as are drawn by seed and topic. */
function quizSettings(quiz, items, to) {
  if (DATA.fixed) {
    const some = [...items.map((one, i) => [i, `${i + 1} ${inOwn("cases", one).title}`]), [items.length, t("your-score")]];
    return el("div.tools", labelled(t("case"), choose(some, quiz.at, (at) => to({ at: +at }))));
  }
  const anew = (change) => to({ ...change, at: 0, given: {}, chosen: null });
  const number = (key, name, max) => labelled(t(name), el("input", { type: "number", min: 1, max, value: quiz[key], onchange: (event) =>
    anew({ [key]: Math.max(1, Math.min(max, Math.round(event.target.value) || 1)) }) }));
  const topics = [...new Set(DATA.cases.flatMap((one) => one.topics))].map((one) => [one, topic(one)]);
  return el("div.tools", number("n", "how-many", DATA.cases.length), number("seed", "seed", 9999),
    labelled(t("topic"), choose([["", t("all-topics")], ...topics], quiz.topic, (one) => anew({ topic: one }))));
}

SCREENS.set("quiz", (root) => {
  const quiz = (STATE.quiz ||= { seed: 1, n: 10, topic: "", at: 0, given: {} }), { at, given } = quiz;
  const to = (change) => go("quiz", { quiz: { ...quiz, ...change } });
  const items = DATA.fixed ? DATA.cases : drawn(quiz.seed, quiz.n, quiz.topic), item = items[at], out = el("div");
  const turn = (at) => {
    to({ at });
    ROOT.querySelector(".main h2")?.focus();
  };
  const back = button(t("previous-item"), () => turn(at - 1), { disabled: !at });
  root.append(quizSettings(quiz, items, to));
  if (!item) { root.append(scored(given, items, to), back); return; }
  const made = quiz.chosen?.id === item.id ? quiz.chosen : (quiz.chosen = { id: item.id }); // kept in another language or size of text
  const reveal = () => {
    const { answer } = given[item.id], right = answer === item.expected, words = level(answer);
    const hint = () => t(`hint-${item.hints[answer]}`, { level: words, Level: words[0].toUpperCase() + words.slice(1) });
    fill(out, el("p.says", `${words}: ${t(right ? "right" : "wrong")}`), !right && el("p", hint()), revealed(item));
    said(out.querySelector(".says").textContent);
  };
  const act = () => {
    if (!made.answer) { fill(out, el("p", { role: "alert" }, t("choose-first"))); return; }
    given[item.id] = { answer: made.answer, sure: made.sure ?? null };
    tell();
    ask.remove();
    reveal();
  };
  const sure = SURE.map((one) => [one, t(`sure-${one}`)]);
  const ask = el("div", predicted("predict", made.answer, (x) => { made.answer = x; }),
    radios(t("how-sure"), sure, made.sure, (x) => { made.sure = x; }), button(t("reveal"), act));
  root.append(el("h2", { tabindex: -1 }, `${t("item", { i: at + 1, n: items.length })} · ${inOwn("cases", item).title}${mark(item)}`),
    sheet(item), given[item.id] ? "" : ask, out,
    el("div.tools", back, button(t(at + 1 < items.length ? "next-item" : "your-score"), () => turn(at + 1))));
  if (given[item.id]) reveal();
});

/** The score beside what no thought at all would get; each item; and the rules to look at again. */
function scored(given, items, to) {
  const done = items.filter(({ id }) => given[id]), n = done.length, right = ({ id, expected }) => given[id].answer === expected;
  const wrong = done.filter((item) => !right(item)), k = Math.max(0, ...LEVELS.map((one) => done.filter((x) => x.expected === one).length));
  const again = new Set(wrong.flatMap(({ id, about }) => about.map((name) => BOOKS.get(ofCode(id)[0]).byName[name])));
  const line = (item) => el("li", `${right(item) ? "✓" : "✗"} ${inOwn("cases", item).title}`,
    !right(item) && el("div.small", t("you-said", { answer: level(given[item.id].answer), right: level(item.expected) })));
  return el("div", el("p.says", t("score", { right: n - wrong.length, n, of: items.length })), n > 0 && el("p", t("baseline", { k, n })),
    el("ul.plain", done.map(line)),
    again.size > 0 && [el("h2", t("look-again")), list([...again].map((rule) => `${label(rule)} (${rule.source}, ${rule.statement})`))],
    calibration(done.map((item) => [given[item.id].sure, right(item)])),
    el("div.tools", button(t("save-answers"), () => save(given), { disabled: !n }),
      !DATA.fixed && button(t("again"), () => to({ at: 0, given: {}, chosen: null }))));
}

/** How often who was so sure was right, each with of how many: a table, and a picture both ways from 0 to 100. */
function calibration(pairs) {
  const rows = SURE.map((sure) => [sure, pairs.filter(([x]) => x === sure)]).filter(([, some]) => some.length);
  const heads = ["how-sure", "were-right", "answers"].map((key) => t(key));
  const x = (sure) => 40 + 2 * sure, y = (right) => 216 - 2 * right, { line, text } = pencil(x, y, 13);
  const end = (at) => [text(x(at), y(0) + 15, at, { "text-anchor": "middle" }), text(x(0) - 6, y(at) + 4, at, { "text-anchor": "end" })];
  const dot = ([sure, some]) => [el("circle", { cx: x(sure), cy: y(share(some)), r: 6, fill: "var(--accent)" }),
    text(x(sure) + 9, y(share(some)) - 4, some.length)];
  const picture = () => el("svg.plot.small", { viewBox: "0 0 300 254", role: "img", "aria-label": t("calibration-plot") },
    line(0, 0, 100, 0), line(0, 0, 0, 100), line(0, 0, 100, 100, { "stroke-dasharray": "4 4" }), // right as often as sure
    [0, 50, 100].map(end), text(x(50), 250, `${t("how-sure-axis")} (%)`, { "text-anchor": "middle" }),
    text(x(0) + 6, y(100) + 2, `${t("were-right")} (%)`), rows.map(dot));
  const cells = ([sure, some]) => [t(`sure-${sure}`), `${Math.round(share(some))} %`, some.length];
  return rows.length > 0 && el("div.columns", table(t("calibration-caption"), heads, rows.map(cells)), picture());
}

function save(given) {
  const reader = [...crypto.getRandomValues(new Uint8Array(4))].map((x) => LETTERS[x & 31]).join("");
  const answers = Object.entries(given).map(([id, { answer, sure }]) => ({ case: id, answer, sure }));
  download(`answers-${reader}.json`, JSON.stringify({ format: FORMAT, reader, answers }, null, 1), "application/json");
}

// ---------------------------------------------------------------- the poll

SCREENS.set("poll", (root) => {
  const poll = (STATE.poll ||= { id: DATA.cases[0].id, of: {} }), item = teaching(poll.id), out = el("div");
  const now = (poll.of[poll.id] ||= { round: 0, votes: [[], []], shown: false, told: false }); // a vote: [answer, how sure]
  const count = (round, one) => now.votes[round].filter(([answer]) => answer === one).length;
  const add = (one, sure) => now.votes[now.round].push([one, sure]);
  const less = (one, sure) => {
    const votes = now.votes[now.round], at = votes.findLastIndex(([a, b]) => a === one && b === sure);
    if (at >= 0) votes.splice(at, 1);
  };
  const tap = (words, change, more) => button(words, () => { change(); steady(show); }, more);
  const taps = (one) => SURE.map((sure) => [
    tap(`+ ${t(`sure-${sure}`)}`, () => add(one, sure), { "aria-label": `+ ${t(`sure-${sure}`)}: ${level(one)}` }),
    tap("−", () => less(one, sure), { "aria-label": `${t("one-less")}: ${level(one)}, ${t(`sure-${sure}`)}` })]);
  const bars = (one) => [0, 1].slice(0, now.round + 1).map((round) => el("div",
    bar(round ? "span.bar.again" : "span.bar", count(round, one) / Math.max(1, now.votes[round].length)), ` ${count(round, one)}`));
  const told = () => Object.entries(poll.of).filter(([id, of]) => (id === poll.id ? of.shown : of.told)) // of a case that was revealed
    .flatMap(([id, { votes, round }]) => votes[round].map(([one, sure]) => [sure, one === teaching(id).expected]));
  const set = (key, change, more) => tap(t(key), () => Object.assign(now, change), more);
  const show = () => {
    const [n, m] = now.votes.map((votes) => votes.length), [a, b] = [0, 1].map((round) => count(round, item.expected));
    fill(out, el("p", { role: "status" }, t("votes", { n: now.round ? m : n, round: now.round + 1 })),
      el("div.tools", set("reveal", { shown: true, told: true }), set("hide", { shown: false }),
        set("vote-again", { round: 1, shown: false }, { disabled: now.round > 0 })),
      table(t("tallies"), [], LEVELS.map((one) => [[level(one), now.shown && bars(one)], ...taps(one)])),
      now.shown && revealed(item), now.shown && now.round > 0 && el("p.says", t("shift", { a, n, b, m })), calibration(told()));
  };
  const pick = choose(DATA.cases.map((one) => [one.id, marked(one)]), poll.id, (id) => go("poll", { poll: { ...poll, id } }));
  root.append(el("p", t("poll-lead")), el("div.tools", labelled(t("case"), pick)), sheet(item), out, collating());
  show();
});

// ---------------------------------------------------------------- answer files: from anybody, so trusted with nothing

/** How many keys a text in JSON writes, and how many of them a reader keeps: fewer where one stands twice. */
const keysWritten = (text) => [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon).length;
const keysKept = (x) => (!x || typeof x !== "object" ? 0
  : sum(Object.values(x).map(keysKept)) + (Array.isArray(x) ? 0 : Object.keys(x).length));

/** Whose a file is, and its answers by case; an error says what is wrong with it. */
async function readAnswers(file, seen) {
  const no = (key, values) => { throw new Error(t(key, values)); };
  if (file.size > LIMIT.bytes) no("file-too-large");
  let made, twins;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    made = JSON.parse(text);
    twins = keysWritten(text) !== keysKept(made);
  } catch { no("file-no-json"); }
  const { format, reader, answers } = made ?? {}, n = Array.isArray(answers) ? answers.length : 0;
  const named = typeof reader === "string" && /^[\p{L}\p{N}_ .-]{1,40}$/u.test(reader);
  if (twins || format !== FORMAT || !named || n < 1 || n > LIMIT.answers) no("file-other");
  const found = new Map();
  for (const one of answers) {
    if (!teaching(one?.case) || !LEVELS.includes(one.answer) || ![...SURE, null, undefined].includes(one.sure)) {
      no("file-answer", { what: JSON.stringify(one).slice(0, 60) });
    }
    if (found.has(one.case)) no("file-twice", { id: one.case });
    found.set(one.case, { answer: one.answer, sure: one.sure ?? null });
  }
  if (seen.has(reader)) no("file-again", { reader });
  seen.add(reader);
  return found;
}

function collating() {
  const out = el("div"), input = el("input", { type: "file", multiple: true, accept: ".json,application/json", onchange: async () => {
    const readers = [], wrong = [], seen = new Set();
    for (const file of [...input.files].slice(0, LIMIT.files)) {
      try { readers.push(await readAnswers(file, seen)); } catch (error) { wrong.push(`${file.name.slice(0, 60)}: ${error.message}`); }
    }
    fill(out, el("p", { role: "status" }, t("files-read", { n: readers.length, of: input.files.length })),
      wrong.map((text) => el("p", { role: "alert" }, text)), readers.length > 0 && collated(readers));
  } });
  return fold(t("collate"), false, el("p", labelled(t("answer-files"), input)), out);
}

/** Who disagreed where: a row a case, how many gave each answer, and in how many pairs of readers two differ. */
function collated(readers) {
  const ids = [...new Set(readers.flatMap((one) => [...one.keys()]))].sort(), two = (n) => n * (n - 1) / 2;
  const given = (id) => readers.flatMap((one) => one.get(id)?.answer ?? []);
  const counts = (id) => LEVELS.map((one) => given(id).filter((x) => x === one).length);
  const pairs = sum(ids.map((id) => two(given(id).length))), differ = pairs - sum(ids.flatMap((id) => counts(id).map(two)));
  const cells = (id) => counts(id).map((k, i) => (LEVELS[i] === teaching(id).expected ? el("td.expected", `${k} ✓`) : k));
  return el("div", el("p.says", pairs ? t("pairs-differ", { differ, pairs, share: Math.round(100 * differ / pairs) }) : t("no-pairs")),
    table(t("who-said-what"), [t("case"), t("answers"), ...LEVELS.map(level)],
      ids.map((id) => [marked(teaching(id)), given(id).length, ...cells(id)])),
    calibration(readers.flatMap((one) => [...one].map(([id, { answer, sure }]) => [sure, answer === teaching(id).expected]))));
}
