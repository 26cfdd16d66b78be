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
const numeric = ({ kind }) => kind === "count" || kind === "number";

/** The parts that a condition joins, and how many of them are enough; nothing of a comparison. */
function joined({ all, any, of, at_least }) {
  return all ? [all, all.length] : any ? [any, 1] : of ? [of, at_least] : [];
}

/** What a condition says of a case: true, false, or null where what is missing decides it. */
export function holds(condition, answers, levels = {}) {
  const [parts, enough] = joined(condition);
  if (parts) {
    let yes = 0, open = 0;
    for (const part of parts) {
      const said = holds(part, answers, levels);
      yes += said === true;
      open += said === null;
    }
    return yes >= enough ? true : yes + open >= enough ? null : false;
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

const leaves = (condition) => (joined(condition)[0] || [condition.not]).flatMap((part) => (part ? leaves(part) : [condition]));

/** The facts that a condition reads, in its order. */
export const reads = (condition) => [...new Set(leaves(condition).map(({ fact }) => fact))];

/** A book that is ready to be asked: `new Book(json)`, then `assess`, `questions`, `smallestChange`. */
export class Book {
  constructor(json) {
    this.json = typeof json === "string" ? JSON.parse(json) : json;
    this.rules = this.json.rules.map((rule) => ({ ...rule, facts: reads(rule.when) }));
    this.judged = this.rules.filter((rule) => rule.kind !== "amplifier");
    this.byName = Object.fromEntries(this.rules.map((rule) => [rule.name, rule]));
    const read = new Set(this.rules.flatMap((rule) => rule.facts));
    this.facts = this.json.facts.filter((fact) => read.has(fact.name));
    this.factsByName = Object.fromEntries(this.facts.map((fact) => [fact.name, fact]));
    this.levels = Object.fromEntries(this.facts.map((fact) => [fact.name, fact.levels]));
    this.cuts = {}; // of a number: where a sort of answers begins, and whether only above it
    this.options = Object.fromEntries(this.facts.map((fact) => [fact.name, this.#options(fact)]));
    this.kept = new Map(); // what was found for a rule and the answers that it reads
  }

  /** The least answer of every sort that the rules tell apart. */
  #options(fact) {
    if (!numeric(fact)) return fact.levels || [false, true];
    const { name, kind, low = 0, high = Infinity } = fact, cuts = new Map();
    for (const { op, value } of this.rules.flatMap((rule) => leaves(rule.when)).filter((leaf) => leaf.fact === name)) {
      const after = op === ">" || op === "<=", whole = after ? Math.floor(value) + 1 : Math.ceil(value);
      const [cut, above] = kind === "count" ? [whole, false] : [value, after];
      if ((cut > low || (cut === low && above)) && (cut < high || (cut === high && !above))) cuts.set(`${cut} ${above}`, [cut, above]);
    }
    this.cuts[name] = [...cuts.values()].sort(compare);
    return [low, ...this.cuts[name].map(([cut, above]) => (above ? nextAfter(cut) : cut))];
  }

  /** The answers as the rules tell them apart: a number becomes the least one of its sort. */
  sorted(answers) {
    const sort = (fact, answer) => (answer !== null && numeric(fact)
      ? this.options[fact.name].findLast((least, i) => i === 0 || answer >= least) : answer);
    return Object.fromEntries(this.facts.map((fact) => [fact.name, sort(fact, recorded(answers, fact.name))]));
  }

  verdict(rule, answers) {
    return holds(rule.when, answers, this.levels);
  }

  /** Every rule's verdict, what stands, and the highest that missing information could raise it to. */
  assess(answers) {
    const verdicts = Object.fromEntries(this.rules.map((rule) => [rule.name, this.verdict(rule, answers)]));
    const [now, raised] = stands(this.judged, ({ name }) => verdicts[name]), most = Math.max(now, raised);
    const fired = (...levels) => this.rules.filter(({ name, level }) => verdicts[name] === true && levels.includes(level)).length;
    return {
      verdicts, recommendation: STANDING[now], possible: STANDING[most], undetermined: most > now,
      indications: fired("recommended", "urgent"), preferences: fired("optional"),
    };
  }

  /** What to ask, the most telling first: facts not recorded of which an answer could change the recommendation. */
  questions(answers) {
    const given = this.sorted(answers), said = new Map(this.judged.map((rule) => [rule, this.verdict(rule, given)]));
    const [now, possible] = stands(this.judged, (rule) => said.get(rule)), found = [];
    for (const [place, { name, question }] of this.facts.entries()) {
      if (given[name] !== null) continue;
      const reading = this.judged.filter((rule) => rule.facts.includes(name));
      const [helps] = stands(reading, (rule) => this.#helps(rule, name, given));
      if (helps <= now) continue;
      const [, others] = stands(this.judged, (rule) => !reading.includes(rule) && said.get(rule));
      const outcomes = this.options[name].map((option) => {
        const [then, most] = stands(reading, (rule) => this.verdict(rule, { ...given, [name]: option }));
        const after = Math.max(now, then);
        return { option, after, final: Math.max(others, most) <= after };
      });
      const makesFinal = outcomes.some(({ after, final }) => final && (after !== now || possible > now));
      const changes = outcomes.filter(({ after }) => after !== now).length, open = reading.filter((rule) => said.get(rule) === null).length;
      const order = [Math.max(...outcomes.map(({ after }) => RANK[after])), +makesFinal, helps, changes, open, -place];
      found.push({ fact: name, question, makesFinal, order, answers: outcomes.map(({ option, after }) => [option, STANDING[after]]) });
    }
    return found.sort((a, b) => compare(b.order, a.order));
  }

  nextQuestion(answers) {
    return this.questions(answers)[0]?.fact ?? null;
  }

  /** What is found of a rule and the answers that it reads is found once. */
  #once(what, rule, given, find) {
    const key = `${what} ${rule.name} ${JSON.stringify(rule.facts.map((name) => given[name]))}`;
    if (!this.kept.has(key)) this.kept.set(key, find());
    return this.kept.get(key);
  }

  /** Whether an answer to a fact, not recorded, could make the rule fire once others are learned, and only with it. */
  #helps(rule, fact, given) {
    return this.#once(`able ${fact}`, rule, given, () => {
      if (this.verdict(rule, given) !== null) return false; // it fires without, or nothing helps
      const free = rule.facts.filter((name) => given[name] === null && name !== fact), answers = { ...given };
      const fires = (answer) => this.verdict(rule, { ...answers, [fact]: answer }) === true;
      const walk = (i) => (i === free.length ? !fires(null) && this.options[fact].some(fires)
        : [...this.options[free[i]], null].some((option) => {
          answers[free[i]] = option;
          return this.verdict(rule, answers) !== false && walk(i + 1);
        }));
      return walk(0);
    });
  }

  /** The smallest change after which a rule fires, as [fact, answers that would do]; null where none would do.
   *  Fewest recorded facts changed, fewest learned, smallest steps along ordered levels, the order of the rule. */
  smallestChange(rule, answers) {
    const given = this.sorted(answers);
    return this.#once("change", rule, given, () => this.#smallest(rule, given));
  }

  /** The first way, in the order of the rule, that costs no more than the limit; the limit rises until there is one. */
  #smallest(rule, given) {
    const names = rule.facts, then = { ...given };
    let found = null, limit = 0, beyond = 0;
    const search = (i, spent) => {
      const least = spent + this.#least(rule.when, true, then, (name) => names.indexOf(name) >= i);
      if (least > limit) { beyond = Math.min(beyond, least); return null; }
      if (i === names.length) return [];
      const name = names[i], now = given[name];
      for (const option of [...this.options[name].filter((x) => x !== now), now]) {
        then[name] = option;
        const rest = search(i + 1, spent + this.#cost(name, now, option));
        if (rest) return option === now ? rest : [[name, [option]], ...rest];
      }
      return null;
    };
    for (; !found && limit < Infinity; limit = beyond) {
      beyond = Infinity;
      found = search(0, 0);
    }
    const fires = (name) => this.options[name].filter((option) => this.verdict(rule, { ...given, [name]: option }) === true);
    return found?.length === 1 ? [[found[0][0], fires(found[0][0])]] : found;
  }

  /** What a change of one fact costs: one that is recorded above all, then one that is learned, then each step. */
  #cost(name, now, option) {
    const order = this.options[name], steps = Math.abs(order.indexOf(option) - order.indexOf(now));
    if (option === now) return 0;
    return now === null ? 1e3 : 1e6 + (this.factsByName[name].kind === "ordered" ? steps : 0);
  }

  /** The least that it costs to make a condition hold, or not hold, where only free facts may change. Parts that read
   *  different facts add up; of others no more is certain than what the dearest of them costs. */
  #least(condition, wanted, then, free) {
    if (condition.not) return this.#least(condition.not, !wanted, then, free);
    const [parts, enough] = joined(condition), { fact } = condition;
    if (parts) {
      const costs = parts.map((part) => this.#least(part, wanted, then, free)).sort((a, b) => a - b);
      const needed = costs.slice(0, wanted ? enough : parts.length - enough + 1);
      const apart = parts.flatMap(reads).length === reads(condition).length;
      return apart ? needed.reduce((a, b) => a + b, 0) : needed.at(-1);
    }
    if (holds(condition, then, this.levels) === wanted) return 0;
    if (!free(fact)) return Infinity;
    const does = (option) => holds(condition, { [fact]: option }, this.levels) === wanted;
    return Math.min(Infinity, ...this.options[fact].filter(does).map((option) => this.#cost(fact, then[fact], option)));
  }
}

const standing = (rule) => STANDING.indexOf(rule.level || "not_needed");
const raising = (rule) => (standing(rule) > 1 ? standing(rule) : 0); // a reason against raises nothing

/** What stands by what each rule says, and what missing information could raise it to. */
function stands(rules, says) {
  let now = 0, most = 0;
  for (const rule of rules) {
    const said = says(rule);
    if (said === true) now = Math.max(now, standing(rule));
    if (said !== false) most = Math.max(most, raising(rule));
  }
  return [now, most];
}

function compare(a, b) {
  const i = a.findIndex((x, place) => x !== b[place]);
  return i < 0 ? 0 : a[i] < b[i] ? -1 : 1;
}

/** The next number above, as the least answer of "more than". */
function nextAfter(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  view.setBigInt64(0, view.getBigInt64(0) + (value >= 0 ? 1n : -1n));
  return view.getFloat64(0);
}
