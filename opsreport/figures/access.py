"""Access charts: how many are not as they should be, this month and last, and the age of keys."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.language import mark
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_SHOWN = 12  # keys whose bars fit one chart
_DAY = pd.Timedelta(days=1)
_AGES = ((False, mark("in time"), theme.THIS_MONTH, ""), (True, mark("too old"), theme.BAD, "/"))
_LEGEND = {"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0, "traceorder": "normal",
           "itemclick": False, "itemdoubleclick": False}  # fmt: skip


def standing(standing: pd.DataFrame, style: Style) -> Exhibit:
    """How many are not as they should be: this month strong over last month pale, with those that cannot be told.

    Parameters
    ----------
    standing : DataFrame
        From `opsreport.metrics.access.standing`.
    """
    seen = standing.dropna(subset=["access_count"]).reset_index(drop=True)
    # Who is privileged is counted in the table; there is nothing to mend in it.
    known = seen[seen["access_check"] != "Privileged"].reset_index(drop=True)
    if known.empty:
        said = "Access was not seen in this month, so there is nothing to draw."
        return notice("access.standing", said, style)
    places, unsure = known.index.to_list(), [count or None for count in known["access_unknown"]]
    figure = go.Figure()
    _bars(figure, places, known["access_count"].to_list(), style.say("this month"), theme.THIS_MONTH)
    if any(unsure):
        pattern = {"shape": "/", "fgcolor": theme.INK_SOFT, "bgcolor": theme.PAPER}
        figure.add_bar(
            orientation="h", y=places, x=unsure, base=known["access_count"].to_list(), width=0.22, hoverinfo="skip",
            name=style.say("not visible"), marker={"pattern": pattern, "line": {"color": theme.INK_SOFT, "width": 1}},
        )  # fmt: skip
    before = known["access_before"].fillna(0).to_list()
    _bars(figure, [place + 0.25 for place in places], before, style.say("last month"), theme.HISTORY)
    for place, row in known.iterrows():
        _above(figure, place, _checked(row, style), theme.INK)
        _above(figure, place, _counted(row, style), theme.INK_SOFT, right=True)
    most = max([1.0, *before, *(known["access_count"] + known["access_unknown"])])
    figure.update_xaxes(range=[0, most], tickformat=",d", nticks=5, fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(known) - 0.45, -0.75], fixedrange=True)
    figure.update_layout(barmode="overlay", legend=_LEGEND, margin={"l": 20, "r": 24})
    return chart(
        figure, "access.standing", title=_standing_title(known, style), style=style, numbers=seen,
        subtitle=style.say("Accounts with access at the month's end, by what was found of them"),
        columns=("access_check", "access_count", "access_unknown", "access_before", "coverage"),
        height=110 + 62 * len(known),
    )  # fmt: skip


def key_ages(listing: pd.DataFrame, limit: pd.Timedelta, agreed: bool, style: Style) -> Exhibit:
    """The age of each active key, against the oldest that it may be.

    Parameters
    ----------
    listing : DataFrame
        From `opsreport.metrics.access.listing`.
    limit : Timedelta
        The oldest that a key may be.
    agreed : bool
        Whether that was agreed; else it is only usual.
    """
    keys = listing.dropna(subset=["key_age"]).sort_values("key_age", ascending=False, ignore_index=True)
    if keys.empty:
        said = "No active key was seen whose age is known, so there is none to draw."
        return notice("access.keys", said, style)
    drawn = keys.head(_SHOWN).assign(key_age_limit=limit)
    places, days = drawn.index.to_list(), (drawn["key_age"] / _DAY).to_list()
    over = (drawn["key_age"] > limit).to_list()
    figure = go.Figure()
    for is_over, name, colour, shape in _AGES:
        part = [place for place in places if over[place] == is_over]
        if part:
            pattern = {"shape": shape, "fgcolor": theme.PAPER, "bgcolor": colour}
            figure.add_bar(
                orientation="h", y=part, x=[days[place] for place in part], width=0.34, name=style.say(name),
                hoverinfo="skip",
                marker={"color": colour, "pattern": pattern, "line": {"color": colour, "width": 1}},
            )  # fmt: skip
    for place, row in drawn.iterrows():
        _above(figure, place, f"<b>{html.escape(row['principal_name'], quote=False)}</b>", theme.INK)
        _above(figure, place, style.text(row["key_age"], "duration"), theme.INK_SOFT, right=True)
    at = limit / _DAY
    figure.add_vline(x=at, line={"color": theme.TARGET, "width": 1.5})
    said = style.say("agreed: {limit}" if agreed else "usual: {limit}", limit=style.text(limit, "duration"))
    figure.add_annotation(x=at, y=1, yref="paper", yanchor="bottom", text=said, showarrow=False,
                          font={"size": 12, "color": theme.INK_SOFT})  # fmt: skip
    figure.update_xaxes(range=[0, max([at, *days]) * 1.04], nticks=5, fixedrange=True,
                        ticksuffix=style.say("{number} d", number=""))  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(drawn) - 0.6, -0.8], fixedrange=True)
    figure.update_layout(barmode="overlay", showlegend=any(over), legend=_LEGEND, margin={"l": 20, "r": 24})
    subtitle = (
        "Age of each one's oldest active key, in days, when it was seen; the {shown} oldest of {all}"
        if len(keys) > len(drawn)
        else "Age of each one's oldest active key, in days, when it was seen"
    )
    return chart(
        figure, "access.keys", title=_keys_title(keys, limit, agreed, style), style=style, numbers=drawn,
        subtitle=style.say(subtitle, shown=len(drawn), all=len(keys)),
        columns=("principal_name", "principal", "key_age", "key_age_limit"), height=130 + 52 * len(drawn),
    )  # fmt: skip


def _bars(figure: go.Figure, places: list, counts: list, name: str, colour: str) -> None:
    figure.add_bar(orientation="h", y=places, x=counts, width=0.22, name=name, hoverinfo="skip",
                   marker={"color": colour})  # fmt: skip


def _above(figure: go.Figure, place: int, text: str, colour: str, right: bool = False) -> None:
    """Words over a bar: beside it they would take a phone's whole width."""
    side = {"x": 0.99, "xanchor": "right"} if right else {"x": 0, "xanchor": "left"}
    figure.add_annotation(y=place - 0.36, yanchor="middle", xref="paper", text=text, showarrow=False, align="left",
                          font={"size": 12, "color": colour}, **side)  # fmt: skip


def _checked(row: pd.Series, style: Style) -> str:
    check = f"<b>{html.escape(style.again(row['access_check'], WORDS), quote=False)}</b>"
    if is_unknown(row["access_limit"]):
        return check
    return style.say("{check} · over {limit}", check=check, limit=style.text(row["access_limit"], "duration"))


def _counted(row: pd.Series, style: Style) -> str:
    words = "{count}, {unseen} not visible; before {before}" if row["access_unknown"] else "{count}; before {before}"
    counts = {"count": "access_count", "unseen": "access_unknown", "before": "access_before"}
    return style.say(words, **{name: style.text(row[column], "count") for name, column in counts.items()})


def _standing_title(known: pd.DataFrame, style: Style) -> str:
    count, before = known["access_count"].sum(), known["access_before"].sum(min_count=1)
    if not count and known["access_unknown"].sum():
        return style.say("Nothing is known to be wrong; some of it cannot be seen")
    if not count:
        return style.say("Nothing was found to be wrong")
    said = {"count": style.text(count, "count"), "before": style.text(before, "count")}
    if is_unknown(before):
        return style.say("{count} thing to mend" if count == 1 else "{count} things to mend", **said)
    return style.say(
        "{count} thing to mend, after {before} the month before"
        if count == 1
        else "{count} things to mend, after {before} the month before",
        **said,
    )


def _keys_title(keys: pd.DataFrame, limit: pd.Timedelta, agreed: bool, style: Style) -> str:
    count = int((keys["key_age"] > limit).sum())
    none, one, more = (
        ("No key is known to be older than agreed", "{count} key is older than agreed",
         "{count} keys are older than agreed")
        if agreed
        else ("No key is known to be older than usual", "{count} key is older than usual",
              "{count} keys are older than usual")
    )  # fmt: skip
    words = none if not count else one if count == 1 else more
    return style.say(words, count=style.text(count, "count"))
