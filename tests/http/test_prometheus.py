"""Prometheus, scripted: what its answers may lack, and how they are read. Real ones are in test_prometheus_real.py."""

from __future__ import annotations

import base64
import re
from itertools import pairwise

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import _prometheus, prometheus
from tests.http.conftest import NOW, OCTOBER, TOKEN, each_frame, settings
from tests.http.server import Say

RUNTIME, QUERY, RANGE = prometheus.OPERATIONS
SHOP, BLOG = 'probe_success{instance="shop"}', 'probe_success{job="blog"}'
LOAD = {"requests": "http_requests_total", "errors": 'code=~"5.."', "latency": "http_seconds_bucket"}
#: Each hour of the scripted service.
TOLD = {"requests": "60", "errors": "3", "labelled": "60", "latency_p50": "0.05", "latency_p95": "0.2",
        "latency_p99": "0.5", "buckets": {"0.1": "50", "1": "60", "+Inf": "60"}}  # fmt: skip


def at(written):
    return pd.Timestamp(written, tz="UTC").timestamp()


def said(*result, **more):
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}, **more}


def window(call):
    """From when to when, in seconds, a question for samples asks."""
    length = int(re.search(r"\[(\d+)ms\]$", call.body["query"])[1]) / 1000
    until = float(call.body["time"])
    return until - length + 0.001, until


def samples(**each):
    """Of each selector's series, labels and the values by when they were, an answer to each question."""

    def say(call):
        first, last = window(call)
        found = each[call.body["query"].partition("[")[0]] if each else []
        return said(*({"metric": labels, "values": kept} for labels, values in found
                      if (kept := [[when, value] for when, value in values if first <= when <= last])))  # fmt: skip

    return say


def hourly(told=TOLD, seen=lambda begin: True, more=None):
    """The same of each hour, and an instance that was scraped where it is said so."""

    def say(call):
        step, key = int(call.body["step"]), re.search(r'"opsreport", "(s\d+) ', call.body["query"])[1]
        ends = [when - 0.001 for when in range(round(float(call.body["start"]) + 0.001),
                                               round(float(call.body["end"]) + 0.001) + 1, step)]  # fmt: skip
        if " seen" in call.body["query"]:
            kept = [[end, "1"] for end in ends if seen(end + 0.001 - step)]
            return said({"metric": {"opsreport": f"{key} seen", "instance": "a"}, "values": kept})
        made = []
        for what, value in told.items():
            each = value if isinstance(value, dict) else {None: value}
            made += [{"metric": {"opsreport": f"{key} {what}"} | ({"le": le} if le else {}),
                      "values": [[end, one] for end in ends]} for le, one in each.items()]  # fmt: skip
        return said(*made, **(more or {}))

    return say


def runtime(kept="15d"):
    return {"status": "success", "data": {"startTime": "2026-10-01T00:00:00Z", "storageRetention": kept}}


def minutely(first, last, value="1"):
    return [[when, value] for when in range(int(at(first)), int(at(last)), 60)]


def script(web, told=None, load=None, kept="15d"):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.answer(RUNTIME, runtime(kept))
    web.script(QUERY, samples(**(told or {})))
    web.script(RANGE, load or hourly())


def world(web):
    up = minutely("2026-10-19 12:00:10", "2026-10-22 12:00:00")
    script(web, {SHOP: [({"__name__": "probe_success", "instance": "shop"}, up)],
                 BLOG: [({"__name__": "probe_success", "job": "blog"}, up[100:])]})  # fmt: skip
    return each_frame(prometheus, web, monitors={"shop": SHOP, "blog": BLOG}, services={"shop": LOAD, "api": LOAD})


def states(web, told, run=None, kept="15d", **given):
    script(web, {SHOP: told}, kept=kept)
    one = settings(prometheus, web, "monitor_state", run=run, **({"monitors": {"shop": SHOP}} | given))
    return sources.read(prometheus, one, OCTOBER)


def shop(values, **labels):
    return {"__name__": "probe_success", "instance": "shop", **labels}, values


def test_a_stretch_across_the_months_border_is_cut_there(web):
    begin = minutely("2026-09-30 23:58:10", "2026-10-01 00:02")
    rows, seen = states(web, [shop([*begin, *minutely("2026-10-31 23:58:10", "2026-11-01 00:02")])], kept="1y")
    assert rows["started_at"].tolist() == [OCTOBER.start, pd.Timestamp("2026-10-31 23:58:10", tz="UTC")]
    # The last sample of the first stretch was at 00:01:10.
    assert rows["ended_at"].tolist() == [pd.Timestamp("2026-10-01 00:02:10", tz="UTC"), OCTOBER.end]
    assert [seen.observed_start, seen.observed_end] == [OCTOBER.start, OCTOBER.end]


@pytest.mark.parametrize(("kept", "start"), [("15d", "2026-10-17 06:00"), ("1w2d or 10GiB", "2026-10-23 06:00"),
                                             ("10GiB", "2026-10-17 06:00"), ("1y", "2026-10-01")])  # fmt: skip
def test_what_is_forgotten_is_not_asked_for_and_not_said_to_be_seen(web, kept, start):
    _, seen = states(web, [shop(minutely("2026-10-25", "2026-10-26"))], kept=kept)
    assert seen.observed_start == pd.Timestamp(start, tz="UTC")
    first = min(window(call)[0] for call in web.asked(QUERY))
    assert first == pytest.approx(at(start) - 120)


def test_a_system_that_does_not_say_how_long_it_keeps_is_told_to(web):
    known = {"monitors": {"shop": SHOP}, "retention": "30d"}
    script(web, {SHOP: [shop(minutely("2026-10-25", "2026-10-26"))]})
    web.fault(RUNTIME, "gone", times=0)
    _, seen = sources.read(prometheus, settings(prometheus, web, **known), OCTOBER)
    assert seen.status == "ok" and seen.observed_start == pd.Timestamp("2026-10-02 06:00", tz="UTC")
    _, seen = sources.read(prometheus, settings(prometheus, web, monitors={"shop": SHOP}), OCTOBER)
    assert seen.status == "partial" and "how far back it tells is not known: set retention" in seen.why


def test_the_newest_minutes_are_left_for_the_next_reading(web):
    now = pd.Timestamp("2026-10-20 12:00:30", tz="UTC")
    rows, seen = states(web, [shop(minutely("2026-10-20 11:00:10", "2026-10-20 12:00:30"))], run={"now": now})
    assert rows["ended_at"].tolist() == [pd.Timestamp("2026-10-20 11:55", tz="UTC")] == [seen.observed_end]


def test_a_scrape_that_comes_a_little_late_is_not_missing_and_half_a_step_more_is(web):
    begin = at("2026-10-20 10:00")
    rows, _ = states(web, [shop([[begin, "1"], [begin + 89.9, "1"], [begin + 190, "1"]])])
    assert (rows["ended_at"] - rows["started_at"]).dt.total_seconds().tolist() == [149.9, 60]


def test_a_value_that_is_neither_up_nor_down_is_unknown_and_said(web):
    begin = at("2026-10-20 10:00")
    values = [[begin, "1"], [begin + 60, "NaN"], [begin + 120, "0.5"], [begin + 180, "0"]]
    rows, seen = states(web, [shop(values)])
    assert rows[["state"]].assign(at=rows["started_at"].dt.minute).values.tolist() == [["up", 0], ["down", 3]]
    assert seen.status == "partial" and "shop: 0.5 is neither 1, up, nor 0, down" in seen.why


def test_a_step_that_is_not_the_scrape_interval_is_said(web):
    begin = at("2026-10-20 10:00")
    rows, seen = states(web, [shop([[begin + 300 * n, "1"] for n in range(10)])])
    assert (rows["ended_at"] - rows["started_at"]).sum() == pd.Timedelta(minutes=10)
    assert seen.status == "partial" and "its samples come every 300 s: set step, which is 60 s" in seen.why
    rows, seen = states(web, [shop([[begin + 300 * n, "1"] for n in range(10)])], step="5min")
    assert (rows["ended_at"] - rows["started_at"]).sum() == pd.Timedelta(minutes=50) and seen.status == "ok"


def test_a_monitor_whose_series_changed_its_labels_is_one(web):
    before = shop(minutely("2026-10-20 10:00:10", "2026-10-20 11:00"), pod="a")
    after = shop(minutely("2026-10-20 11:00:10", "2026-10-20 12:00"), pod="b")
    rows, seen = states(web, [before, after])
    assert len(rows) == 1 and rows["ended_at"].tolist() == [pd.Timestamp("2026-10-20 12:00:10", tz="UTC")]
    assert (seen.status, seen.why) == ("ok", "")


def test_two_monitors_of_one_label_stay_apart_and_a_series_without_the_label_is_said(web):
    day = minutely("2026-10-20", "2026-10-21")
    blog = {"__name__": "probe_success", "job": "blog", "site": "x"}
    script(web, {SHOP: [shop(day, site="x"), shop(day)], BLOG: [(blog, day)]})
    known = {"a": {"selector": SHOP, "label": "site"}, "b": {"selector": BLOG, "label": "site"}}
    rows, seen = sources.read(prometheus, settings(prometheus, web, monitors=known), OCTOBER)
    assert sorted(rows["monitor"]) == ["a/x", "b/x"]
    assert seen.status == "partial" and seen.why == "a: some series have no label site"


def test_a_monitor_of_which_there_is_no_sample_is_said(web):
    rows, seen = states(web, [])
    assert rows.empty and seen.status == "partial" and seen.why == "shop: no sample of it was found"


def test_a_password_goes_by_its_name_and_a_tenant_in_its_header(web):
    script(web, {SHOP: [shop(minutely("2026-10-20", "2026-10-21"))]})
    known = base64.b64encode(f"acme:{TOKEN}".encode()).decode()
    web.token = ("Authorization", f"Basic {known}")
    one = settings(prometheus, web, monitors={"shop": SHOP}, user="acme", tenant="acme-prod")
    rows, seen = sources.read(prometheus, one, OCTOBER)
    assert len(rows) == 1 and seen.status == "ok"
    assert {call.headers["X-Scope-Orgid"] for call in web.calls} == {"acme-prod"}
    web.script(QUERY, lambda call: Say({"status": "error", "error": f"no {known}"}, status=400))
    _, seen = sources.read(prometheus, one, OCTOBER)
    assert seen.status == "partial" and known not in seen.why and "no ***" in seen.why


def test_no_token_is_needed(web):
    script(web, {SHOP: [shop(minutely("2026-10-20", "2026-10-21"))]})
    web.token = ("", "")
    rows, seen = sources.read(prometheus, settings(prometheus, web, monitors={"shop": SHOP}, token=""), OCTOBER)
    assert len(rows) == 1 and seen.status == "ok"


@pytest.mark.parametrize("written", [
    "max by (instance) (probe_success)", "up or on() vector(1)", 'up{job="a"} or up{job="b"}', "up[5m]", "up offset 1h",
    "{}", "", 'up{job="a}', "up == 1", "up # x",
])  # fmt: skip
def test_what_is_computed_is_no_selector(web, written):
    with pytest.raises(ParamsError, match="selector"):
        settings(prometheus, web, monitors={"shop": written})


@pytest.mark.parametrize("written", [
    "up", "job:up:min", 'up{}', 'up{job="a", instance=~"b.*",}', '{__name__="up"}', 'up{path="a\\"}[1h] or b{"}',
    "up{job='a',x!~`b\\`}",
])  # fmt: skip
def test_what_chooses_series_by_name_and_labels_is_a_selector(web, written):
    assert settings(prometheus, web, monitors={"shop": written}).monitors == {"shop": written}


@pytest.mark.parametrize(("given", "said"), [
    ({"services": {"shop": {"requests": "a", "latency": "http_milliseconds_bucket"}}}, "latency_unit: ms"),
    ({"services": {"shop": {"requests": "a", "errors": "code=~5"}}}, "selector"),
    ({"step": "40min", "monitors": {"a": "b"}}, "1s to 30min"),
    ({}, "name them"),
    ({"address": "", "monitors": {"a": "b"}}, "address"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(web, given, said):
    frame = "request_load" if "services" in given else "monitor_state"
    with pytest.raises(ParamsError, match=said):
        settings(prometheus, web, frame, **given)


def test_a_probe_asks_each_question_once(web):
    script(web, {SHOP: []})
    one = settings(prometheus, web, run={"is_probe": True}, monitors={"shop": SHOP}, services={"shop": LOAD})
    prometheus.fetch(OCTOBER, one)
    assert [len(web.asked(operation)) for operation in (RUNTIME, QUERY, RANGE)] == [1, 1, 2]


def test_a_question_of_a_month_to_come_is_not_asked(web):
    rows, seen = states(web, [], run={"now": OCTOBER.start - pd.Timedelta(days=2)})
    assert rows.empty and web.asked(QUERY) == [] and pd.isna(seen.observed_start)


def test_an_answer_is_of_its_own_series_and_its_own_time(web):
    script(web)
    for strange in (shop(minutely("2026-10-20", "2026-10-21"), instance="blog"), shop([[at("2026-09-01"), "1"]])):
        labels, values = strange
        web.script(QUERY, lambda call, one={"metric": labels, "values": values}: said(one))
        rows, seen = sources.read(prometheus, settings(prometheus, web, monitors={"shop": SHOP}), OCTOBER)
        assert rows.empty and seen.status == "partial" and "it answered another question" in seen.why


def test_the_days_of_a_question_tile_its_time():
    parts = list(_prometheus.days(OCTOBER.start, NOW))
    assert parts[0][0] == OCTOBER.start and parts[-1][1] == NOW and len(parts) == 32
    assert all(one[1] == other[0] for one, other in pairwise(parts))
