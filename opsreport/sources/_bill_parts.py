"""The files of a large bill put together by DuckDB: each charge once, in the cost frame's columns and types."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from opsreport.coverage import days_without_usage
from opsreport.errors import SchemaError
from opsreport.schemas import FRAMES, INSTANT
from opsreport.schemas.stored import StoredRows
from opsreport.sources import _bill, _bill_days
from opsreport.sources._bill_columns import AMOUNTS, TEXTS, TIMES, known_text, literal, provider_of
from opsreport.sources._bill_days import Part, database

_COST = FRAMES["cost"]
#: Longest of what counts as used by the day, as in `opsreport.coverage.days_without_usage`.
_SHORT = "charge_category = 'Usage' AND charge_period_end - charge_period_start <= INTERVAL 25 HOUR"


def joined(parts: Sequence[Part], latest: bool) -> StoredRows:
    """The charges of all files, each once.

    Parameters
    ----------
    latest : bool
        Whether each export replaces the one before it.

    Returns
    -------
    StoredRows
        The frame's columns, and ``first`` and ``last``: the time that a row's lines tell of.

    Raises
    ------
    SourceError, SchemaError
        When two files hold the same bill, or a value is not one that a bill may hold.

    Notes
    -----
    Each file is read once. Only where a provider's sums are all whole numbers it is read again, to keep lines that
    are not: whether a cost was rounded to whole units is told by its lines.
    """
    made = _put_together(parts, latest)
    keep = _whole_sums(made)
    if not keep:
        return made
    again = [_bill_days.summed(part.bill, part.folder, keep, len(parts) > 1) for part in parts]
    return _put_together(again, latest)


def observed(rows: StoredRows) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """From the first usage to the last, as `opsreport.sources.focus.observed`; None of a bill without a line."""
    usage = "charge_category = 'Usage' AND charge_period_end IS NOT NULL"
    for told, end in ((_SHORT, "last"), (usage, "last"), ("true", "first")):
        start, last = _asked(rows, f"SELECT min(first)::VARCHAR, max({end})::VARCHAR FROM bill WHERE {told}")[0]
        if start is not None:
            return pd.Timestamp(start).as_unit("us"), pd.Timestamp(last).as_unit("us")
    return None


def idle_days(rows: StoredRows) -> list[pd.Timestamp]:
    """Days (UTC) without any usage between days that have some."""
    days = _asked(rows, f"SELECT DISTINCT date_trunc('day', first)::VARCHAR FROM bill WHERE {_SHORT}")
    starts = pd.Series(pd.to_datetime([day for (day,) in days], utc=True), dtype=INSTANT)
    return days_without_usage(pd.DataFrame({
        "charge_category": "Usage", "charge_period_start": starts, "charge_period_end": starts + pd.Timedelta(days=1),
    }))  # fmt: skip


def _put_together(parts: Sequence[Part], latest: bool) -> StoredRows:
    folder, nulls = parts[0].folder, parts[0].bill.nulls
    with database(Path(folder.name)) as db:
        files = [part.bill.file.name for part in parts]
        db.execute(f"CREATE VIEW part AS {_all_of(parts)}")
        tags, is_apart = _tags(db, files, nulls, folder)
        known = _known(_all_of(parts), tags, nulls, latest)
        db.execute(f"CREATE VIEW known AS {known}")
        if len(parts) > 1:
            _refuse_overlap(db, files)
        if len(parts) == 1 and is_apart:
            # Of one file the days are summed already, where no tags that it wrote in two ways are the same.
            ((count,),) = db.execute("SELECT count(*) FROM part").fetchall()
            made = StoredRows(f"SELECT {_final('{}')} FROM ({known})", count, folder)
        else:
            name = _new_file(folder)
            ((count,),) = db.execute(
                f"COPY (SELECT {_final('{}({})')}, kind FROM known GROUP BY ALL) TO {literal(name)} "
                "(FORMAT parquet, USE_TMP_FILE false)").fetchall()  # fmt: skip
            made = StoredRows(f"FROM read_parquet({literal(name)})", count, folder)
            for part in parts:
                part.path.unlink()
    _refuse_unlike(made)
    return made


def _final(how: str) -> str:
    """The frame's columns, and ``first``, ``last`` and ``lines``; summed where `how` has room for a function."""
    of = {**dict.fromkeys(AMOUNTS, "sum"), "first": "min", "last": "max", "lines": "sum"}
    made = {name: how.format(of[name], name) if "({" in how and name in of else name
            for name in (*_COST.names, "first", "last", "lines")}  # fmt: skip
    times = (*TIMES, "first", "last")
    return ", ".join(f"{one}{'::TIMESTAMPTZ' if name in times else ''} AS {name}" for name, one in made.items())


def _all_of(parts: Sequence[Part]) -> str:
    return " UNION ALL BY NAME ".join(_part(number, part) for number, part in enumerate(parts))


def _new_file(folder: tempfile.TemporaryDirectory) -> str:
    handle, name = tempfile.mkstemp(dir=folder.name, suffix=".parquet")
    os.close(handle)
    return name


def _part(number: int, part: Part) -> str:
    export, path = literal(_bill.export_of(part.bill.file.name)), literal(str(part.path))
    return f"SELECT *, {number} AS file, {export} AS export FROM read_parquet({path})"


def _known(part: str, tags: str, nulls: Sequence[str], latest: bool) -> str:
    """The lines with what their texts mean."""
    texts = {name: known_text(name, nulls) for name in TEXTS if name not in ("service", "provider", "tags")}
    frequency = texts["charge_frequency"]
    texts["charge_frequency"] = f"CASE lower({frequency}) WHEN 'usage-based' THEN 'Usage-Based' ELSE {frequency} END"
    made = ", ".join(f"{expression} AS {name}" for name, expression in texts.items())
    only = ("QUALIFY export = max(export) OVER (PARTITION BY provider_name, account, billing_period_start)"
            if latest else "")  # fmt: skip
    rest = ", ".join((*TIMES, *AMOUNTS, "kind", "first", "last", "lines", "sketch", "file", "export"))
    return f"""
        SELECT {provider_of(nulls)} AS provider_name, {made}, tag.made AS tags, {rest}
        FROM ({part}) AS part LEFT JOIN read_parquet({literal(tags)}) AS tag ON part.tags = tag.given {only}
    """


def _tags(
    db: duckdb.DuckDBPyConnection, files: list[str], nulls: Sequence[str], folder: tempfile.TemporaryDirectory
) -> tuple[str, bool]:
    """A file of tags as they are compared, each text read once; and whether no two of them mean the same."""
    told = db.execute("SELECT tags, min(file) FROM part WHERE tags IS NOT NULL GROUP BY 1").fetchall()
    made = {text: None if text in nulls else _bill.canonical(files[file], text) for text, file in told}
    name = _new_file(folder)
    pq.write_table(pa.table({"given": pa.array(made, pa.string()), "made": pa.array(made.values(), pa.string())}), name)
    return name, len(set(made.values())) == len(made)


def _refuse_overlap(db: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """Refuse two files of which one holds more than half of the other's lines of a bill.

    The least hash of a day's lines is that of another file's as often as the two share lines.
    """
    db.execute(
        "CREATE TEMP TABLE counted AS SELECT file, hash(provider_name, account, billing_period_start) AS bill, "
        "any_value(billing_period_start) AS month, sketch, sum(lines) AS lines FROM known GROUP BY file, bill, sketch"
    )
    shared = db.execute(
        "WITH sized AS (SELECT file, bill, sum(lines) AS size FROM counted GROUP BY ALL) "
        "SELECT a.file, b.file, any_value(strftime(a.month, '%Y-%m')), sum(greatest(a.lines, b.lines)) AS same, "
        "any_value(least(x.size, y.size)) AS smaller FROM counted a JOIN counted b USING (bill, sketch) "
        "JOIN sized x ON x.file = a.file AND x.bill = bill JOIN sized y ON y.file = b.file AND y.bill = bill "
        "WHERE a.file < b.file GROUP BY a.file, b.file, bill HAVING same * 2 > smaller ORDER BY 1, 2, 3 LIMIT 1"
    ).fetchone()
    if shared:
        first, second, month, same, smaller = shared
        _bill.refuse_twice(files[first], files[second], month, f"about {min(same, smaller)} of {smaller}")


def _refuse_unlike(rows: StoredRows) -> None:
    """Refuse what the frame may not hold, as `opsreport.schemas.frame.Frame.conform` does."""
    wrong = {f"{column.name} IS NULL": f"{column.name} is missing in {{n}}, where it must be known"
             for column in _COST.columns if column.required}  # fmt: skip
    for column in (column for column in _COST.columns if column.allowed):
        words = ", ".join(f"'{word}'" for word in column.allowed)
        wrong[f"{column.name} NOT IN ({words})"] = (
            f"{column.name} holds {{one}} in {{n}}; it is one of {', '.join(column.allowed)}")  # fmt: skip
    wrong["charge_period_end < charge_period_start"] = "charge_period_end lies before charge_period_start in {n}"
    counts = ", ".join(f"coalesce(sum(lines) FILTER ({test}), 0)" for test in wrong)
    for (test, said), count in zip(wrong.items(), _asked(rows, f"SELECT {counts} FROM bill")[0], strict=True):
        if count:
            column = test.partition(" ")[0]
            ((one,),) = _asked(rows, f"SELECT min({column})::VARCHAR FROM bill WHERE {test}")
            lines = "a line" if count == 1 else f"{count} lines"
            raise SchemaError(f"cost.{said.format(n=lines, one=repr(one))}", hint="export the bill again")


def _whole_sums(rows: StoredRows) -> list[tuple[str | None, str, str]]:
    """Each (provider, currency, cost) of which all sums of some month are whole numbers, but maybe not the lines."""
    found: set[tuple[str | None, str, str]] = set()
    for cost in ("billed_cost", "effective_cost"):
        found |= {(provider, code, cost) for provider, code in _asked(
            rows, "SELECT provider_name, billing_currency FROM bill WHERE charge_category = 'Usage' AND "
            "commitment_discount_id IS NULL AND commitment_discount_status IS NULL "
            "GROUP BY provider_name, billing_currency, date_trunc('month', charge_period_start) "
            f"HAVING bool_and({cost} % 1 = 0) AND bool_or(lines > 1 AND {cost} <> 0)")}  # fmt: skip
    return sorted(found, key=str)


def _asked(rows: StoredRows, query: str) -> list[tuple]:
    with database(Path(rows.folder.name)) as db:
        return db.execute(f"WITH bill AS ({rows.query}) {query}").fetchall()
