"""The sentences on what last month's review said and that has changed since."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, join, prose
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style, is_unknown

_MOST_NAMED = 3
_F = "restated.finding"
#: By whether it is one, and whether none changed by much.
_SAID = {
    (True, False): "{count} of the {every} key figures that last month's review gave has changed since.",
    (False, False): "{count} of the {every} key figures that last month's review gave have changed since.",
    (True, True): "{count} of the {every} key figures that last month's review gave has changed since, by no more than "
    "one per cent.",
    (False, True): "{count} of the {every} key figures that last month's review gave have changed since, none by more "
    "than one per cent.",
}


def finding(restated: pd.DataFrame, compared: int, style: Style) -> Exhibit:
    """Which figures of last month's review no longer hold, or that all of them do.

    Parameters
    ----------
    restated : DataFrame
        From `opsreport.metrics.restated.restated`.
    compared : int
        How many figures both reviews have; 0 where the month before was not reviewed.
    """
    if not compared:
        return prose(_F, "The month before was not reviewed here, so no figure of it can have been restated.", style)
    count, every = Fact(f"{_F}.count", len(restated), "count"), Fact(f"{_F}.compared", compared, "count")
    if restated.empty:
        return prose(_F, "All {every} key figures that last month's review gave still hold.", style, every=every)
    much = restated[restated["changed_much"].astype(bool)]
    # What was not known and now is took nothing back: it is in the table.
    taken_back = much[~much["became_known"].astype(bool)].head(_MOST_NAMED)
    opening = prose(_F, _SAID[len(restated) == 1, not len(much)], style, count=count, every=every)
    named = [_one(row, style) for _, row in taken_back.iterrows()]
    return join(_F, [opening, *named], lead=named or [opening])


def _one(row: pd.Series, style: Style) -> Exhibit:
    id, name = f"restated.{row['id']}", style.again(row["measure"], KEY_FIGURES)
    then = Fact(f"{id}.then", row["reported_as"])
    now = Fact(f"{id}.now", row["value"], row["unit"], None, row["currency"], rows=row["rows"])
    said = "{measure}: last month we reported {then}, the source now says {now}."
    if is_unknown(row["value"]):
        said = "{measure}: last month we reported {then}, and no source says so any more."
        return prose(id, said, style, measure=name, then=then)
    return prose(id, said, style, measure=name, then=then, now=now)
