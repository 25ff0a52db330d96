"""A bill's columns as DuckDB's expressions: of a file's own types, to the cost frame's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from opsreport.schemas import DECIMAL, FRAMES, INSTANT
from opsreport.sources import _bill, _files

AMOUNTS = tuple(column.name for column in FRAMES["cost"].columns if column.dtype == DECIMAL)
TIMES = tuple(column.name for column in FRAMES["cost"].columns if column.dtype == INSTANT)
TEXTS = ("account", "service", "provider",
         *(name for name in FRAMES["cost"].names if name not in (*AMOUNTS, *TIMES, "provider_name")))  # fmt: skip


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


def kinds_of(db: duckdb.DuckDBPyConnection, raw: str, params: list) -> dict[str, str]:
    """DuckDB's type of each column."""
    told = db.execute(f"DESCRIBE {raw}", params).fetchall()
    return {name: kind for name, kind, *_ in told}


def known_text(name: str, nulls: Sequence[str]) -> str:
    """A column of text, null where it holds a word that means null."""
    return f"CASE WHEN {name} NOT IN ({', '.join(map(literal, nulls))}) THEN {name} END" if nulls else name


def provider_of(nulls: Sequence[str]) -> str:
    """The provider's name, whatever the version of FOCUS calls it."""
    return f"coalesce({known_text('service', nulls)}, {known_text('provider', nulls)})"


def text(bill: Bill, kinds: dict[str, str], name: str) -> str:
    """A column's text; a map's or a list's is its JSON."""
    if name not in kinds:
        return f"{literal(bill.constants.get(name))}::VARCHAR"
    is_nested = kinds[name].startswith(("MAP", "STRUCT")) or kinds[name].endswith("]")
    return f"to_json({name})::VARCHAR" if is_nested else f"{name}::VARCHAR"


def _given(bill: Bill, kinds: dict[str, str], name: str) -> tuple[str, str]:
    """A column as it stands in the file, or the constant in its place; and its type."""
    if name not in kinds:
        return f"{literal(bill.constants.get(name))}::VARCHAR", "VARCHAR"
    return (known_text(name, bill.nulls) if kinds[name] == "VARCHAR" else name), kinds[name]


def decimal(bill: Bill, kinds: dict[str, str], name: str) -> str:
    """A column's exact numbers; the query fails where one cannot be read."""
    given, kind = _given(bill, kinds, name)
    if kind == "VARCHAR":
        # DuckDB would read 1_000 too.
        given = f"CASE WHEN contains({given}, '_') THEN error('unread') ELSE {given} END"
    elif kind in ("FLOAT", "DOUBLE"):
        given = f"{given}::VARCHAR"  # a float goes by its shortest text, which is what wrote it
    return f"({given})::DECIMAL(38, 18)"


def instant(bill: Bill, kinds: dict[str, str], name: str) -> str:
    """A column's times in UTC, without a zone; the query fails where one cannot be read."""
    given, kind = _given(bill, kinds, name)
    if kind == "DATE" or (kind.startswith("TIMESTAMP") and "ZONE" not in kind):
        return f"{given}::TIMESTAMP"
    if kind != "VARCHAR":
        return f"make_timestamp(epoch_us({given}::TIMESTAMPTZ))"
    made = _bill.instant_of(given, bill.time_format)
    return f"CASE WHEN {given} IS NOT NULL THEN make_timestamp(epoch_us(coalesce({made}, error('unread')))) END"


def refuse_unread(db: duckdb.DuckDBPyConnection, bill: Bill, kinds: dict[str, str], raw: str, params: list) -> None:
    """Name the first value that cannot be read, where that is why a file could not be."""
    db.execute("SET preserve_insertion_order = true; SET threads = 1")  # for rows are counted
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


def literal(value: str | None) -> str:
    """A text as SQL writes it."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
