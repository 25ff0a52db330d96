"""Logs that jumped, that never expire, and that expire too soon."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import cost_logs as rules

GROUP = "/shop/web"
DAY = pd.Timedelta(days=1)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def written(day: str, gigabytes: str, until: str, **more) -> list[dict]:
    """A charge for each day from one to another, at 0.50 a gigabyte."""
    return [
        {"billing_period_start": start.normalize().replace(day=1), "charge_period_start": start,
         "charge_period_end": start + DAY, "charge_category": "Usage", "service_name": "CloudWatch",
         "sku_id": "DataProcessing-Bytes", "charge_description": "GB of log data ingested", "resource_id": GROUP,
         "pricing_quantity": Decimal(gigabytes), "billed_cost": Decimal(gigabytes) / 2, "billing_currency": "EUR",
         "service": "web", **more}
        for start in pd.date_range(at(day), at(until) - DAY, freq="D")
    ]  # fmt: skip


def snapshot(day: str, held: int = 0, taken: int = 0, days: int | None = None, name: str = GROUP) -> dict:
    return {"log_group": name, "service": "web", "observed_at": at(day), "retention_days": days,
            "stored_bytes": held, "ingested_bytes": taken}  # fmt: skip


def kept(amount: str) -> dict:
    (row,) = written("2026-10-01", "0", "2026-10-02")
    return row | {"billed_cost": Decimal(amount), "sku_id": "TimedStorage", "charge_description": "GB-month of storage"}


JUMPED = [*written("2026-08-20", "10", "2026-10-06"), *written("2026-10-06", "40", "2026-11-01")]
RELEASE = {"deployment_id": "web-7", "service": "web", "environment": "production", "outcome": "success",
           "started_at": at("2026-10-06 10:00"), "finished_at": at("2026-10-06 10:10")}  # fmt: skip
YESTERDAY = RELEASE | {"deployment_id": "web-6", "started_at": at("2026-10-05 10:00"),
                       "finished_at": at("2026-10-05 10:10")}  # fmt: skip


@pytest.fixture
def shop(make_client):
    return make_client(
        services={"web": {"owner": "Web team"}},
        agreement=[{"starts_on": pd.Timestamp("2026-01-01").date(), "log_retention": [{"log_group": "/shop/*",
                                                                                        "days": 31}]}],
    )  # fmt: skip


def test_a_jump_names_its_day_its_release_its_incident_and_what_it_costs(make_month, shop):
    full = {"incident_id": "I-1", "title": "Disk full", "service": "web", "opened_at": at("2026-10-21"),
            "deployment_id": "web-7"}  # fmt: skip
    month = make_month(shop, log_group=[snapshot("2026-10-31")], cost=JUMPED, deployment=[YESTERDAY, RELEASE],
                       incident=[full])  # fmt: skip
    (found,) = rules.log_volume_jumped(month)
    # 15.00 a day more for 26 days; for a month of 31 days at this rate 465.00.
    assert findings.said(found.title, found.facts, month) == (
        "On 6 Oct 2026 the logs of web grew to 4× their usual volume, which coincides with the release web-7; that "
        "cost €390.00 more this month, and would come to €465.00 in a whole month. The incident I-1 (“Disk full”) "
        "names the same release."
    )
    assert (found.service, found.since) == ("web", pd.Timestamp("2026-10-06").date())
    assert found.facts["incident_on"].text(month.style) == "21 Oct" and "monthly" not in found.action
    assert (found.estimate, found.currency, found.owner, found.urgency) == (465, "EUR", "Web team", "now")
    assert found.causes == "cost" and len(findings.evidence(found, month)) == 31


def test_a_jump_without_a_release_says_none_and_one_of_the_day_before_counts(make_month, shop):
    alone = make_month(shop, log_group=[snapshot("2026-10-31")], cost=JUMPED)
    (found,) = rules.log_volume_jumped(alone)
    assert "release" not in findings.said(found.title, found.facts, alone)
    before = make_month(shop, log_group=[snapshot("2026-10-31")], cost=JUMPED, deployment=[YESTERDAY])
    (found,) = rules.log_volume_jumped(before)
    assert found.facts["release"] == "web-6"


@pytest.mark.parametrize(("titles", "told"), [(["Debug on"], "Debug on"), (["One", "Two"], None), ([None], None)])
def test_the_only_work_of_that_service_and_day_is_told_with_its_row(make_month, shop, titles, told):
    done = [{"work_id": f"w{n}", "service": "web", "done_on": at("2026-10-06"), "title": title}
            for n, title in enumerate(titles)]  # fmt: skip
    other = [{"work_id": "x", "service": "shop", "done_on": at("2026-10-06"), "title": "Other"},
             {"work_id": "y", "service": "web", "done_on": at("2026-10-07"), "title": "Later"}]  # fmt: skip
    month = make_month(shop, log_group=[snapshot("2026-10-31")], cost=JUMPED, work=[*done, *other])
    (found,) = rules.log_volume_jumped(month)
    fact = found.facts.get("work")
    assert (fact and fact.value) == told and (fact is None or fact.rows.where == {"work_id": "w0"})


def test_steady_small_and_past_growth_is_no_jump(make_month, shop):
    groups = [snapshot("2026-10-31")]
    steady = written("2026-08-20", "10", "2026-11-01")
    earlier = [*written("2026-08-01", "10", "2026-09-10"), *written("2026-09-10", "40", "2026-11-01")]
    over = [*written("2026-08-20", "10", "2026-10-06"), *written("2026-10-06", "40", "2026-10-08"),
            *written("2026-10-08", "10", "2026-11-01")]  # fmt: skip
    little = [*written("2026-08-20", "0.01", "2026-10-06"), *written("2026-10-06", "0.04", "2026-11-01"),
              *written("2026-10-01", "900", "2026-10-02", resource_id="other", sku_id="x",
                       charge_description="x")]  # fmt: skip
    for bill in (steady, earlier, over, little):
        assert not list(rules.log_volume_jumped(make_month(shop, log_group=groups, cost=bill)))


def test_a_jump_is_not_told_of_a_bill_that_was_not_seen_whole(make_month, shop):
    unseen = make_month(shop, seen=("log_group",), log_group=[snapshot("2026-10-31")], cost=JUMPED)
    assert not list(rules.log_volume_jumped(unseen))
    assert not list(rules.log_volume_jumped(make_month(shop)))


def test_where_the_bill_does_not_tell_the_months_of_the_log_store_do(make_month, shop):
    months = [snapshot(f"2026-{n:02}-28", taken=10) for n in (6, 7, 8, 9)] + [snapshot("2026-10-31", taken=40)]
    (found,) = rules.log_volume_jumped(make_month(shop, log_group=months))
    assert found.estimate is None and found.facts["usual"].value == 10
    # Two months say nothing of what is usual.
    assert not list(rules.log_volume_jumped(make_month(shop, log_group=months[2:])))


def test_logs_without_a_limit_cost_what_is_older_than_the_agreed_one(make_month, shop):
    # 31 days before 31 October it held 60 of 80: three quarters of the 20.00 are for older lines.
    groups = [snapshot("2026-09-30", held=60), snapshot("2026-10-31", held=80)]
    month = make_month(shop, log_group=groups, cost=[kept("20")])
    (found,) = rules.logs_without_limit(month)
    assert found.estimate == 15 and found.owner == "Web team"
    assert findings.said(found.title, found.facts, month) == (
        "/shop/web is kept for ever, where 31 days were agreed: it holds 80 B, and keeping it cost €20.00."
    )
    assert len(findings.evidence(found, month)) == 1


def test_without_history_agreement_or_bill_there_is_no_estimate(make_month, make_client, shop):
    now = [snapshot("2026-10-31", held=80)]
    (short,) = rules.logs_without_limit(make_month(shop, log_group=now, cost=[kept("20")]))
    assert short.estimate is None
    both = [snapshot("2026-09-30", held=60), *now]
    (free,) = rules.logs_without_limit(make_month(make_client(), log_group=both, cost=[kept("20")]))
    assert free.estimate is None and free.action.startswith("Agree how long")
    assert free.asks and not short.asks  # what was agreed is not asked again
    (bare,) = rules.logs_without_limit(make_month(shop, log_group=both))
    assert bare.estimate is None and "cost" not in bare.title


def test_more_log_stores_than_can_be_named_share_a_finding(make_month, shop):
    many = [snapshot("2026-10-31", name=f"/shop/{n}") for n in range(7)]
    month = make_month(shop, log_group=many)
    found = list(rules.logs_without_limit(month))
    assert len(found) == 6 and found[-1].facts["count"].value == 2
    assert len(findings.evidence(found[-1], month)) == 7


def test_logs_kept_shorter_than_agreed_are_urgent_and_longer_ones_cost(make_month, shop):
    short = make_month(shop, log_group=[snapshot("2026-10-31", days=7)])
    (found,) = rules.logs_shorter_than_agreed(short)
    assert found.urgency == "now" and found.estimate is None
    assert findings.said(found.title, found.facts, short) == "/shop/web is kept for 7 days, where 31 were agreed."
    # Of 62 days that are kept, October's 31 took in 40 and September's 30 and a day of August 40: half is too old.
    long = [snapshot("2026-08-31", taken=0, days=62), snapshot("2026-09-30", taken=40, days=62),
            snapshot("2026-10-31", taken=40, days=62)]  # fmt: skip
    (longer,) = rules.logs_longer_than_agreed(make_month(shop, log_group=long, cost=[kept("20")]))
    assert longer.estimate == 10 and longer.asks and found.asks
    assert findings.said(found.action, found.facts, short).startswith("Keep /shop/web for 31 days from today;")
    assert not list(rules.logs_shorter_than_agreed(make_month(shop, log_group=long)))


def test_a_log_store_that_was_seen_long_ago_or_never_is_not_judged(make_month, shop):
    old = make_month(shop, log_group=[snapshot("2026-08-31", days=7), snapshot("2026-08-31", name="/shop/api")])
    for rule in (rules.logs_without_limit, rules.logs_shorter_than_agreed, rules.logs_longer_than_agreed):
        assert not list(rule(old)) and not list(rule(make_month(shop)))
