"""The shop's savings plan by month, exactly as its bill charges, covers and leaves it; the clinic's list is empty."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from opsreport.demo import shop_bill
from opsreport.demo.files import csv_bytes

_COLUMNS = (
    "Savings plan", "Type", "Month starts", "Month ends", "Commitment", "Used commitment", "Covered at on demand",
    "Could be covered at on demand", "Currency", "Ends on",
)  # fmt: skip
_RESERVATION_COLUMNS = (
    "reservation_order", "from", "to", "paid", "used", "covered", "coverable", "currency", "expiry",
)  # fmt: skip
#: What a compute plan could cover: the web servers.
_COVERABLE = "BoxUsage-m6i.large"
_AMOUNTS = ("committed", "used", "covered", "coverable")


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's export of commitments, by path."""
    if client != "demo-shop":
        return {"reservations.csv": csv_bytes(_RESERVATION_COLUMNS, [])}
    plan, amounts = shop_bill.PLAN, defaultdict(lambda: defaultdict(Decimal))
    for row in shop_bill.rows(seed):
        month = amounts[row["ChargePeriodStart"][:7]]
        if row.get("CommitmentDiscountId") == plan.id and row["ChargeCategory"] == "Purchase":
            month["committed"] += row["BilledCost"]
        if row.get("CommitmentDiscountStatus") == "Used":
            month["used"] += row["EffectiveCost"]
            month["covered"] += row["ListCost"]
        if row.get("SkuId") == _COVERABLE:
            month["coverable"] += row["ListCost"]
    starts = dt.date.fromisoformat(plan.starts)
    rows = [
        (plan.id, "Compute savings plan", f"{name}-01", _next(name), *(f"{month[what]:f}" for what in _AMOUNTS), "USD",
         starts.replace(year=starts.year + 1).isoformat())
        for name, month in sorted(amounts.items()) if month["committed"]
    ]  # fmt: skip
    return {"savings-plans.csv": csv_bytes(_COLUMNS, rows)}


def _next(month: str) -> str:
    return str((dt.date.fromisoformat(f"{month}-01") + dt.timedelta(days=31)).replace(day=1))
