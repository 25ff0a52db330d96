"""A month made in a test: the frames it is given, every other empty, and what was seen of each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from opsreport.home import Home
from opsreport.month import Month
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas import FRAMES, INSTANT, TEXT

OCTOBER = Period.month("2026-10")
_INSTANTS = ("requested_start", "requested_end", "observed_start", "observed_end", "collected_at")
_ALWAYS = (pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))


def _client(**more) -> ClientParams:
    given = {"client": "acme", "display_name": "Acme", "time_zone": "UTC", "currency": "EUR"}
    return ClientParams.model_validate(given | more)


def _month(params: ClientParams | None = None, seen: tuple[str, ...] | None = None, period: Period = OCTOBER, **rows):
    """Rows by frame as lists of dicts; those frames were seen, unless it is said which were."""
    frames = {name: frame.empty() for name, frame in FRAMES.items()}
    for name, each in rows.items():
        services = [row.pop("service", None) for row in each] if name == "cost" else []
        frames[name] = FRAMES[name].conform(pd.DataFrame(each, columns=FRAMES[name].names))
        if name == "cost":
            frames[name] = frames[name].assign(service=pd.Series(services, dtype=TEXT))
    if "service" not in frames["cost"]:
        frames["cost"] = frames["cost"].assign(service=pd.Series(dtype=TEXT))
    frames = {name: frame.assign(source=pd.Series("export", index=frame.index, dtype=TEXT))
              for name, frame in frames.items()}  # fmt: skip
    told = [
        {"frame": name, "source": "export", "requested_start": _ALWAYS[0], "requested_end": _ALWAYS[1],
         "observed_start": _ALWAYS[0], "observed_end": _ALWAYS[1], "rows": 1, "status": "ok", "why": "",
         "inputs": "[]", "collected_at": period.end}
        for name in (rows if seen is None else seen)
    ]  # fmt: skip
    # A month has always been read once; here in vain.
    told.append({"frame": "cost", "source": "export", "requested_start": _ALWAYS[0], "requested_end": _ALWAYS[1],
                 "observed_start": pd.NaT, "observed_end": pd.NaT, "rows": 0, "status": "unavailable", "why": "",
                 "inputs": "[]", "collected_at": period.end})  # fmt: skip
    coverage = pd.DataFrame(told)
    coverage = coverage.assign(**{name: pd.to_datetime(coverage[name], utc=True).astype(INSTANT) for name in _INSTANTS})
    nothing = pd.DataFrame()
    return Month(
        client=params or _client(), period=period, frames=frames, coverage=coverage,
        corrections=nothing, excused=nothing, gaps=nothing, state="final", home=Home(Path()),
    )  # fmt: skip


@pytest.fixture
def make_client():
    """A client in euros and UTC, with more of its file where a test gives it."""
    return _client


@pytest.fixture
def make_month():
    """October 2026 with the rows of a test, by frame."""
    return _month
