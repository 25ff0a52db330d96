"""Backups are held against their plan: what never ran is a failure, what was not seen is not known."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.backups import by_day, failures, runs, scorecard, success, totals
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HOUR = pd.Timedelta(hours=1)
THREE = Period.days("2026-10-05", "2026-10-07")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


def frame(*rows: dict) -> pd.DataFrame:
    numbered = [{"backup_id": str(n), "resource": "db", "outcome": "success", **row} for n, row in enumerate(rows)]
    return FRAMES["backup"].conform(pd.DataFrame(numbered)) if rows else FRAMES["backup"].empty()


def agreed(every: str = "24h", at: str = "01:00", **more) -> list[Agreement]:
    return [Agreement(starts_on=dt.date(2026, 1, 1), backups=[BackupPlan(resource="db", every=every, at=at, **more)])]


def statuses(rows: pd.DataFrame, seen: Intervals = ALWAYS, period: Period = THREE, terms=None) -> list[str]:
    return runs(rows, period, agreed() if terms is None else terms, seen)["backup_status"].tolist()


def test_each_that_was_due_completed_failed_or_never_ran():
    rows = frame({"started_at": at("05 01:00")}, {"started_at": at("06 01:05"), "outcome": "failure"})
    assert statuses(rows) == ["completed", "failed", "never ran"]


def test_a_source_that_lists_surviving_backups_only_is_compared_with_the_plan():
    assert statuses(frame({"started_at": at("06 01:00")})) == ["never ran", "completed", "never ran"]
    assert statuses(frame()) == ["never ran"] * 3


def test_one_that_succeeds_before_the_next_is_due_makes_good_those_that_failed():
    rows = frame(
        {"started_at": at("05 01:00"), "outcome": "failure"}, {"started_at": at("05 09:00")},
        {"started_at": at("06 01:00"), "outcome": "failure"}, {"started_at": at("06 02:00"), "outcome": "unknown"},
        {"started_at": at("07 01:00")},
    )  # fmt: skip
    assert statuses(rows) == ["completed", "not known", "completed"]


def test_a_backup_may_start_a_quarter_of_the_interval_early_and_no_more():
    assert statuses(frame({"started_at": at("05 19:00")})) == ["never ran", "completed", "never ran"]
    assert statuses(frame({"started_at": at("05 18:59")})) == ["completed", "never ran", "never ran"]


def test_a_tool_that_keeps_its_times_in_utc_is_forgiven_its_hour_in_summer():
    # Due at 01:00 in New York; the tool starts at 06:00 UTC, which is 01:00 in winter and 02:00 in summer.
    for month in ("2026-03", "2026-11"):
        period = Period.month(month, "America/New_York")
        nights = pd.date_range(period.start - pd.Timedelta(days=1), period.end, freq="D").normalize() + 6 * HOUR
        for shift in (0, -1):  # and one that starts at 05:00 UTC
            rows = frame(*({"started_at": night + shift * HOUR} for night in nights))
            assert set(statuses(rows, period=period)) == {"completed"}


def test_what_was_not_seen_is_not_known_and_what_is_recorded_counts_all_the_same():
    half = Intervals([(at("04 00:00"), at("06 12:00"))])
    rows = frame({"started_at": at("05 01:00")})
    # That of the 6th may start until 19:00.
    assert statuses(rows, half) == ["completed", "not seen", "not seen"]
    assert statuses(frame({"started_at": at("06 01:00")}), Intervals()) == ["not seen", "completed", "not seen"]


def test_a_resource_that_nobody_planned_is_counted_by_what_is_known_and_said_so():
    rows = frame({"started_at": at("05 01:00")}, {"started_at": at("06 01:00"), "outcome": "failure"})
    row = success(rows, THREE, [], ALWAYS).iloc[0]
    assert pd.isna(row["backups_scheduled"]) and (row["backups_completed"], row["backups_failed"]) == (1, 1)
    assert row["backup_success"] == 0.5 and row["verdict"] == "unknown"
    assert row["note"] == "no plan is agreed: only those that are known"
    whole = totals(success(rows, THREE, [], ALWAYS), THREE).iloc[0]
    assert whole["backup_success"] == 0.5 and "no plan" in whole["note"] and whole["verdict"] == "unknown"
    assert failures(rows, runs(rows, THREE, [], ALWAYS), THREE)["backup_id"].tolist() == ["1"]


def test_the_share_is_bounded_while_some_are_not_known():
    rows = frame({"started_at": at("05 01:00")}, {"started_at": at("06 01:00"), "outcome": "unknown"},
                 {"started_at": at("07 01:00")})  # fmt: skip
    row = success(rows, THREE, agreed(), ALWAYS).iloc[0]
    assert pd.isna(row["backup_success"]) and row["verdict"] == "unknown"
    assert (row["backup_success_worst"], row["backup_success_best"]) == (pytest.approx(2 / 3), 1)
    broken = success(frame(*rows.iloc[1:].to_dict("records")), THREE, agreed(), ALWAYS).iloc[0]
    assert broken["verdict"] == "missed"  # even if the unknown one is good


def test_a_month_of_which_nothing_was_seen_counts_nothing_as_done():
    row = totals(success(frame(), OCTOBER, agreed(), Intervals()), OCTOBER).iloc[0]
    assert row["backups_scheduled"] == 31 and pd.isna(row["backups_completed"]) and pd.isna(row["backup_success"])
    assert row["coverage"] == 0 and row["verdict"] == "unknown"
    assert success(frame(), OCTOBER, [], ALWAYS).empty
    assert totals(success(frame(), OCTOBER, [], ALWAYS), OCTOBER).iloc[0]["verdict"] == "unknown"


def test_a_backup_at_the_border_belongs_to_the_month_in_which_it_was_due():
    last = frame({"started_at": at("31 23:30"), "finished_at": pd.Timestamp("2026-11-01 02:00", tz="UTC")})
    november = Period.month("2026-11")
    terms = agreed(at="23:00")
    assert success(last, OCTOBER, terms, ALWAYS).iloc[0]["backups_completed"] == 1
    assert success(last, november, terms, ALWAYS).iloc[0]["backups_completed"] == 0


def test_a_day_with_several_says_whether_all_some_or_none_completed():
    rows = frame(*({"started_at": at(f"05 {hour:02d}:00"), "outcome": "failure" if hour == 6 else "success"}
                   for hour in (0, 6, 12, 18)),
                 *({"started_at": at(f"06 {hour:02d}:00"), "outcome": "failure"} for hour in (0, 6)))  # fmt: skip
    made = by_day(runs(rows, THREE, agreed("6h", "00:00"), ALWAYS))
    assert made["backup_status"].tolist() == ["some failed", "failed", "never ran"]
    assert made["backups_completed"].tolist() == [3, 0, 0] and made["backups_scheduled"].tolist() == [4, 4, 4]


def test_all_that_failed_are_listed_those_not_known_last():
    rows = frame({"started_at": at("05 01:00"), "outcome": "unknown"},
                 {"started_at": at("06 01:00"), "outcome": "failure"})  # fmt: skip
    made = failures(rows, runs(rows, THREE, agreed(), ALWAYS), THREE)
    assert made["backup_status"].tolist() == ["failed", "never ran", "not known"]
    assert made["backup_id"].isna().tolist() == [False, True, False]


TESTS = FRAMES["restore_test"].conform(pd.DataFrame([{
    "resource": "db", "outcome": "success", "started_at": at("20 10:00"), "finished_at": at("20 12:00"),
    "recovered_to": at("20 01:00")}]))  # fmt: skip


def card(rows: pd.DataFrame, terms, tests: pd.DataFrame = TESTS, seen: Intervals = ALWAYS) -> pd.DataFrame:
    return scorecard(rows, tests, OCTOBER, terms, seen, ALWAYS).set_index("id")


def nights(*without: int) -> list[dict]:
    every = pd.date_range("2025-09-30 01:00", "2026-10-31 01:00", tz="UTC")
    return [{"started_at": one, "finished_at": one + HOUR} for one in every
            if not (one.month == 10 and one.year == 2026 and one.day in without)]  # fmt: skip


def test_the_scorecard_judges_what_was_agreed_by_the_worst_resource():
    terms = [Agreement(starts_on=dt.date(2025, 1, 1), rto="1h", backups=[
        BackupPlan(resource="db", every="24h", at="01:00", rpo="26h", restore_test_every="90d")])]  # fmt: skip
    rows = card(frame(*nights(10)), terms)
    assert rows.loc["backups.completed", ["this_month", "last_month", "verdict"]].tolist() == [30 / 31, 1.0, "missed"]
    rpo = rows.loc["backups.rpo.db"]
    assert (rpo["this_month"], rpo["last_month"], rpo["target"]) == (49 * HOUR, 25 * HOUR, 26 * HOUR)
    assert rpo["verdict"] == "missed" and rpo["rows"] == Rows("backup", {"resource": "db"})
    assert rows.loc["backups.restore_time.db", ["this_month", "verdict"]].tolist() == [2 * HOUR, "missed"]
    since = rows.loc["backups.restore_since.db"]
    assert since["this_month"] == OCTOBER.end - at("20 01:00") and since["verdict"] == "met"


def test_the_scorecard_has_no_row_for_what_was_not_agreed():
    assert list(card(frame(*nights()), []).index) == ["backups.completed"]
    assert card(frame(*nights()), []).loc["backups.completed", "target"] is None


def test_of_months_before_the_rows_that_are_held_the_scorecard_knows_nothing():
    terms = [Agreement(starts_on=dt.date(2020, 1, 1), backups=[BackupPlan(resource="db", every="7d", rpo="8d")])]
    weekly = pd.date_range("2025-10-07", "2026-10-31", freq="7D", tz="UTC")
    rows = card(frame(*({"started_at": one, "finished_at": one + HOUR} for one in weekly)), terms)
    trend = rows.loc["backups.rpo.db", "trend"]
    assert trend[0] is None and trend[1:] == [7 * 1440 + 60.0] * 12


def test_the_scorecard_of_an_empty_store_is_unknown_throughout():
    rows = card(frame(), agreed(rpo="26h", restore_test_every="90d"), FRAMES["restore_test"].empty(), Intervals())
    assert rows.loc["backups.completed", "verdict"] == rows.loc["backups.rpo.db", "verdict"] == "unknown"


@given(st.lists(st.tuples(st.integers(-20, 100), st.sampled_from(["success", "failure", "unknown"])), max_size=12))
@settings(max_examples=20, deadline=None)
def test_counts_add_up_and_neither_order_nor_more_attempts_lose_a_completed_one(tried):
    rows = [{"started_at": THREE.start + hours * HOUR, "outcome": outcome} for hours, outcome in tried]
    row, back = (success(frame(*each), THREE, agreed("6h", "00:00"), ALWAYS).iloc[0] for each in (rows, rows[::-1]))
    parts = ["backups_completed", "backups_failed", "backups_missing", "backups_unsure"]
    assert row[parts].sum() == row["backups_scheduled"] == 12 and row[parts].equals(back[parts])
    one_more = frame(*rows, {"started_at": at("06 00:00"), "outcome": "failure"})
    more = success(one_more, THREE, agreed("6h", "00:00"), ALWAYS)
    assert more.iloc[0]["backups_completed"] == row["backups_completed"]
    # By hand: each of twelve windows of six hours, from an hour and a half before it is due.
    done = {(hours * 2 + 3) // 12 for hours, outcome in tried if outcome == "success"}
    assert row["backups_completed"] == len(done & set(range(12)))


def test_the_worst_resource_of_another_month_is_another_figure():
    terms = [Agreement(starts_on=dt.date(2025, 1, 1), backups=[
        BackupPlan(resource=name, every="24h", at="01:00", rpo="26h") for name in ("db", "Vol/1")])]  # fmt: skip
    rows = frame(*nights(10), *[{**one, "resource": "Vol/1"} for one in nights(10, 11)])
    assert [id for id in card(rows, terms).index if "rpo" in id] == ["backups.rpo.vol-1"]
