"""A bill as FOCUS 1.2 exports it: lines that run every day, and charges that came once.

Every amount is exact: a quantity times a unit price is the cost, to the last decimal.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from opsreport.demo.files import csv_bytes, days, gzip_bytes, stream

COLUMNS = (
    "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeFrequency",
    "ChargeDescription", "ProviderName", "PublisherName", "InvoiceIssuerName", "SubAccountId",
    "SubAccountName", "RegionId", "ServiceCategory", "ServiceName", "ResourceId", "SkuId", "SkuPriceId",
    "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "ListUnitPrice", "ListCost",
    "ContractedUnitPrice", "ContractedCost", "BilledCost", "EffectiveCost", "CommitmentDiscountId",
    "CommitmentDiscountType", "CommitmentDiscountStatus", "Tags",
)  # fmt: skip


@dataclass(frozen=True)
class Day:
    """A day of the bill: its date, how busy it was (1 is an ordinary day), and what its month is."""

    date: dt.date
    traffic: float
    noise: Callable[[], float]

    @property
    def month_days(self) -> int:
        """Days in the month."""
        return calendar.monthrange(self.date.year, self.date.month)[1]

    def since(self, day: str) -> int:
        """Days from a date to this one; negative before it."""
        return (self.date - dt.date.fromisoformat(day)).days


Amount = Callable[[Day], float]


@dataclass(frozen=True)
class Account:
    """Who bills whom: the same in every row of an account."""

    provider: str
    issuer: str
    billing_id: str
    billing_name: str
    id: str
    name: str
    region: str
    currency: str = "USD"


@dataclass(frozen=True)
class Line:
    """What is charged every day: an amount of a unit at a price, for one resource.

    Attributes
    ----------
    amount : callable
        The day's amount; nothing is charged for 0.
    prices : tuple of (first day, unit price)
        Oldest first; the last that has begun applies.
    covered : bool
        Whether a commitment may cover it.
    """

    account: Account
    category: str
    service: str
    sku: str
    words: str
    unit: str
    prices: tuple[tuple[str, str], ...]
    amount: Amount
    resource: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    covered: bool = False

    def price(self, day: dt.date) -> Decimal:
        """The unit price of a day."""
        return Decimal([price for first, price in self.prices if first <= day.isoformat()][-1])


@dataclass(frozen=True)
class Once:
    """A charge that is not for a day's usage: a purchase, credit, refund, fee or tax."""

    account: Account
    day: str
    category: str
    frequency: str
    service: str
    words: str
    cost: str
    kind: str = ""
    billed_in: str = ""
    service_category: str = "Other"
    whole_month: bool = False


@dataclass(frozen=True)
class Commitment:
    """A savings plan: a fee each hour from a day on, for usage at a lower rate."""

    account: Account
    id: str
    starts: str
    fee: str
    rate: str


def usage(line: Line, day: Day) -> dict[str, Any] | None:
    """The day's charge of a line; None when there is nothing to charge."""
    quantity = Decimal(str(round(line.amount(day), 6)))
    return _charge(line, day.date, quantity) if quantity > 0 else None


def committed(plan: Commitment, rows: list[dict[str, Any]], day: dt.date) -> list[dict[str, Any]]:
    """A day's rows once the plan covers what it can: fee, covered, remaining and unused.

    What is covered is billed at 0 and has the plan's rate as its effective cost; covered
    and unused together cost exactly the day's fee.
    """
    left, made = 24 * Decimal(plan.fee), []
    for row in rows:
        if not row.pop("_covered") or not left:
            made.append(row)
            continue
        price, needed = row["ListUnitPrice"], row["PricingQuantity"]
        rate = price * Decimal(plan.rate)
        quantity = min(needed, (left / rate).quantize(Decimal("0.000001"), ROUND_DOWN))
        left -= quantity * rate
        used = {"SkuPriceId": row["SkuPriceId"] + ".SP", "BilledCost": Decimal(0), "EffectiveCost": quantity * rate}
        made.append({**row, **_amounts(quantity, price), **_marks(plan, "Used"), **used})
        if quantity < needed:
            made.append({**row, **_amounts(needed - quantity, price)})
    return made + _fee(plan, day, left)


def _fee(plan: Commitment, day: dt.date, unused: Decimal) -> list[dict[str, Any]]:
    """The plan's fee for a day, whose cost is that of the usage it covers; and what was not used of it."""
    bought = Line(plan.account, "Compute", "Savings Plans", "SP-COMPUTE-1YR", "1 year, no upfront, compute plan",
                  "Hours", ((plan.starts, plan.fee),), lambda _: 24)  # fmt: skip
    paid = {**_charge(bought, day, Decimal(24)), "ChargeCategory": "Purchase", "ChargeFrequency": "Recurring",
            "EffectiveCost": Decimal(0), **_marks(plan)}  # fmt: skip
    if not unused:
        return [paid]
    idle = {**paid, "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", **_marks(plan, "Unused"),
            "SkuPriceId": "SP-COMPUTE-1YR.UNUSED", "PricingQuantity": "", "ConsumedQuantity": ""}  # fmt: skip
    idle |= dict.fromkeys(("ListCost", "ContractedCost", "BilledCost"), Decimal(0))
    return [paid, {**idle, "EffectiveCost": unused}]


def _marks(plan: Commitment, status: str = "") -> dict[str, str]:
    return {"CommitmentDiscountId": plan.id, "CommitmentDiscountType": "Savings Plan",
            "CommitmentDiscountStatus": status}  # fmt: skip


def once(charge: Once) -> dict[str, Any]:
    """A charge that came once; it has no quantity."""
    day = dt.date.fromisoformat(charge.day)
    line = Line(
        charge.account, charge.service_category, charge.service, "", charge.words, "", (("", "0"),), lambda _: 0
    )
    cost = Decimal(charge.cost)
    row = {**_charge(line, day, Decimal(0)), "ChargeCategory": charge.category, "ChargeClass": charge.kind,
           "ChargeFrequency": charge.frequency, "SkuPriceId": "", "RegionId": ""}  # fmt: skip
    row |= dict.fromkeys(("PricingQuantity", "ConsumedQuantity", "ListUnitPrice", "ContractedUnitPrice"), "")
    row |= dict.fromkeys(("ListCost", "ContractedCost", "BilledCost", "EffectiveCost"), cost)
    if charge.whole_month:
        row |= {"ChargePeriodStart": _utc(day.replace(day=1)), "ChargePeriodEnd": _utc(_next_month(day))}
    return row | (_billing(dt.date.fromisoformat(charge.billed_in)) if charge.billed_in else {})


def month_files(rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """A compressed CSV for each billing month."""
    months: dict[str, list[list[Any]]] = {}
    for row in rows:
        row.pop("_covered", None)
        months.setdefault(row["BillingPeriodStart"][:7], []).append([_text(row.get(name, "")) for name in COLUMNS])
    return {f"bill/{month}.csv.gz": gzip_bytes(csv_bytes(COLUMNS, rows)) for month, rows in sorted(months.items())}


def busy_days(seed: int, name: str, traffic: Callable[[dt.date], float]) -> list[Day]:
    """Every day with its traffic, off by some percent, and noise for its lines."""
    noise = stream(seed, name)
    return [Day(day, traffic(day) * noise.gauss(1, 0.025), lambda: noise.gauss(1, 0.015)) for day in days()]


def _charge(line: Line, day: dt.date, quantity: Decimal) -> dict[str, Any]:
    account = line.account
    return {
        "BillingAccountId": account.billing_id, "BillingAccountName": account.billing_name,
        "BillingCurrency": account.currency, **_billing(day),
        "ChargePeriodStart": _utc(day), "ChargePeriodEnd": _utc(day + dt.timedelta(days=1)),
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "ChargeDescription": line.words,
        "ProviderName": account.provider, "PublisherName": account.provider, "InvoiceIssuerName": account.issuer,
        "SubAccountId": account.id, "SubAccountName": account.name, "RegionId": account.region,
        "ServiceCategory": line.category, "ServiceName": line.service, "ResourceId": line.resource,
        "SkuId": line.sku, "SkuPriceId": f"{line.sku}.{account.region}", "PricingUnit": line.unit,
        "ConsumedUnit": line.unit, "Tags": json.dumps(line.tags, sort_keys=True) if line.tags else "",
        **_amounts(quantity, line.price(day)), "_covered": line.covered,
    }  # fmt: skip


def _amounts(quantity: Decimal, price: Decimal) -> dict[str, Decimal]:
    cost = quantity * price
    return {"PricingQuantity": quantity, "ConsumedQuantity": quantity, "ListUnitPrice": price,
            "ContractedUnitPrice": price, **dict.fromkeys(("ListCost", "ContractedCost", "BilledCost",
            "EffectiveCost"), cost)}  # fmt: skip


def _billing(day: dt.date) -> dict[str, str]:
    return {"BillingPeriodStart": _utc(day.replace(day=1)), "BillingPeriodEnd": _utc(_next_month(day))}


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def _utc(day: dt.date) -> str:
    return f"{day}T00:00:00Z"


def _text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
