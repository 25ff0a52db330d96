"""A plotly figure's JSON as a small picture for a mail, and the words for who does not see it.

The picture is drawn from what the executed notebook holds, without a browser: laid out as pure
data in pixels (`layout`), then painted by matplotlib (`painter`).
"""

from __future__ import annotations

from typing import Any

from opsreport.mail.charts.alternative import alt
from opsreport.mail.charts.known import NotDrawnError, check
from opsreport.mail.charts.layout import Plan
from opsreport.mail.charts.painter import MOST_BYTES, paint
from opsreport.mail.charts.scene import HEIGHT, WIDTH, Scene

__all__ = ["HEIGHT", "MOST_BYTES", "WIDTH", "alt", "draw", "fits_mail"]

#: Plotly's pixels to the picture's, of words: as large as they stand apart. A phone shows a picture 350 px wide, where
#: 12 px at 2.8 come to 9, and at 1.9 to 6.
_SCALES = (2.8, 2.5, 2.2, 1.9, 1.7, 1.5)


def draw(figure: dict[str, Any]) -> bytes:
    """A chart as a picture without its title.

    Parameters
    ----------
    figure : dict
        Plotly's JSON, as ``application/vnd.plotly.v1+json`` of the executed notebook.

    Returns
    -------
    bytes
        A PNG of `WIDTH` by `HEIGHT` pixels below `MOST_BYTES`, the same for an equal figure;
        empty where the figure has something that is not known, more than four panels, or words
        that find no room: then the table of its numbers is to be shown.
    """
    try:
        check(figure)
    except NotDrawnError:
        return b""
    # Smaller words may find room, and make a smaller file.
    return next((png for scale in _SCALES if (scene := _scene(figure, scale)) and (png := paint(scene))), b"")


def fits_mail(figure: dict[str, Any]) -> bool:
    """Whether `draw` makes a picture of a figure."""
    return bool(draw(figure))


def _scene(figure: dict[str, Any], scale: float) -> Scene | None:
    try:
        return Plan(figure, scale).scene()
    except NotDrawnError:
        return None
