"""Where everything of a drawing stands at a width: a page or notebook, or a phone."""

from collections.abc import Iterable
from html import escape
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from secondop.figures.style import INK, QUIET, WIDE, Drawing, axes, lines_of

_ROW, _BAR, _LINE, _PAD = 26, 13, 15, 12  # a ladder's row, its bar, a line of a label; the edge
_HEAD, _NOTE, _AXIS, _ENTRY = 21, 18, 19, 20  # a line of the title, its note, an axis title, the legend
_BOLD, _TEXT, _SMALL = 10.0, 8.2, 7.5  # widths of a letter at 15 px bold, 14 px and 12 px, rather wide
_LABEL = 6.9  # of a letter at 12 px in a label of some length, where wide and narrow ones even out
_WORST, _CROSSED, _ORDERS = 1000, 60, 24  # costs of a label left out and of a crossing; orders to try
_OFF = 6  # px between a mark and its leader line
_WAYS = np.array([[1, 1], [1, -1]])  # from the middle of a box to its corners
_MOVES = ("x", "base", "customdata", "error_x.array")  # what a step of a slider sets
_MOVES += tuple(f"marker.{name}" for name in ("color", "line.color", "pattern.fgcolor"))


def laid_out(made: Drawing, width: int) -> dict[str, Any]:
    """The layout for a width: words broken, margins as wide as labels and values need, panels in places."""
    phone, inner = width < WIDE, width - 2 * _PAD
    drawn = [*made.steps.values()] or [made]
    heads = [lines_of(step.title, int(inner / _BOLD)) for step in drawn]
    note, active = lines_of(made.note, int(inner / _SMALL)), drawn.index(made)
    places = [0 if phone else panel.column for panel in made.panels]
    columns = 1 + max(places)
    letters = 44 if phone or columns == 1 else 34
    labels = [[lines_of(label, letters) for label in panel.labels] for panel in made.panels]
    tall = max(map(_lines, chain(*labels)), default=1)
    row = _ROW + 1 + _LINE * tall if phone else max(_ROW, 8 + _LINE * tall)
    right = round(max(18, 14 + _SMALL * _letters(text for panel in made.panels for text in panel.values)))
    left = 50 if not any(labels) else _PAD if phone else round(_PAD + 10 + _LABEL * _letters(chain(*labels)))
    inside, each = width - left - right, width / columns - left - right  # px of all panels, and of one
    starts, ends = [], [0] * columns
    for panel, at in zip(made.panels, places, strict=True):
        starts.append(ends[at] + 22 * bool(panel.head) + 16 * bool(ends[at]))
        ends[at] = starts[-1] + (row * len(panel.labels) or panel.size + 26)
    sizes = [row * len(panel.labels) or panel.size for panel in made.panels]
    high = max(start + size for start, size in zip(starts, sizes, strict=True))
    words = lines_of(made.x, int(inner / columns / _TEXT))
    above = lines_of(f"↑ {made.y}" if made.y else "", int(inner / _TEXT))
    notes, layout = [note.to_plotly_json() for note in made.fig.layout.annotations], {}
    beside = ("left", "bottom", {"yshift": _BAR // 2 + 1}) if phone else ("right", "middle", {"xshift": -6})
    for i, (panel, at, start, size) in enumerate(zip(made.panels, places, starts, sizes, strict=True)):
        (x, y), last, first = axes(i).values(), at not in places[i + 1 :], at * width / columns
        below = {"domain": [first / inside, (first + each) / inside], "title": {"text": words * last}}
        below |= {"anchor": y, "showticklabels": last or not panel.labels}
        layout[f"xaxis{x[1:]}"] = below | made.across
        side = {"domain": [1 - (start + size) / high, 1 - start / high], "anchor": x} | made.up
        if panel.labels:
            under = 14 / row if phone else 0.5  # on a phone the label takes what is above a row
            side |= {"range": [1 - under - len(panel.labels), 1 - under], "visible": False}
        layout[f"yaxis{y[1:]}"], on = side, {"xref": f"{x} domain", "yref": y}
        on |= {"x": 0} | beside[2]
        notes += [_text(text, 12, *beside[:2]) | on | {"y": -n} for n, text in enumerate(labels[i])]
        on |= {"x": 1, "xshift": 6, "yshift": 0}
        notes += [_text(text, 12, "left", "middle") | on | {"y": -n} for n, text in enumerate(panel.values)]
        if panel.head:
            on |= {"x": 0, "y": 1, "yref": f"{y} domain", "xshift": 0}
            notes.append(_text(f"<b>{escape(panel.head, quote=False)}</b>", 13, "left", "bottom") | on)
        notes += _direct(made, i, np.array([each, size]))
    if above:
        edge = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xshift": _PAD - left, "yshift": 6}
        notes.append(_text(above, 14, "left", "bottom", QUIET) | edge)
    entries = [46 + 7.9 * len(trace.name) for trace in made.fig.data if trace.showlegend]
    fit = len(entries) if sum(entries) <= inside else int(inside / max(entries)) or 1
    under, legend = 36 + _AXIS * _lines(words), -(-len(entries) // max(fit, 1))
    lines = [max(map(_lines, heads)), _lines(note), legend]  # which fit.js counts again
    bottom = under + 84 * bool(made.steps) + _ENTRY * legend
    top = 30 + _HEAD * lines[0] + _NOTE * lines[1] + _AXIS * _lines(above)
    title = {"text": _titled(heads[active], note), "x": 0, "xref": "container", "pad": {"l": _PAD}}
    title |= {"y": 1 - 22 / (top + high + bottom), "yanchor": "top", "font": {"size": 15}}
    layout |= {"height": top + high + bottom, "margin": {"t": top, "b": bottom, "l": left, "r": right}}
    layout |= {"bargap": 1 - _BAR / row, "title": title, "annotations": notes}
    layout["meta"] = {"lines": lines, "sides": [[left, right]] * columns, "places": places, "start": active}
    layout["meta"]["titles"] = [escape(step.title, quote=False) for step in drawn]
    if made.steps:
        edge = phone * max(0, round(_SMALL * _letters(made.steps) / 2) - _PAD)  # first and last stand whole
        look = {"currentvalue": {"prefix": made.prefix, "font": {"size": 14}}, "font": {"size": 12}, "x": 0}
        look |= {"pad": {"t": under, "b": 0, "l": edge, "r": edge}, "len": 1, "active": active}
        layout["sliders"] = [look | {"steps": _steps(made, heads, note, letters)}]
    return layout


def _titled(head: str, note: str) -> str:
    """A title in bold and its note below."""
    below = f"<br><span style='font-size:13px;color:{QUIET}'>{note}</span>" if note else ""
    return f"<b>{head}</b>{below}"


def _lines(text: str) -> int:
    return (1 + text.count("<br>")) * bool(text)


def _text(text: str, size: int, x: str, y: str, colour: str = INK) -> dict[str, Any]:
    look = {"text": text, "showarrow": False, "font": {"size": size, "color": colour}, "align": x}
    return look | {"xanchor": x, "yanchor": y}


def _letters(texts: Iterable[str]) -> int:
    """The letters of the longest line."""
    return max((len(line) for text in texts for line in text.split("<br>")), default=0)


def _steps(made: Drawing, heads: list[str], note: str, letters: int) -> list[dict[str, Any]]:
    """The steps of a slider: each sets its title, what moves and the rows' words."""
    steps = []
    for (label, step), head in zip(made.steps.items(), heads, strict=True):
        traces = [pd.json_normalize(trace.to_plotly_json(), max_level=2).iloc[0] for trace in step.fig.data]
        moved = {name: [trace.get(name) for trace in traces] for name in _MOVES}
        texts = [*(lines_of(label, letters) for label in step.panels[0].labels), *step.panels[0].values]
        said = {f"annotations[{i}].text": text for i, text in enumerate(texts)}
        args = [moved, said | {"title.text": _titled(head, note)}, [*range(len(traces))]]
        steps.append({"label": label, "method": "update", "args": args})
    return steps


def _direct(made: Drawing, panel: int, size: np.ndarray) -> list[dict[str, Any]]:
    """Labels at marks, where they and their leader lines cover and cross least; without room none."""
    named, on = [label[1:] for label in made.named if label[0] == panel], axes(panel)
    spots: list[np.ndarray] = [np.empty((0, 2))]
    for trace in made.fig.data if named else ():
        if trace.type == "scatter" and (trace.xaxis or "x") == on["xaxis"]:
            spots.append(_pixels(made, trace.x, trace.y, size))
            if "lines" in trace.mode:  # as points along them
                steps = np.linspace(0, 1, 100)[:, None, None]
                spots.append((spots[-1][:-1] + np.diff(spots[-1], axis=0) * steps).reshape(-1, 2))
    marks, labels, notes = np.vstack(spots), [], []
    reach, turn = np.repeat((22, 34, 50, 70, 95, 125), 16), np.tile(np.arange(16) * np.pi / 8, 6)
    for x, y, text, _ in named:
        mark, half = _pixels(made, [x], [y], size), np.array([_SMALL * len(text) / 2 + 2, 9.0])
        away = np.column_stack([np.cos(turn) * (half[0] + reach - 8), np.sin(turn) * reach])
        far = np.hypot(*away.T)[:, None]
        start, end = ((mark + away * part)[:, None] for part in (_OFF / far, 1))
        out = ((end - half < (-4, -12)) | (end + half > np.add(size, (10, 4)))).any(axis=(1, 2))
        hidden = (abs(end - marks) < half + 3).all(axis=2).sum(axis=1)
        labels.append((start, end, half, _WORST * out + hidden + reach / 20))
    own = np.arange(len(named))
    best = _placed(labels, own)
    if best[0] > _CROSSED:  # the first come first, unless less is crossed in another order
        others = np.random.default_rng(1).permuted(np.tile(own, (_ORDERS, 1)), axis=1)
        best = min([best, *(_placed(labels, order) for order in others)], key=itemgetter(0))
    for i, (_, end, _) in sorted(best[1].items()):
        x, y, text, colour = named[i]
        away = (end - _pixels(made, [x], [y], size)[0]).round()
        at = {"x": _scaled(made.across, x).item(), "y": _scaled(made.up, y).item()}
        at |= {"xref": on["xaxis"], "yref": on["yaxis"], "ax": away[0].item(), "ay": away[1].item()}
        ink, lead = (colour, QUIET) if colour in (INK, QUIET) else (INK, colour)  # words need more contrast
        look = _text(text, 12, "center", "middle", ink) | at | {"showarrow": True, "standoff": _OFF}
        notes.append(look | {"arrowhead": 0, "arrowwidth": 1 + (ink != colour), "arrowcolor": lead})
    return notes


def _placed(labels: list[tuple], order: np.ndarray) -> tuple[float, dict[int, tuple]]:
    """Labels put down in an order, and again once the others have places: what it costs, and where."""
    placed, costs = {}, {}
    for i in np.tile(order, 3).tolist():
        placed.pop(i, None)
        start, end, half, cost = labels[i]
        starts, ends, halves = np.array([*placed.values()]).reshape(-1, 3, 2).swapaxes(0, 1)
        over = (abs(end - ends) < half + halves).all(axis=2).sum(axis=1)
        corners = [(ends - halves * way, ends + halves * way) for way in _WAYS]  # diagonals of the boxes
        crossed = _crossings(start, end, *np.hstack([(starts, ends), *corners]))
        crossed += sum(_crossings(end - half * way, end + half * way, starts, ends) for way in _WAYS)
        cost = cost + _WORST * over + _CROSSED * crossed
        costs[i] = min(_WORST, cost.min())
        if costs[i] < _WORST:
            placed[i] = start[cost.argmin(), 0], end[cost.argmin(), 0], half
    return sum(costs.values()), placed


def _crossings(start: np.ndarray, end: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Of each line to one of the ends, how many of the others it crosses."""
    here = _turn(end - start, starts - start) * _turn(end - start, ends - start)
    there = _turn(ends - starts, start - starts) * _turn(ends - starts, end - starts)
    return ((here < 0) & (there < 0)).sum(axis=1)


def _turn(way: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Above zero where the other way turns off to one side, below where to the other."""
    return way[..., 0] * other[..., 1] - way[..., 1] * other[..., 0]


def _pixels(made: Drawing, x: Any, y: Any, size: np.ndarray) -> np.ndarray:
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
