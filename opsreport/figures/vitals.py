"""The chart of web vitals: each page's measures against the limit of good."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.schemas.performance import VITAL_LIMITS
from opsreport.theme import Style, is_unknown

_ROWS = 12  # bullets that fit one chart


def web_vitals(vitals: pd.DataFrame, each: pd.DataFrame, style: Style) -> Exhibit:
    """Each page's vitals as a bar against the limit of good, furthest beyond it first.

    Parameters
    ----------
    vitals, each : DataFrame
        From `opsreport.metrics.performance`: `web_vitals` and `each_vital`.
    """
    if each.empty:
        return notice("performance.vitals", "No page's web vitals were measured in this month.", style)
    drawn = each.head(_ROWS).reset_index(drop=True)
    figure = go.Figure()
    for beyond, colour, shape in ((False, theme.THIS_MONTH, ""), (True, theme.AT_RISK, "/")):
        part = drawn[(drawn["vital_limit_multiple"] > 1) == beyond]
        figure.add_bar(
            orientation="h", y=part.index.to_list(), x=_listed(part["vital_limit_multiple"]), width=0.34,
            hoverinfo="skip", marker={"color": colour, "pattern": {"shape": shape, "fgcolor": theme.PAPER,
                                                                   "fillmode": "overlay"}},
        )  # fmt: skip
    figure.update_layout(barmode="overlay", showlegend=False)
    for place, row in drawn.iterrows():
        figure.add_shape(type="line", x0=1, x1=1, y0=place - 0.2, y1=place + 0.2,
                         line={"color": theme.INK, "width": 2})  # fmt: skip
        limit = VITAL_LIMITS[row["vital"]]
        _above(figure, place, f"<b>{_plain(row['page'])}</b> · {style.say(limit.name)}")
        value, good = (style.text(one, limit.unit) for one in (row[row["vital"]], limit.good))
        _above(figure, place, style.say("{value} of {good}", value=value, good=good), right=True)
    top = max(1.25, drawn["vital_limit_multiple"].max() * 1.04)
    figure.update_xaxes(range=[0, top], tickvals=[0, 1], ticktext=["0", style.say("limit of good")], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(drawn) - 0.5, -0.8], fixedrange=True)
    subtitle = "75th percentile of visits, each against the limit of good; hatched is beyond it"
    if len(each) > len(drawn):
        subtitle = "75th percentile of visits, each against the limit of good; the {shown} nearest to it of {all}; " \
            "hatched is beyond it"  # fmt: skip
    return chart(
        figure, "performance.vitals", title=_vitals_title(each, style), style=style, numbers=vitals,
        subtitle=style.say(subtitle, shown=len(drawn), all=len(each)),
        columns=("page", "lcp", "inp", "cls", "vital_rating", "visits", "note"), height=130 + 44 * len(drawn),
        of="web_vital",
    )  # fmt: skip


def _above(figure: go.Figure, place: int, text: str, right: bool = False) -> None:
    side = {"x": 1, "xanchor": "right"} if right else {"x": 0, "xanchor": "left"}
    figure.add_annotation(y=place - 0.4, yanchor="middle", xref="paper", text=text, showarrow=False,
                          font={"size": 12, "color": theme.INK_SOFT if right else theme.INK}, **side)  # fmt: skip


def _vitals_title(each: pd.DataFrame, style: Style) -> str:
    far = each[each["vital_limit_multiple"] > 1]
    if far.empty:
        return style.say("Every page that was measured was within the limits of good")
    first = far.iloc[0]
    limit = VITAL_LIMITS[first["vital"]]
    words = (
        "{vital} on {page}: {value}",
        "{vital} on {page}: {value}; one more is beyond its limit",
        "{vital} on {page}: {value}; {count} more are beyond theirs",
    )[min(len(far), 3) - 1]
    name = style.say(limit.name)
    return style.say(words, vital=name[:1].upper() + name[1:], page=first["page"], count=len(far) - 1,
                     value=style.text(first[first["vital"]], limit.unit))  # fmt: skip


def _listed(values: pd.Series) -> list[float | None]:
    return [None if is_unknown(value) else round(float(value), 4) for value in values]


def _plain(text: str) -> str:
    return html.escape(str(text), quote=False)
