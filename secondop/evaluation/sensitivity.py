"""What if the assumptions are wrong: one parameter at a time, and all at once.

Every scenario is simulated with the same random numbers, so two results differ by what was changed and not by
chance. Ranges say how far a number may be off; a band is as honest as the ranges behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from secondop.cohorts.draws import draw_parameters, drawn_scenarios, parameter_words
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.benefit import Z, check_rate
from secondop.evaluation.results import BATCH, MEASURES, evaluate, influences, known_measures, results
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook


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
        Keys of :data:`secondop.evaluation.results.MEASURES`. Several cost no more than one.
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
        as chance in simulating goes (paired by case). ``attrs["fixed"]`` says how many parameters do not
        vary.

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
    measures = known_measures([measure] if isinstance(measure, str) else list(measure))
    paths = list(scenario.parameters if parameters is None else parameters)
    for path in paths:
        if path not in scenario.parameters:
            raise unknown_name("parameter", path, scenario.parameters)
    varying = {path: scenario.parameters[path] for path in paths}
    varying = {path: p for path, p in varying.items() if p.lower < p.upper}
    moved = (scenario.replace({path: end}) for path, p in varying.items() for end in (p.lower, p.upper))
    evaluated = evaluate(chain([scenario], moved), n, seed, [policy], outcome, rule_book, batch=max(n, BATCH))
    runs = _one_by_one(evaluated, policy, measures, check_rate(exchange_rate))
    runs = tqdm(runs, total=1 + 2 * len(varying), unit="cohort", desc="tornado", delay=2, leave=False)
    run, rows = iter(runs), []
    base = next(run)
    for path, p in varying.items():
        ends = (base, next(run), next(run))
        about = {"parameter": path, "label": parameter_words(path), "basis": p.basis}
        about |= {"value": p.value, "lower": p.lower, "upper": p.upper}
        for name in measures:
            values = [end[name][0] for end in ends]
            far, near = (ends[pick(values)][name][1] for pick in (np.argmax, np.argmin))
            row = dict(zip(("base", "at_lower", "at_upper"), values, strict=True))
            with np.errstate(invalid="ignore"):
                error = Z * np.std(far - near) / np.sqrt(n)
                row |= {"swing": np.ptp(values), "swing_error": error}
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
        Keys of :data:`secondop.evaluation.results.MEASURES`.
    refit : DataFrame, optional
        Published rates with their ``n``: in every draw the fitted parameters are fitted again, to rates
        drawn from their counts (about 0.2 s a draw). Draws whose assumptions contradict their rates are left
        out; ``attrs["left_out"]`` counts them. Without it fitted parameters vary within their own
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
    measures = known_measures(list(measures))
    rate = check_rate(exchange_rate)
    drawn = draw_parameters(scenario, draws, seed=seed, counts=counts, weight=weight)
    numbers = []  # of the draws that are evaluated

    def drawn_ones() -> Iterator[Scenario]:
        for number, one in drawn_scenarios(scenario, drawn, seed=seed, refit=refit):
            numbers.append(number)
            yield one

    scenarios = chain([scenario], drawn_ones())
    sums: dict[str, dict[str, np.ndarray]] = {}
    with tqdm(total=draws + 1, unit="draw", desc="propagate", delay=2, leave=False) as progress:
        for places, tallies in evaluate(scenarios, n, seed, policies, outcome, rule_book):
            for strategy, counted in tallies.items():
                whole = sums.setdefault(strategy, {name: np.zeros(draws + 1) for name in counted})
                for name, cases in counted.items():
                    whole[name][places] += cases.sum(axis=1)
            progress.update(places.stop - progress.n)
    parts = []
    for strategy, counted in sums.items():
        for name in measures:
            base, *values = results(name, counted, rate)[: len(numbers) + 1]
            about = {"strategy": strategy, "draw": numbers, "measure": name}
            parts.append(pd.DataFrame(about | {"value": values, "base": base}))
    table = pd.concat(parts, ignore_index=True)
    table.attrs = _about(scenario, n, seed, exchange_rate) | {"draws": draws}
    table.attrs |= {"refit": refit is not None, "left_out": draws - len(numbers)}
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


def _about(scenario: Scenario, n: int, seed: int, rate: float) -> dict:
    return {"simulated": True, "scenario": scenario.name, "n": n, "seed": seed, "exchange_rate": rate}


def _one_by_one(
    evaluated: Iterable[tuple[int, dict]], policy: str, measures: list[str], rate: float
) -> Iterator[dict[str, tuple[float, np.ndarray]]]:
    """For each scenario and measure: the result, and the influence of each case."""
    for _, tallies in evaluated:
        if policy not in tallies:
            raise unknown_name("policy", policy, tallies)
        for place in range(len(tallies[policy]["cases"])):
            tally = {name: flags[place] for name, flags in tallies[policy].items()}
            yield {name: influences(name, tally, rate) for name in measures}
