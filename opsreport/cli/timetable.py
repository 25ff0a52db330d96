"""When each client's work runs: on this machine's clock, spread, and a report only once its month is over."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import pandas as pd

from opsreport.params.team import Rhythm
from opsreport.period import Period

#: Clients begin within an hour of the time that is set, each always at the same minute.
SPREAD = 60
#: How long after the first collect of the day is looked at what it left. [min]
STATUS_AFTER = 240
#: How long a collect may take before a report relies on it. [min]
COLLECT_TAKES = 30
_DAY = 24 * 60
_MONTHS_AHEAD = 24  # each of its clock changes, in both zones, twice


@dataclass(frozen=True)
class Times:
    """When one client's work runs, on this machine's clock.

    Attributes
    ----------
    client : str
    collect : int
        Of each day. [minute]
    report_day, report : int
        Of each month, and of that day. [day, minute]
    moved_from : int
        The day that is set, where that were too early for this client; else 0.
    """

    client: str
    collect: int
    report_day: int
    report: int
    moved_from: int = 0


def times(client: str, time_zone: str, rhythm: Rhythm, now: pd.Timestamp, machine: dt.tzinfo | None = None) -> Times:
    """When a client's work runs.

    Parameters
    ----------
    time_zone : str
        The client's: the month must have ended there, and in UTC, in which bills are counted, and a collect must have
        begun after that.
    rhythm : Rhythm
        As the team set it.
    machine : tzinfo, optional
        The zone of this machine's clock; by default as the system says.
    """
    later = spread(client)
    collect = (_minutes(rhythm.collect_at) + later) % _DAY
    report = min(_minutes(rhythm.report_at) + later, _DAY - 1)  # the 28th has a next day in no February
    ahead = [Period.last_full_month(now, time_zone).back(-steps) for steps in range(_MONTHS_AHEAD)]
    for day in range(rhythm.report_on, 29):
        made = Times(client, collect, day, report, rhythm.report_on if day > rhythm.report_on else 0)
        if all(_is_over(made, month, machine) for month in ahead):
            break
    return made


def spread(client: str) -> int:
    """How long after the set time a client's work begins, always the same. [min]

    Examples
    --------
    >>> spread("acme") == spread("acme"), 0 <= spread("acme") < 60
    (True, True)
    """
    return int.from_bytes(hashlib.sha256(client.encode()).digest()[:4], "big") % SPREAD


def status_time(rhythm: Rhythm) -> int:
    """When it is looked whether all ran, each day. [minute]"""
    return (_minutes(rhythm.collect_at) + STATUS_AFTER) % _DAY


def report_due(made: Times, month: Period, machine: dt.tzinfo | None = None) -> pd.Timestamp:
    """The instant at which a month's report is to be made: always in the month after, on this machine's calendar.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> november = Period.month("2026-11", "America/New_York")
    >>> str(report_due(Times("acme", 180, 2, 300), november, ZoneInfo("Europe/Berlin")))
    '2026-12-02 04:00:00+00:00'
    """
    day = month.end_day.replace(day=made.report_day)
    return _instant(day, made.report, machine)


def next_report(
    made: Times, time_zone: str, now: pd.Timestamp, machine: dt.tzinfo | None = None
) -> tuple[Period, pd.Timestamp]:
    """The month whose report is made next, and when: the last full one until then, else the one that runs."""
    last = Period.last_full_month(now, time_zone)
    month = last if report_due(made, last, machine) > now else last.back(-1)
    return month, report_due(made, month, machine)


def _is_over(made: Times, month: Period, machine: dt.tzinfo | None) -> bool:
    """Whether a month has ended, and was collected after that, when its report is due."""
    due, day = report_due(made, month, machine), month.end_day.replace(day=made.report_day)
    begun = [_instant(day - dt.timedelta(days=back), made.collect, machine) for back in (0, 1)]
    ended = max(month.end, month.bill.end)
    return any(ended <= at <= due - pd.Timedelta(minutes=COLLECT_TAKES) for at in begun)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _instant(day: dt.date, minute: int, machine: dt.tzinfo | None) -> pd.Timestamp:
    local = dt.datetime.combine(day, dt.time(minute // 60, minute % 60), machine)
    return pd.Timestamp(local.astimezone(dt.UTC)).as_unit("us")  # a time without a zone is this machine's
