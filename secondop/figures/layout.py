"""Where everything of a drawing stands at a width: a page or notebook, or a phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from secondop.figures.style import INK, QUIET, WIDE, Drawing, axes, lines_of, wrap

_ROW, _BAR, _LINE, _PAD = 26, 13, 15, 12  # a ladder's row, its bar, a line of a label; the edge
_HEAD, _NOTE, _AXIS, _ENTRY = 21, 18, 19, 20  # a line of the title, its note, an axis title, the legend
_BOLD, _TEXT, _SMALL = 10.0, 8.2, 7.5  # widths of a letter at 15 px bold, 14 px and 12 px, rather wide
_LABEL = 6.9  # of a letter at 12 px in a label of some length, where wide and narrow ones even out


def laid_out(made: Drawing, width: int) -> dict[str, Any]:
    """The layout for a width: words broken, margins as wide as labels and values need, panels in places."""
    phone, inner = width < WIDE, width - 2 * _PAD
    heads = [wrap(title, int(inner / _BOLD)) for title in made.titles()]
    note, above = wrap(made.note, int(inner / _SMALL)), wrap(made.y and f"↑ {made.y}", int(inner / _TEXT))
    columns = 1 if phone else 1 + max(panel.column for panel in made.panels)
    labels = [_broken(panel.labels, 44 if phone else 40 if columns == 1 else 34) for panel in made.panels]
    tall = max((1 + text.count("<br>") for texts in labels for text in texts), default=1)
    row = _ROW + 1 + _LINE * tall if phone else max(_ROW, 8 + _LINE * tall)
    places = [0 if phone else panel.column for panel in made.panels]
    sides = _sides(width, columns, places, made, labels)
    left, right, across = round(sides[0][0]), round(sides[-1][1]), _across(width, sides)
    inside = width - left - right
    ends, spots = [0] * columns, []
    for panel, at in zip(made.panels, places, strict=True):
        start = ends[at] + 22 * bool(panel.head) + 16 * bool(ends[at])
        spots.append((start, start + (row * len(panel.labels) or panel.size)))
        ends[at] = spots[-1][1] + (0 if panel.labels else 26)
    high, sizes = max(end for _, end in spots), []
    layout: dict[str, Any] = {"annotations": [note.to_plotly_json() for note in made.fig.layout.annotations]}
    for number, (panel, at, spot) in enumerate(zip(made.panels, places, spots, strict=True)):
        x, y = axes(number).values()
        last = spot[1] == max(end for (_, end), other in zip(spots, places, strict=True) if other == at)
        below = {"domain": [*across[at]], "anchor": y, "showticklabels": last or not panel.labels}
        words = lines_of(made.x, int(inner / columns / _TEXT)) if last else ""
        layout[f"xaxis{x[1:]}"] = below | {"title": {"text": words}}
        sizes.append((inside * (across[at][1] - across[at][0]), spot[1] - spot[0]))
        side = {"domain": [1 - spot[1] / high, 1 - spot[0] / high], "anchor": x}
        if panel.labels:
            below_row = 14 / row if phone else 0.5  # on a phone the label takes what is above a row
            side |= {"range": [1 - below_row - len(panel.labels), 1 - below_row]}
            side |= {"visible": False, "fixedrange": True}
            layout["annotations"] += _rows(labels[number], panel.values, x, y, phone)
        layout[f"yaxis{y[1:]}"] = side
        if panel.head:
            edge = {"x": 0, "y": 1, "xref": f"{x} domain", "yref": f"{y} domain"}
            layout["annotations"].append(_text(f"<b>{panel.head}</b>", 13, "left", "bottom") | edge)

    if above:
        edge = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xshift": _PAD - left, "yshift": 6}
        layout["annotations"].append(_text("<br>".join(above), 14, "left", "bottom", QUIET) | edge)
    under = 30 + _AXIS * len(wrap(made.x, int(inner / columns / _TEXT))) + 6
    lines = [max(map(len, heads)), len(note), _legend_rows(made, inside)]
    bottom = under + 84 * bool(made.steps) + _ENTRY * lines[2]
    top = 16 + _HEAD * lines[0] + _NOTE * lines[1] + _AXIS * len(above) + 14
    total = top + high + bottom
    layout["annotations"] += _direct(made, sizes)
    layout |= {
        "height": total,
        "margin": {"t": top, "b": bottom, "l": left, "r": right},
        "bargap": 1 - _BAR / row,
        "title": {"text": titled(heads[made.start], note), "x": 0, "xref": "container", "pad": {"l": _PAD}}
        | {"y": 1 - 22 / total, "yanchor": "top", "font": {"size": 15}},
        "meta": {"lines": lines, "sides": sides, "places": places},
    }
    return layout | ({"sliders": [_slider(made, heads, note, under, phone)]} if made.steps else {})


def titled(head: Sequence[str], note: Sequence[str]) -> str:
    """A title in bold and its note below, both in lines."""
    small = "".join(f"<br><span style='font-size:13px;color:{QUIET}'>{line}</span>" for line in note)
    return "<br>".join(f"<b>{line}</b>" for line in head) + small


def _sides(width: int, columns: int, places: list[int], made: Drawing, labels: list) -> list[list[float]]:
    """What each column of panels needs at its left for labels or ticks, and at its right for values."""
    wide = [[0.0, 18.0] for _ in range(columns)]
    for at, panel, texts in zip(places, made.panels, labels, strict=True):
        if texts:
            left = _LABEL * _letters(texts) + 10 + _PAD if width >= WIDE else _PAD
            wide[at] = [max(wide[at][0], left), max(wide[at][1], _SMALL * _letters(panel.values) + 14)]
    return [[left or 50.0, right] for left, right in wide]


def _across(width: int, sides: list[list[float]]) -> list[list[float]]:
    """From where to where each column of panels is drawn, as shares of all; fit.js does the same."""
    each = (width - sum(map(sum, sides))) / len(sides)
    inside = width - round(sides[0][0]) - round(sides[-1][1])
    starts = np.cumsum([sides[0][0], *(each + a + b for (_, a), (b, _) in pairwise(sides))]) - round(
        sides[0][0]
    )
    return [[min(1, max(0, round(float(end) / inside, 4))) for end in (x, x + each)] for x in starts]


def _rows(labels: list[str], values: Sequence[str], x: str, y: str, phone: bool) -> list[dict[str, Any]]:
    """Labels at the left of rows, or above them on a phone, and values at their ends."""
    edge = {"x": 0, "xref": f"{x} domain", "yref": y}
    place = ("left", "bottom", {"yshift": _BAR // 2 + 1}) if phone else ("right", "middle", {"xshift": -6})
    said = [_text(text, 12, *place[:2]) | edge | place[2] | {"y": -i} for i, text in enumerate(labels)]
    edge |= {"x": 1, "xshift": 6}
    return said + [_text(text, 12, "left", "middle") | edge | {"y": -i} for i, text in enumerate(values)]


def _text(text: str, size: int, x: str, y: str, colour: str = INK) -> dict[str, Any]:
    look = {"text": text, "showarrow": False, "font": {"size": size, "color": colour}, "align": x}
    return look | {"xanchor": x, "yanchor": y}


def _broken(labels: Iterable[str], width: int) -> list[str]:
    return [lines_of(escape(label, quote=False), width) for label in labels]


def _letters(texts: Iterable[str]) -> int:
    """The letters of the longest line."""
    return max((len(line) for text in texts for line in text.split("<br>")), default=0)


def _legend_rows(made: Drawing, inside: int) -> int:
    """The rows of the legend, which fit.js counts again: one, or what entries as wide as the widest need."""
    wide = [46 + 7.9 * len(trace.name or "") for trace in made.fig.data if trace.showlegend]
    if sum(wide) <= inside:
        return int(bool(wide))
    return -(-len(wide) // max(1, int(inside / max(wide))))


def _slider(made: Drawing, heads: list, note: list[str], under: int, phone: bool) -> dict[str, Any]:
    """The slider below the axis; each step sets its title, what moves and the rows' words."""
    first, steps = len(made.fig.layout.annotations), []
    for (label, (_, moved, panel)), head in zip(made.steps.items(), heads, strict=True):
        rows = [*_broken(panel.labels, 44 if phone else 40), *panel.values]
        told = {f"annotations[{first + i}].text": text for i, text in enumerate(rows)}
        args = [moved, told | {"title.text": titled(head, note)}, [*range(len(moved["x"]))]]
        steps.append({"label": label, "method": "update", "args": args})
    edge = phone * max(0, round(_SMALL * _letters(made.steps) / 2) - _PAD)  # first and last stand whole
    look = {"currentvalue": {"prefix": made.prefix, "font": {"size": 14}}, "font": {"size": 12}, "x": 0}
    look |= {"pad": {"t": under, "b": 0, "l": edge, "r": edge}, "len": 1}
    return look | {"steps": steps, "active": made.start}


def _direct(made: Drawing, sizes: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Labels at marks, each where it covers least; one that finds no room is left to its mark."""
    notes: list[dict[str, Any]] = []
    for number, size in enumerate(sizes):
        on, named = axes(number), [label for label in made.named if label["panel"] == number]
        marks, boxes = _marks(made, number, size) if named else None, np.empty((0, 4))
        for label in named:
            x, y = (_pixels(made, on, name, [label[name]], size)[0] for name in "xy")
            spot, half = np.array([x, y]), np.array([_SMALL * len(label["text"]) / 2 + 2, 9.0])
            options = []
            for reach in (22, 34, 50, 70, 95):
                for turn in np.arange(16) * np.pi / 8:
                    away = np.array([np.cos(turn) * (half[0] + reach - 8), np.sin(turn) * reach])
                    box = np.concatenate([spot + away - half, spot + away + half])
                    options.append((_covered(box, boxes, marks, size) + reach / 20, *away, box))
            cost, ax, ay, box = min(options, key=lambda option: option[0])
            if cost >= 1000:
                continue
            boxes = np.vstack([boxes, box])
            look = _text(label["text"], 12, "center", "middle", label["colour"]) | {"showarrow": True}
            for name in "xy":  # an annotation takes the logarithm where the axis is one
                log = made.fig.layout[f"{name}axis{on[f'{name}axis'][1:]}"].type == "log"
                look[name] = float(np.log10(label[name])) if log else label[name]
            look |= {"xref": on["xaxis"], "yref": on["yaxis"]}
            look |= {"ax": round(ax), "ay": round(ay), "standoff": 6, "arrowhead": 0, "arrowwidth": 1}
            notes.append(look | {"arrowcolor": QUIET})
    return notes


def _covered(box: np.ndarray, boxes: np.ndarray, marks: np.ndarray, size: tuple[float, float]) -> float:
    """How bad a place for a label is: outside or over another one very, over marks and lines a little."""
    out = box[0] < -4 or box[1] < -12 or box[2] > size[0] + 10 or box[3] > size[1]
    over = (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
    inside = (abs(marks - (box[:2] + box[2:]) / 2) < (box[2:] - box[:2]) / 2 + 3).all(axis=1)
    return 1000.0 * (out + over.sum()) + inside.sum()


def _marks(made: Drawing, number: int, size: tuple[float, float]) -> np.ndarray:
    """Where marks and lines of a panel are, in pixels from its upper left; lines as points along them."""
    on, found = axes(number), [np.empty((0, 2))]
    for trace in made.fig.data:
        if trace.type != "scatter" or (trace.xaxis or "x") != on["xaxis"] or trace.x is None:
            continue
        at = np.array([_pixels(made, on, name, trace[name], size) for name in "xy"], float).T
        between = np.linspace(0, 1, 25)[:, None] if "lines" in (trace.mode or "") else np.zeros((1, 1))
        found += [a + (b - a) * between for a, b in pairwise(at)] + [at]
    spots = np.vstack(found)
    return spots[np.isfinite(spots).all(axis=1)]


def _pixels(made: Drawing, on: dict[str, str], name: str, values: Any, size: tuple[float, float]) -> Any:
    """Values of an axis as pixels from the left or from the top."""
    axis = made.fig.layout[f"{name}axis{on[f'{name}axis'][1:]}"]
    at = np.array([np.nan if value is None else value for value in values], float)
    at = np.log10(at) if axis.type == "log" else at
    low, high = axis.range
    share = (at - low) / (high - low)
    return share * size[0] if name == "x" else (1 - share) * size[1]
