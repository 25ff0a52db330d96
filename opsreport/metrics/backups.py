"""Backups and recovery: whether they ran, what could have been lost, and what was proven to come back."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.backup_cover import assets, cover
from opsreport.metrics.backup_points import achieved
from opsreport.metrics.backup_runs import by_day, failures, runs, success, totals
from opsreport.metrics.backup_schedule import loaded_from, planned, scheduled, whole
from opsreport.metrics.restores import IN_TIME, NEVER, OVERDUE, restores
from opsreport.metrics.rows import score, scorecard_rows
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown

__all__ = [
    "achieved", "assets", "by_day", "cover", "failures", "planned", "restores", "runs", "scheduled", "scorecard",
    "success", "totals",
]  # fmt: skip

_WORST_FIRST = ("missed", "unknown", "at risk", "met")
_DAY = pd.Timedelta(days=1)


def scorecard(
    backup: pd.DataFrame, restore_test: pd.DataFrame, period: Period, agreements: list[Agreement],
    seen: Intervals | Seen, restores_seen: Intervals | Seen, baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The section's key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: did the backups run, could less be lost than agreed, and is it proven?

    One row each for the share of scheduled backups that completed, and, of the resource that
    stands worst against what was agreed, for its achieved RPO, the time of its restore, and the
    age of its newest proven recovery point, which a restore test is to renew as often as agreed:
    its verdict is the test's. What was not agreed has no row.
    """
    first = min([loaded_from(period), *([baseline.start - _DAY] if baseline else [])])
    told = whole(seen).clip(first, period.end + _DAY)
    common = {"period": period, "baseline": baseline, "section": "backups"}
    rows = [
        _completed(backup, period, agreements, told) | {"coverage": share_seen(seen, period)},
        *_rpo(backup, period, agreements, told, share_seen(seen, period)),
        *_restored(restore_test, period, agreements, whole(restores_seen), share_seen(restores_seen, period)),
    ]  # fmt: skip
    bounds = [{name: row.pop(name, None) for name in ("worst", "best")} for row in rows]
    return scorecard_rows([score(**row, **common) | ends for row, ends in zip(rows, bounds, strict=True)])


def _completed(
    backup: pd.DataFrame, period: Period, agreements: list[Agreement], told: Intervals
) -> dict[str, Any]:  # fmt: skip
    def completed(month: Period) -> float:
        return totals(success(backup, month, agreements, told), month).iloc[0]["backup_success"]

    now = totals(success(backup, period, agreements, told), period).iloc[0]
    has_plan = bool(planned(agreements, period))
    return {
        "id": "backups.completed", "unit": "share", "of": completed, "target": 1.0 if has_plan else None,
        "measure": "Backups completed, of those scheduled" if has_plan else "Backups completed, of those known",
        "verdict": now["verdict"], "worst": now["backup_success_worst"], "best": now["backup_success_best"],
    }  # fmt: skip


def _rpo(
    backup: pd.DataFrame, period: Period, agreements: list[Agreement], told: Intervals, seen_share: float
) -> list[dict[str, Any]]:
    now = achieved(backup, period, agreements, told)
    now = _worst_first(now[now["rpo_target"].notna()], "rpo_least", "rpo_target")
    if now.empty:
        return []
    row = now.iloc[0]

    def longest(month: Period) -> pd.Timedelta:
        then = achieved(backup, month, agreements, told)
        of = then.loc[then["resource"] == row["resource"], "rpo_achieved"]
        return of.max(skipna=False) if len(of) else pd.NaT

    return [{
        "id": f"backups.rpo.{_slug(row['resource'])}",
        "measure": f"Longest time that could have been lost, {row['resource']}",
        "unit": "duration", "of": longest, "target": row["rpo_target"], "verdict": row["verdict"],
        "worst": row["rpo_most"], "best": row["rpo_least"], "coverage": seen_share,
        "rows": Rows("backup", {"resource": row["resource"]}),
    }]  # fmt: skip


def _restored(
    restore_test: pd.DataFrame, period: Period, agreements: list[Agreement], told: Intervals, seen_share: float
) -> list[dict[str, Any]]:
    now = restores(restore_test, period, agreements, told)
    timed = _worst_first(now[now["rto_target"].notna()], "restore_time", "rto_target").head(1)
    judged = now["restore_state"].map({IN_TIME: "met", OVERDUE: "missed", NEVER: "missed"}).fillna("unknown")
    aged = _worst_first(now.assign(verdict=judged)[now["restore_test_every"].notna()], "proven_age",
                        "restore_test_every").head(1)  # fmt: skip

    each = cache(lambda month: restores(restore_test, month, agreements, told))

    def then(month: Period, resource: str, column: str) -> pd.Timedelta:
        rows = each(month)
        of = rows.loc[rows["resource"] == resource, column]
        return of.iloc[0] if len(of) else pd.NaT

    return [
        {
            "id": f"backups.{id}.{_slug(row['resource'])}",
            "measure": f"{measure}, {row['resource']}", "unit": "duration",
            "target": row[target], "verdict": row["verdict"], "coverage": seen_share,
            "of": lambda month, name=row["resource"], column=column: then(month, name, column),
            "rows": Rows("restore_test", {"resource": row["resource"]}, "history"),
        }
        for rows, id, measure, column, target in (
            (timed, "restore_time", "Restore, as last proven", "restore_time", "rto_target"),
            (aged, "restore_since", "Age of the newest proven recovery point", "proven_age",
             "restore_test_every"),
        )
        for _, row in rows.iterrows()
    ]  # fmt: skip


def _slug(resource: str) -> str:
    """A resource's name as a part of an id: what is worst in the next month is another figure."""
    return re.sub(r"[^a-z0-9]+", "-", resource.lower()).strip("-")


def _worst_first(rows: pd.DataFrame, value: str, target: str) -> pd.DataFrame:
    """By verdict, then by how much of what was agreed was used; what is not known stands before what is."""
    used = [float("inf") if is_unknown(row[value]) else row[value] / row[target] for _, row in rows.iterrows()]
    order = [_WORST_FIRST.index(one) for one in rows["verdict"]]
    return rows.assign(order=order, used=used).sort_values(["order", "used"], ascending=[True, False], kind="stable")
