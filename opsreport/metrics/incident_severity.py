"""Incidents by how bad they were: the time of each severity, and whether there are enough of any for a median."""

from __future__ import annotations

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.incident_counts import TIMES, totals
from opsreport.metrics.rows import result
from opsreport.metrics.severities import rated, worst_first
from opsreport.period import Period

SEVERE = ("severity", "incident_downtime", "coverage")


def severe(incident: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """The time of the month with an incident of each severity, worst first.

    Answers: for how long was something badly wrong?

    Returns
    -------
    DataFrame
        `SEVERE`, counted as in `opsreport.metrics.incident_counts.totals`; severities without
        any such time are left out. [duration, share]
    """
    severity = rated(incident)
    months = {name: totals(incident[severity == name], period, seen).iloc[0] for name in worst_first(set(severity))}
    rows = [{"severity": name, **month.to_dict()} for name, month in months.items()]
    return result([row for row in rows if row["incident_downtime"] > pd.Timedelta(0)], SEVERE)


def timed(summary: pd.DataFrame) -> pd.DataFrame:
    """The rows of `summary`, where of any severity there were enough for a median; else none."""
    return summary if summary[list(TIMES)].notna().any(axis=None) else summary.iloc[:0]
