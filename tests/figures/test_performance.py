"""Performance charts draw what the metrics say, and nothing where there is nothing."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import theme
from opsreport.exhibit import Exhibit
from opsreport.figures import performance as figures
from opsreport.metrics import performance
from opsreport.params.models import Agreement
from opsreport.params.operations import PerformanceTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2025, 1, 1), performance=[
    PerformanceTarget(service="<b>shop", latency_p95=Decimal("0.5"))])]  # fmt: skip
NONE = FRAMES["request_load"].empty()


def hours(*values: tuple[float, int, int, float], length: int = 1) -> pd.DataFrame:
    """Hours of the month: which one, requests, errors and 95th percentile."""
    return FRAMES["request_load"].conform(pd.DataFrame([
        {"service": "<b>shop", "started_at": OCTOBER.start + pd.Timedelta(hours=n),
         "ended_at": OCTOBER.start + pd.Timedelta(hours=n + length), "requests": many, "errors": bad,
         "latency_p95": Decimal(str(p95))}
        for n, many, bad, p95 in values
    ]))  # fmt: skip


def vitals(*rows: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    kind = FRAMES["web_vital"]
    made = [{"page": "/", "started_at": OCTOBER.start, "ended_at": OCTOBER.end, **row} for row in rows]
    found = performance.web_vitals(kind.conform(pd.DataFrame(made)) if rows else kind.empty(), OCTOBER)
    return found, performance.each_vital(found)


def test_requests_and_failures_stand_in_two_panels_on_one_axis_of_days():
    load = hours(*[(24 * n, 100, 270 if n == 1 else 1, 0.1) for n in range(31)], length=24)
    made = figures.traffic(performance.daily(load, OCTOBER), OCTOBER, STYLE)
    requests, errors = made.figure["data"]
    assert requests["y"] == [100] * 31 and errors["y"][:3] == [1, 270, 1]
    assert errors["yaxis"] == "y2" and "overlaying" not in str(made.figure["layout"])
    assert made.about["title"] == "90% of the month's failures fell on 2 Oct"


def test_a_day_that_was_not_seen_is_a_gap_and_not_a_zero():
    made = figures.traffic(performance.daily(hours((0, 100, 1, 0.1)), OCTOBER), OCTOBER, STYLE)
    assert [trace["y"][:2] for trace in made.figure["data"]] == [[100, None], [1, None]]
    half = figures.traffic(performance.daily(hours(*[(24 * n, 9, n, 0.1) for n in range(9)]), OCTOBER), OCTOBER, STYLE)
    assert "month's" not in half.about["title"]


def test_a_day_that_was_not_seen_whole_is_hatched_and_said():
    part = figures.traffic(performance.daily(hours((0, 100, 1, 0.1)), OCTOBER), OCTOBER, STYLE)
    assert part.figure["data"][0]["marker"]["pattern"]["shape"][0] == "/"
    assert "hatched days were not seen whole" in part.about["subtitle"]


def test_failures_that_are_spread_are_not_blamed_on_a_day():
    even = performance.daily(hours(*[(24 * n, 10, 1, 0.1) for n in range(31)]), OCTOBER)
    assert figures.traffic(even, OCTOBER, STYLE).about["title"].startswith("Failures were spread over the time seen")
    whole = performance.daily(hours(*[(24 * n, 240, 1, 0.1) for n in range(31)], length=24), OCTOBER)
    assert figures.traffic(whole, OCTOBER, STYLE).about["title"].startswith("Failures were spread over the month")
    none = performance.daily(hours((0, 10, 0, 0.1)), OCTOBER)
    assert figures.traffic(none, OCTOBER, STYLE).about["title"] == "No request is known to have failed"


def test_failures_of_the_only_day_that_was_seen_are_not_spread_over_the_month():
    # The 10th alone was seen: all 3 failures fell on it.
    one = performance.daily(hours((24 * 9, 240, 3, 0.1), length=24), OCTOBER)
    assert figures.traffic(one, OCTOBER, STYLE).about["title"] == "100% of the failures seen fell on 10 Oct"


def test_the_band_spans_the_hours_and_the_target_is_a_line():
    load = hours((0, 10, 0, 0.2), (1, 10, 0, 0.4), (2, 10, 0, 0.9))
    times = performance.answer_times(load, OCTOBER, AGREED)
    made = figures.answer_times(performance.bands(load, OCTOBER), times, OCTOBER, STYLE)
    bar, line = made.figure["data"]
    assert (bar["base"][0], bar["y"][0], line["y"][0]) == (0.2, 0.7, 0.4) and bar["y"][1] is None
    assert [shape["y0"] for shape in made.figure["layout"]["shapes"]] == [0.5]
    texts = [note["text"] for note in made.figure["layout"]["annotations"]]
    assert "unknown · agreed 500 ms" in texts and "<b>&lt;b&gt;shop</b>" in texts
    assert made.about["title"] == "No service is known to have been slower than agreed"


def test_a_missed_target_is_told_by_a_word_and_a_mark():
    load = hours(*[(n, 10, 0, 0.9) for n in range(744)])
    made = band(load)
    assert made.about["title"] == "<b>shop answered more slowly than agreed"
    assert any(note["text"].startswith("✕ ") for note in made.figure["layout"]["annotations"])
    assert "<b>shop" not in made.html


def band(load: pd.DataFrame) -> Exhibit:
    times = performance.answer_times(load, OCTOBER, AGREED)
    return figures.answer_times(performance.bands(load, OCTOBER), times, OCTOBER, STYLE)


@pytest.mark.parametrize(("slow", "title"), [
    (range(6, 32), "<b>shop has answered more slowly than agreed since 6 Oct"),
    ([2, *range(6, 20), *range(21, 32)], "<b>shop has answered more slowly than agreed since 6 Oct"),
    ([*range(1, 4), *range(6, 32)], "<b>shop answered more slowly than agreed"),  # slow before that as well
    (range(6, 25), "<b>shop answered more slowly than agreed"),  # and quick again: two bad weeks are no step
    (range(30, 32), "<b>shop answered more slowly than agreed"),  # two days are no step
])  # fmt: skip
def test_the_day_since_which_answers_are_slow_is_named_only_where_there_is_one(slow, title):
    load = hours(*[(24 * n, 10, 0, 0.9 if n + 1 in slow else 0.1) for n in range(31)], length=24)
    times = performance.answer_times(load, OCTOBER, AGREED).assign(p95_verdict="missed")
    assert figures.answer_times(performance.bands(load, OCTOBER), times, OCTOBER, STYLE).about["title"] == title


def test_a_vital_beyond_its_limit_is_told_by_more_than_colour():
    made = figures.web_vitals(*vitals({"page": "<i>a", "lcp": 3.1, "inp": 0.1, "cls": 0.2}), STYLE)
    within, beyond = made.figure["data"]
    assert (within["y"], within["x"], within["marker"]["pattern"]["shape"]) == ([2], [0.5], "")
    assert (beyond["y"], beyond["x"], beyond["marker"]["pattern"]["shape"]) == ([0, 1], [2.0, 1.24], "/")
    assert (within["marker"]["color"], beyond["marker"]["color"]) == (theme.THIS_MONTH, theme.AT_RISK)
    assert made.about["title"] == "Layout shift on <i>a: 0.2; one more is beyond its limit"
    texts = " ".join(note["text"] for note in made.figure["layout"]["annotations"])
    assert "3.1 s of 2.5 s" in texts and "&lt;i&gt;a" in texts and "<i>a" not in texts
    good = figures.web_vitals(*vitals({"lcp": 1}), STYLE)
    assert good.about["title"] == "Every page that was measured was within the limits of good"


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    times = performance.answer_times(NONE, OCTOBER, AGREED)
    made = [
        figures.traffic(performance.daily(NONE, OCTOBER), OCTOBER, STYLE),
        figures.answer_times(performance.bands(NONE, OCTOBER), times, OCTOBER, STYLE),
        figures.web_vitals(*vitals(), STYLE),
    ]
    assert [one.kind for one in made] == ["notice"] * 3
