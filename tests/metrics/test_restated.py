"""A figure is restated when it would not be printed the same again."""

from decimal import Decimal

import pandas as pd
import pytest

from opsreport.exhibit import Rows
from opsreport.metrics.restated import compared, restated
from opsreport.metrics.rows import scorecard_rows
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def reported(value=None, **texts):
    rows = [{"id": f"scorecard.{id}.this_month", "value": value, "unit": "", "currency": "", "text": text,
             "month": "2026-09"} for id, text in texts.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "value", "unit", "currency", "text", "month"], dtype=object)


def score(id, value, unit="money", currency="EUR", rows=None):
    return scorecard_rows([{"id": id, "measure": id.title(), "unit": unit, "currency": currency, "last_month": value,
                            "section": "cost", "rows": rows}])  # fmt: skip


def test_a_late_charge_restates_the_spend():
    made = restated(reported(spend="€3,636.08"), score("spend", Decimal("3642.81")), STYLE)
    assert made[["reported_as", "now_reads"]].to_numpy().tolist() == [["€3,636.08", "€3,642.81"]]


def test_what_prints_the_same_was_not_restated():
    assert restated(reported(spend="€3,642.81"), score("spend", Decimal("3642.8149")), STYLE).empty


def test_unknown_that_became_known_and_the_reverse_are_restated():
    known = restated(reported(up="unknown"), score("up", 0.999, "availability", ""), STYLE)
    assert known["now_reads"].item() == "99.9%"
    assert restated(reported(up="99.9%"), score("up", None, "availability", ""), STYLE)["now_reads"].item() == "unknown"


def test_a_figure_that_the_older_review_did_not_have_is_not_compared():
    now = score("spend", Decimal(1))
    assert restated(reported(other="€1.00"), now, STYLE).empty and compared(reported(other="€1.00"), now) == 0
    assert compared(reported(spend="€1.00"), now) == 1


def test_the_rows_behind_it_are_those_of_the_month_before():
    made = restated(reported(spend="€2.00"), score("spend", Decimal(1), rows=Rows("cost", {"service": "shop"})), STYLE)
    assert made["rows"].item() == Rows("cost", {"service": "shop"}, "last_month")


@pytest.mark.parametrize(("then", "now", "unit", "much"), [
    ("100", Decimal("101"), "money", False), ("100", Decimal("101.01"), "money", True),
    ("100", Decimal("98.99"), "money", True), ("-100", Decimal("-100.5"), "money", False),
    (0, 1.0, "count", True), (None, 1.0, "count", True), (3.0, None, "count", True), (None, None, "count", False),
    (100.0, pd.Timedelta("101s"), "duration", False), (100.0, pd.Timedelta("102s"), "duration", True),
    ("met", "missed", "text", True),
])  # fmt: skip
def test_more_than_one_per_cent_is_much_and_so_is_known_from_unknown(then, now, unit, much):
    made = restated(reported(then, x="as it was"), score("x", now, unit, ""), STYLE)
    assert made["changed_much"].tolist() == [much]


def test_nothing_reported_restates_nothing():
    assert restated(reported(), score("spend", Decimal(1)), STYLE).empty


@pytest.mark.parametrize(("then", "now", "became"), [(None, 1.0, True), (3.0, None, False), (3.0, 1.0, False)])
def test_only_what_was_unknown_became_known(then, now, became):
    made = restated(reported(then, x="as it was"), score("x", now, "count", ""), STYLE)
    assert made["became_known"].tolist() == [became]


def test_of_a_comparison_of_two_months_there_are_no_rows_a_month_before():
    both = score("x", Decimal(1), rows=Rows("cost", {}, "since_last_month"))
    assert restated(reported(x="€2.00"), both, STYLE)["rows"].isna().all()
