"""Savings as they stood when a month ended, and as later bills measure them."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics import spending_savings as metrics
from opsreport.metrics.spending_bill import estimates
from opsreport.params.models import ClientParams, ExchangeRate
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "America/New_York")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def advice(*rows: dict) -> pd.DataFrame:
    made = [{"recommendation_id": f"r{n}", "resource": "vol", "status": "proposed", "first_seen_at": at("2026-01-05"),
             "estimated_monthly_saving": Decimal(40), "billing_currency": "EUR", **row}
            for n, row in enumerate(rows)]  # fmt: skip
    return FRAMES["recommendation"].conform(pd.DataFrame(made, columns=FRAMES["recommendation"].names))


def bill(*charges: tuple) -> pd.DataFrame:
    rows = [{"billing_period_start": at(f"{day[:7]}-01"), "charge_period_start": at(day), "charge_category": "Usage",
             "resource_id": resource, "billed_cost": Decimal(amount), "billing_currency": code[0] if code else "EUR"}
            for day, resource, amount, *code in charges]  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows, columns=FRAMES["cost"].names))


def one(cost: pd.DataFrame, period: Period = OCTOBER, seen=None, **row) -> dict:
    row = {"status": "done", "done_at": at("2026-07-15"), **row}
    (made,) = metrics.savings(advice(row), cost, period, seen).to_dict("records")
    return made


GONE = bill(("2026-06-10", "vol", "60"), ("2026-08-10", "other", "1"), ("2026-10-10", "other", "1"))


def test_a_resource_that_is_gone_saves_its_daily_cost_times_the_days_of_the_month():
    # 60 in June's 30 days is 2 a day: 62 in a month of 31 days, in August as in October.
    row = one(GONE)
    assert (row["saving_first"], row["saving_measured"], row["saving_gap"]) == (62, 62, 22)
    assert row["note"] == ""


def test_a_resource_that_costs_more_than_before_has_saved_less_than_nothing():
    row = one(bill(("2026-06-10", "vol", "30"), ("2026-08-10", "vol", "31"), ("2026-10-10", "vol", "35")))
    assert (row["saving_first"], row["saving_measured"], row["saving_gap"]) == (0, -4, -44)


@pytest.mark.parametrize(("more", "cost", "note"), [
    ({"resource": None}, GONE, "it names no resource to look for in the bill"),
    ({"done_at": None}, GONE, "when it was done is not recorded"),
    ({"resource": "disk"}, GONE, "the bill of the month before does not name it"),
    ({"done_at": at("2026-05-15")}, GONE, "the bill of the month before it was done was not seen whole"),
    ({"done_at": at("2026-10-15")}, bill(("2026-09-10", "vol", "60"), ("2026-10-10", "vol", "9")),
     "no whole month has passed since"),
    ({}, GONE.head(2), "the bill of this month was not seen whole"),
    ({}, bill(("2026-06-10", "vol", "1"), ("2026-06-10", "vol", "1", "USD"), ("2026-10-10", "o", "1")),
     "the bill of the month before does not name it"),
])  # fmt: skip
def test_what_cannot_be_measured_is_unknown_and_says_why(more, cost, note):
    row = one(cost, **more)
    assert pd.isna(row["saving_measured"]) and row["note"] == note


def test_months_that_were_not_seen_whole_measure_nothing():
    part = Intervals([(at("2026-06-01"), at("2026-10-20"))])
    row = one(GONE, seen=part)
    assert row["saving_first"] == 62 and pd.isna(row["saving_measured"])


def test_bills_count_their_months_in_utc():
    # In New York it was still June; the bill says July, so June is the month before.
    assert one(GONE, done_at=at("2026-07-01 02:00"))["saving_measured"] == 62


def test_a_month_before_it_was_done_it_is_accepted_and_before_that_proposed():
    row = {"status": "done", "accepted_at": at("2026-06-10"), "done_at": at("2026-07-15")}
    states = {month: metrics.savings(advice(row), GONE, Period.month(month))["saving_status"].tolist()
              for month in ("2025-12", "2026-05", "2026-06", "2026-07")}  # fmt: skip
    assert states == {"2025-12": [], "2026-05": ["proposed"], "2026-06": ["accepted"], "2026-07": ["done"]}


def test_what_was_closed_before_the_month_is_no_longer_measured():
    assert metrics.savings(advice({"closed_at": at("2026-09-15")}), GONE, OCTOBER).empty
    assert len(metrics.savings(advice({"closed_at": at("2026-10-15")}), GONE, OCTOBER)) == 1


def test_the_ledger_adds_up_by_status_and_currency_and_compares_like_with_like():
    rows = advice(
        {"status": "done", "done_at": at("2026-07-15")},
        {"status": "done", "resource": None, "done_at": at("2026-07-15")},
        {"status": "proposed"}, {"status": "proposed", "estimated_monthly_saving": None},
        {"status": "proposed", "billing_currency": "USD"},
    )  # fmt: skip
    made = metrics.ledger(metrics.savings(rows, GONE, OCTOBER)).set_index(["billing_currency", "saving_status"])
    done = made.loc["EUR", "done"]
    assert (done["savings"], done["saving_estimate"], done["savings_measured"]) == (2, 80, 1)
    assert (done["saving_measured"], done["saving_gap"]) == (62, 22)  # the other's 40 are not in the comparison
    proposed = made.loc["EUR", "proposed"]
    assert (proposed["savings"], proposed["saving_estimate"]) == (2, 40) and pd.isna(proposed["saving_measured"])
    assert made.loc["USD", "proposed"]["saving_estimate"] == 40


def test_estimates_are_converted_at_the_stated_rate_with_the_mark_up():
    params = ClientParams(
        client="a", display_name="A", time_zone="UTC", currency="EUR", cost={"markup": Decimal("0.1")},
        exchange_rates=[ExchangeRate(bill_currency="USD", rate=Decimal("0.5"), stated="x")],
    )  # fmt: skip
    made = estimates(advice(*({"billing_currency": code} for code in ("USD", "GBP", None))), params)
    assert made["estimated_monthly_saving"].tolist() == [22, 44, 44]
    assert made["billing_currency"].tolist() == ["EUR", "GBP", "EUR"]


def test_nothing_proposed_is_an_empty_ledger():
    none = metrics.savings(FRAMES["recommendation"].empty(), GONE, OCTOBER)
    assert none.empty and tuple(none.columns) == metrics.SAVINGS
    assert metrics.ledger(none).empty
    assert metrics.measured(FRAMES["recommendation"].empty(), GONE, OCTOBER.history(2), None, "EUR") == [None, None]


amounts = st.decimals(0, 10_000, places=10, allow_nan=False)


@given(amounts, amounts)
@settings(max_examples=20, deadline=None)
def test_a_saving_is_exact_to_the_last_digit(before, now):
    row = one(bill(("2026-06-10", "vol", str(before)), ("2026-08-01", "o", "1"), ("2026-10-10", "vol", str(now))))
    assert abs(row["saving_measured"] - (before / 30 * 31 - now)) < Decimal("1e-17")


def test_an_estimate_in_another_currency_than_the_bill_is_said_in_its_own_and_not_compared():
    dollars = bill(("2026-06-10", "vol", "60", "USD"), ("2026-08-10", "other", "1", "USD"),
                   ("2026-10-10", "other", "1", "USD"))  # fmt: skip
    row = one(dollars)
    assert (row["saving_measured"], row["billing_currency"]) == (62, "USD")
    assert pd.isna(row["saving_estimate"]) and pd.isna(row["saving_gap"])
    assert row["note"] == "estimated at 40 EUR, billed in USD: not compared"
