"""Reading a monitoring service twice into a store, as two days' collecting does, and what the month then shows."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from opsreport import sources
from opsreport.metrics import uptime
from opsreport.store import Store
from tests.http.conftest import OCTOBER, settings


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC")


def unix(text: str) -> int:
    return int(at(text).timestamp())


def told(rows: pd.DataFrame, monitor: str) -> list[tuple[str, str, str]]:
    """A monitor's stretches, as short texts."""
    mine = rows[rows["monitor"] == monitor]
    return [(f"{row.started_at:%m-%d %H:%M}", f"{row.ended_at:%m-%d %H:%M}", row.state) for row in mine.itertuples()]


def collect(store: Store, module: ModuleType, web: Any, now: pd.Timestamp, period=OCTOBER, **given: Any) -> None:
    """One day's reading of the states, merged into the store."""
    one = settings(module, web, "monitor_state", run={"now": now}, **given)
    rows, seen = sources.read(module, one, period)
    assert seen.status == "ok", seen.why
    store.merge(rows, seen, now)


def month(store: Store, monitor: str) -> pd.Series:
    """The row of October that the store's rows come to."""
    found = uptime.availability(store.read("monitor_state", OCTOBER.start, OCTOBER.end), OCTOBER, [])
    return found.set_index("monitor").loc[monitor]


def agree_on(rows: pd.DataFrame) -> bool:
    """Whether no two stretches of one monitor overlap."""
    ordered = rows.sort_values(["monitor", "started_at"])
    later = ordered.groupby("monitor")["started_at"].shift(-1)
    return bool((later.isna() | (ordered["ended_at"] <= later)).all())

