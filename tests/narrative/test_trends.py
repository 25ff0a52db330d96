"""The sentence on trends: only where this month stands alone at an end of what is known."""

import pandas as pd
import pytest

from opsreport.metrics.rows import scorecard_rows
from opsreport.narrative.trends import finding
from opsreport.schemas.directions import GOOD_HIGH, GOOD_LOW
from opsreport.schemas.words import KEY_FIGURES
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "UTC")


def row(trend, id="a", unit="count", measure="Deployments of"):
    now = pd.Timedelta(minutes=trend[-1]) if unit == "duration" else trend[-1]
    return {"id": id, "measure": f"{measure} {id}", "unit": unit, "currency": "", "this_month": now, "coverage": 1.0,
            "trend": trend}  # fmt: skip


def said(*rows):
    return finding(scorecard_rows(rows), STYLE)


def test_the_highest_and_the_lowest_are_named_with_their_values():
    made = said(row([1.0] * 12 + [5.0]), row([100.0] * 12 + [90.0], "b", "duration"))
    assert made.text == (
        "This month is the highest known of the last thirteen for deployments of a (5). "
        "This month is the lowest known of the last thirteen for deployments of b (1 h 30 min)."
    )
    assert [fact["id"] for fact in made.facts] == ["trends.finding.a", "trends.finding.b"]


@pytest.mark.parametrize(("measure", "now", "which"), [
    ("Availability of", 5.0, "best"), ("Availability of", 0.5, "worst"),
    ("Requests open at month end", 5.0, "worst"), ("Requests open at month end", 0.5, "best"),
])  # fmt: skip
def test_an_end_that_is_good_or_bad_is_called_so(measure, now, which):
    assert said(row([1.0] * 12 + [now], measure=measure)).text.startswith(f"This month is the {which} known of")


def test_the_worst_is_said_first():
    made = said(row([1.0] * 12 + [5.0], "a", measure="Availability of"), row([1.0] * 12 + [5.0], "b"),
                row([1.0] * 12 + [5.0], "c", measure="Error rate of"))  # fmt: skip
    assert [fact["id"][-1] for fact in made.facts] == ["c", "a", "b"]


def test_every_name_with_a_direction_is_a_key_figure():
    for name in (*GOOD_HIGH, *GOOD_LOW):
        assert any(template.startswith(name) for template in KEY_FIGURES), name


@pytest.mark.parametrize("trend", [
    [1.0] * 13, [5.0] + [1.0] * 11 + [5.0], [1.0] * 12 + [None],
])  # fmt: skip
def test_a_tie_and_an_unknown_month_say_nothing(trend):
    assert said(row(trend)).text.startswith("No key figure is this month at the highest or the lowest")


@pytest.mark.parametrize("trend", [[None] * 8 + [1.0, 1.0, 1.0, 1.0, 5.0], [None] * 13])
def test_of_too_few_months_it_is_not_said_that_none_stands_out(trend):
    assert said(row(trend)).text == "It is too early for a trend: no key figure is known for six months."


def test_unknown_months_between_are_passed_over():
    assert "deployments of a (5)" in said(row([None] * 7 + [1.0] * 5 + [5.0])).text


@pytest.mark.parametrize(("count", "end"), [
    (2, "deployments of 0 (5) and deployments of 1 (5)."),
    (3, "deployments of 0 (5), deployments of 1 (5) and deployments of 2 (5)."),
    (5, "deployments of 0 (5), deployments of 1 (5), deployments of 2 (5) and 2 more."),
])  # fmt: skip
def test_many_are_counted(count, end):
    assert said(*(row([1.0] * 12 + [5.0], str(n)) for n in range(count))).text.endswith(end)


def test_without_any_figure_it_says_so():
    assert said().text.startswith("It is too early for a trend")
