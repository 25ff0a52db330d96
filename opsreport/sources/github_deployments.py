"""Deployments that GitHub records, each with how it ended, and the commits that it carried.

Documentation: https://docs.github.com/en/graphql/reference/objects#deployment and
https://docs.github.com/en/rest/commits/commits#compare-two-commits. Permission: Deployments and Contents, read.
GitHub forgets no deployment; one that was superseded and that somebody deleted is gone.

How one ended stands in its statuses. GitHub marks each deployment inactive once a newer one of its environment
succeeds, so its state tells only which is the newest. Its outcome is that of its last status success, failure or
error before it became inactive: a failure that was followed by a success arrived. finished_at is when that
status came, started_at when it was first in progress, else when it was made. One that became inactive, was
abandoned or destroyed before any of these is unknown; one that still waits or runs is left for the next reading.
Whether it was rolled back or needed intervention, GitHub does not record. service is the repository.

A change is a commit that is no merge, carried by a deployment that succeeded in one of the environments
``changes_in``: what its commit has that the one deployed there before had not. It takes a question a deployment.
Of the first deployment that is read, and of one whose commits are no longer in the repository, none are known.
first_commit_at is when the author wrote it, merged_at when it was committed to the branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _http

FRAMES = ("deployment", "change")
OPERATIONS = {
    "POST /graphql deployments": "Deployments: read", "GET /repos/{owner}/{repo}/compare/{basehead}": "Contents: read",
}  # fmt: skip
KEEPS = {"deployment": _http.FOR_EVER, "change": _http.FOR_EVER}

_DEPLOYMENTS, _COMPARE = OPERATIONS
_STATUSES = 100
_QUERY = """
query deployments($owner: String!, $repo: String!, $after: String) {
  repository(owner: $owner, name: $repo) {
    deployments(first: 100, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id databaseId environment commitOid createdAt state
        statuses(first: 100) { totalCount nodes { state createdAt } }
      }
    }
  }
}
"""
_ENDS = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "failure"}
_OPEN = {"PENDING", "QUEUED", "IN_PROGRESS", "WAITING"}
#: A deployment that began so long before a period may end in it, or be what its first one is compared with.
_BEFORE = pd.Timedelta(days=35)


@dataclass
class _Compared:
    """What a comparison told: its commits, how many GitHub counts, and whether it is of what was asked."""

    commits: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    is_its_own: bool = True


class Settings(_github.RepositorySettings):
    """Which repositories are read, and where their changes are told."""

    changes_in: list[str] = Field(
        default=["prod*", "live*", "github-pages"],
        description='environments whose deployments\' commits are read, in small letters, like "prod*"',
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """Each repository's deployments since some weeks before the period, and what those in it carried."""
    github, since = _github.opened(settings, OPERATIONS), period.start - _BEFORE
    for repository in settings.repositories:
        _github.graphql(github, _DEPLOYMENTS, _QUERY, _until(since), **_github.within(repository))
    made, gone, asked = _made(tuple(github.answers)), 0, set()
    for (repository, _), each in _arrived(made, settings).items():
        for before, row in pairwise(each):
            # Several environments may have gone from one commit to the same other one.
            one, is_other = (repository, _basehead(before, row)), row["commit_sha"] != before["commit_sha"]
            if row["finished_at"] >= period.start and is_other and one not in asked:
                asked.add(one)
                told = github.ask(
                    _COMPARE, within=_github.within(repository, basehead=_basehead(before, row)), absent=(404,),
                    params={"per_page": _github.A_PAGE, "page": 1}, following=_http.by_link,
                )  # fmt: skip
                gone += not told and told.is_whole
    return github.pages(gone=gone)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a deployment that is over, and a row a commit that one carried."""
    made = _made(pages.items)
    return {"deployment": _http.rows_of("deployment", list(made.values())),
            "change": _http.rows_of("change", list(_changes(pages, made)))}  # fmt: skip


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States that are not known, and what was not told in full."""
    nodes = [node for _, node in _nodes(pages.items)]
    said, carried = [], []
    strange = {one["state"] for node in nodes for one in node["statuses"]["nodes"]} - {*_ENDS, *_OPEN, "INACTIVE"}
    if strange:
        said.append(f"statuses that are not known: {', '.join(sorted(strange))}")
    many = [node["databaseId"] for node in nodes if node["statuses"]["totalCount"] > _STATUSES]
    if many:
        said.append(f"of {len(many)} deployments only the first {_STATUSES} statuses are read, such as {many[0]}")
    for basehead, told in _compared(pages).items():
        if len(told.commits) != told.total or not told.is_its_own:
            carried.append(f"of {told.total} commits of {basehead} {len(told.commits)} were told")
    note = f"the commits of {pages.extra['gone']} deployments are gone from their repository"
    found = {"deployment": ("partial", "; ".join(said)), "change": ("partial", "; ".join(said + carried))}
    if pages.extra["gone"]:
        found["change"] = ("partial" if said + carried else "ok", "; ".join([*said, *carried, note]))
    return {frame: told for frame, told in found.items() if told[1]}


def _until(since: pd.Timestamp) -> _http.Following:
    """On to older deployments, while these are not too old."""

    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        told = reply.body["data"]["repository"]["deployments"]
        oldest = told["nodes"][-1]["createdAt"] if told["nodes"] else None
        if not told["pageInfo"]["hasNextPage"] or (oldest and _http.instant(oldest) < since):
            return None
        variables = {**asked["json"]["variables"], "after": told["pageInfo"]["endCursor"]}
        return {"json": {**asked["json"], "variables": variables}}

    return following


def _nodes(answers: tuple[_http.Answer, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in answers:
        if answer.operation == _DEPLOYMENTS:
            for node in answer.body["data"]["repository"]["deployments"]["nodes"]:
                yield _github.of(answer), node


def _made(answers: tuple[_http.Answer, ...]) -> dict[str, dict[str, Any]]:
    """By id, the deployments that are over."""
    rows = [_row(repository, node) for repository, node in _nodes(answers)]
    return {row["deployment_id"]: row for row in rows if row}


def _row(repository: str, node: dict[str, Any]) -> dict[str, Any] | None:
    told = sorted((_http.instant(one["createdAt"]), one["state"]) for one in node["statuses"]["nodes"])
    gone = next((at for at, state in told if state == "INACTIVE"), None)
    ends = [(at, _ENDS[state]) for at, state in told if state in _ENDS and (gone is None or at <= gone)]
    if not ends and gone is None and node["state"] in _OPEN:
        return None
    finished, outcome = ends[-1] if ends else (None, "unknown")
    began = next((at for at, state in told if state == "IN_PROGRESS" and (finished is None or at <= finished)), None)
    return {
        # A number that is larger than GraphQL's may be missing.
        "deployment_id": f"{repository}/deployments/{node['databaseId'] or node['id']}", "service": repository,
        "environment": node["environment"], "commit_sha": node["commitOid"],
        "started_at": began if began is not None else _http.instant(node["createdAt"]),
        "finished_at": finished, "outcome": outcome,
    }  # fmt: skip


def _arrived(made: dict[str, dict[str, Any]], settings: Settings) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By repository and environment, the deployments that succeeded, in order, where changes are told."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    good = [row for row in made.values() if row["outcome"] == "success"]
    for row in sorted(good, key=lambda row: (row["finished_at"], row["deployment_id"])):
        named = (row["environment"] or "").lower()
        if any(fnmatchcase(named, one.lower()) for one in settings.changes_in):
            found.setdefault((row["service"], row["environment"]), []).append(row)
    return found


def _basehead(before: dict[str, Any], row: dict[str, Any]) -> str:
    return f"{before['commit_sha']}...{row['commit_sha']}"


def _compared(pages: Pages) -> dict[str, _Compared]:
    """By what was compared, the comparisons that were read to their end."""
    found: dict[str, _Compared] = {}
    for answer in pages.items:
        if answer.operation == _COMPARE and answer.is_whole:
            basehead, body = answer.asked["basehead"], answer.body
            one = found.setdefault(f"{_github.of(answer)} {basehead}", _Compared())
            one.commits += body["commits"]
            one.total = body["total_commits"]
            one.is_its_own &= body["base_commit"]["sha"] == basehead.partition("...")[0]
    return found


def _changes(pages: Pages, made: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    told = {key: one.commits for key, one in _compared(pages).items() if one.is_its_own}
    for (repository, _), each in _arrived(made, pages.settings).items():
        for before, row in pairwise(each):
            for one in told.get(f"{repository} {_basehead(before, row)}", []):
                if len(one["parents"]) < 2:
                    yield {
                        "change_id": f"{repository}@{one['sha']}", "deployment_id": row["deployment_id"],
                        "first_commit_at": _http.instant(one["commit"]["author"]["date"]),
                        "merged_at": _http.instant(one["commit"]["committer"]["date"]),
                    }  # fmt: skip
