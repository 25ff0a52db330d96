"""Deployments and changes from the tags of repositories made here."""

import subprocess

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import git_tags


def at(text):
    return pd.Timestamp(text, tz="UTC")


def read(folder, frame="deployment", **given):
    settings = {"path": "shop", "service": "shop", "means": "deployed"} | given
    made = sources.settings_of(git_tags, settings, frame=frame, folder=folder)
    return sources.read(git_tags, made, Period.month("2026-10"))


@pytest.fixture
def git(tmp_path):
    (tmp_path / "shop").mkdir()

    def run(*arguments, written="2026-10-01T00:00:00Z", when="2026-10-01T00:00:00Z"):
        env = {"GIT_AUTHOR_DATE": written, "GIT_COMMITTER_DATE": when, "PATH": "/usr/bin:/bin",
               "HOME": str(tmp_path), "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c", "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(tmp_path / "shop"), *arguments], check=True, env=env, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init", "-q", "-b", "main")
    return run


def commit(git, day, written=None):
    when = f"2026-10-{day:02d}T12:00:00Z"
    git("commit", "-q", "--allow-empty", "-m", f"day {day}", when=when, written=written or when)
    return git("rev-parse", "HEAD")


def test_a_tag_is_a_deployment_at_its_taggers_time_or_its_commits(git, tmp_path):
    first = commit(git, 1)
    git("tag", "v1")
    commit(git, 2)
    git("tag", "-a", "v2", "-m", "two", when="2026-10-03T09:00:00Z")
    git("tag", "docs-1")
    rows, coverage = read(tmp_path, pattern="v*")
    assert rows["deployment_id"].tolist() == ["shop@v1", "shop@v2"]
    assert rows["started_at"].tolist() == [at("2026-10-01 12:00"), at("2026-10-03 09:00")]
    assert rows["commit_sha"].iloc[0] == first and rows["environment"].tolist() == ["production"] * 2
    assert rows["needed_intervention"].isna().all() and rows["is_rework"].isna().all()
    assert (coverage.status, coverage.observed_start, coverage.observed_end) == (
        "ok", at("2026-10-01 12:00"), at("2026-10-03 09:00")
    )  # fmt: skip


def test_only_the_clients_word_makes_a_tag_a_success(git, tmp_path):
    commit(git, 1)
    git("tag", "v1")
    assert read(tmp_path)[0]["outcome"].tolist() == ["success"]
    assert read(tmp_path, means="released")[0]["outcome"].tolist() == ["unknown"]


def test_changes_are_the_commits_that_are_no_merges_between_two_tags(git, tmp_path):
    commit(git, 1)
    git("tag", "v1")
    git("checkout", "-q", "-b", "side")
    side = commit(git, 2, written="2026-09-20T08:00:00Z")
    git("checkout", "-q", "main")
    main = commit(git, 3)
    git("merge", "-q", "--no-ff", "-m", "merge", "side", when="2026-10-04T12:00:00Z")
    git("tag", "v2")
    rows, _ = read(tmp_path, "change")
    rows = rows.set_index("change_id")
    assert set(rows.index) == {side, main} and set(rows["deployment_id"]) == {"shop@v2"}
    assert rows.loc[side, "first_commit_at"] == at("2026-09-20 08:00")
    assert rows.loc[side, "merged_at"] == at("2026-10-02 12:00")


def test_a_change_is_carried_by_the_oldest_tag_that_holds_it(git, tmp_path):
    commit(git, 1)
    git("tag", "v1.0")
    on_two = commit(git, 2)
    git("tag", "v2.0")
    git("checkout", "-q", "-b", "old", "v1.0")
    fix = commit(git, 3)
    git("tag", "v1.1")
    git("checkout", "-q", "main")
    later = commit(git, 4)
    git("tag", "v2.1")
    rows, _ = read(tmp_path, "change")
    assert dict(zip(rows["change_id"], rows["deployment_id"], strict=True)) == {
        on_two: "shop@v2.0", fix: "shop@v1.1", later: "shop@v2.1"
    }  # fmt: skip


def test_the_newest_commit_ends_what_the_clone_can_tell(git, tmp_path):
    commit(git, 1)
    git("tag", "v1")
    commit(git, 9)
    assert read(tmp_path)[1].observed_end == at("2026-10-09 12:00")


def test_a_shallow_clone_is_partial(git, tmp_path):
    for day in (1, 2, 3):
        commit(git, day)
        git("tag", f"v{day}")
    source = f"file://{tmp_path}/shop"
    command = ["git", "clone", "-q", "--depth", "1", source, str(tmp_path / "cut")]
    subprocess.run(command, check=True, capture_output=True)
    coverage = read(tmp_path, path="cut")[1]
    assert coverage.status == "partial" and "shallow" in coverage.why


def test_a_tag_of_something_that_is_no_commit_is_said(git, tmp_path):
    commit(git, 1)
    git("tag", "v1")
    git("tag", "tree", "HEAD^{tree}")
    rows, coverage = read(tmp_path)
    assert len(rows) == 1 and coverage.status == "partial" and "1 tags name no commit" in coverage.why


def test_a_repository_without_tags_or_commits_has_no_deployment(git, tmp_path):
    rows, coverage = read(tmp_path)
    assert len(rows) == 0 and coverage.status == "ok" and pd.isna(coverage.observed_start)
    assert len(read(tmp_path, "change")[0]) == 0


def test_a_folder_that_is_no_repository_is_unavailable(tmp_path):
    (tmp_path / "shop").mkdir()
    assert read(tmp_path)[1].status == "unavailable"
