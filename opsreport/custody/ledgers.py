"""The ledger of mails in a restore: what may have been sent since its export is never planned, or it would go twice.

It is read as SQLite here, for the mails' own code is no part of the foundation.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from opsreport.custody.files import is_database, make_below, open_own, snapshot, walk
from opsreport.errors import StoreError

#: What was mailed to whom, in a client's store.
LEDGER = "mail/ledger.sqlite"
#: Notes beside the archived mails that one may have left; the ledger asks them what it does not know.
NOTE = ".went"
_SAID = "it may have been sent: the ledger was restored from an export"


def choose_ledger(own: Path, staged: Path, holds: str, about: dict[str, Any], *, is_newest: bool) -> None:
    """Have the ledger that holds among what is staged.

    Parameters
    ----------
    own, staged : Path
        The client's store as it is, and as it will be.
    holds : str
        ``here`` or ``archive`` where they differ; empty refuses.
    about : dict
        Who restores (``by``), and when (``at``).
    is_newest : bool
        Whether no mail was sent since the export.

    Raises
    ------
    StoreError
        When they differ and nobody said which holds, or one is damaged.
    """
    here, there, copy = own / LEDGER, staged / LEDGER, staged / ".ledger"
    if here.is_file():
        is_copied = _is_copied(here, copy, or_damaged=holds == "archive")
        is_same = is_copied and there.is_file() and _hash(copy) == _hash(there)
        if not (is_same or holds):
            raise StoreError(
                f"the ledger of {own.name}'s mails here is not the archive's: a mail might be sent twice",
                hint="say which holds: --ledger here (what was sent since is known), or --ledger archive",
            )
        if is_same or holds == "here":
            make_below(staged, Path(LEDGER).parent)
            os.replace(copy, there)
            return
        copy.unlink(missing_ok=True)
    if there.is_file() and is_database(there) and not is_newest:
        _doubt(there, str(about.get("by", "")), str(about["at"]))


def _is_copied(here: Path, copy: Path, *, or_damaged: bool) -> bool:
    """Copy the ledger that is here; one that is damaged need not be, where the archive's is to hold."""
    try:
        snapshot(here, copy)
    except StoreError:
        if not or_damaged:
            raise
        return False
    return True


def keep_notes(own: Path, staged: Path) -> None:
    """Take along the notes of what may have left from here, which an older export does not have."""
    for item in walk(own / "mail", "mail"):
        if item.name.endswith(NOTE):
            make_below(staged, Path(item.name).parent)
            with open_own(item.path) as note:
                content = note.read()
            (staged / item.name).unlink(missing_ok=True)
            with open(os.open(staged / item.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                handle.write(content)


def _doubt(path: Path, by: str, at: str) -> None:
    """Make what is planned unknown, and say so in the log."""
    when = pd.Timestamp(at).tz_convert("UTC").isoformat(timespec="milliseconds")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("pragma trusted_schema = off")
            if not db.execute("pragma user_version").fetchone()[0]:
                return  # it was never written to
            db.execute("begin immediate")
            db.execute(
                "insert into log (client, month, revision, recipient, at, by, before, after, said)"
                " select client, month, revision, recipient, ?, ?, state, 'unknown', ? from mail"
                " where state = 'planned' order by rowid",
                (when, by or "restore", _SAID),
            )
            db.execute("update mail set state = 'unknown', said = ?, by = ?, ended_at = ? where state = 'planned'",
                       (_SAID, by or "restore", when))  # fmt: skip
            db.execute("commit")
    except sqlite3.Error as error:
        raise StoreError(f"the archive's ledger of mails cannot be read: {error}",
                         hint="restore from another export") from error  # fmt: skip


def _hash(path: Path) -> str:
    with open_own(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
