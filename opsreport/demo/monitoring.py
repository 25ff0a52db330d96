"""Monitors: stretches that were not up, turned into the log that a monitor would keep."""

from __future__ import annotations

import datetime as dt
import hashlib

from opsreport.demo.files import days, instant, stream

#: monitor, local start (YYYY-MM-DD HH:MM), minutes, state
Stretch = tuple[str, str, int, str]
#: when, monitor, the state from then on
Change = tuple[dt.datetime, str, str]


def changes(monitors: list[str], stretches: list[Stretch], zone: str) -> list[Change]:
    """Each change of state, oldest first; every monitor is up before its first one.

    Raises
    ------
    ValueError
        When two stretches of a monitor overlap: a story that contradicts itself.
    """
    first = instant(f"{days()[0]} 00:00", zone)
    made: list[Change] = [(first, monitor, "up") for monitor in monitors]
    until = dict.fromkeys(monitors, first)
    for monitor, start, minutes, state in sorted(stretches, key=lambda one: (one[0], instant(one[1], zone))):
        begins, ends = instant(start, zone), instant(start, zone, minutes)
        if begins < until[monitor]:
            raise ValueError(f"{monitor} is in two states at {start}")
        until[monitor] = ends
        made += [(begins, monitor, state), (ends, monitor, "up")]
    # Sorting keeps "up" after the state that it ends, and where two stretches touch, the later state last.
    return sorted(made, key=lambda change: change[:2])


def upptime_log(monitors: list[str], stretches: list[Stretch], zone: str, seed: int) -> list[list[object]]:
    """Rows of an Upptime repository's history: every change, and a commit for each day.

    The log runs some hours past the last day, as a log read on the next morning would.
    """
    noise, rows = stream(seed, "upptime"), []
    states = changes(monitors, stretches, zone)
    beats = [dt.datetime.combine(day, dt.time(0, 17), dt.UTC) for day in (*days(), days()[-1] + dt.timedelta(days=1))]
    beats.append(beats[-1] + dt.timedelta(hours=8))
    for monitor in monitors:
        own = [(when, state) for when, _, state in states if when <= beats[-1] and _ == monitor]
        moments = own + [(beat, _state_at(own, beat)) for beat in beats if beat > own[0][0]]
        for when, state in sorted(moments):
            code = {"up": 200, "degraded": 200, "down": 503}[state]
            took = round(noise.uniform(180, 420) * (9 if state == "degraded" else 1)) if state != "down" else 0
            sha = hashlib.sha1(f"{monitor}{when}".encode(), usedforsecurity=False).hexdigest()
            rows.append([when.isoformat(), monitor, state, code, took, sha])
    return sorted(rows, key=lambda row: (row[0], row[1]))


def _state_at(own: list[tuple[dt.datetime, str]], moment: dt.datetime) -> str:
    return [state for when, state in own if when <= moment][-1]
