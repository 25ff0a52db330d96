"""The sentences and tables on decisions: what is owed, what worked, and what the client is asked to decide."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from opsreport import markup
from opsreport.exhibit import Exhibit, Fact, Rows, join, prose
from opsreport.schemas.words import ALL_WORDS
from opsreport.theme import Style, is_unknown

_F = "decisions.finding"
_SAID = 3  # decisions that did not work, each told in a sentence
_NOBODY = "to be named"  # as `opsreport.decisions.asked` has an owner that nobody is yet
_FIGURES = ("decision_baseline", "decision_target", "decision_measured")


def finding(owed: pd.DataFrame, done: pd.DataFrame, judged: pd.DataFrame, asked: pd.DataFrame, style: Style) -> Exhibit:
    """What opens the section: what is late, what worked and what did not, and what is to be decided.

    Parameters
    ----------
    owed, done, judged, asked : DataFrame
        From `opsreport.decisions`: `open_actions`, `done_actions`, `judged` and `asked`.
    """
    actions, outcomes = _actions(owed, done, style), _outcomes(judged, style)
    missed = judged[judged["verdict"] == "missed"].head(_SAID)
    each = [_did_not_work(row, style) for row in missed.to_dict("records")]
    if len(judged) == len(each) == 1:
        outcomes, each = each, []  # told whole, it needs no count
    return join(_F, [*actions, *outcomes, *each, *_to_decide(asked, style)], lead=[actions[0], *outcomes])


def figures(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `opsreport.decisions` for a table, each figure a fact in the unit of its decision's metric."""
    shown = rows.assign(**{
        name: pd.Series([_fact(row, name) for row in rows.to_dict("records")], index=rows.index, dtype=object)
        for name in _FIGURES if name in rows
    })  # fmt: skip
    if "estimate" not in rows:
        return shown
    savings = [_saving("", row) for row in rows.to_dict("records")]
    return shown.assign(estimate=pd.Series(savings, index=rows.index, dtype=object))


def first_asked(asked: pd.DataFrame, style: Style, most: int = 4) -> list[Exhibit]:
    """What the client is asked to decide, for the summary at the top: the first ones, a sentence each.

    Parameters
    ----------
    asked : DataFrame
        From `opsreport.decisions.asked`.
    """
    return [_first(row, style) for row in asked.head(most).to_dict("records")]


def first_overdue(owed: pd.DataFrame, style: Style, most: int = 2) -> list[Exhibit]:
    """The actions that are late, for the summary at the top: the first ones, a sentence each.

    Parameters
    ----------
    owed : DataFrame
        From `opsreport.decisions.open_actions`, which puts those overdue first.
    """
    words = "Overdue since {due}: {what} ({owner})."
    return [
        prose(
            _F, words, style, what=row["todo"].rstrip(". "), owner=row["owner"],
            due=Fact(f"decisions.first_overdue.{row['id']}.due_on", row["due_on"], "date"),
        )
        for row in owed[owed["todo_state"] == "overdue"].head(most).to_dict("records")
    ]  # fmt: skip


def notes(judged: pd.DataFrame, decided: pd.DataFrame, decisions: Any) -> Exhibit:
    """What is written in the notes of the decisions that were judged or made in these days.

    Parameters
    ----------
    decisions : opsreport.params.Decisions
        Whose notes, in Markdown, are shown without anything that could do something.
    """
    ids = {*judged["id"], *decided["id"]}
    written = [one for one in decisions.decisions if one.id in ids and one.note]
    items = [f"<h4>{html.escape(one.title)}</h4>{markup.remark(one.note)}" for one in written]
    return Exhibit(
        id="decisions.notes", kind="prose", html="".join(items), about={"role": "note"},
        text="\n".join(f"{one.title}: {one.note}" for one in written),
    )  # fmt: skip


def method(style: Style) -> Exhibit:
    """How decisions are judged, for whoever wants to check it."""
    return prose(
        "decisions.method",
        "A decision is judged on its review date by the key figure that it names, against the target that was set with "
        "it. It reads met or missed only where what was not seen could not change that, else unknown. One whose review "
        "date has passed is judged again each month until it is closed or given another date. Actions stand here until "
        "they are done; an action is overdue when its due day is over. Nothing that happened after the last day of "
        "this review is counted in it.",
        style, "method",
    )  # fmt: skip


def _first(row: dict[str, Any], style: Style) -> Exhibit:
    at = f"decisions.asked_first.{row['id']}"
    facts = {
        "what": row["asked"].rstrip(". "), "owner": style.again(row["owner"], ALL_WORDS),
        "review": Fact(f"{at}.review_on", row["review_on"], "day"),
    }  # fmt: skip
    is_named = row["owner"] != _NOBODY
    words = "{what} — {owner}, review on {review}." if is_named else "{what} — owner to be named, review on {review}."
    if not is_unknown(row["estimate"]):
        words = "{what}; that would save about {saving} a month — owner to be named, review on {review}."
        if is_named:
            words = "{what}; that would save about {saving} a month — {owner}, review on {review}."
        facts["saving"] = _saving(f"{at}.saving", row)
    return _say(words, style, facts)


def _saving(id: str, row: dict[str, Any]) -> Fact:
    """What an asked finding would save, with the records that show it."""
    rows = row["rows"] if isinstance(row["rows"], Rows) else None
    code = "" if is_unknown(row["billing_currency"]) else row["billing_currency"]
    return Fact(id, row["estimate"], "money", currency=code, unknown="–", measure="estimate", rows=rows)


def _actions(owed: pd.DataFrame, done: pd.DataFrame, style: Style) -> list[Exhibit]:
    late = int((owed["todo_state"] == "overdue").sum())
    facts = {"open": Fact(f"{_F}.open", len(owed), "count"), "late": Fact(f"{_F}.overdue", late, "count")}
    parts = [_say(_open_words(len(owed), late), style, facts)]
    if len(done):
        words = "{done} action was done in these days." if len(done) == 1 else "{done} actions were done in these days."
        parts.append(_say(words, style, {"done": Fact(f"{_F}.done", len(done), "count")}))
    return parts


def _open_words(count: int, late: int) -> str:
    if not count:
        return "No agreed action is open."
    if late == count:
        only = "{late} agreed action is overdue, and no other is open."
        return only if late == 1 else "{late} agreed actions are overdue, and no other is open."
    if not late:
        only = "{open} agreed action is open, and in time."
        return only if count == 1 else "{open} agreed actions are open, and none is overdue."
    one = "{open} agreed actions are open, and {late} of them is overdue."
    return one if late == 1 else "{open} agreed actions are open, and {late} of them are overdue."


def _outcomes(judged: pd.DataFrame, style: Style) -> list[Exhibit]:
    counts = {name: int((judged["verdict"] == name).sum()) for name in ("met", "missed", "unknown")}
    facts = {name: Fact(f"{_F}.{name}", count, "count") for name, count in counts.items()}
    facts["due"] = Fact(f"{_F}.due", len(judged), "count")
    if not len(judged):
        return [_say("No decision was due for review.", style, {})]
    if len(judged) == 1 and not counts["missed"]:
        words = {
            "met": "{due} decision was due for review, and met its target.",
            "unknown": "{due} decision was due for review, and whether it met its target is unknown.",
        }
        return [_say(words[judged["verdict"].iloc[0]], style, facts)]
    words = "Of {due} decisions due for review, {met} met the target and {missed} missed it."
    if counts["unknown"]:
        words = "Of {due} decisions due for review, {met} met the target, {missed} missed it; {unknown} cannot be told."
    return [_say(words, style, facts)]


def _did_not_work(row: dict[str, Any], style: Style) -> Exhibit:
    facts: dict[str, Fact | str] = {"title": row["decision"], "metric": style.again(row["decision_metric"], ALL_WORDS)}
    names = {"target": "decision_target", "measured": "decision_measured"}
    facts |= {word: _fact(row, name, f"{_F}.{row['id']}.{word}") for word, name in names.items()}
    words = {
        "at most": "“{title}” missed its target: {metric} was to be at most {target}, and was {measured}.",
        "at least": "“{title}” missed its target: {metric} was to be at least {target}, and was {measured}.",
    }
    return _say(words[row["decision_direction"]], style, facts)


def _to_decide(asked: pd.DataFrame, style: Style) -> list[Exhibit]:
    if asked.empty:
        return [_say("Nothing waits for a decision of yours.", style, {})]
    words = (
        "{asked} matter waits for your decision: it stands at the end of this section."
        if len(asked) == 1
        else "{asked} matters wait for your decision: they stand at the end of this section."
    )
    return [_say(words, style, {"asked": Fact(f"{_F}.asked", len(asked), "count")})]


def _say(words: str, style: Style, facts: dict[str, Fact | str]) -> Exhibit:
    return prose(_F, words, style, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in words})


def _fact(row: dict[str, Any], name: str, id: str = "") -> Fact:
    """A decision's figure; the one measured with what was seen of it and the rows behind it."""
    value = row[name]
    fact = Fact(id or name, value, _unit(value, row["unit"]), currency=row["currency"], unknown="–")
    if name != "decision_measured":
        return fact
    rows = row["rows"] if isinstance(row["rows"], Rows) else None
    coverage = None if is_unknown(row["coverage"]) else row["coverage"]
    return Fact(fact.id, value, fact.unit, coverage, row["currency"], rows=rows)


def _unit(value: Any, unit: str) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, pd.Timedelta):
        return "duration"
    return unit if unit and unit != "duration" else "number"
