"""Releases of GitHub, as deployments."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import github_releases
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings

RELEASES = "GET /repos/{owner}/{repo}/releases"


def release(id, tag, published, **more):
    return {"id": id, "tag_name": tag, "draft": False, "prerelease": False, "created_at": "2020-01-01T00:00:00Z",
            "published_at": published, **more}  # fmt: skip


def world(web):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.answer(
        RELEASES,
        [release(3, "v3", "2026-10-20T10:00:00Z"), release(9, "v4-rc", "2026-10-25T10:00:00Z", prerelease=True)],
        [release(2, "v2", "2026-10-02T08:30:00Z"), release(1, "nightly", "2026-09-01T08:00:00Z")],
        [release(8, "v5", None, draft=True)],
    )  # fmt: skip
    return each_frame(github_releases, web, repositories=["acme/shop"], means="deployed")


def read(web, **given):
    known = {"repositories": ["acme/shop"], "means": "deployed", **given}
    world(web)
    return sources.read(github_releases, settings(github_releases, web, **known), OCTOBER)


def test_each_release_is_a_deployment_that_finished_when_it_was_published(web):
    rows, seen = read(web)
    assert rows["deployment_id"].tolist() == [f"acme/shop/releases/{id}" for id in (3, 2, 1)]
    assert rows.loc[1, "finished_at"] == pd.Timestamp("2026-10-02 08:30", tz="UTC") == rows.loc[1, "started_at"]
    assert set(rows["outcome"]) == {"success"} and set(rows["service"]) == {"acme/shop"}
    assert [seen.observed_start, seen.observed_end] == [OCTOBER.start, OCTOBER.end]


def test_only_the_tags_that_are_wanted_count_and_prereleases_on_demand(web):
    rows, _ = read(web, tags="v*", prereleases=True, means="released")
    assert rows["deployment_id"].str[-1].tolist() == ["3", "9", "2"] and set(rows["outcome"]) == {"unknown"}


def test_a_repository_is_named_with_its_owner(web):
    with pytest.raises(ParamsError, match="repositories"):
        settings(github_releases, web, repositories=["shop"], means="deployed")


@pytest.mark.parametrize("token", ["ghp_0123456789", "env:", "Bearer x"])
def test_a_token_itself_is_refused_without_being_shown(web, token):
    with pytest.raises(ParamsError, match="where it is kept") as raised:
        settings(github_releases, web, repositories=["acme/shop"], means="deployed", token=token)
    assert "0123456789" not in str(raised.value)
