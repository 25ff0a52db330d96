"""What was agreed, laid on a calendar: terms in force, support hours, maintenance windows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import holidays
import pandas as pd

from opsreport.errors import ParamsError
from opsreport.intervals import Intervals
from opsreport.params.models import Agreement, MaintenanceWindow, SupportHours
from opsreport.period import Period

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Term:
    """A part of a period in which one agreement was in force.

    Attributes
    ----------
    agreement : Agreement
    period : Period
        The days of the period that it covers; the whole of it unless terms changed.
    """

    agreement: Agreement
    period: Period

    @property
    def time(self) -> Intervals:
        """The time in which it was in force."""
        return Intervals([(self.period.start, self.period.end)])


def terms_in(agreements: list[Agreement], period: Period) -> list[Term]:
    """The agreements in force in a period, each with its days; empty before the first."""
    made = []
    for agreement in sorted(agreements, key=lambda one: one.starts_on):
        last = agreement.ends_on or dt.date.max - dt.timedelta(days=1)
        first, end = max(agreement.starts_on, period.first_day), min(last + dt.timedelta(days=1), period.end_day)
        if first < end:
            made.append(Term(agreement, Period(first, end, period.zone)))
    return made


def term_at(agreements: list[Agreement], instant: pd.Timestamp, zone: str) -> Agreement | None:
    """The agreement in force at an instant, on the client's clock."""
    day = instant.tz_convert(zone).date()
    return next((a for a in agreements if a.starts_on <= day and (a.ends_on is None or day <= a.ends_on)), None)


def support_time(hours: SupportHours, period: Period) -> Intervals:
    """The time in a period in which support is given, without holidays."""
    closed = {*hours.closed_on, *_holidays(hours.holidays, period)}
    days = [day for day, _, _ in period.local_days() if _WEEKDAYS[day.weekday()] in hours.days and day not in closed]
    return Intervals((_at(day, hours.opens, period.zone), _at(day, hours.closes, period.zone)) for day in days)


def maintenance_time(windows: list[MaintenanceWindow], monitor: str, period: Period) -> Intervals:
    """The agreed maintenance of a monitor in a period."""
    pairs = []
    for window in windows:
        if window.monitors and monitor not in window.monitors:
            continue
        if window.weekday is None:
            pairs.append((local_instant(window.starts_at, period.zone), local_instant(window.ends_at, period.zone)))
            continue
        days = [day for day, _, _ in period.local_days() if _WEEKDAYS[day.weekday()] == window.weekday]
        pairs += [(_at(d, window.opens, period.zone), _at(d, window.closes, period.zone)) for d in days]
    return Intervals(pairs).clip(period.start, period.end)


def _holidays(place: str, period: Period) -> set[dt.date]:
    if not place:
        return set()
    country, _, subdivision = place.partition("-")
    years = range(period.first_day.year, period.end_day.year + 1)
    try:
        return set(holidays.country_holidays(country, subdiv=subdivision or None, years=years))
    except NotImplementedError as error:
        raise ParamsError(
            f"no holidays are known for {place!r}", hint="write a country, or country and subdivision: US, DE-BY"
        ) from error


def _at(day: dt.date, clock: str, zone: str) -> pd.Timestamp:
    hour, minute = int(clock[:2]), int(clock[3:])
    day, hour = (day + dt.timedelta(days=1), 0) if hour == 24 else (day, hour)
    return local_instant(dt.datetime.combine(day, dt.time(hour, minute)), zone)


def local_instant(moment: dt.datetime, zone: str) -> pd.Timestamp:
    """An instant; a time without an offset is on the client's clock."""
    stamp = pd.Timestamp(moment).as_unit("us")
    if stamp.tzinfo is None:
        # An hour that a clock change skips starts late, one that it repeats starts at its first pass.
        stamp = stamp.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return stamp.tz_convert("UTC")
