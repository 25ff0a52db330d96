"""Monitoring: the alerts that fired, and the rules that could."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

ALERT = Frame(
    name="alert",
    title="Alerts",
    one_row_is="an alert that fired",
    key=("alert_id",),
    starts="fired_at",
    ends="cleared_at",
    groups=("alert_id", "alert_name", "service", "severity"),
    columns=(
        Column("alert_id", "the source's own id", required=True),
        Column("alert_name", "the rule that fired", required=True),
        Column("service", "the service that it watches"),
        Column("severity", "the source's word for how bad it is"),
        Column("fired_at", "when it fired", INSTANT, required=True),
        Column("cleared_at", "when it cleared; missing while it lasts", INSTANT),
        Column("was_actioned", "whether anybody had to do something because of it", FLAG),
        Column("interrupted", "whether it called somebody, rather than being shown only", FLAG),
    ),
)

ALARM_RULE = Frame(
    name="alarm_rule",
    title="Alarm rules",
    one_row_is="a rule, when seen",
    key=("alert_name", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("alert_name", "service"),
    columns=(
        Column("alert_name", "the rule's name", required=True),
        Column("service", "the service that it watches"),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("has_action", "whether anything happens when it fires", FLAG),
        Column("is_enabled", "whether it is switched on", FLAG),
        Column("state", "what it reads", allowed=("ok", "alarm", "no data", "unknown")),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
