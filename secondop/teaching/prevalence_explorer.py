"""Of a hundred people, who has an indication, who goes, and for whom something changes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from secondop.evaluation.people import natural_frequencies, natural_sentence, share_sentence
from secondop.evaluation.published import published_rates
from secondop.figures.people import icon_array
from secondop.figures.style import on_phone
from secondop.teaching.markup import SMALL, TEXT, div, el
from secondop.teaching.plots import live, picture, redraw
from secondop.teaching.still import Still, need_lab

widgets = need_lab()

PUBLISHED = {"diagnosis": "meyer_dx", "treatment": "meyer_tx"}
"""The published rate from which the yield starts, by what changes."""
ASSUMED = "assumed: no published rate has this denominator"


def explore_prevalence(
    prevalence: float = 0.4, follow_through: float = 0.5, yield_: float | None = None
) -> PrevalenceExplorer:
    """Move prevalence, follow-through and yield, and see them in a hundred people.

    Second opinions without an indication are left out. What those missed who did not go is unknown, so they
    are drawn with a question mark.

    Parameters
    ----------
    prevalence, follow_through : float
        Shares, in [0, 1], of people with an indication, and of these who get a second opinion. Assumed.
    yield_ : float, optional
        Share of these, in turn, for whom it changes the diagnosis: the published one unless stated.

    Examples
    --------
    >>> explore_prevalence().sentence[:46]
    'Of 100 people, 40 have an indication. 20 of th'
    """
    return PrevalenceExplorer(prevalence, follow_through, yield_)


class PrevalenceExplorer(Still, widgets.VBox):
    """What :func:`explore_prevalence` gives."""

    def __init__(self, prevalence: float, follow_through: float, yield_: float | None):
        self._rates = published_rates().set_index("id").loc[list(PUBLISHED.values())]
        natural_frequencies(prevalence, follow_through, yield_ or 0)  # refuses what is no share
        self.what = widgets.ToggleButtons(options=list(PUBLISHED), style={"button_width": "110px"})
        start = self._published["rate"] if yield_ is None else yield_
        self.prevalence, self.follow_through, self.yield_ = (
            widgets.FloatSlider(
                share * 100, min=0, max=100, step=step, readout_format=form, layout={"width": "320px"}
            )
            for share, step, form in ((prevalence, 1, ".0f"), (follow_through, 1, ".0f"), (start, 0.1, ".1f"))
        )
        self._cites, self._says = widgets.HTML(), widgets.HTML()
        self._drawn = icon_array(self._people())
        self.figure = live(on_phone(self._drawn), width=440)  # it stands beside the sliders
        labels = (
            ("Prevalence", "of 100 people, with an indication", ASSUMED),
            ("Follow-through", "of 100 of these, get an opinion", ASSUMED),
            ("Yield", "of 100 of these, in turn, something changes", ""),
        )
        sliders = (self.prevalence, self.follow_through, self.yield_)
        controls = []
        for (name, of, source), slider in zip(labels, sliders, strict=True):
            words = div(TEXT, el("b", "font-size:16px;", name), f" {of}", div(SMALL, source))
            controls += [widgets.HTML(words), slider]
            slider.observe(self._move, "value")
        self.what.observe(self._reset, "value")
        asks = widgets.HTML(el("b", f"{TEXT}font-size:16px;", "What changes"))
        left = widgets.VBox([*controls, self._cites, asks, self.what], layout={"width": "350px"})
        both = widgets.HBox(
            [left, self.figure], layout={"flex_flow": "row wrap", "align_items": "flex-start"}
        )
        super().__init__([both, self._says])
        self._say()

    @property
    def table(self) -> pd.DataFrame:
        """The hundred people, from :func:`secondop.evaluation.people.natural_frequencies`."""
        return self._people(f"Prevalence and follow-through are assumed. {self._citation}")

    def _people(self, source: str = "") -> pd.DataFrame:
        shares = (control.value / 100 for control in (self.prevalence, self.follow_through, self.yield_))
        return natural_frequencies(*shares, what=self.what.value, source=source)

    @property
    def sentence(self) -> str:
        """The hundred people, as one says it."""
        return natural_sentence(self.table)

    def still(self) -> dict[str, Any]:
        return picture(icon_array(self.table))

    @property
    def _published(self) -> pd.Series:
        return self._rates.loc[PUBLISHED[self.what.value]]

    @property
    def _citation(self) -> str:
        rate = self._published
        published = (
            f"{100 * rate['rate']:.1f} % of {rate['n']:,} {rate['denominator']} "
            f"({rate['study']} {rate['year']}, {rate['source']})"
        )
        if abs(self.yield_.value - 100 * rate["rate"]) < 0.05:
            return f"Yield as published: {published}."
        return f"The yield is assumed; published: {published}."

    def _reset(self, _: Any) -> None:
        rate = 100 * self._published["rate"]
        if self.yield_.value == rate:
            self._move()
        self.yield_.value = rate

    def _move(self, _: Any = None) -> None:
        old, self._drawn = self._drawn, icon_array(self._people())
        redraw(self.figure, *([trace.to_plotly_json() for trace in fig.data] for fig in (old, self._drawn)))
        self._say()

    def _say(self) -> None:
        self._cites.value = div(f"{TEXT}{SMALL}height:4.5em;", self._citation)
        self._says.value = div(
            f"{TEXT}min-height:150px;",
            div("font-size:24px;font-weight:600;", self.sentence),
            div("font-size:18px;margin-top:.4em;", share_sentence(self.table)),
            div(f"{SMALL}margin-top:.4em;", "For teaching, not for care."),
        )
