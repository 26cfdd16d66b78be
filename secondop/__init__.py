"""When is a second medical opinion worth recommending, how often, and at what cost?

For education and analysis, never for care. The names below are what an analyst needs; each loads when it
is first used.

Facts and conditions
    flag, category, ordered, count, number, Fact, Kind, fact, at_least
Rules
    Indication, CounterIndication, Amplifier, Advice, Source, RuleBook, RULE_BOOK, SGB27B, Level, Grade
Cases
    read_cases, check_cases, mapping_template, facts_table, assess, explain, worth_recording, data_path
Simulated cohorts
    load_scenario, read_scenario, Scenario, simulate, simulate_batches, Gaps
    calibrate, recentred, fit_report, identifiability, expected_rates, along, draw_parameters
How readers differ
    ReaderModel, Strategy, read_strategies, opinions_from_ratings, agreement, plan_audit
Published figures
    published_rates, published_contrasts, rate, compare, pool
How often rules fire
    firing_rates, attrition, overlap, overlap_members, flow, of_100, natural_frequencies
Benefit and overuse
    Cohort, tradeoff, decision_curve, net_benefit, wide, all_books, reform, flipped
    verification_bias, departures
    yield_range, triage_lifts, contrast_anchors, tornado, propagate, net_benefits, best_policies, bands
A learned triage, and real biopsies
    learned_triage, same_volume, calibration, importance, imitation_tree
    BIOPSIES, biopsy_readings, second_readings
To read a table, what a word means, and a report to share
    show, glossary, report
To see and to teach
    figures, teaching, class_answers
Errors and warnings
    SecondopError, CasesError, UnknownNameError, MissingFactsWarning, RowsWarning, MissingCodesWarning
    AnswerFilesWarning
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_HOMES = {
    "secondop.errors": ("SecondopError", "CasesError", "UnknownNameError"),
    "secondop.datafiles": ("data_path",),
    "secondop.words": ("glossary",),
    "secondop.rules.facts": ("Fact", "Kind", "flag", "category", "ordered", "count", "number"),
    "secondop.rules.conditions": ("at_least",),
    "secondop.rules.rules": (
        "Advice",
        "Amplifier",
        "CounterIndication",
        "Grade",
        "Indication",
        "Level",
        "Source",
    ),
    "secondop.rules.rulebook": ("RuleBook",),
    "secondop.rules.cases": ("MissingFactsWarning",),
    "secondop.rules.doubts": ("RowsWarning",),
    "secondop.rules.spellings": ("MissingCodesWarning",),
    "secondop.guideline.second_opinion": ("RULE_BOOK",),
    "secondop.guideline.sgb27b": ("SGB27B",),
    "secondop.guideline.defaults": (
        "fact",
        "facts_table",
        "read_cases",
        "check_cases",
        "mapping_template",
        "assess",
        "explain",
        "worth_recording",
    ),
    "secondop.cohorts.scenario": ("Scenario",),
    "secondop.cohorts.scenario_file": ("load_scenario", "read_scenario"),
    "secondop.cohorts.simulate": ("simulate", "simulate_batches", "Gaps"),
    "secondop.cohorts.calibrate": ("calibrate", "recentred", "fit_report", "identifiability"),
    "secondop.cohorts.outcomes": ("expected_rates", "along"),
    "secondop.cohorts.draws": ("draw_parameters",),
    "secondop.readers.model": ("ReaderModel",),
    "secondop.readers.ratings": ("opinions_from_ratings",),
    "secondop.readers.agreement": ("agreement",),
    "secondop.readers.audit": ("plan_audit",),
    "secondop.readers.strategies": ("Strategy", "read_strategies"),
    "secondop.evaluation.cohort": ("Cohort",),
    "secondop.evaluation.published": ("published_rates", "published_contrasts", "rate", "pool"),
    "secondop.evaluation.comparison": ("compare",),
    "secondop.evaluation.rates": ("firing_rates", "attrition", "overlap", "overlap_members"),
    "secondop.evaluation.people": ("flow", "of_100", "natural_frequencies"),
    "secondop.evaluation.tradeoff": ("tradeoff", "decision_curve", "net_benefit", "wide"),
    "secondop.evaluation.departures": ("departures", "verification_bias"),
    "secondop.evaluation.books": ("all_books", "reform", "flipped"),
    "secondop.evaluation.knowledge": ("yield_range", "triage_lifts", "contrast_anchors"),
    "secondop.evaluation.sensitivity": ("tornado", "propagate"),
    "secondop.evaluation.uncertainty": ("net_benefits", "best_policies", "bands"),
    "secondop.evaluation.learning": ("learned_triage", "importance", "imitation_tree"),
    "secondop.evaluation.learned": ("same_volume", "calibration"),
    "secondop.evaluation.biopsies": ("BIOPSIES", "biopsy_readings", "second_readings"),
    "secondop.reports": ("report",),
    "secondop.tables": ("show",),
    "secondop.teaching.class_answers": ("class_answers", "AnswerFilesWarning"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("figures", "teaching")

__all__ = sorted([*_HOME_OF, *_ROOMS])


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    elif name in _ROOMS:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
