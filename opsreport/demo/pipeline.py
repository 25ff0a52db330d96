"""Continuous integration of both clients: each deployment's commit was built, others were tried on branches.

The shop's checkout stayed broken for five hours in the night after its double charges, and a
browser test of its storefront fails now and then without a reason in the code. Runs of jobs are
kept for three months, as such services do.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from zoneinfo import ZoneInfo

from opsreport.demo import clinic, shop
from opsreport.demo.delivery import Deployment, deployments
from opsreport.demo.files import csv_bytes, days, stream

_JOBS_SINCE = dt.datetime(2026, 8, 1)
_JOBS = {"storefront": ("unit", "e2e", "build"), "portal": ("unit", "accessibility", "build")}
_FLAKY = {"storefront": "e2e"}
_REPOSITORIES = {"checkout": "hp-checkout", "storefront": "hp-web", "search": "hp-search"}


@dataclass(frozen=True)
class Run:
    """One run of a pipeline, on the client's clock; `failing` is the job that failed."""

    service: str
    branch: str
    sha: str
    starts: dt.datetime
    minutes: int
    outcome: str = "success"
    failing: str = ""
    id: int = 0

    @property
    def finishes(self) -> dt.datetime:
        """When it finished."""
        return self.starts + dt.timedelta(minutes=self.minutes)


def files(client: str, seed: int) -> dict[str, bytes]:
    """The client's runs, by their path."""
    known = shop if client == "demo-shop" else clinic
    live = deployments(seed, known.ORDINARY, known.DEPLOYMENTS)
    made = [run for one in live for run in _built(one, stream(seed, f"runs/{one.id}"))]
    made += [run for name in known.ORDINARY for run in _tried(name, stream(seed, f"branches/{client}/{name}"))]
    made += SHOP if client == "demo-shop" else CLINIC
    ordered = sorted(made, key=lambda run: (run.starts, run.service))
    rows = [row for number, run in enumerate(ordered, 4001) for row in _rows(replace(run, id=number))]
    if client == "demo-shop":
        header = ("Run", "Workflow", "Job", "Repository", "Branch", "Commit", "Conclusion", "Started", "Completed")
        return {"ci-runs.csv": csv_bytes(header, [_as_shop(*row) for row in rows])}
    header = ("id", "pipeline", "job", "component", "ref", "sha", "status", "started", "finished")
    return {"ci-runs.csv": csv_bytes(header, [_as_clinic(*row) for row in rows])}


def _as_shop(id: str, run: Run, job: str, starts: dt.datetime, ends: dt.datetime, outcome: str) -> tuple[str, ...]:
    repository = _REPOSITORIES[run.service]
    return (id, run.service, job, repository, run.branch, run.sha[:12], outcome, f"{starts}", f"{ends}")


def _as_clinic(id: str, run: Run, job: str, starts: dt.datetime, ends: dt.datetime, outcome: str) -> tuple[str, ...]:
    status = {"success": "passed", "failure": "failed", "cancelled": "canceled"}[outcome]
    return (id, run.service, job, run.service, run.branch, run.sha[:12], status, _stamp(starts),
            _stamp(ends))  # fmt: skip


def _stamp(local: dt.datetime) -> str:
    return local.replace(tzinfo=ZoneInfo(clinic.ZONE)).isoformat()


def _rows(run: Run) -> Iterator[tuple]:
    """The run as a whole, and while they are kept its jobs, one after the other up to one that failed."""
    yield f"{run.id}", run, "", run.starts, run.finishes, run.outcome
    if run.starts < _JOBS_SINCE or run.outcome == "cancelled":
        return
    jobs, starts = _JOBS.get(run.service, ("unit", "build")), run.starts
    for job in jobs:
        ends = starts + dt.timedelta(minutes=run.minutes / len(jobs))
        failed = run.outcome == "failure" and job == (run.failing or jobs[0])
        yield f"{run.id}-{job}", run, job, starts, ends, "failure" if failed else "success"
        if failed:
            return
        starts = ends


def _built(one: Deployment, noise: Random) -> Iterator[Run]:
    """The run on the main branch that a deployment came from; now and then it first failed."""
    length = noise.randint(8, 14)
    last = Run(one.service, "main", one.sha, one.starts - dt.timedelta(minutes=length + noise.randint(4, 20)), length)
    if noise.random() < 0.05 and not one.rework:
        earlier = last.starts - dt.timedelta(minutes=noise.randint(30, 80))
        yield Run(one.service, "main", _sha(f"{one.id}/broken"), earlier, length - 3, "failure")
    yield last


def _tried(service: str, noise: Random) -> Iterator[Run]:
    """Runs on branches: about one in eight fails; a flaky job fails, and then does not on the same commit."""
    open_days = [day for day in days() if day.weekday() < 5]
    for month in sorted({day.isoformat()[:7] for day in days()}):
        here = [day for day in open_days if day.isoformat().startswith(month)]
        for number in range(noise.randint(13, 18)):
            starts = dt.datetime.combine(noise.choice(here), dt.time(9)) + dt.timedelta(minutes=noise.randint(0, 480))
            run = Run(service, f"change-{month[2:4]}{month[5:]}{number:02d}", _sha(f"{service}/{month}/{number}"),
                      starts, noise.randint(7, 16))  # fmt: skip
            luck = noise.random()
            if service in _FLAKY and luck < 0.22:
                yield replace(run, outcome="failure", failing=_FLAKY[service], minutes=run.minutes - 2)
                yield replace(run, starts=run.finishes + dt.timedelta(minutes=noise.randint(5, 25)))
            else:
                yield replace(run, outcome="failure" if luck > 0.88 else "cancelled" if luck > 0.84 else "success")


def _sha(name: str) -> str:
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def _told(service: str, starts: str, minutes: int, outcome: str = "success", failing: str = "") -> Run:
    moment = dt.datetime.fromisoformat(starts)
    return Run(service, "main", _sha(f"{service}{starts}"), moment, minutes, outcome, failing)


SHOP = [
    # The double charges are undone in the code, which breaks its own tests until the night.
    _told("checkout", "2026-10-27 21:12", 9, "failure", "unit"),
    _told("checkout", "2026-10-27 22:40", 8, "failure", "unit"),
    _told("checkout", "2026-10-28 02:10", 11),
]
CLINIC = [
    # The booking release of the outage is taken back; its mend fails once.
    _told("booking", "2026-10-14 11:35", 10, "failure", "unit"),
    _told("booking", "2026-10-14 13:02", 11),
]
