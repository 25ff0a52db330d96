"""A service's requests, errors and answer times hour by hour, made of Prometheus' counters and histograms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from opsreport.params.fields import Strict
from opsreport.sources import _http
from opsreport.sources import _prometheus as asking

HOUR = pd.Timedelta(hours=1)
_HOUR = 3_600_000
_QUANTILES = {"latency_p50": "0.5", "latency_p95": "0.95", "latency_p99": "0.99"}
_WHOLE = Decimal(1)
#: Of each instance, by its labels, in each hour, from when to when it was scraped. [ms since 1970]
_Spans = dict[tuple[tuple[str, str], ...], dict[int, tuple[int, int]]]


class Load(Strict):
    """What counts a service's requests."""

    requests: asking.Selector = Field(description="a counter's series")
    errors: asking.Narrowing | None = Field(
        default=None, description="labels that choose some of the requests, like code=~\"5..\", or a counter of its own"
    )
    latency: asking.Selector | None = Field(default=None, description="a histogram's series: …_bucket, or a native one")
    latency_unit: Literal["s", "ms"] = "s"

    @model_validator(mode="after")
    def _has_its_unit(self) -> Load:
        name = asking.name_of(self.latency) if self.latency else ""
        if self.latency_unit == "s" and any(unit in name for unit in ("_milliseconds", "_ms_", "_millis")):
            raise ValueError(f"{name} counts milliseconds by its name: say latency_unit: ms")
        return self


@dataclass
class Hours:
    """A service's hours, and those that are not told.

    Attributes
    ----------
    uneven : int
        Hours of which some of the service's instances were seen and others not.
    odd : int
        Hours whose errors are not known: the label is not on every series, or more failed than were asked.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    uneven: int = 0
    odd: int = 0


def query(load: Load, key: str) -> str:
    """All that is asked of an hour of a service, in one question."""
    parts = [asking.marked(f"sum({_counted(load.requests, load)})", key, "requests")]
    if load.errors and asking.is_narrowing(load.errors):
        some, those = asking.narrowed(load.requests, load.errors), asking.labelled(load.requests, load.errors)
        parts += [asking.marked(f"sum({_counted(some, load)})", key, "errors"),
                  asking.marked(f"sum({_counted(those, load)})", key, "labelled")]  # fmt: skip
    elif load.errors:
        parts.append(asking.marked(f"sum({_counted(load.errors, load)})", key, "errors"))
    if load.latency and asking.name_of(load.latency).endswith("_bucket"):
        buckets = f"sum by (le) ({_counted(load.latency, load)})"
        parts.append(asking.marked(buckets, key, "buckets"))
    elif load.latency:
        buckets = f"sum(increase({load.latency}[1h]))"
    for name, share in _QUANTILES.items() if load.latency else ():
        parts.append(asking.marked(f"histogram_quantile({share}, {buckets})", key, name))
    return " or ".join(parts)


def seen_query(load: Load, key: str, slot: pd.Timedelta) -> str:
    """Which of a service's instances were scraped in a slot."""
    length = int(slot.total_seconds())
    return asking.marked(f"group by (job, instance) (count_over_time({load.requests}[{length}s]))", key, "seen")


def slot(step: pd.Timedelta) -> pd.Timedelta:
    """The shortest part of an hour that holds two scrapes, and of which a day has not too many."""
    wanted = max(2 * step.total_seconds(), 10)
    return pd.Timedelta(seconds=next(length for length in range(1, 3601) if 3600 % length == 0 and length >= wanted))


def hours(
    load: Load, told: list[asking.Series], length: pd.Timedelta, start: pd.Timestamp, end: pd.Timestamp
) -> Hours:  # fmt: skip
    """The hours of a service that begin in [start, end), each with the part of it that was scraped."""
    made, values = Hours(), _values(one for one in told if _what(one) != "seen")
    seen = [one for one in told if _what(one) == "seen"]
    for begin, window in _windows(seen, int(length.total_seconds() * 1000)):
        said = values.get(begin, {})
        if not start <= _instant(begin) < end:
            continue
        if window is None:
            made.uneven += 1
        elif "requests" in said:
            errors = _errors(load, said)
            made.odd += load.errors is not None and errors is None
            since, until = map(_instant, window)
            made.rows.append({"started_at": since, "ended_at": until, "requests": _whole(said["requests"]),
                              "errors": errors, **_latency(load, said)})  # fmt: skip
    return made


def _counted(selector: str, load: Load) -> str:
    """What each counter rose by in an hour.

    increase() does not count what a series holds when it is first scraped. Of a process that was scraped when the
    hour began, a series that appears within the hour began at nothing: all it holds was counted in this hour.
    It is new where it was not there when the hour began and does not hold at least what it did in the hour before.
    """
    highest = f"max_over_time({selector}[1h])"
    new = f"({highest} unless {selector} offset 1h unless ({highest} >= max_over_time({selector}[1h] offset 1h)))"
    return f"({new} and on (job, instance) {load.requests} offset 1h) or increase({selector}[1h])"


def _what(one: asking.Series) -> str:
    return one.labels[asking.MARK].partition(" ")[2]


def _values(told: Iterable[asking.Series]) -> dict[int, dict[str, Any]]:
    """By the hour's begin: each number, and the buckets by their bound."""
    made: dict[int, dict[str, Any]] = {}
    for one in told:
        what = _what(one)
        for at, written in one.values:
            value, hour = _http.amount(written), made.setdefault(at + 1 - _HOUR, {})
            if value is not None and what == "buckets":
                bounds = hour.setdefault(what, {})
                bound = Decimal(one.labels["le"])
                bounds[bound] = bounds.get(bound, Decimal(0)) + value
            elif value is not None:
                hour[what] = value
    return made


def _windows(seen: Iterable[asking.Series], length: int) -> Iterator[tuple[int, tuple[int, int] | None]]:
    """Each hour in which an instance was scraped, with the time from the first to the last; None where they differ."""
    spans = _spans(seen, length)
    lives = {instance: (min(each.values())[0], max(each.values())[1]) for instance, each in spans.items() if each}
    for hour in sorted({hour for each in spans.values() for hour in each}):
        there = [(instance, *life) for instance, life in lives.items() if life[0] < hour + _HOUR and life[1] > hour]
        parts = [spans[instance].get(hour, (hour + _HOUR, hour)) for instance, _, _ in there]
        whole = [(max(born, hour), min(gone, hour + _HOUR)) for _, born, gone in there]
        first, last = min(begin for begin, _ in parts), max(end for _, end in parts)
        # Not every target is scraped at one time, so a slot more or less is none.
        is_even = all((begin <= max(first, due) + length) and (end >= min(last, until) - length)
                      for (begin, end), (due, until) in zip(parts, whole, strict=True))  # fmt: skip
        yield hour, (first, last) if is_even and _touch(parts, length) else None


def _spans(seen: Iterable[asking.Series], length: int) -> _Spans:
    """By instance and hour, from when to when it was scraped."""
    spans: _Spans = {}
    for one in seen:
        instance = tuple(sorted((label, value) for label, value in one.labels.items() if label != asking.MARK))
        hours = spans.setdefault(instance, {})
        for begin in (at + 1 - length for at, _ in one.values):
            hour = begin - begin % _HOUR
            first, last = hours.get(hour, (begin, begin + length))
            hours[hour] = min(first, begin), max(last, begin + length)
    return spans


def _touch(parts: list[tuple[int, int]], length: int) -> bool:
    """Whether no time lies between them in which nothing was scraped that was there before and after."""
    reach = min(parts)[1]
    for begin, end in sorted(parts):
        if begin > reach + length:
            return False
        reach = max(reach, end)
    return True


def _errors(load: Load, said: dict[str, Any]) -> Decimal | None:
    """Those that failed; None where it is not known."""
    if load.errors is None:
        return None
    asked, errors = _whole(said["requests"]), said.get("errors")
    if asking.is_narrowing(load.errors):
        # A series of errors is there only after the first of them, so none is none where the label is known.
        if _whole(said.get("labelled", Decimal(0))) != asked:
            return None
        errors = errors or Decimal(0)
    return None if errors is None or _whole(errors) > asked else _whole(errors)


def _latency(load: Load, said: dict[str, Any]) -> dict[str, Any]:
    divisor = 1000 if load.latency_unit == "ms" else 1
    counts = _cumulative(said.get("buckets", {}))
    finite = [count for bound, count in counts.items() if bound.is_finite()]
    made: dict[str, Any] = {}
    for name, share in _QUANTILES.items():
        # Beyond the last bound Prometheus gives that bound, though the answer took longer.
        is_beyond = bool(counts) and (not finite or Decimal(share) * max(counts.values()) > finite[-1])
        made[name] = said[name] / divisor if name in said and not is_beyond else None
    if counts:
        written = {_bound(bound, divisor): int(_whole(count)) for bound, count in counts.items()}
        made["latency_buckets"] = json.dumps(written)
    return made


def _cumulative(buckets: dict[Decimal, Decimal]) -> dict[Decimal, Decimal]:
    """By their bound, none below one before it: what is worked out for each alone may differ by a little."""
    made, most = {}, Decimal(0)
    for bound in sorted(buckets):
        made[bound] = most = max(most, buckets[bound])
    return made


def _bound(bound: Decimal, divisor: int) -> str:
    return format((bound / divisor).normalize(), "f") if bound.is_finite() else "+Inf"


def _whole(count: Decimal) -> Decimal:
    return count.quantize(_WHOLE, ROUND_HALF_EVEN)


def _instant(millis: int) -> pd.Timestamp:
    return pd.Timestamp(millis, unit="ms", tz="UTC").as_unit("us")
