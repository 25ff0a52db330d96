"""Choosing rows by their columns shows just those, and adds up what may be added up."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import explore
from opsreport.schemas import DECIMAL

ROWS = pd.DataFrame({
    "service": pd.Series(["shop", "api", None, "shop"], dtype="str"),
    "at": pd.to_datetime(["2026-10-01 23:00", *["2026-10-02 00:00"] * 3], utc=True),
    "cost": pd.Series([Decimal("0.1"), Decimal("0.2"), Decimal("5"), Decimal("0.3")], dtype=DECIMAL),
    "currency": ["EUR", "EUR", "USD", "EUR"],
})  # fmt: skip


def bars(chart):
    return {bar.name: dict(zip(bar.x, bar.y, strict=True)) for bar in chart.figure.data}


def test_each_choice_narrows_the_rows_and_says_how_many_are_left():
    seen = []
    box = explore.filters(ROWS, ["service", "currency"], lambda rows: seen.append(len(rows)) or rows)
    choices, count, _ = box.children
    assert (count.value, choices.children[0].options[:2]) == ("4 of 4 rows", (explore.ALL, explore.NONE))
    choices.children[0].value = "shop"
    assert (count.value, seen) == ("2 of 4 rows", [4, 2])
    choices.children[1].value = "USD"
    assert (count.value, seen[-1]) == ("0 of 4 rows", 0)


def test_what_is_shown_is_handed_over_with_the_output_and_not_captured_by_a_front_end():
    box = explore.filters(ROWS, ["service"], lambda rows: f"{len(rows)} here")
    (shown,) = box.children[2].outputs
    assert "4 here" in shown["text"]  # outside a kernel a display is printed
    box.children[0].children[0].value = "shop"
    assert "2 here" in box.children[2].outputs[0]["text"] and box.children[2].msg_id == ""


def test_what_cannot_be_shown_says_why_in_its_place_and_fails_its_cell():
    def show(rows):
        if len(rows) < 4:
            raise ValueError("too few")

    box = explore.filters(ROWS, ["service"], show)
    with pytest.raises(ValueError, match="too few"):
        box.children[0].children[0].value = "shop"
    assert box.children[2].outputs[0]["ename"] == "ValueError"


def test_days_count_rows_and_add_up_amounts_exactly_and_never_across_currencies():
    assert bars(explore.by_day("at")(ROWS)) == {"": {"2026-10-01": 1.0, "2026-10-02": 3.0}}
    assert bars(explore.by_day("at", "cost", of="currency")(ROWS)) == {
        "EUR": {"2026-10-01": 0.1, "2026-10-02": 0.5}, "USD": {"2026-10-02": 5.0},
    }  # fmt: skip


def test_values_come_largest_first_and_a_missing_one_is_one():
    (bar,) = explore.by_value("service")(ROWS).figure.data
    assert list(bar.y)[::-1][0] == "shop" and set(bar.y) == {"shop", "api", explore.NONE}


def test_no_row_is_no_bar():
    assert not explore.by_day("at", "cost", of="currency")(ROWS.iloc[:0]).figure.data
    assert not explore.by_value("service")(ROWS.iloc[:0]).figure.data
    assert explore.filters(ROWS.iloc[:0], ["service"]).children[1].value == "0 of 0 rows"


def test_a_chart_comes_as_plotlys_own_json_and_nothing_else():
    data = explore.by_day("at")(ROWS)._repr_mimebundle_()
    assert set(data) == {"application/vnd.plotly.v1+json", "text/plain"}


@pytest.mark.parametrize("value", [explore.ALL, "x"])
def test_a_column_of_flags_can_be_chosen_by(value):
    flags = pd.DataFrame({"flag": pd.Series([True, None, False], dtype="boolean")})
    assert len(explore.chosen(flags, {"flag": value})) == (3 if value == explore.ALL else 0)
    assert explore.chosen(flags, {"flag": "True"}).index.tolist() == [0]
