"""Availability, error budgets, credits and the scorecard, worked out by hand."""

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.metrics import uptime
from opsreport.params.models import Agreement, MaintenanceWindow, Slo
from opsreport.params.operations import Credits, CreditStep
from opsreport.period import Period
from opsreport.schemas import FRAMES, MEASURES
from opsreport.schemas.scorecard import SCORECARD

BERLIN = "Europe/Berlin"
OCTOBER = Period.month("2026-10")
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def at(text):
    return pd.Timestamp(text, tz="UTC")


def seen(*rows, service="shop"):
    """monitor_state of (monitor, start, end, state)."""
    frame = pd.DataFrame(rows, columns=["monitor", "started_at", "ended_at", "state"])
    for column in ("started_at", "ended_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
    return FRAMES["monitor_state"].conform(frame).assign(service=service)


def agreed(target="0.999", monitor="shop", first="2020-01-01", last=None, degraded="up", **more):
    slo = Slo(monitor=monitor, target=Decimal(target), degraded_counts_as=degraded)
    last = dt.date.fromisoformat(last) if last else None
    return Agreement(starts_on=dt.date.fromisoformat(first), ends_on=last, slos=[slo], **more)


def excuse(start, end, monitor="shop"):
    return pd.DataFrame({"monitor": [monitor], "starts_at": [at(start)], "ends_at": [at(end)], "by": ["Ada"],
                         "on": [dt.date(2026, 10, 9)], "why": ["their own DNS change"]})  # fmt: skip


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def minutes(count):
    return pd.Timedelta(minutes=count)


@pytest.mark.parametrize(
    ("target", "february", "april", "october"),
    [("0.995", 201.6, 216, 223.2), ("0.999", 40.32, 43.2, 44.64), ("0.9995", 20.16, 21.6, 22.32),
     ("0.9999", 4.032, 4.32, 4.464)],
)  # fmt: skip
def test_allowed_minutes_for_28_30_and_31_days(target, february, april, october):
    always_up = seen(("shop", "2025-12-01", "2027-01-01", "up"))
    for month, allowed in (("2026-02", february), ("2026-04", april), ("2026-10", october)):
        row = only(uptime.availability(always_up, Period.month(month), [agreed(target)]))
        assert row["error_budget"] == pytest.approx(allowed, abs=1e-9)
        assert (row["budget_left"], row["burn_rate"], row["verdict"]) == (row["error_budget"], 0, "met")


def test_a_budget_spent_exactly_is_met_and_at_risk_and_a_microsecond_more_misses():
    start = at("2026-04-10")
    for extra, verdict in ((0, "at risk"), (1, "missed")):
        end = start + minutes(43.2) + pd.Timedelta(extra, "us")
        frame = seen(("shop", "2026-04-01", "2026-05-01", "up"), ("shop", start, end, "down"))
        assert only(uptime.availability(frame, Period.month("2026-04"), [agreed()]))["verdict"] == verdict


def test_at_risk_begins_with_less_than_a_quarter_of_the_budget_left():
    for spent, verdict in ((32.4, "met"), (32.41, "at risk")):  # a quarter of 43.2 is 10.8
        end = at("2026-04-10") + minutes(spent)
        frame = seen(("shop", "2026-04-01", "2026-05-01", "up"), ("shop", at("2026-04-10"), end, "down"))
        assert only(uptime.availability(frame, Period.month("2026-04"), [agreed()]))["verdict"] == verdict


def test_the_slo_generators_own_report_is_reproduced():
    path = SHARED / "slo" / "slo_generator" / "slo_report_v2.json"
    if not path.exists():
        pytest.skip("the shared data is not here")
    report = json.loads(path.read_text())
    day = Period.days("2026-10-05", "2026-10-05")
    half_down = seen(("shop", "2026-10-05 00:00", "2026-10-05 06:00", "up"),
                     ("shop", "2026-10-05 06:00", "2026-10-05 12:00", "down"))  # fmt: skip
    row = only(uptime.availability(half_down, day, [agreed("0.9")]))
    assert row["agreed_time"] == pd.Timedelta(seconds=report["window"])
    assert row["agreed_availability"] == report["sli_measurement"] == 0.5
    assert row["error_budget"] == pytest.approx(report["error_budget_minutes"]) == 72
    assert row["counted_down"] == minutes(float(report["error_minutes"]))
    assert row["burn_rate"] == pytest.approx(report["error_budget_burn_rate"]) == 5
    assert row["budget_left"] == pytest.approx(report["error_budget_remaining_minutes"]) == -288


def test_at_95_percent_coverage_without_downtime_the_verdict_is_unknown():
    april = Period.month("2026-04")
    frame = seen(("shop", april.start, april.start + 0.95 * (april.end - april.start), "up"))
    row = only(uptime.availability(frame, april, [agreed()]))
    assert (row["coverage"], row["availability_worst"], row["availability_best"]) == (0.95, 0.95, 1)
    assert row["verdict"] == "unknown"


def test_at_90_percent_coverage_600_minutes_down_are_a_certain_miss():
    april = Period.month("2026-04")
    seen_until = april.start + 0.9 * (april.end - april.start)
    frame = seen(
        ("shop", april.start, seen_until, "up"), ("shop", at("2026-04-02"), at("2026-04-02") + minutes(600), "down")
    )
    row = only(uptime.availability(frame, april, [agreed()]))
    assert row["availability_best"] == pytest.approx(1 - 600 / 43200)
    assert row["verdict"] == "missed"


def test_months_with_a_clock_change_have_743_and_745_hours():
    always_up = seen(("shop", "2026-01-01", "2027-01-01", "up"))
    for month, hours in (("2026-03", 743), ("2026-10", 745)):
        row = only(uptime.availability(always_up, Period.month(month, BERLIN), [agreed()]))
        assert (row["observed_time"], row["coverage"]) == (pd.Timedelta(hours=hours), 1)
        assert row["error_budget"] == pytest.approx(hours * 60 * 0.001)


def test_states_that_overlap_are_taken_in_order_down_degraded_maintenance_up():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-01", "2026-11-01", "unknown"),
                 ("shop", "2026-10-02 00:00", "2026-10-02 03:00", "degraded"),
                 ("shop", "2026-10-02 02:00", "2026-10-02 04:00", "down"),
                 ("shop", "2026-10-03 00:00", "2026-10-03 01:00", "paused"))  # fmt: skip
    row = only(uptime.availability(frame, OCTOBER, [agreed()]))
    assert (row["down_time"], row["degraded_time"], row["coverage"]) == (minutes(120), minutes(120), 1)
    assert row["counted_down"] == minutes(120)


def test_paused_and_unknown_are_not_observed():
    frame = seen(("shop", "2026-10-01", "2026-10-16 12:00", "up"), ("shop", "2026-10-16 12:00", "2026-10-20", "paused"),
                 ("shop", "2026-10-20", "2026-11-01", "unknown"))  # fmt: skip
    row = only(uptime.availability(frame, OCTOBER, [agreed()]))
    assert (row["coverage"], row["raw_availability"], row["verdict"]) == (0.5, 1, "unknown")


def test_degraded_counts_as_the_slo_says_and_is_shown_apart():
    frame = seen(
        ("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-02 00:00", "2026-10-02 01:00", "degraded")
    )
    for degraded, counted in (("up", 0), ("down", 60)):
        row = only(uptime.availability(frame, OCTOBER, [agreed(degraded=degraded)]))
        assert (row["degraded_time"], row["counted_down"]) == (minutes(60), minutes(counted))
        assert (row["down_time"], row["raw_availability"]) == (minutes(0), 1)


def test_agreed_maintenance_is_left_out_and_the_monitors_own_is_down():
    window = MaintenanceWindow(weekday="sun", opens="02:00", closes="04:00")  # 4 Sundays of 2 h
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"),
                 ("shop", "2026-10-04 03:00", "2026-10-04 05:00", "maintenance"),
                 ("shop", "2026-10-11 02:30", "2026-10-11 03:00", "down"))  # fmt: skip
    row = only(uptime.availability(frame, OCTOBER, [agreed(maintenance_windows=[window])]))
    assert row["maintenance_time"] == pd.Timedelta(hours=8)
    assert row["agreed_time"] == pd.Timedelta(hours=744 - 8)
    assert row["counted_down"] == minutes(60)  # 04:00 to 05:00 on the 4th
    assert row["down_time"] == minutes(30)
    assert row["agreed_availability"] == pytest.approx(1 - 1 / 736)


def test_time_nobody_saw_inside_agreed_maintenance_is_not_held_against_the_worst_case():
    window = MaintenanceWindow(weekday="sun", opens="02:00", closes="04:00")
    frame = seen(("shop", "2026-10-01", "2026-10-04 02:00", "up"), ("shop", "2026-10-04 04:00", "2026-11-01", "up"))
    row = only(uptime.availability(frame, OCTOBER, [agreed(maintenance_windows=[window])]))
    assert row["coverage"] < 1
    assert (row["availability_worst"], row["verdict"]) == (1, "met")


def test_excused_downtime_stays_in_agreed_time_and_does_not_count():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-08 10:00", "2026-10-08 12:00", "down"))
    row = only(uptime.availability(frame, OCTOBER, [agreed()], excuse("2026-10-08 10:00", "2026-10-08 11:30")))
    assert (row["excused_time"], row["counted_down"]) == (minutes(90), minutes(30))
    assert row["agreed_time"] == pd.Timedelta(hours=744)
    assert row["raw_availability"] == pytest.approx(1 - 2 / 744)


def test_time_before_the_agreement_is_not_agreed_but_raw_availability_covers_it():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-02", "2026-10-03", "down"))
    row = only(uptime.availability(frame, OCTOBER, [agreed(first="2026-10-11")]))
    assert row["raw_availability"] == pytest.approx(1 - 1 / 31)
    assert (row["agreed_time"], row["agreed_availability"]) == (pd.Timedelta(days=21), 1)
    assert row["verdict"] == "met"


def test_an_slo_that_changes_within_the_month_has_a_row_a_term():
    terms = [agreed("0.99", last="2026-10-10"), agreed("0.999", first="2026-10-11")]
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-10 23:00", "2026-10-11 01:00", "down"))
    rows = uptime.availability(frame, OCTOBER, terms)
    assert rows["term_from"].tolist() == [dt.date(2026, 10, 1), dt.date(2026, 10, 11)]
    assert rows["term_to"].tolist() == [dt.date(2026, 10, 10), dt.date(2026, 10, 31)]
    assert rows["verdict"].tolist() == ["met", "missed"]
    assert rows["counted_down"].tolist() == [minutes(60)] * 2
    assert rows["observed_time"].sum() == pd.Timedelta(days=31)


def test_terms_with_the_same_slo_are_one_row():
    rows = uptime.availability(seen(("shop", "2026-10-01", "2026-11-01", "up")), OCTOBER,
                               [agreed(last="2026-10-10"), agreed(first="2026-10-11")])  # fmt: skip
    assert only(rows)["agreed_time"] == pd.Timedelta(days=31)


def test_a_monitor_with_an_slo_and_no_row_is_unknown():
    row = only(uptime.availability(seen(), OCTOBER, [agreed()]))
    assert (row["monitor"], row["coverage"], row["verdict"]) == ("shop", 0, "unknown")
    assert row[["down_time", "raw_availability", "agreed_availability", "budget_left", "burn_rate"]].isna().all()
    assert (row["availability_worst"], row["availability_best"]) == (0, 1)


def test_no_observation_is_unknown_even_if_all_of_it_is_excused():
    row = only(uptime.availability(seen(), OCTOBER, [agreed()], excuse("2026-09-01", "2026-12-01")))
    assert row["verdict"] == "unknown"


def test_a_monitor_without_an_slo_has_raw_availability_and_no_target():
    frame = seen(("docs", "2026-10-01", "2026-10-31", "up"), ("docs", "2026-10-31", "2026-11-01", "down"))
    row = only(uptime.availability(frame, OCTOBER, []))
    assert row["raw_availability"] == pytest.approx(30 / 31)
    assert row[["slo_target", "agreed_time", "agreed_availability", "error_budget"]].isna().all()
    assert row["service"] == "shop"


def test_an_outage_across_the_months_end_counts_in_each_month_for_its_part():
    frame = seen(("shop", "2026-09-01", "2026-12-01", "up"), ("shop", "2026-10-31 22:00", "2026-11-01 01:00", "down"))
    for month, down in (("2026-10", 120), ("2026-11", 60)):
        assert only(uptime.availability(frame, Period.month(month), []))["down_time"] == minutes(down)
    berlin = only(uptime.availability(frame, Period.month("2026-10", BERLIN), []))
    assert berlin["down_time"] == minutes(60)  # October ends at 23:00 UTC there


def test_a_frame_without_rows_and_without_slos_gives_an_empty_frame():
    for function in (uptime.availability, uptime.history, uptime.budget_burn_down, uptime.credit_owed):
        made = function(seen(), OCTOBER, [])
        assert made.empty and set(made.columns) <= set(MEASURES)


def test_the_burn_down_ends_with_the_budget_that_is_left():
    frame = seen(("shop", "2026-10-01", "2026-10-20", "up"), ("shop", "2026-10-22", "2026-11-01", "up"),
                 ("shop", "2026-10-05 23:50", "2026-10-06 00:20", "down"))  # fmt: skip
    days = uptime.budget_burn_down(frame, OCTOBER, [agreed()]).set_index("budget_day")["budget_left"]
    budget = 29 * 1440 * 0.001  # two days were not seen
    assert days.loc[dt.date(2026, 10, 4)] == pytest.approx(budget)
    assert days.loc[dt.date(2026, 10, 5)] == pytest.approx(budget - 10)
    assert days.loc[dt.date(2026, 10, 6)] == pytest.approx(budget - 30)
    assert days.loc[[dt.date(2026, 10, 20), dt.date(2026, 10, 21)]].isna().all()
    assert days.iloc[-1] == pytest.approx(only(uptime.availability(frame, OCTOBER, [agreed()]))["budget_left"])
    assert len(days) == 31


def test_the_agreed_rows_leave_out_monitors_without_an_slo_and_name_the_days_where_terms_changed():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("docs", "2026-10-01", "2026-11-01", "up"))
    made = uptime.agreed(uptime.availability(frame, OCTOBER, [agreed()]))
    assert made["monitor"].tolist() == ["shop"] and "term_from" not in made
    terms = [agreed("0.99", last="2026-10-10"), agreed("0.999", first="2026-10-11")]
    assert "term_from" in uptime.agreed(uptime.availability(frame, OCTOBER, terms))
    assert uptime.agreed(uptime.availability(seen(), OCTOBER, [])).empty


def test_history_has_thirteen_months_oldest_first():
    frame = seen(("shop", "2025-10-01", "2026-11-01", "up"), ("shop", "2026-02-10", "2026-02-11", "down"))
    made = uptime.history(frame, OCTOBER, [agreed(first="2026-01-01")])
    assert made["period"].tolist() == [one.name for one in OCTOBER.history()]
    assert made["slo_target"].notna().sum() == 10
    february = only(made[made["period"] == "2026-02"])
    assert (february["agreed_availability"], february["verdict"]) == (pytest.approx(27 / 28), "missed")


STEPS = [
    CreditStep(below=Decimal("0.999"), share=Decimal("0.1")),
    CreditStep(below=Decimal("0.99"), share=Decimal("0.25")),
]
CREDITS = Credits(monthly_fee=Decimal("1234.56"), currency="EUR", steps=STEPS)


@pytest.mark.parametrize(("down", "owed"), [(30, "0"), (60, "123.456"), (600, "308.6400")])
def test_the_credit_is_that_of_the_lowest_bound_it_is_below(down, owed):
    frame = seen(
        ("shop", "2026-10-01", "2026-11-01", "up"), ("shop", at("2026-10-08"), at("2026-10-08") + minutes(down), "down")
    )
    row = only(uptime.credit_owed(frame, OCTOBER, [agreed(credits=CREDITS)]))
    assert row["credit"] == Decimal(owed) and isinstance(row["credit"], Decimal)
    assert row["billing_currency"] == "EUR"


def test_an_slo_met_owes_nothing_even_below_a_step():
    frame = seen(("shop", "2026-10-01", "2026-11-01", "up"), ("shop", "2026-10-08 00:00", "2026-10-08 01:00", "down"))
    row = only(uptime.credit_owed(frame, OCTOBER, [agreed("0.99", credits=CREDITS)]))
    assert (row["verdict"], row["credit"]) == ("met", 0)


def test_a_credit_is_unknown_with_the_verdict_or_where_the_unseen_could_move_it():
    unseen = seen(("shop", "2026-10-01", "2026-10-30", "up"))
    row = only(uptime.credit_owed(unseen, OCTOBER, [agreed(credits=CREDITS)]))
    assert (row["verdict"], row["credit"], row["credit_least"]) == ("unknown", None, 0)
    assert row["credit_most"] == Decimal("308.6400")
    missed = seen(("shop", "2026-10-01", "2026-10-30", "up"), ("shop", "2026-10-08 00:00", "2026-10-08 01:00", "down"))
    row = only(uptime.credit_owed(missed, OCTOBER, [agreed(credits=CREDITS)]))
    assert (row["verdict"], row["credit"], row["credit_least"]) == ("missed", None, Decimal("123.456"))


def test_the_scorecard_has_a_row_an_slo_with_its_thirteen_months():
    frame = seen(("shop", "2026-08-01", "2026-11-01", "up"), ("docs", "2026-10-01", "2026-11-01", "up"),
                 ("shop", "2026-09-10", "2026-09-10 12:00", "down"))  # fmt: skip
    made = uptime.scorecard(frame, OCTOBER, [agreed(first="2026-10-01")], None, Period.month("2026-08"))
    assert tuple(made.columns) == SCORECARD
    row = only(made)
    assert (row["id"], row["unit"], row["section"]) == ("uptime-shop", "availability", "uptime")
    assert (row["this_month"], row["target"], row["baseline"], row["verdict"]) == (1, 0.999, 1, "met")
    assert row["last_month"] == pytest.approx(1 - 0.5 / 30)  # raw: nothing was agreed yet
    assert row["trend"] == [None] * 10 + [1, row["last_month"], 1]


def test_the_scorecard_says_how_far_what_was_not_seen_could_move_a_figure():
    half = seen(("shop", "2026-10-01", "2026-10-16 12:00", "up"))
    (row,) = uptime.scorecard(half, OCTOBER, [agreed(first="2026-10-01")]).to_dict("records")
    assert (row["worst"], row["this_month"], row["best"]) == (0.5, 1.0, 1.0)


def test_the_scorecard_of_nothing_is_empty():
    assert uptime.scorecard(seen(), OCTOBER, []).empty


def test_upptimes_own_availability_is_reproduced_by_its_own_rule():
    folder = SHARED / "uptime" / "upptime_manticore"
    if not folder.exists():
        pytest.skip("the shared data is not here")
    checks = pd.read_csv(folder / "checks_from_git_log.csv", parse_dates=["committed_at"])
    expected = pd.read_csv(folder / "expected_uptime.csv").set_index("site")["uptime"].str.rstrip("%").astype(float)
    days, summed_up = Period.days("2026-08-11", "2026-08-22"), at("2026-08-22 01:18:30")
    made = {}
    for site, rows in checks[checks["site"].isin(expected.index)].sort_values("committed_at").groupby("site"):
        # A state holds until the next row, and the last until Upptime summed up; degraded is up to it.
        ends = rows["committed_at"].shift(-1).fillna(summed_up)
        frame = seen(*zip([site] * len(rows), rows["committed_at"], ends, rows["status"], strict=True))
        short = uptime.outages(frame, days, [])
        short = short[short["outage_time"] < minutes(15)]  # Upptime drops these
        excused = pd.DataFrame({"monitor": site, "starts_at": short["outage_from"], "ends_at": short["outage_to"]})
        made[site] = (
            only(uptime.availability(frame, days, [agreed(monitor=site)], excused))["agreed_availability"] * 100
        )
    assert len(made) == 18
    assert (pd.Series(made) - expected).abs().max() < 0.02


STATES = ["up", "down", "degraded", "maintenance", "paused", "unknown"]
hour_rows = st.lists(
    st.tuples(st.integers(0, 47), st.integers(1, 12), st.sampled_from(STATES)), max_size=8
)  # fmt: skip
DAYS = Period.days("2026-10-03", "2026-10-04")  # a Saturday, and the Sunday of the window


def hourly(rows):
    begin = DAYS.start
    return seen(
        *[("shop", begin + pd.Timedelta(hours=a), begin + pd.Timedelta(hours=a + n), state) for a, n, state in rows]
    )


@settings(max_examples=60, deadline=None)
@given(hour_rows, st.sampled_from(["up", "down"]), st.tuples(st.integers(0, 40), st.integers(1, 8)))
def test_availability_equals_a_brute_force_walk_through_the_hours(rows, degraded, excused_run):
    window = MaintenanceWindow(weekday="sun", opens="02:00", closes="08:00")
    excused_start = DAYS.start + pd.Timedelta(hours=excused_run[0])
    excused = excuse(
        excused_start.tz_localize(None), (excused_start + pd.Timedelta(hours=excused_run[1])).tz_localize(None)
    )
    row = only(
        uptime.availability(hourly(rows), DAYS, [agreed(degraded=degraded, maintenance_windows=[window])], excused)
    )
    good = bad = unseen = unseen_bad = observed = down = 0
    for hour in range(48):
        states = {state for a, n, state in rows if a <= hour < a + n}
        state = next((one for one in ("down", "degraded", "maintenance", "up") if one in states), None)
        planned, is_excused = 26 <= hour < 32, excused_run[0] <= hour < sum(excused_run)
        observed += state is not None
        down += state == "down"
        if planned:
            continue
        if state is None:
            unseen += 1
            unseen_bad += not is_excused
        elif (state in ("down", "maintenance") or (state == "degraded" and degraded == "down")) and not is_excused:
            bad += 1
        else:
            good += 1
    assert row["coverage"] == observed / 48
    assert row["availability_worst"] == pytest.approx(float(1 - Fraction(bad + unseen_bad, good + bad + unseen)))
    assert row["availability_best"] == pytest.approx(float(1 - Fraction(bad, good + bad + unseen)))
    if good + bad:
        assert row["agreed_availability"] == pytest.approx(good / (good + bad))
        assert row["counted_down"] == pd.Timedelta(hours=bad)
    if observed:
        assert row["raw_availability"] == pytest.approx(1 - down / observed)


@settings(max_examples=30, deadline=None)
@given(hour_rows, st.randoms(use_true_random=False))
def test_shuffling_and_repeating_rows_changes_nothing(rows, random):
    shuffled = rows * 2
    random.shuffle(shuffled)
    for function in (uptime.availability, uptime.outages, uptime.budget_burn_down):
        pd.testing.assert_frame_equal(
            function(hourly(rows), DAYS, [agreed()]), function(hourly(shuffled), DAYS, [agreed()])
        )


@settings(max_examples=30, deadline=None)
@given(hour_rows, st.tuples(st.integers(0, 40), st.integers(1, 8)))
def test_more_downtime_never_raises_availability(rows, more):
    before = only(uptime.availability(hourly([(0, 48, "up"), *rows]), DAYS, [agreed()]))
    after = only(uptime.availability(hourly([(0, 48, "up"), *rows, (*more, "down")]), DAYS, [agreed()]))
    for column in ("raw_availability", "agreed_availability", "availability_worst", "availability_best"):
        assert after[column] <= before[column]


@settings(max_examples=30, deadline=None)
@given(hour_rows)
def test_a_split_adds_up_weighted_by_observed_time(rows):
    frame = hourly([(0, 24, "up"), *rows])
    parts = pd.concat(uptime.availability(frame, Period.days(day, day), []) for day in ("2026-10-03", "2026-10-04"))
    whole = only(uptime.availability(frame, DAYS, []))
    assert parts["observed_time"].sum() == whole["observed_time"]
    assert parts["down_time"].sum() == whole["down_time"]
    weighted = (parts["raw_availability"] * (parts["observed_time"] / whole["observed_time"])).sum()
    assert weighted == pytest.approx(whole["raw_availability"])
