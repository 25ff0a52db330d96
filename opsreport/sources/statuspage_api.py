"""Incidents of a status page of Atlassian Statuspage, asked of its API or of the page that everybody sees.

Documentation: https://developer.statuspage.io/#tag/incidents, and of the public page
https://metastatuspage.com/api. Permission: with ``page_id`` an API key of the page's organisation; the public page
takes none, and is told none. The manage API forgets nothing but what the page's owner deletes; the public page
forgets all but its 50 newest incidents: where these do not reach back to the period's start the reading is partial.

With ``page_id`` every incident that the page holds is read, at one question a second as Statuspage allows. Without
it ``address`` is the page's own, like https://status.example.com, and its 50 newest are read. Rows are made as those
of ``statuspage``, which reads saved answers and says what each column means; scheduled maintenance is left out and
counted there as here. The manage API may give no started_at: an incident then opened when it was written, or at its
first update where the page dates that before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from pydantic import Field, model_validator

from opsreport.period import Period
from opsreport.sources import Pages, _http, statuspage

FRAMES = ("incident",)
OPERATIONS = {"GET /v1/pages/{page_id}/incidents": "an API key", "GET /api/v2/incidents.json": ""}
KEEPS = {"incident": _http.FOR_EVER}

_MANAGED, _PUBLIC = OPERATIONS
_ADDRESS = "https://api.statuspage.io"
#: As many as a page of the manage API holds, and as the public page shows.
_A_PAGE, _SHOWN = 100, 50


class Settings(_http.HttpSettings):
    """Which page is read."""

    page_id: str = Field(default="", pattern=r"^[a-z0-9]*$", description="the page's id, for the manage API")

    @model_validator(mode="after")
    def _is_one_page(self) -> Settings:
        if self.page_id and not self.token:
            raise ValueError("page_id takes a token: the manage API answers to an API key only")
        if not self.page_id and not self.address:
            raise ValueError("give page_id and token, or as address the public page, like https://status.example.com")
        return self


def fetch(period: Period, settings: Settings) -> Pages:
    """Every incident that the page tells of.

    The manage API names no total: pages are asked for until one is empty.
    """
    token = settings.reveal()
    headers = {"Authorization": f"OAuth {token}"} if settings.page_id else {}
    page = _http.opened(settings, OPERATIONS, _ADDRESS, headers, (token,))
    if settings.page_id:
        page.ask(_MANAGED, within={"page_id": settings.page_id}, params={"limit": _A_PAGE, "page": 1}, check=_check,
                 following=_http.by_page("page", bool))  # fmt: skip
    else:
        _shown(page, period)
    return page.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each incident once, as `statuspage` makes rows."""
    return statuspage.to_frames(replace(pages, items=_as_saved(pages)), period)


def observed(
    frames: dict[str, pd.DataFrame], pages: Pages, period: Period
) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """From what was asked for to now; of a public page from the oldest that it shows."""
    start, end = _http.told(KEEPS)(frames, pages, period)["incident"]
    shown = [_reaches(answer.body["incidents"]) for answer in pages.items if answer.operation == _PUBLIC]
    start = max([start, *(first for first in shown if first is not None)])
    return {"incident": (start, end) if start < end else (pd.NaT, pd.NaT)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """The scheduled maintenance that was left out."""
    said = statuspage.left_out(_as_saved(pages))
    return {"incident": ("ok", said)} if said else {}


def _shown(page: _http.Questions, period: Period) -> None:
    for body in page.ask(_PUBLIC, check=lambda body: _check(body["incidents"])):
        first = _reaches(body["incidents"])
        if first is not None and first > period.start:
            page.note(f"the page shows only its {_SHOWN} newest incidents, which go back to {first:%Y-%m-%d}: the "
                      "manage API holds the others, by page_id and token")  # fmt: skip


def _check(incidents: Any) -> None:
    """Hold an answer to being incidents, each with an id, before it counts as one."""
    if not isinstance(incidents, list) or not all(incident["id"] for incident in incidents):
        raise _http.HttpError("it answered no list of incidents")


def _reaches(incidents: list[dict[str, Any]]) -> pd.Timestamp | None:
    """How far back a page that shows no more than its newest goes; None where it shows all."""
    written = [_http.instant(incident["created_at"]) for incident in incidents]
    return min(written) if len(written) >= _SHOWN else None


def _as_saved(pages: Pages) -> tuple[dict[str, Any], ...]:
    """The answers as `statuspage` reads them from files."""
    return tuple(
        {"file": f"page {number} of {answer.operation.split()[1]}", "updated_at": None,
         "incidents": [_opened(one) for one in _incidents(answer)]}
        for number, answer in enumerate(pages.items, 1)
    )  # fmt: skip


def _incidents(answer: _http.Answer) -> list[dict[str, Any]]:
    return answer.body if answer.operation == _MANAGED else answer.body["incidents"]


def _opened(incident: dict[str, Any]) -> dict[str, Any]:
    """An incident that says when it began."""
    if incident.get("started_at"):
        return incident
    written = [incident["created_at"], *(one.get("display_at") for one in incident.get("incident_updates") or [])]
    return {**incident, "started_at": min(filter(None, written), key=_http.instant)}
