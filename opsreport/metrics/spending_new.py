"""Answers: what runs that did not run before, and what old one does it run beside?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import ZERO, exact, has_charges, quantised, scaled, seen_whole, total
from opsreport.period import Period
from opsreport.schemas import TEXT

#: Still running: used in the last days that the bill tells of.
_LAST_DAYS = dt.timedelta(days=2)

NEW = (
    "resource_id", "service_name", "service", "sub_account_id", "new_on", "spend", "new_monthly", "beside",
    "beside_monthly", "billing_currency",
)  # fmt: skip


def new_resources(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Resources that were first used in the month and still were when it ended.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported, with those of the months before.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of; nothing is new where this month and the one before
        were not seen whole.

    Returns
    -------
    DataFrame
        Columns NEW, most spend first. new_on is its first UTC day; new_monthly what it costs a
        month at the rate of its days. beside is the one older resource of the same account and
        provider's service that still runs, and beside_monthly what that costs a month; where
        there is none, or more than one as where machines come and go, it is missing.
    """
    before = period.previous()
    usage = cost[(cost["charge_category"] == "Usage") & (cost["billed_cost"] > ZERO) & cost["resource_id"].notna()]
    usage = usage[usage["charge_period_start"] < period.bill.end]
    rows: list[dict[str, Any]] = []
    if has_charges(cost, before) and seen_whole(seen, period, before) and len(usage):
        lines = usage.groupby("resource_id")["charge_period_start"].agg(["min", "max"])
        running = lines["max"] >= period.bill.end - _LAST_DAYS
        is_new = running & (lines["min"] >= period.bill.start)
        old = lines.index[running & (lines["min"] < period.bill.start)]
        for resource in lines.index[is_new]:
            rows.append(_row(resource, lines.loc[resource, "min"], usage, old, period))
    rows.sort(key=lambda row: (-row["spend"], row["resource_id"]))
    return pd.DataFrame({
        name: exact(row[name] for row in rows) if name in ("spend", "new_monthly", "beside_monthly")
        else pd.Series([row[name] for row in rows], dtype=object if name == "new_on" else TEXT)
        for name in NEW
    })  # fmt: skip


def _row(
    resource: str, first: pd.Timestamp, usage: pd.DataFrame, old: pd.Index, period: Period
) -> dict[str, Any]:
    own = usage[usage["resource_id"] == resource]
    about, day = own.iloc[-1], first.tz_convert("UTC").date()
    spent = total(own["billed_cost"])
    alike = (usage["service_name"] == about["service_name"]) & (
        usage["sub_account_id"].isna() | (usage["sub_account_id"] == about["sub_account_id"]))  # fmt: skip
    others = sorted(set(usage.loc[alike.fillna(False) & usage["resource_id"].isin(old), "resource_id"]))
    monthly = scaled(spent, period.day_count, (period.bill.end_day - day).days)
    row = {
        "resource_id": resource, "service_name": about["service_name"], "service": about.get("service"),
        "sub_account_id": about["sub_account_id"], "new_on": day, "spend": spent, "new_monthly": quantised(monthly),
        "beside": None, "beside_monthly": None, "billing_currency": about["billing_currency"],
    }  # fmt: skip
    if len(others) == 1:
        held = (usage["resource_id"] == others[0]) & period.bill.contains(usage["charge_period_start"])
        row |= {"beside": others[0], "beside_monthly": total(usage.loc[held, "billed_cost"])}
    return row
