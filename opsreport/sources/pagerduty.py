"""Incidents of PagerDuty, with when each was acknowledged and resolved.

Documentation: https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents,
https://developer.pagerduty.com/api-reference (analytics, log entries). Permission: a read-only key of the account,
or the scopes incidents.read and analytics.read. In the EU address is https://api.eu.pagerduty.com. PagerDuty
forgets no incident while the account lives; Analytics learns of one within 24 hours.

An account serves many: ``services`` names the client's by their ids, and no other's incident is read. What was
created in the period or up to ``look_back`` before it is read again, for people set priorities late; so are those
that are open, and those resolved since the period began, however old. PagerDuty is said to look at no more than the
days of a window, so whole days are asked for, one more on both sides. It pages through 10,000 incidents at the most:
a window that holds more is halved, and what cannot be reached is said.

opened_at is created_at. acknowledged_at is when a person first acknowledged: by Analytics, in whole seconds, else by
the incident's log. What Analytics says is final once it tells of an acknowledgement; that there was none is
believed only where it knows of the same resolution, else the log is read. An acknowledgement that a tool sent in
names no person and does not count; nor does what an incident itself lists, which is what holds now and is emptied
when it is resolved or times out. With ``analytics: false`` each log is read. resolved_at is missing while an
incident is open, also where it was opened again.

severity is the priority, else the urgency (high or low). An incident that was merged into another is the same
trouble twice: it stays, for it may be known already as an open one, under the severity ``merged``. reported_by is
alert where a service's integration triggered it, staff where a user did; an e-mail may be either: missing. service
is PagerDuty's name of it. fingerprint is the incident's key, which a tool gives again for the same trouble, and
which is never the same where a person opened it. Nothing tells what users felt, who noticed, and what was a drill.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _http, _values
from opsreport.sources import _pagerduty as api
from opsreport.sources._pagerduty import A_DAY, ANALYTICS, INCIDENTS, LOG, MOST, OPERATIONS, Settings

__all__ = ["FRAMES", "KEEPS", "OPERATIONS", "Settings", "fetch", "observed", "remarks", "to_frames"]

FRAMES = ("incident",)
KEEPS = {"incident": _http.FOR_EVER}

#: PagerDuty takes windows of at most six months, of which two days are ours.
_LONGEST = pd.Timedelta(days=170)
_OPEN, _RESOLVED, _MERGED = ("triggered", "acknowledged"), ("resolved",), "merged"


def fetch(period: Period, settings: Settings) -> Pages:
    """Every incident with time in the period, then what tells when it was acknowledged."""
    pagerduty = api.opened(settings)
    windows = _windows(period, settings)
    for start, end in windows:
        _created(pagerduty, start, end)
    still = api.incidents(pagerduty, lambda one: one["status"] in _OPEN,
                          {"statuses[]": _OPEN, "date_range": "all", "sort_by": "incident_number:asc"})  # fmt: skip
    api.check_count(pagerduty, still, "open incidents")
    _resolved_since(pagerduty, period)
    found = _incidents(pagerduty.answers, settings, period)
    asked = windows if settings.analytics and found else []
    told = _analytics([body for start, end in asked for body in api.analysed(pagerduty, start, end)])
    untold = [id for id, incident in sorted(found.items()) if not _is_told(incident, told.get(id))]
    api.logs(pagerduty, untold[: 1 if settings.run.is_probe else None])
    for record in pagerduty.inputs:  # what tells only of acknowledgements takes nothing from what was seen
        record |= {} if record["path"] == f"{pagerduty.client.address}/incidents" else {"aside": True}
    return pagerduty.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an incident, as it was read last."""
    told = _analytics([answer.body for answer in pages.items if answer.operation == ANALYTICS])
    logs: dict[str, list[dict[str, Any]]] = {}
    for answer in pages.items:
        if answer.operation == LOG and answer.is_whole:
            logs.setdefault(answer.asked["id"], []).extend(answer.body["log_entries"])
    found = _incidents(pages.items, pages.settings, period)
    rows = [_row(one, told.get(id), logs.get(id, [])) for id, one in sorted(found.items())]
    return {"incident": _http.rows_of("incident", rows)}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """How many incidents were merged into others."""
    merged = int((frames["incident"]["severity"] == _MERGED).sum())
    return {"incident": ("ok", f"{merged} incidents were merged into others")} if merged else {}


def _windows(period: Period, settings: Settings) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Whole days from before the period to its end, or to now, in stretches that may be asked for."""
    start, last = _since(period, settings).floor("D"), min(period.end, settings.run.now).ceil("D")
    return list(pairwise([*pd.date_range(start, last, freq=_LONGEST, inclusive="left"), last]))


def _since(period: Period, settings: Settings) -> pd.Timestamp:
    return period.start - settings.look_back


def _created(pagerduty: _http.Questions, start: pd.Timestamp, end: pd.Timestamp) -> None:
    """The incidents created in whole days; days that hold more than can be paged are halved."""
    first, last = start - A_DAY, end + A_DAY
    told = api.incidents(
        pagerduty, lambda one: first - A_DAY <= _http.instant(one["created_at"]) <= last + A_DAY,
        {"since": api.text(first), "until": api.text(last), "statuses[]": _OPEN + _RESOLVED,
         "sort_by": "incident_number:asc"}, stop=lambda body: body["total"] > MOST,
    )  # fmt: skip
    half = ((end - start) / 2).floor("D")
    if told and told[-1]["total"] > MOST and half:
        _created(pagerduty, start, start + half)
        _created(pagerduty, start + half, end)
    else:
        api.check_count(pagerduty, told, f"incidents created from {first:%Y-%m-%d} to {last:%Y-%m-%d}")


def _resolved_since(pagerduty: _http.Questions, period: Period) -> None:
    """Those resolved since the period began, newest first, whenever they were created."""
    def is_enough(body: dict[str, Any]) -> bool:
        is_last = body["offset"] + 2 * api.A_PAGE > MOST
        return is_last or any(_resolved_at(one) < period.start for one in body["incidents"])

    told = api.incidents(
        pagerduty, lambda one: one["status"] in _RESOLVED,
        {"statuses[]": _RESOLVED, "date_range": "all", "sort_by": "resolved_at:desc"}, stop=is_enough,
    )  # fmt: skip
    times = [_resolved_at(one) for page in told for one in page["incidents"]]
    since = api.text(_since(period, pagerduty.settings))
    if any(later > earlier for earlier, later in pairwise(times)):
        pagerduty.note(f"resolved incidents came in no order: some that opened before {since} may be missing")
    elif told.is_whole and told[-1]["more"] and times[-1] >= period.start and not pagerduty.settings.run.is_probe:
        pagerduty.note(f"of incidents that opened before {since} those resolved before {api.text(times[-1])} are "
                       "missing: they lie further back than PagerDuty pages")  # fmt: skip


def _incidents(answers: Any, settings: Settings, period: Period) -> dict[str, dict[str, Any]]:
    """Those to be told of by their ids: an incident that was read twice as it was read last."""
    bodies = [answer.body for answer in answers if answer.operation == INCIDENTS]
    found = {one["id"]: one for body in bodies for one in body["incidents"]}
    return {id: one for id, one in found.items() if _is_wanted(one, settings, period)}


def _is_wanted(incident: dict[str, Any], settings: Settings, period: Period) -> bool:
    created, resolved = _http.instant(incident["created_at"]), _resolved_at(incident)
    lately = created >= _since(period, settings) or resolved is None or resolved >= period.start
    return created < period.end and lately


def _analytics(bodies: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for body in bodies for one in body["data"]}


def _is_told(incident: dict[str, Any], analysed: dict[str, Any] | None) -> bool:
    """Whether Analytics settles when the incident was acknowledged, or that it was not."""
    if analysed is None or analysed["seconds_to_first_ack"] is not None:
        return analysed is not None
    known = _values.instant(analysed["resolved_at"], "UTC") if analysed["resolved_at"] else None
    resolved, is_acknowledged = _resolved_at(incident), bool(analysed.get("acknowledgement_count"))
    is_same = None not in (known, resolved) and abs(known - resolved) <= pd.Timedelta(seconds=1)
    return is_same and not is_acknowledged


def _acknowledged(
    incident: dict[str, Any], analysed: dict[str, Any] | None, log: list[dict[str, Any]]
) -> pd.Timestamp | None:
    if _is_told(incident, analysed):
        after = analysed["seconds_to_first_ack"]
        return None if after is None else _http.instant(incident["created_at"]) + pd.Timedelta(seconds=int(after))
    by_users = [entry for entry in log if _kind(entry.get("agent")) == "user"]
    return min((_http.instant(entry["created_at"]) for entry in by_users if _kind(entry) == "acknowledge_log_entry"),
               default=None)  # fmt: skip


def _row(incident: dict[str, Any], analysed: dict[str, Any] | None, log: list[dict[str, Any]]) -> dict[str, Any]:
    priority = incident.get("priority") or {}
    severity = priority.get("summary") or priority.get("name") or incident.get("urgency")
    is_merged = _kind(incident.get("resolve_reason")) == "merge_resolve_reason"
    return {
        "incident_id": incident["id"], "service": incident["service"].get("summary"),
        "title": incident.get("title") or incident.get("summary"),
        "severity": _MERGED if is_merged else severity,
        "reported_by": _reporter(incident.get("first_trigger_log_entry") or {}),
        "opened_at": _http.instant(incident["created_at"]), "acknowledged_at": _acknowledged(incident, analysed, log),
        "resolved_at": _resolved_at(incident), "fingerprint": incident.get("incident_key") or None,
        "url": _values.address(incident.get("html_url") or ""),
    }  # fmt: skip


def _resolved_at(incident: dict[str, Any]) -> pd.Timestamp | None:
    is_over = incident["status"] in _RESOLVED
    return _http.instant(incident.get("resolved_at") or incident["last_status_change_at"]) if is_over else None


def _reporter(trigger: dict[str, Any]) -> str | None:
    agent, channel = _kind(trigger.get("agent")), _kind(trigger.get("channel"))
    if agent == "user":
        return "staff"
    is_tool = agent == "service" or "integration" in agent
    return "alert" if is_tool and "email" not in agent + channel else None


def _kind(thing: dict[str, Any] | None) -> str:
    return ((thing or {}).get("type") or "").removesuffix("_reference")
