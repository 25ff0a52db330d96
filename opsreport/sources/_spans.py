"""From checks, each at one instant, to the stretches of time in which a state held."""

from __future__ import annotations

import pandas as pd


def held(checks: pd.DataFrame, longest: pd.Timedelta | None = None) -> pd.DataFrame:
    """Each check until the next one of its monitor.

    Parameters
    ----------
    checks : DataFrame
        monitor, started_at [UTC], state, in any order; of several at one instant the last counts.
    longest : Timedelta, optional
        The longest that a state is taken to hold; nothing is known after it.

    Returns
    -------
    DataFrame
        The checks with ended_at, which is NaT for the last of each monitor.
    """
    rows = checks.sort_values(["monitor", "started_at"], kind="stable")
    rows = rows.drop_duplicates(["monitor", "started_at"], keep="last").reset_index(drop=True)
    rows["ended_at"] = rows.groupby("monitor")["started_at"].shift(-1)
    if longest is not None:
        rows["ended_at"] = rows["ended_at"].clip(upper=rows["started_at"] + longest)
    return rows


def lasting(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that last: those whose end is known and after their start."""
    return rows[rows["ended_at"] > rows["started_at"]].reset_index(drop=True)


def joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Stretches of one monitor and state that follow each other without a gap, as one.

    Parameters
    ----------
    rows : DataFrame
        monitor, started_at, ended_at, state; of one monitor no two at one time.
    """
    rows = rows.sort_values(["monitor", "started_at"], kind="stable", ignore_index=True)
    before = rows.shift()
    goes_on = (rows["monitor"] == before["monitor"]) & (rows["state"] == before["state"])
    run = (~(goes_on & (rows["started_at"] == before["ended_at"]))).cumsum()
    return rows.groupby(run).agg({"monitor": "first", "started_at": "first", "ended_at": "last", "state": "first"})
