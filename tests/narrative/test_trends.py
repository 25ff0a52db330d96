"""The sentence on trends: only where this month stands alone at an end of what is known."""

import pandas as pd
import pytest

from opsreport.metrics.rows import scorecard_rows
from opsreport.narrative.trends import finding
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "UTC")


def row(trend, id="a", unit="count"):
    now = pd.Timedelta(minutes=trend[-1]) if unit == "duration" else trend[-1]
    return {"id": id, "measure": f"Incidents {id}", "unit": unit, "currency": "", "this_month": now, "coverage": 1.0,
            "trend": trend}  # fmt: skip


def said(*rows):
    return finding(scorecard_rows(rows), STYLE)


def test_the_highest_and_the_lowest_are_named_with_their_values():
    made = said(row([1.0] * 12 + [5.0]), row([100.0] * 12 + [90.0], "b", "duration"))
    assert made.text == (
        "This month is the highest known of the last thirteen for incidents a (5). "
        "This month is the lowest known of the last thirteen for incidents b (1 h 30 min)."
    )
    assert [fact["id"] for fact in made.facts] == ["trends.finding.a", "trends.finding.b"]


@pytest.mark.parametrize("trend", [
    [1.0] * 13, [5.0] + [1.0] * 11 + [5.0], [1.0] * 12 + [None], [None] * 8 + [1.0, 1.0, 1.0, 1.0, 5.0], [None] * 13,
])  # fmt: skip
def test_a_tie_an_unknown_month_and_a_short_past_say_nothing(trend):
    assert said(row(trend)).text.startswith("No key figure is this month at the highest or the lowest")


def test_unknown_months_between_are_passed_over():
    assert "incidents a (5)" in said(row([None] * 7 + [1.0] * 5 + [5.0])).text


@pytest.mark.parametrize(("count", "end"), [
    (2, "incidents 0 (5) and incidents 1 (5)."), (3, "incidents 0 (5), incidents 1 (5) and incidents 2 (5)."),
    (5, "incidents 0 (5), incidents 1 (5), incidents 2 (5) and 2 more."),
])  # fmt: skip
def test_many_are_counted(count, end):
    assert said(*(row([1.0] * 12 + [5.0], str(n)) for n in range(count))).text.endswith(end)


def test_without_any_figure_it_says_so():
    assert said().text.startswith("No key figure")
