"""Deployments of AWS CodeDeploy, to servers, Lambda functions and ECS services.

Documentation: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html and
API_BatchGetDeployments.html. Permission: codedeploy:ListDeployments and codedeploy:BatchGetDeployments.
AWS forgets the deployments of an application when that is deleted; after what time it forgets others it
does not document, so collect monthly at least: 365 days are taken to be known.

The service is the application's name, the environment the deployment group's, the commit that of a
revision on GitHub; of revisions elsewhere it is missing. Succeeded is a success, Failed and Stopped are a
failure: where a part of the instances already ran the new revision, only the deployment's incident says
that somebody had to mend it. What has not ended is left for the next reading.

CodeDeploy rolls back by deploying an older revision again, as a deployment of its own. That ships
nothing, so it is no row: it ends the deployment that it undid, which is then rolled_back; where the rollback
failed, that one is a failure that needed intervention; where nobody tells how it ended, it is unknown. A
rollback by hand cannot be told from a deployment, and is one. No deployments either are those that Auto
Scaling or an automatic update made to bring other machines up to what is deployed already, restarts, and
what CloudFormation deploys when it rolls a stack back.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("deployment",)
OPERATIONS = ("codedeploy:ListDeployments", "codedeploy:BatchGetDeployments")
KEEPS = {"deployment": pd.Timedelta(days=365)}

#: A deployment that ends in a month may have waited for days before it went on.
_BEFORE = pd.Timedelta(days=14)
_AT_ONCE = 25  # ids that a BatchGetDeployments may ask for
_ENDS = {"Succeeded": "success", "Failed": "failure", "Stopped": "failure"}
_RUNNING = ("Created", "Queued", "InProgress", "Baking", "Ready")
_ROLLBACK = "codeDeployRollback"
_NO_CHANGE = (_ROLLBACK, "autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate", "CloudFormationRollback")


class Settings(_aws.AwsSettings):
    """Which applications are read."""

    applications: list[str] = Field(default=["*"], description='their names, also like "shop-*"')


def fetch(period: Period, settings: Settings) -> Pages:
    """Every deployment of each region that was made since two weeks before the period."""
    aws = _aws.opened(settings, OPERATIONS)
    since = {"start": (period.start - _BEFORE).to_pydatetime()}
    for region in aws.regions:
        pages = aws.ask("codedeploy:ListDeployments", region, createTimeRange=since)
        ids = sorted({id for page in pages for id in page.get("deployments", [])})
        for some in _aws.batches(ids, _AT_ONCE):
            aws.ask("codedeploy:BatchGetDeployments", region, deploymentIds=some)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a deployment that has ended and shipped something."""
    told = _told(pages)
    rows = [_row(one, told) for one in told.values() if _ships(pages, one) and one.get("status") not in _RUNNING]
    return {"deployment": _aws.rows_of("deployment", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Deployments that AWS lists and does not describe, and states that this source does not know."""
    listed = {id for answer in pages.items for id in answer.body.get("deployments", [])}
    told = _told(pages)
    lost = sorted(listed - set(told))
    strange = [str(one.get("status")) for one in told.values() if one.get("status") not in (*_ENDS, *_RUNNING)]
    why = [f"{len(lost)} deployments are not described, like {lost[0]}"] if lost else []
    why += [f"{len(strange)} states are not known, like {strange[0]}"] if strange else []
    return {"deployment": ("partial", "; ".join(why))} if why else {}


def _told(pages: Pages) -> dict[str, dict[str, Any]]:
    every = _aws.each(pages.items, "codedeploy:BatchGetDeployments", "deploymentsInfo")
    return {one["deploymentId"]: one for _, one in every if one.get("deploymentId") and one.get("createTime")}


def _ships(pages: Pages, one: dict[str, Any]) -> bool:
    is_new = one.get("creator") not in _NO_CHANGE and one.get("deploymentMode") != "RESTART"
    name = one.get("applicationName", "")
    return is_new and any(fnmatchcase(name, pattern) for pattern in pages.settings.applications)


def _row(one: dict[str, Any], told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    outcome, needed = _outcome(one, told)
    started, finished = _times(one)
    return {
        "deployment_id": one["deploymentId"], "service": one.get("applicationName"),
        "environment": one.get("deploymentGroupName"),
        "commit_sha": one.get("revision", {}).get("gitHubLocation", {}).get("commitId"),
        "started_at": started, "finished_at": finished, "outcome": outcome, "needed_intervention": needed,
    }  # fmt: skip


def _times(one: dict[str, Any]) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """When it started and ended; by AWS's different clocks it may end before it starts."""
    made, started, ended = (_aws.instant(one.get(f"{name}Time")) for name in ("create", "start", "complete"))
    if ended is None or one.get("status") not in _ENDS:
        return started or made, None
    return (started if started and started <= ended else min(made, ended)), ended


def _outcome(one: dict[str, Any], told: dict[str, dict[str, Any]]) -> tuple[str, bool | None]:
    """How it ended, and whether it needed intervention where that is known."""
    outcome = _ENDS.get(one.get("status", ""), "unknown")
    undoing = one.get("rollbackInfo", {}).get("rollbackDeploymentId")
    if not undoing or outcome == "unknown":
        return outcome, None
    end = told.get(undoing, {}).get("status", "")
    if end in _RUNNING:
        return outcome, None
    needed = True if _ENDS.get(end) == "failure" else None
    return {"success": "rolled_back", "failure": "failure"}.get(_ENDS.get(end, ""), "unknown"), needed
