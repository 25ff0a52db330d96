"""Scanners' reports, scan by scan: what each found in what, and from several when a finding came and went.

A report tells only what is there now. So the reports are kept: a finding is found at the first scan that has it
and fixed at the first after the last that has it, where that one looked for it; what comes back has reopened_at,
and in fixed_before_at when it had gone. Where the settings name the one ``asset`` that all reports are of, a report
may also take the place of the one before: then what is no longer listed is closed when frames are loaded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.params.fields import Duration
from opsreport.period import Period
from opsreport.sources import Pages, SourceSettings, _exploited, _files, _found, _saved, _values, declared
from opsreport.sources._found import Found, Scan
from opsreport.sources._rows import rows_of

_SUFFIXES = (".json", ".json.gz")
_OLD = pd.Timedelta(days=7)
#: A folder of reports of one month or day is no name of what they are of.
_A_DATE = re.compile(r"20\d\d")
#: A day in a file's name, and what else in it tells one report from the next.
_DAY = re.compile(r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_NUMBERS = re.compile(r"[0-9a-f]{7,}(T\d+Z?)?|\d+T?\d*Z?")
_SHOWN = 3


class ScannerSettings(SourceSettings):
    """Where the reports are, what they are of, and the lists that tell more of each vulnerability."""

    path: str = Field(description="a report, a folder or a glob of them, relative to this file")
    asset: str = Field(default="", description="the one thing that all of them are of; else as each tells")
    kev: str = Field(default="", description="CISA's known exploited vulnerabilities, CSV or JSON, also as .gz")
    epss: str = Field(default="", description="FIRST's EPSS scores, CSV, also as .gz")
    every: Duration = Field(default="1d", validate_default=True, description="between two scans: one holds so long")


class UndatedSettings(ScannerSettings):
    """Those of a scanner whose reports tell neither when they were made nor of what."""

    trust_mtime: bool = Field(default=True, description="whether a file's time is when it was made, and no copy's")


def pages(settings: ScannerSettings, read: Callable[[_files.File], Scan]) -> Pages:
    """Every report, and the lists that the settings name; a report that cannot be read makes them partial.

    Raises
    ------
    SourceError
        When no report can be read.
    """
    scans, inputs, faults, hint = [], [], [], ""
    for file in _files.find(settings, settings.path, _SUFFIXES):
        try:
            scans.append(read(file))
            inputs.append(file.record())
        except SourceError as error:
            faults, hint = [*faults, error.message], error.hint
            inputs.append({"path": file.name, "unread": error.message})
    if not scans:
        raise SourceError("; ".join(faults), hint=hint)
    dated = tuple(one for one in scans if one.at is not None)
    wanted = {cve for scan in dated for one in scan.found for cve in one.cves}
    lists = _exploited.read(settings, wanted, max((one.at for one in dated), default=None))
    inputs += [{**file.record(), "aside": True} for file in lists.files]
    if undated := len(scans) - len(dated):
        faults.insert(0, f"{undated} reports do not tell when they were made: they are left out")
    faults += lists.old
    status = "partial" if faults else "ok"
    return Pages(dated, settings, tuple(inputs), status, "; ".join(faults), {"lists": lists})


def frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each finding once, from the scan that first had it to the one that no longer does."""
    listed = {"last_seen_at": _end(pages)} if pages.settings.asset and pages.items else {}
    rows = [
        {**_row(asset, name, one, pages.extra["lists"]), **times, **listed}
        for asset, scans in sorted(_by_asset(pages).items())
        for name, one, times in _found.lifetimes(scans)
    ]
    return {"vulnerability": rows_of("vulnerability", rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first scan to the last, and for as long as that one holds."""
    if not pages.items:
        return {}
    times = [scan.at for scan in pages.items]
    return {"vulnerability": (min(times), max(times) + pages.settings.every)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What was not looked at, what was looked at once or long ago: partial where something may be missing."""
    scans = _by_asset(pages)
    if not scans:
        return {}
    newest = max(one[-1].at for one in scans.values())
    missing = _some(sorted({said for scan in pages.items for said in scan.blind}))
    stale = [name for name, one in scans.items() if newest - one[-1].at > max(pages.settings.every, _OLD)]
    if stale:
        missing.append(f"{len(stale)} artifacts were not scanned lately, such as {min(stale)}: "
                       "of these more may be fixed")  # fmt: skip
    missing += _mixed(pages)
    notes = _some(sorted({said for scan in pages.items for said in scan.notes})) + pages.extra["lists"].notes
    if once := sum(len(one) == 1 for one in scans.values()):
        so = "" if pages.settings.asset else "; keep every report"
        notes.append(f"{once} artifacts were scanned once: what is in them may be older than that scan{so}")
    return {"vulnerability": ("partial" if missing else "ok", "; ".join([*missing, *notes]))}


def asset_of(told: str, file: _files.File, settings: ScannerSettings) -> str:
    """What a report is of: as the settings say, else as it tells, else the folder that it lies in.

    Raises
    ------
    SourceError
        When nothing tells.
    """
    folders = [part for part in file.name.split("/")[:-1] if not _A_DATE.match(part)]
    # A scan of the folder where one stands is called "." whatever it is of.
    name = settings.asset or (told if told.strip("./ ") else "") or "/".join(folders)
    if not name:
        raise SourceError(f"{file.name} does not tell what it is of", hint="name it in asset, or in its folder")
    return name


def instant(value: Any, place: str) -> pd.Timestamp | None:
    """A time of a report; None where there is none.

    Raises
    ------
    SourceError
        When it is no time; names its place.
    """
    if not value:
        return None
    try:
        return pd.Timestamp(_values.instant(value)).as_unit("us")
    except _values.Unreadable as error:
        raise SourceError(f"{place}: {value!r} {error}", hint=error.hint) from error


def made_at(file: _files.File, settings: UndatedSettings) -> pd.Timestamp | None:
    """When a report was made that does not tell; None where nothing tells.

    As its name or its folders' say, in UTC with a Z; where they give a day only, the file's time if it lies in that
    day, else the day's first instant on the client's clock; where they give none, the file's time.
    """
    with _files.reading(file.name):
        modified = pd.Timestamp(file.path.stat().st_mtime_ns, tz="UTC").as_unit("us")
    place = file.name.replace("/", "_")
    at, day = _saved.exactly_at(_saved.Document(place, None, modified), settings), _DAY.search(place)
    if at is not None or day is None:
        return at
    try:
        return pd.Timestamp(_values.instant("-".join(day.groups()), settings.zone)).as_unit("us")
    except _values.Unreadable:  # a day that no calendar has
        return None


def series_of(file: _files.File) -> str:
    """The words of a report's name, which those of one part of a project share.

    >>> series_of(_files.File(None, "shop/2026-10/npm-audit-20261005T0300Z.json"))
    'npm audit'
    """
    return " ".join(re.findall(r"[^\W\d_]+", _NUMBERS.sub(" ", file.name.rpartition("/")[2].partition(".json")[0])))


def bare(image: str) -> str:
    """An image's name without its tag and digest.

    >>> bare("registry:5000/shop:1.1@sha256:ab"), bare("shop")
    ('registry:5000/shop', 'shop')
    """
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _end(pages: Pages) -> pd.Timestamp:
    """The end of what is seen: what is listed is there until then."""
    given = declared(pages.settings)
    return given[1] if given else observed({}, pages, None)["vulnerability"][1]


def _by_asset(pages: Pages) -> dict[str, list[Scan]]:
    """The scans of each asset, oldest first; reports of one instant tell of one scan."""
    made: dict[str, list[Scan]] = defaultdict(list)
    for scan in pages.items:
        made[scan.asset].append(scan)
    return {
        asset: [_found.together(list(same)) for _, same in groupby(sorted(scans, key=_made_at), _made_at)]
        for asset, scans in made.items()
    }


def _made_at(scan: Scan) -> pd.Timestamp:
    return scan.at


def _row(asset: str, name: tuple[str, str], one: Found, lists: _exploited.Lists) -> dict[str, Any]:
    cve = one.cves[0] if len(one.cves) == 1 else None
    several = f" ({', '.join(one.cves)})" if len(one.cves) > 1 else ""
    return {
        "finding_id": f"{asset}/{name[0]}/{name[1]}", "asset": asset, "service": asset, "cve": cve,
        "title": one.title if one.title and cve else f"{one.id}: {one.title or one.package}{several}",
        "severity": one.severity, "fix_available": one.has_fix, "url": one.url,
        "kev_due_at": min((lists.due[cve] for cve in one.cves if cve in lists.due), default=one.kev_due_at),
        "epss": max((lists.scores[cve] for cve in one.cves if cve in lists.scores), default=one.epss),
    }  # fmt: skip


def _mixed(pages: Pages) -> Iterator[str]:
    """Assets of which reports of several series tell: each would end what only the other one has."""
    series: dict[str, set[str]] = defaultdict(set)
    for scan in pages.items:
        series[scan.asset].add(scan.series)
    for asset, names in sorted(series.items()):
        if len(names) > 1:
            yield (f"reports of {asset} are of {len(names)} kinds, such as {' and '.join(sorted(names)[:2])}: what "
                   "only one of them finds seems fixed in the next, so give each an asset of its own")  # fmt: skip


def _some(said: list[str]) -> list[str]:
    return [*said[:_SHOWN], *([f"{len(said) - _SHOWN} more reports like these"] if len(said) > _SHOWN else [])]
