"""One table function: what is shown is escaped, said whole, and every number is a fact of its own."""

import datetime as dt
import math
import re
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.exhibit import Fact, Rows
from opsreport.schemas.scorecard import SCORECARD
from opsreport.tables import badge, others, rows_behind, scorecard, spark, table
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "Europe/Berlin")
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def spend(**columns):
    held = {"service_name": ["S3", "EC2"], "spend": [Decimal("0.10"), Decimal("2")]} | columns
    return pd.DataFrame(held)


def cells(exhibit):
    return [held for _, held in re.findall(r"<t([dh])[^>]* data-label[^>]*>(.*?)</t\1>", exhibit.html)]


def words(exhibit):
    return [re.sub("<.*?>", "", cell) for cell in cells(exhibit)]


def test_each_number_is_a_fact_with_its_place_and_what_is_shown():
    shown = table(spend(), "cost.services", "Services", STYLE)
    assert words(shown) == ["S3", "€0.10", "EC2", "€2.00"]
    assert [(fact["id"], fact["value"]) for fact in shown.facts] == [
        ("cost.services.s3.spend", "0.1"), ("cost.services.ec2.spend", "2"),
    ]  # fmt: skip
    for fact in shown.facts:
        assert f'data-fact="{fact["id"]}">{fact["text"]}<' in shown.html


def test_a_value_that_is_a_fact_is_written_in_its_own_unit():
    values = [Fact("x", Decimal("2"), "money"), Fact("x", 0.5, "share")]
    rows = pd.DataFrame({"measure": ["Spend", "Found"], "share": values})
    shown = table(rows, "trends.cost", "Trends", STYLE)
    assert words(shown) == ["Spend", "€2.00", "Found", "50%"] and "€2.00" in shown.text
    assert [fact["id"] for fact in shown.facts] == ["trends.cost.spend.share", "trends.cost.found.share"]


def test_text_from_a_source_is_never_markup():
    shown = table(spend(service_name=[HOSTILE, "a"]), "cost.services", HOSTILE, STYLE)
    assert "<img" not in shown.html and shown.html.count("&lt;img") == 2
    assert all(re.fullmatch(r"[a-z0-9.~_-]+", fact["id"]) for fact in shown.facts)


@pytest.mark.parametrize("names", [["a", "a", "a"], ["A!", "a?", "a"], [None, float("nan"), "nan"], ["", "…", "row"],
                                   ["x" * 60, "x" * 50, "x" * 48], ["a", "a~2", "a"]])  # fmt: skip
def test_fact_ids_are_unique_however_rows_are_called(names):
    rows = pd.DataFrame({"service_name": names, "spend": [Decimal(1)] * 3, "charges": [1, 2, 3]})
    shown = table(rows, "t", "T", STYLE)
    assert len({fact["id"] for fact in shown.facts}) == len(shown.facts) == 6


def test_what_is_left_out_is_said():
    rows = spend(service_name=[f"s{n}" for n in range(26)], spend=[Decimal(n) for n in range(26)])
    shown = table(rows, "t", "T", STYLE, note="Per service.")
    assert shown.html.count("<tr>") == 21 and len(shown.facts) == 20
    assert shown.about["note"] == "Per service. Showing 20 of 26 rows."
    # Where only some few are over, all are shown.
    assert table(rows.head(25), "t", "T", STYLE).html.count("<tr>") == 26
    assert table(rows.head(20), "t", "T", STYLE).about["note"] == ""


def test_money_is_in_its_rows_own_currency():
    shown = table(spend(billing_currency=["USD", None]), "t", "T", STYLE, columns=["service_name", "spend"])
    assert words(shown) == ["S3", "US$0.10", "EC2", "€2.00"]
    assert [fact["currency"] for fact in shown.facts] == ["USD", "EUR"]


def test_a_rows_coverage_bounds_its_facts_but_not_itself():
    shown = table(spend(coverage=[0.5, math.nan]), "t", "T", STYLE)
    assert {fact["id"].rpartition(".")[2]: fact["coverage"] for fact in shown.facts[:2]} == {
        "spend": 0.5,
        "coverage": None,
    }
    assert shown.facts[2]["coverage"] is None and words(shown)[2] == "50%"


def test_what_is_unknown_says_so_and_missing_text_is_empty():
    shown = table(spend(service_name=[None, "a"], spend=[None, Decimal(1)]), "t", "T", STYLE)
    assert words(shown) == ["", "unknown", "a", "€1.00"] and shown.facts[0]["value"] is None


def test_units_stand_in_every_kind_of_cell():
    rows = pd.DataFrame({
        "service": ["a"], "agreed_availability": [0.99953], "down_time": [pd.Timedelta("90min")], "charges": [1234],
        "spend_change": [Decimal("5")], "opened_at": [pd.Timestamp("2026-09-30 22:00", tz="UTC")], "verdict": ["met"],
    })  # fmt: skip
    assert words(table(rows, "t", "T", STYLE)) == [
        "a", "99.953%", "1 h 30 min", "1,234", "+€5.00", "1 Oct, 00:00", "✓ met",
    ]  # fmt: skip


def test_numbers_and_words_are_told_apart_in_head_and_body():
    shown = table(spend(), "t", "T", STYLE)
    assert '<th scope="col">Provider' in shown.html and '<th scope="col" class="num">Spend</th>' in shown.html
    assert '<td class="num" data-label="Spend">' in shown.html


def test_a_column_without_a_definition_is_refused():
    with pytest.raises(KeyError):
        table(pd.DataFrame({"whatever": [1]}), "t", "T", STYLE)


def test_an_empty_table_has_a_head_and_no_fact():
    shown = table(spend().head(0), "t", "T", STYLE)
    assert shown.html.count("<th") == 3 and "<td" not in shown.html and not shown.facts


def test_in_place_of_an_empty_table_stands_a_sentence_or_nothing_at_all():
    said, silent = (table(spend().head(0), "t", "T", STYLE, nothing=nothing) for nothing in ("None was read.", None))
    assert (said.kind, said.html, silent.kind, silent.html) == ("prose", "<p>None was read.</p>", "prose", "")


@pytest.mark.parametrize(("verdict", "glyph"), [("met", "✓"), ("missed", "✕"), ("at risk", "△"), ("unknown", "?")])
def test_a_verdict_is_a_word_and_a_glyph(verdict, glyph):
    shown = badge(verdict)
    assert re.sub("<.*?>", "", shown) == f"{glyph} {verdict}"
    assert f'class="verdict {verdict.replace(" ", "-")}"' in shown and 'aria-hidden="true"' in shown


@pytest.mark.parametrize("verdict", ["", "<b>", None, float("nan"), "MET"])
def test_any_other_verdict_is_unknown(verdict):
    assert "unknown" in badge(verdict) and "<b>" not in badge(verdict)


def test_a_spark_has_gaps_where_a_month_is_unknown():
    shown = spark([None, 1.0, 2.0, math.nan, 3, Decimal(4)])
    assert shown.count("<polyline") == 2 and shown.count("<circle") == 1
    assert "<circle" not in spark([1, 2, None])  # no dot: this month is unknown


@pytest.mark.parametrize("values", [[], [None] * 13, [1.0], [None, 1.0]])
def test_a_spark_of_fewer_than_two_months_is_nothing(values):
    assert spark(values) == ""


def test_a_flat_line_stays_in_the_picture():
    (points,) = re.findall('points="(.*?)"', spark([5, 5, 5]))
    assert {float(point.split(",")[1]) for point in points.split()} == {12.0}  # in its middle, not on its floor


def test_a_missing_trend_is_an_empty_cell():
    rows = pd.DataFrame({"service": ["a", "b"], "trend": [None, [1, 2]]})
    assert words(table(rows, "t", "T", STYLE)) == ["a", "", "b", ""]


def test_a_column_of_words_that_says_nothing_is_left_out_and_one_of_numbers_is_not():
    shown = table(spend(note=["", None], charges=[None, None]), "t", "T", STYLE)
    assert "Note" not in shown.html and words(shown)[2] == "unknown"


def score(**about):
    row = {"id": "cost.spend", "measure": "Spend", "unit": "money", "currency": "USD", "this_month": Decimal("5"),
           "target": Decimal("4"), "last_month": None, "baseline": math.nan, "coverage": 0.5, "verdict": "missed",
           "section": "cost", "trend": [1, 2, 3]} | about  # fmt: skip
    return pd.DataFrame([row], columns=SCORECARD)


def test_a_scorecard_shows_each_figure_beside_its_target_and_past():
    shown = scorecard(score(), STYLE)
    assert words(shown) == ["Spend", "US$5.00", "US$4.00", "unknown", "unknown", "", "50%", "✕ missed"]
    assert '<a href="#cost">Cost</a>' in shown.html
    assert shown.about["verdicts"] == [
        {"id": "cost.spend", "measure": "Spend", "section": "cost", "verdict": "missed"}
    ]
    assert {fact["id"].rpartition(".")[2]: fact["coverage"] for fact in shown.facts}["this_month"] == 0.5
    assert [fact["id"] for fact in shown.facts] == [
        f"scorecard.cost.spend.{one}" for one in ("this_month", "target", "last_month", "baseline", "coverage")
    ]


def test_figures_without_a_target_stand_apart_and_are_neither_met_nor_missed():
    both = pd.concat([score(), score(id="cost.tags", measure="Tags", target=None, verdict="unknown")])
    assert "Tags" not in scorecard(both, STYLE).html
    shown = others(both, STYLE)
    assert words(shown) == ["Tags", "US$5.00", "unknown", "unknown", "", "50%"] and shown.about["is_folded"]
    assert not any("target" in fact["id"] for fact in shown.facts) and "Verdict" not in shown.html


def test_without_any_target_or_without_anything_else_that_is_said():
    assert scorecard(score(target=None), STYLE).text.startswith("No target was agreed for these days")
    assert others(score(), STYLE).text == "Every key figure has a target."


def test_how_much_was_seen_stands_beside_each_figure_unless_all_of_all_was():
    assert "Seen" in scorecard(pd.concat([score(coverage=1.0), score(coverage=0.5, id="b")]), STYLE).html
    whole = scorecard(score(coverage=1.0), STYLE)
    assert "Seen" not in whole.html and whole.about["note"] == "All of these were seen whole."


@pytest.mark.parametrize("currency", ["", None, math.nan])
def test_a_measure_that_is_no_money_has_no_currency(currency):
    shown = scorecard(score(unit="share", this_month=0.5, target=0.9, currency=currency), STYLE)
    assert words(shown)[1:3] == ["50%", "90%"] and not any("currency" in fact for fact in shown.facts)


def test_a_hostile_measure_is_only_text():
    shown = scorecard(score(measure=HOSTILE, section='x" onclick="y', id='"><b>'), STYLE)
    assert "<img" not in shown.html and 'onclick="' not in shown.html and "<b>" not in shown.html


def test_a_scorecard_without_rows_is_a_sentence():
    assert "<td" not in scorecard(score().head(0), STYLE).html


def behind(rows, id="cost.x", columns=(), **more):
    made = table(pd.DataFrame(rows), id, "X", STYLE, columns=columns, **more)
    return {fact["id"].rpartition(".")[2]: fact["rows"] for fact in made.facts}


def test_behind_a_column_of_the_month_before_or_of_a_change_stand_other_days():
    row = {"service_name": "S3", "spend": 1, "last_spend": 2, "spend_change": -1}
    found = {name: rows["when"] for name, rows in behind([row]).items()}
    assert found == {"spend": "this_month", "last_spend": "last_month", "spend_change": "since_last_month"}
    rates = behind([{"service": "shop", "change_fail_rate": 0.1, "lead_median": pd.Timedelta("1h")}], "delivery.x",
                   of={"lead_median": "change"})  # fmt: skip
    assert rates["change_fail_rate"] == {"frame": "deployment", "where": {"service": "shop"}, "when": "this_month"}
    assert rates["lead_median"] == {"frame": "change", "where": {}, "when": "history"}
    assert behind([{"access_before": 3}], "access.x")["access_before"]["when"] == "last_month"
    fired = behind([{"alert_name": "Disk", "last_fired_at": pd.Timestamp("2026-03-01", tz="UTC")}], "monitoring.x")
    assert fired["last_fired_at"] == {"frame": "alert", "where": {"alert_name": "Disk"}, "when": "history"}


def test_behind_a_row_of_a_single_day_stand_that_days_rows():
    row = {"charge_day": dt.date(2026, 10, 5), "spend": 1}
    assert behind([row])["spend"] == {"frame": "cost", "where": {}, "when": "2026-10-05_2026-10-05"}
    assert behind([row], when="baseline")["spend"]["when"] == "baseline"
    assert behind([{**row, "charge_day": None}])["spend"]["when"] == "this_month"


def test_a_tables_rows_may_be_of_several_frames():
    rows = [{"asset": "a", "missing_security": 1, "known_from": "patch_state"},
            {"asset": "b", "missing_security": 2, "known_from": "asset"}]  # fmt: skip
    made = table(pd.DataFrame(rows), "patches.x", "X", STYLE, columns=["asset", "missing_security"], of="known_from")
    assert [fact["rows"]["frame"] for fact in made.facts] == ["patch_state", "asset"]


def test_a_key_figure_that_compares_two_months_has_rows_of_both_and_none_of_other_columns():
    row = {"section": "cost", "rows": Rows("cost", {}, "since_last_month")}
    assert [rows_behind(row, when) for when in ("this_month", "last_month", "baseline")] == [row["rows"], None, None]
    assert rows_behind({"section": "cost", "rows": None}, "last_month") == Rows("cost", {}, "last_month")


def test_a_frame_called_as_a_column_of_the_rows_is_the_frame():
    stored = behind([{"log_group": "/shop/web", "stored_bytes": 5.0}], "spending.x", of="log_group")["stored_bytes"]
    assert stored == {"frame": "log_group", "where": {"log_group": "/shop/web"}, "when": "this_month"}
