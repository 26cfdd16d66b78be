"""Answer files that students saved in the classroom page, read as ratings; nothing in them is believed."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.arguments import PATH, checked
from secondop.errors import SecondopError, refuse
from secondop.rules.plain import without_twins
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.cards import deck
from secondop.words import either, plural

FORMAT = "secondop answers 1"
SURE = (50, 75, 95)
MOST_BYTES, MOST_ANSWERS, MOST_FILES = 100_000, 400, 1_000
_NAMED = 5  # problems of one file that are told one by one
_READER = re.compile(r"[\w .-]{1,40}")


class AnswerFilesWarning(UserWarning):
    """Answer files that were refused, each by name with what is wrong; the others are read."""


@checked(folder=PATH)
def class_answers(folder: str | Path) -> pd.DataFrame:
    """What a class answered: the answer files that students saved in the quiz, as ratings of the cases.

    The table works as it is with :func:`secondop.agreement` and :func:`secondop.opinions_from_ratings`, and
    ``ReaderModel.fit(answers, reference="expected")`` makes a model of the class, of which
    :func:`secondop.read_strategies` says what a second student would have put right.

    Parameters
    ----------
    folder : str or Path
        Where the files lie; every ``.json`` in it is read. One may come from anybody: a file that is larger
        than 100 kB, has more than 400 answers, or anything that the page does not write is refused whole,
        with a warning (:class:`AnswerFilesWarning`) that names all that is wrong.

    Returns
    -------
    pandas.DataFrame
        A row an answer: ``reader`` (drawn by the page, no name), ``case``, ``answer``, how ``sure`` it was
        (50, 75 or 95 per cent, or not stated), what was ``expected``, and whether that is ``correct``.
        ``attrs["problems"]`` lists what was refused.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise SecondopError(f"There is no folder {str(folder)!r} to read answer files from.")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".json")
    if not 1 <= len(paths) <= MOST_FILES:
        told = f"{plural(len(paths), 'file')} that end in .json; it takes 1 to {MOST_FILES:,}"
        raise SecondopError(f"The folder {str(folder)!r} holds {told}. Students save theirs in the quiz.")
    rows, problems, whose = [], [], {}
    for path in paths:
        reader, answers, wrong = _read(path)
        if not wrong and whose.setdefault(reader, path.name) != path.name:
            wrong = [f"it is of reader {reader!r}, as {whose[reader]} is: keep one of them"]
        problems += [f"{path.name}: {what}." for what in wrong]
        rows += [] if wrong else [{"reader": reader, **one} for one in answers]
    if not rows:
        refuse(f"No answer file in {str(folder)!r} can be read", problems)
    if problems:
        refused = plural(len(paths) - len(whose), "file")
        told = "\n  ".join([f"{refused} of {len(paths)} refused, the others are read:", *problems])
        warnings.warn(told, AnswerFilesWarning, stacklevel=3)  # of who calls, past the check
    table, levels = pd.DataFrame(rows), pd.CategoricalDtype(RECOMMENDATIONS, ordered=True)
    table["expected"] = table["case"].map({case.id: case.expected for case in deck()})
    table = table.astype({"answer": levels, "expected": levels, "sure": "Int64"})
    table["correct"] = table["answer"] == table["expected"]
    table.attrs = {"problems": problems}
    return table


def _read(path: Path) -> tuple[str, list[dict[str, Any]], list[str]]:
    """The reader and the answers of a file, and what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return "", [], [f"it is too large for an answer file ({MOST_BYTES / 1000:.0f} kB at most)"]
        text = content.decode("utf-8-sig")
        told = json.loads(text, object_pairs_hook=without_twins, parse_constant=int)  # int takes no NaN
    except OSError as error:
        return "", [], [f"it cannot be opened ({error.strerror})"]
    except (ValueError, RecursionError):  # no text in UTF-8, no JSON, a key twice, or nested without end
        return "", [], ["it is no answer file: not JSON as the page writes it"]
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        return "", [], [f'it is no answer file of this page: "format" is not "{FORMAT}"']
    reader, answers = told.get("reader"), told.get("answers")
    if not isinstance(reader, str) or not _READER.fullmatch(reader):
        return "", [], [f"reader is a text of 1 to 40 letters and digits, not {reader!r:.60}"]
    if not isinstance(answers, list) or not 1 <= len(answers) <= MOST_ANSWERS:
        found = len(answers) if isinstance(answers, list) else f"{answers!r:.60}"
        return "", [], [f"answers are a list of 1 to {MOST_ANSWERS}, not {found}"]
    left = [case.id for case in deck()]
    wrong = [f"answer {i}: {what}" for i, one in enumerate(answers, start=1) for what in _misfits(one, left)]
    more = [f"and {len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
    rows = [{key: one.get(key) for key in ("case", "answer", "sure")} for one in answers if not wrong]
    return reader, rows, wrong[:_NAMED] + more


def _misfits(one: Any, left: list[str]) -> Iterator[str]:
    """What is wrong with one answer; its case is taken from those that are left to answer."""
    if not isinstance(one, dict):
        yield f"it is a case with an answer, not {one!r:.60}"
        return
    case, answer, sure = one.get("case"), one.get("answer"), one.get("sure")
    if case in left:
        left.remove(case)
    elif any(case == known.id for known in deck()):
        yield f"case {case} is answered twice"
    else:
        yield f"there is no teaching case {case!r:.60}"
    if answer not in RECOMMENDATIONS:
        yield f"the answer is {either(RECOMMENDATIONS)}, not {answer!r:.60}"
    if isinstance(sure, bool) or sure not in (*SURE, None):
        yield f"sure is {either([*map(str, SURE), 'null'])}, not {sure!r:.60}"
