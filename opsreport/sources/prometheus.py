"""Prometheus, and what answers as it does (Thanos, Mimir, VictoriaMetrics): states of monitors, and load by the hour.

Documentation: https://prometheus.io/docs/prometheus/latest/querying/api/. Permission: to query; Prometheus itself
asks for none, a proxy before it for a token, or with ``user`` for a password. Prometheus forgets after 15 days
unless its retention is set otherwise, which it tells; for a system that does not, set ``retention``.

- monitor_state: the samples as they were scraped, by a range selector. A query at a step would answer with the
  last sample for 5 minutes after it, and so fill gaps. 1 is up and 0 down, until the next sample where that comes
  within one and a half of ``step``, the scrape interval; else for one step, and what follows is unknown, as is
  any other value. So a scrape that is missing is seen. The newest five minutes are left for the next reading.
- Without ``label`` a monitor is all series that its selector finds: where they tell of one time it is down where
  one of them is, and the reading says so. With it each value of the label is a monitor, ``name/value``.
- requests, errors: what counters rose by in an hour, resets counted, as increase() estimates it: it stretches what
  was scraped to the hour's ends, so it is rounded to whole requests. An hour without requests is 0. What a
  process counted after its last scrape, or before its first, nobody knows. Series that appear later in its life count.
- errors by labels of the requests: none where no series has them, provided that each series of the requests has
  the label; else unknown. Where a counter of its own is not there, errors are unknown.
- latency: histogram_quantile() of the hour; unknown beyond the last finite bound. Without requests there is none.
- An hour is told as far as it was scraped, from the first slot of two scrapes to the last. Counters go on over a gap
  within the hour. An hour in which some instances (job and instance) were scraped and others not, or of which
  nothing saw the middle, is left out and said. Hours count an hour after they are over, so that a gap has an end.

An answer of which a part is missing (warnings of a store, isPartial) is not read. PromQL's own remarks make the
reading partial. Of two Prometheus that scrape the same, the system in front must tell one (Thanos: a replica label;
VictoriaMetrics: deduplication): else every request is counted twice, and no answer shows it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pandas as pd
from pydantic import Field, field_validator, model_validator

from opsreport.params.fields import Duration, Strict
from opsreport.period import Period
from opsreport.sources import Pages, _http
from opsreport.sources import _prometheus as asking
from opsreport.sources import _prometheus_load as loads
from opsreport.sources import _prometheus_states as checks

FRAMES = ("monitor_state", "request_load")
_RUNTIME = "GET /api/v1/status/runtimeinfo"
OPERATIONS = dict.fromkeys((_RUNTIME, asking.QUERY, asking.RANGE), "to query")
KEEPS = dict.fromkeys(FRAMES, pd.Timedelta(days=15))

_LATE = pd.Timedelta(minutes=5)
_UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}


class Monitor(Strict):
    """Series of which each value of a label is a monitor."""

    selector: asking.Selector
    label: str = Field(pattern=r"^[A-Za-z_]\w*$")


class Settings(_http.HttpSettings):
    """Which series are monitors, and which count requests."""

    address: str = Field(min_length=1, description="where it answers, like https://prometheus.example.com")
    user: str = Field(default="", pattern=r"^[^:\s]*$", description="the name that the token is the password of")
    tenant: str = Field(default="", pattern=r"^[\w!.*'()|-]*$", description="of Mimir and others, X-Scope-OrgID")
    monitors: dict[str, asking.Selector | Monitor] = Field(
        default={}, description='name: probe_success{instance="https://shop"}, or {selector: …, label: instance}'
    )
    services: dict[str, loads.Load] = Field(
        default={}, description="service: {requests: …, errors: …, latency: …, latency_unit: s or ms}"
    )
    step: Duration = Field(default=pd.Timedelta(seconds=60), description="the scrape interval, 60s unless set")
    retention: Duration | None = Field(default=None, description="how far back it tells, if it does not say")

    @field_validator("step")
    @classmethod
    def _is_a_step(cls, step: pd.Timedelta) -> pd.Timedelta:
        if not pd.Timedelta(seconds=1) <= step <= pd.Timedelta(minutes=30):
            raise ValueError("is not from 1s to 30min")
        return step

    @model_validator(mode="after")
    def _has_what_it_fills(self) -> Settings:
        wanted = {"monitor_state": "monitors", "request_load": "services"}.get(self.frame, "")
        if wanted and not getattr(self, wanted):
            raise ValueError(f"fills {self.frame} from {wanted}: name them")
        return self


def fetch(period: Period, settings: Settings) -> Pages:
    """The samples of each monitor and the hours of each service, a day at a time."""
    prometheus = _opened(settings)
    keeps = settings.retention or _retention(prometheus)
    now, step, last = settings.run.now, settings.step, 1 if settings.run.is_probe else None
    start, end = _monitored(period, now, keeps)
    for number, monitor in enumerate(settings.monitors.values()):
        for first, until in list(asking.days(start - 2 * step, end))[:last] if start < end else ():
            if not asking.ask_samples(prometheus, f"m{number}", _selector(monitor), first, until):
                break
    start, end = _counted(period, now, keeps)
    for number, load in enumerate(settings.services.values()):
        key, slot = f"s{number}", loads.slot(step)
        for first, until in list(asking.days(start - loads.HOUR, end + loads.HOUR))[:last] if start < end else ():
            seen = loads.seen_query(load, key, slot)
            asked = asking.ask_windows(prometheus, key, loads.query(load, key), first, until, loads.HOUR)
            if not asked or not asking.ask_windows(prometheus, key, seen, first, until, slot):
                break
    for said in asking.remarked(prometheus.answers):
        prometheus.note(said)
    return prometheus.pages(keeps=keeps)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a stretch of time in one state, and a row an hour."""
    start, end = _monitored(period, pages.extra["now"], pages.extra["keeps"])
    states = [{"monitor": name, "started_at": since, "ended_at": until, "state": state}
              for name, each in _monitors(pages).items()
              for state, time in checks.stretches(each, pages.settings.step).items()
              for since, until in time.clip(start, end).pairs()]  # fmt: skip
    hours = [{"service": service, **row} for service, told in _hours(pages, period).items() for row in told.rows]
    made = {"monitor_state": states, "request_load": hours}
    return {frame: _http.rows_of(frame, rows) for frame, rows in made.items()}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """As far back as its retention reaches, up to what is settled."""
    windows = {"monitor_state": _monitored, "request_load": _counted}
    made = {name: window(period, pages.extra["now"], pages.extra["keeps"]) for name, window in windows.items()}
    return {name: (max(start, period.start), min(end, period.end)) for name, (start, end) in made.items()
            if start < end}  # fmt: skip


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What the answers show to be missing, or to be put together."""
    states, notes, step = [], [], pages.settings.step
    for name, each in _monitors(pages).items():
        states += [f"{name}: {said}" for said in checks.faults(each, step)]
        if checks.overlap(each, step):
            notes.append(f"{name} is {len(each)} series at one time: down where one of them is")
    for number, (name, monitor) in enumerate(pages.settings.monitors.items()):
        found = _told(pages, f"m{number}", asking.QUERY)
        if not found and _is_answered(pages, f"m{number}"):
            states.append(f"{name}: no sample of it was found")
        if isinstance(monitor, Monitor) and not all(one.labels.get(monitor.label) for one in found):
            states.append(f"{name}: some series have no label {monitor.label}")
    hours = [f"{service}: {said}" for number, (service, told) in enumerate(_hours(pages, period).items())
             if _is_answered(pages, f"s{number}") for said in _said(told)]  # fmt: skip
    made = {"monitor_state": ("partial" if states else "ok", "; ".join([*states, *notes])),
            "request_load": ("partial" if hours else "ok", "; ".join(hours))}  # fmt: skip
    return {frame: told for frame, told in made.items() if told[1]}


def _opened(settings: Settings) -> _http.Questions:
    token = settings.reveal()
    known = base64.b64encode(f"{settings.user}:{token}".encode()).decode() if settings.user else token
    headers = {"Authorization": f"{'Basic' if settings.user else 'Bearer'} {known}"} if token else {}
    headers |= {"X-Scope-OrgID": settings.tenant} if settings.tenant else {}
    return _http.opened(settings, OPERATIONS, settings.address, headers, (token, known))


def _retention(prometheus: _http.Questions) -> pd.Timedelta:
    """How long it keeps samples, as it says itself."""
    for body in prometheus.ask(_RUNTIME, check=asking.check):
        # By time, by size, or "15d or 10GiB"; with a size alone the usual time is not too far.
        written = body["data"]["storageRetention"].partition(" or ")[0]
        parts = re.findall(r"(\d+)(ms|[ywdhms])", written) if re.fullmatch(r"(\d+(ms|[ywdhms]))+", written) else []
        kept = pd.Timedelta(seconds=sum(int(count) * _UNITS.get(unit, 0) for count, unit in parts))
        return kept or KEEPS["monitor_state"]
    prometheus.note("how far back it tells is not known: set retention")
    return KEEPS["monitor_state"]


def _monitored(period: Period, now: pd.Timestamp, keeps: pd.Timedelta) -> tuple[pd.Timestamp, pd.Timestamp]:
    return max(period.start, (now - keeps).ceil("h")), min(period.end, (now - _LATE).floor("min"))


def _counted(period: Period, now: pd.Timestamp, keeps: pd.Timedelta) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Whole hours, each with one before it and one after it."""
    start = max(period.start.floor("h"), (now - keeps).ceil("h") + loads.HOUR)
    return start, min(period.end.ceil("h"), (now - _LATE).floor("h") - loads.HOUR)


def _selector(monitor: str | Monitor) -> str:
    return monitor.selector if isinstance(monitor, Monitor) else monitor


def _told(pages: Pages, key: str, operation: str) -> list[asking.Series]:
    return [one for answer in pages.items if (answer.operation, answer.asked.get("key")) == (operation, key)
            for one in asking.series(answer.body)]  # fmt: skip


def _is_answered(pages: Pages, key: str) -> bool:
    return any(answer.asked.get("key") == key for answer in pages.items)


def _monitors(pages: Pages) -> dict[str, list[asking.Series]]:
    """The series of each monitor, each with all its days' samples."""
    made: dict[str, dict[tuple[tuple[str, str], ...], asking.Series]] = {}
    for number, (name, monitor) in enumerate(pages.settings.monitors.items()):
        if not isinstance(monitor, Monitor):
            made.setdefault(name, {})
        for one in _told(pages, f"m{number}", asking.QUERY):
            value = one.labels.get(monitor.label) if isinstance(monitor, Monitor) else None
            if isinstance(monitor, Monitor) and not value:
                continue
            known = made.setdefault(f"{name}/{value}" if value else name, {})
            known.setdefault(tuple(sorted(one.labels.items())), asking.Series(one.labels, [])).values.extend(one.values)
    return {name: list(each.values()) for name, each in made.items()}


def _hours(pages: Pages, period: Period) -> dict[str, loads.Hours]:
    """The hours of each service, of those that are settled."""
    start, end = _counted(period, pages.extra["now"], pages.extra["keeps"])
    made = {}
    for number, (service, load) in enumerate(pages.settings.services.items()):
        told = _told(pages, f"s{number}", asking.RANGE)
        made[service] = loads.hours(load, told, loads.slot(pages.settings.step), start, end)
    return made


def _said(told: loads.Hours) -> Iterator[str]:
    if not told.rows and not told.uneven:
        yield "no sample of it was found"
    if told.uneven:
        yield f"{told.uneven} hours are left out, in which some of its instances were not scraped"
    if told.odd:
        yield f"the errors of {told.odd} hours are not known: the label is not on every series, or they are too many"
