"""The review itself: findings, decisions and actions, and what was reported before."""

from opsreport.schemas.frame import Measure

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "finding": Measure("Finding", "text", "what a rule found"),
    "action": Measure("Recommended", "text", "what is recommended"),
    "urgency": Measure("When", "text", "how soon it is to be done"),
    "owner": Measure("Owner", "text", "who answers for it"),
    "area": Measure("Area", "text", "the section that it belongs to"),
    "estimate": Measure("Estimate a month", "money", "what it would save in a month; unknown where not worked out"),
    "evidence_rows": Measure("Rows", "count", "records that show it"),
    "rule": Measure("Rule", "text", "the rule that found it"),
}
