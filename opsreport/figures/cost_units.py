"""What one unit of the client's business cost over thirteen months, a panel a driver."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels, of_currency, plain
from opsreport.theme import Style, is_unknown

_PANEL, _MOST = 170, 3  # height of a panel [px]; how many are drawn
_HEAD = 0.24  # of a panel, for its name


def history(units: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """A line a driver, gaps where a month is unknown.

    Parameters
    ----------
    units : DataFrame
        `metrics.cost.unit_costs`.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(units, style, currency)
    groups = [part for _, part in rows.groupby(["unit_name", "unit_of"], sort=False) if part["unit_cost"].notna().any()]
    if not groups:
        return notice("cost.unit_history", "There is no unit cost to draw.", style)
    drawn = groups[:_MOST]
    height = 130 + _PANEL * len(drawn)
    figure = go.Figure()
    for place, part in enumerate(drawn):
        _line(figure, part.reset_index(drop=True), place, len(drawn), code, style)
    labels = month_labels(drawn[-1]["period"], style, 2)
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, tickangle=0, fixedrange=True,
                        range=[-0.5, len(labels) - 0.3])  # fmt: skip
    for place in range(1, len(drawn)):  # the months stand below all panels
        figure.update_layout({f"xaxis{_axis(place - 1)}": {"showticklabels": False}})
    figure.update_yaxes(nticks=4, fixedrange=True)
    figure.update_layout(showlegend=False)
    subtitle = "Spend over the number of units, in {code}; gaps where a month is unknown"
    subtitle += "; the others are in the table" if len(groups) > _MOST else ""
    return chart(
        figure, "cost.unit_history", title=_title(drawn[0], code, style), style=style, numbers=rows.iloc[::-1],
        columns=("period", "unit_name", "unit_cost", "spend", "unit_count"), height=height, limit=39,
        subtitle=style.say(subtitle, code=code) + apart,
    )  # fmt: skip


def _line(figure: go.Figure, part: pd.DataFrame, place: int, count: int, code: str, style: Style) -> None:
    values = [None if is_unknown(value) else float(value) for value in part["unit_cost"]]
    written = [style.text(value, "money", currency=code) for value in part["unit_cost"]]
    last, axis = len(values) - 1, _axis(place)
    top, bottom = 1 - (place + _HEAD) / count, 1 - (place + 1) / count
    most = max(value for value in values if value is not None)
    figure.update_layout({
        f"xaxis{axis}": {"anchor": f"y{axis}"},
        # Room above the line for this month's number.
        f"yaxis{axis}": {"domain": [bottom, top], "anchor": f"x{axis}", "range": [0, most * 1.25 or 1.0]},
    })  # fmt: skip
    figure.add_scatter(
        x=list(range(len(values))), y=values, mode="lines+markers", xaxis=f"x{axis}", yaxis=f"y{axis}",
        hovertext=written, hoverinfo="text", line={"color": theme.HISTORY, "width": 2}, cliponaxis=False,
        marker={"opacity": 1, "size": [5] * last + [10], "color": [theme.HISTORY] * last + [theme.THIS_MONTH]},
    )  # fmt: skip
    of, unit = plain(part["unit_of"].iloc[0]), plain(part["unit_name"].iloc[0])
    words = "per {unit}" if of == "(all)" else "{service}, per {unit}"
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=1, yref=f"y{axis} domain", yanchor="bottom", yshift=6, showarrow=False,
        text=style.say(words, service=of, unit=unit), font={"color": theme.INK_SOFT},
    )  # fmt: skip
    if values[-1] is not None:
        figure.add_annotation(
            x=last, y=values[-1], xref=f"x{axis}", yref=f"y{axis}", text=f"<b>{written[-1]}</b>", showarrow=False,
            xanchor="right", yanchor="bottom", yshift=6, font={"color": theme.INK},
        )  # fmt: skip


def _axis(place: int) -> str:
    return "" if place == 0 else str(place + 1)


def _title(part: pd.DataFrame, code: str, style: Style) -> str:
    name, now = part["unit_name"].iloc[-1], part["unit_cost"].iloc[-1]
    if is_unknown(now):
        return style.say("The cost per {unit} is not known for this month", unit=plain(name))
    written, last = style.text(now, "money", currency=code), part["unit_cost"].iloc[-2] if len(part) > 1 else None
    if is_unknown(last):
        return style.say("The cost per {unit} was {cost}", unit=plain(name), cost=written)
    before = style.text(last, "money", currency=code)
    if before == written:
        return style.say("The cost per {unit} stayed at {cost}", unit=plain(name), cost=written)
    words = "The cost per {unit} rose to {cost} from {before} last month" if now > last else (
        "The cost per {unit} fell to {cost} from {before} last month")  # fmt: skip
    return style.say(words, unit=plain(name), cost=written, before=before)
