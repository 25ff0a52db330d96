"""Months in the client's zone: they tile a year exactly, whatever its clocks do."""

import datetime as dt
from itertools import pairwise
from zoneinfo import available_timezones

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.errors import PeriodError
from opsreport.period import Period

ZONES = sorted(available_timezones())
months = st.builds("{:04d}-{:02d}".format, st.integers(1975, 2100), st.integers(1, 12))
zones = st.sampled_from(ZONES)


@pytest.mark.parametrize("year", [2024, 2026])
def test_months_tile_the_year_exactly_in_every_zone(year):
    for zone in ZONES:
        tiles = [Period.month(f"{year}-{number:02d}", zone) for number in range(1, 13)]
        assert all(one.end == other.start for one, other in pairwise(tiles)), zone
        assert tiles[-1].end == Period.month(f"{year + 1}-01", zone).start, zone
        total = sum((one.end - one.start for one in tiles), pd.Timedelta(0))
        assert total == Period.month(f"{year + 1}-01", zone).start - tiles[0].start, zone


@settings(max_examples=40, deadline=None)
@given(months, zones)
def test_local_days_tile_the_month(name, zone):
    period = Period.month(name, zone)
    days = period.local_days()
    assert len(days) == period.day_count
    assert (days[0][1], days[-1][2]) == (period.start, period.end)
    assert all(one[2] == other[1] for one, other in pairwise(days))
    assert all(start <= end for _, start, end in days)  # a zone once skipped a whole day


@settings(max_examples=40, deadline=None)
@given(months, zones)
def test_a_day_starts_at_its_first_instant(name, zone):
    for day, start, end in Period.month(name, zone).local_days():
        if start < end:
            assert start.tz_convert(zone).date() == day
            assert (start - pd.Timedelta(1, "us")).tz_convert(zone).date() < day


@settings(max_examples=40, deadline=None)
@given(months, zones, st.integers(0, 40))
def test_back_and_history_step_by_whole_months(name, zone, count):
    period = Period.month(name, zone)
    assert [one.name for one in period.history(count + 1)] == [period.back(n).name for n in range(count, -1, -1)]
    assert period.back(1).end == period.start
    assert period.back(12).first_day == period.first_day.replace(year=period.first_day.year - 1)


@settings(max_examples=40, deadline=None)
@given(months, zones)
def test_a_name_is_read_back_as_the_same_period(name, zone):
    assert Period.parse(name, zone) == Period.month(name, zone)
    assert Period.parse(name, zone).name == name


def test_both_clock_changes_make_months_of_743_and_745_hours():
    assert Period.month("2026-03", "Europe/Berlin").hours == 743
    assert Period.month("2026-10", "Europe/Berlin").hours == 745
    assert Period.month("2026-03", "America/New_York").hours == 743
    assert Period.month("2026-11", "America/New_York").hours == 721
    assert Period.month("2026-04", "Australia/Lord_Howe").hours == 720.5  # half an hour


def test_a_zone_that_changes_at_midnight_starts_the_day_at_its_first_instant():
    # Santiago: on 6 September 2026 the clock jumps from 00:00 to 01:00.
    september = Period.month("2026-09", "America/Santiago")
    day = september.local_days()[5]
    assert str(day[1]) == "2026-09-06 04:00:00+00:00"
    assert day[2] - day[1] == pd.Timedelta(hours=23)
    # Havana: on 1 November 2026 the clock goes back from 01:00 to 00:00; midnight comes twice.
    november = Period.month("2026-11", "America/Havana")
    assert str(november.start) == "2026-11-01 04:00:00+00:00"
    assert november.hours == 721


def test_a_day_that_a_zone_skipped_is_empty_and_the_month_still_tiles():
    samoa = Period.month("2011-12", "Pacific/Apia")  # 30 December 2011 never was
    lengths = {day.day: end - start for day, start, end in samoa.local_days()}
    assert lengths[30] == pd.Timedelta(0)
    assert samoa.hours == 720


def test_contains_is_half_open_and_false_for_unknown():
    october = Period.month("2026-10", "Europe/Berlin")
    instants = pd.Series([october.start, october.end - pd.Timedelta(1, "us"), october.end, pd.NaT])
    assert october.contains(instants).tolist() == [True, True, False, False]


def test_what_touches_the_period_does_not_overlap_it_and_an_open_end_does():
    october = Period.month("2026-10")
    starts = pd.Series([october.start - pd.Timedelta(hours=1)] * 3 + [october.end])
    ends = pd.Series([october.start, october.start + pd.Timedelta(1, "us"), pd.NaT, pd.NaT]).dt.tz_convert("UTC")
    assert october.overlaps(starts, ends).tolist() == [False, True, True, False]


def test_the_last_full_month_is_counted_on_the_clients_clock():
    now = pd.Timestamp("2026-10-31 23:30", tz="UTC")  # already November in Berlin
    assert Period.last_full_month(now, "Europe/Berlin").name == "2026-10"
    assert Period.last_full_month(now, "UTC").name == "2026-09"


def test_a_run_of_days_includes_both_and_goes_back_by_its_length():
    week = Period.days("2026-10-19", "2026-10-25", "Europe/Berlin")
    assert week.hours == 7 * 24 + 1
    assert week.back(1).name == "2026-10-12_2026-10-18"
    assert Period.days("2026-02-01", "2026-02-28").is_month


def test_a_bill_counts_the_same_days_in_utc():
    bill = Period.month("2026-10", "Asia/Tokyo").bill
    assert (bill.start, bill.first_day) == (pd.Timestamp("2026-10-01", tz="UTC"), dt.date(2026, 10, 1))


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "october", "2026-10-01", "", None, 202610, "1900-01", "9999-12"])
def test_what_is_not_a_month_is_refused(name):
    with pytest.raises(PeriodError, match=r"month|outside"):
        Period.month(name)


def test_a_period_cannot_end_before_it_starts_and_the_days_are_named_as_they_were_given():
    with pytest.raises(PeriodError, match="from 2026-10-02 cannot end on 2026-09-30"):
        Period.days("2026-10-02", "2026-09-30")
    with pytest.raises(PeriodError, match="cannot start"):
        Period(dt.date(2026, 10, 2), dt.date(2026, 9, 30))
