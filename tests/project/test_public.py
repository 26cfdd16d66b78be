"""The names that a user meets: each loads on first use, says what it is, and a wrong one is answered."""

import pytest

import secondop
from secondop import figures


@pytest.mark.parametrize("name", secondop.__all__)
def test_every_public_name_loads(name):
    assert getattr(secondop, name) is not None
    assert name in dir(secondop)


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_loads_as_a_function_and_says_what_it_shows(name):
    assert callable(getattr(figures, name))
    assert len(getattr(figures, name).__doc__.splitlines()[0]) > 20


@pytest.mark.parametrize("room", [secondop, figures], ids=["secondop", "figures"])
def test_a_wrong_name_is_answered_with_those_that_exist(room):
    with pytest.raises(AttributeError, match=room.__all__[0]):
        _ = room.no_such_name
