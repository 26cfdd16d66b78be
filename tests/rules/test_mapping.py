"""A file to fill in: what a log's columns, words and codes mean, from the log and back into reading it."""

from __future__ import annotations

import re
import warnings

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop import SecondopError, check_cases, mapping_template, read_cases
from tests.kit import examples

pytestmark = pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")
ROWS = pytest.mark.filterwarnings("ignore::secondop.rules.doubts.RowsWarning")


def plain(values):
    return [None if pd.isna(value) else value for value in values]


GERMAN = """Log der Zweitmeinungen 2025;;;;;;;
Patient;Geschlecht;Neoplasia_Concern;Seltene Erkrankung;first_line_weeks;drug_trials;Geändert;Klinik
1;w;ja;nein;2,5;2;ja;Süd
2;m;nein;k.A.;12;3;nein;Nord
3;w;k.A.;nein;999;1;;Süd
;;;;;;;
4;d;ja;ja;4,5;99;ja;unbekannt
5;m;vielleicht;nein;1.000;0;k.A.;Nord
5;w;nein;nein;8;1;nein;Süd
Summe;;3;;;;;
"""


@ROWS
def test_a_german_log_is_checked_mapped_and_read(tmp_path):
    log, mapping = tmp_path / "log.csv", tmp_path / "log.toml"
    log.write_bytes(GERMAN.encode("cp1252"))
    mapping_template(log, mapping, encoding="cp1252")
    filled = mapping.read_text("utf-8")
    for empty, full in {
        '"Geschlecht" = ""': '"Geschlecht" = "sex"',
        '"Seltene Erkrankung" = ""': '"Seltene Erkrankung" = "rare_disease"',
        'id = ""': 'id = "Patient"',
        '"vielleicht" = ""': '"vielleicht" = "unknown"',
        '"3" = ""': '"3" = "unknown"',
        '"99" = ""': '"99" = "unknown"',
    }.items():
        assert empty in filled
        filled = filled.replace(empty, full)
    mapping.write_text(filled, "utf-8")
    got = read_cases(log, mapping=mapping, unknown={"first_line_weeks": 999})
    assert plain(got["sex"]) == ["female", "male", "female", None, "other", "male", "female", None]
    assert plain(got["neoplasia_concern"]) == [True, False, None, None, True, None, False, None]
    assert plain(got["rare_disease"]) == [False, None, False, None, True, False, False, None]
    assert plain(got["first_line_weeks"]) == [2.5, 12, None, None, 4.5, 1000, 8, None]
    assert plain(got["drug_trials"]) == [2, 3, 1, None, None, 0, 1, None]
    assert plain(got["Geändert"]) == ["yes", "no", None, None, "yes", None, "no", None]
    problems = check_cases(log, mapping=mapping)["problem"].tolist()
    assert problems == [
        "stands above the header and is not read",
        "1 row states nothing (line 6)",
        "1 row looks like a total of others (line 10)",
        "1 row repeats the id of one above (line 9)",
    ]


LANGUAGES = {
    "German": ("ja nein unbekannt", "weiblich männlich divers", "schwer leicht keine"),
    "French": ("oui non inconnu", "femme homme autre", "sévère légère aucune"),
    "Spanish": ("sí no desconocido", "mujer hombre otro", "grave leve ninguna"),
    "Spanish without accents": ("Si NO Desconocido", "Mujer Hombre Otro", "Severo Leve Ninguno"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commonest_words_are_filled_in_and_read(language):
    concern, sex, severity = (words.split() for words in LANGUAGES[language])
    log = pd.DataFrame({"neoplasia_concern": concern, "sex": sex, "symptom_severity": severity})
    got = read_cases(log, mapping=mapping_template(log))
    assert plain(got["neoplasia_concern"]) == [True, False, None]
    assert got["sex"].tolist() == ["female", "male", "other"]
    assert got["symptom_severity"].tolist() == ["severe", "mild", "none"]


OPPOSITES = [
    "unclear",
    "not clear",
    "Un-clear",
    "no clear",
    "nicht clear",
    "pas clear",
    "sin clear",
    "unknown clear",
]


@pytest.mark.parametrize("word", OPPOSITES)
def test_no_opposite_is_suggested(word):
    log = pd.DataFrame({"pathology_result": [word], "suspicion": ["not high"]})
    [*_, filled] = [line for line in mapping_template(log).splitlines() if line.startswith(f'"{word}"')]
    assert filled.startswith(f'"{word}" = ""  # 1 row') and "'clear'" not in filled
    assert "mean 'high'" not in mapping_template(log)


def test_one_letter_of_spanish_is_left_to_the_user():
    log = pd.DataFrame({"Sexo": ["h", "m"] * 3, "rare_disease": "yes", "Geschlecht": ["w", "m"] * 3})
    sections = mapping_template(log).partition('[values."Sexo"]')[2]
    assert '"h" = ""  # 3 rows\n"m" = ""' in sections and '"w" = "female"  # 3 rows\n"m" = "male"' in sections


def test_ids_and_free_text_are_counted_and_not_shown():
    log = pd.DataFrame({"sex": ["male"] * 40, "name": [f"Anna {i}" for i in range(40)], "age": range(40)})
    log["score"] = [i % 12 for i in range(40)]
    log["town"] = [f"Town {i // 2}" for i in range(40)]
    log["ward"] = [f"Ward {i % 35}" for i in range(40)]
    filled = mapping_template(log)
    assert "Anna" not in filled and '"name" = ""  # 40 different\n' in filled and "Ward" not in filled
    assert '"score" = ""  # 12 different\n' in filled and '[values."score"]' not in filled
    assert '"age" = ""  # 40 different\n' in filled and '"Town 7" = ""  # 2 rows' in filled


HOSTILE = ['"', "'", "=", "a\nb", "\\", "]]", "\x7f", "\x1b[0m", "ü" * 79, "#", "a.b", "", "[columns]"]


@ROWS
@examples(60)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), min_size=1, max_size=6))
def test_any_words_make_a_file_that_is_read_and_changes_nothing(words):
    log = pd.DataFrame({"x": "x", "sex": "male", **{f"{word} ": [word] * 2 for word in words}})
    filled = mapping_template(log)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        once = read_cases(log)
        again = read_cases(log, mapping=filled)
    assert again["sex"].equals(once["sex"]) and again["x"].equals(once["x"])


def test_a_word_for_all_that_a_fact_does_not_take_is_left_to_the_user():
    log = pd.DataFrame({"rare_disease": ["ja", "nein"], "pathology_result": ["ja", "clear"]})
    filled = mapping_template(log)
    assert '"ja" = "yes"' in filled and '[values."pathology_result"]' in filled
    assert '\n"ja" = ""  # 1 row' in filled.partition('[values."pathology_result"]')[2]


def test_a_word_in_several_spellings_and_a_number_are_listed_once():
    log = pd.DataFrame({"rare_disease": ["Ja", "ja ", "k. A.", "JA"], "sex": [1.0, 2.0, None, 1.0]})
    filled = mapping_template(log)
    assert '"Ja" = "yes"  # 3 cells' in filled and filled.lower().count('"ja') == 1
    assert 'If it stands for not recorded, write "unknown"' in mapping_template(
        pd.DataFrame({"drug_trials": [99]})
    )
    assert 'unknown = ["k. A."]' in filled and '"1" = ""  # 2 rows\n"2" = ""' in filled


def test_a_file_that_is_there_is_left_alone(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    with pytest.raises(SecondopError, match=r"mine\.toml is there already"):
        mapping_template(pd.DataFrame({"sex": ["w"]}), path)
    assert path.read_text() == "mine"
    with pytest.raises(SecondopError, match=r"no folder 'nowhere' for 'mine\.toml': make it first"):
        mapping_template(pd.DataFrame({"sex": ["w"]}), tmp_path / "nowhere" / "mine.toml")


def test_a_code_below_zero_is_written_as_it_is():
    filled = mapping_template(pd.DataFrame({"sex": ["male"] * 4, "changed": [1, 1, -99, -99]}))
    assert '"-99" = ""  # 2 rows' in filled


def test_columns_the_wrong_way_round_are_told_of():
    with pytest.raises(SecondopError, match="Your name comes first"):
        read_cases(pd.DataFrame({"Geschlecht": ["male"]}), columns={"sex": "Geschlecht"})


MAPPINGS = [
    # what                      text                                           what is said
    (
        "a section that is none",
        'colums = { G = "sex" }',
        "a mapping has no 'colums'. Did you mean 'columns'?",
    ),
    ("a key twice", '[columns]\nG = "sex"\nG = "sex"\n', "is not valid TOML"),
    ("no quotes", "[columns]\nG = sex\n", 'plain quotes, as in "name" = "meaning"'),
    ("a long key", f"{'a' * 1001} = 1\n", "1,000 before each '='"),
    ("a key of many parts", f"[values]\n{'a.' * 20_000}b = 1\n", "64 parts of a key"),
    ("one behind an equals sign", f'"=".{"a." * 20_000}b = 1\n', "64 parts of a key"),
    ("one in a table", f"[values]\nx = {{ {'a . ' * 500}b = 1 }}\n", "64 parts of a key"),
    ("quoted parts", f"""x."a b".{"'c'." * 80}b = 1\n""", "64 parts of a key"),
    ("nested without end", f"unknown = {'[' * 5000}{']' * 5000}\n", "A mapping"),
    ("too long", f"# {'x' * 1_000_000}\n", "up to 1,000,000 letters"),
    ("another kind", "columns = 3\n", "columns= maps names to facts, as in"),
    ("a fact that is none", '[columns]\nG = "sexx"\n', "no fact 'sexx'. Did you mean 'sex'?"),
    ("no file", "nowhere.toml", "There is no file 'nowhere.toml' to read a mapping from"),
    ("no text", 7, "A mapping is read from a path or a text in TOML, not 7"),
]


@pytest.mark.parametrize(("what", "mapping", "message"), MAPPINGS, ids=[row[0] for row in MAPPINGS])
def test_fault_10_a_mapping_that_cannot_be_is_refused_before_it_costs_anything(what, mapping, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        read_cases(pd.DataFrame({"G": ["w"], "rare_disease": ["no"]}), mapping=mapping)


def test_what_an_argument_says_goes_before_the_mapping():
    mapping = '[columns]\nG = "specialty"\n[values.sex]\n"1" = "female"\n"2" = "other"\n'
    log = pd.DataFrame({"G": ["1", "2"]})
    got = read_cases(log, mapping=mapping, columns={"G": "sex"}, values={"sex": {"1": "male"}})
    assert got["sex"].tolist() == ["male", "other"]


LETTERS = [
    # letters of a column      what is filled in
    (["J", "N", "k.A."], {"J": "yes", "N": "no"}),
    (["w", "m", "unbek."], {"w": "female", "m": "male"}),
    (["N", "S", "O"], {}),  # north, south, east
    (["N", "N"], {}),
]


@pytest.mark.parametrize(("letters", "filled"), LETTERS, ids=str)
def test_single_letters_are_filled_in_where_they_can_mean_one_thing_alone(letters, filled):
    text = mapping_template(pd.DataFrame({"x": letters * 2}))
    told = dict(re.findall(r'^"(\w)" = "(\w+)"', text, re.M))
    assert told == filled
