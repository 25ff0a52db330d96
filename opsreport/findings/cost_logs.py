"""What logs ask for: an end to what jumped, a limit where there is none, a longer one where audits need it.

No saving is counted twice: a jump is worth what is written beyond the usual, a limit is worth what
keeping costs of lines that are older than it, and a line that is not yet old is in neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
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


#: By whether a release coincides, and whether an incident names it.
_JUMPED = {
    (False, False): "On {day} {what} grew to {ratio} their usual volume; that cost {rise} more this month, and would "
    "come to {monthly} in a whole month.",
    (True, False): "On {day} {what} grew to {ratio} their usual volume, which coincides with the release {release}; "
    "that cost {rise} more this month, and would come to {monthly} in a whole month.",
    (True, True): "On {day} {what} grew to {ratio} their usual volume, which coincides with the release {release}; "
    "that cost {rise} more this month, and would come to {monthly} in a whole month. The incident {incident} names "
    "the same release.",
}


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
        service = _known(row["service"]) or ""
        at, of = f"log_volume_jumped.{slug(row['log_group'])}", _of(row)
        both = month.style.say(" and ")
        facts = {
            "what": of, "ratio": Fact(f"findings.{at}.ratio", row["jump_ratio"], "ratio"),
            "day": Fact(f"findings.{at}.day", day, "date"), "release": both.join(releases),
            "rise": money(f"{at}.rise", row["jump_extra"], code), "incident": both.join(one.said for one in named),
            "monthly": money(f"{at}.monthly", row["jump_monthly"], code), "cause": f"the growth of {of}",
            "writer": service or row["log_group"], **_told_of(month, at, service, day, named),
        }  # fmt: skip
        yield Finding(
            f"cost.log_volume_jumped.{slug(row['log_group'])}", "cost", _JUMPED[bool(releases), bool(named)],
            "Take back what {release} logs beyond need." if releases else "Find out what writes so much.", facts,
            Rows("cost", {"resource_id": _known(row["resource_id"]), "sku_id": _known(row["sku_id"])}),
            owner_of(month, row["service"]), NOW, row["jump_monthly"], code, causes="cost", service=service, since=day,
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
        action = "Let the lines of {name} expire after {agreed} days, as agreed." if is_agreed else (
            "Agree how long {name} is to be kept, and set that limit.")  # fmt: skip
        yield Finding(
            f"cost.logs_without_limit.{slug(row['log_group'])}", "cost", title, action, facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), PLAN,
            None if is_unknown(row["limit_saving"]) else row["limit_saving"], _known(row["billing_currency"]) or "",
            asks=not is_agreed,
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
            "Keep {name} for {agreed} days from today; what has expired cannot be had back.", facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), NOW, asks=True,
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
            "{name} is kept for {kept} days, where {agreed} were agreed.",
            "Keep {name} for {agreed} days, as agreed.", facts,
            Rows("log_group", {"log_group": row["log_group"]}), owner_of(month, row["service"]), PLAN,
            None if is_unknown(row["limit_saving"]) else row["limit_saving"], _known(row["billing_currency"]) or "",
            asks=True,
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


@dataclass(frozen=True)
class _Named:
    """An incident, as it is said."""

    id: str
    said: str
    opened_at: pd.Timestamp


def _incidents(month: Month, releases: list[str]) -> list[_Named]:
    """Incidents of the month that name one of the releases, oldest first."""
    rows = month.rows("incident")
    rows = rows[rows["deployment_id"].isin(releases)].sort_values("opened_at")
    return [
        _Named(row["incident_id"], row["incident_id"] if is_unknown(row["title"])
               else f"{row['incident_id']} (“{row['title']}”)", row["opened_at"])
        for row in rows.to_dict("records")
    ]  # fmt: skip


def _told_of(month: Month, at: str, service: str, day: dt.date, named: list[_Named]) -> dict[str, Any]:
    """What else the records tell: the one piece of work of that service and day, and when the first incident began."""
    facts = {}
    work = month.rows("work", service=service) if service else month.work.iloc[:0]
    work = work[(work["done_on"].dt.tz_convert(month.period.zone).dt.date == day) & work["title"].notna()]
    if len(work) == 1:  # of several, no record says which belongs to it
        row = work.iloc[0]
        facts["work"] = Fact(f"findings.{at}.work", row["title"], rows=Rows("work", {"work_id": row["work_id"]}))
    if named:
        first = Rows("incident", {"incident_id": named[0].id})
        facts["incident_first"] = named[0].said
        facts["incident_on"] = Fact(f"findings.{at}.incident_on", named[0].opened_at, "day", rows=first)
    return facts


def _known(value: Any) -> Any:
    return None if is_unknown(value) else value
