"""Harbour & Pine, an online shop in New York: a good month in service, over budget for its logs.

October 2026, which the bill shows and the logs explain: the release of 6 October turned on
debug logging in the checkout, which quadrupled its logs, filled its disks on the 21st and
took the bill over budget. Its tools write local times without an offset.
"""

from __future__ import annotations

from opsreport.demo import bill, shop_bill
from opsreport.demo.delivery import changes, deployments, told, with_staging
from opsreport.demo.files import csv_bytes
from opsreport.demo.incidents import Event, stretches
from opsreport.demo.monitoring import Stretch, upptime_log

ZONE = "America/New_York"
#: The last is watched, but no service of the client's file is called so.
MONITORS = ["checkout", "storefront", "search", "legacy-redirect"]
ORDINARY = {"checkout": 11, "storefront": 9, "search": 5}


def files(seed: int) -> dict[str, bytes]:
    """Every file of the shop's exports, by its path."""
    live = deployments(seed, ORDINARY, DEPLOYMENTS)
    log = upptime_log(MONITORS, stretches(EVENTS) + STRETCHES, ZONE, seed)
    return {
        **bill.month_files(shop_bill.rows(seed)),
        "uptime.csv": csv_bytes(("committed_at", "site", "status", "http_code", "response_ms", "commit"), log),
        "incidents.csv": csv_bytes(_INCIDENT_COLUMNS, [_incident(event) for event in EVENTS]),
        "deployments.csv": csv_bytes(
            ("Ref", "App", "Target", "Commit", "Started", "Finished", "Result", "Hotfix needed", "Unplanned",
            "Notes"),
            [
                (one.id if one.environment == "production" else f"{one.id}-staging", _APPS[one.service],
                 {"production": "prod", "staging": "stage"}[one.environment], one.sha, one.starts, one.finishes,
                 _RESULTS[one.outcome], _yes(one.intervention), _yes(one.rework), one.notes)
                for one in with_staging(seed, live)
            ],
        ),
        "changes.csv": csv_bytes(
            ("Pull request", "Deployment", "First commit", "Merged"),
            [(one.id, one.deployment.id, one.first_commit, one.merged) for one in changes(seed, live)],
        ),
    }  # fmt: skip


#: What its release log and its ticket desk call the services.
_APPS = {"checkout": "hp-checkout", "storefront": "hp-web", "search": "hp-search"}
_PRODUCTS = {"checkout": "Checkout", "storefront": "Online store", "search": "Product search"}
_RESULTS = {"success": "OK", "failure": "FAILED", "rolled_back": "ROLLED BACK"}
_PRIORITIES = {"SEV1": "P1", "SEV2": "P2", "SEV3": "P3"}
_INCIDENT_COLUMNS = (
    "Number", "Service", "Summary", "Priority", "Impact start", "Detected", "Reported by", "Opened", "Acknowledged",
    "Resolved", "Problem", "Deployment", "Link", "Exercise",
)  # fmt: skip


def _incident(event: Event) -> tuple[str, ...]:
    times = [event.at(minutes, ZONE, utc=False) for minutes in
             (0, event.opened, event.opened, event.acknowledged, event.resolved)]  # fmt: skip
    impact, detected, opened, acknowledged, resolved = times
    return (event.id, _PRODUCTS[event.service], event.title, _PRIORITIES[event.severity], impact, detected, event.by,
    opened,
            acknowledged, resolved, event.trouble, event.deployment,
            f"https://tickets.harbourandpine.example/{event.id}", _yes(event.drill))  # fmt: skip


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


DEPLOYMENTS = [
    told("checkout", "2026-04-21 14:05", 6, outcome="rolled_back", intervention=True, notes="New tax rules"),
    told("checkout", "2026-04-21 16:40", 5, rework=True, notes="New tax rules, with the missing table"),
    told("storefront", "2026-02-03 11:20", 8, outcome="rolled_back", intervention=True, notes="New product page"),
    told("storefront", "2026-02-04 10:15", 7, rework=True, notes="New product page, smaller images"),
    told("checkout", "2026-10-06 10:40", 7, notes="Debug logging on, to trace declined cards"),
    told("checkout", "2026-10-21 14:30", 6, rework=True, notes="Rotate logs on disk every hour"),
    told("checkout", "2026-10-27 20:24", 6, outcome="rolled_back", intervention=True, notes="Retry payments twice"),
    told("checkout", "2026-10-28 11:05", 6, rework=True, notes="Retry payments twice, with a limit"),
]

#: id, service, severity, impact start, then minutes after it: opened, acknowledged, resolved
EVENTS = [
    Event("HP-101", "storefront", "SEV2", "2025-10-09 12:04", 3, 14, 52, "Pages slow to fail on launch day",
          trouble="web-capacity", down=31),
    Event("HP-102", "checkout", "SEV2", "2025-10-22 16:45", 4, 21, 38, "Card payments time out",
          trouble="payment-timeouts", down=12),
    Event("HP-103", "search", "SEV3", "2025-11-12 10:10", 9, 40, 175, "Search misses new products", "staff",
          trouble="search-index-lag", degraded=120),
    Event("HP-104", "storefront", "SEV1", "2025-11-28 09:02", 2, 9, 64, "Storefront down on Black Friday",
          trouble="web-capacity", down=52),
    Event("HP-105", "checkout", "SEV2", "2025-12-11 19:30", 5, 32, 47, "Card payments time out",
          trouble="payment-timeouts", down=18),
    Event("HP-106", "storefront", "SEV2", "2026-02-03 11:26", 4, 11, 39, "Product pages fail after release",
          trouble="bad-release", down=14, deployment="storefront-2026.02.03-1"),
    Event("HP-107", "search", "SEV2", "2026-02-17 13:15", 6, 28, 121, "Search returns nothing",
          trouble="search-memory", down=96),
    Event("HP-108", "storefront", "SEV3", "2026-03-12 09:40", 65, 110, 1620, "Gift card totals are wrong", "customer",
          trouble="gift-cards"),
    Event("HP-109", "checkout", "SEV2", "2026-04-21 14:11", 3, 10, 31, "Orders fail after release",
          trouble="bad-release",
          down=22, deployment="checkout-2026.04.21-1"),
    Event("HP-110", "checkout", "SEV3", "2026-05-13 11:00", 30, 75, 340, "Invoices show the old address", "customer",
          trouble="invoices"),
    Event("HP-111", "storefront", "SEV1", "2026-06-16 08:00", 2, 7, 44, "Certificate of the shop expired",
          trouble="certificate", down=35),
    Event("HP-112", "search", "SEV2", "2026-07-08 15:20", 5, 26, 58, "Search returns nothing",
          trouble="search-memory", down=41),
    Event("HP-113", "checkout", "SEV2", "2026-08-19 17:12", 4, 19, 30, "Card payments time out",
          trouble="payment-timeouts", down=16),
    Event("HP-114", "search", "SEV2", "2026-09-15 11:30", 7, 35, 73, "Search misses new products",
          trouble="search-index-lag", down=55),
    Event("HP-115", "storefront", "SEV3", "2026-09-24 14:00", 20, 70, 260, "Size charts do not load", "customer",
          trouble="images"),
    Event("HP-116", "checkout", "SEV3", "2026-10-07 13:30", 45, 82, 395, "Order mails arrive late", "customer",
          trouble="order-mail"),
    Event("HP-117", "search", "SEV2", "2026-10-08 10:20", 6, 31, 52, "Search misses new products",
          trouble="search-index-lag", down=38),
    Event("HP-118", "checkout", "SEV1", "2026-10-21 14:12", 2, 11, 41, "Checkout disks full of debug logs",
          trouble="disk-full", down=25, deployment="checkout-2026.10.06-1"),
    Event("HP-119", "checkout", "SEV1", "2026-10-27 20:31", 3, 25, 34, "Payments charged twice after release",
          trouble="bad-release", down=8, deployment="checkout-2026.10.27-1"),
    Event("HP-120", "storefront", "SEV3", "2026-10-29 15:05", 18, 44, None, "Filters forget the size chosen",
          "customer",
          trouble="filters"),
]  # fmt: skip

#: What the monitor saw besides: maintenance on Sundays (03:00 to 04:00 is agreed), and a site nobody owns.
STRETCHES: list[Stretch] = [
    ("storefront", "2025-12-14 03:05", 25, "down"),
    ("checkout", "2026-03-22 03:10", 30, "down"),
    ("storefront", "2026-07-19 03:10", 20, "down"),
    ("storefront", "2026-10-11 03:05", 35, "down"),
    ("checkout", "2026-10-11 03:05", 20, "down"),
    ("storefront", "2026-10-18 03:30", 42, "down"),
    ("search", "2026-10-14 16:10", 125, "degraded"),
    ("legacy-redirect", "2026-01-20 02:00", 300, "down"),
    ("legacy-redirect", "2026-10-19 22:40", 215, "down"),
]
