"""The shop's bill: it grows with the shop, and in October 2026 with its logs.

Logs are kept for ever, so their storage grows each month; from 6 October 2026 a release
of the checkout logs in debug, four times as much as before.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from opsreport.demo import bill
from opsreport.demo.bill import Account, Amount, Commitment, Day, Line, Once

DEBUG_LOGS_FROM = "2026-10-06"
#: From this day a new search cluster runs beside the old one, and nobody tagged it.
NEW_CLUSTER_FROM = "2026-10-12"

_ISSUER = ("AWS", "Amazon Web Services, Inc.", "100000000001", "Harbour & Pine")
PROD = Account(*_ISSUER, "100000000011", "harbour-pine-prod", "us-east-1")
STAGING = Account(*_ISSUER, "100000000012", "harbour-pine-staging", "us-east-2")
PLAN = Commitment(PROD, "sp-harbour-pine-2026", starts="2026-03-01", fee="0.20736", rate="0.72")


def rows(seed: int) -> list[dict[str, Any]]:
    """Every charge of thirteen months, day by day, then those that came once."""
    made: list[dict[str, Any]] = []
    lines = _lines()
    for day in bill.busy_days(seed, "shop/traffic", traffic):
        charged = [row for line in lines if (row := bill.usage(line, day))]
        made += bill.committed(PLAN, charged, day.date) if day.since(PLAN.starts) >= 0 else charged
    made += [bill.once(charge) for charge in _ONCE]
    return made + [bill.once(charge) for charge in _fees(made)]


def traffic(day: dt.date) -> float:
    """How busy the shop is: 1 on an ordinary day a year after its launch."""
    months = (day - dt.date(2025, 10, 1)).days / 30.4
    launch = min(1, 0.45 + months * 0.5)
    week = (0.95, 0.92, 0.94, 0.97, 1.03, 1.12, 1.07)[day.weekday()]
    season = 1.25 if dt.date(2025, 11, 20) <= day <= dt.date(2025, 12, 22) else 1.0
    season = 1.7 if dt.date(2025, 11, 27) <= day <= dt.date(2025, 12, 1) else season
    return 0.7 * launch * 1.03**months * week * season


def _tags(application: str, owner: str, environment: str = "production") -> dict[str, str]:
    return {"application": application, "environment": environment, "owner": owner}


_CHECKOUT, _STOREFRONT = _tags("checkout", "payments"), _tags("storefront", "web")
_SEARCH, _SHARED, _TRIAL = _tags("search", "web"), _tags("shared", "platform"), _tags("storefront", "web", "staging")


def _hours(count: float) -> Amount:
    return lambda day: 24 * count


def _visits(amount: float) -> Amount:
    return lambda day: amount * day.traffic * day.noise()


def _kept(at_launch: float, a_day: float) -> Amount:
    """Gigabyte-months of something that only grows."""
    return lambda day: (at_launch + a_day * day.since("2025-10-01")) / day.month_days


def _from(first: str, amount: Amount) -> Amount:
    return lambda day: amount(day) if day.since(first) >= 0 else 0


def _logged(gigabytes: float, service: str) -> Amount:
    """Gigabytes of log a day; the checkout's after its release of 6 October 2026 are fourfold."""

    def amount(day: Day) -> float:
        louder = 4 if service == "checkout" and day.since(DEBUG_LOGS_FROM) >= 0 else 1
        return louder * gigabytes * day.traffic * day.noise()

    return amount


def _logs_kept(a_day: float, service: str) -> Amount:
    """Gigabyte-months of all logs since the launch: nothing was ever set to expire."""

    def amount(day: Day) -> float:
        held = a_day * day.since("2025-10-01")
        if service == "checkout":
            held += 3 * a_day * max(0, day.since(DEBUG_LOGS_FROM))
        return held / day.month_days

    return amount


def _web_server(number: int) -> Line:
    """One of the web servers; those beyond the third run only when it is busy."""
    needed = (0, 0, 0, 0.62, 0.82, 1.02)[number]
    return Line(PROD, "Compute", "Amazon Elastic Compute Cloud", "BoxUsage-m6i.large",
                "$0.096 per On Demand Linux m6i.large Instance Hour",
                "Hours", (("", "0.096"),), lambda day: 24 if day.traffic >= needed else 0,
                f"i-0a7{number}c4e19b2d8f3{number}", _STOREFRONT if number % 2 else _CHECKOUT,
                covered=True)  # fmt: skip


def _lines() -> list[Line]:
    compute = [_web_server(number) for number in range(6)]
    return compute + _production() + _logs() + _staging()


def _production() -> list[Line]:
    def line(category: str, service: str, sku: str, unit: str, price: str, amount: Amount, resource: str = "",
             tags: dict[str, str] | None = None, later: tuple[tuple[str, str], ...] = ()) -> Line:  # fmt: skip
        words = f"${price} per {unit}, {sku}"
        return Line(PROD, category, service, sku, words, unit, (("", price), *later), amount, resource, tags or {})

    cdn, database = "Amazon CloudFront", "Amazon Relational Database Service"
    balancer, network = "Elastic Load Balancing", "Amazon Virtual Private Cloud"
    return [
        line("Compute", "Amazon Elastic Compute Cloud", "EBS-gp3", "GB-Month", "0.08", _kept(520, 0.4), "vol-0d41",
             _SHARED),
        # What the first media server left behind; deleted on 15 July 2026, as was recommended.
        line("Compute", "Amazon Elastic Compute Cloud", "EBS-gp2", "GB-Month", "0.10",
             lambda day: 400 / day.month_days if day.since("2026-07-15") < 0 else 0, "vol-0a93", _STOREFRONT),
        line("Compute", "Amazon Elastic Compute Cloud", "BoxUsage-c6i.xlarge", "Hours", "0.17",
             _from(NEW_CLUSTER_FROM, _hours(1)), "i-0f3be7a1c9d04"),
        line("Compute", "AWS Lambda", "Lambda-GB-Second", "GB-Seconds", "0.0000166667", _visits(310_000),
             "order-mail", _CHECKOUT),
        line("Compute", "AWS Lambda", "Lambda-Request", "Requests", "0.0000002", _visits(420_000), "order-mail",
             _CHECKOUT),
        line("Databases", database, "Multi-AZUsage-db.r6g.xlarge", "Hours", "0.90", _hours(1), "db:orders",
             _CHECKOUT),
        line("Databases", database, "InstanceUsage-db.t4g.medium", "Hours", "0.065", _hours(1), "db:catalogue",
             _STOREFRONT),
        line("Databases", database, "RDS-GP3-Storage", "GB-Month", "0.115", _kept(220, 0.9), "db:orders", _CHECKOUT),
        line("Databases", database, "RDS-Backup", "GB-Month", "0.095", _kept(90, 0.8), "db:orders", _CHECKOUT),
        line("Databases", "Amazon ElastiCache", "NodeUsage-cache.m6g.large", "Hours", "0.149", _hours(1),
             "cache:sessions", _STOREFRONT),
        line("Storage", "Amazon Simple Storage Service", "TimedStorage-ByteHrs", "GB-Month", "0.023", _kept(700,
             5.5), "harbour-pine-media", _STOREFRONT),
        line("Storage", "Amazon Simple Storage Service", "Requests-Tier2", "Requests", "0.0000004",
             _visits(2_400_000), "harbour-pine-media", _STOREFRONT),
        # The one change of a price: from October 2026 the client has a committed rate.
        line("Networking", cdn, "DataTransfer-Out-Bytes", "GB", "0.085", _visits(215), "E2HARBOURPINE", _STOREFRONT,
             (("2026-10-01", "0.078"),)),
        line("Networking", cdn, "Requests-Tier2-HTTPS", "Requests", "0.000001", _visits(3_100_000), "E2HARBOURPINE",
             _STOREFRONT),
        line("Networking", balancer, "LoadBalancerUsage", "Hours", "0.0225", _hours(2), "app/harbour-pine", _SHARED),
        line("Networking", balancer, "LCUUsage", "LCU-Hours", "0.008", _visits(310), "app/harbour-pine", _SHARED),
        line("Networking", network, "NatGateway-Hours", "Hours", "0.045", _hours(2), "nat-0c11", _SHARED),
        line("Networking", network, "NatGateway-Bytes", "GB", "0.045", _nat, "nat-0c11", _SHARED),
        line("Networking", network, "PublicIPv4-InUse", "Hours", "0.005", _hours(6)),
        line("Networking", "Amazon Route 53", "DNS-Queries", "Queries", "0.0000004", _visits(1_500_000)),
        line("Security", "AWS WAF", "WAF-Requests", "Requests", "0.0000006", _visits(3_100_000), "acl/harbour-pine",
             _SHARED),
        line("Security", "AWS Secrets Manager", "SecretsManager-Secret", "Secret-Month", "0.40",
             lambda day: 34 / day.month_days, "", _SHARED),
        line("Analytics", "Amazon OpenSearch Service", "ESInstance-r6g.large", "Hours", "0.167", _hours(1),
             "domain/catalogue", _SEARCH),
        line("Analytics", "Amazon OpenSearch Service", "ESInstance-r6g.xlarge", "Hours", "0.335",
             _from(NEW_CLUSTER_FROM, _hours(1)), "domain/catalogue-next"),
    ]  # fmt: skip


def _nat(day: Day) -> float:
    # Filling the new search cluster took a day and went through the NAT gateway.
    return 75 * day.traffic * day.noise() + (420 if day.since("2026-10-13") == 0 else 0)


def _logs() -> list[Line]:
    made = []
    for service, tags, gigabytes in (
        ("checkout", _CHECKOUT, 20.0),
        ("storefront", _STOREFRONT, 10.0),
        ("search", _SEARCH, 4.0),
    ):
        group = f"/harbour-pine/{service}"
        made += [
            Line(PROD, "Management", "AmazonCloudWatch", "DataProcessing-Bytes", "$0.50 per GB of log data ingested",
                 "GB",
                 (("", "0.50"),), _logged(gigabytes, service), group, tags),
            Line(PROD, "Management", "AmazonCloudWatch", "TimedStorage-ByteHrs", "$0.03 per GB-month of log storage",
                 "GB-Month",
                 (("", "0.03"),), _logs_kept(gigabytes * 0.85, service), group, tags),
        ]  # fmt: skip
    metrics = Line(PROD, "Management", "AmazonCloudWatch", "CW-MetricMonitorUsage", "$0.30 per metric-month",
                   "Metrics",
                   (("", "0.30"),), lambda day: 260 / day.month_days, "", _SHARED)  # fmt: skip
    return [*made, metrics]


def _staging() -> list[Line]:
    def office(hours: float) -> Amount:
        return lambda day: hours if day.date.weekday() < 5 else 0

    def line(category: str, service: str, sku: str, unit: str, price: str, amount: Amount, resource: str) -> Line:
        return Line(
            STAGING,
            category,
            service,
            sku,
            f"${price} per {unit}, {sku}",
            unit,
            (("", price),),
            amount,
            resource,
            _TRIAL,
        )

    return [
        line("Compute", "Amazon Elastic Compute Cloud", "BoxUsage-t3.medium", "Hours", "0.0416", office(12),
             "i-0e55a"),
        line("Compute", "Amazon Elastic Compute Cloud", "EBS-gp3", "GB-Month", "0.08",
             lambda day: 120 / day.month_days, "vol-0e55"),
        line("Databases", "Amazon Relational Database Service", "InstanceUsage-db.t4g.medium", "Hours", "0.065",
             office(12), "db:staging"),
        line("Networking", "Elastic Load Balancing", "LoadBalancerUsage", "Hours", "0.0225", _hours(1),
             "app/staging"),
        line("Management", "AmazonCloudWatch", "DataProcessing-Bytes", "GB", "0.50", office(1.1),
             "/harbour-pine/staging"),
    ]  # fmt: skip


_ONCE = [
    Once(PROD, "2025-11-12", "Purchase", "One-Time", "Amazon Route 53",
         "Registration of harbourandpine.example for a year", "14.00"),
    Once(PROD, "2026-05-19", "Purchase", "One-Time", "AWS Marketplace", "Penetration test before the summer sale",
         "480.00"),
    Once(PROD, "2026-09-11", "Credit", "One-Time", "AWS Promotional Credit",
         "Credit of the launch programme, last part", "-180.00"),
    Once(PROD, "2026-10-09", "Adjustment", "One-Time", "Amazon CloudFront",
         "Refund: requests of 3 September counted twice", "-38.42",
         kind="Correction"),
    # Used in September, invoiced in October: why the two totals of a month differ.
    Once(PROD, "2026-09-30", "Usage", "Usage-Based", "AWS WAF", "Bot control requests, reported late", "6.73",
         billed_in="2026-10-01"),
]  # fmt: skip


def _fees(charged: list[dict[str, Any]]) -> list[Once]:
    """The support fee and the tax of each month, both shares of what was billed."""
    totals: dict[str, Decimal] = {}
    for row in charged:
        month = row["BillingPeriodStart"][:10]
        totals[month] = totals.get(month, Decimal(0)) + row["BilledCost"]
    made = []
    for month, total in sorted(totals.items()):
        support = max(Decimal(29), _cents(total * Decimal("0.03")))
        made += [
            Once(PROD, month, "Purchase", "Recurring", "AWS Support (Developer)",
                 "3% of the month's usage, at least $29",
                 str(support), whole_month=True),
            Once(PROD, month, "Tax", "Recurring", "Tax", "Sales tax, 4%",
                 str(_cents((total + support) * Decimal("0.04"))),
                 whole_month=True),
        ]  # fmt: skip
    return made


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
