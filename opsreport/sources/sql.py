"""Any SQL database that SQLAlchemy speaks to: a query fills a frame, its columns declared by the client's file.

For ticket systems, control panels and registers without a source of their own, where their database may
be read. PostgreSQL and SQLite need nothing more; MySQL and MariaDB need PyMySQL, others their own driver.

Documentation: https://docs.sqlalchemy.org/en/20/dialects/ and https://docs.sqlalchemy.org/en/20/core/engines.html
(how an address is written). Permission: to SELECT from the tables that the query names; give the user no
more. A database forgets what its own application deletes.

``url`` refers to the secret that holds the database's address, with its password. ``query`` is one
SELECT. It may name ``:start`` and ``:end``, the UTC instants of the time asked for, and ``:client``, the
client's id; these are bound, never pasted. A query that names both :start and :end says with it that it
returns all of that time: it then tells of it up to when it is asked, less ``lag`` where the table is filled
late (a bill: from its first usage to its last). Without them it tells from its first row to its last, or of
``covers``. What ``columns``, ``values``, ``timezone`` and the others mean is as for `table`.

Nothing is changed: one statement, in a transaction that is READ ONLY where the database has that
(PostgreSQL, MySQL, MariaDB, SQLite, Oracle) and rolled back; elsewhere words that change something are
refused. A function that acts outside of the database is stopped by permissions only.

Times: sessions are in UTC, so a column without a zone that holds local times is compared wrongly with
:start and :end: write ``opened AT TIME ZONE 'Europe/Berlin' >= :start``, and ``timezone`` for the result.
Rows that begin only after :end show that this went wrong: the reading is partial. In SQLite compare
``datetime(column)``. Numbers are read as the driver gives them: NUMERIC exactly, a float by its shortest
text. A bill's query asks for whole billing periods (``billing_period_start >= :start``), for these are replaced
as a whole: others are refused.

Rows over ``most``, a statement that takes longer than ``timeout`` and a connection that breaks leave a
part: what was read is kept and the reading is partial. Transitions of a monitor of which some are missing would
make a state last too long: there nothing is read.
"""

from __future__ import annotations

import hashlib

import pandas as pd
from pydantic import Field

from opsreport.errors import SourceError
from opsreport.params.fields import Duration, Reference
from opsreport.period import Period
from opsreport.schemas import FRAMES as ALL
from opsreport.sources import Pages, _database, _mapped, _statement
from opsreport.sources._sheets import Sheet

FRAMES = tuple(ALL)
#: What asking takes, for it is asked over a connection and is no web API.
NEEDS = "SELECT on the tables that the query names"

_RESULT = "the query's result"


class Settings(_mapped.MappedSettings):
    """Where the database is, what to ask it, and what the columns of the answer mean."""

    url: Reference = Field(
        description="where its address is kept, like postgresql://user:password@host/database: env:NAME, "
        "keyring:service/name or file:path", min_length=1,
    )  # fmt: skip
    query: str = Field(description="one SELECT; it may name :start, :end and :client")
    timeout: Duration = Field(default=pd.Timedelta(minutes=5), description="the time that the query may take")
    most: int = Field(default=200_000, ge=1, description="rows that are read at most")
    lag: Duration = Field(default=pd.Timedelta(0), description="how far behind the table may be")


def fetch(period: Period, settings: Settings) -> Pages:
    """The query's rows; of a try the first."""
    statement = _statement.read(settings.query)
    database = _database.opened(settings, settings.url)
    run = settings.run
    values = {"start": _database.bindable(period.start, database), "end": _database.bindable(period.end, database),
              "client": run.client}  # fmt: skip
    answer = database.ask(statement, values, 1 if run.is_probe else settings.most, _database.seconds_left(settings))
    sheet = _sheet(answer, settings)
    if run.is_probe:
        _mapped.mapping(sheet, ALL[settings.frame], settings)
    known = {"now": run.now, "is_answered": True, "is_asked": statement.tells_of_period, "cut": answer.cut}
    if statement.tells_of_period:
        known["window"] = period.start, max(period.start, min(period.end, run.now - settings.lag))
    why = "" if run.is_probe else answer.cut
    return Pages((sheet,), settings, (_record(answer, statement),), "partial" if why else "ok", why, known)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The rows as the frame's columns and types.

    Raises
    ------
    SourceError
        When a column is missing or a value cannot be read, or what is missing would make other rows wrong.
    """
    settings = pages.settings
    if pages.extra["cut"] and settings.holds == "transitions":
        raise SourceError(f"{pages.extra['cut']}: a state would last too long", hint="ask for less, or raise most")
    frames = _mapped.to_frames(pages, period)
    if settings.frame == "cost" and pages.extra["is_asked"]:
        _refuse_other_bills(frames["cost"], period)
    return frames


def observed(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple]:
    """The time that the query says it asks for, up to now; else from the first row to the last."""
    name, window = pages.settings.frame, pages.extra.get("window")
    if window is None or name == "cost":
        return _mapped.observed(frames, pages, period)
    return {name: window} if window[0] < window[1] else {}


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """As of any table; and rows that begin after the time asked for."""
    name = pages.settings.frame
    said = _mapped.remarks(frames, pages, period)
    late = int((frames[name][ALL[name].starts] >= period.end).sum())
    if not late or not pages.extra["is_asked"] or name == "cost":
        return said
    why = (f"{late} rows begin only after the time asked for: the query compares its times in another zone, "
           "and may lack as many")  # fmt: skip
    return {name: ("partial", "; ".join(filter(None, [said.get(name, ("", ""))[1], why])))}


def _sheet(answer: _database.Answer, settings: Settings) -> Sheet:
    """The columns that are declared, or all of them where none is."""
    wanted = set(settings.columns.values()) if settings.columns else set(answer.names)
    if twice := sorted(name for name in wanted if answer.names.count(name) > 1):
        raise SourceError(f"{_RESULT} has two columns {twice[0]!r}", hint="name one of them otherwise, with AS")
    columns = {name: [row[place] for row in answer.rows] for place, name in enumerate(answer.names) if name in wanted}
    return Sheet(_RESULT, answer.names, columns, len(answer.rows))


def _record(answer: _database.Answer, statement: _statement.Statement) -> dict[str, object]:
    """What was read, for the manifest: the same for the same rows in any order."""
    told = "\n".join([statement.text, *answer.names, *sorted(map(repr, answer.rows))]).encode()
    record = {"path": answer.place, "sha256": hashlib.sha256(told).hexdigest(), "bytes": len(told)}
    return {**record, "unread": answer.cut} if answer.cut else record


def _refuse_other_bills(rows: pd.DataFrame, period: Period) -> None:
    others = rows.loc[~period.contains(rows["billing_period_start"]), "billing_period_start"]
    if len(others):
        raise SourceError(
            f"the query returns {len(others)} charges of other billing periods, such as {others.min():%Y-%m}, "
            "which they would replace as a whole", hint="write billing_period_start >= :start and … < :end",
        )  # fmt: skip
