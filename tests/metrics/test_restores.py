"""Only a restore proves a backup; its age and its time are held against what was agreed."""

import datetime as dt

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics.restores import restores
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
DAY = pd.Timedelta(days=1)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC")


def tried(start: str, minutes: int | None = 60, point: str | None = None, outcome: str = "success", name: str = "db"):
    begun = at(start)
    return {"resource": name, "started_at": begun, "outcome": outcome, "recovered_to": at(point) if point else None,
            "finished_at": None if minutes is None else begun + pd.Timedelta(minutes=minutes)}  # fmt: skip


def frame(*rows: dict) -> pd.DataFrame:
    return FRAMES["restore_test"].conform(pd.DataFrame(rows)) if rows else FRAMES["restore_test"].empty()


def agreed(every: str | None = "90d", rto: str | None = "1h", starts: str = "2026-01-01") -> list[Agreement]:
    return [Agreement(starts_on=dt.date.fromisoformat(starts), rto=rto, backups=[
        BackupPlan(resource="db", every="24h", restore_test_every=every)])]  # fmt: skip


def one(rows: pd.DataFrame, terms=None, seen: Intervals = ALWAYS) -> pd.Series:
    made = restores(rows, OCTOBER, agreed() if terms is None else terms, seen)
    assert len(made) == 1
    return made.iloc[0]


def test_the_newest_point_that_was_recovered_its_age_and_the_time_it_took():
    rows = frame(tried("10 10:00", 60, "10 01:00"), tried("20 10:00", 90, "05 01:00"))  # the later, of an older point
    row = one(rows)
    assert (row["restored_to"], row["restore_time"]) == (at("10 01:00"), pd.Timedelta(hours=1))
    assert row["proven_age"] == OCTOBER.end - at("10 01:00") and row["verdict"] == "met"  # exactly the hour agreed
    assert row["restore_since"] == OCTOBER.end - at("20 10:00") and row["restore_state"] == "in time"


def test_a_minute_more_than_agreed_is_missed_and_without_an_agreement_nothing_is():
    rows = frame(tried("10 10:00", 61, "10 01:00"))
    assert one(rows)["verdict"] == "missed"
    assert one(rows, agreed(rto=None))["verdict"] == "unknown"
    assert one(rows, [])["restore_state"] == "none agreed"


def test_one_that_failed_or_never_ended_proves_nothing():
    rows = frame(tried("2026-08-20 10:00", 30, "2026-08-20 01:00"), tried("10 10:00", 60, "10 01:00", "failure"))
    row = one(rows)
    assert row["restored_to"] == at("2026-08-20 01:00") and row["note"] == "the newest test failed"
    open_one = one(frame(tried("10 10:00", None, "10 01:00")))
    assert open_one["restore_state"] == "never proven" and pd.isna(open_one["restore_time"])
    assert open_one["note"] == "how the newest test ended is not known"


def test_a_verified_backup_is_not_a_restore_test():
    # Verified backups are in another frame altogether: whatever it says, no test is no proof.
    row = one(frame())
    assert row["restore_state"] == "never proven" and pd.isna(row["restored_to"]) and pd.isna(row["proven_age"])
    assert row["restore_overdue"] == OCTOBER.end - (at("2026-01-01") + 90 * DAY)


def test_a_test_that_does_not_say_what_it_recovered_proves_no_point():
    row = one(frame(tried("10 10:00", 60)))
    assert pd.isna(row["restored_to"]) and pd.isna(row["proven_age"])
    assert row["restore_time"] == pd.Timedelta(hours=1) and row["restore_state"] == "in time"
    assert row["note"] == "the test does not say what it recovered"


@pytest.mark.parametrize(("start", "state"), [("2026-08-03 00:00", "in time"), ("2026-08-02 23:59", "overdue")])
def test_a_test_is_overdue_when_it_fell_due_before_the_month_ended(start, state):
    row = one(frame(tried(start, 30, "2026-08-01")))  # 90 days before 1 November: 3 August
    assert row["restore_state"] == state
    if state == "overdue":
        assert row["restore_overdue"] == pd.Timedelta(minutes=1)
        assert row["restore_due_on"] == dt.date(2026, 10, 31)


def test_the_first_test_is_due_an_interval_after_the_plan_began():
    row = one(frame(), agreed(starts="2026-10-01"))
    assert row["restore_state"] == "never proven" and pd.isna(row["restore_overdue"])
    assert row["restore_due_on"] == dt.date(2026, 12, 30)


def test_what_was_not_seen_may_hold_a_test():
    rows = frame(tried("2026-05-01 10:00", 30, "2026-05-01"))
    late = ALWAYS - Intervals([(at("20"), at("21"))])  # a test then would be in time
    row = one(rows, seen=late)
    assert row["restore_state"] == "not known" and row["verdict"] == "unknown" and pd.isna(row["restore_overdue"])
    early = ALWAYS - Intervals([(at("2026-06-01"), at("2026-06-02"))])  # a test then would be overdue again
    row = one(rows, seen=early)
    assert row["restore_state"] == "overdue" and pd.isna(row["restore_overdue"])
    assert one(frame(), seen=early, terms=agreed(every=None))["restore_state"] == "not known"
    assert one(frame(), seen=Intervals())["restore_state"] == "not known"


def test_a_test_after_the_month_or_that_ended_after_it_is_not_of_the_month():
    rows = frame(tried("31 23:30", 60, "31 01:00"), tried("2026-11-02 10:00", 10, "2026-11-02 01:00"))
    assert one(rows)["restore_state"] == "never proven"


def test_what_was_tested_without_a_plan_is_listed_too_and_an_empty_month_is_empty():
    made = restores(frame(tried("10 10:00", 60, "10 01:00", name="extra")), OCTOBER, agreed(), ALWAYS)
    assert made["resource"].tolist() == ["db", "extra"]
    assert made["restore_state"].tolist() == ["never proven", "none agreed"]
    assert restores(frame(), OCTOBER, [], ALWAYS).empty
