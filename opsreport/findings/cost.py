"""What the bill and its budgets ask for: tags, alerts, and an answer to what is new or out of the usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from opsreport.coverage import share_seen
from opsreport.exhibit import Fact, Rows
from opsreport.findings import PLAN, THIS_MONTH, Finding, money, owner_of, readable, slug
from opsreport.metrics import cost as metrics
from opsreport.metrics import spending_budgets
from opsreport.metrics.cost_sums import CONTEXT, ZERO, total
from opsreport.metrics.spending_new import new_resources
from opsreport.metrics.spending_traffic import heavier_requests
from opsreport.month import Month
from opsreport.schemas.cost import ALL, NONE
from opsreport.theme import is_unknown

#: A new resource is worth a finding from this share of the rise of the bill on.
_OF_RISE = Decimal("0.05")
#: Days out of the usual, from this share of the month's spend on.
_OF_SPEND = Decimal("0.01")
#: What a request takes, over what it used to, and the transfer's least share of the month's spend.
_HEAVIER, _TRANSFER_SHARE = 1.2, Decimal("0.03")
_EVERY = 10**6


def untagged_spend(month: Month) -> Iterable[Finding]:
    """Spend that carries not all of the required tags: what to tag first, and what is new among it.

    It saves nothing in itself, so it has no estimate.
    """
    required = month.client.cost.required_tags
    if not required:
        return
    bill = metrics.in_currency(month.cost, month.client)
    bare = metrics.untagged(bill, month.period, required, n=_EVERY)
    new = set(new_resources(bill, month.period, month.seen("cost"))["resource_id"])
    for code, part in bare.groupby("billing_currency", sort=True):
        mine = [name for name in part["resource_id"] if name in new]
        first = part.iloc[0]
        facts = {
            "spent": money("untagged_spend.spent", total(part["spend"]), code), "tags": ", ".join(required),
            "first": readable(first["resource_id"]) if first["resource_id"] != NONE else first["service_name"],
            "most": money("untagged_spend.most", first["spend"], code),
            "new": month.style.say(" and ").join(map(readable, mine)),
        }  # fmt: skip
        title = "Usage of {spent} lacks one or more of the required tags ({tags}); most of it is {first}, with {most}."
        if mine:
            title += " New this month without its tags: {new}."
        yield Finding(
            f"cost.untagged_spend.{code.lower()}", "cost", title,
            "Name an owner for {first} and tag it; then refuse what is created without these tags.", facts,
            _untagged_rows(month, bill, first), urgency=THIS_MONTH if mine else PLAN, currency=code,
        )  # fmt: skip


def budget_without_alert(month: Month) -> Iterable[Finding]:
    """Budgets that were agreed, but that nobody watches: none at the provider, another amount, or no alert."""
    was_seen = share_seen(month.seen("budget"), month.period) > 0
    titles = {
        spending_budgets.NONE_THERE: "No budget at the provider watches the {agreed} that was agreed for {of}: "
        "nobody is told when it is passed.",
        spending_budgets.OTHER_AMOUNT: "The budget {name} at the provider is {there}, where {agreed} was agreed "
        "for {of}.",
        spending_budgets.NO_ALERT: "The budget {name} at the provider tells nobody when {of} passes {agreed}.",
    }  # fmt: skip
    actions = {
        spending_budgets.NONE_THERE: "Set up a budget of {agreed} at the provider, with an alert before it is passed.",
        spending_budgets.OTHER_AMOUNT: "Set the budget {name} to {agreed}.",
        spending_budgets.NO_ALERT: "Add an alert to the budget {name}, before and at {agreed}.",
    }
    for row in spending_budgets.budgets(month.budget, month.period, month.client, was_seen).to_dict("records"):
        if row["budget_state"] not in titles:
            continue
        code, name = row["billing_currency"], None if is_unknown(row["budget_name"]) else row["budget_name"]
        facts = {
            "agreed": money(f"budget_without_alert.{slug(row['service'])}.agreed", row["agreed_budget"], code),
            "there": money(f"budget_without_alert.{slug(row['service'])}.there", row["provider_budget"], code),
            "name": name or "", "of": _whole(row["service"]),
        }  # fmt: skip
        yield Finding(
            f"cost.budget_without_alert.{slug(row['service'])}", "cost", titles[row["budget_state"]],
            actions[row["budget_state"]], facts, Rows("budget", {"budget_name": name} if name else {}),
            owner_of(month, row["service"]), THIS_MONTH, currency=code,
        )  # fmt: skip


def budget_exceeded(month: Month) -> Iterable[Finding]:
    """Spend over an agreed budget, and the day on which it passed it.

    What it is over by is no saving that anybody knows how to make: it has no estimate, and the
    findings on what is behind it have theirs.
    """
    bill, seen, terms = metrics.in_currency(month.cost, month.client), month.seen("cost"), month.client
    made = metrics.budget(bill, month.period, terms.agreement, seen, terms.exchange_rates, terms.currency)
    for row in made[made["verdict"] == "missed"].to_dict("records"):
        code, service, at = row["billing_currency"], row["service"], f"budget_exceeded.{slug(row['service'])}"
        own = bill if service == ALL else bill[(bill["service"] == service).fillna(False)]
        day = _passed_on(metrics.daily(own, month.period, seen=seen), code, row["budget"])
        title = "Spend on {of} was {over} over the budget of {budget}"
        facts = {
            "over": money(f"{at}.over", row["over_budget"], code), "of": _whole(service),
            "budget": money(f"{at}.budget", row["budget"], code), "day": Fact(f"findings.{at}.day", day, "date"),
        }  # fmt: skip
        yield Finding(
            f"cost.budget_exceeded.{slug(service)}", "cost",
            f"{title}, which it passed on {{day}}." if day else f"{title}.",
            _OVER[_rose(own, month, code)], facts,
            Rows("cost", {} if service == ALL else {"service": service}), owner_of(month, service), THIS_MONTH,
            currency=code, asks=True,
        )  # fmt: skip


#: What a budget that was passed asks for, by whether the spend rose.
_OVER = {
    True: "Decide what of the rise in {of} is wanted; agree another budget for that, and take back the rest.",
    False: "Decide whether {budget} still is what {of} should cost: agree another budget, or take back what is over "
    "it.",
}


def new_spend(month: Month) -> Iterable[Finding]:
    """A new resource behind five per cent or more of the bill's rise, still running, beside an old one or not.

    Where exactly one older resource of the same account and provider's service still runs, the
    estimate is what the cheaper of the two costs a month: one of them is to go, and it is not said
    which. Otherwise there is no estimate; nor where a recommendation to do something about one of
    the two is open, which has its own.
    """
    bill = metrics.in_currency(month.cost, month.client)
    waiting = month.recommendation["status"].isin(["proposed", "accepted"])
    advised = set(month.recommendation.loc[waiting, "resource"].dropna())
    changes = metrics.change(bill, month.period, month.seen("cost")).set_index("billing_currency")["spend_change"]
    for row in new_resources(bill, month.period, month.seen("cost")).to_dict("records"):
        code, rise = row["billing_currency"], changes.get(row["billing_currency"])
        if is_unknown(rise) or rise <= 0 or row["spend"] < rise * _OF_RISE:
            continue
        is_beside, at = not is_unknown(row["beside"]), f"new_spend.{slug(row['resource_id'])}"
        title = "{what}, new since {day}, added {rise}"
        action = "Say what {what} is for and who owns it; switch it off if nobody does."
        estimate = None
        if is_beside:
            title += ", and {old} of the same service still runs beside it"
            action = "Finish the move from {old} to {what}, and switch off the one that is not needed."
            counted = {row["resource_id"], row["beside"]} & advised
            estimate = None if counted else min(row["new_monthly"], row["beside_monthly"])
        facts = {
            "what": readable(row["resource_id"]), "day": Fact(f"findings.{at}.day", row["new_on"], "date"),
            "rise": money(f"{at}.rise", row["spend"], code), "old": readable(row["beside"]) if is_beside else "",
            "cause": f"{readable(row['resource_id'])}, which is new",
        }  # fmt: skip
        yield Finding(
            f"cost.new_spend.{slug(row['resource_id'])}", "cost", f"{title}.", action, facts,
            Rows("cost", {"resource_id": row["resource_id"]}), owner_of(month, row["service"]), THIS_MONTH, estimate,
            code, causes="cost",
        )  # fmt: skip


def cacheable_traffic(month: Month) -> Iterable[Finding]:
    """Transfer that grew by a fifth or more for each request: less is served from caches, or pages are heavier.

    The estimate is what of the month's transfer the higher ratio explains: cost x (1 - 1 / ratio).
    Only where the bill shows both for one resource, in this month and the three before.
    """
    bill = metrics.in_currency(month.cost, month.client)
    spent = metrics.spend(bill, month.period).set_index("billing_currency")["spend"]
    for row in heavier_requests(bill, month.period, month.seen("cost")).to_dict("records"):
        code, at = row["billing_currency"], f"cacheable_traffic.{slug(row['resource_id'])}"
        if row["traffic_ratio"] < _HEAVIER or row["traffic_cost"] < spent[code] * _TRANSFER_SHARE:
            continue
        facts = {
            "what": readable(row["resource_id"]), "ratio": Fact(f"findings.{at}.ratio", row["traffic_ratio"], "ratio"),
            "cost": money(f"{at}.cost", row["traffic_cost"], code),
        }  # fmt: skip
        yield Finding(
            f"cost.cacheable_traffic.{slug(row['resource_id'])}", "cost",
            "A request to {what} took {ratio} the transfer that it took before; transfer cost {cost}.",
            "Look at what is served past the cache: compression, lifetimes of images and scripts, new large files.",
            facts, Rows("cost", {"resource_id": row["resource_id"]}), owner_of(month, row["service"]), PLAN,
            row["traffic_extra"], code,
        )  # fmt: skip


def one_off_cost(month: Month) -> Iterable[Finding]:
    """Days out of the usual that are over, worth one per cent of the month's spend or more.

    What still goes on when the month ends is left to the other rules. It has no estimate: what is
    over saves nothing when it is looked at.
    """
    bill = metrics.in_currency(month.cost, month.client)
    spent = metrics.spend(bill, month.period).set_index("billing_currency")["spend"]
    last_days = month.period.bill.end_day - dt.timedelta(days=2)
    odd = metrics.anomalies(bill, month.period)
    for (code, name), days in odd.groupby(["billing_currency", "service_name"], sort=True):
        impact = total(days["impact"])
        if max(days["charge_day"]) >= last_days or impact < spent[code] * _OF_SPEND:
            continue
        at = f"one_off_cost.{slug(name)}"
        facts = {
            "service": name, "impact": money(f"{at}.impact", impact, code),
            "day": Fact(f"findings.{at}.day", days["charge_day"].iloc[0], "date"),
        }  # fmt: skip
        yield Finding(
            f"cost.one_off_cost.{slug(name)}", "cost",
            "{service} cost {impact} more than its usual on single days, most of all on {day}.",
            "Find out what ran on {day}, and whether it will again.", facts,
            Rows("cost", {"service_name": name}), urgency=PLAN, currency=code,
        )  # fmt: skip


def _untagged_rows(month: Month, bill: pd.DataFrame, first: pd.Series) -> Rows:
    """All that carry no tag at all where that is all of it, else those of the resource of most spend."""
    held = month.period.bill.contains(bill["charge_period_start"]) & (bill["charge_category"] == "Usage")
    required = month.client.cost.required_tags
    bare = metrics.untagged(bill[held & bill["tags"].notna()], month.period, required, n=1)
    if bare.empty:
        return Rows("cost", {"charge_category": "Usage", "tags": None})
    name = first["resource_id"]
    return Rows("cost", {"resource_id": None, "service_name": first["service_name"]} if name == NONE
                else {"resource_id": name})  # fmt: skip


def _rose(bill: pd.DataFrame, month: Month, code: str) -> bool:
    """Whether spend is known to have risen since the month before."""
    changes = metrics.change(bill, month.period, month.seen("cost")).set_index("billing_currency")["spend_change"]
    rise = changes.get(code)
    return not is_unknown(rise) and rise > 0


def _passed_on(days: pd.DataFrame, code: str, budget: Decimal) -> dt.date | None:
    spent = ZERO
    for row in days[days["billing_currency"] == code].to_dict("records"):
        if is_unknown(row["spend"]):
            return None
        spent = CONTEXT.add(spent, row["spend"])
        if spent > budget:
            return row["charge_day"]
    return None


def _whole(service: str) -> str:
    return "the whole bill" if service == ALL else service
