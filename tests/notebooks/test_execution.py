"""The review made for real: every way to run it gives the same figures, and none gives half a page."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner

import opsreport
from opsreport import narrative
from opsreport.cli import main
from opsreport.home import Home
from opsreport.params import load_params
from opsreport.report.manifest import figures
from opsreport.theme import Style

CLIENTS = pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])
MONTH = "2026-10"
SECTIONS = ("cost", "uptime", "incidents", "delivery")


class _Page(HTMLParser):
    """A page's facts by id, its charts, its notices, and the text of each section."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.facts: dict[str, set[str]] = {}
        self.charts, self.notices, self.badge = [], [], ""
        self.text: dict[str, str] = {}
        self._inside, self._section, self._skips, self._block = None, "", False, ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        classes = (given.get("class") or "").split()
        self._skips = tag in ("script", "style")
        if {"table", "finding", "note", "method", "list", "chart"} & set(classes) and given.get("id"):
            self._block = given["id"]
        if "data-fact" in given:
            id = given["data-fact"]
            self._inside = f"{self._block}{id}" if id.startswith(".") else id
            self.facts.setdefault(self._inside, set()).add("")
        if tag == "h2":
            self._section = given["id"]
        if tag == "figure":
            self.charts.append(given["id"])
        if "notice" in classes:
            self.notices.append(given["id"])
        if "badge" in classes:
            self.badge = classes[-1]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.facts[self._inside] = {said + data for said in self.facts[self._inside] if not said} | {
                said for said in self.facts[self._inside] if said
            }
        if not self._skips:
            self.text[self._section] = self.text.get(self._section, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._skips = False
        if tag == "span":
            self._inside = None


def published(home: Path, client: str, month: str = MONTH) -> dict[str, Path]:
    """The page, the notebook and the manifest of a review."""
    folder = home / "out" / client / month
    return {
        "page": folder / f"{client}-{month}.html",
        "notebook": folder / f"{client}-{month}.ipynb",
        "manifest": folder / "manifest.json",
    }


def manifest(home: Path, client: str, month: str = MONTH) -> dict:
    return json.loads(published(home, client, month)["manifest"].read_text("utf-8"))


def report(home: Path, client: str, *arguments: str):
    return CliRunner().invoke(main, ["report", client, *arguments, "--home", str(home)])


@pytest.fixture
def own_home(demo_home, tmp_path) -> Path:
    """A copy of the demo's home that a test may write to."""
    return Path(shutil.copytree(demo_home, tmp_path / "home", symlinks=True))


# What is printed is what is recorded.


@CLIENTS
def test_every_figure_of_the_manifest_is_on_the_page_and_the_other_way_round(demo_home, client):
    shown = _Page(published(demo_home, client)["page"]).facts
    recorded = {one["id"]: {one["text"]} for one in manifest(demo_home, client)["figures"]}
    assert shown == recorded and len(shown) > 500


@CLIENTS
def test_each_text_is_its_value_written_again(demo_home, client):
    params = load_params(demo_home / "params", client)
    style = Style(params.locale, params.currency, params.time_zone)
    for one in manifest(demo_home, client)["figures"]:
        if one["value"] is None:
            assert one["text"] and not re.search(r"\d", one["text"]), one
            continue
        again = style.text(_value(one), one["unit"], currency=one.get("currency", ""))
        assert one["text"] in (again, f"+{again}"), one


def _value(figure: dict) -> object:
    """A figure's value as it was before it was written to JSON."""
    value, unit = figure["value"], figure["unit"]
    if unit in ("money", "money_change"):
        assert isinstance(value, str), figure
        return Decimal(value)
    if isinstance(value, str) and unit not in ("text", "instant", "time", "day", "date", "month"):
        return Decimal(value)  # another exact number
    if unit in ("duration", "elapsed"):
        return pd.Timedelta(seconds=value)
    if unit in ("instant", "time"):
        return pd.Timestamp(value)
    if unit in ("day", "date", "month"):
        return dt.date.fromisoformat(value) if len(value) == 10 else pd.Timestamp(value)
    return value


@CLIENTS
def test_no_figure_is_a_share_beyond_its_bounds_or_a_money_without_currency(demo_home, client):
    for one in manifest(demo_home, client)["figures"]:
        assert one["coverage"] is None or 0 <= one["coverage"] <= 1, one
        if one["unit"] == "availability" and one["value"] is not None:
            assert 0 <= float(one["value"]) <= 1, one
        if one["unit"] == "money":
            assert re.fullmatch("[A-Z]{3}", one["currency"]), one


# Every way to run it gives the same figures.


@pytest.mark.xdist_group("kernels on ports")  # as in test_exploring
def test_plain_papermill_gives_the_figures_that_were_published(demo_home, tmp_path):
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "notebooks/monthly_review.ipynb", str(out)]
    run = subprocess.run(
        [*command, "-p", "client", "demo-shop", "-p", "month", MONTH],
        cwd=demo_home,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    assert figures(nbformat.read(out, as_version=4)) == manifest(demo_home, "demo-shop")["figures"]


def test_made_again_where_there_is_no_other_client_every_byte_is_the_same(demo_home, own_home):
    for name in ("params", "store", "demo-data", "out"):
        for path in (own_home / name).glob("demo-clinic*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(own_home / "out")
    made = report(own_home, "demo-shop", "--month", MONTH)
    assert made.exit_code == 0, made.output
    for kind, path in published(own_home, "demo-shop").items():
        assert path.read_bytes() == published(demo_home, "demo-shop")[kind].read_bytes(), kind


# Any days, and days of which nothing is known.


def test_any_run_of_days_has_a_review(own_home):
    made = report(own_home, "demo-clinic", "--from", "2026-10-05", "--to", "2026-10-18")
    assert made.exit_code == 0, made.output
    days = "2026-10-05_2026-10-18"
    page = _Page(published(own_home, "demo-clinic", days)["page"])
    assert "5 Oct 2026 to 18 Oct 2026" in page.text[""] and set(SECTIONS) <= set(page.text)
    assert manifest(own_home, "demo-clinic", days)["month"] == days
    assert page.facts["method.start"] == {"5 Oct, 00:00"} and page.facts["method.end"] == {"19 Oct, 00:00"}
    assert published(own_home, "demo-clinic")["page"].exists()


def test_a_month_of_which_nothing_was_read_says_in_each_section_what_is_missing(own_home):
    made = report(own_home, "demo-shop", "--month", "2025-09")
    assert made.exit_code == 0, made.output
    page = _Page(published(own_home, "demo-shop", "2025-09")["page"])
    assert not page.charts
    for section in SECTIONS:
        assert any(name.startswith(f"{section}.") for name in page.notices), f"{section} does not say what is missing"
    numbers = [one for one in manifest(own_home, "demo-shop", "2025-09")["figures"] if one["unit"] not in _SURE]
    told = [one for one in numbers if one["value"] is not None and not one["id"].startswith(("completeness.", "data."))]
    # What was agreed is known all the same, and that it cannot be judged is counted.
    zero = [one for one in told if not one["id"].endswith((".coverage", ".target")) and "summary." not in one["id"]]
    assert not zero, zero


_SURE = ("instant", "date", "month", "text")


def test_a_month_that_still_runs_is_a_draft(demo_home):
    running = opsreport.load("demo-shop", MONTH, home=demo_home, now=pd.Timestamp("2026-10-20", tz="UTC"))
    ended = opsreport.load("demo-shop", MONTH, home=demo_home, now=pd.Timestamp("2026-11-02", tz="UTC"))
    assert (running.state, ended.state) == ("draft", "final")
    cover = narrative.summary.cover(
        running.client, running.period, running.state, running.home.params, running.read_at
    ).about
    assert cover["state"] == "draft" and "still running" in cover["state_note"]
    assert _Page(published(demo_home, "demo-shop")["page"]).badge == "final"


# What fails leaves what was.


def test_a_cell_that_fails_is_named_and_leaves_the_last_good_review(own_home):
    path = own_home / "notebooks" / "monthly_review.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (place,) = [i for i, cell in enumerate(notebook.cells) if "uptime_finding =" in cell.source]
    notebook.cells[place].source = 'raise ValueError("the monitor ran away")'
    nbformat.write(notebook, path)
    before = {kind: one.read_bytes() for kind, one in published(own_home, "demo-shop").items()}
    made = report(own_home, "demo-shop", "--month", MONTH)
    assert made.exit_code == 1
    assert "demo-shop" in made.output and "the monitor ran away" in made.output
    assert re.search(r"cell \d+", made.output) and "Traceback" not in made.output
    assert {kind: one.read_bytes() for kind, one in published(own_home, "demo-shop").items()} == before
    left = [one.name for one in Home(own_home).out.joinpath("demo-shop").iterdir()]
    assert sorted(left) == [".made", "2026-09", MONTH]
