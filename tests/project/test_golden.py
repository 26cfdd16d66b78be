"""Results that hold across versions: changed only on purpose, by ``python tests/project/test_golden.py``."""

import hashlib
import json
from pathlib import Path

import pytest

from secondop import assess, data_path, read_cases, simulate, tradeoff, wide

GOLDEN = Path(__file__).with_name("golden.json")
SCENARIOS = ("general", "oncology", "programme", "surgical")
CASES = ("T001", "T008", "T015", "T020", "T028", "T050", "T074", "T092", "T109", "T124")


def cohort_hash(scenario):
    """A hash of what is simulated: the same on every machine and with every number of threads."""
    frame = simulate(scenario, 2_000, seed=1, engine="polars")
    return hashlib.sha256(frame.write_csv(float_precision=6).encode()).hexdigest()


def verdicts():
    """What the rule book says of ten teaching cases, rule by rule."""
    deck = read_cases(data_path("teaching_cases.csv")).set_index("case").loc[list(CASES)]
    said = assess(deck, verdicts=True)
    rows = said.loc[:, "recommendation":].astype(object).where(said.loc[:, "recommendation":].notna(), None)
    return {
        case: {k: v if v is None or isinstance(v, (bool, int)) else str(v) for k, v in row.items()}
        for case, row in rows.T.items()
    }


def measures():
    """What four policies are worth on a simulated cohort."""
    table = wide(tradeoff(simulate("programme", 2_000, seed=1), ["urgent", "recommended"]))
    kept = [
        "referral_rate",
        "true_positive_min",
        "true_positive_max",
        "ppv_lower",
        "ppv_upper",
        "net_benefit",
        "yield_above_chance",
    ]
    return {
        row["policy"]: {k: round(float(row[k]), 6) for k in kept if row[k] == row[k]}
        for _, row in table.iterrows()
    }


def results():
    """Everything that is held."""
    return {"cohorts": {s: cohort_hash(s) for s in SCENARIOS}, "verdicts": verdicts(), "measures": measures()}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_simulated_cohort_is_the_same_as_ever(scenario):
    assert cohort_hash(scenario) == json.loads(GOLDEN.read_text())["cohorts"][scenario]


def test_ten_teaching_cases_are_judged_as_ever():
    assert json.loads(json.dumps(verdicts())) == json.loads(GOLDEN.read_text())["verdicts"]


def test_policies_are_worth_what_they_were():
    held = json.loads(GOLDEN.read_text())["measures"]
    found = measures()
    assert {p: row.keys() for p, row in found.items()} == {p: row.keys() for p, row in held.items()}
    for policy, row in held.items():
        assert found[policy] == pytest.approx(row, abs=2e-6)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(results(), indent=1) + "\n")
