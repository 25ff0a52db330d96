"""Percentiles of answer times that are never averaged: from a month's own window, or from histograms.

What cannot be made is not made up: from hourly percentiles alone the month's is not known, but
how many answers came within an agreed time can still be bounded, and often that decides.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from opsreport.metrics.load_windows import Windows, unseen_requests
from opsreport.period import Period
from opsreport.theme import is_unknown

#: The percentiles that a window may state, as shares.
PERCENTILES = {
    "latency_p50": Fraction(50, 100), "latency_p95": Fraction(95, 100), "latency_p99": Fraction(99, 100),
}  # fmt: skip
_INFINITE = math.inf
#: Less than what any two shares of so many requests can differ by.
_LESS = Fraction(1, 10**30)

Histogram = Mapping[float, float]


def histogram(written: object) -> Histogram | None:
    """A histogram as the frame writes it: upper bound to cumulative count, ascending.

    Returns
    -------
    dict or None
        None where there is none, or where it cannot be one: unreadable, without ``+Inf``, a count
        below zero, or one below that of a smaller bound.

    Examples
    --------
    >>> histogram('{"+Inf": 10, "0.5": 8}')
    {0.5: 8.0, inf: 10.0}
    >>> histogram('{"0.5": 8}') is None  # how many were slower is not known
    True
    """
    if is_unknown(written):
        return None
    try:
        found = {float(str(bound)): float(count) for bound, count in json.loads(str(written)).items()}
    except (ValueError, TypeError, AttributeError):
        return None
    made = dict(sorted(found.items()))
    counts = list(made.values())
    is_one = _INFINITE in made and all(a <= b for a, b in zip([0.0, *counts], counts, strict=False))
    return made if is_one else None


def summed(histograms: Iterable[Histogram]) -> Histogram:
    """Histograms added up, over the bounds that all of them have: their cumulative counts are exact.

    Examples
    --------
    >>> summed([{0.5: 8.0, 1.0: 9.0, math.inf: 10.0}, {0.5: 1.0, math.inf: 2.0}])
    {0.5: 9.0, inf: 12.0}
    """
    each = [one for one in histograms if one[_INFINITE] > 0]
    if not each:
        return {_INFINITE: 0.0}
    shared = set(each[0]).intersection(*each[1:])
    return {bound: sum(one[bound] for one in each) for bound in sorted(shared)}


def quantile(share: float, counts: Histogram) -> float:
    """The answer time within which a share of the answers came, estimated from a histogram. [s]

    As Prometheus' ``histogram_quantile`` does it [1]_: the answers of a bucket are taken to lie
    evenly between its bounds, the lowest bucket begins at 0, and where the quantile lies beyond
    the last finite bound that bound is given, which is then a least value.

    Parameters
    ----------
    share : float
        0 to 1.
    counts : dict
        Upper bound [s] to cumulative count, with ``inf``.

    Returns
    -------
    float
        NaN where nothing was observed, or the histogram has no finite bound.

    References
    ----------
    .. [1] https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile

    Examples
    --------
    Of 10 answers 8 came within 0.5 s and 10 within 1 s; the ninth lies halfway between them.

    >>> quantile(0.9, {0.5: 8, 1.0: 10, math.inf: 10})
    0.75
    >>> quantile(0.99, {0.5: 8, 1.0: 9, math.inf: 10})  # beyond the last bound: at least 1 s
    1.0
    """
    bounds, total = list(counts), counts[_INFINITE]
    if not total or len(bounds) < 2:
        return float("nan")
    rank = share * total
    place = next((n for n, bound in enumerate(bounds[:-1]) if counts[bound] >= rank), None)
    if place is None:
        return bounds[-2]
    if place == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[place - 1], counts[bounds[place - 1]]) if place else (0.0, 0.0)
    return low + (bounds[place] - low) * (rank - below) / (counts[bounds[place]] - below)


def is_beyond(share: float, counts: Histogram) -> bool:
    """Whether a quantile lies beyond a histogram's last finite bound, which is then a least value."""
    bounds = list(counts)
    return len(bounds) > 1 and counts[bounds[-2]] < share * counts[_INFINITE]


def share_within(windows: Windows, seconds: Decimal, period: Period) -> tuple[Fraction, Fraction] | None:
    """Bounds of the share of a period's answers that came within a time.

    A percentile p95 is the least time within which at least 95 % of the answers came. So for the
    share F(t) of answers within t it holds that p95 <= t exactly when F(t) >= 0.95: a target for
    a percentile is a target for a share. Shares, unlike percentiles, do add up: with n_i answers
    in window i, F(t) of the period is the sum of n_i F_i(t) over the sum of n_i. And each window
    bounds its own F_i(t): a stated p95 within t makes it at least 0.95, one beyond t less than
    0.95, and so for the other percentiles; a histogram states it at its bounds, and F_i never
    falls between them. It follows that if every hour's p95 is within t, the month's is too, and if
    every hour's is beyond t, so is the month's.

    Requests of the time not seen (`unseen_requests` of them at most) are all late in the lower
    bound and all in time in the upper one. Where a window does not say how many requests it had,
    the share still lies between the least and the greatest of the windows'.

    Returns
    -------
    tuple of Fraction, or None
        At least and at most; None where nothing was seen. [share]

    Examples
    --------
    >>> import pandas as pd
    >>> from opsreport.schemas import FRAMES
    >>> day = Period.days("2026-10-01", "2026-10-01")
    >>> hours = FRAMES["request_load"].conform(pd.DataFrame({
    ...     "service": "shop", "requests": [900, 100], "latency_p95": [0.4, 0.9],
    ...     "started_at": [day.start, day.start + pd.Timedelta(hours=12)],
    ...     "ended_at": [day.start + pd.Timedelta(hours=12), day.end]}))
    >>> worst, best = share_within(Windows(hours, 1.0), Decimal("0.5"), day)
    >>> float(worst), round(float(best), 3)  # 0.95 of 900 at least; 900 and 0.95 of 100 at most
    (0.855, 0.995)
    """
    if not windows.coverage or windows.rows.empty:
        return None
    each = [(_weight(row), *_bounds(row, seconds)) for row in windows.rows.to_dict("records")]
    if any(weight is None for weight, *_ in each):
        if windows.coverage < 1:
            return Fraction(0), Fraction(1)
        strict = all(is_less for *_, is_less in each)
        return min(low for _, low, *_ in each), max(high for _, _, high, _ in each) - (_LESS if strict else 0)
    hidden, total = unseen_requests(windows, period), sum(weight for weight, *_ in each)
    if not total + hidden:
        return None
    strict = any(is_less for weight, *_, is_less in each if weight)
    worst = sum(weight * low for weight, low, *_ in each) / (total + hidden)
    best = (sum(weight * high for weight, _, high, _ in each) + hidden) / (total + hidden)
    return worst, best - (_LESS if strict else 0)


def _weight(row: dict) -> Fraction | None:
    """How many answers a window tells of."""
    if counts := histogram(row["latency_buckets"]):
        return Fraction(counts[_INFINITE])
    return None if is_unknown(row["requests"]) else Fraction(row["requests"])


def _bounds(row: dict, seconds: Decimal) -> tuple[Fraction, Fraction, bool]:
    """Least and greatest share of a window's answers within a time; whether it is less than the greatest."""
    counts = histogram(row["latency_buckets"])
    if counts and (total := Fraction(counts[_INFINITE])):
        limit = float(seconds)
        low = max((Fraction(count) for bound, count in counts.items() if bound <= limit), default=Fraction(0))
        high = min(Fraction(count) for bound, count in counts.items() if bound >= limit)
        return low / total, high / total, False
    known = {share: row[name] for name, share in PERCENTILES.items() if not is_unknown(row[name])}
    low = max((share for share, time in known.items() if time <= seconds), default=Fraction(0))
    high = min((share for share, time in known.items() if time > seconds), default=Fraction(1))
    return low, high, high < 1
