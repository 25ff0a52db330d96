"""Deployments and the changes they carried, from a git repository's tags.

Documentation: https://git-scm.com/docs/git-for-each-ref, https://git-scm.com/docs/git-log.
Permission: to read a clone. Git forgets a tag when somebody deletes or moves it, and a shallow
clone has never seen older commits: it makes the reading partial. A clone is as new as its last
fetch: fetch with ``--tags`` before collecting, or say with ``covers`` which days it tells of.

A tag says that a version was made, and not more. ``means: deployed`` is the client's word that
each tag was put into production and arrived, so the outcome is success; with ``means: released``
it is unknown. A tag's time is the tagger's for an annotated tag, else its commit's.

A change is a commit that is no merge; it belongs to the oldest tag that holds it, so that a fix
tagged on an old branch is not carried twice. The first tag of all has nothing before it to be
told from, so its commits are no changes. first_commit_at is when the author wrote it, merged_at
when it was committed to the branch. Whether a deployment needed intervention, git cannot know.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas import INSTANT
from opsreport.sources import Pages, SourceSettings, _git

FRAMES = ("deployment", "change")

_OUTCOME = {"deployed": "success", "released": "unknown"}
_TAG = _git.FIELD.join(
    ("%(refname:strip=2)", "%(objecttype)", "%(objectname)", "%(*objecttype)", "%(*objectname)", "%(creatordate:unix)")
)
_COMMIT = "%x1f".join(("%H", "%P", "%at", "%ct"))


class Settings(SourceSettings):
    """Where the repository is, and what its tags mean."""

    path: str = Field(description="a clone's folder, relative to this file")
    service: str = Field(min_length=1, description="the service that the repository holds")
    means: Literal["deployed", "released"] = Field(description="what a tag says")
    pattern: str = Field(default="*", description='the tags that count, like "v*"')
    environment: str = "production"


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """The tags, oldest first, and every commit that they hold."""
    repository = settings.resolve(settings.path)
    if not repository.is_dir():
        raise SourceError(f"there is no {settings.path}", hint="paths are relative to the client's file")
    found = _git.lines(repository, "for-each-ref", f"--format={_TAG}", "refs/tags")
    named = [line for line in found if fnmatchcase(line[0], settings.pattern)]
    tags = [tag for tag in map(_tag, named) if tag]
    tags.sort(key=lambda tag: (tag["at"], tag["name"]))
    commits = [_commit(line) for line in _history(repository, tags)]
    faults = []
    if _git.is_shallow(repository):
        faults.append(f"{settings.path} is a shallow clone: older commits are missing")
    if len(tags) < len(named):
        faults.append(f"{len(named) - len(tags)} tags name no commit")
    refs = _git.lines(repository, "for-each-ref", "--format=%(committerdate:unix)", "refs/heads", "refs/remotes")
    newest = max([tag["at"] for tag in tags] + [int(line[0]) for line in refs], default=None)
    page = {"tags": tags, "commits": commits, "newest": newest}
    inputs = ({"path": settings.path, "tags": len(tags), "newest_commit": tags[-1]["commit"] if tags else ""},)
    return Pages((page,), settings, inputs, "partial" if faults else "ok", "; ".join(faults))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A deployment a tag, and a change a commit that a tag was the first to hold."""
    settings = pages.settings
    deployments, changes = [], []
    for page in pages.items:
        for tag in page["tags"]:
            deployments.append(_deployment(tag, settings))
        for tag, commit in _carried(page["tags"], page["commits"]):
            changes.append(_change(tag, commit, settings))
    return {"deployment": _frame("deployment", deployments), "change": _frame("change", changes)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first tag to the newest tag or commit that the clone knows of."""
    ends = [page["newest"] for page in pages.items if page["tags"]]
    if not ends:
        return {}
    window = (_instant(min(page["tags"][0]["at"] for page in pages.items if page["tags"])), _instant(max(ends)))
    return {"deployment": window, "change": window}


def _tag(line: list[str]) -> dict[str, Any] | None:
    name, kind, sha, inner_kind, inner_sha, at = line
    commit = sha if kind == "commit" else inner_sha if inner_kind == "commit" else ""
    return {"name": name, "commit": commit, "at": int(at)} if commit and at else None


def _history(repository: Any, tags: list[dict[str, Any]]) -> list[list[str]]:
    if not tags:
        return []
    given = "\n".join(dict.fromkeys(tag["commit"] for tag in tags)) + "\n"
    printed = _git.git(repository, "log", "--stdin", "--no-show-signature", f"--format={_COMMIT}", stdin=given)
    return [line.split(_git.FIELD) for line in printed.split("\n") if line]


def _commit(line: list[str]) -> dict[str, Any]:
    sha, parents, authored, committed = line
    return {"sha": sha, "parents": parents.split(), "authored": int(authored), "committed": int(committed)}


def _carried(tags: list[dict[str, Any]], commits: list[dict[str, Any]]) -> list[tuple[dict, dict]]:
    """Each commit that is no merge, with the oldest tag that holds it; none for the first tag."""
    known, seen, made = {commit["sha"]: commit for commit in commits}, set(), []
    for place, tag in enumerate(tags):
        ahead = [tag["commit"]]
        while ahead:
            sha = ahead.pop()
            if sha in seen or sha not in known:
                continue
            seen.add(sha)
            ahead += known[sha]["parents"]
            if place and len(known[sha]["parents"]) < 2:
                made.append((tag, known[sha]))
    return made


def _deployment(tag: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        "deployment_id": _id(tag, settings), "service": settings.service, "environment": settings.environment,
        "commit_sha": tag["commit"], "started_at": _instant(tag["at"]), "finished_at": _instant(tag["at"]),
        "outcome": _OUTCOME[settings.means],
    }  # fmt: skip


def _change(tag: dict[str, Any], commit: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        "change_id": commit["sha"], "deployment_id": _id(tag, settings),
        "first_commit_at": _instant(commit["authored"]), "merged_at": _instant(commit["committed"]),
    }  # fmt: skip


def _id(tag: dict[str, Any], settings: Settings) -> str:
    # Every repository has its own v1.0.
    return f"{settings.service}@{tag['name']}"


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    made = pd.DataFrame(rows) if rows else ALL[name].empty()
    times = [column.name for column in ALL[name].columns if column.dtype == INSTANT and column.name in made]
    return made.astype(dict.fromkeys(times, INSTANT))


def _instant(seconds: int) -> pd.Timestamp:
    return pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us")
