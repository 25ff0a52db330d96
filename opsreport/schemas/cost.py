"""Cost: charges, as FOCUS defines them (https://focus.finops.org), in snake_case."""

from opsreport.schemas.frame import DECIMAL, INSTANT, Column, Frame, Measure

COST = Frame(
    name="cost",
    one_row_is="a charge",
    # Lines of a bill carry no id: a provider restates a billing period as a whole.
    key=(),
    replaces_by="billing_period_start",
    starts="charge_period_start",
    ends="charge_period_end",
    columns=(
        Column("provider_name", "who provides the service (ServiceProviderName from FOCUS 1.3)"),
        Column("billing_period_start", "start of the period the charge is invoiced in", INSTANT, required=True),
        Column("charge_period_start", "start of the time the charge is for", INSTANT, required=True),
        Column("charge_period_end", "end of the time the charge is for, not included", INSTANT),
        Column("service_name", "the provider's name of the service"),
        Column("sub_account_id", "the account, subscription or project charged"),
        Column("region_id", "the provider's region"),
        Column("resource_id", "the resource charged for"),
        Column("sku_id", "what was bought"),
        Column("sku_price_id", "the price it was bought at"),
        Column("charge_category", "FOCUS ChargeCategory", required=True,
               allowed=("Usage", "Purchase", "Tax", "Credit", "Adjustment")),
        Column("charge_class", "Correction, where an earlier period is corrected"),
        Column("charge_description", "the provider's own words"),
        Column("charge_frequency", "FOCUS ChargeFrequency",
               allowed=("One-Time", "Recurring", "Usage-Based")),
        Column("pricing_quantity", "amount that the price applies to", DECIMAL, "pricing_unit"),
        Column("pricing_unit", "unit of pricing_quantity"),
        Column("consumed_quantity", "amount consumed", DECIMAL, "consumed unit"),
        Column("billed_cost", "what is invoiced", DECIMAL, "billing_currency", required=True),
        Column("effective_cost", "amortised cost after discounts", DECIMAL, "billing_currency"),
        Column("list_cost", "cost at list prices", DECIMAL, "billing_currency"),
        Column("commitment_discount_id", "the reservation or savings plan that applies"),
        Column("commitment_discount_status", "whether a commitment was Used or Unused"),
        Column("billing_currency", "ISO 4217 code of every amount in the row", required=True),
        Column("tags", "tags as a JSON object; missing when the row has none"),
    ),
)  # fmt: skip

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
