"""Words that every room shares."""

import pytest

from secondop.words import an, either, plural


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (plural(1, "case"), "1 case"),
        (plural(0, "case"), "0 cases"),
        (plural(1_200, "case"), "1,200 cases"),
        (either(["low"]), "low"),
        (either(["low", "high"]), "low or high"),
        (either(["low", "moderate", "high"]), "low, moderate or high"),
        (an("second opinion"), "a second opinion"),
        (an("Imaging review"), "an Imaging review"),
    ],
)
def test_numbers_alternatives_and_articles_read_as_one_would_say_them(said, expected):
    assert said == expected
