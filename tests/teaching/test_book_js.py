"""The evaluator in JavaScript says what Python says: of every book, of every case, gaps in all of them."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.assess import assess
from secondop.rules.conditions import OPERATORS, Among, AtLeast, Compare, Not
from secondop.rules.explain import explain
from secondop.rules.facts import Kind, category, count, flag, number, ordered
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Amplifier, CounterIndication, Indication, Level, Source

pytestmark = pytest.mark.needs_node
RUN = Path(__file__).with_name("run_book.mjs")
FACTS = [
    flag("atypical", "Is it unusual?"),
    flag("wish", "Is one wanted?"),
    category("organ", "heart lung liver", "Which organ?"),
    ordered("doubt", "none some much", "How much doubt?"),
    count("weeks", 52, "weeks", "For how long?"),
    number("dose", 9.5, "mg", "How much of it?", low=-1),
]
VALUES = {"weeks": [0, 3, 4, 5, 12, 52], "dose": [-1.0, 0.0, 2.4999, 2.5, 2.51, 9.5]}


def tree(rng, depth=3):
    """A condition on some of the facts, of every operator."""
    if depth and rng.random() < 0.65:
        parts = tuple(tree(rng, depth - 1) for _ in range(rng.randint(1, 3)))
        return rng.choice([Not(parts[0]), AtLeast(rng.randint(1, len(parts)), parts)])
    fact = rng.choice(FACTS)
    if fact.kind is Kind.FLAG:
        return Among(fact)
    if fact.has_levels and (fact.kind is Kind.CATEGORY or rng.random() < 0.5):
        return Among(fact, tuple(rng.sample(fact.levels, rng.randint(1, 2))))
    cut = rng.choice(fact.levels or [x for x in VALUES[fact.name] if x not in (5, 2.51)])
    return Compare(fact, rng.choice([*OPERATORS]), cut)


def random_book(seed):
    """A book of a few random rules of every kind."""
    rng, rules = random.Random(seed), []
    for i in range(rng.randint(2, 9)):
        common = {"label": f"Rule {i}", "group": "g", "when": tree(rng), "source": "s"}
        kind = rng.choice([Indication] * 4 + [CounterIndication, Amplifier])
        level = {"level": rng.choice([*Level])} if kind is Indication else {}
        rules.append(kind(f"rule-{i}", **common, **level))
    sources = [Source("s", "A source", grade="guideline")]
    return RuleBook(title=f"Book {seed}", subject="opinion", version="1", sources=sources, rules=rules)


def cases(book, n, seed):
    """Cases with every sort of answer, a share of them not recorded that differs from case to case."""
    rng, rows = random.Random(seed), []
    for _ in range(n):
        gaps = rng.random()
        options = {
            name: VALUES.get(name)
            or fact.levels
            or ([False, True] if fact.kind is Kind.FLAG else [0, 2, 4, 9])
            for name, fact in book.rule_facts.items()
        }
        rows.append({name: rng.choice(some) for name, some in options.items() if rng.random() > gaps})
    return rows


def in_javascript(book, rows, changes=False):
    """What book.js says of every case."""
    asked = json.dumps({"book": json.loads(book.to_json()), "cases": rows, "changes": changes})
    node = subprocess.run(
        [shutil.which("node"), str(RUN)], input=asked + "\n", capture_output=True, text=True
    )
    assert node.returncode == 0, node.stderr
    return json.loads(node.stdout)


def in_python(book, rows):
    """The same of every case, but for the questions after the first."""
    frame = pd.DataFrame(rows, columns=[*book.rule_facts]).astype(object)
    said = assess(frame, book, verdicts=True, next_question=True)
    for row in said.astype(object).where(said.notna(), None).to_dict("records"):
        verdicts = [None if row[rule.name] is None else bool(row[rule.name]) for rule in book]
        told = [str(row["recommendation"]), str(row["possible"]), bool(row["undetermined"])]
        yield [verdicts, *told, row["indications"], row["preferences"], row["next_question"]]


BOOKS = {"shipped": RULE_BOOK, "legal list": SGB27B} | {
    f"random {seed}": random_book(seed) for seed in range(20)
}


@pytest.mark.parametrize("name", BOOKS)
def test_every_case_gets_the_same_answer_and_the_same_next_question(name):
    book = BOOKS[name]
    rows = cases(book, 4_000 if name == "shipped" else 300, seed=7)
    for row, want, got in zip(rows, in_python(book, rows), in_javascript(book, rows), strict=True):
        first = got[6][0][0] if got[6] else None
        assert [*got[:6], first] == want, row


@pytest.mark.parametrize("name", BOOKS)
def test_all_questions_with_their_answers_and_the_smallest_changes_are_those_of_explain(name):
    book = BOOKS[name]
    rows = [row for row in cases(book, 12, seed=8) if row]
    words = book.answer_space.options
    for row, got in zip(rows, in_javascript(book, rows, changes=True), strict=True):
        said = explain(row, book)
        asked = [[x.fact, list(x.answers.values()), x.makes_final] for x in said.next_questions]
        assert got[6] == asked, row
        for rule, changed in zip(book, got[7], strict=True):
            if said.verdicts[rule.name] is True:
                continue
            wanted = said.why_not[rule.name]
            spoken = changed and [
                (fact, tuple(dict.fromkeys(words[fact].get(x, "not recorded") for x in all_)))
                for fact, all_ in changed
            ]
            assert spoken == (wanted and [(x.fact.name, x.needed) for x in wanted]), (row, rule.name)


def test_a_fact_that_is_called_like_what_every_object_has_is_not_recorded_until_it_is():
    odd = flag("constructor", "Is it one?")
    rule = Indication("odd", "Odd", group="g", when=odd, source="s", level="urgent")
    sources = [Source("s", "A source", grade="guideline")]
    book = RuleBook(title="Odd", subject="opinion", version="1", sources=sources, rules=[rule])
    rows = [{}, {"constructor": False}, {"constructor": True}]
    for got, want in zip(in_javascript(book, rows), in_python(book, rows), strict=True):
        assert got[:6] == want[:6]
