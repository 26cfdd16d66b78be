"""One case, fact by fact: what the rule book says of it changes as each is set to yes, no or unknown."""

from __future__ import annotations

from typing import Any

import pandas as pd

from secondop.errors import SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.cases import read_cases
from secondop.rules.explain import Explanation, explain
from secondop.rules.rulebook import RuleBook
from secondop.teaching.cards import TeachingCase
from secondop.teaching.classroom import page_data, teaching_cases
from secondop.teaching.markup import Html, document, el
from secondop.teaching.screen import Screen, traitlets, widget


class CaseExplorer(Screen):
    """The widget of :func:`explore_case`; set ``facts`` or ``start`` from Python as from the screen.

    The screen evaluates the rule book by itself, so an answer waits for no kernel.

    Attributes
    ----------
    facts : dict
        The recorded facts; what is absent is unknown.
    start : str
        Id of the teaching case that it started from; empty for nothing.
    """

    facts = traitlets.Dict().tag(sync=True)
    start = traitlets.Unicode().tag(sync=True)
    kept = ("facts", "start")
    _esm, _css = widget("explore.js").values()

    def __init__(self, facts: dict[str, Any], start: str, rule_book: RuleBook) -> None:
        self.rule_book, self.cases = rule_book, teaching_cases(rule_book)
        super().__init__(page_data(rule_book, screens=("explore",)))
        if start:
            self.start = start
        else:
            self.facts = facts

    @property
    def story(self) -> str:
        """The story of the teaching case that it started from."""
        return self.cases[self.start].story if self.start else ""

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
        if not self.on_screen:  # which sends its facts along
            self.facts = self.cases[self.start].facts if self.start else {}

    @traitlets.validate("facts")
    def _read(self, proposal: Any) -> dict[str, Any]:
        """What is no answer is refused, and the case stays as it was."""
        return explain(proposal["value"], self.rule_book).facts


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
        if not (cases := teaching_cases(rule_book)):
            raise SecondopError(
                f"The teaching cases do not state the facts of {rule_book.title!r}: give a dict."
            )
        if isinstance(case, str):
            return CaseExplorer({}, cases[case].id, rule_book)
        case = case.facts
    return CaseExplorer({} if case is None else explain(case, rule_book).facts, "", rule_book)
