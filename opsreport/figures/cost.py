"""The cost charts: what moved the bill, thirteen months, groups, and days out of the usual.

Each draws one currency; where a bill has more, the others are in the section's tables.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.cost_bars import month_labels, named_bars, of_currency, plain, short
from opsreport.figures.cost_days import daily
from opsreport.language import mark
from opsreport.schemas.cost import ALL, EFFECTS, NONE, OTHER
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

__all__ = ["bridge", "by_group", "daily", "monthly"]

_ROW = 46  # a bar with its name above it [px]


def bridge(effects: pd.DataFrame, drivers: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """What moved the bill since last month: a bar for each effect, and one for their sum.

    Parameters
    ----------
    effects : DataFrame
        `metrics.cost.bridge`.
    drivers : DataFrame
        `metrics.cost.drivers`; the title names the service.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(effects, style, currency)
    if not len(rows):
        said = "What moved the bill cannot be told: that takes the charges of two months that were seen whole."
        return notice("cost.bridge", said, style)
    moved = rows[rows["effect_shown"] != 0]
    change = rows["effect_shown"].sum()
    effects_said = [style.again(one, WORDS) for one in moved["effect"]]
    names = [*(one[:1].upper() + one[1:] for one in effects_said), style.say("All together")]
    colours = [theme.THIS_MONTH] * len(moved) + [theme.INK]
    figure = named_bars(names, [*moved["effect_shown"], change], colours, style, code, signed=True)
    for place in range(len(names)):  # beside each bar and no longer, so that it crosses no name
        figure.add_shape(type="line", x0=0, x1=0, y0=place - 0.26, y1=place + 0.26,
                         line={"color": theme.INK_SOFT, "width": 1})  # fmt: skip
    driver = drivers[drivers["billing_currency"] == code]
    return chart(
        figure, "cost.bridge", title=_bridge_title(driver, change, code, style), style=style,
        subtitle=style.say("What moved the bill since last month, in {code}; the bars add up to its change", code=code)
        + apart,
        numbers=rows, columns=("effect", "effect_shown"), height=100 + _ROW * len(names),
        when="since_last_month",
    )  # fmt: skip


def monthly(months: pd.DataFrame, budgets: pd.DataFrame, style: Style, currency: str = "") -> Exhibit:
    """Spend of thirteen months beside the budget of each.

    Parameters
    ----------
    months : DataFrame
        `metrics.cost.monthly`; a month that was not seen whole is marked as one.
    budgets : DataFrame
        `metrics.cost.monthly_budget`.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(months, style, currency)
    if not rows["spend"].notna().any():
        return notice("cost.monthly", "There is no spend to draw: no charge of these months was read.", style)
    agreed = budgets[budgets["billing_currency"] == code].set_index("period")["budget"]
    rows = rows.assign(budget=[agreed.get(name) for name in rows["period"]], is_part=rows["coverage"] < 1)
    figure = go.Figure(
        go.Bar(
            x=list(range(len(rows))),
            y=[None if is_unknown(value) else float(value) for value in rows["spend"]],
            hovertext=[style.text(value, "money", currency=code) for value in rows["spend"]],
            hoverinfo="text",
            marker={"color": [theme.HISTORY] * (len(rows) - 1) + [theme.THIS_MONTH]},
        )
    )
    _label_months(figure, rows, code, style)
    _budget_line(figure, rows["budget"], code, style)
    labels = month_labels(rows["period"], style)
    figure.update_xaxes(tickvals=list(range(len(rows))), ticktext=labels, tickangle=0, fixedrange=True)
    figure.update_yaxes(rangemode="tozero", nticks=5, fixedrange=True, tickformat="~s")
    figure.update_layout(showlegend=False)
    subtitle = "Spend of each month, in {code}; this month dark"
    subtitle += ", a month that is not known marked ?" if rows["spend"].isna().any() else ""
    subtitle += ", one that was not seen whole *" if (rows["is_part"] & rows["spend"].notna()).any() else ""
    return chart(
        figure, "cost.monthly", title=_monthly_title(rows, code, style, is_all=not apart), style=style,
        subtitle=style.say(subtitle, code=code) + apart,
        numbers=rows.iloc[::-1], columns=("period", "spend", "budget"), height=340,
    )  # fmt: skip


def by_group(groups: pd.DataFrame, style: Style, currency: str = "", id: str = "cost.by_service") -> Exhibit:
    """This month's spend of each group as a bar, last month's as an upright stroke.

    Parameters
    ----------
    groups : DataFrame
        `metrics.cost.top` of `by` or `by_tag`; the group stands in its first column.
    currency : str
        Which to draw; the client's, or else the bill's first, by default.
    """
    rows, code, apart = of_currency(groups, style, currency)
    if not len(rows):
        return notice(id, "There is nothing to draw: no charge of this month was read.", style)
    column = rows.columns[0]
    colours = [theme.THIS_MONTH] * len(rows)
    names = [style.say(name) if name in (NONE, ALL, OTHER) else name for name in rows[column]]
    figure = named_bars(names, list(rows["spend"]), colours, style, code)
    last = rows[rows["last_spend"].notna()]
    figure.add_scatter(
        x=[float(value) for value in last["last_spend"]],
        y=list(last.index),
        mode="markers",
        cliponaxis=False,
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": theme.INK}},
        hovertext=[style.say("Last month {value}", value=style.text(v, "money", currency=code))
                   for v in last["last_spend"]],
        hoverinfo="text",
    )
    longest = max(0.0, *(float(value) for value in [*rows["spend"], *last["last_spend"]]))
    figure.update_xaxes(range=[min(0.0, *(float(value) for value in rows["spend"]), 0.0), longest * 1.02 or 1.0])
    subtitle = (
        "Spend of this month, in {code}; the upright stroke is last month"
        if len(last)
        else "Spend of this month, in {code}; last month is not known whole"
    )
    return chart(
        figure, id, title=_group_title(rows, column, code, style), style=style, numbers=rows,
        subtitle=style.say(subtitle, code=code) + apart,
        columns=(column, "spend", "last_spend", "spend_change", "share"), height=100 + _ROW * len(rows),
    )  # fmt: skip


def _label_months(figure: go.Figure, rows: pd.DataFrame, code: str, style: Style) -> None:
    """The amount on this month's bar, and a mark where a month is not known, or was not seen whole."""
    for index, (value, is_part) in enumerate(zip(rows["spend"], rows["is_part"], strict=True)):
        is_last, mark = index == len(rows) - 1, "*" if is_part else ""
        if not (is_unknown(value) or is_last or mark):
            continue
        text = "?" if is_unknown(value) else f"<b>{short(value, code, style)}</b>{mark}" if is_last else mark
        figure.add_annotation(
            x=index, y=0.0 if is_unknown(value) else max(float(value), 0.0), text=text, showarrow=False,
            yanchor="bottom", xanchor="center", font={"color": theme.INK},
        )  # fmt: skip


def _budget_line(figure: go.Figure, budgets: pd.Series, code: str, style: Style) -> None:
    """A thin line over each month that has a budget, with its number where it begins and last changed."""
    known = [(index, value) for index, value in enumerate(budgets) if not is_unknown(value)]
    if not known:
        return
    edges = [(x, float(value)) for index, value in known for x in (index - 0.5, index + 0.5)]
    figure.add_scatter(
        x=[x for x, _ in edges],
        y=[y for _, y in edges],
        mode="lines",
        line={"color": theme.TARGET, "width": 1.5},
        hoverinfo="skip",
    )
    changed = [k for k in range(len(known)) if k == 0 or known[k][1] != known[k - 1][1]]
    for k in {changed[0], changed[-1]}:
        figure.add_annotation(
            x=known[k][0] + (-0.5 if k == changed[0] else 0.5), y=float(known[k][1]),
            xanchor="left" if k == changed[0] else "right", yanchor="bottom", showarrow=False,
            text=style.say("Budget {value}", value=short(known[k][1], code, style)), font={"color": theme.INK_SOFT},
        )  # fmt: skip


#: By whether the bill rose, whether one service moved more than all of it, and whether its reason is known.
_BRIDGE = {
    (True, True, True): mark("{name} alone added {own}, mostly {effect}; the rise of the whole bill was {whole}"),
    (True, True, False): mark("{name} alone added {own}; the rise of the whole bill was {whole}"),
    (True, False, True): mark("{name} added {own} of the {whole} rise, mostly {effect}"),
    (True, False, False): mark("{name} added {own} of the {whole} rise"),
    (False, True, True): mark("{name} alone took off {own}, mostly {effect}; the fall of the whole bill was {whole}"),
    (False, True, False): mark("{name} alone took off {own}; the fall of the whole bill was {whole}"),
    (False, False, True): mark("{name} took off {own} of the {whole} fall, mostly {effect}"),
    (False, False, False): mark("{name} took off {own} of the {whole} fall"),
}


def _bridge_title(driver: pd.DataFrame, change: object, code: str, style: Style) -> str:
    if not change:
        return style.say("The bill did not change")
    rose, whole = change > 0, style.text(abs(change), "money", currency=code)
    if not len(driver):
        return style.say("What made the {whole} rise" if rose else "What made the {whole} fall", whole=whole)
    row = driver.iloc[0]
    is_alone, has_reason = abs(row["spend_change"]) > abs(change), bool(row["main_effect"])
    return style.say(
        _BRIDGE[rose, is_alone, has_reason], name=plain(row["service_name"]), whole=whole,
        own=style.text(abs(row["spend_change"]), "money", currency=code),
        effect=style.say(EFFECTS.get(row["main_effect"], "")),
    )  # fmt: skip


def _monthly_title(rows: pd.DataFrame, code: str, style: Style, is_all: bool) -> str:
    spent, agreed = rows["spend"].iloc[-1], rows["budget"].iloc[-1]
    if is_unknown(spent):
        return style.say("Spend of this month is not known")
    written = style.text(spent, "money", currency=code)
    if rows["is_part"].iloc[-1]:
        seen = style.text(rows["coverage"].iloc[-1], "share")
        return style.say("Spend was {spend} in the {seen} of the month that was seen", spend=written, seen=seen)
    # Within the budget is only known where no other currency is left out.
    if is_unknown(agreed) or (not is_all and spent <= agreed):
        return style.say("Spend was {spend}", spend=written)
    gap = style.text(abs(spent - agreed), "money", currency=code)
    words = "Spend was {spend}, {gap} over the budget" if spent > agreed else (
        "Spend was {spend}, {gap} under the budget")  # fmt: skip
    return style.say(words, spend=written, gap=gap)


def _group_title(rows: pd.DataFrame, column: str, code: str, style: Style) -> str:
    first = rows.iloc[0]
    # Where credits outweigh a group, a share of those above zero is no share of what was spent.
    is_whole = not is_unknown(first["share"]) and (rows["spend"] >= 0).all()
    words = "{name} came to {spend}, {share} of what was spent" if is_whole else "{name} came to {spend}"
    return style.say(
        words, name=plain(first[column]), spend=style.text(first["spend"], "money", currency=code),
        share=style.text(first["share"], "share"),
    )  # fmt: skip
