"""Widgets: a screen of the classroom page in a notebook, and what stays of it where no kernel runs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from secondop.errors import SecondopError


def need_lab(package: str = "anywidget") -> ModuleType:
    """A package that widgets are made of, or what to install where any of them is missing."""
    try:
        return import_module(package)
    except ImportError as error:
        raise SecondopError(
            f"This is a widget for JupyterLab, and {error.name or 'a package that it needs'} is not "
            'installed. Install it with: pip install "secondop[lab]", then restart the kernel.'
        ) from error


class Still:
    """Mixed into a widget, before it: shows :meth:`still` wherever widgets are not alive.

    JupyterLab prefers the widget while its kernel runs; a code host, a built page and a notebook that was
    just opened show the still picture.
    """

    def still(self) -> dict[str, Any]:
        """What to show, by type of content, such as ``{"text/html": ...}``."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        words = {"text/plain": "A control to play with: run the cell in JupyterLab."}
        return data | words | self.still(), {"still": True}
