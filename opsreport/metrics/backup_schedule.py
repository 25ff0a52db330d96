"""When backups are due by the plan, on the client's clock, and the time of which all sources told."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd

from opsreport.agreement import Term, terms_in
from opsreport.coverage import Seen
from opsreport.intervals import Intervals, union
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period

_DAY = pd.Timedelta(days=1)
_MINUTE = dt.timedelta(minutes=1)
_EVERYTHING = Intervals([(pd.Timestamp(0, tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC"))])


@dataclass(frozen=True)
class Planned:
    """One resource's plan in the days of a period in which it was in force.

    Attributes
    ----------
    term : Term
    plan : BackupPlan
    since : Timestamp
        When the resource was first planned; what was backed up before was promised to nobody.
    """

    term: Term
    plan: BackupPlan
    since: pd.Timestamp

    @property
    def rpo(self) -> pd.Timedelta:
        """How much time may be lost: the plan's own, else the term's; NaT where neither says."""
        agreed = self.plan.rpo or self.term.agreement.rpo
        return pd.NaT if agreed is None else agreed


def planned(agreements: list[Agreement], period: Period) -> list[Planned]:
    """Every plan in force in a period, by term and in the order that the client's file lists them."""
    return [
        Planned(term, plan, _since(agreements, term, plan.resource, period.zone))
        for term in terms_in(agreements, period)
        for plan in term.agreement.backups
    ]


def scheduled(plan: BackupPlan, days: Period, starts_on: dt.date) -> list[pd.Timestamp]:
    """The instants in a run of days at which a plan's backups are due.

    A day's backups are due at the plan's time, then again each interval until midnight, by the
    client's clock. A time that the clocks skip is due as soon as they go on. A time that they
    show twice is due once, at its first pass, unless an interval passes in between: a backup
    every hour is due in each hour that passes, 25 times on a day of 25 hours, and one every
    six hours four times. Longer intervals are counted from the day on which the term started.

    Parameters
    ----------
    days : Period
        In the client's zone.
    starts_on : date
        The term's first day.

    Returns
    -------
    list of Timestamp
        Ascending, each once. [UTC]

    Examples
    --------
    >>> nightly = BackupPlan(resource="db", every="24h", at="02:30")
    >>> october = Period.month("2026-10", "Europe/Berlin")  # 745 hours
    >>> len(scheduled(nightly, october, dt.date(2026, 1, 1)))
    31
    >>> len(scheduled(BackupPlan(resource="db", every="1h"), october, dt.date(2026, 1, 1)))
    745
    """
    at = _of_day(plan.at)
    if plan.every > _DAY:
        return list(_stepped(plan.every, at, days, starts_on))
    count = -(-(_DAY - at) // plan.every)
    clocks = [at + plan.every * number for number in range(count)]
    return [
        due
        for day, start, end in days.local_days()
        for due in ([start + clock for clock in clocks] if end - start == _DAY else
                    _on_odd_day(day, (start, end), clocks, plan.every, days.zone))
    ]  # fmt: skip


def whole(seen: Intervals | Seen) -> Intervals:
    """The time of which every source of a frame told all: a resource may be any source's."""
    if isinstance(seen, Intervals):
        return seen
    told = [union(time for time, read in parts if read == 1) for parts in seen.sources]
    return reduce(Intervals.__and__, told, _EVERYTHING) if told else Intervals()


def loaded_from(period: Period) -> pd.Timestamp:
    """From when a month's frames hold rows: nothing can be said of backups before, seen or not."""
    return period.back(12).start - _DAY


def _since(agreements: list[Agreement], term: Term, resource: str, zone: str) -> pd.Timestamp:
    first = min(
        one.starts_on for one in agreements
        if one.starts_on <= term.agreement.starts_on and any(plan.resource == resource for plan in one.backups)
    )  # fmt: skip
    return Period(first, first + dt.timedelta(days=1), zone).start


def _of_day(clock: str | None) -> pd.Timedelta:
    hour, minute = (int(part) for part in (clock or "00:00").split(":"))
    return pd.Timedelta(hours=hour % 24, minutes=minute)


def _stepped(every: pd.Timedelta, at: pd.Timedelta, days: Period, starts_on: dt.date) -> Iterator[pd.Timestamp]:
    first = pd.Timestamp(starts_on) + at
    begun = max((pd.Timestamp(days.first_day) - first) // every, 0)
    due = first + every * begun
    while due < pd.Timestamp(days.end_day):
        if due >= pd.Timestamp(days.first_day):
            yield _instant(due, days.zone)
        due += every


def _on_odd_day(
    day: dt.date, edges: tuple[pd.Timestamp, pd.Timestamp], clocks: list[pd.Timedelta], every: pd.Timedelta, zone: str
) -> list[pd.Timestamp]:
    """On a day on which the clocks change, which may be shorter or longer."""
    shown = {_instant(pd.Timestamp(day) + clock, zone) for clock in clocks}
    due = sorted(one for one in shown if edges[0] <= one < edges[1])
    made: list[pd.Timestamp] = []
    # As if the day went on with one more.
    beyond = edges[1] + (clocks[-1] + every - _DAY)
    for one, following in pairwise([*due, beyond]):
        made.append(one)
        while following - made[-1] >= 2 * every:
            made.append(made[-1] + every)
    return made


def _instant(local: pd.Timestamp, zone: str) -> pd.Timestamp:
    """A time by the client's clock: its first pass; where it is skipped, when the clocks go on.

    pandas takes every such step for one of an hour, which Lord Howe's is not.
    """
    there = local.to_pydatetime().replace(tzinfo=ZoneInfo(zone))
    first, other = (there.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if other < first:  # a time that is skipped: the step lies between its two readings
        step = range((first - other) // _MINUTE)
        after = there.replace(fold=1).utcoffset()
        first = other + _MINUTE * bisect_left(
            step, True, key=lambda passed: (other + _MINUTE * passed).astimezone(there.tzinfo).utcoffset() == after
        )
    return pd.Timestamp(first).as_unit("us").tz_convert("UTC")
