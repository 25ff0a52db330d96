"""The sentences on the timeline: what coincides, and that this is all that is said."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.theme import Style


def finding(coincidences: pd.DataFrame, style: Style) -> Exhibit:
    """How much coincided, and the closest of it.

    Parameters
    ----------
    coincidences : DataFrame
        From `opsreport.metrics.timeline.coincidences`.
    """
    if coincidences.empty:
        said = "No outage, incident or day of unusual cost coincides with anything else of its service."
        return prose("timeline.finding", said, style)
    count, first = len(coincidences), coincidences.sort_values("gap", kind="stable").iloc[0]
    begins = "{count} coincidence was found." if count == 1 else "{count} coincidences were found."
    closest = "The closest: {what}, of {service} on {day}, coincides with {other}."
    parts = [
        prose("timeline.finding.count", begins, style, count=Fact("timeline.finding.count", count, "count")),
        prose("timeline.finding.closest", closest, style, what=_quoted(first["happening"]), service=first["service"],
              other=_quoted(first["coincides_with"]), day=Fact("timeline.finding.day", first["happened_at"], "date")),
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


def _quoted(text: str) -> str:
    return f"“{text}”"
