"""Incidents of GitLab projects.

Documentation: https://docs.gitlab.com/api/issues/ (issue_type=incident) and https://docs.gitlab.com/api/notes/.
Permission: the scope read_api and the role Reporter in each project, without which confidential incidents are not
seen. GitLab forgets an incident when somebody deletes it or makes it another type of issue.

opened_at is when it was created, resolved_at when it was closed, last of all if it was opened again. The status
Resolved is not read: GitLab does not take it back from an incident that is opened again. One that was moved to
another project is told there: GitLab closes what it leaves behind, and nobody resolved it. acknowledged_at is the
first note by which GitLab records that the status became Acknowledged; it takes a question an incident, and with
``acknowledged: false`` it is unknown. When it was felt and detected GitLab does not say, nor what repeats.

severity is GitLab's, critical to low; unknown is missing. With ``severity_label`` it is what follows that in a
label, like 1 of severity::1 with "severity::". So is the service by ``service_label``, which otherwise is the
project. An incident with a label of ``drills`` was an exercise; where none is named nobody knows. reported_by is
alert where GitLab opened it from an alert, customer where from a mail to its service desk, otherwise unknown: who
wrote it down need not be who noticed. Of a confidential incident the title is left out, unless
``confidential_titles`` is true: it is counted all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _gitlab, _http

FRAMES = ("incident",)
_NEED = "scope read_api, role Reporter"
_INCIDENTS, _NOTES = OPERATIONS = {
    "GET /projects/{project}/issues": _NEED,
    "GET /projects/{project}/issues/{issue}/notes": _NEED,
}
KEEPS = {"incident": _http.FOR_EVER}
#: The question that tells a frame's rows.
MAIN = {"incident": "/issues"}

_ACKNOWLEDGED = re.compile(r"changed the (incident )?status to \*\*Acknowledged\*\*")
_SEVERITIES = {"CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low", "UNKNOWN": None}
#: Whom GitLab lets open an incident in place of a person; it may put a number behind.
_OPENED_BY = {"alert-bot": "alert", "support-bot": "customer"}


class Settings(_gitlab.ProjectSettings):
    """Which projects are read, and what their labels mean."""

    acknowledged: bool = Field(default=True, description="whether each incident's notes are read: a question each")
    service_label: str = Field(default="", description='what a label begins with that names the service: "service::"')
    severity_label: str = Field(default="", description='what a label begins with that tells how bad: "severity::"')
    drills: list[str] = Field(default=[], description="labels of exercises")
    confidential_titles: bool = Field(default=False, description="whether titles of confidential incidents are shown")


def fetch(period: Period, settings: Settings) -> Pages:
    """Each project's open incidents, and those that were changed since the period began."""
    gitlab = _gitlab.opened(settings, OPERATIONS)
    common = {"issue_type": "incident", "scope": "all", "order_by": "created_at", "sort": "asc"}
    for project in settings.projects:
        # The open ones first: one that is closed or opened between the two questions was changed, and is in the second.
        found = _gitlab.listed(gitlab, _INCIDENTS, project, common | {"state": "opened"})
        changed = {"state": "all", "updated_after": _gitlab.since(period)}
        found += _gitlab.listed(gitlab, _INCIDENTS, project, common | changed)
        wanted = {one["iid"] for one in found if _is_wanted(one, period)}
        for iid in sorted(wanted if settings.acknowledged else ()):
            check = _gitlab.is_about("incident", iid, lambda body: [note["noteable_iid"] for note in body])
            _gitlab.listed(gitlab, _NOTES, project, {"sort": "asc", "activity_filter": "only_activity"},
                           {"issue": iid}, check, is_counted=False)  # fmt: skip
    return gitlab.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an incident that was opened before the period's end."""
    answered = _acknowledged(pages)
    told = {f"{project}#{one['iid']}": (project, one) for project, one in _told(pages) if _is_wanted(one, period)}
    rows = [_row(id, project, one, pages.settings) | {"acknowledged_at": answered.get(id)}
            for id, (project, one) in told.items()]  # fmt: skip
    return {"incident": _http.rows_of("incident", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Severities that are not known, and incidents that were moved to where nothing is read."""
    told = [(project, one) for project, one in _told(pages) if one["issue_type"] == "incident"]
    strange = {str(one["severity"]) for _, one in told} - set(_SEVERITIES)
    known = {one["id"] for _, one in told}
    lost = sorted({f"{project}#{one['iid']}" for project, one in told if one.get("moved_to_id") not in {None, *known}})
    said = [f"severities that are not known: {', '.join(sorted(strange))}"] if strange else []
    said += [f"{len(lost)} incidents were moved to projects that are not read, such as {lost[0]}"] if lost else []
    return {"incident": ("partial", "; ".join(said))} if said else {}


def _told(pages: Pages) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in pages.items:
        if answer.operation == _INCIDENTS:
            for one in answer.body:
                yield _gitlab.of(answer), one


def _is_wanted(one: dict[str, Any], period: Period) -> bool:
    is_here = one["issue_type"] == "incident" and not one.get("moved_to_id")
    return is_here and _http.instant(one["created_at"]) < period.end


def _acknowledged(pages: Pages) -> dict[str, pd.Timestamp]:
    """By its id, when an incident's status first became Acknowledged, where all of its notes were told."""
    found: dict[str, pd.Timestamp] = {}
    for answer in pages.items:
        if answer.operation == _NOTES and answer.is_whole:
            id = f"{_gitlab.of(answer)}#{answer.asked['issue']}"
            for note in answer.body:
                if note["system"] and _ACKNOWLEDGED.match(note["body"]):
                    at = _http.instant(note["created_at"])
                    found[id] = min(at, found.get(id, at))
    return found


def _row(id: str, project: str, one: dict[str, Any], settings: Settings) -> dict[str, Any]:
    labels = one["labels"]
    is_shown = settings.confidential_titles or not one["confidential"]
    opened = _http.instant(one["created_at"])
    return {
        "incident_id": id, "service": _labelled(labels, settings.service_label) or project,
        "title": one["title"] if is_shown else None,
        "severity": _labelled(labels, settings.severity_label) or _SEVERITIES.get(one["severity"]),
        "reported_by": _OPENED_BY.get(re.sub(r"\d+$", "", (one["author"] or {}).get("username", ""))),
        "opened_at": opened,
        # An import may give an incident times of its own, in any order.
        "resolved_at": max(opened, _http.instant(one["closed_at"])) if one["state"] == "closed" else None,
        "url": one["web_url"], "is_drill": bool(set(labels) & set(settings.drills)) if settings.drills else None,
    }  # fmt: skip


def _labelled(labels: list[str], begin: str) -> str | None:
    """What the labels say behind their beginning, where they say one thing."""
    said = {label.removeprefix(begin) for label in labels if begin and label.startswith(begin)}
    return said.pop() if len(said) == 1 else None
