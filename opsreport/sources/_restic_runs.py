"""What was saved of restic's runs: backups, checks and restores, each the messages that it printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _listings, _saved

_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{8,64}(?![0-9a-z])")
_FULL_ID = 64
#: A run that has not ended for so long was broken off.
_BROKEN_OFF = pd.Timedelta(days=1)
_HINT = "save what restic snapshots, backup, check, stats or restore prints with --json"


@dataclass(frozen=True)
class SavedRun:
    """One run: what it was, its messages, and when its file was made.

    Attributes
    ----------
    kind : str
        backup, check, restore, or ``ended`` where it failed before it said which, or ``open`` where it did not end.
    at : Timestamp, optional
        When it ended; a name that gives only the day does not tell.
    """

    file: str
    kind: str
    summary: dict[str, Any]
    has_errors: bool
    at: pd.Timestamp | None
    lasted: pd.Timedelta

    def within(self, period: Period) -> bool:
        """Whether it ended in a period, or may have."""
        return self.at is None or period.start <= self.at < period.end


def read(text: str, name: str, settings: Any) -> list[dict[str, Any]] | dict[str, Any]:
    """A list of snapshots, or ``{"messages": ...}`` of a run, or nothing of what tells of neither.

    Raises
    ------
    SourceError
        When it is nothing that restic prints.
    """
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError:
        if not text.strip() and not _named(name, settings):
            raise SourceError(f"{name} is empty", hint=_HINT) from None
        return {"messages": _messages(text, name)}
    if document is None:
        return []
    if isinstance(document, list):
        return list(_snapshots(document, name))
    if isinstance(document, dict) and "message_type" in document:
        return {"messages": [document]}
    if isinstance(document, dict) and "total_size" in document:
        return {}
    raise SourceError(f"{name} is nothing that restic prints of backups", hint=_HINT)


def runs(pages: Pages) -> list[SavedRun]:
    """Every run that was saved, oldest first as far as that is known."""
    made = [_run(document, pages) for document in pages.items
            if isinstance(document.body, dict) and "messages" in document.body]  # fmt: skip
    return sorted(made, key=lambda run: (run.at is None, run.at or pd.Timestamp(0, tz="UTC"), run.file))


def complete(rows: dict[str, dict[str, Any]], runs: list[SavedRun]) -> None:
    """Add in place what the run of each snapshot told: its end, its size, and that files could not be read."""
    for run, row in ((run, _snapshot(rows, run.summary.get("snapshot_id") or "")) for run in runs):
        if run.kind != "backup" or row is None:
            continue
        began = _saved.time(run.summary.get("backup_start"), run.file) or row["started_at"]
        ended = _saved.time(run.summary.get("backup_end"), run.file) or began + run.lasted
        if pd.isna(row["finished_at"]) and ended >= row["started_at"]:
            row |= {"finished_at": ended, "took": ended - began}
        if row["size_bytes"] is None:
            row["size_bytes"] = run.summary.get("total_bytes_processed")
        if run.has_errors:
            row["outcome"] = "failure"


def without_snapshot(rows: dict[str, dict[str, Any]], runs: list[SavedRun], settings: Any) -> list[dict[str, Any]]:
    """Rows of the runs that left no snapshot that is listed, of which the settings say of what they were."""
    made = []
    for run in runs:
        outcome, resource = _outcome(run, settings), _named(run.file, settings)
        if not (outcome and resource and run.at is not None and _listings.is_own(resource, settings)):
            continue
        id = run.summary.get("snapshot_id") or ""
        if id and (len(id) < _FULL_ID or _snapshot(rows, id)):
            continue  # A listing tells of it, or told of it under an id of which this is a part.
        began = _saved.time(run.summary.get("backup_start"), run.file) or run.at - run.lasted
        ended = _saved.time(run.summary.get("backup_end"), run.file) or run.at
        made.append({
            "backup_id": id or f"{run.file} {run.at:%Y-%m-%dT%H:%M:%SZ}", "resource": resource, "started_at": began,
            "finished_at": max(began, ended), "outcome": outcome,
            "size_bytes": run.summary.get("total_bytes_processed"),
        })  # fmt: skip
    return made


def restore(run: SavedRun, rows: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """A restore as a row; None where its file does not say when and of which snapshot."""
    found = [row for id in _ID.findall(run.file.rpartition("/")[2]) if (row := _snapshot(rows, id))]
    if len(found) != 1 or run.at is None:
        return None
    done = {name: run.summary.get(f"{name}_restored", 0) + run.summary.get(f"{name}_skipped", 0)
            for name in ("files", "bytes")}  # fmt: skip
    is_whole = all(done[name] >= run.summary.get(f"total_{name}", 0) for name in done)
    return {
        "resource": found[0]["resource"], "service": found[0]["service"], "started_at": run.at - run.lasted,
        "finished_at": run.at, "outcome": "success" if is_whole and not run.has_errors else "failure",
        "recovered_to": found[0]["started_at"],
    }  # fmt: skip


def unclear(rows: dict[str, dict[str, Any]], runs: list[SavedRun], settings: Any, period: Period) -> Iterator[str]:
    """Runs of the period of which it is not known of what they were, or when."""
    ended = [run for run in runs if run.within(period) and _outcome(run, settings)]
    lost = [run.file for run in ended if not run.summary.get("snapshot_id")
            and not (_named(run.file, settings) and run.at is not None)]  # fmt: skip
    if lost:
        yield f"{len(lost)} runs left no snapshot, and do not say of what or when they were, like {lost[0]}: see runs"
    broken = [run for run in runs if run.kind == "check" and run.summary["num_errors"] and run.within(period)]
    if broken:
        yield f"{broken[-1].file} found {broken[-1].summary['num_errors']} errors in the repository"


def _messages(text: str, name: str) -> list[dict[str, Any]]:
    """The messages of a run's output; of what is not JSON only that it was fatal."""
    made = []
    for line in text.splitlines():
        if line.startswith("Fatal:"):
            made.append({"message_type": "exit_error", "message": line})
        elif line.startswith("{"):
            try:
                made.append(json.loads(line, parse_float=Decimal))
            except ValueError as error:
                raise SourceError(f"{name} is cut short: {error}", hint=_HINT) from error
    if any("message_type" not in one for one in made) or (text.strip() and not made):
        raise SourceError(f"{name} is nothing that restic prints of backups", hint=_HINT)
    return made


def _snapshots(document: list[Any], name: str) -> Iterator[dict[str, Any]]:
    """The snapshots of a list, or of its groups."""
    for one in document:
        group = one["snapshots"] if isinstance(one, dict) and "group_key" in one else [one]
        for snapshot in group or []:
            if not isinstance(snapshot, dict) or not {"id", "time", "paths"} <= snapshot.keys():
                raise SourceError(f"{name} is no list of snapshots", hint=_HINT)
            yield snapshot


def _run(document: _saved.Document, pages: Pages) -> SavedRun:
    messages = document.body["messages"]
    summary = next((one for one in reversed(messages) if one["message_type"] == "summary"), {})
    ended = [one for one in messages if one["message_type"] == "exit_error"]
    kinds = {"backup": "files_new", "check": "num_errors", "restore": "total_files"}
    kind = next((kind for kind, key in kinds.items() if key in summary), "ended" if ended or summary else "open")
    elapsed = [one["seconds_elapsed"] for one in messages if one.get("seconds_elapsed") is not None]
    lasted = summary.get("total_duration", max(elapsed, default=0))
    errors = [one for one in messages if one["message_type"] == "error" or one.get("error_count")]
    return SavedRun(document.file, kind, summary, bool(ended or errors), _saved.exactly_at(document, pages.settings),
                    pd.Timedelta(seconds=float(lasted)).round("us"))  # fmt: skip


def _outcome(run: SavedRun, settings: Any) -> str | None:
    """How a run ended that may have left no snapshot; None of what is no backup, a trial, or may still run."""
    if run.kind == "backup":
        return None if run.summary.get("dry_run") else "failure" if run.has_errors else "success"
    if run.kind == "ended":
        return "failure"
    is_over = run.at is not None and settings.run.now - run.at > _BROKEN_OFF
    return "failure" if run.kind == "open" and is_over else None


def _named(file: str, settings: Any) -> str | None:
    name = file.rpartition("/")[2]
    return next((resource for pattern, resource in settings.runs.items() if fnmatchcase(name, pattern)), None)


def _snapshot(rows: dict[str, dict[str, Any]], id: str) -> dict[str, Any] | None:
    """The snapshot of an id, or of the first eight or more of its digits; None where it is none, or not one."""
    found = [row for row in rows.values() if any(one.startswith(id) for one in row["ids"])] if len(id) >= 8 else []
    return found[0] if len(found) == 1 else None
