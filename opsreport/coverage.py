"""What was seen: per frame and source, the time asked for, the time observed, and why not all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import pandas as pd

from opsreport.intervals import Intervals, union
from opsreport.period import Period
from opsreport.schemas import DECIMAL, INSTANT, Column, Frame

STATUSES = ("ok", "partial", "unavailable")

_DAY = pd.Timedelta(hours=25)

COVERAGE = Frame(
    name="coverage",
    title="Readings",
    one_row_is="a reading of one source for one frame",
    key=("frame", "source", "requested_start", "requested_end", "observed_start"),
    starts="requested_start",
    columns=(
        Column("frame", "which frame", required=True),
        Column("source", "which source", required=True),
        Column("requested_start", "start of the window asked for", INSTANT, required=True),
        Column("requested_end", "its end", INSTANT, required=True),
        Column("observed_start", "start of what the source could tell of", INSTANT),
        Column("observed_end", "its end", INSTANT),
        Column("rows", "rows read", DECIMAL, "rows", required=True),
        Column("status", "ok, partial or unavailable", required=True),
        Column("why", "what is missing, and why"),
        Column("inputs", "JSON list of what was read: path, sha256, bytes"),
        Column("collected_at", "when it was read", INSTANT, required=True),
    ),
)


@dataclass(frozen=True)
class Coverage:
    """One reading of one source for one frame.

    Attributes
    ----------
    frame, source : str
    requested_start, requested_end : Timestamp
        The window asked for.
    observed_start, observed_end : Timestamp
        What the source could tell of; NaT when nothing.
    rows : int
    status : str
        ok, partial, or unavailable.
    why : str
        What is missing and why; empty when ok.
    inputs : str
        JSON list of {path, sha256, bytes} of what was read, and {path, unread} of what could
        not be; no secret, no address with one.
    """

    frame: str
    source: str
    requested_start: pd.Timestamp
    requested_end: pd.Timestamp
    observed_start: pd.Timestamp
    observed_end: pd.Timestamp
    rows: int
    status: str
    why: str = ""
    inputs: str = "[]"

    def record(self) -> dict[str, object]:
        """As a row of the coverage table."""
        return asdict(self)


@dataclass(frozen=True)
class Seen:
    """What the sources of a frame could tell of, each for itself.

    Attributes
    ----------
    sources : tuple of tuples of (Intervals, float)
        Of each source its stretches of time, which are disjoint, each with the share of its
        files that could be read.
    known : Timestamp, optional
        When the records of a period that still runs were read: nothing later has happened yet.
    listed : tuple of Timestamp
        Of each source, when it last listed records and could tell of no time of its own, since its
        system had forgotten what was asked for: these were there then. NaT where it never did.
    names : tuple of str
        The sources' names, as rows carry them in ``source``; empty where they are not told.
    """

    sources: tuple[tuple[tuple[Intervals, float], ...], ...] = ()
    known: pd.Timestamp | None = None
    listed: tuple[pd.Timestamp, ...] = ()
    names: tuple[str, ...] = ()

    def share(self, period: Period) -> float:
        """Share of a period that was seen: the mean of the sources, since none makes up for another. [share]"""
        length = period.end - period.start
        shares = [
            sum(time.clip(period.start, period.end).measure() / length * read for time, read in parts)
            for parts in self.sources
        ]
        return sum(shares) / len(shares) if shares else 0.0


def observed(coverage: pd.DataFrame, frame: str) -> Intervals:
    """The time that at least one source of a frame could tell of."""
    rows = coverage[(coverage["frame"] == frame) & coverage["observed_start"].notna()]
    return Intervals.from_frame(rows, "observed_start", "observed_end")


def share_seen(seen: Intervals | Seen, period: Period) -> float:
    """Share of a period that was seen; NaN never, 0 when nothing was. [share]"""
    if isinstance(seen, Seen):
        return seen.share(period)
    return seen.clip(period.start, period.end).measure() / (period.end - period.start)


def known_until(seen: Intervals | Seen | None, period: Period) -> pd.Timestamp:
    """The end of a period, or in one that still runs when its records were read."""
    known = seen.known if isinstance(seen, Seen) else None
    return period.end if known is None else min(period.end, known)


def days_passed(seen: Intervals | Seen | None, period: Period) -> float:
    """The days of a period; of one that still runs, those that had passed when its records were read. [d]"""
    until = known_until(seen, period)
    return period.day_count if until == period.end else (until - period.start) / pd.Timedelta(days=1)


def seen_until(seen: Intervals | Seen | None, period: Period) -> pd.Timestamp:
    """Up to when it is known that what is still open was open: the end of what was seen, or of the period.

    Of several sources that tell of the period, the one that ends first; where none ever told of
    anything, the period's end.

    Examples
    --------
    >>> october = Period.month("2026-10")
    >>> half = Intervals([(october.start, pd.Timestamp("2026-10-17", tz="UTC"))])
    >>> str(seen_until(half, october))
    '2026-10-17 00:00:00+00:00'
    >>> seen_until(None, october) == seen_until(Intervals(), october) == october.end
    True
    """
    each = [union(time for time, _ in parts) for parts in seen.sources] if isinstance(seen, Seen) else [seen]
    # What begins after the period tells nothing of its end.
    ends = [max((min(end, period.end) for start, end in time.pairs() if start < period.end), default=None)
            for time in each if time]  # fmt: skip
    told = [end for end in ends if end is not None]
    within = [end for end in told if end > period.start]
    return min([*(within or [max(told, default=period.end)]), known_until(seen, period)])


def of_source(seen: Intervals | Seen | None, source: object) -> Intervals | Seen | None:
    """What one source could tell of; all that was seen, where its sources have no names or this is none of them.

    Examples
    --------
    >>> of_source(Seen(((), ()), names=("trivy", "grype")), "grype").names
    ('grype',)
    """
    if not isinstance(seen, Seen) or source not in seen.names:
        return seen
    at = seen.names.index(source)
    return Seen(seen.sources[at : at + 1], seen.known, seen.listed[at : at + 1], (source,))


def seen_until_each(seen: Intervals | Seen | None, period: Period, rows: pd.DataFrame) -> pd.Series:
    """`seen_until` of each row, by what its own source could tell of; where rows name none, of all sources."""
    sources = (rows["source"] if "source" in rows else pd.Series("", rows.index, dtype=object)).fillna("")
    ends = {source: seen_until(of_source(seen, source), period) for source in sources.unique()}
    return pd.Series([ends[source] for source in sources], rows.index, dtype=INSTANT)


def told_until(seen: Intervals | Seen | None) -> pd.Timestamp:
    """The latest that is known of every source that told of anything; NaT where none did.

    What was there before and is still listed then was there all the time between.

    Examples
    --------
    >>> day = pd.Timestamp("2026-11-24", tz="UTC")
    >>> str(told_until(Intervals([(day, day + pd.Timedelta(days=1))])))
    '2026-11-25 00:00:00+00:00'
    >>> told_until(Seen(sources=(((Intervals(), 1.0),),), listed=(day,))) == day
    True
    """
    each = [union(time for time, _ in parts) for parts in seen.sources] if isinstance(seen, Seen) else [seen]
    listed = seen.listed if isinstance(seen, Seen) and seen.listed else (pd.NaT,) * len(each)
    ends = [max([*(end for _, end in (time or Intervals()).pairs()), *([at] if not pd.isna(at) else [])], default=None)
            for time, at in zip(each, listed, strict=True)]  # fmt: skip
    return min((end for end in ends if end is not None), default=pd.NaT)


def listed_last(readings: pd.DataFrame) -> pd.Timestamp:
    """When one source last listed records without a time that it could tell of; NaT where it never did."""
    found = (readings["status"] != "unavailable") & readings["observed_start"].isna() & (readings["rows"] > 0)
    return readings.loc[found, "collected_at"].max()


def parts_seen(readings: pd.DataFrame, missing: Intervals) -> tuple[tuple[Intervals, float], ...]:
    """One source's time, with the share of the files that could be read, without what is known to be missing."""
    known = readings[readings["observed_start"].notna()]
    shares = known["inputs"].map(_share_read) if len(known) else pd.Series([], dtype="float64")
    whole, part = (
        Intervals.from_frame(rows, "observed_start", "observed_end") - missing
        for rows in (known[shares == 1], known[shares < 1])
    )
    return ((whole, 1.0), (part - whole, float(shares.min()))) if part else ((whole, 1.0),)


def days_without_usage(cost: pd.DataFrame) -> list[pd.Timestamp]:
    """Days (UTC) without any usage between days that have some; none where a bill is not by the day."""
    usage = cost[(cost["charge_category"] == "Usage") & cost["charge_period_end"].notna()]
    daily = usage[usage["charge_period_end"] - usage["charge_period_start"] <= _DAY]
    seen = pd.DatetimeIndex(daily["charge_period_start"].dt.floor("D").unique())
    return list(pd.date_range(seen.min(), seen.max(), freq="D").difference(seen)) if len(seen) else []


def without_observation(readings: pd.DataFrame, monitor_state: pd.DataFrame) -> Intervals:
    """The time read of a source in which none of its monitors saw anything: they were paused, or it is not known.

    Parameters
    ----------
    readings, monitor_state : DataFrame
        One source's readings, and its rows of the frame ``monitor_state``.
    """
    known = readings[readings["observed_start"].notna()]
    saw = monitor_state[monitor_state["state"].isin(["up", "down", "degraded", "maintenance"])]
    return Intervals.from_frame(known, "observed_start", "observed_end") - Intervals.from_frame(saw)


def close_unlisted(frame: Frame, rows: pd.DataFrame, coverage: pd.DataFrame) -> None:
    """End, in place, what is listed no more: its source was read whole since, and did not list it.

    A recommendation is closed when it was last listed. A vulnerability counts as fixed from the first
    whole reading without it, so that nothing seems to have been fixed sooner than is known.
    """
    last, ends = rows["last_seen_at"], rows[frame.ends]
    is_open = ends.isna() & last.notna()
    if "status" in rows:
        is_open &= rows["status"] == "proposed"
    whole = coverage[(coverage["frame"] == frame.name) & (coverage["status"] == "ok")]
    for source, times in whole.groupby("source")["observed_end"]:
        readings = times.dropna().sort_values()
        mine = last[is_open & (rows["source"] == source) & (last < readings.max())]
        after = readings.iloc[readings.searchsorted(mine, side="right")].set_axis(mine.index)
        rows.loc[mine.index, frame.ends] = after if frame.name == "vulnerability" else mine


def _share_read(inputs: str | float) -> float:
    """Share of a reading's files that could be read; 1 where it says of none that it could not."""
    files = [one for one in json.loads(inputs) if not one.get("aside")] if isinstance(inputs, str) else []
    lost = sum("unread" in record for record in files)
    return 1 - lost / len(files) if lost else 1.0
