"""Incidents of PagerDuty: which are read, when each was acknowledged, and who noticed."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import _pagerduty, pagerduty
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.server import Say

INCIDENTS, ANALYTICS, LOG = pagerduty.OPERATIONS
SHOP = "PSHOP"
A_PAGE = 2


def at(text):
    return pd.Timestamp(text, tz="UTC")


def incident(id, created, resolved=None, **more):
    made = {"id": id, "title": f"Trouble {id}", "status": "resolved" if resolved else "triggered", "urgency": "high",
            "created_at": created, "resolved_at": resolved, "last_status_change_at": resolved or created,
            "html_url": f"https://acme.pagerduty.com/incidents/{id}", "priority": None, "acknowledgements": [],
            "service": {"id": SHOP, "summary": "Shop"}, "resolve_reason": None, "incident_key": f"key {id}",
            "first_trigger_log_entry": {"type": "trigger_log_entry", "agent": {"type": "service_reference"},
                                        "channel": {"type": "api"}}}  # fmt: skip
    return {**made, **more}


def analysed(id, seconds, resolved=None, count=None):
    return {"id": id, "seconds_to_first_ack": seconds, "resolved_at": resolved, "acknowledgement_count": count,
            "status": "resolved" if resolved else "triggered"}  # fmt: skip


def entry(kind, time, agent="user_reference", of=None):
    made = {"type": f"{kind}_log_entry", "created_at": time, "agent": {"type": agent, "id": "PU"}}
    return {**made, "incident": {"id": of, "type": "incident_reference"}} if of else made


def paged(rows, key, call, size=A_PAGE, **more):
    first = int(call.params["offset"])
    return {key: rows[first : first + size], "offset": first, "limit": size, "more": first + size < len(rows), **more}


def made_of(web, rows, analytics=(), logs=None):
    """An account that holds these incidents, which it sorts and picks as it is asked to."""
    web.token = ("Authorization", f"Token token={TOKEN}")

    def incidents(call):
        asked = call.params
        if asked.get("date_range") != "all":
            days = [(asked[name][:10]) for name in ("since", "until")]
            held = [one for one in rows if days[0] <= one["created_at"][:10] < days[1]]
        elif asked["statuses[]"] == "resolved":
            held = sorted((one for one in rows if one["status"] == "resolved"),
                          key=lambda one: one["resolved_at"] or one["last_status_change_at"], reverse=True)  # fmt: skip
        else:
            held = [one for one in rows if one["status"] != "resolved"]
        return paged(held, "incidents", call, total=len(held))

    def analyse(call):
        after = call.body.get("starting_after")
        first = [one["id"] for one in analytics].index(after) + 1 if after else 0
        some = list(analytics)[first : first + A_PAGE]
        return {"data": some, "more": first + A_PAGE < len(analytics), "last": some[-1]["id"] if some else None}

    web.script(INCIDENTS, incidents)
    web.script(ANALYTICS, analyse)
    web.script(LOG, lambda call: paged((logs or {}).get(call.within["id"], []), "log_entries", call))


def world(web):
    rows = [
        incident("P1", "2026-09-02T08:00:00Z", "2026-10-01T09:00:00Z"),
        incident("P2", "2026-10-05T10:00:00Z", "2026-10-05T11:30:00Z"),
        incident("P3", "2026-10-20T10:00:00Z", "2026-10-20T10:20:00Z"),
        incident("P4", "2026-10-31T23:50:00Z"),
        incident("P5", "2026-10-31T23:55:00Z"),
        incident("P0", "2026-03-01T00:00:00Z", "2026-10-02T00:00:00Z"),
    ]
    analytics = [analysed("P1", 60, "2026-10-01T09:00:00"), analysed("P2", 300, "2026-10-05T11:30:00"),
                 analysed("P3", None, "2026-10-20T10:20:00")]  # fmt: skip
    logs = {
        "P0": [entry("resolve", "2026-10-02T00:00:00Z", of="P0"), entry("acknowledge", "2026-03-01T00:10:00Z", of="P0"),
               entry("trigger", "2026-03-01T00:00:00Z", "service_reference", of="P0")],
        "P4": [entry("acknowledge", "2026-11-01T00:00:00Z", of="P4"), entry("notify", "2026-10-31T23:51:00Z", of="P4"),
               entry("trigger", "2026-10-31T23:50:00Z", "service_reference", of="P4")],
        "P5": [entry("trigger", "2026-10-31T23:55:00Z", "service_reference", of="P5")],
    }  # fmt: skip
    made_of(web, rows, analytics, logs)
    return each_frame(pagerduty, web, services=[SHOP])


def read(web, period=OCTOBER, **given):
    return sources.read(pagerduty, settings(pagerduty, web, services=[SHOP], **given), period)


def row(rows, id="P1"):
    return rows.set_index("incident_id").loc[id]


def test_each_incident_with_time_in_the_month_is_read_however_old_it_is(web):
    rows, seen = sources.read(pagerduty, world(web)[0], OCTOBER)
    assert rows["incident_id"].tolist() == ["P0", "P1", "P2", "P3", "P4", "P5"]
    assert row(rows, "P0")["resolved_at"] == at("2026-10-02")  # opened seven months before
    assert row(rows, "P4")[["service", "title", "severity", "url", "fingerprint", "reported_by"]].tolist() == [
        "Shop", "Trouble P4", "high", "https://acme.pagerduty.com/incidents/P4", "key P4", "alert"
    ]  # fmt: skip
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)
    asked = [call.params for call in web.asked(INCIDENTS)]
    assert asked[0]["since"] == "2026-08-26T00:00:00Z"  # 35 days before October, and the day before that
    assert asked[0]["until"] == "2026-11-02T00:00:00Z" and {one["time_zone"] for one in asked} == {"UTC"}


def test_an_acknowledgement_is_told_by_analytics_else_by_the_log(web):
    rows, _ = sources.read(pagerduty, world(web)[0], OCTOBER)
    assert row(rows, "P2")["acknowledged_at"] == at("2026-10-05 10:05")  # 300 s after it was created
    assert row(rows, "P4")["acknowledged_at"] == at("2026-11-01") and pd.isna(row(rows, "P4")["resolved_at"])
    assert rows.set_index("incident_id")["acknowledged_at"].isna().to_dict() == {
        "P0": False, "P1": False, "P2": False, "P3": True, "P4": False, "P5": True
    }  # fmt: skip
    assert [call.within["id"] for call in web.asked(LOG)] == ["P0", "P0", "P4", "P4", "P5"]  # P3 never was: known


@pytest.mark.parametrize("stale", [
    analysed("P1", None), analysed("P1", None, "2026-10-05T10:30:00"),
    analysed("P1", None, "2026-10-05T12:00:00", count=2),
])  # fmt: skip
def test_analytics_that_is_behind_or_contradicts_itself_does_not_say_that_nobody_acknowledged(web, stale):
    logs = {"P1": [entry("acknowledge", "2026-10-05T10:20:00Z"), entry("acknowledge", "2026-10-05T10:07:00Z")]}
    made_of(web, [incident("P1", "2026-10-05T10:00:00Z", "2026-10-05T12:00:00Z")], [stale], logs)
    assert row(read(web)[0])["acknowledged_at"] == at("2026-10-05 10:07")


def test_an_acknowledgement_that_a_tool_sent_names_nobody_and_one_that_holds_now_is_not_the_first(web):
    now = [{"at": "2026-10-05T11:00:00Z", "acknowledger": {"type": "user_reference"}}]
    logs = {"P1": [entry("acknowledge", "2026-10-05T10:01:00Z", "service_reference")]}
    made_of(web, [incident("P1", "2026-10-05T10:00:00Z", status="acknowledged", acknowledgements=now)], [], logs)
    assert pd.isna(row(read(web)[0])["acknowledged_at"])


def test_without_analytics_each_log_is_read(web):
    made = [one.model_copy(update={"analytics": False}) for one in world(web)]
    rows, seen = sources.read(pagerduty, made[0], OCTOBER)
    assert web.asked(ANALYTICS) == [] and (len(rows), seen.status) == (6, "ok")
    assert pd.isna(row(rows, "P2")["acknowledged_at"])  # this world holds no log of it


def test_where_analytics_is_not_permitted_the_logs_are_read_and_it_is_said(web):
    given = world(web)[0]
    web.fault(ANALYTICS, "denied", times=0)
    rows, seen = sources.read(pagerduty, given, OCTOBER)
    assert len(rows) == 6 and {call.within["id"] for call in web.asked(LOG)} == {f"P{n}" for n in range(6)}
    assert row(rows, "P0")["acknowledged_at"] == at("2026-03-01 00:10")
    assert seen.status == "partial" and "analytics" in seen.why
    assert '"aside": true' in seen.inputs  # of the incidents all were seen


def test_a_log_that_cannot_be_read_leaves_the_acknowledgement_unknown(web):
    given = world(web)[0]
    web.fault(LOG, "gone", at=1, times=0)
    rows, seen = sources.read(pagerduty, given, OCTOBER)
    assert len(rows) == 6 and pd.isna(row(rows, "P0")["acknowledged_at"]) and seen.status == "partial"


def test_after_ten_logs_that_cannot_be_read_the_others_are_not_asked_for(web):
    made_of(web, [incident(f"P{n:02}", "2026-10-05T10:00:00Z") for n in range(14)])
    web.fault(LOG, "denied", times=0)
    rows, seen = read(web)
    assert len(rows) == 14 and len(web.asked(LOG)) == _pagerduty.ENOUGH
    assert "the logs of 4 more incidents were not asked for" in seen.why


def test_a_month_border_is_an_instant(web):
    made_of(web, [
        incident("P1", "2026-10-31T23:59:59Z"), incident("P2", "2026-11-01T00:00:00Z"),
        incident("P3", "2026-01-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        incident("P4", "2026-01-01T00:00:00Z", "2026-09-30T23:59:59Z"),
    ])  # fmt: skip
    assert read(web)[0]["incident_id"].tolist() == ["P1", "P3"]


def test_an_account_without_incidents_is_read_whole_and_analytics_is_not_asked(web):
    made_of(web, [])
    rows, seen = read(web)
    assert (len(rows), seen.status, seen.observed_end) == (0, "ok", OCTOBER.end) and web.asked(ANALYTICS) == []


def test_severity_is_the_priority_else_the_urgency(web):
    made_of(web, [
        incident("P1", "2026-10-05T10:00:00Z", priority={"type": "priority_reference", "summary": "P2"}),
        incident("P2", "2026-10-05T10:00:00Z", urgency="low"),
    ])  # fmt: skip
    assert read(web)[0]["severity"].tolist() == ["P2", "low"]


def test_what_was_merged_into_another_is_told_apart_and_counted(web):
    made_of(web, [
        incident("P1", "2026-10-05T10:00:00Z", "2026-10-05T10:04:00Z", resolve_reason={
            "type": "merge_resolve_reason", "incident": {"id": "P2", "type": "incident_reference"}}),
        incident("P2", "2026-10-05T10:01:00Z", "2026-10-05T11:00:00Z"),
    ])  # fmt: skip
    rows, seen = read(web)
    assert rows["severity"].tolist() == ["merged", "high"]
    assert (seen.status, seen.why) == ("ok", "1 incidents were merged into others")


@pytest.mark.parametrize(("agent", "channel", "told"), [
    ("user_reference", "web_trigger", "staff"), ("service_reference", "api", "alert"),
    ("events_api_v2_inbound_integration_reference", "api", "alert"), ("generic_email_reference", "email", None),
    ("service_reference", "email", None), ("robot_reference", "api", None), (None, "api", None),
])  # fmt: skip
def test_who_noticed_is_told_by_what_triggered_it(web, agent, channel, told):
    trigger = {"type": "trigger_log_entry", "agent": agent and {"type": agent}, "channel": {"type": channel}}
    made_of(web, [incident("P1", "2026-10-05T10:00:00Z", first_trigger_log_entry=trigger)])
    assert read(web)[0]["reported_by"].fillna("").tolist() == [told or ""]


def test_what_a_record_lacks_is_missing(web):
    bare = {"id": "P1", "status": "resolved", "created_at": "2026-10-05T10:00:00Z", "service": {"id": SHOP},
            "last_status_change_at": "2026-10-05T11:00:00Z"}  # fmt: skip
    made_of(web, [bare])
    told = row(read(web)[0])
    assert told["resolved_at"] == at("2026-10-05 11:00")
    assert told[["title", "service", "severity", "reported_by", "fingerprint", "url"]].isna().all()


def test_one_that_was_opened_again_is_open(web):
    again = incident("P1", "2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z", status="triggered")
    made_of(web, [again])
    assert pd.isna(row(read(web)[0])["resolved_at"])


def test_another_clients_incident_is_never_read(web):
    made_of(web, [incident("P1", "2026-10-05T10:00:00Z", service={"id": "POTHER", "summary": "Shop"})])
    rows, seen = read(web)
    assert rows.empty and seen.status == "partial" and "not asked for" in seen.why


def test_days_that_hold_more_than_can_be_paged_are_halved(web, monkeypatch):
    monkeypatch.setattr(pagerduty, "MOST", 3)
    days = ("2026-09-02", "2026-09-20", "2026-10-10", "2026-10-28")
    made_of(web, [incident(f"P{n}", f"{day}T10:00:00Z") for n, day in enumerate(days)])
    rows, seen = read(web)
    assert rows["incident_id"].tolist() == ["P0", "P1", "P2", "P3"] and seen.status == "ok"
    # 66 days from 27 August: halved at 33 to 29 September.
    windows = [(call.params["since"][:10], call.params["until"][:10]) for call in web.asked(INCIDENTS)
               if "since" in call.params and call.params["offset"] == "0"]  # fmt: skip
    assert windows == [("2026-08-26", "2026-11-02"), ("2026-08-26", "2026-09-30"), ("2026-09-28", "2026-11-02")]


def test_a_day_that_holds_more_than_can_be_paged_is_said(web, monkeypatch):
    monkeypatch.setattr(pagerduty, "MOST", 3)
    made_of(web, [incident(f"P{n}", "2026-10-05T10:00:00Z") for n in range(4)])
    _, seen = read(web)
    assert seen.status == "partial" and "of 4 incidents created from 2026-10-0" in seen.why


def test_a_long_look_back_is_asked_for_in_windows_of_less_than_six_months(web):
    made_of(web, [incident("P1", "2025-11-05T10:00:00Z", "2025-11-06T10:00:00Z")])
    rows, seen = read(web, look_back="400d")
    spans = [pd.Timestamp(call.params["until"]) - pd.Timestamp(call.params["since"])
             for call in web.asked(INCIDENTS) if "since" in call.params]  # fmt: skip
    assert len(spans) == 3 and max(spans) == pd.Timedelta(days=172)  # 431 days: 170 + 170 + 91, and two each
    assert rows["incident_id"].tolist() == ["P1"] and seen.status == "ok"


def test_resolved_ones_that_lie_further_back_than_can_be_paged_are_said_to_be_missing(web, monkeypatch):
    monkeypatch.setattr(pagerduty, "MOST", 100)
    old = [incident(f"P{n}", "2026-01-01T10:00:00Z", f"2026-10-0{n}T10:00:00Z") for n in range(1, 5)]
    made_of(web, old)
    rows, seen = read(web)
    assert rows["incident_id"].tolist() == ["P3", "P4"]  # the newest page
    assert seen.status == "partial" and "resolved before 2026-10-03T10:00:00Z are missing" in seen.why


def test_resolved_ones_that_come_in_no_order_are_said(web):
    rows = [incident("P1", "2026-01-01T10:00:00Z", "2026-10-04T10:00:00Z"),
            incident("P2", "2026-01-01T10:00:00Z", "2026-10-09T10:00:00Z")]  # fmt: skip
    made_of(web, rows)

    def unsorted(call):
        held = rows if call.params["statuses[]"] == "resolved" else []
        return paged(held, "incidents", call, total=len(held))

    web.script(INCIDENTS, unsorted)
    assert read(web)[1].status == "partial" and "in no order" in read(web)[1].why


def test_fewer_incidents_than_pagerduty_counts_are_said(web):
    made_of(web, [])
    web.script(INCIDENTS, lambda call: paged([], "incidents", call, total=3))
    assert "of 3 open incidents PagerDuty listed 0" in read(web)[1].why


def test_a_probe_asks_one_page_of_each(web):
    (given,) = world(web)
    probe = given.model_copy(update={"run": sources.Run(client="acme", now=given.run.now, is_probe=True)})
    _, seen = sources.read(pagerduty, probe, OCTOBER)
    assert seen.status == "ok" and len(web.asked(INCIDENTS)) == 3 and len(web.asked(LOG)) == 1


def test_a_key_that_is_no_id_is_refused_and_services_must_be_named(web):
    for services in ([], ["Shop & more"]):
        with pytest.raises(ParamsError, match="services"):
            settings(pagerduty, web, services=services)


def test_a_wrong_token_is_unavailable_with_what_to_do(web):
    given = world(web)[0]
    web.script(INCIDENTS, lambda call: Say({"error": {"message": "bad"}}, status=401))
    _, seen = sources.read(pagerduty, given, OCTOBER)
    assert seen.status == "unavailable" and "make a new one" in seen.why
