"""Monitors of UptimeRobot, as stretches of time in one state."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import uptimerobot
from opsreport.store import Store
from tests.http.conftest import NOW, OCTOBER, TOKEN, each_frame, settings
from tests.http.monitors import agree_on, at, collect, month, told, unix
from tests.http.server import Say

MONITORS = "POST /getMonitors"
DOWN, UP, STARTED, PAUSED = 1, 2, 98, 99


def log(*entries, until=NOW):
    """A log, newest first: each entry lasts until the next one, the newest until now."""
    times = [unix(when) for when, _ in entries]
    ends = [*times[1:], int(until.timestamp())]
    made = [{"id": number, "type": kind, "datetime": start, "duration": end - start, "reason": {"code": "200"}}
            for number, ((_, kind), start, end) in enumerate(zip(entries, times, ends, strict=True))]  # fmt: skip
    return made[::-1]


def monitor(id, name, logs, status=2, **more):
    return {"id": id, "friendly_name": name, "url": "https://example.com", "type": 1, "interval": 300, "status": status,
            "create_datetime": unix("01-05 10:00"), "logs": logs, **more}  # fmt: skip


_SHOP = [("01-05 10:00", STARTED), ("01-05 10:01", UP), ("10-02 08:00", DOWN), ("10-02 08:30", UP)]
SHOP = monitor(1, "Shop", log(*_SHOP))
BLOG = monitor(2, "Blog", log(("09-20 00:00", UP), ("10-10 00:00", PAUSED)), status=0)
API = monitor(3, "API", log(("09-30 23:50", DOWN), ("10-01 00:10", UP)))


def serve(web, *monitors, a_page=2, total=None):
    """Answer with these monitors, so many on a page."""

    def say(call):
        if call.body.get("api_key") != TOKEN:
            error = {"type": "invalid_parameter", "parameter_name": "api_key", "passed_value": call.body.get("api_key")}
            return {"stat": "fail", "error": {**error, "message": "api_key is invalid."}}
        first = int(call.body["offset"])
        paging = {"offset": first, "limit": a_page, "total": len(monitors) if total is None else total}
        return {"stat": "ok", "pagination": paging, "monitors": list(monitors[first : first + a_page])}

    web.script(MONITORS, say)


def world(web):
    serve(web, SHOP, BLOG, API)
    return each_frame(uptimerobot, web)


def read(web, *monitors, period=OCTOBER, now=NOW, **given):
    serve(web, *monitors)
    return sources.read(uptimerobot, settings(uptimerobot, web, run={"now": now}, **given), period)


def test_each_entry_of_the_log_is_a_stretch_until_the_next_one_and_the_newest_until_now(web):
    rows, seen = read(web, SHOP, BLOG, API)
    assert told(rows, "Shop") == [
        ("01-05 10:01", "10-02 08:00", "up"), ("10-02 08:00", "10-02 08:30", "down"),
        ("10-02 08:30", "11-01 06:00", "up"),
    ]  # fmt: skip
    assert told(rows, "Blog") == [("09-20 00:00", "10-10 00:00", "up"), ("10-10 00:00", "11-01 06:00", "paused")]
    assert (seen.status, seen.why) == ("ok", "") and agree_on(rows)


def test_an_outage_over_the_month_border_keeps_its_own_begin(web):
    rows, seen = read(web, API)
    assert told(rows, "API")[0] == ("09-30 23:50", "10-01 00:10", "down") and seen.status == "ok"


def test_the_key_stands_in_the_body_and_in_no_address_or_record(web):
    _, seen = read(web, SHOP, BLOG, API)
    assert [call.body["offset"] for call in web.asked(MONITORS)] == ["0", "2"]
    assert all(call.body["api_key"] == TOKEN and not call.params for call in web.calls)
    assert TOKEN not in seen.inputs and TOKEN not in seen.why
    pages = uptimerobot.fetch(OCTOBER, settings(uptimerobot, web))
    assert all(TOKEN not in str(answer.asked) for answer in pages.items)


def test_a_refusal_with_status_200_is_one_and_shows_no_key(web, monkeypatch):
    monkeypatch.setenv("TOKEN", "u123-another-key")
    rows, seen = read(web, SHOP)
    assert rows.empty and seen.status == "unavailable"
    assert "api_key is invalid" in seen.why and "make a new one" in seen.why and "u123" not in seen.why


def test_a_limit_that_is_told_with_status_200_is_waited_for(web):
    serve(web, SHOP)
    answer, tries = web.scripts[MONITORS], []

    def say(call):
        tries.append(call)
        error = {"type": "rate_limit_exceeded", "message": "too many requests"}
        return Say({"stat": "fail", "error": error}) if len(tries) == 1 else answer(call)

    web.script(MONITORS, say)
    _, seen = sources.read(uptimerobot, settings(uptimerobot, web), OCTOBER)
    assert seen.status == "ok" and len(tries) == 2


def test_a_monitor_that_is_not_listed_makes_the_reading_partial(web):
    serve(web, SHOP, API, total=3)
    rows, seen = sources.read(uptimerobot, settings(uptimerobot, web), OCTOBER)
    assert set(rows["monitor"]) == {"Shop", "API"} and "2 of 3 monitors were listed" in seen.why


def test_an_account_without_a_monitor_has_no_row(web):
    rows, seen = read(web)
    assert rows.empty and seen.status == "ok"


def test_two_monitors_of_one_name_are_told_apart_by_their_ids(web):
    rows, _ = read(web, SHOP, BLOG, {**API, "friendly_name": "Shop"})
    assert set(rows["monitor"]) == {"Shop (1)", "Blog", "Shop (3)"}


def test_of_two_entries_at_one_second_the_one_that_is_listed_first_holds(web):
    rows, _ = read(web, monitor(1, "Shop", log(("09-01 00:00", UP), ("10-03 10:00", DOWN), ("10-03 10:00", UP))))
    assert [state for *_, state in told(rows, "Shop")] == ["up", "up"]


def test_a_name_may_look_like_a_pattern_or_like_one_with_an_id(web):
    rows, seen = read(web, {**SHOP, "friendly_name": "Shop [EU]"}, API, monitors=["Shop [EU]"])
    assert set(rows["monitor"]) == {"Shop [EU]"} and seen.status == "ok"
    odd = [{**SHOP, "id": id, "friendly_name": name} for id, name in ((1, "Shop"), (2, "Shop"), (3, "Shop (1)"))]
    rows, _ = read(web, *odd)
    assert set(rows["monitor"]) == {"Shop (1)", "Shop (2)", "Shop (1) (3)"}


def test_a_page_that_is_lost_leaves_no_name_that_might_be_anothers(web):
    serve(web, SHOP, BLOG, {**API, "friendly_name": "Shop"})
    web.fault(MONITORS, "broken", at=2, times=0)
    rows, seen = sources.read(uptimerobot, settings(uptimerobot, web), OCTOBER)
    assert rows.empty and seen.status == "partial" and "page 2" in seen.why


def test_only_the_clients_monitors_are_read_and_one_that_is_not_there_is_said(web):
    rows, seen = read(web, SHOP, {**API, "friendly_name": "Shop"}, BLOG, monitors=["1", "Blog*", "Intranet"])
    assert set(rows["monitor"]) == {"Shop", "Blog"}
    assert seen.status == "partial" and seen.why == "no monitor is called 'Intranet'"


def test_before_its_first_check_a_monitor_is_unknown_and_never_down(web):
    made = {"create_datetime": unix("10-05 12:00")}
    fresh = monitor(4, "Fresh", log(("10-05 12:00", STARTED)), status=1, **made)
    late = monitor(5, "Late", log(("10-05 12:00", STARTED), ("10-05 13:00", UP)), **made)
    quiet = monitor(6, "Quiet", log(("10-05 12:00", STARTED)), **made)
    rows, seen = read(web, fresh, late, quiet)
    assert told(rows, "Fresh") == [("10-05 12:00", "11-01 06:00", "unknown")]
    assert told(rows, "Late") == [("10-05 12:00", "10-05 13:00", "unknown"), ("10-05 13:00", "11-01 06:00", "up")]
    # Its first check was up, and no entry of its own: two intervals of five minutes are left to it.
    assert told(rows, "Quiet") == [("10-05 12:00", "10-05 12:10", "unknown"), ("10-05 12:10", "11-01 06:00", "up")]
    assert seen.status == "ok"


def test_time_that_the_log_leaves_out_is_unknown(web):
    entries = log(("09-01 00:00", UP), ("10-03 10:00", DOWN), ("10-20 00:00", UP))
    entries[1]["duration"] = 1800
    rows, _ = read(web, monitor(1, "Shop", entries))
    assert told(rows, "Shop")[1:] == [("10-03 10:00", "10-03 10:30", "down"), ("10-20 00:00", "11-01 06:00", "up")]


def test_an_entry_that_lasts_into_the_next_one_ends_there(web):
    entries = log(("09-01 00:00", UP), ("10-03 10:00", DOWN), ("10-03 10:30", UP))
    entries[1]["duration"] += 7200
    entries[2]["duration"] -= 20
    rows, _ = read(web, monitor(1, "Shop", entries))
    assert told(rows, "Shop")[0][1] == "10-03 10:00" and told(rows, "Shop")[1][1] == "10-03 10:30" and agree_on(rows)


def test_a_state_that_contradicts_the_log_tells_of_nothing_since_its_newest_entry(web):
    rows, seen = read(web, {**SHOP, "status": 0})
    assert told(rows, "Shop")[-1][2] == "down" and seen.status == "partial" and "its state now is 0" in seen.why


def test_a_monitor_that_seems_down_was_up_until_two_intervals_ago(web):
    rows, seen = read(web, {**SHOP, "status": 8})
    assert told(rows, "Shop")[-1] == ("10-02 08:30", "11-01 05:50", "up") and seen.status == "ok"


def test_a_log_that_does_not_reach_back_and_a_type_that_is_unknown_are_said(web):
    short = monitor(1, "Shop", log(("10-10 00:00", UP)))
    strange = monitor(2, "Blog", log(("09-01 00:00", UP), ("10-05 00:00", 7), ("10-06 00:00", UP)))
    rows, seen = read(web, short, strange, monitor(3, "API", []))
    assert told(rows, "Blog")[1] == ("10-05 00:00", "10-06 00:00", "unknown")
    assert seen.why == ("Shop: its log begins at 2026-10-10 00:00 UTC; Blog: its log has entries of the unknown "
                        "types 7; API: it has no log, so nothing is known of it")  # fmt: skip
    assert seen.status == "partial"


def test_a_log_that_is_ahead_of_the_clock_is_said(web):
    _, seen = read(web, monitor(1, "Shop", log(("09-01 00:00", DOWN), ("11-01 08:00", UP))))
    assert seen.status == "partial" and "ahead of the clock" in seen.why


def test_a_record_in_another_shape_is_said_and_gives_no_row(web):
    rows, seen = read(web, {key: value for key, value in SHOP.items() if key != "logs"})
    assert rows.empty and seen.status == "unavailable" and "logs" in seen.why


def test_an_old_log_is_observed_as_far_back_as_it_reaches(web):
    march = type(OCTOBER).month("2026-03")
    rows, seen = read(web, SHOP, period=march)
    assert seen.observed_start == march.start and seen.observed_end == march.end and len(rows) == 1
    _, seen = read(web, API, period=march)
    assert pd.isna(seen.observed_start)


@pytest.mark.parametrize("order", [1, -1])
def test_two_days_of_collecting_make_one_row_of_an_outage_that_went_on_and_the_right_availability(web, tmp_path, order):
    store = Store(tmp_path, "acme")
    began = [("09-20 12:00", UP), ("10-15 04:00", DOWN)]
    going = monitor(1, "Shop", log(*began, until=at("10-15 06:00")), status=9, create_datetime=unix("09-20 12:00"))
    over = {**going, "status": 2, "logs": log(*began, ("10-15 10:00", UP), until=at("10-16 06:00"))}
    serve(web, going)
    collect(store, uptimerobot, web, at("10-15 06:00"))
    assert month(store, "Shop")["down_time"] == pd.Timedelta(hours=2)
    serve(web, over)
    # Another month's reading in between, or after, changes nothing of this one.
    periods = [OCTOBER, type(OCTOBER).month("2026-09")][::order]
    for period in periods:
        collect(store, uptimerobot, web, at("10-16 06:00"), period)
    rows = store.read("monitor_state")
    assert told(rows, "Shop") == [
        ("09-20 12:00", "10-15 04:00", "up"), ("10-15 04:00", "10-15 10:00", "down"),
        ("10-15 10:00", "10-16 06:00", "up"),
    ]  # fmt: skip
    seen = month(store, "Shop")
    # From the first of October to the 16th, six o'clock: 15 days and 6 hours, 366 h, of which 6 were down.
    assert seen["observed_time"] == pd.Timedelta(hours=366) and seen["down_time"] == pd.Timedelta(hours=6)
    assert seen["raw_availability"] == 1 - 6 / 366
