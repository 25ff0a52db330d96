"""What steers the demo's bills: log stores and budgets seen each month's end, recommendations and what came of them.

Log stores hold and take in exactly what the bill charges for. The shop keeps its logs for ever and
its budget tells nobody; the clinic keeps its audit log for 30 days, where a year was agreed.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from opsreport.demo import clinic_bill, shop_bill
from opsreport.demo.files import csv_bytes, days, stream

_GIGABYTE = 1_000_000_000
_LOG_COLUMNS = {
    "demo-shop": ("Log group", "Application", "Seen", "Retention (days)", "Stored bytes", "Incoming bytes"),
    "demo-clinic": ("workspace", "component", "seen", "retention_days", "stored_bytes", "ingested_bytes"),
}


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's exports of log stores, budgets and recommendations, by path."""
    logs = _shop_logs(seed) if client == "demo-shop" else _clinic_logs(seed)
    return {
        "log-groups.csv": csv_bytes(_LOG_COLUMNS[client], logs),
        "budgets.csv": csv_bytes(
            ("Budget", "Seen", "Amount", "Currency", "Scope", "Alerts"),
            [(*budget[:1], f"{day} 06:00", *budget[1:]) for day in _month_ends() for budget in _BUDGETS[client]],
        ),
        "recommendations.csv": csv_bytes(_RECOMMENDATION_COLUMNS, _RECOMMENDATIONS[client]),
    }


def _month_ends() -> list[dt.date]:
    return [day for day in days() if (day + dt.timedelta(days=1)).day == 1]


def _shop_logs(seed: int) -> list[tuple[Any, ...]]:
    """As the bill has them; nothing was ever set to expire, but for staging."""
    billed = shop_bill.rows(seed)
    made = []
    for service in ("checkout", "storefront", "search", "staging"):
        group = f"/harbour-pine/{service}"
        own = [row for row in billed if row["ResourceId"] == group]
        written = _by_month(own, "DataProcessing-Bytes")
        kept = {row["ChargePeriodStart"][:10]: row["PricingQuantity"] for row in own
                if row["SkuId"] == "TimedStorage-ByteHrs"}  # fmt: skip
        for day in _month_ends():
            month = f"{day:%Y-%m}"
            # Staging keeps fourteen of its office days, which the bill does not charge for.
            held = written[month] * 14 / 31 if service == "staging" else kept[day.isoformat()] * day.day
            made.append((group, service if service != "staging" else "", f"{day} 06:00",
                         14 if service == "staging" else "", _bytes(held), _bytes(written[month])))  # fmt: skip
    return made


def _clinic_logs(seed: int) -> list[tuple[Any, ...]]:
    """The workspace as the bill has it; the audit log's cost stands in the bill of the hospital's own security team."""
    written = _by_month(clinic_bill.rows(seed), "Analytics Logs Data Ingestion")
    noise = stream(seed, "clinic/audit-log")
    made = []
    for day in _month_ends():
        audit = Decimal(str(round(6.2 * noise.gauss(1, 0.04), 3)))
        seen = f"{day}T05:00:00Z"
        made += [
            ("log-northgate", "", seen, 90, _bytes(Decimal(190)), _bytes(written[f"{day:%Y-%m}"])),
            ("audit-northgate", "records-api", seen, 30, _bytes(audit), _bytes(audit)),
        ]
    return made


def _by_month(billed: list[dict[str, Any]], sku: str) -> dict[str, Decimal]:
    made: dict[str, Decimal] = {}
    for row in billed:
        if row["SkuId"] == sku:
            month = row["ChargePeriodStart"][:7]
            made[month] = made.get(month, Decimal(0)) + row["PricingQuantity"]
    return made


def _bytes(gigabytes: Decimal) -> int:
    return int(gigabytes * _GIGABYTE)


#: name, amount, currency, scope, alerts
_BUDGETS = {
    "demo-shop": [("harbour-pine-monthly", "4200.00", "USD", "", "no"),
                  ("harbour-pine-staging", "150.00", "USD", "account 100000000012", "yes")],
    "demo-clinic": [("northgate-test", "250.00", "USD", "subscription northgate-test", "yes")],
}  # fmt: skip

_RECOMMENDATION_COLUMNS = (
    "Id", "Resource", "Service", "Finding", "Recommendation", "Saving a month", "Currency", "First seen", "Status",
    "Accepted", "Done",
)  # fmt: skip
#: A resource is named as the bill names it.
_RECOMMENDATIONS: dict[str, list[tuple[str, ...]]] = {
    "demo-shop": [
        ("R-01", "", "", "commitment", "Buy a compute savings plan for a year", "58.00", "USD",
         "2026-01-12 09:00", "done", "2026-02-20 15:10", "2026-03-01 00:00"),
        ("R-02", "vol-0a93", "storefront", "idle", "Delete the volume of the first media server", "40.00", "USD",
         "2026-05-04 09:00", "done", "2026-07-08 11:30", "2026-07-15 10:05"),
        ("R-03", "db:orders", "checkout", "settings", "Run the orders database in one zone", "334.80", "USD",
         "2026-06-08 09:00", "rejected", "", ""),
        ("R-04", "db:catalogue", "storefront", "commitment", "Reserve the catalogue database for a year", "14.20",
         "USD", "2026-07-06 09:00", "accepted", "2026-09-24 16:20", ""),
        ("R-05", "app/staging", "storefront", "idle", "Delete the load balancer of staging: no request in 60 days",
         "16.74", "USD", "2026-08-03 09:00", "proposed", "", ""),
        ("R-06", "db:orders", "checkout", "over-sized",
         "Move the orders database to db.r6g.large: it used 11 % of its cores at most", "334.80", "USD",
         "2026-10-05 09:00", "proposed", "", ""),
    ],
    "demo-clinic": [
        ("A-1", "disk-portal-old", "portal", "idle", "Delete the disk of the portal's old machine", "19.71", "USD",
         "2026-04-13 08:00", "done", "2026-06-11 09:00", "2026-06-18 14:20"),
        ("A-2", "vault-northgate", "", "settings", "Keep daily backups for 30 days instead of 60", "30.00", "USD",
         "2026-03-09 08:00", "done", "2026-04-28 10:00", "2026-05-05 09:30"),
        ("A-3", "vm-records-1", "records-api", "over-sized", "Move vm-records-1 to E2as v5: it used 18 % at most",
         "99.70", "USD", "2026-09-07 08:00", "proposed", "", ""),
        ("A-4", "sql-test", "", "idle", "Delete the test database: no session since July", "17.20", "USD",
         "2026-09-21 08:00", "proposed", "", ""),
    ],
}  # fmt: skip
