"""Cases read once for every evaluation, and counted where they are: in memory, in a file or in a database.

A cohort holds a frame of verdicts, outcomes, groups and weights, clean and lazy. All else is computed from
counts that its engine makes in one aggregation, whatever the engine and the size.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.arguments import COLUMN, MAPPING, NAMES, NONE, checked, either
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.evaluation.corrected import NET, NET_OF
from secondop.evaluation.measures import TRUTH
from secondop.evaluation.patterns import Patterns, packed, unpacked, with_clusters
from secondop.evaluation.verification import SOUGHT, known_words
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import ANSWER, UNREADABLE, any_frame, typed, typed_cases, typed_lazily
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import SUMMARY, Rule
from secondop.rules.spellings import is_gap, is_not_recorded, matched

NOT_RECORDED = "not recorded"
EITHER = ("diagnosis_changed", "treatment_changed")
MAX_GROUPS = 200
YES_NO = flag("answer", "Yes or no?")


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
        :func:`decision_curve`, counts ``error_corrected`` less ``error_introduced``. Without it only firing
        rates can be had.
    by : str or list of str
        Columns of groups. Cases whose group is unknown are a group of their own, *not recorded*.
    weights : str, optional
        The column that says for how many cases each one stands; none may be missing, negative or infinite.
    cluster : str, optional
        The column that says of which patient, or which site, each case is, where several are of one: their
        cases are alike, so that intervals are as wide as that many clusters allow. None may be missing.
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
        self.cases, self.rule_book = cases, RuleBook.required(rule_book)
        self.outcome, self.weights, self.cluster, self.verified = outcome, weights, cluster, verified
        self.by = list(dict.fromkeys([by] if isinstance(by, str) else by or ()))
        self.attrs = dict(getattr(cases, "attrs", {}))
        expected = "a frame of cases, one a row (pandas, polars, pyarrow, or lazy; of a file: read_cases)"
        source = any_frame(cases, f"Expected {expected}, not {type(cases).__name__}.")
        self.columns = list(source.collect_schema().names())
        self.simulated = is_simulated(self.attrs, self.columns)
        self.assessed = "rule_book" in self.attrs or set(SUMMARY) <= set(self.columns)
        self.truth = [name for name in TRUTH if name in self.columns]
        self.net = outcome == NET and NET not in self.columns
        self._powers = ["weight", *["weight squared"] * bool(weights)]
        outcomes, verdicts = self._outcomes(), self._verdicts()
        own = {"changed": None} | {name: name for name in self.truth}
        for name, column in (flags or {}).items():
            texts = isinstance(name, str) and isinstance(column, str) and not name.startswith("flag ")
            if not texts or own.get(name, column) != column:
                said = "A policy or a flag has a name of its own, a text, and is the name of a yes/no column"
                raise SecondopError(f"{said}; got {name!r}. Give it another name, or add its column first.")
        flags = {name: name for name in self.truth} | dict(flags or {})
        facts = {name: rule_book.facts[name] for name in self.by if name in rule_book.facts}
        if verified is not None and (not isinstance(verified, str) or verified in outcomes):
            said = "verified= names the yes/no column that says for whom the outcome is known, not what it is"
            raise SecondopError(f"{said}; got {verified!r}.")
        told = verified or flags.get(SOUGHT, SOUGHT)
        quiet = self.simulated or self.net or told in outcomes or not matched(self.columns, [told])
        told = told if outcomes and (verified or not quiet) else None
        numbers = [*scores, *[weights] * bool(weights)]
        own_columns = [*(name for name in self.by if name not in facts), *[cluster] * bool(cluster)]
        plain = list(dict.fromkeys([*own_columns, *numbers]))
        for name in (*facts, *plain, *flags.values(), *[verified] * bool(verified)):
            if name not in {*self.columns, *matched(self.columns, facts)}:
                raise unknown_name("column of the cases", name, map(str, self.columns))
        in_memory = isinstance(cases, (pd.DataFrame, pl.DataFrame, pa.Table))
        if in_memory and not verified and told and len(typed(cases, {told: YES_NO})[1]):
            told = None  # it is no yes/no column, and nobody asked for it
        answers = (*outcomes, *flags.values(), *[told] * bool(told))
        bands: dict[str, pl.DataType] = {}
        wanted, prefix = verdicts | facts | dict.fromkeys(answers, YES_NO), ""
        if in_memory:
            prefix, rows = "_own ", pl.DataFrame({UNREADABLE: np.zeros(len(cases), np.int64)})
            beside, bands = _plain(cases, source, plain)
            beside = beside.select(pl.all().name.prefix(prefix))
            said = typed_cases(cases, wanted)
            absent = {
                key: pl.lit(None, fact.dtype) for key, fact in wanted.items() if key not in said.columns
            }
            said = said.with_columns(**absent).select(pl.all().name.prefix(ANSWER))
            source = nw.from_native(pl.concat([rows, said, beside], how="horizontal").lazy())
        schema = source.collect_schema()
        if words := [name for name in numbers if not schema[prefix + name].is_numeric()]:
            raise SecondopError(f"Column {words[0]!r} must hold numbers.")
        raw = {name: nw.col(prefix + name) for name in plain}
        raw |= {name: x.fill_nan(None) for name, x in raw.items() if schema[prefix + name].is_float()}
        number = {name: raw[name].cast(nw.Float64) for name in numbers}
        frame = source if in_memory else typed_lazily(source, wanted)

        def find(key: str) -> nw.Expr:
            return nw.col(ANSWER + key)

        read = {f"by {name}": find(name) if name in facts else raw[name] for name in self.by}
        read |= {f"flag {name}": find(column) for name, column in flags.items()}
        read |= {f"score {name}": number[name] for name in scores}
        if outcomes and not self.net:
            read["flag changed"] = reduce(operator.or_, map(find, outcomes))
        for rule in rule_book if self.has_rules else ():
            verdict = find(rule.name) if self.judged else rule.when.to_expr(lambda fact: find(fact.name))
            read[f"rule {rule.name}"] = verdict
        read |= {"told": find(told)} if told else {}
        read["weight"] = number[weights] if weights else nw.lit(1)
        read |= {"weight squared": number[weights] * number[weights]} if weights else {}
        if cluster:
            read["cluster"] = raw[cluster]
            if schema[prefix + cluster] in (nw.String, nw.Categorical, nw.Enum):
                word = raw[cluster].cast(nw.String)
                read["cluster"] = nw.when(~is_gap(word)).then(word)
        self.frame = frame.select(**read, unreadable=nw.col(UNREADABLE))
        self._levels = {f"by {name}": fact.dtype for name, fact in facts.items() if fact.has_levels}
        self._levels |= {f"by {name}": kind for name, kind in bands.items() if name in self.by}
        self._words = [f"by {name}" for name in self.by if name not in facts]
        odd = nw.col("weight").is_null() | (nw.col("weight") < 0) | (nw.col("weight") == np.inf)
        if weights and (wrong := self.count(odd)):
            said = "missing, negative or infinite: give each one"
            raise SecondopError(f"{wrong:,} weights in {weights!r} are {said}.")
        self.known: tuple[float, float] | None = None  # cases whose outcome is known, and all, once counted
        self.known_by = self._known_by(verified) if told else ""

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
            said = f"outcome={NET!r} weighs cases: no case is simply changed or not"
            raise SecondopError(
                f"{said}. Only tradeoff and decision_curve read it; name a yes/no column here."
            )
        return nw.col("flag changed")

    def count(self, cases: nw.Expr) -> int:
        """How many rows of the frame these are, without weights."""
        return int(self.frame.filter(cases).select(n=nw.len()).collect().item())

    def patterns(self, answers: Mapping[str, nw.Expr], flags: Sequence[str] = ("changed",)) -> Patterns:
        """Cases that answer alike, counted together by the cohort's engine, in one aggregation.

        ``answers`` are three-valued expressions, such as whom a policy refers; ``flags`` name yes/no columns
        that are counted beside: *changed* is the outcome.
        """
        asked = {
            f"flag {name}": self.changed if name == "changed" else nw.col(f"flag {name}") for name in flags
        }
        asked = {**answers, **asked}
        keys, sums = packed(asked), {power: nw.col(power).sum() for power in self._powers}
        counted, groups, group = self._counted(keys, list(keys), sums)
        weights = [counted[power].to_numpy() for power in self._powers]
        clusters = counted["cluster"].rank("dense").to_numpy() - 1 if self.cluster else None
        codes = unpacked(counted, asked)
        if "flag changed" in codes:
            self.known = weights[0][codes["flag changed"] < 2].sum(), weights[0].sum()
        return Patterns(codes, groups, group, weights[0], weights[-1], clusters)

    def rows(self, answers: Mapping[str, nw.Expr]) -> tuple[pl.DataFrame, list[str | None], np.ndarray]:
        """Case by case what :meth:`patterns` counts: *answer*, *flag changed*, *score*, *cluster*, *weight*.

        Then the names of the groups, and which of them each case is of.
        """
        by = [f"by {name}" for name in self.by]
        names = self.frame.collect_schema().names()
        own = [name for name in names if name == "cluster" or name.startswith("score ")]
        asked = {f"answer {name}": answer for name, answer in answers.items()} | {
            "flag changed": self.changed
        }
        rows = self.frame.select(*by, *own, "weight", **asked).collect().to_polars().cast(self._levels)
        rows = rows.with_columns(_recorded(rows, self._words))
        rows = rows.with_columns(pl.col(*asked).cast(pl.Int64).fill_null(2)).with_row_index("row")
        if not by:
            return rows, [None], np.zeros(len(rows), int)
        ordered = rows.sort(by, nulls_last=True)
        ordered = ordered.select("row", group=pl.struct(by).rle_id()).sort("row")
        return rows, self.patterns({}, ()).groups, ordered["group"].to_numpy()

    def tally(self, answers: Iterable[nw.Expr]) -> tuple[list[str | None], np.ndarray, np.ndarray]:
        """How many cases answer many questions by no, yes and unknown, by group, in one aggregation.

        Names of groups (one, ``None``, without any); sums of weights and of squares (questions, groups, 3);
        with clusters, squares as :func:`secondop.evaluation.patterns.with_clusters` makes them.
        """
        asked, sums = {str(i): answer for i, answer in enumerate([*answers, nw.lit(True)])}, {}
        for power, i in product(self._powers, asked):
            for said, holds in {"yes": nw.col(i), "unknown": nw.col(i).is_null()}.items():
                sums[f"{power} {i} {said}"] = nw.when(holds).then(nw.col(power)).otherwise(0).sum()
        counted, groups, group = self._counted(asked, [], sums)
        shape = (len(counted), len(self._powers), len(asked), 2)
        said = np.moveaxis(counted.select(list(sums)).to_numpy().reshape(shape), 0, 2)
        yes, unknown = said[..., 0], said[..., 1]
        no = yes[:, -1:] - yes - unknown  # to the last question everybody says yes
        no[no < 1e-12 * yes[:, -1:]] = 0  # what rounding leaves of sums of weights
        whole = np.stack([no, yes, unknown], -1)[:, :-1]
        if not self.cluster:
            return groups, whole[0], whole[-1]
        sums = np.zeros((*whole.shape[:2], len(groups), 3))
        np.add.at(sums, np.s_[:, :, group], whole)
        pairs = zip(sums[-1], whole[0], strict=True)
        return groups, sums[0], np.stack([with_clusters(squares, own, group) for squares, own in pairs])

    def about(self) -> dict[str, Any]:
        """What a table says of where its cases come from."""
        said = {"simulated": self.simulated, "outcome": self.outcome, "rule_book": self.rule_book.fingerprint}
        said |= {"cluster": self.cluster} if self.cluster else {}
        known, n = self.known or (0.0, 0.0)
        said |= {"verification": known_words(known, n, self.known_by), "unknown_outcomes": float(n - known)}
        return said | {"unreadable": self.attrs.get("unreadable", 0)}

    def _known_by(self, verified: str | None) -> str:
        """For whom the outcome is known; that of all others is made unknown where it only looks like no."""
        told, hidden = nw.col("told"), [] if self.net else ["changed"]
        if verified:
            hidden += self.truth
            said = f"those with {verified!r}"
        else:
            seen = self.patterns({"told": told}).crossed("told", "flag changed")[0].sum(0)
            (no, yes, unknown), answered = seen[[0, 2]].sum(0), seen[:2].sum()
            if not answered or yes or not no + unknown:
                return "all sought" if answered and not seen[[0, 2]].sum() else ""
            if not no:
                return f"{'exactly' if not seen[1, 2] else 'only'} those who sought an opinion"
            said = (
                "of those who sought no opinion nobody has a change on record, so theirs is unknown, not no"
            )
        names = (f"flag {name}" for name in hidden)
        self.frame = self.frame.with_columns(**{x: nw.when(told).then(nw.col(x)) for x in names})
        return said

    def _outcomes(self) -> tuple[str, ...]:
        """The columns that say, by *or*, whether an opinion changes something."""
        if self.outcome is None:
            return ()
        either = self.outcome == "either" and self.outcome not in self.columns
        names = EITHER if either else NET_OF if self.net else (self.outcome,)
        if missing := [name for name in names if name not in self.columns]:
            listing = ", ".join([*map(str, self.columns[:12]), *["..."] * (len(self.columns) > 12)])
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
        if self.judged and said is not None and said != self.rule_book.fingerprint:
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
        groups, beside = [f"by {name}" for name in self.by], ["cluster"] * bool(self.cluster)
        frame = self.frame.select(*groups, *beside, *self._powers, "unreadable", **columns)
        keys = [*groups, *beside, *keys]
        sums = {**sums, "unreadable": nw.col("unreadable").sum()}
        counted = (frame.group_by(keys).agg(**sums) if keys else frame.select(**sums)).collect().to_polars()
        counted = counted.with_columns(pl.col(*sums).cast(pl.Float64).fill_null(0))
        self.attrs["unreadable"] = int(counted["unreadable"].sum())
        if recorded := _recorded(counted, self._words):
            counted = counted.with_columns(recorded).group_by(keys).agg(pl.col(*sums).sum())
        counted = counted.cast(self._levels).sort(keys, nulls_last=True) if keys else counted
        if self.cluster:
            each = counted.group_by(groups or pl.lit(0), maintain_order=True).agg(
                pl.col("cluster").n_unique()
            )
            self.clusters = each["cluster"].cast(pl.Int64).to_numpy() if len(each) else np.zeros(1, int)
        if not groups:
            return counted, [None], np.zeros(len(counted), int)
        group = counted.select(pl.struct(groups).rle_id()).to_series().to_numpy()
        names = counted.select(groups).unique(maintain_order=True)
        if len(names) > MAX_GROUPS:
            said = f"Grouping by {', '.join(self.by)} makes {len(names):,} groups, more than {MAX_GROUPS}."
            raise SecondopError(f"{said} Cut numbers into bands first, for instance with pandas.cut.")
        words = pl.col(pl.Boolean).replace_strict([False, True], ["no", "yes"], return_dtype=pl.String)
        told = pl.all().cast(pl.String).fill_null(NOT_RECORDED)
        names = names.with_columns(words).select(pl.concat_str(told, separator=", "))
        return counted, names.to_series().to_list(), group


def _plain(cases: Any, source: Any, names: list[str]) -> tuple[pl.DataFrame, dict[str, pl.DataType]]:
    """Columns of groups and numbers of a frame in memory, and of pandas categories their words in order.

    Bands of ``pandas.cut`` are words, such as "(0, 40]"; so are values of several kinds in one column.
    """
    bands: dict[str, pl.DataType] = {}
    if not isinstance(cases, pd.DataFrame):
        return source.select(names).to_polars(), bands
    own = cases[names].copy(deep=False)
    for name in names:
        kind = pd.api.types.infer_dtype(own[name])
        column = own[name].astype("category") if kind == "interval" else own[name]
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.map(str).is_unique:
            bands[name] = pl.Enum(column.cat.categories.map(str).tolist())
            own[name] = column.cat.rename_categories(str)
        elif kind.startswith(("mixed", "categorical")):
            own[name] = column.astype(object).map(str, na_action="ignore")
    with suppress(OverflowError):
        return nw.from_native(own).to_polars(), bands
    return nw.from_native(own.map(str, na_action="ignore")).to_polars(), bands  # as ids of many digits


def is_simulated(attrs: Mapping[str, Any], columns: Iterable[Any]) -> bool:
    """Whether cases say of themselves, or show by traits that no record has, that they were simulated."""
    return bool(attrs.get("simulated", {"difficulty", "gravity"} <= set(columns)))


def refuse_clusters(cohort: Cohort) -> None:
    """Refuse a cohort with clusters where intervals do not account for them, rather than lose them."""
    if cohort.cluster:
        raise SecondopError(
            f"The cohort counts by {cohort.cluster!r}, as firing_rates, tradeoff, decision_curve and compare "
            "can; here intervals would be too narrow. Make a Cohort without cluster=, and say so beside it."
        )


def with_rules(cohort: Cohort) -> Cohort:
    """The cohort, if its cases tell what the rules say of them."""
    if not cohort.has_rules:
        todo = "Use read_cases(..., columns={'your name': 'fact name'}), or assess(..., verdicts=True); "
        todo += "of a guideline of your own, give rule_book="
        if title := cohort.attrs.get("rule_book_title"):
            todo = (
                f"They were assessed with {title!r}: give rule_book= that book, and verdicts=True to assess"
            )
        raise SecondopError(f"There are neither facts of {cohort.rule_book.title!r} nor verdicts. {todo}.")
    return cohort


def refuse_no_chance(cohort: Cohort, score: str) -> None:
    """Refuse a score that is to be a probability and is none: per cent, or points."""
    chance = nw.col(f"score {score}")
    if outside := cohort.count((chance < 0) | (chance > 1)):
        said = f"{outside:,} probabilities in column {score!r} are below 0 or above 1"
        raise SecondopError(f"{said}: a chance of 22 % is 0.22.")


def as_cohort(
    cases: Any, rule_book: RuleBook, outcome: str | None = None, flags: Any = (), scores: Any = (), **own: Any
) -> Cohort:
    """The cases as a cohort, if they are none yet: one with this outcome, these flags and these scores."""
    if not isinstance(cases, Cohort):
        return Cohort(cases, rule_book, outcome=outcome, flags=dict(flags), scores=scores, **own)
    asked = {*(f"flag {name}" for name in flags), *(f"score {name}" for name in scores)}
    asked |= {"flag changed"} if outcome and not cases.net else set()
    if "cluster" not in own:
        refuse_clusters(cases)
    if any(own.values()) or asked - set(cases.frame.collect_schema().names()):
        raise SecondopError(
            "A Cohort has its own outcome, flags, by, weights and cluster: give them to Cohort(...)."
        )
    return cases


def _recorded(frame: pl.DataFrame, groups: Sequence[str]) -> list[pl.Expr]:
    """Groups in words, such that a word for a gap makes no group of its own."""
    made = []
    for name in groups:
        if frame[name].dtype in (pl.String, pl.Categorical, pl.Enum):
            text = pl.col(name).cast(pl.String)
            gaps = [word for word in frame[name].cast(pl.String).unique() if is_not_recorded(word)]
            made.append(pl.when(~text.is_in(gaps)).then(name))
    return made
