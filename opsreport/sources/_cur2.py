"""A file of CUR 2.0: its columns under the names of a line item, its maps of tags and product as columns.

https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html. Parquet holds a map as one, a
CSV as a JSON object. An export's query may also select keys of a map as columns of their own.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from opsreport.sources import _bill, _exports, _files

WANTED = {
    "account": ["bill_payer_account_id"],
    "billing_period_start": ["bill_billing_period_start_date"],
    "charge_period_start": ["line_item_usage_start_date"],
    "charge_period_end": ["line_item_usage_end_date"],
    "line_type": ["line_item_line_item_type"],
    "billed_cost": ["line_item_unblended_cost"],
    "billing_currency": ["line_item_currency_code"],
    "pricing_quantity": ["line_item_usage_amount"],
    "sub_account_id": ["line_item_usage_account_id"],
    "product_code": ["line_item_product_code"],
    "charge_description": ["line_item_line_item_description"],
    "resource_id": ["line_item_resource_id"],
    "product_name": ["product_product_name"],
    "region_id": ["product_region_code", "product_region"],
    "sku_id": ["product_sku"],
    "sku_price_id": ["pricing_rate_code", "pricing_rate_id"],
    "pricing_unit": ["pricing_unit"],
    "list_cost": ["pricing_public_on_demand_cost"],
    "reservation": ["reservation_reservation_a_r_n"],
    "reserved": ["reservation_effective_cost"],
    "unused_upfront": ["reservation_unused_amortized_upfront_fee_for_billing_period"],
    "unused_recurring": ["reservation_unused_recurring_fee"],
    "plan": ["savings_plan_savings_plan_a_r_n"],
    "planned": ["savings_plan_savings_plan_effective_cost"],
    "plan_committed": ["savings_plan_total_commitment_to_date"],
    "plan_used": ["savings_plan_used_commitment"],
    "product": ["product"],
    "tag_map": ["resource_tags"],
}
_NEEDED = list(WANTED)[:10]
_NULLS = [""]
_TAGS = ("resource_tags_user_", "resource_tags_")
#: As text, so that a map and a JSON object are one.
_MAPS = """
    select * exclude (product, tag_map) replace (
        coalesce(product_name::varchar, case when json_valid({product}) then {product} ->> '$.product_name' end)
        as product_name), {tag_map} as tag_map
    from bill
"""


def read(file: _files.File) -> tuple[pa.Table, int]:
    """A file's line items, and how many of its columns were ignored.

    Raises
    ------
    SourceError
        When the file is broken, or lacks a column of the charge.
    """
    rows, ignored = _exports.columns(file, WANTED, _NEEDED, "an export of CUR 2.0", _NULLS, _TAGS)
    rows = _bill.without_words(rows, _NULLS)
    texts = {name: f"to_json({name})::varchar" if pa.types.is_nested(rows.schema.field(name).type) else
             f"{name}::varchar" for name in ("product", "tag_map")}  # fmt: skip
    rows = _files.connection().from_arrow(rows).query("bill", _MAPS.format(**texts)).to_arrow_table()
    coded = pc.dictionary_encode(rows["tag_map"].combine_chunks())
    mapped = pa.array([_bare(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    tags = pc.coalesce(mapped, rows["tags"].combine_chunks())
    return rows.drop_columns(["tag_map", "tags"]).append_column("tags", tags), ignored


def _bare(text: str) -> str | None:
    """A row's tags with ``user_`` left off; missing where it has none."""
    try:
        tags = json.loads(text)
    except ValueError:
        return text  # which is refused with its place when the charges are made
    if not isinstance(tags, dict):
        return text
    known = {key.removeprefix("user_"): value for key, value in tags.items() if value}
    return json.dumps(known, ensure_ascii=False) if known else None
