"""Runs, jobs and deployments as CodePipeline tells of them."""

import datetime as dt
import json

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_codepipeline
from tests.aws.conftest import EXAMPLES, OCTOBER, account, at, settings

OLD, NEW = "a" * 40, "b" * 40
EXAMPLE = EXAMPLES / "codepipeline__list-pipeline-executions_27.json"


def run(id: str, status: str, began: str, moved: str, commit: str = OLD, **more) -> dict:
    source = {"actionName": "Checkout", "revisionId": commit}
    return {"pipelineExecutionId": id, "status": status, "startTime": at(began), "lastUpdateTime": at(moved),
            "sourceRevisions": [source], **more}  # fmt: skip


def action(of: str, name: str, kind: str, status: str, began: str, moved: str, **more) -> dict:
    stage, _, name = name.partition("/")
    given = {"actionTypeId": {"category": kind, "owner": "AWS", "provider": "Any", "version": "1"}, **more}
    return {"pipelineExecutionId": of, "actionExecutionId": f"{of}-{name}-{began}", "stageName": stage,
            "actionName": name, "status": status, "startTime": at(began), "lastUpdateTime": at(moved), "input": given}


def undo(failed: str = "", status: str = "Succeeded", began: str = "2026-10-20T10:30") -> dict:
    by = {"triggerType": "AutomatedRollback", "triggerDetail": json.dumps({"FailedPipelineExecutionId": failed})}
    return run("undo", status, began, "2026-10-20T10:40", executionType="ROLLBACK",
               trigger=by if failed else {"triggerType": "ManualRollback", "triggerDetail": "arn:aws:iam::1:user/x"},
               rollbackMetadata={"rollbackTargetPipelineExecutionId": "good"})  # fmt: skip


CHECKOUT = {"resolvedConfiguration": {"BranchName": "main"}}
ACTIONS = {
    "good": [
        action("good", "Source/Checkout", "Source", "Succeeded", "2026-10-10T09:00", "2026-10-10T09:01", **CHECKOUT),
        action("good", "Build/Unit", "Build", "Failed", "2026-10-10T09:01", "2026-10-10T09:10"),
        action("good", "Build/Unit", "Build", "Succeeded", "2026-10-10T09:15", "2026-10-10T09:20"),
        action("good", "Production/Ask", "Approval", "Succeeded", "2026-10-10T09:20", "2026-10-10T09:50"),
        action("good", "Production/Ship", "Deploy", "Succeeded", "2026-10-10T09:50", "2026-10-10T10:00"),
    ],
    "bad": [
        action("bad", "Source/Checkout", "Source", "Succeeded", "2026-10-20T09:00", "2026-10-20T09:01", **CHECKOUT),
        action("bad", "Production/Ship", "Deploy", "Failed", "2026-10-20T10:00", "2026-10-20T10:20"),
    ],
    "undo": [action("undo", "Production/Ship", "Deploy", "Succeeded", "2026-10-20T10:30", "2026-10-20T10:40")],
    "waits": [
        action("waits", "Staging/Ship", "Deploy", "Succeeded", "2026-10-31T22:00", "2026-10-31T22:10"),
        action("waits", "Production/Ask", "Approval", "InProgress", "2026-10-31T22:10", "2026-10-31T22:10"),
    ],
}  # fmt: skip


def world(aws, *runs: dict, actions: dict | None = None, **given):
    """Two pipelines on two pages; one has run well, run badly and been rolled back, the other waits."""
    held = {**ACTIONS, **(actions or {})}
    old = run("old", "Succeeded", "2026-01-05T09:00", "2026-01-05T10:00")
    shop = runs or (undo("bad"), run("bad", "Failed", "2026-10-20T09:00", "2026-10-20T10:20", NEW))
    good = run("good", "Succeeded", "2026-10-10T09:00", "2026-10-10T10:00")
    docs = [run("waits", "InProgress", "2026-10-31T22:00", "2026-10-31T22:10"),
            run("late", "Superseded", "2026-10-31T21:00", "2026-10-31T21:30")]  # fmt: skip
    aws.answer("codepipeline:ListPipelines", {"pipelines": [{"name": "shop"}]}, {"pipelines": [{"name": "docs"}]})

    def executions(asked):
        if asked["pipelineName"] == "docs":
            return {"pipelineExecutionSummaries": docs}
        if "nextToken" in asked:
            return {"pipelineExecutionSummaries": [good, old]}
        return {"pipelineExecutionSummaries": list(shop), "nextToken": "more"}

    def parts(asked):
        told = held.get(asked["filter"]["pipelineExecutionId"], [])
        if "nextToken" in asked:
            return {"actionExecutionDetails": told[1:]}
        return {"actionExecutionDetails": told[:1], **({"nextToken": "more"} if told[1:] else {})}

    aws.script("codepipeline:ListPipelineExecutions", executions)
    aws.script("codepipeline:ListActionExecutions", parts)
    return [settings(aws_codepipeline, frame, **given) for frame in aws_codepipeline.FRAMES]


def deployed(aws, *runs: dict, **given) -> dict[str, str]:
    rows, _ = sources.read(aws_codepipeline, world(aws, *runs, **given)[1], OCTOBER)
    return rows.set_index("deployment_id")["outcome"].to_dict()


def test_a_run_is_an_execution_and_its_jobs_are_its_actions(aws):
    rows, seen = sources.read(aws_codepipeline, world(aws)[0], OCTOBER)
    told = rows.set_index("run_id")
    whole = told[told["job"].isna()]
    assert whole["outcome"].to_dict() == {"good": "success", "bad": "failure", "late": "cancelled"}
    assert whole.loc["good", ["pipeline", "service", "branch", "commit_sha"]].tolist() == ["shop", "shop", "main", OLD]
    assert whole.loc["bad", "finished_at"] == pd.Timestamp("2026-10-20 10:20", tz="UTC")
    jobs = told[told["job"].notna()].sort_values("started_at")
    assert jobs[["job", "outcome"]].values.tolist() == [
        ["Build/Unit", "failure"], ["Build/Unit", "success"], ["Production/Ship", "success"],
        ["Production/Ship", "failure"], ["Staging/Ship", "success"]]  # fmt: skip
    # The unit tests failed and succeeded on one commit, which is how flaky jobs are found.
    assert set(jobs["commit_sha"][:2]) == {OLD} and set(jobs["branch"][:2]) == {"main"}
    assert (seen.observed_start, seen.observed_end) == (OCTOBER.start, OCTOBER.end)


def test_a_deployment_is_a_stage_that_deployed_and_a_rollback_ends_the_one_that_it_undid(aws):
    rows, _ = sources.read(aws_codepipeline, world(aws)[1], OCTOBER)
    told = rows.set_index("deployment_id")
    assert told["outcome"].to_dict() == {
        "good/Production": "success", "bad/Production": "rolled_back", "waits/Staging": "success"}  # fmt: skip
    assert told.loc["good/Production", ["service", "environment", "commit_sha"]].tolist() == ["shop", "Production", OLD]
    # The time in which somebody was asked is none of the deployment.
    assert told.loc["good/Production", "started_at"] == pd.Timestamp("2026-10-10 09:50", tz="UTC")
    assert told.loc["bad/Production", "finished_at"] == pd.Timestamp("2026-10-20 10:20", tz="UTC")
    assert told["needed_intervention"].isna().all()


def test_only_what_moved_about_the_period_is_looked_into(aws):
    sources.read(aws_codepipeline, world(aws)[0], OCTOBER)
    asked = {one["filter"]["pipelineExecutionId"] for one in aws.asked("codepipeline:ListActionExecutions")}
    assert asked == {"undo", "bad", "good", "waits", "late"}
    assert {one["maxResults"] for one in aws.asked("codepipeline:ListPipelineExecutions")} == {100}


def test_a_rollback_by_hand_undid_the_last_deployment_of_its_stage(aws):
    went = run("went", "Succeeded", "2026-10-20T09:00", "2026-10-20T10:20", NEW)
    ship = [action("went", "Production/Ship", "Deploy", "Succeeded", "2026-10-20T10:00", "2026-10-20T10:20")]
    assert deployed(aws, undo(), went, actions={"went": ship}) == {
        "good/Production": "success", "went/Production": "rolled_back", "waits/Staging": "success"}  # fmt: skip


def test_a_rollback_that_failed_left_something_to_mend_and_one_that_runs_has_ended_nothing(aws):
    bad = run("bad", "Failed", "2026-10-20T09:00", "2026-10-20T10:20", NEW)
    rows, _ = sources.read(aws_codepipeline, world(aws, undo("bad", "Failed"), bad)[1], OCTOBER)
    told = rows.set_index("deployment_id").loc["bad/Production"]
    assert told["outcome"] == "failure" and told["needed_intervention"]
    assert deployed(aws, undo("bad", "InProgress"), bad)["bad/Production"] == "failure"


def test_a_rollback_of_what_was_not_read_makes_it_partial(aws):
    _, seen = sources.read(aws_codepipeline, world(aws, undo("gone"))[1], OCTOBER)
    assert (seen.status, seen.why) == ("partial", "1 rollbacks undid what was not read, like undo")


def test_a_stage_that_is_not_over_is_no_deployment_yet_and_one_that_was_cut_is_unknown(aws):
    runs = [run("open", "InProgress", "2026-10-21T09:00", "2026-10-21T10:00"),
            run("cut", "Stopped", "2026-10-22T09:00", "2026-10-22T10:00"),
            run("left", "Stopped", "2026-10-23T09:00", "2026-10-23T10:00")]  # fmt: skip
    ends = {"open": "Succeeded", "cut": "Succeeded", "left": "Abandoned"}
    ship = {id: [action(id, "Production/Ship", "Deploy", end, "2026-10-21T09:00", "2026-10-21T10:00")]
            for id, end in ends.items()}  # fmt: skip
    told = deployed(aws, *runs, actions=ship)
    assert "open/Production" not in told and told["cut/Production"] == told["left/Production"] == "unknown"


def test_stages_that_deploy_by_something_else_are_named(aws):
    cdk = {"late": [action("late", "Release/Cdk", "Build", "Succeeded", "2026-10-31T21:00", "2026-10-31T21:30")]}
    assert deployed(aws, actions=cdk, stages=["Release"]) == {"late/Release": "success"}
    assert deployed(aws, actions=cdk, pipelines=["sho*"]) == {
        "good/Production": "success", "bad/Production": "rolled_back"}  # fmt: skip


def test_branch_and_commit_are_missing_where_a_run_has_several_or_none(aws):
    two = [{"actionName": "A", "revisionId": OLD}, {"actionName": "B", "revisionId": NEW}]
    runs = [run("two", "Succeeded", "2026-10-21T09:00", "2026-10-21T10:00", sourceRevisions=two),
            run("image", "Succeeded", "2026-10-22T09:00", "2026-10-22T10:00", "sha256:" + "c" * 64)]  # fmt: skip
    rows, seen = sources.read(aws_codepipeline, world(aws, *runs)[0], OCTOBER)
    told = rows.set_index("run_id").loc[["two", "image"]]
    assert told[["branch", "commit_sha"]].isna().all(axis=None) and seen.status == "ok"


def test_what_cannot_be_understood_makes_it_partial_and_says_what(aws):
    bare = {"odd": [{"pipelineExecutionId": "odd", "actionExecutionId": "x", "actionName": "Ship", "status": "Failed"}]}
    odd = {"pipelineExecutionId": "odd", "startTime": at("2026-10-21T09:00"), "lastUpdateTime": at("2026-10-21T10:00")}
    rows, seen = sources.read(aws_codepipeline, world(aws, odd, {"pipelineExecutionId": "b"}, actions=bare)[0], OCTOBER)
    told = rows.set_index("run_id").loc["odd"]
    assert told["outcome"] == "unknown" and pd.isna(told["finished_at"]) and seen.status == "partial"
    assert seen.why == ("1 executions of shop do not say when they ran; 1 states are not known, like none; "
                        "1 actions do not say what or when they were, like Ship")  # fmt: skip


def test_an_account_without_pipelines_is_empty_and_each_region_is_asked(aws):
    both = account(regions=["eu-west-1", "us-east-1"])
    aws.answer("codepipeline:ListPipelines", {"pipelines": []})
    rows, seen = sources.read(aws_codepipeline, settings(aws_codepipeline, "deployment", both), OCTOBER)
    assert rows.empty and seen.status == "ok" and len(aws.asked("codepipeline:ListPipelines")) == 2


def test_a_pipeline_of_another_region_is_told_apart(aws):
    world(aws)
    given = settings(aws_codepipeline, "pipeline_run", account(regions=["eu-west-1", "us-east-1"]))
    rows, _ = sources.read(aws_codepipeline, given, OCTOBER)
    assert set(rows["pipeline"]) == {"shop", "docs", "shop (us-east-1)", "docs (us-east-1)"}


@pytest.mark.skipif(not EXAMPLE.exists(), reason="AWS's examples are not on this machine")
def test_the_example_of_awss_documentation_is_read(aws):
    aws.answer("codepipeline:ListPipelines", {"pipelines": [{"name": "MyFirstPipeline"}]})
    told = json.loads(EXAMPLE.read_text())
    for one in told["pipelineExecutionSummaries"]:
        one |= {name: dt.datetime.fromtimestamp(one[name], dt.UTC) for name in ("startTime", "lastUpdateTime")}
    aws.answer("codepipeline:ListPipelineExecutions", told)
    aws.answer("codepipeline:ListActionExecutions", {"actionExecutionDetails": []})
    then = settings(aws_codepipeline, "pipeline_run", run={"now": pd.Timestamp("2017-07-01", tz="UTC")})
    rows, _ = sources.read(aws_codepipeline, then, sources.Period.month("2017-06"))
    # The second began at 1496590401.222 and moved at 1496591045.634; the first began on 2017-06-02.
    assert rows["outcome"].tolist() == ["success"] * 3 and rows["job"].isna().all()
    assert rows["finished_at"][1] - rows["started_at"][1] == pd.Timedelta(seconds=644, milliseconds=412)
