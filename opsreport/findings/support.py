"""What the support desk asks for: answers that are late month after month, and requests that pile up."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from opsreport.coverage import share_seen
from opsreport.exhibit import Fact, Rows
from opsreport.findings import PLAN, THIS_MONTH, Finding, owner_of, slug
from opsreport.metrics import support as metrics
from opsreport.metrics.clocks import LATE
from opsreport.month import Month
from opsreport.period import Period

#: Months in a row in which more were open at the end than before.
_MONTHS = 3


def targets_missed_repeatedly(month: Month) -> Iterable[Finding]:
    """What was agreed of requests, missed this month and the month before: one finding a priority and answer.

    Late is what is known to be late; an answer of which it cannot be told is not counted.
    """
    now, before = (_late(month, period) for period in (month.period, month.period.previous()))
    seen = share_seen(month.seen("ticket"), month.period)
    earlier = before.groupby(["priority", "answer"]).size()
    for (priority, answer), rows in now.groupby(["priority", "answer"]):
        if (priority, answer) not in earlier.index:
            continue
        id = f"targets_missed_repeatedly.{slug(priority)}-{slug(answer)}"
        counts = {"now": len(rows), "before": earlier[priority, answer]}
        facts = {name: Fact(f"findings.{id}.{name}", count, "count", seen) for name, count in counts.items()}
        services = rows["service"].unique()
        yield Finding(
            f"support.{id}", "support",
            "Requests of priority {priority} had a late {answer} two months running: {before}, then {now}.",
            "Find out what kept requests of priority {priority} waiting, and name who answers them when the "
            "team is busy.",
            {**facts, "answer": answer, "priority": priority}, Rows("ticket", {"priority": priority}),
            owner_of(month, services[0]) if len(services) == 1 else "", THIS_MONTH,
        )  # fmt: skip


def backlog_growing(month: Month) -> Iterable[Finding]:
    """Requests that pile up: more were open at the end of each of three months than when it began.

    Only where all of these months were seen whole.
    """
    seen = month.seen("ticket")
    months = metrics.history(month.ticket, month.period, seen, _MONTHS)
    grew = months["tickets_open"] > months["tickets_open_before"]
    if not (grew & (months["coverage"] == 1)).all():
        return
    first, now = months.iloc[0], months.iloc[-1]
    facts = {
        "before": Fact("findings.backlog_growing.before", first["tickets_open_before"], "count", 1.0),
        "now": Fact("findings.backlog_growing.now", now["tickets_open"], "count", 1.0, measure="tickets_open"),
        "oldest": Fact("findings.backlog_growing.oldest", now["oldest_open"], "duration", 1.0, measure="oldest_open"),
    }  # fmt: skip
    yield Finding(
        "support.backlog_growing.requests", "support",
        "Requests have piled up for three months, from {before} open to {now}; the oldest has waited for {oldest}.",
        "Go through the open requests with you, oldest first: do, plan or drop each.",
        facts, Rows("ticket", {"resolved_at": None}), urgency=PLAN,
    )  # fmt: skip


def _late(month: Month, period: Period) -> pd.DataFrame:
    answered = metrics.answers(month.ticket, period, month.agreements, month.seen("ticket"))
    return answered[answered["response_outcome"].isin(LATE)]
