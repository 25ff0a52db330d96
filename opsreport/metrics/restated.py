"""Restatements: what last month's review printed that its sources tell otherwise by now."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.theme import Style, is_unknown

RESTATED = (
    "measure", "reported_as", "now_reads", "section", "id", "value", "unit", "currency", "rows", "changed_much",
    "became_known",
)  # fmt: skip
#: What changed by more than this share of itself is worth a sentence. [share]
_MUCH = 0.01


def restated(reported: pd.DataFrame, scorecard: pd.DataFrame, style: Style) -> pd.DataFrame:
    """The key figures that last month's review printed and that read otherwise now.

    Answers: which figures did we give you that no longer hold?

    Parameters
    ----------
    reported : DataFrame
        `opsreport.Month.reported`: what the review of the month before printed.
    scorecard : DataFrame
        This month's key figures; ``last_month`` is what the sources now say of it.

    Returns
    -------
    DataFrame
        `RESTATED`, a row a figure that is not printed the same: as it was reported and as it
        reads now, both as printed, since what cannot be told apart on the page was not
        restated; then its value now, the rows behind it, and whether it ``changed_much``: by
        more than one per cent, or from known to unknown or back; and whether it ``became_known``,
        which took nothing back of what was said. Empty where all still hold,
        where nothing was reported, and for figures that the older review did not have.
    """
    printed = {row["id"]: row for row in reported.to_dict("records")}
    rows = []
    for row in scorecard.to_dict("records"):
        before = printed.get(f"scorecard.{row['id']}.this_month", {})
        then = before.get("text")
        currency = "" if is_unknown(row["currency"]) else row["currency"]
        now = Fact(row["id"], row["last_month"], row["unit"], None, currency).text(style)
        if then is not None and then != now:
            behind = row["rows"].at("last_month") if isinstance(row["rows"], Rows) else None
            rows.append({
                "measure": row["measure"], "reported_as": then, "now_reads": now, "section": row["section"],
                "id": row["id"], "value": row["last_month"], "unit": row["unit"], "currency": currency, "rows": behind,
                "changed_much": _much(before["value"], row["last_month"]),
                "became_known": is_unknown(before["value"]) and not is_unknown(row["last_month"]),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(RESTATED), dtype=object)


def _much(then: Any, now: Any) -> bool:
    """Whether a figure, as the older review's record keeps it, is another by more than one per cent."""
    if is_unknown(then) or is_unknown(now):
        return is_unknown(then) != is_unknown(now)
    value = now / pd.Timedelta(seconds=1) if isinstance(now, pd.Timedelta) else now
    try:
        before, after = float(then), float(value)
    except (TypeError, ValueError):
        return True  # words, which are others
    return abs(after - before) > _MUCH * abs(before)


def compared(reported: pd.DataFrame, scorecard: pd.DataFrame) -> int:
    """How many key figures both reviews have, and so can be held against each other."""
    return sum(f"scorecard.{id}.this_month" in set(reported["id"]) for id in scorecard["id"])
