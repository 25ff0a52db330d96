"""Commitments: used over committed, covered over coverable, what is paid for nothing, what ends soon."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.intervals import Intervals
from opsreport.metrics.cost import commitments
from opsreport.period import Period
from opsreport.schemas import FRAMES

OCTOBER = Period.month("2026-10", "America/New_York")


def at(day):
    return pd.Timestamp(day, tz="UTC").as_unit("us")


def plan(id="plan", month="2026-10-01", committed=100, used=80, covered=120, coverable=200, ends=None, code="USD"):
    amounts = {"committed": committed, "used": used, "covered": covered, "coverable": coverable}
    return {"commitment_id": id, "kind": "savings plan", "started_at": at(month), "billing_currency": code,
            **{name: None if value is None else Decimal(value) for name, value in amounts.items()},
            "expires_at": at(ends) if ends else pd.NaT}  # fmt: skip


def told(*rows, **more):
    frame = FRAMES["commitment"].conform(pd.DataFrame(list(rows), columns=FRAMES["commitment"].names))
    return commitments(frame, OCTOBER, **more)


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_utilisation_is_used_over_committed_and_coverage_covered_over_coverable():
    row = only(told(plan()))
    assert (row["utilisation"], row["commitment_coverage"], row["committed_unused"]) == (0.8, 0.6, 20)
    assert (row["commitment_id"], row["commitment_kind"]) == ("plan", "savings plan")


def test_a_month_is_the_bills_not_the_clients():
    # 1 October in UTC is 30 September in New York.
    rows = told(plan(month="2026-09-01", used=1), plan(), plan(month="2026-11-01", used=2))
    assert only(rows)["committed_used"] == 80


def test_what_is_not_known_is_not_known_and_never_zero():
    row = only(told(plan(used=None, coverable=None)))
    assert pd.isna(row["utilisation"]) and pd.isna(row["committed_unused"]) and pd.isna(row["commitment_coverage"])
    assert row["committed"] == 100
    assert pd.isna(only(told(plan(committed=0, used=0)))["utilisation"])


def test_several_have_a_row_for_all_of_them_per_currency_the_most_unused_first():
    rows = told(plan("a", used=100), plan("b", used=40), plan("c", code="EUR", used=90))
    assert list(rows["commitment_id"]) == ["b", "c", "a", "(all)"]
    whole = rows.iloc[-1]
    assert (whole["billing_currency"], whole["committed"], whole["utilisation"]) == ("USD", 200, 0.7)
    assert (whole["commitment_kind"], whole["commitment_note"]) == ("", "")


def test_parts_of_a_month_add_up_and_one_unknown_part_makes_the_sum_unknown():
    row = only(told(plan(used=10, committed=20), plan(month="2026-10-16", used=15, committed=20)))
    assert (row["committed"], row["committed_used"], row["utilisation"]) == (40, 25, 0.625)
    assert pd.isna(only(told(plan(), plan(month="2026-10-16", used=None)))["utilisation"])


@pytest.mark.parametrize(
    ("ends", "note"),
    [
        (None, ""),
        ("2027-03-01", ""),
        ("2027-01-30 03:59", "ends within 90 days"),  # the month ends on 1 November, 04:00 UTC
        ("2027-01-30 04:01", ""),
        ("2026-11-01 05:00", "ends within 90 days"),
        ("2026-10-20", "ended within the month"),
    ],
)
def test_an_end_that_is_near_is_told(ends, note):
    row = only(told(plan(ends=ends)))
    assert row["commitment_note"] == note
    assert row["commitment_ends"] == (dt.date.fromisoformat(ends[:10]) if ends else None)


def test_what_was_seen_stands_beside_it():
    seen = Intervals([(at("2026-10-01"), at("2026-10-16 12:00"))])
    assert only(told(plan(), seen=seen))["coverage"] == pytest.approx(0.5, abs=0.01)


def test_without_a_commitment_the_result_is_empty_with_its_columns():
    assert told().empty and list(told().columns) == list(told(plan()).columns)
