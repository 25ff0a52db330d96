"""What AWS expects of the bill and calls unusual in it."""

from decimal import Decimal

import pandas as pd

from opsreport import sources
from opsreport.sources import aws_cost_outlook
from tests.aws.conftest import NOW, OCTOBER, settings

FORECAST, ANOMALIES = aws_cost_outlook.OPERATIONS


def anomaly(id: str, **more) -> dict:
    return {
        "AnomalyId": id, "AnomalyStartDate": "2026-10-12", "AnomalyEndDate": "2026-10-14T00:00:00Z",
        "DimensionValue": "Amazon EC2", "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/1",
        "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.5},
        "Impact": {"MaxImpact": 60.0, "TotalImpact": 120.1, "TotalActualSpend": 150.3, "TotalExpectedSpend": 30.2},
        "RootCauses": [
            {"Service": "AWS Lambda", "Region": "us-east-1", "UsageType": "Lambda-GB-Second",
             "Impact": {"Contribution": 20.0}},
            {"Service": "Amazon EC2", "Region": "eu-west-1", "UsageType": "BoxUsage:m5.large",
             "Impact": {"Contribution": 100.1}},
        ],
        **more,
    }  # fmt: skip


def world(aws, *more: dict):
    """What is left of the month and the next one, and an anomaly on each of two pages."""
    stretches = [("2026-11-01", "2026-12-01", "400.125"), ("2026-12-01", "2027-01-01", "410")]
    aws.answer(FORECAST, {"Total": {"Amount": "810.125", "Unit": "USD"}, "ForecastResultsByTime": [
        {"TimePeriod": {"Start": start, "End": end}, "MeanValue": mean,
         "PredictionIntervalLowerBound": "350", "PredictionIntervalUpperBound": "460"}
        for start, end, mean in stretches]})  # fmt: skip
    aws.answer(ANOMALIES, {"Anomalies": [anomaly("a")]},
               {"Anomalies": [anomaly("b", RootCauses=[], Feedback="PLANNED_ACTIVITY"), *more]})  # fmt: skip
    return [settings(aws_cost_outlook, frame) for frame in aws_cost_outlook.FRAMES]


def test_what_is_expected_is_told_by_the_month_with_its_bounds(aws):
    rows, seen = sources.read(aws_cost_outlook, world(aws)[0], OCTOBER)
    assert seen.status == "ok" and seen.observed_end == NOW and set(rows["observed_at"]) == {NOW}
    assert rows[["expected", "expected_low", "expected_high", "confidence"]].values.tolist() == [
        [Decimal("400.125"), Decimal(350), Decimal(460), Decimal("0.8")],
        [Decimal(410), Decimal(350), Decimal(460), Decimal("0.8")]]  # fmt: skip
    assert rows["ended_at"].tolist() == [pd.Timestamp(day, tz="UTC") for day in ("2026-12-01", "2027-01-01")]
    assert aws.asked(FORECAST)[0]["TimePeriod"] == {"Start": "2026-11-01", "End": "2027-01-01"}


def test_an_anomaly_has_its_days_its_money_and_what_contributed_most(aws):
    rows, seen = sources.read(aws_cost_outlook, world(aws)[1], OCTOBER)
    assert seen.status == "ok" and (seen.observed_start, seen.observed_end) == (OCTOBER.start, OCTOBER.end)
    first, second = rows.to_dict("records")
    assert (first["started_at"], first["ended_at"]) == tuple(
        pd.Timestamp(day, tz="UTC") for day in ("2026-10-12", "2026-10-15"))  # fmt: skip
    assert [first[name] for name in ("spent", "expected", "impact")] == [
        Decimal("150.3"), Decimal("30.2"), Decimal("120.1")]  # fmt: skip
    assert [first[name] for name in ("service_name", "region_id", "sku_id")] == [
        "Amazon EC2", "eu-west-1", "BoxUsage:m5.large"]  # fmt: skip
    assert second["service_name"] == "Amazon EC2" and second["feedback"] == "PLANNED_ACTIVITY"
    assert pd.isna(second["sku_id"]) and aws.asked(ANOMALIES)[0]["DateInterval"] == {"StartDate": "2026-10-01"}


def test_an_anomaly_that_does_not_say_when_it_began_makes_it_partial(aws):
    lost = {name: value for name, value in anomaly("c").items() if name != "AnomalyStartDate"}
    rows, seen = sources.read(aws_cost_outlook, world(aws, lost)[1], OCTOBER)
    assert list(rows["anomaly_id"]) == ["a", "b"]
    assert (seen.status, seen.why) == ("partial", "1 anomalies do not say when they began, like c")


def test_an_account_with_neither_is_empty(aws):
    aws.answer(FORECAST, {})
    aws.answer(ANOMALIES, {"Anomalies": []})
    for frame in aws_cost_outlook.FRAMES:
        rows, seen = sources.read(aws_cost_outlook, settings(aws_cost_outlook, frame), OCTOBER)
        assert rows.empty and (seen.status, seen.why) == ("ok", "")
