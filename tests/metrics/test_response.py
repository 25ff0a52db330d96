"""Answers are held against what was agreed when the incident opened, in the agreed hours, once."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.incidents import response, scorecard, targets
from opsreport.params.models import Agreement, ResponseTarget, SupportHours
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "Europe/Berlin")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HOURS = SupportHours(opens="09:00", closes="17:00", holidays="DE-BE")


def berlin(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="Europe/Berlin").tz_convert("UTC")


def frame(*rows: dict) -> pd.DataFrame:
    numbered = [{"incident_id": f"i{n}", "severity": "sev1", **row} for n, row in enumerate(rows)]
    return FRAMES["incident"].conform(pd.DataFrame(numbered)) if rows else FRAMES["incident"].empty()


def agreed(hours: str = "support", support: SupportHours | None = HOURS, starts: str = "2026-01-01", **term):
    target = ResponseTarget(hours=hours, **{"acknowledge": "30min", "restore": "4h", **term})
    return Agreement(starts_on=dt.date.fromisoformat(starts), support_hours=support, response_targets={"sev1": target})


def outcomes(rows: pd.DataFrame) -> dict[str, str]:
    return dict(zip(rows["response"], rows["response_outcome"], strict=True))


def test_the_clock_stands_still_outside_support_hours():
    friday = frame({"opened_at": berlin("09 16:50"), "acknowledged_at": berlin("12 09:20"),
                    "resolved_at": berlin("12 12:50")})  # fmt: skip
    rows = response(friday, OCTOBER, [agreed()]).set_index("response")
    assert rows.loc["acknowledge", "support_elapsed"] == pd.Timedelta("30min")  # 10 on Friday, 20 on Monday
    assert rows.loc["acknowledge", "response_outcome"] == "met"  # exactly in time
    assert rows.loc["restore", "support_elapsed"] == pd.Timedelta("4h")
    assert rows.loc["restore", "response_outcome"] == "met"


def test_a_minute_more_is_missed_at_the_moment_the_time_ran_out():
    friday = frame({"opened_at": berlin("09 16:50"), "acknowledged_at": berlin("12 09:21"),
                    "resolved_at": berlin("12 12:51")})  # fmt: skip
    rows = response(friday, OCTOBER, [agreed()]).set_index("response")
    assert rows["response_outcome"].tolist() == ["missed", "missed"]
    assert rows.loc["acknowledge", "decided_at"] == berlin("12 09:20")


def test_a_target_that_runs_always_has_no_night():
    friday = frame({"opened_at": berlin("09 16:50"), "acknowledged_at": berlin("09 17:21"),
                    "resolved_at": berlin("09 20:50")})  # fmt: skip
    assert outcomes(response(friday, OCTOBER, [agreed("always")])) == {
        "acknowledge": "missed",
        "restore": "met",
    }


def test_a_holiday_of_the_clients_region_does_not_count():
    # 3 October is German Unity Day; in 2025 it fell on a Friday.
    october = Period.month("2025-10", "Europe/Berlin")
    one = frame({"opened_at": berlin("2025-10-02 16:50"), "acknowledged_at": berlin("2025-10-06 09:10")})
    rows = response(one, october, [agreed(starts="2025-01-01")]).set_index("response")
    assert rows.loc["acknowledge", "support_elapsed"] == pd.Timedelta("20min")


def test_the_day_the_clock_goes_back_has_an_hour_more():
    # 25 October 2026: from 00:00 to 06:00 are seven hours.
    one = frame({"opened_at": berlin("25 00:00"), "resolved_at": berlin("25 06:00")})
    rows = response(one, OCTOBER, [agreed("always")]).set_index("response")
    assert rows.loc["restore", "support_elapsed"] == pd.Timedelta("7h")


def test_what_was_agreed_when_it_opened_holds():
    before = Agreement(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 10, 14),
                       response_targets={"sev1": ResponseTarget(acknowledge="2h", hours="always")})  # fmt: skip
    after = agreed("always", starts="2026-10-15")
    two = frame(
        {"opened_at": berlin("14 23:30"), "acknowledged_at": berlin("15 00:45")},
        {"opened_at": berlin("15 00:30"), "acknowledged_at": berlin("15 01:45")},
    )
    rows = response(two, OCTOBER, [before, after])
    acknowledged = rows[rows["response"] == "acknowledge"]
    assert acknowledged["response_outcome"].tolist() == ["met", "missed"]


def test_open_ones_are_late_past_their_target_and_pending_before_it():
    two = frame({"opened_at": berlin("30 10:00")}, {"opened_at": berlin("30 16:45")})
    rows = response(two, OCTOBER, [agreed()])
    assert rows["response_outcome"].tolist() == ["open past target"] * 2 + ["pending"] * 2
    table = targets(two, OCTOBER, [agreed()], ALWAYS)
    assert table["responses_open_past"].tolist() == [1, 1] and table["responses_pending"].tolist() == [1, 1]
    assert table["attainment"].tolist() == [0, 0] and table["verdict"].tolist() == ["missed", "missed"]


def test_one_that_is_answered_next_month_counts_next_month():
    late = frame({"opened_at": berlin("30 16:45"), "acknowledged_at": berlin("2026-11-02 09:10")})
    november = Period.month("2026-11", "Europe/Berlin")
    assert outcomes(response(late, OCTOBER, [agreed()]))["acknowledge"] == "pending"
    assert outcomes(response(late, november, [agreed()]))["acknowledge"] == "met"


def test_without_an_acknowledgement_a_quick_resolution_is_met_and_a_slow_one_unknown():
    two = frame(
        {"opened_at": berlin("05 10:00"), "resolved_at": berlin("05 10:20")},
        {"opened_at": berlin("06 10:00"), "resolved_at": berlin("06 12:00")},
    )
    table = targets(two, OCTOBER, [agreed()], ALWAYS).set_index("response")
    row = table.loc["acknowledge"]
    assert (row["responses_met"], row["responses_unknown"], row["responses_missed"]) == (1, 1, 0)
    assert pd.isna(row["attainment"]) and (row["attainment_worst"], row["attainment_best"]) == (0.5, 1)
    assert row["verdict"] == "unknown" and table.loc["restore", "verdict"] == "met"


def test_support_hours_that_were_never_agreed_make_it_unknown_with_the_reason():
    one = frame({"opened_at": berlin("05 10:00"), "acknowledged_at": berlin("05 10:01")})
    rows = response(one, OCTOBER, [agreed(support=None)])
    assert set(rows["response_outcome"]) == {"unknown"}
    assert set(rows["note"]) == {"no support hours are agreed"}


def test_a_missing_severity_is_unknown_and_one_without_a_target_has_no_row():
    two = frame({"opened_at": berlin("05 10:00"), "severity": None},
                {"opened_at": berlin("05 10:00"), "severity": "sev4"})  # fmt: skip
    rows = response(two, OCTOBER, [agreed()])
    assert rows["severity"].tolist() == ["unrated"] and rows["response_outcome"].tolist() == ["unknown"]


def test_drills_and_planned_work_promise_nothing():
    two = frame({"opened_at": berlin("05 10:00"), "is_drill": True},
                {"opened_at": berlin("05 10:00"), "severity": "maintenance"})  # fmt: skip
    assert response(two, OCTOBER, [agreed()]).empty


def test_a_month_seen_in_part_is_never_met_but_may_be_missed():
    half = Intervals([(OCTOBER.start, berlin("16 00:00"))])
    good = frame({"opened_at": berlin("05 10:00"), "acknowledged_at": berlin("05 10:01"),
                  "resolved_at": berlin("05 10:30")})  # fmt: skip
    assert set(targets(good, OCTOBER, [agreed()], half)["verdict"]) == {"unknown"}
    bad = frame({"opened_at": berlin("05 10:00"), "acknowledged_at": berlin("05 15:00"),
                 "resolved_at": berlin("05 16:00")})  # fmt: skip
    assert set(targets(bad, OCTOBER, [agreed()], half)["verdict"]) == {"missed"}


def test_a_quiet_month_has_no_late_response_and_that_is_met():
    rows = scorecard(frame(), OCTOBER, ALWAYS, [agreed()]).set_index("id")
    assert rows.loc["incidents.late", ["this_month", "target", "verdict"]].tolist() == [0, 0, "met"]
    assert "incidents.in_time" not in rows.index
    blind = scorecard(frame(), OCTOBER, Intervals(), [agreed()]).set_index("id")
    assert blind.loc["incidents.late", "verdict"] == "unknown"


@pytest.mark.parametrize("agreements", [[], [Agreement(starts_on=dt.date(2026, 1, 1))]])
def test_with_nothing_agreed_there_is_nothing_to_miss(agreements):
    one = frame({"opened_at": berlin("05 10:00")})
    assert targets(one, OCTOBER, agreements, ALWAYS).empty
    assert response(FRAMES["incident"].empty(), OCTOBER, agreements).empty


minutes = st.integers(0, 40 * 24 * 60)


@given(st.lists(st.tuples(minutes, st.none() | minutes, st.none() | minutes), max_size=3))
@settings(max_examples=8, deadline=None)
def test_each_answer_is_decided_in_exactly_one_month(spans):
    start = berlin("2026-09-01 00:00")
    rows = [
        {"opened_at": start + pd.Timedelta(minutes=opened),
         "acknowledged_at": None if ack is None else start + pd.Timedelta(minutes=opened + ack),
         "resolved_at": None if end is None else start + pd.Timedelta(minutes=opened + end)}
        for opened, ack, end in spans
    ]  # fmt: skip
    months = [
        response(frame(*rows), month, [agreed()]) for month in Period.month("2027-01", "Europe/Berlin").history(5)
    ]
    decided = pd.concat([rows[rows["response_outcome"] != "pending"] for rows in months])
    assert len(decided) == 2 * len(rows)
    assert not decided.duplicated(["incident_id", "response"]).any()


@given(minutes, st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_time_in_support_hours_equals_counting_minutes(opened, took):
    start = berlin("2026-10-01 00:00") + pd.Timedelta(minutes=opened % (20 * 24 * 60))
    end = min(start + pd.Timedelta(minutes=took), OCTOBER.end)
    every = pd.date_range(start, end, freq="min", inclusive="left").tz_convert("Europe/Berlin")
    open_days = (every.day_of_week < 5) & ~((every.month == 10) & (every.day == 3))
    counted = int((open_days & (every.hour >= 9) & (every.hour < 17)).sum())
    rows = response(frame({"opened_at": start, "resolved_at": end}), OCTOBER, [agreed(acknowledge=None, restore="9d")])
    if end < OCTOBER.end:
        assert rows["support_elapsed"].tolist() == [pd.Timedelta(minutes=counted)]


# Time that nobody saw.

UNTIL_16 = Intervals([(pd.Timestamp("2026-01-01", tz="UTC"), berlin("17 00:00"))])


def test_what_fell_due_where_nobody_looked_is_unknown_and_not_missed():
    # Ten minutes into a target of half an hour when the records end.
    late = frame({"opened_at": berlin("16 23:50")})
    rows = response(late, OCTOBER, [agreed("always")], UNTIL_16)
    assert set(rows["response_outcome"]) == {"unknown"} and rows["decided_at"].isna().all()
    assert set(rows["support_elapsed"]) == {pd.Timedelta("10min")}
    assert set(rows["note"]) == {"it fell due in time that was not seen"}
    told = targets(late, OCTOBER, [agreed("always")], UNTIL_16)
    assert told["responses_open_past"].sum() == 0 and set(told["verdict"]) == {"unknown"}


def test_what_was_past_its_time_when_last_seen_was_missed():
    rows = response(frame({"opened_at": berlin("16 12:00")}), OCTOBER, [agreed("always")], UNTIL_16)
    assert set(rows["response_outcome"]) == {"open past target"}
    assert set(rows["support_elapsed"]) == {pd.Timedelta("12h")}


def test_in_a_month_that_still_runs_what_is_not_due_yet_is_pending():
    running = Seen((((UNTIL_16, 1.0),),), known=berlin("17 00:00"))
    rows = response(frame({"opened_at": berlin("16 23:50")}), OCTOBER, [agreed("always")], running)
    assert set(rows["response_outcome"]) == {"pending"}


def test_what_was_judged_unknown_unseen_is_not_judged_again_a_month_later():
    november = Period.month("2026-11", "Europe/Berlin")
    assert response(frame({"opened_at": berlin("16 23:50")}), november, [agreed("always")], UNTIL_16).empty


def test_a_severity_is_the_agreed_one_however_it_is_written():
    rows = response(frame({"severity": "SEV1", "opened_at": berlin("05 10:00")}), OCTOBER, [agreed("always")])
    assert set(rows["response_outcome"]) == {"open past target"}
