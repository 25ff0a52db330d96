"""A figure's arrays and values as plain Python: plotly's typed arrays decoded, what is missing None."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from typing import Any

import numpy as np

from opsreport import theme
from opsreport.mail.charts.known import NotDrawnError

#: plotly's names of types, all little-endian.
_TYPES = {name: np.dtype(name).newbyteorder("<") for name in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")}
_DATE = re.compile(r"\d{4}-\d\d(-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?)?")
_EPOCH = dt.datetime(1970, 1, 1)


def listed(values: Any) -> list[Any]:
    """An array of a figure as a list, None where a value is missing.

    Parameters
    ----------
    values : list or dict
        Plain, or plotly's ``{"dtype", "bdata"}``.

    Raises
    ------
    NotDrawnError
        When it is neither, or is damaged.

    Examples
    --------
    >>> listed({"dtype": "i2", "bdata": "AQACAA=="}), listed([1, float("nan"), "a"])
    ([1, 2], [1, None, 'a'])
    """
    if values is None:
        return []
    if isinstance(values, dict):
        values = _decoded(values)
    if not isinstance(values, list):
        raise NotDrawnError(f"an array that is a {type(values).__name__}")
    return [None if isinstance(one, float) and not math.isfinite(one) else one for one in values]


def coloured(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure without its hidden traces, each of the others with the colour that it has from its place."""
    layout = figure.get("layout") or {}
    own = (layout.get("template") or {}).get("layout") or {}
    way = layout.get("colorway") or own.get("colorway") or [theme.BLUE, theme.ORANGE, theme.GREEN, theme.PURPLE]
    traces = []
    for place, trace in enumerate(figure.get("data") or []):
        if len(listed(trace.get("x"))) != len(listed(trace.get("y"))):
            raise NotDrawnError("a trace with places for not all of its values")
        line, marker = trace.get("line") or {}, trace.get("marker") or {}
        alone = marker.get("color") if isinstance(marker.get("color"), str) else None
        colour = line.get("color") or alone or way[place % len(way)]
        made = {**trace, "marker": {"color": colour, **marker}}
        if trace.get("type", "scatter") == "scatter":
            made["line"] = {"color": colour, **line}
        traces.append(made)
    return {"data": [trace for trace in traces if trace.get("visible") is not False], "layout": layout}


def each(value: Any, count: int, default: Any = None) -> list[Any]:
    """What holds for each of some points: a list of as many, or one value for all.

    Examples
    --------
    >>> each("red", 2), each(["a"], 2, "b"), each(None, 1, 3)
    (['red', 'red'], ['a', 'b'], [3])
    """
    if isinstance(value, list) or (isinstance(value, dict) and "bdata" in value):
        known = listed(value)[:count]
        return [default if one is None else one for one in known] + [default] * (count - len(known))
    return [default if value is None else value] * count


def number(value: Any) -> float | None:
    """A value on a linear axis; None where it is missing.

    Raises
    ------
    NotDrawnError
        When it is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotDrawnError(f"{value!r} on an axis of numbers")
    return float(value) if math.isfinite(value) else None


def is_date(value: Any) -> bool:
    """Whether a text is a date as plotly reads one.

    Examples
    --------
    >>> is_date("2026-10-01T12:00:00"), is_date("Oct 1")
    (True, False)
    """
    return isinstance(value, str) and bool(_DATE.fullmatch(value))


def milliseconds(value: Any) -> float | None:
    """A date as plotly counts it; None where it is missing. [ms]

    Examples
    --------
    >>> milliseconds("1970-01-02")
    86400000.0
    """
    if value is None or isinstance(value, (int, float)):
        return number(value)
    if not is_date(value):
        raise NotDrawnError(f"{value!r} on an axis of dates")
    try:
        moment = dt.datetime.fromisoformat(value if len(value) > 7 else f"{value}-01")
    except ValueError as error:
        raise NotDrawnError(f"the date {value!r}") from error
    return (moment - _EPOCH) / dt.timedelta(milliseconds=1)


def _decoded(values: dict[str, Any]) -> list[Any]:
    kind = str(values.get("dtype", "")).lstrip("<|")
    if kind not in _TYPES or "shape" in values:
        raise NotDrawnError(f"an array of {values.get('dtype')!r}")
    try:
        return np.frombuffer(base64.b64decode(values["bdata"], validate=True), dtype=_TYPES[kind]).tolist()
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise NotDrawnError("a damaged array") from error
