"""How often deployments had to be mended, how soon they were, and how much was rework (DORA)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from opsreport.coverage import share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.deployments import UNKNOWN, environment, production
from opsreport.metrics.rows import FEW, result, share, spread
from opsreport.metrics.severities import NOT_COUNTED, drills, rated
from opsreport.params.models import Service
from opsreport.period import Period
from opsreport.schemas import INSTANT

STABILITY = (
    "service", "environment", "deployments_reached", "deployments_failed", "intervention_unknown", "change_fail_rate",
    "change_fail_best", "change_fail_worst", "recovered", "unrecovered", "recovery_median", "rework",
    "rework_rate", "incidents_linked", "note", "coverage",
)  # fmt: skip
FAILURES = ("deployed_at", "service", "recovered_at", "recovery_time", "note", "deployment_id")


def stability(
    deployment: pd.DataFrame, incident: pd.DataFrame, period: Period, seen: Intervals,
    services: Mapping[str, Service],
) -> pd.DataFrame:  # fmt: skip
    """Each service's change fail rate, recovery time and rework rate.

    Answers: do our changes break things, how soon is that mended, and how much of the work is mending?

    The change fail rate is the deployments that reached production and needed immediate
    intervention, over those that reached production. Where some do not say, it is NaN and
    lies between best and worst. The rework rate is those made unplanned because of an
    incident, over the same; NaN where some do not say. Both are withheld (NaN) below five.
    Recovery counts in the month of recovery; see `failures`.

    Returns
    -------
    DataFrame
        `STABILITY`, one row a service that ever deployed to production, never blended.
        ``incidents_linked`` is the share of the month's incidents of that service that name
        a deployment: where it is low, the change fail rate knows little. [count, share, duration]
    """
    every, seen_share = production(deployment, services, incident), share_seen(seen, period)
    mended = _recoveries(every, incident)
    rows = []
    for name, group in every[every["deployed_at"] < period.end].groupby("service", dropna=False):
        month = group[period.contains(group["deployed_at"])]
        row = {"service": name, "environment": environment(group), "coverage": seen_share}
        if seen_share or len(month):
            row |= _rates(month) | _recovery(mended[mended.index.isin(group.index)], period)
        rows.append(row | {"incidents_linked": _linked(incident, name, period)})
    return result(rows, STABILITY)


def failures(
    deployment: pd.DataFrame, incident: pd.DataFrame, period: Period, services: Mapping[str, Service]
) -> pd.DataFrame:
    """Deployments that needed intervention, made or recovered from in the month, or still not.

    Answers: which deployments broke something, and how soon was it mended?

    Failed deployment recovery time runs from the finish of the deployment to the resolution
    of the incidents that name it (the last of them), else to the finish of the next
    deployment of the service to that environment that succeeded and needed no intervention.
    DORA's metric is "the time it takes to recover from a deployment that fails and requires
    immediate intervention"; which event ends it is ours.

    Returns
    -------
    DataFrame
        `FAILURES`, by time; NaT where it was not recovered from by month end. [instant, duration]
    """
    rows = _recoveries(production(deployment, services, incident), incident)
    still = ~(rows["recovered_at"] < period.start)
    rows = rows[(rows["deployed_at"] < period.end) & still]
    late = ~(rows["recovered_at"] < period.end)
    rows = rows.assign(
        recovered_at=rows["recovered_at"].mask(late), recovery_time=rows["recovery_time"].mask(late),
        note=rows["note"].mask(late, "not recovered by month end"),
    )  # fmt: skip
    return result(rows.to_dict("records"), FAILURES)


def _recoveries(every: pd.DataFrame, incident: pd.DataFrame) -> pd.DataFrame:
    """The deployments that needed intervention, each with when it was recovered from."""
    failed = every[every["needed"].fillna(False).astype(bool)]
    good = every[(every["outcome"] == "success") & ~every["needed"].fillna(False).astype(bool)]
    linked = incident[~drills(incident) & incident["deployment_id"].isin(failed["deployment_id"])]
    ends = {name: group["resolved_at"].max(skipna=False) for name, group in linked.groupby("deployment_id")}
    following = dict(list(good.groupby([good["service"].fillna(""), "environment"])["deployed_at"]))
    found = [_recovery_of(row, ends, following) for row in failed.fillna({"service": ""}).to_dict("records")]
    at = pd.Series([instant for instant, _ in found], index=failed.index, dtype=every["deployed_at"].dtype)
    how = pd.Series([note for _, note in found], index=failed.index, dtype=object)
    return failed.assign(recovered_at=at, recovery_time=at - failed["deployed_at"], note=how)


def _recovery_of(row: dict, ends: dict, following: dict) -> tuple[pd.Timestamp, str]:
    if row["deployment_id"] in ends:
        resolved = ends[row["deployment_id"]]
        if pd.isna(resolved) or resolved >= row["deployed_at"]:
            return resolved, "until its incident was resolved"
    good = following.get((row["service"], row["environment"]), pd.Series([], dtype=INSTANT))
    place = good.searchsorted(row["deployed_at"], side="right")  # they are in order
    return good.iloc[place] if place < len(good) else pd.NaT, "until the next good deployment"


def _rates(month: pd.DataFrame) -> dict[str, object]:
    reached = month[month["reached"].fillna(False).astype(bool)]
    maybe = int((month["result"] == UNKNOWN).sum())
    failed = int(reached["needed"].fillna(False).sum())
    unsaid = int(reached["needed"].isna().sum()) + maybe
    rework, unsaid_rework = (
        int(reached["is_rework"].fillna(False).sum()),
        int(reached["is_rework"].isna().sum()),
    )
    made = {
        "deployments_reached": len(reached), "deployments_failed": failed, "intervention_unknown": unsaid,
        "rework": rework if unsaid_rework < len(reached) or not len(reached) else float("nan"),
    }  # fmt: skip
    whole = len(reached) + maybe
    if len(reached) < FEW:
        return made | {"note": "fewer than 5: see the list" if whole else ""}
    return made | {
        "change_fail_best": share(failed, whole), "change_fail_worst": share(failed + unsaid, whole),
        "change_fail_rate": float("nan") if unsaid else share(failed, whole),
        "rework_rate": float("nan") if unsaid_rework or maybe else share(rework, whole),
        "note": "some do not say whether they needed intervention" if unsaid else "",
    }  # fmt: skip


def _recovery(mended: pd.DataFrame, period: Period) -> dict[str, object]:
    here = mended[period.contains(mended["recovered_at"])]
    count, median, _ = spread(here["recovery_time"])
    still = (mended["deployed_at"] < period.end) & ~(mended["recovered_at"] < period.end)
    return {"recovered": count, "recovery_median": median, "unrecovered": still.sum()}


def _linked(incident: pd.DataFrame, service: str, period: Period) -> float:
    real = ~drills(incident) & ~rated(incident).str.casefold().isin(NOT_COUNTED)
    here = incident[real & period.contains(incident["opened_at"]) & (incident["service"] == service)]
    return share(here["deployment_id"].notna().sum(), len(here))
