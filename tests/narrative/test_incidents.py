"""What the incidents section says, in a good month, a bad one, a quiet one and one not seen."""

import datetime as dt
import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import incidents
from opsreport.narrative import incidents as narrative
from opsreport.params.models import Agreement, ResponseTarget
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
AGREED = [Agreement(starts_on=dt.date(2025, 1, 1), response_targets={
    "sev1": ResponseTarget(acknowledge="30min", restore="4h", hours="always")})]  # fmt: skip


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")


def said(*rows: dict, seen: Intervals = ALWAYS, agreed: list = AGREED):
    numbered = [{"incident_id": f"i{n}", "severity": "sev1", **row} for n, row in enumerate(rows)]
    frame = FRAMES["incident"].conform(pd.DataFrame(numbered)) if rows else FRAMES["incident"].empty()
    return narrative.finding(
        incidents.history(frame, OCTOBER, seen), incidents.targets(frame, OCTOBER, agreed, seen),
        incidents.repeats(frame, OCTOBER), incidents.found_by_us(frame, OCTOBER), STYLE,
        incidents.severe(frame, OCTOBER, seen),
    )  # fmt: skip


GOOD = {"opened_at": at("05 01:00"), "acknowledged_at": at("05 01:10"), "resolved_at": at("05 03:00"),
        "reported_by": "alert", "service": "shop", "fingerprint": "disk"}  # fmt: skip
LATE = {"opened_at": at("06 01:00"), "acknowledged_at": at("06 02:00"), "resolved_at": at("06 03:00"),
        "reported_by": "customer", "service": "shop", "fingerprint": "disk"}  # fmt: skip


def test_a_month_in_which_everything_was_answered_in_time():
    assert said(GOOD).text == (
        "1 incident was opened in October 2026; for 2 h of the month at least one was going on. The month before had "
        "none. The agreed response times were met: the responses that fell due, 2 in all, came in time. Our own alerts "
        "found 1 of 1 before anyone reported them."
    )


def test_where_severities_differ_the_time_of_the_worst_is_told_beside_that_of_any():
    long = {"opened_at": at("05 02:00"), "resolved_at": at("05 12:00"), "severity": "sev3", "service": "shop"}
    assert said(GOOD, long).text.startswith(
        "2 incidents were opened in October 2026. One of the worst severity, sev1, was going on for 2 h of the month, "
        "one of any severity for 11 h."
    )


def test_a_month_with_a_late_answer_and_a_repeat():
    text = said(GOOD, LATE).text
    assert "The agreed response times were missed: of 4 responses that fell due, 1 was late." in text
    assert "Of the incidents, 1 repeated one of the thirty days before." in text


def test_an_answer_that_cannot_be_told_is_neither_met_nor_missed():
    text = said({"opened_at": at("05 01:00"), "resolved_at": at("05 03:00")}).text
    assert "Whether the agreed response times were met is unknown" in text and "For 1 it cannot be told." in text
    assert "Who noticed first is not recorded." in text


def test_a_quiet_month_says_so():
    assert said().text == "No incident was opened in October 2026. The month before had none."


def test_a_month_that_was_not_seen_is_a_notice():
    made = said(seen=Intervals())
    assert made.kind == "notice" and "unknown" in made.text


def test_a_month_seen_in_part_promises_nothing():
    half = Intervals([(OCTOBER.start, at("16 12:00"))])
    assert "No incident is known to have been opened in October 2026." in said(seen=half).text
    text = said(GOOD, seen=half).text
    assert "Only 50% of the month was seen, so there may have been more." in text
    assert "Whether the agreed response times were met is unknown" in text


def test_with_nothing_agreed_no_verdict_is_passed():
    assert "agreed" not in said(GOOD, agreed=[]).text


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said(GOOD, LATE, {"opened_at": at("31 23:50")})
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("incidents.finding.") for id in ids)
    texts = {fact["text"] for fact in made.facts}
    words = re.sub(r"<span class=\"fact\".*?</span>", "", made.html)
    assert not re.search(r"\d", words) and "October 2026" in texts


def test_what_was_left_out_is_counted():
    drill = FRAMES["incident"].conform(
        pd.DataFrame([{"incident_id": "a", "opened_at": at("05 01:00"), "is_drill": True}])
    )
    text = narrative.left_out(incidents.totals(drill, OCTOBER, ALWAYS), STYLE).text
    assert text == "Left out of every figure: 1 drill and 0 planned maintenance."
    assert narrative.method(STYLE).about["role"] == "method"


def test_a_month_before_that_was_not_seen_whole_is_not_told_as_a_count():
    october = Intervals([(OCTOBER.start, OCTOBER.end)])
    before = {"opened_at": pd.Timestamp("2026-09-05", tz="UTC"), "resolved_at": pd.Timestamp("2026-09-06", tz="UTC")}
    assert "The month before had" not in said(GOOD, before, seen=october).text
    assert "The month before had 1." in said(GOOD, before).text
