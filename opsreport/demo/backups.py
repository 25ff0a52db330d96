"""What backup tools, restore tests and inventories of both clients say of their data.

The shop's backups run, but for one night of its shared volume in October 2026; its new search
cluster, which nobody tagged, is not backed up at all. At the clinic the documents' backup never
ran on three nights, the last restore of the records took longer than agreed, and the booking
database's restore test is overdue, though its tool verifies every backup.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from opsreport.demo.files import FIRST_DAY, LAST_DAY, csv_bytes, days, gzip_bytes, instant, stream
from opsreport.demo.shop_bill import NEW_CLUSTER_FROM

SHOP_ZONE, CLINIC_ZONE = "America/New_York", "Europe/Berlin"
#: Nights on which the clinic's documents were not backed up; nobody noticed until the 21st.
NEVER_RAN = ("2026-10-18", "2026-10-19", "2026-10-20")


@dataclass(frozen=True)
class Store:
    """Something that holds data, and how its backups go.

    Attributes
    ----------
    starts : function
        Gives when each backup starts. [UTC]
    minutes : tuple of int
        The shortest and the longest that it takes. [min]
    size, grows : float
        At first, and a day. [GB]
    failed : tuple of str
        Starts of those that failed, YYYY-MM-DD HH:MM. [UTC]
    """

    name: str
    service: str
    kind: str
    starts: Callable[[], Iterator[dt.datetime]]
    minutes: tuple[int, int]
    size: float
    grows: float
    failed: tuple[str, ...] = ()


def files(client: str, seed: int) -> dict[str, bytes]:
    """A client's backup jobs, restore tests and list of data stores, by path."""
    return _shop(seed) if client == "demo-shop" else _clinic(seed)


def _shop(seed: int) -> dict[str, bytes]:
    jobs = [
        (month, f"BJ-{number:06d}", store.name, store.kind, store.service, _utc(starts), _utc(ends),
         "COMPLETED" if is_good else "FAILED", size if is_good else "")
        for number, (month, store, starts, ends, is_good, size)
        in enumerate(_jobs("demo-shop", _SHOP, seed, SHOP_ZONE), 1)
    ]  # fmt: skip
    columns = ("Job ID", "Resource", "Resource type", "Application", "Created", "Completed", "Status", "Bytes")
    return {
        **_by_month("backup-jobs", columns, jobs),
        "restore-tests.csv": csv_bytes(
            ("Resource", "Application", "Started", "In use again", "Result", "Restored to"),
            [(name, service, _local(starts, SHOP_ZONE), _local(starts, SHOP_ZONE, took), result,
              _local(point, SHOP_ZONE)) for name, service, starts, took, result, point in SHOP_RESTORES],
        ),
        "data-stores.csv": csv_bytes(
            ("Name", "Type", "Application", "Listed", "Back up"),
            [(name, kind, service, f"{day} 06:00", wanted) for day in _mondays()
             for name, kind, service, wanted, since in _SHOP_STORES if str(day) >= since],
        ),
    }  # fmt: skip


def _clinic(seed: int) -> dict[str, bytes]:
    jobs = [
        (month, number, store.name, store.service, _utc(starts), _utc(ends), "Succeeded" if is_good else "Failed",
         size if is_good else "", "true" if is_good else "")
        for number, (month, store, starts, ends, is_good, size)
        in enumerate(_jobs("demo-clinic", _CLINIC, seed, CLINIC_ZONE), 20001)
    ]  # fmt: skip
    columns = ("job", "item", "component", "start", "end", "result", "bytes", "verification")
    return {
        **_by_month("backup-report", columns, jobs),
        "restore-tests.csv": csv_bytes(
            ("item", "component", "begun", "usable", "result", "recovered"),
            [(name, service, instant(starts, CLINIC_ZONE).isoformat(), instant(starts, CLINIC_ZONE, took).isoformat(),
              result, instant(point, CLINIC_ZONE).isoformat())
             for name, service, starts, took, result, point in CLINIC_RESTORES],
        ),
        "data-stores.csv": csv_bytes(
            ("name", "type", "component", "listed", "backup"),
            [(name, kind, service, instant(f"{day} 05:30", CLINIC_ZONE).isoformat(), wanted)
             for day in _mondays() for name, kind, service, wanted in _CLINIC_STORES],
        ),
    }  # fmt: skip


def _jobs(
    client: str, stores: list[Store], seed: int, zone: str
) -> Iterator[tuple[str, Store, dt.datetime, dt.datetime, bool, int]]:
    """Every job of thirteen months, with its month on the client's clock; only how long it took is the seed's."""
    first = instant(f"{FIRST_DAY} 00:00", zone)
    last = instant(f"{LAST_DAY + dt.timedelta(days=1)} 00:00", zone)
    for store in stores:
        noise = stream(seed, f"{client}/backups/{store.name}")
        for starts in store.starts():
            minutes = noise.randint(*store.minutes)
            if first <= starts < last:
                size = round((store.size + store.grows * (starts - first).days) * 10**9)
                good = f"{starts:%Y-%m-%d %H:%M}" not in store.failed
                month = f"{starts.astimezone(ZoneInfo(zone)):%Y-%m}"
                yield month, store, starts, starts + dt.timedelta(minutes=minutes), good, size


def _by_month(folder: str, columns: tuple[str, ...], jobs: list[tuple[str, object]]) -> dict[str, bytes]:
    """A file a month, as tools that forget after a month are exported."""
    months: dict[str, list[list[object]]] = {}
    for month, *job in jobs:
        months.setdefault(month, []).append(job)
    return {f"{folder}/{month}.csv.gz": gzip_bytes(csv_bytes(columns, rows)) for month, rows in sorted(months.items())}


def _each(minutes: int) -> Callable[[], Iterator[dt.datetime]]:
    """So often, whatever the clocks on the wall show."""
    first = dt.datetime.combine(FIRST_DAY, dt.time(), dt.UTC) - dt.timedelta(days=1)
    count = ((LAST_DAY - FIRST_DAY).days + 4) * 24 * 60 // minutes
    return lambda: (first + dt.timedelta(minutes=minutes * number) for number in range(count))


def _nightly(clock: str, zone: str, but: tuple[str, ...] = ()) -> Callable[[], Iterator[dt.datetime]]:
    return lambda: (instant(f"{day} {clock}", zone) for day in days() if str(day) not in but)


def _mondays() -> list[dt.date]:
    return [day for day in days() if day.weekday() == 0]


def _utc(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _local(local: str, zone: str, minutes: int = 0) -> str:
    return f"{instant(local, zone, minutes).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


# The backup service keeps its times in UTC: 06:00 is 02:00 in New York in summer, 01:00 in winter.
_SHOP = [
    Store("db:orders", "checkout", "database", _each(30), (2, 6), 92, 0.8, ("2026-06-16 13:30",)),
    Store("db:catalogue", "storefront", "database", _nightly("06:10", "UTC"), (6, 11), 14, 0.03),
    Store("vol-0d41", "", "volume", _nightly("06:00", "UTC"), (48, 71), 520, 0.4, ("2026-10-17 06:00",)),
    Store("harbour-pine-media", "storefront", "bucket", _nightly("06:30", "UTC"), (52, 84), 700, 5.5,
          ("2026-02-11 06:30",)),
]  # fmt: skip
_CLINIC = [
    Store("records-db", "records-api", "database", _each(30), (3, 8), 310, 0.5, ("2025-12-09 03:30",)),
    Store("booking-db", "booking", "database", _each(240), (9, 16), 88, 0.2),
    Store("documents", "portal", "file share", _nightly("02:30", CLINIC_ZONE, NEVER_RAN), (55, 78), 1250, 2.4,
          ("2026-05-07 00:30",)),
]  # fmt: skip

#: resource, service, begun (local), minutes until it was of use, result, point recovered (local)
SHOP_RESTORES = [
    ("db:orders", "checkout", "2026-02-18 10:00", 163, "OK", "2026-02-18 09:30"),
    ("harbour-pine-media", "storefront", "2026-03-24 13:00", 205, "OK", "2026-03-24 02:30"),
    ("vol-0d41", "", "2026-05-20 10:30", 96, "OK", "2026-05-20 02:00"),
    ("db:catalogue", "storefront", "2026-06-23 11:00", 41, "OK", "2026-06-23 02:10"),
    ("db:orders", "checkout", "2026-08-12 10:00", 131, "OK", "2026-08-12 09:30"),
]
CLINIC_RESTORES = [
    ("records-db", "records-api", "2025-11-12 10:00", 88, "passed", "2025-11-12 09:30"),
    ("booking-db", "booking", "2026-02-18 14:00", 57, "passed", "2026-02-18 12:00"),
    ("records-db", "records-api", "2026-04-22 10:00", 54, "passed", "2026-04-22 09:30"),
    ("documents", "portal", "2026-06-10 09:00", 48, "passed", "2026-06-10 02:30"),
    ("records-db", "records-api", "2026-08-05 10:00", 56, "passed", "2026-08-05 09:30"),
    # The exercise of the incident NC-026: the agreement allows an hour.
    ("records-db", "records-api", "2026-10-28 10:00", 100, "passed", "2026-10-28 09:30"),
]
_SHOP_STORES = [
    ("db:orders", "database", "checkout", "yes", ""), ("db:catalogue", "database", "storefront", "yes", ""),
    ("vol-0d41", "volume", "", "yes", ""), ("harbour-pine-media", "bucket", "storefront", "yes", ""),
    ("cache:sessions", "cache", "storefront", "no", ""), ("db:staging", "database", "", "no", ""),
    ("vol-0f3b", "volume", "search", "yes", NEW_CLUSTER_FROM),
]  # fmt: skip
_CLINIC_STORES = [
    ("records-db", "database", "records-api", "yes"), ("booking-db", "database", "booking", "yes"),
    ("documents", "file share", "portal", "yes"), ("sessions", "cache", "portal", "no"),
    # Left over from the old portal; nobody has said whether it is to be kept.
    ("letters-archive", "file share", "portal", ""),
]  # fmt: skip
