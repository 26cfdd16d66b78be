"""How long a class waits after a fact is set: kernel time of one update of the case explorer.

Run ``python benchmarks/explorers.py`` on an idle machine. Beside it stands what one would do without a
widget: run a cell with ``explain`` again and show it. Both take turns over the same changes.
"""

from __future__ import annotations

import random
import time

import numpy as np

from secondop import FACTS, explain, read_cases
from secondop.datafiles import data_path
from secondop.teaching import explore_case

CHANGES = 500


def some_answer(fact, rng: random.Random):
    """Any answer to a fact, or ``None`` to forget it."""
    return rng.choice([None, *(fact.levels or ((0, 1, 4) if fact.is_numeric else (True, False)))])


def main() -> None:
    """Change one fact at a time, all over the deck, and print the times."""
    deck, rng = read_cases(data_path("teaching_cases.csv")).set_index("case"), random.Random(1)
    explorer = explore_case()
    took = {"explorer": [], "explain and show": []}
    for change in range(CHANGES):
        if change % 20 == 0:
            explorer.start = rng.choice(list(deck.index))
        name = rng.choice(list(FACTS))
        facts = explorer.facts | {name: some_answer(FACTS[name], rng)}
        facts = {name: value for name, value in facts.items() if value is not None}
        started = time.perf_counter()
        explain(facts).to_html()
        between = time.perf_counter()
        explorer.facts = facts
        took["explain and show"].append(between - started)
        if facts:
            took["explorer"].append(time.perf_counter() - between)
    for what, seconds in took.items():
        median, most = np.median(seconds), max(seconds)
        print(f"{what:18} median {1000 * median:5.1f} ms, longest {1000 * most:5.1f} ms of {len(seconds)}")
    ratio = np.median(took["explorer"]) / np.median(took["explain and show"])
    print(f"an update of the explorer takes {ratio:.2f} times as long as explaining the case anew")


if __name__ == "__main__":
    main()
