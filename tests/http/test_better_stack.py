"""Monitors of Better Stack, as stretches of time in one state, and its incidents."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.sources import _weekly, better_stack
from opsreport.store import Store
from tests.http.conftest import NOW, OCTOBER, TOKEN, each_frame, settings
from tests.http.monitors import agree_on, at, collect, month, told

MONITORS, INCIDENTS, SLA = "GET /v2/monitors", "GET /v3/incidents", "GET /v2/monitors/{monitor_id}/sla"


def iso(text):
    return None if text is None else f"2026-{text.replace(' ', 'T')}:00.000Z"


def monitor(id, name, status="up", checked="11-01 06:00", created="01-05 10:00", updated="01-05 10:00", **more):
    return {"id": id, "type": "monitor", "attributes": {
        "url": "https://example.com", "pronounceable_name": name, "status": status, "last_checked_at": iso(checked),
        "created_at": iso(created), "updated_at": iso(updated), "paused_at": None, "check_frequency": 60,
        "confirmation_period": 0, "maintenance_from": None, "maintenance_to": None, **more,
    }}  # fmt: skip


def incident(id, of, began, ended, name="Shop", cause="Status 503", taken=None, kind="monitor"):
    return {"id": id, "type": "incident", "relationships": {kind: {"data": {"id": of, "type": kind}}} if of else {},
            "attributes": {"name": name, "cause": cause, "url": None, "started_at": iso(began),
                           "resolved_at": iso(ended), "acknowledged_at": iso(taken)}}  # fmt: skip


SHOP, BLOG = monitor("1", "Shop"), monitor("2", "Blog")
OUTAGES = [incident("11", "1", "10-20 10:00", "10-20 12:00", taken="10-20 10:05"),
           incident("10", "1", "10-02 08:00", "10-02 08:30"),
           incident("9", "2", "09-30 23:50", "10-01 00:10", name="Blog")]  # fmt: skip


def lasted(incidents, id, now):
    ends = [(one["attributes"], pd.Timestamp(one["attributes"]["resolved_at"] or now)) for one in incidents
            if one["relationships"].get("monitor", {}).get("data", {}).get("id") == id]  # fmt: skip
    return Intervals((pd.Timestamp(told["started_at"]), end) for told, end in ends)


def serve(web, monitors, incidents, now=NOW, totals=None, a_page=2):
    """Answer with these, so many on a page; the totals are those of the incidents unless others are given."""
    web.token = ("Authorization", f"Bearer {TOKEN}")

    def page(call, items):
        at_page, last = int(call.params.get("page", 1)), max(1, -(-len(items) // a_page))
        onwards = f"{call.url}?page={at_page + 1}" if at_page < last else None
        return {"data": items[(at_page - 1) * a_page : at_page * a_page], "pagination": {"next": onwards}}

    def listed(call):
        if call.params.get("resolved") == "false":
            return page(call, [one for one in incidents if one["attributes"]["resolved_at"] is None])
        first, last = call.params["from"], call.params["to"]
        return page(call, [one for one in incidents if first <= one["attributes"]["started_at"][:10] <= last])

    def total(call):
        id, first = call.within["monitor_id"], pd.Timestamp(call.params["from"], tz="UTC")
        until = pd.Timestamp(call.params["to"], tz="UTC") + pd.Timedelta(days=1)
        down = lasted(incidents, id, now).clip(first, until).measure().total_seconds()
        found = {"availability": 99.9, "total_downtime": int(down), **(totals or {}).get(id, {})}
        return {"data": {"id": id, "type": "monitor_sla", "attributes": found}}

    web.script(MONITORS, lambda call: page(call, monitors))
    web.script(INCIDENTS, listed)
    web.script(SLA, total)


def world(web):
    serve(web, [SHOP, BLOG, monitor("3", "API")], OUTAGES)
    return each_frame(better_stack, web)


def read(web, made, incidents, frame="monitor_state", /, period=OCTOBER, now=NOW, totals=None, **given):
    serve(web, made, incidents, now, totals)
    return sources.read(better_stack, settings(better_stack, web, frame, run={"now": now}, **given), period)


def test_a_monitor_is_down_in_its_incidents_and_up_between_them(web):
    rows, seen = read(web, [SHOP, BLOG], OUTAGES)
    assert told(rows, "Shop") == [
        ("10-01 00:00", "10-02 08:00", "up"), ("10-02 08:00", "10-02 08:30", "down"),
        ("10-02 08:30", "10-20 10:00", "up"), ("10-20 10:00", "10-20 12:00", "down"),
        ("10-20 12:00", "11-01 00:00", "up"),
    ]  # fmt: skip
    # An outage over the month's border keeps its own begin.
    assert told(rows, "Blog") == [("09-30 23:50", "10-01 00:10", "down"), ("10-01 00:10", "11-01 00:00", "up")]
    assert (seen.status, seen.why) == ("ok", "") and agree_on(rows)


def test_an_incident_is_read_with_when_it_was_acknowledged(web):
    called = incident("8", None, "10-05 09:00", None, name="Order desk", cause="Phones are dead")
    beat = incident("7", "5", "10-06 09:00", "10-06 10:00", name="Nightly job", cause="Missed", kind="heartbeat")
    old = incident("6", "1", "09-01 09:00", "09-01 10:00")
    rows, seen = read(web, [SHOP], [*OUTAGES, called, beat, old], "incident")
    rows = rows.set_index("incident_id")
    assert set(rows.index) == {"11", "10", "9", "8", "7"} and seen.status == "ok"
    assert rows.loc["11", "acknowledged_at"] == at("10-20 10:05") and rows.loc["11", "resolved_at"] == at("10-20 12:00")
    assert rows.loc["11", ["service", "title", "fingerprint"]].tolist() == ["Shop", "Status 503", "Status 503"]
    assert pd.isna(rows.loc["10", "acknowledged_at"]) and pd.isna(rows.loc["8", "resolved_at"])
    assert rows.loc[["11", "7"], "reported_by"].tolist() == ["alert"] * 2 and pd.isna(rows.loc["8", "reported_by"])


def test_without_all_incidents_nothing_is_said_to_have_been_up(web):
    for frame in better_stack.FRAMES:
        web.forget()
        serve(web, [SHOP, BLOG], OUTAGES)
        web.fault(INCIDENTS, "broken", at=2, times=0)
        one = settings(better_stack, web, frame)
        rows, seen = sources.read(better_stack, one, OCTOBER)
        assert seen.status == "partial" and "page 2" in seen.why
        assert rows.empty is (one.frame == "monitor_state")


def test_an_incident_that_began_long_before_and_is_open_counts(web):
    rows, seen = read(web, [monitor("1", "Shop", "down")], [incident("1", "1", "02-01 00:00", None)])
    assert told(rows, "Shop") == [("02-01 00:00", "11-01 06:00", "down")] and seen.status == "ok"


def test_an_open_incident_of_a_monitor_that_is_up_is_unknown_and_said(web):
    rows, seen = read(web, [SHOP], [incident("1", "1", "10-10 00:00", None)], totals={"1": {"total_downtime": 0}})
    assert told(rows, "Shop") == [("10-01 00:00", "10-10 00:00", "up")]
    assert seen.why == "Shop: an incident is open, but the monitor is up" and seen.status == "partial"


@pytest.mark.parametrize("cause", ["SSL certificate expires in 7 days", "Domain example.com will expire soon"])
def test_a_certificate_that_will_expire_is_no_downtime(web, cause):
    rows, seen = read(web, [SHOP], [incident("1", "1", "10-10 00:00", None, cause=cause)],
                      totals={"1": {"total_downtime": 0}})  # fmt: skip
    assert told(rows, "Shop") == [("10-01 00:00", "11-01 00:00", "up")] and seen.status == "ok"
    rows, _ = read(web, [SHOP], [incident("1", "1", "10-10 00:00", "10-11 00:00", cause="SSL certificate has expired")])
    assert told(rows, "Shop")[1] == ("10-10 00:00", "10-11 00:00", "down")


def test_a_total_that_the_incidents_do_not_come_to_is_said(web):
    rows, seen = read(web, [SHOP], OUTAGES, totals={"1": {"total_downtime": 90_000}})
    assert seen.status == "partial" and len(rows) == 5
    assert seen.why == "Shop: Better Stack counts 90000 s of downtime, its incidents come to 9000 s"


def test_a_total_may_lie_in_days_of_any_time_zone(web):
    edge = [incident("1", "1", "10-01 02:00", "10-01 05:00")]
    for total in (0, 3 * 3600):
        _, seen = read(web, [SHOP], edge, totals={"1": {"total_downtime": total}})
        assert seen.status == "ok"
    _, seen = read(web, [SHOP], edge, totals={"1": {"total_downtime": None}})
    assert seen.status == "ok"


def test_a_paused_monitor_was_up_until_then_and_an_outage_ends_there(web):
    shop = monitor("1", "Shop", "paused", checked="10-15 11:59", paused_at=iso("10-15 12:00"))
    rows, seen = read(web, [shop], [incident("1", "1", "10-15 11:00", None)], totals={"1": {"total_downtime": 3600}})
    assert told(rows, "Shop") == [
        ("10-01 00:00", "10-15 11:00", "up"), ("10-15 11:00", "10-15 12:00", "down"),
        ("10-15 12:00", "11-01 06:00", "paused"),
    ]  # fmt: skip
    assert seen.status == "ok"


def test_a_pause_is_no_time_up_even_where_a_check_came_after_it(web):
    shop = monitor("1", "Shop", "paused", checked="10-15 12:01", paused_at=iso("10-15 12:00"))
    rows, _ = read(web, [shop], [])
    assert told(rows, "Shop") == [("10-01 00:00", "10-15 12:00", "up"), ("10-15 12:00", "11-01 06:00", "paused")]


def test_before_it_was_made_and_after_it_was_last_checked_a_monitor_is_unknown(web):
    fresh = monitor("1", "Fresh", created="10-10 00:00", checked="10-20 00:00")
    never = monitor("2", "Never", "pending", created="10-10 00:00", checked=None)
    later = monitor("3", "Later", created="11-01 03:00")
    rows, seen = read(web, [fresh, never, later], [])
    assert rows["monitor"].tolist() == ["Fresh"] and seen.status == "ok"
    assert told(rows, "Fresh") == [("10-10 00:01", "10-20 00:00", "up")]
    assert [call.within["monitor_id"] for call in web.asked(SLA)] == ["1", "2"]


def test_a_failing_check_that_is_no_incident_yet_is_left_open(web):
    shop = monitor("1", "Shop", "down", checked="10-15 06:00", confirmation_period=180)
    rows, _ = read(web, [shop], [], now=at("10-15 06:00"))
    # Two checks of a minute, and three minutes to confirm.
    assert told(rows, "Shop") == [("10-01 00:00", "10-15 05:55", "up")]


WINDOW = {"maintenance_from": "23:00:00", "maintenance_to": "01:00:00", "maintenance_days": ["sat"],
          "maintenance_timezone": "Amsterdam"}  # fmt: skip


def test_a_window_without_checks_is_maintenance_since_the_monitor_was_edited_and_unknown_before(web):
    rows, seen = read(web, [monitor("1", "Shop", updated="10-20 00:00", **WINDOW)], [], now=at("10-26 06:00"))
    # Saturdays, 23:00 to 01:00 in Amsterdam: two hours behind in summer, at the change of clocks on the 25th too.
    assert told(rows, "Shop") == [
        ("10-01 00:00", "10-03 21:00", "up"), ("10-03 23:00", "10-10 21:00", "up"),
        ("10-10 23:00", "10-17 21:00", "up"),
        ("10-17 23:00", "10-24 21:00", "up"), ("10-24 21:00", "10-24 23:00", "maintenance"),
        ("10-24 23:00", "10-26 06:00", "up"),
    ]  # fmt: skip
    assert seen.status == "ok" and agree_on(rows)


def test_a_monitor_that_was_edited_may_have_been_paused_which_is_named(web):
    _, seen = read(web, [SHOP, monitor("2", "Blog", updated="10-20 00:00")], [])
    assert seen.status == "ok" and seen.why.endswith("a pause that has ended counts as up: Blog")


def test_an_outage_in_a_window_is_down(web):
    shop = monitor("1", "Shop", **WINDOW)
    rows, _ = read(web, [shop], [incident("1", "1", "10-03 20:00", "10-03 22:00")], now=at("10-05 00:00"))
    assert told(rows, "Shop")[1:3] == [
        ("10-03 20:00", "10-03 22:00", "down"), ("10-03 22:00", "10-03 23:00", "maintenance"),
    ]  # fmt: skip


def test_a_window_in_a_time_zone_that_cannot_be_told_leaves_the_monitor_out(web):
    rows, seen = read(web, [BLOG, monitor("1", "Shop", **{**WINDOW, "maintenance_timezone": "Atlantis"})], [])
    assert set(rows["monitor"]) == {"Blog"} and seen.status == "partial" and "'Atlantis'" in seen.why


@pytest.mark.parametrize(("rails", "iana"), [
    ("Eastern Time (US & Canada)", "America/New_York"), ("UTC", "UTC"),
    ("Buenos Aires", "America/Argentina/Buenos_Aires"), ("Nowhere", None),
])  # fmt: skip
def test_a_time_zone_is_known_by_its_name_in_rails(rails, iana):
    found = _weekly.zone({"maintenance_timezone": rails})
    offset = pd.Timestamp("2026-07-01", tz="UTC").tz_convert(iana).utcoffset() if iana else None
    assert (found and pd.Timestamp("2026-07-01", tz="UTC").tz_convert(found).utcoffset()) == offset


def test_two_monitors_of_one_name_and_another_clients(web):
    twin = monitor("4", "Shop")
    rows, seen = read(web, [SHOP, BLOG, twin], OUTAGES, monitors=["Shop"])
    assert set(rows["monitor"]) == {"Shop (1)", "Shop (4)"} and seen.status == "ok"
    rows, _ = read(web, [SHOP, BLOG, twin], OUTAGES, "incident", monitors=["Shop"])
    assert set(rows["incident_id"]) == {"10", "11"}
    _, seen = read(web, [SHOP], [], monitors=["Shopp"])
    assert seen.status == "partial" and seen.why == "no monitor is called 'Shopp'"


def test_a_team_without_a_monitor_has_no_row(web):
    rows, seen = read(web, [], [])
    assert rows.empty and seen.status == "ok"


def test_incidents_of_another_time_in_place_of_the_open_ones_are_refused(web):
    serve(web, [SHOP], OUTAGES)
    answer = web.scripts[INCIDENTS]
    web.script(INCIDENTS, lambda call: answer(call) | ({"data": OUTAGES[:1]} if "resolved" in call.params else {}))
    rows, seen = sources.read(better_stack, settings(better_stack, web, "monitor_state"), OCTOBER)
    assert rows.empty and seen.status == "partial" and "not open" in seen.why


@pytest.mark.parametrize("lost", ["relationships", "cause"])
def test_an_incident_in_another_shape_is_said_and_gives_no_row(web, lost):
    held = incident("11", "1", "10-20 10:00", "10-20 12:00")
    for place in (held, held["attributes"]):
        place.pop(lost, None)
    rows, seen = read(web, [SHOP], [held])
    assert rows.empty and seen.status == "unavailable" and lost in seen.why


def test_two_days_of_collecting_make_one_row_of_an_outage_that_went_on_and_the_right_availability(web, tmp_path):
    store = Store(tmp_path, "acme")
    began = incident("1", "1", "10-15 04:00", None)
    serve(web, [monitor("1", "Shop", "down", checked="10-15 06:00")], [began], at("10-15 06:00"))
    collect(store, better_stack, web, at("10-15 06:00"))
    assert month(store, "Shop")["down_time"] == pd.Timedelta(hours=2)
    ended = incident("1", "1", "10-15 04:00", "10-15 10:00")
    serve(web, [monitor("1", "Shop", checked="10-16 06:00")], [ended], at("10-16 06:00"))
    for period in (OCTOBER, Period.month("2026-09")):
        collect(store, better_stack, web, at("10-16 06:00"), period)
    assert told(store.read("monitor_state"), "Shop") == [
        ("09-01 00:00", "10-15 04:00", "up"), ("10-15 04:00", "10-15 10:00", "down"),
        ("10-15 10:00", "10-16 06:00", "up"),
    ]  # fmt: skip
    seen = month(store, "Shop")
    # 15 days and 6 hours until the second reading, of which 6 hours were down.
    assert seen["observed_time"] == pd.Timedelta(hours=366) and seen["down_time"] == pd.Timedelta(hours=6)
    assert seen["raw_availability"] == 1 - 6 / 366


def test_what_cannot_be_told_any_more_stays_as_it_was_told_and_what_was_corrected_is_laid_over(web, tmp_path):
    store, began = Store(tmp_path, "acme"), incident("1", "1", "10-15 04:00", None)
    serve(web, [monitor("1", "Shop", "down", checked="10-15 06:00")], [began], at("10-15 06:00"))
    collect(store, better_stack, web, at("10-15 06:00"))
    # The monitor is up again, but nobody has closed the incident: since when is not told.
    rows, seen = read(web, [monitor("1", "Shop", checked="10-16 06:00")], [began], now=at("10-16 06:00"),
                      totals={"1": {"total_downtime": None}})  # fmt: skip
    store.merge(rows, seen, at("10-16 06:00"))
    assert told(store.read("monitor_state"), "Shop")[-1] == ("10-15 04:00", "10-15 06:00", "down")
    ended = incident("1", "1", "10-15 04:00", "10-15 05:00")
    serve(web, [monitor("1", "Shop", checked="10-17 06:00")], [ended], at("10-17 06:00"))
    collect(store, better_stack, web, at("10-17 06:00"))
    assert month(store, "Shop")["down_time"] == pd.Timedelta(hours=1)
