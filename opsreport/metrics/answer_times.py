"""How soon services answered: percentiles of a month, and the band of its hours."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.metrics.latency import PERCENTILES, histogram, is_beyond, quantile, share_within, summed
from opsreport.metrics.load_windows import HOUR, Span, Windows, counted, disjoint, spans, whole
from opsreport.metrics.rows import result
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

LATENCY = (
    "service", "term_from", "term_to", "latency_p50", "latency_p95", "latency_p99", "p95_target", "p99_target",
    "window_low", "window_median", "window_high", "latency_basis", "p95_within_worst", "p95_within_best",
    "p99_within_worst", "p99_within_best", "p95_verdict", "p99_verdict", "verdict", "note", "coverage",
)  # fmt: skip
_BAND = ("window_low", "window_median", "window_high")
SHOWN = ("service", "latency_p50", "latency_p95", "latency_p99", *_BAND, "p95_target", "p99_target", "verdict",
         "latency_basis", "note", "coverage")  # fmt: skip
BANDS = ("service", "load_day", "window_low", "window_median", "window_high")
#: What the percentiles of a month are made from.
OWN, SUMMED, BAND, NOTHING = "the source's month", "histograms (estimate)", "hours: a band only", "nothing was seen"
_DAY = pd.Timedelta(hours=25)


def answer_times(request_load: pd.DataFrame, period: Period, agreements: list[Agreement]) -> pd.DataFrame:
    """How soon each service answered, against what was agreed.

    Answers: how long did most requests wait, and was it within what was agreed?

    A month's percentile is never an average. It comes from a window that is the month itself,
    which the source measured as a whole; else from the histograms of shorter windows, whose
    counts add up (`opsreport.metrics.latency.quantile`); else it is not known, and the hours'
    own values are shown as a band: lowest, median and highest hour. The verdict is drawn from
    how many answers surely came within the agreed time, and how many may have
    (`opsreport.metrics.latency.share_within`), so it can be known where the percentile is not.

    Parameters
    ----------
    request_load : DataFrame
        The frame ``request_load``, whole history.
    agreements : list of Agreement

    Returns
    -------
    DataFrame
        `LATENCY`; one row a service, more where its target changed within the period, missed
        first. A percentile is NaN where it is not known; ``latency_basis`` says what it was made
        from. ``verdict`` is that of both percentiles. [s, share]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> half = october.start + pd.Timedelta(days=16)
    >>> two = FRAMES["request_load"].conform(pd.DataFrame({
    ...     "service": ["shop", "shop"], "started_at": [october.start, half], "ended_at": [half, october.end],
    ...     "requests": [10, 10], "latency_buckets": ['{"0.5": 10, "+Inf": 10}', '{"0.5": 8, "1": 10, "+Inf": 10}']}))
    >>> row = answer_times(two, october, []).iloc[0]
    >>> row["latency_basis"], round(float(row["latency_p50"]), 3)  # of 20 answers 18 within 0.5 s: 10 / 18 of it
    ('histograms (estimate)', 0.278)
    """
    groups = dict(list(request_load.groupby("service")))
    recent = request_load[(request_load["ended_at"] > period.previous().start)
                          & (request_load["started_at"] < period.end)]  # fmt: skip
    promised = [one.service for term in terms_in(agreements, period) for one in term.agreement.performance]
    made = [
        _timed(name, groups.get(name, request_load.iloc[:0]), span, period)
        for name in sorted({*recent["service"], *promised})
        for span in spans(agreements, period, name)
    ]
    made.sort(key=lambda row: (("missed", "unknown", "met").index(row["verdict"]), row["service"]))
    return result(made, LATENCY)


def shown(answer_times: pd.DataFrame) -> pd.DataFrame:
    """What a client needs to see of the answer times; the band and a target only where there is one."""
    told = answer_times[list(SHOWN)]
    optional = [name for name in ("p95_target", "p99_target", *_BAND) if told[name].isna().all()]
    return told.drop(columns=optional)


def bands(request_load: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The 95th percentiles of the hours of each day, as a band: lowest, median and highest.

    Answers: on which days, and for how many hours of them, did answers take long?

    Returns
    -------
    DataFrame
        `BANDS`, a row a service and day of which a window of at most a day tells, by the day in
        which it begins. These are windows' percentiles, never the day's. [s]
    """
    short = request_load[(request_load["ended_at"] - request_load["started_at"] <= _DAY)
                         & period.contains(request_load["started_at"])]  # fmt: skip
    rows = []
    for service, group in short.groupby("service"):
        each = disjoint(group.assign(p95=_p95(group)).dropna(subset=["p95"]))
        days = each["started_at"].dt.tz_convert(period.zone).dt.date
        rows += [{"service": service, "load_day": day, **_spread(part)} for day, part in each["p95"].groupby(days)]
    return result(rows, BANDS)


def _timed(service: str, rows: pd.DataFrame, span: Span, period: Period) -> dict[str, Any]:
    days, target = span.period, span.target
    rows = rows[(rows["ended_at"] > days.start) & (rows["started_at"] < days.end)]
    basis, windows, values = _percentiles(rows, days)
    agreed = {"p95": target.latency_p95 if target else None, "p99": target.latency_p99 if target else None}
    last = days.end_day - pd.Timedelta(days=1)
    made = {"service": service, "term_from": days.first_day, "term_to": last, "latency_basis": basis,
            "coverage": windows.coverage, **values}  # fmt: skip
    for name, seconds in agreed.items():
        made |= _judged(name, seconds, windows, days)
    notes = (windows.note, values.get("note", ""), "" if days == period else f"{days.first_day} to {last}")
    judged = {made[f"{name}_verdict"] for name, seconds in agreed.items() if seconds is not None} or {"unknown"}
    return made | {
        "verdict": next(one for one in ("missed", "unknown", "met") if one in judged),
        "note": "; ".join(filter(None, notes)),
    }


def _percentiles(rows: pd.DataFrame, days: Period) -> tuple[str, Windows, dict[str, Any]]:
    own = whole(rows, days, ("latency_p95",))
    if own.coverage:
        first = own.rows.iloc[0]
        return OWN, own, {name: None if is_unknown(first[name]) else float(first[name]) for name in PERCENTILES}
    told = rows.assign(
        counts=[None if histogram(one) is None else 1.0 for one in rows["latency_buckets"]],
        p95=_p95(rows),
    )  # fmt: skip
    # An hour in which nobody asked hides no slow answer.
    idle = rows["requests"].astype("float64").eq(0)
    told = told.assign(counts=told["counts"].astype("float64").mask(idle, 0.0), any=told["p95"].mask(idle, 0.0))
    histograms, stated = counted(told, days, ("counts",)), counted(told, days, ("any",))
    if histograms.rows["counts"].sum() and histograms.coverage >= stated.coverage:
        return SUMMED, histograms, _from_histograms(histograms)
    known = stated.rows["p95"].dropna() if stated.coverage else stated.rows["p95"].iloc[:0]
    if known.empty:
        return NOTHING, Windows(rows.iloc[:0], 0.0), {}
    return BAND if _is_hourly(stated.rows) else BAND.replace("hours", "shorter windows"), stated, _spread(known)


def _from_histograms(windows: Windows) -> dict[str, Any]:
    each = [found for one in windows.rows["latency_buckets"] if (found := histogram(one))]
    counts = summed(each)
    made: dict[str, Any] = {name: quantile(float(share), counts) for name, share in PERCENTILES.items()}
    far = [f"{float(share):.0%}" for share in PERCENTILES.values() if is_beyond(float(share), counts)]
    return made | {"note": f"beyond the last bound, so at least: {', '.join(far)}" if far else ""}


def _judged(name: str, seconds: Decimal | None, windows: Windows, days: Period) -> dict[str, Any]:
    told = {f"{name}_target": None if seconds is None else float(seconds), f"{name}_verdict": "unknown"}
    within = share_within(windows, seconds, days) if seconds is not None else None
    if within is None:
        return told
    worst, best = within
    judged = verdict(worst, best, Fraction(PERCENTILES[f"latency_{name}"]))
    return told | {f"{name}_within_worst": float(worst), f"{name}_within_best": float(best), f"{name}_verdict": judged}


def _p95(rows: pd.DataFrame) -> pd.Series:
    """A window's own 95th percentile, as stated, else from its histogram."""
    stated = rows["latency_p95"].astype("float64")
    made = [quantile(0.95, counts) if (counts := histogram(one)) else float("nan") for one in rows["latency_buckets"]]
    return stated.fillna(pd.Series(made, index=rows.index, dtype="float64"))


def _spread(values: pd.Series) -> dict[str, float]:
    return {"window_low": values.min(), "window_median": values.median(), "window_high": values.max()}


def _is_hourly(rows: pd.DataFrame) -> bool:
    return bool((rows["ended_at"] - rows["started_at"] == HOUR).all())
