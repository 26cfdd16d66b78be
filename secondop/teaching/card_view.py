"""One card to predict and reveal, as the deck and the quiz show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.feedback import Feedback
from secondop.teaching.markup import LINE, SMALL, Html, div, el
from secondop.teaching.still import need_lab
from secondop.words import either, plural

if TYPE_CHECKING:
    from secondop.teaching.cards import TeachingCase

QUESTION = "What does the rule book say?"
WORDS = {level: level.replace("_", " ") for level in RECOMMENDATIONS}
"""The five recommendations, each in words."""

_AT_ONCE = 8  # more facts that are not recorded are folded
_STYLE = Html(
    "<style>.secondop-cards :is(label, select, button) {font-size:17px;} "
    ".secondop-cards button {height:auto; padding:.15em .9em;} "
    ".secondop-cards .widget-radio-box {height:auto; flex-wrap:wrap; column-gap:.5em;} "
    ".secondop-cards .widget-radio-box label {white-space:nowrap; width:auto;}"
    "</style>"
)


class OnDemand:
    """Data that shows itself as a widget (``self.widget``), which is made only when it is shown."""

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)


class CardView:
    """A case, a choice of five, and what the answer is told; heights are fixed, so that nothing jumps.

    ``act`` is called when an answer is given, ``move`` with -1 or 1 when the card is turned.
    """

    def __init__(self, action: str, act: Callable[[], None], move: Callable[[int], None]):
        w = need_lab()
        self.back, self.on, self.act = (
            w.Button(description=words, layout={"width": "auto"})
            for words in ("◀ Previous", "Next ▶", action)
        )
        self.act.button_style, self.act.layout.align_self = "primary", "flex-end"
        self.place = w.HTML()
        self.card = w.HTML(layout={"height": "21em", "overflow": "auto"})
        self.told = w.HTML(layout={"height": "19em", "overflow": "auto"})
        self.choice = w.RadioButtons(
            options=[(words, level) for level, words in WORDS.items()],
            value=None,
            description=QUESTION,
            orientation="horizontal",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        self.back.on_click(lambda _: move(-1))
        self.on.on_click(lambda _: move(1))
        self.act.on_click(lambda _: act())
        self.choice.observe(lambda _: setattr(self.told, "value", ""), "value")
        self.bar = w.HBox([self.back, self.on, self.place], layout={"flex_flow": "row wrap"})
        self.answer = w.HBox([self.choice, self.act], layout={"flex_flow": "row wrap"})
        self.box = w.VBox([w.HTML(_STYLE), self.bar, self.card, self.answer, self.told])
        self.box.add_class("secondop-cards")

    def show(self, place: str, content: Html, choice: str | None = None) -> None:
        """Turn to a card, with the choice that was made, if one was."""
        self.place.value, self.card.value = el("b", "padding:0 .6em;font-size:17px;", place), content
        self.choice.value = choice
        self.choice.disabled = self.act.disabled = choice is not None
        self.told.value = ""

    def tell(self, case: TeachingCase, feedback: Feedback) -> None:
        """Say what an answer is told and, once there is one, the whole explanation to unfold."""
        said = Html(f'<div role="status" style="white-space:pre-line;">{feedback._repr_html_()}</div>')
        more = Html("")
        if feedback.correct is not None:
            summary = el("summary", "cursor:pointer;", "The whole explanation")
            more = el("details", "margin:.4em 0;", summary, Html(case.explanation.to_html()))
        self.told.value = div("font-size:16px;", said, more)


def case_html(case: TeachingCase) -> Html:
    """A case to read: its story, what stands out in the record, what is not recorded, and the rest."""
    front = {n: value for n, value in case.facts.items() if case.stands_out(n)}
    rest = [f"{RULE_BOOK.facts[n].label}: {_amount(n, v)}" for n, v in case.facts.items() if n not in front]
    gaps = [RULE_BOOK.facts[n].label for n in RULE_BOOK.facts if n not in case.facts]
    facts = [
        div(
            f"border-left:3px solid {LINE};padding:.1em .6em;",
            el("span", "opacity:.8;", f"{RULE_BOOK.facts[n].label}: "),
            el("b", "", _amount(n, value)),
        )
        for n, value in front.items()
    ]
    return div(
        "line-height:1.4;font-family:system-ui,sans-serif;font-size:17px;color:inherit;",
        div("font-size:1.4em;font-weight:650;line-height:1.2;", case.title),
        div("font-size:1.15em;margin:.4em 0 .7em;max-width:48em;", case.story),
        div("display:grid;grid-template-columns:repeat(auto-fill,minmax(18em,1fr));gap:.3em .8em;", *facts),
        _list("Not recorded", gaps, folded=len(gaps) > _AT_ONCE),
        _list("Also recorded", rest, folded=True),
    )


def _list(title: str, items: list[str], *, folded: bool) -> Html:
    words = " · ".join(items)
    if not items or not folded:
        return div("margin:.6em 0;", el("b", "", f"{title}: "), words) if items else Html("")
    summary = el("summary", "cursor:pointer;", f"{title}: {plural(len(items), 'fact')}")
    return el("details", "margin:.6em 0;", summary, div(SMALL, words))


def _amount(name: str, value: Any) -> str:
    words = RULE_BOOK.facts[name].in_words(value)
    return RULE_BOOK.facts[name].quantity(words, value) if RULE_BOOK.facts[name].is_numeric else words


def still_card(place: str, case: TeachingCase) -> Html:
    """A card where no kernel runs."""
    return div(
        f"max-width:64em;border:1px solid {LINE};border-radius:10px;padding:1em 1.3em;color:inherit;"
        "font-family:system-ui,sans-serif;",
        div(SMALL, place),
        case.to_html(),
        div("margin:.8em 0 .2em;font-size:17px;", el("b", "", QUESTION), f" {either(list(WORDS.values()))}?"),
        div(SMALL, "Run the cell in JupyterLab to answer."),
    )
