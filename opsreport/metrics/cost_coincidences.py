"""Answers: which services cost something out of the usual, how much, and what coincides with that?

It says what coincides, never what caused what: same service, same day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from opsreport.metrics.cost_anomalies import FLOOR, anomalies
from opsreport.metrics.cost_sums import exact, total
from opsreport.metrics.timeline import coincidences, events
from opsreport.period import Period
from opsreport.schemas.cost import NONE

LISTED = ("service", "unusual_from", "unusual_to", "days_unusual", "billing_currency", "impact", "coincides_with")
#: Unusual days at most this far apart are one run, as on the timeline.
_SAME_RUN = dt.timedelta(days=2)
_NO_SERVICE = "maps to no service, so nothing can be matched"


def anomalies_listed(
    cost: pd.DataFrame, period: Period, incidents: pd.DataFrame | None, deployments: pd.DataFrame | None,
    floor: object = FLOOR,
) -> pd.DataFrame:  # fmt: skip
    """Runs of days on which a service of the client's was out of its usual, and what coincides with each.

    Parameters
    ----------
    cost : DataFrame
        Charges with the client's ``service``, from at least eight weeks before the month.
    incidents, deployments : DataFrame or None
        The frames of those names; drills are left out.

    Returns
    -------
    DataFrame
        `LISTED`, per currency the largest impact first. Unusual days in one direction, at most
        two days apart, are one run, since a bill that stays higher moved once; its impact is
        the sum of its days' spend less the usual [money]. With a run coincide the deployments of
        its service on its first day (UTC, as bills count) or the day before, and the incidents
        of its service with time on that day. Charges that map to no service are a group.
    """
    found = anomalies(cost, period, "service", floor)
    rows = [
        {
            "service": service, "unusual_from": days[0], "unusual_to": days[-1], "days_unusual": len(days),
            "billing_currency": code, "impact": impact,
            "coincides_with": _coinciding(service, days[0], period, incidents, deployments),
        }
        for service, code, days, impact in _runs(found)
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["billing_currency"], -abs(row["impact"]), row["unusual_from"], row["service"]))
    made = pd.DataFrame(rows, columns=list(LISTED))
    return made.assign(impact=exact(made["impact"]))


def _runs(found: pd.DataFrame) -> Iterator[tuple]:
    """Each (service, currency, days, impact) of unusual days that belong together."""
    ordered = found.sort_values("charge_day", kind="stable").to_dict("records")
    groups: dict[tuple, list[list[dict]]] = {}
    for row in ordered:
        runs = groups.setdefault((row["service"], row["billing_currency"], row["impact"] > 0), [])
        if not runs or row["charge_day"] - runs[-1][-1]["charge_day"] > _SAME_RUN:
            runs.append([])
        runs[-1].append(row)
    for (service, code, _), runs in groups.items():
        for run in runs:
            yield service, code, [row["charge_day"] for row in run], total(row["impact"] for row in run)


def _coinciding(
    service: str, day: dt.date, period: Period, incidents: pd.DataFrame | None, deployments: pd.DataFrame | None
) -> str:
    if service == NONE:
        return _NO_SERVICE
    first = pd.DataFrame({"charge_day": [day], "service": [service]})
    shipped = coincidences(None, None, deployments, first, period)["coincides_with"]
    start = pd.Timestamp(day, tz="UTC")
    opened = events(None, incidents, None, period)
    there = (opened["happened_at"] < start + pd.Timedelta(days=1)) & (
        opened["happened_until"].isna() | (opened["happened_until"] > start)
    )
    same = opened.loc[there & (opened["service"] == service).fillna(False), "happening"]
    return "; ".join([*shipped, *same])
