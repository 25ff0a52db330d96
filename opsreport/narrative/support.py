"""The sentences on the support desk: what was asked, whether the replies were as agreed, what is still open."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "support.finding"
_KINDS = {"first response": "first", "resolution": "resolved"}
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
    coverage, whole = targets["coverage"].iloc[0], _sums(targets)
    pending, unknown = (Fact(f"{_F}.{name}", whole[name], "count", coverage, rows=_ROWS)
                        for name in ("pending", "unknown"))  # fmt: skip
    judged = _sums(targets[targets["response_target"].notna()])["due"]
    if not judged and not whole["unknown"]:
        words = "No agreed reply fell due; awaited and not yet due: {pending}."
        return [prose(_F, words, style, pending=pending)] if whole["pending"] else []
    # Without a priority no target applies: that is told, and is none of those that fell due.
    parts = [_verdict_on(targets, whole, coverage, style)] if judged else []
    if whole["unknown"]:
        parts.append(prose(_F, "Replies of which it cannot be told: {unknown}.", style, unknown=unknown))
    if whole["pending"]:
        parts.append(prose(_F, "Awaited at month end and not yet due: {pending}.", style, pending=pending))
    return parts


def _verdict_on(targets: pd.DataFrame, whole: pd.Series, coverage: float, style: Style) -> Exhibit:
    """Whether the times were kept, of first responses apart from resolutions: each request asks for both."""
    facts = {}
    for answer, kind in _KINDS.items():
        sums = _sums(targets[(targets["answer"] == answer) & targets["response_target"].notna()])
        facts |= {f"{kind}_{one}": Fact(f"{_F}.{kind}_{one}", sums[one], "count", coverage, rows=_ROWS)
                  for one in ("due", "met", "late")}  # fmt: skip
    due = [kind for kind in _KINDS.values() if facts[f"{kind}_due"].value]
    state = "missed" if whole["late"] else "unknown" if whole["unknown"] or coverage < 1 else "met"
    words = _VERDICTS[state, " ".join(due)]
    return prose(_F, words, style, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in words})


#: By how the agreed times were kept, and which answers fell due.
_VERDICTS = {
    ("met", "first"): "The agreed times were met: the first responses that fell due, {first_due} in all, came in time.",
    ("met", "resolved"): "The agreed times were met: the resolutions that fell due, {resolved_due} in all, came in "
    "time.",
    ("met", "first resolved"): "The agreed times were met: the first responses that fell due, {first_due} in all, and "
    "the resolutions, {resolved_due} in all, came in time.",
    ("missed", "first"): "The agreed times were missed: of the first responses that fell due {first_late} of "
    "{first_due} came late.",
    ("missed", "resolved"): "The agreed times were missed: of the resolutions that fell due {resolved_late} of "
    "{resolved_due} came late.",
    ("missed", "first resolved"): "The agreed times were missed: of the first responses that fell due {first_late} of "
    "{first_due} came late, and of the resolutions {resolved_late} of {resolved_due}.",
    ("unknown", "first"): "Whether the agreed times were met is unknown: of the first responses that fell due "
    "{first_met} of {first_due} are known to have come in time, and none to be late.",
    ("unknown", "resolved"): "Whether the agreed times were met is unknown: of the resolutions that fell due "
    "{resolved_met} of {resolved_due} are known to have come in time, and none to be late.",
    ("unknown", "first resolved"): "Whether the agreed times were met is unknown: of the first responses that fell due "
    "{first_met} of {first_due} are known to have come in time, of the resolutions {resolved_met} of {resolved_due}, "
    "and none to be late.",
}


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
