"""One value as a source wrote it, read exactly: numbers, times, flags and texts."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?")
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d+))?\s?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?"
)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
_STEP = Decimal(1).scaleb(-18)


class Unreadable(ValueError):
    """A value that is not what its column holds, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def number(value: Any) -> Decimal:
    """A number, exact to the 18 decimals that a frame holds (more are rounded half to even).

    Binary floats are read by their shortest text, which is what wrote them.

    Examples
    --------
    >>> number("1.5e-3"), number(0.1)
    (Decimal('0.001500000000000000'), Decimal('0.100000000000000000'))
    """
    if isinstance(value, bool):
        raise Unreadable("is not a number", "map another column")
    written = repr(value) if isinstance(value, float) else str(value).strip()
    if not _NUMBER.fullmatch(written):
        raise Unreadable("is not a number", "write it as 1234.56: no separator of thousands, sign of currency or unit")
    read = Decimal(written)
    if read and read.adjusted() >= 20:
        raise Unreadable("is too large", "a frame holds 20 digits before the point")
    return read.quantize(_STEP, context=_WIDE)


def instant(value: Any, zone: str | None = None, form: str | None = None) -> dt.datetime:
    """A time as a UTC instant.

    Parameters
    ----------
    zone : str, optional
        IANA name of the time zone of times that name none; without it they are refused.
    form : str, optional
        How a time is written, as `datetime.strptime` reads it, or ``unix`` or ``unix_ms`` for
        seconds or milliseconds since 1970; without it ISO 8601 is read.
    """
    written = wall(value, form)
    if written.tzinfo is None:
        if zone is None:
            raise Unreadable("is a time without a time zone", "declare timezone, like Europe/Berlin or UTC")
        # fold=0: an hour that a clock repeats is taken at its first pass.
        written = written.replace(tzinfo=ZoneInfo(zone))
    return written.astimezone(dt.UTC)


def wall(value: Any, form: str | None = None) -> dt.datetime:
    """A time as it is written, with a time zone only where it names one."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    try:
        if form in ("unix", "unix_ms"):
            micros = number(value).scaleb(6 if form == "unix" else 3, _WIDE)
            return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(micros))
        if form:
            return dt.datetime.strptime(str(value).strip(), form)
        return _iso(str(value).strip())
    except (ValueError, OverflowError) as error:
        wanted = f"as {form}" if form else "like 2026-10-01T09:30:00Z"
        raise Unreadable("is not a time", f"write times {wanted}, or declare time_format") from error


def is_doubtful(written: dt.datetime, zone: str) -> bool:
    """Whether a clock showed this time twice, or never, where it names no time zone."""
    if written.tzinfo is not None:
        return False
    here = written.replace(tzinfo=ZoneInfo(zone))
    return here.utcoffset() != here.replace(fold=1).utcoffset()


def flag(value: Any) -> bool:
    """True or false: also yes, no, 1 and 0."""
    try:
        return _FLAGS[str(value).strip().lower()]
    except KeyError as error:
        raise Unreadable("is neither true nor false", "translate it in values") from error


def text(value: Any) -> str:
    """A text; nested data as JSON with its keys sorted."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        raise Unreadable("is not text", "map another column")
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def address(written: str) -> str | None:
    """A web address; nothing else is ever followed from a record."""
    return written if written.startswith(("https://", "http://")) else None


def tags(value: Any) -> str:
    """Tags as a JSON object with its keys sorted, so that the same tags are the same text."""
    try:
        found = json.loads(text(value))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreadable("is no JSON object", 'write tags like {"team": "web"}')
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _iso(written: str) -> dt.datetime:
    found = _ISO.fullmatch(written)
    if not found:
        raise ValueError(written)
    day, clock, fraction, offset = found.groups()
    offset = {"Z": "+00:00", "z": "+00:00", "UTC": "+00:00", None: ""}.get(offset, offset)
    # Of nanoseconds a frame holds the microseconds.
    micros = f".{fraction[:6].ljust(6, '0')}" if fraction else ""
    return dt.datetime.fromisoformat(f"{day}T{clock or '00:00'}{micros}{offset}")
