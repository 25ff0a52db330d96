"""A provider's bill, file by file: each read once, its columns by their names, its tags as one column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from opsreport.errors import SourceError
from opsreport.sources import Pages, SourceSettings, _bill, _files
from opsreport.sources._bill_days import Part

SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class Export:
    """A file's columns under the names that its source gives them, and how many others it has."""

    file: str
    rows: pa.Table | Part
    ignored: int


def fetch(
    settings: SourceSettings, path: str, latest: bool, suffixes: tuple[str, ...],
    read: Callable[[_files.File], tuple[pa.Table | Part, int]],
) -> Pages:  # fmt: skip
    """Every file once; one that cannot be read makes the pages partial.

    Parameters
    ----------
    latest : bool
        Whether each file is a full export that replaces earlier ones.
    read : callable
        A file's rows, and how many of its columns were ignored.

    Raises
    ------
    SourceError
        When no file can be read, or one is not what the source reads.
    """
    exports, inputs, faults, notes, seen = [], [], [], [], {}
    for file in _files.find(settings, path, suffixes):
        try:
            record = file.record()
            # A later export may hold an unchanged file: that one is needed when the earlier is dropped.
            export = _bill.export_of(file.name) if latest else ""
            first = seen.setdefault((export, record["sha256"]), file.name)
            if first != file.name:
                notes.append(f"{file.name} is the same file as {first} and was read once")
                continue
            exports.append(Export(file.name, *read(file)))
            inputs.append(record)
        except _files.BrokenFile as error:
            faults.append(error.message)
            inputs.append({"path": file.name, "unread": error.message})
    if not exports:
        raise SourceError("; ".join(faults), hint="export again what cannot be read")
    status = "partial" if faults else "ok"
    ignored = {export.file: export.ignored for export in exports}
    return Pages(tuple(exports), settings, tuple(inputs), status, "; ".join(faults + notes), {"ignored": ignored})


def columns(
    file: _files.File, wanted: Mapping[str, Sequence[str]], needed: Iterable[str], of: str, nulls: list[str],
    tags: Sequence[str] = (),
) -> tuple[pa.Table, int]:  # fmt: skip
    """A file's rows, its columns renamed, those of its tags as one; and how many columns were ignored.

    Parameters
    ----------
    wanted : mapping
        By the name that the source gives it, what the provider calls a column, in any case;
        the first that the file has.
    needed : iterable of str
        Those that every file of the kind has.
    of : str
        What such a file is, for the message when it is not one.
    tags : sequence of str
        How the names of columns of tags begin, the longest first; what follows is the tag's.

    Raises
    ------
    SourceError
        When a needed column is missing.
    """
    names = _files.columns(file)
    there = {name.strip().lower(): name for name in reversed(names)}
    found = {here: [there[name.lower()] for name in ways if name.lower() in there] for here, ways in wanted.items()}
    lacking = [wanted[here][0] for here in needed if not found[here]]
    if lacking:
        raise SourceError(
            f"{file.name} is not {of}: it has no column {', '.join(lacking)}",
            hint="check the path; a bill in FOCUS columns is read by focus, any other table by table",
        )
    pick = {here: ways[0] for here, ways in found.items() if ways}
    tagged = {f"tag_{n}": name for n, name in enumerate(names) if name.startswith(tuple(tags))}
    rows = _files.read(file, {**pick, **tagged}, nulls)
    ignored = len(names) - len(rows.column_names)
    for here in set(wanted) - set(pick):
        rows = rows.append_column(here, pa.nulls(rows.num_rows, pa.string()))
    keys = {here: next(name[len(t) :] for t in tags if name.startswith(t)) for here, name in tagged.items()}
    return (_with_tags(rows, keys) if tags else rows), ignored


def refuse_others(export: Export, column: str, name: str, known: Iterable[str], hint: str) -> None:
    """Refuse a file with a word that is not known: a charge must not be guessed, nor dropped."""
    counted = export.rows[column].value_counts().to_pylist()
    others = [(one["values"], one["counts"]) for one in counted if one["values"] not in set(known)]
    if others:
        word, count = sorted(others, key=str)[0]
        rows = f"{count} row" + ("" if count == 1 else "s")
        raise SourceError(f"{export.file}: {name} is {word!r} in {rows}, which is not known", hint=hint)


def words(column: str, meanings: Mapping[str, str]) -> str:
    """A column's words translated, as DuckDB writes it; what has no meaning is missing."""
    cases = [f"when '{name.replace(chr(39), chr(39) * 2)}' then '{one}'" for name, one in meanings.items()]
    return f"case {column} {' '.join(cases)} end"


def _with_tags(rows: pa.Table, keys: dict[str, str]) -> pa.Table:
    """The rows with their columns of tags as one JSON object each; missing where a row has none."""
    held = [rows[here].to_pylist() for here in keys]
    written = [
        json.dumps(found, ensure_ascii=False) if found else None
        for values in zip(*held, strict=True)
        for found in [{key: value for key, value in zip(keys.values(), values, strict=True) if value is not None}]
    ] or [None] * rows.num_rows
    return rows.drop_columns(list(keys)).append_column("tags", pa.array(written, pa.string()))
