"""The charts of the forecast and of unit costs: what they draw, say, and leave out."""

from decimal import Decimal

import pandas as pd

from opsreport import theme
from opsreport.figures import cost_forecast, cost_units
from opsreport.figures.cost_bars import month_labels
from opsreport.metrics.cost_forecast import HISTORY
from opsreport.metrics.cost_units import UNITS
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def money(value):
    return None if value is None else Decimal(value)


def months(*rows, code="EUR"):
    """Rows of (month, spend, forecast, low, high)."""
    made = [{"period": name, "billing_currency": code, "spend": money(spend), "forecast": money(value),
             "forecast_low": money(low), "forecast_high": money(high), "forecast_error": None}
            for name, spend, value, low, high in rows]  # fmt: skip
    return pd.DataFrame(made, columns=list(HISTORY))


BILL = months(("2026-01", 100, None, None, None), ("2026-02", 120, 90, None, None), ("2026-03", None, 150, 120, 180))


def texts(exhibit):
    return [note["text"] for note in exhibit.figure["layout"].get("annotations", [])]


def test_next_month_stands_beside_what_was_spent_with_its_interval():
    drawn = cost_forecast.history(BILL, STYLE)
    spent, ahead, strokes = drawn.figure["data"]
    assert (spent["x"], spent["y"]) == ([0, 1], [100, 120])
    assert (ahead["x"], ahead["y"]) == ([2], [150])
    assert (ahead["error_y"]["array"], ahead["error_y"]["arrayminus"]) == ([30], [30])
    assert (strokes["x"], strokes["y"]) == ([1], [90])  # of January none could be made
    assert ahead["marker"]["color"] == theme.PAPER and spent["marker"]["color"] == [theme.HISTORY, theme.THIS_MONTH]
    assert drawn.about["title"] == "Next month is forecast to cost €150.00, €30.00 more than this one"
    assert "four in five" in drawn.about["subtitle"] and texts(drawn) == ["<b>€150</b>"]
    assert drawn.figure["layout"]["yaxis"]["rangemode"] == "tozero"


def test_without_an_interval_none_is_drawn_or_spoken_of():
    rows = months(("2026-02", 120, None, None, None), ("2026-03", None, 120, None, None))
    drawn = cost_forecast.history(rows, STYLE)
    assert "array" not in drawn.figure["data"][1].get("error_y", {}) and "four in five" not in drawn.about["subtitle"]
    assert drawn.about["title"].endswith("the same as this one")


def test_a_month_that_is_not_known_has_no_bar():
    rows = months(("2026-02", None, None, None, None), ("2026-03", None, 120, 100, 140))
    drawn = cost_forecast.history(rows, STYLE)
    assert drawn.figure["data"][0]["y"] == [None]
    assert drawn.about["title"] == "Next month is forecast to cost €120.00"


def test_without_a_forecast_a_notice_stands_in_its_place():
    withheld = months(("2026-02", 120, None, None, None), ("2026-03", None, None, None, None))
    assert cost_forecast.history(withheld, STYLE).kind == "notice"
    assert cost_forecast.history(withheld.iloc[:0], STYLE).kind == "notice"


def test_another_currency_is_said_to_be_apart():
    both = pd.concat([BILL, months(("2026-03", None, 7, None, None), code="USD")])
    assert "USD is apart, in the table" in cost_forecast.history(both, STYLE).about["subtitle"]


def units(name, *costs, of="(all)"):
    rows = [{"unit_name": name, "unit_of": of, "period": f"2026-{place:02d}", "billing_currency": "EUR",
             "spend": money(8), "unit_count": money(4), "unit_cost": money(cost), "coverage": 1.0, "unit_note": ""}
            for place, cost in enumerate(costs, start=1)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(UNITS))


def test_each_driver_has_a_panel_with_a_gap_where_a_month_is_unknown():
    drawn = cost_units.history(pd.concat([units("order", 3, None, 2), units("visit", 9, 9, 9, of="shop")]), STYLE)
    first, second = drawn.figure["data"]
    assert first["y"] == [3, None, 2] and second["y"] == [9, 9, 9]
    assert (first["yaxis"], second["yaxis"]) == ("y", "y2")
    upper, lower = (drawn.figure["layout"][axis]["domain"] for axis in ("yaxis", "yaxis2"))
    assert upper[0] > lower[1] and upper[1] < 1  # room for the names of the panels
    assert [text for text in texts(drawn) if "<b>" not in text] == ["per order", "shop, per visit"]
    assert drawn.figure["layout"]["yaxis"]["range"][0] == 0
    assert first["marker"]["color"][-1] == theme.THIS_MONTH


def test_the_title_says_how_it_moved():
    def title(*costs):
        return cost_units.history(units("order", *costs), STYLE).about["title"]

    assert title(3, 2) == "The cost per order fell to €2.00 from €3.00 last month"
    assert title(1, 2) == "The cost per order rose to €2.00 from €1.00 last month"
    assert title("2.001", "2.002") == "The cost per order stayed at €2.00"
    assert title(None, 2) == "The cost per order was €2.00"
    assert title(2, None) == "The cost per order is not known for this month"


def test_without_a_unit_cost_a_notice_stands_in_its_place():
    assert cost_units.history(units("order", None, None), STYLE).kind == "notice"
    assert cost_units.history(units("order"), STYLE).kind == "notice"


def test_more_than_three_drivers_are_left_to_the_table():
    drawn = cost_units.history(pd.concat([units(f"unit {n}", 1, 2) for n in range(5)]), STYLE)
    assert len(drawn.figure["data"]) == 3 and "the others are in the table" in drawn.about["subtitle"]


def test_a_name_is_not_read_as_markup():
    drawn = cost_units.history(units("<b>order</b>", 1, 2), STYLE)
    assert "per &lt;b&gt;order&lt;/b&gt;" in texts(drawn)


def test_months_are_named_with_the_year_where_it_is_first_named():
    names = pd.Series(["2025-11", "2025-12", "2026-01", "2026-02"])
    assert month_labels(names, STYLE) == ["Nov<br>2025", "Dec", "Jan<br>2026", "Feb"]
    assert month_labels(names, STYLE, 2) == ["", "Dec<br>2025", "", "Feb<br>2026"]
