"""Files read and copied with care: no link is followed, a database is copied whole, a name stays below its folder."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from opsreport.errors import StoreError
from opsreport.home import make_private

#: What a killed run may leave, and what is only a step on the way.
TEMPORARY = (".writing-", ".making-", ".link-", ".freezing-", ".migrating")
_SQLITE, _BESIDE_SQLITE = b"SQLite format 3\0", ("-wal", "-shm", "-journal")
_PATIENCE = 30.0  # for a database that is being written [s]


@dataclass(frozen=True)
class Item:
    """One file of a client: its name in an archive, and where its bytes are."""

    name: str
    path: Path


def walk(folder: Path, under: str) -> Iterator[Item]:
    """Every file below a folder, in order, with its name in an archive; a link is refused."""
    refuse_link(folder)
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        if entry.name.startswith(TEMPORARY):
            continue
        refuse_link(entry)
        if entry.is_dir():
            yield from walk(entry, f"{under}/{entry.name}")
        else:
            yield Item(f"{under}/{entry.name}", entry)


def open_own(path: Path) -> IO[bytes]:
    """A file opened for reading that is no link, device or pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise StoreError(f"{path} is no file", hint="move it away")
    return os.fdopen(handle, "rb")


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's."""
    with open_own(path) as handle:
        return handle.read(len(_SQLITE)) == _SQLITE


def is_beside_database(path: Path) -> bool:
    """SQLite's own files beside a database; a copy holds what is in them."""
    ends = (end for end in _BESIDE_SQLITE if path.name.endswith(end))
    return any(path.with_name(path.name.removesuffix(end)).exists() for end in ends)


def snapshot(path: Path, copy: Path) -> Path:
    """A whole copy of a database that others may be writing to.

    Raises
    ------
    StoreError
        When it is damaged, or does not come to rest.
    """
    try:
        # Not read-only: what a killed writer left half done is taken back first.
        with (closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)) as here,
              closing(sqlite3.connect(copy)) as there):  # fmt: skip
            here.backup(there)
            found = there.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be copied: {error}", hint="try again when nothing is being sent") from error
    if found != "ok":
        raise StoreError(f"{path} is damaged: {found}", hint="restore it from a backup")
    os.chmod(copy, 0o600)
    return copy


def make_below(folder: Path, below: Path) -> None:
    """Make a folder below one, and each between them, for its owner only."""
    make_private(*(folder / one for one in reversed([below, *below.parents])))


def is_plain(name: str) -> bool:
    """Whether a path is relative, stays below where it is put, and has only characters that show as they are.

    Examples
    --------
    >>> [is_plain(name) for name in ("store/cost/2026-10.parquet", "store/../x", "/x", "a//b", "C:x", "a\\\\b")]
    [True, False, False, False, False, False]
    """
    parts = name.split("/")
    if len(parts) > 32 or len(name.encode("utf-8", "replace")) > 1000:
        return False
    return all(part not in ("", ".", "..") and _is_plain_part(part) for part in parts)


def _is_plain_part(part: str) -> bool:
    shows = part == unicodedata.normalize("NFC", part) and not any(unicodedata.category(c)[0] == "C" for c in part)
    return shows and len(part.encode()) <= 240 and not re.search(r'[\\:*?"<>|]', part)


def refuse_link(path: Path) -> None:
    """Refuse a link where the client's own file or folder should be."""
    if path.is_symlink():
        raise StoreError(f"{path} is a link, which may lead to another's files", hint="put there what it names")
