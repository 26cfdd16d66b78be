"""What an error suggests: the closest name, and never its opposite."""

import pytest

from secondop import RULE_BOOK
from secondop.errors import did_you_mean, unknown_name

LEVELS = ["none", "clear", "ambiguous", "expert_needed"]
SUGGESTED = [
    # written                 there is                                         suggested
    ("cleer", LEVELS, "clear"),
    ("unclear", LEVELS, None),
    ("Un-clear", LEVELS, None),
    ("unclaer", LEVELS, None),
    ("not clear", LEVELS, None),
    ("clear", ["unclear", "positive"], None),
    ("unclear", ["clear", "unclaer"], "unclaer"),
    ("expert not needed", LEVELS, None),
    ("not_neded", ["needed", "not_needed"], "not_needed"),
    ("notneeded", ["needed", "not_needed"], "not_needed"),
    ("well_controlled", ["uncontrolled"], None),
    ("uncontrolled", ["controlled", "well_controlled"], None),
    ("typical", ["atypical"], None),
    ("abnormal", ["normal"], None),
    ("irregular", ["regular"], None),
    ("immobile", ["mobile"], None),
    ("non-adherent", ["adherent"], None),
    ("disagreement", ["agreement"], None),
    ("no indication", ["indication"], None),
    ("no_indicatoin", ["no_indication", "optional"], "no_indication"),
    ("topical_steroid_trial_inadequate", ["topical_steroid_trial_adequate"], None),
    ("topical_steroid_trial_adequat", ["topical_steroid_trial_adequate"], "topical_steroid_trial_adequate"),
    ("inicision", ["incision"], "incision"),
    ("x", LEVELS, None),
]


@pytest.mark.parametrize(("written", "options", "suggested"), SUGGESTED)
def test_the_closest_is_suggested_unless_it_is_the_opposite(written, options, suggested):
    assert did_you_mean(written, options) == (f" Did you mean {suggested!r}?" if suggested else "")


def test_a_name_cut_short_is_told_what_begins_so():
    names = ["refractory-to-lifestyle-and-drugs", "other", "refractory-to-very-many-drugs"]
    told = "Did you mean 'refractory-to-lifestyle-and-drugs' or 'refractory-to-very-many-drugs'? There are: "
    assert told in str(unknown_name("rule", "refractory", names))
    assert "Did you mean" not in str(unknown_name("rule", "re", names))


@pytest.mark.parametrize("name", RULE_BOOK.facts)
def test_every_fact_is_still_found_with_a_letter_left_out_or_doubled(name):
    for slip in (name[:-1], name[:3] + name[2:], name.replace("_", " ").title()):
        assert did_you_mean(slip, RULE_BOOK.facts) == f" Did you mean {name!r}?"
