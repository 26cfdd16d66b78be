"""Where the cases go, and the same in a hundred people: tables for figures that anybody can read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import checked
from secondop.evaluation.policies import FORESIGHT, any_of, at_level, choose, judged
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Level, RuleKind

SOUGHT = ("sought one", "sought none", "not known whether sought")
OUTCOME = ("something changed", "nothing changed", "outcome not known")
WOULD = ("would have changed", "would not have changed", "never to be known")
PEOPLE = {  # what can happen to a person under a policy
    "true_positive": "referred, something changes",
    "false_positive": "referred, nothing changes (possible overuse)",
    "referred_unknown": "referred, and nobody knows what came of it",
    "cannot_be_judged": "cannot be judged: information is missing",
    "false_negative": "not referred, would have changed (missed)",
    "true_negative": "not referred, and nothing would change",
    "left_unknown": "not referred, and nobody knows what was missed",
}
WENT = {  # what can happen to a person with or without an indication
    "changed": "went, and something changed",
    "unchanged": "went, and nothing changed",
    "stayed": "stayed away: nobody knows what they missed",
    "not_indicated": "have no indication",
}


@checked()
def flow(
    cohort: Any, *, sought: str = "sought", outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """How many cases go from a recommendation to an opinion, and from there to a change: a row for each way.

    A row: ``recommendation``, the ``possible`` one that missing information could raise it to, whether an
    opinion was ``sought`` (a column says so; of a Cohort, its flag), the ``outcome``, and ``cases`` of ``n``.

    Examples
    --------
    >>> cases = pd.DataFrame({"complication_during_treatment": [True, None], "sought": True, "changed": True})
    >>> flow(cases, outcome="changed")[["recommendation", "possible", "cases"]].to_numpy().tolist()
    [['urgent', 'urgent', 1], ['no indication', 'urgent', 1]]
    """
    cohort = judged(cohort, rule_book, outcome, {"sought": sought}, cluster=None)
    levels = RECOMMENDATIONS[::-1]
    asked = {level: at_level(cohort.rule_book, level) for level in map(str, Level)}
    asked["no_indication"] = ~any_of(cohort.rule_book.of_kind(RuleKind.COUNTER_INDICATION)).fill_null(False)
    seen = cohort.patterns(asked, ("sought", "changed"))
    codes = np.array([seen.codes[level] for level in (*levels[:-1], "all")])
    said, possible = (codes == 1).argmax(0), (codes > 0).argmax(0)  # the first that stands, or may
    went, changed = (np.array([1, 0, 2])[seen.codes[f"flag {name}"]] for name in ("sought", "changed"))
    words = [level.replace("_", " ") for level in levels]
    coded = {"recommendation": (said, words), "possible": (possible, words), "sought": (went, SOUGHT)}
    coded["outcome"] = changed + 3 * (went == 1), OUTCOME + WOULD
    ways = pd.DataFrame({name: pd.Categorical.from_codes(*each) for name, each in coded.items()})
    ways["cases"] = seen.weights if cohort.weights else seen.weights.astype(np.int64)
    keys = ["recommendation", "possible", "sought", "outcome"]
    table = ways.groupby(keys, observed=True).sum().reset_index().astype(dict.fromkeys(keys, object))
    table = table.assign(n=table["cases"].sum())
    table.attrs |= cohort.about()
    return table


@checked()
def of_100(
    cohort: Any, policy: str = "recommended", *, outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What a policy of the rule book (or none, all, perfect foresight) does to a hundred people.

    A row per ``part`` of :data:`PEOPLE`: how many ``cases`` of ``n``, and ``people``, 100 in all.

    Examples
    --------
    >>> cases = pd.DataFrame({"complication_during_treatment": [True, False], "changed": [False, True]})
    >>> of_100(cases, "urgent", outcome="changed").set_index("part")["people"].to_dict()
    {'false_positive': 50, 'cannot_be_judged': 50}
    """
    cohort = judged(cohort, rule_book, outcome, cluster=None)
    made = next(p for p in choose(cohort, [policy]) if p.name == policy)
    seen = cohort.patterns({} if made.refers is None else {policy: made.refers})
    seen.codes[FORESIGHT] = seen.codes["flag changed"]
    counts = seen.crossed(policy, "flag changed")[0].sum(0)
    (tn, fn, left), (fp, tp, unknown), never = counts if cohort.weights else counts.astype(np.int64)
    about = {"policy": policy, "label": made.label, "part": PEOPLE.keys(), "words": PEOPLE.values()}
    table = pd.DataFrame(about | {"cases": (tp, fp, unknown, never.sum(), fn, tn, left)})
    table = table[table["cases"] > 0].reset_index(drop=True)
    table.attrs |= cohort.about()
    return table.assign(n=table["cases"].sum(), people=whole_people(table["cases"].to_numpy()))


@checked()
def natural_frequencies(
    prevalence: float, follow_through: float, yield_: float, *, what: str = "diagnosis", source: str = ""
) -> pd.DataFrame:
    """A hundred people: who has an indication, who of them goes, and for whom of these something changes.

    The shares are of all people, of those with an indication, and of those who go; ``source`` says where they
    come from. A row a part of :data:`WENT`: its ``share`` of all, and ``people``, whole persons.

    Examples
    --------
    >>> natural_frequencies(0.4, 0.5, 0.148)["people"].tolist()
    [3, 17, 20, 60]
    """
    went = prevalence * follow_through
    shares = np.array([went * yield_, went * (1 - yield_), prevalence - went, 1 - prevalence])
    table = pd.DataFrame(WENT.items(), columns=["part", "words"])
    table = table.assign(share=shares, people=whole_people(shares))
    table.attrs |= {"what": what, "source": source}
    return table


def natural_sentence(table: pd.DataFrame) -> str:
    """The whole people of :func:`natural_frequencies`, as one says it; a share below one person is no 0."""

    def said(first: int, one: str, more: str) -> str:
        """How many the first parts of the table are, with what goes before *an indication* and the like."""
        n, share = table["people"][:first].sum(), table["share"][:first].sum()
        return f"fewer than 1 {one}" if share > 0 and not n else f"{n} {one if n == 1 else more}"

    text = f"Of 100 people, {said(3, 'has', 'have')} an indication."
    if not table["people"][:3].sum() and table["share"][:3].sum() > 0:
        return text
    went = said(2, "of them gets", "of them get")
    text += f" {went[0].upper()}{went[1:]} a second opinion."
    if table["people"][:2].sum():
        text += f" For {said(1, 'of these', 'of these')} the {table.attrs['what']} changes, "
        text += f"for {table['people'][1]} it does not."
    return text


def whole_people(counts: np.ndarray, whole: int = 100) -> np.ndarray:
    """Whole persons of 100, or of another whole, by largest remainders."""
    exact = whole * counts / (counts.sum() or 1)
    people = np.floor(exact).astype(np.int64)
    people[np.argsort(people - exact, kind="stable")[: round(exact.sum() - people.sum())]] += 1
    return people
