"""One client's data over its life: exported, restored, moved to another home, backed up, deleted.

Everything of a client and nothing of another's; each change all or nothing, whenever it is killed.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from opsreport import migrations
from opsreport.custody.deletion import carry_away
from opsreport.custody.files import Item
from opsreport.custody.parts import clients, exists, holdings, is_collected
from opsreport.custody.placing import Choices, place
from opsreport.custody.reading import opened
from opsreport.custody.steps import WORK, custody, holding
from opsreport.custody.writing import write
from opsreport.errors import StoreError
from opsreport.home import Home, make_private
from opsreport.params import client_path
from opsreport.schemas import FRAMES
from opsreport.store import Store

__all__ = ["Choices", "Kept", "clients", "delete", "export", "migrate", "move", "restore", "verify", "versions"]

#: What is there is in the way, whatever it is.
REFUSE = Choices()
#: Rows of a frame as CSV, with no text that a spreadsheet would run.
ToCsv = Callable[[pd.DataFrame], bytes]


@dataclass(frozen=True)
class Kept:
    """What was exported, restored, moved or deleted.

    Attributes
    ----------
    client : str
    files, bytes : int
    left : tuple of str
        What was not: a secret's file, a plan that others share, a page that still names the client.
    """

    client: str
    files: int
    bytes: int
    left: tuple[str, ...] = ()


def export(home: Home, client: str, file: Path, to_csv: ToCsv | None = None) -> Kept:
    """Write all that is kept of a client as one archive, for its owner only.

    Parameters
    ----------
    file : Path
        A ``.zip`` or ``.tar`` that is not there yet.
    to_csv : callable, optional
        Writes each frame as CSV as well.

    Returns
    -------
    Kept
        ``left`` names the files that references to secrets lead to, which are not exported.

    Raises
    ------
    StoreError
        When nothing is kept of the client, a file cannot be read, or the archive not be written.
    """
    _refuse_unknown(home, client)
    if any(folder.resolve() in file.resolve().parents for folder in (home.store, home.out, home.params)):
        raise StoreError(f"{file} would lie among the clients' own files", hint="write it elsewhere")
    with custody(home), holding(home, client):
        return _export(home, client, file, to_csv)


def verify(file: Path) -> Kept:
    """Read an archive to its end, and refuse it when anything is not as it was exported.

    Raises
    ------
    StoreError
    """
    with opened(file) as archive:
        total = sum(length for _, length in archive.files.values())
        return Kept(archive.client, len(archive.files), total, archive.left_out)


def restore(home: Home, file: Path, choices: Choices = REFUSE, by: str = "") -> Kept:
    """Put the client of an archive back, all of it or nothing.

    A mail that the archive's ledger has as planned may have been sent since: it becomes unknown, for
    a person to resolve, unless the ledger here is the same or is the one that holds.

    Parameters
    ----------
    choices : Choices
        Whether what is there may be replaced, and what is kept of it.
    by : str
        Who does, for the operator's log.

    Raises
    ------
    StoreError
        Before anything is written, when the archive is not whole, the client is there already, a
        plan or logo here says otherwise, or the ledger of sent mails here is another.
    """
    with custody(home), opened(file) as archive, holding(home, archive.client, make=True):
        place(home, archive, choices, _about("restore", archive.client, by))
        return Kept(archive.client, len(archive.files), sum(size for _, size in archive.files.values()),
                    archive.left_out)  # fmt: skip


def move(home: Home, client: str, to: Home, choices: Choices = REFUSE, by: str = "") -> Kept:
    """Move a client to another home: it is whole there before it goes here.

    A run that was killed is run again: what has arrived and is the same is not written twice.

    Raises
    ------
    StoreError
        When the other home has a client of that name that is not the same, or as `restore`.
    """
    if home.folder.resolve() == to.folder.resolve():
        raise StoreError(f"{client} is in {to.folder} already", hint="name another home")
    _refuse_unknown(home, client)
    with custody(home, to), holding(home, client), _workplace(to) as work:
        archive = work / "moving.zip"
        made = _export(home, client, archive)
        with opened(archive) as packed, holding(to, client, make=True):
            wanted = sorted((name, *about) for name, about in packed.files.items())
            if not exists(to, client) or _content(to, client) != wanted:
                place(to, packed, choices, _about("restore", client, by), is_newest=True)
            if _content(to, client) != wanted:
                raise StoreError(f"{client} is not in {to.folder} as it is here", hint="it stays here: compare the two")
        left = carry_away(home, client, _about("delete", client, by), with_params=True)
    return Kept(client, made.files, made.bytes, (*made.left, *left))


def delete(home: Home, client: str, *, with_params: bool = False, by: str = "") -> Kept:
    """Delete all that is kept of a client: its store and reviews, and its files in params if asked to.

    One line of the operator's log stays: who, when, how much.

    Raises
    ------
    StoreError
        When nothing is kept of it, or a file cannot be removed; running it again goes on.
    """
    _refuse_unknown(home, client)
    with custody(home), holding(home, client):
        if not (exists(home, client) if with_params else is_collected(home, client)):
            return Kept(client, 0, 0)  # a deletion that was killed has just been finished
        about = _about("delete", client, by)
        left = carry_away(home, client, about, with_params=with_params)
        return Kept(client, about["files"], about["bytes"], left)


def versions(home: Home) -> dict[str, int]:
    """The version that each client's store is written in; what was interrupted is finished first."""
    with custody(home):
        return {client: migrations.version_of(home.store / client) for client in clients(home)}


def migrate(home: Home, client: str) -> int:
    """Make a client's store today's version.

    Returns
    -------
    int
        How many steps it took.
    """
    _refuse_unknown(home, client)
    with custody(home), holding(home, client):
        folder = home.store / client
        return migrations.migrate(folder) if folder.is_dir() else 0


def _export(home: Home, client: str, file: Path, to_csv: ToCsv | None = None) -> Kept:
    """`export`, for who holds the home and the client."""
    _refuse_unknown(home, client)
    with _workplace(home) as work:
        if (home.store / client).is_dir():
            migrations.migrate(home.store / client)
        held = holdings(home, client, work)
        if to_csv:
            held.items = sorted([*held.items, *_as_csv(home, client, work, to_csv)], key=lambda item: item.name)
        told = write(file, client, migrations.version_of(home.store / client), held)
    left = tuple(f"{one['path']}: {one['why']}" for one in told["left_out"])
    return Kept(client, len(told["files"]), sum(one["bytes"] for one in told["files"]), left)


def _as_csv(home: Home, client: str, work: Path, to_csv: ToCsv) -> Iterator[Item]:
    store = Store(home.store, client)
    frames = {name: lambda name=name: store.read(name) for name in FRAMES} | {"coverage": store.coverage}
    for name, read in frames.items():
        rows = read()
        if len(rows):
            path = work / f"{name}.csv"
            path.write_bytes(to_csv(rows))
            yield Item(f"csv/{name}.csv", path)


def _content(home: Home, client: str) -> list[tuple[str, str, int]]:
    """Name, hash and length of all that a home holds of a client."""
    with _workplace(home) as work:
        records = holdings(home, client, work).records()
    return sorted((one["path"], one["sha256"], one["bytes"]) for one in records)


@contextmanager
def _workplace(home: Home) -> Iterator[Path]:
    """A private folder in a home that is held; what a killed run leaves of it is removed by the next."""
    place = home.store / migrations.UNDERWAY
    make_private(place)
    work = Path(tempfile.mkdtemp(prefix=WORK, dir=place))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_unknown(home: Home, client: str) -> None:
    client_path(home.params, client)  # refuses what is not a client id
    underway = home.store / migrations.UNDERWAY / f"{client}.json"
    if not (exists(home, client) or underway.exists()):
        near = ", ".join(clients(home))
        raise StoreError(
            f"nothing is kept of {client}", hint=f"clients here: {near}" if near else "there are none here"
        )


def _about(what: str, client: str, by: str) -> dict[str, object]:
    """A note of what is done, which becomes a line of the operator's log."""
    at = pd.Timestamp.now("UTC").isoformat(timespec="seconds")
    return {"what": what, "client": client, "id": secrets.token_hex(8), "by": by, "at": at, "params": []}
