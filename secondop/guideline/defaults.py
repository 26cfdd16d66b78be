"""The daily functions, with the second opinion book as their default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.arguments import MAPPING, PATH, checked, named
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules import assess as _assess
from secondop.rules import cases as _cases
from secondop.rules import explain as _explain
from secondop.rules import template as _template
from secondop.rules import what_if as _what_if
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook

Books = RuleBook | Sequence[RuleBook]

_OF_PANDAS = {
    "sep": "What separates cells is found",
    "decimal": "A comma is decimal where semicolons separate",
}
_OF_PANDAS |= {"sheet_name": "Move the sheet with the cases to the front", "na_values": "Say unknown="}


@named
def fact(name: str) -> Fact:
    """The fact of that name in the second opinion book, to speak about it in a condition.

    Examples
    --------
    >>> fact("pathology_result").is_in("ambiguous") & ~fact("rare_disease")
    pathology result is ambiguous and not rare disease
    """
    return RULE_BOOK.fact(name)


@named
def facts_table(rule_book: Books = RULE_BOOK) -> pd.DataFrame:
    """Every fact, one a row: what it is called, what it asks and what answers it takes."""
    return _cases.facts_table(rule_book)


@checked(rule_book=None, values=MAPPING, **_OF_PANDAS)
def read_cases(
    source: str | Path | Any,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[Any, Any] | None = None,
    unknown: Any = None,
    encoding: str | None = None,
    mapping: str | Path | None = None,
    id: str | None = None,
    rule_book: Books = RULE_BOOK,
) -> Any:
    """Read cases: every fact brought to its declared kind, everything else kept as it is.

    A fact that was not recorded counts as unknown, not as no. See :func:`secondop.rules.cases.read_cases`.

    Examples
    --------
    >>> import pandas as pd, warnings
    >>> warnings.simplefilter("ignore")  # of the facts that have no column
    >>> log = pd.DataFrame({"rare_disease": ["Yes", "n", "NA"], "sex": ["F", "male", None]})
    >>> read_cases(log, values={"sex": {"F": "female"}})["sex"].to_list()
    ['female', 'male', nan]
    """
    return _cases.read_cases(**locals())  # the same arguments


@checked(rule_book=None, values=MAPPING, **_OF_PANDAS)
def check_cases(
    source: str | Path | Any,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[Any, Any] | None = None,
    unknown: Any = None,
    encoding: str | None = None,
    mapping: str | Path | None = None,
    id: str | None = None,
    rule_book: Books = RULE_BOOK,
) -> pd.DataFrame:
    """Every problem that :func:`read_cases` would raise, as a table; empty if there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> check_cases(pd.DataFrame({"drug_trials": ["2", "two"]}))[["column", "rows", "first_case", "value"]]
            column  rows first_case  value
    0  drug_trials     1     case 1  'two'
    """
    return _cases.check_cases(**locals())  # the same arguments


@checked(rule_book=None, path=PATH, columns="Fill in the file that it writes, or give columns= to read_cases")
def mapping_template(
    source: str | Path | Any,
    path: str | Path | None = None,
    *,
    encoding: str | None = None,
    rule_book: Books = RULE_BOOK,
) -> str | Path:
    """A file to fill in, for ``read_cases(source, mapping=path)``: what your columns, words and codes mean.

    See :func:`secondop.rules.template.mapping_template`.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"sex": ["weiblich", "männlich"], "rare_disease": ["ja", "nein"]})
    >>> check_cases(log, mapping=mapping_template(log)).empty
    True
    """
    return _template.mapping_template(source, path, encoding=encoding, rule_book=rule_book)


@checked()
def assess(
    cases: Any, rule_book: RuleBook = RULE_BOOK, *, verdicts: bool = False, next_question: bool = False
) -> Any:
    """Say for every case what the rule book recommends, and what unknown facts leave open.

    It adds the ``recommendation``, the ``possible`` one that missing information could raise it to, whether
    that is another (``undetermined``), how many ``indications`` and ``preferences`` fire, and if asked every
    rule's verdict and the ``next_question``. A lazy frame stays lazy, and counts what is ``unreadable``.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"neoplasia_concern": ["no", "yes", None]})
    >>> assess(cases, RULE_BOOK.only("neoplasia-concern"))[["recommendation", "possible", "undetermined"]]
      recommendation       possible  undetermined
    0  no_indication  no_indication         False
    1    recommended    recommended         False
    2  no_indication    recommended          True
    """
    return _assess.assess(cases, rule_book, verdicts=verdicts, next_question=next_question)


@checked()
def explain(case: Any, rule_book: RuleBook = RULE_BOOK, *, audience: str = "patient") -> _explain.Explanation:
    """Explain what a rule book says of one case: for, against, what cannot be judged, and what to ask next.

    The ``case`` is a dict of facts, a row of a pandas frame, or a frame of one row.

    Examples
    --------
    >>> explanation = explain({"pathology_result": "ambiguous", "specialty": "dermatology"})
    >>> explanation.recommendation, explanation.possible
    ('recommended', 'urgent')
    """
    return _explain.explain(case, rule_book, audience=audience)


@checked()
def worth_recording(cases: Any, rule_book: RuleBook = RULE_BOOK) -> pd.DataFrame:
    """Which facts that were not recorded would make most recommendations final: what to record.

    See :func:`secondop.rules.what_if.worth_recording`.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"neoplasia_concern": [None, None, "no"]})
    >>> worth_recording(cases, RULE_BOOK.only("neoplasia-concern"))[["fact", "makes_final", "n"]]
                    fact  makes_final  n
    0  neoplasia_concern            2  3
    """
    return _what_if.worth_recording(cases, rule_book)
