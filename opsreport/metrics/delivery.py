"""Delivery: how often changes reach production, how soon, and how well (DORA's metrics)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, days_passed, share_seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.deployments import RESULTS, carried, environment, production
from opsreport.metrics.rows import FEW, result, score, scorecard_rows, share, spread
from opsreport.metrics.stability import failures, stability
from opsreport.params.models import Service
from opsreport.period import Period

__all__ = [
    "daily", "failures", "frequency", "history", "lead_summary", "lead_times", "listing", "production",
    "scorecard", "stability",
]  # fmt: skip

FREQUENCY = (
    "service", "environment", "deployments", "deployments_per_week", "deployment_days", "note", "coverage",
)  # fmt: skip
DAILY = ("deployed_on", "service", "environment", "deployment_result", "attempts")
LISTING = ("deployed_at", "service", "environment", "deployment_result", "commit_sha", "deployment_id")
LEAD_TIMES = (
    "change_id", "service", "first_commit_at", "merged_at", "deployed_at", "lead_time", "deployment_id",
)  # fmt: skip
LEAD_SUMMARY = ("service", "environment", "changes", "lead_median", "lead_p90", "changes_known", "note", "coverage")
HISTORY = ("period", *FREQUENCY)
_WEEK = 7
_FIGURES = {
    "count": ("Deployments of", "count", "deployments"),
    "lead": ("Median lead time,", "duration", "lead_median"),
    "fail_rate": ("Change fail rate,", "share", "change_fail_rate"),
}


def frequency(
    deployment: pd.DataFrame, period: Period, seen: Intervals, services: Mapping[str, Service]
) -> pd.DataFrame:
    """How often each service was deployed to production with success.

    Answers: how often do changes reach production?

    Parameters
    ----------
    deployment : DataFrame
        The frame ``deployment``, whole history.
    seen : Intervals
        The time that a source could tell of.
    services : mapping of str to Service
        What counts as production for each.

    Returns
    -------
    DataFrame
        `FREQUENCY`, one row a service that ever deployed to production, never blended. A
        deployment counts on the client's day on which it finished. The weekly rate is the
        count over the weeks of the month that have passed, withheld (NaN) below five; all is NaN where nothing was
        seen and nothing is known. Where part was not seen, it is at least so many.
        [count, per week, share]

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", https://dora.dev/guides/dora-metrics/
    """
    return _frequency(production(deployment, services), period, seen)


def _frequency(every: pd.DataFrame, period: Period, seen: Intervals) -> pd.DataFrame:
    every, seen_share = every[every["deployed_at"] < period.end], share_seen(seen, period)
    good = every[(every["outcome"] == "success") & period.contains(every["deployed_at"])]
    rows = []
    for name, group in every.groupby("service", dropna=False):
        row = {"service": name, "environment": environment(group), "coverage": seen_share}
        here = good[good.index.isin(group.index)]
        rows.append(row if not seen_share and here.empty else row | _pace(here, period, seen))
    return result(rows, FREQUENCY)


def daily(
    deployment: pd.DataFrame, incident: pd.DataFrame, period: Period, services: Mapping[str, Service]
) -> pd.DataFrame:
    """Deployments to production on each of the client's days, by service and what came of them.

    Answers: when was deployed, and what came of it?

    Returns
    -------
    DataFrame
        `DAILY`, days with one only. [count]
    """
    month = _month(deployment, incident, period, services)
    month = month.assign(deployed_on=month["deployed_at"].dt.tz_convert(period.zone).dt.date)
    keys = ["service", "deployed_on", "result"]
    counted = month.groupby(keys, dropna=False).agg(attempts=("result", "size"), place=("environment", "nunique"),
                                                    environment=("environment", "first")).reset_index()  # fmt: skip
    counted["environment"] = counted["environment"].mask(counted["place"] > 1, "all")
    counted["rank"] = counted["result"].map({name: rank for rank, name in enumerate(RESULTS)})
    counted = counted.sort_values(["service", "deployed_on", "rank"]).rename(columns={"result": "deployment_result"})
    return result(counted.to_dict("records"), DAILY)


def listing(
    deployment: pd.DataFrame, incident: pd.DataFrame, period: Period, services: Mapping[str, Service]
) -> pd.DataFrame:
    """Every deployment to production that finished in the month, in order, with its result.

    Answers: what was deployed, when, and what came of it?
    """
    month = _month(deployment, incident, period, services).rename(columns={"result": "deployment_result"})
    return result(month.to_dict("records"), LISTING)


def lead_times(
    change: pd.DataFrame, deployment: pd.DataFrame, period: Period, services: Mapping[str, Service]
) -> pd.DataFrame:
    """How long each change took from its first commit to production.

    Answers: how long does a change wait to be of use?

    Per change, not per deployment: from its first commit to the finish of the first
    deployment that took it to production, in the month of that finish; a redeployment
    counts it no second time.

    Returns
    -------
    DataFrame
        `LEAD_TIMES`, one row a change and service, shortest first. NaT where the first
        commit is later than the deployment, which cannot be. [instant, duration]
    """
    return _lead_times(carried(change, production(deployment, services)), period)


def _lead_times(first: pd.DataFrame, period: Period) -> pd.DataFrame:
    first = first[period.contains(first["deployed_at"])]
    took = first["deployed_at"] - first["first_commit_at"]
    first = first.assign(lead_time=took.where(took >= pd.Timedelta(0))).sort_values(["lead_time", "change_id"])
    return result(first.to_dict("records"), LEAD_TIMES)


def lead_summary(
    change: pd.DataFrame, deployment: pd.DataFrame, period: Period, seen: Intervals,
    services: Mapping[str, Service],
) -> pd.DataFrame:  # fmt: skip
    """Each service's change lead time: how many changes, median and 90th percentile.

    Answers: how long do changes wait, for each service?

    Returns
    -------
    DataFrame
        `LEAD_SUMMARY`, one row a service that ever deployed to production; percentiles are
        withheld (NaT) below five changes; the count is NaN where deployments have no known
        change. ``changes_known`` is the share of the month's
        successful deployments of which at least one change is recorded: the others carried
        changes that nobody wrote down. [count, duration, share]
    """
    every = production(deployment, services)
    return _lead_summary(change, carried(change, every), every, period, seen)


def _lead_summary(
    change: pd.DataFrame, first: pd.DataFrame, every: pd.DataFrame, period: Period, seen: Intervals
) -> pd.DataFrame:
    changes, seen_share, rows = _lead_times(first, period), share_seen(seen, period), []
    every = every[every["deployed_at"] < period.end]
    for name, group in every.groupby("service", dropna=False):
        mine = changes[changes["service"].isin([name])]
        month = group[period.contains(group["deployed_at"]) & (group["outcome"] == "success")]
        known = month["deployment_id"].isin(change["deployment_id"]).sum()
        count, median, p90 = spread(mine["lead_time"])
        # Deployments of which no change is recorded carried some all the same: unknown, not 0.
        told = known or (month.empty and seen_share)
        rows.append({
            "service": name, "environment": environment(group), "changes": count if told else float("nan"),
            "lead_median": median, "lead_p90": p90, "changes_known": share(known, len(month)), "coverage": seen_share,
            "note": "fewer than 5: see the list" if 0 < count < FEW else "",
        })  # fmt: skip
    return result(rows, LEAD_SUMMARY)


def history(
    deployment: pd.DataFrame, period: Period, seen: Intervals, services: Mapping[str, Service], count: int = 13
) -> pd.DataFrame:
    """Each service's deployment frequency in each of the last 13 months, oldest first."""
    every = production(deployment, services)
    months = [_frequency(every, month, seen).assign(period=month.name) for month in period.history(count)]
    return result(pd.concat(months).to_dict("records"), HISTORY)


def scorecard(
    deployment: pd.DataFrame, change: pd.DataFrame, incident: pd.DataFrame, period: Period, seen: Intervals,
    services: Mapping[str, Service], baseline: Period | None = None, most: int = 3,
) -> pd.DataFrame:  # fmt: skip
    """Delivery's key figures of the services deployed most, never blended.

    Nothing is agreed on delivery, so no figure has a target and none is met or missed. How often
    is told by the count, which stands however few there were; a rate of few is withheld.

    Parameters
    ----------
    most : int
        How many services, by their successful deployments in the month.

    Returns
    -------
    DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists.
    """
    every = production(deployment, services)
    first = carried(change, every)
    paces = _frequency(every, period, seen).dropna(subset=["service"])
    busiest = paces.sort_values(["deployments", "service"], ascending=[False, True]).head(most)
    behind = {row["service"]: Rows.of(row, "deployment") for _, row in busiest.iterrows()}
    asked = {
        "count": lambda month: _frequency(every, month, seen),
        "lead": lambda month: _lead_summary(change, first, every, month, seen),
        "fail_rate": lambda month: stability(deployment, incident, month, seen, services),
    }
    frames = {id: cache(lambda month, ask=ask: ask(month).set_index("service")) for id, ask in asked.items()}
    rows = [
        score(f"delivery.{service}.{id}", f"{words} {service}", unit, _of(frames[id], service, column, period, seen),
              period, baseline, section="delivery", coverage=share_seen(seen, period),
              adds_up=id == "count", rows=Rows("change", {}, "history") if id == "lead" else behind[service])
        for service in busiest["service"] for id, (words, unit, column) in _FIGURES.items()
    ]  # fmt: skip
    return scorecard_rows(rows)


def _of(frame: Callable, service: str, column: str, now: Period, seen: Intervals | Seen) -> Callable[[Period], Any]:
    # A month that nobody saw is none to compare with.
    return lambda month: frame(month)[column].get(service) if month == now or share_seen(seen, month) else None


def _pace(good: pd.DataFrame, period: Period, seen: Intervals | Seen) -> dict[str, object]:
    few = "fewer than 5: see the list" if 0 < len(good) < FEW else ""
    return {
        "deployments": len(good),
        "deployments_per_week": len(good) / (days_passed(seen, period) / _WEEK) if len(good) >= FEW else float("nan"),
        "deployment_days": good["deployed_at"].dt.tz_convert(period.zone).dt.date.nunique(),
        "note": few or ("part of the month was not seen: at least" if share_seen(seen, period) < 1 else ""),
    }


def _month(
    deployment: pd.DataFrame, incident: pd.DataFrame, period: Period, services: Mapping[str, Service]
) -> pd.DataFrame:
    every = production(deployment, services, incident)
    return every[period.contains(every["deployed_at"])]
