"""How PagerDuty is asked: page by page, for one client's services, and whether it answered what was asked for.

https://developer.pagerduty.com/docs/rest-api-overview, https://developer.pagerduty.com/docs/pagination.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from opsreport.params.fields import Duration, Reference
from opsreport.sources import _http

OPERATIONS = {
    "GET /incidents": "incidents.read",
    "POST /analytics/raw/incidents": "analytics.read (or analytics: false)",
    "GET /incidents/{id}/log_entries": "incidents.read",
}
INCIDENTS, ANALYTICS, LOG = OPERATIONS
#: As many as a page holds, of incidents and of Analytics, and as far as one can page.
A_PAGE, A_BATCH, MOST = 100, 1000, 10_000
#: After so many logs that cannot be read no more are asked for.
ENOUGH = 10
#: PagerDuty is said to look at no more than the days of a window: one more is asked for on both sides.
A_DAY = pd.Timedelta(days=1)
_ADDRESS = "https://api.pagerduty.com"


class Settings(_http.HttpSettings):
    """Whose incidents are read, and how far back."""

    token: Reference = Field(min_length=1, description="where a read-only key is kept: env:NAME, …")
    services: list[Annotated[str, Field(pattern=r"^[A-Z0-9]+$")]] = Field(
        min_length=1, description="the ids of the client's services, as in their addresses: PIJ90N7"
    )
    look_back: Duration = Field(default="35d", validate_default=True, description="how long before the period")
    analytics: bool = Field(default=True, description="whether Analytics is asked, which spares reading each log")


def opened(settings: Settings) -> _http.Questions:
    """PagerDuty, ready to be asked with the client's key."""
    token = settings.reveal()
    headers = {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}
    return _http.opened(settings, OPERATIONS, _ADDRESS, headers, (token,))


def incidents(
    pagerduty: _http.Questions, is_asked: Callable[[dict[str, Any]], bool], asked: dict[str, Any],
    stop: Callable[[dict[str, Any]], bool] = lambda body: False,
) -> _http.Told:  # fmt: skip
    """Incidents, in pages; one that holds what was not asked for is refused.

    Parameters
    ----------
    is_asked : callable
        Whether an incident is among those asked for.
    asked : dict
        What tells the question apart: times, statuses, order.
    stop : callable
        Whether a page is the last that is wanted.
    """
    services = pagerduty.settings.services

    def check(body: dict[str, Any]) -> None:
        for one in body["incidents"]:
            if one["service"]["id"] not in services or not is_asked(one):
                raise _http.HttpError("it answered incidents that were not asked for")

    params = {"service_ids[]": services, "include[]": "first_trigger_log_entries", "time_zone": "UTC",
              "total": "true", "limit": A_PAGE, "offset": 0, **asked}  # fmt: skip
    return pagerduty.ask(INCIDENTS, params=params, check=check, following=_onwards(stop))


def _onwards(stop: Callable[[dict[str, Any]], bool] = lambda body: False) -> _http.Following:
    """The next page by its offset, as far as PagerDuty pages."""
    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        body, params = reply.body, asked["params"]
        if body["offset"] != params["offset"]:
            raise _http.Cut("a page came in place of another")
        onwards = body["offset"] + body["limit"]
        if not body["more"] or stop(body):
            return None
        if onwards + A_PAGE > MOST:
            raise _http.Cut(f"there are more than the {MOST} that PagerDuty pages through")
        return {"params": {**params, "offset": onwards}}

    return following


def analysed(pagerduty: _http.Questions, start: pd.Timestamp, end: pd.Timestamp) -> _http.Told:
    """What Analytics worked out of the incidents created in whole days."""
    def following(reply: _http.Reply, asked: dict[str, Any]) -> dict[str, Any] | None:
        return {"json": {**asked["json"], "starting_after": reply.body["last"]}} if reply.body["more"] else None

    filters = {"service_ids": pagerduty.settings.services, "created_at_start": text(start - A_DAY),
               "created_at_end": text(end + A_DAY)}  # fmt: skip
    return pagerduty.ask(ANALYTICS, following=following, json={
        "filters": filters, "limit": A_BATCH, "order": "asc", "order_by": "created_at", "time_zone": "Etc/UTC",
    })  # fmt: skip


def logs(pagerduty: _http.Questions, ids: Sequence[str]) -> None:
    """All that happened to each of the incidents."""
    lost = 0
    for number, id in enumerate(ids, 1):
        lost += not _log(pagerduty, id).is_whole
        if lost == ENOUGH and number < len(ids):
            pagerduty.note(f"the logs of {len(ids) - number} more incidents were not asked for")
            return


def _log(pagerduty: _http.Questions, id: str) -> _http.Told:
    def check(body: dict[str, Any]) -> None:
        if any((entry.get("incident") or {"id": id})["id"] != id for entry in body["log_entries"]):
            raise _http.HttpError("it answered the log of another incident")

    return pagerduty.ask(LOG, within={"id": id}, check=check, following=_onwards(),
                         params={"time_zone": "UTC", "limit": A_PAGE, "offset": 0})  # fmt: skip


def check_count(pagerduty: _http.Questions, told: _http.Told, what: str) -> None:
    """Say where fewer incidents were listed than there are."""
    seen = {incident["id"] for page in told for incident in page["incidents"]}
    if told.is_whole and not pagerduty.settings.run.is_probe and len(seen) < told[-1]["total"]:
        pagerduty.note(f"of {told[-1]['total']} {what} PagerDuty listed {len(seen)}")


def text(time: pd.Timestamp) -> str:
    """A time as PagerDuty takes it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
