"""What a month's bill says the next one will be, if all goes on as it ended: the forecast's rule.

Usage by the day is carried on weekday by weekday: each is the median of its last three, so that
one odd day counts for nothing and a change of level counts in full once it is two weeks old.
Fees that come again are carried over, by the day where they are charged by the day. Tax follows
what is taxed. Nobody foresees what is bought once, credits, refunds and corrections: they are
no part of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

import pandas as pd

from opsreport.metrics.cost_sums import CONTEXT, ZERO, place, scaled, sums, total
from opsreport.period import Period

#: Of each weekday, how many are looked back at.
WEEKS = 3
#: What tells one fee from another.
_FEE = ["billing_currency", "provider_name", "sub_account_id", "service_name", "resource_id", "sku_price_id",
        "commitment_discount_id", "charge_description"]  # fmt: skip
_DAY = pd.Timedelta(hours=25)


@dataclass(frozen=True)
class Expected:
    """What a month is expected to cost in one currency, and of what. [billing_currency]"""

    usage: Decimal
    recurring: Decimal
    tax: Decimal

    @property
    def spend(self) -> Decimal:
        """All of it."""
        return total([self.usage, self.recurring, self.tax])


class RunRate:
    """The bills of adjoining months, ready to be carried on.

    Parameters
    ----------
    cost : DataFrame
        Charges.
    months : sequence of Period
        Adjoining, oldest first; their days are the bill's (UTC).
    """

    def __init__(self, cost: pd.DataFrame, months: list[Period]) -> None:
        self._months = [month.bill for month in months]
        cost = cost[place(cost["charge_period_start"], self._months) >= 0]
        is_usage = (cost["charge_category"] == "Usage") & (cost["charge_class"] != "Correction").fillna(True)
        is_short = cost["charge_period_end"].isna() | (cost["charge_period_end"] - cost["charge_period_start"] <= _DAY)
        is_fee = (cost["charge_category"] == "Purchase") & (cost["charge_frequency"] == "Recurring").fillna(False)
        self._daily = self._by_day(cost[is_usage & is_short])
        self._long = self._by_month(cost[is_usage & ~is_short])
        self._fees = self._fees_by_month(cost[is_fee])
        self._tax = self._by_month(cost[cost["charge_category"] == "Tax"])
        self._taxed = self._by_month(cost[cost["charge_category"].isin(["Usage", "Purchase"])])
        self._spend = self._by_month(cost)

    def currencies(self, index: int) -> list[str]:
        """Those that a month's bill has charges in."""
        return sorted(code for at, code in self._spend if at == index)

    def spend(self, index: int, code: str) -> Decimal:
        """What a month cost, all charges. [billing_currency]"""
        return self._spend.get((index, code), ZERO)

    def expected(self, index: int, code: str, days: Period) -> Expected:
        """What the month after the one at `index` costs, if it goes on as that one ended.

        Parameters
        ----------
        days : Period
            The month after it.
        """
        made_in, month = self._months[index], (index, code)
        usage = total(self._weekday(code, made_in, day.weekday()) for day, _, _ in days.bill.local_days())
        usage = CONTEXT.add(usage, scaled(self._long.get(month, ZERO), days.day_count, made_in.day_count))
        recurring = total(
            scaled(amount, days.day_count, made_in.day_count) if charged * 2 > made_in.day_count else amount
            for amount, charged in self._fees.get(month, [])
        )
        taxed, before = self._taxed.get(month, ZERO), CONTEXT.add(usage, recurring)
        tax = scaled(self._tax.get(month, ZERO), before, taxed) if taxed > 0 else self._tax.get(month, ZERO)
        return Expected(usage, recurring, tax)

    def _weekday(self, code: str, month: Period, weekday: int) -> Decimal:
        """What a weekday's usage cost, in the middle of the last few."""
        last = [month.end_day - dt.timedelta(days=back) for back in range(1, 7 * WEEKS + 1)]
        return median(self._daily.get((day, code), ZERO) for day in last if day.weekday() == weekday)

    def _by_day(self, cost: pd.DataFrame) -> dict[tuple[dt.date, str], Decimal]:
        days = [day for month in self._months for day, _, _ in month.local_days()]
        each = [Period(day, day + dt.timedelta(days=1)) for day in days]
        found = sums(cost, each, ["billing_currency"])
        return {(days[row["at"]], row["billing_currency"]): row["billed_cost"] for row in found.to_dict("records")}

    def _by_month(self, cost: pd.DataFrame) -> dict[tuple[int, str], Decimal]:
        found = sums(cost, self._months, ["billing_currency"])
        return {(row["at"], row["billing_currency"]): row["billed_cost"] for row in found.to_dict("records")}

    def _fees_by_month(self, fees: pd.DataFrame) -> dict[tuple[int, str], list[tuple[Decimal, int]]]:
        """Each fee of a month: its amount, and on how many days it was charged."""
        dated = fees.assign(day=fees["charge_period_start"].dt.strftime("%Y-%m-%d"))
        charged: dict[tuple, list[Decimal]] = {}
        for row in sums(dated, self._months, [*_FEE, "day"]).to_dict("records"):
            charged.setdefault((row["at"], *(row[name] for name in _FEE)), []).append(row["billed_cost"])
        made: dict[tuple[int, str], list[tuple[Decimal, int]]] = {}
        for (at, code, *_), amounts in charged.items():
            made.setdefault((at, code), []).append((total(amounts), len(amounts)))
        return made
