"""Answers that cost money are kept and used again, for as long as they may be, and only whole ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.sources import _aws, _aws_answers
from tests.aws.conftest import NOW, settings

DAY = {"TimePeriod": {"Start": "2026-10-01", "End": "2026-10-02"}, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
KEEP = pd.Timedelta(hours=12)


def page(amount: str) -> dict:
    return {"ResultsByTime": [{"TimePeriod": DAY["TimePeriod"], "Estimated": False,
                               "Total": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}]}  # fmt: skip


@pytest.fixture
def ask(aws, tmp_path):
    """Ask one question that costs, at a time, and answer its pages and price."""
    aws.answer("ce:GetCostAndUsage", page("1.5"), page("2.5"))

    def asked(now=NOW, **more):
        given = settings("aws_logs", "", run={"answers": tmp_path / "answers", "now": now, **more})
        questions = _aws.opened(given, ("ce:GetCostAndUsage",))
        return questions.ask("ce:GetCostAndUsage", "us-east-1", keep=KEEP, **DAY), questions

    return asked


def test_a_question_is_paid_for_once_in_the_time_that_its_answer_holds(aws, ask):
    first, paid = ask()
    again, free = ask(NOW + KEEP - pd.Timedelta(minutes=1))
    assert again == first and len(first) == 2
    assert (paid.price, free.price) == (Decimal("0.02"), 0) and len(aws.asked("ce:GetCostAndUsage")) == 2
    assert paid.inputs == free.inputs
    _, later = ask(NOW + KEEP)
    assert later.price == Decimal("0.02")


def test_an_answer_that_broke_off_is_not_kept_and_a_damaged_one_is_asked_again(aws, ask, tmp_path):
    aws.fault("ce:GetCostAndUsage", "broken", at=2, times=0)
    told, questions = ask()
    assert len(told) == 1 and questions.why and not list((tmp_path / "answers").glob("*"))
    aws.faults.clear()
    ask()
    (kept,) = (tmp_path / "answers").glob("*.json.gz")
    kept.write_bytes(kept.read_bytes()[:20])
    assert ask()[1].price == Decimal("0.02")


def test_a_probe_keeps_nothing_and_reads_one_page(ask, tmp_path):
    told, _ = ask(is_probe=True)
    assert len(told) == 1 and not (tmp_path / "answers").exists()


def test_times_and_exact_numbers_come_back_as_they_were(tmp_path):
    path = tmp_path / "answers" / "x.json.gz"
    pages = [{"at": dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC), "amount": Decimal("0.1"), "raw": b"\x00\xff"}]
    _aws_answers.keep(path, [pages], NOW)
    assert _aws_answers.find(path, KEEP, NOW) == [pages]
    assert _aws_answers.find(path, None, NOW) is None


def test_an_answer_from_a_clock_that_was_ahead_is_asked_again_and_all_is_for_its_owner_only(tmp_path):
    path = tmp_path / "store" / "acme" / "answers" / "x.json.gz"
    _aws_answers.keep(path, [[{}]], NOW + pd.Timedelta(days=365))
    assert _aws_answers.find(path, KEEP, NOW) is None
    assert {folder.stat().st_mode & 0o077 for folder in (path, *path.parents[:3])} == {0}


def test_when_there_is_no_time_left_nothing_more_is_asked(aws, ask):
    told, questions = ask(until=1e-9)
    assert told == [] and "no time left" in questions.why and not aws.asked("ce:GetCostAndUsage")
