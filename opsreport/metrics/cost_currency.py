"""Answers: what is the bill in the client's currency, at the rate and mark-up that were agreed?"""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opsreport.metrics.cost_sums import CONTEXT
from opsreport.params.models import ClientParams
from opsreport.schemas import DECIMAL, TEXT

_AMOUNTS = ("billed_cost", "effective_cost", "list_cost")
_FRAME = pa.decimal128(38, 18)


def in_currency(cost: pd.DataFrame, params: ClientParams) -> pd.DataFrame:
    """Charges in the money that is reported: at the stated exchange rates, with the mark-up.

    Parameters
    ----------
    cost : DataFrame
        Charges in the bill's currencies.
    params : ClientParams
        Its currency, exchange_rates and cost.markup.

    Returns
    -------
    DataFrame
        The same rows. A currency with no stated rate stays as it is (with the mark-up) and is
        shown apart; it is never added to another. Amounts are exact to eighteen decimals.
    """
    rates = {rate.bill_currency: rate.rate for rate in params.exchange_rates if rate.bill_currency != params.currency}
    made = cost.copy()
    for code in cost["billing_currency"].unique():
        factor = CONTEXT.multiply(rates.get(code, Decimal(1)), 1 + params.cost.markup)
        if factor != 1:
            rows = (cost["billing_currency"] == code).to_numpy()
            for name in _AMOUNTS:
                made[name] = made[name].where(~rows, _times(cost[name], factor))
    renamed = cost["billing_currency"].isin(list(rates))
    made["billing_currency"] = cost["billing_currency"].mask(renamed, params.currency).astype(TEXT)
    return made


def conversions(cost: pd.DataFrame, params: ClientParams) -> pd.DataFrame:
    """How each currency of the bill is reported.

    Returns
    -------
    DataFrame
        billing_currency (the bill's), reported_currency, exchange_rate (as it is written in
        the agreement; empty where none is needed or none was stated), markup [share], stated
        (where the rate comes from), note.
    """
    rates = {rate.bill_currency: rate for rate in params.exchange_rates}
    rows = []
    for code in sorted(cost["billing_currency"].unique()):
        rate = rates.get(code) if code != params.currency else None
        apart = rate is None and code != params.currency
        rows.append((
            code, params.currency if rate else code, format(rate.rate, "f") if rate else "",
            float(params.cost.markup), rate.stated if rate else "",
            "no exchange rate is stated: shown apart" if apart else "",
        ))  # fmt: skip
    return pd.DataFrame(
        rows, columns=["billing_currency", "reported_currency", "exchange_rate", "markup", "stated", "note"]
    )


def _times(amounts: pd.Series, factor: Decimal) -> pd.Series:
    """Amounts times a factor, rounded half to even at eighteen decimals."""
    # 38 digits times 37 do not fit Arrow's 38: the product is made in its 256-bit type.
    wide = pa.Table.from_pandas(amounts.to_frame("amount"), preserve_index=False)["amount"]
    product = pc.multiply(wide.cast(pa.decimal256(38, 18)), pa.scalar(factor, pa.decimal256(37, _places(factor))))
    rounded = pc.round(product, ndigits=18, round_mode="half_to_even").cast(_FRAME)
    return pd.Series(pd.arrays.ArrowExtensionArray(rounded), index=amounts.index, dtype=DECIMAL)


def _places(factor: Decimal) -> int:
    return max(-int(factor.as_tuple().exponent), 0)
