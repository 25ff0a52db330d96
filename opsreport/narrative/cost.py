"""The sentences of the cost section; each currency is said apart."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.narrative.cost_forecast import forecast, forecast_method, forecast_scored
from opsreport.narrative.cost_notes import anomalies, effective_cost, exchange, invoice, tags
from opsreport.narrative.cost_words import money_facts, or_else, say, slug
from opsreport.narrative.cost_worth import unit_costs
from opsreport.schemas.cost import ALL, EFFECTS
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

__all__ = ["anomalies", "effective_cost", "exchange", "finding", "forecast", "forecast_method",
           "forecast_scored", "invoice", "method", "tags", "unit_costs"]  # fmt: skip


def finding(changes: pd.DataFrame, budgets: pd.DataFrame, drivers: pd.DataFrame, style: Style) -> Exhibit:
    """What was spent, against what was agreed and last month, and what moved it.

    Parameters
    ----------
    changes : DataFrame
        `metrics.cost.change`.
    budgets : DataFrame
        `metrics.cost.budget`.
    drivers : DataFrame
        `metrics.cost.drivers`.
    """
    known = changes[changes["spend"].notna()]
    if not len(known):
        return notice("cost.finding", "Nothing is known of this month's spend: no charge of it was read.", style)
    parts = []
    for _, row in known.iterrows():
        code = row["billing_currency"]
        whole = budgets[(budgets["billing_currency"] == code) & (budgets["service"] == ALL)]
        mover = drivers[drivers["billing_currency"] == code]
        parts.append(_spend(row, whole.iloc[0] if len(whole) else None, style))
        parts.append(_change(row, style))
        if len(mover) and not is_unknown(row["spend_change"]):
            parts.append(_mover(mover.iloc[0], style))
    said = budgets["billing_currency"].isin(known["billing_currency"]) & (budgets["service"] == ALL)
    parts += [_other_budget(row, style) for _, row in budgets[~said].iterrows() if _worth_saying(row)]
    return join("cost.finding", parts, lead=parts)


def method(style: Style) -> Exhibit:
    """How spend and its change are worked out, for whoever wants to check it."""
    return prose(
        "cost.method",
        "Spend is the billed cost of the charges that begin in the month, in UTC as bills count; the invoice goes by "
        "billing period. The bridge splits the change by account, region, service and price: longer months, use at "
        "last month's price, price at this month's use, and apart from these what is new, removed, committed, "
        "credited, taxed, bought once or without a quantity; its bars add up to the change exactly. The change for the "
        "same number of days carries the whole of last month's spend to the length of this; the bar for days carries "
        "only what is charged by use, so that the two may differ. Budgets are held "
        "against spend. Amounts of different currencies are never added.",
        style, role="method",
    )  # fmt: skip


def _spend(row: pd.Series, budget: pd.Series | None, style: Style) -> Exhibit:
    """What was spent, and whether it is within the budget of the whole bill."""
    code, seen = row["billing_currency"], row["coverage"]
    money = money_facts(f"cost.finding.{code.lower()}", code, seen)
    if budget is None:
        return say("Spend was {spend}; no budget was agreed.", style, spend=money("spend", row["spend"]))
    seen = budget["coverage"]  # of the days that the budget covers, which may be fewer than the month's
    partial = not is_unknown(seen) and seen < 1
    limits = " ({note})" if budget["note"] else ""
    gap = budget["budget_variance"]
    if budget["verdict"] == "unknown":
        why = ": only {seen} of the month's bill was seen." if partial else " ({note})."
        template = "Spend was {spend}; whether the budget of {budget} was met is unknown" + why
    elif gap == 0:
        template = "Spend was {spend}, exactly the budget" + limits + "."
    else:
        but = ", although only {seen} of the month's bill was seen" if partial else ""
        way = "over" if budget["verdict"] == "missed" else "under"
        template = f"Spend was {{spend}}, {{gap}} {way} the budget of {{budget}}{limits}{but}."
    return say(
        template,
        style,
        spend=money("spend", or_else(budget["spend"], row["spend"])),
        budget=money("budget", budget["budget"]),
        gap=money("variance", None if is_unknown(gap) else abs(gap)),
        seen=Fact(f"cost.finding.{code.lower()}.coverage", seen, "share"),
        note=Fact(f"cost.finding.{code.lower()}.note", style.again(budget["note"], WORDS)),
    )


def _change(row: pd.Series, style: Style) -> Exhibit:
    """How that compares with the month before, as it stands and for the same days."""
    code, gap, same = row["billing_currency"], row["spend_change"], row["same_days_change"]
    both = Rows("cost", {}, "since_last_month")
    money = money_facts(f"cost.finding.{code.lower()}", code, row["coverage"], both)
    if is_unknown(row["last_spend"]):
        return say("The month before is not known, so neither is the change.", style)
    if is_unknown(gap):
        return say("The two months were not seen whole, so their change is not known.", style)
    start = "That is the same as last month"
    if gap:
        start = "That is {gap} more than last month" if gap > 0 else "That is {gap} less than last month"
    if gap == same:  # months of the same length
        end = "."
    elif same:
        end = "; for the same number of days it is {same} more." if same > 0 else (
            "; for the same number of days it is {same} less.")  # fmt: skip
    else:
        end = "; for the same number of days nothing changed."
    return say(
        start + end,
        style,
        gap=money("change", abs(gap)),
        same=money("same-days-change", abs(same)),
    )


def _mover(row: pd.Series, style: Style) -> Exhibit:
    """The service that moved the bill most, by name, and mostly by what."""
    code, own, whole = row["billing_currency"], row["spend_change"], row["total_change"]
    at, both = f"cost.finding.{code.lower()}", Rows("cost", {"service_name": row["service_name"]}, "since_last_month")
    money, all_money = money_facts(at, code, rows=both), money_facts(at, code, rows=replace(both, where={}))
    mostly = ", mostly {effect}" if row["main_effect"] else ""
    if whole == 0:
        template = "{service} moved most, by {own}" + mostly + "; the rest made up for it"
    elif abs(own) > abs(whole):
        template = f"{{service}} alone added {{own}}{mostly}; the rest made up for part of it"
        if whole < 0:
            template = f"{{service}} alone took off {{own}}{mostly}; the rest made up for part of it"
    elif own == whole:
        template = f"{{service}} explains all of the rise{mostly}"
        if whole < 0:
            template = f"{{service}} explains all of the fall{mostly}"
    else:
        template = f"{{service}} added {{own}} of the {{whole}} rise{mostly}"
        if whole < 0:
            template = f"{{service}} took off {{own}} of the {{whole}} fall{mostly}"
    return say(
        template + ".",
        style,
        service=row["service_name"],
        own=money("driver", abs(own)),
        whole=all_money("rise", abs(whole)),
        effect=style.say(EFFECTS.get(row["main_effect"], "")),
    )


def _other_budget(row: pd.Series, style: Style) -> Exhibit:
    """A budget of one service that was missed, or any that could not be judged."""
    code, service = row["billing_currency"], row["service"]
    money = money_facts(f"cost.finding.{code.lower()}.{slug(service)}", code, row["coverage"])
    of = style.say("the whole bill") if service == ALL else service
    why = row["note"] or ("spend is not known" if is_unknown(row["spend"]) else "the month was not seen whole")
    template = "{of} is {over} over its budget of {budget}"
    template += " ({why})." if row["note"] else "."
    if row["verdict"] == "unknown":
        template = "Whether the budget of {budget} for {of} was met is unknown ({why})."
    return say(
        template,
        style,
        of=of,
        why=Fact(f"cost.finding.{code.lower()}.{slug(service)}.note", style.again(why, WORDS)),
        over=money("over", row["over_budget"]),
        budget=money("budget", row["budget"]),
    )


def _worth_saying(row: pd.Series) -> bool:
    return row["verdict"] in ("missed", "unknown")
