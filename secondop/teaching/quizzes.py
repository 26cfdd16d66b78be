"""The quiz: a seeded set of cases to answer one by one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

import numpy as np

from secondop.arguments import checked
from secondop.errors import SecondopError, unknown_name
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.cards import Deck, deck


@checked()
def quiz(n: int, *, seed: int, topics: str | Iterable[str] | None = None) -> Deck:
    """A quiz of n cases, spread over the five recommendations as evenly as the deck allows.

    In JupyterLab it is answered card by card, with a score at the end, which ``.score`` holds too. The same
    ``seed`` gives the same quiz, so that a class can share one. ``topics`` are groups of rules, such as
    ``"treatment failure"``: only cases that teach a rule of these.

    >>> ten = quiz(10, seed=1)
    >>> len(ten), ten[0].check(ten[0].expected).correct
    (10, True)
    """
    cases, of = [*deck()], ""
    if topics is not None:
        known = sorted({topic for case in cases for topic in case.topics})
        wanted = {topics} if isinstance(topics, str) else set(topics)
        if not wanted <= set(known) or not wanted:
            raise unknown_name("topic", min(wanted - set(known), key=str, default=""), known)
        cases, of = [case for case in cases if wanted & set(case.topics)], " of these topics"
    if n > len(cases):
        said = f"A quiz{of} has 1 to {len(cases)} items, as many as there are cases; got {n}."
        raise SecondopError(said)
    rng = np.random.default_rng(seed)
    piles = [[case for case in cases if case.expected == level] for level in RECOMMENDATIONS]
    piles = [[pile[i] for i in rng.permutation(len(pile))] for pile in piles]
    rounds = zip_longest(*(piles[i] for i in rng.permutation(len(piles))))  # one of each level a round
    drawn = [case for one_of_each in rounds for case in one_of_each if case][:n]
    return Deck(drawn[i] for i in rng.permutation(n))
