"""Answers against what was agreed, as one chart for incidents and support requests."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.theme import Style, is_unknown

LEGEND = {"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0,
          "itemclick": False, "itemdoubleclick": False}  # fmt: skip
_COUNTS = (
    "response_target", "responses_met", "responses_missed", "responses_open_past", "responses_pending",
    "responses_unknown", "attainment", "verdict",
)  # fmt: skip


def attainment(targets: pd.DataFrame, style: Style, *, id: str, group: str, answer: str) -> Exhibit:
    """The share of answers within the agreed time, a bar each, against all of them.

    Parameters
    ----------
    targets : DataFrame
        With the columns that `opsreport.metrics.clocks.attained` fills.
    id : str
    group, answer : str
        The columns that say whose answers, and which kind of answer.
    """
    due = targets.dropna(subset=["attainment_best"]).reset_index(drop=True)
    if due.empty:
        return notice(id, "No agreed answer is known to have fallen due in this month.")
    figure = go.Figure()
    _bars(figure, due)
    for place, row in due.iterrows():
        above(figure, place, 0.42, f"<b>{plain(row[group])}</b> · {plain(row[answer])}", theme.INK)
        above(figure, place, 0.42, _counted(row, style), theme.INK_SOFT, right=True)
    figure.add_vline(x=1, line={"color": theme.TARGET, "width": 1.5})
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], fixedrange=True,
                        ticktext=[style.text(tick, "share") for tick in (0, 0.5, 1)])  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(due) - 0.5, -0.8], fixedrange=True)
    figure.update_layout(barmode="overlay", legend=LEGEND, margin={"l": 20, "r": 24})
    return chart(
        figure, id, title=_title(due, style), style=style, numbers=due,
        subtitle="Share of answers within the agreed time, which is promised for each: the line is 100 %",
        columns=(group, answer, *_COUNTS), height=120 + 52 * len(due),
    )  # fmt: skip


def above(figure: go.Figure, place: int, lift: float, text: str, colour: str, right: bool = False) -> None:
    """Words over a bar: beside it they would take a phone's whole width."""
    side = {"x": 0.99, "xanchor": "right"} if right else {"x": 0, "xanchor": "left"}
    figure.add_annotation(y=place - lift, yanchor="middle", xref="paper", text=text, showarrow=False, align="left",
                          font={"size": 12, "color": colour}, **side)  # fmt: skip


def plain(text: str) -> str:
    """A source's words, so that plotly reads no markup in them."""
    return html.escape(str(text), quote=False)


def _bars(figure: go.Figure, due: pd.DataFrame) -> None:
    places, unsure = list(range(len(due))), due["attainment_best"] - due["attainment_worst"]
    figure.add_bar(
        orientation="h", y=places, x=due["attainment_worst"].to_list(), name="in time", width=0.4, hoverinfo="skip",
        marker={"color": theme.THIS_MONTH},
    )  # fmt: skip
    if unsure.any():
        pattern = {"shape": "/", "fgcolor": theme.INK_SOFT, "bgcolor": theme.UNKNOWN}
        figure.add_bar(
            orientation="h", y=places, x=unsure.to_list(), base=due["attainment_worst"].to_list(), width=0.4,
            hoverinfo="skip", name="not known", marker={"color": theme.UNKNOWN, "pattern": pattern},
        )  # fmt: skip
    figure.update_layout(showlegend=bool(unsure.any()))


def _counted(row: pd.Series, style: Style) -> str:
    late = row["responses_missed"] + row["responses_open_past"]
    due = row["responses_met"] + late + row["responses_unknown"]
    unsure = f", {style.text(row['responses_unknown'], 'count')} not known" if row["responses_unknown"] else ""
    target = "" if is_unknown(row["response_target"]) else f" within {style.text(row['response_target'], 'elapsed')}"
    return f"{style.text(row['responses_met'], 'count')} of {style.text(due, 'count')}{target}{unsure}"


def _title(due: pd.DataFrame, style: Style) -> str:
    late = due["responses_missed"].sum() + due["responses_open_past"].sum()
    if late:
        return f"{style.text(late, 'count')} answer{' was' if late == 1 else 's were'} later than agreed"
    unsure = due["responses_unknown"].sum()
    if unsure:
        return f"No answer is known to be late; {style.text(unsure, 'count')} cannot be told"
    return "Every answer came in time" if due["coverage"].min() == 1 else "No answer is known to be late"
