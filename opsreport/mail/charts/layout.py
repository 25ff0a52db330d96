"""A figure laid out at the picture's size: margins that hold all words, and everything at its pixel."""

from __future__ import annotations

from typing import Any

from opsreport import theme
from opsreport.mail.charts import bars, lines, notes, room
from opsreport.mail.charts.axes import Axis, Extent, found, most_marks, set_ranges
from opsreport.mail.charts.data import coloured
from opsreport.mail.charts.known import NotDrawnError
from opsreport.mail.charts.legend import legend
from opsreport.mail.charts.scene import HEIGHT, WIDTH, Area, Box, Label, Scene, Stroke, measured
from opsreport.mail.charts.words import read, shortened

_GEOMETRY = (1.4, 2.0)  # plotly's pixels to the picture's, of lines and markers, at least and at most
_TITLE = 76  # what the title takes of a page's chart, of which a mail has none [px]
_EDGE, _LEAST = 12.0, (480.0, 240.0)  # kept free around; the smallest plot [px]
_THIN = 2.0  # of grid lines [px]
_TICK, _BELOW, _BESIDE = 8.0, 12.0, 12.0  # a tick's length; from an axis to its words [px]
_NAMES = 0.3  # the most of the width that an axis's words take [ratio]
_SURE = 2.0  # above this scale words are drawn only where they lose nothing


class Plan:
    """A figure with its axes at their pixels.

    Parameters
    ----------
    figure : dict
        One that `opsreport.mail.charts.known.check` has passed.
    scale : float
        Plotly's pixels to the picture's, of words.

    Raises
    ------
    NotDrawnError
        When words would be cut or stand over each other at this scale.
    """

    def __init__(self, figure: dict[str, Any], scale: float) -> None:
        self.figure = coloured(figure)
        self.scale = scale
        grown = HEIGHT / max(1, (self.figure["layout"].get("height") or 0) - _TITLE)
        self.geometry = min(max(grown, _GEOMETRY[0]), _GEOMETRY[1])
        self.axes = found(self.figure)
        self.bars = bars.placed(self.figure, self.axes)
        self._ranges()
        self.legend, self.plot = legend(self.figure, scale, self.geometry), Box(0, 0, WIDTH, HEIGHT)
        self._fit()

    def scene(self) -> Scene:
        """Everything of the picture, what is behind first."""
        layout, axes, plot = self.figure["layout"], self.axes, self.plot
        found_notes = self._notes()
        words = [label.inked for _, label in found_notes]
        labels = [*self._ticks(), *self._values(), *(label for _, label in found_notes)]
        room.clear((label for _, label in found_notes), [bar.box(axes) for bar in self.bars if bar.is_flat])
        if self.scale > _SURE:
            room.check_large(found_notes, labels, axes)
        room.check([*labels, *(part for part in self.legend.parts if isinstance(part, Label))])
        return Scene((
            *notes.broken(notes.shapes(layout, axes, plot, self.geometry, below=True), words),
            *self._grid(), *self._traces(),
            *notes.broken(notes.shapes(layout, axes, plot, self.geometry, below=False), words),
            *notes.arrows(found_notes, axes, plot, self.geometry), *labels, *self.legend.parts,
        ))  # fmt: skip

    def _ranges(self) -> None:
        extents = {name: Extent() for name in self.axes}
        bars.reach(self.bars, self.figure["data"], extents)
        for trace in self.figure["data"]:
            if trace.get("type", "scatter") == "scatter":
                lines.reach(trace, self.axes, extents)
        if not any(extent.values or extent.padded for extent in extents.values()):
            raise NotDrawnError("a chart without data")
        set_ranges(self.axes, extents)

    def _fit(self) -> None:
        """Margins just wide enough for all words around the plot."""
        left = top = right = _EDGE
        bottom = _EDGE + self.legend.height
        for _ in range(8):
            self._place(Box(left, top, WIDTH - right, HEIGHT - bottom))
            boxes = [label.box for label in (*self._ticks(), *self._values(), *(one for _, one in self._notes()))]
            over = (max((_EDGE - box.left for box in boxes), default=0),
                    max((_EDGE - box.top for box in boxes), default=0),
                    max((box.right - WIDTH + _EDGE for box in boxes), default=0),
                    max((box.bottom - HEIGHT + _EDGE + self.legend.height for box in boxes), default=0))  # fmt: skip
            blank = self._blank()
            if max(*over, *blank) <= 1:
                return
            left, top, right, bottom = (
                side + max(0, more) - max(0, less)
                for side, more, less in zip((left, top, right, bottom), over, (0, blank[0], 0, blank[1]), strict=True)
            )
        raise NotDrawnError("a chart whose words have no room beside it")

    def _blank(self) -> tuple[float, float]:
        """How much of the picture rows of bars without an axis leave empty above and below them. [px]"""
        is_bare = all(axis.spec.get("visible") is False for axis in self.axes.values() if axis.letter == "y")
        if not is_bare or not self.bars or not all(bar.is_flat for bar in self.bars):
            return 0.0, 0.0
        drawn = [bar.box(self.axes) for bar in self.bars]
        drawn += [one.box for one in (*self._ticks(), *self._values(), *(one for _, one in self._notes()))]
        return (min(box.top for box in drawn) - _EDGE,
                HEIGHT - self.legend.height - _EDGE - max(box.bottom for box in drawn))  # fmt: skip

    def _place(self, plot: Box) -> None:
        if plot.right - plot.left < _LEAST[0] or plot.bottom - plot.top < _LEAST[1]:
            raise NotDrawnError("a chart whose words leave no room for it")
        self.plot = plot
        for axis in self.axes.values():
            low, high = axis.domain
            if axis.letter == "x":
                axis.start, axis.end = (plot.left + share * (plot.right - plot.left) for share in (low, high))
            else:
                axis.start, axis.end = (plot.bottom - share * (plot.bottom - plot.top) for share in (low, high))

    def _across(self, axis: Axis) -> Axis | None:
        """The axis at which an axis stands."""
        anchor = axis.spec.get("anchor", "y" if axis.letter == "x" else "x")
        if anchor not in self.axes:
            raise NotDrawnError(f"an axis that stands at {anchor!r}")
        return self.axes[anchor]

    def _marks(self, axis: Axis) -> list[tuple[float, str]]:
        return axis.marks(most_marks(axis, (26 if axis.letter == "y" else 75) * self.scale))

    def _ticks(self) -> list[Label]:
        """The words of all axes; in their corner those below give way to those beside."""
        made = {"x": [], "y": []}
        for axis in self.axes.values():
            if axis.spec.get("visible") is not False and axis.spec.get("showticklabels") is not False:
                made[axis.letter] += self._axis_labels(axis)
        return [*(room.aside(label, made["y"]) for label in made["x"]), *made["y"]]

    def _axis_labels(self, axis: Axis) -> list[Label]:
        font = axis.spec.get("tickfont") or {}
        edge, made = self._across(axis).start, []
        for at, text in self._marks(axis):
            words = read(text, font.get("size") or 13, font.get("color") or theme.INK_SOFT)
            if axis.letter == "y":
                words = [shortened(line, WIDTH * _NAMES, self.scale) for line in words]
            words = tuple(map(tuple, words))
            wide, high = measured(words, self.scale)
            where = (axis.pixel(at) - wide / 2, edge + _BELOW) if axis.letter == "x" else (
                edge - _BESIDE - wide, axis.pixel(at) - high / 2)  # fmt: skip
            made.append(Label(*where, words, self.scale, "tick", "center" if axis.letter == "x" else "right"))
        return room.thinned([label for label in made if label.text.strip()], axis.letter)

    def _values(self) -> list[Label]:
        """The words in and at bars."""
        return [label for index, trace in enumerate(self.figure["data"]) if trace.get("text") is not None
                for label in bars.texts([bar for bar in self.bars if bar.trace == index], trace, self.axes,
                                        self.scale)]  # fmt: skip

    def _notes(self) -> list[tuple[dict, Label]]:
        made = notes.labels(self.figure["layout"], self.axes, self.plot, self.scale)
        flat = [(bar.axes[1], bar.box(self.axes)) for bar in self.bars if bar.is_flat]
        return [(note, room.off_bars(label, [box for name, box in flat if name == note.get("yref", "y")]))
                for note, label in made]  # fmt: skip

    def _grid(self) -> list[Stroke]:
        made = []
        for axis in self.axes.values():
            if axis.spec.get("visible") is False:
                continue
            other, spec = self._across(axis), axis.spec
            at = [axis.pixel(value) for value, _ in self._marks(axis)]
            ends = (other.start, other.end)
            if spec.get("showgrid", True) and at:
                made.append(_strokes(axis, at, ends, spec.get("gridcolor") or theme.GRID))
            if spec.get("ticks") == "outside" and spec.get("showticklabels") is not False and at:
                out = _TICK if axis.letter == "x" else -_TICK
                made.append(_strokes(axis, at, (other.start, other.start + out), spec.get("tickcolor") or theme.GRID))
            if spec.get("showline"):
                side = (((axis.start, other.start), (axis.end, other.start)) if axis.letter == "x" else
                        ((other.start, axis.start), (other.start, axis.end)))  # fmt: skip
                made.append(Stroke((side,), spec.get("linecolor") or theme.GRID, _THIN))
        return made

    def _traces(self) -> list[Area | Stroke]:
        """Bars first, as plotly draws them behind lines."""
        made: list[Area | Stroke] = []
        before: dict[tuple, dict] = {}
        for index, trace in enumerate(self.figure["data"]):
            if trace.get("type") == "bar":
                own = [bar for bar in self.bars if bar.trace == index]
                made += bars.drawn(own, trace, self.axes, self._panel(trace).grown(1), self.geometry)
                made += bars.errors(own, trace, self.axes, self.geometry)
        for trace in self.figure["data"]:
            if trace.get("type", "scatter") == "scatter":
                where = (trace.get("xaxis", "x"), trace.get("yaxis", "y"))
                made += lines.drawn(trace, self.axes, self._panel(trace), self.geometry, before.get(where))
                before[where] = trace
        return made

    def _panel(self, trace: dict[str, Any]) -> Box:
        return notes.panel(self.axes, trace.get("xaxis", "x"), trace.get("yaxis", "y"))


def _strokes(axis: Axis, at: list[float], ends: tuple[float, float], colour: str) -> Stroke:
    """Lines across an axis."""
    return Stroke(tuple(((one, ends[0]), (one, ends[1])) if axis.letter == "x" else ((ends[0], one), (ends[1], one))
                        for one in at), colour, _THIN)  # fmt: skip
