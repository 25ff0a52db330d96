"""A month, or any run of days, in the client's time zone: half-open [start, end)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import pandas as pd

from opsreport.errors import PeriodError

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Period:
    """Whole local days, as a half-open interval of UTC instants.

    Attributes
    ----------
    first_day, end_day : datetime.date
        Local dates; `end_day` is the first day that is not in the period.
    zone : str
        IANA name of the time zone the days are counted in.
    """

    first_day: dt.date
    end_day: dt.date
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.end_day <= self.first_day:
            raise PeriodError(
                f"a period that ends before {self.end_day} cannot start on {self.first_day}",
                hint="give the earlier day first",
            )

    @classmethod
    def month(cls, month: str, zone: str = "UTC") -> Period:
        """The calendar month written YYYY-MM.

        Raises
        ------
        PeriodError
            When `month` is not a month.

        Examples
        --------
        >>> october = Period.month("2026-10", "Europe/Berlin")
        >>> str(october.start), str(october.end)
        ('2026-09-30 22:00:00+00:00', '2026-10-31 23:00:00+00:00')
        >>> october.hours  # the clock went back: 31 * 24 + 1
        745.0
        """
        if not isinstance(month, str) or not _MONTH.fullmatch(month):
            raise PeriodError(f"{month!r} is not a month", hint="write it as YYYY-MM, like 2026-10")
        year, number = int(month[:4]), int(month[5:])
        if not 1970 < year < 2200:
            raise PeriodError(f"{month!r} lies outside 1971 to 2199", hint="check the year")
        return cls(dt.date(year, number, 1), _first_of_next(year, number), zone)

    @classmethod
    def days(cls, first: str, last: str, zone: str = "UTC") -> Period:
        """The days from `first` to `last` (YYYY-MM-DD), both included."""
        try:
            first_day, last_day = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        except (TypeError, ValueError) as error:
            raise PeriodError(f"{first!r} to {last!r} is not a run of days", hint="write both as YYYY-MM-DD") from error
        if last_day < first_day:
            raise PeriodError(
                f"a run of days from {first} cannot end on {last}",
                hint="give the earlier day first; both days are included",
            )
        return cls(first_day, last_day + dt.timedelta(days=1), zone)

    @classmethod
    def parse(cls, name: str, zone: str = "UTC") -> Period:
        """The period that `Period.name` names: YYYY-MM or YYYY-MM-DD_YYYY-MM-DD."""
        first, joined, last = str(name).partition("_")
        return cls.days(first, last, zone) if joined else cls.month(name, zone)

    @classmethod
    def last_full_month(cls, now: pd.Timestamp, zone: str = "UTC") -> Period:
        """The newest month that had ended, on the client's clock, at `now`."""
        return cls.month(now.tz_convert(zone).strftime("%Y-%m"), zone).previous()

    @property
    def start(self) -> pd.Timestamp:
        """First instant of the period, in UTC."""
        return _midnight(self.first_day, self.zone)

    @property
    def end(self) -> pd.Timestamp:
        """First instant after the period, in UTC."""
        return _midnight(self.end_day, self.zone)

    @property
    def is_month(self) -> bool:
        """Whether the period is exactly one calendar month."""
        first = self.first_day
        return first.day == 1 and self.end_day == _first_of_next(first.year, first.month)

    @property
    def name(self) -> str:
        """YYYY-MM for a month, else YYYY-MM-DD_YYYY-MM-DD with both days included."""
        if self.is_month:
            return self.first_day.strftime("%Y-%m")
        return f"{self.first_day}_{self.end_day - dt.timedelta(days=1)}"

    @property
    def day_count(self) -> int:
        """Local days in the period."""
        return (self.end_day - self.first_day).days

    @property
    def hours(self) -> float:
        """Elapsed time; 743 or 745 in a month when a clock changes. [h]"""
        return (self.end - self.start) / pd.Timedelta(hours=1)

    @property
    def bill(self) -> Period:
        """The same days counted in UTC, which is how bills count them."""
        return Period(self.first_day, self.end_day, "UTC")

    def previous(self) -> Period:
        """The month before, or as many days just before."""
        return self.back(1)

    def back(self, count: int) -> Period:
        """The period `count` months (or lengths of this period) earlier."""
        if not self.is_month:
            length = (self.end_day - self.first_day) * count
            return Period(self.first_day - length, self.end_day - length, self.zone)
        index = self.first_day.year * 12 + self.first_day.month - 1 - count
        return Period.month(f"{index // 12:04d}-{index % 12 + 1:02d}", self.zone)

    def history(self, count: int = 13) -> list[Period]:
        """This period and those before it, oldest first; `count` in all."""
        return [self.back(steps) for steps in reversed(range(count))]

    def contains(self, instants: pd.Series) -> pd.Series:
        """Whether each instant lies in [start, end); False for NaT."""
        return (instants >= self.start) & (instants < self.end)

    def overlaps(self, starts: pd.Series, ends: pd.Series) -> pd.Series:
        """Whether each [start, end) has time in the period; an open end counts as later."""
        return (starts < self.end) & ((ends > self.start) | ends.isna())

    def local_days(self) -> list[tuple[dt.date, pd.Timestamp, pd.Timestamp]]:
        """Each local day with the UTC instants at which it starts and ends."""
        days = [self.first_day + dt.timedelta(days=n) for n in range(self.day_count + 1)]
        edges = [_midnight(day, self.zone) for day in days]
        return list(zip(days[:-1], edges[:-1], edges[1:], strict=True))


def _first_of_next(year: int, month: int) -> dt.date:
    return dt.date(year + month // 12, month % 12 + 1, 1)


# A review asks for the same few hundred days tens of thousands of times.
@lru_cache(maxsize=4096)
def _midnight(day: dt.date, zone: str) -> pd.Timestamp:
    # Some zones change their clocks at midnight: then a day starts at its first instant that exists.
    local = pd.Timestamp(day).as_unit("us").tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    # pandas shifts a day that was skipped whole (Samoa, 30 December 2011) an hour too far.
    exact = dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    return min(local.tz_convert("UTC"), pd.Timestamp(exact).as_unit("us").tz_convert("UTC"))
