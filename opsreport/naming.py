"""One service, many names: each source's name as the client's own.

Names are mapped when frames are loaded, not when they are collected: the store keeps what
a source said, and an alias added today names the history too, which a source may long
have forgotten.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pandas as pd

from opsreport.params import ClientParams
from opsreport.schemas import FRAMES, TEXT

#: Where a row that names no service is a gap; elsewhere much belongs to none.
_SERVICE_EXPECTED = ("monitor_state", "incident", "deployment")


def name_services(name: str, rows: pd.DataFrame, params: ClientParams) -> pd.DataFrame:
    """Set ``service`` to the client's own name, in place; return the names that map to none."""
    known = _Aliases(params)
    if name not in ("cost", "monitor_state") and "service" not in FRAMES[name].names:
        return _no_gaps()
    own = "monitor" if name == "monitor_state" else "service"
    theirs = rows[own] if name != "cost" else rows["tags"]
    pairs = pd.DataFrame({"source": rows["source"], "name": theirs}).drop_duplicates()
    named = {
        (source, theirs): _service(name, source, theirs, known, params)
        for source, theirs in pairs.itertuples(index=False)
        if isinstance(theirs, str)
    }
    looked_up = [named.get(pair) for pair in zip(rows["source"], theirs, strict=True)]
    mapped = pd.Series(looked_up, index=rows.index, dtype=TEXT)
    if name == "cost" or own == "monitor":
        rows["service"] = mapped
    else:
        rows["service"] = mapped.fillna(theirs)
    if name == "cost":
        return _no_gaps()
    unnamed = theirs.isna() & (name not in _SERVICE_EXPECTED)
    missing = rows[mapped.isna() & ~unnamed].assign(name=theirs.fillna("(none)"))
    gaps = missing.groupby(["source", "name"]).size().rename("rows").reset_index()
    return gaps.assign(frame=name)[["frame", "source", "name", "rows"]]


def join_parts(request_load: pd.DataFrame) -> pd.DataFrame:
    """The load of a service that one source calls by several names, such as two load balancers, as one.

    Requests and errors are added; of percentiles there is no sum, so they are missing. What two sources say of
    a service is told twice, and stays so.
    """
    by = ["source", "service", "started_at", "ended_at"]
    several = request_load.duplicated(by, keep=False)
    if not several.any():
        return request_load
    parts = request_load[several].groupby(by, sort=False)[["requests", "errors"]]
    made = parts.agg(lambda counts: counts.sum(skipna=False)).reset_index()
    whole = pd.concat([request_load[~several], made.astype({name: request_load[name].dtype for name in made})])
    dtypes = {name: request_load[name].dtype for name in request_load}
    return whole.astype(dtypes).sort_values(by, ignore_index=True)[list(request_load)]


class _Aliases:
    """What the client's file says each source calls a service; those under ``aws`` hold for all of AWS's sources."""

    def __init__(self, params: ClientParams) -> None:
        self._exact: dict[tuple[str, str], str] = {}
        self._patterns: dict[str, list[tuple[str, str]]] = {}
        for service, about in params.services.items():
            for source, aliases in about.aliases.items():
                for alias in aliases:
                    self._exact[source, alias] = service
                    if "*" in alias:
                        self._patterns.setdefault(source, []).append((alias, service))

    def service(self, source: str, name: str) -> str | None:
        """The service of a name: said of it alone, else by the longest pattern that fits it.

        An alias of ``aws`` or ``github`` is one of each source whose name begins so.
        """
        for place in (source, source.partition("_")[0]):
            if found := self._exact.get((place, name)):
                return found
            fits = [one for one in self._patterns.get(place, []) if fnmatchcase(name, one[0])]
            if fits:
                return max(fits, key=lambda one: len(one[0]))[1]
        return None


def _service(
    frame: str, source: str, theirs: str, known: _Aliases, params: ClientParams
) -> str | None:
    if frame == "cost":
        tags = _tags(theirs)
        found = (known.service(source, f"{key}={value}") for key, value in sorted(tags.items()))
        return next((service for service in found if service), None)
    return known.service(source, theirs) or (theirs if theirs in params.services else None)


def _tags(written: str) -> dict[str, object]:
    try:
        tags = json.loads(written)
    except ValueError:
        return {}
    return tags if isinstance(tags, dict) else {}


def _no_gaps() -> pd.DataFrame:
    return pd.DataFrame({"frame": [], "source": [], "name": [], "rows": []})
