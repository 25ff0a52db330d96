"""Budgets as AWS tells of them."""

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_budgets
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, OURS, settings

BUDGETS, ALERTS, SUBSCRIBERS = aws_budgets.OPERATIONS
FILES = ("budgets__describe-budgets_5.json", "budgets__describe-notifications-for-budget_6.json",
         "budgets__describe-subscribers-for-notification_7.json")  # fmt: skip
S3 = "Amazon Simple Storage Service"


def budget(name: str, amount: str = "1200.50", **more) -> dict:
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"}, **more}  # fmt: skip


def alert(kind: str = "ACTUAL", operator: str = "GREATER_THAN") -> dict:
    return {"NotificationType": kind, "ComparisonOperator": operator, "Threshold": 80.0, "ThresholdType": "PERCENTAGE",
            "NotificationState": "OK"}  # fmt: skip


MAIL = {"SubscriptionType": "EMAIL", "Address": "ops@example.com"}
SNS = {"SubscriptionType": "SNS", "Address": "arn:aws:sns:us-east-1:123456789012:money"}


def world(aws, *more: dict, alerts=None, heard=lambda asked: True):
    """A budget on each of two pages, each with two alerts on a page of their own and two subscribers."""
    given = alerts or [alert("FORECASTED"), alert()]
    aws.answer(BUDGETS, {"Budgets": [budget("whole bill")]}, {
        "Budgets": [budget("storage", "90", CostFilters={"Service": [S3]}), *more]})  # fmt: skip
    aws.answer(ALERTS, *({"Notifications": [one]} for one in given))

    def subscribers(asked: dict) -> dict:
        if not heard(asked):
            return {}
        return {"Subscribers": [SNS]} if asked.get("NextToken") else {"Subscribers": [MAIL], "NextToken": "second"}

    aws.script(SUBSCRIBERS, subscribers)
    return [settings(aws_budgets, "budget")]


def test_each_budget_is_told_with_its_amount_what_it_counts_and_its_alert(aws):
    rows, seen = sources.read(aws_budgets, world(aws)[0], OCTOBER)
    assert (seen.status, seen.why, seen.observed_end) == ("ok", "", NOW)
    told = rows.set_index("budget_name")
    assert told["amount"].to_dict() == {"whole bill": Decimal("1200.5"), "storage": Decimal("90")}
    assert told["filter"].fillna("").to_dict() == {"whole bill": "", "storage": S3}
    assert told["has_alert"].tolist() == [True, True] and set(rows["billing_currency"]) == {"USD"}
    assert {one["AccountId"] for one in aws.asked(BUDGETS)} == {OURS}


def test_an_alert_that_reaches_nobody_or_warns_of_less_is_none(aws):
    rows, _ = sources.read(aws_budgets, world(aws, heard=lambda asked: asked["BudgetName"] == "storage")[0], OCTOBER)
    assert rows.set_index("budget_name")["has_alert"].to_dict() == {"whole bill": False, "storage": True}
    aws.forget()
    rows, _ = sources.read(aws_budgets, world(aws, alerts=[alert(operator="LESS_THAN")])[0], OCTOBER)
    assert rows["has_alert"].tolist() == [False, False] and not aws.asked(SUBSCRIBERS)


def test_whether_anybody_is_told_is_unknown_where_it_could_not_be_read(aws):
    given = world(aws)[0]
    aws.fault(ALERTS, "denied", at=3, times=0)
    rows, seen = sources.read(aws_budgets, given, OCTOBER)
    assert rows["has_alert"].isna().tolist() == [False, True] and seen.status == "partial"
    assert seen.why.startswith("budgets:DescribeNotificationsForBudget in us-east-1: AccessDeniedException")


def test_a_planned_budget_has_the_limit_of_the_month_that_runs(aws):
    months = {dt.datetime(2026, month, 1, tzinfo=dt.UTC): amount for month, amount in ((10, "70"), (11, "80.25"))}
    limits = {str(int(at.timestamp())): {"Amount": amount, "Unit": "EUR"} for at, amount in months.items()}
    planned = budget("planned", PlannedBudgetLimits=limits)
    del planned["BudgetLimit"]
    rows, seen = sources.read(aws_budgets, world(aws, planned)[0], OCTOBER)
    row = rows.set_index("budget_name").loc["planned"]
    assert (row["amount"], row["billing_currency"], seen.status) == (Decimal("80.25"), "EUR", "ok")
    del planned["PlannedBudgetLimits"]
    rows, seen = sources.read(aws_budgets, world(aws, planned)[0], OCTOBER)
    assert (seen.status, seen.why) == ("partial", "1 budgets have no amount for this month, like 'planned'")
    assert pd.isna(rows.set_index("budget_name").loc["planned", "amount"])


def test_a_budget_of_something_else_than_a_months_cost_is_counted_in_a_note(aws):
    others = [budget("year", TimeUnit="ANNUALLY"), budget("hours", BudgetType="USAGE"),
              budget("later", TimePeriod={"Start": NOW.to_pydatetime() + dt.timedelta(days=9)})]  # fmt: skip
    rows, seen = sources.read(aws_budgets, world(aws, *others)[0], OCTOBER)
    assert len(rows) == 2 and (seen.status, seen.why) == (
        "ok", "3 budgets are not of a month's cost, like 'year' (ANNUALLY)")  # fmt: skip
    assert {one["BudgetName"] for one in aws.asked(ALERTS)} == {"whole bill", "storage"}


NO_CREDIT = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}


@pytest.mark.parametrize(("filters", "said"), [
    ({"CostFilters": {"TagKeyValue": ["user:team$shop"]}}, "shop"),
    ({"CostFilters": {"Service": [S3, "AWS Lambda"]}}, '{"Service": ["Amazon Simple Storage Service", "AWS Lambda"]}'),
    ({"FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": [S3]}}}, S3),
    ({"FilterExpression": {"And": [NO_CREDIT, {"Tags": {"Key": "team", "Values": ["shop"]}}]}}, "shop"),
    ({"FilterExpression": NO_CREDIT}, ""),
    ({"FilterExpression": {"Not": {"Tags": {"Key": "team", "Values": ["shop"]}}}},
     '{"Not": {"Tags": {"Key": "team", "Values": ["shop"]}}}'),
    ({"FilterExpression": {"Tags": {"Key": "team", "Values": ["s"], "MatchOptions": ["STARTS_WITH"]}}},
     '{"Tags": {"Key": "team", "MatchOptions": ["STARTS_WITH"], "Values": ["s"]}}'),
])  # fmt: skip
def test_one_filter_of_one_value_is_that_value_and_charge_types_are_none(aws, filters, said):
    rows, seen = sources.read(aws_budgets, world(aws, budget("x", **filters))[0], OCTOBER)
    assert rows.set_index("budget_name")["filter"].fillna("")["x"] == said and seen.status == "ok"


def test_an_account_without_budgets_is_empty(aws):
    aws.answer(BUDGETS, {"Budgets": []})
    rows, seen = sources.read(aws_budgets, settings(aws_budgets, "budget"), OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


def test_the_documentations_budget_is_read_rightly(aws):
    folder = EXAMPLES
    if not folder.exists():
        pytest.skip(f"there is no {folder}")
    for operation, name in zip(aws_budgets.OPERATIONS, FILES, strict=True):
        told = json.loads((folder / name).read_text())
        for one in told.get("Budgets", []):
            one["TimePeriod"] = {edge: dt.datetime.fromtimestamp(at, dt.UTC) for edge, at in one["TimePeriod"].items()}
        aws.answer(operation, told)
    rows, seen = sources.read(aws_budgets, settings(aws_budgets, "budget"), OCTOBER)
    assert seen.status == "ok" and rows.drop(columns="observed_at").values.tolist() == [
        ["Example Budget", Decimal("100"), "USD", "us-east-1", True]]  # fmt: skip
