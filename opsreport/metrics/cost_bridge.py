"""Answers: what moved the bill from last month to this, and which services drove it?

With q the quantity priced, p = cost / q and d the days of a month, last month's usage is
carried to this month's length, q0' = q0 d1 / d0 (q0' = q0 for recurring charges). Then

- days = (q0' - q0) p0, usage = (q1 - q0') p0, price = (p1 - p0) q1, with the joint term in price;
- new where q0 = 0, removed where q1 = 0; a price of a SKU that was in use on both sides is a
  tier of it, and counts as usage;
- charges that a commitment discounts, credits and refunds, tax, one-off charges and cost
  without quantity have bars of their own.

The bars add up to the change of each currency, to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision

from opsreport.coverage import Seen
from opsreport.errors import ReconciliationError
from opsreport.intervals import Intervals
from opsreport.metrics.cost_sums import CONTEXT, ZERO, apportion, exact, has_charges, seen_whole, sums, total
from opsreport.period import Period
from opsreport.schemas.cost import EFFECTS, NONE

#: Whose quantities are compared: resources are the drill-down, since autoscaling renames them.
_KEYS = ("billing_currency", "provider_name", "sub_account_id", "region_id", "service_name",
         "sku_price_id", "pricing_unit")  # fmt: skip
_ALONE = ("commitments", "credits and refunds", "tax", "one-off charges", "without quantity")
_LEFT_OVER = Decimal("0.01")


def bridge(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """What moved the bill since last month, per currency.

    Parameters
    ----------
    seen : Intervals or Seen, optional
        What the bill's sources could tell of: what is missing of a month would read as less
        usage, so there is no bridge unless both months were seen whole.

    Returns
    -------
    DataFrame
        billing_currency, effect (each of `schemas.cost.EFFECTS`, in their order),
        effect_change, effect_shown (rounded to the currency's smallest unit by the largest
        remainder, so that the bars add up to the rounded change) [money]. Empty when either
        month has no charge or was not seen whole.

    Raises
    ------
    ReconciliationError
        When more than 0.01 of the change is left over.

    Notes
    -----
    28 units at 1 in February and 31 in March: days +3, usage 0, price 0.
    """
    parts = _parts_by(cost, period, seen, "billing_currency")
    changes = _changes(cost, period, ["billing_currency"])
    rows = []
    for (code,), effects in sorted(parts.items()):
        values, whole = list(effects.values()), changes[(code,)]
        _reconcile(values, whole, code, period)
        places = get_currency_precision(code)
        shown = apportion(values, round(whole, places), places)
        rows += [(code, *row) for row in zip(EFFECTS, apportion(values, whole, 18), shown, strict=True)]
    made = pd.DataFrame(rows, columns=["billing_currency", "effect", "effect_change", "effect_shown"])
    return made.assign(**{name: exact(made[name]) for name in ("effect_change", "effect_shown")})


def bridge_by_service(cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None = None) -> pd.DataFrame:
    """Which services drive each effect; of two months that were seen whole.

    Returns
    -------
    DataFrame
        service_name ("(none)" where missing), billing_currency, spend_change, days_change,
        usage_change, price_change, new_change, removed_change, other_change [money] and
        main_effect (the largest effect in the direction of the change); per currency, the
        largest change first. Rows add up to `bridge`.
    """
    parts = _parts_by(cost, period, seen, "billing_currency", "service_name")
    changes = _changes(cost, period, ["billing_currency", "service_name"])
    plain = [effect for effect in EFFECTS if effect not in _ALONE]
    rows = []
    for key, effects in parts.items():
        whole = changes[key]
        _reconcile(list(effects.values()), whole, str(key), period)
        other = total(effects[name] for name in _ALONE)
        columns = apportion([*(effects[name] for name in plain), other], whole, 18)
        rows.append((NONE if key[1] is None else key[1], key[0], whole, *columns, _main(effects, whole)))
    money = ["spend_change", *(f"{name}_change" for name in plain), "other_change"]
    made = pd.DataFrame(rows, columns=["service_name", "billing_currency", *money, "main_effect"])
    order = sorted(range(len(made)), key=lambda i: (rows[i][1], -abs(rows[i][2]), rows[i][0]))
    return made.assign(**{name: exact(made[name]) for name in money}).iloc[order].reset_index(drop=True)


def effects_of(q0: Decimal, c0: Decimal, q1: Decimal, c1: Decimal, stretch: Decimal) -> dict[str, Decimal]:
    """What moved one price's cost from c0 for q0 units to c1 for q1 units.

    Parameters
    ----------
    stretch : Decimal
        This month's days over last month's; 1 for recurring charges.

    Examples
    --------
    >>> made = effects_of(*map(Decimal, (28, 28, 31, 31)), stretch=Decimal(31) / 28)
    >>> {name: round(value, 9) for name, value in made.items()}
    {'days': Decimal('3.000000000'), 'usage': Decimal('0E-9'), 'price': Decimal('0E-9')}
    >>> effects_of(*map(Decimal, (0, 0, 5, 10)), stretch=Decimal(1))
    {'new': Decimal('10')}
    """
    made: dict[str, Decimal] = {}
    if q0 and q1:
        p0, p1, carried = CONTEXT.divide(c0, q0), CONTEXT.divide(c1, q1), CONTEXT.multiply(q0, stretch)
        made["days"] = CONTEXT.multiply(CONTEXT.subtract(carried, q0), p0)
        made["usage"] = CONTEXT.multiply(CONTEXT.subtract(q1, carried), p0)
        made["price"] = CONTEXT.multiply(CONTEXT.subtract(p1, p0), q1)
        return made
    # Cost whose quantities cancel out has no price.
    unpriced = CONTEXT.subtract(ZERO if q1 else c1, ZERO if q0 else c0)
    if q1:
        made["new"] = c1
    if q0:
        made["removed"] = -c0
    if unpriced:
        made["without quantity"] = unpriced
    return made


@dataclass(frozen=True)
class _Line:
    """One price of the bill, in both months."""

    key: dict[str, str | None]
    sku: str | None
    recurring: bool
    q: tuple[Decimal, Decimal]
    c: tuple[Decimal, Decimal]

    def effects(self, stretch: Decimal) -> dict[str, Decimal]:
        return effects_of(self.q[0], self.c[0], self.q[1], self.c[1], Decimal(1) if self.recurring else stretch)


def _parts_by(
    cost: pd.DataFrame, period: Period, seen: Intervals | Seen | None, *by: str
) -> dict[tuple, dict[str, Decimal]]:
    """The effects, summed by some of the keys."""
    before = period.previous()
    if not (has_charges(cost, before) and has_charges(cost, period) and seen_whole(seen, before, period)):
        return {}
    stretch = CONTEXT.divide(Decimal(period.day_count), Decimal(before.day_count))
    made: dict[tuple, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(EFFECTS, ZERO))
    for key, effect, amount in _effects(_kinds(cost, period), [before, period], stretch):
        into = made[tuple(key[name] for name in by)]
        into[effect] = CONTEXT.add(into[effect], amount)
    return made


def _effects(cost: pd.DataFrame, months: list[Period], stretch: Decimal) -> Iterator[tuple[dict, str, Decimal]]:
    """Each (key, effect, amount) of the bill."""
    alone = cost["kind"] != "measured"
    apart = sums(cost[alone], months, [*_KEYS, "kind"])
    for row in apart.to_dict("records"):
        yield row, row["kind"], row["billed_cost"] if row["at"] else -row["billed_cost"]
    families: dict[tuple, list[_Line]] = defaultdict(list)
    for line in _lines(cost[~alone], months):
        family = tuple(line.key[name] for name in _KEYS if name != "sku_price_id")
        # A price without a SKU is related to no other.
        families[(*family, line.recurring, line.sku, line.key["sku_price_id"] if line.sku is None else "")].append(line)
    for lines in families.values():
        for line, effects in _of_one_sku(lines, stretch):
            for effect, amount in effects.items():
                yield line.key, effect, amount


def _of_one_sku(lines: list[_Line], stretch: Decimal) -> Iterator[tuple[_Line, dict[str, Decimal]]]:
    """Each price of a SKU with its effects; tiers that open or close are usage."""
    before, after = [bool(line.q[0]) for line in lines], [bool(line.q[1]) for line in lines]
    both = any(before) and any(after)
    if both and len(lines) > 1 and not any(b and a for b, a in zip(before, after, strict=True)):
        # Every price was replaced by another: the SKU is compared as a whole.
        lines = [replace(lines[0], q=_added(lines, "q"), c=_added(lines, "c"))]
    for line in lines:
        effects = line.effects(stretch)
        if both and len(lines) > 1:
            effects = {"usage" if name in ("new", "removed") else name: value for name, value in effects.items()}
        yield line, effects


def _lines(cost: pd.DataFrame, months: list[Period]) -> list[_Line]:
    """Each price with its quantity and cost in both months; a SKU only says which prices are tiers of one."""
    keys = [*_KEYS, "recurring"]
    at = sums(cost, months, [*keys, "sku_id"], ("pricing_quantity", "billed_cost"))
    found: dict[tuple, list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    skus: dict[tuple, str | None] = {}
    columns = (at[name] for name in ("at", "pricing_quantity", "billed_cost", "sku_id"))
    for month, quantity, amount, sku, *parts in zip(*columns, *(at[name] for name in keys), strict=True):
        key = tuple(parts)
        into = found[key]
        into[month] = CONTEXT.add(into[month], quantity)
        into[2 + month] = CONTEXT.add(into[2 + month], amount)
        skus[key] = skus.get(key) or sku
    return [
        _Line(dict(zip(_KEYS, key, strict=False)), skus[key], key[-1] == "yes", (v[0], v[1]), (v[2], v[3]))
        for key, v in found.items()
    ]


def _kinds(cost: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Both months' charges, with the bar that each belongs to."""
    days = Period(period.previous().first_day, period.end_day)
    rows = cost.loc[days.contains(cost["charge_period_start"])]
    category, frequency = rows["charge_category"], rows["charge_frequency"].fillna("")
    tests = {
        "tax": category == "Tax",
        "credits and refunds": category.isin(["Credit", "Adjustment"]) | (rows["charge_class"] == "Correction"),
        "one-off charges": frequency == "One-Time",
        "commitments": rows["commitment_discount_id"].notna() | rows["commitment_discount_status"].notna(),
        "without quantity": rows["pricing_quantity"].isna(),
    }
    kind = np.select([test.fillna(False).to_numpy(dtype=bool) for test in tests.values()], list(tests), "measured")
    return rows.assign(kind=kind, recurring=np.where(frequency == "Recurring", "yes", "no"))


def _changes(cost: pd.DataFrame, period: Period, keys: list[str]) -> dict[tuple, Decimal]:
    """Spend less that of the month before, by keys."""
    made: dict[tuple, Decimal] = defaultdict(lambda: ZERO)
    for row in sums(cost, [period.previous(), period], keys).to_dict("records"):
        key = tuple(row[name] for name in keys)
        made[key] = CONTEXT.add(made[key], row["billed_cost"] if row["at"] else -row["billed_cost"])
    return made


def _reconcile(effects: list[Decimal], whole: Decimal, what: str, period: Period) -> None:
    left = CONTEXT.subtract(whole, total(effects))
    if abs(left) > _LEFT_OVER:
        raise ReconciliationError(
            f"the cost bridge of {what}, {period.name}, leaves {left:f} of a change of {whole:f} unexplained",
            hint="this is a fault in opsreport, not in the bill: report it with the month's charges",
        )


def _main(effects: dict[str, Decimal], whole: Decimal) -> str:
    """The largest effect in the direction of a change; of none, the largest."""
    sign = 1 if whole > 0 else -1 if whole < 0 else 0
    best = max(EFFECTS, key=lambda name: effects[name] * sign if sign else abs(effects[name]))
    return best if effects[best] else ""


def _added(lines: list[_Line], name: str) -> tuple[Decimal, Decimal]:
    return tuple(total(getattr(line, name)[month] for line in lines) for month in (0, 1))
