"""Lists as GitLab gives them: by their number of page, and with a count."""

from __future__ import annotations

from typing import Any

from tests.http.server import Call, Say

SHOP = "acme/shop"


def page_of(items: list[Any], call: Call, size: int = 2) -> Say:
    """The page of a list that was asked for, with GitLab's headers."""
    at = int(call.params.get("page", 1))
    more = str(at + 1) if at * size < len(items) else ""
    return Say(items[(at - 1) * size : at * size], {"X-Next-Page": more, "X-Total": str(len(items))})
