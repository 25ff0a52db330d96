"""Files as tables: finding them, and reading CSV and Parquet without guessing a type."""

from __future__ import annotations

import csv
import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from opsreport.errors import SourceError
from opsreport.sources import SourceSettings, file_record

#: A text that no file holds, for DuckDB, which insists on some text that means missing.
_NO_NULL = "\x00\x01"
_BROKEN = (duckdb.Error, OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error)


class BrokenFile(SourceError):
    """A file that is there but cannot be read to its end."""


@dataclass(frozen=True)
class File:
    """A file to read, and the name by which messages and the manifest call it."""

    path: Path
    name: str

    def record(self) -> dict[str, Any]:
        """Its name, hash and size, for `Pages.inputs`."""
        with reading(self.name):
            return {**file_record(self.path), "path": self.name}


def find(settings: SourceSettings, path: str, suffixes: tuple[str, ...]) -> list[File]:
    """The files that a file, a folder or a glob names, sorted by name.

    A folder is searched to its bottom for the suffixes; hidden files are not read, and a
    folder that links back to one above it is entered once.

    Raises
    ------
    SourceError
        When there is nothing to read.
    """
    base = settings.resolve(path)
    if base.is_file():
        return [File(base, base.name)]
    if base.is_dir():
        found = [file for file in _below(base) if file.name.lower().endswith(suffixes)]
        wanted = ", ".join(f"*{suffix}" for suffix in suffixes)
        return _some(found, f"the folder {path} holds no file {wanted}")
    if glob.has_magic(path):
        return _some(_matching(settings, path), f"no file matches {path}")
    raise SourceError(f"there is no {path}", hint="paths are relative to the client's file")


def named(settings: SourceSettings) -> Path | None:
    """The one file or folder that a source's settings name; None where they name a pattern, or no path."""
    path = getattr(settings, "path", "")
    return settings.resolve(path) if path and not glob.has_magic(path) else None


def columns(file: File, delimiter: str = ",") -> list[str]:
    """The columns' names, as the file writes them.

    Raises
    ------
    SourceError
        When the file cannot be read, or has not even a header.
    """
    with reading(file.name):
        if is_parquet(file):
            return connection().sql(f"from {_PARQUET}", params=[literal(file)]).columns
        opened = gzip.open if file.name.endswith(".gz") else open
        with opened(file.path, "rt", encoding="utf-8-sig", newline="") as handle:
            names = next(csv.reader(handle, delimiter=delimiter), [])
    if not names:
        raise BrokenFile(f"{file.name} is empty: it has no header", hint="export it again")
    return names


def read(file: File, pick: dict[str, str], nulls: list[str], delimiter: str = ",") -> pa.Table:
    """Some columns of a file; those of a CSV as text, those of a Parquet file as stored.

    Parameters
    ----------
    pick : dict
        The column of the file that each column of the result holds.
    nulls : list of str
        The texts that mean that nothing is known.

    Raises
    ------
    SourceError
        When a row is broken or the file is cut short; no row is skipped.
    """
    query, params = selected(file, pick, nulls, delimiter)
    with reading(file.name):
        return connection().sql(query, params=params).to_arrow_table()


def selected(file: File, pick: dict[str, str], nulls: list[str], delimiter: str = ",") -> tuple[str, list[Any]]:
    """The query, and its parameters, that gives some columns of a file as `read` does.

    Raises
    ------
    SourceError
        When the file has no header, or two columns of a name.
    """
    names = columns(file, delimiter)
    twice = sorted({name for name in pick.values() if names.count(name) > 1})
    if twice:
        raise SourceError(f"{file.name} has two columns {', '.join(twice)}", hint="rename one of them")
    if is_parquet(file):
        chosen = ", ".join(f"{_quoted(there)} as {_quoted(here)}" for here, there in pick.items())
        return f"select {chosen} from {_PARQUET}", [literal(file)]
    # Columns are named by place, so that no name in a file can become part of a query.
    chosen = ", ".join(f"c{names.index(there)} as {_quoted(here)}" for here, there in pick.items())
    shape = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    query = f"select {chosen} from {_CSV.replace('SHAPE', shape)}"
    return query, [literal(file), delimiter, nulls or [_NO_NULL]]


def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, in UTC, which fetches no extension."""
    made = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    made.execute("set TimeZone = 'UTC'")
    return made


def is_parquet(file: File) -> bool:
    """Whether a file's name says Parquet."""
    return file.name.lower().endswith(".parquet")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever a broken file raises into an error that names it, and the line where known."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise BrokenFile(f"{name} is not UTF-8 text", hint="export it as UTF-8") from error
    except _BROKEN as error:
        if "state machine" in str(error):  # DuckDB's own words for what no line of the file is named for
            said = f"{name} cannot be read: its lines do not all end alike, or a quote is out of place"
            raise BrokenFile(said, hint="save it as CSV again, with one kind of line ending") from error
        raise BrokenFile(f"{name} cannot be read: {_said(error)}", hint="export the file again") from error


_PARQUET = "read_parquet(?, hive_partitioning = false)"
_CSV = (
    "read_csv(?, header = true, auto_detect = false, strict_mode = true, delim = ?, quote = '\"', escape = '\"', "
    "hive_partitioning = false, nullstr = ?, columns = {SHAPE})"
)


def _said(error: Exception) -> str:
    """The part of an error that names the place and the fault, without the data around it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    if not line:
        # DuckDB names the file by its whole path, which is no part of a report.
        return re.sub(r"['\"]?/\S+", "", text.splitlines()[0]).strip(" :") if text else type(error).__name__
    faults = [row for row in text.splitlines()[1:] if row.strip() and not row.startswith("Original Line")]
    fault = next((row for row in faults if re.match(r"Expected|Value|Invalid|The |Maximum", row)), "it is broken")
    return f"line {line[1]}: {fault.strip().rstrip('.')}"


def literal(file: File) -> str:
    """A file's path as DuckDB takes it: no letter of it is a pattern."""
    return glob.escape(str(file.path))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _below(base: Path) -> list[File]:
    seen, found = set(), []
    for folder, inner, names in os.walk(base, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        found += [File(path, path.relative_to(base).as_posix()) for path in paths if path.is_file()]
    return found


def _matching(settings: SourceSettings, pattern: str) -> list[File]:
    parts = Path(pattern).parts
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    base = settings.resolve(str(Path(*parts[:fixed])))
    wanted = re.compile("/".join(map(_regex, parts[fixed:])).replace("(?:.*)/", "(?:.*/)?"))
    return [file for file in _below(base) if wanted.fullmatch(file.name)] if base.is_dir() else []


def _regex(part: str) -> str:
    if part == "**":
        return "(?:.*)"
    pieces = re.split(r"(\*|\?|\[!?[^]]+\])", part)
    known = {"*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(piece) or ("[" + piece[1:].replace("!", "^", 1) if piece.startswith("[") else re.escape(piece))
        for piece in pieces
    )


def _some(found: list[File], nothing: str) -> list[File]:
    if not found:
        raise SourceError(nothing, hint="paths are relative to the client's file")
    return sorted(found, key=lambda file: file.name)
