"""Incidents are counted once, measured as a union, and never averaged across severities."""

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.coverage import Seen, seen_until
from opsreport.intervals import Intervals
from opsreport.metrics import incidents
from opsreport.period import Period
from opsreport.schemas import FRAMES, MEASURES
from opsreport.schemas.scorecard import SCORECARD

OCTOBER = Period.month("2026-10")
NEVER = Intervals()
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STATUSPAGE = Path(__file__).parents[2] / ".." / "shared" / "data" / "incidents" / "github_statuses"


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC")


def frame(*rows: dict) -> pd.DataFrame:
    if not rows:
        return FRAMES["incident"].empty()
    numbered = [{"incident_id": f"i{n}", **row} for n, row in enumerate(rows)]
    return FRAMES["incident"].conform(pd.DataFrame(numbered))


def total(incident: pd.DataFrame, period: Period = OCTOBER, seen: Intervals = ALWAYS) -> pd.Series:
    return incidents.totals(incident, period, seen).iloc[0]


def test_overlapping_incidents_count_their_downtime_once():
    two = frame(
        {"opened_at": at("05 01:00"), "resolved_at": at("05 03:00")},
        {"opened_at": at("05 02:00"), "resolved_at": at("05 06:00")},
    )
    assert total(two)["incident_downtime"] == pd.Timedelta("5h")


def test_an_event_at_a_provider_is_told_and_not_counted_among_the_clients_incidents():
    two = frame(
        {"opened_at": at("05 01:00"), "resolved_at": at("05 03:00"), "severity": "provider", "reported_by": "provider"},
        {"opened_at": at("06 01:00"), "resolved_at": at("06 02:00"), "severity": "sev2", "reported_by": "customer"},
    )
    made = total(two)
    assert (made["incidents_opened"], made["incident_downtime"], made["planned"]) == (1, pd.Timedelta("1h"), 0)
    listed = incidents.listing(two, OCTOBER, ALWAYS).set_index("incident_id")
    assert listed["incident_status"].to_dict() == {"i0": "the provider's", "i1": "resolved"}


def test_an_incident_across_a_month_end_is_opened_once_resolved_once_and_its_downtime_is_split():
    one = frame({"opened_at": at("31 22:00"), "resolved_at": at("2026-11-01 03:00"), "severity": "sev1"})
    october, november = total(one), total(one, Period.month("2026-11"))
    assert (october["incidents_opened"], october["incidents_resolved"], october["incidents_open"]) == (
        1,
        0,
        1,
    )
    assert (november["incidents_opened"], november["incidents_resolved"], november["incidents_open"]) == (
        0,
        1,
        0,
    )
    assert october["incident_downtime"] == pd.Timedelta("2h")
    assert november["incident_downtime"] == pd.Timedelta("3h")


def test_the_month_is_the_clients_not_utc():
    one = frame({"opened_at": at("2026-09-30 22:30"), "resolved_at": at("2026-09-30 23:00")})
    assert total(one)["incidents_opened"] == 0
    assert total(one, Period.month("2026-10", "Europe/Berlin"))["incidents_opened"] == 1


def test_an_open_incident_is_counted_and_lasts_to_the_end_of_the_month():
    one = frame({"opened_at": at("31 20:00"), "severity": "sev1"})
    assert total(one)["incidents_open"] == 1
    assert total(one)["incident_downtime"] == pd.Timedelta("4h")
    assert incidents.listing(one, OCTOBER)["incident_status"].tolist() == ["open at month end"]
    assert incidents.listing(one, OCTOBER)["time_to_restore"].isna().all()


def test_users_felt_it_before_it_was_opened():
    one = frame({"impact_started_at": at("05 00:30"), "opened_at": at("05 01:00"), "resolved_at": at("05 02:00")})
    assert total(one)["incident_downtime"] == pd.Timedelta("90min")
    assert incidents.listing(one, OCTOBER)["time_to_restore"].iloc[0] == pd.Timedelta("1h")


def test_drills_and_planned_work_are_left_out_and_counted():
    three = frame(
        {"opened_at": at("05 01:00"), "resolved_at": at("05 02:00"), "is_drill": True},
        {"opened_at": at("06 01:00"), "resolved_at": at("06 02:00"), "severity": "Maintenance"},
        {"opened_at": at("07 01:00"), "resolved_at": at("07 02:00"), "severity": "none"},
    )
    row = total(three)
    assert (row["incidents_opened"], row["drills"], row["planned"]) == (1, 1, 1)
    assert row["incident_downtime"] == pd.Timedelta(0)
    listed = incidents.listing(three, OCTOBER)
    assert listed["incident_status"].tolist() == ["drill", "planned", "resolved"]


def test_a_month_that_was_not_seen_is_unknown_and_not_without_incidents():
    row = total(frame(), seen=NEVER)
    assert row[["incidents_opened", "incidents_open", "drills", "incident_downtime"]].isna().all()
    assert row["coverage"] == 0


def test_a_month_that_was_seen_and_had_none_counts_zero():
    row = total(frame())
    assert (row["incidents_opened"], row["incident_downtime"], row["coverage"]) == (0, pd.Timedelta(0), 1)


def test_what_is_known_of_a_month_that_was_not_seen_is_counted_with_its_coverage():
    row = total(frame({"opened_at": at("05 01:00"), "resolved_at": at("05 02:00")}), seen=NEVER)
    assert (row["incidents_opened"], row["coverage"]) == (1, 0)


def five(**more) -> list[dict]:
    hours = [1, 2, 3, 4, 9]
    return [
        {"opened_at": at(f"{day:02d} 00:00"), "acknowledged_at": at(f"{day:02d} 00:{10 * n:02d}"),
         "resolved_at": at(f"{day:02d} {hour:02d}:00"), "severity": "sev1", **more}
        for n, (day, hour) in enumerate(zip(range(3, 8), hours, strict=True), 1)
    ]  # fmt: skip


def test_percentiles_of_five_are_shown_and_of_four_withheld():
    row = incidents.summary(frame(*five()), OCTOBER, ALWAYS).iloc[0]
    assert row["acknowledge_median"] == pd.Timedelta("30min")  # of 10, 20, 30, 40, 50
    assert row["acknowledge_p90"] == pd.Timedelta("46min")  # 40 + 0.6 * 10
    assert row["restore_median"] == pd.Timedelta("3h")  # of 1, 2, 3, 4, 9
    assert row["restore_p90"] == pd.Timedelta("7h")  # 4 + 0.6 * 5
    four = incidents.summary(frame(*five()[:4]), OCTOBER, ALWAYS).iloc[0]
    assert pd.isna(four["restore_median"]) and pd.isna(four["acknowledge_p90"])
    assert four["acknowledged_count"] == 4 and four["note"] == "fewer than 5: see the list"


def test_severities_are_never_averaged_together_and_stand_worst_first():
    both = frame(*five(severity="minor"), *five(severity="critical"), {"opened_at": at("09 00:00")})
    rows = incidents.summary(both.assign(incident_id=[str(n) for n in range(11)]), OCTOBER, ALWAYS)
    assert rows["severity"].tolist() == ["critical", "minor", "unrated"]
    assert rows["incidents_opened"].tolist() == [5, 5, 1]


def test_resolved_without_an_acknowledgement_is_an_upper_bound_and_marked():
    two = frame(
        {"opened_at": at("05 01:00"), "resolved_at": at("05 02:00"), "severity": "sev1"},
        {"opened_at": at("06 01:00"), "acknowledged_at": at("06 00:00"), "severity": "sev1"},
    )
    row = incidents.summary(two, OCTOBER, ALWAYS).iloc[0]
    # The second was acknowledged before it opened, which answers nothing, and is still open.
    assert (row["acknowledged_count"], row["acknowledge_at_most"]) == (1, 1)
    assert incidents.listing(two, OCTOBER)["note"].tolist() == ["acknowledgement not recorded: at most", ""]


def test_a_severity_without_an_incident_this_month_counts_zero():
    old = frame({"opened_at": at("2026-08-05 01:00"), "resolved_at": at("2026-08-05 02:00"), "severity": "sev1"})
    assert incidents.summary(old, OCTOBER, ALWAYS)["incidents_opened"].tolist() == [0]
    assert incidents.summary(old, OCTOBER, NEVER)["incidents_opened"].isna().all()


def test_each_service_has_its_own_downtime():
    three = frame(
        {"opened_at": at("05 01:00"), "resolved_at": at("05 03:00"), "service": "shop"},
        {"opened_at": at("05 02:00"), "resolved_at": at("05 04:00"), "service": "shop"},
        {"opened_at": at("05 02:00"), "resolved_at": at("05 03:00")},
    )
    rows = incidents.downtime(three, OCTOBER, ALWAYS)
    assert rows["incident_downtime"].tolist() == [pd.Timedelta("3h"), pd.Timedelta("1h")]
    assert rows["service"].isna().tolist() == [False, True]


def same(opened: str, **more) -> dict:
    return {"opened_at": at(opened), "service": "shop", "fingerprint": "disk", **more}


def test_the_same_trouble_within_thirty_days_is_a_repeat():
    rows = incidents.repeats(frame(same("2026-09-01 00:00"), same("01 00:00"), same("31 00:00")), OCTOBER)
    assert rows["incident_id"].tolist() == ["i1", "i2"]
    assert rows["since_previous"].tolist() == [pd.Timedelta("30D"), pd.Timedelta("30D")]
    later = incidents.repeats(frame(same("2026-09-01 00:00"), same("01 00:01")), OCTOBER)
    assert later.empty


@pytest.mark.parametrize("gone", ["fingerprint", "service"])
def test_a_missing_fingerprint_or_service_is_no_repeat_of_a_missing_one(gone):
    rows = incidents.repeats(frame(same("01 00:00", **{gone: None}), same("02 00:00", **{gone: None})), OCTOBER)
    assert rows.empty and rows.columns.tolist()[0] == "opened_at"


def test_found_by_us_counts_what_is_not_recorded_apart():
    four = frame(
        {"opened_at": at("05 01:00"), "reported_by": "alert", "detected_at": at("05 00:59")},
        {"opened_at": at("06 01:00"), "reported_by": "alert", "detected_at": at("06 01:30")},
        {"opened_at": at("07 01:00"), "reported_by": "customer"},
        {"opened_at": at("08 01:00")},
    )
    row = incidents.found_by_us(four, OCTOBER).iloc[0]
    assert (row["found_by_alert"], row["found_by_people"], row["found_unknown"]) == (1, 2, 1)
    assert row["found_share"] == 1 / 3 and row["coverage"] == 3 / 4
    assert pd.isna(incidents.found_by_us(frame(), OCTOBER)["found_share"].iloc[0])


def test_history_has_thirteen_months_and_knows_which_were_not_seen():
    seen = Intervals([(at("2026-09-01 00:00"), at("2026-11-01 00:00"))])
    rows = incidents.history(frame({"opened_at": at("05 01:00")}), OCTOBER, seen)
    assert rows["period"].tolist()[0] == "2025-10" and rows["period"].tolist()[-1] == "2026-10"
    assert rows["incidents_opened"].tolist()[-2:] == [0, 1]
    assert rows["incidents_opened"].isna().sum() == 11


def test_the_scorecard_lists_the_key_figures_without_anything_agreed():
    rows = incidents.scorecard(frame(*five()), OCTOBER, ALWAYS, [], OCTOBER.back(1)).set_index("id")
    assert tuple(rows.reset_index()[list(SCORECARD)].columns) == SCORECARD
    assert rows.loc["incidents.opened", "this_month"] == 5
    assert rows.loc["incidents.opened", "baseline"] == 0
    assert rows.loc["incidents.restore.sev1", "this_month"] == pd.Timedelta("3h")
    assert rows.loc["incidents.late", "verdict"] == "unknown" and rows.loc["incidents.late", "target"] is None
    assert len(rows.loc["incidents.opened", "trend"]) == 13


@pytest.mark.parametrize("name", ["totals", "summary", "downtime", "listing", "repeats", "found_by_us", "history"])
def test_an_empty_frame_gives_the_same_columns_with_the_same_types(name):
    function = getattr(incidents, name)
    more = (ALWAYS,) if name in ("totals", "summary", "downtime", "history") else ()
    filled = frame(same("01 00:00", severity="sev1"), same("02 00:00", severity="sev1"))
    none, some = function(FRAMES["incident"].empty(), OCTOBER, *more), function(filled, OCTOBER, *more)
    assert (none.dtypes == some.dtypes).all()
    assert set(none.columns) <= set(MEASURES)


minutes = st.integers(0, 31 * 24 * 60 - 1)
outages = st.lists(st.tuples(minutes, st.integers(0, 3000) | st.none()), max_size=8)


@given(outages, st.randoms())
@settings(max_examples=12, deadline=None)
def test_downtime_equals_counting_minutes_and_ignores_order_and_duplicates(spans, shuffle):
    rows = [
        {"opened_at": OCTOBER.start + pd.Timedelta(minutes=start),
         "resolved_at": None if length is None else OCTOBER.start + pd.Timedelta(minutes=start + length)}
        for start, length in spans
    ]  # fmt: skip
    month = 31 * 24 * 60
    ends = [month if length is None else min(start + length, month) for start, length in spans]
    counted = {m for (start, _), end in zip(spans, ends, strict=True) for m in range(start, end)}
    twice = rows * 2
    shuffle.shuffle(twice)
    assert total(frame(*rows))["incident_downtime"] == pd.Timedelta(minutes=len(counted))
    assert total(frame(*twice))["incident_downtime"] == pd.Timedelta(minutes=len(counted))


@given(outages)
@settings(max_examples=6, deadline=None)
def test_every_incident_is_opened_and_resolved_in_exactly_one_month(spans):
    rows = frame(*(
        {"opened_at": OCTOBER.start + pd.Timedelta(minutes=start),
         "resolved_at": None if length is None else OCTOBER.start + pd.Timedelta(minutes=start + length)}
        for start, length in spans
    ))  # fmt: skip
    months = incidents.history(rows, Period.month("2026-12"), ALWAYS)
    assert months["incidents_opened"].sum() == len(rows)
    assert months["incidents_resolved"].sum() == rows["resolved_at"].notna().sum()


@pytest.fixture(scope="module")
def github() -> pd.DataFrame:
    if not STATUSPAGE.exists():
        pytest.skip("the recorded GitHub incidents are not here")
    lines = (STATUSPAGE / "incidents.jsonl").read_text().splitlines()
    read = [json.loads(line) for line in lines]
    return frame(*(
        {"incident_id": one["id"], "title": one["title"], "severity": one["impact"],
         "opened_at": pd.Timestamp(one["started_at"]), "resolved_at": pd.Timestamp(one["resolved_at"])}
        for one in read
    ))  # fmt: skip


def test_a_year_of_real_incidents_lasted_as_long_as_their_windows_cover_minute_by_minute(github):
    windows = pd.read_csv(STATUSPAGE / "downtime_windows.csv", parse_dates=["downtime_start", "downtime_end"])
    hit = windows[~windows["impact"].isin(["maintenance", "none"])]
    down = {
        minute
        for row in hit.itertuples()
        for minute in range(int(row.downtime_start.timestamp()) // 60, int(row.downtime_end.timestamp()) // 60)
    }
    for month in Period.month("2023-03").history(13):
        first, end = int(month.start.timestamp()) // 60, int(month.end.timestamp()) // 60
        inside = sum(first <= minute < end for minute in down)
        assert total(github, month)["incident_downtime"] == pd.Timedelta(minutes=inside), month.name


def test_a_year_of_real_incidents_adds_up_over_its_months_and_severities(github):
    year = incidents.history(github, Period.month("2023-03"), ALWAYS)
    counts = github["severity"].value_counts()
    assert year["incidents_opened"].sum() == len(github) - counts["maintenance"]
    assert year["planned"].sum() == counts["maintenance"]
    by_severity = [incidents.summary(github, month, ALWAYS) for month in Period.month("2023-03").history(13)]
    opened = pd.concat(by_severity).groupby("severity")["incidents_opened"].sum()
    assert opened.to_dict() == counts.to_dict()


def test_real_windows_overlap_so_their_union_is_less_than_their_sum(github):
    year = Period.days("2022-03-01", "2023-03-31")
    everything = incidents.downtime(github, year, ALWAYS, without=())["incident_downtime"].iloc[0]
    assert everything < (github["resolved_at"] - github["opened_at"]).sum()


def test_the_order_of_real_incidents_changes_nothing(github):
    order = list(range(len(github)))
    random.Random(1).shuffle(order)
    shuffled = github.iloc[order].reset_index(drop=True)
    month = Period.month("2022-11")
    pd.testing.assert_frame_equal(incidents.summary(github, month, ALWAYS), incidents.summary(shuffled, month, ALWAYS))
    pd.testing.assert_frame_equal(incidents.listing(github, month), incidents.listing(shuffled, month))


def test_times_by_severity_are_told_where_there_are_enough_for_a_median():
    five_of_one, four = (incidents.summary(frame(*rows), OCTOBER, ALWAYS) for rows in (five(), five()[:4]))
    assert len(incidents.timed(five_of_one)) == len(five_of_one) and incidents.timed(four).empty
    assert incidents.timed(four.iloc[:0]).empty


def test_the_time_of_each_severity_counts_overlaps_once_and_the_worst_stands_first():
    rows = frame(
        {"severity": "sev3", "opened_at": at("05 00:00"), "resolved_at": at("05 10:00")},
        {"severity": "sev1", "opened_at": at("05 01:00"), "resolved_at": at("05 03:00")},
        {"severity": "sev1", "opened_at": at("05 02:00"), "resolved_at": at("05 04:00")},
        {"severity": "none", "opened_at": at("06 00:00"), "resolved_at": at("06 10:00")},
    )
    made = incidents.severe(rows, OCTOBER, ALWAYS)
    assert made["severity"].tolist() == ["sev1", "sev3"]
    assert made["incident_downtime"].tolist() == [pd.Timedelta(hours=3), pd.Timedelta(hours=10)]
    assert incidents.severe(rows.iloc[:0], OCTOBER, ALWAYS).empty


def test_what_was_open_when_nobody_looked_any_more_lasted_at_least_until_then():
    until = Intervals([(at("2026-01-01"), at("17 00:00"))])
    one = frame({"service": "web", "severity": "sev1", "opened_at": at("16 18:00")})
    six = pd.Timedelta("6h")
    assert total(one, seen=until)["incident_downtime"] == six
    assert incidents.downtime(one, OCTOBER, until)["incident_downtime"].tolist() == [six]
    assert incidents.severe(one, OCTOBER, until)["incident_downtime"].tolist() == [six]
    row = incidents.listing(one, OCTOBER, until).iloc[0]
    assert row["incident_downtime"] == six and row["note"] == "open when last seen: at least"


def test_in_a_month_that_still_runs_nothing_lasts_beyond_its_reading():
    running = Seen((((ALWAYS, 1.0),),), known=at("10 00:00"))
    one = frame({"severity": "sev1", "opened_at": at("09 22:00")})
    assert total(one, seen=running)["incident_downtime"] == pd.Timedelta("2h")


def test_of_several_sources_the_one_that_ends_first_says_until_when_it_is_known():
    first, second = (Intervals([(at("2026-01-01"), end)]) for end in (at("10 00:00"), at("20 00:00")))
    assert seen_until(Seen((((first, 1.0),), ((second, 1.0),))), OCTOBER) == at("10 00:00")
    # One that tells nothing of the month does not count beside one that does.
    old = Intervals([(at("2026-01-01"), at("2026-09-10"))])
    assert seen_until(Seen((((old, 1.0),), ((second, 1.0),))), OCTOBER) == at("20 00:00")
    assert seen_until(old, OCTOBER) == at("2026-09-10")
    assert seen_until(Intervals([(OCTOBER.end, at("2026-12-01"))]), OCTOBER) == OCTOBER.end


def test_each_incident_lasts_to_the_end_of_what_its_own_source_saw():
    first, second = (Intervals([(at("2026-01-01"), end)]) for end in (at("17 00:00"), OCTOBER.end))
    seen = Seen((((first, 1.0),), ((second, 1.0),)), listed=(pd.NaT, pd.NaT), names=("pagerduty", "jira"))
    rows = frame({"severity": "sev1", "opened_at": at("16 18:00")}, {"severity": "sev1", "opened_at": at("30 00:00")})
    rows = rows.assign(source=["pagerduty", "jira"])
    listed = incidents.listing(rows, OCTOBER, seen)
    assert listed["incident_downtime"].tolist() == [pd.Timedelta("6h"), pd.Timedelta("2D")]
    assert listed["note"].tolist() == ["open when last seen: at least", ""]
    assert total(rows, seen=seen)["incident_downtime"] == pd.Timedelta("54h")


def test_months_that_nobody_saw_have_only_what_is_known_and_are_none_to_compare_with():
    # October alone was read; its source lists one that is open since 10 March.
    seen = Intervals([(OCTOBER.start, OCTOBER.end)])
    rows = frame({"severity": "sev1", "opened_at": at("2026-03-10")}, {"severity": "sev1", "opened_at": at("05 10:00")})
    table = incidents.history(rows, OCTOBER, seen).set_index("period")
    april = table.loc["2026-04"]
    assert april[["incidents_opened", "incidents_resolved", "drills", "planned"]].isna().all()
    assert (april["incidents_open"], april["incident_downtime"]) == (1, pd.Timedelta(days=30))
    assert table.loc["2026-02", "incidents_open":"incident_downtime"].isna().all()
    assert table.loc["2026-10", ["incidents_opened", "incidents_resolved", "incidents_open"]].tolist() == [1, 0, 2]
    card = incidents.scorecard(rows, OCTOBER, seen, []).set_index("id")
    for id, now in (("incidents.opened", 1), ("incidents.downtime", 31 * 24 * 60)):
        assert card.loc[id, "trend"] == [None] * 12 + [now] and pd.isna(card.loc[id, "last_month"])
    (sev1,) = incidents.summary(rows, OCTOBER.previous(), seen).to_dict("records")
    assert pd.isna(sev1["incidents_opened"]) and sev1["incidents_open"] == 1
