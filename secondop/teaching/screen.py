"""A screen of the classroom page as a widget: it answers by itself, and Python keeps in step with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secondop.errors import unknown_name
from secondop.teaching.classroom import program, style
from secondop.teaching.still import Still, need_lab

anywidget, traitlets = need_lab("anywidget"), need_lab("traitlets")


class Screen(Still, anywidget.AnyWidget):
    """What the page shows of ``data``; the traits named in ``kept`` follow the screen, and it them."""

    data = traitlets.Dict().tag(sync=True)
    kept: tuple[str, ...] = ()
    on_screen = False  # while what comes from the screen is taken in

    def __init__(self, data: Mapping[str, Any], **kept: Any) -> None:
        super().__init__(data={**data, "kept": self.kept}, **kept)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take in what the screen sends."""
        self.on_screen = True
        try:
            super().set_state(sync_data)
        finally:
            self.on_screen = False


def widget(*parts: str) -> dict[str, str]:
    """The program and the look of a widget of these parts; each view has a state of its own."""
    run = program("book.js", "page.js", *parts, "widget.js")
    return {"_esm": f"export default {{ render(view) {{\n{run}\nwidget(view);\n}} }};", "_css": style()}


def one_of(name: str, value: Any, options: Any) -> Any:
    """A setting of a widget, if it is one of those that exist."""
    if value not in options:
        raise unknown_name(name, value, map(str, options))
    return value
