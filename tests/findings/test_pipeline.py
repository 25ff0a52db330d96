"""What pipelines ask for, where it is known and only there."""

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import pipeline as rules


def run(number: int, ended: str, outcome: str = "success", **more) -> dict:
    end = pd.Timestamp(f"2026-{ended}", tz="UTC").as_unit("us")
    return {"run_id": f"r{number}", "pipeline": "Shop CI", "service": "web", "branch": "main", "started_at": end,
            "finished_at": end, "outcome": outcome, **more}  # fmt: skip


@pytest.fixture
def shop(make_client):
    return make_client(services={"web": {"owner": "Web team"}})


def flakes(commits: str) -> list[dict]:
    return [run(2 * n + turn, f"10-0{n + 5} 1{turn}:00", outcome, job="e2e", commit_sha=sha)
            for n, sha in enumerate(commits) for turn, outcome in enumerate(("failure", "success"))]  # fmt: skip


def test_a_job_that_is_flaky_on_two_commits_is_found_with_its_owner(make_month, shop):
    month = make_month(shop, pipeline_run=flakes("ab"))
    (found,) = rules.flaky_job(month)
    assert findings.said(found.title, found.facts, month) == (
        "The job e2e of Shop CI is flaky: on 2 of 2 commits it both failed and succeeded."
    )
    assert (found.id, found.owner) == ("pipeline.flaky_job.shop-ci-e2e", "Web team")
    assert len(findings.evidence(found, month)) == 4


def test_one_commit_may_be_chance_and_no_run_is_no_sign(make_month, shop):
    assert not list(rules.flaky_job(make_month(shop, pipeline_run=flakes("a"))))
    assert not list(rules.flaky_job(make_month(shop)))


def test_a_main_branch_that_stayed_broken_is_found_once_a_pipeline(make_month, shop):
    rows = [run(1, "10-05 10:00", "failure"), run(2, "10-05 14:00"), run(3, "10-06 10:00", "failure"),
            run(4, "10-06 15:30")]  # fmt: skip
    month = make_month(shop, pipeline_run=rows)
    (found,) = rules.main_branch_long_broken(month)
    assert findings.said(found.title, found.facts, month) == (
        "The main branch of Shop CI stayed broken for 5 h 30 min, from 6 Oct, 10:00."
    )
    assert found.urgency == "plan" and len(findings.evidence(found, month)) == 4


def test_one_that_is_not_mended_by_month_end_is_urgent(make_month, shop):
    month = make_month(shop, pipeline_run=[run(1, "10-31 20:00", "failure")])
    (found,) = rules.main_branch_long_broken(month)
    assert found.urgency == "now" and "for 4 h by month end" in findings.said(found.title, found.facts, month)


def test_a_short_break_another_branch_and_a_month_not_seen_whole_find_nothing(make_month, shop):
    short = [run(1, "10-05 10:00", "failure"), run(2, "10-05 13:59")]
    assert not list(rules.main_branch_long_broken(make_month(shop, pipeline_run=short)))
    side = [run(1, "10-05 10:00", "failure", branch="idea")]
    assert not list(rules.main_branch_long_broken(make_month(shop, pipeline_run=side)))
    long = [run(1, "10-05 10:00", "failure")]
    assert not list(rules.main_branch_long_broken(make_month(shop, seen=(), pipeline_run=long)))
    assert not list(rules.main_branch_long_broken(make_month(shop)))
