"""A bill's columns from text, or as Parquet stored them, to the cost frame's exact types, in DuckDB."""

from __future__ import annotations

import json
from typing import NoReturn

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opsreport.errors import SourceError
from opsreport.schemas import DECIMAL, FRAMES, INSTANT, TEXT
from opsreport.sources._files import connection

_NUMBER = r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*"
_TIME = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?"
_HINTS = {
    DECIMAL: "write it as 1234.56: no separator of thousands, sign of currency or unit",
    INSTANT: 'write it like 2026-10-01T00:00:00Z, or declare time_format, like "%m/%d/%y"',
}


def typed(file: str, raw: pa.Table, time_format: str = "") -> pa.Table:
    """The cost frame's columns, in order, with account: decimals exact, times in UTC.

    Raises
    ------
    SourceError
        When a value cannot be read; names file, row, column and value.
    """
    made = {"account": _text(raw, "account") if "account" in raw.column_names else "null::varchar"}
    for column in FRAMES["cost"].columns:
        name = column.name
        if name == "provider_name":
            made[name] = _provider(raw)
        elif name not in raw.column_names:
            made[name] = f"null::{'decimal(38, 18)' if column.dtype == DECIMAL else _null_type(column.dtype)}"
        elif column.dtype == DECIMAL:
            made[name] = _decimal(raw, name)
        elif column.dtype == INSTANT:
            made[name] = _instant(raw, name, time_format)
        else:
            made[name] = _text(raw, name)
    frequency = made["charge_frequency"]
    made["charge_frequency"] = f"case lower({frequency}) when 'usage-based' then 'Usage-Based' else {frequency} end"
    query = ", ".join(f"{expression} as {name}" for name, expression in made.items())
    rows = connection().from_arrow(raw).query("bill", f"select {query} from bill").to_arrow_table()
    _refuse_unread(file, raw, rows)
    place = rows.column_names.index("tags")
    return rows.set_column(place, "tags", _canonical(file, rows["tags"]))


def export_of(file: str) -> str:
    """The export that a file belongs to: its folder, or itself."""
    return file.rpartition("/")[0] or file


def joined(files: list[str], parts: list[pa.Table], latest: bool) -> pa.Table:
    """The charges of all exports, each once.

    Raises
    ------
    SourceError
        When two files hold the same lines of one bill.
    """
    exports = [export_of(file) for file in files]
    marked = [
        part.append_column("file", pa.array([n] * len(part), pa.int32())).append_column(
            "export", pa.array([exports[n]] * len(part), pa.string()))
        for n, part in enumerate(parts)
    ]  # fmt: skip
    rows = pa.concat_tables(marked)
    if latest:
        bill = "provider_name, account, billing_period_start"
        kept = f"select * from bill qualify export = max(export) over (partition by {bill})"
        rows = connection().from_arrow(rows).query("bill", kept).to_arrow_table()
    if len(parts) > 1:
        _refuse_overlap(files, rows)
    return rows.select(list(FRAMES["cost"].names))


def as_frame(rows: pa.Table) -> pd.DataFrame:
    """The charges as the cost frame, each column with its dtype."""
    kinds = {pa.string(): TEXT, pa.decimal128(38, 18): DECIMAL}
    instants = [column.name for column in FRAMES["cost"].columns if column.dtype == INSTANT]
    return rows.to_pandas(types_mapper=kinds.get).astype(dict.fromkeys(instants, INSTANT))


def decimals(file: str, raw: pa.Table, names: dict[str, str]) -> pa.Table:
    """The rows with some columns of text as exact numbers.

    Parameters
    ----------
    names : dict
        The columns, and what the provider calls each.

    Raises
    ------
    SourceError
        When a value is no number; names file, row, column and value.
    """
    made = ", ".join(f"{_decimal(raw, name)} as {name}" for name in names)
    read = connection().from_arrow(raw).query("bill", f"select {made} from bill").to_arrow_table()
    for name, theirs in names.items():
        _refuse_unlike(file, raw[name], read[name], theirs, DECIMAL)
        raw = raw.set_column(raw.column_names.index(name), name, read[name])
    return raw


def without_words(rows: pa.Table, nulls: list[str]) -> pa.Table:
    """Null where a text column holds a word that means null."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = rows.column(place)
            known = pc.if_else(pc.is_in(column, value_set=pa.array(nulls, field.type)), None, column)
            rows = rows.set_column(place, field.name, known)
    return rows


def _null_type(dtype: object) -> str:
    return "timestamptz" if dtype == INSTANT else "varchar"


def _provider(raw: pa.Table) -> str:
    known = [_text(raw, name) for name in ("service", "provider") if name in raw.column_names]
    return f"coalesce({', '.join(known)})"


def _text(raw: pa.Table, name: str) -> str:
    kind = raw.schema.field(name).type
    return f"to_json({name})::varchar" if pa.types.is_nested(kind) else f"{name}::varchar"


def _decimal(raw: pa.Table, name: str) -> str:
    kind = raw.schema.field(name).type
    is_exact = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    return decimal_of(name, "" if is_exact else "VARCHAR")


def decimal_of(given: str, kind: str) -> str:
    """An exact number of DuckDB's type, as it writes it; missing where it is none."""
    if kind not in ("VARCHAR", "FLOAT", "DOUBLE"):
        return f"try_cast({given} as decimal(38, 18))"
    # DuckDB would read 1_000 too; a float goes by its shortest text, which is what wrote it.
    text = f"({given})::varchar"
    return f"case when regexp_full_match({text}, '{_NUMBER}') then try_cast({text} as decimal(38, 18)) end"


def _instant(raw: pa.Table, name: str, time_format: str) -> str:
    is_time = pa.types.is_temporal(raw.schema.field(name).type)
    return f"{name}::timestamptz" if is_time else instant_of(name, time_format)


def instant_of(given: str, time_format: str) -> str:
    """A time of a text, as DuckDB writes it; missing where it is none."""
    if time_format:
        form = time_format.replace("'", "''")
        return f"try_strptime(trim({given}), '{form}')::timestamptz"
    return f"case when regexp_full_match(trim({given}), '{_TIME}') then try_cast(trim({given}) as timestamptz) end"


def _refuse_unread(file: str, raw: pa.Table, rows: pa.Table) -> None:
    for column in FRAMES["cost"].columns:
        if column.name in raw.column_names and column.dtype in _HINTS:
            _refuse_unlike(file, raw[column.name], rows[column.name], column.name, column.dtype)


def _refuse_unlike(file: str, given: pa.ChunkedArray, read: pa.ChunkedArray, name: str, dtype: object) -> None:
    """Refuse a column of which a value was given, but could not be read."""
    if given.null_count == read.null_count:
        return
    row = pc.index(pc.and_(pc.is_valid(given), pc.is_null(read)), True).as_py()
    refuse(file, row + 1, name, given[row].as_py(), dtype)


def refuse(file: str, row: int, name: str, value: object, dtype: object) -> NoReturn:
    """Say which value of a file cannot be read.

    Raises
    ------
    SourceError
    """
    kind = "a number" if dtype == DECIMAL else "a time"
    raise SourceError(f"{file}, row {row}, {name}: {str(value)[:80]!r} is not {kind}", hint=_HINTS[dtype])


def _canonical(file: str, tags: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tags as JSON objects with their keys sorted, so that the same tags are the same text."""
    coded = pc.dictionary_encode(tags).combine_chunks() if len(tags) else pa.array([], pa.string())
    if not len(tags):
        return pa.chunked_array([coded])
    words = [canonical(file, text) for text in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(words, pa.string()).take(coded.indices)])


def canonical(file: str, text: str) -> str:
    """Tags as one JSON object with its keys sorted.

    Raises
    ------
    SourceError
        When they are no JSON object.
    """
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if not isinstance(tags, dict):
        raise SourceError(f"{file}: the tags {text[:80]!r} are no JSON object", hint='write them like {"team": "web"}')
    return json.dumps(tags, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_overlap(files: list[str], rows: pa.Table) -> None:
    """Refuse two files of which one holds more than half of the other's lines of a bill.

    Parts of one export share a line now and then; an export and its next edition share most.
    """
    con = connection()
    con.register("lines", rows)
    names = ", ".join(name for name in rows.column_names if name not in ("file", "export"))
    con.execute(
        f"create temp table counted as select file, hash(provider_name, account, billing_period_start) as bill, "
        f"billing_period_start as month, hash({names}) as line, count(*) as times from lines group by all"
    )
    shared = con.execute(
        "with sized as (select file, bill, sum(times) as size from counted group by all) "
        "select a.file, b.file, any_value(strftime(a.month, '%Y-%m')), sum(least(a.times, b.times)) as same, "
        "any_value(least(x.size, y.size)) as smaller from counted a join counted b using (bill, line) "
        "join sized x on x.file = a.file and x.bill = bill join sized y on y.file = b.file and y.bill = bill "
        "where a.file < b.file group by a.file, b.file, bill having same * 2 > smaller order by 1, 2, 3 limit 1"
    ).fetchone()
    if shared:
        first, second, month, same, smaller = shared
        refuse_twice(files[first], files[second], month, f"{same} of {smaller}")


def refuse_twice(first: str, second: str, month: str, shared: str) -> NoReturn:
    """Say which two files hold the same bill.

    Raises
    ------
    SourceError
    """
    raise SourceError(
        f"{first} and {second} hold the same bill of {month}: {shared} lines are in both",
        hint="keep one of them, or set latest: true where each export replaces the one before it",
    )
