"""The columns of the scorecard, and those that every section's results share."""

from opsreport.schemas.frame import Measure

#: What a section's `scorecard` function returns, one row a key figure. ``rows`` is the
#: `opsreport.exhibit.Rows` behind it, missing where all of the section's frame are. ``worst`` and
#: ``best`` are this month's figure if all that was not seen was bad, and good, where that is worked out.
SCORECARD = (
    "id", "measure", "unit", "currency", "this_month", "target", "last_month", "baseline",
    "coverage", "verdict", "section", "trend", "rows", "worst", "best",
)  # fmt: skip

#: What each section is called in a sentence.
NAMES = {
    "work": "work done", "cost": "cost", "spending": "what steers the bill", "uptime": "uptime",
    "incidents": "incidents", "delivery": "delivery", "pipeline": "pipelines", "backups": "backups",
    "patches": "security patches", "access": "access", "performance": "performance", "monitoring": "monitoring",
    "support": "the support desk", "timeline": "the timeline", "findings": "what we recommend",
    "decisions": "decisions", "restated": "restatements",
}  # fmt: skip

RESULTS: dict[str, Measure] = {
    "period": Measure("Month", "text", "the month, as YYYY-MM"),
    "service": Measure("Service", "text", "the service, by your name for it"),
    "coverage": Measure("Seen", "share", "share of the period that was observed"),
    "verdict": Measure("Verdict", "text", "met, missed, at risk or unknown, bounded by what was seen"),
    "trend": Measure("13 months", "text", "the last thirteen months"),
    "note": Measure("Note", is_words=True),
    "share": Measure("Share", "share", "share of the total"),
    "billing_currency": Measure("Currency"),
    "frame": Measure("Records", "text", "which frame"),
    "source": Measure("Source", "text", "which source said so, by its name in the client's file"),
    "status": Measure("State", "text", "whether all that was asked for was read", is_words=True),
    "name": Measure("Name at the source"),
    "rows": Measure("Rows", "count", "records that it concerns"),
    "corrected": Measure("What was corrected", is_words=True),
    "by": Measure("By"),
    "on": Measure("On", "date", "the day it was decided"),
    "why": Measure("Why"),
}
