"""Incidents that are kept as issues of GitHub repositories, by their label.

Documentation: https://docs.github.com/en/rest/issues/issues. Permission: Issues, read. GitHub forgets no issue
but one that an administrator deletes; that one, and one that was moved to another repository, stays as it was read.

An incident was opened when its issue was, and resolved when that was closed last; one that is opened again is open.
A label that is taken off makes an incident that was read before stay as it was. severity is what ``severities``
says of its labels, in that order. Who noticed is ``alert`` where a bot opened it, else not recorded; when users
felt it, and when anybody acknowledged it, an issue does not tell. It is a drill where it has ``drill_label``. An
issue that was closed as a duplicate or as not planned counts as one that was resolved: correct it.
"""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _github_issues, _http

FRAMES = ("incident",)
OPERATIONS = _github_issues.OPERATIONS
KEEPS = {"incident": _http.FOR_EVER}


class Settings(_github_issues.IssueSettings):
    """Which issues are incidents."""

    severities: dict[str, str] = Field(default={}, description='a label, and the severity it means: {sev1: critical}')
    drill_label: str = Field(default="drill", description="the label of an exercise")


def fetch(period: Period, settings: Settings) -> Pages:
    """The issues of each repository that are open, and those that were changed since some time before the period."""
    github = _github.opened(settings, OPERATIONS)
    _github_issues.ask(github, period, settings)
    return github.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an issue that has the label."""
    settings = pages.settings
    rows = [
        {
            "incident_id": _github_issues.id_of(repository, issue),
            **_github_issues.common(repository, issue, settings),
            "severity": _github_issues.meant(issue, settings.severities),
            "reported_by": "alert" if (issue["user"] or {}).get("type") == "Bot" else None,
            "is_drill": settings.drill_label.lower() in map(str.lower, _github_issues.labels(issue)),
        }
        for repository, issue in _github_issues.found(pages.items, settings)
    ]  # fmt: skip
    return {"incident": _http.rows_of("incident", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """A note of incidents with two severities."""
    said = _github_issues.doubtful(pages, pages.settings.severities)
    return {"incident": ("ok", said)} if said else {}
