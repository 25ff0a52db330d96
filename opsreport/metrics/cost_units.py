"""Answers: what does one unit of the client's business cost, such as an order, and is that falling?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.exhibit import Rows
from opsreport.intervals import Intervals
from opsreport.metrics.cost_spend import monthly
from opsreport.metrics.cost_sums import CONTEXT, ZERO, exact, quantised, seen_whole, total
from opsreport.metrics.load_windows import counted
from opsreport.metrics.rows import scorecard_rows
from opsreport.params.operations import UnitCost
from opsreport.period import Period
from opsreport.schemas.cost import ALL
from opsreport.theme import is_unknown

UNITS = (
    "unit_name", "unit_of", "period", "billing_currency", "spend", "unit_count", "unit_cost", "coverage", "unit_note",
)  # fmt: skip
_MONTHS = 13
_ALMOST_ALL = 1 - 1e-9  # of a month: a sum of hours may miss the last digit


def unit_costs(
    cost: pd.DataFrame, request_load: pd.DataFrame, period: Period, drivers: Sequence[UnitCost],
    seen: Intervals | Seen | None = None, n: int = _MONTHS,
) -> pd.DataFrame:  # fmt: skip
    """Spend over each business driver in each of the last n months.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported; a driver of one service needs their ``service``.
    request_load : DataFrame
        The frame of that name: where a driver gives no months its service's requests are counted,
        each instant once whatever hours and months its export holds.
    drivers : sequence of UnitCost
        ``cost.unit_costs`` of the client's file.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of.

    Returns
    -------
    DataFrame
        `UNITS`, per driver and currency oldest first: unit_count, how many there were [count];
        unit_cost = spend / (unit_count / per) [money]. NA where the bill was not seen whole, no
        charge is mapped to the service, or the number is not known for all of the month or is 0;
        unit_note says which.

    Notes
    -----
    Requests are counted in the client's month and spend in the bill's (UTC), some hours apart.
    """
    rows = []
    for driver in drivers:
        spent, mapped = _spent(cost, driver, period, n, seen), _is_mapped(cost, driver)
        counts = {month.name: _count(driver, request_load, month) for month in period.history(n)}
        for row in spent.to_dict("records"):
            number = counts[row["period"]]
            whole = seen is None or row["coverage"] >= 1
            price = _price(row["spend"], number, driver.per) if whole else None
            rows.append({
                "unit_name": driver.name, "unit_of": driver.service or ALL, "period": row["period"],
                "billing_currency": row["billing_currency"], "spend": row["spend"], "unit_count": number,
                "unit_cost": price, "coverage": row["coverage"], "unit_note": _why(row["spend"], number, whole, mapped),
            })  # fmt: skip
    made = pd.DataFrame(rows, columns=list(UNITS))
    money = {name: exact(made[name]) for name in ("spend", "unit_cost")}
    return made.assign(**money, unit_count=exact(made["unit_count"]))


def unit_scorecard(
    units: pd.DataFrame, cost: pd.DataFrame, request_load: pd.DataFrame, drivers: Sequence[UnitCost],
    baseline: Period | None = None, seen: Intervals | Seen | None = None,
) -> pd.DataFrame:  # fmt: skip
    """A scorecard's row for the first driver: what a unit cost. Nothing is agreed of it.

    Parameters
    ----------
    units : DataFrame
        `unit_costs`.
    baseline : Period, optional
        Days that later months are compared with; known where they are whole months and each of
        them is.
    """
    rows = []
    first = units[units["unit_name"] == drivers[0].name] if drivers else units.iloc[:0]
    for code, part in first.groupby("billing_currency", sort=True):
        trend = [None if is_unknown(value) else value for value in part["unit_cost"]]
        several = first["billing_currency"].nunique() > 1
        service = part["unit_of"].iloc[0]
        rows.append({
            "id": f"cost.unit.{code.lower()}", "unit": "money", "currency": code, "target": None,
            "measure": f"Cost per {drivers[0].name}" + (f", {code}" if several else ""),
            "this_month": trend[-1], "last_month": trend[-2], "verdict": "unknown", "section": "cost",
            "baseline": _baseline(cost, request_load, drivers[0], code, baseline, seen), "trend": trend,
            "coverage": part["coverage"].iloc[-1],
            "rows": Rows("cost", {} if service == ALL else {"service": service}),
        })  # fmt: skip
    return scorecard_rows(rows)


def _spent(cost: pd.DataFrame, driver: UnitCost, period: Period, n: int, seen: Intervals | Seen | None) -> pd.DataFrame:
    """What a driver's service, or the whole bill, cost by month."""
    if not driver.service:
        return monthly(cost, period, n, seen)
    if not _is_mapped(cost, driver):
        return monthly(cost, period, n, seen).assign(spend=exact([]))
    own = (cost["service"] == driver.service).fillna(False)
    # The charges of others at 0, so that months stay known.
    return monthly(cost.assign(billed_cost=cost["billed_cost"].where(own, ZERO)), period, n, seen)


def _is_mapped(cost: pd.DataFrame, driver: UnitCost) -> bool:
    """Whether any charge is known to be of a driver's service."""
    return not driver.service or ("service" in cost and bool((cost["service"] == driver.service).fillna(False).any()))


def _count(driver: UnitCost, request_load: pd.DataFrame, month: Period) -> Decimal | None:
    """How many units a month had; None where that is not known for all of it."""
    if driver.months:
        return driver.months.get(month.name)
    if not driver.service:
        return None
    rows = request_load[(request_load["service"] == driver.service).fillna(False)]
    windows = counted(rows, month, ["requests"])
    return total(windows.rows["requests"]) if windows.coverage >= _ALMOST_ALL else None


def _price(spent: Any, number: Decimal | None, per: Decimal) -> Decimal | None:
    if is_unknown(spent) or is_unknown(number) or not number:
        return None
    return CONTEXT.divide(CONTEXT.multiply(spent, per), number)


def _why(spent: Any, number: Decimal | None, whole: bool, mapped: bool) -> str:
    if not mapped:
        return "no charge is mapped to the service"
    if is_unknown(spent) or not whole:
        return "the bill was not seen whole"
    if is_unknown(number):
        return "how many there were is not known"
    return "" if number else "there were none"


def _baseline(
    cost: pd.DataFrame, request_load: pd.DataFrame, driver: UnitCost, code: str, baseline: Period | None,
    seen: Intervals | Seen | None,
) -> Decimal | None:  # fmt: skip
    months = _months_of(baseline) if baseline else []
    if not months or not seen_whole(seen, *months):
        return None
    made = [unit_costs(cost, request_load, month, [driver], seen, n=1) for month in months]
    rows = pd.concat(made, ignore_index=True)
    rows = rows[rows["billing_currency"] == code]
    if len(rows) < len(months) or rows["unit_cost"].isna().any():
        return None
    made = _price(total(rows["spend"]), total(rows["unit_count"]), driver.per)
    return None if made is None else quantised(made)


def _months_of(days: Period) -> list[Period]:
    """The calendar months that some days are made of; none where they are not whole ones."""
    month, made = Period.month(days.first_day.strftime("%Y-%m"), days.zone), []
    while month.end_day <= days.end_day:
        made.append(month)
        month = month.back(-1)
    return made if made and made[0].first_day == days.first_day and made[-1].end_day == days.end_day else []
