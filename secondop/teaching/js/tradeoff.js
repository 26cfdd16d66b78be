// The trade-off: changes found against no-change referrals, of simulated scenarios or of a cohort in a notebook.

const fixed = (x) => number(Math.abs(x) < 0.05 ? 0 : x, 1).replace("-", "\u2212");
/** A number, or from where to where missing information could move it. */
const spread = ([value, low = value, high = value]) => (high - low < 0.05 ? fixed(value) : `${fixed(low)} ${t("to")} ${fixed(high)}`);

/** Policies of a scene: of 100 cases, each number with its bounds and its interval; which is best, and what ties with it. */
function weighed(scene, now) {
  const named = (one) => ({ ...one, words: DATA.words[STATE.language]?.policies?.[one.key] || (one.key === "none" ? t("nobody") : one.key === "all" ? t("everybody") : one.label) });
  if (scene.accepts) {
    const at = scene.accepts.indexOf(now.accept), rows = scene.policies.map((one) => ({ ...named(one), net: one.net[at] })), { at: best, tied } = scene.best[at];
    return { rows, best: rows[best], tied: tied.map((i) => rows[i]) };
  }
  const counted = scene.policies.map(({ key, label, counts }) => [key, label, ...counts[now.signal]]), every = counted[0][2] + counted[0][4];
  const rows = [["none", "", 0, 0], ...counted, ["all", "", every, 100 - every]].map(([key, label, found, over]) => named({ key, label, found: [found], over: [over], net: [found - over / now.accept] }));
  rows.sort((a, b) => b.net[0] - a.net[0]);
  // A tie: a difference that chance in simulating so many cases may make (two standard errors), or a tenth.
  const chance = (a, b) => 1.96 * Math.sqrt((Math.abs(a.found[0] - b.found[0]) + Math.abs(a.over[0] - b.over[0]) / now.accept ** 2) * 100 / scene.n);
  const ties = (row) => rows[0].net[0] - row.net[0] < Math.max(0.1, chance(rows[0], row));
  return { rows, best: rows[0], tied: rows.slice(1).filter(ties) };
}

/** True against false positives: bounds hatched, the interval a cross, chance between nobody and everybody dashed. */
function plot({ rows, best }, accept, chosen, choose) {
  const all = rows.find(({ key }) => key === "all"), [wide, high, left, low] = [560, 280, 30, 34];
  const [most, top] = ["over", "found"].map((name) => Math.max(...rows.map((row) => row[name][2] ?? row[name][0]), 0.1));
  const x = (over) => left + (wide - left - 16) * over / most, y = (found) => high - low - (high - low - 24) * found / top;
  const text = (at, to, words, more = {}) => svg("text", { x: at, y: to, "font-size": 14, fill: "currentColor", ...more }, words);
  const line = (a, b, c, d, more) => svg("line", { x1: x(a), y1: y(b), x2: x(c), y2: y(d), stroke: "currentColor", ...more });
  const tip = (row) => svg("title", {}, `${row.words}: ${t("true-positives")} ${spread(row.found)}; ${t("false-positives")} ${spread(row.over)}; ${t("net-benefit")} ${spread(row.net)}`);
  const here = (row) => row.level && row.level === chosen?.level, picked = (row) => here(row) && row.k === chosen.k;
  const box = (row) => { // what missing information could make of it
    const [, a = 0, b = 0] = row.over, [, c = 0, d = 0] = row.found;
    return svg("rect", { x: x(a), y: y(d), width: x(b) - x(a), height: y(c) - y(d), class: picked(row) ? "bounds picked" : "bounds", fill: picked(row) ? `url(#${uid("hatch")})` : "currentColor" });
  };
  const cross = ({ over, found }) => (over[3] === null || found[3] === null) ? [] : [line(over[3], found[0], over[4], found[0], {}), line(over[0], found[3], over[0], found[4], {})];
  const mark = (row, i) => {
    const place = { cx: x(row.over[0]), cy: y(row.found[0]) }, number = chosen ? (here(row) ? row.k : "") : i + 1, ends = row.key === "none" || row.key === "all";
    return svg("g", { class: chosen && row.level ? "point" : "", onclick: () => row.level && choose(row) },
      row === best ? svg("circle", { ...place, r: 15, class: "ring best" }) : "", picked(row) ? svg("circle", { ...place, r: 14, class: "ring" }) : "",
      svg("circle", { ...place, r: number === "" ? 6 : 11, fill: (chosen ? here(row) : row === best) ? "var(--accent)" : ends && chosen ? "var(--ground)" : "var(--soft)", stroke: "var(--soft)", "fill-opacity": chosen && row.level && !here(row) ? 0.45 : 1 }),
      text(place.cx, place.cy + 5, number, { "text-anchor": "middle", style: "fill: var(--ground); pointer-events: none" }), tip(row));
  };
  const near = (row) => here(row) + picked(row) - (row.key === "none" || row.key === "all");
  const equal = best ? line(0, best.net[0], Math.min(most, accept * (top - best.net[0])), Math.min(top, best.net[0] + most / accept), { class: "equal" }) : "";
  const name = (row, more) => text(x(row.over[0]), y(row.found[0]), row.words, { fill: "var(--soft)", "font-size": 13, ...more });
  const hatch = svg("pattern", { id: uid("hatch"), width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 1.6, height: 6, fill: "currentColor" }));
  return svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": t(chosen ? "plot-chosen" : "plot-said"), class: "plot" }, svg("defs", {}, hatch),
    line(0, 0, most, 0, {}), line(0, 0, 0, top, {}), line(0, 0, all.over[0], all.found[0], { "stroke-dasharray": "4 4" }), equal,
    text(left + 4, 14, `\u2191 ${t("true-positives")}`), text(wide - 16, high - 6, `${t("false-positives")} \u2192`, { "text-anchor": "end" }), text(4, y(0) + 4, "0"), text(0, y(top) + 5, Math.round(top)), text(x(most) - 14, y(0) + 16, Math.round(most)),
    ...rows.filter((row) => chosen && here(row)).map(box), ...rows.filter(picked).flatMap(cross),
    ...(chosen ? [name(rows.find(({ key }) => key === "none"), { dx: -6, dy: 22 }), name(all, { dx: -14, dy: -8, "text-anchor": "end" })] : []),
    ...rows.map((row, i) => [row, i]).sort(([a], [b]) => near(a) - near(b)).map(([row, i]) => mark(row, i)));
}

/** Which policy has the highest net benefit, unless it ties with others or what is missing leaves it open. */
function bestWords({ best, tied }, accept) {
  if (!best) return t("best-open", { accept });
  const others = tied.length > 2 ? t("others", { n: tied.length }) : tied.map(({ words }) => words).join(` ${t("and")} `);
  return t(tied.length ? "best-tie" : "best-policy", { accept, best: best.words, others, net: spread(best.net) });
}

SCREENS.set("tradeoff", (root) => (DATA.tradeoff[0].accepts ? cohort(root, DATA.tradeoff[0]) : scenarios(root)));

function scenarios(root) {
  const now = (STATE.trade ||= { scenario: 0, signal: DATA.tradeoff[0].signals.indexOf(1), accept: 10 }), figure = el("div", { class: "figure" }), out = scrolling(), say = el("p", { class: "says", role: "status" });
  const show = () => {
    const scene = DATA.tradeoff[now.scenario], found = weighed(scene, now), every = found.rows.find(({ key }) => key === "all").found[0];
    fill(say, `${t("simulated")}: `, bestWords(found, now.accept));
    const cell = (x) => el("td", { class: "n" }, fixed(x)), widest = Math.max(...found.rows.map(({ net }) => Math.abs(net[0])), 0.1);
    const bar = ([net]) => el("span", { class: net < 0 ? "bar less" : "bar", style: `width:${(8 * Math.abs(net) / widest).toFixed(2)}rem` });
    fill(figure, plot(found, now.accept), el("b", {}, t("net-benefit")), el("ol", {}, found.rows.map(({ words, net }) => el("li", {}, words, el("div", {}, bar(net), ` ${fixed(net[0])}`)))));
    const row = ({ words, found: [found_], over: [over], net: [net] }, i) => el("tr", {}, el("th", { scope: "row" }, `${i + 1} ${words}`), [found_ + over, found_, over, every - found_, found_ - (found_ + over) * every / 100, net].map(cell));
    fill(out, el("table", {}, el("caption", {}, t("tradeoff-caption", { n: number(scene.n), signal: number(scene.signals[now.signal]) })),
      el("thead", {}, el("tr", {}, ["policy", "referred", "true-positives", "false-positives", "missed", "above-chance", "net-benefit"].map((key) => el("th", { scope: "col" }, t(key))))), el("tbody", {}, found.rows.map(row))));
  };
  const choose = (key, options) => {
    const made = el("select", { id: uid(key), onchange: () => { now[key] = +made.value; show(); } }, options.map((words, i) => el("option", { value: i, selected: i === now[key] }, words)));
    return el("div", { class: "control" }, el("label", { for: made.id }, t(key)), made);
  };
  root.append(say, figure, el("div", { class: "controls" }, choose("scenario", DATA.tradeoff.map(({ title }) => DATA.words[STATE.language]?.scenarios?.[title] || title)), choose("signal", DATA.tradeoff[0].signals.map((x) => number(x))),
    slide("accept", now.accept, { min: 1, max: 50, words: String }, (value) => { now.accept = value; show(); })), out, el("p", { class: "small" }, t("tradeoff-note")));
  show();
}

/** A cohort of one's own: a level, at least k indications and a threshold choose a policy, and so does a click. */
function cohort(root, scene) {
  const now = STATE.chosen, say = el("p", { class: "says", role: "status" }), figure = el("div"), people = el("div"), controls = el("div", { class: "controls" }), list = el("div", { class: "behind" });
  const show = () => {
    const found = weighed(scene, now), one = found.rows.find(({ level: at, k }) => at === now.level && k === now.k), all = found.rows.find(({ key }) => key === "all");
    fill(say, t("chosen-policy", { policy: one.words, found: spread(one.found), every: spread(all.found), over: spread(one.over) }), " ", bestWords(found, now.accept));
    fill(figure, plot(found, now.accept, now, (row) => { Object.assign(now, { level: row.level, k: row.k }); put(); moved(); }));
    const parts = Object.entries(one.people).filter(([part, n]) => n || !part.endsWith("_unknown"));
    fill(people, el("p", {}, el("b", {}, t(scene.simulated ? "of-simulated" : "of-cases", { n: number(scene.n) }))),
      el("ul", { class: "plain" }, parts.map(([part, n]) => el("li", {}, el("span", { class: `mark ${part}` }), " ", el("b", {}, number(n)), ` ${t(`part-${part}`)}`))),
      one.errors.length ? el("p", { class: "small" }, t("errors-said", { right: fixed(one.errors[0]), lost: fixed(one.errors[1]) })) : null);
    STATE.listed();
  };
  STATE.listed = () => {
    const { level: at, k, n, cases } = STATE.rows || {};
    if (at !== now.level || k !== now.k) { fill(list, el("p", { class: "small" }, t("cases-wait"))); return; }
    const row = ([id, stands, clinical, wishes, fires, changed]) => el("tr", {}, el("th", { scope: "row" }, id), [level(stands), clinical, wishes, fires, t(changed)].map((x) => el("td", {}, x)));
    fill(list, el("table", {}, el("caption", {}, t("cases-behind", { k: cases.length, n: number(n) })),
      el("thead", {}, el("tr", {}, ["case", "recommendation", "indications", "wishes", "what-fires", "true-positives"].map((key) => el("th", { scope: "col" }, t(key))))), el("tbody", {}, cases.map(row))));
  };
  const moved = () => { tell(); show(); };
  const put = () => fill(controls, pick("level", now.level, scene.levels.map((one) => [one, level(one)]), (one) => { now.level = one; moved(); }),
    slide("at-least-k", now.k, { min: 1, max: scene.ks.length, words: String }, (k) => { now.k = k; moved(); }),
    slide("accept", scene.accepts.indexOf(now.accept), { max: scene.accepts.length - 1, words: (i) => number(scene.accepts[i]) }, (i) => { now.accept = scene.accepts[i]; moved(); }));
  root.append(say, el("div", { class: "columns" }, figure, people), controls, list, el("p", { class: "small" }, t("bounds-note")));
  put();
  show();
}
