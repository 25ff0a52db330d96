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
        Column("paused", "when it waited for the client: JSON list of [start, end]; an end of null: it still waits"),
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

#: Whose rows stand behind a section's figures.
SECTIONS = {"support": "ticket", "work": "work"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "ticket_id": Measure("Request", "text", "the source's own id"),
    "ticket_title": Measure("What was asked", "text", "what it was called"),
    "priority": Measure("Priority", "text", "how pressing it is, in the source's or the agreement's word"),
    "asked_at": Measure("Asked", "instant", "when the request was opened"),
    "answer": Measure("Reply", "text", "first response or resolution", is_words=True),
    "tickets_open_before": Measure("Open before", "count", "requests not resolved when the month began"),
    "tickets_opened": Measure("Opened", "count", "requests opened in the month"),
    "tickets_resolved": Measure("Resolved", "count", "requests resolved in the month, whenever opened"),
    "tickets_open": Measure("Open at end", "count", "requests not resolved when the month ended"),
    "oldest_open": Measure("Oldest open", "duration", "age of the request open longest when the month ended"),
    "ticket_age": Measure("Open for", "duration", "from the opening of the request to the month's end"),
    "work_id": Measure("Work", "text", "the source's own id"),
    "worked_on": Measure("Day", "date", "your day on which it was done"),
    "work_title": Measure("What was done", "text", "what was changed for you"),
    "work_kind": Measure("Kind", "text", "what kind of work, in the source's word"),
    "work_count": Measure("Pieces of work", "count", "pieces of work done in the month"),
    "hours": Measure("Hours", "hours", "time spent on it, of the hours agreed"),
    "hours_used": Measure("Hours used", "hours", "hours recorded; at least so many where some are not recorded"),
    "hours_unknown": Measure("Hours not recorded", "count", "pieces of work whose hours are not recorded"),
    "hours_agreed": Measure("Hours agreed", "hours", "hours agreed for these days; of a month's, each day's share"),
    "hours_share": Measure("Of all hours", "share", "of the hours recorded in the month"),
}
