"""Corrections: what people know better than a source, said by whom, when and why.

They are applied when frames are loaded and shown in the report; what a source said
stays in the store as it was.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import Field, model_validator

from opsreport.params.fields import FrameName, Moment, Strict, in_order
from opsreport.schemas import FRAMES


class Excuse(Strict):
    """Downtime that the agreement excuses, between two instants."""

    monitor: str
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _forward(self) -> Excuse:
        in_order(self.starts_at, self.ends_at)
        return self


class Correction(Strict):
    """Either new values for the rows of a frame that match, or an excused outage."""

    by: str = Field(min_length=1, description="who corrects")
    on: dt.date = Field(description="the day it was decided")
    why: str = Field(min_length=1)
    frame: FrameName | None = None
    match: dict[str, str] = Field(default={}, description="the row's key columns")
    set: dict[str, Any] = Field(default={}, description="columns and their right values")
    excuse: Excuse | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Correction:
        rows = bool(self.frame and self.match and self.set)
        if rows == bool(self.excuse) or (self.excuse and (self.frame or self.match or self.set)):
            raise ValueError("give frame, match and set, or excuse")
        if self.frame:
            frame = FRAMES[self.frame]
            for column in (*self.match, *self.set):
                if column not in frame.names:
                    raise ValueError(f"{column} is not a column of {self.frame}")
            for column in self.set:
                if column in frame.key:
                    raise ValueError(f"{column} is what identifies a row and cannot be set")
        return self


class Corrections(Strict):
    """A client's corrections file."""

    corrections: list[Correction] = Field(default=[])
