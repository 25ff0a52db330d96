"""What became of the savings that were agreed: those that wait, and those that the bill does not show.

A saving that is idle or over-sized is counted by its own rule, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.findings import PLAN, THIS_MONTH, Finding, money, owner_of, slug
from opsreport.findings.cost_resources import IDLE, OVERSIZED
from opsreport.metrics.cost_currency import in_currency
from opsreport.metrics.spending_bill import estimates
from opsreport.metrics.spending_savings import ACCEPTED, DONE, savings
from opsreport.month import Month
from opsreport.theme import is_unknown

#: How long something that was accepted may wait before it is a finding.
_WAIT = pd.Timedelta(days=30)
#: The share of its estimate that a saving is to reach.
_ENOUGH = Decimal("0.5")


def saving_waiting(month: Month) -> Iterable[Finding]:
    """Savings that were accepted more than 30 days before the month ended, and are not done.

    The estimate is the recommendation's own.
    """
    accepted = dict(zip(month.recommendation["recommendation_id"], month.recommendation["accepted_at"], strict=True))
    for row in _savings(month, ACCEPTED):
        since = accepted[row["recommendation_id"]]
        if str(row["saving_kind"]).casefold() in (*IDLE, *OVERSIZED):
            continue
        if is_unknown(since) or since > month.period.end - _WAIT:
            continue
        at = f"saving_waiting.{slug(row['recommendation_id'])}"
        facts = {"what": _what(row), "day": Fact(f"findings.{at}.day", since, "date")}
        yield Finding(
            f"cost.saving_waiting.{slug(row['recommendation_id'])}", "cost",
            "“{what}” was accepted on {day}, and is not done.",
            "Carry out “{what}” as accepted, or say why not.", facts,
            Rows("recommendation", {"recommendation_id": row["recommendation_id"]}), owner_of(month, row["service"]),
            THIS_MONTH, None if is_unknown(row["saving_estimate"]) else row["saving_estimate"], row["billing_currency"],
        )  # fmt: skip


def saving_not_seen(month: Month) -> Iterable[Finding]:
    """Savings that were carried out, and of which the bill shows less than half of the estimate.

    It has no estimate: what was not saved is not known to be there to save.
    """
    for row in _savings(month, DONE):
        short = row["saving_gap"]
        if is_unknown(short) or row["saving_estimate"] <= 0:
            continue
        if row["saving_measured"] >= row["saving_estimate"] * _ENOUGH:
            continue
        at, code = f"saving_not_seen.{slug(row['recommendation_id'])}", row["billing_currency"]
        facts = {
            "what": _what(row), "day": Fact(f"findings.{at}.day", row["saving_done_at"], "date"),
            "expected": money(f"{at}.expected", row["saving_estimate"], code), "resource": row["saving_of"],
            "more": money(f"{at}.more", abs(row["saving_measured"]), code),
        }  # fmt: skip
        shown = "the bill shows {resource} to cost {more} a month less" if row["saving_measured"] >= 0 else (
            "the bill shows {resource} to cost {more} a month more than before")  # fmt: skip
        yield Finding(
            f"cost.saving_not_seen.{slug(row['recommendation_id'])}", "cost",
            "“{what}”, done on {day}, was to save {expected} a month; " + shown + ".",
            "Check that “{what}” took effect, and what made up for it.", facts,
            Rows("recommendation", {"recommendation_id": row["recommendation_id"]}), owner_of(month, row["service"]),
            PLAN, currency=code,
        )  # fmt: skip


def _savings(month: Month, status: str) -> list[dict[str, Any]]:
    bill, proposed = in_currency(month.cost, month.client), estimates(month.recommendation, month.client)
    made = savings(proposed, bill, month.period, month.seen("cost"))
    return made[made["saving_status"] == status].to_dict("records")


def _what(row: dict[str, Any]) -> str:
    return row["recommendation_id"] if is_unknown(row["saving_action"]) else row["saving_action"]
