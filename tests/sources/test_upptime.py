"""Upptime: a real log against Upptime's own figures, and a repository made here."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import upptime

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "uptime" / "upptime_manticore"
real = pytest.mark.skipif(not DATA.exists(), reason="../shared/data/uptime is not here")
MINUTE = pd.Timedelta(minutes=1)


def at(text):
    return pd.Timestamp(text, tz="UTC")


def read(folder, path, **given):
    made = sources.settings_of(upptime, {"path": path, **given}, frame="monitor_state", folder=Path(folder))
    return sources.read(upptime, made, Period.month("2026-08"))


def down(rows):
    rows = rows[rows["state"] == "down"]
    return rows.assign(minutes=(rows["ended_at"] - rows["started_at"]) / MINUTE)


@real
def test_every_real_check_but_the_last_of_each_site_is_a_stretch_of_time():
    rows, coverage = read(DATA, "checks_from_git_log.csv")
    # 314 checks of 18 sites: the last check of each tells of no time.
    assert (len(rows), rows["monitor"].nunique(), coverage.status) == (314 - 18, 18, "ok")
    assert coverage.observed_start == at("2026-08-11 11:06:25")
    assert coverage.observed_end == at("2026-08-21 23:23:53")
    assert (rows["ended_at"] > rows["started_at"]).all()


@real
def test_the_history_files_tell_a_little_more_than_the_last_check():
    rows, coverage = read(DATA, "checks_from_git_log.csv", history="history")
    assert len(rows) > 314 - 18
    assert coverage.observed_end > at("2026-08-21 23:23:53")


@real
def test_upptimes_rule_gives_upptimes_minutes_down_per_day():
    rows, _ = read(DATA, "checks_from_git_log.csv", drop_under="15min")
    outages = down(rows)
    ours = outages.groupby(["monitor", outages["started_at"].dt.strftime("%Y-%m-%d")])["minutes"].sum()
    theirs = pd.read_csv(DATA / "expected_daily_minutes_down.csv").set_index(["site", "date"])["minutes_down"]
    ours.index.names = theirs.index.names
    assert set(ours.index) == set(theirs.index)
    # Upptime counts from an issue that it opens seconds after the check, in whole minutes.
    assert ((ours - theirs).abs() < 1).all()


@real
def test_upptimes_rule_gives_upptimes_uptime_of_every_site():
    rows, _ = read(DATA, "checks_from_git_log.csv", drop_under="15min")
    minutes = down(rows).groupby("monitor")["minutes"].sum()
    # Upptime divides by the time from a site's startTime to the moment of its summary.
    summary = at("2026-08-22 01:18:30")
    expected = pd.read_csv(DATA / "expected_uptime.csv")
    for site, slug, uptime in expected[["site", "slug", "uptime"]].itertuples(index=False):
        lines = (DATA / "history" / f"{slug}.yml").read_text().splitlines()
        start = pd.Timestamp(next(line for line in lines if line.startswith("startTime")).split(": ")[1])
        share = 1 - minutes.get(site, 0.0) / ((summary - start) / MINUTE)
        assert f"{share:.2%}" == uptime, site


@real
def test_without_the_rule_short_outages_stay():
    kept, dropped = (down(read(DATA, "checks_from_git_log.csv", **given)[0])["minutes"].sum()
                     for given in ({}, {"drop_under": "15min"}))  # fmt: skip
    assert kept > dropped


@pytest.fixture
def repository(tmp_path):
    def git(*arguments, when="2026-08-01T00:00:00Z"):
        env = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@b.c", "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip
        subprocess.run(["git", "-C", str(tmp_path / "up"), *arguments], check=True, env=env, capture_output=True)

    (tmp_path / "up").mkdir()
    git("init", "-q")
    for when, subject in [
        ("2026-08-01T00:00:00Z", "🟩 Shop is up (200 in 100 ms) [skip ci] [upptime]"),
        ("2026-08-01T00:00:01Z", ":card_file_box: Update status summary [skip ci] [upptime]"),
        ("2026-08-01T10:00:00Z", "🟥 Shop is down (0 in 0 ms) [skip ci] [upptime]"),
        ("2026-08-01T10:30:00Z", "🟨 Shop is degraded (200 in 9000 ms) [skip ci] [upptime]"),
        ("2026-08-01T11:00:00Z", "🟩 Shop is up (200 in 100 ms) [skip ci] [upptime]"),
        ("2026-08-01T12:00:00Z", "🟩 What is up (today) is up (200 in 100 ms) [skip ci] [upptime]"),
    ]:
        git("commit", "-q", "--allow-empty", "-m", subject, when=when)
    return git


def test_a_repositorys_commits_are_its_checks(repository, tmp_path):
    rows, coverage = read(tmp_path, "up")
    assert rows["state"].tolist() == ["up", "down", "degraded"]
    assert rows["ended_at"].tolist() == [at("2026-08-01 10:00"), at("2026-08-01 10:30"), at("2026-08-01 11:00")]
    assert coverage.status == "ok" and coverage.observed_end == at("2026-08-01 12:00")


def test_the_last_state_is_known_until_the_history_was_updated_with_the_same_state(repository, tmp_path):
    history = tmp_path / "up" / "history"
    history.mkdir()
    (history / "summary.json").write_text('[{"name": "Shop", "slug": "shop"}, {"name": "What", "slug": "../../x"}]')
    for status, ends in (("up", [at("2026-08-03 09:00")]), ("down", [])):
        (history / "shop.yml").write_text(f"status: {status}\nlastUpdated: 2026-08-03T09:00:00.000Z\n")
        repository("add", "."), repository("commit", "-q", "-m", "history")
        rows, _ = read(tmp_path, "up")
        assert rows["ended_at"].tolist()[3:] == ends


def test_a_shallow_clone_is_partial(repository, tmp_path):
    whole = f"file://{tmp_path}/up"
    command = ["git", "clone", "-q", "--depth", "2", whole, str(tmp_path / "cut")]
    subprocess.run(command, check=True, capture_output=True)
    coverage = read(tmp_path, "cut")[1]
    assert coverage.status == "partial" and "shallow" in coverage.why


def test_a_commit_that_looks_like_a_check_but_is_none_makes_it_partial(repository, tmp_path):
    repository("commit", "-q", "--allow-empty", "-m", "🟥 Shop kaputt")
    coverage = read(tmp_path, "up")[1]
    assert coverage.status == "partial" and "1 commits look like checks" in coverage.why


def test_a_folder_without_a_repository_never_means_the_one_around_it(repository, tmp_path):
    (tmp_path / "up" / "inner").mkdir()
    assert read(tmp_path, "up/inner")[1].status == "unavailable"


def test_nothing_that_a_repository_configures_is_run(repository, tmp_path):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"):
        repository("config", key, str(program))
    repository("config", "log.showSignature", "true")
    assert read(tmp_path, "up")[1].status == "ok"
    assert not ran.exists()


def test_a_log_with_a_word_that_is_no_state_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("committed_at,site,status\n2026-08-01T00:00:00Z,Shop,sleepy\n")
    assert "log.csv, row 1: 'sleepy'" in read(tmp_path, "log.csv")[1].why


def test_an_outage_without_an_end_is_not_dropped_and_one_with_an_end_is(tmp_path):
    checks = ["00:00:00Z,Shop,up", "01:00:00Z,Shop,down", "01:10:00Z,Shop,up", "02:00:00Z,Shop,down",
              "02:05:00Z,Shop,down"]  # fmt: skip
    body = "".join(f"2026-08-01T{check}\n" for check in checks)
    (tmp_path / "log.csv").write_text("committed_at,site,status\n" + body)
    rows, _ = read(tmp_path, "log.csv", drop_under="15min")
    assert rows["state"].tolist() == ["up", "up", "up", "down"]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_the_order_of_the_log_does_not_matter(tmp_path, order):
    lines = ["2026-08-01T00:00:00Z,Shop,up", "2026-08-01T01:00:00Z,Shop,down", "2026-08-01T02:00:00Z,Shop,up"]
    (tmp_path / "log.csv").write_text("\n".join(["committed_at,site,status", *(lines[n] for n in order)]))
    assert down(read(tmp_path, "log.csv")[0])["minutes"].tolist() == [60.0]
