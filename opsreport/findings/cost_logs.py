"""What logs ask for: an end to what jumped, a limit where there is none, a longer one where audits need it.

No saving is counted twice: a jump is worth what is written beyond the usual, a limit is worth what
keeping costs of lines that are older than it, and a line that is not yet old is in neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, PLAN, THIS_MONTH, Finding, money, owner_of, slug
from opsreport.metrics import cost as metrics
from opsreport.metrics import spending_logs, timeline
from opsreport.metrics.cost_sums import total
from opsreport.metrics.deployments import production
from opsreport.metrics.spending_jumps import log_jumps
from opsreport.month import Month
from opsreport.schemas import TEXT
from opsreport.theme import is_unknown

#: A jump is worth a finding from this share of the month's spend on, for a month at its rate.
_OF_SPEND = Decimal("0.01")
#: Log stores without a limit that have a finding each; the rest share one.
_NAMED = 5


def log_volume_jumped(month: Month) -> Iterable[Finding]:
    """A log store that takes in twice its usual or more: since when, beside which release, at what cost.

    Usual is the median of the 28 days before. The estimate is what the days since cost beyond the
    usual, for a whole month at this rate: 15.00 a day more is 465.00 in 31 days. The release is one
    of the same service on that day, else on the day before; it coincides, and is not said to be the
    cause. An incident that names the release is named as well.
    Where the bill does not tell the log store's days, its own months are compared, without an estimate.
    """
    bill = metrics.in_currency(month.cost, month.client)
    spent = metrics.spend(bill, month.period).set_index("billing_currency")["spend"]
    for row in log_jumps(month.log_group, bill, month.period, month.seen("cost")).to_dict("records"):
        code, day = row["billing_currency"], row["jumped_on"]
        if is_unknown(day):
            yield _grown(row, month)
            continue
        if row["jump_monthly"] < spent[code] * _OF_SPEND:
            continue
        releases = _releases(month, row["service"], day)
        named = _incidents(month, releases)
        at, of = f"log_volume_jumped.{slug(row['log_group'])}", _of(row)
        both = month.style.say(" and ")
        facts = {
            "what": of, "ratio": Fact(f"findings.{at}.ratio", row["jump_ratio"], "ratio"),
            "day": Fact(f"findings.{at}.day", day, "date"), "release": both.join(releases),
            "rise": money(f"{at}.rise", row["jump_extra"], code), "incident": both.join(named),
            "monthly": money(f"{at}.monthly", row["jump_monthly"], code), "cause": f"the growth of {of}",
        }  # fmt: skip
        title = "On {day} {what} grew to {ratio} their usual volume, which cost {rise} more this month"
        title += "; that coincides with the release {release}." if releases else "."
        if named:
            title += " The incident {incident} names the same release."
        action = "Find out what writes so much; what is beyond the usual costs {monthly} a month."
        if releases:
            action = "Take back what {release} logs beyond need; what is beyond the usual costs {monthly} a month."
        yield Finding(
            f"cost.log_volume_jumped.{slug(row['log_group'])}", "cost", title, action, facts,
            Rows("cost", {"resource_id": _known(row["resource_id"]), "sku_id": _known(row["sku_id"])}),
            owner_of(month, row["service"]), NOW, row["jump_monthly"], code, causes="cost",
        )  # fmt: skip


def logs_without_limit(month: Month) -> Iterable[Finding]:
    """Logs that are kept for ever: what keeping them costs, and the limit to set.

    The estimate is the month's storage of the log store x the share of what it holds that is older
    than the agreed limit; None where no limit is agreed, the bill does not tell the storage, or the
    history does not reach back so far. Five log stores have a finding each, the rest share one.
    """
    found = _logs(month, spending_logs.FOR_EVER)
    for row in found[:_NAMED]:
        at, is_agreed = f"logs_without_limit.{slug(row['log_group'])}", not is_unknown(row["agreed_days"])
        is_told = not is_unknown(row["log_storage_cost"])
        facts = {
            "name": row["log_group"], "held": Fact(f"findings.{at}.held", row["stored_bytes"], "bytes"),
            "agreed": Fact(f"findings.{at}.agreed", row["agreed_days"], "count"),
            "cost": money(f"{at}.cost", row["log_storage_cost"], row["billing_currency"]),
        }  # fmt: skip
        title = "{name} is kept for ever" + (", where {agreed} days were agreed" if is_agreed else "")
        title += ": it holds {held}" + (", and keeping it cost {cost}." if is_told else ".")
        action = "Let its lines expire after {agreed} days, as agreed." if is_agreed else (
            "Agree how long it is to be kept, and set that limit.")  # fmt: skip
        yield Finding(
            f"cost.logs_without_limit.{slug(row['log_group'])}", "cost", title, action, facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), PLAN,
            None if is_unknown(row["limit_saving"]) else row["limit_saving"], _known(row["billing_currency"]) or "",
        )  # fmt: skip
    yield from _others(found[_NAMED:])


def logs_shorter_than_agreed(month: Month) -> Iterable[Finding]:
    """Logs that expire sooner than was agreed: what an audit asks for is gone, and cannot be had back."""
    for row in _logs(month, spending_logs.SHORTER):
        at = f"logs_shorter_than_agreed.{slug(row['log_group'])}"
        agreed = spending_logs.agreed_for(month.agreements, month.period, row["log_group"])
        facts = {
            "name": row["log_group"], "kept": Fact(f"findings.{at}.kept", row["retention_days"], "count"),
            "agreed": Fact(f"findings.{at}.agreed", row["agreed_days"], "count"), "reason": agreed.reason,
        }  # fmt: skip
        title = "{name} is kept for {kept} days, where {agreed} were agreed"
        yield Finding(
            f"cost.logs_shorter_than_agreed.{slug(row['log_group'])}", "cost",
            title + (": {reason}." if agreed.reason else "."),
            "Raise its limit to {agreed} days today: what has expired cannot be had back.", facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), NOW,
        )  # fmt: skip


def logs_longer_than_agreed(month: Month) -> Iterable[Finding]:
    """Logs whose limit is longer than was agreed: what the agreed one would save.

    The estimate is the month's storage x the share of what is kept that is older than the agreed
    limit, by what was written in the days of each; None where that is not known.
    """
    for row in _logs(month, spending_logs.LONGER):
        at = f"logs_longer_than_agreed.{slug(row['log_group'])}"
        facts = {
            "name": row["log_group"], "kept": Fact(f"findings.{at}.kept", row["retention_days"], "count"),
            "agreed": Fact(f"findings.{at}.agreed", row["agreed_days"], "count"),
        }  # fmt: skip
        yield Finding(
            f"cost.logs_longer_than_agreed.{slug(row['log_group'])}", "cost",
            "{name} is kept for {kept} days, where {agreed} were agreed.", "Lower its limit to {agreed} days.", facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), PLAN,
            None if is_unknown(row["limit_saving"]) else row["limit_saving"], _known(row["billing_currency"]) or "",
        )  # fmt: skip


def _logs(month: Month, state: str) -> list[dict[str, Any]]:
    bill = metrics.in_currency(month.cost, month.client)
    made = spending_logs.logs(month.log_group, bill, month.period, month.agreements, month.seen("cost"))
    return made[made["log_state"] == state].to_dict("records")


def _others(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    """The log stores that are kept for ever and have no finding of their own."""
    codes = {row["billing_currency"] for row in rows if not is_unknown(row["billing_currency"])}
    savings = [row["limit_saving"] for row in rows if not is_unknown(row["limit_saving"])]
    if rows:
        yield Finding(
            "cost.logs_without_limit.others", "cost", "Further log stores are kept for ever: {count}.",
            "Set a limit for each, and one that every new log store begins with.",
            {"count": Fact("findings.logs_without_limit.others.count", len(rows), "count")},
            Rows("log_group", {"retention_days": None}), urgency=PLAN,
            estimate=total(savings) if savings and len(codes) == 1 else None,
            currency=codes.pop() if len(codes) == 1 else "",
        )  # fmt: skip


def _grown(row: dict[str, Any], month: Month) -> Finding:
    """A jump that only the log store's own months show."""
    at = f"log_volume_jumped.{slug(row['log_group'])}"
    facts = {
        "what": _of(row), "written": Fact(f"findings.{at}.written", row["ingested_bytes"], "bytes"),
        "usual": Fact(f"findings.{at}.usual", row["usual_bytes"], "bytes"),
    }  # fmt: skip
    return Finding(
        f"cost.log_volume_jumped.{slug(row['log_group'])}", "cost",
        "This month {what} took in {written}, where {usual} are usual; the bill does not tell since which day.",
        "Find out since when and why, and take back what is not needed.", facts,
        Rows("log_group", {"log_group": row["log_group"]}, "history"), owner_of(month, row["service"]), THIS_MONTH,
    )  # fmt: skip


def _of(row: dict[str, Any]) -> str:
    return f"the logs of {row['log_group'] if is_unknown(row['service']) else row['service']}"


def _releases(month: Month, service: Any, day: Any) -> list[str]:
    """The deployments that coincide, by the timeline's own rule; those of the day itself where there are any."""
    if is_unknown(service):
        return []
    odd = pd.DataFrame({"charge_day": [day], "service": pd.Series([service], dtype=TEXT)})
    shipped = production(month.deployment, month.client.services, month.incident)
    told = timeline.coincidences(None, None, shipped, odd, month.period)
    nearest = told[told["gap"] == told["gap"].min()]
    return [what.partition(": ")[2] or what for what in nearest["coincides_with"]]


def _incidents(month: Month, releases: list[str]) -> list[str]:
    """Incidents of the month that name one of the releases, with what they were called."""
    rows = month.rows("incident")
    rows = rows[rows["deployment_id"].isin(releases)].sort_values("opened_at")
    titles = zip(rows["incident_id"], rows["title"], strict=True)
    return [id if is_unknown(title) else f"{id} (“{title}”)" for id, title in titles]


def _known(value: Any) -> Any:
    return None if is_unknown(value) else value
