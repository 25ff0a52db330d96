"""Alarms of CloudWatch: which there are and whether they could warn anybody, and when each rang.

Documentation: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html,
DescribeAlarmHistory, and https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html.
Permission: cloudwatch:DescribeAlarms and cloudwatch:DescribeAlarmHistory, both on ``*``: AWS hides composite
alarms from a narrower one.

AWS tells alarms as they are now and forgets how they were; it forgets changes of state after 30 days, also
those of alarms that are deleted by then. Collect daily. Metric, composite and log alarms are asked for; those
that Auto Scaling makes (``TargetTracking-*``) steer capacity and warn nobody, so they are left out unless
``without`` says otherwise.

A rule has an action when it has one for the state ALARM and its actions are enabled, or when a composite
alarm that has one looks at it. A rule of EventBridge that listens to alarms is not seen. It is enabled when
its actions are, or such a composite alarm looks at it. INSUFFICIENT_DATA reads as no data; an alarm that
CloudWatch says it cannot evaluate reads as unknown. An alert lasts from the change to ALARM to the next
change; while it rings it has no end. One that began before AWS remembers is not told, and one that rings for
more than 30 days, or whose alarm is deleted while it rings, never gets an end. AWS does not record whether
anybody was called, or did something. service is the alarm's name, which the client's file maps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("alarm_rule", "alert")
OPERATIONS = ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")
MAIN = {"alarm_rule": "cloudwatch:DescribeAlarms", "alert": "cloudwatch:DescribeAlarmHistory"}
KEEPS = {"alarm_rule": _aws.ONLY_NOW, "alert": pd.Timedelta(days=30)}

_KINDS = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"], "MaxRecords": 100}
_LISTS = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
_STATES = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "no data"}
_NOT_EVALUATED = ("EVALUATION_ERROR", "EVALUATION_FAILURE")
_SUMMARY = re.compile(r"from (\w+) to (\w+)")
#: What a composite alarm's rule is made of: names in quotes, and words, of which some are names.
_WORDS = re.compile(r"""["']([^"']+)["']|([^\s,()"']+)""")

Key = tuple[str, str]  # an alarm's region and name


class Settings(_aws.AwsSettings):
    """What every source of AWS takes, and the alarms that are none."""

    without: list[str] = Field(
        default=["TargetTracking-*"], description="names of alarms that warn nobody, with * for any letters"
    )


def fetch(period: Period, settings: Settings) -> Pages:
    """The alarms of each region as they are, and every change of state that AWS remembers."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        aws.ask("cloudwatch:DescribeAlarms", region, **_KINDS)
        # Newest first: where a page is lost, an alert that is told still has its end.
        aws.ask("cloudwatch:DescribeAlarmHistory", region, **_KINDS, HistoryItemType="StateUpdate",
                ScanBy="TimestampDescending")  # fmt: skip
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row an alarm, and a row each time that one rang."""
    return {"alarm_rule": _aws.rows_of("alarm_rule", _rules(pages)), "alert": _aws.rows_of("alert", _alerts(pages))}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States and changes in words that are not known."""
    told = {}
    odd = [f"{name}: {alarm['StateValue']}" for (_, name), alarm in _alarms(pages)
           if alarm.get("StateValue", "OK") not in _STATES]  # fmt: skip
    if odd:
        told["alarm_rule"] = ("partial", f"{len(odd)} alarms are in a state that is not known, like {odd[0]}")
    lost = [f"{name}: {item.get('HistorySummary')}" for (_, name), item in _items(pages) if not _change(item)]
    if lost:
        told["alert"] = ("partial", f"{len(lost)} changes of alarms are not understood, like {lost[0]}")
    return told


def _rules(pages: Pages) -> list[dict[str, Any]]:
    alarms = list(_alarms(pages))
    heard = _heard(alarms)
    # The composite alarm that looks at one may stand on a page that is missing.
    whole = {answer.region for answer in pages.items if answer.operation == OPERATIONS[0] and answer.is_whole}
    return [{
        "alert_name": _aws.within(pages, *key), "service": key[1], "observed_at": pages.extra["now"],
        "has_action": True if key in heard else _acts(alarm) if key[0] in whole else None,
        "is_enabled": True if key in heard else alarm.get("ActionsEnabled") if key[0] in whole else None,
        "state": "unknown" if alarm.get("EvaluationState") in _NOT_EVALUATED
        else _STATES.get(alarm.get("StateValue", ""), "unknown"),
    } for key, alarm in alarms]  # fmt: skip


def _heard(alarms: list[tuple[Key, dict[str, Any]]]) -> set[Key]:
    """The alarms that act, and those that one which acts looks at, itself or through another."""
    looks_at = {(region, name): {(region, other) for other in _named(alarm.get("AlarmRule", ""))}
                for (region, name), alarm in alarms}  # fmt: skip
    heard = {key for key, alarm in alarms if _acts(alarm)}
    waiting = list(heard)
    while waiting:
        fresh = looks_at.get(waiting.pop(), set()) - heard
        heard |= fresh
        waiting += fresh
    return heard


def _acts(alarm: dict[str, Any]) -> bool | None:
    """Whether it does something itself when it rings; None where AWS does not say."""
    return alarm.get("ActionsEnabled") if alarm.get("AlarmActions") else False


def _named(rule: str) -> set[str]:
    """The alarms that a composite alarm's rule may name, by name or ARN."""
    return {(quoted or bare).rpartition(":alarm:")[2] for quoted, bare in _WORDS.findall(rule)}


def _alerts(pages: Pages) -> list[dict[str, Any]]:
    changes: dict[Key, list[tuple[pd.Timestamp, str, str]]] = {}
    for key, item in _items(pages):
        change = _change(item)
        if change and change != ("ALARM", "ALARM"):
            # To the millisecond, as AWS keeps it: an alert's id must not depend on how a number is read.
            at = _aws.instant(item["Timestamp"]).round("ms")
            changes.setdefault(key, []).append((at, *change))
    return [row for key, told in changes.items() for row in _rang(pages, key, told)]


def _rang(pages: Pages, key: Key, newest_first: list[tuple[pd.Timestamp, str, str]]) -> Iterator[dict[str, Any]]:
    """Each time that one alarm rang; whatever it does next, it no longer rings for the same."""
    told = sorted(dict.fromkeys(reversed(newest_first)), key=lambda change: change[0])
    ends = [at for at, *_ in told[1:]] + [None]
    for (at, old, new), end in zip(told, ends, strict=True):
        if new == "ALARM" and old != "ALARM":
            yield {
                "alert_id": "/".join([*key, at.isoformat(timespec="milliseconds")]), "service": key[1],
                "alert_name": _aws.within(pages, *key), "fired_at": at, "cleared_at": end,
            }  # fmt: skip


def _change(item: dict[str, Any]) -> tuple[str, str] | None:
    """From which state to which; from the summary where AWS cut the data short."""
    try:
        data = json.loads(item.get("HistoryData") or "{}")
        states = (data["oldState"]["stateValue"], data["newState"]["stateValue"])
    except (ValueError, KeyError, TypeError):
        found = _SUMMARY.search(item.get("HistorySummary") or "")
        states = found.groups() if found else ("", "")
    return states if set(states) <= set(_STATES) and item.get("Timestamp") else None


def _alarms(pages: Pages) -> Iterator[tuple[Key, dict[str, Any]]]:
    for kind in _LISTS:
        yield from _wanted(pages, "cloudwatch:DescribeAlarms", kind)


def _items(pages: Pages) -> Iterator[tuple[Key, dict[str, Any]]]:
    yield from _wanted(pages, "cloudwatch:DescribeAlarmHistory", "AlarmHistoryItems")


def _wanted(pages: Pages, operation: str, under: str) -> Iterator[tuple[Key, dict[str, Any]]]:
    for answer, one in _aws.each(pages.items, operation, under):
        if not any(fnmatchcase(one["AlarmName"], pattern) for pattern in pages.settings.without):
            yield (answer.region, one["AlarmName"]), one
