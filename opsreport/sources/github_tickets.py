"""Support requests that are kept as issues of GitHub repositories, by their label, with when they were first answered.

Documentation: https://docs.github.com/en/rest/issues/issues and https://docs.github.com/en/rest/issues/comments.
Permission: Issues, read. GitHub forgets no issue but one that an administrator deletes; that
one, and one that was moved to another repository, stays as it was read.

A request was opened when its issue was, and resolved when that was closed last. first_response_at is the first
comment of somebody who belongs to the repository (owner, member or collaborator), is not who asked, and is no bot;
an issue that was closed or labelled without a word was not answered. Whether it waited for the client, an issue
does not tell: paused is missing. priority is what ``priorities`` says of its labels, in that order.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _github_issues, _http

FRAMES = ("ticket",)
_COMMENTS = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments"
OPERATIONS = {**_github_issues.OPERATIONS, _COMMENTS: "Issues: read"}
KEEPS = {"ticket": _http.FOR_EVER}

_OURS = ("OWNER", "MEMBER", "COLLABORATOR")


class Settings(_github_issues.IssueSettings):
    """Which issues are requests."""

    priorities: dict[str, str] = Field(default={}, description='a label, and the priority it means: {p1: urgent}')


def fetch(period: Period, settings: Settings) -> Pages:
    """The issues that are open or were changed since before the period, and the comments of those that have any."""
    github = _github.opened(settings, OPERATIONS)
    _github_issues.ask(github, period, settings)
    for repository, issue in list(_github_issues.found(tuple(github.answers), settings)):
        if issue["comments"]:
            github.ask(_COMMENTS, within=_github.within(repository, issue_number=issue["number"]),
                       params={"per_page": _github.A_PAGE}, following=_http.by_link)  # fmt: skip
    return github.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an issue that has the label; one whose comments were not read is left for the next reading."""
    settings, comments, rows = pages.settings, _comments(pages), []
    for repository, issue in _github_issues.found(pages.items, settings):
        told = comments.get((repository, issue["number"]), None if issue["comments"] else [])
        if told is not None:
            asked_by = (issue["user"] or {}).get("login")
            rows.append({
                "ticket_id": _github_issues.id_of(repository, issue), "opened_by": asked_by,
                **_github_issues.common(repository, issue, settings),
                "priority": _github_issues.meant(issue, settings.priorities),
                "first_response_at": min((_http.instant(one["created_at"]) for one in told if _answers(one, asked_by)),
                                         default=None),
            })  # fmt: skip
    return {"ticket": _http.rows_of("ticket", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Comments that are of another issue than was asked about; for a note requests with two priorities."""
    lost = sorted({answer.asked["issue_number"] for answer in pages.items if not _is_its_own(answer)})
    said = [f"of {len(lost)} issues another one's comments were told, such as of {lost[0]}"] if lost else []
    note = _github_issues.doubtful(pages, pages.settings.priorities)
    told = [*said, *filter(None, [note])]
    return {"ticket": ("partial" if said else "ok", "; ".join(told))} if told else {}


def _comments(pages: Pages) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """By issue, its comments, where they were read to the end."""
    made: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for answer in pages.items:
        if answer.operation == _COMMENTS and answer.is_whole and _is_its_own(answer):
            made.setdefault((_github.of(answer), answer.asked["issue_number"]), []).extend(answer.body)
    return made


def _is_its_own(answer: _http.Answer) -> bool:
    end = f"/issues/{answer.asked.get('issue_number')}"
    return answer.operation != _COMMENTS or all(one["issue_url"].endswith(end) for one in answer.body)


def _answers(comment: dict[str, Any], asked_by: str | None) -> bool:
    by = comment["user"] or {}
    return comment["author_association"] in _OURS and by.get("type") != "Bot" and by.get("login") != asked_by
