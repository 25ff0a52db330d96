"""What of a bill is a resource's or a log store's, told only where the bill itself tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.metrics.cost_sums import CONTEXT, quantised, sums
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas import DECIMAL, TEXT
from opsreport.theme import is_unknown

STORAGE, INGESTION = "storage", "ingestion"
_OF_LOGS = re.compile(r"\blogs?\b|\blogging\b|cloudwatch")
_USES = {
    STORAGE: re.compile(r"storage|stored|retention|archiv"),
    INGESTION: re.compile(r"ingest|data ?processing"),
}
_WORDS = ["service_name", "sku_id", "charge_description"]


def log_charges(cost: pd.DataFrame, log_group: pd.DataFrame, unnamed: bool = False) -> pd.DataFrame:
    """The charges for keeping and for writing logs, each with the log store that it is for.

    A charge is of a log store when it names it as its resource; where it names no resource, when
    it is of a service that has one log store only. Whether it is for keeping or for writing is
    read from the charge's own words (service, SKU and description), never from its amount.

    Parameters
    ----------
    cost : DataFrame
        Charges in the money that is reported.
    log_group : DataFrame
        The frame of that name; of any month.
    unnamed : bool
        Whether a resource that is none of them is a log store too, known by the bill alone.

    Returns
    -------
    DataFrame
        The columns of the charges and log_group, log_use (storage or ingestion); usage only.
    """
    uses = _uses(cost)
    rows = cost[uses.notna() & (cost["charge_category"] == "Usage")]
    names = list(log_group["log_group"].unique())
    named = {resource: match(resource, names) for resource in rows["resource_id"].dropna().unique()}
    by_resource = rows["resource_id"].map(named)
    if "service" in rows:
        bare = rows["service"].where(rows["resource_id"].isna()).map(_only_group(log_group))
        by_resource = by_resource.astype(object).where(by_resource.notna(), bare)
    if unnamed:
        by_resource = by_resource.astype(object).where(by_resource.notna(), rows["resource_id"])
    made = rows.assign(log_group=by_resource.astype(TEXT), log_use=uses[rows.index].astype(TEXT))
    return made[made["log_group"].notna()]


def match(resource: str, names: Sequence[str]) -> str | None:
    """Which name a resource's id ends with, as a whole part of it; the longest where several do.

    Examples
    --------
    >>> match("arn:aws:logs:us-east-1:1:log-group:/shop/web:*", ["/shop/web", "web"])
    '/shop/web'
    >>> match("/shop/web-old", ["/shop/web"]) is None
    True
    """
    plain = resource.removesuffix(":*")
    fits = [name for name in names if plain == name or plain.endswith((f":{name}", f"/{name}"))]
    return max(fits, key=len, default=None)


def monthly_sums(rows: pd.DataFrame, months: Sequence[Period], key: str) -> dict[tuple[int, Any], dict[str, Decimal]]:
    """What was billed by month (its place in `months`) and key: an amount a currency."""
    made: dict[tuple[int, Any], dict[str, Decimal]] = {}
    for row in sums(rows, months, ["billing_currency", key]).to_dict("records"):
        made.setdefault((row["at"], row[key]), {})[row["billing_currency"]] = row["billed_cost"]
    return made


def one_amount(amounts: dict[str, Decimal] | None) -> tuple[Decimal | None, str | None]:
    """An amount and its currency; neither where there is none, or more than one currency."""
    if not amounts or len(amounts) > 1:
        return None, None
    ((code, amount),) = amounts.items()
    return amount, code


def converted(amount: Any, code: Any, params: ClientParams) -> tuple[Decimal | None, str]:
    """An amount that no bill holds, in the money that is reported: at the stated rate, with the mark-up.

    A currency with no stated rate stays as it is, as charges do.
    """
    code = params.currency if is_unknown(code) else str(code)
    if is_unknown(amount):
        return None, code
    rates = {rate.bill_currency: rate.rate for rate in params.exchange_rates if rate.bill_currency != params.currency}
    factor = CONTEXT.multiply(rates.get(code, Decimal(1)), 1 + params.cost.markup)
    return quantised(CONTEXT.multiply(amount, factor)), params.currency if code in rates else code


def estimates(recommendation: pd.DataFrame, params: ClientParams) -> pd.DataFrame:
    """The recommendations with their estimates in the money that is reported."""
    pairs = zip(recommendation["estimated_monthly_saving"], recommendation["billing_currency"], strict=True)
    made = [converted(amount, code, params) for amount, code in pairs]
    return recommendation.assign(
        estimated_monthly_saving=pd.Series([amount for amount, _ in made], index=recommendation.index, dtype=DECIMAL),
        billing_currency=pd.Series([code for _, code in made], index=recommendation.index, dtype=TEXT),
    )


def _uses(cost: pd.DataFrame) -> pd.Series:
    """Storage or ingestion by a charge's own words; missing where they say neither, both or no logs."""
    known: dict[tuple, str | None] = {}
    made = []
    for words in cost[_WORDS].astype(object).itertuples(index=False, name=None):
        key = tuple("" if is_unknown(word) else word for word in words)
        if key not in known:
            known[key] = _use(" ".join(key).casefold())
        made.append(known[key])
    return pd.Series(made, index=cost.index, dtype=object)


def _use(text: str) -> str | None:
    if not _OF_LOGS.search(text):
        return None
    said = [use for use, words in _USES.items() if words.search(text)]
    return said[0] if len(said) == 1 else None


def _only_group(log_group: pd.DataFrame) -> dict[str, str]:
    """The log store of each service that has a single one."""
    pairs = log_group.dropna(subset=["service"])[["service", "log_group"]].drop_duplicates()
    single = pairs[~pairs["service"].duplicated(keep=False)]
    return dict(zip(single["service"], single["log_group"], strict=True))
