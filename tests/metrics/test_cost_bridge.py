"""The bridge: what moved the bill, to the cent."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.errors import ReconciliationError
from opsreport.intervals import Intervals
from opsreport.metrics import cost_bridge
from opsreport.metrics.cost import bridge, bridge_by_service, by, drivers, resources
from opsreport.period import Period
from opsreport.schemas import FRAMES

MARCH = Period.month("2026-03")  # 31 days after 28
APRIL = Period.month("2026-04")  # 30 days after 31


def used(month, quantity, cost, **more):
    at = pd.Timestamp(f"{month}-03", tz="UTC").as_unit("us")
    return {
        "provider_name": "AWS", "sub_account_id": "1", "region_id": "eu", "service_name": "S3", "sku_id": "sku",
        "sku_price_id": "price", "pricing_unit": "GB", "billing_period_start": at.replace(day=1),
        "charge_period_start": at, "charge_period_end": at, "charge_category": "Usage", "billing_currency": "USD",
        "charge_frequency": "Usage-Based", "billed_cost": Decimal(cost),
        "pricing_quantity": None if quantity is None else Decimal(quantity), **more,
    }  # fmt: skip


def bill(*charges):
    return FRAMES["cost"].conform(pd.DataFrame(list(charges), columns=FRAMES["cost"].names))


def effects(cost, period=MARCH, column="effect_change"):
    made = bridge(cost, period)
    return {e: round(v, 9) for e, v in zip(made["effect"], made[column], strict=True) if v}


def test_a_longer_month_at_the_same_daily_use_is_days_alone():
    assert effects(bill(used("2026-02", 28, 28), used("2026-03", 31, 31))) == {"days": 3}


def test_usage_and_price_are_told_apart_and_the_joint_term_is_price():
    # q0' = 28 x 31 / 28 = 31; usage (41 - 31) x 1 = 10; price (1.5 - 1) x 41 = 20.5
    assert effects(bill(used("2026-02", 28, 28), used("2026-03", 41, "61.5"))) == {
        "days": 3, "usage": 10, "price": Decimal("20.5"),
    }  # fmt: skip


def test_a_recurring_charge_has_no_days():
    fee = {"charge_frequency": "Recurring", "charge_category": "Purchase"}
    assert effects(bill(used("2026-02", 1, 100, **fee), used("2026-03", 2, 200, **fee))) == {"usage": 100}


def test_new_and_removed_services_and_missing_keys_are_kept():
    cost = bill(
        used("2026-02", 1, 5, service_name="Old", sku_id="a", sku_price_id=None, region_id=None),
        used("2026-03", 1, 7, service_name="New", sku_id="b", sku_price_id=None, sub_account_id=None),
    )
    assert effects(cost) == {"new": 7, "removed": -5}


@pytest.mark.parametrize(
    ("more", "effect"),
    [
        ({"charge_category": "Tax"}, "tax"),
        ({"charge_category": "Credit"}, "credits and refunds"),
        ({"charge_class": "Correction"}, "credits and refunds"),
        ({"charge_category": "Adjustment"}, "credits and refunds"),
        ({"charge_category": "Purchase", "charge_frequency": "One-Time"}, "one-off charges"),
        ({"commitment_discount_id": "sp-1"}, "commitments"),
        ({"commitment_discount_status": "Unused"}, "commitments"),
        ({"pricing_quantity": None}, "without quantity"),
    ],
)
def test_what_is_not_plain_usage_has_a_bar_of_its_own(more, effect):
    cost = bill(used("2026-02", 28, 28), used("2026-03", 31, 31), used("2026-03", 5, 9, **more))
    assert effects(cost) == {"days": 3, effect: 9}


def test_a_tier_that_opens_is_usage_and_not_new():
    cost = bill(used("2026-02", 28, 28), used("2026-03", 31, 31), used("2026-03", 10, 5, sku_price_id="tier 2"))
    assert effects(cost) == {"days": 3, "usage": 5}


def test_a_price_id_that_was_replaced_is_a_price_change():
    cost = bill(used("2026-02", 28, 28), used("2026-03", 31, 62, sku_price_id="new list"))
    assert effects(cost) == {"days": 3, "price": 31}


def test_cost_whose_quantities_cancel_out_is_without_quantity():
    cost = bill(used("2026-02", 5, 10), used("2026-02", -5, -7), used("2026-03", 4, 8))
    assert effects(cost) == {"new": 8, "without quantity": -3}


def test_a_charge_and_its_reversal_leave_the_bridge_as_it_was():
    plain = [used("2026-02", 28, 28), used("2026-03", 31, 31)]
    reversed_ = [*plain, used("2026-03", 7, 9), used("2026-03", -7, -9)]
    pd.testing.assert_frame_equal(bridge(bill(*plain), MARCH), bridge(bill(*reversed_), MARCH))


def test_currencies_have_bridges_of_their_own():
    made = bridge(bill(used("2026-02", 28, 28), used("2026-03", 31, 31, billing_currency="EUR")), MARCH)
    moved = made[made["effect_change"] != 0]
    assert list(zip(moved["billing_currency"], moved["effect"], moved["effect_change"], strict=True)) == [
        ("EUR", "new", 31), ("USD", "removed", -28),
    ]  # fmt: skip


def test_a_charge_at_the_month_border_belongs_to_the_month_it_starts_in():
    late = pd.Timestamp("2026-02-28 23:59:59", tz="UTC").as_unit("us")
    cost = bill(used("2026-02", 28, 28, charge_period_start=late, charge_period_end=None), used("2026-03", 31, 31))
    assert effects(cost) == {"days": 3}


def test_one_month_alone_has_no_bridge():
    assert bridge(bill(used("2026-03", 31, 31)), MARCH).empty
    assert bridge(bill(used("2026-02", 31, 31)), MARCH).empty


def test_rounded_bars_add_up_to_the_rounded_change():
    cost = bill(
        *(used("2026-02", 1, 1, region_id=r) for r in "abc"), *(used("2026-03", 1, "1.333", region_id=r) for r in "abc")
    )
    made = bridge(cost, MARCH)
    assert made["effect_shown"].sum() == Decimal("1.00")  # 0.999
    assert all(value == round(value, 2) for value in made["effect_shown"])


def test_yen_are_rounded_to_whole_yen():
    cost = bill(
        used("2026-02", 28, "28.4", billing_currency="JPY"), used("2026-03", 31, "99.9", billing_currency="JPY")
    )
    made = bridge(cost, MARCH)
    assert made["effect_shown"].sum() == 72 and all(value % 1 == 0 for value in made["effect_shown"])


def test_what_is_left_over_fails_the_report(monkeypatch):
    monkeypatch.setattr(cost_bridge, "effects_of", lambda *args: {"usage": Decimal("2.98")})
    with pytest.raises(ReconciliationError, match=r"2026-03, leaves 0\.02"):
        bridge(bill(used("2026-02", 28, 28), used("2026-03", 31, 31)), MARCH)


def test_services_add_up_to_the_bridge_and_name_their_main_effect():
    cost = bill(
        used("2026-02", 28, 28), used("2026-03", 41, 41),
        used("2026-02", 28, 28, service_name=None, sku_id="x"),
        used("2026-03", 31, "15.5", service_name=None, sku_id="x"),
    )  # fmt: skip
    made = bridge_by_service(cost, MARCH).set_index("service_name")
    assert list(made.index) == ["S3", "(none)"]
    assert (made.loc["S3", "spend_change"], made.loc["S3", "main_effect"]) == (13, "usage")
    assert (made.loc["(none)", "price_change"], made.loc["(none)", "main_effect"]) == (Decimal("-15.5"), "price")


def test_the_driver_is_the_service_and_resource_that_moved_most_in_the_bills_direction():
    cost = bill(
        used("2026-02", 28, 28, resource_id="b-1"), used("2026-03", 31, 31, resource_id="b-1"),
        used("2026-03", 60, 60, resource_id="b-2"),
        used("2026-02", 1, 40, service_name="Old", sku_id="old"),
    )  # fmt: skip
    (row,) = drivers(cost, MARCH).to_dict("records")
    assert (row["total_change"], row["service_name"], row["spend_change"], row["main_effect"]) == (
        23,
        "S3",
        63,
        "usage",
    )
    assert (row["resource_id"], row["resource_change"]) == ("b-2", 60)
    assert list(resources(cost, MARCH, "S3", 1)["resource_id"]) == ["b-2"]


quantities = st.none() | st.decimals(min_value=-50, max_value=5000, places=4)
lines = st.builds(
    lambda month, quantity, cost, code, service, price, sku, kind, frequency: used(
        month, quantity, cost, billing_currency=code, service_name=service, sku_price_id=price, sku_id=sku,
        charge_category=kind, charge_frequency=frequency,
    ),
    st.sampled_from(["2026-03", "2026-04"]), quantities, st.decimals(min_value=-500, max_value=5000, places=9),
    st.sampled_from(["USD", "EUR"]), st.sampled_from(["S3", "EC2", None]), st.sampled_from(["p1", "p2", "p3", None]),
    st.sampled_from(["s1", "s2", None]), st.sampled_from(["Usage", "Usage", "Usage", "Tax", "Credit", "Purchase"]),
    st.sampled_from(["Usage-Based", "Recurring", "One-Time", None]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(lines, min_size=1, max_size=14))
def test_the_bridge_adds_up_exactly_to_the_change_of_any_bill(rows):
    cost = bill(*rows)
    change = {}
    for row in rows:
        april = row["charge_period_start"].month == 4
        code = row["billing_currency"]
        change[code] = change.get(code, 0) + (row["billed_cost"] if april else -row["billed_cost"])
    both = {row["charge_period_start"].month for row in rows} == {3, 4}
    made, services = bridge(cost, APRIL), bridge_by_service(cost, APRIL)
    assert set(made["billing_currency"]) == (set(change) if both else set())
    for code, part in made.groupby("billing_currency"):
        assert sum(part["effect_change"]) == change[code]
        assert sum(part["effect_shown"]) == round(change[code], 2)
        of = services[services["billing_currency"] == code]
        assert sum(of["spend_change"]) == change[code]
        columns = [name for name in of if name.endswith("_change") and name != "spend_change"]
        assert all(sum(row[columns]) == row["spend_change"] for _, row in of.iterrows())


@pytest.mark.parametrize("days", [("2026-02-01", "2026-03-16"), ("2026-02-10", "2026-04-01")])
def test_months_that_were_not_seen_whole_have_no_bridge_no_driver_and_no_change(days):
    cost = bill(used("2026-02", 28, 28), used("2026-03", 31, 31))
    part = Intervals([tuple(pd.Timestamp(day, tz="UTC") for day in days)])
    whole = Intervals([(pd.Timestamp("2026-02-01", tz="UTC"), pd.Timestamp("2026-04-01", tz="UTC"))])
    for metric in (bridge, bridge_by_service, drivers):
        assert metric(cost, MARCH, part).empty and len(metric(cost, MARCH, whole))
    assert by(cost, MARCH, "service_name", seen=part)["spend_change"].isna().all()
    assert by(cost, MARCH, "service_name", seen=whole)["spend_change"].iloc[0] == 3
