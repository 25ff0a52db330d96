"""The load that Prometheus' counters and histograms tell of, scripted."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import prometheus
from opsreport.sources._prometheus_load import slot
from tests.http.conftest import OCTOBER, settings
from tests.http.test_prometheus import LOAD, RANGE, TOLD, at, hourly, script


def load(web, *scripted, run=None, service=LOAD, **given):
    script(web, load=hourly(*scripted) if not scripted or not callable(scripted[0]) else scripted[0])
    one = settings(prometheus, web, "request_load", run=run, services={"shop": service}, **{"step": "5min", **given})
    return sources.read(prometheus, one, OCTOBER)


@pytest.mark.parametrize("more", [{"warnings": ["receive series from store-2: deadline"]}, {"isPartial": True}])
def test_an_answer_of_which_a_part_is_missing_is_not_read(web, more):
    rows, seen = load(web, TOLD, lambda begin: True, more)
    assert rows.empty and seen.status == "partial" and "a part is missing" in seen.why


@pytest.mark.parametrize("kind", ["warnings", "infos"])
def test_what_promql_remarks_on_makes_the_reading_partial(web, kind):
    rows, seen = load(web, TOLD, lambda begin: True, {kind: ["PromQL info: input was fixed for monotonicity"]})
    assert len(rows) and seen.status == "partial" and seen.why == "PromQL info: input was fixed for monotonicity"


def test_hours_count_an_hour_after_they_are_over_and_those_at_the_border_belong_where_they_begin(web):
    rows, seen = load(web, run={"now": pd.Timestamp("2026-10-20 12:06", tz="UTC")})
    assert rows["ended_at"].max() == pd.Timestamp("2026-10-20 11:00", tz="UTC") == seen.observed_end
    rows, _ = load(web, retention="60d")
    assert len(rows) == 31 * 24 and rows["started_at"].min() == OCTOBER.start and rows["ended_at"].max() == OCTOBER.end
    assert sum(rows["requests"]) == 31 * 24 * 60


def test_a_counter_is_told_in_whole_requests_and_nothing_is_made_of_nan(web):
    rows, _ = load(web, {**TOLD, "requests": "60.5084", "labelled": "60.5084", "errors": "2.49", "latency_p95": "NaN"})
    assert set(rows["requests"]) == {61} and set(rows["errors"]) == {2} and rows["latency_p95"].isna().all()


def test_errors_are_none_where_none_was_counted_and_unknown_where_the_label_is_not_on_every_series(web):
    without = {what: value for what, value in TOLD.items() if what != "errors"}
    assert set(load(web, without)[0]["errors"]) == {0}
    rows, seen = load(web, {**without, "labelled": "59"})
    assert rows["errors"].isna().all() and seen.status == "partial"
    rows, seen = load(web, {**TOLD, "errors": "61"})
    assert rows["errors"].isna().all() and "they are too many" in seen.why


def test_a_quantile_beyond_the_last_bound_is_unknown_since_it_was_longer(web):
    told = {**TOLD, "latency_p99": "1", "latency_p95": "1", "buckets": {"0.1": "50", "1": "58", "+Inf": "60"}}
    rows, _ = load(web, told)
    # 95 % of 60 is the 57th, within 1 s; 99 % the 59.4th, beyond.
    assert set(rows["latency_p95"]) == {1} and rows["latency_p99"].isna().all()
    assert json.loads(rows.loc[0, "latency_buckets"]) == {"0.1": 50, "1": 58, "+Inf": 60}


def test_milliseconds_are_told_in_seconds_and_one_bound_written_two_ways_is_one(web):
    told = {**TOLD, "latency_p50": "50", "buckets": {"100": "30", "100.0": "20", "+Inf": "60"}}
    rows, _ = load(web, told, service={**LOAD, "latency": "http_milliseconds_bucket", "latency_unit": "ms"})
    assert float(rows.loc[0, "latency_p50"]) == 0.05
    assert json.loads(rows.loc[0, "latency_buckets"]) == {"0.1": 50, "+Inf": 60}


def test_a_native_histogram_has_its_quantiles_and_no_buckets(web):
    rows, seen = load(web, {what: value for what, value in TOLD.items() if what != "buckets"},
                      service={**LOAD, "latency": 'http_seconds{job="shop"}'})  # fmt: skip
    assert float(rows.loc[0, "latency_p99"]) == 0.5 and rows["latency_buckets"].isna().all() and seen.status == "ok"
    asked = next(call.body["query"] for call in web.asked(RANGE))
    assert 'histogram_quantile(0.99, sum(increase(http_seconds{job="shop"}[1h])))' in asked


def test_an_hour_without_requests_is_quiet_and_one_that_was_not_scraped_is_unknown(web):
    told = {**TOLD, "requests": "0", "errors": "0", "labelled": "0", "latency_p50": "NaN",
            "buckets": {"0.1": "0", "+Inf": "0"}}  # fmt: skip
    noon, two = at("2026-10-20 12:00"), at("2026-10-20 14:00")
    rows, _ = load(web, told, lambda begin: not noon <= begin < two)
    assert set(rows["requests"]) == {0} and rows["latency_p50"].isna().all()
    assert not rows["started_at"].between(pd.Timestamp("2026-10-20 12:00", tz="UTC"),
                                          pd.Timestamp("2026-10-20 13:59", tz="UTC")).any()  # fmt: skip


def test_an_instance_that_replaces_another_makes_no_hour_uneven_but_time_between_them_does(web):
    def pods(gap):
        def say(call):
            answer = hourly()(call)
            for one in answer["data"]["result"] if " seen" in call.body["query"] else []:
                noon = at("2026-10-20 12:30")
                other = [[when, value] for when, value in one["values"] if when > noon + gap]
                one["values"] = [[when, value] for when, value in one["values"] if when < noon]
                answer["data"]["result"].append({"metric": {**one["metric"], "instance": "b"}, "values": other})
                break
            return answer

        return say

    rows, seen = load(web, pods(0))
    hour = rows["started_at"] == pd.Timestamp("2026-10-20 12:00", tz="UTC")
    assert hour.any() and seen.status == "ok"
    rows, seen = load(web, pods(1200))
    assert len(rows) and not (rows["started_at"] == pd.Timestamp("2026-10-20 12:00", tz="UTC")).any()
    assert "shop: 1 hours are left out" in seen.why


def test_a_day_that_cannot_be_read_ends_the_question_and_takes_nothing_from_the_days_before(web):
    script(web)
    web.fault(RANGE, "broken", at=4, times=0)
    one = settings(prometheus, web, "request_load", services={"shop": LOAD})
    rows, seen = sources.read(prometheus, one, OCTOBER)
    # The fourth call is that for the second day's instances; days begin an hour before the first that counts.
    assert len(rows) == 23 and set(rows["requests"]) == {60} and seen.status == "partial"


def test_slots_divide_an_hour_and_hold_two_scrapes():
    each = {seconds: slot(pd.Timedelta(seconds=seconds)).total_seconds() for seconds in (1, 7, 15, 60, 70, 1800)}
    assert each == {1: 10, 7: 15, 15: 30, 60: 120, 70: 144, 1800: 3600}
