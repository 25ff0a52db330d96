"""Answers: how much of what a log store holds is older than a limit would let it get?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.metrics.cost_sums import CONTEXT, ZERO
from opsreport.period import Period
from opsreport.theme import is_unknown

_MICRO = pd.Timedelta(1, "us")


def older_share(own: pd.DataFrame, now: dict[str, Any], days: int, period: Period) -> Decimal | None:
    """Share of what a log store holds that is older than some days.

    Parameters
    ----------
    own : DataFrame
        Every snapshot of the one log store.
    now : dict
        The snapshot that counts.
    days : int
        The limit. [d]

    Returns
    -------
    Decimal or None
        0 to 1. Where nothing ever expired, what is older now is just what was held that many days
        ago (between two snapshots, in a straight line): held then / held now. Where a longer limit
        is set, it is one less what was written in those days over what was written in the days of
        that limit. None where the history does not reach back, or holds less now than then.
    """
    at = now["observed_at"]
    own = own[own["observed_at"] <= at].sort_values("observed_at")
    if is_unknown(now["retention_days"]):
        return _held_then(own, now, at - pd.Timedelta(days=days))
    longer = int(now["retention_days"])
    recent, kept = _written(own, period, days), _written(own, period, longer)
    if recent is None or not kept or longer <= days:
        return None
    return CONTEXT.subtract(Decimal(1), CONTEXT.divide(recent, kept))


def _held_then(own: pd.DataFrame, now: dict[str, Any], then: pd.Timestamp) -> Decimal | None:
    """What was held at an instant over what is held now."""
    known = own.dropna(subset=["stored_bytes"])
    before, after = known[known["observed_at"] <= then].tail(1), known[known["observed_at"] > then].head(1)
    since = own[own["observed_at"] >= before["observed_at"].iloc[0]] if len(before) else own.iloc[:0]
    # A limit that was set in between let lines expire.
    if not len(before) or not len(after) or since["retention_days"].notna().any() or is_unknown(now["stored_bytes"]):
        return None
    low, high = before["stored_bytes"].iloc[0], after["stored_bytes"].iloc[0]
    start, end = before["observed_at"].iloc[0], after["observed_at"].iloc[0]
    part = CONTEXT.divide(Decimal((then - start) // _MICRO), Decimal((end - start) // _MICRO))
    held = CONTEXT.add(low, CONTEXT.multiply(CONTEXT.subtract(high, low), part))
    if not now["stored_bytes"] or held > now["stored_bytes"]:
        return None
    return CONTEXT.divide(held, now["stored_bytes"])


def _written(own: pd.DataFrame, period: Period, days: int) -> Decimal | None:
    """What was written in the last days of a period; of a month in part, its share of days."""
    left, month, total = days, period, ZERO
    while left > 0:
        seen = own[month.contains(own["observed_at"])].tail(1)
        if not len(seen) or is_unknown(seen["ingested_bytes"].iloc[0]):
            return None
        used = min(left, month.day_count)
        part = CONTEXT.divide(Decimal(used), Decimal(month.day_count))
        total = CONTEXT.add(total, CONTEXT.multiply(seen["ingested_bytes"].iloc[0], part))
        left, month = left - used, month.previous()
    return total
