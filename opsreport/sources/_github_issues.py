"""Issues of GitHub repositories by a label: listed so that none is missed, with what their labels say.

https://docs.github.com/en/rest/issues/issues
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _http

#: Those that are open, and those that changed.
OPEN, CHANGED = OPERATIONS = {
    "GET /repos/{owner}/{repo}/issues open": "Issues: read", "GET /repos/{owner}/{repo}/issues": "Issues: read",
}  # fmt: skip
#: What was closed so long before a period and not touched since is no part of it.
_BEFORE = pd.Timedelta(days=35)


class IssueSettings(_github.RepositorySettings):
    """Which issues count, and what their labels mean."""

    label: str = Field(min_length=1, description="the label of the issues that count; it may have a comma in it")
    service_prefix: str = Field(
        default="", description='how a label begins that names the service, like "service:"; else it is the repository'
    )


def ask(github: _http.Questions, period: Period, settings: IssueSettings) -> None:
    """Ask for the issues that are open, however old, and for those that were changed since before the period."""
    since = (period.start - _BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ")
    for repository in settings.repositories:
        # By when they were made: an issue that somebody touches while they are read stays on its page.
        common = {"sort": "created", "direction": "asc", "per_page": _github.A_PAGE}
        for operation, wanted in ((OPEN, {"state": "open"}), (CHANGED, {"state": "all", "since": since})):
            github.ask(operation, within=_github.within(repository), params={**wanted, **common},
                       following=_http.by_link)  # fmt: skip


def found(answers: tuple[_http.Answer, ...], settings: IssueSettings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each issue once that has the label, with its repository; a pull request is none."""
    each = {
        (_github.of(answer), issue["number"]): issue
        for answer in answers if answer.operation in OPERATIONS for issue in answer.body
    }  # fmt: skip
    for (repository, _), issue in each.items():
        if settings.label.lower() in map(str.lower, labels(issue)) and "pull_request" not in issue:
            yield repository, issue


def labels(issue: dict[str, Any]) -> list[str]:
    """The names of an issue's labels."""
    return [one if isinstance(one, str) else one["name"] for one in issue["labels"]]


def meant(issue: dict[str, Any], words: dict[str, str]) -> str | None:
    """What the first of an issue's labels means that has a meaning, by the order of the meanings."""
    held = {name.lower() for name in labels(issue)}
    return next((word for label, word in words.items() if label.lower() in held), None)


def common(repository: str, issue: dict[str, Any], settings: IssueSettings) -> dict[str, Any]:
    """What every frame of issues holds."""
    start = settings.service_prefix
    named = [name.removeprefix(start).strip() for name in labels(issue) if start and name.startswith(start)]
    return {
        "service": min(named) if named else repository, "title": issue["title"], "url": issue["html_url"],
        "opened_at": _http.instant(issue["created_at"]), "resolved_at": _http.instant(issue["closed_at"]),
    }  # fmt: skip


def id_of(repository: str, issue: dict[str, Any]) -> str:
    """An issue as GitHub writes it across repositories."""
    return f"{repository}#{issue['number']}"


def doubtful(pages: Pages, words: dict[str, str]) -> str:
    """Issues that have two labels of which each means something else."""
    several = [id_of(repository, issue) for repository, issue in found(pages.items, pages.settings)
               if len({word for label, word in words.items() if label.lower() in map(str.lower, labels(issue))}) > 1]
    return f"{len(several)} issues have several such labels, like {several[0]}: the first counts" if several else ""
