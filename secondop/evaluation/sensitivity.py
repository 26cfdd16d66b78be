"""What if the assumptions are wrong: one parameter at a time, and all at once.

Every scenario is simulated with the same random numbers, so two results differ by what was changed and not by
chance. Ranges say how far a number may be off; a band is as honest as the ranges behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

import numpy as np
import pandas as pd
import polars as pl
from tqdm.auto import tqdm

from secondop.cohorts.draws import draw_parameters, drawn_scenarios
from secondop.cohorts.outcomes import TRUTH
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.cohorts.simulate import THREADS, simulate_batches
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.benefit import Z, check_rate
from secondop.evaluation.policies import NO, YES, build_policies, read_outcome
from secondop.evaluation.tradeoff import TRUTH as SENT_TRUTH
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

BATCH = 1 << 18
"""Cases assessed at once: the cohorts of several draws together, or a part of a large one."""
OR_UNDECIDED = " or undecided"
MEASURES = {
    "sent": ("sent", "cases", "sent, of 100 cases"),
    "found": ("found", "cases", "sent and something changed, of 100 cases"),
    "overuse": ("overuse", "cases", "sent for nothing, of 100 cases"),
    "underuse": ("underuse", "cases", "not sent, would have changed, of 100 cases"),
    "corrected": ("corrected", "cases", "wrong diagnoses put right, of 100 cases"),
    "spoiled": ("spoiled", "cases", "right diagnoses lost, of 100 cases"),
    "averted": ("averted", "cases", "interventions averted, of 100 cases"),
    "net_benefit": ("net_benefit", "cases", "useful opinions, net, per 100 cases"),
    "diagnosis_changed": ("diagnosis", "sent", "diagnosis changed, of 100 opinions"),
    "treatment_changed": ("treatment", "sent", "treatment changed, of 100 opinions"),
    "opinions_per_change": ("sent", "found", "opinions for one that changes something"),
}
"""For each measure: what is counted, of what, and in words."""


def tornado(
    scenario: Scenario | str,
    measure: str | Sequence[str] = "found",
    *,
    policy: str = "recommended",
    parameters: Iterable[str] | None = None,
    n: int = 10_000,
    seed: int,
    exchange_rate: float = 0.1,
    outcome: str = "either",
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """How a result swings when one parameter at a time goes to either end of its range.

    Nothing else moves: shares of the same fact give way in proportion, and fitted parameters are not fitted
    again, so that at an end the scenario no longer meets the rates that it was fitted to.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or the name of one that comes with the package.
    measure : str or list of str
        Keys of :data:`MEASURES`. Several cost no more than one.
    policy : str
        Who is sent: any policy that :func:`tradeoff` knows from the rule book, such as "recommended"; with
        " or undecided" also those whom unknown facts could bring there; "sought", the patients who sought an
        opinion; "none", "oracle" or "all".
    parameters : list of str, optional
        Paths; by default all. Those whose lower is their upper do not vary and are left out.
    n, seed : int
        Cases of each cohort, and the random numbers that all share.
    exchange_rate, outcome, rule_book
        As for :func:`tradeoff`.

    Returns
    -------
    pandas.DataFrame
        A row per measure and parameter, the widest swing first: ``measure, policy, parameter, label, basis,
        value, lower, upper``; the results ``base, at_lower, at_upper``; ``swing``, the distance between the
        smallest and the largest of the three, and ``swing_error``, the half-width of its 95 % interval as far
        as chance in simulating goes (paired by case). ``attrs`` hold ``fixed``, how many parameters do not
        vary, and ``words``, each measure in words.

    Raises
    ------
    SecondopError
        If a name is unknown or a parameter cannot go to its end.

    Examples
    --------
    >>> table = tornado("programme", parameters=["readers.errors_agree", "sought.share"], n=2_000, seed=1)
    >>> table[["parameter", "basis", "lower", "upper"]]
                  parameter    basis  lower  upper
    0  readers.errors_agree  assumed    0.4    1.0
    1          sought.share  assumed    0.3    0.9
    >>> float(table["swing"].iloc[1])
    0.0
    """
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    measures = _known([measure] if isinstance(measure, str) else list(measure))
    paths = list(scenario.parameters if parameters is None else parameters)
    for path in paths:
        if path not in scenario.parameters:
            raise unknown_name("parameter", path, scenario.parameters)
    varying = {path: scenario.parameters[path] for path in paths}
    varying = {path: p for path, p in varying.items() if p.lower < p.upper}
    moved = (scenario.replace({path: end}) for path, p in varying.items() for end in (p.lower, p.upper))
    runs = _one_by_one(
        _evaluate(chain([scenario], moved), n, seed, [policy], outcome, rule_book, batch=max(n, BATCH)),
        policy, measures, check_rate(exchange_rate),
    )  # fmt: skip
    runs = tqdm(runs, total=1 + 2 * len(varying), unit="cohort", desc="tornado", delay=2, leave=False)
    base, rows = next(it := iter(runs)), []
    for path, p in varying.items():
        ends = (base, next(it), next(it))
        about = {"parameter": path, "label": parameter_words(path), "basis": p.basis}
        about |= {"value": p.value, "lower": p.lower, "upper": p.upper}
        for name in measures:
            results = [run[name][0] for run in ends]
            far, near = (ends[pick(results)][name][1] for pick in (np.argmax, np.argmin))
            row = dict(zip(("base", "at_lower", "at_upper"), results, strict=True))
            row |= {"swing": max(results) - min(results), "swing_error": Z * np.std(far - near) / np.sqrt(n)}
            rows.append({"measure": name, "policy": policy} | about | row)
    runs.close()
    columns = ["measure", "policy", "parameter", "label", "basis", "value", "lower", "upper"]
    table = pd.DataFrame(rows, columns=[*columns, "base", "at_lower", "at_upper", "swing", "swing_error"])
    order = table["measure"].map(measures.index)
    table = table.assign(order=order).sort_values(["order", "swing"], ascending=[True, False], kind="stable")
    table = table.drop(columns="order").reset_index(drop=True)
    table.attrs = _about(scenario, n, seed, exchange_rate) | {"fixed": len(paths) - len(varying)}
    return table


def propagate(
    scenario: Scenario | str,
    draws: int = 1_000,
    n: int = 10_000,
    *,
    seed: int,
    policies: Sequence[str] = ("urgent", "recommended", "optional"),
    measures: Sequence[str] = tuple(MEASURES),
    exchange_rate: float = 0.1,
    outcome: str = "either",
    refit: pd.DataFrame | None = None,
    counts: Mapping[str, tuple[float, float]] | None = None,
    weight: float = 4.0,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """What follows when all parameters are uncertain at once: every result, in every draw of them.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or the name of one that comes with the package.
    draws : int
        How often all parameters are drawn, as :func:`draw_parameters` says (``counts``, ``weight``).
    n, seed : int
        Cases of each cohort, and the seed of the parameters and of the cases. All draws share the cases'
        random numbers; a longer run begins with the draws of a shorter one.
    policies : list of str
        Policies that :func:`tradeoff` knows from the rule book. Each comes a second time with "or undecided",
        where unknown facts send whom they could; nobody, the oracle, everybody and those who sought an
        opinion are always there.
    measures : list of str
        Keys of :data:`MEASURES`.
    refit : DataFrame, optional
        Published rates with their ``n``: in every draw the fitted parameters are fitted again, to rates
        drawn from their counts (about 0.2 s a draw). Without it fitted parameters vary within their own
        ranges, apart from the assumptions that they were fitted under, and the bands of the rates that they
        were fitted to come out wider than published.
    exchange_rate, outcome, rule_book
        As for :func:`tradeoff`. For other exchange rates, :func:`net_benefits` needs no further run.

    Returns
    -------
    pandas.DataFrame
        Tidy: a row per ``strategy``, ``draw`` (from 1) and ``measure`` with its ``value``, and ``base``, the
        value in the scenario as stated. Health-economics packages read one column per strategy:
        ``table[table["measure"] == "found"].pivot(index="draw", columns="strategy", values="value")``, with
        :func:`draw_parameters` of the same seed as the table of parameters. Blank where nothing was counted.

    Examples
    --------
    >>> table = propagate("programme", 20, 1_000, seed=1, policies=["recommended"], measures=["found"])
    >>> table["strategy"].unique().tolist()
    ['none', 'recommended', 'recommended or undecided', 'oracle', 'all', 'sought']
    >>> len(table) == 6 * 20
    True
    """
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    measures = _known(list(measures))
    rate = check_rate(exchange_rate)
    drawn = draw_parameters(scenario, draws, seed=seed, counts=counts, weight=weight)
    scenarios = chain([scenario], drawn_scenarios(scenario, drawn, seed=seed, refit=refit))
    sums: dict[str, dict[str, np.ndarray]] = {}
    with tqdm(total=draws + 1, unit="draw", desc="propagate", delay=2, leave=False) as progress:
        for first, tallies in _evaluate(scenarios, n, seed, policies, outcome, rule_book):
            for strategy, counted in tallies.items():
                whole = sums.setdefault(strategy, {name: np.zeros(draws + 1) for name in counted})
                for name, cases in counted.items():
                    whole[name][first : first + len(cases)] += cases.sum(axis=1)
            progress.update(first + len(cases) - progress.n)
    parts = []
    for strategy, counted in sums.items():
        for name in measures:
            top, bottom = _ratio(name, counted, rate)
            value = np.divide(top, bottom, out=np.full(draws + 1, np.nan), where=bottom > 0)
            about = {"strategy": strategy, "draw": np.arange(1, draws + 1), "measure": name}
            parts.append(pd.DataFrame(about | {"value": value[1:], "base": value[0]}))
    table = pd.concat(parts, ignore_index=True)
    table.attrs = _about(scenario, n, seed, exchange_rate) | {"draws": draws, "refit": refit is not None}
    return table


def net_benefits(propagated: pd.DataFrame, exchange_rates: Iterable[float]) -> pd.DataFrame:
    """Net benefit at any exchange rates, from draws that were evaluated once.

    Parameters
    ----------
    propagated : DataFrame
        From :func:`propagate`, with the measures "found" and "overuse".
    exchange_rates : list of float
        Useful opinions that one needless opinion costs.

    Returns
    -------
    pandas.DataFrame
        As from :func:`propagate`, with a column ``exchange_rate``.
    """
    wide = propagated.pivot(index=["strategy", "draw"], columns="measure", values=["value", "base"])
    if lacking := {"found", "overuse"} - set(propagated["measure"]):
        raise SecondopError(f"Net benefit needs the measure {' and '.join(sorted(lacking))} in propagate.")
    parts = []
    for rate in exchange_rates:
        worth = {c: wide[c]["found"] - check_rate(rate) * wide[c]["overuse"] for c in ("value", "base")}
        parts.append(pd.DataFrame(worth).assign(measure="net_benefit", exchange_rate=rate).reset_index())
    table = pd.concat(parts, ignore_index=True)
    table.attrs = propagated.attrs
    return table[["strategy", "draw", "measure", "exchange_rate", "value", "base"]]


def bands(propagated: pd.DataFrame) -> pd.DataFrame:
    """The middle and the spread of every result over the draws.

    Parameters
    ----------
    propagated : DataFrame
        Any tidy table with ``draw`` and ``value``, such as :func:`propagate` and :func:`net_benefits` give.

    Returns
    -------
    pandas.DataFrame
        A row for each combination of the other columns (``base`` among them): ``median``; ``lower, upper``,
        between which 95 % of draws lie; ``lower_half, upper_half``, the middle half; ``draws``, of how many,
        without those in which the value is blank, which are ``blank``.
    """
    keys = [column for column in propagated.columns if column not in ("draw", "value")]
    grouped = propagated.groupby(keys, sort=False, dropna=False, observed=True)["value"]
    places = {"lower": 0.025, "lower_half": 0.25, "median": 0.5, "upper_half": 0.75, "upper": 0.975}
    table = pd.DataFrame({name: grouped.quantile(place) for name, place in places.items()})
    table["draws"], table["blank"] = grouped.count(), grouped.size() - grouped.count()
    table = table.reset_index()
    table.attrs = propagated.attrs
    return table


def parameter_words(path: str) -> str:
    """A parameter's path, as one says it.

    Examples
    --------
    >>> parameter_words("facts.pathology_result.shares.ambiguous")
    'pathology result: share of ambiguous'
    >>> parameter_words("facts.rare_disease.missing"), parameter_words("readers.first_right")
    ('rare disease: share not recorded', 'readers: first right')
    """
    section, name, *rest = path.replace("_", " ").split(".", 3)
    if section != "facts":
        return f"{section}: {name}" if section != "missing" else f"any fact: {_OWN.get(name, 'not recorded')}"
    return f"{name}: share of {rest[1]}" if len(rest) > 1 else f"{name}: {_OWN.get(rest[0], rest[0])}"


_OWN = {"difficulty": "loading on difficulty", "gravity": "loading on gravity"}
_OWN |= {"missing": "share not recorded", "share": "share not recorded"}


def _known(measures: list[str]) -> list[str]:
    for name in measures:
        if name not in MEASURES:
            raise unknown_name("measure", name, MEASURES)
    return measures


def _about(scenario: Scenario, n: int, seed: int, rate: float) -> dict:
    words = {name: words for name, (_, _, words) in MEASURES.items()}
    about = {"simulated": True, "scenario": scenario.name, "n": n, "seed": seed, "exchange_rate": rate}
    return about | {"words": words}


def _evaluate(
    scenarios: Iterable[Scenario], n: int, seed: int, policies: Sequence[str], outcome: str,
    rule_book: RuleBook, batch: int = BATCH,
) -> Iterator[tuple[int, dict[str, dict[str, np.ndarray]]]]:  # fmt: skip
    """Simulate and assess: the number of the first scenario, and per strategy flags (scenarios, cases).

    Small cohorts are assessed together, and a large one in parts: memory stays that of one batch.
    """
    columns = [*rule_book.facts, *TRUTH]

    def cohort(scenario: Scenario) -> Iterator[pl.DataFrame]:
        parts = simulate_batches(scenario, n, seed=seed, batch=min(n, batch), engine="polars")
        return (part.select(columns) for part in parts)

    scenarios, first = iter(scenarios), 0
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(scenarios, max(1, batch // n))):
            if len(some) == 1:
                parts = cohort(some[0])
            else:
                parts = [pl.concat(list(pool.map(lambda s: next(cohort(s)), some)), rechunk=True)]
            for frame in parts:
                flags = _tallies(frame, policies, outcome, rule_book)
                yield first, {
                    strategy: {name: cases.reshape(len(some), -1) for name, cases in counted.items()}
                    for strategy, counted in flags.items()
                }
            first += len(some)


def _tallies(
    frame: pl.DataFrame, policies: Sequence[str], outcome: str, rule_book: RuleBook
) -> dict[str, dict[str, np.ndarray]]:
    """For each strategy, whether each case counts in each tally."""
    changed = read_outcome(frame, outcome)
    named = dict.fromkeys(name.removesuffix(OR_UNDECIDED) for name in policies if name != "sought")
    strategies = {}
    for policy in build_policies(frame, changed, list(named), None, rule_book):
        strategies[policy.name] = policy.sent == YES
        if policy.sort not in ("none", "oracle", "all"):
            strategies[policy.name + OR_UNDECIDED] = policy.sent != NO
    strategies["sought"] = frame["sought"].to_numpy()
    truth = {name: frame[column].to_numpy() for name, column in SENT_TRUTH.items()}
    truth |= {"diagnosis": frame["diagnosis_changed"].to_numpy()}
    truth |= {"treatment": frame["treatment_changed"].to_numpy(), "found": changed == YES}
    every = np.ones(len(changed), bool)
    return {
        name: {"cases": every, "sent": sent, "overuse": sent & ~truth["found"]}
        | {"underuse": truth["found"] & ~sent}
        | {tally: sent & flags for tally, flags in truth.items()}
        for name, sent in strategies.items()
    }


def _ratio(name: str, tally: Mapping[str, np.ndarray], rate: float) -> tuple[np.ndarray, np.ndarray]:
    """What is counted and of what: of sums over cases, or case by case."""
    top, bottom, _ = MEASURES[name]
    per = 1 if name == "opinions_per_change" else 100
    count = tally["found"] - rate * tally["overuse"] if name == "net_benefit" else 1.0 * tally[top]
    return per * count, 1.0 * tally[bottom]


def _one_by_one(evaluated, policy: str, measures: list[str], rate: float):
    """For each scenario and measure: the result, and how much each case pulls it (its influence)."""
    for _, tallies in evaluated:
        if policy not in tallies:
            raise unknown_name("policy", policy, tallies)
        for place in range(len(tallies[policy]["cases"])):
            tally, results = {name: flags[place] for name, flags in tallies[policy].items()}, {}
            for name in measures:
                top, bottom = _ratio(name, tally, rate)
                whole = bottom.mean()
                value = top.mean() / whole if whole else np.nan
                results[name] = value, (top - value * bottom) / (whole or np.nan)
            yield results
