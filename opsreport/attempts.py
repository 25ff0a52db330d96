"""When each source was last asked and last answered: what the store's coverage, which keeps what was seen, forgets.

``<store>/<client>/attempts.json`` holds an entry for each frame and source. Coverage says nothing of a reading
that changed nothing, and nothing of a failure after a success; this does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.coverage import Coverage
from opsreport.errors import StoreError
from opsreport.home import one_at_a_time, write_whole

FILE = "attempts.json"
#: How long two daily readings may lie apart: a day of 25 hours, and an hour of being late.
A_DAY = pd.Timedelta(hours=26)
_WAITS = 30  # that are remembered


@dataclass(frozen=True)
class Attempt:
    """What is known of asking one source for one frame.

    Attributes
    ----------
    frame, source : str
    tried_at : Timestamp
        When it was last asked.
    read_at : Timestamp
        When it last answered, if only in part; NaT when it never did.
    status, why : str
        Of the last time.
    told_until : Timestamp
        The latest time that it ever told of; NaT when of none.
    waits : tuple of float
        How old what was known had grown each time that it told of more, newest last, at most 30;
        without those after a day on which it was not read. [s]
    """

    frame: str
    source: str
    tried_at: pd.Timestamp
    read_at: pd.Timestamp
    status: str
    why: str
    told_until: pd.Timestamp
    waits: tuple[float, ...] = ()

    def after(self, told: Coverage, now: pd.Timestamp) -> Attempt:
        """As it is known after one more reading."""
        end, was_read = told.observed_end, told.status != "unavailable"
        moved = was_read and not pd.isna(end) and (pd.isna(self.told_until) or end > self.told_until)
        # What piled up while nobody asked says nothing of how the source itself works.
        is_wait = moved and not pd.isna(self.told_until) and now - self.read_at <= A_DAY
        waits = (*self.waits, (now - self.told_until).total_seconds())[-_WAITS:] if is_wait else self.waits
        return Attempt(told.frame, told.source, now, now if was_read else self.read_at, told.status, told.why,
                       end if moved else self.told_until, waits)  # fmt: skip


def record(folder: Path, readings: Sequence[Coverage], now: pd.Timestamp) -> None:
    """Note what was asked and what came of it, in one step.

    Parameters
    ----------
    folder : Path
        The client's folder in the store.
    readings : sequence of Coverage
        One for each frame and source that was asked.
    now : Timestamp
        When.

    Raises
    ------
    StoreError
        When it cannot be read or written; what was noted before stays.
    """
    with one_at_a_time(folder):
        known = {(one.frame, one.source): one for one in read(folder)}
        for told in readings:
            before = known.get((told.frame, told.source)) or _never(told.frame, told.source)
            known[told.frame, told.source] = before.after(told, now)
        text = json.dumps([_plain(known[key]) for key in sorted(known)], ensure_ascii=False, indent=0)
        try:
            write_whole(folder / FILE, text)
        except OSError as error:
            raise StoreError(f"{folder / FILE} cannot be written: {error.strerror}", hint="check disk space") from error


def read(folder: Path) -> list[Attempt]:
    """What is known of each source; nothing where nothing was noted.

    Raises
    ------
    StoreError
        When the file cannot be read.
    """
    path = folder / FILE
    try:
        return [_attempt(one) for one in json.loads(path.read_text("utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} cannot be read: {error}", hint="remove it: the next collect begins anew") from error


def _never(frame: str, source: str) -> Attempt:
    return Attempt(frame, source, pd.NaT, pd.NaT, "", "", pd.NaT)


def _plain(one: Attempt) -> dict[str, Any]:
    times = {name: getattr(one, name) for name in ("tried_at", "read_at", "told_until")}
    written = {name: None if pd.isna(at) else at.isoformat() for name, at in times.items()}
    return {"frame": one.frame, "source": one.source, **written, "status": one.status, "why": one.why,
            "waits": list(one.waits)}  # fmt: skip


def _attempt(one: dict[str, Any]) -> Attempt:
    tried, read_at, told = (pd.NaT if one[name] is None else pd.Timestamp(one[name]).tz_convert("UTC")
                            for name in ("tried_at", "read_at", "told_until"))  # fmt: skip
    words = {name: str(one[name]) for name in ("frame", "source", "status", "why")}
    return Attempt(**words, tried_at=tried, read_at=read_at, told_until=told,
                   waits=tuple(float(wait) for wait in one["waits"]))  # fmt: skip
