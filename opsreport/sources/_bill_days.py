"""Large bills: the lines of a day summed by DuckDB, from a file to a private Parquet file, never through pandas.

What is summed are lines of usage shorter than a day that lie within one UTC day and in the month that they are
invoiced in, and differ in nothing but their hours and amounts. No metric can tell: they add charges up by the
day or longer. Kept as they are: purchases, credits, taxes and adjustments, corrections, what is invoiced in
another month, what lasts a day or longer, or over midnight. An amount that is missing, and a cost that is not
above zero, are never summed with others, for coverage by tags and the bridge tell them apart.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from opsreport.schemas import DECIMAL, FRAMES, INSTANT
from opsreport.sources import SourceSettings, _bill, _files

#: From how many lines, and bytes of CSV, a bill is large: then its lines would not fit in memory as they are.
MOST_LINES, MOST_BYTES = 250_000, 128 * 2**20
#: How much smaller gzip makes a CSV of a bill, at least.
_PACKED = 10
#: What DuckDB may take; what is more goes to the private folder.
MEMORY, THREADS = "400MB", 4
AMOUNTS = tuple(column.name for column in FRAMES["cost"].columns if column.dtype == DECIMAL)
TIMES = tuple(column.name for column in FRAMES["cost"].columns if column.dtype == INSTANT)
TEXTS = ("account", "service", "provider",
         *(name for name in FRAMES["cost"].names if name not in (*AMOUNTS, *TIMES, "provider_name")))  # fmt: skip
_COSTS = ("billed_cost", "effective_cost")


@dataclass(frozen=True)
class Bill:
    """A file of a bill, and how it is read.

    Attributes
    ----------
    file : File
    pick : mapping
        The file's column of each of ours.
    constants : mapping
        What every row holds in a column that the file lacks.
    nulls : sequence of str
        Words that mean null.
    """

    file: _files.File
    pick: Mapping[str, str]
    constants: Mapping[str, str | None]
    nulls: Sequence[str]
    time_format: str = ""


@dataclass(frozen=True)
class Part:
    """A bill's file with the lines of its days summed.

    Attributes
    ----------
    path : Path
        Parquet: `TEXTS` as written, `TIMES` in UTC, `AMOUNTS` exact; ``first`` and ``last``, the time that its lines
        tell of; ``line``, which tells apart what is not summed; ``kind``, what is missing or not above zero;
        ``sketch``, the least hash of its lines; and ``lines``, how many they are.
    """

    bill: Bill
    path: Path
    folder: tempfile.TemporaryDirectory


def is_large(files: Sequence[_files.File]) -> bool:
    """Whether a bill has more lines than fit in memory, as far as that is known before it is read."""
    lines = size = 0
    for file in files:
        if _files.is_parquet(file):
            try:
                lines += pq.read_metadata(file.path).num_rows
            except (OSError, ValueError):
                continue  # It is said to be broken when it is read.
        else:
            size += file.path.stat().st_size * (_PACKED if file.name.lower().endswith(".gz") else 1)
    return lines / MOST_LINES + size / MOST_BYTES > 1


def private_folder(settings: SourceSettings) -> tempfile.TemporaryDirectory:
    """A folder for what does not fit in memory: the client's own, for its owner only, and removed after use."""
    answers = settings.run.answers
    if answers is not None:
        answers.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".summing-", dir=answers.parent if answers else None)


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in bounded memory, in UTC; what it cannot hold goes to the folder."""
    config = {
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "preserve_insertion_order": False,
        "memory_limit": MEMORY, "threads": min(THREADS, os.cpu_count() or 1), "temp_directory": str(folder / "spilled"),
    }  # fmt: skip
    with duckdb.connect(config=config) as db:
        db.execute("SET TimeZone = 'UTC'")
        yield db


def summed(bill: Bill, folder: tempfile.TemporaryDirectory, keep: Sequence[tuple] = (), several: bool = True) -> Part:
    """A file's lines, read once, with those of a day as one.

    Parameters
    ----------
    keep : sequence of (provider, currency, cost)
        Whose lines with a fraction in that cost are not summed (see `_bill_parts.whole_sums`).
    several : bool
        Whether other files may hold the same lines.

    Raises
    ------
    SourceError
        When the file is broken, or a value cannot be read; names file, row, column and value.
    """
    handle, name = tempfile.mkstemp(dir=folder.name, suffix=".parquet")
    os.close(handle)
    raw, params = _files.selected(bill.file, dict(bill.pick), list(bill.nulls))
    with database(Path(folder.name)) as db, _files.reading(bill.file.name):
        kinds = _kinds(db, raw, params)
        query = _query(bill, kinds, raw, keep, several)
        try:
            db.execute(f"COPY ({query}) TO '{_quoted(name)}' (FORMAT parquet, USE_TMP_FILE false)", params)
        except duckdb.Error:
            _refuse_unread(db, bill, kinds, raw, params)
            raise
    return Part(bill, Path(name), folder)


def _kinds(db: duckdb.DuckDBPyConnection, raw: str, params: list) -> dict[str, str]:
    """DuckDB's type of each column."""
    told = db.execute(f"DESCRIBE {raw}", params).fetchall()
    return {name: kind for name, kind, *_ in told}


def _query(bill: Bill, kinds: dict[str, str], raw: str, keep: Sequence[tuple], several: bool) -> str:
    texts = {name: _text(bill, kinds, name) for name in TEXTS}
    times = {name: f"make_timestamp(epoch_us({_instant(bill, kinds, name)}))" for name in TIMES}
    amounts = {name: _decimal(bill, kinds, name) for name in AMOUNTS}
    typed = ", ".join(f"{made} AS {name}" for name, made in (texts | times | amounts).items())
    known = ", ".join((*TEXTS, *TIMES, *AMOUNTS))
    sketch = f"min(hash({known}))" if several else "0::UBIGINT"
    start, end = "charge_period_start", "charge_period_end"
    return f"""
        SELECT {", ".join(TEXTS)}, billing_period_start,
            CASE WHEN is_summed THEN date_trunc('day', {start}) ELSE {start} END AS {start},
            CASE WHEN is_summed THEN date_trunc('day', {start}) + INTERVAL 1 DAY ELSE {end} END AS {end},
            CASE WHEN NOT is_summed THEN gen_random_uuid() END AS line, {_kind_of_amounts()} AS kind,
            {", ".join(f"sum({name}) AS {name}" for name in AMOUNTS)},
            min({start}) AS first, max({end}) AS last, {sketch} AS sketch, count(*) AS lines
        FROM (SELECT *, {_is_summed(bill, keep)} AS is_summed FROM (SELECT {typed} FROM ({raw})))
        GROUP BY ALL
    """


def _is_summed(bill: Bill, keep: Sequence[tuple]) -> str:
    """Whether a line may be summed with others of its day."""
    start, end = "charge_period_start", "charge_period_end"
    parts = [
        "charge_category = 'Usage'", f"({known_text('charge_class', bill.nulls)}) IS NULL", f"{start} <= {end}",
        f"{end} <= date_trunc('day', {start}) + INTERVAL 1 DAY", f"{end} < {start} + INTERVAL 1 DAY",
        f"date_trunc('month', billing_period_start) = date_trunc('month', {start})",
        *(f"NOT coalesce({provider_of(bill.nulls)} IS NOT DISTINCT FROM {_literal(provider)} "
          f"AND billing_currency = {_literal(code)} AND {cost} % 1 <> 0, false)" for provider, code, cost in keep),
    ]  # fmt: skip
    return f"coalesce({' AND '.join(parts)}, false)"


def _kind_of_amounts() -> str:
    """What of a line's amounts is missing, and which cost is above zero, as one number."""
    told = [f"{name} IS NULL" for name in AMOUNTS] + [f"coalesce({name} > 0, false)" for name in _COSTS]
    return " + ".join(f"{2**place} * ({one})::UTINYINT" for place, one in enumerate(told))


def known_text(name: str, nulls: Sequence[str]) -> str:
    """A column of text, null where it holds a word that means null."""
    return f"CASE WHEN {name} NOT IN ({', '.join(map(_literal, nulls))}) THEN {name} END" if nulls else name


def provider_of(nulls: Sequence[str]) -> str:
    """The provider's name, whatever the version of FOCUS calls it."""
    return f"coalesce({known_text('service', nulls)}, {known_text('provider', nulls)})"


def _text(bill: Bill, kinds: dict[str, str], name: str) -> str:
    if name not in kinds:
        return f"{_literal(bill.constants.get(name))}::VARCHAR"
    is_nested = kinds[name].startswith(("MAP", "STRUCT")) or kinds[name].endswith("]")
    return f"to_json({name})::VARCHAR" if is_nested else f"{name}::VARCHAR"


def _given(bill: Bill, kinds: dict[str, str], name: str) -> tuple[str, str]:
    """A column as it stands in the file, or the constant in its place; and its type."""
    if name not in kinds:
        return f"{_literal(bill.constants.get(name))}::VARCHAR", "VARCHAR"
    return (known_text(name, bill.nulls) if kinds[name] == "VARCHAR" else name), kinds[name]


def _decimal(bill: Bill, kinds: dict[str, str], name: str) -> str:
    given, kind = _given(bill, kinds, name)
    if kind == "VARCHAR":
        # DuckDB would read 1_000 too.
        given = f"CASE WHEN contains({given}, '_') THEN error('unread') ELSE {given} END"
    elif kind in ("FLOAT", "DOUBLE"):
        given = f"{given}::VARCHAR"  # a float goes by its shortest text, which is what wrote it
    return f"({given})::DECIMAL(38, 18)"


def _instant(bill: Bill, kinds: dict[str, str], name: str) -> str:
    given, kind = _given(bill, kinds, name)
    if kind != "VARCHAR":
        return f"{given}::TIMESTAMPTZ"
    made = _bill.instant_of(given, bill.time_format)
    return f"CASE WHEN {given} IS NOT NULL THEN coalesce({made}, error('unread')) END"


def _refuse_unread(db: duckdb.DuckDBPyConnection, bill: Bill, kinds: dict[str, str], raw: str, params: list) -> None:
    """Name the first value that cannot be read, where that is why a file could not be."""
    for name in (name for name in FRAMES["cost"].names if name in kinds and name in (*AMOUNTS, *TIMES)):
        given, kind = _given(bill, kinds, name)
        is_amount = name in AMOUNTS
        made = _bill.decimal_of(given, kind) if is_amount else _bill.instant_of(given, bill.time_format)
        if not is_amount and kind != "VARCHAR":
            continue
        try:
            found = db.execute(
                f"SELECT place, given FROM (SELECT row_number() OVER () AS place, ({given})::VARCHAR AS given, "
                f"({given}) IS NOT NULL AND ({made}) IS NULL AS is_unread FROM ({raw})) WHERE is_unread "
                "ORDER BY place LIMIT 1", params).fetchone()  # fmt: skip
        except duckdb.Error:
            return  # The file itself is broken.
        if found:
            _bill.refuse(bill.file.name, found[0], name, found[1], DECIMAL if is_amount else INSTANT)


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return name.replace("'", "''")
