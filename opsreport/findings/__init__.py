"""Findings: small rules that turn a month's data into recommended actions.

A rule is one public function in a module of this package::

    def logs_without_limit(month: Month) -> Iterable[Finding]:
        '''Logs that are kept for ever: what they cost, and the limit to set.'''

It reads a `Month`, yields a `Finding` for each thing to be done, and nothing where it does not
know: a rule never takes what was not seen for a sign. Its docstring's first line says what it
looks for, and the docs list it. Nothing else is needed to add one: `found` asks every rule.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.month import Month

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
        What was found, with a {name} for each fact.
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


def rules() -> list[Rule]:
    """Every rule: the public functions of this package's modules, by module and name."""
    modules = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    return [
        rule
        for module in modules
        for name, rule in inspect.getmembers(module, inspect.isfunction)
        if rule.__module__ == module.__name__ and not name.startswith("_")
    ]


def found(month: Month) -> list[Finding]:
    """What all rules find in a month: most urgent first, then by what it would save, largest first."""
    made = [finding for rule in rules() for finding in rule(month)]
    return sorted(made, key=lambda one: (_ORDER.index(one.urgency), -(one.estimate or 0), one.id))


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


def evidence(finding: Finding, month: Month) -> pd.DataFrame:
    """The records that show a finding."""
    return month.rows(finding.rows.frame, finding.rows.when, **finding.rows.where)


def said(template: str, facts: Mapping[str, Fact | str], month: Month) -> str:
    """A finding's words as plain text."""
    return template.format(**{
        name: one.text(month.style) if isinstance(one, Fact) else one for name, one in facts.items()
    })  # fmt: skip
