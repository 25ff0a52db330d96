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

#: Whose rows stand behind a section's figures.
SECTIONS = {"monitoring": "alert"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "alert_id": Measure("Alert", "text", "the source's own id"),
    "alert_name": Measure("Rule", "text", "the rule that fires"),
    "fired_at": Measure("Fired", "instant", "when the alert fired"),
    "alerts_fired": Measure("Fired", "count", "alerts that fired in the month"),
    "alerts_actioned": Measure("Led to action", "count", "alerts because of which somebody had to do something"),
    "alerts_idle": Measure("Nothing to do", "count", "alerts after which there was nothing to do"),
    "alerts_unknown": Measure("Not recorded", "count", "alerts of which it is not recorded whether anything was done"),
    "actioned_share": Measure("Led to action", "share", "over the alerts of which it is recorded"),
    "actioned_worst": Measure("At worst", "share", "if none of those not recorded led to action"),
    "actioned_best": Measure("At best", "share", "if all of those not recorded led to action"),
    "calls": Measure("Called somebody", "count", "alerts that interrupted a person"),
    "calls_unknown": Measure("Not known if", "count", "alerts of which it is not recorded whether they interrupted"),
    "calls_outside": Measure("Outside hours", "count", "of these, the calls outside the agreed support hours"),
    "calls_unclear": Measure(
        "Not known if outside", "count", "alerts that may have called somebody outside the agreed hours, or not"
    ),
    "calls_unplaced": Measure("No hours agreed", "count", "calls at times for which no support hours were agreed"),
    "is_outside": Measure(
        "Outside hours", "text", "whether it called somebody outside the agreed support hours", is_words=True
    ),
    "alert_outcome": Measure("Led to action", "text", "yes, no or not recorded", is_words=True),
    "rule_state": Measure("State", "text", "cannot warn, not seen lately, not known, or can warn", is_words=True),
    "rule_problem": Measure(
        "What is wrong", "text", "no action, disabled, no data, or last seen long ago", is_words=True
    ),
    "rule_seen_at": Measure("Seen", "instant", "when the rule was last seen, at the latest at the month's end"),
    "last_fired_at": Measure("Last fired", "instant", "the newest alert of the rule in the history that is known"),
    "never_fired": Measure(
        "Never fired", "text", "whether it fired in none of thirteen months that were all seen", is_words=True
    ),
    "rules_seen": Measure("Rules", "count", "rules in the newest list of the month"),
    "rules_broken": Measure("Cannot warn", "count", "rules without an action, disabled or without data"),
    "rules_stale": Measure("Not seen lately", "count", "rules that the newest list of the month does not hold"),
    "rules_silent": Measure("Never fired", "count", "rules that fired in none of the thirteen months"),
    "caught_by": Measure("Caught", "text", "by which alert, by nothing, or not known", is_words=True),
    "incidents_uncaught": Measure("Nothing caught", "count", "incidents of the month that no alert caught"),
    "incidents_caught": Measure("Caught", "count", "incidents of the month that an alert caught"),
    "incidents_unclear": Measure("Not known", "count", "incidents that an alert may have caught or not"),
}
