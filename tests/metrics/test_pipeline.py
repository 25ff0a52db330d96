"""Whole runs are counted once, a main branch is broken until its next success, a job is flaky by one commit."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics.pipeline import daily, flaky, health, history, red, scorecard, totals
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "America/New_York")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="America/New_York").tz_convert("UTC")


def run(ended: str, outcome: str = "success", minutes: int = 10, **more) -> dict:
    end = at(ended)
    return {"pipeline": "shop", "branch": "main", "started_at": end - pd.Timedelta(minutes=minutes),
            "finished_at": end, "outcome": outcome, **more}  # fmt: skip


def frame(*rows: dict) -> pd.DataFrame:
    if not rows:
        return FRAMES["pipeline_run"].empty()
    return FRAMES["pipeline_run"].conform(pd.DataFrame([{"run_id": f"r{n}", **row} for n, row in enumerate(rows)]))


def test_jobs_are_parts_of_a_run_and_are_not_counted_again():
    rows = health(frame(run("05 10:00"), run("05 10:00", job="unit"), run("05 10:00", job="e2e")), OCTOBER, ALWAYS)
    assert rows["runs_succeeded"].tolist() == [1]


def test_the_share_is_over_runs_that_succeeded_or_failed_and_withheld_below_five():
    ends = [f"05 {hour:02d}:00" for hour in range(10, 15)]
    mixed = [run(end, "failure" if end == "05 10:00" else "success") for end in ends]
    apart = [run("05 15:00", "cancelled"), run("05 16:00", "unknown")]
    row = health(frame(*mixed, *apart), OCTOBER, ALWAYS).iloc[0]
    assert row["run_success_share"] == 0.8 and (row["runs_cancelled"], row["runs_unknown"]) == (1, 1)
    few = health(frame(*mixed[1:], *apart), OCTOBER, ALWAYS).iloc[0]
    assert pd.isna(few["run_success_share"]) and few["runs_succeeded"] == 4


def test_the_median_is_of_runs_that_succeeded():
    rows = [run(f"05 {hour}:00", minutes=hour) for hour in range(10, 15)] + [run("05 15:00", "failure", 1)]
    assert health(frame(*rows), OCTOBER, ALWAYS)["run_median"].tolist() == [pd.Timedelta("12min")]


def test_a_main_branch_is_broken_from_the_end_of_a_failure_to_the_end_of_the_next_success():
    rows = frame(run("05 10:00", "failure"), run("05 11:00", "failure"), run("05 12:00", "cancelled"),
                 run("05 13:30"))  # fmt: skip
    assert health(rows, OCTOBER, ALWAYS)["time_red"].tolist() == [pd.Timedelta("3h30min")]
    (one,) = red(rows, OCTOBER).to_dict("records")
    assert (one["red_from"], one["red_until"]) == (at("05 10:00"), at("05 13:30"))


def test_other_branches_break_nothing_and_a_ref_is_a_branch_too():
    rows = frame(run("05 10:00", "failure", branch="idea"), run("05 11:00", branch="refs/heads/Master"))
    assert health(rows, OCTOBER, ALWAYS)["time_red"].tolist() == [pd.Timedelta(0)]


def test_without_a_known_main_branch_the_time_is_unknown_and_not_zero():
    rows = frame(run("05 10:00", "failure", branch=None))
    row = health(rows, OCTOBER, ALWAYS).iloc[0]
    assert pd.isna(row["time_red"]) and "main" in row["note"]
    assert pd.isna(totals(rows, OCTOBER, ALWAYS)["time_red"].iloc[0]) and red(rows, OCTOBER).empty


def test_a_break_across_month_ends_is_cut_to_each_and_begins_from_before():
    rows = frame(run("2026-09-30 23:00", "failure"), run("01 02:00"), run("31 22:00", "failure"),
                 run("2026-11-01 05:00"))  # fmt: skip
    assert health(rows, OCTOBER, ALWAYS)["time_red"].tolist() == [pd.Timedelta("4h")]  # 2 h and 2 h
    each = red(rows, OCTOBER).set_index("red_from")
    assert pd.isna(each.loc[at("31 22:00"), "red_until"])  # not mended by month end
    assert each.loc[at("2026-09-30 23:00"), "red_lasted"] == pd.Timedelta("3h")
    september = red(rows, OCTOBER.previous())
    assert september["time_red"].tolist() == [pd.Timedelta("1h")]


def test_two_pipelines_broken_at_once_count_once_in_the_total():
    rows = frame(run("05 10:00", "failure"), run("05 12:00"),
                 run("05 11:00", "failure", pipeline="web"), run("05 14:00", pipeline="web"))  # fmt: skip
    assert totals(rows, OCTOBER, ALWAYS)["time_red"].tolist() == [pd.Timedelta("4h")]
    assert health(rows, OCTOBER, ALWAYS)["time_red"].sum() == pd.Timedelta("5h")


def test_a_pipeline_without_a_run_for_two_months_is_out_of_use():
    gone = frame(run("2026-08-31 23:59", "failure"), run("05 10:00", pipeline="web"))
    assert health(gone, OCTOBER, ALWAYS)["pipeline"].tolist() == ["web"] and red(gone, OCTOBER).empty
    lately = frame(run("2026-09-01 00:00", "failure"), run("05 10:00", pipeline="web"))
    assert health(lately, OCTOBER, ALWAYS)["pipeline"].tolist() == ["shop", "web"]


def test_a_run_counts_on_the_clients_day_on_which_it_finished():
    rows = frame(run("2026-09-30 23:59"), run("01 00:00"), run("31 23:59", "failure"), run("2026-11-01 00:00"))
    made = daily(rows, OCTOBER)
    assert made["ran_on"].astype(str).tolist() == ["2026-10-01", "2026-10-31"]
    assert made["runs_failed"].tolist() == [0, 1]


def test_a_run_that_still_runs_is_not_counted_and_one_without_a_finish_counts_where_it_started():
    rows = frame({**run("05 10:00", "unknown"), "finished_at": None}, {**run("05 12:00"), "finished_at": None})
    row = health(rows, OCTOBER, ALWAYS).iloc[0]
    assert (row["runs_succeeded"], row["runs_unknown"]) == (1, 0)


def test_a_job_is_flaky_where_it_failed_and_succeeded_on_one_commit():
    job = {"job": "e2e"}
    rows = frame(run("05 10:00", "failure", commit_sha="a", **job), run("05 11:00", commit_sha="a", **job),
                 run("06 10:00", "failure", commit_sha="b", **job), run("06 11:00", commit_sha="c", **job),
                 run("07 10:00", "failure", commit_sha="c", job="unit"))  # fmt: skip
    (one,) = flaky(rows, OCTOBER).to_dict("records")
    assert (one["job"], one["flaky_commits"], one["job_commits"]) == ("e2e", 1, 3)
    assert pd.isna(one["flaky_share"]) and one["flaky_newest_at"] == at("05 11:00")


def test_whole_runs_and_runs_without_a_commit_are_no_flaky_jobs():
    rows = frame(run("05 10:00", "failure", commit_sha="a"), run("05 11:00", commit_sha="a"),
                 run("05 10:00", "failure", job="unit"), run("05 11:00", job="unit"))  # fmt: skip
    assert flaky(rows, OCTOBER).empty
    assert pd.isna(totals(rows, OCTOBER, ALWAYS)["jobs_flaky"].iloc[0])  # no job names its commit


def test_a_commit_with_both_outcomes_across_a_month_end_counts_once():
    rows = frame(run("31 23:00", "failure", commit_sha="a", job="e2e"),
                 run("2026-11-01 03:00", commit_sha="a", job="e2e"))  # fmt: skip
    november = Period.month("2026-11", "America/New_York")
    assert flaky(rows, OCTOBER).empty and flaky(rows, november)["flaky_commits"].tolist() == [1]


def test_a_month_not_seen_is_unknown_and_a_quiet_one_that_was_seen_is_zero():
    row = totals(frame(), OCTOBER, Intervals()).iloc[0]
    assert pd.isna(row["runs_succeeded"]) and pd.isna(row["time_red"])
    quiet = totals(frame(run("2026-09-05 10:00")), OCTOBER, ALWAYS).iloc[0]
    assert quiet["runs_failed"] == 0 and quiet["time_red"] == pd.Timedelta(0)
    assert pd.isna(quiet["run_success_share"])
    blind = health(frame(run("2026-09-05 10:00", "failure")), OCTOBER, Intervals()).iloc[0]
    assert pd.isna(blind["time_red"])  # whether it was mended in time that was not seen is unknown


def test_the_scorecard_passes_no_verdict_and_names_whole_runs_as_its_rows():
    rows = scorecard(frame(run("05 10:00", "failure"), run("05 12:00")), OCTOBER, ALWAYS, OCTOBER.previous())
    assert rows["id"].tolist() == ["pipeline.success", "pipeline.red"]
    assert set(rows["verdict"]) == {"unknown"} and rows["target"].isna().all()
    assert rows["this_month"].iloc[1] == pd.Timedelta("2h") and rows["rows"].iloc[0].where == {"job": None}
    assert len(history(frame(), OCTOBER, ALWAYS)) == 13


@given(st.lists(st.tuples(st.integers(0, 61 * 24), st.sampled_from(["success", "failure", "cancelled"])), max_size=12))
@settings(max_examples=20, deadline=None)
def test_time_broken_equals_counting_hours_and_months_add_up(runs):
    start = OCTOBER.previous().start
    rows = frame(*(
        {"pipeline": "shop", "branch": "main", "started_at": start, "outcome": outcome,
         "finished_at": start + pd.Timedelta(hours=hour)}
        for hour, outcome in dict(runs).items()
    ))  # fmt: skip
    known, broken, counted = dict(runs), False, {"2026-09": 0, "2026-10": 0}
    for hour in range(61 * 24):
        broken = {"failure": True, "success": False}.get(known.get(hour), broken)
        instant = start + pd.Timedelta(hours=hour)
        counted["2026-09" if instant < OCTOBER.start else "2026-10"] += broken
    for month in (OCTOBER.previous(), OCTOBER):
        found = red(rows, month)["time_red"].sum() / pd.Timedelta(hours=1)
        assert found == pytest.approx(counted[month.name])


def test_a_branch_is_known_to_be_red_no_longer_than_it_was_seen():
    until = Intervals([(at("2026-01-01"), at("17 00:00"))])
    broke = frame(run("16 12:00", "failure"))
    assert totals(broke, OCTOBER, until)["time_red"].iloc[0] == pd.Timedelta("12h")
    assert health(broke, OCTOBER, until)["time_red"].iloc[0] == pd.Timedelta("12h")
    row = red(broke, OCTOBER, until).iloc[0]
    assert pd.isna(row["red_until"]) and row["red_lasted"] == row["time_red"] == pd.Timedelta("12h")
