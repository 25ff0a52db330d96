"""Support requests, and incidents, of Jira Service Management in the cloud.

Documentation: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ (search/jql, which
took the place of search in 2025), https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
(changelog/bulkfetch) and https://support.atlassian.com/jira-service-management-cloud/docs/what-are-slas/. Permission:
an API token of an account that may browse the projects; with a token of limited scopes, read:jira-work and
read:jira-user, and as address https://api.atlassian.com/ex/jira/CLOUD-ID. Jira forgets an issue only when somebody
deletes it or moves it to a project that is not read: it then stays as it was seen last.

The issues of ``projects`` (and of ``organizations``, where a project serves several clients) are read that were open
in the period, or resolved up to ``look_back`` before it. Those of ``incident_types`` are incidents, all others
requests, never both; sub-tasks are neither. An id is Jira's number of the issue, which stays when it is moved; its
key stands before its title. service is SHOP/API, its project's key and component, with "; " between several, or the
key alone.

An issue is resolved while its status is of the category Done, since its resolution was set, or since it came to that
category. One with a resolution whose status says that it goes on was opened again: it is open. One that an import
resolved before it created it is left out, and said.

first_response_at is when the SLA ``first_response`` first ended; what ends it is set in Jira. While it runs there
was none. An issue without this SLA was first answered by the first public comment of somebody who is neither its
reporter, nor an app, nor a customer of the portal. paused is the time in the statuses ``waiting``, by the names that
they had then; other reasons for which an SLA may pause are not recorded: where the SLA ``resolution`` is paused now,
in another status, it is unknown how long, and so it is where the history or the comments of an issue could not be
read: paused then is a word that is no list, and no late answer is held to be late.

Of incidents acknowledged_at is the first response, severity the priority, and reported_by customer where a customer of
the portal opened it and app where an app did; an account of Atlassian may be anybody's: missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _http
from opsreport.sources import _jira as api
from opsreport.sources._jira import CHANGELOG, COMMENT, FIELD, MYSELF, OPERATIONS, SEARCH, Settings

__all__ = ["FRAMES", "KEEPS", "OPERATIONS", "Settings", "fetch", "observed", "remarks", "to_frames"]

FRAMES = ("ticket", "incident")
KEEPS = {"ticket": _http.FOR_EVER, "incident": _http.FOR_EVER}

_SLA = "com.atlassian.servicedesk:sd-sla-field"
#: What is written for pauses that are not known; no list, so that it cannot be read as one.
_UNKNOWN = "unknown"
_NOT_OURS = ("app", "customer")


def fetch(period: Period, settings: Settings) -> Pages:
    """The issues, each one's changes of status, and the comments of those whose SLA does not say when it was answered.

    Who does not log in is answered as anybody would be, with fewer issues: so it is asked who is logged in.
    """
    jira = api.opened(settings)
    jira.ask(MYSELF, check=lambda body: body["accountId"])
    jira.ask(FIELD, check=lambda body: [one["id"] for one in body])
    slas = _slas(jira.answers, settings.first_response) | _slas(jira.answers, settings.resolution)
    api.issues(jira, api.query(settings, period), sorted(slas))
    found = _issues(jira.answers, settings, period)
    ids = [issue["id"] for issue in found]
    api.histories(jira, ids[: 1 if settings.run.is_probe else None])
    first = _slas(jira.answers, settings.first_response)
    unanswered = [issue["id"] for issue in found if _cycles(issue, first) is None]
    api.comments(jira, unanswered[: 1 if settings.run.is_probe else None])
    for record in jira.inputs:  # what tells only of answers and pauses takes nothing from what was seen
        record |= {} if record["path"].endswith(SEARCH.partition(" ")[2]) else {"aside": True}
    return jira.pages()


@dataclass(frozen=True)
class _Known:
    """What all answers say beside the issues: the SLAs' fields, changes of status and comments by issue."""

    first: set[str]
    resolution: set[str]
    changes: dict[str, list[dict[str, Any]]]
    comments: dict[str, list[dict[str, Any]]]


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an issue, as a request or as an incident."""
    rows: dict[str, list[dict[str, Any]]] = {"ticket": [], "incident": []}
    known, settings = _known(pages), pages.settings
    for issue in _issues(pages.items, settings, period):
        is_incident = _is_of(issue, settings.incident_types)
        row = _row(issue, known, settings)
        rows["incident" if is_incident else "ticket"].append(_incident(issue, row) if is_incident else row)
    return {frame: _http.rows_of(frame, made) for frame, made in rows.items()}


observed = _http.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """An SLA that is not there, and pauses that are not understood."""
    settings, known = pages.settings, _known(pages)
    is_listed = any(answer.operation == FIELD for answer in pages.items)
    lacking = [name for name in (settings.first_response, settings.resolution) if not _slas(pages.items, name)]
    odd = sorted({issue["fields"]["status"]["name"] for issue in _issues(pages.items, settings, period)
                  if _is_oddly_paused(issue, known, settings)})  # fmt: skip
    reversed_ = sorted(one["key"] for one in _found(pages.items)
                       if _is_reversed(one) and _is_wanted(one, settings, period))  # fmt: skip
    said = [f"{len(reversed_)} issues were resolved before they were created, like {reversed_[0]}"] if reversed_ else []
    said += [f"Jira has no SLA called {', '.join(map(repr, lacking))}"] if lacking and is_listed else []
    said += [f"SLAs are paused in {', '.join(odd)}, which waiting does not name"] if odd else []
    return dict.fromkeys(FRAMES, ("partial" if reversed_ else "ok", "; ".join(said))) if said else {}


def _known(pages: Pages) -> _Known:
    settings = pages.settings
    changes: dict[str, list[dict[str, Any]]] = {}
    comments: dict[str, list[dict[str, Any]]] = {}
    for answer in pages.items:
        if answer.operation == CHANGELOG and answer.is_whole:
            for id in answer.asked["json"]["issueIdsOrKeys"]:
                changes.setdefault(id, [])
            for one in answer.body["issueChangeLogs"]:
                changes[one["issueId"]] += one["changeHistories"]
        elif answer.operation == COMMENT and answer.is_whole:
            comments.setdefault(answer.asked["id"], []).extend(answer.body["comments"])
    first, resolution = (_slas(pages.items, name) for name in (settings.first_response, settings.resolution))
    return _Known(first, resolution, changes, comments)


def _issues(answers: Any, settings: Settings, period: Period) -> list[dict[str, Any]]:
    """Those to be told of, in the order of their ids."""
    return [one for one in _found(answers) if _is_wanted(one, settings, period) and not _is_reversed(one)]


def _found(answers: Any) -> list[dict[str, Any]]:
    """Each issue once, as it was read last."""
    found = {one["id"]: one for answer in answers if answer.operation == SEARCH for one in answer.body["issues"]}
    return [found[id] for id in sorted(found, key=int)]


def _is_reversed(issue: dict[str, Any]) -> bool:
    resolved = _resolved_at(issue)
    return resolved is not None and resolved < _time(issue["fields"]["created"])


def _is_wanted(issue: dict[str, Any], settings: Settings, period: Period) -> bool:
    fields, resolved = issue["fields"], _resolved_at(issue)
    is_asked = not settings.issue_types or _is_of(issue, [*settings.issue_types, *settings.incident_types])
    lately = resolved is None or resolved >= period.start - settings.look_back
    return is_asked and lately and not fields["issuetype"].get("subtask") and _time(fields["created"]) < period.end


def _row(issue: dict[str, Any], known: _Known, settings: Settings) -> dict[str, Any]:
    fields, key = issue["fields"], issue["fields"]["project"]["key"]
    cycles = _cycles(issue, known.first)
    is_read = cycles is not None or issue["id"] in known.comments
    answered = _answered(issue, known.comments.get(issue["id"], [])) if cycles is None else min(cycles, default=None)
    address = "" if "/ex/jira/" in settings.address else f"{settings.address}/browse/{issue['key']}"
    return {
        "ticket_id": issue["id"], "title": f"{issue['key']} {fields.get('summary') or ''}".strip(),
        "service": "; ".join(sorted(f"{key}/{one['name']}" for one in fields.get("components") or [])) or key,
        "priority": (fields.get("priority") or {}).get("name"), "opened_at": _time(fields["created"]),
        "first_response_at": answered, "resolved_at": _resolved_at(issue), "url": address or None,
        "paused": _paused(issue, known, settings) if is_read else _UNKNOWN,
        "opened_by": (fields.get("reporter") or {}).get("displayName"),
    }  # fmt: skip


def _incident(issue: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    kind = (issue["fields"].get("reporter") or {}).get("accountType")
    told = {name: row[name] for name in ("service", "title", "opened_at", "resolved_at", "url")}
    return {
        **told, "incident_id": row["ticket_id"], "severity": row["priority"],
        "acknowledged_at": row["first_response_at"], "reported_by": kind if kind in _NOT_OURS else None,
    }  # fmt: skip


def _resolved_at(issue: dict[str, Any]) -> pd.Timestamp | None:
    fields = issue["fields"]
    if fields["status"]["statusCategory"]["key"] != "done":
        return None
    return _time(fields.get("resolutiondate") or fields["statuscategorychangedate"])


def _slas(answers: Any, name: str) -> set[str]:
    """The fields that hold an SLA: projects of a site may each have one of the same name."""
    listed = [one for answer in answers if answer.operation == FIELD for one in answer.body]
    return {one["id"] for one in listed if (one.get("schema") or {}).get("custom") == _SLA
            and one["name"].casefold() == name.casefold()}  # fmt: skip


def _held(issue: dict[str, Any], slas: set[str]) -> Iterator[dict[str, Any]]:
    """What an issue's SLAs say, of those that it has."""
    for name in sorted(slas):
        value = issue["fields"].get(name) or {}
        if value.get("completedCycles") or value.get("ongoingCycle"):
            yield value


def _cycles(issue: dict[str, Any], slas: set[str]) -> list[pd.Timestamp] | None:
    """When an issue's SLA ended, each time; None where it has none."""
    held = list(_held(issue, slas))
    ends = [cycle["stopTime"]["epochMillis"] for value in held for cycle in value.get("completedCycles") or []]
    return [_time(end) for end in ends] if held else None


def _answered(issue: dict[str, Any], comments: list[dict[str, Any]]) -> pd.Timestamp | None:
    reporter = (issue["fields"].get("reporter") or {}).get("accountId")
    ours = [one for one in comments if one.get("jsdPublic") is True and not one.get("visibility")
            and (one.get("author") or {}).get("accountType", "app") not in _NOT_OURS
            and one["author"]["accountId"] != reporter]  # fmt: skip
    return min((_time(one["created"]) for one in ours), default=None)


def _paused(issue: dict[str, Any], known: _Known, settings: Settings) -> str | None:
    """The pauses as the frame holds them; None where it never waited."""
    if issue["id"] not in known.changes or _is_oddly_paused(issue, known, settings):
        return _UNKNOWN
    fields, waiting = issue["fields"], {name.casefold() for name in settings.waiting}
    made = [(_time(one["created"]), int(one["id"]), item["fromString"] or "", item["toString"] or "")
            for one in known.changes[issue["id"]] for item in one["items"] if item["field"] == "status"]  # fmt: skip
    changes = sorted(made)
    states = [(_time(fields["created"]), changes[0][2] if changes else fields["status"]["name"])]
    states += [(at, to) for at, _, _, to in changes]
    ends = [*(at for at, _ in states[1:]), None]
    pauses = [[start.isoformat(), end and end.isoformat()] for (start, state), end in zip(states, ends, strict=True)
              if state.casefold() in waiting and start != end]  # fmt: skip
    return json.dumps(pauses) if pauses else None


def _is_oddly_paused(issue: dict[str, Any], known: _Known, settings: Settings) -> bool:
    """Whether an SLA is paused now although the issue does not wait in a status that is known."""
    is_paused = any((value.get("ongoingCycle") or {}).get("paused") for value in _held(issue, known.resolution))
    waiting = {name.casefold() for name in settings.waiting}
    return is_paused and issue["fields"]["status"]["name"].casefold() not in waiting


def _is_of(issue: dict[str, Any], types: list[str]) -> bool:
    return issue["fields"]["issuetype"]["name"].casefold() in {name.casefold() for name in types}


def _time(value: Any) -> pd.Timestamp:
    """A time as Jira writes it: with an offset, or in milliseconds since 1970."""
    if isinstance(value, int) or str(value).isdigit():
        return pd.Timestamp(int(value), unit="ms", tz="UTC").as_unit("us")
    return _http.instant(value)
