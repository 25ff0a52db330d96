"""Incident charts: how long each took, thirteen months of them, and answers against what was agreed."""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import attainment as shared
from opsreport.figures import chart
from opsreport.figures.attainment import LEGEND, above, plain
from opsreport.figures.cost_bars import month_labels
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

_SHOWN = 12  # incidents whose bars fit one chart
_LETTERS = 50  # of a title that fit a phone
_ALIKE = ("drill", "planned", "the provider's")
_FAR = 3  # times the next, from which a bar is cut
_HOUR = pd.Timedelta(hours=1)


def timeline(listing: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Each incident of the month as a bar from its opening to its resolution.

    Parameters
    ----------
    listing : DataFrame
        From `opsreport.metrics.incidents.listing`; drills and planned work are not drawn.
    """
    real = listing[~listing["incident_status"].isin(_ALIKE)]
    if real.empty:
        return notice("incidents.timeline", "No incident is recorded in this month, so there is none to draw.",
                      style)  # fmt: skip
    ends = real["resolved_at"].fillna(period.end)
    lasted = real.assign(lasted=ends - real["opened_at"]).sort_values(
        ["severity", "lasted"], ascending=[True, False], ignore_index=True
    )
    drawn = lasted.head(_SHOWN)
    end = _cut(drawn["lasted"])
    figure = go.Figure()
    _bars(figure, drawn, end, mark("resolved"), theme.THIS_MONTH, "", style)
    _bars(figure, drawn, end, mark("open at month end"), theme.BAD, "/", style)
    _broken(figure, drawn, end)
    _acknowledged(figure, drawn, end, style)
    _name_each(figure, drawn, style)
    ticks = _ticks(end)
    figure.update_xaxes(range=[0, end / _HOUR * 1.22], tickvals=[tick / _HOUR for tick in ticks],
                        ticktext=[style.text(tick, "duration") if tick else "0" for tick in ticks],
                        fixedrange=True)  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(drawn) - 0.4, -0.95], fixedrange=True)
    figure.update_layout(barmode="overlay", legend=LEGEND, margin={"l": 20})
    subtitle = "Time from opening to resolution; ◆ marks the acknowledgement"
    subtitle += "; the {shown} most severe of {all}" if len(real) > len(drawn) else ""
    subtitle += "; a broken bar goes on to the time beside it" if end < drawn["lasted"].max() else ""
    return chart(
        figure, "incidents.timeline", title=_timeline_title(lasted, style), style=style, numbers=drawn,
        subtitle=style.say(subtitle, shown=len(drawn), all=len(real)),
        columns=("opened_at", "service", "severity", "title", "time_to_acknowledge", "time_to_restore",
                 "incident_status"),
        height=130 + 58 * len(drawn),
    )  # fmt: skip


def history(history: pd.DataFrame, style: Style) -> Exhibit:
    """Thirteen months of incidents opened, this month strong.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.incidents.history`.
    """
    known = history.dropna(subset=["incidents_opened"])
    if known.empty:
        return notice("incidents.history", "No month of incidents has been seen yet.", style)
    months, newest = list(history["period"]), history["period"].iloc[-1]
    counts = history["incidents_opened"]
    figure = go.Figure(go.Bar(
        x=months, y=counts.fillna(0), textposition="outside", cliponaxis=False, hoverinfo="skip",
        text=[style.text(n, "count") if not is_unknown(n) else "?" for n in counts],
        marker={"color": [theme.THIS_MONTH if month == newest else theme.HISTORY for month in months]},
    ))  # fmt: skip
    figure.update_xaxes(type="category", tickvals=months, ticktext=month_labels(history["period"], style),
                        tickangle=0, fixedrange=True)  # fmt: skip
    figure.update_yaxes(visible=False, range=[0, max(counts.max(), 1) * 1.2], fixedrange=True)
    subtitle = (
        "Incidents opened each month, without drills and planned work; ? is a month that was not seen"
        if len(known) < len(history)
        else "Incidents opened each month, without drills and planned work"
    )
    return chart(
        figure, "incidents.history", title=_history_title(history, style), style=style, numbers=history,
        subtitle=style.say(subtitle),
        columns=("period", "incidents_opened", "incidents_resolved", "incidents_open", "incident_downtime", "coverage"),
        height=276,
    )  # fmt: skip


def attainment(targets: pd.DataFrame, style: Style) -> Exhibit:
    """The share of answers within the agreed time, by severity, against all of them.

    Parameters
    ----------
    targets : DataFrame
        From `opsreport.metrics.incidents.targets`.
    """
    return shared.attainment(targets, style, id="incidents.attainment", group="severity", answer="response")


def _cut(lasted: pd.Series) -> pd.Timedelta:
    """Where the axis ends: at the longest, or short of one or two so long that no other could be read."""
    longest = lasted.sort_values(ascending=False).to_list()
    for count in (2, 1):
        if count < len(longest) - 1 and longest[count - 1] > _FAR * longest[count]:
            return max(longest[count] * 1.5, pd.Timedelta(minutes=5))
    return longest[0]


def _broken(figure: go.Figure, drawn: pd.DataFrame, end: pd.Timedelta) -> None:
    """A break through each bar that goes on beyond the axis."""
    for place in drawn.index[drawn["lasted"] > end]:
        for at in (0.9, 0.93):
            figure.add_shape(
                type="line", x0=end / _HOUR * at, x1=end / _HOUR * (at + 0.01), y0=place + 0.2, y1=place - 0.2,
                line={"color": theme.PAPER, "width": 4},
            )  # fmt: skip


def _bars(
    figure: go.Figure, drawn: pd.DataFrame, end: pd.Timedelta, status: str, colour: str, shape: str, style: Style
) -> None:
    part = drawn[drawn["incident_status"] == status]
    if part.empty:
        return
    pattern = {"shape": shape, "fgcolor": theme.PAPER, "bgcolor": colour} if shape else None
    figure.add_bar(
        orientation="h", y=part.index.to_list(), x=(part["lasted"].clip(upper=end) / _HOUR).to_list(), width=0.34,
        name=style.say(status),
        text=[f"\u2002{style.text(one, 'duration')}" for one in part["lasted"]], textposition="outside",
        cliponaxis=False, hoverinfo="skip",
        marker={"color": colour, "pattern": pattern, "line": {"color": colour, "width": 1}},
    )  # fmt: skip


def _acknowledged(figure: go.Figure, drawn: pd.DataFrame, end: pd.Timedelta, style: Style) -> None:
    told = drawn["time_to_acknowledge"].notna() & drawn["note"].fillna("").eq("")
    explicit = drawn[told & (drawn["time_to_acknowledge"] <= end)]  # none stands beyond the axis
    if explicit.empty:
        return
    figure.add_scatter(
        x=(explicit["time_to_acknowledge"] / _HOUR).to_list(), y=explicit.index.to_list(), mode="markers",
        name=style.say("acknowledged"), cliponaxis=False, hoverinfo="text",
        hovertext=[style.say("acknowledged after {time}", time=style.text(one, "duration"))
                   for one in explicit["time_to_acknowledge"]],
        marker={"symbol": "diamond", "size": 9, "color": theme.PAPER, "line": {"color": theme.INK, "width": 1.5}},
    )  # fmt: skip


def _name_each(figure: go.Figure, drawn: pd.DataFrame, style: Style) -> None:
    for place, row in drawn.iterrows():
        service = "" if is_unknown(row["service"]) else f" · {row['service']}"
        title = "" if is_unknown(row["title"]) else row["title"]
        words = textwrap.shorten(title or row["incident_id"], _LETTERS, placeholder="…")
        day = style.text(row["opened_at"], "instant")
        above(figure, place, 0.5, f"<b>{plain(row['severity'])}</b>{plain(service)} · {day}<br>{plain(words)}",
               theme.INK)  # fmt: skip


def _ticks(longest: pd.Timedelta) -> list[pd.Timedelta]:
    """About four round times up to the longest."""
    for step in ("5min", "15min", "30min", "1h", "2h", "4h", "8h", "1D", "2D", "3D", "7D", "30D"):
        size = pd.Timedelta(step)
        if longest <= 4 * size:
            break
    return [size * n for n in range(int(longest / size) + 1)]


def _timeline_title(lasted: pd.DataFrame, style: Style) -> str:
    still = int((lasted["incident_status"] == "open at month end").sum())
    values = {"time": style.text(lasted["lasted"].max(), "duration"), "count": style.text(still, "count")}
    goes_on = lasted.loc[lasted["lasted"].idxmax(), "incident_status"] == "open at month end"
    if len(lasted) == 1:
        words = "The one incident has lasted {time} so far" if goes_on else "The one incident took {time}"
        return style.say(words, **values)
    if goes_on:
        return style.say("The longest incident has lasted {time} so far; {count} still open at month end", **values)
    words = "The longest incident took {time}; {count} still open at month end" if still else (
        "The longest incident took {time}")  # fmt: skip
    return style.say(words, **values)


def _history_title(history: pd.DataFrame, style: Style) -> str:
    # A month of which some was not seen may have had more.
    whole = history["incidents_opened"].where(history["coverage"] == 1)
    now, before = history["incidents_opened"].iloc[-1], whole.iloc[:-1].dropna()
    if is_unknown(now):
        return style.say("How many incidents there were this month is unknown")
    count = style.text(now, "count")
    if before.empty:
        words = "{count} incident this month" if now == 1 else "{count} incidents this month"
        return style.say(words, count=count)
    low, high = style.text(before.min(), "count"), style.text(before.max(), "count")
    if len(before) == 1:
        words = "{count} incident this month, after {low} in the one seen before" if now == 1 else (
            "{count} incidents this month, after {low} in the one seen before")  # fmt: skip
        return style.say(words, count=count, low=low)
    one, more = (
        ("{count} incident this month, after {low} in each before",
         "{count} incidents this month, after {low} in each before")
        if low == high
        else ("{count} incident this month, after {low} to {high} in the months before",
              "{count} incidents this month, after {low} to {high} in the months before")
    )  # fmt: skip
    return style.say(one if now == 1 else more, count=count, low=low, high=high)
