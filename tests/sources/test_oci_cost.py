"""Oracle Cloud's cost reports: cost with overage in it once, corrections, tags, times as Oracle writes them."""

import csv
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from opsreport import sources
from opsreport.period import Period
from opsreport.sources import oci_cost

NOVEMBER = Period.month("2023-11")
ROW = {
    "lineItem/referenceNo": "a", "lineItem/tenantId": "ocid1.tenancy",
    "lineItem/intervalUsageStart": "2023-11-13T10:00Z", "lineItem/intervalUsageEnd": "2023-11-13T11:00:00Z",
    "product/service": "DATABASE", "product/region": "us-sanjose-1", "product/resourceId": "ocid1.db",
    "usage/billedQuantity": "0.083333333333000000", "cost/subscriptionId": "ocid1.subscription",
    "cost/productSku": "B92911", "product/Description": "Application Development",
    "cost/myCost": "0.012264277499950943", "cost/myCostOverage": "", "cost/currencyCode": "USD",
    "cost/skuUnitDescription": "Hours", "lineItem/isCorrection": "false",
}  # fmt: skip


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows)).to_csv(path, index=False)


def read(folder, path=".", **given):
    made = sources.settings_of(oci_cost, {"path": path, **given}, frame="cost", folder=Path(folder))
    return sources.read(oci_cost, made, NOVEMBER)


def test_a_row_has_the_columns_of_focus_with_every_digit_of_its_cost(tmp_path):
    write(tmp_path / "a.csv", {**ROW, "tags/Oracle-Tags.CreatedBy": "ann", "tags/Ops.Owner": ""})
    rows, coverage = read(tmp_path)
    (row,) = rows.to_dict("records")
    assert coverage.status == "ok" and row["billed_cost"] == Decimal("0.012264277499950943")
    assert (str(row["charge_period_start"]), str(row["charge_period_end"])) == (
        "2023-11-13 10:00:00+00:00", "2023-11-13 11:00:00+00:00",
    )  # fmt: skip
    assert str(row["billing_period_start"]) == "2023-11-01 00:00:00+00:00"
    assert (row["provider_name"], row["service_name"], row["sku_id"]) == ("Oracle", "DATABASE", "B92911")
    assert (row["charge_category"], row["pricing_unit"]) == ("Usage", "Hours")
    assert row["tags"] == '{"Oracle-Tags.CreatedBy":"ann"}' and pd.isna(row["effective_cost"])


def test_overage_is_in_the_cost_already_and_small_costs_may_be_written_with_an_exponent(tmp_path):
    write(tmp_path / "a.csv", {**ROW, "cost/myCost": "2.323760000E-9", "cost/myCostOverage": "2.3E-9"})
    assert list(read(tmp_path)[0]["billed_cost"]) == [Decimal("0.00000000232376")]


def test_a_correction_is_a_row_of_its_own_and_is_marked(tmp_path):
    taken_back = {**ROW, "cost/myCost": "-0.002264277499950943", "lineItem/isCorrection": "true"}
    write(tmp_path / "a.csv", ROW, taken_back)
    rows, _ = read(tmp_path)
    assert rows["billed_cost"].sum() == Decimal("0.01")
    assert list(rows["charge_class"].fillna("")) == ["", "Correction"]


def test_a_usage_report_which_has_no_cost_is_not_taken_for_a_bill(tmp_path):
    write(tmp_path / "a.csv", {name: value for name, value in ROW.items() if not name.startswith("cost/")})
    _, coverage = read(tmp_path)
    assert coverage.status == "unavailable" and "is not an Oracle Cloud cost report" in coverage.why


def test_a_word_that_is_not_known_is_refused(tmp_path):
    write(tmp_path / "a.csv", {**ROW, "lineItem/isCorrection": "maybe"})
    assert "lineItem/isCorrection is 'maybe' in 1 row" in read(tmp_path)[1].why


def test_real_reports_add_up_to_the_last_digit(shared_data):
    path = shared_data / "cost" / "legacy" / "oci.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        raw = list(csv.DictReader(handle))
    if "cost/myCost" not in raw[0]:
        pytest.skip(f"{path.name} is no cost report but rules of how to convert one")
    rows, coverage = read(path.parent, path.name)
    assert coverage.status == "ok" and len(rows) == len(raw) == 506
    assert rows["billed_cost"].sum() == sum(Decimal(row["cost/myCost"]).quantize(Decimal(1).scaleb(-18)) for row in raw)
