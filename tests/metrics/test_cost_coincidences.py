"""Runs of unusual days, and what coincides with their first: same service, same day, never a cause."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from opsreport.metrics.cost import anomalies_listed
from opsreport.period import Period
from opsreport.schemas import FRAMES

MARCH = Period.month("2026-03", "America/New_York")


def bill(*services, usual=20, **unusual):
    """Days since January at 20, but for those named (d10=55 is 55 on 10 March)."""
    days = [day.date() for day in pd.date_range("2026-01-01", "2026-03-31")]
    odd = {dt.date(2026, 3, int(name[1:])): amount for name, amount in unusual.items()}
    rows = [
        {"billing_period_start": at(day.replace(day=1)), "charge_period_start": at(day), "billing_currency": "USD",
         "charge_category": "Usage", "billed_cost": Decimal(odd.get(day, usual)), "service": service}
        for service in services for day in days
    ]  # fmt: skip
    made = pd.DataFrame(rows)
    return FRAMES["cost"].conform(made.drop(columns="service")).assign(service=made["service"].astype("string"))


def at(day):
    return pd.Timestamp(day, tz="UTC").as_unit("us")


def deployment(started, service="shop", id="d-1"):
    return {"deployment_id": id, "service": service, "environment": "production", "outcome": "success",
            "started_at": at(started), "finished_at": at(started)}  # fmt: skip


def incident(opened, resolved, service="shop", title="Slow", **more):
    return {"incident_id": "i-1", "service": service, "title": title, "severity": "SEV2", "opened_at": at(opened),
            "resolved_at": at(resolved) if resolved else pd.NaT, **more}  # fmt: skip


def framed(name, *rows):
    return FRAMES[name].conform(pd.DataFrame(list(rows), columns=FRAMES[name].names))


def listed(cost, incidents=(), deployments=()):
    return anomalies_listed(cost, MARCH, framed("incident", *incidents), framed("deployment", *deployments))


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_days_out_of_the_usual_in_one_direction_are_one_run_with_their_sum():
    row = only(listed(bill("shop", d10=55, d11=60, d13=50)))
    assert (row["unusual_from"], row["unusual_to"]) == (dt.date(2026, 3, 10), dt.date(2026, 3, 13))
    assert (row["days_unusual"], row["impact"]) == (3, 35 + 40 + 30)


def test_days_further_apart_and_those_below_the_usual_are_runs_of_their_own():
    rows = listed(bill("shop", d10=55, d11=0, d14=60))
    assert list(rows["impact"]) == [40, 35, -20]  # the largest first


def test_a_deployment_of_the_same_service_on_the_day_or_the_day_before_coincides():
    there = [deployment("2026-03-09 15:00", id="before"), deployment("2026-03-10 23:59", id="same day")]
    elsewhere = [deployment("2026-03-08 23:59", id="too early"), deployment("2026-03-11", id="after"),
                 deployment("2026-03-10 12:00", "search", id="another service")]  # fmt: skip
    row = only(listed(bill("shop", d10=55), deployments=[*there, *elsewhere]))
    assert row["coincides_with"] == "Deployment: before; Deployment: same day"


def test_an_incident_of_the_same_service_with_time_on_the_day_coincides():
    # A day of the bill is one in UTC: 23:30 of the 9th in New York is the 10th.
    for one in (
        incident("2026-03-10 03:30", "2026-03-10 04:00"), incident("2026-03-08", "2026-03-10 00:01"),
        incident("2026-03-09", None),
    ):  # fmt: skip
        assert only(listed(bill("shop", d10=55), [one]))["coincides_with"] == "Incident: Slow"
    for one in (
        incident("2026-03-11 00:00", "2026-03-11 02:00"), incident("2026-03-09 01:00", "2026-03-10 00:00"),
        incident("2026-03-10 03:30", "2026-03-10 04:00", "search"),
        incident("2026-03-10 03:30", "2026-03-10 04:00", is_drill=True),
    ):  # fmt: skip
        assert only(listed(bill("shop", d10=55), [one]))["coincides_with"] == ""


def test_what_maps_to_no_service_is_listed_and_matched_with_nothing():
    row = only(listed(bill(None, d10=55), deployments=[deployment("2026-03-10")]))
    assert row["service"] == "(none)" and "maps to no service" in row["coincides_with"]


def test_a_bill_that_is_mapped_to_no_service_at_all_is_one_group():
    cost = bill(None, d10=55).drop(columns="service")
    assert only(listed(cost))["service"] == "(none)"


def test_usual_days_and_no_days_list_nothing():
    assert listed(bill("shop")).empty and list(listed(bill("shop").iloc[:0]).columns) == list(listed(bill("shop")))


def test_without_a_source_of_incidents_or_deployments_the_days_are_still_listed():
    row = only(anomalies_listed(bill("shop", d10=55), MARCH, None, None))
    assert (row["impact"], row["coincides_with"]) == (35, "")
