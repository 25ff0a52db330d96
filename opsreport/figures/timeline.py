"""The month on one time axis: spend, outages, incidents and deployments over each other."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import CUT, cut_at, mark_cut, short
from opsreport.figures.month_axis import elapsed, month_axis
from opsreport.language import mark
from opsreport.period import Period
from opsreport.schemas.words import HAPPENINGS
from opsreport.theme import Style, is_unknown

_LANES = ("outage", "incident", "deployment")
_KINDS = (mark("Spend a day"), mark("Outages"), mark("Incidents"), mark("Deployments"))
_SUBTITLE = (
    "Spend a day in {currency} (the bill's days, UTC); the rest on your clock. ▼ outage begins, ● incident opens, "
    "| deployment, ✕ failed or rolled back"
)
_COLUMNS = ("happened_on", "spend", "down_on_day", "incidents_on_day", "deployments_on_day")
#: The rows behind a day's numbers.
_FRAMES = dict(zip(_COLUMNS[1:], ("cost", "monitor_state", "incident", "deployment"), strict=True))
_ENOUGH = 3  # days before and after a step
_STAYS = 2 / 3  # of the days after it that are unusual
_STEP = 0.1  # of the level before it, from which a step is one
# What counts of each lane on a day; all unknown where the lane has no source, or none of it was seen whole.
_COUNTED = dict(zip(_LANES, _COLUMNS[2:], strict=True))
# Of each lane, which share of the days was seen.
_SEEN = {lane: f"{lane}s_seen" for lane in _LANES}


def lanes(
    days: pd.DataFrame, events: pd.DataFrame, period: Period, style: Style, unusual: pd.DataFrame | None = None
) -> Exhibit:
    """What happened when, one lane a kind, all on one axis.

    Parameters
    ----------
    days : DataFrame
        From `opsreport.metrics.timeline.days`: spend and counts a day.
    events : DataFrame
        From `opsreport.metrics.timeline.events`.
    unusual : DataFrame, optional
        From `opsreport.metrics.timeline.unusual_days`: where the spend stepped with them, the title says so.
    """
    if days[list(_COLUMNS[1:])].isna().all(axis=None):
        return notice("timeline.lanes", "There is no spend, monitor, incident or deployment data for this month.",
                      style)  # fmt: skip
    figure = make_subplots(rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.09,
                           subplot_titles=[style.say(one) for one in _KINDS],
                           row_heights=[0.46, 0.18, 0.18, 0.18])  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK})
    is_cut = _spend(figure, days, period, style)
    for place, lane in enumerate(_LANES, start=2):
        mine = events[events["lane"] == lane]
        _lane(figure, lane, mine, place, period, style)
        if mine.empty:
            _say(figure, _none(days, lane, "none", style), place)
    figure.update_xaxes(**month_axis(period, style), showgrid=True, gridcolor=theme.GRID)
    figure.update_yaxes(fixedrange=True)
    figure.update_layout(showlegend=False, bargap=0.2)
    return chart(
        figure, "timeline.lanes", title=_step(days, unusual, style) or _title(days, events, period, style),
        style=style, numbers=days, columns=_COLUMNS, height=440, limit=366, of=_FRAMES,
        subtitle=style.say(_SUBTITLE + _gaps(days), currency=days["billing_currency"].iloc[0])
        + (style.say(CUT) if is_cut else ""),
    )  # fmt: skip


def _spend(figure: go.Figure, days: pd.DataFrame, period: Period, style: Style) -> bool:
    """The bars of the days; returns whether any was cut."""
    noons = [pd.Timestamp(day, tz="UTC") + dt.timedelta(hours=12) for day in days["happened_on"]]
    spent = [None if is_unknown(spend) else float(spend) for spend in days["spend"]]
    at, top = elapsed(noons, period), cut_at(spent)
    figure.add_bar(
        x=at, width=19, row=1, col=1, marker={"color": theme.THIS_MONTH}, hoverinfo="text",
        y=spent if top is None else [None if one is None else min(one, top) for one in spent],
        hovertext=[f"{style.text(day, 'date')}: {style.text(spend, 'money', currency=currency)}"
                   for day, spend, currency in zip(days["happened_on"], days["spend"], days["billing_currency"],
                                                   strict=True)],
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", nticks=4, row=1, col=1)
    if top is not None:
        mark_cut(figure, at, spent, top, 12, days["billing_currency"].iloc[0], style, row=1)
    if days["spend"].isna().all():
        _say(figure, style.say("no data"), 1)
    return top is not None


def _lane(figure: go.Figure, lane: str, events: pd.DataFrame, place: int, period: Period, style: Style) -> None:
    """Bars for what lasts, and a mark where each begins, so that a minute can be seen."""
    begins = elapsed(events["happened_at"], period)
    # What had not ended is drawn to the end of the period.
    ends = elapsed(events["happened_until"].fillna(period.end), period)
    level = [0.35 if index % 2 else 0.65 for index in range(len(events))] if lane == "incident" else [0.5] * len(events)
    said = [_hover(event, style) for event in events.to_dict("records")]
    if lane != "deployment":
        colour = theme.BAD if lane == "outage" else theme.AT_RISK
        figure.add_bar(
            orientation="h", y=level, base=begins, x=[b - a for a, b in zip(begins, ends, strict=True)], width=0.22,
            marker={"color": colour, "line": {"color": colour, "width": 1.5}}, hovertext=said, hoverinfo="text",
            row=place, col=1,
        )  # fmt: skip
    figure.add_scatter(
        x=begins, y=[y + 0.25 for y in level] if lane == "outage" else level, mode="markers", row=place, col=1,
        marker=_marks(lane, events), hovertext=said, hoverinfo="text", cliponaxis=False,
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[0, 1], row=place, col=1)


def _marks(lane: str, events: pd.DataFrame) -> dict[str, object]:
    if lane == "outage":
        return {"symbol": "triangle-down", "size": 10, "color": theme.BAD, "opacity": 1}
    if lane == "incident":
        return {"symbol": "circle", "size": 10, "color": theme.AT_RISK, "opacity": 1}
    failed = [what.startswith("Failed") or "rolled back" in what.split(":")[0] for what in events["happening"]]
    return {
        "symbol": ["x-thin" if one else "line-ns" for one in failed], "size": [9 if one else 14 for one in failed],
        "line": {"width": [3 if one else 2 for one in failed],
                 "color": [theme.BAD if one else theme.DEPLOYED for one in failed]},
        "color": theme.DEPLOYED, "opacity": 1,
    }  # fmt: skip


def _hover(event: dict, style: Style) -> str:
    # Plotly reads some markup in its texts; what a source said is shown as it is.
    start, end = event["happened_at"], event["happened_until"]
    lasted = "" if is_unknown(end) else f", {style.text(end - start, 'duration')}"
    said = style.again(event["happening"], HAPPENINGS)
    return f"{style.text(start, 'instant')}{lasted}<br>{html.escape(said, quote=False)}"


def _say(figure: go.Figure, text: str, place: int) -> None:
    """Words in an empty lane: nothing happened, or nobody can tell."""
    axis = "" if place == 1 else place
    figure.add_annotation(x=0.5, xref="paper", y=0.5, yref=f"y{axis} domain", showarrow=False, text=text,
                          font={"color": theme.INK_SOFT})  # fmt: skip


#: None, one and more of each kind.
_NAMED = {
    "outage": (mark("no outages"), mark("{count} outage"), mark("{count} outages")),
    "incident": (mark("no incidents"), mark("{count} incident"), mark("{count} incidents")),
    "deployment": (mark("no deployments"), mark("{count} deployment"), mark("{count} deployments")),
}
#: None of each kind, where not all of the time was seen.
_NONE_SEEN = {
    "no outages": mark("no outages in the {share} seen"),
    "no incidents": mark("no incidents in the {share} seen"),
    "no deployments": mark("no deployments in the {share} seen"),
    "none": mark("none in the {share} seen"),
}


def _has_data(days: pd.DataFrame, lane: str) -> bool:
    return bool(days[_COUNTED[lane]].notna().any() or days[_SEEN[lane]].iloc[0] > 0)


def _none(days: pd.DataFrame, lane: str, words: str, style: Style) -> str:
    """That there was nothing of a kind, in the share of the time that was seen."""
    share = days[_SEEN[lane]].iloc[0]
    if not _has_data(days, lane):
        return style.say("no data")
    return style.say(words) if share == 1 else style.say(_NONE_SEEN[words], share=style.text(share, "share"))


def _gaps(days: pd.DataFrame) -> str:
    some = days["spend"].isna().any() and not days["spend"].isna().all()
    return ". No bar: spend of the day is not known" if some else ""


def _step(days: pd.DataFrame, unusual: pd.DataFrame | None, style: Style) -> str:
    """That spend stepped on the first unusual day, where days before and after it differ and stay so; else empty."""
    known = days.dropna(subset=["spend"])
    odd = set() if unusual is None else set(unusual["charge_day"])
    if not odd or known.empty:
        return ""
    first = min(odd)
    is_after = known["happened_on"] >= first
    before, after = known.loc[~is_after, "spend"], known.loc[is_after, "spend"]
    stays = known.loc[is_after, "happened_on"].isin(odd).mean() >= _STAYS
    if min(len(before), len(after)) < _ENOUGH or not stays:
        return ""
    old, new = before.astype("float64").median(), after.astype("float64").median()
    if not old > 0 or abs(new / old - 1) < _STEP:
        return ""
    code = days["billing_currency"].iloc[0]
    words = (
        "Spend a day rose from about {old} to about {new} on {day}"
        if new > old
        else "Spend a day fell from about {old} to about {new} on {day}"
    )
    return style.say(words, old=_about(old, code, style), new=_about(new, code, style), day=style.text(first, "day"))


def _about(value: float, code: str, style: Style) -> str:
    # Two digits: the days around the middle one differ by more than the third.
    return short(Decimal(f"{value:.2g}"), code, style)


def _title(days: pd.DataFrame, events: pd.DataFrame, period: Period, style: Style) -> str:
    """How many of each kind began in the period; nothing of a kind of which nothing was seen."""
    known = [lane for lane in _LANES if _has_data(days, lane)]
    counts = [int(((events["lane"] == lane) & (events["happened_at"] >= period.start)).sum()) for lane in known]
    named = [style.say(_NAMED[lane][min(count, 2)], count=count) if count else
             _none(days, lane, _NAMED[lane][0], style) for count, lane in zip(counts, known, strict=True)]  # fmt: skip
    first, last = ", ".join(named[:-1]), "".join(named[-1:])
    said = style.say("{first} and {last}", first=first, last=last) if first else last or style.say("Spend of each day")
    return said[0].upper() + said[1:]
