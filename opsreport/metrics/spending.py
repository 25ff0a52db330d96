"""Spending: what steers the bill: budgets that warn, logs that expire, savings that are carried out.

Answers questions like: does anybody notice when a budget is passed? How long are logs kept, and
what does that cost? Which savings were proposed, and did the bill go down once they were done?

This module is the section's face; each question has its own file, ``spending_*.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import quantised, scaled
from opsreport.metrics.rows import score, scorecard_rows
from opsreport.metrics.spending_bill import estimates
from opsreport.metrics.spending_budgets import budgets
from opsreport.metrics.spending_logs import kept_as_agreed, log_costs, log_history, logs, unlimited_cost
from opsreport.metrics.spending_savings import ledger, measured, savings
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

__all__ = [
    "budgets", "estimates", "ledger", "log_costs", "log_history", "logs", "measured", "savings", "scorecard",
    "unlimited_cost",
]  # fmt: skip


def scorecard(
    recommendation: pd.DataFrame, log_group: pd.DataFrame, cost: pd.DataFrame, period: Period, currency: str,
    seen: dict[str, Intervals | Seen], baseline: Period | None = None, agreements: list[Agreement] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The section's key figures: whether logs are kept as agreed, what savings and logs without a limit cost.

    Parameters
    ----------
    recommendation, cost : DataFrame
        In the money that is reported.
    currency : str
        The reported one; amounts in others are in the section's tables.
    seen : dict of str to Intervals or Seen
        By frame: recommendation, log_group and cost.
    agreements : list of Agreement, optional
        Every log store that an agreement names is to be kept as long as agreed, and no longer.

    Returns
    -------
    DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists. How long logs are kept has a target where
        it is agreed, else no row; nothing is agreed of the money, whose baseline is carried to
        the length of the month.
    """
    months = period.history(13)
    asked = [*months, *([baseline] if baseline else [])]
    saved = dict(zip(asked, [
        *measured(recommendation, cost, months, seen["cost"], currency), *([None] if baseline else []),
    ], strict=True))  # fmt: skip
    kept = dict(zip(months, unlimited_cost(log_group, cost, months, currency, seen["cost"]), strict=True))
    if baseline:
        kept[baseline] = _at_length(unlimited_cost(log_group, cost, [baseline], currency, seen["cost"])[0], baseline,
                                    period)  # fmt: skip
    common = {"unit": "money", "period": period, "baseline": baseline, "section": "spending", "currency": currency}
    # Both are amounts of the bill, whatever they are of.
    rows = [
        ("savings", "Savings carried out, by the bill", saved, "recommendation", Rows("cost")),
        ("logs_without_limit", "Keeping logs that never expire", kept, "log_group", Rows("cost")),
    ]
    return scorecard_rows([
        *_retention(log_group, period, agreements or [], share_seen(seen["log_group"], period), baseline), *[
        score(f"spending.{id}", name, of=values.get, coverage=_coverage(seen, frame, period), rows=behind, **common)
        for id, name, values, frame, behind in rows
    ]])  # fmt: skip


def _retention(
    log_group: pd.DataFrame, period: Period, agreements: list[Agreement], coverage: float, baseline: Period | None
) -> list[dict[str, Any]]:
    _, worst, best = kept_as_agreed(log_group, period, agreements)
    if is_unknown(best):
        return []
    # A place that was not looked at may hold log stores that are kept in any way.
    worst = worst if coverage == 1 else 0.0
    return [score(
        "spending.retention", "Log stores kept as agreed", "share",
        lambda month: kept_as_agreed(log_group, month, agreements)[0], period, baseline, section="spending",
        coverage=coverage, target=1.0, verdict=verdict(worst, best, 1.0), rows=Rows("log_group"), worst=worst,
        best=best,
    )]  # fmt: skip


def _at_length(value: Decimal | None, of: Period, period: Period) -> Decimal | None:
    made = scaled(value, period.day_count, of.day_count)
    return None if made is None else quantised(made)


def _coverage(seen: dict[str, Any], frame: str, period: Period) -> float:
    """What both the records and the bill were seen of; one does not make up for the other. [share]"""
    return min(share_seen(seen[frame], period), max(share_seen(seen["cost"], period),
                                                    share_seen(seen["cost"], period.bill)))  # fmt: skip
