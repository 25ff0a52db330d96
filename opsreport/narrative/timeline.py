"""The sentences on the timeline: what coincides, and that this is all that is said."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.language import mark
from opsreport.schemas.words import HAPPENINGS
from opsreport.theme import Style

#: How `opsreport.metrics.timeline.coincidences` begins what it says of cost.
_UNUSUAL = "Unusual cost"
#: What is said of an incident, by the deployment before it and whether there is a gap between them.
_AFTER = {
    ("Deployment", True): "“{what}” began {gap} after the release {other}, at {service} on {day}.",
    ("Deployment", False): "“{what}” began together with the release {other}, at {service} on {day}.",
    ("Failed deployment", True): "“{what}” began {gap} after the release {other}, which failed, at {service} on {day}.",
    ("Failed deployment", False): "“{what}” began together with the release {other}, which failed, at {service} on "
    "{day}.",
    ("Deployment, rolled back", True): "“{what}” began {gap} after the release {other}, which was rolled back, at "
    "{service} on {day}.",
    ("Deployment, rolled back", False): "“{what}” began together with the release {other}, which was rolled back, at "
    "{service} on {day}.",
    ("Deployment, outcome unknown", True): "“{what}” began {gap} after the release {other}, at {service} on {day}.",
    ("Deployment, outcome unknown", False): "“{what}” began together with the release {other}, at {service} on {day}.",
}
#: Of an incident in an outage, and of an outage soon after a deployment.
_DURING = "“{what}” and an outage fell together at {service} on {day}: {other}."
_DOWN = {
    True: "At {service} on {day} {what}, {gap} after the release {other} began.",
    False: "At {service} on {day} {what}, as the release {other} began.",
}


def finding(coincidences: pd.DataFrame, style: Style) -> Exhibit:
    """How much coincided, and what of it to look at first.

    Parameters
    ----------
    coincidences : DataFrame
        From `opsreport.metrics.timeline.coincidences`.
    """
    if coincidences.empty:
        said = "No outage, incident or day of unusual cost coincides with anything else of its service."
        return prose("timeline.finding", said, style)
    count, first = len(coincidences), _most_telling(coincidences)
    begins = (
        "There is {count} case of two things close together in time at the same service."
        if count == 1
        else "There are {count} cases of two things close together in time at the same service."
    )
    opening = prose("timeline.finding.count", begins, style, count=Fact("timeline.finding.count", count, "count"))
    told, costs = _told(first, style), _costs(coincidences, style)
    # Unusual cost is told with what was found of it, so that the summary does not say it twice.
    return join("timeline.finding", [opening, *told, *costs], lead=told or costs[:1])


def shown(coincidences: pd.DataFrame, style: Style) -> pd.DataFrame:
    """The coincidences for a table, with a word in place of a gap that is none."""
    gaps = [Fact("", row["gap"], "duration", unknown="") if row["gap"] and not _is_cost(row) else
            Fact("", style.say(_same(row))) for row in coincidences.to_dict("records")]  # fmt: skip
    return coincidences.assign(gap=pd.Series(gaps, index=coincidences.index, dtype=object))


def method(style: Style) -> Exhibit:
    """What coinciding means here, and what it does not."""
    return prose(
        "timeline.method",
        "Two things coincide when they are of one service and close in time: a deployment that began shortly before an "
        "outage or an incident, an incident during an outage, a day of unusual cost on or after a day with a "
        "deployment. That says where to look, not what caused what.",
        style, role="method",
    )  # fmt: skip


def _told(first: pd.Series, style: Style) -> list[Exhibit]:
    """The most telling coincidence in a sentence; none of cost, which `_costs` tells."""
    if _is_cost(first):
        return []
    kind, other = first["happening"].partition(": "), first["coincides_with"].partition(": ")
    is_incident = kind[0] == "Incident"
    facts = {
        "what": kind[2] if is_incident else style.again(first["happening"], HAPPENINGS), "service": first["service"],
        "other": other[2] or style.again(first["coincides_with"], HAPPENINGS),
        "day": Fact("timeline.finding.day", first["happened_at"], "day"),
        "gap": Fact("timeline.finding.gap", first["gap"], "duration"),
    }  # fmt: skip
    words = _AFTER.get((other[0], bool(first["gap"])), _DURING) if is_incident else _DOWN[bool(first["gap"])]
    return [prose("timeline.finding.first", words, style, **{
        name: fact for name, fact in facts.items() if f"{{{name}}}" in words
    })]  # fmt: skip


def _is_cost(row: Any) -> bool:
    return row["happening"].startswith(_UNUSUAL)


def _same(row: Any) -> str:
    if _is_cost(row):
        return mark("the day before") if row["gap"] else mark("the same day")
    return mark("at the same minute") if "eployment" in row["coincides_with"] else mark("during")


def _costs(coincidences: pd.DataFrame, style: Style) -> list[Exhibit]:
    """Each service whose bill left its usual close to a deployment: where to look for the cause."""
    odd = coincidences[coincidences["happening"].str.startswith(_UNUSUAL)]
    parts = []
    for place, ((day, service), rows) in enumerate(odd.groupby(["happened_at", "service"], sort=True)):
        shipped = style.say(" and ").join(name.partition(": ")[2] or name for name in rows["coincides_with"])
        parts.append(prose(
            f"timeline.finding.cost.{place}",
            "The cost of {service} left its usual on {day}, close to the deployment of {shipped}.", style,
            service=service, shipped=shipped, day=Fact(f"timeline.finding.cost.{place}", day, "date"),
        ))  # fmt: skip
    return parts


def _most_telling(coincidences: pd.DataFrame) -> pd.Series:
    """Trouble soon after a deployment; an incident during its own outage is no news, nor is cost as pressing."""
    shipped = coincidences["coincides_with"].str.contains("eployment")
    costs = coincidences["happening"].str.startswith(_UNUSUAL)
    order = coincidences.assign(rank=costs * 2 + ~shipped * 1).sort_values(["rank", "gap"], kind="stable")
    return order.iloc[0]
