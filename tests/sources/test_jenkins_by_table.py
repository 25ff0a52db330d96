"""Builds of Jenkins, as its own API lists them, read by a declaration alone: what that tells and what it cannot."""

from __future__ import annotations

import csv
import json

import pandas as pd

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import table

#: A build's number is its job's own: two jobs have the same, so the row is named by job and number.
DECLARED = {
    "format": "json", "rows": "allBuilds", "time_format": "unix_ms", "skip_without": ["outcome"],
    "columns": {"run_id": "fullDisplayName", "started_at": "timestamp", "outcome": "result"},
    "constants": {"pipeline": "devlake"},
    "values": {"outcome": {"SUCCESS": "success", "FAILURE": "failure", "UNSTABLE": "failure", "ABORTED": "cancelled",
                           "NOT_BUILT": "cancelled", "NOT_BUILD": "cancelled"}},
}  # fmt: skip


def read(folder, builds):
    (folder / "builds.json").write_text(json.dumps({"allBuilds": builds}))
    given = {"path": "builds.json", **DECLARED}
    made = sources.settings_of(table, given, frame="pipeline_run", folder=folder, zone="UTC")
    return sources.read(table, made, Period.month("2022-04"))


def test_recorded_builds_have_their_outcome_and_their_start_and_no_end(shared_data, tmp_path):
    folder = shared_data / "deployments" / "devlake_jenkins"
    with (folder / "raw_tables" / "_raw_jenkins_api_builds.csv").open(encoding="utf-8", newline="") as file:
        builds = [json.loads(row["data"]) for row in csv.DictReader(file)]
    with (folder / "snapshot_tables" / "cicd_pipelines.csv").open(encoding="utf-8", newline="") as file:
        theirs = {row["id"].rpartition("#")[2]: row for row in csv.DictReader(file)}
    rows, seen = read(tmp_path, builds)
    assert seen.status == "ok" and len(rows) == len(builds) == 14
    ours = {id.rpartition("#")[2]: row for id, row in rows.set_index("run_id").iterrows()}
    assert set(ours) - set(theirs) == {"1"}  # of another job
    for number, other in theirs.items():
        started = ours[number]["started_at"]
        assert started.floor("s") == pd.Timestamp(other["created_date"])  # they keep whole seconds
    # Jenkins gives how long a build took and not when it ended, and a declaration does not add: it stays unknown.
    assert rows["finished_at"].isna().all()
    other = {number: (row["result"], ours[number]["outcome"]) for number, row in theirs.items()
             if row["result"].lower() != ours[number]["outcome"]}  # fmt: skip
    assert other == {
        "10001": ("", "success"), "10002": ("", "failure"), "27": ("", "success"),  # marked as still building
        "10003": ("FAILURE", "cancelled"), "10004": ("", "cancelled"), "10005": ("", "failure"),
    }  # fmt: skip


def test_a_build_that_still_runs_has_no_result_and_is_left_out_and_counted(tmp_path):
    build = {"fullDisplayName": "shop #8", "timestamp": 1650024049161, "result": None}
    rows, seen = read(tmp_path, [build, build | {"fullDisplayName": "shop #7", "result": "FAILURE"}])
    assert rows["run_id"].tolist() == ["shop #7"] and "1 rows without outcome" in seen.why
