"""What was reported: the figures of each published review, kept so that the next can be held against it.

``<store>/<client>/reported/<month>.json`` holds the figures that the newest review of a month
printed. The next month's review says which of them the sources tell otherwise by now, and how
good its forecast was.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.errors import StoreError
from opsreport.home import one_at_a_time, write_whole

COLUMNS = ("id", "value", "unit", "currency", "text", "month")


def record(folder: Path, month: str, figures: list[dict[str, Any]]) -> None:
    """Keep the figures that a review printed, in one step.

    Parameters
    ----------
    folder : Path
        The client's folder in the store.
    month : str
        The period's name.
    figures : list of dict
        As the review's manifest holds them.

    Raises
    ------
    StoreError
        When they cannot be written; what was kept before stays.
    """
    kept = [{name: one.get(name, "") for name in COLUMNS[:-1]} for one in figures]
    path = folder / "reported" / f"{month}.json"
    with one_at_a_time(folder):
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, json.dumps(kept, ensure_ascii=False, indent=0))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}", hint="check disk space") from error


def names(folder: Path) -> set[str]:
    """The ids of all figures that any review printed; a key figure's also as the scorecard calls it.

    Raises
    ------
    StoreError
        When they cannot be read.
    """
    printed = {id for path in (folder / "reported").glob("*.json") for id in read(folder, path.stem)["id"]}
    key_figures = {id.removeprefix("scorecard.") for id in printed if id.startswith("scorecard.")}
    return printed | {id.removesuffix(".this_month") for id in key_figures if id.endswith(".this_month")}


def read(folder: Path, month: str) -> pd.DataFrame:
    """The figures that a month's newest review printed.

    Returns
    -------
    DataFrame
        `COLUMNS`; values as the manifest holds them (money as exact text, durations in
        seconds, None where unknown); empty where no review of the month was published.

    Raises
    ------
    StoreError
        When they cannot be read.
    """
    path = folder / "reported" / f"{month}.json"
    if not path.exists():
        return pd.DataFrame({name: pd.Series([], dtype=object) for name in COLUMNS})
    try:
        figures = json.loads(path.read_text("utf-8"))
        rows = [{**{name: one[name] for name in COLUMNS[:-1]}, "month": month} for one in figures]
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "remove it, and make that month's review again"
        raise StoreError(f"{path} cannot be read: {error}", hint) from error
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
