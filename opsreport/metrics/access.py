"""Access: who can get in, whether as agreed, who came and went, and the list to be signed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from opsreport.metrics.access_changes import changes, signoff
from opsreport.metrics.access_checks import FLAGS, checked, listing, visible
from opsreport.metrics.access_state import rules_at, share_lately, snapshots
from opsreport.metrics.rows import result, score, scorecard_rows
from opsreport.params import ClientParams
from opsreport.period import Period
from opsreport.verdict import verdict

__all__ = ["changes", "listing", "scorecard", "signoff", "snapshots", "standing", "totals"]

STANDING = (
    "access_check", "access_limit", "access_count", "access_unknown", "access_before", "coverage", "verdict",
)  # fmt: skip
_NAMES = {
    "root_no_mfa": "Root or owner without MFA", "person_no_mfa": "People without MFA",
    "old_key": "Keys too old", "unused": "Unused", "is_privileged": "Privileged",
}  # fmt: skip
_EVERYONE = {"all": "Others without MFA", "people": "People without MFA", "privileged": "Privileged without MFA"}


def standing(principal: pd.DataFrame, period: Period, client: ClientParams, only_faults: bool = False) -> pd.DataFrame:
    """How many are not as they should be, this month and last.

    Answers: how many can get in without a second factor, how many keys are too old, how much
    access is not used, how many may change everything?

    Counted among those seen in the month; where that is not every place, there may be more.
    Each month is held against the rules of its last day.

    Parameters
    ----------
    only_faults : bool
        Leave out privilege, which is no fault; and all, where nothing was seen in the month.

    Returns
    -------
    DataFrame
        `STANDING`, a row a check. Counts are NaN where nothing was seen in the month. The
        verdict is met where none is known and none can be hidden, missed where one is known,
        else unknown; empty where nothing was agreed, and always for privilege.
        [count, duration, share]
    """
    rules, agreed = rules_at(client, period)
    tallies = _tallies(principal, period, client)
    if only_faults and not any(tally.coverage for tally in tallies.values()):
        return result([], STANDING)
    before = _tallies(principal, period.previous(), client)
    limits = {"old_key": rules.key_age, "unused": rules.unused_after}
    names = _NAMES | {"person_no_mfa": _EVERYONE[rules.mfa]}
    return result(
        [
            {"access_check": names[flag], "access_limit": limits.get(flag, pd.NaT), "access_count": tally.known,
             "access_unknown": tally.unknown, "access_before": before[flag].known, "coverage": tally.coverage,
             "verdict": tally.verdict() if agreed and flag != "is_privileged" else ""}
            for flag, tally in tallies.items()
            if flag != "no_mfa" and not (only_faults and flag == "is_privileged")
        ],
        STANDING,
    )  # fmt: skip


def totals(principal: pd.DataFrame, period: Period, client: ClientParams) -> dict[str, float]:
    """How many have access, and how many of these are people, ours and privileged, in what was seen in the month.

    Answers: how many can get in, and who are they?

    Returns
    -------
    dict
        access, people, ours and privileged; NaN where nothing was seen. [count]
    """
    rows = checked(principal, period, client)
    rows = rows[rows["is_fresh"]]
    counts = {
        "access": len(rows), "people": (rows["kind"] == "person").sum(), "ours": (rows["whose"] == "ours").sum(),
        "privileged": rows["is_privileged"].fillna(False).sum(),
    }  # fmt: skip
    return {name: float(count) if len(rows) else float("nan") for name, count in counts.items()}


def scorecard(
    principal: pd.DataFrame, period: Period, client: ClientParams, baseline: Period | None = None
) -> pd.DataFrame:
    """The key figures of access, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: is access as it was agreed, and is it getting better?

    MFA counts root, and whoever needs it by what was agreed. What was seen is the share of
    those whom a figure concerns of whom it can be told, times the share of places seen. Where
    nothing was agreed of access there is no target.
    """
    months = [*period.history(13), *([baseline] if baseline else [])]
    tallies = {month: _tallies(principal, month, client) for month in months}
    _, agreed = rules_at(client, period)

    def row(id: str, name: str, flag: str) -> dict[str, object]:
        tally = tallies[period][flag]
        return score(
            f"access.{id}", name, "count", lambda month: tallies[month][flag].known, period, baseline,
            section="access", coverage=tally.coverage * tally.visible, target=0.0 if agreed else None,
            verdict=tally.verdict() if agreed else "unknown",
        ) | {"worst": tally.worst if tally.coverage == 1 else None, "best": tally.known}  # fmt: skip

    return scorecard_rows([
        row("mfa", "Without MFA", "no_mfa"), row("keys", "Keys too old", "old_key"),
        row("unused", "Unused access", "unused"),
    ])  # fmt: skip


@dataclass(frozen=True)
class _Tally:
    """How many are known to be at fault, of how many it cannot be told, and what was seen.

    ``coverage`` is the share of places that were seen lately, ``visible`` of those whom it concerns there.
    """

    known: float
    unknown: float
    coverage: float
    visible: float

    @property
    def worst(self) -> float:
        """How many it can be at most; a place that was not seen can hold any number."""
        return self.known + self.unknown if self.coverage == 1 else float("inf")

    def verdict(self) -> str:
        """Against none at all, which is what was agreed."""
        return verdict(self.worst, self.known, 0.0, higher_is_better=False)


def _tallies(principal: pd.DataFrame, period: Period, client: ClientParams) -> dict[str, _Tally]:
    coverage = share_lately(snapshots(principal, period, client), period)
    rows = checked(principal, period, client)
    rows = rows[rows["is_fresh"]]
    if not coverage:
        return {flag: _Tally(float("nan"), float("nan"), 0.0, 0.0) for flag in FLAGS}
    rules, _ = rules_at(client, period)
    return {
        flag: _Tally(float(rows[flag].sum()), float(rows[flag].isna().sum()), coverage, visible(rows, flag, rules))
        for flag in FLAGS
    }
