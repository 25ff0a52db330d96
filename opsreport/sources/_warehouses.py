"""Asking a warehouse one Ibis expression, and what it answers as Arrow: nothing goes through pandas.

DuckDB and Spark are asked in their own SQL, which Ibis writes, by their own clients: Ibis 12 calls what DuckDB 2 no
longer has, and takes Spark's rows through pandas, where a null and a NaN are one. The others are asked by
Ibis' backends (https://ibis-project.org/backends/).
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import duckdb
import pyarrow as pa

from opsreport import credentials
from opsreport.errors import ParamsError, SourceError
from opsreport.sources import SourceSettings, _files
from opsreport.sources._database import seconds_left

if TYPE_CHECKING:
    from ibis.expr.types import Table

BACKENDS = ("duckdb", "spark", "trino", "athena", "bigquery", "snowflake")
_NO_TABLE = "ibis.common.exceptions:TableNotFound"
#: What each client raises.
_FAULTS = {
    "duckdb": ("duckdb:Error",),
    "spark": ("pyspark.errors:PySparkException", "py4j.protocol:Py4JError"),
    "trino": ("trino.exceptions:TrinoConnectionError", "trino.exceptions:TrinoQueryError", "trino.exceptions:Error"),
    "athena": ("pyathena.error:Error", "botocore.exceptions:BotoCoreError", "botocore.exceptions:ClientError"),
    "bigquery": ("google.api_core.exceptions:GoogleAPIError", "google.auth.exceptions:GoogleAuthError"),
    "snowflake": ("snowflake.connector.errors:Error",),
}


@dataclass(frozen=True)
class Warehouse:
    """A table of one client, ready to be asked.

    Attributes
    ----------
    table : ibis Table
        With its columns and types.
    run : callable
        An expression's rows.
    """

    table: Table
    run: Callable[[Table], pa.Table]


@contextmanager
def opened(settings: SourceSettings) -> Iterator[Warehouse]:
    """The table that the settings name, while it is asked.

    Raises
    ------
    ParamsError, SourceError
        Whatever the warehouse or its client raises, without a secret.
    """
    try:
        importlib.import_module("ibis")
        importlib.import_module("ibis.backends.duckdb")
    except ImportError as error:
        raise ParamsError(f"{error.name} is not installed", hint="pip install 'opsreport[warehouse]'") from error
    url = credentials.reveal(settings.url, settings.folder).strip() if settings.url else ""
    try:
        with {"duckdb": _duckdb, "spark": _spark}.get(settings.backend, _other)(settings, url) as made:
            yield made
    except ImportError as error:
        raise ParamsError(f"{error.name} is not installed",
                          hint=f"pip install 'ibis-framework[{_extra(settings.backend)}]'") from error  # fmt: skip
    except _faults(settings.backend) as error:
        said = credentials.hidden(str(error).strip() or type(error).__name__, _secrets_of(url)).splitlines()[0]
        said = said.replace(f"{settings.folder.resolve()}/", "")  # no part of a report
        said = f"there is no table {said}" if type(error).__name__ in _NO_TABLE else said
        raise SourceError(f"{settings.backend}: {said}",
                          hint="check the table's name, and that it may be read") from None  # fmt: skip


@contextmanager
def _duckdb(settings: SourceSettings, url: str) -> Iterator[Warehouse]:
    """A database file, which is only read, or Parquet files, in DuckDB."""
    import ibis

    path = settings.resolve(settings.path)
    config = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if path.is_file() and not path.name.lower().endswith(".parquet"):
        connection, source, params = duckdb.connect(str(path), read_only=True, config=config), _quoted(settings), []
    else:
        files = [_files.literal(file) for file in _files.find(settings, settings.path, (".parquet",))]
        connection, params = duckdb.connect(config=config), [files]
        source = "read_parquet(?, union_by_name = true, hive_partitioning = false)"
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.sql(f"SELECT * FROM {source} LIMIT 0", params=params).to_arrow_table().schema
        table = ibis.table(ibis.Schema.from_pyarrow(names), name="opsreport_bill")

        def run(asked: Table) -> pa.Table:
            text = f"WITH opsreport_bill AS (FROM {source}) {ibis.to_sql(asked, dialect='duckdb')}"
            timer = threading.Timer(seconds_left(settings), connection.interrupt)
            timer.daemon = True
            timer.start()
            try:
                return connection.sql(text, params=params).to_arrow_table()
            except duckdb.InterruptException as error:
                raise SourceError(f"{settings.table or settings.path} took too long",
                                  hint="raise timeout") from error  # fmt: skip
            finally:
                timer.cancel()

        yield Warehouse(table, run)


@contextmanager
def _spark(settings: SourceSettings, url: str) -> Iterator[Warehouse]:
    """A table of the session's catalogue: of Spark Connect where an address is given, else of the active session."""
    import ibis
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(url).getOrCreate() if url else SparkSession.builder.getOrCreate()
    before = session.conf.get("spark.sql.session.timeZone")
    made = ibis.pyspark.connect(session)  # sets the session's clock to UTC

    def run(asked: Table) -> pa.Table:
        return session.sql(str(ibis.to_sql(asked, dialect="pyspark"))).toArrow()

    try:
        yield Warehouse(_named(made, settings), run)
    finally:
        session.conf.set("spark.sql.session.timeZone", before)


@contextmanager
def _other(settings: SourceSettings, url: str) -> Iterator[Warehouse]:
    import ibis

    if settings.backend == "athena":
        parts = urlsplit(url)
        made = ibis.athena.connect(region_name=parts.hostname, schema_name=parts.path.strip("/") or "default",
                                   **dict(parse_qsl(parts.query)))  # fmt: skip
    elif urlsplit(url).scheme != settings.backend:
        raise ParamsError(f"{settings.url} holds no address of {settings.backend}",
                          hint=f"store it like {settings.backend}://…")  # fmt: skip
    else:
        made = ibis.connect(url)
    try:
        yield Warehouse(_named(made, settings), lambda asked: made.to_pyarrow_batches(asked).read_all())
    finally:
        made.disconnect()


def _named(made: Any, settings: SourceSettings) -> Table:
    *above, name = settings.table.split(".")
    return made.table(name, database=tuple(above) if len(above) > 1 else "".join(above) or None)


def _quoted(settings: SourceSettings) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in settings.table.split("."))


def _extra(backend: str) -> str:
    return "pyspark" if backend == "spark" else backend


def _faults(backend: str) -> tuple[type[BaseException], ...]:
    """What asking may raise, as far as the client is installed."""
    found: list[type[BaseException]] = [OSError, NotImplementedError]
    for place in (*_FAULTS[backend], "ibis.common.exceptions:IbisError", _NO_TABLE):
        module, _, name = place.partition(":")
        try:
            found.append(getattr(importlib.import_module(module), name))
        except (ImportError, AttributeError):
            continue
    return tuple(found)


def _secrets_of(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    return (url, parts.password or "", unquote(parts.password or ""), *(value for _, value in parse_qsl(parts.query)))
