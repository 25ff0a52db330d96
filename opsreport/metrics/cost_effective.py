"""Answers: can amortised cost be used, or does it not reconcile with what is billed?"""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from opsreport.metrics.cost_sums import exact, minus, sums, total
from opsreport.period import Period

SOUND = "sound"


def effective_cost_check(cost: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Whether a provider's EffectiveCost can be used: does it reconcile with BilledCost over usage?

    Usage that a commitment discounts is left out of the comparison: there the two differ by
    design. A provider's amortised cost is sound when every usage row has one and they come to
    the same, within a thousandth and at least a hundredth.

    Returns
    -------
    DataFrame
        provider_name, billing_currency, spend and effective_cost (all charges), usage_billed,
        usage_effective, effective_difference (usage without a commitment) [money], and
        effective_finding: "sound", or what is wrong with it. Reports use BilledCost wherever
        it is not sound.
    """
    keys, both = ["provider_name", "billing_currency"], ["billed_cost", "effective_cost"]
    rows = cost.loc[period.bill.contains(cost["charge_period_start"])]
    plain = rows[(rows["charge_category"] == "Usage") & rows["commitment_discount_id"].isna()
                 & rows["commitment_discount_status"].isna()]  # fmt: skip
    every, usage = sums(rows, [period], keys, both), sums(plain, [period], keys, both)
    found = {_known(key): _finding(part) for key, part in plain[[*keys, *both]].groupby(keys, dropna=False)}
    made = every.merge(usage, on=keys, how="left", suffixes=("", "_usage"))
    said = [found.get(key, "without usage to check it by") for key in made[keys].itertuples(index=False, name=None)]
    return pd.DataFrame({
        "provider_name": made["provider_name"],
        "billing_currency": made["billing_currency"],
        "spend": exact(made["billed_cost"]),
        "effective_cost": exact(made["effective_cost"]),
        "usage_billed": exact(made["billed_cost_usage"]),
        "usage_effective": exact(made["effective_cost_usage"]),
        "effective_difference": exact(map(minus, made["effective_cost_usage"], made["billed_cost_usage"])),
        "effective_finding": pd.Series(said, dtype=object),
    })  # fmt: skip


def _finding(usage: pd.DataFrame) -> str:
    """What is to be said of a provider's EffectiveCost, from its usage without a commitment."""
    if usage["effective_cost"].isna().any():
        return "missing"
    billed, effective = list(usage["billed_cost"]), list(usage["effective_cost"])
    if any(billed) and not any(effective):
        return "zero"
    if all(value % 1 == 0 for value in effective) and any(value % 1 for value in billed):
        return "rounded to whole units"
    allowed = max(Decimal("0.01"), abs(total(billed)) / 1000)
    return SOUND if abs(total(effective) - total(billed)) <= allowed else "not reconciled with billed cost"


def _known(key: tuple) -> tuple:
    return tuple(None if pd.isna(part) else part for part in key)
