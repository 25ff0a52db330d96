"""Health checks as Route 53 and CloudWatch tell of them."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import aws_route53_health
from tests.aws.conftest import NOW, OCTOBER, settings

STATUS, CHECKERS = "HealthCheckStatus", "HealthCheckPercentageHealthy"
#: Minutes of which CloudWatch still knows each one begin here, those of which it knows five at a time here.
FINE, COARSE = "2026-10-17T07:00", "2026-08-30T07:00"


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def check(id: str, kind: str = "HTTPS", **more) -> dict:
    return {"Id": id, "CallerReference": id, "HealthCheckVersion": 1, "HealthCheckConfig": {"Type": kind, **more}}


def runs(*parts: tuple[str, str, float]) -> dict[pd.Timestamp, float]:
    """Minutes from and to, and their value."""
    return {minute: value for start, end, value in parts
            for minute in pd.date_range(at(start), at(end), freq="min", inclusive="left")}  # fmt: skip


def metrics(told: dict[tuple[str, str], dict[pd.Timestamp, float]]):
    """CloudWatch with these minutes: averages of what was asked for, each question's second half on a second page."""

    def say(asked: dict) -> dict:
        start, end = (pd.Timestamp(asked[name], unit="s", tz="UTC") for name in ("StartTime", "EndTime"))
        results = []
        for query in asked["MetricDataQueries"]:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            minutes = told.get((metric["Dimensions"][0]["Value"], metric["MetricName"]), {})
            some = pd.Series({minute: value for minute, value in minutes.items() if start <= minute < end}, dtype=float)
            means = some.groupby(some.index.floor(f"{stat['Period']}s")).mean() if len(some) else some
            half = len(means) // 2
            means = means.iloc[half:] if "NextToken" in asked else means.iloc[:half]
            results.append({"Id": query["Id"], "StatusCode": "Complete" if "NextToken" in asked else "PartialData",
                            "Timestamps": [time.to_pydatetime() for time in means.index],
                            "Values": means.tolist()})  # fmt: skip
        return {"MetricDataResults": results, **({} if "NextToken" in asked else {"NextToken": "more"})}

    return say


def listed(*pages: list[dict]):
    """Health checks on pages, led on as Route 53 does it."""

    def say(asked: dict) -> dict:
        number = int(asked["Marker"].removeprefix("page-")) if "Marker" in asked else 0
        is_last = number == len(pages) - 1
        return {"HealthChecks": pages[number], "Marker": asked.get("Marker", ""), "IsTruncated": not is_last,
                "MaxItems": "100", **({} if is_last else {"NextMarker": f"page-{number + 1}"})}  # fmt: skip

    return say


def tags(**names: str) -> dict:
    return {"ResourceTagSets": [
        {"ResourceType": "healthcheck", "ResourceId": id, "Tags": [{"Key": "Name", "Value": name}]}
        for id, name in names.items()
    ]}  # fmt: skip


def world(aws, told: dict | None = None, checks: list[dict] | None = None, names: dict | None = None):
    """A web page that was down for a quarter of an hour, and a calculated check without a name."""
    up = runs(("2026-10-20T10:00", "2026-10-20T10:37", 1), ("2026-10-20T10:37", "2026-10-20T10:52", 0),
              ("2026-10-20T10:52", "2026-10-20T11:00", 1))  # fmt: skip
    default = {("web", STATUS): up, ("web", CHECKERS): dict.fromkeys(up, 80.0),
               ("all", STATUS): runs((FINE, "2026-10-17T07:30", 1))}  # fmt: skip
    first, *rest = checks or [check("web"), check("all", "CALCULATED")]
    aws.script("route53:ListHealthChecks", listed([first], rest))
    aws.answer("route53:ListTagsForResources", tags(**(names if names is not None else {"web": "Shop"})))
    aws.script("cloudwatch:GetMetricData", metrics(default if told is None else told))
    return [settings(aws_route53_health, "monitor_state")]


def read(given, period=OCTOBER):
    rows, seen = sources.read(aws_route53_health, given[0], period)
    return [(row.monitor, row.state, f"{row.started_at:%d %H:%M}", f"{row.ended_at:%d %H:%M}")
            for row in rows.itertuples()], seen  # fmt: skip


def probed(minutes: dict) -> dict:
    return {("web", STATUS): minutes, ("web", CHECKERS): dict.fromkeys(minutes, 80.0)}


def test_minutes_become_stretches_and_where_values_end_a_stretch_ends(aws):
    rows, seen = read(world(aws))
    assert rows == [
        ("Shop", "up", "20 10:00", "20 10:37"), ("Shop", "down", "20 10:37", "20 10:52"),
        ("Shop", "up", "20 10:52", "20 11:00"), ("all", "up", "17 07:00", "17 07:30"),
    ]  # fmt: skip
    assert (seen.status, seen.why, seen.observed_start, seen.observed_end) == ("ok", "", OCTOBER.start, OCTOBER.end)
    assert {call.region for call in aws.calls if "sts" not in call.operation} == {"us-east-1"}


def test_a_gap_is_neither_up_nor_down(aws):
    minutes = runs(("2026-10-20T10:00", "2026-10-20T10:30", 1), ("2026-10-20T10:31", "2026-10-20T11:00", 1))
    rows, _ = read(world(aws, probed(minutes)))
    assert rows == [("Shop", "up", "20 10:00", "20 10:30"), ("Shop", "up", "20 10:31", "20 11:00")]


def test_a_minute_that_was_partly_unhealthy_was_down(aws):
    minutes = runs(("2026-10-20T10:00", "2026-10-20T10:02", 1), ("2026-10-20T10:02", "2026-10-20T10:03", 0.5))
    rows, _ = read(world(aws, probed(minutes)))
    assert rows[-1] == ("Shop", "down", "20 10:02", "20 10:03")


@pytest.mark.parametrize("day", ["2026-10-05", "2026-10-20"])
def test_an_outage_is_told_alike_while_minutes_are_known_and_when_only_five_at_a_time_are(aws, day):
    minutes = runs((f"{day}T10:00", f"{day}T10:37", 1), (f"{day}T10:37", f"{day}T10:52", 0),
                   (f"{day}T10:52", f"{day}T11:00", 1))  # fmt: skip
    rows, seen = read(world(aws, probed(minutes)))
    assert [(state, start[3:], end[3:]) for _, state, start, end in rows] == [
        ("up", "10:00", "10:37"), ("down", "10:37", "10:52"), ("up", "10:52", "11:00")]  # fmt: skip
    assert (seen.status, seen.why) == ("ok", "")


def test_an_hour_is_divided_by_its_share_also_where_that_is_no_short_decimal(aws):
    minutes = runs(("2026-07-05T10:00", "2026-07-05T11:11", 1), ("2026-07-05T11:11", "2026-07-05T13:00", 0))
    rows, _ = read(world(aws, probed(minutes)), Period.month("2026-07"))
    assert rows == [("Shop", "up", "05 10:00", "05 11:11"), ("Shop", "down", "05 11:11", "05 13:00")]


def test_what_a_long_window_does_not_tell_is_unknown_and_said(aws):
    minutes = runs(("2026-10-05T10:00", "2026-10-05T10:06", 1), ("2026-10-05T10:06", "2026-10-05T10:08", 0),
                   ("2026-10-05T10:08", "2026-10-05T10:20", 1))  # fmt: skip
    rows, seen = read(world(aws, probed(minutes)))
    assert rows == [("Shop", "up", "05 10:00", "05 10:05"), ("Shop", "up", "05 10:10", "05 10:20")]
    assert (seen.status, seen.why) == (
        "ok", "1 windows of 5 minutes were both up and down: what was when is not known")  # fmt: skip


def test_time_in_which_an_endpoints_check_was_disabled_is_paused_though_route_53_calls_it_healthy(aws):
    minutes = runs(("2026-10-20T10:00", "2026-10-20T12:00", 1))
    told = {("web", STATUS): minutes, ("web", CHECKERS): runs(("2026-10-20T10:00", "2026-10-20T11:00", 100))}
    assert read(world(aws, told))[0] == [
        ("Shop", "up", "20 10:00", "20 11:00"), ("Shop", "paused", "20 11:00", "20 12:00")]  # fmt: skip
    now = world(aws, told, [check("web", Disabled=True)])
    assert read(now)[0][-1] == ("Shop", "paused", "20 11:00", "01 00:00")


def test_since_when_another_kind_of_check_is_disabled_is_not_made_up(aws):
    told = {("all", STATUS): runs(("2026-10-31T00:00", "2026-11-01T06:00", 1))}
    given = world(aws, told, [check("all", "CALCULATED", Disabled=True)])
    assert read(given)[0] == []
    assert read(given, Period.month("2026-11"))[0] == [("all", "paused", "01 00:00", "01 05:55")]


def test_a_private_endpoints_check_needs_no_word_of_its_checkers(aws):
    told = {("web", STATUS): runs(("2026-10-20T10:00", "2026-10-20T11:00", 1))}
    rows, _ = read(world(aws, told, [check("web", EndpointType="PRIVATE")]))
    assert rows == [("Shop", "up", "20 10:00", "20 11:00")]


def test_checks_of_one_name_are_told_apart(aws):
    minutes = runs(("2026-10-20T10:00", "2026-10-20T11:00", 1))
    told = {("a", STATUS): minutes, ("b", STATUS): minutes}
    rows, _ = read(world(aws, told, [check("a", "CALCULATED"), check("b", "CALCULATED")], {"a": "Shop", "b": "Shop"}))
    assert [row[0] for row in rows] == ["Shop (a)", "Shop (b)"]


def test_tags_are_asked_for_ten_at_a_time_and_metrics_as_aws_takes_them(aws):
    rows, _ = read(world(aws, {}, [check(f"c{number}") for number in range(12)], {}))
    assert rows == [] and len(aws.asked("route53:ListTagsForResources")) == 2
    for asked in aws.asked("cloudwatch:GetMetricData"):
        length = asked["MetricDataQueries"][0]["MetricStat"]["Period"]
        assert len(asked["MetricDataQueries"]) * (asked["EndTime"] - asked["StartTime"]) / length <= 100_800


def test_each_part_is_asked_for_as_finely_as_cloudwatch_still_has_it(aws):
    read(world(aws), Period.days("2026-08-25", "2026-10-31"))
    asked = {one["MetricDataQueries"][0]["MetricStat"]["Period"]: (one["StartTime"], one["EndTime"])
             for one in aws.asked("cloudwatch:GetMetricData")}  # fmt: skip
    edges = [at(text).timestamp() for text in ("2026-08-25", COARSE, FINE, "2026-11-01")]
    assert asked == {3600: tuple(edges[:2]), 300: tuple(edges[1:3]), 60: tuple(edges[2:])}
    assert at(FINE) > NOW - dt.timedelta(days=15) and at(COARSE) > NOW - dt.timedelta(days=63)


def test_a_check_whose_values_were_not_all_given_is_left_out_and_named(aws):
    given = world(aws)
    say = metrics({})

    def short(asked: dict) -> dict:
        page = say(asked)
        page["MetricDataResults"][0]["StatusCode"] = "Forbidden" if "NextToken" in asked else "PartialData"
        return page

    aws.script("cloudwatch:GetMetricData", short)
    rows, seen = read(given)
    assert rows == [] and seen.status == "partial"
    assert f"like {STATUS} of web in us-east-1: Forbidden" in seen.why


def test_an_account_without_health_checks_is_whole_and_empty(aws):
    given = world(aws)
    aws.script("route53:ListHealthChecks", listed([]))
    rows, seen = read(given)
    assert rows == [] and (seen.status, seen.why) == ("ok", "")
    assert not aws.asked("cloudwatch:GetMetricData")
