"""Backups and restores that AWS Backup ran.

Documentation: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html, ListRestoreJobs,
ListBackupVaults and ListRecoveryPointsByBackupVault. Permission: the four, read only.

AWS forgets jobs after 30 days: collect daily. Of what was made before only recovery points that are still
there are told, so a backup that failed then is not known of, and that time counts as not seen.

A backup is the recovery point that a job made, or the job where it made none, so that the two are one
record. It can be restored to the instant at which its job was created. COMPLETED is a success; FAILED,
ABORTED, EXPIRED (it did not start in its window) and PARTIAL are failures. Jobs that still run are left for
the next reading, and nothing is said to have been seen since the first of them began. A restore whose
validation failed is a failure. A resource is named by the end of its ARN, like ``volume/vol-0d41``.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("backup", "restore_test")
OPERATIONS = (
    "backup:ListBackupJobs", "backup:ListRestoreJobs", "backup:ListBackupVaults",
    "backup:ListRecoveryPointsByBackupVault",
)  # fmt: skip
KEEPS = {"backup": pd.Timedelta(days=30), "restore_test": pd.Timedelta(days=30)}

Settings = _aws.AwsSettings

#: The last good backup before a month is where its recovery point objective begins.
_BEFORE = pd.Timedelta(days=35)
_OUTCOMES = {"COMPLETED": "success", "AVAILABLE": "success", "FAILED": "failure", "ABORTED": "failure",
             "EXPIRED": "failure", "PARTIAL": "failure"}  # fmt: skip
_FRAMES = {"backup:ListBackupJobs": ("backup", "BackupJobs", "State"),
           "backup:ListRestoreJobs": ("restore_test", "RestoreJobs", "Status")}  # fmt: skip


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
    for answer, point in _aws.each(pages.items, "backup:ListRecoveryPointsByBackupVault", "RecoveryPoints"):
        if point.get("Status", "COMPLETED") in ("COMPLETED", "AVAILABLE") and point.get("ResourceArn"):
            backups[point["RecoveryPointArn"]] = _backup(pages, answer, point, "COMPLETED")
    for answer, job in _aws.each(pages.items, "backup:ListBackupJobs", "BackupJobs"):
        if job["State"] in _OUTCOMES:
            backups[job.get("RecoveryPointArn") or job["BackupJobId"]] = _backup(pages, answer, job, job["State"])
    of = {id: row["resource"] for id, row in backups.items()}
    restores = [
        _restore(pages, answer, job, of)
        for answer, job in _aws.each(pages.items, "backup:ListRestoreJobs", "RestoreJobs")
        if job["Status"] in _OUTCOMES
    ]
    return {
        "backup": _aws.rows_of("backup", [{"backup_id": id, **row} for id, row in backups.items()]),
        "restore_test": _aws.rows_of("restore_test", [row for row in restores if row]),
    }


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """What AWS remembers, up to the first job that still runs."""
    windows = _aws.told(KEEPS)(frames, pages, period)
    for operation, (frame, key, state) in _FRAMES.items():
        running = [_aws.instant(job["CreationDate"]) for _, job in _aws.each(pages.items, operation, key)
                   if job[state] not in _OUTCOMES]  # fmt: skip
        start, end = windows[frame]
        if running and pd.notna(end) and min(running) < end:
            windows[frame] = (start, min(running)) if start < min(running) else (pd.NaT, pd.NaT)
    return windows


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Restores of which AWS no longer says what was restored."""
    jobs = [job for _, job in _aws.each(pages.items, "backup:ListRestoreJobs", "RestoreJobs")
            if job["Status"] in _OUTCOMES]  # fmt: skip
    lost = len(jobs) - len(frames["restore_test"])
    return {"restore_test": ("partial", f"{lost} restores do not say what they restored")} if lost else {}


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
