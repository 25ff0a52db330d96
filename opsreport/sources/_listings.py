"""Saved listings of the backups that survive: when each was made, and of which time it can tell.

A tool that lists what is there says nothing of what was pruned before, and nothing of a run that failed or
was missed. So from what is not listed nothing follows but for the time in which every backup is kept
(``kept``), up to shortly before the listing was made: what ran then may not have finished (``longest``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any

import pandas as pd

from opsreport.intervals import Intervals, union
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources._saved import ListingSettings

_A_DAY, _DAY = pd.Timedelta(hours=26), pd.Timedelta(days=1)
_UNSAID = ("say in kept how long every backup is kept at the least, like 7d: without it nothing that is not listed "
           "counts as missing")  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """What one document lists of one repository.

    Attributes
    ----------
    of : str
        The repository; listings of several tell of each for itself.
    made : Timestamp
        When, at the earliest.
    rows : dict
        By id, a row of the frame ``backup`` each, with ``took``, how long it ran, where that is known.
    until : Timestamp, optional
        Since when something ran that is not listed.
    """

    of: str
    file: str
    made: pd.Timestamp
    rows: dict[str, dict[str, Any]]
    until: pd.Timestamp | None = None


def own(rows: Iterable[dict[str, Any]], settings: ListingSettings) -> tuple[dict[str, dict[str, Any]], int]:
    """The rows of the client's own resources by id, under their names of the client's file; and how many are others'.

    Of one id that is listed twice the first counts.
    """
    kept: dict[str, dict[str, Any]] = {}
    others = 0
    for row in rows:
        name = settings.resources.get(row["resource"], row["resource"])
        if is_own(name, settings):
            kept.setdefault(row["backup_id"], {**row, "resource": name})
        else:
            others += 1
    return kept, others


def is_own(resource: str, settings: ListingSettings) -> bool:
    """Whether a resource is among those that the client's file asks for."""
    return not settings.only or any(fnmatchcase(resource, one) for one in settings.only)


def newest(listings: Iterable[Listing]) -> dict[str, dict[str, Any]]:
    """Each backup as the newest listing that has it tells of it."""
    return {id: row for one in sorted(listings, key=lambda one: one.made) for id, row in one.rows.items()}


def frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """The rows as the frame ``backup``, without what is not its own."""
    names = FRAMES["backup"].names
    told = [{name: row.get(name) for name in names} for row in rows]
    return FRAMES["backup"].conform(pd.DataFrame(told)) if told else FRAMES["backup"].empty()


def window(listings: list[Listing], settings: ListingSettings, period: Period) -> tuple:
    """The time of which all repositories' listings tell whole: of several stretches the one that the period needs.

    It never begins before the oldest backup that is known: before, there may have been another repository.
    """
    if not listings or settings.kept is None:
        return pd.NaT, pd.NaT
    told = reduce(Intervals.__and__, (_told(each, settings) for each in _by_repository(listings).values()))
    pairs = told.pairs()
    within = [(min(end, period.end) - max(start, period.start), end) for start, end in pairs]
    return pairs[within.index(max(within))] if pairs else (pd.NaT, pd.NaT)


def doubts(listings: list[Listing], settings: ListingSettings, period: Period) -> list[tuple[bool, str]]:
    """What the listings leave in doubt, and whether that makes them partial."""
    said = [] if settings.kept is not None else [(False, _UNSAID)]
    now = settings.run.now
    for name, each in sorted(_by_repository(listings).items()):
        last, called = each[-1], f" of {name}" if name else ""
        if not last.rows:
            said.append((True, f"{last.file} lists no backup{called}: nothing follows from that alone"))
        if last.made < period.end if now >= period.end else now - last.made > _A_DAY:
            said.append((True, f"the newest listing{called} is of {last.made:%Y-%m-%d %H:%M} UTC: later is not told"))
        if settings.kept is not None and last.rows and settings.kept <= _longest(newest(each).values(), settings):
            said.append((False, "kept is no longer than a backup may take, so nothing counts as seen: see longest"))
        if gone := _lacking(each, settings.kept):
            said.append((True, f"{gone[0].file} lacks backups{called} that were listed before and by kept are still "
                               "there, so it does not tell what is missing: lower kept, and give each repository a "
                               "source of its own"))  # fmt: skip
    return said


def remark(said: list[tuple[bool, str]]) -> dict[str, tuple[str, str]]:
    """What is said of the frame ``backup``, as a source's ``remarks``."""
    partial = any(is_partial for is_partial, _ in said)
    return {"backup": ("partial" if partial else "ok", "; ".join(why for _, why in said))} if said else {}


def _by_repository(listings: list[Listing]) -> dict[str, list[Listing]]:
    """The listings of each, oldest first."""
    made: dict[str, list[Listing]] = defaultdict(list)
    for one in sorted(listings, key=lambda one: one.made):
        made[one.of].append(one)
    return made


def _told(each: list[Listing], settings: ListingSettings) -> Intervals:
    """The time of which the listings of one repository tell whole."""
    rows = newest(each).values()
    longest = _longest(rows, settings)
    oldest = min((row["started_at"] for row in rows), default=each[-1].made)
    lacking = _lacking(each, settings.kept)
    claims = [
        (max(one.made - settings.kept, oldest), min([one.made - longest, *([one.until] if one.until else [])]))
        for one in each if one not in lacking
    ]  # fmt: skip
    return union(Intervals([(start, end)]) for start, end in claims if start < end)


def _longest(rows: Iterable[dict[str, Any]], settings: ListingSettings) -> pd.Timedelta:
    """The longest that a backup takes; of what does not say how long it ran, none is taken to run for over a day."""
    took = [row["took"] if pd.notna(row.get("took")) else _DAY for row in rows]
    return settings.longest if settings.longest is not None else max(took, default=_DAY)


def _lacking(each: list[Listing], kept: pd.Timedelta | None) -> list[Listing]:
    """The listings that lack what one before them had, and what by `kept` was still there."""
    lacking, known = [], {}
    for one in each if kept is not None else ():
        known = {id: start for id, start in known.items() if start > one.made - kept}
        lacking += [one] if known.keys() - one.rows.keys() else []
        known |= {id: row["started_at"] for id, row in one.rows.items()}
    return lacking
