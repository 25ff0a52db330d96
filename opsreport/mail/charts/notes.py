"""A figure's annotations and shapes, placed by what they refer to: an axis, its part of the plot, or the plot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opsreport import theme
from opsreport.mail.charts.axes import Axis
from opsreport.mail.charts.data import number
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.lines import dashes
from opsreport.mail.charts.scene import WIDTH, Area, Box, Label, Point, Stroke, measured
from opsreport.mail.charts.words import read, shortened

_APART = 14.0  # between two labels of one row [px]
_BESIDE = 260.0  # the most that a label right of the plot takes of the width [px]
_CLEAR = 7.0  # between an upright line and words beside it [px]
_STUMP = 3.0  # what is left of a broken line is not drawn where it is no longer than this [px]
_EDGE = 12.0  # of the picture, kept free [px]


def place(value: Any, ref: str, axes: dict[str, Axis], plot: Box, of_shape: bool = False) -> float:
    """Which pixel a value has by what it refers to.

    Parameters
    ----------
    ref : str
        paper with a letter before it (``x paper``), an axis's name, or that and ``domain``.
    of_shape : bool
        On a log axis a shape's value is a number, an annotation's a power of ten.
    """
    name, _, part = ref.partition(" ")
    if part == "paper":
        share = number(value)
        return plot.left + share * (plot.right - plot.left) if name == "x" else (
            plot.bottom - share * (plot.bottom - plot.top))  # fmt: skip
    if name not in axes or part not in ("", "domain"):
        raise NotDrawnError(f"a reference to {ref!r}")
    axis = axes[name]
    if part:
        return axis.start + number(value) * (axis.end - axis.start)
    found = number(value) if axis.kind == "log" and not of_shape else axis.number(value)
    if found is None:
        raise NotDrawnError(f"the place {value!r}")
    return axis.pixel(found)


def labels(layout: dict[str, Any], axes: dict[str, Axis], plot: Box, scale: float) -> list[tuple[dict, Label]]:
    """Each annotation with its label; of two in one row the left one gives way."""
    notes = [note for note in layout.get("annotations") or [] if note.get("visible") is not False and note.get("text")]
    uprights = _uprights(layout, axes, plot)
    made = [(note, _beside(_label(note, axes, plot, scale), uprights)) for note in notes]
    return [(note, _giving_way(note, label, made)) for note, label in made]


def arrows(found: list[tuple[dict, Label]], axes: dict[str, Axis], plot: Box, scale: float) -> list[Stroke]:
    """A thin line from each annotation that points somewhere to where it points."""
    made = []
    for note, label in found:
        if note.get("showarrow", True):
            box = label.box
            end = _point(note, axes, plot)
            start = (box.left + box.right) / 2, (box.bottom if end[1] > box.bottom else box.top)
            made.append(Stroke(((start, end),), note.get("arrowcolor") or theme.INK_SOFT, scale))
    return made


def shapes(layout: dict[str, Any], axes: dict[str, Axis], plot: Box, scale: float, below: bool) -> list[Area | Stroke]:
    """The lines and rectangles of a layer."""
    made: list[Area | Stroke] = []
    for shape in layout.get("shapes") or []:
        if (shape.get("layer", "above") == "below") != below or shape.get("visible") is False:
            continue
        x, y = shape.get("xref", "x"), shape.get("yref", "y")
        x, y = (f"{letter} paper" if ref == "paper" else ref for letter, ref in (("x", x), ("y", y)))
        left, right = (place(shape[end], x, axes, plot, True) for end in ("x0", "x1"))
        top, bottom = (place(shape[end], y, axes, plot, True) for end in ("y0", "y1"))
        clip = panel(axes, x, y).grown(1) if "paper" not in x + y else None
        line, opacity = shape.get("line") or {}, float(shape.get("opacity", 1))
        width = float(line.get("width", 2)) * scale
        if shape["type"] == "line":
            made.append(Stroke((((left, top), (right, bottom)),), line.get("color") or theme.INK, width,
                               dashes(line.get("dash"), width), opacity, clip))  # fmt: skip
        else:
            box = Box.of(left, right, top, bottom)
            made.append(Area((box.corners,), shape.get("fillcolor") or "", line.get("color") or "", width, opacity,
                             clip))  # fmt: skip
    return made


def broken(parts: list[Area | Stroke], boxes: list[Box]) -> list[Area | Stroke]:
    """The same, with upright lines left out where words stand on them.

    Parameters
    ----------
    boxes : list of Box
        Of the words. [px]
    """
    return [replace(part, lines=tuple(piece for line in part.lines for piece in _pieces(line, boxes)))
            if isinstance(part, Stroke) else part for part in parts]  # fmt: skip


def _pieces(line: tuple[Point, ...], boxes: list[Box]) -> list[tuple[Point, ...]]:
    """What is left of a line; one that is not upright stays whole."""
    if len(line) != 2 or line[0][0] != line[1][0]:
        return [line]
    x, (top, bottom) = line[0][0], sorted(y for _, y in line)
    left = [(top, bottom)]
    for box in (box.grown(_CLEAR) for box in boxes):
        if box.left < x < box.right:
            left = [
                piece for start, end in left for piece in ((start, min(end, box.top)), (max(start, box.bottom), end))
            ]
    return [((x, start), (x, end)) for start, end in left if end - start > _STUMP]


def panel(axes: dict[str, Axis], x: str, y: str) -> Box:
    """What two axes span. [px]"""
    across, up = axes[x.split()[0]], axes[y.split()[0]]
    return Box.of(across.start, across.end, up.start, up.end)


def _uprights(layout: dict[str, Any], axes: dict[str, Axis], plot: Box) -> list[float]:
    """Where upright lines are drawn. [px]"""
    drawn = shapes(layout, axes, plot, 1.0, False)
    return [line[0][0] for one in drawn if isinstance(one, Stroke) for line in one.lines if line[0][0] == line[1][0]]


def _beside(label: Label, uprights: list[float]) -> Label:
    """A label that would begin on an upright line, moved beside it."""
    near = [x for x in uprights if abs(x - label.left) < _CLEAR]
    return label.moved(max(near) + _CLEAR - label.left, 0) if near else label


def _refs(note: dict[str, Any]) -> tuple[str, str]:
    return tuple(f"{letter} paper" if note.get(f"{letter}ref") == "paper" else note.get(f"{letter}ref", letter)
                 for letter in "xy")  # fmt: skip


def _point(note: dict[str, Any], axes: dict[str, Axis], plot: Box) -> tuple[float, float]:
    x, y = _refs(note)
    return place(note["x"], x, axes, plot), place(note["y"], y, axes, plot)


def _label(note: dict[str, Any], axes: dict[str, Axis], plot: Box, scale: float) -> Label:
    font = note.get("font") or {}
    lines = read(note["text"], font.get("size") or 13, font.get("color") or theme.INK)
    x, y = _point(note, axes, plot)
    points = note.get("showarrow", True)
    x += (note.get("xshift", 0) + (note.get("ax", -10) if points else 0)) * scale
    y += (-note.get("yshift", 0) + (note.get("ay", -30) if points else 0)) * scale
    across, up = _anchors(note)
    room = {"left": min(WIDTH - _EDGE - x, WIDTH) if x <= plot.right - 60 else _BESIDE, "right": x - _EDGE,
            "center": WIDTH - 2 * _EDGE}[across]  # fmt: skip
    lines = tuple(tuple(shortened(line, max(room, 80), scale)) for line in lines)
    wide, high = measured(lines, scale)
    left = x - {"left": 0, "center": wide / 2, "right": wide}[across]
    top = y - {"top": 0, "middle": high / 2, "bottom": high}[up]
    align = note.get("align") or ("center" if across == "center" else across)
    # Words within the data stand clear of its lines.
    is_within = not any(" " in ref for ref in _refs(note))
    return Label(left, top, lines, scale, "note", align, note.get("bgcolor") or (theme.PAPER if is_within else ""))


def _anchors(note: dict[str, Any]) -> tuple[str, str]:
    """Which of its sides a label has where it stands; plotly's rule where the figure does not say."""
    across, up = note.get("xanchor", "auto"), note.get("yanchor", "auto")
    points = note.get("showarrow", True)
    x, y = _refs(note)
    if across == "auto":
        at = note["x"] if " " in x and not points else 0.5
        across = "left" if at < 1 / 3 else "right" if at > 2 / 3 else "center"
    if up == "auto":
        at = note["y"] if " " in y and not points else 0.5
        up = "bottom" if at < 1 / 3 else "top" if at > 2 / 3 else "middle"
    return across, up


def _giving_way(note: dict[str, Any], label: Label, others: list[tuple[dict, Label]]) -> Label:
    """A label at the left, cut where one at the right of the same row needs the room."""
    if _anchors(note)[0] != "left":
        return label
    box = label.box
    ends = [other.left for one, other in others
            if _anchors(one)[0] == "right" and one.get("y") == note.get("y") and one.get("yref") == note.get("yref")
            and other.left > box.left and box.overlap(other.box.grown(_APART))[0] > 0]  # fmt: skip
    if not ends:
        return label
    room = min(ends) - _APART - box.left
    return replace(label, lines=tuple(tuple(shortened(list(line), room, label.scale)) for line in label.lines))
