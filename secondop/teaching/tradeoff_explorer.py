"""Move the rule book between benefit and overuse, and see the cases behind a point."""

from __future__ import annotations

import json
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.arguments import named
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.corrected import NET_OF
from secondop.evaluation.people import PEOPLE
from secondop.evaluation.policies import ENDS, LEVELS, NOBODY, Policy, at_least, at_level, how_many
from secondop.evaluation.tradeoff import weigh, wide
from secondop.figures.policies import best_of, tied
from secondop.figures.policies import tradeoff as drawn
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level
from secondop.teaching.classroom import page_data
from secondop.teaching.screen import Screen, one_of, settled, traitlets

REFERRALS = (1, 2, 5, 10, 20, 50)
"""No-change referrals accepted for one change: N of the decision threshold 1 / (1 + N)."""
SHOWN = 20
RARE = 0.005
"""A count of clinical indications that fewer cases reach is not worth a policy of its own."""
_COUNTED = {
    "urgent": "all with an urgent indication and at least {k} clinical ones",
    "recommended": "all with at least {k} clinical indications",
    "optional": "all with at least {k} indications or wishes",
}


class TradeoffExplorer(Screen, parts=("people.js", "tradeoff.js")):
    """The widget of :func:`explore_tradeoff`: policies are counted at the start, a move only looks up."""

    chosen = traitlets.Dict().tag(sync=True)
    rows = traitlets.Dict().tag(sync=True)  # the first cases that this policy refers, in words
    kept = ("chosen",)

    def __init__(self, cohort: Cohort) -> None:
        self._cohort, said = cohort, cohort.frame.collect()
        self._rules = [rule for rule in cohort.rule_book if rule.level]
        known = said.select(known=how_many(cohort.clinical)[0])["known"]
        self._ks = [k for k in range(1, len(cohort.clinical) + 1) if (known >= k).mean() >= RARE] or [1]
        policies = {(level, k): self._policy(level, k) for level in LEVELS for k in self._ks}
        self._weighed = weigh(cohort, [NOBODY, *policies.values(), *ENDS], [1 / (1 + n) for n in REFERRALS])
        table = wide(self._weighed)
        places = pd.DataFrame([(policy.name, *place) for place, policy in policies.items()])
        places = places.set_axis(["policy", "level", "k"], axis=1).astype({"k": "Int64"})
        self.table = table.merge(places, how="left")
        self.table.attrs = table.attrs
        asked = {policy.name: policy.refers for policy in policies.values()}
        codes = said.select(**asked, changed=cohort.changed).to_polars()
        codes = codes.select(pl.all().cast(pl.UInt8).fill_null(2))  # no 0, yes 1, unknown 2
        self._refers = {place: codes[policy.name].to_numpy() for place, policy in policies.items()}
        self._changed = codes["changed"].to_numpy()
        self._verdicts = said.select(**{rule.name: nw.col(f"rule {rule.name}") for rule in self._rules})
        data = page_data(screens=()) | {"screens": ["tradeoff"], "tradeoff": [self._scene()]}
        super().__init__(data, chosen={"level": "recommended", "k": self._ks[0], "accept": 10})

    selected = property(lambda self: self._answered(1), doc="All cases referred, in the kind given.")
    cannot_be_judged = property(lambda self: self._answered(2), doc="All in which missing facts decide.")

    def still(self) -> dict[str, Any]:
        name, every = _words(self.chosen["level"], self.chosen["k"]), self._weighed
        named = every["policy"].isin(["none", "all", name]) | (every["sort"] == ENDS[0].sort)
        at = every["threshold"].isna() | (every["threshold"] == 1 / (1 + self.chosen["accept"]))
        return {"application/vnd.plotly.v1+json": json.loads(drawn(every[named & at]).to_json())}

    @traitlets.validate("chosen")
    def _read(self, proposal: Any) -> dict[str, Any]:
        """What is no policy is refused, and the choice stays as it was."""
        options = {"level": [*LEVELS], "k": self._ks, "accept": REFERRALS}
        value = settled(self.chosen, proposal["value"]) if self.chosen else proposal["value"]
        return {name: one_of(name, value[name], some) for name, some in options.items()}

    @traitlets.observe("chosen")
    def _list(self, _: Any) -> None:
        policy = {"level": self.chosen["level"], "k": self.chosen["k"]}
        self.rows = policy | {"n": int((self._chosen == 1).sum()), "cases": self._cases()}

    @property
    def _chosen(self) -> np.ndarray:
        return self._refers[self.chosen["level"], self.chosen["k"]]

    def _answered(self, answer: int) -> Any:
        rows = np.flatnonzero(self._chosen == answer).tolist()
        return nw.from_native(self._cohort.cases)[rows].to_native()

    def _count(self, refers: np.ndarray) -> dict[str, int]:
        code = 3 * refers.astype(int) + self._changed
        tn, fn, left, fp, tp, unknown, *never = np.bincount(code, minlength=9).tolist()
        return dict(zip(PEOPLE, (tp, fp, unknown, sum(never), fn, tn, left), strict=True))

    def _policy(self, level: str, k: int) -> Policy:
        """Who is at a level by at least k indications: clinical ones, and at *optional* wishes too."""
        book, name = self._cohort.rule_book, _words(level, k)
        counted = self._rules if level == "optional" else self._cohort.clinical
        return Policy(name, name, "own", "", at_level(book, level) & at_least(k, *how_many(counted)))

    def _scene(self) -> dict[str, Any]:
        """What the screen shows: every policy at every threshold, with its bounds, and which is best."""
        table = self.table[self.table["sort"] != ENDS[0].sort]
        at = [table[table["threshold"] == 1 / (1 + n)].reset_index(drop=True) for n in REFERRALS]
        truth = [name for name in NET_OF if set(NET_OF) <= set(self._cohort.truth)]
        policies = []
        for i, row in at[0].iterrows():
            place = None if row["sort"] in ("none", "all") else (row["level"], int(row["k"]))
            level, k = place or (None, None)
            policies.append(
                {"key": row["policy"], "label": row["label"], "level": level, "k": k}
                | {"people": place and self._count(self._refers[place])}
                | {"found": _five(row, "true_positive"), "over": _five(row, "false_positive")}
                | {"net": [_five(rows.loc[i], "net_benefit") for rows in at]}
                | {"errors": [round(row[name], 3) for name in truth]}
            )
        scene = {"accepts": REFERRALS, "levels": [*LEVELS], "ks": self._ks, "policies": policies}
        scene |= {"n": len(self._changed), "simulated": bool(self.table.attrs.get("simulated"))}
        return scene | {"best": [_best(rows) for rows in at]}

    def _cases(self) -> list[list[str]]:
        """The first cases that are referred: recommendation, indications, wishes, what fires, the change."""
        first = np.flatnonzero(self._chosen == 1)[:SHOWN].tolist()
        index = getattr(self._cohort.cases, "index", range(len(self._changed)))
        told = []
        for row, said in zip(first, self._verdicts[first].iter_rows(named=True), strict=True):
            fires = [rule for rule in self._rules if said[rule.name]]
            clinical = sum(rule.clinical for rule in fires)
            level = max((rule.level for rule in fires), key=list(Level).index)
            shown = (index[row], level, clinical, len(fires) - clinical, "; ".join(r.label for r in fires))
            told.append([*map(str, shown), ("no", "yes", "not-known")[self._changed[row]]])
        return told


@named
def explore_tradeoff(
    cohort: Any, *, outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> TradeoffExplorer:
    """Move level, count of indications and decision threshold, and see who is referred and what changes.

    Cases with an outcome, in memory, as :func:`secondop.tradeoff` takes them. One is referred at a level and
    by at least k indications: clinical ones, at ``optional`` the patient's wishes too; at ``urgent`` one of
    them must be urgent. ``chosen`` holds ``level``, ``k`` and how many no-change referrals one would
    ``accept`` for one change; it follows the screen and may be set. ``selected`` are all cases that the
    chosen policy refers, ``cannot_be_judged`` those in which missing information decides, ``table`` every
    policy's measures.

    >>> from secondop import simulate
    >>> explorer = explore_tradeoff(simulate("programme", 500, seed=1))
    >>> explorer.chosen = {"level": "urgent", "k": 2}
    >>> explorer.chosen["accept"], len(explorer.selected) < len(explorer.cannot_be_judged)
    (10, True)
    """
    read = Cohort(cohort, rule_book, outcome=outcome)
    if not read.has_rules:
        raise SecondopError(
            "These cases state no facts, so no indication can be counted. Rename their columns with "
            "read_cases(..., columns={'your name': 'fact name'}); facts_table() lists all facts."
        )
    if not hasattr(cohort, "__len__"):
        raise SecondopError("The cases behind each point are listed: collect the lazy frame first.")
    if not len(cohort):
        raise SecondopError("There are no cases, so no policy to weigh.")
    return TradeoffExplorer(read)


def _words(level: str, k: int) -> str:
    return LEVELS[level] if k == 1 else _COUNTED[level].format(k=k)


def _best(rows: pd.DataFrame) -> dict[str, Any]:
    """Which policy is best at a threshold, if that can be told, and which cannot be told from it."""
    first = best_of(rows)
    others = [] if first is None else tied(rows, first).index.tolist()
    return {"at": None if first is None else int(first.name), "tied": others}


def _five(row: Any, name: str) -> list[float | None]:
    """A number (half-way between its bounds if it is open), its bounds over what is missing, its interval."""
    low, high = row[f"{name}_min"], row[f"{name}_max"]
    value = row[name] if row[name] == row[name] else (low + high) / 2
    five = (value, low, high, row[f"{name}_lower"], row[f"{name}_upper"])
    return [None if x != x else round(float(x), 4) for x in five]
