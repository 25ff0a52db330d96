"""What the cost sentences share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from opsreport.exhibit import Exhibit, Fact, Rows, prose
from opsreport.theme import Style, is_unknown


def say(template: str, style: Style, role: str = "finding", **facts: Fact | str) -> Exhibit:
    """A sentence with those of the facts that it names, and no other."""
    return prose("cost.finding", template, style, role, **{k: v for k, v in facts.items() if f"{{{k}}}" in template})


def money_facts(
    at: str, code: str, coverage: float | None = None, rows: Rows | None = None
) -> Callable[[str, Any], Fact]:
    """A maker of facts in one currency, from a name and an amount."""
    return lambda name, value: Fact(f"{at}.{name}", value, "money", coverage, code,
                                    measure=_MEASURES.get(name, ""), rows=rows)  # fmt: skip


#: What defines the amounts that sentences name.
_MEASURES = {
    "spend": "spend", "budget": "budget", "variance": "budget_variance", "over": "over_budget",
    "change": "spend_change", "same-days-change": "same_days_change", "rise": "total_change",
}  # fmt: skip


def or_else(value: Any, otherwise: Any) -> Any:
    """The value, or another where it is unknown."""
    return otherwise if is_unknown(value) else value


def slug(text: str) -> str:
    """A text as part of a fact's id: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
