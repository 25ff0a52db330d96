"""A monitor's samples as stretches of time up or down, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from opsreport.intervals import Intervals, union
from opsreport.sources._prometheus import Series

_STATES = {"1": "up", "0": "down"}
_Run = tuple[pd.Timestamp, pd.Timestamp, str]


def stretches(each: list[Series], step: pd.Timedelta) -> dict[str, Intervals]:
    """When a monitor was up, and when down: where its series differ it is down."""
    runs = [run for one in each for run in _runs(one, int(step / pd.Timedelta(milliseconds=1)))]
    up, down = (Intervals((begin, end) for begin, end, state in runs if state == wanted) for wanted in ("up", "down"))
    return {"up": up - down, "down": down}


def faults(each: list[Series], step: pd.Timedelta) -> Iterator[str]:
    """What is wrong with a monitor's samples."""
    strange = sorted({value for one in each for _, value in one.values if value not in _STATES})
    if strange:
        yield f"{strange[0]} is neither 1, up, nor 0, down: unknown"
    gaps = [np.median(np.diff(sorted(dict(one.values)))) / 1000 for one in each if len(one.values) > 2]
    if gaps and min(gaps) > 1.5 * step.total_seconds():
        yield f"its samples come every {min(gaps):.0f} s: set step, which is {step.total_seconds():.0f} s"


def overlap(each: list[Series], step: pd.Timedelta) -> bool:
    """Whether several series tell of one time for longer than a scrape or two."""
    alone = [union(stretches([one], step).values()) for one in each]
    twice = sum((time.measure() for time in alone), pd.Timedelta(0)) - union(alone).measure()
    return bool(twice > 2 * step)


def _runs(one: Series, step: int) -> Iterator[_Run]:
    """The samples of a series that say the same without a gap, as from when to when; a gap's state is not told."""
    values = dict(one.values)
    at = np.array(sorted(values), dtype="int64")
    states = np.array([_STATES.get(values[when], "") for when in at.tolist()])
    follows = np.append(np.diff(at) <= 1.5 * step, False)
    ends = np.where(follows, np.append(at[1:], 0), at + step)
    last = np.flatnonzero(~follows | np.append(states[1:] != states[:-1], True))
    first = np.append(0, last[:-1] + 1)
    for begin, end in zip(first, last, strict=True):
        yield _instant(at[begin]), _instant(ends[end]), str(states[begin])


def _instant(millis: np.int64) -> pd.Timestamp:
    return pd.Timestamp(int(millis), unit="ms", tz="UTC").as_unit("us")
