"""The best rule books beside chance: their marks, their names, and what missing outcomes leave open."""

import numpy as np
import pytest

from secondop import RULE_BOOK, all_books, figures, firing_rates
from secondop.errors import SecondopError
from secondop.figures.captions import number
from tests.figures.seen import notes, rows, title
from tests.figures.test_figure_rates import SHARES, N
from tests.figures.test_figure_rates import cases as facts  # noqa: F401

BOOK = RULE_BOOK.only("neoplasia-concern", "hereditary-condition-suspected")
FACTS = ["neoplasia_concern", "hereditary_condition_suspected"]


@pytest.fixture(scope="module")
def cases(facts):  # noqa: F811
    likely = np.where(facts[FACTS[0]] == True, 0.8, 0.2)  # noqa: E712
    made = facts.assign(changed=np.random.default_rng(5).random(N) < likely)
    made.attrs = facts.attrs
    return made


def books(cases):
    return all_books(cases, outcome="changed", rule_book=BOOK)


def drawn(figure):
    """The marks, those of the frontier first and the whole book last."""
    return next(part for part in figure.data if part.customdata is not None)


def test_every_mark_is_a_book_of_the_frontier_and_the_whole_book_stands_beside(cases):
    made = books(cases)
    marks = drawn(figures.all_books(made))
    assert list(marks.x[:-1]) == pytest.approx(made.frontier["referral_rate"].tolist())
    assert list(marks.y[:-1]) == pytest.approx(made.frontier["true_positive"].tolist())
    either = (cases[FACTS] == True).any(axis=1)  # noqa: E712
    whole = [100 * either.mean(), 100 * (either & cases["changed"]).mean()]
    assert [marks.x[-1], marks.y[-1]] == pytest.approx(whole)
    shown = rows(figures.all_books(made))
    names = [", ".join(rule.replace("-", " ") for rule in book) for book in made.frontier["book"]]
    assert [row["rule book"] for row in shown] == ["no rule", *names[1:]]  # the last of them is the whole


def test_chance_is_a_line_and_what_lies_above_it_is_shaded(cases):
    made = books(cases)
    figure, marks = figures.all_books(made), drawn(figures.all_books(made))
    share = cases["changed"].mean()
    (chance,) = [part for part in figure.data if part.line.dash == "dot"]
    assert list(chance.x) == pytest.approx(marks.x)
    assert list(chance.y) == pytest.approx([share * x for x in marks.x])
    (gap,) = [part for part in figure.data if part.fill == "toself"]
    many = len(marks.x) - 1
    assert list(gap.y[:many]) == pytest.approx(list(marks.y[:-1]))
    assert list(gap.y[many:]) == pytest.approx([share * x for x in marks.x[-2::-1]])


def test_rules_are_named_at_the_marks_that_they_bring(cases):
    made = books(cases)
    said, names = set(notes(figures.all_books(made))), made.rules
    assert {"all 2 rules", "as many at random"} <= said
    assert made.frontier["book"].tolist() == [(), names[:1], names]
    assert {"neoplasia concern", "+ hereditary condition suspected"} <= said


def test_missing_information_is_a_pale_bar_and_chance_a_thin_line(cases):
    figure = figures.all_books(books(cases))
    marks = drawn(figure)
    pale = [part for part in figure.data if part.line.width == 7]
    assert all(part.y[0] <= y <= part.y[1] for part, y in zip(pale, marks.y, strict=True))
    assert pale[-1].y[1] > pale[-1].y[0]  # some facts are missing
    sure = figures.all_books(books(cases.assign(**cases[FACTS].fillna(False))))
    assert all(part.y[0] == part.y[1] for part in sure.data if part.line.width == 7)
    assert all(upper >= 0 for upper in marks.error_y.array)


def test_the_title_claims_more_than_chance_only_where_the_interval_does(cases):
    known = cases.assign(**cases[FACTS].fillna(False).astype(bool))
    clear = known.assign(changed=known[FACTS[0]])
    text = title(figures.all_books(books(clear)))
    assert "may be zero" not in text and f"of the {number(100 * clear['changed'].mean())} changes" in text
    nothing = known.assign(changed=np.arange(N) % 3 == 0)
    text = title(figures.all_books(books(nothing)))
    assert ", and the difference may be zero" in text
    assert ", and the difference may be zero" in title(figures.all_books(books(cases)))


def test_no_best_books_are_claimed_where_outcomes_are_unknown_or_nothing_is_found(cases):
    unknown = cases.assign(changed=cases["changed"].astype("boolean").mask(cases.index < 20))
    figure = figures.all_books(books(unknown))
    assert "Which rules are best is not known while outcomes are unknown" in title(figure)
    assert "Pale: missing information and unknown outcomes" in title(figure) and "half-way" in title(figure)
    quiet = figures.all_books(books(cases.assign(**dict.fromkeys(SHARES, False), changed=False)))
    assert title(quiet).startswith("Nothing changes in any of these cases")
    assert "nan" not in quiet.layout.meta["description"]


def test_simulated_is_called_simulated_and_what_is_not_is_not(cases):
    assert f"{N} simulated cases" in title(figures.all_books(books(cases)))
    assert "more than at random, as assumed" in title(figures.all_books(books(cases)))
    real = cases.copy()
    real.attrs = {}
    text = title(figures.all_books(books(real)))
    assert f"{N} cases" in text and "simulated" not in text and "assumed" not in text


def test_a_table_is_refused_by_name(cases):
    with pytest.raises(SecondopError, match="draws the Books that all_books makes, not DataFrame"):
        figures.all_books(firing_rates(cases))
