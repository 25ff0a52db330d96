"""Load: how much was asked of each service, and how much of it failed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.metrics.load_windows import HOUR, Span, Windows, counted, disjoint, spans, unseen_requests
from opsreport.metrics.rows import result, share
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

TRAFFIC = (
    "service", "term_from", "term_to", "requests", "last_requests", "requests_change", "errors", "error_rate",
    "error_rate_target", "error_rate_best", "error_rate_worst", "verdict", "note", "coverage",
)  # fmt: skip
DAILY = ("load_day", "requests", "errors", "error_rate", "coverage")
TOTALS = ("period", "requests", "last_requests", "requests_change", "errors", "error_rate", "coverage")
_DAY = pd.Timedelta(hours=25)


def traffic(request_load: pd.DataFrame, period: Period, agreements: list[Agreement]) -> pd.DataFrame:
    """What was asked of each service, and how much of it failed.

    Answers: how busy was it, is it growing, and did fewer requests fail than was agreed?

    Parameters
    ----------
    request_load : DataFrame
        The frame ``request_load``, whole history.
    agreements : list of Agreement

    Returns
    -------
    DataFrame
        `TRAFFIC`, busiest first; one row a service, more where its target changed within the
        period. Windows that overlap, such as a month beside its hours, count once; hours
        without data are unknown, not quiet, and ``coverage`` is the share of time that was
        seen. The change is a day's requests over a day's of the month before, NaN where either
        month was not seen whole. ``verdict`` holds whatever the hours not seen may hide: each
        is taken to be at most as busy as the busiest seen. [count, share]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> month = FRAMES["request_load"].conform(pd.DataFrame({
    ...     "service": ["shop"], "started_at": [october.start], "ended_at": [october.end],
    ...     "requests": [8000], "errors": [40]}))
    >>> row = traffic(month, october, []).iloc[0]
    >>> float(row["requests"]), float(row["error_rate"])
    (8000.0, 0.005)
    """
    groups = dict(list(request_load.groupby("service")))
    made = [
        _load(name, groups.get(name, request_load.iloc[:0]), span, period)
        for name in _services(request_load, period, agreements)
        for span in spans(agreements, period, name)
    ]
    made.sort(key=lambda row: (-(row["requests"] if not is_unknown(row["requests"]) else -1), row["service"]))
    return result(made, TRAFFIC)


def daily(request_load: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The requests of all services on each of the client's days, and those that failed.

    Answers: on which days was it busy, and on which did requests fail?

    Returns
    -------
    DataFrame
        `DAILY`, a row a day. Made from windows of an hour, by the day in which they begin, and
        from longer ones that lie within a day; NaN on a day of which nothing was seen.
        ``coverage`` is the mean of the services', each of which is known in the month.
        [count, share]
    """
    short = request_load[(request_load["ended_at"] - request_load["started_at"] <= _DAY)
                         & period.contains(request_load["started_at"])]  # fmt: skip
    groups = [disjoint(rows[rows["requests"].notna() & (rows["started_at"] < rows["ended_at"])])
              for _, rows in short.groupby("service")]  # fmt: skip
    return result([_day(groups, *one) for one in period.local_days()], DAILY)


def error_rate(request_load: pd.DataFrame, period: Period) -> float:
    """One service's error rate in any period; NaN where nothing was seen or asked. [share]"""
    both = counted(request_load, period, ("requests", "errors"))
    return share(_sum(both, "errors"), _sum(both, "requests")) if both.coverage else float("nan")


def totals(traffic: pd.DataFrame, period: Period) -> pd.DataFrame:
    """All services' load in one row.

    Answers: how busy was the month, over all?

    Parameters
    ----------
    traffic : DataFrame
        From `traffic`.

    Returns
    -------
    DataFrame
        `TOTALS`; sums of what is known of each service. The change is NaN unless every service
        was seen whole in both months; ``coverage`` is the services' mean. [count, share]
    """
    known = traffic[traffic["requests"].notna()]
    told = known[known["error_rate"].notna()]
    row: dict[str, Any] = {"period": period.name, "coverage": traffic["coverage"].mean() if len(traffic) else 0.0}
    if len(known):
        row |= {"requests": known["requests"].sum(), "last_requests": known["last_requests"].sum(min_count=1)}
    if len(told):
        row |= {"errors": told["errors"].sum(), "error_rate": share(told["errors"].sum(), told["requests"].sum())}
    if len(known) and known["requests_change"].notna().all():
        days = period.previous().day_count / period.day_count
        row["requests_change"] = row["requests"] / row["last_requests"] * days - 1
    return result([row], TOTALS)


def _load(service: str, rows: pd.DataFrame, span: Span, period: Period) -> dict[str, Any]:
    days, agreed = span.period, span.target.error_rate if span.target else None
    seen, both = counted(rows, days, ("requests",)), counted(rows, days, ("requests", "errors"))
    requests = _sum(seen, "requests") if seen.coverage else float("nan")
    told = {
        "service": service, "term_from": days.first_day, "term_to": days.end_day - pd.Timedelta(days=1),
        "requests": requests, "errors": _sum(both, "errors") if both.coverage else float("nan"),
        "error_rate": error_rate(rows, days),
        "error_rate_target": None if agreed is None else float(agreed),
        "coverage": both.coverage if agreed is not None else seen.coverage,
        "note": seen.note if days == period else f"{days.first_day} to {days.end_day - pd.Timedelta(days=1)}",
    }  # fmt: skip
    return told | _judged(both, days, agreed) | (_change(rows, seen, period) if days == period else {})


def _judged(both: Windows, days: Period, agreed: Any) -> dict[str, Any]:
    """The error rate's bounds and what they say of the target, exactly."""
    errors, requests = (sum((Fraction(n) for n in both.rows[name].to_list()), Fraction(0))
                        for name in ("errors", "requests"))  # fmt: skip
    hidden = unseen_requests(both, days)
    if not requests + hidden:
        return {"verdict": "unknown"}
    best, worst = errors / (requests + hidden), (errors + hidden) / (requests + hidden)
    judged = verdict(worst, best, Fraction(agreed), higher_is_better=False) if agreed is not None else "unknown"
    return {"error_rate_best": float(best), "error_rate_worst": float(worst), "verdict": judged}


def _change(rows: pd.DataFrame, seen: Windows, period: Period) -> dict[str, float]:
    last = counted(rows, before := period.previous(), ("requests",))
    if not last.coverage:
        return {}
    told = {"last_requests": _sum(last, "requests")}
    if seen.coverage < 1 or last.coverage < 1 or not told["last_requests"]:
        return told
    a_day = [_sum(seen, "requests") / period.day_count, told["last_requests"] / before.day_count]
    return told | {"requests_change": a_day[0] / a_day[1] - 1}


def _sum(windows: Windows, column: str) -> float:
    return float(windows.rows[column].astype("float64").sum())


def _day(groups: list[pd.DataFrame], day: Any, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, Any]:
    parts = []
    for rows in groups:
        own = rows[(rows["started_at"] >= start) & (rows["started_at"] < end)]
        parts.append(own[(own["ended_at"] <= end) | (own["ended_at"] - own["started_at"] <= HOUR)])
    seen = [min(1.0, (rows["ended_at"] - rows["started_at"]).sum() / (end - start)) for rows in parts]
    both = pd.concat(parts) if parts else None
    if not sum(seen):
        return {"load_day": day, "coverage": 0.0}
    told = both[both["errors"].notna()]
    return {
        "load_day": day, "requests": both["requests"].astype("float64").sum(), "coverage": sum(seen) / len(seen),
        "errors": told["errors"].astype("float64").sum() if len(told) else float("nan"),
        "error_rate": share(*(told[name].astype("float64").sum() for name in ("errors", "requests"))),
    }  # fmt: skip


def _services(request_load: pd.DataFrame, period: Period, agreements: list[Agreement]) -> list[str]:
    """Those that were seen in this period or the one before, and those of which something was agreed."""
    recent = request_load[(request_load["ended_at"] > period.previous().start)
                          & (request_load["started_at"] < period.end)]  # fmt: skip
    promised = [one.service for term in terms_in(agreements, period) for one in term.agreement.performance]
    return sorted({*recent["service"], *promised})
