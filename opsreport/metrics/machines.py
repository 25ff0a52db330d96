"""Machines and their patches: which are up to date at month end, which are not, and which nobody knows of."""

from __future__ import annotations

import pandas as pd

from opsreport.metrics.rows import result, share
from opsreport.period import Period
from opsreport.theme import is_unknown

MACHINES = (
    "asset", "service", "machine_status", "missing_critical", "missing_security", "patches_failed", "reboot_waiting",
    "oldest_missing_age", "patch_seen_at", "note", "known_from",
)  # fmt: skip
TOTALS = (
    "period", "machines", "machines_patched", "machines_missing", "machines_failed", "machines_pending",
    "machines_unmanaged", "machines_unknown", "patched_share", "oldest_missing_age", "coverage",
)  # fmt: skip
UP_TO_DATE, MISSING, FAILED, PENDING, UNMANAGED, UNKNOWN = (
    "up to date", "patches missing", "patches failed", "waiting for a reboot", "unmanaged", "not known",
)  # fmt: skip
#: A state that was seen longer ago than this before the month's end says nothing of its end; and a
#: machine that an inventory left out for as long is no longer there.
RECENT = pd.Timedelta(days=7)

_COLUMN = {UP_TO_DATE: "machines_patched", MISSING: "machines_missing", FAILED: "machines_failed",
           PENDING: "machines_pending", UNMANAGED: "machines_unmanaged", UNKNOWN: "machines_unknown"}  # fmt: skip
_WORST_FIRST = (FAILED, MISSING, PENDING, UNMANAGED, UNKNOWN, UP_TO_DATE)


def machines(
    patch_state: pd.DataFrame, asset: pd.DataFrame, period: Period, read_at: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Every machine that is to be patched, with its patch state when the month ended.

    Answers: which machines are patched, and what is the matter with the others?

    Parameters
    ----------
    patch_state : DataFrame
        The frame, whole history. A machine's state at month end is the newest one seen before
        it; one seen more than seven days before is no longer known.
    asset : DataFrame
        The frame, whole history: the machines that are in scope, those that no patch tool
        reaches among them. Without it there are only those that the patch tool tells of.
    read_at : Timestamp, optional
        For a period that still runs: its state is that of this instant.

    Returns
    -------
    DataFrame
        `MACHINES`, worst first. Failed and missing patches and a reboot that is waited for are
        not patched, whatever else was not told; up to date takes that all was told, but for
        failed patches, which would be missing. ``reboot_waiting`` is the time over which it was
        seen waiting, ``oldest_missing_age`` runs to month end. NaN and NaT where not told, and
        where it does not apply. [count, duration, instant]
    """
    at = period.end if read_at is None else min(period.end, read_at)
    states, asset = patch_state[patch_state["observed_at"] < at], asset[asset["observed_at"] < at]
    newest, listed = _records(_newest(states)), _records(_newest(asset[asset["in_patch_scope"].notna()]))
    waits = states[states["asset"].isin([name for name, one in newest.items() if _is_true(one["pending_reboot"])])]
    waiting = {name: _waiting(rows) for name, rows in waits.groupby("asset")}
    rows = [
        _machine(name, newest.get(name), listed.get(name), at) | {"reboot_waiting": waiting.get(name, pd.NaT)}
        for name in sorted({*newest, *listed} - _not_counted(newest, listed, period, at))
    ]  # fmt: skip
    rows.sort(key=lambda row: (_WORST_FIRST.index(row["machine_status"]), row["asset"]))
    return result(rows, MACHINES)


def unpatched(machines: pd.DataFrame) -> pd.DataFrame:
    """The machines of `machines` that are not known to be up to date.

    Answers: which machines need attention, and why?
    """
    return machines[machines["machine_status"] != UP_TO_DATE].reset_index(drop=True)


def totals(machines: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The machines of `machines` counted by state.

    Answers: what share of the machines is known to be patched?

    Returns
    -------
    DataFrame
        One row of `TOTALS`. The share counts what is not known as not patched, so it is at
        least so much; coverage is the share of machines whose state is known, and both are
        NaN where there is none. [count, share, duration]

    Examples
    --------
    >>> four = result([{"asset": name, "machine_status": state} for name, state in
    ...                zip("abcd", ["up to date", "up to date", "unmanaged", "not known"])], MACHINES)
    >>> row = totals(four, Period.month("2026-10")).iloc[0]
    >>> float(row["patched_share"]), float(row["coverage"])
    (0.5, 0.75)
    """
    counts = machines["machine_status"].value_counts()
    row = {column: counts.get(status, 0) for status, column in _COLUMN.items()} if len(machines) else {}
    row |= {
        "period": period.name, "machines": len(machines),
        "patched_share": share(counts.get(UP_TO_DATE, 0), len(machines)),
        "coverage": share(len(machines) - counts.get(UNKNOWN, 0), len(machines)) if len(machines) else 0.0,
        "oldest_missing_age": machines["oldest_missing_age"].max(),
    }  # fmt: skip
    if row["coverage"] == 0:
        row["patched_share"] = float("nan")
    return result([row], TOTALS)


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("observed_at", kind="stable").drop_duplicates("asset", keep="last")


def _records(rows: pd.DataFrame) -> dict[str, dict[str, object]]:
    return {row["asset"]: row for row in rows.to_dict("records")}


def _not_counted(newest: dict[str, dict], listed: dict[str, dict], period: Period, at: pd.Timestamp) -> set[str]:
    """Machines that are not to be patched, or are no longer there."""
    out = {name for name, row in listed.items() if not row["in_patch_scope"]}
    last: dict[object, pd.Timestamp] = {}
    for row in listed.values():
        last[row.get("source")] = max(row["observed_at"], last.get(row.get("source"), row["observed_at"]))
    gone = {name for name, row in listed.items() if row["observed_at"] < last[row.get("source")] - RECENT}
    # No inventory says when these went: they count as not known in the month in which they were last
    # seen, and for as long as the patch tool tells of nothing at all.
    tells = any(row["observed_at"] >= period.start for row in newest.values())
    gone |= {name for name, row in newest.items() if name not in listed and tells and row["observed_at"] < period.start}
    return out | {name for name in gone if name not in newest or newest[name]["observed_at"] < at - RECENT}


def _machine(name: str, state: dict | None, known: dict | None, at: pd.Timestamp) -> dict[str, object]:
    service = next((one["service"] for one in (known, state) if one and not is_unknown(one["service"])), None)
    made = {"asset": name, "service": service, "patch_seen_at": state["observed_at"] if state else pd.NaT,
            "known_from": "patch_state" if state else "asset"}
    if state is None or state["observed_at"] < at - RECENT:
        if known is not None and not is_unknown(known["is_managed"]) and not known["is_managed"]:
            return {**made, "machine_status": UNMANAGED}
        why = "not seen in the last seven days" if state else "the patch tool never told of it"
        return {**made, "machine_status": UNKNOWN, "note": why}
    status, critical = _status(state), _number(state["missing_critical"])
    return {
        **made, "machine_status": status, "note": "not all of its state was told" if status == UNKNOWN else "",
        "missing_critical": critical, "missing_security": _number(state["missing_security"]),
        "patches_failed": _number(state["failed"]),
        "oldest_missing_age": at - state["oldest_missing_at"] if critical != 0 else pd.NaT,
    }  # fmt: skip


def _status(state: dict) -> str:
    if _number(state["failed"]) > 0:
        return FAILED
    if _number(state["missing_critical"]) > 0 or _number(state["missing_security"]) > 0:
        return MISSING
    if _is_true(state["pending_reboot"]):
        return PENDING
    return UNKNOWN if is_unknown(state["pending_reboot"]) or is_unknown(state["missing_security"]) else UP_TO_DATE


def _waiting(states: pd.DataFrame) -> pd.Timedelta:
    """From the first to the last of the newest run of states that wait for a reboot."""
    ordered = states.sort_values("observed_at", kind="stable")
    waits = ordered["pending_reboot"].fillna(False).astype(bool)
    run = ordered["observed_at"][waits[::-1].cummin()[::-1]]
    return run.iloc[-1] - run.iloc[0]


def _number(value: object) -> float:
    return float("nan") if is_unknown(value) else float(value)


def _is_true(value: object) -> bool:
    return not is_unknown(value) and bool(value)
