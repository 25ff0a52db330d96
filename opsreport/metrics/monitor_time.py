"""What each monitor did when, and what was agreed of it: disjoint sets of time.

Everything in the uptime section is measured on these sets, so an overlapping, repeated
or shuffled row cannot be counted twice, and two figures cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from opsreport.agreement import maintenance_time, terms_in
from opsreport.intervals import Intervals, union
from opsreport.params.models import Agreement, Slo
from opsreport.period import Period
from opsreport.schemas import INSTANT, MEASURES

#: Where rows overlap, the first of these holds; only the first four are observations.
PRECEDENCE = ("down", "degraded", "maintenance", "up", "paused")
_OBSERVED = PRECEDENCE[:4]
_NOTHING = Intervals()

# Money stays Decimal and dates stay dates, in columns of objects.
_DTYPES = {"instant": INSTANT, "duration": "timedelta64[us]"} | dict.fromkeys(
    ("availability", "share", "minutes", "ratio"), "float64"
)


@dataclass(frozen=True)
class Seen:
    """What one monitor saw in a window, one state at a time.

    Attributes
    ----------
    monitor : str
    service : str or NaN
    states : dict of str to Intervals
        For each of PRECEDENCE, disjoint; what lies in none of them is unknown.
    """

    monitor: str
    service: Any
    states: dict[str, Intervals]

    @property
    def observed(self) -> Intervals:
        """The time in which the monitor saw anything."""
        return union(self.states[state] for state in _OBSERVED)


@dataclass(frozen=True)
class Scope:
    """The days of a period in which a monitor's SLO stayed the same.

    Attributes
    ----------
    slo : Slo or None
        None where no SLO was agreed at any time in the period.
    days : Period
        The days it tells of; a monitor's scopes tile the period.
    time : Intervals
        When the SLO was in force; empty where none was.
    planned : Intervals
        The agreed maintenance windows.
    """

    slo: Slo | None
    days: Period
    time: Intervals
    planned: Intervals


@dataclass(frozen=True)
class Account:
    """A monitor's time under one scope, each set as METRICS defines it.

    Attributes
    ----------
    seen : Seen
    scope : Scope
    span, observed : Intervals
        The days told of, and what was observed of them.
    agreed, maintenance : Intervals
        Observed time under the SLO, outside and inside agreed maintenance windows.
    excused, counted : Intervals
        Downtime in agreed time that a correction excuses, and that which counts.
    unseen, unseen_bad : Intervals
        Time under the SLO and outside maintenance that nobody observed, and that part of
        it which would count if it had been down.
    """

    seen: Seen
    scope: Scope
    span: Intervals
    observed: Intervals
    agreed: Intervals
    maintenance: Intervals
    excused: Intervals
    counted: Intervals
    unseen: Intervals
    unseen_bad: Intervals

    @property
    def target(self) -> Fraction | None:
        """The SLO's target, exact; None where none was agreed."""
        return Fraction(self.scope.slo.target) if self.scope.slo else None

    def availability(self) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
        """The agreed availability with its worst and best case, exact; None where unknown."""
        agreed, counted = micros(self.agreed), micros(self.counted)
        if not self.scope.slo or agreed + micros(self.unseen) == 0:
            return None, None, None
        whole = agreed + micros(self.unseen)
        worst = 1 - Fraction(counted + micros(self.unseen_bad), whole)
        return 1 - Fraction(counted, agreed) if agreed else None, worst, 1 - Fraction(counted, whole)


def accounts(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement], excused: pd.DataFrame | None
) -> list[Account]:
    """Each monitor's account, and one a term where its SLO changed; those with an SLO first.

    A monitor is here when it has a row in the period or an SLO in force in it.
    """
    found = seen_in(monitor_state, period.start, period.end, also=_with_slo(agreements, period))
    made = [
        _account(seen, scope, excused_time(excused, name))
        for name, seen in found.items()
        for scope in scopes(agreements, name, period)
    ]
    return sorted(made, key=lambda one: (one.scope.slo is None, one.seen.monitor, one.scope.days))


def seen_in(
    monitor_state: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, also: tuple[str, ...] = ()
) -> dict[str, Seen]:
    """What each monitor saw in [start, end); `also` names monitors that may have no row."""
    rows = monitor_state[(monitor_state["started_at"] < end) & (monitor_state["ended_at"] > start)]
    columns = ["monitor", "state", "started_at", "ended_at"]
    raw: dict[str, dict[str, Intervals]] = {name: {} for name in also}
    for (name, state), part in rows[columns].groupby(["monitor", "state"]):
        raw.setdefault(name, {})[state] = Intervals.from_frame(part).clip(start, end)
    services = _services(monitor_state)
    return {name: Seen(name, services.get(name, float("nan")), _disjoint(raw[name])) for name in sorted(raw)}


def scopes(agreements: list[Agreement], monitor: str, period: Period) -> list[Scope]:
    """A monitor's SLO over a period: one scope, or more where it changed within."""
    terms = terms_in(agreements, period)
    planned = [maintenance_time(t.agreement.maintenance_windows, monitor, t.period) for t in terms]
    runs: list[tuple[Slo, list[int]]] = []
    for index, term in enumerate(terms):
        slo = next((one for one in term.agreement.slos if one.monitor == monitor), None)
        if slo and runs and runs[-1][0] == slo:
            runs[-1][1].append(index)
        elif slo:
            runs.append((slo, [index]))
    if not runs:
        return [Scope(None, period, _NOTHING, union(planned))]
    # The first scope begins with the period and each ends where the next begins, so that
    # time before or between SLOs still has its row.
    begins = [period.first_day, *(terms[run[0]].period.first_day for _, run in runs[1:]), period.end_day]
    return [
        Scope(slo, Period(first, end, period.zone), union(terms[i].time for i in run), union(planned[i] for i in run))
        for (slo, run), first, end in zip(runs, begins[:-1], begins[1:], strict=True)
    ]


def excused_time(excused: pd.DataFrame | None, monitor: str) -> Intervals:
    """The time in which a monitor's downtime is excused by the corrections file."""
    if excused is None or excused.empty:
        return _NOTHING
    rows = excused[excused["monitor"] == monitor]
    return Intervals(zip(rows["starts_at"], rows["ends_at"], strict=True))


def counts_as_down(seen: Seen, scope: Scope) -> Intervals:
    """The time of a scope's SLO that counts as down, before maintenance and excuses."""
    bad = seen.states["down"] | (seen.states["maintenance"] - scope.planned)
    if scope.slo and scope.slo.degraded_counts_as == "down":
        bad = bad | seen.states["degraded"]
    return bad & scope.time


def framed(rows: Sequence[Any], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame whose columns have the dtype of their unit, also where there is no row."""
    made = pd.DataFrame(rows, columns=list(columns), dtype=object).infer_objects()
    for name in columns:
        dtype = _DTYPES.get(MEASURES[name].unit)
        if dtype is not None:
            # By way of a list: a column of nothing but NaT is taken for instants.
            made[name] = pd.Series(made[name].tolist(), dtype=dtype)
    return made


def micros(time: Intervals) -> int:
    """How long a set of time is. [us]"""
    return time.measure() // pd.Timedelta(1, "us")


def _account(seen: Seen, scope: Scope, excused: Intervals) -> Account:
    span = Intervals([(scope.days.start, scope.days.end)])
    agreed = (seen.observed & scope.time) - scope.planned
    bad = counts_as_down(seen, scope) & agreed
    unseen = scope.time - scope.planned - seen.observed
    return Account(
        seen=seen, scope=scope, span=span, observed=seen.observed & span,
        agreed=agreed, maintenance=seen.observed & scope.time & scope.planned,
        excused=bad & excused, counted=bad - excused, unseen=unseen, unseen_bad=unseen - excused,
    )  # fmt: skip


def _disjoint(raw: dict[str, Intervals]) -> dict[str, Intervals]:
    made, taken = {}, _NOTHING
    for state in PRECEDENCE:
        held = raw.get(state, _NOTHING)
        made[state] = held - taken
        taken = taken | held
    return made


def _with_slo(agreements: list[Agreement], period: Period) -> tuple[str, ...]:
    return tuple(slo.monitor for term in terms_in(agreements, period) for slo in term.agreement.slos)


def _services(monitor_state: pd.DataFrame) -> dict[str, Any]:
    if "service" not in monitor_state:
        return {}
    known = monitor_state[["monitor", "service"]].drop_duplicates().dropna()
    return dict(zip(known["monitor"], known["service"], strict=True))
