"""Core Web Vitals: how fast pages felt to three of four visits, by the source's own percentile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreport.metrics.rows import result
from opsreport.period import Period
from opsreport.theme import is_unknown

VITALS = ("page", "service", "lcp", "inp", "cls", "vital_rating", "visits", "note", "coverage")
GOOD, MIDDLING, POOR, UNKNOWN = "good", "needs improvement", "poor", "unknown"
_WORST_FIRST = (POOR, MIDDLING, UNKNOWN, GOOD)


@dataclass(frozen=True)
class Limit:
    """Up to where a vital is good, and beyond what it is poor.

    Attributes
    ----------
    name : str
        In plain words.
    unit : str
        As `opsreport.theme.Style.text` writes it.
    """

    name: str
    unit: str
    good: float
    poor: float


#: At the 75th percentile of visits: https://web.dev/articles/vitals
LIMITS = {
    "lcp": Limit("largest paint", "seconds", 2.5, 4.0),
    "inp": Limit("answer to a tap", "seconds", 0.2, 0.5),
    "cls": Limit("layout shift", "number", 0.1, 0.25),
}


def rating(vital: str, value: Any) -> str:
    """How a vital's 75th percentile is to be called.

    Examples
    --------
    >>> rating("lcp", 2.5), rating("lcp", 3.1), rating("cls", 0.3), rating("inp", None)
    ('good', 'needs improvement', 'poor', 'unknown')
    """
    if is_unknown(value):
        return UNKNOWN
    limit = LIMITS[vital]
    return GOOD if value <= limit.good else POOR if value > limit.poor else MIDDLING


def web_vitals(web_vital: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Each page's web vitals in a month, at the 75th percentile of its visits.

    Answers: did pages feel fast?

    Percentiles are never averaged: a page's month comes from the one window that covers most of
    it (a window without an end is the month that it begins in), and a note says where that is
    not the month itself.

    Parameters
    ----------
    web_vital : DataFrame
        The frame ``web_vital``, whole history.

    Returns
    -------
    DataFrame
        `VITALS`, the worst rated first. A page that is known from the month before but was not
        measured in this one is there, unknown. ``coverage`` is the share of the month in the
        window. [s, ratio, share]
    """
    ended = web_vital["ended_at"].fillna(web_vital["started_at"].map(lambda at: _month_end(at, period)))
    rows = web_vital.assign(ended_at=ended, covers=_covered(web_vital["started_at"], ended, period))
    # Of windows that cover as much of the month, the shortest is most about it.
    rows = rows.assign(lasts=rows["ended_at"] - rows["started_at"])
    rows = rows.sort_values(["covers", "lasts", "page"], ascending=[False, True, True], kind="stable")
    recent = rows[(rows["started_at"] < period.end) & (rows["ended_at"] > period.previous().start)]
    made = [_page(row, period) for row in recent.drop_duplicates(["page", "service"]).to_dict("records")]
    made.sort(key=lambda row: (_WORST_FIRST.index(row["vital_rating"]), -_most(row), row["page"]))
    return result(made, VITALS)


def beyond(vitals: pd.DataFrame) -> list[tuple[pd.Series, str]]:
    """The vitals that are beyond good, each as its page's row and its column: furthest beyond first."""
    found = [(row, name) for _, row in vitals.iterrows() for name in LIMITS
             if rating(name, row[name]) in (MIDDLING, POOR)]  # fmt: skip
    return sorted(found, key=lambda one: -one[0][one[1]] / LIMITS[one[1]].good)


def _page(row: dict[str, Any], period: Period) -> dict[str, Any]:
    told = {"page": row["page"], "service": row["service"], "coverage": row["covers"]}
    if not row["covers"]:
        return told | {"vital_rating": UNKNOWN, "note": "not measured in this month"}
    values = {name: None if is_unknown(row[name]) else float(row[name]) for name in LIMITS}
    each = {rating(name, value) for name, value in values.items()}
    return told | values | {
        "vital_rating": next(one for one in _WORST_FIRST if one in each), "note": _window(row, period),
        "visits": None if is_unknown(row["visits"]) else float(row["visits"]),
    }  # fmt: skip


def _window(row: dict[str, Any], period: Period) -> str:
    """The days of a window that is not the month."""
    for days in (period, period.bill):
        if (row["started_at"], row["ended_at"]) == (days.start, days.end):
            return ""
    first = row["started_at"].tz_convert(period.zone).date()
    last = (row["ended_at"] - pd.Timedelta(seconds=1)).tz_convert(period.zone).date()
    return f"measured from {first} to {last}"


def _covered(starts: pd.Series, ends: pd.Series, period: Period) -> pd.Series:
    common = ends.clip(upper=period.end) - starts.clip(lower=period.start)
    share = common.clip(lower=pd.Timedelta(0)) / (period.end - period.start)
    # A month in UTC is the month.
    return share.mask((starts == period.bill.start) & (ends == period.bill.end), 1.0)


def _month_end(start: pd.Timestamp, period: Period) -> pd.Timestamp:
    zone = "UTC" if start == start.tz_convert("UTC").normalize() else period.zone
    return Period.month(start.tz_convert(zone).strftime("%Y-%m"), zone).end


def _most(row: dict[str, Any]) -> float:
    over = [row[name] / limit.good for name, limit in LIMITS.items() if not is_unknown(row.get(name))]
    return max(over, default=0.0)
