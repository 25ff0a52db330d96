"""Corrections applied to frames as they are loaded; the store keeps what a source said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from opsreport.agreement import local_instant
from opsreport.errors import ParamsError, SchemaError
from opsreport.params.corrections import Correction
from opsreport.params.fields import moment
from opsreport.schemas import DECIMAL, FLAG, FRAMES, INSTANT, TEXT, Frame


def correct(frames: dict[str, pd.DataFrame], corrections: list[Correction], zone: str) -> pd.DataFrame:
    """Apply the corrections to the frames, in place, and return them for the page.

    Returns
    -------
    DataFrame
        frame, corrected, by, on, why and rows: how many rows a correction changed, 0 where it
        matched none, missing where it excuses downtime.
    """
    shown = []
    for one in corrections:
        if one.excuse:
            what, count = f"{one.excuse.monitor}: downtime excused", None
        else:
            count = _apply(frames[one.frame], FRAMES[one.frame], one, zone)
            match = ", ".join(one.match.values())
            what = f"{match}: " + ", ".join(
                f"{column.replace('_', ' ')}: {_said(value)}" for column, value in one.set.items()
            )
        shown.append({"frame": one.frame or "monitor_state", "corrected": what, "by": one.by,
                      "on": pd.Timestamp(one.on), "why": one.why, "rows": count})  # fmt: skip
    return pd.DataFrame(shown, columns=["frame", "corrected", "by", "on", "why", "rows"])


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


def excused(corrections: list[Correction], zone: str) -> pd.DataFrame:
    """The downtime that corrections excuse: monitor, starts_at, ends_at, by, on, why."""
    rows = [
        {"monitor": one.excuse.monitor, "starts_at": local_instant(one.excuse.starts_at, zone),
         "ends_at": local_instant(one.excuse.ends_at, zone), "by": one.by, "on": pd.Timestamp(one.on), "why": one.why}
        for one in corrections
        if one.excuse
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=["monitor", "starts_at", "ends_at", "by", "on", "why"])
    return made.astype({"starts_at": INSTANT, "ends_at": INSTANT, "monitor": TEXT})


def _apply(rows: pd.DataFrame, frame: Frame, correction: Correction, zone: str) -> int:
    match = pd.Series(True, index=rows.index)
    for column, value in correction.match.items():
        match &= (rows[column] == _sought(value, frame, column, zone)).fillna(False).astype(bool)
    values = {column: _typed(value, frame, column, zone) for column, value in correction.set.items()}
    if match.any():
        try:
            for column, value in values.items():
                rows.loc[match, column] = value
            frame.conform(rows.loc[match, list(frame.names)])
        except (SchemaError, ValueError, TypeError) as error:
            said = error.message if isinstance(error, SchemaError) else error
            raise ParamsError(
                f"corrections: of {correction.by}, {correction.on}, for {', '.join(correction.match.values())}: {said}",
                hint="check its values; rows are counted among those that it matches",
            ) from error
    return int(match.sum())


def _sought(value: str, frame: Frame, column: str, zone: str) -> Any:
    """A text to match by as its column's dtype holds it."""
    flags = {"true": True, "false": False}
    is_flag = frame[column].dtype == FLAG
    return _typed(flags.get(value.lower(), value) if is_flag else value, frame, column, zone)


def _typed(value: Any, frame: Frame, column: str, zone: str) -> Any:
    """A value of a corrections file as its column's dtype holds it."""
    kind = frame[column].dtype
    if value is None:
        return pd.NaT if kind == INSTANT else pd.NA
    try:
        if kind == INSTANT:
            return local_instant(_moment(value), zone)
        if kind == DECIMAL:
            return _number(value)
        if kind == FLAG and not isinstance(value, bool):
            raise ValueError("is not true or false")
        if kind == TEXT and isinstance(value, (bool, list, dict)):
            raise ValueError("is not text")
    except ValueError as error:
        raise ParamsError(
            f"corrections: {frame.name}.{column}: {value!r} {error}", hint=f"it holds: {frame[column].meaning}"
        ) from error
    return value if kind == FLAG else str(value)


def _moment(value: Any) -> dt.datetime:
    made = moment(value)
    if not isinstance(made, dt.datetime):
        raise ValueError("is not a date and time")
    return made


def _number(value: Any) -> Decimal:
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        made = Decimal("NaN")
    if not made.is_finite():
        raise ValueError("is not a number")
    return made
