"""Cases read once for every evaluation, and counted where they are: in memory, in a file or in a database.

A cohort holds a frame of verdicts, outcomes, groups and weights, clean and lazy. All else is computed from
counts that its engine makes in one aggregation, whatever the engine and the size.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import door
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level, Rule
from secondop.rules.spellings import matched

NOT_RECORDED = "not recorded"
EITHER = ("diagnosis_changed", "treatment_changed")
TRUTH = ("error_corrected", "error_introduced", "intervention_averted")
"""What only the truth tells of a referral."""
MAX_GROUPS = 200
_FLAG = flag("answer", "Yes or no?")
_PACKED = 39  # three-valued answers that fit into one whole number


class Cohort:
    """Cases with what a rule book says of them, what an opinion would change, their groups and weights.

    Parameters
    ----------
    cases : frame of n_cases rows
        pandas, polars (eager or lazy), pyarrow, DuckDB or PySpark: cases with their facts, or assessed with
        ``verdicts=True``. A lazy frame stays lazy and in its engine.
    rule_book : RuleBook
        The rules that judge the cases; or those that they were assessed with.
    outcome : str, optional
        The yes/no column that says whether an opinion changes something. ``"either"`` is
        ``diagnosis_changed`` or ``treatment_changed``. Without it only firing rates can be had.
    by : str or list of str
        Columns of groups. Cases whose group is unknown are a group of their own, *not recorded*.
    weights : str, optional
        The column that says for how many cases each one stands; none may be missing or negative.
    flags : mapping of str to column or answers
        Further yes/no answers to be counted: columns, or (of a frame in memory) one answer a case.
    scores : sequence of str
        Columns of numbers that policies compare with a threshold.
    """

    def __init__(
        self,
        cases: Any,
        rule_book: RuleBook = RULE_BOOK,
        *,
        outcome: str | None = "either",
        by: str | Sequence[str] | None = None,
        weights: str | None = None,
        flags: Mapping[str, Any] | None = None,
        scores: Sequence[str] = (),
    ):
        self.cases, self.rule_book, self.outcome, self.weights = cases, rule_book, outcome, weights
        self.by = list(dict.fromkeys([by] if isinstance(by, str) else by or ()))
        self.attrs = dict(getattr(cases, "attrs", {}))
        try:
            source = nw.from_native(cases)
            self.columns = list(source.collect_schema().names())
        except TypeError as error:
            expected = "a frame of cases, one a row (pandas, polars, pyarrow, or lazy)"
            raise SecondopError(f"Expected {expected}, not {type(cases).__name__}.") from error
        self.truth = [name for name in TRUTH if name in self.columns]
        self.simulated = bool(self.attrs.get("simulated", {"difficulty", "gravity"} <= set(self.columns)))
        if odd := [name for name in flags or {} if not isinstance(name, str) or name.startswith("flag ")]:
            raise SecondopError(f"The name of a policy or a flag is a text of your own; got {odd[0]!r}.")
        own = {"changed": None} | {name: name for name in self.truth}
        if taken := [
            name
            for name, given in (flags or {}).items()
            if name in own and not (isinstance(given, str) and given == own[name])
        ]:
            raise SecondopError(f"The cohort itself has a flag {taken[0]!r}: give yours another name.")
        outcomes, verdicts = self._outcomes(), self._verdicts()
        flags = {name: name for name in self.truth} | dict(flags or {})
        answers = {name: given for name, given in flags.items() if not isinstance(given, str)}
        flags |= {name: f"given {name}" for name in answers}
        numbers = [*scores, *([weights] if weights else [])]
        for name in (*flags.values(), *numbers):
            if name not in self.columns and name.removeprefix("given ") not in answers:
                raise unknown_name("column of the cases", name, map(str, self.columns))
        groups = self._groups()
        wanted = verdicts | groups | dict.fromkeys((*outcomes, *flags.values()), _FLAG)
        plain, raw = [name for name in dict.fromkeys((*self.by, *numbers)) if name not in groups], nw.col
        if isinstance(cases, (pd.DataFrame, pl.DataFrame, pa.Table)):
            source, raw = self._in_memory(source, wanted, answers, plain), lambda name: nw.col(f"own {name}")
        elif answers:
            raise SecondopError(
                "A lazy frame is counted where it is: name columns instead of giving answers."
            )
        frame, find, unreadable = door(source, wanted)
        self._check_numbers(frame, {name: raw(name) for name in numbers})
        own = {f"by {name}": find(name) if name in groups else raw(name) for name in self.by}
        own |= {f"flag {name}": find(column) for name, column in flags.items()}
        own |= {f"score {name}": raw(name).cast(nw.Float64).fill_nan(None) for name in scores}
        own |= {"flag changed": reduce(operator.or_, map(find, outcomes))} if outcomes else {}
        for rule in rule_book if self.has_rules else ():
            judged = find(rule.name) if self.judged else rule.when.to_expr(lambda fact: find(fact.name))
            own[f"rule {rule.name}"] = judged
        own["weight"] = raw(weights).cast(nw.Float64).fill_nan(None) if weights else nw.lit(1)
        self.frame = frame.select(**own, unreadable=nw.col(unreadable))
        if self.has_rules:
            known, may = how_many(self.clinical)
            self.frame = self.frame.with_columns(known=known, may=may)

    @property
    def clinical(self) -> list[Rule]:
        """The indications that rest on the case and not on the patient's wish."""
        return [rule for rule in self.rule_book if rule.clinical]

    def patterns(self, answers: Mapping[str, nw.Expr], flags: Sequence[str] = ("changed",)) -> Patterns:
        """Cases that answer alike, counted together by the cohort's engine, in one aggregation.

        Parameters
        ----------
        answers : mapping of str to expression
            Three-valued questions of the cohort's frame, such as whom a policy refers.
        flags : sequence of str
            Yes/no columns that are counted beside: *changed* is the outcome.
        """
        asked = {**answers, **{f"flag {name}": nw.col(f"flag {name}") for name in flags}}
        packs = [list(asked)[start : start + _PACKED] for start in range(0, len(asked), _PACKED)]
        keys, codes = {}, {}
        for i, names in enumerate(packs):
            code = nw.lit(0, dtype=nw.Int64)
            for power, name in enumerate(names):
                unknown = nw.when(asked[name].is_null()).then(2).otherwise(0)
                code = code + nw.when(asked[name]).then(1).otherwise(unknown).cast(nw.Int64) * 3**power
            keys[f"pack {i}"] = code
        sums = {power: weight.sum() for power, weight in self._powers().items()}
        counted, labels, place = self._counted(keys, list(keys), sums)
        for key, names in zip(keys, packs, strict=True):
            rest = counted[key].to_numpy()
            for name in names:
                rest, codes[name] = np.divmod(rest, 3)
        weights, *squares = (counted[power].to_numpy() for power in sums)
        return Patterns(codes, labels, place, weights, *squares or [weights])

    def tally(self, answers: Mapping[str, nw.Expr]) -> tuple[list[str | None], np.ndarray, np.ndarray]:
        """How many cases answer no, yes, and cannot be judged, to each question, by group: one aggregation.

        Returns
        -------
        groups : list
            Their names; one that is ``None`` where the cohort has none.
        counts, squares : ndarray of shape (questions, groups, 3)
            Sums of the cases' weights, and of their squares.
        """
        asked, sums = {str(i): answer for i, answer in enumerate(answers.values())}, {}
        for power, weight in self._powers().items():
            sums[f"all {power}"] = weight.sum()
            for i in asked:
                sums[f"{i} yes {power}"] = nw.when(nw.col(i)).then(weight).otherwise(0).sum()
                sums[f"{i} unknown {power}"] = nw.when(nw.col(i).is_null()).then(weight).otherwise(0).sum()
        counted, labels, place = self._counted(asked, [], sums)
        counted = counted[np.argsort(place, kind="stable").tolist()]
        arrays = []
        for power in self._powers():
            total = counted[f"all {power}"].to_numpy()
            yes, unknown = (
                counted.select(f"{i} {said} {power}" for i in asked).to_numpy().T
                for said in ("yes", "unknown")
            )
            arrays.append(np.stack([total - yes - unknown, yes, unknown], -1))
        return labels, arrays[0], arrays[-1]

    def about(self) -> dict[str, Any]:
        """What a table says of where its cases come from."""
        said = {"simulated": self.simulated, "outcome": self.outcome, "rule_book": self.rule_book.fingerprint}
        return said | {"unreadable": self.attrs.get("unreadable", 0)}

    def _outcomes(self) -> tuple[str, ...]:
        """The columns that say, by *or*, whether an opinion changes something."""
        if self.outcome is None:
            return ()
        either = self.outcome == "either" and self.outcome not in self.columns
        names = EITHER if either else (self.outcome,)
        if missing := [name for name in names if name not in self.columns]:
            reads = f"outcome='either' reads {' and '.join(EITHER)}; these cases lack"
            raise SecondopError(
                f"{reads if either else 'There is no'} {' and '.join(map(repr, missing))}. Name the yes/no "
                "column that says whether an opinion changed something: outcome='your column'. There are: "
                f"{', '.join(map(str, self.columns[:12]))}{', ...' if len(self.columns) > 12 else ''}."
                f"{'' if either else did_you_mean(self.outcome, self.columns)}"
            )
        return names

    def _verdicts(self) -> dict[str, Fact]:
        """What to read to judge the rules: their verdicts if the cases carry them, else their facts."""
        names, facts = [rule.name for rule in self.rule_book], dict(self.rule_book.rule_facts)
        self.judged = bool(names) and set(names) <= set(self.columns)
        self.has_rules = self.judged or bool(matched(self.columns, facts))
        said = self.attrs.get("rule_book")
        if self.judged and said is not None and said != self.rule_book.fingerprint:
            raise SecondopError(
                f"These cases were assessed with the rule book {self.attrs.get('rule_book_title')!r} "
                f"(fingerprint {said}), not with {self.rule_book.title!r} ({self.rule_book.fingerprint}). "
                "Give rule_book= the book that they were assessed with, or the cases as they were before."
            )
        return dict.fromkeys(names, _FLAG) if self.judged else facts if self.has_rules else {}

    def _groups(self) -> dict[str, Fact]:
        """Columns to group by that are facts: they pass the gate as every fact does."""
        facts = {name: self.rule_book.facts[name] for name in self.by if name in self.rule_book.facts}
        there = {*self.columns, *matched(self.columns, facts)}
        if missing := [name for name in self.by if name not in there]:
            raise unknown_name("column to group by", missing[0], map(str, self.columns))
        return facts

    def _in_memory(
        self, source: nw.DataFrame, wanted: Mapping[str, Fact], answers: Mapping[str, Any], plain: list[str]
    ) -> nw.LazyFrame:
        """Cases through the gate, and beside them columns that are no facts and answers that were given."""
        n, typed = len(source), typed_cases(self.cases, wanted)
        beside = source.select(plain).to_polars().select(pl.all().name.prefix("own "))
        parts = [pl.DataFrame({" rows": np.zeros(n, bool)}), typed, beside]
        for name, given in answers.items():
            both = isinstance(given, pd.Series) and isinstance(self.cases, pd.DataFrame)
            if both and not given.index.equals(self.cases.index):
                raise SecondopError(f"{name!r} has another index than the cases: it is of other cases.")
            if len(given) != n:
                raise SecondopError(f"{name!r} gives {len(given):,} answers; there are {n:,} cases.")
            column = given.to_frame(name) if hasattr(given, "to_frame") else pd.DataFrame({name: given})
            parts.append(typed_cases(column, {name: _FLAG}).rename({name: f"given {name}"}))
        return nw.from_native(pl.DataFrame([column for part in parts for column in part]).lazy())

    def _check_numbers(self, frame: nw.LazyFrame, numbers: Mapping[str, nw.Expr]) -> None:
        """Refuse scores and weights that are no numbers, and weights that are missing or negative."""
        frame = frame.select(**numbers) if numbers else frame
        dtypes = frame.collect_schema() if numbers else {}
        if words := [name for name, dtype in dtypes.items() if not dtype.is_numeric()]:
            raise SecondopError(f"Column {words[0]!r} must hold numbers.")
        weight = nw.col(self.weights or "")
        bad = (
            self.weights
            and frame.filter(~(weight >= 0) | weight.is_null() | (weight != weight))
            .select(n=nw.len())
            .collect()
        )
        if self.weights and (wrong := bad["n"][0]):
            said = f"{wrong:,} weights in column {self.weights!r} are missing or negative."
            raise SecondopError(f"{said} Give each case its own.")

    def _powers(self) -> dict[str, nw.Expr]:
        """What is summed: the weights and, where they differ, their squares."""
        weight = nw.col("weight")
        return {"w": weight, "w squared": weight * weight} if self.weights else {"w": weight}

    def _counted(
        self, columns: Mapping[str, nw.Expr], keys: list[str], sums: Mapping[str, nw.Expr]
    ) -> tuple[pl.DataFrame, list[str | None], np.ndarray]:
        """Sums by group and by some of these columns; the names of the groups, and which each row is of."""
        groups = [f"by {name}" for name in self.by]
        frame, keys = self.frame.select(*groups, "weight", "unreadable", **columns), [*groups, *keys]
        sums = {**sums, "unreadable": nw.col("unreadable").sum()}
        counted = (frame.group_by(keys).agg(**sums) if keys else frame.select(**sums)).collect().to_polars()
        counted = counted.sort(keys) if keys else counted
        counted = counted.with_columns(pl.col(*sums).cast(pl.Float64).fill_null(0))
        self.attrs["unreadable"] = int(counted["unreadable"].sum())
        if not groups:
            return counted, [None], np.zeros(len(counted), int)
        rows, order = counted.select(groups).rows(), []
        for name in self.by:
            fact = self.rule_book.facts.get(name)
            seen = counted[f"by {name}"].drop_nulls().unique().sort().to_list()
            order.append({value: i for i, value in enumerate((*(getattr(fact, "levels", ()) or seen), None))})
        found = sorted(set(rows), key=lambda row: [o.get(x, 0) for o, x in zip(order, row, strict=True)])
        if len(found) > MAX_GROUPS:
            said = f"Grouping by {', '.join(self.by)} makes {len(found):,} groups, more than {MAX_GROUPS}."
            raise SecondopError(f"{said} Cut numbers into bands first, for instance with pandas.cut.")
        place = {row: i for i, row in enumerate(found)}
        return counted, [", ".join(map(_said, row)) for row in found], np.array([place[r] for r in rows], int)


@dataclass
class Patterns:
    """Cases that answer alike, counted together.

    ``codes`` tell what each pattern answers to each question: 0 no, 1 yes, 2 unknown; *none* says no, *all*
    yes. ``groups`` are names, one that is ``None`` where the cohort has none; ``group`` tells which of them
    each pattern is of. ``weights`` and ``squares`` are sums of the cases' weights, and of their squares.
    """

    codes: dict[str, np.ndarray]
    groups: list[str | None]
    group: np.ndarray
    weights: np.ndarray
    squares: np.ndarray

    def __post_init__(self) -> None:
        self.codes |= {"none": np.zeros(len(self.weights), int), "all": np.ones(len(self.weights), int)}

    def crossed(self, *names: str) -> tuple[np.ndarray, np.ndarray]:
        """Sums of weights, and of their squares, by group and by the answers to these questions.

        Shape (groups, 3, ..., 3): no, yes, unknown along each axis.
        """
        code = reduce(lambda code, name: 3 * code + self.codes[name], names, self.group)
        shape = (len(self.groups), *[3] * len(names))
        sums = (np.bincount(code, x, np.prod(shape)) for x in (self.weights, self.squares))
        return tuple(x.reshape(shape) for x in sums)


def any_of(rules: Iterable[Rule]) -> nw.Expr:
    """Whether any of the rules fires; unknown where none is known to, and one may."""
    return reduce(operator.or_, (nw.col(f"rule {rule.name}") for rule in rules), nw.lit(False))


def how_many(rules: Iterable[Rule]) -> list[nw.Expr]:
    """How many of the rules fire, and how many may."""
    one, none = nw.lit(1, dtype=nw.Int32), nw.lit(0, dtype=nw.Int32)
    verdicts = [nw.col(f"rule {rule.name}") for rule in rules]
    flags = verdicts, [verdict | verdict.is_null() for verdict in verdicts]
    return [sum((nw.when(flag).then(one).otherwise(none) for flag in some), none) for some in flags]


def at_level(rule_book: RuleBook, level: Level | str) -> nw.Expr:
    """Whether at least this level is recommended; unknown where missing information could bring it there."""
    levels = list(Level)
    if level not in levels:
        raise unknown_name("level of recommendation", level, Level)
    return any_of(rule for rule in rule_book if rule.level in levels[levels.index(level) :])


def as_cohort(
    cases: Any, rule_book: RuleBook, outcome: str | None = None, flags: Any = (), scores: Any = (), **own: Any
) -> Cohort:
    """The cases as a cohort, if they are none yet: one with this outcome, these flags and these scores."""
    if not isinstance(cases, Cohort):
        return Cohort(cases, rule_book, outcome=outcome, flags=dict(flags), scores=scores, **own)
    asked = {*(f"flag {name}" for name in flags), *(f"score {name}" for name in scores)}
    asked |= {"flag changed"} if outcome else set()
    if any(own.values()) or asked - set(cases.frame.collect_schema().names()):
        raise SecondopError(
            "A Cohort has its outcome, flags, scores, groups and weights: give them to Cohort(...)."
        )
    return cases


def _said(value: Any) -> str:
    if value is None or value != value:
        return NOT_RECORDED
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
