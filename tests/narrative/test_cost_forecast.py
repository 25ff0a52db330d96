"""What is said of next month's cost, of last month's forecast and of unit costs."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport.metrics.cost_forecast import FORECAST, SCORED, forecast_scored
from opsreport.metrics.cost_units import UNITS
from opsreport.narrative import cost as narrative
from opsreport.period import Period
from opsreport.reported import COLUMNS
from opsreport.schemas import FRAMES
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def money(value):
    return None if value is None else Decimal(value)


def facts(exhibit):
    return {fact["id"]: fact["value"] for fact in exhibit.facts}


# Next month


def ahead(value=300, low=240, high=360, budget=None, tests=12, recurring=40, tax=10, note="", code="EUR"):
    row = {
        "period": "2026-04", "billing_currency": code, "forecast": money(value), "forecast_low": money(low),
        "forecast_high": money(high), "forecast_usage": money(250), "forecast_recurring": money(recurring),
        "forecast_tax": money(tax), "forecast_tests": tests, "forecast_margin": 0.2, "budget": money(budget),
        "forecast_note": note,
    }  # fmt: skip
    return pd.DataFrame([row], columns=list(FORECAST))


def test_the_forecast_is_said_with_its_interval_and_what_it_is_made_of():
    said = narrative.forecast(ahead(), STYLE)
    assert said.id == "cost.forecast" and said.text == (
        "April 2026 is forecast to cost €300.00, if all goes on as this month ended. Four times in five it should lie "
        "between €240.00 and €360.00: the same rule, asked about 12 earlier months, was seldom off by more than 20%. "
        "It is made of €250.00 of usage, €40.00 of fees that come again and €10.00 of tax; what is bought once, "
        "credits and refunds are not foreseen."
    )


def test_its_facts_have_the_ids_that_next_months_review_looks_for():
    found = facts(narrative.forecast(ahead(), STYLE))
    assert {name: found[f"cost.forecast.eur.{name}"] for name in ("value", "low", "high")} == {
        "value": "300", "low": "240", "high": "360",
    }  # fmt: skip


def test_what_a_review_printed_is_what_the_next_one_scores():
    printed = narrative.forecast(ahead(), STYLE).facts
    reported = pd.DataFrame([{**fact, "month": "2026-03"} for fact in printed]).reindex(columns=list(COLUMNS))
    charge = {"billing_period_start": pd.Timestamp("2026-04-01", tz="UTC"), "billed_cost": Decimal(375),
              "charge_period_start": pd.Timestamp("2026-04-09", tz="UTC"), "charge_category": "Usage",
              "billing_currency": "EUR"}  # fmt: skip
    made = forecast_scored(reported, FRAMES["cost"].conform(pd.DataFrame([charge])), Period.month("2026-04"))
    assert narrative.forecast_scored(made, STYLE).text == (
        "Last month's review forecast €300.00; €375.00 was spent, €75.00 more: an error of 25%. It lay above the "
        "interval that was given, €240.00 to €360.00."
    )


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (230, "That is over its budget of €230.00 even at its lowest."),
        (280, "That is €20.00 over its budget of €280.00, which may still be kept."),
        (320, "That is €20.00 under its budget of €320.00, which may still be passed."),
        (360, "That is within its budget of €360.00 even at its highest."),
    ],
)
def test_next_months_budget_is_held_against_the_interval(budget, words):
    assert words in narrative.forecast(ahead(budget=budget), STYLE).text


def test_without_an_interval_that_is_said_and_the_budget_is_held_against_the_forecast():
    said = narrative.forecast(ahead(low=None, high=None, tests=4, budget=280), STYLE).text
    assert "How far off that may be is not known: too few earlier months, 4, can be tested." in said
    assert "That is €20.00 over its budget of €280.00. It is made of" in said
    assert "Four times" not in said


def test_what_is_all_usage_names_no_fees_of_nothing():
    said = narrative.forecast(ahead(recurring=0, tax=0), STYLE).text
    assert said.endswith("All of it is usage; what is bought once, credits and refunds are not foreseen.")


def test_a_forecast_that_is_withheld_says_why():
    said = narrative.forecast(ahead(value=None, note="this month's bill was not seen whole"), STYLE)
    assert said.text == "Next month is not forecast: this month's bill was not seen whole." and said.facts == ()
    assert narrative.forecast(ahead().iloc[:0], STYLE).kind == "notice"


def test_the_method_tells_the_rule():
    said = narrative.forecast_method(STYLE)
    assert said.id == "cost.forecast_method" and said.about["role"] == "method" and "last three" in said.text


# Last month's forecast


def scored(forecast=300, spend=330, held="", low=None, high=None):
    miss = None if spend is None else Decimal(spend) - forecast
    error = None if spend is None else float(abs(miss) / forecast)
    row = {"billing_currency": "EUR", "forecast": money(forecast), "forecast_low": money(low),
           "forecast_high": money(high), "spend": money(spend), "forecast_miss": miss, "forecast_error": error,
           "forecast_held": held, "coverage": 1.0}  # fmt: skip
    return pd.DataFrame([row], columns=list(SCORED))


def test_no_forecast_last_month_is_said():
    said = narrative.forecast_scored(scored().iloc[:0], STYLE).text
    assert said == "Last month's review made no forecast, so there is none to score."


def test_an_error_either_way_and_none_at_all():
    assert narrative.forecast_scored(scored(spend=270), STYLE).text == (
        "Last month's review forecast €300.00; €270.00 was spent, €30.00 less: an error of 10%."
    )
    exact = "Last month's review forecast €300.00, exactly what was spent."
    assert narrative.forecast_scored(scored(spend=300), STYLE).text == exact
    held = narrative.forecast_scored(scored(held="within", low=240, high=360), STYLE).text
    assert held.endswith("It lay within the interval that was given, €240.00 to €360.00.")


def test_a_month_that_was_not_seen_whole_is_not_scored():
    said = narrative.forecast_scored(scored(spend=None), STYLE)
    assert "not known: the month was not seen whole" in said.text
    assert facts(said) == {"cost.scored.eur.forecast": "300"}


# Unit costs


def units(*costs, of="(all)", note=""):
    rows = [{"unit_name": "100 orders", "unit_of": of, "period": f"2026-{place:02d}", "billing_currency": "EUR",
             "spend": money(800), "unit_count": money(400), "unit_cost": money(cost), "coverage": 1.0,
             "unit_note": note} for place, cost in enumerate(costs, start=1)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(UNITS))


@pytest.mark.parametrize(
    ("costs", "start"),
    [
        ((150, 200), "The cost per 100 orders was €200.00, €50.00 more than last month."),
        ((250, 200), "The cost per 100 orders was €200.00, €50.00 less than last month."),
        ((200, 200), "The cost per 100 orders was €200.00, the same as last month."),
        ((None, 200), "The cost per 100 orders was €200.00."),
    ],
)
def test_a_unit_cost_is_said_against_last_month_with_what_it_is_made_of(costs, start):
    said = narrative.unit_costs(units(*costs), STYLE)
    assert said.text == start + " €800.00 was spent, and 400 were counted."
    assert facts(said)["cost.units.100-orders-all.eur.cost"] == "200"


def test_a_service_is_named_and_its_rows_stand_behind():
    said = narrative.unit_costs(units(200, of="shop"), STYLE)
    assert said.text.startswith("The cost of shop per 100 orders was")
    assert said.facts[0]["rows"]["where"] == {"service": "shop"}


def test_a_unit_cost_that_is_not_known_says_why_and_no_driver_says_so():
    said = narrative.unit_costs(units(150, None, note="there were none"), STYLE).text
    assert said == "The cost per 100 orders is not known: there were none."
    assert "No business driver" in narrative.unit_costs(units(), STYLE).text


# Commitments


def test_no_id_stands_twice_in_a_sentence():
    everything = (
        narrative.forecast(pd.concat([ahead(budget=280), ahead(budget=280, code="USD")]), STYLE),
        narrative.forecast_scored(scored(held="within", low=240, high=360), STYLE),
        narrative.unit_costs(pd.concat([units(150, 200), units(150, 200, of="shop")]), STYLE),
    )  # fmt: skip
    ids = [fact["id"] for said in everything for fact in said.facts]
    assert len(ids) == len(set(ids))
