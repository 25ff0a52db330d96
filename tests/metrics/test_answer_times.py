"""A month's percentile is never an average; a verdict on it holds whatever was not seen."""

import datetime as dt
import json
import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.metrics import performance
from opsreport.metrics.latency import histogram, quantile, share_within, summed
from opsreport.metrics.load_windows import Windows
from opsreport.params.models import Agreement
from opsreport.params.operations import PerformanceTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")


def frame(*rows: dict) -> pd.DataFrame:
    kind = FRAMES["request_load"]
    # Sources read numbers exactly, never through binary floats.
    exact = [{name: Decimal(str(one)) if isinstance(one, float) else one for name, one in row.items()} for row in rows]
    return kind.conform(pd.DataFrame([{"service": "shop", **row} for row in exact])) if rows else kind.empty()


def month(period: Period = OCTOBER, **values) -> dict:
    return {"started_at": period.start, "ended_at": period.end, **values}


def window(hours: float, length: float = 1, **values) -> dict:
    start = OCTOBER.start + pd.Timedelta(hours=hours)
    return {"started_at": start, "ended_at": start + pd.Timedelta(hours=length), **values}


def agreed(starts: str = "2025-01-01", ends: str | None = None, **target) -> Agreement:
    last = dt.date.fromisoformat(ends) if ends else None
    exact = {name: Decimal(value) for name, value in target.items()}
    targets = [PerformanceTarget(service="shop", **exact)] if target else []
    return Agreement(starts_on=dt.date.fromisoformat(starts), ends_on=last, performance=targets)


def times(rows: pd.DataFrame, *terms: Agreement) -> pd.Series:
    return performance.answer_times(rows, OCTOBER, list(terms)).iloc[0]


def written(**counts: int) -> str:
    return json.dumps({bound.replace("_", ".").removeprefix("b"): count for bound, count in counts.items()})


def test_a_months_percentile_is_its_own_windows_and_not_made_of_hours():
    hours = [window(n, requests=10, latency_p95=5) for n in range(3)]
    row = times(frame(month(requests=1000, latency_p95=0.4, latency_p99=0.9), *hours), agreed(latency_p95="0.4"))
    assert (row["latency_p95"], row["latency_p99"], row["verdict"]) == (0.4, 0.9, "met")
    assert math.isnan(row["latency_p50"])


def test_hours_alone_make_a_band_and_no_percentile():
    rows = frame(window(0, requests=10, latency_p95=0.2), window(1, requests=10, latency_p95=0.4),
                 window(2, requests=10, latency_p95=0.9))  # fmt: skip
    row = times(rows)
    assert math.isnan(row["latency_p95"]) and row["latency_basis"] == "hours: a band only"
    assert row[["window_low", "window_median", "window_high"]].tolist() == [0.2, 0.4, 0.9]
    assert list(performance.shown(performance.answer_times(rows, OCTOBER, []))["window_high"]) == [0.9]


def test_every_hour_within_the_target_proves_the_month_and_every_hour_beyond_it_too():
    halves = [window(0, 372.5, requests=10, latency_p95=0.2), window(372.5, 372.5, requests=1000, latency_p95=0.4)]
    assert times(frame(*halves), agreed(latency_p95="0.4"))["verdict"] == "met"
    assert times(frame(*halves), agreed(latency_p95="0.1"))["verdict"] == "missed"
    assert times(frame(*halves), agreed(latency_p95="0.3"))["verdict"] == "unknown"
    assert times(frame(halves[0]), agreed(latency_p95="0.4"))["verdict"] == "unknown"  # half of it unseen


def test_a_few_slow_hours_do_not_hide_that_the_target_was_met():
    # 0.99 of 970 and half of 30 came in time at least: 975.3 of 1,000.
    rows = frame(window(0, 700, requests=970, latency_p50=0.1, latency_p95=0.2, latency_p99=0.3),
                 window(700, 45, requests=30, latency_p50=0.2, latency_p95=2, latency_p99=3))  # fmt: skip
    row = times(rows, agreed(latency_p95="0.4"))
    assert row["p95_within_worst"] == 0.9753 and row["verdict"] == "met" and math.isnan(row["latency_p95"])


def test_where_requests_are_not_counted_the_windows_still_bound_the_month():
    halves = [window(0, 372.5, latency_p95=0.2), window(372.5, 372.5, latency_p95=0.4)]
    assert times(frame(*halves), agreed(latency_p95="0.4"))["verdict"] == "met"
    assert times(frame(*halves), agreed(latency_p95="0.1"))["verdict"] == "missed"
    assert times(frame(halves[0]), agreed(latency_p95="0.4"))["verdict"] == "unknown"


def test_an_hour_in_which_nobody_asked_hides_no_slow_answer():
    rows = frame(window(0, 372.5, requests=10, latency_p95=0.2), window(372.5, 372.5, requests=0))
    row = times(rows, agreed(latency_p95="0.2"))
    assert (row["coverage"], row["verdict"], row["window_high"]) == (1, "met", 0.2)
    first = window(0, 372.5, requests=100, latency_buckets=written(b0_5=96, **{"+Inf": 100}))
    row = times(frame(first, window(372.5, 372.5, requests=0)), agreed(latency_p95="0.5"))
    assert (row["coverage"], row["verdict"], row["latency_basis"]) == (1, "met", "histograms (estimate)")


def test_histograms_add_up_to_the_months_percentile():
    first, second = written(b0_5=90, b1=100, **{"+Inf": 100}), written(b0_5=50, b1=90, **{"+Inf": 100})
    rows = frame(window(0, 372.5, requests=100, latency_buckets=first),
                 window(372.5, 372.5, requests=100, latency_buckets=second))  # fmt: skip
    row = times(rows, agreed(latency_p95="1", latency_p99="2"))
    # 140 of 200 within 0.5 s and 190 within 1 s: the median is the 100th, 100/140 of the first bucket.
    assert row["latency_p50"] == pytest.approx(0.5 * 100 / 140) and row["latency_p95"] == 1.0
    assert row["p95_within_worst"] == row["p95_within_best"] == 0.95 and row["p95_verdict"] == "met"
    # The 99th lies beyond the last bound: at least 1 s; whether it is within 2 s is not known.
    assert row["latency_p99"] == 1.0 and "99%" in row["note"] and row["p99_verdict"] == "unknown"
    assert row["verdict"] == "unknown"


def test_a_target_between_two_bounds_is_judged_by_both():
    one = written(b0_5=96, b1=99, **{"+Inf": 100})
    assert times(frame(month(latency_buckets=one)), agreed(latency_p95="0.7"))["verdict"] == "met"
    assert times(frame(month(latency_buckets=one)), agreed(latency_p99="0.7"))["verdict"] == "unknown"
    assert times(frame(month(latency_buckets=one)), agreed(latency_p99="0.5"))["verdict"] == "missed"


@pytest.mark.parametrize(
    "text", ["", "no", "[]", '{"a": 1}', '{"1": 5}', '{"1": 5, "+Inf": 4}', '{"1": -1, "+Inf": 4}', '{"+Inf": null}']
)
def test_what_cannot_be_a_histogram_is_none(text):
    assert histogram(text) is None
    assert times(frame(month(requests=5, latency_buckets=text)))["latency_basis"] == "nothing was seen"


def test_quantiles_are_prometheus_own():
    # From prometheus/promql/quantile_test: one bucket of 10 to 1, evenly.
    assert quantile(0.5, {1.0: 10, math.inf: 10}) == 0.5
    assert quantile(0.5, {0.0: 10, 1.0: 10, math.inf: 10}) == 0.0  # a lowest bound that is not above 0 is the answer
    assert math.isnan(quantile(0.5, {1.0: 0, math.inf: 0})) and math.isnan(quantile(0.5, {math.inf: 4}))
    assert quantile(0.5, {1.0: 1, 2.0: 4, math.inf: 10}) == 2.0  # beyond the last bound


def test_histograms_of_other_bounds_are_added_over_those_they_share():
    assert summed([{1.0: 1, 2.0: 3, math.inf: 4}, {2.0: 5, 4.0: 6, math.inf: 6}]) == {2.0: 8, math.inf: 10}
    assert summed([]) == {math.inf: 0.0}


def brute(answers: list[list[float]], limit: float) -> float:
    every = [one for hour in answers for one in hour]
    return sum(one <= limit for one in every) / len(every)


def stated(hour: list[float], share: float) -> float:
    """The least time within which at least a share of the answers came: what a percentile is."""
    return sorted(hour)[max(0, math.ceil(round(share * len(hour), 9)) - 1)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=30), min_size=1, max_size=5), st.integers(1, 40),
    st.booleans(),
)  # fmt: skip
def test_the_bounds_of_what_came_in_time_hold_for_any_answers(answers, limit, with_histogram):
    length = OCTOBER.hours / len(answers)
    rows = frame(*[
        window(n * length, length, requests=len(hour), latency_p50=stated(hour, 0.5), latency_p95=stated(hour, 0.95),
               latency_p99=stated(hour, 0.99),
               latency_buckets=json.dumps({"10": sum(x <= 10 for x in hour), "20": sum(x <= 20 for x in hour),
                                           "+Inf": len(hour)}) if with_histogram else None)
        for n, hour in enumerate(answers)
    ])  # fmt: skip
    worst, best = share_within(Windows(rows, 1.0), Decimal(limit), OCTOBER)
    assert float(worst) - 1e-9 <= brute(answers, limit) <= float(best) + 1e-9
    # A target is met or missed only if the whole month's percentile says so.
    everything = stated([one for hour in answers for one in hour], 0.95)
    row = times(rows, agreed(latency_p95=str(limit)))
    if row["verdict"] != "unknown":
        assert (row["verdict"] == "met") == (everything <= limit)
    low, high = min(stated(hour, 0.95) for hour in answers), max(stated(hour, 0.95) for hour in answers)
    assert low <= everything <= high
    if not with_histogram:
        assert high > limit or row["verdict"] == "met"
        assert low <= limit or row["verdict"] == "missed"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 40), min_size=5, max_size=5), min_size=2, max_size=5), st.integers(1, 40))
def test_the_bounds_hold_for_whatever_an_hour_not_seen_held_that_was_no_busier(answers, limit):
    length = OCTOBER.hours / len(answers)
    seen = frame(*[window(n * length, length, requests=len(hour), latency_p50=stated(hour, 0.5),
                          latency_p95=stated(hour, 0.95)) for n, hour in enumerate(answers[1:])])  # fmt: skip
    worst, best = share_within(Windows(seen, 1 - 1 / len(answers)), Decimal(limit), OCTOBER)
    assert float(worst) - 1e-6 <= brute(answers, limit) <= float(best) + 1e-6


def test_bands_are_of_single_hours_by_the_clients_day():
    rows = frame(month(latency_p95=9), window(0, latency_p95=0.2), window(23, latency_p95=0.6),
                 window(24, latency_p95=1))  # fmt: skip
    made = performance.bands(rows, OCTOBER)
    assert made[["window_low", "window_median", "window_high"]].values.tolist() == [[0.2, 0.4, 0.6], [1, 1, 1]]
    assert made["load_day"].tolist() == [dt.date(2026, 10, 1), dt.date(2026, 10, 2)]
