"""A real Prometheus (Debian's package), back-filled with series whose states, counts and quantiles are worked out here.

All is scraped each minute at ten seconds past it, on 10 October 2026 from 09:00 to 16:00 unless it is said otherwise.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import httpx
import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import Run, prometheus
from tests.http.conftest import OCTOBER

MINUTES = range(7 * 60)
FIRST = pd.Timestamp("2026-10-10 09:00:10", tz="UTC")
NOW = pd.Timestamp("2026-10-10 17:08", tz="UTC")
WEB = {"requests": 'http_requests_total{job="web"}', "errors": 'code=~"5.."',
       "latency": 'http_request_duration_seconds_bucket{job="web"}'}  # fmt: skip


def minute(clock):
    return int(clock[:2]) * 60 + int(clock[3:]) - 9 * 60


def between(first, last):
    return range(minute(first), minute(last))


def exposed():
    """name{labels} value time, a family after the other."""
    made = []

    def add(name, labels, value, missing=()):
        for at in MINUTES:
            told = value(at)
            if told is not None and at not in missing:
                written = ",".join(f'{key}="{text}"' for key, text in labels.items())
                made.append(f"{name}{{{written}}} {told} {int(FIRST.timestamp()) + 60 * at}")

    unseen = {minute("11:20"), *between("12:00", "12:20")}
    add("probe_success", {"job": "blackbox", "instance": "https://shop"},
        lambda at: 0 if at in between("10:30", "10:35") or at == minute("12:20") else 1, unseen)  # fmt: skip
    add("probe_success", {"job": "blackbox", "instance": "https://blog"}, lambda at: 1)
    hole, restart = between("12:50", "13:10"), minute("11:30")

    def failed(at):
        if at >= restart:
            return 1 if at >= minute("11:45") else None
        return 2 if at >= minute("10:40") else 1 if at >= minute("10:20") else None

    web = {"job": "web", "instance": "a"}
    add("http_requests_total", {**web, "code": "200"},
        lambda at: 6 * at if at < restart else 3 + 6 * (at - restart), hole)  # fmt: skip
    add("http_requests_total", {**web, "code": "500"}, failed, hole)
    add("http_requests_total", {"job": "api", "instance": "a"}, lambda at: at)
    add("http_requests_total", {"job": "api", "instance": "b"}, lambda at: at, between("10:50", "11:10"))
    add("http_requests_total", {"job": "idle", "instance": "a"}, lambda at: 7)
    add("http_requests_total", {"job": "flaky", "instance": "a", "path": "/"}, lambda at: 1000 + at)
    add("http_requests_total", {"job": "flaky", "instance": "a", "path": "/b"}, lambda at: 500 + at,
        between("11:50", "12:10"))  # fmt: skip
    for bound, each in (("0.1", 3), ("0.5", 5), ("1", 6), ("+Inf", 6)):
        add("http_request_duration_seconds_bucket", {**web, "le": bound}, lambda at, each=each: each * at, hole)
    return "\n".join([*made, "# EOF", ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Prometheus of its own on loopback, which ends with these tests."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        pytest.skip("prometheus and promtool are not installed (Debian: prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "samples.txt").write_text(exposed())
    (folder / "prometheus.yml").write_text("global: {}\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "samples.txt", "data"]
    subprocess.run(command, cwd=folder, check=True, timeout=60, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    running = subprocess.Popen(
        ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=20y",
         f"--web.listen-address={address}"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield _ready(f"http://{address}", running)
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(10)


def _ready(address, running):
    for _ in range(200):
        try:
            if httpx.get(f"{address}/-/ready", timeout=1, trust_env=False).status_code == 200:
                return address
        except httpx.TransportError:
            assert running.poll() is None, "Prometheus ended by itself"
        time.sleep(0.1)
    raise AssertionError("Prometheus did not become ready within 20 s")


@pytest.fixture
def read(server, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def reads(frame, **given):
        run = Run(client="acme", now=NOW)
        one = sources.settings_of(prometheus, {"address": server, **given}, frame=frame, zone="UTC", run=run)
        return sources.read(prometheus, one, OCTOBER)

    return reads


def load(read, **services):
    rows, seen = read("request_load", services=services)
    return rows.assign(hour=rows["started_at"].dt.hour).set_index("hour"), seen


def clock(instants):
    return [at.strftime("%H:%M:%S") for at in instants]


def test_a_query_at_a_step_fills_the_gap_that_the_samples_show(server):
    asked = {"query": 'probe_success{instance="https://shop"}', "step": "60",
             **dict.fromkeys(("start", "end"), str(int(FIRST.timestamp()) + 60 * minute("11:20")))}  # fmt: skip
    told = httpx.post(f"{server}/api/v1/query_range", data=asked, trust_env=False).json()
    assert told["data"]["result"][0]["values"][0][1] == "1"  # though nothing was scraped then


def test_a_monitor_is_down_until_the_next_sample_and_unknown_where_one_is_missing(read):
    rows, seen = read("monitor_state", monitors={"shop": 'probe_success{instance="https://shop"}'})
    rows = rows.sort_values("started_at")
    stretches = list(zip(clock(rows["started_at"]), clock(rows["ended_at"]), rows["state"], strict=True))
    assert stretches == [
        ("09:00:10", "10:30:10", "up"), ("10:30:10", "10:35:10", "down"), ("10:35:10", "11:20:10", "up"),
        ("11:21:10", "12:00:10", "up"),  # one scrape was missing
        ("12:20:10", "12:21:10", "down"), ("12:21:10", "16:00:10", "up"),
    ]  # fmt: skip
    assert (seen.status, seen.why) == ("ok", "")
    assert [seen.observed_start, seen.observed_end] == [OCTOBER.start, pd.Timestamp("2026-10-10 17:03", tz="UTC")]


def test_a_selector_of_several_series_is_one_monitor_each_by_a_label_or_one_that_is_down_where_any_is(read):
    both = {"selector": 'probe_success{job="blackbox"}', "label": "instance"}
    rows, seen = read("monitor_state", monitors={"web": both})
    assert set(rows["monitor"]) == {"web/https://shop", "web/https://blog"} and seen.status == "ok"
    rows, seen = read("monitor_state", monitors={"web": both["selector"]})
    down = rows[rows["state"] == "down"]
    assert clock(down["started_at"]) == ["10:30:10", "12:20:10"]
    # Where a scrape of the one is missing the other tells.
    assert (rows["ended_at"] - rows["started_at"]).sum() == pd.Timedelta(hours=7)
    assert seen.why == "web is 2 series at one time: down where one of them is"


def test_requests_are_what_the_counters_rose_by_also_over_a_reset(read):
    rows, seen = load(read, web=WEB)
    # 59 steps of 6 are seen of an hour, which are stretched to its 60: 360, but for the first hour, which begins
    # with 0 and so is not stretched before it (359 = 354 × 3590 / 3540). In the tenth come two errors.
    # The eleventh: 29 × 6 + 3 + 29 × 6 = 351, and an error, × 60 / 59 = 358.
    # The twelfth up to 12:49:10: 49 × 6 = 294, stretched by 10 s and half a minute: × 2980 / 2940 = 298.
    # The thirteenth from 13:10:10: × 3020 / 2940 = 302.
    assert rows["requests"].astype(int).to_dict() == {9: 359, 10: 362, 11: 358, 12: 298, 13: 302, 14: 360, 15: 360}
    assert (seen.status, seen.why) == ("ok", "")


def test_an_hour_that_was_partly_scraped_is_told_as_the_part_that_was(read):
    rows, seen = load(read, web=WEB)
    assert clock(rows.loc[[11, 12, 13], "started_at"]) == ["11:00:00", "12:00:00", "13:10:00"]
    assert clock(rows.loc[[11, 12, 13], "ended_at"]) == ["12:00:00", "12:50:00", "14:00:00"]
    assert [seen.observed_start, seen.observed_end] == [OCTOBER.start, pd.Timestamp("2026-10-10 16:00", tz="UTC")]


def test_an_error_that_makes_its_series_counts_and_none_is_none_where_the_label_is_known(read):
    rows, _ = load(read, web=WEB)
    # increase() alone would say 1 of the tenth hour, of whose two errors the first made the series.
    assert rows["errors"].astype(int).to_dict() == {9: 0, 10: 2, 11: 1, 12: 0, 13: 0, 14: 0, 15: 0}
    rows, seen = load(read, web={**WEB, "errors": 'status=~"5.."'})
    assert rows["errors"].isna().all() and seen.status == "partial"
    assert "web: the errors of 7 hours are not known" in seen.why
    rows, seen = load(read, web={**WEB, "errors": "http_errors_total"})
    assert rows["errors"].isna().all() and seen.status == "partial"


def test_quantiles_are_those_of_the_hours_histogram(read):
    rows, _ = load(read, web=WEB)
    assert json.loads(rows.loc[10, "latency_buckets"]) == {"0.1": 180, "0.5": 300, "1": 360, "+Inf": 360}
    # Of 360: the 180th at 0.1 s; the 342nd is the 42nd of 60 between 0.5 and 1; the 356.4th the 56.4th of them.
    told = rows.loc[10, ["latency_p50", "latency_p95", "latency_p99"]].astype(float).round(9).tolist()
    assert told == [0.1, 0.85, 0.97]


def test_a_quiet_service_has_no_requests_and_one_that_is_not_scraped_is_not_quiet(read):
    rows, seen = load(read, idle={"requests": 'http_requests_total{job="idle"}'}, none={"requests": "nothing_total"})
    assert set(rows["service"]) == {"idle"} and rows["requests"].astype(int).tolist() == [0] * 7
    assert rows["latency_p95"].isna().all() and rows["errors"].isna().all()
    assert seen.status == "partial" and seen.why == "none: no sample of it was found"


def test_hours_in_which_one_of_two_instances_was_not_scraped_are_left_out(read):
    rows, seen = load(read, api={"requests": 'http_requests_total{job="api"}'})
    assert sorted(rows.index) == [9, 12, 13, 14, 15] and int(rows.loc[12, "requests"]) == 120
    assert seen.status == "partial" and "api: 2 hours are left out" in seen.why


def test_a_series_that_comes_back_with_all_it_ever_counted_is_not_new(read):
    rows, _ = load(read, flaky={"requests": 'http_requests_total{job="flaky"}'})
    # 60, and 49 seen from 12:10:10 on, stretched by 80 s: 49 × 3020 / 2940 = 50.3.
    assert int(rows.loc[12, "requests"]) == 110


def test_what_it_refuses_is_said_in_its_own_words(server, read):
    rows, seen = read("request_load", services={"web": {"requests": 'a{b=~"("}'}})
    assert rows.empty and seen.status == "partial" and "error parsing regexp" in seen.why
