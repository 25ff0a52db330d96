"""Answers: are reservations and savings plans used, how much do they cover, and which end soon?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import CONTEXT, exact, minus, seen_share, total
from opsreport.period import Period
from opsreport.schemas.cost import ALL
from opsreport.theme import is_unknown

COMMITMENTS = (
    "commitment_id", "commitment_kind", "billing_currency", "committed", "committed_used", "committed_unused",
    "utilisation", "covered", "coverable", "commitment_coverage", "commitment_ends", "coverage", "commitment_note",
)  # fmt: skip
#: A commitment that ends this soon after the month is told of.
SOON = pd.Timedelta(days=90)
_AMOUNTS = {"committed": "committed", "used": "committed_used", "covered": "covered", "coverable": "coverable"}


def commitments(
    commitment: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None, soon: pd.Timedelta = SOON
) -> pd.DataFrame:
    """Each commitment in the month: what was used of it, and what of what it could cover it covered.

    Parameters
    ----------
    commitment : DataFrame
        The frame ``commitment``; rows that start in the month (UTC, as bills count) are its.
    seen : Intervals or Seen, optional
        What its sources could tell of.
    soon : Timedelta
        How soon after the month an end is told of.

    Returns
    -------
    DataFrame
        `COMMITMENTS`, the most unused first: utilisation = used / committed and
        commitment_coverage = covered / coverable (NaN without a whole) [share],
        committed_unused = committed less used [money]; commitment_ends, a UTC day. One row a
        commitment, and where there are several in one currency a row "(all)", last; there usage
        that one commitment could cover and another did is counted as each row tells it. An
        amount that a row does not give is NA, never 0.

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> plan = FRAMES["commitment"].conform(pd.DataFrame({
    ...     "commitment_id": ["plan"], "started_at": [pd.Timestamp("2026-10-01", tz="UTC")],
    ...     "committed": [Decimal(100)], "used": [Decimal(80)], "billing_currency": ["EUR"]}))
    >>> row = commitments(plan, Period.month("2026-10")).iloc[0]
    >>> float(row["utilisation"]), int(row["committed_unused"]), float(row["commitment_coverage"])
    (0.8, 20, nan)
    """
    own = commitment[period.bill.contains(commitment["started_at"])]
    rows = [
        _row(name, code, part, period, seen, soon)
        for (name, code), part in own.groupby(["commitment_id", "billing_currency"], sort=True)
    ]
    rows.sort(key=lambda row: -(row["committed_unused"] or 0))
    for code, part in own.groupby("billing_currency", sort=True):
        if part["commitment_id"].nunique() > 1:
            whole = _row(ALL, code, part, period, seen, soon)
            rows.append(whole | {"commitment_kind": "", "commitment_ends": None, "commitment_note": ""})
    made = pd.DataFrame(rows, columns=list(COMMITMENTS))
    money = ["committed", "committed_used", "committed_unused", "covered", "coverable"]
    made = made.assign(**{name: exact(made[name]) for name in money})
    return made.astype({"utilisation": "float64", "commitment_coverage": "float64", "commitment_ends": object})


def _row(
    name: str, code: str, part: pd.DataFrame, period: Period, seen: Intervals | Seen | None, soon: pd.Timedelta
) -> dict[str, Any]:
    amounts = {ours: _sum(part[theirs]) for theirs, ours in _AMOUNTS.items()}
    ends = part["expires_at"].max()
    kind = part["kind"].dropna()
    return {
        "commitment_id": name, "commitment_kind": kind.iloc[-1] if len(kind) else "", "billing_currency": code,
        **amounts, "committed_unused": minus(amounts["committed"], amounts["committed_used"]),
        "utilisation": _share(amounts["committed_used"], amounts["committed"]),
        "commitment_coverage": _share(amounts["covered"], amounts["coverable"]),
        "commitment_ends": None if is_unknown(ends) else ends.date(), "coverage": seen_share(seen, period),
        "commitment_note": _note(ends, period, soon),
    }  # fmt: skip


def _sum(values: pd.Series) -> Decimal | None:
    """A sum that is known only where each of its parts is."""
    return None if values.isna().any() else total(values)


def _share(part: Decimal | None, whole: Decimal | None) -> float:
    return float("nan") if part is None or not whole else float(CONTEXT.divide(part, whole))


def _note(ends: Any, period: Period, soon: pd.Timedelta) -> str:
    if is_unknown(ends) or ends > period.end + soon:
        return ""
    return "ended within the month" if ends <= period.end else f"ends within {soon.days} days"
