"""A finding as a decision's metric: whether it is found again, and unknown where nothing was seen."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import decisions as register
from opsreport.decisions import recurrence
from opsreport.findings import Finding
from opsreport.metrics.rows import scorecard_rows
from opsreport.params.decisions import Decision, Decisions
from opsreport.period import Period

OCTOBER = Period.month("2026-10")
METRIC = "backups.rpo_missed.vol-1"


class Seen:
    """Enough of a month: its days, and how much of any frame was seen."""

    period = OCTOBER

    def __init__(self, share):
        self.share = share

    def seen(self, frame):
        return self.share

    def days_of(self, frame):
        return self.period


@pytest.fixture
def judged(monkeypatch):
    """The verdict on a decision that this is not found again."""

    def judging(*found, unseen="", share=1.0, metric=METRIC):
        monkeypatch.setattr(recurrence, "share_seen", lambda seen, days: seen)
        rows = pd.DataFrame({"rule": ["rpo_missed"], "unseen": [unseen]})
        monkeypatch.setattr(recurrence, "silent", lambda found, month: rows)
        days = {"decided_on": dt.date(2026, 8, 1), "review_on": dt.date(2026, 10, 31), "status": "accepted"}
        decision = Decision(id="d", title="D", owner="O", metric=metric, target=0, direction="at most", **days)
        held = Decisions(decisions=[decision])
        made = [Finding(id=id, area="backups", title="", action="") for id in found]
        figures = register.recurrences(held, made, Seen(share))
        return register.judged(held, scorecard_rows([]), OCTOBER, figures)["verdict"].iloc[0]

    return judging


def test_found_again_is_missed_and_not_found_again_is_met(judged):
    assert judged(METRIC) == "missed" and judged() == "met" and judged("backups.rpo_missed.vol-2") == "met"


def test_found_is_missed_however_little_was_seen(judged):
    assert judged(METRIC, share=0.1) == "missed"


def test_not_found_says_nothing_where_it_could_not_have_been(judged):
    assert judged(unseen="Backups") == "unknown" and judged(share=0.9) == "unknown"


def test_what_is_no_rules_finding_is_no_figure(judged):
    assert judged(metric="backups.no_such_rule.vol-1") == judged(metric="backups") == "unknown"
