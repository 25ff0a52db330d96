"""Canaries as CloudWatch Synthetics tells of them."""

import datetime as dt
import uuid

import pandas as pd

from opsreport import sources
from opsreport.sources import aws_synthetics
from tests.aws.conftest import NOW, OCTOBER, account, at, settings


def id_of(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def canary(name: str, state: str = "RUNNING", rate: str = "rate(5 minutes)", modified: str = "2026-01-01",
           stopped: str = "", **more) -> dict:  # fmt: skip
    timeline = {"LastModified": at(modified), **({"LastStopped": at(stopped)} if stopped else {})}
    return {"Name": name, "Status": {"State": state}, "Schedule": {"Expression": rate}, "Timeline": timeline, **more}


def run(name: str, started: str, state: str = "PASSED", result: str = "", **more) -> dict:
    status = {"State": state, **({"TestResult": result} if result else {})}
    return {"Name": name, "Id": id_of(f"{name} {started} {more}"), "Status": status,
            "Timeline": {"Started": at(started)}, **more}  # fmt: skip


def five(name: str, *states: str, first: str = "2026-10-20T10:00") -> list[dict]:
    """Runs every five minutes, the newest first, as AWS lists them."""
    return [run(name, (at(first) + dt.timedelta(minutes=5 * n)).isoformat()[:16], state)
            for n, state in enumerate(states)][::-1]  # fmt: skip


def runs(**told: list[list[dict]]):
    """Each canary's runs, in pages."""

    def say(asked: dict) -> dict:
        pages, number = told.get(asked["Name"], [[]]), int(asked.get("NextToken", "page-0").removeprefix("page-"))
        more = {"NextToken": f"page-{number + 1}"} if number < len(pages) - 1 else {}
        return {"CanaryRuns": pages[number], **more}

    return say


def world(aws):
    """Two regions, the first with its canaries and the first one's runs on two pages."""
    aws.answer("synthetics:DescribeCanaries", {"Canaries": [canary("checkout")]},
               {"Canaries": [canary("login", "STOPPED", stopped="2026-10-20T10:12")]}, region="eu-west-1")  # fmt: skip
    aws.answer("synthetics:DescribeCanaries", {"Canaries": [canary("checkout")]}, region="us-east-1")
    newest, *older = five("checkout", "PASSED", "FAILED", "FAILED", "PASSED", "PASSED")
    aws.script("synthetics:GetCanaryRuns", runs(checkout=[[newest], older], login=[five("login", *["PASSED"] * 3)]),
               region="eu-west-1")  # fmt: skip
    aws.script("synthetics:GetCanaryRuns", runs(checkout=[five("checkout", "PASSED", "PASSED")]), region="us-east-1")
    return [settings(aws_synthetics, "monitor_state", account(regions=["eu-west-1", "us-east-1"]))]


def one(aws, told: list[dict], of: dict | None = None):
    """A reading of one canary."""
    aws.answer("synthetics:DescribeCanaries", {"Canaries": [of or canary("checkout")]})
    aws.script("synthetics:GetCanaryRuns", runs(checkout=[told]))
    return read(settings(aws_synthetics, "monitor_state"))


def read(given):
    rows, seen = sources.read(aws_synthetics, given, OCTOBER)
    return [(row.monitor, row.state, f"{row.started_at:%d %H:%M}", f"{row.ended_at:%d %H:%M}")
            for row in rows.itertuples()], seen  # fmt: skip


def test_runs_become_stretches_and_a_canary_that_was_stopped_is_paused(aws):
    rows, seen = read(world(aws)[0])
    assert rows == [
        ("checkout", "up", "20 10:00", "20 10:05"), ("checkout", "down", "20 10:05", "20 10:15"),
        ("checkout", "up", "20 10:15", "20 10:20"), ("checkout (us-east-1)", "up", "20 10:00", "20 10:05"),
        ("login", "up", "20 10:00", "20 10:12"), ("login", "paused", "20 10:12", "01 00:00"),
    ]  # fmt: skip
    assert seen.status == "ok" and all(one["RunType"] == "CANARY_RUN" for one in aws.asked("synthetics:GetCanaryRuns"))
    # AWS keeps runs for 31 days: of the first six hours of October nothing is known.
    assert (seen.observed_start, seen.observed_end) == (NOW - pd.Timedelta(days=31), OCTOBER.end)


def test_a_run_tells_of_three_intervals_at_most(aws):
    told = five("checkout", "PASSED", "PASSED", first="2026-10-20T11:00") + five("checkout", "FAILED", "FAILED")
    rows, _ = one(aws, told)
    assert rows == [("checkout", "down", "20 10:00", "20 10:20"), ("checkout", "up", "20 11:00", "20 11:05")]


def test_a_cron_expressions_interval_is_the_usual_one_and_so_is_that_of_runs_before_a_change(aws):
    told = [run("checkout", f"2026-10-20T{time}") for time in ("10:00", "10:30", "11:00", "11:30", "17:00", "17:01")]
    expected = [("checkout", "up", "20 10:00", "20 13:00"), ("checkout", "up", "20 17:00", "20 17:01")]
    assert one(aws, told, canary("checkout", rate="cron(0/30 8-18 ? * MON-FRI *)"))[0] == expected
    faster = canary("checkout", rate="rate(1 minute)", modified="2026-10-20T16:59")
    assert one(aws, told, faster)[0] == expected


def test_the_scripts_own_result_counts_and_where_it_has_none_nothing_is_known(aws):
    told = [run("checkout", f"2026-10-20T10:{minute}", state, result) for minute, state, result in (
        ("00", "FAILED", "PASSED"), ("05", "FAILED", "UNKNOWN"), ("10", "FAILED", "FAILED"), ("15", "RUNNING", ""),
        ("20", "PASSED", ""),
    )]  # fmt: skip
    assert [row[1:3] for row in one(aws, told)[0]] == [
        ("up", "20 10:00"), ("unknown", "20 10:05"), ("down", "20 10:10")]  # fmt: skip


def test_of_a_run_and_its_retries_the_last_one_counts(aws):
    first, again, lost = id_of("first"), id_of("again"), id_of("lost")
    told = [
        run("checkout", "2026-10-20T10:00", "FAILED", ScheduledRunId=first),
        run("checkout", "2026-10-20T10:01", "PASSED", ScheduledRunId=first, RetryAttempt=1),
        run("checkout", "2026-10-20T10:05", "FAILED", ScheduledRunId=again),
        run("checkout", "2026-10-20T10:06", "FAILED", ScheduledRunId=again, RetryAttempt=1),
        run("checkout", "2026-10-20T10:07", "FAILED", ScheduledRunId=again, RetryAttempt=2),
        run("checkout", "2026-10-20T10:10", "PASSED", ScheduledRunId=lost),
    ]  # fmt: skip
    assert one(aws, told)[0] == [("checkout", "up", "20 10:00", "20 10:05"),
                                 ("checkout", "down", "20 10:05", "20 10:10")]  # fmt: skip


def test_each_browser_of_a_canary_is_a_monitor(aws):
    both = canary("checkout", BrowserConfigs=[{"BrowserType": "CHROME"}, {"BrowserType": "FIREFOX"}])
    told = [run("checkout", f"2026-10-20T10:0{minute}", state, BrowserType=browser)
            for browser, state in (("CHROME", "PASSED"), ("FIREFOX", "FAILED")) for minute in (0, 5)]  # fmt: skip
    assert one(aws, told, both)[0] == [("checkout (Chrome)", "up", "20 10:00", "20 10:05"),
                                       ("checkout (Firefox)", "down", "20 10:00", "20 10:05")]  # fmt: skip


def test_what_the_shorter_retention_has_thinned_out_is_not_told(aws):
    short = canary("checkout", SuccessRetentionPeriodInDays=2, FailureRetentionPeriodInDays=31)
    told = [*five("checkout", "FAILED", "FAILED"), *five("checkout", "PASSED", "PASSED", first="2026-10-31T10:00")]
    rows, seen = one(aws, told, short)
    assert rows == [("checkout", "up", "31 10:00", "31 10:05")]
    assert seen.observed_start == NOW - pd.Timedelta(days=2)


def test_a_stretch_is_clipped_to_the_month_and_closed_by_a_run_after_it(aws):
    told = five("checkout", "PASSED", "PASSED", "PASSED", first="2026-10-31T23:52")
    assert one(aws, told)[0] == [("checkout", "up", "31 23:52", "01 00:00")]


def test_a_canary_that_was_stopped_before_what_aws_remembers_is_paused(aws):
    # As far back as its runs would be known: since 31 days before it was asked.
    rows, _ = one(aws, [], canary("checkout", "STOPPED", stopped="2026-05-01"))
    assert rows == [("checkout", "paused", "01 06:00", "01 00:00")]
    assert one(aws, [], canary("checkout", "READY"))[0] == []


def test_a_run_that_cannot_be_understood_makes_it_partial(aws):
    lost = {"Name": "checkout", "Id": id_of("lost"), "Status": {"State": "FAILED"}}
    rows, seen = one(aws, [*five("checkout", "PASSED", "PASSED"), lost])
    assert rows and (seen.status, seen.why) == ("partial", "1 runs cannot be understood, like one of checkout: FAILED")


def test_a_canary_whose_runs_could_not_be_read_to_the_end_is_left_out(aws):
    (given,) = world(aws)
    aws.fault("synthetics:GetCanaryRuns", "denied", at=2, times=1)
    rows, seen = read(given)
    assert {row[0] for row in rows} == {"login", "checkout (us-east-1)"} and seen.status == "partial"


def test_an_account_without_canaries_is_whole_and_empty(aws):
    aws.answer("synthetics:DescribeCanaries", {"Canaries": []})
    rows, seen = read(settings(aws_synthetics, "monitor_state"))
    assert rows == [] and (seen.status, seen.why) == ("ok", "")
