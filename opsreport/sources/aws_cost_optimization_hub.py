"""Savings that AWS proposes, as Cost Optimization Hub collects them from Compute Optimizer and Cost Explorer.

Documentation:
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CostOptimizationHub_ListRecommendations.html
and ListEnrollmentStatuses. Permission: cost-optimization-hub:ListEnrollmentStatuses and
cost-optimization-hub:ListRecommendations; asking costs nothing. The Hub is off until somebody enables it
(``aws cost-optimization-hub update-enrollment-status --status Active``), and has nothing for a day after that.
Read with the organization's management account, it tells of other accounts too: name them in ``accounts``.

AWS makes all recommendations anew each day, under new ids, and forgets those of the day before: collect
daily. A recommendation is therefore known here by its account, region, resource and action. What to buy has
no resource: it is known by what is bought, and where there are several of a kind by their order, the largest
saving first. Of those that exclude one another only the one that saves most is asked for. When one was first
made is not told: it is when AWS had last made it when it was first collected, which the store keeps. What is
no longer listed is closed by then: somebody did it, or it is no longer worth doing.

Stop, Delete and ScaleIn are idle, Rightsize is over-sized, Upgrade old generation, what to buy a commitment;
kind keeps any other word of AWS. resource is the last part of AWS's name for it, which a bill ends with, and
service its tag Name, else the same. The saving is AWS's estimate for a month after all discounts, in its
currency.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("recommendation",)
OPERATIONS = ("cost-optimization-hub:ListEnrollmentStatuses", "cost-optimization-hub:ListRecommendations")
KEEPS = {"recommendation": _aws.ONLY_NOW}

_STATUSES, _LIST = OPERATIONS
#: The Hub stands here for all regions; it takes so many accounts in one request.
_REGION, _MOST = "us-east-1", 100
_KINDS = {"Stop": "idle", "Delete": "idle", "ScaleIn": "idle", "Rightsize": "over-sized", "Upgrade": "old generation",
          "PurchaseSavingsPlans": "commitment", "PurchaseReservedInstances": "commitment"}  # fmt: skip
#: What is proposed, in words; what is not known of it is left out.
_VERBS = {"Stop": "Stop", "Delete": "Delete", "ScaleIn": "Scale in", "Rightsize": "Change", "Upgrade": "Upgrade",
          "MigrateToGraviton": "Move to Graviton:"}  # fmt: skip


class Settings(_aws.AwsSettings):
    """Which accounts are looked at."""

    accounts: list[str] = Field(default=[], description="accounts to look at; by default the one that is read")


def fetch(period: Period, settings: Settings) -> Pages:
    """What is proposed now for the accounts.

    Raises
    ------
    SourceError
        When the Hub is not enabled.
    """
    aws = _aws.opened(settings, OPERATIONS)
    told = aws.ask(_STATUSES, _REGION)
    if told and not any(one.get("status") == "Active" for page in told for one in page.get("items") or []):
        raise SourceError(
            f"Cost Optimization Hub is not enabled in account {aws.number}",
            hint="enable it: aws cost-optimization-hub update-enrollment-status --status Active",
        )
    accounts = settings.accounts or [aws.number]
    for some in _aws.batches(accounts, _MOST):
        aws.ask(_LIST, _REGION, filter={"accountIds": some}, includeAllRecommendations=False)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a recommendation."""
    alike, taken = defaultdict(list), set()
    for _, one in _aws.each(pages.items, _LIST, "items"):
        # What AWS makes anew while its pages are read may stand on two of them.
        if (known := one.get("recommendationId")) and known in taken:
            continue
        taken.add(known)
        alike[_id(one)].append(one)
    rows = []
    for id, several in sorted(alike.items()):
        several.sort(key=lambda one: (-(_saving(one) or 0), one.get("recommendedResourceSummary", "")))
        rows += [_row(id if number == 1 else f"{id}/{number}", one, pages.extra["now"])
                 for number, one in enumerate(several, 1)]  # fmt: skip
    return {"recommendation": _aws.rows_of("recommendation", rows)}


observed = _aws.told(KEEPS)


def _row(id: str, one: dict[str, Any], now: pd.Timestamp) -> dict[str, Any]:
    name, action = _resource(one), one.get("actionType")
    tags = {tag.get("key"): tag.get("value") for tag in one.get("tags") or []}
    return {
        "recommendation_id": id, "resource": name, "service": tags.get("Name") or name,
        "kind": _KINDS.get(action, action), "action": _action(one, name), "estimated_monthly_saving": _saving(one),
        "billing_currency": one.get("currencyCode") or None,
        "first_seen_at": _aws.instant(one.get("lastRefreshTimestamp")) or now, "last_seen_at": now,
        "status": "proposed",
    }  # fmt: skip


def _id(one: dict[str, Any]) -> str:
    """The same each day, which AWS's own id is not."""
    what = one.get("recommendedResourceType") if _is_bought(one) else one.get("resourceArn") or one.get("resourceId")
    parts = (one.get("accountId"), one.get("region"), what or one.get("currentResourceType"), one.get("actionType"))
    return "/".join(part for part in parts if part)


def _resource(one: dict[str, Any]) -> str | None:
    if _is_bought(one):
        return None
    named = (one.get("resourceId") or one.get("resourceArn") or "").removesuffix(":$LATEST")
    return named.replace("/", ":").rpartition(":")[2] or None


def _action(one: dict[str, Any], name: str | None) -> str | None:
    verb = _VERBS.get(one.get("actionType", ""))
    current, proposed = one.get("currentResourceSummary"), one.get("recommendedResourceSummary")
    if _is_bought(one):
        return f"Buy {proposed or one.get('recommendedResourceType') or 'a commitment'}"
    if not verb:
        return None
    subject = name or one.get("currentResourceType") or "it"
    if _KINDS.get(one["actionType"]) == "idle":
        return f"{verb} {subject}" + (f" ({current})" if current else "")
    return f"{verb} {subject}" + (f" from {current}" if current else "") + (f" to {proposed}" if proposed else "")


def _is_bought(one: dict[str, Any]) -> bool:
    return one.get("actionType", "").startswith("Purchase")


def _saving(one: dict[str, Any]) -> Decimal | None:
    # The shortest text of the float that AWS sent is the number that AWS wrote.
    told = one.get("estimatedMonthlySavings")
    return None if told is None else Decimal(str(told))
