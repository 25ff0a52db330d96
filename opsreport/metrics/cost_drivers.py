"""Answers: which service, and in it which resource, moved the bill most?"""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_bridge import bridge_by_service
from opsreport.metrics.cost_groups import by
from opsreport.metrics.cost_sums import ZERO, exact, total
from opsreport.period import Period
from opsreport.schemas.cost import NONE


def drivers(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """The service, and in it the resource, that moved each currency's bill most in its direction.

    Returns
    -------
    DataFrame
        billing_currency, total_change, service_name, spend_change, main_effect, resource_id,
        resource_change [money]; one row a currency. Of a bill that did not change, the
        service that moved most either way; none where no service moved, or where one of the
        two months was not seen whole.
    """
    services, rows = bridge_by_service(cost, period, seen), []
    for code, part in services.groupby("billing_currency", sort=True):
        whole = total(part["spend_change"])
        service = _mover(part, "spend_change", whole)
        if service is None:
            continue
        within = resources(cost, period, service["service_name"], n=0)
        within = within[within["billing_currency"] == code]
        resource = _mover(within, "spend_change", service["spend_change"])
        named = (None, None) if resource is None else (resource["resource_id"], resource["spend_change"])
        rows.append((code, whole, service["service_name"], service["spend_change"], service["main_effect"], *named))
    names = ["billing_currency", "total_change", "service_name", "spend_change", "main_effect",
             "resource_id", "resource_change"]  # fmt: skip
    made = pd.DataFrame(rows, columns=names)
    return made.assign(**{name: exact(made[name]) for name in names if name.endswith("_change")})


def resources(cost: pd.DataFrame, period: Period, service_name: str, n: int = 10) -> pd.DataFrame:
    """The resources of a service that moved its spend most; all of them where n is 0.

    Returns
    -------
    DataFrame
        As `metrics.cost_groups.by` over resource_id, the largest change first.
    """
    of = cost["service_name"].isna() if service_name == NONE else (cost["service_name"] == service_name).fillna(False)
    made = by(cost, period, "resource_id", only=of)
    sizes = [(code, ZERO if pd.isna(change) else -abs(change))
             for code, change in zip(made["billing_currency"], made["spend_change"], strict=True)]  # fmt: skip
    made = made.iloc[sorted(range(len(made)), key=sizes.__getitem__)].reset_index(drop=True)
    return made.groupby("billing_currency", sort=False).head(n).reset_index(drop=True) if n else made


def _mover(rows: pd.DataFrame, column: str, whole: Decimal) -> pd.Series | None:
    known = rows[rows[column].notna()]
    sign = 1 if whole > 0 else -1 if whole < 0 else 0
    sizes = [value * sign if sign else abs(value) for value in known[column]]
    return known.iloc[sizes.index(max(sizes))] if sizes and max(sizes) > 0 else None
