"""The review opened in JupyterLab, as an engineer does who explores a month."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.xdist_group("kernels on ports")  # as in test_exploring
TOKEN = "only-for-this-test"
_INJECTED = 1  # cell that papermill adds, with the parameters it was given
SETTINGS = {
    # All cells in the page, also those out of sight: what is not there cannot be counted.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "autosave": False},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
}  # fmt: skip


@pytest.fixture
def lab(demo_home, tmp_path):
    """JupyterLab on loopback over a copy of the demo's home; its address, stopped at the end."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    home = shutil.copytree(demo_home, tmp_path / "home", symlinks=True)
    _choose_month(home / "notebooks" / "monthly_review.ipynb", "2026-10")
    settings = tmp_path / "settings"
    for name, values in SETTINGS.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf-8")
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data",
           "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}  # fmt: skip
    environment = {**os.environ, **{name: str(tmp_path / folder) for name, folder in own.items()},
                   "JUPYTERLAB_SETTINGS_DIR": str(settings)}  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--port=0", "--ip=127.0.0.1", "--allow-root",
               f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url="]  # fmt: skip
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield _address(tmp_path / "runtime", server, tmp_path / "lab.log")
        finally:
            server.terminate()  # it ends its kernels
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _choose_month(path: Path, month: str) -> None:
    """Type a month into the parameters; the default is the last full one of today."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    cell.source = cell.source.replace('month = ""', f'month = "{month}"')
    nbformat.write(notebook, path)


def _address(runtime: Path, server: subprocess.Popen, log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text("utf-8"))["url"]
            except ValueError:
                pass  # being written
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text('utf-8')[-2000:]}")


def _wait_for_kernel(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{address}api/kernels?token={TOKEN}", timeout=10) as answer:
            if [kernel["execution_state"] for kernel in json.load(answer)] == ["idle"]:
                return
        time.sleep(0.3)
    pytest.fail("no kernel became idle")


@pytest.fixture
def page(browser):
    """A browser tab that notes every address it asks for."""
    tab = browser.new_page(viewport={"width": 1400, "height": 1000})
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    yield tab
    tab.close()


def test_run_all_cells_draws_every_chart_and_asks_nothing_of_the_internet(lab, page, demo_home):
    made = nbformat.read(demo_home / "out/demo-shop/2026-10/demo-shop-2026-10.ipynb", as_version=4)
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    charts = sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)
    page.goto(f"{lab}lab/tree/notebooks/monthly_review.ipynb?token={TOKEN}&reset")
    # A run that is asked for before all cells and the kernel are there is lost.
    cells = sum(cell.cell_type == "code" for cell in made.cells) - _INJECTED
    page.wait_for_function(f"document.querySelectorAll('.jp-Notebook .jp-CodeCell').length == {cells}", timeout=60_000)
    _wait_for_kernel(lab)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    last = page.locator(".jp-Notebook .jp-CodeCell").last
    last.locator(".jp-OutputArea-output").first.wait_for(timeout=120_000)
    page.wait_for_function(f"document.querySelectorAll('.js-plotly-plot .main-svg').length >= {charts}", timeout=60_000)
    failed = page.locator("[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type*='error']")
    assert failed.count() == 0, failed.all_inner_texts()
    assert page.locator(".js-plotly-plot:has(.main-svg)").count() == charts > 8
    assert page.locator(".jp-OutputArea-output .fact").count() > 300  # the tables of charts stand behind their charts
    outside = [url for url in page.asked if not re.match(r"(http|ws)://(127\.0\.0\.1|localhost):|data:|blob:", url)]
    assert not outside, outside
