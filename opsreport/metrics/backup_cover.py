"""Coverage of backups: which assets it was agreed to back up, and which of them were."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result, share
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

ASSETS = ("asset", "resource", "asset_kind", "service", "backup_scope", "backup_protection", "backup_newest_at",
          "asset_seen_at", "note")  # fmt: skip
COVER = (
    "period", "assets_in_scope", "assets_protected", "assets_unprotected", "assets_unsure", "assets_scope_unknown",
    "protected_share", "protected_worst", "protected_best", "inventory_age", "coverage", "verdict", "note",
)  # fmt: skip

IN_SCOPE, NOT_RECORDED = "in scope", "not recorded"
PROTECTED, UNPROTECTED, UNSURE = "protected", "not protected", "not known"
#: What an inventory left out for so long is no longer there.
RECENT = pd.Timedelta(days=7)

_WORST_FIRST = (UNPROTECTED, UNSURE, PROTECTED)
_STALE = "last listed before this month: it may be out of date"


def assets(asset: pd.DataFrame, backup: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """Each asset that is to be backed up, or of which that is not recorded, and whether it was.

    Answers: what is not backed up, though it was agreed?

    An asset's scope is what the newest inventory up to the month's end says of it. One that an
    inventory left out for more than a week is no longer there. Where an inventory says of no
    asset whether it is to be backed up, it is of something else, and its assets are left out.

    Parameters
    ----------
    asset, backup : DataFrame
        The frames; an asset is backed up under its own name.
    seen : Intervals or Seen
        The time that the sources of backups could tell of.

    Returns
    -------
    DataFrame
        `ASSETS`, unprotected ones first. Protected is what has a good backup that started in the month;
        without one it is not known in a month that was not seen whole. [instant]
    """
    done = backup[(backup["outcome"] == "success") & (backup["started_at"] < period.end)]
    newest = done.groupby("resource")["started_at"].max()
    whole = share_seen(seen, period) == 1
    rows = [_asset(row, newest.get(row["asset"], pd.NaT), period, whole) for row in _listed(asset, period)]
    rows.sort(key=lambda row: (_WORST_FIRST.index(row["backup_protection"]), row["backup_scope"], row["asset"]))
    return result(rows, ASSETS)


def cover(assets: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """The assets of `assets`, counted.

    Answers: is everything backed up that was agreed?

    Returns
    -------
    DataFrame
        One row of `COVER`. Every asset in scope is promised, so the share is held against
        100 %. It is NaN where for some it is not known; at worst these, and those whose scope is
        not recorded, are in scope and not protected; at best they are, or are out of scope. An
        inventory older than the month proves nothing of it: then all of it is NaN, and
        ``note`` says so. [count, share, duration]

    Examples
    --------
    >>> two = result([{"asset": "a", "backup_scope": "in scope", "backup_protection": "protected"},
    ...               {"asset": "b", "backup_scope": "in scope", "backup_protection": "not protected"}], ASSETS)
    >>> two["asset_seen_at"] = pd.Timestamp("2026-10-26", tz="UTC")
    >>> october = Period.month("2026-10")
    >>> row = cover(two, october, Intervals([(october.start, october.end)])).iloc[0]
    >>> float(row["protected_share"]), row["verdict"]
    (0.5, 'missed')
    """
    made: dict[str, Any] = {"period": period.name, "coverage": share_seen(seen, period), "verdict": "unknown"}
    if assets.empty:
        return result([{**made, "note": "no inventory says what is to be backed up"}], COVER)
    newest = assets["asset_seen_at"].max()
    made["inventory_age"] = max(period.end - newest, pd.Timedelta(0))
    if newest < period.start:
        return result([{**made, "note": "the newest inventory is from before this month"}], COVER)
    return result([made | _counted(assets)], COVER)


def _listed(asset: pd.DataFrame, period: Period) -> list[dict[str, Any]]:
    """The newest row of each asset that is still there, of inventories that tell of backups."""
    known = asset[asset["observed_at"] <= period.end].sort_values("observed_at", kind="stable")
    rows = []
    for _, mine in known.groupby(known["source"] if "source" in known else pd.Series("", index=known.index)):
        if mine["in_backup_scope"].notna().any():
            last = mine.drop_duplicates("asset", keep="last")
            rows += last[last["observed_at"] >= mine["observed_at"].max() - RECENT].to_dict("records")
    # Where two inventories list an asset, one that says something of it counts, then the newer.
    rows.sort(key=lambda row: (is_unknown(row["in_backup_scope"]), -row["observed_at"].value))
    once = {row["asset"]: row for row in reversed(rows)}
    return [row for row in once.values() if is_unknown(row["in_backup_scope"]) or row["in_backup_scope"]]


def _asset(row: dict[str, Any], newest: pd.Timestamp, period: Period, whole: bool) -> dict[str, Any]:
    has_one = newest is not pd.NaT and newest >= period.start
    return {
        "asset": row["asset"], "resource": row["asset"], "asset_kind": row["kind"], "service": row["service"],
        "backup_scope": NOT_RECORDED if is_unknown(row["in_backup_scope"]) else IN_SCOPE,
        "backup_protection": PROTECTED if has_one else UNPROTECTED if whole else UNSURE,
        "backup_newest_at": newest, "asset_seen_at": row["observed_at"],
        "note": _STALE if row["observed_at"] < period.start else "",
    }  # fmt: skip


def _counted(assets: pd.DataFrame) -> dict[str, Any]:
    scope, protection = assets["backup_scope"], assets["backup_protection"]
    counts = protection[scope == IN_SCOPE].value_counts()
    protected, unprotected, unsure = (int(counts.get(one, 0)) for one in (PROTECTED, UNPROTECTED, UNSURE))
    every, doubtful = protected + unprotected + unsure, (scope == NOT_RECORDED) & (protection != PROTECTED)
    worst, best = share(protected, every + int(doubtful.sum())), share(protected + unsure, every)
    return {
        "assets_in_scope": every, "assets_protected": protected, "assets_unprotected": unprotected,
        "assets_unsure": unsure, "assets_scope_unknown": int((scope == NOT_RECORDED).sum()),
        "protected_share": float("nan") if unsure else share(protected, every),
        "protected_worst": worst, "protected_best": best, "verdict": verdict(worst, best, 1.0), "note": "",
    }  # fmt: skip
