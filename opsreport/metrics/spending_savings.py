"""Answers: which savings were proposed, what came of them, and did the bill go down?

A saving that was carried out is measured in later bills: what its resource cost a day in the last
whole month before, less what it costs a day since, times the days of the month (28 days of a
resource at 2 a day before, none after: 62 in a month of 31 days). Bills count their months in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import CONTEXT, exact, has_charges, minus, quantised, scaled, seen_whole, total
from opsreport.metrics.spending_bill import match
from opsreport.period import Period
from opsreport.schemas import INSTANT, TEXT
from opsreport.theme import is_unknown

PROPOSED, ACCEPTED, DONE, REJECTED = STATUSES = ("proposed", "accepted", "done", "rejected")

SAVINGS = (
    "recommendation_id", "saving_of", "service", "saving_kind", "saving_action", "saving_status", "saving_done_at",
    "saving_estimate", "saving_first", "saving_measured", "saving_gap", "billing_currency", "note",
)  # fmt: skip
LEDGER = ("saving_status", "savings", "saving_estimate", "savings_measured", "saving_measured", "saving_gap",
          "billing_currency")  # fmt: skip


def savings(
    recommendation: pd.DataFrame, cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """Each recommendation that was known when the month ended, and what later bills say of it.

    Parameters
    ----------
    recommendation : DataFrame
        The frame of that name, its estimates in the money that is reported
        (`opsreport.metrics.spending_bill.estimates`).
    cost : DataFrame
        Charges in the money that is reported.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of: a month that was not seen whole measures nothing.

    Returns
    -------
    DataFrame
        Columns SAVINGS; what is done first, then accepted, proposed and rejected, the largest
        estimate first. saving_measured is of this month, saving_first of the first whole month
        after it was done, both at this month's days; NA with the reason in the note. [money]
    """
    known = recommendation[recommendation["first_seen_at"] < period.end]
    closed = known["closed_at"].notna() & (known["closed_at"] < period.start)
    rows = [_row(row, cost, period, seen) for row in known[~closed].to_dict("records")]
    order = (DONE, ACCEPTED, PROPOSED, REJECTED)
    rows.sort(key=lambda row: (order.index(row["saving_status"]), -(row["saving_estimate"] or 0), row["saving_of"],
                               row["recommendation_id"]))  # fmt: skip
    return _framed(rows, SAVINGS)


def ledger(savings: pd.DataFrame) -> pd.DataFrame:
    """The savings by status, summed per currency; estimated against measured.

    Parameters
    ----------
    savings : DataFrame
        From `savings`.

    Returns
    -------
    DataFrame
        Columns LEDGER, a row a currency and status that is there. saving_estimate is the sum of the
        estimates that are known, NA where none is; saving_measured that of those measured, and
        saving_gap compares it with the estimates of just those. [money]
    """
    rows = []
    for code, part in savings.groupby("billing_currency", sort=True):
        for status in STATUSES:
            own = part[part["saving_status"] == status]
            measured = own[own["saving_measured"].notna()]
            if len(own):
                rows.append({
                    "saving_status": status, "savings": float(len(own)), "billing_currency": code,
                    "saving_estimate": _sum(own["saving_estimate"]), "savings_measured": float(len(measured)),
                    "saving_measured": _sum(measured["saving_measured"]),
                    "saving_gap": _sum(measured["saving_gap"]),
                })  # fmt: skip
    return _framed(rows, LEDGER)


def measured(
    recommendation: pd.DataFrame, cost: pd.DataFrame, months: Sequence[Period], seen: Any, currency: str
) -> list[Decimal | None]:
    """What savings that were carried out are worth in each month, by its bill; None where none is measured."""
    each = [savings(recommendation, cost, month, seen) for month in months]
    return [_sum(one.loc[one["billing_currency"] == currency, "saving_measured"]) for one in each]


def status_at(row: dict[str, Any], end: pd.Timestamp) -> str:
    """How far a recommendation was at an instant, by its dates; without them, as it is now."""
    if row["status"] == REJECTED:
        return REJECTED
    if row["status"] == DONE and (is_unknown(row["done_at"]) or row["done_at"] < end):
        return DONE
    accepted = row["accepted_at"]
    is_accepted = accepted < end if not is_unknown(accepted) else row["status"] == ACCEPTED
    return ACCEPTED if is_accepted else PROPOSED


def _row(row: dict[str, Any], cost: pd.DataFrame, period: Period, seen: Any) -> dict[str, Any]:
    status, resource = status_at(row, period.end), row["resource"]
    estimate = None if is_unknown(row["estimated_monthly_saving"]) else row["estimated_monthly_saving"]
    code, first, now, note = row["billing_currency"], None, None, ""
    if status == DONE:
        code, first, now, note = _measure(cost, resource, row["done_at"], period, seen, code)
    # What was estimated in one currency and billed in another cannot be compared, nor said as if it were.
    own = row["billing_currency"]
    if estimate is not None and not is_unknown(own) and code != own:
        apart = f"estimated at {estimate.normalize():f} {own}, billed in {code}: not compared"
        estimate, note = None, "; ".join(filter(None, (apart, note)))
    return {
        "recommendation_id": row["recommendation_id"], "saving_of": "" if is_unknown(resource) else resource,
        "service": row["service"], "saving_kind": row["kind"], "saving_action": row["action"],
        "saving_status": status, "saving_done_at": row["done_at"] if status == DONE else pd.NaT,
        "saving_estimate": estimate, "saving_first": first, "saving_measured": now,
        "saving_gap": minus(now, estimate), "billing_currency": code, "note": note,
    }  # fmt: skip


def _measure(
    cost: pd.DataFrame, resource: Any, done_at: Any, period: Period, seen: Any, code: Any
) -> tuple[Any, Decimal | None, Decimal | None, str]:
    """The currency, what was saved in the first whole month after and in this one, and why not."""
    if is_unknown(done_at):
        return code, None, None, "when it was done is not recorded"
    if is_unknown(resource):
        return code, None, None, "it names no resource to look for in the bill"
    month = Period.month(done_at.tz_convert("UTC").strftime("%Y-%m"))
    before, after, this = month.previous(), month.back(-1), period.bill
    own = _of(cost, resource)
    codes = sorted(set(own.loc[before.contains(own["charge_period_start"]), "billing_currency"]))
    if not _was_seen(cost, before, seen) or len(codes) != 1:
        why = "the bill of the month before does not name it" if _was_seen(cost, before, seen) else (
            "the bill of the month before it was done was not seen whole")  # fmt: skip
        return code, None, None, why
    then = scaled(_spent(own, before, codes[0]), this.day_count, before.day_count)
    if after.start > this.start:
        return codes[0], None, None, "no whole month has passed since"
    saved = [
        minus(then, scaled(_spent(own, each, codes[0]), this.day_count, each.day_count))
        if _was_seen(cost, each, seen) else None
        for each in (after, this)
    ]  # fmt: skip
    note = "" if saved[1] is not None else "the bill of this month was not seen whole"
    return codes[0], *(None if one is None else quantised(one) for one in saved), note


def _of(cost: pd.DataFrame, resource: str) -> pd.DataFrame:
    """The usage of a resource."""
    ids = cost["resource_id"].dropna().unique()
    named = [one for one in ids if match(one, [resource])]
    return cost[cost["resource_id"].isin(named) & (cost["charge_category"] == "Usage")]


def _spent(own: pd.DataFrame, month: Period, code: str) -> Decimal:
    held = month.contains(own["charge_period_start"]) & (own["billing_currency"] == code)
    return total(own.loc[held, "billed_cost"])


def _was_seen(cost: pd.DataFrame, month: Period, seen: Any) -> bool:
    return has_charges(cost, month) and seen_whole(seen, month)


def _sum(values: pd.Series) -> Decimal | None:
    known = [value for value in values if not is_unknown(value)]
    return CONTEXT.add(total(known), Decimal(0)) if known else None


def _framed(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    dtypes = {"savings": "float64", "savings_measured": "float64", "saving_done_at": INSTANT}
    money = ("saving_estimate", "saving_first", "saving_measured", "saving_gap")
    return pd.DataFrame({
        name: exact(row[name] for row in rows) if name in money
        else pd.Series([row[name] for row in rows], dtype=dtypes.get(name, TEXT))
        for name in columns
    })  # fmt: skip
