"""Incidents of GitLab: when each was opened, acknowledged and closed, how bad it was, and what stays hidden."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import gitlab_incidents
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.gitlab_lists import SHOP, page_of
from tests.http.server import Say

INCIDENTS, NOTES = gitlab_incidents.OPERATIONS


def at(text):
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def day(text):
    return f"2026-{text}Z"


def incident(iid, opened, closed=None, /, severity="UNKNOWN", labels=(), author="anna", **more):
    return {"id": iid + 500, "iid": iid, "title": f"incident {iid}", "state": "closed" if closed else "opened",
            "created_at": opened, "closed_at": closed, "updated_at": closed or opened, "severity": severity,
            "labels": list(labels), "confidential": False, "issue_type": "incident",
            "web_url": f"https://gitlab.com/acme/shop/-/issues/incident/{iid}", "author": {"username": author},
            **more}  # fmt: skip


def note(id, iid, made, body, system=True):
    return {"id": id, "noteable_iid": iid, "created_at": made, "body": body, "system": system}


OLD = incident(1, day("08-01T08:00:00"))
EVERY = [
    OLD,
    incident(2, day("09-30T23:30:00"), day("10-01T00:30:00"), severity="CRITICAL", author="alert-bot1"),
    incident(3, day("10-05T08:00:00"), day("10-05T09:30:00"), severity="LOW", author="support-bot"),
    incident(4, day("10-31T23:00:00"), severity="MEDIUM"),
]
SAID = {
    1: [note(11, 1, day("08-01T08:00:00"), "assigned to @anna")],
    2: [note(21, 2, day("09-30T23:31:00"), "changed the incident status to **Triggered**"),
        note(22, 2, day("09-30T23:40:00"), "changed the incident status to **Acknowledged** by changing the status of"
             " ^alert#5"),
        note(23, 2, day("09-30T23:50:00"), "changed the incident status to **Acknowledged**")],
    3: [note(31, 3, day("10-05T08:05:00"), "changed the incident status to **Acknowledged**", system=False),
        note(32, 3, day("10-05T09:30:00"), "changed the incident status to **Resolved** by closing the incident")],
    4: [note(41, 4, day("10-31T23:10:00"), "changed the severity to **Medium - S3**")],
}  # fmt: skip


def script(web, every, notes=None):
    notes = notes or {}

    def listed(call):
        asked = call.params
        assert (asked["issue_type"], asked["scope"]) == ("incident", "all")
        found = [one for one in every if asked["state"] in ("all", one["state"])
                 and one["updated_at"] > asked.get("updated_after", "")]  # fmt: skip
        return page_of(found, call)

    web.script(INCIDENTS, listed)
    web.script(NOTES, lambda call: page_of(notes.get(int(call.within["issue"]), []), call))


def world(web):
    web.token, web.prefix = ("Private-Token", TOKEN), "/api/v4"
    script(web, EVERY, SAID)
    return each_frame(gitlab_incidents, web, projects=[SHOP])


def read(web, every, notes=None, **given):
    script(web, every, notes)
    known = {"projects": [SHOP], **given}
    return sources.read(gitlab_incidents, settings(gitlab_incidents, web, **known), OCTOBER)


def test_each_incident_is_told_once_with_its_times(web):
    rows, seen = read(web, EVERY, SAID)
    assert seen.status == "ok", seen.why
    rows = rows.sort_values("incident_id").set_index("incident_id")
    # One that has been open since August is still open, though nobody touched it.
    assert list(rows.index) == [f"acme/shop#{iid}" for iid in (1, 2, 3, 4)]
    assert rows["opened_at"].tolist() == [at("08-01 08:00"), at("09-30 23:30"), at("10-05 08:00"), at("10-31 23:00")]
    assert rows["resolved_at"].dropna().tolist() == [at("10-01 00:30"), at("10-05 09:30")]
    assert rows["severity"].fillna("-").tolist() == ["-", "critical", "low", "medium"]
    assert rows["reported_by"].fillna("-").tolist() == ["-", "alert", "customer", "-"]
    assert rows.loc["acme/shop#2", "url"] == "https://gitlab.com/acme/shop/-/issues/incident/2"
    assert rows[["impact_started_at", "detected_at", "is_drill", "fingerprint"]].isna().all(axis=None)


def test_it_was_acknowledged_when_gitlab_first_noted_it_and_not_when_somebody_wrote_so(web):
    rows, _ = read(web, EVERY, SAID)
    assert rows.set_index("incident_id")["acknowledged_at"].dropna().to_dict() == {"acme/shop#2": at("09-30 23:40")}
    rows, _ = read(web, EVERY, SAID, acknowledged=False)
    assert rows["acknowledged_at"].isna().all() and len(web.asked(NOTES)) == 5  # all of the reading before


def test_notes_that_gitlab_hides_are_not_missed(web):
    script(web, EVERY[1:2])
    web.script(NOTES, lambda call: Say(SAID[2], {"X-Next-Page": "", "X-Total": "5"}))
    rows, seen = sources.read(gitlab_incidents, settings(gitlab_incidents, web, projects=[SHOP]), OCTOBER)
    assert seen.status == "ok" and rows["acknowledged_at"].tolist() == [at("09-30 23:40")]


def test_one_that_was_opened_again_is_open(web):
    again = incident(5, day("10-02T08:00:00"), state="opened", closed_at=day("10-02T09:00:00"))
    rows, _ = read(web, [again])
    assert rows["resolved_at"].isna().all()


def test_one_that_is_closed_between_the_two_questions_is_closed(web):
    def listed(call):
        closed = OLD | {"state": "closed", "closed_at": day("11-01T05:59:00")}
        return page_of([OLD if call.params["state"] == "opened" else closed], call)

    script(web, [])
    web.script(INCIDENTS, listed)
    rows, _ = sources.read(gitlab_incidents, settings(gitlab_incidents, web, projects=[SHOP]), OCTOBER)
    assert rows["resolved_at"].tolist() == [at("11-01 05:59")]


def test_one_that_was_moved_is_told_where_it_is_now_and_was_not_resolved_by_that(web):
    left = incident(14, day("10-02T08:00:00"), day("10-03T08:00:00"), moved_to_id=515)
    rows, seen = read(web, [left, incident(15, day("10-02T08:00:00"))])
    assert rows["incident_id"].tolist() == ["acme/shop#15"] and rows["resolved_at"].isna().all()
    assert seen.status == "ok"
    rows, seen = read(web, [left])
    assert rows.empty and seen.status == "partial"
    assert "1 incidents were moved to projects that are not read, such as acme/shop#14" in seen.why


def test_one_that_an_import_closed_before_it_was_opened_does_not_hide_the_others(web):
    odd = incident(16, day("10-02T08:00:00"), day("10-02T07:00:00"))
    rows, seen = read(web, [odd, incident(17, day("10-03T08:00:00"))])
    assert len(rows) == 2 and seen.status == "ok" and rows["resolved_at"].dropna().tolist() == [at("10-02 08:00")]


def test_what_was_opened_after_the_period_is_left_to_its_own_month(web):
    rows, _ = read(web, [incident(6, day("11-01T00:00:00")), incident(7, day("10-31T23:59:59"))])
    assert rows["incident_id"].tolist() == ["acme/shop#7"]
    assert [call.within["issue"] for call in web.asked(NOTES)] == ["7"]


def test_a_confidential_incident_counts_and_its_title_is_not_shown(web):
    secret = [incident(8, day("10-02T08:00:00"), confidential=True)]
    rows, _ = read(web, secret)
    assert len(rows) == 1 and rows["title"].isna().all()
    rows, _ = read(web, secret, confidential_titles=True)
    assert rows["title"].tolist() == ["incident 8"]


def test_labels_tell_service_severity_and_drills_where_the_client_says_so(web):
    every = [incident(9, day("10-02T08:00:00"), severity="HIGH", labels=["service::checkout", "severity::1", "drill"]),
             incident(10, day("10-03T08:00:00"), severity="HIGH", labels=["area: a", "area: b"])]  # fmt: skip
    rows, _ = read(web, every, service_label="service::", severity_label="severity::", drills=["drill"])
    assert rows[["service", "severity", "is_drill"]].to_numpy().tolist() == [["checkout", "1", True],
                                                                             [SHOP, "high", False]]  # fmt: skip
    # Two labels that say two things say nothing.
    rows, _ = read(web, every, service_label="area: ")
    assert rows["service"].tolist() == [SHOP, SHOP] and rows["is_drill"].isna().all()


def test_an_issue_of_another_type_is_no_incident(web):
    rows, seen = read(web, [incident(11, day("10-02T08:00:00"), issue_type="issue")])
    assert rows.empty and seen.status == "ok" and web.asked(NOTES) == []


def test_a_severity_that_is_not_known_is_said_and_missing(web):
    rows, seen = read(web, [incident(12, day("10-02T08:00:00"), severity="FATAL")])
    assert rows["severity"].isna().all()
    assert seen.status == "partial" and "severities that are not known: FATAL" in seen.why


def test_two_projects_with_the_same_numbers_and_none_at_all(web):
    rows, _ = read(web, EVERY, projects=[SHOP, "other/shop"])
    assert len(rows) == 8 and rows["incident_id"].is_unique and set(rows["service"]) == {SHOP, "other/shop"}
    rows, seen = read(web, [])
    assert rows.empty and (seen.status, seen.rows) == ("ok", 0)


@pytest.mark.parametrize("missing", ["state", "created_at", "confidential", "labels"])
def test_a_record_that_lacks_what_gitlab_documents_is_not_read_by_halves(web, missing):
    one = incident(13, day("10-02T08:00:00"))
    script(web, [])
    web.script(INCIDENTS, lambda call: [{k: v for k, v in one.items() if k != missing}])
    rows, seen = sources.read(gitlab_incidents, settings(gitlab_incidents, web, projects=[SHOP]), OCTOBER)
    assert rows.empty and seen.status == "unavailable" and missing in seen.why
