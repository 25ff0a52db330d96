"""Vulnerabilities of a month: how many came and went, what is past its date, what was accepted."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from opsreport.agreement import terms_in
from opsreport.coverage import Seen, of_source, share_seen, told_until
from opsreport.errors import ReconciliationError
from opsreport.intervals import Intervals
from opsreport.metrics.rows import result, spread
from opsreport.metrics.vulnerability_ledger import (
    ACCEPTED,
    BACK,
    ENDED,
    FIXED,
    GONE,
    NEW,
    Ledger,
    open_at,
    past,
    state_at,
)  # fmt: skip
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas.patches import SEVERITIES
from opsreport.theme import is_unknown

HISTORY = (
    "period", "vulnerabilities_before", "vulnerabilities_new", "vulnerabilities_reopened", "vulnerabilities_fixed",
    "vulnerabilities_gone", "vulnerabilities_accepted", "vulnerabilities_open", "open_past",
    "vulnerabilities_unfixable", "coverage",
)  # fmt: skip
SUMMARY = (
    "severity", "patch_deadline", "vulnerabilities_open", "open_early", "open_late", "open_past", "open_unagreed",
    "vulnerabilities_unfixable", "open_age", "vulnerabilities_fixed", "fixed_past_due", "fix_median", "coverage",
)  # fmt: skip
LISTING = (
    "cve", "severity", "weakness", "asset", "service", "found_at", "patch_due_at", "patch_overdue", "kev_due_at",
    "epss", "fix_state", "weakness_status", "finding_id",
)  # fmt: skip
ACCEPTANCES = (
    "cve", "severity", "weakness", "asset", "service", "by", "accepted_until", "why", "weakness_status", "kev_due_at",
    "finding_id",
)  # fmt: skip
#: What is open at month end, and what was when somebody last looked.
OPEN, OPEN_THEN = "still open", "open when last seen"
#: CISA's due dates are days, and a day is over at its end.
_CLOCK_CHANGE = pd.Timedelta("1h")
_A_DAY = pd.Timedelta(days=1)


def history(ledger: Ledger, period: Period, seen: Intervals | Seen, count: int = 13) -> pd.DataFrame:
    """What came, what went and what was open, month by month.

    Answers: are there fewer than there were, and why?

    Returns
    -------
    DataFrame
        `HISTORY`, oldest first. In each row before + new + reopened - fixed - gone - accepted =
        open. One whose risk is accepted is not open; one that is fixed while it is accepted
        counts as accepted once. NaN where nothing of the month was seen. [count, share]

    Raises
    ------
    ReconciliationError
        When what came and went does not lead from the one count to the other.
    """
    return result([_month(ledger, month, share_seen(seen, month)) for month in period.history(count)], HISTORY)


def summary(ledger: Ledger, period: Period, agreements: list[Agreement], seen: Intervals | Seen) -> pd.DataFrame:
    """Each severity's vulnerabilities: open against the agreed time, and fixed.

    Answers: how bad are those that are open, for how long, and how soon are they fixed?

    Returns
    -------
    DataFrame
        `SUMMARY`, worst first; those severities that have an agreed time, or a vulnerability.
        ``patch_deadline`` is that of the term in force at month end; each is judged by the one in
        force when it was found. The median is withheld below five. NaN and NaT where nothing
        was seen; where records were read only after the period, what these tell of is counted: there
        were at least so many, and none is NaN. [count, duration, share]
    """
    terms, seen_share = terms_in(agreements, period), share_seen(seen, period)
    is_told = told_until(seen) >= period.end
    agreed = terms[-1].agreement.patch_deadlines if terms else {}
    now = ledger.open[open_at(ledger.open, period.end)]
    fixed = ledger.open[_ended(ledger.open, FIXED, period)]
    named = {*agreed, *now["severity"], *fixed["severity"]}
    rows = []
    for severity in (one for one in SEVERITIES if one in named):
        counted = _severity(now[now["severity"] == severity], fixed[fixed["severity"] == severity], period)
        rows.append({"severity": severity, "patch_deadline": agreed.get(severity, pd.NaT), "coverage": seen_share,
                     **(counted if seen_share else _at_least(counted) if is_told else {})})  # fmt: skip
    return result(rows, SUMMARY)


def past_due(ledger: Ledger, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Vulnerabilities that were open in the month past the agreed time of their severity.

    Answers: where did we not keep what we agreed?

    Parameters
    ----------
    seen : Intervals or Seen, optional
        Where its source saw nothing of the last day or later, what was open is open when last seen.

    Returns
    -------
    DataFrame
        `LISTING`, the worst severity and the longest past its date first; those that were fixed late
        in the month are among them. [duration, instant]
    """
    return _past(ledger, ledger.open["due_at"], period, seen)


def kev_past_due(ledger: Ledger, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Vulnerabilities that were open in the month past their due date in CISA's list.

    Answers: what is known to be attacked, and should have been fixed?

    Returns
    -------
    DataFrame
        `LISTING`, in the order of `past_due`; a due date ends with its day. [duration, instant]

    References
    ----------
    .. [1] CISA, Known Exploited Vulnerabilities Catalog, field dueDate; BOD 22-01.
    """
    return _past(ledger, kev_ends(ledger.open), period, seen)


def kev_ends(rows: pd.DataFrame) -> pd.Series:
    """The end of each one's due day in CISA's list; NaT where it has none."""
    return rows["kev_due_at"] + _A_DAY


def accepted(ledger: Ledger, period: Period) -> pd.DataFrame:
    """Vulnerabilities that the client agreed to live with, by whom and until when.

    Answers: which risks were accepted, and when must they be looked at again?

    Returns
    -------
    DataFrame
        `ACCEPTANCES`: those accepted at month end, and those whose acceptance ended in the month
        while they were not fixed; the next to end first. ``accepted_until`` is the last day, NaT
        where no end was agreed.
    """
    states, rows = state_at(ledger, period.end), ledger.rows
    lapsed = period.contains(rows["accepted_until"]) & states.eq("open")
    rows = rows[states.eq(ACCEPTED) | lapsed]
    days = rows["accepted_until"].dt.tz_convert(ledger.zone) - _A_DAY / 2
    made = rows.assign(
        weakness=rows["title"], by=rows["accepted_by"].fillna("not recorded"), why=rows["accepted_why"],
        accepted_until=[None if is_unknown(day) else day.date() for day in days],
        weakness_status=lapsed[rows.index].map({True: "ended: open again", False: "accepted"}),
    ).sort_values(["accepted_until", "cve", "finding_id"], key=lambda c: c.astype("object").map(_ordered))  # fmt: skip
    return result(made.to_dict("records"), ACCEPTANCES)


def _month(ledger: Ledger, month: Period, seen_share: float) -> dict[str, object]:
    if not seen_share:
        return {"period": month.name, "coverage": 0.0}
    stretches = ledger.open
    came, now = month.contains(stretches["started_at"]), stretches[open_at(stretches, month.end)]
    counts = {
        "vulnerabilities_before": int(state_at(ledger, month.start).eq("open").sum()),
        "vulnerabilities_new": int((came & stretches["started_by"].eq(NEW)).sum()),
        "vulnerabilities_reopened": int((came & stretches["started_by"].isin((BACK, ENDED))).sum()),
        "vulnerabilities_fixed": int(_ended(stretches, FIXED, month).sum()),
        "vulnerabilities_gone": int(_ended(stretches, GONE, month).sum()),
        "vulnerabilities_accepted": int(_ended(stretches, ACCEPTED, month).sum()),
        "vulnerabilities_open": int(state_at(ledger, month.end).eq("open").sum()),
    }
    _reconcile(counts, month)
    return {
        "period": month.name, **counts, "coverage": seen_share,
        "open_past": int((now["due_at"] < _looked_at(now, month)).sum()), "vulnerabilities_unfixable": _unfixable(now),
    }  # fmt: skip


def _reconcile(counts: dict[str, int], month: Period) -> None:
    before, new, back, fixed, gone, accepted, after = counts.values()
    left_over = before + new + back - fixed - gone - accepted - after
    if left_over:
        raise ReconciliationError(
            f"vulnerabilities of {month.name} do not add up: {left_over:+d} of {after} open at its end is unexplained",
            hint="look for records whose times contradict each other: found, fixed, reopened, gone, accepted",
        )


def _looked_at(now: pd.DataFrame, period: Period) -> pd.Series:
    return now["until"].clip(upper=period.end)


def _severity(now: pd.DataFrame, fixed: pd.DataFrame, period: Period) -> dict[str, object]:
    end = _looked_at(now, period)
    left = (now["due_at"] - end) / now["deadline"]
    return {
        "vulnerabilities_open": len(now), "open_early": (left >= 0.5).sum(),
        "open_late": ((left >= 0) & (left < 0.5)).sum(), "open_past": (left < 0).sum(),
        "open_unagreed": now["due_at"].isna().sum(), "vulnerabilities_unfixable": _unfixable(now),
        "open_age": (end - now["clock_from"]).max(),
        "vulnerabilities_fixed": len(fixed), "fixed_past_due": (fixed["ended_at"] > fixed["due_at"]).sum(),
        "fix_median": spread(fixed["ended_at"] - fixed["clock_from"])[1],
    }  # fmt: skip


def _at_least(counted: dict[str, object]) -> dict[str, object]:
    """The counts of a month that nobody saw, by what was read later: none found says nothing."""
    return {name: value if value else float("nan") for name, value in counted.items() if name != "fix_median"}


def _ended(stretches: pd.DataFrame, how: str, period: Period) -> pd.Series:
    return period.contains(stretches["ended_at"]) & stretches["ended_by"].eq(how)


def _unfixable(now: pd.DataFrame) -> int:
    return sum(_fix(value) == "none yet" for value in now["fix_available"])


def _past(ledger: Ledger, due: pd.Series, period: Period, seen: Intervals | Seen | None) -> pd.DataFrame:
    """Those that were open in the period past a date, each once, as it stood last."""
    late = past(ledger.open, due, period)
    last_day = Period(period.end_day - dt.timedelta(days=1), period.end_day, period.zone)
    rows = ledger.open.loc[late.index]
    each = ((source, of_source(seen, source)) for source in rows["source"].unique())
    still = {source: OPEN if own is None or share_seen(own, last_day) > 0 or told_until(own) >= period.end
             else OPEN_THEN for source, own in each}  # fmt: skip
    how = rows["ended_by"].replace(FIXED, "fixed late").where(rows["ended_at"] < period.end, rows["source"].map(still))
    made = rows.assign(
        weakness=rows["title"], patch_due_at=rows["due_at"], fix_state=[_fix(one) for one in rows["fix_available"]],
        weakness_status=how, patch_overdue=(late["ends"] - late["since"]).map(_in_days),
        rank=rows["severity"].map({name: place for place, name in enumerate(SEVERITIES)}),
    )  # fmt: skip
    made = made.sort_values("started_at").drop_duplicates("finding_id", keep="last")
    order = {"rank": True, "patch_overdue": False, "finding_id": True}
    return result(made.sort_values([*order], ascending=[*order.values()]).to_dict("records"), LISTING)


def _in_days(late: pd.Timedelta) -> pd.Timedelta:
    """Lateness in whole days, of those that are counted in dates; shorter as it is."""
    # A day on which a clock changes is a day all the same.
    days = (late + _CLOCK_CHANGE).floor("D")
    return days if days else late


def _fix(value: object) -> str:
    return "not known" if is_unknown(value) else "exists" if value else "none yet"


def _ordered(value: object) -> str:
    return "~" if is_unknown(value) else str(value)
