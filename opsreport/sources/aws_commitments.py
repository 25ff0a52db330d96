"""Savings plans and reservations of AWS: what was promised for a month, and how much of it was used.

Documentation: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/ under API_GetCostAndUsage,
API_GetSavingsPlansUtilizationDetails, API_GetSavingsPlansCoverage, API_GetReservationUtilization and
API_GetReservationCoverage. Permission: the five, as ce:GetCostAndUsage. Each page costs 0.01 USD, about
0.10 USD in all; an answer is used again for a day, and for a month where its month ended over fifteen days
ago. Cost Explorer forgets all but the last 12 whole months. It takes no end but one before today, so what
is told of a month is whole from its second day after; until then its last days are not seen.

Of each plan: committed is TotalCommitment, used is UsedCommitment, covered is OnDemandCostEquivalent. Of each
reservation: committed is TotalAmortizedFee, used is that less RICostForUnusedHours, covered is
OnDemandCostOfRIHoursUsed. Coverable is covered, and OnDemandCost besides: what ran on demand that any plan,
or any reservation for the service, could have covered. An EC2 Instance plan, or a reservation of one
instance type, could not have covered all of it: their share covered is a lower bound.

Cost Explorer tells no currency here; it counts in USD. Savings plans are asked about where the month has
any charge of theirs. Where it has usage under a plan and no fee of one, the plan is another account's of
the organization, and DataUnavailableException says that there is none here; elsewhere it is a failure.
Reservations are asked about by service: name in ``reservations`` those in use, to pay for fewer pages.
Fees for reservations of a service of which none is told make it partial.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws, _cost_explorer

FRAMES = ("commitment",)
_CHARGES, _PLANS, _PLANNED, _RESERVED, _RESERVABLE = OPERATIONS = (
    "ce:GetCostAndUsage", "ce:GetSavingsPlansUtilizationDetails", "ce:GetSavingsPlansCoverage",
    "ce:GetReservationUtilization", "ce:GetReservationCoverage",
)  # fmt: skip
KEEPS = {"commitment": pd.Timedelta(days=365)}

_HOME, _CURRENCY = _cost_explorer.REGION, "USD"
#: Services that can be reserved, as Cost Explorer names them.
_SERVICES = [
    "Amazon Elastic Compute Cloud - Compute", "Amazon Relational Database Service", "Amazon ElastiCache",
    "Amazon MemoryDB", "Amazon Redshift", "Amazon Elasticsearch Service", "Amazon OpenSearch Service",
]  # fmt: skip
_PLAN_FEES = {"SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"}
_RESERVATION_FEES = {"Recurring", "RIFee"}
_KEEP, _KEEP_SETTLED = pd.Timedelta(hours=20), pd.Timedelta(days=30)


class Settings(_aws.AwsSettings):
    """Which services are asked about."""

    reservations: list[str] = Field(default=_SERVICES, description="services with reservations, as AWS names them")


def fetch(period: Period, settings: Settings) -> Pages:
    """Each month that the period touches, by itself."""
    aws = _aws.opened(settings, OPERATIONS)
    # What is asked for must end before today.
    for start, end in _cost_explorer.months(period, settings.run.now.date() - dt.timedelta(days=1)):
        keep = _KEEP_SETTLED if _cost_explorer.is_settled(end, settings.run.now) else _KEEP
        always = {"keep": keep, "TimePeriod": {"Start": str(start), "End": str(end)}}
        by_type = {"GroupBy": [_by("SERVICE"), _by("RECORD_TYPE")], "Metrics": ["UnblendedCost", "AmortizedCost"]}
        kinds = {kind for _, kind in _charged(aws.ask(_CHARGES, _HOME, Granularity="MONTHLY", **by_type, **always))}
        if any(kind.startswith("SavingsPlan") for kind in kinds):
            absent = () if kinds & _PLAN_FEES else ("DataUnavailableException",)
            aws.ask(_PLANS, _HOME, absent=absent, **always)
            aws.ask(_PLANNED, _HOME, absent=absent, Granularity="MONTHLY", **always)
        for service in settings.reservations:
            of = {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": [service]}}}
            held = aws.ask(_RESERVED, _HOME, GroupBy=[_by("SUBSCRIPTION_ID")], **of, **always)
            if any(stretch.get("Groups") for page in held for stretch in page.get("UtilizationsByTime", [])):
                aws.ask(_RESERVABLE, _HOME, Granularity="MONTHLY", Metrics=["Hour", "Cost"], **of, **always)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a commitment and month."""
    rows = {(row["commitment_id"], row["started_at"]): row for _, row in _told(pages)}
    return {"commitment": _aws.rows_of("commitment", list(rows.values()))}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The days that were asked for, in UTC."""
    windows = [_window(answer) for answer in pages.items]
    if not windows:
        return {"commitment": (pd.NaT, pd.NaT)}
    return {"commitment": (min(start for start, _ in windows), max(end for _, end in windows))}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Fees without a reservation, commitments that were told twice, and ends that cannot be read."""
    told, said = list(_told(pages)), []
    fees = {service for answer in pages.items if answer.operation == _CHARGES
            for service, kind in _charged([answer.body]) if kind in _RESERVATION_FEES}  # fmt: skip
    held = {_service(answer) for answer, one in _aws.each(pages.items, _RESERVED, "UtilizationsByTime")
            if one.get("Groups")}  # fmt: skip
    if fees - held:
        said.append(f"{_RESERVED} tells of no reservation for {', '.join(sorted(fees - held))}, which charged fees")
    if twice := len(told) - len(frames["commitment"]):
        said.append(f"{_RESERVED} told {twice} commitments a second time")
    unread = [end for end, row in told if end and row["expires_at"] is None]
    if unread:
        said.append(f"{len(unread)} commitments end at a time that cannot be read, like {unread[0]!r}")
    return {"commitment": ("partial", "; ".join(said))} if said else {}


def _by(dimension: str) -> dict[str, str]:
    return {"Type": "DIMENSION", "Key": dimension}


def _charged(pages: list[dict[str, Any]]) -> list[list[str]]:
    """Every service and charge type that the bill holds."""
    results = [result for page in pages for result in page.get("ResultsByTime", [])]
    return [group["Keys"] for result in results for group in result.get("Groups", [])]


def _window(answer: _aws.Answer) -> tuple[pd.Timestamp, pd.Timestamp]:
    window = answer.asked["TimePeriod"]
    return pd.Timestamp(window["Start"], tz="UTC"), pd.Timestamp(window["End"], tz="UTC")


def _told(pages: Pages) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every commitment's row, and its end as AWS wrote it."""
    on_demand = _on_demand(pages)
    for answer, plan in _aws.each(pages.items, _PLANS, "SavingsPlansUtilizationDetails"):
        use, saved = plan.get("Utilization", {}), plan.get("Savings", {})
        amounts = (use.get("TotalCommitment"), use.get("UsedCommitment"), saved.get("OnDemandCostEquivalent"))
        yield _row(answer, "savings plan", plan["SavingsPlanArn"], plan, amounts, on_demand)
    for answer, stretch in _aws.each(pages.items, _RESERVED, "UtilizationsByTime"):
        for group in stretch.get("Groups", []):
            use = group.get("Utilization", {})
            fee, unused = (_aws.amount(use.get(name)) for name in ("TotalAmortizedFee", "RICostForUnusedHours"))
            used = None if fee is None or unused is None else _aws.EXACT.subtract(fee, unused)
            amounts = (fee, used, use.get("OnDemandCostOfRIHoursUsed"))
            yield _row(answer, "reservation", group["Value"], group, amounts, on_demand)


def _row(
    answer: _aws.Answer, kind: str, id: str, told: dict[str, Any], amounts: tuple, on_demand: dict[tuple, Decimal]
) -> tuple[str, dict[str, Any]]:
    start, end = _window(answer)
    committed, used, covered = (_aws.amount(value) for value in amounts)
    bare = on_demand.get((start, _service(answer)))
    ends = {name.casefold(): value for name, value in told.get("Attributes", {}).items()}.get("enddatetime", "")
    expires = pd.to_datetime(ends or None, utc=True, errors="coerce")
    return ends, {
        "commitment_id": id, "kind": kind, "started_at": start, "ended_at": end, "committed": committed, "used": used,
        "covered": covered, "coverable": None if covered is None or bare is None else _aws.EXACT.add(covered, bare),
        "expires_at": None if pd.isna(expires) else expires, "billing_currency": _CURRENCY,
    }  # fmt: skip


def _service(answer: _aws.Answer) -> str:
    """The service that was asked about; none for savings plans."""
    return answer.asked.get("Filter", {}).get("Dimensions", {}).get("Values", [""])[0]


def _on_demand(pages: Pages) -> dict[tuple[pd.Timestamp, str], Decimal]:
    """What ran on demand of what could have been covered, by month and service."""
    found: dict[tuple, list[Decimal | None]] = {}
    for answer, one in _aws.each(pages.items, _PLANNED, "SavingsPlansCoverages"):
        key = (_window(answer)[0], "")
        found.setdefault(key, []).append(_aws.amount(one.get("Coverage", {}).get("OnDemandCost")))
    for answer, one in _aws.each(pages.items, _RESERVABLE, "CoveragesByTime"):
        cost = one.get("Total", {}).get("CoverageCost", {})
        found.setdefault((_window(answer)[0], _service(answer)), []).append(_aws.amount(cost.get("OnDemandCost")))
    return {key: reduce(_aws.EXACT.add, parts) for key, parts in found.items() if None not in parts}
