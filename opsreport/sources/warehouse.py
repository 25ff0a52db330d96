"""A bill in a warehouse or on a cluster, in FOCUS columns: DuckDB, Spark, Trino, Athena, BigQuery or Snowflake.

For bills that were loaded into a warehouse, or outgrow one machine; exports as files are read by `focus`. One
Ibis expression filters the billing periods asked for where the bill lies, so only these are sent.

Documentation: https://focus.finops.org/focus-specification/, https://ibis-project.org/backends/ (how an address is
written) and, for DuckDB, https://duckdb.org/docs/stable/data/parquet/overview. Permission: to SELECT from the one
table. A warehouse forgets what its loading deletes: billing periods that are gone are kept here.

``backend`` is duckdb unless said: ``path`` is then a Parquet file, a folder of them, which all add up, or a
database file with a ``table``. The others need ``table`` (name, schema.name or catalogue.schema.name) and ``url``,
which refers to the secret that holds the address, like trino://user:password@host:8443/hive/billing,
bigquery://project/dataset, snowflake://user:password@account/database/schema or
athena://eu-central-1/schema?s3_staging_dir=s3://bucket/place (with the credentials of whoever collects). Spark
needs none where its session is there, else one of Spark Connect, like sc://host:15002.

Columns are known by FOCUS's names, 1.0 to 1.4, in any case, with or without underscores; both spellings of the
provider will do. What the table lacks stands in ``constants``, as for `focus`. Billing periods that start
in the months asked for are read whole, since they are replaced as a whole; a row whose BillingPeriodStart
cannot be read makes the reading fail, not smaller. A time that names no zone is UTC.

Amounts: DECIMAL and whole numbers are cast to DECIMAL(38, 18) where the bill lies (BigQuery: BIGNUMERIC);
text and floats are sent as they are, and a float is read by its shortest text. All come as Arrow. Lines are kept as
they are unless ``grain: day`` says that lines of one UTC day that differ in nothing but their amounts and hours
are summed there: no figure of a review changes but the number of charges. A sum of which a part is not known is
not known. With more lines than ``most`` nothing is read: part of a bill would be a smaller bill.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from opsreport.errors import SourceError
from opsreport.params.fields import Duration, Reference
from opsreport.period import Period
from opsreport.sources import Pages, SourceSettings, _bill, _files, _focus_query, _warehouses, focus
from opsreport.sources._exports import Export

FRAMES = ("cost",)
#: What asking takes, for it is asked over a connection and is no web API; and what it costs.
NEEDS, COSTS = "SELECT on the table", "what the warehouse takes for a query"
observed, remarks = focus.observed, focus.remarks


class Settings(SourceSettings):
    """Where the bill lies."""

    backend: Literal["duckdb", "spark", "trino", "athena", "bigquery", "snowflake"] = Field(
        default="duckdb", description="which system holds it"
    )
    path: str = Field(default="", description="of DuckDB, a Parquet file, a folder of them or a database file")
    url: Reference = Field(default="", description="of the others, where the address is kept: env:NAME, "
                           "keyring:service/name or file:path")  # fmt: skip
    table: str = Field(default="", description="the table, like billing.focus")
    grain: Literal["line", "day"] = Field(default="line", description="day to sum the lines of a day where they lie")
    version: Literal["1.0", "1.1", "1.2", "1.3", "1.4"] | None = Field(default=None, description="to be held to")
    nulls: list[str] = Field(default=["", "NULL", "null"], description="words that mean null")
    constants: dict[str, str | None] = Field(
        default={}, description="FOCUS columns that the table lacks, and the value of every row (null: not known)"
    )
    most: int = Field(default=5_000_000, ge=1, description="lines that are read at most")
    timeout: Duration = Field(default=pd.Timedelta(minutes=5), description="the time that DuckDB may take")

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        is_file = self.backend == "duckdb"
        if is_file and (not self.path or self.url):
            raise ValueError("duckdb takes a path, and no url")
        if is_file and not self.table and self.path.lower().endswith((".duckdb", ".db", ".ddb")):
            raise ValueError("a database file needs the table")
        if not is_file and (self.path or not self.table):
            raise ValueError(f"{self.backend} takes a table, and no path")
        if self.backend not in ("duckdb", "spark") and not self.url:
            raise ValueError(f"{self.backend} needs url: where its address is kept")
        return self


def fetch(period: Period, settings: Settings) -> Pages:
    """The lines of the billing periods asked for; of a try, one."""
    place = settings.table or settings.path
    with _warehouses.opened(settings) as warehouse:
        pick = _picked(place, list(warehouse.table.columns), settings)
        rows = _focus_query.lines(warehouse.table, pick, period, settings.backend)
        if settings.grain == "day":
            rows = _focus_query.by_day(rows, settings.backend)
        read = warehouse.run(rows.limit(1 if settings.run.is_probe else settings.most + 1))
    if len(read) > settings.most:
        raise SourceError(f"{place} holds more than {settings.most} lines of {period.name}",
                          hint="sum them with grain: day, or raise most")  # fmt: skip
    read = _bill.without_words(_exact(read, rows.schema()), settings.nulls)
    export = Export(place, focus.with_constants(read, pick, settings), len(warehouse.table.columns) - len(pick))
    known = {"is_answered": True, "ignored": {place: export.ignored}}
    return Pages((export,), settings, (_record(f"{settings.backend} {place}", read),), extra=known)


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """The charges.

    Raises
    ------
    SourceError
        When a value cannot be read; names table, row and column.
    """
    (export,) = pages.items
    rows = _bill.typed(export.file, export.rows)
    if rows["billing_period_start"].null_count:
        raise SourceError(f"{export.file} has lines without BillingPeriodStart", hint="load them again, with it")
    return {"cost": _bill.as_frame(_bill.joined([export.file], [rows], latest=False))}


def _picked(place: str, columns: list[str], settings: Settings) -> dict[str, str]:
    """The table's column for each of the frame's, with or without underscores."""
    plain = {name: name if name.lower().startswith("x_") else name.replace("_", "") for name in columns}
    by_name: dict[str, str] = {}
    for name, bare in plain.items():
        if by_name.setdefault(bare, name) != name:
            raise SourceError(f"{place} has both {by_name[bare]} and {name}", hint="drop one of them, in a view")
    return {here: by_name[bare] for here, bare in focus.picked(place, plain.values(), settings).items()}


def _exact(rows: pa.Table, schema: dict) -> pa.Table:
    """Amounts as our decimals where the warehouse holds decimals; refuses one that came as a float.

    Raises
    ------
    SourceError
    """
    for place, name in enumerate(rows.column_names):
        if name in _focus_query.AMOUNTS and schema[name].is_decimal():
            column = rows[name]
            if not pa.types.is_decimal(column.type):
                raise SourceError(f"{name} came as {column.type} and is not exact", hint="report it")
            if column.type != pa.decimal128(38, 18):
                column = pc.round(column, 18, "half_to_even").cast(pa.decimal128(38, 18))
            rows = rows.set_column(place, name, column)
    return rows


def _record(path: str, rows: pa.Table) -> dict[str, object]:
    """What was read, for the manifest: the same for the same lines in any order."""
    (told,) = _files.connection().from_arrow(rows).query(
        "bill", "SELECT count(*), coalesce(sum(hash(bill)), 0) FROM bill").fetchall()  # fmt: skip
    digest = hashlib.sha256(repr((rows.column_names, *map(str, told))).encode())
    return {"path": path, "sha256": digest.hexdigest(), "bytes": rows.nbytes}
