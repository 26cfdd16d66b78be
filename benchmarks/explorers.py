"""How long Python takes to follow a move of each explorer, whose screen answers by itself.

Run ``python benchmarks/explorers.py`` on an idle machine; ``benchmarks/classroom.py`` times the screen.
Beside each stands what one would do without a widget: run the cell again that explains the case, or weighs
the policies, and draws. Both take turns.
Now and then Python collects all its garbage during one of them, which adds about 100 ms.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import numpy as np

from secondop import RULE_BOOK, assess, explain, figures, simulate, tradeoff
from secondop.evaluation.people import natural_frequencies
from secondop.rules.facts import Fact
from secondop.teaching import deck, explore_case, explore_prevalence, explore_tradeoff

MOVES, CASES = 300, 100_000


def some_answer(fact: Fact, rng: random.Random) -> object:
    """Any answer to a fact, or ``None`` to forget it."""
    return rng.choice([None, *(fact.levels or ((0, 1, 4) if fact.is_numeric else (True, False)))])


def one_fact_at_a_time(rng: random.Random) -> Iterator[tuple[Callable, Callable]]:
    """A fact changes, in cases all over the deck."""
    explorer = explore_case()
    for move in range(MOVES):
        if move % 20 == 0:
            explorer.start = rng.choice(deck()).id
        name = rng.choice(list(RULE_BOOK.facts))
        facts = explorer.facts | {name: some_answer(RULE_BOOK.facts[name], rng)}
        facts = {name: value for name, value in facts.items() if value is not None}
        yield (
            lambda facts=facts: explorer.set_state({"facts": facts}),
            lambda facts=facts: explain(facts).to_html(),
        )


def one_policy_after_another(rng: random.Random) -> Iterator[tuple[Callable, Callable]]:
    """A mark is clicked: the cases behind it are listed."""
    cases = assess(simulate("general", CASES, seed=1), verdicts=True)
    explorer = explore_tradeoff(cases)
    shown = explorer.data["tradeoff"][0]
    for _ in range(MOVES // 10):
        chosen = {"level": rng.choice(shown["levels"]), "k": rng.choice(shown["ks"])}
        chosen["accept"] = rng.choice(shown["accepts"])
        threshold = 1 / (1 + chosen["accept"])
        yield (
            lambda chosen=chosen: explorer.set_state({"chosen": chosen}),
            lambda threshold=threshold: figures.tradeoff(tradeoff(cases, threshold=threshold)),
        )


def a_hundred_people(rng: random.Random) -> Iterator[tuple[Callable, Callable]]:
    """A slider moves."""
    explorer = explore_prevalence()
    for _ in range(MOVES):
        share = rng.randrange(101)
        yield (
            lambda share=share: explorer.set_state({"shares": explorer.shares | {"prevalence": share}}),
            lambda share=share: figures.icon_array(natural_frequencies(share / 100, 0.5, 0.148)),
        )


def main() -> None:
    """Print the times of each explorer and of its stand-in, and their ratio."""
    for moves in (one_fact_at_a_time, one_policy_after_another, a_hundred_people):
        took = []
        for pair in moves(random.Random(1)):
            times = [time.perf_counter()]
            for work in pair:
                work()
                times.append(time.perf_counter())
            took.append(np.diff(times))
        (update, instead), updates = 1000 * np.median(took, axis=0), 1000 * np.array(took)[:, 0]
        print(
            f"{moves.__doc__} Median of {len(took)} updates: {update:.0f} ms, longest {max(updates):.0f} ms."
        )
        print(f"  Over 100 ms: {(updates > 100).sum()}.")
        print(f"  The cell again: {instead:.0f} ms, {instead / update:.1f} times as long.")


if __name__ == "__main__":
    main()
