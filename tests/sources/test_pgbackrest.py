"""pgBackRest's backups: stanzas, several repositories, what cannot be read, and what a real one prints."""

import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import Run, pgbackrest
from tests.sources import cluster

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-01 06:30", tz="UTC")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def backup(day, kind="F", hour=1, minutes=30, repo=1, size=1000, **more):
    start = int(at(f"2026-10-{day:02d} {hour:02d}:00").timestamp())
    database = {"id": 1} | ({"repo-key": repo} if repo else {})
    return {"label": f"202610{day:02d}-{hour:02d}0000{kind}", "type": "full", "database": database, "error": False,
            "timestamp": {"start": start, "stop": start + minutes * 60}, "prior": None, "reference": None,
            "info": {"size": size, "delta": 1, "repository": {"size": 2, "delta": 2}}, **more}  # fmt: skip


def stanza(*backups, name="shop", codes=(0,), held=False, system=77, **more):
    words = {0: "ok", 1: "missing stanza path", 2: "no valid backups", 99: "[PathOpenError] unable to open '/srv/x/y'"}
    repos = [{"cipher": "none", "key": key, "status": {"code": code, "message": words[code]}}
             for key, code in enumerate(codes, 1)]  # fmt: skip
    code = codes[0] if len(set(codes)) == 1 else 4
    status = {"code": code, "message": words.get(code, "different across repos"), "lock": {"backup": {"held": held}}}
    known = [{"id": 1, "repo-key": key, "system-id": system, "version": "15"} for key in range(1, len(codes) + 1)]
    return {"name": name, "backup": list(backups), "archive": [], "db": known, "repo": repos, "status": status, **more}


def save(folder, name, body, mtime=None):
    path = Path(folder) / name
    path.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")
    if mtime is not None:
        os.utime(path, (at(mtime).timestamp(),) * 2)


def read(folder, now=NOW, period=OCTOBER, **given):
    made = sources.settings_of(
        pgbackrest, {"path": ".", **given}, frame="backup", folder=Path(folder), run=Run(now=now)
    )
    return sources.read(pgbackrest, made, period)


def window(coverage):
    return coverage.observed_start, coverage.observed_end


def test_a_backup_is_read_by_its_stanza(tmp_path):
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30))])
    rows, coverage = read(tmp_path, kept="7d")
    row = rows.sort_values("started_at").iloc[0]
    assert row["backup_id"] == "shop/77/repo1/20261005-010000F"
    assert (row["resource"], row["service"], row["outcome"]) == ("shop", "shop", "success")
    assert (row["started_at"], row["finished_at"]) == (at("2026-10-05 01:00"), at("2026-10-05 01:30"))
    assert row["size_bytes"] == Decimal(1000) and pd.isna(row["verified"])
    assert window(coverage) == (at("2026-10-25 06:00"), at("2026-11-01 05:30")) and coverage.status == "ok"


def test_a_backup_with_an_error_in_it_is_not_verified(tmp_path):
    broken = backup(6, error=True, **{"error-list": [{"name": "base/1/2"}]})
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), broken, backup(7, error=None))])
    rows, coverage = read(tmp_path)
    told = rows.sort_values("started_at")["verified"].astype(object).tolist()
    assert pd.isna(told[0]) and told[1] is False and pd.isna(told[2])
    assert rows["outcome"].eq("success").all() and "1 backups hold pages whose checksums are wrong" in coverage.why
    assert "checksums" not in read(tmp_path, period=Period.month("2026-09"))[1].why


def test_an_old_version_tells_of_one_repository_and_no_error(tmp_path):
    one = {key: value for key, value in backup(5, repo=None).items() if key != "error"}
    old = {key: value for key, value in stanza(one).items() if key != "repo"}
    old |= {"status": {"code": 0, "message": "ok"}, "db": [{"id": 1, "system-id": 77, "version": "11"}]}
    save(tmp_path, "info-20261101T060000Z.json", [old])
    rows, coverage = read(tmp_path, kept="30d")
    assert rows["backup_id"].tolist() == ["shop/77/repo1/20261005-010000F"] and coverage.status == "ok"
    save(tmp_path, "info-20261101T060000Z.json", [{**old, "status": {"code": 3, "message": "missing stanza data"}}])
    coverage = read(tmp_path, kept="30d")[1]
    assert coverage.status == "partial" and "its repository cannot be read: missing stanza data" in coverage.why


def test_backups_of_several_repositories_are_one_resource_or_several(tmp_path):
    two = stanza(backup(5), backup(5, repo=2), backup(6, repo=2), codes=(0, 0))
    save(tmp_path, "info-20261101T060000Z.json", [two])
    rows = read(tmp_path)[0]
    assert len(rows) == 3 and set(rows["resource"]) == {"shop"}, "one label in two repositories is two backups"
    rows = read(tmp_path, each_repository=True, resources={"shop/repo2": "shop offsite"})[0]
    assert rows["resource"].value_counts().to_dict() == {"shop/repo1": 1, "shop offsite": 2}
    assert set(rows["service"]) == {"shop"}
    assert set(read(tmp_path, each_repository=True, only=["shop/repo1"])[0]["resource"]) == {"shop/repo1"}


def test_a_repository_without_backups_is_readable_and_one_that_is_not_makes_it_partial(tmp_path):
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30), codes=(0, 2))])
    assert read(tmp_path, kept="7d")[1].status == "ok"
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30), codes=(0, 99))])
    rows, coverage = read(tmp_path, kept="7d")
    assert len(rows) == 2 and coverage.status == "partial" and pd.isna(coverage.observed_start)
    assert (
        "info-20261101T060000Z.json, shop, repository 2 cannot be read: [PathOpenError] unable to open" in coverage.why
    )
    assert "/srv" not in coverage.why


def test_a_listing_that_lacks_a_repository_takes_nothing_from_those_before_it(tmp_path):
    save(tmp_path, "info-20261031T060000Z.json", [stanza(backup(5), backup(30), backup(30, repo=2), codes=(0, 0))])
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30), backup(31), codes=(0, 99))])
    rows, coverage = read(tmp_path, kept="7d")
    assert len(rows) == 4 and window(coverage) == (at("2026-10-24 06:00"), at("2026-10-31 05:30"))
    assert "lacks" not in coverage.why and "later is not told" in coverage.why


def test_a_stanza_that_is_gone_or_has_no_backup_is_said(tmp_path):
    save(tmp_path, "info-20261101T060000Z.json", [stanza(codes=(1,))])
    coverage = read(tmp_path, kept="7d")[1]
    assert coverage.status == "partial" and "repository 1 cannot be read: missing stanza path" in coverage.why
    save(tmp_path, "info-20261101T060000Z.json", [stanza(codes=(2,))])
    coverage = read(tmp_path, kept="7d")[1]
    assert coverage.status == "partial" and "lists no backup of shop" in coverage.why
    assert pd.isna(coverage.observed_start)


def test_while_a_backup_runs_nothing_after_the_newest_counts_as_seen(tmp_path):
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30), held=True)])
    assert window(read(tmp_path, kept="7d")[1]) == (at("2026-10-25 06:00"), at("2026-10-30 01:30"))
    save(tmp_path, "info-20261101T060000Z.json", [stanza(held=True, codes=(2,))])
    assert pd.isna(read(tmp_path, kept="7d")[1].observed_start)


def test_of_several_stanzas_the_time_counts_that_all_tell_of(tmp_path):
    both = [stanza(backup(5), backup(30)), stanza(backup(5), backup(28), name="crm", held=True, system=88)]
    save(tmp_path, "info-20261101T060000Z.json", both)
    assert window(read(tmp_path, kept="7d")[1]) == (at("2026-10-25 06:00"), at("2026-10-28 01:30"))


def test_another_clients_stanza_has_no_part_in_it(tmp_path):
    theirs = stanza(backup(6), name="other", codes=(0, 99), system=88)
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(5), backup(30)), theirs])
    rows, coverage = read(tmp_path, only=["shop"], kept="7d")
    assert set(rows["resource"]) == {"shop"} and coverage.status == "ok" and "other" not in coverage.why
    assert window(coverage) == (at("2026-10-25 06:00"), at("2026-11-01 05:30"))


def test_stanzas_of_one_name_on_two_hosts_lose_no_row_and_are_said(tmp_path):
    save(tmp_path, "a-20261031T060000Z.json", [stanza(backup(30))])
    save(tmp_path, "b-20261101T060000Z.json", [stanza(backup(30, size=7), system=88)])
    rows, coverage = read(tmp_path, kept="7d")
    assert len(rows) == 2 and coverage.status == "partial" and "a source of its own" in coverage.why


def test_backups_that_expired_stay_told_from_the_listings_before(tmp_path):
    save(tmp_path, "info-20261010T060000Z.json", [stanza(backup(1), backup(9))])
    save(tmp_path, "info-20261101T060000Z.json", [stanza(backup(24), backup(31))])
    rows, coverage = read(tmp_path, kept="8d")
    # 8 days before the 10th is the 2nd: in October 7 d 23.5 h of it, and as much less 5.5 h of the other.
    assert len(rows) == 4 and window(coverage) == (at("2026-10-02 06:00"), at("2026-10-10 05:30"))
    assert coverage.status == "ok"


@pytest.mark.parametrize("body", ["", "{", "{}", [], [{"name": "shop", "status": {"code": 0}}],
                                  [stanza({"label": "20261005-010000F"})]])  # fmt: skip
def test_what_lists_no_stanza_is_refused(tmp_path, body):
    save(tmp_path, "info.json", body)
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "info.json" in coverage.why


CONF = """
[global]
repo1-path={folder}/repo1
repo2-path={folder}/repo2
repo1-retention-full=9
repo2-retention-full=9
log-path={folder}
lock-path={folder}/lock
spool-path={folder}/spool
start-fast=y
archive-timeout=30
[shop]
pg1-path={folder}/data
pg1-socket-path={folder}
pg1-port={port}
"""
SERVER = """
archive_mode = on
archive_command = 'pgbackrest --config={folder}/pgbackrest.conf --stanza=shop archive-push %p'
"""


@pytest.fixture
def database():
    """A PostgreSQL of its own with pgBackRest for it: a function that runs pgBackRest there."""
    if not shutil.which("pgbackrest"):
        pytest.skip("pgbackrest is not installed")
    with cluster.postgresql(SERVER, ("--data-checksums",), **{"pgbackrest.conf": CONF}) as made:
        yield lambda *arguments: made.run("pgbackrest", f"--config={made.folder}/pgbackrest.conf", *arguments)


def test_what_pgbackrest_itself_prints_is_read(database, tmp_path):
    shop = ("--stanza=shop",)
    save(tmp_path, "info-1.json", database("--output=json", "info"))
    assert "info-1.json lists no stanza" in read(tmp_path)[1].why
    database(*shop, "stanza-create")
    save(tmp_path, "info-1.json", database("--output=json", "info"))
    assert "lists no backup of shop" in read(tmp_path)[1].why
    for repository, kind in ((1, "full"), (1, "incr"), (2, "full")):
        database(*shop, f"--repo={repository}", f"--type={kind}", "backup")
    save(tmp_path, "info-1.json", database("--output=json", "info"))
    now = pd.Timestamp.now("UTC").floor("us")
    rows, coverage = read(tmp_path, now=now, period=Period.month(f"{now:%Y-%m}"), kept="1h", each_repository=True)
    rows = rows.sort_values("started_at")
    assert rows["resource"].tolist() == ["shop/repo1", "shop/repo1", "shop/repo2"]
    assert rows["outcome"].eq("success").all() and rows["verified"].isna().all()
    assert (now - rows["started_at"] < pd.Timedelta(minutes=10)).all() and rows["backup_id"].is_unique
    assert (rows["finished_at"] >= rows["started_at"]).all() and (rows["size_bytes"] > 10**6).all()
    assert coverage.status == "ok" and coverage.observed_start == rows["started_at"].min()
    assert coverage.observed_end <= now
