"""Outages, states and excluded windows: what was down when, and what was left out."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.metrics import uptime
from opsreport.params.models import Agreement, MaintenanceWindow, Slo
from opsreport.period import Period
from opsreport.schemas import FRAMES, MEASURES

OCTOBER = Period.month("2026-10")
SUNDAYS = MaintenanceWindow(weekday="sun", opens="02:00", closes="04:00", reason="updates")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def seen(*rows):
    frame = pd.DataFrame(rows, columns=["monitor", "started_at", "ended_at", "state"])
    for column in ("started_at", "ended_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
    return FRAMES["monitor_state"].conform(frame).assign(service="shop")


def agreed(degraded="up", windows=()):
    slo = Slo(monitor="shop", target=Decimal("0.999"), degraded_counts_as=degraded)
    return Agreement(starts_on=dt.date(2020, 1, 1), slos=[slo], maintenance_windows=list(windows))


def excuse(start, end):
    return pd.DataFrame({"monitor": ["shop"], "starts_at": [at(start)], "ends_at": [at(end)], "by": ["Ada"],
                         "on": [pd.Timestamp("2026-10-09")], "why": ["their own DNS change"]})  # fmt: skip


def minutes(count):
    return pd.Timedelta(minutes=count)


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_overlapping_and_repeated_rows_are_one_outage():
    rows = [
        ("shop", "2026-10-08 10:00", "2026-10-08 11:00", "down"),
        ("shop", "2026-10-08 10:30", "2026-10-08 12:00", "down"),
    ]
    row = only(uptime.outages(seen(*rows, *rows, ("shop", "2026-10-01", "2026-11-01", "up")), OCTOBER, []))
    assert (row["outage_from"], row["outage_to"]) == (at("2026-10-08 10:00"), at("2026-10-08 12:00"))
    assert (row["outage_time"], row["note"], row["began_before"], row["end_unseen"]) == (minutes(120), "", False, False)
    assert pd.isna(row["counted_down"])  # no SLO


def test_an_outage_that_began_before_the_month_is_clipped_and_says_so():
    frame = seen(
        ("shop", "2026-09-30 22:00", "2026-10-01 01:00", "down"), ("shop", "2026-10-01 01:00", "2026-11-01", "up")
    )
    row = only(uptime.outages(frame, OCTOBER, [agreed()]))
    assert (row["outage_from"], row["outage_time"], row["began_before"]) == (OCTOBER.start, minutes(60), True)
    assert "when the month began" in row["note"]


def test_an_outage_that_begins_with_the_month_did_not_begin_before_it():
    frame = seen(("shop", "2026-09-01", "2026-10-01", "up"), ("shop", "2026-10-01", "2026-10-01 01:00", "down"))
    assert not only(uptime.outages(frame, OCTOBER, [agreed()]))["began_before"]


def test_still_down_at_the_months_end_and_still_down_when_last_seen_are_told_apart():
    across = only(uptime.outages(seen(("shop", "2026-10-31 23:00", "2026-11-01 05:00", "down")), OCTOBER, []))
    assert (across["outage_to"], across["end_unseen"]) == (OCTOBER.end, True)
    assert across["note"] == "still down when the month ended"
    unseen = only(uptime.outages(seen(("shop", "2026-10-20 23:00", "2026-10-21", "down")), OCTOBER, []))
    assert (unseen["end_unseen"], unseen["note"]) == (True, "still down when last seen")
    ended = only(uptime.outages(seen(("shop", "2026-10-31 23:00", "2026-11-01", "down"),
                                     ("shop", "2026-11-01", "2026-11-02", "up")), OCTOBER, []))  # fmt: skip
    assert (ended["end_unseen"], ended["note"]) == (False, "")


def test_the_parts_in_maintenance_and_excused_are_told():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-04 03:00", "2026-10-04 06:00", "down"))
    row = only(
        uptime.outages(frame, OCTOBER, [agreed(windows=[SUNDAYS])], excuse("2026-10-04 03:30", "2026-10-04 04:30"))
    )
    parts = row[["outage_time", "maintenance_time", "excused_time", "counted_down"]].tolist()
    assert parts == [minutes(180), minutes(60), minutes(30), minutes(90)]


def test_what_the_slo_counts_as_down_is_an_outage_and_says_why():
    up = ("shop", "2026-10-01", "2026-11-01", "up")
    own = seen(up, ("shop", "2026-10-04 03:00", "2026-10-04 05:00", "maintenance"))
    row = only(uptime.outages(own, OCTOBER, [agreed(windows=[SUNDAYS])]))
    assert (row["outage_from"], row["outage_time"]) == (at("2026-10-04 04:00"), minutes(60))
    assert row["note"] == "maintenance outside an agreed window"
    assert uptime.outages(own, OCTOBER, []).empty
    slow = seen(up, ("shop", "2026-10-05 03:00", "2026-10-05 05:00", "degraded"))
    assert uptime.outages(slow, OCTOBER, [agreed()]).empty
    assert only(uptime.outages(slow, OCTOBER, [agreed("down")]))["note"] == "degraded, which counts as down"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9),
                          st.sampled_from(["up", "down", "degraded", "maintenance"])),
                max_size=7))  # fmt: skip
def test_the_outages_add_up_to_what_counts_against_the_slo(rows):
    days, agreements = Period.days("2026-10-03", "2026-10-05"), [agreed("down", [SUNDAYS])]
    frame = seen(*[("shop", days.start + pd.Timedelta(hours=a), days.start + pd.Timedelta(hours=a + n), state)
                   for a, n, state in rows])  # fmt: skip
    excused = excuse("2026-10-04 00:00", "2026-10-04 06:00")
    listed = uptime.outages(frame, days, agreements, excused)
    row = only(uptime.availability(frame, days, agreements, excused))
    if row["agreed_time"] > pd.Timedelta(0):
        assert listed["counted_down"].sum() == row["counted_down"]
        assert listed["excused_time"].sum() == row["excused_time"]


def test_states_tile_the_month_with_explicit_unknown():
    frame = seen(("shop", "2026-10-05", "2026-10-06", "up"), ("shop", "2026-10-06", "2026-10-07", "up"),
                 ("shop", "2026-10-07", "2026-10-08", "paused"))  # fmt: skip
    made = uptime.states(frame, OCTOBER)
    assert made["state"].tolist() == ["unknown", "up", "paused", "unknown"]
    assert made["state_from"].tolist()[1:] == made["state_to"].tolist()[:-1]
    assert (made["state_from"].iloc[0], made["state_to"].iloc[-1]) == (OCTOBER.start, OCTOBER.end)


def test_a_monitor_with_an_slo_and_no_row_is_one_unknown_stretch():
    row = only(uptime.states(seen(), OCTOBER, [agreed()]))
    assert (row["monitor"], row["state"], row["state_from"], row["state_to"]) == (
        "shop",
        "unknown",
        OCTOBER.start,
        OCTOBER.end,
    )


def test_minute_samples_become_few_stretches():
    starts = pd.date_range("2026-10-01", periods=600, freq="min", tz="UTC")
    frame = seen(*[("shop", a, a + minutes(1), "down" if 100 <= k < 103 else "up") for k, a in enumerate(starts)])
    assert uptime.states(frame, OCTOBER)["state"].tolist() == ["up", "down", "up", "unknown"]


def test_each_excluded_window_is_listed_with_the_downtime_in_it():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-04 03:00", "2026-10-04 05:00", "down"))
    made = uptime.excluded_windows(
        frame, OCTOBER, [agreed(windows=[SUNDAYS])], excuse("2026-10-04 04:00", "2026-10-04 04:30")
    )
    assert made["excluded_as"].tolist() == ["agreed maintenance", "excused"] + ["agreed maintenance"] * 3
    assert made["down_time"].tolist() == [minutes(60), minutes(30), *[minutes(0)] * 3]
    assert made.loc[1, ["excluded_by", "excluded_why"]].tolist() == ["Ada, 2026-10-09", "their own DNS change"]


def test_an_excluded_window_that_nobody_watched_has_unknown_downtime():
    made = uptime.excluded_windows(seen(), OCTOBER, [agreed(windows=[SUNDAYS])])
    assert len(made) == 4 and made["down_time"].isna().all()


@pytest.mark.parametrize("function", [uptime.outages, uptime.excluded_windows, uptime.states])
def test_nothing_seen_and_nothing_agreed_gives_empty_frames(function):
    made = function(seen(), OCTOBER, [])
    assert made.empty and set(made.columns) <= set(MEASURES)
