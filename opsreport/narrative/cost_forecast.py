"""What next month is expected to cost, and how good last month's forecast was, in sentences."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_HISTORY = Rows("cost", {}, "history")
_INTERVAL = (
    "Four times in five it should lie between {low} and {high}: the same rule, asked about {tests} earlier months, was "
    "seldom off by more than {margin}."
)
_NO_INTERVAL = "How far off that may be is not known: too few earlier months, {tests}, can be tested."
_BUDGETS = {
    "over at its lowest": "That is over its budget of {budget} even at its lowest.",
    "over, perhaps": "That is {gap} over its budget of {budget}, which may still be kept.",
    "under, perhaps": "That is {gap} under its budget of {budget}, which may still be passed.",
    "under at its highest": "That is within its budget of {budget} even at its highest.",
    "over": "That is {gap} over its budget of {budget}.",
    "under": "That is within its budget of {budget}.",
}
_ALL_USAGE = "All of it is usage; what is bought once, credits and refunds are not foreseen."
_MADE_OF = (
    "It is made of {usage} of usage, {recurring} of fees that come again and {tax} of tax; what is bought once, "
    "credits and refunds are not foreseen."
)
_HELD = {
    "within": "It lay within the interval that was given, {low} to {high}.",
    "above": "It lay above the interval that was given, {low} to {high}.",
    "below": "It lay below the interval that was given, {low} to {high}.",
}


def forecast(rows: pd.DataFrame, style: Style) -> Exhibit:
    """What next month is expected to cost, how sure that is, and whether it is within its budget.

    Parameters
    ----------
    rows : DataFrame
        `metrics.cost.forecast`. Its facts ``cost.forecast.<currency>.value``, ``.low`` and
        ``.high`` are what next month's review scores.
    """
    known = rows[rows["forecast"].notna()]
    if not len(rows):
        return notice("cost.forecast", "Next month cannot be forecast: no charge of this month was read.", style)
    if not len(known):
        why = style.again(rows["forecast_note"].iloc[0], WORDS)
        return prose("cost.forecast", "Next month is not forecast: {why}.", style, "note", why=why)
    return join("cost.forecast", [part for _, row in known.iterrows() for part in _one(row, style)], "note")


def forecast_scored(rows: pd.DataFrame, style: Style) -> Exhibit:
    """How good the forecast was that last month's review made.

    Parameters
    ----------
    rows : DataFrame
        `metrics.cost.forecast_scored`.
    """
    if not len(rows):
        return prose("cost.scored", "Last month's review made no forecast, so there is none to score.", style, "note")
    return join("cost.scored", [part for _, row in rows.iterrows() for part in _score(row, style)], "note")


def forecast_method(style: Style) -> Exhibit:
    """How the forecast and its interval are made, for whoever wants to check them."""
    return prose(
        "cost.forecast_method",
        "The forecast takes each day of next month to cost what the same weekday did, in the middle of its last three; "
        "fees that come again are carried over, and tax keeps its proportion. A new level counts in full once it is "
        "two weeks old, one odd day not at all, and growth is not extrapolated. The interval is as wide as the same "
        "rule's errors, month by month over the last year, were in four of five cases; an error is what was spent less "
        "what was forecast, over what was forecast, and includes what nobody foresaw. Only months seen whole count.",
        style, role="method",
    )  # fmt: skip


def _one(row: pd.Series, style: Style) -> list[Exhibit]:
    code = row["billing_currency"]
    at = f"cost.forecast.{code.lower()}"

    def money(name: str, column: str) -> Fact:
        return Fact(f"{at}.{name}", row[column], "money", None, code, measure=column, rows=_HISTORY)

    month = Fact(f"{at}.month", dt.date.fromisoformat(f"{row['period']}-01"), "month")
    first = "{month} is forecast to cost {value}, if all goes on as this month ended."
    parts = [prose("cost.forecast", first, style, "note", month=month, value=money("value", "forecast"))]
    tests = Fact(f"{at}.tests", row["forecast_tests"], "count", measure="forecast_tests", rows=_HISTORY)
    if is_unknown(row["forecast_low"]):
        parts.append(prose("cost.forecast", _NO_INTERVAL, style, "note", tests=tests))
    else:
        margin = Fact(f"{at}.margin", row["forecast_margin"], "share", measure="forecast_margin", rows=_HISTORY)
        parts.append(
            prose("cost.forecast", _INTERVAL, style, "note", low=money("low", "forecast_low"),
                  high=money("high", "forecast_high"), tests=tests, margin=margin)
        )  # fmt: skip
    if not is_unknown(row["budget"]):
        gap = Fact(f"{at}.gap", abs(row["forecast"] - row["budget"]), "money", None, code, rows=_HISTORY)
        template, facts = _BUDGETS[_against(row)], {"gap": gap, "budget": money("budget", "budget")}
        used = {name: fact for name, fact in facts.items() if f"{{{name}}}" in template}
        parts.append(prose("cost.forecast", template, style, "note", **used))
    if row["forecast_recurring"] == 0 and row["forecast_tax"] == 0:
        return [*parts, prose("cost.forecast", _ALL_USAGE, style, "note")]
    made = {name: money(name, f"forecast_{name}") for name in ("usage", "recurring", "tax")}
    return [*parts, prose("cost.forecast", _MADE_OF, style, "note", **made)]


def _against(row: pd.Series) -> str:
    """How the forecast and its interval lie to the budget."""
    budget, over = row["budget"], row["forecast"] > row["budget"]
    if is_unknown(row["forecast_low"]):
        return "over" if over else "under"
    if over:
        return "over at its lowest" if row["forecast_low"] > budget else "over, perhaps"
    return "under, perhaps" if row["forecast_high"] > budget else "under at its highest"


def _score(row: pd.Series, style: Style) -> list[Exhibit]:
    code, seen = row["billing_currency"], row["coverage"]
    at = f"cost.scored.{code.lower()}"

    def money(name: str, value: object, measure: str) -> Fact:
        return Fact(f"{at}.{name}", value, "money", seen, code, measure=measure)

    made = money("forecast", row["forecast"], "forecast")
    if is_unknown(row["spend"]):
        said = "Last month's review forecast {forecast}; how good that was is not known: the month was not seen whole."
        return [prose("cost.scored", said, style, "note", forecast=made)]
    facts = {"forecast": made, "spend": money("spend", row["spend"], "spend")}
    said = "Last month's review forecast {forecast}, exactly what was spent."
    if row["forecast_miss"]:
        facts["miss"] = money("miss", abs(row["forecast_miss"]), "")
        facts["error"] = Fact(f"{at}.error", row["forecast_error"], "share", seen, measure="forecast_error")
        said = "Last month's review forecast {forecast}; {spend} was spent, {miss} more: an error of {error}."
        if row["forecast_miss"] < 0:
            said = "Last month's review forecast {forecast}; {spend} was spent, {miss} less: an error of {error}."
    used = {name: fact for name, fact in facts.items() if f"{{{name}}}" in said}
    parts = [prose("cost.scored", said, style, "note", **used)]
    if row["forecast_held"]:
        edges = {edge: money(edge, row[f"forecast_{edge}"], f"forecast_{edge}") for edge in ("low", "high")}
        parts.append(prose("cost.scored", _HELD[row["forecast_held"]], style, "note", **edges))
    return parts
