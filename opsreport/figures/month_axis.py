"""A period's time axis: hours that really passed, with the client's dates as labels.

Plotly knows no time zones: on local times, the hour that a clock change repeats would be
drawn twice over itself. Elapsed hours are exact, and the labels stand at local midnights.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from opsreport.period import Period
from opsreport.theme import Style

_MOST_LABELS = 6


def elapsed(instants: Iterable[pd.Timestamp], period: Period) -> list[float]:
    """Where instants lie on the axis, held within the period. [h]"""
    start, hours, hour = period.start, period.hours, pd.Timedelta(hours=1)
    return [max(0.0, min(hours, (at - start) / hour)) for at in instants]


def month_axis(period: Period, style: Style, most: int = _MOST_LABELS) -> dict[str, object]:
    """The axis as a plotly layout: the whole period, never what only has data in it.

    Parameters
    ----------
    most : int
        Labels that a phone has room for.
    """
    days = period.local_days()
    step = next(n for n in (1, 2, 7, 14, 31, 62, 400) if len(days) / n <= most)
    marked = days[::step]
    return {
        "range": [0, period.hours],
        "tickvals": elapsed((start for _, start, _ in marked), period),
        "ticktext": [style.text(start, "day") for _, start, _ in marked],
        "tickangle": 0,
        "fixedrange": True,
    }
