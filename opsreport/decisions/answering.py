"""What answers a finding: a decision or an action that is on record by a day, and how that is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pandas as pd

from opsreport.findings import Finding
from opsreport.language import mark
from opsreport.params import Decisions
from opsreport.params.decisions import Action, Decision
from opsreport.period import Period
from opsreport.theme import Style

#: What is being done, by the state of the action or decision.
_DOING = {
    "open": mark("{todo}, by {due} ({owner})"),
    "overdue": mark("{todo}, overdue since {due} ({owner})"),
    "done": mark("{todo}, done on {done} ({owner})"),
    "accepted": mark("Decided: {todo} ({owner})"),
    "proposed": mark("Proposed: {todo} ({owner})"),
    "rejected": mark("Rejected: {todo} ({owner})"),
    "closed": mark("Closed: {todo} ({owner})"),
}


def being_done(
    listed: pd.DataFrame, found: Iterable[Finding], answers: pd.DataFrame, style: Style
) -> pd.DataFrame:  # fmt: skip
    """The findings as `opsreport.findings.listing` has them, and in ``being_done`` what answers each, in words."""
    first = answers.drop_duplicates("finding").set_index("finding").to_dict("index")
    said = [_said(first[one.id], style) if one.id in first else "–" for one in found]
    return listed.assign(being_done=pd.Series(said, index=listed.index, dtype=object))


def status_on(decision: Decision, day: dt.date) -> str:
    """What a decision was on a day: proposed, accepted, rejected, closed; empty before it was there."""
    if decision.decided_on and decision.decided_on <= day:
        if decision.status == "rejected":
            return "rejected"
        return "closed" if decision.closed_on and decision.closed_on <= day else "accepted"
    return "proposed" if decision.proposed_on and decision.proposed_on <= day else ""


def was_done(one: Action, day: dt.date) -> bool:
    """Whether an action was done by a day."""
    return one.done_on is not None and one.done_on <= day


def answered(decisions: Decisions, period: Period, day: dt.date) -> set[str]:
    """The findings that a decision or an action answers."""
    decided, owed = answering(decisions, period, day)
    return {one.finding for one in (*decided, *owed)} - {""}


def answering(decisions: Decisions, period: Period, day: dt.date) -> tuple[list[Decision], list[Action]]:
    """What was on record by a day, and not over before these days began."""
    first = period.first_day
    decided = [one for one in decisions.decisions if status_on(one, day) and not (one.closed_on or day) < first]
    owed = [one for one in decisions.actions if one.agreed_on <= day and not (one.done_on or day) < first]
    return decided, owed


def _said(row: dict[str, Any], style: Style) -> str:
    return style.say(
        _DOING[row["todo_state"]], todo=row["todo"], owner=row["owner"], due=style.text(row["due_on"], "day"),
        done=style.text(row["done_on"], "day"),
    )  # fmt: skip
