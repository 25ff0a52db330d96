"""Restore tests: the newest point that was proven to come back, how long that took, and which tests are overdue."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.backup_schedule import Planned, planned, whole
from opsreport.metrics.rows import result
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.verdict import verdict

RESTORES = (
    "resource", "service", "restored_to", "proven_age", "restore_tested_at", "restore_time", "rto_target", "verdict",
    "restore_state", "restore_since", "restore_test_every", "restore_due_on", "restore_overdue", "coverage", "note",
)  # fmt: skip

IN_TIME, OVERDUE, NEVER, UNSURE, NONE_AGREED = "in time", "overdue", "never proven", "not known", "none agreed"


def restores(
    restore_test: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen
) -> pd.DataFrame:  # fmt: skip
    """What was proven of each resource by the end of the period, and how long ago.

    Answers: would it come back, to when, and how soon?

    Only a restore that succeeded proves a recovery point: a backup that its tool verified was
    read, not restored, and proves nothing here. The time that it took is held against the RTO
    in force at the period's end, and its age against how often the plan has it tested. Without
    a test, the first is due that long after the resource was first planned.

    Parameters
    ----------
    restore_test : DataFrame
        The frame, whole history.
    seen : Intervals or Seen
        The time that its sources could tell of.

    Returns
    -------
    DataFrame
        `RESTORES`, in the plan's order, then what was tested without a plan. The proven point
        is NaT where none is known, or where the test does not say which it recovered;
        ``restore_time`` is that of the test that recovered it. ``never proven`` and ``overdue``
        take that the time in which a test would be in time was seen, and a verdict on the RTO
        that all time since the test was: else there may be another. [instant, date, duration]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> at = lambda hour: pd.Timestamp(2026, 10, 28, hour, tz="UTC")
    >>> one = FRAMES["restore_test"].conform(pd.DataFrame([{"resource": "db", "outcome": "success",
    ...     "started_at": at(10), "finished_at": at(12), "recovered_to": at(9)}]))
    >>> row = restores(one, october, [], Intervals([(october.start, october.end)])).iloc[0]
    >>> row["restore_time"], row["proven_age"]
    (Timedelta('0 days 02:00:00'), Timedelta('3 days 15:00:00'))
    """
    tried = restore_test[restore_test["started_at"] < period.end].sort_values("started_at")
    told, seen_share = whole(seen), share_seen(seen, period)
    plans = {one.plan.resource: one for one in planned(agreements, period) if one.term.period.end == period.end}
    by_resource = dict(list(tried.groupby("resource")))
    named = [*plans, *sorted(set(by_resource) - set(plans))]
    rows = [
        _resource(name, by_resource.get(name, tried.iloc[:0]), plans.get(name), told, period)
        | {"rto_target": _rto(agreements, period), "coverage": seen_share}
        for name in named
    ]  # fmt: skip
    return result([row | {"verdict": _verdict(row, told, period)} for row in rows], RESTORES)


def _rto(agreements: list[Agreement], period: Period) -> pd.Timedelta:
    last = period.end_day - pd.Timedelta(days=1)
    in_force = [one for one in agreements if one.starts_on <= last and (one.ends_on is None or last <= one.ends_on)]
    return in_force[0].rto if in_force and in_force[0].rto else pd.NaT


def _resource(
    name: str, mine: pd.DataFrame, plan: Planned | None, told: Intervals, period: Period
) -> dict[str, Any]:  # fmt: skip
    good = mine[(mine["outcome"] == "success") & (mine["finished_at"] <= period.end)]
    service = mine["service"].dropna()
    row = {"resource": name, "service": service.iloc[-1] if len(service) else None, "note": _note(mine, good)}
    if len(good):
        points = good.dropna(subset=["recovered_to"]).sort_values(["recovered_to", "started_at"])
        proof = (points if len(points) else good).iloc[-1]
        row |= {
            "restored_to": proof["recovered_to"], "proven_age": period.end - proof["recovered_to"],
            "restore_tested_at": proof["started_at"], "restore_time": proof["finished_at"] - proof["started_at"],
            "restore_since": period.end - good["started_at"].max(),
        }  # fmt: skip
    return row | _due(good, plan, told, period)


def _due(good: pd.DataFrame, plan: Planned | None, told: Intervals, period: Period) -> dict[str, Any]:
    """Whether a test was due by the period's end, and is known not to have been made."""
    every, has_one = plan.plan.restore_test_every if plan else None, len(good) > 0
    if every is None and has_one:
        return {"restore_state": NONE_AGREED}
    since = good["started_at"].max() if has_one else plan.since if plan else period.start
    was_seen = _was_seen(told, since, period.end)
    if every is None:
        return {"restore_state": NEVER if was_seen else UNSURE}
    due = since + every
    row: dict[str, Any] = {"restore_due_on": due.tz_convert(period.zone).date(), "restore_test_every": every}
    if due >= period.end and has_one:
        return row | {"restore_state": IN_TIME}
    if was_seen:
        late = {"restore_overdue": period.end - due} if due < period.end else {}
        return row | late | {"restore_state": OVERDUE if has_one else NEVER}
    # One in what was not seen could have put it off; since when it is overdue is not known then.
    surely = due < period.end and _was_seen(told, period.end - every, period.end)
    return {"restore_test_every": every, "restore_state": OVERDUE if surely else UNSURE}


def _note(mine: pd.DataFrame, good: pd.DataFrame) -> str:
    later = mine[~mine.index.isin(good.index)]
    later = later[later["started_at"] > good["started_at"].max()] if len(good) else later
    if len(later) == 0:
        return "the test does not say what it recovered" if len(good) and good["recovered_to"].isna().all() else ""
    failed = later["outcome"].iloc[-1] == "failure"
    return "the newest test failed" if failed else "how the newest test ended is not known"


def _verdict(row: dict[str, Any], told: Intervals, period: Period) -> str:
    took, tested = row.get("restore_time", pd.NaT), row.get("restore_tested_at", pd.NaT)
    if took is pd.NaT or not _was_seen(told, tested, period.end):
        return "unknown"
    return verdict(took, took, row["rto_target"], higher_is_better=False)


def _was_seen(told: Intervals, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    return not Intervals([(start, end)]) - told
