"""What the sources that ask Cost Explorer share: where it stands, its months, and how long an answer holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from opsreport.period import Period

REGION = "us-east-1"
#: So long after its end a month is hardly ever charged for any more.
_SETTLED = pd.Timedelta(days=15)


def months(period: Period, until: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Each whole month that a period touches, from its first day to the day after its last, or to `until`."""
    start, last = period.first_day.replace(day=1), min(period.end_day, until)
    while start < last:
        following = Period.month(start.strftime("%Y-%m")).end_day
        yield start, min(following, until)
        start = following


def is_settled(end: dt.date, now: pd.Timestamp) -> bool:
    """Whether what ended on a day is not expected to change."""
    return now - pd.Timestamp(end, tz="UTC") > _SETTLED
