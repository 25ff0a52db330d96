"""The version that a client's store is written in, and how an older one becomes today's, step by step.

``<store>/<client>/version`` holds the number. A store without it was written before versions were
noted down: it is version 1. A step writes what it changes into a folder inside the client's, which
takes its final name once all of it is on the disk; from then on the step is certain, and whoever comes
next after a kill moves what is left into place. A newer version than this program knows is refused.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from opsreport.errors import StoreError
from opsreport.home import one_at_a_time, sync_folder, write_whole

#: What this program writes.
VERSION = 1
#: What a store is that does not say.
UNMARKED = 1
#: Where moves, restores and deletions that are under way are noted, beside the clients' folders.
UNDERWAY = ".custody"

#: Reads a client's folder, writes what changes under the same names into another, and returns what is to go.
Step = Callable[[Path, Path], Iterable[str]]
#: For each version, how a store of the version before becomes one.
STEPS: dict[int, Step] = {}

_FILE = "version"
_PART, _WHOLE, _PLAN = ".migrating-part", ".migrating", ".plan.json"
_AGAIN = "restore the client from a backup: opsreport data restore FILE --replace"


def version_of(folder: Path) -> int:
    """The version of a client's folder in the store; today's where nothing is in it yet.

    Raises
    ------
    StoreError
        When what it says of itself is no number.
    """
    path = folder / _FILE
    try:
        said = path.read_text("ascii").strip()
    except FileNotFoundError:
        return UNMARKED if _holds_data(folder) else VERSION
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}", hint=_AGAIN) from error
    if not (said.isdecimal() and len(said) < 7):
        raise StoreError(f"{path} holds no version", hint=_AGAIN)
    return int(said)


def refuse_newer(version: int, what: object) -> None:
    """Refuse what a newer program wrote."""
    if version > VERSION:
        raise StoreError(
            f"{what} was written by a newer opsreport: it is version {version}, and this one knows {VERSION}",
            hint="update opsreport on this machine",
        )


def ready(folder: Path) -> None:
    """See to it that a client's folder can be read: nothing of it is under way, and it is today's version.

    Raises
    ------
    StoreError
        When it is newer, cannot be migrated, or is just being restored or deleted.
    """
    _refuse_underway(folder)
    version = version_of(folder)
    refuse_newer(version, folder)
    if version < VERSION or (folder / _WHOLE).exists():
        with one_at_a_time(folder):
            prepare(folder)


def prepare(folder: Path) -> None:
    """As `ready`, for who holds the folder already and will write to it: an empty one is marked as today's.

    Raises
    ------
    StoreError
        As `ready`.
    """
    _refuse_underway(folder)
    migrate(folder)
    if VERSION != UNMARKED and not (folder / _FILE).exists():
        _written(folder, _FILE, f"{VERSION}\n")


def migrate(folder: Path) -> int:
    """Make a folder that the caller holds today's version, one step after the other.

    Returns
    -------
    int
        How many steps it took.

    Raises
    ------
    StoreError
        When it is newer, there is no such step, or a step failed; it is then as it was before that step.
    """
    _finish(folder)
    taken = 0
    while (version := version_of(folder)) < VERSION:
        if version + 1 not in STEPS:
            raise StoreError(f"{folder} is version {version}, which is too old to migrate", hint=_AGAIN)
        _stage(folder, version + 1)
        _finish(folder)
        taken += 1
    refuse_newer(version, folder)
    return taken


def _stage(folder: Path, version: int) -> None:
    part = folder / _PART
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        gone = list(STEPS[version](folder, part))
        write_whole(part / _PLAN, json.dumps({"version": version, "gone": gone}))
        sync(part)
        os.rename(part, folder / _WHOLE)
        sync_folder(folder)
    except OSError as error:
        why = f"{folder} cannot be migrated to version {version}: {error}"
        raise StoreError(why, hint="check disk space and permissions") from error


def _finish(folder: Path) -> None:
    """Move what a step that is certain has written into place; done again, it changes nothing."""
    staged = folder / _WHOLE
    if not staged.is_dir():
        return
    try:
        if (staged / _PLAN).exists():  # else all was moved, and only the folder is left
            plan = json.loads((staged / _PLAN).read_text("utf-8"))
            for path in sorted(path for path in staged.rglob("*") if path.is_file() and path.name != _PLAN):
                place = folder / path.relative_to(staged)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.replace(path, place)
                sync_folder(place.parent)
            for name in plan["gone"]:
                (folder / name).unlink(missing_ok=True)
            for left in folder.glob(".writing-*"):  # of a run that was killed here
                left.unlink()
            write_whole(folder / _FILE, f"{plan['version']}\n")
            sync_folder(folder)
        shutil.rmtree(staged)
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{folder} cannot be migrated: {error}", hint="check disk space and permissions") from error


def sync(folder: Path) -> None:
    """Have a folder with all that is in it on the disk."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        elif path.is_dir():
            sync_folder(path)
    sync_folder(folder)


def _holds_data(folder: Path) -> bool:
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def _refuse_underway(folder: Path) -> None:
    if (folder.parent / UNDERWAY / f"{folder.name}.json").exists():
        raise StoreError(
            f"{folder.name} is just being restored or deleted, or that was interrupted",
            hint="wait; if nothing runs, finish it: opsreport data versions",
        )


def _written(folder: Path, name: str, text: str) -> None:
    try:
        write_whole(folder / name, text)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}", hint="check disk space") from error
