"""Every figure of the study as a reader sees it: at three widths, light and dark, nothing cut or covered."""

import re

import pytest

from secondop.figures.style import COLOURS, DARK, LIGHT, SPARE
from tools.notebooks import PLOTLY, all_lessons, all_notebooks, figures

pytestmark = pytest.mark.needs_chromium
PATHS = [*all_notebooks(), *all_lessons()]
WIDTHS = (1280, 1024, 390)
SEEN = """() => [...document.querySelectorAll(".js-plotly-plot")].map((plot) => {
  const frame = plot.getBoundingClientRect(), box = (it) => it.getBoundingClientRect();
  const texts = [...plot.querySelectorAll("text")].filter((it) => it.textContent.trim() && box(it).width
    && it.getAttribute("opacity") !== "0" && !it.closest(".hoverlayer, .modebar"));
  const short = (it) => it.textContent.slice(0, 40), parts = (it) => [it, ...it.querySelectorAll("tspan")];
  const out = texts.filter((it) => {
    const b = box(it);
    return b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1
      || b.bottom > frame.bottom + 1;
  });
  const covers = (a, b) => {
    const [p, q] = [box(a), box(b)];
    return Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2
      && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4;
  };
  const over = texts.flatMap((a, i) => texts.slice(i + 1).filter((b) => covers(a, b))
    .map((b) => `${short(a)} | ${short(b)}`));
  const bold = (it) => parts(it).some((x) => getComputedStyle(x).fontWeight >= 600);
  const small = texts.filter((it) => parts(it).some((x) => parseFloat(getComputedStyle(x).fontSize) < 11.9));
  const lines = [...plot.querySelectorAll(".gtitle tspan.line")].filter(bold).length;
  return {title: short(plot.querySelector(".gtitle") || plot), high: Math.round(frame.height), lines,
    out: out.map(short), over: [...new Set(over)], small: small.map(short)};
})"""


@pytest.fixture(scope="module")
def seen(study_pages, one_page):
    """`seen(name, width, dark)`: what a page shows of each of its figures."""
    kept = {}

    def look(name, width, dark=False):
        if (name, width, dark) not in kept:
            page = one_page((study_pages / f"{name}.html").as_uri(), width, "dark" if dark else "light")
            page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
            page.evaluate("document.querySelector('.hide-code[aria-pressed=true]')?.click()")
            page.wait_for_function(
                "[...document.querySelectorAll('.plot')].every(it => it.querySelector('svg.main-svg'))"
            )
            page.wait_for_timeout(200)
            kept[name, width, dark] = page.evaluate(SEEN)
        return kept[name, width, dark]

    return look


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_on_a_desk_no_figure_is_too_high_and_no_title_has_more_than_two_lines(path, seen):
    bad = [
        (f["title"], f["high"], f["lines"])
        for f in seen(path.stem, 1280)
        if f["high"] > 760 or f["lines"] > 2
    ]
    assert bad == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_text_of_a_figure_is_inside_it_readable_and_covers_no_other(path, width, seen):
    bad = [f for f in seen(path.stem, width) if f["out"] or f["over"] or f["small"]]
    assert [(f["title"], f["out"], f["over"], f["small"]) for f in bad] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_in_the_dark_everything_stands_where_it_does_in_the_light(path, seen):
    for light, dark in zip(seen(path.stem, 1280), seen(path.stem, 1280, True), strict=True):
        assert dark == light


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_figure_is_described_and_brings_its_numbers(path, executed):
    for output in figures(executed(path)):
        meta = output["data"][PLOTLY]["layout"]["meta"]
        assert meta["title"] in meta["description"] or any(t in meta["description"] for t in meta["titles"])
        assert len(meta["description"]) > len(meta["title"]) + 20
        assert meta["table"]["rows"] and len(meta["table"]["columns"]) > 1, meta["title"]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour, ground):
    high, low = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", sorted({*COLOURS.values(), *SPARE}))
def test_every_colour_with_a_meaning_stands_out_from_both_grounds(colour):
    in_dark = dict(zip(LIGHT.values(), DARK.values(), strict=True)).get(colour, colour)
    assert contrast(colour, LIGHT["ground"]) >= 3
    assert contrast(in_dark, DARK["ground"]) >= 3


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_ink_and_quiet_words_can_be_read(scheme):
    assert contrast(scheme["ink"], scheme["ground"]) >= 7
    assert contrast(scheme["quiet"], scheme["ground"]) >= 4.5


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_legend_names_has_a_colour_with_a_meaning(path, executed):
    known = {colour.lower() for colour in (*COLOURS.values(), *SPARE, *LIGHT.values())}
    for output in figures(executed(path)):
        for trace in output["data"][PLOTLY]["data"]:
            if not trace.get("showlegend"):
                continue
            looks = [
                trace.get("marker", {}),
                trace.get("line", {}),
                trace.get("marker", {}).get("pattern", {}),
            ]
            colours = [look.get(key) for look in looks for key in ("color", "fgcolor")]
            named = {c.lower() for c in colours if isinstance(c, str) and re.fullmatch(r"#\w{6}", c)}
            assert named <= known, (trace.get("name"), named - known)
