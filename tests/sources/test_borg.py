"""borg's archives: local times, checkpoints, what was pruned, and what borg itself prints."""

import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.period import Period
from opsreport.sources import Run, borg

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-11-01 06:30", tz="UTC")
BERLIN = {"timezone": "Europe/Berlin"}


def at(text):
    return pd.Timestamp(text, tz="UTC")


def archive(day, clock="01:00:00", minutes=30, series="web1-etc", **more):
    start = pd.Timestamp(f"2026-10-{day:02d}T{clock}")
    name = f"{series}-{start:%Y-%m-%dT%H:%M:%S}"
    written = {"start": start, "time": start, "end": start + pd.Timedelta(minutes=minutes)}
    times = {key: value.strftime("%Y-%m-%dT%H:%M:%S.%f") for key, value in written.items()}
    return {"archive": name, "barchive": name, "name": name, "id": f"{day:02d}" * 32, **times, **more}


def listed(*archives, repository="ab" * 32, changed="2026-10-02T00:00:00.000000", **more):
    about = {"id": repository, "last_modified": changed, "location": "/srv/backup"}
    return {"archives": list(archives), "encryption": {"mode": "none"}, "repository": about, **more}


def save(folder, name, body, mtime=None):
    path = Path(folder) / name
    path.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")
    if mtime is not None:
        os.utime(path, (at(mtime).timestamp(),) * 2)


def read(folder, now=NOW, period=OCTOBER, **given):
    made = sources.settings_of(borg, {"path": ".", **given}, frame="backup", folder=Path(folder), run=Run(now=now))
    return sources.read(borg, made, period)


def window(coverage):
    return coverage.observed_start, coverage.observed_end


def test_an_archive_is_read_by_the_clock_of_the_machine_that_listed(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(5), archive(30)))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    row = rows.sort_values("started_at").iloc[0]
    assert (row["backup_id"], row["resource"], row["outcome"]) == ("05" * 32, "web1-etc", "success")
    # 01:00 in Berlin's summer is 23:00 UTC, on the 30th in its winter midnight.
    assert (row["started_at"], row["finished_at"]) == (at("2026-10-04 23:00"), at("2026-10-04 23:30"))
    assert rows["started_at"].max() == at("2026-10-30 00:00")
    assert pd.isna(row["verified"]) and pd.isna(row["size_bytes"])
    assert window(coverage) == (at("2026-10-25 06:00"), at("2026-11-01 05:30")) and coverage.status == "ok"


def test_local_times_without_a_zone_are_refused_with_what_to_say(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(5)))
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "archives-20261101T060000Z.json" in coverage.why
    assert "declare timezone" in coverage.why


def test_borg_2_tells_offsets_and_series(tmp_path):
    one = {"archive": "web1", "name": "web1", "id": "a" * 64, "start": "2026-10-25T02:30:00.000000+01:00",
           "time": "2026-10-25T02:30:00.000000+01:00", "end": "2026-10-25T02:40:00.000000+01:00"}  # fmt: skip
    two = {
        **one,
        "id": "b" * 64,
        "start": "2026-10-25T02:30:00.000000+02:00",
        "end": "2026-10-25T02:40:00.000000+02:00",
    }
    save(tmp_path, "archives-20261101T060000Z.json", listed(one, two, changed="2026-10-25T02:45:00.000000+01:00"))
    rows, coverage = read(tmp_path, kept="30d")
    rows = rows.sort_values("started_at")
    assert rows["started_at"].tolist() == [at("2026-10-25 00:30"), at("2026-10-25 01:30")]
    assert rows["resource"].tolist() == ["web1", "web1"] and "twice" not in coverage.why


def test_a_time_that_the_clock_showed_twice_is_taken_at_its_first_pass_and_said(tmp_path):
    first, again = archive(25, "02:30:00"), archive(26, "02:30:00")
    # It began at the first pass of 02:50 and ended at the second of 02:20, half an hour later.
    across = archive(25, "02:50:00", id="c" * 64, series="web2", end="2026-10-25T02:20:00.000000")
    skipped = archive(29, "02:30:00", id="d" * 64, start="2026-03-29T02:30:00.000000", end="2026-03-29T03:40:00.000000")
    save(tmp_path, "archives-20261101T060000Z.json", listed(first, again, across, skipped))
    rows, coverage = read(tmp_path, **BERLIN)
    rows = rows.set_index("backup_id")
    assert rows.loc["25" * 32, "started_at"] == at("2026-10-25 00:30")
    assert rows.loc["26" * 32, "started_at"] == at("2026-10-26 01:30")
    assert rows.loc["c" * 64, "finished_at"] == at("2026-10-25 01:20")
    # As if the clock had not been changed: 02:30 in winter time, which is 03:30 in summer.
    assert rows.loc["d" * 64, "started_at"] == at("2026-03-29 01:30")
    assert "3 times that the clocks of Europe/Berlin showed twice or never" in coverage.why


def test_an_end_before_its_start_is_not_known(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(5, end="2026-10-04T01:00:00.000000")))
    rows, coverage = read(tmp_path, **BERLIN)
    assert pd.isna(rows["finished_at"].iloc[0]) and coverage.status == "ok"


def test_a_list_without_ends_leaves_a_day_in_which_one_may_still_have_run(tmp_path):
    bare = [{key: value for key, value in archive(day).items() if key != "end"} for day in (5, 30)]
    save(tmp_path, "archives-20261101T060000Z.json", listed(*bare))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert rows["finished_at"].isna().all() and coverage.observed_end == at("2026-10-31 06:00")


def test_a_checkpoint_is_no_backup_and_nothing_is_seen_since_it_began(tmp_path):
    running = archive(31, "23:00:00", 60)
    running["name"] += ".checkpoint"
    # Berlin's clock shows 23:00 at 22:00 UTC, and the checkpoint was written at 23:00, seven hours before.
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(20), archive(30), running))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert len(rows) == 2 and coverage.observed_end == at("2026-10-31 22:00")


def test_a_checkpoint_that_was_not_written_for_a_day_is_a_failure(tmp_path):
    broken = archive(28, "23:00:00", 60)
    broken["name"] += ".checkpoint.1"
    save(tmp_path, "archives-20261031T060000Z.json", listed(archive(20), archive(30), broken))
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(20), archive(30)))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    failed = rows[rows["outcome"] == "failure"].iloc[0]
    assert failed["resource"] == "web1-etc" and failed["started_at"] == at("2026-10-28 22:00")
    assert pd.isna(failed["finished_at"])
    # prune takes checkpoints away: that contradicts nothing.
    assert coverage.status == "ok" and coverage.observed_end == at("2026-11-01 05:30")


def test_a_checkpoint_whose_end_is_not_listed_may_run_for_a_week(tmp_path):
    broken = {key: value for key, value in archive(28, "23:00:00").items() if key != "end"}
    broken["name"] += ".checkpoint"
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(20), archive(30), broken))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert len(rows) == 2 and coverage.observed_end == at("2026-10-28 22:00")
    save(tmp_path, "archives-20261105T060000Z.json", listed(archive(20), archive(30), broken))
    assert (read(tmp_path, now=at("2026-11-05 07:00"), kept="7d", **BERLIN)[0]["outcome"] == "failure").sum() == 1


def info(*archives, **more):
    stats = {"stats": {"original_size": 5000, "compressed_size": 3000, "deduplicated_size": 10, "nfiles": 2}}
    return listed(*({**one, "duration": 61.5, "hostname": "web1", **stats} for one in archives), cache={}, **more)


def test_info_adds_sizes_to_a_list_and_is_one_only_where_there_is_none(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(5), archive(29), archive(30)))
    save(tmp_path, "info-20261101T060500Z.json", info(archive(30)))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    newest = rows.set_index("backup_id").loc["30" * 32]
    assert newest["size_bytes"] == Decimal(5000) and newest["finished_at"] == at("2026-10-30 00:01:01.5")
    assert len(rows) == 3 and coverage.status == "ok", "that info shows the last one only contradicts nothing"
    (tmp_path / "archives-20261101T060000Z.json").unlink()
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert len(rows) == 1 and coverage.observed_end == at("2026-11-01 06:03:58.5")


def test_what_create_printed_adds_to_its_archive(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(30)))
    made = info(archive(30))
    save(tmp_path, "create.json", {**made, "archive": made.pop("archives")[0]})
    rows = read(tmp_path, **BERLIN)[0]
    assert rows["size_bytes"].tolist() == [Decimal(5000)]


def test_repositories_in_one_folder_each_tell_for_themselves(tmp_path):
    save(tmp_path, "a-20261101T060000Z.json", listed(archive(1), archive(31)))
    theirs = listed(archive(1, id="e" * 64), archive(30, id="f" * 64), repository="cd" * 32)
    save(tmp_path, "b-20261031T060000Z.json", theirs)
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    # Both had listed all only from the 25th at 06:00, and up to the 31st at 05:30.
    assert window(coverage) == (at("2026-10-25 06:00"), at("2026-10-31 05:30"))
    assert len(rows) == 4 and "lacks" not in coverage.why
    assert "the newest listing of cdcdcdcd is of 2026-10-31 06:00 UTC" in coverage.why


def test_an_archive_of_which_an_id_was_listed_before_and_vanished_too_soon_is_said(tmp_path):
    save(tmp_path, "archives-20261031T060000Z.json", listed(archive(1), archive(30)))
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(1)))
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert len(rows) == 2 and coverage.status == "partial" and coverage.observed_end == at("2026-10-31 05:30")


def test_a_copied_file_was_made_after_the_repository_was_last_changed(tmp_path):
    save(tmp_path, "archives.json", listed(archive(1), archive(20), changed="2026-10-21T03:00:00.000000"))
    assert read(tmp_path, kept="7d", trust_mtime=False, **BERLIN)[1].observed_end == at("2026-10-21 00:30")


def names(folder, *names, **given):
    archives = [{**archive(day), "name": name} for day, name in enumerate(names, 1)]
    save(folder, "archives-20261101T060000Z.json", listed(*archives))
    rows, coverage = read(folder, **BERLIN, **given)
    return rows.sort_values("started_at")["resource"].tolist(), coverage


def test_a_resource_is_what_stands_before_the_date(tmp_path):
    told, _ = names(tmp_path, "web1-etc-2026-10-05T01:00:00", "web1-etc.20261006-0100", "2026-10-07", "nightly")
    assert told == ["web1-etc", "web1-etc", "2026-10-07", "nightly"]


def test_names_without_a_date_need_a_pattern_and_this_is_said(tmp_path):
    told, coverage = names(tmp_path, "db-1", "db-2", "db-3")
    assert told == ["db-1", "db-2", "db-3"] and coverage.status == "partial" and "say in name" in coverage.why
    told, coverage = names(tmp_path, "db-1", "db-2", "db-3", name="(.+)-[0-9]+", resources={"db": "database"})
    assert told == ["database"] * 3 and coverage.status == "ok"
    with pytest.raises(ParamsError, match="needs a group"):
        names(tmp_path, "db-1", name="db-.*")
    with pytest.raises(ParamsError, match="no regular expression"):
        names(tmp_path, "db-1", name="(db")


def test_other_resources_are_left_out_and_counted(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed(archive(5), archive(6, series="other"), archive(7)))
    rows, coverage = read(tmp_path, only=["web1-*"], **BERLIN)
    assert set(rows["resource"]) == {"web1-etc"} and "1 archives of other resources were left out" in coverage.why


def test_another_clients_repository_in_the_same_folder_has_no_part_in_it(tmp_path):
    save(tmp_path, "a-20261101T060000Z.json", listed(archive(1), archive(31)))
    theirs = listed(archive(30, id="f" * 64, series="other"), repository="cd" * 32)
    save(tmp_path, "b-20261020T060000Z.json", theirs)
    rows, coverage = read(tmp_path, kept="7d", only=["web1-*"], **BERLIN)
    assert set(rows["resource"]) == {"web1-etc"} and coverage.status == "ok" and "cdcd" not in coverage.why
    assert window(coverage) == (at("2026-10-25 06:00"), at("2026-11-01 05:30"))


@pytest.mark.parametrize("body", [
    "{", "", "[]", {"archives": []}, {"cache": {}, "repository": {"id": "a"}},
    {"repository": {"id": "a"}, "archives": [{"id": "a", "name": "b"}]}, {"repository": {"id": "a"}, "archives": None},
])  # fmt: skip
def test_what_lists_no_archives_is_refused(tmp_path, body):
    save(tmp_path, "archives.json", body)
    coverage = read(tmp_path, **BERLIN)[1]
    assert coverage.status == "unavailable" and "archives.json" in coverage.why


def test_an_empty_repository_tells_nothing_and_says_so(tmp_path):
    save(tmp_path, "archives-20261101T060000Z.json", listed())
    rows, coverage = read(tmp_path, kept="7d", **BERLIN)
    assert len(rows) == 0 and coverage.status == "partial" and pd.isna(coverage.observed_start)


def test_borgs_own_lists_are_read(tmp_path):
    if not shutil.which("borg"):
        pytest.skip("borg is not installed")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_text("x" * 1000)
    own = {"BORG_REPO": str(tmp_path / "repository"), "BORG_BASE_DIR": str(tmp_path), "TZ": "Europe/Berlin",
           "HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}  # fmt: skip

    def run(*command):
        return subprocess.run(["borg", *command], env=own, check=True, capture_output=True, text=True,
                              timeout=60, cwd=tmp_path).stdout  # fmt: skip

    run("init", "--encryption", "none")
    # --timestamp is in UTC: 02:30 on Berlin's clock, twice, of which the second pass cannot be told from the first.
    times = ("2026-10-04T01:00:00", "2026-10-25T00:30:00", "2026-10-25T01:30:00")
    for number, time in enumerate(times):
        run("create", "--timestamp", time, f"::web1-etc-2026-10-0{number + 1}", "data")
    (out := tmp_path / "out").mkdir()
    save(out, "empty.json", "")
    save(
        out,
        "list-20261101T060000Z.json",
        run("list", "--json", "--consider-checkpoints", "--format", "{end}{hostname}"),
    )
    save(out, "info-20261101T060000Z.json", run("info", "--json", "--last", "1"))
    rows, coverage = read(out, kept="30d", **BERLIN)
    rows = rows.sort_values("started_at", kind="stable")
    assert rows["started_at"].tolist() == [at("2026-10-04 01:00"), *[at("2026-10-25 00:30")] * 2]
    assert set(rows["resource"]) == {"web1-etc"} and rows["finished_at"].notna().all()
    assert rows["size_bytes"].dropna().tolist() == [Decimal(1000)]
    assert "2 times that the clocks of Europe/Berlin showed twice" in coverage.why and "empty.json" in coverage.why
    own["TZ"] = "UTC"
    save(out, "list-20261101T060000Z.json", run("list", "--json"))
    times = read(out, timezone="UTC")[0]["started_at"]
    assert sorted(times) == [at("2026-10-04 01:00"), at("2026-10-25 00:30"), at("2026-10-25 01:30")]
