"""What a line item of Amazon's Cost and Usage Report is in FOCUS, and what it costs, billed and amortised.

The report writes its columns like ``lineItem/UnblendedCost``, CUR 2.0 like ``line_item_unblended_cost``: the
rules are the same, those of the FinOps Foundation (https://github.com/finopsfoundation/focus_converters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pyarrow as pa

from opsreport.sources import _bill, _exports, _files
from opsreport.sources._exports import Export

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
Wanted = Mapping[str, Sequence[str]]

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


def parts(exports: Sequence[Export], wanted: Wanted, line_types: Mapping[str, str]) -> list[pa.Table]:
    """The charges of each file, with usage under a savings plan billed at nothing.

    Parameters
    ----------
    exports : sequence of Export
        Their columns under the names that `wanted` gives them.
    wanted : mapping
        What the report calls each, for messages.
    line_types : mapping
        The FOCUS category of further line item types.

    Raises
    ------
    SourceError
        When a value or a line item type cannot be read.
    """
    return _netted([export.file for export in exports], [_charges(one, wanted, line_types) for one in exports])


def _charges(export: Export, wanted: Wanted, line_types: Mapping[str, str]) -> pa.Table:
    """A file's charges in the frame's columns, each with its line item type."""
    known = LINE_TYPES | {name: (category, None) for name, category in line_types.items()}
    hint = "say in line_types which FOCUS ChargeCategory it has, like {OCBLateFee: Purchase}"
    _exports.refuse_others(export, "line_type", wanted["line_type"][0], known, hint)
    raw = _bill.decimals(export.file, export.rows, {name: wanted[name][0] for name in _EXACT})
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
