"""The notes of the cost section: what the amounts are, how they are converted, what was unusual."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, notice, prose
from opsreport.narrative.cost_words import or_else, say, slug
from opsreport.schemas.cost import ALL
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_SOUND = "sound"
_MOST_NAMED = 3  # services whose unusual days a note spells out


def effective_cost(check: pd.DataFrame, style: Style) -> Exhibit:
    """Whether amortised cost is sound at each provider, and that billed cost is used.

    Parameters
    ----------
    check : DataFrame
        `metrics.cost.effective_cost_check`.
    """
    if not len(check):
        return notice("cost.effective", "Effective cost cannot be checked: no charge of this month was read.", style)
    unsound = check[check["effective_finding"] != _SOUND]
    if not len(unsound):
        said = "Amounts are billed cost. Effective cost agrees with it at every provider."
        return prose("cost.effective", said, style, "note")
    parts = [prose("cost.effective", "Amounts are billed cost.", style, "note")]
    for _, row in unsound.iterrows():
        provider, code = (
            str(or_else(row["provider_name"], style.say("A provider without a name"))),
            row["billing_currency"],
        )
        what = style.again(row["effective_finding"], WORDS)
        template = "{provider}'s effective cost is {what}, so it is not used"
        facts = {}
        if not is_unknown(row["usage_effective"]):
            template += ": {effective} against {billed} billed for the same usage"
            facts = {
                name: Fact(
                    f"cost.effective.{slug(provider)}.{code.lower()}.{name}",
                    row[f"usage_{name}"],
                    "money",
                    currency=code,
                )
                for name in ("effective", "billed")
            }
        parts.append(prose("cost.effective", template + ".", style, "note", provider=provider, what=what, **facts))
    return join("cost.effective", parts, "note")


def invoice(spent: pd.DataFrame, differences: pd.DataFrame, style: Style) -> Exhibit:
    """What will be invoiced, and why that is not what was spent.

    Parameters
    ----------
    spent : DataFrame
        `metrics.cost.spend`.
    differences : DataFrame
        `metrics.cost.invoice_difference`.
    """
    if not len(spent):
        return notice("cost.invoice", "The invoice is not known: no charge of this month was read.", style)
    parts = []
    for _, row in spent.iterrows():
        code = row["billing_currency"]
        difference = row["invoice_difference"]
        at, is_part = f"cost.invoice.{code.lower()}", row["coverage"] < 1
        start = "So far as the bill was seen, the" if is_part else "The"
        invoiced = Fact(f"{at}.invoice", row["invoice"], "money", row["coverage"], code)
        if difference == 0:
            parts.append(
                prose(at, f"{start} invoice comes to {{invoice}}, the same as spend.", style, "note", invoice=invoiced)
            )
            continue
        less = Fact(f"{at}.difference", abs(difference), "money", currency=code)
        than = "less than spend" if difference < 0 else "more than spend"
        parts.append(
            prose(
                at,
                f"{start} invoice comes to {{invoice}}, {{less}} {than}.",
                style,
                "note",
                invoice=invoiced,
                less=less,
            )
        )
        reasons = differences[differences["billing_currency"] == code]
        parts += [_timing(reason, style) for _, reason in reasons.iterrows()]
    return join("cost.invoice", parts, "note")


def exchange(conversions: pd.DataFrame, style: Style) -> Exhibit:
    """At which rate and mark-up the bill is reported.

    Parameters
    ----------
    conversions : DataFrame
        `metrics.cost.conversions`.
    """
    parts = []
    for _, row in conversions.iterrows():
        code, at = row["billing_currency"], f"cost.exchange.{row['billing_currency'].lower()}"
        if row["exchange_rate"]:
            parts.append(
                prose(
                    at,
                    "The bill in {code} is reported in {into} at {rate}, the rate stated in {stated}.",
                    style,
                    "note",
                    code=code,
                    into=row["reported_currency"],
                    stated=row["stated"],
                    rate=Fact(f"{at}.rate", row["exchange_rate"], "text"),
                )
            )
        elif row["note"]:
            parts.append(
                prose(
                    at,
                    "The bill in {code} has no stated exchange rate: it is shown apart and added to nothing.",
                    style,
                    "note",
                    code=code,
                )
            )
    if len(conversions) and conversions["markup"].iloc[0] > 0:
        share = Fact("cost.exchange.markup", conversions["markup"].iloc[0], "share")
        parts.append(
            prose("cost.exchange", "Amounts include the agreed mark-up of {share}.", style, "note", share=share)
        )
    if not parts:
        return prose("cost.exchange", "Amounts are as billed, without a conversion or a mark-up.", style, "note")
    return join("cost.exchange", parts, "note")


def anomalies(found: pd.DataFrame, basis: pd.DataFrame, style: Style) -> Exhibit:
    """Which days were out of the usual, and how much of the month could be judged.

    Parameters
    ----------
    found, basis : DataFrame
        `metrics.cost.anomalies` and `metrics.cost.anomaly_basis`.
    """
    if not len(basis) or not basis["days_judged"].sum():
        return notice("cost.anomalies", "No day could be judged: that takes eight weeks of bills before it.", style)
    usual = "No day that could be judged was out of the usual for its weekday."
    parts = [prose("cost.anomalies", usual, style, "note")]
    if len(found):
        parts = [_unusual(part, str(name), style) for name, part in _by_impact(found)[:_MOST_NAMED]]
    unjudged = int((basis["days_judged"] == 0).sum())
    if unjudged:
        parts.append(
            say(
                "Services with too little history to judge: {count}.",
                style,
                "note",
                count=Fact("cost.anomalies.unjudged", unjudged, "count"),
            )
        )
    return join("cost.anomalies", parts, "note")


def tags(covered: pd.DataFrame, style: Style) -> Exhibit:
    """How much of what was used can be told apart by all the tags that are required.

    Parameters
    ----------
    covered : DataFrame
        `metrics.cost.tag_coverage`.
    """
    whole, parts = covered[covered["tag"] == ALL], []
    for _, row in whole.iterrows():
        code, at = row["billing_currency"], f"cost.tagged.{row['billing_currency'].lower()}"
        facts = {
            "share": Fact(f"{at}.share", row["tagged_share"], "share", measure="tagged_share"),
            "tagged": Fact(f"{at}.tagged", row["tagged_spend"], "money", currency=code, measure="tagged_spend"),
            "all": Fact(f"{at}.all", row["usage_spend"], "money", currency=code, measure="usage_spend"),
        }
        words = "{share} of what was used carries every required tag: {tagged} of {all}."
        parts.append(prose(at, words, style, "note", **facts))
    if not parts:
        return prose("cost.tagged", "No tag is required, or no usage was read.", style, "note")
    return join("cost.tagged", parts, "note")


def _by_impact(found: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The services and their days, the one of the most impact first."""
    groups = [(key[0], part) for key, part in found.groupby([found.columns[1], "billing_currency"], sort=True)]
    return sorted(groups, key=lambda group: -abs(group[1]["impact"].sum()))


def _unusual(days: pd.DataFrame, service: str, style: Style) -> Exhibit:
    """How many days a service was out of its usual, and what that came to."""
    code = days["billing_currency"].iloc[0]
    at = f"cost.anomalies.{slug(service)}.{code.lower()}"
    when = "on {day}, by {impact}." if len(days) == 1 else "on {days} days, by {impact} in all, most of all on {day}."
    return say(
        "{service} was out of the usual for its weekday " + when,
        style,
        "note",
        service=service,
        days=Fact(f"{at}.days", len(days), "count"),
        day=Fact(f"{at}.day", days["charge_day"].iloc[0], "date"),
        impact=Fact(f"{at}.impact", days["impact"].sum(), "money", currency=code, signed=True),
    )


def _timing(row: pd.Series, style: Style) -> Exhibit:
    """One reason why the invoice is not what was spent."""
    code = row["billing_currency"]
    at = f"cost.invoice.{code.lower()}.{row['charge_month']}.{row['billing_month']}"
    charge = "charge" if row["charges"] == 1 else "charges"
    return say(
        f"Of that, {{amount}} is {{charges}} {charge} used in {{used}} and invoiced in {{billed}}.",
        style,
        "note",
        used=Fact(f"{at}.used", _month(row["charge_month"]), "month"),
        billed=Fact(f"{at}.billed", _month(row["billing_month"]), "month"),
        charges=Fact(f"{at}.charges", row["charges"], "count"),
        amount=Fact(f"{at}.amount", row["invoice_difference"], "money", currency=code, signed=True),
    )


def _month(name: str) -> dt.date:
    """The first day of a month named YYYY-MM."""
    return dt.date.fromisoformat(f"{name}-01")
