"""A client's month: its frames as collected, corrected and named, with what was seen.

Nothing but the store and the client's files is read, so that an old month is made again
just as it was, without credentials and without a network.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport import reported
from opsreport.approved import Approval, approval, home_of
from opsreport.corrections import correct, excused
from opsreport.coverage import (
    Seen,
    close_unlisted,
    days_without_usage,
    listed_last,
    parts_seen,
    without_observation,
)
from opsreport.errors import PeriodError, StoreError
from opsreport.home import Home
from opsreport.intervals import Intervals
from opsreport.naming import join_parts, name_services
from opsreport.params import ClientParams, Decisions, load_corrections, load_decisions, load_params
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES, Frame, refuse
from opsreport.store import Store
from opsreport.theme import Style, is_unknown

#: Months of history that come with a month: itself and the twelve before.
HISTORY = 13
#: Read whole: a change stands on the day of its first commit, which may be long before it was
#: deployed; a restore test proves a recovery point until the next one.
_OLDER = ("change", "restore_test")
#: What loading adds to a frame's own columns.
_ADDED = ("service", "source")
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Month:
    """One client's month, ready to be measured.

    Attributes
    ----------
    client : ClientParams
    period : Period
        The month, or any run of days, on the client's clock.
    frames : dict of str to DataFrame
        Each frame with thirteen months of history, corrected, with the client's own
        service names; also as attributes (``month.incident``).
    coverage : DataFrame
        A row for each reading of each source.
    corrections : DataFrame
        What was corrected: frame, corrected, by, on, why, rows.
    excused : DataFrame
        Downtime that corrections excuse: monitor, starts_at, ends_at, by, on, why.
    gaps : DataFrame
        Names that map to no service: frame, source, name, rows.
    state : str
        draft while the period still runs, then final; once approved as `Approval.state` says.
    approval : Approval or None
    """

    client: ClientParams
    period: Period
    frames: dict[str, pd.DataFrame]
    coverage: pd.DataFrame
    corrections: pd.DataFrame
    excused: pd.DataFrame
    gaps: pd.DataFrame
    state: str
    home: Home
    approval: Approval | None = None

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {len(rows):,}" for name, rows in self.frames.items() if len(rows))
        return f"<Month {self.client.client} {self.period.name}, {self.state}: rows of {held or 'nothing'}>"

    def __getattr__(self, name: str) -> pd.DataFrame:
        # Only asked for what is not an attribute: frames by their name.
        if name in FRAMES:
            return self.frames[name]
        raise AttributeError(f"a month has no {name!r}; its frames are {', '.join(FRAMES)}")

    @property
    def agreements(self) -> list[Agreement]:
        """The terms agreed with the client."""
        return self.client.agreement

    @property
    def style(self) -> Style:
        """How the client's numbers are written."""
        client = self.client
        return Style(client.locale, client.currency, client.time_zone, client.language, self.period.is_month)

    @property
    def baseline(self) -> Period | None:
        """The days that later months are compared with; None for a month before they are over."""
        given = self.client.baseline
        days = Period.days(str(given.first), str(given.last), self.period.zone) if given else None
        return days if days and days.end <= self.period.end else None

    @property
    def reported(self) -> pd.DataFrame:
        """The figures that the review of the month before printed, as `opsreport.reported.read` gives them."""
        return reported.read(self.home.store / self.client.client, self.period.previous().name)

    @property
    def decisions(self) -> Decisions:
        """What was decided with the client, and what is to be done, with all dates that are known by now."""
        return load_decisions(self.home.params, self.client.client)

    @property
    def read_at(self) -> pd.Timestamp:
        """When the newest of the data was read."""
        return self.coverage["collected_at"].max()

    def days_of(self, frame: str) -> Period:
        """The period as a frame's records count it: a bill's, in UTC."""
        return self.period.bill if FRAMES[frame].is_billed else self.period

    def seen(self, frame: str) -> Seen:
        """What each source of a frame could tell of.

        A bill's days that have no usage are left out, and the time in which no monitor saw anything.
        """
        readings = self.coverage[self.coverage["frame"] == frame]
        named = [spec_name(spec) for spec in self.client.sources.get(frame, [])] or sorted(set(readings["source"]))
        # A source that the client's file no longer names came before those that it does.
        retired = ~readings["source"].isin(named)
        each, listed = [], []
        for name in named:
            mine, missing = readings[(readings["source"] == name) | retired], self.missing_time(frame, name)
            if frame == "monitor_state":
                states = self.monitor_state
                missing |= without_observation(mine, states[states["source"].isin(mine["source"])])
            each.append(parts_seen(mine, missing))
            listed.append(listed_last(mine))
        return Seen(tuple(each), self.read_at if self.state == "draft" else None, tuple(listed), tuple(named))

    def rows(self, frame: str, when: str = "this_month", **where: Any) -> pd.DataFrame:
        """The rows behind a figure, as its place on the page names them.

        Parameters
        ----------
        frame, when, where
            As `opsreport.exhibit.Rows` says: the days, and the value in each column, None a missing one.

        Returns
        -------
        DataFrame
            The frame's columns; rows that have time in those days (a bill's are placed by
            the start of the charge), of what is seen at an instant those seen in them.

        Raises
        ------
        SchemaError
            When there is no such frame, or it has no such column.

        Examples
        --------
        >>> load("demo-shop", "2026-10").rows("incident", severity="SEV1")  # doctest: +SKIP
        """
        if frame not in FRAMES:
            refuse("there is no frame", frame, FRAMES)
        kind, found = FRAMES[frame], self.frames[frame]
        if when == "history":
            held = found[kind.starts] < self.period.end
        else:
            days = self._days(when)
            held = _within(found, kind, days) if days else pd.Series(False, index=found.index)
        for column, value in where.items():
            if column not in found:
                # Which of those that loading adds a frame has depends on whether anything was read.
                if column not in _ADDED:
                    refuse(f"{frame} has no column", column, kind.names)
                return found.iloc[:0]
            same = found[column].isna() if is_unknown(value) else (found[column] == value).fillna(False).astype(bool)
            held &= same
        return found[held].reset_index(drop=True)

    def _days(self, when: str) -> Period | None:
        before = self.period.previous()
        known = {
            "this_month": self.period, "last_month": before, "baseline": self.baseline,
            "since_last_month": Period(before.first_day, self.period.end_day, self.period.zone),
        }  # fmt: skip
        return known[when] if when in known else Period.parse(when, self.period.zone)

    def missing_time(self, frame: str, source: str) -> Intervals:
        """The time of which a source is known to lack records."""
        rows = self.frames[frame]
        days = days_without_usage(rows[rows["source"] == source]) if frame == "cost" else []
        return Intervals((day, day + _DAY) for day in days)

    def inputs(self) -> list[dict[str, Any]]:
        """Every file that was read for the frames, by frame and source, with its hash."""
        return [
            {"frame": row.frame, "source": row.source, **record}
            for row in self.coverage.itertuples()
            for record in json.loads(row.inputs if isinstance(row.inputs, str) else "[]")
        ]


def load(client: str, month: str = "", *, home: str | Path = "", now: pd.Timestamp | None = None) -> Month:
    """A client's month from the store; an approved one from what was approved.

    Parameters
    ----------
    client : str
        The client's id.
    month : str
        YYYY-MM, or YYYY-MM-DD_YYYY-MM-DD for any run of days; by default the last full
        month on the client's clock.
    home : path
        The folder that holds params/ and store/; by default the nearest one upwards.
    now : Timestamp, optional
        The clock; only tells the default month and whether the month has ended.

    Raises
    ------
    ParamsError, PeriodError, StoreError

    Examples
    --------
    >>> load("demo-shop", "2026-10").incident[["incident_id", "service", "severity"]]  # doctest: +SKIP
    """
    asked, now = Home.find(home), now if now is not None else pd.Timestamp.now("UTC")
    period = period_of(load_params(asked.params, client), month, now)
    approved, place = approval(asked.store, client, period.name), home_of(asked, client, period.name)
    params = load_params(place.params, client)
    store = Store(place.store, client)
    coverage = store.coverage()
    if coverage.empty:
        raise StoreError(f"nothing was collected for {client}", hint=f"run: opsreport collect {client}")
    starts = dict.fromkeys(FRAMES, _first_needed(params, period)) | dict.fromkeys(_OLDER)
    frames = store.read_each(starts, period.end + _DAY)
    for name in ("recommendation", "vulnerability"):
        close_unlisted(FRAMES[name], frames[name], coverage)
    gaps = pd.concat([name_services(name, rows, params) for name, rows in frames.items()])
    frames["request_load"] = join_parts(frames["request_load"])
    corrections = load_corrections(place.params, client)
    return Month(
        client=params,
        period=period,
        frames=frames,
        coverage=coverage,
        corrections=correct(frames, corrections, period.zone),
        excused=excused(corrections, period.zone),
        gaps=gaps.reset_index(drop=True),
        state=approved.state if approved else "draft" if period.end > now else "final",
        home=place,
        approval=approved,
    )


def period_of(params: ClientParams, month: str, now: pd.Timestamp) -> Period:
    """The period asked for, on the client's clock; the last full month when none is.

    Raises
    ------
    PeriodError
        When it is no period, or has not begun.
    """
    if not month:
        return Period.last_full_month(now, params.time_zone)
    period = Period.parse(month, params.time_zone)
    if period.start >= now:
        raise PeriodError(f"{params.client}: {period.name} has not begun", hint="choose an earlier month")
    return period


def _within(rows: pd.DataFrame, kind: Frame, period: Period) -> pd.Series:
    days, starts = period.bill if kind.is_billed else period, rows[kind.starts]
    inside = days.contains(starts)
    # A charge counts where it starts, however long what it is for lasts.
    return inside if kind.name == "cost" or not kind.ends else inside | days.overlaps(starts, rows[kind.ends])


def spec_name(spec: dict[str, dict[str, Any]]) -> str:
    """The name of a source as a client's file lists it: its own, or the source's."""
    ((source, settings),) = spec.items()
    return settings.get("name") or source


def _first_needed(params: ClientParams, period: Period) -> pd.Timestamp:
    starts = [period.back(HISTORY - 1).start]
    if params.baseline:
        starts.append(Period.days(str(params.baseline.first), str(params.baseline.last), period.zone).start)
    # A bill counts its days in UTC, which may begin a day before the client's.
    return min(starts) - _DAY
