"""What is said of the work done: within the hours agreed, over them, or not known."""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import delivery, work
from opsreport.narrative import work as narrative
from opsreport.params.models import Agreement
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HALF = Intervals([(OCTOBER.start, pd.Timestamp("2026-10-16 12:00", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2026, 1, 1), work_hours=4)]


def said(*hours: str | None, agreed: list = AGREED, seen: Intervals = ALWAYS, absent: str = "", kind: str = "incident"):
    rows = [{"work_id": f"w{n}", "done_on": pd.Timestamp("2026-10-05", tz="UTC"), "kind": "support" if n else kind,
             "hours": None if one is None else Decimal(one)} for n, one in enumerate(hours)]  # fmt: skip
    frame = FRAMES["work"].conform(pd.DataFrame(rows)) if rows else FRAMES["work"].empty()
    kinds = work.by_kind(frame, OCTOBER, seen)
    return narrative.finding(work.history(frame, OCTOBER, agreed, seen), kinds, STYLE, absent)


def test_a_month_within_the_hours_agreed():
    assert said("2", "1").text == (
        "2 pieces of work were done in October 2026, in 3 h. The limit of 4 h that was agreed was kept. "
        "67% of the hours went to incidents: 2 h."
    )


def test_what_took_most_is_named_and_what_is_not_recorded_is_not_counted():
    other = said("2", "1", kind="maintenance").text
    assert other.endswith("67% of the hours went to work of the kind “maintenance”: 2 h.")
    assert said("2", "1", None).text.endswith("67% of the hours recorded went to incidents: 2 h.")


def test_more_than_agreed_is_a_miss_and_stands_in_the_summary():
    made = said("5.5")
    assert "The limit of 4 h that was agreed was missed: 1.5 h more were used." in made.lead.text
    assert made.text.startswith("1 piece of work was done in October 2026, in 5.5 h.")
    assert made.text.endswith("All recorded hours were of the kind incident.")


def test_hours_that_are_not_recorded_are_said_and_leave_it_open():
    text = said("2", None).text
    assert "2 pieces of work were done in October 2026, in at least 2 h: the hours of 1 are not recorded." in text
    assert "Whether the limit of 4 h that was agreed was kept is unknown." in text
    assert "Pieces of work done in October 2026: 1; their hours are not recorded." in said(None).text


def test_a_month_seen_in_part_promises_nothing():
    assert "since not all of the month was seen" in said("2", seen=HALF).text
    assert "is unknown" in said("2", seen=HALF).text and "was missed" in said("5", seen=HALF).text
    assert "No work is known of in October 2026" in said(seen=HALF).text


def test_a_quiet_month_and_nothing_agreed():
    assert said().text == "No work is recorded for October 2026. The limit of 4 h that was agreed was kept."
    assert "No hours of work are agreed." in said("2", agreed=[]).text
    part = [Agreement(starts_on=dt.date(2026, 10, 1), ends_on=dt.date(2026, 10, 10), work_hours=4)]
    assert "For a part of the month 1.29 h were agreed; that limit was missed." in said("2", agreed=part).text


def test_a_kind_that_is_not_stated_is_said_to_be_so():
    assert "work without a stated kind: 2 h" in said("2", kind=None).text


def test_a_month_that_was_not_seen_is_a_notice():
    assert said(seen=Intervals()).kind == "notice" and said("2", absent="No source.").text == "No source."


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said("2", "3", None)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("work.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))


def test_deployments_stand_in_one_line_most_first():
    rows = pd.DataFrame([
        {"deployment_id": f"d{n}", "service": service, "environment": "production", "outcome": "success",
         "started_at": pd.Timestamp("2026-10-05", tz="UTC"), "finished_at": pd.Timestamp("2026-10-05", tz="UTC")}
        for n, service in enumerate(["web", "shop", "shop"])
    ])  # fmt: skip
    often = delivery.frequency(FRAMES["deployment"].conform(rows), OCTOBER, ALWAYS, {})
    made = narrative.deployments(often, STYLE)
    assert made.text == "Put into production with success this month: shop 2×, web 1×."
    assert made.facts[0]["rows"]["where"] == {"service": "shop", "environment": "production"}
    none = delivery.frequency(FRAMES["deployment"].empty(), OCTOBER, ALWAYS, {})
    assert "No deployment to production is known" in narrative.deployments(none, STYLE).text
    assert narrative.method(STYLE).about["role"] == "method"


def test_a_run_of_days_is_not_called_the_month_that_it_lies_in():
    days, none = Period.days("2026-10-05", "2026-10-11"), FRAMES["work"].empty()
    history, kinds = work.history(none, days, AGREED, ALWAYS), work.by_kind(none, days, ALWAYS)
    text = narrative.finding(history, kinds, STYLE).text
    assert text.startswith("No work is recorded for the days from 5 Oct 2026 to 11 Oct 2026.")
