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

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

__version__ = "0.2.0"


@cache
def _homes() -> dict[str, str]:
    """Where each public name is at home, as the stub that editors read says it."""
    stub = Path(__file__).with_suffix(".pyi").read_text("utf-8")
    homes = re.findall(r"^from (\S+) import (.+)", stub, re.M)
    return {name: home for home, names in homes for name in re.findall(r"(\w+) as", names)}


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(_homes())
    if name not in _homes():
        known = ", ".join(sorted(_homes()))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {known}")
    home = _homes()[name]
    is_room = home == __name__
    globals()[name] = import_module(f"{home}.{name}") if is_room else getattr(import_module(home), name)
    return globals()[name]


def __dir__() -> list[str]:
    return [*sorted(_homes()), "__version__"]
