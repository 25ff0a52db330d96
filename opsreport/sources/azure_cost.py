"""Microsoft's cost details of Azure, as they were before FOCUS: CSV or gzipped CSV, or a folder of them.

Columns: https://learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields;
those of enterprise agreements, customer agreements and pay-as-you-go are known by name in any case.
Permission: to read the files, such as Storage Blob Data Reader on the container that they are exported to;
to export them, Cost Management Reader. Azure restates a month until its invoice is final, and the container
forgets what its lifecycle rules delete: copy the exports before.

Azure exports the same months in two ways with the same columns, and the two must not be added. ``path``
names those of actual cost, which is what is billed: purchases count when they are made, and what they
cover costs nothing. ``amortized`` names those of amortised cost of the same days, which gives each charge
its effective cost; without it effective cost is missing. A charge that only one of the two knows (a purchase,
what was not used of it) costs nothing in the other. A file of ``path`` with charges that only amortised
cost has is refused.

Dates are US ones, like 09/21/2023, unless ``time_format`` says otherwise. A file with a header and no row
is a time without charges, not a missing one: say in ``covers`` which days it was made for. Azure's cost is
before tax and credits. A ChargeType that is not known is refused: say in ``charge_types`` which FOCUS
ChargeCategory it has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.sources import Pages, SourceSettings, _bill, _exports, _files, focus
from opsreport.sources._exports import Export

FRAMES = ("cost",)
Category = Literal["Usage", "Purchase", "Tax", "Credit", "Adjustment"]

#: ChargeType: FOCUS ChargeCategory. Only amortised cost has the last two.
CHARGE_TYPES = {
    "Usage": "Usage", "Purchase": "Purchase", "Refund": "Adjustment", "RoundingAdjustment": "Adjustment",
    "UnusedReservation": "Usage", "UnusedSavingsPlan": "Usage",
}  # fmt: skip
_AMORTISED_ONLY = ("UnusedReservation", "UnusedSavingsPlan")
_FREQUENCIES = {"UsageBased": "Usage-Based", "Recurring": "Recurring", "Monthly": "Recurring", "OneTime": "One-Time"}

_WANTED = {
    "account": ["BillingAccountId"],
    "billing_period_start": ["BillingPeriodStartDate"],
    "charge_period_start": ["Date"],
    "charge_type": ["ChargeType"],
    "billed_cost": ["CostInBillingCurrency", "Cost"],
    "billing_currency": ["BillingCurrency", "BillingCurrencyCode"],
    "pricing_quantity": ["Quantity"],
    "sub_account_id": ["SubscriptionId"],
    "service_name": ["MeterCategory"],
    "sku_id": ["MeterId"],
    "sku_price_id": ["PartNumber", "ProductId"],
    "region_id": ["ResourceLocation"],
    "resource_id": ["ResourceId", "InstanceName"],
    "charge_description": ["Product", "ProductName"],
    "pricing_unit": ["UnitOfMeasure"],
    "frequency": ["Frequency"],
    "pricing_model": ["PricingModel"],
    "benefit": ["BenefitId"],
    "reservation": ["ReservationId"],
    "tags": ["Tags"],
}
_NEEDED = list(_WANTED)[:10]

#: One charge in both ways of counting, told by all that is not an amount; equal ones are paired in order.
_BOTH = """
    with a as (select *, row_number() over (partition by KEY order by billed_cost) as n from actual),
         m as (select *, row_number() over (partition by KEY order by billed_cost) as n from amortised)
    select SAME, coalesce(a.billed_cost, 0) as billed_cost, coalesce(m.billed_cost, 0) as effective_cost
    from a full join m on ON and a.n = m.n order by all
"""


class Settings(SourceSettings):
    """Where the cost details are, and which of them are amortised."""

    path: str = Field(description="actual cost: a file, a folder or a glob, relative to this file")
    amortized: str = Field(default="", description="amortised cost of the same days: a file, a folder or a glob")
    latest: bool = Field(default=False, description="whether each file is a full export that replaces earlier ones")
    time_format: str = Field(default="%m/%d/%Y", description="how dates are written")
    nulls: list[str] = Field(default=[""], description="words that mean null")
    charge_types: dict[str, Category] = Field(default={}, description="the FOCUS category of further charge types")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every file once, those of actual cost and then those amortised; one that cannot be read makes them partial."""

    def read(file: _files.File) -> tuple[pa.Table, int]:
        return _exports.columns(file, _WANTED, _NEEDED, "Azure's cost details", settings.nulls)

    paths = [settings.path, settings.amortized] if settings.amortized else [settings.path]
    both = [_exports.fetch(settings, path, settings.latest, _exports.SUFFIXES, read) for path in paths]
    known = {record.get("sha256") for record in both[0].inputs}
    twice = [record["path"] for pages in both[1:] for record in pages.inputs if record.get("sha256") in known]
    if twice:
        raise SourceError(f"{twice[0]} is named as actual and as amortised cost", hint="name the export of each")
    return replace(
        both[0],
        items=tuple(pages.items for pages in both),
        inputs=tuple(record for pages in both for record in pages.inputs),
        status="partial" if any(pages.status == "partial" for pages in both) else "ok",
        why="; ".join(pages.why for pages in both if pages.why),
    )


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The charges of all files.

    Raises
    ------
    SourceError
        When a value or a charge type cannot be read, or two files hold the same bill.
    """
    settings = pages.settings
    for export in pages.items[0]:
        found = sorted(set(export.rows["charge_type"].to_pylist()) & set(_AMORTISED_ONLY))
        if found:
            raise SourceError(
                f"{export.file} holds {found[0]}, which only amortised cost has", hint="name it in amortized"
            )
    actual, *amortised = (
        _bill.joined([one.file for one in exports], [_charges(one, settings) for one in exports], settings.latest)
        for exports in pages.items
    )
    return {"cost": _bill.as_frame(_merged(actual, amortised[0]) if amortised else actual)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Days without any usage between days that have some, and files without a charge."""
    empty = [one.file for exports in pages.items for one in exports if not one.rows.num_rows]
    status, why = focus.remarks(frames, pages, period).get("cost", ("ok", ""))
    return {"cost": (status, "; ".join(filter(None, [why, *(f"{file} has no charge in it" for file in empty)])))}


observed = focus.observed


def _charges(export: Export, settings: Settings) -> pa.Table:
    """A file's charges in the frame's columns; an amortised one's cost stands in billed_cost until they are merged."""
    known = CHARGE_TYPES | settings.charge_types
    hint = "say in charge_types which FOCUS ChargeCategory it has, like {Tax: Tax}"
    _exports.refuse_others(export, "charge_type", "ChargeType", known, hint)
    _exports.refuse_others(export, "frequency", "Frequency", (*_FREQUENCIES, None), "report it: it is not documented")
    raw = _bill.decimals(export.file, export.rows, {"billed_cost": "Cost"})
    form, words = settings.time_format.replace("'", "''"), _exports.words
    query = f"""
        select * exclude (tags), 'Microsoft' as provider, pricing_quantity as consumed_quantity,
            {words("charge_type", known)} as charge_category, {words("frequency", _FREQUENCIES)} as charge_frequency,
            try_strptime(trim(charge_period_start), '{form}')::timestamptz + interval 1 day as charge_period_end,
            coalesce(benefit, reservation) as commitment_discount_id,
            case when charge_type in {_AMORTISED_ONLY} then 'Unused'
                when charge_type = 'Usage' and pricing_model in ('Reservation', 'SavingsPlan') then 'Used'
            end as commitment_discount_status,
            case when tags like '{{%' then tags else '{{' || tags || '}}' end as tags
        from bill"""
    mapped = _files.connection().from_arrow(raw).query("bill", query).to_arrow_table()
    return _bill.typed(export.file, mapped, settings.time_format)


def _merged(actual: pa.Table, amortised: pa.Table) -> pa.Table:
    """Each charge with what was billed for it and what it costs amortised."""
    con = _files.connection()
    con.register("actual", actual)
    con.register("amortised", amortised)
    key = [name for name in ALL["cost"].names if name not in ("billed_cost", "effective_cost")]
    same = ", ".join(f"coalesce(a.{name}, m.{name}) as {name}" for name in key)
    query = _BOTH.replace("KEY", ", ".join(key)).replace("SAME", same)
    query = query.replace("ON", " and ".join(f"a.{n} is not distinct from m.{n}" for n in key))
    return con.sql(query).to_arrow_table().select(actual.column_names).cast(actual.schema)
