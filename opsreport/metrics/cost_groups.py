"""Answers: who and what was the money spent on, and what carries the tags that were agreed?

A missing key is a group of its own, so that groups add up to the total of each currency.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import ZERO, exact, has_charges, minus, scaled, seen_whole, sums, total
from opsreport.period import Period
from opsreport.schemas import TEXT
from opsreport.schemas.cost import ALL, NONE, OTHER


def by(
    cost: pd.DataFrame, period: Period, column: str, only: pd.Series | None = None,
    seen: Intervals | Seen | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Spend per group, this month and the month before.

    Parameters
    ----------
    column : str
        provider_name, service_name, sub_account_id, region_id, resource_id, or service once
        charges have been allocated to the client's services.
    only : Series of bool, optional
        Which charges to group; a month counts as known when it has any charge at all.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of.

    Returns
    -------
    DataFrame
        The column ("(none)" where it is missing), billing_currency, spend, last_spend,
        spend_change, same_days_change [money], share (of the spend of groups above zero; NaN
        for a group below it, such as one of credits) [share]; most spend first, per
        currency. last_spend and the changes are NA when the month before has no charge or was
        not seen whole; the changes too when this month was not.
    """
    if column not in cost:
        cost = cost.assign(**{column: pd.Series(pd.NA, index=cost.index, dtype=TEXT)})
    before = period.previous()
    at = sums(cost if only is None else cost[only], [before, period], ["billing_currency", column])
    spent = {(row["at"], row["billing_currency"], row[column]): row["billed_cost"] for _, row in at.iterrows()}
    known, whole = has_charges(cost, before) and seen_whole(seen, before), seen_whole(seen, period)
    groups = dict.fromkeys(zip(at["billing_currency"], at[column], strict=True))
    rows = []
    for code, group in groups:
        now = spent.get((1, code, group), ZERO)
        last = spent.get((0, code, group), ZERO) if known else None
        same = scaled(last, period.day_count, before.day_count)
        changes = (minus(now, last), minus(now, same)) if whole else (None, None)
        rows.append((NONE if group is None else group, code, now, last, *changes))
    names = ["spend", "last_spend", "spend_change", "same_days_change"]
    made = pd.DataFrame(rows, columns=[column, "billing_currency", *names])
    return _with_shares(made.assign(**{name: exact(made[name]) for name in names}), column)


def by_tag(cost: pd.DataFrame, period: Period, tag: str) -> pd.DataFrame:
    """Spend per value of a tag, as `by`, in the column tag_value."""
    both = Period(period.previous().first_day, period.end_day)
    cost = cost[both.contains(cost["charge_period_start"])]
    return by(cost.assign(tag_value=_tag_values(cost, lambda tags: tags.get(tag))), period, "tag_value")


def several(groups: pd.DataFrame, least: int = 3) -> pd.DataFrame:
    """The groups of spend, where there are enough of them to compare; else none."""
    return groups if len(groups) >= least else groups.iloc[:0]


def top(groups: pd.DataFrame, n: int = 8) -> pd.DataFrame:
    """The first n groups of each currency, and one row, "(other)", for what the rest adds up to.

    Parameters
    ----------
    groups : DataFrame
        What `by` or `by_tag` returned: the group in its first column.
    """
    name, parts = groups.columns[0], []
    money = ["spend", "last_spend", "spend_change", "same_days_change"]
    for code, part in groups.groupby("billing_currency", sort=True):
        parts.append(part.head(n))
        rest = part.iloc[n:]
        if len(rest):
            sums_of_rest = {column: exact([_sum_or_unknown(rest[column])]) for column in money}
            share = [rest["share"].sum(min_count=1)]
            parts.append(pd.DataFrame({name: [OTHER], "billing_currency": [code], **sums_of_rest, "share": share}))
    return pd.concat(parts, ignore_index=True)[groups.columns] if parts else groups


def tag_coverage(cost: pd.DataFrame, period: Period, required_tags: Sequence[str]) -> pd.DataFrame:
    """Spend of positive usage rows that carry each required tag, and all of them, over all such rows.

    Credits and negative usage stay out: with them it can pass 100 %.

    Returns
    -------
    DataFrame
        tag ("(all)" for every required tag at once, first), billing_currency, tagged_spend,
        usage_spend [money], tagged_share (NaN without usage) [share]. Empty when no tag is
        required or nothing was used. A tag whose value is empty is not carried.
    """
    if not required_tags:
        cost = cost.iloc[:0]
    usage = _positive_usage(cost, period)
    usage = usage.assign(missing=_tag_values(usage, lambda tags: _missing(tags, required_tags), absent=""))
    at = sums(usage, [period], ["billing_currency", "missing"])
    rows = []
    for code, part in at.groupby("billing_currency", sort=True):
        whole = total(part["billed_cost"])
        lacking = [json.loads(text) if text else list(required_tags) for text in part["missing"]]
        for tag in [ALL, *required_tags]:
            carried = [not gaps if tag == ALL else tag not in gaps for gaps in lacking]
            tagged = total(part["billed_cost"][carried])
            rows.append((tag, code, tagged, whole, float(tagged / whole)))
    made = pd.DataFrame(rows, columns=["tag", "billing_currency", "tagged_spend", "usage_spend", "tagged_share"])
    return made.assign(tagged_spend=exact(made["tagged_spend"]), usage_spend=exact(made["usage_spend"]))


def tags_apart(tags: pd.DataFrame) -> pd.DataFrame:
    """The rows of `tag_coverage`, where a tag stands on more or less than the others; else none."""
    differs = tags.groupby("billing_currency")["tagged_share"].nunique().gt(1).any()
    return tags if differs else tags.iloc[:0]


def untagged(cost: pd.DataFrame, period: Period, required_tags: Sequence[str], n: int = 10) -> pd.DataFrame:
    """The resources of most spend whose usage lacks a required tag.

    Returns
    -------
    DataFrame
        resource_id ("(none)" where missing), service_name, missing_tags, billing_currency,
        spend [money]; n rows a currency at most.
    """
    if not required_tags:
        cost = cost.iloc[:0]
    usage = _positive_usage(cost, period)
    usage = usage.assign(missing=_tag_values(usage, lambda tags: _missing(tags, required_tags), absent=""))
    at = sums(
        usage[usage["missing"] != "[]"],
        [period],
        ["billing_currency", "resource_id", "service_name", "missing"],
    )
    gaps = [", ".join(json.loads(text) if text else required_tags) for text in at["missing"]]
    made = pd.DataFrame({
        "resource_id": at["resource_id"].fillna(NONE),
        "service_name": at["service_name"].fillna(NONE),
        "missing_tags": pd.Series(gaps, dtype=object),
        "billing_currency": at["billing_currency"],
        "spend": exact(at["billed_cost"]),
    })  # fmt: skip
    made = made.sort_values(["billing_currency", "spend"], ascending=[True, False], kind="stable")
    return made.groupby("billing_currency", sort=False).head(n).reset_index(drop=True)


def _with_shares(groups: pd.DataFrame, column: str) -> pd.DataFrame:
    above = {
        code: total(value for value in part["spend"] if value > 0) for code, part in groups.groupby("billing_currency")
    }
    shares = [
        float(spent / above[code]) if spent >= 0 and above[code] else float("nan")
        for spent, code in zip(groups["spend"], groups["billing_currency"], strict=True)
    ]
    made = groups.assign(share=pd.Series(shares, dtype="float64"))
    return made.sort_values(
        ["billing_currency", "spend", column], ascending=[True, False, True], kind="stable", ignore_index=True
    )


def _positive_usage(cost: pd.DataFrame, period: Period) -> pd.DataFrame:
    usage = (cost["charge_category"] == "Usage") & (cost["billed_cost"] > Decimal(0))
    return cost[usage & period.bill.contains(cost["charge_period_start"])]


def _missing(tags: dict[str, str], required: Sequence[str]) -> str:
    return json.dumps([tag for tag in required if not tags.get(tag)])


def _tag_values(
    cost: pd.DataFrame, read: Callable[[dict[str, str]], str | None], absent: str | None = None
) -> pd.Series:
    """What is read of each row's tags; each different text of tags is read once."""
    texts = cost["tags"].unique()
    values = {text: read(_tags(text)) for text in texts if not pd.isna(text)}
    read_of = [absent if pd.isna(text) else values[text] for text in cost["tags"]]
    return pd.Series(read_of, index=cost.index, dtype=TEXT)


@lru_cache(maxsize=65536)
def _tags(text: str) -> dict[str, str]:
    """A row's tags; none where the text is not a JSON object."""
    try:
        tags = json.loads(text)
    except ValueError:
        return {}
    named = tags.items() if isinstance(tags, dict) else ()
    return {name: str(value) for name, value in named if value not in (None, "")}


def _sum_or_unknown(values: pd.Series) -> Decimal | None:
    return None if values.isna().any() else total(values)
