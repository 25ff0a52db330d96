"""What the cost charts share: one currency's rows, and bars under their names."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from opsreport import theme
from opsreport.theme import Style

_LONGEST_NAME = 36


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
