"""Spend against what was agreed, bounded by what was seen."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics.cost import budget, monthly_budget
from opsreport.params.models import Agreement, ExchangeRate
from opsreport.params.operations import Budget
from opsreport.period import Period
from opsreport.schemas import FRAMES, TEXT

APRIL = Period.month("2026-04", "Europe/Berlin")
RATE = ExchangeRate(bill_currency="USD", rate=Decimal("0.9"), stated="the agreement")


def bill(*charges):
    rows = [
        {"billing_period_start": pd.Timestamp(day[:7], tz="UTC").as_unit("us"), "charge_category": "Usage",
         "charge_period_start": pd.Timestamp(day, tz="UTC").as_unit("us"), "billed_cost": Decimal(amount),
         "billing_currency": code}
        for day, amount, code in charges
    ]  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows, columns=FRAMES["cost"].names))


def agreed(amount, code="USD", first=(2026, 1, 1), last=None, service=None):
    ends = dt.date(*last) if last else None
    budgets = [Budget(amount=Decimal(amount), currency=code, service=service)]
    return Agreement(starts_on=dt.date(*first), ends_on=ends, budgets=budgets)


def seen(first, end):
    return Intervals([(pd.Timestamp(first, tz="UTC"), pd.Timestamp(end, tz="UTC"))])


WHOLE = seen("2026-03-31 22:00", "2026-04-30 22:00")  # April on the client's clock


@pytest.mark.parametrize(
    ("amount", "covered", "said"),
    [("100", WHOLE, "met"), ("101", WHOLE, "missed"), ("101", seen("2026-04-01", "2026-04-16"), "missed"),
     ("99", seen("2026-04-01", "2026-04-16"), "unknown"), ("99", Intervals(), "unknown")],
)  # fmt: skip
def test_over_budget_is_missed_at_once_and_within_it_is_met_only_when_all_was_seen(amount, covered, said):
    (row,) = budget(bill(("2026-04-10", amount, "USD")), APRIL, [agreed(100)], covered).to_dict("records")
    assert row["verdict"] == said
    assert row["budget_variance"] == Decimal(amount) - 100
    assert row["over_budget"] == max(Decimal(amount) - 100, 0)


def test_a_term_that_starts_within_the_month_is_prorated_with_its_spend():
    cost = bill(("2026-04-15 23:59", "500", "USD"), ("2026-04-16", "120", "USD"))
    (row,) = budget(cost, APRIL, [agreed(300, first=(2026, 4, 16))], WHOLE).to_dict("records")
    assert (row["budget"], row["spend"], row["verdict"]) == (150, 120, "met")
    assert row["note"] == "agreed for 15 of 30 days"


def test_two_terms_in_a_month_make_one_budget():
    terms = [agreed(300, last=(2026, 4, 10)), agreed(600, first=(2026, 4, 11))]
    cost = bill(("2026-04-01", "1", "USD"), ("2026-04-30", "2", "USD"))
    (row,) = budget(cost, APRIL, terms, WHOLE).to_dict("records")
    assert (row["budget"], row["spend"], row["note"]) == (500, 3, "")


def test_a_budget_in_another_currency_needs_a_stated_rate():
    cost = bill(("2026-04-01", "80", "EUR"))
    (row,) = budget(cost, APRIL, [agreed(100, "USD")], WHOLE).to_dict("records")
    assert pd.isna(row["spend"]) and row["verdict"] == "unknown" and "EUR is left out" in row["note"]
    (row,) = budget(cost, APRIL, [agreed(100, "USD")], WHOLE, [RATE], "EUR").to_dict("records")
    assert (row["billing_currency"], row["budget"], row["verdict"]) == ("EUR", 90, "met")


def test_a_currency_that_cannot_be_added_leaves_the_verdict_open_unless_it_is_missed_already():
    cost = bill(("2026-04-01", "80", "EUR"), ("2026-04-01", "5", "GBP"))
    assert list(budget(cost, APRIL, [agreed(100, "EUR")], WHOLE)["verdict"]) == ["unknown"]
    assert list(budget(cost, APRIL, [agreed(70, "EUR")], WHOLE)["verdict"]) == ["missed"]


def test_a_services_budget_reads_the_services_charges():
    cost = bill(("2026-04-01", "80", "USD"), ("2026-04-02", "7", "USD"), ("2026-04-02", "5", "USD"))
    cost["service"] = pd.Series(["shop", "blog", None], dtype=TEXT)
    terms = [Agreement(starts_on=dt.date(2026, 1, 1), budgets=[
        Budget(amount=Decimal(10), currency="USD", service="blog"), Budget(amount=Decimal(90), currency="USD"),
    ])]  # fmt: skip
    made = budget(cost, APRIL, terms, WHOLE)
    assert list(made["service"]) == ["(all)", "blog"]
    assert list(made["spend"]) == [92, 7] and list(made["verdict"]) == ["missed", "met"]
    without = budget(cost.drop(columns="service"), APRIL, terms, WHOLE)
    assert pd.isna(without["spend"][1]) and without["verdict"][1] == "unknown"


def test_a_month_without_a_charge_is_not_within_budget():
    (row,) = budget(bill(("2026-03-31", "5", "USD")), APRIL, [agreed(100)], WHOLE).to_dict("records")
    assert pd.isna(row["spend"]) and pd.isna(row["budget_variance"]) and row["verdict"] == "unknown"


def test_each_month_has_the_budget_of_its_days():
    made = monthly_budget(APRIL, [agreed(300, first=(2026, 3, 1), last=(2026, 4, 10))], 3)
    assert list(zip(made["period"], made["budget"], strict=True)) == [("2026-03", 300), ("2026-04", 100)]


def test_a_budget_of_part_of_a_month_is_judged_by_the_days_that_it_covers():
    # Agreed from the 16th, and seen from the 16th: half of April, but all of the budget's days.
    late = seen("2026-04-15 22:00", "2026-04-30 22:00")
    made = budget(bill(("2026-04-20", "100", "USD")), APRIL, [agreed(300, first=(2026, 4, 16))], late).iloc[0]
    assert (made["coverage"], made["verdict"], made["budget"]) == (1.0, "met", 150)


def test_a_run_of_days_is_held_against_its_share_of_the_months_budget():
    # 8 of October's 31 days of a budget of 310 are 80, of which 100 were spent.
    days = Period.days("2026-10-05", "2026-10-12", "UTC")
    cost = FRAMES["cost"].conform(
        pd.DataFrame(
            {
                "billing_period_start": [pd.Timestamp("2026-10-01", tz="UTC")],
                "charge_period_start": [pd.Timestamp("2026-10-06", tz="UTC")],
                "charge_category": ["Usage"],
                "billed_cost": [Decimal(100)],
                "billing_currency": ["EUR"],
            }
        )
    )
    agreed = Agreement(starts_on=dt.date(2026, 1, 1), budgets=[Budget(amount=310, currency="EUR")])
    row = budget(cost, days, [agreed], None).iloc[0]
    assert (row["budget"], row["budget_variance"], row["verdict"]) == (Decimal(80), Decimal(20), "missed")
    assert "share of a month" in row["note"]
