"""The sentence on trends: which key figures stand at an end of their thirteen months."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, prose
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style, is_unknown

_F = "trends.finding"
_ENOUGH = 6  # known months, below which an end says little
_NAMED = 3  # figures that a sentence can hold

#: By how many figures there are; the last for more than can be named.
_HIGHEST = (
    "This month is the highest known of the last thirteen for {first} ({first_value}).",
    "This month is the highest known of the last thirteen for {first} ({first_value}) and {second} ({second_value}).",
    "This month is the highest known of the last thirteen for {first} ({first_value}), {second} "
    "({second_value}) and {third} ({third_value}).",
    "This month is the highest known of the last thirteen for {first} ({first_value}), {second} "
    "({second_value}), {third} ({third_value}) and {more} more.",
)
_LOWEST = (
    "This month is the lowest known of the last thirteen for {first} ({first_value}).",
    "This month is the lowest known of the last thirteen for {first} ({first_value}) and {second} ({second_value}).",
    "This month is the lowest known of the last thirteen for {first} ({first_value}), {second} "
    "({second_value}) and {third} ({third_value}).",
    "This month is the lowest known of the last thirteen for {first} ({first_value}), {second} "
    "({second_value}), {third} ({third_value}) and {more} more.",
)
_PLACES = ("first", "second", "third")


def finding(scorecard: pd.DataFrame, style: Style) -> Exhibit:
    """What opens the section: where this month is the highest or the lowest of all that are known.

    Parameters
    ----------
    scorecard : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists. Figures known for less than six months
        are left out, and so is an end that an earlier month reached as well.
    """
    rows = scorecard.to_dict("records")
    highest, lowest = ([row for row in rows if _end(row["trend"]) == which] for which in ("highest", "lowest"))
    if not highest and not lowest:
        words = "No key figure is this month at the highest or the lowest of its last thirteen months."
        return prose(_F, words, style)
    return join(_F, [*_said("highest", _HIGHEST, highest, style), *_said("lowest", _LOWEST, lowest, style)])


def _end(trend: Any) -> str:
    """Whether the newest month is the highest or the lowest of those known; empty where it is neither."""
    known = [one for one in trend if not is_unknown(one)] if isinstance(trend, (list, tuple)) else []
    if len(known) < _ENOUGH or is_unknown(trend[-1]):
        return ""
    now, before = known[-1], known[:-1]
    return "highest" if now > max(before) else "lowest" if now < min(before) else ""


def _said(which: str, words: tuple[str, ...], rows: list[dict[str, Any]], style: Style) -> list[Exhibit]:
    if not rows:
        return []
    facts: dict[str, Fact | str] = {}
    for place, row in zip(_PLACES, rows, strict=False):
        facts |= {place: style.within(style.again(row["measure"], KEY_FIGURES)), f"{place}_value": _fact(row)}
    if len(rows) > _NAMED:
        facts["more"] = Fact(f"{_F}.more_{which}", len(rows) - _NAMED, "count")
    return [prose(_F, words[min(len(rows), len(words)) - 1], style, **facts)]


def _fact(row: dict[str, Any]) -> Fact:
    coverage = None if is_unknown(row["coverage"]) else row["coverage"]
    rows = row["rows"] if isinstance(row["rows"], Rows) else None
    return Fact(f"{_F}.{row['id']}", row["this_month"], row["unit"], coverage, row["currency"] or "", rows=rows)
