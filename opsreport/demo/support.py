"""Support desks: what both clients asked for, when somebody answered and when it was done.

In October the shop's desk answered two requests too late, while it fought the full disks and
the double charges, and wishes piled up; the clinic's kept its most pressing request waiting on
the day of the outage. Ordinary requests are answered in time.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from random import Random
from zoneinfo import ZoneInfo

from opsreport.demo.files import csv_bytes, days, json_bytes, stream


@dataclass(frozen=True)
class Request:
    """One request, its times on the client's clock; pauses are those in which it waited for the client."""

    asked: dt.datetime
    service: str
    priority: str
    title: str
    first: dt.datetime | None = None
    resolved: dt.datetime | None = None
    paused: tuple[tuple[dt.datetime, dt.datetime | None], ...] = ()
    by: str = ""
    id: str = ""


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's support desk, by its path."""
    if client == "demo-shop":
        header = ("Number", "Summary", "Product", "Priority", "Requester", "Created", "First reply", "Solved",
                  "On hold", "Link")  # fmt: skip
        return {"requests.csv": csv_bytes(header, [_shop(one) for one in requests(client, seed)])}
    return {"service-requests.json": json_bytes([_clinic(one) for one in requests(client, seed)])}


def requests(client: str, seed: int) -> list[Request]:
    """All requests of a client, told and ordinary ones, numbered as they were asked."""
    shop = (SHOP, 14, _SHOP_ASKS, "REQ")
    told, monthly, asks, prefix = shop if client == "demo-shop" else (CLINIC, 9, _CLINIC_ASKS, "SR")
    asked = sorted([*told, *_ordinary(seed, client, told, monthly, asks)], key=lambda one: (one.asked, one.title))
    return [replace(one, id=f"{prefix}-{number}") for number, one in enumerate(asked, start=501)]


_PRODUCTS = {"checkout": "Checkout", "storefront": "Online store", "search": "Product search", "": ""}
#: Hours to a first answer and to the end, as an ordinary request takes them.
_PACE = {"P1": (0.2, 0.7, 1, 5), "P2": (0.3, 2.5, 2, 16), "P3": (0.5, 6, 4, 40)}


def _shop(one: Request) -> tuple[str, ...]:
    held = [[f"{start}", f"{end}" if end else None] for start, end in one.paused]
    return (one.id, one.title, _PRODUCTS[one.service], one.priority, one.by, f"{one.asked}", f"{one.first or ''}",
            f"{one.resolved or ''}", json.dumps(held) if held else "",
            f"https://tickets.harbourandpine.example/{one.id}")  # fmt: skip


def _clinic(one: Request) -> dict[str, object]:
    return {
        "key": one.id, "component": one.service or None, "subject": one.title, "priority": one.priority,
        "reporter": one.by, "created": _utc(one.asked), "first_reply": _utc(one.first), "closed": _utc(one.resolved),
        "waiting_for_customer": [[_utc(start), _utc(end)] for start, end in one.paused],
        "link": f"https://desk.northgate.example/{one.id}",
    }  # fmt: skip


def _utc(local: dt.datetime | None) -> str | None:
    if local is None:
        return None
    return local.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ordinary(seed: int, client: str, told: list[Request], monthly: int, asks: list[tuple[str, ...]]) -> list[Request]:
    """Requests of ordinary weeks: some more or less a month, besides those that are told."""
    noise, made, around_the_clock = stream(seed, f"support/{client}"), [], client == "demo-clinic"
    for month in sorted({(day.year, day.month) for day in days()}):
        open_days = [day for day in days() if (day.year, day.month) == month and day.weekday() < 5]
        story = sum((one.asked.year, one.asked.month) == month for one in told)
        for _ in range(max(2, monthly + noise.randint(-2, 2) - story)):
            made.append(_one(noise.choice(open_days), noise.choice(asks), noise, around_the_clock))
    return made


def _one(day: dt.date, ask: tuple[str, ...], noise: Random, always: bool) -> Request:
    service, priority, title, by = ask
    asked = dt.datetime.combine(day, dt.time(9, 5)) + dt.timedelta(minutes=noise.randint(0, 500))
    soon, late, quick, slow = _PACE[priority]
    first = _later(asked, noise.uniform(soon, late), always)
    pause: tuple = ()
    resolved = _later(first, noise.uniform(quick, slow), always)
    if noise.random() < 0.2:
        start, end = _later(first, 0.5, always), _later(first, 0.5 + noise.uniform(5, 30), always)
        pause, resolved = ((start, end),), _later(end, noise.uniform(quick, slow) / 2, always)
    return Request(asked, service, priority, title, _unless_ahead(first), _unless_ahead(resolved), _known(pause), by)


def _later(moment: dt.datetime, hours: float, always: bool) -> dt.datetime:
    """A moment some working hours (9 to 18, Monday to Friday, or always) after another."""
    left = dt.timedelta(minutes=round(hours * 60))
    if always:
        return moment + left
    while True:
        closes = moment.replace(hour=18, minute=0)
        if moment.weekday() < 5 and moment + left <= closes:
            return moment + left
        left -= max(closes - moment, dt.timedelta(0)) if moment.weekday() < 5 else dt.timedelta(0)
        moment = (moment + dt.timedelta(days=1)).replace(hour=9, minute=0)


#: The exports were made in the night after the last day.
_EXPORTED = dt.datetime.combine(days()[-1] + dt.timedelta(days=1), dt.time())


def _unless_ahead(moment: dt.datetime | None) -> dt.datetime | None:
    return moment if moment and moment < _EXPORTED else None


def _known(paused: tuple) -> tuple:
    return tuple((start, _unless_ahead(end)) for start, end in paused if start < _EXPORTED)


def _told(service: str, priority: str, title: str, by: str, asked: str, first: str = "", resolved: str = "",
          paused: tuple[tuple[str, str], ...] = ()) -> Request:  # fmt: skip
    held = tuple((_moment(start), _moment(end)) for start, end in paused)
    return Request(_moment(asked), service, priority, title, _moment(first), _moment(resolved), held, by)


def _moment(written: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(written) if written else None


SHOP = [
    # Nothing is agreed on wishes, and so they wait.
    _told(
        "storefront", "P4", "Wish list that customers can share", "Maya Okafor", "2026-05-12 10:20", "2026-05-14 11:00"
    ),
    _told("search", "P4", "Search by photograph", "Tom Reyes", "2026-08-06 15:10", "2026-08-10 09:40"),
    _told(
        "storefront", "P4", "Reviews of products with pictures", "Maya Okafor", "2026-08-20 11:45", "2026-08-24 10:00"
    ),
    _told("search", "P4", "Recent searches on the start page", "Tom Reyes", "2026-08-27 10:00", "2026-08-31 11:30"),
    _told("checkout", "P4", "Pay with points of the loyalty card", "Tom Reyes", "2026-09-10 14:30", "2026-09-14 16:10"),
    _told("storefront", "P4", "Gift wrapping with a message", "Maya Okafor", "2026-09-22 09:50", "2026-09-25 15:00"),
    _told(
        "search",
        "P2",
        "New colours do not show in the search",
        "Maya Okafor",
        "2026-09-15 11:20",
        "2026-09-15 15:55",
        "2026-09-16 10:30",
    ),
    _told(
        "checkout",
        "P2",
        "Order mails arrive hours late",
        "Tom Reyes",
        "2026-10-07 14:05",
        "2026-10-07 14:50",
        "2026-10-08 11:00",
    ),
    _told(
        "storefront",
        "P4",
        "Sizes in centimetres for customers abroad",
        "Maya Okafor",
        "2026-10-09 10:15",
        "2026-10-13 09:30",
    ),
    _told("storefront", "P4", "Countdown for the winter sale", "Maya Okafor", "2026-10-20 16:00", "2026-10-22 17:10"),
    _told(
        "checkout",
        "P2",
        "Yesterday's orders are missing in the export",
        "Tom Reyes",
        "2026-10-21 14:40",
        "2026-10-22 11:20",
        "2026-10-22 16:30",
    ),
    _told(
        "checkout",
        "P1",
        "Customers were charged twice: which orders?",
        "Tom Reyes",
        "2026-10-28 09:10",
        "2026-10-28 09:35",
        "2026-10-28 15:20",
    ),
    _told(
        "checkout",
        "P2",
        "Refund button is grey for the double charges",
        "Tom Reyes",
        "2026-10-28 09:40",
        "2026-10-28 14:25",
        "2026-10-29 10:15",
    ),
    _told(
        "storefront",
        "P3",
        "Filters forget the size chosen",
        "Maya Okafor",
        "2026-10-29 15:23",
        "2026-10-29 16:30",
        paused=(("2026-10-30 11:00", ""),),
    ),
]

CLINIC = [
    _told("portal", "P3", "Letterhead with the new address", "Jonas Keller", "2026-09-21 11:00", "2026-09-21 13:20",
          "2026-10-06 10:00", paused=(("2026-09-22 09:00", "2026-10-05 14:00"),)),
    _told("booking", "P1", "Nobody can book: what shall reception say?", "Dr Hanna Weiss", "2026-10-14 10:12",
          "2026-10-14 10:24", "2026-10-14 19:45"),
    _told("portal", "P2", "Patients ask whether their data was lost", "Jonas Keller", "2026-10-14 12:30",
          "2026-10-14 13:40", "2026-10-16 09:15"),
    _told("records-api", "P3", "Extract for the quality report", "Dr Hanna Weiss",
          "2026-10-07 09:30", "2026-10-07 11:00", "2026-10-26 16:00",
          paused=(("2026-10-08 10:00", "2026-10-22 09:00"),)),
    _told("portal", "P3", "Accounts of three new colleagues", "Jonas Keller", "2026-10-26 08:40", "2026-10-26 10:15",
          "2026-10-27 15:00"),
    _told("portal", "P3", "Some letters open as blank pages", "Jonas Keller", "2026-10-29 15:10", "2026-10-29 15:40",
          paused=(("2026-10-30 16:00", ""),)),
]  # fmt: skip

_SHOP_ASKS = [
    ("storefront", "P3", "Banner for the weekend", "Maya Okafor"),
    ("storefront", "P3", "Picture of a product is wrong", "Maya Okafor"),
    ("storefront", "P2", "Category page shows sold-out products", "Maya Okafor"),
    ("checkout", "P3", "Invoice with another address", "Tom Reyes"),
    ("checkout", "P2", "A discount code is refused", "Tom Reyes"),
    ("checkout", "P2", "One customer cannot pay", "Tom Reyes"),
    ("search", "P3", "Synonym for a product", "Maya Okafor"),
    ("search", "P3", "A brand is spelt in two ways", "Maya Okafor"),
    ("", "P3", "Account for a new colleague", "Tom Reyes"),
]
_CLINIC_ASKS = [
    ("portal", "P3", "Account for a new colleague", "Jonas Keller"),
    ("portal", "P3", "Text of the start page", "Jonas Keller"),
    ("portal", "P2", "A patient cannot log in", "Jonas Keller"),
    ("booking", "P3", "Opening hours of a practice", "Jonas Keller"),
    ("booking", "P2", "A doctor's calendar shows no free time", "Dr Hanna Weiss"),
    ("records-api", "P3", "List of who saw a record", "Dr Hanna Weiss"),
    ("records-api", "P2", "A result is missing in a record", "Dr Hanna Weiss"),
]
