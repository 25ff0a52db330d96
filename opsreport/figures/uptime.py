"""Uptime charts: the state strip, the error budget's burn-down, 13 months against the target."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures import uptime_titles as titles
from opsreport.figures.cost_bars import month_labels
from opsreport.figures.month_axis import elapsed, month_axis
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

#: The pattern that tells each state besides its colour, the quiet ones first.
_PATTERNS = {mark("up"): "", mark("unknown"): "/", mark("paused"): ".", mark("maintenance"): "x",
             mark("degraded"): "\\", mark("down"): ""}  # fmt: skip
_LABELLED = 5  # lines of a burn-down that can be told apart
_FACETS = 6  # monitors whose thirteen months fit one chart
_NO_DATA = mark("There is no monitor data for this month, so uptime is unknown: see the note on data for the source.")


def state_strip(states: pd.DataFrame, availability: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Each monitor's state over the month, one row a monitor.

    Parameters
    ----------
    states : DataFrame
        From `opsreport.metrics.uptime.states`.
    availability : DataFrame
        From `opsreport.metrics.uptime.availability`; its order is the chart's, top to bottom.
    """
    if states.empty or not availability["coverage"].gt(0).any():
        return notice("uptime.strip", _NO_DATA, style)
    order = [m for m in dict.fromkeys(availability["monitor"]) if m in set(states["monitor"])]
    figure = go.Figure()
    for state, part in sorted(states.groupby("state"), key=lambda group: list(_PATTERNS).index(group[0])):
        figure.add_trace(_state_bars(state, part, order, period, style))
    _mark_outages(figure, states[states["state"] == "down"], order, period, style)
    figure.update_layout(barmode="overlay", xaxis=month_axis(period, style), legend=_LEGEND)
    figure.update_yaxes(tickvals=list(range(len(order))), ticktext=[_plain(name) for name in order],
                        showgrid=False, fixedrange=True, range=[len(order) - 0.4, -0.8])  # fmt: skip
    return chart(
        figure, "uptime.strip", title=titles.strip_title(availability, style), style=style, numbers=availability,
        subtitle=style.say("State of each monitor over the month; ▼ marks each outage, however short"),
        columns=("monitor", "coverage", "down_time", "degraded_time", "raw_availability"),
        height=150 + 28 * len(order),
    )  # fmt: skip


def budget_burn_down(burn_down: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """The error budget left at the end of each day; below zero it is overspent.

    Parameters
    ----------
    burn_down : DataFrame
        From `opsreport.metrics.uptime.budget_burn_down`.
    """
    known = burn_down.dropna(subset=["budget_left"])
    if known.empty:
        return notice("uptime.budget", "There is no error budget to show: no SLO was observed in this month.",
                      style)  # fmt: skip
    ends = known.groupby("monitor", sort=False).tail(1).sort_values("budget_left", ignore_index=True)
    strong = list(ends["monitor"].head(_LABELLED))
    figure = go.Figure()
    for name in reversed(ends["monitor"].to_list()):
        _burn_line(figure, burn_down[burn_down["monitor"] == name], name in strong, period, style)
    _end_labels(figure, ends.head(_LABELLED), style)
    figure.add_hline(y=0, line={"color": theme.TARGET, "width": 1.5})
    figure.update_layout(xaxis=month_axis(period, style, most=3), showlegend=False, margin={"r": 120})
    figure.update_yaxes(ticksuffix=style.say("{number} min", number=""), rangemode="tozero", fixedrange=True)
    subtitle = (
        "Error budget left at the end of each day, in minutes; below 0 it is overspent; the {count} with the most "
        "left are pale"
        if len(ends) > _LABELLED
        else "Error budget left at the end of each day, in minutes; below 0 it is overspent"
    )
    return chart(
        figure, "uptime.budget", title=titles.budget_title(ends, style), style=style, numbers=ends,
        subtitle=style.say(subtitle, count=len(ends) - _LABELLED),
        columns=("monitor", "slo_target", "error_budget", "budget_left"), height=340,
    )  # fmt: skip


def availability_history(history: pd.DataFrame, style: Style) -> Exhibit:
    """Thirteen months of availability against the target, one strip of dots a monitor.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.uptime.history`; those with an SLO are shown, worst first.
    """
    agreed = history[history["monitor"].isin(history.loc[history["slo_target"].notna(), "monitor"])]
    known = agreed.dropna(subset=["raw_availability"])
    if known.empty:
        return notice("uptime.history", "No availability has been observed under an SLO yet.", style)
    low, facets = _lowest_first(known)
    figure = make_subplots(rows=len(facets), cols=1, shared_xaxes=True,
                           subplot_titles=[_plain(name) for name in facets],
                           vertical_spacing=min(0.2, 0.36 / len(facets)))  # fmt: skip
    months = list(dict.fromkeys(history["period"]))
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    for place, name in enumerate(facets, start=1):
        _facet(figure, agreed[agreed["monitor"] == name], place, months, style)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=months, fixedrange=True, tickangle=0,
                        range=[-0.5, len(months) - 0.5], tickvals=months,
                        ticktext=month_labels(pd.Series(months), style))  # fmt: skip
    pad = (1 - low) * 0.12 or 0.0001
    figure.update_yaxes(range=[low - pad, 1 + pad], tickformat=".3~%", nticks=4, fixedrange=True)
    figure.update_layout(showlegend=False)
    hidden = agreed["monitor"].nunique() - len(facets)
    subtitle = (
        "Availability by month; ◆ missed, ○ raw, without an SLO; a line spans worst to best case where not all was "
        "seen. The axis starts at {start}, not at 0"
    )
    subtitle += ". The {hidden} best monitors are left out" if hidden else ""
    return chart(
        figure, "uptime.history", title=titles.history_title(known, style), style=style,
        subtitle=style.say(subtitle, start=style.text(low - pad, "availability"), hidden=hidden),
        numbers=agreed[agreed["monitor"].isin(facets)].iloc[::-1], limit=_FACETS * 26,
        columns=("period", "monitor", "agreed_availability", "raw_availability", "slo_target", "coverage", "verdict"),
        height=136 + 110 * len(facets),
    )  # fmt: skip


_LEGEND = {"entrywidth": 80, "y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0,
           "itemclick": False, "itemdoubleclick": False}  # fmt: skip


def _state_bars(state: str, part: pd.DataFrame, order: list[str], period: Period, style: Style) -> go.Bar:
    """All stretches of one state, as one trace."""
    colour, shape = theme.STATE_COLOURS[state], _PATTERNS[state]
    begin, end = elapsed(part["state_from"], period), elapsed(part["state_to"], period)
    pattern = {"shape": shape, "fgcolor": theme.INK_SOFT, "size": 5, "solidity": 0.25, "fillmode": "overlay"}
    return go.Bar(
        orientation="h", y=[order.index(name) for name in part["monitor"]], base=_rounded(begin), 
        name=style.say(state), width=0.5,
        x=_rounded(b - a for a, b in zip(begin, end, strict=True)),
        # A drawn edge keeps an outage of minutes at two pixels on a month.
        marker={"color": colour, "pattern": pattern if shape else None,
                "line": {"color": colour, "width": 2 if state == "down" else 0}},
        hovertext=[style.say("{state}, {start} to {end}", state=style.say(state), start=style.text(a, "instant"),
                             end=style.text(b, "instant"))
                   for a, b in zip(part["state_from"], part["state_to"], strict=True)] if state != "up" else None,
        hoverinfo="text" if state != "up" else "skip",
    )  # fmt: skip


def _mark_outages(figure: go.Figure, down: pd.DataFrame, order: list[str], period: Period, style: Style) -> None:
    """A mark above the start of each outage, which may be too short to see."""
    if down.empty:
        return
    figure.add_scatter(
        x=_rounded(elapsed(down["state_from"], period)), y=[order.index(m) - 0.44 for m in down["monitor"]],
        marker={"symbol": "triangle-down", "size": 9, "color": theme.BAD}, mode="markers", showlegend=False,
        hovertext=[style.say("down for {time} from {start}", time=style.text(b - a, "duration"),
                             start=style.text(a, "instant"))
                   for a, b in zip(down["state_from"], down["state_to"], strict=True)], hoverinfo="text",
    )  # fmt: skip


def _burn_line(figure: go.Figure, rows: pd.DataFrame, strong: bool, period: Period, style: Style) -> None:
    starts = {day: start for day, start, _ in period.local_days()}
    ends = {day: end for day, _, end in period.local_days()}
    first = rows.iloc[0]
    # A line begins with the whole budget; a day that nobody observed is a gap in it.
    at = [starts[first["budget_day"]], *(ends[day] for day in rows["budget_day"])]
    left = [first["error_budget"], *rows["budget_left"]]
    figure.add_scatter(
        x=_rounded(elapsed(at, period)), y=[None if is_unknown(one) else round(one, 2) for one in left], mode="lines",
        line={"color": _line_colour(rows["budget_left"].dropna(), strong), "width": 2.5 if strong else 1.5},
        hovertext=[style.say("{name}: {time} left", name=_plain(first["monitor"]), time=style.text(one, "minutes"))
                   for one in left], hoverinfo="text",
    )  # fmt: skip


def _line_colour(left: pd.Series, strong: bool) -> str:
    if not strong:
        return theme.HISTORY
    return theme.BAD if len(left) and left.iloc[-1] < 0 else theme.THIS_MONTH


def _end_labels(figure: go.Figure, ends: pd.DataFrame, style: Style) -> None:
    """Each line's name and end at its right, moved apart where they would touch."""
    values = ends["budget_left"].tolist()
    span = max(max(values), ends["error_budget"].max(), 0) - min(min(values), 0)
    at: list[float] = []
    for value in values:
        at.append(value if not at else max(value, at[-1] + span * 0.13))
    for (_, row), y in zip(ends.iterrows(), at, strict=True):
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=y, yanchor="middle", showarrow=False, align="left",
            text=f"{_plain(row['monitor'])}<br>{style.text(row['budget_left'], 'minutes', signed=True)}",
            font={"size": 12, "color": _line_colour(pd.Series([row["budget_left"]]), True)},
        )  # fmt: skip


def _lowest_first(known: pd.DataFrame) -> tuple[float, list[str]]:
    shown = known["agreed_availability"].fillna(known["raw_availability"])
    facets = list(shown.groupby(known["monitor"]).min().sort_values(kind="stable").index[:_FACETS])
    mine = known["monitor"].isin(facets)
    return float(min(shown[mine].min(), known.loc[mine, "slo_target"].min())), facets


def _facet(figure: go.Figure, rows: pd.DataFrame, place: int, months: list[str], style: Style) -> None:
    agreed, missed = rows["slo_target"].notna(), rows["verdict"] == "missed"
    values = rows["agreed_availability"].where(agreed, rows["raw_availability"])
    now = (rows["period"] == months[-1]).tolist()
    colours = [theme.BAD if bad else theme.THIS_MONTH if new else theme.HISTORY
               for bad, new in zip(missed, now, strict=True)]  # fmt: skip
    symbols = ["diamond" if bad else "circle" if one else "circle-open"
               for bad, one in zip(missed, agreed, strict=True)]  # fmt: skip
    figure.add_scatter(
        x=rows["period"].tolist(), y=_listed(values), mode="markers", cliponaxis=False, row=place, col=1,
        marker={"size": [12 if new else 9 for new in now], "color": colours, "symbol": symbols, "opacity": 1,
                "line": {"width": [0 if one else 2 for one in agreed], "color": colours}},
        error_y={"symmetric": False, "array": _listed(rows["availability_best"] - values), "width": 0,
                 "arrayminus": _listed(values - rows["availability_worst"]), "thickness": 1.5, "color": theme.INK_SOFT},
        hovertext=[style.text(value, "availability") for value in values], hoverinfo="text+x",
    )  # fmt: skip
    target = rows.dropna(subset=["slo_target"])
    # In steps: a target changes from one month to the next, and nothing was agreed in between.
    line = {"color": theme.TARGET, "width": 1, "dash": "dot", "shape": "hvh"}
    figure.add_scatter(x=target["period"].tolist(), y=target["slo_target"].tolist(), mode="lines", hoverinfo="skip",
                       line=line, row=place, col=1)  # fmt: skip
    last = target["slo_target"].iloc[-1]
    axis = "" if place == 1 else place
    figure.add_annotation(x=1, xref="paper", xanchor="right", y=1, yref=f"y{axis} domain", yanchor="bottom",
                          showarrow=False, font={"size": 12, "color": theme.INK_SOFT},
                          text=style.say("target {value} (dotted)",
                                         value=style.text(last, "availability")))  # fmt: skip


def _plain(name: str) -> str:
    # Plotly reads some markup in its texts; a name is shown as it is.
    return html.escape(name, quote=False)


def _listed(values: pd.Series) -> list[float | None]:
    return [None if is_unknown(value) else float(value) for value in values]


def _rounded(hours: object) -> list[float]:
    return [round(hour, 4) for hour in hours]  # a third of a second; keeps the page small
