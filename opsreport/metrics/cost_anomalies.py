"""Answers: on which days did a service cost something out of the usual, and how much?

Usual is what the same weekday cost in the weeks before: the median, with a band of some
median absolute deviations around it, and never narrower than a floor in money, since a
service that costs the same each day has a deviation of 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from statistics import median

import pandas as pd

from opsreport.metrics.cost_sums import ZERO, exact, sums
from opsreport.period import Period
from opsreport.schemas import TEXT
from opsreport.schemas.cost import NONE

MIN_WEEKS, MAX_WEEKS = 8, 13
#: Deviations at which a day stands out, and what makes a MAD comparable to a standard deviation.
WIDTH, NORMAL = Decimal("3.5"), Decimal("1.4826")
FLOOR = Decimal(10)


def anomalies(cost: pd.DataFrame, period: Period, column: str = "service_name", floor: Decimal = FLOOR) -> pd.DataFrame:
    """Days of the month on which a service's usage cost something out of its usual band.

    Parameters
    ----------
    cost : DataFrame
        Charges, from at least eight weeks before the month.
    column : str
        What a service is: service_name, or service once charges are allocated.
    floor : Decimal
        Least half-width of the band. [billing_currency]

    Returns
    -------
    DataFrame
        charge_day (UTC), the column, billing_currency, spend, usual_spend, band_low,
        band_high, impact (spend less the usual) [money]; the largest impact first. A day with
        fewer than eight of the same weekday before it gets no verdict and is not listed:
        `anomaly_basis` says how many those are.
    """
    rows = [
        (day, NONE if name is None else name, code, spent, usual, usual - half, usual + half, spent - usual)
        for code, name, day, spent, before in _days(cost, period, column)
        if len(before) >= MIN_WEEKS
        for usual, half in [_band(before, floor)]
        if abs(spent - usual) > half
    ]
    rows.sort(key=lambda row: (row[2], -abs(row[-1]), row[0], row[1]))
    money = ["spend", "usual_spend", "band_low", "band_high", "impact"]
    made = pd.DataFrame(rows, columns=["charge_day", column, "billing_currency", *money])
    return made.assign(**{name: exact(made[name]) for name in money})


def anomaly_basis(cost: pd.DataFrame, period: Period, column: str = "service_name") -> pd.DataFrame:
    """How much of the month could be judged, and why the rest could not.

    Returns
    -------
    DataFrame
        The column, billing_currency, days_judged, days_unjudged, note; one row a service.
    """
    found: dict[tuple, list[int]] = {}
    for code, name, _, _, before in _days(cost, period, column):
        judged = found.setdefault((code, NONE if name is None else name), [0, 0])
        judged[len(before) < MIN_WEEKS] += 1
    rows = [
        (name, code, *counts, f"fewer than {MIN_WEEKS} weeks of history" if counts[1] else "")
        for (code, name), counts in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=[column, "billing_currency", "days_judged", "days_unjudged", "note"])


def _days(cost: pd.DataFrame, period: Period, column: str) -> Iterator[tuple]:
    """Each (currency, service, day, spend, spend of the same weekday in the weeks before).

    A day on which the bill has usage, but none of a service already seen, counts as 0.
    """
    first, week = period.bill.first_day - dt.timedelta(weeks=MAX_WEEKS), dt.timedelta(weeks=1)
    days = [Period(day, day + dt.timedelta(days=1))
            for day, _, _ in Period(first, period.end_day).local_days()]  # fmt: skip
    usage = cost[cost["charge_category"] == "Usage"]
    if column not in usage:
        usage = usage.assign(**{column: pd.Series(pd.NA, index=usage.index, dtype=TEXT)})
    at = sums(usage, days, ["billing_currency", column])
    billed = {days[index].first_day for index in at["at"]}
    spent: dict[tuple, dict[dt.date, Decimal]] = {}
    for row in at.to_dict("records"):
        spent.setdefault((row["billing_currency"], row[column]), {})[days[row["at"]].first_day] = row["billed_cost"]
    for (code, name), costs in spent.items():
        began = min(costs)
        for day in sorted(day for day in billed if day >= max(period.bill.first_day, began)):
            earlier = [day - week * back for back in range(1, MAX_WEEKS + 1)]
            before = [costs.get(then, ZERO) for then in earlier if then >= began and then in billed]
            yield code, name, day, costs.get(day, ZERO), before


def _band(before: list[Decimal], floor: Decimal) -> tuple[Decimal, Decimal]:
    """The usual, and half the width of its band."""
    usual = median(before)
    deviation = median(abs(value - usual) for value in before)
    return usual, max(WIDTH * NORMAL * deviation, floor)
