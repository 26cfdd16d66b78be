"""How fast is an assessment, beside what an analyst would write instead?

Every way answers the same question on the same simulated cases in the same run: all 27 rules, the
recommendation, what is still possible, and the counts. The answers are compared before anything is timed.
Times depend on the machine; read the ratios.

    python benchmarks/assess.py [cases, in millions]
"""

from __future__ import annotations

import operator
import sys
import time
from functools import reduce

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from tqdm import tqdm

from secondop import RULE_BOOK, Kind, assess
from secondop.rules.assess import SUMMARY
from secondop.rules.rules import RECOMMENDATIONS

FACTS = RULE_BOOK.facts

REPEATS = 5
SMALL = 20_000


def make_cases(n: int, seed: int = 20_261_124) -> pl.DataFrame:
    """Independent facts, 5 % unknown: the contents do not matter here, the types and the gaps do."""
    rng = np.random.default_rng(seed)
    columns = {}
    for fact in FACTS.values():
        if fact.kind is Kind.FLAG:
            values = pl.Series(rng.random(n, np.float32) < 0.1)
        elif fact.has_levels:
            places = pl.Series(rng.integers(0, len(fact.levels), n, np.uint8))
            values = places.cat.to(pl.Enum(fact.levels))
        else:
            values = pl.Series(rng.integers(0, 4, n)).cast(
                pl.Int64 if fact.kind is Kind.COUNT else pl.Float64
            )
        known = pl.Series(rng.random(n, np.float32) >= 0.05)
        columns[fact.name] = pl.select(pl.when(known).then(values)).to_series()
    return pl.DataFrame(columns)


def rules_by_hand(x, is_in):
    """The 27 rules as an analyst writes them; ``x`` takes a column, ``is_in`` compares with levels."""
    long_enough = x("first_line_weeks") >= 4
    persists = is_in("symptom_course", "unchanged", "worsening") & long_enough
    falls_short = is_in("treatment_response", "less_than_expected", "none")
    controlled = is_in("disease_control", "well_controlled")
    invasive = is_in("procedure_proposed", "invasive_procedure", "minor_surgery", "major_surgery")
    sound = is_in(
        "genital_surgery_reason", "scarring_complication", "premalignant_change", "invasive_malignancy"
    )
    severe, worsening = is_in("symptom_severity", "severe"), is_in("symptom_course", "worsening")
    quiet = is_in("new_finding", "none") & ~severe & ~worsening
    chemo, radiation = x("chemotherapy_proposed"), x("radiation_proposed")
    urgent = {
        "complication-or-new-finding": x("complication_during_treatment")
        | (
            is_in("new_finding", "erosion", "ulcer", "lump", "suspicious_lesion")
            & x("finding_persistent_or_unexplained")
        ),
    }
    recommended = {
        "negative-work-up-high-suspicion": is_in("first_workup", "negative") & is_in("suspicion", "high"),
        "atypical-or-unresponsive": x("atypical_presentation") | (falls_short & long_enough),
        "ambiguous-pathology": is_in("pathology_result", "ambiguous", "expert_needed"),
        "failed-first-line": x("first_line_appropriate") & falls_short & ~controlled & (worsening | persists),
        "refractory-to-lifestyle-and-drugs": is_in("symptom_course", "unchanged", "worsening")
        & x("lifestyle_change_tried")
        & (x("drug_trials") >= 2),
        "invasive-procedure-proposed": invasive,
        "aggressive-treatment-proposed": chemo | radiation | is_in("procedure_proposed", "major_surgery"),
        "risky-or-life-changing-treatment": is_in("treatment_risk", "high")
        | is_in("quality_of_life_impact", "substantial"),
        "circumcision-before-steroid-trial": is_in("sex", "male")
        & is_in("condition", "phimosis")
        & x("circumcision_proposed")
        & ~x("topical_steroid_trial_adequate")
        & ~sound,
        "surgery-before-medical-management": is_in("condition", "lower_urinary_tract_symptoms")
        & x("surgical_referral")
        & ~x("medical_management_exhausted")
        & ~x("complicated_disease"),
        "genital-surgery-without-reason": is_in("condition", "phimosis", "genital_skin_disease")
        & x("genital_surgery_proposed")
        & ~sound,
        "cancer-history-without-follow-up": is_in("cancer_history", "previous", "persistent")
        & is_in("specialist_follow_up", "never", "lapsed"),
        "neoplasia-concern": x("neoplasia_concern"),
        "prognosis-without-experience": x("advanced_cancer")
        & is_in("prognosis_given_by", "nobody", "non_specialist"),
        "hereditary-condition-suspected": x("hereditary_condition_suspected"),
        "several-organs-or-specialties": ((x("organ_systems") >= 2) & ~controlled)
        | (x("specialties_spanned") >= 2),
        "multimodal-treatment": (invasive & chemo) | (invasive & radiation) | (chemo & radiation),
    }
    optional = {
        "patient-wants-one": x("wants_second_opinion"),
        "patient-unsure": x("unsure_of_diagnosis") | x("unsure_of_treatment"),
        "patient-wants-help-choosing": x("wants_help_choosing") | x("wants_prognosis"),
        "concerns-or-confidence": x("concerns_unaddressed") | is_in("confidence_in_plan", "none", "low"),
        "patient-wants-explanation": x("wants_fuller_explanation"),
    }
    counter = {
        "well-controlled-disease": controlled
        & ~x("complicated_disease")
        & is_in("treatment_response", "as_expected")
        & quiet,
        "clear-diagnosis-standard-plan": x("diagnosis_clear_cut") & x("plan_follows_guideline") & quiet,
        "stable-without-new-findings": x("clinically_stable") & quiet,
    }
    other = {"severe-or-refractory-symptoms": severe | (falls_short & persists)}
    return urgent, recommended, optional, counter, other


def polars_by_hand(cases: pl.DataFrame) -> pl.DataFrame:
    def is_in(name, *levels):
        return reduce(operator.or_, (pl.col(name) == level for level in levels))

    sorts = rules_by_hand(pl.col, is_in)
    urgent, recommended, optional, counter, _ = map(list, sorts)
    level = pl.Enum(RECOMMENDATIONS)

    def highest(take):
        return (
            pl.when(take("_urgent"))
            .then(pl.lit("urgent", level))
            .when(take("_recommended"))
            .then(pl.lit("recommended", level))
            .when(take("_optional"))
            .then(pl.lit("optional", level))
            .when(pl.col("_counter"))
            .then(pl.lit("not_needed", level))
            .otherwise(pl.lit("no_indication", level))
        )

    def count(names):
        one, none = pl.lit(1, pl.UInt8), pl.lit(0, pl.UInt8)
        return sum(pl.when(name).then(one).otherwise(none) for name in names).cast(pl.Int32)

    groups = {"urgent": urgent, "recommended": recommended, "optional": optional, "counter": counter}
    return (
        cases.lazy()
        .with_columns(**{name: rule for sort in sorts for name, rule in sort.items()})
        .with_columns(
            **{f"_{g}": reduce(operator.or_, (pl.col(n) for n in names)) for g, names in groups.items()}
        )
        .with_columns(
            recommendation=highest(pl.col),
            possible=highest(lambda name: pl.col(name) | pl.col(name).is_null()),
            indications=count(urgent + recommended),
            preferences=count(optional),
        )
        .with_columns(undetermined=pl.col("possible") != pl.col("recommendation"))
        .select(*cases.columns, *SUMMARY)
        .collect()
    )


def pandas_by_hand(cases: pd.DataFrame) -> pd.DataFrame:
    def is_in(name, *levels):  # isin alone would answer no where nothing was recorded
        return cases[name].isin(levels).astype("boolean").mask(cases[name].isna())

    urgent, recommended, optional, counter, _ = rules_by_hand(cases.__getitem__, is_in)
    any_of = [reduce(operator.or_, s.values()) for s in (urgent, recommended, optional)]
    not_needed = reduce(operator.or_, counter.values()).fillna(False)

    def highest(groups):
        floor = np.where(not_needed, 0, 1)
        return np.select([group.to_numpy() for group in groups], [4, 3, 2], floor)

    stands = highest([group.fillna(False).astype(bool) for group in any_of])
    open_to = highest([group.fillna(True).astype(bool) for group in any_of])
    kind = pd.CategoricalDtype(RECOMMENDATIONS, ordered=True)
    return cases.assign(
        recommendation=pd.Categorical.from_codes(stands, dtype=kind),
        possible=pd.Categorical.from_codes(open_to, dtype=kind),
        undetermined=open_to != stands,
        indications=sum(r.fillna(False).astype("int32") for r in (urgent | recommended).values()),
        preferences=sum(r.fillna(False).astype("int32") for r in optional.values()),
    )


def pandas_apply(cases: pd.DataFrame) -> pd.Series:
    """Row by row: only the recommendation, and without the third answer."""

    def one(row):
        def x(name):
            value = row[name]
            return Plain(None if pd.isna(value) else value)

        sorts = rules_by_hand(x, lambda name, *levels: Plain(x(name).value in levels))
        for words, sort in zip(("urgent", "recommended", "optional", "not_needed"), sorts, strict=False):
            if any(rule.value for rule in sort.values()):
                return words
        return "no_indication"

    return cases.apply(one, axis=1)


class Plain:
    """A value whose operators take what is missing for no, as a row function usually does."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __and__(self, other):
        return Plain(bool(self.value) and bool(other.value))

    def __or__(self, other):
        return Plain(bool(self.value) or bool(other.value))

    def __invert__(self):
        return Plain(not self.value)

    def __ge__(self, other):
        return Plain(self.value is not None and self.value >= other)


def pandas_kinds(cases: pl.DataFrame) -> dict[str, pd.DataFrame]:
    levels = {f.name: pd.CategoricalDtype(f.levels, ordered=f.kind is Kind.ORDERED) for f in FACTS.values()}
    plain = cases.with_columns(pl.col(pl.Boolean).cast(pl.Float64)).to_pandas()
    kinds = {"numpy": plain}
    for name, boolean, integer, number in (
        ("nullable", "boolean", "Int64", "Float64"),
        ("pyarrow", pd.ArrowDtype(pa.bool_()), pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.float64())),
    ):
        types = {Kind.FLAG: boolean, Kind.COUNT: integer, Kind.NUMBER: number}
        arrow = cases.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
        kinds[name] = pd.DataFrame(
            {
                f.name: arrow[f.name].astype(types[f.kind]) if f.kind in types else plain[f.name]
                for f in FACTS.values()
            }
        )
    for frame in kinds.values():
        for fact in FACTS.values():
            if fact.has_levels:
                frame[fact.name] = frame[fact.name].astype(levels[fact.name])
    return kinds


def check_agreement(cases: pl.DataFrame) -> None:
    """All ways give the same answers, or the run stops here."""
    expected = assess(cases).select(SUMMARY).with_columns(pl.col(pl.Enum).cast(pl.String)).rows()
    kinds = pandas_kinds(cases)
    found = {"polars by hand": polars_by_hand(cases), "pandas by hand": pandas_by_hand(kinds["nullable"])}
    found |= {f"secondop on pandas ({kind})": assess(frame) for kind, frame in kinds.items()}
    for way, frame in found.items():
        frame = frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame[list(SUMMARY)])
        rows = frame.select(SUMMARY).with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String)).rows()
        if rows != expected:
            raise SystemExit(f"{way} gives other answers than secondop on polars; nothing was timed.")


def main() -> None:
    n = int(float(sys.argv[1] if len(sys.argv) > 1 else 2) * 1_000_000)
    cases = make_cases(n)
    check_agreement(cases.head(SMALL))
    kinds = pandas_kinds(cases)
    small = kinds["nullable"].head(SMALL)
    ways = {
        "secondop on polars": (assess, cases),
        "polars by hand": (polars_by_hand, cases),
        "secondop on pandas (pyarrow)": (assess, kinds["pyarrow"]),
        "secondop on pandas (nullable)": (assess, kinds["nullable"]),
        "secondop on pandas (numpy)": (assess, kinds["numpy"]),
        "pandas by hand (nullable)": (pandas_by_hand, kinds["nullable"]),
    }
    times = {way: [] for way in ways}
    for _ in tqdm(range(REPEATS), desc="rounds", unit="round"):
        for way, (run, frame) in ways.items():  # in turn, so that a slow moment meets all
            run(frame)  # untimed: anything that follows pandas by hand would pay for the memory that it left
            start = time.perf_counter()
            run(frame)
            times[way].append((time.perf_counter() - start) / n * 1e9)
    per_million = {way: float(np.median(t)) for way, t in times.items()}
    start = time.perf_counter()
    pandas_apply(small)
    per_million[f"pandas apply, {SMALL:,} cases"] = (time.perf_counter() - start) / SMALL * 1e9

    hand = per_million["pandas by hand (nullable)"]
    print(f"{n:,} cases, {len(FACTS)} facts, {len(RULE_BOOK)} rules; median of {REPEATS} rounds")
    print(f"{'':34}{'ms per million':>15}{'times faster than pandas by hand':>35}")
    for way, ms in per_million.items():
        print(f"{way:34}{ms:15,.0f}{hand / ms:35.3g}")
    ratio = per_million["secondop on polars"] / per_million["polars by hand"]
    print(f"secondop on polars takes {ratio:.2f} times what polars by hand takes")


if __name__ == "__main__":
    main()
