"""What one unit of the client's business costs, in sentences."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, prose
from opsreport.narrative.cost_words import slug
from opsreport.schemas.cost import ALL
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_COUNTED = "{spend} was spent, and {count} were counted."
#: By whether it is of one service, and by how it moved since last month.
_UNIT = {
    (False, None): "The cost per {unit} was {cost}.",
    (False, 0): "The cost per {unit} was {cost}, the same as last month.",
    (False, 1): "The cost per {unit} was {cost}, {gap} more than last month.",
    (False, -1): "The cost per {unit} was {cost}, {gap} less than last month.",
    (True, None): "The cost of {service} per {unit} was {cost}.",
    (True, 0): "The cost of {service} per {unit} was {cost}, the same as last month.",
    (True, 1): "The cost of {service} per {unit} was {cost}, {gap} more than last month.",
    (True, -1): "The cost of {service} per {unit} was {cost}, {gap} less than last month.",
}


def unit_costs(units: pd.DataFrame, style: Style) -> Exhibit:
    """What one unit of each business driver cost, against last month.

    Parameters
    ----------
    units : DataFrame
        `metrics.cost.unit_costs`.
    """
    if not len(units):
        return prose("cost.units", "No business driver, such as orders, is known to divide spend by.", style, "note")
    groups = units.groupby(["unit_name", "unit_of", "billing_currency"], sort=False)
    return join("cost.units", [_unit(part, style) for _, part in groups], "note")


def _unit(part: pd.DataFrame, style: Style) -> Exhibit:
    now, last = part.iloc[-1], part.iloc[-2] if len(part) > 1 else None
    code, name, has_service = now["billing_currency"], now["unit_name"], now["unit_of"] != ALL
    at = f"cost.units.{slug(name + ' ' + now['unit_of'])}.{code.lower()}"
    behind = Rows("cost", {"service": now["unit_of"]} if has_service else {})
    if is_unknown(now["unit_cost"]):
        why = Fact(f"{at}.why", style.again(now["unit_note"], WORDS))
        return prose("cost.units", "The cost per {unit} is not known: {why}.", style, "note", unit=name, why=why)

    def money(fact: str, value: object, measure: str = "") -> Fact:
        return Fact(f"{at}.{fact}", value, "money", now["coverage"], code, measure=measure, rows=behind)

    count = Fact(f"{at}.count", now["unit_count"], "count", measure="unit_count")
    facts = {"cost": money("cost", now["unit_cost"], "unit_cost"), "spend": money("spend", now["spend"], "spend"),
             "count": count}  # fmt: skip
    way = None
    if last is not None and not is_unknown(last["unit_cost"]):
        change = now["unit_cost"] - last["unit_cost"]
        way = (change > 0) - (change < 0)
        facts |= {"gap": money("gap", abs(change))} if change else {}
    return prose(
        "cost.units", f"{_UNIT[has_service, way]} {_COUNTED}", style, "note", unit=name, service=now["unit_of"], **facts
    )  # fmt: skip
