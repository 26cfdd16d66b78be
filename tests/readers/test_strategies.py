"""Second readings: worked by hand, by brute force, and against the published decision analysis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from secondop import ReaderModel
from secondop.datafiles import data_path
from secondop.errors import SecondopError
from secondop.readers.strategies import OUTCOMES, RESOLUTIONS, Strategy, _outcomes, read_strategies

# One class, "grave": read right in 0.8 of readings, two readers differ in 0.16, so concentration 1.
GRAVE = ReaderModel(("harmless", "grave"), ("grave",), [[0.2, 0.8]], [1.0])


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(data_path("breast_reading_strategies.csv"))


@pytest.fixture(scope="module")
def breast(published) -> ReaderModel:
    first = pd.read_csv(data_path("breast_first_readings.csv"), index_col="reference_class")
    differ = published.query("strategy == 'all'").set_index("reference_class")["third_reading_percent"] / 100
    return ReaderModel.from_disagreement(first, differ)


FIVE = [
    Strategy.none(),
    Strategy.first_in("invasive"),
    Strategy.first_in("invasive", "DCIS"),
    Strategy.first_in("invasive", "DCIS", "atypia"),
    Strategy.always(),
]


def percent(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["strategy", "reference_class"])[list(OUTCOMES)] * 100


def side_by_side(table, published) -> pd.DataFrame:
    """Predicted and published percent of the five strategies, in one frame."""
    paper = published.set_index(["strategy", "reference_class"])
    paper.columns = [name.removesuffix("_percent").removesuffix("_reading") for name in paper]
    ours = percent(table)
    return pd.concat({"predicted": ours, "published": paper.loc[ours.index]}, axis=1)


# ---- by hand -----------------------------------------------------------------------------------------------

# Seen answers make the next likelier: (1 x share + times seen) / (1 + answers seen).
# hh: .2 x 1.2/2 = .12   hg: .2 x .8/2 = .08   gh: .8 x .2/2 = .08   gg: .8 x 1.8/2 = .72
# third after hg or gh: h with (.2 + 1)/3 = .4, g with (.8 + 1)/3 = .6
BY_HAND = [
    # strategy                                                         second  third  wrong in the end
    (Strategy.none(),                                                  0.0,    0.0,   0.2),
    (Strategy.always(),                                                1.0,    0.16,  0.12 + 0.16 * 0.4),
    (Strategy.always(resolution="third decides"),                      1.0,    0.16,  0.12 + 0.16 * 0.4),
    # first grave stands unless a second and a third say harmless; a first "harmless" is never looked at again
    (Strategy.first_in("grave"),                                       0.8,    0.08,  0.2 + 0.08 * 0.4),
    # first harmless is looked at again: under-calls fall
    (Strategy.first_in("harmless"),                                    0.2,    0.08,  0.12 + 0.08 * 0.4),
]  # fmt: skip


@pytest.mark.parametrize(("strategy", "second", "third", "wrong"), BY_HAND)
def test_two_answers_worked_by_hand(strategy, second, third, wrong):
    row = read_strategies(GRAVE, [strategy]).iloc[0]
    assert row[list(OUTCOMES)].tolist() == pytest.approx([second, third, wrong, wrong, 0.0])


def test_reading_only_grave_answers_again_lowers_over_calls_and_raises_under_calls():
    model = ReaderModel(("harmless", "grave"), ("harmless", "grave"), [[0.9, 0.1], [0.2, 0.8]], [2.0, 1.0])
    table = read_strategies(model, [Strategy.none(), Strategy.first_in("grave")])
    table = table.set_index(["strategy", "reference_class"])
    # over, harmless: gg .1 x 1.2/3 = .04 stands, and gh .06 with a third grave .3 stands
    assert table["over"].xs("harmless", level=1).tolist() == pytest.approx([0.1, 0.04 + 0.06 * 0.3])
    assert table["under"].xs("grave", level=1).tolist() == pytest.approx([0.2, 0.232])


RESOLVED = [
    # first, second, third   majority  median  third decides
    ((0, 1, 0),              0,        0,      0),
    ((0, 1, 1),              1,        1,      1),
    ((0, 2, 1),              1,        1,      1),
    ((2, 1, 0),              1,        1,      0),
    ((0, 1, 2),              1,        1,      2),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "majority", "median", "third"), RESOLVED)
def test_who_decides_when_two_differ(answers, majority, median, third):
    said = (0, 1, 2)
    model = ReaderModel(said, said, np.full((3, 3), 1 / 3), [1] * 3)
    joint = np.zeros((3, 3, 3, 3, 2))
    joint[(slice(None), *answers, 0)] = 1
    for name, decided in zip(RESOLUTIONS, (majority, median, third), strict=True):
        wrong = _outcomes(model, Strategy.always(resolution=name), joint)["misclassified"]
        assert wrong.tolist() == [float(x != decided) for x in said], name


# ---- exact against simulated, and against plain brute force ------------------------------------------------


def test_simulation_agrees_with_the_exact_answer_within_its_error(breast):
    exact, simulated = read_strategies(breast, FIVE), read_strategies(breast, FIVE, 200_000, 11)
    for outcome in OUTCOMES:
        error = np.sqrt((exact[outcome] * (1 - exact[outcome])).clip(lower=1e-12) / 200_000)
        assert ((simulated[outcome] - exact[outcome]).abs() <= 4 * error + 1e-9).all(), outcome
        inside = exact[outcome].between(
            simulated[f"{outcome}_lower"] - 1e-9, simulated[f"{outcome}_upper"] + 1e-9
        )
        assert inside.sum() >= 15, outcome


def test_the_exact_answer_agrees_with_a_loop_a_student_would_write(breast):
    rng = np.random.default_rng(2)
    wrong, n, right = 0, 20_000, breast.answers.index("atypia")
    cases = rng.dirichlet(breast.concentration[1] * breast.mean[1], n)
    for p in cases:
        first, second, third = rng.choice(4, size=3, p=p)
        wrong += (first if first == second else sorted((first, second, third))[1]) != right
    exact = percent(read_strategies(breast, [Strategy.always()])).loc[("all", "atypia"), "misclassified"]
    assert 100 * wrong / n == pytest.approx(exact, abs=1.4)  # four standard errors


def test_readers_who_agree_always_and_readers_who_are_independent_are_the_two_ends():
    table = {}
    for name, concentration in (("agree", 0.0), ("nearly", 1e-9), ("independent", np.inf), ("almost", 1e9)):
        exact = read_strategies(replace(GRAVE, concentration=[concentration]), [Strategy.always()])
        table[name] = exact[list(OUTCOMES)].iloc[0].tolist()
    assert table["agree"] == pytest.approx([1, 0, 0.2, 0.2, 0])
    assert table["agree"] == pytest.approx(table["nearly"], abs=1e-8)
    # independent and two of three wrong: .04 + 2 x .16 x .2
    assert table["independent"] == pytest.approx([1, 0.32, 0.104, 0.104, 0])
    assert table["independent"] == pytest.approx(table["almost"], abs=1e-8)


@pytest.mark.parametrize("concentration", [0.0, np.inf])
def test_both_ends_can_be_simulated_too(concentration):
    model = replace(GRAVE, concentration=[concentration])
    tables = (read_strategies(model, [Strategy.always()], *run)[list(OUTCOMES)] for run in ((), (50_000, 1)))
    exact, simulated = (table.iloc[0].tolist() for table in tables)
    assert simulated == pytest.approx(exact, abs=0.009)


# ---- the published decision analysis -----------------------------------------------------------------------


def test_first_readings_follow_from_the_published_second_reading_column(published):
    first = pd.read_csv(data_path("breast_first_readings.csv"), index_col="reference_class")
    taken = published.pivot(index="reference_class", columns="strategy", values="second_reading_percent")
    nested = taken.loc[first.index, [strategy.name for strategy in FIVE]]
    derived = nested.diff(axis=1).iloc[:, 1:].set_axis(first.columns[::-1], axis=1)[first.columns] / 100
    pd.testing.assert_frame_equal(derived, first, check_names=False, atol=1e-9)


def test_two_numbers_a_class_predict_the_published_misclassifications(breast, published):
    table = side_by_side(read_strategies(breast, FIVE), published).drop("benign", level="reference_class")
    miss = (table["predicted"] - table["published"])["misclassified"].abs()
    assert len(miss) == 15
    assert miss.mean() < 1 and miss.max() < 2
    # a single reading is not predicted, it is put in: without those three cells it must hold as well
    assert miss.drop("none", level="strategy").mean() < 1


def test_benign_readings_are_compared_by_ratio_because_the_paper_weights_them_anew(breast, published):
    benign = side_by_side(read_strategies(breast, FIVE), published).xs("benign", level="reference_class")
    ratio = benign.xs("misclassified", axis=1, level=1).transform(lambda column: column / column["none"])
    assert (ratio["predicted"] - ratio["published"]).abs().max() < 0.1
    assert benign.loc["none"].xs("misclassified", level=1).tolist() == pytest.approx([12.9, 5.8], abs=0.01)


def test_independent_readers_promise_far_too_much(breast):
    alone = percent(read_strategies(breast.independent(), [Strategy.always()]))["misclassified"]
    assert alone[("all", "invasive")] == pytest.approx(0.44, abs=0.05)  # published: 3.5
    assert alone[("all", "DCIS")] < 7.5  # published: 9.9


def test_a_selective_rule_lowers_over_calls_of_atypia_and_raises_under_calls(breast, published):
    table = side_by_side(read_strategies(breast, FIVE), published).xs("atypia", level="reference_class")
    for column in ("predicted", "published"):
        shift = table[column].loc["first reading invasive, DCIS or atypia"] - table[column].loc["none"]
        assert shift["over"] < -5 and shift["under"] > 5, column


# ---- second readings that the first reader wants, or that a policy asks for --------------------------------

# GRAVE: two readings differ in .16. A case is read again where another look differs (gh or hg), by hand:
# look h, first g: .08 of the cases, then second h or g with (.2 + 1)/3 = .4 and .6; so the other way round.
DOUBT = [
    # strategy                                              second             third
    (Strategy("wish", (), unsure=1),                        0.16,              0.08 * 0.4 + 0.08 * 0.6),
    (Strategy("wish", (), unsure=0.5),                      0.08,              0.04),
    (Strategy("whim", (), sure=0.3, unsure=0.3),            0.3,               0.3 * 0.16),
    (Strategy("policy", {"grave": 0.5}),                    0.4,               0.04),
    (Strategy("both", {"grave": 0.5}, unsure=1),            0.4 + 0.08 + 0.04, None),
    (Strategy("both", {"grave": 1}, sure=1, unsure=1),      1.0,               0.16),
]  # fmt: skip


@pytest.mark.parametrize(("strategy", "second", "third"), DOUBT)
def test_doubt_and_policy_worked_by_hand(strategy, second, third):
    row = read_strategies(GRAVE, [strategy]).iloc[0]
    assert row["second"] == pytest.approx(second)
    assert third is None or row["third"] == pytest.approx(third)


def test_doubt_is_what_brute_force_says_it_is(breast):
    strategy = Strategy("both", {"benign": 0.3, "DCIS": 0.8}, sure=0.1, unsure=0.9)
    rng, n, right = np.random.default_rng(3), 300_000, breast.answers.index("DCIS")
    ladder = rng.dirichlet(breast.concentration[2] * breast.mean[2], n).cumsum(axis=1)
    first, second, third, look = (
        (rng.random((n, 1)) >= ladder[:, :-1]).sum(axis=1) for _ in ("first", "second", "third", "look")
    )
    asked = rng.random(n) < np.array([0.3, 0, 0.8, 0])[first]
    taken = asked | (rng.random(n) < np.where(look != first, 0.9, 0.1))
    final = np.where(taken & (first != second), np.median([first, second, third], axis=0), first)
    counted = [taken, taken & (first != second), final != right, final < right, final > right]
    exact = read_strategies(breast, [strategy]).set_index("reference_class").loc["DCIS", list(OUTCOMES)]
    assert exact.tolist() == pytest.approx([x.mean() for x in counted], abs=0.004)
    simulated = read_strategies(breast, [strategy], 300_000, 4).set_index("reference_class").loc["DCIS"]
    assert simulated[list(OUTCOMES)].tolist() == pytest.approx(exact.tolist(), abs=0.004)


def test_the_doubt_is_the_first_readers_own():
    expert = GRAVE.tilted([[0.02, 0.98]])
    strategy = Strategy("wish", (), unsure=1, first=expert)
    doubted = read_strategies(GRAVE, [strategy], 100_000, 1)["second"].iloc[0]
    assert doubted == pytest.approx(expert.to_frame()["disagreement"].iloc[0], abs=0.002)  # GRAVE's own: 0.16


@pytest.fixture(scope="module")
def four(breast, published) -> list[Strategy]:
    """The strategies of doubt and of policy, fitted to the share of each class that was read again."""
    taken = (
        published.pivot(index="reference_class", columns="strategy", values="second_reading_percent") / 100
    )
    policy = Strategy.by_policy("required by policy", breast, taken["required by policy"])
    desired, borderline = (
        Strategy.in_doubt(name, breast, taken[name])
        for name in ("desired by first reader", "first reader calls it borderline")
    )
    both = replace(policy, name="desired or required", sure=desired.sure, unsure=desired.unsure)
    return [desired, borderline, policy, both]


def test_doubt_and_policy_predict_the_published_cells_and_miss_where_doubt_is_no_help(
    breast, published, four
):
    table = side_by_side(read_strategies(breast, four), published)
    miss = (table["predicted"] - table["published"]).unstack()
    assert len(table) == 16
    # four shares were fitted to four, so these are put in; the third readings and the errors are not
    assert miss["second"].loc["required by policy"].abs().max() < 0.01
    assert miss["third"].loc["required by policy"].abs().max() < 0.6
    wrong = miss["misclassified"].drop(columns="benign").abs()
    assert wrong.loc["required by policy"].max() < 0.7
    # two shares were fitted to four; wishes find less in atypia than the model's doubt would
    assert miss["second"].loc[[four[0].name, four[1].name]].abs().max(axis=None) < 2.1
    assert miss["misclassified"]["atypia"].between(-5, 0).all()
    assert wrong.drop(columns="atypia").max(axis=None) < 1.1
    # nothing was fitted to both together: wishes and policy are not quite independent
    assert miss["second"].loc["desired or required"].between(-7.2, -2).all()


def test_a_fit_stays_within_shares_and_comes_as_near_as_these_can(breast):
    said = ("harmless", "grave")
    model = ReaderModel(said, said, [[0.9, 0.1], [0.2, 0.8]], [2, 1])
    # without bounds 1.01 and -0.13; with nobody at grave the nearest is (.9 x .9 + .2 x .1) / (.9^2 + .2^2)
    policy = Strategy.by_policy("policy", model, {"harmless": 0.9, "grave": 0.1})
    assert policy.second_after == pytest.approx({"harmless": 0.83 / 0.85, "grave": 0})
    none = Strategy.in_doubt("none", breast, dict.fromkeys(breast.classes, 0.0))
    assert (none.sure, none.unsure) == pytest.approx((0, 0), abs=1e-9)


# ---- readers of different skill, against a table that nothing was fitted to --------------------------------


@pytest.fixture(scope="module")
def skill() -> pd.DataFrame:
    table = pd.read_csv(data_path("breast_skill_strategies.csv"), index_col=["readers", "reference_class"])
    return table.rename(columns=lambda name: name.removesuffix("_percent"))


def by_skill(model: ReaderModel, skill: pd.DataFrame) -> pd.Series:
    """Misclassified, in percent, under strategies 10 to 12: a third reader of high volume decides."""
    single = {name: skill.loc[f"single {name}"].drop("all") / 100 for name in ("low", "high")}
    low, high = (model.skilled(single[name]["under"], single[name]["over"]) for name in ("low", "high"))
    pairs = {"low, low": (low, low), "low, high": (low, high), "high, high": (high, high)}
    strategies = [
        Strategy.always(f"{name}, third high", first=first, second=second, third=high)
        for name, (first, second) in pairs.items()
    ]
    return percent(read_strategies(model, strategies, 150_000, 6))["misclassified"]


def test_readers_of_different_skill_are_predicted_and_independent_ones_promise_too_much(breast, skill):
    alike, alone = by_skill(breast, skill), by_skill(breast.independent(), skill)
    paper = skill["misclassified"].loc[alike.index]
    assert len(paper) == 12
    assert (alike - paper).abs().mean() == pytest.approx(0.72, abs=0.04)
    assert (alike - paper).abs().max() == pytest.approx(1.74, abs=0.15)
    assert (alone - paper).abs().mean() == pytest.approx(3.79, abs=0.06)
    assert (
        (alike - paper).unstack()["DCIS"].between(0.5, 1.9).all()
    )  # the pattern of the misses: here too many,
    assert (alike - paper).unstack()["benign"].between(-1.2, -0.5).all()  # here too few
    mix = pd.Series({"benign": 2070, "atypia": 2070, "DCIS": 2097, "invasive": 663})
    totals = {name: (part.droplevel(0) * mix).sum() / mix.sum() for name, part in alike.groupby(level=0)}
    assert totals == pytest.approx(
        {"low, low, third high": 17.96, "low, high, third high": 16.21, "high, high, third high": 14.58},
        abs=0.12,
    )


def test_the_class_mix_gives_the_printed_totals(skill):
    mix = pd.Series({"benign": 2070, "atypia": 2070, "DCIS": 2097, "invasive": 663})
    for name, part in skill.groupby(level=0):
        wrong = part.droplevel(0)["misclassified"]
        assert (wrong[mix.index] * mix).sum() / mix.sum() == pytest.approx(wrong["all"], abs=0.06), name


# ---- readers of other kinds --------------------------------------------------------------------------------


def quadrature(model, strategy) -> float:
    """Share wrong for two answers, by integrating over the beta distribution of the case."""
    from scipy import integrate, stats

    s, m = model.concentration[0], model.mean[0, 0]

    def wrong(p):
        def says_harmless(kind, ratio=1.0):
            factors = np.exp((kind or model).tilt[0])
            odds = ratio * factors[0] * p / (factors[1] * (1 - p))
            return odds / (1 + odds)

        h1 = says_harmless(strategy.first)
        h2_after_h, h2_after_g = (
            says_harmless(strategy.second, r) for r in (strategy.anchoring, 1 / strategy.anchoring)
        )
        h3_after_h, h3_after_g = (
            says_harmless(strategy.third, r) for r in (strategy.third_anchoring, 1 / strategy.third_anchoring)
        )
        return h1 * (h2_after_h + (1 - h2_after_h) * h3_after_h) + (1 - h1) * h2_after_g * h3_after_g

    beta = stats.beta(s * m, s * (1 - m))
    return integrate.quad(lambda p: wrong(p) * beta.pdf(p), 0, 1)[0]


EXPERT = GRAVE.tilted([[0.05, 0.95]])
KINDS = [
    ("blinded peers", Strategy.always()),
    ("expert second", Strategy.always(second=EXPERT)),
    ("expert third", Strategy.always(third=EXPERT)),
    ("experts throughout", Strategy.always(first=EXPERT, second=EXPERT, third=EXPERT)),
    ("second knows the first answer", Strategy.always(anchoring=1.437)),
    ("third knows it too, and is an expert", Strategy.always(anchoring=3, third=EXPERT, third_anchoring=2)),
]


@pytest.mark.parametrize(("situation", "strategy"), KINDS)
def test_skill_and_anchoring_agree_with_quadrature(situation, strategy):
    simulated = read_strategies(GRAVE, [strategy], 400_000, 5).iloc[0]["misclassified"]
    assert simulated == pytest.approx(quadrature(GRAVE, strategy), abs=0.0025), (
        situation
    )  # four standard errors


def test_only_differences_between_tilts_count_however_steep():
    steep, shallow = (replace(GRAVE, tilt=[tilt]) for tilt in ([2000, 1998], [2, 0]))
    tables = (read_strategies(GRAVE, [Strategy.always(first=kind)], 1000, 1) for kind in (steep, shallow))
    pd.testing.assert_frame_equal(*tables)


def test_a_reader_who_knows_the_first_answer_differs_less_often():
    table = read_strategies(
        GRAVE, [Strategy.always("blinded"), Strategy.always("knows", anchoring=1.437)], 50_000, 1
    ).set_index("strategy")
    assert table.loc["knows", "third"] < table.loc["blinded", "third"] - 0.01


# ---- manners -----------------------------------------------------------------------------------------------


def test_a_run_repeats_itself_and_leaves_the_global_stream_alone(breast):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (read_strategies(breast, FIVE, 70_000, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_longer_run_begins_with_the_cases_of_a_shorter_one():
    # so its count of events can only grow, block by block and within one
    runs = [
        (read_strategies(GRAVE, [Strategy.always()], n, 1)["third"] * n).iloc[0]
        for n in (1000, 65_536, 65_537)
    ]
    assert runs[0] < runs[1] <= runs[2] <= runs[1] + 1 + 1e-6


def test_strategies_read_the_same_cases(breast):
    names = [Strategy.always("one"), Strategy.always("two")]
    one, two = (
        part.drop(columns="strategy").reset_index(drop=True)
        for _, part in read_strategies(breast, names, 5000, 1).groupby("strategy")
    )
    pd.testing.assert_frame_equal(one, two)


def test_a_class_without_a_right_answer_has_no_misclassification():
    model = replace(GRAVE, classes=("all cases",))
    for run in ((), (1000, 1)):
        row = read_strategies(model, [Strategy.always()], *run).iloc[0]
        assert row[["misclassified", "under_lower", "over_upper"]].isna().all()
        assert row["third"] == pytest.approx(0.16, abs=0.05)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(SecondopError) as caught:
        read_strategies(GRAVE, [Strategy.first_in("gravel", name="x"), Strategy.none("x")], 100)
    assert str(caught.value).splitlines()[1:] == [
        "  n cases are simulated: say which with seed=, a whole number.",
        "  2 strategies are named 'x'.",
        "  'x': no answer 'gravel'. Did you mean 'grave'?",
    ]


OTHER = GRAVE.independent()
MISTAKES = [
    # situation  call  says
    ("n is no number of cases",  lambda: read_strategies(GRAVE, [Strategy.none()], 0, 1),  "whole number"),
    ("exact with anchoring",  lambda: read_strategies(GRAVE, [Strategy.always(anchoring=2)]),  "exact only"),
    ("exact with experts",  lambda: read_strategies(GRAVE, [Strategy.always(third=EXPERT)]),  "exact only"),
    ("other cases",  lambda: read_strategies(GRAVE, [Strategy.always(second=OTHER)]),  "other cases"),
    ("no strategy",  lambda: read_strategies(GRAVE, "none"),  "list of Strategy"),
    ("no strategy at all",  lambda: read_strategies(GRAVE, []),  "list of Strategy"),
    ("no such resolution", lambda: Strategy.always(resolution="majorty"), "majority, median, third decides"),
    ("no odds ratio",  lambda: Strategy.always(anchoring=0),  "odds ratio"),
    ("more than all",  lambda: Strategy("x", {"grave": 1.2}),  "from 0 to 1"),
    ("a share for no answer",  lambda: read_strategies(GRAVE, [Strategy("x", {"gravel": 1})]),  "'grave'"),
    ("per cent for a wish",  lambda: Strategy("x", (), unsure=16),  "from 0 to 1"),
    ("a class without a share",  lambda: Strategy.by_policy("x", GRAVE, {}),  "second readings of grave"),
    ("one answer, not a tuple",  lambda: Strategy("x", "grave"),  "list of names"),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "call", "says"), MISTAKES)
def test_mistakes_say_what_to_do(situation, call, says):
    with pytest.raises(SecondopError, match=says):
        call()
