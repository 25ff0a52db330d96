"""What was seen: per frame and source, the time asked for, the time observed, and why not all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.period import Period

STATUSES = ("ok", "partial", "unavailable")


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
        JSON list of {path, sha256, bytes} of what was read; no secret, no address with one.
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


def observed(coverage: pd.DataFrame, frame: str) -> Intervals:
    """The time that at least one source of a frame could tell of."""
    rows = coverage[(coverage["frame"] == frame) & coverage["observed_start"].notna()]
    return Intervals.from_frame(rows, "observed_start", "observed_end")


def share_seen(seen: Intervals, period: Period) -> float:
    """Share of a period that was seen; NaN never, 0 when nothing was. [share]"""
    return seen.clip(period.start, period.end).measure() / (period.end - period.start)
