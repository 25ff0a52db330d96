"""What the cost charts share: one currency's rows, and bars under their names."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Collection, Sequence
from decimal import Decimal
from statistics import median

import pandas as pd
import plotly.graph_objects as go
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from opsreport import theme
from opsreport.language import mark
from opsreport.theme import Style

_LONGEST_NAME = 36
_FAR, _APART = 2.0, 1.5  # times the median, and times the largest of the others, from which a bar is cut
#: What a subtitle says of bars that are cut.
CUT = mark("; a broken bar goes on to the amount beside it")


def of_currency(frame: pd.DataFrame, style: Style, currency: str) -> tuple[pd.DataFrame, str, str]:
    """The rows of one currency, its code, and what is to be said of the others."""
    codes = sorted(set(frame["billing_currency"]))
    code = currency or (style.currency if style.currency in codes or not codes else codes[0])
    others = [other for other in codes if other != code]
    apart = style.say("; {codes} is apart, in the table", codes=", ".join(others)) if others else ""
    return frame[frame["billing_currency"] == code].reset_index(drop=True), code, apart


def named_bars(
    names: list[str], values: list, colours: list[str], style: Style, code: str, signed: bool = False
) -> go.Figure:
    """Horizontal bars from zero, each under its name and amount, so that a phone has room for both."""
    written = [style.text(value, "money", signed=signed, currency=code) for value in values]
    figure = go.Figure(
        go.Bar(
            x=[float(value) for value in values],
            y=list(range(len(names))),
            orientation="h",
            width=0.42,
            marker={"color": colours},
            hovertext=[f"{plain(name)}: {text}" for name, text in zip(names, written, strict=True)],
            hoverinfo="text",
        )
    )
    for index, (name, text) in enumerate(zip(names, written, strict=True)):
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=index - 0.43, showarrow=False,
            font={"color": theme.INK_SOFT}, bgcolor=theme.PAPER, text=f"{plain(name)}  <b>{text}</b>",
        )  # fmt: skip
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, range=[len(names) - 0.5, -0.8])
    figure.update_layout(showlegend=False)
    return figure


def month_labels(names: pd.Series, style: Style, step: int = 1) -> list[str]:
    """Months named YYYY-MM as an axis has room for them, the year with the first of it that is named.

    Parameters
    ----------
    step : int
        1 names every month, 2 every second; the last is always named.
    """
    days = [dt.date.fromisoformat(f"{name[:7]}-01") for name in names]
    labels, year = [], 0
    for index, day in enumerate(days):
        if (len(days) - 1 - index) % step:
            labels.append("")
            continue
        named = format_date(day, "LLL", locale=style.locale)[:3]
        labels.append(named if day.year == year else f"{named}<br>{day.year}")
        year = day.year
    return labels


def cut_at(values: Sequence[float | None], kept: Collection[int] = ()) -> float | None:
    """Where to cut an axis, so that a day or two of monthly fees do not flatten all others; None to cut nothing.

    Parameters
    ----------
    kept : collection of int
        Places of values that the chart is about, and that are never cut.
    """
    known = sorted(value for value in values if value is not None)
    usual = median(known) if known else 0.0
    far = {place for place, value in enumerate(values) if value is not None and value > _FAR * usual > 0} - {*kept}
    near = [value for place, value in enumerate(values) if value is not None and place not in far]
    if not far or len(far) > max(1, len(known) // 10) or min(values[place] for place in far) < _APART * max(near):
        return None
    return max(near) * 1.25


def mark_cut(
    figure: go.Figure, at: Sequence[float], values: Sequence[float | None], top: float, half: float, code: str,
    style: Style, row: int | None = None,
) -> None:  # fmt: skip
    """Break each bar that is cut, and write its whole amount beside it.

    Parameters
    ----------
    at : sequence of float
        Where each bar stands on the axis; `half` of its width reaches to either side.
    row : int, optional
        Of subplots, in which one.
    """
    where = {} if row is None else {"row": row, "col": 1}
    for place, (x, value) in enumerate(zip(at, values, strict=True)):
        if value is None or value <= top:
            continue
        side = -1 if place > len(values) / 2 else 1
        figure.add_shape(type="line", x0=x - half, x1=x + half, y0=top * 0.86, y1=top * 0.91,
                         line={"color": theme.PAPER, "width": 4}, **where)  # fmt: skip
        figure.add_annotation(
            x=x + side * half, y=top, xanchor="left" if side > 0 else "right", yanchor="top", showarrow=False,
            xshift=side * 4, font={"size": 12, "color": theme.INK}, bgcolor=theme.PAPER, **where,
            text=f"↑ {short(Decimal(repr(round(value))), code, style)}",
        )  # fmt: skip


def short(value: Decimal, code: str, style: Style) -> str:
    """An amount for a label: without cents where it is large or has none."""
    if abs(value) < 1000 and value != round(value):
        return style.text(value, "money", currency=code)
    return format_currency(
        round(value), code, locale=style.locale, currency_digits=False, format=_without_cents(style.locale)
    )


def _without_cents(locale: str) -> str:
    return Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")


def plain(name: object) -> str:
    """A name as plotly shows it: not read as markup, and not longer than a phone is wide."""
    text = str(name)
    return html.escape(text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…", quote=False)
