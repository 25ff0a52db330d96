"""The timeline: events of every source on one clock, and what coincides."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics import timeline
from opsreport.period import Period
from opsreport.schemas import DECIMAL, FRAMES, MEASURES

OCTOBER = Period.month("2026-10", "Europe/Berlin")


def at(text):
    return pd.Timestamp(text, tz="UTC")


def outage(start, end, service="shop"):
    return pd.DataFrame({"monitor": ["Shop"], "service": [service], "outage_from": [at(start)], "outage_to": [at(end)]})


def deployment(start, service="shop", outcome="success"):
    return FRAMES["deployment"].conform(pd.DataFrame({
        "deployment_id": ["d1"], "service": [service], "started_at": [at(start)],
        "finished_at": [at(start) + pd.Timedelta(minutes=5)], "outcome": [outcome]}))  # fmt: skip


def incident(opened, resolved=None, felt=None, service="shop", drill=False):
    return FRAMES["incident"].conform(pd.DataFrame({
        "incident_id": ["i1"], "title": ["Payments fail"], "service": [service], "opened_at": [at(opened)],
        "resolved_at": [at(resolved) if resolved else None],
        "impact_started_at": [at(felt) if felt else None], "is_drill": [drill]}))  # fmt: skip


def cost(day, spend, currency="EUR"):
    return pd.DataFrame({"charge_day": [dt.date.fromisoformat(day)], "billing_currency": [currency],
                         "spend": pd.Series([spend and Decimal(spend)], dtype=DECIMAL)})  # fmt: skip


def odd(day, service="shop"):
    return pd.DataFrame({"charge_day": [dt.date.fromisoformat(day)], "service": [service]})


def found(**given):
    frames = dict.fromkeys(("outages", "incidents", "deployments", "anomalies")) | given
    return timeline.coincidences(*frames.values(), OCTOBER)


@pytest.mark.parametrize(
    ("deployed", "coincides"), [("07:59", False), ("08:00", True), ("10:00", True), ("10:01", False)]
)
def test_a_deployment_up_to_two_hours_before_an_outage_coincides(deployed, coincides):
    made = found(
        outages=outage("2026-10-14 10:00", "2026-10-14 11:00"), deployments=deployment(f"2026-10-14 {deployed}")
    )
    assert len(made) == coincides
    if coincides:
        row = made.iloc[0]
        assert (row["happening"], row["coincides_with"], row["service"]) == ("Shop was down", "Deployment: d1", "shop")
        assert row["gap"] == at("2026-10-14 10:00") - at(f"2026-10-14 {deployed}")


def test_only_what_is_of_the_same_known_service_coincides():
    down = outage("2026-10-14 10:00", "2026-10-14 11:00")
    assert found(outages=down, deployments=deployment("2026-10-14 09:00", "search")).empty
    nobody = outage("2026-10-14 10:00", "2026-10-14 11:00", float("nan"))
    assert found(outages=nobody, deployments=deployment("2026-10-14 09:00", None)).empty


def test_an_incident_that_overlaps_an_outage_coincides_and_one_that_touches_it_does_not():
    down = outage("2026-10-14 10:00", "2026-10-14 11:00")
    assert len(found(outages=down, incidents=incident("2026-10-14 10:30", "2026-10-14 12:00"))) == 1
    assert found(outages=down, incidents=incident("2026-10-14 11:00", "2026-10-14 12:00")).empty
    assert len(found(outages=down, incidents=incident("2026-10-14 09:00"))) == 1  # still open
    assert len(found(outages=down, incidents=incident("2026-10-14 11:30", "2026-10-14 12:00", "2026-10-14 10:59"))) == 1


def test_unusual_days_are_those_of_mapped_services():
    first = pd.Timestamp("2026-08-01", tz="UTC")
    starts = [first + pd.Timedelta(days=n) for n in range(92)]
    bill = FRAMES["cost"].conform(pd.DataFrame({
        "billing_period_start": starts, "charge_period_start": starts, "charge_category": "Usage",
        "billed_cost": [Decimal(500 if start.day == 14 and start.month == 10 else 10) for start in starts],
        "billing_currency": "EUR"}))  # fmt: skip
    made = timeline.unusual_days(bill.assign(service="shop"), OCTOBER)
    assert made[["charge_day", "service"]].to_numpy().tolist() == [[dt.date(2026, 10, 14), "shop"]]
    assert timeline.unusual_days(bill.assign(service=None), OCTOBER).empty
    assert timeline.unusual_days(bill, OCTOBER).empty


def test_a_drill_coincides_with_nothing():
    drill = incident("2026-10-14 10:30", "2026-10-14 12:00", drill=True)
    assert found(outages=outage("2026-10-14 10:00", "2026-10-14 11:00"), incidents=drill).empty


@pytest.mark.parametrize(("deployed", "coincides"), [
    ("2026-10-12 23:59", False), ("2026-10-13 00:00", True), ("2026-10-14 23:59", True), ("2026-10-15 00:00", False),
])  # fmt: skip
def test_a_day_of_unusual_cost_coincides_with_deployments_of_it_and_the_day_before(deployed, coincides):
    assert len(found(anomalies=odd("2026-10-14"), deployments=deployment(deployed))) == coincides


def test_a_deployment_before_the_month_coincides_with_its_first_hours():
    down = outage("2026-09-30 22:30", "2026-09-30 23:00")  # October has begun in Berlin
    assert len(found(outages=down, deployments=deployment("2026-09-30 21:30"))) == 1


def test_nothing_is_said_to_be_caused():
    assert not any("caus" in measure.meaning + measure.heading for name, measure in MEASURES.items()
                   if name in timeline.COINCIDENCES and name != "coincides_with")  # fmt: skip
    assert "not what caused it" in MEASURES["coincides_with"].meaning


def test_events_are_clipped_to_the_month_and_an_open_incident_has_no_end():
    made = timeline.events(None, incident("2026-09-20 10:00"), deployment("2026-11-01 10:00"), OCTOBER)
    assert made["lane"].tolist() == ["incident"]
    assert made["happened_until"].isna().all()
    assert timeline.events(None, incident("2026-09-20 10:00", "2026-09-21 10:00"), None, OCTOBER).empty


def test_a_day_holds_its_spend_downtime_and_counts():
    made = timeline.days(
        cost("2026-10-14", "12.34"), outage("2026-10-14 21:30", "2026-10-14 23:00"),
        incident("2026-10-14 10:00"), deployment("2026-10-14 21:59"), OCTOBER, "EUR",
    ).set_index("happened_on")  # fmt: skip
    assert len(made) == 31
    day, after = made.loc[dt.date(2026, 10, 14)], made.loc[dt.date(2026, 10, 15)]
    assert (day["spend"], day["incidents_on_day"], day["deployments_on_day"]) == (Decimal("12.34"), 1, 1)
    assert (day["down_on_day"], after["down_on_day"]) == (pd.Timedelta(minutes=30), pd.Timedelta(hours=1))
    assert after["spend"] is None  # no charge is not a charge of zero


def test_a_source_that_is_missing_is_unknown_and_one_without_events_is_none():
    missing = timeline.days(None, None, None, None, OCTOBER, "EUR")
    assert missing[["spend", "down_on_day", "incidents_on_day", "deployments_on_day"]].isna().all(axis=None)
    nothing = timeline.days(None, outage("2026-10-14 10:00", "2026-10-14 11:00").iloc[:0],
                            FRAMES["incident"].empty(), FRAMES["deployment"].empty(), OCTOBER, "EUR")  # fmt: skip
    assert (nothing["incidents_on_day"] == 0).all() and (nothing["down_on_day"] == pd.Timedelta(0)).all()


def test_another_currency_is_left_out_and_an_unknown_amount_stays_unknown():
    assert timeline.days(cost("2026-10-14", "5", "USD"), None, None, None, OCTOBER, "EUR")["spend"].isna().all()
    assert timeline.days(cost("2026-10-14", None), None, None, None, OCTOBER, "EUR")["spend"].isna().all()


def test_nothing_at_all_coincides_with_nothing():
    made = found()
    assert made.empty and tuple(made.columns) == timeline.COINCIDENCES


def test_a_day_without_an_event_that_was_not_all_seen_is_unknown_and_not_zero():
    until = Intervals([(OCTOBER.start, OCTOBER.start + pd.Timedelta(days=2.5))])
    outages = pd.DataFrame(columns=["monitor", "service", "outage_from", "outage_to"])
    rows = timeline.days(None, outages, None, None, OCTOBER, "EUR", {"outage": until})
    assert list(rows["down_on_day"].isna()) == [False, False] + [True] * 29
    assert rows["outages_seen"].iloc[0] == 2.5 * 24 / 745  # October has 745 hours in Berlin
    assert rows[["incidents_seen", "deployments_seen"]].isna().all(axis=None)
