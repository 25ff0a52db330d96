"""Savings as Cost Optimization Hub proposes them."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_cost_optimization_hub as hub
from tests.aws.conftest import NOW, OCTOBER, OURS, settings

ARN = f"arn:aws:ec2:eu-west-1:{OURS}:instance/i-0a1"
LIST, STATUSES = "cost-optimization-hub:ListRecommendations", "cost-optimization-hub:ListEnrollmentStatuses"
MADE = dt.datetime(2026, 10, 31, 3, tzinfo=dt.UTC)


def proposed(action: str = "Stop", arn: str = ARN, saving: float | None = 61.3, id: str = "", **more) -> dict:
    told = {"recommendationId": id or f"{action} {arn}", "accountId": OURS, "region": "eu-west-1", "actionType": action,
            "resourceArn": arn, "resourceId": arn.rpartition("/")[2], "currencyCode": "USD",
            "currentResourceType": "Ec2Instance", "currentResourceSummary": "m5.large", "lastRefreshTimestamp": MADE}
    return {**told, **({} if saving is None else {"estimatedMonthlySavings": saving}), **more}  # fmt: skip


def plan(saving: float, summary: str, **more) -> dict:
    return {"accountId": OURS, "region": "eu-west-1", "actionType": "PurchaseSavingsPlans", "currencyCode": "USD",
            "recommendedResourceType": "Ec2InstanceSavingsPlans", "recommendedResourceSummary": summary,
            "estimatedMonthlySavings": saving, "lastRefreshTimestamp": MADE, **more}  # fmt: skip


def enabled(aws, *statuses: str) -> None:
    aws.answer(STATUSES, *({"items": [{"accountId": OURS, "status": status}]} for status in statuses or ["Active"]))


def world(aws):
    """An idle machine, an over-sized one, and two plans to buy, on two pages."""
    enabled(aws, "Active", "Inactive")
    larger = f"arn:aws:ec2:eu-west-1:{OURS}:instance/i-0b2"
    aws.answer(LIST, {"items": [
        proposed(), plan(12.5, "$0.02 hourly of c7g"),
    ]}, {"items": [
        proposed("Rightsize", larger, 30.1, recommendedResourceSummary="t3.medium",
                 tags=[{"key": "team", "value": "web"}, {"key": "Name", "value": "checkout-2"}]),
        plan(80.0, "$0.10 hourly of m7g"),
    ]})  # fmt: skip
    return [settings(hub)]


def test_each_proposal_is_told_with_what_it_saves_in_a_month(aws):
    rows, seen = sources.read(hub, world(aws)[0], OCTOBER)
    told = rows.set_index("recommendation_id")
    idle, large = f"{OURS}/eu-west-1/{ARN}/Stop", f"{OURS}/eu-west-1/{ARN.replace('0a1', '0b2')}/Rightsize"
    buy = f"{OURS}/eu-west-1/Ec2InstanceSavingsPlans/PurchaseSavingsPlans"
    assert set(told.index) == {idle, large, buy, f"{buy}/2"} and seen.status == "ok"
    columns = ["resource", "service", "kind", "action"]
    assert told.loc[idle, columns].tolist() == ["i-0a1", "i-0a1", "idle", "Stop i-0a1 (m5.large)"]
    assert told.loc[large, columns].tolist() == [
        "i-0b2", "checkout-2", "over-sized", "Change i-0b2 from m5.large to t3.medium"]  # fmt: skip
    assert told.loc[buy, ["kind", "action"]].tolist() == ["commitment", "Buy $0.10 hourly of m7g"]
    assert told.loc[[buy, f"{buy}/2"], "resource"].isna().all()
    assert told["estimated_monthly_saving"].to_dict() == {
        idle: Decimal("61.3"), large: Decimal("30.1"), buy: Decimal(80), f"{buy}/2": Decimal("12.5")}  # fmt: skip
    assert set(told["status"]) == {"proposed"} and set(told["billing_currency"]) == {"USD"}


def test_a_proposal_has_the_same_id_the_next_day_when_aws_has_given_it_another(aws):
    enabled(aws)
    aws.answer(LIST, {"items": [proposed(id="today")]})
    first, _ = sources.read(hub, settings(hub), OCTOBER)
    aws.answer(LIST, {"items": [proposed(id="tomorrow", saving=58.0)]})
    second, _ = sources.read(hub, settings(hub), OCTOBER)
    assert list(first["recommendation_id"]) == list(second["recommendation_id"])


def test_only_one_of_those_that_exclude_one_another_is_asked_for_and_only_of_the_accounts_named(aws):
    world(aws)
    sources.read(hub, settings(hub), OCTOBER)
    asked = aws.asked(LIST)[0]
    assert asked["includeAllRecommendations"] is False and asked["filter"] == {"accountIds": [OURS]}
    aws.calls.clear()
    several = [f"{number:012}" for number in range(101)]
    sources.read(hub, settings(hub, accounts=several), OCTOBER)
    assert [len(one["filter"]["accountIds"]) for one in aws.asked(LIST) if "nextToken" not in one] == [100, 1]


@pytest.mark.parametrize("items", [[], [{"accountId": OURS, "status": "Inactive"}]])
def test_where_the_hub_is_off_that_is_said_with_how_to_turn_it_on(aws, items):
    aws.answer(STATUSES, {"items": items})
    rows, seen = sources.read(hub, settings(hub), OCTOBER)
    assert rows.empty and seen.status == "unavailable"
    assert f"Cost Optimization Hub is not enabled in account {OURS}" in seen.why
    assert "update-enrollment-status" in seen.why and not aws.asked(LIST)


def test_an_account_to_which_nothing_is_proposed_is_ok_and_empty(aws):
    enabled(aws)
    aws.answer(LIST, {"items": []})
    rows, seen = sources.read(hub, settings(hub), OCTOBER)
    assert rows.empty and (seen.status, seen.why, seen.observed_end) == ("ok", "", NOW)


def test_what_aws_does_not_tell_stays_unknown_and_its_new_words_are_kept(aws):
    enabled(aws)
    aws.answer(LIST, {"items": [
        proposed("Hibernate", saving=None), proposed("Delete", currentResourceSummary=""),
        {"accountId": OURS, "currentResourceType": "NatGateway", "actionType": "Delete"},
        {"actionType": "PurchaseReservedInstances"},
        proposed("Upgrade", f"arn:aws:lambda:eu-west-1:{OURS}:function:mail:$LATEST",
                 resourceId=f"arn:aws:lambda:eu-west-1:{OURS}:function:mail:$LATEST"),
    ]})  # fmt: skip
    rows, seen = sources.read(hub, settings(hub), OCTOBER)
    told = {row["kind"] + ":" + str(row["resource"]): row for row in rows.to_dict("records")}
    assert seen.status == "ok" and len(rows) == 5
    new = told["Hibernate:i-0a1"]
    assert pd.isna(new["action"]) and pd.isna(new["estimated_monthly_saving"])
    assert told["idle:i-0a1"]["action"] == "Delete i-0a1"
    assert told["idle:nan"]["action"] == "Delete NatGateway" and told["idle:nan"]["first_seen_at"] == NOW
    assert told["commitment:nan"]["action"] == "Buy a commitment"
    assert told["old generation:mail"]["action"] == "Upgrade mail from m5.large"
    assert told["old generation:mail"]["first_seen_at"] == pd.Timestamp(MADE)


def test_a_proposal_that_stands_on_two_pages_is_one(aws):
    enabled(aws)
    others = [plan(12.5, "a plan", recommendationId="p1"), plan(12.5, "a plan", recommendationId="p2")]
    aws.answer(LIST, {"items": [proposed(), others[0]]}, {"items": [proposed(), *others]})
    rows, seen = sources.read(hub, settings(hub), OCTOBER)
    assert sorted(rows["kind"]) == ["commitment", "commitment", "idle"] and seen.status == "ok"
