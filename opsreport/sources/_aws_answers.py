"""AWS's answers on disk, where each costs money: the same question of the same hours is paid for once.

They lie in the client's own part of the store; only whole answers are kept.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.home import make_private
from opsreport.sources._questions import as_text, print_of

#: No source asks for an older answer.
_OF_USE = pd.Timedelta(days=62)


def find(path: Path | None, keep: pd.Timedelta | None, now: pd.Timestamp) -> list[list[dict[str, Any]]] | None:
    """The pages of each of some answers that are not older than they may be."""
    if path is None or keep is None or not path.is_file():
        return None
    try:
        held = json.loads(gzip.decompress(path.read_bytes()), object_hook=_read)
        if pd.Timedelta(0) <= now - pd.Timestamp(held["at"]) < keep:
            return held["answers"]
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        pass  # What cannot be read is asked again.
    return None


def keep(path: Path | None, answers: Sequence[list[dict[str, Any]]], now: pd.Timestamp) -> None:
    """Keep whole answers, which take their place in one step; what is too old to be of use goes."""
    if path is None:
        return
    make_private(*reversed(path.parents[:3]))  # the store's, the client's and the answers'
    for old in path.parent.glob("*.json.gz"):
        if now.timestamp() - old.stat().st_mtime > _OF_USE.total_seconds():
            old.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(handle, "wb") as out:
        out.write(gzip.compress(as_text({"at": str(now), "answers": answers}).encode(), mtime=0))
    os.replace(name, path)


def name_of(account: str, operation: str, region: str, each: list[dict[str, Any]]) -> str:
    """A file name for some questions."""
    return f"{operation.replace(':', '-')}-{print_of([account, operation, region, each])[:32]}.json.gz"


def _read(value: dict[str, Any]) -> Any:
    if set(value) == {"$time"}:
        return dt.datetime.fromisoformat(value["$time"])
    if set(value) == {"$number"}:
        return Decimal(value["$number"])
    if set(value) == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    return value
