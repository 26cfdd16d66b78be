"""What draws of uncertain parameters say of results: bands, and how often each policy is best."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from secondop.arguments import checked, made_by
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.measures import odds_of
from secondop.evaluation.policies import FORESIGHT

PROPAGATED = made_by("propagate", "policy", "draw", "measure", "value", "base")


@checked(propagated=PROPAGATED)
def net_benefits(propagated: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """A table like that of ``propagate``: net benefit at any ``threshold``, without a further run."""
    if lacking := {"true_positive", "false_positive"} - set(propagated["measure"]):
        raise SecondopError(f"Net benefit needs the measure {' and '.join(sorted(lacking))} in propagate.")
    wide = propagated.pivot(index=["policy", "draw"], columns="measure", values=["value", "base"])
    tp, fp = (wide.xs(name, axis=1, level=1) for name in ("true_positive", "false_positive"))
    nets = {t: tp - odds * fp for t, odds in zip(thresholds, odds_of(thresholds), strict=True)}
    table = pd.concat(nets, names=["threshold"]).reset_index().assign(measure="net_benefit")
    table = table[["policy", "draw", "measure", "threshold", "value", "base"]]
    table.attrs = propagated.attrs
    return table


@checked(propagated=PROPAGATED)
def best_policies(
    propagated: pd.DataFrame | Sequence[pd.DataFrame],
    thresholds: Sequence[float],
    policies: Sequence[str] | None = None,
) -> pd.DataFrame:
    """In which share of the draws of ``propagate`` each policy has the highest net benefit.

    All draws of a run share their random numbers, so chance in simulating moves such a share farther than the
    number of draws says: give runs of several seeds to see how far. ``policies``: those to choose from, by
    default all but perfect foresight and ``sought``, which nobody can choose.

    A row per ``threshold`` and ``policy``: ``best``, the share of draws in which no other is better (of
    several runs the mean, and ``least, most`` among them); ``tied``, the share in which another is as good;
    ``base``, whether it is best in the scenario as stated, in every run; ``draws``, of all runs.

    Examples
    --------
    >>> from secondop import propagate
    >>> drawn = propagate("programme", 20, 500, seed=1, policies=["recommended"])
    >>> best_policies(drawn, [0.02], ["none", "all"]).set_index("policy")["best"].to_dict()
    {'none': 0.0, 'all': 1.0}
    """
    runs = [propagated] if isinstance(propagated, pd.DataFrame) else list(propagated)
    made = [name for name in runs[0]["policy"].unique() if name not in (FORESIGHT, "sought")]
    chosen = made if policies is None else list(policies)
    for name, run in product(chosen, runs):
        if name not in set(run["policy"]):
            raise unknown_name("policy", name, made)
    net = pd.concat([net_benefits(run, thresholds).assign(run=i) for i, run in enumerate(runs)])
    net = net.pivot(index=["threshold", "run", "draw"], columns="policy", values=["value", "base"])
    nets = (net[number][chosen] for number in ("value", "base"))
    best, base = (net.ge(net.max(axis=1) - 1e-9, axis=0) for net in nets)
    each = {"best": best, "tied": best.mul(best.sum(axis=1) > 1, axis=0), "base": base}
    shares = pd.DataFrame({x: y.groupby(["threshold", "run"]).mean().stack() for x, y in each.items()})
    grouped = shares.groupby(level=["threshold", "policy"], sort=False)
    table = grouped.mean().assign(least=grouped["best"].min(), most=grouped["best"].max())
    table["base"] = table["base"] == 1
    table["draws"] = sum(run["draw"].nunique() for run in runs)
    table.attrs = runs[0].attrs
    return table.reset_index()[["threshold", "policy", "best", "least", "most", "tied", "base", "draws"]]


@checked(propagated=PROPAGATED)
def bands(propagated: pd.DataFrame) -> pd.DataFrame:
    """The middle and the spread over the draws of every result of ``propagate`` or :func:`net_benefits`.

    95 % of ``draws`` lie from ``lower`` to ``upper``, half from ``lower_half`` to ``upper_half``; ``blank``
    more counted nothing.
    """
    keys = [column for column in propagated.columns if column not in ("draw", "value")]
    grouped = propagated.groupby(keys, sort=False, dropna=False, observed=True)["value"]
    places = {"lower": 0.025, "lower_half": 0.25, "median": 0.5, "upper_half": 0.75, "upper": 0.975}
    table = pd.DataFrame({name: grouped.quantile(place) for name, place in places.items()})
    table = table.assign(draws=grouped.count(), blank=grouped.size() - grouped.count()).reset_index()
    table.attrs = propagated.attrs
    return table
