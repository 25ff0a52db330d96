"""Any table that somebody exported: CSV, Parquet or JSON, its columns declared by the client's file.

For systems without a source of their own, and for records kept by hand. What a column means is
declared, never guessed: ``columns`` names the source column of each of the frame's columns,
``values`` translates words, ``constants`` fills what all rows share.

Formats: CSV by RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), Parquet
(https://parquet.apache.org/docs/), JSON (https://www.rfc-editor.org/rfc/rfc8259) and JSON lines
(https://jsonlines.org). Permission: to read the file. A file forgets nothing, but it is only as
new as its export: say with ``covers`` which days an export was made for, so that a quiet day
can be told from a missing one.

Numbers are read exactly, never through binary floats, to the 18 decimals that a frame holds. A
time that names no zone needs ``timezone``; one that the clocks showed twice is taken at its first
pass, one that they skipped as if they had not been changed, and both are counted in the remarks.
Times are ISO 8601 unless ``time_format`` says otherwise.

Rows of ``monitor_state`` without an end need ``holds``. A row of ``samples`` (a check every five
minutes: ``holds: samples`` and ``interval: 5min``) holds until the next one, for three intervals at
most (the last for one), and nothing is known after; one of ``transitions`` holds until the next one,
the last until the end of ``covers`` (without it the last tells of no time).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.sources import Pages, SourceSettings, _files, _mapped, _sheets

FRAMES = tuple(ALL)
to_frames, observed, remarks = _mapped.to_frames, _mapped.observed, _mapped.remarks


class Settings(_mapped.MappedSettings):
    """Where the table is, and what its columns mean."""

    path: str = Field(description="a file, a folder or a glob, relative to this file")
    format: Literal["csv", "parquet", "json", "jsonl"] | None = Field(default=None, description="else by suffix")
    delimiter: str = Field(default="", description="of a CSV; by default a comma, in .tsv a tab", max_length=1)
    rows: str = Field(default="", description="where a JSON document holds its rows, like data.items")


def fetch(period: Period, settings: SourceSettings) -> Pages:
    """The declared columns of every file, as they are written."""
    files = _files.find(settings, settings.path, _sheets.SUFFIXES)
    sheets = tuple(_sheets.sheet(file, settings) for file in files)
    return Pages(sheets, settings, inputs=tuple(file.record() for file in files))


def check(settings: SourceSettings) -> None:
    """Refuse, before anything is collected, a declared column that a file has not.

    Raises
    ------
    SourceError
    """
    for file in _files.find(settings, settings.path, _sheets.SUFFIXES):
        _mapped.mapping(_sheets.sheet(file, settings), ALL[settings.frame], settings)
