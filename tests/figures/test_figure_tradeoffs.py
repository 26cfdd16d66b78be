"""The trade-off and the yield above chance: drawn is what the table holds, and titles claim no more."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.departures import verification_bias
from secondop.evaluation.rates import firing_rates
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.figures.captions import number, with_ends
from secondop.figures.policies import short
from secondop.figures.style import COLOURS, INK, QUIET, figure
from tests.figures.seen import hovers, notes, rows, title, trace
from tests.figures.weighed import BOOK, SHARES, THRESHOLDS, N, cases, curved, weighed

FIGURES = {
    "trade-off": lambda frame: figures.tradeoff(weighed(frame)),
    "yield": lambda frame: figures.yield_above_chance(weighed(frame)),
    "decision curve": lambda frame: figures.decision_curve(curved(frame)),
    "net benefit": lambda frame: figures.net_benefit(weighed(frame)),
}
EVERY = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


@EVERY
def test_simulated_is_called_simulated_and_what_is_not_is_not(draw):
    assert f"{N} simulated cases" in title(draw(cases()))
    real = draw(cases(simulated=False))
    assert f"{N} cases" in title(real)
    assert not any(word in text for text in [title(real), *hovers(real)] for word in ("simulated", "assumed"))


@EVERY
@pytest.mark.parametrize("unknown", [0, 20])
def test_every_text_is_whole_whatever_is_unknown(draw, unknown):
    figure = draw(cases(unknown=unknown))
    assert len(hovers(figure)) >= 3 and len(figure.layout.meta["title"]) <= 170
    for text in [title(figure), figure.layout.meta["description"], *hovers(figure), *notes(figure)]:
        assert not {"nan", "NA", "<NA>", "None", "inf"} & set(text.replace(",", " ").split()), text
    assert figure.layout.meta["title"] in figure.layout.meta["description"]


@EVERY
def test_a_table_in_which_nothing_happens_is_drawn(draw):
    figure = draw(cases(**dict.fromkeys(SHARES, False), changed=False))
    assert len(title(figure)) > 20 and "nan" not in title(figure)


@EVERY
def test_unknown_outcomes_are_named_beside_missing_information_only_where_there_are_any(draw):
    assert "unknown outcomes" in title(draw(cases(unknown=20)))
    assert "unknown outcomes" not in title(draw(cases())) and "missing information" in title(draw(cases()))


@EVERY
def test_another_table_is_refused_by_name(draw):
    with pytest.raises(SecondopError, match="draws a table that"):
        getattr(figures, draw(cases()) and _name(draw))(pd.DataFrame({"a": [1]}))


@EVERY
def test_a_table_like_it_of_another_function_is_refused_and_what_it_lacks_named(draw):
    name, rates = _name(draw), firing_rates(cases())
    with pytest.raises(SecondopError, match=f"The figure {name} cannot draw this table: it has no rows of "):
        getattr(figures, name)(rates)
    for measure in ("net_benefit", "yield_above_chance", "true_positive"):
        with pytest.raises(SecondopError, match=r"cannot draw this table: it has .*Give it what"):
            getattr(figures, name)(
                verification_bias(
                    cases(unknown=20), "urgent", outcome="changed", given=[], measure=measure, rule_book=BOOK
                )
            )


def test_the_description_names_every_number_also_where_one_is_missing():
    figure = figures.tradeoff(weighed(cases()))
    nobody = next(row for row in rows(figure) if row["policy"] == "Nobody")
    assert nobody["number needed to refer"] == "none"
    told = ", ".join(f"{name}: {cell}" for name, cell in nobody.items() if cell and name != "policy")
    assert f"; Nobody, {told}; " in figure.layout.meta["description"]


@pytest.mark.parametrize("name", ["tradeoff", "net_benefit"])
def test_a_table_without_everybody_is_refused(name):
    table = weighed(cases())
    with pytest.raises(SecondopError, match=r"no rows of all.* without leaving out rows of nobody"):
        getattr(figures, name)(table[table["policy"] == "recommended"])


def _name(draw):
    names = {"trade-off": "tradeoff", "yield": "yield_above_chance"}
    key = next(key for key, value in FIGURES.items() if value is draw)
    return names.get(key, key.replace(" ", "_"))


def test_marks_stand_where_the_table_has_them_with_chance_and_the_frontier():
    table = wide(weighed(cases())).set_index("policy")
    figure, everybody = figures.tradeoff(weighed(cases())), table.loc["all"]
    ends = [[0, everybody[name]] for name in ("false_positive", "true_positive")]
    np.testing.assert_allclose([trace(figure, "chance")[axis] for axis in "xy"], ends, rtol=1e-5)
    front = table[table["frontier"] == 1].sort_values("false_positive")["true_positive"]
    assert list(trace(figure, "efficient frontier").y) == pytest.approx(front.tolist(), rel=1e-5)
    drawn = [(x, y) for t in figure.data if t.mode == "markers" for x, y in zip(t.x, t.y, strict=True)]
    expected = table[["false_positive", "true_positive"]].to_records(index=False).tolist()
    np.testing.assert_allclose(sorted(drawn), sorted(expected), rtol=1e-5)
    assert len(trace(figure, "named").x) == 5 + 3  # and the ends
    named = {"nobody", "everybody", "perfect foresight", "a clinical indication", "efficient frontier"}
    assert named <= set(notes(figure))


def test_numbers_needed_to_refer_stand_on_lines_from_nobody():
    figure, everybody = (
        figures.tradeoff(weighed(cases())),
        wide(weighed(cases())).set_index("policy").loc["all"],
    )
    assert f"chance: NNR {everybody['nnr']:.2g}" in notes(figure)
    said = {text for text in notes(figure) if text.startswith("NNR")}
    lines = {f"NNR {1 + t.x[1] / t.y[1]:g}" for t in figure.data if t.name == "needed"}
    assert said == lines and lines and all(float(text[4:]) < everybody["nnr"] for text in lines)
    most = figures.tradeoff(weighed(cases(changed=~cases()["changed"])))  # chance itself needs but 1.3
    assert not [t for t in most.data if t.name == "needed"]


def test_missing_information_is_a_pale_bar_and_the_interval_a_cross_that_holds_none_of_it():
    table = wide(weighed(cases(), ["recommended"])).set_index("policy").loc["recommended"]
    figure = figures.tradeoff(weighed(cases(), ["recommended"]))
    bar, mark = trace(figure, "missing"), trace(figure, "named")
    at = [row[0] for row in mark.customdata].index("All with a clinical indication")
    for axis, name in (("x", "false_positive"), ("y", "true_positive")):
        assert list(bar[axis]) == pytest.approx([table[name], table[f"{name}_max"]], rel=1e-4)
        error = mark[f"error_{axis}"]
        assert error.array[at] == pytest.approx(table[f"{name}_upper"] - table[f"{name}_max"], rel=1e-4)
        assert error.arrayminus[at] == pytest.approx(table[f"{name}_min"] - table[f"{name}_lower"], rel=1e-4)
    table = weighed(cases(mine=np.arange(N) % 3 == 0), {"mine": "mine"})
    complete = figures.tradeoff(table[table["sort"].isin(["own", "none", "all", "perfect foresight"])])
    assert not [t for t in complete.data if t.name == "missing"] and "Pale bar" not in title(complete)


def test_the_number_needed_to_refer_at_random_stands_on_the_line_of_chance():
    figure = figures.tradeoff(weighed(cases()))
    row = wide(weighed(cases())).set_index("policy").loc["all"]
    assert f"chance: NNR {row['nnr']:.2g}" in notes(figure)


def test_own_policies_are_named_before_those_of_the_book():
    frame = cases().assign(mine=np.arange(N) % 3 == 0)
    figure = figures.tradeoff(weighed(frame, {"mine": "mine"}))
    assert "mine" in notes(figure) and COLOURS["overuse"] in trace(figure, "named").marker.color
    assert short({"policy": "p", "sort": "group", "label": "all with an indication of trust"}) == "trust"
    assert short({"policy": "risk", "sort": "score", "label": "all with risk of at least 0.7"}) == "risk"
    assert len(short({"policy": "", "sort": "own", "label": "x" * 90})) <= 36


def test_the_title_tells_what_is_found_and_spent_and_how_far_above_chance():
    table = wide(weighed(cases())).set_index("policy")
    row, everybody, figure = table.loc["recommended"], table.loc["all"], figures.tradeoff(weighed(cases()))
    of = f"{row['true_positive']:.0f} of the {everybody['true_positive']:.0f}"
    found = f"is known to find {of} changes in 100 cases"  # gaps could add some
    over = f"with {row['false_positive']:.0f} no-change referrals"
    above = with_ends(*(row[f"yield_above_chance{end}"] for end in ("", "_lower", "_upper")))
    assert title(figure).startswith(
        f"Referring all with a clinical indication {found}, {over}: {above} above chance"
    )
    (said,) = (r for r in rows(figure) if r["policy"] == "All with a clinical indication")
    ends = " to ".join(f"{row[f'true_positive_{end}']:.1f}" for end in ("min", "max"))
    assert said["true positives: referred, changes"] == f"{row['true_positive']:.1f} ({ends})"
    assert said["number needed to refer"].startswith(f"{row['nnr']:.1f}")
    assert said["in brackets"] == "what missing information could make of it"


@EVERY
def test_words_are_in_ink_and_only_what_leads_to_a_line_has_its_colour(draw):
    layout = draw(cases()).layout
    for note in [*layout.annotations, *layout.meta["narrow"]["annotations"]]:
        assert note["font"]["color"] in (INK, QUIET), note["text"]


def test_a_score_is_named_with_a_threshold_that_one_reads():
    frame = cases(simulated=False, risk=np.linspace(0, 0.9, N), dose=np.linspace(0, 4000, N))
    figure = figures.tradeoff(weighed(frame, scores={"risk": 0.721979, "dose": 1234.5}))
    told = [row["policy"] for row in rows(figure)]
    assert {"All with risk of at least 0.722", "All with dose of at least 1,234"} < {*told}


def test_in_a_crowded_corner_no_leader_line_crosses_another():
    made = figure("Title", "note", x="x", y="y", height=430)
    made.across["range"], made.up["range"] = [0, 84], [0, 18.9]
    places = {(0, 0): "nobody", (2, 0.4): "an urgent indication", (23.9, 7.9): "a clinical indication"}
    places |= {(2.2, 1.4): "at least 3 clinical indications", (0.9, 0.7): "at least 4 clinical indications"}
    for (x, y), text in places.items():
        made.points([x], [y])
        made.name(x, y, text)
    layout = made.done().layout
    margin, leads = layout.margin, []
    assert len(layout.annotations) == len(places) + 1, "and what the axis is called"
    for note in layout.annotations:
        if note.showarrow:
            at = complex(note.x / 84 * (760 - margin.l - margin.r), -note.y / 18.9 * 430)
            away = complex(note.ax, note.ay)
            leads.append((at + away / abs(away) * note.standoff, at + away))
    for i, (a, b) in enumerate(leads):
        for c, d in leads[:i]:
            here, there = (c - a) / (b - a), (d - a) / (b - a)  # as seen along the first
            where = here.real - here.imag * (there - here).real / ((there - here).imag or 1e-9)
            assert here.imag * there.imag > 0 or not 0 < where < 1, (a, b, c, d)


def test_without_policies_the_ends_are_drawn():
    figure = figures.tradeoff(weighed(cases(), []))
    assert title(figure).startswith("Referring everybody finds") and len(rows(figure)) == 3


def test_a_wrong_diagnosis_put_right_is_told_in_its_own_words():
    frame = cases().rename(columns={"changed": "error_corrected"})
    figure = figures.tradeoff(tradeoff(frame, outcome="error_corrected", rule_book=BOOK))
    assert "wrong diagnoses in 100 cases" in title(figure) and "no-change" not in title(figure)


def test_no_frontier_is_drawn_between_the_ends_below_a_policy_whose_betters_are_left_out():
    table = weighed(cases())
    dominated = wide(table).query("frontier == 0 and sort != 'perfect foresight'")["policy"].iloc[0]
    kept = table[table["policy"].isin(["none", "all", "perfect foresight", dominated])]
    assert "efficient frontier" not in {part.name for part in figures.tradeoff(kept).data}


def test_the_frontier_breaks_where_unknown_outcomes_decide_who_is_on_it():
    table, broken = weighed(cases(unknown=20)), "The frontier breaks where outcomes decide it."
    front, real = trace(figures.tradeoff(table), "efficient frontier"), wide(table)
    real = real[(real["sort"] != "perfect foresight") & (real["frontier"] != 0)]
    assert sum(x is None for x in front.x) == real["frontier"].isna().sum() > 0
    assert sum(x is not None for x in front.x) == (real["frontier"] == 1).sum()
    assert broken in title(figures.tradeoff(table))
    assert broken not in title(figures.tradeoff(weighed(cases())))


def test_unknown_outcomes_are_drawn_half_way_and_no_mark_lies_above_perfect_foresight():
    table = weighed(cases(unknown=60))
    figure, found = figures.tradeoff(table), wide(table).set_index("policy")
    ends = trace(figure, "named")
    at = dict(zip((row[0] for row in ends.customdata), zip(ends.x, ends.y, strict=True), strict=True))
    low, high = found.loc["all", ["true_positive_min", "true_positive_max"]]
    assert at["Everybody"][1] == pytest.approx((low + high) / 2, rel=1e-4)
    marks_ = [y for t in figure.data if t.mode == "markers" for y in t.y]
    assert max(marks_) <= at["Only those that would change"][1] + 1e-4
    assert f"of the {low:.0f} to {high:.0f} changes" in title(figure)
    (said,) = (r for r in rows(figure) if r["policy"] == "Everybody")
    assert said["true positives: referred, changes"] == f"{number(low, 1)} to {number(high, 1)}"
    bars = {(*t.x, *t.y) for t in figure.data if t.name == "missing"}  # from the least to the most of both
    ends = [f"{name}_{end}" for name in ("false_positive", "true_positive") for end in ("min", "max")]
    assert all(np.isclose(found[ends], bar, rtol=1e-4).all(axis=1).any() for bar in bars) and bars


def test_of_one_group_unknown_outcomes_are_counted_of_all_groups_together():
    table = tradeoff(cases(unknown=20), outcome="changed", by="sex", rule_book=BOOK)
    figure = figures.tradeoff(table[table["group"] == "female"])
    assert "All groups together: The outcome is known for 180 of 200 cases." in title(figure)
    with pytest.raises(SecondopError, match="tradeoff draws one group, and the table holds 3: female, male"):
        figures.tradeoff(table)


def test_several_thresholds_move_no_point_of_the_tradeoff():
    several = figures.tradeoff(weighed(cases(), threshold=THRESHOLDS))
    assert several.to_json() == figures.tradeoff(weighed(cases())).to_json()


def test_yields_are_ranked_with_missing_information_and_intervals_apart():
    name, table = "yield_above_chance", wide(weighed(cases()))
    figure, table = figures.yield_above_chance(weighed(cases())), table[~table["sort"].isin(["none", "all"])]
    table = table[table["sort"] != "perfect foresight"].sort_values(name, ascending=False, kind="stable")
    drawn = trace(figure, "mark")
    assert list(drawn.x) == pytest.approx(table[name].tolist(), rel=1e-4)
    assert list(drawn.y) == [-i for i in range(len(table))]
    (hatched,) = (t for t in figure.data if t.type == "bar")
    assert list(np.add(hatched.base, hatched.x)) == pytest.approx(table[f"{name}_max"].tolist(), abs=1e-3)
    sure = (table[f"{name}_lower"] > 0) | (table[f"{name}_upper"] < 0)
    assert [c == COLOURS["rule book"] for c in drawn.marker.color] == sure.tolist()
    assert {number(x, 1) for x in table[name]} <= set(notes(figure))


YIELDS = [
    # intervals of two policies         the title tells
    ([(-1, 2), (-3, 4)], "find more changes than chance: none of 2 policies; of 2 it cannot be told"),
    ([(1, 2), (-3, 4)], "1 of 2 policies, an urgent indication (1.0 to 2.0 more per 100 cases)"),
    ([(1, 2), (3, 4)], "Shown to find more changes than chance: 2 of 2 policies, most surely a clinical"),
    ([(1, 2), (-3, -1)], "; fewer: 1"),
    ([(-4, -3), (-3, -1)], "Shown to find more changes than chance: none of 2 policies; fewer: 2"),
]


@pytest.mark.parametrize(("ends", "told"), YIELDS)
def test_a_policy_is_told_from_chance_only_by_its_interval(ends, told):
    table = weighed(cases(), ["urgent", "recommended"])
    for policy, two in zip(("urgent", "recommended"), ends, strict=True):
        at = (table["policy"] == policy) & (table["measure"] == "yield_above_chance")
        table.loc[at, ["lower", "upper"]] = two
    said = title(figures.yield_above_chance(table))
    assert told in said and ("cannot be told" in said) == any(low <= 0 <= high for low, high in ends)


def test_yields_alone_are_drawn_of_errors_corrected_less_introduced_and_none_of_the_ends():
    frame = cases().rename(columns={"changed": "error_corrected"}).assign(error_introduced=False)
    table = tradeoff(frame, outcome="net_corrected", rule_book=BOOK)
    assert "errors corrected, less introduced, per 100" in title(figures.yield_above_chance(table)) + (
        figures.yield_above_chance(table).layout.xaxis.title.text.replace("<br>", " ")
    )
    for draw in (figures.tradeoff, figures.net_benefit):
        with pytest.raises(SecondopError, match=r"no rows of .*true_positive.*draw decision_curve"):
            draw(table)
    with pytest.raises(SecondopError, match="none but ends"):
        figures.yield_above_chance(weighed(cases(), []))
