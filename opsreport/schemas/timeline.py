"""The timeline: what happened at the same time, across every source."""

from opsreport.schemas.frame import Measure

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "happened_at": Measure("When", "instant", "when it began, on your clock"),
    "happened_until": Measure("Until", "instant", "when it ended; missing while it goes on"),
    "happening": Measure("What happened", "text", "an outage, incident, deployment or unusual cost", is_words=True),
    "coincides_with": Measure("Coincides with", "text", "what else happened then; not what caused it", is_words=True),
    "gap": Measure("Gap", "duration", "time from one's start to the other's; 0 when they overlap"),
    "lane": Measure("Kind", "text", "outage, incident or deployment", is_words=True),
    "happened_on": Measure("Day", "date", "a local day; for spend, the day of the bill (UTC)"),
    "down_on_day": Measure("Down", "duration", "time in which at least one monitor was down"),
    "incidents_on_day": Measure("Incidents", "count", "incidents opened on the day"),
    "deployments_on_day": Measure("Deployments", "count", "deployments started on the day"),
    "outages_seen": Measure("Monitors seen", "share", "of all days, the time in which a monitor saw anything"),
    "incidents_seen": Measure("Incidents seen", "share", "of all days, the time that a source of incidents tells of"),
    "deployments_seen": Measure("Deployments seen", "share", "of all days, the time that a source of them tells of"),
}
