"""Sources that stayed silent: when they count as such, and what is lost for good, worked out by hand."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from opsreport.attempts import Attempt
from opsreport.coverage import COVERAGE
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.silence import NEVER, NO_ROWS, NOT_RUN, NOTHING_NEW, UNREAD, Named, lost_of, silence

NOVEMBER = Period.month("2026-11", "Europe/Berlin")  # 31 October 23:00 to 30 November 23:00, in UTC
NEVER_FORGETS, ONLY_NOW = pd.Timedelta(days=36_500), pd.Timedelta(0)


def at(text):
    return pd.Timestamp(text, tz="UTC")


NOW, REPORT_AT = at("2026-11-24 07:00"), at("2026-12-02 04:00")


def span(text):
    return pd.Timedelta(text)


def reading(start, end, collected=None, status="ok", frame="backup", source="vault", why=""):
    return {"frame": frame, "source": source, "requested_start": NOVEMBER.start, "requested_end": NOVEMBER.end,
            "observed_start": at(start), "observed_end": at(end), "rows": 1, "status": status, "why": why,
            "collected_at": at(collected or end)}  # fmt: skip


def looked(*readings, keeps, frame="backup", source="vault", attempts=(), now=NOW, month=NOVEMBER, due=REPORT_AT,
           days=None):  # fmt: skip
    coverage = COVERAGE.conform(pd.DataFrame(readings)) if readings else COVERAGE.empty()
    days = {(frame, source): days} if days is not None else None
    return silence([Named(frame, source, keeps)], coverage, attempts, month, due, now, days)


def tried(tried_at, read_at=None, told=None, why="", waits=(), frame="backup", source="vault"):
    read, told = (at(text) if text else pd.NaT for text in (read_at, told))
    return Attempt(frame, source, at(tried_at), read, "unavailable" if why else "ok", why, told, waits)


def only(made):
    (row,) = made.to_dict("records")
    return row


def test_a_source_read_within_26_hours_is_not_silent_and_a_minute_later_it_is():
    told = reading("2026-10-01", "2026-11-23 05:00")
    assert looked(told, keeps=span("30D"), now=at("2026-11-24 07:00")).empty
    assert only(looked(told, keeps=span("30D"), now=at("2026-11-24 07:01")))["reason"] == NOT_RUN


def test_the_day_of_25_hours_between_two_daily_collects_is_no_silence():
    # Collected at 03:00 Berlin: 24 October 01:00 UTC, and again on the 25th at 02:00 UTC, for the clock went back.
    told = reading("2026-10-01", "2026-10-24 01:00")
    october = Period.month("2026-10", "Europe/Berlin")
    assert looked(told, keeps=ONLY_NOW, now=at("2026-10-25 02:00"), month=october).empty
    assert len(looked(told, keeps=ONLY_NOW, now=at("2026-10-25 03:01"), month=october)) == 1


def test_of_a_system_that_remembers_30_days_nothing_is_lost_until_30_days_after_the_last_reading():
    row = only(looked(reading("2026-10-01", "2026-11-20 02:10"), keeps=span("30D")))
    assert (row["reason"], row["since"]) == (NOT_RUN, at("2026-11-20 02:10"))
    assert row["lost_from"] == at("2026-12-20 02:10")
    assert row["lost_now"] == row["lost_by_report"] == span("0D")
    assert (row["month"], row["report_at"]) == ("2026-11", REPORT_AT)


def test_of_what_is_shown_only_as_it_is_now_each_day_without_a_reading_is_lost():
    row = only(looked(reading("2026-10-31", "2026-11-20 02:10"), keeps=ONLY_NOW))
    assert row["lost_from"] == at("2026-11-21 04:10")  # a reading by then would still have told of the 26 hours before
    # Read now, it tells of what is since the 23rd 05:00; what came after the 20th 02:10 is lost up to then.
    assert row["lost_now"] == span("3D 02:50:00")
    # On 2 December at 04:00 it tells of what is since the 1st 02:00: the month ended on 30 November 23:00.
    assert row["lost_by_report"] == span("10D 20:50:00")


def test_of_15_days_those_that_pass_are_lost_day_by_day():
    row = only(looked(reading("2026-10-20", "2026-11-05"), keeps=span("15D")))
    assert row["lost_from"] == at("2026-11-20")
    assert row["lost_now"] == span("4D 07:00:00")  # the 5th to the 9th 07:00
    assert row["lost_by_report"] == span("12D 04:00:00")  # the 5th to the 17th 04:00


def test_gaps_of_before_count_among_what_the_month_lost():
    gap = [reading("2026-10-31", "2026-11-03"), reading("2026-11-04", "2026-11-05")]
    row = only(looked(*gap, keeps=span("15D")))
    assert row["lost_now"] == span("5D 07:00:00")  # 3rd to 4th, and 5th to the 9th 07:00


def test_a_source_that_was_never_read_loses_the_month_from_its_first_hour():
    october = Period.month("2026-10", "Europe/Berlin")  # 745 hours, from 30 September 22:00
    row = only(looked(keeps=ONLY_NOW, now=at("2026-10-26 06:00"), month=october, due=at("2026-11-02 04:00")))
    assert row["reason"] == NEVER and pd.isna(row["since"]) and pd.isna(row["read_at"])
    assert row["lost_from"] == at("2026-10-02 00:00")
    assert row["lost_now"] == span("24D 06:00:00")  # up to the 25th 04:00
    assert row["lost_by_report"] == pd.Timedelta(hours=745)


def test_nothing_of_the_month_after_counts_at_a_months_border():
    october, due = Period.month("2026-10", "Europe/Berlin"), at("2026-11-02 04:00")
    told = reading("2026-09-01", "2026-10-31 22:00")
    row = only(looked(told, keeps=ONLY_NOW, now=at("2026-11-02 03:00"), month=october, due=due))
    assert row["lost_now"] == row["lost_by_report"] == span("01:00:00")  # the last hour on the client's clock


def test_a_bills_month_is_counted_in_utc():
    los_angeles = Period.month("2026-11", "America/Los_Angeles")
    row = only(looked(keeps=span("10D"), frame="cost", source="bill", month=los_angeles, now=at("2026-11-12")))
    assert row["lost_now"] == span("1D")  # 1 November 00:00 to the 2nd, both in UTC


def test_of_a_system_that_never_forgets_and_of_an_export_nothing_is_told_to_be_lost():
    for keeps in (NEVER_FORGETS, None):
        row = only(looked(reading("2026-11-01", "2026-11-10"), keeps=keeps))
        assert pd.isna(row["lost_from"]) and row["lost_now"] == row["lost_by_report"] == span("0D")


def test_a_source_that_was_asked_today_and_did_not_answer_could_not_be_read_and_says_why():
    told, failed = (
        reading("2026-10-01", "2026-11-20"),
        tried("2026-11-24 02:00", "2026-11-20", why="the token is wrong"),
    )
    row = only(looked(told, keeps=span("30D"), attempts=[failed]))
    assert (row["reason"], row["why"]) == (UNREAD, "the token is wrong")
    never = only(looked(keeps=span("30D"), attempts=[tried("2026-11-24 02:00", why="no such host")]))
    assert (never["reason"], never["why"]) == (NEVER, "no such host")
    nothing = {"observed_start": pd.NaT, "observed_end": pd.NaT}
    refused = reading("2026-11-01", "2026-11-02", status="unavailable", why="refused") | nothing
    assert only(looked(refused, keeps=span("30D")))["why"] == "refused"


def test_an_export_that_is_read_daily_and_never_changes_is_not_silent_while_the_month_runs():
    # Coverage keeps the first reading of what never changed; the attempt says that it was read again.
    told = reading("2026-11-01", "2026-11-20", collected="2026-11-20 02:00")
    again = tried("2026-11-24 02:00", "2026-11-24 02:00", "2026-11-20")
    assert looked(told, keeps=None, attempts=[again]).empty
    over = tried("2026-12-01 02:00", "2026-12-01 02:00", "2026-11-20")
    row = only(looked(told, keeps=None, attempts=[over], now=at("2026-12-01 07:00")))
    assert (row["reason"], row["since"]) == (NOTHING_NEW, at("2026-11-20"))


def test_an_export_that_reaches_the_months_end_is_not_silent_once_it_is_over():
    told = reading("2026-11-01", "2026-11-30 23:00", collected="2026-12-01 02:00")
    assert looked(told, keeps=None, now=at("2026-12-01 07:00")).empty


def test_what_a_source_tells_of_days_to_come_is_not_taken_for_seen():
    told = reading("2026-11-01", "2026-12-31", collected="2026-11-20 02:00")
    assert only(looked(told, keeps=None))["since"] == at("2026-11-20 02:00")


def test_a_system_that_answers_but_tells_of_nothing_for_days_is_silent_unless_it_always_waits_so_long():
    told, daily = reading("2026-10-01", "2026-11-20", collected="2026-11-24 02:00"), 24 * 3600.0
    assert only(looked(told, keeps=span("396D")))["reason"] == NOTHING_NEW
    weekly = [tried("2026-11-24 02:00", "2026-11-24 02:00", "2026-11-20", waits=(7 * daily,) * 4)]
    assert looked(told, keeps=span("396D"), attempts=weekly).empty
    # One long wait among short ones was a fault, and no habit.
    once = [tried("2026-11-24 02:00", "2026-11-24 02:00", "2026-11-20", waits=(daily, 9 * daily, daily))]
    assert only(looked(told, keeps=span("396D"), attempts=once))["reason"] == NOTHING_NEW


def test_a_bill_that_is_two_days_late_is_not_silent():
    assert looked(reading("2026-10-01", "2026-11-22", collected="2026-11-24 02:00"), keeps=span("396D")).empty


def test_backups_that_stop_while_their_source_answers_are_told_and_nothing_is_claimed_to_be_lost():
    told = reading("2026-10-01", "2026-11-24 02:00")
    days = pd.date_range("2026-10-20", "2026-11-19", freq="D", tz="UTC")
    row = only(looked(told, keeps=span("30D"), days=days))
    assert (row["reason"], row["since"]) == (NO_ROWS, at("2026-11-19"))
    assert pd.isna(row["lost_from"]) and row["lost_by_report"] == span("0D")


def test_days_off_and_a_quiet_source_of_incidents_are_no_silence():
    told = reading("2026-10-01", "2026-11-24 02:00")
    workdays = pd.date_range("2026-10-01", "2026-11-18", freq="B", tz="UTC")
    assert looked(told, keeps=span("30D"), days=workdays).empty  # three times a weekend is nine days
    few = pd.date_range("2026-10-01", "2026-10-10", freq="D", tz="UTC")
    assert looked(told, keeps=span("30D"), days=few).empty  # too few to know
    daily = pd.date_range("2026-09-01", "2026-10-20", freq="D", tz="UTC")
    quiet = reading("2026-10-01", "2026-11-24 02:00", frame="incident", source="desk")
    assert looked(quiet, keeps=NEVER_FORGETS, frame="incident", source="desk", days=daily).empty


def test_each_frame_of_each_source_is_judged_for_itself_in_the_files_order():
    named = [Named("asset", "vault", ONLY_NOW), Named("backup", "vault", span("30D")), Named("backup", "b", None)]
    made = silence(named, COVERAGE.conform(pd.DataFrame([reading("2026-11-01", "2026-11-24 02:00")])), [], NOVEMBER,
                   REPORT_AT, NOW)  # fmt: skip
    assert list(zip(made["frame"], made["source"], strict=True)) == [("asset", "vault"), ("backup", "b")]
    assert silence([], COVERAGE.empty(), [], NOVEMBER, REPORT_AT, NOW).empty


@given(
    hours=st.lists(st.tuples(st.integers(-200, 900), st.integers(1, 400)), max_size=5),
    keeps=st.integers(26, 800), later=st.integers(0, 1500),
)  # fmt: skip
def test_what_is_lost_is_each_hour_of_the_month_that_nobody_saw_and_that_is_forgotten(hours, keeps, later):
    hour, start = pd.Timedelta(hours=1), NOVEMBER.start
    seen = Intervals([(start + first * hour, start + (first + length) * hour) for first, length in hours])
    expected = sum(
        1 for number in range(720)
        if number + keeps + 1 <= later and not any(first <= number < first + length for first, length in hours)
    )  # fmt: skip
    assert lost_of(seen, keeps * hour, NOVEMBER, start + later * hour) == expected * hour
