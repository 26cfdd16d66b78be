// The trade-off: changes found against no-change referrals, of simulated scenarios or of a cohort in a notebook.

const fixed = (x) => number(Math.abs(x) < 0.05 ? 0 : x, 1).replace("-", "−");
/** A number, or from where to where missing information could move it. */
const spread = ([value, low = value, high = value]) => (high - low < 0.05 ? fixed(value) : `${fixed(low)} ${t("to")} ${fixed(high)}`);

/** Policies of a scene: of 100 cases, each number with its bounds and its interval; which is best, and what ties with it. */
function weighed(scene, now) {
  const ends = { none: t("nobody"), all: t("everybody") };
  const named = (one) => ({ ...one, words: DATA.words[STATE.language]?.policies?.[one.key] || ends[one.key] || one.label });
  if (scene.accepts) {
    const at = scene.accepts.indexOf(now.accept), { at: best, tied } = scene.best[at];
    const rows = scene.policies.map((one) => ({ ...named(one), net: one.net[at] }));
    return { rows, best: rows[best], tied: tied.map((i) => rows[i]) };
  }
  const given = scene.policies.map(({ key, label, counts }) => [key, counts[now.signal][0], counts[now.signal][1], label]);
  const [first, , missed] = scene.policies[0].counts[now.signal], every = first + missed;
  const rows = [["none", 0, 0], ...given, ["all", every, 100 - every]].map(([key, found, over, label]) =>
    named({ key, label, found: [found], over: [over], net: [found - over / now.accept] })).sort((a, b) => b.net[0] - a.net[0]);
  // A tie: a difference that chance in simulating so many cases may make (two standard errors), or a tenth.
  const apart = (row, name) => Math.abs(row[name][0] - rows[0][name][0]);
  const chance = (row) => 1.96 * Math.sqrt((apart(row, "found") + apart(row, "over") / now.accept ** 2) * 100 / scene.n);
  return { rows, best: rows[0], tied: rows.slice(1).filter((row) => apart(row, "net") < Math.max(0.1, chance(row))) };
}

/** Where numbers of marks stand: on them, or where another's would cover it, near by where none does; no other mark is hidden. */
function beside(marks, others, inside) {
  const near = (a, b, least) => Math.hypot(a[0] - b[0], a[1] - b[1]) < least, placed = [];
  const turns = [2, 1, 3, 0, 4, 15, 5, 14, 6, 13, 7, 12, 8, 11, 9, 10].map((i) => i * Math.PI / 8); // first up and to the right
  for (const [x, y] of marks) {
    const spots = [25, 36, 50, 70, 95].flatMap((far) => turns.map((turn) => [x + far * Math.cos(turn), y - far * Math.sin(turn)]));
    const free = (spot) => placed.every((other) => !near(other, spot, 24));
    const clear = (spot) => inside(spot) && free(spot) && others.every((mark) => !near(mark, spot, 16));
    placed.push(free([x, y]) ? [x, y] : spots.find(clear) || [x, y]);
  }
  return placed;
}

/** True against false positives: bounds hatched, the interval a cross, chance between nobody and everybody dashed. */
function plot({ rows, best }, accept, room, chosen, choose) {
  const wide = Math.min(560, room || 560), high = Math.max(250, wide / 2), [left, low] = [30, 42]; // px, as they stand on the screen
  const [none, all] = ["none", "all"].map((end) => rows.find(({ key }) => key === end));
  const [most, top] = ["over", "found"].map((name) => Math.max(...rows.map((row) => row[name][2] ?? row[name][0]), 0.1));
  const x = (over) => left + (wide - left - 16) * over / most, y = (found) => high - low - (high - low - 24) * found / top;
  const { line, text } = pencil(x, y, 14), end = { "text-anchor": "end" };
  const here = (row) => !!row.level && row.level === chosen?.level, picked = (row) => here(row) && row.k === chosen.k;
  const box = (row) => { // what missing information could make of it
    const [[, a = 0, b = 0], [, c = 0, d = 0]] = [row.over, row.found], fill = picked(row) ? `url(#${alone}-hatch)` : "currentColor";
    return el(picked(row) ? "rect.bounds.picked" : "rect.bounds", { x: x(a), y: y(d), width: x(b) - x(a), height: y(c) - y(d), fill });
  };
  const cross = ({ over, found }) => (over[3] !== null && found[3] !== null
    ? [line(over[3], found[0], over[4], found[0]), line(over[0], found[3], over[0], found[4])] : []);
  const sign = (row) => (!chosen ? rows.indexOf(row) + 1 : here(row) ? row.k : "");
  const near = (row) => here(row) + picked(row) - (row === none || row === all);
  const order = [...rows].sort((a, b) => near(a) - near(b)), signed = order.filter((row) => sign(row) !== "");
  const at = (row) => [x(row.over[0]), y(row.found[0])], inside = ([a, b]) => a > left && a < wide - 12 && b > 12 && b < y(0) - 12;
  const spots = beside(signed.map(at), order.map(at), inside);
  const mark = (row) => {
    const [x1, y1] = at(row), [cx, cy] = spots[signed.indexOf(row)] || [x1, y1], place = { cx, cy };
    const fill = (chosen ? here(row) : row === best) ? "accent" : chosen && (row === none || row === all) ? "ground" : "soft";
    const pale = chosen && row.level && !here(row);
    const told = { "true-positives": row.found, "false-positives": row.over, "net-benefit": row.net };
    return el(chosen && row.level ? "g.point" : "g", { onclick: () => row.level && choose(row) },
      (cx !== x1 || cy !== y1) && [el("line", { x1, y1, x2: cx, y2: cy, stroke: "var(--soft)" }), el("circle", { cx: x1, cy: y1, r: 3, fill: "var(--soft)" })],
      row === best && el("circle.ring.best", { ...place, r: 15 }), picked(row) && el("circle.ring", { ...place, r: 14 }),
      el("circle", { ...place, r: sign(row) ? 11 : 6, fill: `var(--${fill})`, stroke: "var(--soft)", "fill-opacity": pale ? 0.45 : 1 }),
      text(cx, cy + 5, sign(row), { "text-anchor": "middle", style: "fill: var(--ground); pointer-events: none" }),
      el("title", `${row.words}: ${Object.entries(told).map(([key, x]) => `${t(key)} ${spread(x)}`).join("; ")}`));
  };
  const name = (row, more) => text(x(row.over[0]), y(row.found[0]), row.words, { fill: "var(--soft)", "font-size": 13, ...more });
  const reach = best && Math.min(most, accept * (top - best.net[0]));
  return el("svg.plot", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": t(chosen ? "plot-chosen" : "plot-said") },
    el("defs", el("pattern", { id: `${alone}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      el("rect", { width: 1.6, height: 6, fill: "currentColor" }))),
    line(0, 0, most, 0), line(0, 0, 0, top), line(0, 0, all.over[0], all.found[0], { "stroke-dasharray": "4 4" }),
    best && line(0, best.net[0], reach, best.net[0] + reach / accept, { class: "equal" }),
    text(left + 4, 14, `↑ ${t("true-positives")}`), text(x(most), high - 4, `${t("false-positives")} →`, end),
    text(4, y(0) + 4, "0"), text(0, y(top) + 5, Math.round(top)), text(x(most), high - 22, Math.round(most), end),
    chosen && [rows.filter(here).map(box), rows.filter(picked).map(cross)],
    chosen && [name(none, { dx: -6, dy: 22 }), name(all, { dx: -14, dy: -8, ...end })],
    order.map(mark));
}

/** Which policy has the highest net benefit, unless it ties with others or what is missing leaves it open. */
function bestWords({ best, tied }, accept) {
  if (!best) return t("best-open", { accept });
  const others = tied.length > 2 ? t("others", { n: tied.length }) : tied.map(({ words }) => words).join(` ${t("and")} `);
  return t(tied.length ? "best-tie" : "best-policy", { accept, best: best.words, others, net: spread(best.net) });
}

SCREENS.set("tradeoff", (root) => (DATA.tradeoff[0].accepts ? cohort(root, DATA.tradeoff[0]) : scenarios(root)));

function scenarios(root) {
  const now = (STATE.trade ||= { scenario: 0, signal: DATA.tradeoff[0].signals.indexOf(1), accept: 10 });
  const say = el("p.says", { role: "status" }), figure = el("div.figure"), out = el("div");
  const show = () => {
    const scene = DATA.tradeoff[now.scenario], found = weighed(scene, now), every = found.rows.find(({ key }) => key === "all").found[0];
    const widest = Math.max(...found.rows.map(({ net }) => Math.abs(net[0])), 0.1);
    const long = (net) => bar(net < 0 ? "span.bar.less" : "span.bar", Math.abs(net) / widest);
    const cells = (found, over, net) => [found + over, found, over, every - found, found - (found + over) * every / 100, net];
    const numbers = ({ found, over, net }) => cells(found[0], over[0], net[0]).map((x) => el("td.n", fixed(x)));
    const heads = ["policy", "referred", "true-positives", "false-positives", "missed", "above-chance", "net-benefit"].map((key) => t(key));
    fill(say, `${t("simulated")}: `, bestWords(found, now.accept));
    fill(figure, plot(found, now.accept, figure.clientWidth), el("div", el("b", t("net-benefit")),
      el("ol", found.rows.map(({ words, net }) => el("li", words, el("div", long(net[0]), ` ${fixed(net[0])}`))))));
    fill(out, table(t("tradeoff-caption", { n: number(scene.n), signal: number(scene.signals[now.signal]) }), heads,
      found.rows.map((row, i) => [`${i + 1} ${row.words}`, ...numbers(row)])));
  };
  const set = (key) => (value) => { now[key] = +value; show(); };
  const one = (key, options) => el("div.control", labelled(t(key), choose(options.map((words, i) => [i, words]), now[key], set(key))));
  const titles = DATA.tradeoff.map(({ title }) => DATA.words[STATE.language]?.scenarios?.[title] || title);
  root.append(el("div.controls", one("scenario", titles), one("signal", DATA.tradeoff[0].signals.map((x) => number(x))),
    slide("accept", now.accept, { min: 1, max: 50, words: String }, set("accept"))), say, figure, out, el("p.small", t("tradeoff-note")));
  show();
}

/** A cohort of one's own: a level, at least k indications and a threshold choose a policy, and so does a click. */
function cohort(root, scene) {
  const now = STATE.chosen, say = el("p.says", { role: "status" });
  const [figure, people, controls, behind] = ["div", "div", "div.controls", "div.behind"].map((part) => el(part));
  const show = () => {
    const found = weighed(scene, now), one = found.rows.find(({ level: at, k }) => at === now.level && k === now.k);
    const every = found.rows.find(({ key }) => key === "all").found, words = { policy: one.words, found: one.found, every, over: one.over };
    for (const key of ["found", "every", "over"]) words[key] = spread(words[key]);
    const parts = Object.entries(one.people).filter(([part, n]) => n || !part.endsWith("_unknown"));
    const [right, lost] = one.errors.map(fixed);
    fill(say, t("chosen-policy", words), " ", bestWords(found, now.accept));
    fill(figure, plot(found, now.accept, figure.clientWidth, now, ({ level, k }) => { move({ level, k }); put(); }));
    fill(people, el("p", el("b", t(scene.simulated ? "of-simulated" : "of-cases", { n: number(scene.n) }))), 
      counted(parts.map(([part, n]) => [part, n, t(`part-${part}`)])),
      right !== undefined && el("p.small", t("errors-said", { right, lost })));
    STATE.listed();
  };
  STATE.listed = () => {
    const { level: at, k, n, cases } = STATE.rows || {}, waits = at !== now.level || k !== now.k;
    const heads = ["case", "recommendation", "indications", "wishes", "what-fires", "true-positives"].map((key) => t(key));
    const row = ([id, stands, clinical, wishes, fires, changed]) => [id, level(stands), clinical, wishes, fires, t(changed)];
    fill(behind, waits ? el("p.small", t("cases-wait"))
      : table(t("cases-behind", { k: cases.length, n: number(n) }), heads, cases.map(row)));
  };
  const move = (change) => { Object.assign(now, change); tell(); show(); };
  const put = () => fill(controls, pick("level", now.level, scene.levels.map((one) => [one, level(one)]), (level) => move({ level })),
    slide("at-least-k", now.k, { min: 1, max: scene.ks.length, words: String }, (k) => move({ k })),
    slide("accept", scene.accepts.indexOf(now.accept), { max: scene.accepts.length - 1, words: (i) => number(scene.accepts[i]) },
      (i) => move({ accept: scene.accepts[i] })));
  root.append(controls, say, el("div.columns", figure, people), behind, el("p.small", t("bounds-note")));
  put();
  show();
}
