"""The team's own file, `opsreport.yaml` beside params/: its mail, where its pages go, and when things run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, field_validator, model_validator

from opsreport.errors import ParamsError
from opsreport.params.fields import Clock, Duration, Strict
from opsreport.params.mail import Mail
from opsreport.params.reading import read_yaml, validated

FILE = "opsreport.yaml"
#: The longest that S3 lets a signed link live.
_LONGEST_LINK = pd.Timedelta(days=7)


class PublishFolder(Strict):
    """A folder that a web server shows."""

    path: str = Field(min_length=1, description="relative to this file")
    address: str = Field(description="where the server shows it")

    @field_validator("address")
    @classmethod
    def _is_https(cls, written: str) -> str:
        if not written.startswith("https://") or "@" in written or "?" in written:
            raise ValueError("is no address, like https://reviews.example.com")
        return written.rstrip("/")


class PublishBucket(Strict):
    """A bucket of S3, which stays private: links are signed, and run out."""

    bucket: str = Field(min_length=1)
    prefix: str = ""
    region: str = Field(min_length=1)
    profile: str = ""
    expires: Duration = Field(default="7d", validate_default=True, description="how long a link holds, 7d at most")

    @field_validator("expires")
    @classmethod
    def _can_be_signed(cls, written: pd.Timedelta) -> pd.Timedelta:
        if not pd.Timedelta(0) < written <= _LONGEST_LINK:
            raise ValueError("is not a time that S3 signs a link for; 7d is the most")
        return written


class Publish(Strict):
    """Where pages are put for clients to open."""

    folder: PublishFolder | None = None
    s3: PublishBucket | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Publish:
        if (self.folder is None) == (self.s3 is None):
            raise ValueError("give folder or s3")
        return self


class Rhythm(Strict):
    """When things run, on this machine's clock."""

    collect_at: Clock = "03:00"
    report_on: Annotated[int, Field(ge=1, le=28)] = Field(default=2, description="day of the month")
    report_at: Clock = "05:00"


class Team(Strict):
    """All that is ours and no client's."""

    mail: Mail | None = None
    publish: Publish | None = None
    schedule: Rhythm = Rhythm()


def load_team(folder: Path) -> Team:
    """What `<folder>/opsreport.yaml` says; nothing where there is no such file.

    Raises
    ------
    ParamsError
        With file, line and hint.
    """
    path = Path(folder) / FILE
    return validated(Team, read_yaml(path), path) if path.is_file() else Team()


def mail_of(folder: Path) -> Mail:
    """How reviews are sent.

    Raises
    ------
    ParamsError
        When the team's file does not say.
    """
    mail = load_team(folder).mail
    if mail is None:
        raise ParamsError(
            f"{Path(folder) / FILE} does not say how mail is sent",
            hint="write mail: with sender, reply_to, operator, and smtp or ses; see docs/mail.md",
        )
    return mail
