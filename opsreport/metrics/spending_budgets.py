"""Answers: does the provider know the budget that was agreed, and does it tell anybody when it is passed?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.agreement import term_at
from opsreport.metrics.cost_sums import exact
from opsreport.metrics.spending_bill import converted
from opsreport.params.models import ClientParams
from opsreport.params.operations import Budget
from opsreport.period import Period
from opsreport.schemas import TEXT
from opsreport.schemas.cost import ALL
from opsreport.theme import is_unknown

AS_AGREED, NONE_THERE, OTHER_AMOUNT, NO_ALERT = "as agreed", "no budget there", "another amount", "nobody is told"
NOT_TOLD, NOT_SEEN = "whether anybody is told is not known", "not seen lately"
NO_SOURCE = "no source is named"
#: Budgets that were last seen longer ago than this before the month's end may be others by now.
FRESH = pd.Timedelta(days=35)
_ONE_READING = pd.Timedelta(days=1)
_UNIT = Decimal(1)

BUDGETS = ("service", "agreed_budget", "budget_name", "provider_budget", "has_alert", "budget_state",
           "billing_currency", "note")  # fmt: skip


def budgets(budget: pd.DataFrame, period: Period, params: ClientParams, was_seen: bool) -> pd.DataFrame:
    """Each agreed budget and the one at the provider that watches it, as the month ended.

    Parameters
    ----------
    budget : DataFrame
        The frame of that name.
    params : ClientParams
        Its agreement, services, currency and exchange_rates.
    was_seen : bool
        Whether any of the month was seen of budgets: where it was not, none is missing.

    Returns
    -------
    DataFrame
        Columns BUDGETS, one row an agreed budget; service is "(all)" for the whole bill. A budget
        at the provider watches the whole bill when it has no filter, and a service when its filter
        names it or one of its tags. Amounts are compared in the agreed currency, at the stated
        rate, and then to the unit, since a converted amount is rarely round. Nothing is missing
        ("not seen lately", "no source is named") where budgets were not seen.
    """
    term = term_at(params.agreement, period.end - pd.Timedelta(1, "us"), period.zone)
    there = _newest(budget, period)
    fresh = was_seen and (not len(budget) or len(there) > 0)
    has_source = bool(params.sources.get("budget")) or len(budget) > 0
    missing = NONE_THERE if fresh else NOT_SEEN if has_source else NO_SOURCE
    rows = [_row(one, there if fresh else [], params, missing) for one in (term.budgets if term else [])]
    made = {name: [row[name] for row in rows] for name in BUDGETS}
    return pd.DataFrame({
        name: exact(values) if name in ("agreed_budget", "provider_budget") else pd.Series(values, dtype=TEXT)
        for name, values in made.items()
    })  # fmt: skip


def _newest(budget: pd.DataFrame, period: Period) -> list[dict[str, Any]]:
    rows = budget[(budget["observed_at"] < period.end) & (budget["observed_at"] >= period.end - FRESH)]
    if not len(rows):
        return []
    last = rows[rows["observed_at"] >= rows["observed_at"].max() - _ONE_READING]
    return last.sort_values("observed_at").drop_duplicates("budget_name", keep="last").to_dict("records")


def _row(agreed: Budget, there: list[dict[str, Any]], params: ClientParams, missing: str) -> dict[str, Any]:
    ways = [(_compared(one, agreed, params), one) for one in there if _watches(one, agreed, params)]
    # Several may watch it: the one that is nearest to what was agreed is the one that was meant.
    best = min(ways, key=lambda way: (*_rank(way[0][1]), way[1]["budget_name"]), default=None)
    row = {
        "service": agreed.service or ALL, "agreed_budget": agreed.amount, "billing_currency": agreed.currency,
        "budget_name": None, "provider_budget": None, "has_alert": "", "note": "",
        "budget_state": missing,
    }  # fmt: skip
    if best is None:
        return row
    (amount, state, note), one = best
    told = "unknown" if is_unknown(one["has_alert"]) else "yes" if one["has_alert"] else "none"
    return row | {"budget_name": one["budget_name"], "provider_budget": amount, "has_alert": told,
                  "budget_state": state, "note": note}  # fmt: skip


def _compared(one: dict[str, Any], agreed: Budget, params: ClientParams) -> tuple[Decimal | None, str, str]:
    """A budget at the provider in the agreed currency, what is to be said of it, and how it was converted."""
    code = params.currency if is_unknown(one["billing_currency"]) else one["billing_currency"]
    amount, note = None if is_unknown(one["amount"]) else one["amount"], ""
    if code != agreed.currency:
        # A mark-up is ours: a budget at the provider is in what the provider bills.
        bare = params.model_copy(update={"cost": params.cost.model_copy(update={"markup": Decimal(0)})})
        amount, into = converted(amount, code, bare)
        note = f"at the provider in {code}, compared at the stated rate"
        if into != agreed.currency:
            return None, OTHER_AMOUNT, f"at the provider in {code}, for which no rate is stated"
    near = amount is not None and abs(amount - agreed.amount) < (_UNIT if note else Decimal("0.005"))
    if not near:
        return amount, OTHER_AMOUNT, note
    if is_unknown(one["has_alert"]):
        return amount, NOT_TOLD, note
    return amount, AS_AGREED if one["has_alert"] else NO_ALERT, note


def _watches(one: dict[str, Any], agreed: Budget, params: ClientParams) -> bool:
    of = "" if is_unknown(one["filter"]) else str(one["filter"]).strip().casefold()
    if agreed.service is None:
        return not of
    about = params.services.get(agreed.service)
    names = {agreed.service, *(alias for each in (about.aliases.values() if about else ()) for alias in each)}
    return of in {name.casefold() for name in names}


def _rank(state: str) -> tuple[int]:
    return ((AS_AGREED, NO_ALERT, NOT_TOLD, OTHER_AMOUNT).index(state),)
