"""Draws of a scenario's parameters, all at once: how uncertain its numbers are, as scenarios to simulate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import special

from secondop.cohorts.calibrate import calibrate
from secondop.cohorts.parameters import LIMITS, Parameter, kind_of
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.errors import SecondopError, unknown_name

Z = 1.959963984540054


def draw_parameters(
    scenario: Scenario | str,
    draws: int = 1_000,
    *,
    seed: int,
    counts: Mapping[str, tuple[float, float]] | None = None,
    weight: float = 4.0,
) -> pd.DataFrame:
    """Values of every parameter that varies, drawn independently of each other.

    - A share whose published ``counts`` are given: its Beta distribution, k + 1/2 and n - k + 1/2.
    - A fitted parameter, whose range is a 95 % interval: normal as a logit (shares) or logarithm (odds).
    - Any other: PERT, a Beta stretched over lower to upper with its mode at the value. It never leaves the
      range, and values near the stated one are likelier than the ends.

    Shares of one fact are then brought to a sum of 1, and two loadings to squares of at most 1 together.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or the name of one that comes with the package.
    draws : int
        How many. More draws begin with those of fewer, and a parameter's draws do not depend on the others.
    seed : int
        The same seed gives the same draws.
    counts : dict, optional
        From the path of a share to what was counted and of how many, such as ``{"sought.share": (149,
        1000)}``.
    weight : float
        How strongly PERT holds to the value: 4 is customary, 0 makes every value of the range equally likely.

    Returns
    -------
    pandas.DataFrame, shape (draws, parameters that vary)
        A column per parameter, a row per ``draw``, from 1. ``attrs["distributions"]`` says how each is drawn.

    Examples
    --------
    >>> table = draw_parameters("programme", 500, seed=1)
    >>> table["sought.share"].between(0.3, 0.9).all(), table.attrs["distributions"]["sought.share"]
    (np.True_, 'PERT from 0.3 to 0.9, mode 0.6')
    """
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    counts = dict(counts or {})
    _check(scenario, draws, counts, weight)
    drawn, distributions = {}, {}
    for path, parameter in scenario.parameters.items():
        if path in counts or parameter.lower < parameter.upper:
            chance = np.random.default_rng([seed, crc32(path.encode())]).random(draws)
            drawn[path], distributions[path] = _drawn(path, parameter, counts.get(path), weight, chance)
    _sum_to_one(scenario, drawn)
    _within_circle(scenario, drawn)
    table = pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
    table.attrs = {"scenario": scenario.name, "seed": seed, "distributions": distributions}
    return table


def drawn_scenarios(
    scenario: Scenario, table: pd.DataFrame, *, seed: int, refit: pd.DataFrame | None = None
) -> Iterator[tuple[int, Scenario]]:
    """The scenario at each row of :func:`draw_parameters`, with the number of its draw.

    Parameters
    ----------
    refit : DataFrame, optional
        Published rates, as for :func:`calibrate`, with ``n`` (and ``numerator`` where it was printed). Each
        row's fitted parameters are then fitted again, to rates drawn from their own Beta distributions: they
        vary jointly, as far as the rates and the row's assumptions let them. Draws whose assumptions
        contradict their rates, so that nothing fits both, are left out.
    """
    rates = [] if refit is None else [_rate_draws(row, len(table), seed) for row in refit.itertuples()]
    if refit is not None:
        calibrate(scenario, refit)  # what is wrong with the rates themselves is said here
    for place, (draw, row) in enumerate(table.iterrows()):
        moved = scenario.replace(row.to_dict())
        if refit is not None:
            try:
                moved = calibrate(moved, refit.assign(rate=[float(rate[place]) for rate in rates]))
            except SecondopError:
                continue
        yield draw, moved


def _check(scenario: Scenario, draws: int, counts: Mapping[str, tuple[float, float]], weight: float) -> None:
    if draws < 1 or weight < 0:
        raise SecondopError(f"Draws are counted from 1 and the weight from 0; got {draws!r} and {weight!r}.")
    for path, (count, n) in counts.items():
        if path not in scenario.parameters:
            raise unknown_name("parameter", path, scenario.parameters)
        if kind_of(path) not in ("share", "gap") or not 0 <= count <= n or n <= 0:
            raise SecondopError(f"counts of {path}: only a share can be counted, k of n; got {count} of {n}.")


def _drawn(path: str, p: Parameter, counted: tuple | None, weight: float, chance: np.ndarray) -> tuple:
    """A parameter's values at these chances, and its distribution in words."""
    kind = kind_of(path)
    low, high = LIMITS[kind]
    if counted:
        k, n = counted
        drawn = special.betaincinv(k + 0.5, n - k + 0.5, chance)
        return np.clip(drawn, low, high), f"Beta from {k:,g} of {n:,g}"
    if p.basis == "fitted" and low < p.lower and p.upper < high and kind in ("share", "odds"):
        to, back, name = (special.logit, special.expit, "logit")
        if kind == "odds":
            to, back, name = np.log, np.exp, "logarithm"
        middle, z = to(p.value), special.ndtri(chance) / Z
        drawn = back(middle + z * np.where(z > 0, to(p.upper) - middle, middle - to(p.lower)))
        words = f"normal as a {name}, 95 % from {p.lower:.4g} to {p.upper:.4g}"
        return np.clip(drawn, low, high), words
    width = p.upper - p.lower
    a, b = 1 + weight * (p.value - p.lower) / width, 1 + weight * (p.upper - p.value) / width
    words = f"PERT from {p.lower:.4g} to {p.upper:.4g}, mode {p.value:.4g}"
    return p.lower + width * special.betaincinv(a, b, chance), words


def _sum_to_one(scenario: Scenario, drawn: dict[str, np.ndarray]) -> None:
    """Shares of one fact, drawn apart, divided by their sum; those that do not vary keep their value."""
    facts = {path.partition(".shares.")[0] for path in drawn if ".shares." in path}
    for fact in facts:
        paths = [path for path in scenario.parameters if path.startswith(f"{fact}.shares.")]
        varying = [path for path in paths if path in drawn]
        left = 1 - sum(scenario[path] for path in paths if path not in drawn)
        total = sum(drawn[path] for path in varying)
        for path in varying:
            drawn[path] = drawn[path] * left / total


def _within_circle(scenario: Scenario, drawn: dict[str, np.ndarray]) -> None:
    """Two loadings of one thing, whose squares may not add up to more than 1."""
    for path in [path for path in drawn if kind_of(path) == "loading"]:
        stem, _, trait = path.rpartition(".") if ".missing" not in path else ("", "", "")
        pair = (path, f"{stem}.{trait.replace('difficulty', 'gravity')}")
        if not trait.endswith("difficulty") or pair[1] not in drawn:
            continue
        length = np.hypot(drawn[pair[0]], drawn[pair[1]])
        for name in pair:
            drawn[name] = drawn[name] / np.maximum(length, 1)


def _rate_draws(row, draws: int, seed: int) -> np.ndarray:
    """A published rate's Beta distribution, from its counts."""
    printed = getattr(row, "numerator", None)
    count = row.rate * row.n if printed is None or pd.isna(printed) else printed
    chance = np.random.default_rng([seed, crc32(str(row.id).encode())]).random(draws)
    return special.betaincinv(float(count) + 0.5, float(row.n - count) + 0.5, chance)


def parameter_words(path: str) -> str:
    """A parameter's path, as one says it.

    Examples
    --------
    >>> parameter_words("facts.pathology_result.shares.ambiguous")
    'pathology result: share of “ambiguous”'
    >>> parameter_words("facts.rare_disease.missing"), parameter_words("readers.first_right")
    ('rare disease: share not recorded', 'how often the first opinion is right')
    """
    section, name, *rest = path.replace("_", " ").split(".", 3)
    if section != "facts":
        return _WORDS[path]
    return f"{name}: share of “{rest[1]}”" if len(rest) > 1 else f"{name}: {_OWN[rest[0]]}"


_OWN = {
    "difficulty": "loading on difficulty",
    "gravity": "loading on gravity",
    "missing": "share not recorded",
    "missing difficulty": "gaps' loading on difficulty",
    "share": "share of “yes”",
}
_WORDS = {
    "missing.share": "any fact: share not recorded",
    "missing.difficulty": "any fact: gaps' loading on difficulty",
    "readers.first_right": "how often the first opinion is right",
    "readers.concentration": "how alike cases are in difficulty (concentration)",
    "readers.second_odds": "how much better the second reader is (odds)",
    "readers.errors_agree": "how often two wrong opinions agree",
    "readers.anchoring": "pull of the first opinion on the second (odds)",
    "outcomes.treatment_if_changed": "treatment changes when the diagnosis does",
    "outcomes.treatment_if_same": "treatment changes when the diagnosis stays",
    "outcomes.treatment_difficulty": "treatment changes: loading on difficulty",
    "outcomes.treatment_gravity": "treatment changes: loading on gravity",
    "outcomes.plan_intervenes": "how often the first plan is an intervention",
    "outcomes.plan_gravity": "the plan intervenes: loading on gravity",
    "outcomes.plan_dropped": "how often a changed plan drops the intervention",
    "sought.share": "how many patients seek an opinion",
    "sought.wish": "how much a wish makes them seek one",
    "sought.difficulty": "seeking an opinion: loading on difficulty",
    "sought.gravity": "seeking an opinion: loading on gravity",
}
