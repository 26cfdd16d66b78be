"""The classroom: rule books, teaching cases and a poll in one page, without installation or network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path, write_whole
from secondop.errors import SecondopError
from secondop.evaluation.published import published_rates
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook
from secondop.teaching.cards import Deck, deck
from secondop.teaching.languages import synonyms_of, words_of
from secondop.teaching.stages import vignettes
from secondop.teaching.strings import catalogue, said, words
from secondop.words import glossary, render

_JS = Path(__file__).with_name("js")
_PROGRAM = ("book", "page", "explore", "compare", "class", "vignettes", "change", "people", "tradeoff")
SCREENS = ("explore", "compare", "quiz", "poll", "vignettes", "change", "people", "tradeoff", "glossary")
_ENTRY = ["id", "word", "field", "meaning", "formula"]
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U


def classroom(path: str | Path, *rule_books: RuleBook, language: str = "en", url: str = "") -> Path:
    """Write the classroom page of rule books, the shipped ones unless stated; returns its path.

    One file: it opens by a double click, asks nothing of a network and stores nothing.

    Parameters
    ----------
    path : str or Path
        Where to write, such as ``"classroom.html"``.
    *rule_books : RuleBook
        The first is the one that opens.
    language : {"en", "de"}
        The language in which it opens; each can be chosen in the page.
    url : str
        Where a class will find it, such as ``"https://example.org/class/"``: links to cases lead there.
    """
    data = page_data(*(rule_books or (RULE_BOOK, SGB27B)), language=language) | {"url": address(url)}
    shown = {"program": program(*(f"{name}.js" for name in _PROGRAM)), "style": style(), "language": language}
    shown["needs_script"] = said("needs-script", language)
    write_whole(Path(path), render("classroom.html.j2", data=data, **shown))
    return Path(path)


def address(url: str) -> str:
    """An address of a page in the web, as it is; anything else is refused, since links will lead there."""
    if url and not re.fullmatch(r"https?://[^\s#<>\"']+", url):
        raise SecondopError(f"An address of the page begins with https:// or http://; got {url!r:.80}.")
    return url


def page_data(
    *books: RuleBook, screens: Iterable[str] = SCREENS, language: str = "en", cases: Deck | None = None
) -> dict[str, Any]:
    """What the page is given: its books, their teaching cases, and what the screens need."""
    told = [case for book in books for case in _cases(book, cases, {"quiz", "poll"} & {*screens})]
    ours = RULE_BOOK in books
    there = {"tradeoff": ours, "vignettes": ours, "quiz": told, "poll": told}
    shown = [name for name in screens if there.get(name, True)]
    needs = {
        "vignettes": ("vignettes", _vignettes),
        "people": ("published", _published),
        "tradeoff": ("tradeoff", _tradeoff),
        "glossary": ("glossary", lambda: glossary()[_ENTRY].to_dict("records")),
    } | ({"change": ("cohort", _cohort)} if ours else {})
    return {
        "books": [[key, json.loads(book.to_json())] for key, book in zip(_keys(books), books, strict=True)],
        "cases": told,
        "strings": catalogue(),
        "words": {other: _words(other, books, told, shown) for other in words()},
        "synonyms": synonyms_of(books),
        "screens": shown,
        "languages": ["en", "de"],
        "language": language,
    } | {key: make() for name, (key, make) in needs.items() if name in shown}


def _keys(books: Iterable[RuleBook]) -> list[str]:
    """A short name for each book, of its title; an edition of a book before it has its version besides."""
    editions = [(book.title, book.version) for book in books]
    if twice := {edition for edition in editions if editions.count(edition) > 1}:
        title, version = min(twice)
        said = (
            f"Two rule books of the page are {title!r}, version {version!r}: nobody can tell which is which"
        )
        raise SecondopError(f"{said}. Give one of them another title or version.")
    plain = [re.sub(r"\W+", "-", title.lower()).strip("-") or "book" for title, _ in editions]
    return [f"{key}-{i}" if key in plain[:i] else key for i, key in enumerate(plain)]


def program(*names: str) -> str:
    """Parts of the page's program as one text: no part imports another."""
    return "\n".join(re.sub(r"^export (?!default)", "", _text(name), flags=re.M) for name in names)


def style() -> str:
    """How the page looks."""
    return _text("classroom.css")


def _text(name: str) -> str:
    return (_JS / name).read_text(encoding="utf-8")


def teaching_cases(rule_book: RuleBook) -> Deck:
    """The teaching cases, where the book reads their facts."""
    return deck() if rule_book.facts.items() >= RULE_BOOK.facts.items() else Deck(())


def _words(language: str, books: Iterable[RuleBook], cases: list[Any], screens: list[str]) -> dict[str, Any]:
    """What the page says in another language: of what it shows, and no more."""
    told, away = words_of(language, books), {"texts", *({"vignettes", "glossary"} - {*screens})}
    shown = {case["id"]: told["cases"][case["id"]] for case in cases if case["id"] in told["cases"]}
    return {kind: texts for kind, texts in told.items() if kind not in away} | {"cases": shown}


def _cases(rule_book: RuleBook, chosen: Deck | None, asked: Iterable[str]) -> list[dict[str, Any]]:
    """The teaching cases of a book, each with its code in place of its facts."""
    cases = teaching_cases(rule_book) if chosen is None else chosen
    names = ["id", "title", "story", "expected", "why", "disputed", "topics", "about"]
    names += ["front", "hints"] if asked else []
    told = [{name: getattr(case, name) for name in names} for case in cases]
    return _coded(rule_book, told, [case.facts for case in cases])


def _vignettes() -> list[dict[str, Any]]:
    """The vignettes, each stage with what is recorded by then and the names of what is new."""
    found, names = [], ("kind", "told", "expected", "why", "disputed")
    for one in vignettes():
        told = [{name: getattr(x, name) for name in names} | {"names": [*x.new]} for x in one.stages]
        stages = _coded(RULE_BOOK, told, [stage.facts for stage in one.stages])
        found.append({"id": one.id, "title": one.title, "stages": stages})
    return found


def _coded(
    book: RuleBook, told: list[dict[str, Any]], cases: list[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What is told of cases, with their codes, and numbers, which a code tells only as the rules do."""
    numeric = [name for name, fact in book.rule_facts.items() if fact.is_numeric]
    numbers = [{name: facts[name] for name in numeric if name in facts} for facts in cases]
    codes = case_codes(book, cases)
    return [a | {"code": code, "numbers": b} for a, code, b in zip(told, codes, numbers, strict=True)]


def _cohort() -> list[str]:
    """Simulated cases of primary care, which show who flips when a rule is changed."""
    rows = simulate("general", 300, seed=1, engine="polars")
    facts = [name for name in RULE_BOOK.rule_facts if name in rows.columns]
    return case_codes(RULE_BOOK, rows.select(facts).to_dicts())


def _published() -> dict[str, Any]:
    """Published shares of those who sought an opinion, in per cent, by what changes: people start there."""
    rates = published_rates().set_index("id").loc[["meyer_dx", "meyer_tx"]].to_dict("records")
    return {
        what: {"rate": round(100 * row["rate"], 1), "n": int(row["n"]), "of": row["denominator"]}
        | {"source": f"{row['study']} {row['year']}, {row['source']}"}
        for what, row in zip(("diagnosis", "treatment"), rates, strict=True)
    }


def _tradeoff() -> list[dict[str, Any]]:
    """Of 100 simulated cases, by scenario, signal and policy: changes found, no-change referrals, missed."""
    table, found = pd.read_csv(data_path("classroom_counts.csv")), []
    table["counts"] = table[["found", "over", "missed"]].to_numpy().tolist()
    for scenario, part in table.groupby("scenario", sort=False):
        policies = part.groupby(["policy", "label"], sort=False)["counts"].agg(list).reset_index()
        told = {"title": load_scenario(scenario).title, "n": int(part["n"].iloc[0])}
        told["signals"] = part["signal"].unique().tolist()
        told["policies"] = policies.rename(columns={"policy": "key"}).to_dict("records")
        found.append(told)
    return found


def case_codes(rule_book: RuleBook, cases: Iterable[Mapping[str, Any]]) -> list[str]:
    """Cases as letters that the page reads, so that another machine can be told: two a recorded answer.

    Before them stand two letters that say of which book they are and guard against slips. A number is told
    as the least one that the rules do not tell apart from it.
    """
    if not (rows := list(cases)):
        return []
    space = rule_book.answer_space
    counts = [len(options) + 1 for options in space.options.values()]  # one more: not recorded
    if sum(counts) > 1024:
        said = f"The facts of {rule_book.title!r} have {sum(counts):,} answers"
        raise SecondopError(f"{said}; a code holds 1,024. Give a book of fewer facts.")
    firsts = dict(zip(space.options, accumulate(counts, initial=0), strict=False))
    frame = pd.DataFrame(rows, columns=[*space.facts]).astype(object)
    places, codes = space.places(typed_cases(frame, rule_book.rule_facts)), []
    for i in range(len(rows)):
        told = [firsts[name] + int(at[i]) for name, at in places.items() if at[i] < len(space.options[name])]
        pairs = "".join(map(_pair, told))
        codes.append(re.sub("(.{4})(?=.)", r"\1-", _guard(rule_book, pairs) + pairs))
    return codes


def _guard(rule_book: RuleBook, pairs: str) -> str:
    total = 7
    for letter in json.dumps(rule_book.title, ensure_ascii=False) + rule_book.version + pairs:
        total = (total * 31 + ord(letter)) % 1021
    return _pair(total)


def _pair(number: int) -> str:
    return _LETTERS[number >> 5] + _LETTERS[number & 31]
