"""The sentence on trends: which key figures stand at an end of their thirteen months."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, prose
from opsreport.language import mark
from opsreport.schemas.directions import end_of, extreme, is_long_enough
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style, is_unknown

_F = "trends.finding"
_NAMED = 3  # figures that a sentence can hold

#: By how many figures there are; the last for more than can be named.
_WORDS = {
    "worst": (
        mark("This month is the worst known of the last thirteen for {first} ({first_value})."),
        mark("This month is the worst known of the last thirteen for {first} ({first_value}) and {second} "
             "({second_value})."),
        mark("This month is the worst known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}) and {third} ({third_value})."),
        mark("This month is the worst known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}), {third} ({third_value}) and {more} more."),
    ),
    "best": (
        mark("This month is the best known of the last thirteen for {first} ({first_value})."),
        mark("This month is the best known of the last thirteen for {first} ({first_value}) and {second} "
             "({second_value})."),
        mark("This month is the best known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}) and {third} ({third_value})."),
        mark("This month is the best known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}), {third} ({third_value}) and {more} more."),
    ),
    "highest": (
        mark("This month is the highest known of the last thirteen for {first} ({first_value})."),
        mark("This month is the highest known of the last thirteen for {first} ({first_value}) and {second} "
             "({second_value})."),
        mark("This month is the highest known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}) and {third} ({third_value})."),
        mark("This month is the highest known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}), {third} ({third_value}) and {more} more."),
    ),
    "lowest": (
        mark("This month is the lowest known of the last thirteen for {first} ({first_value})."),
        mark("This month is the lowest known of the last thirteen for {first} ({first_value}) and {second} "
             "({second_value})."),
        mark("This month is the lowest known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}) and {third} ({third_value})."),
        mark("This month is the lowest known of the last thirteen for {first} ({first_value}), {second} "
             "({second_value}), {third} ({third_value}) and {more} more."),
    ),
}  # fmt: skip
_PLACES = ("first", "second", "third")


def finding(scorecard: pd.DataFrame, style: Style) -> Exhibit:
    """What opens the section: where this month is the worst or the best of all that are known.

    Parameters
    ----------
    scorecard : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists. Figures known for less than six months
        are left out, and so is an end that an earlier month reached as well.
    """
    rows = scorecard.to_dict("records")
    parts = [part for which in _WORDS for part in _said(which, [row for row in rows if _end(row) == which], style)]
    if not any(is_long_enough(row["trend"]) for row in rows):
        return prose(_F, "It is too early for a trend: no key figure is known for six months.", style)
    if not parts:
        words = "No key figure is this month at the highest or the lowest of its last thirteen months."
        return prose(_F, words, style)
    return join(_F, parts)


def _end(row: dict[str, Any]) -> str:
    """What the newest month is called where it stands alone at an end of those known; else empty."""
    at = extreme(row["trend"])
    return end_of(str(row["measure"]), at == "highest") if at else ""


def _said(which: str, rows: list[dict[str, Any]], style: Style) -> list[Exhibit]:
    if not rows:
        return []
    facts: dict[str, Fact | str] = {}
    for place, row in zip(_PLACES, rows, strict=False):
        facts |= {place: style.within(style.again(row["measure"], KEY_FIGURES)), f"{place}_value": _fact(row)}
    if len(rows) > _NAMED:
        facts["more"] = Fact(f"{_F}.more_{which}", len(rows) - _NAMED, "count")
    return [prose(_F, _WORDS[which][min(len(rows), len(_WORDS[which])) - 1], style, **facts)]


def _fact(row: dict[str, Any]) -> Fact:
    coverage = None if is_unknown(row["coverage"]) else row["coverage"]
    rows = row["rows"] if isinstance(row["rows"], Rows) else None
    return Fact(f"{_F}.{row['id']}", row["this_month"], row["unit"], coverage, row["currency"] or "", rows=rows)
