"""Who had access at a month's end: the newest snapshot of each place, whose each is, and what was agreed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from opsreport.agreement import term_at
from opsreport.metrics.rows import result
from opsreport.params import ClientParams
from opsreport.params.operations import AccessRules
from opsreport.period import Period
from opsreport.theme import is_unknown

SNAPSHOTS = (
    "source", "access_account", "access_seen_at", "snapshot_age", "snapshot_state", "snapshot_principals",
    "snapshot_before_at",
)  # fmt: skip
FRESH, STALE, NEVER = "seen in the month", "older than the month", "never seen"
OURS, CLIENT, NOT_RECORDED = "ours", "client", "not recorded"
#: A snapshot tells of a month's end if it is at most so old by then.
LATELY = pd.Timedelta(days=7)
#: A place is one account of one source; each is seen for itself.
PLACE = ["source", "account"]


def snapshots(principal: pd.DataFrame, period: Period, client: ClientParams) -> pd.DataFrame:
    """When access was last seen in each place, and what it can be compared with.

    Answers: how old is what this review says of access?

    The state at a month's end is the newest snapshot at or before it. One that is not of the
    month is older than the month: it is told, and nothing is passed by it. A source that the
    client's file names and that never told of anything has a row of its own; one that it no
    longer names counts only for months in which it was still read.

    Parameters
    ----------
    principal : DataFrame
        The frame ``principal``, whole history.
    client : ClientParams
        Its sources, agreement and staff.

    Returns
    -------
    DataFrame
        `SNAPSHOTS`, a row a source and account. ``snapshot_before_at`` is NaT where nothing
        was seen before. [instant, duration, count]
    """
    rows, named = _placed(principal), _named_sources(client)
    upto = rows[rows["observed_at"] <= period.end]
    made = []
    for (source, account), group in upto.groupby(PLACE):
        newest = group["observed_at"].max()
        is_fresh = newest > period.start
        if not is_fresh and named and source not in named:
            continue
        made.append({
            "source": source, "access_account": account, "access_seen_at": newest,
            "snapshot_age": period.end - newest, "snapshot_state": FRESH if is_fresh else STALE,
            "snapshot_principals": _enabled(group[group["observed_at"] == newest]).sum(),
            "snapshot_before_at": group.loc[group["observed_at"] <= period.start, "observed_at"].max(),
        })  # fmt: skip
    silent = [name for name in named if name not in {row["source"] for row in made}]
    made += [{"source": name, "access_account": "", "snapshot_state": NEVER} for name in silent]
    return result(made, SNAPSHOTS)


def share_fresh(seen: pd.DataFrame) -> float:
    """Share of the places that were seen in the month; 0 where there is none. [share]"""
    return float((seen["snapshot_state"] == FRESH).mean()) if len(seen) else 0.0


def share_lately(seen: pd.DataFrame, period: Period) -> float:
    """As `share_fresh`, where a place last seen over a week before the month's end counts for the days until then.

    Who came since, and what they may do, is not in such a snapshot. [share]
    """
    if not len(seen):
        return 0.0
    until = (seen["access_seen_at"] - period.start) / (period.end - period.start)
    return float(until.mask(seen["snapshot_age"] <= LATELY, 1.0).where(seen["snapshot_state"] == FRESH, 0.0).mean())


def state(principal: pd.DataFrame, period: Period, client: ClientParams, at: str = "access_seen_at") -> pd.DataFrame:
    """The frame's rows in the newest snapshot of each place, without what is disabled.

    Parameters
    ----------
    at : str
        Which snapshot: ``access_seen_at``, or ``snapshot_before_at`` for the one before.

    Returns
    -------
    DataFrame
        The frame's columns, with ``source`` and ``account`` never missing, and ``is_fresh``,
        whether it was seen in the month, ``first_seen_at``, and ``whose`` it is.
    """
    rows, seen = _placed(principal), snapshots(principal, period, client)
    keys = seen.rename(columns={"access_account": "account", at: "observed_at"})
    keys = keys.dropna(subset=["observed_at"]).assign(is_fresh=lambda one: one["snapshot_state"] == FRESH)
    first = rows.groupby([*PLACE, "principal"])["observed_at"].min().rename("first_seen_at").reset_index()
    found = rows.merge(keys[[*PLACE, "observed_at", "is_fresh"]], on=[*PLACE, "observed_at"])
    found = found.merge(first, on=[*PLACE, "principal"], how="left")
    found = found[_enabled(found)].sort_values(["principal", *PLACE], ignore_index=True)
    return found.assign(whose=[_whose(row, client.staff) for row in found.to_dict("records")])


def rules_at(client: ClientParams, period: Period) -> tuple[AccessRules, bool]:
    """What holds of access on the period's last day, and whether that was agreed or is only usual."""
    term = term_at(client.agreement, period.end - pd.Timedelta(microseconds=1), period.zone)
    agreed = term.access if term else None
    return agreed or AccessRules(), agreed is not None


def is_staff(row: dict[str, Any], staff: list[str]) -> bool:
    """Whether the list of our own people names a principal, by its name at the source or its usual one.

    Examples
    --------
    >>> is_staff({"principal": "Lena@Us.example"}, ["*@us.example"])
    True
    """
    names = [str(row[name]).casefold() for name in ("principal", "display_name") if not is_unknown(row.get(name))]
    return any(fnmatchcase(name, pattern.casefold()) for name in names for pattern in staff)


def _placed(principal: pd.DataFrame) -> pd.DataFrame:
    # A frame fresh from a source does not say yet which source that is.
    return principal.assign(source=principal.get("source", ""), account=principal["account"].fillna(""))


def _named_sources(client: ClientParams) -> list[str]:
    return [
        given.get("name") or source
        for spec in client.sources.get("principal", [])
        for source, given in spec.items()
    ]  # fmt: skip


def _enabled(rows: pd.DataFrame) -> pd.Series:
    return rows["is_enabled"].fillna(True).astype(bool)


def _whose(row: dict[str, Any], staff: list[str]) -> str:
    if is_staff(row, staff):
        return OURS
    return NOT_RECORDED if is_unknown(row["belongs_to"]) else row["belongs_to"]
