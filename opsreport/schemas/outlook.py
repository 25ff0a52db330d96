"""Outlook: what the provider itself expects of the bill, and what of it it calls unusual."""

from opsreport.schemas.frame import DECIMAL, INSTANT, Column, Frame, Measure

COST_FORECAST = Frame(
    name="cost_forecast",
    title="Forecasts by the provider",
    one_row_is="what the provider expected a stretch of time to cost, when asked",
    key=("provider_name", "started_at", "billing_currency", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("provider_name",),
    columns=(
        Column("provider_name", "who expects it", required=True),
        Column("observed_at", "when it was asked", INSTANT, required=True),
        Column("started_at", "start of the time that it is for", INSTANT, required=True),
        Column("ended_at", "its end, not included", INSTANT, required=True),
        Column("expected", "what it is expected to cost", DECIMAL, "billing_currency"),
        Column("expected_low", "what it is expected to cost at least", DECIMAL, "billing_currency"),
        Column("expected_high", "what it is expected to cost at most", DECIMAL, "billing_currency"),
        Column("confidence", "how likely it lies between the two", DECIMAL, "share"),
        Column("billing_currency", "ISO 4217 code of every amount in the row", required=True),
    ),
)

COST_ANOMALY = Frame(
    name="cost_anomaly",
    title="Unusual costs by the provider",
    one_row_is="a run of days that the provider calls unusual",
    key=("anomaly_id",),
    starts="started_at",
    ends="ended_at",
    is_billed=True,
    groups=("provider_name", "service_name", "region_id"),
    columns=(
        Column("anomaly_id", "the provider's own id", required=True),
        Column("provider_name", "who calls it unusual", required=True),
        Column("started_at", "its first day", INSTANT, required=True),
        Column("ended_at", "the end of its last day until now, not included", INSTANT),
        Column("service_name", "the provider's name of the service that costs more"),
        Column("region_id", "the provider's region that contributed most"),
        Column("sku_id", "what was used that contributed most"),
        Column("spent", "what was spent on those days", DECIMAL, "billing_currency"),
        Column("expected", "what the provider expected to be spent on them", DECIMAL, "billing_currency"),
        Column("impact", "spent less expected", DECIMAL, "billing_currency"),
        Column("feedback", "what somebody told the provider of it, in its words; missing where nobody did"),
        Column("billing_currency", "ISO 4217 code of every amount in the row", required=True),
    ),
)

#: Columns of what a provider says of its own bill.
RESULTS: dict[str, Measure] = {
    "outlook_from": Measure("From", "date", "first day of the time that it is for"),
    "outlook_until": Measure("To", "date", "its last day"),
    "outlook_expected": Measure("Expected", "money", "what the provider expects it to cost"),
    "outlook_low": Measure("At least", "money", "lower end of the provider's own interval"),
    "outlook_high": Measure("At most", "money", "upper end of the provider's own interval"),
    "outlook_asked_on": Measure("Asked on", "date", "your day on which the provider was asked"),
    "odd_from": Measure("From", "date", "its first day, in UTC as the bill counts"),
    "odd_until": Measure("To", "date", "its last day; missing while it lasts"),
    "odd_spent": Measure("Spent", "money", "what was spent on those days, by the provider's count"),
    "odd_expected": Measure("Expected", "money", "what the provider expected to be spent on them"),
    "odd_impact": Measure("More", "money", "spent less expected", signed=True),
}
