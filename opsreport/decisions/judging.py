"""The figure that judges a decision: looked up in the review, and held against the decision's target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from opsreport.params.decisions import Decision
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

#: Units in which what was not seen can only add.
_GROWING = ("count", "money")
_SHARES = ("share", "availability")
#: Units that count time in numbers.
_CLOCKS = {"seconds": "s", "minutes": "min", "hours": "h", "days": "D"}


def figure(metric: str, scorecard: pd.DataFrame, figures: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figure of this id: a key figure of the scorecard, or else one of the records; empty where there is none."""
    for row in scorecard.to_dict("records"):
        if metric in (row["id"], f"scorecard.{row['id']}.this_month"):
            return row
    for record in figures:
        if record["id"] == metric:
            value = _read(record["value"], record["unit"])
            return {"measure": metric, "currency": "", **record, "this_month": value, "rows": None}
    return {}


def outcome(one: Decision, figure: Mapping[str, Any], is_month: bool) -> tuple[str, str]:
    """The verdict on a decision, and where it is unknown, why."""
    if not figure:
        return "unknown", f"no figure of this review is called {one.metric}"
    value, target = figure["this_month"], _in_unit(one.target, figure["unit"])
    if is_unknown(value):
        return "unknown", "the figure is not known for this month"
    if not is_month and figure["unit"] in (*_GROWING, "duration"):
        return "unknown", "the target is for a month, and these days are not one"
    if isinstance(value, pd.Timedelta) != isinstance(target, pd.Timedelta):
        return "unknown", "target and figure are not of one kind; a time is written like 4h"
    if figure["unit"] in _SHARES and not 0 <= target <= 1:
        return "unknown", "the figure is a share, and its target is not; 99.5 % is written 0.995"
    higher, agreed = one.direction == "at least", _as_agreed(figure, target, one.direction)
    if agreed:
        return agreed, ""
    worst, best = _bounds(figure, higher)
    judged = verdict(worst, best, target, higher_is_better=higher)
    return judged, "" if judged != "unknown" else "not all of it was seen, and the rest could change it"


def _as_agreed(figure: Mapping[str, Any], target: Any, direction: str) -> str:
    """The scorecard's own verdict where its target is the decision's; empty where it is another."""
    agreed, value = figure.get("target"), figure["this_month"]
    if is_unknown(agreed) or figure["verdict"] not in ("met", "at risk", "missed") or not _same(agreed, target):
        return ""
    judged = "missed" if figure["verdict"] == "missed" else "met"
    # A ceiling is not judged as a floor: the figure itself must stand on the same side.
    return judged if verdict(value, value, target, higher_is_better=direction == "at least") == judged else ""


def _same(one: Any, other: Any) -> bool:
    return one == other if type(one) is type(other) else float(one) == float(other)


def _bounds(figure: Mapping[str, Any], higher: bool) -> tuple[Any, Any]:
    """The figure at its worst and its best for the decision, whatever was not seen; None where nothing bounds it."""
    value, ends = figure["this_month"], [figure.get("worst"), figure.get("best")]
    if not is_unknown(figure.get("coverage")) and figure["coverage"] >= 1:
        return value, value
    if not any(is_unknown(end) for end in ends):
        return (min(ends), max(ends)) if higher else (max(ends), min(ends))
    if figure["unit"] in _GROWING:
        most = Decimal("Infinity") if isinstance(value, Decimal) else float("inf")
        return (value, most) if higher else (most, value)
    return None, None


def _read(value: Any, unit: str) -> Any:
    """A figure's value as its record keeps it: money is text there, a duration seconds."""
    if value is None:
        return None
    if unit == "duration":
        return pd.Timedelta(seconds=value)
    try:
        return Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        return None  # words and dates are judged by nobody


def _in_unit(target: Any, unit: str) -> Any:
    """A time as the number that its figure is, where that counts time in numbers."""
    clock = _CLOCKS.get(unit)
    return target / pd.Timedelta(1, clock) if clock and isinstance(target, pd.Timedelta) else target
