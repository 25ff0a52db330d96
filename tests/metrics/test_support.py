"""Requests are held against what was agreed when they were asked, without the time that they waited for the client."""

import datetime as dt
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics import incidents
from opsreport.metrics.pauses import paused_time
from opsreport.metrics.support import answers, history, late, promised, scorecard, still_open, targets, totals
from opsreport.params.models import Agreement, ResponseTarget, SupportHours
from opsreport.params.operations import TicketTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
NOVEMBER = Period.month("2026-11", "Europe/Berlin")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HOURS = SupportHours(opens="09:00", closes="17:00", holidays="DE-BE")


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def frame(*rows: dict) -> pd.DataFrame:
    numbered = [{"ticket_id": f"t{n}", "priority": "P2", **row} for n, row in enumerate(rows)]
    return FRAMES["ticket"].conform(pd.DataFrame(numbered)) if rows else FRAMES["ticket"].empty()


def agreed(hours: str = "support", support: SupportHours | None = HOURS, starts: str = "2025-01-01", **term):
    target = TicketTarget(hours=hours, **{"first_response": "1h", "resolution": "8h", **term})
    return Agreement(starts_on=dt.date.fromisoformat(starts), support_hours=support, ticket_targets={"P2": target})


def told(*rows: dict, month: Period = OCTOBER, terms: list | None = None) -> pd.DataFrame:
    return answers(frame(*rows), month, [agreed()] if terms is None else terms).set_index("answer")


def held(*pairs: tuple[str, str | None]) -> str:
    return json.dumps([[f"2026-10-{start}", end and f"2026-10-{end}"] for start, end in pairs])


def test_the_clock_stands_still_outside_support_hours_on_holidays_and_while_it_waits():
    # Friday 16:30 to Monday 10:30: half an hour, and an hour and a half less the hour on hold.
    rows = told({"opened_at": berlin("09 16:30"), "first_response_at": berlin("12 09:30"),
                 "resolved_at": berlin("12 10:30"), "paused": held(("12 09:15", "12 10:15"))})  # fmt: skip
    assert rows.loc["first response", "support_elapsed"] == pd.Timedelta("45min")
    assert rows.loc["resolution", "support_elapsed"] == pd.Timedelta("1h")
    october = Period.month("2025-10", "Europe/Berlin")  # the 3rd, a Friday, is German Unity Day
    one = {"opened_at": berlin("2025-10-02 16:30"), "first_response_at": berlin("2025-10-06 09:30")}
    assert told(one, month=october).loc["first response", "support_elapsed"] == pd.Timedelta("1h")


def test_a_pause_moves_the_moment_at_which_the_time_runs_out():
    asked = {"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 13:01")}
    plain, paused = told(asked), told({**asked, "paused": held(("05 10:30", "05 12:30"))})
    assert plain.loc["first response", "decided_at"] == berlin("05 11:00")
    assert paused.loc["first response", "decided_at"] == berlin("05 13:00")
    assert set(plain["response_outcome"].head(1)) == set(paused["response_outcome"].head(1)) == {"missed"}


def test_a_pause_that_has_not_ended_stops_the_clock_to_the_month_end():
    rows = told({"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 10:30"),
                 "paused": held(("05 11:00", None))})  # fmt: skip
    assert rows.loc["resolution", "response_outcome"] == "pending"
    assert rows.loc["resolution", "support_elapsed"] == pd.Timedelta("1h")


def test_a_pause_across_the_month_end_leaves_the_outcome_to_the_next_month():
    one = {"opened_at": berlin("30 10:00"), "first_response_at": berlin("30 10:30"),
           "resolved_at": berlin("2026-11-03 10:30"),
           "paused": json.dumps([["2026-10-30T11:00+01:00", "2026-11-03T08:00:00Z"]])}  # fmt: skip
    assert told(one).loc["resolution", "response_outcome"] == "pending"
    assert told(one, month=NOVEMBER).loc["resolution", "support_elapsed"] == pd.Timedelta("2h30min")


@pytest.mark.parametrize("written", ["on hold", "[[1, 2]]", '[["2026-10-05"]]', '{"a": 1}', "7", '[[null, null]]',
                                     '[["2026-10-06", "2026-10-05"]]'])  # fmt: skip
def test_pauses_that_cannot_be_read_make_a_late_answer_unknown_and_leave_one_in_time_met(written):
    assert paused_time(written, OCTOBER) is None
    rows = told({"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 10:30"),
                 "resolved_at": berlin("07 16:00"), "paused": written})  # fmt: skip
    assert rows["response_outcome"].to_dict() == {"first response": "met", "resolution": "unknown"}
    assert rows.loc["resolution", "note"] == "when it waited for you cannot be read"


@pytest.mark.parametrize("written", [None, "", " ", "[]"])
def test_a_request_without_pauses_never_waited(written):
    assert not paused_time(written, OCTOBER)


def test_a_pause_without_an_offset_is_on_the_clients_clock():
    assert paused_time('[["2026-10-25 00:00", "2026-10-25 06:00"]]', OCTOBER).measure() == pd.Timedelta("7h")


def test_without_a_first_response_a_quick_resolution_is_met_and_a_slow_one_unknown():
    quick = told({"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 10:50")})
    slow = told({"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 12:00")})
    assert quick["response_outcome"].to_dict() == {"first response": "met", "resolution": "met"}
    assert slow["response_outcome"].to_dict() == {"first response": "unknown", "resolution": "met"}


def test_a_first_response_from_before_the_request_is_none():
    rows = told({"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 09:00")})
    assert rows["response_outcome"].tolist() == ["open past target", "open past target"]


def test_what_was_agreed_when_it_was_asked_holds():
    terms = [Agreement(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 10, 14), ticket_targets={
        "P2": TicketTarget(first_response="3h", hours="always")}), agreed("always", starts="2026-10-15")]  # fmt: skip
    rows = answers(frame(
        {"opened_at": berlin("14 23:30"), "first_response_at": berlin("15 01:45")},
        {"opened_at": berlin("15 00:30"), "first_response_at": berlin("15 02:45")},
    ), OCTOBER, terms)  # fmt: skip
    first = rows[rows["answer"] == "first response"]
    assert first["response_outcome"].tolist() == ["met", "missed"]


def test_a_missing_priority_is_unknown_and_one_with_nothing_agreed_has_no_row():
    rows = told(
        {"opened_at": berlin("05 10:00"), "priority": None}, {"opened_at": berlin("05 10:00"), "priority": "P9"}
    )
    assert rows["priority"].tolist() == ["unrated"] and rows["response_outcome"].tolist() == ["unknown"]


def test_support_hours_that_were_never_agreed_make_it_unknown():
    rows = told(
        {"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 10:01")}, terms=[agreed(support=None)]
    )
    assert set(rows["note"]) == {"no support hours are agreed"} and set(rows["response_outcome"]) == {"unknown"}


def test_with_nothing_agreed_there_is_nothing_to_miss():
    one = frame({"opened_at": berlin("05 10:00")})
    assert answers(one, OCTOBER, []).empty and targets(one, OCTOBER, [], ALWAYS).empty
    assert not promised([], OCTOBER) and promised([agreed()], OCTOBER)
    assert answers(frame(), OCTOBER, [agreed()]).empty


def test_attainment_is_by_priority_and_answer_and_bounded_by_what_is_known():
    two = frame({"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 10:20")},
                {"opened_at": berlin("06 10:00"), "resolved_at": berlin("06 12:00")})  # fmt: skip
    table = targets(two, OCTOBER, [agreed()], ALWAYS).set_index("answer")
    first = table.loc["first response"]
    assert (first["responses_met"], first["responses_unknown"]) == (1, 1) and pd.isna(first["attainment"])
    assert (first["attainment_worst"], first["attainment_best"], first["verdict"]) == (0.5, 1, "unknown")
    assert table.loc["resolution", "verdict"] == "met"
    half = Intervals([(OCTOBER.start, berlin("16 00:00"))])
    assert targets(two, OCTOBER, [agreed()], half).set_index("answer").loc["resolution", "verdict"] == "unknown"


def test_late_answers_stand_before_those_that_cannot_be_told():
    rows = answers(frame({"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 12:00")},
                         {"opened_at": berlin("06 10:00"), "first_response_at": berlin("06 12:00")}),
                   OCTOBER, [agreed()])  # fmt: skip
    shown = late(rows)
    assert shown["response_outcome"].tolist() == ["missed", "open past target", "unknown"]


def test_requests_are_reconciled_across_both_ends_of_the_month():
    rows = frame(
        {"opened_at": berlin("2026-09-30 23:59"), "resolved_at": berlin("01 00:00")},
        {"opened_at": berlin("01 00:00"), "resolved_at": berlin("31 23:59")},
        {"opened_at": berlin("31 23:59"), "resolved_at": berlin("2026-11-01 00:00")},
        {"opened_at": berlin("2026-11-01 00:00")},
    )  # fmt: skip
    row = totals(rows, OCTOBER, ALWAYS).iloc[0]
    assert row["tickets_open_before":"tickets_open"].tolist() == [1, 2, 2, 1]
    assert row["oldest_open"] == pd.Timedelta("1min")


def test_a_month_not_seen_is_unknown_and_a_quiet_one_is_zero():
    old = frame({"opened_at": berlin("2026-09-05 10:00")})
    blind, quiet = totals(old, OCTOBER, Intervals()).iloc[0], totals(old, OCTOBER, ALWAYS).iloc[0]
    assert pd.isna(blind["tickets_open"]) and quiet["tickets_open"] == 1 and quiet["tickets_opened"] == 0


def test_what_is_open_says_whether_it_waits_for_the_client():
    rows = still_open(frame(
        {"opened_at": berlin("20 10:00"), "paused": held(("21 10:00", None))},
        {"opened_at": berlin("19 10:00"), "paused": held(("19 11:00", "20 10:00"))},
        {"opened_at": berlin("21 10:00"), "resolved_at": berlin("2026-11-01 00:00"), "paused": "?"},
        {"opened_at": berlin("22 10:00"), "resolved_at": berlin("31 23:59")},
    ), OCTOBER)  # fmt: skip
    assert rows["ticket_id"].tolist() == ["t1", "t0", "t2"]
    assert rows["note"].tolist() == ["", "waits for you", "when it waited for you cannot be read"]


def test_the_scorecard_judges_first_responses_and_resolutions_apart():
    one = frame({"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 12:00"),
                 "resolved_at": berlin("05 13:00")})  # fmt: skip
    rows = scorecard(one, OCTOBER, ALWAYS, [agreed()], OCTOBER.previous()).set_index("id")
    assert rows["verdict"].to_dict() == {
        "support.first": "missed",
        "support.resolved": "met",
        "support.open": "unknown",
    }
    assert rows.loc["support.open", "this_month"] == 0 and rows.loc["support.first", "best"] == 0
    quiet = scorecard(frame(), OCTOBER, ALWAYS, [agreed()])
    assert quiet["id"].tolist() == ["support.open"]


minutes = st.integers(0, 40 * 24 * 60)
spans = st.lists(st.tuples(minutes, st.none() | minutes, st.none() | minutes, st.none() | minutes), max_size=3)


def rows_of(spans: list, kind: str = "ticket") -> list[dict]:
    start = berlin("2026-09-01 00:00")
    first, after = ("first_response_at", "paused") if kind == "ticket" else ("acknowledged_at", None)
    made = []
    for opened, answered, resolved, paused in spans:
        asked = start + pd.Timedelta(minutes=opened)
        row = {"opened_at": asked, first: answered and asked + pd.Timedelta(minutes=answered),
               "resolved_at": resolved and asked + pd.Timedelta(minutes=resolved)}  # fmt: skip
        if after and paused:
            row[after] = json.dumps([[asked.isoformat(), (asked + pd.Timedelta(minutes=paused)).isoformat()]])
        made.append({name: value or None for name, value in row.items()})
    return made


@given(spans)
@settings(max_examples=8, deadline=None)
def test_each_answer_is_decided_in_exactly_one_month(spans):
    months = Period.month("2027-02", "Europe/Berlin").history(6)
    each = pd.concat([answers(frame(*rows_of(spans)), month, [agreed()]) for month in months])
    decided = each[each["response_outcome"] != "pending"]
    assert len(decided) == 2 * len(spans) and not decided.duplicated(["ticket_id", "answer"]).any()


@given(spans)
@settings(max_examples=20, deadline=None)
def test_open_before_plus_opened_less_resolved_is_open_after(spans):
    rows = history(frame(*rows_of(spans)), NOVEMBER, ALWAYS, 4)
    flow = rows["tickets_open_before"] + rows["tickets_opened"] - rows["tickets_resolved"]
    assert flow.tolist() == rows["tickets_open"].tolist()
    assert rows["tickets_open_before"].tolist()[1:] == rows["tickets_open"].tolist()[:-1]


@given(spans)
@settings(max_examples=8, deadline=None)
def test_a_request_without_pauses_is_judged_like_an_incident(spans):
    unpaused = [(*span[:3], None) for span in spans]
    incident = [{"incident_id": f"i{n}", "severity": "P2", **row}
                for n, row in enumerate(rows_of(unpaused, "incident"))]  # fmt: skip
    incident = FRAMES["incident"].conform(pd.DataFrame(incident)) if incident else FRAMES["incident"].empty()
    same = Agreement(starts_on=dt.date(2026, 1, 1), support_hours=HOURS, response_targets={
        "P2": ResponseTarget(acknowledge="1h", restore="8h")})  # fmt: skip
    theirs = incidents.response(incident, OCTOBER, [same])
    ours = answers(frame(*rows_of(unpaused)), OCTOBER, [agreed()])
    for column in ("support_elapsed", "response_outcome", "decided_at"):
        assert ours[column].equals(theirs[column])


@given(st.integers(0, 10_000), st.integers(0, 5_000), st.integers(0, 5_000))
@settings(max_examples=20, deadline=None)
def test_time_that_counts_equals_counting_minutes(took, since, waited):
    start = berlin("2026-10-01 08:00")
    end, hold = start + pd.Timedelta(minutes=took), start + pd.Timedelta(minutes=since)
    release = hold + pd.Timedelta(minutes=waited)
    every = pd.date_range(start, end, freq="min", inclusive="left")
    here = every[(every < hold) | (every >= release)].tz_convert("Europe/Berlin")
    open_days = (here.day_of_week < 5) & ~((here.month == 10) & (here.day == 3))
    counted = int((open_days & (here.hour >= 9) & (here.hour < 17)).sum())
    paused = json.dumps([[hold.isoformat(), release.isoformat()]])
    rows = told({"opened_at": start, "resolved_at": end, "paused": paused},
                terms=[agreed(first_response=None, resolution="9d")])  # fmt: skip
    assert rows["support_elapsed"].tolist() == [pd.Timedelta(minutes=counted)]


UNTIL_16 = Intervals([(pd.Timestamp("2026-01-01", tz="UTC"), berlin("17 00:00"))])


def test_a_request_that_fell_due_where_nobody_looked_is_unknown_and_as_old_as_when_last_seen():
    rows = frame({"opened_at": berlin("16 23:50")})
    made = answers(rows, OCTOBER, [agreed("always")], UNTIL_16)
    assert set(made["response_outcome"]) == {"unknown"} and set(made["support_elapsed"]) == {pd.Timedelta("10min")}
    assert totals(rows, OCTOBER, UNTIL_16)["oldest_open"].iloc[0] == pd.Timedelta("10min")
    assert still_open(rows, OCTOBER, UNTIL_16)["ticket_age"].tolist() == [pd.Timedelta("10min")]


def test_how_many_are_open_is_unknown_where_nothing_was_seen():
    september = Intervals([(berlin("2026-09-01 00:00"), OCTOBER.start)])
    # Opened in October by a stray record, resolved in it: none is known to be open, which is not none.
    stray = frame({"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 11:00")})
    card = scorecard(stray, OCTOBER, september, []).set_index("id")
    assert pd.isna(card.loc["support.open", "this_month"]) and card.loc["support.open", "coverage"] == 0


@pytest.mark.parametrize(("resolved", "outcome"), [
    ("05 14:00", "met"),  # four hours: in time without any pause
    ("06 16:00", "unknown"),  # thirty hours, of which it waited for one, or for all the rest
])  # fmt: skip
def test_a_pause_that_was_never_closed_ends_with_the_resolution_and_passes_nothing(resolved, outcome):
    row = {"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 10:10"), "resolved_at": berlin(resolved),
           "paused": json.dumps([["2026-10-05T11:00", None]])}  # fmt: skip
    made = answers(frame(row), OCTOBER, [agreed("always")]).set_index("answer")["response_outcome"]
    assert made.to_dict() == {"first response": "met", "resolution": outcome}


def test_what_is_late_before_a_pause_that_was_never_closed_was_missed():
    row = {"opened_at": berlin("05 10:00"), "first_response_at": berlin("05 10:10"), "resolved_at": berlin("06 16:00"),
           "paused": json.dumps([["2026-10-05T20:00", None]])}  # fmt: skip
    made = answers(frame(row), OCTOBER, [agreed("always")]).set_index("answer")["response_outcome"]
    assert made["resolution"] == "missed"


def test_a_priority_is_the_agreed_one_however_it_is_written():
    made = answers(frame({"priority": "p2", "opened_at": berlin("05 10:00")}), OCTOBER, [agreed("always")])
    assert set(made["response_outcome"]) == {"open past target"}


def test_each_request_is_judged_by_what_its_own_source_saw_of_the_month():
    # Jira saw all of October, Zendesk up to the 17th at 00:00; both requests were opened on the 16th at 23:50.
    whole = Intervals([(berlin("2026-01-01"), OCTOBER.end)])
    seen = Seen((((whole, 1.0),), ((UNTIL_16, 1.0),)), listed=(pd.NaT, pd.NaT), names=("jira", "zendesk"))
    one = {"opened_at": berlin("16 23:50")}
    rows = frame(one, one).assign(source=["jira", "zendesk"])
    made = answers(rows, OCTOBER, [agreed("always")], seen).groupby("ticket_id")["response_outcome"].agg(set)
    assert made.to_dict() == {"t0": {"open past target"}, "t1": {"unknown"}}
    # To the end of the 31st, with an hour from the clock: 15 days, 1 hour and 10 minutes.
    old = pd.Timedelta(days=15, hours=1, minutes=10)
    assert still_open(rows, OCTOBER, seen)["ticket_age"].tolist() == [old, pd.Timedelta("10min")]
    assert totals(rows, OCTOBER, seen)["oldest_open"].tolist() == [old]
