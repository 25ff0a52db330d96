"""Savings plans and reservations as Cost Explorer tells of them."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.metrics.cost_commitments import commitments
from opsreport.sources import aws_commitments
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, settings
from tests.aws.fake import FAULTS

CHARGES, PLANS, PLANNED, RESERVED, RESERVABLE = aws_commitments.OPERATIONS
ARN = "arn:aws:savingsplans::123456789012:savingsplan/"
RDS, CACHE = "Amazon Relational Database Service", "Amazon ElastiCache"
WINDOW = {"Start": "2026-10-01", "End": "2026-10-31"}


def plan(id: str, ends: str = "2027-01-15T09:00:00Z", **use: str) -> dict:
    return {"SavingsPlanArn": ARN + id, "Attributes": {"EndDateTime": ends, "SavingsPlansType": "ComputeSavingsPlans"},
            "Utilization": {"TotalCommitment": "720", "UsedCommitment": "540.5", **use},
            "Savings": {"OnDemandCostEquivalent": "900.25"}}  # fmt: skip


def reservation(id: str, **use: str) -> dict:
    return {"Key": "SUBSCRIPTION_ID", "Value": id, "Attributes": {"endDateTime": "2026-11-20T10:00:00.000Z"},
            "Utilization": {"TotalAmortizedFee": "100.3", "RICostForUnusedHours": "20.1",
                            "OnDemandCostOfRIHoursUsed": "150", **use}}  # fmt: skip


KINDS = [("Compute", "SavingsPlanCoveredUsage"), ("Plans", "SavingsPlanRecurringFee"), (RDS, "Recurring")]


def world(aws, kinds=KINDS, plans=None, held=None, **given):
    """A plan on each of two pages and two reservations of databases; every question has two pages."""
    amount = {"AmortizedCost": {"Amount": "1", "Unit": "USD"}}
    aws.answer(CHARGES, *({"ResultsByTime": [{"TimePeriod": WINDOW, "Estimated": False, "Groups": [
        {"Keys": list(keys), "Metrics": amount} for keys in some]}]} for some in (kinds[:1], kinds[1:])))  # fmt: skip
    first, second = plans or (plan("one"), plan("two", UsedCommitment="720"))
    aws.answer(PLANS, {"SavingsPlansUtilizationDetails": [first], "TimePeriod": WINDOW},
               {"SavingsPlansUtilizationDetails": [second], "TimePeriod": WINDOW})  # fmt: skip
    aws.answer(PLANNED, {"SavingsPlansCoverages": [
        {"TimePeriod": WINDOW, "Coverage": {"OnDemandCost": "99.75", "TotalCost": "1900.25"}},
    ]}, {"SavingsPlansCoverages": []})  # fmt: skip
    groups = [reservation("4411"), reservation("4412", RICostForUnusedHours="0")]

    def utilization(asked: dict) -> dict:
        mine = (held or {RDS: groups}).get(asked["Filter"]["Dimensions"]["Values"][0], [])
        at = 1 if asked.get("NextPageToken") else 0
        return {"UtilizationsByTime": [{"TimePeriod": WINDOW, "Groups": mine[at : at + 1]}] if mine else [],
                **({"NextPageToken": "second"} if len(mine) > 1 and not at else {})}  # fmt: skip

    aws.script(RESERVED, utilization)
    aws.answer(RESERVABLE, {"CoveragesByTime": [
        {"TimePeriod": WINDOW, "Groups": [], "Total": {"CoverageCost": {"OnDemandCost": "50"}}},
    ]}, {"CoveragesByTime": []})  # fmt: skip
    return [settings(aws_commitments, "commitment", **given)]


def money(rows: pd.DataFrame, name: str) -> list[str]:
    return [f"{rows.set_index('commitment_id').loc[name, column]:f}".rstrip("0").rstrip(".")
            for column in ("committed", "used", "covered", "coverable")]  # fmt: skip


def test_of_each_plan_and_reservation_is_told_what_was_promised_used_and_covered(aws):
    rows, seen = sources.read(aws_commitments, world(aws)[0], OCTOBER)
    assert seen.status == "ok" and len(rows) == 4
    assert money(rows, ARN + "one") == ["720", "540.5", "900.25", "1000"]
    assert money(rows, ARN + "two")[1] == "720"
    assert money(rows, "4411") == ["100.3", "80.2", "150", "200"]  # 100.3 - 20.1, and 150 + 50
    assert money(rows, "4412")[1] == "100.3"
    assert rows["kind"].tolist() == ["savings plan"] * 2 + ["reservation"] * 2
    assert set(rows["billing_currency"]) == {"USD"}


def test_until_its_second_day_after_a_months_last_day_is_not_seen(aws):
    rows, seen = sources.read(aws_commitments, world(aws)[0], OCTOBER)
    assert set(rows["started_at"]) == {OCTOBER.start} and set(rows["ended_at"]) == {seen.observed_end}
    assert (seen.observed_start, seen.observed_end) == (OCTOBER.start, pd.Timestamp("2026-10-31", tz="UTC"))
    given = world(aws)[0]
    later = given.run.__class__(**{**vars(given.run), "now": NOW + pd.Timedelta(days=1)})
    rows, seen = sources.read(aws_commitments, given.model_copy(update={"run": later}), OCTOBER)
    assert seen.observed_end == OCTOBER.end and set(rows["started_at"]) == {OCTOBER.start}


def test_the_section_says_what_was_unused_and_what_ends_soon(aws):
    rows, _ = sources.read(aws_commitments, world(aws)[0], OCTOBER)
    told = commitments(rows, OCTOBER).set_index("commitment_id")
    assert told.loc[ARN + "one", "committed_unused"] == Decimal("179.5")
    assert told.loc[ARN + "one", "commitment_coverage"] == pytest.approx(0.90025)
    assert str(told.loc["4411", "commitment_ends"]) == "2026-11-20"
    assert told.loc["4411", "commitment_note"] == "ends within 90 days" == told.loc[ARN + "one", "commitment_note"]


def test_an_account_without_plans_is_not_asked_about_them_and_one_without_anything_is_empty(aws):
    rows, seen = sources.read(aws_commitments, world(aws, kinds=[("Compute", "Usage")], held={"none": []})[0], OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")
    assert not aws.asked(PLANS) and not aws.asked(PLANNED) and not aws.asked(RESERVABLE)
    assert len(aws.asked(RESERVED)) == 7


def test_usage_under_a_plan_of_another_account_is_no_plan_of_this_one(aws, monkeypatch):
    monkeypatch.setitem(FAULTS, "unavailable", (400, "DataUnavailableException", "The requested data is unavailable"))
    given = world(aws, kinds=KINDS[:1])[0]
    aws.fault(PLANS, "unavailable", times=0)
    aws.fault(PLANNED, "unavailable", times=0)
    rows, seen = sources.read(aws_commitments, given, OCTOBER)
    assert rows["kind"].tolist() == ["reservation"] * 2 and seen.status == "ok"
    given = world(aws)[0]
    _, seen = sources.read(aws_commitments, given, OCTOBER)
    assert seen.status == "partial" and "DataUnavailableException" in seen.why


def test_fees_for_reservations_that_nobody_tells_of_make_it_partial(aws):
    rows, seen = sources.read(aws_commitments, world(aws, reservations=[CACHE])[0], OCTOBER)
    assert set(rows["kind"]) == {"savings plan"} and seen.status == "partial"
    assert seen.why == (
        "ce:GetReservationUtilization tells of no reservation for Amazon Relational Database Service, "
        "which charged fees")  # fmt: skip


def test_only_the_services_that_are_named_are_asked_about(aws):
    rows, _ = sources.read(aws_commitments, world(aws, reservations=[RDS])[0], OCTOBER)
    assert len(rows) == 4
    assert {one["Filter"]["Dimensions"]["Values"][0] for one in aws.asked(RESERVED)} == {RDS}


def test_what_is_not_told_is_unknown_and_never_nothing(aws):
    bare = {"SavingsPlanArn": ARN + "bare"}
    rows, seen = sources.read(aws_commitments, world(aws, plans=(bare, plan("two")))[0], OCTOBER)
    row = rows.set_index("commitment_id").loc[ARN + "bare"]
    assert row[["committed", "used", "covered", "coverable", "expires_at"]].isna().all() and seen.status == "ok"


def test_an_end_that_cannot_be_read_is_said(aws):
    rows, seen = sources.read(aws_commitments, world(aws, plans=(plan("one", ends="soon"), plan("two")))[0], OCTOBER)
    assert len(rows) == 4 and seen.status == "partial"
    assert seen.why == "1 commitments end at a time that cannot be read, like 'soon'"


def test_a_reservation_that_two_services_claim_is_told_once_and_said(aws):
    both = {RDS: [reservation("4411")], CACHE: [reservation("4411")]}
    rows, seen = sources.read(aws_commitments, world(aws, held=both)[0], OCTOBER)
    assert len(rows) == 3 and seen.status == "partial"
    assert seen.why == "ce:GetReservationUtilization told 1 commitments a second time"


def test_the_documentations_answer_without_reservations_is_none(aws):
    path = EXAMPLES / "ce__get-reservation-utilization_15.json"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    given = world(aws, kinds=[("Compute", "Usage")])[0]
    aws.answer(RESERVED, json.loads(path.read_text()))
    rows, seen = sources.read(aws_commitments, given, OCTOBER)
    assert rows.empty and seen.status == "ok"
