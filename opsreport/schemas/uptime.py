"""Uptime: what a monitor saw, as stretches of time in one state."""

from opsreport.schemas.frame import INSTANT, Column, Frame, Measure

STATES = ("up", "down", "degraded", "maintenance", "paused", "unknown")

MONITOR_STATE = Frame(
    name="monitor_state",
    title="Monitor states",
    one_row_is="a stretch of time in one state",
    key=("monitor", "started_at"),
    starts="started_at",
    ends="ended_at",
    states_of="monitor",
    groups=("monitor", "service", "state"),
    columns=(
        Column("monitor", "the monitor's name at its source", required=True),
        Column("started_at", "when the state was first seen", INSTANT, required=True),
        Column("ended_at", "when it was last known to hold, not included", INSTANT, required=True),
        Column("state", "what the monitor saw", required=True, allowed=STATES),
    ),
)

#: Whose rows stand behind a section's figures.
SECTIONS = {"uptime": "monitor_state"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "monitor": Measure("Monitor", "text", "the monitor's name at its source"),
    "term_from": Measure("From", "date", "first day that the row tells of"),
    "term_to": Measure("To", "date", "last day that the row tells of"),
    "observed_time": Measure("Observed", "duration", "time that was neither paused nor unknown"),
    "down_time": Measure("Down", "duration", "time the monitor saw it down; overlaps are counted once"),
    "degraded_time": Measure("Degraded", "duration", "time the monitor saw it degraded, and not down"),
    "raw_availability": Measure("Availability, raw", "availability", "1 - down / observed"),
    "agreed_time": Measure("Agreed time", "duration", "observed time under the SLO, less agreed maintenance"),
    "maintenance_time": Measure("Maintenance", "duration", "observed time in agreed maintenance windows"),
    "excused_time": Measure("Excused", "duration", "downtime that a correction excuses"),
    "counted_down": Measure("Down, counted", "duration", "downtime that counts against the SLO"),
    "agreed_availability": Measure(
        "Availability", "availability", "(agreed time - counted downtime) / agreed time: the SLI"
    ),
    "slo_target": Measure("Target", "availability", "the availability agreed"),
    "availability_worst": Measure("Worst case", "availability", "if all that was not seen was down"),
    "availability_best": Measure("Best case", "availability", "if all that was not seen was up"),
    "error_budget": Measure("Error budget", "minutes", "(1 - target) x agreed time"),
    "burn_rate": Measure("Burn rate", "ratio", "(1 - availability) / (1 - target); above 1 is overspent"),
    "budget_left": Measure("Budget left", "minutes", "agreed time x (availability - target)"),
    "budget_day": Measure("Day", "date", "a local day, at its end"),
    "outage_from": Measure("From", "instant", "when it went down, or the month's start if before"),
    "outage_to": Measure("To", "instant", "when it came back, or the month's end if after"),
    "outage_time": Measure("Down", "duration", "how long it was down within the month"),
    "began_before": Measure("Began before", "text", "whether it was down already when the month began"),
    "end_unseen": Measure("End not seen", "text", "whether nothing saw it come back within the month"),
    "state": Measure("State", "text", "what the monitor saw", is_words=True),
    "state_from": Measure("From", "instant", "when the state began within the month"),
    "state_to": Measure("To", "instant", "when the state ended within the month"),
    "window_from": Measure("From", "instant", "when the excluded window opens"),
    "window_to": Measure("To", "instant", "when the excluded window closes"),
    "excluded_as": Measure("Excluded as", "text", "agreed maintenance, or excused by a correction", is_words=True),
    "excluded_why": Measure("Why", "text", "the reason given"),
    "excluded_by": Measure("By", "text", "who excused it, and when it was decided"),
    "credit_share": Measure("Credit, share", "share", "share of the monthly fee owed, by the agreement's table"),
    "credit": Measure("Credit owed", "money", "what we owe you; unknown where it is not certain"),
    "credit_least": Measure("At least", "money", "owed if all that was not seen was up"),
    "credit_most": Measure("At most", "money", "owed if all that was not seen was down"),
}
