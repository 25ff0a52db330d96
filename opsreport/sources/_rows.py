"""Making frames of a system's answers: items, times, exact amounts, and how far back each system tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any, TypeVar

import pandas as pd

from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import Pages
from opsreport.sources._questions import Answer

T = TypeVar("T")

#: How far back a reading of what is so now tells: collected daily, nothing lies between two.
_A_DAY = pd.Timedelta(hours=26)
#: What a system shows only as it is now; and what it never forgets.
ONLY_NOW, FOR_EVER = pd.Timedelta(0), pd.Timedelta(days=36_500)


def each(answers: tuple[Answer, ...], operation: str, key: str) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """The items under a key of every answer to one operation, with the answer each came in."""
    for answer in answers:
        if answer.operation == operation:
            for item in answer.body.get(key) or []:
                yield answer, item


def told(keeps: dict[str, pd.Timedelta]) -> Callable[..., dict[str, tuple[pd.Timestamp, pd.Timestamp]]]:
    """A source's ``observed``, by how long its system remembers.

    The window reaches from what is asked for, or since when the system remembers, to now. A reading of what is
    so now tells of the day that it ends.
    """

    def observed(
        frames: dict[str, pd.DataFrame], pages: Pages, period: Period
    ) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
        windows, now = {}, pages.extra["now"]
        for frame in frames:
            if keeps[frame] == ONLY_NOW:
                windows[frame] = (now - _A_DAY, now)
                continue
            start, end = max(period.start, now - keeps[frame]), min(period.end, now)
            windows[frame] = (start, end) if start < end else (pd.NaT, pd.NaT)
        return windows

    return observed


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, so many at a time as one request takes."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def rows_of(frame: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as the frame, also where there is none."""
    return FRAMES[frame].conform(pd.DataFrame(rows)) if rows else FRAMES[frame].empty()


def instant(value: Any) -> pd.Timestamp | None:
    """A time of an answer, in UTC; None where there is none."""
    return None if value is None else pd.Timestamp(value).tz_convert("UTC").as_unit("us")


#: Sums of amounts keep all of their digits.
EXACT = Context(prec=60)
_QUANTUM = Decimal(1).scaleb(-18)


def amount(value: Any) -> Decimal | None:
    """An exact number of an answer, at the eighteen decimals that frames hold; None where there is none.

    Examples
    --------
    >>> amount("604.4560000000000172803993336856365203857421875")
    Decimal('604.456000000000017280')
    >>> amount(0.1), amount("N/A"), amount(None)
    (Decimal('0.100000000000000000'), None, None)
    """
    try:
        read = Decimal(str(value)).quantize(_QUANTUM, context=EXACT)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None
