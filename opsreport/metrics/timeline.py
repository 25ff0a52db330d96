"""Answers: what happened at the same time? It says what coincides, never what caused what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from types import MappingProxyType
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_anomalies import anomalies
from opsreport.metrics.monitor_time import framed
from opsreport.period import Period
from opsreport.schemas.cost import NONE
from opsreport.theme import is_unknown

EVENTS = ("lane", "happened_at", "happened_until", "service", "happening")
COINCIDENCES = ("happened_at", "happening", "coincides_with", "service", "gap")
DAYS = ("happened_on", "spend", "down_on_day", "incidents_on_day", "deployments_on_day", "billing_currency",
        "outages_seen", "incidents_seen", "deployments_seen")  # fmt: skip

#: A deployment this long before an outage or incident coincides with it.
WITHIN = pd.Timedelta(hours=2)
#: Unusual days at most this far apart are one run.
_SAME_RUN = dt.timedelta(days=2)
_NONE = pd.Timedelta(0)
_ALL_SEEN: Mapping[str, Intervals | Seen] = MappingProxyType({})
_ALMOST_ALL = 1 - 1e-9  # of a day: a sum of shares may miss the last digit
_Event = dict[str, Any]


def events(
    outages: pd.DataFrame | None, incidents: pd.DataFrame | None, deployments: pd.DataFrame | None, period: Period
) -> pd.DataFrame:
    """Every outage, incident and deployment with time in the period, on one clock.

    Parameters
    ----------
    outages : DataFrame or None
        From `opsreport.metrics.uptime.outages`; None where there is no source.
    incidents, deployments : DataFrame or None
        The frames of those names; drills are left out.

    Returns
    -------
    DataFrame
        Columns EVENTS, oldest first; ``happened_until`` is NaT for what had not ended.
    """
    rows = [*_outage_events(outages), *_incident_events(incidents, period), *_deployment_events(deployments, period)]
    made = framed(rows, EVENTS)
    return made.sort_values(["happened_at", "lane", "happening"], ignore_index=True)


def coincidences(
    outages: pd.DataFrame | None, incidents: pd.DataFrame | None, deployments: pd.DataFrame | None,
    anomalies: pd.DataFrame | None, period: Period, within: pd.Timedelta = WITHIN,
) -> pd.DataFrame:  # fmt: skip
    """What coincides, by service and time: it is not said that one caused the other.

    A deployment that started at most `within` before an outage or an incident of its
    service; an incident that overlaps an outage of its service; and the first of a run of
    days of unusual cost with a deployment of its service on that day or the day before. What
    maps to no service coincides with nothing.

    Parameters
    ----------
    anomalies : DataFrame or None
        charge_day (date, UTC as bills count), service (the client's name for it).

    Returns
    -------
    DataFrame
        Columns COINCIDENCES, oldest first; ``gap`` is from the earlier start to the later,
        0 where an incident and an outage overlap.
    """
    down = list(_outage_events(outages))
    opened = list(_incident_events(incidents, period))
    # A deployment of the day before the month may coincide with the month's first hours.
    shipped = list(_deployment_events(deployments, period, before=pd.Timedelta(days=2)))
    odd, days = list(_anomaly_events(anomalies, period)), {start: day for day, start, _ in period.local_days()}
    rows = [
        *_pairs([*down, *opened], shipped, lambda event, other: _follows(event, other, within)),
        *_pairs(opened, down, _overlaps),
        *_pairs(odd, shipped, lambda event, other: _same_or_day_before(days[event["happened_at"]], other)),
    ]
    made = framed(rows, COINCIDENCES)
    return made.sort_values(["happened_at", "happening", "coincides_with"], ignore_index=True)


def unusual_days(cost: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Days on which a service of the client's cost something unusual, as `coincidences` takes them.

    Returns
    -------
    DataFrame
        As `opsreport.metrics.cost_anomalies.anomalies` by ``service``, without charges that
        map to no service; empty where the bill is mapped to none at all.
    """
    known = cost if "service" in cost else cost.assign(service=None)
    found = anomalies(known[known["service"].notna()], period, "service")
    return found[found["service"] != NONE].reset_index(drop=True)


def days(
    daily_cost: pd.DataFrame | None, outages: pd.DataFrame | None, incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None, period: Period, currency: str, seen: Mapping[str, Intervals | Seen] = _ALL_SEEN,
) -> pd.DataFrame:  # fmt: skip
    """Spend, downtime, incidents and deployments of each day of the period.

    Parameters
    ----------
    daily_cost : DataFrame or None
        From `opsreport.metrics.cost.daily`: charge_day (UTC, as bills count),
        billing_currency, spend.
    currency : str
        ISO 4217 code of the spend to show; the others' is left out.
    seen : mapping of str to Intervals or Seen
        By lane (outage, incident, deployment), when its source could tell; all of the time by
        default.

    Returns
    -------
    DataFrame
        Columns DAYS, one row a local day. None and NaN for what has no source; a day
        without a charge is None too: a bill that has not arrived is not a bill of zero; and so
        is a day without an event that was not all seen. Each row says which share of all days
        was seen of each lane; NaN without a source.
    """
    happened = events(outages, incidents, deployments, period)
    spend = _spend(daily_cost, currency)
    lanes = {"outage": outages, "incident": incidents, "deployment": deployments}
    whole = {lane: _days_all_seen(period, seen.get(lane)) for lane in lanes}
    shares = {f"{lane}s_seen": _share(seen.get(lane), period) for lane, rows in lanes.items() if rows is not None}
    rows = []
    for day, start, end in period.local_days():
        today = happened[(happened["happened_at"] >= start) & (happened["happened_at"] < end)]
        rows.append({
            "happened_on": day, "spend": spend.get(day), "billing_currency": currency,
            "down_on_day": _known(_down(outages).clip(start, end).measure(), outages, day in whole["outage"]),
            "incidents_on_day": _known(_count(today, "incident"), incidents, day in whole["incident"]),
            "deployments_on_day": _known(_count(today, "deployment"), deployments, day in whole["deployment"]),
            **shares,
        })  # fmt: skip
    return framed(rows, DAYS)


def _outage_events(outages: pd.DataFrame | None) -> Iterable[_Event]:
    for row in _records(outages):
        yield _event("outage", row["outage_from"], row["outage_to"], row["service"], f"{row['monitor']} was down")


def _incident_events(incidents: pd.DataFrame | None, period: Period) -> Iterable[_Event]:
    for row in _records(incidents):
        start = row["opened_at"] if is_unknown(row["impact_started_at"]) else row["impact_started_at"]
        drill = not is_unknown(row["is_drill"]) and bool(row["is_drill"])
        if not drill and start < period.end and (is_unknown(row["resolved_at"]) or row["resolved_at"] > period.start):
            what = f"Incident: {row['incident_id'] if is_unknown(row['title']) else row['title']}"
            yield _event("incident", start, row["resolved_at"], row["service"], what)


def _deployment_events(
    deployments: pd.DataFrame | None, period: Period, before: pd.Timedelta = _NONE
) -> Iterable[_Event]:
    ended = {"success": "Deployment", "failure": "Failed deployment", "rolled_back": "Deployment, rolled back"}
    for row in _records(deployments):
        if period.start - before <= row["started_at"] < period.end:
            what = f"{ended.get(row['outcome'], 'Deployment, outcome unknown')}: {row['deployment_id']}"
            yield _event("deployment", row["started_at"], row["finished_at"], row["service"], what)


def _anomaly_events(anomalies: pd.DataFrame | None, period: Period) -> Iterable[_Event]:
    """The first day of each run of unusual days: a bill that stays higher moved once."""
    starts = {day: start for day, start, _ in period.local_days()}
    found = {(str(row["service"]), _date(row["charge_day"])) for row in _records(anomalies)}
    last: dict[str, dt.date] = {}
    for service, day in sorted(found):
        if day in starts and day - last.get(service, dt.date.min) > _SAME_RUN:
            yield _event("cost", starts[day], starts[day], service, f"Unusual cost of {service} from this day")
        last[service] = day


def _event(lane: str, start: pd.Timestamp, end: pd.Timestamp, service: Any, what: str) -> _Event:
    return dict(zip(EVENTS, (lane, start, end, service, what), strict=True))


def _pairs(
    these: list[_Event], others: list[_Event], gap_of: Callable[[_Event, _Event], pd.Timedelta | None]
) -> Iterable[tuple]:
    """Each pair of one service between which there is a gap, as a row."""
    by_service: dict[str, list[_Event]] = {}
    for other in others:
        if not is_unknown(other["service"]):
            by_service.setdefault(other["service"], []).append(other)
    for event in these:
        for other in by_service.get(event["service"], []):
            gap = gap_of(event, other)
            if gap is not None:
                yield event["happened_at"], event["happening"], other["happening"], event["service"], gap


def _follows(event: _Event, shipped: _Event, within: pd.Timedelta) -> pd.Timedelta | None:
    gap = event["happened_at"] - shipped["happened_at"]
    return gap if _NONE <= gap <= within else None


def _overlaps(event: _Event, other: _Event) -> pd.Timedelta | None:
    begins_in_time = is_unknown(event["happened_until"]) or other["happened_at"] < event["happened_until"]
    return _NONE if begins_in_time and event["happened_at"] < other["happened_until"] else None


def _same_or_day_before(odd: dt.date, shipped: _Event) -> pd.Timedelta | None:
    """Whole days from a deployment to the day of the bill, which is counted in UTC."""
    lead = odd - shipped["happened_at"].tz_convert("UTC").date()
    return pd.Timedelta(lead) if lead in (dt.timedelta(0), dt.timedelta(days=1)) else None


def _spend(daily_cost: pd.DataFrame | None, currency: str) -> dict[dt.date, Decimal]:
    made: dict[dt.date, Decimal] = {}
    with localcontext(prec=60):
        for row in _records(daily_cost):
            if row["billing_currency"] == currency and not is_unknown(row["spend"]):
                day = _date(row["charge_day"])
                made[day] = made.get(day, Decimal(0)) + row["spend"]
    return made


def _down(outages: pd.DataFrame | None) -> Intervals:
    known = outages is not None and len(outages)
    return Intervals.from_frame(outages, "outage_from", "outage_to") if known else Intervals()


def _count(today: pd.DataFrame, lane: str) -> int:
    return int((today["lane"] == lane).sum())


def _days_all_seen(period: Period, seen: Intervals | Seen | None) -> set[dt.date]:
    days = (day for day, _, _ in period.local_days())
    return {day for day in days if _share(seen, Period.days(str(day), str(day), period.zone)) == 1}


def _share(seen: Intervals | Seen | None, period: Period) -> float:
    share = 1.0 if seen is None else share_seen(seen, period)
    return 1.0 if share > _ALMOST_ALL else share


def _known(found: Any, rows: pd.DataFrame | None, whole: bool) -> Any:
    """What was found on a day; unknown where that is nothing and not all of the day was seen."""
    return found if rows is not None and (found or whole) else (pd.NaT if isinstance(found, dt.timedelta) else None)


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    return [] if frame is None else frame.to_dict("records")


def _date(day: Any) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day
