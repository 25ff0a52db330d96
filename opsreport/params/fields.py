"""The entries of a client's file: what each kind of text or number may be, and what to write instead."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import pandas as pd
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

from opsreport.language import languages
from opsreport.schemas import FRAMES


class Strict(BaseModel):
    """A mapping that takes the keys it names, with the types it names, and no others."""

    # What stands there may be a secret, so pydantic does not repeat it.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


CLIENT_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_DURATION = re.compile(r"([0-9]{1,6}(\.[0-9]+)?\s*(d|h|min|m|s)\s*)+")
_EXACT_DIGITS = 15  # that every binary float keeps
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_REFERENCE = re.compile(r"(env|keyring|file):.+")
_EMAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")


def duration(value: Any) -> Any:
    """A length of time written as numbers with units, like 15min, 4h or 2d."""
    if isinstance(value, pd.Timedelta):
        return value
    if not isinstance(value, str) or not _DURATION.fullmatch(value.strip()):
        raise ValueError("is not a duration; write a number and a unit, like 15min, 4h or 2d")
    # To pandas m is a minute only in some versions, and d is going to be D.
    return pd.Timedelta(re.sub(r"(?<=\d)\s*m(?![a-z])", "min", value).replace("d", "D"))


def reference(value: str) -> str:
    """Where a secret is kept; the secret itself never stands in a file."""
    if value and not _REFERENCE.fullmatch(value):
        raise ValueError("is a secret; write where it is kept: env:NAME, keyring:service/name or file:path")
    return value


Reference = Annotated[str, AfterValidator(reference)]


def moment(value: Any) -> Any:
    """A date and time written any way that ISO 8601 allows; without an offset, local."""
    if isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("is not a time; write it like 2026-10-14T10:03, local unless it has an offset") from error
    return value


def number(value: Any) -> Any:
    """A number as exactly as the file says it."""
    # YAML reads 0.999 as a float: its shortest text is what the file says.
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("is not a number")
    made = value if isinstance(value, Decimal) else Decimal(str(value))
    if isinstance(value, float) and made.is_finite() and len(made.as_tuple().digits) > _EXACT_DIGITS:
        raise ValueError(f"has more digits than can be read exactly; give {_EXACT_DIGITS} at most")
    return made


def in_order(starts: dt.datetime, ends: dt.datetime) -> None:
    """Refuse two moments that are in the wrong order, or cannot be ordered."""
    if (starts.tzinfo is None) != (ends.tzinfo is None):
        raise ValueError("must give an offset with both times, or with neither")
    if starts >= ends:
        raise ValueError("must start before it ends")


def refuse_twice(place: str, names: list[str]) -> None:
    """Refuse what is agreed twice: either of the two could be meant."""
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ValueError(f"{place}: {twice[0]} stands twice; keep one")


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("is not a time zone; write an IANA name, like Europe/Berlin")
    return value


def _locale(value: str) -> str:
    try:
        Locale.parse(value)
    except (ValueError, UnknownLocaleError) as error:
        raise ValueError("is not a locale; write one like en_GB or de_DE") from error
    return value


def _language(value: str) -> str:
    if value not in languages():
        raise ValueError(f"is not a language that reports can be written in; they are {', '.join(languages())}")
    return value


def _currency(value: str) -> str:
    if value not in list_currencies():
        raise ValueError("is not a currency; write an ISO 4217 code, like EUR")
    return value


def _matching(pattern: re.Pattern[str], said: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(said)
        return value

    return AfterValidator(check)


def _frame_name(value: str) -> str:
    if value not in FRAMES:
        near = difflib.get_close_matches(value, FRAMES, n=1)
        raise ValueError(f"is not a frame; did you mean {near[0]}?" if near else (
            f"is not a frame; the frames are {', '.join(FRAMES)}"))  # fmt: skip
    return value


Duration = Annotated[
    pd.Timedelta,
    BeforeValidator(duration),
    WithJsonSchema({"type": "string", "examples": ["15min", "4h", "2d"]}),
]
Moment = Annotated[dt.datetime, BeforeValidator(moment)]
Number = Annotated[Decimal, BeforeValidator(number), WithJsonSchema({"type": "number"})]
Share = Annotated[Number, Field(ge=0, le=1)]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
LocaleName = Annotated[str, AfterValidator(_locale)]
Currency = Annotated[str, AfterValidator(_currency)]
Clock = Annotated[str, _matching(_CLOCK, 'is not a time of day; write it as "09:00", up to "24:00"')]
Email = Annotated[str, _matching(_EMAIL, "is not an e-mail address")]
ClientId = Annotated[
    str,
    _matching(re.compile(CLIENT_ID), "is not a client id; use a-z, 0-9 and -, 63 at most, in quotes if all digits"),
]
Colour = Annotated[str, _matching(re.compile("#[0-9a-fA-F]{6}"), 'is not a colour; write it as "#0072B2"')]
FrameName = Annotated[str, AfterValidator(_frame_name)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
