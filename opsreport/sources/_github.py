"""What all sources of GitHub share: how it is opened, which repositories are read, and its GraphQL.

https://docs.github.com/en/rest/using-the-rest-api and https://docs.github.com/en/graphql.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from opsreport.params.fields import Reference
from opsreport.sources import _http
from opsreport.sources._http_client import HttpError

#: As many as GitHub puts on a page.
A_PAGE = 100
_ADDRESS, _VERSION = "https://api.github.com", "2022-11-28"


class GitHubSettings(_http.HttpSettings):
    """What every source of GitHub takes; for GitHub Enterprise Server address is https://HOST/api/v3."""

    token: Reference = Field(min_length=1, description="where a fine-grained token is kept: env:NAME, …")


def _each_once(names: list[str]) -> list[str]:
    """GitHub does not tell capitals from small letters: a name in both would be counted twice."""
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("names one of them twice: capitals are as small letters")
    return names


#: Names at GitHub, none of them twice.
EachOnce = AfterValidator(_each_once)


class RepositorySettings(GitHubSettings):
    """Which repositories are read."""

    repositories: Annotated[list[Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]], EachOnce] = Field(
        min_length=1, description="each as owner/name, which is also what its rows are named"
    )


def opened(settings: GitHubSettings, operations: Mapping[str, str]) -> _http.Questions:
    """GitHub, ready to be asked with the client's token."""
    token = settings.reveal()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json",
               "X-GitHub-Api-Version": _VERSION}  # fmt: skip
    return _http.opened(settings, operations, _ADDRESS, headers, (token,))


def graphql(github: _http.Questions, operation: str, query: str, following: _http.Following, **variables: Any) -> None:
    """Every page of a question of GraphQL, which GitHub Enterprise Server answers beside its /api/v3."""
    github.ask(
        operation, within=variables, json={"query": query, "variables": variables}, following=following,
        check=refuse_errors, at=github.client.address.removesuffix("/v3"),
    )  # fmt: skip


def within(repository: str, **more: Any) -> dict[str, Any]:
    """A repository as the words of a path."""
    owner, _, repo = repository.partition("/")
    return {"owner": owner, "repo": repo, **more}


def of(answer: _http.Answer) -> str:
    """The repository that an answer tells of."""
    return f"{answer.asked['owner']}/{answer.asked['repo']}"


def refuse_errors(body: Any) -> None:
    """GraphQL answers with status 200 also where it refuses.

    Raises
    ------
    HttpError
    """
    if not body.get("errors"):
        return
    first = body["errors"][0]
    kind = str(first.get("type", ""))
    status = {"FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "NOT_FOUND": 404, "RATE_LIMITED": 429}.get(kind, 0)
    said = " ".join(str(first.get("message", "an error")).split())
    raise HttpError(f"{kind} {said}".strip(), status, is_passing=kind in ("", "RATE_LIMITED", "SERVICE_UNAVAILABLE"))
