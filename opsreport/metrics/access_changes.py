"""Who joined, left or changed since the snapshot before, and the list that the client signs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.metrics.access_checks import checked, words
from opsreport.metrics.access_state import OURS, PLACE, rules_at, snapshots, state
from opsreport.metrics.rows import result
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.theme import is_unknown

CHANGES = (
    "access_change", "principal_name", "principal", "principal_kind", "whose", "access_account", "what_changed",
    "access_roles", "access_seen_at", "snapshot_before_at", "source",
)  # fmt: skip
SIGNOFF = (
    "access_change", "principal_name", "principal", "whose", "access_account", "access_roles", "what_changed",
    "to_look_at", "source",
)  # fmt: skip
JOINED, LEFT, CHANGED = "joined", "left", "changed"
_ORDER = (JOINED, LEFT, CHANGED, OURS, "")
_KEY = [*PLACE, "principal"]


def changes(principal: pd.DataFrame, period: Period, client: ClientParams) -> pd.DataFrame:
    """Who joined, left and changed since the month before.

    Answers: whose access is new, whose is gone, and whose is another than it was?

    In each place the newest snapshot of the month is held against the newest up to the end
    of the month before. A place that was not seen in both is not compared, so nobody there
    joined or left. What cannot be seen at one of the two is no change. To be disabled is to
    leave.

    Returns
    -------
    DataFrame
        `CHANGES`; joined first, then left, then changed, each by name. [instant]
    """
    seen = snapshots(principal, period, client).rename(columns={"access_account": "account"})
    both = seen[(seen["snapshot_state"] == "seen in the month") & seen["snapshot_before_at"].notna()]
    if both.empty:
        return result([], CHANGES)
    places = both[[*PLACE, "access_seen_at", "snapshot_before_at"]]
    now = state(principal, period, client).merge(places, on=PLACE)
    before = state(principal, period, client, at="snapshot_before_at").merge(places, on=PLACE)
    pairs = before.merge(now, on=_KEY, how="outer", suffixes=("_before", ""), indicator=True)
    rows = [row for pair in pairs.to_dict("records") if (row := _change(pair))]
    rows.sort(key=lambda row: (_ORDER.index(row["access_change"]), row["principal_name"]))
    return result(rows, CHANGES)


def signoff(principal: pd.DataFrame, period: Period, client: ClientParams) -> pd.DataFrame:
    """Everyone whose access is to be confirmed: who joined, left and changed, then our own, then all others.

    Answers: who has access, and shall it stay so?

    Returns
    -------
    DataFrame
        `SIGNOFF`; each one once. ``access_change`` is joined, left, changed, ours, or empty.
    """
    moved = changes(principal, period, client)
    known = {(row["source"], row["access_account"], row["principal"]): row for row in moved.to_dict("records")}
    _, agreed = rules_at(client, period)
    rows = [row for row in known.values() if row["access_change"] == LEFT]
    for row in checked(principal, period, client).to_dict("records"):
        change = known.get(tuple(row[name] for name in _KEY), {})
        rows.append({
            "access_change": change.get("access_change") or (OURS if row["whose"] == OURS else ""),
            "principal_name": _name(row), "principal": row["principal"], "whose": row["whose"],
            "access_account": row["account"], "access_roles": _roles(row),
            "what_changed": change.get("what_changed", ""), "to_look_at": "; ".join(words(row, agreed)),
            "source": row["source"],
        })  # fmt: skip
    rows.sort(key=lambda row: (_ORDER.index(row["access_change"]), row["principal_name"]))
    return result(rows, SIGNOFF)


def _change(pair: dict[str, Any]) -> dict[str, Any] | None:
    side = {"left_only": LEFT, "right_only": JOINED}.get(pair["_merge"], CHANGED)
    suffix = "_before" if side == LEFT else ""
    row = {name.removesuffix(suffix): value for name, value in pair.items() if name.endswith(suffix)}
    row |= {name: pair[name] for name in _KEY}
    what = _what_changed(pair) if side == CHANGED else ""
    if side == CHANGED and not what:
        return None
    return {
        "access_change": side, "principal_name": _name(row), "principal": row["principal"],
        "principal_kind": row["kind"], "whose": row["whose"], "access_account": row["account"],
        "what_changed": what, "access_roles": row["roles"], "access_seen_at": row["access_seen_at"],
        "snapshot_before_at": row["snapshot_before_at"], "source": row["source"],
    }  # fmt: skip


def _what_changed(pair: dict[str, Any]) -> str:
    said = [
        _turned(pair, "is_privileged", "became privileged", "is no longer privileged"),
        _turned(pair, "mfa_enabled", "MFA was turned on", "MFA was turned off"),
        _key(pair),
        "other roles" if _differ(pair, "roles") else "",
    ]
    return "; ".join(filter(None, said))


def _turned(pair: dict[str, Any], name: str, on: str, off: str) -> str:
    return (on if pair[name] else off) if _differ(pair, name) else ""


def _key(pair: dict[str, Any]) -> str:
    turned = _turned(pair, "has_key", "got a key", "has no key any more")
    return turned or ("another key" if _differ(pair, "key_created_at") else "")


def _differ(pair: dict[str, Any], name: str) -> bool:
    now, before = pair[name], pair[f"{name}_before"]
    return not is_unknown(now) and not is_unknown(before) and bool(now != before)


def _roles(row: dict[str, Any]) -> str:
    roles = "" if is_unknown(row["roles"]) else row["roles"]
    privileged = "privileged" if not is_unknown(row["is_privileged"]) and row["is_privileged"] else ""
    return ": ".join(filter(None, [privileged, roles]))


def _name(row: dict[str, Any]) -> str:
    return row["principal"] if is_unknown(row["display_name"]) else row["display_name"]
