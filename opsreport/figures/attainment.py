"""Answers against what was agreed, as one chart for incidents and support requests."""

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
        return notice(id, "No agreed answer is known to have fallen due in this month.", style)
    figure = go.Figure()
    _bars(figure, due, style)
    for place, row in due.iterrows():
        kind = style.again(row[answer], WORDS)
        above(figure, place, 0.42, f"<b>{plain(row[group])}</b> · {plain(kind)}", theme.INK)
        above(figure, place, 0.42, _counted(row, style), theme.INK_SOFT, right=True)
    figure.add_vline(x=1, line={"color": theme.TARGET, "width": 1.5})
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], fixedrange=True,
                        ticktext=[style.text(tick, "share") for tick in (0, 0.5, 1)])  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(due) - 0.5, -0.8], fixedrange=True)
    figure.update_layout(barmode="overlay", legend=LEGEND, margin={"l": 20, "r": 24})
    return chart(
        figure, id, title=_title(due, style), style=style, numbers=due,
        subtitle=style.say("Share of answers within the agreed time, which is promised for each: the line is 100 %"),
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


def _bars(figure: go.Figure, due: pd.DataFrame, style: Style) -> None:
    worst, best = due["attainment_worst"], due["attainment_best"]
    parts = [
        (mark("in time"), worst, 0 * worst, {"color": theme.THIS_MONTH}),
        (mark("not known"), best - worst, worst, _hatched(theme.UNKNOWN, "/", theme.INK_SOFT)),
        (mark("late"), 1 - best, best, _hatched(theme.BAD, "x", theme.PAPER)),
    ]  # fmt: skip
    drawn = [parts[0], *(part for part in parts[1:] if part[1].any())]
    for name, lengths, starts, marker in drawn:
        figure.add_bar(
            orientation="h", y=list(range(len(due))), x=lengths.to_list(), base=starts.to_list(), width=0.4,
            name=style.say(name), hoverinfo="skip", marker=marker,
        )  # fmt: skip
    figure.update_layout(showlegend=len(drawn) > 1)


def _hatched(colour: str, shape: str, lines: str) -> dict:
    return {"color": colour, "pattern": {"shape": shape, "fgcolor": lines, "bgcolor": colour, "size": 6}}


def _counted(row: pd.Series, style: Style) -> str:
    late = row["responses_missed"] + row["responses_open_past"]
    due = row["responses_met"] + late + row["responses_unknown"]
    values = {
        "met": style.text(row["responses_met"], "count"), "due": style.text(due, "count"),
        "target": style.text(row["response_target"], "elapsed"),
        "unknown": style.text(row["responses_unknown"], "count"),
    }  # fmt: skip
    words = ("{met} of {due}", "{met} of {due}, {unknown} not known") if is_unknown(row["response_target"]) else (
        "{met} of {due} within {target}", "{met} of {due} within {target}, {unknown} not known")  # fmt: skip
    return style.say(words[bool(row["responses_unknown"])], **values)


def _title(due: pd.DataFrame, style: Style) -> str:
    late = due["responses_missed"].sum() + due["responses_open_past"].sum()
    if late:
        words = "{count} answer was later than agreed" if late == 1 else "{count} answers were later than agreed"
        return style.say(words, count=style.text(late, "count"))
    unsure = due["responses_unknown"].sum()
    if unsure:
        return style.say("No answer is known to be late; {count} cannot be told", count=style.text(unsure, "count"))
    words = "Every answer came in time" if due["coverage"].min() == 1 else "No answer is known to be late"
    return style.say(words)
