"""Answers: which log store takes in far more than it used to, since which day, and what does that cost?

Usual is the median of the 28 days before: a log store jumped on the first day of the month that
took in at least twice that, when the day before had not, if the days since did so too. Where the
bill does not tell a log store's days, its own months are compared, and then no day is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from typing import Any

import pandas as pd

from opsreport.coverage import Seen
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import CONTEXT, ZERO, exact, quantised, scaled, seen_whole, sums, total
from opsreport.metrics.spending_bill import INGESTION, log_charges
from opsreport.period import Period
from opsreport.schemas import TEXT
from opsreport.theme import is_unknown

JUMP = Decimal(2)
BEFORE, FEWEST = 28, 14
#: Months of a log store that say what is usual, and how few of them do.
MONTHS, FEWEST_MONTHS = 6, 3

JUMPS = (
    "log_group", "service", "jumped_on", "jump_ratio", "ingested_bytes", "usual_bytes", "jump_extra", "jump_monthly",
    "billing_currency", "resource_id", "sku_id",
)  # fmt: skip


def log_jumps(
    log_group: pd.DataFrame, cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None
) -> pd.DataFrame:
    """Log stores that took in far more this month than they used to, and still did when it ended.

    Parameters
    ----------
    log_group : DataFrame
        The frame of that name, with the months before; without it, the bill's own resources are judged.
    cost : DataFrame
        Charges in the money that is reported, from 28 days before the month.
    seen : Intervals or Seen, optional
        What the bill's sources could tell of; without the whole of this month and the one before,
        no day is judged.

    Returns
    -------
    DataFrame
        log_group, service, jumped_on (UTC day; None where only months tell), jump_ratio (what a day
        takes in since, over the usual), ingested_bytes (of the month), usual_bytes (median of up
        to six months before), jump_extra (what the days since cost beyond the usual), jump_monthly
        (the same for a whole month at this rate) [money], billing_currency, resource_id and sku_id
        of its charges. The most costly first.

    Notes
    -----
    10 a day at 0.50 each; from the 6th of a month of 31 days 40 a day: 15.00 a day more, 390.00 in
    its 26 days, 465.00 in a month.
    """
    whole = seen_whole(seen, period, period.previous())
    billed = {row["log_group"]: row for row in _billed(cost, log_group, period)} if whole else {}
    services = log_group.dropna(subset=["service"]).drop_duplicates("log_group", keep="last")
    service = dict(zip(services["log_group"], services["service"], strict=True))
    rows = []
    for name in sorted({*log_group["log_group"], *billed}):
        now, usual = _months(log_group[log_group["log_group"] == name], period)
        row = billed.get(name)
        if row is None and now is not None and usual and now >= JUMP * usual:
            row = {"log_group": name, "jump_ratio": float(now / usual)}
        if row is not None:
            sizes = {"ingested_bytes": _float(now), "usual_bytes": _float(usual)}
            rows.append(row | sizes | {"service": service.get(name, row.get("service"))})
    rows.sort(key=lambda row: (-(row.get("jump_monthly") or ZERO), row["log_group"]))
    return _framed(rows)


def _billed(cost: pd.DataFrame, log_group: pd.DataFrame, period: Period) -> Iterator[dict[str, Any]]:
    """The jumps that the bill's days show."""
    charges = log_charges(cost, log_group, unnamed=True)
    charges = charges[(charges["log_use"] == INGESTION) & charges["pricing_quantity"].notna()]
    first = period.bill.first_day - dt.timedelta(days=BEFORE)
    days = [Period(day, day + dt.timedelta(days=1)) for day, _, _ in Period(first, period.bill.end_day).local_days()]
    billed = sorted(days[index].first_day for index in set(sums(cost, days, [])["at"]))
    for (name, code), own in charges.groupby(["log_group", "billing_currency"], sort=True):
        spent = {days[row["at"]].first_day: (row["pricing_quantity"], row["billed_cost"])
                 for row in sums(own, days, [], ("pricing_quantity", "billed_cost")).to_dict("records")}  # fmt: skip
        # A day that was billed, but not for this, took in nothing; one that was not billed is not known.
        series = [(day, *spent.get(day, (ZERO, ZERO))) for day in billed]
        found = _first_jump(series, period)
        if found:
            last = own.sort_values("charge_period_start").iloc[-1]
            yield {"log_group": name, "service": last.get("service"), "billing_currency": code,
                   "resource_id": last["resource_id"], "sku_id": last["sku_id"], **found}  # fmt: skip


def _first_jump(series: list[tuple[dt.date, Decimal, Decimal]], period: Period) -> dict[str, Any] | None:
    for place, (day, quantity, _) in enumerate(series):
        before = [one for one in series[:place] if one[0] >= day - dt.timedelta(days=BEFORE)]
        if day < period.bill.first_day or len(before) < FEWEST:
            continue
        usual, usual_cost = median(one[1] for one in before), median(one[2] for one in before)
        since = series[place:]
        level = median(one[1] for one in since)
        # Where the day before was as high, it jumped earlier: last month, or before there was history.
        began = before[-1][1] < JUMP * usual
        if usual and began and quantity >= JUMP * usual and level >= JUMP * usual:
            extra = total(CONTEXT.subtract(one[2], usual_cost) for one in since)
            monthly = scaled(extra, period.day_count, len(since))
            return {"jumped_on": day, "jump_ratio": float(level / usual), "jump_extra": quantised(extra),
                    "jump_monthly": quantised(monthly)}  # fmt: skip
    return None


def _months(own: pd.DataFrame, period: Period) -> tuple[Decimal | None, Decimal | None]:
    """What was written in the month, and what was usual in the months before."""
    written = []
    for month in period.history(MONTHS + 1):
        last = own[month.contains(own["observed_at"])].sort_values("observed_at").tail(1)
        value = last["ingested_bytes"].iloc[0] if len(last) else None
        written.append(None if is_unknown(value) else value)
    before = [value for value in written[:-1] if value is not None]
    return written[-1], median(before) if len(before) >= FEWEST_MONTHS else None


def _framed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    for name in JUMPS:
        values = [row.get(name) for row in rows]
        if name in ("jump_extra", "jump_monthly"):
            made[name] = exact(values)
        elif name == "jumped_on":
            made[name] = pd.Series(values, dtype=object)
        else:
            is_number = name in ("jump_ratio", "ingested_bytes", "usual_bytes")
            made[name] = pd.Series(values, dtype="float64" if is_number else TEXT)
    return pd.DataFrame(made)


def _float(value: Any) -> float:
    return float("nan") if is_unknown(value) else float(value)
