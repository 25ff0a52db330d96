"""Every figure of a review is walked back: its rows are those that the code beside it gives, and there are some."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal

import pandas as pd
import pytest

import opsreport
from opsreport.report.packing import unpacked

#: What is no count or sum of records; and what comes from the agreement, so that no record stands behind it.
_NO_COUNT = ("text", "share", "availability", "instant", "date", "day", "time", "month")
_AGREED = ("agreed_budget", "budget", "hours_agreed")
CLIENTS = pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])


@pytest.fixture(scope="module")
def behind(demo_home):
    """A function that gives a review's folder and what its page holds behind its figures."""

    def read(client):
        folder = demo_home / f"out/{client}/2026-10"
        page = (folder / f"{client}-2026-10.html").read_text("utf-8")
        packed = re.search(r'id="behind"[^>]*>([^<]*)<', page)[1]
        return folder, json.loads(unpacked(packed))

    return read


def records(path):
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


@CLIENTS
def test_the_code_the_page_gives_returns_the_rows_it_shows_and_the_csv_holds(demo_home, behind, client):
    folder, held = behind(client)
    month = opsreport.load(client, "2026-10", home=demo_home)
    for selection in held["selections"]:
        before, _, asked = selection["code"].partition(".rows(")
        assert before == f"opsreport.load('{client}', '2026-10')"
        rows = eval(f"month.rows({asked}", {"month": month})  # our own page's, in a test
        assert len(rows) == selection["count"], selection["code"]
        is_past = re.search(r"'\d{4}-\d\d(-\d\d_\d{4}-\d\d-\d\d)?'", asked)
        assert bool(selection["csv"]) != bool(is_past)
        assert is_past or selection["count"] == records(folder / "rows" / selection["csv"])
        most = 3 if is_past else 20
        assert len(selection["rows"]) == min(selection["count"], most)


@CLIENTS
def test_a_figure_that_tells_of_something_has_rows_behind_it(behind, client):
    folder, held = behind(client)
    figures = {one["id"]: one for one in json.loads((folder / "manifest.json").read_text("utf-8"))["figures"]}
    assert set(held["facts"]) == set(figures)
    bare = []
    for id, (_, _, place) in held["facts"].items():
        one = figures[id]
        tells = one["value"] not in (None, 0, 0.0, "0", "", False) and one["unit"] not in _NO_COUNT
        tells = tells and one.get("measure") not in _AGREED
        if place >= 0 and tells and not held["selections"][place]["count"]:
            bare.append(f"{id} = {one['text']}: {held['selections'][place]['code']}")
    assert not bare, "\n".join(bare)


@CLIENTS
def test_the_manifest_holds_the_hash_of_every_file_of_rows(behind, client):
    folder, _ = behind(client)
    files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    assert {name for name in files if name.startswith("rows/")} == {
        f"rows/{path.name}" for path in (folder / "rows").iterdir()
    }


@CLIENTS
def test_the_spend_is_the_sum_of_the_rows_behind_it(behind, client):
    folder, held = behind(client)
    figures = json.loads((folder / "manifest.json").read_text("utf-8"))["figures"]
    (spend,) = [one for one in figures if re.fullmatch(r"scorecard\.cost\.spend\.\w+\.this_month", one["id"])]
    selection = held["selections"][held["facts"][spend["id"]][2]]
    rows = pd.read_csv(folder / "rows" / selection["csv"], dtype=str)
    total = sum(map(Decimal, rows["billed_cost"]))
    rate = 1 if client == "demo-shop" else Decimal("0.92")
    assert abs(total * rate - Decimal(spend["value"])) < Decimal("1e-12")
