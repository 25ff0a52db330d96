"""Answers: when was what down, in which state was it at all times, and what was left out?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.agreement import maintenance_time, terms_in
from opsreport.intervals import Intervals, union
from opsreport.metrics.monitor_time import (
    Scope,
    Seen,
    counts_as_down,
    excused_time,
    framed,
    scopes,
    seen_in,
)
from opsreport.params.models import Agreement
from opsreport.period import Period

OUTAGE = (
    "monitor", "service", "outage_from", "outage_to", "outage_time", "maintenance_time",
    "excused_time", "counted_down", "began_before", "end_unseen", "note",
)  # fmt: skip
STATE = ("monitor", "service", "state", "state_from", "state_to")
WINDOW = (
    "window_from", "window_to", "monitor", "excluded_as", "excluded_why", "excluded_by", "down_time",
)  # fmt: skip

# Seen beyond each end of the period, to tell whether an outage goes on there.
_MARGIN = pd.Timedelta(seconds=1)


def outages(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Each stretch of time that a monitor was down, clipped to the period; overlaps merged.

    Down is what the monitor saw as down and, under an SLO, what the SLO counts as down:
    its own maintenance outside an agreed window, and degraded where so agreed.

    Returns
    -------
    DataFrame
        Columns OUTAGE, oldest first. ``outage_time`` is the time in the period, of which
        ``maintenance_time`` lies in agreed windows, ``excused_time`` is excused by a
        correction, and ``counted_down`` counts against the SLO (NaT where there is none).
        ``began_before`` and ``end_unseen`` are flags; ``note`` says them in words.
    """
    wide = seen_in(monitor_state, period.start - _MARGIN, period.end + _MARGIN)
    rows = []
    for name, seen in wide.items():
        rows += _outages_of(seen, scopes(agreements, name, period), excused_time(excused, name), period)
    made = framed(rows, OUTAGE)
    return made.sort_values(["outage_from", "monitor"], ignore_index=True)


def states(monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement] | None = None) -> pd.DataFrame:
    """The state of each monitor at every instant of the period, as few stretches as possible.

    Parameters
    ----------
    agreements : list of Agreement, optional
        A monitor with an SLO and no row at all is then listed as unknown throughout.

    Returns
    -------
    DataFrame
        Columns STATE, by monitor and time; a monitor's rows tile the period, its unknown
        stretches included.
    """
    also = tuple(slo.monitor for term in terms_in(agreements or [], period) for slo in term.agreement.slos)
    whole = Intervals([(period.start, period.end)])
    rows = []
    for name, seen in seen_in(monitor_state, period.start, period.end, also).items():
        known = union(seen.states.values())
        for state, time in [*seen.states.items(), ("unknown", whole - known)]:
            rows += [(name, seen.service, state, start, end) for start, end in time.pairs()]
    made = framed(rows, STATE)
    return made.sort_values(["monitor", "state_from"], ignore_index=True)


def excluded_windows(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Each window that was left out of the SLOs: agreed maintenance, and excused downtime.

    Returns
    -------
    DataFrame
        Columns WINDOW, oldest first; ``down_time`` is what the monitors were down in it,
        added up over the monitors, NaT where none was observed in it.
    """
    found = seen_in(monitor_state, period.start, period.end)
    rows = _maintenance_rows(found, period, agreements) + _excused_rows(found, period, excused)
    made = framed(rows, WINDOW)
    return made.sort_values(["window_from", "monitor"], ignore_index=True)


def _outages_of(seen: Seen, of: list[Scope], excused: Intervals, period: Period) -> list[dict[str, Any]]:
    bad = union([seen.states["down"], *(counts_as_down(seen, scope) for scope in of)])
    under_slo, planned = union(s.time for s in of), union(s.planned for s in of)
    whole = Intervals([(period.start, period.end)])
    rows = []
    for start, end in (bad & whole).pairs():
        time = Intervals([(start, end)])
        free = time - planned
        before = start == period.start and _goes_on(bad, seen, of[0], start - _MARGIN / 2)
        after = end == period.end and _goes_on(bad, seen, of[-1], end)
        unseen = not _at(seen.observed, end)
        rows.append({
            "monitor": seen.monitor, "service": seen.service, "outage_from": start, "outage_to": end,
            "outage_time": time.measure(), "maintenance_time": (time & planned).measure(),
            "excused_time": (free & excused).measure(),
            "counted_down": (free & under_slo - excused).measure() if under_slo else pd.NaT,
            "began_before": before, "end_unseen": after or unseen,
            "note": _note(seen, time, before, after, unseen),
        })  # fmt: skip
    return rows


def _goes_on(bad: Intervals, seen: Seen, scope: Scope, instant: pd.Timestamp) -> bool:
    """Whether it is down just outside the period, by the rules of the nearest scope."""
    also = scope.slo is not None and scope.slo.degraded_counts_as == "down"
    return _at(bad | seen.states["degraded"] if also else bad, instant)


def _at(time: Intervals, instant: pd.Timestamp) -> bool:
    return bool(time.clip(instant, instant + pd.Timedelta(1, "us")))


def _note(seen: Seen, time: Intervals, before: bool, after: bool, unseen: bool) -> str:
    said = []
    if before:
        said.append("was down already when the month began")
    if after:
        said.append("still down when the month ended")
    elif unseen:
        said.append("still down when last seen")
    if not time & seen.states["down"]:
        kinds = [state for state in ("degraded", "maintenance") if time & seen.states[state]]
        words = {"degraded": "degraded, which counts as down", "maintenance": "maintenance outside an agreed window"}
        said += [words[kind] for kind in kinds]
    return "; ".join(said)


def _maintenance_rows(found: dict[str, Seen], period: Period, agreements: list[Agreement]) -> list[tuple]:
    rows = []
    for term in terms_in(agreements, period):
        monitors = list(dict.fromkeys(slo.monitor for slo in term.agreement.slos))
        for window in term.agreement.maintenance_windows:
            mine = [name for name in monitors if not window.monitors or name in window.monitors]
            times = [maintenance_time([window], name, term.period) for name in mine[:1]]
            for start, end in union(times).pairs():
                who = ", ".join(mine) if window.monitors else "all"
                down = _down_in(found, mine, start, end)
                rows.append((start, end, who, "agreed maintenance", window.reason, "", down))
    return rows


def _excused_rows(found: dict[str, Seen], period: Period, excused: pd.DataFrame | None) -> list[tuple]:
    if excused is None or excused.empty:
        return []
    rows = []
    for row in excused.to_dict("records"):
        start, end = max(row["starts_at"], period.start), min(row["ends_at"], period.end)
        if start < end:
            said = f"{row['by']}, {pd.Timestamp(row['on']).date()}"
            down = _down_in(found, [row["monitor"]], start, end)
            rows.append((start, end, row["monitor"], "excused", row["why"], said, down))
    return rows


def _down_in(found: dict[str, Seen], monitors: list[str], start: pd.Timestamp, end: pd.Timestamp) -> pd.Timedelta:
    seen = [found[name] for name in monitors if name in found and found[name].observed.clip(start, end)]
    times = [one.states["down"].clip(start, end).measure() for one in seen]
    return sum(times, pd.Timedelta(0)) if seen else pd.NaT
