"""A figure opens to the rows behind it: the right ones, capped on the page, whole and inert in the CSV."""

import csv
import io
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport.report.evidence import MOST, asked_for, csv_bytes, gather
from opsreport.schemas import FRAMES
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR", "Europe/Berlin")
LOAD = "opsreport.load('acme', '2026-10')"


def incidents(count):
    at = pd.Timestamp("2026-10-05T22:30", tz="UTC")
    rows = [{"incident_id": f"i{n:02d}", "severity": "SEV1", "title": "=cmd()", "opened_at": at} for n in range(count)]
    return FRAMES["incident"].conform(pd.DataFrame(rows))


def figure(id="incidents.finding.opened", **more):
    return {"id": id, "value": 1, "unit": "count", "coverage": None, "text": "1", **more}


def test_a_figure_has_the_rows_it_names_or_else_those_of_its_section():
    named = {"frame": "incident", "where": {"severity": "SEV1"}, "when": "last_month"}
    assert asked_for(figure(rows=named)) == named
    assert asked_for(figure()) == {"frame": "incident", "where": {}, "when": "this_month"}
    assert asked_for(figure("method.start")) is None


def test_the_page_holds_the_first_rows_and_the_csv_all_of_them():
    made = gather([figure(coverage=0.5, measure="incidents_opened")], lambda *_, **__: incidents(25), STYLE, LOAD)
    measure, seen, place = made.facts["incidents.finding.opened"]
    assert made.measures[measure][0] == "Opened" and seen == "50%"
    chosen = made.selections[place]
    assert (chosen["count"], len(chosen["rows"])) == (25, MOST)
    assert len(made.files[chosen["csv"]].splitlines()) == 26


def test_times_stand_on_the_clients_clock_on_the_page_and_in_utc_in_the_csv():
    made = gather([figure()], lambda *_, **__: incidents(1), STYLE, LOAD)
    chosen = made.selections[0]
    assert chosen["rows"][0][chosen["columns"].index("opened at")] == "2026-10-06 00:30"
    assert b"2026-10-05T22:30:00Z" in made.files["incident.csv"]


def test_the_code_it_gives_asks_for_the_same_rows():
    asked = []
    rows = {"frame": "incident", "where": {"severity": "SEV1", "service": None}, "when": "baseline"}
    made = gather([figure(rows=rows)], lambda *a, **k: asked.append((a, k)) or incidents(1), STYLE, LOAD)
    assert asked == [(("incident", "baseline"), {"severity": "SEV1", "service": None})]
    assert made.selections[0]["code"] == f"{LOAD}.rows('incident', 'baseline', severity='SEV1', service=None)"


def test_figures_with_the_same_rows_share_them():
    made = gather([figure("incidents.a"), figure("incidents.b")], lambda *_, **__: incidents(1), STYLE, LOAD)
    assert len(made.selections) == len(made.files) == 1


def test_the_largest_charges_come_first():
    at = pd.Timestamp("2026-10-05", tz="UTC")
    costs = [Decimal("1"), Decimal("-30"), Decimal("20")]
    rows = FRAMES["cost"].conform(pd.DataFrame({
        "billing_period_start": at, "charge_period_start": at, "charge_category": "Usage", "billed_cost": costs,
        "billing_currency": "EUR"}))  # fmt: skip
    made = gather([figure("cost.spend")], lambda *_, **__: rows, STYLE, LOAD)
    place = made.selections[0]["columns"].index("billed cost")
    assert [row[place] for row in made.selections[0]["rows"]] == ["-30", "20", "1"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])
def test_no_text_of_the_csv_is_a_formula(text):
    written = list(csv.reader(io.StringIO(csv_bytes(pd.DataFrame({"title": [text]})).decode(), newline="")))
    assert written[1] == [f"'{text}"]


@given(st.text(max_size=30))
def test_whatever_the_text_a_spreadsheet_reads_it_as_text(text):
    made = csv_bytes(pd.DataFrame({"title": [text], "b": ["x"]})).decode()
    _, written = csv.reader(io.StringIO(made, newline=""))
    assert written[0].removeprefix("'") == text.removeprefix("'")
    assert not written[0].startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_an_amount_keeps_its_sign_and_its_digits():
    exact = Decimal("-0.123456789012345678")
    assert csv_bytes(pd.DataFrame({"cost": [exact]})).decode().splitlines()[1] == "-0.123456789012345678"


def test_a_hostile_value_stays_out_of_the_file_name():
    rows = {"frame": "incident", "where": {"service": "../../etc/<script>\n"}, "when": "this_month"}
    made = gather([figure(rows=rows)], lambda *_, **__: incidents(0), STYLE, LOAD)
    (name,) = made.files
    assert name.startswith("incident-etc-script-") and "/" not in name


def test_the_rows_of_a_single_day_are_titled_by_it():
    rows = {"frame": "incident", "where": {}, "when": "2026-10-05_2026-10-05"}
    (chosen,) = gather([figure(rows=rows)], lambda *_, **__: incidents(1), STYLE, LOAD).selections
    assert chosen["title"] == "Incidents, 5 Oct 2026" and chosen["csv"] == ""


def test_which_of_the_incidents_are_drills_is_shown_for_the_figures_leave_them_out():
    made = gather([figure()], lambda *_, **__: incidents(2).assign(is_drill=[True, False]), STYLE, LOAD)
    chosen = made.selections[0]
    assert [row[chosen["columns"].index("is drill")] for row in chosen["rows"]] == ["True", "False"]
