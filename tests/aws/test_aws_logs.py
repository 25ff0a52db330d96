"""Log groups as CloudWatch Logs tells of them."""

import datetime as dt

import pandas as pd

from opsreport import sources
from opsreport.sources import aws_logs
from tests.aws.conftest import NOW, OCTOBER, account, settings

CREATED = 1_700_000_000_000


def world(aws):
    """Two regions, the first with its groups on two pages."""
    aws.answer("logs:DescribeLogGroups", {"logGroups": [
        {"logGroupName": "/shop/web", "creationTime": CREATED, "retentionInDays": 30, "storedBytes": 5_000},
    ]}, {"logGroups": [
        {"logGroupName": "/shop/checkout", "creationTime": CREATED, "storedBytes": 70_000},
    ]}, region="eu-west-1")  # fmt: skip
    aws.answer("logs:DescribeLogGroups", {"logGroups": [
        {"logGroupName": "/shop/web", "creationTime": CREATED, "retentionInDays": 7, "storedBytes": 0},
    ]}, region="us-east-1")  # fmt: skip
    return [settings(aws_logs, "log_group", account(regions=["eu-west-1", "us-east-1"]))]


def test_each_group_of_each_region_is_told_once_with_what_it_keeps(aws):
    (given,) = world(aws)
    rows, seen = sources.read(aws_logs, given, OCTOBER)
    assert seen.status == "ok" and (seen.observed_end, seen.rows) == (NOW, 3)
    told = rows.set_index("log_group")
    assert told["stored_bytes"].astype(int).to_dict() == {
        "/shop/web": 5_000, "/shop/checkout": 70_000, "/shop/web (us-east-1)": 0}  # fmt: skip
    assert told["retention_days"].isna().to_dict() == {
        "/shop/web": False, "/shop/checkout": True, "/shop/web (us-east-1)": False}  # fmt: skip
    assert set(rows["observed_at"]) == {NOW} and NOW - seen.observed_start > pd.Timedelta(days=1)
    assert dt.timedelta(0) < NOW - seen.observed_start


def test_a_region_that_is_not_answered_makes_it_partial_and_leaves_the_others(aws):
    (given,) = world(aws)
    aws.fault("logs:DescribeLogGroups", "denied", at=3, times=0)
    rows, seen = sources.read(aws_logs, given, OCTOBER)
    assert list(rows["log_group"]) == ["/shop/web", "/shop/checkout"] and seen.status == "partial"
    assert seen.why == (
        "logs:DescribeLogGroups in us-east-1: AccessDeniedException: User is not authorized to perform this action")


def test_what_has_the_same_name_in_two_accounts_of_a_client_is_told_apart(aws):
    world(aws)
    two = account(), account("111111111111", role_arn="arn:aws:iam::111111111111:role/opsreport")
    names = [sources.read(aws_logs, settings(aws_logs, "", *two, account=one.account), OCTOBER)[0]["log_group"].tolist()
             for one in two]  # fmt: skip
    assert names == [["/shop/web", "/shop/checkout"], ["/shop/web (111111111111)", "/shop/checkout (111111111111)"]]
