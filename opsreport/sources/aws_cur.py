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
Tags are the columns ``resourceTags/``, with ``user:`` left off.

Each file adds up; where each is a full report that replaces the one before it, set ``latest: true``.
A line item type that is not known is refused: say in ``line_types`` which ChargeCategory it has.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, SourceSettings, _bill, _exports, _files, focus
from opsreport.sources._exports import Export

FRAMES = ("cost",)

#: Line item type: FOCUS ChargeCategory and ChargeFrequency; None where AWS does not say whether it comes again.
LINE_TYPES: dict[str, tuple[str, str | None]] = {
    "Usage": ("Usage", "Usage-Based"),
    "DiscountedUsage": ("Usage", "Usage-Based"),
    "SavingsPlanCoveredUsage": ("Usage", "Usage-Based"),
    "SavingsPlanNegation": ("Usage", "Usage-Based"),
    "BundledDiscount": ("Usage", "Usage-Based"),
    "Discount": ("Usage", "Usage-Based"),
    "EdpDiscount": ("Usage", "Usage-Based"),
    "PrivateRateDiscount": ("Usage", "Usage-Based"),
    "RiVolumeDiscount": ("Usage", "Usage-Based"),
    "SppDiscount": ("Usage", "Usage-Based"),
    "Fee": ("Purchase", None),
    "RIFee": ("Purchase", "Recurring"),
    "SavingsPlanRecurringFee": ("Purchase", "Recurring"),
    "SavingsPlanUpfrontFee": ("Purchase", "One-Time"),
    "Tax": ("Tax", None),
    "Credit": ("Credit", "One-Time"),
    "Refund": ("Adjustment", "One-Time"),
}
Category = Literal["Usage", "Purchase", "Tax", "Credit", "Adjustment"]

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
_EXACT = ("billed_cost", "pricing_quantity", "list_cost", "reserved", "unused_upfront", "unused_recurring", "planned",
          "plan_committed", "plan_used")  # fmt: skip

#: What differs from the report's own columns.
_MADE = {
    "provider": "'AWS'",
    "service_name": "coalesce(product_name, product_code)",
    "consumed_quantity": "pricing_quantity",
    "commitment_discount_id": "coalesce(plan, reservation)",
    "commitment_discount_status": "case when line_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage') "
    "then 'Used' end",
    "effective_cost": """case
        when line_type = 'SavingsPlanCoveredUsage' then planned
        when line_type = 'SavingsPlanRecurringFee' then plan_committed - plan_used
        when line_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then 0
        when line_type = 'DiscountedUsage' then reserved
        when line_type = 'RIFee' then unused_upfront + unused_recurring
        when line_type = 'Fee' and reservation is not null then 0
        else billed_cost end""",
}
#: Of each export, bill and plan, the negation rows hold what is left of both: nothing, but for rounding.
_NETTED = """
    select * replace (case
        when not (covered and negated) or line_type not in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
            then billed_cost
        when line_type = 'SavingsPlanNegation' and first then rest
        else 0 end as billed_cost)
    from (select *,
        bool_or(line_type = 'SavingsPlanCoveredUsage') over bill as covered,
        bool_or(line_type = 'SavingsPlanNegation') over bill as negated,
        sum(case when line_type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') then billed_cost end)
            over bill as rest,
        row_number() over (partition by export, billing_period_start, billing_currency, commitment_discount_id,
            line_type order by place) = 1 as first
        from bill
        window bill as (partition by export, billing_period_start, billing_currency, commitment_discount_id))
    order by place
"""


class Settings(SourceSettings):
    """Where the report is."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    latest: bool = Field(default=False, description="whether each file is a full report that replaces earlier ones")
    nulls: list[str] = Field(default=[""], description="words that mean null")
    line_types: dict[str, Category] = Field(default={}, description="the FOCUS category of further line item types")


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
    parts = _netted(files, [_charges(export, pages.settings) for export in pages.items])
    return {"cost": _bill.as_frame(_bill.joined(files, parts, pages.settings.latest))}


observed, remarks = focus.observed, focus.remarks


def _charges(export: Export, settings: Settings) -> pa.Table:
    """A file's charges in the frame's columns, each with its line item type."""
    known = LINE_TYPES | {name: (category, None) for name, category in settings.line_types.items()}
    hint = "say in line_types which FOCUS ChargeCategory it has, like {OCBLateFee: Purchase}"
    _exports.refuse_others(export, "line_type", _WANTED["line_type"][0], known, hint)
    raw = _bill.decimals(export.file, export.rows, {name: _WANTED[name][0] for name in _EXACT})
    categories, frequencies = ({name: one[n] for name, one in known.items() if one[n]} for n in (0, 1))
    made = _MADE | {"charge_category": _exports.words("line_type", categories),
                    "charge_frequency": _exports.words("line_type", frequencies)}  # fmt: skip
    query = ", ".join(f"{expression} as {name}" for name, expression in made.items())
    kept = ", ".join(name for name in raw.column_names if name not in made)
    mapped = _files.connection().from_arrow(raw).query("bill", f"select {kept}, {query} from bill").to_arrow_table()
    return _bill.typed(export.file, mapped).append_column("line_type", export.rows["line_type"])


def _netted(files: list[str], parts: list[pa.Table]) -> list[pa.Table]:
    """The parts with usage under a savings plan billed at nothing, and so what took it off again."""
    exports = [_bill.export_of(file) for file, part in zip(files, parts, strict=True) for _ in range(len(part))]
    whole = pa.concat_tables(parts)
    marked = whole.append_column("export", pa.array(exports, pa.string()))
    marked = marked.append_column("place", pa.array(range(len(whole)), pa.int64()))
    netted = _files.connection().from_arrow(marked).query("bill", _NETTED).to_arrow_table()
    netted = netted.select([name for name in whole.column_names if name != "line_type"]).cast(
        pa.schema([field for field in whole.schema if field.name != "line_type"])
    )
    starts = [sum(len(part) for part in parts[:n]) for n in range(len(parts))]
    return [netted.slice(start, len(part)) for start, part in zip(starts, parts, strict=True)]
