"""The catalogue of texts is complete in every language, and nothing in it says what does not exist."""

import csv
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import secondop.teaching
from secondop.cohorts.scenario_file import load_scenario
from secondop.datafiles import data_path
from secondop.errors import UnknownNameError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.facts import flag
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Indication, Source
from secondop.teaching.cards import deck
from secondop.teaching.classroom import page_data
from secondop.teaching.stages import vignettes
from secondop.teaching.strings import catalogue, said, synonyms, words
from secondop.words import glossary

LANGUAGES = {"en", "de"}
BOOKS = (RULE_BOOK, SGB27B)
FACTS = {name: fact for book in BOOKS for name, fact in book.facts.items()}
ROOT = Path(secondop.teaching.__file__).parent


def blanks(text):
    """The names in braces."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("key", catalogue())
def test_every_text_is_in_every_language_with_the_same_blanks(key):
    texts = catalogue()[key]
    assert set(texts) == LANGUAGES
    assert all(text.strip() == text != "" for text in texts.values())
    assert len({tuple(blanks(text)) for text in texts.values()}) == 1


def test_every_key_that_the_page_names_exists():
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "js").glob("*.js"))
    named = set(re.findall(r'\bt\("([\w-]+)"', scripts))
    assert len(named) > 40 and named <= set(catalogue())


def policies():
    with data_path("classroom_counts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    policies, names = ({row[key] for row in rows} for key in ("policy", "scenario"))
    return policies, {load_scenario(name).title for name in names}


@cache
def expected():
    """What another language has to say of the books, the glossary and the trade-off, by kind and name."""
    facts = {}
    for name, fact in FACTS.items():
        facts[name] = {"label": str, "question": str} | ({"unit": str, "one": str} if fact.unit else {})
        if fact.has_levels:
            facts[name]["levels"] = dict.fromkeys(fact.levels, str)
    topics = {fact.topic for fact in FACTS.values()} | {rule.group for book in BOOKS for rule in book}
    policy, scenario = policies()
    texts = [text for book in BOOKS for rule in book for text in (rule.consult, rule.remark) if text]
    texts += [text for book in BOOKS for a in book.advice for text in (a.words, a.if_unknown) if text]
    texts += [text for book in BOOKS for text in (book.status, *(source.grade for source in book.sources))]
    published = page_data(RULE_BOOK, screens=["people"])["published"].values()
    return {
        "books": {book.title: {"title": str, "subject": str} for book in BOOKS},
        "topics": {name: {"label": str} for name in topics},
        "facts": facts,
        "rules": {rule.name: {"label": str} for book in BOOKS for rule in book},
        "policies": dict.fromkeys(policy, str),
        "scenarios": dict.fromkeys(scenario, str),
        "denominators": {row["of"]: {"label": str} for row in published},
        "texts": dict.fromkeys(texts, str),
        "cases": {case.id: as_told(case, "title", "story", "why", "disputed") for case in deck()},
        "vignettes": {
            one.id: {"title": str, "stages": [as_told(x, "told", "why", "disputed") for x in one.stages]}
            for one in vignettes()
        },
        "glossary": {name: {"word": str, "meaning": str} for name in glossary()["id"]},
    }


def as_told(one, *names):
    """A text in another language for each that there is in English."""
    return {name: str for name in names if getattr(one, name)}


def shape(told):
    """The same tables with what each text is, blank or not, in place of it."""
    if isinstance(told, dict):
        return {name: shape(part) for name, part in told.items()}
    if isinstance(told, list):
        return [shape(part) for part in told]
    return type(told) if told.strip() else "a blank"


@pytest.mark.parametrize("kind", expected())
@pytest.mark.parametrize("language", words())
def test_every_name_has_words_and_no_words_are_of_what_does_not_exist(language, kind):
    told = shape(words()[language][kind])
    if kind == "glossary":  # a formula of symbols alone needs no translation
        has_formula = set(glossary().query("formula != ''")["id"])
        assert {name for name, entry in told.items() if entry.pop("formula", None)} <= has_formula
    assert told == expected()[kind]


def test_other_languages_than_english_have_every_kind_and_no_other():
    assert set(words()) == LANGUAGES - {"en"}
    assert all(set(told) == set(expected()) for told in words().values())


def test_synonyms_are_of_facts_that_exist_and_say_what_the_question_does_not():
    for name, others in synonyms().items():
        known = f"{FACTS[name].question} {words()['de']['facts'][name]['question']}".lower()
        assert 2 <= len(set(others)) == len(others) <= 10, name
        assert [word for word in others if word.lower() in known] == [], name


def own_book(question):
    fact = flag("rare_disease", question)
    rule = Indication("rare", "Rare disease", group="rare", when=fact, source="s", level="optional")
    source = Source("s", "A source", grade="guideline")
    return RuleBook(title="Mine", subject="opinion", version="1", sources=[source], rules=[rule])


def test_a_page_is_given_german_of_its_books_alone_and_never_of_another_question():
    shipped = page_data(*BOOKS)["words"]["de"]
    assert shipped == {kind: told for kind, told in words()["de"].items() if kind != "texts"}
    quiz = page_data(RULE_BOOK, screens=["quiz"], cases=deck()[:2])["words"]["de"]
    assert [*quiz["cases"]] == ["T001", "T002"] and not {"vignettes", "glossary"} & {*quiz}
    assert set(page_data(SGB27B)["words"]["de"]["facts"]) == set(SGB27B.facts)
    same, other = RULE_BOOK.facts["rare_disease"].question, "Is it one of our list?"
    assert set(page_data(own_book(same), screens=["explore"])["words"]["de"]["facts"]) == {"rare_disease"}
    mixed = page_data(RULE_BOOK, own_book(other), screens=["explore"])
    assert "rare_disease" not in mixed["words"]["de"]["facts"]
    assert "rare_disease" not in mixed["synonyms"]
    assert "sex" in mixed["words"]["de"]["facts"]


def test_what_is_not_in_the_catalogue_is_answered_with_what_is():
    assert said("next", "de") == "Weiter"
    with pytest.raises(UnknownNameError, match="no text for pages and controls 'nxt'"):
        said("nxt")
    with pytest.raises(UnknownNameError, match=r"no language 'fr'\. There are: de, en"):
        said("next", "fr")
