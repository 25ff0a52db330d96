"""Response targets: whether incidents were answered within the agreed time, in the agreed hours."""

from __future__ import annotations

import pandas as pd

from opsreport.agreement import term_at
from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.clocks import (
    ATTAINED,
    MET,
    MISSED,
    UNKNOWN,
    Clock,
    Promise,
    agreed_for,
    attained,
    judged,
    promises,
)  # fmt: skip
from opsreport.metrics.rows import result
from opsreport.metrics.severities import (
    NOT_COUNTED,
    UNRATED,
    acknowledged_at,
    at_most,
    drills,
    rated,
    worst_first,
)
from opsreport.params.models import Agreement
from opsreport.period import Period

RESPONSE = (
    "opened_at", "service", "severity", "title", "response", "response_target", "support_elapsed",
    "response_outcome", "note", "decided_at", "incident_id",
)  # fmt: skip
TARGETS = ("severity", "response", "response_target", *ATTAINED)


def response(
    incident: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """Each answer that fell due in the month, or is still awaited, against what was agreed.

    Answers: which incidents were answered too late?

    The agreement in force when the incident opened says how soon it is acknowledged and
    restored, and whether that time runs always or in its support hours only (the client's
    clock, without holidays). An answer counts once, in the month in which its outcome was
    certain: when it was given, if in time; when the agreed time ran out, if not.

    Parameters
    ----------
    incident : DataFrame
        The frame ``incident``, whole history.
    period : Period
        The month; its zone is the client's.
    agreements : list of Agreement
    seen : Intervals or Seen, optional
        What the sources could tell of; without it all of the month. What fell due after it is
        unknown, since it may have been answered.

    Returns
    -------
    DataFrame
        `RESPONSE`, one row an incident and response. ``support_elapsed`` runs to the answer,
        else to the end of what was seen of the month. ``response_outcome`` is met (at the target exactly, too),
        missed, open past target, pending, or unknown: resolved past the target without a
        recorded acknowledgement, no severity, or no support hours agreed. An incident of a
        severity with nothing agreed has no row; drills, planned maintenance and a provider's events have none.
        [duration, instant]
    """
    waiting = (incident["opened_at"] < period.end) & ~(incident["resolved_at"] < period.start)
    kept = incident[waiting & ~drills(incident) & ~rated(incident).str.casefold().isin(NOT_COUNTED)]
    kept = kept.assign(severity=rated(kept), answered=acknowledged_at(kept), bounded=at_most(kept))
    first = kept["opened_at"].min() if len(kept) else period.start
    clock = Clock(first, period, seen)
    rows = [
        judged
        for incident_row in kept.sort_values(["opened_at", "incident_id"]).to_dict("records")
        for promise in _promises(incident_row, agreements, period)
        if (judged := _judged(incident_row, promise, clock))
    ]
    return result(rows, RESPONSE)


def targets(incident: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals) -> pd.DataFrame:
    """How many answers came within the agreed time, by severity and kind of answer.

    Answers: did we respond as agreed?

    The agreement promises each answer, so the share is held against 100 %.

    Returns
    -------
    DataFrame
        `TARGETS`, worst severity first. ``attainment`` is met / (met + missed + open past
        target); pending ones do not count yet; it is NaN where some are unknown, and then
        lies between worst and best. While part of the month was not seen there may be
        others: then it is missed or unknown, never met. Empty when nothing fell due and
        nothing is awaited. [count, share, duration]
    """
    each, seen_share = response(incident, period, agreements, seen), share_seen(seen, period)
    groups = dict(list(each.groupby(["severity", "response", "response_target"], dropna=False)))
    order = {name: rank for rank, name in enumerate(worst_first({key[0] for key in groups}))}
    keys = sorted(groups, key=lambda key: (order[key[0]], key[1]))
    rows = [
        {"severity": key[0], "response": key[1], "response_target": key[2]}
        | attained(groups[key]["response_outcome"], seen_share)
        for key in keys
    ]
    return result(rows, TARGETS)


def _promises(row: dict, agreements: list[Agreement], period: Period) -> list[Promise]:
    term = term_at(agreements, row["opened_at"], period.zone)
    if term is None or not term.response_targets:
        return []
    if row["severity"] == UNRATED:
        return [Promise("restore", pd.NaT, unknown="no severity is stated, so no target applies")]
    agreed = agreed_for(term.response_targets, row["severity"])
    if agreed is None:
        return []
    wanted = {"acknowledge": agreed.acknowledge, "restore": agreed.restore}
    return promises(wanted, agreed.hours == "support", term.support_hours)


def _judged(row: dict, promise: Promise, clock: Clock) -> dict | None:
    """The answer's row, where this is the month in which its outcome is certain."""
    acknowledging = promise.answer == "acknowledge"
    answered = row["answered"] if acknowledging else row["resolved_at"]
    told = judged(promise, row["opened_at"], answered, clock.of(row.get("source")))
    if told is None:
        return None
    if acknowledging and row["bounded"] and told["response_outcome"] in (MET, MISSED):
        told["note"] = "acknowledgement not recorded: at most"
        told["response_outcome"] = UNKNOWN if told["response_outcome"] == MISSED else MET
    return {**row, "response": promise.answer, "response_target": promise.target, **told}
