"""What a report tells of rules and policies: tables to be shared, as no small count follows from them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from secondop.evaluation.cohort import EITHER
from secondop.evaluation.headings import COUNTS, INTERVAL, MISSING
from secondop.evaluation.measures import TRUTH
from secondop.evaluation.policies import FORESIGHT, choose, judged
from secondop.evaluation.rates import TOPS, firing_rates, populations
from secondop.evaluation.recorded import Report, Table
from secondop.evaluation.small_cells import HIDDEN, cover, small
from secondop.evaluation.tradeoff import decision_curve, tradeoff, wide
from secondop.rules.rules import Level, Rule
from secondop.words import number, span

_RATES = {"fired": COUNTS["fired"], "unknown": COUNTS["unknown"], "n": "of"}
_RATES |= {name: f"{words}, %" for name, words in MISSING.items()} | INTERVAL
# what tells each of them: how many cases say no (0), yes (1) or unknown (2)
_PART = {"fired": 1, "min": 1, "lower": 1, "unknown": 2, "max": 0, "upper": 0}
_SHOWN = {"referral_rate": "referred", "true_positive": "true positives"}
_SHOWN |= {"false_positive": "possible overuse", "false_negative": "missed changes", "ppv": "PPV, %"}
_SHOWN |= {"nnr": "number needed to refer", "net_benefit": "net benefit"}


def rates_of(made: Report, cases: Any, cluster: str | None) -> None:
    """How often rules fire and whom each level refers, of all cases and by group."""
    told = {"rule_book": made.rule_book, "cluster": cluster}
    rates, seen, asked, alike = firing_rates(cases, **told), {}, {}, {}
    by_group = firing_rates(cases, by=made.by, **told) if made.by else rates[:0]
    for (i, row), (*_, rules) in zip(rates.iterrows(), populations(made.rule_book), strict=True):
        if not rules:
            continue
        own = by_group[(by_group["policy"] == row["policy"]) & (row["sort"] == "level")]
        of = own if len(own) else row.to_frame().T
        counts = np.stack([of["n"] - of["fired"] - of["unknown"], of["fired"], of["unknown"]], -1)
        counts = made.gathered(counts) if len(own) else counts.astype(int)
        cells, within = _told(made, rules, len(counts)), "optional" if row["sort"] == "any" else row["within"]
        for wider in seen.get(within, ()):
            apart = np.abs(wider[: len(counts)] - counts[: len(wider)])[:, :2]
            cells[: len(apart)] |= small(apart, made.least).any(-1)[:, None]
        seen.setdefault(row["policy"], []).append(counts)
        asked[i] = row, own, counts, cells
        alike[tuple(counts[0])] = alike.get(tuple(counts[0]), False) | cells[0]
    rows, groups, whole, drawn = [], [], [], []
    for i, (row, own, counts, cells) in asked.items():
        cells[0] = alike[tuple(counts[0])]  # rules that fire alike are hidden alike
        cells[1:] |= small(counts[1:], made.least).any(-1)[:, None]  # a group shows its rate or nothing
        together, hidden = cover(counts, made.least, cells, dear=1)
        if not together:
            whole.append(i)
        made.hidden += len(together)
        kind = {"rule": row["kind"], "group": "group of rules"}.get(row["sort"], row["sort"])
        rows.append((kind, row["label"], *_rated(row, together)))
        shown = own[made.kept] if len(own) else own
        for (_, of_group), gone in zip(shown.iterrows(), hidden[1:], strict=False):
            out = {*together, *np.flatnonzero(gone)}
            groups.append((row["label"], of_group["group"], *_rated(of_group, out)))
            made.hidden += int(gone.sum())
            if row["policy"] == "recommended" and not out and pd.notna(of_group["lower"]):
                drawn.append(of_group)
    note = "What is missing may be no or yes: the rate lies between. The 95 % interval is around both."
    listed = [("rates", "How often each level, group and rule fires", ["what", "name"], rows)]
    if made.by:
        listed.append(("groups", "Whom each level refers, by group", ["level", "group"], groups))
    for name, caption, first, cells in listed:
        made.sheets[name] = pd.DataFrame(cells, columns=[*first, *_RATES.values()])
        made.tables[name] = Table(caption, made.sheets[name], 2, note)
    shown = rates.loc[whole]
    made.said["levels"] = shown[shown["sort"] == "level"].to_dict("records")
    made.said["partly"] = {*rates["policy"]} - {*shown["policy"]}
    drawable = shown[shown["lower"].notna()]  # of one cluster there is no interval
    tops, rules = (drawable[drawable["sort"] == sort] for sort in ("any", "rule"))
    if len(rules):  # the title of the figure speaks of both sorts of indications, or of none
        most = pd.concat([tops if len(tops) == len(TOPS) else tops[:0], rules.nlargest(16, "min")])
        made.figures["rates"] = [("firing_rates", most)]
    made.said["undrawn"] = 1 < len(drawn) < made.kept.sum()
    if 1 < len(drawn) <= 60:
        drawn = pd.DataFrame(drawn)
        drawn.attrs = by_group.attrs
        made.figures["groups"] = [("firing_rates", drawn)]


def _told(made: Report, rules: list[Rule], groups: int) -> np.ndarray:
    """Which cells of a rate (no, yes, unknown) would tell apart answers that Table 1 does not."""
    cells, facts = np.zeros((groups, 3), bool), {k: v for rule in rules for k, v in rule.facts.items()}
    if len(facts) == 1 and made.facts:
        ((name, fact),) = facts.items()
        together, hidden = made.covered[name]
        values = next(x.values for x in made.facts if x.fact.name == name)
        any_of = reduce(operator.or_, (rule.when for rule in rules)).to_expr(lambda of: pl.col(of.name))
        said = pl.select(pl.Series(name, values, dtype=fact.dtype)).select(any_of.cast(pl.Int8).fill_null(2))
        parts = said.to_series().to_numpy()
        for i in range(groups):
            gone = parts[[*together, *np.flatnonzero(hidden[i])]]
            cells[i, gone] = len(set(gone)) > 1
    return cells


def _rated(row: pd.Series, gone: Iterable[int]) -> list:
    """The cells of one rate, without those that would tell what is hidden of no, yes and unknown."""
    return [HIDDEN if _PART.get(name) in gone else row[name] for name in _RATES]


def tradeoffs(made: Report, cases: Any, policies: Any, told: dict[str, Any]) -> None:
    """What the policies that may be shown find, miss and cost."""
    if made.outcome is None:
        made.said["outcomes there"] = [name for name in EITHER if name in made.cohort.columns]
        return
    made.said |= {"unknown_outcomes": 0, "verification": "", "estimate": ""}
    book, own = made.rule_book, policies if isinstance(policies, Mapping) else {}
    levels = [str(level) for level in Level if any(rule.level == level for rule in book)]
    cohort = judged(cases, book, made.outcome, own, verified=told["verified"])
    every = choose(cohort, levels if policies is None else policies)
    seen = cohort.patterns({p.name: p.refers for p in every if p.refers is not None}, ("changed",))
    counts = {p.name: seen.crossed(p.name, "flag changed")[0].ravel() for p in every if p.sort != FORESIGHT}
    shown = {} if small(counts["all"], made.least).any() else {x: counts.pop(x) for x in ("none", "all")}
    for name, count in sorted(counts.items(), key=lambda x: x[0] != "recommended") if shown else ():
        apart = [count, *(np.abs(count - other) for other in list(shown.values())[2:])]
        tells = name in made.said["partly"] or small(apart, made.least).any()
        shown |= {} if tells else {name: count}
    made.hidden += sum(name not in shown for name in counts)
    if not shown:
        return
    asked = {k: v for k, v in own.items() if k in shown} or [p.name for p in every if p.name in shown]
    told = told | {"outcome": made.outcome, "rule_book": book}
    table = tradeoff(cases, asked, **told)
    curve = decision_curve(cases, asked, **{x: told[x] for x in told if x != "threshold"})
    names = [*shown, FORESIGHT]
    table, curve = (x[x["policy"].isin(names) & ~x["measure"].isin(TRUTH)] for x in (table, curve))
    estimated = table.attrs.get("estimate", "")
    made.said |= {name: table.attrs[name] for name in ("unknown_outcomes", "verification")}
    made.said["estimate"] = estimated
    rows = wide(table).to_dict("records")
    rows = [(row["label"], *(_estimate(row, name, estimated) for name in _SHOWN)) for row in rows]
    note = f"Per 100 of {made.cases} unless named; in brackets 95 % intervals. "
    note += "In square brackets bounds, which assume nothing. " if estimated else ""
    note += f"Net benefit at a decision threshold of {number(100 * told['threshold'])} %."
    frame = pd.DataFrame(rows, columns=["referring", *_SHOWN.values()])
    made.tables["trade-off"] = Table("What each policy refers, finds and misses", frame, 1, note)
    made.sheets |= {"trade-off": table, "decision curve": curve}
    made.figures["tradeoff"] = [("tradeoff", table), ("decision_curve", curve)]


def _estimate(row: Mapping[str, float], name: str, estimated: str) -> str:
    """A measure with its bounds and its interval."""
    value, least, most, *ends = (row[f"{name}{x}"] for x in ("", "_min", "_max", "_lower", "_upper"))
    if pd.isna(least) and pd.isna(value):
        return "–"
    text = number(value) if least == most or (estimated and pd.notna(value)) else span(least, most)
    text += f" ({span(*ends)})" if pd.notna(ends[0]) and ends[0] != ends[1] else ""
    return f"{text} [{span(least, most)}]" if estimated and least != most else text
