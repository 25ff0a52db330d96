"""Azure's cost details: actual and amortised cost side by side, never added; US dates; an empty month."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.metrics.cost import effective_cost_check, spend
from opsreport.period import Period
from opsreport.sources import azure_cost

SEPTEMBER = Period.month("2023-09")
ROW = {
    "BillingAccountId": "8611537", "BillingPeriodStartDate": "09/01/2023", "SubscriptionId": "s-1",
    "Date": "09/04/2023", "Product": "D2s v3", "PartNumber": "AAA-1", "MeterId": "m-1",
    "MeterCategory": "Virtual Machines", "Quantity": "24", "Cost": "2.64", "BillingCurrency": "USD",
    "ResourceLocation": "uksouth", "ResourceId": "/vm/1", "Tags": '"env": "prod","org": ""',
    "UnitOfMeasure": "1 Hour", "ReservationId": "", "ChargeType": "Usage", "Frequency": "UsageBased",
    "PricingModel": "OnDemand", "benefitId": "",
}  # fmt: skip
RESERVED = {"ResourceId": "/vm/2", "PricingModel": "Reservation", "ReservationId": "r-9"}


def write(path, *rows, columns=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    # As Azure writes it: with a byte order mark.
    pd.DataFrame(list(rows), columns=columns).to_csv(path, index=False, encoding="utf-8-sig")


def read(folder, path="actual.csv", **given):
    made = sources.settings_of(azure_cost, {"path": path, **given}, frame="cost", folder=Path(folder))
    return sources.read(azure_cost, made, SEPTEMBER)


def test_a_real_export_adds_up_to_the_last_digit(shared_data):
    folder = shared_data / "cost" / "azure"
    with (folder / "EA_ActualCost_Small.csv").open(encoding="utf-8-sig", newline="") as handle:
        raw = list(csv.DictReader(handle))
    rows, coverage = read(folder, "EA_ActualCost_Small.csv")
    assert (coverage.status, len(rows)) == ("ok", 11)
    assert rows["billed_cost"].sum() == sum(Decimal(row["Cost"]) for row in raw) == Decimal("8.5450077867419368")
    assert rows["effective_cost"].isna().all()  # actual cost tells of no amortised one
    days = {dt.datetime.strptime(row["Date"], "%m/%d/%Y").date() for row in raw}
    assert set(rows["charge_period_start"].dt.date) == days  # 09/04 is the 4th of September
    (bought,) = rows[rows["charge_category"] == "Purchase"].to_dict("records")
    assert (bought["charge_frequency"], bought["billed_cost"]) == ("Recurring", Decimal("3.25"))
    assert "reservationOrders" in bought["commitment_discount_id"]


def test_a_real_export_without_a_row_was_read_and_is_not_missing(shared_data):
    covers = {"first": dt.date(2023, 9, 1), "last": dt.date(2023, 9, 30)}
    rows, coverage = read(shared_data / "cost" / "azure", "EA_NoRows.csv", covers=covers)
    assert (len(rows), coverage.status, coverage.why) == (0, "ok", "EA_NoRows.csv has no charge in it")
    assert (coverage.observed_start, coverage.observed_end) == (SEPTEMBER.start, SEPTEMBER.end)


def test_tags_without_braces_and_with_are_the_same_tags(tmp_path):
    write(tmp_path / "actual.csv", ROW, {**ROW, "Tags": '{"org":"","env":"prod"}'}, {**ROW, "Tags": ""})
    tags = read(tmp_path)[0]["tags"]
    assert list(tags.fillna("none")) == ['{"env":"prod","org":""}'] * 2 + ["none"]


def test_each_charge_has_what_was_billed_and_what_it_costs_amortised(tmp_path):
    bought = {**ROW, "ChargeType": "Purchase", "Frequency": "Recurring", "Cost": "72", **RESERVED}
    covered = {**ROW, **RESERVED}
    write(tmp_path / "actual.csv", ROW, {**covered, "Cost": "0"}, bought)
    unused = {**ROW, **RESERVED, "ChargeType": "UnusedReservation", "Cost": "0.60"}
    write(tmp_path / "amortised.csv", unused, {**covered, "Cost": "1.80"}, ROW)
    rows, coverage = read(tmp_path, amortized="amortised.csv")
    assert coverage.status == "ok" and len(rows) == 4
    found = {
        (row["charge_category"], row["commitment_discount_status"]): (row["billed_cost"], row["effective_cost"])
        for row in rows.fillna({"commitment_discount_status": ""}).to_dict("records")
    }
    assert found == {
        ("Usage", ""): (Decimal("2.64"), Decimal("2.64")),
        ("Usage", "Used"): (0, Decimal("1.80")),
        ("Usage", "Unused"): (0, Decimal("0.60")),
        ("Purchase", ""): (72, 0),
    }
    assert list(effective_cost_check(rows, SEPTEMBER)["effective_finding"]) == ["sound"]
    (month,) = spend(rows, SEPTEMBER).to_dict("records")
    assert (month["spend"], month["effective_cost"]) == (Decimal("74.64"), Decimal("5.04"))


def test_equal_charges_are_paired_one_by_one(tmp_path):
    write(tmp_path / "actual.csv", ROW, ROW, {**ROW, "Cost": "1"})
    write(tmp_path / "amortised.csv", {**ROW, "Cost": "1"}, ROW)
    rows, _ = read(tmp_path, amortized="amortised.csv")
    assert sorted(zip(rows["billed_cost"], rows["effective_cost"], strict=True)) == [
        (1, 1), (Decimal("2.64"), 0), (Decimal("2.64"), Decimal("2.64")),
    ]  # fmt: skip


def test_amortised_cost_is_not_taken_for_actual_cost(tmp_path):
    write(tmp_path / "actual.csv", ROW, {**ROW, "ChargeType": "UnusedSavingsPlan"})
    why = read(tmp_path)[1].why
    assert "holds UnusedSavingsPlan, which only amortised cost has" in why and "amortized" in why
    write(tmp_path / "actual.csv", ROW)
    assert "named as actual and as amortised" in read(tmp_path, amortized="actual.csv")[1].why


@pytest.mark.parametrize("column", ["ChargeType", "Frequency"])
def test_a_word_that_is_not_known_is_refused(column, tmp_path):
    write(tmp_path / "actual.csv", {**ROW, column: "Donation"})
    rows, coverage = read(tmp_path)
    assert len(rows) == 0 and f"{column} is 'Donation' in 1 row" in coverage.why


def test_a_charge_type_may_be_declared(tmp_path):
    write(tmp_path / "actual.csv", {**ROW, "ChargeType": "Tax"})
    assert list(read(tmp_path, charge_types={"Tax": "Tax"})[0]["charge_category"]) == ["Tax"]


def test_the_columns_of_a_customer_agreement_are_known_too(tmp_path):
    renamed = {"Cost": "costInBillingCurrency", "Product": "productName", "BillingCurrency": "billingCurrencyCode"}
    theirs = {renamed.get(name, name[0].lower() + name[1:]): value for name, value in ROW.items()}
    write(tmp_path / "actual.csv", theirs)
    (row,) = read(tmp_path)[0].to_dict("records")
    assert (row["billed_cost"], row["charge_description"]) == (Decimal("2.64"), "D2s v3")


def test_a_date_that_is_not_written_as_declared_is_named(tmp_path):
    write(tmp_path / "actual.csv", {**ROW, "Date": "2023-09-04", "BillingPeriodStartDate": "2023-09-01"})
    assert "'2023-09-01' is not a time" in read(tmp_path)[1].why
    rows, _ = read(tmp_path, time_format="%Y-%m-%d")
    assert str(rows["charge_period_end"].iloc[0]) == "2023-09-05 00:00:00+00:00"
