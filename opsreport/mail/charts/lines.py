"""Lines, markers and what is filled below a line."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from opsreport import theme
from opsreport.mail.charts.axes import Axis, Extent
from opsreport.mail.charts.bars import whiskers
from opsreport.mail.charts.data import each, listed
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.scene import Area, Box, Point, Stroke

#: Lengths of stroke and gap, in widths of a line but no shorter than for a width of 2.
DASHES = {"solid": (), "dot": (1, 2), "dash": (4, 3), "dashdot": (4, 2, 1, 2), "longdash": (7, 4)}
_CIRCLE = tuple((math.cos(turn * math.pi / 16), math.sin(turn * math.pi / 16)) for turn in range(32))
_SYMBOLS = {
    "circle": _CIRCLE,
    "square": ((-0.886, -0.886), (0.886, -0.886), (0.886, 0.886), (-0.886, 0.886)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "triangle-up": ((0, -1), (1.155, 0.5), (-1.155, 0.5)),
    "triangle-down": ((0, 1), (-1.155, -0.5), (1.155, -0.5)),
}
_STROKES = {
    "line-ns": (((0, -1.4), (0, 1.4)),),
    "line-ew": (((-1.4, 0), (1.4, 0)),),
    "x-thin": (((-1, -1), (1, 1)), ((-1, 1), (1, -1))),
    "cross-thin": (((0, -1.4), (0, 1.4)), ((-1.4, 0), (1.4, 0))),
}


def dashes(dash: str | None, width: float) -> tuple[float, ...]:
    """Lengths of stroke and gap of a dashed line of a width. [px]"""
    return tuple(part * max(width, 2.5) for part in DASHES[dash or "solid"])


def points(trace: dict[str, Any], axes: dict[str, Axis]) -> list[tuple[float, float] | None]:
    """A trace's points as numbers of its axes, None where there is none."""
    x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
    pairs = zip(listed(trace.get("x")), listed(trace.get("y")), strict=True)
    numbers = [(x.number(across), y.number(up)) for across, up in pairs]
    return [None if None in pair else pair for pair in numbers]


def reach(trace: dict[str, Any], axes: dict[str, Axis], extents: dict[str, Extent]) -> None:
    """Add what a trace reaches over to the extents of its axes."""
    x, y = extents[trace.get("xaxis", "x")], extents[trace.get("yaxis", "y")]
    known = [pair for pair in points(trace, axes) if pair]
    (x.padded if "markers" in trace["mode"] else x.values).extend(across for across, _ in known)
    y.padded += [up for _, up in known]
    y.from_zero |= trace.get("fill") == "tozeroy"


def drawn(
    trace: dict[str, Any], axes: dict[str, Axis], clip: Box, scale: float, before: dict[str, Any] | None
) -> list[Area | Stroke]:
    """What a trace draws: what is filled, its line, its error bars, its markers.

    Parameters
    ----------
    before : dict or None
        The trace before it in the same panel, down to which ``tonexty`` fills.
    """
    x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
    found = points(trace, axes)
    runs = _runs(found, trace, x, y)
    parts: list[Area | Stroke] = []
    if trace.get("fill", "none") != "none":
        parts.append(_filled(trace, axes, runs, clip, before))
    line = trace.get("line") or {}
    if "lines" in trace["mode"]:
        width = float(line.get("width", 2)) * scale
        colour = line.get("color") or (trace.get("marker") or {}).get("color") or theme.BLUE
        if not isinstance(colour, str):
            raise NotDrawnError("a line without a colour of its own")
        inside = None if trace.get("cliponaxis") is False else clip.grown(width)
        lines = tuple(tuple(run) for run in runs if len(run) > 1)
        if lines and width:
            parts.append(Stroke(lines, colour, width, dashes(line.get("dash"), width),
                                float(trace.get("opacity") or 1), inside))  # fmt: skip
    known = [(place, *pair) for place, pair in enumerate(found) if pair]
    parts += whiskers(trace, known, axes, scale)
    if "markers" in trace["mode"]:
        parts += _markers(trace, [(place, (x.pixel(a), y.pixel(b))) for place, a, b in known], scale,
                          None if trace.get("cliponaxis") is False else clip)  # fmt: skip
    return parts


def sample(trace: dict[str, Any], box: Box, scale: float) -> list[Area | Stroke]:
    """What a legend shows of a trace: a piece of its line, its first marker."""
    marker, line, middle = trace.get("marker") or {}, trace.get("line") or {}, (box.top + box.bottom) / 2
    parts: list[Area | Stroke] = []
    if "lines" in trace["mode"]:
        width = float(line.get("width", 2)) * scale
        colour = line.get("color") or theme.BLUE
        parts.append(Stroke((((box.left, middle), (box.right, middle)),), colour, width,
                            dashes(line.get("dash"), width)))  # fmt: skip
    if "markers" in trace["mode"]:
        one = {"marker": {**marker, "size": each(marker.get("size"), 1, 6)}, "x": [0]}
        parts += _markers(one, [(0, ((box.left + box.right) / 2, middle))], scale, None)
    return parts


def _runs(found: list, trace: dict[str, Any], x: Axis, y: Axis) -> list[list[Point]]:
    """Pixels of each unbroken part of a line, with the corners of its steps."""
    runs: list[list[Point]] = [[]]
    for pair in found:
        if pair:
            runs[-1].append((x.pixel(pair[0]), y.pixel(pair[1])))
        elif runs[-1] and not trace.get("connectgaps"):
            runs.append([])
    shape = (trace.get("line") or {}).get("shape", "linear")
    return [_stepped(run, shape) for run in runs if run]


def _stepped(run: list[Point], shape: str) -> list[Point]:
    made = run[:1]
    for (x0, y0), (x1, y1) in pairwise(run):
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        made += {"linear": [], "hv": [(x1, y0)], "vh": [(x0, y1)], "hvh": [(middle[0], y0), (middle[0], y1)],
                 "vhv": [(x0, middle[1]), (x1, middle[1])]}[shape] + [(x1, y1)]  # fmt: skip
    return made


def _filled(trace: dict, axes: dict[str, Axis], runs: list, clip: Box, before: dict | None) -> Area:
    x, y = axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")]
    colour = trace.get("fillcolor")
    if not isinstance(colour, str) or not colour.startswith("#"):
        raise NotDrawnError("a fill without a colour of its own")
    if trace["fill"] == "tozeroy":
        floor = y.pixel(0.0)
        return Area(tuple(((run[0][0], floor), *run, (run[-1][0], floor)) for run in runs), colour, clip=clip)
    other = _runs(points(before, axes), before, x, y) if before else []
    if len(runs) != 1 or len(other) != 1:
        raise NotDrawnError("a fill between lines with gaps")
    return Area(((*runs[0], *reversed(other[0])),), colour, clip=clip)


def _markers(trace: dict[str, Any], at: list[tuple[int, Point]], scale: float, clip: Box | None) -> list:
    marker, count = trace.get("marker") or {}, len(listed(trace.get("x")))
    line = marker.get("line") or {}
    sizes, symbols = each(marker.get("size"), count, 6), each(marker.get("symbol"), count, "circle")
    colours = each(marker.get("color"), count, theme.BLUE)
    edges, widths = each(line.get("color"), count, ""), each(line.get("width"), count, 0)
    opacity = float(marker.get("opacity") or trace.get("opacity") or 1)
    looks: dict[tuple, list[tuple[Point, float]]] = {}
    for place, where in at:
        if sizes[place]:
            look = (symbols[place], colours[place], edges[place], widths[place])
            looks.setdefault(look, []).append((where, sizes[place] / 2 * scale))
    if clip:  # a marker on the border is whole, one beyond it is not there
        near = clip.grown(0.5)
        looks = {look: [(p, r) for p, r in spots if near.left <= p[0] <= near.right and near.top <= p[1] <= near.bottom]
                 for look, spots in looks.items()}  # fmt: skip
    return [_spots(look, spots, scale, opacity) for look, spots in looks.items() if spots]


def _spots(look: tuple, spots: list[tuple[Point, float]], scale: float, opacity: float) -> Area | Stroke:
    symbol, colour, edge, width = look
    name = str(symbol).removesuffix("-open")
    if name in _STROKES:
        lines = tuple(tuple((x + a * r, y + b * r) for a, b in line)
                      for (x, y), r in spots for line in _STROKES[name])  # fmt: skip
        return Stroke(lines, edge or colour, max(width, 1) * scale, opacity=opacity)
    if name not in _SYMBOLS:
        raise NotDrawnError(f"the marker {symbol!r}")
    polygons = tuple(tuple((x + a * r, y + b * r) for a, b in _SYMBOLS[name]) for (x, y), r in spots)
    if symbol != name:
        return Area(polygons, "", colour, max(width, 1) * scale, opacity)
    return Area(polygons, colour, edge, width * scale, opacity)
