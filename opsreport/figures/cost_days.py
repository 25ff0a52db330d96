"""The days of a month's bill, with those marked that were out of the usual."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import CUT, cut_at, mark_cut, of_currency, plain
from opsreport.theme import Style, is_unknown

_TICKS = 5
_SAME_RUN = pd.Timedelta(days=2)  # unusual days at most this far apart are one run


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
    unusual = found[found["billing_currency"] == code]
    spent = [None if is_unknown(value) else float(value) for value in rows["spend"]]
    at = {day: place for place, day in enumerate(rows["charge_day"])}
    top = cut_at(spent, {at[day] for day in unusual["charge_day"]})
    written = [style.text(value, "money", currency=code) for value in rows["spend"]]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(rows))),
            y=spent if top is None else [None if value is None else min(value, top) for value in spent],
            marker={"color": theme.THIS_MONTH},
            hovertext=[f"{style.text(d, 'day')}: {t}" for d, t in zip(rows["charge_day"], written, strict=True)],
            hoverinfo="text",
        )
    )
    _usual(figure, unusual, at, spent)
    _mark(figure, unusual, at, spent, code, style)
    _axes(figure, list(rows["charge_day"]), style)
    if top is not None:
        mark_cut(figure, range(len(spent)), spent, top, 0.5, code, style)
    words = (
        "Spend of each day (UTC), in {code}; ◆ a service begins to be out of its usual; the line is what those days "
        "would have cost as usual"
        if len(unusual)
        else "Spend of each day (UTC), in {code}"
    )
    return chart(
        figure, "cost.daily", title=_title(unusual, list(rows["charge_day"]), code, style), style=style, numbers=rows,
        columns=("charge_day", "spend"), limit=31,
        subtitle=style.say(words, code=code) + (style.say(CUT) if top is not None else "") + apart,
    )  # fmt: skip


def _begins(unusual: pd.DataFrame) -> pd.DataFrame:
    """The first day of each run: a bill that stays higher moved once."""
    ordered = unusual.sort_values("charge_day", kind="stable")
    day = pd.to_datetime(ordered["charge_day"])
    gap = day.groupby([ordered.iloc[:, 1], ordered["impact"] > 0]).diff()
    return ordered[gap.isna() | (gap > _SAME_RUN)].drop_duplicates("charge_day")


def _usual(figure: go.Figure, unusual: pd.DataFrame, at: dict[dt.date, int], spent: list[float | None]) -> None:
    """A thin line over each unusual day, where its bar would have ended."""
    impacts = unusual["impact"].astype("float64").groupby(unusual["charge_day"]).sum()
    levels = [(at[day], spent[at[day]] - impact) for day, impact in impacts.items() if spent[at[day]] is not None]
    points = [point for place, level in levels
              for point in ((place - 0.5, level), (place + 0.5, level), (place + 0.5, None))]  # fmt: skip
    figure.add_scatter(
        x=[x for x, _ in points], y=[y for _, y in points], mode="lines", hoverinfo="skip",
        line={"color": theme.INK, "width": 1.5},
    )  # fmt: skip


def _mark(
    figure: go.Figure,
    unusual: pd.DataFrame,
    at: dict[dt.date, int],
    spent: list[float | None],
    code: str,
    style: Style,
) -> None:
    begins = _begins(unusual)
    places = [at[day] for day in begins["charge_day"]]
    impacts = [style.text(value, "money", currency=code, signed=True) for value in begins["impact"]]
    figure.add_scatter(
        x=places,
        y=[spent[place] or 0.0 for place in places],
        mode="markers",
        cliponaxis=False,
        hovertext=[f"{plain(n)}: {t}" for n, t in zip(begins.iloc[:, 1], impacts, strict=True)],
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


def _title(unusual: pd.DataFrame, days: list[dt.date], code: str, style: Style) -> str:
    if not len(unusual):
        return style.say("No day is known to have been out of the usual")
    worst = unusual.iloc[0]  # it begins with the largest of all
    own = unusual[unusual.iloc[:, 1] == worst.iloc[1]].sort_values("charge_day")
    name, first, last = plain(worst.iloc[1]), own["charge_day"].iloc[0], own["charge_day"].iloc[-1]
    is_run = (last - first).days + 1 == len(own) and (own["impact"] > 0).all()
    said = {"name": name, "count": len(own), "day": style.text(first, "day"), "last": style.text(last, "day")}
    if len(own) > 1:
        words = "{name} was out of its usual on {count} days"
        if is_run:
            words = "{name} cost more than usual on every day from {day}" if last == days[-1] else (
                "{name} cost more than usual on every day from {day} to {last}")  # fmt: skip
        return style.say(words, **said)
    words = "{name} was {impact} over its usual on {day}" if worst["impact"] > 0 else (
        "{name} was {impact} under its usual on {day}")  # fmt: skip
    return style.say(words, impact=style.text(abs(worst["impact"]), "money", currency=code), **said)
