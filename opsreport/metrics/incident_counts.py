"""The month's incidents, counted and listed: by severity, by service, what came back, who noticed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from opsreport.coverage import Seen, seen_until_each, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result, share, spread
from opsreport.metrics.severities import (
    NOT_COUNTED,
    NOT_DOWN,
    PLANNED,
    PROVIDER,
    acknowledged_at,
    at_most,
    drills,
    rated,
    worst_first,
)  # fmt: skip
from opsreport.period import Period

TOTALS = ("period", "incidents_opened", "incidents_resolved", "incidents_open", "drills", "planned",
          "incident_downtime", "coverage")  # fmt: skip
#: The times of a severity, which are withheld below five.
TIMES = ("acknowledge_median", "acknowledge_p90", "restore_median", "restore_p90")
SUMMARY = (
    "severity", "incidents_opened", "incidents_resolved", "incidents_open", "acknowledged_count",
    "acknowledge_at_most", *TIMES, "note", "coverage",
)  # fmt: skip
LISTING = (
    "incident_id", "opened_at", "service", "severity", "title", "time_to_acknowledge", "time_to_restore",
    "incident_downtime", "incident_status", "note", "impact_started_at", "acknowledged_at", "resolved_at",
)  # fmt: skip
DOWNTIME = ("service", "incidents_opened", "incident_downtime", "coverage")
REPEATS = ("opened_at", "service", "severity", "title", "since_previous", "incident_id", "repeat_of",
           "previous_opened_at")  # fmt: skip
#: How soon the same trouble again is a repeat.
A_MONTH = pd.Timedelta(days=30)

FOUND = ("period", "found_by_alert", "found_by_people", "found_unknown", "found_share", "coverage")


def totals(incident: pd.DataFrame, period: Period, seen: Intervals) -> pd.DataFrame:
    """The month's incidents in one row: counts, and the time that at least one lasted.

    Answers: how many incidents were there, how many are still open, how long did they last?

    Parameters
    ----------
    incident : DataFrame
        The frame ``incident``, whole history.
    seen : Intervals
        The time that a source could tell of.

    Returns
    -------
    DataFrame
        One row of `TOTALS`. Drills and planned maintenance are left out of all but their own
        counts. Where nothing was seen, only what is known is there, and no 0; with a coverage below 1 the
        counts are at least so many. Downtime is the union over all services, so it is not
        the sum of theirs. [count, duration, share]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> at = lambda day, hour: pd.Timestamp(2026, 10, day, hour, tz="UTC")
    >>> two = FRAMES["incident"].conform(pd.DataFrame({
    ...     "incident_id": ["a", "b"], "opened_at": [at(5, 1), at(5, 2)],
    ...     "resolved_at": [at(5, 3), at(5, 6)]}))
    >>> row = totals(two, october, Intervals([(october.start, october.end)])).iloc[0]
    >>> int(row["incidents_opened"]), row["incident_downtime"]
    (2, Timedelta('0 days 05:00:00'))
    """
    seen_share, kept = share_seen(seen, period), _kept(incident)
    planned = ~drills(incident) & _among(incident, PLANNED)
    counts = _counts(kept[~_among(kept, NOT_COUNTED)], period) | {
        "drills": period.contains(incident["opened_at"][drills(incident)]).sum(),
        "planned": period.contains(incident["opened_at"][planned]).sum(),
        "incident_downtime": _down(kept, period, NOT_DOWN, seen).measure(),
    }
    counts = counts if seen_share else _known(counts)
    return result([{"period": period.name, **counts, "coverage": seen_share}], TOTALS)


def summary(incident: pd.DataFrame, period: Period, seen: Intervals) -> pd.DataFrame:
    """Each severity's incidents: counts, time to acknowledge and time to restore.

    Answers: how bad were they, how soon did someone answer, how soon was it mended?

    Time to acknowledge runs from opening to the first explicit acknowledgement and counts in
    the month of opening; where an incident was resolved without one, its resolution is an
    upper bound, and ``acknowledge_at_most`` counts these. Time to restore runs from opening
    to resolution and counts in the month of resolution, so an incident that crosses a month
    end counts once. Open ones are counted, not averaged; severities are never averaged
    together; drills are left out. Percentiles of fewer than five are withheld (NaT).

    Returns
    -------
    DataFrame
        `SUMMARY`, one row for each severity in the history, worst first; those without an
        incident this month count 0, or NaN where nothing was seen. [count, duration, share]
    """
    kept, seen_share = _kept(incident), share_seen(seen, period)
    kept = kept[kept["opened_at"] < period.end]
    counted = {name: _severity(group, period) for name, group in kept.groupby("severity")}
    rows = [
        {"severity": name, "coverage": seen_share, **(counted[name] if seen_share else _known(counted[name]))}
        for name in worst_first(counted)
    ]
    return result(rows, SUMMARY)


def listing(incident: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Every incident that touched the month, in the order they opened.

    Answers: what happened, to what, and for how long?

    Returns
    -------
    DataFrame
        `LISTING`; drills and planned maintenance are there, named in ``incident_status``.
        Time to restore is NaT where it was not resolved by month end. Downtime is what lies
        in the month and, of what is still open, in what was seen of it; 0 for severities
        `NOT_DOWN` and for drills. [duration, instant]
    """
    touched = period.overlaps(_felt_from(incident), incident["resolved_at"]) | period.contains(incident["opened_at"])
    rows = incident[touched & (incident["opened_at"] < period.end)].sort_values(["opened_at", "incident_id"])
    mended = rows["resolved_at"].where(rows["resolved_at"] < period.end)
    until = seen_until_each(seen, period, rows)
    made = rows.assign(
        severity=rated(rows), impact_started_at=_felt_from(rows), resolved_at=mended,
        time_to_acknowledge=acknowledged_at(rows) - rows["opened_at"],
        time_to_restore=mended - rows["opened_at"],
        incident_downtime=_down_each(rows, until, period),
        incident_status=_status(rows, mended),
        note=_listing_note(rows, mended, until < period.end),
    )  # fmt: skip
    return result(made.to_dict("records"), LISTING)


def downtime(
    incident: pd.DataFrame, period: Period, seen: Intervals, without: Sequence[str] = NOT_DOWN
) -> pd.DataFrame:
    """The time of the month in which each service had an incident, overlaps counted once.

    Answers: for how long was each service affected?

    An incident lasts from ``impact_started_at``, else its opening, to its resolution, else
    the end of what was seen of the month, so at least so long; what lies outside the month is cut.

    Parameters
    ----------
    without : sequence of str
        Severities that are no downtime: by default planned maintenance (which the uptime
        section judges against its agreed windows) and those that the source itself says
        had no impact.

    Returns
    -------
    DataFrame
        `DOWNTIME`, longest first. Services can be down at once: the column does not add up
        to the total in `totals`. [duration]
    """
    kept = _kept(incident)
    kept = kept[~_among(kept, without) & period.overlaps(_felt_from(kept), kept["resolved_at"])]
    rows = [
        {"service": name, "coverage": share_seen(seen, period),
         "incidents_opened": period.contains(group["opened_at"]).sum(),
         "incident_downtime": _down(group, period, without, seen).measure()}
        for name, group in kept.groupby("service", dropna=False)
    ]  # fmt: skip
    return result(rows, DOWNTIME).sort_values("incident_downtime", ascending=False, ignore_index=True)


def repeats(incident: pd.DataFrame, period: Period, within: pd.Timedelta = A_MONTH) -> pd.DataFrame:
    """Incidents of the month that had already happened within 30 days.

    Answers: what came back?

    Returns
    -------
    DataFrame
        `REPEATS`: of the same service and fingerprint, opened at most `within` after the
        latest before it. A missing service or fingerprint equals no other. [duration]
    """
    kept = _kept(incident).dropna(subset=["service", "fingerprint"]).sort_values(["opened_at", "incident_id"])
    before = kept.groupby(["service", "fingerprint"])[["incident_id", "opened_at"]].shift()
    rows = kept.assign(
        repeat_of=before["incident_id"], previous_opened_at=before["opened_at"],
        since_previous=kept["opened_at"] - before["opened_at"],
    )  # fmt: skip
    rows = rows[period.contains(rows["opened_at"]) & (rows["since_previous"] <= within)]
    return result(rows.to_dict("records"), REPEATS)


def found_by_us(incident: pd.DataFrame, period: Period) -> pd.DataFrame:
    """How many of the month's incidents an alert caught before anyone reported them.

    Answers: do we see trouble before the client does?

    An incident was found by us when ``reported_by`` is alert and the alert
    (``detected_at``, where known) was not after the opening; by people when it is customer
    or staff, or the alert came later. Any other word, or none, is not recorded.

    Returns
    -------
    DataFrame
        One row of `FOUND`; the share is over those for which it is recorded, its coverage
        says how many these are; NaN when there is none. [count, share]
    """
    kept = _kept(incident)
    opened = kept[period.contains(kept["opened_at"]) & ~_among(kept, NOT_COUNTED)]
    alert, late = opened["reported_by"] == "alert", opened["detected_at"] > opened["opened_at"]
    ours = int((alert & ~late).sum())
    theirs = int((opened["reported_by"].isin(["customer", "staff"]) | (alert & late)).sum())
    row = {
        "period": period.name, "found_by_alert": ours, "found_by_people": theirs,
        "found_unknown": len(opened) - ours - theirs, "found_share": share(ours, ours + theirs),
        "coverage": share(ours + theirs, len(opened)),
    }  # fmt: skip
    return result([row], FOUND)


def history(incident: pd.DataFrame, period: Period, seen: Intervals, count: int = 13) -> pd.DataFrame:
    """The totals of each of the last 13 months, oldest first, as `totals` has them."""
    months = [totals(incident, month, seen) for month in period.history(count)]
    return pd.concat(months, ignore_index=True)


def _kept(incident: pd.DataFrame) -> pd.DataFrame:
    return incident[~drills(incident)].assign(severity=rated)


def _among(incident: pd.DataFrame, severities: Sequence[str]) -> pd.Series:
    return rated(incident).str.casefold().isin([name.casefold() for name in severities])


def _felt_from(incident: pd.DataFrame) -> pd.Series:
    return incident["impact_started_at"].fillna(incident["opened_at"])


def _down(
    incident: pd.DataFrame, period: Period, without: Sequence[str], seen: Intervals | Seen | None
) -> Intervals:
    hit = incident[~_among(incident, without)]
    until = seen_until_each(seen, period, hit)
    lasting = pd.DataFrame({"start": _felt_from(hit), "end": hit["resolved_at"].fillna(until)})
    return Intervals.from_frame(lasting, "start", "end").clip(period.start, period.end)


def _counts(incident: pd.DataFrame, period: Period) -> dict[str, int]:
    opened, resolved = incident["opened_at"], incident["resolved_at"]
    return {
        "incidents_opened": period.contains(opened).sum(),
        "incidents_resolved": period.contains(resolved).sum(),
        "incidents_open": ((opened < period.end) & ~(resolved < period.end)).sum(),
    }


def _known(counts: dict[str, object]) -> dict[str, object]:
    """What records tell of a month that nobody saw: there were at least so many, and none found says nothing."""
    return {name: value for name, value in counts.items() if value}


def _severity(group: pd.DataFrame, period: Period) -> dict[str, object]:
    opened = group[period.contains(group["opened_at"])]
    resolved = group[period.contains(group["resolved_at"])]
    answers, median, p90 = spread(acknowledged_at(opened) - opened["opened_at"])
    mended, restore_median, restore_p90 = spread(resolved["resolved_at"] - resolved["opened_at"])
    few = "fewer than 5: see the list" if 0 < min(answers or 9, mended or 9) < 5 else ""
    return _counts(group, period) | {
        "acknowledged_count": answers, "acknowledge_at_most": at_most(opened).sum(),
        "acknowledge_median": median, "acknowledge_p90": p90,
        "restore_median": restore_median, "restore_p90": restore_p90, "note": few,
    }  # fmt: skip


def _down_each(rows: pd.DataFrame, until: pd.Series, period: Period) -> pd.Series:
    starts = _felt_from(rows).clip(lower=period.start)
    lasts = (rows["resolved_at"].fillna(until).clip(upper=period.end) - starts).clip(lower=pd.Timedelta(0))
    return lasts.mask(_among(rows, NOT_DOWN) | drills(rows), pd.Timedelta(0))


def _listing_note(rows: pd.DataFrame, mended: pd.Series, ends_unseen: pd.Series) -> pd.Series:
    notes = at_most(rows).map({True: "acknowledgement not recorded: at most", False: ""})
    return notes.mask(mended.isna() & ends_unseen, "open when last seen: at least")


def _status(rows: pd.DataFrame, mended: pd.Series) -> pd.Series:
    status = mended.isna().map({True: "open at month end", False: "resolved"})
    status = status.mask(_among(rows, PLANNED), "planned").mask(_among(rows, PROVIDER), "the provider's")
    return status.mask(drills(rows), "drill")
