"""The explorers' front ends alone, in a headless Chromium: no kernel, each answers by itself."""

import random

import numpy as np
import pytest

from secondop import RULE_BOOK, simulate
from secondop.evaluation.people import natural_frequencies
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import deck, explore_case, explore_prevalence, explore_tradeoff, quiz
from secondop.teaching.cards import hint_words
from tests.browser.played import SIZES, play, resize

pytestmark = pytest.mark.needs_chromium
CUT = """() => [...document.querySelectorAll(".verdict, .next, .story, .field, .tools")].filter(
  (part) => part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1
).map((part) => part.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def opened(browser):
    """`opened(widget)`: a page with it, and what it complained of."""
    pages = []

    def open_page(widget, size="projector"):
        page = browser.new_page()
        pages.append(page)
        page.told = []
        page.on("pageerror", lambda error: page.told.append(str(error)))
        resize(page, size)
        play(page, widget)
        return page

    yield open_page
    assert [told for page in pages for told in page.told] == []
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def case_page(opened):
    return opened(explore_case())


@pytest.mark.parametrize("size", SIZES)
def test_no_sentence_of_any_teaching_case_is_cut(size, case_page):
    page = case_page
    resize(page, size)
    told = [{"facts": case.facts, "start": case.id} for case in deck()]
    cut = page.evaluate(f"all => all.map((told) => {{ show(told); return [told.start, ({CUT})()]; }})", told)
    assert [name for name, _ in cut] == [case.id for case in deck()]
    assert [each for each in cut if each[1]] == []
    assert page.told == []


@pytest.mark.parametrize("case", ["T003", "T008", "T020", "T106"])
def test_every_answer_to_the_next_question_leads_where_its_button_says(case, case_page):
    page = case_page
    facts = dict([*deck()[case].facts.items()][::2])
    words = {
        "no indication": "no_indication",
        "may not be needed": "not_needed",
        "recommended": "recommended",
    }
    words |= {"recommended, urgently": "urgent", "the patient's choice": "optional"}
    page.evaluate("told => show(told)", {"facts": facts, "start": ""})
    for i in range(page.locator(".next button").count()):
        page.evaluate("told => show(told)", {"facts": facts, "start": ""})
        button = page.locator(".next button").nth(i)
        leads = button.locator("small").inner_text().removeprefix(" → ").removeprefix("→ ").strip()
        button.click()
        explorer = explore_case(page.evaluate("() => told.facts"))
        assert explorer.explanation.recommendation == words[leads]


def test_a_number_out_of_range_is_told_and_the_case_stays(case_page):
    page = case_page
    page.evaluate("told => show(told)", {"facts": {"rare_disease": True}, "start": ""})
    page.get_by_label("Search the facts").fill("how many different drugs")
    field = page.locator("[data-fact=drug_trials]")
    field.locator("input").fill("-3")
    field.locator("input").press("Tab")
    assert "a whole number from 0" in field.locator("[role=alert]").inner_text()
    assert page.evaluate("() => told.facts") == {"rare_disease": True}
    assert page.told == []


def test_two_in_one_notebook_are_two(opened):
    page = opened(explore_case("T008"))
    page.evaluate("() => render({...structuredClone(told), facts: {}, start: ''})")
    first, second = (page.locator(".secondop").nth(i) for i in range(2))
    assert first.locator(".says").inner_text() != second.locator(".says").inner_text()
    before = first.inner_text()
    second.get_by_label("female").check()
    assert second.locator("input:checked").count() == 1 + second.locator(".gap input:checked").count()
    assert first.inner_text() == before
    ids = page.locator("[id]").evaluate_all("all => all.map(it => it.id)")
    names = [part.locator("input[type=radio]").first.get_attribute("name") for part in (first, second)]
    assert len(ids) == len(set(ids)) and len(set(names)) == 2
    assert page.locator("main").count() == 0, "a notebook has one of its own"


# A hundred people


@pytest.fixture(scope="module")
def people(opened):
    return opened(explore_prevalence())


def fits(page, *parts):
    """Whether these parts stand on one screen, and nothing is wider than it."""
    wide, high = page.viewport_size.values()
    bottoms = [page.locator(part).first.evaluate("it => it.getBoundingClientRect().bottom") for part in parts]
    return max(bottoms) <= high and page.evaluate("document.documentElement.scrollWidth") <= wide


def test_the_screen_rounds_people_as_python_does(people):
    rng = random.Random(2)
    for _ in range(60):
        told = {"prevalence": rng.randint(0, 100), "follow": rng.randint(0, 100)}
        told |= {"yield": rng.randint(0, 1000) / 10, "what": "diagnosis"}
        people.evaluate("told => show({shares: told})", told)
        table = natural_frequencies(*(told[name] / 100 for name in ("prevalence", "follow", "yield")))
        assert people.locator(".hundred .mark").count() == 100
        shown = people.locator(".figure li").all_inner_texts()
        assert [int(text.split()[0]) for text in shown] == table["people"].tolist(), told


def test_people_move_at_once_and_python_hears_of_it(people):
    people.evaluate("show({shares: {prevalence: 40, follow: 50, yield: 14.8, what: 'diagnosis'}})")
    slider = people.get_by_label("Of 100 people, with an indication")
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "100\u00a0%"
    assert people.locator(".says").inner_text().startswith("Of 100 people 100 have an indication, and 50")
    assert people.evaluate("told.shares.prevalence") == 100
    people.get_by_role("button", name="treatment").click()
    assert people.evaluate("told.shares") == {
        "prevalence": 100,
        "follow": 50,
        "yield": 37.4,
        "what": "treatment",
    }
    assert "as published: 37.4\u00a0%" in people.locator(".small").last.inner_text()
    people.get_by_label("Of these, for whom something changes").fill("20")
    assert "assumed; published: 37.4\u00a0%" in people.locator(".small").last.inner_text()
    assert people.locator(":focus").count() == 1, "the slider that is moved keeps the keyboard"


def test_a_hundred_people_stand_on_one_screen(people):
    resize(people, "projector")
    assert fits(people, ".says", ".hundred", ".controls", ".small >> nth=-1")
    tops = [
        it.bounding_box()["y"] for it in (people.locator(x).first for x in (".controls", ".says", ".hundred"))
    ]
    assert tops == sorted(tops), "what is moved stands above what it moves, and so stays where it is"
    resize(people, "phone")
    assert people.evaluate("document.documentElement.scrollWidth") <= 390


# The trade-off


@pytest.fixture(scope="module")
def explorer():
    return explore_tradeoff(simulate("general", 1_000, seed=2))


@pytest.fixture
def trade(opened, explorer):
    explorer.chosen = {"level": "recommended", "k": 1, "accept": 10}
    return opened(explorer)


def said(explorer, level, k):
    """What the sentence says the policy finds, from the table."""
    row = explorer.table.query("level == @level and k == @k").iloc[0]
    low, high = row["true_positive_min"], row["true_positive_max"]
    return f"finds {low:.1f} to {high:.1f} of the" if high - low >= 0.05 else f"finds {low:.1f} of the"


def test_a_policy_is_chosen_by_slider_by_button_and_by_click(trade, explorer):
    says = trade.locator(".says")
    assert said(explorer, "recommended", 1) in says.inner_text()
    k = trade.get_by_label("At least so many indications")
    k.press("ArrowRight")
    assert said(explorer, "recommended", 2) in says.inner_text()
    assert trade.evaluate("told.chosen") == {"level": "recommended", "k": 2, "accept": 10}
    before = trade.locator(".equal").evaluate("it => it.outerHTML")
    accept = trade.get_by_label("No-change referrals accepted for one change")
    accept.press("ArrowLeft")
    assert accept.get_attribute("aria-valuetext") == "5" and trade.evaluate("told.chosen.accept") == 5
    assert trade.locator(".equal").evaluate("it => it.outerHTML") != before
    trade.get_by_role("button", name="the patient's choice").click()
    assert said(explorer, "optional", 2) in says.inner_text()
    trade.locator(".point").filter(has_text="all with a clinical indication:").click()
    assert trade.evaluate("told.chosen") == {"level": "recommended", "k": 1, "accept": 5}
    assert said(explorer, "recommended", 1) in says.inner_text() and k.input_value() == "1"


def test_people_of_the_policy_stand_beside_and_missing_information_is_hatched(trade, explorer):
    told = [int(text.split()[0].replace(",", "")) for text in trade.locator(".plain li").all_inner_texts()]
    policies = explorer.data["tradeoff"][0]["policies"]
    people = next(x["people"] for x in policies if (x["level"], x["k"]) == ("recommended", 1))
    assert told == [n for part, n in people.items() if n or not part.endswith("unknown")]
    box = trade.locator(".bounds.picked")
    assert "hatch" in box.get_attribute("fill") and float(box.get_attribute("width")) > 0


def test_the_cases_are_those_python_sends_and_wait_for_it_after_a_move(trade, explorer):
    rows = trade.locator(".behind tbody tr")
    assert (
        rows.count() == 20 and f"of {len(explorer.selected):,} cases" in trade.locator(".behind").inner_text()
    )
    trade.get_by_label("At least so many indications").press("ArrowRight")
    assert rows.count() == 0 and "once Python answers" in trade.locator(".behind").inner_text()
    explorer.chosen = {"level": "recommended", "k": 2}
    trade.evaluate("rows => show({rows})", explorer.rows)
    assert rows.count() == min(20, len(explorer.selected))


def test_whatever_a_case_is_called_is_text(trade, explorer):
    evil = "<img src=x onerror=alert(1)>"
    trade.evaluate(
        "rows => show({rows})", explorer.rows | {"cases": [[evil, "urgent", "1", "0", evil, "yes"]]}
    )
    assert evil in trade.locator(".behind").inner_text() and trade.locator("img").count() == 0


def test_the_trade_off_stands_on_one_screen(trade):
    assert fits(trade, ".says", ".plot", ".plain", ".controls", ".behind")
    resize(trade, "phone")
    assert trade.evaluate("document.documentElement.scrollWidth") <= 390


def test_unknown_outcomes_are_said_to_leave_open_which_is_best(opened):
    cases = simulate("general", 200, seed=2)
    cases["changed"] = np.where(np.arange(200) < 150, None, cases["diagnosis_changed"])
    page = opened(explore_tradeoff(cases, outcome="changed"))
    assert "is not known while outcomes are unknown" in page.locator(".says").inner_text()
    assert page.locator(".equal").count() == page.locator(".ring.best").count() == 0


# The quiz


def test_a_quiz_goes_item_by_item_to_the_score(opened):
    three = quiz(3, seed=5)
    page, (first, second, _) = opened(three.widget), three
    words = {level: page.evaluate(f"told.data.strings['level-{level}'].en") for level in RECOMMENDATIONS}
    wrong = next(level for level in RECOMMENDATIONS if level != first.expected)
    assert first.story in page.locator(".card").inner_text() and page.locator(".verdict").count() == 0
    page.get_by_role("button", name="Reveal").click()
    assert "Choose an answer first" in page.get_by_role("alert").inner_text()
    page.get_by_role("radio", name=words[wrong], exact=True).check()
    page.get_by_role("button", name="Reveal").click()
    assert hint_words(first.hints[wrong], words[wrong]) in page.locator(".main").inner_text()
    assert page.locator(".verdict").count() == 1 and page.get_by_role("radio").count() == 0
    assert page.evaluate("told.quiz.given") == {first.id: {"answer": wrong, "sure": None}}
    page.get_by_role("button", name="Next item").press("Enter")
    page.get_by_role("radio", name=words[second.expected], exact=True).press("Space")
    page.get_by_role("radio", name="95 %").check()
    page.get_by_role("button", name="Reveal").press("Enter")
    assert "As the rule book says" in page.locator(".says").first.inner_text()
    page.get_by_label("Case").select_option("Your score")
    shown = page.locator(".main").inner_text()
    assert "1 right of 2 answered, of 3 items" in shown and "Always giving the same answer" in shown
    assert all(RULE_BOOK[rule].label in shown for rule in first.about)
    three.widget.set_state({"quiz": page.evaluate("told.quiz")})
    assert three.score == (1, 2, 3)


def test_a_deck_shows_each_of_its_cases_and_no_other(opened):
    page = opened(deck()[:4].widget)
    options = page.get_by_label("Case").locator("option").all_inner_texts()
    assert len(options) == 5 and "Item 1 of 4" in page.locator(".main").inner_text()
    page.get_by_label("Case").select_option(options[3])
    assert deck()[3].story in page.locator(".card").inner_text()
    page.get_by_role("button", name="Previous item").click()
    assert deck()[2].story in page.locator(".card").inner_text()
