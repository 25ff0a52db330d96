"""Backups are due by the plan, on the client's clock, whatever the clocks do."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.backup_schedule import planned, scheduled, whole
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period

FIRST = dt.date(2026, 1, 1)
MINUTE = dt.timedelta(minutes=1)


def plan(every: str, at: str | None = None) -> BackupPlan:
    return BackupPlan(resource="db", every=every, at=at)


def shown(due: list[pd.Timestamp], zone: str) -> list[str]:
    return [f"{one.tz_convert(zone):%d %H:%M}" for one in due]


def test_a_day_begins_at_the_plans_time_and_ends_at_midnight():
    day = Period.days("2026-10-05", "2026-10-06", "Europe/Berlin")
    assert shown(scheduled(plan("6h", "02:00"), day, FIRST), "Europe/Berlin") == [
        "05 02:00", "05 08:00", "05 14:00", "05 20:00", "06 02:00", "06 08:00", "06 14:00", "06 20:00",
    ]  # fmt: skip
    assert shown(scheduled(plan("9h"), day, FIRST), "Europe/Berlin")[:4] == [
        "05 00:00",
        "05 09:00",
        "05 18:00",
        "06 00:00",
    ]


def test_a_time_that_the_clocks_skip_is_due_when_they_go_on():
    spring = Period.days("2026-03-29", "2026-03-29", "Europe/Berlin")
    assert shown(scheduled(plan("24h", "02:30"), spring, FIRST), "Europe/Berlin") == ["29 03:00"]
    assert len(scheduled(plan("1h"), spring, FIRST)) == 23


def test_a_time_that_the_clocks_show_twice_is_due_once_unless_an_interval_passes_in_between():
    autumn = Period.days("2026-10-25", "2026-10-25", "Europe/Berlin")
    (nightly,) = scheduled(plan("24h", "02:30"), autumn, FIRST)
    assert nightly == pd.Timestamp("2026-10-25 00:30", tz="UTC")  # the first pass
    assert len(scheduled(plan("1h"), autumn, FIRST)) == 25
    assert len(scheduled(plan("30min"), autumn, FIRST)) == 50
    assert len(scheduled(plan("6h"), autumn, FIRST)) == 4


def test_longer_intervals_count_from_the_terms_first_day():
    october = Period.month("2026-10", "Europe/Berlin")
    weekly = scheduled(plan("7d", "03:00"), october, FIRST)  # a Thursday
    assert shown(weekly, "Europe/Berlin") == ["01 03:00", "08 03:00", "15 03:00", "22 03:00", "29 03:00"]
    assert shown(scheduled(plan("7d"), october, dt.date(2026, 10, 14)), "Europe/Berlin") == [
        "14 00:00", "21 00:00", "28 00:00",
    ]  # fmt: skip


def test_midnight_may_be_written_as_24_00():
    day = Period.days("2026-10-05", "2026-10-05")
    assert scheduled(plan("24h", "24:00"), day, FIRST) == [day.start]


def test_an_interval_of_no_time_is_refused():
    with pytest.raises(ValidationError, match="a minute or more"):
        plan("0h")


def oracle(days: Period, every: int, at: int) -> set[dt.datetime]:
    """Minute by minute: what the clock on the wall shows, and what it is due at."""
    zone, made = ZoneInfo(days.zone), set()
    for _, start, end in days.local_days():
        clocks = {minute for minute in range(at, 24 * 60, every)}
        wall: dict[int, list[dt.datetime]] = {}
        now = start.to_pydatetime()
        while now < end.to_pydatetime():
            there = now.astimezone(zone)
            wall.setdefault(there.hour * 60 + there.minute, []).append(now)
            now += MINUTE
        for clock in clocks:
            later = [wall[minute][0] for minute in wall if minute > clock]
            passes = wall.get(clock) or [min(later)] if clock in wall or later else []
            repeats = len(passes) > 1 and passes[1] - passes[0] >= every * MINUTE
            made |= set(passes if repeats else passes[:1])
    return made


#: Clock changes of an hour, of half an hour, at midnight, and none.
CHANGES = st.sampled_from([
    ("Europe/Berlin", "2026-10-24", "2026-10-26"), ("Europe/Berlin", "2026-03-28", "2026-03-30"),
    ("America/New_York", "2026-10-31", "2026-11-02"), ("America/Santiago", "2026-09-05", "2026-09-07"),
    ("America/Santiago", "2026-04-03", "2026-04-05"), ("Australia/Lord_Howe", "2026-04-04", "2026-04-06"),
    ("Australia/Lord_Howe", "2026-10-03", "2026-10-05"), ("Asia/Kathmandu", "2026-10-01", "2026-10-02"),
])  # fmt: skip


@given(CHANGES, st.sampled_from([10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]), st.integers(0, 1439))
@settings(max_examples=60, deadline=None)
def test_what_is_due_equals_reading_the_clock_minute_by_minute(change, every, at):
    zone, first, last = change
    days = Period.days(first, last, zone)
    # Lord Howe's half an hour shown twice is no whole number of these.
    assume(not (every == 20 and zone == "Australia/Lord_Howe"))
    # From the first of a day on, or from a time that no change of clocks touches.
    at = at % every if at % 2 else 480 + at % 840
    made = scheduled(plan(f"{every}min", f"{at // 60:02d}:{at % 60:02d}"), days, FIRST)
    assert made == sorted(set(made))
    assert {one.to_pydatetime() for one in made} == oracle(days, every, at)


@given(CHANGES, st.sampled_from(["15min", "1h", "6h", "24h", "36h", "7d"]))
@settings(max_examples=20, deadline=None)
def test_days_add_up_however_they_are_split(change, every):
    zone, first, last = change
    days, nightly = Period.days(first, last, zone), plan(every, "00:30")
    single = [Period.days(str(day), str(day), zone) for day, _, _ in days.local_days()]
    assert scheduled(nightly, days, FIRST) == [due for day in single for due in scheduled(nightly, day, FIRST)]


def test_a_resource_is_promised_from_the_first_term_that_plans_it():
    terms = [
        Agreement(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 10, 9), backups=[plan("24h")]),
        Agreement(starts_on=dt.date(2026, 10, 10), rpo="1h", backups=[
            plan("24h"), BackupPlan(resource="new", every="1h", rpo="2h")]),
    ]  # fmt: skip
    october = Period.month("2026-10")
    made = planned(terms, october)
    assert [(one.plan.resource, one.term.period.first_day.day, str(one.since.date())) for one in made] == [
        ("db", 1, "2026-01-01"), ("db", 10, "2026-01-01"), ("new", 10, "2026-10-10"),
    ]  # fmt: skip
    assert [one.rpo for one in made[1:]] == [pd.Timedelta("1h"), pd.Timedelta("2h")] and made[0].rpo is pd.NaT


def test_time_is_seen_whole_only_where_every_source_told_all_of_it():
    at = lambda day: pd.Timestamp(2026, 10, day, tz="UTC")  # noqa: E731
    first, second = Intervals([(at(1), at(20))]), Intervals([(at(10), at(30))])
    assert whole(Seen((((first, 1.0),), ((second, 1.0),)))) == Intervals([(at(10), at(20))])
    assert whole(Seen((((first, 1.0),), ((second, 0.5),)))) == Intervals()
    assert whole(Seen(())) == Intervals() and whole(first) == first
