"""Sources that stayed silent: since when, and what of it is lost for good, and from when on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreport.attempts import A_DAY, Attempt
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.schemas import FRAMES, INSTANT

#: Why a source counts as silent.
NEVER, NOT_RUN, UNREAD = "never read", "the collect did not run", "it could not be read"
NOTHING_NEW, NO_ROWS = "it tells of nothing new", "it lists nothing new"
COLUMNS = (
    "frame", "source", "reason", "why", "since", "read_at", "keeps", "lost_from", "month", "lost_now",
    "lost_by_report", "report_at",
)  # fmt: skip

#: A system that remembers for so long forgets nothing that a review needs.
_LONG = pd.Timedelta(days=10_000)
#: Bills come a day or two late.
_LATE = pd.Timedelta(days=3)
#: Of these nothing for long is good news.
_HOPED_RARE = {"incident", "alert", "vulnerability", "restore_test", "recommendation", "cost_anomaly"}
_ENOUGH_WAITS, _ENOUGH_DAYS = 3, 20


@dataclass(frozen=True)
class Named:
    """One frame of one source, as a client's file names it.

    Attributes
    ----------
    frame, source : str
    keeps : Timedelta, optional
        How long its system remembers: 0 for what it shows only as it is now; None where it is not known,
        as of an exported file.
    """

    frame: str
    source: str
    keeps: pd.Timedelta | None


def silence(
    named: Sequence[Named], coverage: pd.DataFrame, attempts: Iterable[Attempt], month: Period,
    report_at: pd.Timestamp, now: pd.Timestamp, days: Mapping[tuple[str, str], pd.DatetimeIndex] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Answers: which sources stayed silent, since when, and what will be lost for good?

    Parameters
    ----------
    named : sequence of Named
    coverage : DataFrame
        `opsreport.coverage.COVERAGE`, the client's readings.
    attempts : iterable of Attempt
        When each was asked.
    month : Period
        The month whose report is made next.
    report_at : Timestamp
        When it is made.
    now : Timestamp
        The clock.
    days : mapping of (frame, source) to DatetimeIndex, optional
        The days on which a source listed something, ascending, where an end of them would be a sign.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each that is silent, in the order of `named`. ``since`` is up to when all is
        known (NaT: nothing ever was). What came then is lost for good from ``lost_from`` on, as fast as time
        passes; NaT where nothing is, or it is not known. ``lost_now`` and ``lost_by_report`` are how much of
        the month cannot be had any more by now, and when the report is made if it stays silent. [timedelta]
    """
    asked, rows = {(one.frame, one.source): one for one in attempts}, []
    for one in named:
        attempt = asked.get((one.frame, one.source))
        mine = coverage[(coverage["frame"] == one.frame) & (coverage["source"] == one.source)]
        read_at, told = _read_at(mine, attempt), _told_until(mine)
        told = min(told, read_at) if not pd.isna(told) else told  # nothing is known of what comes after a reading
        period = month.bill if FRAMES[one.frame].is_billed else month
        reason, since = _reason(one, attempt, read_at, told, period, now, (days or {}).get((one.frame, one.source)))
        if reason:
            why = attempt.why if attempt and attempt.status != "ok" else _why(mine)
            loss = _loss(one, mine, since, period, report_at, now) if reason != NO_ROWS else _no_loss()
            rows.append({"frame": one.frame, "source": one.source, "reason": reason, "since": since,
                         "why": why if reason in (UNREAD, NEVER) else "", "read_at": read_at,
                         "keeps": one.keeps, "month": month.name, "report_at": report_at, **loss})  # fmt: skip
    return _typed(rows)


def forgets_after(keeps: pd.Timedelta | None) -> pd.Timedelta | None:
    """How long after a reading the next one still tells of all between; None where always, or it is not known.

    A reading of what is so now stands for the day that it ends.

    Examples
    --------
    >>> forgets_after(pd.Timedelta(0)), forgets_after(pd.Timedelta(days=30))
    (Timedelta('1 days 02:00:00'), Timedelta('30 days 00:00:00'))
    >>> forgets_after(pd.Timedelta(days=36_500)), forgets_after(None)
    (None, None)
    """
    return None if keeps is None or keeps >= _LONG else max(keeps, A_DAY)


def lost_of(seen: Intervals, keeps: pd.Timedelta | None, period: Period, at: pd.Timestamp) -> pd.Timedelta:
    """How much of a period was never seen, and its system has forgotten at an instant."""
    kept = forgets_after(keeps)
    until = min(period.end, at - kept) if kept is not None else period.start
    return (Intervals([(period.start, until)]) - seen).measure() if until > period.start else pd.Timedelta(0)


def seen_of(readings: pd.DataFrame) -> Intervals:
    """The time that a source's readings told of."""
    return Intervals.from_frame(readings[readings["observed_start"].notna()], "observed_start", "observed_end")


def _reason(
    one: Named, attempt: Attempt | None, read_at: pd.Timestamp, told: pd.Timestamp, period: Period,
    now: pd.Timestamp, days: pd.DatetimeIndex | None,
) -> tuple[str, pd.Timestamp]:  # fmt: skip
    """Why it counts as silent, empty when it does not; and up to when all is known."""
    if pd.isna(read_at):
        return NEVER, pd.NaT
    if now - read_at > A_DAY:
        was_tried = attempt is not None and now - attempt.tried_at <= A_DAY
        # A source that told of no time of its own was known when it was read.
        return UNREAD if was_tried else NOT_RUN, told if not pd.isna(told) else read_at
    if not pd.isna(told) and _is_stale(one, attempt, told, period, now):
        return NOTHING_NEW, told
    if days is not None and one.frame not in _HOPED_RARE and _has_stopped(days, now):
        return NO_ROWS, days[-1]
    return "", pd.NaT


def _is_stale(one: Named, attempt: Attempt | None, told: pd.Timestamp, period: Period, now: pd.Timestamp) -> bool:
    """Whether what it tells of ends longer ago than it ever does; of an export also, before the month's end."""
    waits = sorted(attempt.waits) if attempt else []
    if len(waits) >= _ENOUGH_WAITS:  # one long wait may have been a fault
        return now - told > max(_LATE, 2 * pd.Timedelta(seconds=waits[-2]))
    if one.keeps is not None:
        return now - told > _LATE
    return now >= period.end > told


def _has_stopped(days: pd.DatetimeIndex, now: pd.Timestamp) -> bool:
    """Whether it lists nothing for three times as long as ever before; not told of what is seldom listed."""
    if len(days) < _ENOUGH_DAYS:
        return False
    longest = pd.Series(days).diff().max()
    return now - days[-1] > max(_LATE, 3 * longest)


def _loss(
    one: Named, readings: pd.DataFrame, since: pd.Timestamp, period: Period, report_at: pd.Timestamp, now: pd.Timestamp
) -> dict[str, Any]:
    seen, kept = seen_of(readings), forgets_after(one.keeps)
    known = period.start if pd.isna(since) else since
    return {
        "lost_from": pd.NaT if kept is None else known + kept,
        "lost_now": lost_of(seen, one.keeps, period, now),
        "lost_by_report": lost_of(seen, one.keeps, period, report_at),
    }


def _no_loss() -> dict[str, Any]:
    return {"lost_from": pd.NaT, "lost_now": pd.Timedelta(0), "lost_by_report": pd.Timedelta(0)}


def _read_at(readings: pd.DataFrame, attempt: Attempt | None) -> pd.Timestamp:
    times = [readings.loc[readings["status"] != "unavailable", "collected_at"].max(),
             attempt.read_at if attempt else pd.NaT]  # fmt: skip
    return max((at for at in times if not pd.isna(at)), default=pd.NaT)


def _told_until(readings: pd.DataFrame) -> pd.Timestamp:
    return readings.loc[readings["status"] != "unavailable", "observed_end"].max()


def _why(readings: pd.DataFrame) -> str:
    """Why the newest reading that gave nothing did not."""
    failed = readings[(readings["status"] == "unavailable") & readings["why"].notna()].sort_values("collected_at")
    return str(failed["why"].iloc[-1]) if len(failed) else ""


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    dtypes = dict.fromkeys(("since", "read_at", "lost_from", "report_at"), INSTANT)
    dtypes |= dict.fromkeys(("keeps", "lost_now", "lost_by_report"), "timedelta64[us]")
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=dtypes.get(name, object)) for name in COLUMNS}
    )
