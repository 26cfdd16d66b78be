"""Of a hundred people, who has an indication, who goes, and for whom something changes."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from secondop.evaluation.people import natural_frequencies, natural_sentence
from secondop.figures.people import icon_array
from secondop.teaching.classroom import page_data
from secondop.teaching.screen import Screen, one_of, traitlets, widget


class PrevalenceExplorer(Screen):
    """What :func:`explore_prevalence` gives; set ``shares`` from Python as from the screen.

    Attributes
    ----------
    shares : dict
        In per cent: ``prevalence`` of all people, ``follow`` of these who go, ``yield`` of these in turn;
        and ``what`` changes, *diagnosis* or *treatment*.
    """

    shares = traitlets.Dict().tag(sync=True)
    kept = ("shares",)
    _esm, _css = widget("people.js").values()

    def __init__(self, prevalence: float, follow_through: float, yield_: float | None) -> None:
        natural_frequencies(prevalence, follow_through, yield_ or 0)  # refuses what is no share
        data = page_data(screens=("people",))
        self.published = data["published"]
        start = self.published["diagnosis"]["rate"] if yield_ is None else round(100 * yield_, 6)
        shares = {"prevalence": round(100 * prevalence, 6), "follow": round(100 * follow_through, 6)}
        super().__init__(data, shares=shares | {"yield": start, "what": "diagnosis"})

    @traitlets.validate("shares")
    def _read(self, proposal: Any) -> dict[str, Any]:
        shares = self.shares | proposal["value"]
        one_of("what", shares["what"], self.published)
        _people(shares)
        return shares

    @property
    def table(self) -> pd.DataFrame:
        """The hundred people, from :func:`secondop.evaluation.people.natural_frequencies`."""
        what = self.published[self.shares["what"]]
        was = abs(self.shares["yield"] - what["rate"]) < 0.05
        cited = f"published: {what['rate']:.1f} % of {what['n']:,} {what['of']} ({what['source']})"
        cited = f"Yield as {cited}." if was else f"The yield is assumed; {cited}."
        return _people(self.shares, f"Prevalence and follow-through are assumed. {cited}")

    @property
    def sentence(self) -> str:
        """The hundred people, as one says it."""
        return natural_sentence(self.table)

    def still(self) -> dict[str, Any]:
        return {"application/vnd.plotly.v1+json": json.loads(icon_array(self.table).to_json())}


def _people(shares: dict[str, Any], source: str = "") -> pd.DataFrame:
    parts = (shares[name] / 100 for name in ("prevalence", "follow", "yield"))
    return natural_frequencies(*parts, what=shares["what"], source=source)


def explore_prevalence(
    prevalence: float = 0.4, follow_through: float = 0.5, yield_: float | None = None
) -> PrevalenceExplorer:
    """Move prevalence, follow-through and yield, and see them in a hundred people.

    Second opinions without an indication are left out. What those missed who did not go is unknown, so they
    are drawn with a dashed line.

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
