"""Collecting: several sources at a time, one question for several frames, and what can never be had again."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest

from opsreport import sources
from opsreport.cli.collect import AT_ONCE, collect, summary
from opsreport.errors import SourceError
from opsreport.home import Home
from opsreport.params.models import ClientParams
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.sources import Pages, SourceSettings, _aws
from opsreport.store import Store

OCTOBER = Period.month("2026-10")
NOW = pd.Timestamp("2026-10-20 06:00", tz="UTC")
DAY = pd.Timedelta(days=1)


def source(name, frames=("incident",), fetch=None, keeps=None):
    """A source that answers nothing, as the contract has it."""
    asked = []

    def answer(period, settings):
        asked.append(settings)
        return fetch(period, settings) if fetch else Pages((), settings, extra={"now": settings.run.now})

    made = SimpleNamespace(
        __name__=f"opsreport.sources.{name}", FRAMES=frames, Settings=SourceSettings, fetch=answer, asked=asked,
        to_frames=lambda pages, period: {frame: FRAMES[frame].empty() for frame in frames},
    )  # fmt: skip
    if keeps is not None:
        made.KEEPS = dict.fromkeys(frames, keeps)
        made.observed = _aws.told(made.KEEPS)
    return made


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Collect a client whose sources are these."""
    home = Home(tmp_path)
    home.params.mkdir()

    def collected(*modules, now=NOW, **options):
        known = {module.__name__.rpartition(".")[2]: module for module in modules}
        monkeypatch.setattr(sources, "find", known.__getitem__)
        named = {}
        for name, module in known.items():
            for frame in module.FRAMES:
                named.setdefault(frame, []).append({name: {}})
        params = ClientParams(client="acme", display_name="A", time_zone="UTC", currency="EUR", sources=named)
        return collect(home, params, OCTOBER, now, **options)

    collected.store = lambda: Store(home.store, "acme")
    return collected


def test_a_source_that_fills_several_frames_is_asked_once(run):
    both = source("both", ("asset", "patch_state"))
    assert [one.coverage.frame for one in run(both)] == ["asset", "patch_state"] and len(both.asked) == 1


def test_a_slow_source_does_not_hold_the_others_and_is_said_to_be_missing(run):
    waits = threading.Event()
    slow = source("slow", fetch=lambda period, settings: waits.wait(20) or Pages((), settings))
    began = time.monotonic()
    made = run(slow, source("quick"), patience=2.0)
    waits.set()
    assert time.monotonic() - began < 10
    told = {one.coverage.source: one.coverage for one in made}
    assert (told["slow"].status, told["quick"].status) == ("unavailable", "ok")
    assert "no answer in the time" in told["slow"].why
    assert set(run.store().coverage()["source"]) == {"slow", "quick"}


def test_no_more_than_a_few_are_asked_at_a_time_and_how_far_it_has_come_is_said(run):
    now, most, lock = [], [], threading.Lock()

    def fetch(period, settings):
        with lock:
            now.append(1)
            most.append(len(now))
        time.sleep(0.05)
        with lock:
            now.pop()
        return Pages((), settings)

    said = []
    run(*(source(f"s{number}", fetch=fetch) for number in range(9)), say=said.append)
    assert 1 < max(most) <= AT_ONCE
    assert [text.partition(":")[0] for text in said] == [f"{number} of 9" for number in range(1, 10)]


def test_a_source_that_refuses_leaves_the_others_and_a_fault_in_one_is_raised_after_them(run):
    def refuse(period, settings):
        raise SourceError("refused", hint="ask")

    def odd(period, settings):
        raise KeyError("State")

    def fault(period, settings):
        raise AssertionError("a bug")

    assert [one.coverage.status for one in run(source("a", fetch=refuse), source("b"))] == ["unavailable", "ok"]
    told = run(source("c", fetch=odd), source("d"))[0].coverage
    assert told.status == "unavailable" and "KeyError 'State'" in told.why
    with pytest.raises(AssertionError, match="a bug"):
        run(source("e", fetch=fault), source("f"))
    assert "f" in set(run.store().coverage()["source"])


def test_what_asking_cost_is_told_once_for_all_its_frames(run):
    dear = source("dear", ("asset", "patch_state"),
                  fetch=lambda period, settings: Pages((), settings, extra={"price": Decimal("0.03")}))  # fmt: skip
    assert sum(one.price for one in run(dear)) == Decimal("0.03")


def lost(made):
    return [(f"{start:%d}", f"{end:%d}") for start, end in made[0].lost.pairs()]


def test_collecting_after_a_gap_fills_what_is_remembered_and_says_what_is_lost_for_good(run):
    two_weeks = source("weeks", keeps=14 * DAY)
    # First on the 10th: two weeks back reach before the month. Then on the 30th: the 10th to the 16th are gone.
    assert lost(run(two_weeks, now=NOW - 10 * DAY)) == []
    assert lost(run(two_weeks, now=NOW + 10 * DAY)) == [("10", "16")]
    seen = run.store().coverage()
    assert [f"{end:%d}" for end in seen["observed_end"]] == ["10", "30"]
    assert lost(run(source("ever", keeps=_aws.FOR_EVER))) == []


def test_of_what_is_shown_only_as_it_is_now_the_days_without_a_reading_are_lost(run):
    state = source("state", ("log_group",), keeps=_aws.ONLY_NOW)
    for day in (17, 18):
        run(state, now=pd.Timestamp(f"2026-10-{day} 06:00", tz="UTC"))
    assert lost(run(state, now=NOW)) == [("01", "16"), ("18", "19")]


def test_the_summary_says_each_reason_once_and_what_is_lost_on_the_clients_clock(run):
    def broken(period, settings):
        raise SourceError("the token is wrong", hint="make a new one")

    made = run(source("one", fetch=broken), source("two", fetch=broken), source("four"),
               source("three", keeps=_aws.ONLY_NOW))  # fmt: skip
    lines = summary(made, "Europe/Berlin")
    assert lines[:5] == [
        "incident from one          0 rows  unavailable", "  ✕ the token is wrong", "    Hint: make a new one",
        "incident from two          0 rows  unavailable", "  ✕ as incident from one",
    ]  # fmt: skip
    assert lines[5:7] == ["incident from four         0 rows  ok", "incident from three        0 rows  ok"]
    assert lines[-1] == "△ 2026-10-01 02:00 to 2026-10-19 06:00 was never seen, and is forgotten: incident from three"
