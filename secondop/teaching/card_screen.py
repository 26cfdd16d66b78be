"""Cases to predict and reveal one by one, as the quiz of the classroom page asks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.classroom import page_data
from secondop.teaching.markup import SMALL, TEXT, div, el
from secondop.teaching.screen import Screen, one_of, traitlets, widget

if TYPE_CHECKING:
    from secondop.teaching.cards import Deck


class CardScreen(Screen):
    """Goes through a deck; ``quiz`` holds the card that is shown, and what was ``given`` by case."""

    quiz = traitlets.Dict({"at": 0, "given": {}}).tag(sync=True)
    kept = ("quiz",)
    _esm, _css = widget("explore.js", "class.js").values()

    def __init__(self, cases: Deck, hear: Callable[[dict[str, str]], None] | None = None) -> None:
        self.cases, self.hear = cases, hear
        super().__init__(page_data(RULE_BOOK, screens=("quiz",), cases=cases) | {"fixed": True})

    @traitlets.validate("quiz")
    def _read(self, proposal: Any) -> dict[str, Any]:
        known = [case.id for case in self.cases]
        for case, told in proposal["value"]["given"].items():
            one_of("case", case, known), one_of("recommendation", told["answer"], RECOMMENDATIONS)
        return proposal["value"]

    @traitlets.observe("quiz")
    def _hear(self, _: Any) -> None:
        if self.on_screen and self.hear:
            self.hear({case: told["answer"] for case, told in self.quiz["given"].items()})

    def show(self, given: dict[str, str]) -> None:
        """Show answers that were given in Python."""
        told = {case: {"answer": answer, "sure": None} for case, answer in given.items()}
        self.quiz = self.quiz | {"given": told | self.quiz["given"]}

    def still(self) -> dict[str, Any]:
        """The first card, without its answer."""
        words = el(
            "p", f"{TEXT}{SMALL}", f"Item 1 of {len(self.cases)}. Run the cell in JupyterLab to answer."
        )
        return {"text/html": div("", words, self.cases[0].to_html())}
