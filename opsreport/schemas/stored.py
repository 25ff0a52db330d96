"""Rows of a frame that are too many for memory: they lie in a private Parquet file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StoredRows:
    """A frame's rows, in its columns and types, as a source hands them to the store instead of a DataFrame.

    Attributes
    ----------
    path : Path
        The Parquet file; the rows are in no order.
    count : int
    folder : TemporaryDirectory
        What the file lies in; it is removed with the last that refers to it.
    """

    path: Path
    count: int
    folder: tempfile.TemporaryDirectory

    def __len__(self) -> int:
        return self.count
