"""Deployments are counted per service, by what came of them in production (DORA)."""

from pathlib import Path

import pandas as pd
import pytest

from opsreport.coverage import Seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics import delivery
from opsreport.params.models import Service
from opsreport.period import Period
from opsreport.schemas import FRAMES, MEASURES
from opsreport.schemas.scorecard import SCORECARD

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
NEVER = Intervals()
SHOP = {"shop": Service(owner="team")}
DEVLAKE = Path(__file__).parents[2] / ".." / "shared" / "data" / "deployments" / "devlake_dora"


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text if "-" in text[:5] else f"2026-10-{text}", tz="UTC")


def deployed(*rows: dict) -> pd.DataFrame:
    made = [
        {"deployment_id": f"d{n}", "service": "shop", "environment": "production", "outcome": "success",
         "started_at": row["finished_at"], **row}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return FRAMES["deployment"].conform(pd.DataFrame(made)) if rows else FRAMES["deployment"].empty()


def changed(*rows: dict) -> pd.DataFrame:
    made = [{"change_id": f"c{n}", **row} for n, row in enumerate(rows)]
    return FRAMES["change"].conform(pd.DataFrame(made)) if rows else FRAMES["change"].empty()


def trouble(*rows: dict) -> pd.DataFrame:
    made = [{"incident_id": f"i{n}", "service": "shop", **row} for n, row in enumerate(rows)]
    return FRAMES["incident"].conform(pd.DataFrame(made)) if rows else FRAMES["incident"].empty()


def days(*numbers: int, **more) -> list[dict]:
    return [{"finished_at": at(f"{day:02d} 12:00"), **more} for day in numbers]


def rates(deployment: pd.DataFrame, incident: pd.DataFrame | None = None, seen: Intervals = ALWAYS) -> pd.Series:
    return delivery.stability(deployment, trouble() if incident is None else incident, OCTOBER, seen, SHOP).iloc[0]


def test_frequency_counts_successes_in_production_only():
    mixed = deployed(*days(1, 1, 2, 3, 4, 5, 6), *days(7, environment="staging"), *days(8, outcome="failure"),
                     *days(9, environment=None))  # fmt: skip
    row = delivery.frequency(mixed, OCTOBER, ALWAYS, SHOP).iloc[0]
    assert (row["deployments"], row["deployment_days"]) == (7, 6)
    assert row["deployments_per_week"] == 7 / (31 / 7)


def test_fewer_than_five_have_no_rate_but_are_counted_and_listed():
    four = deployed(*days(1, 2, 3, 4))
    row = delivery.frequency(four, OCTOBER, ALWAYS, SHOP).iloc[0]
    assert row["deployments"] == 4 and pd.isna(row["deployments_per_week"])
    assert row["note"] == "fewer than 5: see the list"
    assert pd.isna(rates(four)["change_fail_rate"])
    assert len(delivery.listing(four, trouble(), OCTOBER, SHOP)) == 4


def test_each_client_says_what_counts_as_production():
    one = deployed(*days(1, environment="Live"))
    live = {"shop": Service(owner="team", environments=["live"])}
    assert delivery.frequency(one, OCTOBER, ALWAYS, live)["deployments"].tolist() == [1]
    assert delivery.frequency(one, OCTOBER, ALWAYS, SHOP).empty


def test_services_are_never_blended():
    two = deployed(*days(1, 2, 3, 4, 5), *days(1, service="search"), *days(2, service=None))
    rows = delivery.frequency(two, OCTOBER, ALWAYS, SHOP)
    assert rows["deployments"].tolist() == [1, 5, 1]
    assert rows["service"].isna().tolist() == [False, False, True]


def test_a_deployment_counts_where_it_finished_on_the_clients_clock():
    late = deployed({"finished_at": at("2026-10-31 23:30"), "started_at": at("2026-10-31 23:00")})
    berlin = Period.month("2026-11", "Europe/Berlin")
    assert delivery.frequency(late, berlin, ALWAYS, SHOP)["deployments"].tolist() == [1]
    assert delivery.daily(late, trouble(), berlin, SHOP)["deployed_on"].astype(str).tolist() == ["2026-11-01"]


def test_one_that_still_runs_is_not_counted():
    running = deployed({"finished_at": None, "started_at": at("30 10:00"), "outcome": "unknown"})
    assert delivery.frequency(running, OCTOBER, ALWAYS, SHOP).empty


def test_a_month_that_was_not_seen_is_unknown():
    old = deployed({"finished_at": at("2026-08-01 12:00")})
    row = delivery.frequency(old, OCTOBER, NEVER, SHOP).iloc[0]
    assert pd.isna(row["deployments"]) and row["coverage"] == 0
    assert delivery.frequency(old, OCTOBER, ALWAYS, SHOP)["deployments"].tolist() == [0]
    assert pd.isna(rates(old, seen=NEVER)["deployments_reached"])


def test_the_change_fail_rate_leaves_out_jobs_that_never_reached_production():
    ten = deployed(*days(*range(1, 9), needed_intervention=False), *days(9, 10, needed_intervention=True),
                   *days(11, 12, outcome="failure"))  # fmt: skip
    row = rates(ten)
    assert (row["deployments_reached"], row["deployments_failed"]) == (10, 2)
    assert row["change_fail_rate"] == 0.2


def test_a_rollback_is_a_failure_unless_it_says_otherwise():
    six = deployed(*days(1, 2, 3, 4, needed_intervention=False), *days(5, outcome="rolled_back"),
                   *days(6, outcome="rolled_back", needed_intervention=False))  # fmt: skip
    assert rates(six)["deployments_failed"] == 1


def test_a_failure_that_is_flagged_did_reach_production():
    five = deployed(*days(1, 2, 3, 4, needed_intervention=False),
                    *days(5, outcome="failure", needed_intervention=True))  # fmt: skip
    assert rates(five)["change_fail_rate"] == 0.2


def test_what_does_not_say_bounds_the_change_fail_rate():
    five = deployed(*days(1, needed_intervention=True), *days(2, 3, needed_intervention=False), *days(4, 5))
    row = rates(five)
    assert pd.isna(row["change_fail_rate"])
    assert (row["change_fail_best"], row["change_fail_worst"]) == (0.2, 0.6)
    assert pd.isna(rates(deployed(*days(1, 2, 3, 4, 5)))["change_fail_rate"])


def test_an_outcome_that_is_not_known_may_have_reached_production_and_failed():
    six = deployed(*days(1, 2, 3, 4, 5, needed_intervention=False), *days(6, outcome="unknown"))
    row = rates(six)
    assert pd.isna(row["change_fail_rate"]) and row["deployments_reached"] == 5
    assert (row["change_fail_best"], row["change_fail_worst"]) == (0, 1 / 6)


def test_an_incident_that_names_a_deployment_flags_it_once_and_a_drill_does_not():
    five = deployed(*days(1, 2, 3, 4, 5))
    named = trouble({"opened_at": at("02 13:00"), "deployment_id": "d1"},
                    {"opened_at": at("02 14:00"), "deployment_id": "d1"},
                    {"opened_at": at("03 13:00"), "deployment_id": "d2", "is_drill": True},
                    {"opened_at": at("09 13:00")})  # fmt: skip
    row = rates(five, named)
    assert row["deployments_failed"] == 1 and row["change_fail_best"] == 0.2
    assert row["incidents_linked"] == 2 / 3


def test_recovery_runs_to_the_end_of_the_incident_else_to_the_next_good_deployment():
    four = deployed(*days(1, needed_intervention=True), *days(2, needed_intervention=True), *days(3),
                    *days(30, needed_intervention=True))  # fmt: skip
    named = trouble({"opened_at": at("01 12:10"), "resolved_at": at("01 13:30"), "deployment_id": "d0"})
    rows = delivery.failures(four, named, OCTOBER, SHOP)
    assert rows["recovery_time"].tolist()[:2] == [pd.Timedelta("90min"), pd.Timedelta("1D")]
    assert pd.isna(rows["recovery_time"].iloc[2]) and rows["note"].iloc[2] == "not recovered by month end"
    row = rates(four, named)
    assert (row["recovered"], row["unrecovered"]) == (2, 1) and pd.isna(row["recovery_median"])


def test_a_recovery_across_a_month_end_counts_once_in_the_month_it_came():
    two = deployed({"finished_at": at("31 23:00"), "needed_intervention": True},
                   {"finished_at": at("2026-11-01 01:00")})  # fmt: skip
    november = Period.month("2026-11")
    assert rates(two)["recovered"] == 0 and rates(two)["unrecovered"] == 1
    row = delivery.stability(two, trouble(), november, ALWAYS, SHOP).iloc[0]
    assert (row["recovered"], row["unrecovered"], row["deployments_failed"]) == (1, 0, 0)
    assert delivery.failures(two, trouble(), november, SHOP)["recovery_time"].tolist() == [pd.Timedelta("2h")]


def test_the_rework_rate_is_unplanned_deployments_over_all():
    five = deployed(*days(1, 2, 3, 4, is_rework=False), *days(5, is_rework=True))
    assert rates(five)["rework_rate"] == 0.2
    unsaid = rates(deployed(*days(1, 2, 3, 4, 5)))
    assert pd.isna(unsaid["rework_rate"]) and pd.isna(unsaid["rework"])


def test_lead_time_is_per_change_to_the_first_deployment_that_took_it_to_production():
    four = deployed(*days(1, environment="staging"), *days(2, outcome="failure"), *days(3), *days(4))
    carried = changed(
        *({"change_id": "c", "deployment_id": f"d{n}", "first_commit_at": at("01 12:00")} for n in range(4))
    )
    rows = delivery.lead_times(carried, four, OCTOBER, SHOP)
    assert rows["lead_time"].tolist() == [pd.Timedelta("2D")]
    assert rows["deployment_id"].tolist() == ["d2"]


def test_a_redeployment_next_month_counts_no_change_again():
    two = deployed(*days(31), {"finished_at": at("2026-11-02 12:00")})
    carried = changed(
        *({"change_id": "c", "deployment_id": f"d{n}", "first_commit_at": at("30 12:00")} for n in range(2))
    )
    assert delivery.lead_times(carried, two, Period.month("2026-11"), SHOP).empty


def test_a_commit_after_its_deployment_is_unknown_and_not_negative():
    one = changed({"deployment_id": "d0", "first_commit_at": at("05 12:00")})
    assert delivery.lead_times(one, deployed(*days(1)), OCTOBER, SHOP)["lead_time"].isna().tolist() == [True]


def test_the_median_lead_time_of_five_changes_is_the_third():
    five = changed(*({"deployment_id": "d0", "first_commit_at": at(f"{day:02d} 12:00")} for day in (1, 5, 7, 8, 9)))
    row = delivery.lead_summary(five, deployed(*days(10)), OCTOBER, ALWAYS, SHOP).iloc[0]
    assert (row["changes"], row["lead_median"], row["changes_known"]) == (5, pd.Timedelta("3D"), 1)
    assert row["lead_p90"] == pd.Timedelta("7D 9h36min")  # 5 days + 0.6 of the 4 days to the ninth


def test_deployments_without_a_known_change_leave_the_changes_unknown():
    row = delivery.lead_summary(changed(), deployed(*days(10)), OCTOBER, ALWAYS, SHOP).iloc[0]
    assert pd.isna(row["changes"]) and row["changes_known"] == 0


def test_the_scorecard_has_the_busiest_services_apart():
    two = deployed(*days(1, 2, 3, 4, 5), *days(1, service="search"))
    rows = delivery.scorecard(two, changed(), trouble(), OCTOBER, ALWAYS, SHOP, OCTOBER.back(1), most=1)
    assert tuple(rows.columns) == SCORECARD
    assert rows["id"].tolist() == ["delivery.shop.count", "delivery.shop.lead", "delivery.shop.fail_rate"]
    assert rows["this_month"].iloc[0] == 5 and len(rows["trend"].iloc[0]) == 13


def test_the_scorecard_counts_few_deployments_too_and_scales_the_baseline_to_the_month():
    few = deployed(*days(1, 2, 3), {"finished_at": at("2026-09-15 12:00")})
    row = delivery.scorecard(few, changed(), trouble(), OCTOBER, ALWAYS, SHOP, OCTOBER.back(1)).iloc[0]
    assert (row["measure"], row["this_month"], row["last_month"]) == ("Deployments of shop", 3, 1)
    assert row["baseline"] == pytest.approx(31 / 30)
    assert delivery.scorecard(few, changed(), trouble(), OCTOBER, NEVER, SHOP).iloc[0]["this_month"] == 3


def test_history_has_thirteen_months_of_each_service():
    rows = delivery.history(deployed({"finished_at": at("2025-10-01 12:00")}), OCTOBER, ALWAYS, SHOP)
    assert rows["period"].tolist() == [month.name for month in OCTOBER.history(13)]
    assert rows["deployments"].tolist() == [1] + [0] * 12


def test_empty_frames_give_the_same_columns_with_the_same_types():
    def results(d, c, i):
        return [
            delivery.frequency(d, OCTOBER, ALWAYS, SHOP), delivery.daily(d, i, OCTOBER, SHOP),
            delivery.listing(d, i, OCTOBER, SHOP), delivery.lead_times(c, d, OCTOBER, SHOP),
            delivery.lead_summary(c, d, OCTOBER, ALWAYS, SHOP), delivery.failures(d, i, OCTOBER, SHOP),
            delivery.stability(d, i, OCTOBER, ALWAYS, SHOP), delivery.history(d, OCTOBER, ALWAYS, SHOP),
        ]  # fmt: skip

    one = changed({"deployment_id": "d0", "first_commit_at": at("01 10:00")})
    full = results(deployed(*days(1, needed_intervention=True)), one, trouble({"opened_at": at("01 13:00")}))
    for empty, filled in zip(results(deployed(), changed(), trouble()), full, strict=True):
        assert (empty.dtypes == filled.dtypes).all()
        assert set(empty.columns) <= set(MEASURES)
    assert delivery.scorecard(deployed(), changed(), trouble(), OCTOBER, ALWAYS, SHOP).empty


def test_real_pull_requests_took_as_long_as_another_project_recorded():
    if not DEVLAKE.exists():
        pytest.skip("the recorded pull requests are not here")

    def read(name):
        return pd.read_csv(DEVLAKE / "change_lead_time" / f"{name}.csv", dtype=str)

    commits, pulls, expected = (
        read("cicd_deployment_commits"),
        read("pull_requests"),
        read("project_pr_metrics"),
    )
    deployment = FRAMES["deployment"].conform(pd.DataFrame({
        "deployment_id": commits["id"], "service": commits["repo_url"], "environment": commits["environment"],
        "commit_sha": commits["commit_sha"], "outcome": commits["result"].str.lower(),
        "started_at": pd.to_datetime(commits["started_date"]),
        "finished_at": pd.to_datetime(commits["finished_date"]),
    }))  # fmt: skip
    first = expected.set_index("id")["first_commit_authored_date"]
    opened = pulls.set_index("id")["created_date"]
    carried = read("commits_diffs").dropna(subset=["old_commit_sha"])  # the first of all carries all history
    carried = carried.merge(pulls, left_on="commit_sha", right_on="merge_commit_sha").merge(
        commits[["id", "commit_sha"]],
        left_on="new_commit_sha",
        right_on="commit_sha",
        suffixes=("", "_deployed"),
    )
    change = FRAMES["change"].conform(pd.DataFrame({
        "change_id": carried["id"], "deployment_id": carried["id_deployed"],
        # A rebased commit can be younger than its pull request, which then began the change.
        "first_commit_at": [min(pd.Timestamp(first[pr]), pd.Timestamp(opened[pr], tz="UTC"))
                            for pr in carried["id"]],
    }))  # fmt: skip
    rows = delivery.lead_times(change, deployment, Period.month("2023-04"), {}).set_index("change_id")
    minutes = rows["lead_time"].dt.ceil("min")
    recorded = pd.to_timedelta(expected.set_index("id")["pr_cycle_time"].astype(float), unit="min")
    assert rows["deployment_id"].to_dict() == {"pr1": "5", "pr2": "5", "pr3": "6"}  # pr4 went to staging only
    assert minutes[["pr1", "pr2"]].tolist() == recorded[["pr1", "pr2"]].tolist()
    # It merged after it was deployed: they count to the merge, we to the deployment.
    assert minutes["pr3"] == pd.Timedelta("8799min") and recorded["pr3"] == pd.Timedelta("10203min")


def test_the_rows_behind_are_those_to_the_services_one_production_and_of_lead_time_the_changes():
    shop = deployed(*days(1, 2), {"finished_at": at("03 12:00"), "environment": "staging"})
    rows = delivery.scorecard(shop, changed(), trouble(), OCTOBER, ALWAYS, SHOP)
    to_production = Rows("deployment", {"service": "shop", "environment": "production"})
    assert rows["rows"].tolist() == [to_production, Rows("change", {}, "history"), to_production]
    two = {"shop": Service(owner="team", environments=["eu", "us"])}
    both = deployed({"finished_at": at("01 12:00"), "environment": "eu"},
                    {"finished_at": at("02 12:00"), "environment": "us"})  # fmt: skip
    assert delivery.scorecard(both, changed(), trouble(), OCTOBER, ALWAYS, two)["rows"].iloc[0].where == {
        "service": "shop"}  # fmt: skip
    assert delivery.daily(both, trouble(), OCTOBER, two)["environment"].tolist() == ["eu", "us"]


def test_the_weekly_rate_of_a_month_that_still_runs_is_over_the_days_that_have_passed():
    running = Seen((((ALWAYS, 1.0),),), known=at("15 00:00"))
    row = delivery.frequency(deployed(*days(1, 2, 3, 4, 5, 6)), OCTOBER, running, SHOP).iloc[0]
    assert row["deployments_per_week"] == 3.0  # six in fourteen days


def test_a_month_that_nobody_saw_is_none_to_compare_deployments_with():
    # Of August, which was not read, one deployment is known all the same.
    october = Intervals([(OCTOBER.start, OCTOBER.end)])
    rows = deployed(*days(1, 2), {"finished_at": at("2026-08-15 12:00")})
    row = delivery.scorecard(rows, changed(), trouble(), OCTOBER, october, SHOP).iloc[0]
    assert row["trend"] == [None] * 12 + [2]
