"""Performance rules fire on what was missed for certain, and on nothing that was not seen."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from opsreport import findings
from opsreport.findings import performance as rules
from opsreport.period import Period

HOUR = pd.Timedelta(hours=1)
OCTOBER = Period.month("2026-10")
TERM = {"starts_on": dt.date(2025, 1, 1), "performance": [
    {"service": "shop", "latency_p95": 0.5, "latency_p99": 2, "error_rate": 0.01}]}  # fmt: skip


def load(errors: int = 1, p95: str = "0.4", end: pd.Timestamp = OCTOBER.end, **more) -> dict:
    return {"service": "shop", "started_at": OCTOBER.start, "ended_at": end, "requests": 100, "errors": errors,
            "latency_p95": Decimal(p95), **more}  # fmt: skip


@pytest.fixture
def month(make_client, make_month):
    def made(*rows: dict, tier: int = 1, **frames):
        client = make_client(agreement=[TERM], services={"shop": {"owner": "Web team", "tier": tier}})
        return make_month(client, request_load=list(rows), **frames)

    return made


def said(found, of) -> str:
    return findings.said(found.title, found.facts, of)


def test_a_missed_error_rate_is_found_with_its_rows(month):
    of = month(load(errors=2))
    (found,) = rules.failing_requests(of)
    assert said(found, of) == "2% of the requests to shop failed, where at most 1% was agreed."
    assert (found.id, found.owner, found.urgency) == ("performance.failing_requests.shop", "Web team", findings.NOW)
    assert len(findings.evidence(found, of)) == 1 and list(rules.slow_answers(of)) == []
    (later,) = rules.failing_requests(month(load(errors=2), tier=2))
    assert later.urgency == findings.THIS_MONTH


def test_slow_answers_are_found_by_percentile(month):
    of = month(load(p95="0.6"))
    (found,) = rules.slow_answers(of)
    assert said(found, of) == "95 % of the answers of shop came within 600 ms, where 500 ms was agreed."
    assert found.id == "performance.slow_answers.shop.p95" and list(rules.failing_requests(of)) == []


def hours(slow_from: int, until: int = 31) -> list[dict]:
    """Two hours of each day, slower than agreed from one day of the month on, up to another."""
    begun = [(day, OCTOBER.start + pd.Timedelta(days=day - 1, hours=hour)) for day in range(1, 32) for hour in (9, 10)]
    return [load(p95="0.6" if slow_from <= day <= until else "0.4") | {"started_at": start, "ended_at": start + HOUR}
            for day, start in begun]  # fmt: skip


def test_it_is_told_since_when_the_hours_were_too_slow(month):
    of = month(load(p95="0.6"), *hours(slow_from=6))
    (found,) = rules.slow_answers(of)
    assert found.since == dt.date(2026, 10, 6) and found.service == "shop"
    assert said(found, of).endswith("on every day since 6 Oct at least half of the hours were slower than that.")
    assert findings.said(found.beside, found.facts, of).startswith("Since the same day shop has answered more slowly")


@pytest.mark.parametrize("rows", [hours(1), hours(6, until=30), hours(40), hours(6)[:-2], hours(6)[2:]])
def test_hours_that_were_slow_all_month_no_more_or_not_seen_tell_no_day(month, rows):
    (found,) = rules.slow_answers(month(load(p95="0.6"), *rows))
    assert found.since is None


def test_slow_answers_that_are_sure_without_a_percentile_are_found(month):
    half = OCTOBER.start + (OCTOBER.end - OCTOBER.start) / 2
    of = month(load(p95="0.6", end=half), load(p95="0.7") | {"started_at": half})
    (found,) = rules.slow_answers(of)
    assert said(found, of) == "95 % of the answers of shop were due within 500 ms, and fewer came."


def test_what_was_met_or_not_seen_is_left_alone(month):
    half = OCTOBER.start + (OCTOBER.end - OCTOBER.start) / 2
    for of in (month(load()), month(load(p95="0.6", errors=1, end=half)), month()):
        assert [*rules.failing_requests(of), *rules.slow_answers(of), *rules.slow_pages(of)] == []


def page(**values) -> dict:
    return {"page": "/product", "service": "shop", "started_at": OCTOBER.start, "ended_at": OCTOBER.end, **values}


def test_pages_beyond_good_are_found_and_poor_ones_are_more_urgent(month):
    of = month(web_vital=[page(lcp=3.1, inp=0.1, cls=0.3)])
    shift, paint = rules.slow_pages(of)
    assert said(paint, of) == (
        "A quarter of the visits to /product were not good (main picture shown: 3.1 s or more; up to 2.5 s is good)."
    )
    assert (paint.urgency, shift.urgency) == (findings.PLAN, findings.THIS_MONTH)
    assert paint.id == "performance.slow_pages.product.lcp" and len(findings.evidence(paint, of)) == 1


def test_pages_within_good_or_not_measured_are_left_alone(month):
    september = OCTOBER.previous()
    old = {"page": "/old", "started_at": september.start, "ended_at": september.end, "lcp": 9}
    assert list(rules.slow_pages(month(web_vital=[page(lcp=2.5, inp=0.2, cls=0.1), old]))) == []
