"""The sentences on the support desk: what was asked, whether the replies were as agreed, what is still open."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "support.finding"
_KINDS = (("first response", "first", "First responses in time: {met} of {due}."),
          ("resolution", "resolved", "Resolutions in time: {met} of {due}."))  # fmt: skip
_ROWS = Rows("ticket")


def finding(history: pd.DataFrame, targets: pd.DataFrame, style: Style, absent: str = "") -> Exhibit:
    """What opens the section: requests, whether the replies were as agreed, what is open.

    Parameters
    ----------
    history, targets : DataFrame
        From `opsreport.metrics.support`: `history` (the newest month stands last) and `targets`.
    absent : str
        Why there is nothing to say; empty where there is something.
    """
    now = history.iloc[-1]
    if absent or is_unknown(now["tickets_opened"]):
        said = "No source of support requests was seen in this month, so whether there were any is unknown."
        return notice(_F, absent or said, style)
    asked, answered = _asked(now, style), _answered(targets, style)
    parts = [asked, _open(now, style), *answered, *_seen(now, style)]
    return join(_F, parts, lead=[asked, *answered[:1]])


def reconciled(history: pd.DataFrame, style: Style) -> Exhibit:
    """How the requests open at the end follow from those open before."""
    now, id = history.iloc[-1], "support.reconciled"
    if is_unknown(now["tickets_open"]):
        return prose(id, "How many requests were open is unknown.", style, "note")
    names = {"before": "tickets_open_before", "opened": "tickets_opened", "resolved": "tickets_resolved",
             "after": "tickets_open"}  # fmt: skip
    facts = {name: Fact(f"{id}.{name}", now[column], "count", now["coverage"], measure=column, rows=_ROWS)
             for name, column in names.items()}  # fmt: skip
    words = "{before} open before, plus {opened} opened, less {resolved} resolved, leaves {after} open at month end."
    return prose(id, words, style, "note", **facts)


def method(style: Style) -> Exhibit:
    """How the support desk is measured, for whoever wants to check it."""
    return prose(
        "support.method",
        "A request is held against what was agreed for its priority when it was opened, in the agreed support hours on "
        "your clock, without holidays; time in which it waited for you does not count. Each reply "
        "counts once, in the month in which its outcome was certain: when it was given, if in time; when the agreed "
        "time ran out, if not. A request that was resolved late without a record of a first response, or whose pauses "
        "cannot be read, is unknown unless it was in time all the same. A request is open until it is resolved, also "
        "while it waits for you.",
        style, "method",
    )  # fmt: skip


def _asked(now: pd.Series, style: Style) -> Exhibit:
    opened, resolved = now["tickets_opened"], now["tickets_resolved"]
    facts = {
        "opened": _fact("opened", opened, now, "tickets_opened"),
        "month": Fact(f"{_F}.month", now["period"], "month"),
        "resolved": _fact("resolved", resolved, now, "tickets_resolved"),
    }  # fmt: skip
    if not opened:
        words = (
            "No support request was opened in {month}; requests resolved: {resolved}."
            if now["coverage"] == 1
            else "No support request is known to have been opened in {month}; requests resolved: {resolved}."
        )
        return prose(_F, words, style, month=facts["month"], resolved=facts["resolved"])
    words = (
        "{opened} support request was opened in {month}, and {resolved} resolved."
        if opened == 1
        else "{opened} support requests were opened in {month}, and {resolved} resolved."
    )
    return prose(_F, words, style, **facts)


def _open(now: pd.Series, style: Style) -> Exhibit:
    after, before = now["tickets_open"], now["tickets_open_before"]
    facts = {"after": _fact("open", after, now, "tickets_open"),
             "before": _fact("open_before", before, now, "tickets_open_before")}  # fmt: skip
    if not after and not before and now["coverage"] < 1:
        return prose(_F, "None is known to have been open when it ended, nor when it began.", style)
    if not after and not before:
        return prose(_F, "None was open when it ended, nor when it began.", style)
    if not after and now["coverage"] < 1:
        words = "None is known to have been open when it ended, and {before} when it began."
        return prose(_F, words, style, before=facts["before"])
    if not after:
        return prose(_F, "None was open when it ended, and {before} when it began.", style, before=facts["before"])
    if after == before:
        return prose(_F, "Open when it ended: {after}, as many as when it began.", style, after=facts["after"])
    words = (
        "Open when it ended: {after}, up from {before} when it began."
        if after > before
        else "Open when it ended: {after}, down from {before} when it began."
    )
    return prose(_F, words, style, **facts)


def _answered(targets: pd.DataFrame, style: Style) -> list[Exhibit]:
    if targets.empty:
        return []
    whole = _sums(targets)
    coverage, pending = targets["coverage"].iloc[0], whole["pending"]
    facts = {name: Fact(f"{_F}.{name}", whole[name], "count", coverage, rows=_ROWS) for name in whole.index}
    if not whole["due"]:
        words = "No agreed reply fell due; awaited and not yet due: {pending}."
        return [prose(_F, words, style, pending=facts["pending"])] if pending else []
    parts = [_verdict_on(whole, coverage, facts, style), *_by_answer(targets, coverage, style)]
    if whole["unknown"]:
        parts.append(prose(_F, "Replies of which it cannot be told: {unknown}.", style, unknown=facts["unknown"]))
    if pending:
        words = "Awaited at month end and not yet due: {pending}."
        parts.append(prose(_F, words, style, pending=facts["pending"]))
    return parts


def _verdict_on(whole: pd.Series, coverage: float, facts: dict[str, Fact], style: Style) -> Exhibit:
    if whole["late"]:
        words = (
            "The agreed times were missed: of {due} replies that fell due, {late} was late."
            if whole["late"] == 1
            else "The agreed times were missed: of {due} replies that fell due, {late} were late."
        )
        return prose(_F, words, style, due=facts["due"], late=facts["late"])
    if whole["unknown"] or coverage < 1:
        words = (
            "Whether the agreed times were met is unknown: of {due} replies that fell due, {met} are known to have "
            "come in time, and none to be late."
        )
        return prose(_F, words, style, due=facts["due"], met=facts["met"])
    words = "The agreed times were met: the replies that fell due, {due} in all, came in time."
    return prose(_F, words, style, due=facts["due"])


def _by_answer(targets: pd.DataFrame, coverage: float, style: Style) -> list[Exhibit]:
    """First responses apart from resolutions, where they did not go alike."""
    if not _sums(targets)["late"]:
        return []
    parts = []
    for answer, name, words in _KINDS:
        sums = _sums(targets[targets["answer"] == answer])
        facts = {one: Fact(f"{_F}.{name}_{one}", sums[one], "count", coverage, rows=_ROWS) for one in ("met", "due")}
        parts += [prose(_F, words, style, **facts)] if sums["due"] else []
    return parts


def _sums(targets: pd.DataFrame) -> pd.Series:
    sums = targets[[f"responses_{one}" for one in ("met", "missed", "open_past", "unknown", "pending")]].sum()
    met, missed, open_past, unknown, pending = sums
    return pd.Series({"met": met, "late": missed + open_past, "unknown": unknown, "pending": pending,
                      "due": met + missed + open_past + unknown})  # fmt: skip


def _seen(now: pd.Series, style: Style) -> list[Exhibit]:
    if now["coverage"] == 1:
        return []
    return [prose(_F, "Only {seen} of the month was seen, so there may have been more.", style,
                  seen=Fact(f"{_F}.seen", now["coverage"], "share"))]  # fmt: skip


def _fact(name: str, value: float, now: pd.Series, measure: str) -> Fact:
    return Fact(f"{_F}.{name}", value, "count", now["coverage"], measure=measure, rows=_ROWS)
