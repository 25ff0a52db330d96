"""Findings: small rules that turn a month's data into recommended actions.

A rule is one public function in a module of this package::

    def logs_without_limit(month: Month) -> Iterable[Finding]:
        '''Logs that are kept for ever: what they cost, and the limit to set.'''

It reads a `Month`, yields a `Finding` for each thing to be done, and nothing where it does not
know: a rule never takes what was not seen for a sign. Its docstring's first line says what it
looks for, and the docs list it. Nothing else is needed to add one: `found` asks every rule.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.coverage import Seen, share_seen
from opsreport.exhibit import Fact, Rows
from opsreport.month import Month
from opsreport.schemas import FRAMES
from opsreport.schemas.words import ALL_WORDS
from opsreport.theme import is_unknown

Rule = Callable[[Month], Iterable["Finding"]]

#: How soon something is to be done.
NOW, THIS_MONTH, PLAN = "now", "this month", "plan"
_ORDER = (NOW, THIS_MONTH, PLAN)

FINDING = (
    "finding", "action", "owner", "urgency", "estimate", "billing_currency", "evidence_rows", "area", "rule",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something found in a month's data, and what is recommended.

    Attributes
    ----------
    id : str
        The same each month while it lasts: area, rule and subject, like
        ``cost.logs_without_limit.checkout``. Decisions name it.
    area : str
        The section it belongs to, such as cost or backups.
    title : str
        What was found, with a {name} for each fact. Where it explains a part of the rise of a bill,
        the facts hold that as ``rise``, and ``cause`` and ``release`` say in words what from.
    action : str
        What is recommended, with a {name} for each fact.
    facts : dict of str to Fact or str
        The figures, and the texts, that title and action name.
    rows : Rows
        The records that show it.
    owner : str
        Who answers for it; empty where nobody is named.
    urgency : str
        now, this month or plan.
    estimate : Decimal or None
        What it would save in a month; None where it saves nothing or that is not worked out.
    currency : str
        Of the estimate.
    causes : str
        Where it is a likely reason of a change in another section, that section's id.
    asks : bool
        Whether the client must decide: it costs them money, leaves them a risk, or changes what was
        agreed. What is ours to mend is never asked.
    service : str
        Which service it is of, where that is known.
    since : date or None
        The day on which it began, where the records tell.
    beside : str
        What of it began on that day, as a sentence with a {name} for each fact, for where another
        finding of that service and day is told.
    """

    id: str
    area: str
    title: str
    action: str
    facts: Mapping[str, Fact | str] = field(default_factory=dict)
    rows: Rows | None = None
    owner: str = ""
    urgency: str = PLAN
    estimate: Decimal | None = None
    currency: str = ""
    causes: str = ""
    asks: bool = False
    service: str = ""
    since: dt.date | None = None
    beside: str = ""


def rules() -> list[Rule]:
    """Every rule: the public functions of this package's modules, by module and name."""
    modules = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    return [
        rule
        for module in modules
        for name, rule in inspect.getmembers(module, inspect.isfunction)
        if rule.__module__ == module.__name__ and not name.startswith("_")
    ]


def rulebook() -> str:
    """Every rule with what it looks for, by area, as the docs list them (``docs/rules.md``)."""
    parts = [_BOOK]
    for module in dict.fromkeys(rule.__module__ for rule in rules()):
        own = [rule for rule in rules() if rule.__module__ == module]
        about = inspect.getdoc(importlib.import_module(module)) or ""
        parts.append(f"## {module.rpartition('.')[2]}\n\n{about}\n")
        parts += [f"### {rule.__name__}\n\n{inspect.getdoc(rule)}\n" for rule in own]
    return "\n".join(parts)


_BOOK = """# What is looked for

Each rule reads a month's records, and finds something or nothing; what was not seen is never taken for a sign.
This page is made of the rules' own descriptions: `make rules` writes it anew.
"""


def found(month: Month) -> list[Finding]:
    """What all rules find in a month: most urgent first, then by what it would save, largest first."""
    made = [finding for rule in rules() for finding in rule(month)]
    return sorted(made, key=lambda one: (_ORDER.index(one.urgency), -(one.estimate or 0), one.id))


def silent(found: Iterable[Finding], month: Month) -> pd.DataFrame:
    """The rules that found nothing, and which of them had not seen what they ask of.

    A rule that asks of no frame has nothing to look for, as where no tag is required, and is left out.

    Returns
    -------
    DataFrame
        rule, looks_for (its docstring up to the first colon or full stop), unseen (titles of the
        frames that it asks of and of which nothing was seen in the month; empty where all were).
    """
    spoke = {one.id.split(".")[1] for one in found}
    rows = []
    for rule in (one for one in rules() if one.__name__ not in spoke):
        asked = _asked_of(rule, month)
        unseen = [FRAMES[name].title for name in FRAMES if name in asked and not _was_seen(name, month, asked[name])]
        if asked:
            rows.append({"rule": rule.__name__, "looks_for": looks_for(rule), "unseen": ", ".join(unseen)})
    return pd.DataFrame(rows, columns=["rule", "looks_for", "unseen"])


def looks_for(rule: Rule) -> str:
    """What a rule looks for, by its docstring up to the first colon or full stop."""
    return " ".join(re.split(r"[:.](?:\s|$)", inspect.getdoc(rule) or "")[0].split())


def _asked_of(rule: Rule, month: Month) -> dict[str, bool]:
    """The frames that a rule asks of, and whether it went on to read their rows."""
    watched = _Watched(month.frames)
    list(rule(_WatchedMonth(**vars(month) | {"frames": watched})))
    return watched.read


class _WatchedMonth(Month):
    """A month that notes of which frames it is asked what was seen."""

    def seen(self, frame: str) -> Seen:
        was_read, seen = self.frames.read.get(frame, False), super().seen(frame)
        self.frames.read[frame] = was_read  # what was seen of a frame is told from its rows as well
        return seen


class _Watched(dict):
    """Frames that remember which of them were read."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        super().__init__(frames)
        self.read: dict[str, bool] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.read[name] = True
        return super().__getitem__(name)


def _was_seen(frame: str, month: Month, was_read: bool) -> bool:
    """Whether anything of a frame was seen; all of it, for a rule that turned back without reading it."""
    share = share_seen(month.seen(frame), month.days_of(frame))
    return share > 0 or len(month.rows(frame)) > 0 if was_read else share == 1


def listing(found: Iterable[Finding], month: Month) -> pd.DataFrame:
    """The findings as a table's rows, their words with the figures in them.

    Returns
    -------
    DataFrame
        Columns `FINDING`, in the order given. Amounts are Decimal, None where unknown.
    """
    rows = [
        {
            "finding": said(one.title, one.facts, month), "action": said(one.action, one.facts, month),
            "owner": one.owner or "nobody is named", "urgency": one.urgency, "estimate": one.estimate,
            "billing_currency": one.currency or month.client.currency,
            "evidence_rows": float(len(evidence(one, month))) if one.rows else float("nan"),
            "area": one.area, "rule": one.id.split(".")[1],
        }
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(FINDING))


def owner_of(month: Month, service: Any) -> str:
    """Who answers for a service; empty where nobody is named."""
    known = None if is_unknown(service) else month.client.services.get(service)
    return known.owner if known else ""


def money(id: str, amount: Any, currency: Any) -> Fact:
    """An amount in a finding's words; its id is findings.<id>."""
    return Fact(f"findings.{id}", amount, "money", currency="" if is_unknown(currency) else currency)


def readable(name: str) -> str:
    """A resource as a sentence names it: without the address that AWS puts before it (arn:aws:rds:eu:1:db:shop)."""
    parts = name.split(":", 5)
    return parts[5] if parts[0] == "arn" and len(parts) == 6 else name


def slug(text: str) -> str:
    """What a finding is about as a part of its id.

    Examples
    --------
    >>> slug("/harbour-pine/checkout")
    'harbour-pine-checkout'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "all"


def evidence(finding: Finding, month: Month) -> pd.DataFrame:
    """The records that show a finding."""
    return month.rows(finding.rows.frame, finding.rows.when, **finding.rows.where)


def said(template: str, facts: Mapping[str, Fact | str], month: Month) -> str:
    """A finding's words as plain text, in the client's language."""
    style = month.style
    return style.say(template, **{
        name: one.text(style) if isinstance(one, Fact) else style.again(one, ALL_WORDS) for name, one in facts.items()
    })  # fmt: skip
