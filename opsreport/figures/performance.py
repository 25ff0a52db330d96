"""Performance charts: requests and failures by day, the band of answer times, web vitals against their limits."""

from __future__ import annotations

import datetime as dt
import html

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.vitals import web_vitals
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

__all__ = ["answer_times", "traffic", "web_vitals"]

_FACETS = 4  # services whose bands fit one chart
_PANELS = (mark("Requests a day"), mark("Failed requests a day"))
_MOST_DAYS = 6  # labels on a phone's axis
_SPREAD = 3  # days with failures, below which they are not spread
_STEP = 3  # slow days that make more than a bad weekend
#: What was slower than agreed, with the day since which it was, and by how many others were too.
_SLOW = {
    True: (mark("{name} has answered more slowly than agreed since {day}"),
           mark("{name} has answered more slowly than agreed since {day}; one other service was slow too"),
           mark("{name} has answered more slowly than agreed since {day}; {count} others were slow too")),
    False: (mark("{name} answered more slowly than agreed"),
            mark("{name} answered more slowly than agreed; one other service did too"),
            mark("{name} answered more slowly than agreed; {count} others did too")),
}  # fmt: skip


def traffic(daily: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Requests of each day, and below them those that failed.

    Parameters
    ----------
    daily : DataFrame
        From `opsreport.metrics.performance.daily`.
    """
    known = daily.dropna(subset=["requests"])
    if known.empty:
        return notice("performance.traffic", "No source tells of the requests of single days: there is none to draw.",
                      style)  # fmt: skip
    days = [style.text(day, "day") for day in daily["load_day"]]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.16, row_heights=[0.5, 0.5],
                           subplot_titles=[style.say(one) for one in _PANELS])  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    part = (daily["coverage"] < 1).tolist()
    for place, column, colour in ((1, "requests", theme.THIS_MONTH), (2, "errors", theme.BAD)):
        # A day that was not seen whole may have had more: its bar is hatched.
        figure.add_bar(
            row=place, col=1, x=days, y=_listed(daily[column]), hoverinfo="text", showlegend=False,
            hovertext=[f"{day}: {style.text(n, 'count')}" for day, n in zip(days, daily[column], strict=True)],
            marker={"color": colour, "pattern": {"shape": ["/" if one else "" for one in part],
                                                 "fgcolor": theme.PAPER, "fillmode": "overlay"}},
        )  # fmt: skip
    _name_worst(figure, daily, days, style)
    step = max(1, -(-len(days) // _MOST_DAYS))
    figure.update_xaxes(type="category", tickvals=days[::step], tickangle=0, fixedrange=True)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, nticks=4, tickformat="~s")
    subtitle = "Requests to all services, and those that failed, by day"
    subtitle += "; hatched days were not seen whole" if any(part) else ""
    return chart(
        figure, "performance.traffic", title=_traffic_title(daily, style), style=style, numbers=daily, limit=31,
        subtitle=style.say(subtitle),
        columns=("load_day", "requests", "errors", "error_rate", "coverage"), height=400,
    )  # fmt: skip


def answer_times(bands: pd.DataFrame, times: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """The hours' 95th percentiles of each day as a band, one panel a service, against what was agreed.

    Parameters
    ----------
    bands : DataFrame
        From `opsreport.metrics.performance.bands`.
    times : DataFrame
        From `opsreport.metrics.performance.answer_times`; its order is the chart's.
    """
    named = [name for name in dict.fromkeys(times["service"]) if name in set(bands["service"])]
    if not named:
        return notice("performance.band", "No source tells of the answer times of single hours: there is none to draw.",
                      style)  # fmt: skip
    shown = named[:_FACETS]
    figure = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=min(0.2, 0.34 / len(shown)),
                           subplot_titles=[f"<b>{_plain(name)}</b>" for name in shown])  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    every = [day for day, _, _ in period.local_days()]
    for place, name in enumerate(shown, start=1):
        own = bands[bands["service"] == name].set_index("load_day").reindex(every).reset_index(names="load_day")
        _band(figure, own, place, style)
        _agreed(figure, times[times["service"] == name], own["window_high"].max(), place, style)
    days = [style.text(day, "day") for day in every]
    step = max(1, -(-len(days) // _MOST_DAYS))
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=days, tickvals=days[::step],
                        range=[-0.5, len(days) - 0.5], tickangle=0, fixedrange=True)  # fmt: skip
    figure.update_layout(legend={"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0,
                                 "itemclick": False, "itemdoubleclick": False})  # fmt: skip
    subtitle = (
        "Time within which 95 % of an hour's answers came, by day; beside each name the same of the whole month, and "
        "what was agreed (dotted)"
    )
    subtitle += "; {count} more services are in the table" if len(named) > len(shown) else ""
    return chart(
        figure, "performance.band", title=_band_title(times, bands, style), style=style, limit=40,
        numbers=times[times["service"].isin(shown)],
        subtitle=style.say(subtitle, count=len(named) - len(shown)),
        columns=("service", "latency_p50", "latency_p95", "latency_p99", "p95_target", "latency_basis", "verdict",
                 "coverage"),
        height=140 + 130 * len(shown),
    )  # fmt: skip


def _name_worst(figure: go.Figure, daily: pd.DataFrame, days: list[str], style: Style) -> None:
    errors = daily["errors"]
    if not errors.max() > 0:
        return
    worst = int(errors.to_numpy(na_value=-1).argmax())
    side = "right" if worst > len(days) / 2 else "left"
    figure.add_annotation(
        row=2, col=1, x=worst, y=errors.max(), text=f" {style.text(errors.max(), 'count')} ", showarrow=False,
        xanchor=side, yanchor="top", xshift=-8 if side == "right" else 8, font={"size": 12, "color": theme.BAD},
    )  # fmt: skip


def _band(figure: go.Figure, own: pd.DataFrame, place: int, style: Style) -> None:
    days = [style.text(day, "day") for day in own["load_day"]]
    low, high, median = (_listed(own[name]) for name in ("window_low", "window_high", "window_median"))
    span = [None if a is None or b is None else round(b - a, 4) for a, b in zip(low, high, strict=True)]
    first = place == 1
    figure.add_bar(row=place, col=1, x=days, y=span, base=low, width=0.62, marker={"color": theme.HISTORY},
                   name=style.say("lowest to highest hour"), showlegend=first, hoverinfo="skip")  # fmt: skip
    figure.add_scatter(
        row=place, col=1, x=days, y=median, mode="lines", line={"color": theme.THIS_MONTH, "width": 2},
        name=style.say("median hour"), showlegend=first, hoverinfo="text",
        hovertext=[style.say("{day}: {low} to {high}, median hour {median}", day=day, low=style.text(a, "seconds"),
                             high=style.text(b, "seconds"), median=style.text(m, "seconds"))
                   for day, a, m, b in zip(days, low, median, high, strict=True)],
    )  # fmt: skip


def _agreed(figure: go.Figure, rows: pd.DataFrame, highest: float, place: int, style: Style) -> None:
    """The agreed time as a thin line, and beside the panel's name what the month came to."""
    targets = rows["p95_target"].dropna()
    row = rows.iloc[-1]
    month = style.text(row["latency_p95"], "seconds")
    for target in targets.unique():
        figure.add_hline(y=target, row=place, col=1, line={"color": theme.TARGET, "width": 1.5, "dash": "dot"})
    agreed = style.say("{value} · agreed {target}", value=month, target=style.text(targets.iloc[-1], "seconds")) if (
        len(targets)) else month  # fmt: skip
    is_missed = row["p95_verdict"] == "missed"
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=1, yref=f"y{'' if place == 1 else place} domain", yanchor="bottom",
        showarrow=False, text=f"{'✕ ' if is_missed else ''}{agreed}",
        font={"size": 12, "color": theme.BAD if is_missed else theme.INK_SOFT},
    )  # fmt: skip
    top = max([highest, *targets]) * 1.12
    step = next(one for one in (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600) if top / one <= 4 or one == 3600)
    ticks = [step * n for n in range(int(top / step) + 1)]
    figure.update_yaxes(row=place, col=1, range=[0, top], fixedrange=True, tickvals=ticks,
                        ticktext=["0" if not tick else style.text(tick, "seconds") for tick in ticks])  # fmt: skip


def _traffic_title(daily: pd.DataFrame, style: Style) -> str:
    errors = daily["errors"].dropna()
    if errors.empty:
        return style.say("How many requests failed is unknown")
    if not errors.max():
        return style.say("No request is known to have failed")
    worst = daily.loc[errors.idxmax()]
    part, is_whole = errors.max() / errors.sum(), (daily["coverage"] == 1).all()
    if part > 2 / len(errors) or (errors > 0).sum() < _SPREAD:
        words = "{share} of the month's failures fell on {day}" if is_whole else (
            "{share} of the failures seen fell on {day}")  # fmt: skip
        return style.say(words, share=style.text(part, "share"), day=style.text(worst["load_day"], "day"))
    words = "Failures were spread over the month; most were on {day}" if is_whole else (
        "Failures were spread over the time seen; most were on {day}")  # fmt: skip
    return style.say(words, day=style.text(worst["load_day"], "day"))


def _band_title(times: pd.DataFrame, bands: pd.DataFrame, style: Style) -> str:
    missed = times[times["p95_verdict"] == "missed"]
    if len(missed):
        first, more = missed.iloc[0], missed["service"].nunique() - 1
        since = _slow_since(bands[bands["service"] == first["service"]], first["p95_target"])
        words = _SLOW[since is not None][min(more, 2)]
        return style.say(words, name=first["service"], count=more, day=style.text(since, "day") if since else "")
    judged = times[times["p95_target"].notna()]
    if len(judged) and (judged["p95_verdict"] == "met").all():
        return style.say("Every service answered within the agreed time")
    words = "No service is known to have been slower than agreed" if len(judged) else "How soon services answered"
    return style.say(words)


def _slow_since(own: pd.DataFrame, target: object) -> dt.date | None:
    """The first day from which the median hour stayed slower than agreed to the end, none where there is no such step.

    Two days in three from it on were slower, at least three were, and so the last three; before it, no more
    than one in three.
    """
    known = own.dropna(subset=["window_median"]).sort_values("load_day")
    slow = (known["window_median"].astype("float64") > float(target)).to_list()
    if sum(slow[-_STEP:]) < _STEP:
        return None
    for place, day in enumerate(known["load_day"]):
        after, before = slow[place:], slow[:place]
        if place and all(after[:2]) and sum(after) >= len(after) * 2 / 3:
            return day if sum(before) <= len(before) / 3 else None
    return None


def _listed(values: pd.Series) -> list[float | None]:
    return [None if is_unknown(value) else round(float(value), 4) for value in values]


def _plain(text: str) -> str:
    return html.escape(str(text), quote=False)
