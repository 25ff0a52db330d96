"""What was saved of restic's runs: backups that failed, checks, and restores."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
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


def messages(*several):
    return "\n".join(json.dumps(one) for one in several) + "\n"


def summary(**more):
    return {"message_type": "summary", "files_new": 1, "total_bytes_processed": 4096, "total_duration": 90.5, **more}


def test_a_saved_run_tells_the_end_and_the_size_of_its_snapshot(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [snapshot(5)])
    save(tmp_path, "run.json", summary(snapshot_id="05010501"))
    row = read(tmp_path)[0].iloc[0]
    assert row["finished_at"] == at("2026-10-04 23:01:30.623456") and row["size_bytes"] == Decimal(4096)


def test_a_snapshot_of_which_files_could_not_be_read_is_no_success(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5), timed(6)])
    save(tmp_path, "run.json", messages(
        {"message_type": "error", "error": {"message": "permission denied"}, "during": "archival", "item": "/srv/db/x"},
        summary(snapshot_id="0501" * 16), {"message_type": "exit_error", "code": 3, "message": "Warning: incomplete"},
    ))  # fmt: skip
    assert read(tmp_path)[0].sort_values("started_at")["outcome"].tolist() == ["failure", "success"]


def test_a_run_that_failed_is_a_failure_of_what_its_files_name_stands_for(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(6)])
    save(tmp_path, "run-db-20261005T010000Z.json", messages(
        {"message_type": "status", "seconds_elapsed": 60, "percent_done": 0.5},
        {"message_type": "exit_error", "code": 11, "message": "unable to lock"},
    ))  # fmt: skip
    save(tmp_path, "run-db-20261004T010000Z.json", "nope does not exist, skipping\nFatal: nothing to back up\n")
    rows, coverage = read(tmp_path)
    assert len(rows) == 1 and coverage.status == "partial" and "2 runs left no snapshot" in coverage.why
    rows, coverage = read(tmp_path, runs={"run-db-*": "web1:/srv/db"})
    failed = rows[rows["outcome"] == "failure"].sort_values("started_at")
    assert failed["started_at"].tolist() == [at("2026-10-04 01:00"), at("2026-10-05 00:59")]
    assert set(failed["resource"]) == {"web1:/srv/db"} and coverage.status == "ok"


def test_a_run_that_was_broken_off_failed_and_one_of_today_may_still_run(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(6)])
    save(tmp_path, "run-db-20261005T010000Z.json", "")
    save(tmp_path, "run-db-20261101T060000Z.json", {"message_type": "status", "percent_done": 0.5})
    rows = read(tmp_path, runs={"run-db-*": "web1:/srv/db"})[0]
    assert rows.loc[rows["outcome"] == "failure", "started_at"].tolist() == [at("2026-10-05 01:00")]


def test_a_run_that_found_nothing_changed_succeeded_without_a_snapshot_and_a_trial_is_none(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(6)])
    save(tmp_path, "run-db-20261005T010000Z.json", summary(total_duration=60))
    save(tmp_path, "run-db-20261007T010000Z.json", summary(dry_run=True))
    rows = read(tmp_path, runs={"run-db-*": "web1:/srv/db"})[0].sort_values("started_at")
    assert rows["started_at"].tolist() == [at("2026-10-05 00:59"), at("2026-10-05 23:00:00.123456")]
    assert rows["outcome"].tolist() == ["success", "success"]


def test_a_run_of_another_month_does_not_make_this_one_partial(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(6)])
    save(tmp_path, "run-20260905T010000Z.json", {"message_type": "exit_error", "code": 1, "message": "no"})
    assert read(tmp_path)[1].status == "ok"


def check(errors=0):
    return {"message_type": "summary", "num_errors": errors, "broken_packs": None, "suggest_prune": False}


def test_a_check_verifies_what_was_there_only_where_it_reads_the_data(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5), timed(30)])
    save(tmp_path, "check-20261010T060000Z.json", check())
    assert read(tmp_path)[0]["verified"].isna().all()
    rows = read(tmp_path, check_reads_data=True)[0].sort_values("started_at")
    assert bool(rows["verified"].iloc[0])
    assert pd.isna(rows["verified"].iloc[1]), "it was made after the check"


def test_a_check_that_found_errors_verifies_nothing_and_is_said_until_one_finds_none(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5)])
    save(tmp_path, "check-20261010T060000Z.json", check(2))
    rows, coverage = read(tmp_path)
    assert not rows["verified"].iloc[0] and pd.notna(rows["verified"].iloc[0])
    assert coverage.status == "partial" and "check-20261010T060000Z.json found 2 errors" in coverage.why
    save(tmp_path, "check-20261011T060000Z.json", check())
    assert bool(read(tmp_path, check_reads_data=True)[0]["verified"].iloc[0])


def restored(files=3, total=3, **more):
    return {"message_type": "summary", "seconds_elapsed": 120, "total_files": total, "files_restored": files,
            "total_bytes": 100, "bytes_restored": 100, **more}  # fmt: skip


def test_a_restore_is_read_where_its_files_name_tells_the_snapshot_and_when(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5), timed(6)])
    save(tmp_path, "restore-05010501-20261020T100000Z.json", restored())
    save(tmp_path, "restore-06010601-20261021T100000Z.json", restored(files=2))
    (_, coverage), (rows, _) = both(tmp_path)
    rows = rows.sort_values("started_at")
    assert coverage.status == "ok" and rows["outcome"].tolist() == ["success", "failure"]
    first = rows.iloc[0]
    assert (first["started_at"], first["finished_at"]) == (at("2026-10-20 09:58"), at("2026-10-20 10:00"))
    assert first["resource"] == "web1:/srv/db" and first["recovered_to"] == at("2026-10-04 23:00:00.123456")


@pytest.mark.parametrize("name", ["restore-20261020T100000Z.json", "restore-99999999-20261020T100000Z.json",
                                  "restore-05010501-20261020.json"])  # fmt: skip
def test_a_restore_that_does_not_say_of_what_or_when_it_is_is_left_out_and_said(tmp_path, name):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5)])
    save(tmp_path, name, restored(), "2026-11-01 05:00")
    rows, coverage = both(tmp_path)[1]
    assert len(rows) == 0 and coverage.status == "partial" and "1 restores do not say" in coverage.why
    assert name in coverage.why
    assert pd.isna(coverage.observed_start), "that no other was tried is not known"


def test_statistics_tell_of_no_backup(tmp_path):
    save(tmp_path, "snapshots-20261101T060000Z.json", [timed(5)])
    save(tmp_path, "stats.json", {"total_size": 8, "total_file_count": 7, "snapshots_count": 2})
    rows, coverage = read(tmp_path)
    assert len(rows) == 1 and coverage.status == "ok"
