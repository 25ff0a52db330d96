"""Charts of the work done: hours each month against those agreed, and what this month's went to."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from babel.numbers import format_decimal

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.attainment import above, plain
from opsreport.figures.cost_bars import month_labels
from opsreport.schemas.frame import MISSING
from opsreport.theme import Style, is_unknown

_SHOWN = 8  # kinds of work that fit one chart


def hours(history: pd.DataFrame, style: Style) -> Exhibit:
    """Thirteen months of hours used, with the agreed hours as a line.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.work.history`.
    """
    known = history.dropna(subset=["hours_used"])
    if known.empty:
        return notice("work.hours", "No month of work with its hours has been seen yet.", style)
    months, used = list(history["period"]), history["hours_used"]
    most = max(1.0, used.max(), *history["hours_agreed"].dropna())
    figure = go.Figure(go.Bar(
        x=months, y=used.fillna(0).to_list(), cliponaxis=False, hoverinfo="skip", constraintext="none",
        text=[_label(row, style) for _, row in history.iterrows()], textangle=0, insidetextanchor="start",
        # At a bar's foot, where no line of agreed hours can cross it.
        textposition=["inside" if one > most / 8 else "outside" for one in used.fillna(0)],
        textfont={"size": 10, "color": [theme.INK] * (len(months) - 1) + [theme.PAPER]},
        outsidetextfont={"color": theme.INK},
        marker={"color": [theme.HISTORY] * (len(months) - 1) + [theme.THIS_MONTH]},
    ))  # fmt: skip
    _agreed(figure, history, style)
    figure.update_xaxes(type="category", tickvals=months, ticktext=month_labels(history["period"], style),
                        tickangle=0, fixedrange=True)  # fmt: skip
    figure.update_yaxes(visible=False, range=[0, most * 1.25], fixedrange=True)
    figure.update_layout(showlegend=False, bargap=0.08)
    subtitle = "Hours of work each month; the line is what was agreed"
    subtitle += "; ≥ where some hours are not recorded" if (history["hours_unknown"] > 0).any() else ""
    subtitle += "; ? is a month that was not seen" if used.isna().any() else ""
    return chart(
        figure, "work.hours", title=_hours_title(history, style), style=style, numbers=history,
        subtitle=style.say(subtitle),
        columns=("period", "work_count", "hours_used", "hours_unknown", "hours_agreed", "coverage", "verdict"),
        height=316,
    )  # fmt: skip


def kinds(by_kind: pd.DataFrame, style: Style) -> Exhibit:
    """This month's hours by kind of work, most first.

    Parameters
    ----------
    by_kind : DataFrame
        From `opsreport.metrics.work.by_kind`.
    """
    known = by_kind.dropna(subset=["hours_used"]).head(_SHOWN).reset_index(drop=True)
    if known.empty or not known["hours_used"].sum():
        return notice("work.kinds", "No hours of work are recorded in this month.", style)
    figure = go.Figure(go.Bar(
        orientation="h", y=list(range(len(known))), x=known["hours_used"].to_list(), width=0.4, hoverinfo="skip",
        marker={"color": theme.THIS_MONTH},
    ))  # fmt: skip
    for place, row in known.iterrows():
        words = "{count} piece" if row["work_count"] == 1 else "{count} pieces"
        pieces = style.say(words, count=style.text(row["work_count"], "count"))
        kind = _kind(row, style)
        above(figure, place, 0.42, f"<b>{plain(kind)}</b> · {pieces}", theme.INK)
        above(figure, place, 0.42, style.text(row["hours_used"], "hours"), theme.INK_SOFT, right=True)
    figure.update_xaxes(visible=False, range=[0, known["hours_used"].max()], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(known) - 0.5, -0.8], fixedrange=True)
    figure.update_layout(margin={"l": 20, "r": 24})
    return chart(
        figure, "work.kinds", title=_kinds_title(by_kind, style), style=style, numbers=by_kind,
        subtitle=style.say("Hours of work this month, by kind"),
        columns=("work_kind", "work_count", "hours_used", "hours_unknown", "hours_share"),
        height=96 + 50 * len(known),
    )  # fmt: skip


def _label(row: pd.Series, style: Style) -> str:
    # One decimal: more does not fit a phone's bars.
    used = row["hours_used"]
    written = "?" if is_unknown(used) else format_decimal(round(float(used), 1), "#,##0.#", locale=style.locale)
    return f"≥{written}" if row["hours_unknown"] > 0 else written


def _agreed(figure: go.Figure, history: pd.DataFrame, style: Style) -> None:
    """The agreed hours over each month's bar, with their number where they last hold."""
    agreed = history["hours_agreed"]
    for place, value in enumerate(agreed):
        if not is_unknown(value):
            figure.add_shape(type="line", x0=place - 0.5, x1=place + 0.5, y0=value, y1=value,
                             line={"color": theme.TARGET, "width": 1.5})  # fmt: skip
    known = agreed.dropna()
    if len(known):
        first = list(agreed.index).index(known.index[0])
        figure.add_annotation(
            x=first - 0.45, y=known.iloc[0], xanchor="left", yanchor="bottom", showarrow=False,
            font={"size": 12, "color": theme.INK_SOFT},
            text=style.say("agreed: {limit}", limit=style.text(known.iloc[0], "hours")),
        )  # fmt: skip


def _hours_title(history: pd.DataFrame, style: Style) -> str:
    now = history.iloc[-1]
    if is_unknown(now["hours_used"]):
        return style.say("How many hours were used this month is unknown")
    words = "{used} of work this month"
    if now["hours_unknown"] or now["coverage"] < 1:
        words = "At least {used} of work this month"
    values = {"used": style.text(now["hours_used"], "hours")}
    if not is_unknown(now["hours_agreed"]):
        words += ", {over} more than agreed" if now["hours_used"] > now["hours_agreed"] else ", of {agreed} agreed"
        values |= {"over": style.text(now["hours_used"] - now["hours_agreed"], "hours"),
                   "agreed": style.text(now["hours_agreed"], "hours")}  # fmt: skip
    return style.say(words, **values)


def _kind(row: pd.Series, style: Style) -> str:
    """A kind of work in the source's own word; without one it is said so."""
    return style.say(row["work_kind"]) if row["work_kind"] in MISSING else row["work_kind"]


def _kinds_title(by_kind: pd.DataFrame, style: Style) -> str:
    first = by_kind.iloc[0]
    kind = _kind(first, style)
    words = "Most hours went to: {kind}" if is_unknown(first["hours_share"]) else "Most hours ({share}) went to: {kind}"
    return style.say(words, kind=kind, share=style.text(first["hours_share"], "share"))
