"""The sentences on findings: how many there are, what they explain of the bill, and what was not found."""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.narrative.cause import cause
from opsreport.theme import Style

__all__ = ["cause", "figures", "finding", "method", "nothing_found", "summary"]

_F = "findings.finding"
_URGENT = {"now": "now", "this_month": "this month", "plan": "plan"}


def finding(found: Sequence[Any], changes: pd.DataFrame, answers: pd.DataFrame, month: Any) -> Exhibit:
    """What opens the section: how much was found, and what of it explains the bill.

    Parameters
    ----------
    found : sequence of opsreport.findings.Finding
    changes : DataFrame
        From `opsreport.metrics.cost.change`.
    answers : DataFrame
        From `opsreport.decisions.answers`.
    month : opsreport.Month
    """
    causes = cause(found, changes, answers, month.style)
    opening = summary(found, month)
    return join(_F, [opening, *causes], lead=[opening, *causes])


def summary(found: Sequence[Any], month: Any) -> Exhibit:
    """How many findings there are, how soon they are to be answered, and what they would save together."""
    if not found:
        return prose(_F, "No rule found anything in what was seen of this month.", month.style)
    facts = {"count": Fact(f"{_F}.count", len(found), "count")}
    for name, urgency in _URGENT.items():
        facts[name] = Fact(f"{_F}.{name}", sum(one.urgency == urgency for one in found), "count")
    one = "{count} finding asks for an answer: {now} to be given now, {this_month} this month, {plan} to be planned."
    many = "{count} findings ask for an answer: {now} to be given now, {this_month} this month, {plan} to be planned."
    opening = prose(_F, one if len(found) == 1 else many, month.style, **facts)
    return join(_F, [opening, *_worth(found, month.style)])


def figures(listed: pd.DataFrame, found: Sequence[Any]) -> pd.DataFrame:
    """The rows of `opsreport.findings.listing`, each figure with the records that show its finding."""
    estimates = [Fact("", one.estimate, "money", None, one.currency, unknown="–", measure="estimate",
                      rows=one.rows) for one in found]  # fmt: skip
    counts = [Fact("", value, "count", measure="evidence_rows", rows=one.rows)
              for value, one in zip(listed["evidence_rows"], found, strict=True)]  # fmt: skip
    return listed.assign(estimate=pd.Series(estimates, index=listed.index, dtype=object),
                         evidence_rows=pd.Series(counts, index=listed.index, dtype=object))  # fmt: skip


def nothing_found(silent: pd.DataFrame, style: Style) -> Exhibit:
    """Which rules were asked and found nothing, and which could not tell for want of records.

    Parameters
    ----------
    silent : DataFrame
        From `opsreport.findings.silent`.
    """
    looked, blind = silent[silent["unseen"] == ""], silent[silent["unseen"] != ""]
    titles = dict.fromkeys(title for titles in blind["unseen"] for title in titles.split(", "))
    missing = ", ".join(style.within(style.say(title)) for title in titles)
    heads = [
        (looked, style.say("Asked as well, with nothing found in what was seen")),
        (blind, style.say("Not to be told, for want of records ({missing})", missing=missing)),
    ]
    parts = [_folded(head, rules["looks_for"], style) for rules, head in heads if len(rules)]
    return join("findings.silent", parts, "note") if parts else prose(
        "findings.silent", "Every rule that was asked found something.", style, "note")  # fmt: skip


def _folded(head: str, looks_for: pd.Series, style: Style) -> Exhibit:
    """A list that is read by whoever asks for it: some forty questions are a wall to everybody else."""
    asked = [style.say(text) for text in looks_for]
    items = "".join(f"<li>{html.escape(text)}</li>" for text in asked)
    return Exhibit(
        "findings.silent", "prose", f"<details><summary>{html.escape(head)}</summary><ul>{items}</ul></details>",
        f"{head}: {'; '.join(style.within(text) for text in asked)}.", about={"role": "note"},
    )  # fmt: skip


def method(style: Style) -> Exhibit:
    """What a finding is, and what its estimate is worth."""
    return prose(
        "findings.method",
        "A finding is what one rule saw in the records; what was not seen is never taken for a sign. Its estimate is "
        "what it would save in a month of this length, worked out as the rule says, and no saving stands in two "
        "findings; where a saving cannot be worked out there is none, and the sum leaves it out. A release that "
        "coincides began on the same day or the day before: that says where to look, not what caused what.",
        style, "method",
    )  # fmt: skip


def _worth(found: Sequence[Any], style: Style) -> list[Exhibit]:
    """What the findings with an estimate would save together, a sentence a currency."""
    sums: dict[str, list[Decimal]] = {}
    for one in found:
        if one.estimate is not None:
            sums.setdefault(one.currency, []).append(one.estimate)
    words = "Those with an estimate come to about {estimate} a month."
    return [
        prose(f"{_F}.estimate", words, style,
              estimate=Fact(f"{_F}.estimate.{code.lower()}", sum(each, Decimal(0)), "money", currency=code))
        for code, each in sorted(sums.items())
    ]  # fmt: skip
