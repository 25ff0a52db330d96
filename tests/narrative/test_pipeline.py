"""What is said of pipelines: how often they succeeded, how long a main branch was broken, what is flaky."""

import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import pipeline
from opsreport.narrative import pipeline as narrative
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HALF = Intervals([(OCTOBER.start, pd.Timestamp("2026-10-16 12:00", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")


def run(ended: str, outcome: str = "success", **more) -> dict:
    end = pd.Timestamp(f"2026-{ended}", tz="UTC")
    return {"pipeline": "shop", "branch": "main", "started_at": end, "finished_at": end, "outcome": outcome, **more}


def said(*rows: dict, seen: Intervals = ALWAYS, absent: str = ""):
    numbered = [{"run_id": f"r{n}", **row} for n, row in enumerate(rows)]
    frame = FRAMES["pipeline_run"].conform(pd.DataFrame(numbered)) if rows else FRAMES["pipeline_run"].empty()
    return narrative.finding(pipeline.history(frame, OCTOBER, seen), pipeline.red(frame, OCTOBER),
                             pipeline.flaky(frame, OCTOBER), STYLE, absent)  # fmt: skip


GOOD = [run(f"10-05 1{hour}:00") for hour in range(4)]
BROKEN = [run("10-06 10:00", "failure"), run("10-06 15:00")]
FLAKY = [run("10-07 10:00", "failure", job="e2e", commit_sha="a"), run("10-07 11:00", job="e2e", commit_sha="a")]


def test_a_month_with_a_broken_main_branch_and_a_flaky_job():
    before = [run(f"09-05 1{hour}:00") for hour in range(5)]
    assert said(*before, *GOOD, *BROKEN, *FLAKY).text == (
        "83% of the pipeline runs of October 2026 succeeded: 5 of 6. The month before it was 100%. For 5 h of the "
        "month a main branch was broken, so that nothing could be released from it. The longest time was 5 h, in the "
        "pipeline shop, from 6 Oct, 10:00. The job e2e of shop is flaky: commits on which it both failed and "
        "succeeded: 1."
    )


def test_too_few_runs_have_no_share_and_no_run_is_said():
    text = said(*GOOD).text
    assert "Pipeline runs that succeeded in October 2026: 4 of 4, too few for a share." in text
    assert "No main branch was broken." in text and "Single jobs are not recorded" in text
    assert (
        "No pipeline run is known to have succeeded or failed in October 2026."
        in said(run("10-05 10:00", "cancelled")).text
    )


def test_a_branch_that_is_still_broken_at_month_end_is_said_to_be():
    text = said(run("10-31 22:00", "failure")).text
    assert "that of the pipeline shop: 2 h, since 31 Oct, 22:00, and not over at month end." in text


def test_several_flaky_jobs_are_counted_and_the_worst_is_named():
    other = [run("10-08 10:00", "failure", job="unit", commit_sha="a"), run("10-08 11:00", job="unit", commit_sha="a")]
    text = said(*GOOD, *FLAKY, *other).text
    assert "Flaky jobs, which both failed and succeeded on one commit: 2; most often e2e of shop, on 1." in text
    calm = said(*GOOD, run("10-08 11:00", job="unit", commit_sha="a")).text
    assert "No job is known to have both failed and succeeded on one commit." in calm


def test_what_is_not_known_is_said_to_be_unknown():
    text = said(run("10-05 10:00", "failure", branch=None)).text
    assert "Whether a main branch was broken is unknown" in text
    half = said(*GOOD, seen=HALF).text
    assert "No main branch is known to have been broken." in half and "Only 50% of the month was seen" in half


def test_a_month_that_was_not_seen_is_a_notice():
    assert said(seen=Intervals()).kind == "notice" and said(*GOOD, absent="No source.").text == "No source."
    assert narrative.method(STYLE).about["role"] == "method"


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said(*GOOD, *BROKEN, *FLAKY)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("pipeline.finding.") for id in ids)
    words = re.sub(r"<span class=\"fact\".*?</span>", "", made.html)
    assert not re.search(r"\d", words.replace("e2e", ""))
