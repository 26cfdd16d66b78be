"""A report to share: one HTML page that needs no network, or its tables as a workbook."""

from __future__ import annotations

import datetime
import json
import operator
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from secondop.datafiles import for_spreadsheets, write_whole
from secondop.errors import SecondopError
from secondop.evaluation.cohort import EITHER, Cohort
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import TRUTH
from secondop.evaluation.policies import FORESIGHT, at_level, choose, kind_of, levels_from
from secondop.evaluation.rates import TOPS, firing_rates, judged
from secondop.evaluation.recorded import Recorded, recorded
from secondop.evaluation.small_cells import HIDDEN, MIN_CELL, checked, cover, pool, small
from secondop.evaluation.tradeoff import THRESHOLD, decision_curve, tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level, Rule
from secondop.words import NOT_FOR_CARE, plural, render

_RATES = {"fired": "fires in", "unknown": "cannot be judged", "n": "of"}
_RATES |= {"min": "at least, %", "max": "at most, %", "lower": "95 % from", "upper": "95 % to"}
_WORTH = {
    "referral_rate": "referred",
    "true_positive": "true positives",
    "false_positive": "possible overuse",
}
_WORTH |= {"false_negative": "missed changes", "ppv": "PPV, %", "nnr": "number needed to refer"}
_WORTH |= {"net_benefit": "net benefit"}


@dataclass
class _Table:
    caption: str
    frame: pd.DataFrame
    texts: int  # its first columns, which are words
    note: str = ""
    sheet: pd.DataFrame | None = None  # the same as numbers


@dataclass
class _Report:
    """What the page says, filled in step by step, and what its parts share."""

    rule_book: RuleBook
    by: list[str]
    least: int
    cohort: Cohort
    outcome: str | None
    title: str = ""
    n: int = 0
    groups: list[str] = field(default_factory=list)  # that are shown
    kept: np.ndarray | None = None  # their places among all groups
    left_out: int = 0
    facts: list[Recorded] = field(default_factory=list)
    covered: dict[str, tuple] = field(default_factory=dict)
    tables: dict[str, _Table] = field(default_factory=dict)
    figures: dict[str, list] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    hidden: int = 0

    @property
    def cases(self) -> str:
        return plural(self.n, "simulated case" if self.cohort.simulated else "case")

    def gathered(self, counts: np.ndarray) -> np.ndarray:
        """Counts by group (groups, ...) as those of all cases, of the groups shown, and of the others."""
        counts = np.asarray(counts, float)
        groups = [*counts[self.kept], *[counts[~self.kept].sum(0)] * bool(self.left_out)] * bool(self.by)
        return np.stack([counts.sum(0), *groups])


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
    concluded.

    Parameters
    ----------
    cases : frame of n_cases rows, or Cohort
        As for :func:`tradeoff`: in memory or lazy; with facts, or there is no table of who is in it.
    path : str or pathlib.Path
        ``.html``: one page that opens and prints without a network; ``.xlsx``: its tables as sheets.
    outcome, by, policies, threshold, verified, method, given, cluster
        As for :func:`tradeoff`; by default there is no outcome, and the policies are the rule book's levels.
    rule_book : RuleBook
        The rules that judge the cases.
    min_cell : int
        Counts below it are hidden, with whatever would tell them; 1 shows all.
    title : str, optional
        The heading.

    Returns
    -------
    pathlib.Path
        The file, written whole.

    Examples
    --------
    >>> import tempfile
    >>> from secondop import load_scenario, simulate
    >>> cases = simulate(load_scenario("general"), 500, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = report(cases, f"{folder}/report.html", by="sex").read_text(encoding="utf-8")
    >>> "500 simulated cases" in page, RULE_BOOK.fingerprint in page
    (True, True)
    """
    from tqdm.auto import tqdm

    least = checked(min_cell)
    for name, given in {"path": path, "title": title or ""}.items():
        if not isinstance(given, (str, Path)):
            raise SecondopError(f"The {name} of a report is text, not {given!r}.")
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".xlsx"):
        raise SecondopError(f"A report is an .html page or an .xlsx workbook; {path.name!r} is neither.")
    if not path.parent.is_dir():
        raise SecondopError(f"There is no folder {path.parent.name!r} for {path.name!r}: make it first.")
    if isinstance(cases, Cohort):
        outcome, by, rule_book = outcome or cases.outcome, by or cases.by, cases.rule_book
        if cases.weights:
            raise SecondopError("A report counts cases, and this cohort weighs them: give it the frame.")
        cases = cases.cases
    if outcome == NET:
        raise SecondopError(f"A report weighs a yes/no outcome, not {NET!r}: name the column of one.")
    by = [by] if isinstance(by, str) else list(by or ())
    made = _Report(rule_book, by, least, judged(cases, rule_book, by=by), outcome)
    told = {"verified": verified, "method": method, "given": given, "cluster": cluster}
    told = {name: said for name, said in told.items() if said is not None}
    steps = {
        "cases": lambda: _who(made, cases),
        "rates": lambda: _rates(made, cases, {x: told[x] for x in told if x == "cluster"}),
        "outcomes": lambda: _worth(made, cases, policies, {"threshold": threshold, **told}),
    }
    for step in (bar := tqdm(steps, "report", delay=2, leave=False)):
        bar.set_postfix_str(step, refresh=False)
        steps[step]()
    made.title = title or f"{rule_book.title}: what it says of {made.cases}"
    write_whole(path, _workbook(made) if path.suffix.lower() == ".xlsx" else _page(made))
    return path


def _who(made: _Report, cases: Any) -> None:
    """Table 1, every recorded fact by group, and what is missing."""
    open_ = reduce(operator.or_, (at_level(made.rule_book, level).is_null() for level in Level))
    groups, counts, _ = made.cohort.tally([open_])
    sizes = counts[0].sum(-1)
    if not (n := int(sizes.sum())):
        raise SecondopError("There are no cases to report: the table has no rows.")
    gone = pool(sizes, made.least) if made.by else ()
    made.n, made.left_out, made.kept = n, len(gone), ~np.isin(range(len(sizes)), list(gone))
    made.groups = [str(name) for name, kept in zip(groups, made.kept, strict=True) if kept and made.by]
    undetermined = int(counts[0, :, 1].sum())
    made.said["undetermined"] = (
        None if small([undetermined, n - undetermined], made.least).any() else undetermined
    )
    made.facts, unreadable = recorded(cases, made.rule_book, made.by)
    made.said["unreadable"] = f"fewer than {made.least}" if small(unreadable, made.least) else unreadable
    heads = ["all", *made.groups]
    sizes, rows = made.gathered(sizes)[: len(heads)], []
    for answers in made.facts:
        answers.counts = made.gathered(answers.counts)
        together, hidden = made.covered[answers.fact.name] = cover(
            answers.counts, made.least, dear=len(answers.labels) - 1
        )
        rows += (
            [] if answers.fact.name in made.by else _rows_of(answers, together, hidden[: len(heads)], sizes)
        )
        made.hidden += len(together) + int(hidden[: len(heads)].sum())
    columns = ["fact", "answer", *(f"{head}: {x}" for head in heads for x in ("n", "%"))]
    first = ("all cases", "", *(x for size in sizes for x in (int(size), "")))
    note = "% of the cases in which it is known; “not recorded”, of all. Answers of no case are left out."
    sheet = pd.DataFrame([first, *rows], columns=columns)
    again = sheet["fact"].shift() == sheet["fact"]
    frame = pd.DataFrame({"fact": sheet["fact"].mask(again, ""), "answer": sheet["answer"]})
    for head in heads:
        pairs = zip(sheet[f"{head}: n"], sheet[f"{head}: %"], strict=True)
        frame[f"{head}, n (%)"] = [
            _cell(n) if x in ("", HIDDEN) else f"{n:,} ({_number(x)})" for n, x in pairs
        ]
    made.tables["who"] = _Table(
        "Table 1: recorded facts, and in how many cases they are not", frame, 2, note, sheet
    )
    never = {x.fact.name for x in made.facts if x.counts[0, -1] == n}
    made.said["recorded"] = len(made.facts) - len(never)
    made.said["never"] = [x.fact.label for x in made.facts if x.fact.name in never]
    made.said["blocked"] = [rule.label for rule in made.rule_book if rule.facts.keys() <= never]


def _rows_of(answers: Recorded, together: frozenset, hidden: np.ndarray, sizes: np.ndarray) -> list[tuple]:
    """The rows of one fact: each answer, those shown together, and last what is not recorded."""
    last, rows = len(answers.labels) - 1, []
    if answers.counts[0, last] == sizes[0]:
        return []
    parts = [[i] for i in range(last + 1) if i not in together] + [sorted(together)] * bool(together)
    for part in sorted(parts, key=lambda part: part == [last]):
        n, cells = answers.counts[: len(sizes), part].sum(1), []
        for count, size, missing, gone in zip(n, sizes, answers.counts[:, last], hidden, strict=False):
            of = size if part == [last] else None if last in together or gone[last] else size - missing
            share = HIDDEN if of is None else 100 * count / of if of else ""
            cells += [HIDDEN, HIDDEN] if gone[part[0]] else [int(count), share]
        if n[0]:
            label = " / ".join(answers.labels[i] for i in part if answers.counts[0, i])
            rows.append((answers.fact.label, label, *cells))
    return rows


def _rates(made: _Report, cases: Any, told: dict[str, Any]) -> None:
    """How often rules fire and whom each level refers, of all cases and by group."""
    book, rows, groups, whole, drawn = made.rule_book, [], [], [], []
    rates, seen, asked, alike = firing_rates(cases, rule_book=book, **told), {}, {}, {}
    by_group = firing_rates(cases, by=made.by, rule_book=book, **told) if made.by else rates[:0]
    for i, row in rates.iterrows():
        if not (rules := _rules_of(row, book)):
            continue
        own = by_group[(by_group["policy"] == row["policy"]) & (row["sort"] == "level")]
        counts = np.array([[row["n"] - row["fired"] - row["unknown"], row["fired"], row["unknown"]]])
        if len(own):
            counts = np.stack([own["n"] - own["fired"] - own["unknown"], own["fired"], own["unknown"]], -1)
            counts = made.gathered(counts)
        cells, within = _told(made, rules, len(counts)), "optional" if row["sort"] == "any" else row["within"]
        for wider in seen.get(within, ()):
            apart = np.abs(wider[: len(counts)] - counts[: len(wider)])[:, :2]
            cells[: len(apart)] |= small(apart, made.least).any(-1)[:, None]
        seen.setdefault(row["policy"], []).append(counts)
        asked[i] = row, own, counts, cells
        alike[tuple(counts[0])] = alike.get(tuple(counts[0]), False) | cells[0]
    for i, (row, own, counts, cells) in asked.items():
        cells[0] = alike[tuple(counts[0])]  # rules that fire alike are hidden alike
        cells[1:] |= small(counts[1:], made.least).any(-1)[:, None]  # a group shows its rate or nothing
        together, hidden = cover(counts, made.least, cells, dear=1)
        whole += [i] * (not together)
        made.hidden += len(together)
        kind = {"rule": row["kind"], "group": "group of rules"}.get(row["sort"], row["sort"])
        rows.append((kind, row["label"], *_rated(row, {*together})))
        for (_, x), gone in zip(own[np.tile(made.kept, len(own) > 0)].iterrows(), hidden[1:], strict=False):
            out = {*together, *np.flatnonzero(gone)}
            groups.append((row["label"], x["group"], *_rated(x, out)))
            made.hidden += int(gone.sum())
            drawn += [x] * (row["policy"] == "recommended" and not out)
    note = "At least: were missing information no. At most: were it yes. 95 %: the interval around both."
    rows, groups = (pd.DataFrame(x, columns=["what", "name", *_RATES.values()]) for x in (rows, groups))
    made.tables["rates"] = _Table("How often each level, group and rule fires", rows, 2, note)
    shown = rates.loc[whole]
    made.said["levels"] = [_in_words(row) for _, row in shown[shown["sort"] == "level"].iterrows()]
    made.said["whole"] = set(shown["policy"])
    tops, rules = (shown[shown["sort"] == sort] for sort in ("any", "rule"))
    rules = rules.nlargest(16, "min")
    made.figures["rates"] = [("firing_rates", pd.concat([tops[: 2 * (len(tops) == 2)], rules]))] * bool(
        len(rules)
    )
    if made.by:
        groups = groups.rename(columns={"what": "level", "name": "group"})
        made.tables["groups"] = _Table("Whom each level refers, by group", groups, 2, note)
        drawn = pd.DataFrame(drawn)
        drawn.attrs = by_group.attrs
        made.figures["groups"] = [("firing_rates", drawn)] * (1 < len(drawn) <= 60)


def _rules_of(row: pd.Series, book: RuleBook) -> list[Rule]:
    """The rules whose firing a row of rates counts together."""
    wanted = {
        "level": lambda rule: rule.level in levels_from(row["policy"]),
        "any": lambda rule: TOPS.get(kind_of(rule)) == row["policy"],
        "group": lambda rule: (rule.group, kind_of(rule)) == (row["policy"], row["kind"]),
        "rule": lambda rule: rule.name == row["policy"],
    }[row["sort"]]
    return [rule for rule in book if wanted(rule)]


def _told(made: _Report, rules: list[Rule], groups: int) -> np.ndarray:
    """Which cells of a rate (no, yes, unknown) would tell apart answers that Table 1 does not."""
    cells, facts = np.zeros((groups, 3), bool), {k: v for rule in rules for k, v in rule.facts.items()}
    if len(facts) == 1 and made.facts:
        ((name, fact),) = facts.items()
        together, hidden = made.covered[name]
        values = next(x.values for x in made.facts if x.fact.name == name)
        any_of = reduce(operator.or_, (rule.when for rule in rules)).to_expr(lambda of: pl.col(of.name))
        said = pl.DataFrame({name: pl.Series(values, dtype=fact.dtype)}).select(said=any_of)["said"]
        parts = np.array([2 if x is None else int(x) for x in said])
        for i in range(groups):
            gone = parts[[*together, *np.flatnonzero(hidden[i])]]
            cells[i, gone] = len(set(gone)) > 1
    return cells


def _rated(row: pd.Series, gone: set[int]) -> list:
    """The cells of one rate, without those that would tell what is hidden of no, yes and unknown."""
    out = {"fired": 1, "min": 1, "lower": 1, "unknown": 2, "max": 0, "upper": 0}
    kinds = {name: int if name in ("fired", "unknown", "n") else float for name in _RATES}
    return [HIDDEN if out.get(name) in gone else kind(row[name]) for name, kind in kinds.items()]


def _worth(made: _Report, cases: Any, policies: Any, told: dict[str, Any]) -> None:
    """What the policies that may be shown find, miss and cost."""
    if made.outcome is None:
        made.said["outcomes there"] = [name for name in EITHER if name in made.cohort.columns]
        return
    book, own = made.rule_book, policies if isinstance(policies, Mapping) else {}
    levels = [str(level) for level in Level if any(rule.level == level for rule in book)]
    cohort = judged(cases, book, made.outcome, own, **{x: told[x] for x in told if x == "verified"})
    every = choose(cohort, levels if policies is None else policies)
    seen = cohort.patterns({p.name: p.refers for p in every if p.refers is not None}, ("changed",))
    counts = {p.name: seen.crossed(p.name, "flag changed")[0].ravel() for p in every if p.sort != FORESIGHT}
    shown = {} if small(counts["all"], made.least).any() else {x: counts.pop(x) for x in ("none", "all")}
    for name, count in sorted(counts.items(), key=lambda x: x[0] != "recommended") if shown else ():
        apart = [count, *(np.abs(count - other) for other in list(shown.values())[2:])]
        tells = name in levels and name not in made.said["whole"]
        shown |= {} if tells or small(apart, made.least).any() else {name: count}
    made.hidden += sum(name not in shown for name in counts)
    if not shown:
        return
    asked = {k: v for k, v in own.items() if k in shown} or [p.name for p in every if p.name in shown]
    names, told = [*shown, FORESIGHT], told | {"outcome": made.outcome, "rule_book": book}
    table = tradeoff(cases, asked, **told)
    curve = decision_curve(cases, asked, **{x: told[x] for x in told if x != "threshold"})
    table, curve = (x[x["policy"].isin(names) & ~x["measure"].isin(TRUTH)] for x in (table, curve))
    made.said |= {"unknown": int(table.attrs["unknown_outcomes"])}
    made.said |= {x: table.attrs.get(x, "") for x in ("verification", "estimate")}
    rows = [
        (row["label"], *(_estimate(row, name, made.said["estimate"]) for name in _WORTH))
        for _, row in wide(table).iterrows()
    ]
    frame = pd.DataFrame(rows, columns=["referring", *_WORTH.values()])
    note = f"Per 100 of {made.cases} unless named; in brackets 95 % intervals. "
    note += "In square brackets bounds, which assume nothing. " * bool(made.said["estimate"])
    note += f"Net benefit at a decision threshold of {_number(100 * told['threshold'])} %."
    made.tables["trade-off"] = _Table("What each policy refers, finds and misses", frame, 1, note, table)
    made.tables["decision curve"] = _Table("", curve, 1, sheet=curve)
    made.figures["worth"] = [("tradeoff", table), ("decision_curve", curve)]


def _in_words(row: pd.Series) -> str:
    said = f"{row['label']}: {_span(row['min'], row['max'])} of 100 cases"
    said += f" (95 % interval {_span(row['lower'], row['upper'])}), of {row['n']:,}."
    return said[:1].upper() + said[1:]


def _estimate(row: pd.Series, name: str, estimated: str) -> str:
    """A measure with its bounds and its interval."""
    value, least, most, *ends = (row[f"{name}{x}"] for x in ("", "_min", "_max", "_lower", "_upper"))
    if pd.isna(least) and pd.isna(value):
        return "–"
    text = _number(value) if least == most or (estimated and pd.notna(value)) else _span(least, most)
    text += f" ({_span(*ends)})" if pd.notna(ends[0]) and ends[0] != ends[1] else ""
    return f"{text} [{_span(least, most)}]" if estimated and least != most else text


def _number(x: float) -> str:
    """A number as it is read: one decimal below 10, none above, never a negative zero."""
    return "no limit" if np.isinf(x) else f"{round(x, 1) + 0.0:.1f}" if abs(x) < 9.95 else f"{x:,.0f}"


def _span(low: float, high: float) -> str:
    low, high = _number(low), _number(high)
    return low if low == high else f"{low} to {high}"


def _cell(x: Any) -> str:
    return x if isinstance(x, str) else f"{x:,}" if isinstance(x, int) else "" if pd.isna(x) else _number(x)


def _page(made: _Report) -> str:
    """One HTML document, with plotly.js in it if there is a figure."""
    from plotly.offline import get_plotlyjs

    from secondop import figures

    drawn = {part: [getattr(figures, x)(table) for x, table in asked] for part, asked in made.figures.items()}
    plain = {
        part: [
            {
                "said": re.sub(r"\s*<[^>]+>\s*", " ", fig.layout.title.text).strip(),
                "height": fig.layout.height,
            }
            | {"json": json.loads(fig.to_json())}
            for fig in figs
        ]
        for part, figs in drawn.items()
    }
    js = get_plotlyjs() if any(plain.values()) else ""
    return render(
        "report.html.j2", made=made, figures=plain, plotly=js, cell=_cell, hidden=HIDDEN, **_about(made)
    )


def _about(made: _Report) -> dict[str, Any]:
    return {
        "today": f"{datetime.date.today()}",
        "version": sys.modules["secondop"].__version__,
        "note": NOT_FOR_CARE,
        "book": made.rule_book,
    }


def _workbook(made: _Report) -> bytes:
    """The tables as sheets, after one that says what they are."""
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        told = "A workbook is written by openpyxl, which is not installed"
        raise SecondopError(f'{told}: pip install "secondop[excel]", or write an .html report.') from error
    about = _about(made) | {
        "title": made.title,
        "cases": made.cases,
        "rule_book": f"{made.rule_book.title}. {made.rule_book.about}",
    }
    about |= {
        "fingerprint": made.rule_book.fingerprint,
        "counts hidden": f"below {made.least}, and what would tell them",
    }
    del about["book"]
    sheets = {"about": pd.DataFrame(about.items(), columns=["about", "this report"])}
    sheets |= {name: x.frame if x.sheet is None else x.sheet for name, x in made.tables.items()}
    with pd.ExcelWriter(kept := BytesIO(), engine="openpyxl") as writer:
        for name, frame in sheets.items():
            for_spreadsheets(frame).to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
            for column in writer.sheets[name].columns:
                width = 2 + max(len(str(cell.value or "")) for cell in column)
                writer.sheets[name].column_dimensions[column[0].column_letter].width = min(80, width)
    return kept.getvalue()
