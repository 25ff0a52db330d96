"""Releases of GitHub repositories, as deployments: where a release is what puts a version into production.

Documentation: https://docs.github.com/en/rest/releases/releases. Permission: Contents, read. GitHub forgets
nothing but a release that somebody deletes; its tag may go on.

A release says that a version was published, and not more. ``means: deployed`` is the client's word that each one
was put into production and arrived, so the outcome is success; with ``means: released`` it is unknown. Where
deployments are recorded, read them by ``github_deployments`` in place of this. started_at is when the release was
written (created_at is its commit's time, and is not read) and so is finished_at. Drafts are none, and
pre-releases only where ``prereleases`` is true. Whether a deployment needed intervention, a release does not tell.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _github, _http

FRAMES = ("deployment",)
OPERATIONS = {"GET /repos/{owner}/{repo}/releases": "Contents: read"}
KEEPS = {"deployment": _http.FOR_EVER}

(_RELEASES,) = OPERATIONS
_OUTCOME = {"deployed": "success", "released": "unknown"}


class Settings(_github.RepositorySettings):
    """Which releases count, and what they mean."""

    means: Literal["deployed", "released"] = Field(description="what a release says")
    tags: str = Field(default="*", description='the tags whose releases count, like "v*"')
    prereleases: bool = Field(default=False, description="whether pre-releases count too")
    environment: str = "production"


def fetch(period: Period, settings: Settings) -> Pages:
    """Every release of each repository: they are listed by their commits' times, so none says that no more follow."""
    github = _github.opened(settings, OPERATIONS)
    for repository in settings.repositories:
        github.ask(_RELEASES, within=_github.within(repository), params={"per_page": _github.A_PAGE},
                   following=_http.by_link)  # fmt: skip
    return github.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a release."""
    rows = [_row(_github.of(answer), release, pages.settings) for answer in pages.items for release in answer.body
            if _counts(release, pages.settings)]  # fmt: skip
    return {"deployment": _http.rows_of("deployment", rows)}


observed = _http.told(KEEPS)


def _counts(release: dict[str, Any], settings: Settings) -> bool:
    is_out = not release["draft"] and (settings.prereleases or not release["prerelease"])
    return is_out and fnmatchcase(release["tag_name"], settings.tags)


def _row(repository: str, release: dict[str, Any], settings: Settings) -> dict[str, Any]:
    at = _http.instant(release["published_at"])
    return {"deployment_id": f"{repository}/releases/{release['id']}", "service": repository,
            "environment": settings.environment, "started_at": at, "finished_at": at,
            "outcome": _OUTCOME[settings.means]}  # fmt: skip
