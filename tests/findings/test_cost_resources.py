"""What is idle, too large, committed and unused, or agreed and not carried out; each saving once."""

from decimal import Decimal

import pandas as pd

from opsreport import findings
from opsreport.findings import cost_resources, cost_savings


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def advice(id: str = "r1", kind: str = "idle", saving: str | None = "30", **more) -> dict:
    return {"recommendation_id": id, "resource": "lb", "kind": kind, "action": "Delete it", "status": "proposed",
            "estimated_monthly_saving": None if saving is None else Decimal(saving), "billing_currency": "EUR",
            "first_seen_at": at("2026-08-03"), **more}  # fmt: skip


def charges(amounts: dict[str, str], resource: str = "lb") -> list[dict]:
    return [{"billing_period_start": at(f"{month}-01"), "charge_period_start": at(f"{month}-01"),
             "charge_period_end": at(f"{month}-02"), "charge_category": "Usage", "resource_id": resource,
             "billed_cost": Decimal(amount), "billing_currency": "EUR"}
            for month, amount in amounts.items()]  # fmt: skip


def every_day(resource: str = "web") -> list[dict]:
    """Usage on each day of half a year: one without any counts as not seen."""
    (row,) = charges({"2026-05": "1"}, resource)
    return [row | {"charge_period_start": day, "charge_period_end": day + pd.Timedelta(days=1)}
            for day in pd.date_range(at("2026-05-01"), at("2026-10-31"), freq="D", unit="us")]  # fmt: skip


def test_an_idle_resource_saves_its_estimate_but_never_more_than_it_costs(make_month):
    month = make_month(recommendation=[advice()], cost=charges({"2026-10": "20"}))
    (found,) = cost_resources.idle_resources(month)
    assert found.estimate == 20
    assert findings.said(found.title, found.facts, month) == "lb is idle; that is known since 3 Aug 2026."
    (unbilled,) = cost_resources.idle_resources(make_month(recommendation=[advice()]))
    assert unbilled.estimate == 30
    (unsaid,) = cost_resources.idle_resources(make_month(recommendation=[advice(saving=None)]))
    assert unsaid.estimate is None


def test_what_is_done_rejected_closed_or_of_later_is_not_found(make_month):
    rows = [
        advice("a", status="rejected"), advice("b", status="done", done_at=at("2026-10-02")),
        advice("c", closed_at=at("2026-10-05")), advice("d", first_seen_at=at("2026-11-02")),
        advice("e", kind="settings"),
    ]  # fmt: skip
    month = make_month(recommendation=rows)
    assert not list(cost_resources.idle_resources(month)) and not list(cost_resources.oversized_resources(month))
    assert not list(cost_resources.idle_resources(make_month()))


def test_a_resource_that_is_idle_is_not_also_made_smaller(make_month):
    both = [advice(), advice("r2", kind="over-sized"), advice("r3", kind="over-sized", resource="db")]
    found = list(cost_resources.oversized_resources(make_month(recommendation=both)))
    assert [one.facts["what"] for one in found] == ["db"]


def test_a_saving_that_was_accepted_is_due(make_month):
    accepted = advice(status="accepted", accepted_at=at("2026-09-01"))
    (found,) = cost_resources.idle_resources(make_month(recommendation=[accepted]))
    assert found.urgency == "this month" and "accepted" in found.action
    (proposed,) = cost_resources.idle_resources(make_month(recommendation=[advice()]))
    assert proposed.asks and not found.asks  # whether to save it is asked once


def test_a_commitment_that_was_not_used_is_found_from_five_per_cent_on(make_month):
    def plan(used: str | None) -> list[dict]:
        return [{"commitment_id": "sp", "started_at": at("2026-10-01"), "ended_at": at("2026-11-01"), "committed": 100,
                 "used": None if used is None else Decimal(used), "billing_currency": "EUR"}]  # fmt: skip

    (found,) = cost_resources.commitment_unused(make_month(commitment=plan("80")))
    assert found.estimate == 20
    named = [{**plan("80")[0], "commitment_id": "arn:aws:savingsplans::123456789012:savingsplan/one",
              "kind": "savings plan"}]  # fmt: skip
    (found,) = cost_resources.commitment_unused(make_month(commitment=named))
    assert found.facts["name"] == "savings plan one" and found.rows.where["commitment_id"].startswith("arn:")
    for used in ("95", "100", None):
        assert not list(cost_resources.commitment_unused(make_month(commitment=plan(used))))
    assert not list(cost_resources.commitment_unused(make_month()))


def test_a_saving_that_waits_is_found_after_thirty_days_and_not_twice(make_month):
    rows = [
        advice("old", kind="commitment", status="accepted", accepted_at=at("2026-09-30")),
        advice("fresh", kind="commitment", status="accepted", accepted_at=at("2026-10-03")),
        advice("idle", status="accepted", accepted_at=at("2026-09-01")),
    ]
    (found,) = cost_savings.saving_waiting(make_month(recommendation=rows))
    assert found.id == "cost.saving_waiting.old" and found.estimate == 30
    assert not list(cost_savings.saving_waiting(make_month()))


def test_a_saving_that_the_bill_does_not_show_is_found(make_month):
    done = advice(status="done", done_at=at("2026-06-10"))
    # 31 in May is 1 a day; 40 in October is 9 more than the 31 of its days.
    own = charges({"2026-05": "31", "2026-07": "31", "2026-10": "40"})
    worse = make_month(recommendation=[done], cost=[*every_day(), *own])
    (found,) = cost_savings.saving_not_seen(worse)
    assert findings.said(found.title, found.facts, worse).endswith("shows lb to cost €9.00 a month more than before.")
    good = [*every_day(), *charges({"2026-05": "31"})]
    assert not list(cost_savings.saving_not_seen(make_month(recommendation=[done], cost=good)))
    assert not list(cost_savings.saving_not_seen(make_month(recommendation=[done])))
