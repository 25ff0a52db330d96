"""What a source is given and what it hands over: its settings, the run it is part of, and its pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.params.aws import AwsAccount
from opsreport.params.fields import Strict


class Covers(Strict):
    """The days an export was made for, both included, where the export cannot tell itself."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Run:
    """One collecting of one client: for whom, with what, until when.

    Attributes
    ----------
    client : str
    accounts : tuple of AwsAccount
        The client's own; no source is ever given another's.
    now : Timestamp
        The clock when it began.
    until : float
        When `time.monotonic` says that there is no time left; 0 for no limit.
    answers : Path, optional
        Where answers that cost money are kept.
    is_probe : bool
        Whether only the first page of each question is read, to see that it may be.
    """

    client: str = ""
    accounts: tuple[AwsAccount, ...] = ()
    now: pd.Timestamp = field(default_factory=lambda: pd.Timestamp.now("UTC"))
    until: float = 0.0
    answers: Path | None = None
    is_probe: bool = False


class SourceSettings(Strict):
    """What every source takes; the last four are filled in from the client's file."""

    name: str = Field(default="", description="tells two uses of one source apart")
    covers: Covers | None = None
    frame: str = ""
    folder: Path = Path()
    zone: str = "UTC"
    run: Run = Field(default_factory=Run, exclude=True)

    def resolve(self, path: str) -> Path:
        """A path of the client's file, which is relative to the folder that file stands in."""
        return (self.folder / path).resolve()


@dataclass(frozen=True)
class Pages:
    """What a source answered, as read.

    Attributes
    ----------
    items : tuple
        The pages, in any form the source's `to_frames` reads.
    settings : SourceSettings
    inputs : tuple of dict
        path, sha256 and bytes of every file read, for the manifest.
    status, why : str
        ok or partial, and what is missing.
    """

    items: tuple[Any, ...]
    settings: SourceSettings
    inputs: tuple[dict[str, Any], ...] = ()
    status: str = "ok"
    why: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
