"""Requests and incidents of Jira Service Management: which are read, when each was answered, and how long it waited."""

from __future__ import annotations

import base64
import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.metrics.pauses import paused_time
from opsreport.period import Period
from opsreport.sources import _jira, jira_service_management
from tests.http.conftest import NOW, OCTOBER, TOKEN, each_frame, settings

MYSELF, FIELD, SEARCH, CHANGELOG, COMMENT = jira_service_management.OPERATIONS
FIRST, RESOLUTION = "customfield_10030", "customfield_10031"
GIVEN = {"email": "ops@agency.example", "projects": ["SUP"], "incident_types": ["[System] Incident"]}


def at(text):
    return pd.Timestamp(text, tz="UTC")


def millis(text):
    return int(at(text).timestamp() * 1000)


def sla(*ended, runs=False, paused=False):
    cycles = [{"startTime": {"epochMillis": 0}, "stopTime": {"epochMillis": millis(end)}} for end in ended]
    return {"name": "an SLA", "completedCycles": cycles} | ({"ongoingCycle": {"paused": paused}} if runs else {})


def issue(id, created, resolved=None, status=None, **more):
    number, project = str(id), more.pop("project", "SUP")
    name, category = status or (("Resolved", "done") if resolved else ("Open", "new"))
    fields = {"summary": f"Help {id}", "status": {"name": name, "statusCategory": {"key": category}},
              "created": created, "resolutiondate": resolved, "statuscategorychangedate": resolved or created,
              "priority": {"name": "High"}, "issuetype": {"name": "Service Request", "subtask": False},
              "reporter": {"accountId": "asker", "displayName": "Ann Asker", "accountType": "customer"},
              "components": [{"name": "API"}], "project": {"key": project}, FIRST: None, RESOLUTION: None}  # fmt: skip
    return {"id": number, "key": f"{project}-{number}", "fields": {**fields, **more}}


def change(id, time, before, after, field="status", written=millis):
    item = {"field": field, "fromString": before, "toString": after}
    return {"id": str(id), "created": written(time), "items": [item]}


def comment(of, created, author="agent", kind="atlassian", **more):
    return {"self": f"https://acme.atlassian.net/rest/api/3/issue/{of}/comment/1", "created": created,
            "jsdPublic": True, "author": {"accountId": author, "accountType": kind}, **more}  # fmt: skip


def made_of(web, *pages, changes=(), comments=None):
    """A site that holds these pages of issues, each led to by the token of the one before."""
    pair = base64.b64encode(f"ops@agency.example:{TOKEN}".encode()).decode()
    web.token = ("Authorization", f"Basic {pair}")
    field = {"schema": {"custom": "com.atlassian.servicedesk:sd-sla-field"}}
    web.script(MYSELF, lambda call: {"accountId": "me", "timeZone": "Pacific/Auckland"})
    web.script(FIELD, lambda call: [
        {"id": "summary", "name": "Summary"}, {**field, "id": FIRST, "name": "Time to first response"},
        {**field, "id": RESOLUTION, "name": "Time to resolution"},
        {"id": "customfield_1", "name": "Time to resolution", "schema": {"custom": "a number"}},
    ])  # fmt: skip

    def tokened(key, held, call):
        number = int(call.body.get("nextPageToken", 0))
        more = {"nextPageToken": str(number + 1)} if number + 1 < len(held) else {}
        return {key: held[number] if held else [], "isLast": not more, **more}

    def written(call):
        held, first = (comments or {}).get(call.within["id"], []), int(call.params["startAt"])
        return {"comments": held[first : first + 1], "startAt": first, "maxResults": 1, "total": len(held)}

    web.script(SEARCH, lambda call: tokened("issues", pages, call))
    web.script(CHANGELOG, lambda call: tokened("issueChangeLogs", [
        [{"issueId": id, "changeHistories": made}] for id, made in changes], call))  # fmt: skip
    web.script(COMMENT, written)


def world(web):
    made_of(
        web,
        [issue(11, "2026-10-05T12:00:00.000+0200", "2026-10-07T10:00:00.000+0000", **{FIRST: sla("2026-10-05 11:00")}),
         issue(12, "2026-10-20T10:00:00.000+0000", status=("Waiting for customer", "indeterminate"))],
        [issue(13, "2026-10-21T10:00:00.000+0000", issuetype={"name": "[System] Incident", "subtask": False}),
         issue(14, "2026-08-01T10:00:00.000+0000", **{FIRST: sla(runs=True)})],
        changes=[
            ("11", [change(1, "2026-10-05 12:00", "Open", "Waiting for customer"),
                    change(2, "2026-10-06 09:00", "Waiting for customer", "Resolved")]),
            ("12", [change(3, "2026-10-22 08:00", "Open", "Waiting for customer")]),
        ],
        comments={"12": [comment(12, "2026-10-20T11:00:00.000+0000"), comment(12, "2026-10-20T12:00:00.000+0000")],
                  "13": [comment(13, "2026-10-21T10:05:00.000+0000")]},
    )  # fmt: skip
    return each_frame(jira_service_management, web, **GIVEN)


def read(web, frame="ticket", period=OCTOBER, run=None, **given):
    made = settings(jira_service_management, web, frame, run=run, **{**GIVEN, **given})
    return sources.read(jira_service_management, made, period)


def one(web, **given):
    rows, _ = read(web, **given)
    assert len(rows) == 1
    return rows.iloc[0]


def test_each_issue_is_a_request_or_an_incident(web):
    (ticket, seen), (incident, _) = (sources.read(jira_service_management, given, OCTOBER) for given in world(web))
    assert ticket["ticket_id"].tolist() == ["11", "12", "14"] and incident["incident_id"].tolist() == ["13"]
    first = ticket.iloc[0]
    assert first["opened_at"] == at("2026-10-05 10:00") and first["resolved_at"] == at("2026-10-07 10:00")
    assert first[["title", "service", "priority", "opened_by", "url"]].tolist() == [
        "SUP-11 Help 11", "SUP/API", "High", "Ann Asker", f"{web.address}/browse/SUP-11"
    ]  # fmt: skip
    assert incident.iloc[0][["severity", "reported_by"]].tolist() == ["High", "customer"]
    assert incident.iloc[0]["acknowledged_at"] == at("2026-10-21 10:05")
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)


def test_the_first_response_is_the_slas_else_the_first_public_comment(web):
    ticket, _ = sources.read(jira_service_management, world(web)[0], OCTOBER)
    first = ticket.set_index("ticket_id")["first_response_at"]
    assert first["11"] == at("2026-10-05 11:00") and first["12"] == at("2026-10-20 11:00") and pd.isna(first["14"])
    assert {call.within["id"] for call in web.asked(COMMENT)} == {"12", "13"}  # the SLAs of 11 and 14 tell


def test_the_first_of_several_cycles_counts_and_an_sla_that_does_not_apply_is_none(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", **{FIRST: sla("2026-10-09 10:00", "2026-10-05 10:30")})])
    assert one(web)["first_response_at"] == at("2026-10-05 10:30")
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", **{FIRST: sla()})])
    assert pd.isna(one(web)["first_response_at"]) and len(web.asked(COMMENT)) == 1


@pytest.mark.parametrize("written", [
    comment(1, "2026-10-05T10:01:00.000+0000", author="asker"), comment(1, "2026-10-05T10:01:00.000+0000", kind="app"),
    comment(1, "2026-10-05T10:01:00.000+0000", author="colleague", kind="customer"),
    comment(1, "2026-10-05T10:01:00.000+0000", jsdPublic=False),
    comment(1, "2026-10-05T10:01:00.000+0000", author=None),
    {**comment(1, "2026-10-05T10:01:00.000+0000"), "visibility": {"type": "role"}},
    {**comment(1, "2026-10-05T10:01:00.000+0000"), "author": None},
])  # fmt: skip
def test_what_is_no_answer_of_ours_is_no_first_response(web, written):
    reporter = {"accountId": written["author"] and "asker", "accountType": "customer"}
    if written["author"] and written["author"]["accountId"] is None:
        reporter = {"accountId": None}
    answer = comment(1, "2026-10-05T12:00:00.000+0200")
    later = {**answer, "created": "2026-10-05T14:00:00.000+0200"}
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", reporter=reporter)], comments={"1": [written, later]})
    assert one(web)["first_response_at"] == at("2026-10-05 12:00")


def test_paused_is_the_time_in_a_waiting_status(web):
    ticket, _ = sources.read(jira_service_management, world(web)[0], OCTOBER)
    paused = ticket.set_index("ticket_id")["paused"]
    assert json.loads(paused["11"]) == [["2026-10-05T12:00:00+00:00", "2026-10-06T09:00:00+00:00"]]
    assert json.loads(paused["12"]) == [["2026-10-22T08:00:00+00:00", None]]  # it still waits
    assert pd.isna(paused["14"])  # it never waited
    assert paused_time(paused["11"], OCTOBER).measure() == pd.Timedelta(hours=21)


def test_one_that_waits_since_it_was_created_waits_since_then(web):
    waiting = ("Pending", "indeterminate")
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", status=waiting)])
    assert json.loads(one(web, waiting=["pending"])["paused"]) == [["2026-10-05T10:00:00+00:00", None]]
    changes = [("1", [change(1, "2026-10-05T11:00:00.000+0000", "Pending", "Open", written=str)])]
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000")], changes=changes)  # a time as text, as is documented
    assert json.loads(one(web, waiting=["pending"])["paused"]) == [
        ["2026-10-05T10:00:00+00:00", "2026-10-05T11:00:00+00:00"]
    ]


def test_changes_come_in_any_order_and_those_of_other_fields_do_not_count(web):
    changes = [
        ("1", [change(9, "2026-10-06 10:00", "Waiting for customer", "Open")]),
        ("1", [change(7, "2026-10-05 11:00", "Open", "Waiting for customer"),
               change(8, "2026-10-05 12:00", "Waiting for customer", "Low", field="priority")]),
    ]  # fmt: skip
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000")], changes=changes)
    assert json.loads(one(web)["paused"]) == [["2026-10-05T11:00:00+00:00", "2026-10-06T10:00:00+00:00"]]


def test_an_sla_that_is_paused_in_another_status_makes_the_pauses_unknown(web):
    paused = {RESOLUTION: sla(runs=True, paused=True)}
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", status=("On hold", "new"), **paused)])
    rows, seen = read(web)
    assert paused_time(rows.loc[0, "paused"], OCTOBER) is None
    assert (seen.status, seen.why) == ("ok", "SLAs are paused in On hold, which waiting does not name")


@pytest.mark.parametrize(("operation", "ids"), [(CHANGELOG, {"11", "12", "14"}), (COMMENT, {"12"})])
def test_what_could_not_be_read_of_an_issue_makes_its_pauses_unknown_and_no_answer_late(web, operation, ids):
    given = world(web)[0]
    web.fault(operation, "broken", at=2, times=0)
    rows, seen = sources.read(jira_service_management, given, OCTOBER)
    assert set(rows.loc[rows["paused"] == "unknown", "ticket_id"]) == ids
    assert len(rows) == 3 and seen.status == "partial" and '"aside": true' in seen.inputs


def test_after_ten_issues_whose_comments_cannot_be_read_the_others_are_not_asked_for(web):
    made_of(web, [issue(n, "2026-10-05T10:00:00.000+0000") for n in range(1, 15)])
    web.fault(COMMENT, "denied", times=0)
    rows, seen = read(web)
    assert rows["paused"].tolist() == ["unknown"] * 14 and len(web.asked(COMMENT)) == 10
    assert "the comments of 4 more issues were not asked for" in seen.why


def test_resolved_is_what_is_done_since_its_resolution_or_since_it_was_done(web):
    created, done = "2026-10-01T00:00:00.000+0000", ("Closed", "done")
    made_of(web, [
        issue(1, created, "2026-10-05T10:00:00.000+0000", status=done,
              statuscategorychangedate="2026-10-06T10:00:00.000+0000"),
        issue(2, created, status=done, statuscategorychangedate="2026-10-06T10:00:00.000+0000"),
        issue(3, created, "2026-10-05T10:00:00.000+0000", status=("Reopened", "indeterminate")),
    ])  # fmt: skip
    assert read(web)[0]["resolved_at"].tolist() == [at("2026-10-05 10:00"), at("2026-10-06 10:00"), pd.NaT]


def test_more_is_asked_for_than_the_month_in_any_zone_and_clipped(web):
    made_of(web, [
        issue(1, "2026-10-31T23:59:59.999+0000"), issue(2, "2026-11-01T00:00:00.000+0000"),
        issue(3, "2026-11-01T00:30:00.000+0100"),
        issue(4, "2026-08-01T00:00:00.000+0000", "2026-08-26T23:59:59.000+0000"),
        issue(5, "2026-08-01T00:00:00.000+0000", "2026-08-27T00:00:00.000+0000"),
    ])  # fmt: skip
    assert read(web)[0]["ticket_id"].tolist() == ["1", "3", "5"]  # 35 days before October begins on 27 August
    assert web.asked(SEARCH)[0].body["jql"] == (
        'project IN ("SUP") AND created < "2026-11-02" AND (statusCategory != "Done" OR resolved >= "2026-08-26" '
        'OR statusCategoryChangedDate >= "2026-08-26") AND (issuetype IN ("[System] Incident") OR issuetype NOT IN '
        '("[System] Incident")) ORDER BY created ASC, key ASC'
    )


def test_a_months_end_elsewhere_is_an_instant_too(web):
    auckland = Period.month("2026-10", "Pacific/Auckland")  # to 2026-10-31 11:00 UTC
    made_of(web, [issue(1, "2026-10-31T10:59:59.000+0000"), issue(2, "2026-10-31T11:00:00.000+0000")])
    assert read(web, period=auckland)[0]["ticket_id"].tolist() == ["1"]
    assert 'created < "2026-11-02"' in web.asked(SEARCH)[0].body["jql"]  # 1 November in any zone lies before


def test_names_are_quoted_in_the_query():
    given = {**GIVEN, "organizations": ['Acme" OR project = "OTHER', "back\\slash"], "issue_types": ["Task"]}
    made = jira_service_management.Settings(address="https://a.example", token="env:TOKEN", frame="ticket", **given)
    assert 'organizations IN ("Acme\\" OR project = \\"OTHER", "back\\\\slash")' in _jira.query(made, OCTOBER)
    assert 'issuetype IN ("Task", "[System] Incident") ORDER' in _jira.query(made, OCTOBER)


def test_issues_of_another_project_are_refused(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", project="OTHER")])
    rows, seen = read(web)
    assert rows.empty and seen.status == "partial" and "another project" in seen.why


def test_two_projects_with_the_same_component_are_two_services(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000"), issue(2, "2026-10-05T10:00:00.000+0000", project="WEB"),
                  issue(3, "2026-10-05T10:00:00.000+0000", components=[])])  # fmt: skip
    assert read(web, projects=["SUP", "WEB"])[0]["service"].tolist() == ["SUP/API", "WEB/API", "SUP"]


def test_subtasks_and_types_that_are_not_wanted_are_left_out(web):
    made_of(web, [
        issue(1, "2026-10-05T10:00:00.000+0000", issuetype={"name": "Sub-task", "subtask": True}),
        issue(2, "2026-10-05T10:00:00.000+0000", issuetype={"name": "Task", "subtask": False}),
        issue(3, "2026-10-05T10:00:00.000+0000"),
    ])  # fmt: skip
    assert read(web)[0]["ticket_id"].tolist() == ["2", "3"]
    assert read(web, issue_types=["service request"])[0]["ticket_id"].tolist() == ["3"]


def test_what_an_issue_lacks_is_missing(web):
    bare = issue(1, "2026-10-05T10:00:00.000+0000", priority=None, reporter=None, summary=None)
    for name in (FIRST, RESOLUTION, "components", "resolutiondate"):
        del bare["fields"][name]
    made_of(web, [bare])
    row = one(web)
    assert row["title"] == "SUP-1" and row[["priority", "opened_by", "first_response_at", "paused"]].isna().all()


@pytest.mark.parametrize(("kind", "told"), [("customer", "customer"), ("app", "app"), ("atlassian", None)])
def test_who_noticed_an_incident_is_told_by_the_kind_of_its_reporters_account(web, kind, told):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", issuetype={"name": "[System] Incident"},
                        reporter={"accountId": "x", "accountType": kind})])  # fmt: skip
    assert read(web, "incident")[0]["reported_by"].fillna("").tolist() == [told or ""]


def test_one_that_an_import_resolved_before_it_created_it_is_left_out_and_said(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000", "2026-10-01T10:00:00.000+0000"),
                  issue(2, "2026-10-05T10:00:00.000+0000")])  # fmt: skip
    rows, seen = read(web)
    assert rows["ticket_id"].tolist() == ["2"] and seen.status == "partial" and "like SUP-1" in seen.why


def test_an_sla_that_jira_does_not_have_is_said(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000")])
    assert read(web, first_response="Zeit bis zur Antwort")[1].why == "Jira has no SLA called 'Zeit bis zur Antwort'"


def test_a_site_without_requests_is_read_whole(web):
    made_of(web, [])
    rows, seen = read(web)
    assert (len(rows), seen.status) == (0, "ok") and web.asked(CHANGELOG) == web.asked(COMMENT) == []


def test_a_last_page_that_says_that_there_is_more_is_partial(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000")])
    web.script(SEARCH, lambda call: {"issues": [issue(1, "2026-10-05T10:00:00.000+0000")], "isLast": False})
    rows, seen = read(web)
    assert len(rows) == 1 and seen.status == "partial" and "does not say where" in seen.why


def test_who_is_not_logged_in_is_said_for_fewer_issues_may_be_shown(web):
    made_of(web, [issue(1, "2026-10-05T10:00:00.000+0000")])
    web.fault(MYSELF, "wrong_token", times=0)
    assert read(web)[1].status == "partial"


def test_a_probe_asks_one_page_of_each(web):
    world(web)
    _, seen = read(web, run={"now": NOW, "is_probe": True})
    assert seen.status == "ok" and len(web.asked(SEARCH)) == len(web.asked(COMMENT)) == len(web.asked(CHANGELOG)) == 1


def test_incidents_need_a_word_for_what_they_are_and_projects_are_keys(web):
    with pytest.raises(ParamsError, match="incident_types"):
        settings(jira_service_management, web, "incident", **{**GIVEN, "incident_types": []})
    with pytest.raises(ParamsError, match="projects"):
        settings(jira_service_management, web, "ticket", **{**GIVEN, "projects": ['SUP" OR 1=1']})


def test_neither_the_token_nor_what_is_made_of_it_is_shown(web):
    world(web)
    pair = base64.b64encode(f"ops@agency.example:{TOKEN}".encode()).decode()
    web.script(SEARCH, lambda call: (_ for _ in ()).throw(AssertionError))
    _, seen = read(web)
    assert TOKEN not in seen.why and pair not in seen.why
