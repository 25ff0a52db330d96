"""Large bills: summed by the day in bounded memory, and no figure of a review changes by it."""

import json
import subprocess
import sys
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
from opsreport.schemas.stored import StoredRows
from opsreport.sources import Run, _bill_days, focus
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
    "CommitmentDiscountId": "", "CommitmentDiscountStatus": "", "BillingCurrency": "USD", "Tags": "",
}  # fmt: skip


def hour(at, length="1h", **changes):
    start = pd.Timestamp(f"2026-{at}", tz="UTC")
    end = "" if length is None else (start + pd.Timedelta(length)).isoformat()
    month = start.strftime("%Y-%m-01")
    return {**ROW, "BillingPeriodStart": month, "ChargePeriodStart": start.isoformat(), "ChargePeriodEnd": end, **changes}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows), columns=list(ROW)).to_csv(path, index=False)


def collected(folder, path=".", grain="day", store="store", month=OCTOBER, **given):
    """What the store holds of a bill, and what was seen of it."""
    kept = Store(Path(folder) / store, "acme")
    made = sources.settings_of(focus, {"path": path, "grain": grain, **given}, frame="cost", folder=Path(folder),
                               run=Run(answers=kept.answers))  # fmt: skip
    rows, coverage = sources.read(focus, made, month)
    return kept.read("cost"), kept.merge(rows, coverage, NOW)


def both(folder, rows, **given):
    write(folder / "bill" / "bill.csv", rows)
    line, seen = collected(folder, "bill", "line", "lines", **given)
    day, seen_too = collected(folder, "bill", "day", "days", **given)
    kept = [Store(folder / name, "acme").read("cost") for name in ("lines", "days")]
    return (*kept, seen, seen_too)


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
    ROW.setdefault("SubAccountId", "")
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


def figures(cost):
    """Everything that a review tells of a bill."""
    cost = cost.assign(service=cost["tags"].str.extract('"team":"(.+?)"')[0].astype(cost["tags"].dtype))
    yield metrics.spend(cost, OCTOBER).drop(columns="charges")
    yield metrics.invoice_difference(cost, OCTOBER)
    yield metrics.effective_cost_check(cost, OCTOBER)
    yield metrics.monthly(cost, OCTOBER)
    for column in ("service_name", "service", ""):
        yield metrics.daily(cost, OCTOBER, column)
    for column in ("provider_name", "service_name", "resource_id", "service"):
        yield metrics.by(cost, OCTOBER, column)
    yield metrics.by_tag(cost, OCTOBER, "team")
    yield metrics.tag_coverage(cost, OCTOBER, ["team", "env"])
    yield metrics.untagged(cost, OCTOBER, ["team", "env"])
    yield metrics.bridge(cost, OCTOBER)
    yield metrics.bridge_by_service(cost, OCTOBER)
    yield metrics.drivers(cost, OCTOBER)
    for column in ("service_name", "service"):
        yield metrics.anomalies(cost, OCTOBER, column, Decimal("0.01"))
        yield metrics.anomaly_basis(cost, OCTOBER, column)
    yield metrics.anomalies_listed(cost, OCTOBER, None, None)
    yield metrics.forecast(cost, OCTOBER, [])
    yield metrics.forecast_history(cost, OCTOBER)
    drivers = [UnitCost(name="order", months={"2026-09": 10, "2026-10": 7})]
    yield metrics.unit_costs(cost, FRAMES["request_load"].empty(), OCTOBER, drivers)
    yield new_resources(cost, OCTOBER)[["resource_id", "new_on", "spend", "new_monthly", "beside", "beside_monthly"]]
    yield heavier_requests(cost, OCTOBER)


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
