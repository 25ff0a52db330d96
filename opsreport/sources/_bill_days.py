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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from opsreport.errors import SourceError
from opsreport.sources import SourceSettings, _bill_columns, _files
from opsreport.sources._bill_columns import AMOUNTS, TEXTS, TIMES, Bill, known_text, literal, provider_of

#: From how many lines, and bytes of CSV, a bill is large: then its lines would not fit in memory as they are.
MOST_LINES, MOST_BYTES = 250_000, 128 * 2**20
#: How much smaller gzip makes a CSV of a bill, at least.
PACKED = 10
#: What DuckDB may take; what is more goes to the private folder.
MEMORY, THREADS = "400MB", 4
_COSTS = ("billed_cost", "effective_cost")


@dataclass(frozen=True)
class Part:
    """A bill's file with the lines of its days summed.

    Attributes
    ----------
    path : Path
        Parquet: `TEXTS` as written, `TIMES` in UTC, `AMOUNTS` exact; ``first`` and ``last``, the time that its lines
        tell of; ``kind``, what is missing or not above zero, or what tells a line apart that is not summed;
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
            size += file.path.stat().st_size * (PACKED if file.name.lower().endswith(".gz") else 1)
    return lines / MOST_LINES + size / MOST_BYTES > 1


def private_folder(settings: SourceSettings) -> tempfile.TemporaryDirectory:
    """A folder for what does not fit in memory: the client's own, for its owner only, and removed after use."""
    answers = settings.run.answers
    if answers is not None:
        answers.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".summing-", dir=answers.parent if answers else None)


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in bounded memory, in UTC; what it cannot hold goes to the folder.

    Raises
    ------
    SourceError
        When there is no room for that.
    """
    config = {
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "preserve_insertion_order": False,
        "memory_limit": MEMORY, "threads": min(THREADS, os.cpu_count() or 1), "temp_directory": str(folder / "spilled"),
    }  # fmt: skip
    with duckdb.connect(config=config) as db:
        db.execute("SET TimeZone = 'UTC'")
        try:
            yield db
        except duckdb.Error as error:
            raise _no_room(error) from error


def _no_room(error: duckdb.Error) -> SourceError:
    said = str(error).splitlines()[0].partition(" file ")[0]  # its path is no part of a report
    return SourceError(f"the bill cannot be summed: {said}", hint="check the disk's room, or give it month by month")


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
        kinds = _bill_columns.kinds_of(db, raw, params)
        query = _query(bill, kinds, raw, keep, several)
        try:
            db.execute(f"COPY ({query}) TO {literal(name)} (FORMAT parquet, USE_TMP_FILE false)", params)
        except duckdb.OutOfMemoryException as error:
            raise _no_room(error) from error
        except duckdb.Error:
            _bill_columns.refuse_unread(db, bill, kinds, raw, params)
            raise
    return Part(bill, Path(name), folder)


def _query(bill: Bill, kinds: dict[str, str], raw: str, keep: Sequence[tuple], several: bool) -> str:
    texts = {name: _bill_columns.text(bill, kinds, name) for name in TEXTS}
    times = {name: _bill_columns.instant(bill, kinds, name) for name in TIMES}
    amounts = {name: _bill_columns.decimal(bill, kinds, name) for name in AMOUNTS}
    typed = ", ".join(f"{made} AS {name}" for name, made in (texts | times | amounts).items())
    known = ", ".join((*TEXTS, *TIMES, *AMOUNTS))
    sketch = f"min(hash({known}))" if several else "0::UBIGINT"
    start, end = "charge_period_start", "charge_period_end"
    return f"""
        SELECT {", ".join(TEXTS)}, billing_period_start,
            CASE WHEN is_summed THEN date_trunc('day', {start}) ELSE {start} END AS {start},
            CASE WHEN is_summed THEN date_trunc('day', {start}) + INTERVAL 1 DAY ELSE {end} END AS {end},
            CASE WHEN is_summed THEN {_kind_of_amounts()} ELSE 128 + (hash(gen_random_uuid()) >> 1) END AS kind,
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
        *(f"NOT coalesce({provider_of(bill.nulls)} IS NOT DISTINCT FROM {literal(provider)} "
          f"AND billing_currency = {literal(code)} AND {cost} % 1 <> 0, false)" for provider, code, cost in keep),
    ]  # fmt: skip
    return f"coalesce({' AND '.join(parts)}, false)"


def _kind_of_amounts() -> str:
    """What of a line's amounts is missing, and which cost is above zero, as one number."""
    told = [f"{name} IS NULL" for name in AMOUNTS] + [f"coalesce({name} > 0, false)" for name in _COSTS]
    return " + ".join(f"{2**place}::UBIGINT * ({one})::UBIGINT" for place, one in enumerate(told))
