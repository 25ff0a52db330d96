"""Answers: how long are logs kept, what does that cost, and what would the agreed limit save?

Too long is waste, and too short is an audit risk: both are held against `log_retention` of the
agreement in force when the month ended; of its patterns the first that fits a log store counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from opsreport.agreement import term_at
from opsreport.metrics.cost_sums import CONTEXT, ZERO, exact, minus, quantised, seen_whole, total
from opsreport.metrics.rows import share
from opsreport.metrics.spending_bill import INGESTION, STORAGE, log_charges, monthly_sums, one_amount
from opsreport.metrics.spending_retention import older_share
from opsreport.params.models import Agreement
from opsreport.params.operations import LogRetention
from opsreport.period import Period
from opsreport.schemas import INSTANT, TEXT
from opsreport.theme import is_unknown

FOR_EVER, SHORTER, LONGER, AS_AGREED = "kept for ever", "shorter than agreed", "longer than agreed", "as agreed"
NOTHING_AGREED, STALE = "nothing agreed", "not seen lately"
#: A log store that was last seen longer ago than this before the month's end may be another by now.
FRESH = pd.Timedelta(days=35)
#: Those of one reading are seen within this time of each other; what a newer reading lacks is gone.
_ONE_READING = pd.Timedelta(days=1)

_TEXTS = ("log_group", "service", "log_state", "resource_id", "billing_currency", "note")
LOGS = (
    "log_group", "service", "retention_days", "agreed_days", "log_state", "stored_bytes", "stored_growth",
    "ingested_bytes", "log_seen_at", "resource_id", "log_storage_cost", "log_ingestion_cost", "limit_saving",
    "billing_currency", "note",
)  # fmt: skip


def logs(
    log_group: pd.DataFrame, cost: pd.DataFrame, period: Period, agreements: list[Agreement], cost_seen: Any = None
) -> pd.DataFrame:
    """Each log store at the month's end: how long it is kept, what it holds, and what that costs.

    Parameters
    ----------
    log_group : DataFrame
        The frame of that name, with the months before.
    cost : DataFrame
        Charges in the money that is reported.
    cost_seen : Intervals or Seen, optional
        What the bill's sources could tell of; a cost of a month that was not seen whole is unknown.

    Returns
    -------
    DataFrame
        Columns LOGS; the most costly to keep first. The state is the newest snapshot at or before
        the month's end; one from before FRESH reads "not seen lately". retention_days is NaN where
        no limit is set. Costs are NA where the bill does not tell them apart, which the note says;
        limit_saving is storage x the share of what is held that is older than the agreed limit
        (`opsreport.metrics.spending_retention.older_share`). [money, bytes, d]
    """
    charges = log_charges(cost[period.bill.contains(cost["charge_period_start"])], log_group)
    whole = seen_whole(cost_seen, period)
    spent = {
        use: monthly_sums(charges[charges["log_use"] == use], [period], "log_group") if whole else {}
        for use in (STORAGE, INGESTION)
    }
    rows = [
        _row(now, log_group, period, agreed_for(agreements, period, now["log_group"]), spent, charges)
        for now in newest(log_group, period)
    ]
    return _framed(sorted(rows, key=lambda row: (-(row["log_storage_cost"] or ZERO), row["log_group"])))


def log_costs(logs: pd.DataFrame) -> pd.DataFrame:
    """What keeping and writing each log store costs, told by the charges that name it.

    Parameters
    ----------
    logs : DataFrame
        From `logs`.
    """
    columns = ["log_group", "resource_id", "log_storage_cost", "log_ingestion_cost", "limit_saving",
               "billing_currency", "note"]  # fmt: skip
    return logs[columns]


def log_history(log_group: pd.DataFrame, period: Period, n: int = 13) -> pd.DataFrame:
    """What each log store held at each month's end, and what was written to it in the month.

    Returns
    -------
    DataFrame
        period (YYYY-MM), log_group, stored_bytes, ingested_bytes [bytes]; n rows a log store, NaN for
        a month in which it was not seen; what holds most now first.
    """
    months = period.history(n)
    rows = []
    for name, own in log_group[log_group["observed_at"] < period.end].groupby("log_group", sort=True):
        for month in months:
            last = own[month.contains(own["observed_at"])].sort_values("observed_at").tail(1)
            held, written = ((last[column].iloc[0] if len(last) else None)
                             for column in ("stored_bytes", "ingested_bytes"))  # fmt: skip
            rows.append((month.name, name, _float(held), _float(written)))
    made = pd.DataFrame(rows, columns=["period", "log_group", "stored_bytes", "ingested_bytes"])
    size = made.groupby("log_group")["stored_bytes"].last()
    order = made["log_group"].map(size).fillna(-1.0).astype("float64")
    return made.assign(order=-order).sort_values(["order", "log_group"], kind="stable").drop(columns="order")


def unlimited_cost(
    log_group: pd.DataFrame, cost: pd.DataFrame, months: Sequence[Period], currency: str, cost_seen: Any = None
) -> list[Decimal | None]:
    """What keeping logs without a limit cost in each of adjoining months. [currency]

    It is the sum of what the bill tells of them, and None where it tells of none or was not seen
    whole; 0 where every log store that was seen has a limit.
    """
    charges = log_charges(cost, log_group)
    spent = monthly_sums(charges[charges["log_use"] == STORAGE], months, "log_group")
    made: list[Decimal | None] = []
    for index, month in enumerate(months):
        seen = [row for row in newest(log_group, month) if _is_fresh(row, month)]
        kept = [row["log_group"] for row in seen if is_unknown(row["retention_days"])]
        amounts = [(spent.get((index, name)) or {}).get(currency) for name in kept]
        known = [amount for amount in amounts if amount is not None]
        is_told = seen_whole(cost_seen, month) and bool(known or (seen and not kept))
        made.append(quantised(total(known)) if is_told else None)
    return made


def kept_as_agreed(log_group: pd.DataFrame, period: Period, agreements: list[Agreement]) -> tuple[float, float, float]:
    """Share of the log stores with an agreed retention that keep their lines for just as long. [share]

    Returns
    -------
    tuple of float
        The share, NaN where it is not known of all; at worst, and at best, as what was not seen
        lately may be kept either way. All are NaN where nothing is agreed of any.
    """
    held = [(row, agreed_for(agreements, period, row["log_group"])) for row in newest(log_group, period)]
    states = [_state(row, agreed, period) for row, agreed in held if agreed]
    kept, unsure = states.count(AS_AGREED), states.count(STALE)
    worst, best = share(kept, len(states)), share(kept + unsure, len(states))
    return (float("nan") if unsure else worst), worst, best


def newest(log_group: pd.DataFrame, period: Period) -> list[dict[str, Any]]:
    """The log stores that exist at a period's end, each as it was last seen."""
    rows = log_group[log_group["observed_at"] < period.end].sort_values("observed_at")
    source = rows["source"].astype(object).fillna("") if "source" in rows else pd.Series("", index=rows.index)
    last_reading = rows["observed_at"].groupby(source).transform("max")
    last = rows[rows["observed_at"] >= last_reading - _ONE_READING].drop_duplicates("log_group", keep="last")
    return last.sort_values("log_group").to_dict("records")


def agreed_for(agreements: list[Agreement], period: Period, name: str) -> LogRetention | None:
    """What was agreed of a log store when the period ended; the first pattern that fits."""
    term = term_at(agreements, period.end - pd.Timedelta(1, "us"), period.zone)
    return next((one for one in term.log_retention if fnmatchcase(name, one.log_group)), None) if term else None


def _row(
    now: dict[str, Any], log_group: pd.DataFrame, period: Period, agreed: LogRetention | None,
    spent: dict[str, dict], charges: pd.DataFrame,
) -> dict[str, Any]:  # fmt: skip
    name, own = now["log_group"], log_group[log_group["log_group"] == now["log_group"]]
    state = _state(now, agreed, period)
    kept, code = one_amount(spent[STORAGE].get((0, name)))
    written, code_written = one_amount(spent[INGESTION].get((0, name)))
    is_too_long = state in (FOR_EVER, LONGER) and agreed is not None
    older = older_share(own, now, agreed.days, period) if is_too_long else None
    before = [row for row in newest(own, period.previous()) if _is_fresh(row, period.previous())]
    resources = charges.loc[charges["log_group"] == name, "resource_id"].dropna()
    return {
        "log_group": name, "service": now["service"], "retention_days": _float(now["retention_days"]),
        "agreed_days": float(agreed.days) if agreed else float("nan"), "log_state": state,
        "stored_bytes": _float(now["stored_bytes"]),
        "stored_growth": _float(minus(_value(now["stored_bytes"]), _value(before[0]["stored_bytes"])))
        if before else float("nan"),
        "ingested_bytes": _float(now["ingested_bytes"]) if now["observed_at"] >= period.start else float("nan"),
        "log_seen_at": now["observed_at"], "resource_id": resources.iloc[0] if len(resources) else name,
        "log_storage_cost": kept, "log_ingestion_cost": written,
        "limit_saving": None if kept is None or older is None else quantised(CONTEXT.multiply(kept, older)),
        "billing_currency": code or code_written, "note": _note(state, kept, written, is_too_long, older),
    }  # fmt: skip


def _state(now: dict[str, Any], agreed: LogRetention | None, period: Period) -> str:
    if not _is_fresh(now, period):
        return STALE
    days = now["retention_days"]
    if is_unknown(days):
        return FOR_EVER
    if agreed is None:
        return NOTHING_AGREED
    return SHORTER if days < agreed.days else LONGER if days > agreed.days else AS_AGREED


def _note(state: str, kept: Any, written: Any, is_too_long: bool, older: Any) -> str:
    if state == STALE:
        return "last seen long before the month's end: it may have changed"
    if kept is None and written is None:
        return "the bill does not tell what it costs"
    if kept is None:
        return "the bill does not tell what keeping it costs"
    if is_too_long and older is None:
        return "too little history to tell what a limit would save"
    return ""


def _is_fresh(row: dict[str, Any], period: Period) -> bool:
    return row["observed_at"] >= period.end - FRESH


def _framed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    money = ("log_storage_cost", "log_ingestion_cost", "limit_saving")
    made: dict[str, pd.Series] = {}
    for name in LOGS:
        values = [row[name] for row in rows]
        if name in money:
            made[name] = exact(values)
        elif name == "log_seen_at":
            made[name] = pd.Series(values, dtype=INSTANT)
        else:
            made[name] = pd.Series(values, dtype=TEXT if name in _TEXTS else "float64")
    return pd.DataFrame(made)


def _float(value: Any) -> float:
    return float("nan") if is_unknown(value) else float(value)


def _value(value: Any) -> Any:
    return None if is_unknown(value) else value
