"""What a provider expects and calls unusual is told as it said it, of the days that it is about."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from opsreport import tables
from opsreport.metrics import cost_outlook
from opsreport.period import Period
from opsreport.schemas import FRAMES
from opsreport.theme import Style

OCTOBER = Period.month("2026-10", "Europe/Berlin")
STYLE = Style("en_GB", "USD", "Europe/Berlin")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def expected(asked: str, start: str, end: str, amount: str, code: str = "USD") -> dict:
    return {"provider_name": "AWS", "observed_at": at(asked), "started_at": at(start), "ended_at": at(end),
            "expected": Decimal(amount), "billing_currency": code}  # fmt: skip


def forecasts(*rows: dict) -> pd.DataFrame:
    made = FRAMES["cost_forecast"]
    return cost_outlook.forecasts(made.conform(pd.DataFrame(list(rows))) if rows else made.empty(), OCTOBER)


def unusual(*rows: dict) -> pd.DataFrame:
    made = FRAMES["cost_anomaly"]
    named = [{"anomaly_id": str(n), "provider_name": "AWS", "billing_currency": "USD", **row}
             for n, row in enumerate(rows)]  # fmt: skip
    return cost_outlook.anomalies(made.conform(pd.DataFrame(named)) if rows else made.empty(), OCTOBER)


def test_the_newest_forecast_of_the_month_that_looks_beyond_it_is_told_by_currency():
    rows = forecasts(
        expected("2026-10-20", "2026-11-01", "2026-12-01", "90"),
        expected("2026-10-30", "2026-10-30", "2026-11-01", "5"),
        expected("2026-10-30", "2026-11-01", "2026-12-01", "100.5"),
        expected("2026-10-30", "2026-11-01", "2026-12-01", "7", "EUR"),
        expected("2026-11-02", "2026-11-02", "2026-12-01", "110"),
    )  # fmt: skip
    assert rows[["outlook_expected", "billing_currency"]].values.tolist() == [
        [Decimal("100.5"), "USD"], [Decimal(7), "EUR"]]  # fmt: skip
    first = rows.iloc[0]
    assert (first["outlook_from"], first["outlook_until"]) == (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    assert first["outlook_asked_on"] == dt.date(2026, 10, 30) and pd.isna(first["outlook_low"])
    assert forecasts().empty


def test_what_is_unusual_in_the_month_is_told_with_what_cost_most_first():
    rows = unusual(
        {"started_at": at("2026-10-05"), "ended_at": at("2026-10-08"), "service_name": "Logs", "impact": Decimal(30)},
        {"started_at": at("2026-09-28"), "service_name": "EC2", "impact": Decimal(90)},
        {"started_at": at("2026-09-01"), "ended_at": at("2026-10-01"), "service_name": "S3", "impact": Decimal(500)},
    )
    assert rows["service_name"].tolist() == ["EC2", "Logs"]
    assert rows["odd_until"].tolist() == [None, dt.date(2026, 10, 7)]
    assert unusual().empty


def test_both_stand_on_the_page_as_tables_and_each_figure_opens_its_rows():
    rows = forecasts(expected("2026-10-30", "2026-11-01", "2026-12-01", "100.5"))
    made = tables.table(rows, "cost.provider_forecasts", "Expected", STYLE, of="cost_forecast")
    (fact,) = [one for one in made.facts if one["id"].endswith("outlook_expected")]
    assert (fact["text"], fact["rows"]["frame"]) == ("US$100.50", "cost_forecast")
    assert fact["rows"]["where"] == {"provider_name": "AWS"}
