"""Core Web Vitals: how fast pages felt to three of four visits, by the source's own percentile."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.metrics.rows import result
from opsreport.period import Period
from opsreport.schemas.performance import VITAL_LIMITS
from opsreport.theme import is_unknown

VITALS = ("page", "service", "lcp", "inp", "cls", "vital_rating", "visits", "note", "coverage")
EACH = ("page", "service", "vital", "vital_limit_multiple", "vital_rating", "lcp", "inp", "cls", "coverage")
GOOD, MIDDLING, POOR, UNKNOWN = "good", "needs improvement", "poor", "unknown"
_WORST_FIRST = (POOR, MIDDLING, UNKNOWN, GOOD)


def rating(vital: str, value: Any) -> str:
    """How a vital's 75th percentile is to be called.

    Examples
    --------
    >>> rating("lcp", 2.5), rating("lcp", 3.1), rating("cls", 0.3), rating("inp", None)
    ('good', 'needs improvement', 'poor', 'unknown')
    """
    if is_unknown(value):
        return UNKNOWN
    limit = VITAL_LIMITS[vital]
    return GOOD if value <= limit.good else POOR if value > limit.poor else MIDDLING


def web_vitals(web_vital: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Each page's web vitals in a month, at the 75th percentile of its visits.

    Answers: did pages feel fast?

    Percentiles are never averaged: a page's month comes from the one window that covers most of
    it, and a note says where that is not the month itself.

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
    # Of windows that cover as much of the month, the shortest is most about it.
    rows = web_vital.assign(
        covers=_covered(web_vital["started_at"], web_vital["ended_at"], period),
        lasts=web_vital["ended_at"] - web_vital["started_at"],
    )
    rows = rows.sort_values(["covers", "lasts", "page"], ascending=[False, True, True], kind="stable")
    recent = rows[(rows["started_at"] < period.end) & (rows["ended_at"] > period.previous().start)]
    made = [_page(row, period) for row in recent.drop_duplicates(["page", "service"]).to_dict("records")]
    made.sort(key=lambda row: (_WORST_FIRST.index(row["vital_rating"]), -_most(row), row["page"]))
    return result(made, VITALS)


def each_vital(vitals: pd.DataFrame) -> pd.DataFrame:
    """Every vital that is known, a row each, furthest beyond its limit first.

    Parameters
    ----------
    vitals : DataFrame
        From `web_vitals`.

    Returns
    -------
    DataFrame
        `EACH`; ``vital`` names the column that the row is of, and ``vital_limit_multiple`` is its
        value over the limit of good: above 1 it is beyond. [ratio]
    """
    rows = [
        {**page, "vital": name, "vital_rating": rating(name, page[name]),
         "vital_limit_multiple": page[name] / limit.good}
        for page in vitals.to_dict("records")
        for name, limit in VITAL_LIMITS.items() if not is_unknown(page[name])
    ]  # fmt: skip
    return result(sorted(rows, key=lambda row: -row["vital_limit_multiple"]), EACH)


def _page(row: dict[str, Any], period: Period) -> dict[str, Any]:
    told = {"page": row["page"], "service": row["service"], "coverage": row["covers"]}
    if not row["covers"]:
        return told | {"vital_rating": UNKNOWN, "note": "not measured in this month"}
    values = {name: None if is_unknown(row[name]) else float(row[name]) for name in VITAL_LIMITS}
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


def _most(row: dict[str, Any]) -> float:
    over = [row[name] / limit.good for name, limit in VITAL_LIMITS.items() if not is_unknown(row.get(name))]
    return max(over, default=0.0)
