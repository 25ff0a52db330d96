"""What the delivery section says of each service, and what it does not claim to know."""

import re

import pandas as pd

from opsreport.intervals import Intervals
from opsreport.metrics import delivery
from opsreport.narrative import delivery as narrative
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10")
ALWAYS = Intervals([(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))])
STYLE = Style("en_GB", "EUR", "UTC")
NO_INCIDENT, NO_CHANGE = FRAMES["incident"].empty(), FRAMES["change"].empty()


def said(*flags, month: str = "2026-10", seen: Intervals = ALWAYS, changes: pd.DataFrame = NO_CHANGE):
    rows = [
        {"deployment_id": f"d{n}", "service": "shop", "environment": "production", "outcome": "success",
         "started_at": pd.Timestamp(f"{month}-{n + 1:02d} 11:00", tz="UTC"),
         "finished_at": pd.Timestamp(f"{month}-{n + 1:02d} 12:00", tz="UTC"), "needed_intervention": flag}
        for n, flag in enumerate(flags)
    ]  # fmt: skip
    frame = FRAMES["deployment"].conform(pd.DataFrame(rows)) if rows else FRAMES["deployment"].empty()
    return narrative.finding(
        delivery.frequency(frame, OCTOBER, seen, {}), delivery.stability(frame, NO_INCIDENT, OCTOBER, seen, {}),
        delivery.lead_summary(changes, frame, OCTOBER, seen, {}), STYLE,
    )  # fmt: skip


def test_a_month_with_a_failure_says_its_rate():
    assert said(False, False, False, True, False).text == (
        "Shop was deployed 5 times, 1.1 a week, on 5 days. "
        "1 of its deployments had to be mended at once, a change fail rate of 20%."
    )


def test_a_month_without_a_failure_says_so():
    assert said(*[False] * 5).text.endswith("No deployment of it had to be mended at once.")


def test_what_is_not_recorded_is_bounded_and_not_called_zero():
    text = said(False, False, False, None, True).text
    assert "so its change fail rate lies between 20% and 40%." in text and "None had" not in text


def test_fewer_than_five_have_no_rate():
    text = said(True, False).text
    assert "2 times, too few for a rate" in text and "%" not in text
    assert said(False).text.startswith("Shop was deployed once.")


def test_the_lead_time_is_said_per_change():
    changes = FRAMES["change"].conform(pd.DataFrame([
        {"change_id": f"c{hour}", "deployment_id": "d0", "first_commit_at": pd.Timestamp(2026, 10, 1, hour, tz="UTC")}
        for hour in (1, 3, 5, 7, 9)]))  # fmt: skip
    assert (
        "Half of its changes were in production within 7 h of their first commit." in said(False, changes=changes).text
    )


def test_a_month_without_a_deployment_and_one_not_seen_are_told_apart():
    assert said(False, month="2026-08").text == "Nothing was deployed to production in this month."
    assert said(False, month="2026-08", seen=Intervals()).kind == "notice"
    half = Intervals([(OCTOBER.start, pd.Timestamp("2026-10-16 12:00", tz="UTC"))])
    text = said(False, month="2026-08", seen=half).text
    assert text == ("No deployment to production is known of in this month. "
                    "Only 50% of the month was seen, so there may have been more.")  # fmt: skip
    assert said().kind == "notice"


def test_every_number_in_the_sentences_is_a_fact_with_its_own_name():
    made = said(False, True, None, False, False)
    ids = [fact["id"] for fact in made.facts]
    assert len(ids) == len(set(ids)) and all(id.startswith("delivery.finding.") for id in ids)
    assert not re.search(r"\d", re.sub(r"<span class=\"fact\".*?</span>", "", made.html))


def test_how_many_incidents_name_a_deployment_stands_beside_the_rate():
    frame = pd.DataFrame({"service": ["shop"], "incidents_linked": [0.25], "coverage": [1.0]})
    assert "25% of shop's incidents name a deployment." in narrative.links(frame, STYLE).text
    assert "none could name" in narrative.links(frame.assign(incidents_linked=float("nan")), STYLE).text
    assert narrative.method(STYLE).about["role"] == "method"
