"""Figures that read at a glance: each takes a table that the evaluation made, and gives a plotly figure.

Nothing is computed, shown or saved here. Each figure loads when it is first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "rates": "all_books attrition firing_rates overlap",
    "policies": "decision_curve net_benefit tradeoff yield_above_chance",
    "published": "compare triage_lifts yield_at_signal",
    "strategies": "read_strategies",
    "learned": "calibration importance same_volume second_readings",
    "people": "along_trait flow icon_array",
    "uncertainty": "departures propagate tornado verification_bias",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"There is no figure {name!r}; there are {', '.join(__all__)}.")
    globals()[name] = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)
