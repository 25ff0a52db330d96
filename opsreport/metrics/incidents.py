"""Incidents: what happened, how soon it was answered and mended, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.coverage import share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.incident_counts import (
    downtime,
    found_by_us,
    history,
    listing,
    repeats,
    summary,
    totals,
)
from opsreport.metrics.response import LATE, response, targets
from opsreport.metrics.rows import score, scorecard_rows, share
from opsreport.metrics.severities import NOT_DOWN
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.verdict import verdict

__all__ = [
    "downtime", "found_by_us", "history", "listing", "repeats", "response", "scorecard", "summary",
    "targets", "totals",
]  # fmt: skip


def scorecard(
    incident: pd.DataFrame, period: Period, seen: Intervals, agreements: list[Agreement],
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The incidents' key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: was it a good month, against what was agreed, last month and the baseline?

    Late responses stand against the target 0, since each is promised, wherever any is. A
    severity's median time to restore is there when at least five were resolved, and the
    share of responses in time when any fell due.
    """
    due = targets(incident, period, agreements, seen)
    rows = [
        _score("opened", "Incidents opened", "count", _total(incident, seen, "incidents_opened"), True),
        _score(
            "downtime", "Downtime of incidents", "duration", _total(incident, seen, "incident_downtime"), True
        ),
        _late(incident, period, seen, agreements, due),
        *_in_time(incident, seen, agreements, due),
        *_restored(incident, period, seen),
        _score(
            "found",
            "Found by our own alert",
            "share",
            lambda p: found_by_us(incident, p)["found_share"].iloc[0],
        )
        | {"coverage": found_by_us(incident, period)["coverage"].iloc[0]},
    ]
    common = {"period": period, "baseline": baseline, "section": "incidents"}
    return scorecard_rows([score(**({"coverage": share_seen(seen, period)} | row | common)) for row in rows])


def _score(
    id: str, measure: str, unit: str, of: Callable[[Period], Any], adds_up: bool = False
) -> dict[str, Any]:
    return {"id": f"incidents.{id}", "measure": measure, "unit": unit, "of": of, "adds_up": adds_up}


def _total(incident: pd.DataFrame, seen: Intervals, column: str) -> Callable[[Period], Any]:
    return lambda month: totals(incident, month, seen)[column].iloc[0]


def _late(
    incident: pd.DataFrame, period: Period, seen: Intervals, agreements: list[Agreement], due: pd.DataFrame
) -> dict[str, Any]:
    def late(month: Period) -> float:
        if not share_seen(seen, month) or not _promised(agreements, month):
            return float("nan")
        return float(response(incident, month, agreements)["response_outcome"].isin(LATE).sum())

    best, doubtful = late(period), due["responses_unknown"].sum()
    worst = best + doubtful if share_seen(seen, period) == 1 else float("inf")
    target = 0.0 if _promised(agreements, period) else None
    judged = verdict(worst, best, target, higher_is_better=False)
    return _score("late", "Late responses", "count", late, True) | {"target": target, "verdict": judged}


def _in_time(
    incident: pd.DataFrame, seen: Intervals, agreements: list[Agreement], due: pd.DataFrame
) -> list[dict[str, Any]]:
    if not due[["responses_met", "responses_missed", "responses_open_past", "responses_unknown"]].sum().sum():
        return []

    def in_time(month: Period) -> float:
        outcomes = response(incident, month, agreements)["response_outcome"]
        met, late = (outcomes == "met").sum(), outcomes.isin(LATE).sum()
        return float("nan") if (outcomes == "unknown").any() else share(met, met + late)

    worst = (
        "missed"
        if "missed" in set(due["verdict"])
        else "unknown"
        if "unknown" in set(due["verdict"])
        else "met"
    )
    return [
        _score("in_time", "Responses in the agreed time", "share", in_time)
        | {"target": 1.0, "verdict": worst}
    ]


def _restored(incident: pd.DataFrame, period: Period, seen: Intervals) -> list[dict[str, Any]]:
    def median(severity: str, month: Period) -> pd.Timedelta:
        rows = summary(incident, month, seen).set_index("severity")["restore_median"]
        return rows.get(severity, pd.NaT)

    shown = summary(incident, period, seen).dropna(subset=["restore_median"])["severity"]
    return [
        _score(f"restore.{name}", f"Median time to restore, {name}", "duration", partial(median, name))
        for name in shown if name.casefold() not in NOT_DOWN
    ]  # fmt: skip


def _promised(agreements: list[Agreement], period: Period) -> bool:
    return any(term.agreement.response_targets for term in terms_in(agreements, period))
