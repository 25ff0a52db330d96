"""The ledger of one client's mails: what was sent, when, by whom and how it ended, on disk before it is told.

A mail is known by its month, revision and recipient. Its state goes ::

    planned ──> committing ──> sent | refused | unknown | planned (not taken, and may be tried again)
       └─────────────────────────> refused (before anything left)

and one that ended goes on only by a person: ``unknown`` by `resolve`, ``refused`` by `retry`. The
states are compared and set in one transaction, whose journal SQLite has synced, folder included,
when it returns. Who holds a client's ledger (`held`) is its only sender, for as long as its process
lives: what is found ``committing`` then was left by a process that died.

``<store>/<client>/mail/ledger.sqlite``, for its owner only; ``mail`` has a row each, ``log`` what
happened to it, to which rows are only added.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from opsreport.errors import MailError
from opsreport.home import make_private, one_at_a_time
from opsreport.mail.ledger_file import transaction
from opsreport.mail.rows import ALLOWED, ENDED, Logged, Row
from opsreport.mail.transport import Outcome, check_address, plain
from opsreport.params.fields import CLIENT_ID

_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_KEY = "client = ? and month = ? and revision = ? and recipient = ?"
_SELECT = f"select {', '.join(column.name for column in fields(Row))} from mail"


class Ledger:
    """What one client was sent. Nothing is made on disk before something is planned.

    Parameters
    ----------
    folder : Path
        Where all clients' stores are.
    client : str
        The client's id.
    """

    def __init__(self, folder: Path, client: str) -> None:
        if not re.fullmatch(CLIENT_ID, client):
            raise MailError(f"{client!r} is not a client id", hint="use a-z, 0-9 and -")
        self._client, self._folder = client, Path(folder) / client / "mail"

    @property
    def client(self) -> str:
        """Whose it is."""
        return self._client

    @property
    def path(self) -> Path:
        """The file."""
        return self._folder / "ledger.sqlite"

    def rows(self, month: str = "", revision: int = 0) -> list[Row]:
        """Its mails: all, or a month's, or those of one revision; the oldest first."""
        if not self.path.exists():
            return []
        asked = (self._client, month, month, revision, revision)
        where = "client = ? and (? = '' or month = ?) and (? = 0 or revision = ?)"
        with transaction(self.path) as db:
            return [Row(*one) for one in db.execute(f"{_SELECT} where {where} order by month, revision, rowid", asked)]

    def log(self) -> list[Logged]:
        """Everything that happened, in order."""
        if not self.path.exists():
            return []
        told = "select at, by, month, revision, recipient, before, after, said from log where client = ? order by id"
        with transaction(self.path) as db:
            return [Logged(*one) for one in db.execute(told, (self._client,))]

    def claims(self, month: str, revision: int, recipient: str) -> list[str]:
        """Each claim of a mail, told so that no other copy of this ledger has a claim of the same words."""
        key = month, revision, recipient.lower()
        own = [one for one in self.log() if (one.month, one.revision, one.recipient.lower()) == key]
        return [f"{number} {one.at} {one.by}" for number, one in enumerate(own, 1) if one.after == "committing"]

    @contextmanager
    def held(self, by: str, now: dt.datetime) -> Iterator[list[Row]]:
        """Be the only sender to this client; others wait. Gives the rows that a dead one left, now unknown.

        Raises
        ------
        MailError, StoreError
        """
        with one_at_a_time(self._folder):
            left = [row for row in self.rows() if row.state == "committing"]
            said = "the process that sent it ended before it heard the answer"
            yield [self.end(row, Outcome("unknown", said), by, now) for row in left]

    def plan(self, month: str, revision: int, recipient: str, message: bytes, message_id: str, archive: str, by: str,
             now: dt.datetime, *, anew: bool = False) -> Row:  # fmt: skip
        """Enter a mail that is to be sent; where it is entered already, the row as it is.

        Parameters
        ----------
        anew : bool
            Whether other bytes may take the place of those of a row that is still planned.

        Raises
        ------
        MailError
            When the row is of other bytes.
        """
        digest = hashlib.sha256(message).hexdigest()
        key = (self._client, *_checked(month, revision, recipient))
        with self._written() as db:
            found = db.execute(f"{_SELECT} where {_KEY}", key).fetchone()
            if found and Row(*found).digest == digest:
                return Row(*found)
            if not found:
                db.execute(
                    "insert into mail (client, month, revision, recipient, state, message_id, arrives_as, digest,"
                    " archive, by, planned_at) values (?, ?, ?, ?, 'planned', ?, ?, ?, ?, ?, ?)",
                    (*key, message_id, message_id, digest, archive, by, _at(now)),
                )
            elif anew and Row(*found).state == "planned":
                db.execute(
                    "update mail set message_id = ?, arrives_as = ?, digest = ?, archive = ?, by = ?, planned_at = ?"
                    f" where {_KEY}",
                    (message_id, message_id, digest, archive, by, _at(now), *key),
                )
            else:
                raise _differs(Row(*found))
            _note(db, key, now, by, Row(*found).state if found else "", "planned", f"SHA-256 {digest}")
            return Row(*db.execute(f"{_SELECT} where {_KEY}", key).fetchone())

    def claim(self, row: Row, by: str, now: dt.datetime) -> Row:
        """Put on record, before anything can have left, that a planned mail may have been sent from now on.

        Raises
        ------
        MailError
            When it is no longer planned.
        """
        return self._go(row, "planned", "committing", "", by, now)

    def end(self, row: Row, outcome: Outcome, by: str, now: dt.datetime) -> Row:
        """Put on record how a delivery ended, from the state that `row` has."""
        return self._go(row, row.state, outcome.state, outcome.said, by, now, outcome.arrives_as, tried=1)

    def resolve(self, month: str, revision: int, recipient: str, outcome: str, by: str, why: str,
                now: dt.datetime) -> Row:  # fmt: skip
        """Say what became of an unknown mail: ``sent``, or ``not sent``, which plans it again.

        Waits until no sender is at work for the client.

        Raises
        ------
        MailError
            When it is not unknown, or nobody says who found out or how.
        """
        if outcome not in ("sent", "not sent"):
            raise MailError(f"{outcome!r} is no outcome", hint="say sent or not sent")
        after = "sent" if outcome == "sent" else "planned"
        return self._by_person(month, revision, recipient, "unknown", after, by, why, now)

    def retry(self, month: str, revision: int, recipient: str, by: str, why: str, now: dt.datetime) -> Row:
        """Plan a refused mail again, once what it was refused for is mended.

        Raises
        ------
        MailError
            When it is not refused, or nobody says who wants it or why.
        """
        return self._by_person(month, revision, recipient, "refused", "planned", by, why, now)

    @contextmanager
    def _written(self) -> Iterator[sqlite3.Connection]:
        make_private(self._folder.parent, self._folder)
        with transaction(self.path, write=True) as db:
            yield db

    def _by_person(self, month: str, revision: int, recipient: str, before: str, after: str, by: str, why: str,
                   now: dt.datetime) -> Row:  # fmt: skip
        if not (by.strip() and why.strip()):
            raise MailError("it is not said who decided, and why", hint="name who found out, and how")
        with self.held(by, now):
            found = [row for row in self.rows(month, revision) if row.recipient.lower() == recipient.lower()]
            if not found:
                raise MailError(f"{self._client}, {month}: no mail of revision {revision} to {recipient} is known",
                                hint="ask for the client's status")  # fmt: skip
            return self._go(found[0], before, after, why, by, now)

    def _go(self, row: Row, before: str, after: str, said: str, by: str, now: dt.datetime, arrives_as: str = "",
            tried: int = 0) -> Row:  # fmt: skip
        """Compare and set: only what is `before`, and of the same bytes, becomes `after`."""
        if after not in ALLOWED[before]:
            raise MailError(f"a mail that is {before} never becomes {after}")
        key, said = (self._client, *row.key), plain(said)
        ended = _at(now) if after in ENDED else ""
        with self._written() as db:
            changed = db.execute(
                "update mail set state = ?, said = ?, by = ?, attempts = attempts + ?, ended_at = ?,"
                " arrives_as = coalesce(?, arrives_as), committing_at = coalesce(?, committing_at)"
                f" where {_KEY} and state = ? and digest = ?",
                (after, said, by, tried, ended, arrives_as or None, _at(now) if after == "committing" else None,
                 *key, before, row.digest),
            ).rowcount  # fmt: skip
            found = db.execute(f"{_SELECT} where {_KEY}", key).fetchone()
            if not changed:
                state = Row(*found).state if found else "not known"
                hint = "ask for the client's status; another process or person was at it"
                what = f"the mail to {row.recipient} is {state}, not {before} as it was"
                raise MailError(f"{self._client}, {row.month}: {what}", hint=hint)
            _note(db, key, now, by, before, after, said)
            return Row(*found)


def _checked(month: str, revision: int, recipient: str) -> tuple[str, int, str]:
    if not re.fullmatch(_MONTH, month) or revision < 1:
        raise MailError(f"{month!r}, revision {revision}: there is no such review", hint="write a month like 2026-10")
    return month, revision, check_address(recipient)


def _differs(row: Row) -> MailError:
    hint = "what was sent is corrected by a new revision; what is only planned may be planned anew, once it is approved"
    return MailError(
        f"{row.client}, {row.month}: the mail to {row.recipient} is not the one that is {row.state} as revision "
        f"{row.revision} (SHA-256 {row.digest[:12]}...)",
        hint=hint,
    )


def _note(db: sqlite3.Connection, key: tuple[str, str, int, str], now: dt.datetime, by: str, before: str, after: str,
          said: str) -> None:  # fmt: skip
    db.execute(
        "insert into log (client, month, revision, recipient, at, by, before, after, said) values (?,?,?,?,?,?,?,?,?)",
        (*key, _at(now), by, before, after, said),
    )


def _at(now: dt.datetime) -> str:
    """An instant in UTC, as text that sorts."""
    return now.astimezone(dt.UTC).isoformat(timespec="milliseconds")
