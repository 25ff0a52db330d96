"""The charts of what steers the bill draw what the metrics say, and nothing where there is nothing."""

from decimal import Decimal

import pandas as pd

from opsreport.figures import spending as figures
from opsreport.metrics.spending_logs import log_history
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import HISTORY, THIS_MONTH, Style

STYLE, OCTOBER = Style("en_GB", "EUR"), Period.month("2026-10")


def history(**written: tuple) -> pd.DataFrame:
    rows = [
        {"log_group": f"/shop/{name}", "observed_at": pd.Timestamp(f"2026-{month:02}-28", tz="UTC").as_unit("us"),
         "ingested_bytes": taken, "stored_bytes": taken}
        for name, values in written.items() for month, taken in zip((9, 10), values, strict=True) if taken is not None
    ]  # fmt: skip
    return log_history(FRAMES["log_group"].conform(pd.DataFrame(rows, columns=FRAMES["log_group"].names)), OCTOBER)


def ledger(**states: tuple) -> pd.DataFrame:
    rows = [{"saving_status": state, "savings": float(many), "saving_estimate": Decimal(estimate),
             "savings_measured": float(known), "saving_measured": measured, "saving_gap": gap,
             "billing_currency": "EUR"}
            for state, (many, estimate, known, measured, gap) in states.items()]  # fmt: skip
    columns = ["saving_status", "savings", "saving_estimate", "savings_measured", "saving_measured", "saving_gap",
               "billing_currency"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def test_logs_are_drawn_for_thirteen_months_in_a_unit_that_fits_with_gaps_where_not_seen():
    made = figures.logs(history(web=(1e9, 3e9), api=(None, 2e9)), STYLE)
    lines = {(trace["name"], trace["yaxis"]): trace["y"] for trace in made.figure["data"]}
    assert lines["/shop/web", "y"] == [None] * 11 + [1.0, 3.0]
    assert lines["/shop/api", "y2"][-2:] == [None, 2.0]
    assert made.figure["layout"]["yaxis"]["ticksuffix"] == " GB"
    assert made.about["title"] == "/shop/web took in 3 GB, 3× the month before"
    assert {"web", "api"} <= {note["text"] for note in made.figure["layout"]["annotations"]}
    assert len({trace["line"]["dash"] for trace in made.figure["data"]}) == 2  # not told apart by colour alone


def test_a_quiet_month_of_logs_is_called_one():
    assert figures.logs(history(web=(10, 11)), STYLE).about["title"] == (
        "No log store took in much more than the month before"
    )
    assert figures.logs(history(web=(None, 11)), STYLE).about["title"] == (
        "What was written to the logs, and what they hold"
    )


def test_only_the_largest_log_stores_are_drawn_and_that_is_said():
    made = figures.logs(history(**{f"g{n}": (n, n) for n in range(1, 7)}), STYLE)
    assert len(made.figure["data"]) == 8 and "the 4 largest of 6" in made.about["subtitle"]


def test_names_from_a_source_are_not_read_as_markup():
    made = figures.logs(history(**{"<b>x": (1, 2)}), STYLE)
    assert all("<b>x" not in note["text"] for note in made.figure["layout"]["annotations"])


def test_savings_are_compared_over_those_that_were_measured():
    made = figures.savings(ledger(proposed=(2, "50", 0, None, None), done=(2, "98", 1, Decimal(41), Decimal(1))), STYLE)
    (bar,) = made.figure["data"]
    assert bar["x"] == [50, 58, 40, 41]
    assert bar["marker"]["color"] == [HISTORY, HISTORY, HISTORY, THIS_MONTH]
    assert made.about["title"] == (
        "Savings that were carried out save €41.00 a month by the bill, as far as they can be measured"
    )


def test_a_saving_that_cost_more_and_one_that_cannot_be_measured_are_called_so():
    worse = figures.savings(ledger(done=(1, "40", 1, Decimal(-4), Decimal(-44))), STYLE)
    assert worse.about["title"] == "Savings that were carried out have cost, and not saved, €4.00 a month by the bill"
    unknown = figures.savings(ledger(done=(1, "40", 0, None, None)), STYLE)
    assert unknown.about["title"] == "Of the savings that were carried out, none can be measured"
    assert unknown.figure["data"][0]["x"] == [40]


def test_nothing_to_draw_is_a_notice_and_not_an_empty_chart():
    made = [figures.logs(history(), STYLE), figures.savings(ledger(), STYLE),
            figures.savings(ledger(rejected=(1, "40", 0, None, None)), STYLE)]  # fmt: skip
    assert [one.kind for one in made] == ["notice"] * 3
