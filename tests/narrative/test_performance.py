"""What the performance section says, in a good month, a bad one, one seen in part and one not seen."""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd

from opsreport.metrics import performance
from opsreport.narrative import performance as narrative
from opsreport.params.models import Agreement
from opsreport.params.operations import PerformanceTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2025, 1, 1), performance=[PerformanceTarget(
    service="shop", latency_p95=Decimal("0.5"), error_rate=Decimal("0.01"))])]  # fmt: skip


def month(period: Period = OCTOBER, requests: int = 3100, errors: int = 31, p95: str | None = "0.4") -> dict:
    return {"service": "shop", "started_at": period.start, "ended_at": period.end, "requests": requests,
            "errors": errors, "latency_p95": p95 and Decimal(p95)}  # fmt: skip


def said(*rows: dict, agreed=AGREED, pages: tuple[dict, ...] = (), absent: str = ""):
    load = FRAMES["request_load"].conform(pd.DataFrame(rows)) if rows else FRAMES["request_load"].empty()
    vital = [{"page": "/", "started_at": OCTOBER.start, "ended_at": OCTOBER.end, **page} for page in pages]
    felt = FRAMES["web_vital"].conform(pd.DataFrame(vital)) if vital else FRAMES["web_vital"].empty()
    traffic = performance.traffic(load, OCTOBER, agreed)
    return narrative.finding(
        performance.totals(traffic, OCTOBER),
        performance.targets(traffic, performance.answer_times(load, OCTOBER, agreed)),
        performance.each_vital(performance.web_vitals(felt, OCTOBER)), STYLE, absent,
    )  # fmt: skip


def test_a_month_in_which_every_target_was_met():
    september = month(OCTOBER.previous(), requests=1500)
    assert said(month(), september, pages=({"lcp": 1},)).text == (
        "The services took 3,100 requests in October 2026, 100% more a day than the month before. The agreed targets "
        "for errors and the time of requests, 2 in all, were met. The pages that were measured feel fast: all are "
        "within the limits of good."
    )


def test_a_month_with_misses_names_each():
    made = said(month(errors=62, p95="0.6"), month(OCTOBER.previous(), requests=6000))
    assert "50% fewer a day than the month before" in made.text
    assert "Of 2 agreed targets for errors and the time of requests 2 were missed." in made.text
    assert "The error rate of shop was 2%, where at most 1% was agreed." in made.text
    assert "Shop was too slow: 95 of 100 requests were answered within 600 ms, where 500 ms was agreed." in made.text
    assert made.lead.text.startswith("Of 2 agreed targets")


def test_a_miss_that_is_sure_without_a_percentile_is_told_by_what_came_in_time():
    half = OCTOBER.start + (OCTOBER.end - OCTOBER.start) / 2
    hours = [{**month(p95="0.9"), "ended_at": half}, {**month(p95="0.8"), "started_at": half}]
    text = said(*hours).text
    assert "Shop was too slow: 95 of 100 requests were to be answered within 500 ms, and fewer were." in text


def test_a_month_seen_in_part_says_so_and_passes_nothing():
    half = OCTOBER.start + (OCTOBER.end - OCTOBER.start) / 2
    text = said({**month(errors=0), "ended_at": half}).text
    assert "At least 3,100 requests were made in October 2026, of whose hours 50% were seen." in text
    assert "none is known to be missed. Whether 2 were met is unknown." in text


def test_nothing_agreed_is_said_and_not_judged():
    text = said(month(), agreed=[]).text
    assert "No target for errors or for the time of requests was agreed." in text and "met" not in text


def test_a_page_beyond_its_limit_is_told_for_a_quarter_of_its_visits():
    text = said(month(), pages=({"lcp": 3.1}, {"page": "/b", "inp": 0.3}, {"page": "/c", "cls": 0.15})).text
    stood = "On /b, “reaction to a tap” stood at 300 ms or more for a quarter of the visits; up to 200 ms is good."
    assert stood in text
    assert "2 more measures of pages are beyond good." in text


def test_what_is_absent_is_a_notice():
    made = said(absent="No source of requests is named.")
    assert made.kind == "notice" and made.text == "No source of requests is named."


def test_failures_of_a_month_seen_in_part_are_at_least_so_many():
    load = FRAMES["request_load"].conform(pd.DataFrame([month()]))
    totals = performance.totals(performance.traffic(load, OCTOBER, []), OCTOBER)
    assert narrative.failures(totals, STYLE).text == "Over all services 31 requests failed, 1% of them."
    assert "at least 31" in narrative.failures(totals.assign(coverage=0.5), STYLE).text
    assert "unknown" in narrative.failures(totals.assign(error_rate=float("nan")), STYLE).text


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said(month(errors=62, p95="0.6"), month(OCTOBER.previous()), pages=({"lcp": 3.1},))
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("performance.finding.") for id in ids)
    words = re.sub(r"<span class=\"fact\".*?</span>", "", made.html).replace("95 of 100", "")
    assert not re.search(r"\d", words)
    assert narrative.method(STYLE).about["role"] == "method"
