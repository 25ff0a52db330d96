"""Runs of AWS CodePipeline's pipelines, their jobs, and the deployments that their stages made.

Documentation: https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ListPipelineExecutions.html,
ListPipelines and ListActionExecutions. Permission: the three, read only. AWS forgets a run 12 months after
it began, and all runs of a pipeline when it is deleted.

A run (``pipeline_run``) is an execution. Succeeded is a success, Failed a failure, also where somebody
refused an approval; Stopped, Superseded and Cancelled are cancelled. Its jobs are its actions, a row an
attempt, but for sources and approvals; one that was abandoned is cancelled. The branch is the one that
the source action tells, the commit the only revision that looks like one of git's; of several they are
missing. What still runs is left for the next reading.

A deployment is a stage of a run in which an action of the category Deploy ran, by the last attempt of each
of its actions; its environment is the stage's name, its service the pipeline's. Where something else
deploys, like a build that runs cdk or terraform, name the stages in ``stages``. A stage with an abandoned
action, or stopped between two, is unknown: AWS does not say how far it came.

An execution of the type ROLLBACK is neither a run nor a deployment: it ends the deployment that it undid,
which is then rolled_back. AWS names it for an automatic rollback; one by hand undid the last one of its
stage. Where the rollback failed, the deployment is a failure that needed intervention. Else nobody knows
whether one did. What CodePipeline has deployed by CodeDeploy or ECS those tell as well: read each service
from one of them only. Of the changes that a run carried AWS names the newest commit alone, so there is no
frame ``change``: read it from the repository.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("pipeline_run", "deployment")
OPERATIONS = (
    "codepipeline:ListPipelines", "codepipeline:ListPipelineExecutions", "codepipeline:ListActionExecutions",
)  # fmt: skip
KEEPS = {"pipeline_run": pd.Timedelta(days=365), "deployment": pd.Timedelta(days=365)}

#: A rollback in a month may undo what was deployed before it, and one after it what was deployed in it.
_AROUND = pd.Timedelta(days=7)
_ENDS = {"Succeeded": "success", "Failed": "failure", "Stopped": "cancelled", "Superseded": "cancelled",
         "Cancelled": "cancelled", "Abandoned": "cancelled"}  # fmt: skip
_RUNNING = ("InProgress", "Stopping")
_NO_JOB = ("Source", "Approval")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Settings(_aws.AwsSettings):
    """Which pipelines are read, and which of their stages deploy."""

    pipelines: list[str] = Field(default=["*"], description='their names, also like "shop-*"')
    stages: list[str] = Field(default=[], description="those that deploy; by default those with a Deploy action")


def fetch(period: Period, settings: Settings) -> Pages:
    """Every pipeline's executions, and the actions of those of the period and of a week before and after it."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        pipelines = aws.ask("codepipeline:ListPipelines", region)
        for name in [one["name"] for page in pipelines for one in page.get("pipelines", [])]:
            if not any(fnmatchcase(name, pattern) for pattern in settings.pipelines):
                continue
            runs = aws.ask("codepipeline:ListPipelineExecutions", region, pipelineName=name, maxResults=100)
            listed = [one for page in runs for one in page.get("pipelineExecutionSummaries", [])]
            timed = [one for one in listed if one.get("startTime") and one.get("lastUpdateTime")]
            if len(timed) < len(listed):
                aws.note(f"{len(listed) - len(timed)} executions of {name} do not say when they ran")
            for run in [one for one in timed if _is_of(one, period)]:
                by = {"pipelineExecutionId": run["pipelineExecutionId"]}
                aws.ask("codepipeline:ListActionExecutions", region, pipelineName=name, filter=by, maxResults=100)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a run, a row an attempt of one of its jobs, and a row a stage that deployed."""
    runs = _runs(pages)
    made = {row["deployment_id"]: row for run in runs if not _is_rollback(run) for row in _deployments(pages, run)}
    for run, undone in _undoings(runs, made):
        if undone in made and run["status"] in ("Succeeded", "Failed"):
            made[undone] |= _undone(made[undone], run)
    told = [row for run in runs if not _is_rollback(run) for row in _told(pages, run)]
    return {"pipeline_run": _aws.rows_of("pipeline_run", told),
            "deployment": _aws.rows_of("deployment", [_without(row) for row in made.values()])}  # fmt: skip


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States and actions that this source does not know, and rollbacks of what it did not read."""
    runs = _runs(pages)
    every = [item for run in runs for item in (run, *run["actions"])]
    strange = [one["status"] for one in every if one["status"] not in (*_ENDS, *_RUNNING)]
    bare = [one for _, one in _aws.each(pages.items, "codepipeline:ListActionExecutions", "actionExecutionDetails")
            if not _says_enough(one)]  # fmt: skip
    made = {row["deployment_id"]: row for run in runs if not _is_rollback(run) for row in _deployments(pages, run)}
    lost = [run["pipelineExecutionId"] for run, undone in _undoings(runs, made) if undone not in made]
    both = [f"{len(strange)} states are not known, like {strange[0]}"] if strange else []
    both += [f"{len(bare)} actions do not say what or when they were, like {bare[0].get('actionName')}"] if bare else []
    more = [f"{len(lost)} rollbacks undid what was not read, like {lost[0]}"] if lost else []
    why = {"pipeline_run": "; ".join(both), "deployment": "; ".join(both + more)}
    return {frame: ("partial", text) for frame, text in why.items() if text}


def _is_of(run: dict[str, Any], period: Period) -> bool:
    since, until = period.start - _AROUND, period.end + _AROUND
    return _aws.instant(run["lastUpdateTime"]) >= since and _aws.instant(run["startTime"]) < until


def _says_enough(action: dict[str, Any]) -> bool:
    needed = ("pipelineExecutionId", "actionExecutionId", "stageName", "actionName", "startTime")
    return bool(_category(action)) and all(action.get(name) for name in needed)


def _is_rollback(run: dict[str, Any]) -> bool:
    return run.get("executionType") == "ROLLBACK"


def _runs(pages: Pages) -> list[dict[str, Any]]:
    """Executions whose actions were read to the last, each with these, its region and its pipeline, by time."""
    actions: dict[str, list[dict[str, Any]]] = {}
    whole = {answer.asked["filter"]["pipelineExecutionId"] for answer in pages.items
             if answer.operation == "codepipeline:ListActionExecutions" and answer.is_whole}  # fmt: skip
    for _, one in _aws.each(pages.items, "codepipeline:ListActionExecutions", "actionExecutionDetails"):
        if _says_enough(one):
            actions.setdefault(one["pipelineExecutionId"], []).append({"status": "none", **one})
    listed = _aws.each(pages.items, "codepipeline:ListPipelineExecutions", "pipelineExecutionSummaries")
    found = [{"status": "none", **run, "region": answer.region, "pipeline": answer.asked["pipelineName"],
              "actions": actions.get(run["pipelineExecutionId"], [])}
             for answer, run in listed if run["pipelineExecutionId"] in whole]  # fmt: skip
    return sorted(found, key=lambda run: (run["startTime"], run["pipelineExecutionId"]))


def _told(pages: Pages, run: dict[str, Any]) -> list[dict[str, Any]]:
    """A run and its jobs, those that have ended."""
    common = {"pipeline": _aws.within(pages, run["region"], run["pipeline"]), "service": run["pipeline"],
              "branch": _branch(run), "commit_sha": _commit(run)}  # fmt: skip
    parts = [one for one in run["actions"] if _category(one) not in _NO_JOB]
    each = [({"run_id": run["pipelineExecutionId"], "job": None}, run),
            *[({"run_id": one["actionExecutionId"], "job": f"{one['stageName']}/{one['actionName']}"}, one)
              for one in parts]]  # fmt: skip
    return [{**common, **named, "started_at": _aws.instant(one["startTime"]), "finished_at": _finish(one),
             "outcome": _ENDS.get(one["status"], "unknown")}
            for named, one in each if one["status"] not in _RUNNING]  # fmt: skip


def _finish(one: dict[str, Any]) -> pd.Timestamp | None:
    return _aws.instant(one.get("lastUpdateTime")) if one["status"] in _ENDS else None


def _category(action: dict[str, Any]) -> str | None:
    return action.get("input", {}).get("actionTypeId", {}).get("category")


def _commit(run: dict[str, Any]) -> str | None:
    ids = {one.get("revisionId", "") for one in run.get("sourceRevisions", [])}
    commits = [id for id in ids if _COMMIT.fullmatch(id)]
    return commits[0] if len(commits) == 1 else None


def _branch(run: dict[str, Any]) -> str | None:
    names = set()
    for one in run["actions"]:
        if _category(one) == "Source":
            given = one["input"].get("resolvedConfiguration") or one["input"].get("configuration") or {}
            told = {**given, **one.get("output", {}).get("outputVariables", {})}
            names.add(told.get("BranchName") or told.get("Branch"))
    return names.pop() if len(names) == 1 else None


def _deployments(pages: Pages, run: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages of a run that deployed, and are over."""
    stages: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(run["actions"], key=lambda one: one["startTime"]):
        stages.setdefault(one["stageName"], []).append(one)
    last, rows = next(reversed(stages), ""), []
    for name, actions in stages.items():
        latest = {one["actionName"]: one for one in actions}
        is_open = name == last and run["status"] not in _ENDS
        if not _deploys(pages, name, actions) or is_open or any(one["status"] in _RUNNING for one in latest.values()):
            continue
        parts = [one for one in latest.values() if _category(one) not in _NO_JOB]
        is_cut = name == last and run["status"] in ("Stopped", "Cancelled")
        rows.append({
            "deployment_id": f"{run['pipelineExecutionId']}/{name}", "service": run["pipeline"], "environment": name,
            "commit_sha": _commit(run), "started_at": min(_aws.instant(one["startTime"]) for one in parts),
            "finished_at": max((_finish(one) for one in parts if _finish(one)), default=None),
            "outcome": _outcome({one["status"] for one in parts}, is_cut), "needed_intervention": None,
            "place": (run["region"], run["pipeline"], name),
        })  # fmt: skip
    return rows


def _deploys(pages: Pages, stage: str, actions: list[dict[str, Any]]) -> bool:
    named, kinds = pages.settings.stages, {_category(one) for one in actions}
    return stage in named and kinds - {"Source", "Approval"} != set() if named else "Deploy" in kinds


def _outcome(states: set[str], is_cut: bool) -> str:
    if "Failed" in states:
        return "failure"
    return "success" if states == {"Succeeded"} and not is_cut else "unknown"


def _undoings(runs: list[dict[str, Any]], made: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    """Each rollback that deployed something, with the id of the deployment that it undid; "" where none is known."""
    found: list[tuple[dict[str, Any], str]] = []
    for run in filter(_is_rollback, runs):
        target = run.get("rollbackMetadata", {}).get("rollbackTargetPipelineExecutionId", "")
        failed = _failed(run.get("trigger", {}))
        for stage in {one["stageName"]: None for one in run["actions"] if _category(one) not in _NO_JOB}:
            before = [row for id, row in made.items() if row["place"] == (run["region"], run["pipeline"], stage)
                      and row["started_at"] < _aws.instant(run["startTime"]) and id != f"{target}/{stage}"
                      and id not in {undone for _, undone in found}]  # fmt: skip
            last = max(before, key=lambda row: row["started_at"], default={"deployment_id": ""})["deployment_id"]
            found.append((run, f"{failed}/{stage}" if failed else last))
    return found


def _failed(trigger: dict[str, Any]) -> str:
    """The execution that an automatic rollback names in its trigger, which is JSON in a text."""
    try:
        told = json.loads(trigger.get("triggerDetail", ""))
    except ValueError:
        return ""
    return told.get("FailedPipelineExecutionId", "") if isinstance(told, dict) else ""


def _undone(row: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "rolled_back"} if run["status"] == "Succeeded" else {
        "outcome": "failure", "needed_intervention": True}  # fmt: skip


def _without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "place"}
