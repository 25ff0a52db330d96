"""One client's month from its systems to its review: what a fleet does for each, wherever it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

import opsreport
from opsreport import reported
from opsreport.approved import approvals
from opsreport.cli.collect import collect
from opsreport.current import made_differently, made_of, older_than
from opsreport.errors import OpsreportError, ReportError
from opsreport.home import Home
from opsreport.month import Month, period_of
from opsreport.params import load_params
from opsreport.period import Period

STEPS = ("collect", "report", "send")
#: What became of a client, best first.
OUTCOMES = ("ok", "partial", "failed")


@dataclass(frozen=True)
class Result:
    """What became of one client.

    Attributes
    ----------
    client, month : str
    outcome : str
        ok, partial (a source was not read whole) or failed.
    report : str
        made, unchanged, or empty where it was not come to.
    why : str
        Why the review was made, or what went wrong.
    seconds : float
        [s]
    """

    client: str
    month: str
    outcome: str
    report: str = ""
    why: str = ""
    seconds: float = 0.0

    def record(self) -> dict[str, Any]:
        """As the run's file keeps it."""
        return asdict(self)


def run_client(
    home: str, client: str, month: str, steps: Sequence[str], kernels: Callable[[], Any] = lambda: None
) -> Result:
    """Collect a client's month and make its review where that would be another one.

    Parameters
    ----------
    home : str
        The team's folder, as this machine sees it.
    month : str
        YYYY-MM; by default the last full month on the client's clock.
    steps : sequence of str
        Of `STEPS`; sending is not done here.
    kernels : callable
        Asked, once a review is to be made, for what `opsreport.report.execute.execute` takes; by default cold ones.
    """
    begun, place, outcome = time.monotonic(), Home(Path(home)), "ok"
    made = Result(client, month, "failed")
    try:
        params, now = load_params(place.params, client), pd.Timestamp.now("UTC")
        period = period_of(params, month, now)
        made = replace(made, month=period.name)
        if "collect" in steps:
            outcome, said = _collected(place, params, period, now)
            made = replace(made, why=said)
        if "report" in steps:
            told, why = _reported(place, client, period.name, kernels)
            made = replace(made, report=told, why="; ".join(filter(None, (why, made.why))))
        made = replace(made, outcome=outcome)
    except OpsreportError as error:
        made = replace(made, outcome="failed", why=str(error).replace("\nHint: ", "; "))
    except OSError as error:
        made = replace(made, outcome="failed", why=f"{error}; check disk space and permissions")
    return replace(made, seconds=time.monotonic() - begun)


def make(home: Home, loaded: Month, kernels: Any = None) -> Path:
    """Make and publish a review of a loaded month, and keep its figures for the month after.

    Raises
    ------
    OpsreportError
        When it could not be made whole; what was there before stays.
    """
    from opsreport.report.build import build, restate_cover  # slow to load, and only needed here

    client, month = loaded.client.client, loaded.period.name
    path = build(home, client, month, loaded, made_of(loaded), kernels)
    told = json.loads((path.parent / "manifest.json").read_text("utf-8"))
    if loaded.approval and told["content"] != loaded.approval.content:
        # The code or the notebook changed since: nobody approved this.
        return restate_cover(home, client, month, loaded, {"state": "final", "state_note": ""})
    # The next month is held against what was approved, while there is such.
    if loaded.state == "final" and not approvals(home.store, client, month):
        reported.record(home.store / client, month, told["figures"])
    return path


def reasons(home: Home, loaded: Month) -> list[str]:
    """Why a month's review is to be made, or made again; empty where it would say the same."""
    from opsreport.report.build import read_review

    try:
        _, manifest = read_review(home, loaded.client.client, loaded.period.name)
        changed = older_than(home, loaded, manifest)
        # What was approved stays as it was read, until somebody asks for it.
        return changed if loaded.approval else [*changed, *made_differently(manifest)]
    except (ReportError, KeyError) as error:
        return [error.message if isinstance(error, ReportError) else "an older version made it"]


def _collected(home: Home, params: Any, period: Period, now: pd.Timestamp) -> tuple[str, str]:
    read = [one.coverage for one in collect(home, params, period, now)]
    short = [f"{one.frame} from {one.source}: {one.status}" for one in read if one.status != "ok"]
    return ("partial" if short else "ok"), "; ".join(short)


def _reported(home: Home, client: str, month: str, kernels: Callable[[], Any]) -> tuple[str, str]:
    loaded = opsreport.load(client, month, home=home.folder)
    why = reasons(home, loaded)
    if not why:
        return "unchanged", ""
    make(home, loaded, kernels())
    return "made", "; ".join(why)
