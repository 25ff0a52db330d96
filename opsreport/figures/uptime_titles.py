"""What the uptime charts say in their titles."""

from __future__ import annotations

import pandas as pd

from opsreport.theme import Style

_NONE = pd.Timedelta(0)


def strip_title(availability: pd.DataFrame, style: Style) -> str:
    """What was down longest: of the monitors that have an SLO where any has one, by what counts against it."""
    agreed = availability[availability["slo_target"].notna()]
    if len(agreed):
        sums = agreed.groupby("monitor", sort=False)[["counted_down", "excused_time"]].sum()
        counted = sums.sort_values(["counted_down", "excused_time"], ascending=False, kind="stable")
        return _counted_title(counted[counted.max(axis=1) > _NONE], style)
    down = availability.groupby("monitor", sort=False)["down_time"].sum().sort_values(ascending=False, kind="stable")
    down = down[down > _NONE]
    if down.empty:
        return style.say("No monitor was seen down")
    words = (
        "{name} was down for {time}",
        "{name} was down for {time}; one other monitor was down too",
        "{name} was down for {time}; {count} others were down too",
    )[min(len(down), 3) - 1]
    return style.say(words, name=down.index[0], time=style.text(down.iloc[0], "duration"), count=len(down) - 1)


def _counted_title(down: pd.DataFrame, style: Style) -> str:
    if down.empty:
        return style.say("No monitor with an SLO was seen down")
    first, others = down.iloc[0], int((down["counted_down"].iloc[1:] > _NONE).sum())
    if first["counted_down"] == _NONE:
        words = "No downtime counts against an SLO; {excused} of {name} was excused"
    elif first["excused_time"] == _NONE:
        words = (
            "{name} was down for {time} that counts against its SLO",
            "{name} was down for {time} that counts against its SLO; one other monitor was down too",
            "{name} was down for {time} that counts against its SLO; {count} others were down too",
        )[min(others, 2)]
    else:
        words = (
            "{name} was down for {time} that counts, and {excused} that was excused",
            "{name} was down for {time} that counts, and {excused} that was excused; one other was down too",
            "{name} was down for {time} that counts, and {excused} that was excused; {count} others were down too",
        )[min(others, 2)]
    time, excused = (style.text(first[one], "duration") for one in ("counted_down", "excused_time"))
    return style.say(words, name=first.name, time=time, excused=excused, count=others)


def budget_title(ends: pd.DataFrame, style: Style) -> str:
    """Who overspent its error budget, or who has the least left."""
    over = ends[ends["budget_left"] < 0]
    if over.empty:
        least = ends.iloc[0]
        left = style.text(least["budget_left"], "minutes")
        return style.say("No error budget was seen overspent; {name} has {left} left", name=least["monitor"], left=left)
    first = over.iloc[0]
    words = (
        "{name} overspent its error budget by {time}"
        if len(over) == 1
        else "{name} overspent its error budget by {time}; {count} more did too"
    )
    time = style.text(-first["budget_left"], "minutes")
    return style.say(words, name=first["monitor"], time=time, count=len(over) - 1)


def history_title(known: pd.DataFrame, style: Style) -> str:
    """Who missed its SLO most often in the months shown."""
    judged = known[known["slo_target"].notna()]
    missed = judged[judged["verdict"] == "missed"].groupby("monitor")["period"].nunique().sort_values(kind="stable")
    if missed.empty:
        is_sure = (judged["verdict"] != "unknown").all()
        return style.say(
            "No SLO was missed in these months" if is_sure else "No SLO is known to have been missed in these months"
        )
    name, count = missed.index[-1], missed.iloc[-1]
    months = judged.loc[judged["monitor"] == name, "period"].nunique()
    return style.say("{name} missed its SLO in {count} of {all} months", name=name, count=count, all=months)
