// A rule book evaluated where there is no Python: verdicts, recommendation, what to ask next, what would change it.
// It takes the JSON that RuleBook.to_json() gives, of any book, and imports nothing. An answer is true or false, the
// name of a level, or a number; null and a missing one mean: not recorded, which is never no.

export const STANDING = ["no_indication", "not_needed", "optional", "recommended", "urgent"]; // each over those before
const RANK = [1, 0, 2, 3, 4]; // of each of these from the least pressing: not needed, none, optional, ...

const OPS = {
  ">=": (a, b) => a >= b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, "<": (a, b) => a < b, "==": (a, b) => a === b,
};

/** An answer, or null where none is recorded: a fact may be called like what every object has. */
const recorded = (answers, name) => (Object.hasOwn(answers, name) ? (answers[name] ?? null) : null);

/** What a condition says of a case: true, false, or null where what is missing decides it. */
export function holds(condition, answers, levels = {}) {
  const parts = condition.all || condition.any || condition.of;
  if (parts) {
    const said = parts.map((part) => holds(part, answers, levels));
    const least = condition.all ? parts.length : condition.any ? 1 : condition.at_least;
    const yes = said.filter((x) => x === true).length, open = said.filter((x) => x === null).length;
    return yes >= least ? true : yes + open >= least ? null : false;
  }
  if (condition.not) {
    const said = holds(condition.not, answers, levels);
    return said === null ? null : !said;
  }
  const answer = recorded(answers, condition.fact);
  if (answer === null) return null;
  if (condition.is_in) return condition.is_in.includes(answer);
  if (!condition.op) return answer === true;
  const order = levels[condition.fact], place = (x) => (order ? order.indexOf(x) : x);
  return OPS[condition.op](place(answer), place(condition.value));
}

/** The facts that a condition reads, in its order. */
export function reads(condition) {
  const parts = condition.all || condition.any || condition.of || (condition.not ? [condition.not] : null);
  return parts ? [...new Set(parts.flatMap(reads))] : [condition.fact];
}

function leaves(condition, fact) {
  const parts = condition.all || condition.any || condition.of || (condition.not ? [condition.not] : null);
  if (parts) return parts.flatMap((part) => leaves(part, fact));
  return condition.fact === fact && condition.op ? [condition] : [];
}

/** A book that is ready to be asked: `new Book(json)`, then `assess`, `questions`, `smallestChange`. */
export class Book {
  constructor(json) {
    this.json = typeof json === "string" ? JSON.parse(json) : json;
    this.rules = this.json.rules.map((rule) => ({ ...rule, facts: reads(rule.when) }));
    this.levels = Object.fromEntries(this.json.facts.map((fact) => [fact.name, fact.levels]));
    const read = new Set(this.rules.flatMap((rule) => rule.facts));
    this.facts = this.json.facts.filter((fact) => read.has(fact.name));
    this.cuts = {}; // of a number: where a sort of answers begins, and whether only above it
    this.options = Object.fromEntries(this.facts.map((fact) => [fact.name, this.#options(fact)]));
    this.byName = Object.fromEntries(this.rules.map((rule) => [rule.name, rule]));
    this.kept = new Map(); // what was found for a rule and the answers that it reads
  }

  /** The least answer of every sort that the rules tell apart. */
  #options(fact) {
    if (fact.kind !== "count" && fact.kind !== "number") return fact.levels || [false, true];
    const low = fact.low ?? 0, high = fact.high ?? Infinity, whole = fact.kind === "count";
    const cuts = new Map();
    for (const leaf of this.rules.flatMap((rule) => leaves(rule.when, fact.name))) {
      const after = leaf.op === ">" || leaf.op === "<=";
      const [value, above] = whole ? [after ? Math.floor(leaf.value) + 1 : Math.ceil(leaf.value), false] : [leaf.value, after];
      if ((value > low || (value === low && above)) && (value < high || (value === high && !above))) cuts.set(`${value} ${above}`, [value, above]);
    }
    const order = [...cuts.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    this.cuts[fact.name] = order;
    return [low, ...order.map(([value, above]) => (above ? nextAfter(value) : value))];
  }

  /** The answers as the rules tell them apart: a number becomes the least one of its sort. */
  sorted(answers) {
    return Object.fromEntries(this.facts.map(({ name, kind }) => {
      const answer = recorded(answers, name);
      const number = answer !== null && (kind === "count" || kind === "number");
      return [name, number ? this.options[name].findLast((least, i) => i === 0 || answer >= least) : answer];
    }));
  }

  verdict(rule, answers) {
    return holds(rule.when, answers, this.levels);
  }

  /** Every rule's verdict, what stands, and the highest that missing information could raise it to. */
  assess(answers) {
    const verdicts = Object.fromEntries(this.rules.map((rule) => [rule.name, this.verdict(rule, answers)]));
    const judged = this.rules.filter((rule) => rule.kind !== "amplifier");
    const now = Math.max(0, ...judged.map((rule) => (verdicts[rule.name] === true ? standing(rule) : 0)));
    const most = Math.max(now, ...judged.map((rule) => (verdicts[rule.name] !== false ? raising(rule) : 0)));
    const fired = (...levels) =>
      this.rules.filter((rule) => verdicts[rule.name] === true && levels.includes(rule.level)).length;
    return {
      verdicts, recommendation: STANDING[now], possible: STANDING[most], undetermined: most > now,
      indications: fired("recommended", "urgent"), preferences: fired("optional"),
    };
  }

  /** What to ask, the most telling first: facts not recorded of which an answer could change the recommendation. */
  questions(answers) {
    const given = this.sorted(answers), judged = this.rules.filter((rule) => rule.kind !== "amplifier");
    const said = judged.map((rule) => this.verdict(rule, given));
    const now = Math.max(0, ...judged.map((rule, i) => (said[i] === true ? standing(rule) : 0)));
    const possible = judged.map((rule, i) => (said[i] !== false ? raising(rule) : 0));
    const undetermined = Math.max(0, ...possible) > now;
    const found = [];
    this.facts.forEach((fact, place) => {
      const name = fact.name;
      if (given[name] !== null) return;
      const reading = judged.flatMap((rule, i) => (rule.facts.includes(name) ? [i] : []));
      const helps = Math.max(0, ...reading.map((i) => (this.#helps(judged[i], name, given) ? standing(judged[i]) : 0)));
      if (helps <= now) return;
      const others = Math.max(0, ...possible.filter((_, i) => !reading.includes(i)));
      const outcomes = this.options[name].map((option) => {
        const then = reading.map((i) => this.verdict(judged[i], { ...given, [name]: option }));
        const after = Math.max(now, ...reading.map((i, j) => (then[j] === true ? standing(judged[i]) : 0)));
        const most = Math.max(others, ...reading.map((i, j) => (then[j] !== false ? raising(judged[i]) : 0)));
        return { option, after, final: most <= after };
      });
      const changes = outcomes.filter(({ after }) => after !== now).length;
      const makesFinal = outcomes.some(({ after, final }) => final && (after !== now || undetermined));
      const open = reading.filter((i) => said[i] === null).length;
      const order = [Math.max(...outcomes.map(({ after }) => RANK[after])), +makesFinal, helps, changes, open, -place];
      found.push({ fact: name, question: fact.question, makesFinal, order,
        answers: outcomes.map(({ option, after }) => [option, STANDING[after]]) });
    });
    return found.sort((a, b) => compare(b.order, a.order));
  }

  nextQuestion(answers) {
    return this.questions(answers)[0]?.fact ?? null;
  }

  /** Whether an answer to a fact, not recorded, could make the rule fire once others are learned, and only with it. */
  #helps(rule, fact, given) {
    return this.#once(`able ${fact}`, rule, given, () => this.#able(rule, fact, given));
  }

  /** What a rule says of the answers that it reads is found once. */
  #once(what, rule, given, find) {
    const key = `${what} ${rule.name} ${JSON.stringify(rule.facts.map((name) => given[name]))}`;
    if (!this.kept.has(key)) this.kept.set(key, find());
    return this.kept.get(key);
  }

  #able(rule, fact, given) {
    if (this.verdict(rule, given) !== null) return false; // it fires without, or nothing helps
    const free = rule.facts.filter((name) => given[name] === null && name !== fact);
    const answers = { ...given };
    const walk = (i) => {
      if (i === free.length) {
        if (this.verdict(rule, { ...answers, [fact]: null }) === true) return false;
        return this.options[fact].some((option) => this.verdict(rule, { ...answers, [fact]: option }) === true);
      }
      return [...this.options[free[i]], null].some((option) => {
        answers[free[i]] = option;
        return this.verdict(rule, answers) !== false && walk(i + 1);
      });
    };
    return walk(0);
  }

  /** The smallest change after which a rule fires, as [fact, answers that would do]; null where none would do.
   *  Fewest recorded facts changed, fewest learned, smallest steps along ordered levels, the order of the rule. */
  smallestChange(rule, answers) {
    const given = this.sorted(answers);
    return this.#once("change", rule, given, () => this.#smallest(rule, given));
  }

  #smallest(rule, given) {
    const facts = rule.facts, now = facts.map((name) => given[name]);
    const ordered = facts.map((name) => this.json.facts.find((fact) => fact.name === name).kind === "ordered");
    const options = facts.map((name) => [...this.options[name], null].map((option, place) => [option, place]));
    const then = {};
    options.forEach((some, i) => some.sort(([a], [b]) => (b === now[i]) - (a === now[i]))); // first what is so already
    let best = null, alike = [];
    const ways = (i, way, changes, learned) => {
      if (best && compare([changes, learned], best.order.slice(0, 2)) > 0) return; // no longer among the smallest
      facts.forEach((name, j) => { then[name] = j < i ? way[j][0] : null; });
      if (this.verdict(rule, then) === false) return;
      if (i < facts.length) {
        for (const one of options[i]) ways(i + 1, [...way, one], changes + (one[0] !== now[i] && now[i] !== null), learned + (one[0] !== now[i] && now[i] === null));
        return;
      }
      if (this.verdict(rule, then) !== true) return;
      const changed = way.map(([option], j) => option !== now[j]);
      const count = (test) => changed.filter((is, j) => is && test(j)).length;
      const step = (j) => Math.abs(way[j][1] - this.options[facts[j]].indexOf(now[j]));
      const steps = changed.reduce((sum, is, j) => sum + (is && ordered[j] && now[j] !== null ? step(j) : 0), 0);
      const which = way.map(([, place], j) => (changed[j] ? place : Infinity));
      const order = [count((j) => now[j] !== null), count((j) => now[j] === null), steps, ...which];
      const less = best === null ? -1 : compare(order, best.order);
      if (less < 0) best = { order, changed, way };
      alike.push({ changed, way });
    };
    ways(0, [], 0, 0);
    if (!best) return null;
    const places = ({ way }) => way.map(([, place]) => place);
    const same = (other) => other.changed.every((is, j) => is === best.changed[j]);
    const alone = best.changed.filter(Boolean).length === 1;
    alike = alone ? alike.filter(same).sort((a, b) => compare(places(a), places(b))) : [best];
    return facts.flatMap((name, j) => (best.changed[j] ? [[name, [...new Set(alike.map(({ way }) => way[j][0]))]]] : []));
  }
}

const standing = (rule) => STANDING.indexOf(rule.level || "not_needed");
const raising = (rule) => (standing(rule) > 1 ? standing(rule) : 0); // a reason against raises nothing

function compare(a, b) {
  const i = a.findIndex((x, place) => x !== b[place]);
  return i < 0 ? 0 : a[i] < b[i] ? -1 : 1;
}

/** The next number above, as the least answer of "more than". */
function nextAfter(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigInt64(0);
  view.setBigInt64(0, value >= 0 ? bits + 1n : bits - 1n);
  return view.getFloat64(0);
}
