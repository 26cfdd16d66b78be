"""Move the rule book between benefit and overuse, and see the cases behind a point."""

from __future__ import annotations

from typing import Any

import pandas as pd

from secondop.evaluation.counted import Counted, count_policies
from secondop.evaluation.policies import UNKNOWN
from secondop.evaluation.reading import clinical_rules
from secondop.figures.counted import counted, finding, marks
from secondop.figures.style import cases_of
from secondop.rules.indications import RULE_BOOK
from secondop.rules.markup import LINE, SMALL, Html, div, el
from secondop.rules.rulebook import RuleBook
from secondop.teaching.plots import live, picture, redraw
from secondop.teaching.still import Still, need_lab

widgets = need_lab()

LEVELS = ("urgent", "recommended", "optional")
ACCEPTED = (1, 2, 5, 10, 20, 50)
"""Needless opinions accepted for one useful one."""
SHOWN = 20
CHANGED = ("no", "yes", "not known")
_TEXT = "font-family:system-ui,sans-serif;color:inherit;line-height:1.4;"


def explore_tradeoff(
    cohort: Any, *, outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> TradeoffExplorer:
    """Move the level, the count of indications and the exchange rate, and see who is sent for nothing.

    A case is sent at a level and by at least k indications. At ``recommended`` the clinical indications are
    counted; at ``urgent`` one of them must be urgent; at ``optional`` the patient's wishes count too. Click a
    point, or move the sliders, to choose it: the cases behind it are listed below.

    Parameters
    ----------
    cohort : frame of n_cases rows
        A simulated cohort, or cases with an outcome: pandas, polars or pyarrow.
    outcome : str
        The yes/no column that says whether an opinion would change something. ``"either"`` is
        ``diagnosis_changed`` or ``treatment_changed``.
    rule_book : RuleBook
        The rules; the project's own by default.

    Returns
    -------
    TradeoffExplorer
        A widget. ``selected`` holds all cases that the chosen policy sends, ``undecided`` those that unknown
        facts leave open, ``table`` the figures of every policy.

    Raises
    ------
    SecondopError
        If the cases lack the outcome or any fact, or the widgets' packages are not installed.

    Examples
    --------
    >>> import secondop
    >>> explorer = explore_tradeoff(secondop.simulate("programme", 500, seed=1))
    >>> explorer.choose("urgent", 2)
    >>> len(explorer.selected) == explorer.counts["found"] + explorer.counts["overuse"]
    True
    """
    rates = [1 / accepted for accepted in ACCEPTED]
    made = count_policies(cohort, outcome=outcome, exchange_rates=rates, rule_book=rule_book)
    return TradeoffExplorer(made, rule_book)


class TradeoffExplorer(Still, widgets.VBox):
    """What :func:`explore_tradeoff` gives: everything is counted at the start, a move only looks up."""

    def __init__(self, made: Counted, rule_book: RuleBook):
        self._made, self._rules = made, [rule for rule in rule_book if rule.clinical or rule.preference]
        self._clinical = {rule.name for rule in clinical_rules(rule_book)}
        self._held = False
        ks = [k for level, k in made.sent if level == "recommended"]
        wide = {"layout": {"width": "300px"}}
        self.level = widgets.ToggleButtons(options=LEVELS, value=LEVELS[1], style={"button_width": "auto"})
        self.k = widgets.SelectionSlider(options=ks, value=ks[0], **wide)
        self.accepted = widgets.SelectionSlider(options=ACCEPTED, value=10, **wide)
        self._says, self._sends, self._cases = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.figure, self._marks = live(counted(*self._at()), width=520), marks(*self._at())
        for trace in self.figure.data:
            if trace.customdata is not None:
                trace.on_click(self._click)
        for control in (self.level, self.k, self.accepted):
            control.observe(self._move, "value")
        labels = ("Level", "At least k indications", "Needless opinions accepted per useful one")
        controls = [
            part
            for words, control in zip(labels, (self.level, self.k, self.accepted), strict=True)
            for part in (widgets.HTML(div(f"{_TEXT}font-size:15px;font-weight:600;", words)), control)
        ]
        left = widgets.VBox([*controls, self._sends], layout={"width": "325px"})
        both = widgets.HBox(
            [left, self.figure], layout={"flex_flow": "row wrap", "align_items": "flex-start"}
        )
        super().__init__([self._says, both, self._cases])
        self._say()

    @property
    def table(self) -> pd.DataFrame:
        """The figures of every policy at every exchange rate."""
        return self._made.table

    @property
    def selected(self) -> Any:
        """All cases that the chosen policy sends, in the kind given."""
        return self._made.frame(self._made.where(self.level.value, self.k.value))

    @property
    def undecided(self) -> Any:
        """All cases of which unknown facts decide whether the chosen policy sends them."""
        return self._made.frame(self._made.where(self.level.value, self.k.value, UNKNOWN))

    @property
    def counts(self) -> dict[str, int]:
        """How many cases the chosen policy finds, sends for nothing, misses and leaves undecided."""
        return self._made.counts(self.level.value, self.k.value)

    @property
    def _label(self) -> str:
        table, level, k, _ = self._at()
        return table[(table["level"] == level) & (table["k"] == k)]["label"].iloc[0]

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

    def _click(self, trace: Any, points: Any, state: Any) -> None:
        if points.point_inds:
            self.choose(*trace.customdata[points.point_inds[0]])

    def _at(self) -> tuple[pd.DataFrame, str, int, float]:
        return self.table, self.level.value, self.k.value, 1 / self.accepted.value

    def _move(self, _: Any = None) -> None:
        if self._held:
            return
        old, self._marks = self._marks, marks(*self._at())
        redraw(self.figure, old, self._marks)
        self._say()

    def _say(self) -> None:
        self._says.value = div(
            f"{_TEXT}font-size:18px;font-weight:600;height:102px;overflow:auto;", f"{finding(*self._at())}."
        )
        self._sends.value = self._numbers()
        self._cases.value = self._rows()

    def _numbers(self) -> Html:
        counts, n = self.counts, len(self._made.changed)
        kind = cases_of(self.table)
        sent = sum(counts[part] for part in ("found", "overuse", "sent_unknown"))
        left = sum(counts[part] for part in ("underuse", "spared", "left_unknown"))
        lines = [
            (sent, "are sent", ""),
            (counts["found"], "find something", "padding-left:1.2em;"),
            (counts["overuse"], "are needless", "padding-left:1.2em;"),
            (counts["sent_unknown"], "may have found something", "padding-left:1.2em;"),
            (counts["undecided"], "undecided: an unknown fact would settle it", ""),
            (left, "are not sent", ""),
            (counts["underuse"], "would have changed", "padding-left:1.2em;"),
            (counts["left_unknown"], "may have changed", "padding-left:1.2em;"),
        ]
        return div(
            f"{_TEXT}font-size:16px;margin-top:.6em;",
            div("min-height:2.8em;", f"This sends {self._label}."),
            div("font-weight:600;", f"Of {n:,} {kind}"),
            *(div(style, el("b", "", f"{count:,}"), f" {words}") for count, words, style in lines),
        )

    def _rows(self) -> Html:
        rows = self._made.where(self.level.value, self.k.value)
        cell = f"text-align:left;vertical-align:top;padding:.3em .7em;border-bottom:1px solid {LINE};"
        heads = (
            "Case",
            "Recommendation",
            "Clinical indications",
            "Wishes",
            "What holds",
            "Something changed",
        )
        first = rows[:SHOWN]
        index = getattr(self._made.cases, "index", None)
        verdicts = self._made.verdicts[first.tolist()]
        body = []
        for row, said in zip(first.tolist(), verdicts.iter_rows(named=True), strict=True):
            holds = [rule for rule in self._rules if said[rule.name]]
            clinical = sum(rule.name in self._clinical for rule in holds)
            case = row if index is None else index[row]
            shown = (case, said["recommendation"], clinical, len(holds) - clinical)
            shown += ("; ".join(rule.label for rule in holds), CHANGED[self._made.changed[row]])
            body.append(el("tr", "background:none;", *(el("td", cell, value) for value in shown)))
        head = el("tr", "", *(el("th", f"{cell}font-weight:600;", words) for words in heads))
        words = f"The cases behind this point: the first {len(first)} of {len(rows):,} that are sent."
        return div(
            f"{_TEXT}font-size:15px;",
            div("font-size:17px;font-weight:600;margin:.3em 0;", words),
            div(
                f"height:270px;overflow:auto;border:1px solid {LINE};border-radius:6px;",
                el("table", "border-collapse:collapse;width:100%;color:inherit;", head, *body),
            ),
            div(SMALL, "All of them: .selected. The undecided: .undecided. For teaching, not for care."),
        )
