"""The cost charts: what they say, what they draw, and what stands where there is nothing to draw."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport import theme
from opsreport.figures import cost as figures
from opsreport.figures.cost_bars import cut_at
from opsreport.intervals import Intervals
from opsreport.metrics import cost as metrics
from opsreport.metrics.cost_sums import exact
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

MARCH, STYLE = Period.month("2026-03"), Style("en_GB", "EUR")


def bill(*charges):
    rows = []
    for day, service, quantity, amount, *code in charges:
        at = pd.Timestamp(day, tz="UTC").as_unit("us")
        rows.append({
            "billing_period_start": at.normalize().replace(day=1), "charge_period_start": at, "service_name": service,
            "sku_price_id": service, "pricing_quantity": Decimal(quantity), "billed_cost": Decimal(amount),
            "charge_category": "Usage", "billing_currency": code[0] if code else "EUR",
        })  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows, columns=FRAMES["cost"].names))


BILL = bill(
    ("2026-02-10", "Logs", 28, 28), ("2026-03-10", "Logs", 71, 71), ("2026-03-11", "Compute <1>", 1, 5),
    ("2026-03-11", "Compute", 1, 7, "USD"),
)  # fmt: skip


def texts(exhibit):
    return [note["text"] for note in exhibit.figure["layout"].get("annotations", [])]


def budgets(*amounts):
    months = [month.name for month in MARCH.history(len(amounts))]
    return pd.DataFrame({"period": months, "billing_currency": "EUR", "budget": exact(map(Decimal, amounts))})


def test_the_bridge_names_its_driver_and_draws_the_effects_and_their_sum():
    made = figures.bridge(metrics.bridge(BILL, MARCH), metrics.drivers(BILL, MARCH), STYLE)
    assert made.about["title"] == "Logs added €43.00 of the €48.00 rise, mostly by usage"
    assert "USD is apart" in made.about["subtitle"]
    assert texts(made) == [
        "Days  <b>+€3.00</b>", "Usage  <b>+€40.00</b>", "New  <b>+€5.00</b>", "All together  <b>+€48.00</b>",
    ]  # fmt: skip
    colours = made.figure["data"][0]["marker"]["color"]
    assert colours == [theme.THIS_MONTH] * 3 + [theme.INK]


def test_the_bridges_zero_line_crosses_no_name():
    made = figures.bridge(metrics.bridge(BILL, MARCH), metrics.drivers(BILL, MARCH), STYLE)
    layout = made.figure["layout"]
    ends = [(line["y0"], line["y1"]) for line in layout["shapes"]]
    assert len(ends) == 4 and not any(low < note["y"] < high for low, high in ends for note in layout["annotations"])


def test_monthly_spend_marks_this_month_the_budget_and_what_is_not_known():
    made = figures.monthly(metrics.monthly(BILL, MARCH, 3), budgets(50, 50, 60), STYLE)
    assert made.about["title"] == "Spend was €76.00, €16.00 over the budget"
    assert made.figure["data"][0]["marker"]["color"] == [theme.HISTORY, theme.HISTORY, theme.THIS_MONTH]
    assert texts(made) == ["?", "<b>€76</b>", "Budget €50", "Budget €60"]


def test_groups_have_last_month_as_a_stroke_and_names_are_not_read_as_markup():
    made = figures.by_group(metrics.top(metrics.by(BILL, MARCH, "service_name")), STYLE)
    assert made.about["title"] == "Logs came to €71.00, 93.4% of what was spent"
    assert texts(made) == ["Logs  <b>€71.00</b>", "Compute &lt;1&gt;  <b>€5.00</b>"]
    assert made.figure["data"][1]["marker"]["symbol"] == "line-ns"
    assert list(made.figure["data"][1]["x"]) == [28.0, 0.0]


WEEKS = [(str(day.date()), "Logs", 1, 20) for day in pd.date_range("2026-01-01", "2026-03-31")]


def by_day(*more):
    cost = bill(*WEEKS, *more)
    return figures.daily(metrics.daily(cost, MARCH), metrics.anomalies(cost, MARCH), STYLE)


def test_a_day_out_of_the_usual_is_marked_and_has_a_line_where_it_would_have_ended():
    made = by_day(("2026-03-10", "Logs", 1, 35))
    assert made.about["title"] == "Logs was €35.00 over its usual on 10 Mar"
    _, usual, marks = made.figure["data"]
    assert (usual["x"], usual["y"]) == ([8.5, 9.5, 9.5], [20.0, 20.0, None])
    assert (marks["marker"]["symbol"], marks["x"], marks["hovertext"]) == ("diamond", [9], ["Logs: +€35.00"])
    calm = figures.daily(metrics.daily(BILL, MARCH), metrics.anomalies(BILL, MARCH), STYLE)
    assert calm.about["title"] == "No day is known to have been out of the usual" and "◆" not in calm.about["subtitle"]


@pytest.mark.parametrize(("days", "title", "marked"), [
    (range(6, 32), "Logs cost more than usual on every day from 6 Mar", [5]),
    (range(6, 9), "Logs cost more than usual on every day from 6 Mar to 8 Mar", [5]),
    ([6, 7, 20], "Logs was out of its usual on 3 days", [5, 19]),
])  # fmt: skip
def test_only_the_first_day_of_a_run_is_marked_and_a_run_is_told_by_its_ends(days, title, marked):
    made = by_day(*((f"2026-03-{day:02}", "Logs", 1, 35) for day in days))
    assert (made.about["title"], made.figure["data"][2]["x"]) == (title, marked)


def test_a_day_of_fees_is_cut_with_its_amount_and_does_not_flatten_the_others():
    fee = bill(*WEEKS, ("2026-03-01", "Support", 1, 300)).assign(charge_category=["Usage"] * len(WEEKS) + ["Purchase"])
    made = figures.daily(metrics.daily(fee, MARCH), metrics.anomalies(fee, MARCH), STYLE)
    assert made.figure["data"][0]["y"][:2] == [25.0, 20.0] and texts(made) == ["↑ €320"]
    assert "a broken bar goes on to the amount beside it" in made.about["subtitle"]
    assert "€320.00" in made.figure["data"][0]["hovertext"][0]


def test_an_unusual_day_is_never_cut_nor_is_a_level_that_many_days_reach():
    made = by_day(("2026-03-10", "Logs", 1, 300))
    assert made.figure["data"][0]["y"][9] == 320.0 and texts(made) == []
    assert cut_at([10.0] * 20 + [40.0] * 11) is None
    assert cut_at([10.0] * 30 + [40.0]) == 12.5 and cut_at([None, 0.0]) is None and cut_at([]) is None


@pytest.mark.parametrize("cost", [bill(), bill(("2025-01-10", "Logs", 1, 1))])
def test_without_data_there_is_a_notice_and_no_empty_chart(cost):
    for made in (
        figures.bridge(metrics.bridge(cost, MARCH), metrics.drivers(cost, MARCH), STYLE),
        figures.monthly(metrics.monthly(cost, MARCH), budgets(), STYLE),
        figures.by_group(metrics.by(cost, MARCH, "service_name"), STYLE),
        figures.daily(metrics.daily(cost, MARCH), metrics.anomalies(cost, MARCH), STYLE),
    ):
        assert made.kind == "notice" and made.figure is None


def test_the_fact_ids_of_the_charts_are_unique():
    exhibits = [
        figures.bridge(metrics.bridge(BILL, MARCH), metrics.drivers(BILL, MARCH), STYLE),
        figures.monthly(metrics.monthly(BILL, MARCH), budgets(50), STYLE),
        figures.by_group(metrics.by(BILL, MARCH, "service_name"), STYLE),
    ]
    ids = [fact["id"] for exhibit in exhibits for fact in exhibit.facts]
    assert ids and len(ids) == len(set(ids))


def test_a_month_that_was_not_seen_whole_is_marked_and_is_not_held_against_its_budget():
    half = Intervals([(pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-03-16 12:00", tz="UTC"))])
    made = figures.monthly(metrics.monthly(BILL, MARCH, 3, half), budgets(90, 90, 90), STYLE)
    assert made.about["title"] == "Spend was €76.00 in the 50% of the month that was seen"
    assert "one that was not seen whole *" in made.about["subtitle"] and "<b>€76</b>*" in texts(made)


def test_a_share_is_left_out_where_a_credit_outweighs_a_group():
    made = figures.by_group(metrics.top(metrics.by(BILL, MARCH, "service_name")), STYLE)
    assert made.about["title"].startswith("Logs came to €71.00, 93.4% of what")
    credited = pd.concat([BILL, bill(("2026-03-12", "Rebate", 1, -500))])
    made = figures.by_group(metrics.top(metrics.by(credited, MARCH, "service_name")), STYLE)
    assert made.about["title"] == "Logs came to €71.00"


def test_where_another_currency_is_left_out_spend_is_not_called_under_the_budget():
    dollars = bill(("2026-03-12", "Traffic", 1, 9)).assign(billing_currency="USD")
    both = pd.concat([BILL, dollars])
    titles = [figures.monthly(metrics.monthly(both, MARCH, 3), budgets(*each), STYLE).about["title"]
              for each in ((90, 90, 90), (50, 50, 60))]  # fmt: skip
    assert titles == ["Spend was €76.00", "Spend was €76.00, €16.00 over the budget"]
