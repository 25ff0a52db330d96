"""Charges as Data Exports delivers them: the files that the newest manifest names, and no others."""

import contextlib
import gzip
import json
from decimal import Decimal

import boto3
import duckdb
import pandas as pd
import pytest
from moto.s3.models import s3_backends

from opsreport import sources
from opsreport.period import Period
from opsreport.schemas import DECIMAL
from opsreport.sources import Run, _files, aws_data_exports
from opsreport.store import Store
from tests.aws.conftest import NOW, OCTOBER, OURS, settings

BUCKET, HOME = "acme-bills", "exports/focus"
FOCUS = {
    "BilledCost": "1.00", "BillingAccountId": OURS, "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-10-01T00:00:00.000Z", "ChargeCategory": "Usage", "ChargeClass": "",
    "ChargeDescription": "an hour", "ChargeFrequency": "Usage-Based", "ChargePeriodStart": "2026-10-01T00:00:00.000Z",
    "ChargePeriodEnd": "2026-10-02T00:00:00.000Z", "EffectiveCost": "0.90", "ListCost": "1.10",
    "PricingQuantity": "10", "PricingUnit": "Hrs", "ProviderName": "AWS", "ServiceName": "Amazon EC2", "Tags": "",
}  # fmt: skip
LINE = {
    "bill_payer_account_id": OURS, "bill_billing_period_start_date": "2026-10-01 00:00:00.000",
    "line_item_usage_start_date": "2026-10-05 04:00:00.000", "line_item_usage_end_date": "2026-10-05 05:00:00.000",
    "line_item_line_item_type": "Usage", "line_item_unblended_cost": "1.00", "line_item_currency_code": "USD",
    "line_item_usage_amount": "1", "line_item_usage_account_id": OURS, "line_item_product_code": "AmazonEC2",
    "line_item_line_item_description": "an hour", "product": "", "product_region_code": "eu-west-1",
    "pricing_unit": "Hrs", "resource_tags": "", "savings_plan_savings_plan_a_r_n": "",
}  # fmt: skip


def charge(day: str, cost: str, **more) -> dict:
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    time = {"ChargePeriodStart": f"{day}T00:00:00.000Z", "ChargePeriodEnd": f"{end:%Y-%m-%d}T00:00:00.000Z",
            "BillingPeriodStart": f"{day[:7]}-01T00:00:00.000Z"}  # fmt: skip
    return {**FOCUS, **time, "BilledCost": cost, **more}


def line(cost: str, kind: str = "Usage", **more) -> dict:
    return {**LINE, "line_item_unblended_cost": cost, "line_item_line_item_type": kind, **more}


def csv(*rows: dict) -> bytes:
    return gzip.compress(pd.DataFrame(list(rows)).to_csv(index=False).encode(), mtime=0)


def parquet(tmp_path, select: str) -> bytes:
    path = tmp_path / "made.parquet"
    duckdb.sql(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


class Bucket:
    """The export's bucket; what is put into it is not among the recorded calls."""

    def __init__(self, aws) -> None:
        self._aws = aws
        self.s3 = boto3.client("s3", "eu-west-1", endpoint_url=aws.address, aws_access_key_id="AKIAOFTHETESTS000000",
                               aws_secret_access_key="secret")  # fmt: skip
        with contextlib.suppress(self.s3.exceptions.BucketAlreadyOwnedByYou):
            self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        aws.calls.clear()

    def put(self, key: str, content: bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=f"{HOME}/{key}", Body=content)
        self._aws.calls.clear()
        return f"s3://{BUCKET}/{HOME}/{key}"

    def deliver(self, partition: str, *files: bytes, run: str = "", kind: str = "csv.gz") -> list[str]:
        """A delivery: its files, then the manifest that names them."""
        names = [self.put(f"data/{partition}/{run}focus-{n:05}.{kind}", one) for n, one in enumerate(files, 1)]
        self.manifest(partition, names, run)
        return names

    def manifest(self, partition: str, names: list, run: str = "") -> None:
        told = {"executionId": "1", "exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/focus-1",
                "columns": [{"name": "BilledCost", "type": "double"}], "dataFiles": names,
                "additionalOutputFiles": []}  # fmt: skip
        self.put(f"metadata/{partition}/{run}focus-Manifest.json", json.dumps(told).encode())

    def age(self, key: str, **by) -> None:
        """As if a file had been written at another time."""
        there = s3_backends[OURS]["aws"].get_object(BUCKET, f"{HOME}/{key}")
        there.last_modified += pd.Timedelta(**by).to_pytimedelta()


def given(**more):
    return settings(aws_data_exports, "cost", bucket=BUCKET, prefix=HOME, **more)


def read(period=OCTOBER, **more):
    return sources.read(aws_data_exports, given(**more), period)


RUNS = [f"2026-10-{day}T06:00:00.000Z-1f2e/" for day in (29, 30, 31)]


def world(aws):
    """Three deliveries of October, of which the last counts, in two files; and September, overwritten in place."""
    bucket = Bucket(aws)
    for n, run in enumerate(RUNS[:2], 1):
        bucket.deliver("billing_period=2026-10", csv(charge("2026-10-01", f"{n}00")), run=run)
    bucket.deliver("billing_period=2026-10", csv(charge("2026-10-01", "1.25"), charge("2026-10-02", "2")),
                   csv(charge("2026-10-03", "0.0000000181")), run=RUNS[2])  # fmt: skip
    bucket.deliver("billing_period=2026-09", csv(charge("2026-09-30", "7")))
    return [given()]


def test_of_each_billing_period_just_the_files_of_the_last_delivery_are_read(aws):
    (one,) = world(aws)
    rows, seen = sources.read(aws_data_exports, one, OCTOBER)
    assert rows["billed_cost"].tolist() == [7, Decimal("1.25"), 2, Decimal("0.0000000181")]
    assert rows["billed_cost"].dtype == DECIMAL and set(rows["billing_currency"]) == {"USD"}
    assert (seen.observed_start, seen.observed_end) == (
        pd.Timestamp("2026-09-30", tz="UTC"), pd.Timestamp("2026-10-04", tz="UTC"))  # fmt: skip
    assert {call.region for call in aws.calls} == {"eu-west-1"}
    files = [record["path"] for record in json.loads(seen.inputs) if record["path"].startswith("s3://")]
    assert len(files) == 5 and not [path for path in files if RUNS[0] in path or RUNS[1] in path]


def test_the_last_delivery_is_the_one_whose_manifest_was_written_last(aws):
    world(aws)
    Bucket(aws).age(f"metadata/billing_period=2026-10/{RUNS[0]}focus-Manifest.json", hours=1)
    assert read()[0]["billed_cost"].tolist() == [7, 100]


def test_collecting_again_downloads_nothing_and_changes_nothing(aws, tmp_path):
    world(aws)
    store = Store(tmp_path, "acme")
    for _ in range(2):
        rows, seen = read(run={"answers": store.answers})
        store.merge(rows, seen, NOW)
    assert len(aws.asked("s3:GetObject")) == 5  # two manifests and three files, once each
    assert store.read("cost")["billed_cost"].sum() == Decimal("10.2500000181")
    (kept,) = {path.stat().st_mode & 0o777 for path in (store.answers / "objects").iterdir()}
    assert kept == 0o600
    # What nobody reads for a fortnight is thrown away, and can be had again.
    read(run={"answers": store.answers, "now": NOW + pd.Timedelta(days=15)})
    assert len(aws.asked("s3:GetObject")) == 10 and len(list((store.answers / "objects").iterdir())) == 5


def test_the_billing_period_before_is_restated_and_may_be_missing(aws):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")))
    rows, seen = read()
    assert (rows["billed_cost"].tolist(), seen.status) == ([3], "ok")
    rows, seen = read(Period.month("2026-11"))
    assert rows["billed_cost"].tolist() == [3] and seen.status == "partial"
    assert "there is no manifest of billing period 2026-11 in s3://acme-bills/exports/focus/" in seen.why


def test_days_across_two_months_need_the_billing_periods_of_both(aws):
    bucket = Bucket(aws)
    for month in ("2026-08", "2026-09", "2026-10"):
        bucket.deliver(f"BILLING_PERIOD={month}", csv(charge(f"{month}-28", month[-1])))
    rows, seen = read(Period.days("2026-09-20", "2026-10-19"))
    assert rows["billed_cost"].tolist() == [8, 9, 0] and seen.status == "partial"  # days without usage between


def test_a_bucket_without_the_export_is_unavailable_and_says_what_prefix_is(aws):
    Bucket(aws)
    rows, seen = read()
    assert rows.empty and seen.status == "unavailable"
    assert "no manifest of billing period 2026-10" in seen.why and "prefix is the export's folder" in seen.why


def test_an_export_in_which_nothing_was_charged_yet_is_read_whole(aws):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-10")
    bucket.deliver("BILLING_PERIOD=2026-09", gzip.compress((",".join(FOCUS) + "\n").encode()))
    rows, seen = read()
    assert rows.empty and (seen.status, seen.why) == ("ok", "")


def test_a_file_that_the_manifest_names_and_that_is_not_there_makes_it_partial(aws):
    bucket = Bucket(aws)
    names = bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")))
    lost = names[0].replace("00001", "00002")
    bucket.manifest("BILLING_PERIOD=2026-10", [*names, lost])
    rows, seen = read()
    assert rows["billed_cost"].tolist() == [3] and seen.status == "partial"
    assert "1 of 2 files that the manifest of 2026-10 names are not there, like exports/focus/data/" in seen.why
    assert [one for one in json.loads(seen.inputs) if "unread" in one] == [{"path": lost, "unread": "it is not there"}]


@pytest.mark.parametrize("content", [csv(charge("2026-10-02", "4"))[:-12], b""])
def test_a_file_that_is_cut_short_makes_it_partial_and_is_downloaded_again(aws, content, tmp_path):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")), content)
    rows, seen = read(run={"answers": tmp_path})
    assert rows["billed_cost"].tolist() == [3] and seen.status == "partial"
    assert "data/BILLING_PERIOD=2026-10/focus-00002.csv.gz" in seen.why and str(tmp_path) not in seen.why
    assert len([one for one in json.loads(seen.inputs) if "unread" in one]) == 1
    assert len(list((tmp_path / "objects").iterdir())) == 2  # the manifest and the file that is whole


def test_a_month_that_is_being_written_anew_is_left_for_the_next_reading(aws):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-09", csv(charge("2026-09-30", "7")))
    bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")), csv(charge("2026-10-02", "4")))
    bucket.age("data/BILLING_PERIOD=2026-10/focus-00001.csv.gz", hours=8)
    rows, seen = read()
    assert rows["billed_cost"].tolist() == [7] and seen.status == "partial"
    assert seen.why == "billing period 2026-10 is being written anew: it is left for the next reading"
    bucket.age("metadata/BILLING_PERIOD=2026-10/focus-Manifest.json", hours=8)
    assert read()[0]["billed_cost"].tolist() == [7, 3, 4]


def test_a_file_that_changes_after_it_was_listed_is_not_read(aws):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")))
    asked = aws_data_exports._listed

    def changed(questions, folders):
        there = asked(questions, folders)
        if any("/data/" in folder for folder in folders):
            bucket.put("data/BILLING_PERIOD=2026-10/focus-00001.csv.gz", csv(charge("2026-10-01", "5")))
        return there

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws_data_exports, "_listed", changed)
        rows, seen = read()
    assert rows.empty and seen.status == "unavailable" and "PreconditionFailed" in seen.why


@pytest.mark.parametrize("manifest", [b"{", b"[]", b'{"dataFiles": [7]}', b'{"dataFiles": ["focus-00001.csv.gz"]}'])
def test_a_manifest_that_cannot_be_understood_is_named(aws, manifest):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-09", csv(charge("2026-09-30", "7")))
    bucket.put("metadata/BILLING_PERIOD=2026-10/focus-Manifest.json", manifest)
    rows, seen = read()
    assert rows["billed_cost"].tolist() == [7] and seen.status == "partial"
    assert "2026-10/focus-Manifest.json cannot be understood" in seen.why


def test_an_export_of_another_kind_is_refused_by_its_columns(aws):
    bucket = Bucket(aws)
    bucket.deliver("BILLING_PERIOD=2026-10", csv({"recommendation_id": "r"}))
    _, seen = read()
    assert seen.status == "unavailable" and "neither a column BilledCost" in seen.why


def test_a_copied_bucket_is_read_by_the_keys_that_its_manifest_names(aws):
    bucket = Bucket(aws)
    names = bucket.deliver("BILLING_PERIOD=2026-10", csv(charge("2026-10-01", "3")))
    bucket.manifest("BILLING_PERIOD=2026-10", [name.replace(BUCKET, "the-payers-own") for name in names])
    assert read()[0]["billed_cost"].tolist() == [3]


def test_parquet_of_focus_is_exact_and_its_tags_are_an_object(aws, tmp_path):
    values = {**{name: f"'{value}'" for name, value in FOCUS.items()}, "BilledCost": "0.1::double",
              "ListCost": "1.81e-8::double", "EffectiveCost": "0.3::double", "PricingQuantity": "3::double",
              "ChargePeriodStart": "timestamp '2026-10-01 00:00:00'", "Tags": "map {'Owner': 'web'}",
              "ChargePeriodEnd": "timestamp '2026-10-01 01:00:00'",
              "BillingPeriodStart": "timestamp '2026-10-01 00:00:00'"}  # fmt: skip
    select = "select " + ", ".join(f"{value} as {name}" for name, value in values.items())
    Bucket(aws).deliver("billing_period=2026-10", parquet(tmp_path, select), kind="snappy.parquet")
    (row,) = read()[0].to_dict("records")
    assert (row["billed_cost"], row["list_cost"]) == (Decimal("0.1"), Decimal("0.0000000181"))
    assert (row["tags"], row["charge_period_start"]) == ('{"Owner":"web"}', OCTOBER.start)


def test_a_line_of_cur_2_has_the_columns_of_focus(aws):
    told = line("1.81E-8", product='{"product_name":"Amazon Elastic Compute Cloud"}', line_item_resource_id="i-1",
                resource_tags='{"user_cost_center":"web","aws_created_by":"ann"}')  # fmt: skip
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", csv(told, line("0.07", "Tax", resource_tags="{}")))
    rows, seen = read()
    usage, tax = rows.to_dict("records")
    assert (seen.status, usage["provider_name"], usage["service_name"]) == ("ok", "AWS", "Amazon Elastic Compute Cloud")
    assert (usage["billed_cost"], usage["effective_cost"]) == (Decimal("0.0000000181"), Decimal("0.0000000181"))
    assert (usage["resource_id"], usage["region_id"], usage["pricing_unit"]) == ("i-1", "eu-west-1", "Hrs")
    assert usage["tags"] == '{"aws_created_by":"ann","cost_center":"web"}'
    assert (tax["charge_category"], tax["service_name"], pd.isna(tax["tags"])) == ("Tax", "AmazonEC2", True)


def test_usage_under_a_savings_plan_is_billed_at_nothing_across_the_files_of_cur_2(aws):
    plan = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::1:savingsplan/a",
            "savings_plan_savings_plan_effective_cost": "0.72"}  # fmt: skip
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", csv(line("5"), line("0.10", "SavingsPlanCoveredUsage", **plan)),
                        csv(line("-0.10", "SavingsPlanNegation", **plan)))  # fmt: skip
    rows, _ = read()
    assert rows["billed_cost"].tolist() == [5, 0, 0]
    assert rows["effective_cost"].tolist() == [5, Decimal("0.72"), 0]


def test_parquet_of_cur_2_holds_maps_and_doubles_and_no_word_for_nothing(aws, tmp_path):
    values = {**{name: f"'{value}'" for name, value in LINE.items()}, "line_item_unblended_cost": "0.1::double",
              "line_item_usage_amount": "2::double", "product": "map {'product_name': 'EC2'}",
              "resource_tags": "map {'user_owner': 'web'}", "bill_billing_period_start_date": "timestamp '2026-10-01'",
              "line_item_usage_start_date": "timestamp '2026-10-05 04:00:00'"}  # fmt: skip
    select = "select " + ", ".join(f"{value} as {name}" for name, value in values.items())
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", parquet(tmp_path, select), kind="snappy.parquet")
    (row,) = read()[0].to_dict("records")
    assert (row["billed_cost"], row["service_name"], row["tags"]) == (Decimal("0.1"), "EC2", '{"owner":"web"}')
    assert row["charge_period_start"] == pd.Timestamp("2026-10-05 04:00", tz="UTC")
    assert pd.isna(row["commitment_discount_id"])


def test_keys_of_a_map_may_be_columns_of_their_own(aws):
    told = {name: value for name, value in line("1").items() if name not in ("product", "resource_tags")}
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", csv({**told, "product_product_name": "Amazon EC2",
                                                       "resource_tags_user_owner": "web"}))  # fmt: skip
    (row,) = read()[0].to_dict("records")
    assert (row["service_name"], row["tags"]) == ("Amazon EC2", '{"owner":"web"}')


def test_a_type_of_line_that_is_not_known_is_refused_until_it_is_said_what_it_is(aws):
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", csv(line("1"), line("2", "OCBLateFee")))
    rows, seen = read()
    assert rows.empty and "line_item_line_item_type is 'OCBLateFee' in 1 row" in seen.why
    rows, seen = read(line_types={"OCBLateFee": "Purchase"})
    assert rows["charge_category"].tolist() == ["Usage", "Purchase"]


def test_tags_that_are_no_object_are_named_with_their_file(aws):
    Bucket(aws).deliver("BILLING_PERIOD=2026-10", csv(line("1", resource_tags="{user_owner=web}")))
    assert "focus-00001.csv.gz: the tags '{user_owner=web}' are no JSON object" in read()[1].why


def test_a_probe_reads_what_a_manifest_names_and_none_of_it(aws):
    world(aws)
    rows, seen = read(run={"is_probe": True})
    assert rows.empty and seen.status == "ok"
    assert all("Manifest" in asked["Key"] for asked in aws.asked("s3:GetObject"))


def test_a_bucket_that_may_be_listed_and_not_read_says_what_the_role_needs(aws):
    (one,), (trial,) = world(aws), [given(run={"is_probe": True})]
    aws.fault("s3:GetObject", "denied", times=0)
    assert sources.read(aws_data_exports, one, OCTOBER)[1].why.endswith("Hint: the role needs s3:GetObject")
    assert set(aws_data_exports.fetch(OCTOBER, trial).extra["needs"]) == {"s3:GetObject"}


def test_reading_ends_when_there_is_no_time_left(aws):
    (one,) = world(aws)
    late = one.model_copy(update={"run": Run(client="acme", accounts=one.run.accounts, now=NOW, until=1e-9)})
    rows, seen = sources.read(aws_data_exports, late, OCTOBER)
    assert rows.empty and seen.status == "unavailable" and "no time left" in seen.why


def test_the_real_sample_of_focus_is_read_to_the_last_digit(aws, shared_data):
    path = shared_data / "cost" / "focus_sample" / "focus_sample.csv"
    Bucket(aws).deliver("billing_period=2024-09", gzip.compress(path.read_bytes()))
    rows, _ = read(Period.month("2024-09"))
    raw = _files.read(_files.File(path, path.name), {"cost": "BilledCost"}, ["NULL"])["cost"].to_pylist()
    assert len(rows) == 1000 and rows["billed_cost"].sum() == sum(Decimal(value) for value in raw)
