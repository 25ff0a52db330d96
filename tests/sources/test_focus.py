"""FOCUS bills, from files written here and from the FinOps Foundation's sample."""

import gzip
import json
import os
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsreport import sources
from opsreport.period import Period
from opsreport.schemas import DECIMAL
from opsreport.sources import focus

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "cost"
real = pytest.mark.skipif(not DATA.exists(), reason="../shared/data/cost is not here")

ROW = {
    "ProviderName": "AWS", "BillingAccountId": "1", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-10-02T00:00:00Z",
    "ServiceName": "S3", "ChargeCategory": "Usage", "ChargeClass": "NULL", "ChargeDescription": "storage",
    "ChargeFrequency": "Usage-Based", "PricingQuantity": "1", "PricingUnit": "GB", "BilledCost": "1.10",
    "EffectiveCost": "1.10", "ListCost": "1.20", "BillingCurrency": "USD", "Tags": "NULL",
}  # fmt: skip


def day(number, **changes):
    start, end = f"2026-10-{number:02d} 00:00:00", f"2026-10-{number + 1:02d} 00:00:00"
    return {**ROW, "ChargePeriodStart": start, "ChargePeriodEnd": end, **changes}


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows)).to_csv(path, index=False)


def read(folder, path=".", month="2026-10", **given):
    made = sources.settings_of(focus, {"path": path, **given}, frame="cost", folder=Path(folder))
    return sources.read(focus, made, Period.month(month))


def spend(rows):
    return rows["billed_cost"].sum()


@real
def test_the_foundations_sample_is_read_to_the_last_digit():
    rows, coverage = read(DATA / "focus_sample", "focus_sample.csv", "2024-09")
    assert (coverage.status, len(rows)) == ("ok", 1000)
    assert spend(rows) == Decimal("20.52022672899")
    assert rows.groupby("provider_name")["billed_cost"].sum().to_dict() == {
        "AWS": Decimal("18.0066386184"), "Microsoft": Decimal("1.97651418586"), "Oracle": Decimal("0.53707392473")
    }  # fmt: skip
    assert rows["billed_cost"].dtype == DECIMAL


@real
def test_the_samples_traps_do_not_spring():
    rows, coverage = read(DATA / "focus_sample", "focus_sample.csv", "2024-09")
    assert rows["tags"].isna().sum() == 289  # missing, not an empty object
    assert not rows.select_dtypes("str").isin(["NULL"]).any(axis=None)
    assert (rows["billing_period_start"] == pd.Timestamp("2024-10-01", tz="UTC")).sum() == 1
    assert (rows["billed_cost"] < 0).sum() == 13
    assert coverage.observed_start == pd.Timestamp("2024-09-01", tz="UTC")
    assert coverage.observed_end == pd.Timestamp("2024-10-01", tz="UTC")


@real
def test_the_specifications_example_of_a_purchase_has_billed_8760_and_no_effective_cost():
    given = dict.fromkeys(("ServiceName", "ChargeClass", "ChargeDescription", "PricingQuantity", "PricingUnit"))
    given |= {"ListCost": None, "BillingCurrency": "USD", "ProviderName": None}
    folder = DATA / "focus_examples" / "commitment_discount_scenarios"
    rows, coverage = read(folder, "commitment_discount_purchase_scenario_1.csv", "2023-01", constants=given)
    assert coverage.status == "ok"
    assert rows[["billed_cost", "effective_cost"]].iloc[0].tolist() == [Decimal(8760), Decimal(0)]
    assert pd.isna(rows["list_cost"].iloc[0])  # not known is not 0
    assert read(folder, "commitment_discount_purchase_scenario_1.csv")[1].status == "unavailable"


@real
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_every_column_that_the_frame_reads_is_one_of_focus(version):
    columns = set(pd.read_csv(DATA / "focus_columns" / f"focus_v{version}_columns.csv")["column_id"])
    assert set(focus._NAMES.values()) <= columns


@pytest.mark.parametrize("name", ["bill.csv", "bill.csv.gz", "bill.parquet"])
def test_each_format_gives_the_same_frame(tmp_path, name):
    write(tmp_path / "plain" / "bill.csv", day(1), day(2, BilledCost="-0.000000000000000001"))
    table = pd.DataFrame([day(1), day(2, BilledCost="-0.000000000000000001")])
    (tmp_path / "other").mkdir()
    table.to_parquet(tmp_path / "other" / name) if name.endswith("t") else table.to_csv(
        tmp_path / "other" / name, index=False
    )
    plain, other = read(tmp_path, "plain")[0], read(tmp_path, "other")[0]
    pd.testing.assert_frame_equal(plain, other)
    assert spend(other) == Decimal("1.099999999999999999")


def test_parquet_keeps_decimals_reads_floats_by_their_text_and_maps_as_tags(tmp_path):
    columns = {name: pa.array([value]) for name, value in ROW.items()}
    start = pd.Timestamp("2026-10-01")
    columns |= {
        "BilledCost": pa.array([Decimal("0.123456789012345678")]),
        "EffectiveCost": pa.array([0.1]),
        "ListCost": pa.array([7]),
        "ChargePeriodStart": pa.array([start]),
        "Tags": pa.array([[("b", "1"), ("a", "2")]], pa.map_(pa.string(), pa.string())),
        "ChargeClass": pa.array([None], pa.string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "bill[1].parquet")
    rows, coverage = read(tmp_path, "bill[1].parquet")
    assert coverage.status == "ok"
    row = rows.iloc[0]
    assert row["billed_cost"] == Decimal("0.123456789012345678")
    assert row["effective_cost"] == Decimal("0.1") and row["list_cost"] == Decimal(7)
    assert row["tags"] == '{"a":"2","b":"1"}'
    assert row["charge_period_start"] == start.tz_localize("UTC")


def test_tags_with_the_same_pairs_are_the_same_text(tmp_path):
    tags = ['{"b": "1", "a": "ü"}', '{"a":"ü","b":"1"}', "{}"]
    write(tmp_path / "bill.csv", *(day(number, Tags=text) for number, text in enumerate(tags, 1)))
    assert read(tmp_path)[0]["tags"].tolist() == ['{"a":"ü","b":"1"}'] * 2 + ["{}"]


def test_from_1_3_the_provider_column_has_another_name(tmp_path):
    new = {("ServiceProviderName" if name == "ProviderName" else name): value for name, value in ROW.items()}
    write(tmp_path / "bill.csv", new)
    assert read(tmp_path)[0]["provider_name"].tolist() == ["AWS"]
    assert read(tmp_path, version="1.4")[1].status == "ok"
    coverage = read(tmp_path, version="1.2")[1]
    assert coverage.status == "unavailable" and "ProviderName" in coverage.why


def test_names_in_another_case_and_columns_of_the_providers_own_do_not_matter(tmp_path):
    write(tmp_path / "bill.csv", {name.upper(): value for name, value in ROW.items()} | {"x_Discount": "5", "Id": "9"})
    rows, coverage = read(tmp_path)
    assert coverage.status == "ok" and spend(rows) == Decimal("1.10")
    made = sources.settings_of(focus, {"path": "."}, frame="cost", folder=tmp_path)
    assert focus.fetch(Period.month("2026-10"), made).extra == {"ignored": {"bill.csv": 2}}


def test_columns_that_are_mandatory_are_named_when_they_lack(tmp_path):
    write(tmp_path / "bill.csv", {name: value for name, value in ROW.items() if name not in ("BilledCost", "ListCost")})
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "BilledCost, ListCost" in coverage.why


def test_usage_based_is_written_one_way(tmp_path):
    write(tmp_path / "bill.csv", day(1, ChargeFrequency="Usage-based"))
    assert read(tmp_path)[0]["charge_frequency"].tolist() == ["Usage-Based"]


@pytest.mark.parametrize("wrong", ["1,234.50", "1_000", "$5", "nan", "1e30", "(5)"])
def test_a_cost_that_is_no_number_is_refused_with_its_place(tmp_path, wrong):
    write(tmp_path / "bill.csv", day(1), day(2, BilledCost=wrong))
    rows, coverage = read(tmp_path)
    assert coverage.status == "unavailable" and len(rows) == 0
    assert "bill.csv, row 2, billed_cost" in coverage.why and wrong in coverage.why


def test_a_date_that_could_be_two_is_not_guessed(tmp_path):
    write(tmp_path / "bill.csv", {**ROW, **dict.fromkeys(("ChargePeriodStart", "BillingPeriodStart"), "4/1/25"),
                                  "ChargePeriodEnd": "4/2/25"})  # fmt: skip
    assert "'4/1/25' is not a time" in read(tmp_path)[1].why
    rows, _ = read(tmp_path, time_format="%m/%d/%y")
    assert rows["charge_period_start"].tolist() == [pd.Timestamp("2025-04-01", tz="UTC")]


def test_all_files_of_a_folder_add_up_and_one_that_is_there_twice_counts_once(tmp_path):
    write(tmp_path / "a.csv", day(1))
    write(tmp_path / "b.csv", day(2))
    write(tmp_path / "copies" / "a.csv", day(1))
    rows, coverage = read(tmp_path)
    assert spend(rows) == Decimal("2.20") and coverage.status == "ok"
    assert "copies/a.csv is the same file as a.csv" in coverage.why
    assert [one["path"] for one in json.loads(coverage.inputs)] == ["a.csv", "b.csv"]


def test_two_editions_of_one_bill_are_refused_or_the_latest_counts(tmp_path):
    write(tmp_path / "2026-10-02.csv", day(1))
    write(tmp_path / "2026-10-03.csv", day(1), day(2))
    rows, coverage = read(tmp_path)
    assert coverage.status == "unavailable"
    assert "2026-10-02.csv and 2026-10-03.csv hold the same bill of 2026-10: 1 of 1" in coverage.why
    rows, coverage = read(tmp_path, latest=True)
    assert coverage.status == "ok" and spend(rows) == Decimal("2.20")


def test_of_exports_in_folders_the_parts_of_the_last_count_together(tmp_path):
    write(tmp_path / "run1" / "part1.csv", day(1))
    write(tmp_path / "run2" / "part1.csv", day(1))
    write(tmp_path / "run2" / "part2.csv", day(2, BilledCost="5"))
    write(tmp_path / "run1" / "september.csv", {**ROW, "BillingPeriodStart": "2026-09-01", "BilledCost": "3"})
    # The unchanged part1 of run2 counts, although it is the same file as that of run1.
    rows, _ = read(tmp_path, latest=True)
    assert sorted(rows["billed_cost"]) == [Decimal("1.10"), Decimal(3), Decimal(5)]


def test_two_accounts_with_equal_lines_are_two_bills(tmp_path):
    write(tmp_path / "a.csv", day(1))
    write(tmp_path / "b.csv", day(1, BillingAccountId="2"))
    assert spend(read(tmp_path)[0]) == Decimal("2.20")


@pytest.mark.parametrize("name", ["cut.csv.gz", "cut.parquet"])
def test_a_file_cut_short_makes_the_bill_partial_never_smaller_in_silence(tmp_path, name):
    rows = [day(1, ChargeDescription=os.urandom(20).hex()) for _ in range(400)]
    whole = tmp_path / name
    pd.DataFrame(rows).to_parquet(whole) if name.endswith("t") else whole.write_bytes(
        gzip.compress(pd.DataFrame(rows).to_csv(index=False).encode())
    )
    whole.write_bytes(whole.read_bytes()[:-200])
    assert read(tmp_path)[1].status == "unavailable"
    write(tmp_path / "good.csv", day(1))
    rows, coverage = read(tmp_path)
    assert coverage.status == "partial" and name in coverage.why and len(rows) == 1
    assert [record["path"] for record in json.loads(coverage.inputs) if "unread" in record] == [name]


def test_a_broken_line_is_named_not_skipped(tmp_path):
    write(tmp_path / "bill.csv", day(1))
    with (tmp_path / "bill.csv").open("a") as handle:
        handle.write("AWS,1\n")
    coverage = read(tmp_path)[1]
    assert coverage.status == "unavailable" and "bill.csv" in coverage.why and "line 3" in coverage.why


def test_a_header_without_rows_is_an_empty_bill(tmp_path):
    (tmp_path / "bill.csv").write_text(",".join(ROW) + "\n")
    rows, coverage = read(tmp_path)
    assert (len(rows), coverage.status) == (0, "ok") and pd.isna(coverage.observed_start)
    (tmp_path / "bill.csv").write_text("")
    assert read(tmp_path)[1].status == "unavailable"


def test_days_without_usage_in_the_middle_make_it_partial(tmp_path):
    write(tmp_path / "bill.csv", day(1), day(2), day(5))
    coverage = read(tmp_path)[1]
    assert coverage.status == "partial" and "2026-10-03, 2026-10-04" in coverage.why


def test_a_purchase_for_a_year_does_not_tell_of_the_year(tmp_path):
    year = {"ChargeCategory": "Purchase", "ChargePeriodEnd": "2027-10-01", "ChargeFrequency": "One-Time"}
    write(tmp_path / "bill.csv", day(1, **year), day(1), day(2))
    coverage = read(tmp_path)[1]
    assert coverage.observed_end == pd.Timestamp("2026-10-03", tz="UTC")


def test_a_folder_that_links_to_itself_is_read_once(tmp_path):
    write(tmp_path / "bill.csv", day(1))
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(read(tmp_path)[0]) == 1


def test_a_glob_reads_what_it_matches(tmp_path):
    for number, name in enumerate(["2026/09/a.csv", "2026/10/a.csv", "2026/10/b.csv"], 1):
        write(tmp_path / name, day(number))
    assert len(read(tmp_path, "2026/*/a.csv")[0]) == 2
    assert len(read(tmp_path, "**/[ab].csv")[0]) == 3
    assert len(read(tmp_path, "2026/10/*.csv")[0]) == 2
    assert "no file matches" in read(tmp_path, "2025/*.csv")[1].why


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list(ROW)), names=st.permutations(["a.csv", "b.csv"]), rows=st.permutations([1, 2, 3]))
def test_order_of_columns_rows_and_files_and_reading_twice_change_nothing(tmp_path, order, names, rows):
    for old in tmp_path.glob("*.csv"):
        old.unlink()
    pd.DataFrame([day(n) for n in rows])[order].to_csv(tmp_path / names[0], index=False)
    pd.DataFrame([day(n) for n in (4, 5)]).to_csv(tmp_path / names[1], index=False)
    first, second = read(tmp_path), read(tmp_path)
    pd.testing.assert_frame_equal(first[0], second[0])
    assert first[1] == second[1]
    made = first[0].sort_values("charge_period_start", ignore_index=True)
    assert made["charge_period_start"].dt.day.tolist() == [1, 2, 3, 4, 5]
    assert spend(made) == Decimal("5.50") and made["service_name"].tolist() == ["S3"] * 5
