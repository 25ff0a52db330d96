"""How exports are written: CSV, gzip and JSON whose bytes depend on their content only."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import random
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

FIRST_DAY, LAST_DAY = dt.date(2025, 10, 1), dt.date(2026, 10, 31)


def days() -> list[dt.date]:
    """Every day that the demo tells of, oldest first."""
    return [FIRST_DAY + dt.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def stream(seed: int, name: str) -> random.Random:
    """Noise for one purpose, so that a change in one part leaves the others as they are."""
    return random.Random(f"{seed}/{name}")


def instant(local: str, zone: str, minutes: float = 0) -> dt.datetime:
    """The UTC instant some minutes after a local time written YYYY-MM-DD HH:MM.

    Examples
    --------
    >>> instant("2026-10-14 10:03", "Europe/Berlin", 78).isoformat()
    '2026-10-14T09:21:00+00:00'
    """
    there = dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)


def csv_bytes(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A CSV file with a header; a missing value is an empty field."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def gzip_bytes(content: bytes) -> bytes:
    """Compressed, without the time at which it was compressed."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def json_bytes(value: Any) -> bytes:
    """Indented JSON."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
