"""Answers of GitLab that DevLake recorded, read here and held against the rows that it made of them.

Its recordings are real but for some states, which its authors changed so that each one occurs.
"""

from __future__ import annotations

import csv
import json
import math

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import Pages, gitlab_deployments, gitlab_pipelines
from opsreport.sources._questions import Answer
from tests.http.conftest import NOW, settings
from tests.http.gitlab_lists import page_of

PROJECT = "merico-dev/vdev"
_WORDS = {"SUCCESS": "success", "FAILURE": "failure"}


def table(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recorded(folder, name):
    return [json.loads(row["data"]) for row in table(folder / "raw_tables", name)]


def at(text):
    return pd.Timestamp(text).tz_convert("UTC") if text else pd.NaT


@pytest.fixture
def gitlab(shared_data):
    return shared_data / "deployments" / "devlake_gitlab"


def made(module, web, answers, period, frame):
    """What a source makes of answers, and its remarks."""
    items = tuple(Answer(operation, "", {"project": PROJECT, **asked}, body) for operation, asked, body in answers)
    pages = Pages(items, settings(module, web, frame, projects=[PROJECT]), extra={"now": NOW})
    frames = module.to_frames(pages, period)
    return frames[frame], module.remarks(frames, pages, period).get(frame, ("ok", ""))


def test_recorded_deployments_end_as_devlake_says_but_where_nobody_can_know(web, gitlab):
    operation = next(iter(gitlab_deployments.OPERATIONS))
    answer = (operation, {"params": {}}, recorded(gitlab, "_raw_gitlab_api_deployments"))
    rows, (status, why) = made(gitlab_deployments, web, [answer], Period.month("2019-03"), "deployment")
    theirs = {row["id"].rpartition(":")[2]: row for row in table(gitlab / "snapshot_tables", "cicd_deployments")}
    ours = {id.rpartition("/")[2]: row for id, row in rows.set_index("deployment_id").iterrows()}
    # What was made, runs or waits is no result there either, and no row here.
    assert len(theirs) == 8 and set(theirs) - set(ours) == {"13436763", "13436778", "13436986"}
    assert {theirs[id]["result"] for id in set(theirs) - set(ours)} == {""}
    other = {id: (theirs[id]["result"], row["outcome"]) for id, row in ours.items()
             if _WORDS.get(theirs[id]["result"], "unknown") != row["outcome"]}  # fmt: skip
    assert other == {
        "13432654": ("SUCCESS", "unknown"),  # "completed" is no state of GitLab's
        "13436532": ("FAILURE", "unknown"),  # called off while its job ran: how far it came nobody knows
    }
    assert (status, why) == ("partial", "states that are not known: completed, undeployed")
    for id, row in ours.items():
        assert row["environment"] == theirs[id]["environment"]
        if theirs[id]["started_date"]:
            assert row["started_at"] == at(theirs[id]["started_date"])
        if theirs[id]["finished_date"]:
            assert row["finished_at"] == at(theirs[id]["finished_date"])
    # A job that never ran has no times: there none, here those of the deployment.
    assert [id for id, row in theirs.items() if id in ours and not row["finished_date"]] == ["13432768"]
    assert ours["13432768"]["finished_at"] == at("2019-03-13T15:02:23.332Z")
    commits = {row["id"].rpartition(":")[2]: row["commit_sha"]
               for row in table(gitlab / "snapshot_tables", "cicd_deployment_commits")}  # fmt: skip
    assert {id: row["commit_sha"] for id, row in ours.items()} == {id: commits[id] for id in ours}


def test_recorded_pipelines_end_as_and_when_devlake_says(web, gitlab):
    _, one, _ = gitlab_pipelines.OPERATIONS
    answers = [(one, {"pipeline": body["id"]}, body) for body in recorded(gitlab, "_raw_gitlab_api_pipeline_details")]
    rows, said = made(gitlab_pipelines, web, answers, Period.month("2023-11"), "pipeline_run")
    theirs = {row["id"].rpartition(":")[2]: row for row in table(gitlab / "snapshot_tables", "cicd_pipelines")}
    assert len(rows) == len(theirs) == 16 and said == ("ok", "")
    for _, row in rows.iterrows():
        other = theirs[row["run_id"].rpartition("/")[2]]
        assert (row["outcome"], row["started_at"], row["finished_at"]) == (
            _WORDS[other["result"]], at(other["started_date"]), at(other["finished_date"]))  # fmt: skip
    # The first was run again the day after: 18 hours 37 minutes passed, of which GitLab counts 25 as running.
    assert rows.loc[0, "finished_at"] - rows.loc[0, "started_at"] > pd.Timedelta(hours=18)
    assert theirs["1078343570"]["duration_sec"] == "1512"
    assert rows["branch"].value_counts().to_dict()["refs/merge-requests/5500/head"] == 6
    assert rows.loc[rows["branch"] == "master", "run_id"].tolist() == [f"{PROJECT}/pipelines/1079555385"]


def test_of_a_recorded_list_only_pipelines_that_are_over_are_asked_for(web, gitlab):
    every = {one["id"]: one for one in recorded(gitlab, "_raw_gitlab_api_pipeline")}
    listed, one, _ = gitlab_pipelines.OPERATIONS
    web.script(listed, lambda call: page_of(list(every.values()), call, 10))
    times = {"started_at": None, "finished_at": None, "tag": False}  # these were recorded without
    web.script(one, lambda call: every[int(call.within["pipeline"])] | times)
    given = settings(gitlab_pipelines, web, projects=[PROJECT])
    rows, seen = sources.read(gitlab_pipelines, given, Period.month("2022-03"))
    words = pd.Series([one["status"] for one in every.values()])
    assert seen.status == "ok" and len(web.asked(listed)) == math.ceil(len(every) / 10)
    assert rows["outcome"].value_counts().to_dict() == {
        "failure": (words == "failed").sum(), "success": 1, "cancelled": 1, "unknown": 1}  # fmt: skip
    assert len(rows) == len(web.asked(one)) == len(every) - 9  # nine had not ended, or never began


def test_first_commits_are_those_that_devlake_found(web, shared_data):
    folder = shared_data / "deployments" / "devlake_dora" / "change_lead_time"
    theirs = {row["id"]: row for row in table(folder, "project_pr_metrics") if row["deployment_commit_id"]}
    pulls = {row["id"]: row for row in table(folder, "pull_requests")}
    ends = {row["id"]: at(row["finished_date"]) for row in table(folder, "cicd_deployment_commits")}
    _, carried, commits = gitlab_deployments.OPERATIONS
    answers = []
    for name, row in theirs.items():
        iid, written = int(name[2:]), [one for one in table(folder, "pull_request_commits")
                                       if one["pull_request_id"] == name]  # fmt: skip
        mr = {"iid": iid, "sha": None, "merged_at": f"{pd.Timestamp(pulls[name]['merged_date']).isoformat()}Z"}
        answers.append((carried, {"deployment": int(row["deployment_commit_id"])}, [mr]))
        answers.append((commits, {"merge_request": iid}, [
            {"id": one["commit_sha"], "authored_date": f"{pd.Timestamp(one['commit_authored_date']).isoformat()}Z"}
            for one in reversed(written)]))  # fmt: skip
    rows, said = made(gitlab_deployments, web, answers, Period.month("2023-04"), "change")
    assert said == ("ok", "") and len(rows) == len(theirs) == 3
    took = {}
    for _, row in rows.iterrows():
        other = theirs[f"pr{row['change_id'].rpartition('!')[2]}"]
        assert row["first_commit_at"] == at(other["first_commit_authored_date"])
        assert row["merged_at"] == at(other["pr_merged_date"])
        lead = ends[row["deployment_id"].rpartition("/")[2]] - row["first_commit_at"]
        took[other["id"]] = (math.ceil(lead / pd.Timedelta(minutes=1)), int(other["pr_cycle_time"]))
    assert took == {
        "pr1": (4478, 4478),
        "pr2": (158, 1598),  # opened a day before its first commit, as they count: 24 hours more
        "pr3": (8799, 10203),  # merged a day after its deployment, to which they count
    }
