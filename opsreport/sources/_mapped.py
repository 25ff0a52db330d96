"""A table's rows as a frame, by what a client's file declares of its columns; for files and for queries alike.

``columns`` names the source column of each of the frame's columns, ``values`` translates words,
``constants`` fills what all rows share. What a column means is declared, never guessed.
"""

from __future__ import annotations

import difflib
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from opsreport.errors import SourceError
from opsreport.params.models import Duration, Zone
from opsreport.period import Period
from opsreport.schemas import DECIMAL, FLAG, INSTANT, Column, Frame
from opsreport.schemas import FRAMES as ALL
from opsreport.sources import Pages, SourceSettings, _spans, _values, declared, focus
from opsreport.sources._sheets import Sheet


class MappedSettings(SourceSettings):
    """What the columns of a table mean."""

    columns: dict[str, str] = Field(default={}, description="the source column of each frame column")
    values: dict[str, dict[str, str | None]] = Field(default={}, description="words translated, per frame column")
    constants: dict[str, str | int | float | bool] = Field(default={}, description="what all rows share")
    timezone: Zone | None = Field(default=None, description="of times that name none")
    time_format: str | dict[str, str] = Field(
        default="", description='how times are written, like "%m/%d/%y", unix or unix_ms; or per frame column'
    )
    nulls: list[str] = Field(default=["", "NULL", "null"], description="words that mean nothing is known")
    skip_without: list[str] = Field(default=[], description="columns without which a row is left out, and counted")
    holds: Literal["samples", "transitions"] | None = None
    interval: Duration | None = Field(default=None, description="between two samples")

    @model_validator(mode="after")
    def _fits(self) -> MappedSettings:
        if self.frame not in ALL:
            return self
        frame = ALL[self.frame]
        named = {*self.columns, *self.values, *self.constants, *self.skip_without}
        named |= set(self.time_format) if isinstance(self.time_format, dict) else set()
        unknown = sorted(named - set(frame.names))
        if unknown:
            raise ValueError(f"{frame.name} has no column {unknown[0]}; it has {', '.join(frame.names)}")
        for name, words in self.values.items():
            allowed = frame[name].allowed
            wrong = [word for word in words.values() if word is not None and allowed and word not in allowed]
            if wrong:
                raise ValueError(f"values.{name} translates to {wrong[0]!r}, which is none of {', '.join(allowed)}")
        twice = sorted(set(self.columns) & set(self.constants))
        if twice:
            raise ValueError(f"{twice[0]} stands in columns and in constants; keep one")
        if self.holds == "samples" and not self.interval:
            raise ValueError("holds: samples needs the interval between two samples, like 5min")
        if self.frame == "monitor_state" and self.columns and "ended_at" not in self.columns and not self.holds:
            raise ValueError("without a column for ended_at, say what a row holds for: samples or transitions")
        return self


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The rows as the frame's columns and types.

    Raises
    ------
    SourceError
        When a column is missing or a value cannot be read; names file, row, column and value.
    """
    settings = pages.settings
    frame = ALL[settings.frame]
    parts = [_converted(sheet, frame, settings) for sheet in pages.items]
    rows = pd.concat(parts, ignore_index=True) if parts else frame.empty()
    rows = rows.dropna(subset=[name for name in settings.skip_without if name in rows], ignore_index=True)
    if settings.frame == "monitor_state" and settings.holds:
        rows = _with_ends(rows, settings, pages.extra.get("window"))
    return {frame.name: _each_once(frame, rows)}


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """From the first row's start to the last row's end; of a bill, the time of its usage."""
    if pages.settings.frame == "cost":
        return focus.observed(frames, pages, period)
    name, rows = pages.settings.frame, frames[pages.settings.frame]
    times = [rows[column] for column in (ALL[name].starts, ALL[name].ends) if column]
    return {name: (times[0].min(), max(t.max() for t in times))} if len(rows) else {}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """How many rows were left out as declared, and how many local times the clocks showed twice or never."""
    settings = pages.settings
    said = []
    skipped = sum(
        any(_is_null(value, settings) for value in row)
        for sheet in pages.items
        for row in zip(*(_raw(sheet, name, settings) for name in settings.skip_without), strict=True)
    )
    if skipped:
        said.append(f"{skipped} rows without {' or '.join(settings.skip_without)} were left out")
    doubtful = _doubtful(pages) if settings.timezone else 0
    if doubtful:
        zone = settings.timezone
        said.append(f"{doubtful} times that the clocks of {zone} showed twice or never, read as their first pass")
    return {settings.frame: ("ok", "; ".join(said))} if said else {}


def _doubtful(pages: Pages) -> int:
    settings, doubtful = pages.settings, 0
    for sheet in pages.items:
        for column in (c for c in ALL[settings.frame].columns if c.dtype == INSTANT):
            known = [value for value in _raw(sheet, column.name, settings) if not _is_null(value, settings)]
            written = [_values.wall(value, _form(settings, column.name)) for value in known]
            doubtful += sum(_values.is_doubtful(one, settings.timezone) for one in written)
    return doubtful


def _converted(sheet: Sheet, frame: Frame, settings: MappedSettings) -> pd.DataFrame:
    mapped = mapping(sheet, frame, settings)
    made = {}
    for column in frame.columns:
        if column.name in settings.constants:
            values = [settings.constants[column.name]] * sheet.count
        elif column.name in mapped:
            values = sheet.columns[mapped[column.name]]
        else:
            continue
        made[column.name] = _column(values, column, sheet, settings)
    return pd.DataFrame(made)


def mapping(sheet: Sheet, frame: Frame, settings: MappedSettings) -> dict[str, str]:
    """The source column of each frame column, all of which the sheet has.

    Raises
    ------
    SourceError
        When one is missing.
    """
    mapped = settings.columns or {name: name for name in sheet.names if name}
    unknown = sorted(set(mapped) - set(frame.names))
    if unknown:
        raise SourceError(
            f"{sheet.file}: {frame.name} has no column {', '.join(unknown)}",
            hint="declare in columns which source column each frame column comes from",
        )
    # JSON without a row names no column: then there is nothing to compare with.
    lost = [source for source in mapped.values() if sheet.names and source not in sheet.names]
    if lost:
        near = difflib.get_close_matches(lost[0], sheet.names, n=1)
        has = f"did you mean {near[0]}?" if near else f"it has {', '.join(map(repr, sheet.names))}"
        raise SourceError(f"{sheet.file} has no column {lost[0]!r}", hint=has)
    ends = {frame.ends} if frame.name == "monitor_state" and settings.holds else set()
    needed = {c.name for c in frame.columns if c.required} | set(settings.skip_without)
    needed = needed - ends - set(mapped) - set(settings.constants)
    if needed and (sheet.names or settings.columns):
        raise SourceError(
            f"{sheet.file}: {frame.name} needs {', '.join(sorted(needed))}",
            hint="name its source column in columns, or what all rows share in constants"
            + ("; or say what a state holds for: samples or transitions" if "ended_at" in needed else ""),
        )
    return {name: source for name, source in mapped.items() if source in sheet.columns}


def _column(values: list[Any], column: Column, sheet: Sheet, settings: MappedSettings) -> pd.Series:
    """The values with the column's type; each distinct text is read once."""
    known: dict[tuple[type, Any], Any] = {}
    made = []
    for row, value in enumerate(values, start=1):
        key = (type(value), value if value.__hash__ else repr(value))
        if key not in known:
            try:
                known[key] = _value(value, column, settings)
            except _values.Unreadable as error:
                shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
                raise SourceError(
                    f"{sheet.file}, row {row}, {settings.columns.get(column.name, column.name)}: {shown} {error}",
                    hint=error.hint,
                ) from error
        made.append(known[key])
    if column.dtype == INSTANT:
        return pd.Series(pd.DatetimeIndex(pd.to_datetime(made, utc=True)).as_unit("us"), dtype=INSTANT)
    return pd.Series(made, dtype=column.dtype)


def _value(value: Any, column: Column, settings: MappedSettings) -> Any:
    if _is_null(value, settings):
        return None
    if column.name in settings.values:
        value = settings.values[column.name].get(_values.text(value), value)
        if value is None:
            return None
    if column.dtype == DECIMAL:
        return _values.number(value)
    if column.dtype == INSTANT:
        return _values.instant(value, settings.timezone, _form(settings, column.name))
    if column.dtype == FLAG:
        return _values.flag(value)
    if (settings.frame, column.name) == ("cost", "tags"):
        return _values.tags(value)
    written = _values.text(value)
    if column.allowed and written not in column.allowed:
        allowed = ", ".join(column.allowed)
        raise _values.Unreadable(f"is none of {allowed}", f"translate it in values: {{{column.name}: {{...}}}}")
    return written


def _is_null(value: Any, settings: MappedSettings) -> bool:
    return value is None or value is pd.NaT or (value if isinstance(value, str) else str(value)) in settings.nulls


def _raw(sheet: Sheet, column: str, settings: MappedSettings) -> list[Any]:
    if column in settings.constants:
        return [settings.constants[column]] * sheet.count
    return sheet.columns.get(settings.columns.get(column, "" if settings.columns else column), [])


def _form(settings: MappedSettings, column: str) -> str | None:
    form = settings.time_format
    return (form.get(column) if isinstance(form, dict) else form) or None


def _with_ends(rows: pd.DataFrame, settings: MappedSettings, told: tuple | None = None) -> pd.DataFrame:
    rows = _each_once(ALL["monitor_state"], rows.drop(columns="ended_at", errors="ignore"))
    longest = 3 * settings.interval if settings.holds == "samples" else None
    spans = _spans.held(rows, longest)
    if settings.holds == "samples":
        last = spans["started_at"] + settings.interval
    else:
        window = declared(settings) or told
        last = pd.Series(window[1] if window else pd.NaT, index=spans.index, dtype=INSTANT)
    return _spans.lasting(spans.assign(ended_at=spans["ended_at"].fillna(last)))


def _each_once(frame: Frame, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that are wholly the same once, where the frame has a key; two that differ are refused."""
    if not frame.key or not len(rows):
        return rows
    rows = rows.drop_duplicates(ignore_index=True)
    clash = rows[rows.duplicated(list(frame.key), keep=False)]
    if len(clash):
        said = ", ".join(f"{name} {clash.iloc[0][name]}" for name in frame.key)
        raise SourceError(f"two rows of {frame.name} differ, but share {said}", hint="export each record once")
    return rows
