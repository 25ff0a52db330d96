"""Charts of vulnerabilities: open against the agreed time, what came and went, thirteen months."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels
from opsreport.language import mark
from opsreport.theme import Style, is_unknown

_ROW = 50  # a bar with its name above it [px]
_LEGEND = {"y": -0.02, "yref": "container", "yanchor": "bottom", "x": 0,
           "itemclick": False, "itemdoubleclick": False}  # fmt: skip
#: Band by band, best first: its column, name, colour, and the pattern that tells it without colour.
_BANDS = (
    ("open_early", mark("first half of the agreed time"), theme.THIS_MONTH, ""),
    ("open_late", mark("second half"), theme.AT_RISK, ""),
    ("open_past", mark("past the agreed time"), theme.BAD, "/"),
    ("open_unagreed", mark("no time agreed"), theme.HISTORY, ""),
)
_SUBTITLE = mark("Vulnerabilities open when the month ended, by how much of the agreed time is over")
_LATER = mark(
    "Vulnerabilities open when the month ended, by how much of the agreed time is over; read after it, so there may "
    "have been more"
)
#: Step by step: its column, name, and whether it adds or takes.
_STEPS = (
    ("vulnerabilities_new", mark("New"), 1), ("vulnerabilities_reopened", mark("Reopened"), 1),
    ("vulnerabilities_fixed", mark("Fixed"), -1), ("vulnerabilities_gone", mark("Gone with the asset"), -1),
    ("vulnerabilities_accepted", mark("Risk accepted"), -1),
)  # fmt: skip


def open_by_severity(summary: pd.DataFrame, style: Style) -> Exhibit:
    """Open vulnerabilities of each severity, by how much of the agreed time is over.

    Parameters
    ----------
    summary : DataFrame
        From `opsreport.metrics.patches.summary`.
    """
    rows = summary.dropna(subset=["vulnerabilities_open"]).reset_index(drop=True)
    if not rows["vulnerabilities_open"].sum():
        none = "No vulnerability is known to have been open when the month ended, so there is none to draw."
        return notice("patches.open", none if len(rows) else "Which vulnerabilities were open is not known.", style)
    figure, base = go.Figure(), pd.Series(0.0, index=rows.index)
    is_told_later = rows["coverage"].eq(0).any()
    for column, name, colour, shape in _BANDS:
        if rows[column].sum():
            _band(figure, rows[column].fillna(0), base, style.say(name), colour, shape, style)
        base = base + rows[column].fillna(0)
    for place, row in rows.iterrows():
        _above(figure, place, _severity_words(row, style))
    figure.update_xaxes(visible=False, range=[0, base.max()], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(rows) - 0.5, -0.9], fixedrange=True)
    figure.update_layout(barmode="overlay", showlegend=True, legend=_LEGEND, margin={"l": 20})
    return chart(
        figure, "patches.open", title=_open_title(rows, style), style=style, numbers=rows,
        subtitle=style.say(_LATER if is_told_later else _SUBTITLE),
        columns=("severity", "patch_deadline", "vulnerabilities_open", "open_early", "open_late", "open_past",
                 "open_unagreed", "vulnerabilities_unfixable", "open_age"),
        height=140 + _ROW * len(rows), unknown={"patch_deadline": "none agreed"},
    )  # fmt: skip


def flow(history: pd.DataFrame, style: Style) -> Exhibit:
    """From those open when the month began to those open when it ended: what came and what went.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.patches.history`; its newest month is drawn.
    """
    now = history.iloc[-1]
    if is_unknown(now["vulnerabilities_open"]):
        return notice("patches.flow", "What came and went cannot be drawn: nothing was seen of this month.",
                      style)  # fmt: skip
    bars = [(mark("Open before"), 0.0, now["vulnerabilities_before"], theme.HISTORY, "")]
    level = now["vulnerabilities_before"]
    for column, name, sign in _STEPS:
        if now[column]:
            starts, colour, shown = (level, theme.AT_RISK, "+") if sign > 0 else (level - now[column], theme.GOOD, "−")
            bars.append((name, starts, now[column], colour, shown))
        level += sign * now[column]
    bars.append((mark("Open at the end"), 0.0, now["vulnerabilities_open"], theme.THIS_MONTH, ""))
    figure = go.Figure(go.Bar(
        orientation="h", y=list(range(len(bars))), x=[float(bar[2]) for bar in bars], base=[bar[1] for bar in bars],
        width=0.4, hoverinfo="skip", marker={"color": [bar[3] for bar in bars]},
    ))  # fmt: skip
    for place, (name, _, count, _, sign) in enumerate(bars):
        _above(figure, place, f"{style.say(name)}  <b>{sign}{style.text(count, 'count')}</b>")
    figure.update_xaxes(visible=False, rangemode="tozero", fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(bars) - 0.5, -0.9], fixedrange=True)
    figure.update_layout(showlegend=False, margin={"l": 20})
    return chart(
        figure, "patches.flow", title=_flow_title(now, style), style=style, numbers=history.tail(1),
        subtitle=style.say("Number of vulnerabilities; each bar begins where the one above it ends"),
        columns=("period", "vulnerabilities_before", *(column for column, _, _ in _STEPS), "vulnerabilities_open"),
        height=100 + _ROW * len(bars),
    )  # fmt: skip


def history(history: pd.DataFrame, style: Style) -> Exhibit:
    """Thirteen months of open vulnerabilities at month end, those past their date among them.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.patches.history`.
    """
    known = history.dropna(subset=["vulnerabilities_open"])
    if known.empty:
        return notice("patches.history", "No month of vulnerabilities has been seen yet.", style)
    months, newest = list(history["period"]), history["period"].iloc[-1]
    late, total = history["open_past"], history["vulnerabilities_open"]
    figure = go.Figure(go.Bar(
        x=months, y=late.fillna(0).tolist(), name=style.say("past the agreed time"), hoverinfo="skip",
        marker={"color": theme.BAD, "pattern": _pattern("/", theme.BAD)},
    ))  # fmt: skip
    figure.add_bar(
        x=months, y=(total - late).fillna(0).tolist(), textposition="outside", cliponaxis=False,
        name=style.say("in time, or none agreed"), hoverinfo="skip",
        text=["?" if is_unknown(count) else style.text(count, "count") for count in total],
        marker={"color": [theme.THIS_MONTH if month == newest else theme.HISTORY for month in months]},
    )  # fmt: skip
    figure.update_xaxes(type="category", tickvals=months, ticktext=month_labels(history["period"], style),
                        tickangle=0, fixedrange=True)  # fmt: skip
    figure.update_yaxes(visible=False, range=[0, max(total.max(), 1) * 1.2], fixedrange=True)
    figure.update_layout(barmode="stack", showlegend=bool(late.sum()), legend=_LEGEND)
    subtitle = "Vulnerabilities open when each month ended, without those whose risk is accepted"
    subtitle += "; ? is a month that was not seen" if len(known) < len(history) else ""
    return chart(
        figure, "patches.history", title=_history_title(history, style), style=style, numbers=history,
        subtitle=style.say(subtitle),
        columns=("period", "vulnerabilities_new", "vulnerabilities_fixed", "vulnerabilities_open", "open_past",
                 "vulnerabilities_unfixable", "coverage"),
        height=306,
    )  # fmt: skip


def _band(
    figure: go.Figure, counts: pd.Series, base: pd.Series, name: str, colour: str, shape: str, style: Style
) -> None:
    figure.add_bar(
        orientation="h", y=counts.index.to_list(), x=counts.tolist(), base=base.tolist(), width=0.4, name=name,
        hoverinfo="text", hovertext=[f"{style.text(count, 'count')}: {name}" for count in counts],
        marker={"color": colour, "line": {"color": theme.PAPER, "width": 1}, "pattern": _pattern(shape, colour)},
    )  # fmt: skip


def _pattern(shape: str, colour: str) -> dict[str, object]:
    """Stripes, so that what they stand for is not told by colour alone."""
    return {"shape": shape, "fgcolor": theme.PAPER, "bgcolor": colour, "size": 6, "solidity": 0.25}


def _above(figure: go.Figure, place: int, text: str) -> None:
    """Words over a bar: beside it they would take a phone's whole width."""
    figure.add_annotation(y=place - 0.46, yanchor="middle", x=0, xref="paper", xanchor="left", text=text,
                          showarrow=False, align="left", font={"size": 12, "color": theme.INK})  # fmt: skip


def _severity_words(row: pd.Series, style: Style) -> str:
    is_agreed = not is_unknown(row["patch_deadline"])
    values = {"agreed": _days(row["patch_deadline"], style) if is_agreed else ""}
    if not row["vulnerabilities_open"]:
        words = "none open · agreed {agreed}" if is_agreed else "none open · none agreed"
    else:
        is_late = row["open_past"] > 0
        words = "{count} open, {late} past due · oldest {age}" if is_late else "{count} open · oldest {age}"
        words += ", agreed {agreed}" if is_agreed else ", none agreed"
        values |= {"count": style.text(row["vulnerabilities_open"], "count"),
                   "late": style.text(row["open_past"], "count"), "age": _days(row["open_age"], style)}  # fmt: skip
    return f"<b>{style.say(row['severity'])}</b> · {style.say(words, **values)}"


def _days(lasted: pd.Timedelta, style: Style) -> str:
    return style.text(lasted.floor("D") or lasted, "duration")


def _open_title(rows: pd.DataFrame, style: Style) -> str:
    late, total = rows["open_past"].sum(), style.text(rows["vulnerabilities_open"].sum(), "count")
    if not late:
        return style.say("None of the {all} open vulnerabilities is past the agreed time", all=total)
    words = "{late} of {all} open vulnerabilities is past the agreed time" if late == 1 else (
        "{late} of {all} open vulnerabilities are past the agreed time")  # fmt: skip
    return style.say(words, late=style.text(late, "count"), all=total)


def _flow_title(now: pd.Series, style: Style) -> str:
    before, after = now["vulnerabilities_before"], now["vulnerabilities_open"]
    words = "{after} open when the month ended, as many as when it began" if before == after else (
        "{after} open when the month ended, {before} when it began")  # fmt: skip
    return style.say(words, after=style.text(after, "count"), before=style.text(before, "count"))


def _history_title(history: pd.DataFrame, style: Style) -> str:
    now, before = history["vulnerabilities_open"].iloc[-1], history["vulnerabilities_open"].iloc[:-1].dropna()
    if is_unknown(now):
        return style.say("How many were open when this month ended is not known")
    count = style.text(now, "count")
    if before.empty:
        return style.say("{count} open when the month ended", count=count)
    low, high = style.text(before.min(), "count"), style.text(before.max(), "count")
    if len(before) == 1:
        return style.say("{count} open when the month ended, after {low} in the one seen before", count=count, low=low)
    words = "{count} open when the month ended, after {low} in each before" if low == high else (
        "{count} open when the month ended, after {low} to {high} in the months before")  # fmt: skip
    return style.say(words, count=count, low=low, high=high)
