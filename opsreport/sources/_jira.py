"""How Jira Cloud is asked: which issues, what happened to them, and whether it answered what was asked for.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, model_validator

from opsreport.params.fields import Duration, Email, Reference
from opsreport.period import Period
from opsreport.sources import _http

OPERATIONS = {
    "GET /rest/api/3/myself": "an account that may log in to Jira (scope read:jira-user)",
    "GET /rest/api/3/field": "read:jira-work",
    "POST /rest/api/3/search/jql": "Browse projects (scope read:jira-work)",
    "POST /rest/api/3/changelog/bulkfetch": "Browse projects (scope read:jira-work)",
    "GET /rest/api/3/issue/{id}/comment": "Browse projects (scope read:jira-work)",
}
MYSELF, FIELD, SEARCH, CHANGELOG, COMMENT = OPERATIONS
#: As many issues as Jira gives at once with their fields, and as many as it tells the history of.
A_PAGE, A_BATCH = 100, 1000
#: After so many issues whose comments cannot be read no more are asked for.
ENOUGH = 10
_A_DAY = pd.Timedelta(days=1)
_FIELDS = ("summary", "status", "statuscategorychangedate", "priority", "created", "resolutiondate", "reporter",
           "components", "project", "issuetype")  # fmt: skip
_Name = Annotated[str, Field(min_length=1)]


class Settings(_http.HttpSettings):
    """Whose requests are read, and what is called how there."""

    address: str = Field(min_length=1, description="the site, like https://acme.atlassian.net")
    email: Email = Field(description="whose the token is")
    token: Reference = Field(min_length=1, description="where an API token is kept: env:NAME, …")
    projects: list[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]] = Field(
        min_length=1, description="the keys of the client's projects"
    )
    organizations: list[_Name] = Field(default=[], description="the client's, where a project serves several")
    issue_types: list[_Name] = Field(default=[], description="those that are requests; else all but incident_types")
    incident_types: list[_Name] = Field(default=[], description="those that are incidents, and no requests")
    waiting: list[_Name] = Field(
        default=["Waiting for customer"], description="the statuses in which it waits for the client"
    )
    first_response: str = Field(default="Time to first response", description="the SLA that ends with an answer")
    resolution: str = Field(default="Time to resolution", description="the SLA that pauses while it waits")
    look_back: Duration = Field(
        default="35d", validate_default=True, description="how long before the period one was resolved"
    )

    @model_validator(mode="after")
    def _says_what_an_incident_is(self) -> Settings:
        if self.frame == "incident" and not self.incident_types:
            raise ValueError("give incident_types: which issue types are incidents")
        return self


def opened(settings: Settings) -> _http.Questions:
    """Jira, ready to be asked with the client's token."""
    token = settings.reveal()
    pair = base64.b64encode(f"{settings.email}:{token}".encode()).decode()
    return _http.opened(settings, OPERATIONS, settings.address, {"Authorization": f"Basic {pair}"}, (token, pair))


def issues(jira: _http.Questions, jql: str, fields: Sequence[str]) -> _http.Told:
    """The issues that a query finds, by Jira's tokens from page to page."""
    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        token = reply.body.get("nextPageToken")
        if not token and reply.body.get("isLast") is False:
            raise _http.Cut("there are more issues, but Jira does not say where")
        return {"json": {**asked["json"], "nextPageToken": token}} if token else None

    def check(body: dict[str, Any]) -> None:
        others = {one["fields"]["project"]["key"] for one in body["issues"]} - set(jira.settings.projects)
        if others:
            raise _http.HttpError("it answered issues of another project; where a key was changed give the new one")

    return jira.ask(SEARCH, json={"jql": jql, "fields": [*_FIELDS, *fields], "maxResults": A_PAGE},
                    following=following, check=check)  # fmt: skip


def histories(jira: _http.Questions, ids: Sequence[str]) -> None:
    """Each change of status of the issues."""
    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        token = reply.body.get("nextPageToken")
        return {"json": {**asked["json"], "nextPageToken": token}} if token else None

    for some in _http.batches(ids, A_BATCH):
        def check(body: dict[str, Any], some: Sequence[str] = some) -> None:
            if not {one["issueId"] for one in body["issueChangeLogs"]} <= set(some):
                raise _http.HttpError("it answered the history of issues that were not asked for")

        jira.ask(CHANGELOG, json={"issueIdsOrKeys": list(some), "fieldIds": ["status"], "maxResults": A_BATCH},
                 following=following, check=check)  # fmt: skip


def comments(jira: _http.Questions, ids: Sequence[str]) -> None:
    """What was written under each of the issues."""
    lost = 0
    for number, id in enumerate(ids, 1):
        lost += not _comments(jira, id).is_whole
        if lost == ENOUGH and number < len(ids):
            jira.note(f"the comments of {len(ids) - number} more issues were not asked for")
            return


def _comments(jira: _http.Questions, id: str) -> _http.Told:
    def check(body: dict[str, Any]) -> None:
        if any(f"/issue/{id}/" not in one.get("self", f"/issue/{id}/") for one in body["comments"]):
            raise _http.HttpError("it answered the comments of another issue")

    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        body, params = reply.body, asked["params"]
        onwards = params["startAt"] + len(body["comments"])
        if body["startAt"] != params["startAt"] or (onwards < body["total"] and not body["comments"]):
            raise _http.Cut("a page came in place of another")
        return {"params": {**params, "startAt": onwards}} if onwards < body["total"] else None

    return jira.ask(COMMENT, within={"id": id}, check=check, following=following,
                    params={"startAt": 0, "maxResults": A_PAGE, "orderBy": "created"})  # fmt: skip


def query(settings: Settings, period: Period) -> str:
    """The client's issues that were open in the period, or were resolved lately before it.

    Jira takes times in the zone of whoever asks, so whole days are asked for, a day more on both sides.
    """
    end = f"{(period.end + _A_DAY).ceil('D'):%Y-%m-%d}"
    start = f"{(period.start - settings.look_back - _A_DAY).floor('D'):%Y-%m-%d}"
    clauses = [
        f"project IN {_listed(settings.projects)}", f'created < "{end}"',
        f'(statusCategory != "Done" OR resolved >= "{start}" OR statusCategoryChangedDate >= "{start}")',
    ]  # fmt: skip
    if settings.organizations:
        clauses.append(f"organizations IN {_listed(settings.organizations)}")
    if settings.issue_types:
        clauses.append(f"issuetype IN {_listed([*settings.issue_types, *settings.incident_types])}")
    elif settings.incident_types:  # all there are; Jira refuses a type that it does not know
        names = _listed(settings.incident_types)
        clauses.append(f"(issuetype IN {names} OR issuetype NOT IN {names})")
    return " AND ".join(clauses) + " ORDER BY created ASC, key ASC"


def _listed(names: Sequence[str]) -> str:
    """Names as JQL quotes them, so that none becomes part of the query.

    Examples
    --------
    >>> _listed(['Acme', 'a" OR "b'])
    '("Acme", "a\\\\" OR \\\\"b")'
    """
    quoted = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return "(" + ", ".join(f'"{name}"' for name in quoted) + ")"
