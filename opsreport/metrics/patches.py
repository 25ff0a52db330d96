"""Security patches and vulnerabilities: what is patched, what is open, what is past its agreed date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.coverage import Seen, of_source, share_seen, told_until
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals, union
from opsreport.metrics.machines import machines, totals, unpatched
from opsreport.metrics.rows import score, scorecard_rows
from opsreport.metrics.vulnerabilities import accepted, history, kev_ends, kev_past_due, past_due, summary
from opsreport.metrics.vulnerability_ledger import Ledger, ledger, past
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

__all__ = [
    "accepted", "history", "kev_past_due", "ledger", "machines", "past_due", "scorecard", "summary", "totals",
    "unpatched",
]  # fmt: skip

_NAN = float("nan")


def scorecard(
    ledger: Ledger, patch_state: pd.DataFrame, asset: pd.DataFrame, period: Period, seen: Intervals | Seen,
    agreements: list[Agreement], baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The key figures of patches, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: are the machines patched, and were the agreed dates and CISA's kept?

    What is past its date counts whether it is still open or was fixed late in the month. A date
    was kept for certain only where the month was seen whole and each severity is rated; it was
    missed for certain where one is known to have been open past it: in time that was seen, or since
    it is listed later. Of a month that nobody saw these alone are counted: there were at least so
    many, and none is unknown. CISA's dates are a target where times to fix were agreed.
    """
    def patched(month: Period) -> float:
        return totals(machines(patch_state, asset, month, ledger.known), month)["patched_share"].iloc[0]

    def late(month: Period) -> float:
        return counted(past_due, due, month) if _agreed(agreements, month) else _NAN

    def attacked(month: Period) -> float:
        return counted(kev_past_due, kev_ends(ledger.open), month) if _knows_kev(ledger) else _NAN

    def counted(listed: Callable[..., pd.DataFrame], due: pd.Series, month: Period) -> float:
        if share_seen(seen, month):
            return float(len(listed(ledger, month)))
        certain = _certain(ledger, due, month, seen) if month == period else 0
        return float(certain) if certain else _NAN

    now = totals(machines(patch_state, asset, period, ledger.known), period).iloc[0]
    all_of = now["patched_share"] + now["machines_unknown"] / now["machines"] if now["machines"] else _NAN
    due, target = ledger.open["due_at"], 0.0 if _agreed(agreements, period) else None
    doubtful = _unrated(ledger, agreements, period)
    common = {"period": period, "baseline": baseline, "section": "patches"}
    seen_share = share_seen(seen, period)
    return scorecard_rows([
        score("patches.patched", "Machines known to be patched", "share", patched, **common, coverage=now["coverage"],
              rows=Rows("patch_state")) | {"worst": now["patched_share"], "best": all_of},
        _judged(score("patches.past_due", "Vulnerabilities past the agreed date", "count", late, **common,
                      target=target, coverage=seen_share), _certain(ledger, due, period, seen), doubtful),
        # Records that tell nothing of CISA's list have not been looked at for it.
        _judged(score("patches.kev", "Known to be attacked, past CISA's date", "count", attacked, **common,
                      target=target, coverage=seen_share if _knows_kev(ledger) else 0.0),
                _certain(ledger, kev_ends(ledger.open), period, seen)),
    ])  # fmt: skip


def _judged(row: dict[str, Any], certain: int, doubtful: int = 0) -> dict[str, Any]:
    """A count with its verdict on being 0, bounded by what was seen."""
    count = row["this_month"]
    if is_unknown(count):
        return row
    worst = count + doubtful if row["coverage"] == 1 else float("inf")
    judged = verdict(worst, certain, row["target"], higher_is_better=False)  # unknown where none was agreed
    return row | {"verdict": judged, "best": float(certain), "worst": worst if worst < float("inf") else None}


def _certain(ledger: Ledger, due: pd.Series, period: Period, seen: Intervals | Seen) -> int:
    """How many were past a date in time that was seen, were found fixed after it, or are listed still later."""
    late = past(ledger.open, due, period)
    rows = ledger.open.loc[late.index]
    told = {source: _told(of_source(seen, source)) for source in rows["source"].unique()}
    was_seen = pd.Series([bool(time.clip(row.starts, row.ends)) or until > row.starts
                          for row, (time, until) in zip(late.itertuples(), rows["source"].map(told), strict=True)],
                         late.index, dtype=bool)  # fmt: skip
    return rows.loc[rows["ended_at"].notna() | was_seen, "finding_id"].nunique()


def _told(seen: Intervals | Seen) -> tuple[Intervals, pd.Timestamp]:
    """The time that was seen, and the latest that is known."""
    time = union([part for parts in seen.sources for part, _ in parts] if isinstance(seen, Seen) else [seen])
    return time, told_until(seen)


def _unrated(ledger: Ledger, agreements: list[Agreement], period: Period) -> int:
    """Those that nobody rated, open for longer than the shortest time agreed: they may be past theirs."""
    deadlines = [one for term in terms_in(agreements, period) for one in term.agreement.patch_deadlines.values()]
    if not deadlines:
        return 0
    unrated = ledger.open[ledger.open["severity"] == "unknown"]
    return len(past(unrated, unrated["clock_from"] + min(deadlines), period))


def _agreed(agreements: list[Agreement], period: Period) -> bool:
    return any(term.agreement.patch_deadlines for term in terms_in(agreements, period))


def _knows_kev(ledger: Ledger) -> bool:
    """Whether the records tell of CISA's list at all: none of it may mean that it was not looked at."""
    return bool(ledger.rows["kev_due_at"].notna().any())
