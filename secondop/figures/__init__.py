"""Figures that read at a glance: each takes a table that the evaluation made, and gives a plotly figure.

Nothing is computed, shown or saved here. Each figure loads when it is first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "secondop.figures.rates": ("attrition", "firing_rates", "overlap"),
    "secondop.figures.tradeoffs": ("tradeoff", "yield_above_chance"),
    "secondop.figures.thresholds": ("decision_curve", "net_benefit"),
    "secondop.figures.knowledge": ("triage_lifts", "yield_at_signal", "yield_range"),
    "secondop.figures.cohort": ("along", "along_trait"),
    "secondop.figures.biopsies": ("second_readings",),
    "secondop.figures.books": ("all_books",),
    "secondop.figures.learned": ("calibration", "importance", "same_volume"),
    "secondop.figures.strategies": ("read_strategies",),
    "secondop.figures.people": ("flow", "icon_array"),
    "secondop.figures.comparison": ("compare",),
    "secondop.figures.uncertainty": ("propagate", "tornado"),
    "secondop.figures.verification": ("departures", "verification_bias"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"There is no figure {name!r}; there are {', '.join(__all__)}.")
    globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)
