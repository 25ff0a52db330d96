"""Backups and restores as AWS Backup tells of them."""

import datetime as dt

import pandas as pd

from opsreport import sources
from opsreport.sources import aws_backup
from tests.aws.conftest import NOW, OCTOBER, settings

VOLUME = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def job(id: str, state: str, made: str, ended: str = "", **more) -> dict:
    told = {"BackupJobId": id, "State": state, "ResourceArn": VOLUME, "ResourceName": "web", "CreationDate": at(made)}
    return {**told, **({"CompletionDate": at(ended)} if ended else {}), **more}


def world(aws, running: str = ""):
    """Two pages of jobs, a point that AWS still holds of a job that it forgot, and two restores."""
    point = "arn:aws:ec2:eu-west-1::snapshot/snap-"
    aws.answer("backup:ListBackupJobs", {"BackupJobs": [
        job("j1", "COMPLETED", "2026-10-30T01:00", "2026-10-30T03:00", RecoveryPointArn=point + "1",
            BackupSizeInBytes=4_000),
        job("j2", "EXPIRED", "2026-10-31T01:00", "2026-10-31T09:00"),
    ]}, {"BackupJobs": [
        job("j3", "FAILED", "2026-10-31T13:00", "2026-10-31T13:05", ResourceArn=TABLE),
        *([job("j4", "RUNNING", running)] if running else []),
    ]})  # fmt: skip
    aws.answer("backup:ListRestoreJobs", {"RestoreJobs": [
        {"RestoreJobId": "r1", "Status": "COMPLETED", "CreationDate": at("2026-10-30T10:00"),
         "CompletionDate": at("2026-10-30T11:30"), "RecoveryPointCreationDate": at("2026-10-30T01:00"),
         "SourceResourceArn": VOLUME},
        {"RestoreJobId": "r2", "Status": "COMPLETED", "CreationDate": at("2026-10-31T10:00"),
         "CompletionDate": at("2026-10-31T11:00"), "RecoveryPointArn": point + "1", "ValidationStatus": "FAILED"},
    ]})  # fmt: skip
    aws.answer("backup:ListBackupVaults", {"BackupVaultList": [{"BackupVaultName": "daily"}]})
    aws.answer("backup:ListRecoveryPointsByBackupVault", {"RecoveryPoints": [
        {"RecoveryPointArn": point + name, "ResourceArn": VOLUME, "Status": "COMPLETED", "CreationDate": at(made),
         "CompletionDate": at(ended), "BackupSizeInBytes": 4_000}
        for name, made, ended in [("0", "2026-09-28T01:00", "2026-09-28T02:00"),
                                  ("1", "2026-10-30T01:00", "2026-10-30T03:00")]
    ]})  # fmt: skip
    return [settings(aws_backup, "backup"), settings(aws_backup, "restore_test")]


def test_a_backup_is_a_job_or_its_point_and_how_it_ended(aws):
    rows, seen = sources.read(aws_backup, world(aws)[0], OCTOBER)
    assert rows[["resource", "outcome"]].sort_values(["resource", "outcome"]).values.tolist() == [
        ["table/orders", "failure"], ["volume/vol-1", "failure"], ["volume/vol-1", "success"],
        ["volume/vol-1", "success"]]  # fmt: skip
    assert rows["started_at"].min() == pd.Timestamp("2026-09-28 01:00", tz="UTC")  # the point whose job is forgotten
    # AWS remembers thirty days: what failed on the first two days of October is not known.
    assert (seen.observed_start, seen.observed_end) == (NOW - pd.Timedelta(days=30), OCTOBER.end)


def test_what_still_runs_is_left_for_the_next_reading(aws):
    rows, seen = sources.read(aws_backup, world(aws, running="2026-10-31T23:00")[0], OCTOBER)
    assert len(rows) == 4 and seen.observed_end == pd.Timestamp("2026-10-31 23:00", tz="UTC")


def test_a_restore_says_what_came_back_and_one_that_failed_its_check_failed(aws):
    rows, _ = sources.read(aws_backup, world(aws)[1], OCTOBER)
    assert rows[["resource", "outcome"]].values.tolist() == [["volume/vol-1", "success"], ["volume/vol-1", "failure"]]
    assert (rows["finished_at"] - rows["started_at"]).tolist() == [pd.Timedelta(minutes=90), pd.Timedelta(minutes=60)]
    assert rows["recovered_to"].iloc[0] == pd.Timestamp("2026-10-30 01:00", tz="UTC")


def test_a_restore_of_which_nobody_says_what_it_restored_makes_it_partial(aws):
    given = world(aws)[1]
    lost = {"RestoreJobId": "r3", "Status": "COMPLETED", "CreationDate": at("2026-10-31T10:00")}
    aws.answer("backup:ListRestoreJobs", {"RestoreJobs": [lost]})
    rows, seen = sources.read(aws_backup, given, OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("partial", "1 restores do not say what they restored")
