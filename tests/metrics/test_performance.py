"""Load counts every instant once; percentiles are never averaged; verdicts hold whatever was not seen."""

import datetime as dt
import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.metrics import performance
from opsreport.metrics.load_windows import counted
from opsreport.params.models import Agreement, Service
from opsreport.params.operations import PerformanceTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
DAY = pd.Timedelta(days=1)
SERVICES = {"shop": Service(owner="Web", tier=1)}


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


def load(rows: pd.DataFrame, *terms: Agreement) -> pd.Series:
    return performance.traffic(rows, OCTOBER, list(terms)).iloc[0]


def times(rows: pd.DataFrame, *terms: Agreement) -> pd.Series:
    return performance.answer_times(rows, OCTOBER, list(terms)).iloc[0]


def test_a_month_beside_its_hours_is_counted_once():
    rows = frame(month(requests=1000, errors=10), *[window(n, requests=5, errors=5) for n in range(5)])
    row = load(rows)
    assert (row["requests"], row["errors"], row["error_rate"], row["coverage"]) == (1000, 10, 0.01, 1)


def test_hours_without_data_are_unknown_and_not_quiet():
    row = load(frame(window(0, 372.5, requests=100, errors=1)), agreed(error_rate="0.02"))  # half of 745 h
    assert row["coverage"] == 0.5 and row["requests"] == 100
    # As busy as the half that was seen, the other may hide 100 requests: 1 to 101 of 200 failed.
    assert (row["error_rate_best"], row["error_rate_worst"]) == (0.005, 0.505) and row["verdict"] == "unknown"


def test_a_miss_is_a_miss_even_if_nothing_failed_in_the_hours_not_seen():
    row = load(frame(window(0, 372.5, requests=100, errors=10)), agreed(error_rate="0.02"))
    assert row["error_rate_best"] == 0.05 and row["verdict"] == "missed"


def test_exactly_the_agreed_rate_is_met():
    assert load(frame(month(requests=1000, errors=1)), agreed(error_rate="0.001"))["verdict"] == "met"


def test_hours_whose_errors_are_not_recorded_do_not_count_as_without_errors():
    rows = frame(window(0, 372.5, requests=100, errors=2), window(372.5, 372.5, requests=100))
    row = load(rows, agreed(error_rate="0.02"))
    assert (row["requests"], row["error_rate"], row["coverage"], row["verdict"]) == (200, 0.02, 0.5, "unknown")


def test_the_change_is_by_the_day_and_only_between_months_seen_whole():
    september = Period.month("2026-09", "Europe/Berlin")
    whole = load(frame(month(requests=3100), month(september, requests=1500)))
    assert whole["last_requests"] == 1500 and whole["requests_change"] == 1.0  # 100 a day after 50
    part = load(frame(window(0, 100, requests=3100), month(september, requests=1500)))
    assert part["last_requests"] == 1500 and math.isnan(part["requests_change"])


def test_an_hour_across_the_months_end_counts_where_it_begins_and_a_longer_window_nowhere():
    hours = OCTOBER.hours
    row = load(frame(window(hours - 0.5, requests=7), window(hours - 2, 3, requests=100), window(-0.5, requests=9)))
    assert row["requests"] == 7


def test_a_service_with_a_target_and_no_data_is_unknown():
    row = load(frame(), agreed(error_rate="0.01"))
    assert row["service"] == "shop" and math.isnan(row["requests"]) and row["verdict"] == "unknown"
    assert times(frame(), agreed(latency_p95="1"))["verdict"] == "unknown"


def test_the_sources_month_in_utc_stands_for_the_month_and_says_so():
    utc = {"started_at": OCTOBER.bill.start, "ended_at": OCTOBER.bill.end}
    rows = frame({**utc, "requests": 50, "errors": 1, "latency_p95": 0.3}, window(0, requests=1))
    assert load(rows)["requests"] == 50 and "UTC" in load(rows)["note"]
    assert times(rows)["latency_p95"] == 0.3 and "UTC" in times(rows)["note"]


def test_a_target_that_changed_within_the_month_is_judged_by_its_own_days():
    rows = frame(window(0, 337, requests=100, errors=2), window(337, 408, requests=100, errors=2))  # up to the 15th
    terms = [agreed("2025-01-01", "2026-10-14", error_rate="0.01"), agreed("2026-10-15", error_rate="0.03")]
    made = performance.traffic(rows, OCTOBER, terms)
    assert OCTOBER.start + pd.Timedelta(hours=336) == Period.days("2026-10-15", "2026-10-15", "Europe/Berlin").start
    # The first window crosses the change; of the later days one hour is missing, which cannot hide enough.
    assert dict(zip(made["error_rate_target"], made["verdict"], strict=True)) == {0.01: "unknown", 0.03: "met"}
    rows = frame(window(0, 336, requests=100, errors=2), window(336, 409, requests=100, errors=2))
    made = performance.traffic(rows, OCTOBER, terms)
    assert dict(zip(made["error_rate_target"], made["verdict"], strict=True)) == {0.01: "missed", 0.03: "met"}


def test_totals_say_what_all_services_took():
    september = Period.month("2026-09", "Europe/Berlin")
    rows = frame(month(requests=3100, errors=31), month(september, requests=1500),
                 {**month(requests=3100, errors=0), "service": "api"},
                 {**month(september, requests=1500), "service": "api"})  # fmt: skip
    now = performance.totals(performance.traffic(rows, OCTOBER, []), OCTOBER).iloc[0]
    assert (now["requests"], now["error_rate"], now["coverage"]) == (6200, 0.005, 1)
    assert now["requests_change"] == pytest.approx(1.0)
    none = performance.totals(performance.traffic(frame(), OCTOBER, []), OCTOBER).iloc[0]
    assert math.isnan(none["requests"]) and none["coverage"] == 0


def test_a_day_is_the_clients_and_one_that_was_not_seen_is_unknown():
    rows = frame(window(23, requests=5, errors=1), window(24, requests=7), window(25, requests=1))
    made = performance.daily(rows, OCTOBER)
    assert len(made) == 31 and made["requests"].tolist()[:2] == [5, 8] and made["requests"].isna().sum() == 29
    assert made["errors"].tolist()[0] == 1 and math.isnan(made["errors"].iloc[1])
    assert made["coverage"].tolist()[1] == pytest.approx(2 / 24)
    assert performance.daily(frame(month(requests=9)), OCTOBER)["requests"].isna().all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(1, 90)), max_size=12))
def test_windows_that_count_never_overlap_and_never_reach_beyond_the_month(given_windows):
    rows = frame(*[window(start, length, requests=1) for start, length in dict(given_windows).items()])
    made = counted(rows, OCTOBER, ("requests",))
    starts, ends = made.rows["started_at"], made.rows["ended_at"]
    assert (starts.iloc[1:].to_numpy() >= ends.iloc[:-1].to_numpy()).all()
    assert 0 <= made.coverage <= 1 and ((starts >= OCTOBER.start) & (ends <= OCTOBER.end)).all()


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 9), max_size=10), st.booleans(), st.permutations(range(10)))
def test_nested_windows_cover_all_that_any_of_them_covers(hours, with_day, order):
    parts = [window(n, requests=1) for n in order if n in hours] + ([window(0, 6, requests=6)] if with_day else [])
    made = counted(frame(*parts), OCTOBER, ("requests",))
    covered = hours | (set(range(6)) if with_day else set())
    assert made.coverage == pytest.approx(len(covered) / OCTOBER.hours)
    assert made.rows["requests"].astype(float).sum() == len(covered)


def test_the_scorecard_shows_what_was_missed_first_and_never_more_than_four():
    rows = frame(month(requests=1000, errors=1, latency_p95=0.9), {**month(requests=9, errors=9), "service": "x"})
    made = performance.scorecard(rows, OCTOBER, [agreed(error_rate="0.01", latency_p95="0.5")], SERVICES, None)
    assert made["id"].tolist() == ["performance.shop.error_rate", "performance.shop.p95"]
    assert made["verdict"].tolist() == ["met", "missed"] and made["this_month"].tolist() == [0.001, 0.9]
    assert made["trend"].iloc[1] == [None] * 12 + [0.9]
    bare = performance.scorecard(rows, OCTOBER, [], SERVICES, OCTOBER.back(2))
    assert len(bare) == 2 and bare["target"].isna().all()
    assert performance.scorecard(frame(), OCTOBER, [], SERVICES, None).empty


def test_targets_stand_missed_first():
    rows = frame(month(requests=1000, errors=1, latency_p95=0.9, latency_p99=1))
    terms = [agreed(error_rate="0.01", latency_p95="0.5", latency_p99="2")]
    load = performance.traffic(rows, OCTOBER, terms)
    made = performance.targets(load, performance.answer_times(rows, OCTOBER, terms))
    assert list(zip(made["agreed_of"], made["verdict"], strict=True)) == [
        ("p95", "missed"), ("error_rate", "met"), ("p99", "met"),
    ]  # fmt: skip


def vitals(*rows: dict) -> pd.DataFrame:
    kind = FRAMES["web_vital"]
    made = [{"page": "/", "started_at": OCTOBER.start, "ended_at": OCTOBER.end, **row} for row in rows]
    return performance.web_vitals(kind.conform(pd.DataFrame(made)) if rows else kind.empty(), OCTOBER)


def test_a_page_is_rated_by_its_worst_vital_and_a_missing_one_is_unknown():
    made = vitals({"lcp": 2.5, "inp": 0.2, "cls": 0.1}, {"page": "/slow", "lcp": 4.1, "inp": 0.1, "cls": 0.0},
                  {"page": "/half", "lcp": 1.0}, {"page": "/meh", "lcp": 1, "inp": 0.3, "cls": 0})  # fmt: skip
    assert dict(zip(made["page"], made["vital_rating"], strict=True)) == {
        "/slow": "poor", "/meh": "needs improvement", "/half": "unknown", "/": "good",
    }  # fmt: skip
    each = performance.each_vital(made)
    assert each["vital"].tolist()[:2] == ["lcp", "inp"] and each["vital_limit_multiple"].iloc[1] == pytest.approx(1.5)


def test_a_pages_month_is_one_window_and_never_an_average():
    start = OCTOBER.start
    made = vitals({"lcp": 9, "ended_at": start + 7 * DAY},
                  {"lcp": 2, "started_at": start - 3 * DAY, "ended_at": start + 25 * DAY})  # fmt: skip
    assert made["lcp"].tolist() == [2] and made["note"].iloc[0] == "measured from 2026-09-28 to 2026-10-25"


def test_a_page_of_last_month_that_was_not_measured_is_unknown():
    september = OCTOBER.previous()
    made = vitals({"lcp": 2, "started_at": september.start, "ended_at": september.end})
    assert made["vital_rating"].tolist() == ["unknown"] and math.isnan(made["lcp"].iloc[0])
    assert performance.each_vital(made).empty and vitals().empty


def test_no_target_that_was_missed_or_is_not_known_is_left_out_of_the_scorecard():
    names = ["a", "b", "c"]
    rows = frame(*[{**month(requests=1000, errors=20, latency_p95=0.9, latency_p99=2.0), "service": name}
                   for name in names], {**month(requests=1000, errors=1), "service": "d"})  # fmt: skip
    exact = {"error_rate": Decimal("0.01"), "latency_p95": Decimal("0.5"), "latency_p99": Decimal(1)}
    terms = [Agreement(starts_on=dt.date(2025, 1, 1), performance=[
        PerformanceTarget(service=name, **exact) for name in [*names, "d"]])]  # fmt: skip
    made = performance.scorecard(rows, OCTOBER, terms, {}, None)
    promised = performance.targets(performance.traffic(rows, OCTOBER, terms),
                                   performance.answer_times(rows, OCTOBER, terms))  # fmt: skip
    short = promised[promised["verdict"].isin(["missed", "unknown"])]
    assert set(made["id"]) == {f"performance.{one.service}.{one.agreed_of}" for one in short.itertuples()}
    assert len(made) >= 9 and made.set_index("id").loc["performance.a.p99", "this_month"] == 2.0


def test_of_two_terms_in_a_month_the_scorecard_tells_the_missed_one():
    rows = frame(*[window(n * 24, 24, requests=100, errors=9 if n < 10 else 0) for n in range(31)])
    terms = [agreed("2025-01-01", "2026-10-10", error_rate="0.01"), agreed("2026-10-11", error_rate="0.02")]
    (row,) = performance.scorecard(rows, OCTOBER, terms, SERVICES, None).to_dict("records")
    assert row["verdict"] == "missed" and row["target"] == pytest.approx(0.01)
