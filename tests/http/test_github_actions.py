"""Runs of GitHub Actions: each attempt counts, and no run is lost to the cap on a list."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import github_actions
from tests.http.conftest import OCTOBER, TOKEN, each_frame, settings
from tests.http.server import Say

RUNS, ATTEMPT, JOBS = github_actions.OPERATIONS


def run(id, started, ended, conclusion="success", attempt=1, **more):
    return {
        "id": id, "name": "CI", "path": ".github/workflows/ci.yml", "head_branch": "main", "head_sha": f"sha{id}",
        "event": "push", "status": "completed" if conclusion else "in_progress", "conclusion": conclusion,
        "run_attempt": attempt, "run_started_at": f"2026-10-{started}Z", "updated_at": f"2026-10-{ended}Z",
        "head_repository": {"full_name": "acme/shop"}, **more,
    }  # fmt: skip


def job(id, of, started, ended, conclusion="success", attempt=1, name="test"):
    return {"id": id, "run_id": of, "run_attempt": attempt, "name": name, "status": "completed",
            "conclusion": conclusion, "started_at": f"2026-10-{started}Z", "completed_at": f"2026-10-{ended}Z",
            }  # fmt: skip


FIRST = [
    run(4, "20T10:00:00", "20T10:00:00", None),
    run(3, "19T10:20:00", "19T10:30:07", "success", attempt=2),
]
SECOND = [
    run(2, "18T10:00:00", "18T10:05:00", "skipped"),
    run(1, "17T10:00:00", "17T10:09:00", "timed_out", event="pull_request",
        head_repository={"full_name": "someone/shop"}),
]  # fmt: skip
EARLIER = run(3, "19T10:00:00", "19T10:12:00", "failure")
OF = {
    3: [[job(31, 3, "19T10:00:05", "19T10:11:00", "failure"), job(32, 3, "19T10:20:05", "19T10:29:00", attempt=2)],
        [job(33, 3, "19T10:20:05", "19T10:30:00", attempt=2, name="lint"),
         job(34, 3, "19T10:20:05", "19T10:20:05", "skipped", attempt=2, name="publish")]],
    1: [[job(11, 1, "17T10:00:05", "17T10:08:00", "timed_out")]],
}  # fmt: skip


def paged(pages, under):
    def say(call):
        at = int(call.params.get("page", 1))
        link = {"Link": f'<{call.url}?page={at + 1}>; rel="next"'} if at < len(pages) else {}
        return Say({"total_count": sum(map(len, pages)), under: pages[at - 1]}, link)

    return say


def world(web):
    web.token = ("Authorization", f"Bearer {TOKEN}")
    web.script(RUNS, paged([FIRST, SECOND], "workflow_runs"))
    web.script(ATTEMPT, lambda call: EARLIER)
    web.script(JOBS, lambda call: paged(OF[int(call.within["run_id"])], "jobs")(call))
    return each_frame(github_actions, web, repositories=["acme/shop"], jobs=True)


def read(web, runs=None, **given):
    world(web)
    if runs is not None:
        web.script(RUNS, paged([runs], "workflow_runs"))
    known = {"repositories": ["acme/shop"], **given}
    return sources.read(github_actions, settings(github_actions, web, **known), OCTOBER)


def test_each_attempt_is_a_run_that_ended_and_skipped_or_running_ones_are_none(web):
    rows, seen = read(web)
    told = rows.set_index(rows["run_id"].str.removeprefix("acme/shop/runs/"))["outcome"].to_dict()
    assert told == {"1/1": "failure", "3/1": "failure", "3/2": "success"} and seen.status == "ok"
    assert set(rows["pipeline"]) == {"acme/shop: CI"} and rows["job"].isna().all() and not web.asked(JOBS)


def test_jobs_tell_when_a_run_was_over_and_each_is_a_row(web):
    rows, _ = read(web, jobs=True)
    whole, jobs = rows[rows["job"].isna()].set_index("run_id"), rows[rows["job"].notna()].set_index("run_id")
    assert whole.loc["acme/shop/runs/3/2", "finished_at"] == pd.Timestamp("2026-10-19 10:30", tz="UTC")
    assert whole.loc["acme/shop/runs/3/1", "finished_at"] == pd.Timestamp("2026-10-19 10:11", tz="UTC")
    assert jobs["outcome"].to_dict() == {f"acme/shop/jobs/{id}": end for id, end in (
        (11, "failure"), (31, "failure"), (32, "success"), (33, "success"))}  # fmt: skip
    assert set(jobs.loc[["acme/shop/jobs/31", "acme/shop/jobs/32"], "commit_sha"]) == {"sha3"}


def test_a_forks_main_is_not_the_repositorys(web):
    rows, _ = read(web)
    assert rows.set_index("run_id")["branch"].to_dict() == {
        "acme/shop/runs/1/1": "someone:main", "acme/shop/runs/3/1": "main", "acme/shop/runs/3/2": "main"}  # fmt: skip


def test_a_time_with_more_runs_than_github_lists_is_halved_until_each_part_holds_fewer(web):
    made = pd.date_range("2026-09-25", "2026-10-31 23:00", periods=2_600).floor("s")
    every = [run(number, "01T00:00:00", "01T00:01:00", created=at.isoformat()) for number, at in enumerate(made, 1)]

    def say(call):
        start, _, end = (word.removesuffix("Z") for word in call.params.get("created", held[0]).partition(".."))
        held[0] = call.params.get("created", held[0])
        found = [one for one in every if start <= one["created"] <= end]
        at = int(call.params.get("page", 1))
        more = at * 100 < min(len(found), 1000)
        link = {"Link": f'<{call.url}?page={at + 1}&created={held[0]}>; rel="next"'} if more else {}
        return Say({"total_count": len(found), "workflow_runs": found[(at - 1) * 100 : at * 100]}, link)

    held = [""]
    world(web)
    web.script(RUNS, say)
    rows, seen = sources.read(github_actions, settings(github_actions, web, repositories=["acme/shop"]), OCTOBER)
    assert len(rows) == 2_600 and (seen.status, seen.why) == ("ok", "")
    # Three that were too many, and four quarters of 9.5 days; the first of them lacks the day before any run.
    assert len(web.asked(RUNS)) == 3 + 6 + 3 * 7


def test_what_is_counted_and_not_listed_is_partial(web):
    world(web)
    web.script(RUNS, lambda call: {"total_count": 3, "workflow_runs": SECOND})
    _, seen = sources.read(github_actions, settings(github_actions, web, repositories=["acme/shop"]), OCTOBER)
    assert seen.status == "partial" and "counts 3 runs and listed 2" in seen.why


def test_an_end_that_is_not_known_is_unknown_and_said(web):
    rows, seen = read(web, [run(7, "05T10:00:00", "05T10:01:00", "exploded")])
    assert rows["outcome"].tolist() == ["unknown"] and seen.status == "partial" and "exploded" in seen.why


@pytest.mark.parametrize(("event", "home", "told"), [
    ("push", "acme/shop", "main"), ("pull_request", "acme/shop", "acme:main"), ("workflow_run", None, "unknown:main"),
])  # fmt: skip
def test_only_what_ran_on_the_repositorys_own_branch_has_its_bare_name(web, event, home, told):
    home = home and {"full_name": home}
    rows, _ = read(web, [run(7, "05T10:00:00", "05T10:01:00", event=event, head_repository=home)])
    assert rows["branch"].tolist() == [told]


def test_a_period_to_come_asks_nothing(web):
    world(web)
    given = settings(github_actions, web, repositories=["acme/shop"])
    rows, seen = sources.read(github_actions, given, OCTOBER.back(-2))
    assert rows.empty and not web.calls and pd.isna(seen.observed_start)


@pytest.mark.parametrize("started", ["2026-10-17T10:05:00Z", None])
def test_a_job_that_was_called_off_before_it_began_took_no_time(web, started):
    world(web)
    web.script(RUNS, paged([[run(1, "17T10:00:00", "17T10:03:00", "cancelled")]], "workflow_runs"))
    called_off = job(11, 1, "17T10:00:00", "17T10:03:00", "cancelled") | {"started_at": started}
    web.script(JOBS, paged([[called_off]], "jobs"))
    rows, seen = sources.read(github_actions, each_frame(github_actions, web, repositories=["acme/shop"],
                                                         jobs=True)[0], OCTOBER)  # fmt: skip
    at = pd.Timestamp("2026-10-17 10:03", tz="UTC")
    assert rows.loc[1, ["started_at", "finished_at"]].tolist() == [at, at] and seen.status == "ok"


def test_a_run_that_was_changed_last_before_it_began_took_no_time(web):
    rows, seen = read(web, [run(1, "17T10:00:01", "17T10:00:00")])
    assert rows.loc[0, "started_at"] == rows.loc[0, "finished_at"] and seen.status == "ok"
