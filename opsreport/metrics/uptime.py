"""Answers: was it up as agreed, how much error budget is left, and is a credit owed?

Definitions: METRICS "Uptime and SLO", after the SRE workbook's chapter 2.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.monitor_time import Account, accounts, framed, micros
from opsreport.metrics.outages import excluded_windows, outages, states
from opsreport.params.models import Agreement
from opsreport.params.operations import Credits
from opsreport.period import Period
from opsreport.schemas.scorecard import SCORECARD
from opsreport.theme import is_unknown
from opsreport.verdict import verdict

__all__ = [
    "agreed", "availability", "budget_burn_down", "credit_owed", "excluded_windows", "history", "outages",
    "scorecard", "states",
]  # fmt: skip

AVAILABILITY = (
    "monitor", "service", "term_from", "term_to", "observed_time", "coverage", "down_time",
    "degraded_time", "raw_availability", "agreed_time", "maintenance_time", "excused_time",
    "counted_down", "agreed_availability", "slo_target", "availability_worst", "availability_best",
    "error_budget", "burn_rate", "budget_left", "verdict",
)  # fmt: skip
BURN_DOWN = ("monitor", "service", "budget_day", "budget_left", "error_budget", "slo_target")
CREDIT = (
    "monitor", "service", "term_from", "agreed_availability", "slo_target", "verdict", "credit_share",
    "credit", "credit_least", "credit_most", "billing_currency", "coverage",
)  # fmt: skip

#: What a client needs to see of an SLO; the rest is for checking it.
AGREED = (
    "monitor", "agreed_availability", "slo_target", "coverage", "agreed_time", "counted_down", "error_budget",
    "budget_left", "burn_rate", "verdict",
)  # fmt: skip

#: A met SLO with less of its error budget left than this is at risk. [share]
AT_RISK_BELOW = Fraction(1, 4)


def availability(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Availability and error budget of each monitor in a period.

    Parameters
    ----------
    monitor_state : DataFrame
        The frame ``monitor_state``, with a ``service`` column where monitors are mapped to
        services. Rows may overlap, repeat and come in any order: down wins over degraded
        over maintenance over up, and what is paused or unknown is not observed.
    agreements : list of Agreement
    excused : DataFrame, optional
        monitor, starts_at, ends_at (UTC instants), by, on, why: excused downtime.

    Returns
    -------
    DataFrame
        Columns AVAILABILITY; one row a monitor, more where its SLO changed within the
        period. Raw availability is what the monitor saw over all of the row's days; agreed
        availability counts only time under the SLO and outside agreed maintenance, where a
        monitor's own maintenance is down. NaN and NaT where nothing was observed, or no SLO
        agreed; verdict is ``unknown`` then.
    """
    rows = [_row(account) for account in accounts(monitor_state, period, agreements, excused)]
    return framed(rows, AVAILABILITY)


def agreed(availability: pd.DataFrame) -> pd.DataFrame:
    """The rows of `availability` that have an SLO, with columns AGREED; where it changed, its days too."""
    rows = availability[availability["slo_target"].notna()].reset_index(drop=True)
    days = ["term_from", "term_to"] if rows["monitor"].duplicated().any() else []
    return rows[[AGREED[0], *days, *AGREED[1:]]]


def history(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None, count: int = 13,
) -> pd.DataFrame:  # fmt: skip
    """`availability` of the last `count` periods, oldest first, with a ``period`` column (its name)."""
    months = [(one.name, availability(monitor_state, one, agreements, excused)) for one in period.history(count)]
    parts = [rows.assign(period=name) for name, rows in months if len(rows)]
    columns = ["period", *AVAILABILITY]
    return pd.concat(parts, ignore_index=True)[columns] if parts else framed([], columns)


def budget_burn_down(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Error budget left at the end of each local day, for each SLO.

    Returns
    -------
    DataFrame
        Columns BURN_DOWN; a row a monitor and day under its SLO. The budget is that of the
        whole period (or term), so the last day's value is `availability`'s ``budget_left``;
        NaN on a day of which nothing was observed. [min]
    """
    rows = []
    for account in accounts(monitor_state, period, agreements, excused):
        if account.scope.slo:
            rows += _burn_down(account)
    return framed(rows, BURN_DOWN)


def credit_owed(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What is owed for each SLO under the agreement's table of credits.

    Returns
    -------
    DataFrame
        Columns CREDIT; a row an SLO whose agreement has credits. The step is that of the
        lowest bound the availability is below, of the whole monthly fee; 0 when the SLO was
        met. ``credit`` is None where the verdict is unknown, or where what was not seen could
        move it to another step: ``credit_least`` and ``credit_most`` bound it. [Decimal]
    """
    rows = []
    for account in accounts(monitor_state, period, agreements, excused):
        credits = _credits(account, agreements)
        if credits:
            rows.append(_credit(account, credits))
    return framed(rows, CREDIT)


def scorecard(
    monitor_state: pd.DataFrame, period: Period, agreements: list[Agreement],
    excused: pd.DataFrame | None = None, baseline: Period | None = None,
) -> pd.DataFrame:  # fmt: skip
    """A key figure for each SLO: its agreed availability against its target.

    Returns
    -------
    DataFrame
        Columns `opsreport.schemas.scorecard.SCORECARD`. Where no SLO was in force in an
        earlier month, the monitor's raw availability stands for it.
    """
    past = history(monitor_state, period, agreements, excused)
    before = availability(monitor_state, baseline, agreements, excused) if baseline else past.iloc[:0]
    now = past[(past["period"] == period.name) & past["slo_target"].notna()]
    names = [one.name for one in period.history()]
    rows = []
    for _, row in now.iterrows():
        mine = past[past["monitor"] == row["monitor"]]
        trend = [_shown(mine[mine["period"] == name]) for name in names]
        changed = (now["monitor"] == row["monitor"]).sum() > 1
        suffix = f" from {row['term_from']}" if changed else ""
        rows.append({
            "id": _slug(f"uptime {row['monitor']}{suffix}"), "measure": f"Availability of {row['monitor']}{suffix}",
            "unit": "availability", "currency": "", "this_month": _known(row["agreed_availability"]),
            "target": row["slo_target"], "last_month": trend[-2],
            "baseline": _shown(before[before["monitor"] == row["monitor"]]),
            "coverage": row["coverage"], "verdict": row["verdict"], "section": "uptime", "trend": trend,
            "rows": Rows("monitor_state", {"monitor": row["monitor"]}),
            "worst": _known(row["availability_worst"]), "best": _known(row["availability_best"]),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(SCORECARD)).astype(
        {column: object for column in ("this_month", "target", "last_month", "baseline")}
    )


def _row(account: Account) -> dict[str, Any]:
    days, states_of, span = account.scope.days, account.seen.states, account.span
    down, observed = states_of["down"] & span, account.observed
    made = {
        "monitor": account.seen.monitor, "service": account.seen.service,
        "term_from": days.first_day, "term_to": days.end_day - pd.Timedelta(days=1),
        "observed_time": observed.measure(), "coverage": observed.measure() / span.measure(),
        "down_time": _time(down, observed), "degraded_time": _time(states_of["degraded"] & span, observed),
        "raw_availability": 1 - down.measure() / observed.measure() if observed else float("nan"),
    }  # fmt: skip
    return made | _slo_part(account)


def _slo_part(account: Account) -> dict[str, Any]:
    slo, agreed = account.scope.slo, account.agreed
    sli, worst, best = account.availability()
    target = account.target
    # Without an observation there is nothing to judge, whatever the bounds say.
    judged = verdict(worst, best, target, at_risk=_at_risk(account)) if sli is not None else "unknown"
    budget = (1 - target) * micros(agreed) if sli is not None else None
    return {
        "agreed_time": agreed.measure() if slo else pd.NaT,
        "maintenance_time": account.maintenance.measure() if slo else pd.NaT,
        "excused_time": _time(account.excused, agreed), "counted_down": _time(account.counted, agreed),
        "agreed_availability": _float(sli), "slo_target": _float(target),
        "availability_worst": _float(worst), "availability_best": _float(best),
        "error_budget": _minutes(budget),
        "burn_rate": _float((1 - sli) / (1 - target)) if sli is not None else float("nan"),
        "budget_left": _minutes(budget - micros(account.counted)) if sli is not None else float("nan"),
        "verdict": judged,
    }  # fmt: skip


def _at_risk(account: Account) -> bool:
    budget = (1 - account.target) * micros(account.agreed)
    return budget - micros(account.counted) < AT_RISK_BELOW * budget


def _burn_down(account: Account) -> list[dict[str, Any]]:
    target, agreed = account.target, micros(account.agreed)
    rows = []
    for day, start, end in account.scope.days.local_days():
        today = Intervals([(start, end)])
        if not account.scope.time & today:
            continue
        spent = micros(account.counted.clip(account.scope.days.start, end))
        seen = bool(account.observed & today) and agreed > 0
        rows.append({
            "monitor": account.seen.monitor, "service": account.seen.service, "budget_day": day,
            "budget_left": _minutes((1 - target) * agreed - spent) if seen else float("nan"),
            "error_budget": _minutes((1 - target) * agreed) if agreed else float("nan"),
            "slo_target": float(target),
        })  # fmt: skip
    return rows


def _credits(account: Account, agreements: list[Agreement]) -> Credits | None:
    """The credits agreed with the account's SLO; of two terms with the same SLO, the later's."""
    made = None
    for agreement in sorted(agreements, key=lambda one: one.starts_on):
        begins_in_time = agreement.starts_on < account.scope.days.end_day
        if account.scope.slo in agreement.slos and begins_in_time:
            made = agreement.credits
    return made if account.scope.slo else None


def _credit(account: Account, credits: Credits) -> dict[str, Any]:
    row = _row(account)
    _, worst, best = account.availability()
    least, most = (_share_owed(value, account.target, credits) for value in (best, worst))
    certain = row["verdict"] != "unknown" and least == most
    return {column: row[column] for column in CREDIT if column in row} | {
        "credit_share": float(least) if certain else float("nan"),
        "credit": credits.monthly_fee * least if certain else None,
        "credit_least": credits.monthly_fee * least, "credit_most": credits.monthly_fee * most,
        "billing_currency": credits.currency,
    }  # fmt: skip


def _share_owed(value: Fraction | None, target: Fraction, credits: Credits) -> Decimal:
    if value is None or value >= target:
        return Decimal(0)
    passed = [step for step in credits.steps if value < Fraction(step.below)]
    return min(passed, key=lambda step: step.below).share if passed else Decimal(0)


def _shown(rows: pd.DataFrame) -> float | None:
    """The availability that stands for a monitor's month: under its newest SLO, else raw."""
    if rows.empty:
        return None
    last = rows.iloc[-1]
    return _known(last["raw_availability" if is_unknown(last["slo_target"]) else "agreed_availability"])


def _known(value: float) -> float | None:
    return None if is_unknown(value) else float(value)


def _time(part: Intervals, of: Intervals) -> pd.Timedelta:
    return part.measure() if of else pd.NaT


def _float(value: Fraction | None) -> float:
    return float("nan") if value is None else float(value)


def _minutes(value: Fraction | None) -> float:
    return float("nan") if value is None else float(value / 60_000_000)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
