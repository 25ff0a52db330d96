"""Hours are exact, of the client's days, and within what was agreed only where all are recorded."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals
from opsreport.metrics.work import by_kind, by_service, history, listing, scorecard, totals
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "America/New_York")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HALF = Intervals([(OCTOBER.start, pd.Timestamp("2026-10-16", tz="America/New_York"))])
AGREED = [Agreement(starts_on=dt.date(2026, 1, 1), work_hours=4)]


def done(day: str, hours: str | None, **more) -> dict:
    midnight = pd.Timestamp(day, tz="America/New_York").tz_convert("UTC")
    return {"done_on": midnight, "hours": None if hours is None else Decimal(hours), **more}


def frame(*rows: dict) -> pd.DataFrame:
    if not rows:
        return FRAMES["work"].empty()
    return FRAMES["work"].conform(pd.DataFrame([{"work_id": f"w{n}", **row} for n, row in enumerate(rows)]))


def row(*rows: dict, agreed: list = AGREED, seen: Intervals = ALWAYS) -> pd.Series:
    return totals(frame(*rows), OCTOBER, agreed, seen).iloc[0]


def test_days_are_the_clients_at_both_ends_of_the_month():
    made = row(done("2026-09-30", "1"), done("2026-10-01", "2"), done("2026-10-31", "0.5"), done("2026-11-01", "8"))
    assert (made["hours_used"], made["work_count"]) == (2.5, 2)


@pytest.mark.parametrize(("hours", "said"), [("4", "met"), ("3.99", "met"), ("4.01", "missed")])
def test_exactly_what_was_agreed_is_met_and_more_is_missed(hours, said):
    assert row(done("2026-10-05", hours))["verdict"] == said


def test_tenths_are_added_exactly():
    tenths = [done("2026-10-05", "0.1") for _ in range(40)]
    assert row(*tenths)["hours_used"] == 4.0 and row(*tenths)["verdict"] == "met"


def test_hours_not_recorded_are_counted_apart_and_bound_the_verdict():
    made = row(done("2026-10-05", "3"), done("2026-10-06", None))
    assert (made["hours_used"], made["hours_unknown"], made["coverage"]) == (3, 1, 0.5)
    assert made["verdict"] == "unknown"
    assert row(done("2026-10-05", "5"), done("2026-10-06", None))["verdict"] == "missed"
    alone = row(done("2026-10-06", None))
    assert pd.isna(alone["hours_used"]) and alone["verdict"] == "unknown"


def test_a_month_seen_in_part_is_never_met_but_may_be_missed():
    assert row(done("2026-10-05", "3"), seen=HALF)["verdict"] == "unknown"
    assert row(done("2026-10-05", "5"), seen=HALF)["verdict"] == "missed"


def test_a_month_not_seen_is_unknown_and_a_quiet_one_is_zero():
    blind, quiet = row(seen=Intervals()), row()
    assert pd.isna(blind["hours_used"]) and blind["verdict"] == "unknown"
    assert quiet["hours_used"] == 0 and quiet["verdict"] == "met"


def test_nothing_agreed_has_nothing_to_miss():
    made = row(done("2026-10-05", "3"), agreed=[])
    assert pd.isna(made["hours_agreed"]) and made["verdict"] == "unknown"
    assert row(done("2026-10-05", "3"), agreed=[Agreement(starts_on=dt.date(2026, 1, 1))])["verdict"] == "unknown"


def test_hours_agreed_for_some_days_are_prorated_and_hold_for_the_work_of_those_days():
    late = [Agreement(starts_on=dt.date(2026, 10, 17), work_hours=31)]  # 15 of 31 days
    made = row(done("2026-10-05", "20"), done("2026-10-20", "15"), agreed=late)
    assert made["hours_agreed"] == 15 and made["verdict"] == "met" and made["note"] == "agreed for 15 of 31 days"
    assert row(done("2026-10-20", "15.25"), agreed=late)["verdict"] == "missed"


def test_two_terms_of_one_month_add_up():
    terms = [Agreement(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 10, 10), work_hours=31),
             Agreement(starts_on=dt.date(2026, 10, 11), work_hours=62)]  # fmt: skip
    made = row(agreed=terms)
    assert made["hours_agreed"] == 10 + 42 and made["note"] == ""


def test_the_list_has_the_kind_that_took_most_first_and_each_by_day():
    rows = frame(done("2026-10-09", "1", kind="support", title="b"), done("2026-10-02", "1", kind="support", title="a"),
                 done("2026-10-20", "5", kind="incident", title="c"), done("2026-10-21", None, title="d"))  # fmt: skip
    made = listing(rows, OCTOBER)
    assert made["work_title"].tolist() == ["c", "a", "b", "d"]
    assert made["work_kind"].tolist() == ["incident", "support", "support", "(none)"]
    assert pd.isna(made["hours"].iloc[3]) and pd.isna(made["kind"].iloc[3])
    assert made["worked_on"].iloc[0] == dt.date(2026, 10, 20)
    assert listing(frame(), OCTOBER).empty


def test_work_without_a_service_is_a_group_of_its_own():
    rows = frame(done("2026-10-09", "1"), done("2026-10-09", "3", service="shop"))
    made = by_service(rows, OCTOBER, ALWAYS)
    assert made["service"].tolist() == ["shop", "(none)"] and made["hours_share"].tolist() == [0.75, 0.25]


def test_the_scorecard_holds_hours_against_what_was_agreed():
    rows = frame(done("2026-10-05", "5"), done("2026-09-05", "2"))
    (made,) = scorecard(rows, OCTOBER, AGREED, ALWAYS, OCTOBER.previous()).to_dict("records")
    assert (made["this_month"], made["target"], made["last_month"], made["verdict"]) == (5, 4, 2, "missed")
    assert made["baseline"] == pytest.approx(2 * 31 / 30) and (made["worst"], made["best"]) == (5, 5)
    doubtful = frame(done("2026-10-05", "3"), done("2026-10-06", None))
    assert scorecard(doubtful, OCTOBER, AGREED, ALWAYS).loc[0, ["worst", "best"]].tolist() == [None, 3]
    assert len(history(rows, OCTOBER, AGREED, ALWAYS)) == 13


quarters = st.none() | st.integers(0, 40).map(lambda n: Decimal(n) / 4)


@given(st.lists(st.tuples(st.sampled_from(["incident", "support", None]), quarters), max_size=6))
@settings(max_examples=30, deadline=None)
def test_groups_sum_to_the_total(rows):
    made = frame(*({**done("2026-10-05", None), "hours": hours, "kind": kind} for kind, hours in rows))
    whole, parts = totals(made, OCTOBER, AGREED, ALWAYS).iloc[0], by_kind(made, OCTOBER, ALWAYS)
    assert parts["hours_used"].sum() == (whole["hours_used"] if pd.notna(whole["hours_used"]) else 0)
    assert parts["work_count"].sum() == whole["work_count"] and parts["hours_unknown"].sum() == whole["hours_unknown"]
    assert ((parts["hours_share"].dropna() >= 0) & (parts["hours_share"].dropna() <= 1)).all()
