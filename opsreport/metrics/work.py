"""Work done: what was changed for the client, and the hours it took of those agreed."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from opsreport.agreement import Term, terms_in
from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result, score, scorecard_rows, share
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas.frame import MISSING
from opsreport.verdict import verdict

LISTING = ("work_id", "work_title", "service", "work_kind", "worked_on", "hours", "ticket_id")
TOTALS = ("period", "work_count", "hours_used", "hours_unknown", "hours_agreed", "coverage")
GROUP = ("work_count", "hours_used", "hours_unknown", "hours_share", "coverage")
_NOTHING, _NO_BOUND = Decimal(0), Decimal("Infinity")


def totals(work: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """The month's work in one row: how much, the hours it took, and those agreed.

    Answers: did the work stay within the hours agreed?

    Parameters
    ----------
    work : DataFrame
        The frame ``work``, whole history. A day is the client's, which its midnight tells.
    period : Period
    agreements : list of Agreement
    seen : Intervals or Seen
        What the sources could tell of.

    Returns
    -------
    DataFrame
        One row of `TOTALS`, and ``verdict`` and ``note``. Hours used are those recorded: at
        least so many where the hours of some work are not (``hours_unknown``) or part of the
        month was not seen. More than agreed is missed however little is known; within it is
        met only when all is. Hours agreed for some of the days only are prorated, and the
        work of those days is held against them. NaN where nothing is known, or agreed.
        [count, h, share]

    Examples
    --------
    >>> import datetime as dt
    >>> from opsreport.schemas import FRAMES
    >>> october = Period.month("2026-10")
    >>> two = FRAMES["work"].conform(pd.DataFrame({
    ...     "work_id": ["a", "b"], "done_on": pd.Timestamp("2026-10-05", tz="UTC"),
    ...     "hours": [Decimal("2.5"), Decimal("1.75")]}))
    >>> agreed = Agreement(starts_on=dt.date(2026, 1, 1), work_hours=4)
    >>> row = totals(two, october, [agreed], Intervals([(october.start, october.end)])).iloc[0]
    >>> float(row["hours_used"]), float(row["hours_agreed"]), row["verdict"]
    (4.25, 4.0, 'missed')
    """
    seen_share, here = share_seen(seen, period), work[period.contains(work["done_on"])]
    terms = [term for term in terms_in(agreements, period) if term.agreement.work_hours is not None]
    agreed = _agreed(terms)
    row = {"period": period.name, "hours_agreed": agreed, "coverage": seen_share * _recorded(here)}
    if seen_share or len(here):
        row |= _hours(here)
    return result([row], TOTALS).assign(
        verdict=_verdict(here, terms, agreed, seen_share), note=_note(terms, period)
    )  # fmt: skip


def history(
    work: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen, count: int = 13
) -> pd.DataFrame:
    """The totals of each of the last 13 months, oldest first, as `totals` has them."""
    months = [totals(work, month, agreements, seen) for month in period.history(count)]
    return pd.concat(months, ignore_index=True)


def listing(work: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Everything that was done in the month: the kind that took most first, each by day.

    Answers: what was changed for us?

    Returns
    -------
    DataFrame
        `LISTING`, and ``kind`` as the source has it; hours are NaN where they are not
        recorded. [h]
    """
    rows = work[period.contains(work["done_on"])]
    named = rows.assign(
        work_title=rows["title"], work_kind=rows["kind"].fillna(MISSING[0]),
        worked_on=rows["done_on"].dt.tz_convert(period.zone).dt.date,
    )  # fmt: skip
    order = {kind: rank for rank, kind in enumerate(by_kind(work, period, Intervals())["work_kind"])}
    named = named.assign(rank=named["work_kind"].map(order)).sort_values(["rank", "done_on", "work_id"])
    return result(named.to_dict("records"), LISTING).assign(kind=named["kind"].to_list())


def by_kind(work: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """The month's hours by kind of work, most first.

    Answers: what did the hours go to?

    Returns
    -------
    DataFrame
        work_kind, `GROUP`, and ``kind`` as the source has it. They sum to the total. A kind
        whose hours are none of them recorded has NaN. [count, h, share]
    """
    rows = _by(work.assign(work_kind=work["kind"].fillna(MISSING[0])), "work_kind", period, seen)
    return rows.assign(kind=rows["work_kind"].mask(rows["work_kind"] == MISSING[0]))


def by_service(work: pd.DataFrame, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    """The month's hours by service, most first; service and `GROUP`, as `by_kind` has them.

    Answers: which service took the work?
    """
    return _by(work.assign(service=work["service"].fillna(MISSING[0])), "service", period, seen)


def scorecard(
    work: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen,
    baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The key figure of the work done, as `opsreport.schemas.scorecard.SCORECARD` lists.

    Answers: was it within the hours agreed? Its coverage is lower where hours are not recorded.
    """
    months = [*period.history(13), *([baseline] if baseline else [])]
    whole = {month: totals(work, month, agreements, seen).iloc[0] for month in months}
    now = whole[period]
    return scorecard_rows([
        score("work.hours", "Hours of work used", "hours", lambda month: whole[month]["hours_used"], period, baseline,
              section="work", coverage=now["coverage"], target=now["hours_agreed"], verdict=now["verdict"],
              adds_up=True, worst=now["hours_used"] if now["coverage"] == 1 else None, best=now["hours_used"])
    ])  # fmt: skip


def _by(work: pd.DataFrame, column: str, period: Period, seen: Intervals | Seen) -> pd.DataFrame:
    here, seen_share = work[period.contains(work["done_on"])], share_seen(seen, period)
    whole = _sum(here["hours"])
    rows = [
        {column: name, **(hours := _hours(group)), "coverage": seen_share * _recorded(group),
         "hours_share": share(hours["hours_used"], float(whole))}
        for name, group in here.groupby(column)
    ]  # fmt: skip
    made = result(rows, (column, *GROUP))
    return made.sort_values("hours_used", ascending=False, kind="stable", ignore_index=True)


def _hours(rows: pd.DataFrame) -> dict[str, float]:
    unknown = int(rows["hours"].isna().sum())
    used = float("nan") if unknown and unknown == len(rows) else float(_sum(rows["hours"]))
    return {"work_count": len(rows), "hours_used": used, "hours_unknown": unknown}


def _sum(hours: Iterable) -> Decimal:
    return sum((one for one in hours if not pd.isna(one)), _NOTHING)


def _recorded(rows: pd.DataFrame) -> float:
    """Share of the work whose hours are recorded; 1 where there was none."""
    return float(rows["hours"].notna().mean()) if len(rows) else 1.0


def _agreed(terms: list[Term]) -> float:
    """Hours that the terms allow for the days that they cover: of each day, its month's share."""
    parts = [
        term.agreement.work_hours * days / monthrange(year, month)[1]
        for term in terms
        for (year, month), days in Counter((day.year, day.month) for day, _, _ in term.period.local_days()).items()
    ]
    return float(sum(parts, _NOTHING)) if parts else float("nan")


def _verdict(here: pd.DataFrame, terms: list[Term], agreed: float, seen_share: float) -> str:
    held = [here[term.period.contains(here["done_on"])] for term in terms]
    used = sum((_sum(rows["hours"]) for rows in held), _NOTHING)
    whole = seen_share == 1 and not any(rows["hours"].isna().any() for rows in held)
    return verdict(used if whole else _NO_BOUND, used, agreed, higher_is_better=False)


def _note(terms: list[Term], period: Period) -> str:
    days = sum(term.period.day_count for term in terms)
    return f"agreed for {days} of {period.day_count} days" if 0 < days < period.day_count else ""
