"""Files that a job saved of what a backup tool prints: what they hold, and when each was made."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.params.fields import Duration
from opsreport.sources import Pages, SourceSettings, _files, _values

_SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
_NAMED = re.compile(
    r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_]?([01]\d|2[0-3])[-:]?([0-5]\d)(?:[-:]?([0-5]\d))?Z)?(?![0-9a-f])"
)
#: A day begins so long before it does in UTC where it begins first, and ends so long after where it ends last.
_FIRST, _LAST = pd.Timedelta(hours=14), pd.Timedelta(hours=12)
_DAY = pd.Timedelta(days=1)


class ListingSettings(SourceSettings):
    """Where the listings are, and what is known of them that they do not tell."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    kept: Duration | None = Field(default=None, description="how long every backup is kept at the least: 7d")
    longest: Duration | None = Field(default=None, description="the longest that one takes; else of those listed")
    trust_mtime: bool = Field(default=True, description="whether a file's time is when it was made, and no copy's")
    resources: dict[str, str] = Field(default={}, description="the client's own names of what is backed up")
    only: list[str] = Field(default=[], description="resources, or patterns like web1:*; the others are left out")


@dataclass(frozen=True)
class Document:
    """One saved file: its name, what it holds, and when it was last written."""

    file: str
    body: Any
    modified: pd.Timestamp


def pages(settings: ListingSettings, read: Callable[[str, str], Any]) -> Pages:
    """Every file; one that cannot be read makes them partial.

    Parameters
    ----------
    read : callable
        What a file's text holds, by its name; raises what is no such file.

    Raises
    ------
    SourceError
        When no file can be read.
    """
    items, inputs, faults, hint = [], [], [], None
    for file in _files.find(settings, settings.path, _SUFFIXES):
        try:
            with _files.reading(file.name):
                modified = pd.Timestamp(file.path.stat().st_mtime_ns, tz="UTC").as_unit("us")
            items.append(Document(file.name, read(_text(file), file.name), modified))
            inputs.append(file.record())
        except SourceError as error:
            faults, hint = [*faults, error.message], error.hint
            inputs.append({"path": file.name, "unread": error.message})
    if not items:
        raise SourceError("; ".join(faults), hint=hint)
    return Pages(tuple(items), settings, tuple(inputs), "partial" if faults else "ok", "; ".join(faults))


def exactly_at(document: Document, settings: ListingSettings) -> pd.Timestamp | None:
    """When a file was made: as its name says, in UTC with a Z, else by the file's time; None where neither tells.

    Where the name gives a day only, the file's time counts if it lies in that day, wherever on earth.
    """
    named, trusted = _named_at(document), document.modified if settings.trust_mtime else None
    if named is None:
        return trusted
    told, is_exact = named
    if is_exact:
        return told
    return trusted if trusted is not None and told - _FIRST <= trusted < told + _DAY + _LAST else None


def made_after(document: Document, settings: ListingSettings, known: Iterable[Any]) -> pd.Timestamp:
    """When a listing was made, at the earliest, and not after now.

    Where neither its name nor its time tells, it is the newest time in it that is not to come; where its name
    gives a day only, the newest in that day, or when that began first on earth. Clocks of what is backed up may
    go wrong, so these count for nothing where the file itself tells.

    Raises
    ------
    SourceError
        When nothing tells.
    """
    exact, named = exactly_at(document, settings), _named_at(document)
    first, last = (named[0] - _FIRST, named[0] + _DAY + _LAST) if named else (None, settings.run.now)
    times = [exact] if exact is not None else [first, *(time for time in known if pd.notna(time) and time <= last)]
    told = max((time for time in times if time is not None), default=None)
    if told is None:
        raise SourceError(f"{document.file} does not tell when it was made",
                          hint="put the time into its name, like snapshots-20261031T060000Z.json")  # fmt: skip
    return min(told, settings.run.now)


def time(value: Any, place: str, form: str | None = None, zone: str | None = None) -> pd.Timestamp | None:
    """A time of a document, in UTC; None where there is none.

    Raises
    ------
    SourceError
        When it is no time; names its place.
    """
    if value is None:
        return None
    try:
        return pd.Timestamp(_values.instant(value, zone, form)).as_unit("us")
    except _values.Unreadable as error:
        raise SourceError(f"{place}: {value!r} {error}", hint=error.hint) from error


def _named_at(document: Document) -> tuple[pd.Timestamp, bool] | None:
    """What a file's name says of when it was made, and whether to the minute."""
    named = _NAMED.search(document.file.rpartition("/")[2])
    try:
        parts = [int(part or 0) for part in named.groups()] if named else []
        told = pd.Timestamp(dt.datetime(*parts, tzinfo=dt.UTC)).as_unit("us") if parts else None
    except ValueError:
        return None
    return (told, bool(named[4])) if told is not None else None


def _text(file: _files.File) -> str:
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    with _files.reading(file.name), opened(file.path, "rt", encoding="utf-8-sig") as handle:
        return handle.read()
