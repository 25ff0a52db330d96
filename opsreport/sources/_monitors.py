"""What all sources of a monitoring service share: which monitors are the client's, and their stretches as rows.

A stretch begins where its state did, or with the period where that is not known, and ends where the next one begins,
or by now. The store lays a reading over what was known of the same time; so time of which a reading can tell nothing
stands in no stretch, and what was known of it stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import pandas as pd
from pydantic import Field

from opsreport.params.fields import Reference
from opsreport.period import Period
from opsreport.sources import _http

#: When a state began, when it was last known to hold, and which it is.
Stretch = tuple[pd.Timestamp, pd.Timestamp, str]


class MonitorSettings(_http.HttpSettings):
    """What every source of a monitoring service takes."""

    token: Reference = Field(min_length=1, description="where a token that may only read is kept: env:NAME, …")
    monitors: list[str] = Field(
        default=["*"], min_length=1, description='the client\'s monitors, by name or id, like "Acme *"'
    )


def chosen(names: Mapping[str, str], settings: MonitorSettings) -> dict[str, str]:
    """What each of the client's monitors is called, by its id.

    Parameters
    ----------
    names : mapping
        The name of every monitor of the account, by its id.

    Returns
    -------
    dict
        The names, with the id beside each that several have.
    """
    mine = {id: name for id, name in names.items() if any(is_like(pattern, id, name) for pattern in settings.monitors)}
    count = Counter(mine.values())
    called = {id: name if name and count[name] == 1 else f"{name} ({id})".strip() for id, name in mine.items()}
    if len(set(called.values())) < len(called):  # A name that ends like an id.
        called = {id: f"{name} ({id})" for id, name in mine.items()}
    return called


def is_like(pattern: str, id: str, name: str) -> bool:
    """Whether a client's file means this monitor."""
    return pattern in (id, name) or fnmatchcase(name, pattern)


def unmatched(names: Mapping[str, str], settings: MonitorSettings) -> list[str]:
    """What a client's file asks for and the account has not."""
    return [f"no monitor is called {pattern!r}" for pattern in settings.monitors if pattern != "*"
            and not any(is_like(pattern, id, name) for id, name in names.items())]  # fmt: skip


def frame(found: Mapping[str, Iterable[Stretch]], period: Period, now: pd.Timestamp) -> pd.DataFrame:
    """The stretches of each monitor that have time in the period, none of them beyond now."""
    until = min(period.end, now)
    rows = [{"monitor": monitor, "started_at": start, "ended_at": min(end, now), "state": state}
            for monitor, stretches in found.items() for start, end, state in stretches
            if start < until and end > period.start and start < end]  # fmt: skip
    rows.sort(key=lambda row: (row["monitor"], row["started_at"]))
    return _http.rows_of("monitor_state", rows)


def seconds(value: object) -> pd.Timestamp:
    """A time in seconds since 1970, in UTC."""
    return pd.Timestamp(int(str(value)), unit="s", tz="UTC").as_unit("us")
