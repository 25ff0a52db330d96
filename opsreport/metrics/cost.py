"""Cost: what the bill says, what moved it, and whether it is within what was agreed.

Answers questions like: what was spent, and what will be invoiced? Which services, accounts
and tags was it spent on? What moved it since last month? Is it within the budget? Which days
were out of the usual? What will next month cost? What does an order cost? Are commitments used?
Every amount is exact, per currency, and in the bill's months (UTC).

This module is the section's face; each question has its own file, ``cost_*.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.cost_anomalies import anomalies, anomaly_basis
from opsreport.metrics.cost_bridge import bridge, bridge_by_service
from opsreport.metrics.cost_budget import budget, monthly_budget
from opsreport.metrics.cost_coincidences import anomalies_listed
from opsreport.metrics.cost_commitments import commitments
from opsreport.metrics.cost_currency import conversions, in_currency
from opsreport.metrics.cost_drivers import drivers, resources
from opsreport.metrics.cost_effective import effective_cost_check
from opsreport.metrics.cost_forecast import forecast, forecast_history, forecast_scored
from opsreport.metrics.cost_groups import by, by_tag, several, tag_coverage, tags_apart, top, untagged
from opsreport.metrics.cost_spend import change, daily, invoice_difference, monthly, spend
from opsreport.metrics.cost_sums import ZERO, has_charges, minus, quantised, scaled, seen_share, sums
from opsreport.metrics.cost_units import unit_costs, unit_scorecard
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas.cost import ALL
from opsreport.schemas.scorecard import SCORECARD

__all__ = [
    "anomalies", "anomalies_listed", "anomaly_basis", "bridge", "bridge_by_service", "budget", "by", "by_tag",
    "change", "commitments", "conversions", "daily", "drivers", "effective_cost_check", "forecast",
    "forecast_history", "forecast_scored", "in_currency", "invoice_difference", "monthly", "monthly_budget",
    "resources", "scorecard", "several", "spend", "tag_coverage", "tags_apart", "top", "unit_costs", "unit_scorecard",
    "untagged",
]  # fmt: skip

_MONTHS = 13


def scorecard(
    cost: pd.DataFrame,
    period: Period,
    params: ClientParams,
    seen: Intervals | None = None,
    baseline: Period | None = None,
) -> pd.DataFrame:
    """The section's key figures: spend against budget, day-normalised change, tag coverage.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported, from 14 months for a full trend.
    params : ClientParams
        Its agreement, currency, exchange_rates and cost.required_tags.
    seen : Intervals or None
        What the bill's sources could tell of.
    baseline : Period, optional
        Its spend is carried to the length of the month.

    Returns
    -------
    DataFrame
        Columns `schemas.scorecard.SCORECARD`, a row a figure and currency. The target is None
        where nothing was agreed: of tag coverage nothing is. Empty when nothing is known of
        the bill and no budget was agreed.
    """
    budgets = budget(cost, period, params.agreement, seen, params.exchange_rates, params.currency)
    history = monthly(cost, period, _MONTHS + 1, seen)
    codes = sorted(set(history["billing_currency"]) | set(budgets["billing_currency"]))
    unbudgeted = set(codes) - set(budgets.loc[budgets["service"] == ALL, "billing_currency"])
    rows = [_spend_row(cost, period, seen, baseline, row, len(codes) > 1) for row in budgets.to_dict("records")]
    for code in sorted(unbudgeted):
        nothing = {"service": ALL, "billing_currency": code, "budget": None, "verdict": "unknown"}
        rows.append(_spend_row(cost, period, seen, baseline, nothing, len(codes) > 1))
    for code in codes:
        rows.append(_change_row(history[history["billing_currency"] == code], code, period, seen, len(codes) > 1))
        if params.cost.required_tags:
            rows.append(_tag_row(cost, period, params.cost.required_tags, code, seen, baseline, len(codes) > 1))
    return pd.DataFrame(rows, columns=list(SCORECARD)).astype(
        {name: object for name in ("this_month", "target", "last_month", "baseline")}
    )


def _spend_row(
    cost: pd.DataFrame,
    period: Period,
    seen: Intervals | None,
    baseline: Period | None,
    agreed: dict,
    several: bool,
) -> dict[str, Any]:
    service, code = agreed["service"], agreed["billing_currency"]
    on, suffix = ("", "") if service == ALL else (f" on {service}", f".{service}")
    cost = _only(cost, service)
    history = monthly(cost, period, _MONTHS, seen)
    trend = _known(history.loc[history["billing_currency"] == code, "spend"]) or [None] * _MONTHS
    return {
        "id": f"cost.spend.{code.lower()}{suffix}",
        "measure": f"Spend{on}{_in(code, several)}",
        "unit": "money",
        "currency": code,
        "this_month": _value(agreed.get("spend", trend[-1])),
        "target": _value(agreed["budget"]),
        "last_month": trend[-2],
        "baseline": _baseline_spend(cost, period, seen, baseline, code),
        "coverage": seen_share(seen, period),
        "verdict": agreed["verdict"],
        "section": "cost",
        "trend": trend,
    }


def _change_row(
    history: pd.DataFrame, code: str, period: Period, seen: Intervals | None, several: bool
) -> dict[str, Any]:
    spent = _known(history["spend"]) or [None] * (_MONTHS + 1)
    whole = [seen is None or share >= 1 for share in history["coverage"]] or [False] * (_MONTHS + 1)
    months = period.history(_MONTHS + 1)
    trend = [
        _rounded(minus(spent[k], scaled(spent[k - 1], months[k].day_count, months[k - 1].day_count)))
        if whole[k] and whole[k - 1]
        else None
        for k in range(1, _MONTHS + 1)
    ]
    return {
        "id": f"cost.change.{code.lower()}",
        "rows": Rows("cost", {}, "since_last_month"),
        "measure": f"Change in spend, for the same days{_in(code, several)}",
        "unit": "money_change",
        "currency": code,
        "this_month": trend[-1],
        "target": None,
        "last_month": trend[-2],
        "baseline": None,
        "coverage": seen_share(seen, period),
        "verdict": "unknown",
        "section": "cost",
        "trend": trend,
    }


def _tag_row(
    cost: pd.DataFrame,
    period: Period,
    tags: list[str],
    code: str,
    seen: Intervals | None,
    baseline: Period | None,
    several: bool,
) -> dict[str, Any]:
    trend = [_tagged(cost, month, tags, code) for month in period.history(_MONTHS)]
    return {
        "id": f"cost.tags.{code.lower()}",
        "measure": f"Tag coverage{_in(code, several)}",
        "unit": "share",
        "currency": "",
        "this_month": trend[-1],
        "target": None,
        "last_month": trend[-2],
        "baseline": _tagged(cost, baseline, tags, code) if baseline else None,
        "coverage": seen_share(seen, period),
        "verdict": "unknown",
        "section": "cost",
        "trend": trend,
    }


def _tagged(cost: pd.DataFrame, period: Period, tags: list[str], code: str) -> float | None:
    made = tag_coverage(cost, period, tags)
    made = made[(made["tag"] == ALL) & (made["billing_currency"] == code)]
    return float(made["tagged_share"].iloc[0]) if len(made) else None


def _baseline_spend(
    cost: pd.DataFrame, period: Period, seen: Intervals | None, baseline: Period | None, code: str
) -> Decimal | None:
    """The baseline's spend at the month's length; unknown unless all of it was seen."""
    if (
        baseline is None
        or not has_charges(cost, baseline)
        or (seen is not None and share_seen(seen, baseline.bill) < 1)
    ):
        return None
    spent = sums(cost, [baseline], ["billing_currency"]).set_index("billing_currency")["billed_cost"]
    return _rounded(scaled(spent.get(code, ZERO), period.day_count, baseline.day_count))


def _only(cost: pd.DataFrame, service: str) -> pd.DataFrame:
    """The charges with those of other services at 0, so that months stay known."""
    if service == ALL:
        return cost
    if "service" not in cost:
        return cost.iloc[:0]
    return cost.assign(billed_cost=cost["billed_cost"].where((cost["service"] == service).fillna(False), ZERO))


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else quantised(value)


def _in(code: str, several: bool) -> str:
    return f", {code}" if several else ""


def _value(value: Any) -> Any:
    return None if pd.isna(value) else value


def _known(values: pd.Series) -> list[Any]:
    return [_value(value) for value in values]
