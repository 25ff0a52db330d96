"""Uptime from the database of Uptime Kuma (1 and 2), of which each check is a stretch of time in one state.

Documentation: https://github.com/louislam/uptime-kuma/wiki (the tables: db/knex_init_db.js and db/knex_migrations
there). Permission: to read ``kuma.db`` and, while Uptime Kuma runs, ``kuma.db-wal`` and ``kuma.db-shm`` beside it; it
is opened to read and never changed. ``path`` is that file or a copy made by ``sqlite3 kuma.db ".backup copy.db"``; a
plain copy without its -wal lacks the newest checks. MariaDB is not read.

Uptime Kuma 1 forgets checks after keepDataPeriodDays (180 unless set otherwise). Version 2 forgets after a day
every check but the last 100 that changed nothing: collect daily. What is left of the time before would be one-sided,
so of each monitor nothing is told before its oldest check that changed nothing. The sums it keeps are not read:
they do not say when. With a monitor that somebody deletes its checks are forgotten.

- up, down: as the check ended, an upside-down monitor turned, until the next check. time is UTC, and when the check
  began. A state holds until the next check where that comes within three intervals; else for one interval, and what
  follows (Uptime Kuma was off) is unknown. The interval is the monitor's as it is set now, or the usual time between
  the checks of that day where that is longer. The newest check tells of nothing until the next.
- unknown: pending, a check that failed and is tried again before the monitor is down. It is neither up nor down.
- maintenance: a monitor in a maintenance, also of its group, whatever its check would have said.
- paused: a monitor that is inactive now, or whose group is, from its last check to the newest of all. That an
  earlier gap was a pause is not told: it is unknown.

A monitor is named as it is now; several of one name have their id beside it. Groups are monitors too.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas import INSTANT
from opsreport.sources import Pages, SourceSettings, _files, _spans

FRAMES = ("monitor_state",)

_STATES = {0: "down", 1: "up", 2: "unknown", 3: "maintenance"}
#: How many intervals may pass between two checks, and how many checks of a day make their usual time known.
_INTERVALS, _ENOUGH = 3, 10
_DAY = pd.Timedelta(days=1)
_FORM = "%Y-%m-%d %H:%M:%S"
_COPY = 'copy it with sqlite3 kuma.db ".backup copy.db", and read the copy'


class Settings(SourceSettings):
    """Which database, and which of its monitors where not all are this client's."""

    path: str = Field(description="kuma.db, relative to this file")
    monitors: list[str] = Field(default=[], description='the monitors that count, like "Acme *"; by default all')
    groups: list[str] = Field(default=[], description="the groups whose monitors count, with the groups in them")


def fetch(period: Period, settings: Settings) -> Pages:
    """The checks of each monitor in the period, and as far around it as a state may hold."""
    [file] = _files.find(settings, settings.path, (".db",))[:1]
    with _files.reading(file.name):
        before, is_alone = file.path.stat(), _is_alone(file.path)
    try:
        with closing(_opened(file.path)) as kuma:
            kuma.execute("BEGIN")  # All is read of one moment, also while checks are written.
            if (found := kuma.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            items, every = _read(kuma, period, settings)
            newest = _instants([row[0] for row in kuma.execute("SELECT max(time) FROM heartbeat") if row[0]])
    except sqlite3.Error as error:
        raise _files.BrokenFile(f"{file.name} cannot be read: {error}", hint=_COPY) from error
    after = file.path.stat()
    if is_alone and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise _files.BrokenFile(f"{file.name} was written while it was read", hint=_COPY)
    digest = hashlib.sha256(b"".join(item[key].tobytes() for item in items for key in ("at", "status")))
    record = {"path": file.name, "sha256": digest.hexdigest(), "bytes": after.st_size}
    extra = {"newest": newest.max() if len(newest) else pd.NaT, "every": every}
    return Pages(tuple(items), settings, (record,), extra=extra)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a monitor was in one state."""
    made = [spans for item in pages.items for spans in _of_monitor(item, pages.extra["newest"])]
    if not made:
        return {"monitor_state": ALL["monitor_state"].empty()}
    spans = pd.concat(made, ignore_index=True)
    spans["started_at"] = spans["started_at"].clip(lower=period.start)
    spans["ended_at"] = spans["ended_at"].clip(upper=period.end)
    return {"monitor_state": ALL["monitor_state"].conform(_spans.lasting(spans))}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the oldest check after which none was forgotten, of any monitor, to the newest."""
    since = [item["since"] for item in pages.items if item["since"] is not None]
    if not since:
        return {}
    # A monitor that is new says nothing of what others saw; one of which checks were forgotten does.
    start = max((item["since"] for item in pages.items if item["is_cleared"]), default=min(since))
    start, end = max(period.start, start), min(period.end, pages.extra["newest"])
    return {"monitor_state": (start, end)} if start < end else {}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States that are not known, monitors that are not there, and checks that were forgotten."""
    why = []
    strange = sorted({one for item in pages.items for one in np.unique(item["status"]).tolist()} - set(_STATES))
    if strange:
        why.append(f"checks have the status {strange[0]}, which is not known")
    for pattern in pages.settings.monitors:
        if not any(fnmatchcase(name, pattern) for name, _ in pages.extra["every"]):
            why.append(f"no monitor is named {pattern}")
    for group in pages.settings.groups:
        if not any(group in groups for _, groups in pages.extra["every"]):
            why.append(f"no group {group} holds a monitor")
    status = "partial" if why else "ok"
    if forgotten := [item["name"] for item in pages.items if item["is_cleared"]]:
        why.append(f"checks of {len(forgotten)} monitors, like {forgotten[0]}, were forgotten: collect daily")
    return {"monitor_state": (status, "; ".join(why))} if why else {}


def _is_alone(path: Path) -> bool:
    """Whether nobody has it open: what runs keeps its newest checks in a file beside it."""
    return not Path(f"{path}-wal").exists()


def _opened(path: Path) -> sqlite3.Connection:
    """The database, to be read only; without so much as a lock where nobody else has it open."""
    with path.open("rb") as handle:
        head = handle.read(20)
    if not head.startswith(b"SQLite format 3\x00"):
        raise sqlite3.DatabaseError("it is no SQLite database")
    # A file that was written by way of a -wal would get one again when it is opened.
    how = "&immutable=1" if head[18:19] == b"\x02" and _is_alone(path) else ""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{how}", uri=True, timeout=30, isolation_level=None)


def _read(
    kuma: sqlite3.Connection, period: Period, settings: Settings
) -> tuple[list[dict[str, Any]], list[tuple[str, set[str]]]]:
    """The monitors that count with their checks, and the name and groups of every one."""
    there = {row[1] for row in kuma.execute("PRAGMA table_info(monitor)")}
    parent = "parent" if "parent" in there else "NULL"
    rows = kuma.execute(f"SELECT id, name, active, interval, {parent} FROM monitor ORDER BY id").fetchall()
    known = {row[0]: row for row in rows}
    above = {id: [known[one] for one in _above(known, id)] for id in known}
    every = [(row[1] or "", {group[1] or "" for group in above[row[0]]}) for row in rows]
    names, items = Counter(row[1] for row in rows), []
    for row, (name, groups) in zip(rows, every, strict=True):
        if _counts(name, groups, settings):
            label = name if name and names[name] == 1 else f"{name} ({row[0]})".strip()
            is_active = all(one[2] for one in [row, *above[row[0]]])
            items.append({"name": label, "is_active": is_active, **_checks(kuma, row[0], row[3], period)})
    return items, every


def _above(known: dict[int, tuple], id: int) -> Iterator[int]:
    """The groups that a monitor stands in, the nearest first."""
    been = {id}
    while (id := known[id][4]) in known and id not in been:
        been.add(id)
        yield id


def _counts(name: str, groups: set[str], settings: Settings) -> bool:
    if not settings.monitors and not settings.groups:
        return True
    return any(fnmatchcase(name, one) for one in settings.monitors) or bool(groups & set(settings.groups))


def _checks(kuma: sqlite3.Connection, id: int, seconds: int, period: Period) -> dict[str, Any]:
    interval = pd.Timedelta(seconds=max(1, seconds))
    around = _INTERVALS * interval + _DAY
    window = [(at.tz_convert("UTC")).strftime(_FORM) for at in (period.start - around, period.end + around)]
    one = "SELECT time FROM heartbeat WHERE monitor_id = ? {} LIMIT 1"
    since, first, last = (_instants([row[0] for row in kuma.execute(one.format(which), (id,))]) for which in (
        "AND important = 0 ORDER BY time", "ORDER BY time", "ORDER BY time DESC"))  # fmt: skip
    query = "SELECT time, status FROM heartbeat WHERE monitor_id = ? AND time >= ? AND time < ? ORDER BY time, id"
    beats = kuma.execute(query, (id, *window)).fetchall()
    return {
        "interval": interval, "since": since[0] if len(since) else None, "last": last[0] if len(last) else None,
        "is_cleared": bool(len(since) and since[0] - first[0] > _INTERVALS * interval and since[0] > period.start),
        "at": _instants([beat[0] for beat in beats]).as_unit("ms").asi8,
        "status": np.array([-1 if beat[1] is None else beat[1] for beat in beats], dtype="int64"),
    }  # fmt: skip


def _instants(written: list[Any]) -> pd.DatetimeIndex:
    """Times as Uptime Kuma writes them, which are UTC."""
    if strange := [one for one in written if not isinstance(one, str)]:
        raise SourceError(f"{strange[0]!r} is no time of a check", hint="report it: Uptime Kuma writes them as text")
    return pd.to_datetime(written, format="ISO8601", utc=True).as_unit("us")


def _of_monitor(item: dict[str, Any], newest: pd.Timestamp) -> Iterator[pd.DataFrame]:
    """A monitor's checks, each until the next one, and the time since in which it is paused."""
    checks = pd.DataFrame({"monitor": item["name"], "started_at": pd.to_datetime(item["at"], unit="ms", utc=True),
                           "state": [_STATES.get(one, "unknown") for one in item["status"].tolist()]})  # fmt: skip
    checks = checks.astype({"started_at": INSTANT})
    if item["since"] is not None:
        spans = _spans.held(checks[checks["started_at"] >= item["since"]])
        gaps, usual = spans["ended_at"] - spans["started_at"], _usual(spans, item["interval"])
        spans["ended_at"] = spans["ended_at"].mask(gaps > _INTERVALS * usual, spans["started_at"] + usual)
        yield _spans.joined(_spans.lasting(spans))
    if not item["is_active"] and item["last"] is not None:
        paused = {"monitor": item["name"], "started_at": item["last"], "ended_at": newest, "state": "paused"}
        yield pd.DataFrame([paused]).astype(dict.fromkeys(("started_at", "ended_at"), INSTANT))


def _usual(spans: pd.DataFrame, interval: pd.Timedelta) -> pd.Series:
    """The time between two checks on each one's day, and no less than the interval that is set now."""
    gaps = (spans["ended_at"] - spans["started_at"]).groupby(spans["started_at"].dt.floor("D"))
    known = gaps.transform("median").where(gaps.transform("count") >= _ENOUGH)
    return known.fillna(interval).clip(lower=interval)
