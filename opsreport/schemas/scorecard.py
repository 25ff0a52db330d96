"""The columns of the scorecard, and those that every section's results share."""

from opsreport.schemas.frame import Measure

#: What a section's `scorecard` function returns, one row a key figure.
SCORECARD = (
    "id", "measure", "unit", "currency", "this_month", "target", "last_month", "baseline",
    "coverage", "verdict", "section", "trend",
)  # fmt: skip

RESULTS: dict[str, Measure] = {
    "period": Measure("Month", "text", "the month, as YYYY-MM"),
    "service": Measure("Service", "text", "the service, by the client's name for it"),
    "coverage": Measure("Seen", "share", "share of the period that was observed"),
    "verdict": Measure("Verdict", "text", "met, missed, at risk or unknown, bounded by what was seen"),
    "trend": Measure("13 months", "text", "the last thirteen months"),
    "note": Measure("Note"),
    "share": Measure("Share", "share", "share of the total"),
    "billing_currency": Measure("Currency"),
}
