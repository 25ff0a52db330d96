"""A decision's verdict: exact, bounded by what was seen, and unknown where it cannot be told."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport.decisions.judging import figure, outcome
from opsreport.exhibit import Fact
from opsreport.metrics.rows import scorecard_rows
from opsreport.params.decisions import Decision
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "UTC")


def decision(target, direction="at most", metric="m"):
    return Decision(
        id="d", title="D", owner="O", metric=metric, target=target, direction=direction, status="accepted",
        decided_on=dt.date(2026, 8, 1), review_on=dt.date(2026, 10, 31),
    )  # fmt: skip


def row(value, unit="number", coverage=1.0, **more):
    return {"id": "m", "measure": "M", "unit": unit, "currency": "EUR", "this_month": value, "coverage": coverage,
            "target": None, "verdict": "unknown", **more}  # fmt: skip


def judged(one, row, is_month=True):
    return outcome(one, row, is_month)[0]


@pytest.mark.parametrize(("value", "target", "verdict"), [
    (Decimal("3700.00"), 3700, "met"), (Decimal("3700.01"), 3700, "missed"), (Decimal("0.3"), 0.3, "met"),
    (Decimal("3699.999999999999999999"), 3700, "met"), (Decimal("3700.000000000000000001"), 3700, "missed"),
])  # fmt: skip
def test_money_is_compared_exactly(value, target, verdict):
    assert judged(decision(target), row(value, "money")) == verdict


@pytest.mark.parametrize(("value", "direction", "verdict"), [
    (0.995, "at least", "met"), (0.9949, "at least", "missed"),
    (0.995, "at most", "met"), (0.9951, "at most", "missed"),
])  # fmt: skip
def test_a_share_that_reaches_its_target_exactly_meets_it(value, direction, verdict):
    assert judged(decision(0.995, direction), row(value, "availability")) == verdict


def test_a_time_is_held_against_a_time():
    assert judged(decision("4h"), row(pd.Timedelta("4h"), "duration")) == "met"
    assert judged(decision("4h"), row(pd.Timedelta("4h1s"), "duration")) == "missed"
    assert judged(decision("30min"), row(31.0, "minutes")) == "missed"
    assert judged(decision("30min"), row(30.0, "minutes")) == "met"


@pytest.mark.parametrize(("target", "row", "why"), [
    (1, {}, "no figure of this review is called m"),
    (1, row(None), "not known for this month"), (1, row(float("nan")), "not known for this month"),
    ("4h", row(pd.NaT, "duration"), "not known for this month"),
    (4, row(pd.Timedelta("1h"), "duration"), "not of one kind"), ("4h", row(1.0, "count"), "not of one kind"),
    (99.5, row(0.999, "availability"), "written 0.995"), (1, row(0.5, coverage=0.9), "could change it"),
    (1, row(0.5, coverage=None), "could change it"),
])  # fmt: skip
def test_what_cannot_be_told_is_unknown_and_says_why(target, row, why):
    verdict, said = outcome(decision(target), row, True)
    assert verdict == "unknown" and why in said


def test_what_was_not_seen_counts_as_bad_for_met_and_as_good_for_missed():
    bounds = {"coverage": 0.9, "worst": 0.90, "best": 0.99}
    for target, verdict in ((0.90, "met"), (0.95, "unknown"), (0.99, "unknown"), (0.995, "missed")):
        assert judged(decision(target, "at least"), row(0.97, "availability", **bounds)) == verdict
    for target, verdict in ((0.99, "met"), (0.95, "unknown"), (0.89, "missed")):
        assert judged(decision(target, "at most"), row(0.97, "availability", **bounds)) == verdict


def test_of_a_part_of_a_month_more_money_can_only_come_to_light():
    seen = row(Decimal(3800), "money", 0.5)
    assert judged(decision(3700, "at most"), seen) == "missed"
    assert judged(decision(3900, "at most"), seen) == "unknown"
    assert judged(decision(3700, "at least"), seen) == "met"
    assert judged(decision(3900, "at least"), seen) == "unknown"


def test_where_the_target_is_the_agreed_one_the_scorecards_verdict_holds():
    partly = row(0.9, "share", 0.5, target=0.95, verdict="missed")
    assert judged(decision(0.95, "at least"), partly) == "missed"
    assert judged(decision(0.96, "at least"), partly) == "unknown"
    assert judged(decision(0.95, "at most"), partly) == "unknown"  # a floor there, a ceiling here
    assert judged(decision(0.95, "at least"), row(0.96, "share", 0.5, target=0.95, verdict="at risk")) == "met"


def test_a_months_target_does_not_judge_other_days():
    assert judged(decision(3700), row(Decimal(100), "money"), is_month=False) == "unknown"
    assert judged(decision(0.9, "at least"), row(0.95, "availability"), is_month=False) == "met"


@given(
    st.lists(st.booleans(), min_size=1, max_size=30), st.lists(st.booleans(), max_size=30),
    st.integers(0, 20), st.sampled_from(["at least", "at most"]),
)  # fmt: skip
def test_met_or_missed_holds_whatever_the_unseen_turns_out_to_be(seen, unseen, twentieths, direction):
    whole, good = len(seen) + len(unseen), sum(seen)
    bounds = {"worst": good / whole, "best": (good + len(unseen)) / whole, "coverage": len(seen) / whole}
    one = decision(twentieths / 20, direction)
    verdict = judged(one, row(good / len(seen), "availability", **bounds))
    truth = (good + sum(unseen)) / whole
    reaches = truth >= twentieths / 20 if direction == "at least" else truth <= twentieths / 20
    assert verdict in ({"met", "unknown"} if reaches else {"missed", "unknown"})


def test_a_metric_is_a_key_figure_by_its_id_or_as_the_scorecard_prints_it():
    scores = scorecard_rows([row(1.0)])
    assert figure("m", scores, [])["this_month"] == figure("scorecard.m.this_month", scores, [])["this_month"] == 1.0
    assert figure("scorecard.m.target", scores, []) == {}


@pytest.mark.parametrize(("fact", "target", "verdict"), [
    (Fact("cost.finding.spend", Decimal("12.50"), "money", 1.0), 12.5, "met"),
    (Fact("incidents.finding.downtime", pd.Timedelta("5h"), "duration", 1.0), "4h", "missed"),
    (Fact("uptime.finding.left", 3.0, "minutes", 1.0), "4min", "met"),
    (Fact("a.b", None, "count", 1.0), 1, "unknown"), (Fact("a.b", "words", "text", 1.0), 1, "unknown"),
    (Fact("a.b", 1, "share"), 1, "unknown"),
])  # fmt: skip
def test_any_other_figure_can_be_a_metric_as_its_record_keeps_it(fact, target, verdict):
    found = figure(fact.id, scorecard_rows([]), [fact.record(STYLE)])
    assert judged(decision(target, metric=fact.id), found) == verdict
