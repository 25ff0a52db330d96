"""Support desk: what was asked, how soon it was answered and resolved, and what is still open."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.agreement import term_at, terms_in
from opsreport.coverage import Seen, seen_until_each, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.clocks import ATTAINED, LATE, MET, MISSED, UNKNOWN, Clock, Promise, attained, in_time, judged
from opsreport.metrics.clocks import agreed_for as agreed_of
from opsreport.metrics.clocks import promises as agreed_promises
from opsreport.metrics.pauses import closed_pauses, paused_time
from opsreport.metrics.rows import result, score, scorecard_rows
from opsreport.metrics.severities import UNRATED, worst_first
from opsreport.params.models import Agreement
from opsreport.period import Period

FIRST, RESOLUTION = "first response", "resolution"
ANSWERS = (
    "ticket_id", "asked_at", "service", "priority", "ticket_title", "answer", "response_target", "support_elapsed",
    "response_outcome", "note", "decided_at",
)  # fmt: skip
TARGETS = ("priority", "answer", "response_target", *ATTAINED)
TOTALS = ("period", "tickets_open_before", "tickets_opened", "tickets_resolved", "tickets_open", "oldest_open",
          "coverage")  # fmt: skip
OPEN = ("ticket_id", "asked_at", "service", "priority", "ticket_title", "ticket_age", "note")

_KEY = (("first", "First responses in time", FIRST), ("resolved", "Resolutions in time", RESOLUTION))
_NOT_RECORDED = "first response not recorded: at most"
_NOT_READ = "when it waited for you cannot be read"
_NOT_CLOSED = "when it no longer waited for you is not recorded"


def answers(
    ticket: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """Each answer to a request that fell due in the month, or is still awaited, against what was agreed.

    Answers: which requests were answered or resolved too late?

    Judged exactly as `opsreport.metrics.response.response` judges incidents: the agreement in
    force when the request was opened says how soon requests of its priority are first
    answered and resolved, and whether that time runs always or in support hours only (the
    client's clock, without holidays). Time in which it waited for the client does not count.

    Parameters
    ----------
    ticket : DataFrame
        The frame ``ticket``, whole history.
    period : Period
        The month; its zone is the client's.
    agreements : list of Agreement

    Returns
    -------
    DataFrame
        `ANSWERS`, one row a request and answer, in the order they were asked.
        ``support_elapsed`` runs to the answer, else to the end of what was seen. The outcome is
        unknown, and ``note`` says why, where no priority is stated, no support hours are
        agreed, a request was resolved too late for a first response of which there is no
        record, or where it is late unless it was paused and its pauses cannot be read: pauses
        only shorten the time, so what is in time without them is met. A request of a priority
        with nothing agreed has no row. [duration, instant]
    """
    waiting = (ticket["opened_at"] < period.end) & ~(ticket["resolved_at"] < period.start)
    kept = ticket[waiting].sort_values(["opened_at", "ticket_id"])
    explicit = kept["first_response_at"] >= kept["opened_at"]
    kept = kept.assign(
        priority=kept["priority"].fillna(UNRATED), ticket_title=kept["title"], asked_at=kept["opened_at"],
        first=kept["first_response_at"].where(explicit, kept["resolved_at"]),
        bounded=~explicit & kept["resolved_at"].notna(),
    )  # fmt: skip
    clock = Clock(kept["opened_at"].min() if len(kept) else period.start, period, seen)
    rows = [
        told
        for row in kept.to_dict("records")
        for promise in _promises(row, agreements, period)
        if (told := _judged(row, promise, clock))
    ]
    return result(rows, ANSWERS)


def targets(ticket: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """How many requests were answered and resolved within the agreed time, by priority.

    Answers: did the support desk keep what was agreed?

    The agreement promises each answer, so the share is held against 100 %.

    Returns
    -------
    DataFrame
        `TARGETS`, most pressing first: the share is met / (met + missed + open past target),
        bounded as `opsreport.metrics.clocks.attained` says. Empty when nothing fell due and
        nothing is awaited. [count, share, duration]
    """
    each, seen_share = answers(ticket, period, agreements, seen), share_seen(seen, period)
    groups = dict(list(each.groupby(["priority", "answer", "response_target"], dropna=False)))
    order = {name: rank for rank, name in enumerate(worst_first({key[0] for key in groups}))}
    rows = [
        {"priority": key[0], "answer": key[1], "response_target": key[2]}
        | attained(groups[key]["response_outcome"], seen_share)
        for key in sorted(groups, key=lambda key: (order[key[0]], key[1]))
    ]
    return result(rows, TARGETS)


def late(answered: pd.DataFrame) -> pd.DataFrame:
    """Of the month's answers, those that were late and those that cannot be told, late ones first.

    Answers: which were they?
    """
    told = answered[answered["response_outcome"].isin([*LATE, UNKNOWN])]
    return told.sort_values("response_outcome", key=lambda outcome: outcome == UNKNOWN, kind="stable",
                            ignore_index=True)  # fmt: skip


def totals(ticket: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """The month's requests in one row, reconciled.

    Answers: does the desk keep up?

    Returns
    -------
    DataFrame
        One row of `TOTALS`: open before + opened - resolved = open at the end. A request is
        open from its opening until it is resolved, paused or not. NaN where nothing was seen
        and nothing is known; with a coverage below 1 they are what is known, and the oldest is
        as old as when that ended. [count, duration]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> at = lambda month, day: pd.Timestamp(2026, month, day, tz="UTC")
    >>> three = FRAMES["ticket"].conform(pd.DataFrame({
    ...     "ticket_id": ["a", "b", "c"], "opened_at": [at(9, 1), at(10, 5), at(10, 21)],
    ...     "resolved_at": [at(10, 2), at(10, 6), pd.NaT]}))
    >>> row = totals(three, october, Intervals([(october.start, october.end)])).iloc[0]
    >>> [int(row[name]) for name in TOTALS[1:5]], row["oldest_open"]
    ([1, 2, 2, 1], Timedelta('11 days 00:00:00'))
    """
    seen_share, opened, resolved = share_seen(seen, period), ticket["opened_at"], ticket["resolved_at"]
    row = {"period": period.name, "coverage": seen_share}
    if not seen_share and not (period.contains(opened) | period.contains(resolved)).any():
        return result([row], TOTALS)
    still = _open_at(ticket, period.end)
    age = (seen_until_each(seen, period, ticket[still]) - opened[still]).max()
    return result([row | {
        "tickets_open_before": _open_at(ticket, period.start).sum(),
        "tickets_opened": period.contains(opened).sum(), "tickets_resolved": period.contains(resolved).sum(),
        "tickets_open": still.sum(), "oldest_open": age,
    }], TOTALS)  # fmt: skip


def history(ticket: pd.DataFrame, period: Period, seen: Intervals | Seen, count: int = 13) -> pd.DataFrame:
    """The totals of each of the last 13 months, oldest first, as `totals` has them."""
    return pd.concat([totals(ticket, month, seen) for month in period.history(count)], ignore_index=True)


def still_open(ticket: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """The requests that were open when the month ended, oldest first.

    Answers: what is waiting, and for how long?

    Returns
    -------
    DataFrame
        `OPEN`; ages up to the end of what was seen of the month; ``note`` says where it waited
        for the client at month end. [duration, instant]
    """
    rows = ticket[_open_at(ticket, period.end)].sort_values(["opened_at", "ticket_id"])
    made = rows.assign(
        asked_at=rows["opened_at"], ticket_title=rows["title"],
        ticket_age=(seen_until_each(seen, period, rows) - rows["opened_at"]).clip(lower=pd.Timedelta(0)),
        priority=rows["priority"].fillna(UNRATED), note=[_waits(paused, period) for paused in rows["paused"]],
    )  # fmt: skip
    return result(made.to_dict("records"), OPEN)


def scorecard(
    ticket: pd.DataFrame, period: Period, seen: Intervals | Seen, agreements: list[Agreement],
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The support desk's key figures, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: is the client answered as agreed, and does the desk keep up? What was agreed is
    there where at least one answer fell due.
    """
    months = [*period.history(13), *([baseline] if baseline else [])]
    each = {month: answers(ticket, month, agreements, seen) for month in months}
    whole = {month: totals(ticket, month, seen).iloc[0] for month in months}
    seen_share = share_seen(seen, period)
    rows: list[dict[str, Any]] = []
    for id, words, answer in _KEY:
        outcomes = {month: rows.loc[rows["answer"] == answer, "response_outcome"] for month, rows in each.items()}
        judged = in_time(outcomes, period, seen_share)
        rows += [{"id": f"support.{id}", "measure": words} | judged] if judged else []
    rows.append({"id": "support.open", "measure": "Requests open at month end", "unit": "count",
                 "of": lambda month: whole[month]["tickets_open"]})  # fmt: skip
    common = {"period": period, "baseline": baseline, "section": "support", "coverage": seen_share}
    return scorecard_rows([score(**(row | common)) for row in rows])


def promised(agreements: list[Agreement], period: Period) -> bool:
    """Whether anything is agreed on support requests in a period."""
    return any(term.agreement.ticket_targets for term in terms_in(agreements, period))


def _promises(row: dict, agreements: list[Agreement], period: Period) -> list[Promise]:
    term = term_at(agreements, row["opened_at"], period.zone)
    if term is None or not term.ticket_targets:
        return []
    if row["priority"] == UNRATED:
        return [Promise(RESOLUTION, pd.NaT, unknown="no priority is stated, so no target applies")]
    agreed = agreed_of(term.ticket_targets, row["priority"])
    if agreed is None:
        return []
    wanted = {FIRST: agreed.first_response, RESOLUTION: agreed.resolution}
    return agreed_promises(wanted, agreed.hours == "support", term.support_hours)


def _judged(row: dict, promise: Promise, clock: Clock) -> dict[str, Any] | None:
    """The answer's row, where this is the month in which its outcome is certain."""
    first, paused = promise.answer == FIRST, paused_time(row["paused"], clock.period, row["resolved_at"])
    answered = row["first"] if first else row["resolved_at"]
    clock = clock.of(row.get("source"))
    told = judged(promise, row["opened_at"], answered, clock, paused)
    if told is None:
        return None
    outcome = told["response_outcome"]
    if first and row["bounded"] and outcome in (MET, MISSED):
        told["note"], told["response_outcome"] = _NOT_RECORDED, UNKNOWN if outcome == MISSED else MET
    if paused is None and outcome in LATE:
        told["note"], told["response_outcome"] = _NOT_READ, UNKNOWN
    if outcome == MET and paused and not pd.isna(row["resolved_at"]):
        # A pause without an end may have been over at once: in time only if it was so without it.
        harder = judged(promise, row["opened_at"], answered, clock, closed_pauses(row["paused"], clock.period))
        if harder is None or harder["response_outcome"] in LATE:
            told["note"], told["response_outcome"] = _NOT_CLOSED, UNKNOWN
    return {**row, "answer": promise.answer, "response_target": promise.target, **told}


def _open_at(ticket: pd.DataFrame, instant: pd.Timestamp) -> pd.Series:
    return (ticket["opened_at"] < instant) & ~(ticket["resolved_at"] < instant)


def _waits(written: object, period: Period) -> str:
    paused = paused_time(written, period)
    if paused is None:
        return _NOT_READ
    last = period.end - pd.Timedelta(microseconds=1)
    return "waits for you" if paused.clip(last, period.end) else ""
