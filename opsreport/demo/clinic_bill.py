"""The clinic's bill: Azure in Germany, in US dollars, steady but for a larger database after an outage."""

from __future__ import annotations

import datetime as dt
from typing import Any

from opsreport.demo import bill
from opsreport.demo.bill import Account, Amount, Day, Line, Once

#: The day after the outage of 14 October 2026 the booking database was given more cores.
LARGER_DATABASE_FROM = "2026-10-15"

_ISSUER = ("Microsoft", "Microsoft", "8611537", "Northgate Clinic")
LIVE = Account(*_ISSUER, "5f1c0000-0000-4000-8000-000000000001", "northgate-live", "germanywestcentral")
TRIAL = Account(*_ISSUER, "5f1c0000-0000-4000-8000-000000000002", "northgate-test", "germanynorth")


def rows(seed: int) -> list[dict[str, Any]]:
    """Every charge of thirteen months."""
    days, lines = bill.busy_days(seed, "clinic/traffic", traffic), _lines()
    made = [row for day in days for line in lines if (row := bill.usage(line, day))]
    return made + [bill.once(charge) for charge in _ONCE]


def traffic(day: dt.date) -> float:
    """How busy the clinic is: weekdays, least around the turn of the year and in August."""
    week = (1.25, 1.15, 1.1, 1.1, 0.95, 0.35, 0.25)[day.weekday()]
    quiet = 0.7 if (day.month, day.day) >= (12, 21) or (day.month, day.day) <= (1, 6) or day.month == 8 else 1.0
    return week * quiet * (1 + 0.008 * (day - dt.date(2025, 10, 1)).days / 30.4)


def _tags(application: str, environment: str = "production") -> dict[str, str]:
    return {"application": application, "environment": environment, "owner": "digital"}


_PORTAL, _BOOKING, _RECORDS = _tags("portal"), _tags("booking"), _tags("records-api")
_SHARED, _TEST = _tags("shared"), _tags("shared", "test")


def _hours(count: float) -> Amount:
    return lambda day: 24 * count


def _visits(amount: float) -> Amount:
    return lambda day: amount * day.traffic * day.noise()


def _kept(at_first: float, a_day: float) -> Amount:
    return lambda day: (at_first + a_day * day.since("2025-10-01")) / day.month_days


def _office(hours: float) -> Amount:
    return lambda day: hours if day.date.weekday() < 5 else 0


def _booking_cores(day: Day) -> float:
    return 24 * (6 if day.since(LARGER_DATABASE_FROM) >= 0 else 4)


def _lines() -> list[Line]:
    def line(category: str, service: str, sku: str, unit: str, price: str, amount: Amount, resource: str = "",
             tags: dict[str, str] | None = None, account: Account = LIVE) -> Line:  # fmt: skip
        return Line(
            account, category, service, sku, f"{sku}, {unit}", unit, (("", price),), amount, resource, tags or {}
        )

    machines, database, logs = "Virtual Machines", "Azure SQL Database", "Azure Monitor"
    return [
        line("Compute", machines, "D4as v5", "1 Hour", "0.206", _hours(1), "vm-portal-1", _PORTAL),
        line("Compute", machines, "D4as v5", "1 Hour", "0.206", _hours(1), "vm-portal-2", _PORTAL),
        line("Compute", machines, "D4as v5", "1 Hour", "0.206", _hours(1), "vm-booking-1", _BOOKING),
        line("Compute", machines, "D4as v5", "1 Hour", "0.206", _hours(1), "vm-booking-2", _BOOKING),
        line("Compute", machines, "E4as v5", "1 Hour", "0.268", _hours(1), "vm-records-1", _RECORDS),
        line("Storage", "Storage", "P15 LRS Disk", "1/Month", "38.02", lambda day: 5 / day.month_days, "disks",
             _SHARED),
        # Of the portal's old machine; deleted on 18 June 2026, as was recommended.
        line("Storage", "Storage", "P10 LRS Disk", "1/Month", "19.71",
             lambda day: 1 / day.month_days if day.since("2026-06-18") < 0 else 0, "disk-portal-old", _PORTAL),
        line("Databases", database, "vCore General Purpose", "1 Hour", "0.1516", _booking_cores, "sql-booking",
             _BOOKING),
        line("Databases", database, "vCore General Purpose", "1 Hour", "0.1516", _hours(4), "sql-records", _RECORDS),
        line("Databases", database, "General Purpose Data Stored", "1 GB/Month", "0.137", _kept(310, 0.35),
             "sql-records", _RECORDS),
        line("Storage", "Storage", "Hot ZRS Data Stored", "1 GB/Month", "0.0244", _kept(1_900, 2.2),
             "stnorthgatedocs", _RECORDS),
        line("Storage", "Storage", "Hot Read Operations", "10K", "0.0054", _visits(85), "stnorthgatedocs", _RECORDS),
        line("Storage", "Backup", "ZRS Data Stored", "1 GB/Month", "0.028", _kept(3_400, 3.5), "vault-northgate",
             _SHARED),
        line("Storage", "Backup", "Protected Instance", "1/Month", "10.00", lambda day: 7 / day.month_days,
             "vault-northgate", _SHARED),
        line("Networking", "Application Gateway", "Standard v2 Fixed Cost", "1 Hour", "0.246", _hours(1),
             "agw-northgate", _SHARED),
        line("Networking", "Application Gateway", "Standard v2 Capacity Units", "1 Hour", "0.008", _visits(96),
             "agw-northgate", _SHARED),
        line("Networking", "Bandwidth", "Data Transfer Out", "1 GB", "0.08", _visits(26), "agw-northgate", _SHARED),
        line("Networking", "VPN Gateway", "VpnGw1", "1 Hour", "0.19", _hours(1), "vpn-clinic", _SHARED),
        line("Management", logs, "Analytics Logs Data Ingestion", "1 GB", "2.99", _visits(3.1), "log-northgate",
             _SHARED),
        line("Management", logs, "Analytics Logs Data Retention", "1 GB/Month", "0.13",
             lambda day: 190 / day.month_days, "log-northgate", _SHARED),
        line("Security", "Key Vault", "Operations", "10K", "0.03", _visits(14), "kv-northgate", _SHARED),
        line("Security", "Microsoft Defender for Cloud", "Servers P2", "1 Hour", "0.02", _hours(5), "", _SHARED),
        line("Networking", "Virtual Network", "Standard IPv4 Static Public IP", "1 Hour", "0.005", _hours(3)),
        line("Compute", machines, "B2as v2", "1 Hour", "0.0876", _office(11), "vm-test-1", _TEST, TRIAL),
        line("Databases", database, "Serverless vCore", "1 Hour", "0.5218", _office(1.5), "sql-test", _TEST, TRIAL),
    ]  # fmt: skip


_ONCE = [
    Once(
        LIVE, "2026-02-10", "Purchase", "One-Time", "Azure Marketplace", "Accessibility audit of the portal", "650.00"
    ),
    Once(LIVE, "2026-09-18", "Credit", "One-Time", "Azure SQL Database", "Service credit for July", "-42.15"),
]
