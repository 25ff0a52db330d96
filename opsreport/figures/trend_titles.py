"""What the charts of trends are called: which target was missed, and how many could be judged."""

from __future__ import annotations

import html
from typing import Any

from opsreport.language import mark
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style, is_unknown

#: Of a single target, by its verdict.
_ONE = {
    "met": mark("The one target here was met this month"),
    "at risk": mark("The one target here was met this month, and nearly missed"),
    "unknown": mark("Whether the one target here was met this month cannot be judged"),
}


def title(drawn: list[dict[str, Any]], every: list[dict[str, Any]], style: Style) -> str:
    """The target that was missed; else how many of these figures' were met, and how many cannot be judged.

    Parameters
    ----------
    drawn, every : list of dict
        Rows of the scorecard: those that are drawn, and all of the chart's sections, since a target
        counts whether or not its figure can be drawn.
    """
    agreed = [row for row in every if not is_unknown(row["target"])]
    missed = [row for row in agreed if row["verdict"] == "missed"]
    if missed:
        first = missed[0]
        value, target = (said(first, first[key], style) for key in ("this_month", "target"))
        words = "{measure} was {value} against a target of {target}"
        words += "; {count} more missed theirs" if len(missed) > 1 else ""
        return style.say(words, measure=style.again(first["measure"], KEY_FIGURES), value=value, target=target,
                         count=style.text(len(missed) - 1, "count"))  # fmt: skip
    if agreed:
        return _judged(agreed, style)
    return style.say("{measure}: {value} this month", measure=style.again(drawn[0]["measure"], KEY_FIGURES),
                     value=said(drawn[0], drawn[0]["this_month"], style))  # fmt: skip


def said(row: dict[str, Any], value: Any, style: Style) -> str:
    """A key figure's value as a chart writes it."""
    return plain(style.text(value, row["unit"], currency=row["currency"]))


def plain(text: str) -> str:
    """A text as it is: Plotly reads some markup in its texts."""
    return html.escape(text, quote=False)


def _judged(agreed: list[dict[str, Any]], style: Style) -> str:
    """How many targets were met and how many cannot be judged, where none is known to have been missed."""
    met = sum(row["verdict"] in ("met", "at risk") for row in agreed)
    if len(agreed) == 1:
        return style.say(_ONE[agreed[0]["verdict"]])
    counts = {"met": met, "all": len(agreed), "unknown": len(agreed) - met}
    words = "{met} of {all} targets here were met this month; {unknown} cannot be judged"
    if met == 1:
        words = "{met} of {all} targets here was met this month; {unknown} cannot be judged"
    if met == len(agreed):
        words = "All {all} targets here were met this month"
    if not met:
        words = "None of the {all} targets here can be judged this month"
    return style.say(words, **{name: style.text(count, "count") for name, count in counts.items()})
