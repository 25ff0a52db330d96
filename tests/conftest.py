"""What all tests share: where the real data is, the demo's reviews, one browser, and which tests are long."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest

# How fast a machine is, is no part of what is right.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

PROJECT = Path(__file__).resolve().parents[1]
DEMO_MONTH = "2026-10"
DEMO_MONTH_BEFORE = "2026-09"
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests that take minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes: run with --long"))


@pytest.fixture(scope="session")
def browser():
    """Chromium, once for all tests; without it they are skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: the page is not tested in a browser")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def print_headless():
    """A function that prints a file as `chromium --print-to-pdf` does: at the load event, once."""

    def printed(path, pdf):
        command = [
            CHROMIUM,
            "--headless",
            *QUIET,
            f"--user-data-dir={Path(pdf).parent / 'profile'}",
            f"--print-to-pdf={pdf}",
        ]
        subprocess.run([*command, Path(path).resolve().as_uri()], check=True, capture_output=True, timeout=120)

    return printed


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the project; tests that read it skip where it is not."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("there is no ../shared/data beside the project")
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A home folder with both demo clients collected and reported; to be read, never written.

    Made once a run: the first worker makes it while the others wait for its lock, which ends
    with the worker that holds it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    home, ready = shared / "demo-home", shared / "demo-home-ready"
    with (shared / "demo-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            shutil.rmtree(home, ignore_errors=True)
            _make_demo(home)
            ready.touch()
    return home


def _make_demo(home: Path) -> None:
    from opsreport.demo import write  # the tests that need no demo need not load it

    for folder in ("params", "notebooks"):
        shutil.copytree(PROJECT / folder, home / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    # As make report does it: the month before, as its bills stood then, and then the month. Both
    # clients at a time, for the other workers wait.
    for month, until in ((DEMO_MONTH_BEFORE, DEMO_MONTH_BEFORE), (DEMO_MONTH, "")):
        write(home / "demo-data", until=until)
        with ThreadPoolExecutor() as both:
            list(both.map(lambda client: _review(home, client, month), ("demo-shop", "demo-clinic")))  # noqa: B023


def _review(home: Path, client: str, month: str) -> None:
    for command in ("collect", "report"):
        run = [sys.executable, "-c", "from opsreport.cli import main; main()", command, client, "--month", month]
        made = subprocess.run([*run, "--home", str(home)], capture_output=True, text=True, timeout=600)
        assert made.returncode == 0, made.stdout + made.stderr
