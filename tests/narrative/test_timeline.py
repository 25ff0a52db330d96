"""What coincides is told plainly, once, and never as a cause."""

import pandas as pd
import pytest

from opsreport.metrics.timeline import COINCIDENCES
from opsreport.narrative import timeline as narrative
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")
INCIDENT, SHIPPED = "Incident: Paid twice", "Deployment, rolled back: web-7"
COST = "Unusual cost of web from this day"


def rows(*each):
    made = [(pd.Timestamp("2026-10-27 20:31", tz="UTC"), what, other, "web", pd.Timedelta(gap))
            for what, other, gap in each]  # fmt: skip
    return pd.DataFrame(made, columns=list(COINCIDENCES))


def lead(*each):
    return narrative.finding(rows(*each), STYLE).lead.text


@pytest.mark.parametrize(("what", "other", "gap", "words"), [
    (INCIDENT, SHIPPED, "7min", "“Paid twice” began 7 min after the release web-7, which was rolled back, at web on "
     "27 Oct."),
    (INCIDENT, "Deployment: web-7", "7min", "“Paid twice” began 7 min after the release web-7, at web on 27 Oct."),
    (INCIDENT, "Failed deployment: web-7", "0min", "“Paid twice” began together with the release web-7, which failed, "
     "at web on 27 Oct."),
    (INCIDENT, "shop was down", "0min", "“Paid twice” and an outage fell together at web on 27 Oct: shop was down."),
    ("shop was down", SHIPPED, "7min", "At web on 27 Oct shop was down, 7 min after the release web-7 began."),
    ("shop was down", SHIPPED, "0min", "At web on 27 Oct shop was down, as the release web-7 began."),
])  # fmt: skip
def test_the_most_telling_one_is_told_in_a_sentence(what, other, gap, words):
    assert lead((what, other, gap)) == words


def test_cost_is_told_below_and_leads_only_where_there_is_nothing_else():
    both = narrative.finding(rows((COST, "Deployment: web-6", "0min"), (INCIDENT, SHIPPED, "7min")), STYLE)
    assert "The cost of web left its usual" in both.text and "cost" not in both.lead.text
    assert lead((COST, "Deployment: web-6", "0min")).startswith("The cost of web left its usual on 27 Oct 2026")
    assert "There are 2 cases" in both.text


def test_a_gap_that_is_none_is_said_in_a_word():
    shown = narrative.shown(rows(
        (COST, SHIPPED, "0min"), (COST, SHIPPED, "1D"), (INCIDENT, "shop was down", "0min"),
        (INCIDENT, SHIPPED, "0min"), (INCIDENT, SHIPPED, "7min"),
    ), STYLE)  # fmt: skip
    assert [one.text(STYLE) for one in shown["gap"]] == [
        "the same day", "the day before", "during", "at the same minute", "7 min",
    ]  # fmt: skip
    assert narrative.shown(rows(), STYLE).empty


def test_nothing_that_coincides_is_said():
    assert narrative.finding(rows(), STYLE).text.startswith("No outage, incident or day of unusual cost coincides")
