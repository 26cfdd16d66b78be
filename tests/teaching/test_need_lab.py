"""Where the widgets' packages are missing, one is told what to install."""

import sys

import pytest

from secondop.errors import SecondopError
from secondop.teaching.screen import need_lab


def test_the_widgets_package_is_given_where_it_is_there():
    assert need_lab().AnyWidget


@pytest.mark.parametrize("package", ["anywidget", "traitlets"])
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)  # as Python does for what cannot be found
    with pytest.raises(SecondopError, match=rf"{package}.*pip install \"secondop\[lab\]\""):
        need_lab(package)
