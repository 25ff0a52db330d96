"""Corrections applied to frames as they are loaded; the store keeps what a source said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.agreement import local_instant
from opsreport.errors import ParamsError
from opsreport.params.corrections import Correction
from opsreport.params.models import moment
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
            what = f"{match}: " + ", ".join(f"{column} is {value}" for column, value in one.set.items())
        shown.append({"frame": one.frame or "monitor_state", "corrected": what, "by": one.by,
                      "on": pd.Timestamp(one.on), "why": one.why, "rows": count})  # fmt: skip
    return pd.DataFrame(shown, columns=["frame", "corrected", "by", "on", "why", "rows"])


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
        match &= (rows[column].astype(TEXT) == value).fillna(False)
    if match.any():
        for column, value in correction.set.items():
            rows.loc[match, column] = _typed(value, frame, column, zone)
        frame.conform(rows.loc[match, list(frame.names)])
    return int(match.sum())


def _typed(value: Any, frame: Frame, column: str, zone: str) -> Any:
    """A value of a corrections file as its column's dtype holds it."""
    kind = frame[column].dtype
    try:
        if kind == INSTANT:
            return local_instant(moment(value), zone)
        if kind == DECIMAL:
            return Decimal(str(value))
        if kind == FLAG and not isinstance(value, bool):
            raise ValueError("is not true or false")
    except (ValueError, ArithmeticError) as error:
        raise ParamsError(
            f"corrections: {frame.name}.{column}: {value!r} {error}", hint=f"it holds: {frame[column].meaning}"
        ) from error
    return value if kind == FLAG else str(value)
