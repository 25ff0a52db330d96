"""Deployments of GitLab: how each ended, when its job ran, and which merge requests it carried."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import gitlab_deployments
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.gitlab_lists import SHOP, page_of
from tests.http.server import Say

DEPLOYMENTS, CARRIED, COMMITS = gitlab_deployments.OPERATIONS


def at(text):
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def day(text):
    return f"2026-{text}Z"


def deployment(id, status, made, started=None, finished=None, /, environment="production", job=True, why=None, **more):
    """A deployment, its job with when it started and finished."""
    job = {"id": id + 1000, "started_at": started, "finished_at": finished, "failure_reason": why} if job else None
    return {"id": id, "sha": f"sha{id}", "status": status, "created_at": made, "updated_at": finished or made,
            "environment": {"id": 1, "name": environment}, "deployable": job, **more}  # fmt: skip


GOOD = [
    deployment(1, "success", day("10-01T08:00:00"), day("10-01T09:00:00"), day("10-01T09:05:00")),
    deployment(2, "success", day("10-12T08:00:00"), day("10-12T08:01:00"), day("10-12T08:04:00"), environment="test"),
    deployment(4, "success", day("10-20T10:00:00"), day("10-20T10:02:00"), day("10-20T10:06:30.250")),
]
BAD = [
    deployment(3, "failed", day("10-15T08:00:00"), day("10-15T08:01:00"), day("10-15T08:02:00"), why="script_failure"),
    deployment(5, "canceled", day("10-21T08:00:00"), day("10-21T08:01:00"), day("10-21T08:03:00")),
]
MERGED = {4: [{"id": 911, "iid": 11, "sha": "b2", "merged_at": day("10-19T12:00:00")},
              {"id": 912, "iid": 12, "sha": "c1", "merged_at": day("10-20T09:00:00")},
              {"id": 913, "iid": 13, "sha": "d1", "merged_at": None}]}  # fmt: skip
WRITTEN = {11: [("b2", day("10-18T08:00:00")), ("b1", "2026-10-16T10:00:00.000+02:00"), ("b0", day("10-17T08:00:00"))],
           12: [("c1", day("10-19T20:00:00"))], 13: [("d1", day("09-30T22:00:00"))]}  # fmt: skip


def refusal(asked):
    """GitLab's own refusals of filters without the order that goes with them."""
    finished = "finished_after" in asked or "finished_before" in asked
    updated = "updated_after" in asked or "updated_before" in asked
    return (finished and (asked.get("order_by"), asked.get("status")) != ("finished_at", "success")) or (
        updated and asked.get("order_by") != "updated_at") or (finished and updated)  # fmt: skip


def script(web, every, merged=None, written=None):
    """A GitLab that holds deployments and filters them as it is asked."""

    def listed(call):
        asked = call.params
        if refusal(asked):
            return Say({"message": "400 Bad request"}, status=400)
        found = [one for one in every if one["status"] == asked.get("status", one["status"])
                 and one["environment"]["name"] == asked.get("environment", one["environment"]["name"])
                 and one["updated_at"] >= asked.get("finished_after", asked.get("updated_after", ""))
                 and one["updated_at"] < asked.get("finished_before", "9")]  # fmt: skip
        return page_of(found, call, 1 if "environment" in asked else 2)

    merged, written = MERGED if merged is None else merged, WRITTEN if written is None else written
    web.script(DEPLOYMENTS, listed)
    web.script(CARRIED, lambda call: page_of(merged.get(int(call.within["deployment"]), []), call))
    web.script(COMMITS, lambda call: page_of(
        [{"id": sha, "authored_date": when} for sha, when in written[int(call.within["merge_request"])]], call
    ))  # fmt: skip


def world(web):
    web.token, web.prefix = ("Private-Token", TOKEN), "/api/v4"
    script(web, GOOD + BAD)
    return each_frame(gitlab_deployments, web, projects=[SHOP])


def read(web, every, frame="deployment", /, merged=None, written=None, **given):
    script(web, every, merged, written)
    known = {"projects": [SHOP], **given}
    return sources.read(gitlab_deployments, settings(gitlab_deployments, web, frame, **known), OCTOBER)


def one(web, *given, **more):
    rows, seen = read(web, [deployment(7, *given, **more)])
    assert seen.status == "ok", seen.why
    return rows.iloc[0] if len(rows) else None


def test_each_deployment_has_its_outcome_and_the_times_of_its_job(web):
    rows, seen = read(web, GOOD + BAD)
    rows = rows.set_index("deployment_id")
    assert list(rows.index) == [f"acme/shop/deployments/{id}" for id in (1, 2, 4, 3, 5)]
    assert rows["outcome"].tolist() == ["success"] * 3 + ["failure", "unknown"]
    last = rows.loc["acme/shop/deployments/4"]
    assert (last["started_at"], last["finished_at"]) == (at("10-20 10:02"), at("10-20 10:06:30.250"))
    assert (last["service"], last["environment"], last["commit_sha"]) == (SHOP, "production", "sha4")
    assert rows[["needed_intervention", "is_rework"]].isna().all(axis=None)
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)


def test_what_never_ran_is_no_deployment_and_what_is_not_over_is_left_for_the_next_reading(web):
    made, end = day("10-10T08:00:00"), day("10-10T09:00:00")
    assert one(web, "canceled", made, None, end) is None
    assert one(web, "failed", made, None, end, why="failed_outdated_deployment_job") is None
    assert one(web, "failed", made, None, end, why="deployment_rejected") is None
    for status in ("created", "running", "blocked", "skipped"):
        assert one(web, status, made) is None
    # A job that no machine took had been meant to run.
    row = one(web, "failed", made, None, end, why="stuck_or_timeout_failure")
    assert (row["outcome"], row["started_at"]) == ("failure", at("10-10 08:00"))


def test_without_a_job_the_times_are_the_deployments_own(web):
    row = one(web, "success", day("10-10T08:00:00"), job=False, updated_at=day("10-10T08:07:00"))
    assert (row["started_at"], row["finished_at"]) == (at("10-10 08:00"), at("10-10 08:07"))
    row = one(web, "canceled", day("10-10T08:00:00"), job=False)
    assert row["outcome"] == "unknown"


def test_a_job_that_ended_before_its_deployment_was_made_is_no_broken_row(web):
    # So in GitLab's own documentation: the job has no start.
    row = one(web, "success", day("10-10T08:00:01"), None, day("10-10T08:00:00"))
    assert row["started_at"] == row["finished_at"] == at("10-10 08:00")


def test_a_deployment_at_a_months_border_is_in_the_month_in_which_its_job_ended(web):
    # GitLab notes the end of the deployment half a second after that of its job.
    late = deployment(8, "success", day("10-31T23:50:00"), day("10-31T23:51:00"), day("10-31T23:59:59.900"))
    late["updated_at"] = day("11-01T00:00:00.400")
    rows, _ = read(web, [*GOOD, late])
    assert rows["finished_at"].max() == at("10-31 23:59:59.900") < OCTOBER.end


def test_a_change_began_with_its_first_commit_whatever_their_order(web):
    rows, seen = read(web, GOOD + BAD, "change")
    assert (seen.status, len(rows)) == ("ok", 3), seen.why
    rows = rows.set_index("change_id")
    assert rows["first_commit_at"].to_dict() == {
        "acme/shop!11": at("10-16 08:00"), "acme/shop!12": at("10-19 20:00"), "acme/shop!13": at("09-30 22:00"),
    }  # fmt: skip
    assert rows.loc["acme/shop!11", "merged_at"] == at("10-19 12:00") and pd.isna(rows.loc["acme/shop!13", "merged_at"])
    assert set(rows["deployment_id"]) == {"acme/shop/deployments/4"}


def test_changes_are_asked_for_only_where_they_are_wanted_and_never_of_the_first(web):
    read(web, GOOD + BAD)
    # GitLab links all that was ever merged to the first deployment of an environment, which is 1.
    assert [call.within["deployment"] for call in web.asked(CARRIED)] == ["4", "4"]
    assert [call.params["environment"] for call in web.asked(DEPLOYMENTS) if "environment" in call.params] == [
        "production"]  # fmt: skip
    web.calls.clear()
    read(web, GOOD + BAD, changes_in=["TEST"])
    assert web.asked(CARRIED) == []


def test_where_the_first_of_an_environment_is_not_known_no_changes_are_told(web):
    script(web, GOOD)
    listed = web.scripts[DEPLOYMENTS]
    web.script(DEPLOYMENTS, lambda call: Say({}, status=403) if "environment" in call.params else listed(call))
    rows, seen = sources.read(gitlab_deployments, settings(gitlab_deployments, web, "change", projects=[SHOP]), OCTOBER)
    assert rows.empty and seen.status == "partial" and web.asked(CARRIED) == []


def test_a_merge_request_that_reached_two_places_is_a_change_of_both_and_asked_for_once(web):
    places = [deployment(id, "success", day(f"10-0{id}T08:00:00"), day(f"10-0{id}T08:01:00"), day(f"10-0{id}T08:05:00"),
                         environment=f"prod-{'us' if id % 2 else 'eu'}") for id in (1, 2, 3, 4)]  # fmt: skip
    rows, _ = read(web, places, "change", merged={3: MERGED[4][1:2], 4: MERGED[4][1:2]})
    assert rows[["change_id", "deployment_id"]].to_numpy().tolist() == [
        ["acme/shop!12", "acme/shop/deployments/3"], ["acme/shop!12", "acme/shop/deployments/4"]]  # fmt: skip
    assert len(web.asked(COMMITS)) == 1


@pytest.mark.parametrize("commits", [[], [("c1", None)], [("other", day("10-01T00:00:00"))]])
def test_a_merge_request_without_its_own_commits_is_said_and_is_no_change(web, commits):
    rows, seen = read(web, GOOD, "change", written=WRITTEN | {12: commits})
    assert len(rows) == 2 and seen.status == "partial"
    assert "of 1 merge requests the first commit is not known, such as acme/shop!12" in seen.why


def test_a_list_that_lost_one_between_two_pages_is_said(web):
    def listed(call):
        told = page_of(GOOD if call.params["status"] == "success" else [], call)
        # One was deleted after the first page: what stood behind it moved forward.
        return Say(GOOD[:2], told.headers) if call.params.get("page") is None else Say([], {"X-Next-Page": ""})

    script(web, GOOD)
    web.script(DEPLOYMENTS, listed)
    rows, seen = sources.read(gitlab_deployments, settings(gitlab_deployments, web, projects=[SHOP]), OCTOBER)
    assert len(rows) == 2 and seen.status == "partial" and "GitLab counted 3 and listed 2" in seen.why


def test_a_full_page_that_does_not_say_whether_more_follow_is_not_taken_for_the_last(web):
    many = [deployment(id, "success", day("10-10T08:00:00"), day("10-10T08:01:00"), day("10-10T08:02:00"),
                       environment="test") for id in range(100)]  # fmt: skip
    script(web, many)
    web.script(DEPLOYMENTS, lambda call: many if call.params["status"] == "success" else [])
    _, seen = sources.read(gitlab_deployments, settings(gitlab_deployments, web, projects=[SHOP]), OCTOBER)
    assert seen.status == "partial" and "does not say whether another follows" in seen.why


def test_a_gitlab_that_does_not_filter_is_noticed(web):
    script(web, GOOD)
    web.script(DEPLOYMENTS, lambda call: page_of([deployment(9, "vanished", day("10-10T08:00:00"))], call))
    rows, seen = sources.read(gitlab_deployments, settings(gitlab_deployments, web, projects=[SHOP]), OCTOBER)
    assert seen.status == "partial" and "told of others" in seen.why
    assert "states that are not known: vanished" in seen.why and set(rows["outcome"]) == {"unknown"}


def test_two_projects_that_have_the_same_name_and_ids_are_kept_apart(web):
    rows, _ = read(web, GOOD, projects=[SHOP, "other/team/shop"])
    assert rows.groupby("service").size().to_dict() == {SHOP: 3, "other/team/shop": 3}
    assert rows["deployment_id"].is_unique
    assert {call.within["project"] for call in web.calls} == {SHOP, "other/team/shop"}


def test_no_deployment_is_none(web):
    rows, seen = read(web, [])
    assert rows.empty and (seen.status, seen.rows) == ("ok", 0) and seen.observed_end == OCTOBER.end


@pytest.mark.parametrize("projects", [["shop"], ["acme/shop", "Acme/Shop"], [], ["https://gitlab.com/acme/shop"]])
def test_projects_are_named_by_their_path_and_once(web, projects):
    with pytest.raises(ParamsError, match="projects"):
        settings(gitlab_deployments, web, projects=projects)
