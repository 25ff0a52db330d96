"""Deployments of GitHub: the outcome is in the statuses, and a newer one leaves the older inactive."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.errors import ParamsError
from opsreport.sources import github_deployments
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.server import Say

DEPLOYMENTS, COMPARE = github_deployments.OPERATIONS
WEBHOOKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "deployments" / "github_webhook_examples"


def node(id, sha, created, *statuses, environment="production", state="INACTIVE"):
    """A deployment; each status as (state, time)."""
    told = [{"state": word, "createdAt": at} for word, at in statuses]
    return {"databaseId": id, "environment": environment, "commitOid": sha, "createdAt": created, "state": state,
            "statuses": {"totalCount": len(told), "nodes": told}}  # fmt: skip


def commit(sha, authored, committed="2026-10-09T00:00:00Z", parents=1):
    return {"sha": sha, "parents": [{"sha": "p"}] * parents,
            "commit": {"author": {"date": authored}, "committer": {"date": committed}}}  # fmt: skip


#: Newest first, as GitHub is asked for them.
PAGES = (
    [
        node(5, "e5", "2026-10-28T09:00:00Z", state="IN_PROGRESS"),
        node(4, "d4", "2026-10-20T09:00:00Z", ("IN_PROGRESS", "2026-10-20T09:01:00Z"),
             ("FAILURE", "2026-10-20T09:05:00Z"), ("SUCCESS", "2026-10-20T09:30:00Z"), state="ACTIVE"),
    ],
    [
        node(3, "c3", "2026-10-15T09:00:00Z", ("ERROR", "2026-10-15T09:04:00Z"), state="ERROR"),
        node(2, "b2", "2026-10-10T09:00:00Z", ("INACTIVE", "2026-10-20T09:30:01Z"),
             ("SUCCESS", "2026-10-10T09:10:00Z"), ("QUEUED", "2026-10-10T09:00:01Z")),
        node(9, "b2", "2026-10-10T08:00:00Z", ("SUCCESS", "2026-10-10T08:03:00Z"), environment="staging"),
    ],
    [
        node(1, "a1", "2026-08-20T09:00:00Z", ("SUCCESS", "2026-08-20T09:10:00Z"),
             ("INACTIVE", "2026-10-10T09:10:01Z")),
    ],
    [node(0, "z0", "2026-01-01T00:00:00Z", ("SUCCESS", "2026-01-01T01:00:00Z"))],
)  # fmt: skip
COMMITS = {
    "a1...b2": [[commit("b1", "2026-10-05T10:00:00Z"), commit("merge", "2026-10-06T10:00:00Z", parents=2)],
                [commit("b2", "2026-10-08T10:00:00Z", "2026-10-08T11:00:00Z")]],
    "b2...d4": [[commit("d4", "2026-10-19T22:00:00-05:00")]],
}  # fmt: skip


def deployments(pages=PAGES):
    def say(call):
        at = int(call.body["variables"].get("after") or 0)
        info = {"hasNextPage": at + 1 < len(pages), "endCursor": str(at + 1)}
        return {"data": {"repository": {"deployments": {"pageInfo": info, "nodes": pages[at]}}}}

    return say


def compared(call):
    pages, at = COMMITS[call.within["basehead"]], int(call.params["page"])
    total = sum(map(len, pages))
    link = {"Link": f'<{call.url}?page={at + 1}>; rel="next"'} if at < len(pages) else {}
    base = {"sha": call.within["basehead"].partition("...")[0]}
    return Say({"total_commits": total, "base_commit": base, "commits": pages[at - 1]}, link)


def world(web, pages=PAGES):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.script(DEPLOYMENTS, deployments(pages))
    web.script(COMPARE, compared)
    return each_frame(github_deployments, web, repositories=["acme/shop"])


def read(web, frame="deployment", pages=PAGES, **given):
    world(web, pages)
    known = {"repositories": ["acme/shop"], **given}
    return sources.read(github_deployments, settings(github_deployments, web, frame, **known), OCTOBER)


def test_the_outcome_is_the_last_that_a_status_said_before_a_newer_one_took_its_place(web):
    rows, seen = read(web)
    told = rows.set_index(rows["deployment_id"].str.rpartition("/")[2])["outcome"].to_dict()
    assert told == {"4": "success", "3": "failure", "2": "success", "9": "success", "1": "success"}
    assert (seen.status, seen.why) == ("ok", "")


def test_it_starts_when_it_was_in_progress_and_ends_with_the_status_that_told_its_outcome(web):
    rows, _ = read(web)
    each = rows.set_index("deployment_id")
    assert each.loc["acme/shop/deployments/4", "started_at"] == pd.Timestamp("2026-10-20 09:01", tz="UTC")
    assert each.loc["acme/shop/deployments/4", "finished_at"] == pd.Timestamp("2026-10-20 09:30", tz="UTC")
    assert each.loc["acme/shop/deployments/2", "started_at"] == pd.Timestamp("2026-10-10 09:00", tz="UTC")
    assert rows["needed_intervention"].isna().all()


def test_what_is_older_than_some_weeks_before_the_period_is_not_asked_for(web):
    read(web)
    assert [call.body["variables"].get("after") for call in web.asked(DEPLOYMENTS)] == [None, "1", "2"]


@pytest.mark.parametrize(("statuses", "state", "told"), [
    ([], "PENDING", []), ([("QUEUED", "2026-10-02T00:00:00Z")], "QUEUED", []), ([], "ABANDONED", ["unknown"]),
    ([("INACTIVE", "2026-10-02T00:00:00Z")], "INACTIVE", ["unknown"]),
    ([("INACTIVE", "2026-10-02T00:00:00Z"), ("SUCCESS", "2026-10-03T00:00:00Z")], "INACTIVE", ["unknown"]),
])  # fmt: skip
def test_what_never_ended_is_unknown_and_what_still_runs_is_left_for_later(web, statuses, state, told):
    rows, _ = read(web, pages=([node(7, "a", "2026-10-01T00:00:00Z", *statuses, state=state)],))
    assert rows["outcome"].tolist() == told


def test_a_change_is_a_commit_that_the_deployment_before_had_not(web):
    rows, seen = read(web, "change")
    assert dict(zip(rows["change_id"], rows["deployment_id"].str[-1], strict=True)) == {
        "acme/shop@b1": "2", "acme/shop@b2": "2", "acme/shop@d4": "4"}  # fmt: skip
    first = rows.set_index("change_id")["first_commit_at"]
    assert first["acme/shop@d4"] == pd.Timestamp("2026-10-20 03:00", tz="UTC")
    # The failed one in between is nothing to compare with, and staging has no changes of its own.
    assert {call.within["basehead"] for call in web.asked(COMPARE)} == set(COMMITS) and seen.status == "ok"


def test_commits_that_are_gone_leave_the_deployments_changes_unknown(web):
    world(web)
    web.fault(COMPARE, "gone", times=0)
    rows, seen = sources.read(github_deployments, settings(github_deployments, web, "change",
                                                          repositories=["acme/shop"]), OCTOBER)  # fmt: skip
    assert rows.empty and seen.status == "ok" and "commits of 2 deployments are gone" in seen.why


def test_fewer_commits_than_github_counts_are_partial(web, monkeypatch):
    monkeypatch.setitem(COMMITS, "b2...d4", [[]])
    world(web)
    web.script(COMPARE, lambda call: {"total_commits": 2, "base_commit": {"sha": "x"}, "commits": []})
    _, seen = sources.read(github_deployments, settings(github_deployments, web, "change",
                                                       repositories=["acme/shop"]), OCTOBER)  # fmt: skip
    assert seen.status == "partial" and "of 2 commits" in seen.why


@pytest.mark.parametrize(("kind", "said"), [
    ("NOT_FOUND", "check the names"), ("FORBIDDEN", "the token needs Deployments: read"), ("ODD", "try again later"),
])  # fmt: skip
def test_a_refusal_of_graphql_is_no_answer(web, kind, said):
    world(web)
    refused = {"data": {"repository": None}, "errors": [{"type": kind, "message": "Could not resolve"}]}
    web.script(DEPLOYMENTS, lambda call: refused)
    given = settings(github_deployments, web, repositories=["acme/shop"])
    rows, seen = sources.read(github_deployments, given, OCTOBER)
    assert rows.empty and seen.status == "unavailable" and said in seen.why and "Could not resolve" in seen.why


def test_a_repository_that_cannot_be_read_leaves_the_others(web):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    say = deployments()
    missing = {"errors": [{"type": "NOT_FOUND", "message": "no"}]}
    web.script(DEPLOYMENTS, lambda call: missing if call.body["variables"]["repo"] == "gone" else say(call))
    web.script(COMPARE, compared)
    rows, seen = sources.read(github_deployments, settings(
        github_deployments, web, repositories=["acme/gone", "acme/shop"]), OCTOBER)  # fmt: skip
    assert len(rows) == 5 and seen.status == "partial"


def test_enterprise_servers_graphql_stands_beside_their_api(web):
    web.prefix = "/api/v3"
    world(web)
    web.prefix = "/api"  # where GraphQL is
    _, seen = sources.read(github_deployments, settings(
        github_deployments, web, repositories=["acme/shop"], address=f"{web.address}/api/v3", changes_in=[]), OCTOBER)
    assert seen.status == "ok" and len(web.asked(DEPLOYMENTS)) == 3


@pytest.mark.skipif(not WEBHOOKS.is_dir(), reason="the real payloads are not here")
def test_a_real_deployment_that_is_in_progress_is_left_for_later(web):
    told = json.loads((WEBHOOKS / "deployment_status" / "gh-pages.payload.json").read_text("utf-8"))
    status, made = told["deployment_status"], told["deployment"]
    one = node(made["id"], made["sha"], made["created_at"], (status["state"].upper(), status["created_at"]),
               environment=made["environment"], state="IN_PROGRESS")  # fmt: skip
    assert read(web, pages=([one],))[0].empty
    one["statuses"]["nodes"].append({"state": "SUCCESS", "createdAt": "2022-01-03T01:29:00Z"})
    rows, _ = read(web, pages=([one],))
    assert rows.loc[0, "started_at"] == pd.Timestamp("2022-01-03 01:28:40", tz="UTC")


def test_one_that_failed_and_goes_on_again_has_failed_so_far(web):
    again = node(1, "a1", "2026-10-02T10:00:00Z", ("FAILURE", "2026-10-02T10:01:00Z"),
                 ("IN_PROGRESS", "2026-10-02T11:00:00Z"), state="IN_PROGRESS")  # fmt: skip
    world(web, ([again],))
    rows, seen = sources.read(github_deployments, settings(github_deployments, web, repositories=["acme/shop"]),
                              OCTOBER)  # fmt: skip
    assert rows["outcome"].tolist() == ["failure"] and seen.status == "ok"


def test_deployments_without_a_number_are_not_taken_for_one(web):
    each = [{**node(None, "a1", f"2026-10-0{day}T10:00:00Z", ("SUCCESS", f"2026-10-0{day}T10:01:00Z")),
             "id": f"DE_{day}"} for day in (3, 2)]  # fmt: skip
    world(web, (each,))
    rows, _ = sources.read(github_deployments, settings(github_deployments, web, repositories=["acme/shop"]), OCTOBER)
    assert sorted(rows["deployment_id"]) == ["acme/shop/deployments/DE_2", "acme/shop/deployments/DE_3"]


def test_what_two_environments_were_given_alike_is_asked_for_once(web):
    each = [node(number, sha, f"2026-10-{day}T09:00:00Z", ("SUCCESS", f"2026-10-{day}T09:05:00Z"), environment=where)
            for sha, day, numbers in (("b2", "10", (3, 4)), ("a1", "05", (1, 2)))
            for number, where in zip(numbers, ("prod-eu", "prod-us"), strict=True)]  # fmt: skip
    world(web, (each,))
    given = settings(github_deployments, web, "change", repositories=["acme/shop"])
    rows, seen = sources.read(github_deployments, given, OCTOBER)
    assert sorted(rows["deployment_id"].str[-1]) == ["3", "3", "4", "4"]
    assert (seen.status, seen.why) == ("ok", "") and len(web.asked(COMPARE)) == 2  # its pages, once


def test_a_repository_is_not_read_twice_by_capitals(web):
    with pytest.raises(ParamsError, match="twice"):
        settings(github_deployments, web, repositories=["acme/shop", "Acme/Shop"])
