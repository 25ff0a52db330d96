"""Interval algebra against the plainest oracle there is: a set of whole seconds."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsreport.intervals import Intervals, union

EPOCH = pd.Timestamp("2026-10-01", tz="UTC")
seconds = st.integers(min_value=0, max_value=60)
runs = st.lists(st.tuples(seconds, seconds), max_size=6)  # an end before its start is empty


def at(second):
    return EPOCH + pd.Timedelta(seconds=second)


def intervals(pairs):
    return Intervals((at(start), at(end)) for start, end in pairs)


def covered(pairs):
    return {second for start, end in pairs for second in range(start, end)}


def seconds_of(made):
    return {
        second
        for start, end in made.pairs()
        for second in range(int((start - EPOCH).total_seconds()), int((end - EPOCH).total_seconds()))
    }


@settings(max_examples=60, deadline=None)
@given(runs, runs)
def test_the_algebra_is_that_of_sets_of_seconds(ours, theirs):
    a, b = intervals(ours), intervals(theirs)
    assert seconds_of(a | b) == covered(ours) | covered(theirs)
    assert seconds_of(a & b) == covered(ours) & covered(theirs)
    assert seconds_of(a - b) == covered(ours) - covered(theirs)
    assert a.measure() == pd.Timedelta(seconds=len(covered(ours)))


@settings(max_examples=60, deadline=None)
@given(runs, runs)
def test_results_are_disjoint_sorted_and_do_not_touch(ours, theirs):
    for made in (intervals(ours) | intervals(theirs), intervals(ours) - intervals(theirs)):
        pairs = made.pairs()
        assert all(start < end for start, end in pairs)
        assert all(one[1] < other[0] for one, other in pairwise(pairs))


@settings(max_examples=60, deadline=None)
@given(runs, st.randoms())
def test_order_and_repetition_change_nothing(pairs, random):
    shuffled = pairs * 2
    random.shuffle(shuffled)
    assert intervals(shuffled) == intervals(pairs)


@settings(max_examples=60, deadline=None)
@given(runs, seconds, seconds)
def test_clip_keeps_what_lies_in_the_half_open_window(pairs, start, end):
    expected = covered(pairs) & set(range(start, end))
    assert seconds_of(intervals(pairs).clip(at(start), at(end))) == expected


@settings(max_examples=60, deadline=None)
@given(runs, seconds)
def test_a_split_anywhere_adds_up(pairs, cut):
    whole = intervals(pairs)
    left, right = whole.clip(at(0), at(cut)), whole.clip(at(cut), at(60))
    assert left.measure() + right.measure() == whole.measure()
    assert left | right == whole


@settings(max_examples=60, deadline=None)
@given(st.lists(runs, max_size=4))
def test_the_union_of_many_is_the_union_of_all_their_seconds(sets):
    assert seconds_of(union(intervals(pairs) for pairs in sets)) == set().union(*map(covered, sets))


@settings(max_examples=60, deadline=None)
@given(runs)
def test_a_frame_makes_the_same_set_as_its_pairs(pairs):
    frame = pd.DataFrame({
        "started_at": pd.Series([at(start) for start, _ in pairs], dtype="datetime64[us, UTC]"),
        "ended_at": pd.Series([at(end) for _, end in pairs], dtype="datetime64[us, UTC]"),
    })  # fmt: skip
    assert Intervals.from_frame(frame) == intervals(pairs)


def test_a_microsecond_counts_and_an_empty_pair_does_not():
    one = Intervals([(at(0), at(0) + pd.Timedelta(1, "us")), (at(5), at(5))])
    assert one.measure() == pd.Timedelta(1, "us")
    assert len(one) == 1


def test_instants_of_any_zone_and_resolution_mean_the_same():
    berlin = pd.Timestamp("2026-10-01 02:00", tz="Europe/Berlin")
    assert Intervals([(berlin, berlin + pd.Timedelta(hours=1))]) == intervals([(0, 3600)])
    coarse = pd.Timestamp("2026-10-01", tz="UTC").as_unit("s")
    assert Intervals([(coarse, coarse + pd.Timedelta(hours=1))]) == intervals([(0, 3600)])


def test_an_open_end_is_refused_rather_than_guessed():
    frame = pd.DataFrame({"started_at": [at(0)], "ended_at": pd.Series([pd.NaT], dtype="datetime64[us, UTC]")})
    with pytest.raises(ValueError, match="must be known"):
        Intervals.from_frame(frame)


def test_nothing_is_falsy_and_measures_zero():
    assert not Intervals()
    assert union([]).measure() == pd.Timedelta(0)
    assert Intervals().pairs() == []
