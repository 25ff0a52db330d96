"""Which windows of a service's load count: each instant at most once, whatever was exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from opsreport.agreement import terms_in
from opsreport.params.models import Agreement
from opsreport.params.operations import PerformanceTarget
from opsreport.period import Period

HOUR = pd.Timedelta(hours=1)
_BILL_MONTH = "the source's month, counted in UTC"


@dataclass(frozen=True)
class Windows:
    """Windows of one service that do not overlap.

    Attributes
    ----------
    rows : DataFrame
        Of the frame ``request_load``, oldest first.
    coverage : float
        Share of the period that they cover. [share]
    note : str
        Where their time is not quite the period's.
    """

    rows: pd.DataFrame
    coverage: float
    note: str = ""


@dataclass(frozen=True)
class Span:
    """A part of a period under one target; the whole of it unless what was agreed changed."""

    period: Period
    target: PerformanceTarget | None


def counted(rows: pd.DataFrame, period: Period, known: Sequence[str]) -> Windows:
    """The windows that tell of a period without telling of any time twice.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``request_load`` of one service; hours, days and whole months may stand side by
        side, as exports have them.
    known : sequence of str
        Columns without which a window tells nothing.

    Returns
    -------
    Windows
        Of windows that overlap the one that begins first counts, and of those that begin
        together the longest: of windows that lie in each other, such as hours in a month,
        these cover all that any of them covers. A window across the period's border is left
        out, since its share of the period is not known, but for an hour, which counts where it
        begins; and the source's own month in UTC stands for a month of which nothing else
        tells wholly, and says so.
    """
    told = rows[rows[list(known)].notna().all(axis=1) & (rows["started_at"] < rows["ended_at"])]
    is_short = told["ended_at"] - told["started_at"] <= HOUR
    inside = told[period.contains(told["started_at"]) & (is_short | (told["ended_at"] <= period.end))]
    kept = disjoint(inside)
    length = (kept["ended_at"] - kept["started_at"]).sum()
    coverage = min(1.0, float(length / (period.end - period.start))) if len(kept) else 0.0
    if coverage < 1 and len(month := _source_month(told, period)):
        return Windows(month, 1.0, "" if period.bill.start == period.start else _BILL_MONTH)
    return Windows(kept, coverage)


def whole(rows: pd.DataFrame, period: Period, known: Sequence[str]) -> Windows:
    """The one window that is the period itself, or the source's month in UTC; else none."""
    told = rows[rows[list(known)].notna().all(axis=1)]
    own = told[(told["started_at"] == period.start) & (told["ended_at"] == period.end)]
    if len(own):
        return Windows(own.head(1), 1.0)
    month = _source_month(told, period)
    return Windows(month, 1.0 if len(month) else 0.0, _BILL_MONTH if len(month) else "")


def spans(agreements: list[Agreement], period: Period, service: str) -> list[Span]:
    """A period in parts of one target for a service each; None where nothing was agreed."""
    parts, day = [], period.first_day
    for term in terms_in(agreements, period):
        target = next((one for one in term.agreement.performance if one.service == service), None)
        if day < term.period.first_day:
            parts.append(Span(Period(day, term.period.first_day, period.zone), None))
        parts.append(Span(term.period, target))
        day = term.period.end_day
    if day < period.end_day:
        parts.append(Span(Period(day, period.end_day, period.zone), None))
    return _joined(parts)


def unseen_requests(windows: Windows, period: Period) -> Fraction:
    """The most requests that the time not seen can hold: it is taken to be as busy as the busiest window seen."""
    hidden = Fraction(1) - Fraction(windows.coverage).limit_denominator(10**9)
    if hidden <= 0 or windows.rows.empty:
        return Fraction(0)
    seconds = (windows.rows["ended_at"] - windows.rows["started_at"]) / pd.Timedelta(seconds=1)
    busiest = (windows.rows["requests"].astype("float64") / seconds).max()
    return Fraction(busiest * (period.hours * 3600)) * hidden if busiest > 0 else Fraction(0)


def disjoint(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without those that overlap one before; of those that begin together the longest stays."""
    ordered = rows.sort_values(["started_at", "ended_at"], ascending=[True, False], kind="stable", ignore_index=True)
    starts, ends = (ordered[name].astype("int64").to_numpy() for name in ("started_at", "ended_at"))
    keep, reach = np.zeros(len(ordered), dtype=bool), None
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if reach is None or start >= reach:
            keep[place], reach = True, end
    return ordered[keep].reset_index(drop=True)


def _source_month(rows: pd.DataFrame, period: Period) -> pd.DataFrame:
    if not period.is_month:
        return rows.iloc[:0]
    in_utc = (rows["started_at"] == period.bill.start) & (rows["ended_at"] == period.bill.end)
    return rows[in_utc].head(1).reset_index(drop=True)


def _joined(parts: list[Span]) -> list[Span]:
    made: list[Span] = []
    for part in parts:
        if made and made[-1].target == part.target:
            earlier = made.pop().period
            part = Span(Period(earlier.first_day, part.period.end_day, earlier.zone), part.target)
        made.append(part)
    return made
