"""Thirteen months of spend beside what the forecast's rule said of each, and what it says of the next."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels, of_currency, short
from opsreport.theme import Style, is_unknown


def history(months: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """Spend as bars, forecasts as strokes, and next month's with the interval around it.

    Parameters
    ----------
    months : DataFrame
        `metrics.cost.forecast_history`.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(months, style, currency)
    ahead = rows.iloc[-1] if len(rows) else None
    if ahead is None or is_unknown(ahead["forecast"]):
        return notice("cost.forecast_history", "There is no forecast to draw.", style)
    figure = go.Figure()
    _bars(figure, rows, code, style)
    _strokes(figure, rows.iloc[:-1], code, style)
    _label(figure, ahead, len(rows) - 1, code, style)
    figure.update_xaxes(tickvals=list(range(len(rows))), ticktext=month_labels(rows["period"], style, 2), tickangle=0,
                        fixedrange=True)  # fmt: skip
    figure.update_yaxes(rangemode="tozero", nticks=5, fixedrange=True, tickformat="~s")
    figure.update_layout(showlegend=False)
    subtitle = (
        "Spend of each month, in {code}; a stroke is what the same rule would have forecast of it; the last bar is the "
        "forecast"
    )
    subtitle += "" if is_unknown(ahead["forecast_low"]) else ", its line where four in five should lie"
    return chart(
        figure, "cost.forecast_history", title=_title(rows, code, style), style=style, numbers=rows.iloc[::-1],
        columns=("period", "spend", "forecast", "forecast_low", "forecast_high", "forecast_error"), height=340,
        subtitle=style.say(subtitle, code=code) + apart, when="history",
    )  # fmt: skip


def _bars(figure: go.Figure, rows: pd.DataFrame, code: str, style: Style) -> None:
    ahead, last = rows.iloc[-1], len(rows) - 1
    spent = [None if is_unknown(value) else float(value) for value in rows["spend"].iloc[:-1]]
    figure.add_bar(
        x=list(range(last)), y=spent, hoverinfo="text",
        hovertext=[style.text(value, "money", currency=code) for value in rows["spend"].iloc[:-1]],
        marker={"color": [theme.HISTORY] * (last - 1) + [theme.THIS_MONTH]},
    )  # fmt: skip
    reach = None
    if not is_unknown(ahead["forecast_low"]):
        value, low, high = (float(ahead[name]) for name in ("forecast", "forecast_low", "forecast_high"))
        reach = {"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low],
                 "color": theme.INK, "thickness": 1.5, "width": 6}  # fmt: skip
    figure.add_bar(
        x=[last], y=[float(ahead["forecast"])], hoverinfo="text", error_y=reach,
        hovertext=[style.text(ahead["forecast"], "money", currency=code)],
        marker={"color": theme.PAPER, "line": {"color": theme.THIS_MONTH, "width": 2}},
    )  # fmt: skip


def _strokes(figure: go.Figure, rows: pd.DataFrame, code: str, style: Style) -> None:
    made = rows[rows["forecast"].notna()]
    figure.add_scatter(
        x=list(made.index), y=[float(value) for value in made["forecast"]], mode="markers", hoverinfo="text",
        hovertext=[style.say("Forecast {value}", value=style.text(value, "money", currency=code))
                   for value in made["forecast"]],
        marker={"symbol": "line-ew", "size": 12, "line": {"width": 3, "color": theme.INK}},
    )  # fmt: skip


def _label(figure: go.Figure, ahead: pd.Series, place: int, code: str, style: Style) -> None:
    top = ahead["forecast"] if is_unknown(ahead["forecast_high"]) else ahead["forecast_high"]
    figure.add_annotation(
        x=place + 0.5, y=float(top), text=f"<b>{short(ahead['forecast'], code, style)}</b>", showarrow=False,
        xanchor="right", yanchor="bottom", yshift=4, font={"color": theme.INK},
    )  # fmt: skip


def _title(rows: pd.DataFrame, code: str, style: Style) -> str:
    ahead, now = rows.iloc[-1], rows.iloc[-2]
    value = style.text(ahead["forecast"], "money", currency=code)
    if is_unknown(now["spend"]):
        return style.say("Next month is forecast to cost {value}", value=value)
    gap = ahead["forecast"] - now["spend"]
    written = style.text(abs(gap), "money", currency=code)
    if not gap:
        return style.say("Next month is forecast to cost {value}, the same as this one", value=value)
    words = "Next month is forecast to cost {value}, {gap} more than this one" if gap > 0 else (
        "Next month is forecast to cost {value}, {gap} less than this one")  # fmt: skip
    return style.say(words, value=value, gap=written)
