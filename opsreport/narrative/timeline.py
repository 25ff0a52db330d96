"""The sentences on the timeline: what coincides, and that this is all that is said."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.schemas.words import HAPPENINGS
from opsreport.theme import Style

#: How `opsreport.metrics.timeline.coincidences` begins what it says of cost.
_UNUSUAL = "Unusual cost"


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
    cases = "There is {count} case" if count == 1 else "There are {count} cases"
    begins = f"{cases} of two things close together in time at the same service."
    facts = {"day": Fact("timeline.finding.day", first["happened_at"], "date")}
    if first["gap"]:
        facts["gap"] = Fact("timeline.finding.gap", first["gap"], "duration")
    when = "{gap} after" if first["gap"] else "together with"
    parts = [
        prose("timeline.finding.count", begins, style, count=Fact("timeline.finding.count", count, "count")),
        prose("timeline.finding.first", f"To look at first, at {{service}} on {{day}}: {{what}}, {when} {{other}}.",
              style, what=_quoted(style.again(first["happening"], HAPPENINGS)), service=first["service"],
              other=_quoted(style.again(first["coincides_with"], HAPPENINGS)), **facts),
    ]  # fmt: skip
    costs = _costs(coincidences, style)
    return join("timeline.finding", [*parts, *costs], lead=[*costs, parts[1]])


def method(style: Style) -> Exhibit:
    """What coinciding means here, and what it does not."""
    return prose(
        "timeline.method",
        "Two things coincide when they are of one service and close in time: a deployment that began shortly before an "
        "outage or an incident, an incident during an outage, a day of unusual cost on or after a day with a "
        "deployment. That says where to look, not what caused what.",
        style, role="method",
    )  # fmt: skip


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


def _quoted(text: str) -> str:
    return f"“{text}”"
