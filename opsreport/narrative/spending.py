"""The sentences on what steers the bill: logs that are kept, budgets that warn, savings that came true."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.schemas.cost import ALL
from opsreport.theme import Style, is_unknown

_F = "spending.finding"
_LOGS, _BUDGET, _ADVICE = Rows("log_group"), Rows("budget"), Rows("recommendation")
#: By whether it is one saving, and whether there is an estimate to compare with.
_WORTH = {
    (True, True): "By the bill, {count} saving that was carried out is worth {worth} a month, where {expected} was "
    "estimated.",
    (True, False): "By the bill, {count} saving that was carried out is worth {worth} a month.",
    (False, True): "By the bill, {count} savings that were carried out are worth {worth} a month, where {expected} was "
    "estimated.",
    (False, False): "By the bill, {count} savings that were carried out are worth {worth} a month.",
}
_NAMED = 3  # of what is short or not watched, each told in a sentence


def finding(
    logs: pd.DataFrame, budgets: pd.DataFrame, ledger: pd.DataFrame, style: Style, absent: str = "",
    missing: Sequence[str] = (),
) -> Exhibit:  # fmt: skip
    """What opens the section: logs kept too short and too long, budgets nobody watches, savings measured.

    Parameters
    ----------
    logs, budgets, ledger : DataFrame
        From `opsreport.metrics.spending`.
    absent : str
        Why the section has nothing to show, if it has not.
    missing : sequence of str
        Why a part of it has nothing to show; empty texts say nothing.
    """
    if absent:
        return notice(_F, absent, style)
    missed = [*_short_logs(logs, style), *_unwatched(budgets, style)]
    kept, saved = _kept_for_ever(logs, style), _saved(ledger, style)
    parts = [*missed, *kept, *_long_logs(logs, style), *_as_agreed(logs, budgets, style), *saved]
    parts += [*_not_seen(logs, budgets, style), *(prose(_F, "{said}", style, said=said) for said in missing if said)]
    if not parts:
        return prose(_F, "Of logs, budgets and savings nothing was agreed or proposed.", style)
    return join(_F, parts, lead=[*missed, *kept[:1]] or parts[:1])


def method(style: Style) -> Exhibit:
    """How logs, budgets and savings are judged, for whoever wants to check it."""
    return prose(
        "spending.method",
        "Log stores and budgets count as they were last seen before the month ended; what was last seen more than five "
        "weeks before is not judged. What keeping a log store costs is what the bill charges for its storage, where "
        "the charge names it and says that it is storage. An agreed limit would save the share of that which is for "
        "lines older than the limit: where nothing expires, what was held that many days ago over what is held now; "
        "where a longer limit is set, by what was written in the days of both. A saving that was carried out is "
        "measured in the bill: what its resource cost a day in the last whole month before, less what it costs a day "
        "now, times the days of the month. Where the bill does not name the resource, it is unknown.",
        style, "method",
    )  # fmt: skip


def _short_logs(logs: pd.DataFrame, style: Style) -> list[Exhibit]:
    short = logs[logs["log_state"] == "shorter than agreed"]
    parts = []
    for place, row in enumerate(short.head(_NAMED).to_dict("records")):
        at, rows = f"{_F}.short.{place}", Rows("log_group", {"log_group": row["log_group"]})
        parts.append(prose(
            at, "The agreed retention of logs was missed: {name} is kept for {kept} days, where {agreed} were agreed.",
            style, name=row["log_group"],
            kept=Fact(f"{at}.kept", row["retention_days"], "count", measure="retention_days", rows=rows),
            agreed=Fact(f"{at}.agreed", row["agreed_days"], "count", measure="agreed_days", rows=rows),
        ))  # fmt: skip
    if len(short) > _NAMED:
        parts.append(prose(_F, "It was missed for {more} more.", style,
                           more=Fact(f"{_F}.short.more", len(short) - _NAMED, "count", rows=_LOGS)))  # fmt: skip
    return parts


def _unwatched(budgets: pd.DataFrame, style: Style) -> list[Exhibit]:
    words = {
        "no budget there": "No budget at the provider watches the {agreed} agreed for {of}, so nobody is told when "
        "that is passed.",
        "another amount": "The budget at the provider for {of} is {there}, where {agreed} was agreed.",
        "nobody is told": "The budget of {agreed} for {of} is set up at the provider, but nobody is told when it is "
        "passed.",
    }  # fmt: skip
    found = budgets[budgets["budget_state"].isin(list(words))].head(_NAMED)
    parts = []
    for place, row in enumerate(found.to_dict("records")):
        at, code, template = f"{_F}.budget.{place}", row["billing_currency"], words[row["budget_state"]]
        rows = _BUDGET if is_unknown(row["budget_name"]) else Rows("budget", {"budget_name": row["budget_name"]})
        facts = {
            name: Fact(f"{at}.{name}", row[column], "money", currency=code, measure=column, rows=rows)
            for name, column in (("agreed", "agreed_budget"), ("there", "provider_budget")) if f"{{{name}}}" in template
        }  # fmt: skip
        of = style.say("the whole bill") if row["service"] == ALL else row["service"]
        parts.append(prose(at, template, style, of=of, **facts))
    return parts


def _kept_for_ever(logs: pd.DataFrame, style: Style) -> list[Exhibit]:
    held = logs[logs["log_state"] == "kept for ever"]
    if held.empty:
        return []
    count = Fact(f"{_F}.unlimited", len(held), "count", rows=Rows("log_group", {"retention_days": None}))
    parts = []
    for code, part in held.groupby("billing_currency", sort=True):
        told = part["log_storage_cost"].dropna()
        if told.empty:
            continue
        at = f"{_F}.unlimited.{code.lower()}"
        cost = Fact(f"{at}.cost", told.sum(), "money", currency=code, measure="log_storage_cost",
                    rows=_charged(part[part["log_storage_cost"].notna()]))  # fmt: skip
        words = ("{count} log store is kept for ever; keeping it cost {cost} this month." if len(held) == 1 else
                 "{count} log stores are kept for ever; keeping them cost {cost} this month.")  # fmt: skip
        parts.append(prose(at, words, style, count=count, cost=cost))
        saving = part["limit_saving"].dropna()
        if len(saving):
            parts.append(prose(
                at, "The agreed limit would have saved about {saving} of that.", style,
                saving=Fact(f"{at}.saving", saving.sum(), "money", currency=code, measure="limit_saving",
                            rows=_charged(part[part["limit_saving"].notna()])),
            ))  # fmt: skip
    if not parts:
        words = ("{count} log store is kept for ever; what that costs the bill does not tell." if len(held) == 1 else
                 "{count} log stores are kept for ever; what that costs the bill does not tell.")  # fmt: skip
        parts.append(prose(_F, words, style, count=count))
    return parts


def _charged(logs: pd.DataFrame) -> Rows:
    """The charges of the bill that log stores' amounts are of: those of its resource where it is of one."""
    named = logs["resource_id"].dropna().unique()
    return Rows("cost", {"resource_id": named[0]} if len(named) == 1 else {})


def _long_logs(logs: pd.DataFrame, style: Style) -> list[Exhibit]:
    count = int((logs["log_state"] == "longer than agreed").sum())
    if not count:
        return []
    words = ("{count} log store is kept longer than agreed." if count == 1 else
             "{count} log stores are kept longer than agreed.")  # fmt: skip
    return [prose(_F, words, style, count=Fact(f"{_F}.long", count, "count", rows=_LOGS))]


def _as_agreed(logs: pd.DataFrame, budgets: pd.DataFrame, style: Style) -> list[Exhibit]:
    """What is in order, where all of it is."""
    parts = []
    if len(logs) and (logs["log_state"] == "as agreed").all():
        parts.append(prose(_F, "Every log store is kept as long as agreed.", style))
    if len(budgets) and (budgets["budget_state"] == "as agreed").all():
        parts.append(prose(_F, "Every agreed budget is set up at the provider, with an alert.", style))
    return parts


def _not_seen(logs: pd.DataFrame, budgets: pd.DataFrame, style: Style) -> list[Exhibit]:
    parts = []
    if (logs["log_state"] == "not seen lately").any():
        parts.append(prose(_F, "Some log stores were not seen lately, so how they are kept now is not known.", style))
    states = budgets["budget_state"]
    if (states == "not seen lately").any():
        parts.append(prose(_F, "Budgets at the provider were not seen lately, so whether they warn is not known.",
                           style))  # fmt: skip
    if (states == "whether anybody is told is not known").any():
        parts.append(prose(_F, "Whether anybody is told when a budget is passed is not known.", style))
    return parts


def _saved(ledger: pd.DataFrame, style: Style) -> list[Exhibit]:
    parts = []
    for code, part in ledger.groupby("billing_currency", sort=True):
        at, of = f"{_F}.savings.{code.lower()}", part.set_index("saving_status")
        if "done" in of.index:
            parts += _done(of.loc["done"], at, code, style)
        wait = of.reindex(["proposed", "accepted"])["saving_estimate"].dropna()
        if len(wait):
            words = "Savings of {open} a month are proposed or accepted, and not carried out."
            parts.append(prose(at, words, style, open=Fact(f"{at}.open", wait.sum(), "money", currency=code,
                                                           measure="saving_estimate", rows=_ADVICE)))  # fmt: skip
    return parts


def _done(row: pd.Series, at: str, code: str, style: Style) -> list[Exhibit]:
    """What was carried out, estimated and measured over the same ones."""
    behind = Rows("recommendation", {"status": "done"})
    if is_unknown(row["saving_measured"]):
        words = "What the savings that were carried out came to cannot be measured in the bill."
        return [prose(at, words, style)]
    worth = Fact(f"{at}.measured", row["saving_measured"], "money", currency=code, measure="saving_measured",
                 rows=Rows("cost"))  # fmt: skip
    facts = {
        "count": Fact(f"{at}.count", row["savings_measured"], "count", measure="savings_measured", rows=behind),
        "worth": worth,
    }  # fmt: skip
    is_one, is_compared = row["savings_measured"] == 1, not is_unknown(row["saving_gap"])
    if is_compared:
        facts["expected"] = Fact(f"{at}.expected", row["saving_measured"] - row["saving_gap"], "money", currency=code,
                                 measure="saving_estimate", rows=behind)  # fmt: skip
    parts = [prose(at, _WORTH[is_one, is_compared], style, **facts)]
    rest = row["savings"] - row["savings_measured"]
    if rest:
        words = "{rest} more cannot be measured, and the table says why."
        parts.append(prose(at, words, style, rest=Fact(f"{at}.rest", rest, "count", rows=behind)))
    return parts
