"""One case, fact by fact: what the rule book says of it changes as each is set to yes, no or unknown."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.datafiles import for_spreadsheets
from secondop.errors import CasesError, SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.cases import read_cases
from secondop.rules.explain import Explanation, explain
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.what_if import NextQuestion
from secondop.teaching.cards import Deck, TeachingCase, deck
from secondop.teaching.markup import Html, document, el
from secondop.teaching.still import Still, need_lab

anywidget, traitlets = need_lab("anywidget"), need_lab("traitlets")


class CaseExplorer(Still, anywidget.AnyWidget):
    """The widget of :func:`explore_case`; set ``facts`` or ``start`` from Python as from the screen.

    Attributes
    ----------
    facts : dict
        The recorded facts; what is absent is unknown.
    start : str
        Id of the teaching case that it started from; empty for nothing.
    """

    _esm = Path(__file__).with_name("case_explorer.js")
    _css = Path(__file__).with_name("case_explorer.css")
    facts = traitlets.Dict().tag(sync=True)
    start = traitlets.Unicode().tag(sync=True)
    story = traitlets.Unicode().tag(sync=True)
    form = traitlets.List().tag(sync=True)
    starts = traitlets.List().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, facts: dict[str, Any], start: str, rule_book: RuleBook) -> None:
        self.rule_book, self.cases = rule_book, _cases_of(rule_book)
        starts = [[case.id, f"{case.id} {case.title}"] for case in self.cases]
        super().__init__(form=_form(rule_book), starts=starts)
        self.on_msg(self._asked_for)
        if start:
            self.start = start
        else:
            self.facts = facts
        if not self.view:
            self._explain()

    @property
    def explanation(self) -> Explanation:
        """What the rule book says of the case as it stands."""
        return explain(self.facts, self.rule_book, audience="clinician")

    def to_frame(self) -> pd.DataFrame:
        """The case as a row: every fact a column, empty where it is unknown."""
        row = {name: self.facts.get(name) for name in self.rule_book.facts}
        return read_cases(pd.DataFrame([row], dtype=object), rule_book=self.rule_book)

    def to_html(self) -> str:
        """The explanation as a page to save: one file, nothing to load."""
        e = self.explanation
        return document(e.headline, Html(e.to_html()))

    def still(self) -> dict[str, Any]:
        story = el("p", "font-style:italic;margin:.4em 0;", self.story) if self.story else ""
        return {"text/html": story + self.explanation.to_html()}

    @traitlets.observe("start")
    def _begin(self, change: Any = None) -> None:
        case = self.cases[self.start] if self.start else None
        self.story = case.story if case else ""
        self.facts = case.facts if case else {}

    @traitlets.observe("facts")
    def _explain(self, change: Any = None) -> None:
        try:
            e = self.explanation
        except CasesError as error:  # shown beside the form, above what was said before
            self.view = {**self.view, "problem": str(error)}
            return
        asked = next(iter(e.next_questions), None)
        self.view = {
            "verdict": e.to_html("verdict"),
            "reasons": e.to_html("reasons"),
            "said": f"{e.headline} {e.outlook}",
            "asked": asked and _asked(asked, self.rule_book.facts[asked.fact]),
            "problem": "",
        }

    def _asked_for(self, widget: Any, content: dict[str, str], buffers: Any) -> None:
        """Answer a button of the front end."""
        name = re.sub(r"\W+", "-", f"case-{self.start or 'explored'}").strip("-")
        if content["button"] == "restart":
            self._begin()
        elif content["button"] == "row":
            self.send({"name": f"{name}.csv", "text": for_spreadsheets(self.to_frame()).to_csv(index=False)})
        elif content["button"] == "page":
            self.send({"name": f"{name}.html", "text": self.to_html()})


def explore_case(case: Any = None, rule_book: RuleBook = RULE_BOOK) -> CaseExplorer:
    """Set the facts of a case one by one, and see at once what the rule book says of it, and why.

    Every fact is *yes*, *no* or *unknown* (or one of its levels, or a number); the three look different, and
    unknown is never taken for no. For the mouse, the keyboard and screen readers alike.

    Parameters
    ----------
    case : str, TeachingCase, dict, pandas.Series or frame of one row, optional
        Where to start: a teaching case or its id such as ``"T008"``, or a case as :func:`secondop.explain`
        takes it. From nothing unless stated.
    rule_book : RuleBook
        Its facts make the form, its rules the answer; teaching cases are there if it has their facts.

    Returns
    -------
    CaseExplorer
        A widget. ``.facts``, ``.explanation``, ``.to_frame()`` (the case as a row) and ``.to_html()`` (the
        explanation as a page) follow what is on the screen.

    Examples
    --------
    >>> explorer = explore_case("T008")
    >>> explorer.explanation.recommendation
    'recommended'
    >>> explorer.facts = explorer.facts | {"complication_during_treatment": True}
    >>> explorer.explanation.recommendation
    'urgent'
    """
    if isinstance(case, (str, TeachingCase)):
        if not (cases := _cases_of(rule_book)):
            raise SecondopError(
                f"The teaching cases do not state the facts of {rule_book.title!r}: give a dict."
            )
        if isinstance(case, str):
            return CaseExplorer({}, cases[case].id, rule_book)
        case = case.facts
    return CaseExplorer({} if case is None else explain(case, rule_book).facts, "", rule_book)


def _cases_of(rule_book: RuleBook) -> Deck:
    """The teaching cases, where the book reads their facts."""
    return deck() if rule_book.facts.items() >= RULE_BOOK.facts.items() else Deck(())


def _form(rule_book: RuleBook) -> list[dict[str, Any]]:
    """Every fact as the form asks for it, topic by topic."""
    topics = list(dict.fromkeys(fact.topic for fact in rule_book.facts.values()))
    return [
        {"name": f.name, "topic": f.topic or "facts", "label": f.label, "question": f.question}
        | {"choices": _choices(f), "unit": f.unit, "whole": f.kind == "count"}
        | {end: value if isfinite(value) else None for end, value in (("low", f.low), ("high", f.high))}
        for f in sorted(rule_book.facts.values(), key=lambda fact: topics.index(fact.topic))
    ]


def _choices(fact: Fact) -> list[list[Any]]:
    values = () if fact.is_numeric else fact.levels or (True, False)
    return [[value, fact.in_words(value)] for value in values]


def _asked(next_: NextQuestion, fact: Fact) -> dict[str, Any]:
    """The next question, with the answers that a click can give and where each leads."""
    leads = {words: says.replace("_", " ") for words, says in next_.answers.items()}
    choices = [[value, words, leads[words]] for value, words in _choices(fact)]
    return {"fact": fact.name, "question": fact.question, "choices": choices, "outcomes": next_.outcomes}
