"""Whether what a decision answers is found again: a finding's id as a decision's metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsreport.coverage import share_seen
from opsreport.findings import Finding, rules, silent
from opsreport.month import Month
from opsreport.params import Decisions
from opsreport.schemas import SECTIONS


def recurrences(decisions: Decisions, found: Sequence[Finding], month: Month) -> list[dict[str, Any]]:
    """How often each finding that is a decision's metric is found in a month, as records of figures.

    Returns
    -------
    list of dict
        Value 1 or 0, or None where its rule saw nothing of what it reads. That it is not found
        counts as far as its section's records were seen.
    """
    names = {rule.__name__ for rule in rules()}
    metrics = {one.metric for one in decisions.decisions if _rule(one.metric) in names}
    ids = {one.id for one in found}
    # Asking the rules again takes time, and is needed only of what was not found.
    quiet = silent(found, month).to_dict("records") if metrics - ids else []
    blind = {row["rule"] for row in quiet if row["unseen"]}
    return [_record(metric, metric in ids, _rule(metric) in blind, month) for metric in sorted(metrics)]


def _record(metric: str, is_found: bool, is_blind: bool, month: Month) -> dict[str, Any]:
    value = 1.0 if is_found else None if is_blind else 0.0
    return {"id": metric, "value": value, "unit": "count", "measure": "Whether it is found again",
            "coverage": 1.0 if is_found else _seen(metric.partition(".")[0], month)}  # fmt: skip


def _rule(metric: str) -> str:
    return metric.split(".")[1] if metric.count(".") >= 2 else ""


def _seen(area: str, month: Month) -> float:
    frame = SECTIONS.get(area, "")
    return share_seen(month.seen(frame), month.days_of(frame)) if frame else 0.0
