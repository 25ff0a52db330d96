"""Achieved RPO: the longest time that a failure in the month could have lost, against what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsreport.agreement import terms_in
from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.backup_schedule import loaded_from, planned, whole
from opsreport.metrics.rows import result
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.verdict import verdict

ACHIEVED = (
    "resource", "service", "term_from", "term_to", "rpo_target", "rpo_achieved", "rpo_least", "rpo_most", "rpo_from",
    "rpo_until", "coverage", "verdict",
)  # fmt: skip

_EVER = pd.Timestamp(0, tz="UTC")


def achieved(
    backup: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen
) -> pd.DataFrame:  # fmt: skip
    """The longest time of each resource that a failure in the period could have lost.

    Answers: how much of the client's data could have been lost, and is that what was agreed?

    What a failure at an instant loses goes back to the start of the newest backup that had
    finished by then. It is largest just before the next one finishes: so the figure is the
    longest time from a good backup's start to the next one's finish, beginning with the last
    good one before the period. At the period's end the time that then runs counts as far as it
    has come; the rest belongs to the next month, which begins with the same backup. Nightly
    from 01:00 to 05:00 this makes 28 hours, not 24. Where no good backup is known before,
    time counts from the day on which the resource was first planned.

    Parameters
    ----------
    backup : DataFrame
        The frame ``backup``, whole history. A good backup succeeded and has finished.
    seen : Intervals or Seen
        The time that its sources could tell of.

    Returns
    -------
    DataFrame
        `ACHIEVED`, a row a resource that has a plan or of which a backup is known in the month,
        more where terms changed within it. ``rpo_most`` holds if no backup was made in the time
        that was not seen, and none of those that are not known to be good was; NaT where
        nothing bounds it. ``rpo_least`` holds if there was always one; NaT where nothing was seen. Where the two differ
        the achieved RPO is not known (NaT). The target is the plan's, else the term's; where
        none was agreed the verdict is unknown. [duration, instant, share]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> nights = pd.date_range("2026-09-30 01:00", "2026-10-31 01:00", tz="UTC")
    >>> nightly = FRAMES["backup"].conform(pd.DataFrame({
    ...     "backup_id": [str(night) for night in nights], "resource": "db", "outcome": "success",
    ...     "started_at": nights, "finished_at": nights + pd.Timedelta(hours=4)}))
    >>> row = achieved(nightly, october, [], Intervals([(nights[0], october.end)])).iloc[0]
    >>> row["rpo_achieved"], row["rpo_from"]
    (Timedelta('1 days 04:00:00'), Timestamp('2026-09-30 01:00:00+0000', tz='UTC'))
    """
    told, by_resource = whole(seen).clip(loaded_from(period), period.end), dict(list(backup.groupby("resource")))
    plans = planned(agreements, period)
    promised = [(one.plan.resource, one.term.period, one.rpo, one.since) for one in plans]
    named = {one.plan.resource for one in plans}
    known = sorted(set(backup.loc[period.contains(backup["started_at"]), "resource"]) - named)
    promised += [(name, days, rpo, None) for name in known for days, rpo in _unplanned(agreements, period)]
    rows = [
        _row(name, by_resource.get(name, backup.iloc[:0]), days, rpo, since, told) | {
            "coverage": share_seen(seen, days)}
        for name, days, rpo, since in promised
    ]  # fmt: skip
    return result(rows, ACHIEVED)


@dataclass(frozen=True)
class _Points:
    """Recovery points of a resource by the order in which they could be used, as microseconds."""

    starts: np.ndarray
    finishes: np.ndarray

    @classmethod
    def of(cls, starts: np.ndarray, finishes: np.ndarray) -> _Points:
        """Ordered by finish; each with the newest start that can be restored once it has finished."""
        order = np.argsort(finishes, kind="stable")
        return cls(np.maximum.accumulate(starts[order]), finishes[order])

    def newest(self, at: np.ndarray, *, just_before: bool) -> np.ndarray:
        """The newest start that could be restored at each instant; -1 where there was none."""
        place = np.searchsorted(self.finishes, at, side="left" if just_before else "right") - 1
        return np.where(place >= 0, self.starts[place], -1) if len(self.starts) else np.full(len(at), -1)


def _unplanned(agreements: list[Agreement], period: Period) -> list[tuple[Period, pd.Timedelta]]:
    """The terms' own RPO, for what is backed up without a plan."""
    terms = terms_in(agreements, period)
    return [(one.period, one.agreement.rpo or pd.NaT) for one in terms] or [(period, pd.NaT)]


def _row(
    name: str, mine: pd.DataFrame, days: Period, rpo: pd.Timedelta, since: pd.Timestamp | None, told: Intervals
) -> dict[str, Any]:
    unseen = Intervals([(_EVER, days.end)]) - told
    good, hoped = _good(mine), _hoped(mine)
    most, begun, until = _longest(good, days, since, Intervals())
    least, *_ = _longest(hoped, days, since, unseen)
    least = least if most is pd.NaT or least is pd.NaT else min(least, most)
    is_known = most is not pd.NaT and most == least
    service = mine["service"].dropna()
    return {
        "resource": name, "service": service.iloc[-1] if len(service) else None,
        "term_from": days.first_day, "term_to": days.end_day - pd.Timedelta(days=1), "rpo_target": rpo,
        "rpo_achieved": most if is_known else pd.NaT, "rpo_least": least, "rpo_most": most,
        "rpo_from": begun if is_known else pd.NaT, "rpo_until": until if is_known else pd.NaT,
        "verdict": verdict(most, least, rpo, higher_is_better=False) if most is not pd.NaT else _unbounded(least, rpo),
    }  # fmt: skip


def _unbounded(least: pd.Timedelta, rpo: pd.Timedelta) -> str:
    return "missed" if least is not pd.NaT and rpo is not pd.NaT and least > rpo else "unknown"


def _good(mine: pd.DataFrame) -> _Points:
    rows = mine[(mine["outcome"] == "success") & mine["finished_at"].notna()]
    return _Points.of(_micros(rows["started_at"]), _micros(rows["finished_at"]))


def _hoped(mine: pd.DataFrame) -> _Points:
    """Those too of which it is not known whether they are good, or when they had finished."""
    rows = mine[mine["outcome"] != "failure"]
    return _Points.of(_micros(rows["started_at"]), _micros(rows["finished_at"].fillna(rows["started_at"])))


def _longest(points: _Points, days: Period, since: pd.Timestamp | None, unseen: Intervals) -> tuple:
    """The longest exposure in the days, the start that it goes back to, and when it was reached.

    In time that was not seen there is, for the best case, a backup at every instant.
    """
    first, last = _micros_of(days.start), _micros_of(days.end)
    gaps = np.array([(_micros_of(start), _micros_of(end)) for start, end in unseen.pairs()]).reshape(-1, 2)
    starts, finishes = np.append(points.starts, gaps[:, 1]), np.append(points.finishes, gaps[:, 1])
    if since is not None and not (points.finishes <= first).any():
        starts, finishes = np.append(starts, _micros_of(since)), np.append(finishes, _micros_of(since))
    held = _Points.of(starts.astype("int64"), finishes.astype("int64"))
    # Exposure only grows until a backup finishes, the unseen begins, or the days end.
    peaks = np.concatenate([held.finishes, gaps[:, 0], [last]]).astype("int64")
    peaks = np.unique(peaks[(peaks > first) & (peaks <= last)])
    inside = np.zeros(len(peaks), dtype=bool)
    for start, end in gaps:
        inside |= (peaks > start) & (peaks <= end)
    peaks = peaks[~inside]
    newest = held.newest(peaks, just_before=True)
    if not len(peaks) or (newest < 0).any():
        return pd.NaT, pd.NaT, pd.NaT
    longest = int(np.argmax(peaks - newest))
    length = int(peaks[longest] - newest[longest])
    return pd.Timedelta(length, unit="us"), _instant(newest[longest]), _instant(peaks[longest])


def _micros(instants: pd.Series) -> np.ndarray:
    return instants.dt.as_unit("us").astype("int64").to_numpy()


def _micros_of(instant: pd.Timestamp) -> int:
    return instant.value // 1000


def _instant(micros: int) -> pd.Timestamp:
    return pd.Timestamp(int(micros), unit="us", tz="UTC")
