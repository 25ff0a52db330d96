"""Backups as restic lists them: its snapshots, what was saved of its runs, checks and restores.

Documentation: https://restic.readthedocs.io/en/stable/075_scripting.html (JSON output, exit codes) and
https://restic.readthedocs.io/en/stable/060_forget.html. Permission: none but to read the files that a job
saved; restic itself needs the repository's password, which never comes here. restic lists the snapshots that
are there and forgets those that ``restic forget`` removed; a run that failed or was missed leaves no trace.

Files: ``restic snapshots --json`` of one repository, whole (no --latest, the same --host and --tag each time),
with the time in each name, like snapshots-20261031T060000Z.json, so that all can be kept; a file that is written
over is dated by its own time (``trust_mtime: false`` where a copy may have changed that: then it tells up to
its newest snapshot). One repository a source. ``kept`` says how long forget leaves every snapshot alone, like
7d for --keep-within 7d: only back to there, and since the oldest snapshot, a backup that is not listed never ran;
without it none is said to be missing. Rules like --keep-daily thin out a day's snapshots at once: leave kept out
where there are several a day. With --skip-if-unchanged a run may leave no snapshot: save its output or leave kept out.

resource is host and paths, ``web1:/etc,/srv``, or with ``by`` the host or the tags; ``resources`` gives it
the client's own name; service is the host. started_at is the snapshot's time, finished_at its summary's
backup_end (restic 0.17 and later, else from a saved run, else missing: then the achieved RPO is known as a lower
bound only). size_bytes is what was read. A snapshot that was tagged anew, rewritten or copied keeps the id that
it first had. A listed snapshot is a success, although files may have been unreadable: only a saved run tells.

Also beside them, told apart by what they hold: the output of ``restic backup --json`` (what went wrong goes to
stderr: save both), which makes a snapshot with unreadable files a failure; where it made none, ``runs`` says by
its file's name of what it was. ``restic check --json``: errors make verified false, and none makes it true only
with ``check_reads_data``, for restic does not say if --read-data was given. ``restic restore --json``, which
tells neither when nor of what: a restore ended when its file was made, and its file's name holds the snapshot's
id, like restore-1a2b3c4d-20261005T0600Z.json. ``restic stats --json`` tells of no backup. Keep these as long as
the listings. What of a run is not known is left out, and said. That no restore was tried, no file tells.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.sources import Pages, _listings, _restic_runs, _saved
from opsreport.sources._rows import rows_of

FRAMES = ("backup", "restore_test")


class Settings(_saved.ListingSettings):
    """What every source of listings takes, how resources are named, and what saved runs do not tell."""

    by: Literal["paths", "host", "tags"] = Field(default="paths", description="what tells resources apart")
    runs: dict[str, str] = Field(default={}, description="the resource of runs without a snapshot, by file: run-db-*")
    check_reads_data: bool = Field(default=False, description="whether checks are made with --read-data")


def fetch(period: Period, settings: Settings) -> Pages:
    """What every file holds."""
    return _saved.pages(settings, lambda text, name: _restic_runs.read(text, name, settings))


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each snapshot once, runs that left none, and each restore."""
    listings, runs = _listed(pages)[0], _restic_runs.runs(pages)
    rows = _listings.newest(listings)
    _restic_runs.complete(rows, runs)
    _verify(rows, listings, runs, pages.settings)
    failed = _restic_runs.without_snapshot(rows, runs, pages.settings)
    restores = [row for run in runs if run.kind == "restore" and (row := _restic_runs.restore(run, rows))]
    once = {(row["resource"], row["started_at"]): row for row in restores}
    return {"backup": _listings.frame([*rows.values(), *failed]),
            "restore_test": rows_of("restore_test", list(once.values()))}  # fmt: skip


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The time in which a snapshot that is not listed was not made; of restores nothing is known to be missing."""
    return {"backup": _listings.window(_listed(pages)[0], pages.settings, period)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What the listings leave in doubt, and the runs, checks and restores of which too little is known."""
    (listings, others), runs = _listed(pages), _restic_runs.runs(pages)
    rows = _listings.newest(listings)
    said = [(False, f"{others} snapshots of other resources were left out")] if others else []
    said += _listings.doubts(listings, pages.settings, period) if listings else [(True, "no file lists snapshots")]
    said += [(True, why) for why in _restic_runs.unclear(rows, runs, pages.settings, period)]
    lost = [
        run.file for run in runs if run.kind == "restore" and run.within(period) and not _restic_runs.restore(run, rows)
    ]
    told = _listings.remark(said)
    if lost:
        why = f"{len(lost)} restores do not say of which snapshot or when they are, like {lost[0]}: its name is to"
        told["restore_test"] = ("partial", why)
    return told


def _listed(pages: Pages) -> tuple[list[_listings.Listing], int]:
    """The listings, and how many snapshots of the newest are of others."""
    made, others = [], 0
    for document in pages.items:
        if not isinstance(document.body, list):
            continue
        rows = [
            _row(one, f"{document.file}, snapshot {number}", pages.settings)
            for number, one in enumerate(document.body, 1)
        ]
        # A rewritten snapshot may stand beside the one that it was made of.
        rows.sort(key=lambda row: row["backup_id"] not in row["ids"][:1])
        at = _saved.made_after(document, pages.settings, [row["finished_at"] or row["started_at"] for row in rows])
        kept, left = _listings.own(rows, pages.settings)
        made.append(_listings.Listing("", document.file, at, kept))
        others = left if at == max(one.made for one in made) else others
    return made, others


def _row(one: dict[str, Any], place: str, settings: Settings) -> dict[str, Any]:
    """One snapshot as a row, with all ids that it goes by."""
    try:
        id, paths = one["id"], sorted(one["paths"])
        started = _saved.time(one["time"], place)
    except (KeyError, TypeError) as error:
        raise SourceError(f"{place} has no {error}", hint="save what restic snapshots --json prints") from error
    summary, host = one.get("summary") or {}, one.get("hostname") or ""
    began, ended = (_saved.time(summary.get(name), place) for name in ("backup_start", "backup_end"))
    names = {"paths": f"{host}:{','.join(paths)}", "host": host, "tags": ",".join(sorted(one.get("tags") or ()))}
    return {
        "backup_id": one.get("original") or id, "resource": names[settings.by] or names["paths"],
        "service": host or None, "started_at": started, "outcome": "success",
        "finished_at": ended if ended is not None and ended >= started else None,
        "size_bytes": summary.get("total_bytes_processed"), "verified": None,
        "took": ended - began if ended is not None and began is not None else None,
        "ids": (id, *([one["original"]] if one.get("original") else [])),
    }  # fmt: skip


def _verify(
    rows: dict[str, dict[str, Any]], listings: list[_listings.Listing], runs: list[_restic_runs.SavedRun],
    settings: Settings,
) -> None:  # fmt: skip
    """Say in place what each check found, of the snapshots that were there."""
    checks = sorted((run for run in runs if run.kind == "check" and run.at is not None), key=lambda run: run.at)
    latest = max((one.made for one in listings), default=pd.NaT)
    last = {id: one.made for one in sorted(listings, key=lambda one: one.made) for id in one.rows}
    for run in checks:
        errors = run.summary["num_errors"]
        for id, row in rows.items():
            was_made = (row["finished_at"] or row["started_at"]) <= run.at
            if was_made and last[id] >= min(run.at, latest) and (errors or settings.check_reads_data):
                row["verified"] = not errors
