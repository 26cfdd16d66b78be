"""Where the widgets' packages are missing, one is told what to install."""

import sys
from importlib import import_module

import pytest

from secondop.errors import SecondopError


@pytest.mark.parametrize("package", ["anywidget", "traitlets"])
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)  # as Python does for what cannot be found
    monkeypatch.delitem(sys.modules, "secondop.teaching.screen", raising=False)
    with pytest.raises(SecondopError, match=rf"{package}.*pip install \"secondop\[lab\]\""):
        import_module("secondop.teaching.screen")
