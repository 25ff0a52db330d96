"""What the support section says, in a good month, a bad one, a quiet one and one not seen."""

import datetime as dt
import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import support
from opsreport.narrative import support as narrative
from opsreport.params.models import Agreement
from opsreport.params.operations import TicketTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
HALF = Intervals([(OCTOBER.start, pd.Timestamp("2026-10-16 12:00", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2025, 1, 1), ticket_targets={
    "P1": TicketTarget(first_response="1h", resolution="8h", hours="always")})]  # fmt: skip


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


GOOD = {"opened_at": at("05 01:00"), "first_response_at": at("05 01:30"), "resolved_at": at("05 03:00")}
LATE = {"opened_at": at("06 01:00"), "first_response_at": at("06 03:00"), "resolved_at": at("06 04:00")}


def parts(*rows: dict, seen: Intervals = ALWAYS, agreed: list = AGREED) -> tuple[pd.DataFrame, pd.DataFrame]:
    numbered = [{"ticket_id": f"t{n}", "priority": "P1", **row} for n, row in enumerate(rows)]
    frame = FRAMES["ticket"].conform(pd.DataFrame(numbered)) if rows else FRAMES["ticket"].empty()
    return support.history(frame, OCTOBER, seen), support.targets(frame, OCTOBER, agreed, seen)


def said(*rows: dict, absent: str = "", **more):
    return narrative.finding(*parts(*rows, **more), STYLE, absent)


def test_a_month_in_which_everything_was_answered_in_time():
    assert said(GOOD).text == (
        "1 support request was opened in October 2026, and 1 resolved. None was open when it ended, nor when it "
        "began. The agreed times were met: the first responses that fell due, 1 in all, and the resolutions, 1 in "
        "all, came in time."
    )


def test_a_late_answer_is_a_miss_and_stands_in_the_summary():
    made = said(GOOD, LATE)
    assert made.lead.text.endswith(
        "The agreed times were missed: of the first responses that fell due 1 of 2 came late, and of the "
        "resolutions 0 of 2."
    )


def test_an_answer_that_cannot_be_told_is_neither_met_nor_missed():
    text = said({"opened_at": at("05 01:00"), "resolved_at": at("05 03:00")}).text
    assert "Whether the agreed times were met is unknown" in text
    assert "Replies of which it cannot be told: 1." in text


def test_what_is_awaited_is_said_and_the_backlog_is_compared():
    text = said({"opened_at": at("31 23:30")}, GOOD).text
    assert "Open when it ended: 1, up from 0 when it began." in text
    assert "Awaited at month end and not yet due: 2." in text
    before = {"opened_at": at("05 01:00") - pd.Timedelta(days=20)}
    assert "Open when it ended: 1, as many as when it began." in said(before).text
    down = said(before, {**before, "resolved_at": at("03 00:00")}).text
    assert "Open when it ended: 1, down from 2 when it began." in down
    none = said({**before, "resolved_at": at("03 00:00")}).text
    assert "None was open when it ended, and 1 when it began." in none
    fresh = said({"opened_at": at("31 23:30")}).text
    assert "No agreed reply fell due; awaited and not yet due: 2." in fresh


def test_a_quiet_month_says_so():
    text = said().text
    assert text.startswith("No support request was opened in October 2026; requests resolved: 0.")
    assert "is known to have been opened" in said(seen=HALF).text


def test_a_month_seen_in_part_promises_nothing():
    text = said(GOOD, seen=HALF).text
    assert "Whether the agreed times were met is unknown" in text and "Only 50% of the month was seen" in text


def test_a_month_that_was_not_seen_is_a_notice():
    assert said(seen=Intervals()).kind == "notice" and said(GOOD, absent="No source.").text == "No source."


def test_with_nothing_agreed_no_verdict_is_passed():
    assert "agreed" not in said(GOOD, agreed=[]).text


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said(GOOD, LATE, {"opened_at": at("31 23:50")})
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("support.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))


def test_the_open_requests_are_reconciled_in_a_sentence():
    history, _ = parts(GOOD, {"opened_at": at("31 23:50")})
    text = narrative.reconciled(history, STYLE).text
    assert text == "0 open before, plus 2 opened, less 1 resolved, leaves 1 open at month end."
    unseen, _ = parts(seen=Intervals())
    assert "unknown" in narrative.reconciled(unseen, STYLE).text
    assert narrative.method(STYLE).about["role"] == "method"


def test_a_run_of_days_is_not_called_the_month_that_it_lies_in():
    days = Period.days("2026-10-05", "2026-10-11")
    frame = FRAMES["ticket"].conform(pd.DataFrame([{"ticket_id": "t", "priority": "P1", **GOOD}]))
    history, targets = support.history(frame, days, ALWAYS), support.targets(frame, days, AGREED, ALWAYS)
    text = narrative.finding(history, targets, STYLE).text
    assert text.startswith("1 support request was opened in the days from 5 Oct 2026 to 11 Oct 2026, and 1 resolved.")


def test_requests_without_a_priority_are_told_and_are_none_of_those_that_fell_due():
    late = {"opened_at": at("06 01:00"), "first_response_at": at("06 01:30"), "resolved_at": at("06 12:00")}
    text = said(late, GOOD | {"priority": None}, GOOD | {"priority": None}).text
    assert "of the first responses that fell due 0 of 1 came late, and of the resolutions 1 of 1." in text
    assert text.endswith("Replies of which it cannot be told: 2.")
    alone = said(GOOD | {"priority": None}).text
    assert "fell due" not in alone and alone.endswith("Replies of which it cannot be told: 1.")
