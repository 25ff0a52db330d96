"""The sentences on access: who can get in, whether as agreed, who came and went, and how old that is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.narrative.access_signoff import signoff
from opsreport.theme import Style, is_unknown

__all__ = ["finding", "method", "signoff"]

_F = "access.finding"
#: Each fault in words: of one account, and of several.
_FAULTS = {
    "without_mfa": (
        "{count} account lacks the second factor that it needs.",
        "{count} accounts lack the second factor that they need.",
    ),
    "old_keys": (
        "{count} account holds a key older than {limit}.",
        "{count} accounts hold a key older than {limit}.",
    ),
    "unused": (
        "{count} account or its key was not used for more than {limit}.",
        "{count} accounts or their keys were not used for more than {limit}.",
    ),
}  # fmt: skip
_UNSEEN = {
    "without_mfa": (
        "For {unknown} account it is not visible whether a second factor is asked for, so it is not passed.",
        "For {unknown} accounts it is not visible whether a second factor is asked for, so they are not passed.",
    ),
    "old_keys": (
        "For {unknown} account the age of its key is not visible.",
        "For {unknown} accounts the age of their keys is not visible.",
    ),
    "unused": (
        "For {unknown} account it is not visible when it was last used.",
        "For {unknown} accounts it is not visible when they were last used.",
    ),
}  # fmt: skip


def finding(
    totals: dict[str, float], standing: pd.DataFrame, changes: pd.DataFrame, snapshots: pd.DataFrame, style: Style,
    absent: str = "",
) -> Exhibit:  # fmt: skip
    """What opens the section: who has access, and whether as it was agreed.

    Parameters
    ----------
    totals, standing, changes, snapshots
        From `opsreport.metrics.access`.
    absent : str
        Why there is nothing to say, where there is not.
    """
    fresh = snapshots[snapshots["snapshot_state"] == "seen in the month"]
    if absent:
        return notice(_F, absent)
    if fresh.empty:
        return _only_stale(snapshots, style)
    seen, behind = float(len(fresh) / len(snapshots)), _behind(fresh)
    judged = _judged(standing, seen, behind, style)
    moved = [*_moved(changes, fresh, seen, style), *_stale(snapshots, style)]
    return join(_F, [_who(totals, fresh, seen, behind, style), *judged, *moved], lead=judged)


def method(style: Style) -> Exhibit:
    """How access is counted, for whoever wants to check it."""
    return prose(
        "access.method",
        "Access is what the newest snapshot up to the month's end shows, in each account of each source; ages are at "
        "the time of that snapshot. A snapshot from before the month is named, and nothing is passed by it. What a "
        "source does not show is unknown: it is counted apart and never passed. Root or owner always needs a second "
        "factor, others as agreed. Unused runs from the last use, or where there never was one, from when it was "
        "made or first seen; a root account is to be unused. Joined, left and changed compare with the newest "
        "snapshot up to the end of the month before; what was not visible in both is no change.",
        style, "method",
    )  # fmt: skip


def _who(totals: dict[str, float], fresh: pd.DataFrame, seen: float, behind: Rows, style: Style) -> Exhibit:
    facts = {
        "day": Fact(f"{_F}.seen_at", fresh["access_seen_at"].min(), "day"),
        **{name: Fact(f"{_F}.{name}", totals[name], "count", seen, rows=behind) for name in totals},
    }
    if totals["access"] == 1:
        return _say("{access} account had access when it was last seen, on {day}.", facts, style)
    words = (
        "When last seen, on {day}, {access} accounts had access, {people} of them people. {privileged} of the {access} "
        "may change everything; {ours} is ours."
        if totals["ours"] == 1
        else "When last seen, on {day}, {access} accounts had access, {people} of them people. {privileged} of the "
        "{access} may change everything; {ours} are ours."
    )
    return _say(words, facts, style)


def _judged(standing: pd.DataFrame, seen: float, behind: Rows, style: Style) -> list[Exhibit]:
    """What was agreed, met or missed; where nothing was agreed, what was found by the usual limits."""
    found = _found(standing, seen, behind)
    faults = [
        _say(_of_one_or_more(_FAULTS[name], facts["count"]), facts, style)
        for name, facts in found.items()
        if facts["count"].value
    ]
    unseen = [
        _say(_of_one_or_more(_UNSEEN[name], facts["unknown"]), facts, style)
        for name, facts in found.items()
        if facts["unknown"].value
    ]
    verdicts = standing.loc[standing["access_check"] != "Privileged", "verdict"]
    has_unseen = bool(unseen) or bool((standing["coverage"] < 1).any())
    return [_say(_opening(verdicts, bool(faults), has_unseen), {}, style), *faults, *unseen]


def _opening(verdicts: pd.Series, has_faults: bool, has_unseen: bool) -> str:
    if (verdicts == "").all():
        if has_faults:
            return "Nothing was agreed of access, so it is held against the usual limits."
        return (
            "Nothing was agreed of access; by the usual limits nothing is known to be wrong, but not all was seen."
            if has_unseen
            else "Nothing was agreed of access; by the usual limits nothing is wrong."
        )
    if (verdicts == "missed").any():
        return "What was agreed of access was missed."
    if (verdicts == "met").all():
        return "What was agreed of access was met."
    return "Whether what was agreed of access was met is unknown: nothing is known to be wrong, but not all was seen."


def _found(standing: pd.DataFrame, seen: float, behind: Rows) -> dict[str, dict[str, Fact]]:
    """What is counted against the limits, and for how many it cannot be told."""
    checks = standing["access_check"]
    groups = {
        "without_mfa": checks.str.endswith("without MFA"), "old_keys": checks == "Keys too old",
        "unused": checks == "Unused",
    }  # fmt: skip
    return {
        name: {
            "count": Fact(f"{_F}.{name}", standing.loc[rows, "access_count"].sum(), "count", seen, rows=behind),
            "unknown": Fact(f"{_F}.{name}_unseen", standing.loc[rows, "access_unknown"].sum(), "count", seen,
                            rows=behind),
            "limit": Fact(f"{_F}.{name}_limit", standing.loc[rows, "access_limit"].iloc[-1], "duration"),
        }
        for name, rows in groups.items()
    }  # fmt: skip


def _moved(changes: pd.DataFrame, fresh: pd.DataFrame, seen: float, style: Style) -> list[Exhibit]:
    if fresh["snapshot_before_at"].isna().all():
        return [_say("There is nothing before it to compare with, so who joined and left is unknown.", {}, style)]
    counts = changes["access_change"].value_counts()
    behind = Rows("principal", when="history")
    facts = {
        name: Fact(f"{_F}.{name}", float(counts.get(name, 0)), "count", seen, rows=behind)
        for name in ("joined", "left", "changed")
    }
    facts["day"] = Fact(f"{_F}.compared", fresh["snapshot_before_at"].min(), "day")
    if changes.empty:
        return [_say("Nobody joined, left or changed since {day}.", facts, style)]
    return [_say("Since {day}, {joined} joined, {left} left and {changed} changed; the list below is for you to sign.",
                 facts, style)]  # fmt: skip


def _stale(snapshots: pd.DataFrame, style: Style) -> list[Exhibit]:
    stale = snapshots[snapshots["snapshot_state"] != "seen in the month"]
    if stale.empty:
        return []
    facts = {"stale": Fact(f"{_F}.stale", len(stale), "count"), "all": Fact(f"{_F}.places", len(snapshots), "count")}
    return [_say("Of {all} places where access is looked at, {stale} could not be seen in this month, and may hold "
                 "more.", facts, style)]  # fmt: skip


def _only_stale(snapshots: pd.DataFrame, style: Style) -> Exhibit:
    last = snapshots["access_seen_at"].max()
    if is_unknown(last):
        return notice(_F, "Access was not seen up to the end of these days, so who had it is unknown.", style)
    words = "Access was last seen on {last}, before this month: whether it is as agreed is unknown."
    return notice(_F, style.say(words, last=style.text(last, "date")))


def _behind(fresh: pd.DataFrame) -> Rows:
    """The snapshot, where there is one for all; else all that was seen in the month."""
    at = fresh["access_seen_at"].unique()
    return Rows("principal", {"observed_at": at[0]} if len(at) == 1 else {})


def _of_one_or_more(templates: tuple[str, str], count: Fact) -> str:
    return templates[0] if count.value == 1 else templates[1]


def _say(template: str, facts: dict[str, Any], style: Style) -> Exhibit:
    return prose(_F, template, style, **{name: fact for name, fact in facts.items() if "{" + name + "}" in template})
