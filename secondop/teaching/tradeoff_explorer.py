"""Move the rule book between benefit and overuse, and see the cases behind a point."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.corrected import NET_OF
from secondop.evaluation.people import PEOPLE
from secondop.evaluation.policies import ENDS, NOBODY, Policy, at_least, at_level, how_many
from secondop.evaluation.policies import LEVELS as LABELS
from secondop.evaluation.tradeoff import THRESHOLD, weigh, wide
from secondop.figures.captions import cases_of
from secondop.figures.counted import counted, finding, marks
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level
from secondop.teaching.markup import LINE, SMALL, TEXT, Html, div, el
from secondop.teaching.plots import live, picture, redraw
from secondop.teaching.still import Still, need_lab

widgets = need_lab()

LEVELS = ("urgent", "recommended", "optional")
REFERRALS = (1, 2, 5, 10, 20, 50)
"""No-change referrals accepted for one change: N of the decision threshold 1 / (1 + N)."""
SHOWN = 20
RARE = 0.005
"""A count of clinical indications that fewer cases reach is not worth a policy of its own."""
_HEADS = ("Case", "Recommendation", "Clinical indications", "Wishes", "What fires", "Something changes")


def explore_tradeoff(
    cohort: Any, *, outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> TradeoffExplorer:
    """Move level, count of indications and decision threshold, and see who is referred and what changes.

    A case is referred at a level and by at least k indications. At ``recommended`` the clinical indications
    are counted; at ``urgent`` one of them must be urgent; at ``optional`` the patient's wishes count too.
    Click a point, or move the sliders, to choose it: the cases behind it are listed below.

    Parameters
    ----------
    cohort : frame of n_cases rows
        A simulated cohort, or cases with an outcome: pandas, polars or pyarrow, in memory.
    outcome, rule_book
        As for :func:`secondop.tradeoff`.

    Returns
    -------
    TradeoffExplorer
        A widget. ``selected`` holds all cases that the chosen policy refers, ``cannot_be_judged`` those in
        which missing information decides, ``counts`` how many are what, ``table`` every policy's measures.

    Examples
    --------
    >>> import secondop
    >>> explorer = explore_tradeoff(secondop.simulate("programme", 500, seed=1))
    >>> explorer.choose("urgent", 2)
    >>> len(explorer.selected) == explorer.counts["true_positive"] + explorer.counts["false_positive"]
    True
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


class TradeoffExplorer(Still, widgets.VBox):
    """What :func:`explore_tradeoff` gives: everything is counted at the start, a move only looks up."""

    def __init__(self, cohort: Cohort):
        self._cohort = cohort
        self._rules = [rule for rule in cohort.rule_book if rule.level]
        said = cohort.frame.collect()
        known = said.select(known=how_many(cohort.clinical)[0])["known"]
        ks = [k for k in range(1, len(cohort.clinical) + 1) if (known >= k).mean() >= RARE] or [1]
        policies = {(level, k): _policy(cohort, level, k) for level in LEVELS for k in ks}
        made = [NOBODY, *policies.values(), *ENDS]
        table = wide(weigh(cohort, made, [1 / (1 + n) for n in REFERRALS]))
        places = pd.DataFrame([(policy.name, *place) for place, policy in policies.items()])
        places = places.set_axis(["policy", "level", "k"], axis=1).astype({"k": "Int64"})
        self.table = table.merge(places, how="left")
        self.table.attrs = table.attrs
        answers = said.select(
            **{policy.name: policy.refers for policy in policies.values()}, changed=cohort.changed
        )
        codes = answers.to_polars().select(pl.all().cast(pl.UInt8).fill_null(2))
        self._refers = {place: codes[policy.name].to_numpy() for place, policy in policies.items()}
        self._changed = codes["changed"].to_numpy()
        self._verdicts = said.select(**{rule.name: nw.col(f"rule {rule.name}") for rule in self._rules})
        self._held = False
        broad = {"layout": {"width": "300px"}}
        self.level = widgets.ToggleButtons(options=LEVELS, value=LEVELS[1], style={"button_width": "auto"})
        self.k = widgets.SelectionSlider(options=ks, value=ks[0], **broad)
        thresholds = [(str(n), 1 / (1 + n)) for n in REFERRALS]
        self.threshold = widgets.SelectionSlider(options=thresholds, value=THRESHOLD, **broad)
        self._says, self._counts, self._cases = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.figure, self._marks = live(counted(*self._at()), width=520), marks(*self._at())
        for trace in self.figure.data:
            if trace.customdata is not None:
                trace.on_click(self._click)
        labels = ("Level", "At least k indications", "No-change referrals accepted for one change")
        controls = []
        for words, control in zip(labels, (self.level, self.k, self.threshold), strict=True):
            control.observe(self._move, "value")
            controls += [widgets.HTML(div(f"{TEXT}font-size:15px;font-weight:600;", words)), control]
        left = widgets.VBox([*controls, self._counts], layout={"width": "325px"})
        layout = {"flex_flow": "row wrap", "align_items": "flex-start"}
        super().__init__([self._says, widgets.HBox([left, self.figure], layout=layout), self._cases])
        self._say()

    @property
    def selected(self) -> Any:
        """All cases that the chosen policy refers, in the kind given."""
        return self._frame(1)

    @property
    def cannot_be_judged(self) -> Any:
        """All cases that cannot be judged: missing information decides whether they are referred."""
        return self._frame(2)

    @property
    def counts(self) -> dict[str, int]:
        """How many cases the chosen policy makes each of :data:`secondop.evaluation.people.PEOPLE`."""
        code = 3 * self._chosen.astype(int) + self._changed
        tn, fn, left, fp, tp, unknown, *never = np.bincount(code, minlength=9).tolist()
        return dict(zip(PEOPLE, (tp, fp, unknown, sum(never), fn, tn, left), strict=True))

    def choose(self, level: str, k: int) -> None:
        """Choose a point, as a click does."""
        self._held = True  # one move, not two
        try:
            self.level.value, self.k.value = level, k
        finally:
            self._held = False
        self._move()

    def still(self) -> dict[str, Any]:
        return picture(counted(*self._at()))

    @property
    def _chosen(self) -> np.ndarray:
        return self._refers[self.level.value, self.k.value]

    def _frame(self, answer: int) -> Any:
        rows, cases = np.flatnonzero(self._chosen == answer), self._cohort.cases
        if isinstance(cases, pd.DataFrame):
            return cases.iloc[rows]
        return nw.from_native(cases)[rows.tolist()].to_native()

    def _click(self, trace: Any, points: Any, state: Any) -> None:
        if points.point_inds:
            self.choose(*trace.customdata[points.point_inds[0]])

    def _at(self) -> tuple[pd.DataFrame, str, int, float]:
        return self.table, self.level.value, self.k.value, self.threshold.value

    def _move(self, _: Any = None) -> None:
        if self._held:
            return
        old, self._marks = self._marks, marks(*self._at())
        redraw(self.figure, old, self._marks)
        self._say()

    def _say(self) -> None:
        style = f"{TEXT}font-size:18px;font-weight:600;height:128px;overflow:auto;"
        self._says.value = div(style, f"{finding(*self._at())}.")
        self._counts.value = self._numbers()
        self._cases.value = self._rows()

    def _numbers(self) -> Html:
        counts, total = self.counts, len(self._changed)
        said = [
            div("padding-left:.6em;", el("b", "", f"{counts[part]:,}"), f" {words}")
            for part, words in PEOPLE.items()
            if counts[part] or not part.endswith("_unknown")
        ]
        return div(
            f"{TEXT}font-size:16px;margin-top:.6em;min-height:17em;",
            div("", f"This refers {_words(self.level.value, self.k.value)}."),
            div("font-weight:600;", f"Of {total:,} {cases_of(self.table)}"),
            *said,
            *self._errors(),
        )

    def _errors(self) -> list[Html]:
        """What the referrals do to diagnoses, where the truth is known: a change is not a benefit."""
        if not set(NET_OF) <= set(self._cohort.truth):
            return []
        place = (self.table["level"] == self.level.value) & (self.table["k"] == self.k.value)
        corrected, introduced = self.table.loc[place, [*NET_OF]].iloc[0]
        words = (
            f"Wrong diagnoses put right: {corrected:.1f} per 100 cases; right ones lost: {introduced:.1f}."
        )
        return [div("margin-top:.4em;", f"A change is not a benefit. {words}")]

    def _rows(self) -> Html:
        rows = np.flatnonzero(self._chosen == 1)
        first = rows[:SHOWN].tolist()
        index = getattr(self._cohort.cases, "index", range(len(self._changed)))
        cell = f"text-align:left;vertical-align:top;padding:.3em .7em;border-bottom:1px solid {LINE};"
        body = []
        for row, said in zip(first, self._verdicts[first].iter_rows(named=True), strict=True):
            fires = [rule for rule in self._rules if said[rule.name]]
            clinical = sum(rule.clinical for rule in fires)
            level = max((rule.level for rule in fires), key=list(Level).index)
            changed = ("no", "yes", "not known")[self._changed[row]]
            shown = (index[row], level, clinical, len(fires) - clinical)
            shown += ("; ".join(rule.label for rule in fires), changed)
            body.append(el("tr", "background:none;", *(el("td", cell, value) for value in shown)))
        head = el("tr", "", *(el("th", f"{cell}font-weight:600;", words) for words in _HEADS))
        words = f"The cases behind this point: the first {len(first)} of {len(rows):,} that are referred."
        return div(
            f"{TEXT}font-size:15px;",
            div("font-size:17px;font-weight:600;margin:.3em 0;", words),
            div(
                f"height:270px;overflow:auto;border:1px solid {LINE};border-radius:6px;",
                el("table", "border-collapse:collapse;width:100%;color:inherit;", head, *body),
            ),
            div(
                SMALL, "All of them: .selected. Those that cannot be judged: .cannot_be_judged. Not for care."
            ),
        )


def _policy(cohort: Cohort, level: str, k: int) -> Policy:
    """Who is at a level by at least k indications: clinical ones, and at *optional* wishes too."""
    rules = cohort.clinical if level != "optional" else [rule for rule in cohort.rule_book if rule.level]
    refers = at_level(cohort.rule_book, level) & at_least(k, *how_many(rules))
    return Policy(_words(level, k), _words(level, k), "own", "", refers)


def _words(level: str, k: int) -> str:
    if k == 1:
        return LABELS[level]
    return {
        "urgent": f"all with an urgent indication and at least {k} clinical ones",
        "recommended": f"all with at least {k} clinical indications",
        "optional": f"all with at least {k} indications or wishes",
    }[level]
