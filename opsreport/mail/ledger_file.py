"""The ledger's file: SQLite, private, of a known version, whose every transaction is on disk when it ends."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from opsreport.errors import MailError
from opsreport.home import sync_folder

_PATIENCE = 60  # seconds that another process may take for a transaction
#: From each version to the next; a file says its own in ``PRAGMA user_version``. Steps are only added.
STEPS = (
    (
        # An address is the same mailbox in capitals: it must not get a second copy for them.
        """create table mail (
            client text not null, month text not null, revision integer not null,
            recipient text not null collate nocase,
            state text not null check (state in ('planned', 'committing', 'sent', 'refused', 'unknown')),
            message_id text not null, arrives_as text not null default '', digest text not null, archive text not null,
            by text not null, planned_at text not null, committing_at text not null default '',
            ended_at text not null default '', said text not null default '', attempts integer not null default 0,
            primary key (client, month, revision, recipient))""",
        """create table log (
            id integer primary key autoincrement, at text not null, by text not null,
            client text not null, month text not null, revision integer not null, recipient text not null,
            before text not null, after text not null, said text not null)""",
        "create trigger log_stays before update on log begin select raise(abort, 'the log is only added to'); end",
        "create trigger log_is_kept before delete on log begin select raise(abort, 'the log is only added to'); end",
        "create trigger mail_is_kept before delete on mail begin select raise(abort, 'mails stay known'); end",
    ),
)


@contextmanager
def transaction(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Work on a ledger, made where it is not there, as one transaction; what was written is synced when it ends.

    Raises
    ------
    MailError
        When it cannot be read or written, or was written by a newer version of opsreport.
    """
    try:
        _make(path)
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as db:
            # EXTRA syncs the folder too, once the journal is gone: without it a power cut brings the journal
            # back, and that takes the transaction back.
            db.execute("pragma synchronous = extra")
            if _version(db, path) < len(STEPS):
                with _all_or_nothing(db, "begin immediate"):
                    _migrate(db, path)
            with _all_or_nothing(db, "begin immediate" if write else "begin"):
                yield db
    except (sqlite3.Error, OSError) as error:
        raise MailError(f"the ledger {path} cannot be used: {error}",
                        hint="check the disk and permissions; if it is damaged, restore it: without it nobody knows "
                             "what was sent") from error  # fmt: skip


def _make(path: Path) -> None:
    """An empty, private file, whose name is on disk before anything in it matters."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        for folder in (path.parent, path.parent.parent):
            sync_folder(folder)


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = db.execute("pragma user_version").fetchone()[0]
    if version > len(STEPS):
        raise MailError(f"the ledger {path} is of version {version}, and this opsreport knows {len(STEPS)}",
                        hint="use the opsreport that wrote it, or a newer one")  # fmt: skip
    return version


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    # Asked again: another process may just have done it.
    for number in range(_version(db, path), len(STEPS)):
        for statement in STEPS[number]:
            db.execute(statement)
        db.execute(f"pragma user_version = {number + 1}")


@contextmanager
def _all_or_nothing(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    db.execute(begin)
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:
            db.execute("rollback")
        raise
