"""Budgets of AWS: what may be spent in a month, and whether anybody is told when it is passed.

Documentation: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/ under
API_budgets_DescribeBudgets, API_budgets_DescribeNotificationsForBudget and
API_budgets_DescribeSubscribersForNotification. Permission: budgets:ViewBudget, which stands for all three.
AWS tells what is set now, and forgets what was set before: collect daily. The history that it keeps tells
only of budgets that still exist, and not whether they had an alert: it is not read.

Told are budgets of cost by the month; for one with planned limits, that of the month that runs. Budgets of
usage, of reservations or savings plans, or of another stretch of time say nothing of what may be spent in a
month: they are counted in a note. A budget has an alert when a notification for more than a threshold,
spent or forecast, has a subscriber; it is unknown where that could not be read.

The filter is missing for the whole bill. One filter of one value is that value: a service as the bill names
it, or a tag's value, which is how a service of the client's file is found. Anything else is written out, as
AWS has it. Charge types that a budget leaves out, such as credits or tax, are no filter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("budget",)
_BUDGETS, _ALERTS, _SUBSCRIBERS = OPERATIONS = (
    "budgets:DescribeBudgets", "budgets:DescribeNotificationsForBudget",
    "budgets:DescribeSubscribersForNotification",
)  # fmt: skip
KEEPS = {"budget": _aws.ONLY_NOW}

Settings = _aws.AwsSettings

_HOME = "us-east-1"
_UPWARDS = ("GREATER_THAN", "EQUAL_TO")
#: What of a notification names it in a request.
_NAMES = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every budget of the account, and of those by the month the alerts up to the first that reaches anybody."""
    aws = _aws.opened(settings, OPERATIONS)
    unread = set()
    for page in aws.ask(_BUDGETS, _HOME, AccountId=aws.number, ShowFilterExpression=True):
        for budget in page.get("Budgets", []):
            asked = {"AccountId": aws.number, "BudgetName": budget["BudgetName"]}
            if not _other(budget, settings.run.now) and not _ask_alerts(aws, asked):
                unread.add(budget["BudgetName"])
    return aws.pages(unread=unread)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a budget of cost by the month, as it is now."""
    heard = {answer.asked["BudgetName"] for answer, _ in _aws.each(pages.items, _SUBSCRIBERS, "Subscribers")}
    now, rows = pages.extra["now"], []
    for budget in _told(pages, monthly=True):
        name, limit = budget["BudgetName"], _limit(budget, now)
        is_known = name in heard or name not in pages.extra["unread"]
        rows.append({
            "budget_name": name, "observed_at": now, "amount": _aws.amount(limit.get("Amount")),
            "billing_currency": limit.get("Unit"), "filter": _filter(budget),
            "has_alert": name in heard if is_known else None,
        })  # fmt: skip
    return {"budget": _aws.rows_of("budget", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Budgets whose amount cannot be read, and those that are of something else than a month's cost."""
    rows, said = frames["budget"], []
    unknown = rows.loc[rows["amount"].isna(), "budget_name"].tolist()
    if unknown:
        said.append(f"{len(unknown)} budgets have no amount for this month, like {unknown[0]!r}")
    status = "partial" if said else "ok"
    others = [(one["BudgetName"], _other(one, pages.extra["now"])) for one in _told(pages, monthly=False)]
    if others:
        said.append(f"{len(others)} budgets are not of a month's cost, like {others[0][0]!r} ({others[0][1]})")
    return {"budget": (status, "; ".join(said))} if said else {}


def _ask_alerts(aws: _aws.Questions, budget: dict[str, str]) -> bool:
    """Ask for a budget's alerts until one reaches somebody; returns whether all was answered."""
    alerts = aws.ask(_ALERTS, _HOME, **budget)
    is_whole = alerts.is_whole
    for alert in [one for page in alerts for one in page.get("Notifications", [])]:
        if alert["ComparisonOperator"] in _UPWARDS:
            of = {name: alert[name] for name in _NAMES if name in alert}
            told = aws.ask(_SUBSCRIBERS, _HOME, Notification=of, **budget)
            is_whole &= told.is_whole
            if any(page.get("Subscribers") for page in told):
                break
    return is_whole


def _told(pages: Pages, monthly: bool) -> Iterator[dict[str, Any]]:
    for _, budget in _aws.each(pages.items, _BUDGETS, "Budgets"):
        if monthly != bool(_other(budget, pages.extra["now"])):
            yield budget


def _other(budget: dict[str, Any], now: pd.Timestamp) -> str:
    """What a budget is of, where it is not a month's cost; empty where it is."""
    start = _aws.instant(budget.get("TimePeriod", {}).get("Start"))
    if budget["BudgetType"] != "COST":
        return budget["BudgetType"]
    if budget["TimeUnit"] != "MONTHLY":
        return budget["TimeUnit"]
    return f"from {start:%Y-%m-%d}" if start is not None and start > now else ""


def _limit(budget: dict[str, Any], now: pd.Timestamp) -> dict[str, str]:
    """The amount and currency of the month that runs."""
    month = pd.Timestamp(now.date().replace(day=1), tz="UTC")
    planned = budget.get("PlannedBudgetLimits", {}).get(str(int(month.timestamp())))
    return planned or budget.get("BudgetLimit", {})


def _filter(budget: dict[str, Any]) -> str | None:
    """What of the bill a budget counts, in words that can be compared; None for all of it."""
    filters = budget.get("CostFilters") or {}
    if filters:
        values = [value for each in filters.values() for value in each]
        # A tag is written with its key: user:team$shop.
        return values[0].rpartition("$")[2] if len(values) == 1 else json.dumps(filters, sort_keys=True)
    counted = _without_charge_types(budget.get("FilterExpression") or {})
    if not counted:
        return None
    for kind in ("Dimensions", "Tags", "CostCategories"):
        only = counted.get(kind, {})
        if len(only.get("Values", [])) == 1 and set(only.get("MatchOptions", ["EQUALS"])) == {"EQUALS"}:
            return only["Values"][0]
    return json.dumps(counted, sort_keys=True)


def _without_charge_types(expression: dict[str, Any]) -> dict[str, Any]:
    """An expression without what it says of charge types, by which nothing is chosen that was used."""
    if "And" in expression:
        parts = [part for part in map(_without_charge_types, expression["And"]) if part]
        return parts[0] if len(parts) == 1 else {"And": parts} if parts else {}
    inner = expression.get("Not", expression)
    return {} if inner.get("Dimensions", {}).get("Key") == "RECORD_TYPE" else expression
