"""Backups against their plan: which of those due completed, which failed, and which never ran."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.backup_schedule import Planned, planned, scheduled, whole
from opsreport.metrics.rows import result, share
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

RUNS = (
    "resource", "service", "backup_due_at", "backup_day", "backup_status", "backup_started_at", "backup_finished_at",
    "backup_id",
)  # fmt: skip
SUCCESS = (
    "resource", "service", "backups_scheduled", "backups_completed", "backups_failed", "backups_missing",
    "backups_unsure", "backup_success", "backup_success_worst", "backup_success_best", "coverage", "verdict", "note",
)  # fmt: skip
DAYS = ("resource", "backup_day", "backup_status", "backups_scheduled", "backups_completed")

COMPLETED, FAILED, MISSING, UNSURE, NOT_SEEN = "completed", "failed", "never ran", "not known", "not seen"
#: On a day with several.
SOME = "some failed"
#: What breaks the plan.
BROKEN = (FAILED, MISSING)
UNPLANNED = "no plan is agreed: only those that are known"
_ATTEMPT = ("backup_id", "service", "started_at", "finished_at", "outcome")
_BY_OUTCOME = {"success": COMPLETED, "unknown": UNSURE, "failure": FAILED}


def runs(backup: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """Every backup that was due in the period by the plan, and what became of it.

    Answers: which backups failed or never ran?

    A backup counts for the one that was due when it started; it may start a quarter of the
    interval early, which also forgives a tool that keeps its times in UTC its hour in summer.
    One attempt that succeeds makes good those that failed before the next was due. What has no
    record never ran: so a source that lists surviving backups only is compared with the plan.

    Parameters
    ----------
    backup : DataFrame
        The frame ``backup``.
    seen : Intervals or Seen
        The time that its sources could tell of.

    Returns
    -------
    DataFrame
        `RUNS`, a row a backup due, by resource and time. ``never ran`` takes that all the time
        in which it could have started was seen, else it is ``not seen``; ``not known`` ran, and
        how it ended is not told. Times are NaT where nothing ran. [instant, date]

    Examples
    --------
    >>> from opsreport.params.operations import BackupPlan
    >>> from opsreport.schemas import FRAMES
    >>> import datetime as dt
    >>> agreed = Agreement(starts_on=dt.date(2026, 1, 1), backups=[BackupPlan(resource="db", every="24h", at="01:00")])
    >>> october = Period.month("2026-10")
    >>> one = FRAMES["backup"].conform(pd.DataFrame([{"backup_id": "a", "resource": "db", "outcome": "success",
    ...     "started_at": pd.Timestamp("2026-10-05 01:00", tz="UTC")}]))
    >>> made = runs(one, october, [agreed], Intervals([(october.previous().start, october.end)]))
    >>> made["backup_status"].value_counts().to_dict()
    {'never ran': 30, 'completed': 1}
    """
    told, by_resource = whole(seen), dict(list(backup.groupby("resource")))
    rows = []
    for one in planned(agreements, period):
        rows += _matched(one, by_resource.get(one.plan.resource, backup.iloc[:0]), told)
    return _on_days(result(rows, RUNS), period.zone)


def success(backup: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """How many of each resource's scheduled backups completed.

    Answers: did the backups run as planned?

    The plan promises each backup, so the share is held against 100 %.

    Returns
    -------
    DataFrame
        `SUCCESS`, in the plan's order; then resources without a plan, of which only the
        attempts that are known can be counted, as ``note`` says: they have no verdict. The
        share is NaN while some are not known, and lies between worst and best. [count, share]
    """
    each = runs(backup, period, agreements, seen)
    by_plan = {name: _counted(rows, share_seen(seen, period)) for name, rows in each.groupby("resource", sort=False)}
    named = {one.plan.resource for one in planned(agreements, period)}
    extra = backup[period.contains(backup["started_at"]) & ~backup["resource"].isin(named)]
    without = [_known(rows, share_seen(seen, period)) for _, rows in extra.groupby("resource")]
    return result([*by_plan.values(), *without], SUCCESS)


def totals(success: pd.DataFrame, period: Period) -> pd.DataFrame:
    """All resources that have a plan in one row; all that are known, where none has one.

    Returns
    -------
    DataFrame
        One row of `SUCCESS` with ``period`` in place of the resource. [count, share]
    """
    has_plan = success["backups_scheduled"].notna().any()
    rows = success[success["backups_scheduled"].notna()] if has_plan else success
    counts = rows[["backups_scheduled", "backups_completed", "backups_failed", "backups_missing", "backups_unsure"]]
    sums = counts.sum(min_count=1).to_dict()
    made = {**sums, **_shares(sums, has_plan)} if len(rows) else {"verdict": "unknown"}
    made |= {"period": period.name, "coverage": rows["coverage"].min() if len(rows) else 0.0,
             "note": "" if has_plan or rows.empty else UNPLANNED}  # fmt: skip
    return result([made], ("period", *SUCCESS[2:]))


def by_day(runs: pd.DataFrame) -> pd.DataFrame:
    """Each resource's days, by what became of the backups due on them.

    Returns
    -------
    DataFrame
        `DAYS`. A day's status is that of its backups where they agree; ``some failed`` where
        some did not complete; else what is known least of.
    """
    rows = [
        {"resource": resource, "backup_day": day, "backup_status": _of_day(statuses),
         "backups_scheduled": len(statuses), "backups_completed": (statuses == COMPLETED).sum()}
        for (resource, day), statuses in runs.groupby(["resource", "backup_day"], sort=False)["backup_status"]
    ]  # fmt: skip
    return result(rows, DAYS)


def failures(backup: pd.DataFrame, runs: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Every backup that was due and did not complete, and failed attempts at what has no plan.

    Answers: which backups failed, and when?

    Returns
    -------
    DataFrame
        `RUNS`, oldest first, those that failed or never ran before those of which it is not known.
    """
    extra = backup[period.contains(backup["started_at"]) & ~backup["resource"].isin(set(runs["resource"]))]
    extra = extra[extra["outcome"] != "success"]
    more = [_row(one, {"resource": one["resource"]}) for one in extra.to_dict("records")]
    broken = runs[~runs["backup_status"].isin([COMPLETED, NOT_SEEN])].to_dict("records")
    made = _on_days(result([*broken, *more], RUNS), period.zone)
    at = made["backup_due_at"].fillna(made["backup_started_at"])
    return made.assign(unsure=made["backup_status"] == UNSURE, at=at).sort_values(
        ["unsure", "at", "resource"], ignore_index=True)[list(RUNS)]  # fmt: skip


def _matched(one: Planned, mine: pd.DataFrame, told: Intervals) -> list[dict[str, Any]]:
    """The plan's backups due in its days, each with the attempt that decides it."""
    due = scheduled(one.plan, one.term.period, one.term.agreement.starts_on)
    if not due:
        return []
    early = one.plan.every / 4
    opens = np.array([(at - early).value for at in due])
    closes = np.append(opens[1:], (due[-1] - early + one.plan.every).value)
    decided = _decided(mine, opens, closes)
    told_of = _inside(told, opens, closes)
    service = _service(mine)
    return [
        _row(decided.get(place), {"resource": one.plan.resource, "service": service, "backup_due_at": at,
                                  "backup_status": MISSING if told_of[place] else NOT_SEEN})
        for place, at in enumerate(due)
    ]  # fmt: skip


def _decided(mine: pd.DataFrame, opens: np.ndarray, closes: np.ndarray) -> dict[int, dict[str, Any]]:
    """For each backup due the best attempt at it."""
    starts = mine["started_at"].astype("int64").to_numpy() * 1000  # a frame's instants count microseconds
    place = np.searchsorted(opens, starts, side="right") - 1
    held = (place >= 0) & (starts < closes[place])
    best = mine.loc[held, [*_ATTEMPT]].assign(place=place[held])  # of a whole history a month's are few
    best["rank"] = best["outcome"].map(list(_BY_OUTCOME).index).astype("int64")
    best = best.sort_values(["place", "rank", "started_at"]).drop_duplicates("place")
    return {row["place"]: row for row in best.to_dict("records")}


def _row(attempt: dict[str, Any] | None, about: dict[str, Any]) -> dict[str, Any]:
    if not attempt:
        return about
    return about | {
        "backup_status": _BY_OUTCOME[attempt["outcome"]], "backup_started_at": attempt["started_at"],
        "backup_finished_at": attempt["finished_at"], "backup_id": attempt["backup_id"],
        "service": attempt["service"],
    }  # fmt: skip


def _on_days(runs: pd.DataFrame, zone: str) -> pd.DataFrame:
    """With the client's day on which each was due; of what has no plan, on which it started."""
    at = runs["backup_due_at"].fillna(runs["backup_started_at"])
    return runs.assign(backup_day=at.dt.tz_convert(zone).dt.date)


def _inside(told: Intervals, opens: np.ndarray, closes: np.ndarray) -> np.ndarray:
    """Whether each window lies whole in the time that was told of."""
    pairs = told.pairs()
    starts = np.array([start.value for start, _ in pairs], dtype="int64")
    ends = np.array([end.value for _, end in pairs], dtype="int64")
    place = np.searchsorted(starts, opens, side="right") - 1
    return (place >= 0) & (closes <= ends[place]) if len(pairs) else np.zeros(len(opens), dtype=bool)


def _service(mine: pd.DataFrame) -> Any:
    known = mine["service"].dropna()
    return known.iloc[-1] if len(known) else None


def _counted(rows: pd.DataFrame, seen_share: float) -> dict[str, Any]:
    statuses = rows["backup_status"].value_counts()
    counts = {
        "backups_scheduled": len(rows), "backups_completed": statuses.get(COMPLETED, 0),
        "backups_failed": statuses.get(FAILED, 0), "backups_missing": statuses.get(MISSING, 0),
        "backups_unsure": statuses.get(UNSURE, 0) + statuses.get(NOT_SEEN, 0),
    }  # fmt: skip
    if statuses.get(NOT_SEEN, 0) == len(rows):
        counts |= dict.fromkeys(("backups_completed", "backups_failed", "backups_missing"), float("nan"))
    about = {"resource": rows["resource"].iloc[0], "service": rows["service"].iloc[-1], "coverage": seen_share}
    return {**about, **counts, **_shares(counts, True)}


def _known(rows: pd.DataFrame, seen_share: float) -> dict[str, Any]:
    outcomes = rows["outcome"].value_counts()
    counts = {"backups_completed": outcomes.get("success", 0), "backups_failed": outcomes.get("failure", 0),
              "backups_unsure": outcomes.get("unknown", 0)}  # fmt: skip
    about = {"resource": rows["resource"].iloc[0], "service": _service(rows), "coverage": seen_share}
    return {**about, **counts, **_shares(counts, False), "note": UNPLANNED}


def _shares(counts: dict[str, Any], has_plan: bool) -> dict[str, Any]:
    """Of those due; without a plan, of the attempts that are known."""
    done = 0 if is_unknown(counts["backups_completed"]) else counts["backups_completed"]
    unsure = counts["backups_unsure"]
    due = counts["backups_scheduled"] if has_plan else done + counts["backups_failed"] + unsure
    worst, best = share(done, due), share(done + unsure, due)
    return {
        "backup_success": share(done, due) if not unsure else float("nan"),
        "backup_success_worst": worst if has_plan else float("nan"),
        "backup_success_best": best if has_plan else float("nan"),
        "verdict": verdict(worst, best, 1.0) if has_plan else "unknown",
    }  # fmt: skip


def _of_day(statuses: pd.Series) -> str:
    kinds = set(statuses)
    if len(kinds) == 1:
        return statuses.iloc[0]
    if kinds & set(BROKEN):
        return SOME if COMPLETED in kinds else FAILED if FAILED in kinds else MISSING
    return NOT_SEEN if NOT_SEEN in kinds else UNSURE
