"""The lines of a bill as one Ibis expression, which each warehouse is asked in its own SQL.

Ibis (https://ibis-project.org) writes one expression for DuckDB, Spark, Trino, Athena, BigQuery and Snowflake.
Amounts leave the warehouse as exact decimals, or as the floats that it stores, bit for bit: what a float's
shortest text is is not the same in each, so it is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from opsreport.errors import SourceError
from opsreport.period import Period
from opsreport.schemas import DECIMAL, FRAMES

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Column, Table

AMOUNTS = tuple(column.name for column in FRAMES["cost"].columns if column.dtype == DECIMAL)
_TIMES = ("billing_period_start", "charge_period_start", "charge_period_end")
_DAY = pd.Timedelta(days=1)
#: Where a float's text, from which an amount is summed, is its shortest.
_SHORTEST = ("duckdb", "spark", "trino", "athena", "bigquery")


def lines(table: Table, pick: dict[str, str], period: Period, backend: str) -> Table:
    """The lines of all billing periods that start in a period's months, each billing period whole.

    Parameters
    ----------
    pick : dict
        The table's column of each of the frame's.

    Notes
    -----
    A row of which it cannot be told is in, so that reading it fails, rather than making the bill smaller.
    """
    first = table[pick["billing_period_start"]]
    rows = table.filter(_since(first, period.start.floor("D").replace(day=1)) & _until(first, period.end)
                        | _untold(first))  # fmt: skip
    made = {here: rows[there] for here, there in pick.items()}
    return rows.select(**{here: _exact(column, backend) if here in AMOUNTS else column
                          for here, column in made.items()})  # fmt: skip


def by_day(rows: Table, backend: str) -> Table:
    """The lines of one day that differ in nothing but time and amounts as one, with the sums.

    A sum of which a part is not known is not known. What lasts longer than a UTC day stays as it is.

    Raises
    ------
    SourceError
        When the warehouse stores something in a way of which no exact sum can be made.
    """
    import ibis

    kind = _kind(backend)
    for name in (name for name in (*AMOUNTS, *_TIMES[1:], "tags") if name in rows.columns):
        _refuse_unsummed(name, rows[name], backend)
    rows = rows.mutate(**{name: rows[name].cast("string").cast(kind)
                          for name in AMOUNTS if name in rows.columns and rows[name].type().is_floating()})  # fmt: skip
    if rows.charge_period_start.type().is_timestamp():
        day = rows.charge_period_start.truncate("D")
        next_day = day + ibis.interval(days=1)
        is_within = rows.charge_period_end <= next_day
        rows = rows.mutate(charge_period_start=ibis.ifelse(is_within, day, rows.charge_period_start),
                           charge_period_end=ibis.ifelse(is_within, next_day, rows.charge_period_end))  # fmt: skip
    amounts = [name for name in AMOUNTS if name in rows.columns]
    sums = {name: ibis.ifelse(rows[name].count() == rows.count(), rows[name].sum(), ibis.null(kind)).cast(kind)
            for name in amounts}  # fmt: skip
    return rows.group_by([name for name in rows.columns if name not in amounts]).aggregate(**sums)


def _kind(backend: str) -> str:
    """The exact number in which amounts are summed; BigQuery knows one with our places only beyond them."""
    return "decimal(76, 38)" if backend == "bigquery" else "decimal(38, 18)"


def _exact(column: Column, backend: str) -> Column:
    """An amount that the warehouse stores exactly with our places; others are read from what it stores."""
    is_exact = column.type().is_decimal() or column.type().is_integer()
    return column.cast(_kind(backend)) if is_exact else column


def _since(first: Column, at: pd.Timestamp) -> BooleanValue:
    # Of text the day before as well, in which an instant with another offset may be written.
    return first >= _as_stored(first, at - _DAY if first.type().is_string() else at)


def _until(first: Column, at: pd.Timestamp) -> BooleanValue:
    return first < _as_stored(first, at + _DAY if first.type().is_string() else at)


def _as_stored(column: Column, at: pd.Timestamp) -> Any:
    """An instant as it is compared with a column; a time or text that names no zone is UTC."""
    import ibis

    kind = column.type()
    if kind.is_timestamp():
        return ibis.timestamp(f"{at:%Y-%m-%dT%H:%M:%S}{'+00:00' if kind.timezone else ''}")
    if kind.is_date():
        return ibis.date(f"{at:%Y-%m-%d}")
    if kind.is_string():
        return f"{at:%Y-%m-%d}"
    raise SourceError(f"BillingPeriodStart is stored as {kind}",
                      hint="store it as a time, a date or text like 2026-10-01")  # fmt: skip


def _untold(column: Column) -> BooleanValue:
    """Whether it cannot be told which billing period a row is of."""
    unknown = column.isnull()
    return unknown | ~column.like("____-__-__%") if column.type().is_string() else unknown


def _refuse_unsummed(name: str, column: Column, backend: str) -> None:
    kind: Any = column.type()
    if name in AMOUNTS:
        is_fit = kind.is_decimal() or (kind.is_floating() and backend in _SHORTEST)
    elif name in _TIMES:
        is_fit = kind.is_timestamp() or kind.is_date()
    else:
        is_fit = kind.is_string()
    if not is_fit:
        hint = "store amounts as DECIMAL, times as TIMESTAMP and tags as text, or leave out grain"
        raise SourceError(f"{name} is stored as {kind}, of which {backend} makes no exact sums", hint=hint)
