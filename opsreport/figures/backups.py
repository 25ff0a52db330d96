"""Backup charts: what became of each day's backups, and how much could have been lost against what was agreed."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from opsreport import theme
from opsreport.exhibit import Exhibit, notice
from opsreport.figures import chart
from opsreport.figures.attainment import LEGEND, above, plain
from opsreport.figures.month_axis import elapsed, month_axis
from opsreport.language import mark
from opsreport.period import Period
from opsreport.theme import Style, is_unknown

#: The colour and the pattern of each status, so that none is told by colour alone.
_LOOKS = {
    mark("completed"): (theme.GOOD, ""),
    mark("some failed"): (theme.AT_RISK, "\\"),
    mark("failed"): (theme.BAD, ""),
    mark("never ran"): (theme.BAD, "x"),
    mark("not known"): (theme.UNKNOWN, "."),
    mark("not seen"): (theme.UNKNOWN, "/"),
}
_GAP = 1.5  # between two days [h]
_MOST = 12  # resources that fit one chart


def days(by_day: pd.DataFrame, success: pd.DataFrame, period: Period, style: Style) -> Exhibit:
    """Each resource's days, by what became of the backups that were due on them.

    Parameters
    ----------
    by_day, success : DataFrame
        From `opsreport.metrics.backups`; those that have a plan are drawn.
    """
    drawn = success[success["backups_scheduled"].notna()].head(_MOST).reset_index(drop=True)
    if drawn.empty:
        return notice("backups.days", "No plan of backups is agreed, so there is nothing to hold the days against.",
                      style)  # fmt: skip
    if drawn["backups_completed"].isna().all():
        return notice("backups.days", "Nothing was seen of backups in these days, so there is none to draw.", style)
    figure = go.Figure()
    order = {name: place for place, name in enumerate(drawn["resource"])}
    cells = by_day[by_day["resource"].isin(order)]
    for status in _LOOKS:
        _cells(figure, cells[cells["backup_status"] == status], status, order, period, style)
    for place, row in drawn.iterrows():
        above(figure, place, 0.5, f"<b>{plain(row['resource'])}</b>", theme.INK)
        above(figure, place, 0.5, _counted(row, style), theme.INK_SOFT, right=True)
    figure.update_layout(barmode="overlay", xaxis=month_axis(period, style), legend=LEGEND, margin={"l": 16})
    figure.update_yaxes(visible=False, range=[len(drawn) - 0.5, -0.95], fixedrange=True)
    more = len(success) - len(drawn)
    subtitle = "What became of the backups due on each day, as the plan has them"
    subtitle += "; {count} more are in the table" if more else ""
    return chart(
        figure, "backups.days", title=_days_title(success, style), style=style, numbers=drawn,
        subtitle=style.say(subtitle, count=style.text(more, "count")),
        columns=("resource", "backups_scheduled", "backups_completed", "backups_failed", "backups_missing",
                 "backups_unsure"),
        height=150 + 52 * len(drawn),
    )  # fmt: skip


def lost(achieved: pd.DataFrame, style: Style) -> Exhibit:
    """The longest time of each resource that could have been lost, as a multiple of what was agreed.

    Parameters
    ----------
    achieved : DataFrame
        From `opsreport.metrics.backups.achieved`; without an agreed RPO there is nothing to draw.
    """
    judged = achieved[achieved["rpo_target"].notna() & achieved["rpo_least"].notna()].head(_MOST)
    judged = judged.reset_index(drop=True)
    if judged.empty:
        return notice("backups.lost", "Nowhere is it known both how much may be lost and how much could have been.",
                      style)  # fmt: skip
    least, known = judged["rpo_least"] / judged["rpo_target"], judged["rpo_achieved"].notna()
    figure = go.Figure()
    missed = judged["verdict"] == "missed"
    _bars(figure, judged, least, known & ~missed, style.say("known"), theme.THIS_MONTH, "")
    _bars(figure, judged, least, known & missed, style.say("more than agreed"), theme.BAD, "\\")
    _bars(figure, judged, least, ~known, style.say("at least so much"), theme.UNKNOWN, "/")
    for place, row in judged.iterrows():
        since = "" if judged["resource"].value_counts()[row["resource"]] == 1 else (
            " " + style.say("from {day}", day=style.text(row["term_from"], "day")))  # fmt: skip
        above(figure, place, 0.42, f"<b>{plain(row['resource'])}</b>{since}", theme.INK)
        above(figure, place, 0.42, _against(row, style), theme.INK_SOFT, right=True)
    figure.update_annotations(bgcolor=theme.PAPER)  # the line passes behind the words
    widest = max(float(least.max()), 1.0)
    figure.add_vline(x=1, line={"color": theme.TARGET, "width": 1.5})
    figure.update_xaxes(range=[0, widest * 1.08], fixedrange=True, tickvals=_ticks(widest),
                        ticktext=["0", *(style.say("as agreed") if tick == 1 else f"{tick}×"
                                         for tick in _ticks(widest)[1:])])  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(judged) - 0.5, -0.8], fixedrange=True)
    figure.update_layout(barmode="overlay", legend=LEGEND, showlegend=bool((~known).any()), margin={"l": 20, "r": 24})
    return chart(
        figure, "backups.lost", title=_lost_title(judged, style), style=style, numbers=judged,
        subtitle=style.say("Longest time in the month that a failure could have lost, as a multiple of what was "
                           "agreed: the line is the agreed RPO"),
        columns=("resource", "rpo_achieved", "rpo_target", "rpo_least", "rpo_most", "rpo_from", "rpo_until", "coverage",
                 "verdict"),
        height=120 + 52 * len(judged) + 30 * bool((~known).any()),
    )  # fmt: skip


def _cells(
    figure: go.Figure, part: pd.DataFrame, status: str, order: dict[str, int], period: Period, style: Style
) -> None:
    if part.empty:
        return
    edges = {day: (start, end) for day, start, end in period.local_days()}
    begin = elapsed((edges[day][0] for day in part["backup_day"]), period)
    end = elapsed((edges[day][1] for day in part["backup_day"]), period)
    colour, shape = _LOOKS[status]
    ground = theme.PAPER if colour == theme.BAD else theme.INK_SOFT
    figure.add_bar(
        orientation="h", y=[order[name] for name in part["resource"]], base=[round(at, 2) for at in begin], width=0.46,
        x=[round(b - a - _GAP, 2) for a, b in zip(begin, end, strict=True)], name=style.say(status), hoverinfo="text",
        marker={"color": colour, "line": {"width": 0},
                "pattern": {"shape": shape, "fgcolor": ground, "bgcolor": colour, "size": 6, "solidity": 0.3}
                if shape else None},
        hovertext=[style.say("{day}: {state}, {done} of {due}", day=style.text(day, "day"), state=style.say(status),
                             done=style.text(done, "count"), due=style.text(due, "count"))
                   for day, due, done in zip(part["backup_day"], part["backups_scheduled"], part["backups_completed"],
                                             strict=True)],
    )  # fmt: skip


def _counted(row: pd.Series, style: Style) -> str:
    if is_unknown(row["backups_completed"]):
        return style.say("not seen")
    done, due, unknown = (
        style.text(row[name], "count") for name in ("backups_completed", "backups_scheduled", "backups_unsure")
    )
    words = "{done} of {due}, {unknown} not known" if row["backups_unsure"] else "{done} of {due}"
    return style.say(words, done=done, due=due, unknown=unknown)


def _bars(
    figure: go.Figure, judged: pd.DataFrame, values: pd.Series, which: pd.Series, name: str, colour: str, shape: str
) -> None:  # fmt: skip
    if not which.any():
        return
    pattern = {"shape": shape, "fgcolor": theme.PAPER if colour == theme.BAD else theme.INK_SOFT, "bgcolor": colour,
               "size": 6, "solidity": 0.25}  # fmt: skip
    figure.add_bar(
        orientation="h", y=[int(place) for place in judged.index[which]], x=[round(one, 4) for one in values[which]],
        width=0.38, name=name, hoverinfo="skip",
        marker={"color": colour, "line": {"width": 0}, "pattern": pattern if shape else None},
    )  # fmt: skip


def _against(row: pd.Series, style: Style) -> str:
    agreed = style.text(row["rpo_target"], "duration")
    if is_unknown(row["rpo_achieved"]):
        least = style.text(row["rpo_least"], "duration")
        return style.say("at least {time}; {agreed} agreed", time=least, agreed=agreed)
    return style.say("{time}; {agreed} agreed", time=style.text(row["rpo_achieved"], "duration"), agreed=agreed)


def _ticks(widest: float) -> list[float]:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 10**9) if widest / size <= 6)
    return [0, *sorted({1, *range(step, int(widest) + 1, step)})]


def _days_title(success: pd.DataFrame, style: Style) -> str:
    rows = success[success["backups_scheduled"].notna()]
    due, failed, missing, unsure = (
        rows[name].sum() for name in ("backups_scheduled", "backups_failed", "backups_missing", "backups_unsure")
    )
    every = style.text(due, "count")
    if failed and missing:
        return style.say("Of {all} scheduled backups {failed} failed and {missing} never ran", all=every,
                         failed=style.text(failed, "count"), missing=style.text(missing, "count"))  # fmt: skip
    if failed or missing:
        words = "{count} of {all} scheduled backups never ran"
        words = "{count} of {all} scheduled backups failed" if failed else words
        return style.say(words, count=style.text(failed or missing, "count"), all=every)
    if unsure:
        words = "No scheduled backup is known to have failed; {count} of {all} are not known"
        return style.say(words, count=style.text(unsure, "count"), all=every)
    return style.say("Every scheduled backup completed")


def _lost_title(judged: pd.DataFrame, style: Style) -> str:
    missed = judged[judged["verdict"] == "missed"]
    if missed.empty:
        is_sure = (judged["verdict"] != "unknown").all()
        words = "No more could have been lost than was agreed" if is_sure else "Whether more could be lost is not known"
        return style.say(words)
    worst = missed.loc[(missed["rpo_least"] / missed["rpo_target"]).idxmax()]
    words = "{name}: {lost} could have been lost, {agreed} was agreed"
    if is_unknown(worst["rpo_achieved"]):
        words = "{name}: at least {lost} could have been lost, {agreed} was agreed"
    words += "" if len(missed) == 1 else "; {count} more missed theirs"
    lost, agreed = (style.text(worst[name], "duration") for name in ("rpo_least", "rpo_target"))
    return style.say(words, name=worst["resource"], lost=lost, agreed=agreed,
                     count=style.text(len(missed) - 1, "count"))  # fmt: skip
