"""A case fact by fact, and a hundred people: what is set is answered at once, on the screen and in Python."""

from __future__ import annotations

import json
from numbers import Real
from typing import Any

import pandas as pd

from secondop.arguments import named
from secondop.errors import SecondopError
from secondop.evaluation.people import natural_frequencies, natural_sentence
from secondop.figures.people import icon_array
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.explain import Explanation, explain
from secondop.rules.rulebook import RuleBook
from secondop.teaching.cards import TeachingCase
from secondop.teaching.classroom import page_data, teaching_cases
from secondop.teaching.markup import el
from secondop.teaching.screen import Screen, one_of, settled, traitlets


class CaseExplorer(Screen, parts=("explore.js",)):
    """The widget of :func:`explore_case`, which says what ``facts`` and ``start`` are."""

    facts = traitlets.Dict().tag(sync=True)
    start = traitlets.Unicode().tag(sync=True)
    kept = ("facts", "start")

    def __init__(self, facts: dict[str, Any], start: str, rule_book: RuleBook) -> None:
        self.rule_book, self.cases = rule_book, teaching_cases(rule_book)
        super().__init__(page_data(rule_book, screens=("explore",)))
        self.facts = facts
        self.start = start

    @property
    def explanation(self) -> Explanation:
        """What the rule book says of the case as it stands."""
        return explain(self.facts, self.rule_book, audience="clinician")

    def still(self) -> dict[str, Any]:
        story = self.cases[self.start].story if self.start else ""
        told = story and el("p", "font-style:italic;margin:.4em 0;", story)
        return {"text/html": told + self.explanation.to_html()}

    @traitlets.observe("start")
    def _begin(self, _: Any) -> None:
        if not self.on_screen:  # which sends its facts along
            self.facts = self.cases[self.start].facts if self.start else {}

    @traitlets.validate("facts")
    def _read(self, proposal: Any) -> dict[str, Any]:
        """What is no answer is refused, and the case stays as it was."""
        return explain(proposal["value"], self.rule_book).facts


@named
def explore_case(case: Any = None, rule_book: RuleBook = RULE_BOOK) -> CaseExplorer:
    """Set the facts of a case one by one, and see at once what the rule book says of it, and why.

    Every fact is *yes*, *no* or *unknown* (or a level, or a number); the three look different, and unknown is
    never taken for no. It starts from nothing, from a teaching case or its id, or from a case as
    :func:`secondop.explain` takes it. ``facts`` (what is absent is unknown), ``start`` (the id of a teaching
    case) and ``explanation`` follow the screen; the first two may be set in Python as well.

    >>> explorer = explore_case("T008")
    >>> explorer.explanation.recommendation
    'recommended'
    >>> explorer.facts = explorer.facts | {"complication_during_treatment": True}
    >>> explorer.explanation.recommendation
    'urgent'
    """
    if not isinstance(case, (str, TeachingCase)):
        return CaseExplorer({} if case is None else explain(case, rule_book).facts, "", rule_book)
    if not (cases := teaching_cases(rule_book)):
        raise SecondopError(f"The teaching cases do not state the facts of {rule_book.title!r}: give a dict.")
    if isinstance(case, str):
        return CaseExplorer({}, cases[case].id, rule_book)
    return CaseExplorer(case.facts, "", rule_book)


class PrevalenceExplorer(Screen, parts=("people.js",)):
    """The widget of :func:`explore_prevalence`, which says what ``shares`` are."""

    shares = traitlets.Dict().tag(sync=True)
    kept = ("shares",)

    def __init__(self, prevalence: float, follow_through: float, yield_: float | None) -> None:
        natural_frequencies(prevalence, follow_through, yield_ or 0)  # refuses what is no share
        data = page_data(screens=("people",))
        self.published = data["published"]
        start = self.published["diagnosis"]["rate"] if yield_ is None else round(100 * yield_, 6)
        shares = {"prevalence": round(100 * prevalence, 6), "follow": round(100 * follow_through, 6)}
        super().__init__(data, shares=shares | {"yield": start, "what": "diagnosis"})

    @traitlets.validate("shares")
    def _read(self, proposal: Any) -> dict[str, Any]:
        shares = settled(self.shares, proposal["value"]) if self.shares else proposal["value"]
        one_of("what", shares["what"], self.published)
        _people(shares)
        return shares

    @property
    def table(self) -> pd.DataFrame:
        """The hundred people, from :func:`secondop.natural_frequencies`."""
        what = self.published[self.shares["what"]]
        cited = f"published: {what['rate']:.1f} % of {what['n']:,} {what['of']} ({what['source']})."
        as_published = abs(self.shares["yield"] - what["rate"]) < 0.05
        said = f"Yield as {cited}" if as_published else f"The yield is assumed; {cited}"
        return _people(self.shares, f"Prevalence and follow-through are assumed. {said}")

    @property
    def sentence(self) -> str:
        """The hundred people, as one says it."""
        return natural_sentence(self.table)

    def still(self) -> dict[str, Any]:
        return {"application/vnd.plotly.v1+json": json.loads(icon_array(self.table).to_json())}


def _people(shares: dict[str, Any], source: str = "") -> pd.DataFrame:
    stated = [shares[name] for name in ("prevalence", "follow", "yield")]
    parts = (x / 100 if isinstance(x, Real) else x for x in stated)  # what is no number is refused by name
    return natural_frequencies(*parts, what=shares["what"], source=source)


@named
def explore_prevalence(
    prevalence: float = 0.4, follow_through: float = 0.5, yield_: float | None = None
) -> PrevalenceExplorer:
    """Move prevalence, follow-through and yield, and see them in a hundred people.

    ``prevalence`` is the share of people with an indication, ``follow_through`` of these who get a second
    opinion (both assumed), ``yield_`` of these, in turn, for whom it changes the diagnosis: the published
    share unless stated. Opinions without an indication are left out; what those missed who did not go is
    unknown. ``shares``, in per cent, follow the screen and may be set: ``prevalence``, ``follow``, ``yield``,
    and ``what`` changes, *diagnosis* or *treatment*. ``sentence`` and ``table`` tell the people.

    >>> explore_prevalence().sentence[:46]
    'Of 100 people, 40 have an indication. 20 of th'
    """
    return PrevalenceExplorer(prevalence, follow_through, yield_)
