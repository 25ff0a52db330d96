"""The clocks of an agreement: the time that counts towards a target, and when an answer is decided.

Incidents and support requests are judged alike. An answer counts once, in the month in which
its outcome was certain: when it was given, if in time; when the agreed time ran out, if not.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreport.agreement import support_time
from opsreport.coverage import Seen, known_until, of_source, seen_until
from opsreport.intervals import Intervals
from opsreport.metrics.rows import share
from opsreport.params.models import SupportHours
from opsreport.period import Period
from opsreport.verdict import verdict

MET, MISSED, OPEN_PAST, PENDING, UNKNOWN = "met", "missed", "open past target", "pending", "unknown"
#: Outcomes that break what was agreed.
LATE = (MISSED, OPEN_PAST)
#: The columns that `attained` fills.
ATTAINED = (
    "responses_met", "responses_missed", "responses_open_past", "responses_pending", "responses_unknown",
    "attainment", "attainment_worst", "attainment_best", "coverage", "verdict",
)  # fmt: skip

_DUE_UNSEEN = "it fell due in time that was not seen"
_Runs = list[tuple[pd.Timestamp, pd.Timestamp]]


@dataclass(frozen=True)
class Promise:
    """What was agreed for one answer.

    Attributes
    ----------
    answer : str
        Which answer.
    target : Timedelta
        NaT where `unknown` says why there is none.
    hours : SupportHours or None
        When its time runs; None for always.
    unknown : str
        Why it cannot be judged.
    """

    answer: str
    target: pd.Timedelta
    hours: SupportHours | None = None
    unknown: str = ""


class Clock:
    """Time that counts from an instant to the end of a month, in support hours or always.

    Parameters
    ----------
    first : Timestamp
        The earliest instant that will be asked about.
    period : Period
        The month; its zone is the client's.
    seen : Intervals or Seen, optional
        What the sources could tell of; without it all of the month.

    Attributes
    ----------
    until, now : Timestamp
        Up to when it is known that what is not answered was not; and up to when it has happened.
    """

    def __init__(self, first: pd.Timestamp, period: Period, seen: Intervals | Seen | None = None) -> None:
        self.period, self._seen = period, seen
        self.until, self.now = seen_until(seen, period), known_until(seen, period)
        self._days = Period(first.tz_convert(period.zone).date(), period.end_day, period.zone)
        self._known: dict[str, _Runs] = {}

    def of(self, source: object) -> Clock:
        """The same for what one source tells of, which may end sooner or later than the others."""
        if not isinstance(source, str) or (seen := of_source(self._seen, source)) is self._seen:
            return self
        own = copy.copy(self)
        own.until, own.now = seen_until(seen, self.period), known_until(seen, self.period)
        return own

    def runs(self, hours: SupportHours | None, start: pd.Timestamp, paused: Intervals | None = None) -> _Runs:
        """The stretches that count, without those in which it was paused."""
        if hours is None:
            counted = [(start, self.period.end)]
        else:
            key = hours.model_dump_json()
            if key not in self._known:
                self._known[key] = support_time(hours, self._days).pairs()
            counted = [(max(opens, start), closes) for opens, closes in self._known[key] if closes > start]
        return (Intervals(counted) - paused).pairs() if paused else counted


def promises(
    wanted: Mapping[str, pd.Timedelta | None], in_hours: bool, support_hours: SupportHours | None
) -> list[Promise]:
    """What was agreed, by answer: those that are judged, with the hours in which their time runs."""
    missing = "no support hours are agreed" if in_hours and support_hours is None else ""
    hours = support_hours if in_hours else None
    return [Promise(answer, target, hours, missing) for answer, target in wanted.items() if target is not None]


def agreed_for(targets: Mapping[str, Any], name: str) -> Any | None:
    """What was agreed for a severity or a priority, however it is written; None where nothing was.

    Examples
    --------
    >>> agreed_for({"SEV1": "15min"}, "sev1")
    '15min'
    """
    return targets.get(name) or {key.casefold(): value for key, value in targets.items()}.get(name.casefold())


def judged(
    promise: Promise, opened_at: pd.Timestamp, answered_at: pd.Timestamp, clock: Clock, paused: Intervals | None = None
) -> dict[str, Any] | None:
    """An answer held against its promise, where the clock's month is the one in which that is certain.

    Parameters
    ----------
    answered_at : Timestamp
        NaT while there is none; one after the month counts as none yet.
    paused : Intervals, optional
        Time that does not count.

    Returns
    -------
    dict or None
        ``support_elapsed`` (to the answer, else to the end of what was seen of the month),
        ``response_outcome`` (met at the target exactly, too), ``decided_at`` and ``note``; None
        when it was certain before the month. What cannot be judged stands in the month of its
        opening; what fell due where nobody looked is unknown, what is not due yet is pending.
    """
    period = clock.period
    if promise.unknown:
        outcome = {"support_elapsed": pd.NaT, "response_outcome": UNKNOWN, "note": promise.unknown}
        return outcome if period.start <= opened_at else None
    answered = pd.NaT if pd.isna(answered_at) or answered_at >= period.end else answered_at
    runs = clock.runs(promise.hours, opened_at, paused)
    elapsed = _elapsed(runs, clock.until if answered is pd.NaT else answered)
    outcome, decided = _outcome(runs, elapsed, promise.target, answered)
    due = _runs_out(runs, promise.target) if outcome == PENDING else decided
    if due is not pd.NaT and due < period.start:
        return None
    if outcome == PENDING and due is not pd.NaT and due < clock.now:
        return {"support_elapsed": elapsed, "response_outcome": UNKNOWN, "note": _DUE_UNSEEN}
    return {"support_elapsed": elapsed, "response_outcome": outcome, "decided_at": decided, "note": ""}


def attained(outcomes: pd.Series, seen_share: float) -> dict[str, Any]:
    """How many answers came in time, as `ATTAINED` lists; held against all of them.

    While part of the month was not seen there may be others: then it is missed or unknown,
    never met. The share is NaN where some are unknown, and lies between worst and best.
    """
    met, missed, open_past, pending, unknown = (
        int((outcomes == one).sum()) for one in (MET, MISSED, OPEN_PAST, PENDING, UNKNOWN)
    )
    due = met + missed + open_past
    worst, best = share(met, due + unknown), share(met + unknown, due + unknown)
    return {
        "responses_met": met, "responses_missed": missed, "responses_open_past": open_past,
        "responses_pending": pending, "responses_unknown": unknown,
        "attainment": share(met, due) if not unknown else float("nan"),
        "attainment_worst": worst, "attainment_best": best, "coverage": seen_share,
        "verdict": verdict(worst if seen_share == 1 else 0.0, best, 1.0),
    }  # fmt: skip


def in_time(outcomes: Mapping[Period, pd.Series], period: Period, seen_share: float) -> dict[str, Any]:
    """What a scorecard's row says of answers in time, as `opsreport.metrics.rows.score` takes it.

    Parameters
    ----------
    outcomes : mapping of Period to Series
        The ``response_outcome`` of each month that it is asked about.

    Returns
    -------
    dict
        Empty where no answer fell due in the month; a month's share is NaN where some are unknown.
    """
    now = attained(outcomes[period], seen_share)
    if pd.isna(now["attainment_best"]):
        return {}

    def of(month: Period) -> float:
        return attained(outcomes[month], 1.0)["attainment"]

    worst = now["attainment_worst"] if seen_share == 1 else None
    return {"unit": "share", "of": of, "target": 1.0, "verdict": now["verdict"], "worst": worst,
            "best": now["attainment_best"]}  # fmt: skip


def _outcome(runs: _Runs, elapsed: pd.Timedelta, target: pd.Timedelta, answered: pd.Timestamp) -> tuple:
    if elapsed <= target:
        return (PENDING, pd.NaT) if answered is pd.NaT else (MET, answered)
    return (OPEN_PAST if answered is pd.NaT else MISSED), _runs_out(runs, target)


def _elapsed(runs: _Runs, until: pd.Timestamp) -> pd.Timedelta:
    return sum((min(end, until) - start for start, end in runs if start < until), pd.Timedelta(0))


def _runs_out(runs: _Runs, target: pd.Timedelta) -> pd.Timestamp:
    """The last instant at which an answer is still in time."""
    for start, end in runs:
        if end - start > target:
            return start + target
        target -= end - start
    return pd.NaT
