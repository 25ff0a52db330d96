"""Half-open interval algebra: union, intersection, difference, clip, measure.

A set of time is a sorted run of disjoint, non-touching [start, end) pairs of UTC
microseconds. Whatever order or overlap the pairs come in, the set is the same,
so duplicated or overlapping outages cannot be counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd


class Intervals:
    """A set of instants, as disjoint half-open intervals.

    Parameters
    ----------
    pairs : iterable of (start, end)
        Timezone-aware timestamps; a pair whose end is not after its start is empty.

    Examples
    --------
    >>> at = lambda hour: pd.Timestamp(2026, 10, 1, hour, tz="UTC")
    >>> down = Intervals([(at(1), at(3)), (at(2), at(4)), (at(9), at(10))])
    >>> down.measure()
    Timedelta('0 days 04:00:00')
    >>> (down - Intervals([(at(2), at(3))])).measure()
    Timedelta('0 days 03:00:00')
    """

    __slots__ = ("_edges",)

    def __init__(self, pairs: Iterable[tuple[pd.Timestamp, pd.Timestamp]] = ()) -> None:
        micros = [(_micros(start), _micros(end)) for start, end in pairs]
        self._edges = _merged(np.array(micros, dtype="int64").reshape(-1, 2))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, start: str = "started_at", end: str = "ended_at") -> Intervals:
        """The union of a frame's rows; an open end (NaT) is refused: clip it first."""
        edges = np.column_stack([_column_micros(frame[start]), _column_micros(frame[end])])
        if (edges == pd.NaT.value).any():
            raise ValueError(f"{start} and {end} must be known; fill open ends before")
        made = cls()
        made._edges = _merged(edges)
        return made

    def __or__(self, other: Intervals) -> Intervals:
        return _combined(self, other, np.logical_or)

    def __and__(self, other: Intervals) -> Intervals:
        return _combined(self, other, np.logical_and)

    def __sub__(self, other: Intervals) -> Intervals:
        return _combined(self, other, lambda mine, theirs: mine & ~theirs)

    def clip(self, start: pd.Timestamp, end: pd.Timestamp) -> Intervals:
        """What lies in [start, end)."""
        return self & Intervals([(start, end)])

    def measure(self) -> pd.Timedelta:
        """Total time in the set."""
        total = int((self._edges[:, 1] - self._edges[:, 0]).sum())
        return pd.Timedelta(total, unit="us")

    def pairs(self) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """The disjoint intervals, oldest first."""
        return [(_instant(start), _instant(end)) for start, end in self._edges.tolist()]

    def __bool__(self) -> bool:
        return len(self._edges) > 0

    def __len__(self) -> int:
        return len(self._edges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and np.array_equal(self._edges, other._edges)

    def __repr__(self) -> str:
        inside = ", ".join(f"[{start} – {end})" for start, end in self.pairs())
        return f"Intervals({inside})"


def union(sets: Iterable[Intervals]) -> Intervals:
    """All time that lies in at least one of the sets."""
    made = Intervals()
    edges = [each._edges for each in sets]
    if edges:
        made._edges = _merged(np.concatenate(edges))
    return made


def _merged(edges: np.ndarray) -> np.ndarray:
    edges = edges[edges[:, 1] > edges[:, 0]]
    if not len(edges):
        return edges
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    reach = np.maximum.accumulate(edges[:, 1])
    opens = np.concatenate([[True], edges[1:, 0] > reach[:-1]])
    closes = np.concatenate([opens[1:], [True]])
    return np.column_stack([edges[opens, 0], reach[closes]])


def _combined(mine: Intervals, theirs: Intervals, rule: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Intervals:
    """Apply a rule to each stretch between two neighbouring edges of either set."""
    points = np.unique(np.concatenate([mine._edges.ravel(), theirs._edges.ravel()]))
    made = Intervals()
    if len(points) > 1:
        keep = rule(_holds(mine, points[:-1]), _holds(theirs, points[:-1]))
        made._edges = _merged(np.column_stack([points[:-1][keep], points[1:][keep]]))
    return made


def _holds(of: Intervals, points: np.ndarray) -> np.ndarray:
    started = np.searchsorted(of._edges[:, 0], points, side="right")
    ended = np.searchsorted(of._edges[:, 1], points, side="right")
    return started > ended


def _micros(instant: pd.Timestamp) -> int:
    return pd.Timestamp(instant).tz_convert("UTC").value // 1000  # value counts nanoseconds


def _column_micros(instants: pd.Series) -> np.ndarray:
    return instants.array.tz_convert("UTC").as_unit("us").asi8


def _instant(micros: int) -> pd.Timestamp:
    return pd.Timestamp(micros, unit="us", tz="UTC")
