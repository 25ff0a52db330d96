"""What pipelines ask for: an end to jobs that fail by chance, and to main branches that stay broken."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from opsreport.coverage import share_seen
from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, PLAN, Finding, owner_of, slug
from opsreport.metrics import pipeline as metrics
from opsreport.month import Month
from opsreport.theme import is_unknown

#: Once may be chance.
_OFTEN = 2
#: Longer than it takes to take a change back.
_LONG = pd.Timedelta(hours=4)


def flaky_job(month: Month) -> Iterable[Finding]:
    """Jobs that fail by chance: on two commits or more they both failed and succeeded."""
    seen = share_seen(month.seen("pipeline_run"), month.period)
    for row in metrics.flaky(month.pipeline_run, month.period).to_dict("records"):
        if row["flaky_commits"] < _OFTEN:
            continue
        id = f"flaky_job.{slug(row['pipeline'])}-{slug(row['job'])}"
        facts = {
            "job": row["job"], "name": row["pipeline"],
            "both": Fact(f"findings.{id}.both", row["flaky_commits"], "count", seen, measure="flaky_commits"),
            "all": Fact(f"findings.{id}.all", row["job_commits"], "count", seen, measure="job_commits"),
        }  # fmt: skip
        yield Finding(
            f"pipeline.{id}", "pipeline",
            "The job {job} of {name} is flaky: on {both} of {all} commits it both failed and succeeded.",
            "Mend {job}, or take it out of what a release waits for; until then nobody can trust its failures.",
            facts, Rows("pipeline_run", {"pipeline": row["pipeline"], "job": row["job"]}),
            owner_of(month, row["service"]), PLAN, causes="delivery",
        )  # fmt: skip


def main_branch_long_broken(month: Month) -> Iterable[Finding]:
    """A main branch that stayed broken for four hours or more: one finding a pipeline, of its longest time.

    Only in a month that was seen whole: in time that was not, it may have been mended earlier.
    """
    if share_seen(month.seen("pipeline_run"), month.period) < 1:
        return
    red = metrics.red(month.pipeline_run, month.period, month.seen("pipeline_run"))
    for row in red[red["red_lasted"] >= _LONG].drop_duplicates("pipeline").to_dict("records"):
        id, lasts = f"main_branch_long_broken.{slug(row['pipeline'])}", is_unknown(row["red_until"])
        facts = {
            "name": row["pipeline"],
            "lasted": Fact(f"findings.{id}.lasted", row["red_lasted"], "duration", 1.0, measure="red_lasted"),
            "since": Fact(f"findings.{id}.since", row["red_from"], "instant", 1.0, measure="red_from"),
        }  # fmt: skip
        yield Finding(
            f"pipeline.{id}", "pipeline",
            "The main branch of {name} has been broken since {since}: for {lasted} by month end." if lasts else
            "The main branch of {name} stayed broken for {lasted}, from {since}.",
            "Mend the main branch of {name}, or take back what broke it; nothing can be released from it." if lasts else
            "Agree who takes back a change that breaks the main branch of {name}, and within which time.",
            facts, Rows("pipeline_run", {"pipeline": row["pipeline"], "job": None}), owner_of(month, row["service"]),
            NOW if lasts else PLAN, causes="delivery",
        )  # fmt: skip
