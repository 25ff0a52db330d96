"""A table as its file writes it: CSV, Parquet, a JSON document or JSON lines."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from opsreport.errors import SourceError
from opsreport.sources import _files
from opsreport.sources._files import File

_KINDS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
SUFFIXES = (*_KINDS, *(f"{suffix}.gz" for suffix in _KINDS if suffix != ".parquet"))


@dataclass(frozen=True)
class Sheet:
    """Columns by name, each a list of what the file holds, all of one length.

    `names` are all that the file has; `columns` may be fewer.
    """

    file: str
    names: tuple[str, ...]
    columns: dict[str, list[Any]]
    count: int


def sheet(file: File, settings: Any) -> Sheet:
    """The columns that the settings declare, or all of them where they declare none.

    Raises
    ------
    SourceError
        When the file is broken, or its format cannot be told.
    """
    bare = file.name.lower().removesuffix(".gz")
    kind = settings.format or next((kind for suffix, kind in _KINDS.items() if bare.endswith(suffix)), None)
    if kind is None:
        raise SourceError(f"{file.name}: which format is it?", hint="give format: csv, parquet, json or jsonl")
    if kind in ("json", "jsonl"):
        return _of_records(file, records(file, kind, settings.rows), nested=bool(settings.columns))
    delimiter = settings.delimiter or ("\t" if bare.endswith(".tsv") else ",")
    there = _files.columns(file, delimiter)
    wanted = set(settings.columns.values()) if settings.columns else {name for name in there if name}
    pick = {name: name for name in there if name in wanted}
    if not pick:
        return Sheet(file.name, tuple(there), {}, 0)
    table = _files.read(file, pick, settings.nulls, delimiter)
    held = {name: table.column(name).to_pylist() for name in table.column_names}
    return Sheet(file.name, tuple(there), held, table.num_rows)


def records(file: File, kind: str, rows: str = "") -> list[dict[str, Any]]:
    """The objects of a JSON file; `rows` says where in a document they stand."""
    if kind == "jsonl":
        lines = enumerate(_text(file).split("\n"), 1)
        found = [_parsed(line, f"{file.name}, line {number}") for number, line in lines if line.strip()]
    else:
        found = document(file)
        for step in rows.split(".") if rows else ():
            found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise SourceError(f"{file.name} holds no list of rows", hint="say in rows where it stands, like data.items")
    for number, record in enumerate(found, 1):
        if not isinstance(record, dict):
            raise SourceError(f"{file.name}, row {number} is not an object", hint="each row is {column: value}")
    return found


def document(file: File) -> Any:
    """A JSON file; numbers with a point keep their digits, as Decimal."""
    return _parsed(_text(file), file.name)


def _text(file: File) -> str:
    opened = gzip.open if file.name.endswith(".gz") else open
    with _files.reading(file.name), opened(file.path, "rt", encoding="utf-8-sig") as handle:
        return handle.read()


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        hint = "if each line is one row, give format: jsonl" if "Extra data" in str(error) else "export it again"
        raise SourceError(f"{place} is not JSON: {error}", hint=hint) from error


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def _of_records(file: File, found: list[dict[str, Any]], nested: bool) -> Sheet:
    flat = [_flat(record) for record in found] if nested else found
    names = tuple(dict.fromkeys(name for record in flat for name in record))
    return Sheet(file.name, names, {name: [record.get(name) for record in flat] for name in names}, len(flat))


def _flat(record: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Nested objects by dotted names too: {"a": {"b": 1}} has a and a.b."""
    made: dict[str, Any] = {}
    for name, value in record.items():
        made[f"{above}{name}"] = value
        if isinstance(value, dict):
            made |= _flat(value, f"{above}{name}.")
    return made
