"""Asking a database one question that only reads, in time, and hiding the password of its address.

SQLAlchemy (https://docs.sqlalchemy.org/en/20/core/connections.html) is imported only when a database is asked.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from opsreport import credentials
from opsreport.errors import ParamsError, SourceError
from opsreport.sources import SourceSettings
from opsreport.sources._statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

#: Rows that come at once. A reading that breaks keeps the batches before.
BATCH = 1000
_PATIENCE = 10  # for a database that does not answer a call [s]
_HERE = {None, "", "localhost", "127.0.0.1", "::1"}
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql",
            "mariadb": "mariadb+pymysql"}  # fmt: skip
#: Dialects with a transaction, or a mode, in which the server itself refuses to write.
_READ_ONLY = {"postgresql", "mysql", "mariadb", "sqlite", "oracle"}
_SECRET = re.compile(r"pass|pwd|secret|token|key|odbc|cert", re.I)


@dataclass(frozen=True)
class Answer:
    """The rows of a query as its driver reads them, and why these are not all."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    place: str
    cut: str = ""


@dataclass(frozen=True)
class Database:
    """A database of one client.

    Attributes
    ----------
    place : str
        How messages and the manifest call it.
    secrets : tuple of str
        What must not be shown.
    """

    engine: Engine
    place: str
    secrets: tuple[str, ...]

    def ask(self, statement: Statement, values: dict[str, Any], most: int, seconds: float) -> Answer:
        """The rows of a statement, which changes nothing.

        Parameters
        ----------
        most : int
            Rows that are read; where there are more, the answer is cut.
        seconds : float
            The time that it may take.

        Raises
        ------
        SourceError
            When it could not be asked, or was not answered with a row.
        """
        dialect, until = self.engine.dialect.name, time.monotonic() + seconds
        statement.refuse_misread(dialect, is_guarded=dialect in _READ_ONLY)
        names: tuple[str, ...] = ()
        rows: list[tuple[Any, ...]] = []
        try:
            with self._failing(until, seconds, "cannot be reached"):
                connection = self.engine.connect()
            with self._failing(until, seconds, "did not answer"), connection, _watched(connection, seconds):
                for names, batch in _batches(connection, statement, values, most, seconds):
                    rows += batch
                    if len(rows) > most:
                        return Answer(names, rows[:most], self.place, f"more than {most} rows")
                    if time.monotonic() > until:
                        return Answer(names, rows, self.place, f"it took longer than {seconds:.0f} s")
        except SourceError as error:
            if not rows:
                raise
            return Answer(names, rows, self.place, f"cut after {len(rows)} rows: {error.message}")
        finally:
            self.engine.dispose()
        return Answer(names, rows, self.place)

    @contextmanager
    def _failing(self, until: float, seconds: float, what: str) -> Iterator[None]:
        """What SQLAlchemy or a driver raises, as what it means, without a secret."""
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, self.engine.dialect.dbapi.Error, OSError, UnicodeError) as error:
            if time.monotonic() > until:
                raise SourceError(f"{self.place} took longer than {seconds:.0f} s",
                                  hint="ask for less, add an index, or raise timeout") from None  # fmt: skip
            cause = error.orig if isinstance(error, DBAPIError) else error
            said = credentials.hidden(str(cause).strip() or type(cause).__name__, self.secrets).splitlines()[0]
            raise SourceError(f"{self.place} {what}: {said}", hint=_hint(said)) from None


def opened(settings: SourceSettings, reference: str) -> Database:
    """A client's database, ready to be asked; nothing is asked yet.

    Raises
    ------
    ParamsError
        When SQLAlchemy or the database's driver is not installed, or the secret is no address.
    """
    try:
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
        from sqlalchemy.pool import NullPool
    except ImportError as error:
        raise ParamsError("SQLAlchemy is not installed", hint="pip install 'opsreport[sql]'") from error
    written = credentials.reveal(reference, settings.folder).strip()
    try:
        url = make_url(written)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if url.get_backend_name() == "sqlite":
            url = _sqlite(url, settings)
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_arguments(url))
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError):
        # What it says may hold the password.
        raise ParamsError(f"{reference} holds no address of a database that is known",
                          hint="store it like postgresql://reader:password@db.example.com/shop") from None  # fmt: skip
    except ImportError as error:
        hint = "pip install 'opsreport[sql]'" if url.get_backend_name() == "postgresql" else f"pip install {error.name}"
        raise ParamsError(f"the driver {error.name} is not installed", hint=hint) from None
    base = Path((url.database or "").removeprefix("file:").partition("?")[0]).name
    return Database(engine, f"{url.get_backend_name()} {base}".strip(), _secrets_of(url, written))


def bindable(at: Any, database: Database) -> Any:
    """A UTC instant as the database's driver takes it."""
    kind = database.engine.dialect.name
    if kind == "sqlite":
        return f"{at:%Y-%m-%d %H:%M:%S}"
    exact: dt.datetime = at.to_pydatetime()
    # Other drivers would drop the zone, or guess: their sessions are in UTC.
    return exact if kind in ("postgresql", "duckdb") else exact.replace(tzinfo=None)


def seconds_left(settings: SourceSettings) -> float:
    """The time that a question may take: what the settings say, or what is left of the whole run. [s]

    Raises
    ------
    SourceError
        When nothing is left.
    """
    asked, until = settings.timeout.total_seconds(), settings.run.until
    left = until - time.monotonic() if until else asked
    if left <= 0:
        raise SourceError("there was no time left", hint="collect again")
    return min(asked, left)


def _batches(
    connection: Connection, statement: Statement, values: dict[str, Any], most: int, seconds: float
) -> Iterator[tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """The rows some at a time, from a transaction that only reads and is rolled back."""
    from sqlalchemy import text

    connection = _guarded(connection, max(1, int(seconds * 1000)))
    size = min(BATCH, most + 1)
    bound = {name: values[name] for name in statement.names}
    result = connection.execution_options(stream_results=True, yield_per=size).execute(text(statement.text), bound)
    with result:
        names = tuple(result.keys())
        yield names, []
        for rows in result.partitions(size):
            yield names, [tuple(row) for row in rows]
    connection.rollback()


def _guarded(connection: Connection, milliseconds: int) -> Connection:
    """The connection, told to change nothing, to keep time in UTC, and how long to try."""
    kind, is_maria = connection.dialect.name, getattr(connection.dialect, "is_mariadb", False)
    if kind == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        tell = [f"SET LOCAL statement_timeout = {milliseconds}", "SET LOCAL TIME ZONE 'UTC'"]
    elif kind in ("mysql", "mariadb"):
        longest = f"max_statement_time = {milliseconds / 1000}" if is_maria else f"max_execution_time = {milliseconds}"
        tell = ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION TRANSACTION READ ONLY",
                "SET SESSION time_zone = '+00:00'", f"SET SESSION {longest}"]  # fmt: skip
    else:
        tell = {"sqlite": ["PRAGMA query_only = ON"], "oracle": ["SET TRANSACTION READ ONLY"]}.get(kind, [])
    for one in tell:
        connection.exec_driver_sql(one)
    if kind in ("mysql", "mariadb"):
        connection.rollback()  # What was set holds from the next transaction on.
    return connection


@contextmanager
def _watched(connection: Connection, seconds: float) -> Iterator[None]:
    """Cancel what still runs after so long, whatever the server makes of its own limit."""
    held = connection.connection.driver_connection
    cancel = next((getattr(held, name) for name in ("cancel_safe", "cancel", "interrupt") if hasattr(held, name)), None)
    timer = threading.Timer(seconds, cancel) if cancel else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer:
            timer.cancel()


def _sqlite(url: URL, settings: SourceSettings) -> URL:
    path = settings.resolve(url.database or "")
    if not path.is_file():
        raise SourceError(f"there is no {path.name}", hint="paths are relative to the client's file")
    return url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def _arguments(url: URL) -> dict[str, Any]:
    """How long a call may take, and that a password goes out in clear only to this machine."""
    driver = url.get_driver_name()
    if driver in ("psycopg", "psycopg2"):
        is_here = url.host in _HERE or "sslmode" in url.query or "host" in url.query
        # Of a database in SQL_ASCII psycopg would read every text as bytes.
        asked = {"connect_timeout": _PATIENCE, "client_encoding": "utf8"} | ({} if is_here else {"sslmode": "require"})
        return {name: value for name, value in asked.items() if name not in url.query}
    return {"connect_timeout": _PATIENCE} if driver in ("pymysql", "mysqldb") else {}


def _secrets_of(url: URL, written: str) -> tuple[str, ...]:
    held = [str(url.password or ""), *(str(value) for name, value in url.query.items() if _SECRET.search(name))]
    return (written, *(form for one in held for form in (one, quote(one, safe=""), quote_plus(one))))


def _hint(said: str) -> str:
    text = said.lower()
    if "password" in text or "access denied" in text or ("role" in text and "not exist" in text):
        return "check the user and the password in the stored address"
    if "permission denied" in text or "command denied" in text:
        return "the user needs SELECT on the tables that the query names"
    if "read-only" in text or "readonly" in text or "read only" in text:
        return "the query may only read: leave out what writes"
    if "ssl" in text:
        return "let the server speak TLS; in a network that is your own, store ?sslmode=disable with the address"
    return "try the query at the database itself; what was collected before is kept"
