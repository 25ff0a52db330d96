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

from opsreport.corrections import correct, excused
from opsreport.coverage import Seen, days_without_usage, parts_seen, share_seen
from opsreport.errors import PeriodError, StoreError
from opsreport.home import Home
from opsreport.intervals import Intervals
from opsreport.naming import name_services
from opsreport.params import ClientParams, load_corrections, load_params
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.store import Store
from opsreport.theme import Style

#: Months of history that come with a month: itself and the twelve before.
HISTORY = 13


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
        draft while the period still runs, else final.
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
        return Style(self.client.locale, self.client.currency, self.client.time_zone)

    @property
    def baseline(self) -> Period | None:
        """The days that later months are compared with; None for a month before they are over."""
        given = self.client.baseline
        days = Period.days(str(given.first), str(given.last), self.period.zone) if given else None
        return days if days and days.end <= self.period.end else None

    @property
    def read_at(self) -> pd.Timestamp:
        """When the newest of the data was read."""
        return self.coverage["collected_at"].max()

    def seen(self, frame: str) -> Seen:
        """What each source of a frame could tell of, without a bill's days that have no usage."""
        readings = self.coverage[self.coverage["frame"] == frame]
        named = [spec_name(spec) for spec in self.client.sources.get(frame, [])] or sorted(set(readings["source"]))
        # A source that the client's file no longer names came before those that it does.
        retired = ~readings["source"].isin(named)
        return Seen(tuple(
            parts_seen(readings[(readings["source"] == name) | retired], self._missing(frame, name)) for name in named
        ))  # fmt: skip

    def _missing(self, frame: str, source: str) -> Intervals:
        """The time of which a source is known to lack records."""
        rows = self.frames[frame]
        days = days_without_usage(rows[rows["source"] == source]) if frame == "cost" else []
        return Intervals((day, day + pd.Timedelta(days=1)) for day in days)

    def inputs(self) -> list[dict[str, Any]]:
        """Every file that was read for the frames, by frame and source, with its hash."""
        return [
            {"frame": row.frame, "source": row.source, **record}
            for row in self.coverage.itertuples()
            for record in json.loads(row.inputs if isinstance(row.inputs, str) else "[]")
        ]


def load(client: str, month: str = "", *, home: str | Path = "", now: pd.Timestamp | None = None) -> Month:
    """A client's month from the store.

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
    >>> month = load("demo-shop", "2026-10")  # doctest: +SKIP
    >>> month.incident[["incident_id", "service", "severity"]]  # doctest: +SKIP
    """
    place, now = Home.find(home), now if now is not None else pd.Timestamp.now("UTC")
    params = load_params(place.params, client)
    period = period_of(params, month, now)
    store = Store(place.store, client)
    coverage = store.coverage()
    if coverage.empty:
        raise StoreError(f"nothing was collected for {client}", hint=f"run: opsreport collect {client}")
    start = _first_needed(params, period)
    end = period.end + pd.Timedelta(days=1)
    # A change stands on the day of its first commit, which may be long before it was deployed.
    frames = {name: store.read(name, None if name == "change" else start, end) for name in FRAMES}
    gaps = pd.concat([name_services(name, rows, params) for name, rows in frames.items()])
    corrections = load_corrections(place.params, client)
    return Month(
        client=params,
        period=period,
        frames=frames,
        coverage=coverage,
        corrections=correct(frames, corrections, period.zone),
        excused=excused(corrections, period.zone),
        gaps=gaps.reset_index(drop=True),
        state="draft" if period.end > now else "final",
        home=place,
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


def completeness(month: Month) -> pd.DataFrame:
    """Answers: of each frame, which source told of how much of the month, and what is missing?

    Returns
    -------
    DataFrame
        frame, source, coverage [share], status, note; one row a frame and source that the
        client's file names, also where nothing was ever read.
    """
    rows = []
    for frame in FRAMES:
        sources = [spec_name(spec) for spec in month.client.sources.get(frame, [])]
        rows += [_told(month, frame, source) for source in sources]
        if not sources:
            rows.append({"frame": frame, "source": "none", "coverage": 0.0, "status": "no source",
                         "note": "no source is named in the client's file"})  # fmt: skip
    return pd.DataFrame(rows).assign(frame=lambda told: [FRAMES[frame].title for frame in told["frame"]])


def spec_name(spec: dict[str, dict[str, Any]]) -> str:
    """The name of a source as a client's file lists it: its own, or the source's."""
    ((source, settings),) = spec.items()
    return settings.get("name") or source


def _told(month: Month, frame: str, source: str) -> dict[str, Any]:
    period = month.period.bill if frame == "cost" else month.period
    readings = month.coverage[(month.coverage["frame"] == frame) & (month.coverage["source"] == source)]
    share = share_seen(Seen((parts_seen(readings, month._missing(frame, source)),)), period)
    asked = readings[(readings["requested_start"] < period.end) & (readings["requested_end"] > period.start)]
    newest = readings.sort_values("collected_at").tail(1)
    last = asked.sort_values("collected_at").tail(1) if len(asked) else newest
    told = {"frame": frame, "source": source, "coverage": share}
    if last.empty:
        return {**told, "status": "not collected", "note": "never read"}
    status, why = last["status"].iloc[0], last["why"].iloc[0]
    if status == "ok" and share < 1:
        status = "partial"
        why = "; ".join(part for part in (why, _until(last.iloc[0], month.style)) if isinstance(part, str) and part)
    return {**told, "status": status, "note": why.partition("\nHint:")[0] if isinstance(why, str) else ""}


def _until(reading: pd.Series, style: Style) -> str:
    if pd.isna(reading["observed_start"]):
        return "no rows"
    start, end = (style.text(reading[edge], "instant") for edge in ("observed_start", "observed_end"))
    return f"it tells of {start} to {end} only"


def _first_needed(params: ClientParams, period: Period) -> pd.Timestamp:
    starts = [period.back(HISTORY - 1).start]
    if params.baseline:
        starts.append(Period.days(str(params.baseline.first), str(params.baseline.last), period.zone).start)
    # A bill counts its days in UTC, which may begin a day before the client's.
    return min(starts) - pd.Timedelta(days=1)
