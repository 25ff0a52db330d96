"""A restore or a deletion that a kill cannot leave half done: noted down first, then carried out to the end.

Everything new lies whole beside its place (``.restoring-<client>``) before the note
``<store>/.custody/<client>.json`` is written. With the note the change is certain: each step is a rename
that may be made again, and whoever comes next finishes what is left. Without a note, what lies beside
is of a run that came to nothing, and is removed. What was there before stays, as ``.replaced-<client>``,
until the new is in place.

Locks are taken in one order: the home's, the client's folder of reviews, its mail, its folder in the store.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from opsreport.custody.files import refuse_link
from opsreport.errors import StoreError
from opsreport.home import Home, one_at_a_time, sync_folder, write_whole
from opsreport.migrations import UNDERWAY

NEW, OLD, OLD_PARAMS, DOOMED, WORK = ".restoring-", ".replaced-", ".replacing-", ".deleting-", ".work-"
LOG = "log.jsonl"


@contextmanager
def custody(*homes: Home) -> Iterator[None]:
    """Hold homes for a change of whole clients, and first finish what was interrupted.

    Raises
    ------
    StoreError
        When a home cannot be written, or what was interrupted not be finished.
    """
    with ExitStack() as held:
        # In one order, so that two moves that cross do not wait for each other.
        for home in sorted(homes, key=lambda home: str(home.folder.resolve())):
            held.enter_context(one_at_a_time(home.store / UNDERWAY))
            _settle(home)
        yield


@contextmanager
def holding(home: Home, client: str, *, make: bool = False) -> Iterator[None]:
    """Hold a client's folders, so that no collect, report or sending is torn; those that are not there only if made."""
    mail, store = home.store / client / "mail", home.store / client
    with ExitStack() as held:
        for folder in (store, mail):
            refuse_link(folder)
        for folder in (home.out / client, mail, store):
            refuse_link(folder)
            is_there = folder.is_dir()
            if is_there or (make and folder != mail):
                held.enter_context(one_at_a_time(folder))
            if not is_there:
                held.callback(_remove_empty, folder)
        yield


def carry_out(home: Home, note: dict[str, Any]) -> None:
    """Write a note of a restore or a deletion, and do what it says; the client's folders are held.

    Parameters
    ----------
    note : dict
        what (restore or delete), client, id, by, at, params (paths in params/ that go), files, bytes.
    """
    path = _note(home, note["client"])
    write_whole(path, json.dumps(note))
    sync_folder(path.parent)
    _finish(home, note)


def log(home: Home, line: dict[str, Any]) -> None:
    """Add a line to the operator's log ``<store>/.custody/log.jsonl``, once for each id."""
    path = home.store / UNDERWAY / LOG
    known = path.read_text("utf-8") if path.exists() else ""
    if f'"id": "{line["id"]}"' in known:
        return
    # A line that a kill cut short stays one of its own.
    text = ("\n" if known and not known.endswith("\n") else "") + json.dumps(line, ensure_ascii=False) + "\n"
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "ab") as handle:
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, where it is there; what a link in it names stays."""
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def _settle(home: Home) -> None:
    notes = sorted((home.store / UNDERWAY).glob("*.json"))
    for path in notes:
        try:
            note = json.loads(path.read_text("utf-8"))
            client, what = note["client"], note["what"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}", hint="move it away, and look at what it names"
            ) from error
        with holding(home, client, make=what == "restore"):
            _finish(home, note)
    for root in _roots(home):
        for start in (NEW, OLD, OLD_PARAMS, DOOMED):
            for left in root.glob(f"{start}*"):
                remove(left)
    for left in (home.store / UNDERWAY).glob(f"{WORK}*"):
        remove(left)
    for left in (home.store / UNDERWAY).glob(".writing-*"):
        left.unlink()


def _finish(home: Home, note: dict[str, Any]) -> None:
    client = note["client"]
    try:
        (_place if note["what"] == "restore" else _take_away)(home, client, note["params"])
        for root in _roots(home):
            sync_folder(root)
        if note["what"] == "delete":
            for root in _roots(home):
                remove(root / f"{DOOMED}{client}")
        log(home, {key: value for key, value in note.items() if key != "params"})
        _note(home, client).unlink(missing_ok=True)
        sync_folder(home.store / UNDERWAY)
        for root in _roots(home):
            remove(root / f"{OLD}{client}")
    except OSError as error:
        why = f"the {note['what']} of {client} was interrupted: {error}"
        raise StoreError(why, hint="mend that, and run any opsreport data command: it finishes it") from error


def _place(home: Home, client: str, gone: list[str]) -> None:
    """Put what was staged in place, and what was there aside; done again, it changes nothing."""
    for root in (home.store, home.out):
        staged, place, aside = (root / name for name in (f"{NEW}{client}", client, f"{OLD}{client}"))
        if not staged.is_dir():
            continue
        if place.is_dir() and any(place.iterdir()):
            if aside.exists():
                raise StoreError(f"{place} was written to while its restore was interrupted", hint="move it away")
            os.rename(place, aside)
        os.rename(staged, place)  # over an empty folder, if there is one
    staged, part, aside = (home.params / f"{start}{client}" for start in (NEW, OLD_PARAMS, OLD))
    if not staged.is_dir():
        return
    if not aside.is_dir():  # else all of the old was put aside before
        _move(gone, home.params, part)
        part.mkdir(exist_ok=True)
        os.rename(part, aside)
    _move([path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()], staged, home.params)
    remove(staged)


def _take_away(home: Home, client: str, gone: list[str]) -> None:
    """Put what is to be deleted under a name that is no client's; done again, it changes nothing."""
    for root in (home.out, home.store):
        place, doomed = root / client, root / f"{DOOMED}{client}"
        if not place.is_dir():
            continue
        if not any(place.iterdir()):
            _remove_empty(place)
            continue
        remove(doomed)
        os.rename(place, doomed)
    _move(gone, home.params, home.params / f"{DOOMED}{client}")


def _move(names: list[str], start: Path, to: Path) -> None:
    """Move files, those that are still there, each in one step; and remove the folders that this empties."""
    for name in names:
        if os.path.lexists(start / name):
            (to / name).parent.mkdir(mode=0o700 if to.name.startswith(".") else 0o777, parents=True, exist_ok=True)
            os.replace(start / name, to / name)
    for folder in {(start / name).parent for name in names} - {start}:
        _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it is not there, or something is in it by now
        folder.rmdir()


def _roots(home: Home) -> list[Path]:
    return [root for root in (home.store, home.out, home.params) if root.is_dir()]


def _note(home: Home, client: str) -> Path:
    return home.store / UNDERWAY / f"{client}.json"
