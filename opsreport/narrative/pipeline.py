"""The sentences on pipelines: do builds succeed, was a main branch broken, which jobs are flaky."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "pipeline.finding"
_WHOLE = Rows("pipeline_run", {"job": None})


def finding(history: pd.DataFrame, red: pd.DataFrame, flaky: pd.DataFrame, style: Style, absent: str = "") -> Exhibit:
    """What opens the section: builds, time with a broken main branch, flaky jobs.

    Nothing is agreed on pipelines, so it says what happened and passes no verdict.

    Parameters
    ----------
    history, red, flaky : DataFrame
        From `opsreport.metrics.pipeline`: `history` (the newest month stands last), `red`
        and `flaky`.
    absent : str
        Why there is nothing to say; empty where there is something.
    """
    now = history.iloc[-1]
    if absent or is_unknown(now["runs_succeeded"]):
        said = "No source of pipeline runs was seen in this month, so how builds went is unknown."
        return notice(_F, absent or said, style)
    built, broken = _built(now, style), _broken(now, red, style)
    parts = [built, *_before(history, style), *broken, *_flaky(now, flaky, style), *_seen(now, style)]
    return join(_F, parts, lead=[built, *broken[:1]])


def method(style: Style) -> Exhibit:
    """How pipelines are measured, for whoever wants to check it."""
    return prose(
        "pipeline.method",
        "Whole runs are counted, on all branches, in the month in which they finished; the jobs within them are not "
        "counted again. The success share is over runs that succeeded or failed; runs that were cancelled, or of which "
        "the end is not known, are counted apart. The median duration is of runs that succeeded, since a failed one "
        "stops early. Shares and medians of fewer than five are withheld. A main branch (main, master or trunk) is "
        "broken from a failed run finishing to the next successful one finishing; over several pipelines, time counts "
        "once. A job is flaky where it both failed and succeeded on one commit. A pipeline without a run in this month "
        "and the one before is taken to be out of use.",
        style, "method",
    )  # fmt: skip


def _built(now: pd.Series, style: Style) -> Exhibit:
    good, known = now["runs_succeeded"], now["runs_succeeded"] + now["runs_failed"]
    month = Fact(f"{_F}.month", now["period"], "month")
    if not known:
        return prose(_F, "No pipeline run is known to have succeeded or failed in {month}.", style, month=month)
    facts = {
        "known": Fact(f"{_F}.known", known, "count", now["coverage"], rows=_WHOLE), "month": month,
        "good": Fact(f"{_F}.succeeded", good, "count", now["coverage"], measure="runs_succeeded",
                     rows=Rows("pipeline_run", {"job": None, "outcome": "success"})),
    }  # fmt: skip
    if is_unknown(now["run_success_share"]):
        words = "Pipeline runs that succeeded in {month}: {good} of {known}, too few for a share."
        return prose(_F, words, style, **facts)
    facts["share"] = Fact(f"{_F}.share", now["run_success_share"], "share", now["coverage"],
                          measure="run_success_share", rows=_WHOLE)  # fmt: skip
    words = "{share} of the pipeline runs of {month} succeeded: {good} of {known}."
    return prose(_F, words, style, **facts)


def _before(history: pd.DataFrame, style: Style) -> list[Exhibit]:
    if len(history) < 2 or history["run_success_share"].iloc[-2:].isna().any():
        return []
    before = history.iloc[-2]
    rows = Rows("pipeline_run", {"job": None}, "last_month")
    share = Fact(f"{_F}.before", before["run_success_share"], "share", before["coverage"],
                 measure="run_success_share", rows=rows)  # fmt: skip
    return [prose(_F, "The month before it was {share}.", style, share=share)]


def _broken(now: pd.Series, red: pd.DataFrame, style: Style) -> list[Exhibit]:
    total = now["time_red"]
    if is_unknown(total):
        words = "Whether a main branch was broken is unknown: no run on one is recorded."
        return [prose(_F, words, style)]
    if not total:
        words = "No main branch was broken." if now["coverage"] == 1 else "No main branch is known to have been broken."
        return [prose(_F, words, style)]
    fact = Fact(f"{_F}.red", total, "duration", now["coverage"], measure="time_red", rows=_WHOLE)
    parts = [prose(_F, "For {red} of the month a main branch was broken, so that nothing could be released from it.",
                   style, red=fact)]  # fmt: skip
    longest = red.iloc[0]
    facts = {
        "lasted": Fact(f"{_F}.longest", longest["red_lasted"], "duration", now["coverage"], measure="red_lasted",
                       rows=Rows("pipeline_run", {"pipeline": longest["pipeline"], "job": None})),
        "since": Fact(f"{_F}.longest_from", longest["red_from"], "instant", now["coverage"], measure="red_from"),
        "name": longest["pipeline"],
    }  # fmt: skip
    words = "The longest time was {lasted}, in the pipeline {name}, from {since}."
    if is_unknown(longest["red_until"]):
        words = "The longest time is that of the pipeline {name}: {lasted}, since {since}, and not over at month end."
    return [*parts, prose(_F, words, style, **facts)]


def _flaky(now: pd.Series, flaky: pd.DataFrame, style: Style) -> list[Exhibit]:
    if not now["jobs_run"] or is_unknown(now["jobs_run"]):
        return [prose(_F, "Single jobs are not recorded, so whether any is flaky is unknown.", style)]
    if flaky.empty:
        return [prose(_F, "No job is known to have both failed and succeeded on one commit.", style)]
    first = flaky.iloc[0]
    rows = Rows("pipeline_run", {"pipeline": first["pipeline"], "job": first["job"]})
    facts = {
        "commits": Fact(f"{_F}.flaky_commits", first["flaky_commits"], "count", now["coverage"],
                        measure="flaky_commits", rows=rows),
        "job": first["job"], "name": first["pipeline"],
    }  # fmt: skip
    if len(flaky) == 1:
        words = "The job {job} of {name} is flaky: commits on which it both failed and succeeded: {commits}."
        return [prose(_F, words, style, **facts)]
    facts["count"] = Fact(f"{_F}.flaky", len(flaky), "count", now["coverage"], measure="jobs_flaky")
    words = (
        "Flaky jobs, which both failed and succeeded on one commit: {count}; most often {job} of {name}, on {commits}."
    )
    return [prose(_F, words, style, **facts)]


def _seen(now: pd.Series, style: Style) -> list[Exhibit]:
    if now["coverage"] == 1:
        return []
    return [prose(_F, "Only {seen} of the month was seen, so there may have been more.", style,
                  seen=Fact(f"{_F}.seen", now["coverage"], "share"))]  # fmt: skip
