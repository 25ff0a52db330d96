"""Backups and restores as AWS Backup tells of them."""


import pandas as pd
import pytest

from opsreport import sources
from opsreport.coverage import Seen, parts_seen
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.sources import aws_backup
from tests.aws.conftest import NOW, OCTOBER, at, settings

VOLUME = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


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


def points(aws, *told: dict) -> None:
    """A vault with these points."""
    aws.answer("backup:ListRecoveryPointsByBackupVault", {"RecoveryPoints": [
        {"RecoveryPointArn": f"arn:{number}", "Status": "COMPLETED", "CreationDate": at("2026-10-30T01:00"), **one}
        for number, one in enumerate(told)]})  # fmt: skip


def test_a_copy_is_no_new_backup_and_is_counted_but_says_what_was_restored_of_it(aws):
    backup, restore = world(aws)
    points(aws, {"ResourceArn": TABLE, "SourceBackupVaultArn": "arn:aws:backup:eu-central-1:1:backup-vault:daily"})
    aws.answer("backup:ListRestoreJobs", {"RestoreJobs": [{
        "RestoreJobId": "r3", "Status": "COMPLETED", "CreationDate": at("2026-10-31T10:00"),
        "RecoveryPointArn": "arn:0"}]})  # fmt: skip
    rows, seen = sources.read(aws_backup, backup, OCTOBER)
    assert len(rows) == 3 and (seen.status, seen.why) == ("ok", "1 recovery points are copies")
    rows, seen = sources.read(aws_backup, restore, OCTOBER)
    assert rows["resource"].tolist() == ["table/orders"] and (seen.status, seen.why) == ("ok", "")


def test_a_state_that_is_not_known_is_named_and_does_not_stand_for_a_job_that_runs(aws):
    backup, restore = world(aws)
    aws.answer("backup:ListBackupJobs", {"BackupJobs": [job("j1", "DREAMING", "2026-10-20T01:00"),
                                                        job("j2", "ABORTING", "2026-10-31T20:00")]})  # fmt: skip
    aws.answer("backup:ListRestoreJobs", {"RestoreJobs": [
        {"RestoreJobId": "r1", "Status": "DOZING", "CreationDate": at("2026-10-20T01:00")}]})  # fmt: skip
    points(aws, {"ResourceArn": VOLUME, "Status": "NAPPING"}, {"ResourceArn": VOLUME, "Status": "EXPIRED"})
    rows, seen = sources.read(aws_backup, backup, OCTOBER)
    assert rows.empty and seen.observed_end == pd.Timestamp("2026-10-31 20:00", tz="UTC")
    assert (seen.status, seen.why) == ("partial", "1 recovery points are in a state that is not known, like NAPPING; "
                                                  "1 jobs are in a state that is not known, like DREAMING")  # fmt: skip
    rows, seen = sources.read(aws_backup, restore, OCTOBER)
    assert rows.empty and seen.observed_end == OCTOBER.end
    assert (seen.status, seen.why) == ("partial", "1 jobs are in a state that is not known, like DOZING")


def test_jobs_and_points_that_do_not_say_of_what_they_are_are_said(aws):
    backup, _ = world(aws)
    nameless = job("j1", "COMPLETED", "2026-10-30T01:00")
    del nameless["ResourceArn"]
    aws.answer("backup:ListBackupJobs", {"BackupJobs": [nameless]})
    points(aws, {}, {"ResourceArn": VOLUME})
    rows, seen = sources.read(aws_backup, backup, OCTOBER)
    assert rows["backup_id"].tolist() == ["arn:1"] and seen.status == "partial"
    assert seen.why == "1 backup jobs do not say of what they are; 1 recovery points do not say of what they are"


def test_where_a_job_has_run_all_the_time_nothing_was_seen_and_that_is_said(aws):
    rows, seen = sources.read(aws_backup, world(aws, running="2026-09-30T23:00")[0], OCTOBER)
    assert len(rows) == 4 and pd.isna(seen.observed_end)
    assert seen.status == "partial"
    assert seen.why == "a job still runs that was created at 2026-09-30 23:00 UTC: nothing later counts as seen"


@pytest.mark.parametrize(("lost", "share"), [("backup:ListBackupJobs", 0), ("backup:ListBackupVaults", 1)])
def test_without_the_jobs_nothing_was_seen_and_without_the_points_all_was(aws, lost, share):
    given = world(aws)[0]
    aws.fault(lost, "denied", times=0)
    _, seen = sources.read(aws_backup, given, OCTOBER)
    readings = pd.DataFrame([seen.record()])
    last_days = Period.days("2026-10-10", "2026-10-31")
    assert seen.status == "partial" and Seen((parts_seen(readings, Intervals()),)).share(last_days) == share
