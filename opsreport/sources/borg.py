"""Backups as BorgBackup lists them: its archives.

Documentation: https://borgbackup.readthedocs.io/en/stable/internals/frontends.html (JSON output) and
https://borgbackup.readthedocs.io/en/stable/usage/prune.html. Permission: none but to read the files that a job
saved; borg itself needs the repository and its passphrase, which never comes here. borg lists the archives that
are there and forgets those that ``borg prune`` or ``delete`` removed; a run that failed or was missed leaves no
trace, but for a checkpoint.

Files: ``borg list --json --consider-checkpoints --format '{end}{hostname}' REPO`` (borg 2: ``borg repo-list``),
whole (no --last, --prefix or --glob-archives), with the time in each name, like archives-20261031T060000Z.json, so that
all can be kept; a file that is written over is dated by its own time (``trust_mtime: false`` where a copy may have
changed that: then it tells up to when the repository was last changed). ``borg info --json --glob-archives '*'`` and
``borg create --json`` add sizes; without a list beside it, info is taken for one. ``kept`` says how long prune leaves
every archive alone, like 7d for --keep-within 7d: only back to there, and since the oldest archive, a backup that
is not listed never ran; without it none is said to be missing. Rules like --keep-daily thin out a day's archives
at once: leave kept out where there are several a day. Several repositories may lie in one folder.

Times of borg 1 are local and name no zone: ``timezone`` is that of the machine that listed (or run it with
TZ=UTC). A time that its clock showed twice is taken at its first pass, one that it skipped as if it had not been
changed, and both are counted. finished_at is start and duration where borg tells it, else its end, else missing:
then the achieved RPO is known as a lower bound only.

resource is an archive's name without the date in it and what follows, ``web1-etc`` of web1-etc-2026-10-05T01:00:00;
with ``name`` the first group of a regular expression; where neither fits, the whole name, which is a series' in
borg 2. ``resources`` gives it the client's own name. Of two repositories a name is one resource. size_bytes
is what was backed up, before compression. A listed archive is a success, although borg may have warned of files.
One that was recreated or renamed counts as another. verified is not known, for ``borg check`` prints no JSON.

A checkpoint is an archive that was not finished: from when it began nothing counts as seen while it may still run;
a day after it was last written (a week after its start where its end is not listed) it is a failure.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator, Field

from opsreport.errors import SourceError
from opsreport.params.fields import Zone
from opsreport.period import Period
from opsreport.sources import Pages, _listings, _saved, _values

FRAMES = ("backup",)

_CHECKPOINT = re.compile(r"\.checkpoint(\.\d+)?$")
_NAME = r"(.+?)[-_.:@ ]*\d{4}-?\d{2}-?\d{2}"
#: A running borg writes its checkpoint every half hour.
_SILENT, _NEVER_ENDED = pd.Timedelta(days=1), pd.Timedelta(days=7)
_HINT = "save what borg list --json prints; of borg info --json, with --glob-archives '*'"


def _pattern(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if groups < 1:
        raise ValueError("needs a group, like (.+)-[0-9]+")
    return value


class Settings(_saved.ListingSettings):
    """What every source of listings takes, whose clock the times are by, and how archives are named."""

    timezone: Zone | None = Field(default=None, description="of the machine that listed, whose times name none")
    name: Annotated[str, AfterValidator(_pattern)] = Field(default=_NAME, description="whose first group is a resource")


def fetch(period: Period, settings: Settings) -> Pages:
    """What every file holds."""
    return _saved.pages(settings, _read)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each archive once, and each checkpoint that was broken off."""
    listings, broken, _ = _listed(pages)
    return {"backup": _listings.frame([*_listings.newest(listings).values(), *broken])}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The time in which an archive that is not listed was not made."""
    return {"backup": _listings.window(_listed(pages)[0], pages.settings, period)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What the listings leave in doubt, and times and names that are not clear."""
    listings, _, others = _listed(pages)
    rows = frames["backup"]
    said = [(False, f"{others} archives of other resources were left out")] if others else []
    said += _listings.doubts(listings, pages.settings, period) if listings else [(True, "no file lists archives")]
    zone, written = pages.settings.timezone, {(one["id"], one["start"]) for _, one in _archives(pages)}
    doubtful = sum(_values.is_doubtful(_values.wall(start), zone) for _, start in written) if zone else 0
    if doubtful:
        said.append((False, f"{doubtful} times that the clocks of {zone} showed twice or never, "
                            "read as their first pass"))  # fmt: skip
    if len(rows) > 2 and rows["resource"].nunique() == len(rows):
        said.append((True, "each archive has a resource of its own: say in name which part of their names it is"))
    return _listings.remark(said)


def _read(text: str, name: str) -> dict[str, Any]:
    """A list of archives, or the one that was made.

    Raises
    ------
    SourceError
        When it is nothing that borg prints of archives.
    """
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise SourceError(f"{name} is not JSON: {error}", hint=_HINT) from error
    if not isinstance(document, dict) or not isinstance(document.get("repository"), dict):
        raise SourceError(f"{name} is nothing that borg prints of archives", hint=_HINT)
    archives = document.get("archives", [document.get("archive")])
    if not isinstance(archives, list) or not all(
        isinstance(one, dict) and {"id", "name", "start"} <= one.keys() for one in archives
    ):
        raise SourceError(f"{name} lists no archives", hint=_HINT)
    return document


def _archives(pages: Pages) -> list[tuple[_saved.Document, dict[str, Any]]]:
    """Each archive of each document."""
    return [(document, one) for document in pages.items
            for one in document.body.get("archives", [document.body.get("archive")])]  # fmt: skip


def _listed(pages: Pages) -> tuple[list[_listings.Listing], list[dict[str, Any]], int]:
    """The listings, the checkpoints that were broken off, and how many archives of the newest are of others."""
    lists = [one for one in pages.items if "archives" in one.body]
    has_list = {one.body["repository"]["id"] for one in lists if "cache" not in one.body}
    made, broken, others, details = [], {}, 0, _details(pages)
    for document in lists:
        if "cache" in document.body and document.body["repository"]["id"] in has_list:
            continue  # what info told only adds to a list
        listing, begun, left = _listing(document, details, pages.settings)
        made.append(listing)
        broken |= begun
        others = left if listing.made == max(one.made for one in made) else others
    if pages.settings.only:  # another client's repository in the same folder has no part in it
        ours = {one.of for one in made if one.rows}
        made = [one for one in made if one.of in ours]
    return made, list(broken.values()), others


def _listing(
    document: _saved.Document, details: dict[str, dict[str, Any]], settings: Settings
) -> tuple[_listings.Listing, dict[str, dict[str, Any]], int]:
    """What one document lists, the checkpoints that were broken off by then, and how many archives are of others."""
    repository = document.body["repository"]
    rows = [_row(one, document, settings) for one in document.body["archives"]]
    for row in rows:
        row |= {name: value for name, value in details.get(row["backup_id"], {}).items() if value is not None}
    changed = _time(repository.get("last_modified"), document, settings)
    known = [changed, *(row["finished_at"] or row["started_at"] for row in rows)]
    at = _saved.made_after(document, settings, known)
    begun, left = _listings.own([row for row in rows if row["is_checkpoint"]], settings)
    kept, more = _listings.own([row for row in rows if not row["is_checkpoint"]], settings)
    running = [row["started_at"] for row in begun.values() if not _is_broken_off(row, at)]
    broken = {id: {**row, "finished_at": None} for id, row in begun.items() if _is_broken_off(row, at)}
    listing = _listings.Listing(repository["id"][:8], document.file, at, kept, min(running, default=None))
    return listing, broken, left + more


def _details(pages: Pages) -> dict[str, dict[str, Any]]:
    """What info and create tell of each archive beyond a list."""
    rows = [_row(one, document, pages.settings) for document, one in _archives(pages) if "stats" in one]
    return {row["backup_id"]: {name: row[name] for name in ("finished_at", "size_bytes", "took")} for row in rows}


def _is_broken_off(row: dict[str, Any], at: pd.Timestamp) -> bool:
    written = row["finished_at"]
    return at - written > _SILENT if written is not None else at - row["started_at"] > _NEVER_ENDED


def _row(one: dict[str, Any], document: _saved.Document, settings: Settings) -> dict[str, Any]:
    """One archive as a row."""
    started, ended = (_time(one.get(name), document, settings) for name in ("start", "end"))
    took = pd.Timedelta(seconds=float(one["duration"])).round("us") if one.get("duration") is not None else None
    if took is None and ended is not None and ended < started:  # the second pass of an hour that was shown twice
        ended = _time(_values.wall(one["end"]).replace(fold=1), document, settings)
    finished = started + took if took is not None else ended if ended is not None and ended >= started else None
    name, is_checkpoint = _CHECKPOINT.sub("", one["name"]), bool(_CHECKPOINT.search(one["name"]))
    found = re.match(settings.name, name)
    resource = (found[1] if found else None) or name
    return {
        "backup_id": one["id"], "resource": resource, "service": resource, "started_at": started,
        "finished_at": finished, "outcome": "failure" if is_checkpoint else "success",
        "size_bytes": (one.get("stats") or {}).get("original_size"), "verified": None,
        "took": finished - started if finished is not None else None, "is_checkpoint": is_checkpoint,
    }  # fmt: skip


def _time(value: Any, document: _saved.Document, settings: Settings) -> pd.Timestamp | None:
    return _saved.time(value, document.file, zone=settings.timezone)
