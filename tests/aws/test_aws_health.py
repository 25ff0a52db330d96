"""Issues of AWS that hit the account, as AWS Health tells of them."""

import datetime as dt
import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.intervals import Intervals
from opsreport.metrics import incidents
from opsreport.sources import aws_health
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, OURS, account, at, settings
from tests.aws.fake import FAULTS

EVENTS, DETAILS, ENTITIES = aws_health.OPERATIONS
SEEN = Intervals([(OCTOBER.start, OCTOBER.end)])


def instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def arn(name: str) -> str:
    return f"arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/{name}"


def event(name: str, began: str, ended: str = "", **more) -> dict:
    told = {
        "arn": arn(name), "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "region": "eu-west-1",
        "eventTypeCategory": "issue", "startTime": at(began), "eventScopeCode": "ACCOUNT_SPECIFIC",
        "statusCode": "closed" if ended else "open",
    }  # fmt: skip
    return {**told, **({"endTime": at(ended)} if ended else {}), **more}


def answer(aws, *pages: list[dict], hit: dict[str, list[str]] | None = None, said: str = ""):
    """AWS Health with these events, which hit these resources."""
    aws.answer(EVENTS, *({"events": page} for page in pages))
    aws.script(DETAILS, lambda asked: {"successfulSet": [
        {"event": {"arn": one}, "eventDescription": {"latestDescription": said}} for one in asked["eventArns"]]
    })  # fmt: skip
    aws.answer(ENTITIES, *({"entities": [{"eventArn": arn(name), "entityValue": value} for value in values]}
                           for name, values in (hit or {"none": []}).items()))  # fmt: skip


def world(aws):
    """Two pages of events and of what they hit; one of the events is still open."""
    answer(aws, [event("2", "2026-10-20T09:00")], [event("1", "2026-10-05T10:00", "2026-10-05T12:30")],
           hit={"1": ["i-2", "i-1"], "2": ["i-4", "i-1", "i-5", "i-3", OURS, "UNKNOWN"]},
           said="[3:04 AM PDT] Some instances cannot be reached. We are at work.")  # fmt: skip
    return [settings(aws_health)]


def read(aws, *events: dict, **more):
    answer(aws, list(events), **more)
    return sources.read(aws_health, settings(aws_health), OCTOBER)


def test_an_issue_of_the_account_is_an_incident_that_the_provider_reported(aws):
    rows, seen = sources.read(aws_health, world(aws)[0], OCTOBER)
    rows = rows.sort_values("opened_at", ignore_index=True)
    assert rows["incident_id"].tolist() == [arn("1"), arn("2")] and set(rows["service"]) == {"EC2"}
    assert rows["opened_at"].tolist() == [instant("2026-10-05 10:00"), instant("2026-10-20 09:00")]
    assert rows["resolved_at"].iloc[0] == instant("2026-10-05 12:30") and pd.isna(rows["resolved_at"].iloc[1])
    assert set(rows["reported_by"]) == {"provider"}
    assert rows[["impact_started_at", "detected_at", "acknowledged_at", "fingerprint"]].isna().all(axis=None)
    assert (seen.observed_start, seen.observed_end) == (OCTOBER.start, OCTOBER.end)


def test_its_title_says_what_it_hit_and_what_aws_wrote_first(aws):
    rows, _ = sources.read(aws_health, world(aws)[0], OCTOBER)
    assert rows.set_index("incident_id")["title"].to_dict() == {
        arn("1"): "EC2 operational issue, eu-west-1 (i-1, i-2): Some instances cannot be reached.",
        arn("2"): "EC2 operational issue, eu-west-1 (i-1, i-3, i-4 and 1 more): Some instances cannot be reached.",
    }  # fmt: skip
    (title,) = read(aws, event("1", "2026-10-05T10:00"), said="long " * 100)[0]["title"]
    assert title == "EC2 operational issue, eu-west-1: " + " ".join(["long"] * 32) + " …"


def test_it_is_no_downtime_and_no_target_of_ours_and_nobody_of_us_found_it(aws):
    rows, _ = sources.read(aws_health, world(aws)[0], OCTOBER)
    total = incidents.totals(rows, OCTOBER, SEEN).iloc[0]
    assert (total["incidents_opened"], total["incident_downtime"]) == (0, pd.Timedelta(0))
    found = incidents.found_by_us(rows, OCTOBER).iloc[0]
    assert (found["found_by_alert"], found["found_by_people"], found["found_unknown"]) == (0, 0, 0)


def test_it_is_asked_in_one_region_for_issues_only_ten_at_a_time(aws):
    answer(aws, [event(f"{number}", "2026-10-05T10:00") for number in range(12)])
    given = settings(aws_health, "incident", account(regions=["eu-west-1", "us-west-2"]))
    rows, seen = sources.read(aws_health, given, OCTOBER)
    assert (len(rows), seen.status) == (12, "ok")
    assert {call.region for call in aws.calls if call.operation.startswith("health:")} == {"us-east-1"}
    assert aws.asked(EVENTS)[0]["filter"] == {"eventTypeCategories": ["issue"]}
    assert [len(asked["eventArns"]) for asked in aws.asked(DETAILS)] == [10, 2]
    assert [len(asked["filter"]["eventArns"]) for asked in aws.asked(ENTITIES)] == [10, 2]


def test_public_events_are_left_out_and_counted(aws):
    rows, seen = read(aws, event("1", "2026-10-05T10:00"), event("2", "2026-10-06T10:00", eventScopeCode="PUBLIC"))
    assert rows["incident_id"].tolist() == [arn("1")]
    assert (seen.status, seen.why) == ("ok", "1 public events name nothing of this account and were left out")
    assert [asked["eventArns"] for asked in aws.asked(DETAILS)] == [[arn("1")]]


def test_one_that_is_closed_without_an_end_had_ended_when_aws_last_wrote(aws):
    closed = event("1", "2026-10-05T10:00", statusCode="closed", lastUpdatedTime=at("2026-10-05T15:00"))
    expected = event("2", "2026-10-05T10:00", statusCode="open", endTime=at("2026-10-09T00:00"))
    rows, _ = read(aws, closed, expected)
    assert rows["resolved_at"].tolist() == [instant("2026-10-05 15:00"), pd.NaT]


@pytest.mark.parametrize("odd", [
    event("9", "2026-10-05T10:00", "2026-10-05T09:00"),  # it ended before it began
    event("9", "2026-10-05T10:00", statusCode="closed"),  # and nobody says when
    event("9", "2026-10-05T10:00", statusCode="asleep"),
    {name: value for name, value in event("9", "2026-10-05T10:00").items() if name != "startTime"},
])  # fmt: skip
def test_an_event_that_is_not_understood_makes_it_partial_and_is_named(aws, odd):
    rows, seen = read(aws, odd, event("1", "2026-10-05T10:00"))
    assert rows["incident_id"].tolist() == [arn("1")]
    assert (seen.status, seen.why) == ("partial", f"1 events are not understood, like {arn('9')}")


def test_one_that_has_not_begun_is_left_for_later(aws):
    rows, seen = read(aws, event("1", "2026-12-05T10:00", statusCode="upcoming"))
    assert rows.empty and seen.status == "ok"


def test_a_description_that_cannot_be_read_is_said(aws):
    answer(aws, [event("1", "2026-10-05T10:00")])
    aws.answer(DETAILS, {"failedSet": [{"eventArn": arn("1"), "errorName": "InternalError"}]})
    rows, seen = sources.read(aws_health, settings(aws_health), OCTOBER)
    assert rows["title"].tolist() == ["EC2 operational issue, eu-west-1"] and seen.status == "partial"
    assert seen.why == f"what AWS wrote of 1 events could not be read, like {arn('1')}: InternalError"


def test_an_account_without_the_support_plan_is_told_so(aws, monkeypatch):
    monkeypatch.setitem(FAULTS, "no plan", (400, "SubscriptionRequiredException", "no"))
    given = world(aws)[0]
    aws.fault(EVENTS, "no plan", times=0)
    rows, seen = sources.read(aws_health, given, OCTOBER)
    assert rows.empty and seen.status == "unavailable"
    assert "support plan does not include" in seen.why and "Business support" in seen.why


def test_an_account_that_nothing_hit_is_read_whole_and_empty(aws):
    rows, seen = read(aws)
    assert rows.empty and (seen.status, seen.why) == ("ok", "") and seen.observed_end <= NOW


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples of AWS's command line are not here")
@pytest.mark.parametrize("scope", ["PUBLIC", "ACCOUNT_SPECIFIC"])
def test_the_example_of_awss_documentation_is_read(aws, scope):
    events = json.loads((EXAMPLES / "health__describe-events_41.json").read_text())["events"]
    for one in events:
        one.update({name: dt.datetime.fromtimestamp(value, dt.UTC) for name, value in one.items() if "Time" in name})
        one["eventScopeCode"] = scope  # as it stands there, all three are public
    rows, seen = read(aws, *events)
    assert len(rows) == (0 if scope == "PUBLIC" else 3) and seen.status == "ok"
    if scope != "PUBLIC":
        first = rows.iloc[0]
        assert first["title"] == "EC2 operational issue, us-east-1"
        assert first["opened_at"] == instant("2020-04-21 09:45:25.096")
        assert first["resolved_at"] == instant("2020-04-21 10:16:44.774")
