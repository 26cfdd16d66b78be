"""How far beyond chance a rule book gets, by how informative facts are assumed or calibrated to be.

That facts tell of outcomes is no finding: it is assumed, and calibrated to a few published contrasts, each of
which is known from low to high only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from secondop.arguments import checked, named
from secondop.cohorts.calibrate import calibrate, recentred
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path
from secondop.errors import unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.corrected import NET, NET_OF, lift
from secondop.evaluation.policies import any_of, choose, judged
from secondop.evaluation.published import published_contrasts
from secondop.evaluation.tradeoff import weigh
from secondop.guideline.contrasts import DOUBT
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Amplifier

ANCHORS = ("low", "middle", "high")
SIGNALS = (0, 0.5, 1, 1.5, 2)
MEASURED = ("referral_rate", "true_positive", "yield_above_chance", "yield_share")
POLICIES = ("urgent", "recommended", "optional", "at least 3")
TRIAGES = {
    "bpath_borderline_lift": "Doubt: the first reader calls it borderline",
    "bpath_desired_lift": "Doubt: the first reader would like a second opinion",
    "bpath_diagnosis_lift": "First diagnosis: invasive, DCIS or atypia",
    "bpath_policy_lift": "Policy: the laboratory requires a second opinion",
}
"""Published ways to choose whom to read twice, by the id of their lift."""


@named
def contrast_anchors() -> pd.DataFrame:
    """What each contrast says ``low, middle, high``, by effect: the table ``data/contrast_anchors.csv``.

    Examples
    --------
    >>> contrast_anchors().loc["doubt", ["low", "middle", "high"]].tolist()
    [1.2, 4.4, 10.2]
    """
    return pd.read_csv(data_path("contrast_anchors.csv")).set_index("effect")


@checked()
def yield_range(
    scenario: Scenario | str,
    policies: Sequence[str] = POLICIES,
    *,
    signals: Iterable[float] = SIGNALS,
    anchors: Sequence[str] = ANCHORS,
    n: int = 100_000,
    seed: int,
    outcome: str = "either",
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """Yield above chance and its share of the possible, over how informative facts may be.

    At each anchor the scenario is calibrated to the contrasts as :func:`contrast_anchors` has them, then at
    every ``signal`` (1: as calibrated; 0: nothing; 2: twice as much) solved for its own rates again. All
    cohorts share their random numbers; nobody is referred because of what is not recorded. Other arguments
    are those of :func:`simulate` and :func:`tradeoff`.

    A row per ``signal``, ``contrasts`` (the anchor), ``policy`` and ``measure``: ``value``, and its 95 %
    interval by chance in simulating, ``lower, upper``.

    Examples
    --------
    >>> table = yield_range("programme", ["recommended"], anchors=["middle"], n=20_000, seed=1)
    >>> rows = table[table["measure"] == "yield_above_chance"].set_index("signal")
    >>> (rows["lower"] > 0).to_dict()
    {0.0: False, 0.5: True, 1.0: True, 1.5: True, 2.0: True}
    """
    scenario, known, parts = as_scenario(scenario), contrast_anchors(), []
    if strangers := [anchor for anchor in anchors if anchor not in ANCHORS]:
        raise unknown_name("anchor", strangers[0], ANCHORS)
    stated = [effect for effect in known.index if f"effects.{effect}.contrast" in scenario.parameters]
    anchored = {x: calibrate(scenario, contrasts=known.loc[stated, x].to_dict()) for x in anchors}
    runs = tqdm([*product(anchors, map(float, signals))], unit="cohort", leave=False)
    for anchor, signal in runs:
        moved = recentred(anchored[anchor].replace({"signal": signal}))
        cohort = Cohort(simulate(moved, n, seed=seed, engine="polars"), rule_book, outcome=outcome)
        chosen = choose(cohort, policies)
        known_to = (p if p.refers is None else replace(p, refers=p.refers.fill_null(False)) for p in chosen)
        table = weigh(cohort, list(known_to), [], MEASURED)
        parts.append(table.assign(signal=signal, contrasts=anchor))
    made = pd.concat(parts, ignore_index=True)
    about = ["signal", "contrasts", "policy", "measure", "value", "lower", "upper", "n", "label", "sort"]
    made = made.loc[made["policy"].isin(policies), about].reset_index(drop=True)
    made.attrs = {"simulated": True, "scenario": scenario.name, "n": n, "seed": seed, "outcome": outcome}
    return made


@checked()
def triage_lifts(
    cohort: Any, policies: Sequence[str] = ("diagnostic uncertainty", "recommended", "at least 3")
) -> pd.DataFrame:
    """What triage by doubt, by first diagnosis and by policy finds: published lifts beside a cohort's.

    A lift says how well a choice does: errors corrected less errors introduced among those chosen, over that
    among all; 1 is chance. Published are breast biopsies (``TRIAGES``); of the cohort, which holds the truth,
    cases whose facts tell of doubt, and policies of the rule book. Nobody is chosen because of what is not
    recorded.

    A row per ``triage``: its ``source`` (published, simulated or own cases), how many of 100 it ``referred``,
    the ``value``, and ``lower, upper``: a 95 % interval; of what is published the ends over case mixes, with
    no value, since it is open which of them is right.
    """
    published = published_contrasts().set_index("id").loc[[*TRIAGES], ["lower", "upper"]]
    published = published.assign(triage=TRIAGES.values(), source="published")
    said, cited = "Doubt, as the facts have it", RULE_BOOK["ambiguous-pathology"].source
    doubt = Amplifier("doubt", group="doubt", label=said, when=DOUBT, source=cited)
    read = judged(cohort, RULE_BOOK.with_(doubt), NET)
    asked = {doubt.label: any_of([doubt])}
    asked |= {f"Rule book: {p.label}": p.refers for p in choose(read, policies) if p.name in policies}
    seen, rows = read.patterns(asked, NET_OF), []
    for label in asked:
        counts = seen.crossed(label, *(f"flag {flag}" for flag in NET_OF))[0].sum(0)
        rows.append((label, 100 * counts[1].sum() / counts.sum(), *lift(counts)))
    counted = pd.DataFrame(rows, columns=["triage", "referred", "value", "lower", "upper"])
    counted.insert(1, "source", "simulated" if read.simulated else "own cases")
    table = pd.concat([published, counted], ignore_index=True)[counted.columns]
    table.attrs = read.about() | {"n": int(seen.weights.sum())}
    return table
