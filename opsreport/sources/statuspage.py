"""Incidents as a status page of Atlassian Statuspage, or one like it, tells them.

Documentation: https://developer.statuspage.io/, and of a public page
https://<page>/api/v2/incidents.json (https://kb.status.io and https://metastatuspage.com/api have
the same shape). Permission: none for a public page; the manage API takes a key, and this source
takes neither: it reads files that were saved. The public API forgets all but the 50 newest incidents:
save it often enough. Page owners may edit or delete an incident at any time.

Files: the answer with ``page`` and ``incidents``, a bare list of incidents, or JSON lines. Of an
incident that stands in several files the newest edition counts.

A page tells what its owner chose to publish. severity is the page's impact (none, minor, major,
critical). Scheduled maintenance is no incident: it is left out and counted. opened_at is
started_at (a page may write an incident down days later, at created_at). acknowledged_at is the
first update with the status identified or acknowledged, and nothing else: investigating is how an
incident opens. impact_started_at is known only where the page gives an impact window. service is
the components' names, sorted, with "; " between several. Page.updated_at ends what was observed.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas import INSTANT
from opsreport.sources import Pages, SourceSettings, _files, _sheets, _values

FRAMES = ("incident",)

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")
_ACKNOWLEDGED = ("identified", "acknowledged")
_OVER = ("resolved", "postmortem")
_PLANNED = ("scheduled", "in_progress", "verifying", "completed")


class Settings(SourceSettings):
    """Where the saved answers are."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """The incidents of every file, as the page gives them."""
    files = _files.find(settings, settings.path, _SUFFIXES)
    items = tuple(_page(file) for file in files)
    return Pages(items, settings, tuple(file.record() for file in files), why=left_out(items))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each incident once, in its newest edition."""
    newest: dict[str, tuple[tuple, dict[str, Any]]] = {}
    for page in pages.items:
        for number, incident in enumerate(page["incidents"], 1):
            if _is_planned(incident):
                continue
            place = f"{page['file']}, incident {number}"
            row = _incident(incident, place)
            edition = (_time(incident.get("updated_at"), place) or row["opened_at"], len(_updates(incident)))
            if row["incident_id"] not in newest or edition > newest[row["incident_id"]][0]:
                newest[row["incident_id"]] = (edition, row)
    rows = sorted((row for _, row in newest.values()), key=lambda row: (row["opened_at"], row["incident_id"]))
    return {"incident": _frame(rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the oldest incident to the page's last update."""
    rows = frames["incident"]
    if not len(rows):
        return {}
    ends = [_time(page["updated_at"], page["file"]) for page in pages.items]
    ends += [rows["opened_at"].max(), rows["resolved_at"].max()]
    return {"incident": (rows["opened_at"].min(), max(end for end in ends if pd.notna(end)))}


def left_out(items: tuple[dict[str, Any], ...]) -> str:
    """What is said of the scheduled maintenance among the incidents of some pages; nothing where there is none."""
    planned = sum(_is_planned(incident) for page in items for incident in page["incidents"])
    return f"{planned} scheduled maintenances are no incidents and were left out" if planned else ""


def _page(file: _files.File) -> dict[str, Any]:
    bare = file.name.lower().removesuffix(".gz")
    if bare.endswith((".jsonl", ".ndjson")):
        return {"file": file.name, "updated_at": None, "incidents": _sheets.records(file, "jsonl")}
    document = _sheets.document(file)
    if isinstance(document, list):
        document = {"incidents": document}
    incidents = document.get("incidents") if isinstance(document, dict) else None
    if not isinstance(incidents, list) or not all(isinstance(one, dict) for one in incidents):
        raise SourceError(f"{file.name} holds no list of incidents", hint="save the answer of api/v2/incidents.json")
    updated = document["page"].get("updated_at") if isinstance(document.get("page"), dict) else None
    return {"file": file.name, "updated_at": updated, "incidents": incidents}


def _incident(raw: dict[str, Any], place: str) -> dict[str, Any]:
    address = str(raw.get("shortlink") or raw.get("url") or "")
    identity = raw.get("id") or address
    opened = _time(raw.get("started_at") or raw.get("created_at"), place)
    if not identity or opened is None:
        raise SourceError(f"{place} has no {'id' if not identity else 'started_at'}", hint="save the page's own answer")
    return {
        "incident_id": str(identity),
        "service": "; ".join(_components(raw)) or None,
        "title": raw.get("name") or raw.get("title"),
        "severity": raw.get("impact"),
        "impact_started_at": _impact_start(raw, place),
        "opened_at": opened,
        "acknowledged_at": _first(raw, _ACKNOWLEDGED, place),
        "resolved_at": _resolved(raw, place),
        "url": _values.address(address),
    }


def _resolved(raw: dict[str, Any], place: str) -> pd.Timestamp | None:
    status = _word(raw.get("status"))
    if status and status not in _OVER:
        return None  # opened again, whatever an earlier resolution said
    return _time(raw.get("resolved_at"), place) or _first(raw, ("resolved",), place)


def _first(raw: dict[str, Any], statuses: tuple[str, ...], place: str) -> pd.Timestamp | None:
    """When an update first had one of these statuses."""
    times = [
        _time(update.get("display_at") or update.get("created_at") or update.get("at"), place)
        for update in _updates(raw)
        if _word(update.get("status")) in statuses
    ]
    return min((time for time in times if time is not None), default=None)


def _impact_start(raw: dict[str, Any], place: str) -> pd.Timestamp | None:
    window = raw.get("impact_window")
    if isinstance(window, dict):
        return _time(window.get("start") or window.get("started_at"), place)
    return _time(window[0], place) if isinstance(window, list) and window else None


def _components(raw: dict[str, Any]) -> list[str]:
    named = [one.get("name") if isinstance(one, dict) else one for one in raw.get("components") or []]
    return sorted({str(name) for name in named if name})


def _updates(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in raw.get("incident_updates") or raw.get("updates") or [] if isinstance(one, dict)]


def _is_planned(raw: dict[str, Any]) -> bool:
    statuses = [raw.get("status"), *(update.get("status") for update in _updates(raw))]
    return raw.get("impact") == "maintenance" or any(_word(status) in _PLANNED for status in statuses)


def _word(status: Any) -> str:
    return str(status or "").strip().lower().replace(" ", "_")


def _time(value: Any, place: str) -> pd.Timestamp | None:
    if not value:
        return None
    try:
        return pd.Timestamp(_values.instant(value)).as_unit("us")
    except _values.Unreadable as error:
        raise SourceError(f"{place}: {value!r} {error}", hint="save the page's own answer") from error


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    if not rows:
        return ALL["incident"].empty()
    made = pd.DataFrame(rows)
    times = [column.name for column in ALL["incident"].columns if column.dtype == INSTANT and column.name in made]
    return made.astype(dict.fromkeys(times, INSTANT))
