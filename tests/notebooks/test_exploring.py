"""The exploration notebooks run on the demo as they stand, and their choices narrow what they show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

# A kernel's ports are chosen before it takes them: two that start at the same time may choose the same and hang.
pytestmark = pytest.mark.xdist_group("kernels on ports")
WIDGETS = "application/vnd.jupyter.widget-state+json"
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("explore_*.ipynb"))


@pytest.mark.parametrize("client", ["demo-shop", "demo-clinic"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_shows_something_without_a_warning(demo_home, tmp_path, path, client):
    out = tmp_path / path.name
    run = subprocess.run(
        [sys.executable, "-m", "papermill", f"notebooks/{path.name}", str(out), "-p", "client", client, "-p", "month",
         "2026-10"],
        cwd=demo_home, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    made = nbformat.read(out, as_version=4)
    for cell in made.cells:
        silent = {"parameters", "injected-parameters", "setup"} & set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and not silent:
            assert cell.outputs, cell.source
            assert not [output for output in cell.outputs if output.output_type == "stream"], cell.source
    for widget in made.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {}).values():
        if widget["model_name"] == "OutputModel":
            assert [one["output_type"] for one in widget["state"]["outputs"]] == ["display_data"]


def test_there_is_one_each_for_cost_reliability_delivery_and_security():
    assert [path.stem for path in NOTEBOOKS] == [
        "explore_cost", "explore_delivery", "explore_reliability", "explore_security",
    ]  # fmt: skip
