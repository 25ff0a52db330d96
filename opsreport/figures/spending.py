"""The charts of what steers the bill: logs written and held, and what savings came to."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import plotly.graph_objects as go
from babel.dates import format_date
from plotly.subplots import make_subplots

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import of_currency, plain, short
from opsreport.language import mark
from opsreport.theme import Style, is_unknown

_SHOWN = 4  # log stores whose lines can be told apart
_PANELS = (("ingested_bytes", mark("Written in each month")), ("stored_bytes", mark("Held at each month's end")))
#: Told apart by more than colour: each line is named, and has its own dash.
_LINES = ((theme.THIS_MONTH, "solid"), (theme.INK, "dash"), (theme.INK_SOFT, "dot"), (theme.HISTORY, "dashdot"))
_UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_STATES = {"proposed": mark("Proposed"), "accepted": mark("Accepted")}
#: Labels at the ends of lines stand this share of a panel's height apart.
_APART = 0.11
_ROW = 46  # a bar with its name above it [px]


def logs(history: pd.DataFrame, style: Style) -> Exhibit:
    """What was written to each log store in each month, and what it held at the end: thirteen months.

    Parameters
    ----------
    history : DataFrame
        From `opsreport.metrics.spending.log_history`; what holds most stands first.
    """
    if history.empty or not history[["stored_bytes", "ingested_bytes"]].notna().any(axis=None):
        return notice("spending.log_growth", "There is nothing to draw of logs: no log store was seen in these months.",
                      style)  # fmt: skip
    names = list(dict.fromkeys(history["log_group"]))
    months = list(dict.fromkeys(history["period"]))
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.16,
                           subplot_titles=[style.say(title) for _, title in _PANELS])  # fmt: skip
    for row, (column, _) in enumerate(_PANELS, start=1):
        _panel(figure, row, history, column, names[:_SHOWN])
    figure.update_annotations(x=0, xanchor="left", font={"size": 13, "color": theme.INK_SOFT})
    _name_lines(figure, history, names[:_SHOWN], len(months) - 1)
    figure.update_xaxes(tickvals=list(range(len(months))), ticktext=_month_labels(months, style), tickangle=0,
                        fixedrange=True, range=[-0.3, len(months) - 0.7])  # fmt: skip
    figure.update_layout(showlegend=False)
    subtitle = "Bytes of each log store, on scales that begin at 0"
    if len(names) > _SHOWN:
        subtitle = "Bytes of each log store; the {shown} largest of {all}, on scales that begin at 0"
    return chart(
        figure, "spending.log_growth", title=_logs_title(history, style), style=style,
        subtitle=style.say(subtitle, shown=_SHOWN, all=len(names)),
        numbers=history[history["period"] == months[-1]], columns=("log_group", "ingested_bytes", "stored_bytes"),
        height=520, of="log_group",
    )  # fmt: skip


def savings(ledger: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """What savings were proposed, accepted and done, and what later bills show of those that were done.

    Parameters
    ----------
    ledger : DataFrame
        From `opsreport.metrics.spending.ledger`.
    currency : str
        Which to draw; the client's, or else the first, by default.
    """
    rows, code, apart = of_currency(ledger, style, currency)
    rows = rows[rows["saving_status"].isin([*_STATES, "done"])]
    done = rows[rows["saving_status"] == "done"]
    bars = [(_STATES[row["saving_status"]], row["saving_estimate"], theme.HISTORY)
            for _, row in rows.drop(done.index).iterrows()]  # fmt: skip
    bars = [bar for bar in [*bars, *_done(done)] if not is_unknown(bar[1])]
    if not bars:
        return notice("spending.savings_bars", "There is no saving to draw: none with an estimate was known by then.",
                      style)  # fmt: skip
    figure = _bars(bars, style, code)
    return chart(
        figure, "spending.savings_bars", title=_savings_title(done, code, style), style=style,
        subtitle=style.say("A month, in {code}; pale is estimated, dark is measured", code=code) + apart,
        numbers=rows, columns=("saving_status", "savings", "saving_estimate", "savings_measured", "saving_measured"),
        height=100 + _ROW * len(bars), of={"saving_measured": "cost"},
    )  # fmt: skip


def _panel(figure: go.Figure, row: int, history: pd.DataFrame, column: str, names: list[str]) -> None:
    size, unit = _scale(history[column].max())
    for name, (colour, dash) in zip(names, _LINES, strict=False):
        values = history.loc[history["log_group"] == name, column]
        figure.add_scatter(
            row=row, col=1, x=list(range(len(values))), name=plain(name), mode="lines+markers", cliponaxis=False,
            y=[None if is_unknown(value) else value / size for value in values],
            line={"color": colour, "dash": dash, "width": 2}, marker={"size": 4, "color": colour},
            hovertemplate=f"{plain(name)}: %{{y:.2f}} {unit}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(row=row, col=1, rangemode="tozero", nticks=4, fixedrange=True, ticksuffix=f" {unit}")


def _name_lines(figure: go.Figure, history: pd.DataFrame, names: list[str], last: int) -> None:
    """Each line of the lower panel is named over its end, names that would meet moved up."""
    held = history.groupby("log_group")["stored_bytes"].last()
    most = history["stored_bytes"].max()
    size, _ = _scale(most)
    lowest = -1.0
    for name, (colour, _) in sorted(zip(names, _LINES, strict=False), key=lambda pair: held.fillna(0)[pair[0]]):
        if is_unknown(held[name]) or not most:
            continue
        lowest = max(held[name] / most, lowest + _APART)
        figure.add_annotation(
            x=last, y=lowest * most / size, xref="x2", yref="y2", xanchor="right", yanchor="bottom", showarrow=False,
            text=plain(name.rsplit("/", 1)[-1] or name), bgcolor=theme.PAPER, borderpad=1,
            font={"size": 12, "color": theme.INK_SOFT if colour == theme.HISTORY else colour},
        )  # fmt: skip


def _scale(most: float) -> tuple[float, str]:
    """The unit in which bytes are drawn, and how many of them it is."""
    return next(((size, unit) for size, unit in _UNITS if most >= size), (1.0, "B"))


def _done(done: pd.DataFrame) -> list[tuple[str, object, str]]:
    """What was carried out: of what the bill could be asked about, estimate and measure; and the rest."""
    if done.empty:
        return []
    row = done.iloc[0]
    if is_unknown(row["saving_measured"]):
        return [(mark("Done, not to be measured"), row["saving_estimate"], theme.HISTORY)]
    expected = None if is_unknown(row["saving_gap"]) else row["saving_measured"] - row["saving_gap"]
    rest = None if is_unknown(expected) or row["savings"] == row["savings_measured"] else (
        row["saving_estimate"] - expected)  # fmt: skip
    return [
        (mark("Done, not to be measured"), rest, theme.HISTORY), (mark("Done, as estimated"), expected, theme.HISTORY),
        (mark("Done, as measured in the bill"), row["saving_measured"], theme.THIS_MONTH),
    ]  # fmt: skip


def _bars(bars: list[tuple[str, object, str]], style: Style, code: str) -> go.Figure:
    figure = go.Figure(go.Bar(
        orientation="h", y=list(range(len(bars))), x=[float(value) for _, value, _ in bars], width=0.42,
        marker={"color": [colour for _, _, colour in bars]}, hoverinfo="skip",
    ))  # fmt: skip
    for place, (name, value, _) in enumerate(bars):
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=place - 0.43, showarrow=False, font={"color": theme.INK_SOFT},
            text=f"{style.say(name)}  <b>{short(value, code, style)}</b>",
        )  # fmt: skip
    figure.add_vline(0, line={"color": theme.INK_SOFT, "width": 1})
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, range=[len(bars) - 0.5, -0.8])
    figure.update_layout(showlegend=False)
    return figure


def _logs_title(history: pd.DataFrame, style: Style) -> str:
    """The log store that grew most against the month before, and what it took in."""
    grown = []
    for name, own in history.groupby("log_group", sort=False):
        written = own["ingested_bytes"].tail(2).tolist()
        if len(written) == 2 and not any(map(is_unknown, written)) and written[0] > 0:
            grown.append((written[1] - written[0], written[1], written[1] / written[0], name))
    if not grown:
        return style.say("What was written to the logs, and what they hold")
    _, now, ratio, name = max(grown)
    if ratio < 1.2:
        return style.say("No log store took in much more than the month before")
    return style.say("{name} took in {size}, {ratio} the month before", name=plain(name),
                     size=style.text(now, "bytes"), ratio=style.text(ratio, "ratio"))  # fmt: skip


def _savings_title(done: pd.DataFrame, code: str, style: Style) -> str:
    if not len(done):
        return style.say("No saving was carried out yet")
    row = done.iloc[0]
    if is_unknown(row["saving_measured"]):
        return style.say("Of the savings that were carried out, none can be measured")
    words = "Savings that were carried out save {worth} a month by the bill"
    if row["saving_measured"] < 0:
        words = "Savings that were carried out have cost, and not saved, {worth} a month by the bill"
    words += "" if row["savings_measured"] == row["savings"] else ", as far as they can be measured"
    return style.say(words, worth=style.text(abs(row["saving_measured"]), "money", currency=code))


def _month_labels(names: list[str], style: Style) -> list[str]:
    days = [dt.date.fromisoformat(f"{name[:7]}-01") for name in names]
    words = [format_date(day, "LLL", locale=style.locale)[:3] for day in days]
    years = [f"<br>{day.year}" if place == 0 or day.month == 1 else "" for place, day in enumerate(days)]
    # Every second month has a label, the newest among them, so that a phone has room.
    return [f"{word}{year}" if (len(days) - 1 - place) % 2 == 0 or year else ""
            for place, (word, year) in enumerate(zip(words, years, strict=True))]  # fmt: skip
