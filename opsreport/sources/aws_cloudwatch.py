"""Load of Application Load Balancers, hour by hour, from CloudWatch.

Documentation: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
and https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html. Permission:
cloudwatch:GetMetricData and elasticloadbalancing:DescribeLoadBalancers. It costs 7 metrics a load balancer
and reading (USD 0.01 buys 1,000).

CloudWatch forgets an hour after 455 days. A load balancer that was deleted is no longer listed, though
CloudWatch still has its hours: name it in ``load_balancers``.

- requests: RequestCount, which counts those for which a target could be chosen, and
  HTTPCode_ELB_503_Count, which counts those for which there was none.
- errors: HTTPCode_Target_5XX_Count and HTTPCode_ELB_5XX_Count. What the load balancer itself refuses
  otherwise (such as its 500 before a target was chosen) is an error, and is not among the requests.
- latency: p50, p95 and p99 of TargetResponseTime over the hour, as CloudWatch states them; they are
  neither averaged nor added. It runs from when a request leaves the load balancer until the target
  begins to answer, so it is less than what a user waits, and leaves out requests that no target answered.

AWS reports a metric only while there is something to count. So an hour of which it tells nothing had no
requests (0, and no latency), provided that the load balancer is listed and was there when the hour began.
Of one that is no longer listed such an hour is unknown and has no row. Hours count once they have been
over for 15 minutes. Of a load balancer whose metrics were not all given in full no hour is taken.

Only Application Load Balancers count requests; the other kinds are left out. A service is the load
balancer's name, with the region where that is not the account's first. Two that are one service to the
client cannot be told together, since their percentiles cannot be added: of the same hour one would count.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws, _aws_metrics

FRAMES = ("request_load",)
OPERATIONS = ("elbv2:DescribeLoadBalancers", _aws_metrics.OPERATION)
KEEPS = {"request_load": _aws_metrics.KEEPS}

_HOUR = pd.Timedelta(hours=1)
_LATE = pd.Timedelta(minutes=15)
_COUNTS = ("RequestCount", "HTTPCode_ELB_503_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
_LATENCY = {"latency_p50": "p50", "latency_p95": "p95", "latency_p99": "p99"}
_ASKED = [*((name, "Sum") for name in _COUNTS), *(("TargetResponseTime", stat) for stat in _LATENCY.values())]

#: A load balancer's values by metric and statistic.
_Told = dict[tuple[str, str], _aws_metrics.Series]


class Settings(_aws.AwsSettings):
    """Which load balancers, where not all."""

    load_balancers: dict[str, str] = Field(
        default={}, description="service: app/name/50dc6c495c0c9188, the end of its ARN; by default every one"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """The load balancers of each region, and the metrics of those that are wanted."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        aws.ask("elbv2:DescribeLoadBalancers", region)
    listed, wanted = _listed(tuple(aws.answers)), _wanted(settings)
    gone = set(wanted) - {of for _, of in listed}
    start, end = _hours(period, settings.run.now)
    for region in aws.regions if start < end else []:
        here = [of for place, of in listed if place == region and (not wanted or of in wanted)]
        metrics = [_aws_metrics.Metric("AWS/ApplicationELB", name, "LoadBalancer", of, stat)
                   for of in [*here, *sorted(gone)] for name, stat in _ASKED]  # fmt: skip
        _aws_metrics.ask(aws, region, metrics, start, end, _HOUR)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an hour of each load balancer."""
    listed, wanted = _listed(pages.items), _wanted(pages.settings)
    rows = []
    for (region, of), told in _by_balancer(pages).items():
        if len(told) == len(_ASKED) and all(series.is_whole for series in told.values()):
            names = wanted.get(of) or [_aws.within(pages, region, of.split("/")[1])]
            hours = list(_rows(told, listed.get((region, of))))
            rows += [{"service": name, **hour} for name in names for hour in hours]
    return {"request_load": _aws.rows_of("request_load", rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The hours that are over, as far back as CloudWatch remembers."""
    now = pages.extra["now"]
    start, end = max(period.start, now - _aws_metrics.KEEPS), min(period.end, _hours(period, now)[1])
    return {"request_load": (start, end) if start < end else (pd.NaT, pd.NaT)}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What CloudWatch did not give, and wanted load balancers of which AWS knows nothing."""
    why = _aws_metrics.lacking(pages)
    known = {of for _, of in _listed(pages.items)}
    known |= {series.metric.of for series in _aws_metrics.read(pages) if series.values or not series.is_whole}
    if strange := sorted(set(_wanted(pages.settings)) - known):
        why.append(f"AWS knows nothing of {len(strange)} load balancers, like {strange[0]}")
    return {"request_load": ("partial", "; ".join(why))} if why else {}


def _hours(period: Period, now: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The whole hours that hold the period, without those that are not over or forgotten."""
    start = max(period.start.floor("h"), (now - _aws_metrics.KEEPS + _LATE).ceil("h"))
    return start, min(period.end.ceil("h"), (now - _LATE).floor("h"))


def _listed(answers: tuple[_aws.Answer, ...]) -> dict[tuple[str, str], pd.Timestamp]:
    """Region and end of ARN of each Application Load Balancer, and since when it is there."""
    return {
        (answer.region, _end(one["LoadBalancerArn"])): _aws.instant(one["CreatedTime"])
        for answer, one in _aws.each(answers, "elbv2:DescribeLoadBalancers", "LoadBalancers")
        if one["Type"] == "application"
    }


def _wanted(settings: Any) -> dict[str, list[str]]:
    """The services of each load balancer that the client's file names."""
    made: dict[str, list[str]] = {}
    for service, of in settings.load_balancers.items():
        made.setdefault(_end(of), []).append(service)
    return made


def _end(arn: str) -> str:
    return arn.partition(":loadbalancer/")[2] or arn


def _by_balancer(pages: Pages) -> dict[tuple[str, str], _Told]:
    made: dict[tuple[str, str], _Told] = {}
    for series in _aws_metrics.read(pages):
        place = made.setdefault((series.region, series.metric.of), {})
        place[series.metric.name, series.metric.stat] = series
    return made


def _rows(told: _Told, since: pd.Timestamp | None) -> Iterator[dict[str, Any]]:
    """The hours of which something was told, and those since the load balancer is there."""
    (start, end), *_ = {(series.start, series.end) for series in told.values()}
    quiet = pd.date_range(max(start, since.ceil("h")), end, freq="h", inclusive="left") if since is not None else []
    for hour in sorted({*quiet, *(hour for series in told.values() for hour in series.values)}):
        # A count of nothing is not reported.
        counted = {name: told[name, "Sum"].values.get(hour, Decimal(0)) for name in _COUNTS}
        yield {
            "started_at": hour, "ended_at": hour + _HOUR,
            "requests": counted["RequestCount"] + counted["HTTPCode_ELB_503_Count"],
            "errors": counted["HTTPCode_Target_5XX_Count"] + counted["HTTPCode_ELB_5XX_Count"],
            **{name: told["TargetResponseTime", stat].values.get(hour) for name, stat in _LATENCY.items()},
        }  # fmt: skip
