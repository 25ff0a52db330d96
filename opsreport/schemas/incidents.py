"""Incidents, from their first effect to their resolution."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

INCIDENT = Frame(
    name="incident",
    one_row_is="an incident",
    key=("incident_id",),
    starts="opened_at",
    ends="resolved_at",
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

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
