"""Hours of load balancers as CloudWatch tells of them."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import Pages, _aws, _aws_metrics, aws_cloudwatch
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, account, at, settings

SHOP, API, OLD = "app/shop/50dc6c495c0c9188", "app/api/1234567890abcdef", "app/old/0000000000000001"
HOUR = pd.Timedelta(hours=1)
#: Only the last three hours of October are told of, so that every one can be checked by hand.
BORN = "2026-10-31T20:30"


def balancer(of: str, region: str, kind: str = "application", born: str = BORN) -> dict:
    arn = f"arn:aws:elasticloadbalancing:{region}:123456789012:loadbalancer/{of}"
    return {"LoadBalancerArn": arn, "LoadBalancerName": of.split("/")[1], "Type": kind, "CreatedTime": at(born)}


#: region, load balancer: metric or percentile: hour of the 31st: value.
TOLD = {
    ("eu-west-1", SHOP): {
        "RequestCount": {21: 100.0, 23: 50.0}, "HTTPCode_ELB_503_Count": {23: 10.0},
        "HTTPCode_Target_5XX_Count": {21: 2.0}, "HTTPCode_ELB_5XX_Count": {21: 1.0, 23: 10.0},
        "p50": {21: 0.0123456789012345678, 23: 0.02}, "p95": {21: 0.25, 23: 0.5}, "p99": {21: 1.5, 23: 2.0},
    },
    ("us-east-1", SHOP): {"RequestCount": {22: 7.0}, "p50": {22: 0.1}, "p95": {22: 0.1}, "p99": {22: 0.1}},
}  # fmt: skip


def metrics(region: str, told: dict = TOLD):
    """Answers on two pages: the second holds the rest of each metric's values."""

    def say(asked: dict) -> dict:
        is_first, results = "NextToken" not in asked, []
        for query in asked["MetricDataQueries"]:
            stat = query["MetricStat"]
            name, of = stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"][0]["Value"]
            values = told.get((region, of), {}).get(stat["Stat"] if stat["Stat"] != "Sum" else name, {})
            some = {hour: value for hour, value in values.items() if (hour < 22) == is_first}
            times = [at(f"2026-10-31T{hour}:00") for hour in some]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": list(some.values()),
                            "StatusCode": "PartialData" if is_first else "Complete"})  # fmt: skip
        return {"MetricDataResults": results, "Messages": [], **({"NextToken": "more"} if is_first else {})}

    return say


def world(aws, told: dict = TOLD, **given):
    """Two regions, in the first of them a network load balancer as well, on a second page."""
    aws.answer("elbv2:DescribeLoadBalancers", {"LoadBalancers": [balancer(SHOP, "eu-west-1")]},
               {"LoadBalancers": [balancer("net/tcp/1", "eu-west-1", "network"), balancer(API, "eu-west-1")]},
               region="eu-west-1")  # fmt: skip
    aws.answer("elbv2:DescribeLoadBalancers", {"LoadBalancers": [balancer(SHOP, "us-east-1")]}, region="us-east-1")
    for region in ("eu-west-1", "us-east-1"):
        aws.script("cloudwatch:GetMetricData", metrics(region, told), region=region)
    regions = account(regions=["eu-west-1", "us-east-1"])
    return [settings(aws_cloudwatch, "request_load", regions, **given)]


def test_each_hour_has_its_requests_its_errors_and_its_own_percentiles(aws):
    rows, seen = sources.read(aws_cloudwatch, world(aws)[0], OCTOBER)
    shop = rows[rows["service"] == "shop"].set_index("started_at")
    assert (seen.status, seen.observed_start, seen.observed_end) == ("ok", OCTOBER.start, OCTOBER.end)
    assert [hour.hour for hour in shop.index] == [21, 22, 23] and (shop["ended_at"] - shop.index == HOUR).all()
    # Requests for which there was no target are added: AWS does not count them.
    assert shop["requests"].tolist() == [Decimal(100), Decimal(0), Decimal(60)]
    assert shop["errors"].tolist() == [Decimal(3), Decimal(0), Decimal(10)]
    assert shop["latency_p95"].iloc[[0, 2]].tolist() == [Decimal("0.25"), Decimal("0.5")]
    # Eighteen places are what a frame holds; of an hour without requests no latency is known.
    assert shop["latency_p50"].iloc[0] == Decimal("0.012345678901234568")
    assert shop[["latency_p50", "latency_p95", "latency_p99"]].isna().all(axis=1).tolist() == [False, True, False]


def test_a_listed_load_balancer_without_a_word_was_quiet_since_it_is_there(aws):
    rows, _ = sources.read(aws_cloudwatch, world(aws)[0], OCTOBER)
    assert set(rows["service"]) == {"shop", "api", "shop (us-east-1)"}
    api = rows[rows["service"] == "api"]
    assert [at.hour for at in api["started_at"]] == [21, 22, 23] and set(api["requests"]) == {Decimal(0)}
    abroad = rows[rows["service"] == "shop (us-east-1)"]
    assert abroad["requests"].tolist() == [Decimal(0), Decimal(7), Decimal(0)]


def test_the_client_may_name_its_load_balancers_also_one_that_is_gone(aws):
    told = {**TOLD, ("eu-west-1", OLD): {"RequestCount": {22: 4.0}}}
    given = world(aws, told, load_balancers={"legacy": OLD, "checkout": f"arn:aws:e:eu-west-1:1:loadbalancer/{API}"})
    rows, seen = sources.read(aws_cloudwatch, given[0], OCTOBER)
    assert seen.status == "ok" and set(rows["service"]) == {"legacy", "checkout"}
    # Of one that is gone only what is told is known: the other hours are not zero.
    assert rows.loc[rows["service"] == "legacy", "requests"].tolist() == [Decimal(4)]


def test_a_load_balancer_that_aws_does_not_know_is_said(aws):
    rows, seen = sources.read(aws_cloudwatch, world(aws, load_balancers={"shop": "app/shpo/1"})[0], OCTOBER)
    assert rows.empty and (seen.status, seen.why) == (
        "partial", "AWS knows nothing of 1 load balancers, like app/shpo/1")  # fmt: skip


def test_of_a_load_balancer_that_was_not_told_in_full_no_hour_is_taken(aws):
    (given,) = world(aws)

    def short(asked: dict) -> dict:
        results = [{"Id": query["Id"], "Timestamps": [], "Values": [], "StatusCode": "Complete"}
                   for query in asked["MetricDataQueries"]]  # fmt: skip
        results[0] |= {"StatusCode": "InternalError", "Messages": [{"Code": "Oops", "Value": "try again"}]}
        return {"MetricDataResults": results, "Messages": [{"Code": "Limit", "Value": "too many"}]}

    aws.script("cloudwatch:GetMetricData", short, region="eu-west-1")
    rows, seen = sources.read(aws_cloudwatch, given, OCTOBER)
    assert set(rows["service"]) == {"api", "shop (us-east-1)"} and (seen.status, seen.why) == (
        "partial", f"CloudWatch did not give 1 metrics in full, like RequestCount of {SHOP} in eu-west-1: "
                   "InternalError, try again; Limit: too many")  # fmt: skip


def test_hours_that_a_lost_page_would_tell_of_are_not_taken_for_quiet_ones(aws):
    (given,) = world(aws)
    aws.fault("cloudwatch:GetMetricData", "denied", at=2, times=1)
    rows, seen = sources.read(aws_cloudwatch, given, OCTOBER)
    assert set(rows["service"]) == {"shop (us-east-1)"} and seen.status == "partial"


def test_no_question_asks_for_more_than_aws_gives_at_once(aws):
    (given,) = world(aws)
    many = [balancer(f"app/a{number}/1", "eu-west-1") for number in range(25)]
    aws.answer("elbv2:DescribeLoadBalancers", {"LoadBalancers": many}, region="eu-west-1")
    rows, _ = sources.read(aws_cloudwatch, given, OCTOBER)
    asked = [len(one["MetricDataQueries"]) for one in aws.asked("cloudwatch:GetMetricData")]
    assert max(asked) * 31 * 24 <= 100_800 and sum(asked[::2]) == 7 * 26  # each question has two pages
    assert rows["service"].nunique() == 26


def test_only_hours_that_are_over_and_not_forgotten_are_asked_for(aws):
    (given,) = world(aws)
    sources.read(aws_cloudwatch, given, Period.month("2026-11"))
    sources.read(aws_cloudwatch, given, Period.month("2025-08"))
    windows = [(one["StartTime"], one["EndTime"]) for one in aws.asked("cloudwatch:GetMetricData")]
    november, august = windows[0], windows[-1]
    # The hour that ended at 06:00, when it was asked, may still be added to.
    assert november == (at("2026-11-01T00:00").timestamp(), at("2026-11-01T05:00").timestamp())
    assert NOW - pd.Timedelta(days=455) < pd.Timestamp(august[0], unit="s", tz="UTC") < Period.month("2025-08").end


def test_an_hour_across_the_months_border_is_read_where_clocks_are_half_an_hour_off(aws):
    (given,) = world(aws)
    rows, seen = sources.read(aws_cloudwatch, given, Period.month("2026-11", "Asia/Kolkata"))
    assert rows["started_at"].min() == pd.Timestamp("2026-10-31 21:00", tz="UTC")
    assert aws.asked("cloudwatch:GetMetricData")[0]["StartTime"] == at("2026-10-31T18:00").timestamp()
    assert seen.observed_start == pd.Timestamp("2026-10-31 18:30", tz="UTC")


def test_an_account_without_load_balancers_is_whole_and_empty(aws):
    (given,) = world(aws)
    for region in ("eu-west-1", "us-east-1"):
        aws.answer("elbv2:DescribeLoadBalancers", {"LoadBalancers": []}, region=region)
    rows, seen = sources.read(aws_cloudwatch, given, OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", "") and not aws.asked("cloudwatch:GetMetricData")


def test_the_answer_in_awss_own_documentation_is_read():
    file = EXAMPLES / "cloudwatch__get-metric-data_22.json"
    if not file.is_file():
        pytest.skip(f"{file} is not here")
    body = json.loads(file.read_text())
    metric = {"Namespace": "AWS/Billing", "MetricName": "EstimatedCharges",
              "Dimensions": [{"Name": "Currency", "Value": "USD"}]}  # fmt: skip
    stat = {"Metric": metric, "Period": 3600, "Stat": "Sum"}
    asked = {"MetricDataQueries": [{"Id": "m1", "MetricStat": stat}],
             "StartTime": at("2024-09-26T12:00"), "EndTime": at("2024-09-26T13:00")}  # fmt: skip
    answer = _aws.Answer("cloudwatch:GetMetricData", "us-east-1", asked, body)
    (series,) = _aws_metrics.read(Pages((answer,), sources.SourceSettings()))
    assert series.is_whole and series.values == {pd.Timestamp("2024-09-26 12:00", tz="UTC"): Decimal("542.38")}
