"""Timesheets: what was done for both clients; October as their stories tell it, other months ordinary.

The shop's logs took its October over the agreed hours; the clinic's stayed within, with its
outage and the larger database among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from opsreport.demo import support
from opsreport.demo.files import csv_bytes, days, stream

#: day, service, kind, what was done, hours, the title of the request that it answers
Row = tuple[str, str, str, str, float | str, str]

#: The month of which nothing is left to chance.
_TOLD_WHOLE = "2026-10"
_PROJECTS = {"checkout": "Checkout", "storefront": "Online store", "search": "Product search", "": ""}


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's timesheet, by its path."""
    told, ordinary, most = (SHOP, SHOP_ORDINARY, 19.5) if client == "demo-shop" else (CLINIC, CLINIC_ORDINARY, 39.0)
    rows = sorted([*told, *_months(seed, client, told, ordinary, most)], key=lambda row: row[0])
    known = {one.title: one.id for one in support.requests(client, seed)} | {"": ""}
    if client == "demo-shop":
        header = ("Entry", "Date", "Project", "Category", "Task", "Hours", "Request")
        made = [(f"T{n:04d}", day, _PROJECTS[service], kind.title(), task, hours, known[request])
                for n, (day, service, kind, task, hours, request) in enumerate(rows, 1)]  # fmt: skip
    else:
        header = ("no", "day", "component", "type", "description", "hours", "ticket")
        made = [(str(n), day, service, kind, task, hours, known[request])
                for n, (day, service, kind, task, hours, request) in enumerate(rows, 1)]  # fmt: skip
    return {"timesheet.csv": csv_bytes(header, made)}


def _months(seed: int, client: str, told: list[Row], ordinary: list[tuple], most: float) -> Iterator[Row]:
    noise = stream(seed, f"work/{client}")
    for month in sorted({day.isoformat()[:7] for day in days()} - {_TOLD_WHOLE}):
        left = most * noise.uniform(0.72, 1.0) - sum(row[4] or 0 for row in told if row[0].startswith(month))
        yield from _month(month, left, ordinary, noise)


def _month(month: str, hours: float, ordinary: list[tuple], noise: Random) -> Iterator[Row]:
    """Pieces of work on the month's weekdays, until its hours are spent."""
    open_days = [day for day in days() if day.isoformat().startswith(month) and day.weekday() < 5]
    for service, kind, task in noise.sample(ordinary, len(ordinary)):
        spent = min(noise.randint(2, 16) / 4, hours // 0.25 / 4)
        if spent < 0.25:
            return
        hours -= spent
        yield noise.choice(open_days).isoformat(), service, kind, task, spent, ""


SHOP: list[Row] = [
    ("2025-11-26", "storefront", "improvement", "More web servers for Black Friday", 3.5, ""),
    ("2025-11-28", "storefront", "incident", "Storefront brought back on Black Friday", 5.25, ""),
    ("2025-11-29", "storefront", "incident", "Limits of the web servers raised and tried under load", 4.5, ""),
    ("2026-10-06", "checkout", "improvement", "Debug logging on, to trace declined cards", 1.5, ""),
    ("2026-10-07", "checkout", "incident", "Queue of order mails emptied, late ones sent again", 1.25, ""),
    ("2026-10-08", "search", "incident", "Search index rebuilt, so that new products are found", 1.5, ""),
    ("2026-10-11", "storefront", "maintenance", "Web servers patched in the Sunday window", 2.0, ""),
    ("2026-10-13", "search", "improvement", "Synonyms for the autumn collection", 1.75, ""),
    ("2026-10-16", "", "support", "Accounts for two new colleagues, one removed", 0.5, ""),
    ("2026-10-18", "storefront", "maintenance", "Certificates are now renewed and checked daily", 1.25, ""),
    (
        "2026-10-21",
        "checkout",
        "incident",
        "Full disks cleared, logs rotated every hour",
        4.5,
        "Yesterday's orders are missing in the export",
    ),
    ("2026-10-22", "checkout", "incident", "Old debug logs deleted, an alarm set before a disk is full", 2.25, ""),
    ("2026-10-27", "checkout", "incident", "Payments charged twice: release rolled back", 2.5, ""),
    (
        "2026-10-28",
        "checkout",
        "incident",
        "Payments retried with a limit, double charges listed",
        2.75,
        "Customers were charged twice: which orders?",
    ),
    (
        "2026-10-29",
        "checkout",
        "support",
        "Refunds of the double charges made possible",
        0.75,
        "Refund button is grey for the double charges",
    ),
    (
        "2026-10-30",
        "storefront",
        "improvement",
        "Cause of the forgotten size filter found",
        1.0,
        "Filters forget the size chosen",
    ),
]

SHOP_ORDINARY = [
    ("storefront", "maintenance", "Web servers patched in the Sunday window"),
    ("checkout", "maintenance", "Libraries of the checkout renewed"),
    ("search", "maintenance", "Search index compacted"),
    ("", "maintenance", "Restore of a backup tried"),
    ("", "support", "Accounts of colleagues added and removed"),
    ("storefront", "support", "Help with a campaign's landing page"),
    ("checkout", "support", "Report of declined cards for accounting"),
    ("search", "support", "Products missing from the search traced"),
    ("storefront", "improvement", "Images served smaller, pages load sooner"),
    ("checkout", "improvement", "Fewer calls to the payment provider"),
    ("search", "improvement", "Results ordered by what sells"),
    ("checkout", "incident", "Follow-up of an incident: alarm and note for those on call"),
]

CLINIC: list[Row] = [
    ("2026-06-09", "portal", "incident", "Uploads of patients' letters mended", "", ""),
    ("2026-10-02", "records-api", "incident", "More connections for the records service", 2.5, ""),
    ("2026-10-05", "portal", "maintenance", "Monthly patches on all machines of the portal", 3.0, ""),
    ("2026-10-08", "booking", "incident", "Reminders by SMS that were stuck sent again", 1.5, ""),
    ("2026-10-11", "records-api", "maintenance", "Database of the records service upgraded at night", 3.5, ""),
    (
        "2026-10-14",
        "booking",
        "incident",
        "Outage of booking and portal: rolled back, then mended",
        6.25,
        "Nobody can book: what shall reception say?",
    ),
    ("2026-10-15", "booking", "improvement", "Database of the booking service enlarged by half", 4.0, ""),
    ("2026-10-16", "booking", "incident", "Report on the outage, walked through with the clinic", 3.0, ""),
    ("2026-10-20", "portal", "incident", "Cut line of the network provider: second line tried", 1.25, ""),
    ("2026-10-21", "records-api", "improvement", "Allergies are found at once: an index added", 3.25, ""),
    ("2026-10-22", "booking", "incident", "Slow search for free appointments traced to its query", 2.5, ""),
    (
        "2026-10-27",
        "portal",
        "support",
        "Accounts of three new colleagues, two removed",
        1.0,
        "Accounts of three new colleagues",
    ),
    ("2026-10-28", "records-api", "maintenance", "Restore exercise with the clinic's records", 4.5, ""),
    ("2026-10-29", "portal", "support", "Letters that open as blank pages: cause found", 2.0, ""),
]

CLINIC_ORDINARY = [
    ("portal", "maintenance", "Monthly patches on all machines of the portal"),
    ("booking", "maintenance", "Monthly patches on all machines of the booking service"),
    ("records-api", "maintenance", "Monthly patches on all machines of the records service"),
    ("records-api", "maintenance", "Restore exercise with the clinic's records"),
    ("portal", "support", "Accounts of colleagues added and removed"),
    ("booking", "support", "Opening hours of a practice changed"),
    ("records-api", "support", "Extract for the quality report"),
    ("portal", "improvement", "Letters are shown larger on phones"),
    ("booking", "improvement", "Free appointments are found sooner"),
    ("records-api", "improvement", "Results are kept ready for the portal"),
    ("booking", "incident", "Follow-up of an incident: alarm and note for those on call"),
    ("portal", "incident", "Follow-up of an incident: a test for what had broken"),
    ("", "support", "Monthly review, prepared and talked through"),
    ("", "maintenance", "Access rights gone through with the clinic"),
    ("booking", "improvement", "Reminders tell the way to the practice"),
]
