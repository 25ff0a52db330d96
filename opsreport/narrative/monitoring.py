"""The sentences on monitoring: what alerts were worth, what nothing caught, which rules cannot warn."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F, _RULES = "monitoring.finding", Rows("alarm_rule")
#: A rule is named as noisy from this many alerts on which nothing was done.
_NOISY = 5


def finding(
    alerts: pd.DataFrame, by_rule: pd.DataFrame, caught: pd.DataFrame, rules: pd.DataFrame, style: Style,
    absent: str = "",
) -> Exhibit:  # fmt: skip
    """What opens the section: what alerts were worth, what nothing caught, which rules cannot warn.

    Parameters
    ----------
    alerts, by_rule : DataFrame
        From `opsreport.metrics.monitoring`: `history` (the newest month stands last) or `alerts`,
        and `by_rule`.
    caught, rules : DataFrame
        From `opsreport.metrics.monitoring`: `caught_counts` and `rule_counts`.
    absent : str
        Why there is nothing to say; empty where there is something.
    """
    if absent:
        return notice(_F, absent)
    now = alerts.iloc[-1]
    worth, blind = _worth(now, style), _uncaught(caught.iloc[0], style)
    parts = [*worth, *_noisiest(by_rule, style), *_outside(now, style), *blind, *_broken(rules.iloc[0], style)]
    return join(_F, parts, lead=[worth[0], *blind[:1]])


def rules_seen(rules: pd.DataFrame, style: Style, absent: str = "") -> Exhibit:
    """When the rules were seen, and which of them never fired.

    Parameters
    ----------
    rules : DataFrame
        From `opsreport.metrics.monitoring.rule_counts`.
    absent : str
        From `opsreport.completeness.absent`: why no list of rules is known.
    """
    now, id = rules.iloc[0], "monitoring.rules_seen"
    if is_unknown(now["rule_seen_at"]):
        words = "No list of alarm rules was read up to the end of these days, so whether they could warn is unknown."
        return prose(id, "{absent}", style, "note", absent=absent) if absent else prose(id, words, style, "note")
    facts = {"at": Fact(f"{id}.at", now["rule_seen_at"], "instant", rows=_RULES),
             "count": Fact(f"{id}.count", now["rules_seen"], "count", rows=_RULES),
             "stale": Fact(f"{id}.stale", now["rules_stale"], "count", rows=_RULES),
             "silent": Fact(f"{id}.silent", now["rules_silent"], "count", rows=_RULES)}  # fmt: skip

    def say(words: str, *names: str) -> Exhibit:
        return prose(id, words, style, **{name: facts[name] for name in names})

    if is_unknown(now["rules_seen"]):
        return prose(id, "The newest list of alarm rules is of {at}: how they stood at the month's end is unknown.",
                     style, "note", at=facts["at"])  # fmt: skip
    parts = [say("The newest list, of {at}, holds {count} rules.", "at", "count")]
    if now["rules_seen"] == 1:
        parts = [say("The newest list, of {at}, holds {count} rule.", "at", "count")]
    if now["rules_stale"] == 1:
        parts.append(say("{stale} rule of older lists is not in it.", "stale"))
    elif now["rules_stale"]:
        parts.append(say("{stale} rules of older lists are not in it.", "stale"))
    if now["rules_silent"] == 1:
        parts.append(say("{silent} rule that can warn fired in none of the thirteen months.", "silent"))
    elif now["rules_silent"]:
        parts.append(say("{silent} rules that can warn fired in none of the thirteen months.", "silent"))
    return join(id, parts, role="note")


def method(style: Style) -> Exhibit:
    """How alerts are judged, for whoever wants to check it."""
    return prose(
        "monitoring.method",
        "An alert counts in the month in which it fired. The share that led to action is over the alerts of which it "
        "is recorded; the others are counted apart. An alert caught an incident if it was of the same service and "
        "fired between a quarter of an hour before the first effect and the opening; drills and planned maintenance "
        "are left out. A call is outside support hours by the agreed hours, without holidays, on your clock. "
        "A rule is judged by the newest list of rules at the month's end; what only an older list holds is neither "
        "fine nor broken.",
        style, "method",
    )  # fmt: skip


def _worth(now: pd.Series, style: Style) -> list[Exhibit]:
    if is_unknown(now["alerts_fired"]):
        return [prose(_F, "No source of alerts was seen in this month, so how many fired is unknown.", style)]
    if not now["alerts_fired"]:
        words = "No alert fired in this month." if now["coverage"] == 1 else "No alert is known to have fired."
        return [prose(_F, words, style), *_seen(now, style)]
    fired = _fact("fired", now, "alerts_fired")
    if is_unknown(now["actioned_share"]):
        words = "{fired} alerts fired; whether they led to action is not recorded."
        if now["alerts_fired"] == 1:
            words = "{fired} alert fired; whether it led to action is not recorded."
        return [prose(_F, words, style, fired=fired), *_seen(now, style)]
    facts = {"fired": fired, "acted": _fact("actioned", now, "alerts_actioned"),
             "share": _fact("share", now, "actioned_share", "share")}  # fmt: skip
    if not now["alerts_unknown"]:
        words = "{fired} alerts fired, and {acted} of them ({share}) led to action."
        if now["alerts_fired"] == 1:
            words = ("One alert fired, and led to action." if now["alerts_actioned"] else
                     "One alert fired, and nothing was done.")  # fmt: skip
            facts = {}
        return [prose(_F, words, style, **facts), *_seen(now, style)]
    facts["unknown"] = _fact("unknown", now, "alerts_unknown")
    words = "{fired} alerts fired, and {acted} ({share} of those of which it is recorded) led to action; " \
            "of {unknown} it is not recorded."  # fmt: skip
    return [prose(_F, words, style, **facts), *_seen(now, style)]


def _seen(now: pd.Series, style: Style) -> list[Exhibit]:
    if now["coverage"] == 1:
        return []
    return [prose(_F, "Only {seen} of the month was seen, so there may have been more.", style,
                  seen=Fact(f"{_F}.seen", now["coverage"], "share"))]  # fmt: skip


def _noisiest(by_rule: pd.DataFrame, style: Style) -> list[Exhibit]:
    if by_rule.empty or by_rule.iloc[0]["alerts_idle"] < _NOISY:
        return []
    row = by_rule.iloc[0]
    rows = Rows("alert", {"alert_name": row["alert_name"]})
    return [prose(
        _F, "The noisiest rule, “{rule}”, fired {fired} times; for {idle} of them nothing was done.", style,
        rule=row["alert_name"], fired=_fact("rule_fired", row, "alerts_fired", rows=rows),
        idle=_fact("rule_idle", row, "alerts_idle", rows=rows),
    )]  # fmt: skip


def _outside(now: pd.Series, style: Style) -> list[Exhibit]:
    if is_unknown(now["calls_outside"]) or not now["calls_outside"] or now["calls_unplaced"]:
        return []
    rows = Rows("alert", {"interrupted": True})
    calls = _fact("calls", now, "calls", rows=rows)
    outside = _fact("outside", now, "calls_outside", rows=rows)
    words = "Of {calls} calls to people, {outside} came outside the support hours."
    return [prose(_F, words, style, calls=calls, outside=outside)]


def _uncaught(now: pd.Series, style: Style) -> list[Exhibit]:
    if is_unknown(now["incidents_uncaught"]):
        return []
    rows = Rows("incident")
    known = now["incidents_caught"] + now["incidents_uncaught"]
    facts = {"uncaught": _fact("uncaught", now, "incidents_uncaught", rows=rows),
             "known": Fact(f"{_F}.incidents", known, "count", now["coverage"], rows=rows),
             "unclear": _fact("unclear", now, "incidents_unclear", rows=rows)}  # fmt: skip

    def say(words: str, *names: str) -> Exhibit:
        return prose(_F, words, style, **{name: facts[name] for name in names})

    one = now["incidents_unclear"] == 1
    unsure = [say("Of {unclear} incident it cannot be told whether an alert caught it." if one else
                  "Of {unclear} incidents it cannot be told whether an alert caught them.", "unclear")]  # fmt: skip
    parts = unsure if now["incidents_unclear"] else []
    if not known:
        return parts
    if now["incidents_uncaught"] and known == 1:
        return [say("No alert caught the one incident."), *parts]
    if now["incidents_uncaught"]:
        return [say("Of {known} incidents, {uncaught} went unseen by any alert.", "known", "uncaught"), *parts]
    if known == 1:
        return [say("An alert caught the one incident."), *parts]
    return [say("Alerts caught all of the {known} incidents.", "known"), *parts]


def _broken(rules: pd.Series, style: Style) -> list[Exhibit]:
    if is_unknown(rules["rules_seen"]) or not rules["rules_broken"]:
        return []
    facts = {"broken": Fact(f"{_F}.broken", rules["rules_broken"], "count", rows=Rows("alarm_rule")),
             "rules": Fact(f"{_F}.rules", rules["rules_seen"], "count", rows=Rows("alarm_rule"))}  # fmt: skip
    words = "Of {rules} alarm rules, {broken} cannot warn anybody: disabled, without an action, or without data."
    return [prose(_F, words, style, **facts)]


def _fact(name: str, row: pd.Series, column: str, unit: str = "count", rows: Rows | None = None) -> Fact:
    return Fact(f"{_F}.{name}", row[column], unit, row["coverage"], measure=column, rows=rows)
