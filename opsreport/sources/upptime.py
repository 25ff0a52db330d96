"""Uptime from an Upptime repository: what its commits say about each site.

Documentation: https://upptime.js.org/docs/. Permission: to read a clone, which for a private
repository takes ``contents: read``. Upptime commits a check when a site's state changes and once
a day, so the log is of transitions, not of its five-minute probes; it forgets nothing unless the
history is rewritten or the clone is shallow (then the reading is partial). A clone is as new as
its last pull.

``path`` is a clone, or a CSV of its log with the columns committed_at, site and status. A state
holds until the site's next check. What the last check saw is known until history/<slug>.yml was
last updated with the same state, and not beyond. Sites that were retired or renamed stay under the
names that the log has. Degraded is kept apart from up and down.

Upptime's own figures leave out outages under 15 minutes, from the first check that was down to the
next that was not. Ours do not, unless ``drop_under: 15min`` asks for that rule.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from opsreport.errors import SourceError
from opsreport.params.models import Duration
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.schemas import INSTANT
from opsreport.sources import Pages, SourceSettings, _files, _git, _spans, _values

FRAMES = ("monitor_state",)

#: $PREFIX $SITE_NAME is $STATUS ($RESPONSE_CODE in $RESPONSE_TIME ms) [skip ci] [upptime]
_SUBJECT = re.compile(r"[🟩🟥🟨] (?P<site>.+) is (?P<state>up|down|degraded) \(.* in .* ms\).*")
_LOG = "%x1f".join(("%ct", "%s"))
_COLUMNS = ("committed_at", "site", "status")
_STATES = ("up", "down", "degraded")


class Settings(SourceSettings):
    """Where the log is."""

    path: str = Field(description="a clone's folder, or a CSV of its log, relative to this file")
    history: str = Field(default="", description="beside a CSV: the repository's history folder")
    drop_under: Duration | None = Field(default=None, description="Upptime's own rule, 15min; none keeps every outage")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """Every check, and what the history files say was seen last."""
    path = settings.resolve(settings.path)
    if path.is_dir():
        return _of_repository(path, settings)
    [file] = _files.find(settings, settings.path, (".csv",))[:1]
    there = _files.columns(file)
    lost = [name for name in _COLUMNS if name not in there]
    if lost:
        raise SourceError(f"{file.name} lacks {', '.join(lost)}", hint=f"it holds {', '.join(_COLUMNS)}")
    table = _files.read(file, {name: name for name in _COLUMNS}, nulls=[])
    checks = [_check(row, number, file.name) for number, row in enumerate(table.to_pylist(), 1)]
    folder = settings.resolve(settings.history) if settings.history else None
    latest = _latest(lambda name: _content(folder / name)) if folder else {}
    return Pages((*checks, {"latest": latest}), settings, (file.record(),))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each check of a site until the next one."""
    rows = [item for item in pages.items if "site" in item]
    if not rows:
        return {"monitor_state": ALL["monitor_state"].empty()}
    checks = pd.DataFrame(rows).rename(columns={"site": "monitor", "at": "started_at"})
    spans = _spans.held(checks.astype({"started_at": INSTANT}))
    for item in pages.items:
        if "latest" in item:
            spans = _until_last_seen(spans, item["latest"])
    if pages.settings.drop_under is not None:
        spans = _without_short_outages(spans, pages.settings.drop_under)
    return {"monitor_state": _spans.lasting(spans)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first check to the last, whichever site's they were."""
    seen = [item["at"] for item in pages.items if "site" in item]
    if not seen:
        return {}
    ended = frames["monitor_state"]["ended_at"]
    return {"monitor_state": (min(seen), max([*seen, *([ended.max()] if len(ended) else [])]))}


def _of_repository(path: Path, settings: Settings) -> Pages:
    if not _git.has_commits(path):
        raise SourceError(f"{settings.path} holds no commit", hint="give the folder of an Upptime clone")
    # Oldest first, so that of two checks in one second the later commit counts.
    log = _git.lines(path, "log", "--reverse", "--topo-order", "--no-show-signature", f"--format={_LOG}")
    marked = [(at, subject) for at, subject in (line[:2] for line in log) if subject.startswith(("🟩", "🟥", "🟨"))]
    read = [(at, _SUBJECT.fullmatch(subject)) for at, subject in marked]
    checks = [{"at": _seconds(at), "site": found["site"], "state": found["state"]} for at, found in read if found]
    if not checks:
        raise SourceError(f"{settings.path} holds no check of Upptime", hint="give the folder of an Upptime clone")
    faults = []
    if _git.is_shallow(path):
        faults.append(f"{settings.path} is a shallow clone: older checks are missing")
    if len(checks) < len(marked):
        faults.append(f"{len(marked) - len(checks)} commits look like checks but cannot be read")
    latest = _latest(lambda name: _git.blob(path, f"history/{name}"))
    inputs = ({"path": settings.path, "commit": _git.head(path), "checks": len(checks)},)
    return Pages((*checks, {"latest": latest}), settings, inputs, "partial" if faults else "ok", "; ".join(faults))


def _check(row: dict[str, str | None], number: int, name: str) -> dict[str, Any]:
    place = f"{name}, row {number}"
    try:
        at = pd.Timestamp(_values.instant(row["committed_at"])).as_unit("us")
    except _values.Unreadable as error:
        raise SourceError(f"{place}, committed_at: {row['committed_at']!r} {error}", hint=error.hint) from error
    if not row["site"] or row["status"] not in _STATES:
        raise SourceError(f"{place}: {row['status']!r} of {row['site']!r}", hint=f"a site is {', '.join(_STATES)}")
    return {"at": at, "site": row["site"], "state": row["status"]}


def _latest(content: Any) -> dict[str, tuple[str, pd.Timestamp]]:
    """Per site, the state that its history file holds and when that was last updated.

    Parameters
    ----------
    content : callable
        The text of a file of the history folder, or None when there is none.
    """
    try:
        summary = json.loads(content("summary.json") or "[]")
        slugs = {site["name"]: site["slug"] for site in summary if re.fullmatch(r"[\w-]+", site["slug"])}
        held = {name: YAML(typ="safe").load(content(f"{slug}.yml") or "") for name, slug in slugs.items()}
        return {
            name: (str(seen["status"]), pd.Timestamp(_values.instant(seen["lastUpdated"], zone="UTC")).as_unit("us"))
            for name, seen in held.items()
            if seen and "status" in seen and "lastUpdated" in seen
        }
    except (ValueError, KeyError, TypeError, YAMLError) as error:
        raise SourceError(f"the history folder cannot be read: {error}", hint="pull the repository again") from error


def _content(path: Path) -> str | None:
    with _files.reading(path.name):
        return path.read_text("utf-8") if path.is_file() else None


def _until_last_seen(spans: pd.DataFrame, latest: dict[str, tuple[str, pd.Timestamp]]) -> pd.DataFrame:
    """The last check of each site, until its state was last confirmed."""
    told = spans["monitor"].map(latest)
    confirmed = [
        seen[1] if isinstance(seen, tuple) and seen[0] == state else pd.NaT
        for seen, state in zip(told, spans["state"], strict=True)
    ]
    return spans.assign(ended_at=spans["ended_at"].fillna(pd.Series(confirmed, index=spans.index, dtype=INSTANT)))


def _without_short_outages(spans: pd.DataFrame, shortest: pd.Timedelta) -> pd.DataFrame:
    """Outages shorter than Upptime counts, as up; one that has not ended yet is kept."""
    down = spans["state"] == "down"
    run = (down != down.groupby(spans["monitor"]).shift()).cumsum()
    # The last check has no end yet, nor has the outage that it belongs to.
    ended = spans["ended_at"].notna().groupby(run).transform("all")
    length = spans.groupby(run)["ended_at"].transform("max") - spans.groupby(run)["started_at"].transform("min")
    return spans.assign(state=spans["state"].mask(down & ended & (length < shortest), "up"))


def _seconds(text: str) -> pd.Timestamp:
    return pd.Timestamp(int(text), unit="s", tz="UTC").as_unit("us")
