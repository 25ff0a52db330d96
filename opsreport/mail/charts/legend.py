"""The legend, in rows below the plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsreport import theme
from opsreport.mail.charts import bars, lines
from opsreport.mail.charts.scene import HEIGHT, WIDTH, Area, Box, Label, Stroke
from opsreport.mail.charts.words import read, shortened

_EDGE, _SWATCH, _BESIDE, _APART, _BELOW = 14.0, 22.0, 10.0, 34.0, 8.0  # [px]
_SIZE = 12  # of its words, in plotly's pixels
_LONGEST = 560.0  # of an entry's words [px]


@dataclass(frozen=True)
class Legend:
    """A legend's height and what it draws at the picture's bottom. [px]"""

    height: float = 0.0
    parts: tuple[Area | Stroke | Label, ...] = ()


def legend(figure: dict[str, Any], scale: float, geometry: float) -> Legend:
    """A sample and the name of each trace that has an entry.

    Parameters
    ----------
    scale, geometry : float
        Plotly's pixels to the picture's: of words, and of lines and markers.
    """
    rows = _in_rows(_entries(figure), scale)
    if not rows:
        return Legend()
    high = max(label.size[1] for row in rows for _, _, label in row) + 6
    parts: list[Area | Stroke | Label] = []
    for place, row in enumerate(rows):
        top = HEIGHT - _BELOW - high * (len(rows) - place)
        for left, trace, label in row:
            parts += _entry(trace, label, left, top, high, geometry)
    return Legend(high * len(rows) + _BELOW, tuple(parts))


def _in_rows(shown: list[dict[str, Any]], scale: float) -> list[list[tuple[float, dict, Label]]]:
    """Where each entry begins, in as many rows as they need. [px]"""
    rows: list[list[tuple[float, dict, Label]]] = []
    x = float(WIDTH)
    for trace in shown:
        words = read(trace["name"], _SIZE, theme.INK_SOFT)[0]
        label = Label(0, 0, (tuple(shortened(words, _LONGEST, scale)),), scale, "legend")
        wide = _width(trace) + _BESIDE + label.size[0]
        if x + wide > WIDTH - _EDGE:
            rows.append([])
            x = _EDGE
        rows[-1].append((x, trace, label))
        x += wide + _APART
    return rows


def _entries(figure: dict[str, Any]) -> list[dict[str, Any]]:
    layout = figure["layout"]
    named = [trace for trace in figure["data"] if trace.get("name") and trace.get("showlegend") is not False]
    asked = layout.get("showlegend")
    if asked is False or (asked is None and len(named) < 2 and not any(one.get("showlegend") for one in named)):
        return []
    # What is stacked is named from the top, unless the figure says otherwise.
    order = (layout.get("legend") or {}).get("traceorder") or (
        "reversed" if layout.get("barmode") == "stack" else "normal")  # fmt: skip
    return named[::-1] if order == "reversed" else named


def _width(trace: dict[str, Any]) -> float:
    return 2 * _SWATCH if "lines" in trace.get("mode", "") else _SWATCH


def _entry(
    trace: dict[str, Any], label: Label, left: float, top: float, high: float, geometry: float
) -> list[Area | Stroke | Label]:
    middle = top + high / 2
    box = Box(left, middle - _SWATCH / 2, left + _width(trace), middle + _SWATCH / 2)
    draw = bars.sample if trace.get("type") == "bar" else lines.sample
    return [*draw(trace, box, geometry), label.moved(box.right + _BESIDE, middle - label.size[1] / 2)]
