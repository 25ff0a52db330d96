"""Amazon's Cost and Usage Report, as it was before FOCUS: CSV or gzipped CSV, or a folder of them.

Columns: https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html. Which line item type is
which FOCUS category, and what each costs amortised, follow the FinOps Foundation's own rules
(https://github.com/finopsfoundation/focus_converters).

Permission: to read the files, such as ``s3:GetObject`` on the report's bucket where they are copied from.
AWS restates a month until its invoice is final, and the bucket's lifecycle forgets what it deletes: copy
the reports before.

Billed cost is ``lineItem/UnblendedCost`` of every row, so that it adds up to the invoice: discounts have
rows of their own, which is why the columns that begin with Net, which hold them again, are not read.
Usage under a savings plan is listed at its price on demand and taken off again by a row of type
SavingsPlanNegation: as in FOCUS such usage is billed at nothing, and what the two do not cancel stays on
a negation row. Effective cost is by line item type, and missing where the report lacks its columns.
Tags are the columns ``resourceTags/``, with ``user:`` left off. CUR 2.0 is read by aws_data_exports.

Each file adds up; where each is a full report that replaces the one before it, set ``latest: true``.
A line item type that is not known is refused: say in ``line_types`` which ChargeCategory it has.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, SourceSettings, _bill, _cur, _exports, _files, focus

FRAMES = ("cost",)

_WANTED = {
    "account": ["bill/PayerAccountId"],
    "billing_period_start": ["bill/BillingPeriodStartDate"],
    "charge_period_start": ["lineItem/UsageStartDate"],
    "charge_period_end": ["lineItem/UsageEndDate"],
    "line_type": ["lineItem/LineItemType"],
    "billed_cost": ["lineItem/UnblendedCost"],
    "billing_currency": ["lineItem/CurrencyCode"],
    "pricing_quantity": ["lineItem/UsageAmount"],
    "sub_account_id": ["lineItem/UsageAccountId"],
    "product_code": ["lineItem/ProductCode"],
    "charge_description": ["lineItem/LineItemDescription"],
    "resource_id": ["lineItem/ResourceId"],
    "product_name": ["product/ProductName"],
    "region_id": ["product/region", "product/regionCode"],
    "sku_id": ["product/sku"],
    "sku_price_id": ["pricing/RateCode", "pricing/RateId"],
    "pricing_unit": ["pricing/unit"],
    "list_cost": ["pricing/publicOnDemandCost"],
    "reservation": ["reservation/ReservationARN"],
    "reserved": ["reservation/EffectiveCost"],
    "unused_upfront": ["reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"],
    "unused_recurring": ["reservation/UnusedRecurringFee"],
    "plan": ["savingsPlan/SavingsPlanARN"],
    "planned": ["savingsPlan/SavingsPlanEffectiveCost"],
    "plan_committed": ["savingsPlan/TotalCommitmentToDate"],
    "plan_used": ["savingsPlan/UsedCommitment"],
}
_NEEDED = list(_WANTED)[:10]
_TAGS = ("resourceTags/user:", "resourceTags/")


class Settings(SourceSettings):
    """Where the report is."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    latest: bool = Field(default=False, description="whether each file is a full report that replaces earlier ones")
    nulls: list[str] = Field(default=[""], description="words that mean null")
    line_types: dict[str, _cur.Category] = Field(
        default={}, description="the FOCUS category of further line item types"
    )


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every file once; one that cannot be read makes the pages partial."""

    def read(file: _files.File) -> tuple[pa.Table, int]:
        return _exports.columns(file, _WANTED, _NEEDED, "a Cost and Usage Report", settings.nulls, _TAGS)

    return _exports.fetch(settings, settings.path, settings.latest, _exports.SUFFIXES, read)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The charges of all files.

    Raises
    ------
    SourceError
        When a value or a line item type cannot be read, or two files hold the same bill.
    """
    files = [export.file for export in pages.items]
    parts = _cur.parts(pages.items, _WANTED, pages.settings.line_types)
    return {"cost": _bill.as_frame(_bill.joined(files, parts, pages.settings.latest))}


observed, remarks = focus.observed, focus.remarks
