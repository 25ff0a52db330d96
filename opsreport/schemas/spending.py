"""Spending: what steers a bill: budgets and commitments at the provider, logs kept, savings proposed."""

from opsreport.schemas.frame import DECIMAL, FLAG, INSTANT, Column, Frame, Measure

BUDGET = Frame(
    name="budget",
    title="Budgets at the provider",
    one_row_is="a budget configured at the provider, when seen",
    key=("budget_name", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("budget_name",),
    columns=(
        Column("budget_name", "its name", required=True),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("amount", "what may be spent in a month", DECIMAL, "billing_currency"),
        Column("billing_currency", "ISO 4217 code of the amount"),
        Column("filter", "what of the bill it counts; missing for all of it"),
        Column("has_alert", "whether it tells anybody when it is passed", FLAG),
    ),
)

COMMITMENT = Frame(
    name="commitment",
    title="Commitments",
    one_row_is="a reservation or savings plan, in a month",
    key=("commitment_id", "started_at"),
    starts="started_at",
    ends="ended_at",
    is_billed=True,
    groups=("commitment_id",),
    columns=(
        Column("commitment_id", "its id at the provider", required=True),
        Column("kind", "what it is, such as savings plan or reservation"),
        Column("started_at", "start of the month that the row tells of", INSTANT, required=True),
        Column("ended_at", "its end, not included", INSTANT),
        Column("committed", "what was paid or promised for the month", DECIMAL, "billing_currency"),
        Column("used", "how much of that was used", DECIMAL, "billing_currency"),
        Column("covered", "usage that it covered, at on-demand prices", DECIMAL, "billing_currency"),
        Column("coverable", "usage that such commitments could cover, at on-demand prices", DECIMAL,
               "billing_currency"),
        Column("expires_at", "when it ends for good", INSTANT),
        Column("billing_currency", "ISO 4217 code of every amount in the row", required=True),
    ),
)  # fmt: skip

LOG_GROUP = Frame(
    name="log_group",
    title="Log groups",
    one_row_is="a log store, when seen",
    key=("log_group", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("log_group", "service"),
    columns=(
        Column("log_group", "its name", required=True),
        Column("service", "the service that writes it"),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("retention_days", "how long a line is kept; missing when for ever", DECIMAL, "d"),
        Column("stored_bytes", "how much it holds", DECIMAL, "bytes"),
        Column("ingested_bytes", "how much was written in the month until then", DECIMAL, "bytes"),
    ),
)

RECOMMENDATION = Frame(
    name="recommendation",
    title="Recommendations",
    one_row_is="a saving or a fix proposed",
    key=("recommendation_id",),
    starts="first_seen_at",
    ends="closed_at",
    keeps_earliest=("first_seen_at",),
    groups=("recommendation_id", "resource", "service", "kind"),
    columns=(
        Column("recommendation_id", "the source's own id", required=True),
        Column("resource", "what it is about"),
        Column("service", "the service that it belongs to"),
        Column("kind", "what is wrong: idle, over-sized, old generation, commitment, or the source's word"),
        Column("action", "what is proposed"),
        Column("estimated_monthly_saving", "what it would save in a month", DECIMAL, "billing_currency"),
        Column("billing_currency", "ISO 4217 code of the saving"),
        Column("first_seen_at", "when it was first proposed", INSTANT, required=True),
        Column("last_seen_at", "when its source last listed it; missing where one lists what is gone", INSTANT),
        Column("status", "how far it is", required=True, allowed=("proposed", "accepted", "done", "rejected")),
        Column("accepted_at", "when the client accepted it", INSTANT),
        Column("done_at", "when it was carried out", INSTANT),
        Column("closed_at", "when nothing more was to be measured of it; missing until then", INSTANT),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"spending": "recommendation"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "log_group": Measure("Log store"),
    "retention_days": Measure("Kept for, days", "count", "how long a line is kept; for ever where no limit is set"),
    "agreed_days": Measure("Agreed, days", "count", "how long it was agreed to be kept"),
    "log_state": Measure(
        "Against what was agreed", "text", "kept for ever, shorter, longer or as agreed", is_words=True
    ),
    "stored_bytes": Measure("Held", "bytes", "what it held when last seen in the month"),
    "stored_growth": Measure("Growth", "bytes", "held, less what was held at the end of the month before", signed=True),
    "ingested_bytes": Measure("Written", "bytes", "written in the month"),
    "log_seen_at": Measure("Seen on", "date", "when it was last seen, at or before the month's end"),
    "log_storage_cost": Measure("Storage", "money", "what the bill says that keeping it cost in the month"),
    "log_ingestion_cost": Measure("Writing", "money", "what the bill says that writing it cost in the month"),
    "limit_saving": Measure(
        "A limit would save", "money",
        "storage of the month x the share of what is held that is older than the agreed limit",
    ),
    "budget_name": Measure("Budget at the provider"),
    "agreed_budget": Measure("Agreed", "money", "what was agreed to be spent in a month"),
    "provider_budget": Measure("At the provider", "money", "what is configured at the provider for a month"),
    "has_alert": Measure("Alert", "text", "whether anybody is told when it is passed", is_words=True),
    "budget_state": Measure("State", "text", "as agreed, or what is missing", is_words=True),
    "recommendation_id": Measure("Recommendation", "text", "the source's own id"),
    "saving_of": Measure("Resource", "text", "what it is about"),
    "saving_kind": Measure("Kind", "text", "idle, over-sized, or the source's word"),
    "saving_action": Measure("Saving", "text", "what is to be done"),
    "saving_status": Measure(
        "Status", "text", "proposed, accepted, done or rejected, when the month ended", is_words=True
    ),
    "saving_done_at": Measure("Done", "date", "when it was carried out"),
    "saving_estimate": Measure("Estimate a month", "money", "what it was expected to save in a month"),
    "saving_first": Measure(
        "Measured at first", "money",
        "daily cost in the last whole month before, less that in the first whole month after, x the days of the month",
    ),
    "saving_measured": Measure(
        "Measured", "money",
        "daily cost in the last whole month before it was done, less that of the month, x the days of the month",
    ),
    "saving_gap": Measure("Against estimate", "money", "measured less the estimates of what was measured", signed=True),
    "savings": Measure("Number", "count", "recommendations in this state when the month ended"),
    "savings_measured": Measure("Of these measured", "count", "those that the bill could be asked about"),
}
