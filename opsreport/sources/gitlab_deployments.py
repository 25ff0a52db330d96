"""Deployments that GitLab records, each with how it ended, and the merge requests that it carried.

Documentation: https://docs.gitlab.com/api/deployments/ and
https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-commits. Permission: the scope read_api and the
role Reporter in each project. GitLab forgets a deployment only when somebody deletes it or its environment, and its
job when the pipeline is deleted, by hand or by the project's automatic cleanup.

success is a success, failed a failure. canceled is unknown where its job had started, as nobody knows how far it
came, or where no job is recorded. What never ran is no deployment: canceled before it started, skipped, refused by
an approver, or dropped because a newer one was there. What is created, blocked or running is left for the next
reading. started_at and finished_at are the job's; without a job they are when the deployment was made and last
changed. service is the project.

A rollback is a deployment like any other to GitLab, of a commit that was there before; so is a second run of an old
job, or a branch that is deployed in turn with another. So none is said to be rolled back, and whether one needed
intervention or is rework is unknown: a correction or an incident that names the deployment tells it.

A change is a merge request that GitLab links to a deployment that succeeded, in the environments ``changes_in``; it
takes a question a deployment and one a merge request. first_commit_at is the earliest authored_date of its commits,
not when it was opened, which may be before there is a commit. What was pushed without a merge request is not known.
GitLab links none to environments with a slash in their name, and all that were ever merged to the first deployment
of an environment, whose changes are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _gitlab, _http

FRAMES = ("deployment", "change")
_NEED = "scope read_api, role Reporter"
_DEPLOYMENTS, _CARRIED, _COMMITS = OPERATIONS = {
    "GET /projects/{project}/deployments": _NEED,
    "GET /projects/{project}/deployments/{deployment}/merge_requests": _NEED,
    "GET /projects/{project}/merge_requests/{merge_request}/commits": _NEED,
}
KEEPS = {"deployment": _http.FOR_EVER, "change": _http.FOR_EVER}
#: The question that tells a frame's rows.
MAIN = {"deployment": "/deployments"}

#: GitLab notes a deployment's end when its job's has passed already.
_AFTER = pd.Timedelta(days=1)
_ENDS = {"success": "success", "failed": "failure", "canceled": "unknown"}
_OPEN = {"created", "running", "blocked", "skipped"}
#: Why jobs fail that were never meant to run any more.
_CALLED_OFF = {"failed_outdated_deployment_job", "forward_deployment_failure", "deployment_rejected"}


class Settings(_gitlab.ProjectSettings):
    """Which projects are read, and where their changes are told."""

    changes_in: list[str] = Field(
        default=["prod*", "live*"],
        description='environments whose deployments\' merge requests are read, in small letters, like "prod*"',
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """Each project's deployments that ended in the period, and what those to production carried."""
    gitlab = _gitlab.opened(settings, OPERATIONS)
    for project in settings.projects:
        # GitLab takes finished_after of successes alone, and asks for the order that goes with each filter.
        since, until = _gitlab.since(period), _gitlab.when(period.end + _AFTER)
        asked = {"status": "success", "order_by": "finished_at", "finished_after": since, "finished_before": until}
        good = _ask(gitlab, project, asked)
        for status in ("failed", "canceled"):
            _ask(gitlab, project, {"status": status, "order_by": "updated_at", "updated_after": since})
        carrying = [one for one in good if _tells_changes(one, settings) and _is_of(_row(project, one), period)]
        firsts = {name: _first(gitlab, project, name) for name in sorted({_place(one) for one in carrying})}
        shipped = [mr for one in carrying if firsts[_place(one)] not in (None, one["id"])
                   for mr in _gitlab.listed(gitlab, _CARRIED, project, within={"deployment": one["id"]})]  # fmt: skip
        for iid in sorted({mr["iid"] for mr in shipped}):
            _gitlab.listed(gitlab, _COMMITS, project, within={"merge_request": iid})
    return gitlab.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a deployment that is over, and a row a merge request that one carried."""
    each = [_row(project, one) for project, one in _told(pages) if _came_to_pass(one)]
    made = {row["deployment_id"]: row for row in each}
    begun = _first_commits(pages)
    carried = [{"change_id": name, "deployment_id": f"{name.partition('!')[0]}/deployments/{deployment}",
                "first_commit_at": begun[name], "merged_at": _http.instant(mr["merged_at"])}
               for (name, deployment), mr in _shipped(pages).items() if name in begun]  # fmt: skip
    return {"deployment": _http.rows_of("deployment", list(made.values())),
            "change": _http.rows_of("change", carried)}  # fmt: skip


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States that are not known, and merge requests whose first commit is not."""
    strange = {one["status"] for _, one in _told(pages)} - {*_ENDS, *_OPEN}
    begun = _first_commits(pages)
    lost = sorted({name for name, _ in _shipped(pages)} - set(begun))
    found = {}
    if strange:
        found["deployment"] = ("partial", f"states that are not known: {', '.join(sorted(strange))}")
    if lost:
        found["change"] = ("partial", f"of {len(lost)} merge requests the first commit is not known, such as {lost[0]}")
    return found


def _ask(gitlab: _http.Questions, project: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    found = _gitlab.listed(gitlab, _DEPLOYMENTS, project, {"sort": "asc", **asked})
    if any(one["status"] != asked["status"] for one in found):
        gitlab.note(f"{project}: asked for deployments that are {asked['status']}, GitLab told of others")
    return found


def _first(gitlab: _http.Questions, project: str, environment: str) -> int | None:
    """The first success that GitLab remembers in an environment; None where that could not be read."""
    told = gitlab.ask(
        _DEPLOYMENTS, within={"project": project},
        params={"environment": environment, "status": "success", "order_by": "id", "sort": "asc", "per_page": 1},
    )  # fmt: skip
    return next((one["id"] for page in told for one in page), None)


def _place(one: dict[str, Any]) -> str:
    return one["environment"]["name"]


def _tells_changes(one: dict[str, Any], settings: Settings) -> bool:
    return any(fnmatchcase(_place(one).lower(), pattern.lower()) for pattern in settings.changes_in)


def _is_of(row: dict[str, Any], period: Period) -> bool:
    at = row["finished_at"] if row["finished_at"] is not None else row["started_at"]
    return period.start <= at < period.end


def _told(pages: Pages) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in pages.items:
        if answer.operation == _DEPLOYMENTS and "environment" not in answer.asked["params"]:
            for one in answer.body:
                yield _gitlab.of(answer), one


def _came_to_pass(one: dict[str, Any]) -> bool:
    """Whether it is over, and began at all."""
    job = one["deployable"]
    if one["status"] in _OPEN:
        return False
    if job and not job.get("started_at"):
        return one["status"] != "canceled" and job.get("failure_reason") not in _CALLED_OFF
    return True


def _row(project: str, one: dict[str, Any]) -> dict[str, Any]:
    job = one["deployable"] or {}
    end = _http.instant(job.get("finished_at") or one.get("updated_at"))
    start = _http.instant(job.get("started_at") or one["created_at"])
    return {
        "deployment_id": f"{project}/deployments/{one['id']}", "service": project, "environment": _place(one),
        "commit_sha": one["sha"], "started_at": start if end is None else min(start, end), "finished_at": end,
        "outcome": _ENDS.get(one["status"], "unknown"),
    }  # fmt: skip


def _shipped(pages: Pages) -> dict[tuple[str, int], dict[str, Any]]:
    """By its name and deployment, each merge request that GitLab says a deployment carried."""
    return {(f"{_gitlab.of(answer)}!{mr['iid']}", answer.asked["deployment"]): mr
            for answer in pages.items if answer.operation == _CARRIED for mr in answer.body}  # fmt: skip


def _first_commits(pages: Pages) -> dict[str, pd.Timestamp]:
    """By its name, when each merge request's first commit was written, where all of its own commits were told."""
    commits: dict[str, dict[str, str | None]] = {}
    for answer in pages.items:
        if answer.operation == _COMMITS and answer.is_whole:
            told = commits.setdefault(f"{_gitlab.of(answer)}!{answer.asked['merge_request']}", {})
            told |= {one["id"]: one["authored_date"] for one in answer.body}
    heads = {name: mr.get("sha") for (name, _), mr in _shipped(pages).items()}
    return {name: min(_http.instant(at) for at in told.values() if at) for name, told in commits.items()
            if any(told.values()) and (not heads.get(name) or heads[name] in told)}  # fmt: skip
