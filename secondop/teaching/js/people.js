// A hundred people, a trade-off, and the glossary: what the numbers mean.

/** A slider with a name, its value beside it. */
function slide(key, value, { min = 0, max = 100, step = 1, unit = "%" }, change) {
  const out = el("output", {}, `${number(value)} ${unit}`);
  const input = el("input", { type: "range", id: uid(`s-${key}`), min, max, step, value, oninput: () => { out.textContent = `${number(+input.value)} ${unit}`; change(+input.value); } });
  return el("p", { class: "slide" }, el("label", { for: input.id }, t(key)), input, out);
}

/** Marks in rows of ten, each kind with its own sign; a list says how many of each. */
function hundred(parts) {
  const marks = parts.flatMap(([kind, n]) => Array.from({ length: n }, () => el("span", { class: `mark ${kind}` })));
  return el("div", {}, el("div", { class: "hundred", "aria-hidden": "true" }, marks),
    el("ul", { class: "plain" }, parts.map(([kind, n]) => el("li", {}, el("span", { class: `mark ${kind}` }), ` ${n} ${t(`people-${kind}`)}`))));
}

SCREENS.set("people", (root) => {
  const now = (STATE.people ||= { prevalence: 40, follow: 50, yield: DATA.published.treatment });
  const out = el("div"), say = el("p", { class: "says", role: "status" });
  const show = () => {
    const indicated = Math.round(now.prevalence), go_ = Math.round(indicated * now.follow / 100), changed = Math.round(go_ * now.yield / 100);
    fill(say, t("people-said", { indicated, go: go_, changed, unchanged: go_ - changed, stay: indicated - go_ }));
    fill(out, hundred([["changed", changed], ["unchanged", go_ - changed], ["stayed", indicated - go_], ["none", 100 - indicated]]));
  };
  const set = (key) => (value) => { now[key] = value; show(); };
  root.append(say, el("div", { class: "columns" }, out, el("div", {}, slide("prevalence", now.prevalence, {}, set("prevalence")), slide("follow", now.follow, {}, set("follow")),
    slide("yield", now.yield, { step: 0.1 }, set("yield")), el("p", { class: "small" }, t("people-note", { dx: number(DATA.published.diagnosis), tx: number(DATA.published.treatment), source: DATA.published.source })))));
  show();
});

/** True against false positives, chance between nobody and everybody, and the policies by number, as in the table. */
function plot(rows, every) {
  const svg = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };
  const [wide, high, left, low] = [560, 300, 44, 40], x = (over) => left + (wide - left - 20) * over / (100 - every), y = (found) => high - low - (high - low - 16) * found / every;
  const text = (at, to, words, more = {}) => svg("text", { x: at, y: to, "font-size": 14, fill: "currentColor", ...more }, words);
  const line = (a, b, c, d, more) => svg("line", { x1: a, y1: b, x2: c, y2: d, stroke: "currentColor", ...more });
  return svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": t("plot-said"), class: "plot" },
    line(left, y(0), wide - 20, y(0), {}), line(left, y(0), left, y(every), {}), line(x(0), y(0), x(100 - every), y(every), { "stroke-dasharray": "4 4" }),
    text(left + 4, 12, t("true-positives")), text(wide - 20, high - 8, t("false-positives"), { "text-anchor": "end" }), text(x(62 - every / 2), y(every / 2) + 34, t("chance")),
    ...rows.flatMap(({ found, over }, i) => [svg("circle", { cx: x(over), cy: y(found), r: 11, fill: i ? "var(--soft)" : "var(--accent)" }),
      text(x(over), y(found) + 5, i + 1, { "text-anchor": "middle", style: "fill: var(--ground)" })]));
}

SCREENS.set("tradeoff", (root) => {
  const now = (STATE.trade ||= { scenario: 0, signal: DATA.tradeoff[0].signals.indexOf(1), accept: 10 }), out = el("div", { class: "wide" }), say = el("p", { class: "says", role: "status" });
  const show = () => {
    const { signals, policies, n } = DATA.tradeoff[now.scenario], weight = 1 / now.accept;
    const rows = policies.map(({ label: words, key, counts }) => {
      const [found, over, missed] = counts[now.signal], sent = found + over, every = found + missed;
      return { words: DATA.words[STATE.language]?.policies?.[key] || words, sent, found, over, missed, above: found - sent * every / 100, net: found - over * weight };
    }).sort((a, b) => b.net - a.net);
    fill(say, t("tradeoff-said", { best: rows[0].words, net: number(rows[0].net, 1), accept: now.accept }));
    const cell = (x) => el("td", { class: "n" }, number(Math.abs(x) < 0.05 ? 0 : x, 1));
    const widest = Math.max(...rows.map(({ net }) => Math.abs(net)), 0.1);
    fill(out, plot(rows, rows[0].found + rows[0].missed), el("table", {}, el("caption", {}, t("tradeoff-caption", { n: number(n), signal: number(signals[now.signal]) })),
      el("thead", {}, el("tr", {}, ["policy", "referred", "true-positives", "false-positives", "missed", "above-chance", "net-benefit", ""].map((key) => el("th", { scope: "col" }, key && t(key))))),
      el("tbody", {}, rows.map((row, i) => el("tr", {}, el("th", { scope: "row" }, `${i + 1} ${row.words}`), [row.sent, row.found, row.over, row.missed, row.above, row.net].map(cell),
        el("td", {}, el("span", { class: row.net < 0 ? "bar less" : "bar", style: `width:${(6 * Math.abs(row.net) / widest).toFixed(2)}rem` })))))));
  };
  const { signals } = DATA.tradeoff[0];
  const which = el("select", { id: uid("scenario"), onchange: () => { now.scenario = +which.value; show(); } }, DATA.tradeoff.map(({ title }, i) => el("option", { value: i, selected: i === now.scenario }, DATA.words[STATE.language]?.scenarios?.[title] || title)));
  const known = el("select", { id: uid("signal"), onchange: () => { now.signal = +known.value; show(); } }, signals.map((x, i) => el("option", { value: i, selected: i === now.signal }, number(x))));
  root.append(say, el("div", { class: "tools" }, el("label", { for: uid("scenario") }, t("scenario")), which, el("label", { for: uid("signal") }, t("signal")), known),
    slide("accept", now.accept, { min: 1, max: 50, unit: "" }, (value) => { now.accept = value; show(); }), out, el("p", { class: "small" }, t("tradeoff-note")));
  show();
});

SCREENS.set("glossary", (root) => {
  root.append(el("dl", {}, DATA.glossary.map(({ id, word, field, meaning, formula }) => [el("dt", { id }, own("glossary", id).word || word, field && field !== word ? el("small", { lang: "en" }, ` (${field})`) : null),
    el("dd", {}, own("glossary", id).meaning || meaning, formula ? el("div", { class: "code" }, own("glossary", id).formula || formula) : null)])));
});
