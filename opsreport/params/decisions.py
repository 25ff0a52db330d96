"""Decisions and actions: what was decided with a client, by which figure it is judged, and what is to be done.

They stand in ``<client>.decisions.yaml``; a decision may also be a Markdown note of its own in
``<client>.decisions/``, with the same keys between two lines of ``---`` and its note below.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from opsreport.params.fields import Strict, duration, number


def _target(value: Any) -> Any:
    if isinstance(value, (str, pd.Timedelta)):
        try:
            return duration(value)
        except ValueError as error:
            raise ValueError("is neither a number nor a duration; write it like 3700, 0.995 or 4h") from error
    return number(value)


def _baseline(value: Any) -> Any:
    if not isinstance(value, str):
        return _target(value)
    try:
        return duration(value)
    except ValueError:
        return value


Target = Annotated[Decimal | pd.Timedelta, BeforeValidator(_target)]
Baseline = Annotated[Decimal | pd.Timedelta | str, BeforeValidator(_baseline)]
Said = Annotated[str, Field(min_length=1)]


class Decision(Strict):
    """Something to be decided, or decided: who owns it, and which figure says later whether it worked."""

    EXPLAINED: ClassVar[str] = (
        "a decision has title, owner, metric, target, direction (at most, at least) and review_on, "
        "and proposed_on or decided_on"
    )

    id: Said
    title: Said
    owner: Said
    metric: Said = Field(description="a key figure of the scorecard, like cost.spend.usd, another figure, or a finding")
    target: Target = Field(description="in the figure's unit: a share as 0.995, a time as 4h")
    direction: Literal["at most", "at least"]
    review_on: dt.date = Field(description="when it is judged next")
    scope: str = ""
    baseline: Baseline | None = Field(default=None, description="what the figure was before, or that in words")
    expected: str = Field(default="", description="the cost or support that it takes")
    status: Literal["proposed", "accepted", "rejected", "closed"] = "proposed"
    proposed_on: dt.date | None = None
    decided_on: dt.date | None = None
    closed_on: dt.date | None = None
    note: str = Field(default="", description="Markdown")
    finding: str = Field(default="", description="the finding that it answers")

    @model_validator(mode="after")
    def _dated(self) -> Decision:
        is_proposed, is_closed = self.status == "proposed", self.status == "closed"
        needed = {"proposed_on": is_proposed, "decided_on": not is_proposed, "closed_on": is_closed}
        for name, is_needed in needed.items():
            if is_needed and getattr(self, name) is None:
                raise ValueError(f"{name} is missing: a decision that is {self.status} says since when")
        for name, is_wrong in {"decided_on": is_proposed, "closed_on": not is_closed}.items():
            if is_wrong and getattr(self, name) is not None:
                raise ValueError(f"{name}: a decision that is {self.status} has no such day")
        _in_turn(self, "proposed_on", "decided_on", "closed_on")
        if self.review_on <= (self.decided_on or self.proposed_on):
            raise ValueError("review_on must come after the decision")
        return self


class Action(Strict):
    """Something that somebody is to do by a day."""

    id: Said
    title: Said
    owner: Said
    agreed_on: dt.date = Field(description="the day from which it is owed")
    due_on: dt.date
    done_on: dt.date | None = None
    decision: str = Field(default="", description="the decision that it carries out")
    note: str = ""
    finding: str = Field(default="", description="the finding that it answers")

    @model_validator(mode="after")
    def _dated(self) -> Action:
        _in_turn(self, "agreed_on", "due_on")
        _in_turn(self, "agreed_on", "done_on")
        return self


class Decisions(Strict):
    """A client's decisions file."""

    EXPLAINED: ClassVar[str] = f"{Decision.EXPLAINED}; an action has title, owner, agreed_on and due_on"

    decisions: list[Decision] = Field(default=[])
    actions: list[Action] = Field(default=[])


def _in_turn(one: Strict, *names: str) -> None:
    known = [name for name in names if getattr(one, name) is not None]
    for before, after in pairwise(known):
        if getattr(one, after) < getattr(one, before):
            raise ValueError(f"{after} must not be before {before}")
