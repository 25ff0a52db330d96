"""Budgets that nobody watches, what jumped or is new, and the section's key figures."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics import spending as metrics
from opsreport.metrics.spending_jumps import log_jumps
from opsreport.metrics.spending_new import new_resources
from opsreport.metrics.spending_traffic import heavier_requests
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.schemas.scorecard import SCORECARD

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def client(*budgets: dict) -> ClientParams:
    return ClientParams.model_validate({
        "client": "a", "display_name": "A", "time_zone": "UTC", "currency": "EUR",
        "services": {"web": {"owner": "x", "aliases": {"focus": ["application=shop-web"]}}},
        "exchange_rates": [{"bill_currency": "USD", "rate": 0.92, "stated": "contract"}],
        "agreement": [{"starts_on": dt.date(2026, 1, 1), "budgets": list(budgets)}],
    })  # fmt: skip


WHOLE, OF_WEB = {"amount": 3000, "currency": "EUR"}, {"amount": 100, "currency": "EUR", "service": "web"}


def there(*rows: dict) -> pd.DataFrame:
    made = [{"budget_name": f"b{n}", "observed_at": at("2026-10-31"), "amount": Decimal(3000),
             "billing_currency": "EUR", "has_alert": True, **row} for n, row in enumerate(rows)]  # fmt: skip
    return FRAMES["budget"].conform(pd.DataFrame(made, columns=FRAMES["budget"].names))


def states(*rows: dict, agreed=(WHOLE,), was_seen: bool = True) -> list[str]:
    return metrics.budgets(there(*rows), OCTOBER, client(*agreed), was_seen)["budget_state"].tolist()


@pytest.mark.parametrize(("row", "state"), [
    ({}, "as agreed"), ({"has_alert": False}, "nobody is told"), ({"amount": Decimal(2999)}, "another amount"),
    ({"has_alert": None}, "whether anybody is told is not known"), ({"filter": "account 1"}, "no budget there"),
    ({"amount": Decimal("3260.87"), "billing_currency": "USD"}, "as agreed"),  # 3,000.0004 at 0.92
    ({"amount": Decimal("3300"), "billing_currency": "USD"}, "another amount"),
    ({"billing_currency": "GBP"}, "another amount"), ({"amount": None}, "another amount"),
    ({"observed_at": at("2026-11-01")}, "not seen lately"), ({"observed_at": at("2026-08-01")}, "not seen lately"),
])  # fmt: skip
def test_a_budget_at_the_provider_is_held_against_what_was_agreed(row, state):
    assert states(row) == [state]


def test_a_budget_of_a_service_is_known_by_its_name_or_its_tag():
    hundred = {"amount": Decimal(100)}
    assert states({**hundred, "filter": "Web"}, agreed=[OF_WEB]) == ["as agreed"]
    assert states({**hundred, "filter": "application=shop-web"}, agreed=[OF_WEB]) == ["as agreed"]
    assert states(hundred, agreed=[OF_WEB]) == ["no budget there"]


def test_of_several_budgets_the_nearest_counts_and_only_the_newest_reading():
    assert states({"has_alert": False}, {}) == ["as agreed"]
    # In September there was one with an alert; by the end of October there is none.
    old, new = {"observed_at": at("2026-10-01"), "budget_name": "x"}, {"has_alert": False, "budget_name": "y"}
    assert states(old, new) == ["nobody is told"]


def test_none_is_missing_where_none_was_looked_for_and_one_is_where_none_was_found():
    assert states({}, was_seen=False) == ["not seen lately"]
    assert states(was_seen=False) == ["no source is named"]
    assert states() == ["no budget there"]
    assert states(agreed=[]) == []


def daily(quantity: str, first: str, last: str, **more) -> list[dict]:
    return [
        {"billing_period_start": day.replace(day=1), "charge_period_start": day, "charge_category": "Usage",
         "service_name": "CloudWatch", "charge_description": "log data ingested", "resource_id": "/shop/web",
         "pricing_quantity": Decimal(quantity), "billed_cost": Decimal(quantity) / 2, "billing_currency": "EUR", **more}
        for day in pd.date_range(at(first), at(last), freq="D", unit="us")
    ]  # fmt: skip


def bill(*rows: dict) -> pd.DataFrame:
    return FRAMES["cost"].conform(pd.DataFrame(list(rows), columns=FRAMES["cost"].names))


GROUP = FRAMES["log_group"].conform(pd.DataFrame([{"log_group": "/shop/web", "observed_at": at("2026-10-31")}]))


def test_a_jump_is_found_on_its_first_day_with_what_it_costs():
    made = log_jumps(GROUP, bill(*daily("10", "2026-08-15", "2026-10-05"), *daily("40", "2026-10-06", "2026-10-31")),
                     OCTOBER).iloc[0]  # fmt: skip
    assert (made["jumped_on"], made["jump_ratio"]) == (dt.date(2026, 10, 6), 4)
    assert (made["jump_extra"], made["jump_monthly"]) == (390, 465)  # 26 and 31 days of 15.00


def test_a_jump_on_the_first_or_last_day_is_of_its_own_month():
    first = bill(*daily("10", "2026-08-15", "2026-09-30"), *daily("40", "2026-10-01", "2026-10-31"))
    assert log_jumps(GROUP, first, OCTOBER)["jumped_on"].tolist() == [dt.date(2026, 10, 1)]
    last = bill(*daily("10", "2026-08-15", "2026-10-30"), *daily("40", "2026-10-31", "2026-11-05"))
    assert log_jumps(GROUP, last, OCTOBER)["jumped_on"].tolist() == [dt.date(2026, 10, 31)]
    assert log_jumps(GROUP, last, OCTOBER)["jump_extra"].tolist() == [15]
    assert log_jumps(GROUP, last, Period.month("2026-11")).empty


def test_too_little_history_a_spike_and_an_empty_frame_are_no_jump():
    young = bill(*daily("10", "2026-09-27", "2026-10-05"), *daily("40", "2026-10-06", "2026-10-31"))
    spike = bill(*daily("10", "2026-08-15", "2026-10-31"), *daily("90", "2026-10-13", "2026-10-13"))
    for cost in (young, spike, bill()):
        assert log_jumps(GROUP, cost, OCTOBER).empty
    assert log_jumps(FRAMES["log_group"].empty(), young, OCTOBER).empty


def test_without_log_stores_the_bills_own_resources_are_judged():
    cost = bill(*daily("10", "2026-08-15", "2026-10-05"), *daily("40", "2026-10-06", "2026-10-31"))
    (row,) = log_jumps(FRAMES["log_group"].empty(), cost.assign(service="web"), OCTOBER).to_dict("records")
    assert (row["log_group"], row["service"], row["jump_monthly"]) == ("/shop/web", "web", 465)


def test_what_is_new_runs_beside_the_one_old_resource_of_its_service_and_account():
    old = daily("2", "2026-09-01", "2026-10-31", resource_id="old", sub_account_id="1")
    elsewhere = daily("2", "2026-09-01", "2026-10-31", resource_id="far", sub_account_id="2")
    gone = daily("2", "2026-09-01", "2026-10-20", resource_id="gone", sub_account_id="1")
    new = daily("6", "2026-10-12", "2026-10-31", resource_id="new", sub_account_id="1")
    (row,) = new_resources(bill(*old, *elsewhere, *gone, *new), OCTOBER).to_dict("records")
    assert (row["resource_id"], row["new_on"], row["beside"]) == ("new", dt.date(2026, 10, 12), "old")
    assert (row["spend"], row["new_monthly"], row["beside_monthly"]) == (60, 93, 31)


def test_nothing_is_new_in_a_first_month_or_one_not_seen_whole():
    new = daily("6", "2026-10-12", "2026-10-31", resource_id="new")
    assert new_resources(bill(*new), OCTOBER).empty
    both = bill(*daily("2", "2026-09-01", "2026-10-31", resource_id="old"), *new)
    assert new_resources(both, OCTOBER, Intervals([(at("2026-10-01"), at("2026-11-01"))])).empty
    assert new_resources(bill(), OCTOBER).empty


def test_transfer_for_a_request_is_compared_with_the_median_of_three_months():
    def month(day: str, gigabytes: str, asked: str = "100") -> list[dict]:
        return [*daily(gigabytes, day, day, charge_description="Data transfer out", pricing_unit="GB"),
                *daily(asked, day, day, charge_description="Requests", pricing_unit="10K requests")]  # fmt: skip

    before = [*month("2026-07-05", "9"), *month("2026-08-05", "10"), *month("2026-09-05", "30")]
    (row,) = heavier_requests(bill(*before, *month("2026-10-05", "40", "200")), OCTOBER).to_dict("records")
    assert (row["traffic_ratio"], row["traffic_cost"], row["traffic_extra"]) == (2, 20, 10)
    assert heavier_requests(bill(*before), OCTOBER).empty
    stored = daily("5", "2026-10-05", "2026-10-05", charge_description="origin storage", pricing_unit="GB-Month")
    assert heavier_requests(bill(*stored), OCTOBER).empty


def test_the_key_figures_are_what_the_bill_says_and_nothing_is_promised_of_them():
    seen = {"cost": ALWAYS, "log_group": ALWAYS, "recommendation": Intervals()}
    kept = daily("20", "2026-10-05", "2026-10-05", charge_description="log storage")
    base = Period.days("2026-09-01", "2026-09-30")
    made = metrics.scorecard(FRAMES["recommendation"].empty(), GROUP, bill(*kept), OCTOBER, "EUR", seen, base)
    assert tuple(made.columns) == SCORECARD and made["target"].isna().all()
    rows = made.set_index("id")
    assert rows.loc["spending.logs_without_limit", ["this_month", "last_month", "baseline", "coverage"]].tolist() == [
        10, None, None, 1.0]  # fmt: skip
    assert isinstance(rows.loc["spending.logs_without_limit", "trend"][-1], Decimal)  # money stays exact
    assert rows.loc["spending.savings", ["this_month", "coverage"]].tolist() == [None, 0.0]
