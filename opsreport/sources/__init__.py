"""What every source offers, and how one is found by its name.

A source is one module in this package (or an entry point in the group
``opsreport.sources``). Its docstring gives the documentation's address, the permission
it needs, and what the system forgets and when. It offers:

``FRAMES``
    the names of the frames it can fill.
``Settings``
    a `SourceSettings` with the keys a client's file may give it.
``fetch(period, settings) -> Pages``
    all input and output; what could not be read makes the pages partial, never fewer.
``to_frames(pages, period) -> {frame: DataFrame}``
    pure, so that it is tested from recorded pages. What does not fit in memory is a
    `opsreport.schemas.stored.StoredRows`, which the source has checked itself.
``observed(frames, pages, period) -> {frame: (start, end)}`` (optional)
    the time the pages can tell of; by default what `covers` declares, else from the first
    row to the last. A system that is asked over the network wants ``told(KEEPS)``: else a quiet
    week counts as not seen.
``OPERATIONS`` and ``KEEPS`` (of a system that is asked over the network)
    what it asks, from which its permissions are made, and how long the system remembers each frame.
``MAIN`` (optional, of those)
    the question that tells a frame's rows, where others only add to them.
``remarks(frames, pages, period) -> {frame: (status, why)}`` (optional)
    what the rows themselves show: ``partial`` where some are missing, ``ok`` for a note.

A module whose name starts with an underscore is no source: it helps several.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import json
import pkgutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from pydantic import ValidationError

from opsreport.coverage import Coverage
from opsreport.errors import OpsreportError, ParamsError, SourceError
from opsreport.params.reading import said
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.schemas.stored import StoredRows
from opsreport.sources._contract import Covers, Pages, Run, SourceSettings

__all__ = [
    "FAULTS", "FILLED_IN", "Covers", "Pages", "Reading", "Run", "SourceSettings", "declared", "file_record", "find",
    "name_of", "names", "read", "read_each", "readable", "settings_of", "unavailable", "why_of",
]  # fmt: skip

#: What reading raises: on purpose, and at a record that is not as its system documents it.
FAULTS = (OpsreportError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
#: What a client's file gives no source, for it is known.
FILLED_IN = {"frame", "folder", "zone", "run"}


def find(name: str) -> ModuleType:
    """The source of a name.

    Raises
    ------
    ParamsError
        When there is none.
    """
    own = names()
    if name in own:
        return importlib.import_module(f"{__name__}.{name}")
    for entry in entry_points(group="opsreport.sources", name=name):
        return entry.load()
    near = difflib.get_close_matches(name, own, n=1)
    meant = f"did you mean {near[0]}?" if near else f"the sources are {', '.join(own)}"
    raise ParamsError(f"there is no source {name!r}", hint=f"{meant}; docs/sources.md lists them")


def names() -> list[str]:
    """The sources of this package, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def name_of(module: ModuleType) -> str:
    """A source's name, as a client's file gives it."""
    return module.__name__.rpartition(".")[2]


def settings_of(module: ModuleType, given: dict[str, Any], **context: Any) -> SourceSettings:
    """The settings of a client's file, checked against what the source takes."""
    name = name_of(module)
    reserved = FILLED_IN & set(given)
    if reserved:
        raise ParamsError(f"{name} takes no {', '.join(sorted(reserved))}", hint="leave it out")
    if context["frame"] not in module.FRAMES:
        raise ParamsError(f"{name} does not fill {context['frame']}", hint=f"it fills {', '.join(module.FRAMES)}")
    try:
        return module.Settings(**given, **context)
    except ValidationError as error:
        first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        keys = [k for k in module.Settings.model_fields if k not in FILLED_IN]
        near = difflib.get_close_matches(str(first["loc"][-1]), keys, n=1) if first["type"] == "extra_forbidden" else []
        meant = f"did you mean {near[0]}? " if near else ""
        hint = f"{meant}it takes {', '.join(keys)}; docs/sources.md explains them, under {name}"
        if first["type"] == "string_type" and first["loc"][-1] == "[key]":
            hint = "put it in quotes: words of a source are text"
        raise ParamsError(f"{name}: {said(first)}", hint, first["loc"]) from error


@dataclass(frozen=True)
class Reading:
    """One frame as one source told it, what was seen, and what asking cost. [USD]"""

    rows: pd.DataFrame | StoredRows
    coverage: Coverage
    price: Decimal = Decimal(0)


def read(module: ModuleType, settings: SourceSettings, period: Period) -> tuple[pd.DataFrame | StoredRows, Coverage]:
    """One frame from one source, with what was seen.

    A source that cannot be read gives no rows and the coverage ``unavailable``.
    """
    (one,) = read_each(module, [settings], period)
    return one.rows, one.coverage


def read_each(module: ModuleType, several: Sequence[SourceSettings], period: Period) -> list[Reading]:
    """The frames that one source is to fill, all from one asking.

    Parameters
    ----------
    several : sequence of SourceSettings
        Alike but for their frame.

    Returns
    -------
    list of Reading
        In that order; the price stands at the first.
    """
    try:
        pages = module.fetch(period, several[0])
        made = module.to_frames(pages, period).items()
        # What does not fit in memory was checked where it lies.
        frames = {name: rows if isinstance(rows, StoredRows) else FRAMES[name].conform(rows) for name, rows in made}
    except FAULTS as error:
        return [unavailable(module, settings, period, why_of(module, error)) for settings in several]
    price = pages.extra.get("price", Decimal(0))
    return [_reading(module, settings, period, pages, frames, price if number == 0 else Decimal(0))
            for number, settings in enumerate(several)]  # fmt: skip


def why_of(module: ModuleType, error: Exception) -> str:
    """What an error says; of a record that is not as its system documents it, the line that stumbled over it."""
    if isinstance(error, OpsreportError):
        return str(error)
    own = [one for one in traceback.extract_tb(error.__traceback__) if "opsreport" in one.filename]
    at = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    name = name_of(module)
    return f"{name} was answered something else than is documented: {type(error).__name__} {error}{at}\nHint: report it"


def unavailable(module: ModuleType, settings: SourceSettings, period: Period, why: str) -> Reading:
    """A reading of nothing, and why."""
    nothing = {"observed_start": pd.NaT, "observed_end": pd.NaT, "rows": 0}
    said = Coverage(**_asked(module, settings, period), **nothing, status="unavailable", why=why)
    return Reading(FRAMES[settings.frame].empty(), said)


def _asked(module: ModuleType, settings: SourceSettings, period: Period) -> dict[str, Any]:
    source = settings.name or name_of(module)
    return {"frame": settings.frame, "source": source,
            "requested_start": period.start, "requested_end": period.end}  # fmt: skip


def _reading(
    module: ModuleType, settings: SourceSettings, period: Period, pages: Pages, frames: dict, price: Decimal
) -> Reading:
    name = settings.frame
    try:
        status, why = _remarked(module, frames, pages, period, name)
        window = getattr(module, "observed", _observed)(frames, pages, period).get(name, (pd.NaT, pd.NaT))
    except FAULTS as error:
        return unavailable(module, settings, period, why_of(module, error))
    rows = frames.get(name, FRAMES[name].empty())
    start, end = declared(settings) or window
    seen = {"observed_start": start, "observed_end": end, "rows": len(rows)}
    main = getattr(module, "MAIN", {}).get(name, "")
    # What only adds to the rows takes nothing from how much of them was seen.
    files = [one if one["path"].endswith(main) else {**one, "aside": True} for one in pages.inputs]
    inputs = json.dumps(files, sort_keys=True)
    told = Coverage(**_asked(module, settings, period), **seen, status=status, why=why, inputs=inputs)
    return Reading(rows, told, price)


def declared(settings: SourceSettings) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """The window that the client's file says an export covers."""
    if settings.covers is None:
        return None
    covers = Period.days(str(settings.covers.first), str(settings.covers.last), settings.zone)
    return covers.start, covers.end


def file_record(path: Path, content: bytes | None = None) -> dict[str, Any]:
    """A file's name, hash and size, for `Pages.inputs`."""
    if content is not None:
        digest, size = hashlib.sha256(content), len(content)
    else:
        with path.open("rb") as handle:
            digest, size = hashlib.file_digest(handle, "sha256"), path.stat().st_size
    return {"path": path.name, "sha256": digest.hexdigest(), "bytes": size}


def readable(path: Path) -> Path:
    """The path, where something can be read there.

    Raises
    ------
    SourceError
        When there is nothing.
    """
    if not path.exists():
        raise SourceError(f"there is no {path}", hint="paths are relative to the client's file")
    return path


def _remarked(module: ModuleType, frames: dict, pages: Pages, period: Period, frame: str) -> tuple[str, str]:
    """The status and why of pages and rows together: partial where either is."""
    nothing: dict[str, tuple[str, str]] = {}
    told = module.remarks(frames, pages, period) if hasattr(module, "remarks") else nothing
    status, why = told.get(frame, ("ok", ""))
    partial = "partial" in (status, pages.status)
    return "partial" if partial else "ok", "; ".join(filter(None, [pages.why, why]))


def _observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    windows = {}
    for name, rows in frames.items():
        times = [rows[column] for column in (FRAMES[name].starts, FRAMES[name].ends) if column]
        windows[name] = (min(t.min() for t in times), max(t.max() for t in times)) if len(rows) else (pd.NaT, pd.NaT)
    return windows
