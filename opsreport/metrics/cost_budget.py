"""Answers: is spend within what was agreed?"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd

from opsreport.agreement import Term, terms_in
from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import (
    CONTEXT,
    ZERO,
    exact,
    has_charges,
    minus,
    scaled,
    seen_share,
    sums,
    total,
)
from opsreport.params.models import Agreement, ExchangeRate
from opsreport.period import Period
from opsreport.schemas.cost import ALL
from opsreport.verdict import verdict

_NO_BOUND = Decimal("Infinity")


def budget(
    cost: pd.DataFrame, period: Period, agreements: list[Agreement], seen: Intervals | Seen | None,
    rates: Sequence[ExchangeRate] = (), currency: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Spend against each agreed budget.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported; a budget of a service needs their ``service``.
    seen : Intervals or None
        What the bill's sources could tell of; None where that is not known, which counts as
        whole.
    rates, currency
        The stated exchange rates and the currency they lead to: a budget in a currency that
        the charges are not in is compared at its stated rate.

    Returns
    -------
    DataFrame
        service ("(all)" for the whole bill), billing_currency, spend, budget, budget_variance
        (spend less budget), over_budget [money], coverage (of the days agreed for) [share], verdict, note. A budget
        that holds for some of the month's days is prorated, and so is spend. Spend over the
        budget is missed however little was seen; spend within it is met only when all was.

    Notes
    -----
    A budget of 300 from 16 April is 150 in April, and 16 to 30 April's spend stands beside it.
    """
    bill, stated = period.bill, {rate.bill_currency: rate.rate for rate in rates}
    rows = [
        _row(
            cost,
            bill,
            service,
            _in_currency_of(cost, bill, code, stated, currency),
            parts,
            _share_seen(seen, parts, period.zone),
        )
        for (service, code), parts in _agreed(agreements, bill).items()
    ]
    money = ["spend", "budget", "budget_variance", "over_budget"]
    made = pd.DataFrame(rows, columns=["service", "billing_currency", *money, "coverage", "verdict", "note"])
    return made.assign(**{name: exact(made[name]) for name in money})


def monthly_budget(period: Period, agreements: list[Agreement], n: int = 13) -> pd.DataFrame:
    """The budget of the whole bill in each of the last n months, prorated by days.

    Returns
    -------
    DataFrame
        period (YYYY-MM), billing_currency, budget [money]; a month without one has no row.
    """
    rows = [
        (month.name, code, _amount(parts))
        for month in period.bill.history(n)
        for (service, code), parts in _agreed(agreements, month).items()
        if service == ALL
    ]
    made = pd.DataFrame(rows, columns=["period", "billing_currency", "budget"])
    return made.assign(budget=exact(made["budget"]))


def _agreed(agreements: list[Agreement], bill: Period) -> dict[tuple[str, str], list[tuple[Term, Decimal]]]:
    """Each budget in force, by service and currency, with the terms that hold it; the whole bill first."""
    made: dict[tuple[str, str], list[tuple[Term, Decimal]]] = {}
    for term in terms_in(agreements, bill):
        for each in term.agreement.budgets:
            made.setdefault((each.service or ALL, each.currency), []).append((term, each.amount))
    return dict(sorted(made.items(), key=lambda item: (item[0][0] != ALL, item[0])))


def _amount(parts: list[tuple[Term, Decimal]]) -> Decimal:
    """What the terms allow for the days that they cover: of each day, its month's share."""
    return total(
        scaled(amount, days, monthrange(year, month)[1])
        for term, amount in parts
        for (year, month), days in Counter((day.year, day.month) for day, _, _ in term.period.local_days()).items()
    )


def _share_seen(seen: Intervals | Seen | None, parts: list[tuple[Term, Decimal]], zone: str) -> float:
    """Share of the days that a budget covers that was seen; NaN where nobody says."""
    each = [replace(term.period, zone=zone) for term, _ in parts]
    days = sum(part.day_count for part in each)
    shares = [seen_share(seen, part) for part in each]
    if len(set(shares)) == 1:
        return shares[0]  # weights that add up to 1 may add up to a little less in floats
    return sum(share * part.day_count / days for share, part in zip(shares, each, strict=True))


def _in_currency_of(
    cost: pd.DataFrame, bill: Period, code: str, stated: dict[str, Decimal], currency: str
) -> tuple[str, Decimal, str]:
    """The currency that a budget is compared in, the rate to it, and what is to be said of it."""
    billed = set(cost.loc[bill.contains(cost["charge_period_start"]), "billing_currency"])
    if code in billed or not currency or code not in stated:
        return code, Decimal(1), ""
    return currency, stated[code], f"agreed in {code}, compared at the stated rate of {stated[code]:f}"


def _row(
    cost: pd.DataFrame, bill: Period, service: str, into: tuple[str, Decimal, str], parts: list, share: float
) -> tuple:
    code, rate, converted = into
    days = {term.period for term, _ in parts}
    spent, apart = _spent(cost, days, service, code) if has_charges(cost, bill) else (None, [])
    agreed = CONTEXT.multiply(_amount(parts), rate)
    variance = minus(spent, agreed)
    over = None if variance is None else max(variance, ZERO)
    covered = sum(part.day_count for part in days)
    notes = [
        f"agreed for {covered} of {bill.day_count} days" if covered < bill.day_count else "",
        "" if bill.is_month else "these days' share of a month's budget",
        converted,
        f"{', '.join(apart)} is left out: no exchange rate is stated" if apart else "",
        "no charge is allocated to a service" if service != ALL and "service" not in cost else "",
    ]
    whole = not apart and not share < 1
    said = verdict(spent if whole else _NO_BOUND, spent, agreed, higher_is_better=False)
    return service, code, spent, agreed, variance, over, share, said, "; ".join(filter(None, notes))


def _spent(cost: pd.DataFrame, days: set[Period], service: str, code: str) -> tuple[Decimal | None, list[str]]:
    """Spend in a currency in some days, and the other currencies that were spent in them."""
    if service != ALL:
        if "service" not in cost:
            return None, []
        cost = cost[(cost["service"] == service).fillna(False)]
    spent: dict[str, Decimal] = {}
    for part in days:
        for row in sums(cost, [part], ["billing_currency"]).to_dict("records"):
            name = row["billing_currency"]
            spent[name] = CONTEXT.add(spent.get(name, ZERO), row["billed_cost"])
    apart = sorted(set(spent) - {code})
    return (None if apart and code not in spent else spent.get(code, ZERO)), apart
