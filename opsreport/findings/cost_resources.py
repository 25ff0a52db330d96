"""What was recommended of resources, and what was committed and not used.

Each resource's saving is counted once: one that is idle is to go, so it is not also made smaller;
and no estimate is larger than what the resource costs in the month's bill, where that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from opsreport.exhibit import Fact, Rows
from opsreport.findings import PLAN, THIS_MONTH, Finding, money, owner_of, readable, slug
from opsreport.metrics.cost_currency import in_currency
from opsreport.metrics.cost_sums import total
from opsreport.metrics.spending_bill import converted, estimates, match
from opsreport.metrics.spending_savings import ACCEPTED, PROPOSED, savings
from opsreport.month import Month
from opsreport.theme import is_unknown

#: The words of a recommendation for what is not used, and for what is larger than it needs to be.
#: Found in this month, and known from before it.
_IDLE = ("{what} is idle.", "{what} is idle; that is known since {day}.")
_TOO_LARGE = ("{what} is larger than it needs to be.",
              "{what} is larger than it needs to be; that is known since {day}.")  # fmt: skip
IDLE, OVERSIZED = ("idle", "unused"), ("over-sized", "oversized", "right-size", "rightsize")
#: The share of a commitment that may go unused in a month.
_SLACK = Decimal("0.05")


def idle_resources(month: Month) -> Iterable[Finding]:
    """Resources that a recommendation says do nothing, and that still run.

    The estimate is the recommendation's, or where it gives none what the resource cost in the month;
    never more than that.
    """
    for row in _open(month, IDLE):
        cost = _cost_in_month(month, row)
        yield _recommended(month, row, "idle_resources", _IDLE, _least(row["saving_estimate"], cost))


def oversized_resources(month: Month) -> Iterable[Finding]:
    """Resources that a recommendation says are larger than they need to be.

    The estimate is the recommendation's, never more than what the resource cost in the month. A
    resource that is idle as well is left to that rule.
    """
    idle = {row["saving_of"] for row in _open(month, IDLE)}
    for row in _open(month, OVERSIZED):
        if row["saving_of"] in idle and row["saving_of"]:
            continue
        estimate = row["saving_estimate"]
        most = None if is_unknown(estimate) else _least(estimate, _cost_in_month(month, row))
        yield _recommended(month, row, "oversized_resources", _TOO_LARGE, most)


def commitment_unused(month: Month) -> Iterable[Finding]:
    """Reservations and savings plans of which more than five per cent went unused in the month.

    The estimate is what was committed less what was used of it: what of the commitment was paid for
    nothing. What is not known of either is not taken for unused.
    """
    for row in month.rows("commitment").to_dict("records"):
        committed, code = converted(row["committed"], row["billing_currency"], month.client)
        used, _ = converted(row["used"], row["billing_currency"], month.client)
        if committed is None or used is None or committed - used <= committed * _SLACK:
            continue
        at = f"commitment_unused.{slug(row['commitment_id'])}"
        facts = {
            "name": _named(row), "unused": money(f"{at}.unused", committed - used, code),
            "committed": money(f"{at}.committed", committed, code),
        }  # fmt: skip
        yield Finding(
            f"cost.commitment_unused.{slug(row['commitment_id'])}", "cost",
            "Of the {committed} committed for the month with {name}, {unused} were not used.",
            "Move usage under it, exchange it for another, or do not renew it.", facts,
            Rows("commitment", {"commitment_id": row["commitment_id"]}), "", PLAN, committed - used, code,
        )  # fmt: skip


def _named(row: dict[str, Any]) -> str:
    """A commitment by its kind and the last part of its id, which at AWS is an address."""
    kind, name = row["kind"], re.split(r"[/:]", row["commitment_id"])[-1] or row["commitment_id"]
    return name if is_unknown(kind) else f"{kind} {name}"


def _open(month: Month, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Recommendations of a kind that are neither done nor rejected; none of what is no longer recommended."""
    proposed = estimates(month.recommendation, month.client)
    rows = savings(proposed, in_currency(month.cost, month.client), month.period, month.seen("cost")).to_dict("records")
    first = dict(zip(proposed["recommendation_id"], proposed["first_seen_at"], strict=True))
    closed = dict(zip(proposed["recommendation_id"], proposed["closed_at"], strict=True))
    return [
        row | {"first_seen_at": first[row["recommendation_id"]]}
        for row in rows
        if row["saving_status"] in (PROPOSED, ACCEPTED) and str(row["saving_kind"]).casefold() in kinds
        and (is_unknown(closed[row["recommendation_id"]]) or closed[row["recommendation_id"]] >= month.period.end)
    ]  # fmt: skip


def _recommended(
    month: Month, row: dict[str, Any], rule: str, titles: tuple[str, str], estimate: Decimal | None
) -> Finding:
    subject = row["saving_of"] or row["recommendation_id"]
    is_older = row["first_seen_at"] < month.period.start
    facts = {
        "what": readable(subject),
        "action": month.style.say("Look at it") if is_unknown(row["saving_action"]) else row["saving_action"],
        "day": Fact(f"findings.{rule}.{slug(subject)}.day", row["first_seen_at"], "date"),
    }  # fmt: skip
    is_accepted = row["saving_status"] == ACCEPTED
    return Finding(
        f"cost.{rule}.{slug(subject)}", "cost",
        titles[is_older],
        "{action}. It was accepted, and is still to be done." if is_accepted else "{action}.", facts,
        Rows("recommendation", {"recommendation_id": row["recommendation_id"]}), owner_of(month, row["service"]),
        THIS_MONTH if is_accepted else PLAN, estimate, row["billing_currency"], asks=not is_accepted,
    )  # fmt: skip


def _cost_in_month(month: Month, row: dict[str, Any]) -> Decimal | None:
    """What a resource cost in the month; None where the bill does not name it, or not in one currency."""
    bill = in_currency(month.cost, month.client)
    bill = bill[month.period.bill.contains(bill["charge_period_start"]) & (bill["charge_category"] == "Usage")]
    wanted = [row["saving_of"]] if row["saving_of"] else []
    named = [one for one in bill["resource_id"].dropna().unique() if match(one, wanted)]
    own = bill[bill["resource_id"].isin(named)]
    return total(own["billed_cost"]) if set(own["billing_currency"]) == {row["billing_currency"]} else None


def _least(estimate: Any, cost: Decimal | None) -> Decimal | None:
    known = [one for one in (estimate, cost) if not is_unknown(one)]
    return min(known, default=None)
