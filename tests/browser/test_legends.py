"""The legend of a figure stands right below its axis at any width, with no empty room above it."""

from importlib.resources import files

import pandas as pd
import pytest

from secondop.figures import style

pytestmark = pytest.mark.needs_chromium
GAP = """() => {
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  return box(".legend").top - box(".xtitle").bottom;
}"""


@pytest.mark.parametrize("width", [1280, 1024, 390])
@pytest.mark.parametrize("entries", [1, 3, 6])
def test_a_legend_has_the_room_that_its_rows_need(entries, width, one_page, tmp_path):
    rows = pd.DataFrame({"label": ["first", "second"]})
    made = style.ladder("A finding", "A note.", rows, x="of 100 cases")
    for i in range(entries):
        bars = made.places.assign(known=1.0, colour=style.SPARE[i])
        made.rows(bars, name=f"an entry of some length, number {i}", showlegend=True)
    script = files("plotly").joinpath("package_data/plotly.min.js").as_uri()
    fit = files("secondop").joinpath("figures/fit.js").as_uri()
    figure = f'<div class="plot"><script type="application/json">{made.done().to_json()}</script></div>'
    path = tmp_path / "page.html"
    scripts = "".join(f'<script src="{source}"></script>' for source in (script, fit))
    path.write_text(f'<main style="max-width: 980px">{figure}</main>{scripts}')
    page = one_page(path.as_uri(), width)
    page.wait_for_selector(".legend")
    assert 0 <= page.evaluate(GAP) < 20
