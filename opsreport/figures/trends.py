"""Each key figure over thirteen months as small multiples, with what was agreed and the baseline."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from opsreport import tables, theme
from opsreport.exhibit import Exhibit, Fact, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels
from opsreport.figures.trend_titles import plain, said, title
from opsreport.language import mark
from opsreport.period import Period
from opsreport.schemas.directions import end_of, extreme
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style, is_unknown

#: Which sections' key figures stand in one chart; the last takes those of no other.
GROUPS = {
    "money": ("cost", "spending"),
    "service": ("uptime", "performance"),
    "trouble": ("incidents", "monitoring"),
    "change": ("delivery", "pipeline"),
    "protection": ("backups", "patches", "access"),
    "support": ("support", "work"),
}
_COLUMNS = 2
_MOST = 8  # panels of one chart, which a printed page holds
_LETTERS = 25  # of a panel's name in a line, on a phone
#: A row of panels and the words over a panel, both without the name's lines, one of which takes so much; the months.
_ROW, _HEAD, _LINE, _FOOT = 156, 64, 16, 32  # [px]
_LINES = {"target": mark("⋯ target {value}"), "baseline": mark("╌ baseline {value}")}
_DIGITS = 6  # of a plotted number


def panels(scorecard: pd.DataFrame, group: str, period: Period, style: Style) -> Exhibit:
    """The key figures of some sections, a panel each.

    Parameters
    ----------
    scorecard : DataFrame
        As `opsreport.schemas.scorecard.SCORECARD` lists; durations in a trend are in minutes.
    group : str
        One of `GROUPS`.
    """
    mine = scorecard[_in_group(scorecard["section"], group)]
    rows = [row for row in mine.to_dict("records") if isinstance(row["trend"], (list, tuple))]
    drawn = [row for row in rows if sum(not is_unknown(one) for one in row["trend"]) > 1]
    if not drawn:
        return notice(f"trends.{group}", "No key figure of these sections is known for two months or more.",
                      style)  # fmt: skip
    names = [style.text(one.first_day, "month" if one.is_month else "date") for one in period.history(13)]
    # As every axis of months has it: the month's three letters and its year.
    ends = [month_labels(pd.Series([one.name]), style)[0].replace("<br>", " ") if one.is_month else said
            for one, said in zip(period.history(13), names, strict=True)]  # fmt: skip
    drawn, known = _telling(drawn), drawn
    lines = max(len(_wrapped(row, style)) for row in drawn)
    count, row_height = -(-len(drawn) // _COLUMNS), _ROW + lines * _LINE
    height = count * row_height + _FOOT
    figure = go.Figure()
    for place, row in enumerate(drawn):
        _panel(figure, row, _box(place, count, height, lines), names, style)
        if place + _COLUMNS >= len(drawn):
            _months(figure, place, (ends[0], ends[-1]))
    figure.update_layout(showlegend=False, margin={"l": 0, "r": 8, "b": _FOOT - 4})
    subtitle = "Each on a scale of its own, a gap where a month is unknown; this month is marked."
    if len(drawn) < len(rows):
        subtitle += " One more is in the table only." if len(rows) - len(drawn) == 1 else (
            " {count} more are in the table only.")  # fmt: skip
    return chart(
        figure, f"trends.{group}", title=title(known, mine.to_dict("records"), style), style=style,
        numbers=_numbers(rows, period),
        subtitle=style.say(subtitle, count=len(rows) - len(drawn)),
        columns=("measure", "trend", "figure_now", "figure_target", "figure_baseline", "figure_lowest",
                 "figure_highest"),
        height=height, limit=40,
    )  # fmt: skip


def _in_group(sections: pd.Series, group: str) -> pd.Series:
    if group != list(GROUPS)[-1]:
        return sections.isin(GROUPS[group])
    return ~sections.isin([name for other, names in GROUPS.items() if other != group for name in names])


def _telling(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with a target or at an end of their months, misses and bad ends first where not all have room."""
    ends = [extreme(row["trend"]) for row in rows]
    bad = [bool(end) and end_of(str(row["measure"]), end == "highest") == "worst"
           for row, end in zip(rows, ends, strict=True)]  # fmt: skip
    agreed = [not is_unknown(row["target"]) for row in rows]
    telling = [place for place in range(len(rows)) if agreed[place] or ends[place]] or range(len(rows))
    ranked = sorted(telling, key=lambda place: (rows[place]["verdict"] != "missed", not bad[place], not agreed[place]))
    return [rows[place] for place in sorted(ranked[:_MOST])]


def _box(place: int, count: int, height: int, lines: int) -> tuple[str, list[float], list[float]]:
    """A panel's axis, and the part of the chart's width and of its height that it takes."""
    across, down = place % _COLUMNS, place // _COLUMNS
    row, head = _ROW + lines * _LINE, _HEAD + lines * _LINE
    room = height - _FOOT - 8  # the page leaves 8 px above a plot
    top = 1 - (down * row + head) / room
    bottom = 1 - (down + 1) * row / room if down < count - 1 else 0
    left, right = (across / _COLUMNS, (across + 1) / _COLUMNS)
    wide = [round(left and left + 0.03, 4), round(right - 0.03 if across == 0 else right, 4)]
    return "" if place == 0 else str(place + 1), wide, [round(max(bottom, 0), 4), round(top, 4)]


def _panel(
    figure: go.Figure, row: dict[str, Any], box: tuple[str, list[float], list[float]], names: list[str], style: Style
) -> None:
    axis, wide, tall = box
    values = [_short(one) for one in row["trend"]]
    target, baseline = (_short(_plotted(row[name])) for name in ("target", "baseline"))
    known = [one for one in (*values, target, baseline) if one is not None]
    low, span = min(known), max(known) - min(known)
    if not span:  # a line in the middle: on the floor it would look like nothing
        span = abs(low) or 1
        low -= span / 2
    figure.update_layout({
        f"xaxis{axis}": {"domain": wide, "anchor": f"y{axis}", "range": [-0.1, len(names) - 0.7], "fixedrange": True,
                         "showticklabels": False, "ticks": ""},
        f"yaxis{axis}": {"domain": tall, "anchor": f"x{axis}", "visible": False,
                         "range": [_short(low - span * 0.15), _short(low + span * 1.15)], "fixedrange": True},
    })  # fmt: skip
    for value, dash in ((target, "dot"), (baseline, "dash")):
        if value is not None:
            figure.add_scatter(x=[0, len(names) - 1], y=[value, value], mode="lines", xaxis=f"x{axis}",
                               yaxis=f"y{axis}", hoverinfo="skip",
                               line={"color": theme.TARGET, "width": 1, "dash": dash})  # fmt: skip
    _line(figure, row, values, names, axis, style)
    _words(figure, row, axis, style)


def _line(
    figure: go.Figure, row: dict[str, Any], values: list[float | None], names: list[str], axis: str, style: Style
) -> None:
    trend = [said(row, _measured(value, row), style) for value in row["trend"]]
    hovers = [f"{name}: {value}" for name, value in zip(names, trend, strict=True)]
    alone = [
        one is not None and all(near is None for near in (*values[max(n - 1, 0) : n], *values[n + 1 : n + 2]))
        for n, one in enumerate(values)
    ]
    figure.add_scatter(
        x=list(range(len(values))), y=values, mode="lines+markers", xaxis=f"x{axis}", yaxis=f"y{axis}",
        line={"color": theme.HISTORY, "width": 2}, hovertext=hovers, hoverinfo="text", cliponaxis=False,
        # A month between two unknown ones has no line to show it.
        marker={"color": theme.HISTORY, "size": [6 if one else 0 for one in alone]},
    )  # fmt: skip
    if values[-1] is not None:
        is_missed = row["verdict"] == "missed"
        figure.add_scatter(
            x=[len(values) - 1], y=[values[-1]], mode="markers", xaxis=f"x{axis}", yaxis=f"y{axis}",
            cliponaxis=False, hovertext=hovers[-1:], hoverinfo="text",
            marker={"color": theme.BAD if is_missed else theme.THIS_MONTH, "size": 11 if is_missed else 9,
                    "symbol": "diamond" if is_missed else "circle"},
        )  # fmt: skip


def _words(figure: go.Figure, row: dict[str, Any], axis: str, style: Style) -> None:
    """A panel's name and value, and what its two thin lines are."""
    name = "<br>".join(plain(line) for line in _wrapped(row, style))
    lines = [style.say(words, value=said(row, row[key], style)) for key, words in _LINES.items()
             if not is_unknown(row[key])]  # fmt: skip
    small = "".join(f'<br><span style="font-size:11px;color:{theme.INK_SOFT}">{line}</span>' for line in lines)
    figure.add_annotation(
        x=0, xref=f"x{axis} domain", xanchor="left", y=1, yref=f"y{axis} domain", yanchor="bottom", yshift=8,
        showarrow=False, align="left", font={"size": 12, "color": theme.INK},
        text=f"{name}<br><b>{said(row, row['this_month'], style)}</b>{small}",
    )  # fmt: skip


def _wrapped(row: dict[str, Any], style: Style) -> list[str]:
    return textwrap.wrap(style.again(row["measure"], KEY_FIGURES), _LETTERS, break_on_hyphens=False)


def _months(figure: go.Figure, place: int, ends: tuple[str, str]) -> None:
    """The first and the last month, below a panel that has none below it."""
    axis = "" if place == 0 else str(place + 1)
    for side, (name, anchor) in enumerate(zip(ends, ("left", "right"), strict=True)):
        figure.add_annotation(
            x=side, xref=f"x{axis} domain", xanchor=anchor, y=0, yref=f"y{axis} domain", yanchor="top", yshift=-2,
            showarrow=False, font={"size": 11, "color": theme.INK_SOFT}, text=name,
        )  # fmt: skip


def _numbers(rows: list[dict[str, Any]], period: Period) -> pd.DataFrame:
    """What is plotted as a table: each figure in its own unit, its months as a small line with both ends."""
    made = []
    for row in rows:
        known = [one for one in row["trend"] if not is_unknown(one)]
        told = {"figure_now": row["this_month"], "figure_target": row["target"], "figure_baseline": row["baseline"],
                "figure_lowest": _measured(min(known), row) if known else None,
                "figure_highest": _measured(max(known), row) if known else None}  # fmt: skip
        facts = {name: _fact(row, value, name, _days(row, name, period)) for name, value in told.items()}
        made.append({"measure": row["measure"], "trend": row["trend"], **facts})
    return pd.DataFrame(made)


def _days(row: dict[str, Any], name: str, period: Period) -> str:
    """The days that a figure of the table is of; none of a target."""
    trend, ends = row["trend"], {"figure_lowest": min, "figure_highest": max}
    known = [place for place, one in enumerate(trend) if not is_unknown(one)]
    if name in ends:
        return period.history(len(trend))[ends[name](known, key=lambda place: trend[place])].name if known else ""
    return {"figure_now": "this_month", "figure_baseline": "baseline"}.get(name, "")


def _fact(row: dict[str, Any], value: Any, name: str, days: str) -> Fact:
    is_now = name == "figure_now"
    coverage = row["coverage"] if is_now and not is_unknown(row["coverage"]) else None
    rows = tables.rows_behind(row, days) if days else None
    unknown = {"figure_target": mark("none agreed"), "figure_baseline": "–"}.get(name, "")
    return Fact(name, value, row["unit"], coverage, row["currency"] or "", unknown=unknown, rows=rows)


def _measured(value: Any, row: dict[str, Any]) -> Any:
    """A number of the trend in its figure's own kind: a duration stands there in minutes."""
    return pd.Timedelta(minutes=float(value)) if row["unit"] == "duration" and not is_unknown(value) else value


def _plotted(value: Any) -> Any:
    return value / pd.Timedelta(minutes=1) if isinstance(value, pd.Timedelta) else value


def _short(value: Any) -> float | None:
    """A number as it is plotted: six digits keep the page small."""
    return None if is_unknown(value) else float(f"{float(value):.{_DIGITS}g}")
