"""Uptime: what a monitor saw, as stretches of time in one state."""

from opsreport.schemas.frame import INSTANT, Column, Frame, Measure

STATES = ("up", "down", "degraded", "maintenance", "paused", "unknown")

MONITOR_STATE = Frame(
    name="monitor_state",
    one_row_is="a stretch of time in one state",
    key=("monitor", "started_at"),
    starts="started_at",
    ends="ended_at",
    columns=(
        Column("monitor", "the monitor's name at its source", required=True),
        Column("started_at", "when the state was first seen", INSTANT, required=True),
        Column("ended_at", "when it was last known to hold, not included", INSTANT, required=True),
        Column("state", "what the monitor saw", required=True, allowed=STATES),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
