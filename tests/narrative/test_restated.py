"""What was restated is said with both figures; that all still holds is said too."""

import pandas as pd

from opsreport.metrics.restated import RESTATED
from opsreport.narrative.restated import finding
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def rows(*values, much=True):
    made = [{"became_known": False, "changed_much": much,
             "measure": "Spend", "reported_as": "€1.00", "now_reads": "", "section": "cost",
             "id": f"cost.{place}", "value": value, "unit": "money", "currency": "EUR", "rows": None}
            for place, value in enumerate(values)]  # fmt: skip
    return pd.DataFrame(made, columns=list(RESTATED), dtype=object)


def test_it_says_what_was_reported_and_what_the_source_now_says():
    said = finding(rows(2), 9, STYLE)
    assert said.text == (
        "1 of the 9 key figures that last month's review gave has changed since. "
        "Spend: last month we reported €1.00, the source now says €2.00."
    )
    assert said.lead.text.startswith("Spend: last month we reported")


def test_what_changed_by_little_is_counted_and_left_to_the_table():
    little = finding(rows(2, 3, much=False), 9, STYLE)
    assert little.text == (
        "2 of the 9 key figures that last month's review gave have changed since, none by more than one per cent."
    )
    assert little.lead.text == little.text
    assert "has changed since, by no more than one per cent." in finding(rows(2, much=False), 9, STYLE).text
    mixed = finding(pd.concat([rows(5, much=False), rows(2).assign(id="cost.x")]), 9, STYLE)
    assert mixed.lead.text == "Spend: last month we reported €1.00, the source now says €2.00."
    assert "have changed since. Spend" in mixed.text and "€5.00" not in mixed.text


def test_a_source_that_no_longer_tells_is_said_to():
    assert "no source says so any more" in finding(rows(None), 9, STYLE).text


def test_when_all_hold_or_none_can_be_compared_that_is_said():
    assert finding(rows(), 9, STYLE).text == "All 9 key figures that last month's review gave still hold."
    assert "was not reviewed here" in finding(rows(), 0, STYLE).text


def test_what_was_unknown_and_now_is_known_took_nothing_back_and_is_left_to_the_table():
    known = finding(rows(2).assign(became_known=True), 9, STYLE)
    assert known.text == known.lead.text == "1 of the 9 key figures that last month's review gave has changed since."
