"""Pipelines of GitLab, and on demand their jobs.

Documentation: https://docs.gitlab.com/api/pipelines/ and https://docs.gitlab.com/api/jobs/. Permission: the scope
read_api and the role Reporter in each project. GitLab forgets pipelines that somebody deletes and those that the
project's automatic cleanup does, which may be after a day; of one that is started again it forgets how it had ended.

A run is a pipeline; its list tells no time, so each takes a question. success is a success, failed a failure, also
where its file was wrong and nothing ran; canceled was called off. What was skipped did not run and is left out;
what still goes on is left for the next reading. One that is ``manual`` has passed all that runs by itself and waits
for a person, maybe for ever: it is unknown, or with ``waiting: success`` a success, as of when GitLab last changed
it. The pipelines that another one starts in its own project are parts of it, and are not read.

started_at is when it first ran, else when it was made; finished_at when it last ended. A failed pipeline whose jobs
are run again, or one whose manual job is played weeks later, ends anew: its outcome and its month are those of its
last end, and the time between lies in its duration.

pipeline and service are the project. branch is the ref: of a merge request it is refs/merge-requests/NUMBER/head,
whatever its branch is called, and of a tag it is missing. Those of ``main_branches`` are written main. ``jobs``
tells which jobs are flaky, each attempt by itself: one that never ran is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _gitlab, _http

FRAMES = ("pipeline_run",)
_NEED = "scope read_api, role Reporter"
_LIST, _ONE, _JOBS = OPERATIONS = {
    "GET /projects/{project}/pipelines": _NEED,
    "GET /projects/{project}/pipelines/{pipeline}": _NEED,
    "GET /projects/{project}/pipelines/{pipeline}/jobs": _NEED,
}
KEEPS = {"pipeline_run": _http.FOR_EVER}

_ENDS = {"success": "success", "failed": "failure", "canceled": "cancelled"}
_OPEN = {"created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending", "running", "canceling",
         "scheduled"}  # fmt: skip
_NONE, _WAITS = "skipped", "manual"


class Settings(_gitlab.ProjectSettings):
    """Which projects are read, and how closely."""

    jobs: bool = Field(default=False, description="whether each pipeline's jobs are read too: a question a pipeline")
    waiting: Literal["unknown", "success"] = Field(
        default="unknown", description="what a pipeline is that waits for a person and has passed all before"
    )
    main_branches: list[str] = Field(
        default=[], description="main branches that are called neither main, master nor trunk"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """Each pipeline that was changed since the period began and made before its end, and on demand its jobs."""
    gitlab = _gitlab.opened(settings, OPERATIONS)
    # By their ids: when one is changed meanwhile, none that stands behind it moves forward and is lost.
    asked = {"updated_after": _gitlab.since(period), "created_before": _gitlab.when(period.end),
             "order_by": "id", "sort": "asc"}  # fmt: skip
    for project in settings.projects:
        for one in _gitlab.listed(gitlab, _LIST, project, asked):
            if one["status"] in {*_OPEN, _NONE} or _http.instant(one["created_at"]) >= period.end:
                continue
            within = {"pipeline": one["id"]}
            gitlab.ask(_ONE, within={"project": project, **within},
                       check=_gitlab.is_about("pipeline", one["id"], lambda body: [body["id"]]))  # fmt: skip
            if settings.jobs:
                check = _gitlab.is_about("pipeline", one["id"], lambda body: [job["pipeline"]["id"] for job in body])
                _gitlab.listed(gitlab, _JOBS, project, {"include_retried": "true"}, within, check)
    return gitlab.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a pipeline that is over, and a row an attempt at one of its jobs."""
    rows: dict[str, dict[str, Any]] = {}
    for project, run in _runs(pages):
        if run["status"] not in {*_OPEN, _NONE}:
            row = _row(project, run, pages.settings)
            rows[row["run_id"]] = row
    for project, job in _jobs(pages):
        whole = rows.get(f"{project}/pipelines/{job['pipeline']['id']}")
        if whole and job["status"] in _ENDS and (job["started_at"] or job["status"] == "failed"):
            row = _job(whole, project, job)
            rows[row["run_id"]] = row
    return {"pipeline_run": _http.rows_of("pipeline_run", list(rows.values()))}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States that are not known."""
    strange = {one["status"] for _, one in [*_runs(pages), *_jobs(pages)]} - {*_ENDS, *_OPEN, _NONE, _WAITS}
    why = f"states that are not known: {', '.join(sorted(strange))}"
    return {"pipeline_run": ("partial", why)} if strange else {}


def _runs(pages: Pages) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in pages.items:
        if answer.operation == _ONE:
            yield _gitlab.of(answer), answer.body


def _jobs(pages: Pages) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in pages.items:
        if answer.operation == _JOBS:
            for job in answer.body:
                yield _gitlab.of(answer), job


def _row(project: str, run: dict[str, Any], settings: Settings) -> dict[str, Any]:
    waits = run["status"] == _WAITS
    outcome = settings.waiting if waits else _ENDS.get(run["status"], "unknown")
    return {
        "run_id": f"{project}/pipelines/{run['id']}", "pipeline": project, "job": None, "service": project,
        "branch": _branch(run, settings), "commit_sha": run["sha"], "outcome": outcome,
        **_times(run, run["updated_at"] if waits else run["finished_at"] or run["updated_at"]),
    }  # fmt: skip


def _job(run: dict[str, Any], project: str, job: dict[str, Any]) -> dict[str, Any]:
    return run | {"run_id": f"{project}/jobs/{job['id']}", "job": job["name"], "outcome": _ENDS[job["status"]],
                  **_times(job, job["finished_at"])}  # fmt: skip


def _times(one: dict[str, Any], ended: str | None) -> dict[str, pd.Timestamp | None]:
    start, end = _http.instant(one["started_at"] or one["created_at"]), _http.instant(ended)
    return {"started_at": start if end is None else min(start, end), "finished_at": end}


def _branch(run: dict[str, Any], settings: Settings) -> str | None:
    if run["tag"]:
        return None
    return "main" if run["ref"] in settings.main_branches else run["ref"]
