"""Collecting: each source of a client's file read, and merged into the store."""

from __future__ import annotations

import pandas as pd

from opsreport import sources
from opsreport.coverage import Coverage
from opsreport.errors import ParamsError
from opsreport.home import Home
from opsreport.params import ClientParams, place_of
from opsreport.period import Period
from opsreport.store import Store


def collect(home: Home, params: ClientParams, period: Period, now: pd.Timestamp) -> list[Coverage]:
    """Read every source that a client's file names; one that fails does not stop the rest.

    Parameters
    ----------
    period : Period
        What to ask for; a source may return more, which is kept.
    now : Timestamp
        The clock.

    Returns
    -------
    list of Coverage
        What was seen, in the order of the client's file.

    Raises
    ------
    ParamsError
        Before anything is read, when a source or one of its settings does not exist.
    """
    store = Store(home.store, params.client)
    asked = [(module, settings) for _, module, settings in named_sources(home, params)]
    readings = []
    for module, settings in asked:
        window = period.bill if settings.frame == "cost" else period
        rows, seen = sources.read(module, settings, window)
        readings.append(store.merge(rows, seen, now))
    return readings


def named_sources(home: Home, params: ClientParams) -> list[tuple[str, object, sources.SourceSettings]]:
    """Every source of a client's file: its name there, its module, its checked settings.

    Raises
    ------
    ParamsError
    """
    found = []
    for frame, specs in params.sources.items():
        names = set()
        for number, spec in enumerate(specs):
            source = next(iter(spec), "")
            try:
                if len(spec) != 1:
                    raise ParamsError("one source an entry", hint="- focus: {path: bill}")
                module = sources.find(source)
                settings = sources.settings_of(
                    module, spec[source], frame=frame, folder=home.params, zone=params.time_zone
                )
                name = settings.name or source
                if name in names:
                    raise ParamsError(f"{name} stands twice", hint="give each a name")
            except ParamsError as error:
                place = place_of(home.params, params.client, ("sources", frame, number, source, *error.location))
                raise ParamsError(f"{place}: sources.{frame}: {error.message}", error.hint) from error
            names.add(name)
            found.append((name, module, settings))
    return found
