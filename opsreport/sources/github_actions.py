"""Runs of GitHub Actions' workflows, each attempt by itself, and on demand their jobs.

Documentation: https://docs.github.com/en/rest/actions/workflow-runs and
https://docs.github.com/en/rest/actions/workflow-jobs. Permission: Actions, read. GitHub forgets runs after 400
days, and those that somebody deletes. It lists at most 1,000 for one question, so the time that is asked for is
halved until each part holds fewer; what it counts is held against what it listed.

An attempt is a row: a run that was started again ended twice. started_at is when the attempt began; finished_at is
when its last job did where ``jobs`` is true, else when GitHub last changed the run, which is a moment later and
moves when somebody touches it. failure, timed_out and startup_failure are failures; cancelled and stale were called
off; what was skipped did not run and is left out; any other end is unknown. Runs that still go on are left for the
next reading. One that was made more than a week before the period and started again in it is not read.

A pipeline is the repository and the workflow's name. The branch of a pull request is written owner:branch, as
GitHub does, so that a fork's main is not taken for the repository's. service is the repository. ``jobs`` asks a
question a run: it tells which jobs are flaky.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _http

FRAMES = ("pipeline_run",)
_RUNS, _ATTEMPT, _JOBS = OPERATIONS = {
    "GET /repos/{owner}/{repo}/actions/runs": "Actions: read",
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}": "Actions: read",
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs": "Actions: read",
}
KEEPS = {"pipeline_run": pd.Timedelta(days=400)}

#: What GitHub lists at most for one question.
_MOST = 1000
#: Runs that were made so long before the period may have been started again in it.
_BEFORE = pd.Timedelta(days=7)
_SECOND = pd.Timedelta(seconds=1)
_ENDS = {"success": "success", "failure": "failure", "timed_out": "failure", "startup_failure": "failure",
         "cancelled": "cancelled", "stale": "cancelled"}  # fmt: skip
#: What ran has jobs; what was called off or could not begin may have none.
_WORKED = ("success", "failure", "timed_out")
_MEANT = {*_ENDS, "skipped", "neutral", "action_required"}


class Settings(_github.RepositorySettings):
    """Which repositories are read, and how closely."""

    jobs: bool = Field(default=False, description="whether each run's jobs are read too: a question a run")


def fetch(period: Period, settings: Settings) -> Pages:
    """The runs that were made in the period or shortly before, and of those started again each attempt."""
    github = _github.opened(settings, OPERATIONS)
    start, end = (period.start - _BEFORE).floor("s"), min(period.end, settings.run.now).floor("s")
    for repository in settings.repositories if start <= end else []:
        _ask(github, repository, start, end)
    for repository, run in list(_newest(tuple(github.answers)).values()):
        for number in range(1, run["run_attempt"]):
            github.ask(_ATTEMPT, within=_github.within(repository, run_id=run["id"], attempt_number=number))
        if settings.jobs and run["status"] == "completed" and run["conclusion"] != "skipped":
            github.ask(_JOBS, within=_github.within(repository, run_id=run["id"]), following=_http.by_link,
                       params={"filter": "all", "per_page": _github.A_PAGE})  # fmt: skip
    return github.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an attempt at a run that is over, and a row an attempt at a job."""
    jobs, rows = _jobs(pages), []
    for repository, run in _attempts(pages):
        own = [job for job in jobs.get(run["id"], []) if job["run_attempt"] == run["run_attempt"]]
        if run["status"] == "completed" and run["conclusion"] != "skipped":
            rows.append(_row(repository, run, own))
            rows += [_job(rows[-1], repository, job) for job in own
                     if job["status"] == "completed" and job["conclusion"] != "skipped"]  # fmt: skip
    return {"pipeline_run": _http.rows_of("pipeline_run", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Ends that are not known, runs that were counted and not listed, and answers of another run."""
    ends = {str(run["conclusion"]) for _, run in _attempts(pages) if run["status"] == "completed"}
    said = [f"ends that are not known: {', '.join(sorted(ends - _MEANT))}"] if ends - _MEANT else []
    said += [f"{repository}: GitHub counts {total} runs and listed {listed}"
             for repository, total, listed in _counts(pages) if listed < total]  # fmt: skip
    if bare := [run["id"] for _, run in _attempts(pages) if pages.settings.jobs and run["conclusion"] in _WORKED
                and run["id"] not in {id for id, jobs in _jobs(pages).items() if jobs}]:  # fmt: skip
        said.append(f"of {len(bare)} runs no job was told, such as of {bare[0]}")
    if lost := [answer.asked["run_id"] for answer in pages.items if not _is_its_own(answer)]:
        said.append(f"of {len(lost)} runs something else was told, such as of {lost[0]}")
    return {"pipeline_run": ("partial", "; ".join(said))} if said else {}


def _ask(github: _http.Questions, repository: str, start: pd.Timestamp, end: pd.Timestamp) -> None:
    """Ask for the runs made from one second to another, both included; in two halves where there are too many."""
    window = f"{start:%Y-%m-%dT%H:%M:%SZ}..{end:%Y-%m-%dT%H:%M:%SZ}"

    def following(reply: _http.Reply, asked: dict[str, Any]) -> str | None:
        return None if reply.body["total_count"] > _MOST and end > start else _http.by_link(reply, asked)

    told = github.ask(_RUNS, within=_github.within(repository), following=following,
                      params={"created": window, "per_page": _github.A_PAGE})  # fmt: skip
    if any(one["total_count"] > _MOST for one in told) and end > start:
        middle = (start + (end - start) / 2).floor("s")
        _ask(github, repository, start, middle)
        _ask(github, repository, middle + _SECOND, end)


def _runs(answers: tuple[_http.Answer, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in answers:
        if answer.operation == _RUNS:
            for run in answer.body["workflow_runs"]:
                yield _github.of(answer), run
        elif answer.operation == _ATTEMPT and _is_its_own(answer):
            yield _github.of(answer), answer.body


def _newest(answers: tuple[_http.Answer, ...]) -> dict[int, tuple[str, dict[str, Any]]]:
    """By id, the newest attempt at each run."""
    each = sorted(_runs(answers), key=lambda one: one[1]["run_attempt"])
    return {run["id"]: (repository, run) for repository, run in each}


def _attempts(pages: Pages) -> list[tuple[str, dict[str, Any]]]:
    each = {(run["id"], run["run_attempt"]): (repository, run) for repository, run in _runs(pages.items)}
    return [each[key] for key in sorted(each)]


def _is_its_own(answer: _http.Answer) -> bool:
    """Whether an answer tells of the run that was asked about."""
    if answer.operation == _ATTEMPT:
        return (answer.body["id"], answer.body["run_attempt"]) == (
            answer.asked["run_id"], answer.asked["attempt_number"])  # fmt: skip
    return answer.operation != _JOBS or all(job["run_id"] == answer.asked["run_id"] for job in answer.body["jobs"])


def _counts(pages: Pages) -> Iterator[tuple[str, int, int]]:
    """Of each question that was answered to its end, how many there are by GitHub's count, and how many were told."""
    found: dict[tuple[str, str], tuple[int, set[int]]] = {}
    for answer in pages.items:
        if answer.operation in (_RUNS, _JOBS) and answer.is_whole:
            key = (_github.of(answer), str(answer.asked.get("run_id") or answer.asked["params"]["created"]))
            total, ids = found.get(key, (0, set()))
            found[key] = max(total, answer.body["total_count"]), ids
            listed = answer.body["workflow_runs" if answer.operation == _RUNS else "jobs"]
            ids.update(one["id"] for one in listed)
    for (repository, window), (total, ids) in found.items():
        if total <= _MOST or not _was_halved(window):
            yield repository, total, len(ids)


def _was_halved(window: str) -> bool:
    start, _, end = window.partition("..")
    return start != end


def _jobs(pages: Pages) -> dict[int, list[dict[str, Any]]]:
    made: dict[int, list[dict[str, Any]]] = {}
    for answer in pages.items:
        if answer.operation == _JOBS and answer.is_whole and _is_its_own(answer):
            made.setdefault(answer.asked["run_id"], []).extend(answer.body["jobs"])
    return made


def _row(repository: str, run: dict[str, Any], jobs: list[dict[str, Any]]) -> dict[str, Any]:
    last = max((job["completed_at"] for job in jobs if job["completed_at"]), default=run["updated_at"])
    started = _http.instant(run["run_started_at"])
    return {
        "run_id": f"{repository}/runs/{run['id']}/{run['run_attempt']}", "service": repository, "job": None,
        "pipeline": f"{repository}: {run['name'] or run['path']}", "branch": _branch(repository, run),
        "commit_sha": run["head_sha"], "started_at": started,
        "finished_at": max(started, _http.instant(last)), "outcome": _ENDS.get(run["conclusion"], "unknown"),
    }  # fmt: skip


def _job(run: dict[str, Any], repository: str, job: dict[str, Any]) -> dict[str, Any]:
    # Of a job that was called off before it began, GitHub gives no start, or one after its end: it took no time.
    ended = _http.instant(job["completed_at"])
    began = _http.instant(job["started_at"]) or ended or run["started_at"]
    return run | {
        "run_id": f"{repository}/jobs/{job['id']}", "job": job["name"],
        "started_at": began if ended is None else min(began, ended), "finished_at": ended,
        "outcome": _ENDS.get(job["conclusion"], "unknown"),
    }  # fmt: skip


def _branch(repository: str, run: dict[str, Any]) -> str | None:
    """The branch; one that is asked to be merged with its owner."""
    branch, home = run["head_branch"], (run["head_repository"] or {}).get("full_name", "")
    is_other = home.lower() != repository.lower() or run["event"].startswith("pull_request")
    return f"{home.partition('/')[0] or 'unknown'}:{branch}" if is_other and branch else branch
