"""The sentences on the work done: how much, within the hours agreed or not, what it went to."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "work.finding"
_ROWS = Rows("work")


def finding(history: pd.DataFrame, by_kind: pd.DataFrame, style: Style, absent: str = "") -> Exhibit:
    """What opens the section: the work done, and whether it stayed within the hours agreed.

    Parameters
    ----------
    history, by_kind : DataFrame
        From `opsreport.metrics.work`: `history` (the newest month stands last) and `by_kind`.
    absent : str
        Why there is nothing to say; empty where there is something.
    """
    now = history.iloc[-1]
    if absent or is_unknown(now["work_count"]):
        said = "No source of work done was seen in this month, so what was done is unknown."
        return notice(_F, absent or said, style)
    done = [_done(now, style), *_within(now, style)]
    return join(_F, [*done, *_most(now, by_kind, style)], lead=done)


def deployments(frequency: pd.DataFrame, style: Style) -> Exhibit:
    """The month's deployments in one line, by service.

    Parameters
    ----------
    frequency : DataFrame
        From `opsreport.metrics.delivery.frequency`.
    """
    id, known = "work.deployments", frequency.dropna(subset=["deployments"])
    known = known[known["deployments"] > 0].sort_values("deployments", ascending=False, kind="stable")
    if known.empty:
        return prose(id, "No deployment to production is known of in this month.", style, "note")
    parts = [prose(id, "Put into production with success this month:", style)]
    for place, (_, row) in enumerate(known.iterrows()):
        name = style.say("a service without a name") if is_unknown(row["service"]) else row["service"]
        rows = Rows.of(row, "deployment")
        count = Fact(f"{id}.{place}", row["deployments"], "count", row["coverage"], measure="deployments", rows=rows)
        words = "{name} {count}×." if place == len(known) - 1 else "{name} {count}×,"
        parts.append(prose(id, words, style, name=name, count=count))
    return join(id, parts, role="note")


def method(style: Style) -> Exhibit:
    """How work is counted, for whoever wants to check it."""
    return prose(
        "work.method",
        "Work counts on your day on which it was done, with the hours that its record gives. Where the hours "
        "of a piece of work are not recorded it is counted apart, and the hours used are at least those that are. More "
        "than the agreed hours is missed however much is not recorded; within them is met only when all is.",
        style, "method",
    )  # fmt: skip


def _done(now: pd.Series, style: Style) -> Exhibit:
    count, unknown = now["work_count"], now["hours_unknown"]
    facts = {"month": Fact(f"{_F}.month", now["period"], "month")}
    if not count:
        words = (
            "No work is recorded for {month}."
            if now["coverage"] == 1
            else "No work is known of in {month}, of which not all was seen."
        )
        return prose(_F, words, style, **facts)
    facts["count"] = Fact(f"{_F}.count", count, "count", now["coverage"], measure="work_count", rows=_ROWS)
    if is_unknown(now["hours_used"]):
        words = "Pieces of work done in {month}: {count}; their hours are not recorded."
        return prose(_F, words, style, **facts)
    facts["used"] = Fact(f"{_F}.used", now["hours_used"], "hours", now["coverage"], measure="hours_used", rows=_ROWS)
    if unknown:
        facts["unknown"] = Fact(f"{_F}.unknown", unknown, "count", measure="hours_unknown", rows=_ROWS)
        words = (
            "{count} pieces of work were done in {month}, in at least {used}: the hours of {unknown} are not recorded."
        )
    elif now["coverage"] < 1:
        words = "Pieces of work known of in {month}: {count}, in at least {used}, since not all of the month was seen."
    elif count == 1:
        words = "{count} piece of work was done in {month}, in {used}."
    else:
        words = "{count} pieces of work were done in {month}, in {used}."
    return prose(_F, words, style, **facts)


def _within(now: pd.Series, style: Style) -> list[Exhibit]:
    agreed, used = now["hours_agreed"], now["hours_used"]
    if is_unknown(agreed):
        return [prose(_F, "No hours of work are agreed.", style)]
    facts = {"agreed": Fact(f"{_F}.agreed", agreed, "hours", measure="hours_agreed")}
    if now["verdict"] == "missed":
        if now["note"] or used <= agreed:
            words = "For a part of the month {agreed} were agreed; that limit was missed."
            return [prose(_F, words, style, **facts)]
        facts["over"] = Fact(f"{_F}.over", used - agreed, "hours", now["coverage"], rows=_ROWS)
        words = "The limit of {agreed} that was agreed was missed: {over} more were used."
        return [prose(_F, words, style, **facts)]
    if now["verdict"] == "met":
        return [prose(_F, "The limit of {agreed} that was agreed was kept.", style, **facts)]
    return [prose(_F, "Whether the limit of {agreed} that was agreed was kept is unknown.", style, **facts)]


def _most(now: pd.Series, by_kind: pd.DataFrame, style: Style) -> list[Exhibit]:
    known = by_kind.dropna(subset=["hours_used"])
    if known.empty or not known["hours_used"].iloc[0]:
        return []
    first = known.iloc[0]
    kind = first["kind"] if not is_unknown(first["kind"]) else None
    rows = Rows("work", {"kind": kind})
    hours = Fact(f"{_F}.most", first["hours_used"], "hours", now["coverage"], measure="hours_used", rows=rows)
    if kind is None:
        return [prose(_F, "Most hours went to work without a stated kind: {hours}.", style, hours=hours)]
    if len(known) == 1:
        return [prose(_F, "All recorded hours were of the kind {kind}.", style, kind=kind)]
    share = Fact(f"{_F}.most_share", first["hours_share"], "share", now["coverage"], measure="hours_share", rows=rows)
    facts = {"hours": hours, "share": share} | ({} if kind == "incident" else {"kind": kind})
    return [prose(_F, _MOST[kind == "incident", bool(now["hours_unknown"])], style, **facts)]


#: By whether it is incidents that took most, and whether some hours are not recorded.
_MOST = {
    (True, False): "{share} of the hours went to incidents: {hours}.",
    (True, True): "{share} of the hours recorded went to incidents: {hours}.",
    (False, False): "{share} of the hours went to work of the kind “{kind}”: {hours}.",
    (False, True): "{share} of the hours recorded went to work of the kind “{kind}”: {hours}.",
}
