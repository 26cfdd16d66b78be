"""The names that a user meets: each loads on first use, says what it is, and a wrong one is answered."""

import pytest

import secondop
from secondop import figures, teaching


@pytest.mark.parametrize("name", secondop.__all__)
def test_every_public_name_loads(name):
    assert getattr(secondop, name) is not None
    assert name in dir(secondop)


ROOMS = pytest.mark.parametrize("room", [secondop, figures, teaching], ids=lambda room: room.__name__)
FUNCTIONS = [(room, name) for room in (figures, teaching) for name in room.__all__]


@pytest.mark.parametrize(("room", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_every_figure_and_teaching_aid_loads_as_a_function_and_says_what_it_is(room, name):
    assert callable(getattr(room, name))
    assert len(getattr(room, name).__doc__.splitlines()[0]) > 20


@ROOMS
def test_a_wrong_name_is_answered_with_those_that_exist(room):
    with pytest.raises(AttributeError, match=room.__all__[0]):
        _ = room.no_such_name
