"""Incidents: what happened, how soon it was answered and mended, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.coverage import share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.clocks import LATE, UNKNOWN, in_time
from opsreport.metrics.incident_counts import (
    TIMES,
    downtime,
    found_by_us,
    history,
    listing,
    repeats,
    summary,
    totals,
)
from opsreport.metrics.incident_severity import severe, timed
from opsreport.metrics.response import response, targets
from opsreport.metrics.rows import score, scorecard_rows
from opsreport.metrics.severities import NOT_DOWN
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.verdict import verdict

__all__ = [
    "TIMES", "downtime", "found_by_us", "history", "listing", "repeats", "response", "scorecard", "severe", "summary",
    "targets", "timed", "totals",
]  # fmt: skip


_UNSEEN = {"incidents_opened": float("nan"), "incident_downtime": pd.NaT}


def scorecard(
    incident: pd.DataFrame, period: Period, seen: Intervals, agreements: list[Agreement],
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The incidents' key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: was it a good month, against what was agreed, last month and the baseline?

    What is promised of responses is judged once: by the share in time, and where none fell
    due by late responses, against 0. A severity's median time to restore is there when at
    least five were resolved.
    """
    months = [*period.history(13), *([baseline] if baseline else [])]
    answers = {month: response(incident, month, agreements, seen)["response_outcome"] for month in months}
    found = {month: found_by_us(incident, month).iloc[0] for month in months}
    # A month that nobody saw is none to compare with, though a few of its incidents may be known.
    whole = {month: totals(incident, month, seen).iloc[0] if month == period or share_seen(seen, month) else _UNSEEN
             for month in months}  # fmt: skip
    rows = [
        _score("opened", "Incidents opened", "count", lambda month: whole[month]["incidents_opened"], True),
        _score("downtime", "Time with an incident", "duration", lambda m: whole[m]["incident_downtime"], True),
        # One promise is judged once: by the share in time, or by none being late where nothing fell due.
        *(_in_time(answers, period, seen) or [_late(answers, period, seen, agreements)]),
        *_restored(incident, period, seen),
        _score("found", "Found by our own alert", "share", lambda month: found[month]["found_share"])
        | {"coverage": found[period]["coverage"]},
    ]
    common = {"period": period, "baseline": baseline, "section": "incidents"}
    return scorecard_rows([score(**({"coverage": share_seen(seen, period)} | row | common)) for row in rows])


def _score(id: str, measure: str, unit: str, of: Callable[[Period], Any], adds_up: bool = False) -> dict[str, Any]:
    return {"id": f"incidents.{id}", "measure": measure, "unit": unit, "of": of, "adds_up": adds_up}


def _late(
    answers: dict[Period, pd.Series], period: Period, seen: Intervals, agreements: list[Agreement]
) -> dict[str, Any]:
    def late(month: Period) -> float:
        known = share_seen(seen, month) > 0 and _promised(agreements, month)
        return float(answers[month].isin(LATE).sum()) if known else float("nan")

    doubtful = (answers[period] == UNKNOWN).sum()
    worst = late(period) + doubtful if share_seen(seen, period) == 1 else float("inf")
    target = 0.0 if _promised(agreements, period) else None
    judged = verdict(worst, late(period), target, higher_is_better=False)
    return _score("late", "Late responses", "count", late, True) | {"target": target, "verdict": judged}


def _in_time(answers: dict[Period, pd.Series], period: Period, seen: Intervals) -> list[dict[str, Any]]:
    judged = in_time(answers, period, share_seen(seen, period))
    return [{"id": "incidents.in_time", "measure": "Responses in the agreed time"} | judged] if judged else []


def _restored(incident: pd.DataFrame, period: Period, seen: Intervals) -> list[dict[str, Any]]:
    def median(severity: str, month: Period) -> pd.Timedelta:
        rows = summary(incident, month, seen).set_index("severity")["restore_median"]
        return rows.get(severity, pd.NaT)

    shown = summary(incident, period, seen).dropna(subset=["restore_median"])["severity"]
    return [
        _score(f"restore.{name}", f"Median time to restore, {name}", "duration", partial(median, name))
        | {"rows": Rows("incident", {"severity": name})}
        for name in shown if name.casefold() not in NOT_DOWN
    ]  # fmt: skip


def _promised(agreements: list[Agreement], period: Period) -> bool:
    return any(term.agreement.response_targets for term in terms_in(agreements, period))
