"""Health checks of Route 53, as stretches of time up, down or paused.

Documentation: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html,
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHealthChecks.html and API_ListTagsForResources.
Permission: route53:ListHealthChecks, route53:ListTagsForResources and cloudwatch:GetMetricData, the metrics
in us-east-1 only. A reading costs 2 to 6 metrics a check (USD 0.01 buys 1,000).

CloudWatch forgets single minutes after 15 days, windows of five minutes after 63 and hours after 455; each
stretch of the period is read as finely as it still is. A check that was deleted is no longer listed: what
it saw is forgotten but for what was collected before.

- up, down: HealthCheckStatus is 1 or 0 as Route 53 judges it, an inverted check inverted. A minute that was
  partly unhealthy was down. A longer window that was partly unhealthy is divided where one turn between the
  windows beside it explains it; else what was when is not told, and it is unknown.
- paused: a check of an endpoint that was disabled. Route 53 then calls it healthy, but has no
  HealthCheckPercentageHealthy, by which such time is known. Since when another kind of check (calculated,
  of an alarm, of a routing control, of a private endpoint) is disabled is not told: it is paused on the day,
  by UTC, on which it is seen so, and nothing is said of the time before.
- A window without a value is unknown, neither up nor down: a stretch ends where values end. The newest five
  minutes are left for the next reading.

A monitor is named by the check's tag Name, or its id without one; several of one name have their id beside
it. A check whose tags or values could not be read to the end is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws, _aws_metrics, _spans

FRAMES = ("monitor_state",)
OPERATIONS = ("route53:ListHealthChecks", "route53:ListTagsForResources", _aws_metrics.OPERATION)
KEEPS = {"monitor_state": _aws_metrics.KEEPS}

Settings = _aws.AwsSettings

_HOME, _MINUTE, _HOUR = "us-east-1", pd.Timedelta(minutes=1), pd.Timedelta(hours=1)
#: How long CloudWatch keeps windows of a length.
_KEPT = ((pd.Timedelta(days=15), _MINUTE), (pd.Timedelta(days=63), 5 * _MINUTE), (_aws_metrics.KEEPS, _HOUR))
_LATE = pd.Timedelta(minutes=5)
_TAGS_AT_ONCE = 10
_STATUS, _CHECKERS = "HealthCheckStatus", "HealthCheckPercentageHealthy"
_ENDPOINTS = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
#: Begin and length of a window, and the share of it that was healthy; None where the check was disabled.
_Window = tuple[pd.Timestamp, pd.Timedelta, Decimal | None]
_Stretch = tuple[pd.Timestamp, pd.Timestamp, str]


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """Every health check with its tags, and what its checkers saw."""
    aws = _aws.opened(settings, OPERATIONS)
    aws.ask("route53:ListHealthChecks", _HOME)
    checks = _checks(tuple(aws.answers))
    for ids in _aws.batches([check["Id"] for check in checks], _TAGS_AT_ONCE):
        aws.ask("route53:ListTagsForResources", _HOME, ResourceType="healthcheck", ResourceIds=ids)
    metrics = [_aws_metrics.Metric("AWS/Route53", name, "HealthCheckId", check["Id"], "Average")
               for check in checks for name in _metrics(check)]  # fmt: skip
    for start, end, length in _parts(period, settings.run.now):
        _aws_metrics.ask(aws, _HOME, metrics, start, end, length)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in which a check was in one state."""
    names, now = _names(pages), pages.extra["now"]
    rows = []
    for check, windows in _read(pages, period):
        if check["Id"] in names:
            rows += [{"monitor": names[check["Id"]], "started_at": start, "ended_at": end, "state": state}
                     for start, end, state in [*_stretches(windows), *_disabled(check, windows, period, now)]
                     if start < end]  # fmt: skip
    joined = _spans.joined(pd.DataFrame(rows)).to_dict("records") if rows else []
    return {"monitor_state": _aws.rows_of("monitor_state", joined)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What CloudWatch did not give; and how much time is unknown because its windows are too long."""
    why = _aws_metrics.lacking(pages)
    status = "partial" if why else "ok"
    mixed = Counter(windows[place][1] for _, windows in _read(pages, period) for place in _undivided(windows))
    for length, count in sorted(mixed.items()):
        why.append(f"{count} windows of {length // _MINUTE} minutes were both up and down: what was when is not known")
    return {"monitor_state": (status, "; ".join(why))} if why else {}


def _end(period: Period, now: pd.Timestamp) -> pd.Timestamp:
    """Up to where values are settled: a state that was told too early would stay."""
    return min(period.end, (now - _LATE).floor("min"))


def _parts(period: Period, now: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp, pd.Timedelta]]:
    """The period in parts of one length of window each, the newest first."""
    parts, end = [], _end(period, now)
    for kept, length in _KEPT:
        # Nothing is given of a question that begins too early, and asking takes a while.
        start = max(period.start, (now - kept + _HOUR).ceil("h"))
        if start < end:
            parts.append((start, end, length))
            end = start
    return parts


def _checks(answers: tuple[_aws.Answer, ...]) -> list[dict[str, Any]]:
    return [check for _, check in _aws.each(answers, "route53:ListHealthChecks", "HealthChecks")]


def _is_probed(check: dict[str, Any]) -> bool:
    """Whether its checkers tell what they saw; of those of a private endpoint that is not documented."""
    config = check["HealthCheckConfig"]
    return config["Type"] in _ENDPOINTS and config.get("EndpointType") != "PRIVATE"


def _is_disabled(check: dict[str, Any]) -> bool:
    return bool(check["HealthCheckConfig"].get("Disabled"))


def _metrics(check: dict[str, Any]) -> tuple[str, ...]:
    return (_STATUS, _CHECKERS) if _is_probed(check) else (_STATUS,)


def _names(pages: Pages) -> dict[str, str]:
    """Each check's name, where its tags could be read."""
    asked = [id for answer in pages.items if answer.operation == "route53:ListTagsForResources"
             for id in answer.asked["ResourceIds"]]  # fmt: skip
    tagged = {one["ResourceId"]: tag["Value"]
              for _, one in _aws.each(pages.items, "route53:ListTagsForResources", "ResourceTagSets")
              for tag in one.get("Tags", []) if tag["Key"] == "Name" and tag.get("Value")}  # fmt: skip
    count = Counter(tagged.values())
    return {id: id if id not in tagged else tagged[id] if count[tagged[id]] == 1 else f"{tagged[id]} ({id})"
            for id in asked}  # fmt: skip


def _read(pages: Pages, period: Period) -> Iterator[tuple[dict[str, Any], list[_Window]]]:
    """Each check whose values were all read, with its windows, oldest first."""
    series: dict[str, list[_aws_metrics.Series]] = {}
    for one in _aws_metrics.read(pages):
        series.setdefault(one.metric.of, []).append(one)
    parts = len(_parts(period, pages.extra["now"]))
    for check in _checks(pages.items):
        told = series.get(check["Id"], [])
        if len(told) == parts * len(_metrics(check)) and all(one.is_whole for one in told):
            yield check, [] if _is_disabled(check) and not _is_probed(check) else _windows(told, _is_probed(check))


def _windows(told: list[_aws_metrics.Series], is_probed: bool) -> list[_Window]:
    seen = {at for one in told if one.metric.name == _CHECKERS for at in one.values}
    windows = [(at, one.length, share if at in seen or not is_probed else None)
               for one in told if one.metric.name == _STATUS for at, share in one.values.items()]  # fmt: skip
    return sorted(windows, key=lambda window: window[0])


def _stretches(windows: list[_Window]) -> list[_Stretch]:
    made: list[_Stretch] = []
    mixed = set(_undivided(windows))
    for place, (start, length, share) in enumerate(windows):
        state, end = _state(windows, place), start + length
        if state is not None:
            made.append((start, end, state))
        elif place not in mixed and share is not None:
            before, after = _state(windows, place - 1), _state(windows, place + 1)
            up = round(share * (length // _MINUTE)) * _MINUTE
            turn = start + up if before == "up" else end - up
            made += [(start, turn, str(before)), (turn, end, str(after))]
    return made


def _state(windows: list[_Window], place: int) -> str | None:
    """What a window was throughout; None where it was both."""
    _, length, share = windows[place]
    if share is None:
        return "paused"
    if share in (0, 1):
        return "up" if share == 1 else "down"
    return "down" if length == _MINUTE else None


def _undivided(windows: list[_Window]) -> list[int]:
    """The places of windows that were both, which no single turn between up and down explains."""
    found = []
    for place, (start, length, _) in enumerate(windows):
        if _state(windows, place) is None:
            near = windows[max(place - 1, 0) : place + 2]
            touch = len(near) == 3 and near[0][0] + near[0][1] == start and near[2][0] == start + length
            if not touch or {_state(windows, place - 1), _state(windows, place + 1)} != {"up", "down"}:
                found.append(place)
    return found


def _disabled(check: dict[str, Any], windows: list[_Window], period: Period, now: pd.Timestamp) -> list[_Stretch]:
    """The time in which a check that is disabled now is known to have been so, beyond what its windows tell."""
    if not _is_disabled(check):
        return []
    seen = [start + length for start, length, _ in windows] if _is_probed(check) else [now.floor("D")]
    return [(max([period.start, *seen]), _end(period, now), "paused")]
