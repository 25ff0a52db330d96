"""What stands behind a rise of the bill, told plainly: what the records say, and never that one caused the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from opsreport.exhibit import Exhibit, Fact, Rows, join, prose
from opsreport.language import mark
from opsreport.schemas.words import ALL_WORDS
from opsreport.theme import Style, is_unknown

#: What logs that grew added, by whether that is more than half of the rise.
_LOGS = {
    True: "One thing stands behind more than half of the rise of the bill: since {day} {writer} has written {ratio} "
    "times as much log as usual, which makes about {part} of the {whole}.",
    False: "Since {day} {writer} has written {ratio} times as much log as usual, which added about {part} to a bill "
    "that rose by {whole}.",
}
#: By whether it is the first part that is named, and whether a release coincides with it.
_PARTS = {
    (True, True): "Of the {whole} rise of the bill, about {part} comes from {what}, which coincides with the release "
    "{release}.",
    (True, False): "Of the {whole} rise of the bill, about {part} comes from {what}.",
    (False, True): "Another {part} comes from {what}, which coincides with the release {release}.",
    (False, False): "Another {part} comes from {what}.",
}
#: By whether a release coincides, and whether work of that service and day is on record.
_BESIDE = {
    (True, True): "That coincides with the release {release}; the work record of that day says “{work}”.",
    (True, False): "That coincides with the release {release}.",
    (False, True): "The work record of that day says “{work}”.",
}
_INCIDENT = "The incident {incident_first} of {incident_on} names the same release."
#: What is being done, by the state of the action or decision that answers it.
_DOING = {
    "open": mark("“{todo}” is to be done by {due} ({owner})."),
    "overdue": mark("“{todo}” was to be done by {due}, and is not ({owner})."),
    "done": mark("“{todo}” was done on {done} ({owner})."),
    "accepted": mark("It was decided: “{todo}” ({owner})."),
}


def cause(found: Sequence[Any], changes: pd.DataFrame, answers: pd.DataFrame, style: Style) -> list[Exhibit]:
    """Which findings explain the rise of the bill, the largest with all that the records tell beside it.

    Parameters
    ----------
    found : sequence of opsreport.findings.Finding
    changes : DataFrame
        From `opsreport.metrics.cost.change`; a currency whose bill did not rise is not explained.
    answers : DataFrame
        From `opsreport.decisions.answers`.

    Returns
    -------
    list of Exhibit
        A paragraph a currency, whose lead is its largest part; empty where no finding explains any of the rise.
    """
    made = []
    for row in changes.to_dict("records"):
        code, rise = row["billing_currency"], row["spend_change"]
        parts = [one for one in found if one.causes == "cost" and one.currency == code and "rise" in one.facts]
        if is_unknown(rise) or rise <= 0 or not parts:
            continue
        parts.sort(key=lambda one: -one.facts["rise"].value)
        at = f"findings.cause.{code.lower()}"
        whole = Fact(f"{at}.whole", rise, "money", row["coverage"], code, measure="spend_change",
                     rows=Rows("cost", {}, "since_last_month"))  # fmt: skip
        story = _story(parts[0], found, whole, answers, at, style)
        others = [_part(one, f"{at}.{place}", None, style) for place, one in enumerate(parts[1:], 1)]
        made.append(join(at, [*story, *others, *_rest(parts, rise, code, at, style)], lead=story))
    return made


def _story(
    one: Any, found: Sequence[Any], whole: Fact, answers: pd.DataFrame, at: str, style: Style
) -> list[Exhibit]:  # fmt: skip
    """The largest part: since when, beside which release and work, what else began then, what is being done."""
    if "writer" in one.facts:
        part = one.facts["rise"].value
        own = _own(one, at)
        plain = {"ratio": replace(own["ratio"], unit="number"), "day": replace(own["day"], unit="day")}
        facts = {**own, **plain, "whole": whole}
        said = [_say(at, _LOGS[whole.value / 2 < part <= whole.value], facts, style)]
        beside = _BESIDE.get((bool(one.facts.get("release")), "work" in one.facts))
        said += [_say(at, words, facts, style) for words in (beside,) if words]
    else:
        said = [_part(one, f"{at}.0", whole, style)]
    if "incident_on" in one.facts:
        said.append(_say(at, _INCIDENT, _own(one, at), style))
    same = [other for other in found if other is not one and one.service and other.beside
            and (other.service, other.since) == (one.service, one.since)]  # fmt: skip
    said += [_say(at, other.beside, _own(other, f"{at}.beside.{place}"), style) for place, other in enumerate(same)]
    return [*said, *_doing(one, answers, at, style)]


def _doing(one: Any, answers: pd.DataFrame, at: str, style: Style) -> list[Exhibit]:
    rows = answers[answers["finding"] == one.id].to_dict("records")
    if not rows:
        return [prose(at, "No action on it is agreed yet.", style)]
    row = rows[0]
    words = _DOING.get(row["todo_state"])
    facts = {"todo": row["todo"], "owner": row["owner"], "due": Fact(f"{at}.due", row["due_on"], "day"),
             "done": Fact(f"{at}.done", row["done_on"], "day")}  # fmt: skip
    return [_say(at, words, facts, style)] if words else []


def _part(one: Any, at: str, whole: Fact | None, style: Style) -> Exhibit:
    """One finding's part of the rise; the first names the whole."""
    part = replace(one.facts["rise"], id=f"{at}.part", rows=one.rows)
    release = one.facts.get("release", "")
    what = style.again(one.facts.get("cause", one.title), ALL_WORDS)
    facts = {"part": part, "what": what, "release": release, "whole": whole}
    return _say(at, _PARTS[whole is not None, bool(release)], facts, style)


def _rest(parts: Sequence[Any], rise: Decimal, code: str, at: str, style: Style) -> list[Exhibit]:
    """What of the rise no finding explains; nothing where they explain more than all of it."""
    amounts = [rise, *(one.facts["rise"].value for one in parts)]
    if sum(amounts[1:], Decimal(0)) >= rise:
        return []
    # Of the amounts as they are printed, so that the parts that a reader adds up make the whole.
    places = get_currency_precision(code)
    whole, *named = (round(amount, places) for amount in amounts)
    left = whole - sum(named, Decimal(0))
    if left <= 0:
        return []
    return [prose(f"{at}.rest", "For the other {rest} there is no finding; the bridge shows what it is made of.", style,
                  rest=Fact(f"{at}.rest", left, "money", currency=code))]  # fmt: skip


def _own(one: Any, at: str) -> dict[str, Fact | str]:
    """A finding's facts under a place's name, each with its rows."""
    facts = {
        name: replace(fact, id=f"{at}.{name}", rows=fact.rows or one.rows) if isinstance(fact, Fact) else fact
        for name, fact in one.facts.items()
    }
    return facts | ({"part": replace(facts["rise"], id=f"{at}.part")} if "rise" in facts else {})


def _say(at: str, words: str, facts: dict[str, Any], style: Style) -> Exhibit:
    return prose(at, words, style, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in words})
