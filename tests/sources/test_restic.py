"""restic's snapshots, and what was saved of its runs: what is there, what never ran, and what cannot be told."""

import datetime as dt
import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.backup_runs import runs, success
from opsreport.params.models import Agreement
from opsreport.params.operations import BackupPlan
from opsreport.period import Period
from opsreport.sources import Run, restic

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-01 06:30", tz="UTC")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def snapshot(day, id=None, hour=1, paths=("/srv/db",), host="web1", **more):
    return {"time": f"2026-10-{day:02d}T{hour:02d}:00:00.123456789+02:00", "paths": list(paths), "hostname": host,
            "tree": "0" * 64, "id": id or f"{day:02d}{hour:02d}" * 16, **more}  # fmt: skip


def timed(day, minutes=30, size=1000, **more):
    """One of restic 0.17, at 01:00 in Berlin, which is 23:00 UTC of the day before."""
    start, end = (f"2026-10-{day:02d}T01:{minute:02d}:00+02:00" for minute in (0, minutes))
    return snapshot(day, summary={"backup_start": start, "backup_end": end, "total_bytes_processed": size}, **more)


def save(folder, name, body, mtime=None):
    path = Path(folder) / name
    lines = body if isinstance(body, str) else json.dumps(body)
    path.write_text(lines, "utf-8")
    if mtime is not None:
        os.utime(path, (at(mtime).timestamp(),) * 2)


def both(folder, path=".", now=NOW, period=OCTOBER, **given):
    read = [
        sources.settings_of(restic, {"path": path, **given}, frame=frame, folder=Path(folder), run=Run(now=now))
        for frame in restic.FRAMES
    ]
    return [(one.rows, one.coverage) for one in sources.read_each(restic, read, period)]


def read(folder, path=".", **given):
    return both(folder, path, **given)[0]


def window(coverage):
    return coverage.observed_start, coverage.observed_end


def test_a_snapshot_is_read_as_a_backup_of_its_host_and_paths(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5, paths=("/srv", "/etc"))])
    rows, _ = read(tmp_path)
    row = rows.iloc[0]
    assert (row["backup_id"], row["resource"], row["service"]) == ("0501" * 16, "web1:/etc,/srv", "web1")
    assert row["started_at"] == at("2026-10-04 23:00:00.123456")
    assert row["finished_at"] == at("2026-10-04 23:30") and row["outcome"] == "success"
    assert row["size_bytes"] == Decimal(1000) and pd.isna(row["verified"])


def test_a_snapshot_of_an_older_restic_does_not_tell_its_end_or_size(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [snapshot(5)])
    row = read(tmp_path)[0].iloc[0]
    assert pd.isna(row["finished_at"]) and pd.isna(row["size_bytes"])


def test_nothing_that_is_not_listed_is_missing_until_it_is_said_how_long_all_are_kept(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5)])
    rows, coverage = read(tmp_path)
    assert len(rows) == 1 and pd.isna(coverage.observed_start) and pd.isna(coverage.observed_end)
    assert coverage.status == "ok" and "say in kept" in coverage.why


def test_a_listing_tells_back_as_far_as_all_are_kept_and_up_to_where_one_may_still_have_run(tmp_path):
    # 7 days before 06:00, and half an hour, the longest that one took, before it.
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(1), timed(30)])
    assert window(read(tmp_path, kept="7d")[1]) == (at("2026-10-25 06:00"), at("2026-11-01 05:30"))
    assert window(read(tmp_path, kept="7d", longest="2h")[1])[1] == at("2026-11-01 04:00")


def test_where_none_says_how_long_it_took_a_day_is_left(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(1), snapshot(30)])
    assert window(read(tmp_path, kept="7d")[1]) == (at("2026-10-25 06:00"), at("2026-10-31 06:00"))


def test_before_the_oldest_snapshot_there_may_have_been_another_repository(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(29)])
    assert window(read(tmp_path, kept="90d")[1])[0] == at("2026-10-28 23:00:00.123456")


def test_a_snapshot_that_was_pruned_never_becomes_a_backup_that_never_ran(tmp_path):
    # forget kept one of the 3rd, and all of the last week but for that of the 30th, which was not made.
    listed = [timed(3)] + [timed(day) for day in (26, 27, 28, 29, 31)]
    save(tmp_path, "snapshots-20261101T060000Z.json", listed)
    rows, coverage = read(tmp_path, kept="7d")
    plan = BackupPlan(resource="web1:/srv/db", every="24h", at="23:00")
    agreed = [Agreement(starts_on=dt.date(2026, 1, 1), backups=[plan])]
    seen = Seen((((Intervals([window(coverage)]), 1.0),),))
    told = runs(rows, OCTOBER, agreed, seen).set_index("backup_day")["backup_status"]
    days = {status: [day.day for day in told.index[told == status]] for status in told.unique()}
    # A snapshot of the 26th at 01:00 in Berlin was due on the 25th at 23:00 UTC. The window of the 31st ends at 17:00.
    assert days["never ran"] == [29]
    assert days["completed"] == [2, 25, 26, 27, 28, 30]
    assert days["not seen"] == [1, *range(3, 25), 31]
    counted = success(rows, OCTOBER, agreed, seen).iloc[0]
    assert (counted["backups_missing"], counted["backups_completed"], counted["backups_unsure"]) == (1, 6, 24)


def test_a_day_of_which_the_next_listing_tells_is_not_lost_between_two(tmp_path):
    save(tmp_path, "snapshots-20261030T060000Z.json", [timed(1), timed(29), timed(30)])
    save(tmp_path, "snapshots-20261031T060000Z.json", [timed(1), timed(30), timed(31)])
    assert window(read(tmp_path, kept="30h")[1]) == (at("2026-10-29 00:00"), at("2026-10-31 05:30"))


def test_of_listings_too_far_apart_the_stretch_in_the_month_counts(tmp_path):
    save(tmp_path, "snapshots-20261010T060000Z.json", [timed(1), timed(10)])
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(1), timed(31)])
    # In October 2 days less half an hour before the 10th at 06:00, of the other 1 day and 18 hours.
    assert window(read(tmp_path, kept="2d")[1]) == (at("2026-10-08 06:00"), at("2026-10-10 05:30"))


def test_a_snapshot_that_vanished_sooner_than_is_said_takes_all_from_what_its_listing_tells(tmp_path):
    save(tmp_path, "snapshots-20261030T060000Z.json", [timed(1), timed(29), timed(30)])
    save(tmp_path, "snapshots-20261031T060000Z.json", [timed(1), timed(31)])
    rows, coverage = read(tmp_path, kept="3d")
    assert window(coverage) == (at("2026-10-27 06:00"), at("2026-10-30 05:30")) and coverage.status == "partial"
    assert "snapshots-20261031T060000Z.json lacks backups" in coverage.why
    assert len(rows) == 4, "what was seen once is still told"


def test_what_was_pruned_after_the_time_it_is_kept_is_no_contradiction(tmp_path):
    save(tmp_path, "snapshots-20261020T060000Z.json", [timed(1), timed(20)])
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(1), timed(31)])
    assert read(tmp_path, kept="7d")[1].status == "ok"


def test_an_empty_listing_tells_nothing_and_says_so(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [])
    rows, coverage = read(tmp_path, kept="7d")
    assert len(rows) == 0 and coverage.status == "partial" and pd.isna(coverage.observed_start)
    assert "lists no backup" in coverage.why
    save(tmp_path, "snapshots-20261101T060000Z.json", "null")
    assert "lists no backup" in read(tmp_path, kept="7d")[1].why


@pytest.mark.parametrize(("name", "mtime", "trusted", "end"), [
    ("s.json", "2026-10-31 06:00", True, "2026-10-31 05:30"),
    # A copy's time is not when it was made: then only the newest snapshot bounds it, which ended on the 29th at 23:30.
    ("s.json", "2026-10-31 06:00", False, "2026-10-29 23:00"),
    ("s-2026-10-31T06-00-00Z.json", "2026-11-01 06:00", True, "2026-10-31 05:30"),
    ("s_2026-10-31.json", "2026-10-31 08:00", True, "2026-10-31 07:30"),
    # Copied a day later: the 31st began on the 30th at 10:00 UTC where it began first.
    ("s_2026-10-31.json", "2026-11-01 12:00", True, "2026-10-30 09:30"),
    ("s-20261399.json", "2026-10-31 06:00", True, "2026-10-31 05:30"),
    # A clock that goes ahead does not tell of what is still to come.
    ("s-20261109T060000Z.json", "2026-10-31 06:00", True, "2026-11-01 06:00"),
])  # fmt: skip
def test_when_a_listing_was_made_is_never_taken_too_late(tmp_path, name, mtime, trusted, end):
    save(tmp_path, name, [timed(1), timed(30)], mtime)
    assert read(tmp_path, kept="14d", trust_mtime=trusted)[1].observed_end == at(end)


def test_a_snapshot_of_a_clock_that_goes_ahead_does_not_make_a_stale_listing_fresh(tmp_path):
    for name, trusted, end in (("s.json", True, "2026-10-02 05:30"), ("s_2026-10-02.json", False, "2026-10-01 09:30")):
        save(tmp_path, name, [timed(1), timed(30)], "2026-10-02 06:00")
        assert read(tmp_path, path=name, kept="14d", trust_mtime=trusted)[1].observed_end == at(end)


def test_of_a_day_only_the_newest_snapshot_of_that_day_tells_when(tmp_path):
    # It was made after 23:30 UTC of the 29th, when the snapshot that is dated the 30th in Berlin had ended.
    save(tmp_path, "s_2026-10-29.json", [timed(1), timed(30)])
    assert read(tmp_path, kept="14d", trust_mtime=False)[1].observed_end == at("2026-10-29 23:00")


def test_what_is_kept_no_longer_than_a_backup_takes_is_said(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [snapshot(30)])
    coverage = read(tmp_path, kept="24h")[1]
    assert pd.isna(coverage.observed_start) and "see longest" in coverage.why


def test_a_stale_listing_makes_it_partial_with_its_date(tmp_path):
    save(tmp_path, "snapshots-20261020T060000Z.json", [timed(1), timed(20)])
    coverage = read(tmp_path, kept="7d")[1]
    assert coverage.status == "partial" and "the newest listing is of 2026-10-20 06:00 UTC" in coverage.why
    assert "newest listing" not in read(tmp_path, kept="7d", now=at("2026-10-21 07:59"))[1].why


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(30)])
    save(tmp_path, "snapshots-20261031T060000Z.json", '[{"time": "2026-10-05T')
    save(tmp_path, "snapshots-20261030T060000Z.json", "")
    save(tmp_path, "other.json", {"vulnerabilities": []})
    save(tmp_path, "list.json", [{"keep": []}])
    rows, coverage = read(tmp_path)
    assert len(rows) == 1 and coverage.status == "partial"
    for name in (
        "snapshots-20261031T060000Z.json",
        "snapshots-20261030T060000Z.json is empty",
        "other.json",
        "list.json",
    ):
        assert name in coverage.why
    assert sum("unread" in one for one in json.loads(coverage.inputs)) == 4


def test_where_no_file_can_be_read_nothing_is_known(tmp_path):
    save(tmp_path, "snapshots.json", "{")
    assert read(tmp_path)[1].status == "unavailable"
    save(tmp_path, "snapshots.json", [{"id": "a", "time": "yesterday", "paths": ["/srv"]}])
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "snapshots.json, snapshot 1" in coverage.why


def test_a_snapshot_that_was_tagged_anew_rewritten_or_copied_counts_once(tmp_path):
    first, again = timed(5), timed(5, id="b" * 64, original="0501" * 16, tags=["kept"])
    save(tmp_path, "snapshots-20261030T060000Z.json", [first])
    save(tmp_path, "snapshots-20261101T060000Z.json", [again])
    assert read(tmp_path, kept="60d")[0]["backup_id"].tolist() == ["0501" * 16]
    assert read(tmp_path, kept="60d")[1].status == "ok", "it did not vanish"
    save(tmp_path, "snapshots-20261101T060000Z.json", [{**again, "summary": {"total_bytes_processed": 7}}, first])
    rows, coverage = read(tmp_path)
    assert rows["size_bytes"].tolist() == [Decimal(1000)] and coverage.status == "ok"


def test_resources_are_told_apart_as_the_settings_say_and_bear_the_clients_names(tmp_path):
    save(
        tmp_path,
        "snapshots-20261101T060000Z.json",
        [timed(5, id="a" * 64, tags=["nightly", "db"]), timed(6, id="b" * 64), timed(7, id="c" * 64, host="web2")],
    )
    names = lambda **given: read(tmp_path, **given)[0].sort_values("started_at")["resource"].tolist()  # noqa: E731
    assert names() == ["web1:/srv/db", "web1:/srv/db", "web2:/srv/db"]
    assert names(by="host") == ["web1", "web1", "web2"]
    assert names(by="tags") == ["db,nightly", "web1:/srv/db", "web2:/srv/db"]
    assert names(resources={"web1:/srv/db": "database"}) == ["database", "database", "web2:/srv/db"]


def test_another_clients_host_in_the_same_repository_is_left_out_of_everything(tmp_path):
    theirs = timed(2, id="e" * 64, host="other")
    save(tmp_path, "snapshots-20261030T060000Z.json", [theirs, timed(29)])
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(29), timed(31)])
    rows, coverage = read(tmp_path, only=["web1:*"], kept="60d")
    assert set(rows["resource"]) == {"web1:/srv/db"} and "other" not in coverage.why
    # Theirs that vanished contradicts nothing, and theirs of the 2nd does not say since when ours were listed.
    assert coverage.status == "ok" and coverage.observed_start == at("2026-10-28 23:00:00.123456")


def test_groups_of_snapshots_are_read_as_their_snapshots(tmp_path):
    grouped = [{"group_key": {"hostname": "web1"}, "snapshots": [timed(5), timed(6)]},
               {"group_key": {"hostname": "web2"}, "snapshots": None}]  # fmt: skip
    save(tmp_path, "snapshots-20261101T060000Z.json", grouped)
    assert len(read(tmp_path)[0]) == 2


@pytest.fixture
def repository(tmp_path):
    """restic itself, with a repository of its own: a function that runs it and gives what it prints."""
    if not shutil.which("restic"):
        pytest.skip("restic is not installed")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_text("x" * 1000)
    own = {"RESTIC_REPOSITORY": str(tmp_path / "repository"), "RESTIC_PASSWORD": "only for this test", "TZ": "UTC",
           "RESTIC_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}  # fmt: skip

    def run(*command):
        return subprocess.run(["restic", *command], env=own, check=True, capture_output=True, text=True,
                              timeout=60, cwd=tmp_path).stdout  # fmt: skip

    run("init", "--quiet")
    (tmp_path / "out").mkdir()
    return run


def test_restics_own_snapshots_and_runs_are_read(repository, tmp_path):
    run, out = repository, tmp_path / "out"
    for day in (4, 5):
        made = run("backup", "--json", "--host", "web1", "--time", f"2026-10-0{day} 01:00:00", "data")
        save(out, f"run-2026100{day}T010500Z.json", made)
    save(out, "snapshots-20261006T060000Z.json", run("snapshots", "--json"))
    rows, coverage = read(out, kept="30d", longest="1h", now=at("2026-10-06 07:00"))
    rows = rows.sort_values("started_at")
    assert rows["started_at"].tolist() == [at("2026-10-04 01:00"), at("2026-10-05 01:00")]
    assert rows["resource"].tolist() == [f"web1:{tmp_path}/data"] * 2 and rows["outcome"].eq("success").all()
    assert rows["size_bytes"].tolist() == [Decimal(1000)] * 2 and rows["finished_at"].notna().all()
    assert window(coverage) == (at("2026-10-04 01:00"), at("2026-10-06 05:00")) and coverage.status == "ok"
    ids = rows["backup_id"].tolist()
    run("tag", "--add", "kept", ids[1])
    run("forget", "--quiet", ids[0])
    save(out, "snapshots-20261007T060000Z.json", run("snapshots", "--json"))
    rows, coverage = read(out, kept="30d", longest="1h", now=at("2026-10-07 07:00"))
    assert sorted(rows["backup_id"]) == sorted(ids), "the one that was tagged is no new one"
    assert "snapshots-20261007T060000Z.json lacks backups" in coverage.why


def test_restics_own_empty_list_and_its_statistics_are_read(repository, tmp_path):
    out = tmp_path / "out"
    save(out, "snapshots-20261006T060000Z.json", repository("snapshots", "--json"))
    save(out, "stats.json", repository("stats", "--json"))
    rows, coverage = read(out, kept="30d")
    assert len(rows) == 0 and "lists no backup" in coverage.why
