"""Large bills: summed by the day in bounded memory, and no figure of a review changes by it."""

import gzip
import importlib.util
import os
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport import sources
from opsreport.metrics import cost as metrics
from opsreport.metrics.spending_new import new_resources
from opsreport.metrics.spending_traffic import heavier_requests
from opsreport.params.operations import UnitCost
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import Run, _bill_days, _files, focus
from opsreport.store import Store

NOW = pd.Timestamp("2026-11-05", tz="UTC")
OCTOBER = Period.month("2026-10")
DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "cost"

ROW = {
    "ProviderName": "AWS", "BillingAccountId": "1", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-10-01T01:00:00Z",
    "ServiceName": "EC2", "ResourceId": "i-1", "SkuId": "S", "SkuPriceId": "S.1", "ChargeCategory": "Usage",
    "ChargeClass": "", "ChargeDescription": "a machine", "ChargeFrequency": "Usage-Based", "PricingQuantity": "1",
    "PricingUnit": "Hours", "BilledCost": "0.10", "EffectiveCost": "0.10", "ListCost": "0.20",
    "SubAccountId": "", "CommitmentDiscountId": "", "CommitmentDiscountStatus": "", "BillingCurrency": "USD",
    "Tags": "",
}  # fmt: skip


def hour(at, length="1h", **changes):
    start = pd.Timestamp(f"2026-{at}", tz="UTC")
    end = "" if length is None else (start + pd.Timedelta(length)).isoformat()
    month = start.strftime("%Y-%m-01")
    times = {"BillingPeriodStart": month, "ChargePeriodStart": start.isoformat(), "ChargePeriodEnd": end}
    return {**ROW, **times, **changes}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows), columns=list(ROW)).to_csv(path, index=False)


def collected(folder, path=".", grain="day", store="store", month=OCTOBER, **given):
    """What the store holds of a bill, and what was seen of it."""
    kept = Store(Path(folder) / store, "acme")
    made = sources.settings_of(focus, {"path": path, "grain": grain, **given}, frame="cost", folder=Path(folder),
                               run=Run(answers=kept.answers))  # fmt: skip
    rows, coverage = sources.read(focus, made, month)
    told = kept.merge(rows, coverage, NOW)
    return kept.read("cost"), told


def both(folder, rows, **given):
    write(folder / "bill" / "bill.csv", rows)
    (lines, seen), (days, seen_too) = (collected(folder, "bill", grain, grain, **given) for grain in ("line", "day"))
    return lines, days, seen, seen_too


# What is summed, and what is not.


def test_the_hours_of_a_day_are_one_row_and_other_lines_stay_as_they_are(tmp_path):
    rows = [hour(f"10-01T{h:02d}:00") for h in range(24)]
    rows += [hour("10-02T00:00", "24h"), hour("10-02T23:30"), hour("10-02T05:00", None)]
    rows += [hour("10-02T05:00", ChargeCategory="Credit", BilledCost="-1")] * 2
    rows += [hour("10-02T05:00", ChargeClass="Correction")] * 2
    rows += [hour("09-30T05:00", BillingPeriodStart="2026-10-01")] * 2
    lines, days, *_ = both(tmp_path, rows)
    assert (len(lines), len(days)) == (33, 10)
    (one,) = days[days["charge_period_start"] == pd.Timestamp("2026-10-01", tz="UTC")].to_dict("records")
    assert one["charge_period_end"] == pd.Timestamp("2026-10-02", tz="UTC")
    assert (one["billed_cost"], one["list_cost"], one["pricing_quantity"]) == (Decimal("2.4"), Decimal("4.8"), 24)
    assert lines["billed_cost"].sum() == days["billed_cost"].sum()


@pytest.mark.parametrize("column", ["ResourceId", "SkuPriceId", "Tags", "CommitmentDiscountId", "BillingCurrency",
                                    "SubAccountId", "ProviderName", "ChargeDescription", "PricingUnit"])  # fmt: skip
def test_lines_that_differ_in_a_text_are_never_summed(tmp_path, column):
    other = '{"a":"1"}' if column == "Tags" else "EUR"
    _, days, *_ = both(tmp_path, [hour("10-01T00:00"), hour("10-01T01:00", **{column: other})])
    assert len(days) == 2


def test_what_is_missing_is_never_summed_with_what_is_known(tmp_path):
    for column in ("PricingQuantity", "EffectiveCost", "ListCost"):
        _, days, *_ = both(tmp_path / column, [hour("10-01T00:00"), hour("10-01T01:00", **{column: ""})])
        name = {"PricingQuantity": "pricing_quantity", "EffectiveCost": "effective_cost", "ListCost": "list_cost"}
        assert days[name[column]].isna().tolist().count(True) == 1 and len(days) == 2


def test_negative_usage_is_not_summed_with_usage_above_zero_nor_is_anything_lost(tmp_path):
    costs = ["0.1", "-0.1", "0", "0.000000000000000001"]
    _, days, *_ = both(tmp_path, [hour(f"10-01T0{n}:00", BilledCost=one) for n, one in enumerate(costs)])
    assert sorted(days["billed_cost"]) == [Decimal("-0.1"), Decimal("0.100000000000000001")]


def test_the_same_tags_in_another_order_are_one_row(tmp_path):
    _, days, *_ = both(tmp_path, [hour("10-01T00:00", Tags='{"b":"2","a":"1"}'),
                                  hour("10-01T01:00", Tags='{"a": "1", "b": "2"}')])  # fmt: skip
    assert days["tags"].tolist() == ['{"a":"1","b":"2"}']


def test_a_day_that_is_not_over_is_not_said_to_have_been_seen_whole(tmp_path):
    *_, lines, days = both(tmp_path, [hour("10-01T00:00"), hour("10-02T06:00"), hour("10-03T13:00")])
    assert days.observed_end == lines.observed_end == pd.Timestamp("2026-10-03 14:00", tz="UTC")


def test_a_cost_rounded_to_whole_units_is_told_from_one_whose_days_come_to_whole_units(tmp_path):
    rows = [hour(f"10-01T0{n}:00", BilledCost="0.5001", EffectiveCost="0.5") for n in range(2)]
    lines, days, *_ = both(tmp_path, rows)
    assert metrics.effective_cost_check(days, OCTOBER)["effective_finding"].tolist() == ["sound"]
    assert len(lines) == len(days) == 2


# As of any other bill, nothing is lost and nothing is guessed.


@pytest.mark.parametrize("name", ["bill.csv", "bill.csv.gz", "bill.parquet"])
def test_each_format_is_summed_alike(tmp_path, name):
    table = pd.DataFrame([hour(f"10-01T0{n}:00", Tags='{"b":"1","a":"2"}', ChargeClass="NULL") for n in range(3)])
    (tmp_path / "bill").mkdir()
    if name.endswith("parquet"):
        amounts = ["BilledCost", "EffectiveCost", "PricingQuantity"]
        table.astype(dict.fromkeys(amounts, float)).to_parquet(tmp_path / "bill" / name)
    else:
        table.to_csv(tmp_path / "bill" / name, index=False)
    rows, coverage = collected(tmp_path, "bill")
    assert coverage.status == "ok"
    assert rows[["billed_cost", "list_cost", "tags"]].to_numpy().tolist() == [
        [Decimal("0.3"), Decimal("0.6"), '{"a":"2","b":"1"}']
    ]
    assert rows["charge_class"].isna().all()


@pytest.mark.parametrize(("column", "wrong"), [("BilledCost", "1_000"), ("BilledCost", "1,5"), ("ListCost", "nan"),
                                               ("PricingQuantity", "1e30"), ("ChargePeriodStart", "4/1/25"),
                                               ("ChargePeriodEnd", "2026-10-1")])  # fmt: skip
@pytest.mark.parametrize("name", ["bill.csv", "bill.parquet"])
def test_what_cannot_be_read_is_named_with_its_row(tmp_path, column, wrong, name):
    table = pd.DataFrame([hour("10-01T00:00"), hour("10-01T01:00", **{column: wrong})])
    table.to_csv(tmp_path / name, index=False) if name.endswith("csv") else table.to_parquet(tmp_path / name)
    rows, coverage = collected(tmp_path, name)
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in column).lstrip("_")
    assert coverage.status == "unavailable" and rows.empty
    assert f"{name}, row 2, {snake}: '{wrong}' is not a " in coverage.why


@pytest.mark.parametrize(("changes", "said"), [
    ({"BilledCost": ""}, "cost.billed_cost is missing in a line"),
    ({"ChargeCategory": "Gift"}, "cost.charge_category holds 'Gift' in a line; it is one of Usage, Purchase"),
    ({"ChargePeriodEnd": "2026-09-30"}, "charge_period_end lies before charge_period_start in a line"),
    ({"Tags": "[1]"}, "the tags '[1]' are no JSON object"),
])  # fmt: skip
def test_what_no_bill_may_hold_is_refused(tmp_path, changes, said):
    write(tmp_path / "bill.csv", [hour("10-01T00:00"), hour("10-01T01:00", **changes)])
    rows, coverage = collected(tmp_path, "bill.csv")
    assert coverage.status == "unavailable" and said in coverage.why and rows.empty


def test_files_add_up_and_a_day_that_two_files_share_is_one_row(tmp_path):
    write(tmp_path / "bill" / "a.csv", [hour("10-01T00:00"), hour("10-01T01:00")])
    write(tmp_path / "bill" / "b.csv", [hour("10-01T02:00"), hour("10-01T03:00")])
    rows, coverage = collected(tmp_path, "bill")
    assert coverage.status == "ok" and rows["billed_cost"].tolist() == [Decimal("0.4")]


def test_two_editions_of_one_bill_are_refused_or_the_latest_counts(tmp_path):
    times = [f"10-{day:02d}T{h:02d}:00" for day in (1, 2) for h in range(24)]
    hours = [hour(at, ResourceId=f"i-{r}") for at in times for r in range(9)]
    write(tmp_path / "bill" / "1.csv", hours[: 9 * 36])
    write(tmp_path / "bill" / "2.csv", hours)
    assert "1.csv and 2.csv hold the same bill of 2026-10: about" in collected(tmp_path, "bill")[1].why
    rows, coverage = collected(tmp_path, "bill", latest=True)
    assert coverage.status == "ok" and rows["billed_cost"].sum() == Decimal("43.2") and len(rows) == 18


def test_a_file_that_is_cut_short_makes_it_partial(tmp_path):
    write(tmp_path / "bill" / "good.csv", [hour("10-01T00:00")])
    rows = pd.DataFrame([hour("10-02T00:00", ResourceId=os.urandom(9).hex())])
    packed = gzip.compress(rows.to_csv(index=False).encode())
    (tmp_path / "bill" / "cut.csv.gz").write_bytes(packed[:-60])
    rows, coverage = collected(tmp_path, "bill")
    assert coverage.status == "partial" and "cut.csv.gz" in coverage.why and len(rows) == 1


def test_a_header_without_rows_is_an_empty_bill(tmp_path):
    write(tmp_path / "bill.csv", [])
    rows, coverage = collected(tmp_path, "bill.csv")
    assert (len(rows), coverage.status) == (0, "ok") and pd.isna(coverage.observed_start)


def test_from_1_3_the_provider_has_another_name_and_constants_hold(tmp_path):
    given = {name: value for name, value in hour("10-01T00:00").items() if name not in ("ProviderName", "ListCost")}
    pd.DataFrame([{**given, "ServiceProviderName": "GCP"}]).to_csv(tmp_path / "bill.csv", index=False)
    rows, _ = collected(tmp_path, "bill.csv", version="1.3", constants={"ListCost": "7"})
    assert rows[["provider_name", "list_cost"]].to_numpy().tolist() == [["GCP", Decimal(7)]]


def test_collecting_twice_changes_no_file_and_leaves_no_other(tmp_path):
    write(tmp_path / "bill.csv", [hour(f"10-01T0{n}:00") for n in range(9)])
    collected(tmp_path, "bill.csv")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*")}
    collected(tmp_path, "bill.csv")
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*") if path.is_file()}
    assert {path.name for path in before if path.is_file()} == {"2026-10.parquet", "coverage.parquet"}
    assert after == {path: at for path, at in before.items() if path.is_file()}
    assert [path.name for path in (tmp_path / "store" / "acme").iterdir() if path.name.startswith(".")] == []


def test_a_partial_bill_by_the_line_does_not_replace_a_fuller_one_by_the_day(tmp_path):
    hours = [hour(f"10-01T{h:02d}:00") for h in range(24)]
    write(tmp_path / "bill" / "a.csv", hours)
    assert collected(tmp_path, "bill")[0]["billed_cost"].sum() == Decimal("2.4")
    write(tmp_path / "bill" / "a.csv", hours[:20])
    (tmp_path / "bill" / "b.csv").write_text("")
    rows, coverage = collected(tmp_path, "bill", "line")
    assert "the fuller earlier reading of 2026-10 was kept" in coverage.why
    assert rows["billed_cost"].sum() == Decimal("2.4")


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data/cost is not here")
def test_of_the_foundations_sample_no_figure_changes(tmp_path):
    (tmp_path / "bill").symlink_to((DATA / "focus_sample").resolve())
    month = Period.month("2024-09")
    (lines, seen), (days, seen_too) = (
        collected(tmp_path, "bill/focus_sample.csv", grain, grain, month) for grain in ("line", "day")
    )
    assert len(lines) == 1000 and len(days) <= 1000
    assert lines["billed_cost"].sum() == days["billed_cost"].sum() == Decimal("20.52022672899")
    assert seen.record() | {"rows": 0} == seen_too.record() | {"rows": 0}
    for line, day in zip(figures(lines, month), figures(days, month), strict=True):
        pd.testing.assert_frame_equal(line, day)


# Any bill, summed or not, gives the same figures.

_AMOUNT = st.sampled_from(["0", "0.5", "0.5", "1", "2.25", "0.000000000000000001", "-0.5", "120.123456789"])
_MAYBE = st.one_of(_AMOUNT, _AMOUNT, _AMOUNT, st.just(""))
_DAYS = ["08-31", "09-28", "09-30", "10-01", "10-05", "10-31"]
SHAPE = st.fixed_dictionaries({
    "ChargeCategory": st.sampled_from(["Usage"] * 8 + ["Purchase", "Tax", "Credit"]),
    "ChargeClass": st.sampled_from([""] * 6 + ["Correction"]),
    "ChargeFrequency": st.sampled_from(["Usage-Based"] * 3 + ["Usage-based", "Recurring", "One-Time"]),
    "ResourceId": st.sampled_from(["i-1", "i-2", ""]), "SkuPriceId": st.sampled_from(["S.1", "S.2", ""]),
    "BillingCurrency": st.sampled_from(["USD", "USD", "EUR"]), "ServiceName": st.sampled_from(["EC2", "S3"]),
    "PricingUnit": st.sampled_from(["Hours", "GB", "Requests"]),
    "ChargeDescription": st.sampled_from(["a machine", "data transfer"]),
    "CommitmentDiscountStatus": st.sampled_from([""] * 4 + ["Used"]),
    "Tags": st.sampled_from(["", '{"team":"web"}', '{"team":""}', '{"team":"web","env":"p"}']),
})  # fmt: skip
LINE = st.fixed_dictionaries({
    "shape": st.integers(0, 2), "day": st.sampled_from(_DAYS), "hour": st.sampled_from(["00", "07", "22", "23"]),
    "length": st.sampled_from(["1h"] * 6 + ["2h", "24h", "25h", None]), "late": st.sampled_from([False] * 9 + [True]),
    "BilledCost": _AMOUNT, "EffectiveCost": _MAYBE, "ListCost": _MAYBE, "PricingQuantity": _MAYBE,
})  # fmt: skip
BILL = st.tuples(st.lists(SHAPE, min_size=3, max_size=3), st.lists(LINE, min_size=2, max_size=40))


def bill_of(shapes, lines):
    """The lines of a few things that are charged for again and again."""
    for line in lines:
        amounts = {name: value for name, value in line.items() if name[0].isupper()}
        late = {"BillingPeriodStart": "2026-10-01"} if line["late"] else {}
        yield hour(f"{line['day']}T{line['hour']}:00", line["length"], **shapes[line["shape"]], **amounts, **late)


def figures(cost, month=OCTOBER):
    """Everything that a review tells of a bill."""
    cost = cost.assign(service=cost["tags"].str.extract('"team":"(.+?)"')[0].astype(cost["tags"].dtype))
    yield metrics.spend(cost, month).drop(columns="charges")
    yield metrics.invoice_difference(cost, month)
    yield metrics.effective_cost_check(cost, month)
    yield metrics.monthly(cost, month)
    for column in ("service_name", "service", ""):
        yield metrics.daily(cost, month, column)
    for column in ("provider_name", "service_name", "resource_id", "service"):
        yield metrics.by(cost, month, column)
    yield metrics.by_tag(cost, month, "team")
    yield metrics.tag_coverage(cost, month, ["team", "env"])
    yield metrics.untagged(cost, month, ["team", "env"])
    yield metrics.bridge(cost, month)
    yield metrics.bridge_by_service(cost, month)
    yield metrics.drivers(cost, month)
    for column in ("service_name", "service"):
        yield metrics.anomalies(cost, month, column, Decimal("0.01"))
        yield metrics.anomaly_basis(cost, month, column)
    yield metrics.anomalies_listed(cost, month, None, None)
    yield metrics.forecast(cost, month, [])
    yield metrics.forecast_history(cost, month)
    drivers = [UnitCost(name="order", months={"2026-09": 10, "2026-10": 7})]
    yield metrics.unit_costs(cost, FRAMES["request_load"].empty(), month, drivers)
    yield new_resources(cost, month)[["resource_id", "new_on", "spend", "new_monthly", "beside", "beside_monthly"]]
    yield heavier_requests(cost, month)


def assert_same_figures(shapes, lines):
    with tempfile.TemporaryDirectory() as folder:
        by_line, by_day, seen, seen_too = both(Path(folder), bill_of(shapes, lines))
        assert seen.record() | {"rows": 0} == seen_too.record() | {"rows": 0}
        for line, day in zip(figures(by_line), figures(by_day), strict=True):
            pd.testing.assert_frame_equal(line, day)


@settings(max_examples=5, deadline=None)
@given(BILL)
def test_a_bill_gives_the_same_figures_whether_its_days_are_summed_or_not(bill):
    assert_same_figures(*bill)


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(BILL)
def test_any_bill_gives_the_same_figures_whether_its_days_are_summed_or_not(bill):
    assert_same_figures(*bill)


# In bounded memory.


def _bench():
    spec = importlib.util.spec_from_file_location("bills_bench", Path(__file__).parents[2] / "benchmarks" / "bills.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_bill_is_large_by_its_lines_or_bytes_and_a_small_one_is_kept_line_by_line(tmp_path, monkeypatch):
    write(tmp_path / "bill.csv", [hour("10-01T00:00"), hour("10-01T01:00")])
    pd.DataFrame([hour("10-01T00:00")] * 3).to_parquet(tmp_path / "bill.parquet")
    files = [_files.File(tmp_path / name, name) for name in ("bill.csv", "bill.parquet")]
    assert not _bill_days.is_large(files)
    assert len(collected(tmp_path, "bill.csv", "auto", "kept")[0]) == 2
    monkeypatch.setattr(_bill_days, "MOST_LINES", 2)
    assert _bill_days.is_large(files[1:]) and not _bill_days.is_large(files[:1])
    monkeypatch.setattr(_bill_days, "MOST_BYTES", 100)
    assert _bill_days.is_large(files[:1])
    assert len(collected(tmp_path, "bill.csv", "auto", "summed")[0]) == 1


def test_a_bill_beyond_the_memory_that_it_may_take_is_summed_on_disk_and_nothing_stays_there(tmp_path, monkeypatch):
    bench = _bench()
    path = bench.made(tmp_path, 300_000, "parquet")
    monkeypatch.setattr(_bill_days, "MEMORY", "60MB")
    rows, coverage = collected(tmp_path, path.name, "auto")
    assert (coverage.status, coverage.why) == ("ok", "")
    assert len(rows) < 300_000 / 20
    with duckdb.connect() as db:
        ((cost,),) = db.execute(
            f"SELECT sum(BilledCost::VARCHAR::DECIMAL(38, 18)) FROM read_parquet('{path}')").fetchall()  # fmt: skip
    assert rows["billed_cost"].sum() == cost
    left = [each.name for each in (tmp_path / "store" / "acme").iterdir()]
    assert sorted(left) == ["cost", "coverage.parquet"]


@pytest.mark.long
def test_ten_million_lines_are_collected_and_loaded_within_a_gigabyte(tmp_path):
    bench = _bench()
    path = bench.made(tmp_path, 10_000_000, "parquet")
    home = tmp_path / "home"
    assert bench.measured("ours", path, home)["peak_mb"] <= 1000
    assert bench.measured("load", path, home)["peak_mb"] <= 1000
