"""Answers: what was spent, what will be invoiced, is amortised cost sound, and how did it change?

Every amount is per currency: two currencies are never added.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_effective import SOUND, effective_cost_check
from opsreport.metrics.cost_sums import ZERO, exact, minus, scaled, seen_share, seen_whole, sums, total
from opsreport.period import Period
from opsreport.schemas.cost import OTHER


def spend(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """What the month cost, per currency: by usage, by invoice, and amortised where that is sound.

    Parameters
    ----------
    cost : DataFrame
        Charges.
    period : Period
        Its days are counted in UTC, as bills count them.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of.

    Returns
    -------
    DataFrame
        billing_currency, spend (BilledCost by ChargePeriodStart), invoice (by
        BillingPeriodStart), invoice_difference (invoice less spend), effective_cost (NA where
        a provider's is not sound, which `effective_cost_check` explains) [money], charges,
        coverage [share]. Empty when the month has no charge.

    References
    ----------
    .. [1] FOCUS, https://focus.finops.org, BilledCost, ChargePeriodStart, BillingPeriodStart.
    """
    bill = [period.bill]
    used = sums(cost, bill, ["billing_currency"], ("billed_cost", "effective_cost")).set_index("billing_currency")
    invoiced = sums(cost, bill, ["billing_currency"], placed_by="billing_period_start")
    invoiced = invoiced.set_index("billing_currency")["billed_cost"]
    check = effective_cost_check(cost, period)
    unsound = set(check.loc[check["effective_finding"] != SOUND, "billing_currency"])
    codes = sorted({*used.index, *invoiced.index})
    spent = [used["billed_cost"].get(code, ZERO) for code in codes]
    invoice = [invoiced.get(code, ZERO) for code in codes]
    return pd.DataFrame({
        "billing_currency": pd.Series(codes, dtype=object),
        "spend": exact(spent),
        "invoice": exact(invoice),
        "invoice_difference": exact(map(minus, invoice, spent)),
        "effective_cost": exact(None if c in unsound else used["effective_cost"].get(c) for c in codes),
        "charges": pd.Series([used["charges"].get(code, 0) for code in codes], dtype="int64"),
        "coverage": pd.Series([seen_share(seen, period)] * len(codes), dtype="float64"),
    })  # fmt: skip


def invoice_difference(cost: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Why the invoice differs from spend: charges used in one month and invoiced in another.

    Returns
    -------
    DataFrame
        billing_currency, charge_month, billing_month, invoice_difference (what they add to
        the invoice less spend) [money], charges; adds up to ``invoice_difference`` of `spend`.
    """
    used = period.bill.contains(cost["charge_period_start"])
    invoiced = period.bill.contains(cost["billing_period_start"])
    rows = cost[used != invoiced]
    rows = pd.DataFrame({
        "billing_currency": rows["billing_currency"],
        "charge_month": rows["charge_period_start"].dt.strftime("%Y-%m"),
        "billing_month": rows["billing_period_start"].dt.strftime("%Y-%m"),
        "sign": invoiced[used != invoiced].map({True: 1, False: -1}),
        "amount": rows["billed_cost"].astype(object),
    })  # fmt: skip
    keys = ["billing_currency", "charge_month", "billing_month"]
    made = [
        (*key, part["sign"].iloc[0] * total(part["amount"]), len(part)) for key, part in rows.groupby(keys, sort=True)
    ]
    frame = pd.DataFrame(made, columns=[*keys, "invoice_difference", "charges"])
    return frame.assign(invoice_difference=exact(frame["invoice_difference"]))


def change(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Spend against the month before, as it stands and for the same number of days, per currency.

    Parameters
    ----------
    seen : Intervals, optional
        What the bill's sources could tell of; a change is unknown unless both months were
        seen whole.

    Returns
    -------
    DataFrame
        billing_currency, spend, last_spend, spend_change, same_days_spend, same_days_change
        [money], spend_change_share, same_days_change_share, coverage [share]. A change is NA
        where the month before has no charge at all.
    """
    before = period.previous()
    history = monthly(cost, period, n=2, seen=seen)
    whole = seen_whole(seen, before, period)
    rows = []
    for code, part in history[history["billing_currency"] != ""].groupby("billing_currency", sort=True):
        last, now = part["spend"]
        last, now = (None if pd.isna(value) else value for value in (last, now))
        same = scaled(last, period.day_count, before.day_count)
        differences = [minus(now, last), minus(now, same)] if whole else [None, None]
        rows.append((code, now, last, same, *differences, seen_share(seen, period)))
    names = ["billing_currency", "spend", "last_spend", "same_days_spend", "spend_change", "same_days_change"]
    made = pd.DataFrame(rows, columns=[*names, "coverage"])
    made = made.assign(**{name: exact(made[name]) for name in names[1:]})
    return made.assign(
        spend_change_share=_shares(made["spend_change"], made["last_spend"]),
        same_days_change_share=_shares(made["same_days_change"], made["same_days_spend"]),
    )


def monthly(cost: pd.DataFrame, period: Period, n: int = 13, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Spend of each of the last n months, per currency.

    Returns
    -------
    DataFrame
        period (YYYY-MM), billing_currency, spend [money], coverage [share], oldest first;
        n rows a currency. Spend is NA for a month without any charge, or of which nothing was
        seen; 0 in a currency that a month with charges does not name. Empty without charges.
    """
    months = period.bill.history(n)
    at = sums(cost, months, ["billing_currency"])
    spent = {(row["at"], row["billing_currency"]): row["billed_cost"] for _, row in at.iterrows()}
    known = {index for index in set(at["at"]) if seen is None or seen_share(seen, period.back(n - 1 - index)) > 0}
    rows = [
        (month.name, code, spent.get((index, code), ZERO) if index in known else None,
         seen_share(seen, period.back(n - 1 - index)))
        for code in sorted(set(at["billing_currency"])) for index, month in enumerate(months)
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=["period", "billing_currency", "spend", "coverage"])
    return made.assign(spend=exact(made["spend"]))


def daily(
    cost: pd.DataFrame, period: Period, column: str = "", n: int = 5, seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """Spend of each UTC day of the month, per currency, and per group where a column is named.

    Parameters
    ----------
    column : str
        Such as service_name; its n groups of most spend stand alone, the rest is "(other)".

    Returns
    -------
    DataFrame
        charge_day, billing_currency, the column, spend [money]. A charge for several days
        stands on its first. A day without any charge is NA, or 0 where it was seen whole.
    """
    keys = ["billing_currency", *([column] if column else [])]
    if column:
        cost = cost.assign(**{column: _leading(cost, period, column, n)})
    days = [Period(day, day + dt.timedelta(days=1)) for day, _, _ in period.bill.local_days()]
    at = sums(cost, days, keys)
    spent = {(row["at"], *row[keys]): row["billed_cost"] for _, row in at.iterrows()}
    charged = set(at["at"])
    known = [index in charged or seen_share(seen, day) >= 1 for index, day in enumerate(days)]
    groups = sorted({tuple(row) for row in at[keys].itertuples(index=False)}, key=str)
    rows = [
        (day.first_day, *group, spent.get((index, *group), ZERO) if known[index] else None)
        for group in groups for index, day in enumerate(days)
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=["charge_day", *keys, "spend"])
    return made.assign(spend=exact(made["spend"]))


def _leading(cost: pd.DataFrame, period: Period, column: str, n: int) -> pd.Series:
    """The column with all but its leading groups of the month named as the rest."""
    spent = sums(cost, [period], [column])
    leading = spent.sort_values("billed_cost", ascending=False, kind="stable")[column].head(n)
    return cost[column].where(cost[column].isin(leading.dropna()), OTHER)


def _shares(changes: pd.Series, bases: pd.Series) -> pd.Series:
    """Changes over what they started from; NaN where that is not above zero."""
    return pd.Series(
        [
            float(change / base) if not pd.isna(change) and not pd.isna(base) and base > 0 else float("nan")
            for change, base in zip(changes, bases, strict=True)
        ],
        dtype="float64",
    )
