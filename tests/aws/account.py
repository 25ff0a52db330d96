"""The demo shop's records as an AWS account would tell them, at any instant: what happened later is not known yet.

Made from what the demo's own exports say, so that a review of this account can be held against the review
of those exports: the same month gives the same figures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pandas as pd

from opsreport.store import Store
from tests.aws.fake import FakeAws

ACCOUNT, REGION, BUCKET, PREFIX = "123456789012", "us-east-1", "harbour-pine-bills", "exports/focus"
_ARNS = {"db:": "arn:aws:rds:{place}:", "vol-": "arn:aws:ec2:{place}:volume/"}
_STATES = {"success": "COMPLETED", "failure": "FAILED"}
_WORDS = {"ok": "OK", "alarm": "ALARM", "no data": "INSUFFICIENT_DATA"}
_MONTH = pd.Timedelta(days=30)


class Shop:
    """The account, made of what was collected from the demo shop's exports."""

    def __init__(self, home: Path) -> None:
        self._bills = sorted((home / "demo-data" / "demo-shop" / "bill").glob("*.csv.gz"))
        store = Store(home / "store", "demo-shop")
        names = ("backup", "restore_test", "log_group", "alarm_rule", "alert", "deployment", "budget")
        self._rows = {name: store.read(name) for name in names}

    def deliver(self, aws: FakeAws) -> None:
        """The bill, as Data Exports lays it into a bucket: a manifest a month names its files."""
        s3 = boto3.client("s3", REGION, endpoint_url=aws.address, aws_access_key_id="AKIAOFTHETESTS000000",
                          aws_secret_access_key="secret")  # fmt: skip
        s3.create_bucket(Bucket=BUCKET)
        for bill in self._bills:
            place = f"billing_period={bill.name[:7]}"
            key = f"{PREFIX}/data/{place}/focus-00001.csv.gz"
            s3.put_object(Bucket=BUCKET, Key=key, Body=bill.read_bytes())
            told = {"dataFiles": [f"s3://{BUCKET}/{key}"], "columns": []}
            s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/metadata/{place}/focus-Manifest.json", Body=json.dumps(told))

    def tell(self, aws: FakeAws, now: pd.Timestamp) -> None:
        """Answer as AWS would at an instant, with what it has not forgotten."""
        self._backups(aws, now)
        self._logs(aws, now)
        self._alarms(aws, now)
        self._deployments(aws, now)
        self._budgets(aws, now)

    def _known(self, name: str, starts: str, ends: str, now: pd.Timestamp, kept: pd.Timedelta) -> list[dict[str, Any]]:
        rows = self._rows[name]
        known = rows[(rows[starts] >= now - kept) & (rows[ends].fillna(rows[starts]) <= now)]
        return known.to_dict("records")

    def _backups(self, aws: FakeAws, now: pd.Timestamp) -> None:
        jobs = [{
            "BackupJobId": row["backup_id"], "ResourceArn": _arn(row["resource"]), "State": _STATES[row["outcome"]],
            "CreationDate": row["started_at"].to_pydatetime(), "CompletionDate": row["finished_at"].to_pydatetime(),
            **({} if pd.isna(row["service"]) else {"ResourceName": row["service"]}),
        } for row in self._known("backup", "started_at", "finished_at", now, _MONTH)]  # fmt: skip
        tried = self._known("restore_test", "started_at", "finished_at", now, _MONTH)
        restores = [{
            "RestoreJobId": str(number), "SourceResourceArn": _arn(row["resource"]), "Status": _STATES[row["outcome"]],
            "CreationDate": row["started_at"].to_pydatetime(), "CompletionDate": row["finished_at"].to_pydatetime(),
            "RecoveryPointCreationDate": row["recovered_to"].to_pydatetime(),
        } for number, row in enumerate(tried)]  # fmt: skip
        aws.answer("backup:ListBackupJobs", *_paged("BackupJobs", jobs, 400))
        aws.answer("backup:ListRestoreJobs", {"RestoreJobs": restores})
        aws.answer("backup:ListBackupVaults", {"BackupVaultList": []})

    def _logs(self, aws: FakeAws, now: pd.Timestamp) -> None:
        groups = [{
            "logGroupName": row["log_group"], "storedBytes": int(row["stored_bytes"]),
            **({} if pd.isna(row["retention_days"]) else {"retentionInDays": int(row["retention_days"])}),
        } for row in self._newest("log_group", "log_group", now)]  # fmt: skip
        aws.answer("logs:DescribeLogGroups", *_paged("logGroups", groups, 2))

    def _alarms(self, aws: FakeAws, now: pd.Timestamp) -> None:
        rules = [{
            "AlarmName": row["alert_name"], "StateValue": _WORDS[row["state"]],
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:on-call"] if row["has_action"] else [],
            "ActionsEnabled": bool(row["is_enabled"]),
        } for row in self._newest("alarm_rule", "alert_name", now)]  # fmt: skip
        aws.answer("cloudwatch:DescribeAlarms", {"MetricAlarms": rules})
        changes = []
        for row in self._known("alert", "fired_at", "fired_at", now, _MONTH):
            changes.append((row["fired_at"], row["alert_name"], "OK", "ALARM"))
            if pd.notna(row["cleared_at"]) and row["cleared_at"] <= now:
                changes.append((row["cleared_at"], row["alert_name"], "ALARM", "OK"))
        items = [{
            "AlarmName": name, "AlarmType": "MetricAlarm", "HistoryItemType": "StateUpdate",
            "Timestamp": at.to_pydatetime(), "HistorySummary": f"Alarm updated from {old} to {new}",
            "HistoryData": json.dumps({"oldState": {"stateValue": old}, "newState": {"stateValue": new}}),
        } for at, name, old, new in sorted(changes, reverse=True)]  # fmt: skip
        aws.answer("cloudwatch:DescribeAlarmHistory", *_paged("AlarmHistoryItems", items, 100))

    def _deployments(self, aws: FakeAws, now: pd.Timestamp) -> None:
        held = {}
        for row in self._known("deployment", "started_at", "finished_at", now, pd.Timedelta(days=400)):
            times = {"createTime": row["started_at"].to_pydatetime(), "startTime": row["started_at"].to_pydatetime(),
                     "completeTime": row["finished_at"].to_pydatetime()}  # fmt: skip
            about = {"applicationName": row["service"], "deploymentGroupName": row["environment"], "creator": "user"}
            status = {"success": "Succeeded", "failure": "Failed"}.get(row["outcome"], "Succeeded")
            made = {"deploymentId": row["deployment_id"], "status": status, **about, **times}
            held[made["deploymentId"]] = made
            if row["outcome"] == "rolled_back":
                undo = f"{row['deployment_id']}-undo"
                made["rollbackInfo"] = {"rollbackDeploymentId": undo}
                held[undo] = {**made, "deploymentId": undo, "creator": "codeDeployRollback", "status": "Succeeded",
                              "rollbackInfo": {"rollbackTriggeringDeploymentId": row["deployment_id"]}}  # fmt: skip
        ids = list(held)
        aws.answer("codedeploy:ListDeployments", *_paged("deployments", ids, 100))
        aws.script("codedeploy:BatchGetDeployments", lambda asked: {
            "deploymentsInfo": [held[id] for id in asked["deploymentIds"]]})  # fmt: skip

    def _budgets(self, aws: FakeAws, now: pd.Timestamp) -> None:
        aws.answer("budgets:DescribeBudgets", {"Budgets": [{
            "BudgetName": row["budget_name"], "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": str(row["amount"].normalize()), "Unit": row["billing_currency"]},
        } for row in self._newest("budget", "budget_name", now)]})  # fmt: skip
        aws.answer("budgets:DescribeNotificationsForBudget", {"Notifications": []})

    def _newest(self, name: str, key: str, now: pd.Timestamp) -> list[dict[str, Any]]:
        """The state as it was: of each the row last seen by then."""
        rows = self._rows[name]
        known = rows[rows["observed_at"] == rows.loc[rows["observed_at"] <= now, "observed_at"].max()]
        return known.sort_values(key).to_dict("records")


def _paged(key: str, items: list, size: int) -> list[dict[str, Any]]:
    return [{key: items[at : at + size]} for at in range(0, max(len(items), 1), size)]


def _arn(resource: str) -> str:
    place = f"{REGION}:{ACCOUNT}"
    kind = next((kind for kind in _ARNS if resource.startswith(kind)), "")
    if not kind:
        return f"arn:aws:s3:::{resource}"
    return _ARNS[kind].format(place=place) + resource
