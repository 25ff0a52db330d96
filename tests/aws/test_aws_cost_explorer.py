"""A bill as Cost Explorer tells it."""

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import sources
from opsreport.metrics.cost_effective import effective_cost_check
from opsreport.period import Period
from opsreport.sources import Pages, _aws, aws_cost_explorer
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, settings

CE = "ce:GetCostAndUsage"
EC2, S3, PLAN = "Amazon Elastic Compute Cloud - Compute", "Amazon Simple Storage Service", "Savings Plans for Compute"
#: Service, charge type, billed, amortised: of each day.
TYPES = [
    (EC2, "Usage", "10.0000000001", "10.0000000001"), (S3, "Usage", "1.5", "1.5"),
    (EC2, "SavingsPlanCoveredUsage", "4", "3"), (EC2, "SavingsPlanNegation", "-4", "0"),
    (PLAN, "SavingsPlanRecurringFee", "3", "0"),
]  # fmt: skip
#: Service, usage type, billed, quantity, unit: of each day.
USAGE = [
    (EC2, "EUW1-BoxUsage:m5.large", "8.0000000001", "24", "Hrs"), (EC2, "EUW1-DataTransfer-Out-Bytes", "2", "7", "N/A"),
    (S3, "EUW1-TimedStorage-ByteHrs", "1.5", "2.125", "GB-Month"),
]  # fmt: skip


def metrics(billed: str, effective: str = "", quantity: str = "0", unit: str = "N/A") -> dict:
    return {"UnblendedCost": {"Amount": billed, "Unit": "USD"}, "UsageQuantity": {"Amount": quantity, "Unit": unit},
            "AmortizedCost": {"Amount": effective or billed, "Unit": "USD"}}  # fmt: skip


def day(of: dt.date, asked: dict, tax: str, tagged: list | None, lost: str, estimated: bool) -> dict:
    """What AWS would say of a day; tax stands on the month's first."""
    types = [*TYPES, *([("Tax", "Tax", tax, tax)] if of.day == 1 else [])]
    totals = [str(sum(Decimal(one[n]) for one in types)) for n in (2, 3)]
    told = {"TimePeriod": {"Start": str(of), "End": str(of + dt.timedelta(days=1))}, "Estimated": estimated}
    if "GroupBy" not in asked:
        return {**told, "Total": metrics(*totals), "Groups": []}
    if "Filter" not in asked:
        groups = [(service, kind, metrics(*costs)) for service, kind, *costs in types]
    elif tagged:
        groups = [(service, key, metrics(cost)) for service, key, cost in tagged]
    else:
        groups = [(service, kind, metrics(cost, "", *more)) for service, kind, cost, *more in USAGE]
    return {**told, "Total": {}, "Groups": [
        {"Keys": [service, kind], "Metrics": one} for service, kind, one in groups if kind != lost]}  # fmt: skip


def world(aws, tax="2.30", groups=None, lost="", lost_on=0, estimated=False, **given):
    """Each question on two pages of days; each day costs 14.5000000001, and the first its tax besides."""

    def say(asked: dict) -> dict:
        start, end = (dt.date.fromisoformat(asked["TimePeriod"][edge]) for edge in ("Start", "End"))
        days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
        half = len(days) // 2 or 1
        here = days[half:] if asked.get("NextPageToken") else days[:half]
        more = {"NextPageToken": "second"} if days[half:] and not asked.get("NextPageToken") else {}
        return {"ResultsByTime": [
            day(one, asked, tax, groups, lost if one.day == lost_on else "", estimated) for one in here
        ], **more}  # fmt: skip

    aws.script(CE, say)
    return [settings(aws_cost_explorer, "cost", **given)]


def exact(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal(1).scaleb(-18))


def test_every_charge_of_the_month_is_told_once_and_exactly(aws):
    rows, seen = sources.read(aws_cost_explorer, world(aws)[0], OCTOBER)
    assert (seen.status, seen.why, seen.observed_start, seen.observed_end) == ("ok", "", OCTOBER.start, OCTOBER.end)
    # 31 days of 14.5000000001, and the tax.
    assert rows["billed_cost"].sum() == exact("451.8000000031") == rows["effective_cost"].sum()
    assert set(rows["billing_currency"]) == {"USD"} and set(rows["provider_name"]) == {"AWS"}
    assert set(rows["billing_period_start"]) == {OCTOBER.start}
    assert set(rows["charge_period_end"] - rows["charge_period_start"]) == {pd.Timedelta(days=1)}
    assert rows[rows["charge_category"] == "Tax"][["charge_description", "billed_cost"]].values.tolist() == [
        ["Tax", exact("2.3")]]  # fmt: skip


def test_usage_has_its_quantity_where_it_is_of_one_unit(aws):
    rows, _ = sources.read(aws_cost_explorer, world(aws)[0], OCTOBER)
    usage = rows[rows["sku_id"].notna() & (rows["charge_period_start"] == OCTOBER.start)].set_index("sku_id")
    assert usage["pricing_unit"].fillna("").to_dict() == {
        "EUW1-BoxUsage:m5.large": "Hrs", "EUW1-DataTransfer-Out-Bytes": "", "EUW1-TimedStorage-ByteHrs": "GB-Month",
    }  # fmt: skip
    assert usage.loc["EUW1-TimedStorage-ByteHrs", "pricing_quantity"] == exact("2.125")
    assert pd.isna(usage.loc["EUW1-DataTransfer-Out-Bytes", "pricing_quantity"])
    assert usage.loc["EUW1-BoxUsage:m5.large", "billed_cost"] == exact("8.0000000001")


def test_usage_under_a_savings_plan_is_billed_at_nothing_and_costs_its_share_of_the_plan(aws):
    rows, _ = sources.read(aws_cost_explorer, world(aws)[0], OCTOBER)
    plan = rows[rows["charge_description"].str.startswith("SavingsPlan")].iloc[:3].set_index("charge_description")
    told = plan[["charge_category", "charge_frequency", "billed_cost", "effective_cost"]].values.tolist()
    assert told == [
        ["Usage", "Usage-Based", 0, exact("3")], ["Usage", "Usage-Based", 0, 0],
        ["Purchase", "Recurring", exact("3"), 0],
    ]  # fmt: skip
    assert plan["commitment_discount_status"].fillna("").tolist() == ["Used", "", ""]
    assert effective_cost_check(rows, OCTOBER)["effective_finding"].tolist() == ["sound"]


def test_a_day_whose_parts_are_not_its_total_is_left_out_and_said(aws):
    rows, seen = sources.read(aws_cost_explorer, world(aws, lost="SavingsPlanRecurringFee", lost_on=7)[0], OCTOBER)
    assert rows["charge_period_start"].nunique() == 30 and seen.status == "partial"
    assert seen.why == (
        "ce:GetCostAndUsage: 1 days are left out, like 2026-10-07: "
        "its charges are -3 USD off its total (UnblendedCost)")  # fmt: skip
    given = world(aws, lost="EUW1-TimedStorage-ByteHrs", lost_on=7)[0]
    assert f"its usage of {S3} is -1.5 USD off its total" in sources.read(aws_cost_explorer, given, OCTOBER)[1].why


def test_days_that_are_estimates_are_said_and_are_no_gap(aws):
    _, seen = sources.read(aws_cost_explorer, world(aws, estimated=True)[0], OCTOBER)
    assert (seen.status, seen.why) == ("ok", "AWS still estimates 31 days, from 2026-10-01 to 2026-10-31")


def test_a_charge_type_that_is_not_known_counts_and_makes_it_partial_until_it_is_named(aws, monkeypatch):
    monkeypatch.setattr("tests.aws.test_aws_cost_explorer.TYPES", [*TYPES, (S3, "Moon Fee", "1", "1")])
    rows, seen = sources.read(aws_cost_explorer, world(aws)[0], OCTOBER)
    assert rows[rows["charge_description"] == "Moon Fee"]["charge_category"].unique().tolist() == ["Adjustment"]
    assert (seen.status, seen.why) == (
        "partial", "charge types that are not known, like 'Moon Fee' (of 1): see record_types")  # fmt: skip
    rows, seen = sources.read(aws_cost_explorer, world(aws, record_types={"Moon Fee": "Purchase"})[0], OCTOBER)
    assert "Purchase" in set(rows[rows["charge_description"] == "Moon Fee"]["charge_category"]) and seen.status == "ok"


@pytest.mark.parametrize(("kind", "category", "frequency"), [
    ("Enterprise Discount Program Discount", "Usage", "Usage-Based"), ("RIFee", "Purchase", "Recurring"),
    ("Upfront", "Purchase", "One-Time"), ("Credit", "Credit", "One-Time"), ("Refund", "Adjustment", "One-Time"),
])  # fmt: skip
def test_charge_types_are_the_categories_of_focus(aws, monkeypatch, kind, category, frequency):
    monkeypatch.setattr("tests.aws.test_aws_cost_explorer.TYPES", [*TYPES, (S3, kind, "-1", "-1")])
    rows, seen = sources.read(aws_cost_explorer, world(aws)[0], OCTOBER)
    row = rows[rows["charge_description"] == kind].iloc[0]
    assert seen.status == "ok" and (row["charge_category"], row["charge_frequency"]) == (category, frequency)


def test_by_a_tag_usage_carries_it_and_has_no_quantity(aws):
    tagged = [(EC2, "team$shop", "7.0000000001"), (EC2, "team$", "3"), (S3, "team$shop", "1.5")]
    rows, seen = sources.read(aws_cost_explorer, world(aws, groups=tagged, tag="team")[0], OCTOBER)
    usage = rows[rows["charge_description"] == "Usage"].iloc[:3]
    assert seen.status == "ok" and usage["tags"].fillna("").tolist() == ['{"team": "shop"}', "", '{"team": "shop"}']
    assert usage["pricing_quantity"].isna().all() and rows["billed_cost"].sum() == exact("451.8000000031")
    assert aws.asked(CE)[-1]["GroupBy"][1] == {"Type": "TAG", "Key": "team"}


def test_of_a_month_that_runs_only_whole_days_are_asked_and_of_one_to_come_nothing(aws):
    given = world(aws)[0]
    run = given.run.__class__(**{**vars(given.run), "now": pd.Timestamp("2026-10-03 09:00", tz="UTC")})
    given = given.model_copy(update={"run": run})
    rows, seen = sources.read(aws_cost_explorer, given, OCTOBER)
    assert rows["charge_period_start"].nunique() == 2 and seen.observed_end == pd.Timestamp("2026-10-03", tz="UTC")
    aws.forget()
    rows, seen = sources.read(aws_cost_explorer, given, Period.month("2026-11"))
    assert rows.empty and not aws.asked(CE) and pd.isna(seen.observed_start)


def test_some_days_are_read_with_their_whole_month_since_a_bill_is_replaced_by_it(aws):
    sources.read(aws_cost_explorer, world(aws)[0], Period.days("2026-09-29", "2026-10-02"))
    assert {(one["TimePeriod"]["Start"], one["TimePeriod"]["End"]) for one in aws.asked(CE)} == {
        ("2026-09-01", "2026-10-01"), ("2026-10-01", "2026-11-01")}  # fmt: skip


def test_what_was_paid_for_is_not_asked_again_within_the_hours(aws, tmp_path):
    given = world(aws)[0]
    run = given.run.__class__(**{**vars(given.run), "answers": tmp_path})
    first, _ = sources.read(aws_cost_explorer, given.model_copy(update={"run": run}), OCTOBER)
    assert len(aws.asked(CE)) == 6
    later = run.__class__(**{**vars(run), "now": NOW + pd.Timedelta(hours=11)})
    again, _ = sources.read(aws_cost_explorer, given.model_copy(update={"run": later}), OCTOBER)
    assert len(aws.asked(CE)) == 6 and again.equals(first)


def test_kept_answers_are_used_again_only_together(aws, tmp_path, monkeypatch):
    def read(hours: int):
        given = settings(aws_cost_explorer, "cost", run={"answers": tmp_path, "now": NOW + pd.Timedelta(hours=hours)})
        return sources.read(aws_cost_explorer, given, OCTOBER)

    world(aws)
    aws.fault(CE, "broken", at=5, times=0)  # the first page of the third question
    assert read(0)[1].status == "partial" and len({str(one) for one in aws.asked(CE)}) == 5
    aws.forget()
    # Since then AWS has added a charge of each day.
    monkeypatch.setattr("tests.aws.test_aws_cost_explorer.TYPES", [*TYPES, (S3, "Usage", "1", "1")])
    monkeypatch.setattr("tests.aws.test_aws_cost_explorer.USAGE", [*USAGE, (S3, "New", "1", "1", "GB")])
    world(aws)
    rows, seen = read(11)
    # The third is asked, and then the two that were kept.
    assert (seen.status, seen.why) == ("ok", "") and len(aws.asked(CE)) == 6
    assert rows["billed_cost"].sum() == exact("482.8000000031") and seen.inputs.count("sha256") == 3
    again, _ = read(22)
    assert len(aws.asked(CE)) == 6 and again.equals(rows)


def test_an_account_without_charges_has_an_empty_bill(aws):
    def say(asked: dict) -> dict:
        start = dt.date.fromisoformat(asked["TimePeriod"]["Start"])
        days = [start + dt.timedelta(days=n) for n in range(31)]
        return {"ResultsByTime": [
            {"TimePeriod": {"Start": str(one), "End": str(one + dt.timedelta(days=1))}, "Estimated": False,
             "Total": {} if "GroupBy" in asked else metrics("0"), "Groups": []} for one in days]}  # fmt: skip

    aws.script(CE, say)
    rows, seen = sources.read(aws_cost_explorer, settings(aws_cost_explorer, "cost"), OCTOBER)
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


def test_groups_of_the_documentation_are_read_to_the_last_digit():
    path = EXAMPLES / "ce__get-cost-and-usage_9.json"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    (told,) = json.loads(path.read_text())["ResultsByTime"]
    for group in told["Groups"]:  # the example did not ask for it
        group["Metrics"]["AmortizedCost"] = group["Metrics"]["UnblendedCost"]
    whole = metrics("40.6226137778")
    asked = {"TimePeriod": {"Start": "2017-09-01", "End": "2017-09-02"}}
    types = {**told, "Groups": [{"Keys": [S3, "Usage"], "Metrics": whole}]}
    pages = Pages(tuple(_aws.Answer(CE, "us-east-1", {**asked, **more}, {"ResultsByTime": [one]}) for more, one in [
        ({}, {**told, "Groups": [], "Total": whole}), ({"GroupBy": []}, types), ({"GroupBy": [], "Filter": {}}, told),
    ]), settings(aws_cost_explorer, "cost", tag="Environment"))  # fmt: skip
    rows = aws_cost_explorer.to_frames(pages, Period.month("2017-09"))["cost"]
    assert rows[["tags", "billed_cost"]].fillna("").values.tolist() == [
        ["", exact("40.3543773134")], ['{"Environment": "Dev"}', exact("0.2682364644")]]  # fmt: skip
