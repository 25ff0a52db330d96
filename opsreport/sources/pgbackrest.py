"""Backups of PostgreSQL as pgBackRest lists them, by stanza.

Documentation: https://pgbackrest.org/command.html#command-info and https://pgbackrest.org/user-guide.html#retention.
Permission: none but to read the files that a job saved; pgBackRest itself reads its repositories as its own user,
whose keys never come here. It lists the backups that are there and forgets those that expired; a run that
failed or was missed leaves no trace.

Files: ``pgbackrest info --output=json``, whole (no --set, --repo or --type), made on the repository's host, as only
there a running backup shows; with the time in each name, like info-20261031T060000Z.json, so that all can be
kept; a file that is written over is dated by its own time (``trust_mtime: false`` where a copy may have changed
that: then it tells up to its newest backup). ``kept`` says how long every backup is kept, full, differential or
incremental, like 7d where repo1-retention-full is a week and no backup expires sooner: only back to there, and
since the oldest backup, one that is not listed never ran; without it none is said to be missing. A host of its own
for each source: stanzas of two hosts may bear one name.

A backup was made between start and stop, in whole seconds. resource and service are the stanza's name, whichever
repository it went to; with ``each_repository`` each is a resource of its own, ``shop/repo2``, where every one of
them was agreed; ``resources`` gives it the client's own name. size_bytes is the database's size, not what
the repository takes. A listed backup is a success. One with an error in it (page checksums that are wrong) is
not verified; without an error it is not known, for only pages were checked, and only where the cluster has checksums.

With WAL archived all the time a database can be restored to nearly any instant since its oldest backup: far less
can be lost than what the achieved RPO says, which is told of backups alone. pgBackRest does not say when the
newest WAL was archived, or whether any is missing, so nothing of this is told.

While a backup or expiry runs (status.lock) nothing after the newest backup counts as seen. Where a stanza or one of
its repositories cannot be read, what the others list is told, nothing counts as seen, and it is said. No valid
backups is no error of the kind, but it is said too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _listings, _saved

FRAMES = ("backup",)

#: ok, and no valid backups: both were read.
_READABLE = (0, 2)
#: Paths of the machine are no part of a report.
_PATH = re.compile(r"['\"]?/[^ ]+")
_HINT = "save what pgbackrest info --output=json prints"


class Settings(_saved.ListingSettings):
    """What every source of listings takes, and whether each repository counts."""

    each_repository: bool = Field(default=False, description="whether each repository is a resource: shop/repo2")


def fetch(period: Period, settings: Settings) -> Pages:
    """What every file holds."""
    return _saved.pages(settings, _read)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each backup once."""
    part: dict[str, dict[str, Any]] = {}
    for document, stanza in _stanzas(pages):
        if _faults(stanza):
            part |= _listings.own(_rows(stanza, document, pages.settings), pages.settings)[0]
    return {"backup": _listings.frame((part | _listings.newest(_listed(pages))).values())}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The time in which a backup that is not listed was not made."""
    return {"backup": _listings.window(_listed(pages), pages.settings, period)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What the listings leave in doubt, and what could not be read."""
    listings = _listed(pages)
    faults = [f"{document.file}, {stanza['name']}, {fault}" for document, stanza in _stanzas(pages)
              for fault in _faults(stanza) if _is_of(document, pages, period)]  # fmt: skip
    said = _listings.doubts(listings, pages.settings, period) if listings else [(True, "no stanza could be read whole")]
    said += [(True, fault) for fault in faults[:3]]
    said += [(True, f"{len(faults) - 3} more like these")] if len(faults) > 3 else []
    wrong = frames["backup"]["verified"].eq(False) & period.contains(frames["backup"]["started_at"])
    said += [(False, f"{wrong.sum()} backups hold pages whose checksums are wrong")] if wrong.any() else []
    return _listings.remark(said)


def _read(text: str, name: str) -> list[dict[str, Any]]:
    """The stanzas of a document.

    Raises
    ------
    SourceError
        When it is nothing that pgBackRest prints.
    """
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise SourceError(f"{name} is not JSON: {error}", hint=_HINT) from error
    if not isinstance(document, list) or not all(
        isinstance(one, dict) and {"name", "backup", "status"} <= one.keys() and isinstance(one["backup"], list)
        for one in document
    ):
        raise SourceError(f"{name} lists no backups of stanzas", hint=_HINT)
    if not document:
        raise SourceError(f"{name} lists no stanza", hint="run pgbackrest info where its configuration is")
    return document


def _stanzas(pages: Pages) -> Iterator[tuple[_saved.Document, dict[str, Any]]]:
    """Each of the client's own stanzas of each document."""
    for document in pages.items:
        for stanza in document.body:
            keys = [one["key"] for one in stanza.get("repo", [{"key": 1}])]
            if any(_listings.is_own(_resource(stanza, key, pages.settings), pages.settings) for key in keys):
                yield document, stanza


def _listed(pages: Pages) -> list[_listings.Listing]:
    """What each document lists of each stanza that could be read whole."""
    made = []
    for document, stanza in _stanzas(pages):
        if _faults(stanza):
            continue
        rows = _listings.own(_rows(stanza, document, pages.settings), pages.settings)[0]
        ends = [row["finished_at"] for row in rows.values()]
        held = ((stanza["status"].get("lock") or {}).get("backup") or {}).get("held")
        # Of what runs it is not told since when, but that it began after the one before had ended.
        until = max(ends, default=pd.Timestamp(0, tz="UTC")) if held else None
        at = _saved.made_after(document, pages.settings, ends)
        made.append(_listings.Listing(stanza["name"], document.file, at, rows, until))
    return made


def _faults(stanza: dict[str, Any]) -> list[str]:
    """What of a stanza could not be read, repository by repository where these are told."""
    told = [(f"repository {one['key']}", one["status"]) for one in stanza.get("repo", ())]
    wrong = [(place, str(status.get("message", ""))) for place, status in told or [("its repository", stanza["status"])]
             if status["code"] not in _READABLE]  # fmt: skip
    return [f"{place} cannot be read: {_PATH.sub('', message).strip()}" for place, message in wrong]


def _is_of(document: _saved.Document, pages: Pages, period: Period) -> bool:
    at = _saved.exactly_at(document, pages.settings)
    return at is None or period.start <= at < max(period.end, pages.settings.run.now)


def _rows(stanza: dict[str, Any], document: _saved.Document, settings: Settings) -> Iterator[dict[str, Any]]:
    """The backups of a stanza as rows."""
    systems = {(one["id"], one.get("repo-key", 1)): one.get("system-id") for one in stanza.get("db", ())}
    for one in stanza["backup"]:
        place = f"{document.file}, {stanza['name']}"
        try:
            key, label = one["database"].get("repo-key", 1), one["label"]
            started, ended = (_saved.time(one["timestamp"][name], place, "unix") for name in ("start", "stop"))
            system = systems.get((one["database"]["id"], key))
        except (KeyError, TypeError) as error:
            raise SourceError(f"{place}: a backup has no {error}", hint=_HINT) from error
        yield {
            "backup_id": f"{stanza['name']}/{system}/repo{key}/{label}",
            "resource": _resource(stanza, key, settings, mapped=False), "service": stanza["name"],
            "started_at": started, "finished_at": ended, "outcome": "success",
            "size_bytes": (one.get("info") or {}).get("size"), "verified": False if one.get("error") else None,
            "took": ended - started,
        }  # fmt: skip


def _resource(stanza: dict[str, Any], key: int, settings: Settings, *, mapped: bool = True) -> str:
    name = f"{stanza['name']}/repo{key}" if settings.each_repository else stanza["name"]
    return settings.resources.get(name, name) if mapped else name
