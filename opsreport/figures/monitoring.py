"""Monitoring charts: which rules fired and whether there was anything to do, and when people were called."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.month_axis import elapsed, month_axis
from opsreport.intervals import Intervals
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

_SHOWN = 10  # rules whose bars fit one chart
_NOISY = 5  # alerts for nothing from which on a rule is named
_MOST_CALLS = 1000  # dots that a chart can bear
_HOUR = pd.Timedelta(hours=1)
_PARTS = (
    (mark("led to action"), "alerts_actioned", theme.THIS_MONTH, ""),
    (mark("nothing to do"), "alerts_idle", theme.PALE, ""),
    (mark("not recorded"), "alerts_unknown", theme.UNKNOWN, "/"),
)  # fmt: skip
_LEGEND = {"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0, "traceorder": "normal",
           "itemclick": False, "itemdoubleclick": False}  # fmt: skip


def by_rule(rules: pd.DataFrame, style: Style) -> Exhibit:
    """Each rule's alerts of the month, split by whether there was anything to do.

    Parameters
    ----------
    rules : DataFrame
        From `opsreport.metrics.monitoring.by_rule`.
    """
    if rules.empty:
        return notice("monitoring.by_rule", "No alert is known to have fired in this month, so there is none to draw.",
                      style)  # fmt: skip
    drawn = rules.head(_SHOWN)
    places = list(range(len(drawn)))
    figure = go.Figure()
    for words, column, colour, shape in _PARTS:
        if not drawn[column].sum():
            continue
        pattern = {"shape": shape, "fgcolor": theme.INK_SOFT, "fillmode": "overlay"} if shape else None
        figure.add_bar(
            orientation="h", y=places, x=drawn[column].tolist(), name=style.say(words), width=0.36, hoverinfo="skip",
            marker={"color": colour, "pattern": pattern, "line": {"color": theme.PAPER, "width": 1}},
        )  # fmt: skip
    for place, row in drawn.iterrows():
        _above(figure, place, f"<b>{_plain(row['alert_name'])}</b>", theme.INK)
        _above(figure, place, _counted(row, style), theme.INK_SOFT, right=True)
    figure.update_xaxes(range=[0, drawn["alerts_fired"].max() * 1.02], nticks=5, fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(drawn) - 0.5, -0.8], fixedrange=True)
    figure.update_layout(barmode="stack", legend=_LEGEND)
    subtitle = "Alerts of each rule that fired, by whether there was anything to do"
    subtitle += "; the {shown} with the most for nothing, of {all}" if len(rules) > len(drawn) else ""
    unsure = ("calls_unknown",) if rules["calls_unknown"].any() else ()
    return chart(
        figure, "monitoring.by_rule", title=_rule_title(rules, style), style=style, numbers=drawn,
        subtitle=style.say(subtitle, shown=len(drawn), all=len(rules)),
        columns=("alert_name", "service", "alerts_fired", "alerts_actioned", "alerts_idle", "alerts_unknown",
                 "actioned_share", "calls", *unsure, "calls_outside"),
        height=140 + 48 * len(drawn),
    )  # fmt: skip


def calls(calls: pd.DataFrame, hours: Intervals, period: Period, style: Style) -> Exhibit:
    """Each call of the month by day and hour, with the support hours behind them.

    Parameters
    ----------
    calls : DataFrame
        From `opsreport.metrics.monitoring.calls`.
    hours : Intervals
        The agreed support hours, from `opsreport.metrics.monitoring.hours`.
    """
    if calls.empty:
        return notice("monitoring.calls", "No alert is known to have called anybody in this month.", style)
    drawn = calls.tail(_MOST_CALLS)
    figure = go.Figure()
    _support(figure, hours, period)
    for words, wanted, symbol, colour in (
        ("led to action", "yes", "circle", theme.THIS_MONTH), ("nothing to do", "no", "circle-open", theme.INK_SOFT),
        ("not recorded", "not recorded", "x-thin", theme.INK_SOFT),
    ):  # fmt: skip
        part = drawn[drawn["alert_outcome"] == wanted]
        if len(part):
            _dots(figure, part, style.say(words), symbol, colour, period, style)
    ticks = (0, 6, 12, 18, 24)
    figure.update_xaxes(**month_axis(period, style))
    figure.update_yaxes(range=[24.4, -0.4], tickvals=list(ticks), ticktext=[f"{tick:02d}:00" for tick in ticks],
                        fixedrange=True)  # fmt: skip
    figure.update_layout(legend=_LEGEND)
    subtitle = "Each alert that called somebody, by day and time of day"
    subtitle += "; shaded are the support hours" if hours else "; no support hours were agreed"
    subtitle += "; the {shown} latest of {all}" if len(calls) > len(drawn) else ""
    return chart(
        figure, "monitoring.calls", title=_calls_title(calls, style), style=style, numbers=calls, limit=20,
        subtitle=style.say(subtitle, shown=len(drawn), all=len(calls)),
        columns=("fired_at", "alert_name", "service", "alert_outcome", "is_outside"), height=400,
    )  # fmt: skip


def _dots(figure: go.Figure, part: pd.DataFrame, words: str, symbol: str, colour: str, period: Period,
          style: Style) -> None:  # fmt: skip
    local = part["fired_at"].dt.tz_convert(period.zone)
    starts = {day: start for day, start, _ in period.local_days()}
    noons = [starts[day] + 12 * _HOUR for day in local.dt.date]
    figure.add_scatter(
        x=[round(hour, 2) for hour in elapsed(noons, period)], mode="markers", name=words, hoverinfo="text",
        y=[round(one.hour + one.minute / 60, 2) for one in local],
        hovertext=[f"{_plain(name)}, {style.text(at, 'instant')}: {words}"
                   for name, at in zip(part["alert_name"], part["fired_at"], strict=True)],
        marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
    )  # fmt: skip


def _support(figure: go.Figure, hours: Intervals, period: Period) -> None:
    """The support hours of each day as a pale block, on the client's clock."""
    for _, start, end in period.local_days():
        left, right = elapsed((start, end), period)
        for opens, closes in hours.clip(start, end).pairs():
            low, high = (_clock(at, period, at == end) for at in (opens, closes))
            figure.add_shape(type="rect", x0=left, x1=right, y0=low, y1=high, layer="below",
                             line={"width": 0}, fillcolor=theme.GRID, opacity=0.55)  # fmt: skip


def _clock(at: pd.Timestamp, period: Period, is_end: bool) -> float:
    local = at.tz_convert(period.zone)
    return 24.0 if is_end else local.hour + local.minute / 60


def _above(figure: go.Figure, place: int, text: str, colour: str, right: bool = False) -> None:
    side = {"x": 1, "xanchor": "right"} if right else {"x": 0, "xanchor": "left"}
    figure.add_annotation(y=place - 0.4, yanchor="middle", xref="paper", text=text, showarrow=False,
                          font={"size": 12, "color": colour}, **side)  # fmt: skip


def _counted(row: pd.Series, style: Style) -> str:
    """How many of a rule's alerts led to action, of those of which it is recorded."""
    known = row["alerts_fired"] - row["alerts_unknown"]
    acted, fired, recorded = (
        style.text(value, "count") for value in (row["alerts_actioned"], row["alerts_fired"], known)
    )
    if not known:
        return style.say("{fired}, not recorded", fired=fired)
    if row["alerts_unknown"]:
        return style.say("{acted} of {known} recorded, {fired} fired", acted=acted, known=recorded, fired=fired)
    return style.say("{acted} of {fired}", acted=acted, fired=fired)


def _rule_title(rules: pd.DataFrame, style: Style) -> str:
    first = rules.iloc[0]
    if first["alerts_idle"] < _NOISY:
        return _total_title(rules[["alerts_actioned", "alerts_fired", "alerts_unknown"]].sum(), style)
    many, idle = (style.text(first[name], "count") for name in ("alerts_fired", "alerts_idle"))
    return style.say("{idle} of {fired} alerts of “{name}” were for nothing", idle=idle, fired=many,
                     name=_plain(first["alert_name"]))  # fmt: skip


def _total_title(total: pd.Series, style: Style) -> str:
    """What came of all alerts, of which it may not be recorded."""
    acted, fired, unknown = (style.text(total[name], "count") for name in total.index)
    if total["alerts_unknown"] == total["alerts_fired"]:
        words = "{fired} alerts fired; what came of them is not recorded"
        if total["alerts_fired"] == 1:
            words = "{fired} alert fired; what came of it is not recorded"
        return style.say(words, fired=fired)
    if total["alerts_unknown"]:
        words = "{acted} of {fired} alerts are known to have led to action; of {unknown} it is not recorded"
        if total["alerts_actioned"] == 1:
            words = "{acted} of {fired} alerts is known to have led to action; of {unknown} it is not recorded"
        return style.say(words, acted=acted, fired=fired, unknown=unknown)
    return style.say("{acted} of {fired} alerts led to action", acted=acted, fired=fired)


def _calls_title(calls: pd.DataFrame, style: Style) -> str:
    outside, total = (calls["is_outside"] == "yes").sum(), style.text(len(calls), "count")
    if (calls["is_outside"] == "no hours agreed").all():
        words = "{all} alert called somebody" if len(calls) == 1 else "{all} alerts called somebody"
        return style.say(words, all=total)
    if not outside:
        return style.say("No call fell outside the support hours")
    return style.say("{outside} of {all} calls came outside the support hours", all=total,
                     outside=style.text(outside, "count"))  # fmt: skip


def _plain(text: object) -> str:
    return "" if is_unknown(text) else html.escape(str(text), quote=False)
