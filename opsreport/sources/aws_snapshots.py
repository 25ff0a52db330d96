"""Snapshots of volumes and databases, made by hand, by RDS itself or by Data Lifecycle Manager.

Documentation: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html and
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html,
DescribeDBClusterSnapshots. Permission: the three, read only.

AWS lists the snapshots that are there and forgets those that are deleted: one that failed and was cleared
away is not known of, so where the agreement's plan had one, it never ran. Collect daily: a reading tells of
the last 26 hours, or of the time for which every snapshot is kept, where the client's file says so (``kept:
7d``), and of the snapshots before that which are still there.

Only the account's own are asked for, never those that others share. Snapshots of AWS Backup (of the type
awsbackup, named ``awsbackup:...`` or with the tag aws:backup:source-resource) are left out and counted: the
source aws_backup tells of them, with those that failed. Copies are left out and counted, too: AWS does not
say which volume a copied snapshot is of, and a copy of a database's is no new backup of it.

A snapshot can be restored to the instant at which it was begun. completed and available are a success, error
and failed a failure; one that is still being made is left for the next reading, and nothing is said to have
been seen since it began. Of a volume AWS says when a snapshot was completed; of a database it does not, so
finished_at is missing and the achieved RPO is known as a lower bound only. What RDS keeps beside snapshots to
restore to any instant is not told here. A resource is named as aws_backup names it: ``volume/vol-0d41``,
``db:shop``, ``cluster:shop``; service is the name in it, which the client's file maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.params.fields import Duration
from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("backup",)
OPERATIONS = ("ec2:DescribeSnapshots", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots")
KEEPS = {"backup": _aws.ONLY_NOW}

_OUTCOMES = {"completed": "success", "available": "success", "error": "failure", "failed": "failure"}
_IN_MAKING = ("pending", "creating", "copying")
#: The volume that a copied or imported snapshot names, which is none.
_NO_VOLUME = "vol-ffffffff"
_OF_BACKUP, _COPY, _OWN = "AWS Backup's, of which the source aws_backup tells", "copies of others", ""


class Settings(_aws.AwsSettings):
    """What every source of AWS takes, and how long snapshots live."""

    kept: Duration = Field(
        default=pd.Timedelta(hours=26), description="how long every snapshot is kept at the least: 7d"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """Every snapshot that the account owns in each region."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        # Without an owner AWS lists the public ones of the whole world.
        aws.ask("ec2:DescribeSnapshots", region, OwnerIds=["self"], MaxResults=1000)
        # Without a type RDS lists its own and those made by hand, and none that others share.
        aws.ask("rds:DescribeDBSnapshots", region)
        aws.ask("rds:DescribeDBClusterSnapshots", region)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a snapshot that is done."""
    rows = [{
        "backup_id": one.id, "resource": one.resource, "service": one.service, "started_at": one.started,
        "finished_at": one.finished, "outcome": _OUTCOMES[one.state], "size_bytes": one.size,
    } for one in _told(pages) if one.origin == _OWN and one.state in _OUTCOMES and one.is_clear]  # fmt: skip
    return {"backup": _aws.rows_of("backup", rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """Back for as long as snapshots are kept, up to the first that is still being made."""
    now = pages.extra["now"]
    start = now - pages.settings.kept
    # Of one that has only just begun RDS may not say when: then there is no end that is sure.
    ends = [one.started or start for one in _told(pages) if one.origin == _OWN and one.state in _IN_MAKING]
    end = min([now, *ends])
    return {"backup": (start, end) if start < end else (pd.NaT, pd.NaT)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What was left out, and snapshots that AWS tells too little of or in words that are not known."""
    told = list(_told(pages))
    odd = [f"{one.id} ({one.state or 'no state'})" for one in told
           if one.origin == _OWN and one.state not in _IN_MAKING and not (one.state in _OUTCOMES and one.is_clear)
           ]  # fmt: skip
    left = [(sum(one.origin == why for one in told), why) for why in (_OF_BACKUP, _COPY)]
    said = [f"{len(odd)} snapshots are not understood, like {odd[0]}"] if odd else []
    is_unseen = pd.isna(observed(frames, pages, period)["backup"][1])
    said += ["a snapshot is being made, and AWS does not say since when, or it is since before what a reading tells "
             "of: no time counts as seen"] if is_unseen else []  # fmt: skip
    said += [f"{count} snapshots are {why}" for count, why in left if count]
    return {"backup": ("partial" if odd or is_unseen else "ok", "; ".join(said))} if said else {}


@dataclass(frozen=True)
class _Snapshot:
    """One snapshot of a volume or a database, in the same words."""

    id: str
    resource: str
    service: str | None
    started: pd.Timestamp | None
    finished: pd.Timestamp | None
    state: str
    size: int | None
    origin: str

    @property
    def is_clear(self) -> bool:
        """Whether AWS says what it is of, and when it was begun."""
        return bool(self.service) and self.started is not None


def _told(pages: Pages) -> Iterator[_Snapshot]:
    for answer, one in _aws.each(pages.items, "ec2:DescribeSnapshots", "Snapshots"):
        yield _of_volume(pages, answer, one)
    for kind, name, operation in (("db", "DBInstance", "rds:DescribeDBSnapshots"),
                                  ("cluster", "DBCluster", "rds:DescribeDBClusterSnapshots")):  # fmt: skip
        for answer, one in _aws.each(pages.items, operation, operation.partition("Describe")[2]):
            yield _of_database(pages, answer, one, kind, name)


def _of_volume(pages: Pages, answer: _aws.Answer, one: dict[str, Any]) -> _Snapshot:
    volume = one.get("VolumeId")
    is_copy = volume == _NO_VOLUME or bool(one.get("TransferType"))
    return _Snapshot(
        id=one["SnapshotId"], resource=_aws.within(pages, answer.region, f"volume/{volume}"), service=volume,
        started=_aws.instant(one.get("StartTime")), finished=_aws.instant(one.get("CompletionTime")),
        state=one.get("State", ""), size=one.get("FullSnapshotSizeInBytes"),
        origin=_OF_BACKUP if _is_backups(one.get("Tags")) else _COPY if is_copy else _OWN,
    )  # fmt: skip


def _of_database(pages: Pages, answer: _aws.Answer, one: dict[str, Any], kind: str, of: str) -> _Snapshot:
    database = one.get(f"{of}Identifier")
    name = one.get(f"{of.removesuffix('Instance')}SnapshotIdentifier", "")
    arn = one.get(f"{of.removesuffix('Instance')}SnapshotArn") or name
    made = _aws.instant(one.get("SnapshotCreateTime"))
    is_copy = bool(one.get("SourceDBSnapshotIdentifier") or one.get("SourceDBClusterSnapshotArn"))
    is_backups = one.get("SnapshotType") == "awsbackup" or name.startswith("awsbackup:")
    return _Snapshot(
        # A script may give tonight's snapshot the name of last night's.
        id=f"{arn} {made.isoformat()}" if made else arn,
        resource=_aws.within(pages, answer.region, f"{kind}:{database}"), service=database,
        # A copy within the region does not say that it is one, and restores to the first one's instant.
        started=_aws.instant(one.get("OriginalSnapshotCreateTime")) or made, finished=None,
        state=one.get("Status", ""), size=one.get("FullSnapshotSizeInBytes"),
        origin=_OF_BACKUP if is_backups or _is_backups(one.get("TagList")) else _COPY if is_copy else _OWN,
    )  # fmt: skip


def _is_backups(tags: list[dict[str, str]] | None) -> bool:
    return any(tag.get("Key") == "aws:backup:source-resource" for tag in tags or [])
