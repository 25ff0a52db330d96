"""Rows of a metric's result as a frame, the spread of a handful of durations, a scorecard's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd

from opsreport.exhibit import Rows
from opsreport.period import Period
from opsreport.schemas import INSTANT, MEASURES, TEXT
from opsreport.schemas.scorecard import SCORECARD
from opsreport.theme import is_unknown

#: Below this many, a rate or a percentile is withheld and the events are listed.
FEW = 5

_TIME = "timedelta64[us]"
_DTYPES = {"duration": _TIME, "elapsed": _TIME, "instant": INSTANT, "date": "object", "text": TEXT}


def result(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows as a frame with these columns, each with the dtype of its unit.

    Numbers are float64, so that NaN can say unknown; no row gives an empty frame.
    """
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], dtype=_DTYPES.get(MEASURES[name].unit, "float64"))
            for name in columns
        }
    )


def spread(durations: pd.Series) -> tuple[float, pd.Timedelta, pd.Timedelta]:
    """How many durations are known, their median and their 90th percentile.

    Percentiles are interpolated linearly, and NaT (withheld) where fewer than five are known.

    Examples
    --------
    >>> hours = pd.Series(pd.to_timedelta([1, 2, 3, 4, 9], unit="h"))
    >>> spread(hours)
    (5, Timedelta('0 days 03:00:00'), Timedelta('0 days 07:00:00'))
    >>> spread(hours.head(4))
    (4, NaT, NaT)
    """
    known = durations.dropna()
    if len(known) < FEW:
        return len(known), pd.NaT, pd.NaT
    return len(known), known.quantile(0.5), known.quantile(0.9)


def share(part: float, whole: float) -> float:
    """A part of a whole; NaN when there is no whole. [share]"""
    return part / whole if whole else float("nan")


def score(
    id: str, measure: str, unit: str, of: Callable[[Period], Any], period: Period, baseline: Period | None, *,
    section: str, coverage: float, target: Any = None, verdict: str = "unknown", adds_up: bool = False,
    rows: Rows | None = None, currency: str = "", worst: Any = None, best: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """A scorecard's row, of one function asked about each month.

    Parameters
    ----------
    of : callable
        The measure in any period.
    adds_up : bool
        Whether it grows with the days (a count, a total time): then the baseline is scaled
        to as many days as the month has.
    rows : Rows, optional
        Those behind it, where they are not all of the section's frame.
    worst, best
        This month's figure if all that is not known was bad, and good, where that is worked out.

    Returns
    -------
    dict
        As `opsreport.schemas.scorecard.SCORECARD` lists; durations in the trend are in minutes.
        A zero of a month of which nothing was seen is unknown.
    """
    months = [of(month) for month in period.history(13)]
    months[-1] = _unless_blind(months[-1], coverage)
    before = of(baseline) if baseline else None
    if adds_up and not is_unknown(before):
        before = before * (period.day_count / baseline.day_count)
    return {
        "id": id, "measure": measure, "unit": unit, "currency": currency, "this_month": months[-1],
        "target": target, "last_month": months[-2], "baseline": before, "coverage": coverage,
        "verdict": verdict, "section": section, "trend": [_plain(value) for value in months], "rows": rows,
        "worst": worst, "best": best,
    }  # fmt: skip


def telling(rows: pd.DataFrame, columns: Sequence[str], unknown: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Those of a table's columns that say something: not zero, and not a dash, in every row.

    Parameters
    ----------
    unknown : mapping of str to str
        As `opsreport.tables.table` takes it: a missing value says nothing where it reads "–".

    Examples
    --------
    >>> told = pd.DataFrame({"failed": [0, 0], "missing": [0, 2], "due": [None, None], "ended": [None, None]})
    >>> telling(told, ["failed", "missing", "due", "ended"], {"ended": "–"})
    ['missing', 'due']
    """
    return [name for name in columns if not _says_nothing(rows[name], unknown.get(name) == "–")]


def _says_nothing(values: pd.Series, is_dash: bool) -> bool:
    if values.empty:
        return False
    return all(is_dash if is_unknown(value) else not isinstance(value, str) and not value for value in values)


def scorecard_rows(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows as the scorecard's frame; values of several units stand in one column, as objects."""
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in SCORECARD})


def _unless_blind(value: Any, coverage: float) -> Any:
    """A figure; where nothing was seen, nothing found is not zero but unknown."""
    return None if coverage == 0 and not is_unknown(value) and not value else value


def _plain(value: Any) -> float | Decimal | None:
    """A month's figure as a trend holds it: money stays exact."""
    if is_unknown(value):
        return None
    if isinstance(value, pd.Timedelta):
        return value / pd.Timedelta(minutes=1)
    return value if isinstance(value, Decimal) else float(value)
