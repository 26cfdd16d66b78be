"""A report to share: one HTML page that needs no network, or its tables as a workbook."""

from __future__ import annotations

import datetime
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.arguments import PATH, TEXT, checked
from secondop.datafiles import for_spreadsheets, require_folder, write_whole
from secondop.errors import CasesError, SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.corrected import NET
from secondop.evaluation.policies import judged
from secondop.evaluation.recorded import Report, cell, who
from secondop.evaluation.reported import rates_of, tradeoffs
from secondop.evaluation.small_cells import HIDDEN, MIN_CELL
from secondop.evaluation.tradeoff import OWN, THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.words import NOT_FOR_CARE, plural, render, span


@checked(path=PATH, policies=OWN, title=TEXT)
def report(
    cases: Any,
    path: str | Path = "report.html",
    *,
    outcome: str | None = None,
    by: str | Sequence[str] | None = None,
    rule_book: RuleBook = RULE_BOOK,
    min_cell: int = MIN_CELL,
    title: str | None = None,
    policies: Iterable[str] | Mapping[str, str] | None = None,
    threshold: float = THRESHOLD,
    verified: str | None = None,
    method: str | None = None,
    given: Sequence[str] | None = None,
    cluster: str | None = None,
) -> Path:
    """Write what a rule book says of some cases, to be shared: no case is in it, and no small count.

    It says which rule book it was, who is in the table and what is missing, how often rules fire and whom
    each level refers, where outcomes are known what that finds, misses and costs, and what cannot be
    concluded. The path of the file, written whole, comes back.

    Parameters
    ----------
    cases : frame of n_cases rows, or Cohort
        As for :func:`tradeoff`: in memory or lazy; with facts, or there is no table of who is in it.
    path : str or pathlib.Path
        ``.html``: one page that opens and prints without a network; ``.xlsx``: its tables as sheets.
    outcome, by, policies, threshold, verified, method, given, cluster
        As for :func:`tradeoff`; by default there is no outcome, and the policies are the rule book's levels.
    min_cell : int
        Counts below it are hidden, with whatever would tell them; 1 shows all.
    rule_book, title
        The rules that judge the cases, and the heading.

    Examples
    --------
    >>> import tempfile
    >>> from secondop import simulate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = report(simulate("general", 500, seed=1), f"{folder}/report.html", by="sex")
    ...     print("500 simulated cases" in path.read_text("utf-8"))
    True
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".xlsx"):
        raise SecondopError(f"A report is an .html page or an .xlsx workbook; {path.name!r} is neither.")
    require_folder(path)
    if isinstance(cases, Cohort):
        outcome, by, rule_book = outcome or cases.outcome, by or cases.by, cases.rule_book
        if cases.weights:
            raise SecondopError("A report counts cases, and this cohort weighs them: give it the frame.")
        verified, cluster, cases = verified or cases.verified, cluster or cases.cluster, cases.cases
    if outcome == NET:
        raise SecondopError(f"A report weighs a yes/no outcome, not {NET!r}: name the column of one.")
    by = [by] if isinstance(by, str) else list(by or ())
    told = {"threshold": threshold, "verified": verified, "method": method, "given": given}
    try:
        made = Report(rule_book, by, min_cell, judged(cases, rule_book, by=by), outcome)
        who(made, cases)
        rates_of(made, cases, cluster)
        tradeoffs(made, cases, policies, told | {"cluster": cluster})
    except CasesError as error:  # its message names cases and what stands in them
        odd = error.problems
        said = f"{plural(int(odd['rows'].sum()), 'value')} in {', '.join(dict.fromkeys(odd['column']))}"
        raise CasesError(f"No answers, so no report: {said}. check_cases lists them.", odd) from None
    made.title = title or f"{rule_book.title}: what it says of {made.cases}"
    write_whole(path, _workbook(made) if path.suffix.lower() == ".xlsx" else _page(made))
    return path


def _page(made: Report) -> str:
    """One HTML document, with plotly.js in it if there is a figure."""
    from plotly.offline import get_plotlyjs

    from secondop import figures

    drawn: dict[str, list] = {part: [] for part in made.figures}
    for part, name, table in ((part, *one) for part, every in made.figures.items() for one in every):
        fig = getattr(figures, name)(table)
        told = {"said": fig.layout.meta["description"], "height": fig.layout.height}
        drawn[part].append(told | {"json": json.loads(fig.to_json())})
    fit = Path(figures.__file__).with_name("fit.js").read_text(encoding="utf-8")
    shown = {"figures": drawn, "plotly": get_plotlyjs() if drawn else "", "fit": fit, "hidden": HIDDEN}
    shown |= {"cell": cell, "span": span, "today": _today(), "note": NOT_FOR_CARE}
    return render("report.html.j2", made=made, book=made.rule_book, **shown)


def _workbook(made: Report) -> bytes:
    """The tables as sheets, after one that says what they are."""
    if importlib.util.find_spec("openpyxl") is None:
        said = "A workbook is written by openpyxl: pip install 'secondop[excel]' (or: pip install openpyxl)"
        raise SecondopError(f"{said}. An .html report needs nothing more.")
    book = made.rule_book
    said = {
        "report": made.title,
        "note": NOT_FOR_CARE,
        "made on": _today(),
        "rule book": f"{book.title}. {book.about}",
        "fingerprint": book.fingerprint,
        "cases": made.cases,
        "hidden": f"counts below {made.least}, and what would tell them",
        "who": made.tables["who"].note,
        "min, max": "over all that unknown answers allow",
        "lower, upper": "95 % intervals around these",
        "outcome": made.outcome,
    }
    said |= {name: made.said.get(name) for name in ("verification", "estimate")}
    about = pd.DataFrame([x for x in said.items() if x[1]], columns=["about", "this report"])
    with pd.ExcelWriter(kept := BytesIO(), engine="openpyxl") as writer:
        for name, frame in {"about": about, **made.sheets}.items():
            for_spreadsheets(frame).to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
            for column in writer.sheets[name].columns:
                width = 2 + max(len(str(cell.value or "")) for cell in column)
                writer.sheets[name].column_dimensions[column[0].column_letter].width = min(80, width)
    return kept.getvalue()


def _today() -> str:
    return f"{datetime.date.today()}, by secondop {sys.modules['secondop'].__version__}"
