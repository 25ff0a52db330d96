"""The sentences on uptime: which SLOs were met, what was down, what was left out, what is owed."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_MOST_NAMED = 3


def finding(
    availability: pd.DataFrame, outages: pd.DataFrame, style: Style, credit: pd.DataFrame | None = None
) -> Exhibit:
    """What opens the section: SLOs met, the missed ones with what happened, what is unknown, and what is owed.

    Parameters
    ----------
    availability, outages : DataFrame
        From `opsreport.metrics.uptime`.
    credit : DataFrame, optional
        From `opsreport.metrics.uptime.credit_owed`.
    """
    if availability.empty or not (availability["coverage"] > 0).any():
        said = "Nothing was observed by a monitor in this month, so whether services were up is unknown."
        return notice("uptime.finding", said, style)
    slos = availability[availability["slo_target"].notna()]
    if slos.empty:
        return join("uptime.finding", [_without_slo(availability, style)])
    parts = [_met(slos, style)]
    for place, (_, row) in enumerate(slos[slos["verdict"] == "missed"].iterrows()):
        if place < _MOST_NAMED:
            parts.append(_missed(place, row, _within(row, outages, style), style))
    parts += _at_risk(slos[slos["verdict"] == "at risk"], style)
    parts += _unknown(slos[slos["verdict"] == "unknown"], style)
    owed = [] if credit is None else _owed("uptime.finding.owed", credit, style)
    return join("uptime.finding", [*parts, *owed], lead=[*parts[: _MOST_NAMED + 1], *owed])


def credits(credit: pd.DataFrame, style: Style) -> Exhibit:
    """What is owed under the agreement."""
    if credit.empty:
        return prose("uptime.credits", "The agreement names no credits.", style, "note")
    parts = [_credit(place, row, style) for place, (_, row) in enumerate(_due(credit).iterrows())]
    if not parts:
        return join("uptime.credits", [prose("uptime.credit", "No credit is owed under the agreement.", style)],
                    role="note")  # fmt: skip
    # Of one SLO its own sentence has said it.
    return join("uptime.credits", [*(_owed("uptime.credit.sum", credit, style) if len(parts) > 1 else []), *parts],
                role="note")  # fmt: skip


def _due(credit: pd.DataFrame) -> pd.DataFrame:
    """Those for which something is, or may be, owed."""
    return credit[credit["credit"].map(is_unknown) | (credit["credit_most"] != 0)]


def _credit(place: int, row: pd.Series, style: Style) -> Exhibit:
    fact, name, behind = f"uptime.credit.{place}", row["monitor"], Rows("monitor_state", {"monitor": row["monitor"]})
    money = {"unit": "money", "coverage": row["coverage"], "currency": row["billing_currency"], "rows": behind}
    if not is_unknown(row["credit"]):
        return prose(fact, "A credit of {owed} is owed for {name}, {share} of the monthly fee.", style, name=name,
                     owed=Fact(f"{fact}.owed", row["credit"], **money),
                     share=Fact(f"{fact}.share", row["credit_share"], "share", row["coverage"]))  # fmt: skip
    most = Fact(f"{fact}.most", row["credit_most"], **money)
    if not row["credit_least"]:
        words = "For {name} nothing, or up to {most}, is owed, since not all of the month was seen."
        return prose(fact, words, style, name=name, most=most)
    words = "At least {least} is owed for {name}, and up to {most}, since not all of the month was seen."
    return prose(fact, words, style, name=name, least=Fact(f"{fact}.least", row["credit_least"], **money), most=most)


def _owed(id: str, credit: pd.DataFrame, style: Style) -> list[Exhibit]:
    """What is owed for all SLOs together, in each currency."""
    parts = []
    for code, rows in credit.groupby("billing_currency", sort=True):
        least = sum(rows["credit_least"], Decimal(0))
        if not least:
            continue
        words = ("We owe you at least {sum}." if rows["credit"].map(is_unknown).any() else "We owe you {sum}.")
        owed = Fact(f"{id}.{code.lower()}", least, "money", rows["coverage"].min(), code)
        parts.append(prose(id, words, style, sum=owed))
    return parts


def exclusions(windows: pd.DataFrame, style: Style) -> Exhibit:
    """How much was left out of the SLOs, and why; each window stands in its own table."""
    planned, excused = (windows[windows["excluded_as"] == kind] for kind in ("agreed maintenance", "excused"))
    if windows.empty:
        said = "Nothing was left out: no maintenance was agreed and no outage excused."
        return prose("uptime.exclusions", said, style, "note")
    parts = []
    for kind, rows in (("planned", planned), ("excused", excused)):
        if len(rows):
            said = _LEFT_OUT[kind, len(rows) == 1]
            down = rows["down_time"].dropna().sum() if rows["down_time"].notna().any() else pd.NaT
            parts.append(prose(f"uptime.exclusions.{kind}", said, style,
                               count=Fact(f"uptime.exclusions.{kind}.count", len(rows), "count"),
                               down=Fact(f"uptime.exclusions.{kind}.down", down, "duration")))  # fmt: skip
    return join("uptime.exclusions", parts, role="note")


#: By kind, and whether it is one window.
_LEFT_OUT = {
    ("planned", True): "{count} window was left out as agreed maintenance, with {down} of downtime in it.",
    ("planned", False): "{count} windows were left out as agreed maintenance, with {down} of downtime in them.",
    ("excused", True): "{count} window was left out as excused, with {down} of downtime in it.",
    ("excused", False): "{count} windows were left out as excused, with {down} of downtime in them.",
}


def method(style: Style) -> Exhibit:
    """How availability is worked out, for whoever wants to check it."""
    return prose(
        "uptime.method",
        "Availability is agreed time less downtime, over agreed time; agreed time is what a monitor observed, outside "
        "agreed maintenance. Overlapping outages count once, excused ones not at all; a monitor's own maintenance "
        "counts as down outside an agreed window. A verdict holds only if it would hold both with all unobserved time "
        "up and with all of it down. The error budget is the downtime that the target allows.",
        style, role="method",
    )  # fmt: skip


def _met(slos: pd.DataFrame, style: Style) -> Exhibit:
    met = int(slos["verdict"].isin(["met", "at risk"]).sum())
    seen = float(slos["coverage"].min())
    known = int((slos["verdict"] != "unknown").sum())
    missed, unknown = int((slos["verdict"] == "missed").sum()), len(slos) - known
    every = Fact("uptime.finding.slos", len(slos), "count")
    if known == 0:
        return prose("uptime.finding.slos", "Whether {all} was met is unknown." if len(slos) == 1
                     else "Whether any of {all} availability targets was met is unknown.", style,
                     all=every if len(slos) > 1 else "the availability target")  # fmt: skip
    if len(slos) == 1:
        words = "The availability target was met." if met else "The availability target was missed."
        return prose("uptime.finding.slos", words, style)
    if met == len(slos):
        return prose("uptime.finding.slos", "All {all} availability targets were met.", style, all=every)
    if not met and known == len(slos):
        return prose("uptime.finding.slos", "None of the {all} availability targets was met.", style, all=every)
    facts = {"met": Fact("uptime.finding.met", met, "count", seen),
             "missed": Fact("uptime.finding.missed", missed, "count", seen),
             "unknown": Fact("uptime.finding.unknown", unknown, "count", seen)}  # fmt: skip
    if unknown and missed:
        words = ("{missed} of {all} availability targets was missed; {unknown} cannot be judged." if missed == 1 else
                 "{missed} of {all} availability targets were missed; {unknown} cannot be judged.")  # fmt: skip
    elif unknown:
        words = ("{met} of {all} availability targets was met; {unknown} cannot be judged." if met == 1 else
                 "{met} of {all} availability targets were met; {unknown} cannot be judged.")  # fmt: skip
    else:
        words = ("{met} of {all} availability targets was met." if met == 1 else
                 "{met} of {all} availability targets were met.")  # fmt: skip
    used = {name: fact for name, fact in facts.items() if f"{{{name}}}" in words}
    return prose("uptime.finding.slos", words, style, all=every, **used)


def _within(row: pd.Series, outages: pd.DataFrame, style: Style) -> pd.DataFrame:
    """The outages of a row's monitor in its own days, which are a part of the month where its SLO changed."""
    first, end = (pd.Timestamp(day).tz_localize(style.zone, ambiguous=True, nonexistent="shift_forward")
                  for day in (row["term_from"], row["term_to"] + pd.Timedelta(days=1)))  # fmt: skip
    of = outages[
        (outages["monitor"] == row["monitor"]) & (outages["outage_from"] < end) & (outages["outage_to"] > first)
    ]
    return of.assign(outage_from=of["outage_from"].clip(lower=first.tz_convert("UTC")))


def _missed(place: int, row: pd.Series, outages: pd.DataFrame, style: Style) -> Exhibit:
    fact, seen = f"uptime.finding.missed.{place}", row["coverage"]
    behind = Rows("monitor_state", {"monitor": row["monitor"]})
    counted = outages[outages["counted_down"] > pd.Timedelta(0)]
    over = Fact(f"{fact}.over", pd.Timedelta(minutes=-row["budget_left"]), "duration", seen, rows=behind)
    down = Fact(f"{fact}.down", row["counted_down"], "duration", seen, measure="counted_down", rows=behind)
    if len(counted) == 1:
        day = Fact(f"{fact}.day", counted["outage_from"].iloc[0], "date")
        return prose(fact, "{name} was down {down} on {day}, {over} more than its target allows.", style,
                     name=_capital(row["monitor"]), down=down, day=day, over=over)  # fmt: skip
    times = Fact(f"{fact}.times", len(counted), "count", seen)
    return prose(fact, "{name} was down {down} in {times} outages, {over} more than its target allows.", style,
                 name=_capital(row["monitor"]), down=down, times=times, over=over)  # fmt: skip


def _at_risk(rows: pd.DataFrame, style: Style) -> list[Exhibit]:
    return [
        prose(f"uptime.finding.risk.{place}", "{name} was close, with {left} of the allowed downtime left.", style,
              name=_capital(row["monitor"]),
              left=Fact(f"uptime.finding.risk.{place}.left", row["budget_left"], "minutes", row["coverage"]))
        for place, (_, row) in enumerate(rows.head(_MOST_NAMED).iterrows())
    ]  # fmt: skip


def _unknown(rows: pd.DataFrame, style: Style) -> list[Exhibit]:
    parts = []
    for place, (_, row) in enumerate(rows.head(_MOST_NAMED).iterrows()):
        fact = f"uptime.finding.unknown.{place}"
        if row["coverage"] == 0:
            said = "{name} was not observed at all, so whether its target was met is unknown."
            parts.append(prose(fact, said, style, name=_capital(row["monitor"])))
            continue
        bounds = {end: Fact(f"{fact}.{end}", row[f"availability_{end}"], "availability") for end in ("worst", "best")}
        seen = Fact(f"{fact}.seen", row["coverage"], "share")
        said = ("{name} was observed for {seen} of the time: its availability lies between {worst} and {best}, "
                "so whether its target was met is unknown.")  # fmt: skip
        parts.append(prose(fact, said, style, name=_capital(row["monitor"]), seen=seen, **bounds))
    return parts


def _capital(name: str) -> str:
    """A name as it begins a sentence."""
    return name[:1].upper() + name[1:]


def _without_slo(rows: pd.DataFrame, style: Style) -> Exhibit:
    """No target was agreed: what was seen, and no verdict."""
    down = rows[rows["down_time"] > pd.Timedelta(0)].sort_values("down_time", ascending=False, kind="stable")
    if down.empty:
        return prose("uptime.finding.none", "No SLO is agreed; no monitor was seen down.", style)
    first = down.iloc[0]
    time = Fact("uptime.finding.most", first["down_time"], "duration", first["coverage"])
    return prose("uptime.finding.none", "No SLO is agreed; {name} was down longest, for {time}.", style,
                 name=first["monitor"], time=time)  # fmt: skip
