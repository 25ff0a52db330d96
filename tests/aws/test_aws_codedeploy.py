"""Deployments as CodeDeploy tells of them."""

import datetime as dt
import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.metrics.deployments import production
from opsreport.params.models import Service
from opsreport.schemas import FRAMES
from opsreport.sources import aws_codedeploy
from tests.aws.conftest import EXAMPLES, OCTOBER, account, at, settings

EXAMPLE = EXAMPLES / "deploy__batch-get-deployments_31.json"


def deployment(id: str, status: str, made: str, ended: str = "", **more) -> dict:
    times = {"createTime": at(made), **({"completeTime": at(ended)} if ended else {})}
    return {"deploymentId": id, "status": status, "applicationName": "shop", "deploymentGroupName": "production",
            "creator": "user", **times, **more}  # fmt: skip


GOOD = deployment("d-1", "Succeeded", "2026-10-10T09:00", "2026-10-10T09:30", startTime=at("2026-10-10T09:01"),
                  revision={"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "a" * 40}})
BAD = deployment("d-2", "Failed", "2026-10-20T09:00", "2026-10-20T09:30", rollbackInfo={"rollbackDeploymentId": "d-3"})
UNDO = deployment("d-3", "Succeeded", "2026-10-20T09:30", "2026-10-20T09:40", creator="codeDeployRollback",
                  rollbackInfo={"rollbackTriggeringDeploymentId": "d-2"})  # fmt: skip


def world(aws, *more: dict):
    """One that went well, one that was rolled back by a third, and one that still runs, on two pages."""
    every = [GOOD, BAD, UNDO, deployment("d-4", "InProgress", "2026-10-31T23:00"), *more]
    held = {one["deploymentId"]: one for one in every}
    ids = list(held)
    aws.answer("codedeploy:ListDeployments", {"deployments": ids[:2]}, {"deployments": ids[2:]})
    aws.script("codedeploy:BatchGetDeployments", lambda asked: {
        "deploymentsInfo": [held[id] for id in asked["deploymentIds"]]})  # fmt: skip
    return [settings(aws_codedeploy, "deployment")]


def read(aws, *more: dict) -> pd.DataFrame:
    return sources.read(aws_codedeploy, world(aws, *more)[0], OCTOBER)[0].set_index("deployment_id")


def test_each_deployment_is_told_once_and_its_rollback_is_how_it_ended(aws):
    rows, seen = sources.read(aws_codedeploy, world(aws)[0], OCTOBER)
    told = rows.set_index("deployment_id")
    assert told["outcome"].to_dict() == {"d-1": "success", "d-2": "rolled_back"}
    assert told.loc["d-1", ["service", "environment", "commit_sha"]].tolist() == ["shop", "production", "a" * 40]
    assert told.loc["d-1", "finished_at"] - told.loc["d-1", "started_at"] == pd.Timedelta(minutes=29)
    assert told["needed_intervention"].isna().all() and pd.isna(told.loc["d-2", "commit_sha"])
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)


def test_what_the_metrics_make_of_it_is_that_two_reached_production_and_one_needed_intervention(aws):
    rows, _ = sources.read(aws_codedeploy, world(aws)[0], OCTOBER)
    told = production(rows, {"shop": Service(owner="us")}, FRAMES["incident"].empty())
    assert told[["result", "reached"]].values.tolist() == [["succeeded", True], ["needed intervention", True]]


def test_what_ships_nothing_is_no_deployment(aws):
    quiet = [deployment(f"d-{who}", "Succeeded", "2026-10-11T09:00", "2026-10-11T09:30", creator=who)
             for who in ("autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate", "CloudFormationRollback")]
    restart = deployment("d-again", "Succeeded", "2026-10-11T09:00", "2026-10-11T09:30", deploymentMode="RESTART")
    stack = deployment("d-stack", "Succeeded", "2026-10-11T09:00", "2026-10-11T09:30", creator="CloudFormation")
    assert set(read(aws, *quiet, restart, stack).index) == {"d-1", "d-2", "d-stack"}


@pytest.mark.parametrize(("end", "outcome", "needed"), [
    ("Failed", "failure", True), ("Stopped", "failure", True), ("InProgress", "failure", None),
    ("Odd", "unknown", None), ("", "unknown", None),
])  # fmt: skip
def test_how_a_rollback_ended_is_how_the_deployment_did(aws, end, outcome, needed):
    stopped = deployment("d-5", "Stopped", "2026-10-21T09:00", "2026-10-21T09:30",
                         rollbackInfo={"rollbackDeploymentId": "d-6"})  # fmt: skip
    undo = deployment("d-6", end, "2026-10-21T09:30", creator="codeDeployRollback")
    told = read(aws, stopped, *([undo] if end else [])).loc["d-5"]
    assert told["outcome"] == outcome
    assert pd.isna(told["needed_intervention"]) if needed is None else told["needed_intervention"]


def test_clocks_that_disagree_make_no_deployment_that_ends_before_it_starts(aws):
    early = deployment("d-5", "Succeeded", "2026-10-21T09:00", "2026-10-21T09:30", startTime=at("2026-10-21T09:31"))
    before = deployment("d-6", "Succeeded", "2026-10-21T09:00", "2026-10-21T08:59")
    told = read(aws, early, before)
    assert told.loc["d-5", "started_at"] == pd.Timestamp("2026-10-21 09:00", tz="UTC")
    assert told.loc["d-6", "started_at"] == told.loc["d-6", "finished_at"] == pd.Timestamp("2026-10-21 08:59", tz="UTC")


def test_no_more_than_25_are_asked_for_at_once_and_all_since_two_weeks_before(aws):
    more = [deployment(f"d-x{number:02}", "Succeeded", "2026-10-11T09:00", "2026-10-11T09:30") for number in range(30)]
    assert len(read(aws, *more)) == 32
    assert [len(one["deploymentIds"]) for one in aws.asked("codedeploy:BatchGetDeployments")] == [25, 9]
    since = aws.asked("codedeploy:ListDeployments")[0]["createTimeRange"]["start"]
    assert pd.Timestamp(since, unit="s", tz="UTC") == pd.Timestamp("2026-09-17", tz="UTC")


def test_what_is_not_described_or_not_known_makes_it_partial(aws):
    given = world(aws, deployment("d-5", "Paused", "2026-10-21T09:00"))[0]
    aws.answer("codedeploy:ListDeployments", {"deployments": ["d-1", "d-5", "d-lost"]})
    aws.answer("codedeploy:BatchGetDeployments", {"deploymentsInfo": [
        GOOD, deployment("d-5", "Paused", "2026-10-21T09:00")]})  # fmt: skip
    rows, seen = sources.read(aws_codedeploy, given, OCTOBER)
    told = rows.set_index("deployment_id")
    assert told["outcome"].to_dict() == {"d-1": "success", "d-5": "unknown"} and pd.isna(told.loc["d-5", "finished_at"])
    assert (seen.status, seen.why) == (
        "partial", "1 deployments are not described, like d-lost; 1 states are not known, like Paused")


def test_other_applications_can_be_left_to_other_sources(aws):
    world(aws, deployment("d-5", "Succeeded", "2026-10-21T09:00", "2026-10-21T09:30", applicationName="docs"))
    rows, _ = sources.read(aws_codedeploy, settings(aws_codedeploy, "deployment", applications=["do*"]), OCTOBER)
    assert rows["deployment_id"].tolist() == ["d-5"]


def test_each_region_is_asked_and_an_account_without_any_is_empty(aws):
    aws.answer("codedeploy:ListDeployments", {"deployments": []}, region="eu-west-1")
    aws.answer("codedeploy:ListDeployments", {"deployments": ["d-1"]}, region="us-east-1")
    aws.answer("codedeploy:BatchGetDeployments", {"deploymentsInfo": [GOOD]}, region="us-east-1")
    both = settings(aws_codedeploy, "deployment", account(regions=["eu-west-1", "us-east-1"]))
    assert sources.read(aws_codedeploy, both, OCTOBER)[0]["deployment_id"].tolist() == ["d-1"]
    rows, seen = sources.read(aws_codedeploy, settings(aws_codedeploy, "deployment"), OCTOBER)
    assert rows.empty and seen.status == "ok"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="AWS's examples are not on this machine")
def test_the_example_of_awss_documentation_is_read(aws):
    told = json.loads(EXAMPLE.read_text())
    for one in told["deploymentsInfo"]:
        one |= {name: dt.datetime.fromtimestamp(one[name], dt.UTC) for name in ("createTime", "completeTime")}
    aws.answer("codedeploy:ListDeployments", {"deployments": ["d-A1B2C3111", "d-A1B2C3222"]})
    aws.answer("codedeploy:BatchGetDeployments", told)
    rows, _ = sources.read(aws_codedeploy, settings(aws_codedeploy, "deployment"), OCTOBER)
    assert rows[["deployment_id", "service", "environment", "outcome"]].values.tolist() == [
        ["d-A1B2C3111", "WordPress_App", "WordPress_DG", "failure"],
        ["d-A1B2C3222", "MyOther_App", "MyOther_DG", "failure"]]  # fmt: skip
    # From 1409764576.589 to 1409764596.101.
    assert rows["finished_at"][1] - rows["started_at"][1] == pd.Timedelta(seconds=19, milliseconds=512)
