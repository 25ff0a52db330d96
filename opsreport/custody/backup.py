"""Backups: a dated archive of each client, read back; old ones go only once a newer one is known to be whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from opsreport.custody import export, verify
from opsreport.custody.writing import remove_unfinished
from opsreport.errors import OpsreportError, StoreError
from opsreport.home import Home

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Backup:
    """What became of one client's backup.

    Attributes
    ----------
    client : str
    file : Path
    files, bytes : int
        What it holds.
    removed : tuple of Path
        The older backups that it took the place of.
    left : tuple of str
        What is not in it.
    why : str
        Why there is none; empty where there is.
    """

    client: str
    file: Path
    files: int = 0
    bytes: int = 0
    removed: tuple[Path, ...] = ()
    left: tuple[str, ...] = ()
    why: str = ""


def backup(home: Home, names: list[str], folder: Path, keep: int, now: pd.Timestamp) -> list[Backup]:
    """Back up clients, each as ``<folder>/<client>-<YYYYMMDD>T<HHMMSS>Z.zip``; one that fails does not stop the rest.

    Parameters
    ----------
    keep : int
        How many backups of a client stay, this one among them; at least 1.
    now : Timestamp
        The clock.

    Returns
    -------
    list of Backup
        In the order of the names.

    Raises
    ------
    StoreError
        When `keep` is less than 1, or the folder is not there.
    """
    if keep < 1:
        raise StoreError(f"to keep {keep} backups is to keep none", hint="keep 1 or more")
    # Made here, it would hide that a share is not mounted, and fill the disk below it.
    if not folder.is_dir():
        raise StoreError(f"there is no folder {folder}", hint=f"mount it, or make it: mkdir -m 700 {folder}")
    return [_backup(home, client, folder, keep, now) for client in names]


def _backup(home: Home, client: str, folder: Path, keep: int, now: pd.Timestamp) -> Backup:
    file = folder / f"{client}-{now.tz_convert('UTC').strftime(_STAMP)}.zip"
    try:
        made = export(home, client, file)
        if verify(file) != made:
            raise StoreError(f"{file} does not read as it was written", hint="check the disk; older backups stay")
        return Backup(client, file, made.files, made.bytes, _retire(folder, client, file, keep), made.left)
    except OpsreportError as error:
        return Backup(client, file, why=str(error))
    except OSError as error:
        return Backup(client, file, why=f"{error}\nHint: check disk space and permissions")


def _retire(folder: Path, client: str, newest: Path, keep: int) -> tuple[Path, ...]:
    """Remove all but the newest backups of a client, and what killed runs left of some."""
    is_one = re.compile(rf"{re.escape(client)}-\d{{8}}T\d{{6}}Z\.zip")
    older = sorted(path for path in folder.iterdir() if is_one.fullmatch(path.name) and path != newest)
    going = older[: max(0, len(older) - (keep - 1))]
    for path in going:
        path.unlink()
    remove_unfinished(folder, is_one)
    return tuple(going)
