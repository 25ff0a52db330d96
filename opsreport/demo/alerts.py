"""Alerts of both clients, and the rules that fire them: one fires far too often, some cannot fire at all.

An alert found each incident that the story says an alert found, and none of those that a customer
or a colleague reported first; but one was on a screen that nobody watched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from opsreport.demo import clinic, shop
from opsreport.demo.files import csv_bytes, days, instant, stream
from opsreport.demo.incidents import Event


@dataclass(frozen=True)
class Rule:
    """A rule of the alerting tool.

    Attributes
    ----------
    since : str
        First day that it was there.
    acts : bool
        Whether anything happens when it fires.
    disabled_from, blind_from : str
        From when it was switched off, and from when it had no data; empty for never.
    """

    name: str
    service: str
    since: str = "2025-10-01"
    acts: bool = True
    disabled_from: str = ""
    blind_from: str = ""


@dataclass(frozen=True)
class Fired:
    """An alert: how long it lasted, whether it called somebody, and whether there was anything to do."""

    at: dt.datetime
    rule: str
    service: str
    severity: str
    minutes: int
    acted: bool | None
    calls: bool = True


DISK = "checkout: disk above 80 %"
SHOP = (
    Rule(DISK, "checkout"), Rule("checkout: errors above 1 %", "checkout"),
    Rule("checkout: mail queue above 500", "checkout"), Rule("checkout: no order for 30 min", "checkout"),
    Rule("storefront: errors above 1 %", "storefront"), Rule("storefront: not reachable", "storefront"),
    # Added after the certificate of June expired, and never given anybody to tell.
    Rule("storefront: certificate ends within 14 days", "storefront", since="2026-06-17", acts=False),
    Rule("search: index older than 30 min", "search"),
    # Reads the cluster that the new one of 12 October took over from.
    Rule("search: memory above 85 %", "search", blind_from="2026-10-12"),
)  # fmt: skip
CLINIC = (
    Rule("portal: errors above 2 %", "portal"), Rule("portal: not reachable", "portal"),
    # Switched off in August for its false alarms, and forgotten.
    Rule("portal: letters waiting", "portal", disabled_from="2026-08-24"),
    Rule("booking: errors above 2 %", "booking"), Rule("booking: SMS later than 10 min", "booking"),
    # Its metric got another name when the database was enlarged.
    Rule("booking: search slower than 5 s", "booking", blind_from="2026-10-15"),
    Rule("records-api: pool of connections used up", "records-api"),
)  # fmt: skip
#: Which rule notices which trouble; the service's errors for any other.
_NOTICES = {
    "disk-full": DISK, "search-index-lag": "search: index older than 30 min",
    "search-memory": "search: memory above 85 %", "certificate": "storefront: not reachable",
    "sms-gateway": "booking: SMS later than 10 min", "network-provider": "portal: not reachable",
    "records-pool": "records-api: pool of connections used up",
}  # fmt: skip
#: How often the disk of the checkout was found too full, by month: the debug logs of October fill it each night.
_DISK_MONTHS = {"2025": 8, "2026": 17, "2026-09": 21, "2026-10": 60}
_NIGHT = (22, 23, 0, 1, 2, 3, 4, 5, 6)


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's exports of alerts and of alarm rules, by their path."""
    zone, rules, events = (shop.ZONE, SHOP, shop.EVENTS) if client == "demo-shop" else (
        clinic.ZONE, CLINIC, clinic.EVENTS)  # fmt: skip
    noise, error_share = stream(seed, f"alerts/{client}"), "1 %" if client == "demo-shop" else "2 %"
    fired = [*_found(events, zone, error_share), *_blips(events, zone, rules, noise)]
    if client == "demo-shop":
        fired += [*_disk(zone, noise), *_unwatched(zone)]
    fired.sort(key=lambda one: (one.at, one.rule))
    alerts = [
        (f"A-{number:05d}", one.rule, one.service, one.severity, _utc(one.at),
         _utc(one.at + dt.timedelta(minutes=one.minutes)), _word(one.acted), _word(one.calls))
        for number, one in enumerate(fired, start=1)
    ]  # fmt: skip
    return {
        "alerts.csv": csv_bytes(("id", "rule", "service", "level", "fired", "cleared", "acted on", "paged"), alerts),
        "alarm-rules.csv": csv_bytes(("rule", "service", "seen", "notifies", "enabled", "state"), _seen(rules)),
    }


def _found(events: list[Event], zone: str, error_share: str) -> Iterator[Fired]:
    """The alert that found each incident of which the story says so."""
    for event in events:
        if event.by == "alert":
            rule = _NOTICES.get(event.trouble, f"{event.service}: errors above {error_share}")
            lasts = (event.resolved or 120) - event.opened
            yield Fired(instant(event.starts, zone, event.opened - 1), rule, event.service, "critical", lasts, True)


def _blips(events: list[Event], zone: str, rules: tuple[Rule, ...], noise: Random) -> Iterator[Fired]:
    """A few short alerts a month of the rules that watch errors; of some nobody wrote down what was done."""
    watching = [rule for rule in rules if "errors above" in rule.name]
    for first in (day for day in days() if day.day == 1):
        for rule in watching:
            for _ in range(noise.randint(1, 3)):
                day, hour = first + dt.timedelta(days=noise.randrange(28)), noise.randint(7, 21)
                at = instant(f"{day} {hour:02d}:{noise.randrange(60):02d}", zone)
                while _would_have_found(at, rule.service, events, zone):
                    at += dt.timedelta(hours=3)
                acted = noise.choice((True, True, True, False, None))
                yield Fired(at, rule.name, rule.service, "warning", noise.randint(3, 25), acted)


def _would_have_found(at: dt.datetime, service: str, events: list[Event], zone: str) -> bool:
    """Whether an alert would stand in the time in which an incident was found by somebody else."""
    return any(
        event.service == service and event.by != "alert"
        and instant(event.starts, zone, -30) <= at <= instant(event.starts, zone, event.opened + 30)
        for event in events
    )  # fmt: skip


def _disk(zone: str, noise: Random) -> Iterator[Fired]:
    """The disk alert of the checkout: it clears itself when the logs rotate, and hardly ever means anything."""
    for first in (day for day in days() if day.day == 1):
        name = f"{first:%Y-%m}"
        count = _DISK_MONTHS.get(name) or _DISK_MONTHS[name[:4]]
        # One in October was acted on here, and one more found the incident of the 21st.
        acted_on = {"2026-10": (40,), "2026-03": (3,)}.get(name, ())
        quiet = 5 if name == "2026-10" else 0
        for number in range(count - (name == "2026-10")):
            day = first + dt.timedelta(days=noise.randrange(quiet, 28))
            at = instant(f"{day} {noise.choice(_NIGHT):02d}:{noise.randrange(60):02d}", zone)
            yield Fired(at, DISK, "checkout", "warning", noise.randint(8, 55), number in acted_on)


def _unwatched(zone: str) -> Iterator[Fired]:
    """Order mails were late on 7 October: an alert said so on a screen, half an hour before the customer did."""
    yield Fired(instant("2026-10-07 13:46", zone), "checkout: mail queue above 500", "checkout", "warning", 350,
                False, calls=False)  # fmt: skip


def _seen(rules: tuple[Rule, ...]) -> Iterator[tuple[str, ...]]:
    """The list of rules, read on the last morning of each month."""
    every = days()
    for day in (one for one in every if one == every[-1] or (one + dt.timedelta(days=1)).day == 1):
        written = day.isoformat()
        for rule in rules:
            if rule.since <= written:
                is_off = bool(rule.disabled_from) and rule.disabled_from <= written
                is_blind = bool(rule.blind_from) and rule.blind_from <= written
                yield (rule.name, rule.service, f"{written}T06:00:00Z", _word(rule.acts), _word(not is_off),
                       "NO DATA" if is_blind else "OK")  # fmt: skip


def _utc(at: dt.datetime) -> str:
    return at.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def _word(flag: bool | None) -> str:
    return "" if flag is None else "yes" if flag else "no"
