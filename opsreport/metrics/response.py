"""Response targets: whether incidents were answered within the agreed time, in the agreed hours."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from opsreport.agreement import support_time, term_at
from opsreport.coverage import share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result, share
from opsreport.metrics.severities import (
    PLANNED,
    UNRATED,
    acknowledged_at,
    at_most,
    drills,
    rated,
    worst_first,
)
from opsreport.params.models import Agreement, SupportHours
from opsreport.period import Period
from opsreport.verdict import verdict

RESPONSE = (
    "opened_at", "service", "severity", "title", "response", "response_target", "support_elapsed",
    "response_outcome", "note", "decided_at", "incident_id",
)  # fmt: skip
TARGETS = (
    "severity", "response", "response_target", "responses_met", "responses_missed", "responses_open_past",
    "responses_pending", "responses_unknown", "attainment", "attainment_worst", "attainment_best",
    "coverage", "verdict",
)  # fmt: skip
MET, MISSED, OPEN_PAST, PENDING, UNKNOWN = "met", "missed", "open past target", "pending", "unknown"
#: Outcomes that break what was agreed.
LATE = (MISSED, OPEN_PAST)


def response(incident: pd.DataFrame, period: Period, agreements: list[Agreement]) -> pd.DataFrame:
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

    Returns
    -------
    DataFrame
        `RESPONSE`, one row an incident and response. ``support_elapsed`` runs to the answer,
        else to the month's end. ``response_outcome`` is met (at the target exactly, too),
        missed, open past target, pending, or unknown: resolved past the target without a
        recorded acknowledgement, no severity, or no support hours agreed. An incident of a
        severity with nothing agreed has no row; drills and planned maintenance have none.
        [duration, instant]
    """
    waiting = (incident["opened_at"] < period.end) & ~(incident["resolved_at"] < period.start)
    kept = incident[waiting & ~drills(incident) & ~rated(incident).str.casefold().isin(PLANNED)]
    kept = kept.assign(severity=rated(kept), answered=acknowledged_at(kept), bounded=at_most(kept))
    first = kept["opened_at"].min() if len(kept) else period.start
    clock = _Clock(first, period)
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
    each, seen_share = response(incident, period, agreements), share_seen(seen, period)
    groups = dict(list(each.groupby(["severity", "response", "response_target"], dropna=False)))
    order = {name: rank for rank, name in enumerate(worst_first({key[0] for key in groups}))}
    keys = sorted(groups, key=lambda key: (order[key[0]], key[1]))
    return result([_attained(key, groups[key]["response_outcome"], seen_share) for key in keys], TARGETS)


@dataclass(frozen=True)
class _Promise:
    """What was agreed for one answer; without hours its time runs always."""

    response: str
    target: pd.Timedelta
    hours: SupportHours | None = None
    unknown: str = ""


class _Clock:
    """Time that counts between two instants, in support hours or always."""

    def __init__(self, first: pd.Timestamp, period: Period) -> None:
        self.period = period
        self._days = Period(first.tz_convert(period.zone).date(), period.end_day, period.zone)
        self._known: dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]] = {}

    def runs(self, hours: SupportHours | None, start: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """The stretches that count, from an instant to the end of the month."""
        if hours is None:
            return [(start, self.period.end)]
        key = hours.model_dump_json()
        if key not in self._known:
            self._known[key] = support_time(hours, self._days).pairs()
        return [(max(opens, start), closes) for opens, closes in self._known[key] if closes > start]


def _promises(row: dict, agreements: list[Agreement], period: Period) -> list[_Promise]:
    term = term_at(agreements, row["opened_at"], period.zone)
    if term is None or not term.response_targets:
        return []
    if row["severity"] == UNRATED:
        return [_Promise("restore", pd.NaT, unknown="no severity is stated, so no target applies")]
    agreed = term.response_targets.get(row["severity"])
    wanted = {"acknowledge": agreed.acknowledge, "restore": agreed.restore} if agreed else {}
    in_hours = agreed is not None and agreed.hours == "support"
    missing = "no support hours are agreed" if in_hours and term.support_hours is None else ""
    hours = term.support_hours if in_hours else None
    return [_Promise(kind, target, hours, missing) for kind, target in wanted.items() if target is not None]


def _judged(row: dict, promise: _Promise, clock: _Clock) -> dict | None:
    """The answer's row, where this is the month in which its outcome is certain."""
    period, told = clock.period, {**row, "response": promise.response, "response_target": promise.target}
    if promise.unknown:
        here = period.start <= row["opened_at"]
        return (
            told | {"response_outcome": UNKNOWN, "note": promise.unknown, "support_elapsed": pd.NaT} if here else None
        )
    acknowledging = promise.response == "acknowledge"
    answered = row["answered"] if acknowledging else row["resolved_at"]
    answered = pd.NaT if pd.isna(answered) or answered >= period.end else answered
    runs = clock.runs(promise.hours, row["opened_at"])
    elapsed = _elapsed(runs, period.end if answered is pd.NaT else answered)
    outcome, decided = _outcome(runs, elapsed, promise.target, answered)
    if decided is not pd.NaT and decided < period.start:
        return None
    note = ""
    if acknowledging and row["bounded"] and outcome in (MET, MISSED):
        note = "acknowledgement not recorded: at most"
        outcome = UNKNOWN if outcome == MISSED else outcome
    return told | {
        "support_elapsed": elapsed,
        "response_outcome": outcome,
        "decided_at": decided,
        "note": note,
    }


def _outcome(runs: list, elapsed: pd.Timedelta, target: pd.Timedelta, answered: pd.Timestamp) -> tuple:
    if elapsed <= target:
        return (PENDING, pd.NaT) if answered is pd.NaT else (MET, answered)
    return (OPEN_PAST if answered is pd.NaT else MISSED), _runs_out(runs, target)


def _elapsed(runs: list, until: pd.Timestamp) -> pd.Timedelta:
    return sum((min(end, until) - start for start, end in runs if start < until), pd.Timedelta(0))


def _runs_out(runs: list, target: pd.Timedelta) -> pd.Timestamp:
    """The last instant at which an answer is still in time."""
    for start, end in runs:
        if end - start > target:
            return start + target
        target -= end - start
    return pd.NaT


def _attained(key: tuple, outcomes: pd.Series, seen_share: float) -> dict[str, object]:
    met, missed, open_past, pending, unknown = (
        int((outcomes == one).sum()) for one in (MET, MISSED, OPEN_PAST, PENDING, UNKNOWN)
    )
    due = met + missed + open_past
    worst, best = share(met, due + unknown), share(met + unknown, due + unknown)
    return {
        "severity": key[0], "response": key[1], "response_target": key[2],
        "responses_met": met, "responses_missed": missed, "responses_open_past": open_past,
        "responses_pending": pending, "responses_unknown": unknown,
        "attainment": share(met, due) if not unknown else float("nan"),
        "attainment_worst": worst, "attainment_best": best, "coverage": seen_share,
        "verdict": verdict(worst if seen_share == 1 else 0.0, best, 1.0),
    }  # fmt: skip
