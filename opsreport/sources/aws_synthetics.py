"""Canaries of CloudWatch Synthetics, as stretches of time up, down or paused.

Documentation: https://docs.aws.amazon.com/AmazonSynthetics/latest/APIReference/API_GetCanaryRuns.html and
API_DescribeCanaries.html. Permission: the two, read only.

AWS forgets runs: those that passed after a canary's SuccessRetentionPeriodInDays and those that failed after
its FailureRetentionPeriodInDays, 31 days each unless set otherwise. Nothing is said of time before the
shorter of the two, in which what is left would be one-sided: collect at least as often. Runs can only be
listed all, 100 a page: a canary that runs every minute has 450 pages a month.

- A run tells of the time from its start to the start of the next one, but of no more than three intervals:
  after that it is unknown. The interval is that of the canary's rate since the canary was last modified; of
  runs before that, and of a cron expression, the median time between them. The newest run tells of nothing
  until the next one began.
- up, down: the script's own result (TestResult) passed or failed; where AWS could not tell it, unknown. So a
  run that failed only because its screenshots could not be saved is up. Runs of which that is not told
  count by their State. Of a run and its automatic retries the last one counts. Dry runs are left out.
- paused: from when a canary that is stopped now was stopped. That an earlier stop was one, and not a
  failure to run, is not told: such a gap is unknown.

A monitor is the canary's name, with the browser where it runs in several, and with the region where that is
not the account's first. A canary whose runs could not be read to the end is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.schemas import INSTANT
from opsreport.sources import Pages, _aws, _spans

FRAMES = ("monitor_state",)
OPERATIONS = ("synthetics:DescribeCanaries", "synthetics:GetCanaryRuns")
KEEPS = {"monitor_state": pd.Timedelta(days=31)}

Settings = _aws.AwsSettings

_STATES = {"PASSED": "up", "FAILED": "down", "UNKNOWN": "unknown"}
_RATE = re.compile(r"rate\((\d+) (minute|hour)s?\)")
#: How many intervals a run tells of at most.
_INTERVALS = 3


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every canary of each region, and all its runs that AWS still has."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        for page in aws.ask("synthetics:DescribeCanaries", region):
            for canary in page.get("Canaries", []):
                aws.ask("synthetics:GetCanaryRuns", region, Name=canary["Name"], RunType="CANARY_RUN")
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a canary was in one state."""
    made = [spans for answer, canary in _canaries(pages) for spans in _of_canary(pages, period, answer, canary)]
    rows = _spans.joined(pd.concat(made)).to_dict("records") if made else []
    return {"monitor_state": _aws.rows_of("monitor_state", rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """As far back as every canary's runs are kept."""
    kept = min((_kept(canary) for _, canary in _canaries(pages)), default=KEEPS["monitor_state"])
    return _aws.told({"monitor_state": kept})(frames, pages, period)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """Runs that say neither when they began nor how they ended."""
    strange = [run for _, run in _aws.each(pages.items, "synthetics:GetCanaryRuns", "CanaryRuns")
               if _result(run) is None and not _is_running(run)]  # fmt: skip
    if not strange:
        return {}
    example = f"{strange[0].get('Name')}: {strange[0].get('Status', {}).get('State')}"
    return {"monitor_state": ("partial", f"{len(strange)} runs cannot be understood, like one of {example}")}


def _canaries(pages: Pages) -> Iterator[tuple[_aws.Answer, dict[str, Any]]]:
    return _aws.each(pages.items, "synthetics:DescribeCanaries", "Canaries")


def _of_canary(pages: Pages, period: Period, answer: _aws.Answer, canary: dict[str, Any]) -> Iterator[pd.DataFrame]:
    """The stretches of each of a canary's monitors, clipped to the period and to what is kept."""
    since, end = max(period.start, pages.extra["now"] - _kept(canary)), min(period.end, pages.extra["now"])
    for checks in _monitors(pages, answer.region, canary):
        spans = _spans.held(checks)
        # Paused goes on to this day; of the newest run it is not known what came after.
        until = (spans["started_at"] + _INTERVALS * _intervals(canary, spans)).where(spans["state"] != "paused", end)
        spans["ended_at"] = spans["ended_at"].mask(spans["state"] == "paused", end).clip(upper=until.clip(upper=end))
        spans = _spans.lasting(spans.assign(started_at=spans["started_at"].clip(lower=since)))
        if len(spans):
            yield spans[["monitor", "started_at", "ended_at", "state"]]


def _runs(pages: Pages, region: str, name: str) -> list[dict[str, Any]] | None:
    """A canary's runs; None where they were not read to the end."""
    answers = [answer for answer in pages.items if answer.operation == "synthetics:GetCanaryRuns"
               and (answer.region, answer.asked["Name"]) == (region, name)]  # fmt: skip
    if not answers or not answers[-1].is_whole:
        return None
    return [run for answer in answers for run in answer.body.get("CanaryRuns", [])]


def _monitors(pages: Pages, region: str, canary: dict[str, Any]) -> Iterator[pd.DataFrame]:
    """The checks of each place and browser that a canary runs in, and after them its stop."""
    runs, stopped = _runs(pages, region, canary["Name"]), _stopped(canary)
    if runs is None:
        return
    tries: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for run in runs:
        monitor = _aws.within(pages, run.get("Location") or region, _named(canary, run.get("BrowserType", "")))
        tries.setdefault(monitor, {}).setdefault(run.get("ScheduledRunId") or run["Id"], []).append(run)
    if not runs:  # Stopped so long ago that its runs are forgotten.
        browsers = [one.get("BrowserType", "") for one in canary.get("BrowserConfigs", [])]
        tries = {_aws.within(pages, region, _named(canary, browser)): {} for browser in browsers or [""]}
    for monitor, each in tries.items():
        checks = [check for check in map(_check, each.values()) if check]
        checks += [{"started_at": stopped, "state": "paused"}] if stopped is not None else []
        if checks:
            yield pd.DataFrame(checks).astype({"started_at": INSTANT}).assign(monitor=monitor)


def _named(canary: dict[str, Any], browser: str) -> str:
    is_one = len(canary.get("BrowserConfigs", [])) < 2 or not browser
    return canary["Name"] if is_one else f"{canary['Name']} ({browser.capitalize()})"


def _check(tries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What a run and its retries say together, from when the first of them began."""
    last = max(tries, key=lambda run: run.get("RetryAttempt", 0))
    state = _result(last)
    if state is None:
        return None
    started = [_aws.instant(run.get("Timeline", {}).get("Started")) for run in tries]
    return {"started_at": min(at for at in started if at is not None), "state": state}


def _result(run: dict[str, Any]) -> str | None:
    """The state that a run shows; None where it still runs, or does not say."""
    told = run.get("Status", {})
    if _is_running(run) or "Started" not in run.get("Timeline", {}):
        return None
    return _STATES.get(told.get("TestResult") or told.get("State"))


def _is_running(run: dict[str, Any]) -> bool:
    return run.get("Status", {}).get("State") == "RUNNING"


def _stopped(canary: dict[str, Any]) -> pd.Timestamp | None:
    is_stopped = canary.get("Status", {}).get("State") == "STOPPED"
    return _aws.instant(canary.get("Timeline", {}).get("LastStopped")) if is_stopped else None


def _kept(canary: dict[str, Any]) -> pd.Timedelta:
    names = ("SuccessRetentionPeriodInDays", "FailureRetentionPeriodInDays")
    return min(pd.Timedelta(days=canary[name]) if canary.get(name) else KEEPS["monitor_state"] for name in names)


def _intervals(canary: dict[str, Any], spans: pd.DataFrame) -> pd.Series:
    """The time from each run to the next, as it is set, or as it was before the canary was modified."""
    found = _RATE.fullmatch(canary.get("Schedule", {}).get("Expression", ""))
    rate = pd.Timedelta(**{f"{found[2]}s": int(found[1])}) if found else pd.Timedelta(0)
    modified = _aws.instant(canary.get("Timeline", {}).get("LastModified"))
    is_set = (spans["started_at"] >= modified if modified is not None else True) & bool(rate)
    is_set = pd.Series(is_set, index=spans.index)
    usual = spans.loc[~is_set & (spans["state"] != "paused"), "started_at"].diff().median()
    return pd.Series(pd.Timedelta(0) if pd.isna(usual) else usual, index=spans.index).mask(is_set, rate)
