"""Snapshots of volumes and databases as EC2 and RDS tell of them."""

import datetime as dt
import json

import boto3
import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_snapshots
from opsreport.store import Store
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, account, at, settings

VOLUMES, DATABASES, CLUSTERS = aws_snapshots.OPERATIONS
RDS = "arn:aws:rds:eu-west-1:123456789012:"
DAY = pd.Timedelta(hours=26)


def instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def volume(id: str, state: str, begun: str, done: str = "", **more) -> dict:
    told = {"SnapshotId": f"snap-{id}", "VolumeId": "vol-1", "State": state, "StartTime": at(begun)}
    return {**told, **({"CompletionTime": at(done)} if done else {}), **more}


def database(name: str, begun: str, status: str = "available", **more) -> dict:
    return {"DBSnapshotIdentifier": name, "DBSnapshotArn": f"{RDS}snapshot:{name}", "DBInstanceIdentifier": "shop",
            "SnapshotType": "automated", "Status": status, "SnapshotCreateTime": at(begun), **more}  # fmt: skip


def cluster(name: str, begun: str, **more) -> dict:
    return {"DBClusterSnapshotIdentifier": name, "DBClusterSnapshotArn": f"{RDS}cluster-snapshot:{name}",
            "DBClusterIdentifier": "books", "SnapshotType": "automated", "Status": "available",
            "SnapshotCreateTime": at(begun), **more}  # fmt: skip


def world(aws):
    """Two pages of each list."""
    aws.answer(VOLUMES, {"Snapshots": [
        volume("1", "completed", "2026-10-30T01:00", "2026-10-30T01:20", FullSnapshotSizeInBytes=4_096),
    ]}, {"Snapshots": [volume("2", "error", "2026-10-31T01:00", VolumeId="vol-2")]})  # fmt: skip
    aws.answer(DATABASES, {"DBSnapshots": [database("rds:shop-1", "2026-10-30T02:00")]},
               {"DBSnapshots": [database("rds:shop-2", "2026-10-31T02:00")]})  # fmt: skip
    aws.answer(CLUSTERS, {"DBClusterSnapshots": [cluster("rds:books-1", "2026-10-30T03:00")]},
               {"DBClusterSnapshots": [cluster("rds:books-2", "2026-10-31T03:00")]})  # fmt: skip
    return [settings(aws_snapshots)]


def read(aws, *, volumes=(), databases=(), clusters=(), **given):
    aws.answer(VOLUMES, {"Snapshots": list(volumes)})
    aws.answer(DATABASES, {"DBSnapshots": list(databases)})
    aws.answer(CLUSTERS, {"DBClusterSnapshots": list(clusters)})
    return sources.read(aws_snapshots, settings(aws_snapshots, **given), OCTOBER)


def test_a_snapshot_is_a_backup_of_its_volume_or_database(aws):
    rows, seen = sources.read(aws_snapshots, world(aws)[0], OCTOBER)
    told = rows.sort_values("started_at")[["resource", "service", "outcome"]].values.tolist()
    assert told == [
        ["volume/vol-1", "vol-1", "success"], ["db:shop", "shop", "success"], ["cluster:books", "books", "success"],
        ["volume/vol-2", "vol-2", "failure"], ["db:shop", "shop", "success"], ["cluster:books", "books", "success"],
    ]  # fmt: skip
    first = rows.set_index("backup_id").loc["snap-1"]
    assert (first["started_at"], first["finished_at"]) == (instant("2026-10-30 01:00"), instant("2026-10-30 01:20"))
    assert first["size_bytes"] == 4_096
    # Of a database AWS does not say when its snapshot was done, and it is not made up.
    assert rows.loc[rows["resource"] != "volume/vol-1", ["finished_at", "size_bytes"]].isna().all(axis=None)
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", NOW - DAY, NOW)


def test_only_the_accounts_own_snapshots_are_asked_for(aws):
    sources.read(aws_snapshots, world(aws)[0], OCTOBER)
    assert {asked["Owner.1"] for asked in aws.asked(VOLUMES)} == {"self"}
    for operation in (DATABASES, CLUSTERS):
        assert not {"SnapshotType", "IncludeShared", "IncludePublic"} & set(aws.asked(operation)[0])


def test_as_long_as_snapshots_are_kept_one_that_is_not_there_was_not_made(aws):
    _, seen = read(aws, kept="7d")
    assert (seen.observed_start, seen.observed_end) == (NOW - pd.Timedelta(days=7), NOW)


def test_what_is_still_being_made_is_left_for_the_next_reading(aws):
    rows, seen = read(aws, volumes=[volume("1", "pending", "2026-11-01T05:00")],
                      databases=[database("nightly", "2026-11-01T05:30", "creating")])  # fmt: skip
    assert rows.empty and (seen.status, seen.observed_end) == ("ok", instant("2026-11-01 05:00"))
    creating = database("nightly", "2026-11-01T05:30", "creating")
    del creating["SnapshotCreateTime"]  # RDS has not said when it began: nothing is sure
    for making in ({"databases": [creating]}, {"volumes": [volume("1", "pending", "2026-10-29T05:00")]}):
        _, seen = read(aws, **making)
        assert pd.isna(seen.observed_start) and pd.isna(seen.observed_end)
        assert seen.status == "partial" and "no time counts as seen" in seen.why


def test_snapshots_of_aws_backup_and_copies_are_left_out_and_counted(aws):
    tag = [{"Key": "aws:backup:source-resource", "Value": "i-1:sir-1"}]
    rows, seen = read(
        aws,
        volumes=[volume("1", "completed", "2026-10-31T01:00", Tags=tag),
                 volume("2", "completed", "2026-10-31T01:00", VolumeId="vol-ffffffff"),
                 volume("3", "completed", "2026-10-31T01:00", TransferType="standard")],
        databases=[database("awsbackup:job-1", "2026-10-31T01:00", SnapshotType="awsbackup"),
                   database("far", "2026-10-31T01:00", SourceDBSnapshotIdentifier=f"{RDS}snapshot:near")],
        clusters=[cluster("awsbackup:job-2", "2026-10-31T01:00"),
                  cluster("mine", "2026-10-31T01:00", TagList=tag),
                  cluster("copy", "2026-10-31T01:00", SourceDBClusterSnapshotArn=f"{RDS}cluster-snapshot:mine")],
    )  # fmt: skip
    assert rows.empty and seen.status == "ok"
    assert seen.why == (
        "4 snapshots are AWS Backup's, of which the source aws_backup tells; 4 snapshots are copies of others")


def test_a_copy_within_the_region_restores_to_the_first_ones_instant(aws):
    copy = database("kept", "2026-10-31T09:00", OriginalSnapshotCreateTime=at("2026-10-30T02:00"))
    rows, _ = read(aws, databases=[copy])
    assert rows["started_at"].tolist() == [instant("2026-10-30 02:00")]


def test_a_name_that_is_used_again_every_night_is_another_backup_every_night(aws, tmp_path):
    store = Store(tmp_path, "acme")
    for night in ("2026-10-30T02:00", "2026-10-31T02:00", "2026-10-31T02:00"):
        store.merge(*read(aws, databases=[database("nightly", night)]), NOW)
    assert store.read("backup")["started_at"].tolist() == [instant("2026-10-30 02:00"), instant("2026-10-31 02:00")]


@pytest.mark.parametrize(("odd", "named"), [
    (volume("9", "recovering", "2026-10-31T01:00"), "snap-9 (recovering)"),
    ({"SnapshotId": "snap-9", "VolumeId": "vol-1", "State": "completed"}, "snap-9 (completed)"),
    ({"SnapshotId": "snap-9"}, "snap-9 (no state)"),
])  # fmt: skip
def test_a_snapshot_that_is_not_understood_makes_it_partial_and_is_named(aws, odd, named):
    rows, seen = read(aws, volumes=[odd, volume("1", "completed", "2026-10-30T01:00")])
    assert rows["backup_id"].tolist() == ["snap-1"] and seen.status == "partial"
    assert seen.why == f"1 snapshots are not understood, like {named}"


def test_in_two_regions_a_database_of_the_same_name_is_two(aws):
    world(aws)
    given = settings(aws_snapshots, "backup", account(regions=["eu-west-1", "us-east-1"]))
    there = database("a", "2026-10-30T02:00", DBSnapshotArn="arn:2")
    aws.answer(DATABASES, {"DBSnapshots": [there]}, region="us-east-1")
    rows, _ = sources.read(aws_snapshots, given, OCTOBER)
    assert {"db:shop", "db:shop (us-east-1)"} <= set(rows["resource"])


def test_an_account_without_a_snapshot_is_read_whole_and_empty(aws):
    rows, seen = read(aws)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples of AWS's command line are not here")
def test_the_examples_of_awss_documentation_are_read(aws):
    told = {operation: json.loads((EXAMPLES / f"{name}.json").read_text()) for operation, name in (
        (VOLUMES, "ec2__describe-snapshots_38"), (DATABASES, "rds__describe-db-snapshots_50"),
        (CLUSTERS, "rds__describe-db-cluster-snapshots_49"))}  # fmt: skip
    for operation, page in told.items():
        for snapshot in next(iter(page.values())):
            snapshot.update({name: dt.datetime.fromisoformat(text) for name, text in snapshot.items()
                             if name.endswith("Time")})  # fmt: skip
        aws.answer(operation, page)
    rows, seen = sources.read(aws_snapshots, settings(aws_snapshots), OCTOBER)
    assert seen.status == "ok" and set(rows["outcome"]) == {"success"}
    assert sorted(zip(rows["resource"], rows["started_at"].dt.floor("s"), strict=True)) == [
        ("cluster:mydbcluster", instant("2019-06-04 09:16:42")),
        ("cluster:mydbcluster", instant("2019-06-20 09:16:26")),
        ("db:mysqldb", instant("2018-02-08 22:28:08")),
        ("volume/vol-049df61146c4d7901", instant("2019-02-28 21:28:32")),
    ]  # fmt: skip


def test_what_moto_makes_is_read_as_aws_would_tell_it(aws):
    keys = {"endpoint_url": aws.address, "region_name": "eu-west-1", "aws_access_key_id": "AKIAOFTHETESTS000000",
            "aws_secret_access_key": "secret"}  # fmt: skip
    disk = boto3.client("ec2", **keys).create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    boto3.client("ec2", **keys).create_snapshot(VolumeId=disk)
    boto3.client("rds", **keys).create_db_instance(
        DBInstanceIdentifier="shop", DBInstanceClass="db.t3.micro", Engine="mysql", AllocatedStorage=20)  # fmt: skip
    boto3.client("rds", **keys).create_db_snapshot(DBSnapshotIdentifier="by-hand", DBInstanceIdentifier="shop")
    rows, seen = sources.read(aws_snapshots, settings(aws_snapshots), OCTOBER)
    assert {f"volume/{disk}", "db:shop"} <= set(rows["resource"]) and seen.status == "ok"
