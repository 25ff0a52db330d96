"""What one unit of the client's business costs, and whether commitments are used, in sentences."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
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


def commitments(rows: pd.DataFrame, style: Style, absent: str = "") -> Exhibit:
    """What of the commitments was used, what they covered, and which end soon.

    Parameters
    ----------
    rows : DataFrame
        `metrics.cost.commitments`.
    absent : str
        Why there is nothing to tell; empty where there is.
    """
    if absent:
        return notice("cost.commitments", absent)
    if not len(rows):
        return prose("cost.commitments", "No commitment is known of in this month.", style, "note")
    parts = []
    for code, own in rows.groupby("billing_currency", sort=True):
        whole = own[own["commitment_id"] == ALL]
        parts += _used(whole.iloc[0] if len(whole) else own.iloc[0], str(code), style)
    parts += [_ends(row, style) for _, row in rows[rows["commitment_note"] != ""].iterrows()]
    return join("cost.commitments", parts, "note")


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


def _used(row: pd.Series, code: str, style: Style) -> list[Exhibit]:
    at, seen = f"cost.commitments.{code.lower()}", row["coverage"]
    behind = Rows("commitment", {} if row["commitment_id"] == ALL else {"commitment_id": row["commitment_id"]})

    def fact(name: str, column: str, unit: str = "money") -> Fact:
        return Fact(f"{at}.{name}", row[column], unit, seen, code, measure=column, rows=behind)

    facts = {"committed": fact("committed", "committed"), "used": fact("used", "committed_used"),
             "unused": fact("unused", "committed_unused"),
             "share": fact("utilisation", "utilisation", "share")}  # fmt: skip
    template = "Of {committed} committed, {used} was used, which is {share}; {unused} was paid for and not used."
    if is_unknown(row["committed_unused"]):
        template = "How much of {committed} committed was used is not known."
    elif row["committed_unused"] <= 0:
        template = "All of the {committed} committed was used."
    parts = [prose("cost.commitments", template, style, "note", **_named(facts, template))]
    if is_unknown(row["commitment_coverage"]):
        return parts
    covered = {"covered": fact("covered", "covered"), "coverable": fact("coverable", "coverable"),
               "share": fact("coverage", "commitment_coverage", "share")}  # fmt: skip
    template = "It covered {share} of what it could, {covered} of {coverable} at on-demand prices."
    if row["commitment_id"] == ALL:
        template = "Together they covered {share} of what they could, {covered} of {coverable} at on-demand prices."
    return [*parts, prose("cost.commitments", template, style, "note", **covered)]


def _ends(row: pd.Series, style: Style) -> Exhibit:
    at = f"cost.commitments.{slug(row['commitment_id'])}.ends"
    ends = Fact(at, row["commitment_ends"], "date", measure="commitment_ends",
                rows=Rows("commitment", {"commitment_id": row["commitment_id"]}))  # fmt: skip
    template = "{name} ends on {ends}."
    if row["commitment_note"] == "ended within the month":
        template = "{name} ended on {ends}."
    return prose("cost.commitments", template, style, "note", name=row["commitment_id"], ends=ends)


def _named(facts: dict[str, Fact], template: str) -> dict[str, Fact]:
    return {name: fact for name, fact in facts.items() if f"{{{name}}}" in template}
