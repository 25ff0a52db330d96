"""Amazon's Cost and Usage Report: what each line item type costs, billed and amortised, to the last digit."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.metrics.cost import tag_coverage
from opsreport.period import Period
from opsreport.schemas import DECIMAL
from opsreport.sources import _cur, aws_cur

NOVEMBER = Period.month("2023-11")
PLAN, RESERVED = "arn:aws:savingsplans::1:savingsplan/a", "arn:aws:ec2:us-east-1:1:reserved-instances/b"
ROW = {
    "identity/LineItemId": "x", "bill/PayerAccountId": "1", "bill/BillingPeriodStartDate": "2023-11-01T00:00:00.000Z",
    "lineItem/UsageAccountId": "2", "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2023-11-05T04:00:00.000Z", "lineItem/UsageEndDate": "2023-11-05T05:00:00.000Z",
    "lineItem/ProductCode": "AmazonEC2", "lineItem/UsageAmount": "1", "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "1.00", "lineItem/LineItemDescription": "an hour", "product/ProductName": "Amazon EC2",
    "product/region": "us-east-1", "pricing/unit": "Hrs", "reservation/SubscriptionId": "123444517",
}  # fmt: skip


def line(kind="Usage", cost="1.00", **more):
    return {**ROW, "lineItem/LineItemType": kind, "lineItem/UnblendedCost": cost, **more}


def planned(kind, cost, **more):
    return line(kind, cost, **{"savingsPlan/SavingsPlanARN": PLAN, **more})


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows)).to_csv(path, index=False)


def read(folder, path=".", **given):
    made = sources.settings_of(aws_cur, {"path": path, **given}, frame="cost", folder=Path(folder))
    return sources.read(aws_cur, made, NOVEMBER)


def test_a_row_has_the_columns_of_focus(tmp_path):
    tagged = {"resourceTags/user:Owner": "web", "resourceTags/aws:createdBy": "user:ann"}
    write(tmp_path / "a.csv", line(cost="1.81E-8", **tagged), line("Tax", "0.07"))
    rows, coverage = read(tmp_path)
    usage, tax = rows.to_dict("records")
    assert (coverage.status, usage["provider_name"], usage["service_name"]) == ("ok", "AWS", "Amazon EC2")
    assert (usage["billed_cost"], usage["effective_cost"]) == (Decimal("0.0000000181"), Decimal("0.0000000181"))
    assert (usage["charge_category"], usage["charge_frequency"]) == ("Usage", "Usage-Based")
    assert (usage["sub_account_id"], usage["pricing_quantity"], usage["pricing_unit"]) == ("2", 1, "Hrs")
    assert usage["tags"] == '{"Owner":"web","aws:createdBy":"user:ann"}' and pd.isna(tax["tags"])
    assert (tax["charge_category"], rows["billed_cost"].dtype) == ("Tax", DECIMAL)
    # Every row of a report has a SubscriptionId, which is that of an offer, not of a commitment.
    assert rows["commitment_discount_id"].isna().all()


@pytest.mark.parametrize(
    ("kind", "columns", "effective"),
    [
        ("DiscountedUsage", {"reservation/EffectiveCost": "0.40"}, "0.40"),
        ("RIFee", {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "3",
                   "reservation/UnusedRecurringFee": "0.5"}, "3.5"),
        ("Fee", {"reservation/ReservationARN": RESERVED}, "0"),
        ("Fee", {"reservation/ReservationARN": ""}, "1.00"),
        ("SavingsPlanCoveredUsage", {"savingsPlan/SavingsPlanEffectiveCost": "0.72"}, "0.72"),
        ("SavingsPlanRecurringFee",
         {"savingsPlan/TotalCommitmentToDate": "10", "savingsPlan/UsedCommitment": "9.25"}, "0.75"),
        ("SavingsPlanUpfrontFee", {}, "0"),
        ("SavingsPlanNegation", {}, "0"),
        ("Credit", {}, "1.00"),
    ],
)  # fmt: skip
def test_effective_cost_goes_by_the_type_of_the_line(kind, columns, effective, tmp_path):
    write(tmp_path / "a.csv", line(kind, **columns))
    (row,) = read(tmp_path)[0].to_dict("records")
    assert row["effective_cost"] == Decimal(effective) and row["billed_cost"] == 1


def test_amortised_cost_is_missing_where_the_report_lacks_its_column(tmp_path):
    write(tmp_path / "a.csv", line("DiscountedUsage"))
    assert read(tmp_path)[0]["effective_cost"].isna().all()


def test_usage_under_a_savings_plan_is_billed_at_nothing_and_the_total_stays(tmp_path):
    # The report lists it on demand (0.10 + 0.20) and takes it off (-0.29): 0.01 did not cancel.
    write(
        tmp_path / "a.csv",
        planned("SavingsPlanCoveredUsage", "0.10", **{"resourceTags/user:Owner": "web"}),
        planned("SavingsPlanCoveredUsage", "0.20"),
        planned("SavingsPlanNegation", "-0.09"),
        planned("SavingsPlanNegation", "-0.20"),
        planned("SavingsPlanRecurringFee", "0.25"),
    )
    rows, _ = read(tmp_path)
    assert list(rows["billed_cost"]) == [0, 0, Decimal("0.01"), 0, Decimal("0.25")]
    assert set(rows["commitment_discount_id"]) == {PLAN}
    assert list(rows["commitment_discount_status"].fillna("")) == ["Used", "Used", "", "", ""]
    # On demand they would have been usage of 0.30, a third of it tagged.
    (tagged,) = tag_coverage(rows, NOVEMBER, ["Owner"]).query("tag == 'Owner'").to_dict("records")
    assert (tagged["usage_spend"], tagged["tagged_share"]) == (Decimal("0.01"), 0)


def test_usage_and_its_negation_may_stand_in_two_files_of_one_report(tmp_path):
    write(tmp_path / "part-1.csv", line(cost="5"), planned("SavingsPlanCoveredUsage", "0.10"))
    write(tmp_path / "part-2.csv", planned("SavingsPlanNegation", "-0.10"))
    moved = tmp_path / "report"
    moved.mkdir()
    for part in tmp_path.glob("*.csv"):
        part.rename(moved / part.name)
    rows, _ = read(tmp_path)
    assert list(rows["billed_cost"]) == [5, 0, 0]


def test_covered_usage_without_its_negation_keeps_what_the_report_says(tmp_path):
    write(tmp_path / "a.csv", planned("SavingsPlanCoveredUsage", "0.10"))
    assert list(read(tmp_path)[0]["billed_cost"]) == [Decimal("0.10")]


def test_an_unknown_line_item_type_is_refused_until_it_is_said_what_it_is(tmp_path):
    write(tmp_path / "a.csv", line(), line("OCBLateFee", "12.50"))
    rows, coverage = read(tmp_path)
    assert len(rows) == 0 and coverage.status == "unavailable"
    assert "lineItem/LineItemType is 'OCBLateFee' in 1 row" in coverage.why and "line_types" in coverage.why
    rows, coverage = read(tmp_path, line_types={"OCBLateFee": "Purchase"})
    assert (coverage.status, list(rows["charge_category"])) == ("ok", ["Usage", "Purchase"])


def test_an_amount_that_is_no_number_is_named_with_its_place(tmp_path):
    write(tmp_path / "a.csv", line(), line(cost="1,50"))
    why = read(tmp_path)[1].why
    assert "a.csv, row 2, lineItem/UnblendedCost: '1,50' is not a number" in why


def test_a_bill_in_another_form_is_told_by_its_columns(tmp_path):
    write(tmp_path / "a.csv", {"BilledCost": "1", "ChargePeriodStart": "2023-11-01"})
    why = read(tmp_path)[1].why
    assert "is not a Cost and Usage Report" in why and "focus" in why


def test_a_report_read_twice_or_in_two_files_with_the_same_lines_is_not_counted_twice(tmp_path):
    lines = [line(cost=str(n)) for n in range(1, 5)]
    write(tmp_path / "a.csv", *lines)
    write(tmp_path / "b.csv", *lines)
    assert read(tmp_path)[0]["billed_cost"].sum() == 10  # the same bytes
    write(tmp_path / "b.csv", *lines, line(cost="9"))
    assert "hold the same bill" in read(tmp_path)[1].why
    for edition in "ab":
        (tmp_path / edition).mkdir()
        (tmp_path / f"{edition}.csv").rename(tmp_path / edition / "report.csv")
    assert read(tmp_path, latest=True)[0]["billed_cost"].sum() == 19


def test_every_line_item_type_that_the_finops_foundations_rules_name_is_known(shared_data):
    rules = (shared_data / "cost" / "legacy" / "aws-cur.csv").read_text("utf-8")
    if "FOCUS Dimension" not in rules:
        pytest.skip("../shared/data/cost/legacy/aws-cur.csv holds no rules of conversion")
    (row,) = [one for one in csv.DictReader(rules.splitlines(True)) if one["FOCUS Dimension"] == "ChargeCategory"]
    theirs = dict(re.findall(r"LineItemType\"* = '(\w+)' THEN '(\w+)'", row["Filters/Process/Etc."]))
    ours = {name: _cur.LINE_TYPES[name][0] for name in theirs}
    # Since these rules were written FOCUS 1.0 gave credits a category of their own.
    assert len(theirs) > 12 and ours == theirs | {"Credit": "Credit"}


def test_a_real_report_adds_up_to_the_last_digit(shared_data):
    path = shared_data / "cost" / "legacy" / "aws-cur.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        raw = list(csv.DictReader(handle))
    if "lineItem/UnblendedCost" not in raw[0]:
        pytest.skip(f"{path.name} is no Cost and Usage Report but rules of how to convert one")
    rows, coverage = read(path.parent, path.name)
    assert coverage.status == "ok" and len(rows) == len(raw) == 1281
    assert rows["billed_cost"].sum() == sum(Decimal(row["lineItem/UnblendedCost"]) for row in raw)
    assert (rows["charge_category"] == "Tax").sum() == 12
