"""The days of a month's bill, with those marked that were out of the usual."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import of_currency, plain
from opsreport.theme import Style, is_unknown

_TICKS = 5


def daily(days: pd.DataFrame, found: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """Spend of each day, with the days marked on which a service was out of its usual.

    Parameters
    ----------
    days, found : DataFrame
        `metrics.cost.daily` without a column, and `metrics.cost.anomalies`.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(days, style, currency)
    if not rows["spend"].notna().any():
        return notice("cost.daily", "There is no spend to draw by day: no charge of this month was read.", style)
    # The largest of each day; `found` begins with the largest of all.
    unusual = found[found["billing_currency"] == code].drop_duplicates("charge_day")
    spent = [None if is_unknown(value) else float(value) for value in rows["spend"]]
    written = [style.text(value, "money", currency=code) for value in rows["spend"]]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(rows))),
            y=spent,
            marker={"color": theme.THIS_MONTH},
            hovertext=[f"{style.text(d, 'day')}: {t}" for d, t in zip(rows["charge_day"], written, strict=True)],
            hoverinfo="text",
        )
    )
    _mark(figure, unusual, dict(zip(rows["charge_day"], enumerate(spent), strict=True)), code, style)
    _axes(figure, list(rows["charge_day"]), style)
    return chart(
        figure, "cost.daily", title=_title(unusual, code, style), style=style, numbers=rows,
        columns=("charge_day", "spend"), limit=31,
        subtitle=style.say("Spend of each day (UTC), in {code}; ◆ a day on which a service was out of the usual",
                           code=code) + apart,
    )  # fmt: skip


def _mark(
    figure: go.Figure,
    unusual: pd.DataFrame,
    at: dict[dt.date, tuple[int, float | None]],
    code: str,
    style: Style,
) -> None:
    places = [at[day] for day in unusual["charge_day"]]
    impacts = [style.text(value, "money", currency=code, signed=True) for value in unusual["impact"]]
    figure.add_scatter(
        x=[index for index, _ in places],
        y=[height or 0.0 for _, height in places],
        mode="markers+text",
        text=impacts[:1],  # the largest; the others are on hover and in the table
        textposition="top left" if places and places[0][0] > len(at) / 2 else "top right",
        textfont={"color": theme.INK},
        cliponaxis=False,
        hovertext=[f"{plain(n)}: {t}" for n, t in zip(unusual.iloc[:, 1], impacts, strict=True)],
        hoverinfo="text",
        marker={
            "symbol": "diamond",
            "size": 10,
            "color": theme.AT_RISK,
            "line": {"width": 1.5, "color": theme.INK},
        },
    )


def _axes(figure: go.Figure, days: list[dt.date], style: Style) -> None:
    step = 7 if len(days) <= 7 * _TICKS else -(-len(days) // _TICKS)
    marked = list(range(0, len(days), step))
    figure.update_xaxes(
        tickvals=marked, ticktext=[style.text(days[index], "day") for index in marked], tickangle=0, fixedrange=True
    )
    figure.update_yaxes(rangemode="tozero", nticks=5, fixedrange=True, tickformat="~s")
    figure.update_layout(showlegend=False)


def _title(unusual: pd.DataFrame, code: str, style: Style) -> str:
    if not len(unusual):
        return style.say("No day is known to have been out of the usual")
    worst = unusual.iloc[0]
    days = int((unusual.iloc[:, 1] == worst.iloc[1]).sum())
    if days > 1:
        return style.say("{name} was out of its usual on {count} days", name=plain(worst.iloc[1]), count=days)
    words = "{name} was {impact} over its usual on {day}" if worst["impact"] > 0 else (
        "{name} was {impact} under its usual on {day}")  # fmt: skip
    return style.say(
        words, name=plain(worst.iloc[1]), impact=style.text(abs(worst["impact"]), "money", currency=code),
        day=style.text(worst["charge_day"], "day"),
    )  # fmt: skip
