"""When sources were asked: what is kept of it, and what a source's own habit is taken from."""

from __future__ import annotations

import pandas as pd
import pytest

from opsreport import attempts
from opsreport.coverage import Coverage
from opsreport.errors import StoreError


def at(text):
    return pd.Timestamp(text, tz="UTC")


def told(end=None, status="ok", why="", source="vault"):
    window = {"requested_start": at("2026-11-01"), "requested_end": at("2026-12-01")}
    start, end = (pd.NaT, pd.NaT) if end is None else (at("2026-11-01"), at(end))
    return Coverage("backup", source, **window, observed_start=start, observed_end=end, rows=0, status=status, why=why)


def test_a_failure_after_a_success_keeps_when_it_last_answered_and_says_why(tmp_path):
    attempts.record(tmp_path, [told("2026-11-20")], at("2026-11-20 03:00"))
    attempts.record(tmp_path, [told(status="unavailable", why="refused")], at("2026-11-21 03:00"))
    (one,) = attempts.read(tmp_path)
    assert (one.tried_at, one.read_at) == (at("2026-11-21 03:00"), at("2026-11-20 03:00"))
    assert (one.status, one.why, one.told_until) == ("unavailable", "refused", at("2026-11-20"))


def test_reading_the_same_again_moves_only_when_it_was_read(tmp_path):
    for day in (20, 21):
        attempts.record(tmp_path, [told("2026-11-19"), told(source="other")], at(f"2026-11-{day} 03:00"))
    vault, other = sorted(attempts.read(tmp_path), key=lambda one: one.source == "other")
    assert vault.read_at == other.read_at == at("2026-11-21 03:00")
    assert vault.told_until == at("2026-11-19") and pd.isna(other.told_until) and vault.waits == ()


def test_a_wait_is_how_old_what_was_known_had_grown_but_not_where_nobody_asked_for_days(tmp_path):
    for end, now in (("2026-11-01", "2026-11-02"), ("2026-11-01", "2026-11-03"), ("2026-11-03", "2026-11-04"),
                     ("2026-11-09", "2026-11-10")):  # fmt: skip
        attempts.record(tmp_path, [told(end)], at(now))
    (one,) = attempts.read(tmp_path)
    assert one.waits == (3 * 86_400.0,)  # from the 1st to the 4th; the 4th to the 10th nobody asked
    assert one.told_until == at("2026-11-09")


def test_no_more_than_thirty_waits_are_kept(tmp_path):
    for number in range(40):
        day = at("2026-01-01") + pd.Timedelta(days=number)
        attempts.record(tmp_path, [told(str(day.date()))], day)
    (one,) = attempts.read(tmp_path)
    assert one.waits == (86_400.0,) * 30


def test_what_cannot_be_read_or_written_is_said_and_nothing_noted_is_nothing(tmp_path):
    assert attempts.read(tmp_path) == []
    (tmp_path / attempts.FILE).write_text('[{"frame": "backup"}]')
    with pytest.raises(StoreError, match="cannot be read"):
        attempts.read(tmp_path)
