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

#: What the bridge splits a change into, in the order it is shown, and how a sentence says it.
EFFECTS = {
    "days": "by the length of the month",
    "usage": "by usage",
    "price": "by price",
    "new": "by what is new",
    "removed": "by what was removed",
    "commitments": "by usage under commitments",
    "credits and refunds": "by credits and refunds",
    "tax": "by tax",
    "one-off charges": "by one-off charges",
    "without quantity": "by charges that give no quantity",
}

#: How a group is named whose key is missing, all groups together, and those past the first few.
NONE, ALL, OTHER = "(none)", "(all)", "(other)"

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "provider_name": Measure("Provider"),
    "service_name": Measure("Provider's service"),
    "sub_account_id": Measure("Account"),
    "region_id": Measure("Region"),
    "resource_id": Measure("Resource"),
    "tag": Measure("Tag"),
    "tag_value": Measure("Value"),
    "charge_day": Measure("Day", "date", "the UTC day that the charge is for"),
    "charge_month": Measure("Used in", "text", "the UTC month that the charge is for"),
    "billing_month": Measure("Invoiced in", "text", "the month that the charge is invoiced in"),
    "charges": Measure("Charges", "count", "lines of the bill"),
    "spend": Measure(
        "Spend", "money", "BilledCost of charges whose ChargePeriodStart lies in the month (UTC)"
    ),
    "last_spend": Measure("Last month", "money", "spend of the month before"),
    "spend_change": Measure("Change", "money", "spend less that of the month before", signed=True),
    "spend_change_share": Measure("Change, %", "share", "change over the month before", signed=True),
    "same_days_spend": Measure("Last month, same days", "money", "last month / its days x this month's days"),
    "same_days_change": Measure("Change, same days", "money", "day-normalised change", signed=True),
    "same_days_change_share": Measure("Change, same days, %", "share", "day-normalised change", signed=True),
    "invoice": Measure(
        "Invoice", "money", "BilledCost of charges whose BillingPeriodStart lies in the month"
    ),
    "invoice_difference": Measure("Invoice less spend", "money", "what timing alone explains", signed=True),
    "effective_cost": Measure("Effective cost", "money", "amortised cost; unknown where it is not sound"),
    "usage_billed": Measure("Usage, billed", "money", "BilledCost of usage without a commitment"),
    "usage_effective": Measure("Usage, effective", "money", "EffectiveCost of usage without a commitment"),
    "effective_difference": Measure(
        "Effective less billed", "money", "over usage without a commitment", signed=True
    ),
    "effective_finding": Measure(
        "Effective cost is", "text", "whether EffectiveCost reconciles with BilledCost"
    ),
    "effect": Measure("What moved it", "text", "a bar of the bridge"),
    "effect_change": Measure("Exact", "money", "what it moved the bill by, exactly", signed=True),
    "effect_shown": Measure("Change", "money", "the same, rounded so that the bars add up", signed=True),
    "days_change": Measure("Days", "money", "because the month was longer or shorter", signed=True),
    "usage_change": Measure("Usage", "money", "because more or less was used a day", signed=True),
    "price_change": Measure(
        "Price", "money", "because the price per unit moved, the joint term with it", signed=True
    ),
    "new_change": Measure("New", "money", "what was not used last month", signed=True),
    "removed_change": Measure("Removed", "money", "what is no longer used", signed=True),
    "other_change": Measure(
        "Other", "money", "commitments, credits, tax, one-off charges, cost without quantity", signed=True
    ),
    "main_effect": Measure("Mostly by", "text", "the largest bar in the direction of the change"),
    "total_change": Measure("Whole change", "money", "the change of the whole bill", signed=True),
    "resource_change": Measure(
        "Resource's change", "money", "what the resource moved the bill by", signed=True
    ),
    "budget": Measure("Budget", "money", "what was agreed for the days that it covers"),
    "budget_variance": Measure("Against budget", "money", "spend less budget", signed=True),
    "over_budget": Measure("Over budget", "money", "what was spent beyond the budget; zero when within it"),
    "usage_spend": Measure("Usage", "money", "spend of usage rows above zero"),
    "tagged_spend": Measure("Tagged", "money", "spend of usage rows above zero that carry the tag"),
    "tagged_share": Measure("Tag coverage", "share", "tagged over usage"),
    "missing_tags": Measure("Missing tags"),
    "usual_spend": Measure("Usual", "money", "median of the same weekday in the weeks before"),
    "band_low": Measure("Usual, least", "money", "lower edge of the usual band"),
    "band_high": Measure("Usual, most", "money", "upper edge of the usual band"),
    "impact": Measure("Impact", "money", "spend of the day less the usual", signed=True),
    "days_judged": Measure("Days judged", "count", "days that had enough history"),
    "days_unjudged": Measure("Days not judged", "count", "days that had too little history"),
    "exchange_rate": Measure("Exchange rate", "text", "one unit of the bill's currency in the reported one"),
    "reported_currency": Measure("Reported in"),
    "markup": Measure("Mark-up", "share", "added to the bill when it is passed on"),
    "stated": Measure("Rate stated in"),
}
