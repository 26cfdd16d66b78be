"""What an educator needs in front of a class: explorers, the case deck, the quiz, exercises and hand-outs.

The explorers and the quiz are widgets for JupyterLab; everything else is plain text and numbers. Each name
loads when it is first used.
"""

from importlib import import_module
from typing import Any

_HOME_OF = {
    "case_sheet": "handouts",
    "deck": "cards",
    "exercise": "exercises",
    "explore_case": "explorers",
    "explore_prevalence": "explorers",
    "explore_tradeoff": "tradeoff_explorer",
    "quiz": "cards",
    "rule_book_page": "handouts",
    "vignettes": "stages",
}
__all__ = list(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"There is no {name!r} for teaching; there are {', '.join(__all__)}.")
    globals()[name] = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)
