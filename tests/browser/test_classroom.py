"""The classroom page as a class uses it: opened from disk, the network off, by keyboard, mouse and finger."""

import json
import random

import numpy as np
import pandas as pd
import pytest

from secondop import Indication, RuleBook, SecondopError, Source, at_least, count, flag, number, ordered
from secondop.datafiles import data_path
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.assess import assess
from secondop.teaching import deck, vignettes
from secondop.teaching.classroom import case_codes, classroom
from tests.teaching.test_book_js import cases, in_python, random_book
from tests.teaching.test_class_answers import FINE, REFUSED, write

pytestmark = pytest.mark.needs_chromium
SCREENS = ["explore", "compare", "quiz", "poll", "vignettes", "change", "people", "tradeoff", "glossary"]
WIDTHS = {"phone": (390, 844), "projector": (1024, 768), "desk": (1280, 900)}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return classroom(tmp_path_factory.mktemp("classroom") / "index.html")


@pytest.fixture(scope="module")
def tabs():
    """Tabs without a network, which the next test loads its own page in: to make one takes longer."""
    kept = []
    yield kept
    for tab in kept:
        tab.context.close()


@pytest.fixture
def opened(browser, file, tabs):
    """`opened(size, address)`: the page without a network, loaded afresh, and what it complained of."""
    free = iter([*tabs])

    def new_tab():
        page = browser.new_context(offline=True, accept_downloads=True).new_page()
        tabs.append(page)
        page.on("console", lambda m: page.told.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else page.told.append(r.url),
        )
        return page

    def open_page(size="desk", address="", dark=False, path=file):
        page = next(free, None) or new_tab()
        page.goto("about:blank")
        page.told = []
        page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[size], strict=True)))
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(path.as_uri() + address)
        page.wait_for_selector(".secondop main > *")
        return page

    return open_page


def says(page):
    return page.locator(".verdict .says").first.inner_text()


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_fits_says_what_it_is_not_for_and_complains_of_nothing(screen, size, opened):
    page = opened(size, f"#{screen}")
    assert page.locator("nav [aria-current=page]").count() == 1
    assert "not for care" in page.locator(".care").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[size][0]
    assert page.told == []


def test_it_is_small_enough_to_be_sent(file):
    assert file.stat().st_size < 500_000


@pytest.mark.parametrize("book", [RULE_BOOK, SGB27B, random_book(3)], ids=["shipped", "legal list", "random"])
def test_it_answers_the_console_as_python_does(book, opened, tmp_path):
    page = opened(path=classroom(tmp_path / "own.html", book))
    rows = cases(book, 1_000, seed=5)
    ask = "rows => rows.map(r => [secondop.assess(r), secondop.nextQuestion(r)])"
    for row, (got, asked), want in zip(rows, page.evaluate(ask, rows), in_python(book, rows), strict=True):
        told = [[*got["verdicts"].values()], got["recommendation"], got["possible"], got["undetermined"]]
        assert [*told, got["indications"], got["preferences"], asked] == want, row


def test_the_first_answer_is_reached_by_keyboard_within_five_steps_of_the_screen(opened):
    page = opened()
    page.locator("nav button").last.focus()
    (
        page.keyboard.press("Tab"),
        page.keyboard.press("Tab"),
        page.keyboard.press("Tab"),
    )  # language, size of text
    before = says(page)
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.next') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("old => document.querySelector('.code').textContent !== old", arg="FP")
    assert before and page.told == []


def test_an_answer_can_be_taken_back_and_consequences_hidden(opened):
    page = opened()
    page.locator(".next button").first.click()
    changed = page.url
    page.get_by_role("button", name="Undo").click()
    assert page.url != changed
    page.get_by_role("button", name="Hide consequences").click()
    assert "Predict" in says(page)
    assert page.locator(".next small").count() == 0


def test_search_finds_facts_and_says_when_it_finds_none(opened):
    page = opened()
    page.get_by_label("Search the facts").fill("biopsy zebra")
    assert page.get_by_text("No fact has these words").is_visible()
    page.get_by_label("Search the facts").fill("drugs")
    assert 0 < page.locator("[data-fact]:visible").count() < 20


def test_a_case_code_takes_a_case_to_another_page(opened):
    first, second = opened(address="#explore/T011"), opened("phone")
    first.locator(".field:visible input:not(:checked)").first.check()
    code = first.locator(".code").inner_text()
    assert code.startswith("T011.")
    second.get_by_label("Enter a case code").fill(code.lower().replace("0", "o"))
    second.get_by_role("button", name="Open").click()
    assert second.locator(".code").inner_text() == code
    assert says(second) == says(first)
    second.get_by_label("Enter a case code").fill(code[:-1] + ("1" if code[-1] != "1" else "2"))
    second.get_by_role("button", name="Open").click()
    assert "no case code" in second.locator(".codes [role=alert]").inner_text()


def test_python_and_the_page_write_the_same_codes(opened):
    page, rows = opened(), cases(RULE_BOOK, 50, seed=1)
    codes = page.evaluate("() => true") and case_codes(RULE_BOOK, rows)
    for row, code in zip(rows, codes, strict=True):
        page.goto(page.url.split("#")[0] + f"#explore/{code}")
        page.wait_for_function("code => document.querySelector('.code').textContent === code", arg=code)
        facts = page.evaluate("() => document.querySelector('.code').textContent")
        assert facts == code, row


def test_a_code_that_says_a_thing_twice_or_out_of_order_is_none(opened):
    page, (code,) = opened(), case_codes(RULE_BOOK, [{"advanced_cancer": True, "wants_second_opinion": True}])
    pairs = code.replace("-", "")[2:]
    first, second = pairs[:2], pairs[2:]
    guard = """pairs => { let sum = 7;
        for (const x of JSON.stringify(%s) + %s + pairs) sum = (sum * 31 + x.codePointAt(0)) %% 1021;
        const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; return letters[sum >> 5] + letters[sum & 31]; }"""
    guard %= json.dumps(RULE_BOOK.title), json.dumps(RULE_BOOK.version)
    for told, opens in ((first + second, True), (first + first, False), (second + first, False)):
        page.get_by_label("Enter a case code").fill(page.evaluate(guard, told) + told)
        page.get_by_role("button", name="Open").click()
        assert (page.locator(".code").inner_text() == code) == opens, told
        page.get_by_role("button", name="Start over").click()
    page.get_by_label("Enter a case code").fill("FP.FP")
    page.get_by_role("button", name="Open").click()
    assert "no case code" in page.locator(".codes [role=alert]").inner_text()


def test_two_cases_stand_side_by_side_with_what_differs(opened):
    page = opened(address="#compare/T008")
    page.get_by_label("Case code B").fill("T001")
    page.get_by_role("button", name="Open").nth(1).click()
    assert page.locator(".verdict").count() == 2
    assert page.get_by_role("row").count() > 2
    assert page.told == []


def test_a_quiz_is_predicted_revealed_scored_and_saved(opened, tmp_path):
    page = opened("phone", "#quiz")
    page.get_by_label("Items").fill("2")
    page.get_by_label("Items").press("Tab")
    for onwards in ("Next item", "Your score"):
        page.get_by_role("button", name="Reveal").click()
        assert "Choose an answer first" in page.locator("[role=alert]").inner_text()
        page.get_by_label("recommended", exact=True).check()
        page.get_by_label("75 %").check()
        page.get_by_role("button", name="Reveal").click()
        assert page.locator(".verdict").count() == 1
        page.get_by_role("button", name=onwards).click()
    assert "of 2 answered" in page.locator(".says").inner_text()
    assert page.get_by_text("Always giving the same answer").is_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    told = json.loads(download.value.path().read_text())
    assert {one["answer"] for one in told["answers"]} == {"recommended"}
    assert {one["sure"] for one in told["answers"]} == {75}
    assert page.told == []


def test_a_poll_hides_its_bars_until_reveal_votes_again_and_shows_the_shift(opened):
    page = opened("projector", "#poll")
    tap = page.get_by_role("row", name="no indication").get_by_role("button", name="+ 95 %")
    [tap.click() for _ in range(3)]
    assert "3 answers" in page.locator("[role=status]").first.inner_text()
    assert page.locator(".bar").count() == 0
    page.get_by_role("button", name="Reveal").click()
    assert page.locator(".bar").count() == 5
    page.get_by_role("button", name="Vote again").click()
    page.get_by_role("row", name="recommended", exact=False).nth(0).get_by_role(
        "button", name="+ 75 %"
    ).click()
    page.get_by_role("button", name="Reveal").click()
    assert page.get_by_text("after the discussion").is_visible()
    assert page.told == []


def test_sureness_is_a_picture_beside_its_table(opened):
    page = opened("projector", "#poll")
    for name, times in (("recommended", 3), ("no indication", 1)):  # T001 is recommended
        tap = page.get_by_role("row", name=name).first.get_by_role("button", name="+ 50 %")
        [tap.click() for _ in range(times)]
    page.get_by_role("button", name="Reveal").click()
    assert page.get_by_role("row", name="50 % 75 % 4").is_visible()
    circle = page.locator("svg.plot circle")
    axis = page.locator("svg.plot line").nth(2)  # where as many are right as are sure
    x, y = (float(circle.get_attribute(name)) for name in ("cx", "cy"))
    ends = [float(axis.get_attribute(name)) for name in ("x1", "y1", "x2", "y2")]
    assert (x - ends[0]) / (ends[2] - ends[0]) == pytest.approx(0.50)
    assert (y - ends[1]) / (ends[3] - ends[1]) == pytest.approx(0.75)
    assert page.told == []


def test_a_case_shows_its_own_numbers_and_is_marked_where_it_is_disputed(opened):
    page = opened(address="#poll")
    page.get_by_label("Case").select_option("T014")
    assert page.locator("option:checked").inner_text().endswith("· disputed")
    assert "1 week" in page.locator("main .card").inner_text(), "not the least number of its sort, 0"
    marked = page.locator("main option").all_inner_texts()
    disputed = sum(bool(case.disputed) for case in deck())
    assert sum(text.endswith("disputed") for text in marked) == disputed


def test_a_vignette_is_predicted_stage_by_stage_and_ends_in_the_book_says_and_you_say(opened):
    page, one = opened("phone", "#vignettes"), vignettes()["V05"]
    page.get_by_label("Vignette", exact=True).select_option("V05")
    for i, stage in enumerate(one.stages):
        card = page.locator("section.stage").nth(i)
        assert page.locator("section.stage").count() == i + 1, "what comes later is not told"
        assert stage.told in card.inner_text() and stage.why not in card.inner_text()
        assert card.locator("li").count() == len([*RULE_BOOK.rule_facts.keys() & stage.new.keys()])
        card.get_by_role("button", name="Reveal").click()
        assert "Choose an answer first" in card.locator("[role=alert]").inner_text()
        card.get_by_label("no indication").check()
        card.get_by_role("button", name="Reveal").click()
        assert stage.why in card.inner_text() and (stage.disputed in card.inner_text())
        assert ("Provisional" in card.inner_text()) == stage.provisional
        assert card.get_by_text("What do you say?").count() == bool(stage.disputed)
        if i + 1 < len(one.stages):
            page.get_by_role("button", name="What is learned next").click()
            assert page.evaluate("document.activeElement.tagName") == "H2"
    names = page.locator(".verdict").evaluate_all("all => all.map(it => it.getAttribute('aria-label'))")
    assert len({*names}) == len(one.stages), "each verdict is called after its stage"
    page.locator("section.stage").nth(1).get_by_label("the patient's choice").check()
    rows = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    assert [row[1:] for row in rows] == [
        ["no indication", "no indication", "–"],
        ["no indication", "recommended", "the patient's choice"],
        ["no indication", "no indication", "–"],
    ]
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"][0]
    assert page.told == []


def test_every_stage_of_every_vignette_gets_its_verdict_in_the_page(opened):
    page = opened(address="#vignettes")
    asked = "facts => [secondop.assess(facts).recommendation, secondop.assess(facts).possible]"
    for stage in (stage for one in vignettes() for stage in one.stages):
        assert page.evaluate(asked, stage.facts) == [stage.expected, stage.possible], stage.told


def test_a_printed_code_opens_the_case_to_predict_and_links_lead_to_the_page_in_the_web(opened, tmp_path):
    page = opened("phone", "#predict/T011")
    assert "Predict" in says(page) and page.locator(".codes a").inner_text() == ""
    assert page.locator(".verdict").get_attribute("class") == "verdict", "nor does its colour tell"
    assert page.get_by_role("button", name="Hide consequences", pressed=True).count() == 1
    assert page.get_by_role("button", pressed=True).all_inner_texts()[0] == "English"
    assert page.locator(".story").inner_text() == deck()["T011"].story
    path = classroom(tmp_path / "page.html", url="https://example.org/class/")
    linked = opened(address="#explore/T011", path=path)
    assert linked.locator(".codes a").get_attribute("href") == "https://example.org/class/#predict/T011"
    for url in ("javascript:alert(1)", "https://a.example/#x", 'https://a.example/"><b>', "a.example"):
        with pytest.raises(SecondopError, match="begins with https://"):
            classroom(tmp_path / "refused.html", url=url)
    assert not (tmp_path / "refused.html").exists()


def test_a_small_book_of_ones_own_is_a_page_that_opens_and_answers_as_python_does(opened, tmp_path):
    weeks = count("weeks_of_pain", 520, "weeks", "For how many weeks has the pain lasted?")
    imaging = ordered("imaging_proposed", "none xray ct mri", "Which picture is proposed?")
    scan = {"level": "recommended", "group": "overuse", "source": "sop"}
    book = RuleBook(
        "Imaging for low back pain",
        subject="imaging review",
        version="1",
        sources=[Source("sop", "Our own procedure", grade="guideline")],
        rules=[Indication("early-scan", "A scan early on", when=(imaging >= "ct") & (weeks < 6), **scan)],
    )
    page = opened("phone", path=book.to_page(tmp_path / "own.html"))
    assert page.locator("nav button").all_inner_texts() == [
        *("Explore a case", "Compare", "Change a rule", "A hundred people", "Glossary")
    ]
    assert says(page) == "No indication for an imaging review."
    page.get_by_label("mri").check()
    page.get_by_label("For how many weeks").fill("2")
    page.get_by_label("For how many weeks").press("Tab")
    assert says(page) == "An imaging review is recommended."
    rows = cases(book, 200, seed=3)
    got = page.evaluate("rows => rows.map(row => secondop.assess(row).recommendation)", rows)
    assert got == [said[1] for said in in_python(book, rows)]
    for screen in ("compare", "change", "people", "glossary", "quiz", "vignettes"):
        page.goto(page.url.split("#")[0] + f"#{screen}")
    assert page.told == []


def answer_file(tmp_path, name, answers, **more):
    path = tmp_path / name
    told = {"format": "secondop answers 1", "reader": path.stem, "answers": answers} | more
    path.write_text(json.dumps(told))
    return path


def test_answer_files_are_collated_and_nothing_in_them_is_believed(opened, tmp_path):
    page = opened("desk", "#poll")
    page.get_by_text("Collate answer files").click()
    one = {"case": "T001", "answer": "recommended", "sure": 95}
    files = [
        answer_file(tmp_path, "a.json", [one, {"case": "T002", "answer": "urgent", "sure": 50}]),
        answer_file(tmp_path, "b.json", [one]),
        answer_file(tmp_path, "c.json", [one | {"answer": "no_indication", "sure": 75}]),
        answer_file(tmp_path, "evil.json", [{"case": "<img src=x onerror=alert(1)>", "answer": "urgent"}]),
        answer_file(tmp_path, "twice.json", [one, one]),
        answer_file(tmp_path, "large.json", [one], pad="x" * 200_000),
        answer_file(tmp_path, "other.json", [one], format="something else"),
        answer_file(tmp_path, "a (1).json", [one], reader="a"),
        answer_file(tmp_path, "nobody.json", [one], reader=None),
        answer_file(tmp_path, "empty.json", []),
    ]
    (broken := tmp_path / "broken.json").write_text("{")
    page.get_by_label("Answer files of students").set_input_files([*files, broken])
    page.get_by_text("3 of 11 files read").wait_for()
    assert page.locator("[role=alert]").count() == 8
    assert "of a, who was read already" in " ".join(page.locator("[role=alert]").all_inner_texts())
    assert page.locator("img").count() == 0
    assert page.get_by_text("In 2 of 3 pairs of readers").is_visible()
    assert page.told == []


def test_the_page_refuses_every_answer_file_that_python_refuses(opened, tmp_path):
    page = opened("desk", "#poll")
    page.get_by_text("Collate answer files").click()
    write(tmp_path, good=FINE, **{name: told for name, (told, _) in REFUSED.items()})
    page.get_by_label("Answer files of students").set_input_files(sorted(tmp_path.iterdir()))
    page.get_by_text(f"1 of {len(REFUSED) + 1} files read").wait_for()
    told = page.locator("[role=alert]").all_inner_texts()
    assert [text.partition(".json: ")[0] for text in told] == sorted(REFUSED)


def test_a_moved_threshold_and_a_rule_switched_off_say_who_flips(opened):
    page = opened("desk", "#change")
    headings = page.locator("[aria-live=polite] h2")
    assert all("in 0 of" in text for text in headings.all_inner_texts())
    page.locator(".plain input[type=checkbox]").first.uncheck()
    off = headings.first.inner_text()
    less = assess_without(page)
    assert f"in {less} of" in off
    page.get_by_role("button", name="As written").click()
    assert "in 0 of" in headings.first.inner_text()


def assess_without(page):
    """In how many teaching cases the recommendation changes without the rule that was switched off."""
    import pandas as pd

    from secondop.teaching import deck

    label = page.locator(".plain label").first.inner_text().strip()
    name = next(rule.name for rule in RULE_BOOK if rule.label == label)
    rows = pd.DataFrame([case.facts for case in deck()], columns=[*RULE_BOOK.rule_facts]).astype(object)
    before, after = (assess(rows, book)["recommendation"] for book in (RULE_BOOK, RULE_BOOK.without(name)))
    return int((before.astype(str) != after.astype(str)).sum())


def test_sliders_are_named_and_tell_their_value(opened):
    for screen in ("people", "tradeoff", "change"):
        page = opened(address=f"#{screen}")
        for slider in page.get_by_role("slider").all():
            assert (
                slider.evaluate("it => (it.labels[0]?.textContent || it.getAttribute('aria-label')).length")
                > 4
            )


def test_a_hundred_people_stay_a_hundred(opened):
    page, rng = opened(address="#people"), random.Random(1)
    for _ in range(5):
        for slider in page.get_by_role("slider").all():
            slider.fill(str(rng.randint(0, 100)))
        assert page.locator(".hundred .mark").count() == 100


def nearest(part, accept):
    """How near to the highest net benefit another comes: below 1 it is within a tenth or within chance.

    Of so many simulated cases the difference of two policies has a standard error, as counts that differ do.
    """
    every, n = part["found"].iloc[0] + part["missed"].iloc[0], part["n"].iloc[0]
    found, over = [0, *part["found"], every], [0, *part["over"], 100 - every]
    net = np.subtract(found, np.divide(over, accept))
    best, found, over = net.argmax(), np.array(found), np.array(over)
    variance = (abs(found - found[best]) + abs(over - over[best]) / accept**2) * 100 / n
    return np.delete((net[best] - net) / np.maximum(0.1, 1.96 * variance**0.5), best).min()


def test_nobody_and_everybody_are_policies_and_a_tie_is_called_one(opened):
    counts, page = pd.read_csv(data_path("classroom_counts.csv")), opened("projector", "#tradeoff")
    scenarios = list(counts["scenario"].unique())
    grid = {
        (*keys, n): nearest(part, n)
        for keys, part in counts.groupby(["scenario", "signal"])
        for n in range(1, 51)
    }
    ties = [key for key, apart in grid.items() if apart < 0.99]
    told = [key for key, apart in grid.items() if 1.01 < apart < 3]
    assert len(ties) > 2 and len(told) > 2
    for scenario, signal, n in [*ties[:: len(ties) // 3], *told[:: len(told) // 3]]:
        page.get_by_label("Scenario").select_option(index=scenarios.index(scenario))
        page.get_by_label("Signal (").select_option(label=f"{signal:g}")
        page.get_by_role("slider").fill(str(n))
        words = page.locator(".says").inner_text()
        assert words.startswith("Simulated: ")
        assert ("cannot be told apart" in words) == ((scenario, signal, n) in ties), (scenario, signal, n)
    rows = page.locator("tbody th").all_inner_texts()
    assert {"everybody", "nobody"} < {text.split(" ", 1)[1] for text in rows}


def test_the_trade_off_and_its_controls_stand_on_one_screen(opened):
    for screen, parts in (
        ("tradeoff", (".plot", ".figure ol", ".controls")),
        ("people", (".hundred", ".controls")),
    ):
        page = opened("projector", f"#{screen}")
        for language in ("English", "Deutsch"):
            page.get_by_role("button", name=language).click()
            below = "it => it.getBoundingClientRect().bottom"
            for part in (".says", *parts):
                assert page.locator(part).evaluate(below) <= 768, (language, screen, part)


def small_book(*rules, title="Own", version="1", reference="Our own procedure"):
    """A book of these conditions, each of which recommends."""
    made = [
        Indication(f"rule-{i}", f"Rule {i}", when=when, level="recommended", group="g", source="sop")
        for i, when in enumerate(rules)
    ]
    sources = [Source("sop", reference, grade="guideline")]
    return RuleBook(title, subject="review", version=version, sources=sources, rules=made)


def test_a_page_of_ones_own_book_opens_in_german_and_links_only_where_an_address_is_given(opened, tmp_path):
    book, url = small_book(flag("red", "Is it red?"), title="Red spots"), "https://example.org/own/"
    path = book.to_page(tmp_path / "own.html", language="de", url=url)
    page = opened("phone", path=path)
    assert page.evaluate("document.documentElement.lang") == "de"
    assert page.locator("h1").inner_text() == "Einen Fall erkunden"
    page.get_by_label("ja", exact=True).check()
    assert says(page) == "Review empfohlen." and page.get_by_text("Is it red?").count()
    code = page.locator(".code").inner_text()
    assert page.locator("a[href]").get_attribute("href") == f"{url}#predict/{code}"
    again = opened("phone", f"#predict/{code}", path=path)
    assert again.get_by_label("ja", exact=True).is_checked() and "Sagen Sie voraus" in says(again)
    plain = opened(path=book.to_page(tmp_path / "plain.html"))
    assert plain.evaluate("document.documentElement.lang") == "en"
    assert plain.locator("a[href]").count() == 0 and url not in plain.content()
    for wrong in ({"language": "fr"}, {"url": "javascript:alert(1)"}):
        with pytest.raises(SecondopError):
            book.to_page(tmp_path / "refused.html", **wrong)
    assert not (tmp_path / "refused.html").exists() and page.told == again.told == plain.told == []


@pytest.mark.parametrize("address", ["#explore/%", "#%E0%A4%A", "#__proto__", "#explore/T001.", "#quiz/%25"])
def test_an_address_that_was_cut_or_mistyped_still_opens_the_page(address, opened):
    page = opened(address=address)
    assert page.locator("main h1").count() == 1 and page.told == []


def test_back_goes_to_the_screen_before_and_loses_neither_votes_nor_numbers(opened):
    page = opened(address="#explore/T014")
    exact = page.locator("input[type=number]").evaluate_all("all => all.map(it => it.value)")
    page.get_by_role("button", name="Class poll").click()
    page.get_by_role("button", name="+ 95 %").first.click()
    page.get_by_role("button", name="Glossary").click()
    page.go_back()
    assert "1 answers" in page.locator("[role=status]").first.inner_text()
    page.go_back()
    page.get_by_role("heading", name="Explore a case").wait_for()
    assert page.locator("input[type=number]").evaluate_all("all => all.map(it => it.value)") == exact
    assert page.told == []


def test_undo_takes_back_the_choice_of_another_book(opened):
    page = opened(address="#explore/T011")
    page.get_by_role("button", name="paragraph 27b").click()
    assert page.locator(".code").inner_text() != "T011"
    page.get_by_role("button", name="Undo").click()
    assert page.locator(".code").inner_text() == "T011"


def test_two_editions_of_a_book_are_two_and_twins_are_refused(opened, tmp_path):
    red, pain = flag("red", "Is it red?"), flag("pain", "Is there pain?")
    editions = [small_book(red), small_book(red & pain, version="2")]
    page = opened(path=classroom(tmp_path / "two.html", *editions))
    names = page.locator(".tools button[aria-pressed]").all_inner_texts()
    assert names[1:] == ["Own, 1", "Own, 2"]
    ask = "key => secondop.assess({red: true}, key).recommendation"
    assert [page.evaluate(ask, key) for key in ("own", "own-1")] == ["recommended", "no_indication"]
    with pytest.raises(SecondopError, match="nobody can tell which is which"):
        classroom(tmp_path / "twins.html", small_book(red), small_book(pain))


def test_a_threshold_is_said_with_its_end_as_python_says_it(opened, tmp_path):
    dose, weight = number("dose", 9.5, "mg", "Which dose?", low=-2.25), number("weight", 9, "kg", "Weight?")
    book = small_book((dose > 2.5) & (weight <= 3.3), dose < -1.25)
    page = opened(path=book.to_page(tmp_path / "ends.html"))
    for fact, words in book.answer_space.options.items():
        page.get_by_role("button", name="Start over").click()
        if fact == "weight":
            page.locator(".next").get_by_text("more than 2.5 mg").click()
        said = page.locator(".next .choices button").all_inner_texts()
        assert [text.split(" →")[0] for text in said] == [*words.values()]


def test_the_key_that_a_reason_cites_is_named_in_the_list_of_sources(opened, tmp_path):
    text = "</script><img src=x onerror=alert(1)> {name} \u202e\U0001f600"
    book = small_book(flag("red", text, topic=text), title=text, reference=text)
    page = opened("phone", path=book.to_page(tmp_path / "own.html"))
    for part in ("Cannot be judged", "Sources"):
        page.locator("summary", has_text=part).click()
    assert page.get_by_text("Source: sop").is_visible()
    assert f"sop: {text}" in page.locator("[aria-label=Reasons]").inner_text()
    assert page.locator("img").count() == 0 and page.told == []


def test_a_rule_that_counts_twenty_facts_does_not_hold_the_page_up(opened, tmp_path):
    facts = [count(f"weeks_{i}", 99, "weeks", f"For how many weeks, {i}?") for i in range(20)]
    book = small_book(at_least(9, *(fact >= 3 for fact in facts)))
    page = opened(path=book.to_page(tmp_path / "twenty.html"))
    took = """() => { const start = performance.now();
        document.querySelectorAll("details").forEach((it) => { it.open = true; });
        return new Promise((done) => setTimeout(() => done(performance.now() - start), 50)); }"""
    assert page.evaluate(took) < 2_000
    assert page.locator("[aria-label=Reasons]").get_by_text("It would fire with").count() == 1


def test_a_choice_is_kept_in_another_language_and_size_of_text_and_not_for_the_next_item(opened):
    page = opened("phone", "#quiz")
    page.get_by_label("recommended", exact=True).check()
    page.get_by_label("75 %").check()
    page.get_by_role("button", name="Deutsch").click()
    page.get_by_role("button", name="Größere Schrift").click()
    assert page.get_by_label("empfohlen", exact=True).is_checked() and page.get_by_label("75 %").is_checked()
    page.get_by_role("button", name="Auflösen").click()
    assert page.locator(".verdict").count() == 1
    page.get_by_role("button", name="Nächste Aufgabe").click()
    assert page.locator("input[type=radio]:checked").count() == 0


def test_votes_on_a_case_that_was_never_revealed_tell_nothing_of_its_answer(opened):
    page = opened("projector", "#poll")
    for revealed, case in ((False, "T003"), (True, "T001")):
        page.get_by_role("button", name="+ 95 %").first.click()
        if revealed:
            page.get_by_role("button", name="Reveal").click()
        page.get_by_label("Case", exact=True).select_option(case)
        assert page.locator("caption", has_text="How often an answer was right").count() == revealed


def test_a_case_that_the_poll_comes_back_to_has_its_votes(opened):
    page = opened("projector", "#poll")
    page.get_by_role("button", name="+ 95 %").first.click()
    page.get_by_role("button", name="Reveal").click()
    for case, n in (("T002", 0), ("T001", 1)):
        page.get_by_label("Case", exact=True).select_option(case)
        assert f"{n} answers" in page.locator("[role=status]").first.inner_text()
    assert page.locator(".bar").count() == 5, "and what was revealed stays so"


NUMBERS = """() => [...document.querySelectorAll(".plot g")].map((g) => g.querySelectorAll("circle"))
    .map((all) => all[all.length - 1].getBoundingClientRect()).map(({ x, y, width }) => [x, y, width])"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".plot text")].map(
    (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""


@pytest.mark.parametrize("size", ["phone", "projector"])
def test_no_number_in_the_trade_off_covers_another_and_all_can_be_read(size, opened):
    page = opened(size, "#tradeoff")
    for scenario, signal in ((0, 0), (0, 2), (1, 1), (2, 3), (3, 2)):
        page.get_by_label("Scenario").select_option(index=scenario)
        page.get_by_label("Signal (").select_option(index=signal)
        marks = page.evaluate(NUMBERS)
        assert len(marks) > 5
        for i, (x, y, width) in enumerate(marks):
            for other in marks[:i]:
                assert np.hypot(x - other[0], y - other[1]) > 0.95 * width, (scenario, signal, i)
    smallest = page.evaluate(SMALLEST)
    assert smallest >= 12
    page.get_by_role("button", name="Larger text").click()
    assert page.evaluate(SMALLEST) > smallest * (1.2 if size == "projector" else 0.99)


def test_the_counts_of_a_poll_are_seen_on_a_phone_without_scrolling_sideways(opened):
    page = opened("phone", "#poll")
    for language in ("English", "Deutsch"):
        page.get_by_role("button", name=language).click()
        page.get_by_role("button", name="+ 95 %: ").last.click()
        page.locator("main .tools button").first.click()  # reveal
        tallies = page.locator(".wide", has=page.get_by_role("button")).first
        assert tallies.evaluate("it => it.scrollWidth <= it.clientWidth"), language
        assert page.locator("tbody th .bar").count() == 5


def test_what_a_changed_rule_changes_stays_in_view_on_a_phone(opened):
    page = opened("phone", "#change")
    for control in (page.get_by_role("slider").first, page.get_by_role("checkbox").last):
        control.scroll_into_view_if_needed()
        control.press("Space" if control.get_attribute("type") == "checkbox" else "End")
        box = page.locator(".results h2").first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= WIDTHS["phone"][1]
        assert control.bounding_box()["y"] < box["y"], "nor does it stand before what is moved"


def test_the_keyboard_stays_where_it_was_and_goes_to_what_comes_next(opened):
    page = opened("phone", "#poll")
    focused = "() => document.activeElement.textContent"
    page.get_by_label("Case", exact=True).press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "T002"
    page.get_by_role("button", name="Reveal").press("Enter")
    assert page.evaluate(focused) == "Reveal"
    for name in ("Deutsch", "English", "Larger text", "Quiz"):
        page.get_by_role("button", name=name, exact=True).press("Enter")
        assert page.evaluate(focused) == name
    page.get_by_role("button", name="Next item").press("Enter")
    assert page.evaluate(focused).startswith("Item 2 of 10")
    page.get_by_role("button", name="Explore a case").press("Enter")
    page.locator(".next button").first.press("Enter")
    assert page.evaluate("document.activeElement.className") == "next"
    page.get_by_role("button", name="Vignettes").press("Enter")
    assert page.told == []


def test_the_screens_take_little_of_a_phone(opened):
    page = opened("phone", "#glossary")
    for language in ("English", "Deutsch"):
        page.get_by_role("button", name=language).click()
        assert page.locator("header").bounding_box()["height"] < 140
        here, line = (page.locator(part).bounding_box() for part in ("nav [aria-current]", "nav"))
        assert here["x"] >= line["x"] and here["x"] + here["width"] <= line["x"] + line["width"]
