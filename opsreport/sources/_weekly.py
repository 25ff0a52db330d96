"""A monitor's weekly maintenance window as Better Stack sets it, as the stretches of time in which it was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Names of Rails that are no city's.
_ZONES = {
    "UTC": "UTC", "Eastern Time (US & Canada)": "America/New_York", "Central Time (US & Canada)": "America/Chicago",
    "Mountain Time (US & Canada)": "America/Denver", "Pacific Time (US & Canada)": "America/Los_Angeles",
}  # fmt: skip


def is_set(monitor: dict[str, Any]) -> bool:
    """Whether a monitor has a window."""
    return bool(monitor.get("maintenance_from") and monitor.get("maintenance_to"))


def zone(monitor: dict[str, Any]) -> ZoneInfo | None:
    """The time zone of a monitor's window, by its IANA name, or by its city as Rails names it; None where unknown."""
    return _zone(str(monitor.get("maintenance_timezone") or ""))


def windows(
    monitor: dict[str, Any], where: ZoneInfo | None, start: pd.Timestamp, end: pd.Timestamp
) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """The windows that have time between two instants; one that ends before it begins goes on to the next day."""
    if not is_set(monitor) or where is None or start >= end:
        return
    opens, closes = (pd.Timedelta(str(monitor[key])) for key in ("maintenance_from", "maintenance_to"))
    days = monitor.get("maintenance_days") or _DAYS
    first = start.tz_convert(where).tz_localize(None).normalize() - pd.Timedelta(days=1)
    last = end.tz_convert(where).tz_localize(None).normalize()
    for day in pd.date_range(first, last, freq="D"):
        if _DAYS[day.weekday()] in days:
            ends = day + closes + pd.Timedelta(days=1 if closes <= opens else 0)
            yield _instant(day + opens, where), _instant(ends, where)


@cache
def _zone(name: str) -> ZoneInfo | None:
    known = available_timezones()
    name = _ZONES.get(name, name)
    city = name.replace(" ", "_")
    found = [one for one in sorted(known) if one == name or one.rpartition("/")[2] == city]
    return ZoneInfo(name if name in known else found[0]) if found else None


def _instant(wall: pd.Timestamp, where: ZoneInfo) -> pd.Timestamp:
    local = wall.tz_localize(where, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC").as_unit("us")
