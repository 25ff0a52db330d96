"""Monitors of Better Stack, as stretches of time up, down, in maintenance or paused, and its incidents.

Documentation: https://betterstack.com/docs/uptime/api/list-all-existing-monitors/,
https://betterstack.com/docs/uptime/api/list-all-incidents/ and
https://betterstack.com/docs/uptime/api/get-a-monitors-availability-summary/. Permission: an Uptime API token of the
team. Better Stack names no day on which it forgets an incident; a monitor that is deleted is gone, with its name.

- down: from an incident's begin, which comes after its confirmation period, until it was resolved, or by now. One
  whose cause is that a certificate or domain will expire is no downtime. Where an incident is open and its monitor
  is up, what was when is not told: unknown since it began, and the reading is partial.
- up: the rest, from one check after the monitor was made until it was last checked. A pause that has ended is not
  told of: such time counts as up, and the monitors that were edited in the period, as each pause does, are named.
  paused: since paused_at, of a monitor that is paused now.
- maintenance: the weekly window in which the monitor is not checked, since the monitor was last edited; before, it
  may have been another, and the window is unknown. A monitor whose window is in a time zone that cannot be told is
  left out.

All incidents are needed to tell that there was none: without them nothing is said. Each monitor's downtime is
compared with Better Stack's own total, whose days begin in no documented time zone: what could not be so in any is
said. A monitor is called by its pronounceable name; several of one name have their id beside it.

An incident: service is its name, which is its monitor's, title and fingerprint its cause, opened_at its begin,
acknowledged_at when somebody took it; reported_by is alert where a monitor or heartbeat raised it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.sources import Pages, _http, _monitors, _weekly

FRAMES = ("monitor_state", "incident")
OPERATIONS = {
    "GET /v2/monitors": "an Uptime API token", "GET /v3/incidents": "an Uptime API token",
    "GET /v2/monitors/{monitor_id}/sla": "an Uptime API token",
}  # fmt: skip
KEEPS = {"monitor_state": _http.FOR_EVER, "incident": _http.FOR_EVER}

_MONITORS, _INCIDENTS, _SLA = OPERATIONS
_ADDRESS = "https://uptime.betterstack.com/api"
_DAY = pd.Timedelta(days=1)
#: How long before a period an incident may have begun that ended in it; open ones are read whenever they began.
_BEFORE = pd.Timedelta(days=92)
_SLACK = pd.Timedelta(minutes=5)
_WILL_EXPIRE = re.compile(r"(ssl|tls|certificate|domain).*\b(expires|expiring|expiration|will expire)\b", re.I)


class Settings(_monitors.MonitorSettings):
    """The team, and which of its monitors are the client's."""


def fetch(period: Period, settings: Settings) -> Pages:
    """Every monitor, the incidents of the period and before, those that are open, and what each monitor adds up to."""
    token = settings.reveal()
    stack = _http.opened(settings, OPERATIONS, _ADDRESS, {"Authorization": f"Bearer {token}"}, (token,))
    until = min(period.end, settings.run.now)
    monitors = stack.ask(_MONITORS, params={"per_page": 250}, following=_onwards)
    since = period.start - _BEFORE
    some = {"from": _day(since), "to": _day(until + _DAY), "per_page": 50}
    still = {"resolved": "false", "per_page": 50}
    told = [stack.ask(_INCIDENTS, params=some, following=_onwards, check=_began_after(since - 2 * _DAY)),
            stack.ask(_INCIDENTS, params=still, following=_onwards, check=_are_open)]  # fmt: skip
    every = _attributes(monitors)
    for id in _monitors.chosen(_names(monitors), settings):
        created = _http.instant(every[id]["created_at"])
        if created < until:
            params = {"from": _day(max(period.start, created)), "to": _day(until - pd.Timedelta(seconds=1))}
            stack.ask(_SLA, within={"monitor_id": id}, params=params)
            if settings.run.is_probe:
                break
    return stack.pages(is_whole=monitors.is_whole and all(one.is_whole for one in told))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a monitor was in one state, and a row an incident."""
    now = pages.extra["now"]
    found = {called: _stretches(monitor, down, unclear, period, now)
             for called, monitor, down, unclear in _of_client(pages)}  # fmt: skip
    names = _names(_bodies(pages, _MONITORS))
    rows = [_row(incident) for incident in _incidents(pages).values() if _is_in(incident, period)
            and _is_clients(incident, names, pages.settings)]  # fmt: skip
    return {"monitor_state": _monitors.frame(found, period, now), "incident": _http.rows_of("incident", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Where the incidents and Better Stack's own totals differ, and what else is not told."""
    why = _monitors.unmatched(_names(_bodies(pages, _MONITORS)), pages.settings)
    totals = {answer.asked["monitor_id"]: answer for answer in pages.items if answer.operation == _SLA}
    for called, monitor, down, unclear in _of_client(pages):
        if unclear:
            why.append(f"{called}: an incident is open, but the monitor is {monitor['status']}")
        if _weekly.is_set(monitor) and _weekly.zone(monitor) is None:
            why.append(f"{called}: its maintenance is in the unknown time zone {monitor['maintenance_timezone']!r}")
        elif monitor["id"] in totals:
            why += [f"{called}: {told}" for told in _difference(totals[monitor["id"]], down)]
    if why:
        return {"monitor_state": ("partial", "; ".join(why))}
    edited = [called for called, monitor, *_ in _of_client(pages)
              if period.start < _http.instant(monitor["updated_at"]) < min(period.end, pages.extra["now"])]  # fmt: skip
    note = f"edited in the period, where a pause that has ended counts as up: {', '.join(edited)}"
    return {"monitor_state": ("ok", note)} if edited else {}


_onwards = _http.by_page("page", lambda body: body["pagination"]["next"] is not None)


def _began_after(earliest: pd.Timestamp) -> Any:
    def check(body: Any) -> None:
        if any(_http.instant(one["attributes"]["started_at"]) < earliest for one in body["data"]):
            raise _http.HttpError("it answered with incidents of another time")

    return check


def _are_open(body: Any) -> None:
    if any(one["attributes"]["resolved_at"] is not None for one in body["data"]):
        raise _http.HttpError("it answered with incidents that are not open")


def _day(at: pd.Timestamp) -> str:
    return f"{at:%Y-%m-%d}"


def _bodies(pages: Pages, operation: str) -> list[Any]:
    return [answer.body for answer in pages.items if answer.operation == operation]


def _attributes(monitors: list[Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: {**one["attributes"], "id": one["id"]} for body in monitors for one in body["data"]}


def _names(monitors: list[Any]) -> dict[str, str]:
    return {id: str(one["pronounceable_name"] or one["url"]) for id, one in _attributes(monitors).items()}


def _incidents(pages: Pages) -> dict[str, dict[str, Any]]:
    """Each incident once, as it was read last, with the monitor that raised it."""
    found: dict[str, dict[str, Any]] = {}
    for body in _bodies(pages, _INCIDENTS):
        for one in body["data"]:
            raised = {kind: (told or {}).get("data") for kind, told in one["relationships"].items()}
            monitor = raised.get("monitor") or {}
            found[one["id"]] = {**one["attributes"], "id": one["id"], "monitor": monitor.get("id"),
                                "is_alert": bool(monitor or raised.get("heartbeat"))}  # fmt: skip
    return found


def _of_client(pages: Pages) -> Iterator[tuple[str, dict[str, Any], Intervals, Intervals]]:
    """What each monitor is called, the monitor, when it was down, and when it may have been."""
    if not pages.extra["is_whole"]:
        return
    monitors, now = _bodies(pages, _MONITORS), pages.extra["now"]
    raised: dict[str, list[dict[str, Any]]] = {}
    for incident in _incidents(pages).values():
        if incident["monitor"] and not _WILL_EXPIRE.search(incident["cause"] or ""):
            raised.setdefault(incident["monitor"], []).append(incident)
    every = _attributes(monitors)
    for id, called in _monitors.chosen(_names(monitors), pages.settings).items():
        monitor, down, unclear = every[id], [], []
        for incident in raised.get(id, []):
            start, end = _http.instant(incident["started_at"]), _http.instant(incident["resolved_at"])
            is_clear = end is not None or monitor["status"] in ("down", "validating", "paused")
            ends = end or (_http.instant(monitor["paused_at"]) if monitor["status"] == "paused" else None) or now
            (down if is_clear else unclear).append((start, ends))
        yield called, monitor, Intervals(down), Intervals(unclear)


def _stretches(
    monitor: dict[str, Any], down: Intervals, unclear: Intervals, period: Period, now: pd.Timestamp
) -> Iterator[_monitors.Stretch]:
    zone = _weekly.zone(monitor)
    if _weekly.is_set(monitor) and zone is None:
        return
    paused_at = _http.instant(monitor["paused_at"]) if monitor["status"] == "paused" else None
    paused = Intervals([(paused_at, now)] if paused_at is not None else [])
    window = Intervals(_weekly.windows(monitor, zone, period.start, min(period.end, now))) - down - paused
    edited = Intervals([(_http.instant(monitor["updated_at"]), now)])
    up = Intervals([(max(period.start, _first(monitor)), min(period.end, _last(monitor, now)))])
    up = up - down - unclear - paused - window
    states = {"up": up, "down": down, "maintenance": (window & edited) - unclear, "paused": paused - down}
    for state, time in states.items():
        yield from ((start, end, state) for start, end in time.pairs())


def _first(monitor: dict[str, Any]) -> pd.Timestamp:
    return _http.instant(monitor["created_at"]) + pd.Timedelta(seconds=int(monitor["check_frequency"]))


def _last(monitor: dict[str, Any], now: pd.Timestamp) -> pd.Timestamp:
    """Up to when a monitor is known to have been up, where no incident says otherwise."""
    checked = _http.instant(monitor["last_checked_at"])
    if checked is None or monitor["status"] == "pending":
        return _first(monitor)
    if monitor["status"] in ("up", "paused", "maintenance"):
        return min(checked, now)
    # A check that failed becomes an incident only when it is confirmed.
    late = 2 * int(monitor["check_frequency"]) + int(monitor.get("confirmation_period") or 0)
    return min(checked, now) - pd.Timedelta(seconds=late)


def _difference(answer: _http.Answer, down: Intervals) -> Iterator[str]:
    """What Better Stack's total cannot be, in whichever time zone its days begin and whether or not the last counts."""
    total = answer.body["data"]["attributes"]["total_downtime"]
    first, last = (pd.Timestamp(answer.asked["params"][key], tz="UTC") for key in ("from", "to"))
    least, most = down.clip(first + _DAY, last - _DAY), down.clip(first - _DAY, last + 2 * _DAY)
    counted = pd.Timedelta(seconds=int(total or 0))
    if total is not None and not least.measure() - _SLACK <= counted <= most.measure() + _SLACK:
        ours = down.clip(first, last + _DAY).measure().total_seconds()
        yield f"Better Stack counts {counted.total_seconds():.0f} s of downtime, its incidents come to {ours:.0f} s"


def _is_in(incident: dict[str, Any], period: Period) -> bool:
    end = _http.instant(incident["resolved_at"])
    return _http.instant(incident["started_at"]) < period.end and (end is None or end >= period.start)


def _is_clients(incident: dict[str, Any], names: dict[str, str], settings: Settings) -> bool:
    """Whether its monitor is the client's, or where it has none that is known, its name is like one."""
    id = incident["monitor"] or ""
    name = names.get(id, str(incident["name"] or ""))
    return any(_monitors.is_like(pattern, id, name) for pattern in settings.monitors)


def _row(incident: dict[str, Any]) -> dict[str, Any]:
    return {
        "incident_id": incident["id"], "service": incident["name"], "title": incident["cause"] or incident["name"],
        "reported_by": "alert" if incident["is_alert"] else None, "fingerprint": incident["cause"],
        "opened_at": _http.instant(incident["started_at"]), "resolved_at": _http.instant(incident["resolved_at"]),
        "acknowledged_at": _http.instant(incident["acknowledged_at"]),
    }  # fmt: skip
