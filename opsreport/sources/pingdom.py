"""Uptime checks of Pingdom, as stretches of time up, down or paused.

Documentation: https://docs.pingdom.com/api/ (3.1: checks, summary.outage, summary.average). Permission: an API token
with read access. Pingdom names no day on which it forgets a check's states, and calls unknown what it no longer
knows; all of a check that is deleted is forgotten at once.

- up, down: as Pingdom judged it, with its own confirmation. A check that is not confirmed yet is left to the next
  reading.
- Pingdom calls unknown the time before a check was made, and while it was paused or not monitored, without telling
  these apart. It is in no row, so that what was known of it before stays. paused: where such time reaches until now
  and the check is paused now. A maintenance window is no state of its own: what Pingdom saw in it counts, and an
  agreed window stands in the client's file.
- Pingdom clips the first and the last state to the window that is asked for, which is the period: there a stretch
  begins and ends with it. Time that no state covers is unknown, and the reading partial.

Each check's states are held against Pingdom's own total of its downtime, which is as exact as the check's
resolution: where they differ the check is left out, and said. Two questions a check are asked; where the limit of
requests (Req-Limit-Short, Req-Limit-Long) is used up the rest are left for the next reading.

A monitor is called by its check's name; several of one name have their id beside it, so nothing is told where not
all were listed. Transaction checks (TMS) are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.sources import Pages, _http, _monitors

FRAMES = ("monitor_state",)
OPERATIONS = dict.fromkeys(
    ("GET /checks", "GET /summary.outage/{checkid}", "GET /summary.average/{checkid}"), "read access"
)
KEEPS = {"monitor_state": _http.FOR_EVER}

_CHECKS, _OUTAGE, _AVERAGE = OPERATIONS
_ADDRESS, _A_PAGE = "https://api.pingdom.com/api/3.1", 1000
_STATES = ("up", "down", "unknown")
_SLACK = pd.Timedelta(minutes=1)
_LIMIT = re.compile(r"Remaining: (\d+) Time until reset: (\d+)")


class Settings(_monitors.MonitorSettings):
    """The account, and which of its checks are the client's."""


@dataclass
class _Limit:
    """How long no more may be asked, as the newest answer said. [s]"""

    wait: int = 0

    def watch(self, reply: _http.Reply, asked: dict[str, Any]) -> None:
        """Read an answer's headers; there is no further page."""
        told = [_LIMIT.search(reply.headers.get(name, "")) for name in ("req-limit-short", "req-limit-long")]
        self.wait = max((int(found[2]) for found in told if found and not int(found[1])), default=0)


def fetch(period: Period, settings: Settings) -> Pages:
    """Every check, and the states and downtime of each of the client's in the period."""
    token = settings.reveal()
    pingdom = _http.opened(settings, OPERATIONS, _ADDRESS, {"Authorization": f"Bearer {token}"}, (token,))
    until = min(period.end, settings.run.now)
    listed = pingdom.ask(_CHECKS, params={"limit": _A_PAGE, "offset": 0}, following=_onwards)
    every = {str(check["id"]): check for body in listed if listed.is_whole for check in body["checks"]}
    total = int(listed[-1]["counts"]["total"]) if listed.is_whole else 0
    if len(every) != total and not settings.run.is_probe:
        pingdom.note(f"{len(every)} of {total} checks were listed")
    window, limit = {"from": _unix(period.start), "to": _unix(until)}, _Limit()
    mine = [id for id in _monitors.chosen(_names(every), settings) if _created(every[id]) < until]
    for number, id in enumerate(mine[: 1 if settings.run.is_probe else None] if period.start < until else []):
        if limit.wait:
            pingdom.note(f"{len(mine) - number} checks were not read: Pingdom answers again in {limit.wait} s")
            break
        within = {"checkid": id}
        pingdom.ask(_OUTAGE, within=within, params={**window, "order": "asc"}, following=limit.watch)
        pingdom.ask(_AVERAGE, within=within, params={**window, "includeuptime": "true"}, following=limit.watch)
    return pingdom.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a check was in one state."""
    now = pages.extra["now"]
    found = {called: _stretches(check, states, period, now) for called, check, states, faults in _told(pages, period)
             if not faults}  # fmt: skip
    return {"monitor_state": _monitors.frame(found, period, now)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Checks whose states do not come to Pingdom's total, or do not cover the period."""
    why = _monitors.unmatched(_names(_every(pages)), pages.settings)
    until = min(period.end, pages.extra["now"])
    for called, check, states, faults in _told(pages, period):
        gaps = [] if faults else _gaps(check, states, max(period.start, _created(check)), until)
        why += [f"{called}: {fault}" for fault in [*faults, *gaps]]
    return {"monitor_state": ("partial", "; ".join(why))} if why else {}


def _onwards(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
    checks, seen = reply.body["checks"], asked["params"]["offset"] + len(reply.body["checks"])
    is_more = bool(checks) and seen < int(reply.body["counts"]["total"])
    return {"params": {**asked["params"], "offset": seen}} if is_more else None


def _unix(at: pd.Timestamp) -> int:
    return int(at.timestamp())


def _every(pages: Pages) -> dict[str, dict[str, Any]]:
    listed = [answer for answer in pages.items if answer.operation == _CHECKS]
    is_whole = all(answer.is_whole for answer in listed)
    return {str(check["id"]): check for answer in listed for check in answer.body["checks"]} if is_whole else {}


def _names(every: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {id: str(check["name"]) for id, check in every.items()}


def _created(check: dict[str, Any]) -> pd.Timestamp:
    return _monitors.seconds(check.get("created") or 0)


def _told(pages: Pages, period: Period) -> Iterator[tuple[str, dict[str, Any], list[_monitors.Stretch], list[str]]]:
    """What each check is called, the check, its states oldest first, and why they are not to be trusted."""
    every = _every(pages)
    bodies = {(answer.operation, answer.asked.get("checkid")): answer.body for answer in pages.items}
    for id, called in _monitors.chosen(_names(every), pages.settings).items():
        outage, average = bodies.get((_OUTAGE, id)), bodies.get((_AVERAGE, id))
        if outage is None:
            continue
        states = sorted((_monitors.seconds(one["timefrom"]), _monitors.seconds(one["timeto"]), str(one["status"]))
                        for one in outage["summary"]["states"])  # fmt: skip
        faults = [f"its states have the unknown word {state!r}" for state in sorted({one[2] for one in states})
                  if state not in _STATES]  # fmt: skip
        if average is None:
            faults.append("its total could not be read")
        elif told := _difference(every[id], states, average):
            faults.append(told)
        yield called, every[id], states, faults


def _difference(check: dict[str, Any], states: list[_monitors.Stretch], average: Any) -> str:
    down = [(start, end) for start, end, state in states if state == "down"]
    ours, theirs = Intervals(down).measure(), pd.Timedelta(seconds=int(average["summary"]["status"]["totaldown"]))
    if abs(ours - theirs) <= _resolution(check) * 2 * (1 + len(down)):
        return ""
    return f"Pingdom counts {theirs.total_seconds():.0f} s of downtime, its states come to {ours.total_seconds():.0f} s"


def _resolution(check: dict[str, Any]) -> pd.Timedelta:
    return pd.Timedelta(minutes=int(check.get("resolution") or 1))


def _stretches(
    check: dict[str, Any], states: list[_monitors.Stretch], period: Period, now: pd.Timestamp
) -> Iterator[_monitors.Stretch]:
    """The states, each until the next one begins at the latest, within the period."""
    begins = [start for start, _, _ in states[1:]]
    for (start, end, state), following in zip_longest(states, begins, fillvalue=None):
        is_now = following is None and end > now - _SLACK
        word = "paused" if is_now and state == "unknown" and check["status"] == "paused" else state
        if word != "unknown":
            yield max(start, period.start), min(end, following or period.end, period.end), word


def _gaps(
    check: dict[str, Any], states: list[_monitors.Stretch], start: pd.Timestamp, until: pd.Timestamp
) -> Iterator[str]:
    """How much of the time is in no state, where it is more than a check or two."""
    covered = Intervals((begin, end) for begin, end, _ in states)
    missing = (Intervals([(start, until)]) - covered).measure()
    if missing > _SLACK + 2 * _resolution(check):
        yield f"no state is told of {missing.total_seconds():.0f} s"
