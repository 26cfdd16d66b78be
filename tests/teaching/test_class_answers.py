"""Answer files of a class: read as ratings, and nothing in them is believed."""

import json
from itertools import permutations
from random import Random

import pytest

from secondop import (
    AnswerFilesWarning,
    ReaderModel,
    SecondopError,
    Strategy,
    agreement,
    class_answers,
    opinions_from_ratings,
    read_strategies,
)
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import deck

ONE = {"case": "T001", "answer": "recommended", "sure": 95}
FINE = {"format": "secondop answers 1", "reader": "ABCD", "answers": [ONE]}


def write(folder, **files):
    for name, told in files.items():
        text = told if isinstance(told, (str, bytes)) else json.dumps(told)
        (folder / f"{name}.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.fixture
def a_class(tmp_path):
    """Twelve made-up students with the same sixteen cases; nine answers in ten are as the book says."""
    rng, cases = Random(4), list(deck())[::10]
    for student in range(12):
        answers = [
            {"case": case.id, "answer": case.expected if rng.random() < 0.9 else rng.choice(RECOMMENDATIONS)}
            | {"sure": rng.choice([50, 75, 95, None])}
            for case in cases
        ]
        write(tmp_path, **{f"student-{student:02}": FINE | {"reader": f"R{student}", "answers": answers}})
    return tmp_path


def test_a_class_is_a_row_an_answer_with_what_was_expected(a_class):
    answers = class_answers(a_class)
    assert [*answers.columns] == ["reader", "case", "answer", "sure", "expected", "correct"]
    assert len(answers) == 12 * 16 and answers["reader"].nunique() == 12
    for row in answers.itertuples():
        assert row.expected == deck()[row.case].expected
        assert row.correct == (row.answer == row.expected)
    assert set(answers["sure"].dropna()) == {50, 75, 95} and answers["sure"].isna().any()
    assert answers.attrs["problems"] == []


def test_it_works_with_agreement_and_opinions_as_it_is(a_class):
    answers = class_answers(a_class)
    pairs = [
        (one, other) for _, said in answers.groupby("case")["answer"] for one, other in permutations(said, 2)
    ]  # each pair of students of a case, both ways
    differ = sum(one != other for one, other in pairs) / len(pairs)
    assert opinions_from_ratings(answers).loc["overall", "share"] == pytest.approx(differ)
    table = agreement(answers, weights="linear")
    assert table.loc["percent agreement", "value"] == pytest.approx(1 - differ)
    assert table.loc["percent agreement, linear weights", "value"] > 1 - differ, "near answers agree in part"


def test_a_model_of_the_class_says_what_a_second_student_puts_right(a_class):
    model = ReaderModel.fit(class_answers(a_class), reference="expected")
    assert model.answers == RECOMMENDATIONS and not model.unordered
    wrong = read_strategies(model, [Strategy.none(), Strategy.always()]).pivot(
        index="reference_class", columns="strategy", values="misclassified"
    )
    right = class_answers(a_class).groupby("expected", observed=True)["correct"].mean()
    assert wrong["none"].to_dict() == pytest.approx((1 - right).to_dict())
    assert (wrong["all"] < wrong["none"]).all()


REFUSED = {
    # file                                                              what is said of it
    "broken": ("{", "not JSON"),
    "deep": ("[" * 90_000, "not JSON"),
    "nested": ("[" * 40_000 + "]" * 40_000, "not JSON"),
    "constant": (json.dumps(FINE)[:-1] + ', "more": NaN}', "not JSON"),
    "inner twins": (json.dumps(FINE).replace('"sure": 95', '"sure": 95, "sure": 50'), "not JSON"),
    "twins": (json.dumps(FINE)[:-1] + ', "reader": "EFGH"}', "not JSON"),
    "latin": ('{"format": "é"}'.encode("latin-1"), "not JSON"),
    "list": ([1], '"format" is not'),
    "other": (FINE | {"format": "secondop answers 2"}, '"format" is not'),
    "large": (FINE | {"pad": "x" * 100_000}, "too large"),
    "many": (FINE | {"answers": [ONE] * 401}, "a list of 1 to 400, not 401"),
    "empty": (FINE | {"answers": []}, "a list of 1 to 400, not 0"),
    "none": (FINE | {"answers": "T001"}, "a list of 1 to 400, not 'T001'"),
    "nobody": (FINE | {"reader": None}, "reader is a text"),
    "script": (FINE | {"reader": "<script>"}, "reader is a text"),
    "twice": (FINE | {"answers": [ONE, ONE]}, "answer 2: case T001 is answered twice"),
    "case": (FINE | {"answers": [ONE | {"case": "T999"}]}, "answer 1: there is no teaching case 'T999'"),
    "listed": (FINE | {"answers": [ONE | {"case": ["T001"]}]}, "answer 1: there is no teaching case"),
    "answer": (FINE | {"answers": [ONE | {"answer": "yes"}]}, "optional, recommended or urgent, not 'yes'"),
    "sure": (FINE | {"answers": [ONE | {"sure": 96}]}, "sure is 50, 75, 95 or null, not 96"),
    "truth": (FINE | {"answers": [ONE | {"sure": True}]}, "sure is 50, 75, 95 or null, not True"),
    "plain": (FINE | {"answers": ["T001"]}, "answer 1: it is a case with an answer, not 'T001'"),
}


def test_bad_files_are_refused_by_name_all_at_once_and_the_rest_is_read(tmp_path):
    write(tmp_path, good=FINE, **{name: told for name, (told, _) in REFUSED.items()})
    (tmp_path / "notes.txt").write_text("not looked at")
    with pytest.warns(AnswerFilesWarning) as warned:
        answers = class_answers(tmp_path)
    (said,) = {str(one.message) for one in warned}
    assert answers[["reader", "case"]].to_numpy().tolist() == [["ABCD", "T001"]]
    assert f"{len(REFUSED)} files of {len(REFUSED) + 1} refused" in said
    assert {one.filename for one in warned} == {__file__}
    lines = {line.strip().partition(".json: ")[0]: line for line in said.splitlines()[1:]}
    assert {name: words in lines.get(name, "") for name, (_, words) in REFUSED.items()} == dict.fromkeys(
        REFUSED, True
    )


def test_what_the_page_reads_is_read(tmp_path):
    told = json.dumps(FINE).replace("95", "95.0").encode("utf-8-sig")
    assert class_answers(write(tmp_path, a=told))["sure"].tolist() == [95]


def test_a_reader_is_read_once_and_more_than_five_faults_of_a_file_are_counted(tmp_path):
    faults = FINE | {"reader": "X", "answers": [{"case": f"no {i}"} for i in range(9)]}
    write(tmp_path, a=FINE, b=FINE, c=faults)
    with pytest.warns(AnswerFilesWarning) as warned:
        assert len(class_answers(tmp_path)) == 1
    said = str(warned[0].message)
    assert "b.json: it is of reader 'ABCD', as a.json is: keep one of them." in said
    assert said.count("c.json") == 6 and "c.json: and 13 more." in said, "a case and an answer each"


def test_without_a_file_that_can_be_read_it_is_an_error(tmp_path):
    with pytest.raises(SecondopError, match="There is no folder"):
        class_answers(tmp_path / "nowhere")
    with pytest.raises(SecondopError, match=r"holds 0 files .* Students save theirs in the quiz"):
        class_answers(tmp_path)
    with pytest.raises(SecondopError, match=r"can be read:\n  x\.json: it is no answer file"):
        class_answers(write(tmp_path, x="{"))
