"""Pipelines of GitLab and their jobs: how each ended, when, and on which branch."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import gitlab_pipelines
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.gitlab_lists import SHOP, page_of

LIST, ONE, JOBS = gitlab_pipelines.OPERATIONS


def at(text):
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def day(text):
    return f"2026-{text}Z"


def pipeline(id, status, made, started=None, finished=None, /, ref="main", tag=False, **more):
    return {"id": id, "status": status, "ref": ref, "tag": tag, "sha": f"sha{id}", "created_at": made,
            "started_at": started, "finished_at": finished, "updated_at": finished or started or made,
            **more}  # fmt: skip


def job(id, pipeline, name, status, started=None, finished=None):
    return {"id": id, "name": name, "status": status, "created_at": day("10-01T00:00:00"), "started_at": started,
            "finished_at": finished, "pipeline": {"id": pipeline}}  # fmt: skip


EVERY = [
    pipeline(1, "failed", day("10-02T08:00:00"), day("10-02T08:01:00"), day("10-02T08:09:00")),
    pipeline(2, "success", day("10-02T09:00:00"), day("10-02T09:01:00"), day("10-02T09:11:00"),
             ref="refs/merge-requests/7/head"),
    pipeline(3, "canceled", day("10-03T09:00:00"), None, day("10-03T09:02:00"), ref="v1", tag=True),
]  # fmt: skip
MADE = {
    1: [job(11, 1, "unit", "failed", day("10-02T08:01:00"), day("10-02T08:03:00")),
        job(12, 1, "unit", "success", day("10-02T08:04:00"), day("10-02T08:08:00")),
        job(13, 1, "deploy", "manual"), job(14, 1, "late", "skipped", None, day("10-02T08:09:00"))],
    2: [job(21, 2, "unit", "success", day("10-02T09:01:00"), day("10-02T09:11:00"))],
    3: [job(31, 3, "unit", "canceled", None, day("10-03T09:02:00"))],
}  # fmt: skip


def script(web, every, jobs=None):
    """A GitLab that holds pipelines; its list tells no time at which one ran."""
    jobs, by_id = jobs or {}, {one["id"]: one for one in every}

    def listed(call):
        found = [one for one in every if one["updated_at"] and one["updated_at"] > call.params["updated_after"]]
        hidden = ("started_at", "finished_at", "tag")
        return page_of([{k: v for k, v in one.items() if k not in hidden} for one in found], call)

    web.script(LIST, listed)
    web.script(ONE, lambda call: by_id[int(call.within["pipeline"])])
    web.script(JOBS, lambda call: page_of(jobs.get(int(call.within["pipeline"]), []), call))


def world(web):
    web.token, web.prefix = ("Private-Token", TOKEN), "/api/v4"
    script(web, EVERY, MADE)
    return each_frame(gitlab_pipelines, web, projects=[SHOP], jobs=True)


def read(web, every, made=None, /, period=OCTOBER, **given):
    script(web, every, made)
    known = {"projects": [SHOP], **given}
    return sources.read(gitlab_pipelines, settings(gitlab_pipelines, web, **known), period)


def test_each_pipeline_has_its_outcome_its_times_and_its_branch(web):
    rows, seen = read(web, EVERY)
    assert (seen.status, len(web.asked(LIST)), web.asked(JOBS)) == ("ok", 2, [])
    assert rows["run_id"].tolist() == [f"acme/shop/pipelines/{id}" for id in (1, 2, 3)]
    assert rows["outcome"].tolist() == ["failure", "success", "cancelled"]
    assert rows["branch"].fillna("-").tolist() == ["main", "refs/merge-requests/7/head", "-"]
    assert (rows.loc[1, "started_at"], rows.loc[1, "finished_at"]) == (at("10-02 09:01"), at("10-02 09:11"))
    # The last was called off before it ran.
    assert rows.loc[2, "started_at"] == at("10-03 09:00") and rows["job"].isna().all()


def test_each_attempt_at_a_job_that_ran_is_a_row(web):
    rows, _ = read(web, EVERY, MADE, jobs=True)
    rows = rows.dropna(subset="job").set_index("run_id")
    assert list(rows.index) == [f"acme/shop/jobs/{id}" for id in (11, 12, 21)]
    assert rows["outcome"].tolist() == ["failure", "success", "success"]
    assert rows["commit_sha"].tolist() == ["sha1", "sha1", "sha2"]
    assert rows.loc["acme/shop/jobs/12", "started_at"] == at("10-02 08:04")
    assert {call.params["include_retried"] for call in web.asked(JOBS)} == {"true"}


def test_a_job_that_failed_without_a_machine_is_a_failure(web):
    failed = {1: [job(15, 1, "unit", "failed", None, day("10-02T08:03:00"))]}
    rows, _ = read(web, EVERY[:1], failed, jobs=True)
    assert rows["outcome"].tolist() == ["failure", "failure"] and rows.loc[1, "started_at"] == at("10-01 00:00")


@pytest.mark.parametrize("status", ["created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending",
                                    "running", "canceling", "scheduled", "skipped"])  # fmt: skip
def test_what_goes_on_and_what_was_skipped_is_no_run_and_takes_no_question(web, status):
    rows, seen = read(web, [pipeline(4, status, day("10-02T08:00:00"))])
    assert rows.empty and seen.status == "ok" and web.asked(ONE) == []


def test_a_pipeline_that_ran_on_between_list_and_question_is_left_for_the_next_reading(web):
    script(web, EVERY[:1])
    web.script(ONE, lambda call: EVERY[0] | {"status": "running"})
    rows, seen = sources.read(gitlab_pipelines, settings(gitlab_pipelines, web, projects=[SHOP]), OCTOBER)
    assert rows.empty and seen.status == "ok"


def test_a_pipeline_that_waits_for_a_person_is_unknown_unless_the_client_says_otherwise(web):
    waits = [pipeline(5, "manual", day("10-02T08:00:00"), day("10-02T08:01:00"), updated_at=day("10-02T08:06:00"))]
    for waiting, outcome in (("unknown", "unknown"), ("success", "success")):
        rows, seen = read(web, waits, waiting=waiting)
        assert rows["outcome"].tolist() == [outcome] and rows.loc[0, "finished_at"] == at("10-02 08:06")
        assert seen.status == "ok"


def test_a_pipeline_whose_file_is_wrong_failed_without_having_run(web):
    rows, _ = read(web, [pipeline(6, "failed", day("10-02T08:00:00"), updated_at=day("10-02T08:00:01"))])
    assert rows["outcome"].tolist() == ["failure"]
    assert rows.loc[0, ["started_at", "finished_at"]].tolist() == [at("10-02 08:00:00"), at("10-02 08:00:01")]


def test_a_main_branch_of_another_name_is_called_main_and_a_tag_is_no_branch(web):
    made, end = day("10-02T08:00:00"), day("10-02T09:00:00")
    every = [pipeline(id, "success", made, made, end, ref=ref, tag=tag)
             for id, ref, tag in ((1, "production", False), (2, "production", True), (3, "main", True))]  # fmt: skip
    rows, _ = read(web, every, main_branches=["production"])
    assert rows["branch"].fillna("-").tolist() == ["main", "-", "-"]


def test_a_run_over_a_months_border_is_read_for_the_month_in_which_it_ended(web):
    over = pipeline(7, "success", day("09-30T23:50:00"), day("09-30T23:51:00"), day("10-01T00:20:00"))
    later = pipeline(8, "success", day("11-01T00:00:00"), day("11-01T00:00:30"), day("11-01T00:20:00"))
    rows, _ = read(web, [over, later])
    assert rows["run_id"].tolist() == ["acme/shop/pipelines/7"] and OCTOBER.contains(rows["finished_at"]).all()
    berlin = Period.month("2026-10", "Europe/Berlin")
    read(web, [over], period=berlin)
    assert web.asked(LIST)[-1].params["updated_after"] == "2026-09-30T21:59:59Z"


def test_states_that_are_not_known_are_said(web):
    rows, seen = read(web, [pipeline(9, "quarantined", day("10-02T08:00:00"))])
    assert rows["outcome"].tolist() == ["unknown"]
    assert seen.status == "partial" and "states that are not known: quarantined" in seen.why


def test_two_projects_with_the_same_ids_and_none_at_all(web):
    rows, _ = read(web, EVERY, MADE, projects=[SHOP, "acme/tools/shop"], jobs=True)
    assert rows["run_id"].is_unique and len(rows) == 12
    assert set(rows["pipeline"]) == set(rows["service"]) == {SHOP, "acme/tools/shop"}
    rows, seen = read(web, [])
    assert rows.empty and seen.status == "ok"
