"""Incidents that no alert caught: what the monitoring does not see."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result
from opsreport.metrics.severities import NOT_COUNTED, drills, rated
from opsreport.period import Period
from opsreport.theme import is_unknown

CAUGHT = (
    "incident_id", "opened_at", "service", "severity", "title", "caught_by", "alert_name", "fired_at", "note",
)  # fmt: skip
COUNTS = ("period", "incidents_caught", "incidents_uncaught", "incidents_unclear", "coverage")
ALERT, NOTHING, UNCLEAR = "an alert", "nothing", "not known"
#: How long before the first effect an alert may have warned of it.
LEAD = pd.Timedelta(minutes=15)


def caught(incident: pd.DataFrame, alert: pd.DataFrame, period: Period, alerts_seen: Intervals | Seen) -> pd.DataFrame:
    """Whether an alert caught each incident that was opened in the month.

    Answers: what did the monitoring not see?

    An alert caught an incident if it was of the same service and fired between a quarter of an
    hour before the first effect (the opening, where that is not known) and the opening. Drills
    and planned maintenance are left out.

    Parameters
    ----------
    incident, alert : DataFrame
        The frames, whole history.
    alerts_seen : Intervals or Seen
        The time that a source of alerts could tell of.

    Returns
    -------
    DataFrame
        `CAUGHT`, uncaught ones first. ``caught_by`` is an alert, nothing, or not known: where
        the alerts of that time were not seen, where an alert of it names no service or the
        incident names none, and where the incident itself says that an alert found it but none
        is recorded. [instant]
    """
    kept = incident[period.contains(incident["opened_at"]) & ~drills(incident)]
    kept = kept[~rated(kept).str.casefold().isin(NOT_COUNTED)].assign(severity=rated)
    fired = alert.sort_values("fired_at", kind="stable")
    rows = [row | _judged(row, fired, alerts_seen) for row in kept.sort_values("opened_at").to_dict("records")]
    rows.sort(key=lambda row: (NOTHING, UNCLEAR, ALERT).index(row["caught_by"]))
    return result(rows, CAUGHT)


def uncaught(caught: pd.DataFrame) -> pd.DataFrame:
    """The rows of `caught` that no alert caught."""
    return caught[caught["caught_by"] == NOTHING].reset_index(drop=True)


def counts(caught: pd.DataFrame, period: Period, incidents_seen: float) -> pd.DataFrame:
    """How many incidents nothing caught, in one row.

    Parameters
    ----------
    caught : DataFrame
        From `caught`.
    incidents_seen : float
        Share of the month of which incidents were seen. [share]

    Returns
    -------
    DataFrame
        `COUNTS`; NaN where nothing was seen and nothing is known. [count, share]
    """
    told: dict[str, Any] = {"period": period.name, "coverage": incidents_seen}
    if incidents_seen or len(caught):
        each = caught["caught_by"]
        told |= {"incidents_caught": (each == ALERT).sum(), "incidents_uncaught": (each == NOTHING).sum(),
                 "incidents_unclear": (each == UNCLEAR).sum()}  # fmt: skip
    return result([told], COUNTS)


def _judged(row: dict[str, Any], fired: pd.DataFrame, seen: Intervals | Seen) -> dict[str, Any]:
    felt = row["opened_at"] if is_unknown(row["impact_started_at"]) else row["impact_started_at"]
    start, end = min(felt, row["opened_at"]) - LEAD, row["opened_at"]
    then = fired[(fired["fired_at"] >= start) & (fired["fired_at"] <= end)]
    if is_unknown(row["service"]):
        return {"caught_by": UNCLEAR, "note": "the incident names no service"}
    own = then[then["service"] == row["service"]]
    if len(own):
        first = own.iloc[0]
        told = {"caught_by": ALERT, "alert_name": first["alert_name"], "fired_at": first["fired_at"]}
        return told | {"note": f"but a {row['reported_by']} reported it" if row["reported_by"] == "customer" else ""}
    if not _was_seen(seen, start, end):
        return {"caught_by": UNCLEAR, "note": "the alerts of that time were not seen"}
    if then["service"].isna().any():
        return {"caught_by": UNCLEAR, "note": "an alert of that time names no service"}
    if row["reported_by"] == "alert":
        return {"caught_by": UNCLEAR, "note": "it says that an alert found it, but none is recorded"}
    going = fired[(fired["service"] == row["service"]) & (fired["fired_at"] < start)
                  & ~(fired["cleared_at"] <= felt)]  # fmt: skip
    note = f"an alert from before was still going: {going.iloc[-1]['alert_name']}" if len(going) else ""
    return {"caught_by": NOTHING, "note": note}


def _was_seen(seen: Intervals | Seen, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Whether every source could tell of all of a time."""
    whole = Intervals([(start, end)])
    if isinstance(seen, Seen):
        return bool(seen.sources) and all(
            any(read == 1 and not whole - time for time, read in parts) for parts in seen.sources
        )
    return not whole - seen
