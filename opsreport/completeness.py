"""How complete a client's month is: what each source told of, and what is missing since when."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.coverage import Seen, parts_seen, share_seen, without_observation
from opsreport.intervals import Intervals
from opsreport.month import Month, spec_name
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

_SHOWN = 2  # gaps named one by one
#: A reading of how things are now counts for the day that it ends, which may have 25 hours.
_ONE_READING = pd.Timedelta(hours=25)


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


def absent(month: Month, *names: str) -> str:
    """Why a section has nothing to show: which source is missing, and since when.

    Parameters
    ----------
    names : str
        Frames that the section is made from.

    Returns
    -------
    str
        A sentence; empty where at least one of them was seen in the period.
    """
    if any(_is_seen(month, name) for name in names):
        return ""
    title = month.style.say(" or ").join(month.style.within(month.style.say(FRAMES[name].title)) for name in names)
    sources = [spec_name(spec) for name in names for spec in month.client.sources.get(name, [])]
    if not sources:
        words = "No source of {title} is named in the client's file, so nothing can be said of them."
        return month.style.say(words, title=title)
    readings = month.coverage[month.coverage["frame"].isin(names)]
    told = readings[(readings["status"] != "unavailable") & readings["observed_end"].notna()]
    newest = told.loc[told["observed_start"] < month.period.start, "observed_end"].max()
    named = ", ".join(dict.fromkeys(sources))
    if len(told) and pd.isna(newest):
        return _only_later(month, names, told, named, title)
    if pd.isna(newest):
        words = "Nothing was ever read from {source}, the source of {title}, so nothing can be said of them."
        return month.style.say(words, source=named, title=title)
    words = "{source}, the source of {title}, tells of these only up to {since}: what came after is not known."
    return month.style.say(words, source=named, title=title, since=month.style.text(newest, "date"))


def _is_seen(month: Month, name: str) -> bool:
    """Whether a source told of any of the period; one that shows things as they are now, before the period's end."""
    if len(month.rows(name)):
        return True
    period = month.days_of(name)
    readings = month.coverage[(month.coverage["frame"] == name) & month.coverage["observed_end"].notna()]
    is_late = _is_of_now(name) and (
        (readings["observed_end"] > period.end) & (readings["observed_start"] >= period.end - _ONE_READING)
    ).all()
    return not is_late and share_seen(month.seen(name), period) > 0


def _is_of_now(name: str) -> bool:
    """Whether a frame's rows say how things were when they were read, and a source shows them as they are now."""
    return FRAMES[name].starts == "observed_at"


def _only_later(month: Month, names: tuple[str, ...], told: pd.DataFrame, named: str, title: str) -> str:
    """That what was read is of after the period, which is how each client's first review begins."""
    if all(_is_of_now(name) for name in names):
        words = (
            "{source}, the source of {title}, was first read on {since}, after these days had ended, and shows things "
            "only as they are when it is read: how they stood in these days is not known."
        )
        since = month.style.text(told["observed_end"].min(), "date")
        return month.style.say(words, source=named, title=title, since=since)
    words = "{source}, the source of {title}, tells of these only from {since} on: what came before is not known."
    since = month.style.text(told["observed_start"].min(), "date")
    return month.style.say(words, source=named, title=title, since=since)


def _told(month: Month, frame: str, source: str) -> dict[str, Any]:
    period = month.days_of(frame)
    readings = month.coverage[(month.coverage["frame"] == frame) & (month.coverage["source"] == source)]
    missing = month.missing_time(frame, source)
    share = share_seen(Seen((parts_seen(readings, missing),)), period)
    asked = readings[(readings["requested_start"] < period.end) & (readings["requested_end"] > period.start)]
    newest = readings.sort_values("collected_at").tail(1)
    last = asked.sort_values("collected_at").tail(1) if len(asked) else newest
    told = {"frame": frame, "source": source, "coverage": share}
    if last.empty:
        return {**told, "status": "not collected", "note": "never read"}
    if share == 1 and (asked["status"] == "ok").any():
        # All of it was seen, some of it by readings before the last.
        last = asked[asked["status"] == "ok"].sort_values("collected_at").tail(1)
    status, why = last["status"].iloc[0], last["why"].iloc[0]
    if status == "ok" and share < 1:
        status, mine = "partial", readings[readings["observed_start"].notna()]
        gaps = _gaps(mine, period, month.style) if len(mine) > 1 else _until(last.iloc[0], month.style)
        why = "; ".join(part for part in (why, gaps) if isinstance(part, str) and part)
    if frame == "monitor_state":
        states = month.monitor_state
        unseen = without_observation(readings, states[states["source"] == source])
        known = share_seen(Seen((parts_seen(readings, missing | unseen),)), period)
        if known < share:
            said = month.style.say("a state was seen for {share} of the time", share=month.style.text(known, "share"))
            why = "; ".join(part for part in (why, said) if isinstance(part, str) and part)
    return {**told, "status": status, "note": why.partition("\nHint:")[0] if isinstance(why, str) else ""}


def _gaps(readings: pd.DataFrame, period: Period, style: Style) -> str:
    """The times of a period that none of several readings tells of."""
    whole = Intervals([(period.start, period.end)])
    gaps = (whole - Intervals.from_frame(readings, "observed_start", "observed_end")).pairs()
    told = [style.say("{start} to {end}", start=style.text(start, "instant"), end=style.text(end, "instant"))
            for start, end in gaps[:_SHOWN]]  # fmt: skip
    if not told:
        return ""
    more = [style.say("{count} more", count=len(gaps) - _SHOWN)] if len(gaps) > _SHOWN else []
    return style.say("it does not tell of {gaps}", gaps=", ".join(told + more))


def _until(reading: pd.Series, style: Style) -> str:
    if pd.isna(reading["observed_start"]):
        return "no rows"
    start, end = (style.text(reading[edge], "instant") for edge in ("observed_start", "observed_end"))
    return f"it tells of {start} to {end} only"


