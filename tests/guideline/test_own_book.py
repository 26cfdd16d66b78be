"""A book of one's own, from an empty folder: twelve own facts of every kind, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BOOK = """
from secondop import Advice, Amplifier, CounterIndication, Indication, RuleBook, Source, at_least
from secondop import category, count, flag, number, ordered

red_flag = flag("red_flag", "Is there a sign of something serious?", topic="today")
night_pain = flag("night_pain", "Does it wake you?")
trauma = flag("trauma", "Was there a fall?", term="recent trauma")
film = flag("old_film", "Is there an earlier film?", use="for the record")
region = category("region", "neck lower_back other", "Where does it hurt?")
referrer = category("referrer", "self gp hospital", "Who sent you?")
imaging = ordered("imaging_proposed", "none xray ct mri", "Which picture is proposed?")
pain = ordered("pain_level", "none mild severe", "How bad is it?")
weeks = count("weeks_of_pain", 520, "weeks", "For how many weeks has the pain lasted?")
films = count("films", 50, "films", "How many films were taken before?")
age = number("age_years", 120, "years", "How old are you?")
dose = number("dose", 900.5, "mSv", "Which dose?", low=0.5)
book = RuleBook(
    "Imaging for low back pain", subject="imaging review", version="2026-1", status="in use",
    sources=[Source("sop", "Own SOP")],
    rules=[
        Indication("early-scan", "A scan in the first six weeks without a red flag", level="recommended",
            group="overuse", when=(imaging >= "ct") & ~red_flag & (weeks < 6), source="sop"),
        Indication("serious", "A red flag", level="urgent", group="danger", when=red_flag, source="sop"),
        Indication("many-signs", "Two signs at once", level="optional", group="danger", source="sop",
            when=at_least(2, night_pain, trauma, age.at_least(65, lower=50, upper=70), dose > 100.5)),
        CounterIndication("usual", "An ordinary backache", group="overuse", source="sop",
            when=region.is_in("lower_back") & ~trauma & (films <= 1)),
        Amplifier("hurts", "Strong pain", group="danger", when=pain >= "severe", source="sop"),
    ],
    advice=[Advice("sop", "Bring the letter.", when=~referrer.is_in("self"), next_step=True)],
    also=[red_flag, night_pain, trauma, film, region, referrer, imaging, pain, weeks, films, age, dose],
)
"""
CASES = """region,imaging_proposed,weeks_of_pain,red_flag,Age Years,trauma,films,referrer,dose
lower back,MRI,2,no,70,yes,0,gp,
Lower-Back,xray,2,N,70,no,1,self,3.5
other,ct,,no,,,,,
neck,,3,yes,30,?,2,hospital,100.6
"""
SAID = ["recommended", "not_needed", "no_indication", "urgent"]
MADE = """
from pathlib import Path
from secondop import RULE_BOOK, assess, fact
assert len(book.facts) == 12 and {f.kind.value for f in book.facts.values()} == {
    "flag", "category", "ordered", "count", "number"}
Path("book.json").write_text(book.to_json(), encoding="utf-8")
Path("fingerprint").write_text(book.fingerprint)
own = Indication("scan-and-doubt", "Long pain and a doubt", level="urgent", group="own", source="sop",
    when=(weeks > 12) & fact("neoplasia_concern"))
mine = RULE_BOOK.with_(own, sources=book.sources)
import pandas as pd
cases = pd.DataFrame({"weeks_of_pain": [20, 20, None], "neoplasia_concern": ["yes", "no", "yes"]})
assert assess(cases, mine, verdicts=True)["scan-and-doubt"].tolist() == [True, False, pd.NA]
assert list(mine.facts)[:-1] == list(RULE_BOOK.facts)
"""
RELOADED = f"""
import warnings; warnings.simplefilter("ignore")  # of the facts that have no column
from pathlib import Path
from secondop import RuleBook, assess, check_cases, explain, facts_table, read_cases
book = RuleBook.from_json(Path("book.json").read_text(encoding="utf-8"))
assert book.fingerprint == Path("fingerprint").read_text() and len(facts_table(book)) == 12
import duckdb, polars as pl
cases = read_cases("cases.csv", rule_book=book)
text = pl.read_csv("cases.csv", infer_schema=False)
said = [assess(cases, book)["recommendation"].tolist(), assess(text, book)["recommendation"].to_list()]
said += [[x[0] for x in assess(duckdb.sql("select * from text"), book).project("recommendation").fetchall()]]
said += [assess(text.lazy(), book).collect()["recommendation"].to_list()]
said += [[explain(row, book).recommendation for row in text.to_dicts()]]
assert said == [{SAID}] * 5, said
assert check_cases(text.with_columns(films=pl.lit("many")), rule_book=book)["column"].tolist() == ["films"]
for audience in ("patient", "clinician"):
    told = explain(text.row(0, named=True), book, audience=audience)
    for shown in (told.to_html(), repr(told), book.to_markdown(), book._repr_html_()):
        assert "second opinion" not in shown.lower(), shown
    assert [r.rule.name for r in told.supporting] == ["early-scan", "many-signs"]
    assert told.next_steps[0].words == "Bring the letter."
    assert "imaging review" in told.to_html()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder, and how to run a program in it."""
    place = tmp_path_factory.mktemp("own")
    (place / "cases.csv").write_text(CASES, encoding="utf-8")
    root = str(Path(__file__).parents[2])

    def run(program):
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=place,
            env=os.environ | {"PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr

    return run


def test_a_book_of_ones_own_is_made_reloaded_assessed_and_explained_in_its_own_words(folder):
    folder(BOOK + MADE)
    folder(RELOADED)
