"""Which of plotly's features the mail's charts know; a figure with any other is not drawn.

What is not understood could turn a picture into a false one, so it is refused, never skipped.
"""

from __future__ import annotations

import re
from typing import Any

from opsreport.errors import ReportError

#: How many panels a picture of a mail's width has room for.
MOST_PANELS = 4
_HEX = re.compile("#[0-9a-fA-F]{6}")
_HOVER = {"hoverinfo", "hoverlabel", "hovertemplate", "hovertext", "customdata", "meta", "uid", "legendgroup"}
_TRACE = _HOVER | {"type", "x", "y", "xaxis", "yaxis", "name", "showlegend", "marker", "opacity", "visible",
                   "cliponaxis", "error_x", "error_y", "orientation"}  # fmt: skip
_TRACES = {
    "bar": _TRACE | {"base", "width", "text", "textposition", "textfont", "textangle", "outsidetextfont",
                     "insidetextfont", "insidetextanchor", "constraintext", "offsetgroup", "alignmentgroup"},
    "scatter": _TRACE | {"mode", "line", "fill", "fillcolor", "connectgaps"},
}  # fmt: skip
_MARKER = {"color", "line", "pattern", "size", "symbol", "opacity", "sizemode"}
_LINE = {"color", "width", "dash", "shape"}
_PATTERN = {"shape", "fgcolor", "bgcolor", "size", "solidity", "fillmode", "fgopacity"}
_AXIS = {"anchor", "automargin", "autorange", "categoryarray", "categoryorder", "constrain", "domain", "fixedrange",
         "gridcolor", "gridwidth", "griddash", "hoverformat", "linecolor", "matches", "nticks", "range",
         "rangemode", "showgrid", "showline", "showticklabels", "tickangle", "tickcolor", "tickfont",
         "tickformat", "ticklabelstandoff", "ticklen", "tickmode", "tickprefix", "ticks", "ticksuffix",
         "ticktext", "tickvals", "title", "type", "visible", "zeroline", "zerolinecolor", "zerolinewidth"}  # fmt: skip
_LAYOUT = {"annotations", "autosize", "bargap", "bargroupgap", "barmode", "colorway", "dragmode", "font", "height",
           "hoverlabel", "hovermode", "legend", "margin", "paper_bgcolor", "plot_bgcolor", "shapes", "showlegend",
           "template", "title", "width"}  # fmt: skip
_SHAPE = {"type", "x0", "x1", "y0", "y1", "xref", "yref", "line", "fillcolor", "opacity", "layer", "visible", "name"}
_NOTE = {"align", "arrowcolor", "arrowhead", "arrowsize", "arrowwidth", "ax", "ay", "bgcolor", "borderpad", "font",
         "hovertext", "captureevents", "opacity", "showarrow", "text", "textangle", "visible", "x", "xanchor", "xref",
         "xshift", "y", "yanchor", "yref", "yshift", "name"}  # fmt: skip
_VALUES = {
    "barmode": {"group", "stack", "overlay", "relative"},
    "dash": {"solid", "dot", "dash", "dashdot", "longdash"},
    "line.shape": {"linear", "hv", "vh", "hvh", "vhv"},
    "pattern.shape": {"", "/", "\\", "x", "-", "|", "+", "."},
    "fill": {"none", "tozeroy", "tonexty"},
    "mode": {"lines", "markers", "lines+markers"},
    "orientation": {"h", "v"},
    "textangle": {0, "auto"},
    "tickangle": {0},
    "axis.type": {"-", "linear", "category", "date", "log"},
    "rangemode": {"normal", "tozero", "nonnegative"},
    "categoryorder": {"trace", "array"},
    "autorange": {True, False, "reversed"},
    "shape.type": {"line", "rect"},
    "visible": {True, False},
    "sizemode": {"diameter"},
}  # fmt: skip


class NotDrawnError(ReportError):
    """A figure that a mail's picture cannot show faithfully; its numbers' table stands in its place."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The mail's charts do not know {what}.", hint="show the table of its numbers.")


def check(figure: dict[str, Any]) -> None:
    """That every trace, axis, shape and note of a figure is of a kind that can be drawn.

    Parameters
    ----------
    figure : dict
        Plotly's JSON.

    Raises
    ------
    NotDrawnError
        When one is not, or when there are no panels or more than `MOST_PANELS`.
    """
    layout = figure.get("layout") or {}
    _colours({**figure, "layout": {name: part for name, part in layout.items() if name != "template"}})
    axes = {name: spec for name, spec in layout.items() if name[:5] in ("xaxis", "yaxis")}
    _only(set(layout) - set(axes), _LAYOUT, "of a layout")
    _one_of(layout.get("barmode"), "barmode")
    traces = figure.get("data") or []
    for trace in traces:
        _trace(trace)
    for spec in axes.values():
        _axis(spec)
    for shape in layout.get("shapes") or []:
        _only(shape, _SHAPE, "of a shape")
        _whole(shape, ("x0", "x1", "y0", "y1"))
        _one_of(shape.get("type"), "shape.type")
        _only(shape.get("line") or {}, _LINE, "of a line")
        _one_of((shape.get("line") or {}).get("dash"), "dash")
    for note in layout.get("annotations") or []:
        _only(note, _NOTE, "of an annotation")
        _whole(note, ("x", "y"))
        _one_of(note.get("textangle"), "textangle")
    panels = {(trace.get("xaxis", "x"), trace.get("yaxis", "y")) for trace in traces}
    if not 1 <= len(panels) <= MOST_PANELS:
        raise NotDrawnError(f"{len(panels)} panels")


def _trace(trace: dict[str, Any]) -> None:
    kind = trace.get("type", "scatter")
    if kind not in _TRACES:
        raise NotDrawnError(f"the trace type {kind}")
    _only(trace, _TRACES[kind], f"of a {kind}")
    marker, line = trace.get("marker") or {}, trace.get("line") or {}
    _only(marker, _MARKER, "of a marker")
    _only(line, _LINE, "of a line")
    pattern = marker.get("pattern") or {}
    _only(pattern, _PATTERN, "of a pattern")
    for shape in pattern["shape"] if isinstance(pattern.get("shape"), list) else [pattern.get("shape")]:
        _one_of(shape, "pattern.shape")
    _one_of(line.get("dash"), "dash")
    _one_of(line.get("shape"), "line.shape")
    if kind == "scatter" and trace.get("mode") is None:
        raise NotDrawnError("a scatter without a mode")  # plotly chooses one by the number of points
    for name in ("mode", "fill", "orientation", "textangle", "visible"):
        _one_of(trace.get(name), name)
    _one_of(marker.get("sizemode"), "sizemode")


def _axis(spec: dict[str, Any]) -> None:
    _only(spec, _AXIS, "of an axis")
    _one_of(spec.get("type"), "axis.type")
    for name in ("rangemode", "categoryorder", "autorange", "tickangle", "visible"):
        _one_of(spec.get(name), name)
    title = spec.get("title")
    if title and (title if isinstance(title, str) else title.get("text")):
        raise NotDrawnError("an axis with a title")


def _colours(part: Any, name: str = "") -> None:
    """That each colour is six hexadecimal digits: no other is certain to be painted as plotly does."""
    if isinstance(part, dict):
        for key, value in part.items():
            _colours(value, key)
    elif isinstance(part, list):
        for value in part:
            _colours(value, name)
    elif name.endswith("color") and part and not (isinstance(part, str) and _HEX.fullmatch(part)):
        raise NotDrawnError(f"the colour {part!r}")


def _whole(part: dict[str, Any], names: tuple[str, ...]) -> None:
    if any(part.get(name) is None for name in names):
        raise NotDrawnError("a shape or an annotation without a place")


def _only(names: Any, known: set[str], where: str) -> None:
    for name in names:
        if name not in known:
            raise NotDrawnError(f"{name!r} {where}")


def _one_of(value: Any, name: str) -> None:
    if value is not None and value not in _VALUES[name]:
        raise NotDrawnError(f"{name} {value!r}")
