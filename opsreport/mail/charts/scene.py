"""What a picture is made of, in pixels from its top left corner: areas, strokes and words. Pure data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from opsreport.mail.charts.words import ASCENT, CAPITAL, LINE, Run, width

WIDTH, HEIGHT = 1280, 640  # [px]
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle, left to right and top to bottom. [px]"""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, x0: float, x1: float, y0: float, y1: float) -> Box:
        """The rectangle between two corners, in whichever order."""
        return cls(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def grown(self, by: float) -> Box:
        """With so much more on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def overlap(self, other: Box) -> Point:
        """How far two reach into each other, across and down; below 0 where they are apart."""
        return (min(self.right, other.right) - max(self.left, other.left),
                min(self.bottom, other.bottom) - max(self.top, other.top))  # fmt: skip

    @property
    def corners(self) -> tuple[Point, ...]:
        """Clockwise from the top left."""
        return ((self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom))


@dataclass(frozen=True)
class Area:
    """Filled polygons of one look."""

    polygons: tuple[tuple[Point, ...], ...]
    fill: str = ""
    edge: str = ""
    width: float = 0.0
    opacity: float = 1.0
    clip: Box | None = None


@dataclass(frozen=True)
class Stroke:
    """Lines of one look; `dash` is lengths of stroke and gap. [px]"""

    lines: tuple[tuple[Point, ...], ...]
    colour: str
    width: float
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    clip: Box | None = None


@dataclass(frozen=True)
class Label:
    """Words whose box has its corner at (left, top).

    Attributes
    ----------
    role : str
        tick, note, value or legend.
    align : str
        left, center or right: of lines that are shorter than the longest.
    scale : float
        Of the runs' sizes to pixels.
    ground : str
        Colour of the box behind it; empty for none.
    """

    left: float
    top: float
    lines: tuple[tuple[Run, ...], ...]
    scale: float
    role: str = "note"
    align: str = "left"
    ground: str = ""

    @property
    def size(self) -> Point:
        """How wide and high it is. [px]"""
        return measured(self.lines, self.scale)

    @property
    def box(self) -> Box:
        """Where it is."""
        wide, high = self.size
        return Box(self.left, self.top, self.left + wide, self.top + high)

    @property
    def inked(self) -> Box:
        """Its box without the room over the first line's capitals, and that below the last line."""
        box, first, last = self.box, _tallest(self.lines[0]) * self.scale, _tallest(self.lines[-1]) * self.scale
        return Box(box.left - 2, box.top + first * (ASCENT - CAPITAL) - 2, box.right + 2,
                   box.bottom - last * (LINE - ASCENT) + 4)  # fmt: skip

    @property
    def text(self) -> str:
        """Its words, a line break between its lines."""
        return "\n".join("".join(run.text for run in line) for line in self.lines)

    def moved(self, across: float, down: float) -> Label:
        """The same at another place."""
        return replace(self, left=self.left + across, top=self.top + down)

    def words(self) -> list[tuple[float, float, Run]]:
        """Each run with where its baseline begins. [px]"""
        made, top, wide = [], self.top, self.size[0]
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[self.align]
        for line in self.lines:
            x, size = self.left + (wide - width(line, self.scale)) * share, _tallest(line) * self.scale
            for run in line:
                made.append((x, top + size * ASCENT, run))
                x += width([run], self.scale)
            top += size * LINE
        return made


@dataclass(frozen=True)
class Scene:
    """A whole picture, what is behind first."""

    parts: tuple[Area | Stroke | Label, ...]

    @property
    def labels(self) -> list[Label]:
        """All its words."""
        return [part for part in self.parts if isinstance(part, Label)]


def measured(lines: tuple[tuple[Run, ...], ...], scale: float) -> Point:
    """How wide and high lines of words are. [px]"""
    return (max((width(line, scale) for line in lines), default=0.0),
            sum(_tallest(line) * LINE * scale for line in lines))  # fmt: skip


def _tallest(line: tuple[Run, ...]) -> float:
    return max((run.size for run in line), default=0.0)


def hatched(box: Box, shape: str, apart: float) -> tuple[tuple[Point, Point], ...]:
    """Lines of a pattern within a box.

    Parameters
    ----------
    shape : str
        As plotly names them: /, \\, x, -, | or +; each of an x or + is drawn both ways.
    apart : float
        Between two lines. [px]
    """
    ways = {"/": "/", "\\": "\\", "x": "/\\", "-": "-", "|": "|", "+": "-|"}[shape]
    return tuple(line for way in ways for line in _lines(box, way, apart))


def _lines(box: Box, way: str, apart: float) -> list[tuple[Point, Point]]:
    if way in "-|":
        low, high = (box.top, box.bottom) if way == "-" else (box.left, box.right)
        at = [place * apart for place in range(math.ceil(low / apart), math.floor(high / apart) + 1)]
        return [((box.left, y), (box.right, y)) if way == "-" else ((y, box.top), (y, box.bottom)) for y in at]
    # On each line x + y (or x - y) is the same.
    sign, apart = (1 if way == "/" else -1), apart * math.sqrt(2)
    sums = [x + sign * y for x, y in box.corners]
    made = []
    for place in range(math.ceil(min(sums) / apart), math.floor(max(sums) / apart) + 1):
        total = place * apart
        ends = sorted(total - sign * y for y in (box.top, box.bottom))
        left, right = max(box.left, ends[0]), min(box.right, ends[1])
        if left < right:
            made.append(((left, sign * (total - left)), (right, sign * (total - right))))
    return made
