"""Bills merged into a client's store by SQL over its files, so that a large one is never in memory.

A bill's lines have no ids: a billing period is replaced as a whole, and never by a reading that was only partial
and holds less of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from opsreport.coverage import Coverage
from opsreport.schemas import SQL_TYPES, TEXT, Frame
from opsreport.schemas.stored import StoredRows


def offer(db: duckdb.DuckDBPyConnection, frame: Frame, rows: pd.DataFrame | StoredRows, source: str) -> None:
    """Let a database see what was read as ``incoming``: the frame's columns, then ``source``."""
    if isinstance(rows, StoredRows):
        columns = ", ".join(f"{column.name}::{SQL_TYPES[column.dtype]} AS {column.name}" for column in frame.columns)
        db.execute(f"CREATE VIEW incoming AS SELECT {columns}, {_literal(source)} AS source "
                   f"FROM ({rows.query})")  # fmt: skip
    else:
        given = rows.assign(source=pd.Series(source, index=rows.index, dtype=TEXT))
        db.register("incoming", pa.Table.from_pandas(given, preserve_index=False))


def merge(
    db: duckdb.DuckDBPyConnection, frame: Frame, folder: Path, coverage: Coverage,
    write: Callable[[duckdb.DuckDBPyConnection, dict[Path, str]], None],
) -> Coverage:  # fmt: skip
    """Put ``incoming`` in the place of what is known of its billing periods.

    Parameters
    ----------
    folder : Path
        Where the frame's files lie, one a month.
    write : callable
        Writes each query's rows to its file, all or none.
    """
    part, month = frame.replaces_by, f"strftime({frame.starts}, '%Y-%m')"
    files = sorted(folder.glob("*.parquet"))
    db.execute(f"CREATE VIEW known AS {_known(files)}")
    coverage = _keep_fuller(db, frame, coverage)
    db.execute(f"CREATE TABLE fresh AS SELECT DISTINCT {part} AS value FROM incoming ANTI JOIN kept ON value = {part}")
    is_fresh = f"{part} IN (FROM fresh)"
    is_replaced = f"source = {_literal(coverage.source)} AND {is_fresh}"
    months = db.execute(
        f"SELECT {month} FROM incoming WHERE {is_fresh} UNION SELECT {month} FROM known WHERE {is_replaced} ORDER BY 1"
    ).fetchall()
    write(db, {
        (path := folder / f"{name}.parquet"):
        f"SELECT * FROM ({_known([path] if path in files else [])} WHERE NOT ({is_replaced}) UNION ALL BY NAME "
        f"SELECT * FROM incoming WHERE {is_fresh} AND {month} = '{name}') ORDER BY ALL"
        for (name,) in months
    })  # fmt: skip
    return coverage


def is_same(db: duckdb.DuckDBPyConnection, made: str, path: Path) -> bool:
    """Whether a file that is there holds the rows of one that was made to take its place."""
    # The two may differ in bytes: DuckDB writes whether a column lacks nulls as far as it knows that before.
    digest = "SELECT count(*), sum(hash(held)) FROM read_parquet({}) AS held"
    both = (_literal(made), _literal(str(path)))
    return path.exists() and len({db.execute(digest.format(one)).fetchone() for one in both}) == 1


def _known(files: list[Path]) -> str:
    """A query of what some files hold; a file that an older version wrote may lack a column."""
    nothing = "SELECT * FROM incoming WHERE false"
    read = f"FROM read_parquet([{', '.join(_literal(str(path)) for path in files)}], union_by_name = true)"
    return f"SELECT * FROM ({nothing} UNION ALL BY NAME {read})" if files else f"SELECT * FROM ({nothing})"


def _keep_fuller(db: duckdb.DuckDBPyConnection, frame: Frame, coverage: Coverage) -> Coverage:
    """Note the billing periods that a partial reading would have made smaller; they stay as they were.

    The fuller is the one with more lines. Where just one of the two has its lines summed by the day, it is the one
    that has more to tell apart on its days, or more cost.
    """
    db.execute("CREATE TABLE kept (value TIMESTAMPTZ)")
    if coverage.status == "ok":
        return coverage
    what = ", ".join(column.name for column in frame.columns if column.dtype == TEXT)
    told = (
        f"SELECT {frame.replaces_by} AS value, count(*) AS lines, sum(abs(billed_cost)) AS cost, "
        f"count(DISTINCT hash(date_trunc('day', {frame.starts}), {what})) AS groups, coalesce(bool_or("
        f"charge_category = 'Usage' AND {frame.ends} - {frame.starts} < INTERVAL 1 DAY), false) AS is_hourly"
    )
    db.execute(
        f"INSERT INTO kept SELECT value FROM ({told} FROM known WHERE source = $source GROUP BY 1) k "
        f"JOIN ({told} FROM incoming GROUP BY 1) i USING (value) WHERE CASE WHEN k.is_hourly = i.is_hourly "
        "THEN k.lines > i.lines ELSE (k.groups, k.cost) > (i.groups, i.cost) END",
        {"source": coverage.source},
    )
    kept = [month for (month,) in db.sql("SELECT strftime(value, '%Y-%m') FROM kept ORDER BY 1").fetchall()]
    if not kept:
        return coverage
    why = f"{coverage.why}; the fuller earlier reading of {', '.join(kept)} was kept".lstrip("; ")
    return Coverage(**{**coverage.record(), "why": why})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
