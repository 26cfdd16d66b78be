"""A report says what there is to say, and nothing else: no case, no path, no text that runs, no network."""

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from secondop import (
    RULE_BOOK,
    SGB27B,
    CasesError,
    Cohort,
    SecondopError,
    assess,
    firing_rates,
    flag,
    load_scenario,
    report,
    simulate,
    tradeoff,
    wide,
)
from secondop.rules.facts import category
from tests.kit import rule, sampled, small_book, to_engine

EVIL = "</script><img src=x onerror=alert(1)>"
CONCERN, SIDE = flag("concern", "Is there a concern?"), category("side", "left right", "Which side?")
BOOK = small_book(rule("growth", CONCERN), rule("left", SIDE.is_in("left"), level="optional"))
CASES = pd.DataFrame(
    {
        "patient": [f"Pt-{7000 + i}" for i in range(60)],
        "remark": "told the nurse a secret",
        "concern": ([True] * 20 + [False] * 30 + [None] * 10),
        "side": ["left", "right", None] * 20,
        "site": ["north"] * 35 + ["south"] * 25,
        "changed": [True, False, False] * 20,
    }
)
PARTS = ["Who is in it?", "What is missing?", "How often do the rules fire?"]
GROUPS, WORTH, OPEN = (
    "Do the groups differ?",
    "What does it find, and what does it cost?",
    "What cannot be concluded?",
)


@pytest.fixture(scope="module")
def simulated():
    return simulate(load_scenario("general"), 3_000, seed=1)


def page_of(cases, folder, **options):
    text = report(cases, folder / "report.html", **{"rule_book": BOOK, **options}).read_text(encoding="utf-8")
    read = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    return text, BeautifulSoup(re.sub(r"(?<=[\w.,:;])\n(?=\w)", " ", read), "html.parser")


def table(soup, caption):
    (found,) = (x for x in soup("table") if caption in x.caption.get_text())
    return [[cell.get_text().replace("\xa0", " ") for cell in row(["th", "td"])] for row in found("tr")]


SECTIONS = [
    ({}, [*PARTS, OPEN]),
    ({"by": "site"}, [*PARTS, GROUPS, OPEN]),
    ({"outcome": "changed"}, [*PARTS, WORTH, OPEN]),
    ({"by": ["site", "side"], "outcome": "changed"}, [*PARTS, GROUPS, WORTH, OPEN]),
]


@pytest.mark.parametrize(("options", "headings"), SECTIONS, ids=lambda x: "-".join(map(str, x)))
def test_its_parts_follow_what_is_known(options, headings, tmp_path):
    _, soup = page_of(CASES, tmp_path, **options)
    assert [heading.get_text() for heading in soup("h2")] == headings


def test_it_says_which_book_judged_which_cases(tmp_path, simulated):
    _, soup = page_of(simulated, tmp_path, rule_book=RULE_BOOK)
    head = soup.dl.get_text(" ", strip=True)
    for said in (
        RULE_BOOK.title,
        RULE_BOOK.version,
        RULE_BOOK.updated,
        RULE_BOOK.status,
        RULE_BOOK.fingerprint,
    ):
        assert said in head
    assert "3,000 simulated cases" in head and "These cases are simulated" in soup.get_text()
    assert "simulated" not in page_of(CASES, tmp_path)[1].get_text()


WORDS = [
    ({}, "No outcome was given", "The outcome is unknown in"),
    ({"outcome": "changed"}, "There are 60 cases only", "No outcome was given"),
    ({"outcome": "gaps"}, "The outcome is unknown in 20 of 60 cases", "No outcome was given"),
]


@pytest.mark.parametrize(("options", "said", "not_said"), WORDS)
def test_it_says_what_cannot_be_concluded(options, said, not_said, tmp_path):
    cases = CASES.assign(gaps=[True, False, None] * 20)
    words = page_of(cases, tmp_path, **options)[1].find(id="open").parent.get_text()
    assert said in words and not_said not in words
    assert "shares of second opinions obtained" in words and "not for care" in words


def test_table_1_counts_each_answer_and_what_is_not_recorded_by_group(tmp_path):
    assert table(page_of(CASES, tmp_path, by="site")[1], "Table 1") == [
        ["fact", "answer", "all, n (%)", "north, n (%)", "south, n (%)"],
        ["all cases", "", "60", "35", "25"],
        ["concern", "yes", "20 (40)", "20 (57)", "0 (0.0)"],
        ["", "no", "30 (60)", "15 (43)", "15 (100)"],
        ["", "not recorded", "10 (17)", "0 (0.0)", "10 (40)"],
        ["side", "left", "20 (50)", "12 (50)", "8 (50)"],
        ["", "right", "20 (50)", "12 (50)", "8 (50)"],
        ["", "not recorded", "20 (33)", "11 (31)", "9 (36)"],
    ]


def test_numbers_are_cut_where_the_rules_cut_them(tmp_path, simulated):
    rows = table(page_of(simulated, tmp_path, rule_book=RULE_BOOK)[1], "Table 1")
    drugs = [row[1] for row in rows[[row[0] for row in rows].index("drug trials") :][:3]]
    assert drugs == ["less than 2 drugs", "at least 2 drugs", "not recorded"]


def test_what_nobody_recorded_is_named_with_the_rules_that_need_it(tmp_path):
    words = page_of(CASES.drop(columns="side"), tmp_path)[1].find(id="missing").parent.get_text()
    assert "1 are recorded" in words and "Never recorded, and so unknown in every case: side." in words
    assert "Reason left" in words and "Reason growth" not in words


def test_rates_and_trade_off_are_those_of_their_functions(tmp_path, simulated):
    path = report(simulated, tmp_path / "r.xlsx", outcome="treatment_changed", by="sex", min_cell=1)
    sheets = pd.read_excel(path, sheet_name=None)
    rates = firing_rates(simulated).set_index("label")
    for row in sheets["rates"].to_dict("records"):
        same = rates.loc[[row["name"]]].iloc[0]
        shown = [
            row[x]
            for x in (
                "fires in",
                "cannot be judged",
                "of",
                "if missing were no, %",
                "if missing were yes, %",
                "95 % interval, from",
            )
        ]
        assert shown == pytest.approx([same[x] for x in ("fired", "unknown", "n", "min", "max", "lower")])
    by_sex = firing_rates(simulated, by="sex").set_index(["label", "group"])
    for row in sheets["groups"].to_dict("records"):
        assert row["fires in"] == by_sex.loc[(row["level"], row["group"]), "fired"]
    whole = wide(tradeoff(simulated, outcome="treatment_changed")).set_index("policy")
    made = wide(sheets["trade-off"].astype({"group": object})).set_index("policy")
    assert set(made.index) == {"none", "urgent", "recommended", "optional", "perfect foresight", "all"}
    for name in ("true_positive", "false_negative_max", "net_benefit_lower", "nnr"):
        assert made[name].to_list() == pytest.approx(whole.loc[made.index, name].to_list(), nan_ok=True)


def test_undetermined_cases_are_those_of_assess(tmp_path, simulated):
    words = page_of(simulated, tmp_path, rule_book=RULE_BOOK)[1].find(id="missing").parent.get_text()
    assert f"In {assess(simulated)['undetermined'].sum():,} of 3,000 simulated cases" in words


def test_no_case_no_path_and_no_free_text_is_in_it(tmp_path):
    for name in ("report.html", "report.xlsx"):
        path = report(CASES, tmp_path / name, by="site", outcome="changed", rule_book=BOOK)
        text = path.read_bytes().decode("utf-8", "ignore")
        if name.endswith("xlsx"):
            text = str(pd.read_excel(path, sheet_name=None))
        for secret in ("Pt-7", "nurse", "remark", str(tmp_path), tmp_path.name):
            assert secret not in text


def test_a_group_that_is_one_patient_has_no_name_in_it(tmp_path):
    _, soup = page_of(CASES, tmp_path, by="patient")
    assert "Pt-7" not in str(soup) and "60 groups have no column" in soup.get_text()


def test_small_groups_are_left_out_with_the_next_smallest(tmp_path):
    sites = ["north"] * 30 + ["south"] * 20 + ["east"] * 7 + ["Dr Who"] * 3
    text, soup = page_of(CASES.assign(site=sites), tmp_path, by="site")
    assert table(soup, "Table 1")[0][2:] == ["all, n (%)", "north, n (%)", "south, n (%)"]
    assert "2 groups have no column" in soup.get_text() and "Dr Who" not in text


def test_a_group_may_be_called_all(tmp_path):
    rows = table(
        page_of(CASES.assign(site=["all"] * 40 + ["hidden"] * 20), tmp_path, by="site")[1], "Table 1"
    )
    assert rows[0][2:] == ["all, n (%)", "all (1), n (%)", "hidden, n (%)"] and rows[1][2:] == [
        "60",
        "40",
        "20",
    ]


def test_it_needs_no_network(tmp_path):
    text, soup = page_of(CASES, tmp_path, by="site", outcome="changed")
    assert not soup.find_all(["link", "iframe", "base", "object", "embed"])
    loads = [tag for tag in soup.find_all(True) if {"src", "href", "action", "data"} & tag.attrs.keys()]
    assert loads == []
    assert "default-src 'none'" in soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert text.count("plotly.js v") == 1, "the library is in the page once"


def test_it_can_be_read_without_seeing_it(tmp_path):
    _, soup = page_of(CASES, tmp_path, by="site", outcome="changed")
    assert soup.html["lang"] == "en" and len(soup("h1")) == 1
    assert all(x.caption.get_text(strip=True) for x in soup("table"))
    assert all(th.get("scope") in ("col", "row") for th in soup("th"))
    assert all(x["role"] == "img" and len(x["aria-label"]) > 20 for x in soup("figure"))
    assert all(x.find(id=x["aria-labelledby"]) for x in soup("section"))


def test_no_text_of_a_book_or_of_cases_runs(tmp_path):
    evil = small_book(
        rule("growth", CONCERN, label=EVIL, group=EVIL),
        rule("left", SIDE.is_in("left"), level="urgent"),
        title=EVIL,
        version=EVIL,
        status=EVIL,
    )
    cases = CASES.rename(columns={"changed": EVIL}).assign(**{EVIL + "by": [EVIL, "other"] * 30})
    text, _ = page_of(cases, tmp_path, rule_book=evil, by=EVIL + "by", outcome=EVIL, title=EVIL)
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert "<img" not in own and "onerror=alert(1)&gt;" in own
    figures = re.findall(r'<script type="application/json">(.*?)</script>', own, re.DOTALL)
    assert figures and all("<" not in figure for figure in figures)


def test_what_a_spreadsheet_would_run_is_text(tmp_path):
    book = small_book(
        rule("growth", CONCERN, label="=1+1"), rule("left", SIDE.is_in("left"), label="\n@SUM(A1)")
    )
    path = report(
        CASES.assign(site=["=cmd()"] * 30 + ["+x"] * 30), tmp_path / "r.xlsx", by="site", rule_book=book
    )
    import openpyxl

    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert {"'=1+1", "'=cmd()"} <= {cell.value for cell in cells}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of all cases by site with their outcome."""
    return page_of(CASES, tmp_path_factory.mktemp("whole"), by="site", outcome="changed")[0]


@pytest.mark.parametrize("kind", sampled(["polars", "pandas nullable", "pyarrow", "polars lazy", "duckdb"]))
def test_every_engine_makes_the_same_report(kind, whole, tmp_path):
    rows = CASES.astype(object).to_dict("records")
    rows = [{k: None if v is None or v != v else v for k, v in row.items()} for row in rows]
    cases = to_engine(kind, rows, BOOK.facts | {"changed": flag("changed", "?"), "site": SIDE})
    assert page_of(cases, tmp_path, by="site", outcome="changed")[0] == whole


def test_a_cohort_brings_its_book_outcome_and_groups(whole, tmp_path):
    assert page_of(Cohort(CASES, BOOK, outcome="changed", by="site"), tmp_path)[0] == whole
    told = {"outcome": "changed", "verified": "concern", "cluster": "site"}
    assert page_of(Cohort(CASES, BOOK, **told), tmp_path)[0] == page_of(CASES, tmp_path, **told)[0] != whole


def test_verdicts_without_facts_are_reported_without_table_1(tmp_path):
    judged = assess(CASES, BOOK, verdicts=True).drop(columns=["concern", "side"])
    _, soup = page_of(judged, tmp_path, outcome="changed")
    assert "cannot say who is in it" in soup.get_text() and "20 of" not in str(soup.find(id="who"))
    assert len(table(soup, "fires")) > 3


def test_a_legal_list_is_reported_as_any_other_book(tmp_path):
    cases = pd.DataFrame(
        {name: [True, False, None] * 40 for name, f in SGB27B.facts.items() if f.kind == "flag"}
    )
    _, soup = page_of(cases, tmp_path, rule_book=SGB27B)
    assert SGB27B.title in soup.h1.get_text()


@pytest.fixture(scope="module")
def log(simulated):
    """Cases whose outcome is known only for those who sought an opinion, as in a log."""
    kept = simulated.drop(columns=["difficulty", "gravity", "diagnosis_changed"]).assign(ward=range(3_000))
    kept.attrs = {}
    return kept.assign(
        changed=kept.pop("treatment_changed").where(kept["sought"]), ward=kept["ward"].floordiv(30)
    )


KNOWN = [
    ({}, "The outcome is known for", "missing at random", "known cases alone would not tell it"),
    (
        {"method": "doubly_robust", "given": []},
        "missing at random",
        "would not tell it",
        "The estimates hold only if",
    ),
    (
        {"verified": "sought"},
        "those with 'sought'",
        "missing at random",
        "known cases alone would not tell it",
    ),
]


@pytest.mark.parametrize(("options", "said", "not_said", "caution"), KNOWN)
def test_it_says_for_whom_the_outcome_is_known_and_what_an_estimate_assumes(
    options, said, not_said, caution, log, tmp_path
):
    _, soup = page_of(log, tmp_path, rule_book=RULE_BOOK, outcome="changed", **options)
    told, cannot = (soup.find(id=x).parent.get_text() for x in ("tradeoff", "open"))
    assert said in told and not_said not in told + cannot and caution in cannot


def test_estimates_stand_beside_their_bounds(log, tmp_path):
    _, soup = page_of(log, tmp_path, rule_book=RULE_BOOK, outcome="changed", method="doubly_robust", given=[])
    cell = table(soup, "each policy")[-1][2]
    assert re.fullmatch(r"[\d.]+ \([\d.]+ to [\d.]+\) \[[\d.]+ to [\d.]+\]", cell), cell


def test_a_workbook_says_of_whom_its_numbers_are_and_what_they_assume(log, tmp_path):
    path = report(log, tmp_path / "r.xlsx", outcome="changed", method="doubly_robust", given=[])
    about = pd.read_excel(path, sheet_name="about").set_index("about")["this report"]
    assert about["outcome"] == "changed" and "in which it is known" in about["who"]
    assert about["verification"] == tradeoff(log, outcome="changed").attrs["verification"]
    assert about["estimate"].startswith("Estimated (doubly robust) as if outcomes were missing at random")
    alone = pd.read_excel(report(log, tmp_path / "r.xlsx"), sheet_name="about")["about"]
    assert not {"outcome", "verification", "estimate"} & {*alone}


def test_intervals_keep_a_cluster_together(log, tmp_path):
    path = report(log, tmp_path / "r.xlsx", cluster="ward", outcome="changed")
    sheets = pd.read_excel(path, sheet_name=None)
    rates = firing_rates(log, cluster="ward").set_index("label")
    shown = sheets["rates"].set_index("name")["95 % interval, from"]
    assert shown["recommended or more"] == pytest.approx(rates.loc["recommended or more", "lower"])
    told = wide(tradeoff(log, outcome="changed", cluster="ward")).set_index("policy")
    made = wide(sheets["trade-off"].astype({"group": object})).set_index("policy")
    assert made.loc["all", "true_positive_lower"] == pytest.approx(told.loc["all", "true_positive_lower"])


def test_of_one_cluster_there_is_no_interval_and_no_figure_by_group(tmp_path):
    _, soup = page_of(CASES, tmp_path, by="site", cluster="site", outcome="changed")
    assert "Recommended or more: 33 to 50 of 100 cases" in soup.get_text()
    assert not soup.find(id="groups").parent.find("figure") and "nan" not in soup.get_text().split()
    with pytest.raises(SecondopError, match="of one 'one' alone"):
        page_of(CASES.assign(one="1"), tmp_path, cluster="one", outcome="changed")


def test_an_answer_that_is_none_is_counted_and_not_told(tmp_path):
    odd = CASES.set_index("patient").assign(side=["left", "Frau Meier", "right"] * 20)
    with pytest.raises(CasesError, match=r"20 values in side\. check_cases") as error:
        report(odd, tmp_path / "r.html", rule_book=BOOK)
    assert "Meier" not in str(error.value) and "Pt-7" not in str(error.value) and len(error.value.problems)
    assert error.value.__suppress_context__


FEW = [CASES[:6], CASES.assign(changed=None), CASES.assign(changed=[True] * 3 + [False] * 57)]


@pytest.mark.parametrize("cases", FEW, ids=["six cases", "no outcome known", "few change"])
def test_of_few_cases_hardly_anything_is_said(cases, tmp_path):
    _, soup = page_of(cases, tmp_path, by="site", outcome="changed")
    text = soup.get_text()
    assert ("This is hidden: the outcome is yes, no or unknown in fewer than 5" in text) == (
        cases["changed"].notna().any()
    )


REFUSED = [
    ({"path": "r.pdf"}, "an .html page or an .xlsx workbook"),
    ({"path": "nowhere/r.html"}, "no folder 'nowhere'"),
    ({"path": None}, "path is a text, or a path"),
    ({"title": 3}, "title is a text"),
    ({"min_cell": 0}, "min_cell is a whole number, 1 or more"),
    ({"cases": CASES[:0]}, "no cases to report"),
    ({"cases": CASES[:4]}, "only 4 cases: too few to share, below min_cell=5"),
    ({"cases": "cases.csv"}, "Expected a frame of cases"),
    ({"outcome": "net_corrected"}, "yes/no outcome"),
    ({"outcome": "chnged"}, "Did you mean 'changed'"),
    ({"by": "ward"}, "no column of the cases 'ward'"),
    ({"cases": Cohort(CASES.assign(w=1.0), BOOK, outcome=None, weights="w")}, "weighs them"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_reported_is_refused_and_leaks_no_path(given, said, tmp_path):
    given = {"cases": CASES, "path": "r.html"} | given
    path = (name := given.pop("path")) and tmp_path / name
    with pytest.raises(SecondopError, match=re.escape(said)) as error:
        report(path=path, rule_book=BOOK, **given)
    assert str(tmp_path.parent) not in str(error.value) or path is None
    assert not list(tmp_path.iterdir())


def test_without_openpyxl_a_workbook_is_answered_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SecondopError, match=r"secondop\[excel\]"):
        report(CASES, tmp_path / "r.xlsx", rule_book=BOOK)
