"""Exact sums of charges: Arrow adds them by group, and only the sums become Decimals.

Arrow refuses to multiply, and even to add, two columns of 38 digits, and pandas adds
decimals under a context of 28 digits: neither happens to money here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from opsreport.coverage import Seen, share_seen
from opsreport.intervals import Intervals
from opsreport.period import Period
from opsreport.schemas import DECIMAL
from opsreport.theme import is_unknown

#: Room for a product of two amounts with all of their digits.
CONTEXT = Context(prec=80, rounding=ROUND_HALF_EVEN)
ZERO = Decimal(0)
_QUANTUM = Decimal(1).scaleb(-18)


def sums(
    cost: pd.DataFrame, periods: Sequence[Period], keys: Sequence[str],
    values: Sequence[str] = ("billed_cost",), placed_by: str = "charge_period_start",
) -> pd.DataFrame:  # fmt: skip
    """Exact sums by period and keys.

    Parameters
    ----------
    cost : DataFrame
        Charges.
    periods : sequence of Period
        Adjoining ones, oldest first, counted in UTC as bills count.
    keys : sequence of str
        Columns; a missing key is a key of its own, None in the result.
    values : sequence of str
        Columns of money or quantity.
    placed_by : str
        The instant that places a charge in a period.

    Returns
    -------
    DataFrame
        ``at`` (index of the period), the keys, the values as Decimal (None where every one
        was missing) and ``charges``; sorted, so that the order of charges does not show.
    """
    at = place(cost[placed_by], periods)
    inside = at >= 0
    columns = [*keys, *values]
    table = pa.Table.from_pandas(cost.loc[inside, columns], preserve_index=False)
    table = table.append_column("at", pa.array(at[inside]))
    grouped = table.group_by(["at", *keys], use_threads=False).aggregate(
        [(value, "sum") for value in values] + [([], "count_all")]
    )
    grouped = grouped.sort_by([(name, "ascending") for name in ("at", *keys)])  # what is missing comes last
    names = {"at": "at", **{key: key for key in keys}, **{value: f"{value}_sum" for value in values}}
    made = {name: pd.Series(grouped[column].to_pylist(), dtype=object) for name, column in names.items()}
    return pd.DataFrame({**made, "charges": grouped["count_all"].to_numpy()})


def place(instants: pd.Series, periods: Sequence[Period]) -> np.ndarray:
    """Which of adjoining periods each instant lies in, by index; -1 for none."""
    edges = [period.bill.start for period in periods] + [periods[-1].bill.end]
    micros = np.array([edge.value // 1000 for edge in edges])
    at = np.searchsorted(micros, instants.dt.as_unit("us").astype("int64").to_numpy(), side="right") - 1
    return np.where(at < len(periods), at, -1)


def exact(values: Iterable[Any]) -> pd.Series:
    """Amounts as a column of exact decimals, NA where unknown."""
    return pd.Series([None if is_unknown(v) else quantised(v) for v in values], dtype=DECIMAL)


def quantised(value: Decimal) -> Decimal:
    """An amount at the eighteen decimals that frames hold."""
    return value.quantize(_QUANTUM, context=CONTEXT)


def minus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """A difference, unknown when either side is."""
    return None if is_unknown(left) or is_unknown(right) else CONTEXT.subtract(left, right)


def scaled(value: Decimal | None, numerator: Any, denominator: Any) -> Decimal | None:
    """An amount times a fraction; unknown when the amount is or the denominator is 0."""
    if is_unknown(value) or not denominator:
        return None
    return CONTEXT.divide(CONTEXT.multiply(value, Decimal(numerator)), Decimal(denominator))


def total(values: Iterable[Decimal]) -> Decimal:
    """A sum with all of its digits."""
    made = ZERO
    for value in values:
        made = CONTEXT.add(made, value)
    return made


def apportion(values: Sequence[Decimal], whole: Decimal, places: int) -> list[Decimal]:
    """Values rounded so that they add up to a whole, by the largest remainder.

    Parameters
    ----------
    values : sequence of Decimal
        Adding up to `whole`, but for its rounding.
    whole : Decimal
        Already rounded to `places`.

    Examples
    --------
    >>> thirds = [Decimal(1) / 3, Decimal(1) / 3, Decimal(1) / 3]
    >>> apportion(thirds, Decimal("1.00"), 2)
    [Decimal('0.34'), Decimal('0.33'), Decimal('0.33')]
    """
    quantum = Decimal(1).scaleb(-places)
    floors = [value.quantize(quantum, rounding=ROUND_FLOOR, context=CONTEXT) for value in values]
    left = int(CONTEXT.divide(CONTEXT.subtract(whole, total(floors)), quantum))
    rests = [CONTEXT.subtract(value, floor) for value, floor in zip(values, floors, strict=True)]
    first = sorted(range(len(values)), key=lambda index: (-rests[index], index))[: max(left, 0)]
    return [CONTEXT.add(floor, quantum) if index in first else floor for index, floor in enumerate(floors)]


def seen_share(seen: Intervals | Seen | None, period: Period) -> float:
    """Share of a bill's month that was seen; NaN where nobody says. [share]

    An export made for a client's days holds the bill's days of the same dates, although
    the two begin some hours apart: whichever of them was seen more is what was seen.
    """
    if seen is None:
        return float("nan")
    return max(share_seen(seen, period), share_seen(seen, period.bill))


def seen_whole(seen: Intervals | Seen | None, *periods: Period) -> bool:
    """Whether all of some bill's months was seen; where nobody says, it counts as whole."""
    return seen is None or all(seen_share(seen, period) >= 1 for period in periods)


def has_charges(cost: pd.DataFrame, period: Period) -> bool:
    """Whether a month has any charge, in any currency."""
    return bool(period.bill.contains(cost["charge_period_start"]).any())
