"""Answers: does what is sent out grow faster than what is asked for, as it does when less is cached?"""

from __future__ import annotations

import re
from decimal import Decimal
from statistics import median
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import CONTEXT, exact, quantised, seen_whole, sums
from opsreport.period import Period
from opsreport.schemas import TEXT
from opsreport.theme import is_unknown

#: Months before that say what a request usually takes.
MONTHS = 3
_TRANSFER = re.compile(r"transfer|bandwidth|egress|origin")
_VOLUME, _REQUESTS = re.compile(r"^(1 )?(gb|gib|gigabyte|tb|tib|terabyte)"), re.compile(r"request")

TRAFFIC = ("resource_id", "service_name", "service", "traffic_ratio", "traffic_cost", "traffic_extra",
           "billing_currency")  # fmt: skip


def heavier_requests(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Resources whose bill shows both requests and transfer: what a request takes, against the months before.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported, with the three months before.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of; none is told of unless all four months were seen whole.

    Returns
    -------
    DataFrame
        Columns TRAFFIC, most extra first: traffic_ratio (transferred for a request, over the median
        of the three months before), traffic_cost (transfer in the month) and traffic_extra (what of
        it the higher ratio explains: cost x (1 - 1 / ratio)) [money]. A resource without requests
        and transfer in each of the months has no row.
    """
    months = period.bill.history(MONTHS + 1)
    usage = cost[(cost["charge_category"] == "Usage") & cost["resource_id"].notna() & cost["pricing_quantity"].notna()]
    kind = pd.Series([_kind(*words) for words in zip(
        usage["sku_id"], usage["charge_description"], usage["pricing_unit"], strict=True)],
        index=usage.index, dtype=object)  # fmt: skip
    usage = usage[kind.notna()].assign(kind=kind[kind.notna()])
    rows = []
    if seen_whole(seen, *(period.back(steps) for steps in range(MONTHS + 1))):
        for (resource, code), own in usage.groupby(["resource_id", "billing_currency"], sort=True):
            found = _ratio(own, months)
            if found:
                about = own.iloc[-1]
                rows.append({"resource_id": resource, "service_name": about["service_name"],
                             "service": about.get("service"), "billing_currency": code, **found})  # fmt: skip
    rows.sort(key=lambda row: (-row["traffic_extra"], row["resource_id"]))
    return pd.DataFrame({
        name: exact(row[name] for row in rows) if name in ("traffic_cost", "traffic_extra")
        else pd.Series([row[name] for row in rows], dtype="float64" if name == "traffic_ratio" else TEXT)
        for name in TRAFFIC
    })  # fmt: skip


def _ratio(own: pd.DataFrame, months: list[Period]) -> dict[str, Any] | None:
    at = sums(own, months, ["kind"], ("pricing_quantity", "billed_cost")).to_dict("records")
    held = {(row["at"], row["kind"]): row for row in at}
    each = []
    for index in range(len(months)):
        sent, asked = held.get((index, "transfer")), held.get((index, "requests"))
        if not sent or not asked or sent["pricing_quantity"] <= 0 or asked["pricing_quantity"] <= 0:
            return None
        each.append(CONTEXT.divide(sent["pricing_quantity"], asked["pricing_quantity"]))
    ratio = CONTEXT.divide(each[-1], median(each[:-1]))
    spent = held[len(months) - 1, "transfer"]["billed_cost"]
    extra = CONTEXT.multiply(spent, CONTEXT.subtract(Decimal(1), CONTEXT.divide(Decimal(1), ratio)))
    return {"traffic_ratio": float(ratio), "traffic_cost": spent, "traffic_extra": quantised(extra)}


def _kind(sku: Any, words: Any, unit: Any) -> str | None:
    text = " ".join("" if is_unknown(one) else one for one in (sku, words)).casefold()
    measure = "" if is_unknown(unit) else unit.casefold()
    if _VOLUME.match(measure) and "month" not in measure and _TRANSFER.search(text):
        return "transfer"
    return "requests" if _REQUESTS.search(measure) else None
