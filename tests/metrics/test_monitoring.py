"""Alerts are worth what they led to; what no alert caught is said; an old list of rules proves nothing."""

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics import monitoring
from opsreport.params.models import Agreement, SupportHours
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
OFFICE = [Agreement(starts_on=dt.date(2025, 1, 1), support_hours=SupportHours(opens="09:00", closes="17:00",
                                                                              holidays="DE-BE"))]  # fmt: skip


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def fired(*rows: dict) -> pd.DataFrame:
    numbered = [{"alert_id": f"a{n}", "alert_name": "disk", "service": "shop", **row} for n, row in enumerate(rows)]
    return FRAMES["alert"].conform(pd.DataFrame(numbered)) if rows else FRAMES["alert"].empty()


def broke(*rows: dict) -> pd.DataFrame:
    numbered = [{"incident_id": f"i{n}", "service": "shop", **row} for n, row in enumerate(rows)]
    return FRAMES["incident"].conform(pd.DataFrame(numbered)) if rows else FRAMES["incident"].empty()


def listed(*rows: dict) -> pd.DataFrame:
    given_rows = [{"alert_name": "disk", "service": "shop", "observed_at": berlin("31 08:00"), "has_action": True,
                   "is_enabled": True, "state": "ok", **row} for row in rows]  # fmt: skip
    return FRAMES["alarm_rule"].conform(pd.DataFrame(given_rows)) if rows else FRAMES["alarm_rule"].empty()


def alerts(*rows: dict, agreed=OFFICE, seen=ALWAYS) -> pd.Series:
    return monitoring.alerts(fired(*rows), OCTOBER, agreed, seen).iloc[0]


def rules(alarm_rule: pd.DataFrame, alert: pd.DataFrame | None = None, seen=ALWAYS) -> pd.DataFrame:
    return monitoring.rules(alarm_rule, fired() if alert is None else alert, OCTOBER, seen)


def caught(incident: pd.DataFrame, alert: pd.DataFrame, seen=ALWAYS) -> list[str]:
    return monitoring.caught(incident, alert, OCTOBER, seen)["caught_by"].tolist()


def test_what_is_not_recorded_is_neither_action_nor_noise():
    at = {"fired_at": berlin("05 10:00")}
    row = alerts({**at, "was_actioned": True}, {**at, "was_actioned": False}, at, at)
    assert row[["alerts_fired", "alerts_actioned", "alerts_idle", "alerts_unknown"]].tolist() == [4, 1, 1, 2]
    assert row[["actioned_share", "actioned_worst", "actioned_best"]].tolist() == [0.5, 0.25, 0.75]
    assert math.isnan(alerts(at)["actioned_share"])


def test_an_alert_counts_in_the_month_in_which_it_fired():
    edges = [{"fired_at": OCTOBER.start}, {"fired_at": OCTOBER.end}, {"fired_at": OCTOBER.start - pd.Timedelta("1s")}]
    assert alerts(*edges)["alerts_fired"] == 1


def test_a_month_that_was_not_seen_is_unknown_and_a_quiet_one_is_zero():
    assert math.isnan(alerts(seen=Intervals())["alerts_fired"]) and alerts()["alerts_fired"] == 0
    assert alerts({"fired_at": berlin("05 10:00")}, seen=Intervals())["alerts_fired"] == 1


@pytest.mark.parametrize(
    ("when", "outside"),
    [("05 09:00", 0), ("05 08:59", 1), ("05 16:59", 0), ("05 17:00", 1),  # a Monday
     ("04 12:00", 1), ("2026-10-03 12:00", 1)],  # a Sunday, German Unity Day
)  # fmt: skip
def test_a_call_outside_the_agreed_hours(when, outside):
    row = alerts({"fired_at": berlin(when), "interrupted": True})
    assert (row["calls"], row["calls_outside"]) == (1, outside)


def test_an_alert_that_called_nobody_interrupts_nobody():
    row = alerts({"fired_at": berlin("04 12:00"), "interrupted": False}, {"fired_at": berlin("04 12:00")})
    assert row["calls_unknown"] == 1 and row[["calls", "calls_outside"]].isna().all()
    assert alerts({"fired_at": berlin("04 12:00"), "interrupted": False})[["calls", "calls_outside"]].tolist() == [0, 0]


def test_calls_that_are_not_recorded_make_those_outside_unknown_unless_they_fell_within_the_hours():
    sunday, monday = {"fired_at": berlin("04 12:00")}, {"fired_at": berlin("05 10:00")}
    row = alerts(monday)
    assert math.isnan(row["calls"]) and row["calls_outside"] == 0
    row = alerts(sunday, {**sunday, "interrupted": True})
    assert row[["calls", "calls_outside", "calls_unknown", "calls_unclear"]].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(("agreed", "when", "known"), [(OFFICE, "04 12:00", False), (OFFICE, "05 10:00", True),
                                                       ([], "05 10:00", False)])  # fmt: skip
def test_the_scorecard_knows_no_calls_outside_where_it_is_not_recorded_who_was_called(agreed, when, known):
    made = monitoring.scorecard(fired({"fired_at": berlin(when)}), broke(), OCTOBER, agreed, ALWAYS, ALWAYS)
    outside = made.set_index("id").loc["monitoring.outside", "this_month"]
    assert outside == 0 if known else math.isnan(outside)


def test_without_agreed_hours_nothing_is_outside_of_them():
    night = {"fired_at": berlin("05 03:00"), "interrupted": True}
    row = alerts(night, agreed=[])
    assert row[["calls", "calls_outside", "calls_unplaced"]].tolist() == [1, 0, 1]
    later = [Agreement(starts_on=dt.date(2026, 10, 6), support_hours=OFFICE[0].support_hours)]
    row = alerts(night, {**night, "fired_at": berlin("06 03:00")}, agreed=later)
    assert row[["calls", "calls_outside", "calls_unplaced"]].tolist() == [2, 1, 1]
    made = monitoring.calls(fired(night, {**night, "fired_at": berlin("06 10:00")}), OCTOBER, later)
    assert made["is_outside"].tolist() == ["no hours agreed", "no"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 744), max_size=8))
def test_hours_agree_with_the_clock(offsets):
    rows = [{"fired_at": OCTOBER.start + pd.Timedelta(hours=n), "interrupted": True} for n in offsets]
    brute = 0
    for row in rows:
        local = row["fired_at"].tz_convert("Europe/Berlin")
        is_open = local.weekday() < 5 and 9 <= local.hour < 17 and local.date() != dt.date(2026, 10, 3)
        brute += not is_open
    assert alerts(*rows)["calls_outside"] == brute


def test_the_rule_with_most_alerts_for_nothing_stands_first():
    at = berlin("05 10:00")
    quiet = [{"alert_name": "cpu", "fired_at": at, "was_actioned": True}] * 3
    made = monitoring.by_rule(fired(*quiet, {"fired_at": at, "was_actioned": False}), OCTOBER, OFFICE, ALWAYS)
    assert made["alert_name"].tolist() == ["disk", "cpu"] and made["actioned_share"].tolist() == [0, 1]
    assert monitoring.by_rule(fired(), OCTOBER, OFFICE, ALWAYS).empty


def test_history_ends_with_this_month():
    made = monitoring.history(fired({"fired_at": berlin("05 10:00")}), OCTOBER, OFFICE, ALWAYS)
    assert made["period"].iloc[-1] == "2026-10" and made["alerts_fired"].tolist() == [0] * 12 + [1]


def test_the_newest_list_at_the_months_end_tells_of_it():
    old, new = {"observed_at": berlin("02 08:00"), "is_enabled": False}, {"observed_at": berlin("31 08:00")}
    after = {"observed_at": OCTOBER.end + pd.Timedelta("1s"), "has_action": False}
    assert rules(listed(old, new, after))["rule_state"].tolist() == ["can warn"]
    at_the_end = {"observed_at": OCTOBER.end, "has_action": False}
    assert rules(listed(new, at_the_end))["rule_problem"].tolist() == ["no action"]


@pytest.mark.parametrize(
    ("fault", "state", "problem"),
    [({"is_enabled": False}, "cannot warn", "disabled"), ({"has_action": False}, "cannot warn", "no action"),
     ({"state": "no data", "is_enabled": False}, "cannot warn", "disabled, no data"),
     ({"has_action": None}, "not known", "not said: whether it acts"),
     ({"state": None}, "not known", "not said: whether it has data"),
     ({"state": "alarm"}, "can warn", "")],
)  # fmt: skip
def test_what_keeps_a_rule_from_warning(fault, state, problem):
    row = rules(listed(fault)).iloc[0]
    assert (row["rule_state"], row["rule_problem"]) == (state, problem)


def test_what_was_only_seen_before_is_neither_fine_nor_broken():
    before = {"observed_at": OCTOBER.start - pd.Timedelta("1s"), "has_action": False}
    made = rules(listed(before))
    assert made["rule_state"].tolist() == ["not seen lately"]
    counts = monitoring.rule_counts(made, OCTOBER).iloc[0]
    assert math.isnan(counts["rules_seen"]) and counts["rules_stale"] == 1
    gone = {"alert_name": "gone", "observed_at": berlin("20 08:00"), "is_enabled": False}
    made = rules(listed(gone, {}))
    assert dict(zip(made["alert_name"], made["rule_state"], strict=True)) == {
        "gone": "not seen lately", "disk": "can warn",
    }  # fmt: skip


def test_no_list_of_rules_is_unknown():
    counts = monitoring.rule_counts(rules(listed()), OCTOBER).iloc[0]
    assert counts[["rules_seen", "rules_broken", "rules_silent"]].isna().all()


def test_a_rule_never_fired_only_where_all_thirteen_months_were_seen():
    year_ago = fired({"fired_at": OCTOBER.back(12).start})
    assert rules(listed({}))["never_fired"].tolist() == ["yes"]
    assert rules(listed({}), year_ago)["never_fired"].tolist() == ["no"]
    assert rules(listed({}), year_ago)["last_fired_at"].tolist() == [OCTOBER.back(12).start]
    older = fired({"fired_at": OCTOBER.back(12).start - pd.Timedelta("1s")}, {"fired_at": OCTOBER.end})
    assert rules(listed({}), older)["never_fired"].tolist() == ["yes"]
    half = Intervals([(OCTOBER.back(6).start, OCTOBER.end)])
    assert rules(listed({}), seen=half)["never_fired"].tolist() == ["not known"]


WRONG = {"impact_started_at": berlin("05 10:00"), "opened_at": berlin("05 10:20")}


@pytest.mark.parametrize(
    ("when", "by"),
    [("05 09:45", "an alert"), ("05 09:44", "nothing"), ("05 10:20", "an alert"), ("05 10:21", "nothing")],
)
def test_an_alert_catches_from_a_quarter_of_an_hour_before_the_effect_to_the_opening(when, by):
    assert caught(broke(WRONG), fired({"fired_at": berlin(when)})) == [by]


def test_where_the_first_effect_is_not_known_the_opening_stands_for_it():
    assert caught(broke({"opened_at": berlin("05 10:20")}), fired({"fired_at": berlin("05 10:05")})) == ["an alert"]
    assert caught(broke({"opened_at": berlin("05 10:20")}), fired({"fired_at": berlin("05 10:04")})) == ["nothing"]


def test_another_services_alert_catches_nothing_and_one_of_no_service_may_have():
    other = {"fired_at": berlin("05 10:05"), "service": "api"}
    assert caught(broke(WRONG), fired(other)) == ["nothing"]
    assert caught(broke(WRONG), fired({**other, "service": None})) == ["not known"]
    assert caught(broke({**WRONG, "service": None}), fired(other)) == ["not known"]


def test_what_was_not_seen_is_not_missed():
    until = Intervals([(OCTOBER.start, berlin("05 10:10"))])
    assert caught(broke(WRONG), fired(), until) == ["not known"]
    both = Seen((((ALWAYS, 1.0),), ((until, 1.0),)))
    assert caught(broke(WRONG), fired(), both) == ["not known"]
    assert caught(broke(WRONG), fired(), Seen((((ALWAYS, 1.0),),))) == ["nothing"]
    assert caught(broke(WRONG), fired(), Seen((((ALWAYS, 0.5),),))) == ["not known"]
    assert caught(broke(WRONG), fired(), Seen()) == ["not known"]


def test_an_incident_that_says_an_alert_found_it_is_not_called_unseen():
    assert caught(broke({**WRONG, "reported_by": "alert"}), fired()) == ["not known"]
    assert caught(broke({**WRONG, "reported_by": "customer"}), fired()) == ["nothing"]


def test_drills_planned_work_and_other_months_are_left_out():
    september = {"opened_at": OCTOBER.start - pd.Timedelta("1s")}
    assert caught(broke({**WRONG, "is_drill": True}, {**WRONG, "severity": "Maintenance"}, september), fired()) == []


def test_an_alert_that_was_still_going_is_named_though_it_did_not_catch():
    before = {"fired_at": berlin("05 08:00")}
    made = monitoring.caught(broke(WRONG), fired(before), OCTOBER, ALWAYS).iloc[0]
    assert made["caught_by"] == "nothing" and made["note"] == "an alert from before was still going: disk"
    over = {**before, "cleared_at": berlin("05 09:00")}
    assert monitoring.caught(broke(WRONG), fired(over), OCTOBER, ALWAYS).iloc[0]["note"] == ""


def test_counts_and_the_scorecard_agree():
    incident = broke(WRONG, {"opened_at": berlin("06 10:20")})
    alert = fired({"fired_at": berlin("06 10:10"), "was_actioned": True, "interrupted": True},
                  {"fired_at": berlin("04 10:10"), "was_actioned": False, "interrupted": True})  # fmt: skip
    made = monitoring.caught(incident, alert, OCTOBER, ALWAYS)
    counts = monitoring.caught_counts(made, OCTOBER, 1.0).iloc[0]
    assert counts[["incidents_caught", "incidents_uncaught", "incidents_unclear"]].tolist() == [1, 1, 0]
    card = monitoring.scorecard(alert, incident, OCTOBER, OFFICE, ALWAYS, ALWAYS, OCTOBER.back(1))
    assert card["this_month"].tolist() == [0.5, 1, 1] and card["coverage"].tolist() == [1, 1, 1]
    assert card["target"].isna().all() and card["rows"].iloc[2].where == {"interrupted": True}


def test_how_many_nothing_caught_is_unknown_while_one_cannot_be_told():
    doubtful = broke(WRONG, {"opened_at": berlin("06 10:20"), "reported_by": "alert"})
    row = monitoring.scorecard(fired(), doubtful, OCTOBER, OFFICE, ALWAYS, ALWAYS).iloc[1]
    assert math.isnan(row["this_month"]) and (row["best"], row["worst"]) == (1, 2)


def test_an_empty_month_has_a_scorecard_of_unknowns_where_nothing_was_seen():
    card = monitoring.scorecard(fired(), broke(), OCTOBER, OFFICE, Intervals(), Intervals(), None)
    assert card["this_month"].isna().all() and card["coverage"].tolist() == [0, 0, 0]
    blank = monitoring.caught_counts(monitoring.caught(broke(), fired(), OCTOBER, ALWAYS), OCTOBER, 0.0).iloc[0]
    assert math.isnan(blank["incidents_uncaught"])


def test_only_what_went_unseen_and_only_rules_that_cannot_warn_are_listed():
    held = monitoring.caught(broke(WRONG, {**WRONG, "reported_by": "alert"}), fired(), OCTOBER, ALWAYS)
    assert sorted(held["caught_by"]) == ["not known", "nothing"]
    assert monitoring.uncaught(held)["caught_by"].tolist() == ["nothing"]
    mute = rules(listed({}, {"alert_name": "mute", "has_action": False}))
    assert monitoring.broken(mute)["alert_name"].tolist() == ["mute"]
    assert monitoring.broken(mute.iloc[:0]).empty and monitoring.uncaught(held.iloc[:0]).empty
