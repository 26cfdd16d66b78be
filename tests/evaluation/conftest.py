"""Small made-up cases with gaps, and outcomes beside them."""

import numpy as np
import pandas as pd
import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Kind


def _make_cases(n, seed, gaps=0.2):
    """Facts drawn independently, some not recorded; outcomes that are likelier where many facts are true."""
    rng, frame = np.random.default_rng(seed), {}
    for name, fact in RULE_BOOK.facts.items():
        if fact.kind is Kind.FLAG:
            values = (rng.random(n) < 0.15).astype(object)
        elif fact.has_levels:
            values = np.array(fact.levels, object)[rng.integers(0, len(fact.levels), n)]
        else:
            values = rng.integers(0, 6, n).astype(object)
        frame[name] = np.where(rng.random(n) < gaps, None, values)
    cases = pd.DataFrame(frame)
    flags = [name for name, fact in RULE_BOOK.facts.items() if fact.kind is Kind.FLAG]
    chance = 0.05 + 0.1 * (cases[flags] == True).sum(axis=1)  # noqa: E712
    cases["diagnosis_changed"] = rng.random(n) < chance
    cases["treatment_changed"] = rng.random(n) < 2 * chance
    cases["error_corrected"] = cases["diagnosis_changed"] & (rng.random(n) < 0.8)
    cases["error_introduced"] = cases["diagnosis_changed"] & ~cases["error_corrected"]
    cases["intervention_averted"] = cases["treatment_changed"] & (rng.random(n) < 0.3)
    return cases


@pytest.fixture(scope="session")
def make_cases():
    """`make_cases(n, seed, gaps=0.2)`: a pandas frame of facts and outcomes."""
    return _make_cases
