"""Pauses of a support request: the time in which it waited for the client, as its source wrote it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd

from opsreport.agreement import local_instant
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.theme import is_unknown


def paused_time(written: Any, period: Period, resolved_at: Any = pd.NaT) -> Intervals | None:
    """The time up to a month's end in which a request waited for the client.

    Parameters
    ----------
    written : str or missing
        JSON, a list of [start, end] in ISO 8601; a time without an offset is on the client's
        clock. An end of null has not come yet: the pause lasts to the month's end, or to the
        request's resolution, which ends it at the latest.
    period : Period
        The month; its zone is the client's.
    resolved_at : Timestamp, optional
        NaT where it is not resolved.

    Returns
    -------
    Intervals or None
        Empty where nothing is written: it never waited. None where it cannot be read, so that
        one broken record makes one answer unknown and not the whole review.

    Examples
    --------
    >>> october = Period.month("2026-10", "Europe/Berlin")
    >>> paused_time('[["2026-10-05T10:00", "2026-10-05T12:30"], ["2026-10-31T23:00", null]]', october).measure()
    Timedelta('0 days 03:30:00')
    >>> paused_time("on hold", october) is None
    True
    """
    if is_unknown(written) or not written.strip():
        return Intervals()
    try:
        pairs = [_pair(start, end, period, resolved_at) for start, end in json.loads(written)]
    except (ValueError, TypeError, AttributeError):
        return None
    # A pause that ends before it starts was written wrongly: how long it was is not known.
    if any(end < start for start, end in pairs if start < period.end):
        return None
    return Intervals((start, min(end, period.end)) for start, end in pairs)


def closed_pauses(written: Any, period: Period) -> Intervals | None:
    """As `paused_time`, with only those pauses of which an end is written: the least that it waited."""
    if is_unknown(written) or not written.strip():
        return Intervals()
    try:
        closed = [pair for pair in json.loads(written) if pair[1] is not None]
    except (ValueError, TypeError, IndexError):
        return None
    return paused_time(json.dumps(closed), period)


def _pair(start: Any, end: Any, period: Period, resolved_at: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    starts = _instant(start, period)
    if end is not None:
        return starts, _instant(end, period)
    return starts, period.end if pd.isna(resolved_at) else max(starts, min(resolved_at, period.end))


def _instant(written: Any, period: Period) -> pd.Timestamp:
    return local_instant(dt.datetime.fromisoformat(written), period.zone)
