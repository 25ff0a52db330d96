"""Incidents, from their first effect to their resolution."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

INCIDENT = Frame(
    name="incident",
    title="Incidents",
    one_row_is="an incident",
    key=("incident_id",),
    starts="opened_at",
    ends="resolved_at",
    groups=("incident_id", "service", "severity"),
    # Drills stand among the rows, and are left out of the figures: whoever counts must see which they are.
    shown=("incident_id", "service", "title", "severity", "is_drill", "opened_at", "acknowledged_at", "resolved_at"),
    columns=(
        Column("incident_id", "the source's own id", required=True),
        Column("service", "the service it hit"),
        Column("title", "what it was called"),
        Column("severity", "the source's or the agreement's word for how bad it was"),
        Column("impact_started_at", "when users first felt it", INSTANT),
        Column("detected_at", "when anything or anyone first noticed", INSTANT),
        Column("reported_by", "who noticed: alert, customer, staff, or the source's word"),
        Column("opened_at", "when the incident was opened", INSTANT, required=True),
        Column("acknowledged_at", "first explicit acknowledgement", INSTANT),
        Column("resolved_at", "when it was resolved; missing while it is open", INSTANT),
        Column("fingerprint", "what makes two incidents the same trouble again"),
        Column("deployment_id", "the deployment it is linked to"),
        Column("url", "where to read about it"),
        Column("is_drill", "whether it was an exercise", FLAG),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"incidents": "incident"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "incident_id": Measure("Incident", "text", "the source's own id"),
    "severity": Measure("Severity", "text", "how bad it was, in the source's or the agreement's word", is_words=True),
    "title": Measure("What happened", "text", "what it was called"),
    "impact_started_at": Measure("Felt from", "instant", "when users first felt it, else when it was opened"),
    "opened_at": Measure("Opened", "instant", "when the incident was opened"),
    "acknowledged_at": Measure("Acknowledged", "instant", "first explicit acknowledgement"),
    "resolved_at": Measure("Resolved", "instant", "when it was resolved"),
    "incident_status": Measure(
        "Status", "text", "resolved, or open at month end; a drill or a provider's event is named as one", is_words=True
    ),
    "incidents_opened": Measure(
        "Opened", "count", "incidents opened in the month; drills, planned work and a provider's events left out"
    ),
    "incidents_resolved": Measure("Resolved", "count", "incidents resolved in the month, whenever opened"),
    "incidents_open": Measure("Open at end", "count", "incidents not resolved when the month ended"),
    "drills": Measure("Drills", "count", "exercises opened in the month, left out of every other figure"),
    "planned": Measure("Planned", "count", "planned maintenance opened in the month"),
    "acknowledged_count": Measure("Acknowledged", "count", "incidents opened in the month with a time to acknowledge"),
    "acknowledge_at_most": Measure(
        "Of these at most",
        "count",
        "resolved without an acknowledgement: the time to resolve is an upper bound",
    ),
    "acknowledge_median": Measure("Median to acknowledge", "duration", "withheld below 5 incidents"),
    "acknowledge_p90": Measure("90 % acknowledged within", "duration", "90th percentile; withheld below 5 incidents"),
    "restore_median": Measure("Median to restore", "duration", "by month resolved; withheld below 5 incidents"),
    "restore_p90": Measure("90 % restored within", "duration", "90th percentile; withheld below 5 incidents"),
    "time_to_acknowledge": Measure("To acknowledge", "duration", "opened to first explicit acknowledgement"),
    "time_to_restore": Measure("To restore", "duration", "opened to resolved"),
    "incident_downtime": Measure(
        "With an incident", "duration", "time in the month with an incident, overlaps counted once"
    ),
    "response": Measure("Response", "text", "acknowledge or restore", is_words=True),
    "response_target": Measure("Agreed within", "elapsed", "the agreed time, in the agreed hours"),
    "support_elapsed": Measure(
        "Took", "elapsed", "in the agreed hours, pauses left out, to the response or month's end"
    ),
    "response_outcome": Measure("Outcome", "text", "met, missed, open past target, pending or unknown", is_words=True),
    "decided_at": Measure("Decided", "instant", "when the response came in time, or when the time ran out"),
    "responses_met": Measure("In time", "count", "responded to within the agreed time"),
    "responses_missed": Measure("Late", "count", "responded to after the agreed time"),
    "responses_open_past": Measure("Open, late", "count", "without a response by month end, the agreed time past"),
    "responses_pending": Measure("Pending", "count", "without a response by month end, the agreed time not past"),
    "responses_unknown": Measure("Unknown", "count", "cannot be told, and why is noted"),
    "attainment": Measure("In time", "share", "met over met, late, and open past target; NaN when some are unknown"),
    "attainment_worst": Measure("At worst", "share", "when every unknown response was late"),
    "attainment_best": Measure("At best", "share", "when every unknown response was in time"),
    "repeat_of": Measure("Repeat of", "text", "the latest incident before, of the same service and fingerprint"),
    "previous_opened_at": Measure("Opened before", "instant", "when the incident that it repeats was opened"),
    "since_previous": Measure("Since", "duration", "time between the two openings"),
    "found_by_alert": Measure("By our alert", "count", "an alert fired before the first report"),
    "found_by_people": Measure("By people", "count", "a customer or staff reported it first"),
    "found_unknown": Measure("Not recorded", "count", "who noticed first is not recorded"),
    "found_share": Measure("Found by us", "share", "by our alert, over those for which it is recorded"),
}
