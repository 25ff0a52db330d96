"""Alarms of CloudWatch: which could warn anybody, and when each rang."""

import datetime as dt
import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.intervals import Intervals
from opsreport.metrics import monitoring
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import aws_alarms
from opsreport.store import Store
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, account, settings

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
ALARMS, HISTORY = aws_alarms.OPERATIONS


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def alarm(name: str, state: str = "OK", acts: bool = True, **more) -> dict:
    actions = {"AlarmActions": [TOPIC] if acts else [], "ActionsEnabled": True}
    return {"AlarmName": name, "StateValue": state, **actions, **more}


def change(name: str, when: str, old: str, new: str, **more) -> dict:
    data = {"version": "1.0", "oldState": {"stateValue": old}, "newState": {"stateValue": new}}
    return {"AlarmName": name, "AlarmType": "MetricAlarm", "Timestamp": dt.datetime.fromisoformat(when + "+00:00"),
            "HistoryItemType": "StateUpdate", "HistoryData": json.dumps(data),
            "HistorySummary": f"Alarm updated from {old} to {new}", **more}  # fmt: skip


RANG = [change("disk", "2026-10-20T03:10", "ALARM", "OK"), change("disk", "2026-10-20T03:00", "OK", "ALARM")]


def world(aws, *newest: dict):
    """Two pages of alarms, and two of what they did, newest first."""
    aws.answer(ALARMS, {"MetricAlarms": [alarm("disk"), alarm("cpu", acts=False)]},
               {"CompositeAlarms": [alarm("shop", AlarmRule='ALARM("cpu") OR ALARM("gone")')]})  # fmt: skip
    aws.answer(HISTORY, {"AlarmHistoryItems": [*newest, *RANG]}, {"AlarmHistoryItems": [
        change("cpu", "2026-10-10T10:00", "ALARM", "INSUFFICIENT_DATA"),
        change("cpu", "2026-10-10T09:00", "OK", "ALARM"),
        change("cpu", "2026-10-05T09:00", "ALARM", "OK"),  # of which AWS has forgotten the beginning
    ]})  # fmt: skip
    return [settings(aws_alarms, "alarm_rule"), settings(aws_alarms, "alert")]


def read(aws, frame: str, alarms: list[dict] = (), items: list[dict] = (), **given):
    """One frame of a small world with these alarms, by their kind, and these changes, newest first."""
    composite = [one for one in alarms if "AlarmRule" in one]
    aws.answer(ALARMS, {"MetricAlarms": [one for one in alarms if one not in composite], "CompositeAlarms": composite})
    aws.answer(HISTORY, {"AlarmHistoryItems": list(items)})
    return sources.read(aws_alarms, settings(aws_alarms, frame, **given), OCTOBER)


def test_an_alert_lasts_from_the_change_to_alarm_to_the_next_change(aws):
    rows, seen = sources.read(aws_alarms, world(aws)[1], OCTOBER)
    rows = rows.sort_values("fired_at", ignore_index=True)
    assert rows["alert_name"].tolist() == rows["service"].tolist() == ["cpu", "disk"]
    assert rows["fired_at"].tolist() == [at("2026-10-10 09:00"), at("2026-10-20 03:00")]
    assert rows["cleared_at"].tolist() == [at("2026-10-10 10:00"), at("2026-10-20 03:10")]
    assert rows[["was_actioned", "interrupted", "severity"]].isna().all(axis=None)
    assert (seen.observed_start, seen.observed_end) == (NOW - pd.Timedelta(days=30), OCTOBER.end)


def test_all_kinds_of_alarms_are_asked_for_and_only_changes_of_state(aws):
    sources.read(aws_alarms, world(aws)[1], OCTOBER)
    assert aws.asked(ALARMS)[0]["AlarmTypes"] == aws.asked(HISTORY)[0]["AlarmTypes"] == [
        "MetricAlarm", "CompositeAlarm", "LogAlarm"]  # fmt: skip
    assert aws.asked(HISTORY)[0]["HistoryItemType"] == "StateUpdate"


def test_an_alert_that_rings_has_no_end_and_keeps_its_id_when_it_gets_one(aws, tmp_path):
    began = change("disk", "2026-10-31T23:00:00.442", "INSUFFICIENT_DATA", "ALARM")
    ringing, _ = sources.read(aws_alarms, world(aws, began)[1], OCTOBER)
    assert ringing["cleared_at"].isna().sum() == 1
    ended = change("disk", "2026-10-31T23:30", "ALARM", "OK")
    after, seen = sources.read(aws_alarms, world(aws, ended, began)[1], OCTOBER)
    assert sorted(ringing["alert_id"]) == sorted(after["alert_id"])
    assert "eu-west-1/disk/2026-10-31T23:00:00.442+00:00" in set(after["alert_id"])
    store = Store(tmp_path, "acme")
    for rows in (ringing, after, after):
        store.merge(rows, seen, NOW)
    assert len(store.read("alert")) == 3 and store.read("alert")["cleared_at"].notna().all()


def test_a_lost_page_loses_old_alerts_and_leaves_none_without_its_end(aws):
    given = world(aws)[1]
    aws.fault(HISTORY, "denied", at=2, times=0)
    rows, seen = sources.read(aws_alarms, given, OCTOBER)
    assert seen.status == "partial" and rows["alert_name"].tolist() == ["disk"]
    assert rows["cleared_at"].tolist() == [at("2026-10-20 03:10")]


@pytest.mark.parametrize(("odd", "fired"), [
    ([change("disk", "2026-10-20T03:05", "ALARM", "ALARM")], 1),  # it was looked at again
    ([RANG[1]], 1),  # AWS may tell one change twice
    ([change("disk", "2026-10-20T03:05", "OK", "ALARM")], 2),  # it was deleted in between, and made again
])  # fmt: skip
def test_what_is_told_in_between_ends_an_alert_only_where_it_shows_that_it_was_over(aws, odd, fired):
    rows, _ = read(aws, "alert", items=[RANG[0], *odd, RANG[1]])
    assert len(rows) == fired and rows["cleared_at"].max() == at("2026-10-20 03:10")
    assert rows["cleared_at"].notna().all()


def test_a_change_whose_data_aws_cut_short_is_read_from_its_summary(aws):
    cut = [change("disk", "2026-10-20T03:00", "OK", "ALARM", HistoryData='{"version":"1.0","oldSt')]
    rows, seen = read(aws, "alert", items=cut)
    assert (len(rows), seen.status) == (1, "ok")


def test_a_change_in_unknown_words_makes_it_partial_and_is_named(aws):
    odd = change("disk", "2026-10-20T03:00", "OK", "ASLEEP")
    rows, seen = read(aws, "alert", items=[odd, *RANG])
    assert len(rows) == 1 and seen.status == "partial"
    assert seen.why == "1 changes of alarms are not understood, like disk: Alarm updated from OK to ASLEEP"


def test_a_rule_is_what_it_reads_whether_it_acts_and_is_switched_on(aws):
    rows, seen = read(aws, "alarm_rule", [
        alarm("fine"), alarm("mute", acts=False), alarm("off", ActionsEnabled=False), alarm("red", "ALARM"),
        alarm("blind", "INSUFFICIENT_DATA"), alarm("broken", EvaluationState="EVALUATION_ERROR"),
        {"AlarmName": "bare", "AlarmActions": [TOPIC]},
    ])  # fmt: skip
    told = {row["alert_name"]: (row["has_action"], row["is_enabled"], row["state"]) for row in rows.to_dict("records")}
    assert told == {
        "fine": (True, True, "ok"), "mute": (False, True, "ok"), "off": (False, False, "ok"),
        "red": (True, True, "alarm"), "blind": (True, True, "no data"), "broken": (True, True, "unknown"),
        "bare": (None, None, "unknown"),
    }  # fmt: skip
    assert set(rows["observed_at"]) == {NOW} and (seen.status, seen.observed_end) == ("ok", NOW)
    november = Period.month("2026-11")
    judged = monitoring.rules(rows, FRAMES["alert"].empty(), november, Intervals()).set_index("alert_name")
    assert judged["rule_problem"].to_dict() == {
        "blind": "no data", "mute": "no action", "off": "disabled, no action", "fine": "", "red": "",
        "bare": "not said: whether it is enabled, whether it acts, whether it has data",
        "broken": "not said: whether it has data",
    }  # fmt: skip


def test_an_alarm_that_a_composite_alarm_looks_at_warns_through_it(aws):
    rows, _ = read(aws, "alarm_rule", [
        alarm("cpu", acts=False, ActionsEnabled=False), alarm("disk full", acts=False), alarm("alone", acts=False),
        alarm("db", acts=False), alarm("deaf", acts=False),
        alarm("inner", acts=False, AlarmRule='AT_LEAST(2, ALARM, (cpu, "disk full"))'),
        alarm("outer", AlarmRule="ALARM(inner) OR ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:db)"),
        alarm("nobody", acts=False, AlarmRule="NOT OK(deaf)"),
    ])  # fmt: skip
    heard = rows.set_index("alert_name")["has_action"]
    assert sorted(heard[heard].index) == ["cpu", "db", "disk full", "inner", "outer"]
    assert rows.set_index("alert_name")["is_enabled"]["cpu"]


def test_where_a_page_of_alarms_is_missing_none_is_said_to_have_no_action(aws):
    given = world(aws)[0]
    aws.fault(ALARMS, "denied", at=2, times=0)
    rows, seen = sources.read(aws_alarms, given, OCTOBER)
    assert seen.status == "partial" and rows.set_index("alert_name")["has_action"].to_dict() == {
        "disk": True, "cpu": None}  # fmt: skip


def test_a_state_that_is_not_known_makes_it_partial_and_is_named(aws):
    rows, seen = read(aws, "alarm_rule", [alarm("disk", "ASLEEP")])
    assert rows["state"].tolist() == ["unknown"]
    assert (seen.status, seen.why) == ("partial", "1 alarms are in a state that is not known, like disk: ASLEEP")


def test_alarms_of_auto_scaling_are_left_out_unless_the_clients_file_wants_them(aws):
    name = "TargetTracking-table/orders-AlarmLow-1"
    alarms, items = [alarm(name), alarm("disk")], [change(name, "2026-10-20T03:00", "OK", "ALARM")]
    assert read(aws, "alarm_rule", alarms, items)[0]["alert_name"].tolist() == ["disk"]
    assert read(aws, "alert", alarms, items)[0].empty
    assert len(read(aws, "alarm_rule", alarms, items, without=["disk"])[0]) == 1
    assert len(read(aws, "alert", alarms, items, without=[])[0]) == 1


def test_the_same_name_in_two_regions_is_two_rules_and_two_alerts(aws):
    both = account(regions=["eu-west-1", "us-east-1"])
    aws.answer(ALARMS, {"MetricAlarms": [alarm("disk")]})
    aws.answer(HISTORY, {"AlarmHistoryItems": RANG})
    rules, _ = sources.read(aws_alarms, settings(aws_alarms, "alarm_rule", both), OCTOBER)
    alerts, _ = sources.read(aws_alarms, settings(aws_alarms, "alert", both), OCTOBER)
    assert rules["alert_name"].tolist() == alerts["alert_name"].tolist() == ["disk", "disk (us-east-1)"]
    assert alerts["alert_id"].nunique() == 2 and set(alerts["service"]) == {"disk"}


def test_an_account_without_an_alarm_is_read_whole_and_empty(aws):
    for frame in aws_alarms.FRAMES:
        rows, seen = read(aws, frame)
        assert rows.empty and (seen.status, seen.why) == ("ok", "")


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples of AWS's command line are not here")
def test_the_examples_of_awss_documentation_are_read(aws):
    aws.answer(ALARMS, json.loads((EXAMPLES / "cloudwatch__describe-alarms_19.json").read_text()))
    aws.answer(HISTORY, json.loads((EXAMPLES / "cloudwatch__describe-alarm-history_17.json").read_text()))
    (rule,) = sources.read(aws_alarms, settings(aws_alarms, "alarm_rule"), OCTOBER)[0].to_dict("records")
    assert (rule["alert_name"], rule["has_action"], rule["is_enabled"], rule["state"]) == ("myalarm", True, True, "ok")
    (alert,) = sources.read(aws_alarms, settings(aws_alarms, "alert"), OCTOBER)[0].to_dict("records")
    assert alert["fired_at"] == at("2014-04-09 18:59:05.805") and alert["cleared_at"] == at("2014-04-09 18:59:06.442")
