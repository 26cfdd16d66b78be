"""When is a second medical opinion worth recommending, how often, and at what cost?

For education and analysis, never for care. The names below are what an analyst needs daily; each loads when
it is first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "secondop.rules.facts": ("FACTS", "Fact", "facts_table"),
    "secondop.rules.conditions": ("fact", "at_least"),
    "secondop.rules.indication": ("Indication", "Citation", "Grade", "Group", "Level", "RuleKind"),
    "secondop.rules.rulebook": ("RuleBook",),
    "secondop.rules.indications": ("RULE_BOOK",),
    "secondop.rules.cases": ("read_cases", "check_cases", "write_cases"),
    "secondop.rules.assess": ("assess",),
    "secondop.rules.explain": ("explain",),
    "secondop.cohorts.scenario": ("Scenario", "load_scenario", "read_scenario"),
    "secondop.cohorts.simulate": ("simulate", "simulate_batches", "Gaps"),
    "secondop.cohorts.calibrate": ("calibrate",),
    "secondop.cohorts.opinions": ("ReaderModel", "opinions_from_ratings"),
    "secondop.cohorts.strategies": ("Strategy", "read_strategies"),
    "secondop.evaluation.published": ("published_rates", "compare"),
    "secondop.evaluation.rates": ("firing_rates",),
    "secondop.evaluation.tradeoff": ("tradeoff",),
    "secondop.evaluation.benefit": ("net_benefit", "decision_curve"),
    "secondop.evaluation.rules_value": ("rule_values", "capacity_curve", "reform"),
    "secondop.evaluation.sensitivity": ("tornado", "propagate"),
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
