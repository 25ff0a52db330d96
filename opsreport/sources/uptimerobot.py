"""Monitors of UptimeRobot, as stretches of time up, down or paused.

Documentation: https://uptimerobot.com/api/ (version 2, getMonitors with its logs). Permission: a read-only API key
of the account. Version 3 lists incidents only, not when a monitor was paused, so that such time would count as
up: version 2, which UptimeRobot keeps but develops no further, has both in its log. Its key goes into each
request's body, as it takes it nowhere else, never into an address.

UptimeRobot forgets a free account's log after three months, a paid one's after up to two years, all of a monitor
that is deleted or reset; nothing is said of time before a monitor's oldest entry.

- An entry of the log says since when a state held and for how long. It ends where the next one begins; where it
  ended sooner, the time between is unknown. The newest one holds until now, if that is the monitor's state now;
  while it only seems down, up to two intervals before. Where the two contradict each other, the newest entry
  tells of nothing, and the reading is partial.
- up, down: as UptimeRobot judged it, with its own confirmation. A slow answer is up. paused: from a pause to the
  next start, by whom or what it may be.
- Since a start a monitor is not checked yet: unknown until its first entry up. Where that does not come, as its
  first check changed nothing, unknown for two intervals and up from then on.

A monitor is called by its friendly name; several of one name have their id beside it, so nothing is told where not
all were listed. ``monitors`` picks those of the client, where an account watches several clients' sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _http, _monitors
from opsreport.sources._http_client import Client

FRAMES = ("monitor_state",)
OPERATIONS = {"POST /getMonitors": "a read-only API key of the account"}
KEEPS = {"monitor_state": pd.Timedelta(days=90)}

(_MONITORS,) = OPERATIONS
_ADDRESS, _A_PAGE = "https://api.uptimerobot.com/v2", 50
_DOWN, _UP, _STARTED, _PAUSED = 1, 2, 98, 99
_STATES = {_DOWN: "down", _UP: "up", _STARTED: "unknown", _PAUSED: "paused"}
#: The states now (0 paused, 1 not checked yet, 2 up, 8 seems down, 9 down) that agree with a newest entry.
_NOT_CHECKED, _SEEMS_DOWN = 1, 8
_AGREE = {_DOWN: {8, 9}, _UP: {2, 8}, _STARTED: {1, 2, 8}, _PAUSED: {0}}
#: Between an entry's end and the next one's begin it is the same instant.
_SLACK = pd.Timedelta(minutes=1)
#: A first check, and its confirmation. [intervals]
_CHECKS = 2


class Settings(_monitors.MonitorSettings):
    """The account, and which of its monitors are the client's."""


class _Keyed(Client):
    """A client that puts its key into each form, after what was asked has been noted down."""

    def ask(self, method: str, url: str, **asked: Any) -> _http.Reply:
        """One answer."""
        return super().ask(method, url, **{**asked, "data": {**asked["data"], "api_key": self._secrets[0]}})


def fetch(period: Period, settings: Settings) -> Pages:
    """Every monitor, with all of its log that is kept."""
    key = settings.reveal()
    robot = _http.opened(settings, OPERATIONS, _ADDRESS, secrets=(key,))
    robot.client = _Keyed(robot.client.address, {}, (key,), settings.run.until)
    form = {"format": "json", "logs": 1, "limit": _A_PAGE, "offset": 0}
    told = robot.ask(_MONITORS, data=form, following=_next, check=_refuse)
    if told and told.is_whole and not settings.run.is_probe:
        found = len({monitor["id"] for page in told for monitor in page["monitors"]})
        total = int(told[-1]["pagination"]["total"])
        if found != total:
            robot.note(f"{found} of {total} monitors were listed")
    return robot.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a monitor was in one state."""
    now = pages.extra["now"]
    found = {called: _stretches(monitor, now) for called, monitor in _of_client(pages).items()}
    return {"monitor_state": _monitors.frame(found, period, now)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """As far back as an account's log is kept, or the oldest entry lies."""
    now = pages.extra["now"]
    oldest = [_monitors.seconds(log["datetime"]) for monitor in _all(pages).values() for log in monitor["logs"]]
    kept = max([KEEPS["monitor_state"], *(now - at for at in oldest)])
    return _http.told({"monitor_state": kept})(frames, pages, period)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Monitors whose log does not tell of all the time that it should."""
    why = _monitors.unmatched(_names(pages), pages.settings)
    for called, monitor in _of_client(pages).items():
        why += [f"{called}: {fault}" for fault in _faults(monitor, period, pages.extra["now"])]
    return {"monitor_state": ("partial", "; ".join(why))} if why else {}


def _next(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
    seen = int(asked["data"]["offset"]) + len(reply.body["monitors"])
    is_more = bool(reply.body["monitors"]) and seen < int(reply.body["pagination"]["total"])
    return {"data": {**asked["data"], "offset": seen}} if is_more else None


def _refuse(body: Any) -> None:
    """UptimeRobot refuses with status 200 too."""
    told = body if isinstance(body, dict) else {}
    if told.get("stat") == "ok":
        return
    error = told.get("error") or {}
    # What it says of the value that it was given is left out: that may be the key.
    words = [str(error[name]) for name in ("type", "parameter_name", "message") if error.get(name)]
    said = " ".join(" ".join(words or ["it gave no reason"]).split())
    status = 401 if "api_key" in said else 0
    raise _http.HttpError(f"refused: {said}", status, is_passing="limit" in said)


def _all(pages: Pages) -> dict[str, dict[str, Any]]:
    return {str(monitor["id"]): monitor for answer in pages.items for monitor in answer.body["monitors"]}


def _names(pages: Pages) -> dict[str, str]:
    return {id: str(monitor["friendly_name"]) for id, monitor in _all(pages).items()}


def _of_client(pages: Pages) -> dict[str, dict[str, Any]]:
    """The client's monitors by what each is called, their logs oldest first."""
    if not all(answer.is_whole for answer in pages.items):
        return {}  # Which names several have is not known.
    every = _all(pages)
    called = _monitors.chosen(_names(pages), pages.settings)
    # Of two entries at one second, the one that is listed first is newer.
    return {name: {**every[id], "logs": sorted(reversed(every[id]["logs"]), key=lambda log: int(log["datetime"]))}
            for id, name in called.items()}  # fmt: skip


def _stretches(monitor: dict[str, Any], now: pd.Timestamp) -> Iterator[_monitors.Stretch]:
    logs = monitor["logs"]
    for log, later in [*pairwise(logs), *((log, None) for log in logs[-1:])]:
        start, end = _monitors.seconds(log["datetime"]), _end(log, later, monitor, now)
        if int(log["type"]) != _STARTED:
            yield start, end, _STATES.get(int(log["type"]), "unknown")
            continue
        is_unchecked = int(later["type"]) == _UP if later else int(monitor["status"]) == _NOT_CHECKED
        checked = end if is_unchecked else min(end, start + _CHECKS * _interval(monitor))
        yield start, checked, "unknown"
        yield checked, end, "up"


def _end(log: dict[str, Any], later: dict[str, Any] | None, monitor: dict[str, Any], now: pd.Timestamp) -> pd.Timestamp:
    start, status = _monitors.seconds(log["datetime"]), int(monitor["status"])
    if later is not None:
        until, following = start + pd.Timedelta(seconds=int(log["duration"])), _monitors.seconds(later["datetime"])
        return following if until > following - _SLACK else until
    if status not in _AGREE.get(int(log["type"]), set()):
        return start
    is_doubtful = status == _SEEMS_DOWN and int(log["type"]) != _DOWN
    return max(start, now - _CHECKS * _interval(monitor)) if is_doubtful else now


def _interval(monitor: dict[str, Any]) -> pd.Timedelta:
    return pd.Timedelta(seconds=int(monitor["interval"]))


def _faults(monitor: dict[str, Any], period: Period, now: pd.Timestamp) -> Iterator[str]:
    logs, status = monitor["logs"], int(monitor["status"])
    if not logs:
        if status not in (0, _NOT_CHECKED):
            yield "it has no log, so nothing is known of it"
        return
    oldest, newest = _monitors.seconds(logs[0]["datetime"]), logs[-1]
    created = _monitors.seconds(monitor.get("create_datetime") or 0)
    if oldest > max(period.start, created + _CHECKS * _interval(monitor)):
        yield f"its log begins at {oldest:%Y-%m-%d %H:%M} UTC"
    strange = sorted({int(log["type"]) for log in logs} - set(_STATES))
    if strange:
        yield f"its log has entries of the unknown types {', '.join(map(str, strange))}"
    elif status not in _AGREE[int(newest["type"])]:
        yield f"its state now is {status}, but the newest entry of its log is of type {newest['type']}"
    if _monitors.seconds(newest["datetime"]) > now + _SLACK:
        yield "its log is ahead of the clock"
