"""Backups and restores that AWS Backup ran.

Documentation: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html, ListRestoreJobs,
ListBackupVaults and ListRecoveryPointsByBackupVault. Permission: the four, read only.

AWS forgets jobs after 30 days: collect daily. Of what was made before only recovery points that are still
there are told, so a backup that failed then is not known of, and that time counts as not seen.

A backup is the recovery point that a job made, or the job where it made none, so that the two are one record. It
can be restored to the instant at which its job was created. COMPLETED is a success; FAILED, ABORTED, EXPIRED (it
did not start in its window) and PARTIAL are failures. Jobs that still run are left for the next reading, and
nothing is said to have been seen since the first of them began; a state that is not known makes it partial.
Points that were copied from another vault (SourceBackupVaultArn) are no new backups: they are left out and
counted. By its documentation AWS may not name that vault for a copy within the account; such a copy cannot be
told from a backup. A restore whose validation failed is a failure. A resource is named by the end of its ARN,
like ``volume/vol-0d41``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("backup", "restore_test")
OPERATIONS = (
    "backup:ListBackupJobs", "backup:ListRestoreJobs", "backup:ListBackupVaults",
    "backup:ListRecoveryPointsByBackupVault",
)  # fmt: skip
MAIN = {"backup": "backup:ListBackupJobs", "restore_test": "backup:ListRestoreJobs"}
KEEPS = {"backup": pd.Timedelta(days=30), "restore_test": pd.Timedelta(days=30)}

Settings = _aws.AwsSettings

#: The last good backup before a month is where its recovery point objective begins.
_BEFORE = pd.Timedelta(days=35)
_OUTCOMES = {"COMPLETED": "success", "AVAILABLE": "success", "FAILED": "failure", "ABORTED": "failure",
             "EXPIRED": "failure", "PARTIAL": "failure"}  # fmt: skip
_RUNNING = ("CREATED", "PENDING", "RUNNING", "ABORTING")
_WHOLE, _LEFT = ("COMPLETED", "AVAILABLE"), ("PARTIAL", "DELETING", "EXPIRED", "STOPPED", "CREATING")
_POINTS = ("backup:ListRecoveryPointsByBackupVault", "RecoveryPoints")
#: By frame, the operation that lists its jobs, where they stand in its answer, and their state in them.
_FRAMES = {"backup": ("backup:ListBackupJobs", "BackupJobs", "State"),
           "restore_test": ("backup:ListRestoreJobs", "RestoreJobs", "Status")}  # fmt: skip


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Jobs and surviving recovery points of each region, from 35 days before the period."""
    aws = _aws.opened(settings, OPERATIONS)
    since = {"ByCreatedAfter": (period.start - _BEFORE).to_pydatetime()}
    for region in aws.regions:
        aws.ask("backup:ListBackupJobs", region, **since)
        aws.ask("backup:ListRestoreJobs", region, **since)
        vaults = aws.ask("backup:ListBackupVaults", region)
        for vault in (one["BackupVaultName"] for page in vaults for one in page.get("BackupVaultList", [])):
            aws.ask("backup:ListRecoveryPointsByBackupVault", region, BackupVaultName=vault, **since)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a backup, and a row a restore."""
    backups: dict[str, dict[str, Any]] = {}
    of = {}
    for answer, point in _aws.each(pages.items, *_POINTS):
        if point.get("ResourceArn"):
            of[point["RecoveryPointArn"]] = _aws.resource(pages, answer.region, point["ResourceArn"])
            if point.get("Status", "COMPLETED") in _WHOLE and not point.get("SourceBackupVaultArn"):
                backups[point["RecoveryPointArn"]] = _backup(pages, answer, point, "COMPLETED")
    for answer, job in _aws.each(pages.items, "backup:ListBackupJobs", "BackupJobs"):
        if job.get("State") in _OUTCOMES and job.get("ResourceArn"):
            backups[job.get("RecoveryPointArn") or job["BackupJobId"]] = _backup(pages, answer, job, job["State"])
    of |= {id: row["resource"] for id, row in backups.items()}
    restores = [
        _restore(pages, answer, job, of)
        for answer, job in _aws.each(pages.items, "backup:ListRestoreJobs", "RestoreJobs")
        if job.get("Status") in _OUTCOMES
    ]
    return {
        "backup": _aws.rows_of("backup", [{"backup_id": id, **row} for id, row in backups.items()]),
        "restore_test": _aws.rows_of("restore_test", [row for row in restores if row]),
    }


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """What AWS remembers, up to the first job that still runs."""
    windows = _aws.told(KEEPS)(frames, pages, period)
    for frame in windows:
        start, end = windows[frame]
        if pd.notna(end) and (first := _first_running(pages, frame)) is not None and first < end:
            windows[frame] = (start, first) if start < first else (pd.NaT, pd.NaT)
    return windows


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What cannot be understood, and where nothing was seen: partial; copies, for a note."""
    restores = [job for _, job in _aws.each(pages.items, "backup:ListRestoreJobs", "RestoreJobs")
                if job.get("Status") in _OUTCOMES]  # fmt: skip
    jobs = [job for _, job in _aws.each(pages.items, "backup:ListBackupJobs", "BackupJobs")]
    points = [point for _, point in _aws.each(pages.items, *_POINTS)]
    states = [str(point["Status"]) for point in points if point.get("Status", "COMPLETED") not in (*_WHOLE, *_LEFT)]
    wrong = {
        "restore_test": _counted(len(restores) - len(frames["restore_test"]), "restores do not say what they restored"),
        "backup": _counted(sum(not job.get("ResourceArn") for job in jobs), "backup jobs do not say of what they are")
        + _counted(sum(not point.get("ResourceArn") for point in points), "recovery points do not say of what they are")
        + _counted(len(states), f"recovery points are in a state that is not known, like {min(states, default='')}"),
    }  # fmt: skip
    copies = _counted(sum(bool(one.get("SourceBackupVaultArn")) for one in points), "recovery points are copies")
    said = {}
    for frame, why in wrong.items():
        why += [*_odd_states(pages, frame), *_unseen(pages, frame, period)]
        told = why + (copies if frame == "backup" else [])
        said |= {frame: ("partial" if why else "ok", "; ".join(told))} if told else {}
    return said


def _jobs(pages: Pages, frame: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each job with its state."""
    operation, key, state = _FRAMES[frame]
    for _, job in _aws.each(pages.items, operation, key):
        yield str(job.get(state) or "no state"), job


def _first_running(pages: Pages, frame: str) -> pd.Timestamp | None:
    """When the first job that still runs was created."""
    return min((_aws.instant(job["CreationDate"]) for state, job in _jobs(pages, frame) if state in _RUNNING),
               default=None)  # fmt: skip


def _odd_states(pages: Pages, frame: str) -> list[str]:
    odd = sorted(state for state, _ in _jobs(pages, frame) if state not in (*_OUTCOMES, *_RUNNING))
    return _counted(len(odd), f"jobs are in a state that is not known, like {odd[0]}") if odd else []


def _unseen(pages: Pages, frame: str, period: Period) -> list[str]:
    """That a job has run since before all that AWS could tell of."""
    start, end = _aws.told(KEEPS)({frame: None}, pages, period)[frame]
    first = _first_running(pages, frame)
    if first is None or pd.isna(end) or first > start:
        return []
    return [f"a job still runs that was created at {first:%Y-%m-%d %H:%M} UTC: nothing later counts as seen"]


def _counted(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []


def _backup(pages: Pages, answer: _aws.Answer, told: dict[str, Any], state: str) -> dict[str, Any]:
    size = told.get("BackupSizeInBytes")
    return {
        "resource": _aws.resource(pages, answer.region, told["ResourceArn"]),
        "service": told.get("ResourceName") or None, "started_at": _aws.instant(told["CreationDate"]),
        "finished_at": _aws.instant(told.get("CompletionDate")), "outcome": _OUTCOMES[state],
        "size_bytes": size if size or _OUTCOMES[state] == "success" else None,
    }  # fmt: skip


def _restore(pages: Pages, answer: _aws.Answer, job: dict[str, Any], of: dict[str, str]) -> dict[str, Any] | None:
    arn, point = job.get("SourceResourceArn"), job.get("RecoveryPointArn", "")
    resource = _aws.resource(pages, answer.region, arn) if arn else of.get(point)
    if not resource:
        return None
    outcome = "failure" if job.get("ValidationStatus") in ("FAILED", "TIMED_OUT") else _OUTCOMES[job["Status"]]
    return {
        "resource": resource, "started_at": _aws.instant(job["CreationDate"]),
        "finished_at": _aws.instant(job.get("CompletionDate")), "outcome": outcome,
        "recovered_to": _aws.instant(job.get("RecoveryPointCreationDate")),
    }  # fmt: skip
