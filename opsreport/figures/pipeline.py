"""The pipelines' chart: runs on each day by how they ended, with the time that the main branch was broken."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.attainment import LEGEND, plain
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

_SHOWN = 6  # pipelines that fit one chart
_LOOKS = {
    "runs_succeeded": (mark("succeeded"), theme.GOOD, ""),
    "runs_failed": (mark("failed"), theme.BAD, "x"),
    "runs_cancelled": (mark("cancelled"), theme.GRID, "."),
    "runs_unknown": (mark("unknown"), theme.UNKNOWN, "/"),
}
_DAY = 86_400_000  # as plotly counts on a date axis [ms]


def days(daily: pd.DataFrame, health: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Whole runs on each day, by how they ended, one strip a pipeline; the most troubled first.

    Parameters
    ----------
    daily, health : DataFrame
        From `opsreport.metrics.pipeline`: `daily` and `health`.
    """
    if daily.empty:
        return notice("pipeline.days", "No run of a pipeline is known to have finished in this month.", style)
    ranked = health[health["pipeline"].isin(daily["pipeline"])].sort_values(
        ["time_red", "runs_failed"], ascending=False, kind="stable", na_position="last"
    )  # fmt: skip
    shown = ranked.head(_SHOWN)
    figure = make_subplots(
        rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=min(0.14, 0.4 / len(shown)),
        subplot_titles=[_name(row, style) for _, row in shown.iterrows()],
    )  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    for place, name in enumerate(shown["pipeline"], start=1):
        for column in _LOOKS:
            _bars(figure, place, daily[(daily["pipeline"] == name) & (daily[column] > 0)], column, style)
    for column in [one for one in _LOOKS if daily[one].sum()]:
        figure.add_bar(x=[None], y=[None], name=style.say(_LOOKS[column][0]), marker=_look(column), row=1, col=1)
    most = int(daily[list(_LOOKS)].sum(axis=1).max())
    figure.update_yaxes(range=[0, most + 0.3], tickvals=list(range(0, most + 1, max(1, -(-most // 3)))),
                        fixedrange=True)  # fmt: skip
    first, half = pd.Timestamp(period.first_day), pd.Timedelta(hours=12)
    ticks = [first + pd.Timedelta(days=n) for n in range(0, period.day_count, 7)]
    figure.update_xaxes(
        range=[first - half, pd.Timestamp(period.end_day) - half], type="date", fixedrange=True, tickangle=0,
        tickvals=ticks, ticktext=[style.text(day.date(), "day") for day in ticks],
    )  # fmt: skip
    figure.update_layout(barmode="stack", legend={**LEGEND, "traceorder": "normal"}, margin={"l": 20})
    subtitle = "Runs on each day by how they ended; red is the time with a broken main branch"
    subtitle += "; the {count} calmest pipelines are left out" if len(ranked) > _SHOWN else ""
    return chart(
        figure, "pipeline.days", title=_title(health, style), style=style, numbers=shown,
        subtitle=style.say(subtitle, count=len(ranked) - _SHOWN),
        columns=("pipeline", *_LOOKS, "run_success_share", "time_red"), height=130 + 104 * len(shown),
    )  # fmt: skip


def _bars(figure: go.Figure, place: int, part: pd.DataFrame, column: str, style: Style) -> None:
    if part.empty:
        return
    name = style.say(_LOOKS[column][0])
    figure.add_bar(
        x=part["ran_on"].astype(str).to_list(), y=part[column].to_list(), name=name, width=_DAY * 0.8,
        showlegend=False, marker=_look(column), row=place, col=1,
        hovertemplate="%{x|%-d}: %{y} " + name + "<extra></extra>",
    )  # fmt: skip


def _look(column: str) -> dict:
    _, colour, shape = _LOOKS[column]
    pattern = {"shape": shape, "fgcolor": theme.PAPER, "bgcolor": colour, "size": 5} if shape else None
    return {"color": colour, "pattern": pattern, "line": {"color": colour, "width": 1}}


def _name(row: pd.Series, style: Style) -> str:
    runs = row["runs_succeeded"] + row["runs_failed"]
    good, whole = (style.text(one, "count") for one in (row["runs_succeeded"], runs))
    red = row["time_red"]
    words = (
        "{good} of {all} succeeded · red unknown" if is_unknown(red)
        else "{good} of {all} succeeded · red {time}" if red else "{good} of {all} succeeded · never red"
    )  # fmt: skip
    said = style.say(words, good=good, all=whole, time=style.text(red, "duration"))
    return f"<b>{plain(row['pipeline'])}</b> · {said}"


def _title(health: pd.DataFrame, style: Style) -> str:
    red = health.dropna(subset=["time_red"]).sort_values("time_red", ascending=False, kind="stable")
    if red.empty:
        return style.say("Whether a main branch was broken is not known")
    worst = red.iloc[0]
    if not worst["time_red"]:
        return style.say("No main branch is known to have been broken")
    return style.say("The main branch of {name} was broken for {time}", name=worst["pipeline"],
                     time=style.text(worst["time_red"], "duration"))  # fmt: skip
