"""What a frame is: its columns with dtype, unit and meaning, its key and its times."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import ModuleType
from typing import NoReturn

import pandas as pd
import pyarrow as pa

from opsreport.errors import SchemaError


def _without_spark(name: str) -> ModuleType:
    """A module that is loaded as if there were no pyspark: pandera loads it, for seconds and with a warning."""
    is_first = sys.modules.setdefault("pyspark", None) is None
    try:
        return importlib.import_module(name)
    finally:
        if is_first:
            del sys.modules["pyspark"]


pandera = _without_spark("pandera.pandas")

#: How a metric names a group whose key is missing; and groups that are no one key's.
MISSING, ANY = ("(none)", "unrated"), ("(all)", "(other)", "all")

#: Exact numbers: money, and the quantities that prices are worked out from.
DECIMAL = pd.ArrowDtype(pa.decimal128(38, 18))
INSTANT = pd.DatetimeTZDtype("us", "UTC")
TEXT = pd.StringDtype(na_value=float("nan"))
FLAG = pd.BooleanDtype()

#: The DuckDB type that holds each dtype without loss.
SQL_TYPES = {DECIMAL: "DECIMAL(38, 18)", INSTANT: "TIMESTAMPTZ", TEXT: "VARCHAR", FLAG: "BOOLEAN"}


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes
    ----------
    name, meaning : str
    dtype : pandas dtype
        One of DECIMAL, INSTANT, TEXT, FLAG.
    unit : str
        What a number counts; empty for text and flags.
    required : bool
        Whether a row without it is refused.
    allowed : tuple of str
        The only texts it may hold; empty when any will do.
    """

    name: str
    meaning: str
    dtype: object = TEXT
    unit: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """One kind of record, as every source fills it and every metric reads it.

    Attributes
    ----------
    name, title, one_row_is : str
        Title is the plural that a reader of the review knows.
    key : tuple of str
        The columns by which two readings of one record are known to be the same.
    starts : str
        The column that places a row in time.
    ends : str
        The column that ends it; empty when a row is an instant, NaT when it is still open.
    replaces_by : str
        Where rows have no id of their own (a bill's lines), the column whose values a
        source restates as a whole; empty when rows are merged by `key`.
    states_of : str
        Where a row is a stretch of time in a state, the column of what is in it: of the time that a
        reading tells of, it takes the place of what was known; stretches that meet are one.
    keeps_earliest : tuple of str
        Times of which the first stays, where a source dates all that it lists anew (``last_seen_at``).
    is_snapshot : bool
        Whether a row is what somebody saw at an instant, and holds until it is seen again.
    is_billed : bool
        Whether its days and months are the bill's, which are counted in UTC.
    groups : tuple of str
        Columns by which the rows behind a figure are told apart.
    shown : tuple of str
        Columns that a page shows of them first; by default the frame's own order.
    """

    name: str
    title: str
    one_row_is: str
    key: tuple[str, ...]
    starts: str
    columns: tuple[Column, ...]
    ends: str = ""
    replaces_by: str = ""
    states_of: str = ""
    keeps_earliest: tuple[str, ...] = ()
    is_snapshot: bool = False
    is_billed: bool = False
    groups: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    def __getitem__(self, name: str) -> Column:
        return self.columns[self.names.index(name)]

    def empty(self) -> pd.DataFrame:
        """The frame without a row, each column with its dtype."""
        return pd.DataFrame({c.name: pd.Series([], dtype=c.dtype) for c in self.columns})

    def conform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with every column present, in order, with its dtype, and checked.

        Raises
        ------
        SchemaError
            When a column is not the frame's, a required value is missing, a text is not
            one of those allowed, or an end lies before its start.
        """
        unknown = sorted(set(rows.columns) - set(self.names))
        if unknown:
            raise SchemaError(
                f"{self.name} has no column {', '.join(map(repr, unknown))}",
                hint=f"its columns are {', '.join(self.names)}",
            )
        made = {c.name: self._cast(rows, c) for c in self.columns}
        frame = pd.DataFrame(made, index=rows.index).reset_index(drop=True)
        self._check(frame)
        return frame

    def _cast(self, rows: pd.DataFrame, column: Column) -> pd.Series:
        # pandas gives a column of nothing but missing times no zone, and then cannot cast it.
        if column.name not in rows or rows[column.name].isna().all():
            return pd.Series(pd.NA, index=rows.index, dtype=column.dtype)
        try:
            return rows[column.name].astype(column.dtype)
        except (TypeError, ValueError, pa.ArrowException) as error:
            raise SchemaError(
                f"{self.name}.{column.name} cannot be read as {column.dtype}: {error}",
                hint=f"it holds: {column.meaning}",
            ) from error

    def _check(self, frame: pd.DataFrame) -> None:
        checks = {
            c.name: pandera.Column(
                c.dtype,
                checks=[pandera.Check.isin(c.allowed)] if c.allowed else [],
                nullable=not c.required,
            )
            for c in self.columns
        }
        try:
            pandera.DataFrameSchema(checks, strict=True).validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as errors:
            raise SchemaError(_first_failure(self, errors.failure_cases, frame)) from errors
        if self.ends and (frame[self.ends] < frame[self.starts]).any():
            row = int((frame[self.ends] < frame[self.starts]).to_numpy().argmax())
            raise SchemaError(
                f"{self.name}, {_named(self, frame, row)}: {self.ends} lies before {self.starts}",
                hint="check the time zone and the column mapping",
            )


def refuse(what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Say that there is no such frame or column, and which was meant.

    Raises
    ------
    SchemaError
    """
    near = get_close_matches(name, known, n=1)
    raise SchemaError(f"{what} {name!r}", hint=f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")


@dataclass(frozen=True)
class Measure:
    """A column of a metric's result: its heading, unit and meaning, the same wherever it stands.

    Attributes
    ----------
    heading : str
        As a table's head shows it.
    unit : str
        One of those that `opsreport.theme.Style.text` writes.
    meaning : str
        Its definition in a sentence.
    signed : bool
        Whether it is a change, written with its sign.
    is_words : bool
        Whether it holds words of the report's own, which `opsreport.schemas.words` lists: they are
        shown in the client's language. Names from outside are never translated.
    """

    heading: str
    unit: str = "text"
    meaning: str = ""
    signed: bool = False
    is_words: bool = False


def _named(frame: Frame, rows: pd.DataFrame, place: object) -> str:
    """A row as a person looks it up: counted from 1, with what tells it apart."""
    if place not in rows.index:
        return "a row"
    key = ", ".join(f"{name} {rows.at[place, name]}" for name in frame.key if not pd.isna(rows.at[place, name]))
    return f"row {rows.index.get_loc(place) + 1}" + (f" ({key})" if key else "")


def _first_failure(frame: Frame, cases: pd.DataFrame, rows: pd.DataFrame) -> str:
    case = cases.iloc[0]
    column, row = case["column"], _named(frame, rows, case["index"])
    if case["check"] == "not_nullable":
        return f"{frame.name}.{column} is missing in {row}, where it must be known"
    allowed = frame[column].allowed if column in frame.names else ()
    said = f"; it is one of {', '.join(allowed)}" if allowed else ""
    return f"{frame.name}.{column} holds {case['failure_case']!r} in {row}{said}"
