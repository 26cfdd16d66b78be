"""Where everything of a drawing stands at a width: a page or notebook, or a phone."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from secondop.figures.style import INK, QUIET, WIDE, Drawing, axes, lines_of, wrap

_ROW, _BAR, _LINE, _PAD = 26, 13, 15, 12  # a ladder's row, its bar, a line of a label; the edge
_HEAD, _NOTE, _AXIS, _ENTRY = 21, 18, 19, 20  # a line of the title, its note, an axis title, the legend
_BOLD, _TEXT, _SMALL = 10.0, 8.2, 7.5  # widths of a letter at 15 px bold, 14 px and 12 px, rather wide
_LABEL = 6.9  # of a letter at 12 px in a label of some length, where wide and narrow ones even out
_MOVES = ("x", "base", "customdata", "error_x.array")  # what a step of a slider sets
_MOVES += tuple(f"marker.{name}" for name in ("color", "line.color", "pattern.fgcolor"))


def laid_out(made: Drawing, width: int) -> dict[str, Any]:
    """The layout for a width: words broken, margins as wide as labels and values need, panels in places."""
    phone, inner = width < WIDE, width - 2 * _PAD
    titles = [escape(step.title, quote=False) for step in made.steps.values() or [made]]
    heads, note = [wrap(title, int(inner / _BOLD)) for title in titles], wrap(made.note, int(inner / _SMALL))
    places = [0 if phone else panel.column for panel in made.panels]
    columns = 1 + max(places)
    letters = 44 if phone else 40 if columns == 1 else 34
    labels = [[lines_of(label, letters) for label in panel.labels] for panel in made.panels]
    tall = 1 + max((text.count("<br>") for texts in labels for text in texts), default=0)
    row = _ROW + 1 + _LINE * tall if phone else max(_ROW, 8 + _LINE * tall)
    sides, across = _columns(made, width, places, labels)
    left, right = round(sides[0][0]), round(sides[-1][1])
    spots, ends = [], [0] * columns
    for panel, at in zip(made.panels, places, strict=True):
        start = ends[at] + 22 * bool(panel.head) + 16 * bool(ends[at])
        spots.append((start, start + (row * len(panel.labels) or panel.size)))
        ends[at] = spots[-1][1] + 26 * (not panel.labels)
    high = max(end for _, end in spots)
    words = lines_of(made.x, int(inner / columns / _TEXT))
    notes = [note.to_plotly_json() for note in made.fig.layout.annotations]
    layout: dict[str, Any] = {}
    for number, (panel, at, (start, end)) in enumerate(zip(made.panels, places, spots, strict=True)):
        x, y = axes(number).values()
        last = at not in places[number + 1 :]
        below = {"domain": across[at], "anchor": y, "showticklabels": last or not panel.labels}
        layout[f"xaxis{x[1:]}"] = below | {"title": {"text": words * last}} | made.across
        side = {"domain": [1 - end / high, 1 - start / high], "anchor": x} | made.up
        if panel.labels:
            below_row = 14 / row if phone else 0.5  # on a phone the label takes what is above a row
            side["range"] = [1 - below_row - len(panel.labels), 1 - below_row]
            side |= {"visible": False, "fixedrange": True}
            notes += _rows(labels[number], panel.values, f"{x} domain", y, phone)
        layout[f"yaxis{y[1:]}"] = side
        if panel.head:
            edge = {"x": 0, "y": 1, "xref": f"{x} domain", "yref": f"{y} domain"}
            notes.append(_text(f"<b>{escape(panel.head, quote=False)}</b>", 13, "left", "bottom") | edge)
        notes += _direct(made, number, ((width - left - right) * np.ptp(across[at]), end - start))
    above = wrap(made.y and f"↑ {made.y}", int(inner / _TEXT))
    if above:
        edge = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xshift": _PAD - left, "yshift": 6}
        notes.append(_text("<br>".join(above), 14, "left", "bottom", QUIET) | edge)
    entries = [46 + 7.9 * len(trace.name) for trace in made.fig.data if trace.showlegend]
    fit = len(entries) if sum(entries) <= width - left - right else int((width - left - right) / max(entries))
    legend = -(-len(entries) // max(1, fit))  # rows, which fit.js counts again
    under = 36 + _AXIS * (words.count("<br>") + bool(words))
    lines = [max(map(len, heads)), len(note), legend]
    bottom = under + 84 * bool(made.steps) + _ENTRY * legend
    top = 30 + _HEAD * lines[0] + _NOTE * lines[1] + _AXIS * len(above)
    title = {"text": _titled(heads[made.start], note), "x": 0, "xref": "container", "pad": {"l": _PAD}}
    title |= {"y": 1 - 22 / (top + high + bottom), "yanchor": "top", "font": {"size": 15}}
    layout |= {"height": top + high + bottom, "margin": {"t": top, "b": bottom, "l": left, "r": right}}
    layout |= {"bargap": 1 - _BAR / row, "title": title, "annotations": notes}
    layout["meta"] = {"lines": lines, "sides": sides, "places": places, "titles": titles, "start": made.start}
    if made.steps:
        layout["sliders"] = [_slider(made, heads, note, under, letters, phone)]
    return layout


def _titled(head: list[str], note: list[str]) -> str:
    """A title in bold and its note below, both in lines."""
    small = "".join(f"<br><span style='font-size:13px;color:{QUIET}'>{line}</span>" for line in note)
    return "<br>".join(f"<b>{line}</b>" for line in head) + small


def _columns(made: Drawing, width: int, places: list[int], labels: list) -> tuple[list, list]:
    """What each column of panels has at its sides, and what it spans of the plot; fit.js does the same."""
    sides = [[0.0, 18.0] for _ in range(1 + max(places))]
    for at, panel, texts in zip(places, made.panels, labels, strict=True):
        left = _PAD + (_LABEL * _letters(texts) + 10) * (width >= WIDE) if texts else 0
        sides[at] = [max(sides[at][0], left), max(sides[at][1], _SMALL * _letters(panel.values) + 14)]
    sides = [[left or 50.0, right] for left, right in sides]
    each = (width - sum(map(sum, sides))) / len(sides)
    starts = np.cumsum([0, *(each + right + left for (_, right), (left, _) in pairwise(sides))])
    spans = np.add.outer(starts, [0, each]) / (starts[-1] + each)
    return sides, spans.round(4).tolist()


def _rows(labels: list[str], values: Iterable[str], x: str, y: str, phone: bool) -> list[dict[str, Any]]:
    """Labels at the left of rows, or above them on a phone, and values at their ends."""
    look = ("left", "bottom") if phone else ("right", "middle")
    edge = {"yshift": _BAR // 2 + 1} if phone else {"xshift": -6}
    edge, end = edge | {"x": 0, "xref": x, "yref": y}, {"x": 1, "xref": x, "yref": y, "xshift": 6}
    said = [_text(text, 12, *look) | edge | {"y": -i} for i, text in enumerate(labels)]
    return said + [_text(text, 12, "left", "middle") | end | {"y": -i} for i, text in enumerate(values)]


def _text(text: str, size: int, x: str, y: str, colour: str = INK) -> dict[str, Any]:
    look = {"text": text, "showarrow": False, "font": {"size": size, "color": colour}, "align": x}
    return look | {"xanchor": x, "yanchor": y}


def _letters(texts: Iterable[str]) -> int:
    """The letters of the longest line."""
    return max((len(line) for text in texts for line in text.split("<br>")), default=0)


def _slider(made: Drawing, heads: list, note: list, under: int, letters: int, phone: bool) -> dict[str, Any]:
    """The slider below the axis; each step sets its title, what moves and the rows' words."""
    first, steps = len(made.fig.layout.annotations), []
    for (label, step), head in zip(made.steps.items(), heads, strict=True):
        traces = [pd.json_normalize(trace.to_plotly_json(), max_level=2).iloc[0] for trace in step.fig.data]
        moved = {name: [trace.get(name) for trace in traces] for name in _MOVES}
        panel = step.panels[0]
        texts = [*(lines_of(label, letters) for label in panel.labels), *panel.values]
        said = {f"annotations[{first + i}].text": text for i, text in enumerate(texts)}
        args = [moved, said | {"title.text": _titled(head, note)}, [*range(len(traces))]]
        steps.append({"label": label, "method": "update", "args": args})
    edge = phone * max(0, round(_SMALL * _letters(made.steps) / 2) - _PAD)  # first and last stand whole
    look = {"currentvalue": {"prefix": made.prefix, "font": {"size": 14}}, "font": {"size": 12}, "x": 0}
    look |= {"pad": {"t": under, "b": 0, "l": edge, "r": edge}, "len": 1}
    return look | {"steps": steps, "active": made.start}


def _direct(made: Drawing, panel: int, size: tuple[float, float]) -> list[dict[str, Any]]:
    """Labels at marks, each where it covers least; one that finds no room is left to its mark."""
    named, on = [label[1:] for label in made.named if label[0] == panel], axes(panel)
    spots, kept, notes = [np.empty((0, 2))], np.empty((0, 4)), []
    for trace in made.fig.data if named else ():
        if trace.type == "scatter" and (trace.xaxis or "x") == on["xaxis"]:
            spots.append(_pixels(made, trace.x, trace.y, size))
            if "lines" in (trace.mode or ""):  # as points along them
                steps = np.linspace(0, 1, 25)[:, None, None]
                spots.append((spots[-1][:-1] + np.diff(spots[-1], axis=0) * steps).reshape(-1, 2))
    marks = np.vstack(spots)
    reach, turn = np.repeat((22, 34, 50, 70, 95), 16), np.tile(np.arange(16) * np.pi / 8, 5)
    for x, y, text, colour in named:
        half = np.array([_SMALL * len(text) / 2 + 2, 9.0])
        away = np.column_stack([np.cos(turn) * (half[0] + reach - 8), np.sin(turn) * reach])
        centre = (away + _pixels(made, [x], [y], size))[:, None]
        out = (centre - half < (-4, -12)) | (centre + half > np.add(size, (10, 0)))
        over = abs(centre - kept[:, :2]) < half + kept[:, 2:]  # other labels, then marks and lines
        hidden = (abs(centre - marks) < half + 3).all(axis=2).sum(axis=1)
        cost = 1000 * (out.any(axis=(1, 2)) + over.all(axis=2).sum(axis=1)) + hidden + reach / 20
        if cost.min() >= 1000:
            continue
        best = cost.argmin()
        kept = np.vstack([kept, [*centre[best, 0], *half]])
        x, y = (_scaled(look, [at])[0] for look, at in ((made.across, x), (made.up, y)))
        look = _text(text, 12, "center", "middle", colour) | {"x": float(x), "y": float(y), "showarrow": True}
        look |= {"xref": on["xaxis"], "yref": on["yaxis"], "standoff": 6, "arrowhead": 0, "arrowwidth": 1}
        ax, ay = away[best].round().tolist()
        notes.append(look | {"ax": ax, "ay": ay, "arrowcolor": QUIET})
    return notes


def _pixels(made: Drawing, x: Any, y: Any, size: tuple[float, float]) -> np.ndarray:
    """Where marks are, in pixels from the upper left."""
    shares = []
    for look, values in ((made.across, x), (made.up, y)):
        low, high = look["range"]
        shares.append((_scaled(look, values) - low) / (high - low))
    return np.column_stack([shares[0] * size[0], (1 - shares[1]) * size[1]])


def _scaled(look: dict[str, Any], values: Any) -> np.ndarray:
    """Values as the axis has them: annotations and ranges take the logarithm where it has one."""
    values = np.array(values, float)
    return np.log10(values) if look.get("type") == "log" else values
