"""Support charts: answers against what was agreed, and thirteen months of requests."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import attainment as shared
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels
from opsreport.language import mark
from opsreport.theme import Style, is_unknown

_STRIPS = {"tickets_opened": mark("Opened"), "tickets_resolved": mark("Resolved"),
           "tickets_open": mark("Open at month end")}  # fmt: skip


def attainment(targets: pd.DataFrame, style: Style) -> Exhibit:
    """The share of requests answered and resolved within the agreed time, by priority.

    Parameters
    ----------
    targets : DataFrame
        From `opsreport.metrics.support.targets`.
    """
    return shared.attainment(targets, style, id="support.attainment", group="priority", answer="answer")


def history(history: pd.DataFrame, style: Style) -> Exhibit:
    """Thirteen months of requests opened, resolved and open at the end, a strip each.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.support.history`.
    """
    known = history.dropna(subset=["tickets_opened"])
    if known.empty:
        return notice("support.history", "No month of support requests has been seen yet.", style)
    months = list(history["period"])
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.13,
                           subplot_titles=[style.say(one) for one in _STRIPS.values()])  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    most = max(1, *(history[name].max() for name in _STRIPS))
    for place, name in enumerate(_STRIPS, start=1):
        _strip(figure, place, months, history[name], style)
    figure.update_yaxes(visible=False, range=[0, most * 1.3], fixedrange=True)
    figure.update_xaxes(type="category", tickvals=months, ticktext=month_labels(history["period"], style),
                        tickangle=0, fixedrange=True)  # fmt: skip
    figure.update_layout(showlegend=False)
    subtitle = "Requests each month, all three on one scale"
    subtitle += "; ? is a month that was not seen" if len(known) < len(history) else ""
    return chart(
        figure, "support.history", title=_title(history, style), style=style, numbers=history,
        subtitle=style.say(subtitle),
        columns=("period", "tickets_open_before", "tickets_opened", "tickets_resolved", "tickets_open", "coverage"),
        height=446,
    )  # fmt: skip


def _strip(figure: go.Figure, place: int, months: list[str], counts: pd.Series, style: Style) -> None:
    colours = [theme.HISTORY] * (len(months) - 1) + [theme.THIS_MONTH]
    figure.add_bar(
        x=months, y=counts.fillna(0).to_list(), textposition="outside", cliponaxis=False, hoverinfo="skip",
        text=["?" if is_unknown(one) else style.text(one, "count") for one in counts],
        marker={"color": colours}, row=place, col=1,
    )  # fmt: skip


def _title(history: pd.DataFrame, style: Style) -> str:
    now = history.iloc[-1]
    if is_unknown(now["tickets_open"]):
        return style.say("How many requests there were this month is unknown")
    before, after = now["tickets_open_before"], now["tickets_open"]
    words = "{after} request was open at month end" if after == 1 else "{after} requests were open at month end"
    if before == after:
        words += ", as many as when it began"
    else:
        words += ", up from {before} when it began" if after > before else ", down from {before} when it began"
    return style.say(words, after=style.text(after, "count"), before=style.text(before, "count"))
