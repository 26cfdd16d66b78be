// The classroom page: its state, its words, its parts. Screens register themselves with SCREENS.set(key, draw).
// Everything lives in this page: nothing is stored, nothing is sent. The same serves a widget in a notebook.

let DATA, BOOKS, STATE, ROOT, TOLD; // set by start()
const SCREENS = new Map();
const book = () => BOOKS.get(STATE.book);

// ---------------------------------------------------------------- words

function t(key, values = {}) {
  const texts = DATA.strings[key] || {};
  return (texts[STATE.language] ?? texts.en ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
const own = (kind, name) => DATA.words[STATE.language]?.[kind]?.[name] || {};
const level = (name) => t(`level-${name}`);
const question = (fact) => own("facts", fact.name).question || fact.question;
const label = (rule) => own("rules", rule.name).label || rule.label;
const unit = (fact) => own("facts", fact.name).unit || fact.unit || "";
/** A number with its unit, in the singular for one. */
const amount = (fact, n) => `${number(n)} ${n === 1 ? own("facts", fact.name).one || unit(fact).replace(/ies$/, "y").replace(/s$/, "") : unit(fact)}`.trim();
/** A teaching case or a vignette in the language of the page. */
const told = (kind, one) => ({ ...one, ...own(kind, one.id) });
const named = (one) => `${one.id} ${told("cases", one).title}`;
const topic = (name) => own("topics", name).label || name;
const titled = (made) => own("books", made.json.title).title || made.json.title;
/** The title where one of several is chosen: of two editions with their versions. */
const edition = (made) => ([...BOOKS.values()].some((other) => other !== made && other.json.title === made.json.title) ? `${titled(made)}, ${made.json.version}` : titled(made));
/** A number as the language writes it: with so many decimals, or else as many as it has, twelve digits at most. */
const number = (x, decimals) => x.toLocaleString(STATE.language, decimals === undefined
  ? { maximumSignificantDigits: 12 } : { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** An answer in words; null is "not recorded". */
function inWords(fact, answer) {
  if (answer === null || answer === undefined) return t("not-recorded");
  if (typeof answer === "boolean") return t(answer ? "yes" : "no");
  if (typeof answer === "number") return amount(fact, answer);
  return own("facts", fact.name).levels?.[answer] || answer.replaceAll("_", " ");
}

/** A sort of answer in words: of numbers, the stretch between two thresholds. */
function sortInWords(made, fact, i) {
  const options = made.options[fact.name];
  if (typeof options[i] !== "number") return inWords(fact, options[i]);
  const ends = [], cuts = made.cuts[fact.name];
  const end = ([value, above], keys) => ends.push(t(keys[+above], { n: number(value) }));
  if (i > 0) end(cuts[i - 1], ["at-least", "more-than"]);
  if (i < cuts.length) end(cuts[i], ["less-than", "at-most"]);
  return `${ends.join(` ${t("and")} `) || t("any-number")} ${unit(fact)}`.trim();
}

// ---------------------------------------------------------------- parts

/** An element with attributes, listeners (onclick=...) and children; text is always text. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key.startsWith("aria-") && typeof value === "boolean") made.setAttribute(key, String(value));
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}
const OWN = Math.random().toString(36).slice(2, 7); // several widgets may stand in one notebook
const uid = (name) => `${name}-${OWN}`;
/** A part of a picture. */
function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => (key.startsWith("on") ? made.addEventListener(key.slice(2), value) : made.setAttribute(key, value)));
  made.append(...children);
  return made;
}
const button = (text, onclick, more = {}) => el("button", { type: "button", onclick, ...more }, text);
const said = (text) => { ROOT.querySelector(".told").textContent = text; }; // for screen readers
const fill = (root, ...children) => root.replaceChildren(...children.flat(Infinity).filter(Boolean));

/** Give a file to who reads the page. */
function download(name, text, type) {
  el("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name }).click();
}

/** A pair of a title and what opens below it. */
const fold = (title, open, ...children) => el("details", { open }, el("summary", {}, title), ...children);

/** What may be wider than the screen: it scrolls by keyboard too. */
const scrolling = (...children) => el("div", { class: "wide", tabindex: 0 }, ...children);

/** The same, made when it is opened. */
function later(title, open, make) {
  const made = fold(title, open);
  const put = () => { if (made.open && made.children.length < 2) made.append(make()); };
  made.addEventListener("toggle", put);
  put();
  return made;
}

// ---------------------------------------------------------------- case codes

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // without I, L, O and U

/** Every answer that a code can tell, in the order of the book: [fact, answer], for each fact the last is none. */
const sorts = (made) => made.facts.flatMap(({ name }) => [...made.options[name], null].map((option) => [name, option]));

/** A case as letters: two for each recorded answer, after two that say of which book and guard against slips.
 *  Of a teaching case, its id and what is different. */
function codeOf(made, facts, start = STATE.start) {
  const given = made.sorted(facts), base = start ? made.sorted(ofCode(start)[1]) : null;
  const told = sorts(made).flatMap(([name, option], i) =>
    given[name] === option && (base ? base[name] !== option : option !== null) ? [LETTERS[i >> 5] + LETTERS[i & 31]] : []);
  if (base && !told.length) return start;
  const pairs = told.join(""), guarded = (guard(made, (start || "") + pairs) + pairs).replace(/(.{4})(?=.)/g, "$1-");
  return base ? `${start}.${guarded}` : guarded;
}

function guard(made, pairs) {
  let sum = 7;
  for (const letter of JSON.stringify(made.json.title) + (made.json.version || "") + pairs) sum = (sum * 31 + letter.codePointAt(0)) % 1021;
  return LETTERS[sum >> 5] + LETTERS[sum & 31];
}

/** The facts of a case code, of whichever book it is: [key of the book, facts, teaching case]; null where it is none. */
function ofCode(code) {
  const read = (text) => text.replaceAll("O", "0").replace(/[IL]/g, "1");
  const [first, ...more] = code.trim().toUpperCase().split("."), teaching = DATA.cases.find(({ id }) => id === first[0] + read(first.slice(1)));
  if (teaching && !more.length) { // a code tells a number as the least of its sort; of a teaching case it is known
    const [key, facts] = ofCode(teaching.code);
    return [key, { ...facts, ...teaching.numbers }, teaching.id];
  }
  const plain = read((teaching ? more.join("") : first).replace(/[\s-]/g, ""));
  if (plain.length < 2 || plain.length % 2 || plain.length > 600 || [...plain].some((x) => !LETTERS.includes(x))) return null;
  for (const [key, made] of BOOKS) {
    const pairs = plain.slice(2), id = teaching?.id || "", all = sorts(made);
    if (guard(made, id + pairs) !== plain.slice(0, 2)) continue;
    const facts = id ? ofCode(id)[1] : {};
    for (let i = 0; i < pairs.length; i += 2) {
      const found = all[LETTERS.indexOf(pairs[i]) * 32 + LETTERS.indexOf(pairs[i + 1])];
      if (!found) return null;
      if (found[1] === null) delete facts[found[0]]; else facts[found[0]] = found[1];
    }
    return [key, facts, id];
  }
  return null;
}

// ---------------------------------------------------------------- moving about

/** Show a screen and keep where we are in the address, so that it can be sent or come back to. */
function go(screen, change = {}) {
  const moved = screen !== STATE.screen; // what the browser's own *back* goes back to
  Object.assign(STATE, change, { screen });
  tell(moved);
  draw();
}

function tell(moved = false) {
  if (TOLD) TOLD(); else history[moved ? "pushState" : "replaceState"](null, "", `#${STATE.screen}/${codeOf(book(), STATE.facts)}`);
}

function fromAddress() {
  const [screen, code] = location.hash.slice(1).split("/"); // letters, digits and signs that no address changes
  const found = code && code !== codeOf(book(), STATE.facts) && ofCode(code); // the same case keeps its numbers
  if (found) [STATE.book, STATE.facts, STATE.start] = found;
  if (screen === "predict") [STATE.screen, STATE.hide, STATE.shown] = ["explore", true, false]; // what a printed code opens
  else if (DATA.screens.includes(screen)) STATE.screen = screen;
  else if (!screen) STATE.screen = DATA.screens[0];
}

/** What *undo* goes back to. */
const remember = () => STATE.past.push({ book: STATE.book, facts: { ...STATE.facts }, start: STATE.start });

/** Set an answer (null: not recorded), and remember what was before. */
function answer(name, value) {
  remember();
  STATE.facts = { ...STATE.facts, [name]: value };
  if (value === null) delete STATE.facts[name];
  tell();
}

function draw() {
  ROOT.lang = STATE.language;
  ROOT.classList.toggle("large", STATE.large);
  const tab = (key) => button(t(`screen-${key}`), () => go(key), { "aria-current": key === STATE.screen ? "page" : null });
  const languages = DATA.languages.map((one) =>
    button(t(`language-${one}`), () => go(STATE.screen, { language: one }), { lang: one, "aria-pressed": one === STATE.language }));
  if (!TOLD) [document.documentElement.lang, document.title] = [STATE.language, `${t("classroom")} · secondop`];
  fill(ROOT.querySelector(".care"), t("not-for-care"));
  fill(ROOT.querySelector("nav"), DATA.screens.length > 1 ? DATA.screens.map(tab) : []);
  fill(ROOT.querySelector(".looks"), languages, button(t("larger"), () => go(STATE.screen, { large: !STATE.large }), { "aria-pressed": STATE.large }));
  const main = ROOT.querySelector("main");
  fill(main, DATA.screens.length > 1 ? el("h1", {}, t(`screen-${STATE.screen}`)) : null);
  SCREENS.get(STATE.screen)(main);
}

/** Begin in an element with what Python gave. In a notebook `told` hears of moves; else the address keeps them. */
function start(root, data, told = null) {
  [ROOT, DATA, TOLD] = [root, data, told];
  BOOKS = new Map(DATA.books.map(([key, json]) => [key, new Book(json)]));
  STATE = { screen: DATA.screens[0], book: DATA.books[0]?.[0], facts: {}, start: "", past: [], language: DATA.language, hide: false, large: false };
  ROOT.classList.add("secondop");
  fill(ROOT, el("header", {}, el("p", { class: "care" }), el("nav", { "aria-label": "secondop" }), el("div", { class: "looks" })), el("main"),
    el("div", { class: "told", role: "status", "aria-live": "polite" }));
  if (told) return;
  window.secondop = {
    assess: (facts, key = STATE.book) => BOOKS.get(key).assess(facts),
    nextQuestion: (facts, key = STATE.book) => BOOKS.get(key).nextQuestion(facts),
  };
  addEventListener("hashchange", () => { fromAddress(); draw(); });
  fromAddress();
  draw();
}
