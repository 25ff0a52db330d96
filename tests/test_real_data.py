"""Whole reviews from real records, and the traps that are really in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsreport.cli import main

PROJECT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.xdist_group("real data")

_HEAD = "client: {client}\ndisplay_name: {client}\ntime_zone: {zone}\ncurrency: USD\nlocale: en_US\n"


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[dict, str]]:
    """Collects and reports a client from real files, through the command line; manifest and page."""
    home = tmp_path_factory.mktemp("home")
    (home / "params").mkdir()
    (home / "notebooks").symlink_to(PROJECT / "notebooks")

    def review(client: str, params: str, month: str, zone: str = "UTC") -> tuple[dict, str]:
        (home / "params" / f"{client}.yaml").write_text(_HEAD.format(client=client, zone=zone) + params)
        for command in ("collect", "report"):
            made = CliRunner().invoke(main, [command, client, "--month", month, "--home", str(home)])
            assert made.exit_code == 0, made.output
        folder = home / "out" / client / month
        page = (folder / f"{client}-{month}.html").read_text("utf-8")
        return json.loads((folder / "manifest.json").read_text("utf-8")), page

    return review


def _values(manifest: dict) -> dict[str, object]:
    return {figure["id"]: figure["value"] for figure in manifest["figures"]}


def _plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page[page.index("<main>") : page.index("</main>")])


def test_the_focus_samples_september_is_billed_cost_and_says_why(reviewed, shared_data):
    sample = shared_data / "cost" / "focus_sample" / "focus_sample.csv"
    params = f"sources:\n  cost:\n    - focus: {{path: '{sample}'}}\ncost: {{required_tags: [application]}}\n"
    manifest, page = reviewed("sunbird", params, "2024-09")
    figures, text = _values(manifest), _plain(page)
    # All 1,000 rows were used in September; one, of 0.24, is billed in October.
    assert figures["cost.finding.usd.spend"] == "20.52022672899"
    assert "NULL" not in text
    assert "rounded to whole units" in text and "Oracle" in text
    assert "0 SLOs" not in text and "Whether any" not in text
    assert {figure["coverage"] for figure in manifest["figures"] if figure["id"] == "cost.finding.usd.spend"} == {1.0}
    inputs = [record for record in manifest["inputs"] if record["path"] == "focus_sample.csv"]
    assert len(inputs) == 1 and inputs[0]["bytes"] == sample.stat().st_size


def test_a_month_of_upptime_is_judged_only_for_the_days_it_was_seen(reviewed, shared_data):
    log = shared_data / "uptime" / "upptime_manticore" / "checks_from_git_log.csv"
    params = (
        f"sources:\n  monitor_state:\n    - upptime: {{path: '{log}'}}\n"
        "agreement:\n  - starts_on: 2026-08-01\n    slos:\n"
        "      - {monitor: Manual, target: 0.9}\n      - {monitor: GitHub, target: 0.999}\n"
    )
    manifest, page = reviewed("manticore", params, "2026-08")
    figures = {figure["id"]: figure for figure in manifest["figures"]}
    # Eleven days of 31 were seen: 90 % of a month cannot be known from them, nor 99.9 % be met.
    manual, github = (figures[f"uptime.slo.{name}.agreed_availability"] for name in ("manual", "github"))
    # Manual was down six times, 92 min 25 s in all, of 15,137 min seen.
    assert manual["coverage"] == pytest.approx(15137 / 44640, abs=1e-4)
    assert manual["value"] == pytest.approx(1 - (92 + 25 / 60) / 15137, abs=1e-6)
    verdicts = dict(re.findall(r'<tr><th scope="row"[^>]*>(Manual|GitHub)<.*?class="verdict (\S+)"', page))
    assert verdicts["Manual"] == "unknown"
    # GitHub was down 192 minutes by the monitor's own count, of 44.64 that 99.9 % allows.
    assert verdicts["GitHub"] == "missed" and github["value"] < 0.99


def test_a_year_of_github_incidents_counts_each_once_and_merges_what_overlaps(reviewed, shared_data):
    log = shared_data / "incidents" / "github_statuses" / "incidents.jsonl"
    params = f"sources:\n  incident:\n    - statuspage: {{path: '{log}'}}\n"
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    real = [record for record in records if record["impact"] != "maintenance"]
    counted = {}
    for month in ("2022-03", "2022-10", "2023-03"):
        manifest, _ = reviewed("github", params, month)
        counted[month] = _values(manifest)["incidents.finding.opened"]
    expected = {month: sum(r["started_at"].startswith(month) for r in real) for month in counted}
    assert counted == expected
