"""Spend, invoice, groups, tags, currency and the scorecard, worked out by hand."""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics import cost as metrics
from opsreport.metrics.cost_sums import apportion
from opsreport.params.models import Agreement, ClientParams, CostRules, ExchangeRate
from opsreport.params.operations import Budget
from opsreport.period import Period
from opsreport.schemas import DECIMAL, FRAMES, INSTANT
from opsreport.schemas.scorecard import SCORECARD

MARCH = Period.month("2026-03")


def charge(day, amount, currency="USD", **more):
    at = pd.Timestamp(day, tz="UTC").as_unit("us")
    return {
        "provider_name": "AWS", "billing_period_start": at.normalize().replace(day=1), "charge_period_start": at,
        "charge_period_end": at + pd.Timedelta(hours=1), "service_name": "S3", "charge_category": "Usage",
        "charge_frequency": "Usage-Based", "billed_cost": Decimal(amount), "effective_cost": Decimal(amount),
        "billing_currency": currency, **more,
    }  # fmt: skip


def bill(*charges):
    return FRAMES["cost"].conform(pd.DataFrame(list(charges), columns=FRAMES["cost"].names))


def only(frame, **where):
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def seen(first, end):
    return Intervals([(pd.Timestamp(first, tz="UTC"), pd.Timestamp(end, tz="UTC"))])


def client(**more):
    return ClientParams(client="shop", display_name="Shop", time_zone="Europe/Berlin", currency="EUR", **more)


# Spend and invoice


def test_spend_goes_by_use_and_the_invoice_by_billing_period():
    april = pd.Timestamp("2026-04-01", tz="UTC").as_unit("us")
    cost = bill(charge("2026-03-05", "10"), charge("2026-03-31 23:59", "0.24", billing_period_start=april))
    row = only(metrics.spend(cost, MARCH))
    assert (row["spend"], row["invoice"], row["invoice_difference"]) == (
        Decimal("10.24"), Decimal("10"), Decimal("-0.24"),
    )  # fmt: skip
    why = only(metrics.invoice_difference(cost, MARCH))
    assert (why["charge_month"], why["billing_month"], why["charges"]) == ("2026-03", "2026-04", 1)
    assert why["invoice_difference"] == row["invoice_difference"]


def test_a_month_begins_and_ends_at_midnight_utc_whatever_the_clients_zone():
    cost = bill(charge("2026-02-28 23:59:59", "1"), charge("2026-03-01", "2"), charge("2026-04-01", "4"))
    assert only(metrics.spend(cost, Period.month("2026-03", "America/New_York")))["spend"] == 2


def test_two_currencies_are_never_added():
    made = metrics.spend(bill(charge("2026-03-01", "1", "USD"), charge("2026-03-01", "2", "EUR")), MARCH)
    assert dict(zip(made["billing_currency"], made["spend"], strict=True)) == {"EUR": 2, "USD": 1}


def test_without_a_charge_every_result_is_empty_with_its_columns():
    nothing = bill()
    for made in (
        metrics.spend(nothing, MARCH), metrics.invoice_difference(nothing, MARCH),
        metrics.effective_cost_check(nothing, MARCH), metrics.change(nothing, MARCH),
        metrics.monthly(nothing, MARCH), metrics.daily(nothing, MARCH), metrics.by(nothing, MARCH, "service_name"),
        metrics.top(metrics.by_tag(nothing, MARCH, "team")), metrics.tag_coverage(nothing, MARCH, ["team"]),
        metrics.untagged(nothing, MARCH, ["team"]), metrics.bridge(nothing, MARCH),
        metrics.bridge_by_service(nothing, MARCH), metrics.drivers(nothing, MARCH),
        metrics.anomalies(nothing, MARCH), metrics.anomaly_basis(nothing, MARCH),
        metrics.budget(nothing, MARCH, [], None), metrics.conversions(nothing, client()),
    ):  # fmt: skip
        assert made.empty and len(made.columns) > 1
    assert metrics.in_currency(nothing, client()).empty


def test_amounts_stay_exact_decimals_at_each_step():
    cost = bill(charge("2026-03-01", "0.1"), charge("2026-03-02", "0.2"), charge("2026-02-02", "0.7"))
    for made in (
        metrics.spend(cost, MARCH)["spend"], metrics.change(cost, MARCH)["same_days_change"],
        metrics.monthly(cost, MARCH)["spend"], metrics.daily(cost, MARCH)["spend"],
        metrics.by(cost, MARCH, "service_name")["spend"], metrics.bridge(cost, MARCH)["effect_change"],
        metrics.top(metrics.by(cost, MARCH, "service_name"))["last_spend"],
        metrics.in_currency(cost, client(cost=CostRules(markup=Decimal("0.1"))))["billed_cost"],
    ):  # fmt: skip
        assert made.dtype == DECIMAL
    assert only(metrics.spend(cost, MARCH))["spend"] == Decimal("0.3")


def test_sums_keep_all_digits_where_pandas_would_round_at_twenty_eight():
    cost = bill(charge("2026-03-01", "12345678901234.000000000000000001"), charge("2026-03-01", "1"))
    assert only(metrics.spend(cost, MARCH))["spend"] == Decimal("12345678901235.000000000000000001")


# Effective cost


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("1.5", "1.5"), ("2.5", "2.5")], "sound"),
        ([("1.5", "2"), ("0.4", "0")], "rounded to whole units"),
        ([("1.5", "0")], "zero"),
        ([("1.5", None)], "missing"),
        ([("1.5", "1.1")], "not reconciled with billed cost"),
    ],
)
def test_effective_cost_is_used_only_where_it_reconciles(pairs, said):
    rows = [
        charge("2026-03-01", billed, effective_cost=None if effective is None else Decimal(effective))
        for billed, effective in pairs
    ]
    assert only(metrics.effective_cost_check(bill(*rows), MARCH))["effective_finding"] == said
    assert pd.isna(only(metrics.spend(bill(*rows), MARCH))["effective_cost"]) == (said != "sound")


def test_usage_under_a_commitment_may_differ_from_what_is_billed():
    committed = charge("2026-03-01", "0", effective_cost=Decimal("7.5"), commitment_discount_status="Used")
    made = only(metrics.effective_cost_check(bill(charge("2026-03-01", "1.5"), committed), MARCH))
    assert (made["effective_finding"], made["effective_cost"]) == ("sound", Decimal("9.0"))


# Change and trend


def test_a_longer_month_that_costs_more_for_its_days_alone_did_not_change():
    row = only(metrics.change(bill(charge("2026-02-10", "28"), charge("2026-03-10", "31")), MARCH))
    assert (row["spend_change"], row["same_days_spend"], row["same_days_change"]) == (3, 31, 0)
    assert row["spend_change_share"] == pytest.approx(3 / 28)


def test_change_is_unknown_without_a_month_before_or_when_it_was_not_seen_whole():
    alone = only(metrics.change(bill(charge("2026-03-10", "31")), MARCH))
    assert pd.isna(alone["last_spend"]) and pd.isna(alone["spend_change"])
    both = bill(charge("2026-02-10", "28"), charge("2026-03-10", "31"))
    half = only(metrics.change(both, MARCH, seen("2026-02-10", "2026-04-01")))
    assert pd.isna(half["spend_change"]) and half["spend"] == 31 and half["coverage"] == 1


def test_months_without_data_or_not_seen_are_unknown_and_not_zero():
    cost = bill(charge("2026-01-10", "5"), charge("2026-03-10", "3"))
    assert [pd.isna(v) for v in metrics.monthly(cost, MARCH, 4)["spend"]] == [True, False, True, False]
    covered = metrics.monthly(cost, MARCH, 3, seen("2026-03-01", "2026-04-01"))
    assert [pd.isna(v) for v in covered["spend"]] == [True, True, False]


def test_a_currency_that_a_known_month_does_not_name_was_not_spent():
    cost = bill(charge("2026-02-10", "5", "EUR"), charge("2026-03-10", "3", "USD"))
    assert list(metrics.monthly(cost, MARCH, 2)["spend"]) == [5, 0, 0, 3]


def test_daily_spend_is_zero_only_on_days_that_were_seen():
    cost = bill(charge("2026-03-01", "5"), charge("2026-03-03 23:00", "3"))
    assert [pd.isna(v) for v in metrics.daily(cost, MARCH)["spend"][:3]] == [False, True, False]
    made = metrics.daily(cost, MARCH, seen=seen("2026-03-01", "2026-03-03"))
    assert made["spend"][1] == 0 and pd.isna(made["spend"][3]) and len(made) == 31


# Groups and tags


def test_groups_keep_a_missing_key_and_say_what_was_there_last_month():
    cost = bill(
        charge("2026-03-01", "6"), charge("2026-03-01", "2", service_name=None),
        charge("2026-03-02", "-1", service_name="Credits"), charge("2026-02-01", "4", service_name="Gone"),
    )  # fmt: skip
    made = metrics.by(cost, MARCH, "service_name")
    assert list(made["service_name"]) == ["S3", "(none)", "Gone", "Credits"]
    assert list(made["spend"]) == [6, 2, 0, -1] and list(made["last_spend"]) == [0, 0, 4, 0]
    assert [None if pd.isna(v) else v for v in made["share"]] == [0.75, 0.25, 0, None]


def test_the_rest_is_one_row_and_the_rows_still_add_up():
    cost = bill(*(charge("2026-03-01", n, region_id=f"r{n}") for n in (5, 3, 2, 1)))
    made = metrics.top(metrics.by(cost, MARCH, "region_id"), 2)
    assert list(made["region_id"]) == ["r5", "r3", "(other)"] and list(made["spend"]) == [5, 3, 3]
    assert made["last_spend"].isna().all() and made["share"].sum() == pytest.approx(1)


def test_spend_by_tag_reads_the_tag_and_counts_a_missing_one():
    cost = bill(
        charge("2026-03-01", "3", tags='{"team": "web"}'), charge("2026-03-01", "2", tags='{"other": "x"}'),
        charge("2026-03-01", "1"),
    )  # fmt: skip
    made = metrics.by_tag(cost, MARCH, "team")
    assert dict(zip(made["tag_value"], made["spend"], strict=True)) == {"web": 3, "(none)": 3}


def test_tag_coverage_counts_positive_usage_only():
    cost = bill(
        charge("2026-03-01", "6", tags='{"team": "web", "env": "prod"}'),
        charge("2026-03-01", "2", tags='{"team": "web", "env": ""}', resource_id="i-1"),
        charge("2026-03-01", "-5"), charge("2026-03-01", "90", charge_category="Tax"),
    )  # fmt: skip
    made = metrics.tag_coverage(cost, MARCH, ["team", "env"]).set_index("tag")["tagged_share"]
    assert made.to_dict() == {"(all)": 0.75, "team": 1.0, "env": 0.75}
    row = only(metrics.untagged(cost, MARCH, ["team", "env"]))
    assert (row["resource_id"], row["missing_tags"], row["spend"]) == ("i-1", "env", 2)
    assert metrics.tag_coverage(cost, MARCH, []).empty


# Currency


def test_stated_rates_convert_exactly_and_a_currency_without_one_stays_apart():
    params = client(
        exchange_rates=[ExchangeRate(bill_currency="USD", rate=Decimal("0.9234"), stated="the agreement")],
        cost=CostRules(markup=Decimal("0.05")),
    )
    cost = bill(
        charge("2026-03-01", "100.01", "USD"), charge("2026-03-01", "10", "GBP"), charge("2026-03-01", "1", "EUR")
    )
    made = metrics.in_currency(cost, params)
    assert list(made["billing_currency"]) == ["EUR", "GBP", "EUR"]
    assert list(made["billed_cost"]) == [Decimal("96.9666957"), Decimal("10.5"), Decimal("1.05")]
    said = metrics.conversions(cost, params).set_index("billing_currency")
    assert said.loc["USD", "exchange_rate"] == "0.9234" and "apart" in said.loc["GBP", "note"]


# Scorecard


def test_the_scorecard_says_budget_last_month_baseline_and_trend():
    params = client(
        agreement=[Agreement(starts_on=dt.date(2026, 1, 1), budgets=[Budget(amount=Decimal(30), currency="EUR")])],
        cost=CostRules(required_tags=["team"]),
    )
    cost = bill(
        charge("2026-01-10", "62", "EUR"), charge("2026-02-10", "28", "EUR"),
        charge("2026-03-10", "31", "EUR", tags='{"team": "web"}'),
    )  # fmt: skip
    made = metrics.scorecard(cost, MARCH, params, seen("2026-01-01", "2026-04-01"), Period.month("2026-01"))
    assert tuple(made.columns) == SCORECARD and not made["id"].duplicated().any()
    row = only(made, id="cost.spend.eur")
    assert (row["this_month"], row["target"], row["last_month"], row["baseline"]) == (31, 30, 28, 62)
    assert row["verdict"] == "missed" and row["trend"][-3:] == [62, 28, 31] and len(row["trend"]) == 13
    assert only(made, id="cost.change.eur")["this_month"] == 0
    tags = only(made, id="cost.tags.eur")
    assert (tags["this_month"], tags["last_month"], tags["target"]) == (1.0, 0.0, None)


def test_a_scorecard_of_nothing_has_only_what_was_agreed():
    assert metrics.scorecard(bill(), MARCH, client()).empty
    agreed = [Agreement(starts_on=dt.date(2026, 1, 1), budgets=[Budget(amount=Decimal(30), currency="EUR")])]
    row = only(metrics.scorecard(bill(), MARCH, client(agreement=agreed)), id="cost.spend.eur")
    assert row["this_month"] is None and row["verdict"] == "unknown"


# Laws

amounts = st.decimals(min_value=-1000, max_value=1000, places=6, allow_nan=False)
charges = st.builds(
    lambda day, amount, code, service, tag: charge(day, amount, code, service_name=service, tags=tag),
    st.sampled_from(["2026-02-01", "2026-02-28 23:59", "2026-03-01", "2026-03-15", "2026-03-31 23:59"]),
    amounts, st.sampled_from(["USD", "EUR"]), st.sampled_from(["S3", "EC2", None]),
    st.sampled_from([None, '{"team": "a"}', '{"team": "b"}']),
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(charges, min_size=1, max_size=12))
def test_groups_sum_to_the_total_per_currency(rows):
    cost = bill(*rows)
    whole = metrics.spend(cost, MARCH).set_index("billing_currency")["spend"]
    for groups in (metrics.by(cost, MARCH, "service_name"), metrics.by_tag(cost, MARCH, "team"),
                   metrics.top(metrics.by(cost, MARCH, "service_name"), 1), metrics.daily(cost, MARCH)):  # fmt: skip
        for code, part in groups.groupby("billing_currency"):
            assert sum(part["spend"].dropna(), Decimal(0)) == whole.get(code, 0)
        assert "share" not in groups or groups["share"].dropna().between(0, 1 + 1e-12).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(charges, min_size=2, max_size=10), st.randoms())
def test_the_order_of_charges_changes_nothing(rows, random):
    cost = bill(*rows)
    shuffled = cost.iloc[random.sample(range(len(rows)), len(rows))]
    for metric in (lambda c: metrics.spend(c, MARCH), lambda c: metrics.by(c, MARCH, "service_name"),
                   lambda c: metrics.bridge(c, MARCH), lambda c: metrics.bridge_by_service(c, MARCH),
                   lambda c: metrics.tag_coverage(c, MARCH, ["team"]),
                   lambda c: metrics.invoice_difference(c, MARCH), lambda c: metrics.drivers(c, MARCH)):  # fmt: skip
        pd.testing.assert_frame_equal(metric(cost), metric(shuffled))


@settings(max_examples=12, deadline=None)
@given(st.lists(charges, min_size=1, max_size=8), amounts)
def test_a_charge_and_its_reversal_net_to_zero(rows, amount):
    first = metrics.spend(bill(*rows, charge("2026-03-02", 0)), MARCH)[["billing_currency", "spend", "invoice"]]
    both = bill(*rows, charge("2026-03-02", amount), charge("2026-03-02", -amount, charge_class="Correction"))
    pd.testing.assert_frame_equal(metrics.spend(both, MARCH)[["billing_currency", "spend", "invoice"]], first)


@given(st.lists(st.decimals(min_value=-1000, max_value=1000, places=5), min_size=1, max_size=12))
def test_rounded_parts_add_up_to_the_rounded_whole(values):
    made = apportion(values, round(sum(values), 2), 2)
    assert sum(made) == round(sum(values), 2)
    assert all(abs(a - b) < Decimal("0.01") for a, b in zip(made, values, strict=True))


# Real data


@pytest.fixture(scope="module")
def sample(shared_data):
    path = shared_data / "cost" / "focus_sample" / "focus_sample.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=["NULL", ""])
    rows.columns = [re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in rows.columns]
    frame = FRAMES["cost"]
    rows = rows[[name for name in rows.columns if name in frame.names]]
    for name in rows.columns:
        if frame[name].dtype == DECIMAL:
            rows[name] = [None if pd.isna(value) else Decimal(value) for value in rows[name]]
        elif frame[name].dtype == INSTANT:
            rows[name] = pd.to_datetime(rows[name], utc=True).dt.as_unit("us")
    rows["charge_frequency"] = rows["charge_frequency"].str.title()
    return frame.conform(rows)


def test_the_focus_sample_is_not_misread_by_its_effective_cost(sample):
    september = Period.month("2024-09")
    row = only(metrics.spend(sample, september), billing_currency="USD")
    assert row["spend"] == Decimal("20.52022672899") and row["invoice_difference"] == Decimal("-0.24")
    assert pd.isna(row["effective_cost"])
    check = metrics.effective_cost_check(sample, september).set_index("provider_name")
    assert check.loc["AWS", "effective_cost"] == 13 and check.loc["Oracle", "effective_cost"] == 0
    assert check.loc["AWS", "spend"] == Decimal("18.0066386184")
    assert check["effective_finding"].to_dict() == {
        "AWS": "rounded to whole units", "Microsoft": "sound", "Oracle": "zero",
    }  # fmt: skip


def test_the_focus_samples_tag_coverage_stays_below_one(sample):
    made = metrics.tag_coverage(sample, Period.month("2024-09"), ["application"])
    assert only(made, tag="(all)")["tagged_share"] == pytest.approx(0.8675, abs=1e-4)
