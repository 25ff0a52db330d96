"""What the cost sentences share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from opsreport.exhibit import Exhibit, Fact, prose
from opsreport.theme import Style, is_unknown


def say(template: str, style: Style, role: str = "finding", **facts: Fact | str) -> Exhibit:
    """A sentence with those of the facts that it names, and no other."""
    return prose("cost.finding", template, style, role, **{k: v for k, v in facts.items() if f"{{{k}}}" in template})


def money_facts(at: str, code: str, coverage: float | None = None) -> Callable[[str, Any], Fact]:
    return lambda name, value: Fact(f"{at}.{name}", value, "money", coverage, code)


def or_else(value: Any, otherwise: Any) -> Any:
    return otherwise if is_unknown(value) else value


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
