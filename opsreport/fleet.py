"""All clients of a month: which reviews are made, what each missed, and what was not seen.

For our own eyes: it names every client, so nothing of it is ever a client's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.completeness import completeness
from opsreport.current import older_than
from opsreport.errors import OpsreportError
from opsreport.home import Home
from opsreport.month import Month, load
from opsreport.params import client_names
from opsreport.period import Period

CLIENT = (
    "client", "display_name", "review", "targets_agreed", "targets_missed", "targets_unknown", "urgent_findings",
    "actions_overdue", "records_whole", "records_named", "problem", "page",
)  # fmt: skip
GAP = ("client", "frame", "source", "coverage", "status", "note")
NOT_MADE, OUTDATED = "not made", "older than its records"
#: What the counts are called among a review's figures.
_FIGURES = {"urgent_findings": "findings.finding.now", "actions_overdue": "decisions.finding.overdue"}


class Fleet:
    """Every client of one month.

    Attributes
    ----------
    month : str
        The month's name.
    clients : DataFrame
        `CLIENT`, a row a client, those that need attention first: whose file or store cannot be
        read, whose review is not made or outdated, then by targets missed, urgent findings,
        overdue actions, targets that could not be judged, records not whole, and name. There is
        no score: nobody agreed on weights. Counts are NaN where no review tells them.
    gaps : DataFrame
        `GAP`, a row for each source that a client's file names and that did not tell of the
        whole month.
    """

    def __init__(self, month: str, clients: pd.DataFrame, gaps: pd.DataFrame) -> None:
        self.month, self.clients, self.gaps = month, clients, gaps


def survey(
    month: str = "", *, home: str | Path = "", now: pd.Timestamp | None = None, only: Sequence[str] = ()
) -> Fleet:
    """Look at every client that has a file; one that cannot be read stops none of the others.

    Parameters
    ----------
    month : str
        YYYY-MM; by default the last full month, in UTC.
    home : path
        The folder that holds params/, store/ and out/; by default the nearest one upwards.
    now : Timestamp, optional
        The clock.
    only : sequence of str
        The clients to look at; by default all.

    Raises
    ------
    ParamsError, PeriodError
        When there is no such folder, or no such month.
    """
    place, now = Home.find(home), now if now is not None else pd.Timestamp.now("UTC")
    name = Period.month(month).name if month else Period.last_full_month(now).name
    clients, gaps = [], []
    for client in only or client_names(place.params):
        row, short = _client(place, client, name, now)
        clients.append(row)
        gaps += short
    made = pd.DataFrame(clients, columns=list(CLIENT))
    order = sorted(range(len(made)), key=lambda index: _attention(clients[index]))
    return Fleet(name, made.iloc[order].reset_index(drop=True), pd.DataFrame(gaps, columns=list(GAP)))


def _client(place: Home, client: str, month: str, now: pd.Timestamp) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    row: dict[str, Any] = {"client": client, "display_name": client, "review": NOT_MADE, "problem": "", "page": ""}
    try:
        loaded = load(client, month, home=place.folder, now=now)
    except OpsreportError as error:
        return row | {"problem": error.message}, []
    told = completeness(loaded)
    named = told[told["status"] != "no source"]
    short = named[named["status"] != "ok"]
    row |= {
        "display_name": loaded.client.display_name, "records_named": len(named),
        "records_whole": len(named) - len(short), **_review(place, loaded),
    }  # fmt: skip
    return row, [{**one, "client": client} for one in short[list(GAP[1:])].to_dict("records")]


def _review(place: Home, loaded: Month) -> dict[str, Any]:
    """What the published review of the month tells of itself."""
    client, month = loaded.client.client, loaded.period.name
    folder = place.out / client / month
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        verdicts = [one["verdict"] for one in manifest["verdicts"]]
        printed = {one["id"]: one["value"] for one in manifest["figures"]}
        is_current = not older_than(place, loaded, manifest)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        return {"problem": "its manifest cannot be read: make the review again"}
    return {
        "review": manifest["state"] if is_current else OUTDATED, "page": f"{client}/{month}/{client}-{month}.html",
        "targets_agreed": len(verdicts), "targets_missed": verdicts.count("missed"),
        "targets_unknown": verdicts.count("unknown"),
        **{name: printed.get(id, 0) for name, id in _FIGURES.items()},
    }  # fmt: skip


def _attention(row: dict[str, Any]) -> tuple:
    """Where a client stands in the order: the lower, the sooner."""
    counts = ("targets_missed", "urgent_findings", "actions_overdue", "targets_unknown")
    short = row.get("records_named", 0) - row.get("records_whole", 0)
    return (not row["problem"], row["review"] not in (NOT_MADE, OUTDATED),
            *(-row.get(name, 0) for name in counts), -short, row["client"])  # fmt: skip
