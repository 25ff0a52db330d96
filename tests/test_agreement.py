"""What was agreed, laid on a calendar, against walking through it minute by minute."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opsreport.agreement import maintenance_time, support_time, term_at, terms_in
from opsreport.errors import ParamsError
from opsreport.intervals import union
from opsreport.params.models import Agreement, MaintenanceWindow, SupportHours
from opsreport.period import Period

BERLIN = "Europe/Berlin"
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
clocks = st.integers(0, 96).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")


def at(text, zone=BERLIN):
    return pd.Timestamp(text, tz=zone).tz_convert("UTC")


def hours(time):
    return time.measure() / pd.Timedelta(hours=1)


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.sampled_from(WEEKDAYS)), clocks, clocks,
    st.sampled_from(["2026-02-01", "2026-03-27", "2026-10-23", "2026-12-24"]),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Asia/Kathmandu"]),
)  # fmt: skip
def test_support_hours_equal_a_walk_through_the_calendar(days, opens, closes, first, zone):
    period = Period.days(first, str(dt.date.fromisoformat(first) + dt.timedelta(days=6)), zone)
    closed = {dt.date(2026, 12, 25)}
    assume(opens < closes)
    agreed = SupportHours(days=sorted(days), opens=opens, closes=closes, closed_on=sorted(closed))
    quarters = pd.date_range(period.start, period.end, freq="15min", inclusive="left").tz_convert(zone)
    open_then = [
        WEEKDAYS[q.weekday()] in days and opens <= q.strftime("%H:%M") < closes and q.date() not in closed
        for q in quarters
    ]
    repeated = [pd.Timedelta(0) != q.utcoffset() and q.fold for q in quarters]
    if not any(one and again for one, again in zip(open_then, repeated, strict=True)):
        assert hours(support_time(agreed, period)) == pytest.approx(sum(open_then) / 4) or _cut(opens, closes)


def _cut(opens, closes):
    """Whether hours open or close within the hour from 01:00 to 03:00 that a clock change moves."""
    return any("01:00" < clock < "03:00" for clock in (opens, closes))


def test_support_leaves_out_weekends_holidays_and_days_closed():
    week = Period.days("2026-10-26", "2026-11-01", BERLIN)  # 31 October is a holiday in Brandenburg, a Saturday
    agreed = SupportHours(days=["mon", "fri", "sat"], opens="08:00", closes="18:00", holidays="DE-BB",
                          closed_on=[dt.date(2026, 10, 26)])  # fmt: skip
    assert support_time(agreed, week).pairs() == [(at("2026-10-30 08:00"), at("2026-10-30 18:00"))]


def test_a_holiday_of_one_region_is_a_working_day_in_another():
    day = Period.days("2026-01-06", "2026-01-06", BERLIN)  # Epiphany: Bavaria, not Berlin
    assert not support_time(SupportHours(holidays="DE-BY"), day)
    assert hours(support_time(SupportHours(holidays="DE-BE"), day)) == 8


def test_support_around_the_clock_follows_both_clock_changes():
    always = SupportHours(days=WEEKDAYS, opens="00:00", closes="24:00")
    assert hours(support_time(always, Period.month("2026-03", BERLIN))) == 743
    assert hours(support_time(always, Period.month("2026-10", BERLIN))) == 745


def test_support_around_the_clock_covers_every_day_of_a_zone_that_changes_at_midnight():
    always = SupportHours(days=WEEKDAYS, opens="00:00", closes="24:00")
    for zone, month in (("America/Santiago", "2026-09"), ("America/Havana", "2026-11"), ("America/Havana", "2026-03")):
        period = Period.month(month, zone)
        assert support_time(always, period).pairs() == [(period.start, period.end)], zone


def test_hours_inside_the_hour_that_is_skipped_start_when_the_clock_goes_on():
    day = Period.days("2026-03-29", "2026-03-29", BERLIN)  # 02:00 to 03:00 does not exist
    agreed = SupportHours(days=["sun"], opens="02:30", closes="04:00")
    assert support_time(agreed, day).pairs() == [(at("2026-03-29 03:00"), at("2026-03-29 04:00"))]


def test_an_unknown_place_for_holidays_is_refused():
    with pytest.raises(ParamsError, match="no holidays are known"):
        support_time(SupportHours(holidays="XX"), Period.month("2026-10"))


def test_a_weekly_window_is_an_hour_longer_when_the_clock_goes_back():
    window = MaintenanceWindow(weekday="sun", opens="02:00", closes="04:00")
    time = maintenance_time([window], "shop", Period.month("2026-10", BERLIN))
    assert hours(time) == 3 * 2 + 3
    assert hours(maintenance_time([window], "shop", Period.month("2026-03", BERLIN))) == 4 * 2 + 1


def test_a_window_is_for_its_monitors_or_for_all():
    window = MaintenanceWindow(monitors=["shop"], weekday="sun", opens="02:00", closes="04:00")
    october = Period.month("2026-10", BERLIN)
    assert not maintenance_time([window], "search", october)
    assert maintenance_time([window], "shop", october)


def test_a_single_window_is_clipped_to_the_month_and_read_on_the_clients_clock():
    window = MaintenanceWindow(starts_at=dt.datetime(2026, 9, 30, 22), ends_at=dt.datetime(2026, 10, 1, 4))
    time = maintenance_time([window], "shop", Period.month("2026-10", BERLIN))
    assert time.pairs() == [(at("2026-10-01 00:00"), at("2026-10-01 04:00"))]
    exact = MaintenanceWindow(
        starts_at=dt.datetime(2026, 10, 5, 1, tzinfo=dt.UTC), ends_at=dt.datetime(2026, 10, 5, 2, tzinfo=dt.UTC)
    )
    assert maintenance_time([exact], "shop", Period.month("2026-10", BERLIN)).pairs() == [
        (at("2026-10-05 03:00"), at("2026-10-05 04:00"))
    ]


def test_overlapping_windows_are_merged():
    windows = [MaintenanceWindow(weekday="mon", opens="01:00", closes="03:00"),
               MaintenanceWindow(weekday="mon", opens="02:00", closes="04:00")]  # fmt: skip
    assert hours(maintenance_time(windows, "shop", Period.days("2026-10-05", "2026-10-05", BERLIN))) == 3


def agreement(first, last=None):
    return Agreement(starts_on=dt.date.fromisoformat(first), ends_on=last and dt.date.fromisoformat(last))


def test_terms_that_change_within_the_month_tile_it():
    october = Period.month("2026-10", BERLIN)
    old, new = agreement("2025-01-01", "2026-10-14"), agreement("2026-10-15")
    terms = terms_in([new, old], october)
    assert [term.agreement for term in terms] == [old, new]
    assert [term.period.name for term in terms] == ["2026-10-01_2026-10-14", "2026-10-15_2026-10-31"]
    assert union(term.time for term in terms).pairs() == [(october.start, october.end)]


def test_time_before_the_first_term_and_between_terms_has_none():
    october = Period.month("2026-10")
    terms = terms_in([agreement("2026-10-10", "2026-10-12"), agreement("2026-10-20")], october)
    assert [term.period.day_count for term in terms] == [3, 12]
    assert terms_in([agreement("2026-11-01")], october) == []
    assert terms_in([agreement("2026-01-01", "2026-09-30")], october) == []
    assert terms_in([], october) == []


def test_the_term_at_an_instant_is_chosen_by_the_clients_date():
    old, new = agreement("2025-01-01", "2026-10-14"), agreement("2026-10-15")
    late = pd.Timestamp("2026-10-14 22:30", tz="UTC")  # 00:30 on the 15th in Berlin
    assert term_at([old, new], late, BERLIN) == new
    assert term_at([old, new], late, "UTC") == old
    assert term_at([new], pd.Timestamp("2020-01-01", tz="UTC"), "UTC") is None


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(0, 25), st.integers(1, 40))
def test_an_instant_lies_in_a_term_exactly_when_that_term_is_the_one_at_it(first, gap, length):
    october = Period.month("2026-10", BERLIN)
    start = dt.date(2026, 9, 15) + dt.timedelta(days=first)
    end = start + dt.timedelta(days=length)
    later = end + dt.timedelta(days=1 + gap)
    both = [Agreement(starts_on=start, ends_on=end), Agreement(starts_on=later)]
    for _, morning, evening in october.local_days():
        for instant in (morning, evening - pd.Timedelta(1, "us")):
            inside = [
                t.agreement for t in terms_in(both, october) if t.time.clip(instant, instant + pd.Timedelta(1, "us"))
            ]
            assert inside == ([term_at(both, instant, BERLIN)] if term_at(both, instant, BERLIN) else [])
