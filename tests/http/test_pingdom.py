"""Uptime checks of Pingdom, as stretches of time in one state."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import pingdom
from opsreport.store import Store
from tests.http.conftest import NOW, OCTOBER, TOKEN, each_frame, settings
from tests.http.monitors import agree_on, at, collect, month, told, unix
from tests.http.server import Say

CHECKS, OUTAGE, AVERAGE = pingdom.OPERATIONS


def check(id, name, status="up", created="01-05 10:00", **more):
    return {"id": id, "name": name, "status": status, "created": unix(created), "resolution": 1, **more}


def turns(*changes, until=NOW):
    """States that follow each other, each given by when it begins."""
    ends = [*(when for when, _ in changes[1:]), None]
    return [(unix(when), unix(end) if end else int(until.timestamp()), state)
            for (when, state), end in zip(changes, ends, strict=True)]  # fmt: skip


SHOP = turns(("01-05 10:00", "up"), ("10-02 08:00", "down"), ("10-02 08:30", "up"))
BLOG = turns(("01-05 10:00", "up"), ("09-30 23:50", "down"), ("10-01 00:10", "up"), ("10-10 00:00", "unknown"))


def serve(web, checks, states, *, a_page=2, down=None, headers=None, total=None):
    """Answer with these checks, and with their states as Pingdom clips them to what is asked."""
    web.token = ("Authorization", f"Bearer {TOKEN}")

    def listed(call):
        first = int(call.params["offset"])
        part = checks[first : first + a_page]
        counts = {"total": len(checks) if total is None else total, "limited": len(part), "filtered": len(checks)}
        return {"checks": part, "counts": counts}

    def clipped(call):
        first, last = int(call.params["from"]), int(call.params["to"])
        found = [(max(start, first), min(end, last), state) for start, end, state in states[call.within["checkid"]]]
        return [one for one in found if one[0] < one[1]]

    def outage(call):
        made = [{"timefrom": start, "timeto": end, "status": state} for start, end, state in clipped(call)]
        return Say({"summary": {"states": made}}, headers or {})

    def average(call):
        seconds = sum(end - start for start, end, state in clipped(call) if state == "down")
        return {"summary": {"status": {"totaldown": seconds if down is None else down, "totalup": 1}}}

    web.script(CHECKS, listed)
    web.script(OUTAGE, outage)
    web.script(AVERAGE, average)


def world(web):
    states = {"1": SHOP, "2": BLOG, "3": turns(("01-05 10:00", "up"), ("10-20 10:00", "down"), ("10-20 14:00", "up"))}
    serve(web, [check(1, "Shop"), check(2, "Blog", "paused"), check(3, "API")], states)
    return each_frame(pingdom, web)


def read(web, checks, states, period=OCTOBER, now=NOW, served=None, **given):
    serve(web, checks, states, **(served or {}))
    return sources.read(pingdom, settings(pingdom, web, run={"now": now}, **given), period)


def test_each_state_is_a_stretch_within_the_period(web):
    rows, seen = read(web, [check(1, "Shop"), check(2, "Blog")], {"1": SHOP, "2": BLOG})
    assert told(rows, "Shop") == [
        ("10-01 00:00", "10-02 08:00", "up"), ("10-02 08:00", "10-02 08:30", "down"),
        ("10-02 08:30", "11-01 00:00", "up"),
    ]  # fmt: skip
    # Since the tenth it is unknown, which is neither.
    assert told(rows, "Blog") == [("10-01 00:00", "10-01 00:10", "down"), ("10-01 00:10", "10-10 00:00", "up")]
    assert (seen.status, seen.why) == ("ok", "") and agree_on(rows)
    asked = {(call.params["from"], call.params["to"]) for call in web.asked(OUTAGE)}
    assert asked == {(str(unix("10-01 00:00")), str(unix("11-01 00:00")))}


def test_a_state_that_is_not_clipped_is_clipped_to_the_period(web):
    serve(web, [check(1, "Shop")], {"1": SHOP})
    long = [{"timefrom": unix("09-01 00:00"), "timeto": unix("11-02 00:00"), "status": "up"}]
    web.script(OUTAGE, lambda call: {"summary": {"states": long}})
    rows, _ = sources.read(pingdom, settings(pingdom, web, monitors=["Shop"]), OCTOBER)
    assert rows.empty  # the total of the downtime is another
    serve(web, [check(1, "Shop")], {"1": SHOP}, down=0)
    web.script(OUTAGE, lambda call: {"summary": {"states": long}})
    rows, _ = sources.read(pingdom, settings(pingdom, web), OCTOBER)
    assert told(rows, "Shop") == [("10-01 00:00", "11-01 00:00", "up")]


def test_unknown_is_not_down_and_is_a_pause_only_where_the_check_is_paused_now(web):
    paused = check(2, "Blog", "paused")
    rows, _ = read(web, [paused], {"2": BLOG}, now=at("10-20 06:00"))
    assert told(rows, "Blog")[-1] == ("10-10 00:00", "10-20 06:00", "paused")
    back = [*BLOG[:-1], *turns(("10-10 00:00", "unknown"), ("10-12 00:00", "up"))]
    rows, _ = read(web, [paused], {"2": back}, now=at("10-20 06:00"))
    assert told(rows, "Blog")[1:] == [("10-01 00:10", "10-10 00:00", "up"), ("10-12 00:00", "10-20 06:00", "up")]


def test_a_month_that_is_over_tells_nothing_of_a_check_that_was_paused_since(web):
    rows, _ = read(web, [check(2, "Blog", "paused")], {"2": BLOG}, now=at("11-20 06:00"))
    assert told(rows, "Blog")[-1] == ("10-01 00:10", "10-10 00:00", "up")


def test_a_check_that_was_made_in_the_period_is_unknown_before_and_one_made_later_is_not_asked(web):
    fresh, later = check(1, "Fresh", created="10-10 00:00"), check(2, "Later", created="11-01 03:00")
    states = {"1": turns(("10-10 00:00", "up")), "2": []}
    rows, seen = read(web, [fresh, later], states)
    assert told(rows, "Fresh") == [("10-10 00:00", "11-01 00:00", "up")] and seen.status == "ok"
    assert [call.within["checkid"] for call in web.asked(OUTAGE)] == ["1"]


def test_states_that_do_not_come_to_pingdoms_own_total_leave_the_check_out(web):
    rows, seen = read(web, [check(1, "Shop")], {"1": SHOP}, served={"down": 9000})
    assert rows.empty and seen.status == "partial"
    assert seen.why == "Shop: Pingdom counts 9000 s of downtime, its states come to 1800 s"
    # The total is as exact as the resolution: a minute, twice, for an outage and for the whole.
    rows, seen = read(web, [check(1, "Shop")], {"1": SHOP}, served={"down": 1800 + 240})
    assert len(rows) == 3 and seen.status == "ok"
    rows, seen = read(web, [check(1, "Shop")], {"1": SHOP}, served={"down": 1800 + 241})
    assert rows.empty


def test_time_in_no_state_is_unknown_and_said_and_one_in_two_goes_to_the_later(web):
    states = [*turns(("01-05 10:00", "up"), until=at("10-05 00:00")), *turns(("10-06 00:00", "up"))]
    rows, seen = read(web, [check(1, "Shop")], {"1": states})
    assert told(rows, "Shop") == [("10-01 00:00", "10-05 00:00", "up"), ("10-06 00:00", "11-01 00:00", "up")]
    assert seen.why == "Shop: no state is told of 86400 s"
    twice = [*turns(("01-05 10:00", "up"), until=at("10-07 00:00")), *turns(("10-06 00:00", "down"))]
    rows, seen = read(web, [check(1, "Shop")], {"1": twice})
    assert told(rows, "Shop")[0] == ("10-01 00:00", "10-06 00:00", "up") and agree_on(rows)


def test_a_word_that_is_unknown_leaves_the_check_out(web):
    rows, seen = read(web, [check(1, "Shop")], {"1": turns(("01-05 10:00", "up"), ("10-05 00:00", "flapping"))})
    assert rows.empty and seen.why == "Shop: its states have the unknown word 'flapping'"


def test_a_check_without_states_or_with_fields_that_are_missing(web):
    bare = {"id": 1, "name": "Shop", "status": "up"}
    rows, seen = read(web, [bare], {"1": SHOP})
    assert len(rows) == 3 and seen.status == "ok"
    rows, seen = read(web, [bare], {"1": []})
    assert rows.empty and seen.why == f"Shop: no state is told of {31 * 86400} s"
    rows, seen = read(web, [{"id": 1, "status": "up"}], {"1": SHOP})
    assert rows.empty and seen.status == "unavailable" and "name" in seen.why


def test_two_checks_of_one_name_and_another_clients(web):
    checks, states = [check(1, "Shop"), check(2, "Shop"), check(3, "Blog")], {"1": SHOP, "2": SHOP, "3": BLOG}
    rows, _ = read(web, checks, states, monitors=["Shop"])
    assert set(rows["monitor"]) == {"Shop (1)", "Shop (2)"}
    assert {call.within["checkid"] for call in web.asked(OUTAGE)} == {"1", "2"}
    rows, seen = read(web, checks, states, monitors=["2", "Intranet"])
    assert set(rows["monitor"]) == {"Shop"} and seen.why == "no monitor is called 'Intranet'"


def test_a_check_that_is_not_listed_makes_the_reading_partial_and_a_lost_page_leaves_no_name(web):
    states = {"1": SHOP, "2": SHOP, "3": SHOP}
    rows, seen = read(web, [check(1, "Shop")], states, served={"total": 2})
    assert set(rows["monitor"]) == {"Shop"} and "1 of 2 checks were listed" in seen.why
    serve(web, [check(1, "Shop"), check(2, "Blog"), check(3, "Shop")], states)
    web.fault(CHECKS, "broken", at=web._counts[CHECKS] + 2, times=0)
    rows, seen = sources.read(pingdom, settings(pingdom, web), OCTOBER)
    assert rows.empty and seen.status == "partial" and "page 2" in seen.why


def test_where_the_limit_is_used_up_the_rest_is_left_and_said(web):
    checks, states = [check(1, "Shop"), check(2, "Blog"), check(3, "API")], {"1": SHOP, "2": BLOG, "3": SHOP}
    plenty = {f"Req-Limit-{name}": "Remaining: 394 Time until reset: 3589" for name in ("Short", "Long")}
    _, seen = read(web, checks, states, served={"headers": plenty})
    assert seen.status == "ok"
    serve(web, checks, states)
    answer = web.scripts[AVERAGE]
    none = {"Req-Limit-Short": "Remaining: 0 Time until reset: 1800"}
    web.script(AVERAGE, lambda call: Say(answer(call), none))
    rows, seen = sources.read(pingdom, settings(pingdom, web), OCTOBER)
    assert set(rows["monitor"]) == {"Shop"} and seen.status == "partial"
    assert seen.why == "2 checks were not read: Pingdom answers again in 1800 s"


def test_an_account_without_a_check_has_no_row(web):
    rows, seen = read(web, [], {})
    assert rows.empty and seen.status == "ok"


@pytest.mark.parametrize("between", [False, True])
def test_two_days_of_collecting_make_one_row_of_an_outage_and_the_right_availability(web, tmp_path, between):
    store, first, second = Store(tmp_path, "acme"), at("10-15 06:00"), at("10-16 06:00")
    serve(web, [check(1, "Shop", "down")], {"1": turns(("01-05 10:00", "up"), ("10-15 04:00", "down"), until=first)})
    collect(store, pingdom, web, first)
    assert month(store, "Shop")["down_time"] == pd.Timedelta(hours=2)
    over = turns(("01-05 10:00", "up"), ("10-15 04:00", "down"), ("10-15 10:00", "up"), until=second)
    serve(web, [check(1, "Shop")], {"1": over})
    for period in [Period.month("2026-09"), OCTOBER][:: 1 if between else -1]:
        collect(store, pingdom, web, second, period)
    assert told(store.read("monitor_state"), "Shop") == [
        ("09-01 00:00", "10-15 04:00", "up"), ("10-15 04:00", "10-15 10:00", "down"),
        ("10-15 10:00", "10-16 06:00", "up"),
    ]  # fmt: skip
    seen = month(store, "Shop")
    # 15 days and 6 hours until the second reading, of which 6 hours were down.
    assert seen["observed_time"] == pd.Timedelta(hours=366) and seen["down_time"] == pd.Timedelta(hours=6)
    assert seen["raw_availability"] == 1 - 6 / 366


def test_windows_a_day_apart_come_to_the_same_time(web, tmp_path):
    store = Store(tmp_path, "acme")
    states = turns(("09-25 00:00", "up"), ("10-05 20:00", "down"), ("10-06 04:00", "up"), until=at("10-12 00:00"))
    serve(web, [check(1, "Shop")], {"1": states})
    for first, last in (("2026-10-01", "2026-10-05"), ("2026-10-02", "2026-10-06")):
        collect(store, pingdom, web, at("10-12 00:00"), Period.days(first, last, "UTC"))
    seen = month(store, "Shop")
    # The first six days, of which the eight hours around the midnight at the first window's end.
    assert seen["observed_time"] == pd.Timedelta(days=6) and seen["down_time"] == pd.Timedelta(hours=8)


def test_what_pingdom_no_longer_knows_stays_known(web, tmp_path):
    store = Store(tmp_path, "acme")
    serve(web, [check(1, "Shop")], {"1": SHOP})
    collect(store, pingdom, web, NOW)
    before = store.read("monitor_state")
    serve(web, [check(1, "Shop")], {"1": turns(("01-05 10:00", "unknown"))})
    collect(store, pingdom, web, NOW)
    assert store.read("monitor_state").equals(before) and len(before) == 3
