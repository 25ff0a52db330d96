"""Bars: where each stands as plotly would put it, and how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from opsreport import theme
from opsreport.mail.charts.axes import Axis, Extent
from opsreport.mail.charts.data import each, listed
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.scene import Area, Box, Label, Stroke, hatched, measured
from opsreport.mail.charts.words import read

_DAY = 86_400_000.0  # [ms]
_GAP = 0.25  # between bars, where neither figure nor template says another
_HATCH = 9.0  # between two lines of a pattern [px]
_DOT = 2.6  # of a pattern [px]
_STANDOFF = 4.0  # of a bar's text [px]


@dataclass(frozen=True)
class Bar:
    """One bar in its axes' numbers: from low to high along its place's axis, from base to tip along its value's."""

    trace: int
    point: int
    axes: tuple[str, str]
    is_flat: bool
    low: float
    high: float
    base: float
    tip: float

    def box(self, axes: dict[str, Axis]) -> Box:
        """Where it is in the picture. [px]"""
        x, y = (axes[name] for name in self.axes)
        place, value = (y, x) if self.is_flat else (x, y)
        ends = [place.pixel(self.low), place.pixel(self.high)], [value.pixel(self.base), value.pixel(self.tip)]
        return Box.of(*ends[1], *ends[0]) if self.is_flat else Box.of(*ends[0], *ends[1])


def placed(figure: dict[str, Any], axes: dict[str, Axis]) -> list[Bar]:
    """All bars of a figure, as barmode, bargap, width and base say."""
    panels: dict[tuple, list[int]] = {}
    for index, trace in enumerate(figure["data"]):
        if trace.get("type") == "bar":
            where = (trace.get("xaxis", "x"), trace.get("yaxis", "y"), trace.get("orientation", "v") == "h")
            panels.setdefault(where, []).append(index)
    return [bar for (x, y, is_flat), own in panels.items() for bar in _panel(figure, axes, (x, y), is_flat, own)]


def reach(bars: Iterable[Bar], traces: list[dict[str, Any]], extents: dict[str, Extent]) -> None:
    """Add what bars reach over to the extents of their axes."""
    for bar in bars:
        place, value = (bar.axes[1], bar.axes[0]) if bar.is_flat else bar.axes
        extents[place].values += [bar.low, bar.high]
        extents[value].padded += [bar.base, bar.tip]
        extents[value].from_zero |= traces[bar.trace].get("base") is None
        error = traces[bar.trace].get("error_y") or {}
        if error and not bar.is_flat:
            more, less = (each(error.get(name), bar.point + 1, 0.0)[bar.point] for name in ("array", "arrayminus"))
            extents[value].padded += [bar.tip + more, bar.tip - less]


def _panel(
    figure: dict[str, Any], axes: dict[str, Axis], names: tuple[str, str], is_flat: bool, own: list[int]
) -> list[Bar]:
    place, value = (names[1], names[0]) if is_flat else names
    if axes[value].kind != "linear":
        raise NotDrawnError(f"bars on an axis of kind {axes[value].kind}")
    at = {index: [axes[place].number(one) for one in listed(figure["data"][index].get(place[0]))] for index in own}
    slots = _slots(at, figure["layout"], axes[place].kind)
    sums: dict[tuple, float] = {}
    made = []
    for index in own:
        trace, (middle, slot) = figure["data"][index], slots[index]
        sizes = [axes[value].number(length) for length in listed(trace.get(value[0]))]
        widths = each(trace.get("width"), len(sizes), slot)
        bases = _bases(trace, at[index], sizes, figure["layout"].get("barmode"), sums)
        for point, (where, size, base) in enumerate(zip(at[index], sizes, bases, strict=True)):
            if where is not None and size is not None:
                half = widths[point] / 2
                made.append(Bar(index, point, names, is_flat, where + middle - half, where + middle + half,
                                base, base + size))  # fmt: skip
    return made


def _slots(at: dict[int, list[float | None]], layout: dict[str, Any], kind: str) -> dict[int, tuple[float, float]]:
    """How far each trace's bars stand from their places, and how wide they are where they do not say it."""
    known = [one for places in at.values() for one in places if one is not None]
    distinct = sorted(set(known))
    apart = min((b - a for a, b in pairwise(distinct)), default=None) or (_DAY if kind == "date" else 1.0)
    gap = layout.get("bargap")
    full = apart * (1 - (_GAP if gap is None else gap))
    # A group whose traces share no place needs no room for them beside each other.
    if (layout.get("barmode") or "group") != "group" or len(known) == len(distinct):
        return dict.fromkeys(at, (0.0, full))
    slot, inner = full / len(at), 1 - (layout.get("bargroupgap") or 0)
    return {index: ((order + 0.5) * slot - full / 2, slot * inner) for order, index in enumerate(at)}


def _bases(
    trace: dict[str, Any], at: list[float | None], sizes: list[float | None], mode: str | None, sums: dict[tuple, float]
) -> list[float]:
    """Where bars begin: as the trace says, or in a stack on those before, whose ends `sums` holds."""
    if trace.get("base") is not None:
        return [float(base) for base in each(trace["base"], len(sizes), 0.0)]
    if mode not in ("stack", "relative"):
        return [0.0] * len(sizes)
    made = []
    for where, size in zip(at, sizes, strict=True):
        key = (where, mode == "relative" and (size or 0) < 0)
        made.append(sums.get(key, 0.0))
        sums[key] = made[-1] + (size or 0)
    return made


def drawn(bars: list[Bar], trace: dict[str, Any], axes: dict[str, Axis], clip: Box, scale: float) -> list:
    """The areas and patterns of one trace's bars, those of one look together."""
    looks: dict[tuple, list[Box]] = {}
    for bar in bars:
        looks.setdefault(_look(trace, bar.point), []).append(bar.box(axes))
    return [part for look, boxes in looks.items() for part in _painted(boxes, look, clip, scale)]


def sample(trace: dict[str, Any], box: Box, scale: float) -> list:
    """What a legend shows of a trace: a square as its first bar looks."""
    return _painted([box], _look(trace, 0), box.grown(2), scale)


def _look(trace: dict[str, Any], at: int) -> tuple:
    """A bar's ground, edge and its width, pattern and its colour, and opacity."""
    marker = trace.get("marker") or {}
    line, pattern = marker.get("line") or {}, marker.get("pattern") or {}
    fill, edge, width = (each(part.get(name), at + 1, default)[at] for part, name, default in (
        (marker, "color", theme.BLUE), (line, "color", ""), (line, "width", 0)))  # fmt: skip
    shape, front, back = (each(pattern.get(name), at + 1, "")[at] for name in ("shape", "fgcolor", "bgcolor"))
    opacity = float(trace.get("opacity") or marker.get("opacity") or 1)
    if not shape or pattern.get("fillmode") == "overlay":
        return fill, edge, width, shape, front or theme.PAPER, opacity
    return back or theme.PAPER, edge, width, shape, front or fill, opacity


def _painted(boxes: list[Box], look: tuple, clip: Box, scale: float) -> list[Area | Stroke]:
    ground, edge, width, shape, ink, opacity = look
    polygons = tuple(box.corners for box in boxes)
    whole = Area(polygons, ground, edge, width * scale, opacity, clip)
    if not shape or all(min(box.right - box.left, box.bottom - box.top) < _HATCH for box in boxes):
        return [whole]  # in a thin bar a pattern would be noise
    border = [replace(whole, fill="")] if edge and width else []
    return [whole, *_pattern(boxes, shape, ink, clip), *border]


def _pattern(boxes: list[Box], shape: str, ink: str, clip: Box) -> list[Area | Stroke]:
    if shape == ".":
        dots = tuple(Box(x, y, x + _DOT, y + _DOT).corners for box in boxes
                     for x in _steps(box.left, box.right) for y in _steps(box.top, box.bottom))  # fmt: skip
        return [Area(dots, ink, clip=clip)] if dots else []
    lines = tuple(line for box in boxes for line in hatched(box, shape, _HATCH))
    return [Stroke(lines, ink, 2.0, clip=clip)] if lines else []


def _steps(low: float, high: float) -> list[float]:
    """Places of dots between two ends, none of which is cut."""
    first = low + _HATCH / 2
    return [first + place * _HATCH for place in range(max(0, int((high - first - _DOT) / _HATCH) + 1))]


def errors(bars: list[Bar], trace: dict[str, Any], axes: dict[str, Axis], scale: float) -> list[Stroke]:
    """The error bars at upright bars' tips."""
    return whiskers(trace, [(bar.point, (bar.low + bar.high) / 2, bar.tip) for bar in bars], axes, scale)


def whiskers(
    trace: dict[str, Any], points: list[tuple[int, float, float]], axes: dict[str, Axis], scale: float
) -> list[Stroke]:
    """Upright lines over what each point could be.

    Parameters
    ----------
    points : list of (int, float, float)
        A point's place in the trace, and its numbers on both axes.
    """
    error = trace.get("error_y") or {}
    if trace.get("error_x") or error.get("type", "data") != "data":
        raise NotDrawnError("error bars of this kind")
    if not error or error.get("visible") is False:
        return []
    x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
    more = each(error.get("array"), 1 + max((point for point, _, _ in points), default=0), 0.0)
    less = each(error.get("arrayminus"), len(more), 0.0) if error.get("symmetric") is False else more
    cap = float(error.get("width") or 0) * scale
    lines = []
    for point, across, up in points:
        ends = y.pixel(up + more[point]), y.pixel(up - less[point])
        if ends[0] == ends[1]:
            continue
        at = x.pixel(across)
        lines.append(((at, ends[0]), (at, ends[1])))
        lines += [((at - cap, end), (at + cap, end)) for end in ends if cap]
    thick = float(error.get("thickness") or 2) * scale
    return [Stroke(tuple(lines), error.get("color") or theme.INK, thick)] if lines else []


def texts(bars: list[Bar], trace: dict[str, Any], axes: dict[str, Axis], scale: float) -> list[Label]:
    """The words in or at a trace's bars."""
    count = len(listed(trace.get("x")) or listed(trace.get("y")))
    said, where = each(trace.get("text"), count, ""), each(trace.get("textposition"), count, "auto")
    made = []
    for bar in bars:
        if not str(said[bar.point]).strip() or where[bar.point] == "none":
            continue
        box = bar.box(axes)
        is_inside = where[bar.point] == "inside"
        words = _read(str(said[bar.point]), trace, bar.point, is_inside, count)
        wide, high = measured(words, scale)
        if where[bar.point] == "auto":
            is_inside = wide <= box.right - box.left - 2 * _STANDOFF and high <= box.bottom - box.top
            words = _read(str(said[bar.point]), trace, bar.point, is_inside, count)
        left, top = _corner(bar, box, (wide, high), axes, trace.get("insidetextanchor", "end") if is_inside else "")
        made.append(Label(left, top, words, scale, "value"))
    return made


def _read(text: str, trace: dict[str, Any], point: int, is_inside: bool, count: int) -> tuple:
    fonts = {**(trace.get("textfont") or {}), **(trace.get(f"{'in' if is_inside else 'out'}sidetextfont") or {})}
    size, colour = (each(fonts.get(name), count, None)[point] for name in ("size", "color"))
    return tuple(map(tuple, read(text, size or 12, colour or (theme.PAPER if is_inside else theme.INK))))


def _corner(
    bar: Bar, box: Box, size: tuple[float, float], axes: dict[str, Axis], anchor: str
) -> tuple[float, float]:  # fmt: skip
    """The top left corner of a bar's words: outside its tip, or inside at its start, middle or end."""
    wide, high = size
    value = axes[bar.axes[0 if bar.is_flat else 1]]
    tip, base = value.pixel(bar.tip), value.pixel(bar.base)
    goes = (1 if bar.tip >= bar.base else -1) * (1 if value.end > value.start else -1)
    goes *= 1 if value.high > value.low else -1
    length = wide if bar.is_flat else high
    along = {"": tip + goes * (_STANDOFF + length / 2), "start": base + goes * (_STANDOFF + length / 2),
             "middle": (tip + base) / 2, "end": tip - goes * (_STANDOFF + length / 2)}[anchor]  # fmt: skip
    if bar.is_flat:
        return along - wide / 2, (box.top + box.bottom - high) / 2
    return (box.left + box.right - wide) / 2, along - high / 2
