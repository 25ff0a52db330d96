"""Alerts: how many, which rules fired most, whether there was anything to do, whom they called when."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.agreement import support_time, terms_in
from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals, union
from opsreport.metrics.rows import result, share
from opsreport.params.models import Agreement
from opsreport.period import Period

ALERTS = (
    "period", "alerts_fired", "alerts_actioned", "alerts_idle", "alerts_unknown", "actioned_share", "actioned_worst",
    "actioned_best", "calls", "calls_unknown", "calls_outside", "calls_unclear", "calls_unplaced", "coverage",
)  # fmt: skip
BY_RULE = (
    "alert_name", "service", "alerts_fired", "alerts_actioned", "alerts_idle", "alerts_unknown", "actioned_share",
    "calls", "calls_unknown", "calls_outside", "coverage",
)  # fmt: skip
CALLS = ("alert_id", "alert_name", "service", "fired_at", "alert_outcome", "is_outside")
_YES, _NO, _NOT_RECORDED = "yes", "no", "not recorded"


def alerts(alert: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """The month's alerts in one row.

    Answers: how many alerts led to an action, and how many called somebody at night?

    Parameters
    ----------
    alert : DataFrame
        The frame ``alert``, whole history; an alert counts in the month in which it fired.
    agreements : list of Agreement
        Whose support hours, without holidays, are those in which a call is expected.
    seen : Intervals or Seen
        The time that a source could tell of.

    Returns
    -------
    DataFrame
        One row of `ALERTS`. The share that led to an action is over the alerts of which it is
        recorded; worst and best count those that are not as idle, and as actioned. A call
        outside support hours is an alert with ``interrupted``; where no hours were agreed it is
        counted apart. None that called, and none outside, is NaN where it is not recorded of an
        alert that may have. NaN where nothing was seen and nothing is known. [count, share]

    Examples
    --------
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> three = FRAMES["alert"].conform(pd.DataFrame({
    ...     "alert_id": ["a", "b", "c"], "alert_name": "disk", "fired_at": october.start,
    ...     "was_actioned": [True, False, None]}))
    >>> row = alerts(three, october, [], Intervals([(october.start, october.end)])).iloc[0]
    >>> float(row["actioned_share"]), round(float(row["actioned_worst"]), 2), round(float(row["actioned_best"]), 2)
    (0.5, 0.33, 0.67)
    """
    own, seen_share = alert[period.contains(alert["fired_at"])], share_seen(seen, period)
    told: dict[str, Any] = {"period": period.name, "coverage": seen_share}
    if seen_share or len(own):
        told |= _counted(own, period, agreements)
    return result([told], ALERTS)


def by_rule(alert: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """The rules that fired in the month, those first whose alerts were most often for nothing.

    Answers: which rules are noisy?

    Returns
    -------
    DataFrame
        `BY_RULE`, a row a rule and service. [count, share]
    """
    own = alert[period.contains(alert["fired_at"])]
    rows = [
        {"alert_name": name, "service": service, "coverage": share_seen(seen, period),
         **_counted(group, period, agreements)}
        for (name, service), group in own.groupby(["alert_name", "service"], dropna=False)
    ]  # fmt: skip
    rows.sort(key=lambda row: (-row["alerts_idle"], -row["alerts_fired"], row["alert_name"]))
    return result(rows, BY_RULE)


def calls(alert: pd.DataFrame, period: Period, agreements: list[Agreement]) -> pd.DataFrame:
    """Each alert of the month that called somebody, and whether that was outside the support hours.

    Answers: when were people interrupted?

    Returns
    -------
    DataFrame
        `CALLS`, oldest first; ``is_outside`` is yes, no, or no hours agreed. [instant]
    """
    own = alert[period.contains(alert["fired_at"]) & alert["interrupted"].fillna(False).astype(bool)]
    own = own.sort_values(["fired_at", "alert_id"])
    outside, unplaced = _outside(own, period, agreements)
    acted = own["was_actioned"].map({True: _YES, False: _NO}).fillna(_NOT_RECORDED)
    where = pd.Series(_NO, index=own.index).mask(outside, _YES).mask(unplaced, "no hours agreed")
    return result(own.assign(is_outside=where, alert_outcome=acted).to_dict("records"), CALLS)


def hours(period: Period, agreements: list[Agreement]) -> Intervals:
    """The agreed support hours of a period, without holidays; nothing where none were agreed."""
    return union(
        support_time(term.agreement.support_hours, term.period)
        for term in terms_in(agreements, period) if term.agreement.support_hours
    )  # fmt: skip


def _counted(own: pd.DataFrame, period: Period, agreements: list[Agreement]) -> dict[str, Any]:
    acted, called = own["was_actioned"], own["interrupted"]
    yes, known = int(acted.fillna(False).sum()), int(acted.notna().sum())
    no = known - yes
    total, rang = len(own), called.fillna(False).astype(bool)
    outside, unplaced = _outside(own, period, agreements)
    unknown, unclear = int(called.isna().sum()), int((called.isna() & (outside | unplaced)).sum())
    return {
        "alerts_fired": total, "alerts_actioned": yes, "alerts_idle": no, "alerts_unknown": total - yes - no,
        "actioned_share": share(yes, yes + no), "actioned_worst": share(yes, total),
        "actioned_best": share(total - no, total), "calls_unknown": unknown, "calls_unclear": unclear,
        "calls": _unless_unclear(int(rang.sum()), unknown), "calls_unplaced": int((rang & unplaced).sum()),
        "calls_outside": _unless_unclear(int((rang & outside).sum()), unclear),
    }  # fmt: skip


def _unless_unclear(found: int, unclear: int) -> float:
    """How many were found; NaN where that is none and some may be."""
    return found if found or not unclear else float("nan")


def _outside(own: pd.DataFrame, period: Period, agreements: list[Agreement]) -> tuple[pd.Series, pd.Series]:
    """Whether each alert fired outside the support hours; and whether none were agreed for its day."""
    agreed = union(Intervals([(term.period.start, term.period.end)]) for term in terms_in(agreements, period)
                   if term.agreement.support_hours)  # fmt: skip
    inside, placed = _within(own["fired_at"], hours(period, agreements)), _within(own["fired_at"], agreed)
    return placed & ~inside, ~placed


def _within(instants: pd.Series, time: Intervals) -> pd.Series:
    held = pd.Series(False, index=instants.index)
    for start, end in time.pairs():
        held |= (instants >= start) & (instants < end)
    return held
