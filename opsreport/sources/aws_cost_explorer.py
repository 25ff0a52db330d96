"""What AWS charged, by the day, as Cost Explorer tells it: a bill without an export set up.

Documentation: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html.
Permission: ce:GetCostAndUsage. Each page costs 0.01 USD; an answer is used again for twelve hours, and for a week
where its month ended over fifteen days ago, and a month's answers only all together. Cost Explorer forgets days
after 13 whole months. It is brought up to date about once a day and its days stay estimates until the invoice,
which a note says.

Three questions are asked of each month: the days' totals; the days by service and charge type
(RECORD_TYPE); and what is of the type Usage by service and usage type. A day is read only where its parts
add up to AWS's own total, billed and amortised; what does not is left out and makes it partial.

Billed cost is UnblendedCost, effective cost is AmortizedCost: discounts have rows of their own in both, so
Net costs, which hold them again, are not read. As in FOCUS, usage under a savings plan is billed at
nothing: AWS's price on demand for it and the negation cancel, and what they do not stays on the negation.
A charge stands on the day that Cost Explorer gives it, a month's fee on its first; that is its invoice's
month too, since Cost Explorer does not tell when something was invoiced.

A usage type stands for the SKU and its price: operations of one usage type are added up, so that a shift
between them reads as price. Quantities are those of usage in one unit; charges of other types have none.
With ``tag``, a cost allocation tag that is switched on, usage is by service and tag in place of usage type,
and has no quantity. Regions, resources and the accounts of an organization are not told apart: ask an
organization's management account, or its members, not both. For all of these use a FOCUS export.
A charge type that is not known makes it partial until ``record_types`` says which ChargeCategory it has;
until then it is an Adjustment, so that nothing is missing from the sum.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws, _cost_explorer, _cur

FRAMES = ("cost",)
OPERATIONS = ("ce:GetCostAndUsage",)
KEEPS = {"cost": pd.Timedelta(days=396)}

_HOME = _cost_explorer.REGION
_COSTS, _QUANTITY = ("UnblendedCost", "AmortizedCost"), "UsageQuantity"
_TOTALS: dict[str, Any] = {}
_TYPES = {"GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}]}
_USAGE = {"Filter": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}}
_COVERED, _NEGATION, _UNDER_COMMITMENT = "savingsplancoveredusage", "savingsplannegation", (
    "discountedusage", "savingsplancoveredusage")  # fmt: skip
#: AWS rounds each group's amount for itself.
_ROUNDING = Decimal("0.001")
_KEEP, _KEEP_SETTLED = pd.Timedelta(hours=12), pd.Timedelta(days=7)
_DAY = dt.timedelta(days=1)


class Settings(_aws.AwsSettings):
    """How usage is split, and what charge types mean."""

    tag: str = Field(default="", description="a cost allocation tag by which usage is split, not by usage type")
    record_types: dict[str, _cur.Category] = Field(default={}, description="the FOCUS category of further charge types")


@dataclass
class _Day:
    """One day: AWS's total of it, and its groups as (service, charge type or usage type, metrics)."""

    total: dict[str, Any] | None = None
    types: list[tuple[str, str, dict]] = field(default_factory=list)
    usage: list[tuple[str, str, dict]] = field(default_factory=list)
    is_estimated: bool = False


def fetch(period: Period, settings: Settings) -> Pages:
    """The whole days until today of each month of a bill that the period touches."""
    aws = _aws.opened(settings, OPERATIONS)
    second = {"Type": "TAG", "Key": settings.tag} if settings.tag else {"Type": "DIMENSION", "Key": "USAGE_TYPE"}
    usage = {**_USAGE, "GroupBy": [_TYPES["GroupBy"][0], second]}
    # Whole months, since a bill is replaced by the month; today is not over.
    for start, end in _cost_explorer.months(period, settings.run.now.date()):
        window = {"TimePeriod": {"Start": str(start), "End": str(end)}, "Granularity": "DAILY",
                  "Metrics": [*_COSTS, _QUANTITY]}  # fmt: skip
        keep = _KEEP_SETTLED if _cost_explorer.is_settled(end, settings.run.now) else _KEEP
        # What AWS charged since a kept answer would not add up with it.
        aws.ask_together(OPERATIONS[0], _HOME, [window | one for one in (_TOTALS, _TYPES, usage)], keep=keep)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a day, service and usage type, or charge type where it is not plain usage."""
    rows = [
        row for date, day in sorted(_days(pages).items()) if not _problem(day)
        for row in _rows(date, day, pages.settings)
    ]  # fmt: skip
    return {"cost": _aws.rows_of("cost", rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The days that were asked for, in UTC."""
    days = sorted(_days(pages))
    if not days:
        return {"cost": (pd.NaT, pd.NaT)}
    return {"cost": (pd.Timestamp(days[0], tz="UTC"), pd.Timestamp(days[-1] + _DAY, tz="UTC"))}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Days that do not add up, charge types that are not known, and days that are still estimates."""
    days, said = sorted(_days(pages).items()), []
    wrong = [(date, why) for date, day in days if (why := _problem(day))]
    if wrong:
        said.append(f"{OPERATIONS[0]}: {len(wrong)} days are left out, like {wrong[0][0]}: {wrong[0][1]}")
    others = sorted({kind for _, day in days for _, kind, _ in day.types if not _meaning(kind, pages.settings)[2]})
    if others:
        said.append(f"charge types that are not known, like {others[0]!r} (of {len(others)}): see record_types")
    status = "partial" if said else "ok"
    estimated = [date for date, day in days if day.is_estimated]
    if estimated:
        said.append(f"AWS still estimates {len(estimated)} days, from {estimated[0]} to {estimated[-1]}")
    return {"cost": (status, "; ".join(said))} if said else {}


def _days(pages: Pages) -> dict[dt.date, _Day]:
    """Every day that was asked for, with what was answered of it."""
    days: dict[dt.date, _Day] = {}
    for answer in pages.items:
        start, end = (dt.date.fromisoformat(answer.asked["TimePeriod"][edge]) for edge in ("Start", "End"))
        for number in range((end - start).days):
            days.setdefault(start + number * _DAY, _Day())
        for result in answer.body.get("ResultsByTime", []):
            day = days.setdefault(dt.date.fromisoformat(result["TimePeriod"]["Start"]), _Day())
            day.is_estimated |= result.get("Estimated", False)
            groups = [(*group["Keys"], group["Metrics"]) for group in result.get("Groups", [])]
            if "GroupBy" not in answer.asked:
                day.total = result.get("Total")
            else:
                (day.usage if "Filter" in answer.asked else day.types).extend(groups)
    return days


def _problem(day: _Day) -> str:
    """Why a day cannot be read; empty where its groups are all of it."""
    if day.total is None:
        return "AWS gave no total of it"
    if any(_aws.amount(one.get(cost, {}).get("Amount")) is None or not one[cost].get("Unit")
           for *_, one in day.types + day.usage for cost in _COSTS):  # fmt: skip
        return "an amount of it cannot be read"
    plain = [group for group in day.types if group[1] == "Usage"]
    for cost in _COSTS:
        if off := _difference((one for *_, one in day.types), [day.total], cost):
            return f"its charges are {off} off its total ({cost})"
        for service in sorted({group[0] for group in plain + day.usage}):
            parts = ([one for name, _, one in groups if name == service] for groups in (day.usage, plain))
            if off := _difference(*parts, cost):
                return f"its usage of {service} is {off} off its total ({cost})"
    return ""


def _difference(parts: Iterable[dict], whole: Iterable[dict], cost: str) -> str:
    """By how much one sum differs from another, in a currency; empty where they are the same."""
    sums: dict[str, Decimal] = {}
    for sign, each in ((1, parts), (-1, whole)):
        for one in each:
            value, unit = _money(one, cost)
            sums[unit] = _aws.EXACT.add(sums.get(unit, Decimal(0)), sign * value)
    return next((f"{off.normalize():f} {unit}" for unit, off in sums.items() if abs(off) > _ROUNDING), "")


def _money(metrics: dict[str, Any], cost: str) -> tuple[Decimal, str]:
    told = metrics.get(cost, {})
    return _aws.amount(told.get("Amount")) or Decimal(0), told.get("Unit", "")


def _rows(date: dt.date, day: _Day, settings: Settings) -> Iterator[dict[str, Any]]:
    for service, word, metrics in day.usage:
        name, _, value = word.partition("$")
        split = {"tags": json.dumps({name: value}) if value else None, "charge_description": "Usage"}
        yield _row(date, service, "Usage", metrics, settings) | (split if settings.tag else _measured(word, metrics))
    under = [(_plain(kind), metrics) for _, kind, metrics in day.types if _plain(kind) in (_COVERED, _NEGATION)]
    rest = [reduce(_aws.EXACT.add, (_money(metrics, _COSTS[0])[0] for _, metrics in under), Decimal(0))]
    has_both = {_COVERED, _NEGATION} == {kind for kind, _ in under}
    for service, kind, metrics in day.types:
        if kind == "Usage":
            continue
        row = _row(date, service, kind, metrics, settings)
        if has_both and _plain(kind) in (_COVERED, _NEGATION):
            row["billed_cost"] = rest.pop() if rest and _plain(kind) == _NEGATION else Decimal(0)
        yield row


def _row(date: dt.date, service: str, kind: str, metrics: dict[str, Any], settings: Settings) -> dict[str, Any]:
    billed, currency = _money(metrics, _COSTS[0])
    category, frequency, _ = _meaning(kind, settings)
    return {
        "provider_name": "AWS", "billing_period_start": pd.Timestamp(date.replace(day=1), tz="UTC"),
        "charge_period_start": pd.Timestamp(date, tz="UTC"), "charge_period_end": pd.Timestamp(date + _DAY, tz="UTC"),
        "service_name": service, "charge_category": category, "charge_frequency": frequency,
        "charge_description": kind, "billed_cost": billed, "effective_cost": _money(metrics, _COSTS[1])[0],
        "billing_currency": currency,
        "commitment_discount_status": "Used" if _plain(kind) in _UNDER_COMMITMENT else None,
    }  # fmt: skip


def _measured(usage_type: str, metrics: dict[str, Any]) -> dict[str, Any]:
    """What of a row only a usage type tells; AWS says N/A where it added up several units."""
    told = metrics.get(_QUANTITY, {})
    unit = told.get("Unit") if told.get("Unit") != "N/A" else None
    quantity = _aws.amount(told.get("Amount")) if unit else None
    return {"sku_id": usage_type, "sku_price_id": usage_type, "charge_description": usage_type, "pricing_unit": unit,
            "pricing_quantity": quantity, "consumed_quantity": quantity}  # fmt: skip


def _meaning(kind: str, settings: Settings) -> tuple[str, str | None, bool]:
    """A charge type's category and frequency, and whether it is known."""
    if kind in settings.record_types:
        return settings.record_types[kind], None, True
    if _plain(kind).endswith("discount"):
        return "Usage", "Usage-Based", True
    known = _KNOWN.get(_plain(kind))
    return (*known, True) if known else ("Adjustment", None, False)


def _plain(kind: str) -> str:
    return "".join(letter for letter in kind.casefold() if letter.isalnum())


#: Charge types by their letters alone, for AWS writes them with and without blanks: those of the Cost and
#: Usage Report, and Cost Explorer's own. Each with its ChargeCategory and ChargeFrequency.
_KNOWN: dict[str, tuple[str, str | None]] = {
    **{_plain(kind): meaning for kind, meaning in _cur.LINE_TYPES.items()},
    "recurring": ("Purchase", "Recurring"), "upfront": ("Purchase", "One-Time"), "subscription": ("Purchase", None),
    "support": ("Purchase", None), "other": ("Purchase", None), "otheroutofcyclecharges": ("Purchase", None),
}  # fmt: skip
