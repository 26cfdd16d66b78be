"""Screens of the classroom page as widgets: each answers by itself, and Python keeps in step with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from secondop.errors import SecondopError, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.classroom import page_data, program, style
from secondop.teaching.markup import SMALL, TEXT, div, el

if TYPE_CHECKING:
    from secondop.teaching.cards import Deck

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise SecondopError(
        f"This is a widget for JupyterLab, and {error.name or 'a package that it needs'} is not "
        'installed. Install it with: pip install "secondop[lab]", then restart the kernel.'
    ) from error


class Still:
    """Mixed into a widget, before it: shows :meth:`still` wherever no kernel keeps the widget alive."""

    def still(self) -> dict[str, Any]:
        """What to show, by type of content, such as ``{"text/html": ...}``."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        words = {"text/plain": "A control to play with: run the cell in JupyterLab."}
        return data | words | self.still(), {"still": True}


class Screen(Still, anywidget.AnyWidget):
    """What the page shows of ``data``; the traits named in ``kept`` follow the screen, and it them."""

    data = traitlets.Dict().tag(sync=True)
    kept: tuple[str, ...] = ()
    on_screen = False  # while what comes from the screen is taken in

    def __init_subclass__(cls, parts: tuple[str, ...] = (), **kwargs: Any) -> None:
        """A widget of these parts of the page's program; each view has a state of its own."""
        if parts:  # traits that are added later make a subclass too
            run = program("book.js", "page.js", *parts, "widget.js")
            cls._esm, cls._css = f"export default {{ render(view) {{\n{run}\nwidget(view);\n}} }};", style()
        super().__init_subclass__(**kwargs)

    def __init__(self, data: Mapping[str, Any], **kept: Any) -> None:
        super().__init__(data={**data, "kept": self.kept}, **kept)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take in what the screen sends."""
        self.on_screen = True
        try:
            super().set_state(sync_data)
        finally:
            self.on_screen = False


def one_of(name: str, value: Any, options: Any) -> Any:
    """A setting of a widget, if it is one of those that exist."""
    if value not in [*options]:  # a list, which any value can be looked for in
        raise unknown_name(name, value, map(str, options))
    return value


def settled(now: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a widget with those that are given; a name that is no setting is refused."""
    return now | {one_of("setting", name, now): value for name, value in given.items()}


class CardScreen(Screen, parts=("explore.js", "class.js")):
    """Goes through a deck; ``quiz`` holds the card that is shown, and what was ``given`` by case."""

    quiz = traitlets.Dict({"at": 0, "given": {}}).tag(sync=True)
    kept = ("quiz",)

    def __init__(self, cases: Deck) -> None:
        self.cases = cases
        super().__init__(page_data(RULE_BOOK, screens=("quiz",), cases=cases) | {"fixed": True})

    @traitlets.validate("quiz")
    def _read(self, proposal: Any) -> dict[str, Any]:
        known = [case.id for case in self.cases]
        for case, told in proposal["value"]["given"].items():
            one_of("case", case, known)
            one_of("recommendation", told["answer"], RECOMMENDATIONS)
        return proposal["value"]

    def still(self) -> dict[str, Any]:
        """The first card, without its answer."""
        words = f"Item 1 of {len(self.cases)}. Run the cell in JupyterLab to answer."
        return {"text/html": div("", el("p", f"{TEXT}{SMALL}", words), self.cases[0].to_html())}
