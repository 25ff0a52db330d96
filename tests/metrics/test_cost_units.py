"""What a unit costs: spend over a number of units, unknown wherever either is."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics.cost import unit_costs, unit_scorecard
from opsreport.params.operations import UnitCost
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.schemas.scorecard import SCORECARD

MARCH = Period.month("2026-03", "Europe/Berlin")
ORDERS = UnitCost(name="100 orders", per=Decimal(100), months={"2026-03": Decimal(400), "2026-02": Decimal(500)})
REQUESTS = UnitCost(name="request", service="shop")


def at(day, zone="UTC"):
    return pd.Timestamp(day, tz=zone).tz_convert("UTC").as_unit("us")


def bill(*charges):
    rows = [
        {"billing_period_start": at(day[:7] + "-01"), "charge_period_start": at(day), "charge_category": "Usage",
         "billed_cost": Decimal(amount), "billing_currency": code}
        for day, amount, code, _ in charges
    ]  # fmt: skip
    cost = FRAMES["cost"].conform(pd.DataFrame(rows, columns=FRAMES["cost"].names))
    return cost.assign(service=pd.Series([one[3] for one in charges], dtype="string"))


def charge(day, amount, service="shop", code="USD"):
    return day, amount, code, service


def load(*windows):
    rows = [{"service": service, "started_at": at(first, MARCH.zone), "ended_at": at(end, MARCH.zone),
             "requests": Decimal(count)} for first, end, count, service in windows]  # fmt: skip
    return FRAMES["request_load"].conform(pd.DataFrame(rows, columns=FRAMES["request_load"].names))


WHOLE = ("2026-03-01", "2026-04-01", 50, "shop")


def last(cost, *drivers, requests=None, seen=None, n=1):
    made = unit_costs(cost, load() if requests is None else requests, MARCH, list(drivers), seen, n)
    return made.iloc[-1]


def test_a_unit_costs_spend_over_how_many_there_were():
    # 800 spent, 400 orders: 2 each, 200 a hundred.
    row = last(bill(charge("2026-03-10", 800)), ORDERS)
    assert (row["unit_name"], row["unit_of"], row["unit_count"]) == ("100 orders", "(all)", 400)
    assert (row["spend"], row["unit_cost"], row["unit_note"]) == (800, 200, "")


def test_a_driver_of_a_service_divides_that_services_spend_alone():
    row = last(bill(charge("2026-03-10", 100), charge("2026-03-10", 900, "search")), REQUESTS, requests=load(WHOLE))
    assert (row["unit_of"], row["spend"], row["unit_count"], row["unit_cost"]) == ("shop", 100, 50, 2)


def test_requests_of_another_service_are_not_counted_and_hours_within_a_month_not_twice():
    hours = [(f"2026-03-10 0{n}:00", f"2026-03-10 0{n + 1}:00", 7, "shop") for n in range(3)]
    requests = load(*hours, WHOLE, ("2026-03-01", "2026-04-01", 999, "search"))
    assert last(bill(charge("2026-03-10", 100)), REQUESTS, requests=requests)["unit_count"] == 50


def test_requests_of_a_part_of_the_month_say_nothing_of_all_of_it():
    days = [(f"2026-03-{n:02d}", f"2026-03-{n + 1:02d}", 1, "shop") for n in range(1, 31)]
    cost = bill(charge("2026-03-10", 93))
    row = last(cost, REQUESTS, requests=load(*days))
    assert pd.isna(row["unit_count"]) and pd.isna(row["unit_cost"]) and "not known" in row["unit_note"]
    row = last(cost, REQUESTS, requests=load(*days, ("2026-03-31", "2026-04-01", 1, "shop")))
    assert (row["unit_count"], row["unit_cost"]) == (31, 3)  # the clock went forward on the 29th


@pytest.mark.parametrize(
    ("driver", "note"),
    [
        (UnitCost(name="order", months={"2026-02": Decimal(5)}), "how many there were is not known"),
        (UnitCost(name="order", months={"2026-03": Decimal(0)}), "there were none"),
        (UnitCost(name="order"), "how many there were is not known"),
    ],
)
def test_without_a_number_there_is_no_unit_cost(driver, note):
    row = last(bill(charge("2026-03-10", 800)), driver)
    assert pd.isna(row["unit_cost"]) and row["unit_note"] == note and row["spend"] == 800


def test_a_bill_that_was_not_seen_whole_gives_none():
    seen = Intervals([(at("2026-03-01"), at("2026-03-31"))])
    row = last(bill(charge("2026-03-10", 800)), ORDERS, seen=seen)
    assert pd.isna(row["unit_cost"]) and row["unit_note"] == "the bill was not seen whole"


def test_thirteen_months_are_told_oldest_first_and_currencies_apart():
    cost = bill(charge("2026-03-10", 800), charge("2026-02-10", 500), charge("2026-03-10", 4, code="EUR"))
    made = unit_costs(cost, load(), MARCH, [ORDERS])
    assert len(made) == 26 and list(made["period"].iloc[:2]) == ["2025-03", "2025-04"]
    dollars = made[made["billing_currency"] == "USD"].set_index("period")["unit_cost"]
    assert (dollars["2026-02"], dollars["2026-03"]) == (100, 200) and dollars.isna().sum() == 11


def test_without_a_driver_or_a_charge_the_result_is_empty_with_its_columns():
    columns = list(unit_costs(bill(charge("2026-03-10", 1)), load(), MARCH, [ORDERS]).columns)
    assert list(unit_costs(bill(charge("2026-03-10", 1)), load(), MARCH, []).columns) == columns
    assert unit_costs(bill(), load(), MARCH, [ORDERS]).empty


def test_a_service_that_no_charge_is_mapped_to_is_not_known():
    for cost in (bill(charge("2026-03-10", 100)).drop(columns="service"), bill(charge("2026-03-10", 100, "search"))):
        row = last(cost, REQUESTS, requests=load(WHOLE))
        assert pd.isna(row["spend"]) and pd.isna(row["unit_cost"])
        assert row["unit_note"] == "no charge is mapped to the service"


def scores(baseline=None, *drivers):
    cost = bill(charge("2026-03-10", 800), charge("2026-02-10", 500), charge("2026-01-10", 90))
    units = unit_costs(cost, load(), MARCH, list(drivers))
    return unit_scorecard(units, cost, load(), list(drivers), baseline)


def test_the_scorecard_has_the_first_driver_with_its_trend_and_no_target():
    made = scores(None, ORDERS, REQUESTS)
    (row,) = made.to_dict("records")
    assert list(made.columns) == list(SCORECARD)
    assert (row["id"], row["measure"], row["unit"]) == ("cost.unit.usd", "Cost per 100 orders", "money")
    assert (row["this_month"], row["last_month"], row["target"], row["section"]) == (200, 100, None, "cost")
    assert len(row["trend"]) == 13 and row["trend"][-3] is None
    assert scores(None).empty


def test_a_baseline_of_whole_months_is_what_a_unit_cost_over_all_of_them():
    both = Period.days("2026-02-01", "2026-03-31", MARCH.zone)
    (row,) = scores(both, ORDERS).to_dict("records")
    assert round(row["baseline"], 10) == round(Decimal(130000) / 900, 10)  # 1,300 over 900 orders
    for days in (("2026-02-02", "2026-03-31"), ("2026-01-01", "2026-03-31")):  # no whole months; no number of January
        (row,) = scores(Period.days(*days, MARCH.zone), ORDERS).to_dict("records")
        assert row["baseline"] is None
