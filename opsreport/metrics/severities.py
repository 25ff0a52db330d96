"""What severities mean to the metrics, and when an incident counts as acknowledged."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

#: The severity of an incident whose source or corrections give none.
UNRATED = "unrated"
#: Severities that are work which was announced, not trouble that came.
PLANNED = ("maintenance",)
#: The severity of an event at a provider: told beside the client's incidents, and never counted among them.
PROVIDER = ("provider",)
#: The severity of an incident that was merged into another: the same trouble, told there.
MERGED = ("merged",)
NOT_COUNTED = PLANNED + PROVIDER + MERGED
#: Severities whose time is no downtime of an incident.
NOT_DOWN = ("maintenance", "none", "provider", "merged")

_WORST_FIRST = (
    "critical", "emergency", "blocker", "major", "high", "medium", "moderate", "minor", "low", "info",
    "none", "maintenance", "provider", "merged", UNRATED,
)  # fmt: skip


def rated(incident: pd.DataFrame) -> pd.Series:
    """Each incident's severity, `UNRATED` where none is stated."""
    return incident["severity"].fillna(UNRATED)


def drills(incident: pd.DataFrame) -> pd.Series:
    """Whether each incident was an exercise; one that does not say is none."""
    return incident["is_drill"].fillna(False).astype(bool)


def worst_first(severities: Iterable[str]) -> list[str]:
    """Severities in order: those that count (sev1, P2) by their number, words by their meaning.

    Examples
    --------
    >>> worst_first(["minor", "sev10", "critical", "sev2", "unrated"])
    ['sev2', 'sev10', 'critical', 'minor', 'unrated']
    """
    return sorted(severities, key=_rank)


def at_most(incident: pd.DataFrame) -> pd.Series:
    """Whether the time to acknowledge is an upper bound: resolved, and no acknowledgement.

    An acknowledgement from before the opening is none: it cannot be the answer to it.
    """
    return ~_explicit(incident) & incident["resolved_at"].notna()


def acknowledged_at(incident: pd.DataFrame) -> pd.Series:
    """First explicit acknowledgement, else the resolution as its upper bound, else NaT."""
    return incident["acknowledged_at"].where(_explicit(incident), incident["resolved_at"])


def _explicit(incident: pd.DataFrame) -> pd.Series:
    return incident["acknowledged_at"] >= incident["opened_at"]


def _rank(severity: str) -> tuple[int, int, str]:
    name = severity.casefold()
    if name in _WORST_FIRST:
        return 1, _WORST_FIRST.index(name), name
    number = re.search(r"\d+", name)
    return (0, int(number[0]), name) if number else (2, 0, name)
