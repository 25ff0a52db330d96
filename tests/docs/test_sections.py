"""Adding a section, step by step as the page says, makes a section."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "sections.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(python|yaml|markdown)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
(DAYS,) = re.findall(r"^```csv\n# demo-data/energy.csv.*?\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def followed(demo_home, tmp_path_factory):
    """A copy of the project to which somebody did what the page says."""
    copy = tmp_path_factory.mktemp("section")
    shutil.copytree(PROJECT / "opsreport", copy / "opsreport", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("params", "notebooks", "store"):
        shutil.copytree(demo_home / name, copy / name)
    (copy / "demo-data").mkdir()
    (copy / "demo-data/energy.csv").write_text(DAYS, "utf-8")
    for kind, block in BLOCKS:
        first, _, rest = block.partition("\n")
        if kind == "python" and first.startswith("# opsreport/"):
            (copy / first.removeprefix("# ")).write_text(rest, "utf-8")
        if kind == "yaml":
            path = copy / "params/demo-shop.yaml"
            path.write_text(path.read_text("utf-8").replace("\nsources:\n", f"\nsources:\n{rest}", 1), "utf-8")
    _add_cells(copy / "notebooks/monthly_review.ipynb")
    return copy


def _add_cells(path):
    notebook = nbformat.read(path, as_version=4)
    setup, body = [], []
    for kind, block in BLOCKS:
        first, _, rest = block.partition("\n")
        if kind == "markdown":
            body.append(v4.new_markdown_cell(block.strip()))
        elif first == "# a cell":
            body.append(v4.new_code_cell(rest.strip()))
        elif first == "# a setup cell":
            setup.append(v4.new_code_cell(rest.strip(), metadata={"tags": ["setup"]}))
    sources = [cell.source for cell in notebook.cells]
    end = next(place for place, source in enumerate(sources) if source.startswith("## What we recommend"))
    notebook.cells[end:end] = body
    found = next(place for place, source in enumerate(sources) if "findings.found(data)" in source)
    notebook.cells[found:found] = setup
    nbformat.write(notebook, path)


def opsreport(copy, command):
    """A command of the copy, not of what is installed; its kernel too finds the copy first."""
    return subprocess.run(
        [sys.executable, "-c", "from opsreport.cli import main; main()", command, "demo-shop", "--month", "2026-10"],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_the_section_is_collected_stands_on_the_page_and_walks_back(followed):
    # The demo's other files are not there: what was read of them before stays in the store.
    assert re.search(r"energy from meter\s+3 rows  ok", opsreport(followed, "collect").stdout)
    made = opsreport(followed, "report")
    assert made.returncode == 0, made.stderr + made.stdout
    folder = followed / "out/demo-shop/2026-10"
    page = (folder / "demo-shop-2026-10.html").read_text("utf-8")
    assert '<h2 id="energy">Energy</h2>' in page and "api used the most:" in page
    figures = {one["id"]: one for one in json.loads((folder / "manifest.json").read_text("utf-8"))["figures"]}
    assert figures["energy.finding.most"]["value"] == 2.25
    assert figures["scorecard.energy.used.this_month"]["value"] == 3.75
    assert figures["scorecard.energy.used.last_month"]["value"] == 9.0
    assert "api used 2.25 kWh." in page and "Say what of api may be off at night." in page
    assert "2026-10-30T00:00:00Z" in (folder / "rows/energy.csv").read_text("utf-8")


def test_its_files_keep_the_rules_that_every_file_keeps(followed):
    rooms = ("schemas", "metrics", "figures", "narrative", "findings")
    files = [str(followed / f"opsreport/{room}/energy.py") for room in rooms]
    rules = ["--config", str(PROJECT / "pyproject.toml")]
    checked = subprocess.run([sys.executable, "-m", "ruff", "check", *rules, *files], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
