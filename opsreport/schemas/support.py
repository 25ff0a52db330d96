"""Support: what the client asked for, and what was done for it."""

from opsreport.schemas.frame import DECIMAL, INSTANT, Column, Frame, Measure

TICKET = Frame(
    name="ticket",
    title="Support requests",
    one_row_is="a support request",
    key=("ticket_id",),
    starts="opened_at",
    ends="resolved_at",
    groups=("ticket_id", "service", "priority"),
    columns=(
        Column("ticket_id", "the source's own id", required=True),
        Column("service", "the service that it is about"),
        Column("title", "what it asks for"),
        Column("priority", "the source's or the agreement's word for how pressing it is"),
        Column("opened_at", "when it was opened", INSTANT, required=True),
        Column("first_response_at", "when a person first answered", INSTANT),
        Column("resolved_at", "when it was resolved; missing while it is open", INSTANT),
        Column("paused", "when it waited for the client: JSON, a list of [start, end] instants"),
        Column("opened_by", "who asked"),
        Column("url", "where to read it"),
    ),
)

WORK = Frame(
    name="work",
    title="Work done",
    one_row_is="a piece of work done for the client",
    key=("work_id",),
    starts="done_on",
    groups=("work_id", "service", "kind"),
    columns=(
        Column("work_id", "the source's own id", required=True),
        Column("service", "the service that it was done for"),
        Column("done_on", "the day it was done, as the client's midnight", INSTANT, required=True),
        Column("title", "what was changed for the client"),
        Column("hours", "time spent, of the hours agreed", DECIMAL, "h"),
        Column("kind", "what kind of work: support, maintenance, improvement, incident, or the source's word"),
        Column("ticket_id", "the request that it answers"),
        Column("url", "where to read about it"),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
