"""Delivery charts: what was deployed each day and what came of it, and how long changes took."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

_SHOWN = 5  # services that fit one chart
_LOOKS = {
    mark("succeeded"): (theme.GOOD, ""),
    mark("needed intervention"): (theme.BAD, "x"),
    mark("failed before production"): (theme.AT_RISK, "/"),
    mark("unknown"): (theme.UNKNOWN, "."),
}
_HOUR = pd.Timedelta(hours=1)
_DAY = 86_400_000  # as plotly counts on a date axis [ms]
_LEGEND = {"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0,
           "itemclick": False, "itemdoubleclick": False}  # fmt: skip


def deployments(daily: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Deployments to production on each day, by what came of them, one strip a service.

    Parameters
    ----------
    daily : DataFrame
        From `opsreport.metrics.delivery.daily`.
    """
    if daily.empty:
        return notice("delivery.deployments", "No deployment to production is recorded in this month.", style)
    named = daily.assign(service=daily["service"].fillna(style.say("no service named")))
    busiest = named.groupby("service")["attempts"].sum().sort_values(ascending=False, kind="stable")
    shown = list(busiest.index[:_SHOWN])
    figure = make_subplots(
        rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=min(0.12, 0.3 / len(shown)),
        subplot_titles=[_strip_name(name, named, style) for name in shown],
    )  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    for place, name in enumerate(shown, start=1):
        for result, (colour, shape) in _LOOKS.items():
            _day_bars(figure, place, named[(named["service"] == name) & (named["deployment_result"] == result)],
                      style.say(result), colour, shape)  # fmt: skip
    # A result that no day of the first service has still needs its entry.
    for result in [r for r in _LOOKS if r in set(named["deployment_result"])]:
        colour, shape = _LOOKS[result]
        figure.add_bar(x=[None], y=[None], name=style.say(result), marker=_look(colour, shape), showlegend=True,
                       row=1, col=1)  # fmt: skip
    most = int(named.groupby(["service", "deployed_on"])["attempts"].sum().max())
    step = max(1, -(-most // 3))
    figure.update_yaxes(range=[0, most + 0.3], tickvals=list(range(0, most + 1, step)), fixedrange=True)
    first, half = pd.Timestamp(period.first_day), pd.Timedelta(hours=12)
    ticks = [first + pd.Timedelta(days=n) for n in range(0, period.day_count, 7)]
    figure.update_xaxes(
        range=[first - half, pd.Timestamp(period.end_day) - half], type="date", fixedrange=True, tickangle=0,
        tickvals=ticks, ticktext=[_date(day, style) for day in ticks],
    )  # fmt: skip
    figure.update_layout(barmode="stack", legend={**_LEGEND, "traceorder": "normal"}, margin={"l": 20})
    subtitle = "Deployments to production on each day of the month, by what came of them"
    subtitle += "; the {count} deployed least are left out" if len(busiest) > len(shown) else ""
    return chart(
        figure, "delivery.deployments", title=_deployments_title(named, style), style=style, numbers=named, limit=31,
        subtitle=style.say(subtitle, count=len(busiest) - len(shown)),
        columns=("deployed_on", "service", "deployment_result", "attempts"), height=120 + 110 * len(shown),
    )  # fmt: skip


def lead_times(changes: pd.DataFrame, summary: pd.DataFrame, style: Style) -> Exhibit:
    """Each change's lead time as a dot, with the median of its service.

    Parameters
    ----------
    changes : DataFrame
        From `opsreport.metrics.delivery.lead_times`.
    summary : DataFrame
        From `opsreport.metrics.delivery.lead_summary`.
    """
    known = changes.dropna(subset=["lead_time"])
    nameless = style.say("no service named")
    known = known[known["lead_time"] > pd.Timedelta(0)].assign(service=known["service"].fillna(nameless))
    if known.empty:
        return notice("delivery.lead", "No change is known to have reached production in this month.", style)
    shown = list(known["service"].value_counts().index[:_SHOWN])
    known = known[known["service"].isin(shown)]
    medians = summary.set_index(summary["service"].fillna(nameless))
    figure = go.Figure()
    for place, name in enumerate(shown):
        mine = known[known["service"] == name].reset_index(drop=True)
        _dots(figure, place, mine, style)
        _median(figure, place, name, medians.loc[name], style)
    hours = known["lead_time"] / _HOUR
    ticks = _ticks(hours.min(), hours.max())
    figure.update_xaxes(type="log", tickvals=[tick / _HOUR for tick in ticks], fixedrange=True,
                        ticktext=[style.text(tick, "duration") for tick in ticks],
                        showgrid=True, gridcolor=theme.GRID)  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(shown) - 0.5, -0.7], fixedrange=True)
    figure.update_layout(showlegend=False)
    return chart(
        figure, "delivery.lead", title=_lead_title(shown, medians, style), style=style, limit=_SHOWN,
        subtitle=style.say("From a change's first commit to production, a dot a change; the axis grows by multiples"),
        numbers=summary, columns=("service", "changes", "lead_median", "lead_p90", "changes_known", "note"),
        height=110 + 78 * len(shown), of=dict.fromkeys(("changes", "lead_median", "lead_p90"), "change"),
    )  # fmt: skip


def _date(day: pd.Timestamp, style: Style) -> str:
    return style.text(day.date(), "day")


def _strip_name(name: str, named: pd.DataFrame, style: Style) -> str:
    count = named.loc[named["service"] == name, "attempts"].sum()
    return f"<b>{_plain(name)}</b> · {style.text(count, 'count')}"


def _day_bars(figure: go.Figure, place: int, part: pd.DataFrame, result: str, colour: str, shape: str) -> None:
    if part.empty:
        return
    figure.add_bar(
        x=part["deployed_on"].astype(str).to_list(), y=part["attempts"].to_list(), name=result,
        width=_DAY * 0.8, showlegend=False,
        marker=_look(colour, shape), hovertemplate="%{x|%-d}: %{y} " + result + "<extra></extra>", row=place, col=1,
    )  # fmt: skip


def _look(colour: str, shape: str) -> dict:
    pattern = {"shape": shape, "fgcolor": theme.PAPER, "bgcolor": colour, "size": 5} if shape else None
    return {"color": colour, "pattern": pattern, "line": {"color": colour, "width": 1}}


def _dots(figure: go.Figure, place: int, mine: pd.DataFrame, style: Style) -> None:
    # Dots that would hide each other step down in turn; the height says nothing.
    lanes = [place + 0.12 * (n % 3 - 1) for n in range(len(mine))]
    figure.add_scatter(
        x=(mine["lead_time"] / _HOUR).to_list(), y=lanes, mode="markers", hoverinfo="text",
        hovertext=[f"{_plain(c)}: {style.text(t, 'duration')}"
                   for c, t in zip(mine["change_id"], mine["lead_time"], strict=True)],
        marker={"size": 8, "color": theme.THIS_MONTH, "opacity": 0.55},
    )  # fmt: skip


def _median(figure: go.Figure, place: int, name: str, row: pd.Series, style: Style) -> None:
    one, more = ("{count} change · median {time}", "{count} changes · median {time}")
    if is_unknown(row["lead_median"]):
        one, more = ("{count} change · too few for a median", "{count} changes · too few for a median")
    said = style.say(one if row["changes"] == 1 else more, count=style.text(row["changes"], "count"),
                     time=style.text(row["lead_median"], "duration"))  # fmt: skip
    words = f"<b>{_plain(name)}</b> · {said}"
    if not is_unknown(row["lead_median"]):
        at = row["lead_median"] / _HOUR
        figure.add_scatter(x=[at, at], y=[place - 0.26, place + 0.26], mode="lines", hoverinfo="skip",
                           line={"color": theme.INK, "width": 3})  # fmt: skip
    figure.add_annotation(y=place - 0.42, yanchor="middle", xref="paper", x=0, xanchor="left", text=words,
                          showarrow=False, font={"size": 13, "color": theme.INK})  # fmt: skip


def _ticks(least: float, most: float) -> list[pd.Timedelta]:
    """Round times that lie about the data, at most five."""
    every = [pd.Timedelta(text) for text in ("1min", "10min", "1h", "6h", "1D", "7D", "30D", "180D")]
    near = [tick for tick in every if least / 3 <= tick / _HOUR <= most * 3]
    return near if len(near) <= 5 else near[::2]


def _deployments_title(named: pd.DataFrame, style: Style) -> str:
    counts = named.groupby("deployment_result")["attempts"].sum()
    total, mended = counts.sum(), counts.get("needed intervention", 0)
    many = "{count} deployment tried" if total == 1 else "{count} deployments tried"
    values = {"count": style.text(total, "count"), "mended": style.text(mended, "count")}
    if mended:
        return style.say(f"{many}, of which {{mended}} needed intervention", **values)
    return style.say(f"{many}; none is known to have needed intervention", **values)


def _lead_title(shown: list[str], medians: pd.DataFrame, style: Style) -> str:
    known = medians.loc[shown].dropna(subset=["lead_median"])
    if known.empty:
        return style.say("Too few changes reached production for a median lead time")
    slowest = known.sort_values("lead_median").iloc[-1]
    if len(known) == 1:
        words = "Half of {name}'s changes were in production within {time}"
    else:
        words = "Changes to {name} wait longest: {time} at the median"
    return style.say(words, name=slowest.name, time=style.text(slowest["lead_median"], "duration"))


def _plain(text: str) -> str:
    return html.escape(str(text), quote=False)
