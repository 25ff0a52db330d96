"""The forecast: a run rate by weekday, an interval from its own past errors, and last month's forecast scored."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics.cost import forecast, forecast_history, forecast_scored
from opsreport.params.models import Agreement
from opsreport.params.operations import Budget
from opsreport.period import Period
from opsreport.schemas import FRAMES

MARCH = Period.month("2026-03")


def at(day):
    return pd.Timestamp(day, tz="UTC").as_unit("us")


def charge(day, amount, category="Usage", frequency="Usage-Based", days=1, code="USD", **more):
    start = at(day)
    return {
        "provider_name": "AWS", "billing_period_start": start.replace(day=1), "charge_period_start": start,
        "charge_period_end": start + pd.Timedelta(days=days), "charge_category": category,
        "charge_frequency": frequency, "billed_cost": Decimal(str(amount)), "billing_currency": code, **more,
    }  # fmt: skip


def bill(*charges):
    return FRAMES["cost"].conform(pd.DataFrame(list(charges), columns=FRAMES["cost"].names))


def usage(first, last, amount):
    """Usage of each day; the amount may depend on it."""
    days = pd.date_range(first, last)
    return [charge(str(day.date()), amount(day.date()) if callable(amount) else amount) for day in days]


def seen(first, end):
    return Intervals([(at(first), at(end))])


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def ahead(*charges, period=MARCH, agreements=(), whole=None):
    return only(forecast(bill(*charges), period, list(agreements), whole))


# The rule


def test_each_day_of_next_month_costs_the_middle_of_its_last_three_weekdays():
    # Mondays 40, other days 10: April 2026 has 30 days, of which 4 are Mondays.
    row = ahead(*usage("2026-01-01", "2026-03-31", lambda day: 40 if day.weekday() == 0 else 10))
    assert (row["period"], row["forecast"]) == ("2026-04", 4 * 40 + 26 * 10)


@pytest.mark.parametrize(("month", "days"), [("2026-01", 28), ("2026-03", 30), ("2026-04", 31), ("2024-01", 29)])
def test_next_month_is_as_long_as_it_is(month, days):
    period = Period.month(month)
    first = period.back(2).first_day
    row = ahead(*usage(first, period.end_day - dt.timedelta(days=1), 10), period=period)
    assert row["forecast"] == 10 * days


def test_one_odd_day_counts_for_nothing_and_two_weeks_at_a_new_level_count_in_full():
    def cost(day):
        return 999 if day == dt.date(2026, 3, 24) else 30 if day >= dt.date(2026, 3, 18) else 10

    assert ahead(*usage("2026-01-01", "2026-03-31", cost))["forecast"] == 30 * 30
    # A week at a new level might be odd days: it is not believed yet.
    week = usage("2026-01-01", "2026-03-31", lambda day: 30 if day >= dt.date(2026, 3, 25) else 10)
    assert ahead(*week)["forecast"] == 10 * 30


def test_a_day_on_which_nothing_was_used_counts_as_nothing():
    # Office days only: April 2026 has 22 of them.
    office = [one for one in usage("2026-01-01", "2026-03-31", 10) if one["charge_period_start"].weekday() < 5]
    assert ahead(*office)["forecast"] == 10 * 22


def test_fees_by_the_day_go_by_days_and_those_by_the_month_are_carried_over():
    days = pd.date_range("2026-01-01", "2026-03-31")
    daily = [charge(day.date(), 2, "Purchase", "Recurring", charge_description="plan") for day in days]
    monthly = [charge(f"2026-0{n}-01", 29, "Purchase", "Recurring", days=30) for n in (1, 2, 3)]
    # A monthly fee that its provider dates on a day is no daily one.
    dated = [charge(f"2026-0{n}-21", 5, "Purchase", "Recurring", charge_description="reserved") for n in (1, 2, 3)]
    row = ahead(*usage("2026-01-01", "2026-03-31", 10), *daily, *monthly, *dated)
    assert (row["forecast_usage"], row["forecast_recurring"]) == (300, 30 * 2 + 29 + 5)
    assert row["forecast"] == row["forecast_usage"] + row["forecast_recurring"]


def test_usage_that_is_billed_for_a_month_goes_by_days():
    monthly = [charge(f"2026-0{n}-01", 31, days=28) for n in (1, 2, 3)]
    assert ahead(*monthly)["forecast"] == 30


def test_tax_follows_what_is_taxed():
    # March: 310 of usage, taxed 31. April: 300 of usage.
    taxes = [charge(f"2026-0{n}-01", 31, "Tax", "Recurring", days=30) for n in (1, 2, 3)]
    row = ahead(*usage("2026-01-01", "2026-03-31", 10), *taxes)
    assert (row["forecast_usage"], row["forecast_tax"], row["forecast"]) == (300, 30, 330)


def test_what_is_bought_once_and_credits_refunds_and_corrections_are_not_foreseen():
    once = [
        charge("2026-03-30", 500, "Purchase", "One-Time"), charge("2026-03-31", 700, "Purchase", None),
        charge("2026-03-31", -80, "Credit", "One-Time"), charge("2026-03-31", -20, "Adjustment", "One-Time"),
        *[charge(f"2026-03-{day}", -9, charge_class="Correction") for day in range(10, 32)],
    ]  # fmt: skip
    assert ahead(*usage("2026-01-01", "2026-03-31", 10), *once)["forecast"] == 300


def test_two_currencies_are_forecast_apart():
    euros = [charge(day, 1, code="EUR") for day in pd.date_range("2026-01-01", "2026-03-31").strftime("%Y-%m-%d")]
    rows = forecast(bill(*usage("2026-01-01", "2026-03-31", 10), *euros), MARCH, [])
    assert dict(zip(rows["billing_currency"], rows["forecast"], strict=True)) == {"EUR": 30, "USD": 300}


def test_next_months_budget_stands_beside_it():
    agreed = Agreement(starts_on=dt.date(2026, 4, 16), budgets=[Budget(amount=Decimal(300), currency="USD")])
    row = ahead(*usage("2026-01-01", "2026-03-31", 10), agreements=[agreed])
    assert row["budget"] == 150  # for half of April


# When it is withheld


def test_fewer_than_three_whole_months_give_no_forecast_and_say_so():
    row = ahead(*usage("2026-02-01", "2026-03-31", 10))
    assert pd.isna(row["forecast"]) and "3 whole months" in row["forecast_note"]
    assert not pd.isna(ahead(*usage("2026-01-01", "2026-03-31", 10))["forecast"])


def test_a_month_of_which_a_part_was_not_seen_gives_none():
    charges = usage("2025-12-01", "2026-03-31", 10)
    row = ahead(*charges, whole=seen("2025-12-01", "2026-03-31"))  # the last day is missing
    assert pd.isna(row["forecast"]) and row["forecast_note"] == "this month's bill was not seen whole"
    assert ahead(*charges, whole=seen("2025-12-01", "2026-04-01"))["forecast"] == 300
    # December was seen in part: January to March are three whole months.
    assert ahead(*charges, whole=seen("2025-12-10", "2026-04-01"))["forecast"] == 300
    assert pd.isna(ahead(*charges, whole=seen("2026-01-02", "2026-04-01"))["forecast"])


def test_days_that_are_no_month_give_none():
    row = ahead(*usage("2026-01-01", "2026-03-31", 10), period=Period.days("2026-03-01", "2026-03-15"))
    assert row["forecast_note"] == "these days are not a calendar month"


def test_nothing_known_is_no_row_and_no_cost_is_a_forecast_of_zero():
    assert forecast(bill(), MARCH, []).empty and forecast_history(bill(), MARCH).empty
    row = ahead(*usage("2025-03-01", "2026-03-31", 0))
    assert (row["forecast"], row["forecast_tests"]) == (0, 0)  # an error has no share of nothing
    assert pd.isna(row["forecast_low"])


# The interval


def steady_but(*months):
    """Thirteen months of 10 a day, and something bought once in some of them."""
    bought = [charge(f"{month}-15", amount, "Purchase", "One-Time") for month, amount in months]
    return [*usage("2025-03-01", "2026-03-31", 10), *bought]


def test_the_interval_reaches_as_far_as_past_errors_did():
    # Twelve tests: k = 13 x 0.8 rounded up = 11th smallest. December was off by 62 of 310, January by 155.
    row = ahead(*steady_but(("2025-12", 62), ("2026-01", 155)))
    assert (row["forecast"], row["forecast_tests"], row["forecast_margin"]) == (300, 12, 0.2)
    assert (row["forecast_low"], row["forecast_high"]) == (240, 360)


def test_fewer_than_six_months_to_test_on_give_no_interval_and_say_so():
    row = ahead(*usage("2025-10-01", "2026-03-31", 10))
    assert (row["forecast"], row["forecast_tests"]) == (300, 5)
    assert pd.isna(row["forecast_low"]) and "6 months" in row["forecast_note"]
    row = ahead(*usage("2025-09-01", "2026-03-31", 10))
    assert (row["forecast_low"], row["forecast_high"], row["forecast_note"]) == (300, 300, "")


def test_the_interval_does_not_reach_below_zero():
    row = ahead(*steady_but(("2025-12", 900), ("2026-01", 900)))
    assert row["forecast_low"] == 0 and row["forecast_high"] > 1000


def test_the_history_shows_what_the_rule_would_have_said_of_each_month():
    rows = forecast_history(bill(*steady_but(("2025-12", 62))), MARCH).set_index("period")
    assert (rows.index[0], rows.index[-1], len(rows)) == ("2025-03", "2026-04", 14)
    assert pd.isna(rows.loc["2025-03", "forecast"])
    assert (rows.loc["2025-12", "spend"], rows.loc["2025-12", "forecast"]) == (372, 310)
    assert rows.loc["2025-12", "forecast_error"] == 0.2
    assert pd.isna(rows.loc["2026-04", "spend"]) and rows.loc["2026-04", "forecast"] == 300


def test_a_month_not_seen_whole_is_neither_tested_nor_tested_on():
    gap = Intervals([(at("2025-03-01"), at("2025-12-05")), (at("2025-12-06"), at("2026-04-01"))])
    assert ahead(*steady_but(), whole=gap)["forecast_tests"] == 10  # not of December, nor from it of January


def test_about_four_in_five_months_lie_in_the_interval():
    noise = np.random.default_rng(3)
    hits, trials = 0, 60
    for _ in range(trials):
        # A bill with a row a month: 10 a day, more or less.
        daily = 10 * noise.lognormal(0, 0.1, size=14)
        months = [*MARCH.history(13), MARCH.back(-1)]
        costs = [round(cost * month.day_count, 4) for cost, month in zip(daily, months, strict=True)]
        row = ahead(*(charge(month.first_day, cost, days=28) for month, cost in zip(months[:-1], costs, strict=False)))
        hits += row["forecast_low"] <= costs[-1] <= row["forecast_high"]
    assert 0.7 < hits / trials <= 0.97  # 11 of 13 are expected


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_charges_changes_nothing(random):
    charges = [*steady_but(("2025-12", "61.99"), ("2026-01", "0.01")), charge("2026-03-01", "3.1", "Tax")]
    shuffled = random.sample(charges, len(charges))
    pd.testing.assert_frame_equal(forecast(bill(*charges), MARCH, []), forecast(bill(*shuffled), MARCH, []))


def test_what_comes_after_the_month_is_not_looked_at():
    charges = usage("2025-03-01", "2026-03-31", 10)
    later = usage("2026-04-01", "2026-04-30", 99)
    pd.testing.assert_frame_equal(forecast(bill(*charges), MARCH, []), forecast(bill(*charges, *later), MARCH, []))


# Last month's forecast scored


def printed(month="2026-02", code="usd", **facts):
    rows = [{"id": f"cost.forecast.{code}.{name}", "value": value, "unit": "money", "currency": code.upper(),
             "text": "", "month": month} for name, value in facts.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "value", "unit", "currency", "text", "month"], dtype=object)


def test_the_error_is_how_far_off_it_was_over_the_forecast():
    cost = bill(*usage("2026-03-01", "2026-03-31", 10))
    row = only(forecast_scored(printed(value="250", low="200", high="300", gap="7"), cost, MARCH))
    assert (row["forecast"], row["spend"], row["forecast_miss"]) == (250, 310, 60)
    assert (row["forecast_error"], row["forecast_held"]) == (0.24, "above")
    row = only(forecast_scored(printed(value="400", low="310", high="490"), cost, MARCH))
    assert (row["forecast_miss"], row["forecast_error"], row["forecast_held"]) == (-90, 0.225, "within")
    assert only(forecast_scored(printed(value="400", low="311", high="490"), cost, MARCH))["forecast_held"] == "below"


def test_without_a_forecast_of_last_month_there_is_none_to_score():
    cost = bill(*usage("2026-03-01", "2026-03-31", 10))
    for reported in (printed(), printed(value=None), printed("2026-01", value="250"), printed(low="1", high="2")):
        assert forecast_scored(reported, cost, MARCH).empty


def test_a_forecast_without_an_interval_is_scored_without_one():
    row = only(forecast_scored(printed(value="250"), bill(*usage("2026-03-01", "2026-03-31", 10)), MARCH))
    assert row["forecast_error"] == 0.24 and row["forecast_held"] == "" and pd.isna(row["forecast_low"])


def test_a_month_that_was_not_seen_whole_scores_nothing():
    cost = bill(*usage("2026-03-01", "2026-03-31", 10))
    row = only(forecast_scored(printed(value="250", low="1", high="2"), cost, MARCH, seen("2026-03-01", "2026-03-31")))
    assert pd.isna(row["spend"]) and pd.isna(row["forecast_error"]) and row["forecast_held"] == ""


def test_a_currency_that_was_forecast_and_then_not_billed_cost_nothing():
    cost = bill(*usage("2026-03-01", "2026-03-31", 10))
    row = only(forecast_scored(printed(code="eur", value="250"), cost, MARCH))
    assert (row["spend"], row["forecast_error"]) == (0, 1.0)


def test_a_forecast_of_nothing_has_no_error_in_percent():
    cost = bill(*usage("2026-03-01", "2026-03-31", 10))
    row = only(forecast_scored(printed(value="0"), cost, MARCH))
    assert row["forecast_miss"] == 310 and pd.isna(row["forecast_error"])
