"""Pipeline health: whether builds succeed, how long the main branch stayed broken, which jobs are flaky."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from opsreport.coverage import Seen, seen_until_each, share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals, union
from opsreport.metrics.rows import FEW, result, score, scorecard_rows, share
from opsreport.period import Period
from opsreport.schemas.frame import ANY

#: What the main branch is called; a source's other name is translated in the client's file.
MAIN = ("main", "master", "trunk")
COUNTS = ("runs_succeeded", "runs_failed", "runs_cancelled", "runs_unknown")
HEALTH = ("pipeline", "service", *COUNTS, "run_success_share", "run_median", "time_red", "note", "coverage", "job")
RED = ("pipeline", "service", "red_from", "red_until", "red_lasted", "time_red")
DAILY = ("ran_on", "pipeline", *COUNTS)
FLAKY = ("pipeline", "job", "service", "flaky_commits", "job_commits", "flaky_share", "flaky_newest_at")
TOTALS = ("period", *COUNTS, "run_success_share", "time_red", "jobs_run", "jobs_flaky", "coverage")

_OUTCOMES = ("success", "failure", "cancelled", "unknown")


def health(pipeline_run: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """Each pipeline's runs that finished in the month, and how long its main branch was broken.

    Answers: do builds succeed, how long do they take, how long was nobody able to release?

    Parameters
    ----------
    pipeline_run : DataFrame
        The frame ``pipeline_run``, whole history. Rows with a job are parts of a run and are
        not counted here.
    seen : Intervals or Seen
        What the sources could tell of.

    Returns
    -------
    DataFrame
        `HEALTH`, one row a pipeline with a run in this month or the one before. The success
        share is over runs that succeeded or failed; those cancelled or unknown are counted
        apart. It is NaN below five, and so is the median, which is of runs that succeeded,
        since a failed one stops early. Time red runs from a failed run on the main branch
        finishing to the next successful one finishing, cut to the month; NaT where no such
        branch is known. All is NaN where nothing was seen and nothing is known.
        [count, share, duration]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> at = lambda hour: pd.Timestamp(2026, 10, 5, hour, tz="UTC")
    >>> runs = FRAMES["pipeline_run"].conform(pd.DataFrame({
    ...     "run_id": ["a", "b", "c"], "pipeline": "shop", "branch": "main", "job": [None, None, "unit"],
    ...     "started_at": [at(1), at(4), at(1)], "finished_at": [at(2), at(5), at(2)],
    ...     "outcome": ["failure", "success", "failure"]}))
    >>> row = health(runs, october, Intervals([(october.start, october.end)])).iloc[0]
    >>> int(row["runs_failed"]), row["time_red"]
    (1, Timedelta('0 days 03:00:00'))
    """
    seen_share = share_seen(seen, period)
    rows = []
    for name, runs in _pipelines(pipeline_run, period):
        here = runs[period.contains(runs["ended"])]
        row = {"pipeline": name, "service": _service(runs), "coverage": seen_share}
        rows.append(row if not seen_share and here.empty else row | _counts(here) | _broken(runs, period, seen))
    return result(rows, HEALTH)


def red(pipeline_run: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Each stretch of the month in which a pipeline's main branch was broken, longest first.

    Answers: when could nothing be released?

    Returns
    -------
    DataFrame
        `RED`. ``red_until`` is NaT where it was not mended by the end of what was seen; up to then
        is ``red_lasted`` the whole stretch, and ``time_red`` what lies in the month. [instant, duration]
    """
    rows = []
    for name, runs in _pipelines(pipeline_run, period):
        for start, end in _stretches(runs, period, known := seen_until_each(seen, period, runs).min()):
            until = known if end is pd.NaT else end
            rows.append({
                "pipeline": name, "service": _service(runs), "red_from": start, "red_until": end,
                "red_lasted": until - start, "time_red": until - max(start, period.start),
            })  # fmt: skip
    return result(rows, RED).sort_values(["red_lasted", "red_from"], ascending=[False, True], ignore_index=True)


def daily(pipeline_run: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Whole runs by the client's day on which they finished, a row a pipeline and day with one.

    Answers: when did builds fail? [count]
    """
    rows = []
    for name, runs in _pipelines(pipeline_run, period):
        here = runs[period.contains(runs["ended"])]
        days = here["ended"].dt.tz_convert(period.zone).dt.date
        rows += [{"ran_on": day, "pipeline": name, **_by_outcome(group)} for day, group in here.groupby(days)]
    return result(rows, DAILY)


def flaky(pipeline_run: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Jobs that failed and succeeded on one and the same commit, most often first.

    Answers: which jobs fail without a reason in the code?

    Returns
    -------
    DataFrame
        `FLAKY`. A commit counts once, in the month in which it had both outcomes; its share
        is over commits on which the job succeeded or failed in the month, NaN below five of
        them. Rows without a job or a commit tell nothing of this. [count, share, instant]
    """
    parts = _ended(pipeline_run).dropna(subset=["job", "commit_sha", "ended"])
    parts = parts[(parts["ended"] < period.end) & parts["outcome"].isin(["success", "failure"])]
    rows = []
    for (name, job), runs in parts.groupby(["pipeline", "job"]):
        firsts = runs.groupby(["commit_sha", "outcome"])["ended"].min().unstack().reindex(columns=_OUTCOMES[:2])
        both = firsts.dropna().max(axis=1)
        certain = both[period.contains(both)]
        commits = runs.loc[period.contains(runs["ended"]), "commit_sha"].nunique()
        if len(certain):
            rows.append({
                "pipeline": name, "job": job, "service": _service(runs), "flaky_commits": len(certain),
                "job_commits": commits, "flaky_newest_at": certain.max(),
                "flaky_share": share(len(certain), commits) if commits >= FEW else float("nan"),
            })  # fmt: skip
    return result(rows, FLAKY).sort_values("flaky_commits", ascending=False, kind="stable", ignore_index=True)


def totals(pipeline_run: pd.DataFrame, period: Period, seen: Intervals | Seen, of_jobs: bool = True) -> pd.DataFrame:
    """All pipelines' month in one row; jobs, which take longest to count, where they are asked for.

    Answers: how healthy are our pipelines as a whole?

    Returns
    -------
    DataFrame
        One row of `TOTALS`. Time red is the time with at least one pipeline red, so it is
        not the sum of theirs; NaT where no main branch is known. Jobs are NaN where no row
        of the history names one. NaN throughout where nothing was seen and nothing is known.
        [count, share, duration]
    """
    seen_share, whole = share_seen(seen, period), _whole(pipeline_run)
    row = {"period": period.name, "coverage": seen_share}
    here = whole[period.contains(whole["ended"])]
    if not seen_share and here.empty:
        return result([row], TOTALS)
    lists = [runs for _, runs in _pipelines(pipeline_run, period) if _on_main(runs).any()]
    broken = union(_red(runs, period, seen) for runs in lists)
    row |= _counts(here) | {"time_red": broken.measure() if lists else pd.NaT}
    return result([row | (_jobs(pipeline_run, period) if of_jobs else {})], TOTALS)


def history(pipeline_run: pd.DataFrame, period: Period, seen: Intervals | Seen, count: int = 13) -> pd.DataFrame:
    """The totals of each of the last 13 months, oldest first, as `totals` has them."""
    return pd.concat([totals(pipeline_run, month, seen) for month in period.history(count)], ignore_index=True)


def scorecard(
    pipeline_run: pd.DataFrame, period: Period, seen: Intervals | Seen, baseline: Period | None = None
) -> pd.DataFrame:
    """The pipelines' key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: can changes be built and released? Nothing is agreed on it, so there is no verdict.
    """
    months = [*period.history(13), *([baseline] if baseline else [])]
    whole = {month: totals(pipeline_run, month, seen, of_jobs=False).iloc[0] for month in months}
    common = {"period": period, "baseline": baseline, "section": "pipeline", "coverage": share_seen(seen, period),
              "rows": Rows("pipeline_run", {"job": None})}  # fmt: skip
    return scorecard_rows([
        score("pipeline.success", "Pipeline runs that succeeded", "share",
              lambda month: whole[month]["run_success_share"], **common),
        score("pipeline.red", "Time with a broken main branch", "duration",
              lambda month: whole[month]["time_red"], adds_up=True, **common),
    ])  # fmt: skip


def _ended(pipeline_run: pd.DataFrame) -> pd.DataFrame:
    """Rows with when they ended: their start where the source gives only that; NaT while they run."""
    started = pipeline_run["started_at"].mask(pipeline_run["outcome"] == "unknown")
    return pipeline_run.assign(ended=pipeline_run["finished_at"].fillna(started))


def _whole(pipeline_run: pd.DataFrame) -> pd.DataFrame:
    whole = _ended(pipeline_run[pipeline_run["job"].isna()]).dropna(subset=["ended"])
    return whole.sort_values(["ended", "started_at", "run_id"])


def _pipelines(pipeline_run: pd.DataFrame, period: Period) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each pipeline's whole runs up to month end; one without a run for two months is out of use."""
    whole = _whole(pipeline_run)
    whole = whole[whole["ended"] < period.end]
    lately = set(whole.loc[whole["ended"] >= period.previous().start, "pipeline"])
    yield from whole[whole["pipeline"].isin(lately)].groupby("pipeline")


def _service(runs: pd.DataFrame) -> str | float:
    """The service that a pipeline builds; all, where its runs name several."""
    names = runs["service"].unique()
    return names[0] if len(names) == 1 else ANY[0]


def _on_main(runs: pd.DataFrame) -> pd.Series:
    return runs["branch"].str.casefold().str.removeprefix("refs/heads/").isin(MAIN)


def _stretches(runs: pd.DataFrame, period: Period, known: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """From a failure on the main branch to its next success (NaT: none yet), of those with time in the month."""
    made, since, main = [], None, runs[_on_main(runs)]
    for ended, outcome in zip(main["ended"], main["outcome"], strict=True):
        if outcome == "failure" and since is None:
            since = ended
        elif outcome == "success" and since is not None:
            made.append((since, ended))
            since = None
    made += [(since, pd.NaT)] if since is not None else []
    return [(start, end) for start, end in made if (known if end is pd.NaT else end) > max(period.start, start)]


def _red(runs: pd.DataFrame, period: Period, seen: Intervals | Seen | None) -> Intervals:
    until = seen_until_each(seen, period, runs).min()
    lasted = ((start, until if end is pd.NaT else end) for start, end in _stretches(runs, period, until))
    return Intervals(lasted).clip(period.start, period.end)


def _broken(runs: pd.DataFrame, period: Period, seen: Intervals | Seen) -> dict[str, object]:
    if not _on_main(runs).any():
        return {"time_red": pd.NaT, "note": "no run on a branch called main, master or trunk is known"}
    return {"time_red": _red(runs, period, seen).measure(), "note": ""}


def _by_outcome(runs: pd.DataFrame) -> dict[str, int]:
    return {name: int((runs["outcome"] == one).sum()) for name, one in zip(COUNTS, _OUTCOMES, strict=True)}


def _counts(runs: pd.DataFrame) -> dict[str, object]:
    counts = _by_outcome(runs)
    good, known = counts["runs_succeeded"], counts["runs_succeeded"] + counts["runs_failed"]
    won = runs[runs["outcome"] == "success"]
    took = (won["finished_at"] - won["started_at"]).dropna()
    return counts | {
        "run_success_share": share(good, known) if known >= FEW else float("nan"),
        "run_median": took.median() if len(took) >= FEW else pd.NaT,
    }


def _jobs(pipeline_run: pd.DataFrame, period: Period) -> dict[str, int]:
    parts = _ended(pipeline_run).dropna(subset=["job", "commit_sha"])
    if parts.empty:
        return {}
    here = parts[period.contains(parts["ended"]) & parts["outcome"].isin(["success", "failure"])]
    return {"jobs_run": len(here.groupby(["pipeline", "job"])), "jobs_flaky": len(flaky(pipeline_run, period))}
