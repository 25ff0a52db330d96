"""The sentences on incidents: how many, for how long, responded to as agreed or not, what came back."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "incidents.finding"


def finding(
    totals: pd.DataFrame, targets: pd.DataFrame, repeats: pd.DataFrame, found: pd.DataFrame, style: Style,
    severe: pd.DataFrame | None = None,
) -> Exhibit:  # fmt: skip
    """What opens the section: what happened, and whether the response was as agreed.

    Parameters
    ----------
    totals : DataFrame
        From `opsreport.metrics.incidents.history` (the newest month stands last), or
        `totals` where there is no month before.
    targets, repeats, found : DataFrame
        From `opsreport.metrics.incidents`: `targets`, `repeats` and `found_by_us`.
    severe : DataFrame, optional
        From `opsreport.metrics.incidents.severe`: for how long there was one of each severity.
    """
    now = totals.iloc[-1]
    if is_unknown(now["incidents_opened"]):
        said = "No source of incidents was seen in this month, so whether there were any is unknown."
        return notice(_F, said, style)
    parts = [_happened(now, severe, style), *_before(totals, style), *_still_open(now, style), *_seen(now, style)]
    answered = _answered(targets, style)
    lead, parts = [parts[0], *answered], [*parts, *answered]
    if now["incidents_opened"]:
        parts += [*_came_back(repeats, style), *_noticed(found.iloc[0], style)]
    return join(_F, parts, lead=lead)


def left_out(totals: pd.DataFrame, style: Style) -> Exhibit:
    """What is not counted: drills and planned maintenance."""
    now, id = totals.iloc[-1], "incidents.left_out"
    if is_unknown(now["drills"]) or is_unknown(now["planned"]):
        return prose(id, "Whether there were drills or planned maintenance is unknown.", style, "note")
    if not now["drills"] and not now["planned"]:
        return prose(id, "There was no drill and no planned maintenance to leave out.", style, "note")
    words = (
        "Left out of every figure: {drills} drill and {planned} planned maintenance."
        if now["drills"] == 1
        else "Left out of every figure: {drills} drills and {planned} planned maintenance."
    )
    return prose(
        id, words, style, "note", drills=_fact("incidents.left_out.drills", now["drills"], now),
        planned=_fact("incidents.left_out.planned", now["planned"], now),
    )  # fmt: skip


def method(style: Style) -> Exhibit:
    """How incidents are counted, for whoever wants to check it."""
    return prose(
        "incidents.method",
        "Time to acknowledge runs from opening to the first explicit acknowledgement, in the month of opening; time to "
        "restore from opening to resolution, in the month of resolution, so that an incident across a month end counts "
        "once. Severities are never averaged together, and percentiles of fewer than five are withheld. Downtime is "
        "the time with at least one incident: overlaps count once, and severities that mean no impact do not count. A "
        "response is held against what was agreed when the incident opened, in the agreed hours, and counts in the "
        "month in which its outcome was certain.",
        style, "method",
    )  # fmt: skip


def _happened(now: pd.Series, severe: pd.DataFrame | None, style: Style) -> Exhibit:
    month, count = Fact(f"{_F}.month", now["period"], "month"), now["incidents_opened"]
    if not count:
        words = ("No incident was opened in {month}." if now["coverage"] == 1 else
                 "No incident is known to have been opened in {month}.")  # fmt: skip
        return prose(_F, words, style, month=month)
    down, facts = now["incident_downtime"], {"count": _fact(f"{_F}.opened", count, now), "month": month}
    if is_unknown(down) or not down:
        words = _OPENED["no downtime", count == 1]
        return prose(_F, words, style, **facts)
    facts["down"] = _fact(f"{_F}.downtime", down, now, "duration")
    if severe is None or len(severe) < 2:
        return prose(_F, _OPENED["one severity", count == 1], style, **facts)
    worst = severe.iloc[0]
    behind = Rows("incident", {"severity": worst["severity"]})
    facts["severe"] = Fact(f"{_F}.severe", worst["incident_downtime"], "duration", now["coverage"], rows=behind)
    return prose(_F, _OPENED["several", count == 1], style, severity=worst["severity"], **facts)


#: By how long there were any and of which severities, and whether one was opened.
_OPENED = {
    ("no downtime", True): "{count} incident was opened in {month}, without any downtime.",
    ("no downtime", False): "{count} incidents were opened in {month}, without any downtime.",
    ("one severity", True): (
        "{count} incident was opened in {month}; for {down} of the month at least one was going on."
    ),
    ("one severity", False): (
        "{count} incidents were opened in {month}; for {down} of the month at least one was going on."
    ),
    ("several", True): "{count} incident was opened in {month}. One of the worst severity, {severity}, was going on "
    "for {severe} of the month, one of any severity for {down}.",
    ("several", False): "{count} incidents were opened in {month}. One of the worst severity, {severity}, was going "
    "on for {severe} of the month, one of any severity for {down}.",
}


def _before(totals: pd.DataFrame, style: Style) -> list[Exhibit]:
    # A month of which some was not seen may have had more.
    if len(totals) < 2 or is_unknown(totals["incidents_opened"].iloc[-2]) or totals["coverage"].iloc[-2] < 1:
        return []
    before = totals.iloc[-2]
    words = "The month before had {count}." if before["incidents_opened"] else "The month before had none."
    return [prose(_F, words, style, **(
        {"count": _fact(f"{_F}.before", before["incidents_opened"], before)} if before["incidents_opened"] else {}
    ))]  # fmt: skip


def _still_open(now: pd.Series, style: Style) -> list[Exhibit]:
    count = now["incidents_open"]
    if is_unknown(count) or not count:
        return []
    words = (
        "When the month ended {count} was still open."
        if count == 1
        else "When the month ended {count} were still open."
    )
    return [prose(_F, words, style, count=_fact(f"{_F}.open", count, now))]


def _seen(now: pd.Series, style: Style) -> list[Exhibit]:
    if now["coverage"] == 1:
        return []
    return [prose(_F, "Only {seen} of the month was seen, so there may have been more.", style,
                  seen=Fact(f"{_F}.seen", now["coverage"], "share"))]  # fmt: skip


def _answered(targets: pd.DataFrame, style: Style) -> list[Exhibit]:
    if targets.empty:
        return []
    sums = targets[["responses_met", "responses_missed", "responses_open_past", "responses_unknown",
                    "responses_pending"]].sum()  # fmt: skip
    met, unknown, pending = sums["responses_met"], sums["responses_unknown"], sums["responses_pending"]
    late = sums["responses_missed"] + sums["responses_open_past"]
    row = targets.iloc[0]
    facts = {
        "due": _fact(f"{_F}.due", met + late + unknown, row), "met": _fact(f"{_F}.met", met, row),
        "late": _fact(f"{_F}.late", late, row), "unknown": _fact(f"{_F}.unknown", unknown, row),
        "pending": _fact(f"{_F}.pending", pending, row),
    }  # fmt: skip

    def say(words: str, *names: str) -> Exhibit:
        return prose(_F, words, style, **{name: facts[name] for name in names})

    if not met + late + unknown:
        words = ("No agreed response fell due; {pending} is awaited." if pending == 1 else
                 "No agreed response fell due; {pending} are awaited.")  # fmt: skip
        return [say(words, "pending")] if pending else []
    parts = [_verdict_on(met, late, unknown, row["coverage"], say)]
    if unknown:
        parts.append(say("For {unknown} it cannot be told.", "unknown"))
    if pending:
        words = ("At month end {pending} more was awaited and not yet due." if pending == 1 else
                 "At month end {pending} more were awaited and not yet due.")  # fmt: skip
        parts.append(say(words, "pending"))
    return parts


def _verdict_on(met: float, late: float, unknown: float, coverage: float, say) -> Exhibit:
    if late:
        words = (
            "The agreed response times were missed: of {due} responses that fell due, {late} was late."
            if late == 1
            else "The agreed response times were missed: of {due} responses that fell due, {late} were late."
        )
        return say(words, "due", "late")
    if unknown or coverage < 1:
        return say("Whether the agreed response times were met is unknown: of {due} responses that fell due, {met} are "
                   "known to have come in time, and none to be late.", "due", "met")  # fmt: skip
    return say("The agreed response times were met: the responses that fell due, {due} in all, came in time.", "due")


def _came_back(repeats: pd.DataFrame, style: Style) -> list[Exhibit]:
    if repeats.empty:
        return []
    count = Fact(f"{_F}.repeats", len(repeats), "count")
    words = "Of the incidents, {count} repeated one of the thirty days before."
    return [prose(_F, words, style, count=count)]


def _noticed(found: pd.Series, style: Style) -> list[Exhibit]:
    known = found["found_by_alert"] + found["found_by_people"]
    if not known:
        return [prose(_F, "Who noticed first is not recorded.", style)]
    facts = {"ours": Fact(f"{_F}.found", found["found_by_alert"], "count", found["coverage"]),
             "known": Fact(f"{_F}.found_known", known, "count", found["coverage"])}  # fmt: skip
    words = "Our own alerts found {ours} of {known} before anyone reported them"
    if found["found_unknown"]:
        facts["rest"] = Fact(f"{_F}.found_unknown", found["found_unknown"], "count", found["coverage"])
        words += "; for {rest} more it is not recorded"
    return [prose(_F, f"{words}.", style, **facts)]


def _fact(id: str, value: object, row: pd.Series, unit: str = "count") -> Fact:
    return Fact(id, value, unit, row["coverage"])
