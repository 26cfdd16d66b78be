"""What an educator needs in front of a class: explorers, the case deck, the quiz, exercises and hand-outs.

The explorers and the quiz are widgets for JupyterLab; everything else is plain text and numbers. Each name
loads when it is first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "secondop.teaching.case_explorer": ("explore_case",),
    "secondop.teaching.tradeoff_explorer": ("explore_tradeoff",),
    "secondop.teaching.prevalence_explorer": ("explore_prevalence",),
    "secondop.teaching.cards": ("deck",),
    "secondop.teaching.stages": ("vignettes",),
    "secondop.teaching.quizzes": ("quiz",),
    "secondop.teaching.exercises": ("exercise",),
    "secondop.teaching.handouts": ("case_sheet", "rule_book_page"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"There is no {name!r} for teaching; there are {', '.join(__all__)}.")
    globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)
