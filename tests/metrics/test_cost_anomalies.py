"""Days out of the usual: a median and MAD by weekday, with a floor in money."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from opsreport.metrics.cost import anomalies, anomaly_basis
from opsreport.period import Period
from opsreport.schemas import FRAMES

MARCH = Period.month("2026-03")


def bill(first, last="2026-03-31", service="S3", amounts=None, **more):
    days = [day.date() for day in pd.date_range(first, last)]
    rows = [
        {"billing_period_start": pd.Timestamp(day.replace(day=1), tz="UTC").as_unit("us"), "service_name": service,
         "charge_period_start": pd.Timestamp(day, tz="UTC").as_unit("us"), "billing_currency": "USD",
         "charge_category": "Usage", "billed_cost": Decimal((amounts or {}).get(str(day), 20)), **more}
        for day in days
    ]  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows))


def test_a_day_beyond_the_floor_is_found_with_its_impact():
    (row,) = anomalies(bill("2026-01-01", amounts={"2026-03-10": 55}), MARCH).to_dict("records")
    assert (row["charge_day"], row["service_name"]) == (dt.date(2026, 3, 10), "S3")
    assert (row["spend"], row["usual_spend"], row["impact"]) == (55, 20, 35)
    assert (row["band_low"], row["band_high"]) == (10, 30)


def test_equal_days_have_no_deviation_so_the_floor_holds_and_its_edge_is_usual():
    assert anomalies(bill("2026-01-01", amounts={"2026-03-10": 30}), MARCH).empty
    assert len(anomalies(bill("2026-01-01", amounts={"2026-03-10": "30.01"}), MARCH)) == 1


def test_a_weekday_is_compared_with_its_own():
    sundays = {str(day.date()): 90 for day in pd.date_range("2026-01-04", "2026-03-31", freq="7D")}
    assert anomalies(bill("2025-12-28", amounts={"2025-12-28": 90, **sundays}), MARCH).empty


def test_the_band_is_as_wide_as_the_weeks_before_were_uneven():
    # Tuesdays before 10 March: 20, 60, 20, 60 ...: median 40, MAD 20, half-width 3.5 x 1.4826 x 20 = 103.782.
    uneven = {
        str(day.date()): 20 + 40 * (k % 2) for k, day in enumerate(pd.date_range("2026-01-13", periods=8, freq="7D"))
    }
    for amount, found in (("143.78", 0), ("143.79", 1)):
        made = anomalies(bill("2026-01-13", amounts={**uneven, "2026-03-10": amount}), MARCH)
        assert (made["charge_day"] == dt.date(2026, 3, 10)).sum() == found


def test_fewer_than_eight_weeks_give_no_verdict_and_say_so():
    cost = bill("2026-01-14", amounts={"2026-03-10": 999, "2026-03-11": 999})
    assert list(anomalies(cost, MARCH)["charge_day"]) == [dt.date(2026, 3, 11)]  # Tuesdays have seven before
    (row,) = anomaly_basis(cost, MARCH).to_dict("records")
    assert (row["days_judged"], row["days_unjudged"]) == (21, 10) and "eight" not in row["note"]


def test_a_service_that_stops_while_the_bill_goes_on_cost_nothing():
    cost = pd.concat([bill("2026-01-01", "2026-03-29"), bill("2026-01-01", service="EC2")], ignore_index=True)
    made = anomalies(cost, MARCH)
    assert list(made["spend"]) == [0, 0] and list(made["impact"]) == [-20, -20]


def test_only_usage_is_judged():
    tax = bill("2026-03-10", "2026-03-10", service=None, charge_category="Tax", amounts={"2026-03-10": 999})
    assert anomalies(pd.concat([bill("2026-01-01"), tax], ignore_index=True), MARCH).empty
