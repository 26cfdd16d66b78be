"""What if the assumptions are wrong: one parameter at a time, and all at once.

Every scenario is simulated with the same random numbers, so two results differ by what was changed and not by
chance; and what was solved for its rates is moved along, so that they hold whatever else does not. Ranges say
how far a number may be off; a band is as honest as the ranges behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, product

import numpy as np
import pandas as pd
import polars as pl
from tqdm.auto import tqdm

from secondop.arguments import checked
from secondop.cohorts import draws as uncertain
from secondop.cohorts.parameters import Parameter, parameter_words
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.cohorts.simulate import common_cohorts
from secondop.errors import unknown_name
from secondop.evaluation import measures as defined
from secondop.evaluation.cohort import EITHER, Cohort
from secondop.evaluation.columns import MAX_GROUPS
from secondop.evaluation.policies import FORESIGHT, choose
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules import facts
from secondop.rules.conditions import OPERATORS, Compare
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook

BATCH = 400_000  # cases assessed at once: cohorts of several scenarios together
BLOCKS = 20
IF_YES = " if missing were yes"
_PER_CASE = ("referral_rate", "true_positive", "false_positive", "false_negative", "net_benefit")
_PER_CASE += ("yield_above_chance",)
MEASURES = {n: ("changed", n, f"{defined.MEASURES[n].words}, per 100 cases") for n in _PER_CASE}
MEASURES |= {n: (n, "true_positive", f"{words}, per 100 cases") for n, words in defined.TRUTH.items()}
MEASURES |= {n: (n, "ppv", f"{n.replace('_', ' ')}, per 100 opinions") for n in EITHER}
MEASURES["nnr"] = ("changed", "nnr", "referrals for one change")
"""For each result: the outcome that it reads, the measure that it takes, and both in words."""
_FLAGS = ("changed", *EITHER, *defined.TRUTH)


@checked()
def tornado(
    scenario: Scenario | str,
    measure: str | Sequence[str] = "true_positive",
    *,
    policy: str = "recommended",
    parameters: Iterable[str] | None = None,
    n: int = 10_000,
    seed: int,
    threshold: float = THRESHOLD,
    outcome: str = "either",
    zeros: float = 0.0,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """How a result swings when one parameter at a time goes to either end of its range.

    Shares of the same fact give way in proportion, rates among all cases where they could not hold beside
    it, and what was solved moves along so that the scenario's rates hold; nothing else moves.

    ``measure``: keys of ``MEASURES``. ``policy``: as :func:`tradeoff` has it, or ``sought`` (an opinion); one
    of the rule book with " if missing were yes" refers also those whom missing information could bring there.
    ``parameters``: paths of the scenario, or of a rule's threshold (``thresholds.first_line_weeks``); those
    that do not vary are counted by ``attrs["fixed"]``. ``zeros``: how far correlations of 0 may be off.

    A row per measure and parameter, the widest swing first: the results ``base, at_lower, at_upper``;
    ``swing``, from least to greatest, and ``swing_error``, the half-width of its 95 % interval by chance in
    simulating (20 blocks of cases, each left out in turn). ``unmet``: at which ends the rates among seekers
    cannot hold beside the others (odds off by over 5 %); of ``sought`` nothing is said there.

    Examples
    --------
    >>> tornado("programme", parameters=["signal"], n=500, seed=1)[["label", "lower", "upper"]]
                               label  lower  upper
    0  how informative facts are (signal)    0.5    1.5
    """
    from scipy.stats import t

    scenario, of_book = as_scenario(scenario), parameters_of(rule_book)
    stated = {path: p.value for path, p in of_book.items()}
    can = uncertain.unstated(scenario, zeros) | of_book
    paths = list(dict(scenario.parameters) | can if parameters is None else parameters)
    for path in paths:
        if path not in scenario.parameters and path not in can:
            raise unknown_name("parameter", path, dict(scenario.parameters) | can)
    can = uncertain.varying(scenario) | can
    moving = {path: can[path] for path in paths if path in can and can[path].lower < can[path].upper}
    ends = [(path, end) for path, p in moving.items() for end in (p.lower, p.upper)]
    moved = [{path: end} if path in of_book else {} for path, end in ends]
    cuts = pd.DataFrame([stated, *(stated | cut for cut in moved)])
    every = (
        scenario if cut else scenario.replace(uncertain.rates_that_hold(scenario, {path: end}) | {path: end})
        for (path, end), cut in zip(ends, moved, strict=True)
    )
    asked = {"n": n, "seed": seed, "threshold": threshold}
    names = [measure] if isinstance(measure, str) else list(measure)
    policies, found, unmet = _evaluate(
        scenario, every, rule_book, cuts, names, [policy], outcome, BLOCKS, **asked
    )
    if policy not in policies:
        raise unknown_name("policy", policy, policies)
    keys = ["measure", "policy", "parameter", "label", "basis", "value", "lower", "upper"]
    about = [(policy, x, parameter_words(x), p.basis, p.value, p.lower, p.upper) for x, p in moving.items()]
    table = pd.DataFrame([(name, *each) for name in names for each in about], columns=keys)
    runs = np.array([(0, 2 * i + 1, 2 * i + 2) for i in range(len(moving))], int).reshape(-1, 3)
    ends = np.concatenate([found[name][policies.index(policy)][runs] for name in names])
    table[["base", "at_lower", "at_upper"]] = whole = ends[..., 0]
    words = np.array(["", "lower", "upper", "lower and upper"])
    table["unmet"] = np.tile(words[unmet[runs[:, 1:]] @ [1, 2]], len(names))
    with np.errstate(invalid="ignore"):  # a row of which nothing is known stays blank
        most, least = (np.where(np.isnan(whole), end, whole) for end in (-np.inf, np.inf))
        lost = ends[table.index, most.argmax(1), 1:] - ends[table.index, least.argmin(1), 1:]
        table["swing"] = np.fmax.reduce(whole, 1) - np.fmin.reduce(whole, 1)
        table["swing_error"] = t.ppf(0.975, BLOCKS - 1) * np.sqrt(BLOCKS - 1) * lost.std(axis=1)
    order = np.lexsort((-table["swing"], np.repeat(range(len(names)), len(moving))))
    table = table.iloc[order].reset_index(drop=True)
    table.attrs = {"simulated": True, "scenario": scenario.name} | asked
    table.attrs["fixed"] = len(paths) - len(moving)
    return table


@checked()
def propagate(
    scenario: Scenario | str,
    draws: int = 1_000,
    n: int = 10_000,
    *,
    seed: int,
    policies: Sequence[str] = ("urgent", "recommended", "optional"),
    measures: Sequence[str] = tuple(MEASURES),
    threshold: float = THRESHOLD,
    outcome: str = "either",
    counts: Mapping[str, tuple[float, float]] | None = None,
    weight: float = 4.0,
    zeros: float = 0.0,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """What follows when all parameters are uncertain at once: every result, in every draw of them.

    ``draws, counts, weight, zeros``: as for :func:`draw_parameters`; ``measures, policies`` as for
    :func:`tornado`, each policy also with " if missing were yes". Thresholds of rules are drawn too. What was
    solved moves along, so that the rates drawn hold: those among all cases in each draw; in the share
    ``attrs["unmet"]`` one among seekers does not, and what the policy ``sought`` finds is blank there.

    A row per ``policy``, ``draw`` and ``measure``: its ``value``, and ``base``, that in the scenario as
    stated; blank where nothing was counted. A longer run begins with the draws of a shorter one.

    Examples
    --------
    >>> propagate("programme", 3, 500, seed=1, policies=["urgent"])["policy"].unique().tolist()
    ['none', 'urgent', 'urgent if missing were yes', 'perfect foresight', 'all', 'sought']
    """
    scenario = as_scenario(scenario)
    drawn = uncertain.draw_parameters(scenario, draws, seed=seed, counts=counts, weight=weight, zeros=zeros)
    stated = pd.DataFrame([{path: p.value for path, p in parameters_of(rule_book).items()}])
    cuts = pd.concat([stated, draw_thresholds(rule_book, draws, seed=seed, weight=weight)])
    every = (each for _, each in uncertain.drawn_scenarios(scenario, drawn))
    asked = {"n": n, "seed": seed, "threshold": threshold}
    made, found, unmet = _evaluate(scenario, every, rule_book, cuts, measures, policies, outcome, **asked)
    keys = pd.MultiIndex.from_product([made, found, drawn.index], names=["policy", "measure", "draw"])
    values = np.stack([x[..., 0] for x in found.values()], 1)
    table = pd.DataFrame({"value": values[..., 1:].ravel()}, keys).reset_index()
    table = table[["policy", "draw", "measure", "value"]].assign(base=values[..., 0].repeat(draws))
    table.attrs = {"simulated": True, "scenario": scenario.name} | asked
    table.attrs |= {"draws": draws, "unmet": float(unmet.mean())}
    return table


def _evaluate(
    scenario: Scenario,
    variants: Iterable[Scenario],
    rule_book: RuleBook,
    cuts: pd.DataFrame,
    measures: Sequence[str],
    policies: Sequence[str],
    outcome: str,
    blocks: int = 1,
    *,
    n: int,
    seed: int,
    threshold: float,
) -> tuple[list[str], dict[str, np.ndarray], np.ndarray]:
    """The policies; each measure: (policies, variants, all cases and all but those of each block); unmet.

    The first variant is the scenario itself. ``cuts``: where thresholds lie, a row a variant. ``unmet``:
    where seekers cannot have all rates; what they find is blank. Small cohorts are assessed together.
    """
    if unknown := [name for name in measures if name not in MEASURES]:
        raise unknown_name("measure", unknown[0], MEASURES)
    defined.odds_of([threshold])  # refuses what is no probability before anything is simulated
    asking, whole, missed = asking_whether_met(rule_book), 0.0, np.zeros(len(cuts))
    wanted = {x.removesuffix(IF_YES) for x in policies} - {"sought"}
    own = {name: name for name in ("sought", *EITHER)}
    together, every = max(1, min(BATCH // n, MAX_GROUPS // blocks)), chain([scenario], variants)
    drawn = common_cohorts(every, n, seed=seed, together=together, recentring=uncertain.Recentring(scenario))
    with tqdm(total=n * len(cuts), unit="case", unit_scale=True, delay=2, leave=False) as bar:
        for frame in drawn:
            number = frame["cohort"].to_numpy()
            np.maximum.at(missed, number, frame["missed"].to_numpy())
            place = pl.col("cohort") * blocks + pl.col("row") * blocks // n
            told = saying_whether_met(frame.with_columns(place=place), rule_book, cuts.iloc[number])
            cohort, asked = Cohort(told, asking, outcome=outcome, by="place", flags=own), {}
            for name, refers in ((x.name, x.refers) for x in choose(cohort, wanted) if x.refers is not None):
                asked |= {name: refers, name + IF_YES: refers.fill_null(True)}
            seen = cohort.patterns(asked, ("sought", *_FLAGS))
            seen.codes |= {FORESIGHT: seen.codes["flag changed"], "sought": seen.codes["flag sought"]}
            names = ["none", *asked, FORESIGHT, "all", "sought"]
            part = np.zeros((len(_FLAGS), len(names), len(cuts) * blocks, 3, 3))
            for (i, flag), (j, name) in product(enumerate(_FLAGS), enumerate(names)):
                part[i, j, list(map(int, seen.groups))] = seen.crossed(name, f"flag {flag}")[0]
            whole = whole + part
            bar.update(len(frame))
    blockwise = whole.reshape(*whole.shape[:2], -1, blocks, 3, 3)
    whole, found, unmet = blockwise.sum(3, keepdims=True), {}, missed > uncertain.UNMET
    tables = dict(zip(_FLAGS, np.concatenate([whole, whole - blockwise], 3), strict=True))
    for name in measures:  # no outcome is unknown, and unknown facts refer nobody
        flag, measure, _ = MEASURES[name]
        numbers = defined.table(tables[flag], tables[flag], [threshold], measures=[measure])[measure]
        found[name] = numbers[..., 0, 0] if defined.MEASURES[measure].at_threshold else numbers[..., 0]
        found[name][-1, unmet] = np.nan  # those who seek there are not whom the scenario describes
    return names, found, unmet


def thresholds(rule_book: RuleBook) -> dict[str, Compare]:
    """Every threshold of its rules that states a range, by a path such as ``thresholds.first_line_weeks``.

    A further one of the same fact has its value in its path: ``thresholds.first_line_weeks 26``.
    """
    found: dict[str, Compare] = {}
    for leaf in (leaf for rule in rule_book for leaf in rule.when.leaves()):
        if isinstance(leaf, Compare) and leaf.lower != leaf.upper:
            path = f"thresholds.{leaf.fact.name}"
            path += f" {leaf.value}" if found.get(path, leaf) != leaf else ""
            found.setdefault(path, leaf)
    return found


def parameters_of(rule_book: RuleBook) -> dict[str, Parameter]:
    """The thresholds as numbers (of a level its place), with value and range as a scenario holds its own."""
    found = {}
    for path, leaf in thresholds(rule_book).items():
        ends = (leaf.value if end is None else end for end in (leaf.value, leaf.lower, leaf.upper))
        places = (float(leaf.fact.levels.index(x) if leaf.fact.has_levels else x) for x in ends)
        found[path] = Parameter(*places, leaf.basis)
    return found


def met(threshold: Compare) -> facts.Fact:
    """Whether a case meets a threshold, as a fact of its own."""
    name = f"met_{threshold.fact.name}_{threshold.value}".replace(".", "_")
    return facts.flag(name, f"{threshold.fact.question} Does the answer meet the threshold?")


def asking_whether_met(rule_book: RuleBook) -> RuleBook:
    """The rule book with a fact in the place of each threshold: one book, wherever the thresholds lie."""
    asked = {leaf: met(leaf).as_condition() for leaf in thresholds(rule_book).values()}
    for rule in rule_book:
        when = rule.when.mapped(lambda leaf: asked.get(leaf, leaf))
        rule_book = rule_book if when == rule.when else rule_book.replace(rule.name, when=when)
    return rule_book


def saying_whether_met(cases: pl.DataFrame, rule_book: RuleBook, numbers: pd.DataFrame) -> pl.DataFrame:
    """The cases, with the facts of :func:`asking_whether_met` at these numbers (a row a case)."""
    known, said = thresholds(rule_book), []
    answers = typed_cases(cases, {leaf.fact.name: leaf.fact for leaf in known.values()})
    for path, leaf in known.items():
        if leaf.fact.name in answers.columns:
            answer = answers[leaf.fact.name]
            place = answer.to_physical() if leaf.fact.has_levels else answer
            said.append(OPERATORS[leaf.op][0](place, pl.Series(numbers[path])).alias(met(leaf).name))
    return cases.hstack(said)


def draw_thresholds(rule_book: RuleBook, draws: int, *, seed: int, weight: float = 4.0) -> pd.DataFrame:
    """Values of every threshold with a range, a row a draw: PERT, as :func:`draw_parameters` draws others.

    Of a range in whole numbers they are whole: it is drawn half a unit wider, so that either end has a whole
    unit too.
    """
    drawn = {}
    for path, p in parameters_of(rule_book).items():
        whole = all(x.is_integer() for x in (p.value, p.lower, p.upper))
        wider = Parameter(p.value, p.lower - 0.5 * whole, p.upper + 0.5 * whole)
        drawn[path] = uncertain.pert(wider, weight, uncertain.uniform(path, draws, seed))
        drawn[path] = np.round(drawn[path]).clip(p.lower, p.upper) if whole else drawn[path]
    return pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
