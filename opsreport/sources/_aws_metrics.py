"""Metrics of CloudWatch: asked for by GetMetricData, and put together again from its pages.

Documentation: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html.
A question holds at most 500 metrics and 100,800 values. A page may hold a part of a metric's values and
say PartialData; a metric is whole when the last page has come and it was Complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import pandas as pd

from opsreport.sources import Pages, _aws

OPERATION = "cloudwatch:GetMetricData"
#: How long CloudWatch keeps values of an hour.
KEEPS = pd.Timedelta(days=455)
_METRICS, _VALUES = 500, 100_800


@dataclass(frozen=True)
class Metric:
    """One metric of one thing, by one statistic."""

    namespace: str
    name: str
    dimension: str
    of: str
    stat: str


@dataclass(frozen=True)
class Series:
    """A metric's values in one question's time, by when each one's window begins.

    Attributes
    ----------
    length : Timedelta
        Of each window.
    is_whole : bool
        Whether every value that there is was read.
    lacks : str
        Where CloudWatch itself says that it did not give all: what it says.
    """

    region: str
    metric: Metric
    length: pd.Timedelta
    start: pd.Timestamp
    end: pd.Timestamp
    values: dict[pd.Timestamp, Decimal]
    is_whole: bool
    lacks: str


def ask(
    aws: _aws.Questions, region: str, metrics: Sequence[Metric],
    start: pd.Timestamp, end: pd.Timestamp, length: pd.Timedelta,
) -> None:  # fmt: skip
    """Ask for metrics in [start, end), in windows of a length, with as many at once as AWS takes."""
    at_once = max(1, min(_METRICS, int(_VALUES * length / (end - start))))
    for some in _aws.batches(metrics, at_once):
        queries = [{"Id": f"m{number}", "MetricStat": _stat(one, length)} for number, one in enumerate(some)]
        aws.ask(OPERATION, region, MetricDataQueries=queries, ScanBy="TimestampAscending",
                StartTime=start.to_pydatetime(), EndTime=end.to_pydatetime())  # fmt: skip


def read(pages: Pages) -> Iterator[Series]:
    """Each metric of each question that was answered at least in part."""
    answers = (answer for answer in pages.items if answer.operation == OPERATION)
    for (region, asked), group in groupby(answers, key=lambda answer: (answer.region, answer.asked)):
        told = list(group)
        for query in asked["MetricDataQueries"]:
            yield _series(region, asked, query, told)


def lacking(pages: Pages) -> list[str]:
    """What CloudWatch says that it did not give: how many metrics with one of them, and what it says of a question."""
    lacks = [series.lacks for series in read(pages) if series.lacks]
    said = [f"{message.get('Code')}: {message.get('Value')}"
            for _, message in _aws.each(pages.items, OPERATION, "Messages")]  # fmt: skip
    metrics = f"CloudWatch did not give {len(lacks)} metrics in full, like {lacks[0]}" if lacks else ""
    return [*filter(None, [metrics]), *dict.fromkeys(said)]


def _stat(one: Metric, length: pd.Timedelta) -> dict[str, Any]:
    dimensions = [{"Name": one.dimension, "Value": one.of}]
    metric = {"Namespace": one.namespace, "MetricName": one.name, "Dimensions": dimensions}
    return {"Metric": metric, "Period": int(length.total_seconds()), "Stat": one.stat}


def _series(region: str, asked: dict[str, Any], query: dict[str, Any], answers: list[_aws.Answer]) -> Series:
    told = query["MetricStat"]
    ((dimension, of),) = [(one["Name"], one["Value"]) for one in told["Metric"]["Dimensions"]]
    metric = Metric(told["Metric"]["Namespace"], told["Metric"]["MetricName"], dimension, of, told["Stat"])
    parts = [part for answer in answers for part in answer.body.get("MetricDataResults", [])
             if part["Id"] == query["Id"]]  # fmt: skip
    values = {at: number for part in parts
              for at, value in zip(_instants(part.get("Timestamps")), part.get("Values", []), strict=True)
              if (number := _aws.amount(value)) is not None}  # fmt: skip
    is_read, state = answers[-1].is_whole, parts[-1].get("StatusCode") if parts else "no answer"
    is_whole = is_read and state == "Complete"
    lacks = "" if is_whole or not is_read else f"{metric.name} of {of} in {region}: {_said(state, parts)}"
    start, end = _aws.instant(asked["StartTime"]), _aws.instant(asked["EndTime"])
    return Series(region, metric, pd.Timedelta(seconds=told["Period"]), start, end, values, is_whole, lacks)


def _instants(times: list[Any] | None) -> pd.DatetimeIndex:
    # All at once: a month has 40,000 minutes.
    return pd.to_datetime(times or [], utc=True).as_unit("us")


def _said(state: str | None, parts: list[dict[str, Any]]) -> str:
    messages = [message.get("Value", "") for part in parts for message in part.get("Messages", [])]
    return ", ".join(filter(None, [state or "no status", *messages]))
