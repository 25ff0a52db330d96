"""The sentences on the timeline: what coincides, and that this is all that is said."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.theme import Style


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
              style, what=_quoted(first["happening"]), service=first["service"],
              other=_quoted(first["coincides_with"]), **facts),
    ]  # fmt: skip
    return join("timeline.finding", parts)


def method(style: Style) -> Exhibit:
    """What coinciding means here, and what it does not."""
    return prose(
        "timeline.method",
        "Two things coincide when they are of one service and close in time: a deployment that began shortly before an "
        "outage or an incident, an incident during an outage, a day of unusual cost on or after a day with a "
        "deployment. That says where to look, not what caused what.",
        style, role="method",
    )  # fmt: skip


def _most_telling(coincidences: pd.DataFrame) -> pd.Series:
    """Trouble soon after a deployment; an incident during its own outage is no news, nor is cost as pressing."""
    shipped = coincidences["coincides_with"].str.contains("eployment")
    costs = coincidences["happening"].str.startswith("Unusual cost")
    order = coincidences.assign(rank=costs * 2 + ~shipped * 1).sort_values(["rank", "gap"], kind="stable")
    return order.iloc[0]


def _quoted(text: str) -> str:
    return f"“{text}”"
