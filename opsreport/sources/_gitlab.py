"""What all sources of GitLab share: how it is opened, which projects are read, and how its lists are read whole.

https://docs.gitlab.com/api/rest/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, field_validator

from opsreport.params.fields import Reference
from opsreport.period import Period
from opsreport.sources import _http

#: As many as GitLab puts on a page.
A_PAGE = 100
_ADDRESS = "https://gitlab.com/api/v4"


class ProjectSettings(_http.HttpSettings):
    """What every source of GitLab takes; of one's own GitLab address is https://HOST/api/v4."""

    token: Reference = Field(
        min_length=1, description="where a token with the scope read_api and the role Reporter is kept: env:NAME, …"
    )
    projects: list[Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)+$")]] = Field(
        min_length=1, description="each as group/project, which is also what its rows are named"
    )

    @field_validator("projects")
    @classmethod
    def _are_read_once(cls, named: list[str]) -> list[str]:
        # GitLab takes small and capital letters for the same: one project would be counted twice.
        if len({one.casefold() for one in named}) < len(named):
            raise ValueError("name a project twice")
        return named


def opened(settings: ProjectSettings, operations: Mapping[str, str]) -> _http.Questions:
    """GitLab, ready to be asked with the client's token."""
    token = settings.reveal()
    return _http.opened(settings, operations, _ADDRESS, {"PRIVATE-TOKEN": token}, (token,))


def listed(
    gitlab: _http.Questions, operation: str, project: str, params: dict[str, Any] | None = None,
    within: Mapping[str, Any] | None = None, check: Callable[[Any], None] | None = None, is_counted: bool = True,
) -> list[dict[str, Any]]:  # fmt: skip
    """Every item of a list, each once.

    GitLab gives its lists by their offset, so one that changes while it is read may lose an item between two
    pages: where fewer came than GitLab counted at first, that is said.

    Parameters
    ----------
    is_counted : bool
        Whether GitLab's count is of those that it shows; of notes it counts also those it hides.
    """
    totals: list[str] = []

    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | str | None:
        totals.append(reply.headers.get("x-total", ""))
        return _onwards(reply, asked)

    told = gitlab.ask(operation, within={"project": project, **(within or {})}, following=following, check=check,
                      params={"per_page": A_PAGE, **(params or {})})  # fmt: skip
    items = {item["id"]: item for page in told for item in page}
    if is_counted and told.is_whole and totals and totals[0].isdigit() and len(items) < int(totals[0]):
        gitlab.note(f"{operation} of {project}: GitLab counted {totals[0]} and listed {len(items)}")
    return list(items.values())


def is_about(what: str, id: int, of: Callable[[Any], list[Any]]) -> Callable[[Any], None]:
    """A check that an answer tells of what was asked about.

    Parameters
    ----------
    of : callable
        What an answer's parts say that they belong to.
    """

    def check(body: Any) -> None:
        if any(one != id for one in of(body)):
            raise _http.HttpError(f"it told of another {what}", is_passing=True)

    return check


def of(answer: _http.Answer) -> str:
    """The project that an answer tells of."""
    return answer.asked["project"]


def when(at: pd.Timestamp) -> str:
    """An instant as GitLab reads it."""
    return f"{at.tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}"


def since(period: Period) -> str:
    """From when on GitLab is asked: a second early, so that it does not matter whether that instant is included."""
    return when(period.start - pd.Timedelta(seconds=1))


def _onwards(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | str | None:
    """The next page by its number, which stays right where a proxy hides what GitLab's own address is."""
    number = reply.headers.get("x-next-page")
    if number:
        return {"params": {**(asked.get("params") or {}), "page": number}}
    if number is None and "link" not in reply.headers and len(reply.body) >= A_PAGE:
        raise _http.Cut("a full page does not say whether another follows")
    return _http.by_link(reply, asked) if number is None else None
