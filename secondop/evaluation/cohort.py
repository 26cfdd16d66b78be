"""Cases read once for every evaluation, and counted where they are: in memory, in a file or in a database.

A cohort holds a frame of verdicts, outcomes, groups and weights, clean and lazy. All else is computed from
counts that its engine makes in one aggregation, whatever the engine and the size.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from secondop.arguments import COLUMN, MAPPING, NAMES, NONE, checked, either
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.evaluation.columns import YES_NO, in_words, known_words, notice, opened, plain, told_by
from secondop.evaluation.corrected import NET, NET_OF
from secondop.evaluation.measures import TRUTH
from secondop.evaluation.patterns import Patterns, packed, unpacked
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact
from secondop.rules.gate import ANSWER, UNREADABLE, any_frame
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import SUMMARY, Rule
from secondop.rules.spellings import matched

EITHER = ("diagnosis_changed", "treatment_changed")


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
        ``diagnosis_changed`` or ``treatment_changed``; ``"net_corrected"``, for :func:`tradeoff` and
        :func:`decision_curve`, counts ``error_corrected`` less ``error_introduced``.
    by : str or list of str
        Columns of groups. Cases whose group is unknown are a group of their own, *not recorded*.
    weights, cluster : str, optional
        Columns, without a gap: for how many cases each one stands (not negative or infinite); and of which
        patient, or site, it is. Cases of one are alike, and intervals as wide as that many clusters allow.
    flags : mapping of str to str
        Names of further yes/no answers to be counted, and their columns.
    scores : sequence of str
        Columns of numbers that policies compare with a threshold.
    verified : str, optional
        The yes/no column that says for whom the outcome is known; that of all others is unknown, whatever
        stands there. Without it a column ``sought`` is looked at, unless the cases are simulated: where
        nobody who sought no opinion has a change on record, their outcome is unknown, not no.
    """

    @checked(outcome=either(COLUMN, NONE), scores=NAMES, flags=MAPPING)
    def __init__(
        self,
        cases: Any,
        rule_book: RuleBook = RULE_BOOK,
        *,
        outcome: str | None = "either",
        by: str | Sequence[str] | None = None,
        weights: str | None = None,
        cluster: str | None = None,
        flags: Mapping[str, str] | None = None,
        scores: Sequence[str] = (),
        verified: str | None = None,
    ):
        self.cases, self.rule_book, self.outcome = cases, rule_book, outcome
        self.weights, self.cluster, self.verified = weights, cluster, verified
        self.by = list(dict.fromkeys([by] if isinstance(by, str) else by or ()))
        self.attrs = dict(getattr(cases, "attrs", {}))
        expected = "a frame of cases, one a row (pandas, polars, pyarrow, or lazy; of a file: read_cases)"
        source = any_frame(cases, f"Expected {expected}, not {type(cases).__name__}.")
        self.columns = list(source.collect_schema().names())
        self.simulated = is_simulated(self.attrs, self.columns)
        self.assessed = "rule_book" in self.attrs or set(SUMMARY) <= set(self.columns)
        self.truth = [name for name in TRUTH if name in self.columns]
        self.net = outcome == NET and NET not in self.columns
        self._powers = ["weight", "weight squared"] if weights else ["weight"]
        outcomes, verdicts = self._outcomes(), self._verdicts()
        own = {"changed": None} | {name: name for name in self.truth}
        for name, column in (flags or {}).items():
            texts = isinstance(name, str) and isinstance(column, str) and not name.startswith("flag ")
            if not texts or own.get(name, column) != column:
                said = "A policy or a flag has a name of its own, a text, and is the name of a yes/no column"
                raise SecondopError(f"{said}; got {name!r}. Give it another name, or add its column first.")
        if verified in outcomes:
            said = "names the yes/no column that says for whom the outcome is known, not what it is"
            raise SecondopError(f"verified= {said}; got {verified!r}.")
        flags = {name: name for name in self.truth} | dict(flags or {})
        facts = {name: rule_book.facts[name] for name in self.by if name in rule_book.facts}
        numbers, groups = [*scores, *filter(None, [weights])], [x for x in self.by if x not in facts]
        beside = list(dict.fromkeys([*groups, *filter(None, [cluster]), *numbers]))
        for name in (*facts, *beside, *flags.values(), *filter(None, [verified])):
            if name not in {*self.columns, *matched(self.columns, facts)}:
                raise unknown_name("column of the cases", name, map(str, self.columns))
        told = told_by(self, flags.get("sought", "sought"), outcomes) if outcomes else None
        answers = dict.fromkeys((*outcomes, *flags.values(), *filter(None, [told])), YES_NO)
        frame = opened(source, verdicts | facts | answers, beside)
        schema = frame.collect_schema()
        if words := [name for name in numbers if not schema[name].is_numeric()]:
            raise SecondopError(f"Column {words[0]!r} must hold numbers.")
        self._levels = {f"by {name}": fact.dtype for name, fact in facts.items() if fact.has_levels}
        enums = [name for name in groups if isinstance(schema[name], nw.Enum)]
        self._levels |= {f"by {name}": pl.Enum(schema[name].categories) for name in enums}
        own = {name: plain(name, schema[name]) for name in beside}
        number = {name: own[name].cast(nw.Float64) for name in numbers}
        find = {name.removeprefix(ANSWER): nw.col(name) for name in schema if name.startswith(ANSWER)}
        read = {f"by {name}": find[name] if name in facts else own[name] for name in self.by}
        read |= {f"flag {name}": find[column] for name, column in flags.items()}
        read |= {f"score {name}": number[name] for name in scores}
        if outcomes and not self.net:
            read["flag changed"] = reduce(operator.or_, (find[name] for name in outcomes))
        for rule in rule_book if self.has_rules else ():
            verdict = find[rule.name] if self.judged else rule.when.to_expr(lambda fact: find[fact.name])
            read[f"rule {rule.name}"] = verdict
        read |= ({"told": find[told]} if told else {}) | ({"cluster": own[cluster]} if cluster else {})
        read["weight"] = number[weights] if weights else nw.lit(1)
        read |= {"weight squared": number[weights] * number[weights]} if weights else {}
        self.frame = frame.select(**read, unreadable=nw.col(UNREADABLE))
        good = (nw.col("weight") >= 0) & (nw.col("weight") < np.inf)
        if weights and (wrong := self.count(~good.fill_null(False))):
            said = f"{wrong:,} weights in {weights!r} are missing, negative or infinite"
            raise SecondopError(f"{said}: give each, or leave these cases out.")
        self.known: tuple[float, float] | None = None  # cases whose outcome is known, and all, once counted
        self.known_by = notice(self) if told else ""
        if cluster and (wrong := self.count(nw.col("cluster").is_null())):
            said = f"{wrong:,} cases do not say in {cluster!r} of which patient or site they are"
            raise SecondopError(f"{said}: name it, each its own where no two are of one, or leave them out.")

    @property
    def clinical(self) -> list[Rule]:
        """The indications that rest on the case and not on the patient's wish."""
        return [rule for rule in self.rule_book if rule.clinical]

    @property
    def changed(self) -> nw.Expr:
        """Whether an opinion changes something."""
        if self.net:
            said = "Only tradeoff and decision_curve read it; name a yes/no column here."
            raise SecondopError(f"outcome={NET!r} weighs cases: no case is simply changed or not. {said}")
        return nw.col("flag changed")

    def count(self, cases: nw.Expr) -> int:
        """How many rows of the frame these are, without weights."""
        return int(self.frame.filter(cases).select(n=nw.len()).collect().item())

    def patterns(self, answers: Mapping[str, nw.Expr], flags: Sequence[str] = ("changed",)) -> Patterns:
        """Cases that answer alike, counted together by the cohort's engine, in one aggregation.

        ``answers`` are three-valued expressions, such as whom a policy refers; ``flags`` name yes/no columns.
        """
        own = {x: self.changed if x == "changed" else nw.col(f"flag {x}") for x in flags}
        asked = {**answers, **{f"flag {name}": answer for name, answer in own.items()}}
        keys, sums = packed(asked), {power: nw.col(power).sum() for power in self._powers}
        counted, groups, group = self._counted(keys, list(keys), sums)
        weights = [counted[power].to_numpy() for power in self._powers]
        clusters = counted["cluster"].rank("dense").to_numpy() - 1 if self.cluster else None
        codes = unpacked(counted, asked)
        if "flag changed" in codes:
            self.known = weights[0][codes["flag changed"] < 2].sum(), weights[0].sum()
        return Patterns(codes, groups, group, weights[0], weights[-1], clusters)

    def rows(self, answers: Mapping[str, nw.Expr]) -> tuple[pl.DataFrame, list[str | None], np.ndarray]:
        """Case by case what :meth:`patterns` counts; the names of the groups, and which each case is of."""
        kept = [x for x in self.frame.collect_schema().names() if x.startswith(("by ", "cluster", "score "))]
        asked = {f"answer {name}": x for name, x in answers.items()} | {"flag changed": self.changed}
        rows = self.frame.select(*kept, "weight", **asked).collect().to_polars().cast(self._levels)
        rows = rows.with_columns(pl.col(*asked).cast(pl.Int64).fill_null(2)).with_row_index("row")
        ordered = rows.sort([f"by {name}" for name in self.by] or "row", nulls_last=True)
        names, group = self._groups(ordered)
        return rows, names, group[ordered["row"].arg_sort()]

    def tally(self, answers: Iterable[nw.Expr]) -> tuple[list[str | None], np.ndarray, np.ndarray]:
        """How many cases answer many questions by no, yes and unknown, by group, in one aggregation.

        Names of groups; sums of weights and of squares, (questions, groups, 3): with clusters as of patterns.
        """
        asked, sums, tallied = {str(i): answer for i, answer in enumerate(answers)}, {}, []
        if self.cluster:
            seen = self.patterns(asked, ())
            return seen.groups, *map(np.stack, zip(*map(seen.crossed, asked), strict=True))
        for power in self._powers:
            sums[power] = nw.col(power).sum()
            for i in asked:
                for said, meant in {"yes": nw.col(i), "unknown": nw.col(i).is_null()}.items():
                    sums[f"{power} {i} {said}"] = nw.when(meant).then(nw.col(power)).otherwise(0).sum()
        counted, groups, _ = self._counted(asked, [], sums)
        for power in self._powers:
            names = ([f"{power} {i} {said}" for i in asked] for said in ("yes", "unknown"))
            n, (yes, unknown) = counted[power].to_numpy(), (counted.select(x).to_numpy().T for x in names)
            no = n - yes - unknown  # next, what rounding leaves of sums of weights
            tallied.append(np.stack([np.where(no < 1e-12 * n, 0, no), yes, unknown], -1))
        return groups, tallied[0], tallied[-1]

    def about(self) -> dict[str, Any]:
        """What a table says of where its cases come from."""
        said = {"simulated": self.simulated, "outcome": self.outcome, "rule_book": self.rule_book.fingerprint}
        said |= {"cluster": self.cluster} if self.cluster else {}
        known, n = self.known or (0.0, 0.0)
        said |= {"verification": known_words(known, n, self.known_by), "unknown_outcomes": float(n - known)}
        return said | {"unreadable": self.attrs.get("unreadable", 0)}

    def _outcomes(self) -> tuple[str, ...]:
        """The columns that say, by *or*, whether an opinion changes something."""
        if self.outcome is None:
            return ()
        either = self.outcome == "either" and self.outcome not in self.columns
        names = EITHER if either else NET_OF if self.net else (self.outcome,)
        if missing := [name for name in names if name not in self.columns]:
            listing = ", ".join(map(str, self.columns[:12])) + (", ..." if len(self.columns) > 12 else "")
            said = f"There is no {' and no '.join(map(repr, missing))}. There are: {listing}."
            advice = "Name the yes/no column that says whether something changed: outcome='your column'."
            raise SecondopError(f"{said}{did_you_mean(missing[0], self.columns)} {advice}")
        return names

    def _verdicts(self) -> dict[str, Fact]:
        """What to read to judge the rules: their verdicts if the cases carry them, else their facts."""
        names, facts = [rule.name for rule in self.rule_book], dict(self.rule_book.rule_facts)
        self.judged = bool(names) and set(names) <= set(self.columns)
        self.has_rules = self.judged or bool(matched(self.columns, facts))
        said = self.attrs.get("rule_book")
        if said not in (None, self.rule_book.fingerprint) and set(names) & set(self.columns):
            raise SecondopError(
                f"These cases were assessed with the rule book {self.attrs.get('rule_book_title')!r} "
                f"(fingerprint {said}), not with {self.rule_book.title!r} ({self.rule_book.fingerprint}). "
                "Give rule_book= the book that they were assessed with, or the cases as they were before."
            )
        return dict.fromkeys(names, YES_NO) if self.judged else facts if self.has_rules else {}

    def _counted(
        self, columns: Mapping[str, nw.Expr], keys: Sequence[str], sums: Mapping[str, nw.Expr]
    ) -> tuple[pl.DataFrame, list[str | None], np.ndarray]:
        """Sums by group and by some of these columns; the names of the groups, and which each row is of."""
        keys = [*(f"by {name}" for name in self.by), *(["cluster"] if self.cluster else []), *keys]
        frame = self.frame.with_columns(**columns)
        sums = {**sums, "unreadable": nw.col("unreadable").sum()}
        counted = (frame.group_by(keys).agg(**sums) if keys else frame.select(**sums)).collect().to_polars()
        counted = counted.with_columns(pl.col(*sums).cast(pl.Float64).fill_null(0)).cast(self._levels)
        counted = counted.sort(keys, nulls_last=True) if keys else counted
        self.attrs["unreadable"] = int(counted["unreadable"].sum())
        names, group = self._groups(counted)
        if self.cluster:
            each = [counted["cluster"].filter(group == i).n_unique() for i in range(len(names))]
            self.clusters = np.array(each, int)
            if not self.by and each == [1]:  # of groups, those of one cluster are left blank
                said = f"These are cases of one {self.cluster!r} alone, which tells nothing of others"
                raise SecondopError(f"{said}: leave cluster= away, and say that it is one.")
        return counted, names, group

    def _groups(self, rows: pl.DataFrame) -> tuple[list[str | None], np.ndarray]:
        """The names of the groups of sorted rows, and which of them each row is of."""
        if not (by := [f"by {name}" for name in self.by]):
            return [None], np.zeros(len(rows), int)
        names = in_words(rows.select(by).unique(maintain_order=True), self.by)
        return names, rows.select(pl.struct(by).rle_id()).to_series().to_numpy()


def is_simulated(attrs: Mapping[str, Any], columns: Iterable[Any]) -> bool:
    """Whether cases say of themselves, or show by traits that no record has, that they were simulated."""
    return bool(attrs.get("simulated", {"difficulty", "gravity"} <= set(columns)))
