"""Answers: what will next month cost, how sure is that, and how good was last month's forecast?

The forecast carries this month's bill on as it ended (`cost_run_rate`). Its interval comes from
its own past: the same rule is asked about each earlier month from the bills before it, and the
errors that it made there say how far it may be off. Amounts are exact; errors are floats.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import ceil
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_budget import monthly_budget
from opsreport.metrics.cost_run_rate import RunRate
from opsreport.metrics.cost_spend import monthly
from opsreport.metrics.cost_sums import CONTEXT, ZERO, exact, has_charges, minus, seen_share, seen_whole
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.theme import is_unknown

MONTHS, MIN_MONTHS, MIN_TESTS = 13, 3, 6
#: How often the interval is to hold.
LEVEL = 0.8
FORECAST = (
    "period", "billing_currency", "forecast", "forecast_low", "forecast_high", "forecast_usage", "forecast_recurring",
    "forecast_tax", "forecast_tests", "forecast_margin", "budget", "forecast_note",
)  # fmt: skip
HISTORY = ("period", "billing_currency", "spend", "forecast", "forecast_low", "forecast_high", "forecast_error")
SCORED = (
    "billing_currency", "forecast", "forecast_low", "forecast_high", "spend", "forecast_miss", "forecast_error",
    "forecast_held", "coverage",
)  # fmt: skip
#: A forecast's figures as a review prints them.
_FACT = re.compile(r"cost\.forecast\.([a-z]{3})\.(value|low|high)")
_MONEY = {"forecast", "forecast_low", "forecast_high", "forecast_usage", "forecast_recurring", "forecast_tax",
          "forecast_miss", "spend", "budget"}  # fmt: skip


def forecast(
    cost: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """What next month is expected to cost, per currency, with an interval that holds four times in five.

    Parameters
    ----------
    cost : DataFrame
        Charges of the month, and of the twelve before it for the interval.
    period : Period
        A month; its days are counted in UTC, as bills count them.
    agreements : list of Agreement
        Next month's budget stands beside it.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of; only months seen whole are used.

    Returns
    -------
    DataFrame
        `FORECAST`, a row a currency of the month: period (the one forecast), forecast, its parts
        and its interval [money]; forecast_margin, how far the interval reaches to either side
        [share]; forecast_tests, from how many months that comes [count]. NA, with the reason in
        forecast_note, where the days are no month, the month was not seen whole, or there are
        fewer than three whole months; the interval alone is NA with fewer than six tests. It does
        not reach below zero.

    Notes
    -----
    With n errors of its own the interval reaches as far as the k-th smallest, k = 0.8 (n + 1)
    rounded up: split conformal prediction [1]_. An error is that of METRICS: |actual - forecast| /
    forecast, where actual is all that was spent, also what nobody foresaw.

    References
    ----------
    .. [1] Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018).

    Examples
    --------
    Three months of 10 a day, the last two weeks at 12: April has 30 days.

    >>> from opsreport.schemas import FRAMES
    >>> days = pd.Series(pd.date_range("2026-01-01", "2026-03-31", tz="UTC"))
    >>> bill = FRAMES["cost"].conform(pd.DataFrame({
    ...     "billing_period_start": days, "charge_period_start": days, "charge_category": "Usage",
    ...     "billed_cost": [Decimal(10)] * 76 + [Decimal(12)] * 14, "billing_currency": "EUR"}))
    >>> row = forecast(bill, Period.month("2026-03"), []).iloc[0]
    >>> row["period"], int(row["forecast"]), row["forecast_note"]
    ('2026-04', 360, 'an interval takes 6 months to test it on')
    """
    months, following = period.history(MONTHS), period.back(-1)
    rates = RunRate(cost, months)
    why = _withheld(cost, period, seen)
    agreed = monthly_budget(following, agreements, n=1).set_index("billing_currency")["budget"]
    rows = []
    for code in rates.currencies(MONTHS - 1):
        row = {"period": following.bill.name, "billing_currency": code, "budget": agreed.get(code),
               "forecast_note": why}  # fmt: skip
        if not why:
            made = rates.expected(MONTHS - 1, code, following)
            errors = [error for _, _, error in _tests(rates, cost, period, code, seen) if error is not None]
            row |= {"forecast": made.spend, "forecast_usage": made.usage, "forecast_recurring": made.recurring,
                    "forecast_tax": made.tax, **_interval(made.spend, errors)}  # fmt: skip
        rows.append(row)
    return _framed(rows, FORECAST)


def forecast_history(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """What each of the last thirteen months cost beside what the same rule had forecast; and next month's.

    Returns
    -------
    DataFrame
        `HISTORY`, oldest first, a row a month and currency, and one for next month, of which
        alone the interval is known. A forecast is NA where it could not have been made.
    """
    ahead, rows = forecast(cost, period, [], seen), []
    rates, spent = RunRate(cost, period.history(MONTHS)), monthly(cost, period, MONTHS, seen)
    for row in ahead.to_dict("records"):
        code = row["billing_currency"]
        tested = {month: (made, error) for month, made, error in _tests(rates, cost, period, code, seen)}
        for month in spent[spent["billing_currency"] == code].to_dict("records"):
            made, error = tested.get(month["period"], (None, None))
            rows.append({"period": month["period"], "billing_currency": code, "spend": month["spend"],
                         "forecast": made, "forecast_error": error})  # fmt: skip
        rows.append(row)
    return _framed(rows, HISTORY)


def forecast_scored(
    reported: pd.DataFrame, cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """How good the forecast was that last month's review made of this month.

    Parameters
    ----------
    reported : DataFrame
        The figures that last month's review printed: id, value, month; those of its forecast are
        ``cost.forecast.<currency>.value``, ``.low`` and ``.high``.

    Returns
    -------
    DataFrame
        `SCORED`, a row for each currency that was forecast: forecast_miss (spend less forecast)
        [money], forecast_error = |spend - forecast| / forecast [share], forecast_held (within,
        above or below the interval; empty where there was none). Unknown unless the month was
        seen whole; empty where last month's review made no forecast.
    """
    spent = monthly(cost, period, 1, seen).set_index("billing_currency")["spend"]
    known = has_charges(cost, period) and seen_whole(seen, period)
    rows = []
    for code, made in _printed(reported, period.previous().name).items():
        actual = spent.get(code, ZERO) if known else None
        miss = minus(actual, made["value"])
        error = float(CONTEXT.divide(abs(miss), made["value"])) if miss is not None and made["value"] > 0 else None
        rows.append({
            "billing_currency": code, "forecast": made["value"], "forecast_low": made.get("low"),
            "forecast_high": made.get("high"), "spend": actual, "forecast_miss": miss, "forecast_error": error,
            "forecast_held": _held(actual, made), "coverage": seen_share(seen, period),
        })  # fmt: skip
    return _framed(rows, SCORED)


def _withheld(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None) -> str:
    """Why nothing can be forecast; empty where it can."""
    if not period.is_month:
        return "these days are not a calendar month"
    if not seen_whole(seen, period):
        return "this month's bill was not seen whole"
    whole = sum(_is_whole(cost, month, seen) for month in period.history(MONTHS))
    return "" if whole >= MIN_MONTHS else f"that takes {MIN_MONTHS} whole months of bills"


def _tests(
    rates: RunRate, cost: pd.DataFrame, period: Period, code: str, seen: Intervals | Seen | None
) -> list[tuple[str, Decimal, float | None]]:
    """Of each past month that could have been forecast: its name, the forecast, and the error."""
    months = period.history(MONTHS)
    whole = [_is_whole(cost, month, seen) for month in months]
    made = []
    for index in range(1, MONTHS):
        if whole[index - 1] and whole[index] and code in rates.currencies(index - 1):
            expected = rates.expected(index - 1, code, months[index]).spend
            gap = abs(CONTEXT.subtract(rates.spend(index, code), expected))
            made.append((months[index].name, expected, float(gap / expected) if expected > 0 else None))
    return made


def _is_whole(cost: pd.DataFrame, month: Period, seen: Intervals | Seen | None) -> bool:
    return has_charges(cost, month) and seen_whole(seen, month)


def _interval(value: Decimal, errors: list[float]) -> dict[str, Any]:
    if len(errors) < MIN_TESTS:
        return {"forecast_tests": len(errors), "forecast_note": f"an interval takes {MIN_TESTS} months to test it on"}
    margin = sorted(errors)[min(ceil(LEVEL * (len(errors) + 1)), len(errors)) - 1]
    reach = CONTEXT.multiply(value, Decimal(str(margin)))
    low, high = max(CONTEXT.subtract(value, reach), ZERO), CONTEXT.add(value, reach)
    return {"forecast_low": low, "forecast_high": high, "forecast_margin": margin, "forecast_tests": len(errors)}


def _printed(reported: pd.DataFrame, month: str) -> dict[str, dict[str, Decimal]]:
    """The forecasts that a month's review printed, by currency; those that it withheld are none."""
    made: dict[str, dict[str, Decimal]] = {}
    for row in reported[reported["month"] == month].to_dict("records"):
        found = _FACT.fullmatch(str(row["id"]))
        if found and not is_unknown(row["value"]):
            made.setdefault(found[1].upper(), {})[found[2]] = Decimal(str(row["value"]))
    return {code: edges for code, edges in sorted(made.items()) if "value" in edges}


def _held(actual: Decimal | None, made: dict[str, Decimal]) -> str:
    if actual is None or "low" not in made or "high" not in made:
        return ""
    return "below" if actual < made["low"] else "above" if actual > made["high"] else "within"


def _framed(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=list(columns))
    numbers = {"forecast_tests", "forecast_margin", "forecast_error", "coverage"} & set(columns)
    money = {name: exact(made[name]) for name in _MONEY & set(columns)}
    return made.assign(**money).astype(dict.fromkeys(numbers, "float64"))
