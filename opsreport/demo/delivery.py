"""Deployments and the changes that they carried: ordinary ones from noise, told ones as told."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from random import Random

from opsreport.demo.files import days, stream


@dataclass(frozen=True)
class Deployment:
    """One deployment, its times on the client's clock."""

    service: str
    starts: dt.datetime
    minutes: int
    outcome: str = "success"
    intervention: bool = False
    rework: bool = False
    notes: str = ""
    environment: str = "production"
    id: str = ""

    @property
    def sha(self) -> str:
        """A commit, made up from what was deployed and not from where to."""
        return hashlib.sha1(f"{self.service}{self.id}".encode(), usedforsecurity=False).hexdigest()

    @property
    def finishes(self) -> dt.datetime:
        """When it finished."""
        return self.starts + dt.timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Change:
    """One merged change and the deployment that carried it, times on the client's clock."""

    id: str
    deployment: Deployment
    first_commit: dt.datetime
    merged: dt.datetime


def told(service: str, starts: str, minutes: int, **more: object) -> Deployment:
    """A deployment of the story."""
    return Deployment(service, dt.datetime.fromisoformat(starts), minutes, **more)


def deployments(seed: int, monthly: dict[str, int], story: list[Deployment]) -> list[Deployment]:
    """The story's deployments among ordinary ones, oldest first, each with its id.

    Parameters
    ----------
    monthly : dict of str to int
        Ordinary deployments of a service to production in a month, one more or less.
    """
    made = list(story)
    for service, usual in monthly.items():
        taken = {one.starts.date() for one in story if one.service == service}
        noise = stream(seed, f"deployments/{service}")
        for month in sorted({(day.year, day.month) for day in days()}):
            open_days = [
                day for day in days() if (day.year, day.month) == month and day.weekday() < 5 and day not in taken
            ]
            for day in noise.sample(open_days, max(1, usual + noise.randint(-1, 1))):
                made += _ordinary(service, day, noise)
    return _numbered(sorted(made, key=lambda one: (one.starts, one.service)))


def with_staging(seed: int, live: list[Deployment]) -> list[Deployment]:
    """The deployments, each after the one that tried it on staging; a mend goes straight to production."""
    noise = stream(seed, "staging")
    tried = [
        replace(one, starts=one.starts - dt.timedelta(minutes=noise.randint(40, 170)), environment="staging",
                outcome="success", intervention=False, notes="", minutes=noise.randint(3, 8))
        for one in live if not one.rework
    ]  # fmt: skip
    return sorted([*live, *tried], key=lambda one: (one.starts, one.service, one.environment))


def changes(seed: int, live: list[Deployment]) -> list[Change]:
    """What each deployment carried; what a failed one did not bring live, the next one carries again."""
    noise, made, waiting = stream(seed, "changes"), [], {}
    number = 100
    for one in live:
        carried = waiting.pop(one.service, [])
        for _ in range(1 if one.rework else noise.choice((1, 1, 2, 2, 3, 4))):
            number += 1
            carried.append(_change(f"PR-{number}", one, noise))
        made += [replace(change, deployment=one) for change in carried]
        if one.outcome == "failure":
            waiting[one.service] = carried
    return made


def _ordinary(service: str, day: dt.date, noise: Random) -> list[Deployment]:
    starts = dt.datetime.combine(day, dt.time(10)) + dt.timedelta(minutes=noise.randint(0, 330))
    one, luck = Deployment(service, starts, noise.randint(4, 14)), noise.random()
    if luck < 0.04:
        return [replace(one, outcome="failure", notes="Stopped by a failing check before it went live")]
    if luck < 0.09:
        mend = Deployment(service, one.finishes + dt.timedelta(minutes=noise.randint(35, 80)), noise.randint(4, 9),
                          rework=True, notes="Mends the release that was rolled back")  # fmt: skip
        return [replace(one, outcome="rolled_back", intervention=True, notes="Rolled back: errors after release"), mend]
    return [one]


def _numbered(made: list[Deployment]) -> list[Deployment]:
    """Ids that name service, day and count: booking-2026.10.14-1."""
    counts: dict[str, int] = {}
    numbered = []
    for one in made:
        stem = f"{one.service}-{one.starts:%Y.%m.%d}"
        counts[stem] = counts.get(stem, 0) + 1
        numbered.append(replace(one, id=f"{stem}-{counts[stem]}"))
    return numbered


def _change(number: str, one: Deployment, noise: Random) -> Change:
    # Most changes wait for hours to days; a mend is written while the trouble lasts.
    hours = noise.uniform(0.3, 0.6) if one.rework else min(4 + noise.expovariate(1 / 40), 21 * 24)
    first = _awake(one.starts - dt.timedelta(minutes=round(hours * 60)))
    merged = _awake(one.starts - dt.timedelta(minutes=round(hours * 60 * noise.uniform(0.1, 0.5))))
    return Change(number, one, first, max(merged, first + dt.timedelta(minutes=10)))


def _awake(moment: dt.datetime) -> dt.datetime:
    # Nobody commits at night, when clocks change and a local time may be told twice.
    return moment - dt.timedelta(hours=12) if moment.hour < 7 else moment
