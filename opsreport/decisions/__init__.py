"""Decisions and actions as a month's review knows them: carried over until done, judged on their review date.

Each function tells of one day, by default the period's last, and of nothing that came after it: an
action done in November is still open in October's review.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from opsreport.decisions.answering import answered, answering, being_done, status_on, was_done
from opsreport.decisions.judging import figure, outcome
from opsreport.decisions.recurrence import recurrences
from opsreport.findings import Finding, said
from opsreport.month import Month
from opsreport.params import Decisions
from opsreport.params.decisions import Action, Decision
from opsreport.period import Period
from opsreport.theme import is_unknown

__all__ = ["answers", "asked", "being_done", "decided", "done_actions", "judged", "open_actions", "recurrences",
           "status_on", "told_on", "upcoming"]  # fmt: skip

ACTIONS = ("id", "todo", "owner", "agreed_on", "due_on", "done_on", "days_late", "todo_state", "carries_out", "note")
DECISIONS = (
    "id", "decision", "decision_scope", "owner", "metric", "unit", "currency", "decision_metric", "decision_direction",
    "decision_baseline", "decision_target", "decision_expected", "decision_status", "decided_on", "review_on", "note",
)  # fmt: skip
JUDGED = (*DECISIONS, "decision_measured", "coverage", "verdict", "why", "is_late", "rows")
ASKED = (
    "id", "asked", "asked_why", "owner", "decision_metric", "decision_direction", "decision_target", "unit",
    "currency", "review_on", "estimate", "billing_currency", "rows",
)  # fmt: skip
ANSWERS = ("finding", "id", "todo", "owner", "due_on", "done_on", "todo_state")


def told_on(month: Month) -> dt.date:
    """The day as of which a review speaks: its last, or while it still runs the one its data was read on."""
    last = _last(month.period)
    return min(last, month.read_at.tz_convert(month.period.zone).date()) if month.state == "draft" else last


def open_actions(decisions: Decisions, period: Period, until: dt.date | None = None) -> pd.DataFrame:
    """Answers: what is still to be done, and what is late?

    Parameters
    ----------
    until : date, optional
        The day as of which it is told, by default the period's last.

    Returns
    -------
    DataFrame
        Columns `ACTIONS`; those overdue (the due day is over, and it is not done) stand first, the
        longest first, then the others by their due day. Agreed in any month up to this one.
    """
    day = until or _last(period)
    owed = [one for one in decisions.actions if one.agreed_on <= day and not was_done(one, day)]
    rows = [_action(one, decisions, day) for one in owed]
    rows.sort(key=lambda row: (row["todo_state"] != "overdue", row["due_on"], row["id"]))
    return _framed(rows, ACTIONS)


def done_actions(decisions: Decisions, period: Period, until: dt.date | None = None) -> pd.DataFrame:
    """Answers: what was done in these days? Columns `ACTIONS`, in the order done."""
    day = until or _last(period)
    done = [one for one in decisions.actions if one.done_on and period.first_day <= one.done_on <= day]
    return _framed([_action(one, decisions, day) for one in sorted(done, key=lambda one: one.done_on)], ACTIONS)


def decided(
    decisions: Decisions, scorecard: pd.DataFrame, period: Period, until: dt.date | None = None
) -> pd.DataFrame:
    """Answers: what was decided in these days? Columns `DECISIONS`, in the order decided."""
    day = until or _last(period)
    made = [one for one in decisions.decisions if one.decided_on and period.first_day <= one.decided_on <= day]
    rows = [_decision(one, scorecard, (), day) for one in sorted(made, key=lambda one: one.decided_on)]
    return _framed(rows, DECISIONS)


def upcoming(
    decisions: Decisions, scorecard: pd.DataFrame, period: Period, until: dt.date | None = None
) -> pd.DataFrame:
    """Answers: which decisions are judged later, and when? Columns `DECISIONS`, the next first."""
    day = until or _last(period)
    made = [one for one in decisions.decisions if status_on(one, day) == "accepted" and one.review_on > day]
    rows = [_decision(one, scorecard, (), day) for one in sorted(made, key=lambda one: one.review_on)]
    return _framed(rows, DECISIONS)


def judged(
    decisions: Decisions, scorecard: pd.DataFrame, period: Period, figures: Iterable[Mapping[str, Any]] = (),
    until: dt.date | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Answers: did the decisions that are due for review do what they were to do?

    Due are those whose review date lies in these days, and those of before that were never closed.

    Parameters
    ----------
    scorecard : DataFrame
        Every section's key figures, as `opsreport.schemas.scorecard.SCORECARD` lists: a decision's
        metric is one's id.
    figures : iterable of mapping
        Records of other figures that may be its metric instead, as `opsreport.exhibit.Fact.record`
        and `recurrences` make them.

    Returns
    -------
    DataFrame
        Columns `JUDGED`. The verdict is met or missed only where what was not seen could not
        change it, else unknown, and ``why`` says what kept it from being told.
    """
    day, figures = until or _last(period), list(figures)
    due = [one for one in decisions.decisions if _is_due(one, period, day)]
    rows = [_judged(one, scorecard, figures, period, day) for one in sorted(due, key=lambda one: one.review_on)]
    return _framed(rows, JUDGED)


def asked(
    found: Iterable[Finding], decisions: Decisions, month: Month, scorecard: pd.DataFrame, until: dt.date | None = None
) -> pd.DataFrame:
    """Answers: what is the client asked to decide?

    What was proposed and is not decided, then what was found that only the client can decide
    (`opsreport.findings.Finding.asks`), and that no decision or action answers yet. One that was
    closed, or done, before these days began answers no more: it did not help.

    Returns
    -------
    DataFrame
        Columns `ASKED`, each with an owner, the figure that will judge it and a date of review.
    """
    day = until or _last(month.period)
    proposed = [one for one in decisions.decisions if status_on(one, day) == "proposed"]
    rows = []
    for one in sorted(proposed, key=lambda one: one.proposed_on):
        made = _decision(one, scorecard, (), day)
        rows.append(made | {"asked": one.title, "asked_why": one.scope or one.note})
    answers = answered(decisions, month.period, day)
    next_review = _last(month.period.back(-1))
    for one in found:
        if one.asks and one.id not in answers:
            rows.append({
                "id": one.id, "asked": said(one.action, one.facts, month), "review_on": next_review,
                "asked_why": said(one.title, one.facts, month), "owner": one.owner or "to be named",
                "estimate": one.estimate, "billing_currency": one.currency, "rows": one.rows,
                **_judged_by(one, scorecard),
            })  # fmt: skip
    return _framed(rows, ASKED)


def answers(decisions: Decisions, period: Period, until: dt.date | None = None) -> pd.DataFrame:
    """Answers: what is being done about what was found?

    Returns
    -------
    DataFrame
        Columns `ANSWERS`, a row an action that answers a finding, those not done first, then a row a
        decision that does (accepted, or proposed; ``due_on`` is its review, ``todo_state`` its status).
    """
    day = until or _last(period)
    decided, owed = answering(decisions, period, day)
    rows = [_action(one, decisions, day) | {"finding": one.finding} for one in owed]
    rows.sort(key=lambda row: (row["done_on"] is not None, row["due_on"], row["id"]))
    rows += [
        {"finding": one.finding, "id": one.id, "todo": one.title, "owner": one.owner, "due_on": one.review_on,
         "todo_state": status_on(one, day)}
        for one in decided
    ]  # fmt: skip
    return _framed([row for row in rows if row["finding"]], ANSWERS)


def _is_due(one: Decision, period: Period, day: dt.date) -> bool:
    if one.review_on > day:
        return False
    if one.review_on >= period.first_day and one.closed_on and status_on(one, day) == "closed":
        return one.closed_on >= one.review_on  # closed with its review, not before
    return status_on(one, day) == "accepted"


def _judged(
    one: Decision, scorecard: pd.DataFrame, figures: list[Mapping[str, Any]], period: Period, day: dt.date
) -> dict[str, Any]:
    measured = figure(one.metric, scorecard, figures)
    reached, why = outcome(one, measured, period.is_month)
    is_late = one.review_on < period.first_day
    note = "judged late: it was neither closed nor given another date" if is_late else ""
    return _decision(one, scorecard, figures, day) | {
        "decision_measured": measured.get("this_month"), "coverage": measured.get("coverage"), "verdict": reached,
        "why": why, "is_late": is_late, "rows": measured.get("rows"),
        "note": "; ".join(part for part in (why, note) if part),
    }  # fmt: skip


def _decision(one: Decision, scorecard: pd.DataFrame, figures: Iterable[Mapping[str, Any]], day: dt.date) -> dict:
    measured = figure(one.metric, scorecard, figures)
    return {
        "id": one.id, "decision": one.title, "decision_scope": one.scope, "owner": one.owner, "metric": one.metric,
        "unit": measured.get("unit", ""), "currency": measured.get("currency", ""),
        "decision_metric": measured.get("measure", one.metric), "decision_direction": one.direction,
        "decision_baseline": one.baseline, "decision_target": one.target, "decision_expected": one.expected,
        "decision_status": status_on(one, day), "decided_on": one.decided_on, "review_on": one.review_on,
        "note": one.note,
    }  # fmt: skip


def _action(one: Action, decisions: Decisions, day: dt.date) -> dict[str, Any]:
    is_done = was_done(one, day)
    late = ((one.done_on if is_done else day) - one.due_on).days
    # Its due day is over at the end of the last day that is told of.
    is_overdue = not is_done and late >= 0
    titles = {decision.id: decision.title for decision in decisions.decisions}
    return {
        "id": one.id, "todo": one.title, "owner": one.owner, "agreed_on": one.agreed_on, "due_on": one.due_on,
        "done_on": one.done_on if is_done else None, "days_late": float(late) if is_overdue or late > 0 else None,
        "todo_state": "done" if is_done else "overdue" if is_overdue else "open",
        "carries_out": titles.get(one.decision, ""), "note": one.note,
    }  # fmt: skip


def _judged_by(finding: Finding, scorecard: pd.DataFrame) -> dict[str, Any]:
    """What judges the answer to a finding: the missed figure that it is a part of, else whether it is found again."""
    section = finding.causes or (finding.area if finding.estimate is not None else "")
    missed = scorecard[(scorecard["section"] == section) & (scorecard["verdict"] == "missed")]
    if missed.empty or is_unknown(missed["this_month"].iloc[0]):
        return {"decision_metric": "Whether it is found again"}
    row = missed.iloc[0]
    return {
        "decision_metric": row["measure"], "unit": row["unit"], "currency": row["currency"],
        "decision_direction": "at most" if row["this_month"] > row["target"] else "at least",
        "decision_target": row["target"],
    }  # fmt: skip


def _last(period: Period) -> dt.date:
    return period.end_day - dt.timedelta(days=1)


def _framed(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns})
