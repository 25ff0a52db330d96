"""Oracle Cloud's cost reports, as they were before FOCUS: CSV or gzipped CSV, or a folder of them.

Columns: https://docs.oracle.com/iaas/Content/Billing/Concepts/costusagereportsoverview.htm. Permission: the
tenancy's policy ``endorse group <group> to read objects in tenancy usage-report``, or to read the files
where they were copied to. Oracle keeps a report for a year and then forgets it. Records may come a day
late, and a correction comes as a row of its own, with ``lineItem/isCorrection`` set.

Billed cost is ``cost/myCost``, which includes overage; ``cost/myCostOverage`` holds that part again and is
not read. Oracle's report gives no amortised cost, so effective cost is missing, and all its rows are usage.
A row of a cost report is one resource in one hour, and is invoiced in the month of its hour. The account
is the tenancy; tags are the columns ``tags/``. Reports follow each other, so all files add up.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, SourceSettings, _bill, _exports, _files, focus
from opsreport.sources._exports import Export

FRAMES = ("cost",)

_WANTED = {
    "charge_period_start": ["lineItem/intervalUsageStart"],
    "charge_period_end": ["lineItem/intervalUsageEnd"],
    "sub_account_id": ["lineItem/tenantId"],
    "service_name": ["product/service"],
    "region_id": ["product/region"],
    "resource_id": ["product/resourceId"],
    "pricing_quantity": ["usage/billedQuantity"],
    "account": ["cost/subscriptionId"],
    "sku_id": ["cost/productSku"],
    "billed_cost": ["cost/myCost"],
    "billing_currency": ["cost/currencyCode"],
    "correction": ["lineItem/isCorrection"],
    "charge_description": ["product/Description"],
    "pricing_unit": ["cost/skuUnitDescription", "cost/billingUnitReadable"],
}
_NEEDED = list(_WANTED)[:12]
_MONTH = "substr(trim(charge_period_start), 1, 7) || '-01'"


class Settings(SourceSettings):
    """Where the reports are."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    nulls: list[str] = Field(default=[""], description="words that mean null")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every file once; one that cannot be read makes the pages partial."""

    def read(file: _files.File) -> tuple[pa.Table, int]:
        return _exports.columns(file, _WANTED, _NEEDED, "an Oracle Cloud cost report", settings.nulls, ("tags/",))

    return _exports.fetch(settings, settings.path, False, _exports.SUFFIXES, read)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The charges of all files.

    Raises
    ------
    SourceError
        When a value cannot be read, or two files hold the same rows.
    """
    parts = [_charges(export) for export in pages.items]
    return {"cost": _bill.as_frame(_bill.joined([export.file for export in pages.items], parts, latest=False))}


observed, remarks = focus.observed, focus.remarks


def _charges(export: Export) -> pa.Table:
    """A file's charges in the frame's columns."""
    hint = "the report's documentation knows true and false"
    _exports.refuse_others(export, "correction", _WANTED["correction"][0], ("true", "false", None), hint)
    raw = _bill.decimals(export.file, export.rows, {name: _WANTED[name][0] for name in ("billed_cost",)})
    query = (
        "select *, 'Oracle' as provider, 'Usage' as charge_category, 'Usage-Based' as charge_frequency, "
        "case when correction = 'true' then 'Correction' end as charge_class, sku_id as sku_price_id, "
        f"pricing_quantity as consumed_quantity, {_MONTH} as billing_period_start from bill"
    )
    mapped = _files.connection().from_arrow(raw).query("bill", query).to_arrow_table()
    return _bill.typed(export.file, mapped)
