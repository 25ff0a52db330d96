"""What the bill and its budgets ask for, each where it is seen and only there."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import cost as rules

TAGS = '{"owner": "web"}'


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def charge(day: str, amount: str, resource: str | None = "old", **more) -> dict:
    start = at(day)
    return {"billing_period_start": start.normalize().replace(day=1), "charge_period_start": start,
            "charge_period_end": start + pd.Timedelta(days=1), "charge_category": "Usage", "service_name": "Search",
            "sub_account_id": "1", "resource_id": resource, "billed_cost": Decimal(amount), "billing_currency": "EUR",
            "tags": TAGS} | more  # fmt: skip


def days(first: str, last: str, amount: str, resource: str = "old", **more) -> list[dict]:
    return [charge(str(day.date()), amount, resource, **more) for day in pd.date_range(first, last)]


def budget(amount: str = "100", **more) -> dict:
    return {"budget_name": "all", "observed_at": at("2026-10-31"), "amount": Decimal(amount), "billing_currency": "EUR",
            "has_alert": True} | more  # fmt: skip


@pytest.fixture
def shop(make_client):
    return make_client(
        cost={"required_tags": ["owner"]}, services={"web": {"owner": "Web team"}},
        agreement=[{"starts_on": dt.date(2026, 1, 1), "budgets": [{"amount": 100, "currency": "EUR"}]}],
    )  # fmt: skip


def test_untagged_spend_names_the_largest_and_what_is_new(make_month, shop):
    month = make_month(shop, cost=[
        *days("2026-09-01", "2026-10-31", "1"), charge("2026-10-31", "7", "big", tags=None),
        charge("2026-09-30", "9", "small", tags=None), charge("2026-10-01", "2", "small", tags=None),
    ])  # fmt: skip
    (found,) = rules.untagged_spend(month)
    assert findings.said(found.title, found.facts, month) == (
        "Usage of €9.00 lacks one or more of the required tags (owner); most of it is big, with €7.00. "
        "New this month without its tags: big."
    )
    assert found.estimate is None and found.urgency == "this month"
    assert len(findings.evidence(found, month)) == 2


def test_usage_with_other_tags_is_shown_by_the_rows_of_the_largest(make_month, shop):
    half = [charge("2026-10-30", "7", "big", tags='{"application": "x"}'), charge("2026-10-31", "1", "b", tags=None)]
    month = make_month(shop, cost=half)
    (found,) = rules.untagged_spend(month)
    assert findings.evidence(found, month)["resource_id"].tolist() == ["big"]


def test_tagged_spend_and_no_required_tag_find_nothing(make_month, make_client, shop):
    assert not list(rules.untagged_spend(make_month(shop, cost=[charge("2026-10-01", "5")])))
    assert not list(rules.untagged_spend(make_month(make_client(), cost=[charge("2026-10-01", "5", tags=None)])))
    assert not list(rules.untagged_spend(make_month(shop)))


@pytest.mark.parametrize(("there", "said"), [
    ([budget(has_alert=False)], "The budget all at the provider tells nobody when the whole bill passes €100.00."),
    ([budget("90")], "The budget all at the provider is €90.00, where €100.00 was agreed for the whole bill."),
    ([budget(filter="account 7")], "No budget at the provider watches the €100.00 that was agreed for the whole bill: "
                                   "nobody is told when it is passed."),
])  # fmt: skip
def test_a_budget_that_nobody_watches_is_found(make_month, shop, there, said):
    month = make_month(shop, budget=there)
    (found,) = rules.budget_without_alert(month)
    assert findings.said(found.title, found.facts, month) == said
    assert len(findings.evidence(found, month)) == 1


def test_a_watched_budget_and_one_that_is_not_known_are_no_finding(make_month, shop):
    assert not list(rules.budget_without_alert(make_month(shop, budget=[budget()])))
    assert not list(rules.budget_without_alert(make_month(shop, budget=[budget(has_alert=None)])))
    assert not list(rules.budget_without_alert(make_month(shop, budget=[budget("90", observed_at=at("2026-08-01"))])))
    assert not list(rules.budget_without_alert(make_month(shop)))


def test_a_source_that_was_read_and_holds_no_budget_means_that_there_is_none(make_month, shop):
    assert len(list(rules.budget_without_alert(make_month(shop, budget=[])))) == 1


def test_a_budget_that_was_passed_names_the_day(make_month, shop):
    month = make_month(shop, cost=days("2026-10-01", "2026-10-31", "5"))
    (found,) = rules.budget_exceeded(month)
    assert findings.said(found.title, found.facts, month) == (
        "Spend on the whole bill was €55.00 over the budget of €100.00, which it passed on 21 Oct 2026."
    )
    assert found.asks and len(findings.evidence(found, month)) == 31
    assert not list(rules.budget_exceeded(make_month(shop, cost=days("2026-10-01", "2026-10-20", "5"))))
    assert not list(rules.budget_exceeded(make_month(shop)))


def test_a_budget_that_was_passed_while_spend_fell_asks_nothing_of_a_rise(make_month, shop):
    month = make_month(shop, cost=[*days("2026-09-01", "2026-09-30", "9"), *days("2026-10-01", "2026-10-31", "5")])
    (found,) = rules.budget_exceeded(month)
    assert findings.said(found.action, found.facts, month) == (
        "Decide whether €100.00 still is what the whole bill should cost: agree another budget, or take back what is "
        "over it."
    )
    (found,) = rules.budget_exceeded(make_month(shop, cost=[*days("2026-09-01", "2026-09-30", "4"),
                                                            *days("2026-10-01", "2026-10-31", "5")]))  # fmt: skip
    assert found.action.startswith("Decide what of the rise in {of} is wanted")


def test_something_new_beside_one_old_is_worth_the_cheaper_of_the_two(make_month, shop):
    # Old: 2 a day, 62 a month. New from the 12th: 3 a day, 60 this month, 93 in a whole one.
    month = make_month(shop, cost=[*days("2026-09-01", "2026-10-31", "2"),
                                   *days("2026-10-12", "2026-10-31", "3", "new", tags=None)])  # fmt: skip
    (found,) = rules.new_spend(month)
    assert findings.said(found.title, found.facts, month) == (
        "new, new since 12 Oct 2026, added €60.00, and old of the same service still runs beside it."
    )
    assert (found.estimate, found.causes, len(findings.evidence(found, month))) == (62, "cost", 20)


def test_of_what_is_advised_already_the_saving_is_not_counted_twice(make_month, shop):
    advised = {"recommendation_id": "r", "resource": "old", "kind": "idle", "status": "proposed",
               "first_seen_at": at("2026-10-01"), "estimated_monthly_saving": 62,
               "billing_currency": "EUR"}  # fmt: skip
    bill = [*days("2026-09-01", "2026-10-31", "2"), *days("2026-10-12", "2026-10-31", "3", "new")]
    (found,) = rules.new_spend(make_month(shop, cost=bill, recommendation=[advised]))
    assert found.estimate is None


def test_new_among_many_small_gone_or_unseen_is_said_with_care(make_month, shop):
    old = [*days("2026-09-01", "2026-10-31", "2"), *days("2026-09-01", "2026-10-31", "2", "other")]
    (among,) = rules.new_spend(make_month(shop, cost=[*old, *days("2026-10-12", "2026-10-31", "3", "new")]))
    assert among.estimate is None and "beside" not in among.title
    gone = [*old, *days("2026-10-12", "2026-10-20", "3", "new")]
    small = [*old, *days("2026-10-12", "2026-10-31", "50", "old"), *days("2026-10-12", "2026-10-31", "0.1", "new")]
    for bill in (gone, small):
        assert not list(rules.new_spend(make_month(shop, cost=bill)))
    unseen = make_month(shop, seen=(), cost=[*old, *days("2026-10-12", "2026-10-31", "3", "new")])
    assert not list(rules.new_spend(unseen))


def traffic(sent: dict[str, str], asked: str = "1000") -> list[dict]:
    made = days("2026-07-01", "2026-10-31", "0.01")  # a day without any usage counts as not seen
    for month, gigabytes in sent.items():
        common = {"resource": "cdn", "service_name": "CDN"}
        made += [
            charge(f"{month}-02", gigabytes, **common, sku_id="DataTransfer-Out", pricing_unit="GB",
                   pricing_quantity=Decimal(gigabytes)),
            charge(f"{month}-02", "0.1", **common, sku_id="Requests", pricing_unit="Requests",
                   pricing_quantity=Decimal(asked)),
        ]  # fmt: skip
    return made


def test_transfer_that_grows_faster_than_requests_is_found(make_month, shop):
    bill = traffic({"2026-07": "10", "2026-08": "10", "2026-09": "10", "2026-10": "20"})
    month = make_month(shop, cost=bill)
    (found,) = rules.cacheable_traffic(month)
    assert found.estimate == 10 and found.facts["ratio"].value == 2  # half of 20 is what the ratio explains
    steady = traffic({"2026-07": "10", "2026-08": "10", "2026-09": "10", "2026-10": "11"})
    short = traffic({"2026-09": "10", "2026-10": "20"})
    for other in (steady, short):
        assert not list(rules.cacheable_traffic(make_month(shop, cost=other)))
    assert not list(rules.cacheable_traffic(make_month(shop, seen=(), cost=bill)))


def test_a_single_costly_day_that_is_over_is_found_and_one_that_lasts_is_not(make_month, shop):
    usual = days("2026-07-01", "2026-10-31", "2")
    once = make_month(shop, cost=[*usual, charge("2026-10-13", "60")])
    (found,) = rules.one_off_cost(once)
    assert findings.said(found.title, found.facts, once).startswith("Search cost €60.00 more than its usual")
    assert not list(rules.one_off_cost(make_month(shop, cost=[*usual, charge("2026-10-31", "60")])))
    assert not list(rules.one_off_cost(make_month(shop, cost=usual)))
    assert not list(rules.one_off_cost(make_month(shop)))
