"""Requests, answer times and web vitals of both clients, as busy as their bills and failing in their outages.

The shop's load balancer states percentiles: of each hour for the last two months, and of each
whole month. The clinic's metrics server keeps histograms, and forgets the hours sooner.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from random import Random
from statistics import NormalDist
from typing import Any
from zoneinfo import ZoneInfo

from opsreport.demo import clinic, clinic_bill, shop, shop_bill
from opsreport.demo.files import csv_bytes, days, gzip_bytes, instant, stream
from opsreport.demo.incidents import Event

#: The hours are kept from this month on.
HOURS_FROM = "2026-09"
BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True)
class Served:
    """How a service answers: requests on an ordinary day, and lognormal answer times.

    Attributes
    ----------
    median, spread : float
        Of the answer times. [s, of their logarithm]
    fails : float
        Share of requests that fail on a good day.
    slower : tuple of (local start, local end, factor)
        When answers took longer, or less.
    """

    name: str
    daily: int
    median: float
    spread: float
    fails: float
    slower: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True)
class Hour:
    """An hour of a service."""

    starts: dt.datetime
    requests: int
    errors: int
    median: float
    spread: float

    def within(self, seconds: float) -> float:
        """Share of its answers within a time."""
        return NormalDist(math.log(self.median), self.spread).cdf(math.log(seconds))

    def quantile(self, share: float) -> float:
        """The time within which a share of its answers came. [s]"""
        return math.exp(NormalDist(math.log(self.median), self.spread).inv_cdf(share))


SHOP = (
    # Debug logging since the release of 6 October: each order waits for the disk.
    Served("checkout", 52_000, 0.23, 0.56, 0.0006, (("2026-10-06 10:47", "2026-11-01 00:00", 1.5),)),
    Served("storefront", 640_000, 0.11, 0.75, 0.0004),
    Served("search", 150_000, 0.16, 0.7, 0.0009, (("2026-10-14 16:10", "2026-10-14 18:15", 4.0),)),
)
CLINIC = (
    Served("portal", 42_000, 0.11, 0.68, 0.0003),
    # Slow on the morning of the 22nd; faster since its database was enlarged.
    Served("booking", 30_000, 0.19, 0.66, 0.0004,
           (("2026-10-15 06:00", "2026-11-01 00:00", 0.85), ("2026-10-22 08:30", "2026-10-22 10:10", 14.0))),
    Served("records-api", 55_000, 0.27, 0.6, 0.0007),
)  # fmt: skip
#: How much of a day comes in each hour, on the client's clock.
_SHOPPING = (2, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 8, 9, 8, 7, 7, 7, 8, 9, 11, 12, 11, 8, 4)
_PATIENTS = (1, 1, 0, 0, 1, 3, 8, 15, 18, 17, 15, 12, 9, 9, 11, 11, 9, 7, 5, 4, 3, 3, 2, 1)
#: Trouble in which requests did not even arrive.
_UNREACHED = "network-provider"
_HOUR = dt.timedelta(hours=1)


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's exports of load and web vitals, by their path."""
    if client == "demo-shop":
        load = _hours(seed, SHOP, shop.EVENTS, shop.ZONE, shop_bill.traffic, _SHOPPING)
        names, row = ("from", "to", "app", "requests", "errors_5xx", "p50", "p95", "p99"), _percentiles
    else:
        load = _hours(seed, CLINIC, clinic.EVENTS, clinic.ZONE, clinic_bill.traffic, _PATIENTS)
        names, row = ("from", "to", "job", "requests", "failed", "seconds"), _histogram
    made, months = {}, []
    for month, hours in groupby(load, key=lambda one: one[0]):
        kept = list(hours)
        by_service = {name: [hour for _, one, hour in kept if one == name] for name in {one for _, one, _ in kept}}
        whole = [row(name, own) for name, own in sorted(by_service.items())]
        # A metrics server adds no months up; it only keeps less of what is older.
        months += whole if client == "demo-shop" or month < HOURS_FROM else []
        if month >= HOURS_FROM:
            lines = [row(name, [hour]) for _, name, hour in kept]
            made[f"load/hours-{month}.csv.gz"] = gzip_bytes(csv_bytes(names, lines))
    felt = ("page", "served by", "from", "until", "LCP", "INP", "CLS", "visits")
    return made | {
        "load/months.csv": csv_bytes(names, months), "web-vitals.csv": csv_bytes(felt, _vitals(client, seed))
    }  # fmt: skip


def _hours(
    seed: int, services: tuple[Served, ...], events: list[Event], zone: str,
    traffic: Callable[[dt.date], float], profile: tuple[int, ...],
) -> Iterator[tuple[str, str, Hour]]:  # fmt: skip
    """Each hour of each service, oldest first, with the client's month that it lies in."""
    noise, there = stream(seed, f"load/{zone}"), ZoneInfo(zone)
    outages = [(event, instant(event.starts, zone), instant(event.starts, zone, event.down))
               for event in events if event.down]  # fmt: skip
    slower = {one.name: [(instant(since, zone), instant(until, zone), factor) for since, until, factor in one.slower]
              for one in services}  # fmt: skip
    starts, end = instant(f"{days()[0]} 00:00", zone), instant(f"{days()[-1] + dt.timedelta(days=1)} 00:00", zone)
    while starts < end:
        local = starts.astimezone(there)
        busy = traffic(local.date()) * profile[local.hour] / sum(profile)
        now = [outage for outage in outages if _overlap(starts, *outage[1:])]
        for one in services:
            yield local.strftime("%Y-%m"), one.name, _hour(one, starts, busy, now, slower[one.name], noise)
        starts += _HOUR


def _hour(one: Served, starts: dt.datetime, busy: float, outages: list[tuple[Event, dt.datetime, dt.datetime]],
          slower: list[tuple[dt.datetime, dt.datetime, float]], noise: Random) -> Hour:  # fmt: skip
    requests, failing = one.daily * busy * noise.uniform(0.93, 1.07), 0.0
    for event, began, ended in outages:
        share = _overlap(starts, began, ended)
        if one.name not in (event.monitors or (event.service,)):
            continue
        if event.trouble == _UNREACHED:
            requests *= 1 - share
        else:
            failing += share * (0.94 if one.name == event.service else 0.35)
    median = one.median * (0.92 + 2.2 * busy) * noise.uniform(0.96, 1.04)
    for since, until, factor in slower:
        median *= 1 + (factor - 1) * _overlap(starts, since, until)
    count = round(requests)
    errors = min(count, round(requests * (one.fails * noise.uniform(0.5, 1.5) + failing)))
    return Hour(starts, count, errors, median, one.spread)


def _overlap(starts: dt.datetime, began: dt.datetime, ended: dt.datetime) -> float:
    """Share of an hour in which something went on."""
    ends = starts + _HOUR
    if ended <= starts or began >= ends:
        return 0.0
    return (min(ends, ended) - max(starts, began)) / _HOUR


def _percentiles(name: str, hours: list[Hour]) -> tuple[Any, ...]:
    """A window as the load balancer tells of it: its own percentiles, in seconds, and times since 1970."""
    first, last = int(hours[0].starts.timestamp()), int(hours[-1].starts.timestamp()) + 3600
    answered = sum(hour.requests for hour in hours)
    times = [f"{_quantile(share, hours):.3f}" if answered else "" for share in (0.5, 0.95, 0.99)]
    return first, last, name, answered, sum(hour.errors for hour in hours), *times


def _histogram(name: str, hours: list[Hour]) -> tuple[Any, ...]:
    """A window as the metrics server keeps it: how many answers came within each bound."""
    first, last = hours[0].starts, hours[-1].starts + _HOUR
    answered = sum(hour.requests for hour in hours)
    counts = {f"{bound:g}": sum(round(hour.requests * hour.within(bound)) for hour in hours) for bound in BOUNDS}
    written = json.dumps(counts | {"+Inf": answered}, separators=(",", ":"))
    return f"{first:%Y-%m-%dT%H:%MZ}", f"{last:%Y-%m-%dT%H:%MZ}", name, answered, sum(h.errors for h in hours), written


def _quantile(share: float, hours: list[Hour]) -> float:
    """The time within which a share of all answers came: halved until it is found, to a tenth of a millisecond."""
    if len(hours) == 1:
        return hours[0].quantile(share)
    alike: dict[float, list[float]] = {}
    for hour in hours:
        # Hours whose medians differ by less than a hundredth are taken together.
        group = alike.setdefault(round(math.log(hour.median), 2), [0.0, 0.0])
        group[0] += hour.requests
        group[1] += hour.requests * hour.median
    groups = [(count, Hour(hours[0].starts, 0, 0, total / count, hours[0].spread))
              for count, total in alike.values() if count]  # fmt: skip
    low, high, wanted = 0.001, 60.0, share * sum(count for count, _ in groups)
    while high - low > 0.0001:
        middle = (low + high) / 2
        if sum(count * group.within(middle) for count, group in groups) < wanted:
            low = middle
        else:
            high = middle
    return high


#: page, service, LCP [s], INP [s], CLS, visits a month at first
_PAGES = {
    "demo-shop": (
        ("/", "storefront", 1.9, 0.12, 0.04, 210_000), ("/product", "storefront", 2.2, 0.15, 0.06, 480_000),
        ("/checkout", "checkout", 1.7, 0.16, 0.02, 36_000),
    ),
    "demo-clinic": (
        ("/start", "portal", 1.6, 0.09, 0.03, 38_000), ("/booking", "booking", 1.9, 0.17, 0.05, 24_000),
        ("/results", "records-api", 2.1, 0.14, 0.02, 19_000),
    ),
}  # fmt: skip


def _vitals(client: str, seed: int) -> list[tuple[Any, ...]]:
    """Each page's month; the shop's product page loads its large pictures first since September 2026."""
    noise, rows = stream(seed, f"web-vitals/{client}"), []
    for month in sorted({day.strftime("%Y-%m-01") for day in days()}):
        for page, service, lcp, inp, cls, visits in _PAGES[client]:
            wobble = noise.uniform(0.97, 1.03)
            paint = {"2026-09-01": 2.9, "2026-10-01": 3.1}.get(month) if page == "/product" else None
            tap = 0.24 if page == "/booking" and month == "2026-10-01" else None
            until = (dt.date.fromisoformat(month) + dt.timedelta(days=31)).replace(day=1)
            rows.append((page, service, month, until, f"{paint or lcp * wobble:.2f}", f"{tap or inp * wobble:.3f}",
                         f"{cls * wobble:.3f}", round(visits * noise.uniform(0.9, 1.1))))  # fmt: skip
    return rows
