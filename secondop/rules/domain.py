"""Every answer that matters to some conditions, and their verdicts over all of them.

A condition can only tell apart finitely many answers to a fact: yes and no, each level, and the stretches of
numbers between its thresholds. One answer of each sort is enough to decide exactly whether a rule can fire,
whether one rule implies another, and which unknown fact could still change a recommendation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import polars as pl

from secondop.errors import SecondopError
from secondop.rules.conditions import Compare, Condition
from secondop.rules.encode import CODED
from secondop.rules.facts import Fact, Kind, find_fact

GRID_LIMIT = 200_000
"""Most combinations of answers that are ever laid out at once: some 50 MB; far above any rule in use."""


@dataclass(frozen=True)
class Answer:
    """One answer out of all that the conditions cannot tell apart.

    Attributes
    ----------
    value : bool, str, float or None
        The answer as a case states it.
    words : str
        All answers of its sort, in words: ``yes``, ``high``, ``at least 4 weeks``.
    code : bool, int, float or None
        The answer as the gate codes it: a level by its position.
    """

    value: bool | str | float | None
    words: str
    code: bool | int | float | None


UNKNOWN = Answer(None, "not recorded", None)


def answers(name: str, conditions: Iterable[Condition]) -> list[Answer]:
    """One answer to the fact of every sort that the conditions tell apart, least first.

    Examples
    --------
    >>> from secondop.rules.conditions import fact
    >>> [a.words for a in answers("drug_trials", [fact("drug_trials") >= 2])]
    ['less than 2 drugs', 'at least 2 drugs']
    """
    fact = find_fact(name)
    if fact.kind is Kind.FLAG:
        return [Answer(False, "no", False), Answer(True, "yes", True)]
    if fact.has_levels:
        return [Answer(level, fact.in_words(level), i) for i, level in enumerate(fact.levels)]
    return _stretches(fact, [leaf for c in conditions for leaf in c.leaves() if leaf.name == name])


def _stretches(fact: Fact, leaves: list[Compare]) -> list[Answer]:
    """A number from each stretch between thresholds; the one nearest to the threshold that opens it."""
    # A cut (v, True) parts "less than v" from "at least v"; (v, False) parts "at most v" from "more than v".
    cuts = sorted({(leaf.value, leaf.op in (">=", "<")) for leaf in leaves}, key=lambda c: (c[0], not c[1]))
    found = []
    for below, above in itertools.pairwise([None, *cuts, None]):
        start = fact.low if below is None else below[0]
        end = fact.high if above is None else above[0]
        step = 1.0 if fact.kind is Kind.COUNT else (end - start) / 2
        value = start if below is None or below[1] else start + step
        opened = below is None or below[1] or value > start
        if opened and (value < end or (value == end and (above is None or not above[1]))):
            words = [] if below is None else [f"{'at least' if below[1] else 'more than'} {below[0]:g}"]
            words += [] if above is None else [f"{'less than' if above[1] else 'at most'} {above[0]:g}"]
            last = (above or below or (0,))[0]
            found.append(Answer(value, fact.quantity(" and ".join(words) or "any number of", last), value))
    return found


def grid(choices: Mapping[str, Sequence[Answer]]) -> list[dict[str, Answer]]:
    """Every combination of the answers, one dict each.

    Raises
    ------
    SecondopError
        If there are more than :data:`GRID_LIMIT`.
    """
    size = prod(len(options) for options in choices.values())
    if size > GRID_LIMIT:
        raise SecondopError(
            f"{size:,} combinations of answers to {len(choices)} facts are more than the {GRID_LIMIT:,} "
            "that can be laid out; split the rule into rules that read fewer facts."
        )
    return [dict(zip(choices, row, strict=True)) for row in itertools.product(*choices.values())]


def coded_frame(rows: Sequence[Mapping[str, Answer]], facts: Iterable[str]) -> pl.DataFrame:
    """The rows as the gate would code them; a fact that a row does not name is unknown."""
    types = {name: CODED.get(find_fact(name).kind, pl.Float64) for name in facts}
    return pl.DataFrame({n: [row.get(n, UNKNOWN).code for row in rows] for n in types}, types, strict=False)


def verdicts(conditions: Mapping[str, Condition], coded: pl.DataFrame) -> pl.DataFrame:
    """One nullable flag a condition, for every row of a coded frame that has all facts they read."""
    return coded.lazy().select(**{n: c.to_expr(coded=True) for n, c in conditions.items()}).collect()


def truth_table(conditions: Mapping[str, Condition]) -> pl.DataFrame:
    """The conditions' verdicts over every combination of answers that they tell apart; none is unknown."""
    facts = list(dict.fromkeys(name for c in conditions.values() for name in c.facts))
    rows = grid({name: answers(name, conditions.values()) for name in facts})
    return verdicts(conditions, coded_frame(rows, facts))
