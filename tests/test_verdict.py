"""A verdict holds whatever the unseen time was, or is unknown."""

import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport.verdict import VERDICTS, verdict

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("worst", "best", "said"),
    [(0.95, 0.986, "missed"), (0.95, 1.0, "unknown"), (0.999, 1.0, "met"), (0.999, 0.999, "met"),
     (0.9989999, 0.9989999, "missed"), (0.0, 0.999, "unknown")],
)  # fmt: skip
def test_the_bounds_decide(worst, best, said):
    assert verdict(worst, best, 0.999) == said


@pytest.mark.parametrize("target", [0.999, Decimal("0.999")])
@pytest.mark.parametrize("value", [0.999, Decimal("0.999")])
def test_a_target_that_is_reached_exactly_is_met_in_either_type(value, target):
    assert verdict(value, value, target) == "met"
    assert verdict(value, value, target, higher_is_better=False) == "met"


def test_money_is_compared_to_the_last_digit():
    over = Decimal("100.000000000000000001")
    assert verdict(over, over, Decimal(100), higher_is_better=False) == "missed"


def test_times_are_compared_as_times():
    hour = pd.Timedelta(hours=1)
    assert verdict(hour, hour, pd.Timedelta(minutes=60), higher_is_better=False) == "met"


def test_only_a_met_target_is_at_risk():
    assert verdict(1.0, 1.0, 0.9, at_risk=True) == "at risk"
    assert verdict(0.5, 0.5, 0.9, at_risk=True) == "missed"
    assert verdict(0.5, 1.0, 0.9, at_risk=True) == "unknown"


@pytest.mark.parametrize("missing", [None, math.nan, pd.NaT, pd.NA, Decimal("NaN")])
@pytest.mark.parametrize("place", range(3))
def test_what_is_not_known_is_unknown(missing, place):
    values = [1.0, 1.0, 0.5]
    values[place] = missing
    assert verdict(*values) == "unknown"


@given(shares, shares, shares, shares)
def test_seeing_more_never_turns_met_into_missed(one, other, third, target):
    worst, seen, best = sorted((one, other, third))
    before, after = verdict(worst, best, target), verdict(seen, seen, target)
    assert before in VERDICTS and after in ("met", "missed")
    assert before == "unknown" or before == after
