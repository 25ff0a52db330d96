"""Rows of a frame that are too many for memory: they lie in private Parquet files."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class StoredRows:
    """A frame's rows, in its columns and types, as a source hands them to the store instead of a DataFrame.

    Attributes
    ----------
    query : str
        What DuckDB is to be asked for them; they come in no order.
    count : int
    folder : TemporaryDirectory
        What the files lie in; it is removed with the last that refers to it.
    """

    query: str
    count: int
    folder: tempfile.TemporaryDirectory

    def __len__(self) -> int:
        return self.count
