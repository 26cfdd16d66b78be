// The classroom page: its state, its words, its parts, case codes, and moving about.
// Everything lives in this page: nothing is stored, nothing is sent. The same serves a widget in a notebook.

let DATA, BOOKS, STATE, ROOT, TOLD; // set by start()
const SCREENS = new Map(); // each screen by its key: what draws it into an element
const book = () => BOOKS.get(STATE.book);
const fact = (made, name) => made.json.facts.find((one) => one.name === name);
const teaching = (id) => DATA.cases.find((one) => one.id === id);

// ---------------------------------------------------------------- words

function t(key, values = {}) {
  const texts = DATA.strings[key] || {};
  const text = (texts[STATE.language] ?? texts.en ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  return text.replaceAll(" %", "\u00a0%"); // which stays on the line of its number
}
const own = (kind, name) => DATA.words[STATE.language]?.[kind]?.[name] || {};
const level = (name) => t(`level-${name}`);
const question = (about) => own("facts", about.name).question || about.question;
const label = (rule) => own("rules", rule.name).label || rule.label;
const unit = (about) => own("facts", about.name).unit || about.unit || "";
const topic = (name) => own("topics", name).label || name;
const titled = (made) => own("books", made.json.title).title || made.json.title;
/** A teaching case or a vignette in the language of the page. */
const inOwn = (kind, one) => ({ ...one, ...own(kind, one.id) });
const named = (kind, one) => `${one.id} ${inOwn(kind, one).title}`;

/** The title where one of several is chosen: of two editions with their versions. */
function edition(made) {
  const twice = [...BOOKS.values()].some((other) => other !== made && other.json.title === made.json.title);
  return twice ? `${titled(made)}, ${made.json.version}` : titled(made);
}

/** A number as the language writes it: with so many decimals, or else as many as it has, twelve digits at most. */
const number = (x, decimals) => x.toLocaleString(STATE.language, decimals === undefined
  ? { maximumSignificantDigits: 12 } : { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** An answer in words, a number with its unit; null is "not recorded". */
function inWords(about, answer) {
  if (answer === null || answer === undefined) return t("not-recorded");
  if (typeof answer === "boolean") return t(answer ? "yes" : "no");
  if (typeof answer === "string") return own("facts", about.name).levels?.[answer] || answer.replaceAll("_", " ");
  const one = own("facts", about.name).one || unit(about).replace(/ies$/, "y").replace(/s$/, "");
  return `${number(answer)} ${answer === 1 ? one : unit(about)}`.trim();
}

/** A sort of answer in words: of numbers, the stretch between two thresholds. */
function sortInWords(made, about, i) {
  const options = made.options[about.name], cuts = made.cuts[about.name];
  if (typeof options[i] !== "number") return inWords(about, options[i]);
  const end = (cut, keys) => (cut ? [t(keys[+cut[1]], { n: number(cut[0]) })] : []);
  const ends = [...end(cuts[i - 1], ["at-least", "more-than"]), ...end(cuts[i], ["less-than", "at-most"])];
  return `${ends.join(` ${t("and")} `) || t("any-number")} ${unit(about)}`.trim();
}

// ---------------------------------------------------------------- parts

const PICTURE = new Set(["svg", "g", "line", "text", "circle", "rect", "title", "defs", "pattern"]);

/** An element such as el("p.small", { onclick }, children): its classes, attributes, and what is in it, always as text. */
function el(name, ...children) {
  const [tag, ...classes] = name.split("."), attributes = children[0]?.constructor === Object ? children.shift() : {};
  const made = PICTURE.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (classes.length) made.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key.startsWith("aria-")) made.setAttribute(key, value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter(there));
  return made;
}
const there = (child) => child !== null && child !== undefined && child !== false;
const fill = (root, ...children) => root.replaceChildren(...children.flat(Infinity).filter(there));
const button = (text, onclick, more = {}) => el("button", { type: "button", onclick, ...more }, text);
const alone = Math.random().toString(36).slice(2, 7); // several widgets may stand in one notebook
let ids = 0;
/** Something to set with what it is called, and what is said after it: together on a line where there is room. */
function labelled(words, input, ...after) {
  input.id = `${alone}-${ids++}`;
  return el("span.labelled", el("label", { for: input.id }, words), input, after);
}
/** One of several to choose, each [value, words], from a list or by a round button. */
const choose = (options, now, change, more = {}) => el("select", { ...more, onchange: (event) => change(event.target.value) },
  options.map(([value, words]) => el("option", { value, selected: value === now }, words)));
function radios(asked, options, now, change, more = {}) {
  const name = `${alone}-${ids++}`;
  return el("fieldset.field", more, el("legend", asked), options.map(([value, words]) => el(value === null ? "label.gap" : "label",
    el("input", { type: "radio", name, checked: value === now, onchange: () => change(value) }), words)));
}
/** A slider, and what its value means beside it; screen readers are told. */
function range(value, { min = 0, max = 100, step = 1, words = (x) => `${number(x)}\u00a0%` }, change, more = {}) {
  const out = el("output", words(value)), told = { "aria-valuetext": words(value), ...more };
  const input = el("input", { type: "range", min, max, step, value, ...told });
  input.addEventListener("input", () => {
    out.textContent = words(+input.value);
    input.setAttribute("aria-valuetext", out.textContent);
    change(+input.value);
  });
  return [input, out];
}
/** What draws lines and words into a picture, in its own measures. */
const pencil = (x, y, size) => ({
  line: (a, b, c, d, more) => el("line", { x1: x(a), y1: y(b), x2: x(c), y2: y(d), stroke: "currentColor", ...more }),
  text: (at, to, words, more) => el("text", { x: at, y: to, "font-size": size, fill: "currentColor", ...more }, words),
});
/** A pair of a title and what opens below it; a function makes that when it is opened. */
function fold(title, open, ...children) {
  const made = el("details", { open }, el("summary", title));
  const put = () => { if (made.children.length < 2) made.append(...children.flat(Infinity).filter(there).map((x) => (x.call ? x() : x))); };
  if (open || !children[0]?.call) put(); else made.addEventListener("toggle", put);
  return made;
}
/** A table, which scrolls where it is wider than the screen: heads in words, and rows that begin with theirs. */
const table = (caption, heads, rows) => el("div.wide", { tabindex: 0, role: "group", "aria-label": caption }, el("table", el("caption", caption),
  el("thead", el("tr", heads.map((x) => (x ? el("th", { scope: "col" }, x) : el("td"))))),
  el("tbody", rows.map(([head, ...cells]) => el("tr", el("th", { scope: "row" }, head), cells.map(cell))))));
const cell = (x) => (x?.tagName === "TD" ? x : el("td", x));
/** As long as a number is large. */
const bar = (kind, share) => el(kind, { style: `width:${(8 * share).toFixed(2)}rem` });
const list = (items) => el("ul", items.map((x) => el("li", x)));
const said = (text) => { ROOT.querySelector(".told").textContent = text; }; // for screen readers

/** Draw something anew, and leave the focus where it was: on the like of it, the first, the second and so on. */
function steady(change) {
  const was = document.activeElement, alike = (one) => one.type === was.type && one.textContent === was.textContent;
  const some = () => [...ROOT.querySelectorAll("button, input, select")].filter(alike), at = some().indexOf(was);
  change();
  if (at >= 0 && !was.isConnected) (some()[at] || ROOT.querySelector("h1"))?.focus({ preventScroll: true });
}

/** Give a file to who reads the page. */
function download(name, text, type) {
  el("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name }).click();
}

// ---------------------------------------------------------------- case codes

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // without I, L, O and U
const pair = (n) => LETTERS[n >> 5] + LETTERS[n & 31];

/** Every answer that a code can tell, in the order of the book: [fact, answer], for each fact the last is none. */
const sorts = (made) => made.facts.flatMap(({ name }) => [...made.options[name], null].map((option) => [name, option]));

/** A case as letters: two for each recorded answer, after two that say of which book and guard against slips.
 *  Of a teaching case, its id and what is different. */
function codeOf(made, facts, start = STATE.start) {
  const given = made.sorted(facts), base = start ? made.sorted(ofCode(start)[1]) : null;
  const tells = ([name, option]) => given[name] === option && (base ? base[name] !== option : option !== null);
  const pairs = sorts(made).map((one, i) => (tells(one) ? pair(i) : "")).join("");
  if (base && !pairs) return start;
  return (start && `${start}.`) + (guard(made, start + pairs) + pairs).replace(/(.{4})(?=.)/g, "$1-");
}

function guard(made, pairs) {
  let sum = 7;
  for (const letter of JSON.stringify(made.json.title) + (made.json.version || "") + pairs) sum = (sum * 31 + letter.codePointAt(0)) % 1021;
  return pair(sum);
}

/** The facts of a case code, of whichever book it is: [key of the book, facts, teaching case]; null where it is none. */
function ofCode(code) {
  const [first, ...more] = code.trim().toUpperCase().split("."), read = (text) => text.replaceAll("O", "0").replace(/[IL]/g, "1");
  const base = teaching(first[0] + read(first.slice(1))), id = base?.id || "";
  if (base && !more.length) { // a code tells a number as the least of its sort; of a teaching case it is known
    const [key, facts] = ofCode(base.code);
    return [key, { ...facts, ...base.numbers }, id];
  }
  const plain = read((base ? more.join(".") : code.trim().toUpperCase()).replace(/[\s-]/g, ""));
  if (!/^(\w\w){1,300}$/.test(plain)) return null;
  for (const [key, made] of BOOKS) {
    if (guard(made, id + plain.slice(2)) !== plain.slice(0, 2)) continue;
    const facts = id ? ofCode(id)[1] : {}, all = sorts(made);
    for (const [a, b] of plain.slice(2).match(/../g) || []) {
      const [name, answer] = all[LETTERS.indexOf(a) * 32 + LETTERS.indexOf(b)] || [];
      if (answer === null) delete facts[name]; else facts[name] = answer;
    }
    const again = codeOf(made, facts, id).split(".").at(-1).replaceAll("-", ""); // a code tells each fact once, in order
    return again === plain ? [key, facts, id] : null;
  }
  return null;
}

// ---------------------------------------------------------------- moving about

/** Show a screen and keep where we are in the address, so that it can be sent or come back to. */
function go(screen, change = {}) {
  const moved = screen !== STATE.screen; // what the browser's own *back* goes back to
  Object.assign(STATE, change, { screen });
  tell(moved);
  steady(draw);
}

/** Show another case, and remember this one. */
function goTo([key, facts, id], more = {}) {
  remember();
  go("explore", { book: key, facts, start: id, shown: false, ...more });
}

function tell(moved = false) {
  if (TOLD) TOLD(); else history[moved ? "pushState" : "replaceState"](null, "", `#${STATE.screen}/${codeOf(book(), STATE.facts)}`);
}

function fromAddress() {
  const [screen, code] = location.hash.slice(1).split("/"); // letters, digits and signs that no address changes
  const found = code && code !== codeOf(book(), STATE.facts) && ofCode(code); // the same case keeps its numbers
  if (found) [STATE.book, STATE.facts, STATE.start] = found;
  if (screen === "predict") Object.assign(STATE, { screen: "explore", hide: true, shown: false }); // what a printed code opens
  else if (DATA.screens.includes(screen)) STATE.screen = screen;
  else if (!screen) STATE.screen = DATA.screens[0];
}

/** What *undo* goes back to. */
const remember = () => STATE.past.push({ book: STATE.book, facts: { ...STATE.facts }, start: STATE.start });

function draw() {
  ROOT.lang = STATE.language;
  ROOT.classList.toggle("large", STATE.large);
  if (!TOLD) [document.documentElement.lang, document.title] = [STATE.language, `${t("classroom")} · secondop`];
  const several = DATA.screens.length > 1, [nav, main] = ["nav", ".main"].map((part) => ROOT.querySelector(part));
  const tab = (key) => button(t(`screen-${key}`), () => go(key), key === STATE.screen ? { "aria-current": "page" } : {});
  const look = (words, change, on, lang) => button(words, () => go(STATE.screen, change), { lang, "aria-pressed": on });
  fill(ROOT.querySelector(".care"), t("not-for-care"));
  fill(nav, several && DATA.screens.map(tab));
  fill(ROOT.querySelector(".looks"), look(t("larger"), { large: !STATE.large }, STATE.large),
    DATA.languages.map((one) => look(t(`language-${one}`), { language: one }, one === STATE.language, one)));
  nav.scrollLeft = (nav.querySelector("[aria-current]")?.offsetLeft || 0) - 60; // on a phone it is one line that scrolls
  fill(main, several && el("h1", { tabindex: -1 }, t(`screen-${STATE.screen}`)));
  SCREENS.get(STATE.screen)(main);
}

/** Begin in an element with what Python gave. In a notebook `told` hears of moves; else the address keeps them. */
function start(root, data, told = null) {
  [ROOT, DATA, TOLD] = [root, data, told];
  BOOKS = new Map(DATA.books.map(([key, json]) => [key, new Book(json)]));
  STATE = { screen: DATA.screens[0], book: DATA.books[0]?.[0], facts: {}, start: "", past: [], language: DATA.language, large: false };
  ROOT.classList.add("secondop");
  fill(ROOT, el("header", el("p.care"), el("nav", { "aria-label": "secondop" }), el("div.looks")), el(told ? "div.main" : "main.main"),
    el("div.told", { role: "status", "aria-live": "polite" }));
  if (told) return;
  window.secondop = {
    assess: (facts, key = STATE.book) => BOOKS.get(key).assess(facts),
    nextQuestion: (facts, key = STATE.book) => BOOKS.get(key).nextQuestion(facts),
  };
  addEventListener("hashchange", () => { fromAddress(); draw(); });
  fromAddress();
  draw();
}
