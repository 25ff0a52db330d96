"""A scene painted by matplotlib, its words last, and packed as a small PNG, the same bytes each time."""

from __future__ import annotations

import io
from itertools import chain

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image

from opsreport import theme
from opsreport.mail.charts.letters import write
from opsreport.mail.charts.scene import HEIGHT, WIDTH, Area, Box, Label, Point, Scene, Stroke

MOST_BYTES = 25_000
_COLOURS = (64, 32, 24, 16)
_WEIGHTS = np.array([65536, 256, 1], dtype=np.int32)  # of red, green and blue in one number
_DPI = 80  # by which both sides are whole inches


def paint(scene: Scene) -> bytes:
    """A scene as a PNG.

    Returns
    -------
    bytes
        `WIDTH` by `HEIGHT` pixels with a palette, below `MOST_BYTES`; empty where it cannot be so small.
    """
    # Neither a user's own settings nor anything drawn before decide on what is drawn.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        pixels = _drawn(scene)
    counted = sorted(pixels.getcolors(WIDTH * HEIGHT), key=lambda one: (-one[0], one[1]))
    # What the scene is painted with never turns into another colour, however little of it there is.
    ranked = list(dict.fromkeys([*_own(scene), *(colour for _, colour in counted)]))
    numbers = np.asarray(pixels).astype(np.int32) @ _WEIGHTS
    return next((made for count in _COLOURS if len(made := _packed(numbers, ranked, count)) < MOST_BYTES), b"")


def _drawn(scene: Scene) -> Image.Image:
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=theme.PAPER)
    canvas = FigureCanvasAgg(figure)
    # Scenes count from the top, matplotlib from the bottom.
    flip = Affine2D().scale(1, -1).translate(0, HEIGHT)
    for order, part in enumerate(scene.parts):
        if isinstance(part, Label):
            part = Area((part.inked.corners,), part.ground) if part.ground else None
        if part:
            artist = _path(part, flip) if isinstance(part, Area) else _line(part, flip)
            artist.set_zorder(order)
            figure.add_artist(artist)
    canvas.draw()
    pixels = np.array(canvas.buffer_rgba())[:, :, :3]
    for label in scene.labels:
        write(pixels, label)
    return Image.fromarray(pixels)


def _path(area: Area, flip: Affine2D) -> PathPatch:
    points = chain.from_iterable((*polygon, polygon[0]) for polygon in area.polygons)
    codes = chain.from_iterable(
        (Path.MOVETO, *[Path.LINETO] * (len(polygon) - 1), Path.CLOSEPOLY) for polygon in area.polygons
    )
    patch = PathPatch(
        Path(list(points), list(codes)), transform=flip, facecolor=area.fill or "none", alpha=area.opacity,
        edgecolor=area.edge if area.edge and area.width else "none", linewidth=_points(area.width), joinstyle="miter",
    )  # fmt: skip
    patch.set_snap(False)
    return _clipped(patch, area.clip)


def _line(stroke: Stroke, flip: Affine2D) -> PathPatch:
    points = list(chain.from_iterable(stroke.lines))
    codes = list(chain.from_iterable((Path.MOVETO, *[Path.LINETO] * (len(line) - 1)) for line in stroke.lines))
    # matplotlib counts dashes in widths of the line.
    style = (0, tuple(one / stroke.width for one in stroke.dash)) if stroke.dash else "solid"
    patch = PathPatch(
        Path(points, codes), transform=flip, facecolor="none", edgecolor=stroke.colour, alpha=stroke.opacity,
        linewidth=_points(stroke.width), linestyle=style, capstyle="butt", joinstyle="round",
    )  # fmt: skip
    patch.set_snap(all(_is_straight(line) for line in stroke.lines))
    return _clipped(patch, stroke.clip)


def _is_straight(line: tuple[Point, ...]) -> bool:
    """Whether it runs along the pixels, and can be drawn sharp."""
    return len({x for x, _ in line}) == 1 or len({y for _, y in line}) == 1


def _clipped(patch: PathPatch, clip: Box | None) -> PathPatch:
    if clip:
        patch.set_clip_box(Bbox([[clip.left, HEIGHT - clip.bottom], [clip.right, HEIGHT - clip.top]]))
    return patch


def _points(pixels: float) -> float:
    return pixels * 72 / _DPI


def _own(scene: Scene) -> list[tuple[int, int, int]]:
    """The colours that a scene is painted with."""
    painted = [(theme.PAPER, 1.0)]
    for part in scene.parts:
        if isinstance(part, Label):
            painted += [(run.colour, 1.0) for line in part.lines for run in line]
        else:
            looks = (part.colour,) if isinstance(part, Stroke) else (part.fill, part.edge)
            painted += [(look, part.opacity) for look in looks if look]
    return [tuple(round(255 * (1 - share * (1 - one))) for one in to_rgb(colour)) for colour, share in painted]


def _packed(numbers: np.ndarray, ranked: list[tuple[int, int, int]], count: int) -> bytes:
    """With a palette of the first of some colours; each other one becomes the nearest of these.

    Parameters
    ----------
    numbers : ndarray of int32
        The pixels, red, green and blue in one number each.
    ranked : list of (int, int, int)
        All colours there are.
    """
    colours = np.array(ranked, dtype=np.int64)
    palette = colours[:count]
    nearest = ((colours[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    place = np.zeros(1 << 24, dtype=np.uint8)
    place[colours @ _WEIGHTS] = nearest
    indexed = Image.fromarray(place[numbers], "P")
    indexed.putpalette(palette.astype(np.uint8).tobytes())
    file = io.BytesIO()
    indexed.save(file, "PNG", optimize=True)
    return file.getvalue()
