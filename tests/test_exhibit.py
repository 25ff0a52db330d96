"""What a cell shows carries its figures, escaped, exact, and each with its id."""

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from opsreport.exhibit import Exhibit, Fact, join, notice, prose
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "Europe/Berlin")
HOSTILE = "<script>alert('x')</script>\"&{spent}"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("12.50"), "12.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1200"), "1200"),
        (Decimal("-0.00"), "0"),
        (Decimal("123456789012345678901.123456789012345678"), "123456789012345678901.123456789012345678"),
        (pd.Timedelta("90min"), 5400.0),
        (pd.Timestamp("2026-10-01", tz="UTC"), "2026-10-01T00:00:00+00:00"),
        (dt.date(2026, 10, 1), "2026-10-01"),
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        ("up", "up"),
        (None, None),
        (float("nan"), None),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
def test_a_figure_is_kept_exactly_and_as_json(value, kept):
    record = Fact("a.b", value, "text").record(STYLE)
    assert record["value"] == kept and type(record["value"]) is type(kept)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_a_record_says_id_unit_coverage_currency_and_what_was_printed():
    assert Fact("cost.spend", Decimal("-5"), "money", 0.5, "USD", signed=True).record(STYLE) == {
        "id": "cost.spend",
        "value": "-5",
        "unit": "money",
        "coverage": 0.5,
        "text": "-US$5.00",
        "currency": "USD",
    }
    assert Fact("cost.spend", Decimal("5"), "money").record(STYLE)["currency"] == "EUR"
    assert Fact("cost.spend", Decimal("5"), "money", currency=float("nan")).record(STYLE)["currency"] == "EUR"
    assert Fact("a", 1, "count", coverage=float("nan")).record(STYLE)["coverage"] is None
    assert "currency" not in Fact("a", 1, "count").record(STYLE)


def test_what_is_not_known_says_so_and_keeps_none():
    record = Fact("a", float("nan"), "money").record(STYLE)
    assert (record["value"], record["text"]) == (None, "unknown")


def test_a_sentence_escapes_everything_but_its_own_marks():
    shown = prose(
        "cost.finding", "A < B & {name}: {spent}.", STYLE, name=HOSTILE, spent=Fact('a"b', Decimal("1"), "money")
    )
    assert shown.html == (
        "<p>A &lt; B &amp; &lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;{spent}: "
        '<span class="fact" data-fact="a&quot;b">€1.00</span>.</p>'
    )
    assert shown.text == f"A < B & {HOSTILE}: €1.00."
    assert [fact["id"] for fact in shown.facts] == ['a"b']


def test_a_facts_text_is_escaped_too():
    assert "<script>" not in prose("a", "{x}", STYLE, x=Fact("x", HOSTILE, "text")).html


@pytest.mark.parametrize("text", [HOSTILE, "", "{", "{0}"])
def test_a_notice_is_escaped_and_no_template(text):
    shown = notice("cost.missing", text)
    assert "<script>" not in shown.html and shown.text == text and shown.about["role"] == "missing"


def test_sentences_join_to_one_paragraph_with_all_their_facts():
    parts = [prose(f"s{n}", "N is {n}.", STYLE, n=Fact(f"n{n}", n, "count")) for n in (1, 2)]
    shown = join("cost.finding", parts, role="note")
    assert shown.html.count("<p>") == shown.html.count("</p>") == 1
    assert shown.text == "N is 1. N is 2." and [fact["id"] for fact in shown.facts] == ["n1", "n2"]
    assert shown.lead is parts[0] and shown.about == {"role": "note"}


def test_a_cells_output_carries_the_facts_in_its_metadata():
    shown = prose("cost.finding", "{n}", STYLE, n=Fact("n", 1, "count"))
    data, metadata = shown._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    assert metadata == {
        "opsreport": {"id": "cost.finding", "kind": "prose", "facts": list(shown.facts), "role": "finding"}
    }
    json.dumps([data, metadata], allow_nan=False)


def test_a_chart_brings_its_figure_and_falls_back_to_its_title():
    chart = Exhibit("cost.bars", "chart", html="<table></table>", figure={"data": []}, about={"title": "Spend rose"})
    data, metadata = chart._repr_mimebundle_()
    assert data["application/vnd.plotly.v1+json"] == {"data": []} and data["text/plain"] == "Spend rose"
    assert metadata["opsreport"]["title"] == "Spend rose"
