"""Monitoring: whether alerts are worth their calls, and whether what goes wrong is seen.

Definitions: METRICS "Monitoring".
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.alarm_rules import broken, rules
from opsreport.metrics.alarm_rules import counts as rule_counts
from opsreport.metrics.alert_counts import alerts, by_rule, calls, hours
from opsreport.metrics.rows import score, scorecard_rows
from opsreport.metrics.uncaught import caught, uncaught
from opsreport.metrics.uncaught import counts as caught_counts
from opsreport.params.models import Agreement
from opsreport.period import Period

__all__ = [
    "alerts", "broken", "by_rule", "calls", "caught", "caught_counts", "history", "hours", "rule_counts", "rules",
    "scorecard", "uncaught",
]  # fmt: skip


def history(
    alert: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen, count: int = 13
) -> pd.DataFrame:
    """The alerts of each of the last 13 months, oldest first, as `alerts` has them."""
    return pd.concat([alerts(alert, month, agreements, seen) for month in period.history(count)], ignore_index=True)


def scorecard(
    alert: pd.DataFrame, incident: pd.DataFrame, period: Period, agreements: list[Agreement],
    alerts_seen: Intervals | Seen, incidents_seen: Intervals | Seen, baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The key figures, as `opsreport.schemas.scorecard.SCORECARD` lists; no target is agreed of them.

    Answers: are alerts worth their calls, is trouble seen, and can people sleep?
    """

    @cache
    def month(one: Period) -> pd.Series:
        return alerts(alert, one, agreements, alerts_seen).iloc[0]

    def outside(one: Period) -> float:
        known = month(one)
        # Where no support hours are agreed, none can be outside of them.
        return known["calls_outside"] if not (known["calls_unplaced"] or known["calls_unclear"]) else float("nan")

    @cache
    def missed(one: Period) -> pd.Series:
        known = share_seen(incidents_seen, one)
        return caught_counts(caught(incident, alert, one, alerts_seen), one, known).iloc[0]

    def unseen(one: Period) -> float:
        known = missed(one)
        return known["incidents_uncaught"] if not known["incidents_unclear"] else float("nan")

    seen, unsure = share_seen(alerts_seen, period), missed(period)
    rows: list[dict[str, Any]] = [
        {"id": "monitoring.actioned", "measure": "Alerts that led to action", "unit": "share", "coverage": seen,
         "of": lambda one: month(one)["actioned_share"], "best": month(period)["actioned_best"],
         "worst": month(period)["actioned_worst"]},
        {"id": "monitoring.uncaught", "measure": "Incidents that no alert caught", "unit": "count",
         "of": unseen, "best": unsure["incidents_uncaught"],
         "worst": unsure["incidents_uncaught"] + unsure["incidents_unclear"],
         "coverage": min(seen, share_seen(incidents_seen, period)), "adds_up": True, "rows": Rows("incident")},
        {"id": "monitoring.outside", "measure": "Calls outside support hours", "unit": "count", "of": outside,
         "coverage": seen, "adds_up": True, "rows": Rows("alert", {"interrupted": True})},
    ]  # fmt: skip
    bounds = [{name: row.pop(name, None) for name in ("worst", "best")} for row in rows]
    common = {"period": period, "baseline": baseline, "section": "monitoring"}
    return scorecard_rows([score(**row, **common) | each for row, each in zip(rows, bounds, strict=True)])
